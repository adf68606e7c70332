/* SPDX-License-Identifier: Apache-2.0
 * The items of a kind: things in a case with a life of their own. spec/kind.md, "Items". */
#include "wire/kind_internal.h"

struct item_reader {
  struct wire_kind_reader *kind;
  struct wire_kind_item *item;
  uint64_t in; /* where its transitions do not say it themselves */
};

static uint64_t take_in(const struct item_reader *reader, struct wire_object *object, uint64_t absent) {
  const struct wire_kind *kind = reader->kind->kind;
  uint64_t in = wire_kind_take_bits(object, "in", kind->states, kind->state_count, "state of this kind");
  if (!object->code && in == 0 && wire_json_get(object->json, "in"))
    wire_object_fail(object, BASE_FIELD, "in", "names no state: without it, all are meant");
  return in ? in : absent;
}

/* --- the transitions */

static void take_to(const struct item_reader *reader, struct wire_object *object,
                    struct wire_item_transition *transition) {
  const struct wire_kind_item *item = reader->item;
  const struct wire_json *to = wire_object_take(object, "to", WIRE_JSON_TEXT, false);
  transition->stays = !to && transition->from != 0;
  if (!to)
    return;
  transition->to = wire_kind_place(item->states, item->state_count, wire_json_text(to));
  if (transition->to == item->state_count)
    wire_object_fail(object, BASE_FIELD, "to", "names no state of this item");
}

static bool counted(const struct wire_kind_item *item, const struct wire_kind_type *type) {
  for (size_t i = 0; i < item->all_count; i++)
    if (item->all[i] == type)
      return true;
  return false;
}

static void take_all(const struct item_reader *reader, struct wire_object *object,
                     struct wire_item_transition *transition) {
  struct wire_kind_item *item = reader->item;
  transition->all = wire_object_bool(object, "all", false);
  transition->anew = wire_object_bool(object, "anew", false);
  if (transition->anew && !transition->all)
    wire_object_fail(object, BASE_FIELD, "anew", "goes with all");
  if (object->code || !transition->all)
    return;
  if (transition->from == 0 || transition->stays)
    wire_object_fail(object, BASE_FIELD, "all", "goes with from and to: what all agree to leads somewhere");
  else if (transition->on->moves_case || transition->on->opens)
    wire_object_fail(object, BASE_FIELD, "all", "%s also moves the case or opens an item",
                     wire_kind_text(transition->on->name));
  else if (counted(item, transition->on))
    return;
  else if (item->all_count == WIRE_ITEM_ALL_MAX)
    wire_object_fail(object, BASE_FIELD, "all", "at most %d types of an item have it", WIRE_ITEM_ALL_MAX);
  else
    item->all[item->all_count++] = transition->on;
}

static void check_transition(const struct item_reader *reader, struct wire_object *object,
                             const struct wire_item_transition *transition) {
  const struct wire_kind_item *item = reader->item;
  bool begins = transition->on == item->opened_by, others = transition->who >= WIRE_WHO_NOT_LAST;
  if (begins != (transition->from == 0))
    wire_object_fail(object, BASE_FIELD, "from", begins ? "an item begins from no state" : "names no state");
  else if (begins && others)
    wire_object_fail(object, BASE_FIELD, "who", "of an item that begins: any, opener or others");
  else if (!begins && transition->on->moves != item)
    wire_object_fail(object, BASE_FIELD, "on", "%s needs a required state field of type message with this item",
                     wire_kind_text(transition->on->name));
  else if (!item->assignee_field.size && (transition->who == WIRE_WHO_ASSIGNEE || transition->who == WIRE_WHO_PAIR))
    wire_object_fail(object, BASE_FIELD, "who", "the item has no assignee_field");
}

static void take_transition(const struct item_reader *reader, struct wire_object *object,
                            struct wire_item_transition *transition) {
  const struct wire_kind_item *item = reader->item;
  transition->on = wire_kind_take_type(reader->kind, object, "on");
  transition->from =
      (uint32_t)wire_kind_take_bits(object, "from", item->states, item->state_count, "state of this item");
  take_to(reader, object, transition);
  transition->who = wire_kind_take_who(object, WIRE_WHOS);
  transition->in = take_in(reader, object, reader->in);
  if (!object->code)
    check_transition(reader, object, transition);
  if (!object->code)
    take_all(reader, object, transition);
}

