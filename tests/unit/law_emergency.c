/* SPDX-License-Identifier: Apache-2.0
 * The grounds of an emergency, and the clause that names one. Where law takes it: unit/law_decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/emergency.h"

/* What law knows and what the notice may say is one list. */
static void the_grounds_are_those_of_the_kind(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "emergency");
  const struct wire_kind_field *ground =
      wire_kind_field_named(&shipped.kind.types[shipped.kind.opening], BASE_VIEW("ground"));
  assert_non_null(ground);
  assert_int_equal(ground->list->count, LAW_EMERGENCY_GROUNDS);
  for (size_t i = 0; i < LAW_EMERGENCY_GROUNDS; i++)
    assert_true(base_view_is(ground->list->codes[i], law_emergency_grounds[i]));
  assert_false(shipped.kind.needs_row);
  assert_int_equal(shipped.kind.clocks[0].lengths[0].seconds, 72 * 3600);
  base_arena_free(&shipped.arena);
}

static void a_clause_names_its_ground(void **state) {
  (void)state;
  char clause[LAW_CLAUSE_MAX + 1] = "as it was", passed[LAW_CLAUSE_MAX + 40];
  for (size_t i = 0; i < LAW_EMERGENCY_GROUNDS; i++) {
    assert_true(law_emergency_known(base_view_text(law_emergency_grounds[i])));
    assert_true(law_emergency_clause(base_view_text(law_emergency_grounds[i]), clause));
    assert_true(base_view_is(law_emergency_ground(base_view_text(clause)), law_emergency_grounds[i]));
    (void)snprintf(passed, sizeof passed, "%s consent 00ff", clause);
    assert_true(base_view_is(law_emergency_ground(base_view_text(passed)), law_emergency_grounds[i]));
  }
  assert_string_equal(clause, "emergency/essential_interests");
}

static void nothing_else_is_one(void **state) {
  (void)state;
  static const char *const others[] = {"",
                                       "emergency",
                                       "emergency/",
                                       "emergency/convenience",
                                       "emergency/vital",
                                       "recall",
                                       "emergencyvital_interests",
                                       "emergency/ vital_interests",
                                       "0123456789/vital_interests"};
  char clause[LAW_CLAUSE_MAX + 1] = "as it was";
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_int_equal(law_emergency_ground(base_view_text(others[i])).size, 0);
  assert_int_equal(law_emergency_ground((struct base_view){0}).size, 0);
  assert_false(law_emergency_clause(BASE_VIEW("convenience"), clause));
  assert_false(law_emergency_clause((struct base_view){0}, clause));
  assert_string_equal(clause, "as it was");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_grounds_are_those_of_the_kind),
      cmocka_unit_test(a_clause_names_its_ground),
      cmocka_unit_test(nothing_else_is_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
