/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/register.h"

/* Consignments that go by hand: by stick, by diode, by courier. A file holds all that is open for a partner, and the
 * answers that he is owed, proved under one head. It is made one consignment per request, so that parts of any size
 * take the memory of one; its consignments are taken like those of the line, in the same order, with the same effect.
 * Nothing tells whether a file arrived: what stays open goes into the next one again, and numbers keep it from having
 * effect twice. */

/* --- files being made */

static void carry_end(struct core_carry *carry) {
  base_buf_free(&carry->note);
  *carry = (struct core_carry){0};
}

void core_carry_free(struct core *core) {
  for (size_t i = 0; i < CORE_CARRIES_MAX; i++)
    carry_end(&core->carries[i]);
}

static struct core_carry *carry_of(struct core *core, uint64_t id) {
  for (size_t i = 0; i < CORE_CARRIES_MAX; i++) {
    struct core_carry *carry = &core->carries[i];
    if (carry->id != 0 && core_now(core) - carry->touched > CORE_CARRY_SECONDS)
      carry_end(carry);
  }
  for (size_t i = 0; i < CORE_CARRIES_MAX; i++)
    if (core->carries[i].id == id && (id == 0 || core_asker_began(core, core->carries[i].by)))
      return &core->carries[i];
  return NULL;
}

static enum base_code partner_for(struct core *core, struct base_view name, struct core_partner **out,
                                  struct base_error *err) {
  struct core_partner *partner = core_partner_named(core, name);
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "no partner here is named %.*s; see: wasl partner list", (int)name.size,
                     (const char *)name.data);
  if (partner->row.state == STORE_PARTNER_SUSPENDED)
    return base_fail(err, BASE_SUSPENDED, "the exchange with %.*s is suspended at this node; see: wasl partner resume",
                     (int)name.size, (const char *)name.data);
  if (partner->damaged[0] != '\0')
    return base_fail(err, BASE_POLICY, "%.*s: %s", (int)name.size, (const char *)name.data, partner->damaged);
  *out = partner;
  return BASE_OK;
}

/* He is told where this register stands, and what he contradicts, and nothing else. */
static bool state_only(const struct core_partner *partner) {
  return partner->stopped || core_epoch_waits(partner);
}

void core_carry_begin(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_partner *partner = NULL;
  struct core_carry *carry = NULL;
  uint64_t open = 0;
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_purpose(reason, &err);
  if (code == BASE_OK)
    code = partner_for(core, core_request_text(request, "to"), &partner, &err);
  if (code == BASE_OK && core->lost[0] != '\0')
    code = base_fail(&err, BASE_POLICY, "%s", core->lost);
  if (code == BASE_OK && partner->heard.number != 0)
    code = base_fail(&err, BASE_SUSPENDED, "%s", partner->trouble);
  if (code == BASE_OK && (carry = carry_of(core, 0)) == NULL)
    code = base_fail(&err, BASE_BUSY, "%d files are being made at this moment; try again when one is whole",
                     CORE_CARRIES_MAX);
  if (code == BASE_OK && !state_only(partner))
    code = store_delivery_count(core->store, partner->row.number, STORE_WAITING, &open, &err);
  if (code == BASE_OK)
    code = core_write(core, &err);
  if (code == BASE_OK) {
    char subject[32 + WIRE_ORIGIN_MAX];
    snprintf(subject, sizeof subject, "a file for %.*s", (int)partner->card.origin.size,
             (const char *)partner->card.origin.data);
    struct wire_opening opening = {.actor = core_actor(core), .subject = base_view_text(subject), .reason = reason};
    code = core_register_add(core, WIRE_ACT_EXPORTED, &opening, NULL, &err);
  }
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  *carry = (struct core_carry){.id = ++core->next_carry, .partner = partner->row.number, .touched = core_now(core)};
  memcpy(carry->by, core_asker(core)->handle, sizeof carry->by);
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "file", (int64_t)carry->id);
  wire_write_member_text(&writer, "to", partner->card.name);
  wire_write_member_text(&writer, "origin", partner->card.origin);
  wire_write_member_integer(&writer, "messages", (int64_t)open);
  wire_write_member_bool(&writer, "state_only", state_only(partner));
  wire_write_end(&writer, '}');
}

