/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool wire_part_name_valid(struct base_view name) {
  return name.size > 0 && name.size <= WIRE_PART_NAME_MAX && !memchr(name.data, '/', name.size) &&
         !base_view_is(name, ".") && !base_view_is(name, "..") && wire_line_valid(name);
}

/* RFC 9110 section 5.6.2 */
static bool token_valid(const uint8_t *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    uint8_t byte = text[i];
    bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    bool digit = byte >= '0' && byte <= '9';
    if (!letter && !digit && (byte == 0 || !strchr("!#$%&'*+-.^_`|~", byte)))
      return false;
  }
  return size > 0;
}

bool wire_media_type_valid(struct base_view type) {
  const uint8_t *slash = type.size && type.size <= WIRE_MEDIA_TYPE_MAX ? memchr(type.data, '/', type.size) : NULL;
  if (!slash)
    return false;
  size_t before = (size_t)(slash - type.data);
  return token_valid(type.data, before) && token_valid(slash + 1, type.size - before - 1);
}

bool wire_media_type_is(struct base_view type, const char *wanted) {
  return type.size == strlen(wanted) && strncasecmp((const char *)type.data, wanted, type.size) == 0;
}

static enum base_code fail_line(const char *path, size_t most, struct base_view text, struct base_error *err) {
  struct wire_spot spot;
  if (!wire_line_check(text, &spot))
    return base_fail(err, BASE_FIELD, "part 0: %s: %s: it would not be seen as it is; leave it out", path,
                     wire_spot_text(&spot).text);
  return base_fail(err, BASE_FIELD, "part 0: %s: must be one line of at most %zu bytes", path, most);
}

/* What parser and writer hold alike. */
static enum base_code check_part0(const struct wire_part0 *part0, struct base_error *err) {
  if (part0->handling.size > WIRE_MARKING_MAX || !wire_line_valid(part0->handling))
    return fail_line("$.handling", WIRE_MARKING_MAX, part0->handling, err);
  if (part0->grading.size > WIRE_MARKING_MAX || !wire_line_valid(part0->grading))
    return fail_line("$.grading", WIRE_MARKING_MAX, part0->grading, err);
  for (size_t i = 0; i < part0->part_count; i++) {
    const struct wire_part *part = &part0->parts[i];
    char path[32];
    (void)snprintf(path, sizeof path, "$.parts[%zu].name", i);
    if (!wire_line_valid(part->name))
      return fail_line(path, WIRE_PART_NAME_MAX, part->name, err);
    if (!wire_part_name_valid(part->name))
      return base_fail(err, BASE_FIELD,
                       "part 0: %s: must be a file name of 1 to %d bytes without \"/\", and not \".\" or \"..\"", path,
                       WIRE_PART_NAME_MAX);
    if (!wire_media_type_valid(part->media_type))
      return base_fail(err, BASE_FIELD, "part 0: $.parts[%zu].type: must be a media type like text/plain", i);
    if (part->size > WIRE_PART_SIZE_MAX)
      return base_fail(err, BASE_FIELD, "part 0: $.parts[%zu].size: more than a part may have", i);
  }
  return BASE_OK;
}

static void read_part(struct wire_object *object, struct base_arena *arena, struct wire_part *part) {
  part->name = wire_object_copy(object, "name", WIRE_PART_NAME_MAX, arena, true);
  part->media_type = wire_object_copy(object, "type", WIRE_MEDIA_TYPE_MAX, arena, true);
  part->size = (uint64_t)wire_object_integer(object, "size", 0, (int64_t)WIRE_PART_SIZE_MAX, true);
  wire_object_hash(object, "sha256", &part->sha256, true);
  wire_object_hex(object, "key", part->key.bytes, sizeof part->key.bytes, true);
}

/* Absent is the one spelling of "none". */
static struct base_view read_marking(struct wire_object *object, const char *key, struct base_arena *arena) {
  const struct wire_json *found = wire_object_take(object, key, WIRE_JSON_TEXT, false);
  if (found && wire_json_text(found).size == 0)
    wire_object_fail(object, BASE_FIELD, key, "must be left out when empty");
  return wire_object_copy(object, key, WIRE_MARKING_MAX, arena, false);
}

static void read_part0(struct wire_object *object, struct base_arena *arena, struct wire_part0 *part0) {
  wire_object_exact(object, "wasl", "part0/1");
  wire_object_hex(object, "nonce", part0->nonce, sizeof part0->nonce, true);
  part0->fields = wire_object_take(object, "fields", WIRE_JSON_OBJECT, true);
  part0->handling = read_marking(object, "handling", arena);
  part0->grading = read_marking(object, "grading", arena);
  const struct wire_json *parts = wire_object_array(object, "parts", 0, WIRE_PARTS_MAX);
  part0->part_count = wire_json_size(parts);
  for (size_t i = 0; i < part0->part_count && !object->code; i++) {
    struct wire_object item;
    wire_object_begin_at(&item, object, "parts", parts, i);
    read_part(&item, arena, &part0->parts[i]);
    wire_object_close(&item, object);
  }
}

enum base_code wire_part0_parse(struct base_view bytes, struct base_arena *arena, struct wire_part0 *out,
                                struct base_error *err) {
  struct wire_part0 part0 = {0};
  enum base_code code = wire_json_parse(bytes, WIRE_PART0_MAX, "part 0", &part0.document, err);
  if (code)
    return code;
  struct wire_object object;
  wire_object_begin(&object, part0.document, "part 0", "$");
  read_part0(&object, arena, &part0);
  code = wire_object_end(&object, err);
  if (!code)
    code = check_part0(&part0, err);
  if (!code)
    *out = part0;
  else
    wire_json_free(part0.document);
  base_wipe(&part0, sizeof part0);
  return code;
}

void wire_part0_free(struct wire_part0 *part0) {
  if (!part0)
    return;
  wire_json_free(part0->document);
  base_wipe(part0, sizeof *part0);
}

static void write_part(struct wire_writer *writer, const struct wire_part *part) {
  wire_write_object(writer);
  wire_write_member_text(writer, "name", part->name);
  wire_write_member_text(writer, "type", part->media_type);
  wire_write_member_integer(writer, "size", (int64_t)part->size);
  wire_write_member_hash(writer, "sha256", &part->sha256);
  wire_write_member_hex(writer, "key", part->key.bytes, sizeof part->key.bytes);
  wire_write_end(writer, '}');
}

enum base_code wire_part0_write(const struct wire_part0 *part0, struct base_view fields_json, struct base_buf *out,
                                struct base_error *err) {
  if (part0->part_count > WIRE_PARTS_MAX)
    return base_fail(err, BASE_FIELD, "part 0: $.parts: %zu items, at most %d are allowed", part0->part_count,
                     WIRE_PARTS_MAX);
  enum base_code code = check_part0(part0, err);
  if (code)
    return code;
  size_t start = out->size;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "wasl", "part0/1");
  wire_write_member_hex(&writer, "nonce", part0->nonce, sizeof part0->nonce);
  wire_write_key(&writer, "fields");
  wire_write_raw(&writer, fields_json);
  if (part0->handling.size)
    wire_write_member_text(&writer, "handling", part0->handling);
  if (part0->grading.size)
    wire_write_member_text(&writer, "grading", part0->grading);
  wire_write_key(&writer, "parts");
  wire_write_array(&writer);
  for (size_t i = 0; i < part0->part_count; i++)
    write_part(&writer, &part0->parts[i]);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return wire_document_end(out, start, WIRE_PART0_MAX, "part 0", err);
}
