/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cards.h"

/* Every 30 days the keeper makes a new epoch key. What survives is wrapped anew, some keys in each step, while the node
 * goes on; when nothing is left under the key before, that one is destroyed. Only then what was erased is gone for
 * good, from disks, logs of the database and backups too. Each row says itself under which key it is, so whatever is
 * cut off goes on where it stood; and the old key is destroyed only in a step that has written nothing, when the rows
 * seen are those that are committed. */

static const struct wire_keeper_key *epoch_key(const struct core *core, enum wire_keeper_state state) {
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == WIRE_KEEPER_EPOCH && core->info.keys[i].state == state)
      return &core->info.keys[i];
  return NULL;
}

const struct wire_keeper_key *core_rewrap_old(const struct core *core) {
  return epoch_key(core, WIRE_KEEPER_OLD);
}

uint32_t core_rewrap_oldest(const struct core *core) {
  const struct wire_keeper_key *key = core_rewrap_old(core);
  if (key == NULL)
    key = epoch_key(core, WIRE_KEEPER_IN_FORCE);
  return key != NULL ? key->number : 0;
}

bool core_rewrap_due(const struct core *core) {
  const struct wire_keeper_key *key = epoch_key(core, WIRE_KEEPER_IN_FORCE);
  return key != NULL && core_rewrap_old(core) == NULL &&
         core_now(core) >= key->from + (base_time)CORE_EPOCH_DAYS * CORE_DAY;
}

/* --- some keys */

struct batch {
  enum store_wrapped_table table;
  uint32_t old, epoch;
  size_t count, keyed;
  struct store_wrapped rows[CORE_EPOCH_KEYS];
  size_t at[CORE_EPOCH_KEYS]; /* of those with a key: which row */
  uint8_t wrapped[CORE_EPOCH_KEYS][CORE_WRAPPED];
  struct base_secret keys[CORE_EPOCH_KEYS];
};

static void say_damaged(struct core *core, const struct batch *batch, const struct store_wrapped *row) {
  core->rewrap.damaged++;
  base_log(BASE_LOG_ERROR, "key.damaged",
           "the key of %s %lld does not open under epoch key %u; see wasl register check",
           batch->table == STORE_WRAPPED_MESSAGES ? "message row" : "openings", (long long)row->number,
           (unsigned)batch->old);
}

/* One that does not open spoils the whole request: then each is asked for by itself, and it alone stays as it is. */
static enum base_code unwrap_each(struct core *core, struct batch *batch, struct base_error *err) {
  const struct core_keeper *keeper = &core->env.keeper;
  size_t kept = 0;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < batch->keyed && code == BASE_OK; i++) {
    memmove(batch->wrapped[kept], batch->wrapped[i], CORE_WRAPPED);
    batch->at[kept] = batch->at[i];
    code = keeper->unwrap(keeper->context, batch->old, &batch->wrapped[kept], 1, &batch->keys[kept], err);
    kept += code == BASE_OK;
    if (code == BASE_UNSEAL) {
      say_damaged(core, batch, &batch->rows[batch->at[i]]);
      code = BASE_OK;
    }
  }
  batch->keyed = kept;
  return code;
}

static enum base_code unwrap(struct core *core, struct batch *batch, struct base_error *err) {
  const struct core_keeper *keeper = &core->env.keeper;
  for (size_t i = 0; i < batch->count; i++) {
    const struct store_wrapped *row = &batch->rows[i];
    if (row->size != 0 && row->size != CORE_WRAPPED) {
      say_damaged(core, batch, row);
    } else if (row->size != 0) {
      memcpy(batch->wrapped[batch->keyed], row->bytes, CORE_WRAPPED);
      batch->at[batch->keyed++] = i;
    }
  }
  if (batch->keyed == 0)
    return BASE_OK;
  enum base_code code = keeper->unwrap(keeper->context, batch->old, (const uint8_t(*)[CORE_WRAPPED])batch->wrapped,
                                       batch->keyed, batch->keys, err);
  return code == BASE_UNSEAL ? unwrap_each(core, batch, err) : code;
}

