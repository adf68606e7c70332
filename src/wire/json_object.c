/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEY_SHOWN_MAX = 64, FAILURE_MAX = 200 };

/* A part of a path: KEY or KEY[INDEX]. */
struct key_text {
  char text[2 * KEY_SHOWN_MAX];
};

/* A path that is too long for its room is cut: it is for people only. */
static void copy_text(char *out, size_t room, const char *text) {
  size_t size = strnlen(text, room - 1);
  memcpy(out, text, size);
  out[size] = 0;
}

static struct key_text key_at(const char *key, size_t index) {
  struct key_text out;
  if (snprintf(out.text, sizeof out.text, "%.*s[%zu]", (int)KEY_SHOWN_MAX, key, index) < 0)
    out.text[0] = 0;
  return out;
}

/* A key that a stranger chose, fit to be shown: short, whole characters, no controls. */
static struct key_text key_shown(struct base_view key) {
  size_t size = key.size < KEY_SHOWN_MAX ? key.size : KEY_SHOWN_MAX;
  while (size > 0 && size < key.size && (key.data[size] & 0xC0) == 0x80)
    size--;
  BASE_AUTO_BUF struct base_buf buf = {0};
  base_buf_init(&buf, sizeof(struct key_text) - 1);
  base_buf_printable(&buf, base_view_of(key.data, size));
  base_buf_u8(&buf, 0);
  struct key_text out;
  copy_text(out.text, sizeof out.text, buf.code ? "?" : (const char *)buf.data);
  return out;
}

static void fail_with(struct wire_object *object, enum base_code code, const char *key, const char *text) {
  object->code = code;
  const char *dot = key ? "." : "";
  (void)base_fail(&object->error, code, "%s: %s%s%s: %s", object->what, object->path, dot, key ? key : "", text);
}

void wire_object_fail(struct wire_object *object, enum base_code code, const char *key, const char *format, ...) {
  if (object->code)
    return;
  char text[FAILURE_MAX];
  va_list args;
  va_start(args, format);
  if (vsnprintf(text, sizeof text, format, args) < 0)
    text[0] = 0;
  va_end(args);
  fail_with(object, code, key, text);
}

void wire_faults_add(struct wire_faults *faults, enum base_code code, const char *format, ...) {
  char text[BASE_ERROR_TEXT_MAX];
  va_list args;
  va_start(args, format);
  if (vsnprintf(text, sizeof text, format, args) < 0)
    text[0] = 0;
  va_end(args);
  if (faults->count < WIRE_FAULTS_MAX)
    (void)base_fail(&faults->list[faults->count], code, "%s", text);
  faults->count++;
}

void wire_object_note(struct wire_object *object) {
  if (!object->code || !object->faults)
    return;
  wire_faults_add(object->faults, object->code, "%s", object->error.text);
  object->code = BASE_OK;
}

void wire_object_begin(struct wire_object *object, const struct wire_json *json, const char *what, const char *path) {
  object->json = json;
  object->what = what;
  object->taken = 0;
  object->faults = NULL;
  object->code = BASE_OK;
  object->error.code = BASE_OK;
  object->error.text[0] = 0;
  copy_text(object->path, sizeof object->path, path);
  if (wire_json_type(json) != WIRE_JSON_OBJECT)
    wire_object_fail(object, BASE_FIELD, NULL, "must be an object");
  else if (wire_json_size(json) > WIRE_OBJECT_MEMBERS_MAX)
    wire_object_fail(object, BASE_FIELD, NULL, "more than %d members", WIRE_OBJECT_MEMBERS_MAX);
}

void wire_object_begin_in(struct wire_object *child, struct wire_object *parent, const char *key) {
  const struct wire_json *json = wire_object_take(parent, key, WIRE_JSON_OBJECT, true);
  char path[sizeof parent->path + sizeof(struct key_text)];
  if (snprintf(path, sizeof path, "%s.%s", parent->path, key) < 0)
    path[0] = 0;
  wire_object_begin(child, json, parent->what, path);
  child->faults = parent->faults;
}

