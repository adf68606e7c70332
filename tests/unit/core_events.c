/* SPDX-License-Identifier: Apache-2.0
 * What changes, for whoever listens: told once it is durable, from where he was, or that something was lost. */
#include "core_ask.h"

#include "core/events.h"

static struct told take(struct pair_node *node, const char *after) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"amal\"%s%s%s}", after[0] != '\0' ? ",\"after\":\"" : "", after,
           after[0] != '\0' ? "\"" : "");
  return tell(node, LINK_EVENTS_TAKE, json);
}

/* A request that waits; gives its token. */
static uint64_t park_of(struct pair_node *node, const char *who, const char *after) {
  char json[200];
  uint64_t token = node->next_token++;
  snprintf(json, sizeof json, "{\"actor\":\"%s\",\"wait\":true,\"after\":\"%s\"}", who, after);
  core_input(node->core, LINK_EVENTS_TAKE, token, base_view_text(json), -1);
  pair_settle(node);
  return token;
}

static uint64_t park(struct pair_node *node, const char *after) {
  return park_of(node, "amal", after);
}

static bool answered(struct pair_node *node, uint64_t token, struct pair_answer *out) {
  *out = (struct pair_answer){0};
  return pair_find(node, token, out);
}

static void keep_next(const struct told *told, char next[64]) {
  struct base_view text = wire_json_text(wire_json_get(told->json, "next"));
  snprintf(next, 64, "%.*s", (int)text.size, (const char *)text.data);
}

static size_t count(const struct told *told, const char *event, const char *id) {
  const struct wire_json *events = wire_json_get(told->json, "events");
  size_t found = 0;
  for (size_t i = 0; i < wire_json_size(events); i++) {
    const struct wire_json *one = at(events, i), *data = wire_json_get(one, "data");
    struct base_view said = wire_json_text(wire_json_get(data, strcmp(event, "partner") == 0 ? "partner" : "case"));
    found += base_view_is(wire_json_text(wire_json_get(one, "event")), event) && base_view_is(said, id);
  }
  return found;
}

static void what_happens(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], id[65], here[64], there[64];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = take(&a, "");
  assert_int_equal(wire_json_size(wire_json_get(told.json, "events")), 0);
  keep_next(&told, here);
  forget(&told);
  told = take(&b, "");
  keep_next(&told, there);
  forget(&told);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  told = take(&a, here);
  assert_int_equal(count(&told, "message", id), 1);
  assert_int_equal(count(&told, "case", id), 1);
  assert_int_equal(count(&told, "delivery", id), 1);
  assert_false(wire_json_true(wire_json_get(told.json, "lost")));
  expect_text(
      wire_json_get(at(wire_json_get(told.json, "events"), wire_json_size(wire_json_get(told.json, "events")) - 1),
                    "data"),
      "state", "receipted");
  forget(&told);
  told = take(&b, there);
  assert_int_equal(count(&told, "message", id), 1);
  assert_int_equal(count(&told, "case", id), 1);
  keep_next(&told, there);
  forget(&told);
  told = tell(&b, LINK_PARTNER_STATE, "{\"actor\":\"amal\",\"name\":\"rabat\",\"state\":\"suspended\"}");
  forget(&told);
  told = take(&b, there);
  assert_int_equal(count(&told, "partner", "rabat"), 1);
  forget(&told);
  ask_remove(&a, &b);
}

/* What is told once of a clock is an event, too: which clock, of whose, until when. */
static void deadlines(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], id[65], here[64];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  struct told told = take(&a, "");
  keep_next(&told, here);
  forget(&told);
  a.now += 6 * 86400;
  pair_settle(&a);
  told = take(&a, here);
  assert_int_equal(count(&told, "deadline", id), 1);
  expect_text(wire_json_get(at(wire_json_get(told.json, "events"), 0), "data"), "what", "soon");
  keep_next(&told, here);
  forget(&told);
  a.now += 2 * 86400;
  pair_settle(&a);
  told = take(&a, here);
  assert_int_equal(wire_json_size(wire_json_get(told.json, "events")), 1);
  const struct wire_json *data = wire_json_get(at(wire_json_get(told.json, "events"), 0), "data");
  assert_int_equal(count(&told, "deadline", id), 1);
  expect_text(data, "what", "overdue");
  expect_text(data, "clock", "answer");
  expect_text(data, "party", "paris");
  assert_true(base_view_is(wire_json_text(wire_json_get(data, "due")), base_time_format(a.now - 86400).text));
  forget(&told);
  ask_remove(&a, &b);
}

