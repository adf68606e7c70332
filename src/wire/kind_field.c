/* SPDX-License-Identifier: Apache-2.0
 * The fields of a kind's types: how they are declared, and which values they allow. */
#include "wire/kind_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EXAMPLE_DAYS_MAX = 36525 };

const char *const wire_field_type_names[WIRE_FIELD_TYPES] = {
    [WIRE_FIELD_TEXT] = "text",           [WIRE_FIELD_CODE] = "code",       [WIRE_FIELD_CODES] = "codes",
    [WIRE_FIELD_DATE] = "date",           [WIRE_FIELD_TIME] = "time",       [WIRE_FIELD_INTEGER] = "integer",
    [WIRE_FIELD_BOOL] = "bool",           [WIRE_FIELD_MESSAGE] = "message", [WIRE_FIELD_TABLE] = "table",
    [WIRE_FIELD_NAME] = "name",           [WIRE_FIELD_NAMES] = "names",     [WIRE_FIELD_LINE] = "line",
    [WIRE_FIELD_REFERENCE] = "reference", [WIRE_FIELD_PARTY] = "party",
    [WIRE_FIELD_HASH] = "hash",
};

struct wire_code_names wire_kind_code_names(const struct base_view *codes, size_t count) {
  struct wire_code_names out = {.text = "(none)"};
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    if (used + codes[i].size + sizeof ", " > WIRE_CODE_NAMES_MAX) {
      (void)snprintf(out.text + used, sizeof out.text - used, ", … and %zu more (wasl kind show)", count - i);
      break;
    }
    used += (size_t)snprintf(out.text + used, sizeof out.text - used, "%s%.*s", i ? ", " : "", (int)codes[i].size,
                             (const char *)codes[i].data);
  }
  return out;
}

struct base_view wire_kind_copy_code(struct wire_object *object, const char *key, struct base_view code,
                                     struct base_arena *arena) {
  if (!wire_code_valid(code)) {
    wire_object_fail(object, BASE_FIELD, key,
                     "must be a code: a lowercase letter, then at most %d letters, digits or _", WIRE_CODE_MAX - 1);
    return (struct base_view){0};
  }
  char *copy = base_arena_text(arena, code);
  if (!copy) {
    wire_object_fail(object, BASE_MEMORY, key, "no memory left");
    return (struct base_view){0};
  }
  return base_view_of(copy, code.size);
}

struct base_view wire_kind_take_code(struct wire_object *object, const char *key, struct base_arena *arena,
                                     bool required) {
  const struct wire_json *value = wire_object_take(object, key, WIRE_JSON_TEXT, required);
  return value ? wire_kind_copy_code(object, key, wire_json_text(value), arena) : (struct base_view){0};
}

/* --- declarations */

static size_t take_word(struct wire_object *object, const char *key, const char *const *words, size_t count,
                        bool required) {
  const struct wire_json *value = wire_object_take(object, key, WIRE_JSON_TEXT, required);
  if (!value)
    return 0;
  for (size_t i = 0; i < count; i++)
    if (base_view_is(wire_json_text(value), words[i]))
      return i;
  wire_object_fail(object, BASE_FIELD, key, "must be one of the %zu words that spec/kind.md lists, such as \"%s\"",
                   count, words[0]);
  return 0;
}

static void take_bounds(struct wire_object *object, struct wire_kind_field *field) {
  switch (field->type) {
  case WIRE_FIELD_TEXT:
  case WIRE_FIELD_LINE:
    field->most = wire_object_integer(object, "most", 1, field->state ? WIRE_STATE_TEXT_MAX : WIRE_KIND_TEXT_MAX, true);
    break;
  case WIRE_FIELD_TABLE:
    field->least = wire_object_integer(object, "least", 0, WIRE_KIND_ROWS_MAX, false);
    field->most = wire_object_integer(object, "most", 1, WIRE_KIND_ROWS_MAX, true);
    break;
  case WIRE_FIELD_NAMES:
    field->least = wire_object_integer(object, "least", 0, WIRE_KIND_CODES_MAX, false);
    field->most = wire_object_integer(object, "most", 1, WIRE_KIND_CODES_MAX, true);
    break;
  case WIRE_FIELD_INTEGER:
    field->least = wire_object_integer(object, "least", INT64_MIN, INT64_MAX, true);
    field->most = wire_object_integer(object, "most", INT64_MIN, INT64_MAX, true);
    break;
  default:
    return;
  }
  if (field->least > field->most)
    wire_object_fail(object, BASE_FIELD, "least", "is more than `most`");
}

