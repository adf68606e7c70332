/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

/* What goes out: one consignment per partner at a time, made when the gate asks for work, after the attestation of the
 * head that proves it. Nothing is taken off the outbox but by a receipt, law, or an officer. */

enum store_delivery_state core_delivery_state(const struct core_partner *partner,
                                              const struct store_delivery *delivery) {
  if (delivery->state != STORE_WAITING)
    return delivery->state;
  const struct core_flight *flight = &partner->flight;
  bool in_flight = flight->exchange != 0 && delivery->number <= flight->last_number;
  return in_flight || delivery->number <= partner->handed ? STORE_UNDER_WAY : STORE_WAITING;
}

/* --- trouble */

static void trouble(struct core *core, struct core_partner *partner, enum base_code code, struct base_view text) {
  uint32_t jitter = 0;
  core->env.world->random(core->env.world->context, &jitter, sizeof jitter);
  int64_t delay = partner->failures < 8 ? (int64_t)CORE_RETRY_FIRST_MS << partner->failures : CORE_RETRY_MOST_MS;
  if (delay > CORE_RETRY_MOST_MS)
    delay = CORE_RETRY_MOST_MS;
  delay += (int64_t)(jitter % (uint32_t)(delay / 5 + 1));
  if (partner->failures++ == 0 || partner->trouble_code != code)
    base_log(BASE_LOG_NOTICE, "partner.trouble", "%.*s: %s: %.*s", (int)partner->card.name.size,
             (const char *)partner->card.name.data, base_code_name(code), (int)text.size, (const char *)text.data);
  partner->not_before_ms = core_now_ms(core) + delay;
  partner->trouble_code = code;
  partner->maybe = true;
  snprintf(partner->trouble, sizeof partner->trouble, "%.*s", (int)text.size, (const char *)text.data);
}

static void well(struct core_partner *partner) {
  if (partner->failures > 0)
    base_log(BASE_LOG_NOTICE, "partner.well", "%.*s: the exchange goes on", (int)partner->card.name.size,
             (const char *)partner->card.name.data);
  partner->failures = 0;
  partner->not_before_ms = 0;
  partner->trouble[0] = '\0';
  partner->trouble_code = BASE_OK;
}

/* --- transfers of parts */

static struct core_transfer *transfer_of(struct core_partner *partner, const struct base_id *message) {
  for (size_t i = 0; i < partner->transfer_count; i++)
    if (base_id_equal(&partner->transfers[i].message, message))
      return &partner->transfers[i];
  return NULL;
}

static enum base_code transfer_set(struct core_partner *partner, const struct wire_frame *pending,
                                   struct base_error *err) {
  struct core_transfer *transfer = transfer_of(partner, &pending->message);
  if (transfer == NULL) {
    if (partner->transfer_count == partner->transfer_room) {
      size_t room = partner->transfer_room == 0 ? 16 : 2 * partner->transfer_room;
      struct core_transfer *grown = realloc(partner->transfers, room * sizeof *grown);
      if (grown == NULL)
        return base_fail(err, BASE_MEMORY, "no memory for a transfer");
      partner->transfers = grown;
      partner->transfer_room = room;
    }
    transfer = &partner->transfers[partner->transfer_count++];
    memset(transfer, 0, sizeof *transfer);
    transfer->message = pending->message;
  }
  transfer->part_count = pending->wants_count;
  memcpy(transfer->wants, pending->wants, sizeof transfer->wants);
  return BASE_OK;
}

void core_transfer_end(struct core_partner *partner, const struct base_id *message) {
  struct core_transfer *transfer = transfer_of(partner, message);
  if (transfer != NULL)
    *transfer = partner->transfers[--partner->transfer_count];
}

/* --- building */

struct building {
  struct core *core;
  struct core_partner *partner;
  struct base_buf *out;
  struct base_error *err;
  size_t messages, records;
  uint64_t last_number, next_number;
  bool more; /* did not all fit */
};

