/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/back.h"
#include "core/partners.h"
#include "core/register.h"

/* What memory takes from the store about a partner is compared with the register before anything is done with it: a
 * card that nobody confirmed would seal to a stranger, a wrong number would tear the row of numbers. Such a partner is
 * kept in memory, so that it can be shown and checked, and nothing is exchanged with it. */

enum partner_word { ADDED, SUSPENDED, RESUMED, CARD, NO_WORD };

static enum partner_word first_word(struct base_view reason) {
  static const char *const words[] = {"added", "suspended", "resumed", "card"};
  size_t size = 0;
  while (size < reason.size && reason.data[size] != ':')
    size++;
  for (unsigned i = 0; i < NO_WORD; i++)
    if (base_view_is(base_view_of(reason.data, size), words[i]))
      return (enum partner_word)i;
  return NO_WORD;
}

bool core_partner_act_fits(const struct wire_opening *opening, const struct store_partner *row,
                           const struct base_hash *card_hash, struct base_error *why) {
  enum partner_word word = first_word(opening->reason);
  if (!base_view_equal(opening->subject, row->origin))
    (void)base_fail(why, BASE_CORRUPT, "is about %.*s", (int)opening->subject.size,
                    (const char *)opening->subject.data);
  else if (!base_hash_equal(&opening->card, card_hash))
    (void)base_fail(why, BASE_CORRUPT, "is about another card than the one that is stored");
  else if (word == NO_WORD || (word == SUSPENDED) != (row->state == STORE_PARTNER_SUSPENDED))
    (void)base_fail(why, BASE_CORRUPT, "says '%.*s', but the partner is stored as %s", (int)opening->reason.size,
                    (const char *)opening->reason.data, row->state == STORE_PARTNER_SUSPENDED ? "suspended" : "active");
  else
    return true;
  return false;
}

/* The leaf about him, under the signed head where one covers it already. */
static enum base_code act_of(struct core *core, uint64_t index, struct base_arena *arena, struct wire_opening *out,
                             struct base_error *err) {
  struct wire_frame_proof proof;
  struct wire_leaf leaf;
  struct wire_checkpoint head = {.size = core->reg.attested, .root = core->reg.attested_root};
  enum base_code code = BASE_OK;
  if (index < head.size) {
    code = core_register_prove(core, index, head.size, arena, &proof, err);
    if (code == BASE_OK)
      code = core_proof_take(&proof, &head, arena, &leaf, out, err);
  } else {
    code = core_register_read(core, index, arena, &proof.leaf, &proof.opening, err);
    if (code == BASE_OK)
      code = wire_leaf_parse(proof.leaf, &leaf, err);
    if (code == BASE_OK)
      code = wire_opening_parse(leaf.act, proof.opening, arena, out, err);
  }
  return code == BASE_OK && leaf.act != WIRE_ACT_PARTNER
             ? base_fail(err, BASE_CORRUPT, "leaf %llu is not about a partner", (unsigned long long)index)
             : code;
}

static enum base_code card_fits(struct core *core, const struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  struct wire_opening opening;
  struct base_error why = {0};
  enum base_code code = seal_card_check(&partner->card, err);
  if (code != BASE_OK)
    return code;
  seal_fingerprint(partner->row.card, fingerprint);
  if (!base_view_is(partner->row.fingerprint, fingerprint))
    return base_fail(err, BASE_CORRUPT, "the stored card does not have the stored fingerprint");
  code = act_of(core, partner->row.leaf_index, &arena, &opening, err);
  if (code == BASE_OK && !core_partner_act_fits(&opening, &partner->row, &partner->card_hash, &why))
    code = base_fail(err, BASE_CORRUPT, "leaf %llu %s", (unsigned long long)partner->row.leaf_index, why.text);
  return code;
}

