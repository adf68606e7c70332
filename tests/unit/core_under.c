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

/* What message.show says of it, in "outside". */
static void shown(struct pair_node *node, const char *id, const char *outside) {
  char json[120], want[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  snprintf(want, sizeof want, "\"outside\":\"%s", outside);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, want) == NULL)
    fail_msg("not %s: %s", want, (const char *)answer.payload.data);
  pair_answer_free(&answer);
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_held_against_its_row)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