/* Who opens an item needs no transition: then every party may, and it begins in the first state. */
static void begin_by_default(const struct item_reader *reader) {
  struct wire_kind_item *item = reader->item;
  for (size_t i = 0; i < item->transition_count; i++)
    if (item->transitions[i].from == 0)
      return;
  item->transitions[item->transition_count++] =
      (struct wire_item_transition){.on = item->opened_by, .who = WIRE_WHO_ANY, .in = reader->in};
}

static void check_reached(const struct item_reader *reader, struct wire_object *object) {
  const struct wire_kind_item *item = reader->item;
  const struct wire_kind *kind = reader->kind->kind;
  uint32_t reached = 0;
  uint64_t moving = 0;
  for (size_t i = 0; i < item->transition_count; i++) {
    const struct wire_item_transition *transition = &item->transitions[i];
    reached |= transition->stays ? 0 : (uint32_t)1 << transition->to;
    moving |= (uint64_t)1 << (transition->on - kind->types);
  }
  for (size_t i = 0; i < item->state_count; i++)
    if (!(reached >> i & 1))
      wire_object_fail(object, BASE_FIELD, "transitions", "none leads to %s", wire_kind_text(item->states[i]));
  for (size_t i = 0; i < kind->type_count; i++)
    if (kind->types[i].moves == item && !(moving >> i & 1))
      wire_object_fail(object, BASE_FIELD, "transitions", "none is on %s, which names this item",
                       wire_kind_text(kind->types[i].name));
}

static void take_transitions(const struct item_reader *reader, struct wire_object *object) {
  struct wire_kind_item *item = reader->item;
  const struct wire_json *array = wire_object_array(object, "transitions", 0, WIRE_ITEM_TRANSITIONS_MAX);
  item->transitions = wire_kind_room(reader->kind, "items", wire_json_size(array), sizeof *item->transitions);
  for (size_t i = 0; i < wire_json_size(array) && !object->code && !reader->kind->root.code; i++) {
    struct wire_object child;
    wire_object_begin_at(&child, object, "transitions", array, i);
    take_transition(reader, &child, &item->transitions[item->transition_count]);
    item->transition_count += !child.code;
    wire_object_close(&child, object);
  }
  if (object->code || reader->kind->root.code || item->transition_count < wire_json_size(array))
    return;
  begin_by_default(reader);
  check_reached(reader, object);
}

/* --- the items */

/* A PARTY state field of a type that opens or moves the item; where another one has a field of this name, it is one
 * too. */
static void check_assignee(const struct item_reader *reader, struct wire_object *object) {
  const struct wire_kind_item *item = reader->item;
  const struct wire_kind *kind = reader->kind->kind;
  bool found = false;
  for (size_t i = 0; i < kind->type_count && item->assignee_field.size; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    const struct wire_kind_field *field = type->opens == item || type->moves == item
                                              ? wire_kind_field_named(type, item->assignee_field)
                                              : NULL;
    if (field && (field->type != WIRE_FIELD_PARTY || !field->state))
      wire_object_fail(object, BASE_FIELD, "assignee_field", "is no state field of type party of %s",
                       wire_kind_text(type->name));
    found = found || field;
  }
  if (item->assignee_field.size && !found)
    wire_object_fail(object, BASE_FIELD, "assignee_field", "no type that opens or moves the item has it");
}

/* What opens it: known before any transition is read, for a type may open one item and move another. */
static void take_opened_by(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_item *item) {
  item->name = wire_kind_take_code(object, "name", reader->arena, true);
  item->opened_by = wire_kind_take_type(reader, object, "opened_by");
  if (object->code)
    return;
  struct wire_kind_type *type = &reader->kind->types[item->opened_by - reader->kind->types];
  if (wire_kind_item_named(reader->kind, item->name))
    wire_object_fail(object, BASE_FIELD, "name", "%s stands twice", wire_kind_text(item->name));
  else if (type == &reader->kind->types[reader->kind->opening])
    wire_object_fail(object, BASE_FIELD, "opened_by", "the type that opens the case opens no item");
  else if (type->opens)
    wire_object_fail(object, BASE_FIELD, "opened_by", "%s opens the item %s already", wire_kind_text(type->name),
                     wire_kind_text(type->opens->name));
  else
    type->opens = item;
}

