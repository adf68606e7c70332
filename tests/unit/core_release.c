/* SPDX-License-Identifier: Apache-2.0
 * Release by a second person (spec/release.md): held until another one lets it go, law asked again then, byte for byte
 * what was held; refused, withdrawn, over, and gone then; nothing of it by one person alone. */
#include "core_persons.h"
#include "core_damage.h"
#include "core_lost.h"

#include "core/release.h"

/* A form of the kind request that names a person, which is special personal data: %s is the partner. */
#define AS_REQUEST                                                                                                     \
  "\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":"             \
  "\"trafficking\",\"question\":\"q\",\"language\":\"fr\",\"persons\":[" AS_PERSON "]}"
#define AS_PERSON                                                                                                      \
  "{\"name\":\"n\",\"class\":\"witness\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/1\",\"as_of\":"           \
  "\"2000-01-01\"}"

enum { SIZE = 3 << 20, SEED = 7 };

struct office { /* of node a: two who may submit, one of them a supervisor too, and another supervisor */
  struct pair_node a, b;
  char lina[SECRET], sara[SECRET], sara_again[SECRET], samir[SECRET];
};

static void people(struct office *office, struct pair_node *node) {
  add(node, "lina", "\"liaison\"");
  add(node, "sara", "\"liaison\",\"supervisor\"");
  add(node, "samir", "\"supervisor\"");
  token_for(node, "lina", "", office->lina);
  token_for(node, "sara", "", office->sara);
  token_for(node, "sara", "", office->sara_again);
  token_for(node, "samir", "", office->samir);
}

static void set_up(struct office *office) {
  try_agreed(&office->a, &office->b);
  people(office, &office->a);
}

/* Who asks is told to wait, and under which number; the id of what is held in message, which may be NULL. */
static int64_t held(struct pair_node *node, enum link_request_code code, const char *secret, const char *members,
                    char message[65]) {
  struct pair_answer answer = ask_as(node, code, secret, members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 4096, "answer", &json, NULL), BASE_OK);
  assert_true(is_null(json, "id"));
  const struct wire_json *release = wire_json_get(json, "release");
  expect_text(release, "asks", "supervisor");
  int64_t count = number(release, "number");
  if (message != NULL)
    (void)snprintf(message, 65, "%.*s", 64, (const char *)wire_json_text(wire_json_get(release, "message")).data);
  pair_answer_free(&answer);
  return count;
}

static int64_t opened(struct office *office, const char *secret, char message[65]) {
  char members[768];
  snprintf(members, sizeof members, AS_REQUEST, office->b.name);
  return held(&office->a, LINK_CASE_OPEN, secret, members, message);
}

static const char *of(int64_t count, const char *more) {
  static char members[256];
  snprintf(members, sizeof members, "\"number\":%lld%s", (long long)count, more);
  return members;
}

/* As wasl release show does. */
static void read_it(struct pair_node *node, const char *secret, int64_t count) {
  char message[65], members[128];
  struct pair_answer answer = ask_as(node, LINK_RELEASE_LIST, secret, of(count, ""));
  base_buf_u8(&answer.payload, 0);
  const char *id = strstr((const char *)answer.payload.data, "\"message\":\"");
  assert_non_null(id);
  snprintf(message, sizeof message, "%s", id + strlen("\"message\":\""));
  pair_answer_free(&answer);
  snprintf(members, sizeof members, "\"id\":\"%s\"", message);
  done_as(node, LINK_MESSAGE_SHOW, secret, members);
}

static void given(struct pair_node *node, const char *secret, int64_t count, char id[65]) {
  read_it(node, secret, count);
  struct pair_answer answer = ask_as(node, LINK_RELEASE_GIVE, secret, of(count, ""));
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_text(&answer, "id", id, 65);
  pair_answer_free(&answer);
}

static void state_is(struct pair_node *node, int64_t count, const char *state, const char *by) {
  char request[96];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"number\":%lld}", (long long)count);
  struct told told = tell(node, LINK_RELEASE_LIST, request);
  const struct wire_json *row = at(wire_json_get(told.json, "releases"), 0);
  expect_text(row, "state", state);
  expect_text(row, "by", by);
  forget(&told);
}