void wire_object_begin_at(struct wire_object *child, const struct wire_object *parent, const char *key,
                          const struct wire_json *array, size_t index) {
  char path[sizeof parent->path + sizeof(struct key_text)];
  if (snprintf(path, sizeof path, "%s.%s", parent->path, key_at(key, index).text) < 0)
    path[0] = 0;
  wire_object_begin(child, wire_json_at(array, index), parent->what, path);
  child->faults = parent->faults;
}

static const char *type_text(enum wire_json_type type) {
  static const char *const texts[] = {[WIRE_JSON_NONE] = "anything",         [WIRE_JSON_NULL] = "null",
                                      [WIRE_JSON_BOOL] = "true or false",    [WIRE_JSON_INTEGER] = "an integer",
                                      [WIRE_JSON_REAL] = "a decimal number", [WIRE_JSON_TEXT] = "a text",
                                      [WIRE_JSON_ARRAY] = "an array",        [WIRE_JSON_OBJECT] = "an object"};
  return texts[type];
}

const struct wire_json *wire_object_take(struct wire_object *object, const char *key, enum wire_json_type type,
                                         bool required) {
  if (object->code)
    return NULL;
  size_t key_size = strlen(key);
  struct base_view name;
  const struct wire_json *value;
  void *cursor = NULL;
  for (unsigned i = 0; wire_json_next(object->json, &cursor, &name, &value); i++) {
    if (name.size != key_size || memcmp(name.data, key, key_size) != 0)
      continue;
    object->taken |= (uint64_t)1 << i;
    if (type == WIRE_JSON_NONE || wire_json_type(value) == type)
      return value;
    wire_object_fail(object, BASE_FIELD, key, "must be %s", type_text(type));
    return NULL;
  }
  if (required)
    wire_object_fail(object, BASE_FIELD, key, "missing");
  return NULL;
}

struct base_view wire_object_text(struct wire_object *object, const char *key, size_t max, bool required) {
  struct base_view text = wire_json_text(wire_object_take(object, key, WIRE_JSON_TEXT, required));
  if (text.size <= max)
    return text;
  wire_object_fail(object, BASE_FIELD, key, "%zu bytes, at most %zu are allowed", text.size, max);
  return (struct base_view){0};
}

static struct base_view copy_into(struct wire_object *object, const char *key, struct base_view text,
                                  struct base_arena *arena) {
  if (object->code || text.size == 0)
    return (struct base_view){0};
  struct base_view copy = base_arena_copy(arena, text);
  if (copy.data)
    return copy;
  wire_object_fail(object, BASE_MEMORY, key, "no memory left for its %zu bytes", text.size);
  return (struct base_view){0};
}

struct base_view wire_object_copy(struct wire_object *object, const char *key, size_t max, struct base_arena *arena,
                                  bool required) {
  return copy_into(object, key, wire_object_text(object, key, max, required), arena);
}

void wire_object_exact(struct wire_object *object, const char *key, const char *value) {
  const struct wire_json *found = wire_object_take(object, key, WIRE_JSON_TEXT, true);
  if (found && !base_view_is(wire_json_text(found), value))
    wire_object_fail(object, BASE_FIELD, key, "must be \"%s\"", value);
}

int64_t wire_object_integer(struct wire_object *object, const char *key, int64_t least, int64_t most, bool required) {
  const struct wire_json *found = wire_object_take(object, key, WIRE_JSON_INTEGER, required);
  if (!found)
    return 0;
  int64_t value = wire_json_integer(found);
  if (value >= least && value <= most)
    return value;
  wire_object_fail(object, BASE_FIELD, key, "must be from %" PRId64 " to %" PRId64, least, most);
  return 0;
}

bool wire_object_bool(struct wire_object *object, const char *key, bool required) {
  return wire_json_true(wire_object_take(object, key, WIRE_JSON_BOOL, required));
}

