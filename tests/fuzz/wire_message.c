/* SPDX-License-Identifier: Apache-2.0
 * Header and part 0: what is read is written, reads back, and is then written as the same bytes. */
#include <stdlib.h>

#include "wire/header_direct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

/* What the direct reader takes, the reader of any spelling takes as the same; a blank at the end is that one's alone. */
static void try_direct(struct base_view bytes) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf longer = {0}, once = {0}, twice = {0};
  struct wire_header direct, parsed;
  if (!wire_header_direct(bytes, &arena, &direct) || bytes.size == WIRE_HEADER_MAX)
    return;
  base_buf_add(&longer, bytes.data, bytes.size);
  base_buf_u8(&longer, ' ');
  require(wire_header_parse(base_buf_view(&longer), &arena, &parsed, NULL) == BASE_OK);
  require(wire_header_write(&direct, &once, NULL) == BASE_OK && wire_header_write(&parsed, &twice, NULL) == BASE_OK);
  require(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
}

static void try_header(struct base_view bytes) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf once = {0}, twice = {0};
  struct wire_header header, back;
  if (wire_header_parse(bytes, &arena, &header, NULL) != BASE_OK)
    return;
  require(wire_header_has_party(&header, header.author));
  require(wire_header_write(&header, &once, NULL) == BASE_OK);
  require(wire_header_parse(base_buf_view(&once), &arena, &back, NULL) == BASE_OK);
  require(wire_header_write(&back, &twice, NULL) == BASE_OK);
  require(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
}

/* BASE_TOO_LARGE: our spelling of a decimal number may be longer than the other's. */
static bool write_part0(const struct wire_part0 *part0, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf fields = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &fields);
  wire_write_value(&writer, part0->fields);
  enum base_code code = wire_part0_write(part0, base_buf_view(&fields), out, NULL);
  require(code == BASE_OK || code == BASE_TOO_LARGE);
  return code == BASE_OK;
}

static void try_part0(struct base_view bytes) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf once = {0}, twice = {0};
  struct wire_part0 part0, back;
  if (wire_part0_parse(bytes, &arena, &part0, NULL) != BASE_OK)
    return;
  if (write_part0(&part0, &once)) {
    require(wire_part0_parse(base_buf_view(&once), &arena, &back, NULL) == BASE_OK);
    require(write_part0(&back, &twice));
    require(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
    wire_part0_free(&back);
  }
  wire_part0_free(&part0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct base_view bytes = base_view_of(data, size);
  try_direct(bytes);
  try_header(bytes);
  try_part0(bytes);
  /* the small grammars too, which the documents seldom reach */
  require(wire_origin_valid(bytes) == (wire_origin_name(bytes).size > 0));
  if (wire_part_name_valid(bytes))
    require(wire_line_valid(bytes));
  (void)wire_media_type_valid(bytes);
  (void)wire_code_valid(bytes);
  return 0;
}
