/* SPDX-License-Identifier: Apache-2.0
 * statistics.make: what two cores that exchange count of it, in steps, of a period, of a partner, and for publication.
 */
#include "core_ask.h"
#include "core_try.h"

static const char ALL[] = "{\"actor\":\"amal\"}";

/* The number of this measure over all rows that have these texts (NULL: any); -1 for none. */
static int64_t sum(const struct told *told, const char *section, const char *direction, const char *measure,
                   const char *detail) {
  const struct wire_json *cells = wire_json_get(told->json, "cells");
  int64_t found = -1;
  for (size_t i = 0; i < wire_json_size(cells); i++) {
    const struct wire_json *cell = at(cells, i);
    if (!base_view_is(wire_json_text(wire_json_get(cell, "section")), section) ||
        !base_view_is(wire_json_text(wire_json_get(cell, "measure")), measure) ||
        (direction != NULL && !base_view_is(wire_json_text(wire_json_get(cell, "direction")), direction)) ||
        (detail != NULL && !base_view_is(wire_json_text(wire_json_get(cell, "detail")), detail)))
      continue;
    found = (found < 0 ? 0 : found) + wire_json_integer(wire_json_get(cell, "count"));
  }
  return found;
}

static int64_t acts(const struct told *told) {
  const struct wire_json *cells = wire_json_get(told->json, "cells");
  int64_t all = 0;
  for (size_t i = 0; i < wire_json_size(cells); i++)
    if (base_view_is(wire_json_text(wire_json_get(at(cells, i), "section")), "acts"))
      all += number(at(cells, i), "count");
  return all;
}

static bool done(const struct told *told) {
  return wire_json_true(wire_json_get(told->json, "done"));
}

/* To the end, in as many requests as it takes. */
static struct told make(struct pair_node *node, const char *request, unsigned *steps) {
  struct told told = tell(node, LINK_STATISTICS_MAKE, request);
  for (*steps = 1; !done(&told); ++*steps) {
    char more[64];
    snprintf(more, sizeof more, "{\"actor\":\"amal\",\"next\":%lld}", (long long)number(told.json, "next"));
    forget(&told);
    told = tell(node, LINK_STATISTICS_MAKE, more);
  }
  return told;
}

static void test_counts(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], kase[65], id[65];
  unsigned steps;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, kase); /* answered in time */
  pair_rest(&a, &b);
  send_in(&b, kase, "answer", 0, id, NULL);
  pair_rest(&a, &b);
  pair_request(&a, &b, kase); /* refused late */
  pair_rest(&a, &b);
  a.now = b.now = a.now + 8 * 86400;
  send_in(&b, kase, "refuse", 0, id, NULL);
  pair_rest(&a, &b);
  pair_request(&a, &b, kase); /* nobody has it yet */
  uint64_t size = a.core->reg.attested;
  struct told mine = make(&a, ALL, &steps), theirs = make(&b, ALL, &steps);
  assert_int_equal(a.core->reg.attested, size); /* numbers open nothing */
  assert_int_equal(sum(&mine, "requests", "sent", "requests", NULL), 3);
  assert_int_equal(sum(&mine, "requests", "sent", "in_time", "answer"), 1);
  assert_int_equal(sum(&mine, "requests", "sent", "late", "refuse/information_not_available"), 1);
  assert_int_equal(sum(&mine, "requests", "sent", "late_longest", NULL), 86400);
  assert_int_equal(sum(&mine, "requests", "sent", "not_received", "waiting"), 1);
  assert_int_equal(sum(&mine, "requests", "received", "requests", NULL), -1);
  assert_int_equal(sum(&mine, "messages", "sent", "sent", "ask"), 3);
  assert_int_equal(sum(&mine, "messages", "sent", "waiting", NULL), 1);
  assert_int_equal(acts(&mine), (int64_t)size);
  assert_int_equal(number(wire_json_get(mine.json, "register"), "size"), (int64_t)size);
  assert_int_equal(sum(&theirs, "requests", "received", "requests", NULL), 2);
  assert_int_equal(sum(&theirs, "requests", "received", "in_time", "answer"), 1);
  assert_int_equal(sum(&theirs, "requests", "received", "late", NULL), 1);
  assert_int_equal(acts(&theirs), (int64_t)b.core->reg.attested);
  forget(&mine);
  forget(&theirs);
  b.now += 7200; /* its receipt is disputed; and somebody looks into it */
  pair_rest(&a, &b);
  mine = tell(&a, LINK_MESSAGE_SHOW, with_id(kase));
  forget(&mine);
  mine = make(&a, ALL, &steps);
  assert_int_equal(sum(&mine, "acts", NULL, "read", NULL), 1);
  assert_int_equal(sum(&mine, "requests", "sent", "disputed", NULL), 1);
  assert_int_equal(sum(&mine, "requests", "sent", "running", NULL), 1);
  assert_int_equal(sum(&mine, "messages", "sent", "disputed", NULL), 1);
  forget(&mine);
  ask_remove(&a, &b);
}