static bool hex_value(struct wire_object *object, const char *key, const struct wire_json *value, void *out,
                      size_t size) {
  if (base_hex_parse(wire_json_text(value), out, size))
    return true;
  wire_object_fail(object, BASE_FIELD, key, "must be %zu lowercase hex digits", 2 * size);
  return false;
}

bool wire_object_hex(struct wire_object *object, const char *key, void *out, size_t size, bool required) {
  const struct wire_json *found = wire_object_take(object, key, WIRE_JSON_TEXT, required);
  return found && hex_value(object, key, found, out, size);
}

bool wire_object_hash(struct wire_object *object, const char *key, struct base_hash *out, bool required) {
  return wire_object_hex(object, key, out->bytes, sizeof out->bytes, required);
}

bool wire_object_id(struct wire_object *object, const char *key, struct base_id *out, bool required) {
  return wire_object_hex(object, key, out->bytes, sizeof out->bytes, required);
}

base_time wire_object_time(struct wire_object *object, const char *key, bool required) {
  const struct wire_json *found = wire_object_take(object, key, WIRE_JSON_TEXT, required);
  base_time time = 0;
  if (found && !base_time_parse(wire_json_text(found), &time)) {
    wire_object_fail(object, BASE_DATE, key, "must be a time like 2026-11-21T08:00:00Z that exists");
    return 0;
  }
  return time;
}

const struct wire_json *wire_object_array(struct wire_object *object, const char *key, size_t least, size_t most) {
  const struct wire_json *array = wire_object_take(object, key, WIRE_JSON_ARRAY, true);
  if (!array)
    return NULL;
  size_t size = wire_json_size(array);
  if (size >= least && size <= most)
    return array;
  wire_object_fail(object, BASE_FIELD, key, "%zu items, from %zu to %zu are allowed", size, least, most);
  return NULL;
}

static bool text_at(struct wire_object *object, const char *key, const struct wire_json *value) {
  if (wire_json_type(value) == WIRE_JSON_TEXT)
    return true;
  wire_object_fail(object, BASE_FIELD, key, "must be a text");
  return false;
}

struct base_view wire_object_copy_at(struct wire_object *object, const char *key, const struct wire_json *array,
                                     size_t index, size_t max, struct base_arena *arena) {
  const struct wire_json *value = wire_json_at(array, index);
  struct key_text at = key_at(key, index);
  struct base_view text = wire_json_text(value);
  if (!text_at(object, at.text, value))
    return (struct base_view){0};
  if (text.size > max)
    wire_object_fail(object, BASE_FIELD, at.text, "%zu bytes, at most %zu are allowed", text.size, max);
  return copy_into(object, at.text, text, arena);
}

bool wire_object_hex_at(struct wire_object *object, const char *key, const struct wire_json *array, size_t index,
                        void *out, size_t size) {
  const struct wire_json *value = wire_json_at(array, index);
  struct key_text at = key_at(key, index);
  return text_at(object, at.text, value) && hex_value(object, at.text, value, out, size);
}

static void check_unknown(struct wire_object *object) {
  struct base_view name;
  const struct wire_json *value;
  void *cursor = NULL;
  for (unsigned i = 0; !object->code && wire_json_next(object->json, &cursor, &name, &value); i++)
    if (!(object->taken >> i & 1)) {
      wire_object_fail(object, BASE_UNKNOWN_FIELD, key_shown(name).text, "unknown field");
      wire_object_note(object);
    }
}

void wire_object_close(struct wire_object *child, struct wire_object *parent) {
  check_unknown(child);
  wire_object_note(child);
  if (!child->code || parent->code)
    return;
  parent->code = child->code;
  parent->error = child->error;
}

enum base_code wire_object_end(struct wire_object *object, struct base_error *err) {
  check_unknown(object);
  if (object->code && err)
    *err = object->error;
  return object->code;
}
