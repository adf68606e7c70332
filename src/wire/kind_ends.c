/* SPDX-License-Identifier: Apache-2.0
 * When the personal data of a case ends by itself. spec/kind.md, "End of personal data". */
#include "wire/kind_internal.h"

/* The header keeps what a state field holds, so only what lies in part 0 can end. */
static bool fields_personal(const struct wire_kind_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!fields[i].state && (fields[i].personal != WIRE_PERSONAL_NONE ||
                             fields_personal(fields[i].columns, fields[i].column_count)))
      return true;
  return false;
}

bool wire_kind_type_personal(const struct wire_kind_type *type) {
  return fields_personal(type->fields, type->field_count);
}

static bool is_moment(const struct wire_kind_field *field) {
  return field->state && (field->type == WIRE_FIELD_DATE || field->type == WIRE_FIELD_TIME);
}

static void take_field(struct wire_kind_reader *reader, struct wire_object *object) {
  struct wire_kind *kind = reader->kind;
  struct base_view name = wire_kind_take_code(object, "field", reader->arena, false);
  bool any = false;
  kind->personal_ends.field = name;
  for (size_t i = 0; i < kind->type_count && !object->code && name.size > 0; i++) {
    const struct wire_kind_field *field = wire_kind_field_named(&kind->types[i], name);
    any = any || field != NULL;
    if (field != NULL && !is_moment(field))
      wire_object_fail(object, BASE_FIELD, "field", "%s of %s is no state field of type date or time", wire_kind_text(name),
                       wire_kind_text(kind->types[i].name));
  }
  if (!object->code && name.size > 0 && !any)
    wire_object_fail(object, BASE_FIELD, "field", "names no field of any type");
}

void wire_kind_read_ends(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root, object;
  struct wire_kind *kind = reader->kind;
  if (wire_json_get(root->json, "personal_ends") == NULL)
    return;
  wire_object_begin_in(&object, root, "personal_ends");
  kind->personal_ends.states =
      wire_kind_take_bits(&object, "state", kind->states, kind->state_count, "state of this kind");
  if (!object.code && kind->personal_ends.states == 0)
    wire_object_fail(&object, BASE_FIELD, "state", "must name a state of this kind, or several");
  kind->personal_ends.days = wire_object_integer(&object, "days", 1, WIRE_KIND_ENDS_DAYS_MAX, true);
  take_field(reader, &object);
  if (!object.code && !kind->needs_row)
    wire_object_fail(&object, BASE_FIELD, NULL, "is for kinds that need a row: what law stands on is not erased");
  wire_object_close(&object, root);
}
