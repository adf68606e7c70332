/* SPDX-License-Identifier: Apache-2.0
 * The period of a case: moved by all who are in it, to what all of them said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_scene.h"
#include "short_memory.h"

enum { DAY = 86400 };

static void dated(struct wire_header *header, const char *from, const char *to) {
  say(header, "from", from);
  say(header, "to", to);
}

static void expect(struct scene *scene, base_time from, base_time to) {
  compute(scene);
  assert_int_equal(scene->state.period.from, from * DAY);
  assert_int_equal(scene->state.period.to, to * DAY);
}

/* From the second to the third of January 1970, agreed and under way. */
static void under_way(struct scene *scene) {
  begin(scene, "operation", 2);
  dated(add(scene, 'a', A, "propose", ""), "1970-01-02", "1970-01-03");
  add(scene, 'b', B, "legal_review", "a");
  add(scene, 'c', A, "activate", "b");
}

static void each_has_to_activate_it(void **state) {
  (void)state;
  struct scene scene;
  under_way(&scene);
  expect(&scene, 1, 3);
  assert_string_equal(state_name(&scene), "agreed");
  add(&scene, 'd', B, "activate", "c"); /* who made the state before has to say it, too */
  expect(&scene, 1, 3);
  assert_string_equal(state_name(&scene), "active");
  finish(&scene);
}

static void all_have_to_extend_it(void **state) {
  (void)state;
  struct scene scene;
  under_way(&scene);
  add(&scene, 'd', B, "activate", "c");
  dated(add(&scene, 'e', B, "extend", "d"), "1970-01-02", "1970-01-20");
  expect(&scene, 1, 3); /* B made the state, and alone extends nothing */
  dated(add(&scene, 'f', A, "extend", "e"), "1970-01-02", "1970-01-10");
  expect(&scene, 1, 10); /* what both said */
  dated(add(&scene, 'g', A, "extend", "f"), "1970-01-05", "1970-01-30");
  add(&scene, 'h', B, "suspend", "g"); /* what was agreed before counts no more */
  dated(add(&scene, 'i', B, "extend", "h"), "1970-01-01", "1970-01-31");
  expect(&scene, 1, 10);
  dated(add(&scene, 'j', A, "extend", "i"), "1970-01-01", "1970-01-31");
  expect(&scene, 0, 31);
  dated(add(&scene, 'k', B, "extend", "j"), "1970-01-01", "soon"); /* in a damaged database: it says nothing */
  dated(add(&scene, 'l', A, "extend", "k"), "1970-01-01", "soon");
  expect(&scene, 0, 31);
  finish(&scene);
}

/* Without agreement of all, where a kind has it so, each message says it anew, and nothing of an earlier one is left. */
static void one_that_leaves_the_state_says_it_alone(void **state) {
  (void)state;
  struct scene scene;
  under_way(&scene);
  for (size_t i = 0; i < scene.shipped.kind.transition_count; i++) {
    struct wire_kind_transition *transition = &scene.shipped.kind.transitions[i];
    if (base_view_is(transition->on->name, "extend")) {
      transition->all = transition->anew = false;
      transition->stays = true;
    }
  }
  dated(add(&scene, 'd', B, "extend", "c"), "1970-01-02", "1970-01-05");
  dated(add(&scene, 'e', A, "extend", "d"), "1970-01-02", "1970-01-09");
  expect(&scene, 1, 9);
  finish(&scene);
}

static void most_kinds_have_none(void **state) {
  (void)state;
  struct scene scene;
  begin(&scene, "relief", 2);
  add(&scene, 'a', A, "ask", "");
  expect(&scene, 0, 0);
  finish(&scene);
}

/* --- what waits until a moment is over */

