/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/backup.h"

#include <string.h>

enum { MAGIC = 8, VERSION_MAX = 32, HEAD_MAX = WIRE_NOTE_MAX + WIRE_BACKUP_CARD_MAX + 256 };

/* --- the header */

void wire_backup_header_write(const struct wire_backup_header *header, struct base_buf *out) {
  static const uint8_t zeros[WIRE_BACKUP_HEADER];
  size_t start = out->size;
  base_buf_text(out, WIRE_BACKUP_MAGIC);
  base_buf_add(out, header->key_id, sizeof header->key_id);
  base_buf_add(out, header->enc.bytes, WIRE_ENC_X25519);
  base_buf_u64(out, (uint64_t)header->made);
  base_buf_u8(out, (uint8_t)header->origin.size);
  base_buf_add_view(out, header->origin);
  if (header->origin.size > WIRE_ORIGIN_MAX)
    out->code = BASE_INTERNAL;
  else
    base_buf_add(out, zeros, start + WIRE_BACKUP_HEADER - out->size);
}

enum base_code wire_backup_header_parse(struct base_view bytes, struct wire_backup_header *out,
                                        struct base_error *err) {
  struct wire_backup_header header = {0};
  struct base_reader reader = base_reader_of(bytes);
  struct base_view magic = base_read_bytes(&reader, MAGIC);
  struct base_view id = base_read_bytes(&reader, sizeof header.key_id);
  struct base_view enc = base_read_bytes(&reader, WIRE_ENC_X25519);
  uint64_t made = base_read_u64(&reader);
  uint8_t size = base_read_u8(&reader);
  struct base_view rest = base_read_bytes(&reader, WIRE_BACKUP_HEADER - MAGIC - 8 - 32 - 8 - 1);
  if (magic.size == MAGIC && memcmp(magic.data, WIRE_BACKUP_MAGIC, MAGIC) != 0)
    return base_fail(err, BASE_SYNTAX, "it is no backup: it does not begin with %s", WIRE_BACKUP_MAGIC);
  enum base_code code = base_reader_end(&reader, "the backup's header", err);
  if (code != BASE_OK)
    return code;
  bool good = size <= WIRE_ORIGIN_MAX && made <= INT64_MAX;
  for (size_t i = good ? size : rest.size; i < rest.size; i++)
    good = good && rest.data[i] == 0;
  if (good) {
    header.origin = base_view_of(rest.data, size);
    good = wire_origin_valid(header.origin);
  }
  if (!good)
    return base_fail(err, BASE_SYNTAX, "the backup's header names no node, or something stands behind its name");
  memcpy(header.key_id, id.data, id.size);
  memcpy(header.enc.bytes, enc.data, enc.size);
  header.made = (base_time)made;
  *out = header;
  return BASE_OK;
}

/* --- frames */

static const struct {
  const char *name;
  uint32_t most; /* bytes of payload */
} types[] = {
    [WIRE_BACKUP_HEAD] = {"head", HEAD_MAX},
    [WIRE_BACKUP_TABLE] = {"table", 4 + WIRE_BACKUP_NAME_MAX},
    [WIRE_BACKUP_ROW] = {"row", WIRE_BACKUP_ROW_MAX},
    [WIRE_BACKUP_PART] = {"part", 4 + WIRE_BACKUP_FILE + 8},
    [WIRE_BACKUP_BYTES] = {"bytes", WIRE_BACKUP_BYTES_MAX},
    [WIRE_BACKUP_END] = {"end", 24},
};

/* Letters a-z, digits and _, as all names of tables are: it goes into SQL as it stands. */
static bool name_valid(struct base_view name) {
  bool good = name.size > 0 && name.size <= WIRE_BACKUP_NAME_MAX;
  for (size_t i = 0; i < name.size && good; i++)
    good = (name.data[i] >= 'a' && name.data[i] <= 'z') || (name.data[i] >= '0' && name.data[i] <= '9' && i > 0) ||
           name.data[i] == '_';
  return good;
}

static bool file_valid(struct base_view name) {
  bool good = name.size == WIRE_BACKUP_FILE;
  for (size_t i = 0; i < name.size && good; i++)
    good = (name.data[i] >= 'a' && name.data[i] <= 'f') || (name.data[i] >= '0' && name.data[i] <= '9');
  return good;
}

static bool read_head(struct base_reader *reader, struct wire_backup_frame *frame) {
  frame->schema = base_read_u32(reader);
  frame->size = base_read_u64(reader);
  bool good = base_read_hash(reader, &frame->root);
  frame->note = base_read_block(reader, WIRE_NOTE_MAX);
  frame->card = base_read_block(reader, WIRE_BACKUP_CARD_MAX);
  frame->version = base_read_block(reader, VERSION_MAX);
  return good && frame->size > 0 && frame->size <= INT64_MAX && frame->note.size > 0 && frame->card.size > 0 &&
         frame->version.size > 0 && base_utf8_valid(frame->version);
}