static void say_damaged(struct core_partner *partner, const char *why) {
  (void)snprintf(
      partner->damaged, sizeof partner->damaged,
      "what is stored about this partner is damaged (%.200s): nothing is exchanged with it; see wasl register "
      "check, then put the database right",
      why);
  base_log(BASE_LOG_ERROR, "partner.damaged", "%.*s: %s", (int)partner->card.name.size,
           (const char *)partner->card.name.data, partner->damaged);
}

/* The last number has a row with the hash that the next one names, and none comes after it. */
static enum base_code sent_fit(struct core *core, const struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct store_partner *row = &partner->row;
  struct store_delivery delivery;
  struct base_hash hash = {{0}};
  enum base_code code = BASE_OK;
  if (core_epoch_chains(core, partner, true, row->sent_number, &row->sent_previous)) {
    hash = row->sent_previous; /* that number is lost here */
  } else if (row->sent_number > 0) {
    code = store_delivery_by_number(core->store, row->number, row->sent_number, &arena, &delivery, err);
    if (code == BASE_OK)
      code = core_delivery_sent(core, partner, &delivery, &hash, err);
    if (code != BASE_OK)
      return code;
  }
  code = store_delivery_by_number(core->store, row->number, row->sent_number + 1, &arena, &delivery, err);
  if (code == BASE_OK || (code == BASE_NOT_FOUND && !base_hash_equal(&hash, &row->sent_previous)))
    return base_fail(err, BASE_CORRUPT, "number %llu is not the last that was sent",
                     (unsigned long long)row->sent_number);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code received_fit(struct core *core, const struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct store_partner *row = &partner->row;
  struct store_arrival arrival = {.partner = 0};
  enum base_code code = BASE_OK;
  if (row->received_number > 0)
    code = store_arrival_get(core->store, row->number, row->received_number, &arena, &arrival, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = arrival.sent_hash;
  if (core_epoch_chains(core, partner, false, row->received_number, &row->received_previous))
    hash = row->received_previous; /* the next one comes after those that he lost */
  code = store_arrival_get(core->store, row->number, row->received_number + 1, &arena, &arrival, err);
  if (code == BASE_OK || (code == BASE_NOT_FOUND && !base_hash_equal(&hash, &row->received_previous)))
    return base_fail(err, BASE_CORRUPT, "number %llu is not the last that was taken",
                     (unsigned long long)row->received_number);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_delivery_confirm(struct core *core, struct core_partner *partner,
                                     const struct store_delivery *delivery, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, bytes;
  struct wire_leaf leaf;
  struct wire_opening opening;
  enum base_code code = core_register_read(core, delivery->sent_index, &arena, &entry, &bytes, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK)
    code = wire_opening_parse(leaf.act, bytes, &arena, &opening, err);
  if (code == BASE_OK &&
      (leaf.act != WIRE_ACT_SENT || opening.number != delivery->number ||
       !base_id_equal(&opening.message, &delivery->message) || !base_view_equal(opening.to, partner->card.origin)))
    code = base_fail(err, BASE_CORRUPT, "the outbox names leaf %llu for number %llu, which says something else",
                     (unsigned long long)delivery->sent_index, (unsigned long long)delivery->number);
  if (!core_damage(code))
    return code;
  say_damaged(partner, err->text);
  return base_fail(err, BASE_CORRUPT, "%s", partner->damaged);
}

enum base_code core_partner_confirm(struct core *core, struct core_partner *partner, struct base_error *err) {
  struct base_error why = {0};
  enum base_code code = card_fits(core, partner, &why);
  if (code == BASE_OK && partner->cards_damaged)
    code = base_fail(&why, BASE_CORRUPT, "the history of his cards does not end with the one in his row");
  if (code == BASE_OK)
    code = sent_fit(core, partner, &why);
  if (code == BASE_OK)
    code = received_fit(core, partner, &why);
  if (code == BASE_OK)
    code = core_partner_faults_load(core, partner, &why);
  if (code == BASE_OK)
    return BASE_OK;
  if (!core_damage(code)) {
    *err = why;
    return code;
  }
  say_damaged(partner, why.text);
  return BASE_OK;
}
