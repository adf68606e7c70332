/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/back.h"
#include "core/clear.h"
#include "core/clocks.h"
#include "core/erase.h"

/* What this node lost with its register is asked for, number by number, once a partner confirmed the new epoch. Nothing
 * is believed but our own signature: each message must be the one of a sent leaf under a head that our key signed in an
 * epoch that is closed. What is told is kept under its number, so that each is asked for once and a start goes on where
 * the last run stood; what cannot come back is kept as rows of numbers. A message that came back is receipted: nothing
 * sends it again, and its number is not given again. */

/* --- stored */

static void progress_fact(const struct core_partner *partner, char out[64]) {
  (void)snprintf(out, 64, "back/%lld", (long long)partner->row.number);
}

static void number_fact(const struct core_partner *partner, bool given, uint64_t number, char out[96]) {
  (void)snprintf(out, 96, "back-%s/%lld/%llu", given ? "given" : "taken", (long long)partner->row.number,
                 (unsigned long long)number);
}

static enum base_code save(struct core *core, const struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64 + CORE_BACK_RANGES * 17);
  const struct core_back *back = &partner->back;
  progress_fact(partner, name);
  base_buf_u64(&fact, back->next);
  base_buf_u64(&fact, back->receipts);
  base_buf_u64(&fact, back->came);
  for (size_t i = 0; i < back->count; i++) {
    base_buf_u64(&fact, back->missing[i].from);
    base_buf_u64(&fact, back->missing[i].to);
    base_buf_u8(&fact, (uint8_t)back->missing[i].why);
  }
  return store_fact_set(core->store, name, base_buf_view(&fact), err);
}

enum base_code core_back_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  char name[64];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64 + CORE_BACK_RANGES * 17);
  struct core_back back = {0};
  core->back_moved = true; /* the last run may have been cut off before it looked */
  progress_fact(partner, name);
  enum base_code code = core->epoch > 1 ? store_fact_get(core->store, name, &fact, err) : BASE_NOT_FOUND;
  partner->back = back;
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  back.next = base_read_u64(&reader);
  back.receipts = base_read_u64(&reader);
  back.came = base_read_u64(&reader);
  while (reader.rest.size > 0 && !reader.failed && back.count < CORE_BACK_RANGES) {
    struct core_back_range *range = &back.missing[back.count++];
    range->from = base_read_u64(&reader);
    range->to = base_read_u64(&reader);
    range->why = (char)base_read_u8(&reader);
  }
  code = base_reader_end(&reader, name, err);
  if (code == BASE_OK)
    partner->back = back;
  return code;
}

enum base_code core_back_read(struct core *core, const struct core_partner *partner, bool given, uint64_t number,
                              struct base_arena *arena, struct core_returned *out, struct base_error *err) {
  char name[96];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, WIRE_LEAF_MAX + WIRE_OPENING_MAX + WIRE_NOTE_MAX + sizeof(struct wire_frame_proof) + 64);
  number_fact(partner, given, number, name);
  enum base_code code = store_fact_get(core->store, name, &fact, err);
  if (code != BASE_OK)
    return code;
  struct base_view bytes = base_arena_copy(arena, base_buf_view(&fact));
  if (bytes.data == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for what came back");
  struct base_reader reader = base_reader_of(bytes);
  struct core_returned returned = {.letter = (char)base_read_u8(&reader)};
  base_read_hash(&reader, &returned.outcome);
  returned.leaf = base_read_block(&reader, WIRE_LEAF_MAX);
  returned.opening = base_read_block(&reader, WIRE_OPENING_MAX);
  returned.index = base_read_u64(&reader);
  returned.hashes = base_read_block(&reader, WIRE_PROOF_HASHES_MAX * sizeof(struct base_hash));
  returned.note = base_read_block(&reader, WIRE_NOTE_MAX);
  code = base_reader_end(&reader, name, err);
  if (code == BASE_OK)
    *out = returned;
  return code == BASE_OK ? BASE_OK : base_fail(err, BASE_CORRUPT, "%s cannot be read", name);
}

