/* SPDX-License-Identifier: Apache-2.0
 * Which agreements a refusal names, in which order, and in how many words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "law/law.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")
#define MADRID BASE_VIEW("wasl/madrid/2222222222222222")

static struct base_view any = BASE_VIEW("*");

static struct law_row row_of(const char *kind) {
  return (struct law_row){.id = BASE_VIEW("2.1"),
                          .kind = base_view_text(kind),
                          .types = &any,
                          .type_count = 1,
                          .purposes = &any,
                          .purpose_count = 1};
}

/* How an agreement may stand at 1500, with the row or without, from the nearest to the farthest. */
struct standing {
  bool accepted, ended, has_row;
  const char *closed;
  base_time from, until;
};
static const struct standing by_distance[] = {
    {.accepted = true, .until = 2000},                                /* in force */
    {.accepted = true, .from = 1501, .until = 2000, .has_row = true}, /* not yet */
    {.until = 1501},                                                  /* not accepted */
    {.accepted = true, .until = 1500, .has_row = true},               /* expired */
    {.until = 1500, .has_row = true},                                 /* not accepted, and over */
    {.accepted = true, .ended = true, .until = 2000},                 /* ended, without the row */
};
static const struct standing as_near[] = {
    {.accepted = true, .until = 2000},                                 /* 0 */
    {.until = 2000, .has_row = true},                                  /* 1 */
    {.accepted = true, .from = 1501, .until = 2000},                   /* 2 */
    {.accepted = true, .ended = true, .until = 2000, .has_row = true}, /* 3 */
    {.closed = "was declined", .until = 2000, .has_row = true},        /* 4 */
    {.closed = "was declined", .until = 2000},                         /* 5 */
};
static const struct standing as_far[] = {
    {.accepted = true, .until = 1501},               /* 0 */
    {.until = 1501, .has_row = true},                /* 1 */
    {.accepted = true, .from = 1501, .until = 2000}, /* 2 */
    {.accepted = true, .until = 1, .has_row = true}, /* 3 */
    {.until = 1499, .has_row = true},                /* 4 */
    {.until = 1500},                                 /* 5 */
};
enum { DISTANCES = 6 };

static struct law_agreement agreement_of(const struct standing *standing, uint8_t id, struct law_row *rows) {
  return (struct law_agreement){.id = {{id}},
                                .terms = {{id}},
                                .proposer = RABAT,
                                .party_count = 2,
                                .parties = {PARIS, RABAT},
                                .accepted = standing->accepted,
                                .ends = standing->ended,
                                .closed = standing->closed,
                                .from = standing->from,
                                .until = standing->until,
                                .rows = standing->has_row ? &rows[0] : &rows[1],
                                .row_count = 1};
}

static struct law_question question(void) {
  return (struct law_question){.kind = BASE_VIEW("request"),
                               .type = BASE_VIEW("ask"),
                               .needs_row = true,
                               .from = PARIS,
                               .to = RABAT,
                               .now = 1500};
}

static void refused(const struct law_agreement *agreements, size_t count, struct base_error *err) {
  struct law_answer answer;
  struct law_question asked = question();
  assert_int_equal(law_decide(&asked, agreements, count, &answer, err), BASE_LAW);
}

/* Whether exactly the first two are named, in this order. */
static void names_both(const struct base_error *err, uint8_t first, uint8_t second) {
  char one[32], two[32];
  (void)snprintf(one, sizeof one, "agreement %02x0000000000", first);
  (void)snprintf(two, sizeof two, "agreement %02x0000000000", second);
  const char *at = strstr(err->text, one), *then = strstr(err->text, two);
  if (at == NULL || then == NULL || at > then)
    fail_msg("not %s before %s: %s", one, two, err->text);
}

/* Each pair of standings, in either order of list and of ids: the nearer one is told first, of equals the smaller id.
 */
static void the_nearer_first(void **state) {
  (void)state;
  static const struct standing *const tables[] = {by_distance, as_near, as_far};
  struct law_row rows[] = {row_of("request"), row_of("crisis")};
  for (unsigned i = 0; i < DISTANCES; i++)
    for (unsigned j = i; j < DISTANCES; j++)
      for (unsigned turn = 0; turn < 4 * 9; turn++) {
        struct law_agreement agreements[2];
        struct base_error err;
        unsigned near_at = turn & 1, far_at = 1 - near_at;
        uint8_t near_id = i == j || (turn & 2) ? 3 : 9, far_id = near_id == 3 ? 9 : 3;
        agreements[near_at] = agreement_of(&tables[turn / 4 % 3][i], near_id, rows);
        agreements[far_at] = agreement_of(&tables[turn / 12][j], far_id, rows);
        refused(agreements, 2, &err);
        names_both(&err, near_id, far_id);
        assert_null(strstr(err.text, "more"));
      }
}

