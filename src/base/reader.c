/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"

struct base_reader base_reader_of(struct base_view view) {
  return (struct base_reader){.rest = view};
}

struct base_view base_read_bytes(struct base_reader *reader, size_t size) {
  if (reader->failed || size > reader->rest.size) {
    reader->failed = true;
    return (struct base_view){NULL, 0};
  }
  struct base_view taken = base_view_of(reader->rest.data, size);
  if (size > 0)
    reader->rest.data += size;
  reader->rest.size -= size;
  reader->offset += size;
  return taken;
}

static uint64_t read_big_endian(struct base_reader *reader, size_t size) {
  struct base_view taken = base_read_bytes(reader, size);
  uint64_t value = 0;
  for (size_t i = 0; i < taken.size; i++)
    value = value << 8 | taken.data[i];
  return value;
}

uint8_t base_read_u8(struct base_reader *reader) {
  return (uint8_t)read_big_endian(reader, 1);
}

uint16_t base_read_u16(struct base_reader *reader) {
  return (uint16_t)read_big_endian(reader, 2);
}

uint32_t base_read_u32(struct base_reader *reader) {
  return (uint32_t)read_big_endian(reader, 4);
}

uint64_t base_read_u64(struct base_reader *reader) {
  return read_big_endian(reader, 8);
}

struct base_view base_read_block(struct base_reader *reader, size_t max) {
  uint32_t size = base_read_u32(reader);
  if (size > max)
    reader->failed = true;
  return base_read_bytes(reader, size);
}

static bool read_32(struct base_reader *reader, uint8_t out[32]) {
  struct base_view taken = base_read_bytes(reader, 32);
  if (taken.size == 32)
    memcpy(out, taken.data, 32);
  return taken.size == 32;
}

bool base_read_hash(struct base_reader *reader, struct base_hash *out) {
  return read_32(reader, out->bytes);
}

bool base_read_id(struct base_reader *reader, struct base_id *out) {
  return read_32(reader, out->bytes);
}

enum base_code base_reader_end(const struct base_reader *reader, const char *what, struct base_error *err) {
  if (reader->failed)
    return base_fail(err, BASE_SYNTAX, "%s: cut short or a length too large at byte %zu", what, reader->offset);
  if (reader->rest.size > 0)
    return base_fail(err, BASE_SYNTAX, "%s: %zu bytes too many at byte %zu", what, reader->rest.size, reader->offset);
  return BASE_OK;
}