/* A receipt of ours that came back counts for the clocks of the case of what came under this number. */
static enum base_code clocks_moved(struct core *core, const struct core_partner *partner, uint64_t number,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  enum base_code code = store_arrival_get(core->store, partner->row.number, number, &arena, &arrival, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code;
  return core_clocks_touch_message(core, &arrival.message, err);
}

enum base_code core_back_keep(struct core *core, const struct core_partner *partner, bool given,
                              const struct wire_frame *frame, const struct base_hash *outcome, struct base_error *err) {
  char name[96];
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64 << 10);
  const struct wire_frame_proof *proof = &frame->proof;
  number_fact(partner, given, frame->number, name);
  base_buf_u8(&fact, (uint8_t)frame->letter);
  base_buf_add(&fact, outcome->bytes, sizeof outcome->bytes);
  base_buf_block(&fact, proof->leaf);
  base_buf_block(&fact, proof->opening);
  base_buf_u64(&fact, proof->index);
  base_buf_block(&fact, base_view_of(proof->hashes, proof->hash_count * sizeof proof->hashes[0]));
  base_buf_block(&fact, frame->head);
  enum base_code code = base_buf_check(&fact, "what came back", err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, name, base_buf_view(&fact), err);
  return code == BASE_OK && !given ? clocks_moved(core, partner, frame->number, err) : code;
}

enum base_code core_back_prove(const struct core *core, const struct core_partner *partner,
                               const struct core_returned *returned, struct base_arena *arena,
                               struct wire_leaf *out_leaf, struct wire_opening *out_opening, struct base_error *err) {
  struct seal_signer signer;
  struct wire_checkpoint head;
  struct wire_frame_proof proof = {.leaf = returned->leaf, .opening = returned->opening, .index = returned->index};
  if (returned->hashes.size % sizeof proof.hashes[0] != 0 || returned->hashes.size > sizeof proof.hashes)
    return base_fail(err, BASE_CORRUPT, "its proof is cut short");
  proof.hash_count = returned->hashes.size / sizeof proof.hashes[0];
  if (returned->hashes.size > 0)
    memcpy(proof.hashes, returned->hashes.data, returned->hashes.size);
  enum base_code code = core_head_signers(&core->cards, &partner->cards, returned->note, &signer, err);
  if (code == BASE_OK)
    code = seal_checkpoint_verify(returned->note, signer, &head, NULL, err);
  if (code == BASE_OK && wire_origin_epoch(head.origin) >= core->epoch)
    code = base_fail(err, BASE_EVIDENCE, "the head is of epoch %u, which is not closed",
                     (unsigned)wire_origin_epoch(head.origin));
  return code == BASE_OK ? core_proof_take(&proof, &head, arena, out_leaf, out_opening, err) : code;
}

bool core_delivery_returned(struct core *core, const struct core_partner *partner,
                            const struct store_delivery *delivery) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_returned returned;
  struct base_error none = {0};
  bool lost = delivery->number >= partner->epoch_told.lost_from && delivery->number <= partner->epoch_told.lost_to;
  return core->epoch > 1 && lost && delivery->leaf.size > 0 &&
         core_back_read(core, partner, true, delivery->number, &arena, &returned, &none) == BASE_OK &&
         returned.letter == WIRE_OUTCOME_RECEIVED;
}

enum base_code core_delivery_sent(struct core *core, const struct core_partner *partner,
                                  const struct store_delivery *delivery, struct base_hash *out,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf sent;
  struct core_returned returned;
  if (core_delivery_returned(core, partner, delivery)) {
    enum base_code code = core_back_read(core, partner, true, delivery->number, &arena, &returned, err);
    if (code == BASE_OK)
      *out = seal_sha256(returned.leaf);
    return code;
  }
  enum base_code code = store_leaf_get(core->store, delivery->sent_index, &arena, &sent, err);
  if (code == BASE_OK)
    *out = seal_sha256(sent.entry);
  return code;
}

struct waiting {
  struct base_id message;
  bool found;
};

static enum base_code look_waiting(void *context, const struct store_message *row) {
  struct waiting *waiting = context;
  if (row->ours && row->state == STORE_MESSAGE_PENDING)
    *waiting = (struct waiting){row->id, true};
  return BASE_OK;
}

