/* SPDX-License-Identifier: Apache-2.0
 * What binds a node by an agreement and what frees it (spec/agreement.md): from which day an end frees, the same at both
 * parties; by two persons where there are two; by whom of which lane. */
#include "core_persons.h"
#include "core_try.h"

#include "core/ending.h"

enum { NOTICE = 30 };

/* An agreement between both, accepted, with a notice or without one. */
static void agree(struct pair_node *a, struct pair_node *b, int notice, const char *kind, char id[65]) {
  char json[1024], said[64] = "", fields[100], accepted[65];
  if (notice > 0)
    snprintf(said, sizeof said, "\"notice_days\":%d,", notice);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
           "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",%s\"rows\":[{\"id\":\"2\",\"kind\":\"%s\",\"types\":[\"*\"],"
           "\"purposes\":[\"*\"],\"direction\":\"both\"}]}}",
           b->name, base_time_format(a->now + 300 * DAY).text, said, kind);
  pair_id(a, LINK_CASE_OPEN, json, id);
  pair_rest(a, b);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", id);
  try_send(b, id, "accept", fields, accepted);
  pair_rest(a, b);
}

/* The members of a declaration by which it ends; on: empty: none. */
static const char *end_of(const char *id, const char *on) {
  static char members[512];
  snprintf(members, sizeof members, "\"id\":\"%s\",\"type\":\"end\",\"fields\":{\"reason\":\"art. 12\"%s%s%s}", id,
           on[0] != '\0' ? ",\"on\":\"" : "", on, on[0] != '\0' ? "\"" : "");
  return members;
}

static const char *day_of(base_time time) {
  static char day[16];
  snprintf(day, sizeof day, "%.10s", base_time_format(time).text);
  return day;
}

/* It goes, and the answer says from when on and whether that is shorter than agreed. */
static void declared(struct pair_node *node, const char *id, const char *on, base_time want, int64_t days, bool shorter) {
  struct pair_answer answer = ask_as(node, LINK_CASE_SEND, "", end_of(id, on));
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 4096, "answer", &json, NULL), BASE_OK);
  const struct wire_json *end = wire_json_get(json, "end");
  expect_text(end, "on", base_time_format(want).text);
  assert_int_equal(number(end, "notice_days"), days);
  assert_int_equal(wire_json_true(wire_json_get(end, "shorter")), shorter);
  pair_answer_free(&answer);
}

static void ends_on(const struct pair_node *node, base_time want) {
  assert_int_equal(node->core->agreement_count, 1);
  assert_true(node->core->agreements[0].law.accepted);
  assert_int_equal(node->core->agreements[0].law.ends, want);
}

/* As the list of agreements has it. */
static void listed(struct pair_node *node, bool in_force, base_time until) {
  struct told told = tell(node, LINK_AGREEMENT_LIST, "{\"actor\":\"test\"}");
  const struct wire_json *row = at(told.json, 0);
  expect_text(row, "state", "ended");
  assert_int_equal(wire_json_true(wire_json_get(row, "in_force")), in_force);
  expect_text(row, "until", base_time_format(until).text);
  forget(&told);
}

static void set_clock(struct pair_node *a, struct pair_node *b, base_time now) {
  a->now = b->now = now;
}

/* Nothing is said: the notice that was agreed, in whole days, the same at both; until then all goes on, then nothing does. */
static void test_the_notice_agreed(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], message[65];
  try_partners(&a, &b);
  agree(&a, &b, NOTICE, "request", id);
  base_time day = a.now - a.now % DAY + (NOTICE + 1) * DAY;
  declared(&b, id, "", day, NOTICE, false);
  pair_rest(&a, &b);
  try_state(&a, id, "ended");
  ends_on(&a, day);
  ends_on(&b, day);
  listed(&a, true, day);
  try_request_with(&a, &b, "[]", message);
  pair_rest(&a, &b);
  try_receipted(&a, message);
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
  set_clock(&a, &b, day - 1);
  try_request_with(&a, &b, "[]", message);
  set_clock(&a, &b, day);
  listed(&a, false, day);
  listed(&b, false, day);
  struct base_buf json = {0};
  try_request_json(&b, "[]", &json);
  struct pair_answer answer = pair_ask(&a, LINK_CASE_OPEN, (const char *)json.data, -1);
  assert_int_equal(answer.status, BASE_LAW);
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, "was ended on"));
  pair_answer_free(&answer);
  base_buf_free(&json);
  try_restart(&b);
  ends_on(&b, day);
  try_sound(&a);
  try_sound(&b);
  try_remove(&a, &b);
}