static enum base_code build_proof(struct building *building, uint64_t index, struct base_arena *arena,
                                  struct wire_frame_proof *out) {
  return core_register_prove(building->core, index, building->core->reg.attested, arena, out, building->err);
}

static enum base_code build_voided(struct building *building, const struct store_delivery *delivery) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_frame frame = {.type = WIRE_FRAME_VOIDED};
  enum base_code code = build_proof(building, delivery->voided_index, &arena, &frame.proof);
  if (code == BASE_OK)
    wire_frame_write(&frame, building->out);
  return code;
}

/* Law once more, with what is in force now. A no ends this consignment before the message; the next step writes it
 * down. */
static enum base_code build_law(struct building *building, const struct store_delivery *delivery,
                                const struct core_content *content) {
  struct core *core = building->core;
  struct core_partner *partner = building->partner;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  const struct core_kind *kind = core_kind_hashed(core, content->header.kind, &content->header.kind_hash);
  struct wire_header opening = content->header;
  enum base_code code = BASE_OK;
  if (!content->header.opens) {
    struct store_message row;
    code = store_message_get(core->store, &content->header.case_id, &arena, &row, building->err);
    if (code == BASE_OK)
      code = wire_header_parse(row.header, &arena, &opening, building->err);
  }
  if (code == BASE_OK && kind == NULL)
    code = base_fail(building->err, BASE_KIND, "the kind of the message is not shipped any more");
  if (code != BASE_OK)
    return code;
  char clause[LAW_CLAUSE_MAX + 1];
  code = core_law(core, &kind->kind, &opening, content->header.type, partner, clause, &partner->revoke_why);
  if (code == BASE_OK)
    return BASE_OK;
  if (core_ours(code) || code == BASE_SUSPENDED) {
    *building->err = partner->revoke_why;
    return code;
  }
  partner->revoke = true;
  partner->revoke_message = delivery->message;
  return code;
}

static enum base_code build_message(struct building *building, const struct store_delivery *delivery) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct wire_frame frame = {.type = WIRE_FRAME_MESSAGE};
  enum base_code code = core_content_bytes(building->core, &delivery->message, &arena, &content, building->err);
  if (code != BASE_OK)
    return code;
  code = build_law(building, delivery, &content);
  if (code == BASE_OK)
    code = build_proof(building, delivery->sent_index, &arena, &frame.proof);
  if (code == BASE_OK) {
    frame.header = content.row.header;
    frame.part0 = content.row.part0;
    size_t before = building->out->size;
    if (building->messages > 0 && before + frame.header.size + frame.part0.size > CORE_CONSIGNMENT_BYTES)
      building->more = true;
    else
      wire_frame_write(&frame, building->out);
  }
  core_content_free(&content);
  return code;
}

static enum base_code build_delivery(void *context, const struct store_delivery *delivery) {
  struct building *building = context;
  bool ended = delivery->state == STORE_ENDED || delivery->state == STORE_REFUSED;
  if (building->more)
    return BASE_OK;
  enum base_code code = ended ? build_voided(building, delivery) : build_message(building, delivery);
  if (building->partner->revoke) {
    building->more = true;
    return BASE_OK;
  }
  if (code == BASE_OK && !building->more) {
    building->messages++;
    building->last_number = delivery->number;
  }
  return code;
}

/* *full: there was no room for all that is left. */
static enum base_code build_records_of(struct building *building, const struct core_transfer *transfer, uint16_t part,
                                       bool *full) {
  struct core *core = building->core;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_part row;
  enum base_code code = store_part_get(core->store, &transfer->message, part, &arena, &row, building->err);
  for (uint32_t record = transfer->wants[part]; code == BASE_OK && record < row.records; record++) {
    *full = building->out->size > CORE_CONSIGNMENT_BYTES - WIRE_RECORD_MAX;
    if (*full)
      return BASE_OK;
    BASE_AUTO_BUF struct base_buf sealed = {0};
    base_buf_init(&sealed, WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD);
    code = core_part_record(core, &row, record, &sealed, building->err);
    if (code != BASE_OK)
      return code;
    struct wire_frame frame = {.type = WIRE_FRAME_RECORD,
                               .message = transfer->message,
                               .part = part,
                               .record = record,
                               .last = record + 1 == row.records,
                               .ciphertext = base_buf_view(&sealed)};
    wire_frame_write(&frame, building->out);
    building->records++;
  }
  return code;
}

