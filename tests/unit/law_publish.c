/* SPDX-License-Identifier: Apache-2.0
 * The table of a period: which numbers it has, of which totals they are parts, and that it is whole or not there at
 * all. That no small one can be computed from it is tried in law_statistics.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "law/statistics.h"
#include "law_memory.h"

/* A row as "section direction partner month kind clock limit measure detail", "-" for an empty column. */
struct counted {
  const char *row;
  uint64_t value;
};

static enum base_code count(struct law_tally *tally, const char *row, uint64_t value) {
  char text[3072];
  struct base_view key[LAW_COLUMNS] = {{0}};
  struct base_error err;
  (void)snprintf(text, sizeof text, "%s", row);
  char *rest = NULL, *word = strtok_r(text, " ", &rest);
  for (size_t i = 0; i < LAW_COLUMNS; i++, word = strtok_r(NULL, " ", &rest)) {
    assert_non_null(word);
    key[i] = strcmp(word, "-") == 0 ? (struct base_view){0} : base_view_text(word);
  }
  return law_tally_add(tally, key, value, &err);
}

/* A line for each number, "…" for one that is hidden. */
static void write_table(const struct law_tally *tally, struct base_buf *out) {
  for (size_t i = 0; i < tally->count; i++) {
    const struct law_cell *cell = &tally->cells[i];
    for (size_t j = 0; j < LAW_COLUMNS; j++)
      base_buf_printf(out, "%.*s ", cell->key[j].size > 0 ? (int)cell->key[j].size : 1,
                      cell->key[j].size > 0 ? (const char *)cell->key[j].data : "-");
    if (cell->hidden)
      base_buf_text(out, "…\n");
    else
      base_buf_printf(out, "%llu\n", (unsigned long long)cell->value);
    assert_true(!cell->hidden || cell->value == 0);
  }
  base_buf_add(out, "", 1);
}

static void published(const struct counted *rows, size_t row_count, const char *expected) {
  struct law_tally tally, out;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf text = {0};
  law_tally_init(&tally);
  law_tally_init(&out);
  for (size_t i = 0; i < row_count; i++)
    assert_int_equal(count(&tally, rows[i].row, rows[i].value), BASE_OK);
  assert_int_equal(law_publish(&tally, &out, &err), BASE_OK);
  write_table(&out, &text);
  assert_string_equal((const char *)text.data, expected);
  law_tally_free(&out);
  law_tally_free(&tally);
}
#define PUBLISHED(rows, expected) published(rows, sizeof(rows) / sizeof *(rows), expected)

/* By partner, by month, by limit; a limit by outcome, an outcome by detail. Nothing crosses two of these. */
static void requests_by_each_total(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent paris 2026-01 request answer normal requests -", 9},
      {"requests sent paris 2026-02 request answer urgent requests -", 11},
      {"requests sent madrid 2026-02 request answer normal requests -", 7},
      {"requests sent paris 2026-01 request answer normal in_time answer", 9},
      {"requests sent madrid 2026-02 request answer normal late refuse/no_competence", 7},
      {"requests sent paris 2026-02 request answer urgent not_received waiting", 5},
      {"requests sent paris 2026-02 request answer urgent running -", 6},
      {"requests received paris 2026-02 request answer normal requests -", 8},
      {"requests received paris 2026-02 request answer normal overdue -", 8},
  };
  PUBLISHED(rows, "requests received - - request answer - requests - 8\n"
                  "requests received - - request answer normal overdue - 8\n"
                  "requests received - - request answer normal requests - 8\n"
                  "requests received - 2026-02 request answer - requests - 8\n"
                  "requests received paris - request answer - requests - 8\n"
                  "requests sent - - request answer - requests - 27\n"
                  "requests sent - - request answer normal in_time - 9\n"
                  "requests sent - - request answer normal in_time answer 9\n"
                  "requests sent - - request answer normal late - 7\n"
                  "requests sent - - request answer normal late refuse/no_competence 7\n"
                  "requests sent - - request answer normal requests - 16\n"
                  "requests sent - - request answer urgent not_received - 5\n"
                  "requests sent - - request answer urgent requests - 11\n"
                  "requests sent - - request answer urgent running - 6\n"
                  "requests sent - 2026-01 request answer - requests - 9\n"
                  "requests sent - 2026-02 request answer - requests - 18\n"
                  "requests sent madrid - request answer - requests - 7\n"
                  "requests sent paris - request answer - requests - 20\n");
}

