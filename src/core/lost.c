/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cards.h"
#include "core/register.h"

/* This node's whole folder, its keeper's memory included, was put back to an older copy: only partners can tell.
 * Whoever cosigned a head that this register contradicts shows it, with this node's own signature on it; a claim
 * without proves nothing, and does nothing. What is learnt so outlives a restart: such a register has ended, and
 * nothing new is sent. */

/* What it is that is not here. */
struct lost {
  struct base_view by; /* the partner's name */
  uint64_t size;       /* the head that proves it */
  uint32_t epoch;
  uint32_t ended;      /* no register up to this epoch goes on; later than that one when a card is missing in it */
  uint32_t generation; /* the newest card, 0: none is missing */
};

/* A copy from before an epoch knows nothing of it: the next number would be one that partners confirmed already. */
static void say_lost(struct core *core, const struct lost *lost) {
  uint32_t next = (lost->ended > core->epoch ? lost->ended : core->epoch) + 1;
  char cards[120] = "";
  if (lost->generation > 0)
    snprintf(cards, sizeof cards, ", and the card of generation %u with it (here: %u)", (unsigned)lost->generation,
             (unsigned)core->card.generation);
  core->lost_epoch = lost->ended;
  core->lost_generation = lost->generation;
  (void)snprintf(
      core->lost, sizeof core->lost,
      "this register lost leaves: %.*s holds a head of it that this node signed (epoch %u, %llu leaves), and that is "
      "no head of what is here (epoch %u, %llu leaves)%s: the folder was put back to an old copy. Nothing new is sent: "
      "put the newest copy of the whole folder back, or %sgo on with epoch %u (wasl node epoch DIR --leaves-lost "
      "--number %u)",
      (int)lost->by.size, (const char *)lost->by.data, (unsigned)lost->epoch, (unsigned long long)lost->size,
      (unsigned)core->epoch, (unsigned long long)core->reg.size, cards,
      lost->generation > 0 ? "the newest keys (docs/keys.md) and " : "", (unsigned)next, (unsigned)next);
}

static enum base_code fact_write(struct core *core, const struct lost *lost, struct base_view note,
                                 struct base_view succession, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, CORE_LOST_MAX);
  base_buf_u64(&fact, lost->size);
  base_buf_u32(&fact, lost->epoch);
  base_buf_u32(&fact, lost->ended);
  base_buf_u32(&fact, lost->generation);
  base_buf_block(&fact, lost->by);
  base_buf_block(&fact, note); /* the proofs */
  base_buf_block(&fact, succession);
  enum base_code code = base_buf_check(&fact, "what was lost", err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, CORE_LOST_FACT, base_buf_view(&fact), err);
  return code;
}

enum base_code core_lost_load(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, CORE_LOST_MAX);
  core->lost[0] = '\0';
  enum base_code code = store_fact_get(core->store, CORE_LOST_FACT, &fact, err);
  if (code != BASE_OK || fact.size == 0) /* empty: of an epoch that is closed */
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  struct lost lost = {.size = base_read_u64(&reader), .epoch = base_read_u32(&reader)};
  lost.ended = base_read_u32(&reader);
  lost.generation = base_read_u32(&reader);
  lost.by = base_read_block(&reader, WIRE_ORIGIN_MAX);
  if (reader.failed)
    lost = (struct lost){.by = BASE_VIEW("a partner"), .epoch = core->epoch, .ended = core->epoch};
  if (lost.ended < core->epoch) /* closed with the epoch that begins in this start */
    return BASE_OK;
  say_lost(core, &lost);
  base_log(BASE_LOG_ERROR, "register.lost", "%s", core->lost);
  return BASE_OK;
}

/* --- what a partner shows */

/* Where it follows a card of ours, or one that follows it, by the signature of that one's log key, and is none of ours.
 * What is not proved is passed over. */
static enum base_code add_later(const struct core *core, const struct wire_frame *frame, struct core_cards *later,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card card;
  struct base_error unproved;
  if (wire_card_parse(frame->card, &arena, &card, &unproved) != BASE_OK || seal_card_check(&card, &unproved) != BASE_OK)
    return BASE_OK;
  const struct core_card *ours = core_cards_generation(&core->cards, card.generation);
  const struct core_card *before =
      later->count > 0 ? core_cards_newest(later) : core_cards_generation(&core->cards, card.generation - 1);
  bool held = ours != NULL && base_view_equal(ours->bytes, frame->card);
  if (held || before == NULL || before->card.generation + 1 != card.generation ||
      seal_succession_verify(frame->head, &before->card, before->bytes, &card, frame->card, NULL, &unproved) != BASE_OK)
    return BASE_OK;
  return core_cards_add(later, frame->card, frame->head, 0, err);
}

static enum base_code later_cards(const struct core *core, struct base_view document, struct core_cards *later,
                                  struct base_error *err) {
  struct base_reader reader = base_reader_of(document);
  struct wire_frame frame;
  bool end = false;
  enum base_code code;
  while ((code = wire_frame_read(&reader, &frame, &end, err)) == BASE_OK && !end)
    if (frame.type == WIRE_FRAME_YOUR_CARD && (code = add_later(core, &frame, later, err)) != BASE_OK)
      return code;
  return code;
}