enum base_code core_back_case(struct core *core, const struct base_id *case_id, struct base_error *err) {
  struct waiting waiting = {.found = false};
  if (core->epoch == 1)
    return BASE_OK;
  enum base_code code = store_message_each(core->store, case_id, look_waiting, &waiting, err);
  return code == BASE_OK && waiting.found
             ? base_fail(err, BASE_CONFLICT,
                         "message %.12s of this node, which was lost and came back, waits for its parts or for what it "
                         "follows: nothing is written in this case before, lest two messages take the same place",
                         base_id_text(&waiting.message).text)
             : code;
}

/* --- where it stands */

bool core_back_asks(const struct core_partner *partner) {
  return partner->back.next > 0 && partner->back.next <= partner->epoch_told.lost_to;
}

bool core_back_runs(const struct core_partner *partner) {
  return !core_epoch_waits(partner) && (core_back_asks(partner) || partner->back.receipts > 0);
}

/* One that he has not answered himself may be answered later, and what is damaged there be put right. */
static const struct core_back_range *open_range(const struct core_back *back) {
  for (size_t i = 0; i < back->count; i++)
    if (back->missing[i].why == WIRE_OUTCOME_OPEN || back->missing[i].why == WIRE_BACK_DAMAGED)
      return &back->missing[i];
  return NULL;
}

bool core_back_whole(const struct core_partner *partner) {
  const struct core_back *back = &partner->back;
  if (core_epoch_waits(partner) || core_back_asks(partner))
    return false;
  for (size_t i = 0; i < back->count; i++)
    if (back->missing[i].why != WIRE_OUTCOME_REFUSED && back->missing[i].why != WIRE_OUTCOME_VOIDED &&
        back->missing[i].why != WIRE_BACK_ERASED)
      return false;
  return true;
}

int64_t core_back_due_ms(const struct core *core, const struct core_partner *partner) {
  const struct core_back *back = &partner->back;
  if (core_epoch_waits(partner) || (!core_back_runs(partner) && open_range(back) == NULL))
    return -1;
  int64_t left = back->not_before_ms - core_now_ms(core);
  return left < 0 ? 0 : left;
}

void core_back_miss(struct core_back *back, uint64_t from, uint64_t to, char why) {
  struct core_back_range *last = back->count > 0 ? &back->missing[back->count - 1] : NULL;
  if (last != NULL && last->why == why && last->to + 1 == from) {
    last->to = to;
  } else if (back->count < CORE_BACK_RANGES) {
    back->missing[back->count++] = (struct core_back_range){from, to, why};
  } else {
    last->to = to;
    last->why = WIRE_BACK_NOTHING;
  }
}

static void look_ended(struct core *core, struct core_partner *partner) {
  struct core_back *back = &partner->back;
  if (core_back_runs(partner))
    return;
  back->ended = true;
  core->back_moved = true;
  back->not_before_ms = core_now_ms(core) + CORE_BACK_AGAIN_MS;
  base_log(BASE_LOG_NOTICE, "register.returned", "%.*s handed back %llu messages of ours", (int)partner->card.name.size,
           (const char *)partner->card.name.data, (unsigned long long)back->came);
}

/* All is asked for anew; only of what he holds in place of another message no answer tells again. */
static void forget(struct core_back *back) {
  size_t kept = 0;
  for (size_t i = 0; i < back->count; i++)
    if (back->missing[i].why == CORE_BACK_DISPLACED)
      back->missing[kept++] = back->missing[i];
  back->count = kept;
  back->came = 0;
}

enum base_code core_back_begin(struct core *core, struct core_partner *partner, uint64_t receipts_here,
                               struct base_error *err) {
  struct core_back *back = &partner->back;
  uint64_t from = back->receipts > 0 && back->receipts <= receipts_here ? back->receipts : receipts_here + 1;
  back->receipts = from; /* of ours all stands as it is until he confirms: what is here is not lost once more */
  return save(core, partner, err);
}

enum base_code core_back_join(struct core *core, struct core_partner *partner, struct base_error *err) {
  partner->back.next = partner->epoch_told.lost_to > 0 ? partner->epoch_told.lost_from : 0;
  forget(&partner->back);
  core->back_moved = true;
  return save(core, partner, err);
}

/* --- asked */

