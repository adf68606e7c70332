/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/back.h"
#include "core/clear.h"
#include "core/messages.h"
#include "core/register.h"

/* A partner whose register lost leaves, and whose new epoch an officer here confirmed, asks for what he had sent
 * before, and for the receipts that he gave. It is his own: it goes to him alone, proved by his own leaves under heads
 * that he signed, and what is not held here is said number by number. Nothing is remembered of it but one leaf per
 * epoch: he says where he is. */

enum base_code core_handback_take(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                  struct base_error *err) {
  struct core_partner *partner = give->partner;
  struct core_renewed *renewed = &partner->renewed;
  if (renewed->number < 2 || give->asks)
    return BASE_OK;
  give->asks = true;
  give->ask_taken = frame->taken;
  give->ask_number = frame->number;
  give->ask_part = frame->part;
  give->ask_record = frame->record;
  if (renewed->handed || !frame->taken || frame->number > renewed->taken)
    return BASE_OK;
  char subject[64];
  (void)snprintf(subject, sizeof subject, "%llu %llu", (unsigned long long)frame->number,
                 (unsigned long long)renewed->taken);
  struct wire_opening opening = {
      .to = partner->card.origin, .number = renewed->number, .subject = base_view_text(subject)};
  renewed->handed = true;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_HANDED, &opening, NULL, err);
  if (code == BASE_OK)
    code = core_renewed_save(core, partner, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  base_log(BASE_LOG_NOTICE, "partner.handed", "%.*s asks for what it sent and lost, from number %llu on",
           (int)partner->card.name.size, (const char *)partner->card.name.data, (unsigned long long)frame->number);
  return BASE_OK;
}

struct handing {
  struct core *core;
  struct core_partner *partner;
  uint64_t size;
  struct base_buf *out;
  struct base_error *err;
  bool full;
  size_t count;
};

static void tell(struct handing *handing, bool taken, uint64_t number, char letter, const struct base_hash *outcome) {
  struct wire_frame frame = {.type = WIRE_FRAME_BACK, .taken = taken, .number = number, .letter = letter};
  if (outcome != NULL)
    frame.outcome = *outcome;
  wire_frame_write(&frame, handing->out);
  handing->count++;
}

/* His own leaf, as he proved it, under his head with both signatures. BASE_NOT_FOUND: that head is not kept. */
static enum base_code own_leaf(struct handing *handing, struct base_view leaf, struct base_view opening,
                               struct base_view hashes, uint64_t index, uint64_t head, struct base_buf *note,
                               struct wire_frame *out) {
  struct wire_frame_proof *proof = &out->proof;
  if (hashes.size % sizeof proof->hashes[0] != 0 || hashes.size > sizeof proof->hashes)
    return base_fail(handing->err, BASE_CORRUPT, "a stored proof is cut short");
  *proof = (struct wire_frame_proof){
      .leaf = leaf, .opening = opening, .index = index, .hash_count = hashes.size / sizeof proof->hashes[0]};
  if (hashes.size > 0)
    memcpy(proof->hashes, hashes.data, hashes.size);
  enum base_code code =
      store_partner_head_get(handing->core->store, handing->partner->row.number, head, note, handing->err);
  out->head = base_buf_view(note);
  return code;
}

/* The message whole: header, part 0, his sent leaf, our receipt; of one that was erased here what is left, however far
 * he had come with its parts. *out: it went, now or before, and its records follow. */
static enum base_code hand_message(struct handing *handing, const struct store_arrival *arrival, bool again,
                                   const struct core_content *content, bool *out) {
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  struct wire_frame frame = {.type = WIRE_FRAME_BACK,
                             .taken = true,
                             .number = arrival->number,
                             .letter = content->dropped ? WIRE_BACK_ERASED : WIRE_OUTCOME_RECEIVED,
                             .header = content->row.header,
                             .part0 = content->row.part0};
  *out = again && !content->dropped;
  if (*out)
    return BASE_OK;
  if (handing->count > 0 && handing->out->size + frame.header.size + frame.part0.size > CORE_CONSIGNMENT_BYTES) {
    handing->full = true;
    return BASE_OK;
  }
  enum base_code code = own_leaf(handing, arrival->leaf, arrival->opening, arrival->proof, arrival->index,
                                 arrival->head_size, &note, &frame);
  if (code != BASE_OK)
    return code;
  wire_frame_write(&frame, handing->out);
  handing->count++;
  *out = !content->dropped;
  return core_answer_number(handing->core, handing->partner, arrival->number, handing->size, handing->out,
                            handing->err);
}

static enum base_code hand_records(struct handing *handing, const struct store_arrival *arrival, uint16_t part_count,
                                   uint16_t part, uint32_t record) {
  struct core_consignment made = {0};
  struct core_building building = {.core = handing->core,
                                   .partner = handing->partner,
                                   .size = handing->size,
                                   .out = handing->out,
                                   .made = &made,
                                   .lane = WIRE_LANE_NONE,
                                   .err = handing->err};
  enum base_code code = BASE_OK;
  for (; part < part_count && code == BASE_OK && !handing->full; part++, record = 0)
    code = core_build_records(&building, &arrival->message, part, &record, &handing->full);
  handing->count += made.records;
  return code;
}