static void content_is_gone(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message row;
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_message_get(node->core->store, &message, &arena, &row, NULL), BASE_OK);
  assert_int_equal(row.part0.size + row.wrapped_key.size, 0);
  assert_int_equal(row.state, STORE_MESSAGE_DRAFT);
  base_arena_free(&arena);
}

/* A second name below what nobody looked at would be no second person. */
static void test_read_first(void **state) {
  (void)state;
  struct office o;
  char message[65], id[65];
  set_up(&o);
  int64_t first = opened(&o, o.sara, message);
  static const char says[] = "was not read by samir since this node started";
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_POLICY, says);
  read_it(&o.a, o.lina, first); /* another one's reading is not his */
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_POLICY, says);
  read_it(&o.a, o.samir, first);
  pair_close(&o.a);
  pair_open(&o.a);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_POLICY, says);
  read_it(&o.a, o.samir, first);
  read_it(&o.a, o.samir, first);
  assert_int_equal(o.a.core->releases.opened_next, 1);
  o.a.core->releases.opened_next = CORE_RELEASE_OPENED; /* so many more have read: the oldest is forgotten */
  read_it(&o.a, o.lina, first);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_POLICY, says);
  assert_int_equal(try_count(&o.a, WIRE_ACT_RELEASED), 0);
  given(&o.a, o.samir, first, id);
  assert_int_equal(try_count(&o.a, WIRE_ACT_RELEASED), 1);
  try_remove(&o.a, &o.b);
}

static void test_given(void **state) {
  (void)state;
  struct office o;
  char message[65], id[65];
  set_up(&o);
  uint64_t leaves = o.b.core->reg.size;
  int64_t first = opened(&o, o.sara, message);
  assert_int_equal(first, 1);
  assert_int_equal(pair_rest(&o.a, &o.b), 0); /* nothing goes */
  assert_int_equal(o.b.core->reg.size, leaves);
  assert_int_equal(try_count(&o.a, WIRE_ACT_HELD), 1);
  state_is(&o.a, first, "waiting", "");
  try_sound(&o.a);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.lina, of(first, ""), BASE_POLICY, "may not");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.sara, of(first, ""), BASE_POLICY, "was submitted by sara: another person");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.sara_again, of(first, ""), BASE_POLICY, "whatever token");
  refused_as(&o.a, LINK_RELEASE_REFUSE, o.sara, of(first, ",\"reason\":\"r\""), BASE_POLICY, "withdraw it");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(99, ""), BASE_NOT_FOUND, "nothing is held under the number 99");
  refused_as(&o.a, LINK_MESSAGE_ERASE, o.sara, "\"id\":\"", BASE_SYNTAX, "");
  try_restart(&o.a);
  assert_int_equal(o.a.core->releases.waiting, 1);
  given(&o.a, o.samir, first, id);
  assert_int_equal(o.a.core->releases.waiting, 0);
  pair_rest(&o.a, &o.b);
  try_receipted(&o.a, id);
  content_is_gone(&o.a, message);
  state_is(&o.a, first, "released", "samir (token 4)");
  assert_int_equal(try_count(&o.a, WIRE_ACT_RELEASED), 1);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_CONFLICT, "waits no longer: it was released");
  struct told shown = tell(&o.a, LINK_MESSAGE_SHOW, with_id(id));
  expect_text(wire_json_get(shown.json, "release"), "by", "samir (token 4)");
  expect_text(wire_json_get(shown.json, "release"), "person", "sara");
  forget(&shown);
  shown = tell(&o.b, LINK_MESSAGE_SHOW, with_id(id)); /* who decided stays here */
  assert_true(is_null(shown.json, "release"));
  forget(&shown);
  try_remove(&o.a, &o.b);
}

/* How many `erased` the statistics count, of drafts or of messages. */
static int64_t erasures(struct pair_node *node, const char *detail) {
  struct told told = tell(node, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\"}");
  const struct wire_json *cells = wire_json_get(told.json, "cells");
  int64_t found = 0;
  for (size_t i = 0; i < wire_json_size(cells); i++)
    if (base_view_is(wire_json_text(wire_json_get(at(cells, i), "measure")), "erased") &&
        base_view_is(wire_json_text(wire_json_get(at(cells, i), "detail")), detail))
      found += number(at(cells, i), "count");
  forget(&told);
  return found;
}

