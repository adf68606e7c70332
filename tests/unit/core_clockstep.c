/* SPDX-License-Identifier: Apache-2.0
 * What is told of clocks in a step, and what becomes of a case whose clocks cannot be read. */
#include "core_clockstub.h"

static const base_time NEVER = INT64_MAX;

/* --- a step */

/* In a step in which something happened to the case. */
static void settle_at(base_time now) {
  stub.now = now;
  stub.core->in_transaction = false;
  touch(1);
  settle_well();
}

static void expect_told(size_t at, unsigned level, int party, const char *clock, base_time due) {
  const struct stub_told *told = &stub.told[at];
  assert_true(at < stub.leaves);
  assert_int_equal(told->overdue, level == STORE_ALARM_OVERDUE);
  assert_true(base_id_equal(&told->leaf.message, &stub.kase.id));
  assert_true(base_view_equal(told->leaf.to, origin_of(party)));
  assert_true(base_view_equal(told->party, origin_of(party)));
  assert_true(base_view_is(told->leaf.subject, clock));
  assert_true(base_view_is(told->clock, clock));
  assert_int_equal(told->due, due);
}

static void expect_set(base_time due, base_time look) {
  assert_int_equal(stub.sets, 1);
  assert_int_equal(stub.set_due, due);
  assert_int_equal(stub.set_look, look);
  assert_int_equal(stub.kase.row.due, due);
  assert_int_equal(stub.kase.row.look, look);
  assert_true(base_id_equal(&stub.set_id, &stub.kase.id));
}

static void each_deadline_is_told_when_it_comes_and_once(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, 5);
  settle_at(79);
  assert_int_equal(stub.leaves, 0);
  expect_set(105, 80);
  settle_at(80);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_SOON, B, "first", 105);
  expect_set(105, 106);
  settle_at(105);
  assert_int_equal(stub.leaves + stub.sets, 0);
  settle_at(106);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_OVERDUE, B, "first", 105);
  expect_set(105, NEVER);
  settle_at(107);
  assert_int_equal(stub.leaves + stub.sets, 0);
  settle_at(90); /* the machine's clock went back */
  assert_int_equal(stub.leaves + stub.sets, 0);
}

static void what_is_overdue_at_once_is_told_as_that_alone(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, 5);
  settle_at(106);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_OVERDUE, B, "first", 105);
  expect_set(105, NEVER);
  settle_at(100);
  assert_int_equal(stub.leaves, 0);
}

/* Whoever set a time by which nothing is told before: then not at that time either, but when it is over. */
static void one_without_a_warning_is_told_when_it_is_over(void **state) {
  (void)state;
  begin(B);
  (void)say(MORE, A, 5);
  settle_at(1005);
  assert_int_equal(stub.leaves, 0);
  expect_set(1005, 1006);
  settle_at(1006);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_OVERDUE, B, "second", 1005);
}

/* Each party's clocks for themselves; the row says by which. */
static void those_of_all_parties_are_told(void **state) {
  (void)state;
  begin(A);
  (void)say(ASK, A, 5);
  (void)say(MORE, A, 6);
  settle_at(100);
  assert_int_equal(stub.leaves, 2);
  expect_told(0, STORE_ALARM_SOON, B, "first", 105);
  expect_told(1, STORE_ALARM_SOON, C, "first", 105);
  assert_int_equal(stub.alarms[0].party, B);
  assert_int_equal(stub.alarms[1].party, C);
  settle_at(1007);
  assert_int_equal(stub.leaves, 4);
  expect_told(0, STORE_ALARM_OVERDUE, B, "first", 105);
  expect_told(1, STORE_ALARM_OVERDUE, B, "second", 1006);
  assert_int_equal(stub.alarms[2].clock, 0);
  assert_int_equal(stub.alarms[3].clock, 1);
  assert_int_equal(stub.alarms[3].level, STORE_ALARM_OVERDUE);
  assert_int_equal(stub.alarms[3].due, 1006);
  expect_set(105, NEVER);
  assert_int_equal(stub.alarms_read, 2);
}

