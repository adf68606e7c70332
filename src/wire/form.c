/* SPDX-License-Identifier: Apache-2.0
 * Filled forms: what a message of a type says, checked by its kind. */
#include "wire/kind_internal.h"

#include <stdio.h>
#include <string.h>

static struct wire_place place_of(const char *what, struct base_view name, const struct wire_form_parties *parties,
                                  base_time now) {
  return (struct wire_place){.what = what, .parties = parties, .now = now, .path = "$", .name = wire_kind_text(name)};
}

static struct wire_code_names field_names(const struct wire_kind_type *type, bool states_only) {
  struct base_view names[WIRE_KIND_FIELDS_MAX];
  size_t count = 0;
  for (size_t i = 0; i < type->field_count; i++)
    if (type->fields[i].state || !states_only)
      names[count++] = type->fields[i].name;
  return wire_kind_code_names(names, count);
}

static enum base_code fail_unknown(const struct wire_kind_type *type, const char *what, struct base_view name,
                                   bool states_only, struct base_error *err) {
  char shown[WIRE_CODE_MAX + 1] = "?";
  if (wire_code_valid(name)) /* else a stranger's bytes: not to be shown */
    (void)snprintf(shown, sizeof shown, "%.*s", (int)name.size, (const char *)name.data);
  return base_fail(err, BASE_UNKNOWN_FIELD, "%s: $.%s: unknown field; %s has: %s", what, shown,
                   wire_kind_text(type->name), field_names(type, states_only).text);
}

/* The class of what stands there: of the field and, in a table with rows, of its columns. */
static enum wire_personal personal_of(const struct wire_kind_field *field, const struct wire_json *value) {
  if (!value || (field->type == WIRE_FIELD_TABLE && wire_json_size(value) == 0))
    return WIRE_PERSONAL_NONE;
  enum wire_personal personal = field->personal;
  for (size_t i = 0; i < field->column_count; i++)
    if (field->columns[i].personal > personal)
      personal = field->columns[i].personal;
  return personal;
}

enum wire_personal wire_form_personal(const struct wire_kind_type *type, const struct wire_header *header,
                                      const struct wire_json *fields) {
  enum wire_personal highest = WIRE_PERSONAL_NONE;
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    const struct wire_json *value = wire_json_get(fields, wire_kind_text(field->name));
    bool there = field->state && wire_header_state(header, wire_kind_text(field->name)).size > 0;
    enum wire_personal personal = there ? field->personal : personal_of(field, value);
    if (personal > highest)
      highest = personal;
  }
  return highest;
}

/* The text that goes out for that of a form: of a party its origin. */
static struct base_view text_out(const struct wire_form_parties *parties, const struct wire_kind_field *field,
                                 struct base_view text) {
  return field->type == WIRE_FIELD_PARTY && parties ? parties->all[wire_party_meant(parties, text)].origin : text;
}

/* Each field of the type against its value; the state fields as texts in the arena. */
static enum base_code check_fields(const struct wire_form_parties *parties, const struct wire_kind_type *type,
                                   const struct wire_json *fields, base_time now, struct base_arena *arena,
                                   struct wire_form *form, struct base_error *err) {
  const struct wire_beside beside = {.object = fields, .now = now};
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    const struct wire_json *value = wire_json_get(fields, wire_kind_text(field->name));
    struct wire_place place = place_of("fields", field->name, parties, now);
    if (!value && field->required)
      return base_fail(err, BASE_FIELD, "%s: %s: missing; %s needs it", place.what, wire_place_text(&place).text,
                       wire_kind_text(type->name));
    enum base_code code = value ? wire_field_check(field, value, &place, err) : BASE_OK;
    if (!code)
      code = wire_rules_check(field, value != NULL, wire_json_text(value), &beside, &place, err);
    if (code)
      return code;
    if (!value)
      continue;
    enum wire_personal personal = personal_of(field, value);
    form->personal = personal > form->personal ? personal : form->personal;
    if (!field->state)
      continue;
    struct base_view text = text_out(parties, field, wire_json_text(value));
    char *copy = base_arena_text(arena, text);
    if (!copy)
      return base_fail(err, BASE_MEMORY, "fields: %s: no memory left", wire_place_text(&place).text);
    form->state[form->state_count++] =
        (struct wire_state_field){.name = field->name, .value = base_view_of(copy, text.size)};
  }
  return BASE_OK;
}

static enum base_code check_unknown(const struct wire_kind_type *type, const struct wire_json *fields,
                                    struct base_error *err) {
  void *cursor = NULL;
  struct base_view name;
  const struct wire_json *value;
  while (wire_json_next(fields, &cursor, &name, &value))
    if (!wire_kind_field_named(type, name))
      return fail_unknown(type, "fields", name, false, err);
  return BASE_OK;
}