/* Transfers take turns: the one that was served moves to the end. One of which the partner holds every record waits for
 * something else (a predecessor) and is no transfer any more. */
static enum base_code build_records(struct building *building) {
  struct core_partner *partner = building->partner;
  enum base_code code = BASE_OK;
  size_t i = 0;
  bool full = false;
  while (i < partner->transfer_count && code == BASE_OK && !full) {
    struct core_transfer *transfer = &partner->transfers[i];
    size_t before = building->records;
    for (uint16_t part = 0; part < transfer->part_count && code == BASE_OK && !full; part++)
      code = build_records_of(building, transfer, part, &full);
    if (code == BASE_OK && !full && building->records == before)
      *transfer = partner->transfers[--partner->transfer_count];
    else
      i++;
  }
  if (partner->transfer_count > 1 && building->records > 0) {
    struct core_transfer first = partner->transfers[0];
    memmove(&partner->transfers[0], &partner->transfers[1], (partner->transfer_count - 1) * sizeof first);
    partner->transfers[partner->transfer_count - 1] = first;
  }
  return code;
}

static enum base_code build_state(struct building *building) {
  struct core *core = building->core;
  struct core_partner *partner = building->partner;
  struct wire_frame frame;
  enum base_code code = core_heads_write(core, partner, partner->row.cosigned_size, building->out, building->err);
  if (code != BASE_OK)
    return code;
  if (partner->row.owes_cosign) {
    BASE_AUTO_BUF struct base_buf line = {0};
    base_buf_init(&line, WIRE_NOTE_MAX);
    struct base_error missing = {0};
    if (core_head_line(core, partner, partner->row.head_size, &line, &missing) == BASE_OK) {
      frame = (struct wire_frame){
          .type = WIRE_FRAME_COSIGN, .new_size = partner->row.head_size, .head = base_buf_view(&line)};
      wire_frame_write(&frame, building->out);
      partner->flight.cosign_size = partner->row.head_size;
    }
  }
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = partner->row.head_size};
  wire_frame_write(&frame, building->out);
  return code;
}

/* --- handing over */

static bool held_due(const struct core *core, const struct core_partner *partner) {
  return partner->held_at_ms != 0 && partner->held_at_ms <= core_now_ms(core);
}

static bool cosign_due(const struct core *core, const struct core_partner *partner) {
  return partner->row.owes_cosign && partner->cosign_at_ms <= core_now_ms(core);
}

static bool ready(const struct core *core, const struct core_partner *partner) {
  if (partner->row.state == STORE_PARTNER_SUSPENDED || partner->stopped || partner->flight.exchange != 0 ||
      partner->revoke)
    return false;
  if (partner->not_before_ms > core_now_ms(core))
    return false;
  return partner->maybe || partner->transfer_count > 0 || held_due(core, partner) || cosign_due(core, partner);
}

static enum base_code build(struct building *building) {
  struct core_partner *partner = building->partner;
  struct core *core = building->core;
  if (held_due(core, partner)) { /* asks again, with the messages themselves */
    partner->handed = 0;
    partner->held_at_ms = 0;
  }
  enum base_code code = build_state(building);
  if (code == BASE_OK)
    code = store_delivery_open(core->store, partner->row.number, partner->handed, WIRE_CONSIGNMENT_MESSAGES_MAX,
                               build_delivery, building, building->err);
  if (code == BASE_OK)
    code = build_records(building);
  if (code == BASE_OK)
    partner->maybe = building->more || building->messages == WIRE_CONSIGNMENT_MESSAGES_MAX;
  return code == BASE_OK ? base_buf_check(building->out, "consignment", building->err) : code;
}

