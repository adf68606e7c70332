/* SPDX-License-Identifier: Apache-2.0
 * What is counted of a request, and what of the counts may be published: by brute force over all small tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/statistics.h"

enum { HOUR = 3600, DAY = 86400 };
static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

/* --- one request */

struct asking {
  struct shipped request;
  struct wire_header asks, answers, unclear; /* the opener's; the asked party's, and its questions */
  struct law_clock_event events[16];
  size_t count;
  struct law_tally tally;
};

static void begin(struct asking *asking, const char *urgency) {
  memset(asking, 0, sizeof *asking);
  shipped_load(&asking->request, "request");
  asking->asks.author = BASE_VIEW("wasl/rabat/0");
  asking->asks.state[0] = (struct wire_state_field){BASE_VIEW("urgency"), base_view_text(urgency)};
  asking->answers.author = BASE_VIEW("wasl/paris/0");
  asking->answers.state[0] = (struct wire_state_field){BASE_VIEW("ground"), BASE_VIEW("no_competence")};
  asking->unclear.author = asking->answers.author;
  asking->unclear.state[0] = (struct wire_state_field){BASE_VIEW("ground"), BASE_VIEW("scope_too_wide")};
  asking->asks.state_count = asking->answers.state_count = asking->unclear.state_count = 1;
  law_tally_init(&asking->tally);
}

static void end(struct asking *asking) {
  law_tally_free(&asking->tally);
  base_arena_free(&asking->request.arena);
}

static void add(struct asking *asking, const char *type, base_time at) {
  bool ours = strcmp(type, "ask") == 0 || strcmp(type, "clarification") == 0 || strcmp(type, "withdraw") == 0;
  asking->events[asking->count++] = (struct law_clock_event){
      .type = shipped_type(&asking->request, type),
      .at = at,
      .header = ours                           ? &asking->asks
                : strcmp(type, "clarify") == 0 ? &asking->unclear
                                               : &asking->answers};
}

static void run_until(struct asking *asking, base_time now, base_time cut) {
  struct base_view key[LAW_COLUMNS] = {[LAW_COLUMN_DIRECTION] = BASE_VIEW("sent"),
                                       [LAW_COLUMN_PARTNER] = BASE_VIEW("paris"),
                                       [LAW_COLUMN_MONTH] = BASE_VIEW("2026-11"),
                                       [LAW_COLUMN_KIND] = BASE_VIEW("request")};
  struct law_asked asked = {.kind = &asking->request.kind,
                            .clock = &asking->request.kind.clocks[0],
                            .events = asking->events,
                            .count = asking->count,
                            .now = now,
                            .cut = cut,
                            .waits = "waiting"};
  struct base_error err = {0};
  assert_int_equal(law_count_request(&asking->tally, key, &asked, &err), BASE_OK);
}

static void run(struct asking *asking, base_time now) {
  run_until(asking, now, INT64_MAX);
}

/* The number of this measure; -1 for none. */
static int64_t counted(const struct asking *asking, const char *limit, const char *measure, const char *detail) {
  for (size_t i = 0; i < asking->tally.count; i++) {
    const struct base_view *key = asking->tally.cells[i].key;
    if (base_view_is(key[LAW_COLUMN_LIMIT], limit) && base_view_is(key[LAW_COLUMN_MEASURE], measure) &&
        base_view_is(key[LAW_COLUMN_DETAIL], detail)) {
      assert_true(base_view_is(key[LAW_COLUMN_SECTION], "requests") && base_view_is(key[LAW_COLUMN_CLOCK], "answer"));
      assert_true(base_view_is(key[LAW_COLUMN_PARTNER], "paris"));
      return (int64_t)asking->tally.cells[i].value;
    }
  }
  return -1;
}

/* What the opener owes he ends in time or late; what the asked party owes he withdraws, and late it is late all the
 * same. */
static void who_owes(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "withdraw", NOW + 8 * HOUR);
  run(&asking, NOW + DAY);
  assert_int_equal(counted(&asking, "urgent_direct", "ended_by_asker", "withdraw"), 1);
  asking.request.kind.clocks[0].owes = WIRE_OWES_OPENER;
  run(&asking, NOW + DAY);
  assert_int_equal(counted(&asking, "urgent_direct", "ended_by_asker", "withdraw"), 1);
  assert_int_equal(counted(&asking, "urgent_direct", "in_time", "withdraw"), 1);
  asking.events[1].at++;
  run(&asking, NOW + DAY);
  asking.request.kind.clocks[0].owes = WIRE_OWES_ASKED;
  run(&asking, NOW + DAY);
  assert_int_equal(counted(&asking, "urgent_direct", "ended_by_asker", "withdraw"), 1);
  assert_int_equal(counted(&asking, "urgent_direct", "late", "withdraw"), 2);
  end(&asking);
}

