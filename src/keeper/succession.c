/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "keeper/internal.h"

/* A card follows another. Of our own: the keeper signs no card but one of its own keys, and one successor of each. Of a
 * partner: its register is followed under another key only when the key before it has signed that. So a captured core
 * moves neither this node nor a partner to a key of its own. */

/* --- our own */

/* The held key of this type that the card names: the one in force, or the one that waits. */
static const struct keeper_held *named(const struct keeper *keeper, enum keeper_key_type type, uint32_t in_force,
                                       const struct wire_key *key) {
  for (size_t i = 0; i < keeper->count; i++)
    if (keeper->keys[i].type == type && keeper->keys[i].number >= in_force &&
        wire_key_equal(&keeper->keys[i].public_key, key))
      return &keeper->keys[i];
  return NULL;
}

static enum base_code check_seals(const struct keeper *keeper, const struct wire_card *card, struct base_error *err) {
  for (size_t i = 0; i < card->seal_count; i++) {
    const struct wire_seal_key *seal = &card->seals[i];
    const struct keeper_held *held = keeper_ring_seal(keeper, seal->id);
    if (held == NULL || !wire_key_equal(&held->public_key, &seal->key))
      return base_fail(err, BASE_WRONG_KEY, "the card: $.seal[%zu] is no key of this keeper", i);
    if (seal->from != held->from || seal->until > held->until)
      return base_fail(err, BASE_FIELD, "the card: $.seal[%zu] is to be used longer than it was made for", i);
  }
  return BASE_OK;
}

/* One successor of each card; the same again is signed again. */
static enum base_code check_place(const struct keeper *keeper, const struct wire_card *card,
                                  const struct base_hash *hash, struct base_error *err) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  if (memcmp(hash->bytes, own->bound.bytes, sizeof hash->bytes) == 0)
    return BASE_OK;
  /* A memory that was made anew for a later epoch knows no card: the first one that it signs it takes as it comes. */
  bool anew = keeper_heads_epoch(keeper->heads) > 1 && wire_key_none(&own->bound);
  if (card->generation != own->generation + 1 && !anew)
    return base_fail(err, BASE_FORK, "a card of generation %u, but generation %u was signed last",
                     (unsigned)card->generation, (unsigned)own->generation);
  if (!wire_key_none(&own->bound) && memcmp(own->bound.bytes, card->previous.bytes, sizeof own->bound.bytes) != 0)
    return base_fail(err, BASE_FORK, "a card that follows another one than was signed last");
  return BASE_OK;
}

struct successor {
  struct base_view bytes;
  bool again; /* it was signed before, and core did not keep what it got */
  const struct keeper_held *old_log, *log, *witness;
  struct base_hash hash;
  struct wire_card card;
};

static enum base_code check_card(const struct keeper *keeper, struct base_view bytes, struct base_arena *arena,
                                 struct successor *out, struct base_error *err) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  struct wire_card *card = &out->card;
  enum base_code code = wire_card_parse(bytes, arena, card, err);
  if (code == BASE_OK)
    code = seal_card_check(card, err);
  if (code != BASE_OK)
    return code;
  out->bytes = bytes;
  out->hash = seal_sha256(bytes);
  out->again = memcmp(out->hash.bytes, own->bound.bytes, sizeof out->hash.bytes) == 0;
  out->old_log = keeper_ring_find(keeper, KEEPER_KEY_LOG, out->again ? own->log_before : own->log);
  out->log = named(keeper, KEEPER_KEY_LOG, own->log, &card->log_key);
  out->witness = named(keeper, KEEPER_KEY_WITNESS, own->witness, &card->witness_key);
  if (!base_view_is(card->origin, keeper->origin) || out->log == NULL || out->witness == NULL)
    return base_fail(err, BASE_WRONG_KEY, "the card names keys that this keeper does not hold");
  if (out->old_log == NULL)
    return base_fail(err, BASE_WRONG_KEY, "the log key before this card is destroyed, so that its succession stands");
  code = check_place(keeper, card, &out->hash, err);
  return code == BASE_OK ? check_seals(keeper, card, err) : code;
}

static enum base_code sign_both(struct keeper *keeper, const struct successor *next,
                                const struct wire_checkpoint *checkpoint, struct base_buf *succession,
                                struct base_buf *note, struct base_error *err) {
  struct wire_succession head = {.checkpoint = *checkpoint, .generation = next->card.generation, .card = next->hash};
  BASE_AUTO_BUF struct base_buf text = {0};
  wire_succession_write(&head, &text);
  base_buf_add_buf(succession, &text);
  base_buf_text(succession, "\n");
  enum base_code code = keeper_sign_line(keeper, next->old_log, base_buf_view(&text), succession, err);
  if (code == BASE_OK && next->log != next->old_log)
    code = keeper_sign_line(keeper, next->log, base_buf_view(&text), succession, err);
  if (code != BASE_OK)
    return code;
  base_buf_reset(&text);
  wire_checkpoint_write(checkpoint, &text);
  base_buf_add_buf(note, &text);
  base_buf_text(note, "\n");
  return keeper_sign_line(keeper, next->log, base_buf_view(&text), note, err);
}

