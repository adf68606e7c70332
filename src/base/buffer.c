/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { FIRST_CAPACITY = 256 };

void base_buf_init(struct base_buf *buf, size_t limit) {
  *buf = (struct base_buf){.limit = limit};
}

void base_buf_free(struct base_buf *buf) {
  if (buf == NULL)
    return;
  free(buf->data);
  *buf = (struct base_buf){.limit = buf->limit};
}

void base_buf_reset(struct base_buf *buf) {
  buf->size = 0;
  buf->code = BASE_OK;
}

/* A zeroed buffer (BASE_AUTO_BUF) was never given a limit and takes the default. */
static size_t limit_of(const struct base_buf *buf) {
  return buf->limit == 0 ? BASE_BUF_DEFAULT_LIMIT : buf->limit;
}

/* Room for size more bytes, without counting them as written. */
static uint8_t *make_room(struct base_buf *buf, size_t size) {
  if (buf->code != BASE_OK)
    return NULL;
  size_t limit = limit_of(buf);
  if (buf->size > limit || size > limit - buf->size) {
    buf->code = BASE_TOO_LARGE;
    return NULL;
  }
  size_t needed = buf->size + size;
  if (needed > buf->capacity || buf->data == NULL) {
    size_t capacity = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed)
      capacity = capacity > limit / 2 ? (needed > limit / 2 ? limit : needed) : capacity * 2;
    uint8_t *data = realloc(buf->data, capacity);
    if (data == NULL) {
      buf->code = BASE_MEMORY;
      return NULL;
    }
    buf->data = data;
    buf->capacity = capacity;
  }
  return buf->data + buf->size;
}

uint8_t *base_buf_reserve(struct base_buf *buf, size_t size) {
  uint8_t *room = make_room(buf, size);
  if (room != NULL)
    buf->size += size;
  return room;
}

void base_buf_add(struct base_buf *buf, const void *data, size_t size) {
  uint8_t *room = base_buf_reserve(buf, size);
  if (room != NULL && size > 0)
    memcpy(room, data, size);
}

void base_buf_add_buf(struct base_buf *buf, const struct base_buf *piece) {
  if (buf->code == BASE_OK)
    buf->code = piece->code;
  base_buf_add_view(buf, base_buf_view(piece));
}

void base_buf_add_view(struct base_buf *buf, struct base_view view) {
  base_buf_add(buf, view.data, view.size);
}

void base_buf_text(struct base_buf *buf, const char *text) {
  base_buf_add_view(buf, base_view_text(text));
}

void base_buf_printf(struct base_buf *buf, const char *format, ...) {
  if (buf->code != BASE_OK)
    return;
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) {
    buf->code = BASE_INTERNAL;
    return;
  }
  /* vsnprintf writes a NUL behind the text: it may stand beyond the limit only in memory that is ours. */
  size_t size = (size_t)length;
  char stack[256];
  char *heap = size < sizeof stack ? NULL : malloc(size + 1);
  char *text = size < sizeof stack ? stack : heap;
  if (text == NULL) {
    buf->code = BASE_MEMORY;
    return;
  }
  va_start(arguments, format);
  vsnprintf(text, size + 1, format, arguments);
  va_end(arguments);
  base_buf_add(buf, text, size);
  free(heap);
}

static void add_big_endian(struct base_buf *buf, uint64_t value, size_t size) {
  uint8_t *room = base_buf_reserve(buf, size);
  if (room == NULL)
    return;
  for (size_t i = 0; i < size; i++)
    room[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

void base_buf_u8(struct base_buf *buf, uint8_t value) {
  add_big_endian(buf, value, 1);
}

void base_buf_u16(struct base_buf *buf, uint16_t value) {
  add_big_endian(buf, value, 2);
}

void base_buf_u32(struct base_buf *buf, uint32_t value) {
  add_big_endian(buf, value, 4);
}

void base_buf_u64(struct base_buf *buf, uint64_t value) {
  add_big_endian(buf, value, 8);
}

void base_buf_block(struct base_buf *buf, struct base_view view) {
  if (view.size > UINT32_MAX) {
    if (buf->code == BASE_OK)
      buf->code = BASE_TOO_LARGE;
    return;
  }
  base_buf_u32(buf, (uint32_t)view.size);
  base_buf_add_view(buf, view);
}

struct base_view base_buf_view(const struct base_buf *buf) {
  return base_view_of(buf->data, buf->size);
}

enum base_code base_buf_check(const struct base_buf *buf, const char *what, struct base_error *err) {
  switch (buf->code) {
  case BASE_OK:
    return BASE_OK;
  case BASE_TOO_LARGE:
    return base_fail(err, BASE_TOO_LARGE, "%s: larger than the limit of %zu bytes", what, limit_of(buf));
  case BASE_MEMORY:
    return base_fail(err, BASE_MEMORY, "%s: out of memory", what);
  default:
    return base_fail(err, buf->code, "%s: %s", what, base_code_text(buf->code));
  }
}