static bool read_row(struct base_reader *reader, struct wire_backup_frame *frame) {
  while (reader->rest.size > 0 && !reader->failed) {
    if (frame->count == WIRE_BACKUP_VALUES_MAX)
      return false;
    struct wire_backup_value *value = &frame->values[frame->count++];
    uint8_t type = base_read_u8(reader);
    if (type > WIRE_BACKUP_BLOB)
      return false;
    value->type = type;
    if (type == WIRE_BACKUP_NUMBER)
      value->number = (int64_t)base_read_u64(reader);
    else if (type != WIRE_BACKUP_NULL)
      value->bytes = base_read_block(reader, WIRE_BACKUP_ROW_MAX);
    if (type == WIRE_BACKUP_TEXT && !base_utf8_valid(value->bytes))
      return false;
  }
  return frame->count > 0;
}

static bool read_payload(struct base_reader *reader, struct wire_backup_frame *frame) {
  switch (frame->type) {
  case WIRE_BACKUP_HEAD:
    return read_head(reader, frame);
  case WIRE_BACKUP_TABLE:
    frame->name = base_read_block(reader, WIRE_BACKUP_NAME_MAX);
    return name_valid(frame->name);
  case WIRE_BACKUP_ROW:
    return read_row(reader, frame);
  case WIRE_BACKUP_PART:
    frame->name = base_read_block(reader, WIRE_BACKUP_FILE);
    frame->size = base_read_u64(reader);
    return file_valid(frame->name) && frame->size <= INT64_MAX;
  case WIRE_BACKUP_BYTES:
    frame->bytes = base_read_bytes(reader, reader->rest.size);
    return frame->bytes.size > 0;
  case WIRE_BACKUP_END:
  default:
    frame->rows = base_read_u64(reader);
    frame->parts = base_read_u64(reader);
    frame->octets = base_read_u64(reader);
    return true;
  }
}

enum base_code wire_backup_frame_read(struct base_view bytes, struct wire_backup_frame *out, size_t *out_used,
                                      struct base_error *err) {
  *out_used = 0;
  if (bytes.size < WIRE_BACKUP_FRAME)
    return BASE_OK;
  struct base_reader start = base_reader_of(base_view_of(bytes.data, WIRE_BACKUP_FRAME));
  uint8_t type = base_read_u8(&start);
  uint32_t size = base_read_u32(&start);
  if (type < WIRE_BACKUP_HEAD || type > WIRE_BACKUP_END)
    return base_fail(err, BASE_SYNTAX, "a frame of the unknown type %u", type);
  if (size > types[type].most)
    return base_fail(err, BASE_SYNTAX, "a frame '%s' of %u bytes; the largest has %u", types[type].name, size,
                     types[type].most);
  if (bytes.size - WIRE_BACKUP_FRAME < size)
    return BASE_OK;
  struct base_reader reader = base_reader_of(base_view_of(bytes.data + WIRE_BACKUP_FRAME, size));
  *out = (struct wire_backup_frame){.type = type};
  bool good = read_payload(&reader, out);
  enum base_code code = base_reader_end(&reader, types[type].name, err);
  if (code == BASE_OK && !good)
    code = base_fail(err, BASE_SYNTAX, "a frame '%s' holds what it cannot", types[type].name);
  if (code == BASE_OK)
    *out_used = WIRE_BACKUP_FRAME + size;
  return code;
}

static void write_row(const struct wire_backup_frame *frame, struct base_buf *out) {
  for (size_t i = 0; i < frame->count; i++) {
    const struct wire_backup_value *value = &frame->values[i];
    base_buf_u8(out, (uint8_t)value->type);
    if (value->type == WIRE_BACKUP_NUMBER)
      base_buf_u64(out, (uint64_t)value->number);
    else if (value->type != WIRE_BACKUP_NULL)
      base_buf_block(out, value->bytes);
  }
}

static void write_payload(const struct wire_backup_frame *frame, struct base_buf *out) {
  switch (frame->type) {
  case WIRE_BACKUP_HEAD:
    base_buf_u32(out, frame->schema);
    base_buf_u64(out, frame->size);
    base_buf_add(out, frame->root.bytes, sizeof frame->root.bytes);
    base_buf_block(out, frame->note);
    base_buf_block(out, frame->card);
    base_buf_block(out, frame->version);
    break;
  case WIRE_BACKUP_TABLE:
    base_buf_block(out, frame->name);
    break;
  case WIRE_BACKUP_ROW:
    write_row(frame, out);
    break;
  case WIRE_BACKUP_PART:
    base_buf_block(out, frame->name);
    base_buf_u64(out, frame->size);
    break;
  case WIRE_BACKUP_BYTES:
    base_buf_add_view(out, frame->bytes);
    break;
  case WIRE_BACKUP_END:
  default:
    base_buf_u64(out, frame->rows);
    base_buf_u64(out, frame->parts);
    base_buf_u64(out, frame->octets);
    break;
  }
}

void wire_backup_frame_write(const struct wire_backup_frame *frame, struct base_buf *out) {
  size_t start = out->size;
  base_buf_u8(out, (uint8_t)frame->type);
  base_buf_u32(out, 0);
  write_payload(frame, out);
  if (out->code != BASE_OK)
    return;
  size_t size = out->size - start - WIRE_BACKUP_FRAME;
  if (size > types[frame->type].most) {
    out->code = BASE_TOO_LARGE;
    return;
  }
  for (size_t i = 0; i < 4; i++)
    out->data[start + 1 + i] = (uint8_t)(size >> (24 - 8 * i));
}
