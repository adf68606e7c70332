/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/backup.h"
#include "core/cards.h"
#include "core/clocks.h"
#include "core/epoch.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/witness.h"
#include "core/zones.h"

/* A core's life: opened from what is stored, loaded anew after a lost step, closed. */

enum base_code core_reload(struct core *core, struct base_error *err) {
  core_case_drop(core, NULL);
  core_clocks_forget(core);
  core_parts_forget(core, NULL);
  core_check_free(core);
  core_statistics_free(core);
  core_register_free(core);
  core_partners_free(core);
  core_agreements_free(core);
  enum base_code code = core_register_load(core, err);
  if (code == BASE_OK)
    code = core_lost_load(core, err);
  if (code == BASE_OK)
    code = core_keys_load(core, err);
  if (code == BASE_OK)
    core_register_verify(core);
  if (code == BASE_OK)
    code = core_partners_load(core, err);
  if (code == BASE_OK)
    code = core_zones_load(core, err);
  if (code == BASE_OK)
    code = core_agreements_load(core, err);
  if (code == BASE_OK)
    code = core_witnesses_load(core, err);
  if (code == BASE_OK)
    code = core_people_load(core, err);
  if (code == BASE_OK)
    code = core_erase_load(core, err);
  if (code == BASE_OK)
    code = core_recall_load(core, err);
  core->retain_at = 0; /* it is looked anew */
  if (code == BASE_OK)
    core_peer_table_wake(core);
  return code;
}

static const char token_fact[] = "part-token-key";

static enum base_code read_token_key(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 4096);
  enum base_code code = store_fact_get(core->store, token_fact, &stored, err);
  struct base_reader reader = base_reader_of(base_buf_view(&stored));
  uint32_t epoch = base_read_u32(&reader);
  struct base_view wrapped = base_read_bytes(&reader, CORE_WRAPPED);
  if (code == BASE_OK)
    code = base_reader_end(&reader, token_fact, err);
  return code == BASE_OK ? core_key_unwrap(core, epoch, wrapped, &core->token_key, err) : code;
}

static enum base_code save_token_key(struct core *core, uint32_t epoch, const uint8_t wrapped[CORE_WRAPPED],
                                     struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 64);
  base_buf_u32(&stored, epoch);
  base_buf_add(&stored, wrapped, CORE_WRAPPED);
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_fact_set(core->store, token_fact, base_buf_view(&stored), err) : code;
}