/* Moved, it is told anew; and where it was told before of an earlier moment nothing is lost. */
static void one_that_was_moved_is_told_again(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, 5);
  settle_at(90);
  assert_int_equal(stub.leaves, 1);
  (void)say(HOLD, B, 91);
  state_field("ground", "why");
  settle_at(92);
  assert_int_equal(stub.leaves, 0);
  expect_set(STORE_DUE_PAUSED, NEVER);
  (void)say(GO_ON, A, 101);
  settle_at(102);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_SOON, B, "first", 115);
  expect_set(115, 116);
}

static void an_item_is_told_by_its_name(void **state) {
  (void)state;
  begin(B);
  owed_by(C, 200);
  settle_at(190);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_SOON, C, "thing", 200);
  struct base_id item = stub_id(2);
  assert_true(stub.told[0].of_item);
  assert_true(base_id_equal(&stub.told[0].item, &item));
  assert_true(stub.alarms[0].of_item && base_id_equal(&stub.alarms[0].item, &item));
  assert_int_equal(stub.alarms[0].clock, 2);
  assert_int_equal(stub.alarms[0].party, C);
  expect_set(NEVER, 201);
  settle_at(201);
  assert_int_equal(stub.leaves, 1);
  expect_told(0, STORE_ALARM_OVERDUE, C, "thing", 200);
  settle_at(202);
  assert_int_equal(stub.leaves + stub.sets, 0);
}

static void a_leaf_of_the_case_names_no_item(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, 5);
  stub.headers[0].exercise = true;
  settle_at(90);
  assert_false(stub.told[0].of_item);
  assert_false(stub.alarms[0].of_item);
  assert_int_equal(stub.logged, 1);
  assert_int_equal(stub.logged_level, BASE_LOG_NOTICE);
  assert_string_equal(stub.logged_event, "case.deadline");
}

/* A row that says 0 was never computed: it is written, be it with what it says. */
static void a_row_is_written_when_it_changes(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, -75);
  stub.kase.row.due = 25;
  stub.kase.row.look = 0;
  stub.now = -75;
  settle_at(-76);
  expect_set(25, 0);
  settle_at(-76);
  expect_set(25, 0);
  begin(B);
  (void)say(ASK, A, 5);
  stub.kase.row.due = 105;
  stub.kase.row.look = 79;
  settle_at(7);
  expect_set(105, 80);
  stub.kase.row.due = 104;
  settle_at(7);
  expect_set(105, 80);
  settle_at(7);
  assert_int_equal(stub.sets, 0);
}

/* --- what goes wrong */

static void a_case_that_is_gone_is_passed_over(void **state) {
  (void)state;
  begin(B);
  stub.load = BASE_NOT_FOUND;
  settle_at(90);
  assert_int_equal(stub.loads, 1);
  assert_int_equal(stub.sets, 0);
}

/* It keeps when it is due, and holds up no other. */
static void one_that_cannot_be_read_is_looked_at_later(void **state) {
  (void)state;
  static const struct {
    enum base_code code;
    base_time row, due, look;
  } cases[] = {{BASE_CORRUPT, 77, 77, 90 + CORE_CLOCKS_AGAIN},
               {BASE_CORRUPT, 0, INT64_MAX, 90 + CORE_CLOCKS_AGAIN},
               {BASE_KIND, 77, 77, INT64_MAX}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin(B);
    (void)say(ASK, A, 5);
    stub.load = cases[i].code;
    stub.row_due = cases[i].row;
    touch(2);
    settle_at(90);
    assert_int_equal(stub.loads, 2);
    assert_int_equal(stub.sets, 2);
    assert_int_equal(stub.logged, 2);
    assert_int_equal(stub.logged_level, BASE_LOG_WARNING);
    assert_string_equal(stub.logged_event, "case.clocks");
    assert_int_equal(stub.set_due, cases[i].due);
    assert_int_equal(stub.set_look, cases[i].look);
    assert_int_equal(stub.leaves, 0);
    stub.get = BASE_CORRUPT; /* nor can its row */
    settle_at(91);
    assert_int_equal(stub.sets, 0);
  }
}