static void each_outcome(void **state) {
  (void)state;
  static const struct {
    const char *type; /* after the request; NULL: nothing */
    base_time at, now;
    const char *measure, *detail;
  } rows[] = {
      {NULL, 0, HOUR, "running", ""},
      {NULL, 0, 8 * HOUR, "running", ""}, /* due now */
      {NULL, 0, 8 * HOUR + 1, "overdue", ""},
      {"answer", HOUR, DAY, "in_time", "answer"},
      {"answer", 8 * HOUR, DAY, "in_time", "answer"},
      {"answer", 8 * HOUR + 1, DAY, "late", "answer"},
      {"refuse", HOUR, DAY, "in_time", "refuse/no_competence"},
      {"refuse", 9 * HOUR, DAY, "late", "refuse/no_competence"},
      {"withdraw", 8 * HOUR, DAY, "ended_by_asker", "withdraw"},
      {"withdraw", 9 * HOUR, DAY, "late", "withdraw"},
      {"clarify", HOUR, DAY, "paused", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct asking asking;
    begin(&asking, "urgent_direct");
    add(&asking, "ask", NOW);
    if (rows[i].type != NULL)
      add(&asking, rows[i].type, NOW + rows[i].at);
    run(&asking, NOW + rows[i].now);
    assert_int_equal(counted(&asking, "urgent_direct", "requests", ""), 1);
    assert_int_equal(counted(&asking, "urgent_direct", rows[i].measure, rows[i].detail), 1);
    end(&asking);
  }
}

static void not_received(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "normal");
  add(&asking, "ask", 0);
  run(&asking, NOW);
  assert_int_equal(counted(&asking, "normal", "requests", ""), 1);
  assert_int_equal(counted(&asking, "normal", "not_received", "waiting"), 1);
  assert_int_equal(asking.tally.count, 2);
  end(&asking);
}

/* Two pauses, and a question in a pause, which is none. */
static void pauses(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "clarify", NOW + HOUR);
  add(&asking, "clarify", NOW + 2 * HOUR);
  add(&asking, "clarification", NOW + 3 * HOUR);
  add(&asking, "clarify", NOW + 4 * HOUR);
  add(&asking, "clarification", NOW + 7 * HOUR);
  add(&asking, "answer", NOW + 13 * HOUR); /* due with the pauses: 8 + 2 + 3 */
  add(&asking, "clarify", NOW + 14 * HOUR);
  run(&asking, NOW + DAY);
  size_t grounds = 0;
  for (size_t i = 0; i < asking.tally.count; i++)
    if (base_view_is(asking.tally.cells[i].key[LAW_COLUMN_MEASURE], "pauses"))
      grounds += asking.tally.cells[i].value;
  assert_int_equal(grounds, 2);
  assert_int_equal(counted(&asking, "urgent_direct", "clarified", ""), 1);
  assert_int_equal(counted(&asking, "urgent_direct", "in_time", "answer"), 1);
  end(&asking);
}

static void how_late(void **state) {
  (void)state;
  static const int64_t lates[] = {50, 10, 40};
  struct asking asking;
  struct base_error err = {0};
  begin(&asking, "urgent_direct");
  for (size_t i = 0; i < sizeof lates / sizeof *lates; i++) {
    asking.count = 0;
    add(&asking, "ask", NOW);
    add(&asking, "answer", NOW + 8 * HOUR + lates[i]);
    run(&asking, NOW + DAY);
  }
  asking.count = 0;
  add(&asking, "ask", NOW);
  add(&asking, "withdraw", NOW + 8 * HOUR + 20); /* so late it was, and so long nobody answered */
  run(&asking, NOW + 2 * DAY);
  assert_int_equal(law_tally_finish(&asking.tally, &err), BASE_OK);
  assert_int_equal(counted(&asking, "urgent_direct", "late", "answer"), 3);
  assert_int_equal(counted(&asking, "urgent_direct", "late", "withdraw"), 1);
  assert_int_equal(counted(&asking, "urgent_direct", "late_median", ""), 20); /* the lower of the two in the middle */
  assert_int_equal(counted(&asking, "urgent_direct", "late_longest", ""), 50);
  assert_int_equal(counted(&asking, "urgent_direct", "requests", ""), 4);
  end(&asking);
}