static enum base_code write_anew(struct core *core, const struct batch *batch, struct base_error *err) {
  enum base_code code = core_write(core, err);
  for (size_t i = 0; i < batch->keyed && code == BASE_OK; i++)
    code = store_wrapped_set(core->store, batch->table, batch->rows[batch->at[i]].number, batch->epoch,
                             base_view_of(batch->wrapped[i], CORE_WRAPPED), err);
  for (size_t i = 0; i < batch->count && code == BASE_OK; i++)
    if (batch->rows[i].size == 0) /* dropped: nothing to wrap, and no reason to come back */
      code =
          store_wrapped_set(core->store, batch->table, batch->rows[i].number, batch->epoch, (struct base_view){0}, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* *some: there were rows, so that there may be more. */
static enum base_code some_anew(struct core *core, enum store_wrapped_table table, uint32_t old, bool *some,
                                struct base_error *err) {
  const struct core_keeper *keeper = &core->env.keeper;
  struct batch batch = {.table = table, .old = old, .epoch = epoch_key(core, WIRE_KEEPER_IN_FORCE)->number};
  enum base_code code = store_wrapped_under(core->store, table, old, core->rewrap.after[table], CORE_EPOCH_BYTES,
                                            batch.rows, CORE_EPOCH_KEYS, &batch.count, err);
  *some = batch.count > 0;
  if (code == BASE_OK && *some)
    code = unwrap(core, &batch, err);
  if (code == BASE_OK && batch.keyed > 0)
    code = keeper->wrap(keeper->context, batch.keys, batch.keyed, batch.wrapped, &batch.epoch, err);
  base_wipe(batch.keys, sizeof batch.keys);
  if (code == BASE_OK && *some)
    code = write_anew(core, &batch, err);
  if (code == BASE_OK && *some)
    core->rewrap.after[table] = batch.rows[batch.count - 1].number;
  return code;
}

/* --- the end */

void core_rewrap_begin(struct core *core, int64_t pause_ms) {
  core->rewrap = (struct core_rewrap){.not_before_ms = core_now_ms(core) + pause_ms};
  for (enum store_wrapped_table table = 0; table < STORE_WRAPPED_TABLES; table++)
    core->rewrap.after[table] = INT64_MIN;
}

/* Asked of the rows themselves, and not of where the walk stands. */
static enum base_code any_left(struct core *core, uint32_t old, bool *out, struct base_error *err) {
  struct store_wrapped row;
  size_t count = 0;
  enum base_code code = BASE_OK;
  for (enum store_wrapped_table table = 0; table < STORE_WRAPPED_TABLES && code == BASE_OK && count == 0; table++)
    code = store_wrapped_under(core->store, table, old, INT64_MIN, 1, &row, 1, &count, err);
  *out = count > 0;
  return code;
}

static enum base_code end(struct core *core, uint32_t old, struct base_error *err) {
  bool left = false;
  if (core->rewrap.damaged > 0) {
    base_log(
        BASE_LOG_ERROR, "key.kept",
        "epoch key %u stays, because %llu keys under it do not open, and a sound copy of them might: what was erased "
        "since it was made is not gone for good; see wasl register check",
        (unsigned)old, (unsigned long long)core->rewrap.damaged);
    core_rewrap_begin(core, (int64_t)CORE_DAY * 1000);
    return BASE_OK;
  }
  if (core->wrote) /* what is seen may still be taken back */
    return BASE_OK;
  enum base_code code = any_left(core, old, &left, err);
  if (code == BASE_OK && left)
    core_rewrap_begin(core, 0);
  if (code != BASE_OK || left)
    return code;
  code = core->env.keeper.forget(core->env.keeper.context, WIRE_KEEPER_EPOCH, old, err);
  if (code != BASE_OK)
    return code;
  base_log(BASE_LOG_NOTICE, "key.destroyed", "the epoch key %u is destroyed: all that survives is wrapped anew",
           (unsigned)old);
  core->keys.changed = true; /* what the keeper holds is asked in the next step, and written down */
  core_rewrap_begin(core, 0);
  return BASE_OK;
}

enum base_code core_rewrap_settle(struct core *core, struct base_error *err) {
  const struct wire_keeper_key *key = core_rewrap_old(core);
  if (key == NULL || core_now_ms(core) < core->rewrap.not_before_ms)
    return BASE_OK;
  uint32_t old = key->number;
  bool some = false, done = false;
  enum base_code code = BASE_OK;
  if (core->pool_count > 0 && core->pool_epoch == old) { /* wrapped ahead, and written nowhere yet */
    base_wipe(core->pool, sizeof core->pool);
    core->pool_count = 0;
  }
  core->rewrap.not_before_ms = core_now_ms(core) + CORE_EPOCH_PAUSE_MS;
  for (enum store_wrapped_table table = 0; table < STORE_WRAPPED_TABLES && code == BASE_OK && !some; table++)
    code = some_anew(core, table, old, &some, err);
  if (code == BASE_OK && !some)
    code = core_node_keys_anew(core, old, &done, err);
  if (code == BASE_OK && !some && done)
    code = end(core, old, err);
  if (code == BASE_OK || core->failed != BASE_OK)
    return code;
  base_log(BASE_LOG_ERROR, "key.failed", "keys could not be wrapped anew, it is tried again: %s", err->text);
  core_rewrap_begin(core, CORE_KEYS_PAUSE_MS);
  return BASE_OK;
}

int64_t core_rewrap_due_ms(const struct core *core) {
  if (core_rewrap_old(core) == NULL)
    return -1;
  int64_t left = core->rewrap.not_before_ms - core_now_ms(core);
  return left > 0 ? left : 0;
}
