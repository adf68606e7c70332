/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_BASE_BYTES_H
#define WASL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Borrowed bytes. Never owns. */
struct base_view {
  const uint8_t *data;
  size_t size;
};
#define BASE_VIEW(literal) ((struct base_view){(const uint8_t *)("" literal), sizeof(literal) - 1})
struct base_view base_view_of(const void *data, size_t size);
struct base_view base_view_text(const char *text); /* without the final NUL; NULL gives the empty view */
bool base_view_equal(struct base_view a, struct base_view b);
bool base_view_is(struct base_view a, const char *text);

/* 32-byte values as distinct types, so that mixing them does not compile. */
struct base_hash { uint8_t bytes[32]; };  /* a SHA-256 */
struct base_id { uint8_t bytes[32]; };    /* a message id (so also a case id): SHA-256 of the header's bytes */
struct base_secret { uint8_t bytes[32]; };/* a symmetric key; wipe with base_wipe */
bool base_hash_equal(const struct base_hash *a, const struct base_hash *b);
bool base_id_equal(const struct base_id *a, const struct base_id *b);
int base_id_compare(const struct base_id *a, const struct base_id *b); /* memcmp order */
void base_wipe(void *data, size_t size);

/* A growable, bounded buffer for writing. Failure is sticky: once an append fails (limit or memory) all later
 * appends do nothing and base_buf_code says why, so writers check once, at the end. */
struct base_buf {
  uint8_t *data;
  size_t size, capacity, limit;
  enum base_code code;
};
#define BASE_BUF_DEFAULT_LIMIT ((size_t)256 << 20)
void base_buf_init(struct base_buf *buf, size_t limit);
void base_buf_free(struct base_buf *buf); /* takes an initialised or zeroed one; also wipes nothing */
void base_buf_reset(struct base_buf *buf);
void base_buf_add(struct base_buf *buf, const void *data, size_t size);
void base_buf_add_view(struct base_buf *buf, struct base_view view);
/* What another one holds; that it failed is taken over with it, so that no half of it goes on as a whole. */
void base_buf_add_buf(struct base_buf *buf, const struct base_buf *piece);
void base_buf_text(struct base_buf *buf, const char *text);
void base_buf_printf(struct base_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void base_buf_u8(struct base_buf *buf, uint8_t value);
void base_buf_u16(struct base_buf *buf, uint16_t value); /* big-endian, as all our binary formats */
void base_buf_u32(struct base_buf *buf, uint32_t value);
void base_buf_u64(struct base_buf *buf, uint64_t value);
/* u32 length, then the bytes */
void base_buf_block(struct base_buf *buf, struct base_view view);
/* Room for size bytes to be written by the caller; NULL when it failed. */
uint8_t *base_buf_reserve(struct base_buf *buf, size_t size);
struct base_view base_buf_view(const struct base_buf *buf);
BASE_NODISCARD enum base_code base_buf_check(const struct base_buf *buf, const char *what, struct base_error *err);

/* A bounded reader. Failure is sticky; a reader must be consumed whole: base_reader_end checks both. */
struct base_reader {
  struct base_view rest;
  size_t offset; /* of rest in the whole, for error texts */
  bool failed;
};
struct base_reader base_reader_of(struct base_view view);
uint8_t base_read_u8(struct base_reader *reader);
uint16_t base_read_u16(struct base_reader *reader);
uint32_t base_read_u32(struct base_reader *reader);
uint64_t base_read_u64(struct base_reader *reader);
struct base_view base_read_bytes(struct base_reader *reader, size_t size);
/* u32 length at most max, then the bytes */
struct base_view base_read_block(struct base_reader *reader, size_t max);
bool base_read_hash(struct base_reader *reader, struct base_hash *out);
bool base_read_id(struct base_reader *reader, struct base_id *out);
/* BASE_SYNTAX "what: cut short / N bytes too many at byte K" unless all was read and nothing failed. */
BASE_NODISCARD enum base_code base_reader_end(const struct base_reader *reader, const char *what,
                                              struct base_error *err);

/* Bump allocator for what lives as long as one document. Everything is freed at once. */
struct base_arena { struct base_arena_block *head; size_t used, limit; };
void base_arena_init(struct base_arena *arena, size_t limit);
void base_arena_free(struct base_arena *arena);
void *base_arena_alloc(struct base_arena *arena, size_t size); /* zeroed, aligned to 16; NULL at the limit */
void *base_arena_array(struct base_arena *arena, size_t count, size_t size); /* overflow-checked */
char *base_arena_text(struct base_arena *arena, struct base_view text);   /* a NUL-terminated copy */
struct base_view base_arena_copy(struct base_arena *arena, struct base_view view); /* data NULL on failure */

/* cleanup attributes: `BASE_AUTO_BUF struct base_buf b = {0};` */
#define BASE_AUTO_BUF __attribute__((cleanup(base_buf_free)))
#define BASE_AUTO_ARENA __attribute__((cleanup(base_arena_free)))
void base_free_pointer(void *pointer_to_pointer);
#define BASE_AUTO_FREE __attribute__((cleanup(base_free_pointer)))
void base_close_fd(int *fd); /* closes when >= 0 and sets -1; keeps errno */
#define BASE_AUTO_FD __attribute__((cleanup(base_close_fd)))

#endif
