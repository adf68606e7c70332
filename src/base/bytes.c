/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct base_view base_view_of(const void *data, size_t size) {
  return (struct base_view){data, size};
}

struct base_view base_view_text(const char *text) {
  return text == NULL ? (struct base_view){NULL, 0} : base_view_of(text, strlen(text));
}

/* memcmp is not defined for NULL, which the empty view may hold. */
bool base_view_equal(struct base_view a, struct base_view b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool base_view_is(struct base_view a, const char *text) {
  return base_view_equal(a, base_view_text(text));
}

bool base_hash_equal(const struct base_hash *a, const struct base_hash *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool base_id_equal(const struct base_id *a, const struct base_id *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int base_id_compare(const struct base_id *a, const struct base_id *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

void base_wipe(void *data, size_t size) {
  if (size > 0)
    explicit_bzero(data, size);
}

void base_free_pointer(void *pointer_to_pointer) {
  void *pointer;
  memcpy(&pointer, pointer_to_pointer, sizeof pointer);
  free(pointer);
  memset(pointer_to_pointer, 0, sizeof pointer);
}

void base_close_fd(int *fd) {
  int saved = errno;
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
  errno = saved;
}
