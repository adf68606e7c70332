/* SPDX-License-Identifier: Apache-2.0
 * The clocks of items: spec/case.md, "Clocks of items". They are due at a moment that a header names, and so are the same at
 * every party; by receipts goes only whether anything has begun or ended, and how late.
 *
 * One pass over the messages finds what moved each item, then each item with a clock walks its own. So it costs what
 * the state of the case costs, and no message is looked up in the store twice: `received` remembers who holds it. */
#include "core/clocks.h"

#include <stdlib.h>

#include "core/partners.h"
#include "core/show.h"

struct walk {
  struct core *core;
  const struct core_case *kase;
  bool shown;                    /* how late is asked, and what has ended; else only what runs */
  uint32_t *next, *first;        /* what moved the item opened at a place, in order; ENGINE_NO_ITEM: no more */
  uint32_t *whole;               /* the messages about the whole case that stop the present clock, in order */
  size_t whole_count;
  struct law_clock_event *events; /* of one clock of one item */
  size_t event_count;
  struct core_item_clock *out;
  size_t count, room;
};

static uint64_t bit_of(const struct wire_kind *kind, const struct wire_kind_type *type) {
  return (uint64_t)1 << (type - kind->types);
}

/* NULL: its kind has none of that name. */
static const struct wire_kind_type *type_of(const struct walk *walk, uint32_t at) {
  const uint8_t type = walk->kase->messages[at].type;
  return type != 0 ? &walk->kase->kind->kind.types[type - 1] : NULL;
}

/* What has an effect of its own: who only agreed to something has neither begun nor ended it. */
static bool moved(const struct engine_message *message) {
  return message->effective && !message->agrees;
}

/* --- when */

/* Of ours, the first receipt that anybody gave; 0: nobody did. */
static enum base_code first_receipt(struct core *core, const struct core_case *kase,
                                    const struct engine_message *message, base_time *out, struct base_error *err) {
  const struct wire_header *opening = kase->messages[0].header;
  enum base_code code = BASE_OK;
  *out = 0;
  for (size_t i = 0; i < opening->party_count && code == BASE_OK; i++) {
    struct core_received received = {0};
    const struct core_partner *partner = core_partner_of(core, opening->parties[i]);
    if (partner != NULL)
      code = core_show_received(core, &message->id, core->card.origin, partner, &received, err);
    if (received.at != 0 && (*out == 0 || received.at < *out))
      *out = received.at;
  }
  return code;
}

/* When a message counts: what came from others has come; of ours the first receipt says when, and where no time is asked, that
 * somebody holds it is enough (1). */
static enum base_code time_of(const struct walk *walk, uint32_t at, bool exact, base_time *out, struct base_error *err) {
  struct engine_message *message = &walk->kase->messages[at];
  bool ours = base_view_equal(message->header->author, walk->core->card.origin);
  struct core_received received = {0};
  enum base_code code = BASE_OK;
  *out = 1;
  if (!exact && (!ours || message->settled || message->received))
    return BASE_OK;
  if (ours) {
    code = first_receipt(walk->core, walk->kase, message, out, err);
    message->received = code == BASE_OK && *out != 0;
    return code;
  }
  code = core_show_received(walk->core, &message->id, message->header->author, NULL, &received, err);
  *out = received.at != 0 ? received.at : 1;
  return code;
}

/* --- what a clock of an item hears */

static enum base_code hear(struct walk *walk, uint32_t at, bool exact, struct base_error *err) {
  struct law_clock_event *event = &walk->events[walk->event_count++];
  *event = (struct law_clock_event){.type = type_of(walk, at), .header = walk->kase->messages[at].header};
  return time_of(walk, at, exact, &event->at, err);
}

/* The first message about the whole case that stops it between these two; ENGINE_NO_ITEM: none does. */
static uint32_t stopped_between(const struct walk *walk, uint32_t after, uint32_t before) {
  size_t low = 0, high = walk->whole_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (walk->whole[middle] > after)
      high = middle;
    else
      low = middle + 1;
  }
  return low < walk->whole_count && walk->whole[low] < before ? walk->whole[low] : ENGINE_NO_ITEM;
}

/* Whether this message about the item is one for the clock: where each owes for himself, only he stops his own. */
static bool concerns(const struct walk *walk, const struct wire_kind_clock *clock, uint32_t at, unsigned party) {
  const struct engine_message *message = &walk->kase->messages[at];
  const struct wire_kind_type *type = type_of(walk, at);
  uint64_t bit = bit_of(&walk->kase->kind->kind, type);
  if (clock->starts == type || ((clock->moves | clock->again | clock->stops_all | clock->from) & bit) != 0)
    return true;
  return (clock->stops & bit) != 0 && (!wire_owes_several(clock->owes) || message->party == party);
}

static enum base_code hear_all(struct walk *walk, const struct wire_kind_clock *clock, uint32_t item, unsigned party,
                               struct base_error *err) {
  enum base_code code = BASE_OK;
  uint64_t timed_by = clock->stops | clock->stops_all | clock->from; /* how late goes by when these came */
  uint32_t last = item, at = walk->first[item];
  walk->event_count = 0;
  if (clock->starts == type_of(walk, item))
    code = hear(walk, item, false, err);
  for (;; at = walk->next[at]) {
    uint32_t whole = stopped_between(walk, last, at);
    if (whole != ENGINE_NO_ITEM && code == BASE_OK)
      code = hear(walk, whole, walk->shown, err);
    if (at == ENGINE_NO_ITEM || code != BASE_OK)
      return code;
    if (concerns(walk, clock, at, party)) {
      bool timed = (timed_by & bit_of(&walk->kase->kind->kind, type_of(walk, at))) != 0;
      code = hear(walk, at, walk->shown && timed, err);
    }
    last = at;
  }
}

