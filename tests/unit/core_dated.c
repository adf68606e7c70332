/* SPDX-License-Identifier: Apache-2.0
 * The time that a partner's message says (spec/message.md, "Its time"): kept as it is, put on record where it cannot be true. */
#include "core/cases.h"
#include "core/dated.h"
#include "core_ask.h"
#include "core_try.h"

enum { DAY = 86400 };

/* As it is shown: "" where nothing is. */
static void misdated(struct pair_node *node, const char *message, const char *kase, const char *want) {
  char request[128];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\"}", message);
  struct told told = tell(node, LINK_MESSAGE_SHOW, request);
  const struct wire_json *arrival = wire_json_get(told.json, "arrival");
  assert_int_equal(is_null(arrival, "misdated"), want[0] == '\0');
  assert_true(base_view_is(wire_json_text(wire_json_get(arrival, "misdated")), want));
  forget(&told);
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\"}", kase);
  told = tell(node, LINK_CASE_SHOW, request);
  const struct wire_json *messages = wire_json_get(told.json, "messages");
  for (size_t i = 0; i < wire_json_size(messages); i++)
    if (base_view_is(wire_json_text(wire_json_get(at(messages, i), "id")), message))
      assert_true(base_view_is(wire_json_text(wire_json_get(wire_json_get(at(messages, i), "arrival"), "misdated")), want));
  forget(&told);
}

/* Kept, with its effect, and put on record. */
static void test_kept_and_said(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], answer[65], why[300] = "";
  try_agreed(&a, &b);
  a.now = b.now += 2 * DAY;
  try_request_with(&a, &b, "[]", id);
  pair_rest(&a, &b);
  misdated(&b, id, id, "");
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
  b.now -= DAY; /* his clock, but not his register, which goes back for nobody */
  try_send(&b, id, "answer", try_answer, answer);
  pair_rest(&a, &b);
  try_state(&a, id, "answered");
  try_receipted(&b, answer);
  misdated(&a, answer, id, "apart");
  assert_int_equal(try_leaves(&a, WIRE_ACT_FAULT, why, sizeof why), 1);
  assert_non_null(strstr(why, "clock: message"));
  assert_non_null(strstr(why, answer));
  uint32_t number = try_partner(&a)->renewed.number;
  try_partner(&a)->renewed.number = 2; /* in a later epoch it may have waited for long: still not before its question */
  misdated(&a, answer, id, "before");
  try_partner(&a)->renewed.number = number;
  a.now += 2 * DAY; /* and hers ahead of his */
  try_request_with(&a, &b, "[]", id);
  pair_rest(&a, &b);
  misdated(&b, id, id, "ahead");
  assert_int_equal(try_leaves(&b, WIRE_ACT_FAULT, why, sizeof why), 1);
  assert_non_null(strstr(why, "after it came here"));
  try_sound(&a);
  try_remove(&a, &b);
}

static enum core_dated dated(struct pair_node *node, const struct core_case *kase, const struct wire_header *header,
                             base_time stored, base_time sent) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 1024);
  struct wire_leaf leaf = {.act = WIRE_ACT_SENT, .time = sent};
  wire_leaf_write(&leaf, &bytes);
  struct store_arrival arrival = {.leaf = sent != 0 ? base_buf_view(&bytes) : BASE_VIEW("{")};
  return core_dated(node->core, kase, header, stored, &arrival);
}

static void test_to_the_second(void **state) {
  (void)state;
  struct pair_node a;
  enum { NOW = 1000000, MOST = CORE_DISPUTE_SECONDS };
  pair_make(&a, "rabat");
  struct wire_header header = {.time = NOW}, ours = {.author = a.core->card.origin, .time = NOW}, theirs = {.author = BASE_VIEW("x")};
  struct base_id follows[2] = {{.bytes = {1}}, {.bytes = {9}}};
  header.follows = follows;
  assert_int_equal(dated(&a, NULL, &header, NOW, NOW), CORE_DATED_WELL);
  assert_int_equal(dated(&a, NULL, &header, NOW - MOST, NOW), CORE_DATED_WELL);
  assert_int_equal(dated(&a, NULL, &header, NOW - MOST - 1, NOW), CORE_DATED_AHEAD);
  assert_int_equal(dated(&a, NULL, &header, NOW + 400 * DAY, NOW), CORE_DATED_WELL); /* the line was away */
  assert_int_equal(dated(&a, NULL, &header, NOW, NOW + MOST), CORE_DATED_WELL);
  assert_int_equal(dated(&a, NULL, &header, NOW, NOW + MOST + 1), CORE_DATED_APART);
  assert_int_equal(dated(&a, NULL, &header, NOW, NOW - MOST), CORE_DATED_WELL);
  assert_int_equal(dated(&a, NULL, &header, NOW, NOW - MOST - 1), CORE_DATED_APART);
  assert_int_equal(dated(&a, NULL, &header, NOW, 0), CORE_DATED_WELL); /* a leaf that cannot be read says nothing */
  struct engine_message messages[2] = {{.id = {.bytes = {3}}, .header = &ours},
                                       {.id = {.bytes = {1}}, .header = &theirs}};
  struct core_case kase = {.messages = messages, .count = 0};
  ours.time = NOW + MOST + 1;
  assert_int_equal(dated(&a, &kase, &header, NOW, NOW), CORE_DATED_WELL);
  kase.count = 1;
  assert_int_equal(dated(&a, &kase, &header, NOW, NOW), CORE_DATED_BEFORE); /* the opening is ours */
  ours.time = NOW + MOST;
  assert_int_equal(dated(&a, &kase, &header, NOW, NOW), CORE_DATED_WELL);
  theirs.time = NOW + DAY;
  messages[0].header = &theirs;
  assert_int_equal(dated(&a, &kase, &header, NOW, NOW), CORE_DATED_WELL); /* of what others wrote only their word is known */
  assert_null(core_dated_name(CORE_DATED_WELL));
  pair_remove(&a);
}

