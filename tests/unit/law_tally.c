/* SPDX-License-Identifier: Apache-2.0
 * Numbers by their keys, in order, and how late what was late was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "law/statistics.h"
#include "law_memory.h"

struct key {
  struct base_view columns[LAW_COLUMNS];
};

static struct key key_of(const char *partner, const char *measure) {
  return (struct key){{[LAW_COLUMN_SECTION] = BASE_VIEW("requests"),
                       [LAW_COLUMN_PARTNER] = base_view_text(partner),
                       [LAW_COLUMN_MEASURE] = base_view_text(measure)}};
}

static enum base_code add(struct law_tally *tally, const char *partner, const char *measure, uint64_t value) {
  struct base_error err;
  return law_tally_add(tally, key_of(partner, measure).columns, value, &err);
}

static enum base_code late(struct law_tally *tally, const char *partner, int64_t seconds) {
  struct base_error err;
  return law_tally_late(tally, key_of(partner, "requests").columns, seconds, &err);
}

/* -1: there is none. */
static int64_t number(const struct law_tally *tally, const char *partner, const char *measure) {
  const struct law_cell *cell = law_tally_find(tally, key_of(partner, measure).columns);
  return cell == NULL ? -1 : (int64_t)cell->value;
}

/* By each column in turn, octet by octet; of two that begin alike the shorter one first. */
static void stands_in_order(void **state) {
  (void)state;
  static const char *const partners[] = {"", "a", "aa", "ab", "b", "\xc3\xa9"};
  enum { COUNT = sizeof partners / sizeof *partners };
  struct law_tally tally;
  law_tally_init(&tally);
  for (size_t i = 0; i < COUNT; i++) { /* in no order: 5 and 6 have no common factor */
    const char *partner = partners[i * 5 % COUNT];
    assert_int_equal(add(&tally, partner, "z", i + 1), BASE_OK);
    assert_int_equal(add(&tally, partner, "m", i + 10), BASE_OK);
    assert_int_equal(add(&tally, partner, "m", 100), BASE_OK);
  }
  assert_int_equal(tally.count, 2 * COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    for (size_t j = 0; j < 2; j++) {
      const struct base_view *key = tally.cells[2 * i + j].key;
      assert_true(base_view_is(key[LAW_COLUMN_PARTNER], partners[i]));
      assert_true(base_view_is(key[LAW_COLUMN_MEASURE], j == 0 ? "m" : "z"));
    }
    assert_int_equal(number(&tally, partners[i * 5 % COUNT], "z"), i + 1);
    assert_int_equal(number(&tally, partners[i * 5 % COUNT], "m"), i + 110);
  }
  assert_int_equal(number(&tally, "", "a"), -1);
  assert_int_equal(number(&tally, "ab", "n"), -1);
  assert_int_equal(number(&tally, "\xc3\xa9", "zz"), -1);
  law_tally_free(&tally);
  assert_int_equal(tally.count, 0);
  assert_null(tally.cells);
}

/* The texts of a key are the tally's own. */
static void keeps_its_keys(void **state) {
  (void)state;
  struct law_tally tally;
  char partner[] = "paris";
  law_tally_init(&tally);
  assert_int_equal(add(&tally, partner, "m", 1), BASE_OK);
  memcpy(partner, "tunis", 5);
  assert_int_equal(number(&tally, "paris", "m"), 1);
  assert_int_equal(number(&tally, "tunis", "m"), -1);
  law_tally_free(&tally);
}

/* Median and longest of each row by itself. */
static void lateness_of_each_row(void **state) {
  (void)state;
  static const struct {
    const char *partner;
    int64_t seconds;
  } lates[] = {{"paris", 30}, {"rabat", 5},  {"paris", 10}, {"madrid", 7}, {"paris", 20},
               {"rabat", 80}, {"paris", 20}, {"rabat", 6},  {"paris", 10}};
  struct law_tally tally;
  struct base_error err;
  law_tally_init(&tally);
  static const char *const partners[] = {"madrid", "oslo", "paris", "rabat"};
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(add(&tally, partners[i], "requests", 1), BASE_OK);
  for (size_t i = 0; i < sizeof lates / sizeof *lates; i++)
    assert_int_equal(late(&tally, lates[i].partner, lates[i].seconds), BASE_OK);
  assert_int_equal(law_tally_finish(&tally, &err), BASE_OK);
  static const int64_t median[] = {7, -1, 20, 6}, longest[] = {7, -1, 30, 80};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(number(&tally, partners[i], "late_median"), median[i]);
    assert_int_equal(number(&tally, partners[i], "late_longest"), longest[i]);
    assert_int_equal(number(&tally, partners[i], "requests"), 1);
  }
  assert_int_equal(tally.count, 10);
  law_tally_free(&tally);
}

static void nothing_was_late(void **state) {
  (void)state;
  struct law_tally tally;
  struct base_error err;
  law_tally_init(&tally);
  assert_int_equal(law_tally_finish(&tally, &err), BASE_OK);
  assert_int_equal(add(&tally, "paris", "requests", 1), BASE_OK);
  assert_int_equal(law_tally_finish(&tally, &err), BASE_OK);
  assert_int_equal(tally.count, 1);
  law_tally_free(&tally);
}

