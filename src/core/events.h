/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "core/internal.h"

/* What changes, for whoever listens at the local API: ids and names, never content. Kept in memory, the last
 * CORE_EVENTS_MAX of this run; who missed more is told so and reads anew. An event is told once its step is durable and
 * attested, and not at all when the step is lost. */

enum {
  CORE_EVENTS_MAX = 1024,     /* kept for those who come back */
  CORE_EVENTS_TOLD = 128,     /* in one answer */
  CORE_LISTENERS_MAX = 32,    /* parked requests */
  CORE_LISTENERS_SHARE = 4,   /* of them of one person: with one more the oldest of hers is answered */
  CORE_EVENTS_BEAT_MS = 15000 /* a parked request is answered after so long, also when nothing happened */
};

struct core_events;

BASE_NODISCARD enum base_code core_events_open(struct core *core, struct base_error *err);
void core_events_close(struct core *core);

/* A case has another state, or a message more. */
void core_event_case(struct core *core, const struct base_id *case_id);
/* A message was admitted here, a partner's or our own. */
void core_event_message(struct core *core, const struct base_id *id, const struct base_id *case_id);
/* What was sent to a partner got its receipt, was refused or ended: row->state. */
void core_event_delivery(struct core *core, const struct core_partner *partner, const struct store_delivery *row);
/* A partner was added, suspended, resumed, or his register or card changed. */
void core_event_partner(struct core *core, const struct core_partner *partner);

/* A deadline of the case was told: soon, or overdue. party: who must act, by name; clock: of its kind, or "review"; item: of
 * which item, NULL: of the case. */
void core_event_deadline(struct core *core, const struct base_id *case_id, struct base_view party,
                         struct base_view clock, const struct base_id *item, bool overdue, base_time due);

/* A message went to a partner, or came from him, as an emergency. */
void core_event_emergency(struct core *core, const struct core_partner *partner, const struct base_id *id,
                          const struct base_id *case_id);

/* What was submitted waits for its release by a second person, or no longer: row->state. */
void core_event_release(struct core *core, const struct store_release *row, const struct base_id *case_id);

/* A series of the picture left its range in this week. */
void core_event_alert(struct core *core, const struct base_id *case_id, const struct store_picture_alert *alert);

/* events.take: what came after `after`, the "next" of an earlier answer; without it, from now on. With `wait` it is parked
 * while there is nothing. BASE_FIELD for an `after` that is none, BASE_BUSY when too many listen. */
void core_events_take(struct core *core, uint64_t token, const struct wire_json *request);
void core_events_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context);
/* The step is durable and attested: what happened in it is told. The answers go out with the others. */
void core_events_settle(struct core *core);
/* The step is lost. */
void core_events_lose(struct core *core);
/* The ms until a parked request is to be answered; -1: none is parked. */
int64_t core_events_due_ms(const struct core *core);

#endif
