/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/agreements.h"
#include "core/back.h"
#include "core/cases.h"
#include "core/clear.h"
#include "core/erase.h"
#include "core/messages.h"
#include "core/parts.h"
#include "core/register.h"

/* What a partner tells of what this node lost: held against our own signature, then stored as what it was. A message
 * that came back is receipted, so nothing sends it again; it takes its place in its case when its parts and what it
 * follows are here, and what waited for it goes on. */

/* What he says wrong is his fault, named with the number; a failure of ours takes the step back. */
static enum base_code judged(struct core *core, uint64_t number, enum base_code code, const struct base_error *why,
                             struct base_error *fault, struct base_error *err) {
  if (core_ours(code)) {
    *err = *why;
    return core_lose(core, code, err);
  }
  (void)base_fail(fault, BASE_EVIDENCE, "what was handed back as number %llu is not what this node signed: %.400s",
                  (unsigned long long)number, why->text);
  return BASE_OK;
}

static struct core_returned returned_of(const struct wire_frame *frame) {
  return (struct core_returned){
      .letter = frame->letter,
      .leaf = frame->proof.leaf,
      .opening = frame->proof.opening,
      .hashes = base_view_of(frame->proof.hashes, frame->proof.hash_count * sizeof frame->proof.hashes[0]),
      .note = frame->head,
      .index = frame->proof.index};
}

static enum base_code take_receipt_back(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                        struct base_error *fault, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_returned returned = returned_of(frame);
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_error why = {0};
  if (frame->letter == WIRE_BACK_END) {
    partner->back.receipts = 0;
    return core_back_moved(core, partner, err);
  }
  enum base_code code = BASE_OK;
  if (frame->letter == WIRE_OUTCOME_RECEIVED || frame->letter == WIRE_OUTCOME_REFUSED) {
    code = core_back_prove(core, partner, &returned, &arena, &leaf, &opening, &why);
    enum wire_act act = frame->letter == WIRE_OUTCOME_RECEIVED ? WIRE_ACT_RECEIVED : WIRE_ACT_REFUSED;
    if (code == BASE_OK && (leaf.act != act || !base_view_equal(opening.from, partner->card.origin) ||
                            !base_view_equal(opening.to, core->card.origin)))
      code = base_fail(&why, BASE_EVIDENCE, "the leaf is about something else");
    if (code != BASE_OK)
      return judged(core, frame->number, code, &why, fault, err);
    struct base_hash hash = seal_sha256(frame->proof.leaf);
    code = core_write(core, err);
    if (code == BASE_OK)
      code = core_back_keep(core, partner, false, frame, &hash, err);
    if (code != BASE_OK)
      return core_lose(core, code, err);
  }
  partner->back.receipts++;
  return core_back_moved(core, partner, err);
}

/* He says that a number of ours cannot come back, or not now. */
static enum base_code take_missing(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                   struct base_error *err) {
  struct core_back *back = &partner->back;
  struct wire_frame bare = {.number = frame->number, .letter = frame->letter};
  uint64_t last = frame->letter == WIRE_BACK_END ? partner->epoch_told.lost_to : frame->number;
  enum base_code code = BASE_OK;
  if (frame->letter == WIRE_OUTCOME_REFUSED || frame->letter == WIRE_OUTCOME_VOIDED) {
    code = core_write(core, err);
    if (code == BASE_OK)
      code = core_back_keep(core, partner, true, &bare, &frame->outcome, err);
    if (code != BASE_OK)
      return core_lose(core, code, err);
  }
  core_back_miss(back, frame->number, last, frame->letter == WIRE_BACK_END ? WIRE_BACK_NOTHING : frame->letter);
  back->next = last + 1;
  return core_back_moved(core, partner, err);
}

/* He erased it while its parts came. */
static enum base_code without_parts(struct core *core, struct core_partner *partner, uint64_t number,
                                    const struct base_id *message, struct base_error *err) {
  struct base_id id = *message;
  core_back_miss(&partner->back, number, number, WIRE_BACK_ERASED);
  partner->back.came++;
  partner->back.next++;
  enum base_code code = core_content_without(core, &id, partner, err);
  if (code == BASE_OK)
    code = core_back_moved(core, partner, err);
  return code == BASE_OK ? core_back_settle(core, partner, &id, err) : code;
}

