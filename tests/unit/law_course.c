/* SPDX-License-Identifier: Apache-2.0
 * Clocks that kinds may have and the shipped ones do not, and courses that only a partner's program takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/law.h"

enum { HOUR = 3600 };
static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

struct course {
  struct shipped request;
  struct wire_header header;
  struct law_clock_event events[16];
  size_t count;
};

static void begin(struct course *course) {
  memset(course, 0, sizeof *course);
  shipped_load(&course->request, "request");
  course->header.state[0] = (struct wire_state_field){BASE_VIEW("urgency"), BASE_VIEW("urgent_direct")};
  course->header.state[1] = (struct wire_state_field){BASE_VIEW("ground"), BASE_VIEW("facts_insufficient")};
  course->header.state_count = 2;
}

static void add(struct course *course, const char *type, base_time at) {
  course->events[course->count++] =
      (struct law_clock_event){.type = shipped_type(&course->request, type), .at = at, .header = &course->header};
}

static size_t run(const struct course *course, struct law_clock *out) {
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  clocks[0] = (struct law_clock){0};
  size_t count = law_clocks(&course->request.kind, course->events, course->count, clocks);
  assert_true(count <= 1);
  *out = clocks[0];
  return count;
}

/* What the message says of urgency has no part in it. */
static void one_length(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course);
  struct wire_kind_clock *fixed = &course.request.kind.clocks[0];
  fixed->field = (struct base_view){0};
  fixed->length_count = 1;
  fixed->lengths[0].code = (struct base_view){0};
  fixed->lengths[0].seconds = 150;
  fixed->soon = 33;
  add(&course, "ask", NOW);
  assert_int_equal(run(&course, &clock), 1);
  assert_int_equal(clock.due, NOW + 150);
  assert_int_equal(clock.soon, NOW + 150 - 49); /* a third of each hundred, and of the rest, in whole seconds */
  course.header.state_count = 0;
  assert_int_equal(run(&course, &clock), 1);
  assert_int_equal(clock.due, NOW + 150);
  base_arena_free(&course.request.arena);
}

/* What the kind does not define as this message's ground pauses nothing, whatever the header says. */
static void a_ground_that_the_type_has_not(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course);
  add(&course, "ask", NOW);
  add(&course, "clarify", NOW + HOUR);
  const struct wire_kind_type *clarify = course.events[1].type;
  assert_true(base_view_is(clarify->fields[0].name, "ground"));
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.paused);
  clarify->fields[0].list = NULL;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running && !clock.paused);
  clarify->fields[0].name = BASE_VIEW("reason");
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running && !clock.paused);
  base_arena_free(&course.request.arena);
}

/* Each of the grounds that the kind lists. */
static void each_ground_pauses(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course);
  add(&course, "ask", NOW);
  add(&course, "clarify", NOW + HOUR);
  const struct wire_kind_list *grounds = course.events[1].type->fields[0].list;
  assert_true(grounds->count > 1);
  for (size_t i = 0; i < grounds->count; i++) {
    course.header.state[1].value = grounds->codes[i];
    assert_int_equal(run(&course, &clock), 1);
    assert_true(clock.paused && base_view_equal(clock.ground, grounds->codes[i]));
  }
  base_arena_free(&course.request.arena);
}

/* Before the message that starts it nothing pauses, resumes or ends a clock; nor does anything once it has ended. */
static void nothing_before_nor_after(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course);
  add(&course, "clarify", NOW - 3 * HOUR);
  add(&course, "clarification", NOW - 2 * HOUR);
  add(&course, "answer", NOW - HOUR);
  assert_int_equal(run(&course, &clock), 0);
  add(&course, "ask", NOW);
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running && !clock.stopped && !clock.paused);
  assert_int_equal(clock.due, NOW + 8 * HOUR);
  add(&course, "clarification", NOW + HOUR); /* no pause to end */
  assert_int_equal(run(&course, &clock), 1);
  assert_int_equal(clock.due, NOW + 8 * HOUR);
  add(&course, "refuse", NOW + 2 * HOUR);
  add(&course, "clarify", NOW + 3 * HOUR);
  add(&course, "clarification", NOW + 4 * HOUR);
  add(&course, "answer", NOW + 5 * HOUR);
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.stopped && !clock.running && !clock.paused);
  assert_int_equal(clock.ended, NOW + 2 * HOUR);
  assert_int_equal(clock.due, NOW + 8 * HOUR);
  add(&course, "ask", NOW + 6 * HOUR); /* asked again */
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running && !clock.stopped);
  assert_int_equal(clock.due, NOW + 14 * HOUR);
  base_arena_free(&course.request.arena);
}

struct told {
  size_t count;
  const struct law_clock_event *events[16];
  struct law_clock clocks[16];
  bool started[16];
};

static void tell(void *context, const struct law_clock_event *event, const struct law_clock *now) {
  struct told *told = context;
  told->events[told->count] = event;
  told->started[told->count] = now != NULL;
  if (now != NULL)
    told->clocks[told->count] = *now;
  told->count++;
}

/* After each event as it stands then. */
static void walks(void **state) {
  (void)state;
  struct course course;
  struct told told = {0};
  begin(&course);
  add(&course, "clarification", NOW - HOUR);
  add(&course, "ask", NOW);
  add(&course, "clarify", NOW + HOUR);
  add(&course, "clarification", NOW + 2 * HOUR);
  add(&course, "answer", NOW + 3 * HOUR);
  law_clock_walk(&course.request.kind, &course.request.kind.clocks[0], course.events, course.count, tell, &told);
  assert_int_equal(told.count, 5);
  for (size_t i = 0; i < 5; i++)
    assert_ptr_equal(told.events[i], &course.events[i]);
  assert_false(told.started[0]);
  assert_true(told.started[1] && told.clocks[1].running);
  assert_true(told.clocks[2].paused && !told.clocks[2].running && told.clocks[2].due == NOW + 8 * HOUR);
  assert_true(told.clocks[3].running && !told.clocks[3].paused && told.clocks[3].due == NOW + 9 * HOUR);
  assert_true(told.clocks[4].stopped && told.clocks[4].ended == NOW + 3 * HOUR);
  base_arena_free(&course.request.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_length),
      cmocka_unit_test(a_ground_that_the_type_has_not),
      cmocka_unit_test(each_ground_pauses),
      cmocka_unit_test(nothing_before_nor_after),
      cmocka_unit_test(walks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
