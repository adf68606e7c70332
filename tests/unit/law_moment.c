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
    add(&course, "task_accept", NULL, at);
    struct law_clock clock = run(&course);
    assert_int_equal(clock.due, MIDNIGHT + DAY);
    assert_int_equal(clock.soon, MIDNIGHT - DAY);
    assert_true(clock.running && !clock.stopped);
    memset(course.headers, 0, sizeof course.headers);
  }
  base_arena_free(&course.kind.arena);
  begin(&course, "event", "risk_analysis");
  add(&course, "match", "2026-12-01T20:30:00Z", NOW);
  course.headers[0].time = NOW - 10 * DAY;
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

/* Nobody owes what he has not agreed to; who does when it is overdue is late from then on. */
static void what_waits_for_an_agreement_is_owed_from_then_on(void **state) {
  (void)state;
  struct course course;
  struct law_clock clock;
  begin(&course, "operation", "task");
  add(&course, "task", "2026-12-01", NOW);
  assert_false(law_clock_run(&course.kind.kind, course.clock, course.events, course.count, &clock));
  add(&course, "task_accept", NULL, 0); /* nobody holds it yet */
  assert_false(law_clock_run(&course.kind.kind, course.clock, course.events, course.count, &clock));
  for (int late = 0; late < 3; late++) {
    base_time agreed = MIDNIGHT + DAY + (late - 1) * HOUR;
    course.events[1].at = agreed;
    course.count = 2;
    assert_true(run(&course).running);
    assert_int_equal(run(&course).due, MIDNIGHT + DAY);
    assert_int_equal(run(&course).soon, MIDNIGHT - DAY);
    add(&course, "task_accept", NULL, agreed + 2 * HOUR); /* the first is what counts */
    add(&course, "task_done", NULL, agreed + 3 * HOUR);
    assert_int_equal(run(&course).late, late == 0 ? 2 * HOUR : 3 * HOUR);
  }
  course.count = 1;
  add(&course, "task_done", NULL, MIDNIGHT + 5 * DAY); /* never agreed to: it was late for nobody */
  assert_false(law_clock_run(&course.kind.kind, course.clock, course.events, course.count, &clock));
  add(&course, "task_accept", NULL, MIDNIGHT + 6 * DAY);
  assert_true(run(&course).stopped);
  assert_int_equal(run(&course).late, 0);
  course.count = 0;
  add(&course, "task_accept", NULL, NOW); /* once it came it counts, whatever begins the clock later */
  memset(course.headers, 0, sizeof course.headers);
  add(&course, "task", "2026-12-01", NOW + 1);
  assert_true(run(&course).running);
  base_arena_free(&course.kind.arena);
}

/* Of a match that is announced late an analysis is not overdue at once; and no change of it gives more time than there was. */
static void who_is_told_late_has_some_time_yet(void **state) {
  (void)state;
  static const base_time KICK_OFF = 1796083200, LEAST = 2 * DAY; /* MIDNIGHT */
  static const struct {
    base_time written, due;
  } announced[] = {
      {KICK_OFF - 14 * DAY - LEAST - 1, KICK_OFF - 14 * DAY}, {KICK_OFF - 14 * DAY - LEAST, KICK_OFF - 14 * DAY},
      {KICK_OFF - 14 * DAY - LEAST + 1, KICK_OFF - 14 * DAY + 1}, {KICK_OFF - 5 * DAY, KICK_OFF - 3 * DAY},
      {KICK_OFF - LEAST + 1, KICK_OFF}, {KICK_OFF + 9 * DAY, KICK_OFF}, {INT64_MAX - 1, KICK_OFF}};
  struct course course;
  begin(&course, "event", "risk_analysis");
  assert_int_equal(course.clock->least, LEAST);
  for (size_t i = 0; i < sizeof announced / sizeof *announced; i++) {
    memset(course.headers, 0, sizeof course.headers);
    course.count = 0;
    add(&course, "match", "2026-12-01T00:00:00Z", NOW);
    course.headers[0].time = announced[i].written;
    assert_int_equal(run(&course).due, announced[i].due);
  }
  course.kind.kind.clocks[course.clock - course.kind.kind.clocks].least = 0; /* where a kind has none, it is due as it says */
  assert_int_equal(run(&course).due, KICK_OFF - 14 * DAY);
  course.kind.kind.clocks[course.clock - course.kind.kind.clocks].least = LEAST;
  static const struct {
    const char *kick_off;
    base_time written, due;
  } changes[] = {
      {"2026-12-20T00:00:00Z", NOW, MIDNIGHT + 5 * DAY},             /* of a match on the 30th: put forward a little */
      {"2026-12-01T00:00:00Z", MIDNIGHT - 4 * DAY, MIDNIGHT - 2 * DAY}, /* much: two days are left */
      {"2026-12-01T00:00:00Z", MIDNIGHT - 3 * DAY, MIDNIGHT - 2 * DAY}, /* the place alone: not a day more */
      {"2026-12-02T00:00:00Z", MIDNIGHT - 1 * DAY, MIDNIGHT - 2 * DAY}, /* overdue: it stays so */
      {"2026-12-30T00:00:00Z", MIDNIGHT, MIDNIGHT + 15 * DAY},       /* put off: as of any such match */
  };
  memset(course.headers, 0, sizeof course.headers);
  course.count = 0;
  add(&course, "match", "2026-12-30T00:00:00Z", NOW);
  course.headers[0].time = NOW;
  assert_int_equal(run(&course).due, MIDNIGHT + 15 * DAY);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    add(&course, "match_change", changes[i].kick_off, NOW);
    course.headers[course.count - 1].time = changes[i].written;
    assert_int_equal(run(&course).due, changes[i].due);
  }
  base_arena_free(&course.kind.arena);
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
  struct wire_kind_clock *own = &course.kind.kind.clocks[course.clock - course.kind.kind.clocks];
  own->item = NULL;
  own->from = 0; /* goes with an item */
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
      cmocka_unit_test(what_waits_for_an_agreement_is_owed_from_then_on),
      cmocka_unit_test(who_is_told_late_has_some_time_yet),
      cmocka_unit_test(a_later_message_moves_the_moment),
      cmocka_unit_test(one_that_was_stopped_runs_again),
      cmocka_unit_test(those_of_items_are_not_of_the_case),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
