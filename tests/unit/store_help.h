/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_HELP_H
#define STORE_HELP_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_place.h"

/* Fails the test with the store's sentence. */
#define ok(expression) assert_fine(expression, &error, #expression, __FILE__, __LINE__)
#define fails(wanted, expression) assert_code(wanted, expression, &error, #expression, __FILE__, __LINE__)
static struct base_error error;

static inline void assert_code(enum base_code wanted, enum base_code got, struct base_error *err, const char *what,
                               const char *file, int line) {
  if (got != wanted) {
    print_error("%s: %s, wanted %s: %s\n", what, base_code_name(got), base_code_name(wanted),
                got == BASE_OK ? "" : err->text);
    _fail(file, line);
  }
  if (got != BASE_OK)
    _assert_int_equal((unsigned long)err->code, (unsigned long)got, file, line);
}
static inline void assert_fine(enum base_code got, struct base_error *err, const char *what, const char *file,
                               int line) {
  assert_code(BASE_OK, got, err, what, file, line);
}

/* A new empty folder, open; its path, absolute, in a static buffer. */
static inline int new_folder(char path[256]) {
  const char *base = getenv("WASL_TEST_TMP");
  snprintf(path, 256, "%s/store-XXXXXX", base != NULL ? base : "/tmp");
  assert_non_null(mkdtemp(path));
  int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(dir >= 0);
  return dir;
}
/* Removes what a store makes, and the folder; the working folder becomes "/". */
static inline void remove_folder(int dir, const char *path) {
  struct place_name name = place_of_folder(dir);
  place_drop(&name);
  static const char *const names[] = {"core.db", "core.db-wal", "core.db-shm", "core.lock"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unlinkat(dir, names[i], 0);
  close(dir);
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(rmdir(path), 0);
}

/* An id that looks random and depends on seed alone. */
static inline struct base_id id_of(uint64_t seed) {
  struct base_id id;
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u;
  for (size_t i = 0; i < sizeof id.bytes; i++) {
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 32;
    id.bytes[i] = (uint8_t)x;
  }
  return id;
}
static inline struct base_hash hash_of(uint64_t seed) {
  struct base_hash hash;
  struct base_id id = id_of(~seed);
  memcpy(hash.bytes, id.bytes, sizeof hash.bytes);
  return hash;
}
static inline bool same(struct base_view view, const char *text) {
  return base_view_is(view, text);
}

#endif