/* A day of his own, to the day: the notice is kept from that on, and shorter before, which is told and refused by nobody. */
static void test_a_day_of_his_own(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_partners(&a, &b);
  agree(&a, &b, NOTICE, "request", id);
  base_time now = a.now, today = now - now % DAY, agreed = today + (NOTICE + 1) * DAY;
  refused_as(&b, LINK_CASE_SEND, "", end_of(id, day_of(today - 1)), BASE_FIELD, "is past: an end frees from the day");
  declared(&b, id, day_of(agreed), agreed, NOTICE, false);
  refused_as(&b, LINK_CASE_SEND, "", end_of(id, ""), BASE_FIELD, "its end was declared already, for");
  refused_as(&b, LINK_CASE_SEND, "", end_of(id, day_of(agreed)), BASE_FIELD, "can only name an earlier day");
  pair_rest(&a, &b);
  ends_on(&a, agreed);
  declared(&a, id, base_time_format(agreed - 1).text, agreed - 1, NOTICE, true); /* the other one, sooner */
  pair_rest(&a, &b);
  ends_on(&a, agreed - 1);
  ends_on(&b, agreed - 1);
  declared(&a, id, day_of(today), now, NOTICE, true); /* today: from now on */
  pair_rest(&a, &b);
  ends_on(&a, now);
  ends_on(&b, now);
  listed(&b, false, now);
  try_remove(&a, &b);
}

/* Where no notice was agreed an end frees at once; and where a partner's program leaves the day out. */
static void test_at_once(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_partners(&a, &b);
  agree(&a, &b, 0, "request", id);
  base_time now = a.now;
  declared(&b, id, "", now, 0, false);
  pair_rest(&a, &b);
  ends_on(&a, now);
  ends_on(&b, now);
  struct engine_message messages[2];
  struct wire_header first = {.type = BASE_VIEW("end"), .time = 500}, second = {.type = BASE_VIEW("end"), .time = 400};
  struct core_case kase = {.messages = messages, .count = 2};
  memset(messages, 0, sizeof messages);
  messages[0].header = &first;
  messages[1].header = &second;
  assert_int_equal(core_ending_of(&kase), 0); /* without effect */
  messages[0].effective = true;
  assert_int_equal(core_ending_of(&kase), 500);
  messages[1].effective = true;
  assert_int_equal(core_ending_of(&kase), 400);
  second.time = 600; /* one that was declared stands */
  assert_int_equal(core_ending_of(&kase), 500);
  second.type = BASE_VIEW("review");
  assert_int_equal(core_ending_of(&kase), 500);
  first.state_count = 1;
  first.state[0] = (struct wire_state_field){BASE_VIEW("on"), BASE_VIEW("1970-01-01")}; /* no end reaches back */
  assert_int_equal(core_ending_of(&kase), 500);
  first.state[0].value = BASE_VIEW("1970-01-02");
  assert_int_equal(core_ending_of(&kase), DAY);
  first.state[0].value = BASE_VIEW("1970-01-01T00:10:00Z");
  assert_int_equal(core_ending_of(&kase), 600);
  try_remove(&a, &b);
}

/* --- by whom */

struct waits {
  int64_t number;
  char message[65];
};

static struct waits held(struct pair_node *node, const char *secret, const char *members) {
  struct pair_answer answer = ask_as(node, LINK_CASE_SEND, secret, members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct waits waits;
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 4096, "answer", &json, NULL), BASE_OK);
  assert_true(is_null(json, "id"));
  assert_false(is_null(json, "end")); /* told also while it waits */
  const struct wire_json *release = wire_json_get(json, "release");
  waits.number = number(release, "number");
  (void)snprintf(waits.message, sizeof waits.message, "%.*s", 64,
                 (const char *)wire_json_text(wire_json_get(release, "message")).data);
  pair_answer_free(&answer);
  return waits;
}

static void give(struct pair_node *node, const char *secret, const struct waits *waits, enum base_code want, const char *says) {
  char members[128];
  snprintf(members, sizeof members, "\"id\":\"%s\"", waits->message);
  done_as(node, LINK_MESSAGE_SHOW, secret, members);
  snprintf(members, sizeof members, "\"number\":%lld", (long long)waits->number);
  if (want == BASE_OK)
    done_as(node, LINK_RELEASE_GIVE, secret, members);
  else
    refused_as(node, LINK_RELEASE_GIVE, secret, members, want, says);
}

/* What the message says of the end when it is shown. */
static void shown(struct pair_node *node, const char *message, base_time want, int64_t days, bool shorter) {
  char request[128];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\"}", message);
  struct told told = tell(node, LINK_MESSAGE_SHOW, request);
  const struct wire_json *end = wire_json_get(told.json, "end");
  expect_text(end, "on", base_time_format(want).text);
  assert_int_equal(number(end, "notice_days"), days);
  assert_int_equal(wire_json_true(wire_json_get(end, "shorter")), shorter);
  forget(&told);
}

