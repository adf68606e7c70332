/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/back.h"
#include "core/cards.h"
#include "core/events.h"
#include "core/exchange.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/register.h"

/* Partners are few and all in memory. Their names are the local ones of their cards; their identity is the key. */

static void partner_free(struct core_partner *partner) {
  if (partner == NULL)
    return;
  base_wipe(&partner->flight, sizeof partner->flight);
  for (size_t i = 0; i < CORE_SHOWN; i++)
    base_buf_free(&partner->shown[i].note);
  core_cards_free(&partner->cards);
  core_cards_free(&partner->given);
  free(partner->transfers);
  free(partner->stuck);
  free(partner);
}

void core_partners_free(struct core *core) {
  for (size_t i = 0; i < core->partner_count; i++)
    partner_free(core->partners[i]);
  free(core->partners);
  core->partners = NULL;
  core->partner_count = 0;
}

void core_partner_pin(struct core_partner *partner) {
  const struct core_card *newest = core_cards_newest(&partner->cards);
  partner->card = newest->card;
  partner->card_hash = newest->hash;
  partner->row.card = newest->bytes;
  partner->row.origin = newest->card.origin;
  partner->row.name = newest->card.name;
  partner->row.fingerprint = base_arena_copy(&partner->cards.arena, base_view_text(newest->fingerprint));
}

/* The history of a stored partner is in the store; a new one's begins with the card that was given. Without the history
 * the card in the row stands alone, and nothing is exchanged. */
static enum base_code partner_cards(struct core *core, struct core_partner *partner, struct base_view bytes,
                                    struct base_error *err) {
  if (partner->row.number == 0)
    return core_cards_add(&partner->cards, bytes, (struct base_view){0}, 0, err);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_card card;
  enum base_code code = wire_card_parse(bytes, &arena, &card, err);
  if (code != BASE_OK)
    return code;
  code = core_cards_load(core, partner->row.number, card.generation, &partner->cards, err);
  if (code == BASE_OK)
    code = core_card_told_load(core, partner, err);
  if (code == BASE_OK)
    code = core_card_given_load(core, partner, err);
  const struct core_card *newest = core_cards_newest(&partner->cards);
  if (code == BASE_OK && (newest == NULL || !base_view_equal(newest->bytes, bytes)))
    code = base_fail(err, BASE_CORRUPT, "the history of his cards does not end with the one in his row");
  if (code == BASE_OK || !core_damage(code))
    return code;
  partner->cards_damaged = true;
  core_cards_free(&partner->cards);
  return core_cards_add(&partner->cards, bytes, (struct base_view){0}, 0, err);
}