enum base_code core_token_key_anew(struct core *core, uint32_t old, bool *done, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 4096);
  uint8_t wrapped[1][CORE_WRAPPED];
  uint32_t epoch = 0;
  enum base_code code = store_fact_get(core->store, token_fact, &stored, err);
  struct base_reader reader = base_reader_of(base_buf_view(&stored));
  *done = core->token_key_lost || core_damage(code) || (code == BASE_OK && base_read_u32(&reader) != old);
  if (*done || code != BASE_OK)
    return *done ? BASE_OK : code;
  code = core->env.keeper.wrap(core->env.keeper.context, &core->token_key, 1, wrapped, &epoch, err);
  if (code != BASE_OK)
    return code;
  code = save_token_key(core, epoch, wrapped[0], err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* Only a new node makes one. Without the one it had, parts are not found by their hash; all else goes on, and what is
 * left of the fact is not written over. */
static enum base_code load_token_key(struct core *core, struct base_error *err) {
  uint8_t wrapped[CORE_WRAPPED];
  uint32_t epoch = 0;
  enum base_code code = core->reg.size > 0 ? read_token_key(core, err) : BASE_NOT_FOUND;
  if (!core_damage(code))
    return code;
  if (core->reg.size > 0)
    base_log(BASE_LOG_ERROR, "fact.damaged", "%s: %s; parts are not found by their hash", token_fact, err->text);
  core->token_key_lost = core->reg.size > 0;
  code = core_key(core, &core->token_key, wrapped, &epoch, err);
  if (code != BASE_OK || core->token_key_lost)
    return code;
  return save_token_key(core, epoch, wrapped, err);
}

/* Where there is no database a new node makes one. One that signed heads had one: nothing is made in its place, for
 * beside it no backup would be restored. */
static enum base_code had_store(struct core *core, struct base_error *err) {
  if (core->env.database != NULL || store_file_there(core->env.dir))
    return BASE_OK;
  enum base_code code = core_epoch_ask(core, err);
  return code == BASE_OK && core->info.size > 0 ? core_register_none(core, err) : code;
}

static enum base_code open_store(struct core *core, struct base_error *err) {
  struct store_server *database = core->env.database;
  core->env.database = NULL;
  return store_open(core->env.dir, database, &core->store, err);
}

static enum base_code open_all(struct core *core, struct base_error *err) {
  enum base_code code = core_kinds_load(core, err);
  if (code == BASE_OK)
    code = had_store(core, err);
  if (code != BASE_OK)
    return code;
  core_room_open(core);
  code = open_store(core, err);
  if (code == BASE_OK)
    code = core_register_load(core, err);
  if (code == BASE_OK) /* before the first leaf: only a new node makes one */
    code = load_token_key(core, err);
  if (code == BASE_OK)
    code = core_keys_open(core, err);
  if (code == BASE_OK)
    core_register_verify(core);
  if (code == BASE_OK)
    code = core_lost_load(core, err);
  if (code == BASE_OK)
    code = core_partners_load(core, err);
  if (code == BASE_OK)
    code = core_zones_load(core, err);
  if (code == BASE_OK)
    code = core_agreements_load(core, err);
  if (code == BASE_OK)
    code = core_epoch_open(core, err);
  if (code == BASE_OK)
    code = core_people_open(core, err);
  if (code == BASE_OK && core->wrote)
    code = core_commit(core, err);
  if (code == BASE_OK)
    code = core_register_attest(core, err);
  if (code == BASE_OK)
    code = core_witnesses_load(core, err);
  if (code == BASE_OK)
    code = core_parts_open(core, err);
  if (code == BASE_OK)
    code = core_erase_open(core, err);
  if (code == BASE_OK)
    code = core_recall_load(core, err);
  return code;
}

enum base_code core_open(const struct core_environment *environment, struct core **out, struct base_error *err) {
  struct core *core = calloc(1, sizeof *core);
  if (core == NULL) {
    store_server_close(environment->database);
    return base_fail(err, BASE_MEMORY, "no memory to open the node");
  }
  core->env = *environment;
  core->replies_end = &core->replies;
  core->parts_dir = core->room.fd = -1;
  core->started = core_now(core);
  base_arena_init(&core->kind_arena, 64 << 20);
  enum base_code code = open_all(core, err);
  if (code == BASE_OK)
    code = core_events_open(core, err);
  if (code != BASE_OK) {
    core_close(core);
    return code;
  }
  *out = core;
  return BASE_OK;
}

void core_close(struct core *core) {
  if (core == NULL)
    return;
  if (core->in_transaction)
    store_rollback(core->store);
  core_replies_free(core);
  core_events_close(core);
  core_clocks_forget(core);
  core_case_drop(core, NULL);
  core_parts_close(core);
  core_carry_free(core);
  core_backups_end(core);
  core_check_free(core);
  core_statistics_free(core);
  core_register_free(core);
  core_partners_free(core);
  core_agreements_free(core);
  core_recall_forget(core);
  core_witnesses_free(core);
  core_people_free(core);
  core_kinds_free(core);
  core_room_close(core);
  store_close(core->store);
  store_server_close(core->env.database);
  core_cards_free(&core->cards);
  base_arena_free(&core->kind_arena);
  free(core->takes);
  base_wipe(core->pool, sizeof core->pool);
  base_wipe(core->fresh, sizeof core->fresh);
  base_wipe(&core->token_key, sizeof core->token_key);
  free(core);
}