/* Every outcome is told, no measure that would say how late one was. */
static void each_measure(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent paris 2026-01 request answer normal requests -", 70},
      {"requests sent paris 2026-01 request answer normal in_time -", 10},
      {"requests sent paris 2026-01 request answer normal late -", 10},
      {"requests sent paris 2026-01 request answer normal ended_by_asker -", 10},
      {"requests sent paris 2026-01 request answer normal paused -", 10},
      {"requests sent paris 2026-01 request answer normal running -", 10},
      {"requests sent paris 2026-01 request answer normal overdue -", 10},
      {"requests sent paris 2026-01 request answer normal not_received -", 10},
      {"requests sent paris 2026-01 request answer normal late_median -", 10},
      {"requests sent paris 2026-01 request answer normal late_longest -", 10},
      {"requests sent paris 2026-01 request answer normal clarified -", 30},
      {"requests sent paris 2026-01 request answer normal disputed -", 20},
      {"requests sent paris 2026-01 request answer normal pauses clarify/scope_too_wide", 22},
      {"requests sent paris 2026-01 request answer normal pauses clarify", 11},
      {"messages sent paris 2026-01 request - - sent ask", 70},
  };
  PUBLISHED(rows, "requests sent - - request answer - clarified - 30\n"
                  "requests sent - - request answer - disputed - 20\n"
                  "requests sent - - request answer - pauses - 33\n"
                  "requests sent - - request answer - pauses clarify 11\n"
                  "requests sent - - request answer - pauses clarify/scope_too_wide 22\n"
                  "requests sent - - request answer - requests - 70\n"
                  "requests sent - - request answer normal ended_by_asker - 10\n"
                  "requests sent - - request answer normal in_time - 10\n"
                  "requests sent - - request answer normal late - 10\n"
                  "requests sent - - request answer normal not_received - 10\n"
                  "requests sent - - request answer normal overdue - 10\n"
                  "requests sent - - request answer normal paused - 10\n"
                  "requests sent - - request answer normal requests - 70\n"
                  "requests sent - - request answer normal running - 10\n"
                  "requests sent - 2026-01 request answer - requests - 70\n"
                  "requests sent paris - request answer - requests - 70\n");
}

/* A clock of one length has no limit to be told by: its outcomes are parts of the root. */
static void a_clock_of_one_length(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent paris 2026-01 recall act - requests -", 20},
      {"requests sent paris 2026-01 recall act - in_time answer", 14},
      {"requests sent paris 2026-01 recall act - overdue -", 6},
  };
  PUBLISHED(rows, "requests sent - - recall act - in_time - 14\n"
                  "requests sent - - recall act - in_time answer 14\n"
                  "requests sent - - recall act - overdue - 6\n"
                  "requests sent - - recall act - requests - 20\n"
                  "requests sent - 2026-01 recall act - requests - 20\n"
                  "requests sent paris - recall act - requests - 20\n");
}

static void acts_that_are_told(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"acts - paris 2026-01 request - - read -", 10},
      {"acts - madrid 2026-02 request - - read -", 10},
      {"acts - - 2026-01 - - - exported -", 10},
      {"acts - paris 2026-01 request - - denied request/ask", 5},
      {"acts - paris 2026-01 request - - erased -", 4},
      {"acts - - 2026-01 request - - erased draft", 30},
      {"acts - paris 2026-01 - - - refused expired", 6},
      {"acts - paris 2026-01 request - - ended -", 7},
      {"acts - paris 2026-01 request - - sent -", 10},
      {"acts - paris 2026-01 request - - in_time answer", 9},
      {"messages - paris 2026-01 request - - read -", 10},
      {"messages sent paris 2026-01 request - - transferred instrument", 7},
      {"messages sent rabat 2026-02 information - - transferred instrument", 2},
      {"messages sent rabat 2026-02 information - - transferred individual_case", 3},
      {"messages sent rabat 2026-02 information - - sent provide", 12},
  };
  PUBLISHED(rows, "acts - - - - - - denied - 5\n"
                  "acts - - - - - - ended - 7\n"
                  "acts - - - - - - erased - …\n"
                  "acts - - - - - - exported - 10\n"
                  "acts - - - - - - read - 20\n"
                  "acts - - - - - - refused - 6\n"
                  "messages - - - - - - transferred individual_case …\n"
                  "messages - - - - - - transferred instrument 9\n");
}

/* With a small part another is hidden, in order and not by size; the other totals of the same root are told. */
static void small_parts(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent lisboa 2026-01 request answer normal requests -", 20},
      {"requests sent madrid 2026-01 request answer normal requests -", 8},
      {"requests sent paris 2026-01 request answer normal requests -", 4},
      {"requests sent paris 2026-01 request answer normal in_time answer", 28},
      {"requests sent paris 2026-01 request answer normal late answer", 4},
  };
  PUBLISHED(rows, "requests sent - - request answer - requests - 32\n"
                  "requests sent - - request answer normal in_time - …\n"
                  "requests sent - - request answer normal late - …\n"
                  "requests sent - - request answer normal requests - 32\n"
                  "requests sent - 2026-01 request answer - requests - 32\n"
                  "requests sent lisboa - request answer - requests - …\n"
                  "requests sent madrid - request answer - requests - 8\n"
                  "requests sent paris - request answer - requests - …\n");
}

