/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const base_time TIME_MAX = 253402300799; /* 9999-12-31T23:59:59Z */

/* Sticky, but never over a failure that was there before. */
static void broken(struct wire_writer *writer) {
  if (!writer->out->code)
    writer->out->code = BASE_INTERNAL;
}

void wire_writer_init(struct wire_writer *writer, struct base_buf *out) {
  *writer = (struct wire_writer){.out = out};
}

static void before_value(struct wire_writer *writer) {
  if (writer->depth == 0)
    return;
  bool *comma = &writer->comma[writer->depth - 1];
  if (*comma)
    base_buf_u8(writer->out, ',');
  *comma = true;
}

static void open_bracket(struct wire_writer *writer, char bracket) {
  before_value(writer);
  if (writer->depth == WIRE_JSON_DEPTH_MAX) {
    broken(writer);
    return;
  }
  writer->comma[writer->depth++] = false;
  base_buf_u8(writer->out, (uint8_t)bracket);
}

void wire_write_object(struct wire_writer *writer) {
  open_bracket(writer, '{');
}

void wire_write_array(struct wire_writer *writer) {
  open_bracket(writer, '[');
}

void wire_write_end(struct wire_writer *writer, char bracket) {
  if (writer->depth == 0) {
    broken(writer);
    return;
  }
  writer->depth--;
  base_buf_u8(writer->out, (uint8_t)bracket);
}

static bool needs_escape(uint8_t byte) {
  return byte < 0x20 || byte == '"' || byte == '\\';
}

