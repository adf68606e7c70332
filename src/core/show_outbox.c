/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/exchange.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/partners.h"
#include "core/show.h"
#include "core/submit.h"

/* The outbox: every message and receiver, and why it is where it is. */

const char *core_show_delivery_state(enum store_delivery_state state) {
  static const char *const names[] = {"waiting", "under_way", "receipted", "refused", "ended"};
  return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "waiting";
}

const char *core_show_standing(const struct core_partner *partner, const struct store_delivery *row) {
  enum store_delivery_state state = core_delivery_state(partner, row);
  bool open = state == STORE_WAITING || state == STORE_UNDER_WAY;
  return open && core_stuck_of(partner, &row->message) != NULL ? "damaged" : core_show_delivery_state(state);
}

/* The message's own damage, or that of one before it; empty when there is none. */
static struct base_view stuck_reason(const struct core_partner *partner, const struct store_delivery *delivery,
                                     char room[CORE_SHOW_REASON]) {
  const struct core_stuck *stuck = core_stuck_of(partner, &delivery->message);
  int length = 0;
  if (stuck != NULL)
    length = snprintf(room, CORE_SHOW_REASON, "%s; wasl outbox end %.12s gives it up, and the others go on", stuck->why,
                      base_id_text(&delivery->message).text);
  else if ((stuck = core_stuck_before(partner, delivery->number)) != NULL)
    length = snprintf(room, CORE_SHOW_REASON, "waits behind message %s, which is damaged here: see there",
                      base_id_text(&stuck->message).text);
  return base_view_of(room, length < CORE_SHOW_REASON ? (size_t)length : CORE_SHOW_REASON - 1);
}

struct base_view core_show_trouble(const struct core *core, const struct core_partner *partner,
                                   char room[CORE_SHOW_REASON]) {
  struct base_view he = partner->card.name, we = core->card.name;
  int64_t left = (partner->not_before_ms - core_now_ms(core) + 999) / 1000;
  int length = 0;
  if (core->lost[0] != '\0')
    return base_view_text(core->lost);
  if (partner->damaged[0] != '\0')
    return base_view_text(partner->damaged);
  if (partner->row.state == STORE_PARTNER_SUSPENDED && !core_partner_stopped(partner))
    length = snprintf(room, CORE_SHOW_REASON,
                      "%.*s has suspended the exchange with %.*s: wasl partner resume %.*s lets it go on", (int)we.size,
                      (const char *)we.data, (int)he.size, (const char *)he.data, (int)he.size, (const char *)he.data);
  else if (core->room.level == CORE_ROOM_FULL)
    length =
        snprintf(room, CORE_SHOW_REASON, "the disk of %.*s is full: nothing goes out until %d MiB are free; make room",
                 (int)we.size, (const char *)we.data, CORE_DISK_REST >> 20);
  else if (partner->trouble_room || partner->trouble_code == BASE_BUSY)
    length = snprintf(room, CORE_SHOW_REASON, "%s; tried again in %lld s", partner->trouble,
                      (long long)(left > 0 ? left : 0));
  else
    return base_view_text(partner->trouble);
  return base_view_of(room, length < CORE_SHOW_REASON ? (size_t)length : CORE_SHOW_REASON - 1);
}

struct base_view core_show_reason(const struct core *core, const struct core_partner *partner,
                                  const struct store_delivery *delivery, char room[CORE_SHOW_REASON]) {
  bool open = delivery->state == STORE_WAITING || delivery->state == STORE_UNDER_WAY;
  if (delivery->reason.size > 0 || !open)
    return delivery->reason;
  if (delivery->number <= partner->carried_number)
    return base_view_text(partner->carried);
  struct base_view stuck = stuck_reason(partner, delivery, room);
  if (stuck.size > 0)
    return stuck;
  struct base_view trouble = core_show_trouble(core, partner, room);
  bool held = partner->held_at_ms != 0 && partner->transfer_count == 0 && partner->flight.exchange == 0 &&
              delivery->number <= partner->handed;
  if (trouble.size > 0 || !held)
    return trouble;
  int64_t left = (partner->held_at_ms - core_now_ms(core) + 999) / 1000;
  int length =
      snprintf(room, CORE_SHOW_REASON,
               "%.*s has it and waits for a message that it follows, by another party; asked again in %lld s",
               (int)partner->card.name.size, (const char *)partner->card.name.data, (long long)(left > 0 ? left : 0));
  return base_view_of(room, length < CORE_SHOW_REASON ? (size_t)length : CORE_SHOW_REASON - 1);
}

/* --- numbers by state */

/* The stored state of one that is at the gate, or that the partner holds incomplete, is `waiting`. */
static uint64_t handed_over(const struct core_partner *partner) {
  uint64_t last = partner->handed;
  if (partner->flight.exchange != 0 && partner->flight.last_number > last)
    last = partner->flight.last_number;
  return last;
}

struct counting {
  uint64_t last, under_way;
};

/* In the order of numbers: beyond what was handed over nothing more counts, which BASE_EXISTS says. */
static enum base_code count_under_way(void *context, const struct store_delivery *row) {
  struct counting *counting = context;
  if (row->number > counting->last)
    return BASE_EXISTS;
  counting->under_way += row->state == STORE_WAITING;
  return BASE_OK;
}