static void take_list(struct wire_object *object, const struct wire_kind *kind, struct wire_kind_field *field) {
  const struct wire_json *value = wire_object_take(object, "list", WIRE_JSON_TEXT, true);
  for (size_t i = 0; value && i < kind->list_count; i++)
    if (base_view_equal(kind->lists[i].name, wire_json_text(value)))
      field->list = &kind->lists[i];
  if (value && !field->list)
    wire_object_fail(object, BASE_FIELD, "list", "names no list of this kind");
}

bool wire_field_names_message(enum wire_field_type type) {
  return type == WIRE_FIELD_MESSAGE || type == WIRE_FIELD_REFERENCE;
}

static bool may_be_state(enum wire_field_type type) {
  return type == WIRE_FIELD_TEXT || type == WIRE_FIELD_LINE || type == WIRE_FIELD_CODE || type == WIRE_FIELD_DATE ||
         type == WIRE_FIELD_TIME || type == WIRE_FIELD_PARTY || type == WIRE_FIELD_HASH || wire_field_names_message(type);
}

static void keep_example(struct wire_object *object, const struct wire_json *value, struct wire_kind_field *field,
                         struct base_arena *arena) {
  static const struct wire_form_parties self = {.count = 1, .all = {{BASE_VIEW("self"), BASE_VIEW("self")}}};
  struct wire_place place = {.what = object->what, .parties = &self, .path = object->path, .name = "example"};
  struct base_error err;
  if (wire_field_check(field, value, &place, &err)) {
    object->code = err.code;
    object->error = err;
    return;
  }
  BASE_AUTO_BUF struct base_buf buf = {0};
  base_buf_init(&buf, WIRE_KIND_MAX);
  struct wire_writer writer;
  wire_writer_init(&writer, &buf);
  wire_write_value(&writer, value);
  if (!buf.code)
    field->example = base_arena_copy(arena, base_buf_view(&buf));
  if (!field->example.data)
    wire_object_fail(object, BASE_MEMORY, "example", "no memory left");
}

/* A literal value, or for a date or time {"days": N} from the day it is asked for. */
static void take_example(struct wire_object *object, struct wire_kind_field *field, struct base_arena *arena) {
  const struct wire_json *value = wire_object_take(object, "example", WIRE_JSON_NONE, false);
  if (object->code)
    return;
  if (!value) {
    if (field->required && !wire_field_names_message(field->type) && field->type != WIRE_FIELD_PARTY)
      wire_object_fail(object, BASE_FIELD, "example", "missing: a required field shows a value it allows");
    return;
  }
  bool moment = field->type == WIRE_FIELD_DATE || field->type == WIRE_FIELD_TIME;
  if (wire_field_names_message(field->type) || field->type == WIRE_FIELD_PARTY) {
    wire_object_fail(object, BASE_FIELD, "example",
                     "a message, reference or party field has none: its value is known only in a case");
  } else if (moment && wire_json_type(value) == WIRE_JSON_OBJECT) {
    struct wire_object relative;
    wire_object_begin_in(&relative, object, "example");
    field->example_days = wire_object_integer(&relative, "days", -EXAMPLE_DAYS_MAX, EXAMPLE_DAYS_MAX, true);
    field->example_relative = true;
    wire_object_close(&relative, object);
  } else {
    keep_example(object, value, field, arena);
  }
}