/* A draft's own copy goes whatever became of it; of messages that is no erasure. */
static void test_counted(void **state) {
  (void)state;
  struct office o;
  char message[65], id[65];
  set_up(&o);
  given(&o.a, o.samir, opened(&o, o.sara, message), id);
  pair_rest(&o.a, &o.b);
  assert_int_equal(erasures(&o.a, "draft"), 1);
  assert_int_equal(erasures(&o.a, ""), 0);
  char members[160];
  snprintf(members, sizeof members, "\"id\":\"%s\",\"reason\":\"r\"", id);
  done_as(&o.a, LINK_MESSAGE_ERASE, o.samir, members);
  pair_rest(&o.a, &o.b);
  assert_int_equal(erasures(&o.a, "draft"), 1);
  assert_int_equal(erasures(&o.a, ""), 1);
  try_remove(&o.a, &o.b);
}

/* A case that is erased whole takes what was held of it along, and who decided stays. */
static void test_cleared(void **state) {
  (void)state;
  struct office o;
  char message[65], id[65], json[200], out[65];
  struct base_arena arena = {0};
  struct store_message row;
  set_up(&o);
  int64_t first = opened(&o, o.sara, message);
  given(&o.a, o.samir, first, id);
  pair_rest(&o.a, &o.b);
  try_send(&o.a, id, "withdraw", "{}", out);
  pair_rest(&o.a, &o.b);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"over\"}", id);
  pair_id(&o.a, LINK_CASE_ERASE, json, out);
  struct base_id draft = try_id(message);
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_message_header(o.a.core->store, &draft, &arena, &row, NULL), BASE_NOT_FOUND);
  base_arena_free(&arena);
  state_is(&o.a, first, "released", "samir (token 4)");
  try_sound(&o.a);
  try_restart(&o.a);
  try_sound(&o.a);
  try_remove(&o.a, &o.b);
}

/* The owner's account is the person as whom it acts, by whatever way that one comes. */
static void test_owner_is_a_person(void **state) {
  (void)state;
  struct office o;
  char owner[SECRET];
  set_up(&o);
  token_for(&o.a, "test", "", owner);
  int64_t first = opened(&o, "", NULL);
  refused_as(&o.a, LINK_RELEASE_GIVE, owner, of(first, ""), BASE_POLICY, "was submitted by test");
  refused_as(&o.a, LINK_RELEASE_GIVE, "", of(first, ""), BASE_POLICY, "was submitted by test");
  try_remove(&o.a, &o.b);
}

/* Where the owner is alone, special data go by his word; what the kind wants released does not go at all. */
static void test_no_second_person(void **state) {
  (void)state;
  struct pair_node a, b;
  char members[768], planned[200];
  pair_kinds_apart = true;
  try_agreed(&a, &b);
  pair_kinds_apart = false;
  snprintf(planned, sizeof planned,
           "{\"kind\":\"request\",\"type\":\"ask\",\"purpose\":\"trafficking\",\"to\":\"%s\",\"personal\":\"special\"}", b.name);
  struct told told = tell(&a, LINK_LAW_EXPLAIN, planned);
  expect_text(told.json, "approval", "officer"); /* it says no other than a send */
  forget(&told);
  snprintf(members, sizeof members, AS_REQUEST, b.name);
  struct pair_answer answer = ask_as(&a, LINK_CASE_OPEN, "", members);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  assert_int_equal(try_count(&a, WIRE_ACT_HELD), 0);
  for (size_t i = 0; i < a.core->kind_count; i++)
    if (base_view_is(a.core->kinds[i]->kind.name, "request"))
      a.core->kinds[i]->kind.types[a.core->kinds[i]->kind.opening].release = true;
  refused_as(&a, LINK_CASE_OPEN, "", members, BASE_POLICY, "this node knows no persons");
  assert_int_equal(try_count(&a, WIRE_ACT_DENIED), 1);
  try_remove(&a, &b);
}