/* Parked while nothing happens, woken by what does, and after a while in any case. */
static void waits(void **state) {
  (void)state;
  struct pair_node a, b;
  struct pair_answer answer;
  char agreement[65], id[65], here[64];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = take(&a, "");
  keep_next(&told, here);
  forget(&told);
  uint64_t token = park(&a, here);
  assert_false(answered(&a, token, &answer));
  assert_in_range(core_events_due_ms(a.core), 1, CORE_EVENTS_BEAT_MS);
  a.ms += CORE_EVENTS_BEAT_MS - 1;
  pair_settle(&a);
  assert_false(answered(&a, token, &answer));
  a.ms += 1;
  pair_settle(&a);
  assert_true(answered(&a, token, &answer));
  assert_non_null(memmem(answer.payload.data, answer.payload.size, "\"events\":[]", 11));
  pair_answer_free(&answer);
  assert_int_equal(core_events_due_ms(a.core), -1);
  token = park(&a, here);
  pair_request(&a, &b, id);
  assert_true(answered(&a, token, &answer));
  assert_non_null(memmem(answer.payload.data, answer.payload.size, id, 64));
  pair_answer_free(&answer);
  ask_remove(&a, &b);
}

/* What is taken back was never told, and its numbers are given again. */
static void lost_step(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  struct base_id id = {{1}};
  char agreement[65], here[64], after[64];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = take(&a, "");
  keep_next(&told, here);
  forget(&told);
  for (size_t i = 0; i < CORE_EVENTS_MAX + 5; i++)
    core_event_case(a.core, &id);
  base_fail(&err, BASE_IO, "the test says so");
  core_lose(a.core, BASE_IO, &err);
  pair_settle(&a);
  pair_settle(&a); /* the next step, in which nothing happens */
  told = take(&a, here);
  assert_int_equal(wire_json_size(wire_json_get(told.json, "events")), 0);
  keep_next(&told, after);
  assert_string_equal(here, after);
  forget(&told);
  ask_remove(&a, &b);
}

static void limits(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_id id = {{1}};
  char agreement[65], here[64], json[200];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = take(&a, "");
  keep_next(&told, here);
  forget(&told);
  /* One person has her share: with one more the oldest of hers is answered, and nobody else's. */
  uint64_t mine[CORE_LISTENERS_SHARE];
  struct pair_answer answer;
  for (int i = 0; i < CORE_LISTENERS_SHARE; i++)
    mine[i] = park(&a, here);
  (void)park_of(&a, "zineb", here);
  for (int i = 0; i < CORE_LISTENERS_SHARE; i++)
    assert_false(answered(&a, mine[i], &answer));
  (void)park(&a, here);
  assert_true(answered(&a, mine[0], &answer));
  pair_answer_free(&answer);
  assert_false(answered(&a, mine[1], &answer));
  for (int i = CORE_LISTENERS_SHARE + 1; i < CORE_LISTENERS_MAX; i++) {
    char who[32];
    snprintf(who, sizeof who, "listener-%d", i);
    (void)park_of(&a, who, here);
  }
  snprintf(json, sizeof json, "{\"actor\":\"karim\",\"wait\":true,\"after\":\"%s\"}", here);
  pair_refused(&a, LINK_EVENTS_TAKE, json, BASE_BUSY);
  /* As many as are kept come in pieces, one more is lost. */
  for (size_t over = 0; over <= 1; over++) {
    for (size_t i = 0; i < (over ? 1 : CORE_EVENTS_MAX); i++)
      core_event_case(a.core, &id);
    pair_settle(&a);
    told = take(&a, here);
    assert_int_equal(wire_json_true(wire_json_get(told.json, "lost")), over == 1);
    assert_int_equal(wire_json_size(wire_json_get(told.json, "events")), over ? 0 : CORE_EVENTS_TOLD);
    forget(&told);
  }
  ask_remove(&a, &b);
}

/* A place of another run, or one that was never told, is no place of this one. */
static void other_runs(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], here[64];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  struct told told = take(&a, "");
  keep_next(&told, here);
  forget(&told);
  a.ms += 1000;
  pair_close(&a);
  pair_open(&a);
  const char *places[] = {here, "0123456789abcdef-0", "0123456789abcdef-7"};
  for (size_t i = 0; i < 3; i++) {
    told = take(&a, places[i]);
    assert_true(wire_json_true(wire_json_get(told.json, "lost")));
    forget(&told);
  }
  static const char *const none[] = {"",
                                     "7",
                                     "0123456789abcdef",
                                     "0123456789abcdef-",
                                     "0123456789ABCDEF-1",
                                     "0123456789abcdef-01",
                                     "0123456789abcdef-99999999999999999999"};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    char json[200];
    snprintf(json, sizeof json, "{\"actor\":\"amal\",\"after\":\"%s\"}", none[i]);
    pair_refused(&a, LINK_EVENTS_TAKE, json, BASE_FIELD);
  }
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_happens), cmocka_unit_test(deadlines), cmocka_unit_test(waits),
                                     cmocka_unit_test(lost_step), cmocka_unit_test(limits),
                                     cmocka_unit_test(other_runs)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
