/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/cases.h"
#include "core/internal.h"

/* The cases that were looked at last, with their computed state: a receipt that comes while thousands are under way
 * finds its case here instead of reading its messages anew. What was not used longest gives way, as soon as there are
 * too many or they hold too much; never the last CORE_CASES_SPARED. */

void core_case_release(struct core_case *kase) {
  if (kase->kind != NULL) {
    base_arena_free(&kase->arena);
    free(kase->messages);
  }
  memset(kase, 0, sizeof *kase);
}

static uint64_t key_of(const struct base_id *id) {
  uint64_t key;
  memcpy(&key, id->bytes, sizeof key);
  return key;
}

/* What the case held when it was used last counts: it grows only where it is used. */
static void weigh(struct core_cases *cases, size_t slot, size_t weight) {
  cases->weight += weight - cases->weights[slot];
  cases->weights[slot] = weight;
}

static void touch(struct core_cases *cases, size_t slot) {
  const struct core_case *kase = &cases->slots[slot];
  cases->touched[slot] = ++cases->clock;
  weigh(cases, slot, kase->arena.used + kase->room * sizeof *kase->messages);
}

static void empty(struct core_cases *cases, size_t slot) {
  core_case_release(&cases->slots[slot]);
  weigh(cases, slot, 0);
  cases->count -= cases->touched[slot] != 0;
  cases->touched[slot] = cases->keys[slot] = 0;
}

void core_case_drop(struct core *core, const struct base_id *id) {
  for (size_t i = 0; i < CORE_CASES_CACHED; i++)
    if (core->cases.touched[i] != 0 && (id == NULL || base_id_equal(&core->cases.slots[i].id, id)))
      empty(&core->cases, i);
}

/* Free ones were touched at 0, before all others. */
static size_t oldest(const struct core_cases *cases, bool used) {
  size_t found = CORE_CASES_CACHED;
  for (size_t i = 0; i < CORE_CASES_CACHED; i++)
    if ((!used || cases->touched[i] != 0) && (found == CORE_CASES_CACHED || cases->touched[i] < cases->touched[found]))
      found = i;
  return found;
}

struct core_case *core_case_place(struct core *core) {
  struct core_cases *cases = &core->cases;
  while (cases->weight > CORE_CACHED_BYTES && cases->count > CORE_CASES_SPARED)
    empty(cases, oldest(cases, true));
  size_t slot = oldest(cases, false);
  empty(cases, slot);
  return &cases->slots[slot];
}

void core_case_keep(struct core *core, const struct core_case *kase) {
  struct core_cases *cases = &core->cases;
  size_t slot = (size_t)(kase - cases->slots);
  cases->keys[slot] = key_of(&kase->id);
  cases->count++;
  touch(cases, slot);
}

struct core_case *core_case_known(struct core *core, const struct base_id *id) {
  struct core_cases *cases = &core->cases;
  uint64_t key = key_of(id);
  for (size_t i = 0; i < CORE_CASES_CACHED; i++)
    if (cases->keys[i] == key && cases->touched[i] != 0 && base_id_equal(&cases->slots[i].id, id)) {
      touch(cases, i);
      return &cases->slots[i];
    }
  return NULL;
}
