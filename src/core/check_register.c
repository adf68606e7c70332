/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/back.h"
#include "core/cards.h"
#include "core/check.h"
#include "core/clear.h"
#include "core/emergency.h"
#include "core/kinds.h"
#include "core/transfer.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/register.h"
#include "core/witness.h"

/* Every leaf against its tile, its opening, its place in the row of its partner and what the outbox, the arrivals and
 * the messages say; at the end a root made anew from the leaves against the one that was signed, and what the leaves
 * said of partners against their rows. */

enum { TILE_LEVELS = 8, TILE_BITS = 8, TILE_HASHES = 256 };

static struct core_place place_of(uint64_t index) {
  return core_place("leaf %llu", (unsigned long long)index);
}

static const char *name_of(const struct core_partner *partner) {
  return (const char *)partner->card.name.data;
}

static int name_size(const struct core_partner *partner) {
  return (int)partner->card.name.size;
}

enum base_code core_check_leaf(struct core *core, uint64_t index, struct base_arena *arena, struct core_check_leaf *out,
                               struct base_error *err) {
  struct base_view entry, opening;
  enum base_code code = core_register_read(core, index, arena, &entry, &opening, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &out->leaf, err);
  if (code != BASE_OK)
    return code;
  struct base_hash commitment = seal_sha256(opening);
  if (opening.size == 0)
    return base_fail(err, BASE_CORRUPT, "its opening is missing");
  if (!base_hash_equal(&commitment, &out->leaf.commitment))
    return base_fail(err, BASE_CORRUPT, "it does not commit to its stored opening");
  out->hash = seal_sha256(entry);
  return wire_opening_parse(out->leaf.act, opening, arena, &out->opening, err);
}

/* --- the tree, from the leaves alone (RFC 6962 section 2.1) */

static enum base_code tile_load(struct core *core, unsigned level, uint64_t index, struct base_error *err) {
  struct core_check_tile *tile = &core->check->tiles[level];
  BASE_AUTO_BUF struct base_buf hashes = {0};
  base_buf_init(&hashes, sizeof tile->hashes);
  enum base_code code = store_tile_get(core->store, level, index, &hashes, err);
  if (code != BASE_OK && !core_damage(code))
    return code;
  tile->index = index;
  tile->count = code == BASE_OK ? hashes.size / sizeof tile->hashes[0] : 0;
  if (tile->count > 0)
    memcpy(tile->hashes, hashes.data, tile->count * sizeof tile->hashes[0]);
  return BASE_OK;
}

static enum base_code tile_compare(struct core *core, unsigned level, uint64_t position, const struct base_hash *hash,
                                   struct base_error *err) {
  const struct core_check *check = core->check;
  const struct core_check_tile *tile = &check->tiles[level];
  size_t slot = (size_t)(position % TILE_HASHES);
  enum base_code code = BASE_OK;
  if (tile->index != position / TILE_HASHES || slot >= tile->count)
    code = tile_load(core, level, position / TILE_HASHES, err);
  if (code == BASE_OK && (slot >= tile->count || !base_hash_equal(&tile->hashes[slot], hash)))
    core_check_found(core, CORE_SO_REGISTER, place_of(check->next),
                     "hash %zu of tile %u/%llu is not what the leaves give", slot, level,
                     (unsigned long long)(position / TILE_HASHES));
  return code;
}

/* Adds the next leaf, and compares what it completes with the tiles. */
static enum base_code tree_add(struct core *core, struct base_hash hash, struct base_error *err) {
  struct core_check *check = core->check;
  unsigned level = 0;
  enum base_code code = tile_compare(core, 0, check->next, &hash, err);
  for (uint64_t size = check->next; (size & 1) == 1 && code == BASE_OK; size >>= 1) {
    hash = seal_node_hash(&check->complete[level++], &hash);
    if (level % TILE_BITS == 0)
      code = tile_compare(core, level / TILE_BITS, check->next >> level, &hash, err);
  }
  check->complete[level] = hash;
  return code;
}

