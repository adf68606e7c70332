/* SPDX-License-Identifier: Apache-2.0 */
#include "core/behind.h"

#include <stdlib.h>

#include "core/cases.h"
#include "core/partners.h"

/* Messages that cross are put in order by their ids, and an id can be sought until it comes first. So whoever takes back what
 * was agreed would write as if he had not received it: his register tells that he had. An honest node follows all that it has
 * taken, and does both in one step: what it receipted before it sent a message is below it. */

enum { NOWHERE = UINT32_MAX };

struct behind_key {
  struct base_id id;
  uint32_t at;
};

static int by_id(const void *a, const void *b) {
  return base_id_compare(&((const struct behind_key *)a)->id, &((const struct behind_key *)b)->id);
}

static uint32_t place_of(const struct behind_key *keys, size_t count, const struct base_id *id) {
  const struct behind_key wanted = {.id = *id};
  const struct behind_key *found = bsearch(&wanted, keys, count, sizeof *keys, by_id);
  return found != NULL ? found->at : NOWHERE;
}

static bool is_ours(const struct core *core, const struct engine_message *message) {
  return base_view_equal(message->header->author, core->card.origin);
}

static bool follows(const struct wire_header *header, const struct base_id *id) {
  for (size_t i = 0; i < header->follow_count; i++)
    if (base_id_equal(&header->follows[i], id))
      return true;
  return false;
}

/* The newest message of this node that the one at this place descends from; NOWHERE: none. Those before it are below it, for
 * each of ours follows the one before. */
static enum base_code newest_below(struct core *core, const struct core_case *kase, uint32_t at, uint32_t *out,
                                   struct base_error *err) {
  uint32_t last = at;
  *out = NOWHERE;
  while (last > 0 && !is_ours(core, &kase->messages[last - 1]))
    last--;
  if (last == 0)
    return BASE_OK;
  *out = last - 1;
  if (follows(kase->messages[at].header, &kase->messages[last - 1].id)) /* as nearly always */
    return BASE_OK;
  BASE_AUTO_FREE struct behind_key *keys = calloc(kase->count, sizeof *keys);
  BASE_AUTO_FREE bool *below = calloc(kase->count, sizeof *below);
  if (keys == NULL || below == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a case");
  for (uint32_t i = 0; i < kase->count; i++)
    keys[i] = (struct behind_key){.id = kase->messages[i].id, .at = i};
  qsort(keys, kase->count, sizeof *keys, by_id);
  *out = NOWHERE;
  below[at] = true;
  for (uint32_t i = at + 1; i-- > 0 && *out == NOWHERE;) {
    const struct wire_header *header = kase->messages[i].header;
    if (!below[i])
      continue;
    if (is_ours(core, &kase->messages[i]))
      *out = i;
    for (size_t k = 0; k < header->follow_count; k++) {
      uint32_t place = place_of(keys, kase->count, &header->follows[k]);
      if (place != NOWHERE)
        below[place] = true;
    }
  }
  return BASE_OK;
}

/* Where there are more ends than a message can follow, the first in the order are left out, his own aside. */
static bool had_no_room(const struct core_case *kase, const struct wire_header *header, uint32_t left_out) {
  for (uint32_t i = 0; i < left_out; i++)
    if (!base_view_equal(kase->messages[i].header->author, header->author) && follows(header, &kase->messages[i].id))
      return false;
  return header->follow_count == WIRE_FOLLOWS_MAX;
}

/* *out: by his register he had received it before he sent what arrived. */
static enum base_code had(struct core *core, const struct base_id *message, const struct store_arrival *arrival, bool *out,
                          struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  *out = false;
  enum base_code code = store_delivery_get(core->store, message, arrival->partner, &arena, &delivery, err);
  if (code == BASE_OK)
    *out = delivery.state == STORE_RECEIPTED && delivery.index < arrival->index;
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_behind(struct core *core, const struct core_case *kase, const struct base_id *id,
                           const struct store_arrival *arrival, struct base_id *out, struct base_error *err) {
  uint32_t at = 0, newest = NOWHERE;
  bool found = false, goes_on = true;
  *out = (struct base_id){0};
  while (at < kase->count && !base_id_equal(&kase->messages[at].id, id))
    at++;
  if (at == kase->count || is_ours(core, &kase->messages[at]))
    return BASE_OK;
  const struct wire_header *header = kase->messages[at].header;
  enum base_code code = newest_below(core, kase, at, &newest, err);
  for (uint32_t i = newest == NOWHERE ? 0 : newest + 1; i < kase->count && code == BASE_OK && goes_on; i++) {
    if (!is_ours(core, &kase->messages[i]))
      continue;
    code = had(core, &kase->messages[i].id, arrival, &found, err);
    goes_on = found && had_no_room(kase, header, i);
    if (found && !goes_on)
      *out = kase->messages[i].id;
  }
  return code;
}

enum base_code core_behind_flag(struct core *core, struct core_case *kase, const struct wire_header *header,
                                struct base_view bytes, const struct store_arrival *arrival, struct base_error *err) {
  struct core_partner *author = core_partner_of(core, header->author);
  struct base_error fault = {0};
  struct base_id left_out, none = {0};
  if (author == NULL || author->renewed.number > 1) /* what came back there goes under a new number and leaf: given.c */
    return BASE_OK;
  enum base_code code = core_behind(core, kase, &arrival->message, arrival, &left_out, err);
  if (code != BASE_OK || base_id_equal(&left_out, &none))
    return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
  kase->row.flagged = true;
  code = store_case_put(core->store, &kase->row, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  (void)base_fail(&fault, BASE_EQUIVOCATION,
                  "message %s does not follow message %s, which its author had received before, by his own register",
                  base_id_text(&arrival->message).text, base_id_text(&left_out).text);
  return core_partner_fault(core, author, &fault, bytes, err);
}

enum base_code core_behind_any(struct core *core, const struct core_case *kase, bool *out, struct base_error *err) {
  struct base_id left_out, none = {0};
  enum base_code code = BASE_OK;
  *out = false;
  for (size_t i = 0; i < kase->count && code == BASE_OK && !*out; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    const struct core_partner *author = core_partner_of(core, kase->messages[i].header->author);
    struct store_arrival arrival;
    if (author == NULL)
      continue;
    code = store_arrival_of(core->store, &kase->messages[i].id, author->row.number, &arena, &arrival, err);
    if (code == BASE_OK) {
      code = core_behind(core, kase, &kase->messages[i].id, &arrival, &left_out, err);
      *out = code == BASE_OK && !base_id_equal(&left_out, &none);
    } else if (code == BASE_NOT_FOUND || core_damage(code)) {
      code = BASE_OK;
    }
  }
  return code;
}
