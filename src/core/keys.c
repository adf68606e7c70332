/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"

/* Our own card and keys. A change is one step: the keeper makes the keys, the new card and its leaf are written, and
 * the head over them is signed by the log keys before and after; it is kept before anything leaves. Whatever is cut off
 * in between is taken up at the next start. Keys whose time is over are destroyed afterwards, each with a leaf. */

static void card_in_force(struct core *core) {
  const struct core_card *newest = core_cards_newest(&core->cards);
  core->card = newest->card;
  core->card_hash = newest->hash;
  core->fingerprint = newest->fingerprint;
}

static enum base_code card_leaf(struct core *core, const struct base_hash *hash, struct core_leaf *out,
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
    code = card_leaf(core, &hash, &leaf, err);
  if (code == BASE_OK)
    code = core_cards_add(&core->cards, core->env.card, (struct base_view){0}, leaf.index, err);
  if (code != BASE_OK)
    return code;
  card_in_force(core);
  return core_card_save(core, 0, core_cards_newest(&core->cards), err);
}

static bool same_key(const struct wire_key *a, const struct wire_key *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Between a card that is written and the head that names it the keeper may hold either side's keys in force. */
static enum base_code check_held(const struct core *core, struct base_error *err) {
  bool log = false, witness = false;
  for (size_t i = 0; i < core->info.count; i++) {
    const struct wire_keeper_key *key = &core->info.keys[i];
    bool counts = core_card_waits(core) || key->state == WIRE_KEEPER_IN_FORCE;
    log |= counts && key->type == WIRE_KEEPER_LOG && same_key(&key->public_key, &core->card.log_key);
    witness |= counts && key->type == WIRE_KEEPER_WITNESS && same_key(&key->public_key, &core->card.witness_key);
  }
  return base_view_is(core->card.origin, core->info.origin) && log && witness
             ? BASE_OK
             : base_fail(err, BASE_WRONG_KEY,
                         "the node's card names other keys than the keeper holds: this card is not of this node");
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
    card_in_force(core);
  return code;
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
    code = check_held(core, err);
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

/* --- a change composed */

struct change {
  struct core *core;
  unsigned types;           /* keys to be made, 1 << type */
  bool tls;                 /* a pin is given */
  bool end_seals, end_pins; /* the old ones leave the card now */
  struct base_hash pin;
  struct wire_card card;
  struct base_buf log, witness, bytes;
};

static void change_free(struct change *change) {
  base_buf_free(&change->log);
  base_buf_free(&change->witness);
  base_buf_free(&change->bytes);
}

static void change_begin(struct core *core, struct change *change) {
  *change = (struct change){.core = core, .card = core->card};
  change->card.generation++;
  change->card.previous = core->card_hash;
  change->card.made = core_now(core);
  base_buf_init(&change->bytes, 2 * WIRE_CARD_MAX);
}

/* The newest key of the type: one that waits counts before the one in force. */
static const struct wire_keeper_key *newest_key(const struct core *core, enum wire_keeper_type type) {
  const struct wire_keeper_key *newest = NULL;
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == type)
      newest = &core->info.keys[i];
  return newest;
}

static struct base_view name_key(const struct core *core, enum wire_keeper_type type, uint8_t vkey_type,
                                 struct base_buf *out) {
  struct wire_vkey vkey = {
      .name = base_view_text(core->info.origin), .type = vkey_type, .key = newest_key(core, type)->public_key};
  vkey.id = seal_vkey_id(vkey.name, vkey_type, &vkey.key);
  wire_vkey_write(&vkey, out);
  return base_buf_view(out);
}

static struct wire_seal_key seal_of(const struct wire_keeper_key *key) {
  struct wire_seal_key seal = {.key = key->public_key, .from = key->from, .until = key->until};
  struct base_hash id = seal_sha256(base_view_of(key->public_key.bytes, sizeof key->public_key.bytes));
  memcpy(seal.id, id.bytes, sizeof seal.id);
  return seal;
}

/* The newest of them first. Old ones open for what is still under way, but no longer than the overlap. */
static void compose_seals(struct change *change) {
  const struct core *core = change->core;
  base_time now = core_now(core), over = now + (base_time)CORE_OVERLAP_DAYS * CORE_DAY;
  struct wire_card *card = &change->card;
  bool fresh = (change->types & 1u << WIRE_KEEPER_SEAL) != 0;
  card->seal_count = 0;
  if (fresh)
    card->seals[card->seal_count++] = seal_of(newest_key(core, WIRE_KEEPER_SEAL));
  for (size_t i = 0; i < core->card.seal_count; i++) {
    struct wire_seal_key seal = core->card.seals[i];
    bool old = fresh || i > 0;
    if ((old && (change->end_seals || seal.until <= now)) || card->seal_count == WIRE_CARD_SEALS_MAX)
      continue;
    if (fresh && seal.until > over && over > seal.from)
      seal.until = over;
    card->seals[card->seal_count++] = seal;
  }
}

/* The newest first, too. */
static void compose_pins(struct change *change) {
  const struct core *core = change->core;
  struct wire_card *card = &change->card;
  card->pin_count = 0;
  if (change->tls)
    card->pins[card->pin_count++] = change->pin;
  for (size_t i = 0; i < core->card.pin_count && card->pin_count < WIRE_CARD_PINS_MAX; i++)
    if (card->pin_count == 0 || !change->end_pins)
      card->pins[card->pin_count++] = core->card.pins[i];
}

static enum base_code compose(struct change *change, struct base_error *err) {
  struct core *core = change->core;
  enum base_code code = BASE_OK;
  if (change->types != 0)
    code = core->env.keeper.renew(core->env.keeper.context, change->types, &core->info, err);
  if (code != BASE_OK)
    return code;
  if (change->types != 0)
    core_epoch_split(core);
  if ((change->types & 1u << WIRE_KEEPER_LOG) != 0)
    change->card.log = name_key(core, WIRE_KEEPER_LOG, WIRE_VKEY_LOG, &change->log);
  if ((change->types & 1u << WIRE_KEEPER_WITNESS) != 0)
    change->card.witness = name_key(core, WIRE_KEEPER_WITNESS, WIRE_VKEY_WITNESS, &change->witness);
  compose_seals(change);
  compose_pins(change);
  return wire_card_write(&change->card, &change->bytes, err);
}

/* What can be refused was; now it is written. */
static enum base_code change_write(struct change *change, struct base_error *err) {
  struct core *core = change->core;
  struct core_leaf leaf;
  struct base_hash hash = seal_sha256(base_buf_view(&change->bytes));
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = card_leaf(core, &hash, &leaf, err);
  if (code == BASE_OK)
    code = core_cards_add(&core->cards, base_buf_view(&change->bytes), (struct base_view){0}, leaf.index, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  card_in_force(core);
  core->keys.changed = true;
  return core_card_save(core, 0, core_cards_newest(&core->cards), err);
}

static enum base_code change_check(const struct change *change, struct base_error *err) {
  const struct core *core = change->core;
  if (core_card_waits(core))
    return base_fail(err, BASE_BUSY, "a new card is being signed: try again");
  if (core->card.generation >= WIRE_CARD_GENERATION_MAX)
    return base_fail(err, BASE_POLICY, "a node has at most %d cards", WIRE_CARD_GENERATION_MAX);
  for (size_t i = 0; change->tls && i < core->card.pin_count; i++)
    if (base_hash_equal(&core->card.pins[i], &change->pin))
      return base_fail(err, BASE_EXISTS, "this TLS key is on the card already");
  for (size_t i = 0; change->tls && i < core->partner_count; i++)
    if (core_partner_pinned((struct core *)(uintptr_t)core, &change->pin) != NULL)
      return base_fail(err, BASE_CONFLICT, "this TLS key is a partner's");
  return BASE_OK;
}

static enum base_code change_make(struct change *change, struct base_error *err) {
  enum base_code code = change_check(change, err);
  if (code == BASE_OK)
    code = compose(change, err);
  return code == BASE_OK ? change_write(change, err) : code;
}

/* --- leaves about keys */

static const char *const type_words[WIRE_KEEPER_TYPES] = {[WIRE_KEEPER_LOG] = "log",
                                                          [WIRE_KEEPER_WITNESS] = "witness",
                                                          [WIRE_KEEPER_SEAL] = "seal",
                                                          [WIRE_KEEPER_EPOCH] = "epoch"};

const char *core_key_word(enum wire_keeper_type type) {
  return type_words[type];
}

static const char written_fact[] = "keys";

static enum base_code key_leaf(struct core *core, enum wire_keeper_type type, uint32_t number, struct base_view reason,
                               struct base_error *err) {
  char subject[32];
  snprintf(subject, sizeof subject, "%s %u", type_words[type], (unsigned)number);
  struct wire_opening opening = {
      .actor = base_view_text(core->keys.actor), .subject = base_view_text(subject), .reason = reason};
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? core_register_add(core, WIRE_ACT_KEY, &opening, NULL, err) : code;
}

static bool held(const struct core *core, unsigned type, uint32_t number) {
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == type && core->info.keys[i].number == number)
      return true;
  return false;
}

struct written {
  size_t count;
  struct {
    uint8_t type;
    uint32_t number;
  } keys[WIRE_KEEPER_KEYS_MAX];
};

static enum base_code written_read(struct core *core, struct written *out, bool *none, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 1 << 10);
  enum base_code code = store_fact_get(core->store, written_fact, &bytes, err);
  *none = code == BASE_NOT_FOUND;
  if (code != BASE_OK)
    return *none ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  out->count = base_read_u8(&reader);
  if (out->count > WIRE_KEEPER_KEYS_MAX)
    return base_fail(err, BASE_CORRUPT, "the list of keys is damaged");
  for (size_t i = 0; i < out->count; i++) {
    out->keys[i].type = base_read_u8(&reader);
    out->keys[i].number = base_read_u32(&reader);
  }
  return base_reader_end(&reader, "the list of keys", err);
}