static void write_out(const struct wire_form_parties *parties, const struct wire_kind_field *field,
                      const struct wire_json *value, struct wire_writer *writer) {
  if (field->type == WIRE_FIELD_PARTY)
    wire_write_text(writer, text_out(parties, field, wire_json_text(value)));
  else
    wire_write_value(writer, value);
}

/* A table whose rows name parties. */
static void write_rows(const struct wire_form_parties *parties, const struct wire_kind_field *table,
                       const struct wire_json *rows, struct wire_writer *writer) {
  wire_write_array(writer);
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    wire_write_object(writer);
    for (size_t j = 0; j < table->column_count; j++) {
      const struct wire_kind_field *column = &table->columns[j];
      const struct wire_json *value = wire_json_get(wire_json_at(rows, i), wire_kind_text(column->name));
      if (!value)
        continue;
      wire_write_key_view(writer, column->name);
      write_out(parties, column, value, writer);
    }
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static bool names_parties(const struct wire_kind_field *table) {
  for (size_t i = 0; i < table->column_count; i++)
    if (table->columns[i].type == WIRE_FIELD_PARTY)
      return true;
  return false;
}

static void write_rest(const struct wire_form_parties *parties, const struct wire_kind_type *type,
                       const struct wire_json *fields, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    const struct wire_json *value = field->state ? NULL : wire_json_get(fields, wire_kind_text(field->name));
    if (!value)
      continue;
    wire_write_key_view(&writer, field->name);
    if (names_parties(field))
      write_rows(parties, field, value, &writer);
    else
      write_out(parties, field, value, &writer);
  }
  wire_write_end(&writer, '}');
}

enum base_code wire_form_check(const struct wire_form_parties *parties, const struct wire_kind_type *type,
                               const struct wire_json *fields, base_time now, struct base_arena *arena,
                               struct wire_form *out, struct base_buf *out_rest, struct base_error *err) {
  if (wire_json_type(fields) != WIRE_JSON_OBJECT)
    return base_fail(err, BASE_FIELD, "fields: $: must be an object with the fields of %s: %s",
                     wire_kind_text(type->name), field_names(type, false).text);
  struct wire_form form = {0};
  enum base_code code = check_unknown(type, fields, err);
  if (!code)
    code = check_fields(parties, type, fields, now, arena, &form, err);
  if (code)
    return code;
  write_rest(parties, type, fields, out_rest);
  code = base_buf_check(out_rest, "fields", err);
  if (!code)
    *out = form;
  return code;
}

static enum base_code check_header_kind(const struct wire_kind *kind, const struct wire_header *header,
                                        const struct wire_kind_type **out, struct base_error *err) {
  if (!base_view_equal(kind->name, header->kind) || !base_hash_equal(&kind->hash, &header->kind_hash))
    return base_fail(err, BASE_KIND, "header: $.kind: is not %s with the hash %s", wire_kind_text(kind->name),
                     base_hash_text(&kind->hash).text);
  const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
  if (!type)
    return base_fail(err, BASE_KIND, "header: $.type: is no type of the kind %s", wire_kind_text(kind->name));
  bool opening = type == &kind->types[kind->opening];
  if (opening != header->opens)
    return base_fail(err, BASE_FIELD, "header: $.type: %s %s", wire_kind_text(type->name),
                     opening ? "opens a case and cannot follow in one" : "cannot open a case");
  *out = type;
  return BASE_OK;
}

static bool is_party(const struct wire_header *header, struct base_view origin) {
  for (size_t i = 0; i < header->party_count; i++)
    if (base_view_equal(header->parties[i], origin))
      return true;
  return false;
}

/* What is missing, and the values against each other: the header's own time is when it was written. */
static enum base_code check_states(const struct wire_kind_type *type, const struct wire_header *header,
                                   struct base_error *err) {
  const struct wire_beside beside = {.header = header, .now = header->time};
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    bool found = false;
    for (size_t j = 0; j < header->state_count && field->state && !found; j++)
      found = base_view_equal(header->state[j].name, field->name);
    if (field->state && field->required && !found)
      return base_fail(err, BASE_FIELD, "header state: $.%s: missing; %s needs it", wire_kind_text(field->name),
                       wire_kind_text(type->name));
    struct wire_place place = place_of("header state", field->name, NULL, header->time);
    enum base_code code =
        field->state ? wire_rules_check(field, found, wire_header_state(header, wire_kind_text(field->name)), &beside, &place, err)
                     : BASE_OK;
    if (code)
      return code;
  }
  return BASE_OK;
}

