/* SPDX-License-Identifier: Apache-2.0
 * What a field of type date or time must be to one of an earlier message: spec/kind.md, "Values against each other". */
#include "wire/kind_internal.h"

#include <stdio.h>

static void join(struct wire_kind_reader *reader, const char *path, const struct wire_kind_type *type, bool column,
                 struct wire_bound *bound) {
  const struct wire_kind *kind = reader->kind;
  char key[160];
  (void)snprintf(key, sizeof key, "%s.%s", path, bound->after ? "not_after" : "not_before");
  bound->type = wire_kind_type_named(kind, bound->of);
  bound->field = bound->type ? wire_kind_field_named(bound->type, bound->name) : NULL;
  if (column)
    wire_object_fail(&reader->root, BASE_FIELD, key, "names an earlier message, which goes with a field, not with a column");
  else if (type == &kind->types[kind->opening])
    wire_object_fail(&reader->root, BASE_FIELD, key, "names an earlier message, and %s opens the case: none comes before it",
                     wire_kind_text(type->name));
  else if (!bound->type)
    wire_object_fail(&reader->root, BASE_FIELD, key, "%s is no type of this kind", wire_kind_text(bound->of));
  else if (!bound->field || !wire_field_moment(bound->field->type))
    wire_object_fail(&reader->root, BASE_FIELD, key, "%s is no field of type date or time of %s", wire_kind_text(bound->name),
                     wire_kind_text(bound->of));
}

static void join_fields(struct wire_kind_reader *reader, const char *path, const struct wire_kind_type *type, bool columns,
                        const struct wire_kind_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char inner[128];
    (void)snprintf(inner, sizeof inner, "%.90s[%zu]", path, i);
    for (size_t k = 0; fields[i].rules && k < fields[i].rules->earlier_count; k++)
      join(reader, inner, type, columns, &fields[i].rules->earlier[k]);
    (void)snprintf(inner, sizeof inner, "%.90s[%zu].columns", path, i);
    join_fields(reader, inner, type, true, fields[i].columns, fields[i].column_count);
  }
}

void wire_kind_join_earlier(struct wire_kind_reader *reader) {
  for (size_t i = 0; i < reader->kind->type_count; i++) {
    const struct wire_kind_type *type = &reader->kind->types[i];
    char path[48];
    (void)snprintf(path, sizeof path, "types[%zu].fields", i);
    join_fields(reader, path, type, false, type->fields, type->field_count);
    (void)snprintf(path, sizeof path, "types[%zu]", i);
    for (size_t k = 0; type->written && k < type->written->earlier_count; k++)
      join(reader, path, type, false, &type->written->earlier[k]);
  }
}
