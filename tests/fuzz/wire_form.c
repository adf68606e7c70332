/* SPDX-License-Identifier: Apache-2.0
 * A filled form: the first byte chooses kind (its highest bit, its lowest, or both) and type, the rest is the form. What is
 * accepted splits into state fields that a header may carry and a rest that, put together again, is accepted again. */
#include "../shipped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

static void require(bool holds) {
  if (!holds)
    abort();
}

static void try_header(const struct wire_kind *kind, const struct wire_kind_type *type, const struct wire_form *form) {
  struct wire_header header;
  memset(&header, 0, sizeof header);
  header.kind = kind->name;
  header.kind_hash = kind->hash;
  header.time = NOW;
  header.type = type->name;
  header.opens = type == &kind->types[kind->opening];
  header.state_count = form->state_count;
  memcpy(header.state, form->state, sizeof header.state);
  require(wire_form_check_header(kind, &header, NULL) == BASE_OK);
}

static void try_again(const struct wire_kind_type *type, const struct wire_form *form, struct base_view rest,
                      struct base_arena *arena) {
  BASE_AUTO_BUF struct base_buf whole = {0}, again = {0};
  WIRE_AUTO_JSON struct wire_json *left = NULL;
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  struct wire_writer writer;
  struct wire_form form_again;
  require(wire_json_parse(rest, 2 * WIRE_PART0_MAX, "rest", &left, NULL) == BASE_OK);
  wire_writer_init(&writer, &whole);
  wire_write_object(&writer);
  for (size_t i = 0; i < form->state_count; i++) {
    wire_write_key_view(&writer, form->state[i].name);
    wire_write_text(&writer, form->state[i].value);
  }
  void *cursor = NULL;
  struct base_view key;
  const struct wire_json *value;
  while (wire_json_next(left, &cursor, &key, &value)) {
    wire_write_key_view(&writer, key);
    wire_write_value(&writer, value);
  }
  wire_write_end(&writer, '}');
  require(wire_json_parse(base_buf_view(&whole), 2 * WIRE_PART0_MAX, "whole", &fields, NULL) == BASE_OK);
  require(wire_form_check(NULL, type, fields, NOW, arena, &form_again, &again, NULL) == BASE_OK);
  require(base_view_equal(base_buf_view(&again), rest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct shipped kinds[4]; /* read once: they do not change */
  if (kinds[0].kind.type_count == 0) {
    shipped_load(&kinds[0], "agreement");
    shipped_load(&kinds[1], "request");
    shipped_load(&kinds[2], "information");
    shipped_load(&kinds[3], "accreditation");
  }
  if (size == 0)
    return 0;
  const struct wire_kind *kind = &kinds[(data[0] >> 6 & 2) | (data[0] & 1)].kind;
  const struct wire_kind_type *type = &kind->types[(data[0] >> 1 & 0x3f) % kind->type_count];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf rest = {0};
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  struct wire_form form;
  if (wire_json_parse(base_view_of(data + 1, size - 1), WIRE_PART0_MAX, "fields", &fields, NULL) ||
      wire_form_check(NULL, type, fields, NOW, &arena, &form, &rest, NULL))
    return 0;
  try_header(kind, type, &form);
  try_again(type, &form, base_buf_view(&rest), &arena);
  return 0;
}
