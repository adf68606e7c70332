/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/backup.h"
#include "core/cards.h"
#include "core/epoch.h"
#include "core/register.h"

/* Our own card and keys. A change is one step: the keeper makes the keys, the new card and its leaf are written, and
 * the head over them is signed by the log keys before and after; it is kept before anything leaves. Whatever is cut off
 * in between is taken up at the next start. Keys whose time is over are destroyed afterwards, each with a leaf. */

void core_card_in_force(struct core *core) {
  const struct core_card *newest = core_cards_newest(&core->cards);
  core->card = newest->card;
  core->card_hash = newest->hash;
  core->fingerprint = newest->fingerprint;
}

enum base_code core_card_leaf(struct core *core, const struct base_hash *hash, struct core_leaf *out,
                              struct base_error *err) {
  struct base_hex_text text = base_hash_text(hash);
  struct wire_opening opening = {.subject = base_view_text(text.text)};
  return core_register_add(core, WIRE_ACT_CARD, &opening, out, err);
}

/* --- at the start */

static enum base_code check_first(const struct core *core, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_card card;
  enum base_code code = wire_card_parse(core->env.card, &arena, &card, err);
  if (code == BASE_OK)
    code = seal_card_check(&card, err);
  if (code == BASE_OK && card.generation != 1)
    code = base_fail(err, BASE_CONFLICT,
                     "node.card is of generation %u: put back the one that the node was made with; later ones are kept "
                     "by the node itself",
                     (unsigned)card.generation);
  return code;
}

static enum base_code card_changed(struct base_error *err) {
  return base_fail(err, BASE_CONFLICT,
                   "node.card was changed since partners confirmed it: they would refuse every message, and what was "
                   "proved before names the old card; put the old node.card back, and use wasl card change");
}

/* The card that this register began with is in its first leaf. */
static enum base_code announced_card(struct core *core, struct base_hash *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, bytes;
  struct wire_leaf leaf;
  struct wire_opening opening;
  enum base_code code = core_register_read(core, 0, &arena, &entry, &bytes, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK)
    code = wire_opening_parse(WIRE_ACT_CARD, bytes, &arena, &opening, err);
  if (code == BASE_OK && (leaf.act != WIRE_ACT_CARD || !base_hash_parse(opening.subject, out)))
    code = base_fail(err, BASE_CORRUPT, "leaf 0 does not announce a card");
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "the register does not say which card it began with");
}

/* What is stored of the first card is lost: leaf 0 says whether node.card is the one. Later ones are lost with it. */
static enum base_code first_again(struct core *core, struct base_error *err) {
  struct base_hash hash = seal_sha256(core->env.card), announced = {{0}};
  base_log(BASE_LOG_ERROR, "fact.damaged", "the first card is not stored any more; leaf 0 is asked instead");
  enum base_code code = announced_card(core, &announced, err);
  if (code == BASE_OK && base_hash_equal(&announced, &hash))
    code = core_cards_add(&core->cards, core->env.card, (struct base_view){0}, 0, err);
  else if (code == BASE_OK)
    code = card_changed(err);
  return code;
}

/* The card is a leaf, so that the first head says which keys speak for this register. */
static enum base_code announce_first(struct core *core, struct base_error *err) {
  struct core_leaf leaf;
  struct base_hash hash = seal_sha256(core->env.card);
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_card_leaf(core, &hash, &leaf, err);
  if (code == BASE_OK)
    code = core_cards_add(&core->cards, core->env.card, (struct base_view){0}, leaf.index, err);
  if (code != BASE_OK)
    return code;
  core_card_in_force(core);
  return core_card_save(core, 0, core_cards_newest(&core->cards), err);
}

/* The head that names our newest card is kept, and the keeper, who signed it, knows an earlier one. */
static bool keeper_older(const struct core *core) {
  bool knows_one = core_hash_zero(&core->info.card) || core_card_known(core);
  return knows_one && core->info.generation < core->card.generation && !core_card_waits(core);
}

/* Between a card that is written and the head that names it the keeper may hold either side's keys in force. */
static enum base_code check_held(const struct core *core, struct base_error *err) {
  bool log = false, witness = false;
  for (size_t i = 0; i < core->info.count; i++) {
    const struct wire_keeper_key *key = &core->info.keys[i];
    bool counts = core_card_waits(core) || key->state == WIRE_KEEPER_IN_FORCE;
    log |= counts && key->type == WIRE_KEEPER_LOG && wire_key_equal(&key->public_key, &core->card.log_key);
    witness |= counts && key->type == WIRE_KEEPER_WITNESS && wire_key_equal(&key->public_key, &core->card.witness_key);
  }
  if (base_view_is(core->card.origin, core->info.origin) && log && witness)
    return BASE_OK;
  if (keeper_older(core))
    return base_fail(err, BASE_ROLLBACK,
                     "keeper/ is an older copy than the data: the card in force is of generation %u, and the keeper "
                     "signed that of generation %u last, and does not hold its keys in force. Put the newest keeper/ "
                     "back, all its files with its own heads.state (docs/keys.md)",
                     (unsigned)core->card.generation, (unsigned)core->info.generation);
  return core_card_known(core)
             ? base_fail(err, BASE_WRONG_KEY,
                         "the node's card names other keys than the keeper holds: this card is not of this node")
             : core_card_behind(core, err);
}