/* What came after the end of a period that is published has not come yet, by the earlier of two disputed times. */
static void as_it_stood_then(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "answer", NOW + 3 * HOUR);
  run_until(&asking, NOW + 2 * HOUR, NOW + 2 * HOUR);
  assert_int_equal(counted(&asking, "urgent_direct", "running", ""), 1);
  asking.count = 0;
  add(&asking, "ask", NOW);
  asking.events[0].ours = NOW - HOUR;
  add(&asking, "answer", NOW + 3 * HOUR);
  asking.events[1].ours = NOW + HOUR;
  run_until(&asking, NOW + 2 * HOUR, NOW + 2 * HOUR);
  assert_int_equal(counted(&asking, "urgent_direct", "in_time", "answer"), 1);
  assert_int_equal(counted(&asking, "urgent_direct", "disputed", ""), 1);
  end(&asking);
}

/* --- limits */

static enum base_code add_numbered(struct law_tally *tally, size_t number, struct base_error *err) {
  char text[32];
  snprintf(text, sizeof text, "%zu", number);
  struct base_view key[LAW_COLUMNS] = {
      [LAW_COLUMN_SECTION] = BASE_VIEW("acts"), [LAW_COLUMN_MEASURE] = base_view_text(text)};
  return law_tally_add(tally, key, 1, err);
}

static void limits(void **state) {
  (void)state;
  struct law_tally tally, published;
  struct base_error err = {0};
  law_tally_init(&tally);
  law_tally_init(&published);
  for (size_t i = 0; i < LAW_CELLS_MAX; i++)
    assert_int_equal(add_numbered(&tally, i, &err), BASE_OK);
  assert_int_equal(add_numbered(&tally, LAW_CELLS_MAX, &err), BASE_TOO_LARGE);
  assert_int_equal(add_numbered(&tally, 7, &err), BASE_OK);
  struct base_view key[LAW_COLUMNS] = {[LAW_COLUMN_SECTION] = BASE_VIEW("acts"), [LAW_COLUMN_MEASURE] = BASE_VIEW("7")};
  assert_int_equal(law_tally_find(&tally, key)->value, 2);
  for (size_t i = 0; i < LAW_LATES_MAX; i++)
    assert_int_equal(law_tally_late(&tally, key, 1, &err), BASE_OK);
  assert_int_equal(law_tally_late(&tally, key, 1, &err), BASE_TOO_LARGE);
  law_tally_free(&tally);
  law_tally_init(&tally);
  key[LAW_COLUMN_SECTION] = BASE_VIEW("requests");
  key[LAW_COLUMN_MEASURE] = BASE_VIEW("requests");
  for (size_t i = 0; i < LAW_PUBLISHED_MAX; i++) { /* one for each partner, and their total */
    char text[32];
    snprintf(text, sizeof text, "%zu", i);
    key[LAW_COLUMN_PARTNER] = base_view_text(text);
    assert_int_equal(law_tally_add(&tally, key, 9, &err), BASE_OK);
  }
  assert_int_equal(law_publish(&tally, &published, &err), BASE_TOO_LARGE);
  law_tally_free(&published);
  law_tally_free(&tally);
}

/* --- what may be published */

enum { NODES = 9, LEFT_OUT = 254, HIDDEN = 255 };

/* A table as it is, and as it is told. */
struct table {
  uint8_t told[NODES], real[NODES];
};

static void publish(struct law_node *nodes, size_t count, struct table *out) {
  law_hide(nodes, count);
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < count; i++) {
    out->real[i] = (uint8_t)nodes[i].value;
    out->told[i] = nodes[i].shown == LAW_SHOWN    ? (uint8_t)nodes[i].value
                   : nodes[i].shown == LAW_HIDDEN ? HIDDEN
                                                  : LEFT_OUT;
    assert_true(nodes[i].value < LEFT_OUT);
    assert_false(nodes[i].shown == LAW_SHOWN && nodes[i].value > 0 && nodes[i].value < LAW_PUBLISH_LEAST);
  }
}

static int by_told(const void *a, const void *b) {
  return memcmp(((const struct table *)a)->told, ((const struct table *)b)->told, NODES);
}

static void fail_table(const struct table *table, size_t node) {
  for (size_t i = 0; i < NODES; i++)
    print_error("%u told as %u; ", table->real[i], table->told[i]);
  fail_msg("number %zu of this table can be told", node);
}

/* Whoever knows how numbers are hidden, too, cannot tell a small one: among all tables that are told alike it has
 * another value in at least one. Of tables with a number above `most` not all that are told alike are there. */
