/* SPDX-License-Identifier: Apache-2.0
 * The items of a case: things with a state of their own beside the case's. spec/case.md, "Items". */
#include "engine/item.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/order.h"

/* --- which item a message names */

static int by_id(const void *a, const void *b) {
  return base_id_compare(a, b);
}

static bool may_open(const struct engine_scene *scene, size_t at) {
  const size_t type = scene->messages[at].type;
  return type != 0 && scene->kind->types[type - 1].opens != NULL;
}

enum base_code engine_item_index_make(const struct engine_scene *scene, struct engine_item_index *out,
                                      struct base_error *err) {
  *out = (struct engine_item_index){0};
  if (scene->kind->item_count == 0)
    return BASE_OK;
  out->places = calloc(scene->count, sizeof *out->places);
  if (out->places == NULL)
    return base_fail(err, BASE_MEMORY, "no memory left for the items of a case");
  for (size_t i = 0; i < scene->count; i++)
    if (may_open(scene, i))
      out->places[out->count++] = (struct engine_item_place){.id = scene->messages[i].id, .at = (uint32_t)i};
  qsort(out->places, out->count, sizeof *out->places, by_id);
  return BASE_OK;
}

void engine_item_index_free(struct engine_item_index *index) {
  free(index->places);
  *index = (struct engine_item_index){0};
}

static uint32_t find_place(const struct engine_scene *scene, const struct engine_item_index *index,
                           const struct base_id *id) {
  if (index != NULL) {
    const struct engine_item_place *found =
        index->count > 0 ? bsearch(id, index->places, index->count, sizeof *index->places, by_id) : NULL;
    return found != NULL ? found->at : ENGINE_NO_ITEM;
  }
  for (size_t i = 0; i < scene->count; i++)
    if (base_id_equal(&scene->messages[i].id, id))
      return (uint32_t)i;
  return ENGINE_NO_ITEM;
}

const struct wire_kind_item *engine_item(const struct wire_kind *kind, const struct engine_message *message) {
  return message->item == 0 ? NULL : &kind->items[message->item - 1];
}

uint32_t engine_item_named(const struct engine_scene *scene, const struct engine_item_index *index,
                           const struct wire_kind_type *type, const struct wire_header *header) {
  struct base_id id;
  if (!base_id_parse(wire_header_state(header, (const char *)type->names_item.data), &id))
    return ENGINE_NO_ITEM;
  uint32_t at = find_place(scene, index, &id);
  return at != ENGINE_NO_ITEM && engine_item(scene->kind, &scene->messages[at]) == type->moves ? at : ENGINE_NO_ITEM;
}

/* --- what is possible */

__attribute__((format(printf, 2, 3))) static void say(char why[ENGINE_WHY], const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(why, ENGINE_WHY, format, args);
  va_end(args);
}

static const char *text(struct base_view name) {
  return (const char *)name.data; /* of a kind: with a NUL */
}

static unsigned author_of(const struct engine_scene *scene, uint32_t at) {
  return scene->messages[at].party;
}

static uint32_t bit_of(unsigned party) {
  return (uint32_t)1 << party;
}

/* The parties that `who` admits, a bit each. */
static uint32_t admitted(const struct engine_scene *scene, enum wire_who who, uint32_t item) {
  uint32_t everybody = bit_of((unsigned)scene->opening->party_count) - 1;
  unsigned assignee = item == ENGINE_NO_ITEM ? ENGINE_NOBODY : scene->messages[item].assignee;
  uint32_t assigned = assignee == ENGINE_NOBODY ? 0 : bit_of(assignee);
  switch (who) {
  case WIRE_WHO_OPENER:
    return bit_of(author_of(scene, 0));
  case WIRE_WHO_OTHERS:
    return everybody & ~bit_of(author_of(scene, 0));
  case WIRE_WHO_NOT_LAST:
    return everybody & ~bit_of(author_of(scene, scene->messages[item].item_by));
  case WIRE_WHO_OWNER:
    return bit_of(author_of(scene, item));
  case WIRE_WHO_NOT_OWNER:
    return everybody & ~bit_of(author_of(scene, item));
  case WIRE_WHO_ASSIGNEE:
    return assigned;
  case WIRE_WHO_PAIR:
    return assigned | bit_of(author_of(scene, item));
  default:
    return everybody;
  }
}

static const char *who_text(enum wire_who who) {
  static const char *const texts[] = {[WIRE_WHO_ANY] = "a party",
                                      [WIRE_WHO_OPENER] = "the party that opened the case",
                                      [WIRE_WHO_OTHERS] = "a party that did not open the case",
                                      [WIRE_WHO_NOT_LAST] = "a party that did not make its present state",
                                      [WIRE_WHO_OWNER] = "its owner",
                                      [WIRE_WHO_NOT_OWNER] = "a party that is not its owner",
                                      [WIRE_WHO_ASSIGNEE] = "its assignee",
                                      [WIRE_WHO_PAIR] = "its owner or its assignee"};
  return texts[who];
}

const struct wire_item_transition *engine_item_begins(const struct engine_scene *scene,
                                                      const struct wire_kind_type *type, unsigned party,
                                                      char why[ENGINE_WHY]) {
  const struct wire_kind_item *item = type->opens;
  const struct wire_item_transition *refused = NULL;
  for (size_t i = 0; i < item->transition_count; i++) {
    const struct wire_item_transition *transition = &item->transitions[i];
    if (transition->from != 0 || !(transition->in >> scene->state & 1))
      continue;
    if (admitted(scene, transition->who, ENGINE_NO_ITEM) >> party & 1)
      return transition;
    refused = transition;
  }
  if (refused != NULL)
    say(why, "only %s may make an item %s", who_text(refused->who), text(item->name));
  else
    say(why, "no %s can be made in the state %s", text(item->name), text(scene->kind->states[scene->state]));
  return NULL;
}

