/* SPDX-License-Identifier: Apache-2.0
 * Law without memory, and a tally without room. */
#ifndef WASL_TESTS_LAW_MEMORY_H
#define WASL_TESTS_LAW_MEMORY_H

#include "law/statistics.h"
#include "short_memory.h"

/* A tally that has room for so many numbers more, behind ones that stand before all others and are alike. */
static inline void without_room(struct law_tally *tally, size_t room) {
  static const struct base_view key[LAW_COLUMNS] = {[0] = {(const uint8_t *)"a", 1}};
  law_tally_init(tally);
  tally->cells = calloc(LAW_CELLS_MAX, sizeof *tally->cells);
  if (tally->cells == NULL)
    abort();
  tally->room = LAW_CELLS_MAX;
  tally->count = LAW_CELLS_MAX - room;
  for (size_t i = 0; i < tally->count; i++)
    tally->cells[i].key = key;
}

#endif
