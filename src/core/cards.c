/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cards.h"

/* Histories of cards: in memory oldest first, generations in a row; in the store a fact for each. */

enum { HISTORY_MAX = 256 << 20, FACT_MAX = 8 + 4 + WIRE_CARD_MAX + 4 + WIRE_NOTE_MAX }; /* bytes */

void core_cards_free(struct core_cards *cards) {
  base_arena_free(&cards->arena);
  free(cards->list);
  *cards = (struct core_cards){0};
}

const struct core_card *core_cards_newest(const struct core_cards *cards) {
  return cards->count > 0 ? &cards->list[cards->count - 1] : NULL;
}

const struct core_card *core_cards_generation(const struct core_cards *cards, uint32_t generation) {
  uint32_t first = cards->count > 0 ? cards->list[0].card.generation : 0;
  return cards->count > 0 && generation >= first && generation - first < cards->count ? &cards->list[generation - first]
                                                                                      : NULL;
}

const struct core_card *core_cards_hashed(const struct core_cards *cards, const struct base_hash *hash) {
  for (size_t i = cards->count; i > 0; i--)
    if (base_hash_equal(&cards->list[i - 1].hash, hash))
      return &cards->list[i - 1];
  return NULL;
}

const struct core_card *core_cards_at(const struct core_cards *cards, uint64_t position) {
  for (size_t i = cards->count; i > 1; i--)
    if (cards->list[i - 1].position > 0 && cards->list[i - 1].position <= position)
      return &cards->list[i - 1];
  return &cards->list[0];
}

const struct core_card *core_cards_signing(const struct core *core, uint64_t size) {
  return core_cards_at(&core->cards, wire_head_position(core->epoch, size));
}

const struct core_card *core_cards_witness(const struct core_cards *cards, uint32_t id) {
  for (size_t i = cards->count; i > 0; i--)
    if (cards->list[i - 1].witness.id == id)
      return &cards->list[i - 1];
  return NULL;
}

enum base_code core_head_signers(const struct core_cards *log, const struct core_cards *witness, struct base_view note,
                                 struct seal_signer *out, struct base_error *err) {
  struct wire_note parsed;
  struct wire_checkpoint head;
  const struct core_card *by = NULL;
  enum base_code code = wire_note_parse(note, &parsed, err);
  if (code == BASE_OK)
    code = wire_checkpoint_parse(parsed.text, &head, err);
  if (code != BASE_OK)
    return code;
  for (size_t i = 0; i < parsed.signature_count && witness != NULL && by == NULL; i++)
    by = core_cards_witness(witness, parsed.signatures[i].id);
  if (witness != NULL && by == NULL)
    return base_fail(err, BASE_SIGNATURE, "no line on it is by a witness key that its partner has or had");
  *out = (struct seal_signer){.log = &core_cards_at(log, wire_checkpoint_position(&head))->log,
                              .witness = by == NULL ? NULL : &by->witness};
  return BASE_OK;
}

bool core_cards_sealed(const struct core_cards *cards, const uint8_t id[WIRE_KEEPER_KEY_ID]) {
  for (size_t i = 0; i < cards->count; i++)
    for (size_t k = 0; k < cards->list[i].card.seal_count; k++)
      if (memcmp(cards->list[i].card.seals[k].id, id, WIRE_KEEPER_KEY_ID) == 0)
        return true;
  return false;
}

static enum base_code read_succession(struct core_card *card, struct base_view note, struct base_arena *arena,
                                      struct base_error *err) {
  struct wire_note parsed;
  struct wire_succession succession;
  enum base_code code = wire_note_parse(note, &parsed, err);
  if (code == BASE_OK)
    code = wire_succession_parse(parsed.text, &succession, err);
  if (code != BASE_OK)
    return code;
  card->succession = base_arena_copy(arena, note);
  card->position = wire_checkpoint_position(&succession.checkpoint);
  return card->succession.data != NULL ? BASE_OK : base_fail(err, BASE_MEMORY, "no memory for a card");
}

