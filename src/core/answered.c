/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "core/agreements.h"
#include "core/back.h"
#include "core/clear.h"
#include "core/cases.h"
#include "core/clocks.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/partners.h"

/* What the partner's answer says: his head, his cosignature on ours, receipts and refusals with their proofs, what he
 * misses, which number he wants next. A fault of his is a leaf and a pause; a failure of ours takes the step back. */

struct answered {
  struct base_view plain;
  struct core_heads heads;
  struct core_card_frames cards;
  struct wire_checkpoint checkpoint;
  bool again; /* the heads crossed on the way: ask once more */
  uint64_t want_number;
  struct base_error fault; /* what the partner says is wrong with ours */
};

static enum base_code read_answer(const struct core *core, struct core_partner *partner, struct answered *answered,
                                  struct base_error *fault) {
  struct base_reader reader = base_reader_of(answered->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frames_check(answered->plain, "answer", fault);
  answered->heads.document = answered->plain;
  while (code == BASE_OK && (code = wire_frame_read(&reader, &frame, &end, fault)) == BASE_OK && !end) {
    char name[64];
    switch (frame.type) {
    case WIRE_FRAME_CARD:
      code = core_card_frames_add(&answered->cards, &frame, fault);
      break;
    case WIRE_FRAME_WANT_PROOF:
      partner->base = core_epoch_base(core, partner, frame.new_size);
      break;
    case WIRE_FRAME_WANT_NUMBER:
      answered->want_number = frame.new_size;
      break;
    case WIRE_FRAME_FAULT: {
      snprintf(name, sizeof name, "%.*s", (int)frame.name.size, (const char *)frame.name.data);
      enum base_code told = base_code_by_name(name);
      (void)base_fail(&answered->fault, told == BASE_CODES || told == BASE_OK ? BASE_PROTOCOL : told, "%.*s",
                      (int)frame.head.size, (const char *)frame.head.data);
      partner->contradicts = partner->contradicts || told == BASE_ROLLBACK; /* he does not know the head that we hold */
      break;
    }
    default:
      (void)core_heads_frame(&answered->heads, &frame);
      break;
    }
  }
  return code;
}

static enum base_code receipt_check(struct core *core, const struct core_partner *partner,
                                    const struct wire_frame *frame, const struct wire_checkpoint *checkpoint,
                                    const struct store_delivery *delivery, struct base_arena *arena,
                                    struct wire_leaf *leaf, struct wire_opening *opening, struct base_error *fault,
                                    struct base_error *err) {
  enum base_code code = core_proof_take(&frame->proof, checkpoint, arena, leaf, opening, fault);
  if (code != BASE_OK)
    return BASE_OK;
  struct base_hash hash;
  code = core_delivery_sent(core, partner, delivery, &hash, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (leaf->act != WIRE_ACT_RECEIVED && leaf->act != WIRE_ACT_REFUSED)
    (void)base_fail(fault, BASE_PROTOCOL, "a leaf of another act stands for a receipt");
  else if (!base_id_equal(&opening->message, &delivery->message) || !base_hash_equal(&opening->sent, &hash) ||
           !base_view_equal(opening->from, core->card.origin) || !base_view_equal(opening->to, partner->card.origin))
    (void)base_fail(fault, BASE_EVIDENCE, "a receipt is for another message than was sent");
  return BASE_OK;
}

static enum base_code receipt_keep(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                   const struct wire_checkpoint *checkpoint, struct store_delivery *delivery,
                                   const struct wire_leaf *leaf, const struct wire_opening *opening,
                                   struct base_error *err) {
  char disputed[160];
  base_time now = core_now(core);
  int64_t off = leaf->time - now;
  bool ended = delivery->state == STORE_ENDED;
  if (leaf->act == WIRE_ACT_REFUSED) {
    if (!ended) {
      delivery->state = STORE_REFUSED;
      delivery->reason = opening->reason;
    }
  } else {
    delivery->state = STORE_RECEIPTED;
    if (!ended)
      delivery->reason = (struct base_view){0};
    if (off > CORE_DISPUTE_SECONDS || off < -CORE_DISPUTE_SECONDS) {
      snprintf(disputed, sizeof disputed, "disputed: the receipt's time, %s, is %lld s off our clock, which said %s",
               base_time_format(leaf->time).text, (long long)off, base_time_format(now).text);
      delivery->reason = base_view_text(disputed);
    }
  }
  delivery->voided_told = true; /* his word about this number stands: nothing more to tell */
  delivery->leaf = frame->proof.leaf;
  delivery->learned = now;
  delivery->opening = frame->proof.opening;
  delivery->proof = base_view_of(frame->proof.hashes, frame->proof.hash_count * sizeof(struct base_hash));
  delivery->index = frame->proof.index;
  delivery->head_size = core_head_key(partner, checkpoint->size);
  core_transfer_end(partner, &delivery->message);
  partner->held_asked = 0;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_delivery_update(core->store, delivery, err);
  if (code == BASE_OK)
    code = core_clocks_touch(core, &delivery->case_id, err);
  core_event_delivery(core, partner, delivery);
  if (code == BASE_OK && leaf->act == WIRE_ACT_REFUSED)
    code = core_case_withdraw(core, &delivery->message, partner->row.number, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code take_receipt(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                   const struct wire_checkpoint *checkpoint, struct base_error *fault,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  struct wire_leaf leaf;
  struct wire_opening opening;
  enum base_code code = store_delivery_get(core->store, &frame->message, partner->row.number, &arena, &delivery, err);
  if (code == BASE_NOT_FOUND) {
    (void)base_fail(fault, BASE_EVIDENCE, "a receipt came for a message that was not sent");
    return BASE_OK;
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (delivery.leaf.size > 0) {
    core_transfer_end(partner, &delivery.message);
    return BASE_OK; /* a receipt stands: the same statement again, or, when he lost it, one in his new epoch */
  }
  code = receipt_check(core, partner, frame, checkpoint, &delivery, &arena, &leaf, &opening, fault, err);
  if (code != BASE_OK || fault->code != BASE_OK)
    return code;
  code = receipt_keep(core, partner, frame, checkpoint, &delivery, &leaf, &opening, err);
  /* An acceptance counts from its receipt. */
  return code == BASE_OK ? core_agreement_touched(core, &delivery.case_id, err) : code;
}

/* Whether he waits for a part of one that was erased here since: then what is left of it goes to him, once more when he
 * could not take that yet. */
static enum base_code awaits_parts(struct core *core, const struct wire_frame *frame, bool *out,
                                   struct base_error *err) {
  *out = false;
  for (uint16_t i = 0; i < frame->wants_count && !*out; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row;
    enum base_code code = store_part_get(core->store, &frame->message, i, &arena, &row, err);
    if (code != BASE_OK && code != BASE_NOT_FOUND)
      return core_lose(core, code, err);
    *out = code == BASE_OK && frame->wants[i] < row.records;
  }
  return BASE_OK;
}

/* What the partner says he misses. He may only ask for what he was sent and has not answered for. */
static enum base_code take_pending(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                   struct base_error *fault, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_delivery delivery;
  struct store_message row;
  enum base_code code = store_delivery_get(core->store, &frame->message, partner->row.number, &arena, &delivery, err);
  if (code == BASE_OK)
    code = store_message_get(core->store, &frame->message, &arena, &row, err);
  bool cleared = false;
  if (code == BASE_NOT_FOUND && core_clear_message(core, &frame->message, &cleared, NULL, err) == BASE_OK && cleared)
    return BASE_OK; /* erased with its case: it goes to him as that */
  if (code == BASE_NOT_FOUND) {
    (void)base_fail(fault, BASE_EVIDENCE, "parts are asked for of a message that was not sent");
    return BASE_OK;
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  bool dropped = core_message_dropped(&row), awaited = true;
  if (dropped && (code = awaits_parts(core, frame, &awaited, err)) != BASE_OK)
    return code;
  if (!dropped && frame->wants_count != row.part_count)
    (void)base_fail(fault, BASE_PROTOCOL, "%u parts are asked for of a message that has %u", frame->wants_count,
                    row.part_count);
  bool open = delivery.state == STORE_WAITING || delivery.number <= partner->renewed.again_to;
  if (fault->code != BASE_OK || !open || !awaited || core_stuck_rests(core, partner, &frame->message))
    return BASE_OK;
  return core_transfer_set(partner, frame, err);
}

enum base_code core_answers_take(struct core *core, struct core_partner *partner, struct base_view document,
                                 const struct wire_checkpoint *checkpoint, struct base_error *fault,
                                 struct base_error *err) {
  struct base_reader reader = base_reader_of(document);
  struct core_returning returning = {.held = false};
  struct wire_frame frame;
  bool end = false, returned = false;
  enum base_code code = wire_frame_read(&reader, &frame, &end, err);
  while (code == BASE_OK && !end && fault->code == BASE_OK) {
    if (frame.type == WIRE_FRAME_RECEIPT) {
      code = core_back_receipt(core, partner, &frame, checkpoint, &returning, &returned, fault, err);
      if (code == BASE_OK && !returned)
        code = take_receipt(core, partner, &frame, checkpoint, fault, err);
    } else if (frame.type == WIRE_FRAME_BACK)
      code = core_back_take(core, partner, &frame, &returning, fault, err);
    else if (frame.type == WIRE_FRAME_RECORD)
      code = core_back_record(core, partner, &frame, fault, err);
    else if (frame.type == WIRE_FRAME_PENDING)
      code = take_pending(core, partner, &frame, fault, err);
    else if (frame.type == WIRE_FRAME_STATEMENT)
      code = core_compare_take(core, partner, &frame, checkpoint, false, fault, err);
    else if (frame.type == WIRE_FRAME_OUTCOMES)
      code = core_compare_outcomes_take(core, partner, &frame, err);
    if (code == BASE_OK && fault->code == BASE_OK)
      code = wire_frame_read(&reader, &frame, &end, err);
  }
  return code;
}

/* What stands of the numbers below the one wanted, which the partner has taken. */
struct look_back {
  const struct core_flight *flight; /* what he has read, NULL: nothing */
  uint64_t below, untold;           /* the first voided number that he has not been told, 0: none */
  bool waits;                       /* one is held there, for parts or for another message */
  size_t count;
  struct base_id told[WIRE_CONSIGNMENT_MESSAGES_MAX];
};

static enum base_code look_back_at(void *context, const struct store_delivery *row) {
  struct look_back *look = context;
  if (row->number >= look->below)
    return BASE_EXISTS; /* the rest is not taken yet: enough seen */
  if (row->state != STORE_ENDED && row->state != STORE_REFUSED) {
    look->waits = true;
  } else if (!row->voided_told) {
    bool travelled =
        look->flight != NULL && row->voided_index < look->flight->head_size && row->number <= look->flight->last_number;
    if (travelled && look->count < WIRE_CONSIGNMENT_MESSAGES_MAX)
      look->told[look->count++] = row->message;
    else if (look->untold == 0)
      look->untold = row->number;
  }
  return BASE_OK;
}

/* The voided leaf travelled, and the answer held no receipt: the message has no effect anywhere. */
enum base_code core_void_told(struct core *core, const struct core_partner *partner, const struct base_id *message,
                              struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_delivery_get(core->store, message, partner->row.number, &arena, &delivery, err);
  if (code == BASE_OK) {
    delivery.voided_told = true;
    code = store_delivery_update(core->store, &delivery, err);
  }
  return code == BASE_OK ? core_case_withdraw(core, message, partner->row.number, err) : code;
}

/* Notes which voids the partner has been told, whether he holds something back, and from where to hand over next. */
static enum base_code look_back(struct core *core, struct core_partner *partner, const struct answered *answered,
                                struct base_error *err) {
  enum { OPEN_MAX = 4096 };
  struct look_back *look = calloc(1, sizeof *look);
  if (look == NULL)
    return core_lose(core, base_fail(err, BASE_MEMORY, "no memory for an answer"), err);
  uint64_t wanted = answered->want_number;
  /* Where he found a fault he did not read on: of what comes behind it his answer says nothing. */
  look->flight = answered->fault.code == BASE_OK ? &partner->flight : NULL;
  look->below = wanted;
  enum base_code code = store_delivery_open(core->store, partner->row.number, 0, OPEN_MAX, look_back_at, look, err);
  if (code == BASE_EXISTS)
    code = BASE_OK;
  for (size_t i = 0; i < look->count && code == BASE_OK; i++)
    code = core_void_told(core, partner, &look->told[i], err);
  /* His predecessors may take days, and each time the messages themselves go along. */
  unsigned doubled = partner->held_asked < CORE_HELD_DOUBLED ? partner->held_asked : CORE_HELD_DOUBLED;
  partner->held_at_ms = look->waits ? core_now_ms(core) + ((int64_t)CORE_HELD_POLL_MS << doubled) : 0;
  if (!look->waits)
    partner->held_asked = 0;
  else if (partner->transfer_count == 0)
    partner->held_asked++;
  /* Of what he took before this run, and was not handed again yet, he has said nothing: it follows, though the number
   * that he wants lies behind it. */
  uint64_t went = partner->flight.last_number > partner->handed ? partner->flight.last_number : partner->handed;
  partner->handed = (look->untold != 0 ? look->untold : wanted) - 1;
  if (partner->handed > went)
    partner->handed = went;
  if (partner->renewed.again_from != 0 && partner->handed >= partner->renewed.again_to)
    partner->again_done = true;
  free(look);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* The partner wants a number again whose receipt we hold: he lost what he had taken. */
static enum base_code check_wanted(struct core *core, struct core_partner *partner, uint64_t wanted,
                                   struct base_error *fault) {
  bool again = false;
  enum base_code code = core_renewed_again(core, partner, wanted, &again, fault);
  if (code != BASE_OK || again)
    return code;
  if (wanted == 0 || wanted > partner->row.sent_number)
    return wanted > partner->row.sent_number + 1
               ? base_fail(fault, BASE_NUMBER,
                           "the partner holds number %llu, but only %llu were sent: this node lost leaves",
                           (unsigned long long)(wanted - 1), (unsigned long long)partner->row.sent_number)
               : BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  struct base_error ignored = {0};
  if (store_delivery_by_number(core->store, partner->row.number, wanted, &arena, &delivery, &ignored) == BASE_OK &&
      delivery.leaf.size > 0)
    return base_fail(fault, BASE_ROLLBACK,
                     "the partner asks for number %llu again, for which he gave a receipt: he lost leaves",
                     (unsigned long long)wanted);
  return BASE_OK;
}

static enum base_code take_head(struct core *core, struct core_partner *partner, struct answered *answered,
                                struct base_error *fault) {
  struct base_error why = {0};
  uint64_t known = partner->seen_size;
  enum base_code code =
      core_cards_and_head_take(core, partner, &answered->cards, &answered->heads, &answered->checkpoint, &why);
  /* Older than what was cosigned meanwhile: the heads crossed. Older than what he had shown before he was asked: his
   * answer was made after that, so he lost leaves. */
  bool crossed = code == BASE_ROLLBACK && answered->checkpoint.size >= partner->flight.known;
  if (code == BASE_CONFLICT || crossed) {
    answered->again = true;
    return BASE_OK;
  }
  if (code != BASE_OK) {
    *fault = why;
    return code;
  }
  if (partner->seen_size > known) {
    partner->row.owes_cosign = true;
    partner->cosign_at_ms = core_now_ms(core) + CORE_COSIGN_DELAY_MS;
  }
  return BASE_OK;
}

static enum base_code take_answered(struct core *core, struct core_partner *partner, struct answered *answered,
                                    struct base_error *fault, struct base_error *err) {
  enum base_code code = read_answer(core, partner, answered, fault);
  if (code == BASE_OK && answered->heads.has_head)
    code = take_head(core, partner, answered, fault);
  code = core_heads_said(core, partner, &answered->heads, code, fault);
  if (code != BASE_OK) {
    if (!core_ours(code))
      return BASE_OK;
    *err = *fault;
    return core_lose(core, code, err);
  }
  if (answered->again)
    return BASE_OK;
  code = core_answers_take(core, partner, answered->plain, &answered->checkpoint, fault, err);
  if (code == BASE_OK && fault->code == BASE_OK)
    code = core_epoch_join(core, partner, answered->want_number, err);
  if (code == BASE_OK && fault->code == BASE_OK && answered->fault.code == BASE_NUMBER)
    code = core_epoch_displace(core, partner, answered->want_number, err);
  if (code == BASE_OK && fault->code == BASE_OK && answered->want_number > 0 && !core_epoch_waits(partner) &&
      check_wanted(core, partner, answered->want_number, fault) == BASE_OK)
    code = look_back(core, partner, answered, err);
  return code;
}

/* before: the last number that counted as handed when the answer came. */
static void answered_by(struct core *core, struct core_partner *partner, const struct answered *answered,
                        uint64_t before, const struct base_error *fault) {
  if (fault->code != BASE_OK) {
    core_partner_trouble(core, partner, fault->code, base_view_text(fault->text));
    return;
  }
  if (answered->fault.code != BASE_OK) {
    core_partner_says(core, partner, answered->fault.code, base_view_text(answered->fault.text));
    return;
  }
  /* Heads that cross on the way make one or two answers useless; whoever goes on like this is asked with pauses. */
  bool stuck = partner->flight.last_number > 0 && partner->handed <= before;
  partner->crossed = answered->again || stuck ? partner->crossed + 1 : 0;
  if (partner->crossed >= CORE_CROSSED_MAX) {
    core_partner_trouble(core, partner, BASE_CONFLICT,
                         answered->again ? BASE_VIEW("the partner's answers prove from other heads than were asked for")
                                         : BASE_VIEW("the partner answers, but takes nothing of what was sent"));
    return;
  }
  core_partner_well(partner);
  partner->row.last_contact = core_now(core);
  partner->maybe = true; /* one more look; nothing found ends it */
  if (!answered->again && answered->want_number > 0)
    core_back_answered(core, partner);
  if (partner->flight.cosign_size == partner->seen_size && !answered->again)
    partner->row.owes_cosign = false;
  if (partner->flight.statement != 0 && partner->flight.statement == partner->compare.index && !answered->again)
    partner->compare.told = true;
}

static void flight_lands(struct core *core, struct core_partner *partner, struct base_view sealed,
                         struct base_error *err) {
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  struct answered answered = {0};
  struct base_error fault = {0};
  uint64_t before = partner->handed;
  enum base_code code = seal_answer_open(&partner->flight.context, sealed, &plain, &fault);
  if (code == BASE_OK) {
    answered.plain = base_buf_view(&plain);
    code = take_answered(core, partner, &answered, &fault, err);
    core_card_frames_free(&answered.cards);
  } else if (core_ours(code)) { /* no memory to open it says nothing of him */
    *err = fault;
    (void)core_lose(core, code, err);
  }
  if (core->failed != BASE_OK)
    return;
  if (fault.code != BASE_OK && fault.code != BASE_SUSPENDED) /* that one waits for a person here: no fault of his */
    code = core_partner_fault(core, partner, &fault, answered.heads.note, err);
  answered_by(core, partner, &answered, before, &fault);
  /* What the answer changed in the partner's row is written only when something else is: the keeper and the partner
   * know it too. */
  if (code == BASE_OK && core->wrote)
    code = core_partner_save(core, partner, err);
  if (code != BASE_OK)
    (void)core_lose(core, code, err);
}

void core_exchange_done(struct core *core, uint64_t token, const struct wire_json *request, int fd) {
  struct base_error err = {0};
  struct core_partner *partner = NULL;
  int64_t exchange = wire_json_integer(wire_json_get(request, "exchange"));
  for (size_t i = 0; i < core->partner_count && partner == NULL; i++)
    if (exchange > 0 && core->partners[i]->flight.exchange == (uint64_t)exchange)
      partner = core->partners[i];
  if (partner != NULL) {
    int64_t status = wire_json_integer(wire_json_get(request, "status"));
    struct base_view sealed = {0};
    enum base_code code = BASE_OK;
    if (status == 200 && fd >= 0)
      code = base_map_sealed(fd, WIRE_CONSIGNMENT_MAX, &sealed, &err);
    if (status == 200 && code == BASE_OK) {
      flight_lands(core, partner, sealed, &err);
    } else {
      partner->shown_seen = false;
      char name[64];
      struct base_view told = core_request_text(request, "code");
      snprintf(name, sizeof name, "%.*s", (int)told.size, (const char *)told.data);
      enum base_code why = base_code_by_name(name);
      if (why == BASE_CODES || why == BASE_OK)
        why = BASE_UNREACHABLE;
      if (code != BASE_OK)
        core_partner_trouble(core, partner, code, base_view_text(err.text));
      else if (status == 0) /* our own gate's words */
        core_partner_trouble(core, partner, why, core_request_text(request, "detail"));
      else
        core_partner_says(core, partner, why, core_request_text(request, "detail"));
    }
    base_unmap(&sealed);
    base_wipe(&partner->flight, sizeof partner->flight);
  }
  base_buf_text(&core_reply(core, token, BASE_OK)->payload, "{}");
}