/* --- the head of a file, and from which heads it is proved */

/* True when it was not known. */
static bool base_add(struct store_carried *carried, uint64_t size) {
  bool known = size == 0;
  for (size_t i = 0; i < carried->base_count && !known; i++)
    known = carried->bases[i] == size;
  if (known)
    return false;
  if (carried->base_count == STORE_CARRIED_BASES_MAX) /* the oldest goes */
    memmove(carried->bases, carried->bases + 1, --carried->base_count * sizeof carried->bases[0]);
  carried->bases[carried->base_count++] = size;
  return true;
}

/* One head for the whole file: the one that is attested now. It is kept, for a cosignature on it may come back long
 * after other heads were shown. */
static enum base_code carry_pin(struct core *core, struct core_carry *carry, const struct core_partner *partner,
                                struct base_error *err) {
  enum base_code code = store_carried_get(core->store, carry->partner, &carry->carried, err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code =
        store_head_put(core->store, core->reg.attested, &core->reg.attested_root, base_buf_view(&core->reg.note), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  for (size_t i = 0; i < CORE_SHOWN; i++)
    (void)base_add(&carry->carried, partner->shown[i].size);
  (void)base_add(&carry->carried, partner->row.cosigned_size);
  base_buf_init(&carry->note, WIRE_NOTE_MAX);
  base_buf_add_buf(&carry->note, &core->reg.note);
  carry->size = core->reg.attested;
  return base_buf_check(&carry->note, "head", err);
}

static enum base_code tell_head(struct core *core, struct core_carry *carry, const struct core_partner *partner,
                                struct base_buf *out, struct base_error *err) {
  struct wire_frame frame = {.type = WIRE_FRAME_HEAD, .head = base_buf_view(&carry->note)};
  wire_frame_write(&frame, out);
  enum base_code code = core_epoch_write(core, partner, carry->size, out, err);
  for (size_t told = 0;
       told < WIRE_CONSISTENCIES_MAX && carry->bases_told < carry->carried.base_count && code == BASE_OK;) {
    uint64_t base = carry->carried.bases[carry->bases_told++];
    if (base >= carry->size)
      continue;
    frame = (struct wire_frame){.type = WIRE_FRAME_CONSISTENCY, .old_size = base, .new_size = carry->size};
    code = core_register_consistency(core, base, carry->size, frame.hashes, &frame.hash_count, err);
    wire_frame_write(&frame, out);
    told++;
  }
  BASE_AUTO_BUF struct base_buf line = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  struct base_error missing = {0}; /* after a crash the note of that head may be gone: the next one brings a line */
  if (code == BASE_OK && partner->seen_size > 0 &&
      core_head_line(core, partner, partner->seen_size, &line, &missing) == BASE_OK) {
    frame =
        (struct wire_frame){.type = WIRE_FRAME_COSIGN, .new_size = partner->seen_size, .head = base_buf_view(&line)};
    wire_frame_write(&frame, out);
  }
  if (code == BASE_OK)
    code = core_cards_write(core, partner, carry->size, out, err);
  core_holds_write(partner, out);
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = partner->seen_size};
  wire_frame_write(&frame, out);
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_NUMBER, .new_size = partner->row.received_number + 1};
  wire_frame_write(&frame, out);
  if (code == BASE_OK)
    code = core_seen_carry(core, partner, out, err);
  return code == BASE_OK && !state_only(partner) ? core_compare_write(core, partner, carry->size, out, err) : code;
}

/* --- what is in it */