/* Whether B, or who opened, boards at this time; until: as the opening message says it. */
static bool boards(const char *until, base_time at, const char *why) {
  struct scene scene;
  begin(&scene, "voluntary_return", 2);
  struct wire_header *header = add(&scene, 'a', A, "propose", "");
  if (until != NULL)
    say(header, "may_withdraw_until", until);
  header->time = 9 * DAY; /* of the others no time counts */
  add(&scene, 'b', A, "confirm_travel", "a")->time = 9 * DAY;
  header = add(&scene, 'c', A, "boarded", "b");
  header->time = at;
  compute(&scene);
  const struct engine_message *boarded = message(&scene, 'c');
  bool effective = boarded->effective;
  assert_string_equal(state_name(&scene), effective ? "travelled" : "travel_confirmed");
  assert_string_equal(boarded->why, effective ? "" : why);
  scene.count--;
  compute(&scene);
  struct base_error err = {0};
  const struct wire_kind *kind = &scene.shipped.kind;
  enum base_code code = engine_allows_header(kind, scene.messages, scene.count, &scene.state, header, &err);
  assert_int_equal(code, effective ? BASE_OK : BASE_TRANSITION);
  if (!effective) {
    assert_non_null(strstr(err.text, why));
    assert_non_null(strstr(err.text, "; possible now: confirm_travel, put_off, withdraw")); /* and not to board */
  }
  assert_int_equal(engine_allows(kind, scene.messages, scene.count, &scene.state, base_view_text(origins[A]), at,
                                 shipped_type(&scene.shipped, "boarded"), &err),
                   code);
  finish(&scene);
  return effective;
}

static void nobody_boards_before_it_is_over(void **state) {
  (void)state;
  static const char day[] = "not before 1970-01-03T00:00:00Z, when may_withdraw_until is over";
  assert_false(boards("1970-01-02", 0, day));
  assert_false(boards("1970-01-02", DAY, day)); /* the whole day counts */
  assert_false(boards("1970-01-02", 2 * DAY - 1, day));
  assert_true(boards("1970-01-02", 2 * DAY, ""));
  assert_true(boards("1970-01-02", INT64_MAX, ""));
  static const char hour[] = "not before 1970-01-01T08:00:00Z, when may_withdraw_until is over";
  assert_false(boards("1970-01-01T08:00:00Z", 8 * 3600 - 1, hour));
  assert_true(boards("1970-01-01T08:00:00Z", 8 * 3600, ""));
  static const char never[] = "not before may_withdraw_until is over, and the case does not say when";
  assert_false(boards("soon", 9 * DAY, never)); /* in a damaged database */
  assert_false(boards(NULL, INT64_MAX - 1, never));
}

/* --- periods that lie apart */

static struct wire_header *counts(struct scene *scene, int name, int author, const char *follows, const char *from, const char *to) {
  struct wire_header *header = add(scene, name, author, "statistics", follows);
  if (from != NULL)
    say(header, "from", from);
  if (to != NULL)
    say(header, "to", to);
  return header;
}

/* Whether one more, which follows b and c, is refused and has no effect, both times for this reason; "": it has one. */
static void second(struct scene *scene, const char *from, const char *to, const char *why) {
  scene->headers[scene->count] = (struct wire_header){0}; /* of the one before */
  struct wire_header *header = counts(scene, 'z', B, "bc", from, to);
  struct base_error err = {0};
  struct engine_state state;
  scene->count--;
  compute(scene);
  const struct wire_kind *kind = &scene->shipped.kind;
  state = scene->state;
  enum base_code code = engine_allows_header(kind, scene->messages, scene->count, &state, header, &err);
  if (code != (why[0] == 0 ? BASE_OK : BASE_TRANSITION))
    fail_msg("%s", err.text);
  assert_non_null(strstr(err.text, why));
  assert_int_equal(engine_allows(kind, scene->messages, scene->count, &state, base_view_text(origins[B]), 0,
                                 shipped_type(&scene->shipped, "statistics"), &err),
                   BASE_OK); /* some period is free */
  scene->messages[scene->count++] = (struct engine_message){.id = id_of('z'), .header = header};
  compute(scene);
  assert_int_equal(message(scene, 'z')->effective, why[0] == 0);
  assert_string_equal(message(scene, 'z')->why, why);
  scene->count--;
}

