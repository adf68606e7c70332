/* SPDX-License-Identifier: Apache-2.0
 * The period of a case: no message without an agreement that lasts as long, and none but what closes it afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/law.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")

enum { DAY = 86400 };

struct basis {
  struct base_view any[1];
  struct law_row row;
  struct law_agreement agreement;
};

/* In force from 1000 until `until`. */
static void basis_init(struct basis *basis, uint8_t id, base_time until) {
  *basis = (struct basis){.any = {BASE_VIEW("*")}};
  basis->row = (struct law_row){.id = BASE_VIEW("7"), .kind = BASE_VIEW("operation"), .types = basis->any, .type_count = 1,
                                .purposes = basis->any, .purpose_count = 1};
  basis->agreement = (struct law_agreement){.id = {{id}}, .terms = {{id}}, .proposer = RABAT, .party_count = 2,
                                            .parties = {PARIS, RABAT}, .accepted = true, .from = 1000, .until = until,
                                            .rows = &basis->row, .row_count = 1};
}

static struct law_question activation(base_time now, base_time period) {
  return (struct law_question){.kind = BASE_VIEW("operation"), .type = BASE_VIEW("activate"), .purpose = BASE_VIEW("drugs"),
                               .needs_row = true, .from = PARIS, .to = RABAT, .now = now, .period = period};
}

static void refused(const struct law_question *question, const struct law_agreement *agreements, size_t count,
                    const char *says) {
  struct law_answer answer;
  struct base_error err = {0};
  assert_int_equal(law_decide(question, agreements, count, &answer, &err), BASE_LAW);
  if (strstr(err.text, says) == NULL)
    fail_msg("%s", err.text);
}

static void an_agreement_lasts_as_long_as_the_case(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = activation(1500, 2000);
  basis_init(&basis, 1, 2000);
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  assert_ptr_equal(answer.row, &basis.row);
  asked.period = 2001;
  assert_int_equal(law_standing(&basis.agreement, &asked), LAW_TOO_SHORT);
  refused(&asked, &basis.agreement, 1,
          "is in force; agreement 010000000000…, which has the row 7, ends on 1970-01-01T00:33:20Z, before the period of the "
          "case does (1970-01-01T00:33:21Z)");
  asked.emergency = BASE_VIEW("immediate_threat");
  refused(&asked, &basis.agreement, 1,
          "what this case is about lasts until 1970-01-01T00:33:21Z, and an emergency is no legal basis for that: agree on a row that "
          "lasts as long, or open a case of another kind for what cannot wait");
  asked.emergency = (struct base_view){0};
  asked.period = 0; /* what closes it asks for no more than today */
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
}

/* Of two the one that lasts is taken, whatever their ids; and the one that has the row is told before the one without. */
static void one_that_lasts_is_enough(void **state) {
  (void)state;
  struct basis basis[2];
  struct law_answer answer;
  struct law_question asked = activation(1500, 3000);
  basis_init(&basis[0], 1, 2000);
  basis_init(&basis[1], 2, 3000);
  struct law_agreement both[] = {basis[0].agreement, basis[1].agreement};
  assert_int_equal(law_decide(&asked, both, 2, &answer, NULL), BASE_OK);
  assert_ptr_equal(answer.agreement, &both[1]);
  both[1].until = 2000;
  basis[0].row.kind = BASE_VIEW("request");
  refused(&asked, both, 2, "is in force; agreement 020000000000…, which has the row 7, ends on");
  basis[1].row.kind = BASE_VIEW("request");
  refused(&asked, both, 2, "; agreement 010000000000… ends on");
  both[0].ends = both[1].ends = 1;
  assert_int_equal(law_standing(&both[0], &asked), LAW_ENDED);
}

static void after_its_end_nothing_goes(void **state) {
  (void)state;
  struct basis basis;
  struct law_answer answer;
  struct law_question asked = activation(1999, 2000);
  basis_init(&basis, 1, 9000);
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
  asked.now = 2000;
  refused(&asked, &basis.agreement, 1,
          "the period of this case ended on 1970-01-01T00:33:20Z: extend it, if its kind has a message for that, or send one of "
          "those that its kind allows afterwards (wasl kind show operation)");
  asked.emergency = BASE_VIEW("immediate_threat"); /* another case is for that */
  refused(&asked, &basis.agreement, 1, "the period of this case ended");
  asked.needs_row = false;
  assert_int_equal(law_decide(&asked, &basis.agreement, 1, &answer, NULL), BASE_OK);
}

