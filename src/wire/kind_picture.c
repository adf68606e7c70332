/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kind_internal.h"

/* `picture`: by which two codes of the opening message the cases of a kind are counted. spec/picture.md. */

static struct base_view take_axis(struct wire_kind_reader *reader, struct wire_object *object, const char *key) {
  const struct wire_kind *kind = reader->kind;
  const struct wire_kind_type *opening = &kind->types[kind->opening];
  struct base_view name = wire_kind_take_code(object, key, reader->arena, true);
  const struct wire_kind_field *field = object->code ? NULL : wire_kind_field_named(opening, name);
  if (!object->code && (!field || field->type != WIRE_FIELD_CODE || !field->state || !field->required))
    wire_object_fail(object, BASE_FIELD, key, "must be a required state field of type code of %s",
                     wire_kind_text(opening->name));
  return name;
}

void wire_kind_read_picture(struct wire_kind_reader *reader) {
  struct wire_object object;
  if (wire_json_get(reader->root.json, "picture") == NULL)
    return;
  wire_object_begin_in(&object, &reader->root, "picture");
  struct base_view field = take_axis(reader, &object, "field"), region = take_axis(reader, &object, "region");
  if (!object.code && base_view_equal(field, region))
    wire_object_fail(&object, BASE_FIELD, "region", "is another field than field");
  if (!object.code) {
    reader->kind->picture_field = field;
    reader->kind->picture_region = region;
  }
  wire_object_close(&object, &reader->root);
}
