/* SPDX-License-Identifier: Apache-2.0
 * For fuzzers of the state of a case: headers in whatever number and order, and what must hold of every case of every kind.
 * Any order of arrival gives the same state or the same refusal; what is allowed beforehand is what takes effect; and nothing
 * is stuck: out of a state that can be left, and of which wire_kind_doubts says nothing, the parties find a way. */
#ifndef WASL_TESTS_CASESCENE_H
#define WASL_TESTS_CASESCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

enum { CASESCENE_MESSAGES = 48, CASESCENE_PARTIES = 3, CASESCENE_TRIED = 2 * CASESCENE_PARTIES };

struct casescene {
  const struct wire_kind *kind;
  struct wire_header headers[CASESCENE_MESSAGES + CASESCENE_TRIED];
  struct base_id follows[CASESCENE_MESSAGES + CASESCENE_TRIED][WIRE_FOLLOWS_MAX];
  struct engine_message messages[CASESCENE_MESSAGES + CASESCENE_TRIED], again[CASESCENE_MESSAGES];
  char texts[CASESCENE_MESSAGES + CASESCENE_TRIED][BASE_HEX_ID + 1]; /* the message that each names */
  size_t count;
  struct engine_state state;
};

/* The parties, and a stranger. */
static const char *const casescene_origins[] = {"wasl/a/0000000000000000", "wasl/b/0000000000000000", "wasl/c/0000000000000000",
                                                "wasl/x/0000000000000000"};

static inline void casescene_require(bool holds) {
  if (!holds)
    abort();
}

/* The next message, which opens the case when it is the first; it follows none yet. */
static inline struct wire_header *casescene_add(struct casescene *scene, struct base_id id, const struct wire_kind_type *type,
                                                unsigned author) {
  size_t at = scene->count++;
  struct wire_header *header = &scene->headers[at];
  *header = (struct wire_header){.opens = at == 0,
                                 .kind = scene->kind->name,
                                 .kind_hash = scene->kind->hash,
                                 .type = type->name,
                                 .author = base_view_text(casescene_origins[author]),
                                 .party_count = CASESCENE_PARTIES,
                                 .follows = scene->follows[at]};
  scene->messages[at] = (struct engine_message){.id = id, .header = header};
  header->case_id = scene->messages[0].id;
  for (size_t i = 0; i < CASESCENE_PARTIES; i++)
    header->parties[i] = base_view_text(casescene_origins[i]);
  return header;
}

/* Its state fields: of a message, this one; of a party, this one; of a date or time, this day. */
static inline void casescene_fill(struct casescene *scene, const struct wire_kind_type *type, struct base_id names,
                                  unsigned party, const char *day) {
  struct wire_header *header = &scene->headers[scene->count - 1];
  char *text = scene->texts[scene->count - 1];
  base_hex(names.bytes, sizeof names.bytes, text);
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    const char *value = field->type == WIRE_FIELD_MESSAGE                                  ? text
                        : field->type == WIRE_FIELD_PARTY                                  ? casescene_origins[party]
                        : field->type == WIRE_FIELD_DATE || field->type == WIRE_FIELD_TIME ? day
                                                                                           : NULL;
    if (field->state && value != NULL)
      header->state[header->state_count++] = (struct wire_state_field){field->name, base_view_text(value)};
  }
}

/* --- in which order they come */

/* The same messages in another order: `again` holds them. */
static inline void casescene_same(struct casescene *scene, enum base_code code) {
  struct engine_state again;
  casescene_require(engine_compute(scene->kind, scene->again, scene->count, &again, NULL) == code);
  if (code != BASE_OK)
    return;
  casescene_require(scene->state.state == again.state && scene->state.flagged == again.flagged &&
                    base_id_equal(&scene->state.by, &again.by));
  casescene_require(memcmp(scene->messages, scene->again, scene->count * sizeof *scene->messages) == 0);
}