static void take_item(struct item_reader *reader, struct wire_object *object) {
  struct wire_kind_item *item = reader->item;
  const struct wire_json *states = wire_object_array(object, "states", 1, WIRE_ITEM_STATES_MAX);
  if (states)
    item->states = wire_kind_copy_codes(object, "states", states, reader->kind->arena, WIRE_ITEM_STATES_MAX,
                                        &item->state_count);
  reader->in = take_in(reader, object, ~(uint64_t)0 >> (64 - reader->kind->kind->state_count));
  item->assignee_field = wire_kind_take_code(object, "assignee_field", reader->kind->arena, false);
  if (object->code)
    return;
  check_assignee(reader, object);
  take_transitions(reader, object);
}

/* The item that each type names, in the one field that says so. */
static void link_type(struct wire_kind_reader *reader, struct wire_kind_type *type) {
  struct wire_object *root = &reader->root;
  for (size_t i = 0; i < type->field_count && !root->code; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    if (!field->item.size)
      continue;
    if (type->moves)
      wire_object_fail(root, BASE_FIELD, "types", "%s names two items, one is allowed", wire_kind_text(type->name));
    type->moves = wire_kind_item_named(reader->kind, field->item);
    type->names_item = field->name;
    if (!type->moves)
      wire_object_fail(root, BASE_FIELD, "types", "%s: the field %s names no item of this kind",
                       wire_kind_text(type->name), wire_kind_text(field->name));
    else if (type->moves == type->opens)
      wire_object_fail(root, BASE_FIELD, "types", "%s opens the item %s and cannot move it", wire_kind_text(type->name),
                       wire_kind_text(type->opens->name));
    else if (type == &reader->kind->types[reader->kind->opening])
      wire_object_fail(root, BASE_FIELD, "types", "%s opens the case, in which there is no item yet",
                       wire_kind_text(type->name));
  }
}

/* What a message only agrees to, beside what it moves at once, would be half an effect. */
static void check_all(struct wire_kind_reader *reader) {
  const struct wire_kind *kind = reader->kind;
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    if (transition->all && (transition->on->opens || transition->on->moves))
      wire_object_fail(&reader->root, BASE_FIELD, "transitions", "%s also opens or moves an item and has no all",
                       wire_kind_text(transition->on->name));
  }
}

void wire_kind_read_items(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  bool there = wire_json_get(root->json, "items") != NULL;
  const struct wire_json *array = there ? wire_object_array(root, "items", 0, WIRE_KIND_ITEMS_MAX) : NULL;
  size_t count = wire_json_size(array);
  struct wire_object objects[WIRE_KIND_ITEMS_MAX];
  size_t before = root->faults ? root->faults->count : 0;
  kind->items = wire_kind_room(reader, "items", count, sizeof *kind->items);
  for (size_t i = 0; i < count && !root->code; i++) {
    wire_object_begin_at(&objects[i], root, "items", array, i);
    take_opened_by(reader, &objects[i], &kind->items[i]);
    if (objects[i].code)
      wire_object_close(&objects[i], root);
    kind->item_count++;
  }
  if (root->faults && root->faults->count > before)
    return; /* what names them is looked at when they are sound */
  for (size_t i = 0; i < kind->type_count && !root->code; i++)
    link_type(reader, &kind->types[i]);
  for (size_t i = 0; i < count && !root->code; i++) {
    struct item_reader item = {.kind = reader, .item = &kind->items[i]};
    take_item(&item, &objects[i]);
    wire_object_close(&objects[i], root);
  }
  if (!root->code)
    check_all(reader);
  reader->items_sound = !root->code && (!root->faults || root->faults->count == before);
}
