/* SPDX-License-Identifier: Apache-2.0
 * Exercises (spec/exercise.md): marked from the first message on, sealed under labels of their own, joined with nothing real,
 * counted nowhere; and what a dishonest node tries. */
#include "core/exercise.h"

#include "core/emergency.h"
#include "core/exchange.h"
#include "core/messages.h"
#include "core/recall.h"
#include "core_liar.h"
#include "core_persons.h"

static const char DRILL[] = "\"exercise\":true,";

static void two(struct pair_node *a, struct pair_node *b) {
  char id[65], answer[65], fields[100];
  struct base_buf json = {0};
  try_partners(a, b);
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
                  "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],"
                  "\"purposes\":[\"*\"],\"direction\":\"both\",\"personal\":\"special\"}]}}",
                  b->name, base_time_format(a->now + 300 * DAY).text);
  base_buf_u8(&json, 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_rest(a, b);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", id);
  try_send(b, id, "accept", fields, answer);
  pair_rest(a, b);
}

/* A case of this kind with the kind's example; members: of the request; fields: before those of the example. */
static void open_as(struct pair_node *node, const char *kind, const char *to, const char *members, const char *fields,
                    enum base_code want, const char *says, char id[65]) {
  struct base_buf json = {0};
  char asked[128];
  snprintf(asked, sizeof asked, "{\"actor\":\"test\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, asked, -1);
  assert_int_equal(example.status, BASE_OK);
  base_buf_printf(&json, "{\"actor\":\"test\",%s\"kind\":\"%s\",\"to\":[\"%s\"],\"fields\":{%s%.*s}%c", members, kind, to, fields,
                  (int)example.payload.size - 1, (const char *)example.payload.data + 1, 0);
  pair_answer_free(&example);
  struct pair_answer answer = pair_ask(node, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_free(&json);
  if (want == BASE_OK && answer.status == BASE_OK)
    pair_text(&answer, "id", id, 65);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void drill(struct pair_node *a, struct pair_node *b, const char *kind, char id[65]) {
  open_as(a, kind, b->name, DRILL, "", BASE_OK, "", id);
  pair_rest(a, b);
}

static void real(struct pair_node *a, struct pair_node *b, const char *kind, char id[65]) {
  open_as(a, kind, b->name, "", "", BASE_OK, "", id);
  pair_rest(a, b);
}

/* The answer has these words. */
static void told(struct pair_node *node, enum link_request_code code, const char *members, const char *words, bool there) {
  struct pair_answer answer = ask_as(node, code, "", members);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || (strstr((const char *)answer.payload.data, words) != NULL) != there)
    fail_msg("%s: %s: %s", members, words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static bool is_one(struct pair_node *node, const char *id) {
  struct base_id parsed = try_id(id);
  struct base_error err = {0};
  bool exercise = false;
  assert_int_equal(core_exercise_of_case(node->core, &parsed, &exercise, &err), BASE_OK);
  return exercise;
}

static void test_marked_from_the_first_message_on(void **state) {
  (void)state;
  struct pair_node a, b;
  char exercise[65], request[65], answer[65], members[300];
  two(&a, &b);
  drill(&a, &b, "request", exercise);
  real(&a, &b, "request", request);
  try_receipted(&a, exercise);
  try_restart(&b);
  struct pair_node *const nodes[] = {&a, &b};
  for (size_t i = 0; i < 2; i++) {
    assert_true(is_one(nodes[i], exercise) && !is_one(nodes[i], request));
    snprintf(members, sizeof members, "\"id\":\"%s\"", exercise);
    told(nodes[i], LINK_CASE_SHOW, members, "\"exercise\":true", true);
    told(nodes[i], LINK_MESSAGE_SHOW, members, "\"exercise\":true", true);
    snprintf(members, sizeof members, "\"id\":\"%s\"", request);
    told(nodes[i], LINK_CASE_SHOW, members, "\"exercise\":false", true);
    told(nodes[i], LINK_MESSAGE_SHOW, members, "\"exercise\":true", false);
  }
  snprintf(members, sizeof members, "\"id\":\"%s\",\"type\":\"answer\",\"fields\":%s", exercise, try_answer);
  refused_as(&b, LINK_CASE_SEND, "", members, BASE_POLICY, "is an exercise, and nothing real is answered there");
  snprintf(members, sizeof members, "\"id\":\"%s\",\"exercise\":true,\"type\":\"answer\",\"fields\":%s", request, try_answer);
  refused_as(&b, LINK_CASE_SEND, "", members, BASE_POLICY, "is real, and this was meant for an exercise");
  snprintf(members, sizeof members, "{\"actor\":\"test\",\"id\":\"%s\",\"exercise\":true,\"type\":\"answer\",\"fields\":%s}", exercise,
           try_answer);
  pair_id(&b, LINK_CASE_SEND, members, answer);
  pair_rest(&a, &b);
  try_receipted(&b, answer);
  try_state(&a, exercise, "answered");
  open_as(&a, "agreement", b.name, DRILL, "", BASE_POLICY, "the kind agreement has none", answer);
  assert_int_equal(try_agree(&a, &b), 3);
  try_remove(&a, &b);
}

/* --- lists: one or the other */

static size_t listed(struct pair_node *node, const char *members, const char *id) {
  struct pair_answer answer = ask_as(node, LINK_CASE_LIST, "", members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), BASE_BUF_DEFAULT_LIMIT, "list", &json, NULL), BASE_OK);
  size_t found = 0;
  for (size_t i = 0; i < wire_json_size(json); i++)
    found += base_view_is(wire_json_text(wire_json_get(wire_json_at(json, i), "id")), id);
  pair_answer_free(&answer);
  return found;
}

static void test_lists(void **state) {
  (void)state;
  struct pair_node a, b;
  char exercise[65], request[65], members[200];
  two(&a, &b);
  drill(&a, &b, "request", exercise);
  real(&a, &b, "request", request);
  static const char *const orders[] = {"\"limit\":0", "\"by\":\"deadline\"", "\"kind\":\"request\"",
                                       "\"by\":\"deadline\",\"kind\":\"request\"", "\"lane\":\"enforcement\""};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    assert_int_equal(listed(&b, orders[i], exercise), 0);
    assert_int_equal(listed(&b, orders[i], request), 1);
    snprintf(members, sizeof members, "%s,\"exercise\":true", orders[i]);
    assert_int_equal(listed(&b, members, exercise), 1);
    assert_int_equal(listed(&b, members, request), 0);
  }
  assert_int_equal(listed(&b, "\"kind\":\"crisis\",\"exercise\":true", exercise), 0);
  assert_int_equal(listed(&b, "\"by\":\"deadline\",\"exercise\":true,\"lane\":\"civil\"", exercise), 0);
  assert_int_equal(listed(&b, "\"exercise\":true,\"lane\":\"humanitarian\"", exercise), 0);
  told(&a, LINK_OUTBOX_LIST, "", "\"exercise\":true", true);
  /* What is overdue there is told as what it is, and hides nothing that is real. */
  b.now += 30 * DAY;
  pair_settle(&b);
  told(&b, LINK_NODE_STATUS, "", "\"overdue\":1,", true);
  snprintf(members, sizeof members, "\"id\":\"%s\"", exercise);
  told(&b, LINK_CASE_SHOW, members, "\"what\":\"overdue\"", true);
  try_remove(&a, &b);
}

/* --- what names it */

static void test_joined_with_nothing_real(void **state) {
  (void)state;
  struct pair_node a, b;
  char exercise[65], request[65], more[128], id[65];
  two(&a, &b);
  open_as(&a, "request", b.name, "\"exercise\":true,\"handling\":\"green\",", "", BASE_OK, "", exercise);
  pair_rest(&a, &b);
  real(&a, &b, "request", request);
  snprintf(more, sizeof more, "\"linked\":\"%s\",", exercise);
  open_as(&a, "crisis", b.name, "", more, BASE_POLICY, "of an exercise, and nothing real names it", id);
  open_as(&a, "crisis", b.name, DRILL, more, BASE_OK, "", id);
  snprintf(more, sizeof more, "\"linked\":\"%s\",", request);
  open_as(&a, "crisis", b.name, DRILL, more, BASE_POLICY, "real, and nothing of an exercise names it", id);
  open_as(&a, "crisis", b.name, "", more, BASE_OK, "", id);
  pair_rest(&a, &b);
  /* What passes it on, and what calls it back, is of the exercise by itself. */
  char long_more[300];
  snprintf(long_more, sizeof long_more,
           "{\"actor\":\"test\",\"id\":\"%s\",\"to\":[\"rabat\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"drugs\"}}", exercise);
  pair_id(&b, LINK_MESSAGE_PASS_ON, long_more, id);
  pair_rest(&a, &b);
  assert_true(is_one(&b, id) && is_one(&a, id));
  snprintf(long_more, sizeof long_more,
           "\"id\":\"%s\",\"measure\":\"erase\",\"ground\":\"inaccurate\",\"reason\":\"r\"", exercise);
  done_as(&a, LINK_RECALL_OPEN, "", long_more);
  pair_rest(&a, &b);
  struct pair_node *const nodes[] = {&a, &b};
  for (size_t i = 0; i < 2; i++)
    told(nodes[i], LINK_RECALL_LIST, "", "\"exercise\":true", true);
  told(&b, LINK_CASE_LIST, "\"kind\":\"recall\"", "recall", false);
  told(&b, LINK_CASE_LIST, "\"kind\":\"recall\",\"exercise\":true", "\"kind\":\"recall\"", true);
  try_remove(&a, &b);
}

/* What names a message before that came is not joined with it afterwards. */
static void test_named_before_it_came(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], more[128], id[65], why[300] = "";
  two(&a, &b);
  open_as(&b, "request", a.name, "", "", BASE_OK, "", request);
  snprintf(more, sizeof more, "\"linked\":\"%s\",", request);
  open_as(&a, "crisis", b.name, DRILL, more, BASE_OK, "", id);
  pair_rest(&a, &b);
  try_receipted(&b, request);
  assert_int_equal(try_leaves(&b, WIRE_ACT_REFUSED, why, sizeof why), 1); /* there both were known */
  assert_non_null(strstr(why, "never joined with what is real"));
  struct base_id named = try_id(request);
  int64_t key = INT64_MIN;
  struct base_arena arena = {0};
  struct core_mention mention;
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(core_mention_next(a.core, &named, &key, &arena, &mention, &(struct base_error){0}), BASE_NOT_FOUND);
  base_arena_free(&arena);
  try_remove(&a, &b);
}

