/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/law.h"

enum { HOUR = 3600, DAY = 86400 };
static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

struct course {
  struct shipped request;
  struct wire_header header;
  struct law_clock_event events[16];
  size_t count;
};

static void begin(struct course *course, const char *urgency) {
  memset(course, 0, sizeof *course);
  shipped_load(&course->request, "request");
  course->header.state[0] = (struct wire_state_field){BASE_VIEW("urgency"), base_view_text(urgency)};
  course->header.state[1] = (struct wire_state_field){BASE_VIEW("ground"), BASE_VIEW("facts_insufficient")};
  course->header.state_count = 2;
}

static void add(struct course *course, const char *type, base_time at) {
  course->events[course->count++] =
      (struct law_clock_event){.type = shipped_type(&course->request, type), .at = at, .header = &course->header};
}

static struct law_clock run(struct course *course) {
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  assert_int_equal(law_clocks(&course->request.kind, course->events, course->count, clocks), 1);
  assert_true(base_view_is(clocks[0].name, "answer"));
  return clocks[0];
}

static void lengths_follow_the_urgency(void **state) {
  (void)state;
  static const struct {
    const char *urgency;
    int64_t length;
  } lengths[] = {{"urgent_direct", 8 * HOUR}, {"urgent_indirect", 3 * DAY}, {"normal", 7 * DAY}};
  for (size_t i = 0; i < 3; i++) {
    struct course course;
    begin(&course, lengths[i].urgency);
    add(&course, "ask", NOW);
    struct law_clock clock = run(&course);
    assert_true(clock.running && !clock.paused && !clock.stopped);
    assert_int_equal(clock.started, NOW);
    assert_int_equal(clock.due, NOW + lengths[i].length);
    base_arena_free(&course.request.arena);
  }
}

static void runs_from_the_receipt_only(void **state) {
  (void)state;
  struct course course;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  begin(&course, "normal");
  course.header.time = NOW - 6 * DAY; /* what the author says */
  add(&course, "ask", 0);
  assert_int_equal(law_clocks(&course.request.kind, course.events, 1, clocks), 0);
  course.count = 0;
  add(&course, "ask", NOW);
  add(&course, "answer", 0); /* sent, not received */
  assert_true(run(&course).running);
  base_arena_free(&course.request.arena);
}

static void clarifying_pauses(void **state) {
  (void)state;
  struct course course;
  begin(&course, "urgent_direct");
  add(&course, "ask", NOW);
  add(&course, "clarify", NOW + 2 * HOUR);
  assert_true(run(&course).paused);
  assert_int_equal(run(&course).due, NOW + 8 * HOUR);
  add(&course, "clarify", NOW + 3 * HOUR); /* the first one counts */
  add(&course, "clarification", NOW + 7 * HOUR);
  assert_true(run(&course).running);
  assert_int_equal(run(&course).due, NOW + 13 * HOUR);
  add(&course, "clarify", NOW + 8 * HOUR);
  add(&course, "partial_answer", NOW + 9 * HOUR);
  assert_int_equal(run(&course).due, NOW + 14 * HOUR);
  base_arena_free(&course.request.arena);
}