static struct base_hash tree_root(const struct core_check *check) {
  struct base_hash root = seal_empty_root();
  bool any = false;
  for (unsigned level = 0; level < CORE_CHECK_TREE; level++) {
    if ((check->next >> level & 1) == 0)
      continue;
    root = any ? seal_node_hash(&check->complete[level], &root) : check->complete[level];
    any = true;
  }
  return root;
}

/* --- what was sent */

static enum base_code check_sent(struct core *core, const struct core_partner *partner,
                                 const struct core_check_leaf *leaf, const struct store_delivery *delivery,
                                 struct base_error *err) {
  const struct wire_opening *opening = &leaf->opening;
  struct core_check_partner *chain = core_check_partner(core->check, partner->row.number, err);
  if (chain == NULL)
    return BASE_MEMORY;
  uint64_t index = core->check->next;
  if (opening->number > chain->sent_number &&
      core_epoch_chains(core, partner, true, opening->number - 1, &opening->previous)) {
    chain->sent_number = opening->number - 1; /* those between were lost with an epoch */
    chain->sent_previous = opening->previous;
  }
  uint64_t skipped = opening->number > chain->sent_number ? opening->number - chain->sent_number - 1 : UINT64_MAX;
  if (skipped > core->check->unread)
    core_check_found(core, CORE_SO_REGISTER, place_of(index), "it is number %llu for %.*s, %llu was the last one",
                     (unsigned long long)opening->number, name_size(partner), name_of(partner),
                     (unsigned long long)chain->sent_number);
  else if (skipped == 0 && !base_hash_equal(&opening->previous, &chain->sent_previous))
    core_check_found(core, CORE_SO_REGISTER, place_of(index), "it does not name the sent leaf before it for %.*s",
                     name_size(partner), name_of(partner));
  if (delivery != NULL && delivery->sent_index != index)
    core_check_found(core, CORE_SO_PROOF, place_of(index), "the outbox names leaf %llu for the same number",
                     (unsigned long long)delivery->sent_index);
  if (core_cards_hashed(&core->cards, &opening->from_card) == NULL ||
      core_cards_hashed(&partner->cards, &opening->to_card) == NULL)
    core_check_found(core, CORE_SO_PARTNER, place_of(index), "it names other cards than those of this node and of %.*s",
                     name_size(partner), name_of(partner));
  if (skipped <= core->check->unread)
    core->check->unread -= skipped;
  chain->sent_number = opening->number;
  chain->sent_previous = leaf->hash;
  return BASE_OK;
}

static enum base_code check_voided(struct core *core, const struct wire_opening *opening,
                                   const struct store_delivery *delivery, struct base_arena *arena,
                                   struct base_error *err) {
  uint64_t index = core->check->next;
  struct store_leaf sent;
  if (delivery->voided_index != index || delivery->sent_index >= index) {
    core_check_found(core, CORE_SO_PROOF, place_of(index),
                     "it ends a message, but the outbox names another leaf for that");
    return BASE_OK;
  }
  enum base_code code = store_leaf_get(core->store, delivery->sent_index, arena, &sent, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code;
  struct base_hash hash = seal_sha256(sent.entry);
  if (!base_hash_equal(&hash, &opening->previous))
    core_check_found(core, CORE_SO_REGISTER, place_of(index),
                     "it ends a message, but names another sent leaf than its own");
  return BASE_OK;
}

/* The message that a leaf is about must be here. */
static enum base_code check_message(struct core *core, const struct base_id *id, bool ours, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  bool cleared = false;
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_NOT_FOUND && core_clear_message(core, id, &cleared, NULL, err) == BASE_OK && cleared)
    return BASE_OK; /* with its case, which is looked at among the erasures */
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_CASE, place_of(core->check->next), "message %s, which it %s, is not here any more",
                     base_id_text(id).text, ours ? "sends" : "acknowledges");
  else if (code == BASE_OK && row.ours != ours)
    core_check_found(core, CORE_SO_MESSAGE, place_of(core->check->next), "message %s, which it %s, is stored as %s",
                     base_id_text(id).text, ours ? "sends" : "acknowledges", ours ? "a partner's" : "our own");
  else if (code == BASE_OK && !ours && row.state != STORE_MESSAGE_HELD)
    core_check_found(core, CORE_SO_CASE, place_of(core->check->next),
                     "message %s, which it acknowledges, is stored as %s", base_id_text(id).text,
                     row.state == STORE_MESSAGE_PENDING ? "not complete" : "refused");
  return core_damage(code) ? BASE_OK : code;
}