static void test_an_emergency_is_told_as_an_exercise(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], members[200];
  try_partners(&a, &b);
  snprintf(members, sizeof members, "%s\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"r\"},", DRILL);
  open_as(&a, "request", b.name, members, "", BASE_OK, "\"emergency\":{", id);
  pair_rest(&a, &b);
  try_receipted(&a, id);
  struct pair_node *const nodes[] = {&a, &b};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(listed(nodes[i], "\"kind\":\"emergency\"", id), 0);
    told(nodes[i], LINK_CASE_LIST, "\"kind\":\"emergency\"", "emergency", false);
    told(nodes[i], LINK_CASE_LIST, "\"kind\":\"emergency\",\"exercise\":true", "\"exercise\":true", true);
    told(nodes[i], LINK_STATISTICS_MAKE, "", "\"emergency\"", false);
  }
  try_remove(&a, &b);
}

/* --- not counted */

static void sent_under(struct pair_node *node, const char *agreement, size_t want) {
  char members[128];
  snprintf(members, sizeof members, "\"id\":\"%s\"", agreement);
  struct pair_answer answer = ask_as(node, LINK_AGREEMENT_REVIEW, "", members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "review", &json, NULL), BASE_OK);
  assert_int_equal(wire_json_size(wire_json_get(json, "used")), want);
  assert_int_equal(wire_json_size(wire_json_get(json, "refused")), 0);
  pair_answer_free(&answer);
}