static void escape(struct base_buf *out, uint8_t byte) {
  static const char digits[] = "0123456789abcdef";
  static const char shorts[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
  char letter = byte < 0x20 ? shorts[byte] : (char)byte;
  if (letter) {
    base_buf_add(out, (char[]){'\\', letter}, 2);
    return;
  }
  base_buf_add(out, (char[]){'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]}, 6);
}

static void add_escaped(struct base_buf *out, struct base_view text) {
  size_t start = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (!needs_escape(text.data[i]))
      continue;
    base_buf_add(out, text.data + start, i - start);
    escape(out, text.data[i]);
    start = i + 1;
  }
  base_buf_add(out, text.data + start, text.size - start);
}

/* Nearly all texts say what they mean: one look, one reservation, one copy. */
static void add_quoted(struct wire_writer *writer, struct base_view text) {
  if (wire_json_plain(text, 0) < text.size) {
    base_buf_u8(writer->out, '"');
    add_escaped(writer->out, text);
    base_buf_u8(writer->out, '"');
    return;
  }
  uint8_t *room = base_buf_reserve(writer->out, text.size + 2);
  if (!room)
    return;
  room[0] = '"';
  if (text.size)
    memcpy(room + 1, text.data, text.size);
  room[text.size + 1] = '"';
}

static void add_checked(struct wire_writer *writer, struct base_view text) {
  if (base_utf8_valid(text))
    add_quoted(writer, text);
  else
    broken(writer);
}

static void after_key(struct wire_writer *writer) {
  base_buf_u8(writer->out, ':');
  writer->comma[writer->depth - 1] = false; /* the value stands right after its key */
}

void wire_write_key_view(struct wire_writer *writer, struct base_view key) {
  if (writer->depth == 0) {
    broken(writer);
    return;
  }
  before_value(writer);
  add_checked(writer, key);
  after_key(writer);
}

void wire_write_key(struct wire_writer *writer, const char *key) {
  wire_write_key_view(writer, base_view_text(key));
}

void wire_write_text(struct wire_writer *writer, struct base_view text) {
  before_value(writer);
  add_checked(writer, text);
}

void wire_write_string(struct wire_writer *writer, const char *text) {
  wire_write_text(writer, base_view_text(text));
}

static void write_bare(struct wire_writer *writer, const char *text) {
  before_value(writer);
  base_buf_text(writer->out, text);
}

void wire_write_integer(struct wire_writer *writer, int64_t value) {
  before_value(writer);
  base_buf_printf(writer->out, "%" PRId64, value);
}

void wire_write_bool(struct wire_writer *writer, bool value) {
  write_bare(writer, value ? "true" : "false");
}

void wire_write_null(struct wire_writer *writer) {
  write_bare(writer, "null");
}

void wire_write_raw(struct wire_writer *writer, struct base_view json) {
  if (json.size == 0)
    broken(writer);
  before_value(writer);
  base_buf_add_view(writer->out, json);
}

/* The shortest decimal that reads back as the same number, and still as a real; whatever the locale calls its decimal
 * point becomes ".". */
static void write_real(struct wire_writer *writer, double value) {
  char printed[40], text[48];
  for (int digits = 15; digits <= 17; digits++) {
    if (snprintf(printed, sizeof printed, "%.*g", digits, value) < 0)
      broken(writer);
    if (strtod(printed, NULL) == value)
      break;
  }
  size_t size = 0;
  bool real = false;
  for (const char *at = printed; *at; at++) {
    bool plain = strchr("0123456789+-e", *at) != NULL;
    if (!plain && size > 0 && text[size - 1] == '.')
      continue;
    real |= !plain || *at == 'e';
    text[size++] = plain ? *at : '.';
  }
  text[size] = 0;
  write_bare(writer, text);
  if (!real)
    base_buf_text(writer->out, ".0");
}

static void write_members(struct wire_writer *writer, const struct wire_json *object) {
  struct base_view key;
  const struct wire_json *value;
  void *cursor = NULL;
  wire_write_object(writer);
  while (!writer->out->code && wire_json_next(object, &cursor, &key, &value)) {
    before_value(writer);
    add_quoted(writer, key);
    after_key(writer);
    wire_write_value(writer, value);
  }
  wire_write_end(writer, '}');
}

static void write_items(struct wire_writer *writer, const struct wire_json *array) {
  wire_write_array(writer);
  for (size_t i = 0; !writer->out->code && i < wire_json_size(array); i++)
    wire_write_value(writer, wire_json_at(array, i));
  wire_write_end(writer, ']');
}

/* Recurses at most WIRE_JSON_DEPTH_MAX deep: no document that was parsed is deeper. */
void wire_write_value(struct wire_writer *writer, const struct wire_json *value) {
  switch (wire_json_type(value)) {
  case WIRE_JSON_NONE:
    broken(writer);
    break;
  case WIRE_JSON_NULL:
    wire_write_null(writer);
    break;
  case WIRE_JSON_BOOL:
    wire_write_bool(writer, wire_json_true(value));
    break;
  case WIRE_JSON_INTEGER:
    wire_write_integer(writer, wire_json_integer(value));
    break;
  case WIRE_JSON_REAL:
    write_real(writer, wire_json_real(value));
    break;
  case WIRE_JSON_TEXT:
    before_value(writer);
    add_quoted(writer, wire_json_text(value)); /* UTF-8, as names of members: it was read */
    break;
  case WIRE_JSON_ARRAY:
    write_items(writer, value);
    break;
  case WIRE_JSON_OBJECT:
    write_members(writer, value);
    break;
  }
}

enum base_code wire_document_end(struct base_buf *out, size_t start, size_t max, const char *what,
                                 struct base_error *err) {
  enum base_code code = base_buf_check(out, what, err);
  size_t size = out->size - start;
  if (!code && size > max)
    code = base_fail(err, BASE_TOO_LARGE, "%s: %zu bytes, at most %zu are allowed", what, size, max);
  if (code)
    out->size = start;
  return code;
}

void wire_write_member_text(struct wire_writer *writer, const char *key, struct base_view text) {
  wire_write_key(writer, key);
  wire_write_text(writer, text);
}

void wire_write_member_buf(struct wire_writer *writer, const char *key, const struct base_buf *text) {
  if (writer->out->code == BASE_OK)
    writer->out->code = text->code;
  wire_write_member_text(writer, key, base_buf_view(text));
}

void wire_write_member_string(struct wire_writer *writer, const char *key, const char *text) {
  wire_write_key(writer, key);
  wire_write_string(writer, text);
}

void wire_write_member_integer(struct wire_writer *writer, const char *key, int64_t value) {
  wire_write_key(writer, key);
  wire_write_integer(writer, value);
}

void wire_write_member_bool(struct wire_writer *writer, const char *key, bool value) {
  wire_write_key(writer, key);
  wire_write_bool(writer, value);
}

void wire_write_member_hex(struct wire_writer *writer, const char *key, const void *data, size_t size) {
  char text[BASE_HEX_ID + 1];
  if (2 * size >= sizeof text) {
    broken(writer);
    return;
  }
  base_hex(data, size, text);
  wire_write_member_text(writer, key, base_view_of(text, 2 * size));
}

void wire_write_member_hash(struct wire_writer *writer, const char *key, const struct base_hash *hash) {
  wire_write_member_hex(writer, key, hash->bytes, sizeof hash->bytes);
}

void wire_write_member_id(struct wire_writer *writer, const char *key, const struct base_id *id) {
  wire_write_member_hex(writer, key, id->bytes, sizeof id->bytes);
}

void wire_write_member_time(struct wire_writer *writer, const char *key, base_time time) {
  if (time < 0 || time > TIME_MAX) {
    broken(writer);
    return;
  }
  wire_write_member_string(writer, key, base_time_format(time).text);
}