enum base_code core_back_part(struct core *core, const struct base_id *message, uint16_t count, uint16_t *part,
                              uint32_t *record, bool *whole, struct base_error *err) {
  *whole = true;
  for (uint16_t i = 0; i < count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row;
    enum base_code code = store_part_get(core->store, message, i, &arena, &row, err);
    if (code != BASE_OK)
      return code;
    if (row.records_held == row.records)
      continue;
    *part = i;
    *record = row.records_held;
    *whole = false;
    return BASE_OK;
  }
  return BASE_OK;
}

/* Where the message of this number stands. *here: nothing of it is wanted. */
static enum base_code look_at(struct core *core, const struct core_partner *partner, uint64_t number, bool *here,
                              struct wire_frame *frame, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  struct store_message row;
  *here = false;
  frame->part = 0;
  frame->record = 0;
  enum base_code code = store_delivery_by_number(core->store, partner->row.number, number, &arena, &delivery, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code == BASE_OK)
    code = store_message_header(core->store, &delivery.message, &arena, &row, err);
  if (code == BASE_OK && row.state == STORE_MESSAGE_PENDING && !core_message_dropped(&row))
    return core_back_part(core, &delivery.message, row.part_count, &frame->part, &frame->record, here, err);
  if (code == BASE_NOT_FOUND) /* erased with its case */
    return core_clear_message(core, &delivery.message, here, NULL, err);
  *here = code == BASE_OK;
  return code;
}

/* Passes over what is here: kept, or come back before. */
static enum base_code pass(struct core *core, struct core_partner *partner, struct wire_frame *frame, bool *found,
                           struct base_error *err) {
  struct core_back *back = &partner->back;
  *found = false;
  for (int i = 0; i < CORE_BACK_STEP && core_back_asks(partner); i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct core_returned returned;
    bool here = false;
    enum base_code code = look_at(core, partner, back->next, &here, frame, err);
    if (code != BASE_OK)
      return code;
    *found = !here;
    if (!here)
      return BASE_OK;
    code = core_back_read(core, partner, true, back->next, &arena, &returned, err);
    if (code != BASE_OK && code != BASE_NOT_FOUND)
      return code;
    back->came += code == BASE_OK && returned.letter == WIRE_OUTCOME_RECEIVED;
    back->next++;
  }
  if (!core_back_asks(partner))
    look_ended(core, partner);
  return BASE_OK;
}

/* What he was still waiting for himself is asked for again, and what comes behind it, too. */
static void again(struct core_partner *partner) {
  struct core_back *back = &partner->back;
  const struct core_back_range *first = core_back_runs(partner) ? NULL : open_range(back);
  if (first == NULL)
    return;
  back->next = partner->epoch_told.lost_from;
  forget(back);
}

enum base_code core_back_ask(struct core *core, struct core_partner *partner, struct base_buf *out,
                             struct base_error *err) {
  struct core_back *back = &partner->back;
  bool found = false;
  if (core_back_due_ms(core, partner) != 0)
    return BASE_OK;
  again(partner);
  struct wire_frame frame = {.type = WIRE_FRAME_WANT_BACK, .taken = true};
  enum base_code code = core_back_asks(partner) ? pass(core, partner, &frame, &found, err) : BASE_OK;
  if (code != BASE_OK)
    return code;
  if (found) {
    frame.number = back->next;
  } else if (!core_back_asks(partner) && back->receipts > 0) {
    frame = (struct wire_frame){.type = WIRE_FRAME_WANT_BACK, .number = back->receipts};
  } else {
    partner->maybe = partner->maybe || core_back_asks(partner);
    return BASE_OK;
  }
  back->moved = false;
  partner->flight.asks = true;
  wire_frame_write(&frame, out);
  return BASE_OK;
}

void core_back_answered(struct core *core, struct core_partner *partner) {
  if (partner->flight.asks && !partner->back.moved)
    partner->back.not_before_ms = core_now_ms(core) + CORE_BACK_PAUSE_MS;
}

enum base_code core_back_moved(struct core *core, struct core_partner *partner, struct base_error *err) {
  partner->back.moved = true;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = save(core, partner, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  look_ended(core, partner);
  return BASE_OK;
}