/* What it erased is named with it, unless that came again without its content. */
static enum base_code check_erasure(struct core *core, const struct base_id *id, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_erasure row;
  enum base_code code = store_erasure_get(core->store, id, &arena, &row, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && row.leaf != core->check->next))
    core_check_found(core, CORE_SO_PROOF, place_of(core->check->next),
                     "it erased message %s, which is not noted as erased by it", base_id_text(id).text);
  return core_damage(code) ? BASE_OK : code;
}

/* A case that was erased whole is noted as such by this leaf. */
static enum base_code check_cleared(struct core *core, const struct base_id *case_id, struct base_error *err) {
  bool fits = false;
  enum base_code code = core_clear_fits(core, case_id, core->check->next, &fits, err);
  if (code == BASE_OK && !fits)
    core_check_found(core, CORE_SO_PROOF, place_of(core->check->next),
                     "it erased case %s whole, which is not noted as erased by it", base_id_text(case_id).text);
  return code;
}

static enum base_code check_outgoing(struct core *core, const struct core_check_leaf *leaf, struct base_arena *arena,
                                     struct base_error *err) {
  const struct wire_opening *opening = &leaf->opening;
  const struct core_partner *partner = core_partner_of(core, opening->to);
  struct store_delivery delivery;
  bool sent = leaf->leaf.act == WIRE_ACT_SENT;
  uint64_t index = core->check->next;
  if (partner == NULL || !base_view_equal(opening->from, core->card.origin)) {
    core_check_found(core, CORE_SO_PARTNER, place_of(index), "it is between %.*s and %.*s, one of which is not here",
                     (int)opening->from.size, (const char *)opening->from.data, (int)opening->to.size,
                     (const char *)opening->to.data);
    return BASE_OK;
  }
  enum base_code code =
      store_delivery_by_number(core->store, partner->row.number, opening->number, arena, &delivery, err);
  if (code != BASE_OK && !core_damage(code))
    return code;
  bool there = code == BASE_OK && base_id_equal(&delivery.message, &opening->message);
  if (!there)
    core_check_found(core, CORE_SO_PROOF, place_of(index), "the outbox has no such message of number %llu for %.*s",
                     (unsigned long long)opening->number, name_size(partner), name_of(partner));
  if (!sent)
    return there ? check_voided(core, opening, &delivery, arena, err) : BASE_OK;
  code = check_sent(core, partner, leaf, there ? &delivery : NULL, err);
  return code == BASE_OK ? check_message(core, &opening->message, true, err) : code;
}

/* --- what was received */

static enum base_code check_incoming(struct core *core, const struct core_check_leaf *leaf, struct base_arena *arena,
                                     struct base_error *err) {
  const struct wire_opening *opening = &leaf->opening;
  const struct core_partner *partner = core_partner_of(core, opening->from);
  struct store_arrival arrival;
  uint64_t index = core->check->next;
  bool refused = leaf->leaf.act == WIRE_ACT_REFUSED;
  enum base_code code =
      partner == NULL ? BASE_NOT_FOUND
                      : store_arrival_of(core->store, &opening->message, partner->row.number, arena, &arrival, err);
  if (core_damage(code)) {
    core_check_found(core, CORE_SO_PROOF, place_of(index), "it answers message %s, whose arrival is not there",
                     base_id_text(&opening->message).text);
    code = BASE_OK;
  } else if (code == BASE_OK) {
    /* A message sent again under another number is refused by a leaf of its own: then the arrival found is the first
     * one's, and that of the other is looked at among the arrivals. */
    bool another = refused && !base_hash_equal(&opening->sent, &arrival.sent_hash);
    bool same = arrival.answered && arrival.refused == refused && arrival.answer_index == index &&
                base_hash_equal(&opening->sent, &arrival.sent_hash);
    if (!same && !another)
      core_check_found(core, CORE_SO_PROOF, place_of(index), "it answers message %s otherwise than its arrival says",
                       base_id_text(&opening->message).text);
  }
  return code == BASE_OK && !refused ? check_message(core, &opening->message, false, err) : code;
}