/* --- each clock */

static enum base_code add(struct walk *walk, const struct core_item_clock *clock, struct base_error *err) {
  if (walk->count == walk->room) {
    size_t room = walk->room == 0 ? 16 : 2 * walk->room;
    struct core_item_clock *grown = realloc(walk->out, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for the clocks of a case");
    walk->out = grown;
    walk->room = room;
  }
  walk->out[walk->count++] = *clock;
  return BASE_OK;
}

static enum base_code run(struct walk *walk, size_t place, uint32_t item, unsigned party, struct base_error *err) {
  const struct wire_kind *kind = &walk->kase->kind->kind;
  struct core_item_clock clock = {.item = item, .party = party, .clock = (unsigned)place};
  enum base_code code = hear_all(walk, &kind->clocks[place], item, party, err);
  if (code != BASE_OK || !law_clock_run(kind, &kind->clocks[place], walk->events, walk->event_count, &clock.now))
    return code;
  clock.now.started = clock.now.receipt = 0; /* the moment that it is due at does not depend on it */
  return walk->shown || clock.now.running ? add(walk, &clock, err) : BASE_OK;
}

/* Those who owe it, a bit each. */
static uint32_t owing(const struct walk *walk, enum wire_owes owes, uint32_t item) {
  const struct wire_header *opening = walk->kase->messages[0].header;
  const struct engine_message *made = &walk->kase->messages[item];
  uint32_t everybody = ((uint32_t)1 << opening->party_count) - 1;
  uint32_t opener = (uint32_t)1 << walk->kase->messages[0].party;
  switch (owes) {
  case WIRE_OWES_OPENER:
    return opener;
  case WIRE_OWES_OTHERS:
    return everybody & ~opener;
  case WIRE_OWES_OWNER:
    return (uint32_t)1 << made->party;
  case WIRE_OWES_NOT_OWNER:
    return everybody & ~((uint32_t)1 << engine_party_of(opening, made->header->author));
  case WIRE_OWES_ASSIGNEE:
    return made->assignee < opening->party_count ? (uint32_t)1 << made->assignee : 0;
  default:
    return everybody;
  }
}

static enum base_code run_each(struct walk *walk, size_t place, struct base_error *err) {
  const struct wire_kind *kind = &walk->kase->kind->kind;
  const struct wire_kind_clock *clock = &kind->clocks[place];
  enum base_code code = BASE_OK;
  walk->whole_count = 0;
  for (uint32_t i = 1; i < walk->kase->count; i++) {
    const struct wire_kind_type *type = moved(&walk->kase->messages[i]) ? type_of(walk, i) : NULL;
    if (type != NULL && type->opens == NULL && type->moves == NULL &&
        ((clock->stops | clock->stops_all) & bit_of(kind, type)) != 0)
      walk->whole[walk->whole_count++] = i;
  }
  for (uint32_t i = 1; i < walk->kase->count && code == BASE_OK; i++) {
    uint32_t who = engine_item(kind, &walk->kase->messages[i]) == clock->item ? owing(walk, clock->owes, i) : 0;
    for (unsigned party = 0; who >> party != 0 && code == BASE_OK; party++)
      if (who >> party & 1)
        code = run(walk, place, i, party, err);
  }
  return code;
}

static bool any_clock(const struct wire_kind *kind) {
  bool any = false;
  for (size_t i = 0; i < kind->clock_count; i++)
    any = any || kind->clocks[i].item != NULL;
  return any;
}

static void link_moves(struct walk *walk) {
  for (uint32_t i = 0; i < walk->kase->count; i++)
    walk->first[i] = ENGINE_NO_ITEM;
  for (uint32_t i = (uint32_t)walk->kase->count; i-- > 1;) {
    const struct engine_message *message = &walk->kase->messages[i];
    if (!moved(message) || message->about == ENGINE_NO_ITEM)
      continue;
    walk->next[i] = walk->first[message->about];
    walk->first[message->about] = i;
  }
}

static int compare(uint32_t a, uint32_t b) {
  return (a > b) - (a < b);
}

static int by_item(const void *a, const void *b) {
  const struct core_item_clock *left = a, *right = b;
  int order = compare(left->item, right->item);
  if (order == 0)
    order = compare(left->clock, right->clock);
  return order == 0 ? compare(left->party, right->party) : order;
}

enum base_code core_item_clocks(struct core *core, const struct core_case *kase, bool shown, struct core_item_clock **out,
                                size_t *count, struct base_error *err) {
  struct walk walk = {.core = core, .kase = kase, .shown = shown};
  enum base_code code = BASE_OK;
  *out = NULL;
  *count = 0;
  if (!any_clock(&kase->kind->kind))
    return BASE_OK;
  BASE_AUTO_FREE uint32_t *places = calloc(3 * kase->count, sizeof *places);
  BASE_AUTO_FREE struct law_clock_event *events = calloc(kase->count, sizeof *events); /* each message at most once */
  if (places == NULL || events == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the clocks of a case");
  walk.next = places;
  walk.first = places + kase->count;
  walk.whole = places + 2 * kase->count;
  walk.events = events;
  link_moves(&walk);
  for (size_t i = 0; i < kase->kind->kind.clock_count && code == BASE_OK; i++)
    if (kase->kind->kind.clocks[i].item != NULL)
      code = run_each(&walk, i, err);
  if (code != BASE_OK) {
    free(walk.out);
    return code;
  }
  if (walk.count > 1)
    qsort(walk.out, walk.count, sizeof *walk.out, by_item);
  *out = walk.out;
  *count = walk.count;
  return BASE_OK;
}