static void counted(struct pair_node *node, bool any) {
  told(node, LINK_STATISTICS_MAKE, "", "\"section\":\"messages\",\"direction\":\"sent\",\"partner\":\"paris\"", true); /* agreement */
  told(node, LINK_STATISTICS_MAKE, "", "\"kind\":\"sighting\"", any);
  told(node, LINK_STATISTICS_MAKE, "", "\"measure\":\"read\"", any);
  told(node, LINK_STATISTICS_MAKE, "", "\"measure\":\"denied\"", false);
  told(node, LINK_STATISTICS_MAKE, "", "\"measure\":\"cleared\"", false);
  told(node, LINK_STATISTICS_MAKE, "", "\"measure\":\"erased\"", false);
}

static void test_not_counted(void **state) {
  (void)state;
  struct pair_node a, b;
  char exercise[65], id[65], members[200];
  two(&a, &b);
  struct base_hex_text agreement = base_id_text(&a.core->law[0].id);
  drill(&a, &b, "sighting", exercise);
  open_as(&a, "tracing", b.name, DRILL, "", BASE_LAW, "", id); /* no row covers it */
  snprintf(members, sizeof members, "\"id\":\"%s\"", exercise);
  done_as(&a, LINK_CASE_SHOW, "", members);
  counted(&a, false);
  sent_under(&a, agreement.text, 0);
  told(&a, LINK_PICTURE_SHOW, "", "\"cases\":1", false);
  told(&b, LINK_PICTURE_SHOW, "", "\"cases\":1", false);
  snprintf(members, sizeof members, "{\"actor\":\"test\",\"id\":\"%s\",\"exercise\":true,\"type\":\"close\",\"fields\":{}}", exercise);
  pair_id(&a, LINK_CASE_SEND, members, id);
  pair_rest(&a, &b);
  snprintf(members, sizeof members, "\"id\":\"%s\",\"reason\":\"the exercise is over\"", exercise);
  done_as(&a, LINK_CASE_ERASE, "", members);
  counted(&a, false); /* also when nothing is left that is marked */
  sent_under(&a, agreement.text, 0);
  assert_true(is_one(&a, exercise));
  real(&a, &b, "sighting", id);
  snprintf(members, sizeof members, "\"id\":\"%s\"", id);
  done_as(&a, LINK_CASE_SHOW, "", members);
  counted(&a, true);
  sent_under(&a, agreement.text, 1);
  told(&b, LINK_PICTURE_SHOW, "", "\"cases\":1", true);
  try_remove(&a, &b);
}