/* --- what was done about partners */

/* What a fault leaf commits to is kept, octet for octet. */
static enum base_code check_kept(struct core *core, uint64_t leaf, const struct base_hash *commitment,
                                 struct base_error *err) {
  static const struct base_hash none;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 2 * CORE_EVIDENCE_MAX);
  struct store_evidence evidence = {0};
  if (base_hash_equal(commitment, &none))
    return BASE_OK;
  enum base_code code = store_evidence_get(core->store, leaf, &arena, &evidence, err);
  struct base_hash hash = seal_sha256(evidence.bytes);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_PROOF, place_of(leaf), "the evidence that it names is not here any more");
  else if (core_damage(code) || (code == BASE_OK && !base_hash_equal(&hash, commitment)))
    core_check_found(core, CORE_SO_PROOF, place_of(leaf), "the evidence kept with it is not what it names");
  return core_damage(code) ? BASE_OK : code;
}

static bool begins(struct base_view text, const char *word) {
  size_t size = strlen(word);
  return text.size >= size && memcmp(text.data, word, size) == 0;
}

static enum base_code check_act(struct core *core, const struct core_check_leaf *leaf, struct base_error *err) {
  const struct core_partner *partner = core_partner_of(core, leaf->opening.subject);
  if (partner == NULL) {
    core_check_found(core, CORE_SO_PARTNER, place_of(core->check->next),
                     "it says '%.*s' of the partner %.*s, which is not stored, or cannot be read",
                     (int)leaf->opening.reason.size, (const char *)leaf->opening.reason.data,
                     (int)leaf->opening.subject.size, (const char *)leaf->opening.subject.data);
    return BASE_OK;
  }
  struct core_check_partner *met = core_check_partner(core->check, partner->row.number, err);
  if (met == NULL)
    return BASE_MEMORY;
  bool stops = begins(leaf->opening.reason, "fork:") || begins(leaf->opening.reason, "rollback:") ||
               begins(leaf->opening.reason, "consistency:");
  if (leaf->leaf.act == WIRE_ACT_FAULT) {
    met->faulted = true;
    met->stopped = met->stopped || stops;
    return check_kept(core, core->check->next, &leaf->opening.evidence, err);
  }
  if (begins(leaf->opening.reason, "confirmed:")) /* a later card, whose word came or will come */
    return BASE_OK;
  met->acted = true;
  met->act_index = core->check->next;
  met->stopped =
      met->stopped && (begins(leaf->opening.reason, "card:") || begins(leaf->opening.reason, "suspended: card:"));
  if (core_cards_hashed(&partner->cards, &leaf->opening.card) == NULL)
    core_check_found(core, CORE_SO_PARTNER, place_of(core->check->next),
                     "the card of %.*s that it confirms is none of those that are stored", name_size(partner),
                     name_of(partner));
  return BASE_OK;
}

/* And every row of evidence is named by such a leaf. */
enum base_code core_check_evidence(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4 << 20);
  struct store_evidence row;
  struct core_check_leaf leaf;
  struct base_error why = {0};
  int64_t before = check->key;
  enum base_code code = store_evidence_next(core->store, &check->key, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "evidence", check->key != before, &code, done, err))
    return code;
  const struct core_partner *partner = core_partner_numbered(core, row.partner);
  struct base_hash hash = seal_sha256(row.bytes);
  code = core_check_leaf(core, row.leaf, &arena, &leaf, &why);
  if (code == BASE_OK &&
      (leaf.leaf.act != WIRE_ACT_FAULT || partner == NULL ||
       !base_view_equal(leaf.opening.subject, partner->card.origin) || !base_hash_equal(&leaf.opening.evidence, &hash)))
    core_check_found(core, CORE_SO_STRAY, core_place("evidence of leaf %llu", (unsigned long long)row.leaf),
                     "that leaf does not name it");
  return code == BASE_OK || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static void check_card(struct core *core, const struct wire_opening *opening) {
  struct base_hash hash;
  const struct core_card *card =
      base_hash_parse(opening->subject, &hash) ? core_cards_hashed(&core->cards, &hash) : NULL;
  if (card == NULL || card->leaf != core->check->next)
    core_check_found(core, CORE_SO_REGISTER, place_of(core->check->next), "it announces a card that is not stored");
}

