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
  static const struct {
    int64_t length, soon, before;
  } rows[] = {{150, 33, 49}, {199, 99, 197}, {100, 1, 1}, {99, 1, 0}, {28800, 25, 7200}};
  struct course course;
  struct law_clock clock;
  begin(&course);
  struct wire_kind_clock *fixed = &course.request.kind.clocks[0];
  fixed->field.size = 0;
  fixed->length_count = 1;
  fixed->lengths[0].code = (struct base_view){0};
  add(&course, "ask", NOW);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fixed->lengths[0].seconds = rows[i].length;
    fixed->soon = rows[i].soon; /* of each hundred, and of the rest, in whole seconds */
    assert_int_equal(run(&course, &clock), 1);
    assert_int_equal(clock.started, NOW);
    assert_int_equal(clock.due, NOW + rows[i].length);
    assert_int_equal(clock.soon, clock.due - rows[i].before);
  }
  base_arena_free(&course.request.arena);
}

/* A length that is not of the kind's list is none, though it stood behind it; the name of the field may be a letter. */
static void a_length_of_the_list(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course);
  struct wire_kind_clock *kinds = &course.request.kind.clocks[0];
  kinds->lengths[kinds->length_count].code = BASE_VIEW("whenever");
  kinds->lengths[kinds->length_count].seconds = HOUR;
  add(&course, "ask", NOW);
  course.header.state[0].value = BASE_VIEW("whenever");
  assert_int_equal(run(&course, &clock), 0);
  kinds->field = BASE_VIEW("u");
  course.header.state[0] = (struct wire_state_field){BASE_VIEW("u"), BASE_VIEW("normal")};
  assert_int_equal(run(&course, &clock), 1);
  assert_int_equal(clock.due, NOW + 7 * 24 * HOUR);
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
  struct wire_kind_list grounds = *clarify->fields[0].list;
  clarify->fields[0].list = &grounds;
  course.header.state[1].value = grounds.codes[--grounds.count]; /* behind the list */
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running && !clock.paused);
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

/* Only those types that the kind names pause, resume or stop, and only the events that were handed in. */
static void only_what_the_kind_names(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course);
  struct wire_kind_clock *kinds = &course.request.kind.clocks[0];
  uint64_t pauses = kinds->pauses, resumes = kinds->resumes, stops = kinds->stops;
  add(&course, "ask", NOW);
  add(&course, "clarify", NOW + HOUR);
  add(&course, "clarification", NOW + 2 * HOUR);
  add(&course, "answer", NOW + 3 * HOUR);
  course.count = 2;
  kinds->pauses = 0;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running);
  kinds->pauses = pauses;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.paused); /* the next event is not its own */
  course.count = 3;
  kinds->resumes = 0;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.paused);
  kinds->resumes = resumes;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running);
  course.count = 4;
  kinds->stops = 0;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.running && !clock.stopped);
  kinds->stops = stops;
  assert_int_equal(run(&course, &clock), 1);
  assert_true(clock.stopped);
  base_arena_free(&course.request.arena);
}

/* A kind may have several: each that has started is given, by itself. */
static void several_clocks(void **state) {
  (void)state;
  struct course course;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  struct wire_kind_clock *kinds = calloc(4, sizeof *kinds);
  assert_non_null(kinds);
  begin(&course);
  for (size_t i = 0; i < 4; i++)
    kinds[i] = course.request.kind.clocks[0];
  kinds[0].starts = shipped_type(&course.request, "close"); /* which does not come */
  kinds[2].name = BASE_VIEW("second");
  kinds[2].stops = 0;
  course.request.kind.clocks = kinds;
  course.request.kind.clock_count = 3; /* the one behind is not the kind's */
  add(&course, "ask", NOW);
  add(&course, "answer", NOW + HOUR);
  assert_int_equal(law_clocks(&course.request.kind, course.events, course.count, clocks), 2);
  assert_true(base_view_is(clocks[0].name, "answer") && clocks[0].stopped);
  assert_true(base_view_is(clocks[1].name, "second") && clocks[1].running);
  free(kinds);
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
      cmocka_unit_test(a_length_of_the_list),
      cmocka_unit_test(only_what_the_kind_names),
      cmocka_unit_test(several_clocks),
      cmocka_unit_test(a_ground_that_the_type_has_not),
      cmocka_unit_test(each_ground_pauses),
      cmocka_unit_test(nothing_before_nor_after),
      cmocka_unit_test(walks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