static void take_field(struct wire_object *object, bool column, const struct wire_kind *kind, struct base_arena *arena,
                       struct wire_kind_field *field) {
  static const char *const personal[] = {
      [WIRE_PERSONAL_NONE] = "none", [WIRE_PERSONAL_ORDINARY] = "ordinary", [WIRE_PERSONAL_SPECIAL] = "special"};
  field->name = wire_kind_take_code(object, "name", arena, true);
  field->type = (enum wire_field_type)take_word(object, "type", wire_field_type_names, WIRE_FIELD_TYPES, true);
  field->required = wire_object_bool(object, "required", false);
  field->personal = (enum wire_personal)take_word(object, "personal", personal, 3, false);
  if (!column)
    field->state = wire_object_bool(object, "state", false);
  if (field->state && !may_be_state(field->type))
    wire_object_fail(object, BASE_FIELD, "state",
                     "only a text, code, date, time, message, reference, party or hash can go into the header");
  if (column && (field->type == WIRE_FIELD_TABLE || wire_field_names_message(field->type)))
    wire_object_fail(object, BASE_FIELD, "type", "a column can be neither a table, nor a message or reference");
  wire_kind_take_match(object, kind, field);
  take_bounds(object, field);
  wire_kind_take_rules(object, arena, field);
  if (field->type == WIRE_FIELD_CODE || field->type == WIRE_FIELD_CODES)
    take_list(object, kind, field);
  if (field->type == WIRE_FIELD_MESSAGE)
    field->item = wire_kind_take_code(object, "item", arena, false);
  if (field->item.size && !(field->state && field->required))
    wire_object_fail(object, BASE_FIELD, "item", "goes with a required state field");
  size_t before = object->faults ? object->faults->count : 0;
  if (field->type == WIRE_FIELD_TABLE)
    field->columns = wire_kind_take_fields(object, "columns", true, kind, arena, &field->column_count);
  bool whole = !object->faults || object->faults->count == before;
  if (field->type == WIRE_FIELD_TABLE && whole)
    wire_kind_take_key(object, arena, field);
  else if (field->type == WIRE_FIELD_TABLE)
    (void)wire_object_take(object, "key", WIRE_JSON_NONE, false);
  if (!column && whole)
    take_example(object, field, arena);
  else if (!column) /* no row of it is looked at when its columns are not sound */
    (void)wire_object_take(object, "example", WIRE_JSON_NONE, false);
}

static void check_names(struct wire_object *object, const char *key, const struct wire_kind_field *fields,
                        size_t count) {
  size_t states = 0;
  for (size_t i = 0; i < count && !object->code; i++) {
    states += fields[i].state;
    for (size_t j = 0; j < i; j++)
      if (base_view_equal(fields[i].name, fields[j].name))
        wire_object_fail(object, BASE_FIELD, key, "the name %s stands twice", wire_kind_text(fields[i].name));
  }
  if (states > WIRE_STATE_FIELDS_MAX)
    wire_object_fail(object, BASE_FIELD, key, "%zu state fields, at most %d are allowed", states,
                     WIRE_STATE_FIELDS_MAX);
  wire_kind_check_match(object, key, fields, count);
}

/* Recursion is one level deep: columns hold no table. */
struct wire_kind_field *wire_kind_take_fields(struct wire_object *object, const char *key, bool columns,
                                              const struct wire_kind *kind, struct base_arena *arena,
                                              size_t *out_count) {
  const struct wire_json *array = wire_object_array(object, key, columns ? 1 : 0, WIRE_KIND_FIELDS_MAX);
  size_t count = wire_json_size(array);
  struct wire_kind_field *fields = base_arena_array(arena, count + 1, sizeof *fields);
  if (!fields)
    wire_object_fail(object, BASE_MEMORY, key, "no memory left");
  for (size_t i = 0; i < count && !object->code; i++) {
    struct wire_object child;
    wire_object_begin_at(&child, object, key, array, i);
    take_field(&child, columns, kind, arena, &fields[i]);
    wire_object_close(&child, object);
  }
  check_names(object, key, fields, count);
  *out_count = object->code ? 0 : count;
  return fields;
}