/* Who lets it go reads what who submitted it was told; and, when it
 * waited long, that it is shorter by now. */
static void test_who_lets_it_go_is_told(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], lina[SECRET], samir[SECRET], request[128];
  try_partners(&a, &b);
  agree(&a, &b, NOTICE, "request", id);
  add(&b, "lina", "\"liaison\"");
  add(&b, "samir", "\"supervisor\"");
  token_for(&b, "lina", "", lina);
  token_for(&b, "samir", "", samir);
  base_time day = b.now - b.now % DAY + (NOTICE + 1) * DAY;
  struct waits kept = held(&b, lina, end_of(id, "")), early = held(&b, lina, end_of(id, day_of(day - DAY)));
  shown(&b, kept.message, day, NOTICE, false);
  shown(&b, early.message, day - DAY, NOTICE, true);
  set_clock(&a, &b, b.now + DAY);
  shown(&b, kept.message, day, NOTICE, true); /* a day of it went by while it waited */
  give(&b, samir, &early, BASE_OK, "");
  pair_rest(&a, &b);
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct told told = tell(&a, LINK_CASE_SHOW, request);
  const struct wire_json *messages = wire_json_get(told.json, "messages"), *last = at(messages, wire_json_size(messages) - 1);
  expect_text(wire_json_get(last, "end"), "on", base_time_format(day - DAY).text); /* as does the other party */
  assert_true(wire_json_true(wire_json_get(wire_json_get(last, "end"), "shorter")));
  assert_true(is_null(at(messages, 0), "end"));
  forget(&told);
  try_remove(&a, &b);
}

static void owner_has(struct pair_node *node, unsigned roles) {
  for (size_t i = 0; i < node->core->people->person_count; i++)
    if (node->core->people->persons[i].owner)
      node->core->people->persons[i].roles = roles;
}

/* By two where there are two who can: a supervisor, and somebody else who may send. */
static void test_by_two(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], lina[SECRET], samir[SECRET];
  try_partners(&a, &b);
  agree(&a, &b, 0, "request", id);
  assert_false(core_ending_second(b.core));
  add(&b, "lina", "\"liaison\"");
  add(&b, "ines", "\"integrator\",\"auditor\"");
  token_for(&b, "lina", "", lina);
  owner_has(&b, 1U << LINK_PERSON_ADMINISTRATOR | 1U << LINK_PERSON_LIAISON);
  assert_false(core_ending_second(b.core)); /* two who may send, and no supervisor */
  owner_has(&b, 1U << LINK_PERSON_ADMINISTRATOR);
  add(&b, "samir", "\"supervisor\"");
  token_for(&b, "samir", "", samir);
  assert_true(core_ending_second(b.core));
  struct core_person *person = core_person_named(b.core, BASE_VIEW("lina"));
  person->closed = true;
  assert_false(core_ending_second(b.core)); /* a supervisor, and nobody beside him */
  person->closed = false;
  person->damaged = true;
  assert_false(core_ending_second(b.core));
  person->damaged = false;
  struct waits waits = held(&b, lina, end_of(id, ""));
  pair_rest(&a, &b);
  ends_on(&a, 0);
  ends_on(&b, 0);
  give(&b, samir, &waits, BASE_OK, "");
  pair_rest(&a, &b);
  try_state(&a, id, "ended");
  assert_int_not_equal(a.core->agreements[0].law.ends, 0);
  assert_int_equal(a.core->agreements[0].law.ends, b.core->agreements[0].law.ends);
  try_remove(&a, &b);
}

/* Who does not work where its rows permit anything neither binds nor frees by it, nor lets it go. */
static void test_by_lane(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], secrets[3][SECRET];
  static const char *const persons[3] = {"hana", "lina", "samir"};
  try_partners(&a, &b);
  agree(&a, &b, 0, "request", id);
  done_as(&b, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"hana\",\"name\":\"N\",\"unit\":\"U\",\"roles\":[\"supervisor\",\"liaison\"],"
          "\"lanes\":[\"humanitarian\"]");
  add(&b, "lina", "\"liaison\"");
  add(&b, "samir", "\"supervisor\"");
  for (size_t i = 0; i < 3; i++)
    token_for(&b, persons[i], "", secrets[i]);
  static const char says[] = "this agreement is about what is enforcement, and hana works in the lane humanitarian";
  refused_as(&b, LINK_CASE_SEND, secrets[0], end_of(id, ""), BASE_POLICY, says);
  struct waits waits = held(&b, secrets[1], end_of(id, ""));
  give(&b, secrets[0], &waits, BASE_POLICY, says);
  give(&b, secrets[2], &waits, BASE_OK, "");
  pair_rest(&a, &b);
  try_state(&a, id, "ended");
  try_remove(&a, &b);
}