static void take_answer(struct core *core, uint64_t token, const struct core_partner *partner,
                        struct base_view sealed) {
  BASE_AUTO_BUF struct base_buf payload = {0};
  base_buf_init(&payload, 64 << 10);
  struct wire_writer writer;
  wire_writer_init(&writer, &payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "exchange", (int64_t)partner->flight.exchange);
  wire_write_member_text(&writer, "partner", partner->card.name);
  wire_write_key(&writer, "addresses");
  wire_write_array(&writer);
  for (size_t i = 0; i < partner->card.address_count; i++)
    wire_write_text(&writer, partner->card.addresses[i]);
  wire_write_end(&writer, ']');
  wire_write_key(&writer, "pins");
  wire_write_array(&writer);
  for (size_t i = 0; i < partner->card.pin_count; i++)
    wire_write_string(&writer, base_hash_text(&partner->card.pins[i]).text);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  struct base_error err = {0};
  int fd = base_memfd_sealed("consignment", sealed, &err);
  if (fd < 0)
    core->env.answer(core->env.context, token, err.code, base_view_text(err.text), -1);
  else
    core->env.answer(core->env.context, token, BASE_OK, base_buf_view(&payload), fd);
  base_close_fd(&fd);
}

static enum base_code seal_and_hand(struct core *core, struct core_partner *partner, struct base_view plain,
                                    uint64_t token, struct base_error *err) {
  const struct wire_seal_key *key = core_partner_seal(core, partner);
  if (key == NULL)
    return base_fail(err, BASE_POLICY, "the sealing keys on the partner's card have expired: ask for a new card");
  uint8_t entropy[32];
  core->env.world->random(core->env.world->context, entropy, sizeof entropy);
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  enum base_code code = seal_consignment(key, core->card.origin, partner->card.origin, plain, entropy, &sealed,
                                         &partner->flight.context, err);
  base_wipe(entropy, sizeof entropy);
  if (code != BASE_OK)
    return code;
  partner->flight.exchange = ++core->next_exchange;
  partner->flight.head_size = core->reg.attested;
  take_answer(core, token, partner, base_buf_view(&sealed));
  return BASE_OK;
}

/* True when a consignment went to the gate. */
static bool hand_over(struct core *core, struct core_partner *partner, uint64_t token) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX - 1024);
  memset(&partner->flight, 0, sizeof partner->flight);
  struct building building = {.core = core, .partner = partner, .out = &plain, .err = &err};
  enum base_code code = build(&building);
  bool cosigns = partner->flight.cosign_size > 0;
  if (code == BASE_OK && building.messages == 0 && building.records == 0 && !(cosigns && cosign_due(core, partner))) {
    if (!cosigns)
      partner->row.owes_cosign = false; /* the line is gone: nothing to owe */
    return false;
  }
  partner->flight.last_number = building.last_number;
  if (building.last_number > partner->shipped)
    partner->shipped = building.last_number;
  if (code == BASE_OK)
    code = seal_and_hand(core, partner, base_buf_view(&plain), token, &err);
  if (code != BASE_OK) {
    partner->flight.exchange = 0;
    trouble(core, partner, code, base_view_text(err.text));
  }
  if (plain.data != NULL)
    base_wipe(plain.data, plain.size);
  return code == BASE_OK;
}

static int64_t soonest(int64_t due, int64_t delay) {
  if (delay < 0)
    delay = 0;
  return due < 0 || delay < due ? delay : due;
}

static int64_t partner_due(const struct core *core, const struct core_partner *partner) {
  int64_t now = core_now_ms(core), due = -1;
  if (partner->row.state == STORE_PARTNER_SUSPENDED || partner->stopped || partner->flight.exchange != 0)
    return -1;
  if (partner->revoke)
    return 0;
  bool work = partner->maybe || partner->transfer_count > 0;
  if (work)
    due = soonest(due, partner->not_before_ms - now);
  if (partner->row.owes_cosign)
    due = soonest(
        due, (partner->cosign_at_ms > partner->not_before_ms ? partner->cosign_at_ms : partner->not_before_ms) - now);
  if (partner->held_at_ms != 0)
    due = soonest(due,
                  (partner->held_at_ms > partner->not_before_ms ? partner->held_at_ms : partner->not_before_ms) - now);
  return due;
}