/* A partner's program may send anything: without a ground, or with one that the kind does not know, nothing pauses. */
static void only_a_ground_of_the_kind_pauses(void **state) {
  (void)state;
  static const struct wire_state_field fields[] = {
      {BASE_VIEW("urgency"), BASE_VIEW("normal")}, /* no ground at all */
      {BASE_VIEW("ground"), BASE_VIEW("because")},
      {BASE_VIEW("ground"), BASE_VIEW("")},
      {BASE_VIEW("grounds"), BASE_VIEW("facts_insufficient")},
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    struct course course;
    begin(&course, "urgent_direct");
    add(&course, "ask", NOW);
    struct wire_header other = course.header;
    other.state[1] = fields[i];
    add(&course, "clarify", NOW + HOUR);
    course.events[1].header = &other;
    assert_true(run(&course).running && !run(&course).paused);
    add(&course, "clarification", NOW + 5 * HOUR);
    assert_int_equal(run(&course).due, NOW + 8 * HOUR);
    base_arena_free(&course.request.arena);
  }
  struct course course;
  begin(&course, "urgent_direct");
  add(&course, "ask", NOW);
  assert_true(run(&course).paused_by == NULL && run(&course).ground.size == 0 && run(&course).paused_since == 0);
  add(&course, "clarify", NOW + HOUR);
  assert_int_equal(run(&course).paused_since, NOW + HOUR);
  assert_ptr_equal(run(&course).paused_by, &course.header);
  assert_true(base_view_is(run(&course).ground, "facts_insufficient"));
  add(&course, "clarify", NOW + 2 * HOUR); /* the first one's time stays */
  assert_int_equal(run(&course).paused_since, NOW + HOUR);
  add(&course, "clarification", NOW + 2 * HOUR);
  assert_true(run(&course).paused_by == NULL && run(&course).ground.size == 0 && run(&course).paused_since == 0);
  base_arena_free(&course.request.arena);
}

static void what_is_overdue_is_not_paused(void **state) {
  (void)state;
  for (int late = 0; late <= 1; late++) {
    struct course course;
    begin(&course, "urgent_direct");
    add(&course, "ask", NOW);
    add(&course, "clarify", NOW + 8 * HOUR + late);
    assert_int_equal(run(&course).paused, !late);
    add(&course, "clarification", NOW + 9 * HOUR);
    assert_int_equal(run(&course).due, NOW + (late ? 8 : 9) * HOUR);
    base_arena_free(&course.request.arena);
  }
}

/* The kind says from which share of the time on: a quarter, here. A pause moves it along. */
static void due_soon_is_a_share_of_the_length(void **state) {
  (void)state;
  struct course course;
  begin(&course, "urgent_direct");
  add(&course, "ask", NOW);
  assert_int_equal(run(&course).soon, NOW + 6 * HOUR);
  add(&course, "clarify", NOW + HOUR);
  add(&course, "clarification", NOW + 2 * HOUR);
  assert_int_equal(run(&course).soon, NOW + 7 * HOUR);
  course.request.kind.clocks[0].soon = 0;
  assert_int_equal(run(&course).soon, NOW + 9 * HOUR);
  base_arena_free(&course.request.arena);
}

static void a_pause_is_never_negative(void **state) {
  (void)state;
  struct course course;
  begin(&course, "normal");
  add(&course, "ask", NOW);
  add(&course, "clarify", NOW + HOUR);
  add(&course, "clarification", NOW);
  assert_int_equal(run(&course).due, NOW + 7 * DAY);
  base_arena_free(&course.request.arena);
}

static void each_end_stops(void **state) {
  (void)state;
  static const char *const ends[] = {"answer", "refuse", "withdraw", "close"};
  for (size_t i = 0; i < 4; i++) {
    struct course course;
    begin(&course, "normal");
    add(&course, "ask", NOW);
    if (i == 1)
      add(&course, "clarify", NOW + 1);
    add(&course, ends[i], NOW + DAY);
    add(&course, "clarification", NOW + 2 * DAY);
    struct law_clock clock = run(&course);
    assert_true(clock.stopped && !clock.running && !clock.paused && clock.paused_since == 0);
    assert_int_equal(clock.ended, NOW + DAY);
    assert_int_equal(clock.due, NOW + 7 * DAY);
    base_arena_free(&course.request.arena);
  }
}

/* Whoever ends it, from the second after it was due on; nobody is late while it is paused. */
static void what_ends_late_stays_late(void **state) {
  (void)state;
  static const char *const ends[] = {"answer", "refuse", "withdraw", "close"};
  for (size_t i = 0; i < 4; i++)
    for (int paused = 0; paused <= 1; paused++)
      for (int64_t late = 0; late <= 2; late++) {
        struct course course;
        begin(&course, "urgent_direct");
        add(&course, "ask", NOW);
        if (paused)
          add(&course, "clarify", NOW + 8 * HOUR);
        assert_int_equal(run(&course).late, 0);
        add(&course, ends[i], NOW + 8 * HOUR + late);
        assert_int_equal(run(&course).late, paused ? 0 : late);
        add(&course, "ask", NOW + DAY); /* starts anew */
        assert_int_equal(run(&course).late, 0);
        base_arena_free(&course.request.arena);
      }
}