static void test_events_and_leaves(void **state) {
  (void)state;
  struct pair_node a, b;
  char exercise[65], place[64], members[128];
  two(&a, &b);
  struct pair_answer now = ask_as(&b, LINK_EVENTS_TAKE, "", "");
  pair_text(&now, "next", place, sizeof place);
  pair_answer_free(&now);
  uint64_t first = b.core->reg.size;
  drill(&a, &b, "request", exercise);
  snprintf(members, sizeof members, "\"after\":\"%s\"", place);
  told(&b, LINK_EVENTS_TAKE, members, "\"exercise\":true", true);
  told(&b, LINK_EVENTS_TAKE, members, "\"exercise\":false", false);
  snprintf(members, sizeof members, "\"n\":%llu", (unsigned long long)first);
  told(&b, LINK_REGISTER_SHOW, members, "\"exercise\":true", true);
  told(&b, LINK_REGISTER_SHOW, "\"n\":0", "\"exercise\":false", true);
  try_remove(&a, &b);
}

/* --- by key */

static void test_no_consignment_holds_both(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  two(&a, &b);
  static const bool drilled[] = {false, true, true, false};
  static const size_t together[] = {1, 2, 1};
  struct core_partner *partner = try_partner(&a);
  try_suspend(&b, &a, "suspended");
  for (size_t i = 0; i < 4; i++)
    open_as(&a, "request", b.name, drilled[i] ? DRILL : "", "", BASE_OK, "", id);
  for (size_t i = 0; i < 3; i++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    struct core_consignment made;
    struct base_error err = {0};
    base_buf_init(&out, WIRE_CONSIGNMENT_MAX);
    assert_int_equal(core_consignment_build(a.core, partner, &out, &made, &err), BASE_OK);
    assert_int_equal(made.messages, together[i]);
    assert_int_equal(made.exercise, i == 1);
    partner->handed = made.last_number;
  }
  pair_remove(&a);
  pair_remove(&b);
}

/* The key of a message opens its content as what it was sealed as, and as nothing else: another header in its row shows nothing. */
static void test_content_opens_as_what_it_is(void **state) {
  (void)state;
  struct base_secret key;
  struct base_id id = {{7}};
  struct base_error err = {0};
  memset(&key, 9, sizeof key);
  for (int exercise = 0; exercise < 2; exercise++) {
    BASE_AUTO_BUF struct base_buf sealed = {0}, plain = {0};
    base_buf_init(&sealed, 1 << 10);
    base_buf_init(&plain, 1 << 10);
    core_content_seal(&key, &id, exercise, BASE_VIEW("part 0"), &sealed);
    assert_int_equal(core_content_unseal(&key, &id, !exercise, base_buf_view(&sealed), &plain, &err), BASE_UNSEAL);
    base_buf_reset(&plain);
    assert_int_equal(core_content_unseal(&key, &id, exercise, base_buf_view(&sealed), &plain, &err), BASE_OK);
    assert_true(base_view_is(base_buf_view(&plain), "part 0"));
  }
}

