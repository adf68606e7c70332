/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_ENGINE_ENGINE_H
#define WASL_ENGINE_ENGINE_H

#include "law/law.h"

/* The state of a case: a pure function of its headers. No store, no clock. spec/case.md. */

enum {
  ENGINE_WHY = 129, /* no room is left over in the structure */
  ENGINE_NO_ITEM = UINT32_MAX,
};
enum { ENGINE_NOBODY = WIRE_PARTIES_MAX };
struct engine_message {
  struct base_id id;
  const struct wire_header *header;
  /* computed */
  uint32_t depth;   /* 0 for the opening message, else 1 + the deepest followed one */
  uint32_t item_by; /* of the item that it opened: the place of the message that made its state */
  uint32_t about;   /* the place of the message that opened the item which this one moved; ENGINE_NO_ITEM: none */
  uint16_t agreed[WIRE_ITEM_ALL_MAX]; /* of that item, per type of its `all`: the parties that agreed since */
  uint8_t item;                       /* the item that it opened: 1 + its place in the kind; 0: none */
  uint8_t item_state;
  uint8_t party;    /* its author's place in the opening message, or ENGINE_NOBODY: a stranger */
  uint8_t type;     /* 1 + its place in the kind; 0: none of it */
  uint8_t assignee; /* a party's place in the opening message, ENGINE_NOBODY: nobody */
  bool effective;   /* it made a transition, or agreed to one … */
  bool agrees;      /* … and no more than that: somebody was missing */
  bool agreed_by_all; /* of such a one about the case: nobody is missing any more, and what it agreed to took effect */
  bool equivocal;   /* its author has two successors of one message */
  bool settled;     /* every party has a message that descends from it, or is its author */
  bool received;    /* not computed: another party is known to hold it (itemclocks.c remembers it here) */
  char why[ENGINE_WHY]; /* not effective: the reason, in plain words */
};
struct engine_state {
  size_t state;      /* index into kind->states */
  bool flagged;      /* equivocation: a person decides */
  struct base_id by; /* the message that made the state */
  uint8_t by_party;  /* its author's place among the parties */
  size_t party_count;
  uint8_t standing[WIRE_PARTIES_MAX]; /* per party of the opening message: its own state; of the opener: the case's */
  uint16_t agreed[WIRE_KIND_TYPES_MAX]; /* per type: the parties that sent it since the state began */
  struct law_period period;             /* of the case, where its kind has one; to 0: it has none */
  struct law_period proposed;           /* what those said of it who have agreed to another one */
};
enum { ENGINE_MESSAGES_MAX = 100000 };
/* A party's place in the opening message's list; ENGINE_NOBODY for a stranger. */
unsigned engine_party_of(const struct wire_header *opening, struct base_view origin);
/* What the item is that this message opened; NULL when it opened none. */
const struct wire_kind_item *engine_item(const struct wire_kind *kind, const struct engine_message *message);
/* messages: in any order; all that a followed id names must be among them (core admits them in that order), else
 * BASE_FIELD, as for a second opening message, another case's message, an id twice, a circle. The opening message must
 * be of this kind (BASE_KIND). On return they are sorted by (depth, id) and filled; the first is the opening message.
 * After a failure their order and what was computed mean nothing. O(n log n), no recursion. The headers' times have no
 * influence but on what waits until a moment is over (`after` of a transition). */
BASE_NODISCARD enum base_code engine_compute(const struct wire_kind *kind, struct engine_message *messages,
                                             size_t count, struct engine_state *out, struct base_error *err);
/* Would a message of this type by this author, written now (INT64_MAX: at whatever time), take effect, about whatever item when its type names one? BASE_OK, or
 * BASE_TRANSITION with the types that are possible for him. Used at local submission. */
BASE_NODISCARD enum base_code engine_allows(const struct wire_kind *kind, const struct engine_message *messages,
                                            size_t count, const struct engine_state *state, struct base_view author,
                                            base_time now, const struct wire_kind_type *type, struct base_error *err);
/* The same about the item that the message at this place opened, for a type that names such an item. */
bool engine_allows_item(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                        const struct engine_state *state, struct base_view author, const struct wire_kind_type *type,
                        size_t item);
/* The parties, a bit each in the order of the opening message, whose consent a message of this type still lacks: to
 * what some have agreed to, or to what names the message that made the state, whose author has. item: the place of the
 * message that opened the item that it is about; ENGINE_NO_ITEM: it moves the case. 0: nobody's. */
uint32_t engine_lacks(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                      const struct engine_state *state, const struct wire_kind_type *type, uint32_t item);
/* As engine_allows for a message that is written already: also asks whether it goes to all parties, is of the case's
 * kind, and names the message that made the present state, or an item, where its type must. */
BASE_NODISCARD enum base_code engine_allows_header(const struct wire_kind *kind, const struct engine_message *messages,
                                                   size_t count, const struct engine_state *state,
                                                   const struct wire_header *header, struct base_error *err);
/* What a new message by this author follows: the present heads (messages nobody follows), his own previous one among
 * them or added. Ascending, at most WIRE_FOLLOWS_MAX (the deepest ones; his own previous always). messages as
 * engine_compute left them. 0 only when there are none or memory is out. */
size_t engine_follows(const struct engine_message *messages, size_t count, struct base_view author,
                      struct base_id out[WIRE_FOLLOWS_MAX]);

#endif
