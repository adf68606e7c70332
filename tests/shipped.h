/* SPDX-License-Identifier: Apache-2.0
 * For tests and fuzzers: the shipped kinds, read as a node reads them. */
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

static inline struct base_view shipped_file(const char *name, const char *suffix) {
  char wanted[64];
  (void)snprintf(wanted, sizeof wanted, "%s%s", name, suffix);
  for (size_t i = 0; i < kinds_count; i++)
    if (strcmp(kinds_files[i].name, wanted) == 0)
      return base_view_of(kinds_files[i].data, kinds_files[i].size);
  fprintf(stderr, "no shipped file %s\n", wanted);
  abort();
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

static inline const struct wire_kind_type *shipped_type(const struct shipped *shipped, const char *name) {
  const struct wire_kind_type *type = wire_kind_type_named(&shipped->kind, base_view_text(name));
  if (!type)
    abort();
  return type;
}

#endif