enum base_code core_keys_load(struct core *core, struct base_error *err) {
  core_cards_free(&core->cards);
  core->keys.changed = true;
  core_rewrap_begin(core, 0);
  enum base_code code = core_cards_load(core, 0, 0, &core->cards, err);
  if (core_damage(code)) { /* what is there counts: the keys in force must fit the last of them */
    base_log(BASE_LOG_ERROR, "fact.damaged", "the stored card of generation %zu: %s", core->cards.count + 1, err->text);
    code = BASE_OK;
  }
  if (code == BASE_OK && core->cards.count == 0 && core->reg.size > 0)
    code = first_again(core, err);
  if (code == BASE_OK && core->cards.count > 0)
    core_card_in_force(core);
  return code == BASE_OK ? core_backup_key_load(core, err) : code;
}

bool core_card_known(const struct core *core) {
  return core_hash_zero(&core->info.card) ? core->epoch == 1
                                          : core_cards_hashed(&core->cards, &core->info.card) != NULL;
}

enum base_code core_card_behind(const struct core *core, struct base_error *err) {
  return base_fail(err, BASE_ROLLBACK,
                   "this database is older than what was proved to partners: the keeper signed the card of generation "
                   "%u last, and the newest here is of generation %u; look for a newer copy of the data "
                   "(docs/backup.md): no key is destroyed meanwhile",
                   (unsigned)core->info.generation, (unsigned)core->card.generation);
}

/* A copy for whoever looks into the folder while the node does not run; the store has the card itself. */
static void write_copy(const struct core *core) {
  struct base_error err;
  if (base_file_replace(core->env.dir, "node.card", core_cards_newest(&core->cards)->bytes, 0644, &err) != BASE_OK)
    base_log(BASE_LOG_WARNING, "card.copy", "%s", err.text);
}

enum base_code core_keys_open(struct core *core, struct base_error *err) {
  enum base_code code = check_first(core, err);
  if (code == BASE_OK)
    code = core_keys_load(core, err);
  if (code == BASE_OK && core->cards.count == 0)
    code = announce_first(core, err);
  else if (code == BASE_OK && !base_view_equal(core->cards.list[0].bytes, core->env.card))
    code = card_changed(err);
  if (code == BASE_OK)
    code = core_cards_regain(core, err);
  if (code == BASE_OK)
    code = check_held(core, err);
  if (code == BASE_OK)
    code = core_keys_missing(core, err);
  if (code == BASE_OK)
    code = core_cards_unkept(core, err);
  if (code == BASE_OK && core->cards.count > 1 && !core_card_waits(core)) /* it may have been cut off before that */
    write_copy(core);
  return code;
}

/* --- a card follows */

bool core_card_waits(const struct core *core) {
  const struct core_card *newest = core_cards_newest(&core->cards);
  return newest != NULL && newest->card.generation > 1 && newest->succession.size == 0;
}

static enum base_code keep_succession(struct core *core, struct base_view succession, struct base_error *err) {
  enum base_code code = core_cards_succeed(&core->cards, succession, err);
  if (code == BASE_OK)
    code = core_card_save(core, 0, core_cards_newest(&core->cards), err);
  return code == BASE_OK ? core_commit(core, err) : code;
}

enum base_code core_card_attest(struct core *core, struct base_error *err) {
  struct core_register *reg = &core->reg;
  struct wire_keeper_succeed form = {.head = {.size = reg->size}, .card = core_cards_newest(&core->cards)->bytes};
  BASE_AUTO_BUF struct base_buf succession = {0}, note = {0};
  base_buf_init(&succession, WIRE_NOTE_MAX);
  base_buf_init(&note, WIRE_NOTE_MAX);
  enum base_code code = core_register_root(core, reg->size, &form.head.root, err);
  if (code == BASE_OK && reg->attested > 0 && reg->attested < reg->size)
    code = core_register_consistency(core, reg->attested, reg->size, form.head.proof, &form.head.count, err);
  if (code == BASE_OK)
    code = core->env.keeper.succeed(core->env.keeper.context, &form, &succession, &note, err);
  if (code == BASE_OK)
    code = keep_succession(core, base_buf_view(&succession), err);
  if (code != BASE_OK)
    return code;
  core->keys.changed = true;
  write_copy(core);
  base_log(BASE_LOG_NOTICE, "card.changed", "generation %u is in force, fingerprint %s",
           (unsigned)core->card.generation, core->fingerprint);
  return core_register_attested(core, &form.head.root, base_buf_view(&note), err);
}