static enum base_code tell_answers(struct core_building *building, struct core_carry *carry) {
  uint64_t numbers[WIRE_CONSIGNMENT_MESSAGES_MAX];
  size_t count = 1;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && count > 0 && !building->more) {
    code = store_carried_answers(building->core->store, carry->partner, carry->answered, numbers,
                                 WIRE_CONSIGNMENT_MESSAGES_MAX, &count, building->err);
    for (size_t i = 0; i < count && code == BASE_OK && !building->more; i++) {
      BASE_AUTO_ARENA struct base_arena arena = {0};
      base_arena_init(&arena, 1 << 20);
      struct store_arrival arrival;
      code = store_arrival_get(building->core->store, carry->partner, numbers[i], &arena, &arrival, building->err);
      /* What was answered since the file was begun is not under its head: it goes with the next file. */
      if (code == BASE_OK && (!arrival.answered || arrival.answer_index < carry->size))
        code = core_answer_number(building->core, building->partner, numbers[i], carry->size, building->out,
                                  building->err);
      carry->answered = numbers[i];
      building->more = building->out->size >= CORE_CONSIGNMENT_BYTES;
    }
  }
  return code;
}

struct telling {
  struct core_building *building;
  bool beyond; /* the next number was given after the file was begun */
};

static enum base_code tell_delivery(void *context, const struct store_delivery *delivery) {
  struct telling *telling = context;
  bool ended = delivery->state == STORE_ENDED || delivery->state == STORE_REFUSED;
  telling->beyond =
      telling->beyond || (ended ? delivery->voided_index : delivery->sent_index) >= telling->building->size;
  return telling->beyond ? BASE_OK : core_build_delivery(telling->building, delivery);
}

static enum base_code tell_statements(struct core_building *building, struct core_carry *carry) {
  struct telling telling = {.building = building};
  enum base_code code = store_delivery_open(building->core->store, carry->partner, carry->number,
                                            WIRE_CONSIGNMENT_MESSAGES_MAX, tell_delivery, &telling, building->err);
  if (code != BASE_OK)
    return code;
  if (building->made->last_number > 0)
    carry->number = building->made->last_number;
  building->more = building->more || building->made->messages == WIRE_CONSIGNMENT_MESSAGES_MAX;
  /* Law took a message back: the void that takes its place is no part of this head. What waits for the receipt of the notice of
   * an emergency, and what is behind it, goes with the next file. */
  carry->statements_told = telling.beyond || building->partner->revoke || building->held || !building->more;
  return BASE_OK;
}

struct finding {
  struct store_delivery delivery; /* its numbers and message only */
  bool found;
};

static enum base_code find_delivery(void *context, const struct store_delivery *delivery) {
  struct finding *finding = context;
  finding->delivery = *delivery;
  finding->found = true;
  return BASE_OK;
}

static enum base_code tell_parts_of(struct core_building *building, struct core_carry *carry,
                                    const struct store_delivery *delivery, bool *full) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  if (delivery->state != STORE_WAITING)
    return BASE_OK;
  enum base_code code = store_message_get(building->core->store, &delivery->message, &arena, &row, building->err);
  while (code == BASE_OK && !*full && carry->part < row.part_count) {
    code = core_build_records(building, &delivery->message, carry->part, &carry->record, full);
    if (code == BASE_OK && !*full) {
      carry->part++;
      carry->record = 0;
    }
  }
  return code;
}

static enum base_code tell_parts(struct core_building *building, struct core_carry *carry) {
  bool full = false;
  while (!full && carry->recorded < carry->number) {
    struct finding finding = {0};
    enum base_code code = store_delivery_open(building->core->store, carry->partner, carry->recorded, 1, find_delivery,
                                              &finding, building->err);
    if (code == BASE_OK && finding.found && finding.delivery.number <= carry->number)
      code = tell_parts_of(building, carry, &finding.delivery, &full);
    else
      finding.delivery.number = carry->number;
    if (code != BASE_OK)
      return code;
    if (!full) {
      carry->recorded = finding.delivery.number;
      carry->part = 0;
      carry->record = 0;
    }
  }
  building->more = full;
  return BASE_OK;
}