enum base_code core_back_take(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                              struct core_returning *returning, struct base_error *fault, struct base_error *err) {
  returning->held = false;
  if (!core_back_runs(partner))
    return BASE_OK;
  if (!frame->taken)
    return frame->number == partner->back.receipts ? take_receipt_back(core, partner, frame, fault, err) : BASE_OK;
  if (frame->number != partner->back.next || !core_back_asks(partner))
    return BASE_OK; /* of an earlier question */
  if (frame->letter != WIRE_OUTCOME_RECEIVED && frame->letter != WIRE_BACK_ERASED)
    return take_missing(core, partner, frame, err);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  enum base_code code =
      store_delivery_by_number(core->store, partner->row.number, frame->number, &arena, &delivery, err);
  if (code != BASE_OK && code != BASE_NOT_FOUND)
    return core_lose(core, code, err);
  returning->held = code == BASE_NOT_FOUND; /* else its parts are wanted, and follow */
  returning->frame = *frame;
  return returning->held || frame->letter == WIRE_OUTCOME_RECEIVED
             ? BASE_OK
             : without_parts(core, partner, frame->number, &delivery.message, err);
}

/* --- a message of ours */

struct came {
  struct base_arena arena;
  struct wire_leaf sent, receipt;
  struct wire_opening opening, receipt_opening;
  struct wire_header header;
  struct wire_part0 part0;
  struct base_id id;
  struct base_hash sent_hash;
};

static enum base_code check_message(struct core *core, const struct core_partner *partner,
                                    const struct wire_frame *frame, struct came *came, struct base_error *why) {
  const struct wire_opening *opening = &came->opening;
  struct core_returned returned = returned_of(frame);
  struct base_hash hash = seal_sha256(frame->part0);
  came->id = seal_message_id(frame->header);
  came->sent_hash = seal_sha256(frame->proof.leaf);
  enum base_code code = core_back_prove(core, partner, &returned, &came->arena, &came->sent, &came->opening, why);
  if (code == BASE_OK && came->sent.act != WIRE_ACT_SENT)
    code = base_fail(why, BASE_EVIDENCE, "a leaf of another act stands for it");
  if (code == BASE_OK &&
      (opening->number != frame->number || !base_id_equal(&opening->message, &came->id) ||
       !base_view_equal(opening->from, core->card.origin) || !base_view_equal(opening->to, partner->card.origin)))
    code = base_fail(why, BASE_EVIDENCE, "the sent leaf is of another message, number or partner");
  if (code == BASE_OK && (core_cards_hashed(&core->cards, &opening->from_card) == NULL ||
                          core_cards_hashed(&partner->cards, &opening->to_card) == NULL))
    code = base_fail(why, BASE_EVIDENCE, "it was sent under a card that is not known here");
  if (code == BASE_OK)
    code = wire_header_parse(frame->header, &came->arena, &came->header, why);
  if (code == BASE_OK && (!base_view_equal(came->header.author, core->card.origin) ||
                          !wire_header_has_party(&came->header, partner->card.origin)))
    code = base_fail(why, BASE_EVIDENCE, "its header names another author or other parties");
  if (code == BASE_OK && core_kind_hashed(core, came->header.kind, &came->header.kind_hash) == NULL)
    code = base_fail(why, BASE_EVIDENCE, "it is of a kind that is not known here");
  if (code == BASE_OK && frame->letter == WIRE_BACK_ERASED)
    return frame->part0.size == 0 ? BASE_OK : base_fail(why, BASE_EVIDENCE, "it is said to be erased, and came whole");
  if (code == BASE_OK && !base_hash_equal(&hash, &came->header.part0))
    code = base_fail(why, BASE_EVIDENCE, "part 0 does not have the hash that the header names");
  return code == BASE_OK ? wire_part0_parse(frame->part0, &came->arena, &came->part0, why) : code;
}

static enum base_code check_receipt(struct core *core, const struct core_partner *partner,
                                    const struct wire_frame *frame, const struct wire_checkpoint *checkpoint,
                                    struct came *came, struct base_error *why) {
  const struct wire_opening *opening = &came->receipt_opening;
  enum base_code code =
      core_proof_take(&frame->proof, checkpoint, &came->arena, &came->receipt, &came->receipt_opening, why);
  if (code == BASE_OK &&
      (came->receipt.act != WIRE_ACT_RECEIVED || !base_id_equal(&opening->message, &came->id) ||
       !base_hash_equal(&opening->sent, &came->sent_hash) || !base_view_equal(opening->from, core->card.origin) ||
       !base_view_equal(opening->to, partner->card.origin)))
    code = base_fail(why, BASE_EVIDENCE, "the receipt is for another message");
  return code;
}