/* Of a total that is small itself nothing is told but that it is there. */
static void a_small_total(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent paris 2026-01 request answer normal requests -", 4},
      {"requests sent paris 2026-01 request answer normal late answer", 4},
      {"requests sent paris 2026-01 request answer normal pauses clarify", 3},
      {"requests sent paris 2026-01 request answer normal clarified -", 5},
  };
  PUBLISHED(rows, "requests sent - - request answer - clarified - 5\n"
                  "requests sent - - request answer - pauses - …\n"
                  "requests sent - - request answer - requests - …\n");
}

/* A limit that is hidden takes its outcomes with it, wherever they stand in the order of the table. */
static void parts_of_a_hidden_limit(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent p m request answer n requests -", 4},  {"requests sent p m request answer n late a", 4},
      {"requests sent p m request answer u requests -", 20}, {"requests sent p m request answer u in_time a", 20},
      {"requests sent p m request answer u pauses c", 9},
  };
  PUBLISHED(rows, "requests sent - - request answer - pauses - 9\n"
                  "requests sent - - request answer - pauses c 9\n"
                  "requests sent - - request answer - requests - 24\n"
                  "requests sent - - request answer n requests - …\n"
                  "requests sent - - request answer u requests - …\n"
                  "requests sent - m request answer - requests - 24\n"
                  "requests sent p - request answer - requests - 24\n");
}

/* Names of one letter are names: what they stand for is a part of its total like any other. */
static void names_of_one_letter(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests received p m request answer n requests -", 9}, {"requests received p m request answer n late a", 9},
      {"requests sent p m request answer n requests -", 5},     {"requests sent p m request answer n late a", 5},
      {"requests sent q o request answer n requests -", 3},     {"requests sent q o request answer n late b", 3},
  };
  PUBLISHED(rows, "requests received - - request answer - requests - 9\n"
                  "requests received - - request answer n late - 9\n"
                  "requests received - - request answer n late a 9\n"
                  "requests received - - request answer n requests - 9\n"
                  "requests received - m request answer - requests - 9\n"
                  "requests received p - request answer - requests - 9\n"
                  "requests sent - - request answer - requests - 8\n"
                  "requests sent - - request answer n late - 8\n"
                  "requests sent - - request answer n requests - 8\n");
}

/* Outcomes that cannot be hidden are left out, and no partner is hidden for them: those are another breakdown. */
static void outcomes_are_a_breakdown(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent p m recall act - requests -", 8},
      {"requests sent p m recall act - in_time -", 5},
      {"requests sent p m recall act - overdue -", 3},
  };
  PUBLISHED(rows, "requests sent - - recall act - requests - 8\n"
                  "requests sent - m recall act - requests - 8\n"
                  "requests sent p - recall act - requests - 8\n");
}

/* One total and its parts, with what law makes of each: s shown, h hidden, l left out. What stands behind is no part.
 */
