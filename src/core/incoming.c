/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/back.h"
#include "core/erase.h"
#include "core/partners.h"
#include "core/parts.h"

/* A partner's consignment: opened, its head cosigned, its messages admitted, its records taken; the answer with the
 * receipts is made once everything is durable and attested. A partner's fault inside refuses what it concerns and is a
 * leaf; a failure of ours takes the whole step back, and the partner tries again. */

/* --- numbers */

static enum base_code take_number(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                  const struct wire_opening *opening, const struct wire_checkpoint *checkpoint,
                                  bool voided, struct store_arrival *out, struct base_error *err) {
  struct core_partner *partner = give->partner;
  struct base_hash sent = voided ? opening->previous : seal_sha256(frame->proof.leaf);
  *out = (struct store_arrival){
      .message = opening->message,
      .partner = partner->row.number,
      .number = opening->number,
      .sent_hash = sent,
      .leaf = frame->proof.leaf,
      .opening = frame->proof.opening,
      .proof = base_view_of(frame->proof.hashes, frame->proof.hash_count * sizeof(struct base_hash)),
      .index = frame->proof.index,
      .head_size = core_head_key(partner, checkpoint->size),
      .voided = voided};
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_arrival_add(core->store, out, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  partner->row.received_number = opening->number;
  partner->row.received_previous = sent;
  return core_partner_save(core, partner, err);
}

/* A message without its content: its sender erased that after this node had given the receipt, and this node lost both.
 * Only our own receipt of then, under a head that we signed, shows that it was here whole; without one nothing is
 * acknowledged that never came. *wait: not all of those receipts came back yet. */
static bool was_here(struct core *core, struct core_partner *partner, const struct wire_frame *frame, uint64_t number,
                     bool *wait) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_returned returned;
  struct wire_opening opening;
  struct base_error none = {0};
  struct base_hash sent = seal_sha256(frame->proof.leaf);
  bool there = core->epoch > 1 && core_back_read(core, partner, false, number, &arena, &returned, &none) == BASE_OK &&
               returned.letter == WIRE_OUTCOME_RECEIVED &&
               wire_opening_parse(WIRE_ACT_RECEIVED, returned.opening, &arena, &opening, &none) == BASE_OK &&
               base_hash_equal(&opening.sent, &sent);
  *wait = !there && core->epoch > 1 && partner->back.receipts > 0 && partner->back.receipts <= number;
  return there;
}

