/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/register.h"

/* The next card of ours: what of the present one changes, composed, checked and written as one step; and which of the
 * TLS keys on it is presented meanwhile. keys.c has it signed, and destroys the keys whose time is over. */

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
  struct base_hash id = seal_key_hash(&key->public_key);
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
    if ((old && (change->end_seals || seal.until <= now)) || card->seal_count == WIRE_CARD_SEALS_MAX ||
        !core_seal_held(core, &seal)) /* lost: nothing that is sealed to it can be opened */
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
  if (change->card.seal_count == 0)
    return base_fail(err, BASE_CONFLICT,
                     "no sealing key that is there would be left on the card: make a new one first (wasl key rotate "
                     "--seal)");
  return wire_card_write(&change->card, &change->bytes, err);
}

/* What can be refused was; now it is written. */
static enum base_code change_write(struct change *change, struct base_error *err) {
  struct core *core = change->core;
  struct core_leaf leaf;
  struct base_hash hash = seal_sha256(base_buf_view(&change->bytes));
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_card_leaf(core, &hash, &leaf, err);
  if (code == BASE_OK)
    code = core_cards_add(&core->cards, base_buf_view(&change->bytes), (struct base_view){0}, leaf.index, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core_card_in_force(core);
  core->keys.changed = true;
  return core_card_save(core, 0, core_cards_newest(&core->cards), err);
}

static enum base_code change_check(const struct change *change, struct base_error *err) {
  const struct core *core = change->core;
  if (core_card_waits(core))
    return base_fail(err, BASE_BUSY, "a new card is being signed: try again");
  if (core->room.level == CORE_ROOM_FULL) /* the keeper must be able to keep it, or the node could not go on */
    return base_fail(err, BASE_DISK_FULL, "the disk is full, and a new card needs some room: make room first");
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

enum base_code core_card_renew_seal(struct core *core, struct base_error *err) {
  struct change change;
  change_begin(core, &change);
  change.types = 1u << WIRE_KEEPER_SEAL;
  enum base_code code = change_make(&change, err);
  change_free(&change);
  return code;
}

/* --- the TLS key that is presented */

static bool has_seal(const struct wire_card *card, const struct wire_card *newest) {
  for (size_t i = 0; i < card->seal_count; i++)
    if (wire_key_equal(&card->seals[i].key, &newest->seals[0].key))
      return true;
  return false;
}

/* The card with which the newest sealing key came. */
static const struct core_card *seal_since(const struct core *core) {
  for (size_t i = core->cards.count; i > 0; i--)
    if (!has_seal(&core->cards.list[i - 1].card, &core->card))
      return i < core->cards.count ? &core->cards.list[i] : core_cards_newest(&core->cards);
  return &core->cards.list[0];
}

static bool has_pin(const struct wire_card *card, const struct base_hash *pin) {
  for (size_t i = 0; i < card->pin_count; i++)
    if (base_hash_equal(&card->pins[i], pin))
      return true;
  return false;
}

/* The card with which this TLS key of the newest one came. */
static const struct core_card *pin_since(const struct core *core, const struct base_hash *pin) {
  size_t at = core->cards.count - 1;
  while (at > 0 && has_pin(&core->cards.list[at - 1].card, pin))
    at--;
  return &core->cards.list[at];
}

const struct core_partner *core_partner_behind(const struct core *core, uint32_t generation) {
  for (size_t i = 0; i < core->partner_count; i++)
    if (core->partners[i]->row.state == STORE_PARTNER_ACTIVE && core->partners[i]->told < generation)
      return core->partners[i];
  return NULL;
}

bool core_tls_missing(const struct core *core, const struct base_hash *pin) {
  for (size_t i = 0; i < core->keys.lost_count; i++)
    if (base_hash_equal(&core->keys.lost[i], pin))
      return true;
  return false;
}

/* Whether every active partner knows it, or had the time to. */
static bool pin_known(const struct core *core, const struct base_hash *pin) {
  const struct core_card *since = pin_since(core, pin);
  if (core_card_waits(core) && since == core_cards_newest(&core->cards))
    return false;
  return core_now(core) >= since->card.made + (base_time)CORE_OVERLAP_DAYS * CORE_DAY ||
         core_partner_behind(core, since->card.generation) == NULL;
}

const struct base_hash *core_tls_presented(const struct core *core) {
  const struct wire_card *card = &core->card;
  const struct base_hash *oldest = &card->pins[card->pin_count - 1];
  for (size_t i = 0; i < card->pin_count; i++) {
    if (core_tls_missing(core, &card->pins[i]))
      continue;
    oldest = &card->pins[i];
    if (pin_known(core, oldest))
      break;
  }
  return oldest;
}

void core_tls_look(struct core *core) {
  const struct base_hash *presented = core_tls_presented(core);
  if (base_hash_equal(presented, &core->keys.shown) && base_hash_equal(&core->card_hash, &core->keys.shown_card))
    return;
  core->keys.shown = *presented;
  core->keys.shown_card = core->card_hash;
  core->partner_version++;
}

base_time core_tls_since(const struct core *core) {
  return pin_since(core, &core->card.pins[0])->card.made;
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

static void change_end(struct core *core, uint64_t token, struct change *change, enum base_code code,
                       struct base_error *err) {
  struct base_view actor = core_actor(core);
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

/* A card names so many TLS keys at most: one more, and the oldest leaves it, which may be all that somebody knows. */
static enum base_code check_drops(const struct core *core, struct base_error *err) {
  const struct wire_card *card = &core->card;
  if (card->pin_count < WIRE_CARD_PINS_MAX || core_tls_presented(core) != &card->pins[card->pin_count - 1])
    return BASE_OK;
  const struct core_partner *behind =
      core_partner_behind(core, pin_since(core, &card->pins[card->pin_count - 2])->card.generation);
  struct base_view name = behind != NULL ? behind->card.name : BASE_VIEW("a partner");
  return base_fail(err, BASE_CONFLICT,
                   "%.*s knows none of the newer TLS keys yet, and with one more the key that it knows would leave the "
                   "card (it names %d at most): wait until it took the card (wasl key list), or say --force and give "
                   "them the new card by hand",
                   (int)name.size, (const char *)name.data, WIRE_CARD_PINS_MAX);
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
  else if (change.tls && !wire_json_true(wire_json_get(request, "force")))
    code = check_drops(core, &err);
  change_end(core, token, &change, code, &err);
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
    behind = core_partner_behind(core, seal_since(core)->card.generation);
  if (pins && behind == NULL)
    behind = core_partner_behind(core, pin_since(core, &core->card.pins[0])->card.generation);
  if (!change.end_seals && !change.end_pins)
    code = base_fail(&err, BASE_FIELD, "say which keys: seal or tls");
  else if (!seals && !pins)
    code = base_fail(&err, BASE_CONFLICT, "there is no old key on the card");
  else if (pins && core_tls_missing(core, &core->card.pins[0]))
    code = base_fail(&err, BASE_CONFLICT,
                     "the TLS key that would remain has no file in gate/: make another one first (wasl key rotate "
                     "--tls), and retire the old ones when partners took that card");
  else if (behind != NULL && !wire_json_true(wire_json_get(request, "force")))
    code = base_fail(&err, BASE_CONFLICT,
                     "%.*s has not taken the card with the new key yet and may not find back: wait, or say --force and "
                     "give them the new card by hand",
                     (int)behind->card.name.size, (const char *)behind->card.name.data);
  change_end(core, token, &change, code, &err);
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

static enum base_code check_names(const struct wire_json *org, struct base_error *err) {
  void *cursor = NULL;
  struct base_view language;
  const struct wire_json *name;
  while (wire_json_next(org, &cursor, &language, &name)) {
    int i = 0;
    while (i < WIRE_LANGUAGES && !base_view_is(language, wire_language_codes[i]))
      i++;
    if (i == WIRE_LANGUAGES)
      return base_fail(err, BASE_UNKNOWN_FIELD, "org: a language that is not known; allowed are: ar, fr, en, es, pt");
    if (wire_json_type(name) != WIRE_JSON_TEXT)
      return base_fail(err, BASE_FIELD, "org: %s must be a text, at most %d bytes", wire_language_codes[i],
                       WIRE_ORG_MAX);
  }
  return BASE_OK;
}

void core_card_change(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct change change;
  change_begin(core, &change);
  enum base_code code = read_addresses(request, &change.card, &err);
  const struct wire_json *org = wire_json_get(request, "org");
  if (code == BASE_OK)
    code = check_names(org, &err);
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
  change_end(core, token, &change, code, &err);
}