static void each_part(void **state) {
  (void)state;
  static const struct {
    uint64_t parts[4];
    const char *told;
  } rows[] = {
      {{4, 5}, "hh"},         {{5, 4}, "hh"},         {{3, 5}, "ll"},         {{0, 4, 5}, "shh"},
      {{20, 8, 4}, "hsh"},    {{8, 20, 4}, "hsh"},    {{5, 5, 3}, "lll"},     {{5, 6, 3}, "hhh"},
      {{1, 1, 8}, "hhh"},     {{1, 1, 7}, "lll"},     {{4, 4, 2, 5}, "hhhh"}, {{4, 0, 0, 9}, "hssh"},
      {{5, 6, 7, 8}, "ssss"}, {{1, 5, 5, 5}, "llll"}, {{2, 6, 6, 6}, "hhhs"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct law_node nodes[7] = {{.parent = LAW_ROOT}};
    size_t count = strlen(rows[i].told) + 1;
    char told[8] = "";
    for (size_t j = 1; j < count; j++) {
      nodes[j].value = rows[i].parts[j - 1];
      nodes[0].value += nodes[j].value;
    }
    nodes[count].value = 9; /* behind: like a part of it, … */
    nodes[count + 1] = (struct law_node){.parent = LAW_ROOT, .value = 3};
    law_hide(nodes, count);
    for (size_t j = 1; j < count; j++)
      told[j - 1] = nodes[j].shown == LAW_SHOWN ? 's' : nodes[j].shown == LAW_HIDDEN ? 'h' : 'l';
    if (strcmp(told, rows[i].told) != 0)
      fail_msg("row %zu: %s instead of %s", i, told, rows[i].told);
    assert_int_equal(nodes[0].shown, LAW_SHOWN);
    assert_int_equal(nodes[count].shown, LAW_SHOWN);
    nodes[count].value = 3; /* … a small one, … */
    law_hide(nodes, count);
    assert_int_equal(nodes[count].shown, LAW_SHOWN);
    assert_int_equal(nodes[1].shown == LAW_SHOWN, told[0] == 's');
    nodes[count] = nodes[count + 1]; /* … and a total of its own */
    law_hide(nodes, count);
    assert_int_equal(nodes[count].shown, LAW_SHOWN);
  }
}

static void nothing_was_counted(void **state) {
  (void)state;
  published(NULL, 0, "");
}

/* As many as fit, and one too many. */
static void as_many_as_fit(void **state) {
  (void)state;
  for (size_t over = 0; over <= 1; over++) {
    struct law_tally tally, out;
    struct base_error err;
    law_tally_init(&tally);
    law_tally_init(&out);
    /* a root, its month and its limit beside the partners */
    for (size_t i = 0; i < LAW_PUBLISHED_MAX - 3 + over; i++) {
      char row[128];
      (void)snprintf(row, sizeof row, "requests sent p%zu 2026-01 request answer normal requests -", i);
      assert_int_equal(count(&tally, row, 9), BASE_OK);
    }
    assert_int_equal(law_publish(&tally, &out, &err), over > 0 ? BASE_TOO_LARGE : BASE_OK);
    assert_int_equal(out.count, LAW_PUBLISHED_MAX + over);
    assert_true(over == 0 || strstr(err.text, "more than 4096 numbers") != NULL);
    law_tally_free(&out);
    law_tally_free(&tally);
  }
}

/* A table that cannot be whole is none: whichever number has no room. */
static void whole_or_not_at_all(void **state) {
  (void)state;
  static const struct counted rows[] = {
      {"requests sent paris 2026-01 request answer normal requests -", 70},
      {"requests sent paris 2026-01 request answer normal late answer", 10},
      {"requests sent paris 2026-01 request answer normal pauses clarify", 11},
      {"requests sent paris 2026-01 request answer normal disputed -", 20},
      {"acts - paris 2026-01 request - - read -", 10},
  };
  enum { NUMBERS = 10 };
  for (size_t room = 0; room <= NUMBERS; room++) {
    struct law_tally tally, out;
    struct base_error err = {0};
    law_tally_init(&tally);
    without_room(&out, room);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
      assert_int_equal(count(&tally, rows[i].row, rows[i].value), BASE_OK);
    assert_int_equal(law_publish(&tally, &out, &err), BASE_TOO_LARGE);
    assert_int_equal(strstr(err.text, "the statistics have more than") != NULL, room < NUMBERS);
    law_tally_free(&out);
    law_tally_free(&tally);
  }
}

static void without_memory_no_table(void **state) {
  (void)state;
  static char partner[2048]; /* so that each key has a block of its own */
  char row[3072];
  memset(partner, 'p', sizeof partner - 1);
  bool enough = false;
  for (size_t which = 1; !enough; which++) {
    struct law_tally tally, out;
    struct base_error err = {0};
    law_tally_init(&tally);
    law_tally_init(&out);
    (void)snprintf(row, sizeof row, "requests sent paris 2026-01 %s answer normal pauses clarify", partner);
    assert_int_equal(count(&tally, row, 9), BASE_OK);
    (void)snprintf(row, sizeof row, "requests sent paris 2026-01 %s answer normal requests -", partner);
    assert_int_equal(count(&tally, row, 9), BASE_OK);
    bool failing = without_memory(which);
    enum base_code code = law_publish(&tally, &out, &err);
    enough = !failing || memory_was_enough();
    assert_int_equal(code, enough ? BASE_OK : BASE_MEMORY);
    law_tally_free(&out);
    law_tally_free(&tally);
    if (!enough)
      assert_string_equal(err.text, "no memory for statistics");
    else if (failing)
      assert_true(which > 4); /* the key, the list, and both of the table */
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_by_each_total),
      cmocka_unit_test(each_measure),
      cmocka_unit_test(a_clock_of_one_length),
      cmocka_unit_test(acts_that_are_told),
      cmocka_unit_test(small_parts),
      cmocka_unit_test(a_small_total),
      cmocka_unit_test(nothing_was_counted),
      cmocka_unit_test(parts_of_a_hidden_limit),
      cmocka_unit_test(names_of_one_letter),
      cmocka_unit_test(outcomes_are_a_breakdown),
      cmocka_unit_test(each_part),
      cmocka_unit_test(as_many_as_fit),
      cmocka_unit_test(whole_or_not_at_all),
      cmocka_unit_test(without_memory_no_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