/* What fails while its clocks are read is damage of it, too. */
static void damage_beneath_a_case_is_its_own(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, 5);
  stub.row_due = 77;
  stub.failure = BASE_CORRUPT;
  stub.fails = 3; /* those whose time came, the case, its first receipt */
  settle_at(90);
  assert_int_equal(stub.receipts, 1);
  assert_int_equal(stub.sets, 1);
  assert_int_equal(stub.set_due, 77);
}

/* Every call of a step in which something is told of the case and of an item: the step fails with it, and is taken back. */
static void each_call_can_fail(void **state) {
  (void)state;
  struct base_error err;
  enum base_code code = BASE_IO;
  for (unsigned fails = 1; code != BASE_OK; fails++) {
    begin(A);
    (void)say(ASK, A, 5);
    (void)say(MORE, A, 5);
    owed_by(B, 85);
    was_told(C, 1, STORE_ALARM_SOON, 7);
    item_told(4, B, 2, STORE_ALARM_SOON, 86);
    looks_at(1, 10);
    stub.now = 84;
    stub.fails = fails;
    code = core_clocks_settle(stub.core, &err);
    assert_int_equal(code, fails > stub.calls ? BASE_OK : BASE_IO);
    assert_true(stub.calls <= fails); /* nothing after it */
    assert_int_equal(stub.core->clocks.count, 0);
    assert_int_equal(stub.core->clocks.known, code == BASE_OK);
  }
  assert_int_equal(stub.leaves, 3);
  assert_int_equal(stub.item_alarms_read, 1);
  assert_int_equal(stub.sets, 1);
}

static void each_call_can_fail_of_one_that_cannot_be_read(void **state) {
  (void)state;
  struct base_error err;
  for (unsigned fails = 1; fails <= 2; fails++) {
    begin(A);
    touch(1);
    touch(2);
    stub.core->clocks.known = true;
    stub.core->clocks.next = NEVER;
    stub.load = BASE_KIND;
    stub.fails = fails;
    assert_int_equal(core_clocks_settle(stub.core, &err), BASE_IO);
    assert_int_equal(stub.loads, 1);
    assert_int_equal(stub.core->clocks.count, 0);
  }
}

/* Nor is it passed over that nobody could say which cases are to be looked at. */
static void those_whose_time_came_are_not_forgotten(void **state) {
  (void)state;
  struct base_error err;
  begin(A);
  stub.core->clocks.known = true;
  stub.fails = 1;
  assert_int_equal(core_clocks_settle(stub.core, &err), BASE_IO);
}

static void without_memory_a_step_fails(void **state) {
  (void)state;
  struct base_error err;
  begin(A);
  looks_at(1, 1);
  stub.now = 1;
  if (!without_memory(1))
    return;
  assert_int_equal(core_clocks_settle(stub.core, &err), BASE_MEMORY);
  assert_int_equal(stub.loads, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_deadline_is_told_when_it_comes_and_once),
      cmocka_unit_test(what_is_overdue_at_once_is_told_as_that_alone),
      cmocka_unit_test(one_without_a_warning_is_told_when_it_is_over), cmocka_unit_test(those_of_all_parties_are_told),
      cmocka_unit_test(one_that_was_moved_is_told_again), cmocka_unit_test(an_item_is_told_by_its_name),
      cmocka_unit_test(a_leaf_of_the_case_names_no_item), cmocka_unit_test(a_row_is_written_when_it_changes),
      cmocka_unit_test(a_case_that_is_gone_is_passed_over), cmocka_unit_test(one_that_cannot_be_read_is_looked_at_later),
      cmocka_unit_test(damage_beneath_a_case_is_its_own), cmocka_unit_test(each_call_can_fail),
      cmocka_unit_test(each_call_can_fail_of_one_that_cannot_be_read),
      cmocka_unit_test(those_whose_time_came_are_not_forgotten), cmocka_unit_test(without_memory_a_step_fails),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