/* A day, a partner, a kind; and what is none of these. */
static void test_parts(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], kase[65], request[160];
  unsigned steps;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  uint64_t before = a.core->reg.attested;
  a.now = b.now = a.now + 10 * 86400;
  pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"from\":\"%.10s\",\"to\":\"%.10s\"}",
           base_time_format(a.now).text, base_time_format(a.now).text);
  struct told told = make(&a, request, &steps);
  assert_int_equal(acts(&told), (int64_t)(a.core->reg.attested - before));
  assert_int_equal(number(wire_json_get(told.json, "register"), "first"), (int64_t)before);
  forget(&told);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"to\":\"%.10s\"}", base_time_format(a.now - 86400).text);
  told = make(&a, request, &steps);
  assert_int_equal(acts(&told), (int64_t)before);
  assert_int_equal(sum(&told, "requests", NULL, "requests", NULL), -1);
  forget(&told);
  told = make(&a, "{\"actor\":\"amal\",\"partner\":\"paris\",\"kind\":\"request\"}", &steps);
  assert_int_equal(sum(&told, "messages", "sent", "sent", NULL), 1);
  assert_int_equal(sum(&told, "requests", "sent", "running", NULL), 1);
  assert_int_equal(acts(&told), 1);
  forget(&told);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"partner\":\"nobody\"}", BASE_UNKNOWN_NODE);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"partner\":\"a-name-of-more-octets-than-any-node-has\"}",
               BASE_FIELD);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"kind\":\"feud\"}", BASE_KIND);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"from\":\"2026-02-30\"}", BASE_DATE);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"from\":\"2026-02-02\",\"to\":\"2026-02-01\"}",
               BASE_FIELD);
  ask_remove(&a, &b);
}

/* Not all in one step; meanwhile others wait, and who goes on elsewhere begins anew. */
static void test_steps(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  unsigned steps;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  for (unsigned made = 0; made < CORE_STATISTICS_STEP;) {
    uint64_t first = a.next_token;
    for (unsigned i = 0; i < 50; i++, made++)
      core_input(a.core, LINK_MESSAGE_SHOW, a.next_token++, base_view_text(with_id(agreement)), -1);
    pair_settle(&a);
    for (; first < a.next_token; first++) {
      struct pair_answer answer;
      assert_true(pair_find(&a, first, &answer));
      pair_answer_free(&answer);
    }
  }
  struct told begun = tell(&a, LINK_STATISTICS_MAKE, ALL);
  assert_false(done(&begun));
  assert_int_equal(number(begun.json, "next"), CORE_STATISTICS_STEP);
  forget(&begun);
  pair_refused(&a, LINK_STATISTICS_MAKE, ALL, BASE_BUSY);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"next\":7}", BASE_CONFLICT);
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"next\":-7}", BASE_FIELD);
  a.ms += CORE_STATISTICS_IDLE_MS;
  struct told told = make(&a, ALL, &steps);
  assert_int_equal(steps, 2);
  assert_int_equal(acts(&told), (int64_t)a.core->reg.attested);
  forget(&told);
  ask_remove(&a, &b);
}

