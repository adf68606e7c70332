/* SPDX-License-Identifier: Apache-2.0
 * When a case is due stands in its row and moves with its clocks; what is due soon or overdue is told once, as a leaf.
 */
#include "core_ask.h"
#include "core_damage.h"

#include "core/clocks.h"

enum { HOUR = 3600, DAY = 86400 };

struct clocked {
  struct pair_node a, b;
  char id[65];
  base_time start;
};

static void begin(struct clocked *clocked) {
  char agreement[65];
  ask_two(&clocked->a, &clocked->b);
  pair_agree(&clocked->a, &clocked->b, agreement);
  pair_request(&clocked->a, &clocked->b, clocked->id);
  pair_rest(&clocked->a, &clocked->b);
  clocked->start = clocked->b.now;
}

static void end(struct clocked *clocked) {
  ask_remove(&clocked->a, &clocked->b);
}

static struct store_case row_of(struct pair_node *node, const char *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id kase = try_id(id);
  struct store_case row;
  assert_int_equal(store_case_get(node->core->store, &kase, &arena, &row, NULL), BASE_OK);
  return row;
}

static void at_time(struct clocked *clocked, base_time offset) {
  clocked->a.now = clocked->b.now = clocked->start + offset;
  pair_settle(&clocked->a);
  pair_settle(&clocked->b);
}

static unsigned told(struct pair_node *node) {
  return try_count(node, WIRE_ACT_DEADLINE);
}

/* Both sides have the same row, from the receipt on, and it goes when the case is answered. */
static void the_row_moves_with_the_clock(void **state) {
  (void)state;
  struct clocked clocked;
  char id[65];
  begin(&clocked);
  assert_int_equal(row_of(&clocked.b, clocked.id).due, clocked.start + 7 * DAY);
  assert_int_equal(row_of(&clocked.a, clocked.id).due, clocked.start + 7 * DAY);
  assert_int_equal(row_of(&clocked.a, clocked.id).look, clocked.start + 7 * DAY - 7 * DAY / 4);
  at_time(&clocked, DAY);
  try_send(&clocked.b, clocked.id, "clarify", try_question, id);
  pair_rest(&clocked.a, &clocked.b);
  assert_int_equal(row_of(&clocked.a, clocked.id).due, STORE_DUE_PAUSED);
  assert_int_equal(row_of(&clocked.b, clocked.id).look, INT64_MAX);
  at_time(&clocked, 3 * DAY);
  try_send(&clocked.a, clocked.id, "clarification", try_answer, id);
  pair_rest(&clocked.a, &clocked.b);
  assert_int_equal(row_of(&clocked.a, clocked.id).due, clocked.start + 9 * DAY);
  assert_int_equal(row_of(&clocked.b, clocked.id).due, clocked.start + 9 * DAY);
  try_sound(&clocked.a);
  try_send(&clocked.b, clocked.id, "answer", try_answer, id);
  pair_rest(&clocked.a, &clocked.b);
  assert_int_equal(row_of(&clocked.a, clocked.id).due, INT64_MAX);
  at_time(&clocked, 30 * DAY);
  assert_int_equal(told(&clocked.a) + told(&clocked.b), 0);
  end(&clocked);
}

/* Once each, on both sides; not again after a start, nor when the clock of the machine goes back. */
static void each_is_told_once(void **state) {
  (void)state;
  struct clocked clocked;
  begin(&clocked);
  at_time(&clocked, 5 * DAY);
  assert_int_equal(told(&clocked.a), 0);
  at_time(&clocked, 5 * DAY + 6 * HOUR);
  assert_int_equal(told(&clocked.a), 1);
  assert_int_equal(told(&clocked.b), 1);
  try_expect(&clocked.a, WIRE_ACT_DEADLINE, 1, "soon ");
  at_time(&clocked, 6 * DAY);
  try_restart(&clocked.a);
  at_time(&clocked, 7 * DAY);
  assert_int_equal(told(&clocked.a), 1);
  at_time(&clocked, 7 * DAY + 1);
  assert_int_equal(told(&clocked.a), 2);
  try_expect(&clocked.a, WIRE_ACT_DEADLINE, 2, "overdue ");
  try_restart(&clocked.a);
  at_time(&clocked, 8 * DAY);
  at_time(&clocked, 2 * DAY);
  at_time(&clocked, 9 * DAY);
  assert_int_equal(told(&clocked.a), 2);
  assert_int_equal(told(&clocked.b), 2);
  struct told status = tell(&clocked.a, LINK_NODE_STATUS, "{\"actor\":\"amal\"}");
  assert_int_equal(number(status.json, "overdue"), 1);
  assert_int_equal(number(status.json, "recalls_overdue"), 0);
  forget(&status);
  end(&clocked);
}