/* Of three the two nearest, wherever they stand; one with others is not counted. */
static void the_two_nearest_of_three(void **state) {
  (void)state;
  static const unsigned orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  struct law_row rows[] = {row_of("request"), row_of("crisis")};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    struct law_agreement agreements[4];
    struct base_error err;
    for (unsigned j = 0; j < 3; j++)
      agreements[1 + orders[i][j]] = agreement_of(&by_distance[1 + j], (uint8_t)(0x20 - j), rows);
    agreements[0] = agreement_of(&by_distance[0], 1, rows);
    agreements[0].parties[0] = MADRID;
    refused(agreements, 4, &err);
    names_both(&err, 0x20, 0x1f);
    assert_non_null(strstr(err.text, "; and 1 more"));
    assert_null(strstr(err.text, "agreement 01"));
  }
}

/* A code is not taken for "*" because it is as short, nor "*" in the question for all. */
static void a_code_of_one_letter(void **state) {
  (void)state;
  struct law_row row = row_of("a");
  struct base_error err;
  struct law_answer answer;
  struct law_question asked = question();
  struct law_agreement agreement = agreement_of(&by_distance[0], 1, &row);
  agreement.rows = &row;
  refused(&agreement, 1, &err);
  asked.kind = BASE_VIEW("a");
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_OK);
  asked.kind = BASE_VIEW("*");
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
  asked.kind = BASE_VIEW("b");
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
  asked.kind = BASE_VIEW("");
  row.kind = BASE_VIEW("");
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
}

/* However long a reason is, the sentence stays one: it is cut where its room ends, and what comes behind is left out.
 */
static void a_long_reason_is_cut(void **state) {
  (void)state;
  struct law_row row = row_of("crisis");
  char why[400];
  for (size_t size = 0; size < sizeof why; size++) {
    struct standing standing = {.closed = why, .until = 2000};
    struct law_agreement agreements[2];
    struct base_error err;
    memset(why, 'w', size);
    why[size] = '\0';
    agreements[0] = agreement_of(&standing, 1, &row);
    agreements[1] = agreement_of(&standing, 2, &row);
    agreements[0].rows = agreements[1].rows = &row;
    refused(agreements, 2, &err);
    char all[1024];
    (void)snprintf(all, sizeof all, "; agreement 010000000000… %s; agreement 020000000000… %s", why, why);
    const char *reasons = strstr(err.text, " is in force; ");
    assert_non_null(reasons);
    reasons += sizeof " is in force" - 1;
    size_t told = strlen(reasons);
    assert_true(told == strlen(all) || (told == 259 && strlen(all) > 259));
    assert_memory_equal(reasons, all, told);
  }
}

/* Parties, rows and agreements are as many as are said: what stands behind is not asked, and nothing before it is left
 * out. */
static void all_and_no_more(void **state) {
  (void)state;
  struct law_row rows[] = {row_of("crisis"), row_of("request"), row_of("crisis")};
  struct base_error err;
  struct law_answer answer;
  struct law_question asked = question();
  struct law_agreement agreements[2];
  agreements[0] = agreements[1] = agreement_of(&by_distance[0], 1, rows);
  agreements[0].rows = agreements[1].rows = rows;
  refused(agreements, 1, &err); /* the covering row is behind the last */
  agreements[1].row_count = 2;
  refused(agreements, 1, &err); /* and so is the agreement */
  agreements[0].row_count = 3;
  assert_int_equal(law_decide(&asked, agreements, 1, &answer, &err), BASE_OK);
  assert_ptr_equal(answer.row, &rows[1]);
  agreements[0].parties[2] = MADRID;
  asked.to = MADRID;
  assert_int_equal(law_standing(&agreements[0], &asked), LAW_NOT_BETWEEN);
  agreements[0].party_count = 3;
  assert_int_equal(law_standing(&agreements[0], &asked), LAW_IN_FORCE);
}

