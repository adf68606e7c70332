/* SPDX-License-Identifier: Apache-2.0
 * Clocks that are due at a moment which a field names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/law.h"

enum { HOUR = 3600, DAY = 86400 };
static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */
static const base_time MIDNIGHT = 1796083200; /* 2026-12-01T00:00:00Z */

struct course {
  struct shipped kind;
  const struct wire_kind_clock *clock;
  struct wire_header headers[8];
  struct law_clock_event events[8];
  size_t count;
};

static void begin(struct course *course, const char *kind, const char *clock) {
  memset(course, 0, sizeof *course);
  shipped_load(&course->kind, kind);
  for (size_t i = 0; i < course->kind.kind.clock_count; i++)
    if (base_view_is(course->kind.kind.clocks[i].name, clock))
      course->clock = &course->kind.kind.clocks[i];
  assert_non_null(course->clock);
}

/* moment NULL: its type has no such field. */
static void add(struct course *course, const char *type, const char *moment, base_time at) {
  struct wire_header *header = &course->headers[course->count];
  if (moment != NULL)
    header->state[header->state_count++] = (struct wire_state_field){course->clock->field, base_view_text(moment)};
  course->events[course->count++] =
      (struct law_clock_event){.type = shipped_type(&course->kind, type), .at = at, .header = header};
}

static struct law_clock run(const struct course *course) {
  struct law_clock clock;
  assert_true(law_clock_run(&course->kind.kind, course->clock, course->events, course->count, &clock));
  assert_true(base_view_equal(clock.name, course->clock->name));
  return clock;
}

/* Whenever it came: a date means its midnight, and the kind's seconds are added or taken away. */
static void is_due_at_the_moment_and_not_by_its_receipt(void **state) {
  (void)state;
  struct course course;
  begin(&course, "operation", "task");
  for (base_time at = NOW; at < NOW + 40 * DAY; at += 20 * DAY) {
    course.count = 0;
    add(&course, "task", "2026-12-01", at);
    struct law_clock clock = run(&course);
    assert_int_equal(clock.due, MIDNIGHT + DAY);
    assert_int_equal(clock.soon, MIDNIGHT - DAY);
    assert_true(clock.running && !clock.stopped);
    memset(course.headers, 0, sizeof course.headers);
  }
  base_arena_free(&course.kind.arena);
  begin(&course, "event", "risk_analysis");
  add(&course, "match", "2026-12-01T20:30:00Z", NOW);
  assert_int_equal(run(&course).due, MIDNIGHT + 20 * HOUR + HOUR / 2 - 14 * DAY);
  base_arena_free(&course.kind.arena);
}

static void does_not_begin_before_somebody_has_it(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course, "operation", "task");
  assert_false(law_clock_run(&course.kind.kind, course.clock, course.events, 0, &clock));
  add(&course, "task", "2026-12-01", 0);
  add(&course, "task_done", NULL, NOW);
  assert_false(law_clock_run(&course.kind.kind, course.clock, course.events, course.count, &clock));
  course.count = 0;
  memset(course.headers, 0, sizeof course.headers);
  add(&course, "task", "soon", NOW); /* no form lets it through */
  assert_false(law_clock_run(&course.kind.kind, course.clock, course.events, course.count, &clock));
  base_arena_free(&course.kind.arena);
}

static void stops_in_time_or_late(void **state) {
  (void)state;
  struct course course;
  for (int late = 0; late < 2; late++) {
    begin(&course, "operation", "task");
    add(&course, "task", "2026-12-01", NOW);
    add(&course, "task_accept", NULL, NOW + 1); /* says nothing of it */
    add(&course, "task_done", NULL, MIDNIGHT + DAY + late * 5);
    struct law_clock clock = run(&course);
    assert_true(clock.stopped && !clock.running);
    assert_int_equal(clock.late, late * 5);
    assert_int_equal(clock.ended, MIDNIGHT + DAY + late * 5);
    base_arena_free(&course.kind.arena);
  }
}

/* Kick-off is put off: what was running is due later, and what was stopped stays so. */
static void a_later_message_moves_the_moment(void **state) {
  (void)state;
  struct course course;
  begin(&course, "event", "post_match");
  add(&course, "match", "2026-12-01T00:00:00Z", NOW);
  add(&course, "match_change", "2026-12-02T00:00:00Z", NOW + 1);
  assert_int_equal(run(&course).due, MIDNIGHT + 8 * DAY);
  assert_int_equal(run(&course).soon, MIDNIGHT + 6 * DAY);
  add(&course, "match_change", "tomorrow", NOW + 2);
  assert_int_equal(run(&course).due, MIDNIGHT + 8 * DAY);
  add(&course, "post_match", NULL, NOW + 3);
  add(&course, "match_change", "2026-12-03T00:00:00Z", NOW + 4);
  struct law_clock clock = run(&course);
  assert_true(clock.stopped);
  assert_int_equal(clock.due, MIDNIGHT + 9 * DAY);
  course.count = 2;
  add(&course, "match_cancel", NULL, NOW + 5); /* stops it for all */
  assert_true(run(&course).stopped);
  base_arena_free(&course.kind.arena);
}

/* A milestone that was reached late and is contested is due as before; reached again, it is late by then. */
static void one_that_was_stopped_runs_again(void **state) {
  (void)state;
  struct course course;
  begin(&course, "roadmap", "milestone");
  add(&course, "milestone", "2026-12-01", NOW);
  add(&course, "milestone_contest", NULL, NOW); /* of one that runs: nothing */
  add(&course, "milestone_reached", NULL, MIDNIGHT + 2 * DAY);
  assert_int_equal(run(&course).late, DAY);
  add(&course, "milestone_reached", NULL, MIDNIGHT + 3 * DAY); /* it was stopped */
  assert_int_equal(run(&course).late, DAY);
  add(&course, "milestone_contest", NULL, MIDNIGHT + 3 * DAY);
  struct law_clock clock = run(&course);
  assert_true(clock.running && !clock.stopped);
  assert_int_equal(clock.late, 0);
  assert_int_equal(clock.ended, 0);
  assert_int_equal(clock.due, MIDNIGHT + DAY);
  add(&course, "milestone_reached", NULL, MIDNIGHT + 4 * DAY);
  assert_int_equal(run(&course).late, 3 * DAY);
  base_arena_free(&course.kind.arena);
}

/* law_clocks is about those of the case; one of them may be due at a moment, too. */
static void those_of_items_are_not_of_the_case(void **state) {
  (void)state;
  struct course course;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  begin(&course, "operation", "task");
  add(&course, "task", "2026-12-01", NOW);
  assert_int_equal(law_clocks(&course.kind.kind, course.events, course.count, clocks), 0);
  course.kind.kind.clocks[course.clock - course.kind.kind.clocks].item = NULL;
  assert_int_equal(law_clocks(&course.kind.kind, course.events, course.count, clocks), 1);
  assert_int_equal(clocks[0].due, MIDNIGHT + DAY);
  assert_int_equal(clocks[0].started, NOW);
  base_arena_free(&course.kind.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_due_at_the_moment_and_not_by_its_receipt),
      cmocka_unit_test(does_not_begin_before_somebody_has_it),
      cmocka_unit_test(stops_in_time_or_late),
      cmocka_unit_test(a_later_message_moves_the_moment),
      cmocka_unit_test(one_that_was_stopped_runs_again),
      cmocka_unit_test(those_of_items_are_not_of_the_case),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