static enum base_code partner_new(struct core *core, const struct store_partner *row, struct core_partner **out,
                                  struct base_error *err) {
  struct core_partner *partner = calloc(1, sizeof *partner);
  if (partner == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a partner");
  partner->row = *row;
  enum base_code code = partner_cards(core, partner, row->card, err);
  if (code == BASE_OK) {
    core_partner_pin(partner);
    code = core_renewed_load(core, partner, err);
    if (code == BASE_OK)
      code = core_epoch_told_load(core, partner, err);
    if (code == BASE_OK)
      code = core_back_load(core, partner, err);
    if (row->number != 0) /* as it is stored, so that it can be compared */
      partner->row.fingerprint = base_arena_copy(&partner->cards.arena, row->fingerprint);
  }
  partner->base = partner->row.cosigned_size;
  partner->shipped = partner->row.sent_number; /* what an earlier run handed over is not written down */
  if (code != BASE_OK) {
    partner_free(partner);
    return code;
  }
  *out = partner;
  return BASE_OK;
}

static enum base_code partners_insert(struct core *core, struct core_partner *partner, struct base_error *err) {
  struct core_partner **grown = realloc(core->partners, (core->partner_count + 1) * sizeof(struct core_partner *));
  if (grown == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a partner");
  core->partners = grown;
  size_t at = core->partner_count;
  while (at > 0) {
    struct base_view a = grown[at - 1]->card.name, b = partner->card.name;
    size_t common = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, common);
    if (order < 0 || (order == 0 && a.size <= b.size))
      break;
    grown[at] = grown[at - 1];
    at--;
  }
  grown[at] = partner;
  core->partner_count++;
  return BASE_OK;
}

static enum base_code begin_anew(const struct core_partner *partner, enum base_code code,
                                 const struct base_error *err) {
  if (!core_damage(code))
    return code;
  base_log(BASE_LOG_ERROR, "partner.damaged", "%.*s: %s; see wasl register check", (int)partner->card.name.size,
           (const char *)partner->card.name.data, err->text);
  return BASE_OK;
}

static enum base_code load_one(struct core *core, const struct store_partner *row, struct base_error *err) {
  struct core_partner *partner = NULL;
  enum base_code code = partner_new(core, row, &partner, err);
  if (code == BASE_OK)
    code = core_partner_confirm(core, partner, err);
  if (code == BASE_OK)
    core_renewed_say(partner);
  struct store_carried carried = {0};
  /* What is kept about files and comparisons is not the partner: damaged, it begins anew, and he stays. */
  if (code == BASE_OK)
    code = begin_anew(partner, store_carried_get(core->store, row->number, &carried, err), err);
  if (code == BASE_OK)
    code = begin_anew(partner, core_compare_load(core, partner, err), err);
  if (code == BASE_OK) {
    core_partner_carried(partner, &carried);
    code = partners_insert(core, partner, err);
  }
  if (code != BASE_OK)
    partner_free(partner);
  return code;
}

enum base_code core_partners_load(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (int64_t key = 0, before = -1; code == BASE_OK && key != before;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_partner row;
    before = key;
    code = store_partner_next(core->store, &key, &arena, &row, err);
    if (code == BASE_OK)
      code = load_one(core, &row, err);
    if (key != before && core_damage(code)) { /* without a card there is nobody to exchange with */
      base_log(BASE_LOG_ERROR, "partner.damaged", "the partner of row %lld is left out, its row cannot be read: %s",
               (long long)key, err->text);
      code = BASE_OK;
    }
  }
  if (code == BASE_NOT_FOUND)
    code = BASE_OK;
  for (size_t i = 0; i < core->partner_count; i++)
    core->partners[i]->maybe = true;
  core->partner_version++;
  return code;
}

void core_partner_carried(struct core_partner *partner, const struct store_carried *carried) {
  partner->carried_number = carried->number;
  snprintf(partner->carried, sizeof partner->carried, "in a file made at %s; no receipt came back yet",
           base_time_format(carried->made).text);
}

bool core_partner_stopped(const struct core_partner *partner) {
  return partner->stopped || partner->heard.number != 0;
}

const char *core_partner_state_word(const struct core_partner *partner) {
  if (core_partner_stopped(partner))
    return "stopped";
  return partner->row.state == STORE_PARTNER_ACTIVE ? "active" : "suspended";
}

struct core_partner *core_partner_named(struct core *core, struct base_view name) {
  for (size_t i = 0; i < core->partner_count; i++)
    if (base_view_equal(core->partners[i]->card.name, name))
      return core->partners[i];
  return NULL;
}

struct core_partner *core_partner_of(struct core *core, struct base_view origin) {
  for (size_t i = 0; i < core->partner_count; i++)
    if (base_view_equal(core->partners[i]->card.origin, origin))
      return core->partners[i];
  return NULL;
}

struct core_partner *core_partner_numbered(struct core *core, int64_t number) {
  for (size_t i = 0; i < core->partner_count; i++)
    if (core->partners[i]->row.number == number)
      return core->partners[i];
  return NULL;
}

struct core_partner *core_partner_pinned(struct core *core, const struct base_hash *pin) {
  for (size_t i = 0; i < core->partner_count; i++)
    for (size_t k = 0; k < core_partner_line(core->partners[i])->pin_count; k++)
      if (base_hash_equal(&core_partner_line(core->partners[i])->pins[k], pin))
        return core->partners[i];
  return NULL;
}

enum base_code core_partner_save(struct core *core, struct core_partner *partner, struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_partner_update(core->store, &partner->row, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

const struct wire_card *core_partner_line(const struct core_partner *partner) {
  const struct core_card *given = core_cards_newest(&partner->given);
  return given != NULL && given->card.generation > partner->card.generation ? &given->card : &partner->card;
}

const struct wire_seal_key *core_partner_seal(const struct core *core, const struct core_partner *partner) {
  base_time now = core_now(core);
  const struct wire_card *card = core_partner_line(partner);
  for (size_t i = 0; i < card->seal_count; i++)
    if (card->seals[i].until > now)
      return &card->seals[i];
  return NULL;
}

/* --- requests */

void core_partner_answer(struct core *core, uint64_t token, const struct core_partner *partner) {
  struct core_reply *reply = core_reply(core, token, BASE_OK);
  struct wire_writer writer;
  wire_writer_init(&writer, &reply->payload);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "name", partner->card.name);
  wire_write_member_text(&writer, "origin", partner->card.origin);
  wire_write_member_text(&writer, "fingerprint", partner->row.fingerprint);
  wire_write_member_string(&writer, "state", core_partner_state_word(partner));
  wire_write_end(&writer, '}');
}

enum base_code core_partner_leaf(struct core *core, struct core_partner *partner, struct base_view actor,
                                 struct base_view reason, struct base_error *err) {
  struct wire_opening opening = {
      .actor = actor, .subject = partner->card.origin, .card = partner->card_hash, .reason = reason};
  struct core_leaf leaf;
  core_event_partner(core, partner);
  enum base_code code = core_register_add(core, WIRE_ACT_PARTNER, &opening, &leaf, err);
  if (code == BASE_OK)
    partner->row.leaf_index = leaf.index;
  return code;
}

static enum base_code add_check(struct core *core, struct base_view bytes, struct base_view typed,
                                char fingerprint[SEAL_FINGERPRINT_TEXT], struct wire_card *card,
                                struct base_arena *arena, struct base_error *err) {
  enum base_code code = wire_card_parse(bytes, arena, card, err);
  if (code == BASE_OK)
    code = seal_card_check(card, err);
  if (code != BASE_OK)
    return code;
  seal_fingerprint(bytes, fingerprint);
  if (!seal_fingerprint_equal(fingerprint, typed))
    return base_fail(
        err, BASE_WRONG_KEY,
        "the fingerprint given is not that of this card: do not add it; ask %.*s again, by voice, for theirs",
        (int)card->name.size, (const char *)card->name.data);
  if (base_view_equal(card->origin, core->card.origin))
    return base_fail(err, BASE_POLICY, "this is the card of this node itself");
  if (core_partner_of(core, card->origin) == NULL && base_view_equal(card->name, core->card.name))
    return base_fail(err, BASE_EXISTS, "the name %.*s is this node's own: ask the partner for a card with another name",
                     (int)card->name.size, (const char *)card->name.data);
  for (size_t i = 0; i < card->pin_count; i++) {
    /* What comes over a line is laid at one partner's door: two cannot share it. */
    const struct core_partner *other = core_partner_pinned(core, &card->pins[i]);
    if (other != NULL && !base_view_equal(other->card.origin, card->origin))
      return base_fail(err, BASE_CONFLICT,
                       "the card names the TLS key of %.*s, a partner already: two nodes never share a key; ask for a "
                       "card of another node",
                       (int)other->card.name.size, (const char *)other->card.name.data);
  }
  if (core->partner_count >= CORE_PARTNERS_MAX)
    return base_fail(err, BASE_POLICY, "a node has at most %d partners", CORE_PARTNERS_MAX);
  return BASE_OK;
}

static enum base_code add_proceed(struct core *core, struct base_view bytes, const char *fingerprint,
                                  struct base_view actor, struct core_partner **out, struct base_error *err) {
  struct store_partner row = {.card = bytes, .fingerprint = base_view_text(fingerprint)};
  struct core_partner *partner = NULL;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = partner_new(core, &row, &partner, err);
  if (code == BASE_OK)
    code = core_partner_leaf(core, partner, actor, BASE_VIEW("added"), err);
  if (code == BASE_OK)
    code = store_partner_add(core->store, &partner->row, err);
  if (code == BASE_OK)
    code = core_card_save(core, partner->row.number, core_cards_newest(&partner->cards), err);
  if (code == BASE_OK)
    code = partners_insert(core, partner, err);
  if (code != BASE_OK) {
    partner_free(partner);
    return core_lose(core, code, err);
  }
  core->partner_version++;
  *out = partner;
  return BASE_OK;
}

/* A later card of a partner, confirmed by voice: he was away too long for us to reach each other under the one that is
 * pinned. It says where he is reached; what he signs is still followed from key to key. */
static enum base_code add_given(struct core *core, struct core_partner *partner, struct base_view bytes,
                                const struct wire_card *card, struct base_view actor, struct base_error *err) {
  const struct core_card *held = core_cards_generation(&partner->cards, card->generation);
  bool known = held != NULL && base_view_equal(held->bytes, bytes);
  uint32_t newest = core_partner_line(partner)->generation;
  if (card->generation < newest && (known || held == NULL))
    return base_fail(err, BASE_EXISTS,
                     "this is an older card of %.*s, of generation %u: this node has the one of generation %u already, "
                     "and nothing was changed. When theirs is newer than that, ask for it (wasl card export there)",
                     (int)card->name.size, (const char *)card->name.data, (unsigned)card->generation, (unsigned)newest);
  if (known)
    return BASE_OK;
  if (card->generation <= partner->card.generation)
    return base_fail(err, BASE_EXISTS,
                     "%.*s is a partner already, with another card of generation %u: compare the cards by voice, and "
                     "suspend the exchange if there are two",
                     (int)card->name.size, (const char *)card->name.data, (unsigned)card->generation);
  core_cards_free(&partner->given);
  enum base_code code = core_cards_add(&partner->given, bytes, (struct base_view){0}, 0, err);
  if (code == BASE_OK)
    code = core_card_given_save(core, partner, err);
  char reason[64];
  snprintf(reason, sizeof reason, "confirmed: generation %u", (unsigned)card->generation);
  /* Not the row's leaf: what is pinned and the state stay as they are. */
  struct wire_opening opening = {
      .actor = actor, .subject = partner->card.origin, .card = seal_sha256(bytes), .reason = base_view_text(reason)};
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_PARTNER, &opening, NULL, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core->partner_version++;
  partner->not_before_ms = 0;
  partner->maybe = true;
  return BASE_OK;
}

void core_partner_add(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  struct wire_card card;
  struct base_view bytes = core_request_text(request, "card");
  enum base_code code =
      add_check(core, bytes, core_request_text(request, "fingerprint"), fingerprint, &card, &arena, &err);
  struct core_partner *partner = code == BASE_OK ? core_partner_of(core, card.origin) : NULL;
  if (partner != NULL) {
    code = add_given(core, partner, bytes, &card, core_actor(core), &err);
  } else if (code == BASE_OK && core_partner_named(core, card.name) != NULL) {
    code = base_fail(&err, BASE_EXISTS,
                     "this node has a partner named %.*s already, with another key (wasl partner list): names tell "
                     "partners apart, so ask the new one for a card with another name (wasl node init --name NAME)",
                     (int)card.name.size, (const char *)card.name.data);
  } else if (code == BASE_OK) {
    code = add_proceed(core, bytes, fingerprint, core_actor(core), &partner, &err);
  }
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
  else
    core_partner_answer(core, token, partner);
  core_peer_table_wake(core);
}

void core_partner_state(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view name = core_request_text(request, "name"), state = core_request_text(request, "state");
  struct core_partner *partner = core_partner_named(core, name);
  enum base_code code = BASE_OK;
  bool suspend = base_view_is(state, "suspended");
  if (partner == NULL)
    code = base_fail(&err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                     (int)name.size, (const char *)name.data);
  else if (core_request_text(request, "reason").size > CORE_REASON_MAX)
    code = base_fail(&err, BASE_FIELD, "reason: at most %d bytes", CORE_REASON_MAX);
  else if (!suspend && !base_view_is(state, "active"))
    code = base_fail(&err, BASE_FIELD, "state: active or suspended");
  else if (core_request_prose(core_request_text(request, "reason"), "reason", &err) != BASE_OK)
    code = err.code;
  else if (!suspend && partner->row.state == STORE_PARTNER_ACTIVE && !partner->stopped && partner->heard.number != 0)
    code = base_fail(&err, BASE_POLICY, "%s", partner->trouble);
  else if ((partner->row.state == STORE_PARTNER_SUSPENDED) != suspend || (!suspend && partner->stopped)) {
    partner->row.state = suspend ? STORE_PARTNER_SUSPENDED : STORE_PARTNER_ACTIVE;
    code = core_write(core, &err);
    struct base_view why = core_request_text(request, "reason");
    char reason[CORE_REASON_MAX + 16];
    snprintf(reason, sizeof reason, "%s%s%.*s", suspend ? "suspended" : "resumed", why.size > 0 ? ": " : "",
             (int)why.size, (const char *)why.data);
    if (code == BASE_OK)
      code = core_partner_leaf(core, partner, core_actor(core), base_view_text(reason), &err);
    if (code == BASE_OK)
      code = core_partner_save(core, partner, &err);
    if (code == BASE_OK && partner->stopped)
      code = core_partner_stop_write(core, partner, (struct base_view){0}, &err);
    /* A person looked at it: what had stopped the exchange is tried again. */
    partner->stopped = false;
    partner->stopped_at = 0;
    partner->failures = 0;
    partner->not_before_ms = 0;
    partner->maybe = true;
    partner->trouble[0] = '\0';
    core_renewed_say(partner);
    core->partner_version++;
  }
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
  else
    core_partner_answer(core, token, partner);
  core_peer_table_wake(core);
}

/* --- the table of keys for the partner gate */

static void peer_table_write(struct core *core, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "version", (int64_t)core->partner_version);
  wire_write_member_hash(&writer, "present", core_tls_presented(core));
  wire_write_key(&writer, "own");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->card.pin_count; i++)
    wire_write_string(&writer, base_hash_text(&core->card.pins[i]).text);
  wire_write_end(&writer, ']');
  wire_write_key(&writer, "partners");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct core_partner *partner = core->partners[i];
    if (partner->damaged[0] != '\0')
      continue; /* whoever has the keys of this card may not be the partner */
    wire_write_object(&writer);
    wire_write_member_text(&writer, "origin", partner->card.origin);
    wire_write_member_text(&writer, "name", partner->card.name);
    wire_write_key(&writer, "addresses");
    wire_write_array(&writer);
    const struct wire_card *line = core_partner_line(partner);
    for (size_t k = 0; k < line->address_count; k++)
      wire_write_text(&writer, line->addresses[k]);
    wire_write_end(&writer, ']');
    wire_write_key(&writer, "pins");
    wire_write_array(&writer);
    for (size_t k = 0; k < line->pin_count; k++)
      wire_write_string(&writer, base_hash_text(&line->pins[k]).text);
    wire_write_end(&writer, ']');
    wire_write_member_string(&writer, "state", partner->row.state == STORE_PARTNER_ACTIVE ? "active" : "suspended");
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
}

void core_peer_table_wake(struct core *core) {
  if (!core->table_parked || core->table_version == core->partner_version)
    return;
  core->table_parked = false;
  peer_table_write(core, &core_reply(core, core->table_token, BASE_OK)->payload);
  core->keys.told_count = core->card.pin_count;
  memcpy(core->keys.told, core->card.pins, core->card.pin_count * sizeof *core->card.pins);
}

/* The gate says, a bit for each, which of the TLS keys that the last table named have no file. */
static void own_missing(struct core *core, int64_t bits) {
  core->keys.lost_count = 0;
  for (size_t i = 0; i < core->keys.told_count; i++)
    if ((bits >> i & 1) != 0)
      core->keys.lost[core->keys.lost_count++] = core->keys.told[i];
}

void core_peer_table(struct core *core, uint64_t token, const struct wire_json *request) {
  core->table_parked = true;
  core->table_token = token;
  core->table_version = (uint64_t)wire_json_integer(wire_json_get(request, "version"));
  const struct wire_json *missing = wire_json_get(request, "missing");
  if (missing != NULL)
    own_missing(core, wire_json_integer(missing));
  core_peer_table_wake(core);
}