static inline enum base_code casescene_compute(struct casescene *scene) {
  struct engine_message came[CASESCENE_MESSAGES];
  memcpy(came, scene->messages, sizeof came);
  enum base_code code = engine_compute(scene->kind, scene->messages, scene->count, &scene->state, NULL);
  for (size_t i = 0; i < scene->count; i++)
    scene->again[i] = came[scene->count - 1 - i];
  casescene_same(scene, code);
  for (size_t i = 0, to = 0; i < 2; i++) /* those at odd places before the others */
    for (size_t k = 1 - i; k < scene->count; k += 2)
      scene->again[to++] = came[k];
  casescene_same(scene, code);
  return code;
}

/* --- what takes effect */

/* An item is one of the kind's, in one of its states, which an effective message made. */
static inline void casescene_check_item(const struct casescene *scene, size_t at) {
  const struct engine_message *message = &scene->messages[at];
  const struct wire_kind_item *item = engine_item(scene->kind, message);
  if (item == NULL)
    return;
  casescene_require(message->effective && base_view_equal(message->header->type, item->opened_by->name));
  casescene_require(message->item_state < item->state_count && message->assignee <= WIRE_PARTIES_MAX);
  casescene_require(message->item_by >= at && message->item_by < scene->count);
  casescene_require(scene->messages[message->item_by].effective);
}

/* A message that this party sends now, after all that nobody follows yet. It is effective when it is allowed, and only then. */
static inline void casescene_send(struct casescene *scene, struct engine_state *state,
                                  const struct wire_kind_type *type, unsigned party, const struct base_id *names) {
  struct base_id id = {{0xEE, (uint8_t)scene->count, 1}}, follows[WIRE_FOLLOWS_MAX];
  struct base_view author = base_view_text(casescene_origins[party]);
  size_t count = engine_follows(scene->messages, scene->count, author, follows);
  casescene_require(count > 0);
  bool room =
      engine_allows(scene->kind, scene->messages, scene->count, state, author, INT64_MAX, type, NULL) == BASE_OK;
  struct wire_header *header = casescene_add(scene, id, type, party);
  memcpy(header->follows, follows, count * sizeof *follows);
  header->follow_count = count;
  header->time = INT64_MAX; /* whatever waits until a moment is over waits no more */
  casescene_fill(scene, type, *names, party, "2026-11-21");
  enum base_code allowed = engine_allows_header(scene->kind, scene->messages, scene->count - 1, state, header, NULL);
  casescene_require(room || allowed != BASE_OK);
  casescene_require(engine_compute(scene->kind, scene->messages, scene->count, state, NULL) == BASE_OK);
  casescene_require(base_id_equal(&scene->messages[scene->count - 1].id, &id));
  casescene_require(scene->messages[scene->count - 1].effective == (allowed == BASE_OK));
}

/* As it was before the last of them were sent. */
static inline void casescene_back(struct casescene *scene, size_t count) {
  scene->count = count;
  casescene_require(engine_compute(scene->kind, scene->messages, count, &scene->state, NULL) == BASE_OK);
}

/* Whatever anybody sends next, about the state and about whichever thing. */
static inline void casescene_try_each(struct casescene *scene) {
  size_t count = scene->count;
  for (size_t i = 0; i < scene->kind->type_count; i++)
    for (unsigned party = 0; party < CASESCENE_PARTIES; party++) {
      const struct wire_kind_type *type = &scene->kind->types[i];
      struct engine_state state = scene->state;
      struct base_id names = state.by;
      for (size_t k = 0; k < count && type->moves != NULL; k++)
        if (engine_item(scene->kind, &scene->messages[k]) == type->moves)
          names = scene->messages[k].id;
      casescene_send(scene, &state, type, party, &names);
      casescene_back(scene, count);
    }
}

/* --- nothing is stuck */

static inline bool casescene_leaves(const struct wire_kind_transition *transition, size_t state) {
  return !transition->stays && (transition->from >> state & 1) && transition->to != state;
}

