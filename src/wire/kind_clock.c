/* SPDX-License-Identifier: Apache-2.0
 * The clocks of a kind: spec/kind.md, "Clocks". */
#include "wire/kind_internal.h"

enum {
  CLOCK_SECONDS_MAX = 10 * 366 * 86400,
  CLOCK_SOON_MAX = 99,
  CLOCK_OFFSET_MAX = 730 * 86400, /* before or after the moment that a field names */
};

const char *const wire_owes_names[WIRE_OWES] = {
    [WIRE_OWES_ASKED] = "asked", [WIRE_OWES_OPENER] = "opener",     [WIRE_OWES_OTHERS] = "others",
    [WIRE_OWES_OWNER] = "owner", [WIRE_OWES_ASSIGNEE] = "assignee", [WIRE_OWES_EACH] = "each",
    [WIRE_OWES_NOT_OWNER] = "not_owner"};

bool wire_owes_several(enum wire_owes owes) {
  return owes == WIRE_OWES_OTHERS || owes == WIRE_OWES_EACH || owes == WIRE_OWES_NOT_OWNER;
}

static uint64_t bit_of(const struct wire_kind *kind, const struct wire_kind_type *type) {
  return (uint64_t)1 << (type - kind->types);
}

/* --- due by a length, or at a moment */

/* Every code of the list that the field chooses from has a length, and no other. The field was read: nothing failed before. */
static void take_lengths(struct wire_object *object, struct wire_kind_clock *clock) {
  const struct wire_json *lengths = wire_object_take(object, "lengths", WIRE_JSON_OBJECT, true);
  const struct wire_kind_field *field = wire_kind_field_named(clock->starts, clock->field);
  if (object->code)
    return;
  if (!field || !field->state || !field->required || field->type != WIRE_FIELD_CODE) {
    wire_object_fail(object, BASE_FIELD, "field", "must be a required state field of type code of %s",
                     wire_kind_text(clock->starts->name));
    return;
  }
  for (size_t i = 0; i < field->list->count && !object->code; i++) {
    const struct wire_json *seconds = wire_json_get(lengths, wire_kind_text(field->list->codes[i]));
    int64_t length = wire_json_integer(seconds);
    if (length < 1 || length > CLOCK_SECONDS_MAX)
      wire_object_fail(object, BASE_FIELD, "lengths", "%s needs 1 to %d seconds", wire_kind_text(field->list->codes[i]),
                       CLOCK_SECONDS_MAX);
    clock->lengths[i].code = field->list->codes[i];
    clock->lengths[i].seconds = length;
  }
  clock->length_count = field->list->count;
  if (wire_json_size(lengths) != clock->length_count)
    wire_object_fail(object, BASE_FIELD, "lengths", "has a code that the list %s lacks",
                     wire_kind_text(field->list->name));
}

/* A clock is paused on a ground alone: each type that pauses it has a required coded state field for it. */
static void take_ground(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  clock->ground = wire_kind_take_code(object, "ground", reader->arena, clock->pauses != 0);
  if (!object->code && clock->pauses == 0 && clock->ground.size > 0)
    wire_object_fail(object, BASE_FIELD, "ground", "goes with pauses");
  for (size_t i = 0; i < reader->kind->type_count && !object->code && clock->pauses != 0; i++) {
    const struct wire_kind_type *type = &reader->kind->types[i];
    const struct wire_kind_field *field = clock->pauses >> i & 1 ? wire_kind_field_named(type, clock->ground) : NULL;
    if ((clock->pauses >> i & 1) && (!field || !field->state || !field->required || field->type != WIRE_FIELD_CODE))
      wire_object_fail(object, BASE_FIELD, "ground", "must be a required state field of type code of %s",
                       wire_kind_text(type->name));
  }
}

/* A moment that a message of this type names in the field; NULL: it names none. */
static const struct wire_kind_field *moment_of(const struct wire_kind_type *type, struct base_view name) {
  const struct wire_kind_field *field = wire_kind_field_named(type, name);
  bool moment = field && (field->type == WIRE_FIELD_DATE || field->type == WIRE_FIELD_TIME);
  return moment && field->state && field->required ? field : NULL;
}