/* --- a leaf */

/* One of our own messages that was lost with an epoch, and came back. */
static enum base_code check_returned(struct core *core, const struct core_check_leaf *leaf, struct base_arena *arena,
                                     struct base_error *err) {
  const struct wire_opening *opening = &leaf->opening;
  const struct core_partner *partner = core_partner_of(core, opening->to);
  struct store_delivery delivery;
  struct base_hash sent = {{0}};
  enum base_code code = partner == NULL ? BASE_NOT_FOUND
                                        : store_delivery_by_number(core->store, partner->row.number, opening->number,
                                                                   arena, &delivery, err);
  if (code == BASE_OK)
    code = core_delivery_sent(core, partner, &delivery, &sent, err);
  if (code != BASE_OK && !core_damage(code))
    return code;
  if (code != BASE_OK || !base_id_equal(&delivery.message, &opening->message) ||
      delivery.sent_index != core->check->next || !base_hash_equal(&sent, &opening->sent))
    core_check_found(core, CORE_SO_PROOF, place_of(core->check->next),
                     "the message that came back by it is not in the outbox, or was sent by another leaf");
  return check_message(core, &opening->message, true, err);
}

static enum base_code check_emergency(struct core *core, const struct wire_opening *opening, struct base_error *err) {
  struct base_error why = {0};
  enum base_code code = core_emergency_fits(core, opening, &why);
  if (code == BASE_CONFLICT)
    core_check_found(core, CORE_SO_PROOF, place_of(core->check->next), "%s", why.text);
  else if (code != BASE_OK)
    *err = why;
  return code == BASE_CONFLICT ? BASE_OK : code;
}

static enum base_code check_kind(struct core *core, const struct wire_opening *opening, struct base_error *err) {
  bool fits = false;
  enum base_code code = core_kind_fits(core, opening, core->check->next, &fits, err);
  if (code == BASE_OK && !fits)
    core_check_found(core, CORE_SO_TABLE, place_of(core->check->next),
                     "the kind that it is about is stored otherwise, or as it was before");
  return code;
}

static enum base_code check_reader(struct core *core, const struct wire_opening *opening, struct base_error *err) {
  bool fits = false;
  enum base_code code = core_readers_fit(core, opening, core->check->next, &fits, err);
  if (code == BASE_OK && !fits)
    core_check_found(core, CORE_SO_TABLE, place_of(core->check->next),
                     "the reader of a case that it is about is stored otherwise, or as it was before");
  return code;
}

static enum base_code check_derogation(struct core *core, const struct core_check_leaf *leaf, struct base_error *err) {
  struct base_error why = {0};
  enum base_code code = core_derogation_fits(core, core->check->next, leaf->leaf.act, &leaf->opening, &why);
  if (code == BASE_CONFLICT)
    core_check_found(core, CORE_SO_PROOF, place_of(core->check->next), "%s", why.text);
  else if (code != BASE_OK)
    *err = why;
  return code == BASE_CONFLICT ? BASE_OK : code;
}