/* A node that was down until it was late says that alone; a pause that comes then changes nothing. */
static void what_is_overdue_stays_so(void **state) {
  (void)state;
  struct clocked clocked;
  char id[65];
  begin(&clocked);
  at_time(&clocked, 8 * DAY);
  assert_int_equal(told(&clocked.a), 1);
  try_expect(&clocked.a, WIRE_ACT_DEADLINE, 1, "overdue ");
  try_send(&clocked.b, clocked.id, "clarify", try_question, id);
  pair_rest(&clocked.a, &clocked.b);
  try_state(&clocked.a, clocked.id, "clarifying");
  assert_int_equal(row_of(&clocked.a, clocked.id).due, clocked.start + 7 * DAY);
  assert_int_equal(told(&clocked.a), 1); /* looked at once more, and told no second time */
  end(&clocked);
}

/* The clock of the case as a person is shown it, and whether its lateness is counted: at both sides alike. */
static void expect_late(struct pair_node *node, const char *id, int64_t late) {
  char text[200];
  snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"bare\":true}", id);
  struct told kase = tell(node, LINK_CASE_SHOW, text);
  const struct wire_json *clock = wire_json_at(wire_json_get(kase.json, "clocks"), 0);
  assert_true(wire_json_true(wire_json_get(clock, "stopped")));
  assert_int_equal(wire_json_get(clock, "late_seconds") != NULL, late > 0);
  if (late > 0)
    assert_int_equal(number(clock, "late_seconds"), late);
  forget(&kase);
}

/* Who answers, or withdraws, what is overdue does not make it good. */
static void what_ended_late_stays_late(void **state) {
  (void)state;
  struct clocked clocked;
  char id[65], more[65];
  begin(&clocked);
  pair_request(&clocked.a, &clocked.b, more);
  pair_rest(&clocked.a, &clocked.b);
  at_time(&clocked, 7 * DAY);
  try_send(&clocked.b, more, "answer", try_answer, id);
  pair_rest(&clocked.a, &clocked.b);
  at_time(&clocked, 9 * DAY + 3 * HOUR);
  try_send(&clocked.a, clocked.id, "withdraw", "{}", id);
  pair_rest(&clocked.a, &clocked.b);
  expect_late(&clocked.a, more, 0);
  expect_late(&clocked.b, more, 0);
  expect_late(&clocked.a, clocked.id, 2 * DAY + 3 * HOUR);
  expect_late(&clocked.b, clocked.id, 2 * DAY + 3 * HOUR);
  end(&clocked);
}