static void take_at(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  struct wire_object at;
  wire_object_begin_in(&at, object, "at");
  clock->at = true;
  clock->field = wire_kind_take_code(&at, "field", reader->arena, true);
  clock->offset = wire_object_integer(&at, "offset", -CLOCK_OFFSET_MAX, CLOCK_OFFSET_MAX, false);
  clock->before = wire_object_integer(&at, "before", 1, CLOCK_OFFSET_MAX, false);
  clock->least = wire_object_integer(&at, "least", 1, CLOCK_OFFSET_MAX, false);
  if (!at.code && clock->least > 0 && clock->offset >= 0)
    wire_object_fail(&at, BASE_FIELD, "least", "goes with an offset below 0: the moment itself waits for nobody");
  if (!at.code && !moment_of(clock->starts, clock->field))
    wire_object_fail(&at, BASE_FIELD, "field", "must be a required state field of type date or time of %s",
                     wire_kind_text(clock->starts->name));
  wire_object_close(&at, object);
}

static void take_due(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  if (wire_json_get(object->json, "at")) {
    take_at(reader, object, clock);
    return;
  }
  clock->field = wire_kind_take_code(object, "field", reader->arena, false);
  if (clock->field.size) {
    take_lengths(object, clock);
  } else {
    clock->length_count = 1;
    clock->lengths[0].seconds = wire_object_integer(object, "length", 1, CLOCK_SECONDS_MAX, true);
  }
  if (!object->code && wire_json_get(object->json, "soon") != NULL)
    clock->soon = wire_object_integer(object, "soon", 1, CLOCK_SOON_MAX, true);
}

/* --- what it runs for, and who owes it */

/* Whatever opens or moves the item and bears the field moves the moment. What only some agreed to would move it too, and
 * nobody could say since when it holds: such a type has no such field. */
static void take_moves(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  const struct wire_kind *kind = reader->kind;
  for (size_t i = 0; i < kind->type_count; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    if (type != clock->starts && type->moves == clock->item && moment_of(type, clock->field))
      clock->moves |= bit_of(kind, type);
  }
  for (size_t i = 0; i < clock->item->all_count; i++)
    if (((clock->moves | bit_of(kind, clock->starts)) & bit_of(kind, clock->item->all[i])) != 0)
      wire_object_fail(object, BASE_FIELD, "at", "%s moves the item once all agree and has the field",
                       wire_kind_text(clock->item->all[i]->name));
}

/* A type that is about another item says nothing of this one; one that is about none is about the whole case. */
static void check_about(struct wire_kind_reader *reader, struct wire_object *object, const char *key, uint64_t types,
                        const struct wire_kind_item *item, bool whole) {
  for (size_t i = 0; i < reader->kind->type_count && !object->code; i++) {
    const struct wire_kind_type *type = &reader->kind->types[i];
    bool ours = type->moves == item || (whole && !type->moves && !type->opens);
    if ((types >> i & 1) && !ours)
      wire_object_fail(object, BASE_FIELD, key, "%s is not about this item", wire_kind_text(type->name));
  }
}

static void take_item(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  struct base_view name = wire_kind_take_code(object, "item", reader->arena, false);
  if (object->code)
    return;
  if (name.size == 0) {
    if (clock->owes > WIRE_OWES_OPENER)
      wire_object_fail(object, BASE_FIELD, "owes", "%s goes with item", wire_owes_names[clock->owes]);
    else if ((clock->again | clock->stops_all | clock->from) != 0)
      wire_object_fail(object, BASE_FIELD, "item", "missing: again, stops_all and from go with it");
    return;
  }
  if (!reader->items_sound)
    return; /* what it is about is looked at when the items are sound */
  clock->item = wire_kind_item_named(reader->kind, name);
  if (!clock->item)
    wire_object_fail(object, BASE_FIELD, "item", "names no item of this kind");
  else if (!clock->at)
    wire_object_fail(object, BASE_FIELD, "item", "goes with at: of an item only a moment that it names is due");
  else if (clock->pauses | clock->resumes)
    wire_object_fail(object, BASE_FIELD, "pauses", "a clock of an item has none");
  else if (clock->starts->opens != clock->item && clock->starts->moves != clock->item)
    wire_object_fail(object, BASE_FIELD, "starts", "%s is not about this item", wire_kind_text(clock->starts->name));
  else if (clock->owes == WIRE_OWES_ASKED)
    wire_object_fail(object, BASE_FIELD, "owes", "of an item: opener, others, owner, not_owner, assignee or each");
  else if (clock->owes == WIRE_OWES_ASSIGNEE && clock->item->assignee_field.size == 0)
    wire_object_fail(object, BASE_FIELD, "owes", "the item has no assignee_field");
  else if (clock->stops_all != 0 && !wire_owes_several(clock->owes))
    wire_object_fail(object, BASE_FIELD, "stops_all", "goes with owes others, not_owner or each: else stops is for all");
  check_about(reader, object, "stops", clock->stops, clock->item, true);
  check_about(reader, object, "stops_all", clock->stops_all, clock->item, true);
  check_about(reader, object, "again", clock->again, clock->item, false);
  check_about(reader, object, "from", clock->from, clock->item, false);
  if (!object->code)
    take_moves(reader, object, clock);
}

