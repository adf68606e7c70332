/* SPDX-License-Identifier: Apache-2.0
 * For how long a case is meant, and what may still be sent in it afterwards: spec/kind.md, "Period". What waits until a moment is over. */
#include "wire/kind_internal.h"

static bool has_moment(const struct wire_kind_type *type, struct base_view name) {
  const struct wire_kind_field *field = wire_kind_field_named(type, name);
  return field && field->state && field->required &&
         (field->type == WIRE_FIELD_DATE || field->type == WIRE_FIELD_TIME);
}

/* Both fields stand in every message that says for how long: the opening one, and what moves it. */
void wire_kind_check_moment(struct wire_object *object, const char *key, struct base_view name,
                            const struct wire_kind_type *type) {
  if (!object->code && type && !has_moment(type, name))
    wire_object_fail(object, BASE_FIELD, key, "must be a required state field of type date or time of %s",
                     wire_kind_text(type->name));
}

void wire_kind_take_after(struct wire_kind_reader *reader, struct wire_object *object,
                          struct wire_kind_transition *transition) {
  const struct wire_kind_type *opening = &reader->kind->types[reader->kind->opening];
  transition->after = wire_kind_take_code(object, "after", reader->arena, false);
  if (transition->after.size == 0)
    return;
  wire_kind_check_moment(object, "after", transition->after, opening);
  if (!object->code && transition->on == opening)
    wire_object_fail(object, BASE_FIELD, "after", "%s opens the case, and comes after nothing", wire_kind_text(opening->name));
}

void wire_kind_read_period(struct wire_kind_reader *reader) {
  struct wire_kind_period *period = &reader->kind->period;
  const struct wire_kind *kind = reader->kind;
  struct wire_object object;
  if (!wire_json_get(reader->root.json, "period"))
    return;
  wire_object_begin_in(&object, &reader->root, "period");
  period->from = wire_kind_take_code(&object, "from", reader->arena, true);
  period->to = wire_kind_take_code(&object, "to", reader->arena, true);
  if (!object.code && wire_json_get(object.json, "moved_by"))
    period->moved_by = wire_kind_take_type(reader, &object, "moved_by");
  period->after = wire_kind_take_types(reader, &object, "after");
  const struct wire_kind_type *opening = &kind->types[kind->opening];
  wire_kind_check_moment(&object, "from", period->from, opening);
  wire_kind_check_moment(&object, "to", period->to, opening);
  wire_kind_check_moment(&object, "from", period->from, period->moved_by);
  wire_kind_check_moment(&object, "to", period->to, period->moved_by);
  if (!object.code && period->moved_by && (period->moved_by == opening || !period->moved_by->moves_case))
    wire_object_fail(&object, BASE_FIELD, "moved_by", "must be a type that moves the case and does not open it");
  if (!object.code && (period->after >> kind->opening & 1))
    wire_object_fail(&object, BASE_FIELD, "after", "the type that opens the case comes before its end");
  wire_object_close(&object, &reader->root);
}
