/* SPDX-License-Identifier: Apache-2.0 */
#include "core/outcomes.h"

/* What became of the numbers between two nodes, one after the other, and the running hash over it that a statement
 * names (spec/reconcile.md). */

enum { OUTCOME_LEAF_TEXT = 1 << 16 };

/* --- what became of a number */

static enum base_code receipt_letter(struct base_view leaf, char *out, struct base_error *err) {
  struct wire_leaf parsed;
  enum base_code code = wire_leaf_parse(leaf, &parsed, err);
  if (code == BASE_OK)
    *out = parsed.act == WIRE_ACT_REFUSED ? WIRE_OUTCOME_REFUSED : WIRE_OUTCOME_RECEIVED;
  return code;
}

/* Lost with our register, and nothing that could come back: what he told of it stands. */
static enum base_code outcome_lost(struct core *core, const struct core_partner *partner, uint64_t number,
                                   struct core_outcome *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, OUTCOME_LEAF_TEXT);
  struct core_returned returned;
  if (number > partner->epoch_told.lost_to)
    return BASE_OK;
  enum base_code code = core_back_read(core, partner, true, number, &arena, &returned, err);
  if (code == BASE_OK)
    *out = (struct core_outcome){.letter = returned.letter, .leaf = returned.outcome};
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* A receipt that we gave before our register was lost is the one that he holds. */
static enum base_code outcome_first(struct core *core, const struct core_partner *partner, uint64_t number,
                                    struct core_outcome *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, OUTCOME_LEAF_TEXT);
  struct core_returned returned;
  if (core->epoch == 1)
    return BASE_OK;
  enum base_code code = core_back_read(core, partner, false, number, &arena, &returned, err);
  if (code == BASE_OK && returned.letter == out->letter)
    out->leaf = returned.outcome;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code outcome_given(struct core *core, const struct core_partner *partner, uint64_t number,
                                    struct core_outcome *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, OUTCOME_LEAF_TEXT);
  struct store_delivery delivery;
  struct store_leaf sent;
  *out = (struct core_outcome){0};
  enum base_code code = store_delivery_by_number(core->store, partner->row.number, number, &arena, &delivery, err);
  if (code == BASE_NOT_FOUND)
    return outcome_lost(core, partner, number, out, err);
  if (code != BASE_OK)
    return code;
  out->letter = WIRE_OUTCOME_OPEN;
  if (delivery.leaf.size > 0) {
    out->leaf = seal_sha256(delivery.leaf);
    return receipt_letter(delivery.leaf, &out->letter, err);
  }
  if (delivery.voided_index == 0 || !delivery.voided_told)
    return BASE_OK;
  code = store_leaf_get(core->store, delivery.sent_index, &arena, &sent, err);
  if (code == BASE_OK) {
    out->letter = WIRE_OUTCOME_VOIDED;
    out->leaf = seal_sha256(sent.entry);
  }
  return code;
}

static enum base_code outcome_taken(struct core *core, const struct core_partner *partner, uint64_t number,
                                    struct core_outcome *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, OUTCOME_LEAF_TEXT);
  struct store_arrival arrival;
  struct store_leaf answer;
  *out = (struct core_outcome){0};
  enum base_code code = store_arrival_get(core->store, partner->row.number, number, &arena, &arrival, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code != BASE_OK)
    return code;
  *out = (struct core_outcome){.letter = WIRE_OUTCOME_OPEN};
  if (arrival.answered) {
    code = store_leaf_get(core->store, arrival.answer_index, &arena, &answer, err);
    if (code != BASE_OK)
      return code;
    out->letter = arrival.refused ? WIRE_OUTCOME_REFUSED : WIRE_OUTCOME_RECEIVED;
    out->leaf = seal_sha256(answer.entry);
    return outcome_first(core, partner, number, out, err);
  }
  if (arrival.voided) {
    out->letter = WIRE_OUTCOME_VOIDED;
    out->leaf = arrival.sent_hash;
  }
  return BASE_OK;
}

enum base_code core_outcome_of(struct core *core, const struct core_partner *partner, bool taken, uint64_t number,
                               struct core_outcome *out, struct base_error *err) {
  return taken ? outcome_taken(core, partner, number, out, err) : outcome_given(core, partner, number, out, err);
}

/* --- the walk over the numbers, some in each step */

void core_walk_begin(struct core_walk *walk, uint64_t at, const struct base_hash *hash, uint64_t target) {
  *walk =
      (struct core_walk){.at = at, .hash = *hash, .target = target, .target_met = target == at, .target_hash = *hash};
}

static struct base_hash walk_hash(const struct base_hash *before, uint64_t number, const struct core_outcome *outcome) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, 256);
  base_buf_add(&bytes, before->bytes, sizeof before->bytes);
  base_buf_u64(&bytes, number);
  base_buf_u8(&bytes, (uint8_t)outcome->letter);
  base_buf_add(&bytes, outcome->leaf.bytes, sizeof outcome->leaf.bytes);
  return seal_sha256(base_buf_view(&bytes));
}

enum base_code core_walk_on(struct core *core, const struct core_partner *partner, bool taken, struct core_walk *walk,
                            struct base_error *err) {
  enum base_code code = BASE_OK;
  for (int i = 0; i < CORE_COMPARE_STEP && !walk->done && code == BASE_OK; i++) {
    struct core_outcome outcome;
    code = core_outcome_of(core, partner, taken, walk->at + 1, &outcome, err);
    if (code != BASE_OK)
      break;
    walk->done = outcome.letter == 0 || outcome.letter == WIRE_OUTCOME_OPEN;
    if (walk->done)
      break;
    walk->hash = walk_hash(&walk->hash, walk->at + 1, &outcome);
    walk->at++;
    if (walk->at == walk->target) {
      walk->target_met = true;
      walk->target_hash = walk->hash;
    }
  }
  return code;
}

/* --- told to the partner */

enum base_code core_compare_outcomes_write(struct core *core, const struct core_partner *partner, bool taken,
                                           uint64_t from, struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf outcomes = {0};
  base_buf_init(&outcomes, WIRE_OUTCOMES_MAX * WIRE_OUTCOME_SIZE);
  for (uint64_t number = from; number < from + WIRE_OUTCOMES_MAX; number++) {
    struct core_outcome outcome;
    enum base_code code = core_outcome_of(core, partner, taken, number, &outcome, err);
    if (code != BASE_OK)
      return code;
    if (outcome.letter == 0)
      break;
    base_buf_u8(&outcomes, (uint8_t)outcome.letter);
    base_buf_add(&outcomes, outcome.leaf.bytes, sizeof outcome.leaf.bytes);
  }
  struct wire_frame frame = {
      .type = WIRE_FRAME_OUTCOMES, .taken = taken, .number = from, .outcomes = base_buf_view(&outcomes)};
  wire_frame_write(&frame, out);
  return base_buf_check(&outcomes, "outcomes", err);
}