static void take_owes(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  struct base_view owes = wire_kind_take_code(object, "owes", reader->arena, false), words[WIRE_OWES];
  for (size_t i = 0; i < WIRE_OWES; i++)
    words[i] = base_view_text(wire_owes_names[i]);
  size_t place = owes.size == 0 ? WIRE_OWES_ASKED : wire_kind_place(words, WIRE_OWES, owes);
  if (owes.size > 0 && (place == WIRE_OWES_ASKED || place == WIRE_OWES))
    wire_object_fail(object, BASE_FIELD, "owes",
                     "is opener, or of an item opener, others, owner, not_owner, assignee or each; left out for the asked party");
  else
    clock->owes = (enum wire_owes)place;
}

/* Whether a type is in two of these. */
static bool overlap(const uint64_t *sets, size_t count) {
  uint64_t seen = 0;
  for (size_t i = 0; i < count; i++) {
    if (seen & sets[i])
      return true;
    seen |= sets[i];
  }
  return false;
}

static void take_clock(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_clock *clock) {
  clock->name = wire_kind_take_code(object, "name", reader->arena, true);
  clock->starts = wire_kind_take_type(reader, object, "starts");
  take_due(reader, object, clock);
  clock->stops = wire_kind_take_types(reader, object, "stops");
  clock->pauses = wire_kind_take_types(reader, object, "pauses");
  clock->resumes = wire_kind_take_types(reader, object, "resumes");
  clock->again = wire_kind_take_types(reader, object, "again");
  clock->stops_all = wire_kind_take_types(reader, object, "stops_all");
  clock->from = wire_kind_take_types(reader, object, "from");
  const uint64_t sets[] = {clock->stops, clock->pauses, clock->resumes, clock->again, clock->stops_all, clock->from};
  if (overlap(sets, sizeof sets / sizeof *sets))
    wire_object_fail(object, BASE_FIELD, NULL,
                     "a type either stops, pauses or resumes the clock, lets it run again, or is what it waits for");
  if (!object->code && (clock->from & bit_of(reader->kind, clock->starts)) != 0)
    wire_object_fail(object, BASE_FIELD, "from", "is what comes beside %s", wire_kind_text(clock->starts->name));
  take_ground(reader, object, clock);
  take_owes(reader, object, clock);
  if (!object->code)
    take_item(reader, object, clock);
  if (!object->code && clock->at && (clock->pauses | clock->resumes))
    wire_object_fail(object, BASE_FIELD, "pauses", "a clock that is due at a moment has none");
  if (!object->code && (clock->moves & (clock->stops | clock->stops_all | clock->again)) != 0)
    wire_object_fail(object, BASE_FIELD, "at", "a type that bears the field anew neither stops the clock nor lets it run again");
}

void wire_kind_read_clocks(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  const struct wire_json *array = wire_object_array(root, "clocks", 0, WIRE_KIND_CLOCKS_MAX);
  if (!array)
    return;
  kind->clocks = wire_kind_room(reader, "clocks", wire_json_size(array), sizeof *kind->clocks);
  for (size_t i = 0; i < wire_json_size(array) && !root->code; i++) {
    struct wire_object object;
    wire_object_begin_at(&object, root, "clocks", array, i);
    struct wire_kind_clock *clock = &kind->clocks[kind->clock_count];
    *clock = (struct wire_kind_clock){0};
    take_clock(reader, &object, clock);
    for (size_t j = 0; j < kind->clock_count; j++)
      if (base_view_equal(clock->name, kind->clocks[j].name))
        wire_object_fail(&object, BASE_FIELD, "name", "stands twice");
    kind->clock_count += !object.code;
    wire_object_close(&object, root);
  }
}
