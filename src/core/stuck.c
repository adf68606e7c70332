/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/exchange.h"

/* Messages that this node cannot hand over, because what it stored of them is damaged. They hold up nobody else: the
 * line goes on without their parts, the outbox shows why, and an officer ends them, or puts the file back, which is
 * found out by trying again now and then. In memory alone: after a start it is met again. */

static struct core_stuck *stuck_of(const struct core_partner *partner, const struct base_id *message) {
  for (size_t i = 0; i < partner->stuck_count; i++)
    if (base_id_equal(&partner->stuck[i].message, message))
      return &partner->stuck[i];
  return NULL;
}

const struct core_stuck *core_stuck_of(const struct core_partner *partner, const struct base_id *message) {
  return stuck_of(partner, message);
}

static struct core_stuck *stuck_new(struct core_partner *partner) {
  if (partner->stuck_count == CORE_STUCK_MAX)
    return NULL;
  struct core_stuck *grown = realloc(partner->stuck, (partner->stuck_count + 1) * sizeof *grown);
  if (grown == NULL)
    return NULL;
  partner->stuck = grown;
  return &grown[partner->stuck_count++];
}

void core_stuck_note(struct core *core, struct core_partner *partner, const struct base_id *message, uint64_t holds,
                     const struct base_error *why) {
  struct core_stuck *stuck = stuck_of(partner, message);
  bool first = stuck == NULL;
  if (first)
    stuck = stuck_new(partner);
  if (first)
    base_log(BASE_LOG_ERROR, "message.stuck", "message %s cannot go to %.*s: %s", base_id_text(message).text,
             (int)partner->card.name.size, (const char *)partner->card.name.data, why->text);
  if (stuck == NULL)
    return;
  *stuck =
      (struct core_stuck){.message = *message, .holds = holds, .again_ms = core_now_ms(core) + CORE_STUCK_AGAIN_MS};
  memcpy(stuck->why, why->text, sizeof stuck->why);
}

void core_stuck_end(struct core_partner *partner, const struct base_id *message) {
  struct core_stuck *stuck = stuck_of(partner, message);
  if (stuck != NULL)
    *stuck = partner->stuck[--partner->stuck_count];
}

bool core_stuck_rests(const struct core *core, const struct core_partner *partner, const struct base_id *message) {
  const struct core_stuck *stuck = stuck_of(partner, message);
  return stuck != NULL && stuck->again_ms > core_now_ms(core);
}

const struct core_stuck *core_stuck_before(const struct core_partner *partner, uint64_t number) {
  for (size_t i = 0; i < partner->stuck_count; i++)
    if (partner->stuck[i].holds != 0 && partner->stuck[i].holds < number)
      return &partner->stuck[i];
  return NULL;
}