static enum base_code succeed(struct keeper *keeper, const struct successor *next, uint64_t size,
                              const struct base_hash *root, struct base_buf *out_succession, struct base_buf *out_note,
                              struct base_error *err) {
  struct wire_checkpoint checkpoint = {.origin = base_view_text(keeper->register_origin), .size = size, .root = *root};
  BASE_AUTO_BUF struct base_buf succession = {0}, note = {0};
  enum base_code code = sign_both(keeper, next, &checkpoint, &succession, &note, err);
  if (code == BASE_OK)
    code = base_buf_check(&succession, "succession", err);
  if (code == BASE_OK)
    code = base_buf_check(&note, "checkpoint", err);
  if (code != BASE_OK)
    return code;
  /* Durable before it leaves: from here on the new keys sign, and no other card follows the one before. */
  struct keeper_head head = *keeper_heads_own(keeper->heads);
  head.size = size;
  head.root = *root;
  memcpy(head.bound.bytes, next->hash.bytes, sizeof head.bound.bytes);
  head.generation = next->card.generation;
  head.log_before = next->old_log->number;
  head.log = next->log->number;
  head.witness = next->witness->number;
  if (!next->again && keeper_card_other(keeper, next->card.generation, next->bytes))
    return base_fail(err, BASE_FORK, "another card of generation %u was signed before",
                     (unsigned)next->card.generation);
  code = keeper_card_keep(keeper->dir, next->card.generation, next->bytes, base_buf_view(&succession), err);
  if (code == BASE_OK)
    code = keeper_heads_store(keeper->heads, 0, &head, err);
  if (code != BASE_OK)
    return code;
  base_buf_add_buf(out_succession, &succession);
  base_buf_add_buf(out_note, &note);
  return BASE_OK;
}

enum base_code keeper_succeed(struct keeper *keeper, uint64_t size, const struct base_hash *root,
                              const struct base_hash *proof, size_t count, struct base_view card,
                              struct base_buf *out_succession, struct base_buf *out_note, struct base_error *err) {
  const struct keeper_head *last = keeper_heads_own(keeper->heads);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct successor next;
  enum base_code code = keeper_follows(last, size, root, last->size, proof, count, err);
  if (code == BASE_OK)
    code = check_card(keeper, card, &arena, &next, err);
  if (code == BASE_OK && size == 0)
    code = base_fail(err, BASE_FIELD, "a card is a leaf, and this register has none");
  return code == BASE_OK ? succeed(keeper, &next, size, root, out_succession, out_note, err)
                         : base_fail_within(err, "our own register");
}

/* --- a partner's */

static enum base_code check_follow(const struct keeper *keeper, const struct wire_succession *succession,
                                   const struct keeper_head *last, const struct wire_key *old_key,
                                   struct base_error *err) {
  struct base_view origin = succession->checkpoint.origin;
  if (!wire_origin_valid(origin) || base_view_is(origin, keeper->origin))
    return base_fail(err, BASE_FIELD, "keeper.follow: the origin is none of a partner");
  if (last->kind == KEEPER_HEAD_FREE && !keeper_origin_fits(origin, old_key))
    return base_fail(err, BASE_WRONG_KEY, "%.*s: its digits do not belong to the first key", (int)origin.size,
                     (const char *)origin.data);
  if (last->kind == KEEPER_HEAD_PARTNER && !wire_key_equal(&last->bound, old_key))
    return base_fail(err, BASE_WRONG_KEY, "%.*s is followed under another key than the one that hands over",
                     (int)origin.size, (const char *)origin.data);
  if (succession->checkpoint.size <= last->size)
    return base_fail(err, BASE_FORK,
                     "%.*s changed its key at %" PRIu64 " leaves, but a head of %" PRIu64
                     " under the key before was cosigned",
                     (int)origin.size, (const char *)origin.data, succession->checkpoint.size, last->size);
  return BASE_OK;
}

enum base_code keeper_follow(struct keeper *keeper, const struct wire_key *old_key, const struct wire_key *new_key,
                             struct base_view note, struct base_error *err) {
  struct wire_succession succession;
  enum base_code code = seal_succession_signed(note, old_key, new_key, &succession, err);
  if (code != BASE_OK)
    return code;
  struct keeper_head head = {.kind = KEEPER_HEAD_FREE, .origin = seal_sha256(succession.checkpoint.origin)};
  uint32_t record = keeper_heads_find(keeper->heads, &head.origin);
  uint32_t before = record == KEEPER_NO_RECORD ? keeper_epoch_before(keeper, succession.checkpoint.origin) : record;
  if (record != KEEPER_NO_RECORD)
    head = *keeper_heads_at(keeper->heads, record);
  else if (before != KEEPER_NO_RECORD) { /* an epoch of which no head was cosigned goes on from the one before */
    head.kind = KEEPER_HEAD_PARTNER;
    head.bound = keeper_heads_at(keeper->heads, before)->bound;
  }
  if (head.kind == KEEPER_HEAD_PARTNER && wire_key_equal(&head.bound, new_key))
    return BASE_OK; /* followed before */
  code = check_follow(keeper, &succession, &head, old_key, err);
  if (code != BASE_OK)
    return code;
  head.kind = KEEPER_HEAD_PARTNER;
  head.bound = *new_key;
  return keeper_heads_put(keeper->heads, record, &head, err);
}
