/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/back.h"
#include "core/partners.h"
#include "core/submit.h"

/* What goes out: one consignment per partner at a time, made when the gate asks for work, after the attestation of the
 * head that proves it. Who is ready, who must pause, which transfers of parts are under way. Nothing is taken off the
 * outbox but by a receipt, law, or an officer. */

enum store_delivery_state core_delivery_state(const struct core_partner *partner,
                                              const struct store_delivery *delivery) {
  if (delivery->state != STORE_WAITING)
    return delivery->state;
  const struct core_flight *flight = &partner->flight;
  bool in_flight = flight->exchange != 0 && delivery->number <= flight->last_number;
  return in_flight || delivery->number <= partner->handed ? STORE_UNDER_WAY : STORE_WAITING;
}

/* --- trouble */

void core_partner_trouble(struct core *core, struct core_partner *partner, enum base_code code, struct base_view text) {
  uint32_t jitter = 0;
  core->env.world->random(core->env.world->context, &jitter, sizeof jitter);
  int64_t delay = partner->failures < 8 ? (int64_t)CORE_RETRY_FIRST_MS << partner->failures : CORE_RETRY_MOST_MS;
  if (delay > CORE_RETRY_MOST_MS)
    delay = CORE_RETRY_MOST_MS;
  delay += (int64_t)(jitter % (uint32_t)(delay / 5 + 1));
  bool first = partner->failures++ == 0;
  partner->maybe = true;
  partner->not_before_ms = core_now_ms(core) + delay;
  if (core_partner_stopped(partner)) /* why it stopped stays to be read until a person has decided */
    return;
  if (first || partner->trouble_code != code)
    base_log(BASE_LOG_NOTICE, "partner.trouble", "%.*s: %s: %.*s", (int)partner->card.name.size,
             (const char *)partner->card.name.data, base_code_name(code), (int)text.size, (const char *)text.data);
  partner->trouble_code = code;
  partner->trouble_room = false;
  snprintf(partner->trouble, sizeof partner->trouble, "%.*s", (int)text.size, (const char *)text.data);
}

void core_partner_says(struct core *core, struct core_partner *partner, enum base_code code, struct base_view text) {
  char said[BASE_ERROR_TEXT_MAX];
  struct base_view he = partner->card.name, we = core->card.name;
  if (code == BASE_DISK_FULL)
    snprintf(said, sizeof said, "%.*s has no room on its disk", (int)he.size, (const char *)he.data);
  else if (code == BASE_SUSPENDED)
    snprintf(said, sizeof said, "%.*s has suspended the exchange with %.*s: it goes on when they resume it; ask them",
             (int)he.size, (const char *)he.data, (int)we.size, (const char *)we.data);
  else if (core_epoch_waits(partner) && code == BASE_POLICY)
    snprintf(
        said, sizeof said,
        "%.*s does not take messages before its officer has confirmed epoch %u of this register: ask them to compare "
        "these digits with you by voice: %s",
        (int)he.size, (const char *)he.data, (unsigned)core->epoch, core->epoch_digits);
  else if (code == BASE_UNKNOWN_NODE)
    snprintf(said, sizeof said, "%.*s does not know %.*s as a partner: ask them to add the card of %.*s", (int)he.size,
             (const char *)he.data, (int)we.size, (const char *)we.data, (int)we.size, (const char *)we.data);
  else
    snprintf(said, sizeof said, "%.*s says: %.*s", (int)he.size, (const char *)he.data, (int)text.size,
             (const char *)text.data);
  core_partner_trouble(core, partner, code, base_view_text(said));
  partner->trouble_room = code == BASE_DISK_FULL;
}

void core_partner_well(struct core_partner *partner) {
  if (partner->failures > 0 && !core_partner_stopped(partner))
    base_log(BASE_LOG_NOTICE, "partner.well", "%.*s: the exchange goes on", (int)partner->card.name.size,
             (const char *)partner->card.name.data);
  partner->failures = 0;
  partner->not_before_ms = 0;
  if (core_partner_stopped(partner))
    return;
  partner->trouble[0] = '\0';
  partner->trouble_code = BASE_OK;
  partner->trouble_room = false;
}

/* --- transfers of parts */

static struct core_transfer *transfer_of(struct core_partner *partner, const struct base_id *message) {
  for (size_t i = 0; i < partner->transfer_count; i++)
    if (base_id_equal(&partner->transfers[i].message, message))
      return &partner->transfers[i];
  return NULL;
}

enum base_code core_transfer_set(struct core_partner *partner, const struct wire_frame *pending,
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
  core_stuck_end(partner, message);
}

/* --- handing over */

static bool held_due(const struct core *core, const struct core_partner *partner) {
  return partner->held_at_ms != 0 && partner->held_at_ms <= core_now_ms(core);
}

static bool cosign_due(const struct core *core, const struct core_partner *partner) {
  return partner->row.owes_cosign && partner->cosign_at_ms <= core_now_ms(core);
}

/* He has not been shown yet what he contradicts. */
static bool shows(const struct core_partner *partner) {
  return partner->contradicts && !partner->shown_seen;
}

/* Nothing goes to him; one that was stopped is still shown why. */
static bool rests(const struct core *core, const struct core_partner *partner) {
  return partner->row.state == STORE_PARTNER_SUSPENDED || partner->damaged[0] != '\0' || core->lost[0] != '\0' ||
         partner->heard.number != 0 || (partner->stopped && !shows(partner));
}