/* The plaintext of the file's next consignment. */
static enum base_code carry_build(struct core *core, struct core_carry *carry, struct core_partner *partner,
                                  struct base_buf *plain, bool *exercise, struct base_error *err) {
  struct core_consignment made = {0};
  struct core_building building = {
      .core = core, .partner = partner, .size = carry->size, .out = plain, .made = &made, .err = err,
      .lane = WIRE_LANE_NONE};
  enum base_code code = tell_head(core, carry, partner, plain, err);
  if (code != BASE_OK || carry->bases_told < carry->carried.base_count)
    return code; /* more heads to prove from: what needs a proved head comes after them */
  carry->done = state_only(partner);
  if (carry->done)
    return base_buf_check(plain, "consignment", err);
  code = tell_answers(&building, carry);
  if (code == BASE_OK && !building.more && !carry->statements_told)
    code = tell_statements(&building, carry);
  if (code == BASE_OK && !building.more && carry->statements_told)
    code = tell_parts(&building, carry);
  carry->done = carry->statements_told && !building.more && carry->recorded >= carry->number;
  *exercise = made.exercise;
  return code == BASE_OK ? base_buf_check(plain, "consignment", err) : code;
}

static enum base_code carry_seal(struct core *core, const struct core_partner *partner, bool exercise,
                                 struct base_view plain, struct base_buf *out, struct base_error *err) {
  const struct wire_seal_key *key = core_partner_seal(core, partner);
  if (key == NULL)
    return base_fail(err, BASE_POLICY, "the sealing keys on the card of %.*s have expired: ask for a new card",
                     (int)partner->card.name.size, (const char *)partner->card.name.data);
  uint8_t entropy[32];
  struct seal_hpke_context context; /* for an answer on the line: by hand it is another file */
  core->env.world->random(core->env.world->context, entropy, sizeof entropy);
  enum base_code code =
      seal_consignment(key, core->card.origin, partner->card.origin, exercise, plain, entropy, out, &context, err);
  base_wipe(entropy, sizeof entropy);
  base_wipe(&context, sizeof context);
  return code;
}

/* The file is whole: what it holds is said in the outbox, and its head is one that the next file proves from. */
static enum base_code carry_finish(struct core *core, struct core_carry *carry, struct core_partner *partner,
                                   struct base_error *err) {
  struct store_carried carried = carry->carried;
  (void)base_add(&carried, carry->size);
  carried.made = core_now(core);
  if (carry->number > 0)
    carried.number = carry->number;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_carried_put(core->store, carry->partner, &carried, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core_partner_carried(partner, &carried);
  carry_end(carry);
  return BASE_OK;
}

static enum base_code carry_step(struct core *core, struct core_carry *carry, struct base_buf *out,
                                 struct base_error *err) {
  struct core_partner *partner = core_partner_numbered(core, carry->partner);
  enum base_code code = partner_for(core, partner->card.name, &partner, err);
  if (code != BASE_OK)
    return code;
  carry->touched = core_now(core);
  if (carry->done)
    return carry_finish(core, carry, partner, err);
  if (carry->size == 0)
    code = carry_pin(core, carry, partner, err);
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX - 1024);
  bool exercise = false;
  if (code == BASE_OK)
    code = carry_build(core, carry, partner, &plain, &exercise, err);
  if (code == BASE_OK)
    code = carry_seal(core, partner, exercise, base_buf_view(&plain), out, err);
  if (plain.data != NULL)
    base_wipe(plain.data, plain.size);
  return code;
}

void core_carry_next(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  int64_t id = wire_json_integer(wire_json_get(request, "file"));
  struct core_carry *carry = id > 0 ? carry_of(core, (uint64_t)id) : NULL;
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, WIRE_CONSIGNMENT_MAX);
  enum base_code code = carry != NULL ? carry_step(core, carry, &out, &err)
                                      : base_fail(&err, BASE_NOT_FOUND,
                                                  "this file is not being made (any more): begin "
                                                  "anew with wasl consignment export");
  if (code == BASE_OK) {
    base_buf_add_buf(&core_reply(core, token, BASE_OK)->payload, &out);
    return;
  }
  if (carry != NULL)
    carry_end(carry);
  core_reply_error(core, token, code, &err);
}