enum base_code wire_form_check_header(const struct wire_kind *kind, const struct wire_header *header,
                                      struct base_error *err) {
  const struct wire_kind_type *type = NULL;
  enum base_code code = check_header_kind(kind, header, &type, err);
  if (code)
    return code;
  for (size_t i = 0; i < header->state_count; i++) {
    const struct wire_kind_field *field = wire_kind_field_named(type, header->state[i].name);
    if (!field || !field->state)
      return fail_unknown(type, "header state", header->state[i].name, true, err);
    for (size_t j = 0; j < i; j++)
      if (base_view_equal(header->state[j].name, field->name))
        return base_fail(err, BASE_FIELD, "header state: $.%s: stands twice", wire_kind_text(field->name));
    struct wire_place place = place_of("header state", field->name, NULL, header->time);
    code = wire_field_check_text(field, header->state[i].value, &place, err);
    if (!code && field->type == WIRE_FIELD_PARTY && !is_party(header, header->state[i].value))
      code = base_fail(err, BASE_FIELD, "%s: %s: is no party of the message", place.what, wire_place_text(&place).text);
    if (!code && field->other && base_view_equal(header->state[i].value, header->author))
      code = base_fail(err, BASE_FIELD, "%s: %s: must be another party than the one that writes it", place.what,
                       wire_place_text(&place).text);
    if (code)
      return code;
  }
  return check_states(type, header, err);
}

enum base_code wire_form_check_parts(const struct wire_kind_type *type, size_t count, struct base_error *err) {
  if (!type->no_parts || count == 0)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "parts: a message of the type %s has no files, so that it says no more than its form: send it "
                                    "without them",
                   wire_kind_text(type->name));
}

enum base_code wire_form_check_handling(const struct wire_kind_type *type, struct base_view handling, struct base_error *err) {
  struct wire_marking marking = {0};
  bool words = type->no_parts && handling.size > 0 &&
               (wire_marking_read(handling, &marking, NULL) != BASE_OK || marking.text.size > 0);
  return words ? base_fail(err, BASE_FIELD, "handling: a message of the type %s has no restriction in words, so that it says no more "
                                            "than its form: give the level without it",
                           wire_kind_text(type->name))
               : BASE_OK;
}

static bool row_fits(const struct wire_kind_field *table, const struct wire_json *row) {
  void *cursor = NULL;
  struct base_view name;
  const struct wire_json *value;
  while (wire_json_next(row, &cursor, &name, &value)) {
    bool known = false;
    for (size_t i = 0; i < table->column_count; i++)
      known = known || base_view_equal(table->columns[i].name, name);
    if (!known)
      return false;
  }
  return wire_json_type(row) == WIRE_JSON_OBJECT;
}

static bool rows_fit(const struct wire_kind_field *table, const struct wire_json *rows) {
  for (size_t i = 0; i < wire_json_size(rows); i++)
    if (!row_fits(table, wire_json_at(rows, i)))
      return false;
  return wire_json_type(rows) == WIRE_JSON_ARRAY;
}

enum base_code wire_form_check_members(const struct wire_kind_type *type, const struct wire_json *fields, struct base_error *err) {
  void *cursor = NULL;
  struct base_view name;
  const struct wire_json *value;
  while (wire_json_next(fields, &cursor, &name, &value)) {
    const struct wire_kind_field *field = wire_kind_field_named(type, name);
    if (!field || field->state)
      return fail_unknown(type, "fields", name, false, err);
    if (field->type == WIRE_FIELD_TABLE && !rows_fit(field, value))
      return base_fail(err, BASE_UNKNOWN_FIELD, "fields: $.%s: holds what is no column of it", wire_kind_text(name));
  }
  return BASE_OK;
}

static void write_example(const struct wire_kind_field *field, base_time now, const struct base_id *reference,
                          struct wire_writer *writer) {
  static const struct base_id zero;
  if (field->type == WIRE_FIELD_PARTY) {
    wire_write_member_string(writer, wire_kind_text(field->name), field->other ? "other" : "self");
  } else if (wire_field_names_message(field->type)) {
    wire_write_member_id(writer, wire_kind_text(field->name), reference ? reference : &zero);
  } else if (field->example_relative) {
    struct base_time_text text = base_time_format(now + field->example_days * 86400);
    size_t size = field->type == WIRE_FIELD_DATE ? sizeof "YYYY-MM-DD" - 1 : BASE_TIME_TEXT;
    wire_write_member_text(writer, wire_kind_text(field->name), base_view_of(text.text, size));
  } else {
    wire_write_key_view(writer, field->name);
    wire_write_raw(writer, field->example);
  }
}

enum base_code wire_form_example(const struct wire_kind *kind, const struct wire_kind_type *type, base_time now,
                                 const struct base_id *reference, struct base_buf *out, struct base_error *err) {
  (void)kind;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    bool named = field->required && (wire_field_names_message(field->type) || field->type == WIRE_FIELD_PARTY);
    if (named || field->example_relative || field->example.size)
      write_example(field, now, reference, &writer);
  }
  wire_write_end(&writer, '}');
  return base_buf_check(out, "example", err);
}
