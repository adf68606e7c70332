/* SPDX-License-Identifier: Apache-2.0
 * Rows that are never used: each column alone keeps a row from being hidden, and what is said agrees with what law_decide
 * does, for every message that the columns can tell apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "law/law.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")
#define MADRID BASE_VIEW("wasl/madrid/2222222222222222")

static struct base_view all[] = {BASE_VIEW("*")}, ask[] = {BASE_VIEW("ask")}, answer[] = {BASE_VIEW("answer")},
                        both[] = {BASE_VIEW("ask"), BASE_VIEW("answer")},
                        turned[] = {BASE_VIEW("answer"), BASE_VIEW("ask")};
static struct law_row rows[3];
static struct law_agreement agreement;

/* Three parties, three rows that cover the same: requests, ask and answer, for ask, up to amber. */
static void set_up(void) {
  agreement = (struct law_agreement){.proposer = RABAT, .party_count = 3, .parties = {MADRID, PARIS, RABAT}, .accepted = true,
                                     .until = 1000, .rows = rows, .row_count = 3};
  for (size_t i = 0; i < 3; i++)
    rows[i] = (struct law_row){.id = BASE_VIEW("1"), .kind = BASE_VIEW("request"), .types = both, .type_count = 2,
                               .purposes = ask, .purpose_count = 1, .personal = WIRE_PERSONAL_ORDINARY,
                               .has_handling = true, .handling = LAW_AMBER};
}

/* Which row hides this one, -1: none. */
static int hider(size_t row) {
  size_t left = LAW_HIDER_QUESTIONS;
  const struct law_row *found = law_row_hider(&agreement, &rows[row], false, &left);
  return found == NULL ? -1 : (int)(found - rows);
}

static void the_first_one_hides(void **state) {
  (void)state;
  set_up();
  assert_int_equal(hider(0), -1);
  assert_int_equal(hider(1), 0);
  assert_int_equal(hider(2), 0);
  rows[0].kind = BASE_VIEW("information");
  assert_int_equal(hider(1), -1);
  assert_int_equal(hider(2), 1);
  rows[2].approval = LAW_SUPERVISOR; /* stricter, and yet never asked */
  rows[2].retention_days = 30;
  assert_int_equal(hider(2), 1);
}

/* The later row is wider in one column: it has a use of its own. */
static void each_column_counts(void **state) {
  (void)state;
  set_up();
  rows[1].kind = all[0];
  assert_int_equal(hider(1), -1);
  rows[0].kind = all[0];
  assert_int_equal(hider(1), 0);
  rows[0].types = ask, rows[0].type_count = 1;
  assert_int_equal(hider(1), -1);
  rows[0].types = turned, rows[0].type_count = 2;
  assert_int_equal(hider(1), 0);
  rows[1].types = all, rows[1].type_count = 1;
  assert_int_equal(hider(1), -1);
  rows[0].types = all, rows[0].type_count = 1;
  assert_int_equal(hider(1), 0);
  rows[1].purposes = turned, rows[1].purpose_count = 2;
  assert_int_equal(hider(1), -1);
  rows[0].purposes = answer;
  assert_int_equal(hider(1), -1);
  rows[0].purposes = all;
  assert_int_equal(hider(1), 0);
  rows[1].purposes = all, rows[1].purpose_count = 1;
  assert_int_equal(hider(1), 0);
  rows[1].personal = WIRE_PERSONAL_SPECIAL;
  assert_int_equal(hider(1), -1);
  rows[0].personal = WIRE_PERSONAL_SPECIAL;
  assert_int_equal(hider(1), 0);
  rows[1].handling = LAW_AMBER_STRICT;
  assert_int_equal(hider(1), -1);
  rows[0].handling = LAW_AMBER_STRICT;
  assert_int_equal(hider(1), 0);
  rows[1].has_handling = false; /* up to red */
  assert_int_equal(hider(1), -1);
  rows[0].has_handling = false;
  assert_int_equal(hider(1), 0);
  rows[0].has_handling = true, rows[0].handling = LAW_CLEAR, rows[1].has_handling = true, rows[1].handling = LAW_GREEN;
  assert_int_equal(hider(1), -1);
  set_up();
  rows[1].transfer = LAW_TRANSFER_ADEQUACY; /* for what leaves, which the first one lets nobody send */
  assert_int_equal(hider(1), -1);
  rows[1].personal = WIRE_PERSONAL_NONE; /* which needs no basis */
  assert_int_equal(hider(1), 0);
  rows[1].personal = WIRE_PERSONAL_ORDINARY, rows[0].transfer = LAW_TRANSFER_INSTRUMENT;
  assert_int_equal(hider(1), 0);
}