static enum base_code hand_received(struct handing *handing, const struct store_arrival *arrival, uint16_t part,
                                    uint32_t record) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  bool went = false;
  enum base_code code = core_content_bytes(handing->core, &arrival->message, &arena, &content, handing->err);
  if (code == BASE_OK)
    code = hand_message(handing, arrival, part > 0 || record > 0, &content, &went);
  if (code == BASE_OK && went)
    code = hand_records(handing, arrival, content.row.part_count, part, record);
  core_content_free(&content);
  bool cleared = false;
  if (code == BASE_NOT_FOUND && core_clear_message(handing->core, &arrival->message, &cleared, NULL, handing->err) == BASE_OK &&
      cleared) { /* with its case: what is left of it cannot be told from what never was */
    tell(handing, true, arrival->number, WIRE_BACK_NOTHING, NULL);
    return BASE_OK;
  }
  if (!core_damage(code) && code != BASE_IO)
    return code;
  /* What is damaged here is a matter of this message: the others go. */
  base_log(BASE_LOG_ERROR, "message.damaged", "message %s cannot be handed back: %s",
           base_id_text(&arrival->message).text, handing->err->text);
  tell(handing, true, arrival->number, WIRE_BACK_DAMAGED, NULL);
  return BASE_OK;
}

/* A number that we took from him. */
static enum base_code hand_taken(struct handing *handing, uint64_t number, uint16_t part, uint32_t record) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  struct store_leaf answer;
  enum base_code code =
      store_arrival_get(handing->core->store, handing->partner->row.number, number, &arena, &arrival, handing->err);
  if (code == BASE_NOT_FOUND) {
    tell(handing, true, number, WIRE_BACK_NOTHING, NULL);
    return BASE_OK;
  }
  if (code != BASE_OK)
    return code;
  if (arrival.answered && !arrival.refused)
    return hand_received(handing, &arrival, part, record);
  if (!arrival.answered) {
    tell(handing, true, number, arrival.voided ? WIRE_OUTCOME_VOIDED : WIRE_OUTCOME_OPEN,
         arrival.voided ? &arrival.sent_hash : NULL);
    return BASE_OK;
  }
  code = store_leaf_get(handing->core->store, arrival.answer_index, &arena, &answer, handing->err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_sha256(answer.entry);
  tell(handing, true, number, WIRE_OUTCOME_REFUSED, &hash);
  return BASE_OK;
}

/* A number that we gave him: the receipt that he gave for it, when it is of an epoch that he closed since. */
static enum base_code hand_given(struct handing *handing, uint64_t number) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf note = {0};
  base_arena_init(&arena, 1 << 20);
  base_buf_init(&note, WIRE_NOTE_MAX);
  const struct core_partner *partner = handing->partner;
  struct store_delivery delivery;
  struct wire_leaf leaf;
  struct wire_frame frame = {.type = WIRE_FRAME_BACK, .number = number};
  enum base_code code =
      store_delivery_by_number(handing->core->store, partner->row.number, number, &arena, &delivery, handing->err);
  bool old =
      code == BASE_OK && delivery.leaf.size > 0 && core_head_key_epoch(delivery.head_size) < partner->renewed.number;
  if (old)
    code = wire_leaf_parse(delivery.leaf, &leaf, handing->err);
  if (old && code == BASE_OK)
    code = own_leaf(handing, delivery.leaf, delivery.opening, delivery.proof, delivery.index, delivery.head_size, &note,
                    &frame);
  if (code != BASE_OK && !core_damage(code))
    return code;
  if (!old || code != BASE_OK) {
    tell(handing, false, number, WIRE_BACK_NOTHING, NULL);
    return BASE_OK;
  }
  frame.letter = leaf.act == WIRE_ACT_REFUSED ? WIRE_OUTCOME_REFUSED : WIRE_OUTCOME_RECEIVED;
  frame.outcome = seal_sha256(delivery.leaf);
  wire_frame_write(&frame, handing->out);
  handing->count++;
  return BASE_OK;
}

enum base_code core_handback_write(struct core *core, struct core_give *give, uint64_t size, struct base_buf *out,
                                   struct base_error *err) {
  struct handing handing = {.core = core, .partner = give->partner, .size = size, .out = out, .err = err};
  const struct core_renewed *renewed = &give->partner->renewed;
  uint64_t last = give->ask_taken ? renewed->taken : renewed->again_to, number = give->ask_number;
  uint16_t part = give->ask_part;
  uint32_t record = give->ask_record;
  enum base_code code = BASE_OK;
  for (; code == BASE_OK && number <= last && !handing.full && handing.count < CORE_HANDED_MAX &&
         out->size < CORE_CONSIGNMENT_BYTES;
       number++, part = 0, record = 0)
    code = give->ask_taken ? hand_taken(&handing, number, part, record) : hand_given(&handing, number);
  if (code == BASE_OK && number > last && !handing.full)
    tell(&handing, give->ask_taken, number, WIRE_BACK_END, NULL);
  return code;
}