/* Median and longest have room, or it is said. */
static void lateness_has_room_or_not(void **state) {
  (void)state;
  for (size_t room = 0; room <= 4; room++) {
    struct law_tally tally;
    struct base_error err = {0};
    without_room(&tally, room + 2);
    assert_int_equal(add(&tally, "paris", "requests", 1), BASE_OK);
    assert_int_equal(add(&tally, "rabat", "requests", 1), BASE_OK);
    assert_int_equal(late(&tally, "paris", 60), BASE_OK);
    assert_int_equal(late(&tally, "rabat", 60), BASE_OK);
    assert_int_equal(law_tally_finish(&tally, &err), room < 4 ? BASE_TOO_LARGE : BASE_OK);
    assert_int_equal(tally.count, LAW_CELLS_MAX);
    law_tally_free(&tally);
  }
}

/* An arena at its limit, wherever in a key: an error, and the tally is as it was. */
static void a_key_without_room(void **state) {
  (void)state;
  bool enough = false;
  for (size_t limit = 1; !enough; limit++) {
    struct law_tally tally;
    law_tally_init(&tally);
    base_arena_init(&tally.arena, limit);
    enum base_code code = add(&tally, "paris", "requests", 1);
    enough = code == BASE_OK;
    assert_true(enough || code == BASE_MEMORY);
    assert_int_equal(tally.count, enough);
    assert_int_equal(number(&tally, "paris", "requests"), enough ? 1 : -1);
    assert_true(limit < 4096);
    law_tally_free(&tally);
  }
}

/* Memory fails once, wherever: that one number is not taken, all others are, and the next try succeeds. */
static void without_memory_for_one(void **state) {
  (void)state;
  enum { COUNT = 200 };
  bool enough = false;
  size_t which = 0;
  while (!enough) {
    struct law_tally tally;
    unsigned failed = 0;
    law_tally_init(&tally);
    bool failing = without_memory(++which);
    for (size_t i = 0; i < COUNT; i++) {
      char partner[32];
      (void)snprintf(partner, sizeof partner, "p%zu", i);
      while (add(&tally, partner, "requests", i) == BASE_MEMORY)
        failed++;
      while (late(&tally, partner, (int64_t)i) == BASE_MEMORY)
        failed++;
      assert_int_equal(number(&tally, partner, "requests"), i);
      assert_int_equal(tally.lates[i].seconds, i);
    }
    enough = !failing || memory_was_enough();
    assert_int_equal(failed, !enough);
    assert_int_equal(tally.count, COUNT);
    assert_int_equal(tally.late_count, COUNT);
    assert_true(which < 100);
    law_tally_free(&tally);
  }
  assert_true(which == 1 || which > 7); /* both lists grew three times */
}

/* Median and longest alike: that one of them could not be taken is never silence. */
static void lateness_without_memory(void **state) {
  (void)state;
  bool enough = false;
  for (size_t which = 1; !enough; which++) {
    struct law_tally tally;
    struct base_error err;
    law_tally_init(&tally);
    for (size_t i = 0; i < 63; i++) {
      char partner[32];
      (void)snprintf(partner, sizeof partner, "p%zu", i);
      assert_int_equal(add(&tally, partner, "requests", 1), BASE_OK);
      assert_int_equal(late(&tally, partner, 5), BASE_OK);
    }
    bool failing = without_memory(which);
    enum base_code code = law_tally_finish(&tally, &err);
    enough = !failing || memory_was_enough();
    assert_int_equal(code, enough ? BASE_OK : BASE_MEMORY);
    law_tally_free(&tally);
  }
}

/* The texts of all keys together have a limit. */
static void limit_of_texts(void **state) {
  (void)state;
  enum { SIZE = 1 << 20 };
  struct law_tally tally;
  char *text = calloc(1, SIZE + 1);
  assert_non_null(text);
  memset(text, 'x', SIZE);
  law_tally_init(&tally);
  for (size_t i = 0; i < LAW_TALLY_BYTES / SIZE; i++) {
    text[0] = (char)('a' + i);
    assert_int_equal(add(&tally, text, "m", 1), i + 1 < LAW_TALLY_BYTES / SIZE ? BASE_OK : BASE_MEMORY);
  }
  law_tally_free(&tally);
  free(text);
}

/* Its numbers, what was late, and the texts: all three are given back. */
static void gives_all_back(void **state) {
  (void)state;
  struct law_tally tally;
  law_tally_init(&tally);
  assert_int_equal(add(&tally, "paris", "requests", 1), BASE_OK);
  assert_int_equal(late(&tally, "paris", 5), BASE_OK);
  size_t before = memory_freed;
  law_tally_free(&tally);
  assert_true(!without_memory(0) || memory_freed - before == 3);
  law_tally_free(&tally);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stands_in_order),          cmocka_unit_test(keeps_its_keys),
      cmocka_unit_test(lateness_of_each_row),     cmocka_unit_test(nothing_was_late),
      cmocka_unit_test(lateness_has_room_or_not), cmocka_unit_test(a_key_without_room),
      cmocka_unit_test(without_memory_for_one),   cmocka_unit_test(lateness_without_memory),
      cmocka_unit_test(limit_of_texts),           cmocka_unit_test(gives_all_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