/* By the ways that a row has between its parties, however it says them. */
static void each_way_counts(void **state) {
  (void)state;
  set_up();
  rows[0].direction = LAW_FROM_PROPOSER;
  assert_int_equal(hider(1), -1);
  rows[1].direction = LAW_FROM_PROPOSER;
  assert_int_equal(hider(1), 0);
  rows[1].direction = LAW_TO_PROPOSER;
  assert_int_equal(hider(1), -1);
  rows[0].direction = LAW_BOTH, rows[0].recipient = RABAT; /* the same ways, in other words */
  assert_int_equal(hider(1), 0);
  rows[0].recipient = PARIS;
  assert_int_equal(hider(1), -1);
  rows[0].recipient = MADRID;
  assert_int_equal(hider(1), -1);
  rows[1].direction = LAW_BOTH, rows[1].recipient = MADRID;
  assert_int_equal(hider(1), 0);
  rows[0].direction = LAW_FROM_PROPOSER; /* paris to madrid is the later one's */
  assert_int_equal(hider(1), -1);
  agreement.party_count = 2; /* without rabat: madrid and paris, and neither has proposed it */
  assert_int_equal(hider(1), -1);
  rows[1].recipient = RABAT; /* who is no party: it covers nothing, so it is never used */
  assert_int_equal(hider(1), 0);
}

/* A star before it hides a row about what is humanitarian not at all. */
static void a_star_hides_nothing_humanitarian(void **state) {
  (void)state;
  size_t left = LAW_HIDER_QUESTIONS;
  set_up();
  rows[0].kind = all[0];
  assert_ptr_equal(law_row_hider(&agreement, &rows[1], false, &left), &rows[0]);
  assert_null(law_row_hider(&agreement, &rows[1], true, &left));
  assert_ptr_equal(law_row_hider(&agreement, &rows[2], true, &left), &rows[1]);
}

static void asks_no_more_than_it_may(void **state) {
  (void)state;
  set_up();
  size_t left = LAW_HIDER_QUESTIONS;
  assert_non_null(law_row_hider(&agreement, &rows[1], false, &left));
  size_t asked = LAW_HIDER_QUESTIONS - left;
  assert_int_equal(asked, 1 + 1 + WIRE_RED + 2 + 1 + 6); /* kind and class, basis, marks, types, purposes, ways */
  left = asked;
  assert_ptr_equal(law_row_hider(&agreement, &rows[1], false, &left), &rows[0]);
  assert_int_equal(left, 0);
  assert_null(law_row_hider(&agreement, &rows[1], false, &left));
  assert_int_equal(left, 0);
  left = asked - 1;
  assert_null(law_row_hider(&agreement, &rows[1], false, &left));
}

/* Of all pairs of some hundred rows: what is said to be hidden, law_decide never answers with; and what is not, it does
 * for some message. */
static void law_decides_alike(void **state) {
  (void)state;
  static struct base_view *const lists[] = {ask, both, all};
  static const size_t counts[] = {1, 2, 1};
  static const struct base_view ends[] = {{0}, RABAT, PARIS}, origins[] = {MADRID, PARIS, RABAT};
  struct law_row made[3 * 3 * 3 * 2];
  size_t count = 0;
  for (size_t i = 0; i < 54; i++) {
    set_up();
    rows[0].types = lists[i % 3], rows[0].type_count = counts[i % 3];
    rows[0].direction = (enum law_direction)(i / 3 % 3);
    rows[0].recipient = ends[i / 9 % 3];
    rows[0].handling = i / 27 ? LAW_GREEN : LAW_CLEAR;
    made[count++] = rows[0];
  }
  agreement.row_count = 2;
  for (size_t i = 0; i < count * count; i++) {
    bool used = false, covers = false;
    rows[0] = made[i / count], rows[1] = made[i % count];
    for (size_t q = 0; q < 3 * 3 * 3 * 3 && !used; q++) {
      static const char *const types[] = {"ask", "answer", "other"};
      struct law_answer said;
      struct law_question question = {.kind = BASE_VIEW("request"), .type = base_view_text(types[q % 3]),
                                      .purpose = BASE_VIEW("ask"), .needs_row = true, .from = origins[q / 3 % 3],
                                      .to = origins[q / 9 % 3], .level = (enum wire_level)(WIRE_CLEAR + q / 27)};
      if (q / 3 % 3 == q / 9 % 3)
        continue;
      covers = covers || law_row_lacks(&agreement, &rows[1], &question) == 0;
      if (law_decide(&question, &agreement, 1, &said, NULL) == BASE_OK)
        used = said.row == &rows[1];
    }
    if (covers) /* one that covers nothing by itself is hidden by nothing */
      assert_int_equal(hider(1) < 0, used);
    assert_true(hider(1) < 0 || !used);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_one_hides),      cmocka_unit_test(each_column_counts), cmocka_unit_test(each_way_counts),
      cmocka_unit_test(a_star_hides_nothing_humanitarian), cmocka_unit_test(asks_no_more_than_it_may), cmocka_unit_test(law_decides_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