/* --- values */

/* At most a table's row and its column stand within each other. */
struct wire_place_text wire_place_text(const struct wire_place *place) {
  struct wire_place_text out, outer;
  if (place->within == NULL) {
    (void)snprintf(out.text, sizeof out.text, "%s.%s", place->path, place->name);
    return out;
  }
  outer = wire_place_text(place->within);
  if (place->name != NULL)
    (void)snprintf(out.text, sizeof out.text, "%.200s.%s", outer.text, place->name);
  else
    (void)snprintf(out.text, sizeof out.text, "%.200s[%zu]", outer.text, place->row);
  return out;
}

static enum base_code wrong(const struct wire_place *place, struct base_error *err, enum base_code code,
                            const char *text) {
  return base_fail(err, code, "%s: %s: %s", place->what, wire_place_text(place).text, text);
}

static bool list_has(const struct wire_kind_list *list, struct base_view code) {
  for (size_t i = 0; i < list->count; i++)
    if (base_view_equal(list->codes[i], code))
      return true;
  return false;
}

static enum base_code not_in_list(const struct wire_kind_field *field, const struct wire_place *place,
                                  struct base_error *err) {
  return base_fail(err, BASE_FIELD, "%s: %s: must be one of: %s", place->what, wire_place_text(place).text,
                   wire_kind_code_names(field->list->codes, field->list->count).text);
}

size_t wire_party_meant(const struct wire_form_parties *parties, struct base_view text) {
  size_t i = 0;
  if (base_view_is(text, "self"))
    return 0;
  while (i < parties->count && !base_view_equal(parties->all[i].name, text) &&
         !base_view_equal(parties->all[i].origin, text))
    i++;
  return i == 2 && parties->count == 2 && base_view_is(text, "other") ? 1 : i;
}

static enum base_code check_party(const struct wire_kind_field *field, struct base_view text, const struct wire_place *place,
                                  struct base_error *err) {
  const struct wire_form_parties *parties = place->parties;
  struct base_view names[WIRE_PARTIES_MAX];
  if (!parties)
    return wire_origin_valid(text) ? BASE_OK : wrong(place, err, BASE_FIELD, "must be the origin of a party");
  size_t meant = wire_party_meant(parties, text);
  if (meant == 0 && field->other)
    return base_fail(err, BASE_FIELD, "%s: %s: must be another party than the one that writes it", place->what,
                     wire_place_text(place).text);
  if (meant < parties->count)
    return BASE_OK;
  for (size_t i = 0; i < parties->count; i++)
    names[i] = parties->all[i].name;
  return base_fail(err, BASE_FIELD, "%s: %s: must be self or a party of the case: %s", place->what, wire_place_text(place).text,
                   wire_kind_code_names(names, parties->count).text);
}

enum base_code wire_field_check_text(const struct wire_kind_field *field, struct base_view text,
                                     const struct wire_place *place, struct base_error *err) {
  struct base_id id;
  struct wire_spot spot;
  base_time time;
  switch (field->type) {
  case WIRE_FIELD_TEXT:
  case WIRE_FIELD_LINE:
    if (field->required && wire_prose_blank(text))
      return wrong(place, err, BASE_FIELD, text.size == 0 ? "must not be empty" : "must hold more than blanks");
    /* Characters, so that each language has the same room. */
    if (text.size > (size_t)field->most && base_utf8_count(text) > (size_t)field->most)
      return base_fail(err, BASE_FIELD, "%s: %s: %zu characters, at most %" PRId64 " are allowed", place->what,
                       wire_place_text(place).text, base_utf8_count(text), field->most);
    return wire_prose_check(text, &spot) && (field->type == WIRE_FIELD_TEXT || wire_prose_one_line(text, &spot))
               ? BASE_OK
               : wrong(place, err, BASE_FIELD, wire_spot_text(&spot).text);
  case WIRE_FIELD_CODE:
    return list_has(field->list, text) ? BASE_OK : not_in_list(field, place, err);
  case WIRE_FIELD_DATE:
    return base_date_valid(text) ? BASE_OK : wrong(place, err, BASE_DATE, "must be a date like 2026-11-21 that exists");
  case WIRE_FIELD_TIME:
    return base_time_parse(text, &time) || base_date_parse(text, &time)
               ? BASE_OK
               : wrong(place, err, BASE_DATE, "must be a time like 2026-11-21T08:00:00Z, or a date, that exists");
  case WIRE_FIELD_MESSAGE:
  case WIRE_FIELD_REFERENCE:
    return base_id_parse(text, &id) ? BASE_OK
                                    : wrong(place, err, BASE_FIELD, "must be a message id of 64 lowercase hex digits");
  case WIRE_FIELD_HASH:
    return base_id_parse(text, &id) ? BASE_OK
                                    : wrong(place, err, BASE_FIELD, "must be a SHA-256 of 64 lowercase hex digits");
  case WIRE_FIELD_PARTY:
    return check_party(field, text, place, err);
  default: /* a name: the value of every other type is no text */
    return base_view_is(text, "*") || wire_code_valid(text) ? BASE_OK
                                                            : wrong(place, err, BASE_FIELD, "must be a code or \"*\"");
  }
}