int64_t core_outgoing_hand_over(struct core *core) {
  int64_t due = -1;
  for (size_t i = 0; i < core->partner_count; i++) {
    struct core_partner *partner = core->partners[i];
    while (core->take_count > 0 && ready(core, partner) && core->reg.attested == core->reg.size) {
      if (hand_over(core, partner, core->takes[core->take_count - 1])) {
        core->take_count--;
        break;
      }
    }
    int64_t delay = partner_due(core, partner);
    /* Without a parked take the gate's next one wakes us. */
    if (delay >= 0 && (core->take_count > 0 || partner->revoke || delay > 0))
      due = soonest(due, delay);
  }
  return due;
}

enum base_code core_outgoing_prepare(struct core *core, struct base_error *err) {
  for (size_t i = 0; i < core->partner_count; i++) {
    struct core_partner *partner = core->partners[i];
    if (!partner->revoke)
      continue;
    partner->revoke = false;
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_delivery delivery;
    enum base_code code =
        store_delivery_get(core->store, &partner->revoke_message, partner->row.number, &arena, &delivery, err);
    char reason[BASE_ERROR_TEXT_MAX + 40];
    snprintf(reason, sizeof reason, "%s: %s", base_code_name(partner->revoke_why.code), partner->revoke_why.text);
    if (code == BASE_OK && delivery.state == STORE_WAITING)
      code = core_delivery_void(core, partner, &delivery, STORE_REFUSED, base_view_text(reason), err);
    if (code != BASE_OK)
      return code;
  }
  return BASE_OK;
}

void core_exchange_take(struct core *core, uint64_t token) {
  if (core->take_count == core->take_room) {
    size_t room = core->take_room == 0 ? 16 : 2 * core->take_room;
    uint64_t *grown = realloc(core->takes, room * sizeof *grown);
    if (grown == NULL) {
      struct base_error err = {0};
      enum base_code code = base_fail(&err, BASE_MEMORY, "no memory for a parked request");
      core_reply_error(core, token, code, &err);
      return;
    }
    core->takes = grown;
    core->take_room = room;
  }
  core->takes[core->take_count++] = token;
}

/* --- the answer */

struct answered {
  struct base_view plain;
  struct core_heads heads;
  struct wire_checkpoint checkpoint;
  bool again; /* the heads crossed on the way: ask once more */
  uint64_t want_number;
  struct base_error fault; /* what the partner says is wrong with ours */
};