/* Ids that differ by one, in either order. */
static void the_next_smaller_id(void **state) {
  (void)state;
  struct law_row rows[] = {row_of("request"), row_of("crisis")};
  static const struct standing covering = {.accepted = true, .until = 2000, .has_row = true};
  for (unsigned turn = 0; turn < 2; turn++) {
    struct base_error err;
    struct law_answer answer;
    struct law_question asked = question();
    struct law_agreement agreements[2];
    agreements[turn] = agreement_of(&covering, 6, rows);
    agreements[1 - turn] = agreement_of(&covering, 7, rows);
    assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_OK);
    assert_ptr_equal(answer.agreement, &agreements[turn]);
    agreements[1 - turn].id = agreements[turn].id;
    assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_OK);
    assert_ptr_equal(answer.agreement, &agreements[0]);
  }
}

/* A ceiling counts where the agreement is in force alone, whichever of its rows has it; of equal ones the first is
 * named. */
static void ceilings_in_force(void **state) {
  (void)state;
  struct law_row rows[] = {row_of("crisis"), row_of("request"), row_of("request")};
  struct base_error err;
  struct law_answer answer;
  struct law_question asked = question();
  struct law_agreement agreements[2];
  for (size_t i = 0; i < 3; i++) {
    rows[i].has_handling = true;
    rows[i].handling = LAW_CLEAR;
  }
  rows[2].id = BASE_VIEW("2.2");
  asked.level = (enum wire_level)WIRE_LEVEL_DEFAULT;
  for (size_t i = 0; i < 2; i++) {
    agreements[i] = agreement_of(&by_distance[i == 0 ? 3 : 0], (uint8_t)(1 + i), rows);
    agreements[i].rows = rows;
    agreements[i].row_count = 3;
  }
  assert_int_equal(law_decide(&asked, agreements, 1, &answer, &err), BASE_LAW);
  assert_null(strstr(err.text, "permits messages up to"));
  assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "row 2.1 of agreement 020000000000"));
  assert_non_null(strstr(err.text, "(as every message is that says nothing else in --handling)"));
  rows[2].handling = LAW_GREEN;
  asked.level = WIRE_RED;
  assert_int_equal(law_decide(&asked, agreements, 2, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "row 2.2 of agreement 020000000000"));
  assert_null(strstr(err.text, "--handling"));
}

/* A purpose is named, of whatever length; none is not. */
static void names_the_purpose(void **state) {
  (void)state;
  struct law_row row = row_of("crisis");
  struct base_error err;
  struct law_answer answer;
  struct law_question asked = question();
  struct law_agreement agreement = agreement_of(&by_distance[5], 1, &row);
  agreement.rows = &row;
  asked.purpose = BASE_VIEW("p");
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "{kind request, type ask, purpose p, from paris to rabat}"));
  asked.purpose = (struct base_view){0};
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
  assert_non_null(strstr(err.text, "{kind request, type ask, from paris to rabat}"));
}

/* Special personal data are named, for they are why a row does not cover it. */
static void says_that_data_are_special(void **state) {
  (void)state;
  struct law_row row = row_of("request");
  struct base_error err;
  struct law_answer answer;
  struct law_question asked = question();
  struct law_agreement agreement = agreement_of(&by_distance[0], 1, &row);
  agreement.rows = &row;
  row.personal = WIRE_PERSONAL_ORDINARY;
  asked.personal = WIRE_PERSONAL_SPECIAL;
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
  assert_string_equal(err.text,
                      "no row {kind request, type ask, special personal data, from paris to rabat} is in force; "
                      "agreement 010000000000… has no such row");
  row.personal = WIRE_PERSONAL_NONE;
  asked.personal = WIRE_PERSONAL_ORDINARY;
  assert_int_equal(law_decide(&asked, &agreement, 1, &answer, &err), BASE_LAW);
  assert_null(strstr(err.text, "personal data"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_nearer_first),           cmocka_unit_test(the_two_nearest_of_three),
      cmocka_unit_test(a_code_of_one_letter),       cmocka_unit_test(a_long_reason_is_cut),
      cmocka_unit_test(says_that_data_are_special), cmocka_unit_test(all_and_no_more),
      cmocka_unit_test(the_next_smaller_id),        cmocka_unit_test(ceilings_in_force),
      cmocka_unit_test(names_the_purpose),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
