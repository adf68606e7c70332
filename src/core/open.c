/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/agreements.h"
#include "core/backup.h"
#include "core/cards.h"
#include "core/cases.h"
#include "core/clocks.h"
#include "core/epoch.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/release.h"
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
  if (code == BASE_OK && core->kinds_touched)
    code = core_kinds_reload(core, err);
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
  if (code == BASE_OK)
    code = core_release_load(core, err);
  core->retain_at = core->review_at = core->ends_at = 0; /* it is looked anew */
  core->login_key_lost = core->login_key_lost || core->login_key_fresh;
  core->login_key_fresh = false;
  core->revoking = (struct core_revoking){0};
  core->certify_at_ms = 0;
  core->stix.some = true;
  core->stix.out = false;
  if (code == BASE_OK)
    core_peer_table_wake(core);
  return code;
}

/* Keys of the node's own beside those of messages, wrapped like these: each is a fact. */
struct node_key {
  const char *fact, *without; /* without: what does not work then, for the log */
  struct base_secret *key;
  bool *lost;
};
enum { NODE_KEY_PARTS, NODE_KEY_LOGIN, NODE_KEY_MATCHES, NODE_KEYS };
static struct node_key node_key(struct core *core, size_t which) {
  const struct node_key all[NODE_KEYS] = {
      [NODE_KEY_PARTS] = {"part-token-key", "parts are not found by their hash", &core->token_key, &core->token_key_lost},
      [NODE_KEY_LOGIN] = {"login-key", "nobody comes in by a password that was set before", &core->login_key,
                          &core->login_key_lost},
      [NODE_KEY_MATCHES] = {"match-key", "no cross-check finds anything", &core->match_key, &core->match_key_lost}};
  return all[which];
}

static enum base_code read_key(struct core *core, const struct node_key *key, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 4096);
  enum base_code code = store_fact_get(core->store, key->fact, &stored, err);
  struct base_reader reader = base_reader_of(base_buf_view(&stored));
  uint32_t epoch = base_read_u32(&reader);
  struct base_view wrapped = base_read_bytes(&reader, CORE_WRAPPED);
  if (code == BASE_OK)
    code = base_reader_end(&reader, key->fact, err);
  return code == BASE_OK ? core_key_unwrap(core, epoch, wrapped, key->key, err) : code;
}

static enum base_code save_key(struct core *core, const struct node_key *key, uint32_t epoch,
                               const uint8_t wrapped[CORE_WRAPPED], struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 64);
  base_buf_u32(&stored, epoch);
  base_buf_add(&stored, wrapped, CORE_WRAPPED);
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_fact_set(core->store, key->fact, base_buf_view(&stored), err) : code;
}

static enum base_code key_anew(struct core *core, const struct node_key *key, uint32_t old, bool *done,
                               struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 4096);
  uint8_t wrapped[1][CORE_WRAPPED];
  uint32_t epoch = 0;
  enum base_code code = store_fact_get(core->store, key->fact, &stored, err);
  struct base_reader reader = base_reader_of(base_buf_view(&stored));
  *done = *key->lost || core_damage(code) || (code == BASE_OK && base_read_u32(&reader) != old);
  if (*done || code != BASE_OK)
    return *done ? BASE_OK : code;
  code = core->env.keeper.wrap(core->env.keeper.context, key->key, 1, wrapped, &epoch, err);
  if (code != BASE_OK)
    return code;
  code = save_key(core, key, epoch, wrapped[0], err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_node_keys_anew(struct core *core, uint32_t old, bool *done, struct base_error *err) {
  enum base_code code = BASE_OK;
  *done = true;
  for (size_t i = 0; i < NODE_KEYS && code == BASE_OK; i++) { /* all in one step, however many there are */
    struct node_key key = node_key(core, i);
    bool was = false;
    code = key_anew(core, &key, old, &was, err);
    *done = *done && was;
  }
  return code;
}

/* Only a new node makes one. Without the one it had all else goes on, and what is left of the fact is not written over.
 */
static enum base_code load_key(struct core *core, const struct node_key *key, struct base_error *err) {
  uint8_t wrapped[CORE_WRAPPED];
  uint32_t epoch = 0;
  enum base_code code = core->reg.size > 0 ? read_key(core, key, err) : BASE_NOT_FOUND;
  if (!core_damage(code))
    return code;
  if (core->reg.size > 0)
    base_log(BASE_LOG_ERROR, "fact.damaged", "%s: %s; %s", key->fact, err->text, key->without);
  *key->lost = core->reg.size > 0;
  code = core_key(core, key->key, wrapped, &epoch, err);
  if (code != BASE_OK || *key->lost)
    return code;
  return save_key(core, key, epoch, wrapped, err);
}

static enum base_code load_node_keys(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < NODE_KEYS && code == BASE_OK; i++) {
    struct node_key key = node_key(core, i);
    code = load_key(core, &key, err);
  }
  return code;
}

enum base_code core_login_key_renew(struct core *core, struct base_error *err) {
  uint8_t wrapped[CORE_WRAPPED];
  uint32_t epoch = 0;
  struct node_key key = node_key(core, NODE_KEY_LOGIN);
  if (!core->login_key_lost)
    return BASE_OK;
  enum base_code code = core_key(core, &core->login_key, wrapped, &epoch, err);
  if (code == BASE_OK)
    code = save_key(core, &key, epoch, wrapped, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core->login_key_lost = false;
  core->login_key_fresh = true;
  base_log(BASE_LOG_WARNING, "login.key", "there is a new key for logins: passwords set before must be set again");
  return BASE_OK;
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
  enum base_code code = core_kinds_begin(core, err);
  if (code == BASE_OK)
    code = had_store(core, err);
  if (code != BASE_OK)
    return code;
  core_room_open(core);
  code = open_store(core, err);
  if (code == BASE_OK)
    code = core_register_load(core, err);
  if (code == BASE_OK) /* before the first leaf: only a new node makes one */
    code = load_node_keys(core, err);
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
    code = core_kinds_reload(core, err);
  if (code == BASE_OK)
    code = core_agreements_load(core, err);
  if (code == BASE_OK)
    code = core_epoch_open(core, err);
  if (code == BASE_OK)
    code = core_people_open(core, err);
  if (code == BASE_OK)
    code = core_zones_open(core, err);
  if (code == BASE_OK && core->wrote)
    code = core_commit(core, err);
  if (code == BASE_OK)
    code = core_register_attest(core, err);
  if (code == BASE_OK)
    code = core_witnesses_load(core, err);
  if (code == BASE_OK)
    code = core_parts_open(core, err);
  if (code == BASE_OK)
    code = core_release_load(core, err);
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
  core->stix.some = true;
  core->stix.begun_ms = core_now_ms(core);
  core->started = core_now(core);
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
  free(core->takes);
  base_wipe(core->pool, sizeof core->pool);
  base_wipe(core->fresh, sizeof core->fresh);
  base_wipe(&core->token_key, sizeof core->token_key);
  base_wipe(&core->login_key, sizeof core->login_key);
  base_wipe(&core->match_key, sizeof core->match_key);
  free(core);
}
