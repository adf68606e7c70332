/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

/* A partner's consignment: opened, its head cosigned, its messages admitted, its records taken; the answer with the
 * receipts is made once everything is durable and attested. A partner's fault inside refuses what it concerns and is a
 * leaf; a failure of ours takes the whole step back, and the partner tries again. */

struct given { /* what the answer tells about one message */
  uint64_t number;
  struct base_id message;
};
struct core_give {
  struct core_partner *partner;
  struct seal_hpke_context context;
  uint64_t base; /* our head that the partner cosigned last, as he says */
  bool cosign;   /* we hold a cosignature on his newest head */
  size_t count, room;
  struct given *given;
  struct base_error fault; /* code BASE_OK: none */
  size_t settled_count, settled_room;
  struct base_id *settled; /* admitted or refused just now: whoever waits for them is looked at next */
};

void core_give_free(struct core_give *give) {
  if (give == NULL)
    return;
  base_wipe(&give->context, sizeof give->context);
  free(give->given);
  free(give->settled);
  free(give);
}

static enum base_code give_add(struct core_give *give, uint64_t number, const struct base_id *message,
                               struct base_error *err) {
  for (size_t i = 0; i < give->count; i++)
    if (give->given[i].number == number)
      return BASE_OK;
  if (give->count == give->room) {
    size_t room = give->room == 0 ? 64 : 2 * give->room;
    struct given *grown = realloc(give->given, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for an answer");
    give->given = grown;
    give->room = room;
  }
  give->given[give->count++] = (struct given){number, *message};
  return BASE_OK;
}

/* --- what becomes of a message */

static enum base_code settle(struct core_give *give, const struct base_id *message, struct base_error *err) {
  if (give->settled_count == give->settled_room) {
    size_t room = give->settled_room == 0 ? 64 : 2 * give->settled_room;
    struct base_id *grown = realloc(give->settled, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for an answer");
    give->settled = grown;
    give->settled_room = room;
  }
  give->settled[give->settled_count++] = *message;
  return BASE_OK;
}

static enum base_code answer_leaf(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                  enum wire_act act, struct base_view reason, struct base_error *err) {
  struct core_partner *partner = core_partner_numbered(core, arrival->partner);
  struct wire_opening opening = {.has_message = true,
                                 .message = arrival->message,
                                 .from = partner->card.origin,
                                 .to = core->card.origin,
                                 .sent = arrival->sent_hash,
                                 .reason = reason};
  struct core_leaf leaf;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, act, &opening, &leaf, err);
  if (code == BASE_OK)
    code =
        store_arrival_answer(core->store, arrival->partner, arrival->number, act == WIRE_ACT_REFUSED, leaf.index, err);
  if (code == BASE_OK && partner == give->partner)
    code = give_add(give, arrival->number, &arrival->message, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* Refuses a message that has (or had) a row or none: the leaf names why, the content goes. */
static enum base_code refuse(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                             bool has_row, uint16_t part_count, const struct base_error *why, struct base_error *err) {
  char reason[BASE_ERROR_TEXT_MAX + 40];
  snprintf(reason, sizeof reason, "%s: %s", base_code_name(why->code), why->text);
  enum base_code code = answer_leaf(core, give, arrival, WIRE_ACT_REFUSED, base_view_text(reason), err);
  if (code == BASE_OK && has_row) {
    code = core_parts_drop(core, &arrival->message, part_count, err);
    if (code == BASE_OK)
      code = store_message_drop_content(core->store, &arrival->message, err);
    if (code == BASE_OK)
      code = store_message_state_set(core->store, &arrival->message, STORE_MESSAGE_REFUSED, err);
  }
  if (code == BASE_OK)
    code = settle(give, &arrival->message, err); /* who follows it is refused in turn */
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* Whether everything that the message follows is here. missing: how many are not; a refused one refuses it. */
static enum base_code check_follows(struct core *core, const struct wire_header *header, const struct base_id *id,
                                    size_t *missing, bool remember, struct base_error *why, struct base_error *err) {
  *missing = 0;
  for (size_t i = 0; i < header->follow_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct store_message row;
    enum base_code code = store_message_get(core->store, &header->follows[i], &arena, &row, err);
    if (code == BASE_NOT_FOUND) {
      struct core_partner *author = core_partner_of(core, header->author);
      struct store_arrival arrival;
      if (author != NULL &&
          store_arrival_of(core->store, &header->follows[i], author->row.number, &arena, &arrival, NULL) == BASE_OK &&
          (arrival.refused || arrival.voided))
        return base_fail(why, BASE_POLICY, "it follows message %s, which was %s",
                         base_id_text(&header->follows[i]).text, arrival.voided ? "ended" : "refused");
    } else if (code != BASE_OK) {
      return code;
    } else if (row.state == STORE_MESSAGE_REFUSED) {
      return base_fail(why, BASE_POLICY, "it follows message %s, which was refused",
                       base_id_text(&header->follows[i]).text);
    } else if (!base_id_equal(&row.case_id, &header->case_id)) {
      return base_fail(why, BASE_FIELD, "it follows message %s of another case",
                       base_id_text(&header->follows[i]).text);
    } else if (row.state == STORE_MESSAGE_HELD) {
      continue;
    }
    (*missing)++;
    if (remember) {
      code = core_write(core, err);
      if (code == BASE_OK)
        code = store_message_wait(core->store, id, &header->follows[i], err);
      if (code != BASE_OK)
        return core_lose(core, code, err);
    }
  }
  return BASE_OK;
}

static enum base_code flag_equivocation(struct core *core, const struct wire_header *header, struct base_view bytes,
                                        const struct base_id *case_id, struct base_error *err) {
  struct core_partner *author = core_partner_of(core, header->author);
  struct base_error fault = {0};
  (void)base_fail(&fault, BASE_EQUIVOCATION, "case %s: two successors of one message by one author",
                  base_id_text(case_id).text);
  return author == NULL ? BASE_OK : core_partner_fault(core, author, &fault, bytes, err);
}

/* Everything is here: the message takes effect and is receipted. */
static enum base_code admit(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                            const struct wire_header *header, struct base_view bytes, uint16_t part_count,
                            struct base_error *err) {
  const struct base_id *id = &arrival->message;
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  struct base_id case_id = header->opens ? *id : header->case_id;
  struct core_case *kase = NULL;
  enum base_code code =
      header->opens ? core_case_begin(core, id, kind, &kase, err) : core_case_load(core, &case_id, &kase, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  struct base_error why = {0};
  if (kase->kind != kind)
    (void)base_fail(&why, BASE_KIND, "the case is of another kind");
  else if (kase->count > 0 && !wire_header_has_party(kase->messages[0].header, header->author))
    (void)base_fail(&why, BASE_NOT_PARTY, "%.*s is not a party of the case", (int)header->author.size,
                    (const char *)header->author.data);
  if (why.code != BASE_OK)
    return refuse(core, give, arrival, true, part_count, &why, err);
  bool flagged = kase->state.flagged;
  code = store_message_state_set(core->store, id, STORE_MESSAGE_HELD, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  code = core_case_admit(core, kase, id, header, err);
  if (code == BASE_OK && kase->state.flagged && !flagged)
    code = flag_equivocation(core, header, bytes, &case_id, err);
  if (code == BASE_OK)
    code = answer_leaf(core, give, arrival, WIRE_ACT_RECEIVED, (struct base_view){0}, err);
  if (code == BASE_OK && !kind->kind.needs_row)
    code = core_agreement_refresh(core, &case_id, err);
  if (code == BASE_OK)
    code = settle(give, id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* Admits, refuses or leaves pending. */
static enum base_code consider(struct core *core, struct core_give *give, const struct base_id *id,
                               struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct wire_header header;
  struct store_arrival arrival;
  struct base_id copy = *id;
  enum base_code code = store_message_get(core->store, &copy, &arena, &row, err);
  if (code != BASE_OK || row.state != STORE_MESSAGE_PENDING)
    return code;
  code = wire_header_parse(row.header, &arena, &header, err);
  struct core_partner *author = code == BASE_OK ? core_partner_of(core, header.author) : NULL;
  if (code == BASE_OK && author == NULL)
    return BASE_OK;
  if (code == BASE_OK)
    code = store_arrival_of(core->store, &copy, author->row.number, &arena, &arrival, err);
  if (code != BASE_OK)
    return code;
  size_t missing = 0;
  struct base_error why = {0};
  code = check_follows(core, &header, &copy, &missing, false, &why, err);
  if (why.code != BASE_OK)
    return refuse(core, give, &arrival, true, row.part_count, &why, err);
  bool complete = false;
  uint32_t wants[WIRE_PARTS_MAX];
  if (code == BASE_OK)
    code = core_parts_missing(core, &copy, row.part_count, wants, &complete, err);
  if (code != BASE_OK || missing > 0 || !complete)
    return code;
  return admit(core, give, &arrival, &header, row.header, row.part_count, err);
}

/* Messages that waited for those settled by now, and for these in turn. A loop, since a chain can be as long as a case.
 */
static enum base_code settle_waiting(struct core *core, struct core_give *give, struct base_error *err) {
  enum { AT_ONCE = 64 };
  struct base_id waiting[AT_ONCE];
  enum base_code code = BASE_OK;
  while (give->settled_count > 0 && code == BASE_OK) {
    struct base_id id = give->settled[--give->settled_count];
    size_t count = AT_ONCE;
    while (count == AT_ONCE && code == BASE_OK) {
      code = store_message_waiting(core->store, &id, waiting, AT_ONCE, &count, err);
      for (size_t i = 0; code == BASE_OK && i < count; i++) {
        code = store_message_wait_done(core->store, &waiting[i], &id, err);
        if (code == BASE_OK)
          code = consider(core, give, &waiting[i], err);
      }
    }
  }
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- a new message */

static enum base_code check_header(struct core *core, const struct core_partner *partner,
                                   const struct wire_header *header, struct base_error *why) {
  if (!base_view_equal(header->author, partner->card.origin))
    return base_fail(why, BASE_NOT_PARTY, "the author is %.*s, not the sender", (int)header->author.size,
                     (const char *)header->author.data);
  if (!wire_header_has_party(header, core->card.origin))
    return base_fail(why, BASE_NOT_PARTY, "this node is not among its parties");
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  if (kind == NULL)
    return base_fail(why, BASE_KIND, "the kind %.*s, in this version, is not known here", (int)header->kind.size,
                     (const char *)header->kind.data);
  return wire_form_check_header(&kind->kind, header, why);
}

static enum base_code check_content(struct core *core, const struct core_partner *partner,
                                    const struct wire_frame *frame, const struct base_id *id, struct base_arena *arena,
                                    struct wire_header *header, struct wire_part0 *part0, struct base_error *why) {
  enum base_code code = wire_header_parse(frame->header, arena, header, why);
  if (code == BASE_OK)
    code = check_header(core, partner, header, why);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_sha256(frame->part0);
  if (!base_hash_equal(&hash, &header->part0))
    return base_fail(why, BASE_HASH, "part 0 does not have the hash that the header names");
  code = wire_part0_parse(frame->part0, arena, part0, why);
  if (code != BASE_OK)
    return code;
  struct store_message row;
  if (store_message_get(core->store, id, arena, &row, NULL) == BASE_OK)
    return base_fail(why, BASE_EXISTS, "the message was sent before, under another number");
  struct store_arrival before;
  if (store_arrival_of(core->store, id, partner->row.number, arena, &before, NULL) == BASE_OK && before.voided)
    return base_fail(why, BASE_EXISTS, "the message was ended before, under another number");
  if (header->opens)
    return BASE_OK;
  struct store_case kase;
  if (store_case_get(core->store, &header->case_id, arena, &kase, NULL) == BASE_OK &&
      !(base_view_equal(kase.kind, header->kind) && base_hash_equal(&kase.kind_hash, &header->kind_hash)))
    return base_fail(why, BASE_KIND, "the case is of another kind");
  return BASE_OK;
}

static enum base_code keep_message(struct core *core, const struct wire_frame *frame, const struct base_id *id,
                                   const struct wire_header *header, const struct wire_part0 *part0,
                                   struct base_error *err) {
  struct base_secret key;
  uint8_t wrapped[CORE_WRAPPED] = {0};
  struct store_message row = {.id = *id,
                              .case_id = header->opens ? *id : header->case_id,
                              .state = STORE_MESSAGE_PENDING,
                              .type = header->type,
                              .author = header->author,
                              .header = frame->header,
                              .wrapped_key = base_view_of(wrapped, sizeof wrapped),
                              .stored = core_now(core),
                              .part_count = (uint16_t)part0->part_count};
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_buf_init(&sealed, WIRE_PART0_MAX + SEAL_TAG);
  enum base_code code = core_key(core, &key, wrapped, &row.epoch, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core_content_seal(&key, id, frame->part0, &sealed);
  base_wipe(&key, sizeof key);
  code = base_buf_check(&sealed, "content", err);
  row.part0 = base_buf_view(&sealed);
  if (code == BASE_OK)
    code = store_message_add(core->store, &row, err);
  for (size_t i = 0; i < part0->part_count && code == BASE_OK; i++)
    code = core_part_expect(core, id, (uint16_t)i, &part0->parts[i], err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code arrive(struct core *core, struct core_give *give, const struct wire_frame *frame,
                             const struct store_arrival *arrival, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct wire_header header;
  struct wire_part0 part0 = {0};
  struct base_error why = {0};
  size_t missing = 0;
  if (check_content(core, give->partner, frame, &arrival->message, &arena, &header, &part0, &why) != BASE_OK) {
    wire_part0_free(&part0);
    return refuse(core, give, arrival, false, 0, &why, err);
  }
  enum base_code code = keep_message(core, frame, &arrival->message, &header, &part0, err);
  size_t parts = part0.part_count;
  wire_part0_free(&part0);
  if (code == BASE_OK)
    code = check_follows(core, &header, &arrival->message, &missing, true, &why, err);
  if (why.code != BASE_OK)
    return refuse(core, give, arrival, true, (uint16_t)parts, &why, err);
  if (code != BASE_OK)
    return code;
  if (missing > 0 || parts > 0)
    return give_add(give, arrival->number, &arrival->message, err);
  return admit(core, give, arrival, &header, frame->header, 0, err);
}

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
      .head_size = checkpoint->size,
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
  if (!base_hash_equal(&sent, &arrival.sent_hash))
    return base_fail(&give->fault, BASE_NUMBER, "number %llu was used for another message before",
                     (unsigned long long)opening->number);
  if (voided && !arrival.voided && !arrival.answered) {
    struct base_error why = {0};
    struct store_message row;
    (void)base_fail(&why, BASE_POLICY, "the sender ended it before it was complete");
    code = store_message_get(core->store, &arrival.message, &arena, &row, err);
    return code == BASE_OK ? refuse(core, give, &arrival, true, row.part_count, &why, err) : core_lose(core, code, err);
  }
  return arrival.voided ? BASE_OK : give_add(give, opening->number, &arrival.message, err);
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
  struct base_id id = voided ? opening.message : seal_message_id(frame->header);
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
  if (!voided && !base_hash_equal(&opening.previous, &partner->row.received_previous))
    return base_fail(fault, BASE_NUMBER, "number %llu does not name the statement before it",
                     (unsigned long long)opening.number);
  struct store_arrival arrival;
  code = take_number(core, give, frame, &opening, checkpoint, voided, &arrival, err);
  return code == BASE_OK && !voided ? arrive(core, give, frame, &arrival, err) : code;
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
  code = give_add(give, arrival.number, &arrival.message, err);
  if (code != BASE_OK || row.state != STORE_MESSAGE_PENDING || frame->part >= row.part_count)
    return code;
  bool complete = false;
  enum base_code wrong_code = BASE_OK;
  struct base_error wrong = {0};
  code = core_part_take(core, &frame->message, frame->part, frame->record, frame->last, frame->ciphertext, &complete,
                        &wrong_code, &wrong, err);
  if (code != BASE_OK)
    return code;
  if (wrong_code != BASE_OK)
    return refuse(core, give, &arrival, true, row.part_count, &wrong, err);
  return complete ? consider(core, give, &arrival.message, err) : BASE_OK;
}

/* --- a consignment */

struct opened {
  struct base_view plain;
  struct core_heads heads;
  struct wire_checkpoint checkpoint;
  bool older; /* the head is older than the one we cosigned: only repetitions are taken */
};

static enum base_code read_state(struct core *core, struct core_give *give, struct opened *opened,
                                 struct base_error *fault) {
  struct base_reader reader = base_reader_of(opened->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frames_check(opened->plain, "consignment", fault);
  while (code == BASE_OK && (code = wire_frame_read(&reader, &frame, &end, fault)) == BASE_OK && !end) {
    switch (frame.type) {
    case WIRE_FRAME_HEAD:
      opened->heads.note = frame.head;
      opened->heads.has_head = true;
      break;
    case WIRE_FRAME_CONSISTENCY:
      opened->heads.consistency[opened->heads.count++] = frame;
      break;
    case WIRE_FRAME_WANT_PROOF:
      give->base = frame.new_size;
      break;
    case WIRE_FRAME_COSIGN:
      code = core_cosign_take(core, give->partner, frame.new_size, frame.head, fault);
      break;
    default:
      break;
    }
  }
  if (code == BASE_OK && !opened->heads.has_head)
    code = base_fail(fault, BASE_PROTOCOL, "the consignment carries no head");
  return code;
}

static enum base_code take_frames(struct core *core, struct core_give *give, const struct opened *opened,
                                  struct base_error *err) {
  struct base_reader reader = base_reader_of(opened->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frame_read(&reader, &frame, &end, err);
  while (code == BASE_OK && !end) {
    bool statement = frame.type == WIRE_FRAME_MESSAGE || frame.type == WIRE_FRAME_VOIDED;
    if (statement && give->fault.code == BASE_OK)
      code = take_statement(core, give, &frame, &opened->checkpoint, opened->older, err);
    else if (frame.type == WIRE_FRAME_RECORD && give->fault.code == BASE_OK)
      code = take_record(core, give, &frame, err);
    if (give->fault.code != BASE_OK && core->failed == BASE_OK)
      return BASE_OK;
    if (code == BASE_OK)
      code = settle_waiting(core, give, err);
    if (code == BASE_OK)
      code = wire_frame_read(&reader, &frame, &end, err);
  }
  return code;
}

/* A head older than the one we cosigned: overtaken on the way, or the partner lost leaves. Repetitions are answered,
 * nothing new is taken; if it happens again and again it is a roll-back. */
static enum base_code take_older(struct core_give *give, const struct base_error *why) {
  if (++give->partner->older >= CORE_OLDER_MAX)
    give->fault = *why;
  else
    give->fault.code = BASE_OK;
  return BASE_OK;
}

static enum base_code take_opened(struct core *core, struct core_give *give, struct opened *opened,
                                  struct base_error *err) {
  struct base_error *fault = &give->fault;
  enum base_code code = read_state(core, give, opened, fault);
  if (code == BASE_OK) {
    struct base_error why = {0};
    code = core_head_take(core, give->partner, &opened->heads, &opened->checkpoint, &why);
    if (code == BASE_CONFLICT)
      return BASE_OK; /* the answer names the base that is wanted, and the partner proves again */
    opened->older = code == BASE_ROLLBACK;
    if (opened->older) {
      code = take_older(give, &why);
    } else if (code != BASE_OK) {
      *fault = why;
    } else {
      give->partner->older = 0;
      give->cosign = opened->checkpoint.size > 0;
    }
  }
  if (code != BASE_OK && core_ours(code)) {
    *err = *fault;
    return core_lose(core, code, err);
  }
  if (code == BASE_OK && fault->code == BASE_OK)
    code = take_frames(core, give, opened, err);
  if (fault->code != BASE_OK && core->failed == BASE_OK)
    code = core_partner_fault(core, give->partner, fault, opened->heads.note, err);
  return code;
}

static enum base_code open_envelope(struct core *core, const struct wire_json *request,
                                    const struct wire_envelope *envelope, struct core_partner **out,
                                    struct base_error *err) {
  if (!base_view_equal(envelope->to, core->card.origin))
    return base_fail(err, BASE_UNKNOWN_NODE, "the consignment is not for this node");
  struct core_partner *partner = core_partner_of(core, envelope->from);
  if (partner == NULL) {
    core->strangers++;
    return base_fail(err, BASE_UNKNOWN_NODE, "the sender is no partner of this node");
  }
  if (partner->row.state == STORE_PARTNER_SUSPENDED)
    return base_fail(err, BASE_SUSPENDED, "the exchange with this partner is suspended here");
  struct base_hash pin;
  if (!base_hash_parse(core_request_text(request, "pin"), &pin) || core_partner_pinned(core, &pin) != partner)
    return base_fail(err, BASE_PROTOCOL, "the consignment came over another partner's line");
  *out = partner;
  return BASE_OK;
}

static enum base_code unseal(struct core *core, const struct wire_envelope *envelope, struct core_give *give,
                             struct base_buf *plain, struct base_error *err) {
  uint8_t shared[32];
  enum base_code code =
      core->env.keeper.decapsulate(core->env.keeper.context, envelope->key_id, &envelope->enc, shared, err);
  if (code == BASE_OK)
    code = seal_consignment_open(envelope, shared, plain, &give->context, err);
  base_wipe(shared, sizeof shared);
  return code;
}

void core_exchange_give(struct core *core, uint64_t token, const struct wire_json *request, int fd) {
  struct base_error err = {0};
  struct base_view sealed = {0};
  struct wire_envelope envelope;
  struct core_partner *partner = NULL;
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  struct core_give *give = calloc(1, sizeof *give);
  enum base_code code = give == NULL ? base_fail(&err, BASE_MEMORY, "no memory for a consignment") : BASE_OK;
  if (code == BASE_OK)
    code = base_map_sealed(fd, WIRE_CONSIGNMENT_MAX, &sealed, &err);
  if (code == BASE_OK)
    code = wire_envelope_parse(sealed, &envelope, &err);
  if (code == BASE_OK)
    code = open_envelope(core, request, &envelope, &partner, &err);
  if (code == BASE_OK) {
    give->partner = partner;
    code = unseal(core, &envelope, give, &plain, &err);
    if (code != BASE_OK && !core_ours(code)) {
      struct base_error fault = err;
      if (core_partner_fault(core, partner, &fault, (struct base_view){0}, &err) == BASE_OK)
        err = fault;
    }
  }
  if (code == BASE_OK) {
    struct opened opened = {.plain = base_buf_view(&plain)};
    code = take_opened(core, give, &opened, &err);
  }
  base_unmap(&sealed);
  if (code != BASE_OK) {
    core_give_free(give);
    core_reply_error(core, token, code, &err);
    return;
  }
  /* He is there: what waits for him goes now. */
  partner->not_before_ms = 0;
  partner->row.last_contact = core_now(core);
  core_reply(core, token, BASE_OK)->give = give;
}

/* --- the answer */

static enum base_code answer_heads(struct core *core, struct core_give *give, bool proves, struct base_buf *out,
                                   struct base_error *err) {
  struct core_partner *partner = give->partner;
  struct wire_frame frame;
  enum base_code code = BASE_OK;
  if (proves || core->reg.attested > give->base)
    code = core_heads_write(core, partner, give->base, out, err);
  if (code == BASE_OK && give->cosign) {
    BASE_AUTO_BUF struct base_buf line = {0};
    base_buf_init(&line, WIRE_NOTE_MAX);
    struct base_error missing = {0};
    /* After a crash our note of that head may be gone although the keeper cosigned it: the next head brings a new line.
     */
    if (core_head_line(core, partner, partner->row.head_size, &line, &missing) == BASE_OK) {
      frame = (struct wire_frame){
          .type = WIRE_FRAME_COSIGN, .new_size = partner->row.head_size, .head = base_buf_view(&line)};
      wire_frame_write(&frame, out);
    }
  }
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = partner->row.head_size};
  wire_frame_write(&frame, out);
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER, .new_size = partner->row.received_number + 1};
  wire_frame_write(&frame, out);
  return code;
}

static enum base_code answer_one(struct core *core, const struct core_give *give, const struct given *given,
                                 struct base_buf *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_arrival arrival;
  struct wire_frame frame = {.type = WIRE_FRAME_RECEIPT, .message = given->message};
  enum base_code code = store_arrival_get(core->store, give->partner->row.number, given->number, &arena, &arrival, err);
  if (code != BASE_OK)
    return code;
  if (arrival.answered) {
    code = core_register_prove(core, arrival.answer_index, core->reg.attested, &arena, &frame.proof, err);
    if (code == BASE_OK)
      wire_frame_write(&frame, out);
    return code;
  }
  struct store_message row;
  bool complete = false;
  frame.type = WIRE_FRAME_PENDING;
  code = store_message_get(core->store, &given->message, &arena, &row, err);
  if (code == BASE_OK)
    code = core_parts_missing(core, &given->message, row.part_count, frame.wants, &complete, err);
  frame.wants_count = row.part_count;
  if (code == BASE_OK)
    wire_frame_write(&frame, out);
  return code;
}

static enum base_code answer_write(struct core *core, struct core_give *give, struct base_buf *out,
                                   struct base_error *err) {
  if (give->base > core->reg.attested) {
    (void)base_fail(&give->fault, BASE_ROLLBACK,
                    "this node was shown a head of its own register that it does not hold: it lost leaves");
    base_log(BASE_LOG_ERROR, "register.lost",
             "%.*s cosigned a head of %llu leaves, this register has %llu: it was restored from an old copy",
             (int)give->partner->card.name.size, (const char *)give->partner->card.name.data,
             (unsigned long long)give->base, (unsigned long long)core->reg.attested);
    give->base = core->reg.attested;
  }
  enum base_code code = answer_heads(core, give, give->count > 0, out, err);
  for (size_t i = 0; i < give->count && code == BASE_OK; i++)
    code = answer_one(core, give, &give->given[i], out, err);
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