/* Signed by this node under a card that it has, or had. */
static bool own_head(const struct core_cards *cards, struct base_view note, struct wire_checkpoint *out) {
  struct seal_signer signer;
  struct base_error unproved;
  size_t others = 0; /* his cosignature, by a key that is not known here, perhaps: ours is the proof */
  return cards->count > 0 && core_head_signers(cards, NULL, note, &signer, &unproved) == BASE_OK &&
         seal_witnessed_verify(note, signer.log, NULL, 0, out, NULL, &others, &unproved) == BASE_OK;
}

/* A head that this node signed and that is none of this register, or a card that it signed and does not have. */
static enum base_code contradicts(struct core *core, const struct core_cards *later, struct base_view note,
                                  struct lost *lost, bool *out, struct base_error *err) {
  struct wire_checkpoint head;
  struct base_hash root;
  const struct core_card *newest = later->count > 0 ? core_cards_newest(later) : NULL;
  *out = newest != NULL;
  if (newest != NULL)
    lost->generation = newest->card.generation;
  if (!own_head(later, note, &head) && !own_head(&core->cards, note, &head))
    return BASE_OK;
  lost->size = head.size;
  lost->epoch = wire_origin_epoch(head.origin);
  if (lost->epoch < core->epoch) /* of an epoch that is closed: known to be lost */
    return BASE_OK;
  *out = *out || lost->epoch > core->epoch || head.size > core->reg.attested;
  if (*out)
    return BASE_OK;
  enum base_code code = core_register_root(core, head.size, &root, err);
  *out = code == BASE_OK && !base_hash_equal(&root, &head.root);
  return code;
}

static enum base_code seen_take(struct core *core, const struct core_partner *partner, const struct core_heads *heads,
                                const struct core_cards *later, struct base_error *err) {
  struct lost lost = {.by = partner->card.name, .epoch = core->epoch};
  bool is_lost = false;
  enum base_code code = contradicts(core, later, heads->seen.head, &lost, &is_lost, err);
  lost.ended = lost.epoch > core->epoch ? lost.epoch : core->epoch;
  /* The newest epoch and card that anybody shows is said. */
  bool known = core->lost[0] != '\0' && lost.ended <= core->lost_epoch && lost.generation <= core->lost_generation;
  if (code != BASE_OK || !is_lost || known)
    return code;
  if (core->lost[0] != '\0') {
    lost.ended = lost.ended > core->lost_epoch ? lost.ended : core->lost_epoch;
    lost.generation = lost.generation > core->lost_generation ? lost.generation : core->lost_generation;
  }
  code = fact_write(core, &lost, heads->seen.head, later->count > 0 ? later->list[0].succession : (struct base_view){0},
                    err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  say_lost(core, &lost);
  base_log(BASE_LOG_ERROR, "register.lost", "%s", core->lost);
  return BASE_OK;
}

enum base_code core_seen_take(struct core *core, const struct core_partner *partner, const struct core_heads *heads,
                              struct base_error *err) {
  struct core_cards later = {0};
  enum base_code code = later_cards(core, heads->document, &later, err);
  if (code == BASE_OK)
    code = seen_take(core, partner, heads, &later, err);
  core_cards_free(&later);
  return code;
}

/* His cards from the one behind this head, the newest of them where there are many. */
static void your_cards_write(const struct core_partner *partner, uint64_t above, struct base_buf *out) {
  const struct core_cards *cards = &partner->cards;
  for (size_t i = cards->count > WIRE_CARDS_MAX ? cards->count - WIRE_CARDS_MAX : 0; i < cards->count; i++) {
    const struct core_card *card = &cards->list[i];
    struct wire_frame frame = {.type = WIRE_FRAME_YOUR_CARD, .card = card->bytes, .head = card->succession};
    if (card->succession.size > 0 && card->position > above)
      wire_frame_write(&frame, out);
  }
}

static enum base_code write_seen(struct core *core, const struct core_partner *partner, uint64_t above,
                                 struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  enum base_code code = store_partner_head_get(core->store, partner->row.number, partner->row.head_size, &note, err);
  if (code == BASE_OK) {
    struct wire_frame frame = {.type = WIRE_FRAME_SEEN, .head = base_buf_view(&note)};
    your_cards_write(partner, above, out);
    wire_frame_write(&frame, out);
  }
  return code;
}

enum base_code core_seen_write(struct core *core, struct core_partner *partner, struct base_buf *out,
                               struct base_error *err) {
  if (!partner->contradicts)
    return BASE_OK;
  enum base_code code = write_seen(core, partner, partner->shown_above, out, err);
  partner->shown_seen = code == BASE_OK || core_damage(code);
  return core_damage(code) ? BASE_OK : code;
}

enum base_code core_seen_carry(struct core *core, const struct core_partner *partner, struct base_buf *out,
                               struct base_error *err) {
  enum base_code code = partner->row.head_size > 0 ? write_seen(core, partner, 0, out, err) : BASE_OK;
  return core_damage(code) ? BASE_OK : code;
}
