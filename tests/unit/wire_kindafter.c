/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_slips.h"

/* What waits until a moment is over that the opening message names. */

#define BOARDED "\"who\": \"opener\", \"after\": \"may_withdraw_until\"}"

static enum base_code parse_with(const char *old, const char *new, struct base_error *err) {
  return shipped_changed("voluntary_return", old, new, err);
}

static void reads_what_waits(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "voluntary_return");
  for (size_t i = 0; i < kind.kind.transition_count; i++) {
    const struct wire_kind_transition *transition = &kind.kind.transitions[i];
    assert_true(base_view_is(transition->after, base_view_is(transition->on->name, "boarded") ? "may_withdraw_until" : ""));
  }
  base_arena_free(&kind.arena);
}

static void refuses_what_leads_nowhere(void **state) {
  (void)state;
  static const char field[] = "{\"name\": \"may_withdraw_until\", \"type\": \"date\", \"state\": true, \"required\": true,";
  static const char must[] = ".after: must be a required state field of type date or time of propose";
  static const struct slip slips[] = {
      {BOARDED, "\"who\": \"opener\", \"after\": \"tomorrow\"}", must},
      {BOARDED, "\"who\": \"opener\", \"after\": \"purpose\"}", must},
      {BOARDED, "\"who\": \"opener\", \"after\": 4}", ".after"},
      {BOARDED, "\"who\": \"opener\", \"after\": \"Date\"}", ".after: must be a code"},
      {field, "{\"name\": \"may_withdraw_until\", \"type\": \"date\", \"required\": true,", must},
      {field, "{\"name\": \"may_withdraw_until\", \"type\": \"date\", \"state\": true,", must},
      {"{\"on\": \"propose\", \"to\": \"prepared\"}", "{\"on\": \"propose\", \"to\": \"prepared\", \"after\": \"keep_until\"}",
       "$.transitions[0].after: propose opens the case, and comes after nothing"},
  };
  refuses_slips("voluntary_return", slips, sizeof slips / sizeof *slips);
  struct base_error err = {0}; /* a time serves as well */
  assert_int_equal(parse_with(BOARDED, "\"who\": \"opener\", \"after\": \"keep_until\"}", &err), BASE_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_waits), cmocka_unit_test(refuses_what_leads_nowhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