static void nobody_can_tell(struct table *tables, size_t count, size_t nodes, unsigned most) {
  qsort(tables, count, sizeof *tables, by_told);
  for (size_t from = 0, to = 0; from < count; from = to) {
    while (to < count && memcmp(tables[from].told, tables[to].told, NODES) == 0)
      to++;
    for (size_t node = 0; node < nodes; node++) {
      bool differs = false, asked = false;
      for (size_t i = from; i < to; i++) {
        uint8_t value = tables[i].real[node];
        differs = differs || value != tables[from].real[node];
        bool within = true;
        for (size_t j = 1; j < nodes; j++)
          within = within && tables[i].real[j] <= most;
        asked = asked || (within && value > 0 && value < LAW_PUBLISH_LEAST);
      }
      if (asked && !differs)
        fail_table(&tables[from], node);
    }
  }
}

/* With what is told alone, and that what is hidden is there, each value from 1 to 4 stays possible for each small one:
 * all ways to share the rest among those hidden. */
static bool shares(unsigned left, size_t others) {
  if (others == 0)
    return left == 0;
  for (unsigned one = 1; one <= left; one++)
    if (shares(left - one, others - 1))
      return true;
  return false;
}

static void each_value_is_possible(const struct table *table, size_t nodes) {
  unsigned left = table->real[0];
  size_t hidden = 0;
  for (size_t i = 1; i < nodes; i++) {
    hidden += table->told[i] == HIDDEN;
    left -= table->told[i] < LEFT_OUT ? table->told[i] : 0;
  }
  for (unsigned value = 1; hidden > 0 && table->told[0] < LEFT_OUT && value < LAW_PUBLISH_LEAST; value++)
    assert_true(value <= left && shares(left - value, hidden - 1));
}

static void parts_of_one_total(void **state) {
  (void)state;
  enum { PARTS = 4, VALUES = 12, MOST = 5 };
  size_t count = 1;
  for (int i = 0; i < PARTS; i++)
    count *= VALUES;
  struct table *tables = calloc(count, sizeof *tables);
  assert_non_null(tables);
  for (size_t i = 0; i < count; i++) {
    struct law_node nodes[1 + PARTS] = {{.parent = LAW_ROOT}};
    for (size_t j = 0, rest = i; j < PARTS; j++, rest /= VALUES) {
      nodes[1 + j].value = rest % VALUES;
      nodes[0].value += rest % VALUES;
    }
    publish(nodes, 1 + PARTS, &tables[i]);
    each_value_is_possible(&tables[i], 1 + PARTS);
  }
  nobody_can_tell(tables, count, 1 + PARTS, MOST);
  free(tables);
}

/* A total by two limits, these by two outcomes; and the same total by two partners. */
static void totals_within_totals(void **state) {
  (void)state;
  enum { VALUES = 8, MOST = 4, COUNT = VALUES * VALUES * VALUES * VALUES };
  struct table *tables = calloc((size_t)COUNT * (4 * VALUES), sizeof *tables);
  size_t made = 0;
  assert_non_null(tables);
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t cells[4];
    for (size_t j = 0, rest = i; j < 4; j++, rest /= VALUES)
      cells[j] = rest % VALUES;
    uint64_t total = cells[0] + cells[1] + cells[2] + cells[3];
    for (uint64_t first = 0; first <= total; first++) {
      struct law_node nodes[NODES] = {
          {.parent = LAW_ROOT, .value = total},
          {.parent = 0, .breakdown = 1, .value = cells[0] + cells[1]},
          {.parent = 0, .breakdown = 1, .value = cells[2] + cells[3]},
          {.parent = 0, .breakdown = 2, .value = first},
          {.parent = 0, .breakdown = 2, .value = total - first},
          {.parent = 1, .value = cells[0]},
          {.parent = 1, .value = cells[1]},
          {.parent = 2, .value = cells[2]},
          {.parent = 2, .value = cells[3]},
      };
      publish(nodes, NODES, &tables[made++]);
    }
  }
  nobody_can_tell(tables, made, NODES, 3 * MOST);
  free(tables);
}

static void large_numbers_are_told(void **state) {
  (void)state;
  struct law_node nodes[] = {{.parent = LAW_ROOT, .value = 30},
                             {.parent = 0, .value = 10},
                             {.parent = 0, .value = 0},
                             {.parent = 0, .value = 20}};
  law_hide(nodes, 4);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(nodes[i].shown, LAW_SHOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_owes), cmocka_unit_test(each_outcome),
      cmocka_unit_test(not_received),
      cmocka_unit_test(pauses),
      cmocka_unit_test(how_late),
      cmocka_unit_test(as_it_stood_then),
      cmocka_unit_test(limits),
      cmocka_unit_test(parts_of_one_total),
      cmocka_unit_test(totals_within_totals),
      cmocka_unit_test(large_numbers_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