/* It may be here already: from another partner, who had it as well. */
static enum base_code store_row(struct core *core, const struct core_partner *partner, const struct wire_frame *frame,
                                const struct came *came, struct store_message *out, bool *out_dropped,
                                struct base_arena *arena, struct base_error *err) {
  struct core_without without = core_without_by(partner);
  enum base_code code = store_message_header(core->store, &came->id, arena, out, err);
  *out_dropped = code == BASE_OK && core_message_dropped(out);
  if (code != BASE_NOT_FOUND)
    return code;
  struct core_cleared cleared = {0};
  struct base_id case_id = came->header.opens ? came->id : came->header.case_id;
  code = core_clear_read(core, &case_id, arena, &cleared, err);
  if (code == BASE_OK && cleared.there) { /* nothing of it is kept but its way */
    *out = (struct store_message){.id = came->id, .case_id = case_id, .state = STORE_MESSAGE_HELD, .ours = true};
    *out_dropped = true;
    return core_clear_arrived(core, &came->id, &case_id, false, base_view_text(without.text), err);
  }
  if (code != BASE_OK)
    return code;
  struct store_message row = {.id = came->id,
                              .case_id = came->header.opens ? came->id : came->header.case_id,
                              .state = STORE_MESSAGE_PENDING,
                              .ours = true,
                              .type = came->header.type,
                              .author = core->card.origin,
                              .header = frame->header,
                              .stored = came->sent.time,
                              .part_count = (uint16_t)came->part0.part_count};
  code = core_content_keep(core, &row, &came->header, frame->part0, &came->part0, base_view_text(without.text), out_dropped,
                           err);
  *out = row;
  return code;
}