static enum base_code check_opened(struct core *core, const struct core_check_leaf *leaf, struct base_arena *arena,
                                   struct base_error *err) {
  enum base_code code = BASE_OK;
  switch (leaf->leaf.act) {
  case WIRE_ACT_SENT:
    code = check_derogation(core, leaf, err);
    return code == BASE_OK ? check_outgoing(core, leaf, arena, err) : code;
  case WIRE_ACT_DEROGATION:
    return check_derogation(core, leaf, err);
  case WIRE_ACT_VOIDED:
    return check_outgoing(core, leaf, arena, err);
  case WIRE_ACT_RECEIVED:
  case WIRE_ACT_REFUSED:
    return check_incoming(core, leaf, arena, err);
  case WIRE_ACT_ERASED:
    return check_erasure(core, &leaf->opening.message, err);
  case WIRE_ACT_CLEARED:
    return check_cleared(core, &leaf->opening.message, err);
  case WIRE_ACT_HELD:
  case WIRE_ACT_RELEASED:
  case WIRE_ACT_WITHHELD:
    return core_check_released(core, leaf, err);
  case WIRE_ACT_RETURNED:
    return check_returned(core, leaf, arena, err);
  case WIRE_ACT_PARTNER:
  case WIRE_ACT_FAULT:
    return check_act(core, leaf, err);
  case WIRE_ACT_DEADLINE:
    return core_check_told(core, leaf, err);
  case WIRE_ACT_ALERT:
    return core_check_alerted(core, leaf, err);
  case WIRE_ACT_EMERGENCY:
    return check_emergency(core, &leaf->opening, err);
  case WIRE_ACT_WITNESS:
    core->check->witnesses = core->check->next;
    return BASE_OK;
  case WIRE_ACT_CARD:
    check_card(core, &leaf->opening);
    return BASE_OK;
  case WIRE_ACT_PERSON:
  case WIRE_ACT_TOKEN:
  case WIRE_ACT_LOGIN:
    if (!core_people_fits(core, leaf->leaf.act, &leaf->opening, core->check->next))
      core_check_found(core, CORE_SO_TABLE, place_of(core->check->next),
                       "the person, login or token that it is about is stored otherwise, or as it was before");
    return BASE_OK;
  case WIRE_ACT_READER:
    return check_reader(core, &leaf->opening, err);
  case WIRE_ACT_KIND:
    return check_kind(core, &leaf->opening, err);
  default:
    return BASE_OK;
  }
}

static enum base_code check_one(struct core *core, struct base_error *err) {
  struct core_check *check = core->check;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4 << 20);
  struct store_leaf row;
  struct core_check_leaf leaf;
  struct base_error why = {0};
  enum base_code code = store_leaf_get(core->store, check->next, &arena, &row, err);
  if (core_damage(code)) {
    core_check_found(core, CORE_SO_REGISTER, place_of(check->next), "it is not there, or cannot be read");
    check->unread++;
    code = tree_add(core, (struct base_hash){{0}}, err);
  } else if (code == BASE_OK) {
    code = tree_add(core, seal_leaf_hash(row.entry), err);
    enum base_code opened = code == BASE_OK ? core_check_leaf(core, check->next, &arena, &leaf, &why) : BASE_OK;
    check->unread += core_damage(opened);
    if (code == BASE_OK && core_damage(opened))
      core_check_found(core, CORE_SO_PROOF, place_of(check->next), "%s", why.text);
    else if (code == BASE_OK && opened != BASE_OK)
      code = base_fail(err, opened, "%s", why.text);
    else if (code == BASE_OK) {
      if (leaf.leaf.time < check->time)
        core_check_found(core, CORE_SO_REGISTER, place_of(check->next), "it is of %s, the one before it of %s",
                         base_time_format(leaf.leaf.time).text, base_time_format(check->time).text);
      check->time = leaf.leaf.time;
      code = check_opened(core, &leaf, &arena, err);
    }
  }
  if (code == BASE_OK)
    check->next++;
  return code;
}

/* --- the end */

static void check_note(struct core *core) {
  struct wire_checkpoint head;
  struct base_error err = {0};
  struct core_place place = core_place("head %llu", (unsigned long long)core->reg.attested);
  struct seal_signer signer = {.log = &core_cards_signing(core, core->reg.attested)->log};
  enum base_code code = seal_checkpoint_verify(base_buf_view(&core->reg.note), signer, &head, NULL, &err);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_REGISTER, place, "its note does not verify: %s", err.text);
  else if (head.size != core->reg.attested || !base_hash_equal(&head.root, &core->check->root) ||
           !base_hash_equal(&core->check->root, &core->reg.attested_root))
    core_check_found(core, CORE_SO_REGISTER, place, "the root of the leaves is not the one that was signed over them");
}

