/* SPDX-License-Identifier: Apache-2.0
 * For tests, fuzzers, the simulator and bench: a form of whatever type with values that its kind allows. */
#ifndef WASL_TESTS_FILLED_H
#define WASL_TESTS_FILLED_H

#include <string.h>

#include "wire/kind.h"

struct filled {
  size_t (*below)(void *context, size_t limit); /* what is chosen: 0 to limit - 1 */
  void *context;
  size_t characters, rows, codes; /* at most so many of a text, a table, an array of codes */
  size_t optional;                /* of 100 fields that are not required so many are there */
  base_time now;
  const char *without;            /* a field that is left out; NULL: none */
  struct base_view item, message; /* ids: of the item that a field names, of any message */
  struct base_view party;
};

static inline void filled_text(struct wire_writer *writer, size_t characters) {
  static const char words[] = "crossing 40 vehicles, Tanger Med, l'été à Saïdia; معبر سبتة الحدودي، أربعون مركبة ";
  BASE_AUTO_BUF struct base_buf text = {0};
  size_t at = 0;
  for (size_t count = 0; count < characters; count++) {
    uint32_t point;
    size_t size = base_utf8_next(base_view_of((const uint8_t *)words + at, sizeof words - 1 - at), &point);
    base_buf_add(&text, words + at, size);
    at = (at + size) % (sizeof words - 1);
  }
  wire_write_text(writer, base_buf_view(&text));
}

static inline void filled_codes(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  bool names = field->type == WIRE_FIELD_NAMES;
  size_t most = names ? (size_t)field->most : field->list->count, least = names ? (size_t)field->least : 1;
  size_t count = most < how->codes ? most : how->codes;
  wire_write_array(writer);
  for (size_t i = 0; i < count || i < least; i++) {
    char name[] = {'n', (char)('a' + i / 26 % 26), (char)('a' + i % 26), 0};
    if (names)
      wire_write_string(writer, name);
    else
      wire_write_text(writer, field->list->codes[i]);
  }
  wire_write_end(writer, ']');
}

/* What core asks of the record of a person: a grade is a code, and nothing is true as of a day to come. */
static inline bool filled_record(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  bool grading = base_view_is(field->name, "grading"), as_of = base_view_is(field->name, "as_of");
  struct base_time_text day = base_time_format(how->now - 86400);
  if (grading)
    wire_write_string(writer, "4x4:B/3");
  else if (as_of)
    wire_write_text(writer, base_view_of((const uint8_t *)day.text, 10));
  return grading || as_of;
}

static inline void filled_value(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  struct base_time_text time = base_time_format(how->now + (base_time)how->below(how->context, 90) * 86400);
  size_t most = (size_t)field->most;
  if (filled_record(writer, field, how))
    return;
  switch (field->type) {
  case WIRE_FIELD_CODE:
    wire_write_text(writer, field->list->codes[how->below(how->context, field->list->count)]);
    break;
  case WIRE_FIELD_DATE:
    wire_write_text(writer, base_view_of((const uint8_t *)time.text, 10));
    break;
  case WIRE_FIELD_TIME:
    wire_write_string(writer, time.text);
    break;
  case WIRE_FIELD_INTEGER:
    wire_write_integer(writer, field->least);
    break;
  case WIRE_FIELD_BOOL:
    wire_write_bool(writer, how->below(how->context, 2) == 0);
    break;
  case WIRE_FIELD_MESSAGE:
    wire_write_text(writer, field->item.size > 0 ? how->item : how->message);
    break;
  case WIRE_FIELD_REFERENCE:
    wire_write_text(writer, how->message);
    break;
  case WIRE_FIELD_PARTY:
    wire_write_text(writer, how->party);
    break;
  case WIRE_FIELD_NAME:
    wire_write_string(writer, "request");
    break;
  case WIRE_FIELD_CODES:
  case WIRE_FIELD_NAMES:
    filled_codes(writer, field, how);
    break;
  case WIRE_FIELD_TABLE:
    break; /* by filled_field: a table has none within */
  default:
    filled_text(writer, most < how->characters ? most : how->characters);
  }
}

static inline bool filled_there(const struct wire_kind_field *field, const struct filled *how) {
  return field->required || ((how->without == NULL || !base_view_is(field->name, how->without)) &&
                             how->below(how->context, 100) < how->optional);
}

static inline void filled_field(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  size_t rows = (size_t)field->most < how->rows ? (size_t)field->most : how->rows;
  wire_write_key_view(writer, field->name);
  if (field->type != WIRE_FIELD_TABLE) {
    filled_value(writer, field, how);
    return;
  }
  wire_write_array(writer);
  for (size_t i = 0; i < rows || i < (size_t)field->least; i++) {
    wire_write_object(writer);
    for (size_t k = 0; k < field->column_count; k++)
      if (filled_there(&field->columns[k], how)) {
        wire_write_key_view(writer, field->columns[k].name);
        filled_value(writer, &field->columns[k], how);
      }
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* An object of all fields, as --fields takes it. */
static inline void filled_form(struct wire_writer *writer, const struct wire_kind_type *type, const struct filled *how) {
  wire_write_object(writer);
  for (size_t i = 0; i < type->field_count; i++)
    if (filled_there(&type->fields[i], how))
      filled_field(writer, &type->fields[i], how);
  wire_write_end(writer, '}');
}

#endif
