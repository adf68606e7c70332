/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_slips.h"

/* What is about periods that lie apart. */

#define APART "{\"type\": \"statistics\", \"from\": \"from\", \"to\": \"to\"}"

static void reads_what_lies_apart(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "migration_group");
  assert_int_equal(kind.kind.apart_count, 1);
  for (size_t i = 0; i < kind.kind.type_count; i++)
    assert_ptr_equal(kind.kind.types[i].apart, base_view_is(kind.kind.types[i].name, "statistics") ? &kind.kind.aparts[0] : NULL);
  assert_ptr_equal(kind.kind.aparts[0].type, shipped_type(&kind, "statistics"));
  assert_true(base_view_is(kind.kind.aparts[0].from, "from") && base_view_is(kind.kind.aparts[0].to, "to"));
  BASE_AUTO_BUF struct base_buf shown = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &shown);
  wire_kind_write(&kind.kind, NULL, &writer);
  base_buf_add(&shown, "", 1);
  assert_non_null(strstr((const char *)shown.data, "\"apart\":[{\"type\":\"statistics\",\"from\":\"from\",\"to\":\"to\"}]"));
  base_arena_free(&kind.arena);
  shipped_load(&kind, "request");
  assert_int_equal(kind.kind.apart_count, 0);
  base_arena_free(&kind.arena);
}

static void refuses_what_leads_nowhere(void **state) {
  (void)state;
  static const char must[] = ": must be a required state field of type date or time of statistics";
  static const char on[] = "{\"on\": \"statistics\", \"from\": [\"convened\", \"minuted\"]}";
  static const struct slip slips[] = {
      {"[" APART "]", "[]", "$.apart: 0 items, from 1 to 8 are allowed"},
      {"[" APART "]", "{}", "$.apart"},
      {APART, "4", "$.apart[0]"},
      {APART, "4, " APART, "$.apart[0]"},
      {APART, "{\"type\": \"figures\", \"from\": \"from\", \"to\": \"to\"}", "$.apart[0].type"},
      {APART, "{\"from\": \"from\", \"to\": \"to\"}", "$.apart[0].type"},
      {APART, "{\"type\": \"statistics\", \"to\": \"to\"}", "$.apart[0].from"},
      {APART, "{\"type\": \"statistics\", \"from\": \"from\"}", "$.apart[0].to"},
      {APART, "{\"type\": \"statistics\", \"from\": \"counts\", \"to\": \"to\"}", must},
      {APART, "{\"type\": \"statistics\", \"from\": \"from\", \"to\": \"counts\"}", must},
      {APART, "{\"type\": \"statistics\", \"from\": \"from\", \"to\": \"until\"}", must},
      {APART, "{\"type\": \"statistics\", \"from\": \"from\", \"to\": \"from\"}", "$.apart[0].to: must be another field than from"},
      {APART, "{\"type\": \"statistics\", \"from\": \"from\", \"to\": \"to\", \"by\": \"author\"}", "$.apart[0].by"},
      {APART, APART ", " APART, "$.apart[1].type: statistics is held apart already"},
      {APART, "{\"type\": \"convene\", \"from\": \"meets\", \"to\": \"meets\"}",
       "$.apart[0].type: convene opens the case, which has no second one"},
      {on, "{\"on\": \"statistics\", \"from\": [\"convened\"], \"to\": \"minuted\", \"all\": true}",
       "$.apart[0].type: statistics has a transition with all, and what all agree to is said more than once"},
      {APART, "{\"type\": \"decision_adopt\", \"from\": \"from\", \"to\": \"to\"}", "$.apart[0].type: decision_adopt has a transition with all"},
      {APART, "{\"type\": \"decision_done\", \"from\": \"from\", \"to\": \"to\"}", "$.apart[0].from: must be"}, /* the item asks all for another */
  };
  refuses_slips("migration_group", slips, sizeof slips / sizeof *slips);
}

/* Once a period is said, what says it may leave no way out of a state. */
static void doubts_that_it_is_a_way_out(void **state) {
  (void)state;
  struct shipped kind;
  static struct wire_faults doubts;
  shipped_load(&kind, "migration_group");
  wire_kind_doubts(&kind.kind, NULL, NULL, 0, &doubts);
  size_t before = doubts.count;
  kind.kind.types[shipped_type(&kind, "minutes") - kind.kind.types].apart = &kind.kind.aparts[0];
  doubts.count = 0;
  wire_kind_doubts(&kind.kind, NULL, NULL, 0, &doubts);
  assert_int_equal(doubts.count, before + 1);
  bool told = false;
  for (size_t i = 0; i < doubts.count; i++)
    told = told || strstr(doubts.list[i].text, "out of convened leads only") != NULL;
  assert_true(told);
  base_arena_free(&kind.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_lies_apart), cmocka_unit_test(refuses_what_leads_nowhere),
                                     cmocka_unit_test(doubts_that_it_is_a_way_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