static void begin_counts(struct scene *scene) {
  begin(scene, "migration_group", 2);
  add(scene, 'a', A, "convene", "");
  counts(scene, 'b', A, "a", "2030-03-01", "2030-03-31");
  counts(scene, 'c', B, "b", "2030-05-01", "2030-05-31");
}

#define OVERLAPS(id, from, to) "its period overlaps with that of " id "…, from " from " to " to

static void what_is_said_of_a_period_is_said_once(void **state) {
  (void)state;
  struct scene scene;
  char march[ENGINE_WHY], may[ENGINE_WHY];
  struct base_id b = id_of('b'), c = id_of('c');
  (void)snprintf(march, sizeof march, OVERLAPS("%.12s", "2030-03-01", "2030-03-31"), base_id_text(&b).text);
  (void)snprintf(may, sizeof may, OVERLAPS("%.12s", "2030-05-01", "2030-05-31"), base_id_text(&c).text);
  begin_counts(&scene);
  second(&scene, "2030-04-01", "2030-04-30", ""); /* it fits between them, to the day */
  second(&scene, "2030-02-01", "2030-02-28", "");
  second(&scene, "2030-06-01", "2030-06-30", "");
  second(&scene, "2030-03-31", "2030-04-30", march);
  second(&scene, "2030-04-01", "2030-05-01", may);
  second(&scene, "2030-05-31", "2030-06-30", may);
  second(&scene, "2030-02-01", "2030-03-01", march);
  second(&scene, "2030-03-01", "2030-03-31", march); /* the same, by another party */
  second(&scene, "2030-03-10", "2030-03-10", march);
  second(&scene, "2030-01-01", "2030-12-31", march); /* over both: the first in time */
  second(&scene, "2030-05-10", "2030-05-12", may);
  second(&scene, "2030-06-02", "2030-06-01", "from from to to is no period");
  second(&scene, "2030-06-02", "2030-06-02", ""); /* a day is one */
  second(&scene, "2030-06-02", "soon", "from from to to is no period"); /* in a damaged database */
  second(&scene, "soon", "2030-06-02", "from from to to is no period");
  second(&scene, NULL, "2030-06-02", "from from to to is no period");
  second(&scene, "2030-06-02", NULL, "from from to to is no period");
  finish(&scene);
}

/* A time is no whole day: what ends at one begins there, and what begins where it ends is none. */
static void times_are_held_apart_to_the_second(void **state) {
  (void)state;
  struct scene scene;
  begin(&scene, "migration_group", 2);
  add(&scene, 'a', A, "convene", "");
  counts(&scene, 'b', A, "a", "2030-03-01T00:00:00Z", "2030-03-01T12:00:00Z");
  counts(&scene, 'c', A, "b", "2030-03-01T12:00:00Z", "2030-03-01T12:00:01Z");
  compute(&scene);
  assert_true(message(&scene, 'b')->effective && message(&scene, 'c')->effective);
  second(&scene, "2030-03-01T12:00:01Z", "2030-03-01T12:00:01Z", "from from to to is no period");
  second(&scene, "2030-03-01T12:00:01Z", "2030-03-01T12:00:02Z", "");
  finish(&scene);
}