/* Whether the kind's doubts speak of this state. */
static inline bool casescene_doubted(const struct wire_faults *doubts, size_t state) {
  char begin[64];
  (void)snprintf(begin, sizeof begin, "kind: $.states[%zu]: ", state);
  for (size_t i = 0; i < doubts->count && i < WIRE_FAULTS_MAX; i++)
    if (strncmp(doubts->list[i].text, begin, strlen(begin)) == 0)
      return true;
  return false;
}

/* Whether all parties, each sending this type until the state is another one, leave it. */
static inline bool casescene_way_out(struct casescene *scene, const struct wire_kind_type *type) {
  size_t count = scene->count;
  struct engine_state state = scene->state;
  for (unsigned i = 0; i < CASESCENE_TRIED && state.state == scene->state.state; i++) {
    struct base_id names = state.by;
    casescene_send(scene, &state, type, i % CASESCENE_PARTIES, &names);
  }
  bool left = state.state != scene->state.state;
  casescene_back(scene, count);
  return left;
}

/* An end nobody leaves; of a state that may be without a way out the kind's doubts speak. */
static inline void casescene_check_ways_out(struct casescene *scene, const struct wire_faults *doubts) {
  const struct wire_kind *kind = scene->kind;
  bool left = false, found = false;
  for (size_t i = 0; i < kind->transition_count && !found; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    if (!casescene_leaves(transition, scene->state.state))
      continue;
    left = true;
    found = transition->on->moves == NULL && casescene_way_out(scene, transition->on);
  }
  casescene_require(!left || found || casescene_doubted(doubts, scene->state.state));
}

static inline bool casescene_anybody(const struct casescene *scene, const struct wire_kind_type *type, size_t item) {
  for (size_t i = 0; i < CASESCENE_PARTIES; i++)
    if (engine_allows_item(scene->kind, scene->messages, scene->count, &scene->state,
                           base_view_text(casescene_origins[i]), type, item))
      return true;
  return false;
}

/* A transition of an item that fits can be taken, unless only its assignee may and there is none. */
static inline void casescene_check_item_moves(const struct casescene *scene, size_t at) {
  const struct engine_message *message = &scene->messages[at];
  const struct wire_kind_item *item = engine_item(scene->kind, message);
  for (size_t i = 0; item != NULL && i < item->transition_count; i++) {
    const struct wire_item_transition *transition = &item->transitions[i];
    bool fits = (transition->from >> message->item_state & 1) && (transition->in >> scene->state.state & 1);
    bool somebody = transition->who != WIRE_WHO_ASSIGNEE || message->assignee != WIRE_PARTIES_MAX;
    bool alone = transition->all; /* who made the state may be the only one to agree: then he has */
    if (fits && somebody && !alone && !transition->on->moves_case && transition->on->opens == NULL)
      casescene_require(casescene_anybody(scene, transition->on, at));
  }
}

/* The opener's own, and what of it is said of each item. */
static inline void casescene_check_allowed(const struct casescene *scene) {
  struct base_view author = scene->messages[0].header->author;
  for (size_t i = 0; i < scene->kind->type_count; i++) {
    struct base_error err;
    enum base_code code = engine_allows(scene->kind, scene->messages, scene->count, &scene->state, author, INT64_MAX,
                                        &scene->kind->types[i], &err);
    casescene_require(code == BASE_OK || code == BASE_TRANSITION);
    for (size_t j = 0; j < scene->count; j++)
      casescene_require(!engine_allows_item(scene->kind, scene->messages, scene->count, &scene->state, author,
                                            &scene->kind->types[i], j) ||
                        code == BASE_OK);
  }
}

/* doubts: those of the kind. Why there is no state, or BASE_OK. */
static inline enum base_code casescene_judge(struct casescene *scene, const struct wire_faults *doubts) {
  enum base_code code = casescene_compute(scene);
  if (code != BASE_OK)
    return code;
  for (size_t i = 0; i < scene->count; i++) {
    casescene_check_item(scene, i);
    casescene_check_item_moves(scene, i);
  }
  casescene_check_allowed(scene);
  casescene_check_ways_out(scene, doubts);
  casescene_try_each(scene);
  return BASE_OK;
}

#endif