static bool ready(const struct core *core, const struct core_partner *partner) {
  if (rests(core, partner) || partner->flight.exchange != 0 || partner->revoke)
    return false;
  if (partner->not_before_ms > core_now_ms(core))
    return false;
  return shows(partner) || core_epoch_waits(partner) || partner->maybe || partner->transfer_count > 0 ||
         core_cards_due(core, partner) || held_due(core, partner) || cosign_due(core, partner) ||
         core_compare_due(partner) || core_back_due_ms(core, partner) == 0;
}

/* On a failure the request stays parked. */
static enum base_code take_answer(struct core *core, uint64_t token, const struct core_partner *partner,
                                  struct base_view sealed, struct base_error *err) {
  BASE_AUTO_FD int fd = base_memfd_sealed("consignment", sealed, err);
  if (fd < 0)
    return err->code;
  BASE_AUTO_BUF struct base_buf payload = {0};
  base_buf_init(&payload, 64 << 10);
  struct wire_writer writer;
  wire_writer_init(&writer, &payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "exchange", (int64_t)partner->flight.exchange);
  wire_write_member_text(&writer, "partner", partner->card.name);
  wire_write_key(&writer, "addresses");
  wire_write_array(&writer);
  const struct wire_card *line = core_partner_line(partner);
  for (size_t i = 0; i < line->address_count; i++)
    wire_write_text(&writer, line->addresses[i]);
  wire_write_end(&writer, ']');
  wire_write_key(&writer, "pins");
  wire_write_array(&writer);
  for (size_t i = 0; i < line->pin_count; i++)
    wire_write_string(&writer, base_hash_text(&line->pins[i]).text);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  enum base_code code = base_buf_check(&payload, "what goes to the gate", err);
  if (code == BASE_OK)
    core->env.answer(core->env.context, token, BASE_OK, base_buf_view(&payload), fd);
  return code;
}

static enum base_code seal_and_hand(struct core *core, struct core_partner *partner, bool exercise, struct base_view plain,
                                    uint64_t token, struct base_error *err) {
  const struct wire_seal_key *key = core_partner_seal(core, partner);
  if (key == NULL)
    return base_fail(err, BASE_POLICY, "the sealing keys on the partner's card have expired: ask for a new card");
  uint8_t entropy[32];
  core->env.world->random(core->env.world->context, entropy, sizeof entropy);
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_buf_init(&sealed, WIRE_CONSIGNMENT_MAX);
  enum base_code code = seal_consignment(key, core->card.origin, partner->card.origin, exercise, plain, entropy,
                                         &sealed, &partner->flight.context, err);
  base_wipe(entropy, sizeof entropy);
  if (code != BASE_OK)
    return code;
  partner->flight.exchange = ++core->next_exchange;
  partner->flight.head_size = core->reg.attested;
  partner->flight.known = partner->seen_size;
  return take_answer(core, token, partner, base_buf_view(&sealed), err);
}

/* True when a consignment went to the gate. */
static bool hand_over(struct core *core, struct core_partner *partner, uint64_t token) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_CONSIGNMENT_MAX - 1024);
  memset(&partner->flight, 0, sizeof partner->flight);
  if (held_due(core, partner)) { /* asks again, with the messages themselves */
    partner->handed = 0;
    partner->held_at_ms = 0;
  }
  struct core_consignment made;
  bool showing = shows(partner) || core_epoch_waits(partner);
  enum base_code code = core_consignment_build(core, partner, &plain, &made, &err);
  bool cosigns = partner->flight.cosign_size > 0, alone = showing || core_cards_due(core, partner) ||
                                                          core_compare_due(partner) || partner->flight.asks ||
                                                          (cosigns && cosign_due(core, partner));
  if (code == BASE_OK && made.messages == 0 && made.records == 0 && !alone) {
    if (!cosigns)
      partner->row.owes_cosign = false; /* the line is gone: nothing to owe */
    return false;
  }
  partner->flight.last_number = made.last_number;
  if (made.last_number > partner->shipped)
    partner->shipped = made.last_number;
  if (code == BASE_OK)
    code = seal_and_hand(core, partner, made.exercise, base_buf_view(&plain), token, &err);
  if (code != BASE_OK) {
    partner->flight.exchange = 0;
    core_partner_trouble(core, partner, code, base_view_text(err.text));
  }
  if (plain.data != NULL)
    base_wipe(plain.data, plain.size);
  return code == BASE_OK;
}

static int64_t soonest(int64_t due, int64_t delay) {
  return core_soonest(due, delay < 0 ? 0 : delay);
}

static int64_t partner_due(const struct core *core, const struct core_partner *partner) {
  int64_t now = core_now_ms(core), due = -1;
  if (rests(core, partner) || partner->flight.exchange != 0)
    return -1;
  if (partner->revoke)
    return 0;
  bool work = shows(partner) || core_epoch_waits(partner) || partner->maybe || partner->transfer_count > 0 ||
              core_cards_due(core, partner) || core_compare_due(partner);
  if (work)
    due = soonest(due, partner->not_before_ms - now);
  int64_t back = core_back_due_ms(core, partner);
  if (back >= 0)
    due = soonest(due, back > partner->not_before_ms - now ? back : partner->not_before_ms - now);
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
  if (core_disk_rests(core)) /* a receipt would find no room */
    return CORE_ROOM_SOON_MS;
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