/* --- what is due by itself */

static bool on_card(const struct core *core, const struct wire_keeper_key *key, base_time now) {
  for (size_t i = 0; i < core->card.seal_count; i++)
    if (wire_key_equal(&core->card.seals[i].key, &key->public_key))
      return i == 0 || core->card.seals[i].until > now;
  return false;
}

/* Signing keys before those in force, and sealing keys that nobody may use any more. Without the card that partners
 * hold nobody here can tell which those are, and none is destroyed. */
static bool over(const struct core *core, const struct wire_keeper_key *key) {
  if (!core_card_known(core))
    return false;
  bool signs = key->type == WIRE_KEEPER_LOG || key->type == WIRE_KEEPER_WITNESS;
  return signs ? key->state == WIRE_KEEPER_OLD : key->type == WIRE_KEEPER_SEAL && !on_card(core, key, core_now(core));
}

static enum base_code forget_old(struct core *core, struct base_error *err) {
  for (size_t i = 0; i < core->info.count; i++) {
    const struct wire_keeper_key *key = &core->info.keys[i];
    if (!over(core, key))
      continue;
    enum base_code code = core->env.keeper.forget(core->env.keeper.context, key->type, key->number, err);
    if (code != BASE_OK)
      return code;
    base_log(BASE_LOG_NOTICE, "key.destroyed", "the %s key %u is destroyed", core_key_word(key->type),
             (unsigned)key->number);
  }
  return core_epoch_ask(core, err);
}

static base_time seal_due(const struct core *core) {
  return core->card.seals[0].from + (base_time)CORE_SEAL_DAYS * CORE_DAY;
}

/* The next moment at which a sealing key ends. */
static base_time seal_ends(const struct core *core) {
  base_time soonest = INT64_MAX;
  for (size_t i = 1; i < core->card.seal_count; i++)
    if (core->card.seals[i].until < soonest && core->card.seals[i].until > core_now(core))
      soonest = core->card.seals[i].until;
  return soonest;
}

static bool any_over(const struct core *core) {
  for (size_t i = 0; i < core->info.count; i++)
    if (over(core, &core->info.keys[i]))
      return true;
  return false;
}

/* The keys that are due by time. An epoch key is on no card. */
static enum base_code renew(struct core *core, bool seal, bool epoch, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (epoch)
    code = core->env.keeper.renew(core->env.keeper.context, 1u << WIRE_KEEPER_EPOCH, &core->info, err);
  return code == BASE_OK && seal ? core_card_renew_seal(core, err) : code;
}

enum base_code core_keys_settle(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (core_card_waits(core) || core_now_ms(core) < core->keys.try_ms)
    return BASE_OK;
  bool seal = seal_due(core) <= core_now(core), epoch = core_rewrap_due(core);
  if (!core->keys.changed && !seal && !epoch && !any_over(core))
    return BASE_OK;
  code = core_epoch_ask(core, err);
  if (code == BASE_OK)
    code = forget_old(core, err);
  if (code == BASE_OK && (seal || epoch))
    code = renew(core, seal, core_rewrap_due(core), err);
  if (code == BASE_OK)
    code = core_keys_write_down(core, err);
  if (code != BASE_OK && core->failed == BASE_OK) { /* nothing was written: the node goes on with the keys it has */
    base_log(BASE_LOG_ERROR, "key.failed", "a change of keys failed and is tried again: %s", err->text);
    core->keys.try_ms = core_now_ms(core) + CORE_KEYS_PAUSE_MS;
    return BASE_OK;
  }
  core->keys.changed = code == BASE_OK ? seal : core->keys.changed;
  return code;
}

int64_t core_keys_due(const struct core *core) {
  base_time now = core_now(core), at = seal_due(core), ends = seal_ends(core);
  const struct wire_keeper_key *epoch = wire_keeper_key_in_force(&core->info, WIRE_KEEPER_EPOCH);
  base_time epoch_ends =
      epoch == NULL || core_rewrap_old(core) != NULL ? INT64_MAX : epoch->from + (base_time)CORE_EPOCH_DAYS * CORE_DAY;
  at = ends < at ? ends : at;
  at = epoch_ends < at ? epoch_ends : at;
  int64_t due = core->keys.changed || at <= now ? 0 : at - now > CORE_DAY ? CORE_DAY : at - now;
  int64_t pause = core->keys.try_ms - core_now_ms(core); /* one that failed is not tried before */
  return due * 1000 > pause ? due * 1000 : pause;
}