/* Two write before they have read each other: all nodes come to the same, whatever came first; the third is held against what took effect alone. */
static void the_order_of_the_case_says_which_was_first(void **state) {
  (void)state;
  for (int turn = 0; turn < 2; turn++) {
    struct scene scene;
    begin(&scene, "migration_group", 2);
    add(&scene, 'a', A, "convene", "");
    counts(&scene, turn ? 'b' : 'c', B, "a", "2030-03-01", "2030-04-15");
    counts(&scene, turn ? 'c' : 'b', A, "a", "2030-04-01", "2030-04-30");
    counts(&scene, 'd', A, "bc", "2030-03-01", "2030-03-31");
    counts(&scene, 'e', A, "d", "2030-04-20", "2030-05-20");
    for (int order = 0; order < 3; order++) {
      struct engine_message last = scene.messages[scene.count - 1];
      memmove(scene.messages + 1, scene.messages, (scene.count - 1) * sizeof last);
      scene.messages[0] = last;
      compute(&scene);
      assert_true(message(&scene, 'b')->effective);
      assert_false(message(&scene, 'c')->effective);
      assert_int_equal(message(&scene, 'd')->effective, !turn); /* b is March to April, or April */
      assert_int_equal(message(&scene, 'e')->effective, turn);
    }
    finish(&scene);
  }
}

/* What takes no effect for another reason says nothing of a period; another type, held apart too, says its own. */
static void only_what_took_effect_is_in_the_way(void **state) {
  (void)state;
  struct scene scene;
  begin_counts(&scene);
  struct wire_kind *kind = &scene.shipped.kind;
  struct wire_kind_type *note = &kind->types[shipped_type(&scene.shipped, "decision") - kind->types];
  note->apart = kind->types[shipped_type(&scene.shipped, "statistics") - kind->types].apart;
  struct wire_header *header = add(&scene, 'd', A, "decision", "c");
  say(header, "from", "2030-03-01");
  say(header, "to", "2030-04-10");
  header = add(&scene, 'e', A, "decision", "d");
  say(header, "from", "2030-04-10");
  say(header, "to", "2030-04-11");
  counts(&scene, 'f', A, "e", "2030-04-01", "2030-04-30")->party_count--; /* not all hold it */
  add(&scene, 'g', A, "no_such_type", "f");
  counts(&scene, 'h', A, "g", "2030-04-05", "2030-04-30");
  compute(&scene);
  assert_true(message(&scene, 'd')->effective);
  assert_false(message(&scene, 'e')->effective);
  assert_false(message(&scene, 'f')->effective);
  assert_string_equal(message(&scene, 'f')->why, "it does not go to all parties of the case");
  assert_true(message(&scene, 'h')->effective);
  struct engine_message last = scene.messages[--scene.count]; /* nor was it before it was written */
  assert_true(base_id_equal(&last.id, &(struct base_id){{'h'}}));
  compute(&scene);
  assert_int_equal(engine_allows_header(kind, scene.messages, scene.count, &scene.state, last.header, NULL), BASE_OK);
  finish(&scene);
}

static void without_memory_nothing_is_said_of_periods(void **state) {
  (void)state;
  struct scene scene;
  struct base_error err;
  bool told = false;
  begin_counts(&scene);
  for (size_t which = 1, enough = false; !enough && without_memory(which); which++) {
    enum base_code code = try_compute(&scene, &err);
    enough = memory_was_enough();
    assert_int_equal(code, enough ? BASE_OK : BASE_MEMORY);
    told = told || (code != BASE_OK && strcmp(err.text, "no memory left for the periods in a case") == 0);
  }
  assert_true(told || !without_memory(1));
  (void)memory_was_enough();
  finish(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_has_to_activate_it),
      cmocka_unit_test(all_have_to_extend_it),
      cmocka_unit_test(one_that_leaves_the_state_says_it_alone),
      cmocka_unit_test(most_kinds_have_none),
      cmocka_unit_test(nobody_boards_before_it_is_over),
      cmocka_unit_test(what_is_said_of_a_period_is_said_once),
      cmocka_unit_test(times_are_held_apart_to_the_second),
      cmocka_unit_test(the_order_of_the_case_says_which_was_first),
      cmocka_unit_test(only_what_took_effect_is_in_the_way),
      cmocka_unit_test(without_memory_nothing_is_said_of_periods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
