/* SPDX-License-Identifier: Apache-2.0
 * Numbers by what they are about, kept in order. */
#include <stdlib.h>
#include <string.h>

#include "law/statistics.h"

const char *const law_column_names[LAW_COLUMNS] = {
#define LAW_COLUMN_NAME(name, word) [LAW_COLUMN_##name] = word,
    LAW_COLUMN_LIST(LAW_COLUMN_NAME)
#undef LAW_COLUMN_NAME
};

void law_tally_init(struct law_tally *tally) {
  *tally = (struct law_tally){0};
  base_arena_init(&tally->arena, LAW_TALLY_BYTES);
}

void law_tally_free(struct law_tally *tally) {
  free(tally->cells);
  free(tally->lates);
  base_arena_free(&tally->arena);
  *tally = (struct law_tally){0};
}

static int compare_texts(struct base_view a, struct base_view b) {
  size_t size = a.size < b.size ? a.size : b.size;
  int order = size == 0 ? 0 : memcmp(a.data, b.data, size);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_keys(const struct base_view *a, const struct base_view *b, size_t columns) {
  int order = 0;
  for (size_t i = 0; i < columns && order == 0; i++)
    order = compare_texts(a[i], b[i]);
  return order;
}

/* The first cell that is not before the key. */
static size_t place_of(const struct law_tally *tally, const struct base_view *key) {
  size_t low = 0, high = tally->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_keys(tally->cells[middle].key, key, LAW_COLUMNS) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool stands_at(const struct law_tally *tally, size_t place, const struct base_view *key) {
  return place < tally->count && compare_keys(tally->cells[place].key, key, LAW_COLUMNS) == 0;
}

/* Room for one more in a list that grows by doubling; false without memory. */
static bool grow(void **list, size_t count, size_t *room, size_t size) {
  if (count < *room)
    return true;
  size_t wanted = *room == 0 ? 64 : 2 * *room;
  void *grown = realloc(*list, wanted * size);
  if (grown == NULL)
    return false;
  *list = grown;
  *room = wanted;
  return true;
}

static const struct base_view *copy_key(struct base_arena *arena, const struct base_view *key) {
  struct base_view *copy = base_arena_array(arena, LAW_COLUMNS, sizeof *copy);
  for (size_t i = 0; copy != NULL && i < LAW_COLUMNS; i++) {
    if (key[i].size == 0)
      continue;
    copy[i] = base_arena_copy(arena, key[i]);
    if (copy[i].data == NULL)
      return NULL;
  }
  return copy;
}

enum base_code law_tally_add(struct law_tally *tally, const struct base_view key[LAW_COLUMNS], uint64_t value,
                             struct base_error *err) {
  size_t place = place_of(tally, key);
  if (stands_at(tally, place, key)) {
    tally->cells[place].value += value;
    return BASE_OK;
  }
  if (tally->count == LAW_CELLS_MAX)
    return base_fail(err, BASE_TOO_LARGE,
                     "the statistics have more than %d numbers: ask for a shorter period, one partner or one kind",
                     LAW_CELLS_MAX);
  const struct base_view *copy = copy_key(&tally->arena, key);
  if (copy == NULL || !grow((void **)&tally->cells, tally->count, &tally->room, sizeof *tally->cells))
    return base_fail(err, BASE_MEMORY, "no memory for statistics");
  memmove(&tally->cells[place + 1], &tally->cells[place], (tally->count - place) * sizeof *tally->cells);
  tally->cells[place] = (struct law_cell){.key = copy, .value = value};
  tally->count++;
  return BASE_OK;
}

const struct law_cell *law_tally_find(const struct law_tally *tally, const struct base_view key[LAW_COLUMNS]) {
  size_t place = place_of(tally, key);
  return stands_at(tally, place, key) ? &tally->cells[place] : NULL;
}

enum base_code law_tally_late(struct law_tally *tally, const struct base_view key[LAW_COLUMNS], int64_t seconds,
                              struct base_error *err) {
  if (tally->late_count == LAW_LATES_MAX)
    return base_fail(err, BASE_TOO_LARGE,
                     "more than %d late answers: ask for a shorter period, one partner or one kind", LAW_LATES_MAX);
  if (!grow((void **)&tally->lates, tally->late_count, &tally->late_room, sizeof *tally->lates))
    return base_fail(err, BASE_MEMORY, "no memory for statistics");
  size_t place = place_of(tally, key);
  tally->lates[tally->late_count++] = (struct law_late){.key = tally->cells[place].key, .seconds = seconds};
  return BASE_OK;
}

static int by_row_and_seconds(const void *a, const void *b) {
  const struct law_late *left = a, *right = b;
  int order = compare_keys(left->key, right->key, LAW_COLUMN_MEASURE);
  return order != 0 ? order : (left->seconds > right->seconds) - (left->seconds < right->seconds);
}

static enum base_code add_lateness(struct law_tally *tally, const struct base_view *row, const char *measure,
                                   int64_t seconds, struct base_error *err) {
  struct base_view key[LAW_COLUMNS];
  memcpy(key, row, sizeof key);
  key[LAW_COLUMN_MEASURE] = base_view_text(measure);
  return law_tally_add(tally, key, (uint64_t)seconds, err);
}

enum base_code law_tally_finish(struct law_tally *tally, struct base_error *err) {
  struct law_late *lates = tally->lates;
  enum base_code code = BASE_OK;
  if (tally->late_count > 0)
    qsort(lates, tally->late_count, sizeof *lates, by_row_and_seconds);
  for (size_t from = 0, to = 0; code == BASE_OK && from < tally->late_count; from = to) {
    while (to < tally->late_count && compare_keys(lates[from].key, lates[to].key, LAW_COLUMN_MEASURE) == 0)
      to++;
    code = add_lateness(tally, lates[from].key, "late_median", lates[from + (to - from - 1) / 2].seconds, err);
    if (code == BASE_OK)
      code = add_lateness(tally, lates[from].key, "late_longest", lates[to - 1].seconds, err);
  }
  return code;
}