enum base_code core_cards_add(struct core_cards *cards, struct base_view bytes, struct base_view succession,
                              uint64_t leaf, struct base_error *err) {
  if (cards->count == cards->room) {
    size_t room = cards->room == 0 ? 4 : 2 * cards->room;
    struct core_card *grown = realloc(cards->list, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for a card");
    cards->list = grown;
    cards->room = room;
  }
  if (cards->arena.limit == 0)
    base_arena_init(&cards->arena, HISTORY_MAX);
  struct core_card card = {.bytes = base_arena_copy(&cards->arena, bytes), .hash = seal_sha256(bytes), .leaf = leaf};
  enum base_code code = card.bytes.data != NULL ? BASE_OK : base_fail(err, BASE_MEMORY, "no memory for a card");
  if (code == BASE_OK)
    code = wire_card_parse(card.bytes, &cards->arena, &card.card, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(card.card.log, &card.log, err);
  if (code == BASE_OK)
    code = wire_vkey_parse(card.card.witness, &card.witness, err);
  if (code == BASE_OK && succession.size > 0)
    code = read_succession(&card, succession, &cards->arena, err);
  if (code != BASE_OK)
    return code;
  seal_fingerprint(bytes, card.fingerprint);
  cards->list[cards->count++] = card;
  return BASE_OK;
}

enum base_code core_cards_succeed(struct core_cards *cards, struct base_view succession, struct base_error *err) {
  return read_succession(&cards->list[cards->count - 1], succession, &cards->arena, err);
}

/* --- in the store */

struct card_fact {
  char name[64];
};

static struct card_fact fact_of(int64_t partner, uint32_t generation) {
  struct card_fact fact;
  if (partner == 0)
    snprintf(fact.name, sizeof fact.name, "card-%u", (unsigned)generation);
  else
    snprintf(fact.name, sizeof fact.name, "partner-%lld-card-%u", (long long)partner, (unsigned)generation);
  return fact;
}

enum base_code core_card_save(struct core *core, int64_t partner, const struct core_card *card,
                              struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, FACT_MAX);
  base_buf_u64(&bytes, card->leaf);
  base_buf_block(&bytes, card->bytes);
  base_buf_block(&bytes, card->succession);
  enum base_code code = base_buf_check(&bytes, "a card", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, fact_of(partner, card->card.generation).name, base_buf_view(&bytes), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code load_one(struct core *core, int64_t partner, uint32_t generation, struct core_cards *cards,
                               struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, FACT_MAX);
  enum base_code code = store_fact_get(core->store, fact_of(partner, generation).name, &bytes, err);
  if (code != BASE_OK)
    return code;
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  uint64_t leaf = base_read_u64(&reader);
  struct base_view card = base_read_block(&reader, WIRE_CARD_MAX);
  struct base_view succession = base_read_block(&reader, WIRE_NOTE_MAX);
  code = base_reader_end(&reader, "a stored card", err);
  if (code == BASE_OK)
    code = core_cards_add(cards, card, succession, leaf, err);
  return code == BASE_NOT_FOUND ? BASE_CORRUPT : code;
}

enum base_code core_card_first_stored(struct store *store, struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, FACT_MAX);
  enum base_code code = store_fact_get(store, fact_of(0, 1).name, &bytes, err);
  if (code != BASE_OK)
    return code;
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  (void)base_read_u64(&reader); /* its leaf */
  base_buf_add_view(out, base_read_block(&reader, WIRE_CARD_MAX));
  (void)base_read_block(&reader, WIRE_NOTE_MAX);
  code = base_reader_end(&reader, "a stored card", err);
  return code == BASE_OK ? base_buf_check(out, "a stored card", err) : code;
}

/* The first generation held: that of the card that was added by hand, of our own 1. */
static enum base_code first_held(struct core *core, int64_t partner, uint32_t newest, uint32_t *out,
                                 struct base_error *err) {
  *out = 1;
  while (partner != 0 && newest > 1) {
    BASE_AUTO_BUF struct base_buf bytes = {0};
    base_buf_init(&bytes, FACT_MAX);
    enum base_code code = store_fact_get(core->store, fact_of(partner, newest - 1).name, &bytes, err);
    if (code != BASE_OK && code != BASE_NOT_FOUND)
      return code;
    if (code == BASE_NOT_FOUND)
      break;
    newest--;
  }
  if (partner != 0)
    *out = newest;
  return BASE_OK;
}

enum base_code core_cards_load(struct core *core, int64_t partner, uint32_t newest, struct core_cards *cards,
                               struct base_error *err) {
  uint32_t generation = 0;
  enum base_code code = first_held(core, partner, newest, &generation, err);
  for (; code == BASE_OK && (partner == 0 || generation <= newest); generation++)
    code = load_one(core, partner, generation, cards, err);
  return code == BASE_NOT_FOUND && partner == 0 ? BASE_OK : code;
}

enum base_code core_cards_check(struct core *core, int64_t partner, uint32_t newest, struct base_error *err) {
  struct core_cards cards = {0};
  enum base_code code = core_cards_load(core, partner, newest, &cards, err);
  for (size_t i = 1; i < cards.count && code == BASE_OK; i++) {
    const struct core_card *before = &cards.list[i - 1], *card = &cards.list[i];
    if (partner == 0 && i + 1 == cards.count && card->succession.size == 0)
      break; /* no head names it yet */
    struct base_error why = {0};
    code = seal_succession_verify(card->succession, &before->card, before->bytes, &card->card, card->bytes, NULL, &why);
    if (code != BASE_OK)
      code = base_fail(err, core_damage(code) ? BASE_CORRUPT : code, "the card of generation %u: %s",
                       (unsigned)card->card.generation, why.text);
  }
  if (code == BASE_OK && (cards.count == 0 || cards.list[cards.count - 1].card.generation < newest))
    code = base_fail(err, BASE_CORRUPT, "the card of generation %u is not kept", (unsigned)newest);
  core_cards_free(&cards);
  return code;
}

static struct card_fact given_fact(const struct core_partner *partner) {
  struct card_fact fact;
  snprintf(fact.name, sizeof fact.name, "partner-%lld-given", (long long)partner->row.number);
  return fact;
}

enum base_code core_card_given_save(struct core *core, const struct core_partner *partner, struct base_error *err) {
  enum base_code code = core_write(core, err);
  return code == BASE_OK
             ? store_fact_set(core->store, given_fact(partner).name, core_cards_newest(&partner->given)->bytes, err)
             : code;
}

enum base_code core_card_given_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_CARD_MAX);
  enum base_code code = store_fact_get(core->store, given_fact(partner).name, &bytes, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  return core_cards_add(&partner->given, base_buf_view(&bytes), (struct base_view){0}, 0, err);
}