/* Others wrote in the case meanwhile, this node among them: what is let go stands behind all of it. */
static void test_case_goes_on(void **state) {
  (void)state;
  struct office o;
  char request[65], id[65], members[768];
  try_agreed(&o.a, &o.b);
  people(&o, &o.b);
  pair_request(&o.a, &o.b, request);
  pair_rest(&o.a, &o.b);
  snprintf(members, sizeof members,
           "\"id\":\"%s\",\"type\":\"partial_answer\",\"fields\":{\"answer\":\"a\",\"persons\":[" AS_PERSON "]}",
           request);
  int64_t first = held(&o.b, LINK_CASE_SEND, o.lina, members, NULL);
  struct told shown = tell(&o.b, LINK_CASE_SHOW, with_id(request));
  const struct wire_json *messages = wire_json_get(shown.json, "messages");
  expect_text(at(messages, wire_json_size(messages) - 1), "state", "draft");
  expect_text(wire_json_get(at(messages, wire_json_size(messages) - 1), "release"), "state", "waiting");
  forget(&shown);
  try_send(&o.b, request, "partial_answer", "{\"answer\":\"first\"}", id);
  pair_rest(&o.a, &o.b);
  given(&o.b, o.samir, first, id);
  pair_rest(&o.a, &o.b);
  try_receipted(&o.b, id);
  shown = tell(&o.a, LINK_CASE_SHOW, with_id(request));
  assert_false(wire_json_true(wire_json_get(shown.json, "flagged")));
  assert_int_equal(wire_json_size(wire_json_get(shown.json, "messages")), 3);
  forget(&shown);
  shown = tell(&o.b, LINK_CASE_SHOW, with_id(request)); /* as it went, once */
  assert_int_equal(wire_json_size(wire_json_get(shown.json, "messages")), 3);
  forget(&shown);
  first = held(&o.b, LINK_CASE_SEND, o.lina, members, NULL);
  try_send(&o.a, request, "withdraw", "{\"reason\":\"r\"}", id);
  pair_rest(&o.a, &o.b);
  refused_as(&o.b, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_TRANSITION, "");
  state_is(&o.b, first, "waiting", "");
  try_remove(&o.a, &o.b);
}

/* Law is asked when it is let go, with what is in force then. */
static void test_law_again(void **state) {
  (void)state;
  struct office o;
  char agreement[65], message[65];
  try_partners(&o.a, &o.b);
  pair_agree(&o.a, &o.b, agreement);
  people(&o, &o.a);
  int64_t first = opened(&o, o.lina, message);
  try_suspend(&o.a, &o.b, "suspended");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_SUSPENDED, "has suspended");
  try_suspend(&o.a, &o.b, "active");
  try_send(&o.b, agreement, "end", "{\"reason\":\"r\"}", message);
  pair_rest(&o.a, &o.b);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_LAW, "was ended");
  assert_int_equal(try_count(&o.a, WIRE_ACT_DENIED), 2);
  assert_int_equal(try_count(&o.a, WIRE_ACT_SENT), 1); /* the proposal */
  state_is(&o.a, first, "waiting", "");
  try_remove(&o.a, &o.b);
}

static void test_withheld(void **state) {
  (void)state;
  struct office o;
  char message[65];
  set_up(&o);
  int64_t first = opened(&o, o.lina, message);
  refused_as(&o.a, LINK_RELEASE_REFUSE, o.samir, of(first, ",\"reason\":\" \""), BASE_FIELD, "1 to 1000 bytes");
  refused_as(&o.a, LINK_RELEASE_WITHDRAW, o.samir, of(first, ""), BASE_POLICY, "is not your own");
  done_as(&o.a, LINK_RELEASE_REFUSE, o.samir, of(first, ",\"reason\":\"a witness\""));
  content_is_gone(&o.a, message);
  state_is(&o.a, first, "refused", "samir (token 4)");
  try_expect(&o.a, WIRE_ACT_WITHHELD, 1, "a witness");
  first = opened(&o, o.lina, message);
  done_as(&o.a, LINK_RELEASE_WITHDRAW, o.lina, of(first, ""));
  content_is_gone(&o.a, message);
  state_is(&o.a, first, "withdrawn", "lina (token 1)");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_CONFLICT, "it was withdrawn");
  first = opened(&o, o.lina, message);
  o.a.now += CORE_RELEASE_SECONDS;
  o.b.now += CORE_RELEASE_SECONDS;
  pair_settle(&o.a);
  pair_settle(&o.b);
  content_is_gone(&o.a, message);
  state_is(&o.a, first, "over", "");
  assert_int_equal(try_count(&o.a, WIRE_ACT_WITHHELD), 3);
  assert_int_equal(o.a.core->releases.waiting, 0);
  assert_int_equal(o.a.core->erasing.untold, 0); /* the keeper knows */
  try_remove(&o.a, &o.b);
}