/* A node that writes as if it had not received the last message of a case. */
static void forgets_last(struct pair_node *node, const char *kase) {
  struct core_case *found = NULL;
  struct base_id id = try_id(kase);
  assert_int_equal(core_case_load(node->core, &id, &found, NULL), BASE_OK);
  found->count--;
  assert_int_equal(engine_compute(&found->kind->kind, found->messages, found->count, &found->state, NULL), BASE_OK);
}

static void flagged(struct pair_node *node, const char *kase, const char *message, const char *left_out) {
  char request[128];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\"}", kase);
  struct told told = tell(node, LINK_CASE_SHOW, request);
  assert_int_equal(wire_json_true(wire_json_get(told.json, "flagged")), left_out[0] != '\0');
  forget(&told);
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\"}", message);
  told = tell(node, LINK_MESSAGE_SHOW, request);
  const struct wire_json *arrival = wire_json_get(told.json, "arrival");
  assert_int_equal(is_null(arrival, "behind"), left_out[0] == '\0');
  assert_true(base_view_is(wire_json_text(wire_json_get(arrival, "behind")), left_out));
  forget(&told);
}

/* Who proposed withdraws as if the acceptance had not come, which his register says he had: whichever comes first in the order,
 * it is on record, and nothing leaves under what is disputed. */
static void test_behind_what_was_received(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], accepted[65], withdrawn[65], why[300] = "";
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  const struct law_agreement *law = b.core->law;
  assert_true(law->accepted && !law->disputed);
  struct core_case *kase = NULL;
  struct base_id id = try_id(agreement);
  assert_int_equal(core_case_load(b.core, &id, &kase, NULL), BASE_OK);
  snprintf(accepted, sizeof accepted, "%s", base_id_text(&kase->messages[1].id).text);
  forgets_last(&a, agreement);
  try_send(&a, agreement, "withdraw", "{}", withdrawn);
  pair_rest(&a, &b);
  for (int i = 0; i < 2; i++) {
    flagged(&b, agreement, withdrawn, accepted);
    assert_int_equal(try_leaves(&b, WIRE_ACT_FAULT, why, sizeof why), 1);
    assert_non_null(strstr(why, withdrawn));
    assert_non_null(strstr(why, accepted));
    assert_true(b.core->law->disputed);
    struct told told = tell(&b, LINK_AGREEMENT_LIST, "{\"actor\":\"test\"}");
    assert_true(base_view_is(wire_json_text(wire_json_get(at(told.json, 0), "state")), "disputed"));
    assert_false(wire_json_true(wire_json_get(at(told.json, 0), "in_force")));
    forget(&told);
    try_sound(&b);
    try_restart(&b);
  }
  pair_remove(&a);
  pair_remove(&b);
}

/* Messages that cross accuse nobody. */
static void test_crossing(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], withdrawn[65], answer[65];
  try_agreed(&a, &b);
  try_request_with(&a, &b, "[]", id);
  pair_rest(&a, &b);
  try_send(&a, id, "withdraw", "{}", withdrawn);
  try_send(&b, id, "answer", try_answer, answer);
  pair_rest(&a, &b);
  flagged(&a, id, answer, "");
  flagged(&b, id, withdrawn, "");
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept_and_said), cmocka_unit_test(test_to_the_second),
                                     cmocka_unit_test(test_behind_what_was_received), cmocka_unit_test(test_crossing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