/* --- a dishonest node */

static void lie(const char *members, bool marked, bool sealed, const char *says) {
  struct pair_node a, b;
  struct liar liar;
  struct liar_message message;
  char id[65];
  two(&a, &b);
  open_as(&a, "request", b.name, members, "", BASE_OK, "", id);
  pair_rest(&a, &b);
  liar_begin(&liar, &b, &a);
  liar_draft(&liar, id, &message);
  message.header.exercise = marked;
  message.opening.clause = BASE_VIEW("request");
  liar.exercise = sealed;
  liar_made(&liar, &message);
  struct liar_answer answer = liar_give(&liar);
  if (answer.refusals != 1 || strstr(answer.reason, says) == NULL)
    fail_msg("%u refused, %u taken: %s", answer.refusals, answer.receipts, answer.reason);
  try_state(&a, id, "asked");
  try_sound(&a);
  liar_end(&liar);
  pair_remove(&a);
  pair_remove(&b);
}

/* A partner who is no party of what he names is not told that it is here. */
static void test_a_stranger_is_told_nothing(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], text[100];
  two(&a, &b);
  real(&a, &b, "request", request);
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  snprintf(text, sizeof text, "{\"linked\":\"%s\"}", request);
  assert_int_equal(wire_json_parse(base_view_text(text), BASE_BUF_DEFAULT_LIMIT, "fields", &fields, NULL), BASE_OK);
  const struct wire_kind *crisis = &core_kind_named(a.core, base_view_text("crisis"))->kind;
  const struct wire_kind_type *type = &crisis->types[crisis->opening];
  struct wire_header header = {.author = try_partner(&a)->card.origin};
  assert_int_equal(core_exercise_names(a.core, type, &header, fields, true, NULL), BASE_POLICY);
  header.author = base_view_text("wasl/lisbon/0123456789abcdef");
  assert_int_equal(core_exercise_names(a.core, type, &header, fields, true, NULL), BASE_OK);
  header.author = a.core->card.origin;
  assert_int_equal(core_exercise_names(a.core, type, &header, fields, true, NULL), BASE_POLICY);
  try_remove(&a, &b);
}

static void test_what_arrives_is_refused(void **state) {
  (void)state;
  lie(DRILL, false, false, "the case is an exercise, and the message is not marked as one");
  lie("", true, true, "the message is marked as an exercise, and its case is real");
  lie(DRILL, true, false, "it came sealed as what is real, and is marked as an exercise");
  lie("", false, true, "it came sealed as an exercise's, and is not");
}

/* --- damage */

static void test_a_row_that_says_otherwise_is_found(void **state) {
  (void)state;
  struct pair_node a, b;
  char exercise[65];
  two(&a, &b);
  drill(&a, &b, "request", exercise);
  struct base_arena arena = {0};
  struct store_case row;
  struct base_id id = try_id(exercise);
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_begin(a.core->store, NULL), BASE_OK);
  assert_int_equal(store_case_get(a.core->store, &id, &arena, &row, NULL), BASE_OK);
  assert_true(row.exercise);
  row.exercise = false;
  assert_int_equal(store_case_put(a.core->store, &row, NULL), BASE_OK);
  assert_int_equal(store_commit(a.core->store, NULL), BASE_OK);
  base_arena_free(&arena);
  assert_true(check_names(&a, "it is stored as real, but its messages say otherwise"));
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_marked_from_the_first_message_on),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_joined_with_nothing_real),
      cmocka_unit_test(test_named_before_it_came),
      cmocka_unit_test(test_an_emergency_is_told_as_an_exercise),
      cmocka_unit_test(test_not_counted),
      cmocka_unit_test(test_events_and_leaves),
      cmocka_unit_test(test_no_consignment_holds_both),
      cmocka_unit_test(test_content_opens_as_what_it_is),
      cmocka_unit_test(test_a_stranger_is_told_nothing),
      cmocka_unit_test(test_what_arrives_is_refused),
      cmocka_unit_test(test_a_row_that_says_otherwise_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