static enum base_code store_way(struct core *core, const struct core_partner *partner, const struct wire_frame *frame,
                                const struct wire_frame *receipt, const struct wire_checkpoint *checkpoint,
                                const struct came *came, const struct store_message *row, struct base_error *err) {
  const struct wire_frame_proof *proof = &receipt->proof;
  struct wire_opening opening = {.has_message = true,
                                 .message = came->id,
                                 .from = core->card.origin,
                                 .to = partner->card.origin,
                                 .number = frame->number,
                                 .sent = came->sent_hash};
  struct core_leaf leaf;
  enum base_code code = core_register_add(core, WIRE_ACT_RETURNED, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  /* When it came first nobody here knows any more: the receipt's own time counts. */
  struct store_delivery delivery = {.message = came->id,
                                    .case_id = row->case_id,
                                    .partner = partner->row.number,
                                    .number = frame->number,
                                    .state = STORE_RECEIPTED,
                                    .sent_index = leaf.index,
                                    .voided_told = true,
                                    .leaf = proof->leaf,
                                    .opening = proof->opening,
                                    .proof = base_view_of(proof->hashes, proof->hash_count * sizeof proof->hashes[0]),
                                    .index = proof->index,
                                    .head_size = core_head_key(partner, checkpoint->size),
                                    .learned = came->receipt.time};
  code = store_delivery_add(core->store, &delivery, err);
  struct base_hash hash = seal_sha256(proof->leaf);
  return code == BASE_OK ? core_back_keep(core, partner, true, frame, &hash, err) : code;
}

/* What waited for messages of ours goes on with them. The answers to a partner who is not asking now go when he asks.
 */
enum base_code core_back_settle(struct core *core, struct core_partner *partner, const struct base_id *id,
                                struct base_error *err) {
  struct core_give *give = calloc(1, sizeof *give);
  if (give == NULL)
    return core_lose(core, base_fail(err, BASE_MEMORY, "no memory for what came back"), err);
  give->partner = partner;
  if (!core_back_runs(partner)) /* one that waited for others until now */
    core->back_moved = true;
  enum base_code code = core_message_consider(core, give, id, err);
  if (code == BASE_OK)
    code = core_messages_settle(core, give, err);
  core_give_free(give);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code store(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                            const struct wire_frame *receipt, const struct wire_checkpoint *checkpoint,
                            const struct came *came, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  bool dropped = false, erased = frame->letter == WIRE_BACK_ERASED;
  struct wire_frame held = *frame;
  held.letter = WIRE_OUTCOME_RECEIVED;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_row(core, partner, frame, came, &row, &dropped, &arena, err);
  if (code == BASE_OK)
    code = store_way(core, partner, &held, receipt, checkpoint, came, &row, err);
  if (code == BASE_OK && row.state == STORE_MESSAGE_HELD) /* another partner's receipt: an acceptance counts from the newest */
    code = core_agreement_touched(core, &row.case_id, err);
  if (code == BASE_OK && row.state == STORE_MESSAGE_PENDING)
    code = core_message_awaits(core, &came->header, &came->id, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  bool whole = true;
  uint16_t part = 0;
  uint32_t record = 0;
  if (row.state == STORE_MESSAGE_PENDING && !dropped)
    code = core_back_part(core, &came->id, row.part_count, &part, &record, &whole, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (erased)
    core_back_miss(&partner->back, frame->number, frame->number, WIRE_BACK_ERASED);
  partner->back.came += whole;
  partner->back.next += whole;
  code = core_back_moved(core, partner, err);
  return code == BASE_OK && whole ? core_back_settle(core, partner, &came->id, err) : code;
}

enum base_code core_back_receipt(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                 const struct wire_checkpoint *checkpoint, struct core_returning *returning, bool *out,
                                 struct base_error *fault, struct base_error *err) {
  struct came came = {.sent = {0}};
  struct base_error why = {0};
  struct base_id id = returning->held ? seal_message_id(returning->frame.header) : (struct base_id){{0}};
  *out = returning->held && base_id_equal(&id, &frame->message);
  if (!*out)
    return BASE_OK;
  returning->held = false;
  if (core_disk_low(core, NULL)) /* asked for again later */
    return BASE_OK;
  base_arena_init(&came.arena, 16 << 20);
  enum base_code code = check_message(core, partner, &returning->frame, &came, &why);
  if (code == BASE_OK)
    code = check_receipt(core, partner, frame, checkpoint, &came, &why);
  code = code == BASE_OK ? store(core, partner, &returning->frame, frame, checkpoint, &came, err)
                         : judged(core, returning->frame.number, code, &why, fault, err);
  wire_part0_free(&came.part0);
  base_arena_free(&came.arena);
  return code;
}

/* --- its parts */

/* All of them once more: one that is whole has another hash than the message names. */
static enum base_code parts_anew(struct core *core, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  enum base_code code = core_content_read(core, message, &arena, &content, err);
  if (code == BASE_OK)
    code = core_parts_drop(core, message, content.row.part_count, err);
  for (size_t i = 0; code == BASE_OK && i < content.part0.part_count; i++)
    code = core_part_expect(core, message, (uint16_t)i, &content.part0.parts[i], err);
  core_content_free(&content);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_back_record(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                struct base_error *fault, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_delivery delivery;
  struct store_message row;
  if (!core_back_runs(partner) || !core_back_asks(partner) || core_disk_low(core, NULL))
    return BASE_OK;
  enum base_code code =
      store_delivery_by_number(core->store, partner->row.number, partner->back.next, &arena, &delivery, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && !base_id_equal(&delivery.message, &frame->message)))
    return BASE_OK;
  if (code == BASE_OK)
    code = store_message_header(core->store, &frame->message, &arena, &row, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (row.state != STORE_MESSAGE_PENDING || frame->part >= row.part_count)
    return BASE_OK;
  bool complete = false, whole = false;
  enum base_code wrong_code = BASE_OK;
  struct base_error wrong = {0};
  code = core_part_take(core, &frame->message, frame->part, frame->record, frame->last, frame->ciphertext, &complete,
                        &wrong_code, &wrong, err);
  if (code == BASE_OK && wrong_code != BASE_OK) {
    if (frame->last && wrong_code == BASE_HASH)
      code = parts_anew(core, &frame->message, err);
    return code == BASE_OK ? judged(core, partner->back.next, wrong_code, &wrong, fault, err) : code;
  }
  partner->back.moved = true;
  uint16_t part = 0;
  uint32_t record = 0;
  if (code == BASE_OK && complete)
    code = core_back_part(core, &frame->message, row.part_count, &part, &record, &whole, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (!whole)
    return BASE_OK;
  partner->back.came++;
  partner->back.next++;
  code = core_back_moved(core, partner, err);
  return code == BASE_OK ? core_back_settle(core, partner, &frame->message, err) : code;
}
