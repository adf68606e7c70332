/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/partners.h"
#include "core/register.h"

/* A partner's card follows the one that is pinned: only when the head that names it bears the signatures of the log
 * keys before and after, and when its leaf is in the register whose head is proved now. */

void core_card_frames_free(struct core_card_frames *frames) {
  free(frames->frames);
  *frames = (struct core_card_frames){0};
}

enum base_code core_card_frames_add(struct core_card_frames *frames, const struct wire_frame *frame,
                                    struct base_error *err) {
  if (frames->count == frames->room) {
    size_t room = frames->room == 0 ? 4 : 2 * frames->room;
    struct wire_frame *grown = realloc(frames->frames, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for a card");
    frames->frames = grown;
    frames->room = room;
  }
  frames->frames[frames->count++] = *frame;
  return BASE_OK;
}

/* --- the cards that are news */

struct news {
  struct core_cards cards;                         /* those after the pinned one, in a row */
  const struct wire_frame *frames[WIRE_CARDS_MAX]; /* of each */
  struct base_arena arena;
  size_t link_count; /* the log keys that hand over, in a row, for the keeper */
  struct wire_keeper_follow links[WIRE_CARDS_MAX];
};

static void news_free(struct news *news) {
  core_cards_free(&news->cards);
  base_arena_free(&news->arena);
}

/* One that was taken before, or confirmed by voice, is the same, or the partner has two. */
static enum base_code check_known(const struct core_partner *partner, const struct wire_card *card,
                                  struct base_view bytes, struct base_error *err) {
  const struct core_card *held = core_cards_generation(&partner->cards, card->generation);
  if (held == NULL)
    held = core_cards_generation(&partner->given, card->generation);
  return held == NULL || base_view_equal(held->bytes, bytes)
             ? BASE_OK
             : base_fail(err, BASE_FORK, "another card of generation %u came than the one that was taken before",
                         (unsigned)card->generation);
}

static enum base_code check_pins(struct core *core, const struct core_partner *partner, const struct wire_card *card,
                                 struct base_error *err) {
  for (size_t i = 0; i < card->pin_count; i++) {
    const struct core_partner *other = core_partner_pinned(core, &card->pins[i]);
    if (other != NULL && other != partner)
      return base_fail(err, BASE_POLICY, "the new card names the TLS key of %.*s", (int)other->card.name.size,
                       (const char *)other->card.name.data);
  }
  return BASE_OK;
}

static enum base_code add_news(struct core *core, struct core_partner *partner, struct news *news,
                               const struct wire_frame *frame, const struct wire_card *card, struct base_error *err) {
  const struct core_card *before = core_cards_newest(news->cards.count > 0 ? &news->cards : &partner->cards);
  struct wire_succession succession;
  enum base_code code = seal_card_check(card, err);
  if (code == BASE_OK && card->generation != before->card.generation + 1)
    code = base_fail(err, BASE_PROTOCOL,
                     "a card of generation %u came, but generation %u is held: those between are missing; compare the "
                     "present cards by voice and add them anew",
                     (unsigned)card->generation, (unsigned)before->card.generation);
  if (code == BASE_OK)
    code = seal_succession_verify(frame->head, &before->card, before->bytes, card, frame->card, &succession, err);
  if (code == BASE_OK && wire_checkpoint_position(&succession.checkpoint) <= before->position)
    code = base_fail(err, BASE_FORK, "the card of generation %u is named by a head older than the one before it",
                     (unsigned)card->generation);
  if (code == BASE_OK)
    code = check_pins(core, partner, card, err);
  if (code != BASE_OK)
    return code;
  news->frames[news->cards.count] = frame;
  return core_cards_add(&news->cards, frame->card, frame->head, 0, err);
}

/* The log key of the generation before this frame's, from the frame before it or from what is held. */
static const struct wire_key *key_before(const struct core_partner *partner, const struct wire_card *card,
                                         const struct wire_card *last) {
  if (last != NULL && last->generation + 1 == card->generation)
    return &last->log_key;
  const struct core_card *held = core_cards_generation(&partner->cards, card->generation - 1);
  return held != NULL ? &held->card.log_key : card->generation == 2 ? &card->first : NULL;
}

static void add_link(struct news *news, const struct wire_key *old_key, const struct wire_frame *frame,
                     const struct wire_card *card) {
  if (old_key != NULL && !wire_key_equal(old_key, &card->log_key))
    news->links[news->link_count++] =
        (struct wire_keeper_follow){.old_key = *old_key, .new_key = card->log_key, .succession = frame->head};
}

/* *newest: the generation of the last of them. */
static enum base_code collect(struct core *core, struct core_partner *partner, const struct core_card_frames *frames,
                              struct news *news, uint32_t *newest, struct base_error *err) {
  struct wire_card *last = NULL;
  base_arena_init(&news->arena, (size_t)(WIRE_CARDS_MAX + 1) * 8 * WIRE_CARD_MAX);
  for (size_t i = 0; i < frames->count; i++) {
    const struct wire_frame *frame = &frames->frames[i];
    struct wire_card *card = base_arena_alloc(&news->arena, sizeof *card);
    enum base_code code = card != NULL ? wire_card_parse(frame->card, &news->arena, card, err)
                                       : base_fail(err, BASE_MEMORY, "no memory for a card");
    if (code == BASE_OK)
      code = check_known(partner, card, frame->card, err);
    if (code == BASE_OK && card->generation > partner->card.generation)
      code = add_news(core, partner, news, frame, card, err);
    if (code != BASE_OK)
      return code;
    add_link(news, key_before(partner, card, last), frame, card);
    last = card;
    *newest = card->generation;
  }
  return BASE_OK;
}

/* --- proved and pinned */

/* Each stands at or before the head that brings it, and one that changes the log key behind every head that is held:
 * else it would say of heads that were signed by the key before that they were not. */
static enum base_code check_positions(const struct core_partner *partner, const struct news *news,
                                      const struct wire_checkpoint *checkpoint, struct base_error *err) {
  const struct core_card *before = core_cards_newest(&partner->cards);
  for (size_t i = 0; i < news->cards.count; i++) {
    const struct core_card *card = &news->cards.list[i];
    bool other_key = !wire_key_equal(&before->card.log_key, &card->card.log_key);
    if (card->position > wire_checkpoint_position(checkpoint))
      return base_fail(err, BASE_FORK, "the card of generation %u is named by a head later than the one that brings it",
                       (unsigned)card->card.generation);
    if (other_key && partner->row.head_size > 0 && card->position <= partner->row.head_size)
      return base_fail(
          err, BASE_FORK,
          "the card of generation %u is named by a head older than one by the key before it, which was taken",
          (unsigned)card->card.generation);
    before = card;
  }
  return BASE_OK;
}

static enum base_code check_leaf(const struct core_card *card, const struct wire_frame *frame,
                                 const struct wire_checkpoint *checkpoint, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_leaf leaf;
  struct wire_opening opening;
  enum base_code code = core_proof_take(&frame->proof, checkpoint, &arena, &leaf, &opening, err);
  if (code == BASE_OK &&
      (leaf.act != WIRE_ACT_CARD || !base_view_is(opening.subject, base_hash_text(&card->hash).text)))
    code = base_fail(err, BASE_PROTOCOL, "another leaf stands for the card of generation %u",
                     (unsigned)card->card.generation);
  return code;
}

/* Our keeper follows the register from key to key; what it follows already is passed over. */
static enum base_code follow(struct core *core, struct core_partner *partner, const struct news *news,
                             struct base_error *err) {
  for (size_t i = 0; i < news->link_count; i++) {
    const struct wire_keeper_follow *link = &news->links[i];
    bool first = wire_key_none(&partner->followed) && wire_key_equal(&partner->card.first, &link->old_key);
    if (!first && !wire_key_equal(&partner->followed, &link->old_key))
      continue;
    enum base_code code = core->env.keeper.follow(core->env.keeper.context, link, err);
    if (code != BASE_OK)
      return code;
    partner->followed = link->new_key;
  }
  return BASE_OK;
}

static enum base_code pin(struct core *core, struct core_partner *partner, const struct core_card *card,
                          struct base_error *err) {
  enum base_code code = core_cards_add(&partner->cards, card->bytes, card->succession, 0, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core_partner_pin(partner);
  core->partner_version++;
  /* The last leaf about him says his state, too: the answer on its way when he was suspended brings a card all the
   * same. */
  char reason[60];
  snprintf(reason, sizeof reason, "%s: generation %u",
           partner->row.state == STORE_PARTNER_SUSPENDED ? "suspended: card" : "card", (unsigned)card->card.generation);
  code = core_partner_leaf(core, partner, (struct base_view){0}, base_view_text(reason), err);
  if (code == BASE_OK)
    code = core_card_save(core, partner->row.number, core_cards_newest(&partner->cards), err);
  if (code == BASE_OK)
    code = core_partner_save(core, partner, err);
  if (code == BASE_OK)
    base_log(BASE_LOG_NOTICE, "partner.card", "%.*s has a new card, generation %u, fingerprint %s",
             (int)partner->card.name.size, (const char *)partner->card.name.data, (unsigned)card->card.generation,
             card->fingerprint);
  return code;
}

/* Placed, and cosigned under the key that signs heads of its size; what the keeper says of it may be a contradiction,
 * too. */
static enum base_code head_cosign(struct core *core, struct core_partner *partner, const struct news *news,
                                  const struct core_heads *heads, const struct wire_checkpoint *checkpoint,
                                  const struct wire_key *key, struct base_error *err) {
  enum base_code code = core_head_placed(partner, heads, checkpoint, err);
  if (code == BASE_OK)
    code = follow(core, partner, news, err);
  if (code == BASE_OK)
    code = core_head_cosign(core, partner, heads, checkpoint, key, err);
  if (code == BASE_OK || code == BASE_ROLLBACK || code == BASE_FORK || code == BASE_CONSISTENCY) {
    /* An older head may only have been overtaken: what goes to him anyway shows the newer one, nothing goes for that.
     */
    partner->shown_seen = code == BASE_ROLLBACK;
    partner->shown_above = wire_checkpoint_position(checkpoint);
    partner->contradicts = code != BASE_OK;
  }
  return code;
}

/* The key before signs nothing any more: who signs with it all the same has an old copy of the partner's folder, or the
 * partner has it himself. It stops nothing, for then whoever stole that key could; but he is shown what followed it. */
static void say_replaced(struct core_partner *partner, struct base_view note, struct base_error *err) {
  struct base_error by_none;
  struct wire_checkpoint head;
  const struct wire_key *tried = &partner->card.log_key;
  for (size_t i = partner->cards.count; i-- > 0;) {
    const struct core_card *earlier = &partner->cards.list[i];
    if (wire_key_equal(&earlier->card.log_key, tried))
      continue;
    tried = &earlier->card.log_key;
    if (seal_checkpoint_verify(note, (struct seal_signer){.log = &earlier->log}, &head, NULL, &by_none) != BASE_OK)
      continue;
    (void)base_fail(err, BASE_SIGNATURE,
                    "a head of %llu leaves is signed by the log key of generation %u, which was replaced before: an "
                    "old copy of that node signs, or somebody who has its old key",
                    (unsigned long long)head.size, (unsigned)earlier->card.generation);
    partner->contradicts = partner->shown_seen = true; /* what goes to him anyway shows it */
    partner->shown_above = 0;
    return;
  }
}

enum base_code core_cards_and_head_take(struct core *core, struct core_partner *partner,
                                        const struct core_card_frames *frames, const struct core_heads *heads,
                                        struct wire_checkpoint *out_checkpoint, struct base_error *err) {
  struct news *news = calloc(1, sizeof *news);
  if (news == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a partner's cards");
  const struct wire_key *key = NULL;
  uint32_t last = 1;
  enum base_code code = collect(core, partner, frames, news, &last, err);
  if (code == BASE_OK)
    code = core_head_read(partner, &news->cards, heads, out_checkpoint, &key, err);
  if (code == BASE_SIGNATURE)
    say_replaced(partner, heads->note, err);
  if (code == BASE_OK)
    code = check_positions(partner, news, out_checkpoint, err);
  if (code == BASE_OK)
    code = core_renewed_take(core, partner, heads, last, out_checkpoint, err);
  for (size_t i = 0; i < news->cards.count && code == BASE_OK; i++)
    code = check_leaf(&news->cards.list[i], news->frames[i], out_checkpoint, err);
  if (code == BASE_OK)
    code = head_cosign(core, partner, news, heads, out_checkpoint, key, err);
  for (size_t i = 0; i < news->cards.count && code == BASE_OK; i++)
    code = pin(core, partner, &news->cards.list[i], err);
  news_free(news);
  free(news);
  return code;
}

/* --- what he is told of ours */

struct told_fact {
  char name[40];
};

static struct told_fact told_fact(const struct core_partner *partner) {
  struct told_fact fact;
  snprintf(fact.name, sizeof fact.name, "partner-%lld-told", (long long)partner->row.number);
  return fact;
}

enum base_code core_card_told_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 64);
  enum base_code code = store_fact_get(core->store, told_fact(partner).name, &bytes, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  partner->told = base_read_u32(&reader);
  return base_reader_end(&reader, "what a partner was told", err);
}

enum base_code core_card_held(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                              struct base_error *err) {
  const struct core_card *ours = core_cards_generation(&core->cards, frame->generation);
  bool lost = core->lost[0] != '\0' && frame->generation <= core->lost_generation; /* no fault of his */
  if (lost)
    return BASE_OK;
  if (ours == NULL || !base_hash_equal(&ours->hash, &frame->card_hash))
    return base_fail(
        err, BASE_WRONG_KEY,
        "he holds a card of generation %u of this node that it does not know (its newest is of generation %u): "
        "its data and keys are an old copy; put the newest ones back (docs/backup.md)",
        (unsigned)frame->generation, (unsigned)core->card.generation);
  if (partner->told == frame->generation)
    return BASE_OK;
  partner->told = frame->generation;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 64);
  base_buf_u32(&bytes, partner->told);
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, told_fact(partner).name, base_buf_view(&bytes), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

bool core_cards_due(const struct core *core, const struct core_partner *partner) {
  uint32_t newest = core->card.generation;
  return newest > 1 && newest > partner->told && !core_card_waits(core);
}

enum base_code core_cards_write(struct core *core, const struct core_partner *partner, uint64_t size,
                                struct base_buf *out, struct base_error *err) {
  uint32_t newest = core->card.generation, from = partner->told == 0 ? 2 : partner->told + 1;
  /* To confirm an epoch he must see that we still have the card that he holds. */
  bool again = core_epoch_waits(partner) && newest > 1 && !core_card_waits(core);
  if (!core_cards_due(core, partner) && !again)
    return BASE_OK;
  if (from > newest)
    from = newest;
  if (newest - from >= WIRE_CARDS_MAX)
    from = newest - WIRE_CARDS_MAX + 1;
  for (uint32_t generation = from; generation <= newest; generation++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    const struct core_card *card = core_cards_generation(&core->cards, generation);
    if (card->position > wire_head_position(core->epoch, size))
      break;
    struct wire_frame frame = {.type = WIRE_FRAME_CARD, .card = card->bytes, .head = card->succession};
    enum base_code code = core_register_prove(core, card->leaf, size, &arena, &frame.proof, err);
    if (code != BASE_OK)
      return code;
    wire_frame_write(&frame, out);
  }
  return BASE_OK;
}

void core_holds_write(const struct core_partner *partner, struct base_buf *out) {
  struct wire_frame frame = {
      .type = WIRE_FRAME_HOLDS, .generation = partner->card.generation, .card_hash = partner->card_hash};
  wire_frame_write(&frame, out);
}
