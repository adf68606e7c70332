/* SPDX-License-Identifier: Apache-2.0
 * What a message was sent under, read again from its clause (src/law/clause.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "law/law.h"

#define ID "ab00000000000000000000000000000000000000000000000000000000000001"
#define TERMS "cd00000000000000000000000000000000000000000000000000000000000002"

static void reads_what_law_writes(void **state) {
  (void)state;
  static const struct {
    const char *text, *row;
    uint8_t terms;
  } good[] = {{ID "/2.1", "2.1", 0xAB},
              {ID "/1", "1", 0xAB},
              {ID "@" TERMS "/2.1", "2.1", 0xCD},
              {ID "/2.1 consent " TERMS, "2.1", 0xAB},
              {ID "@" TERMS "/a-b consent " ID, "a-b", 0xCD}};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct law_clause clause;
    assert_true(law_clause_read(base_view_text(good[i].text), &clause));
    assert_int_equal(clause.agreement.bytes[0], 0xAB);
    assert_int_equal(clause.terms.bytes[0], good[i].terms);
    assert_true(base_view_is(clause.row, good[i].row));
  }
}

static void refuses_the_rest(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "recall",
                                    "2.1",
                                    ID,
                                    ID "/",
                                    ID "/ consent " ID,
                                    ID "@",
                                    ID "@" TERMS,
                                    ID "@" TERMS "/",
                                    ID "@2.1",
                                    ID "2.1",
                                    ID " /2.1",
                                    "/" ID,
                                    "x" ID "/2.1",
                                    "AB00000000000000000000000000000000000000000000000000000000000001/2.1",
                                    ID "@CD00000000000000000000000000000000000000000000000000000000000002/2.1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct law_clause clause;
    assert_false(law_clause_read(base_view_text(bad[i]), &clause));
  }
}

static void finds_the_row(void **state) {
  (void)state;
  struct law_row rows[] = {{.id = BASE_VIEW("1"), .retention_days = 30}, {.id = BASE_VIEW("2")}};
  struct law_agreement agreement = {.rows = rows, .row_count = 2};
  assert_ptr_equal(law_row_named(&agreement, BASE_VIEW("1")), &rows[0]);
  assert_ptr_equal(law_row_named(&agreement, BASE_VIEW("2")), &rows[1]);
  assert_null(law_row_named(&agreement, BASE_VIEW("3")));
  assert_int_equal(law_row_keeps(&rows[0], 1000), 1000 + 30 * 86400);
  assert_int_equal(law_row_keeps(&rows[1], 1000), 0);
  rows[0].retention_days = 1;
  assert_int_equal(law_row_keeps(&rows[0], 1000), 1000 + 86400);
  agreement.row_count = 1; /* what stands behind the last is none of it */
  assert_null(law_row_named(&agreement, BASE_VIEW("2")));
  rows[0].retention_days = LAW_RETENTION_DAYS_MAX;
  assert_int_equal(law_row_keeps(&rows[0], 0), (base_time)36525 * 86400);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_law_writes), cmocka_unit_test(refuses_the_rest),
                                     cmocka_unit_test(finds_the_row)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