static bool repeated(const struct wire_json *array, size_t index) {
  for (size_t i = 0; i < index; i++)
    if (base_view_equal(wire_json_text(wire_json_at(array, i)), wire_json_text(wire_json_at(array, index))))
      return true;
  return false;
}

static enum base_code check_codes(const struct wire_kind_field *field, const struct wire_json *array,
                                  const struct wire_place *place, struct base_error *err) {
  if (wire_json_type(array) != WIRE_JSON_ARRAY)
    return wrong(place, err, BASE_FIELD, "must be an array of codes");
  size_t count = wire_json_size(array);
  bool names = field->type == WIRE_FIELD_NAMES;
  size_t least = names ? (size_t)field->least : field->required,
         most = names ? (size_t)field->most : field->list->count;
  if (count < least || count > most)
    return base_fail(err, BASE_FIELD, "%s: %s: %zu codes, from %zu to %zu are allowed", place->what, wire_place_text(place).text, count,
                     least, most);
  for (size_t i = 0; i < count; i++) {
    const struct wire_json *value = wire_json_at(array, i);
    struct base_view code = wire_json_text(value);
    bool star = names && count == 1 && base_view_is(code, "*");
    if (wire_json_type(value) != WIRE_JSON_TEXT || (names && !star && !wire_code_valid(code)))
      return wrong(place, err, BASE_FIELD, names ? "must hold codes, or \"*\" alone" : "must hold codes");
    if (!names && !list_has(field->list, code))
      return not_in_list(field, place, err);
    if (repeated(array, i))
      return wrong(place, err, BASE_FIELD, "holds a code twice");
  }
  return BASE_OK;
}

static struct wire_code_names column_names(const struct wire_kind_field *table) {
  struct base_view names[WIRE_KIND_FIELDS_MAX];
  for (size_t i = 0; i < table->column_count; i++)
    names[i] = table->columns[i].name;
  return wire_kind_code_names(names, table->column_count);
}

/* The column that the table has not, by its name when that is a code; else it is a stranger's bytes, and the row is named. */
static enum base_code fail_column(const struct wire_kind_field *table, const struct wire_json *row,
                                  const struct wire_place *place, struct base_error *err) {
  struct base_view name = {NULL, 0};
  const struct wire_json *value;
  void *cursor = NULL;
  do
    (void)wire_json_next(row, &cursor, &name, &value); /* one of them is no column */
  while (wire_table_column(table, name));
  bool shown = wire_code_valid(name);
  return base_fail(err, BASE_UNKNOWN_FIELD, "%s: %s%s%.*s: unknown column; the columns are: %s", place->what, wire_place_text(place).text,
                   shown ? "." : "", shown ? (int)name.size : 0, shown ? (const char *)name.data : "",
                   column_names(table).text);
}