static enum base_code check_stop(struct core *core, const struct core_partner *partner,
                                 const struct core_check_partner *met, struct base_error *err) {
  char name[48];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 4096);
  struct core_place place = core_place_partner(core, partner->row.number);
  snprintf(name, sizeof name, "stopped-%lld", (long long)partner->row.number);
  enum base_code code = store_fact_get(core->store, name, &fact, err);
  if (code == BASE_OK || core_damage(code)) {
    if (met->stopped != (code == BASE_OK && fact.size > 0))
      core_check_found(core, CORE_SO_PARTNER, place, "the register says that the exchange with it %s, the fact %s %s",
                       met->stopped ? "was stopped after a fork or roll-back, which nobody lifted" : "was not stopped",
                       name, met->stopped ? "is missing" : "says otherwise");
    snprintf(name, sizeof name, "faults-%lld", (long long)partner->row.number);
    base_buf_reset(&fact);
    code = store_fact_get(core->store, name, &fact, err);
    if ((code == BASE_OK || core_damage(code)) && met->faulted && (code != BASE_OK || fact.size != 16))
      core_check_found(core, CORE_SO_TABLE, place, "the register names faults of it, the fact %s is missing or damaged",
                       name);
  }
  return core_damage(code) ? BASE_OK : code;
}

/* What the leaves said, when all are seen. */
static enum base_code check_partner(struct core *core, const struct core_partner *partner, struct base_error *err) {
  struct core_check_partner *met = core_check_partner(core->check, partner->row.number, err);
  if (met == NULL)
    return BASE_MEMORY;
  struct core_place place = core_place_partner(core, partner->row.number);
  bool lost = core_epoch_chains(core, partner, true, partner->row.sent_number, &partner->row.sent_previous);
  if (!lost && (met->sent_number != partner->row.sent_number ||
                !base_hash_equal(&met->sent_previous, &partner->row.sent_previous)))
    core_check_found(core, CORE_SO_REGISTER, place,
                     "number %llu is the last sent to it, but its row says %llu, or another leaf",
                     (unsigned long long)met->sent_number, (unsigned long long)partner->row.sent_number);
  if (partner->damaged[0] != '\0')
    core_check_found(core, CORE_SO_ONCE, place, "%s", partner->damaged);
  if (!met->acted)
    core_check_found(core, CORE_SO_PARTNER, place, "no leaf says that a person added it");
  else if (met->act_index != partner->row.leaf_index)
    core_check_found(core, CORE_SO_PARTNER, place, "leaf %llu is the last about it, but its row names leaf %llu",
                     (unsigned long long)met->act_index, (unsigned long long)partner->row.leaf_index);
  return check_stop(core, partner, met, err);
}

/* The list of witnesses is held against the leaf that it names when it is read; here, that this leaf is the last one.
 */
static void check_witnesses(struct core *core) {
  struct core_place place = core_place("witnesses");
  if (core->witnesses->damaged)
    core_check_found(core, CORE_SO_TABLE, place, "the list is not what the leaf that it names commits to");
  else if (core->witnesses->leaf != core->check->witnesses)
    core_check_found(core, CORE_SO_TABLE, place, "leaf %llu is the last about them, but their list names leaf %llu",
                     (unsigned long long)core->check->witnesses, (unsigned long long)core->witnesses->leaf);
}

static enum base_code check_end(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  check_note(core);
  check_witnesses(core);
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    code = check_partner(core, core->partners[i], err);
  if (code == BASE_OK && !core->check->ended) {
    code = store_check(core->store, err);
    if (code == BASE_CORRUPT) {
      core_check_found(core, CORE_SO_TABLE, core_place("database"), "%s", err->text);
      code = BASE_OK;
    }
    core->check->ended = code == BASE_OK;
  }
  return code;
}

/* Goes as far as the register, leaves of this very step included, so that rows and leaves are of one moment. The root
 * is taken where the signed head ends, which is never behind where a request begins. */
enum base_code core_check_leaves(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  if (check->next == core->reg.attested)
    check->root = tree_root(check);
  check->size = core->reg.attested;
  if (check->next == core->reg.size) {
    *done = true;
    return check_end(core, err);
  }
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  return check_one(core, err);
}