/* Where an item counts who agreed to this type. */
static size_t counted_at(const struct wire_kind_item *item, const struct wire_kind_type *type) {
  size_t i = 0;
  while (item->all[i] != type)
    i++;
  return i;
}

/* Who made the state has agreed to all of it but what is to be agreed anew. */
static uint32_t agreed_to(const struct engine_scene *scene, const struct wire_item_transition *transition,
                          uint32_t item) {
  const struct engine_message *message = &scene->messages[item];
  return message->agreed[counted_at(transition->on->moves, transition->on)] |
         (transition->anew ? 0 : bit_of(author_of(scene, message->item_by)));
}

/* Why the item takes no such message: the transition that came nearest, and what it lacks. */
struct lack {
  enum { LACKS_STATE, LACKS_CASE, LACKS_WHO, LACKS_NEWS } what;
  enum wire_who who;
};

static void say_lack(const struct engine_scene *scene, const struct wire_kind_item *item, uint32_t at, struct lack lack,
                     char why[ENGINE_WHY]) {
  struct base_hex_text id = base_id_text(&scene->messages[at].id);
  const char *name = text(item->name);
  if (lack.what == LACKS_STATE)
    say(why, "the %s %.12s… is %s", name, id.text, text(item->states[scene->messages[at].item_state]));
  else if (lack.what == LACKS_CASE)
    say(why, "not possible in the state %s of the case", text(scene->kind->states[scene->state]));
  else if (lack.what == LACKS_WHO)
    say(why, "the %s %.12s…: only %s may send it", name, id.text, who_text(lack.who));
  else
    say(why, "the %s %.12s…: its author has agreed already", name, id.text);
}

const struct wire_item_transition *engine_item_takes(const struct engine_scene *scene,
                                                     const struct wire_kind_type *type, unsigned party, uint32_t item,
                                                     bool *out_agrees, char why[ENGINE_WHY]) {
  struct lack lack = {.what = LACKS_STATE};
  *out_agrees = false;
  if (item == ENGINE_NO_ITEM) {
    say(why, "there is no %s of this case that it names", text(type->moves->name));
    return NULL;
  }
  const struct engine_message *message = &scene->messages[item];
  for (size_t i = 0; i < type->moves->transition_count; i++) {
    const struct wire_item_transition *transition = &type->moves->transitions[i];
    if (transition->on != type || !(transition->from >> message->item_state & 1))
      continue;
    lack = (struct lack){.what = LACKS_CASE};
    if (!(transition->in >> scene->state & 1))
      continue;
    uint32_t who = admitted(scene, transition->who, item);
    lack = (struct lack){.what = LACKS_WHO, .who = transition->who};
    if (!(who >> party & 1))
      continue;
    if (!transition->all)
      return transition;
    uint32_t agreed = agreed_to(scene, transition, item);
    lack = (struct lack){.what = LACKS_NEWS};
    if (!(agreed >> party & 1)) {
      *out_agrees = (who & ~(agreed | bit_of(party))) != 0;
      return transition;
    }
  }
  if (why != NULL)
    say_lack(scene, type->moves, item, lack, why);
  return NULL;
}

uint32_t engine_item_lacks(const struct engine_scene *scene, const struct wire_kind_type *type, uint32_t item) {
  const struct engine_message *message = &scene->messages[item];
  for (size_t i = 0; i < type->moves->transition_count; i++) {
    const struct wire_item_transition *transition = &type->moves->transitions[i];
    if (transition->on == type && transition->all && (transition->from >> message->item_state & 1) &&
        (transition->in >> scene->state & 1) && message->agreed[counted_at(type->moves, type)] != 0)
      return admitted(scene, transition->who, item) & ~agreed_to(scene, transition, item);
  }
  return 0;
}

/* --- what becomes of it */

static void assign(const struct engine_scene *scene, struct engine_message *item, uint32_t at) {
  const struct base_view field = engine_item(scene->kind, item)->assignee_field;
  struct base_view origin =
      field.data != NULL ? wire_header_state(scene->messages[at].header, text(field)) : (struct base_view){0};
  if (origin.size > 0)
    item->assignee = (uint8_t)engine_party_of(scene->opening, origin);
}

static void enter(struct engine_message *item, uint32_t at, size_t state) {
  item->item_state = (uint8_t)state;
  item->item_by = at;
  memset(item->agreed, 0, sizeof item->agreed);
}

void engine_item_begin(const struct engine_scene *scene, struct engine_message *messages, uint32_t at,
                       const struct wire_item_transition *transition) {
  struct engine_message *item = &messages[at];
  item->item = (uint8_t)(transition->on->opens - scene->kind->items + 1);
  item->assignee = ENGINE_NOBODY;
  enter(item, at, transition->to);
  assign(scene, item, at);
}

void engine_item_move(const struct engine_scene *scene, struct engine_message *messages, uint32_t at, uint32_t item,
                      const struct wire_item_transition *transition, bool agrees) {
  struct engine_message *moved = &messages[item];
  if (agrees) {
    size_t place = counted_at(engine_item(scene->kind, moved), transition->on);
    moved->agreed[place] |= (uint16_t)(1u << author_of(scene, at));
    return;
  }
  if (!transition->stays)
    enter(moved, at, transition->to);
  assign(scene, moved, at);
}