static void far_times_do_not_wrap(void **state) {
  (void)state;
  struct course course;
  begin(&course, "normal");
  add(&course, "ask", INT64_MAX - 5);
  add(&course, "clarify", INT64_MIN);
  add(&course, "clarification", INT64_MAX);
  assert_int_equal(run(&course).due, INT64_MAX);
  base_arena_free(&course.request.arena);
}

/* The stricter of the two readings counts, whichever clock is ahead, and both are told. */
static void disputed_receipts(void **state) {
  (void)state;
  static const struct {
    base_time receipt, ours, from;
  } cases[] = {{NOW + HOUR, NOW, NOW}, {NOW - HOUR, NOW, NOW - HOUR}};
  for (size_t i = 0; i < 2; i++) {
    struct course course;
    begin(&course, "urgent_direct");
    add(&course, "ask", cases[i].receipt);
    course.events[0].ours = cases[i].ours;
    struct law_clock clock = run(&course);
    assert_true(clock.disputed && clock.running);
    assert_int_equal(clock.started, cases[i].from);
    assert_int_equal(clock.due, cases[i].from + 8 * HOUR);
    assert_int_equal(clock.receipt, cases[i].receipt);
    assert_int_equal(clock.ours, cases[i].ours);
    base_arena_free(&course.request.arena);
  }
}

static void unknown_urgency_starts_nothing(void **state) {
  (void)state;
  struct course course;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  begin(&course, "whenever");
  add(&course, "ask", NOW);
  assert_int_equal(law_clocks(&course.request.kind, course.events, course.count, clocks), 0);
  base_arena_free(&course.request.arena);
}

/* Who owes it has done his part by agreeing; what another agrees to neither begins, pauses nor ends it until all have. */
static void what_only_agrees(void **state) {
  (void)state;
  static const char *const later[] = {"clarify", "answer"};
  for (int owed = 0; owed <= 1; owed++)
    for (int opener = 0; opener <= 1; opener++)
      for (size_t i = 0; i < 2; i++) {
        struct course course;
        struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
        begin(&course, "normal");
        course.request.kind.clocks[0].owes = owed ? WIRE_OWES_OPENER : WIRE_OWES_ASKED;
        add(&course, "ask", NOW);
        course.events[0].agrees = true;
        course.events[0].by_opener = opener;
        assert_int_equal(law_clocks(&course.request.kind, course.events, 1, clocks), 0);
        course.events[0].agrees = false;
        add(&course, later[i], NOW + HOUR);
        course.events[1].by_opener = opener;
        assert_false(run(&course).running); /* it does more than agree */
        course.events[1].agrees = true;
        assert_int_equal(run(&course).running, owed != opener);
        assert_int_equal(run(&course).paused, i == 0 && owed == opener);
        assert_int_equal(run(&course).stopped, i == 1 && owed == opener);
        base_arena_free(&course.request.arena);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lengths_follow_the_urgency),
      cmocka_unit_test(runs_from_the_receipt_only),
      cmocka_unit_test(clarifying_pauses),
      cmocka_unit_test(only_a_ground_of_the_kind_pauses),
      cmocka_unit_test(what_is_overdue_is_not_paused),
      cmocka_unit_test(due_soon_is_a_share_of_the_length),
      cmocka_unit_test(a_pause_is_never_negative),
      cmocka_unit_test(each_end_stops),
      cmocka_unit_test(disputed_receipts),
      cmocka_unit_test(what_ends_late_stays_late),
      cmocka_unit_test(far_times_do_not_wrap),
      cmocka_unit_test(unknown_urgency_starts_nothing),
      cmocka_unit_test(what_only_agrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