/* Taken before, and its parts were awaited. */
static enum base_code erased_meanwhile(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                       const struct store_arrival *arrival, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct base_error why = {0};
  bool wait = false;
  enum base_code code = store_message_get(core->store, &arrival->message, &arena, &row, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (core_message_dropped(&row) || row.state != STORE_MESSAGE_PENDING)
    return core_give_add(give, arrival->number, &arrival->message, err);
  if (!was_here(core, give->partner, frame, arrival->number, &wait) && !wait) {
    (void)base_fail(&why, BASE_POLICY, CORE_ERASED_BEFORE);
    return core_message_refuse(core, give, arrival, row.part_count, &why, err);
  }
  give->later = give->later || wait;
  code = wait ? BASE_OK : core_content_without(core, &arrival->message, give->partner, err);
  if (code == BASE_OK)
    code = core_give_add(give, arrival->number, &arrival->message, err);
  return code == BASE_OK && !wait ? core_message_consider(core, give, &arrival->message, err) : code;
}

/* A number taken before: the same statement again gets the same answer, another one is a fault. */
static enum base_code number_again(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                   const struct wire_opening *opening, bool voided, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_arrival arrival;
  enum base_code code =
      store_arrival_get(core->store, give->partner->row.number, opening->number, &arena, &arrival, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  struct base_hash sent = voided ? opening->previous : seal_sha256(frame->proof.leaf);
  /* A register that went two ways: but of one that went on in a new epoch that is known, and settled there. */
  const struct core_renewed *renewed = &give->partner->renewed;
  bool known = renewed->number > 1 && frame->proof.index < renewed->start;
  if (!base_hash_equal(&sent, &arrival.sent_hash))
    return base_fail(&give->fault, known ? BASE_NUMBER : BASE_FORK, "number %llu was used for another message before",
                     (unsigned long long)opening->number);
  if (voided && !arrival.voided && !arrival.answered) {
    struct base_error why = {0};
    struct store_message row;
    (void)base_fail(&why, BASE_POLICY, "the sender ended it before it was complete");
    code = store_message_get(core->store, &arrival.message, &arena, &row, err);
    return code == BASE_OK ? core_message_refuse(core, give, &arrival, row.part_count, &why, err)
                           : core_lose(core, code, err);
  }
  if (!voided && frame->part0.size == 0 && !arrival.voided && !arrival.answered)
    return erased_meanwhile(core, give, frame, &arrival, err);
  return arrival.voided ? BASE_OK : core_give_add(give, opening->number, &arrival.message, err);
}

/* MESSAGE and VOIDED. Sets give->fault for what refuses the consignment from here on. */
static enum base_code take_statement(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                     const struct wire_checkpoint *checkpoint, bool older, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_partner *partner = give->partner;
  struct wire_leaf leaf;
  struct wire_opening opening;
  bool voided = frame->type == WIRE_FRAME_VOIDED;
  struct base_error *fault = &give->fault;
  enum base_code code = core_proof_take(&frame->proof, checkpoint, &arena, &leaf, &opening, fault);
  if (code != BASE_OK)
    return code;
  bool headless = !voided && frame->header.size == 0; /* erased at its sender with its case */
  struct base_id id = voided || headless ? opening.message : seal_message_id(frame->header);
  if (leaf.act != (voided ? WIRE_ACT_VOIDED : WIRE_ACT_SENT))
    return base_fail(fault, BASE_PROTOCOL, "a leaf of another act stands for a message");
  if (!base_view_equal(opening.from, partner->card.origin) || !base_view_equal(opening.to, core->card.origin))
    return base_fail(fault, BASE_NOT_PARTY, "the sent leaf names another sender or receiver");
  if (!base_id_equal(&opening.message, &id))
    return base_fail(fault, BASE_HASH, "the sent leaf names another message than the one that came");
  uint64_t next = partner->row.received_number + 1;
  if (opening.number < next)
    return number_again(core, give, frame, &opening, voided, err);
  if (opening.number > next)
    return BASE_OK; /* the answer says which number is wanted */
  if (older)
    return BASE_OK; /* the answer asks for it again, under a head that is not older */
  /* The cards are part of the evidence: a statement about another one could never be proved with those held here. One
   * that was replaced while the message waited is in the history. */
  if (!voided && (core_cards_hashed(&partner->cards, &opening.from_card) == NULL ||
                  core_cards_hashed(&core->cards, &opening.to_card) == NULL))
    return base_fail(
        fault, BASE_WRONG_KEY,
        "the message was sent under another card than those that are known here: compare the cards of both nodes "
        "again");
  if (!voided && !base_hash_equal(&opening.previous, &partner->row.received_previous) &&
      !core_epoch_chains(core, partner, false, partner->row.received_number, &opening.previous))
    return base_fail(fault, BASE_NUMBER, "number %llu does not name the statement before it",
                     (unsigned long long)opening.number);
  if (!voided && core_disk_low(core, NULL)) {
    give->no_room = true;
    return BASE_OK;
  }
  bool without = !voided && frame->part0.size == 0, wait = false;
  bool known = without && was_here(core, partner, frame, opening.number, &wait);
  if (wait) {
    give->later = true;
    return BASE_OK;
  }
  struct store_arrival arrival;
  code = take_number(core, give, frame, &opening, checkpoint, voided, &arrival, err);
  if (code != BASE_OK)
    return code;
  if (without && !known) {
    struct base_error why = {0};
    (void)base_fail(&why, BASE_POLICY, CORE_ERASED_BEFORE);
    return core_message_turn_away(core, give, &arrival, frame->header, NULL, &why, err);
  }
  if (headless && frame->part0.size == 0)
    return core_message_headless(core, give, &arrival, err);
  return voided ? core_message_void(core, give, &arrival.message, err)
                : core_message_arrive(core, give, frame, &arrival, err);
}

/* --- records */

static enum base_code take_record(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct store_arrival arrival;
  enum base_code code = store_message_get(core->store, &frame->message, &arena, &row, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK; /* of a message not taken yet: the answer asks for the number */
  if (code == BASE_OK)
    code = store_arrival_of(core->store, &frame->message, give->partner->row.number, &arena, &arrival, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK; /* another partner's: no business of this one */
  if (code != BASE_OK)
    return core_lose(core, code, err);
  code = core_give_add(give, arrival.number, &arrival.message, err);
  if (code != BASE_OK || row.state != STORE_MESSAGE_PENDING || frame->part >= row.part_count ||
      core_message_dropped(&row))
    return code;
  if (arrival.answered || arrival.voided)
    return BASE_OK; /* the row is of another partner, who is its author: this one's own try was refused or ended */
  if (core_disk_low(core, NULL)) {
    give->no_room = true;
    return BASE_OK;
  }
  bool complete = false;
  enum base_code wrong_code = BASE_OK;
  struct base_error wrong = {0};
  struct wire_header header;
  code = wire_header_parse(row.header, &arena, &header, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (header.exercise != give->exercise) {
    (void)base_fail(&wrong, BASE_POLICY, "a file of it came sealed as %s, and it is not",
                    give->exercise ? "an exercise's" : "what is real");
    return core_message_refuse(core, give, &arrival, row.part_count, &wrong, err);
  }
  code = core_part_take(core, &frame->message, frame->part, frame->record, frame->last, frame->ciphertext, &complete,
                        &wrong_code, &wrong, err);
  if (code != BASE_OK)
    return code;
  if (wrong_code != BASE_OK)
    return core_message_refuse(core, give, &arrival, row.part_count, &wrong, err);
  return complete ? core_message_consider(core, give, &arrival.message, err) : BASE_OK;
}

/* --- a consignment */

static enum base_code read_state(const struct core *core, struct core_give *give, struct core_opened *opened,
                                 struct base_error *fault) {
  struct base_reader reader = base_reader_of(opened->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frames_check(opened->plain, "consignment", fault);
  opened->heads.document = opened->plain;
  while (code == BASE_OK && (code = wire_frame_read(&reader, &frame, &end, fault)) == BASE_OK && !end) {
    if (frame.type == WIRE_FRAME_WANT_PROOF)
      give->base = core_epoch_base(core, give->partner, frame.new_size);
    else if (frame.type == WIRE_FRAME_CARD)
      code = core_card_frames_add(&opened->cards, &frame, fault);
    else
      (void)core_heads_frame(&opened->heads, &frame);
  }
  if (code == BASE_OK && !opened->heads.has_head)
    code = base_fail(fault, BASE_PROTOCOL, "the consignment carries no head");
  return code;
}

static enum base_code take_comparison(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                      const struct core_opened *opened, struct base_error *err) {
  if (give->fault.code != BASE_OK || opened->older)
    return BASE_OK;
  if (frame->type == WIRE_FRAME_STATEMENT) {
    give->statement = true;
    return core_compare_take(core, give->partner, frame, &opened->checkpoint, true, &give->fault, err);
  }
  if (frame->taken) {
    give->want_taken = true;
    give->taken_from = frame->number;
  } else {
    give->want_given = true;
    give->given_from = frame->number;
  }
  return BASE_OK;
}

static enum base_code take_frames(struct core *core, struct core_give *give, const struct core_opened *opened,
                                  struct base_error *err) {
  struct base_reader reader = base_reader_of(opened->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frame_read(&reader, &frame, &end, err);
  while (code == BASE_OK && !end) {
    bool statement = frame.type == WIRE_FRAME_MESSAGE || frame.type == WIRE_FRAME_VOIDED;
    if (statement && give->fault.code == BASE_OK)
      code = take_statement(core, give, &frame, &opened->checkpoint, opened->older, err);
    else if (frame.type == WIRE_FRAME_STATEMENT || frame.type == WIRE_FRAME_WANT_OUTCOMES)
      code = take_comparison(core, give, &frame, opened, err);
    else if (frame.type == WIRE_FRAME_RECORD && give->fault.code == BASE_OK)
      code = take_record(core, give, &frame, err);
    else if (frame.type == WIRE_FRAME_WANT_BACK && give->fault.code == BASE_OK && !opened->older)
      code = core_handback_take(core, give, &frame, err);
    if (give->fault.code != BASE_OK && core->failed == BASE_OK)
      return BASE_OK;
    if (code == BASE_OK)
      code = core_messages_settle(core, give, err);
    if (code == BASE_OK)
      code = wire_frame_read(&reader, &frame, &end, err);
  }
  return code;
}

/* A head older than the one we cosigned: overtaken on the way, or the partner lost leaves. Repetitions are answered,
 * nothing new is taken; and he is asked, for his answer to a question of now shows which it is. */
static void ask_about_older(const struct core *core, struct core_partner *partner) {
  partner->row.owes_cosign = true;
  partner->cosign_at_ms = core_now_ms(core);
}

enum base_code core_consignment_take(struct core *core, struct core_give *give, struct core_opened *opened,
                                     bool carried, struct base_error *err) {
  struct base_error *fault = &give->fault;
  enum base_code code = read_state(core, give, opened, fault);
  if (code == BASE_OK) {
    struct base_error why = {0};
    code = core_cards_and_head_take(core, give->partner, &opened->cards, &opened->heads, &opened->checkpoint, &why);
    give->waits = code == BASE_SUSPENDED && core->failed == BASE_OK;
    give->unread = code == BASE_CONFLICT || give->waits;
    code = core_heads_said(core, give->partner, &opened->heads, code, &why);
    if ((code == BASE_CONFLICT || code == BASE_SUSPENDED) && give->unread)
      return BASE_OK; /* the answer names the base that is wanted, and the partner proves again */
    opened->older = code == BASE_ROLLBACK;
    if (opened->older) {
      code = BASE_OK;
      if (!carried)
        ask_about_older(core, give->partner);
    } else if (code != BASE_OK) {
      *fault = why;
    } else {
      give->cosign = opened->checkpoint.size > 0;
    }
  }
  if (code != BASE_OK && core_ours(code)) {
    *err = *fault;
    return core_lose(core, code, err);
  }
  /* As goes to him: of one that was stopped the state alone, and a person decides about the rest. */
  if (code == BASE_OK && fault->code == BASE_OK && give->partner->stopped)
    give->stopped = give->unread = true;
  if (give->stopped)
    return BASE_OK;
  if (code == BASE_OK && fault->code == BASE_OK) {
    code = take_frames(core, give, opened, err);
    if (code != BASE_OK) /* what a partner did wrong is in fault: this is ours, wherever it came from */
      return core_lose(core, code, err);
  }
  if (fault->code == BASE_OK || core->failed != BASE_OK)
    return code;
  return carried && fault->code != BASE_FORK ? BASE_OK
                                             : core_partner_fault(core, give->partner, fault, opened->heads.note, err);
}

/* Whose line it came over: what he sends there is his doing, readable or not. */
static enum base_code partner_of_line(struct core *core, const struct wire_json *request, struct core_partner **out,
                                      struct base_error *err) {
  struct base_hash pin;
  struct core_partner *partner =
      base_hash_parse(core_request_text(request, "pin"), &pin) ? core_partner_pinned(core, &pin) : NULL;
  if (partner == NULL) {
    core->strangers++;
    return base_fail(err, BASE_UNKNOWN_NODE, "the sender is no partner of this node");
  }
  if (partner->damaged[0] != '\0')
    return base_fail(err, BASE_NOT_RUNNING,
                     "this node cannot read what it stored about you: its administrator must look");
  if (partner->row.state == STORE_PARTNER_SUSPENDED)
    return base_fail(err, BASE_SUSPENDED, "%.*s has suspended the exchange with %.*s", (int)core->card.name.size,
                     (const char *)core->card.name.data, (int)partner->card.name.size,
                     (const char *)partner->card.name.data);
  *out = partner;
  return BASE_OK;
}

static enum base_code check_envelope(const struct core *core, const struct core_partner *partner,
                                     const struct wire_envelope *envelope, struct base_error *err) {
  if (!base_view_equal(envelope->to, core->card.origin))
    return base_fail(err, BASE_PROTOCOL, "the consignment is for another node");
  if (!base_view_equal(envelope->from, partner->card.origin))
    return base_fail(err, BASE_PROTOCOL, "the consignment came over another partner's line");
  return BASE_OK;
}

enum base_code core_consignment_unseal(struct core *core, const struct wire_envelope *envelope, struct core_give *give,
                                       struct base_buf *plain, struct base_error *err) {
  uint8_t shared[32];
  enum base_code code =
      core->env.keeper.decapsulate(core->env.keeper.context, envelope->key_id, &envelope->enc, shared, err);
  struct base_error why = {0};
  give->exercise = false;
  if (code == BASE_OK)
    code = seal_consignment_open(envelope, shared, false, plain, &give->context, err);
  if (code == BASE_UNSEAL && seal_consignment_open(envelope, shared, true, plain, &give->context, &why) == BASE_OK) {
    give->exercise = true;
    *err = (struct base_error){0};
    code = BASE_OK;
  }
  base_wipe(shared, sizeof shared);
  return code;
}

/* Octets that do not open as a consignment of this partner's are a fault of his; sealed to a key of ours that is
 * destroyed by now, it is only late: our card goes to him, and he seals again. */
static enum base_code open_consignment(struct core *core, struct core_give *give, struct base_view sealed,
                                       struct base_buf *plain, struct base_error *err) {
  struct wire_envelope envelope;
  struct base_error fault = {0}; /* not in err: the answer to the partner */
  enum base_code code = wire_envelope_parse(sealed, &envelope, &fault);
  if (code == BASE_OK)
    code = check_envelope(core, give->partner, &envelope, &fault);
  if (code == BASE_OK)
    code = core_consignment_unseal(core, &envelope, give, plain, &fault);
  if (code == BASE_OK)
    return BASE_OK;
  bool late = code == BASE_WRONG_KEY && core_cards_sealed(&core->cards, envelope.key_id);
  if (late)
    give->partner->not_before_ms = 0;
  /* He may know a card of ours that an old copy of our folder does not: his answer to what we send shows it. */
  if (code == BASE_WRONG_KEY && !late && !give->partner->row.owes_cosign)
    ask_about_older(core, give->partner);
  if (!core_ours(code) && !late) {
    enum base_code wrote = core_partner_fault(core, give->partner, &fault, (struct base_view){0}, err);
    if (wrote != BASE_OK)
      return wrote;
  }
  *err = fault;
  return code;
}

void core_exchange_give(struct core *core, uint64_t token, const struct wire_json *request, int fd) {
  struct base_error err = {0};
  struct base_view sealed = {0};
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  struct core_give *give = calloc(1, sizeof *give);
  enum base_code code = give == NULL ? base_fail(&err, BASE_MEMORY, "no memory for a consignment") : BASE_OK;
  if (code == BASE_OK)
    code = partner_of_line(core, request, &give->partner, &err);
  if (code == BASE_OK && core_disk_rests(core))
    code = base_fail(&err, BASE_DISK_FULL, CORE_NO_ROOM);
  if (code == BASE_OK)
    code = base_map_sealed(fd, WIRE_CONSIGNMENT_MAX, &sealed, &err);
  if (code == BASE_OK)
    code = open_consignment(core, give, sealed, &plain, &err);
  if (code == BASE_OK) {
    struct core_opened opened = {.plain = base_buf_view(&plain)};
    code = core_consignment_take(core, give, &opened, false, &err);
    core_card_frames_free(&opened.cards);
  }
  base_unmap(&sealed);
  if (plain.data != NULL)
    base_wipe(plain.data, plain.size);
  if (code != BASE_OK) {
    core_give_free(give);
    core_reply_error(core, token, code, &err);
    return;
  }
  /* He is there: what waits for him goes now. */
  give->partner->not_before_ms = 0;
  give->partner->row.last_contact = core_now(core);
  core_reply(core, token, BASE_OK)->give = give;
}