/* By deadline, the overdue first, page by page; those without a running clock last. */
static void the_list_goes_by_deadline(void **state) {
  (void)state;
  struct clocked clocked;
  char more[65], text[200], before[16][65];
  size_t count = 0;
  begin(&clocked);
  for (int i = 0; i < 3; i++) {
    at_time(&clocked, (i + 1) * DAY);
    pair_request(&clocked.a, &clocked.b, more);
    pair_rest(&clocked.a, &clocked.b);
  }
  at_time(&clocked, 8 * DAY + HOUR);
  char cursor[100] = "";
  for (base_time last = 0;;) {
    snprintf(text, sizeof text, "{\"actor\":\"amal\",\"by\":\"deadline\",\"limit\":2,\"after\":\"%s\"}", cursor);
    struct told page = tell(&clocked.a, LINK_CASE_LIST, text);
    size_t size = wire_json_size(page.json);
    for (size_t i = 0; i < size; i++, count++) {
      const struct wire_json *kase = at(page.json, i);
      base_time due = INT64_MAX;
      struct base_view id = wire_json_text(wire_json_get(kase, "id"));
      if (!is_null(kase, "due"))
        assert_true(base_time_parse(wire_json_text(wire_json_get(kase, "due")), &due));
      assert_true(due >= last);
      last = due;
      assert_int_equal(wire_json_true(wire_json_get(kase, "overdue")), due < clocked.a.now);
      for (size_t k = 0; k < count; k++)
        assert_false(base_view_is(id, before[k]));
      snprintf(before[count], sizeof before[count], "%.*s", (int)id.size, (const char *)id.data);
      struct base_view next = wire_json_text(wire_json_get(kase, "cursor"));
      snprintf(cursor, sizeof cursor, "%.*s", (int)next.size, (const char *)next.data);
    }
    forget(&page);
    if (size == 0)
      break;
  }
  assert_int_equal(count, 5); /* and the agreement */
  struct pair_answer none = pair_ask(&clocked.a, LINK_CASE_LIST, "{\"actor\":\"amal\",\"by\":\"deadline\",\"limit\":0}", -1);
  assert_int_equal(none.status, BASE_FIELD);
  pair_answer_free(&none);
  assert_string_equal(before[0], clocked.id);
  struct told some = tell(&clocked.a, LINK_CASE_LIST,
                          "{\"actor\":\"amal\",\"by\":\"deadline\",\"state\":\"asked\",\"kind\":\"request\"}");
  assert_int_equal(wire_json_size(some.json), 4);
  forget(&some);
  pair_refused(&clocked.a, LINK_CASE_LIST, "{\"actor\":\"a\",\"by\":\"name\"}", BASE_FIELD);
  pair_refused(&clocked.a, LINK_CASE_LIST, "{\"actor\":\"a\",\"state\":\"asked\"}", BASE_FIELD);
  pair_refused(&clocked.a, LINK_CASE_LIST, "{\"actor\":\"a\",\"by\":\"deadline\",\"state\":\"slept\"}", BASE_FIELD);
  pair_refused(&clocked.a, LINK_CASE_LIST, "{\"actor\":\"a\",\"by\":\"deadline\",\"after\":\"7\"}", BASE_FIELD);
  end(&clocked);
}

/* What was changed in the database past the node is found; rows that were never computed are, at the next step. */
static void the_row_is_checked_and_made_anew(void **state) {
  (void)state;
  struct clocked clocked;
  BASE_AUTO_BUF struct base_buf said = {0};
  base_buf_init(&said, 1 << 20);
  begin(&clocked);
  struct core *core = clocked.a.core;
  struct base_id id = try_id(clocked.id);
  struct store_case row = row_of(&clocked.a, clocked.id);
  assert_int_equal(store_begin(core->store, NULL), BASE_OK);
  assert_int_equal(store_case_clocks_set(core->store, &id, row.due + 30 * DAY, row.look, NULL), BASE_OK);
  assert_int_equal(store_commit(core->store, NULL), BASE_OK);
  assert_true(try_check(&clocked.a, &said) > 0);
  assert_non_null(memmem(said.data, said.size, "it is stored as due", 19));
  assert_int_equal(store_begin(core->store, NULL), BASE_OK);
  assert_int_equal(store_case_clocks_set(core->store, &id, 0, 0, NULL), BASE_OK); /* as after the migration */
  assert_int_equal(store_commit(core->store, NULL), BASE_OK);
  try_restart(&clocked.a);
  pair_settle(&clocked.a);
  assert_int_equal(row_of(&clocked.a, clocked.id).due, row.due);
  assert_int_equal(row_of(&clocked.a, clocked.id).look, row.look);
  end(&clocked);
}

/* As a hand in the database would: each is named, and the case is found sound again as it was. */
static void try_alarm(struct clocked *clocked, const char *change, const char *back, const char *words) {
  BASE_AUTO_BUF struct base_buf said = {0};
  base_buf_init(&said, 1 << 20);
  damage_sql(&clocked->a, change);
  assert_true(try_check(&clocked->a, &said) > 0);
  base_buf_u8(&said, 0);
  if (strstr((const char *)said.data, words) == NULL)
    fail_msg("%s: %s", change, (const char *)said.data);
  damage_sql(&clocked->a, back);
  try_sound(&clocked->a);
}

/* A deadline is told by a leaf, and the row that says so is that leaf's; the row of one that was told again of another
 * moment is the later leaf's. */
