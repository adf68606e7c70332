/* SPDX-License-Identifier: Apache-2.0
 * A partner's message is held against the row that its `sent` leaf names: one that there is not, a mark above its ceiling,
 * a class above its own are leaves at its receiver, who keeps it all the same. */
#include "core/cases.h"
#include "core/partners.h"

#include "core_try.h"

/* The receiver's terms are the narrower ones: so its partner's program sent what they do not permit. */
static struct law_row *row_of(struct pair_node *node) {
  assert_int_equal(node->core->law_count, 1);
  struct law_row *row = (struct law_row *)law_row_named(&node->core->law[0], BASE_VIEW("2"));
  assert_non_null(row);
  return row;
}

/* message.show has these words. */
static void shows(struct pair_node *node, const char *id, const char *want) {
  char json[120];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, want) == NULL)
    fail_msg("not %s: %s", want, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* What it says in "outside" begins so. */
static void shown(struct pair_node *node, const char *id, const char *outside) {
  char want[200];
  snprintf(want, sizeof want, "\"outside\":\"%s", outside);
  shows(node, id, want);
}

static void sent(struct pair_node *a, struct pair_node *b, unsigned faults, const char *reason) {
  char id[65];
  a->now += CORE_FAULT_SECONDS + 1; /* a leaf for each */
  b->now += CORE_FAULT_SECONDS + 1;
  pair_request(a, b, id);
  pair_rest(a, b);
  try_receipted(a, id);
  try_expect(b, WIRE_ACT_FAULT, faults, faults > 0 && *reason != '\0' ? reason : NULL);
  shown(b, id, *reason != '\0' ? strchr(reason, ':') + 2 : "\"");
}

static void test_held_against_its_row(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  sent(&a, &b, 0, "");
  struct law_row *row = row_of(&b), before = *row;
  row->has_handling = true;
  row->handling = LAW_GREEN;
  sent(&a, &b, 1, "no-legal-basis: it is marked amber, above the ceiling");
  row->has_handling = false;
  row->personal = WIRE_PERSONAL_NONE;
  sent(&a, &b, 2, "no-legal-basis: it holds ordinary personal data, above the class");
  *row = before;
  row->id = BASE_VIEW("99");
  sent(&a, &b, 3, "no-legal-basis: it was sent under a clause that no agreement known here has");
  *row = before;
  sent(&a, &b, 3, "");
  try_agree(&a, &b);
  try_remove(&a, &b);
}

static enum wire_level *mark_of(struct pair_node *node) {
  return (enum wire_level *)&core_kind_named(node->core, BASE_VIEW("hostile"))->kind.mark;
}

/* A hostile act with these members behind its fields. */
static enum base_code report(struct pair_node *a, struct pair_node *b, const char *more, char id[65], char *said, size_t room) {
  char json[700];
  a->now += CORE_FAULT_SECONDS + 1;
  b->now += CORE_FAULT_SECONDS + 1;
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"hostile\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"espionage\",\"region\":"
           "\"maghreb\",\"act\":\"other\",\"facts\":\"f\",\"language\":\"en\"}%s}",
           b->name, more);
  struct pair_answer answer = pair_ask(a, LINK_CASE_OPEN, json, -1);
  enum base_code code = answer.status;
  if (code == BASE_OK)
    pair_text(&answer, "id", id, 65);
  snprintf(said, room, "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
  pair_rest(a, b);
  return code;
}

static void marked(struct pair_node *node, const char *id, const char *mark) {
  char want[80];
  snprintf(want, sizeof want, "\"handling\":\"%s\",\"handling_known\":true", mark);
  shows(node, id, want);
}

/* A kind says how its messages are marked at least: here none goes with less, and what comes with less counts and is shown as that. */
static void test_the_mark_of_its_kind(void **state) {
  (void)state;
  pair_kinds_apart = true;
  struct pair_node a, b;
  char agreement[65], id[65], said[2000];
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  static const char *const lower[] = {"clear", "TLP:GREEN", "amber no_judicial_use", "amber_strict"};
  for (size_t i = 0; i < sizeof lower / sizeof *lower; i++) {
    char more[80];
    snprintf(more, sizeof more, ",\"handling\":\"%s\"", lower[i]);
    assert_int_equal(report(&a, &b, more, id, said, sizeof said), BASE_POLICY);
    assert_non_null(strstr(said, "every message of the kind hostile is marked red at least"));
  }
  assert_int_equal(report(&a, &b, "", id, said, sizeof said), BASE_OK);
  marked(&b, id, "red");
  shown(&b, id, "\"");
  assert_int_equal(report(&a, &b, ",\"handling\":\"no_judicial_use\"", id, said, sizeof said), BASE_OK);
  marked(&b, id, "red no_judicial_use");
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
  *mark_of(&a) = WIRE_LEVEL_NONE; /* a program that knows nothing of it */
  assert_int_equal(report(&a, &b, ",\"handling\":\"green pap_amber\"", id, said, sizeof said), BASE_OK);
  marked(&a, id, "green pap_amber");
  marked(&b, id, "red pap_amber");
  try_expect(&b, WIRE_ACT_FAULT, 1, "refused-by-policy: it came marked green pap_amber, and is held as red");
  shown(&b, id, "it came marked green pap_amber, and is held as red");
  assert_int_equal(report(&a, &b, "", id, said, sizeof said), BASE_OK);
  marked(&b, id, "red");
  try_expect(&b, WIRE_ACT_FAULT, 2, "refused-by-policy: it came marked less, and is held as red");
  struct law_row *row = row_of(&b), before = *row;
  row->has_handling = true;
  row->handling = LAW_AMBER; /* what counts as red is above it, however it came marked */
  assert_int_equal(report(&a, &b, ",\"handling\":\"amber\"", id, said, sizeof said), BASE_OK);
  try_expect(&b, WIRE_ACT_FAULT, 3, "no-legal-basis: it is marked red, above the ceiling");
  *row = before;
  *mark_of(&a) = WIRE_RED;
  row = row_of(&a);
  row->has_handling = true;
  row->handling = LAW_AMBER_STRICT;
  assert_int_equal(report(&a, &b, "", id, said, sizeof said), BASE_LAW);
  assert_non_null(strstr(said, "permits messages up to amber_strict, and this one is red"));
  try_remove(&a, &b);
  pair_kinds_apart = false;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_held_against_its_row), cmocka_unit_test(test_the_mark_of_its_kind)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