static enum base_code under_way(struct core *core, uint64_t *out, struct base_error *err) {
  *out = 0;
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct core_partner *partner = core->partners[i];
    struct counting counting = {.last = handed_over(partner)};
    if (counting.last == 0)
      continue;
    enum base_code code =
        store_delivery_open(core->store, partner->row.number, 0, INT32_MAX, count_under_way, &counting, err);
    if (code != BASE_OK && code != BASE_EXISTS)
      return code;
    *out += counting.under_way;
  }
  return BASE_OK;
}

enum base_code core_show_counts(struct core *core, struct wire_writer *writer, struct base_error *err) {
  uint64_t counts[STORE_ENDED + 1] = {0}, moving = 0;
  enum base_code code = BASE_OK;
  for (int state = STORE_WAITING; state <= STORE_ENDED && code == BASE_OK; state++)
    code = store_delivery_count(core->store, 0, (enum store_delivery_state)state, &counts[state], err);
  if (code == BASE_OK)
    code = under_way(core, &moving, err);
  if (code != BASE_OK)
    return code;
  counts[STORE_WAITING] -= moving;
  counts[STORE_UNDER_WAY] += moving;
  for (int state = STORE_WAITING; state <= STORE_ENDED; state++)
    wire_write_member_integer(writer, core_show_delivery_state((enum store_delivery_state)state),
                              (int64_t)counts[state]);
  return BASE_OK;
}

enum base_code core_show_outbox_summary(struct core *core, const struct wire_json *request, struct base_buf *out,
                                        struct base_error *err) {
  (void)request;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  enum base_code code = core_show_counts(core, &writer, err);
  int64_t untold = 0;
  for (size_t i = 0; i < core->partner_count; i++)
    untold += core->partners[i]->row.owes_cosign && core->partners[i]->failures == 0 && !core->partners[i]->stopped &&
              core->partners[i]->row.state == STORE_PARTNER_ACTIVE;
  wire_write_member_integer(&writer, "untold", untold);
  wire_write_key(&writer, "unreachable");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++) {
    const struct core_partner *partner = core->partners[i];
    uint64_t waiting = 0;
    if (partner->trouble_code != BASE_UNREACHABLE && partner->trouble_code != BASE_TIMEOUT)
      continue;
    code = store_delivery_count(core->store, partner->row.number, STORE_WAITING, &waiting, err);
    if (code == BASE_OK && waiting > 0)
      wire_write_text(&writer, partner->card.name);
  }
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return code;
}

/* --- the list */

struct listing {
  struct core *core;
  bool open;     /* only what waits or is under way: one that was ended, but not told yet, is neither */
  uint64_t left; /* rows that fit; 0: as many as there are */
  struct wire_writer writer;
  struct base_error *err;
};

static enum base_code list_delivery(void *context, const struct store_delivery *row) {
  struct listing *listing = context;
  const struct core_partner *partner = core_partner_numbered(listing->core, row->partner);
  struct wire_writer *writer = &listing->writer;
  char room[CORE_SHOW_REASON];
  enum wire_lane lane = WIRE_LANE_NONE;
  if (listing->open && row->state != STORE_WAITING)
    return BASE_OK;
  enum base_code known = core_lane_of_case(listing->core, &row->case_id, &lane, listing->err);
  if (known != BASE_OK || !core_lane_sees(listing->core, lane))
    return known;
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &row->message);
  wire_write_member_id(writer, "case", &row->case_id);
  known = core_exercise_show(listing->core, writer, &row->case_id, listing->err);
  if (known != BASE_OK)
    return known;
  if (partner == NULL) { /* damage: it is shown, and the check names it */
    wire_write_member_string(writer, "to", "?");
    wire_write_member_integer(writer, "n", (int64_t)row->number);
    wire_write_member_string(writer, "state", core_show_delivery_state(row->state));
    wire_write_member_string(writer, "reason", "its partner is not there any more: run wasl register check");
  } else {
    wire_write_member_text(writer, "to", partner->card.name);
    wire_write_member_integer(writer, "n", (int64_t)row->number);
    wire_write_member_string(writer, "state", core_show_standing(partner, row));
    core_show_text(writer, "reason", core_show_reason(listing->core, partner, row, room));
  }
  wire_write_end(writer, '}');
  enum base_code code = base_buf_check(writer->out, "the list, which takes a limit,", listing->err);
  return code == BASE_OK && listing->left > 0 && --listing->left == 0 ? BASE_EXISTS : code;
}

enum base_code core_show_outbox_list(struct core *core, const struct wire_json *request, struct base_buf *out,
                                     struct base_error *err) {
  uint64_t limit = 0;
  struct listing listing = {.core = core, .err = err, .open = wire_json_true(wire_json_get(request, "open"))};
  wire_writer_init(&listing.writer, out);
  enum base_code code = core_show_limit(request, &limit, err);
  listing.left = limit;
  wire_write_array(&listing.writer);
  if (code == BASE_OK)
    code = store_delivery_each(core->store, NULL, listing.open, 0, list_delivery, &listing, err);
  wire_write_end(&listing.writer, ']');
  return code == BASE_EXISTS ? BASE_OK : code; /* the limit was reached */
}