/* --- what messages say of it */

static struct wire_header saying(const char *from, const char *to) {
  struct wire_header header = {0};
  header.state[0] = (struct wire_state_field){BASE_VIEW("from"), base_view_text(from)};
  header.state[1] = (struct wire_state_field){BASE_VIEW("to"), base_view_text(to)};
  header.state_count = 2;
  return header;
}

static void a_day_is_whole(void **state) {
  (void)state;
  struct shipped operation, request;
  struct law_period period = {1, 1};
  shipped_load(&operation, "operation");
  shipped_load(&request, "request");
  struct wire_header header = saying("1970-01-02", "1970-01-03");
  assert_true(law_period_read(&operation.kind, &header, &period));
  assert_int_equal(period.from, DAY);
  assert_int_equal(period.to, 3 * DAY);
  assert_false(law_period_read(&request.kind, &header, &period));
  header = saying("1970-01-02T01:00:00Z", "1970-01-03T02:00:00Z");
  assert_true(law_period_read(&operation.kind, &header, &period));
  assert_int_equal(period.from, DAY + 3600);
  assert_int_equal(period.to, 2 * DAY + 7200);
  header = saying("today", "1970-01-03");
  assert_false(law_period_read(&operation.kind, &header, &period));
  header = saying("1970-01-03", "later");
  assert_false(law_period_read(&operation.kind, &header, &period));
  base_arena_free(&operation.arena);
  base_arena_free(&request.arena);
}

static void what_both_said_holds(void **state) {
  (void)state;
  const struct law_period wide = {10, 90}, narrow = {20, 80};
  for (int turn = 0; turn < 2; turn++) {
    struct law_period both = law_period_both(turn ? wide : narrow, turn ? narrow : wide);
    assert_int_equal(both.from, 20);
    assert_int_equal(both.to, 80);
  }
}

static void what_binds_a_message(void **state) {
  (void)state;
  struct shipped operation, request;
  shipped_load(&operation, "operation");
  shipped_load(&request, "request");
  struct wire_header header = saying("1970-01-01", "1970-01-09"), silent = {0};
  const struct wire_kind *kind = &operation.kind;
  assert_int_equal(law_period_binds(kind, &header, BASE_VIEW("propose"), 0), 9 * DAY);
  assert_int_equal(law_period_binds(kind, &header, BASE_VIEW("extend"), 5), 9 * DAY);
  assert_int_equal(law_period_binds(kind, NULL, BASE_VIEW("extend"), 5), 5);
  assert_int_equal(law_period_binds(kind, &silent, BASE_VIEW("extend"), 5), 5);
  assert_int_equal(law_period_binds(kind, &header, BASE_VIEW("activate"), 5), 5);
  assert_int_equal(law_period_binds(kind, &header, BASE_VIEW("close"), 5), 0);
  assert_int_equal(law_period_binds(kind, &header, BASE_VIEW("nothing"), 5), 0);
  assert_int_equal(law_period_binds(&request.kind, &header, BASE_VIEW("ask"), 5), 0);
  base_arena_free(&operation.arena);
  base_arena_free(&request.arena);
}

static void when_a_moment_is_over(void **state) {
  (void)state;
  static const struct {
    const char *text;
    base_time over;
  } cases[] = {{"1970-01-02", 2 * DAY}, {"1970-01-02T00:00:00Z", DAY}, {"1970-01-02T00:00:01Z", DAY + 1}, {"then", INT64_MAX}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wire_header header = {.state_count = 1, .state = {{BASE_VIEW("until"), base_view_text(cases[i].text)}}};
    assert_int_equal(law_period_over(&header, BASE_VIEW("until")), cases[i].over);
    assert_int_equal(law_period_over(&header, BASE_VIEW("from")), INT64_MAX);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_agreement_lasts_as_long_as_the_case), cmocka_unit_test(one_that_lasts_is_enough),
      cmocka_unit_test(after_its_end_nothing_goes),             cmocka_unit_test(a_day_is_whole),
      cmocka_unit_test(what_both_said_holds),                   cmocka_unit_test(what_binds_a_message),
      cmocka_unit_test(when_a_moment_is_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
