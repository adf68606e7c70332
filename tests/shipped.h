/* SPDX-License-Identifier: Apache-2.0
 * For tests and fuzzers: the shipped kinds, read as a node reads them, and those of tests/kinds. */
#ifndef WASL_TESTS_SHIPPED_H
#define WASL_TESTS_SHIPPED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds/kinds.h"
#include "wire/kind.h"

struct shipped {
  struct base_arena arena;
  struct wire_kind kind;
  struct base_view bytes, labels; /* the files */
};

/* One of tests/kinds, which no program holds; read once. */
static inline struct base_view shipped_beside(const char *wanted) {
  static struct {
    char name[64];
    uint8_t bytes[32 << 10];
    size_t size;
  } read[4];
  size_t at = 0;
  while (at < 4 && read[at].size > 0 && strcmp(read[at].name, wanted) != 0)
    at++;
  if (at < 4 && read[at].size == 0) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/tests/kinds/%s", WASL_SOURCE_DIR, wanted);
    (void)snprintf(read[at].name, sizeof read[at].name, "%s", wanted);
    FILE *file = fopen(path, "rbe");
    read[at].size = file ? fread(read[at].bytes, 1, sizeof read[at].bytes, file) : 0;
    if (file)
      (void)fclose(file);
  }
  if (at == 4 || read[at].size == 0 || read[at].size == sizeof read[at].bytes) {
    fprintf(stderr, "no shipped file %s\n", wanted);
    abort();
  }
  return base_view_of(read[at].bytes, read[at].size);
}

static inline struct base_view shipped_file(const char *name, const char *suffix) {
  char wanted[64];
  (void)snprintf(wanted, sizeof wanted, "%s%s", name, suffix);
  for (size_t i = 0; i < kinds_count; i++)
    if (strcmp(kinds_files[i].name, wanted) == 0)
      return base_view_of(kinds_files[i].data, kinds_files[i].size);
  return shipped_beside(wanted);
}

/* Its hash is what no test computes: 0x11 in every byte. */
static inline void shipped_load(struct shipped *shipped, const char *name) {
  struct base_error err;
  struct base_hash hash;
  memset(hash.bytes, 0x11, sizeof hash.bytes);
  base_arena_init(&shipped->arena, WIRE_KIND_ARENA);
  shipped->bytes = shipped_file(name, ".json");
  shipped->labels = shipped_file(name, ".labels.json");
  if (wire_kind_parse(shipped->bytes, &hash, &shipped->arena, &shipped->kind, &err)) {
    fprintf(stderr, "%s\n", err.text);
    abort();
  }
}

/* Whether it is read with the first such place replaced. */
static inline enum base_code shipped_changed(const char *name, const char *old, const char *new, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_view bytes = shipped_file(name, ".json");
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  const uint8_t *at = memmem(bytes.data, bytes.size, old, strlen(old));
  if (at == NULL) {
    fprintf(stderr, "there is no %s in the kind %s\n", old, name);
    abort();
  }
  size_t before = (size_t)(at - bytes.data), after = before + strlen(old);
  base_arena_init(&arena, WIRE_KIND_ARENA);
  base_buf_add(&text, bytes.data, before);
  base_buf_text(&text, new);
  base_buf_add(&text, bytes.data + after, bytes.size - after);
  return wire_kind_parse(base_buf_view(&text), &hash, &arena, &kind, err);
}

static inline const struct wire_kind_type *shipped_type(const struct shipped *shipped, const char *name) {
  const struct wire_kind_type *type = wire_kind_type_named(&shipped->kind, base_view_text(name));
  if (!type)
    abort();
  return type;
}

#endif
