/* SPDX-License-Identifier: Apache-2.0
 * Types whose messages are about periods that lie apart from each other: spec/kind.md, "Apart". */
#include "wire/kind_internal.h"

/* What all agree to comes from many messages about one period. */
static bool agreed_by_all(const struct wire_kind *kind, const struct wire_kind_type *type) {
  bool all = false;
  for (size_t i = 0; i < kind->transition_count; i++)
    all = all || (kind->transitions[i].on == type && kind->transitions[i].all);
  for (size_t i = 0; type->moves && i < type->moves->transition_count; i++)
    all = all || (type->moves->transitions[i].on == type && type->moves->transitions[i].all);
  return all;
}

static void check_type(struct wire_kind_reader *reader, struct wire_object *object, const struct wire_kind_type *type) {
  const struct wire_kind *kind = reader->kind;
  if (type == &kind->types[kind->opening])
    wire_object_fail(object, BASE_FIELD, "type", "%s opens the case, which has no second one", wire_kind_text(type->name));
  else if (type->apart)
    wire_object_fail(object, BASE_FIELD, "type", "%s is held apart already", wire_kind_text(type->name));
  else if (agreed_by_all(kind, type))
    wire_object_fail(object, BASE_FIELD, "type", "%s has a transition with all, and what all agree to is said more than once",
                     wire_kind_text(type->name));
}

static void take_apart(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_apart *apart) {
  const struct wire_kind_type *type = wire_kind_take_type(reader, object, "type");
  if (!object->code)
    check_type(reader, object, type);
  apart->type = type;
  apart->from = wire_kind_take_code(object, "from", reader->arena, true);
  apart->to = wire_kind_take_code(object, "to", reader->arena, true);
  wire_kind_check_moment(object, "from", apart->from, type);
  wire_kind_check_moment(object, "to", apart->to, type);
  if (!object->code && base_view_equal(apart->from, apart->to))
    wire_object_fail(object, BASE_FIELD, "to", "must be another field than from");
  if (!object->code)
    reader->kind->types[type - reader->kind->types].apart = apart;
}

void wire_kind_read_aparts(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  bool there = wire_json_get(root->json, "apart") != NULL;
  const struct wire_json *array = there ? wire_object_array(root, "apart", 1, WIRE_KIND_APARTS_MAX) : NULL;
  kind->aparts = wire_kind_room(reader, "apart", wire_json_size(array), sizeof *kind->aparts);
  for (size_t i = 0; i < wire_json_size(array) && !root->code; i++) {
    struct wire_object object;
    wire_object_begin_at(&object, root, "apart", array, i);
    take_apart(reader, &object, &kind->aparts[kind->apart_count]);
    kind->apart_count += !object.code;
    wire_object_close(&object, root);
  }
}