static void same_cells(const struct told *a, const struct told *b) {
  struct base_buf first = {0}, second = {0};
  struct wire_writer writer;
  base_buf_init(&first, 1 << 20);
  base_buf_init(&second, 1 << 20);
  wire_writer_init(&writer, &first);
  wire_write_value(&writer, wire_json_get(a->json, "cells"));
  wire_writer_init(&writer, &second);
  wire_write_value(&writer, wire_json_get(b->json, "cells"));
  assert_int_equal(first.size, second.size);
  assert_memory_equal(first.data, second.data, first.size);
  base_buf_free(&first);
  base_buf_free(&second);
}

/* A year that is over and a month, whole, and always the same. */
static void test_published(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], answered[65], kase[65], id[65], request[64];
  unsigned steps;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, answered);
  for (int i = 1; i < 7; i++)
    pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  send_in(&b, answered, "answer", 0, id, NULL);
  pair_rest(&a, &b);
  a.now = b.now = a.now + 91 * 86400; /* new keys, each told the other before the old ones end */
  pair_rest(&a, &b);
  base_time over = 0;
  int year = atoi(base_time_format(a.now).text);
  snprintf(request, sizeof request, "%d-01-01", year + 1);
  assert_true(base_date_parse(base_view_text(request), &over));
  over += (base_time)CORE_STATISTICS_CLOSED_DAYS * 86400;
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"publish\":%d}", year);
  a.now = over - 1;
  pair_refused(&a, LINK_STATISTICS_MAKE, request, BASE_POLICY);
  a.now = over;
  struct told told = make(&a, request, &steps);
  assert_int_equal(number(told.json, "published"), year);
  assert_int_equal(number(told.json, "least"), 5);
  /* How many leaves there are, less the acts shown, would be the acts hidden. */
  assert_null(wire_json_get(told.json, "partners"));
  assert_null(wire_json_get(told.json, "next"));
  assert_null(wire_json_get(told.json, "end"));
  assert_int_equal(wire_json_size(wire_json_get(told.json, "register")), 1);
  assert_int_equal(sum(&told, "requests", "sent", "in_time", NULL), -1); /* 1 of 7: the other 6 would tell it */
  const struct wire_json *cells = wire_json_get(told.json, "cells");
  bool total = false;
  for (size_t i = 0; i < wire_json_size(cells); i++) {
    const struct wire_json *cell = at(cells, i), *value = wire_json_get(cell, "count");
    bool hidden = wire_json_type(value) == WIRE_JSON_NULL;
    assert_true(hidden || wire_json_integer(value) >= 5);
    if (base_view_is(wire_json_text(wire_json_get(cell, "measure")), "requests") &&
        wire_json_get(cell, "limit") == NULL && wire_json_get(cell, "partner") == NULL &&
        wire_json_get(cell, "month") == NULL)
      total = !hidden && wire_json_integer(value) == 7;
  }
  assert_true(total);
  /* What comes later changes nothing of it. */
  a.now = b.now = over + 86400;
  send_in(&b, kase, "answer", 0, id, NULL);
  pair_rest(&a, &b);
  struct told now = make(&a, ALL, &steps), again = make(&a, request, &steps);
  assert_int_equal(sum(&now, "requests", "sent", "late", NULL), 1);
  same_cells(&told, &again);
  forget(&now);
  forget(&told);
  forget(&again);
  static const char *const parts[] = {"\"from\":\"2026-01-01\"", "\"to\":\"2026-01-01\"", "\"partner\":\"paris\"",
                                      "\"kind\":\"request\""};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char both[128];
    snprintf(both, sizeof both, "{\"actor\":\"amal\",\"publish\":%d,%s}", year, parts[i]);
    pair_refused(&a, LINK_STATISTICS_MAKE, both, BASE_FIELD);
  }
  pair_refused(&a, LINK_STATISTICS_MAKE, "{\"actor\":\"amal\",\"publish\":9999}", BASE_FIELD);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_steps),
      cmocka_unit_test(test_published),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