static void what_was_told_is_checked(void **state) {
  (void)state;
  struct clocked clocked;
  char id[65];
  begin(&clocked);
  at_time(&clocked, 6 * DAY);
  try_send(&clocked.b, clocked.id, "clarify", try_question, id);
  pair_rest(&clocked.a, &clocked.b);
  try_send(&clocked.a, clocked.id, "clarification", try_answer, id);
  at_time(&clocked, 6 * DAY + HOUR);
  pair_rest(&clocked.a, &clocked.b);
  at_time(&clocked, 9 * DAY);
  unsigned count = told(&clocked.a);
  assert_true(count >= 2);
  try_sound(&clocked.a);
  try_alarm(&clocked, "UPDATE alarms SET due = due + 1", "UPDATE alarms SET due = due - 1", "says something else");
  try_alarm(&clocked, "UPDATE alarms SET leaf_index = leaf_index - 1", "UPDATE alarms SET leaf_index = leaf_index + 1",
            "says something else");
  try_alarm(&clocked, "UPDATE alarms SET leaf_index = leaf_index + 9999",
            "UPDATE alarms SET leaf_index = leaf_index - 9999", "cannot be read");
  try_alarm(&clocked, "UPDATE alarms SET party = 1 - party", "UPDATE alarms SET party = 1 - party",
            "says something else");
  try_alarm(&clocked, "UPDATE alarms SET clock = clock + 1", "UPDATE alarms SET clock = clock - 1",
            "says something else");
  end(&clocked);
}

static void what_was_told_is_not_forgotten(void **state) {
  (void)state;
  struct clocked clocked;
  BASE_AUTO_BUF struct base_buf said = {0};
  base_buf_init(&said, 1 << 20);
  begin(&clocked);
  at_time(&clocked, 8 * DAY);
  damage_sql(&clocked.a, "DELETE FROM alarms");
  assert_true(try_check(&clocked.a, &said) > 0);
  base_buf_u8(&said, 0);
  assert_non_null(strstr((const char *)said.data, "that it was told is not stored"));
  end(&clocked);
}

/* Zones are told with each deadline, ours first; only names of a zone are taken. */
static void both_sides_have_a_zone(void **state) {
  (void)state;
  struct clocked clocked;
  begin(&clocked);
  static const char *const wrong[] = {"",    "/etc/passwd",        "../x",         "Europe/", "Europe//Paris", "A\\nB",
                                      "1/2", "Africa/Casablanca.", "Europe/Pa ris"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char request[200];
    snprintf(request, sizeof request, "{\"actor\":\"a\",\"zone\":\"%s\"}", wrong[i]);
    pair_refused(&clocked.a, LINK_ZONE_SET, request, BASE_FIELD);
  }
  char name[BASE_ZONE_MAX + 2];
  for (size_t size = BASE_ZONE_MAX; size <= BASE_ZONE_MAX + 1; size++) {
    memset(name, 'a', size);
    assert_int_equal(base_zone_valid(base_view_of(name, size)), size == BASE_ZONE_MAX);
  }
  pair_refused(&clocked.a, LINK_ZONE_SET, "{\"actor\":\"a\",\"name\":\"lisbon\",\"zone\":\"UTC\"}", BASE_UNKNOWN_NODE);
  struct told done = tell(&clocked.a, LINK_ZONE_SET, "{\"actor\":\"a\",\"zone\":\"Africa/Casablanca\"}");
  forget(&done);
  done = tell(&clocked.a, LINK_ZONE_SET, "{\"actor\":\"a\",\"name\":\"paris\",\"zone\":\"Europe/Paris\"}");
  forget(&done);
  try_restart(&clocked.a);
  struct told listed = tell(&clocked.a, LINK_CASE_LIST, "{\"actor\":\"a\",\"kind\":\"request\"}");
  const struct wire_json *zones = wire_json_get(at(wire_json_get(at(listed.json, 0), "clocks"), 0), "zones");
  assert_int_equal(wire_json_size(zones), 2);
  assert_true(base_view_is(wire_json_text(at(zones, 0)), "Africa/Casablanca"));
  assert_true(base_view_is(wire_json_text(at(zones, 1)), "Europe/Paris"));
  forget(&listed);
  end(&clocked);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_row_moves_with_the_clock),     cmocka_unit_test(each_is_told_once),
      cmocka_unit_test(what_is_overdue_stays_so),         cmocka_unit_test(what_ended_late_stays_late),
      cmocka_unit_test(the_list_goes_by_deadline),
      cmocka_unit_test(the_row_is_checked_and_made_anew), cmocka_unit_test(what_was_told_is_checked),
      cmocka_unit_test(what_was_told_is_not_forgotten),   cmocka_unit_test(both_sides_have_a_zone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