static bool written_has(const struct written *written, const struct wire_keeper_key *key) {
  for (size_t i = 0; i < written->count; i++)
    if (written->keys[i].type == key->type && written->keys[i].number == key->number)
      return true;
  return false;
}

static enum base_code written_set(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 1 << 10);
  base_buf_u8(&bytes, (uint8_t)core->info.count);
  for (size_t i = 0; i < core->info.count; i++) {
    base_buf_u8(&bytes, (uint8_t)core->info.keys[i].type);
    base_buf_u32(&bytes, core->info.keys[i].number);
  }
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_fact_set(core->store, written_fact, base_buf_view(&bytes), err) : code;
}

/* A leaf for each key that came or went since the last time: whatever was cut off in between is told once. */
static enum base_code write_down(struct core *core, struct base_error *err) {
  struct written written = {0};
  bool none = false, news = false;
  enum base_code code = written_read(core, &written, &none, err);
  for (size_t i = 0; code == BASE_OK && !none && i < core->info.count; i++) {
    const struct wire_keeper_key *key = &core->info.keys[i];
    if (!written_has(&written, key)) {
      news = true;
      code = key_leaf(core, key->type, key->number, BASE_VIEW("made"), err);
    }
  }
  for (size_t i = 0; code == BASE_OK && i < written.count; i++)
    if (!held(core, written.keys[i].type, written.keys[i].number)) {
      news = true;
      code = key_leaf(core, (enum wire_keeper_type)written.keys[i].type, written.keys[i].number, BASE_VIEW("destroyed"),
                      err);
    }
  if (code == BASE_OK && (none || news))
    code = written_set(core, err);
  core->keys.actor[0] = '\0';
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- what is due by itself */

static bool on_card(const struct core *core, const struct wire_keeper_key *key, base_time now) {
  for (size_t i = 0; i < core->card.seal_count; i++)
    if (same_key(&core->card.seals[i].key, &key->public_key))
      return i == 0 || core->card.seals[i].until > now;
  return false;
}

/* Signing keys before those in force, and sealing keys that nobody may use any more. */
static bool over(const struct core *core, const struct wire_keeper_key *key) {
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
    base_log(BASE_LOG_NOTICE, "key.destroyed", "the %s key %u is destroyed", type_words[key->type],
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

static enum base_code renew_seal(struct core *core, struct base_error *err) {
  struct change change;
  change_begin(core, &change);
  change.types = 1u << WIRE_KEEPER_SEAL;
  enum base_code code = change_make(&change, err);
  change_free(&change);
  return code;
}

/* The keys that are due by time. An epoch key is on no card. */
static enum base_code renew(struct core *core, bool seal, bool epoch, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (epoch)
    code = core->env.keeper.renew(core->env.keeper.context, 1u << WIRE_KEEPER_EPOCH, &core->info, err);
  return code == BASE_OK && seal ? renew_seal(core, err) : code;
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
    code = write_down(core, err);
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
  if (core->keys.changed)
    return 0;
  at = ends < at ? ends : at;
  at = epoch_ends < at ? epoch_ends : at;
  return at <= now ? 0 : at - now > CORE_DAY ? (int64_t)CORE_DAY * 1000 : (at - now) * 1000;
}

/* --- the TLS key that is presented */

static bool has_pin(const struct wire_card *card, const struct wire_card *newest) {
  for (size_t i = 0; i < card->pin_count; i++)
    if (base_hash_equal(&card->pins[i], &newest->pins[0]))
      return true;
  return false;
}
static bool has_seal(const struct wire_card *card, const struct wire_card *newest) {
  for (size_t i = 0; i < card->seal_count; i++)
    if (same_key(&card->seals[i].key, &newest->seals[0].key))
      return true;
  return false;
}

/* The card with which the newest key of a kind came. */
static const struct core_card *key_since(const struct core *core,
                                         bool (*has)(const struct wire_card *card, const struct wire_card *newest)) {
  for (size_t i = core->cards.count; i > 0; i--)
    if (!has(&core->cards.list[i - 1].card, &core->card))
      return i < core->cards.count ? &core->cards.list[i] : core_cards_newest(&core->cards);
  return &core->cards.list[0];
}
static const struct core_card *pin_since(const struct core *core) {
  return key_since(core, has_pin);
}

const struct core_partner *core_partner_behind(const struct core *core, uint32_t generation) {
  for (size_t i = 0; i < core->partner_count; i++)
    if (core->partners[i]->row.state == STORE_PARTNER_ACTIVE && core->partners[i]->told < generation)
      return core->partners[i];
  return NULL;
}

const struct base_hash *core_tls_presented(const struct core *core) {
  const struct wire_card *card = &core->card;
  const struct core_card *since = pin_since(core);
  bool over_now = core_now(core) >= since->card.made + (base_time)CORE_OVERLAP_DAYS * CORE_DAY;
  if (core_card_waits(core) && since == core_cards_newest(&core->cards) && card->pin_count > 1)
    return &card->pins[1];
  if (card->pin_count == 1 || over_now || core_partner_behind(core, since->card.generation) == NULL)
    return &card->pins[0];
  return &card->pins[1];
}

void core_tls_look(struct core *core) {
  const struct base_hash *presented = core_tls_presented(core);
  if (base_hash_equal(presented, &core->keys.shown))
    return;
  core->keys.shown = *presented;
  core->partner_version++;
}

base_time core_tls_since(const struct core *core) {
  return pin_since(core)->card.made;
}

/* --- requests */

static void change_answer(struct core *core, uint64_t token) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "generation", core->card.generation);
  wire_write_member_string(&writer, "fingerprint", core->fingerprint);
  wire_write_end(&writer, '}');
}

static void change_end(struct core *core, uint64_t token, const struct wire_json *request, struct change *change,
                       enum base_code code, struct base_error *err) {
  struct base_view actor = core_request_text(request, "actor");
  if (code == BASE_OK)
    code = change_make(change, err);
  if (code == BASE_OK)
    snprintf(core->keys.actor, sizeof core->keys.actor, "%.*s", (int)actor.size, (const char *)actor.data);
  change_free(change);
  if (code == BASE_OK)
    change_answer(core, token);
  else
    core_reply_error(core, token, code, err);
}

void core_key_rotate(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct change change;
  enum base_code code = BASE_OK;
  struct base_view pin = core_request_text(request, "tls");
  change_begin(core, &change);
  if (wire_json_true(wire_json_get(request, "sign")))
    change.types |= 1u << WIRE_KEEPER_LOG | 1u << WIRE_KEEPER_WITNESS;
  if (wire_json_true(wire_json_get(request, "seal")))
    change.types |= 1u << WIRE_KEEPER_SEAL;
  if (wire_json_true(wire_json_get(request, "epoch")) && core_rewrap_old(core) == NULL)
    change.types |= 1u << WIRE_KEEPER_EPOCH;
  change.tls = pin.size > 0;
  if (change.tls && !base_hash_parse(pin, &change.pin))
    code = base_fail(&err, BASE_FIELD, "tls: the SHA-256 of the new key's SubjectPublicKeyInfo, in hex");
  else if (change.types == 0 && !change.tls)
    code = base_fail(&err, BASE_FIELD, "say which keys: sign, seal, epoch or tls");
  change_end(core, token, request, &change, code, &err);
}

/* The old keys leave the card before their overlap is over. */
void core_key_retire(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct change change;
  enum base_code code = BASE_OK;
  change_begin(core, &change);
  change.end_seals = wire_json_true(wire_json_get(request, "seal"));
  change.end_pins = wire_json_true(wire_json_get(request, "tls"));
  bool seals = change.end_seals && core->card.seal_count > 1, pins = change.end_pins && core->card.pin_count > 1;
  const struct core_partner *behind = NULL;
  if (seals)
    behind = core_partner_behind(core, key_since(core, has_seal)->card.generation);
  if (pins && behind == NULL)
    behind = core_partner_behind(core, pin_since(core)->card.generation);
  if (!change.end_seals && !change.end_pins)
    code = base_fail(&err, BASE_FIELD, "say which keys: seal or tls");
  else if (!seals && !pins)
    code = base_fail(&err, BASE_CONFLICT, "there is no old key on the card");
  else if (behind != NULL && !wire_json_true(wire_json_get(request, "force")))
    code = base_fail(&err, BASE_CONFLICT,
                     "%.*s has not taken the card with the new key yet and may not find back: wait, or say --force and "
                     "give them the new card by hand",
                     (int)behind->card.name.size, (const char *)behind->card.name.data);
  change_end(core, token, request, &change, code, &err);
}

static enum base_code read_addresses(const struct wire_json *request, struct wire_card *card, struct base_error *err) {
  const struct wire_json *list = wire_json_get(request, "address");
  if (list == NULL)
    return BASE_OK;
  size_t count = wire_json_size(list);
  if (wire_json_type(list) != WIRE_JSON_ARRAY || count == 0 || count > WIRE_CARD_ADDRESSES_MAX)
    return base_fail(err, BASE_FIELD, "address: a list of 1 to %d addresses", WIRE_CARD_ADDRESSES_MAX);
  card->address_count = count;
  for (size_t i = 0; i < count; i++)
    card->addresses[i] = wire_json_text(wire_json_at(list, i));
  return BASE_OK;
}

void core_card_change(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct change change;
  change_begin(core, &change);
  enum base_code code = read_addresses(request, &change.card, &err);
  const struct wire_json *org = wire_json_get(request, "org");
  bool anything = wire_json_get(request, "address") != NULL;
  for (int i = 0; i < WIRE_LANGUAGES; i++) {
    const struct wire_json *name = wire_json_get(org, wire_language_codes[i]);
    if (name == NULL)
      continue;
    anything = true;
    change.card.org[i] = wire_json_text(name);
  }
  if (code == BASE_OK && !anything)
    code = base_fail(&err, BASE_FIELD, "say what changes: address or org");
  change_end(core, token, request, &change, code, &err);
}