static void test_parts(void **state) {
  (void)state;
  struct office o;
  struct base_buf parts = {0}, json = {0};
  char message[65], id[65];
  set_up(&o);
  try_upload(&o.a, SIZE, SEED, &parts);
  base_buf_printf(&json, "{\"actor\":\"test\"," AS_REQUEST ",\"parts\":%s}%c", o.b.name, try_parts_end(&parts), 0);
  struct pair_answer answer = pair_ask(&o.a, LINK_CASE_OPEN, (const char *)json.data, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  o.a.now += CORE_STAGE_SECONDS + 1; /* it is no upload any more that could be over */
  pair_settle(&o.a);
  try_restart(&o.a);
  assert_int_equal(try_part_files(&o.a), 1);
  try_sound(&o.a);
  given(&o.a, o.samir, 1, id);
  while (pair_rest(&o.a, &o.b) > 0)
    ;
  try_part_arrived(&o.b, SIZE, SEED);
  try_receipted(&o.a, id);
  try_part_arrived(&o.a, SIZE, SEED);
  o.a.now -= CORE_STAGE_SECONDS + 1;
  base_buf_reset(&parts);
  base_buf_reset(&json);
  try_upload(&o.a, SIZE, SEED + 1, &parts);
  base_buf_printf(&json, "{\"actor\":\"test\"," AS_REQUEST ",\"parts\":%s}%c", o.b.name, try_parts_end(&parts), 0);
  answer = pair_ask(&o.a, LINK_CASE_OPEN, (const char *)json.data, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  assert_int_equal(try_part_files(&o.a), 2);
  done_as(&o.a, LINK_RELEASE_REFUSE, o.samir, of(2, ",\"reason\":\"r\""));
  assert_int_equal(try_part_files(&o.a), 1);
  (void)message;
  base_buf_free(&parts);
  base_buf_free(&json);
  try_remove(&o.a, &o.b);
}

/* Two persons stand for it when it goes: who submitted it is still one here who may. */
static void test_submitter_leaves(void **state) {
  (void)state;
  struct office o;
  char id[65];
  set_up(&o);
  int64_t first = opened(&o, o.lina, NULL), second = opened(&o, o.sara, NULL);
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_POLICY, "may send nothing here any more");
  done_as(&o.a, LINK_RELEASE_REFUSE, o.samir, of(first, ",\"reason\":\"left\""));
  given(&o.a, o.samir, second, id);
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"samir\""); /* what was let go goes */
  pair_rest(&o.a, &o.b);
  try_receipted(&o.a, id);
  try_remove(&o.a, &o.b);
}

/* A type of a kind that asks for it, whatever it holds. */
static void test_kind_asks(void **state) {
  (void)state;
  pair_kinds_apart = true;
  struct office o;
  char members[768], id[65];
  set_up(&o);
  for (size_t i = 0; i < o.a.core->kind_count; i++)
    if (base_view_is(o.a.core->kinds[i]->kind.name, "request"))
      o.a.core->kinds[i]->kind.types[o.a.core->kinds[i]->kind.opening].release = true;
  snprintf(members, sizeof members,
           "\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":"
           "\"trafficking\",\"question\":\"q\",\"language\":\"fr\"}",
           o.b.name);
  int64_t first = held(&o.a, LINK_CASE_OPEN, o.lina, members, NULL);
  given(&o.a, o.samir, first, id);
  pair_rest(&o.a, &o.b);
  try_receipted(&o.a, id);
  try_remove(&o.a, &o.b);
  pair_kinds_apart = false;
}

