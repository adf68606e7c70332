/* SPDX-License-Identifier: Apache-2.0 */
#include "core/epoch.h"

/* Which keys of the keeper's an epoch needs that begins over these data: asked before it is opened, of the rows alone,
 * without a keeper. The same leaves as core looks at when it begins. */

static void need(struct core_needs *needs, uint32_t key) {
  if (needs->oldest == 0 || key < needs->oldest)
    needs->oldest = key;
  if (key > needs->newest)
    needs->newest = key;
}

/* A row that is damaged is core's to name when it starts: it does not say that a key is gone. */
static enum base_code leaf_needs(struct store *store, uint64_t index, struct core_needs *needs,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf leaf;
  struct base_view wrapped;
  uint32_t key = 0;
  enum base_code code = store_leaf_get(store, index, &arena, &leaf, err);
  if (code == BASE_OK && leaf.opening.size > 0)
    code = store_opening_key_get(store, leaf.opening_key, &key, &arena, &wrapped, err);
  if (code == BASE_OK && key > 0)
    need(needs, key);
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code partners_need(struct store *store, struct core_needs *needs, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_partner partner;
    int64_t before = key;
    code = store_partner_next(store, &key, &arena, &partner, err);
    if (code == BASE_OK)
      code = leaf_needs(store, partner.leaf_index, needs, err);
    else if (key != before && core_damage(code))
      code = BASE_OK;
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* What says the epoch may be damaged, and then the newest head says it. */
static enum base_code place_of_data(struct store *store, struct core_needs *needs, struct base_error *err) {
  uint32_t signed_in = 0;
  uint64_t start = 0;
  enum base_code code = core_epoch_stored(store, &needs->epoch, &start, err);
  if (core_damage(code)) {
    needs->epoch = 1;
    code = BASE_OK;
  }
  if (code == BASE_OK)
    code = core_data_whose(store, needs->origin, &signed_in, err);
  if (signed_in > needs->epoch)
    needs->epoch = signed_in;
  return code;
}

enum base_code core_epoch_needs(struct store *store, struct core_needs *out, struct base_error *err) {
  struct core_needs needs = {0};
  uint64_t leaves = 0;
  enum base_code code = store_leaf_count(store, &leaves, err);
  if (code == BASE_OK && leaves > 0)
    code = leaf_needs(store, leaves - 1, &needs, err);
  if (code == BASE_OK)
    code = partners_need(store, &needs, err);
  if (code == BASE_OK)
    code = place_of_data(store, &needs, err);
  if (code == BASE_OK)
    *out = needs;
  return code;
}
