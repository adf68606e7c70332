/* SPDX-License-Identifier: Apache-2.0
 * Which cases are looked at in a step because their clocks may have moved, or their time came, and when the next step is. */
#include "core_clockstub.h"

static const base_time NEVER = INT64_MAX;

static void expect_loaded(size_t count, const unsigned *ids) {
  assert_int_equal(stub.loads, count);
  for (size_t i = 0; i < count; i++) {
    struct base_id id = stub_id(ids[i]);
    assert_true(base_id_equal(&stub.loaded[i], &id));
  }
}

static void each_is_looked_at_once_in_their_order(void **state) {
  (void)state;
  begin(B);
  for (unsigned i = 0; i < 10; i++)
    touch(7 * i % 10);
  for (unsigned i = 0; i < 10; i++)
    touch(i);
  assert_true(stub.core->clocks.count > 10);
  settle_well();
  expect_loaded(10, (const unsigned[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

static void what_was_touched_lately_is_not_noted_twice(void **state) {
  (void)state;
  begin(B);
  for (unsigned i = 0; i < 7; i++)
    touch(i);
  touch(0);
  touch(6);
  assert_int_equal(stub.core->clocks.count, 7);
  touch(7);
  touch(1);
  assert_int_equal(stub.core->clocks.count, 8);
  touch(0);
  assert_int_equal(stub.core->clocks.count, 9);
}

static void any_number_is_touched(void **state) {
  (void)state;
  begin(B);
  for (unsigned i = 0; i < 300; i++)
    touch(i);
  assert_int_equal(stub.core->clocks.count, 300);
  for (unsigned i = 0; i < 301; i++) {
    struct base_id id = stub_id(i);
    assert_int_equal(core_clocks_moving(stub.core, &id), i < 300);
  }
  assert_true(stub.core->clocks.room >= 300);
  core_clocks_forget(stub.core);
  assert_int_equal(stub.core->clocks.count, 0);
  assert_null(stub.core->clocks.touched);
}

static void without_memory_nothing_is_touched(void **state) {
  (void)state;
  struct base_id id = stub_id(200);
  begin(B);
  for (unsigned i = 0; i < 64; i++)
    touch(i);
  for (unsigned i = 0; i < 2; i++) {
    if (!without_memory(1))
      return;
    assert_int_equal(core_clocks_touch(stub.core, &id, NULL), BASE_MEMORY);
    assert_int_equal(stub.core->clocks.count, i == 0 ? 64 : 0);
    core_clocks_forget(stub.core);
  }
  touch(200);
  assert_true(core_clocks_moving(stub.core, &id));
}

static void a_message_touches_its_case(void **state) {
  (void)state;
  struct base_error err = {0};
  struct base_id message = stub_id(70);
  begin(B);
  stub.header_case = stub_id(7);
  assert_int_equal(core_clocks_touch_message(stub.core, &message, &err), BASE_OK);
  assert_true(core_clocks_moving(stub.core, &stub.header_case));
  assert_false(core_clocks_moving(stub.core, &message));
  core_clocks_forget(stub.core);
  stub.header = BASE_CORRUPT; /* as one that is not here */
  assert_int_equal(core_clocks_touch_message(stub.core, &message, &err), BASE_OK);
  stub.header = BASE_IO;
  assert_int_equal(core_clocks_touch_message(stub.core, &message, &err), BASE_IO);
  assert_int_equal(stub.core->clocks.count, 0);
}

static void those_whose_time_came_are_looked_at(void **state) {
  (void)state;
  begin(B);
  stub.now = 50;
  looks_at(3, 49);
  looks_at(2, 50);
  looks_at(1, 51);
  settle_well();
  expect_loaded(2, (const unsigned[]){2, 3});
  assert_true(stub.core->clocks.known);
  assert_int_equal(stub.core->clocks.next, 49);
}

/* So many in a step; the others wait for the next one. */
static void not_all_in_one_step(void **state) {
  (void)state;
  begin(B);
  for (unsigned i = 0; i < STUB_LOOKS; i++)
    looks_at(i, 1);
  stub.now = 1;
  settle_well();
  assert_int_equal(stub.loads, CORE_CLOCKS_STEP);
}

static void nothing_is_asked_before_its_time(void **state) {
  (void)state;
  begin(B);
  settle_well();
  assert_int_equal(stub.core->clocks.next, NEVER);
  settle_well();
  assert_int_equal(stub.calls, 0);
  looks_at(1, 50);
  touch(1);
  settle_well(); /* what was touched is looked at, and the next time is found anew */
  assert_int_equal(stub.core->clocks.next, 50);
  expect_loaded(1, (const unsigned[]){1});
  stub.now = 49;
  settle_well();
  assert_int_equal(stub.calls, 0);
  stub.now = 50;
  settle_well();
  expect_loaded(1, (const unsigned[]){1});
}

static void a_full_disk_lets_them_rest(void **state) {
  (void)state;
  begin(B);
  stub.now = 50;
  looks_at(1, 50);
  stub.core->room.level = CORE_ROOM_FULL;
  settle_well();
  assert_int_equal(stub.loads, 0);
  assert_int_equal(stub.core->clocks.next, 50);
  settle_well();
  assert_int_equal(stub.calls, 0);
  assert_int_equal(core_clocks_due_ms(stub.core), CORE_ROOM_SOON_MS);
  touch(1); /* what happens to a case is written */
  settle_well();
  assert_int_equal(stub.loads, 1);
  stub.core->room.level = CORE_ROOM_LOW;
  settle_well();
  assert_int_equal(stub.loads, 1);
}

static void how_long_to_wait(void **state) {
  (void)state;
  static const struct {
    base_time next, now;
    int64_t wait;
  } cases[] = {{50, 49, 1000},    {50, 50, 0},      {50, 51, 0},       {86450, 50, 86400000}, {86451, 50, 86400000},
               {86449, 50, 86399000}, {INT64_MAX, 50, -1}, {INT64_MAX - 1, 50, 86400000}};
  begin(B);
  assert_int_equal(core_clocks_due_ms(stub.core), -1);
  stub.core->clocks.known = true;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    stub.core->clocks.next = cases[i].next;
    stub.now = cases[i].now;
    stub.core->room.level = CORE_ROOM_LOW;
    assert_int_equal(core_clocks_due_ms(stub.core), cases[i].wait);
    stub.core->room.level = CORE_ROOM_FULL;
    assert_int_equal(core_clocks_due_ms(stub.core), cases[i].wait < 0 ? -1 : CORE_ROOM_SOON_MS);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_is_looked_at_once_in_their_order), cmocka_unit_test(what_was_touched_lately_is_not_noted_twice),
      cmocka_unit_test(any_number_is_touched), cmocka_unit_test(without_memory_nothing_is_touched),
      cmocka_unit_test(a_message_touches_its_case), cmocka_unit_test(those_whose_time_came_are_looked_at),
      cmocka_unit_test(not_all_in_one_step), cmocka_unit_test(nothing_is_asked_before_its_time),
      cmocka_unit_test(a_full_disk_lets_them_rest), cmocka_unit_test(how_long_to_wait),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