/* --- taking */

struct taking {
  struct core_partner *partner;
  struct core_give give;
  struct core_opened opened;
  uint64_t head_before, number_before;
  size_t statements, receipts, records;
};

static enum base_code open_carried(struct core *core, struct base_view sealed, struct taking *taking,
                                   struct base_buf *plain, struct base_error *err) {
  struct wire_envelope envelope;
  enum base_code code = wire_envelope_parse(sealed, &envelope, err);
  if (code != BASE_OK)
    return code;
  if (!base_view_equal(envelope.to, core->card.origin))
    return base_fail(err, BASE_UNKNOWN_NODE, "it is for the node %.*s, and this one is %.*s", (int)envelope.to.size,
                     (const char *)envelope.to.data, (int)core->card.origin.size, (const char *)core->card.origin.data);
  struct core_partner *partner = core_partner_of(core, envelope.from);
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "it is from %.*s, which is no partner of this node: add its card first",
                     (int)envelope.from.size, (const char *)envelope.from.data);
  code = partner_for(core, partner->card.name, &partner, err);
  if (code == BASE_OK)
    code = core_consignment_unseal(core, &envelope, &taking->give, plain, err);
  taking->partner = taking->give.partner = partner;
  return code;
}

static void count_frames(struct taking *taking) {
  struct base_reader reader = base_reader_of(taking->opened.plain);
  struct wire_frame frame;
  struct base_error ignored = {0};
  bool end = false;
  while (wire_frame_read(&reader, &frame, &end, &ignored) == BASE_OK && !end) {
    taking->statements += frame.type == WIRE_FRAME_MESSAGE || frame.type == WIRE_FRAME_VOIDED;
    taking->receipts += frame.type == WIRE_FRAME_RECEIPT;
    taking->records += frame.type == WIRE_FRAME_RECORD;
  }
}

/* 0 when it does not say it. */
static uint64_t wanted_number(struct base_view plain) {
  struct base_reader reader = base_reader_of(plain);
  struct wire_frame frame;
  struct base_error ignored = {0};
  bool end = false;
  uint64_t wanted = 0;
  while (wire_frame_read(&reader, &frame, &end, &ignored) == BASE_OK && !end)
    if (frame.type == WIRE_FRAME_WANT_NUMBER)
      wanted = frame.new_size;
  return wanted;
}

