/* SPDX-License-Identifier: Apache-2.0
 * A kind: whatever is accepted has examples that its own forms accept, and can be shown. */
#include <stdlib.h>

#include "wire/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void try_example(const struct wire_kind *kind, const struct wire_kind_type *type, base_time now, struct base_arena *arena) {
  BASE_AUTO_BUF struct base_buf example = {0}, rest = {0};
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  const struct wire_form_parties parties = {
      .count = 1, .all = {{BASE_VIEW("paris"), BASE_VIEW("wasl/paris/0000000000000000")}}};
  struct wire_form form;
  require(wire_form_example(kind, type, now, NULL, &example, NULL) == BASE_OK);
  require(wire_json_parse(base_buf_view(&example), WIRE_KIND_MAX, "example", &fields, NULL) == BASE_OK);
  require(wire_form_check(&parties, type, fields, now, arena, &form, &rest, NULL) == BASE_OK);
}

/* Who is told all the faults is told some if and only if the file is refused; and a doubt stops nothing. */
static void try_faults(const uint8_t *data, size_t size, enum base_code code) {
  static struct wire_faults faults, doubts;
  BASE_AUTO_ARENA struct base_arena arena;
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  wire_kind_faults(base_view_of(data, size), &hash, &arena, &kind, &faults);
  require((faults.count == 0) == (code == BASE_OK));
  const struct wire_kind *others[] = {&kind, &kind};
  doubts.count = 0;
  if (code == BASE_OK)
    wire_kind_doubts(&kind, NULL, others, 2, &doubts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  BASE_AUTO_ARENA struct base_arena arena;
  static const base_time shown_at[] = {1767225600, 1795248000, 4102444799}; /* 2026 and later: an example fits whenever it is shown */
  BASE_AUTO_BUF struct base_buf shown = {0};
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  struct wire_writer writer;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  enum base_code code = wire_kind_parse(base_view_of(data, size), &hash, &arena, &kind, NULL);
  require(code != BASE_MEMORY); /* WIRE_KIND_ARENA is always enough */
  try_faults(data, size, code);
  if (code)
    return 0;
  for (size_t i = 0; i < kind.type_count; i++)
    for (size_t k = 0; k < sizeof shown_at / sizeof *shown_at; k++)
      try_example(&kind, &kind.types[i], shown_at[k], &arena);
  wire_writer_init(&writer, &shown);
  wire_kind_write(&kind, NULL, &writer);
  require(shown.code == BASE_OK);
  return 0;
}
