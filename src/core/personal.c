/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/agreements.h"
#include "core/internal.h"
#include "wire/marking.h"

/* What the record of a person must carry and a kind cannot say: a grade is a code, and nothing is true as of a day to
 * come. Tables are known by their columns, so a new kind with persons in it needs nothing here. */

static bool has_column(const struct wire_kind_field *table, const char *name) {
  for (size_t i = 0; i < table->column_count; i++)
    if (base_view_is(table->columns[i].name, name))
      return true;
  return false;
}

static enum base_code check_grade(struct base_view text, const char *place, struct base_error *err) {
  struct base_error why = {0};
  struct wire_grading grading;
  BASE_AUTO_BUF struct base_buf spelled = {0};
  base_buf_init(&spelled, 64);
  if (wire_grading_parse(text, &grading))
    return BASE_OK;
  enum base_code code = wire_grading_read(text, &grading, &why);
  if (code != BASE_OK) /* its sentence begins with the field's name */
    return base_fail(err, code, "fields: %s.%s", place, why.text);
  wire_grading_write(&grading, &spelled);
  return base_fail(err, BASE_FIELD, "fields: %s.grading: is written %.*s", place, (int)spelled.size,
                   (const char *)spelled.data);
}

static enum base_code check_table(const struct core *core, const struct wire_kind_field *table,
                                  const struct wire_json *rows, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < wire_json_size(rows) && code == BASE_OK; i++) {
    const struct wire_json *row = wire_json_at(rows, i), *grade = wire_json_get(row, "grading");
    char place[WIRE_CODE_MAX + 32];
    base_time as_of = 0;
    (void)snprintf(place, sizeof place, "$.%.*s[%zu]", (int)table->name.size, (const char *)table->name.data, i);
    if (grade != NULL)
      code = check_grade(wire_json_text(grade), place, err);
    if (code == BASE_OK && base_date_parse(wire_json_text(wire_json_get(row, "as_of")), &as_of) &&
        as_of > core_now(core))
      code = base_fail(err, BASE_FIELD, "fields: %s.as_of: is still to come", place);
  }
  return code;
}

enum base_code core_personal_check(const struct core *core, const struct wire_kind_type *type,
                                  const struct wire_json *fields, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < type->field_count && code == BASE_OK; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    char name[WIRE_CODE_MAX + 1];
    (void)snprintf(name, sizeof name, "%.*s", (int)field->name.size, (const char *)field->name.data);
    if (field->type == WIRE_FIELD_TABLE && has_column(field, "grading") && has_column(field, "as_of"))
      code = check_table(core, field, wire_json_get(fields, name), err);
  }
  return code;
}