static enum base_code check_row(const struct wire_kind_field *table, const struct wire_json *row,
                                const struct wire_place *place, struct base_error *err) {
  if (wire_json_type(row) != WIRE_JSON_OBJECT)
    return base_fail(err, BASE_FIELD, "%s: %s: must be an object, a row with the columns: %s", place->what,
                     wire_place_text(place).text, column_names(table).text);
  size_t known = 0;
  const struct wire_beside beside = {.object = row, .now = place->now};
  for (size_t i = 0; i < table->column_count; i++) {
    const struct wire_kind_field *column = &table->columns[i];
    struct wire_place at = {
        .what = place->what, .parties = place->parties, .within = place, .name = wire_kind_text(column->name)};
    const struct wire_json *value = wire_json_get(row, wire_kind_text(column->name));
    if (!value && column->required)
      return wrong(&at, err, BASE_FIELD, "missing");
    enum base_code code = value ? wire_field_check(column, value, &at, err) : BASE_OK;
    if (!code)
      code = wire_rules_check(column, value != NULL, wire_json_text(value), &beside, &at, err);
    if (code)
      return code;
    known += value != NULL;
  }
  return known == wire_json_size(row) ? BASE_OK : fail_column(table, row, place, err);
}

static enum base_code check_table(const struct wire_kind_field *field, const struct wire_json *rows,
                                  const struct wire_place *place, struct base_error *err) {
  if (wire_json_type(rows) != WIRE_JSON_ARRAY)
    return wrong(place, err, BASE_FIELD, "must be an array of rows");
  size_t count = wire_json_size(rows);
  if (count < (size_t)field->least || count > (size_t)field->most)
    return base_fail(err, BASE_FIELD, "%s: %s: %zu rows, from %" PRId64 " to %" PRId64 " are allowed", place->what,
                     wire_place_text(place).text, count, field->least, field->most);
  for (size_t i = 0; i < count; i++) {
    struct wire_place at = {
        .what = place->what, .parties = place->parties, .now = place->now, .within = place, .row = i};
    enum base_code code = check_row(field, wire_json_at(rows, i), &at, err);
    if (code)
      return code;
  }
  return field->key ? wire_table_check_keys(field, rows, place, err) : BASE_OK;
}

static enum base_code no_multiple(const struct wire_kind_field *field, const struct wire_json *value,
                                  const struct wire_place *place, struct base_error *err) {
  return base_fail(err, BASE_FIELD, "%s: %s: %" PRId64 " is no multiple of %" PRId64, place->what,
                   wire_place_text(place).text, wire_json_integer(value), field->multiple);
}

enum base_code wire_field_check(const struct wire_kind_field *field, const struct wire_json *value,
                                const struct wire_place *place, struct base_error *err) {
  enum wire_json_type type = wire_json_type(value);
  switch (field->type) {
  case WIRE_FIELD_BOOL:
    if (field->must_be)
      return wire_json_true(value) ? BASE_OK : wrong(place, err, BASE_FIELD, "must be true");
    return type == WIRE_JSON_BOOL ? BASE_OK : wrong(place, err, BASE_FIELD, "must be true or false");
  case WIRE_FIELD_INTEGER:
    if (type == WIRE_JSON_INTEGER && wire_json_integer(value) >= field->least &&
        wire_json_integer(value) <= field->most)
      return field->multiple && wire_json_integer(value) % field->multiple ? no_multiple(field, value, place, err) : BASE_OK;
    return base_fail(err, BASE_FIELD, "%s: %s: must be an integer from %" PRId64 " to %" PRId64, place->what,
                     wire_place_text(place).text, field->least, field->most);
  case WIRE_FIELD_CODES:
  case WIRE_FIELD_NAMES:
    return check_codes(field, value, place, err);
  case WIRE_FIELD_TABLE:
    return check_table(field, value, place, err);
  default:
    if (type != WIRE_JSON_TEXT)
      return wrong(place, err, BASE_FIELD, "must be a text");
    return wire_field_check_text(field, wire_json_text(value), place, err);
  }
}
