/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/back.h"
#include "core/parts.h"
#include "core/register.h"

/* The sealed answer to a consignment, made after the attestation: our head, a receipt or what is missing for each
 * message, and the fault, if there was one. */

void core_give_free(struct core_give *give) {
  if (give == NULL)
    return;
  base_wipe(&give->context, sizeof give->context);
  free(give->given);
  free(give->settled);
  free(give);
}

enum base_code core_give_add(struct core_give *give, uint64_t number, const struct base_id *message,
                             struct base_error *err) {
  for (size_t i = 0; i < give->count; i++)
    if (give->given[i].number == number)
      return BASE_OK;
  if (give->count == give->room) {
    size_t room = give->room == 0 ? 64 : 2 * give->room;
    struct core_given *grown = realloc(give->given, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for an answer");
    give->given = grown;
    give->room = room;
  }
  give->given[give->count++] = (struct core_given){number, *message};
  return BASE_OK;
}

static enum base_code answer_heads(struct core *core, struct core_give *give, bool proves, struct base_buf *out,
                                   struct base_error *err) {
  struct core_partner *partner = give->partner;
  struct wire_frame frame;
  enum base_code code = BASE_OK;
  bool shows = proves || core_cards_due(core, partner) || core->reg.attested > give->base;
  if (shows)
    code = core_heads_write(core, partner, give->base, out, err);
  if (code == BASE_OK && shows)
    code = core_cards_write(core, partner, core->reg.attested, out, err);
  if (code == BASE_OK && give->cosign) {
    BASE_AUTO_BUF struct base_buf line = {0};
    base_buf_init(&line, WIRE_NOTE_MAX);
    struct base_error missing = {0};
    /* After a crash our note of that head may be gone although the keeper cosigned it: the next head brings a new line.
     */
    if (core_head_line(core, partner, partner->seen_size, &line, &missing) == BASE_OK) {
      frame =
          (struct wire_frame){.type = WIRE_FRAME_COSIGN, .new_size = partner->seen_size, .head = base_buf_view(&line)};
      wire_frame_write(&frame, out);
    }
  }
  core_holds_write(partner, out);
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = partner->seen_size};
  wire_frame_write(&frame, out);
  /* Whoever is told a number takes it that all below was looked at: a repetition with its receipt, a void as told. */
  if (!give->unread) {
    frame = (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER, .new_size = partner->row.received_number + 1};
    wire_frame_write(&frame, out);
  }
  return code == BASE_OK ? core_seen_write(core, partner, out, err) : code;
}

enum base_code core_answer_number(struct core *core, const struct core_partner *partner, uint64_t number, uint64_t size,
                                  struct base_buf *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_arrival arrival;
  enum base_code code = store_arrival_get(core->store, partner->row.number, number, &arena, &arrival, err);
  if (code != BASE_OK)
    return code;
  struct wire_frame frame = {.type = WIRE_FRAME_RECEIPT, .message = arrival.message};
  if (arrival.answered) {
    code = core_register_prove(core, arrival.answer_index, size, &arena, &frame.proof, err);
    if (code == BASE_OK)
      wire_frame_write(&frame, out);
    return code;
  }
  struct store_message row;
  bool complete = false;
  frame.type = WIRE_FRAME_PENDING;
  code = store_message_get(core->store, &arrival.message, &arena, &row, err);
  if (code == BASE_OK)
    code = core_parts_missing(core, &arrival.message, row.part_count, frame.wants, &complete, err);
  frame.wants_count = row.part_count;
  if (code == BASE_OK)
    wire_frame_write(&frame, out);
  return code;
}

static enum base_code answer_write(struct core *core, struct core_give *give, struct base_buf *out,
                                   struct base_error *err) {
  bool lost = give->base > core->reg.attested; /* the head shows it: it is his evidence */
  if (lost) {
    (void)base_fail(
        &give->fault, BASE_ROLLBACK,
        "this node does not hold the head of its register that was cosigned last: show it, if it is signed");
    give->base = core->reg.attested;
  }
  enum base_code code = answer_heads(core, give, lost || give->count > 0 || give->statement || give->asks, out, err);
  for (size_t i = 0; i < give->count && code == BASE_OK; i++)
    code = core_answer_number(core, give->partner, give->given[i].number, core->reg.attested, out, err);
  if (code == BASE_OK && give->statement)
    code = core_compare_write(core, give->partner, core->reg.attested, out, err);
  if (code == BASE_OK && give->want_taken)
    code = core_compare_outcomes_write(core, give->partner, true, give->taken_from, out, err);
  if (code == BASE_OK && give->want_given)
    code = core_compare_outcomes_write(core, give->partner, false, give->given_from, out, err);
  if (code == BASE_OK && give->asks && give->fault.code == BASE_OK)
    code = core_handback_write(core, give, core->reg.attested, out, err);
  if (give->waits && give->fault.code == BASE_OK)
    (void)base_fail(&give->fault, BASE_POLICY, CORE_RENEWED_WAITS);
  if (give->stopped && give->fault.code == BASE_OK)
    (void)base_fail(&give->fault, BASE_SUSPENDED, CORE_STOPPED_WAITS);
  if (give->no_room && give->fault.code == BASE_OK)
    (void)base_fail(&give->fault, BASE_DISK_FULL, CORE_NO_ROOM);
  if (give->later && give->fault.code == BASE_OK)
    (void)base_fail(&give->fault, BASE_BUSY, CORE_ERASED_LATER);
  if (code == BASE_OK && give->fault.code != BASE_OK) {
    struct wire_frame frame = {.type = WIRE_FRAME_FAULT,
                               .name = base_view_text(base_code_name(give->fault.code)),
                               .head = base_view_text(give->fault.text)};
    wire_frame_write(&frame, out);
  }
  return code == BASE_OK ? base_buf_check(out, "answer", err) : code;
}

void core_give_finish(struct core *core, struct core_reply *reply) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX - 1024);
  uint8_t nonce[WIRE_ANSWER_NONCE];
  enum base_code code = answer_write(core, reply->give, &plain, &err);
  if (code == BASE_OK) {
    core->env.world->random(core->env.world->context, nonce, sizeof nonce);
    seal_answer(&reply->give->context, nonce, base_buf_view(&plain), &reply->payload);
  } else {
    reply->status = code;
    base_buf_text(&reply->payload, err.text);
  }
}