/* Terms in place of those that stand, with a row for each kind. */
static const char *amendment(const char *id, base_time until, const char *const kinds[], size_t count) {
  static char members[900];
  int size = snprintf(members, sizeof members,
                      "\"id\":\"%s\",\"type\":\"amend\",\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\",\"language\":\"fr\","
                      "\"articles\":\"a\",\"until\":\"%s\",\"rows\":[",
                      id, base_time_format(until).text);
  for (size_t i = 0; i < count; i++)
    size += snprintf(members + size, sizeof members - (size_t)size,
                     "%s{\"id\":\"%zu\",\"kind\":\"%s\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}",
                     i > 0 ? "," : "", i + 1, kinds[i]);
  (void)snprintf(members + size, sizeof members - (size_t)size, "]}");
  return members;
}

/* By an amendment, too: who works in no lane of the terms that stand does not replace them, and who works in none of those
 * proposed neither proposes nor accepts them. */
static void test_an_amendment_by_lane(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], lina[SECRET], hana[SECRET], members[300], amended[65];
  static const char *const other[] = {"tracing"}, *const both[] = {"request", "tracing"};
  static const char stands[] = "this agreement is about what is enforcement, and hana works in the lane humanitarian",
                    proposed[] = "the terms proposed are about what is humanitarian, and lina works in the lane enforcement";
  try_partners(&a, &b);
  agree(&a, &b, 0, "request", id);
  done_as(&b, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"hana\",\"name\":\"N\",\"unit\":\"U\",\"roles\":[\"liaison\"],\"lanes\":[\"humanitarian\"]");
  add(&b, "lina", "\"liaison\"");
  owner_has(&b, 1U << LINK_PERSON_ADMINISTRATOR); /* nobody to wait for */
  token_for(&b, "lina", "", lina);
  token_for(&b, "hana", "", hana);
  base_time until = a.now + 200 * DAY;
  refused_as(&b, LINK_CASE_SEND, hana, amendment(id, until, other, 1), BASE_POLICY, stands);
  refused_as(&b, LINK_CASE_SEND, lina, amendment(id, until, other, 1), BASE_POLICY, proposed);
  for (size_t i = 1; i <= 2; i++) {
    struct pair_answer answer = ask_as(&a, LINK_CASE_SEND, "", amendment(id, until, i == 1 ? other : both, i));
    pair_text(&answer, "id", amended, sizeof amended);
    pair_answer_free(&answer);
    pair_rest(&a, &b);
    snprintf(members, sizeof members, "\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}", id, amended);
    refused_as(&b, LINK_CASE_SEND, hana, members, BASE_POLICY, stands);
    if (i == 2) {
      done_as(&b, LINK_CASE_SEND, lina, members);
      break;
    }
    refused_as(&b, LINK_CASE_SEND, lina, members, BASE_POLICY, proposed);
    try_send(&a, id, "withdraw", "{}", amended);
    pair_rest(&a, &b);
  }
  pair_rest(&a, &b);
  try_state(&a, id, "in_force");
  assert_int_equal(a.core->agreements[0].law.row_count, 2);
  done_as(&b, LINK_CASE_SEND, hana, end_of(id, "")); /* it is about her lane, too, by now */
  try_remove(&a, &b);
}

/* Rows of kinds that are not held here say nothing of a lane, and lend nobody one. */
static void test_rows_of_no_lane(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], hana[SECRET];
  try_partners(&a, &b);
  agree(&a, &b, 0, "request", id);
  done_as(&b, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"hana\",\"name\":\"N\",\"unit\":\"U\",\"roles\":[\"liaison\"],\"lanes\":[\"humanitarian\"]");
  owner_has(&b, 1U << LINK_PERSON_ADMINISTRATOR);
  token_for(&b, "hana", "", hana);
  struct law_agreement *law = &b.core->agreements[0].law;
  struct law_row rows[2] = {law->rows[0], law->rows[0]};
  rows[1].kind = BASE_VIEW("unknown_here");
  law->rows = rows;
  law->row_count = 2;
  refused_as(&b, LINK_CASE_SEND, hana, end_of(id, ""), BASE_POLICY, "this agreement is about what is enforcement");
  rows[0].kind = BASE_VIEW("recall"); /* law for all */
  done_as(&b, LINK_CASE_SEND, hana, end_of(id, ""));
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_notice_agreed), cmocka_unit_test(test_a_day_of_his_own),
                                     cmocka_unit_test(test_at_once), cmocka_unit_test(test_who_lets_it_go_is_told), cmocka_unit_test(test_by_two),
                                     cmocka_unit_test(test_by_lane),
                                     cmocka_unit_test(test_an_amendment_by_lane), cmocka_unit_test(test_rows_of_no_lane)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