static enum base_code read_answer(struct core *core, struct core_partner *partner, struct answered *answered,
                                  struct base_error *fault) {
  struct base_reader reader = base_reader_of(answered->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frames_check(answered->plain, "answer", fault);
  while (code == BASE_OK && (code = wire_frame_read(&reader, &frame, &end, fault)) == BASE_OK && !end) {
    char name[64];
    switch (frame.type) {
    case WIRE_FRAME_HEAD:
      answered->heads.note = frame.head;
      answered->heads.has_head = true;
      break;
    case WIRE_FRAME_CONSISTENCY:
      answered->heads.consistency[answered->heads.count++] = frame;
      break;
    case WIRE_FRAME_WANT_PROOF:
      partner->row.cosigned_size = frame.new_size;
      break;
    case WIRE_FRAME_WANT_NUMBER:
      answered->want_number = frame.new_size;
      break;
    case WIRE_FRAME_COSIGN:
      code = core_cosign_take(core, partner, frame.new_size, frame.head, fault);
      break;
    case WIRE_FRAME_FAULT: {
      snprintf(name, sizeof name, "%.*s", (int)frame.name.size, (const char *)frame.name.data);
      enum base_code told = base_code_by_name(name);
      (void)base_fail(&answered->fault, told == BASE_CODES || told == BASE_OK ? BASE_PROTOCOL : told, "%.*s",
                      (int)frame.head.size, (const char *)frame.head.data);
      break;
    }
    default:
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
  struct store_leaf sent;
  code = store_leaf_get(core->store, delivery->sent_index, arena, &sent, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  struct base_hash hash = seal_sha256(sent.entry);
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
  char disputed[96];
  int64_t off = leaf->time - core_now(core);
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
      snprintf(disputed, sizeof disputed, "disputed: the receipt's time is %lld s off our clock", (long long)off);
      delivery->reason = base_view_text(disputed);
    }
  }
  delivery->voided_told = true; /* his word about this number stands: nothing more to tell */
  delivery->leaf = frame->proof.leaf;
  delivery->opening = frame->proof.opening;
  delivery->proof = base_view_of(frame->proof.hashes, frame->proof.hash_count * sizeof(struct base_hash));
  delivery->index = frame->proof.index;
  delivery->head_size = checkpoint->size;
  core_transfer_end(partner, &delivery->message);
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_delivery_update(core->store, delivery, err);
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
  if (delivery.leaf.size > 0)
    return BASE_OK; /* a receipt stands: the same statement again */
  code = receipt_check(core, partner, frame, checkpoint, &delivery, &arena, &leaf, &opening, fault, err);
  if (code != BASE_OK || fault->code != BASE_OK)
    return code;
  code = receipt_keep(core, partner, frame, checkpoint, &delivery, &leaf, &opening, err);
  /* An acceptance counts from its receipt. */
  for (size_t i = 0; i < core->agreement_count && code == BASE_OK; i++)
    if (base_id_equal(&core->agreements[i].id, &delivery.case_id)) {
      code = core_agreement_refresh(core, &delivery.case_id, err);
      break;
    }
  return code;
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
  if (code == BASE_NOT_FOUND) {
    (void)base_fail(fault, BASE_EVIDENCE, "parts are asked for of a message that was not sent");
    return BASE_OK;
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (frame->wants_count != row.part_count)
    (void)base_fail(fault, BASE_PROTOCOL, "%u parts are asked for of a message that has %u", frame->wants_count,
                    row.part_count);
  if (fault->code != BASE_OK || delivery.state != STORE_WAITING)
    return BASE_OK;
  return transfer_set(partner, frame, err);
}

static enum base_code take_answer_frames(struct core *core, struct core_partner *partner, struct answered *answered,
                                         struct base_error *fault, struct base_error *err) {
  struct base_reader reader = base_reader_of(answered->plain);
  struct wire_frame frame;
  bool end = false;
  enum base_code code = wire_frame_read(&reader, &frame, &end, err);
  while (code == BASE_OK && !end && fault->code == BASE_OK) {
    if (frame.type == WIRE_FRAME_RECEIPT)
      code = take_receipt(core, partner, &frame, &answered->checkpoint, fault, err);
    else if (frame.type == WIRE_FRAME_PENDING)
      code = take_pending(core, partner, &frame, fault, err);
    if (code == BASE_OK && fault->code == BASE_OK)
      code = wire_frame_read(&reader, &frame, &end, err);
  }
  return code;
}

/* What stands of the numbers below the one wanted, which the partner has taken. */
struct look_back {
  const struct core_flight *flight;
  uint64_t below, untold; /* the first voided number that he has not been told, 0: none */
  bool waits;             /* one is held there, for parts or for another message */
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
    bool travelled = row->voided_index < look->flight->head_size && row->number <= look->flight->last_number;
    if (travelled && look->count < WIRE_CONSIGNMENT_MESSAGES_MAX)
      look->told[look->count++] = row->message;
    else if (look->untold == 0)
      look->untold = row->number;
  }
  return BASE_OK;
}

/* The voided leaf travelled, and the answer held no receipt: the message has no effect anywhere. */
static enum base_code void_told(struct core *core, struct core_partner *partner, const struct base_id *message,
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
static enum base_code look_back(struct core *core, struct core_partner *partner, uint64_t wanted,
                                struct base_error *err) {
  enum { OPEN_MAX = 4096 };
  struct look_back *look = calloc(1, sizeof *look);
  if (look == NULL)
    return core_lose(core, base_fail(err, BASE_MEMORY, "no memory for an answer"), err);
  look->flight = &partner->flight;
  look->below = wanted;
  enum base_code code = store_delivery_open(core->store, partner->row.number, 0, OPEN_MAX, look_back_at, look, err);
  if (code == BASE_EXISTS)
    code = BASE_OK;
  for (size_t i = 0; i < look->count && code == BASE_OK; i++)
    code = void_told(core, partner, &look->told[i], err);
  partner->held_at_ms = look->waits ? core_now_ms(core) + CORE_HELD_POLL_MS : 0;
  partner->handed = (look->untold != 0 ? look->untold : wanted) - 1;
  free(look);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* The partner wants a number again whose receipt we hold: he lost what he had taken. */
static enum base_code check_wanted(struct core *core, struct core_partner *partner, uint64_t wanted,
                                   struct base_error *fault) {
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
  uint64_t known = partner->row.head_size;
  enum base_code code = core_head_take(core, partner, &answered->heads, &answered->checkpoint, &why);
  if (code == BASE_CONFLICT || (code == BASE_ROLLBACK && ++partner->older < CORE_OLDER_MAX)) {
    answered->again = true;
    return BASE_OK;
  }
  if (code != BASE_OK) {
    *fault = why;
    return code;
  }
  partner->older = 0;
  if (partner->row.head_size > known) {
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
  if (code != BASE_OK) {
    if (!core_ours(code))
      return BASE_OK;
    *err = *fault;
    return core_lose(core, code, err);
  }
  if (answered->again)
    return BASE_OK;
  code = take_answer_frames(core, partner, answered, fault, err);
  if (code == BASE_OK && fault->code == BASE_OK && answered->want_number > 0 &&
      check_wanted(core, partner, answered->want_number, fault) == BASE_OK)
    code = look_back(core, partner, answered->want_number, err);
  return code;
}

static void answered_by(struct core *core, struct core_partner *partner, const struct answered *answered,
                        const struct base_error *fault) {
  if (fault->code != BASE_OK) {
    trouble(core, partner, fault->code, base_view_text(fault->text));
    return;
  }
  if (answered->fault.code != BASE_OK) {
    trouble(core, partner, answered->fault.code, base_view_text(answered->fault.text));
    return;
  }
  partner->crossed = answered->again ? partner->crossed + 1 : 0;
  if (partner->crossed >= CORE_CROSSED_MAX) {
    trouble(core, partner, BASE_CONFLICT,
            BASE_VIEW("the partner's answers prove from other heads than were asked for"));
    return;
  }
  well(partner);
  partner->row.last_contact = core_now(core);
  partner->maybe = true; /* one more look; nothing found ends it */
  if (partner->flight.cosign_size == partner->row.head_size && !answered->again)
    partner->row.owes_cosign = false;
}

static void flight_lands(struct core *core, struct core_partner *partner, struct base_view sealed,
                         struct base_error *err) {
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX);
  struct answered answered = {0};
  struct base_error fault = {0};
  enum base_code code = seal_answer_open(&partner->flight.context, sealed, &plain, &fault);
  if (code == BASE_OK) {
    answered.plain = base_buf_view(&plain);
    code = take_answered(core, partner, &answered, &fault, err);
  }
  if (core->failed != BASE_OK)
    return;
  if (fault.code != BASE_OK)
    code = core_partner_fault(core, partner, &fault, answered.heads.note, err);
  answered_by(core, partner, &answered, &fault);
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
      char name[64];
      struct base_view told = core_request_text(request, "code");
      snprintf(name, sizeof name, "%.*s", (int)told.size, (const char *)told.data);
      enum base_code why = base_code_by_name(name);
      trouble(core, partner, why == BASE_CODES || why == BASE_OK ? BASE_UNREACHABLE : why,
              code != BASE_OK ? base_view_text(err.text) : core_request_text(request, "detail"));
    }
    base_unmap(&sealed);
    base_wipe(&partner->flight, sizeof partner->flight);
  }
  base_buf_text(&core_reply(core, token, BASE_OK)->payload, "{}");
}