/* A newer file than any before names all numbers that its sender has no answer to: the others need none any more. */
static enum base_code owe_answers(struct core *core, const struct taking *taking, struct base_error *err) {
  int64_t partner = taking->partner->row.number;
  bool newer = taking->partner->seen_size > taking->head_before;
  if (!newer && taking->give.count == 0)
    return BASE_OK;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK && newer)
    code = store_carried_answers_clear(core->store, partner, err);
  for (size_t i = 0; i < taking->give.count && code == BASE_OK; i++)
    code = store_carried_answer_add(core->store, partner, taking->give.given[i].number, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* The head of ours that he saw last: the next file proves from it, too. */
static enum base_code note_base(struct core *core, const struct taking *taking, struct base_error *err) {
  struct store_carried carried;
  uint64_t base = taking->give.base;
  if (base == 0 || base > core->reg.attested || taking->opened.older)
    return BASE_OK;
  enum base_code code = store_carried_get(core->store, taking->partner->row.number, &carried, err);
  if (code == BASE_OK && !base_add(&carried, base))
    return BASE_OK;
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_carried_put(core->store, taking->partner->row.number, &carried, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code take_carried(struct core *core, struct taking *taking, struct base_error *err) {
  struct core_partner *partner = taking->partner;
  struct base_error *fault = &taking->give.fault;
  taking->head_before = partner->seen_size;
  taking->number_before = partner->row.received_number;
  enum base_code code = core_consignment_take(core, &taking->give, &taking->opened, true, err);
  core_card_frames_free(&taking->opened.cards);
  if (code == BASE_OK && core->lost[0] != '\0') /* as the file shows, or another one before */
    (void)base_fail(fault, BASE_ROLLBACK,
                    "this node lost leaves of its register, and partners hold a later head of it: nothing is taken, "
                    "and wasl node status says what to do");
  /* A person has to confirm his epoch, or to decide how it goes on with him. */
  if (code == BASE_OK && fault->code == BASE_OK && (taking->give.waits || (taking->give.unread && partner->stopped)))
    (void)base_fail(fault, BASE_SUSPENDED, "%s", partner->trouble);
  if (code == BASE_OK && fault->code == BASE_FORK && partner->stopped) /* by this file, or before */
    (void)base_fail(fault, BASE_FORK, "%s", partner->trouble);
  if (code == BASE_OK && fault->code == BASE_OK && taking->give.unread)
    return BASE_OK;
  if (code == BASE_OK && fault->code == BASE_OK && !taking->opened.older)
    code = core_answers_take(core, partner, taking->opened.plain, &taking->opened.checkpoint, fault, err);
  if (code == BASE_OK && fault->code == BASE_OK && !taking->opened.older)
    code = core_epoch_join(core, partner, wanted_number(taking->opened.plain), err);
  if (code == BASE_OK && fault->code != BASE_SUSPENDED) /* then nothing of it was taken that could be answered */
    code = owe_answers(core, taking, err);
  if (code == BASE_OK && fault->code == BASE_OK)
    code = note_base(core, taking, err);
  if (code == BASE_OK && partner->seen_size > taking->head_before) {
    partner->row.owes_cosign = true;
    partner->cosign_at_ms = core_now_ms(core) + CORE_COSIGN_DELAY_MS;
  }
  partner->maybe = true;
  if (code == BASE_OK && core->wrote)
    code = core_partner_save(core, partner, err);
  if (code == BASE_OK && fault->code == BASE_OK && taking->give.no_room)
    (void)base_fail(fault, BASE_DISK_FULL,
                    "there is no room on the disk for all of it: make room, and import the file again");
  if (code == BASE_OK && fault->code != BASE_OK) {
    *err = *fault;
    code = fault->code;
  }
  return code;
}

static void answer_taken(struct core *core, uint64_t token, const struct taking *taking) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "from", taking->partner->card.name);
  wire_write_member_bool(&writer, "older", taking->opened.older);
  wire_write_member_bool(&writer, "proved", !taking->give.unread);
  wire_write_member_integer(&writer, "known", (int64_t)taking->partner->seen_size);
  wire_write_member_integer(&writer, "messages", (int64_t)taking->statements);
  wire_write_member_integer(&writer, "taken", (int64_t)(taking->partner->row.received_number - taking->number_before));
  wire_write_member_integer(&writer, "receipts", (int64_t)taking->receipts);
  wire_write_member_integer(&writer, "records", (int64_t)taking->records);
  wire_write_end(&writer, '}');
}

void core_carry_take(struct core *core, uint64_t token, int fd) {
  struct base_error err = {0};
  struct base_view sealed = {0};
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  struct taking taking = {0};
  enum base_code code = base_map_sealed(fd, WIRE_CONSIGNMENT_MAX, &sealed, &err);
  if (code == BASE_OK && core_disk_rests(core))
    code = base_fail(&err, BASE_DISK_FULL, CORE_NO_ROOM);
  if (code == BASE_OK)
    code = open_carried(core, sealed, &taking, &plain, &err);
  if (code == BASE_OK) {
    taking.opened.plain = base_buf_view(&plain);
    code = take_carried(core, &taking, &err);
  }
  base_unmap(&sealed);
  if (code == BASE_OK) {
    count_frames(&taking);
    answer_taken(core, token, &taking);
  } else {
    core_reply_error(core, token, code, &err);
  }
  if (plain.data != NULL)
    base_wipe(plain.data, plain.size);
  base_wipe(&taking.give.context, sizeof taking.give.context);
  free(taking.give.given);
  free(taking.give.settled);
}
