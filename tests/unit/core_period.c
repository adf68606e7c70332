/* SPDX-License-Identifier: Apache-2.0
 * The period of a case: moved by all who are in it, to what all of them said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_scene.h"

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
  const struct core_case_message *boarded = message(&scene, 'c');
  bool effective = boarded->effective;
  assert_string_equal(state_name(&scene), effective ? "travelled" : "travel_confirmed");
  assert_string_equal(boarded->why, effective ? "" : why);
  scene.count--;
  compute(&scene);
  struct base_error err = {0};
  const struct wire_kind *kind = &scene.shipped.kind;
  enum base_code code = core_case_allows_header(kind, scene.messages, scene.count, &scene.state, header, &err);
  assert_int_equal(code, effective ? BASE_OK : BASE_TRANSITION);
  if (!effective) {
    assert_non_null(strstr(err.text, why));
    assert_non_null(strstr(err.text, "; possible now: confirm_travel, put_off, withdraw")); /* and not to board */
  }
  assert_int_equal(core_case_allows(kind, scene.messages, scene.count, &scene.state, base_view_text(origins[A]), at,
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_has_to_activate_it),
      cmocka_unit_test(all_have_to_extend_it),
      cmocka_unit_test(one_that_leaves_the_state_says_it_alone),
      cmocka_unit_test(most_kinds_have_none),
      cmocka_unit_test(nobody_boards_before_it_is_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