static void test_limits(void **state) {
  (void)state;
  struct office o;
  char members[768];
  set_up(&o);
  snprintf(members, sizeof members, AS_REQUEST, o.b.name);
  o.a.core->releases.waiting = CORE_RELEASES_MAX;
  refused_as(&o.a, LINK_CASE_OPEN, o.lina, members, BASE_BUSY, "1024 messages wait");
  o.a.core->releases.waiting = 0;
  for (unsigned i = 0; i < CORE_RELEASE_PAGE + 1; i++)
    (void)opened(&o, o.lina, NULL);
  struct told told = tell(&o.a, LINK_RELEASE_LIST, "{\"actor\":\"test\"}");
  assert_int_equal(wire_json_size(wire_json_get(told.json, "releases")), CORE_RELEASE_PAGE);
  assert_int_equal(number(told.json, "waiting"), CORE_RELEASE_PAGE + 1);
  forget(&told);
  told = tell(&o.a, LINK_RELEASE_LIST, "{\"actor\":\"test\",\"above\":100}");
  assert_int_equal(wire_json_size(wire_json_get(told.json, "releases")), 1);
  forget(&told);
  o.a.now += CORE_RELEASE_SECONDS;
  pair_settle(&o.a); /* some in each step */
  assert_int_equal(o.a.core->releases.waiting, CORE_RELEASE_PAGE + 1 - CORE_RELEASE_STEP);
  assert_int_equal(core_release_due_ms(o.a.core), 0);
  pair_settle(&o.a);
  assert_int_equal(o.a.core->releases.waiting, 0);
  assert_int_equal(core_release_due_ms(o.a.core), -1);
  try_remove(&o.a, &o.b);
}

/* A hand in the database: the row and the content against the leaf, before anything goes. */
static void test_tampered(void **state) {
  (void)state;
  struct office o;
  struct base_buf found = {0};
  set_up(&o);
  (void)opened(&o, o.sara, NULL);
  (void)opened(&o, o.lina, NULL);
  damage_sql(&o.a, "UPDATE releases SET person = 'lina' WHERE number = 1");
  refused_as(&o.a, LINK_RELEASE_GIVE, o.sara, of(1, ""), BASE_CORRUPT, "is not what the register says");
  damage_sql(&o.a, "UPDATE releases SET person = 'sara' WHERE number = 1");
  damage_sql(&o.a, "UPDATE releases SET number = 3 WHERE number = 1");
  damage_sql(&o.a,
             "UPDATE releases SET number = 1 WHERE number = 2"); /* another text under the number that was shown */
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(1, ""), BASE_CORRUPT, "is not what the register says");
  assert_true(try_check(&o.a, &found) > 0);
  assert_non_null(memmem(found.data, found.size, "release 1: leaf", 15));
  base_buf_free(&found);
  assert_int_equal(try_count(&o.a, WIRE_ACT_RELEASED), 0);
  pair_remove(&o.a);
  pair_remove(&o.b);
}

/* A database put back to when it waited: the keeper knows what was erased since, and nobody can let it go. */
static void test_put_back(void **state) {
  (void)state;
  struct office o;
  struct base_buf found = {0};
  char refused[65], waits[65];
  set_up(&o);
  int64_t first = opened(&o, o.sara, refused), second = opened(&o, o.lina, waits);
  pair_close(&o.a);
  copy(&o.a, "/core", "/old-core");
  pair_open(&o.a);
  done_as(&o.a, LINK_RELEASE_REFUSE, o.samir, of(first, ",\"reason\":\"a witness\""));
  pair_close(&o.a);
  copy(&o.a, "/old-core", "/core");
  open_epoch(&o.a);
  content_is_gone(&o.a, refused);
  state_is(&o.a, first, "erased", "");
  state_is(&o.a, second, "waiting", "");
  assert_int_equal(o.a.core->releases.waiting, 1);
  assert_int_equal(try_count(&o.a, WIRE_ACT_WITHHELD), 1);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_LOGIN, "it is over"); /* nor of that is it known */
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"confirm\",\"person\":\"samir\"");
  token_for(&o.a, "samir", "", o.samir);
  refused_as(&o.a, LINK_RELEASE_GIVE, o.samir, of(first, ""), BASE_CONFLICT, "put back");
  assert_int_equal(try_check(&o.a, &found), 0);
  base_buf_free(&found);
  pair_remove(&o.a);
  pair_remove(&o.b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read_first), cmocka_unit_test(test_given),
      cmocka_unit_test(test_counted),
      cmocka_unit_test(test_cleared),
      cmocka_unit_test(test_owner_is_a_person),
      cmocka_unit_test(test_no_second_person),
      cmocka_unit_test(test_case_goes_on),
      cmocka_unit_test(test_law_again),
      cmocka_unit_test(test_withheld),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_submitter_leaves),
      cmocka_unit_test(test_kind_asks),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_tampered),
      cmocka_unit_test(test_put_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
