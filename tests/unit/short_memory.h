/* SPDX-License-Identifier: Apache-2.0
 * One allocation fails: the allocator stands in the C library's place. Not under a sanitizer, which is an
 * allocator itself; without_memory(N) is false there, and what fails can only be an arena at its limit. */
#ifndef WASL_TESTS_SHORT_MEMORY_H
#define WASL_TESTS_SHORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHORT_MEMORY_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SHORT_MEMORY_SANITIZED
#endif

static size_t memory_countdown; /* 0: all are granted; 1: the next one fails */
static size_t memory_freed;     /* how many allocations were given back */

#ifdef SHORT_MEMORY_SANITIZED
static inline bool without_memory(size_t which) {
  (void)which;
  return false;
}
#else
/* The C library's own, under the names that glibc keeps for an allocator in its place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);

void __libc_free(void *data);

/* From now on the which-th call fails, once. */
static inline bool without_memory(size_t which) {
  memory_countdown = which;
  return true;
}
void *malloc(size_t size) {
  return memory_countdown > 0 && --memory_countdown == 0 ? NULL : __libc_malloc(size);
}
/* Of nothing it gives nothing, as a C library may. */
void *calloc(size_t count, size_t size) {
  if (count == 0)
    return NULL;
  return memory_countdown > 0 && --memory_countdown == 0 ? NULL : __libc_calloc(count, size);
}
void *realloc(void *data, size_t size) {
  return memory_countdown > 0 && --memory_countdown == 0 ? NULL : __libc_realloc(data, size);
}
void free(void *data) {
  memory_freed += data != NULL;
  __libc_free(data);
}
#endif

/* Whether it did not come to that: fewer were asked for. */
static inline bool memory_was_enough(void) {
  bool enough = memory_countdown > 0;
  memory_countdown = 0;
  return enough;
}

#endif
