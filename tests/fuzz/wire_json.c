/* SPDX-License-Identifier: Apache-2.0
 * The JSON seam: what is read can be written, reads back, and is then written as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

/* Takes no field, so that every member is an unknown one. */
static void check_as_object(const struct wire_json *json) {
  struct wire_object object;
  struct base_error err;
  wire_object_begin(&object, json, "fuzz", "$");
  enum base_code code = wire_object_end(&object, &err);
  require(code == BASE_OK ? wire_json_size(json) == 0 : base_utf8_valid(base_view_text(err.text)));
}

static void write(const struct wire_json *json, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_value(&writer, json);
  require(out->code == BASE_OK);
}

/* Long texts are read on a shorter way where they are most of a document. Blanks behind it change nothing else. */
static void check_long_way(struct base_view text, enum base_code code, const struct base_error *err,
                           const struct base_buf *written) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_BUF struct base_buf longer = {0}, again = {0};
  struct base_error said;
  base_buf_add(&longer, text.data, text.size);
  for (size_t i = 0; i < 2 * text.size; i++)
    base_buf_text(&longer, " ");
  require(longer.code == BASE_OK);
  require(wire_json_parse(base_buf_view(&longer), SIZE_MAX, "fuzz", &json, &said) == code);
  if (code) {
    /* where the text ends too early, the end is elsewhere */
    require(code != BASE_UTF8 || strcmp(said.text, err->text) == 0);
    return;
  }
  write(json, &again);
  require(base_view_equal(base_buf_view(written), base_buf_view(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  WIRE_AUTO_JSON struct wire_json *json = NULL, *back = NULL;
  BASE_AUTO_BUF struct base_buf once = {0}, twice = {0};
  struct base_error err;
  enum base_code code = wire_json_parse(base_view_of(data, size), 1 << 20, "fuzz", &json, &err);
  if (code) {
    require(json == NULL && err.code == code && base_utf8_valid(base_view_text(err.text)));
    if (size > 0 && size < 1 << 20)
      check_long_way(base_view_of(data, size), code, &err, NULL);
    return 0;
  }
  check_as_object(json);
  write(json, &once);
  check_long_way(base_view_of(data, size), code, &err, &once);
  require(wire_json_parse(base_buf_view(&once), SIZE_MAX, "fuzz", &back, NULL) == BASE_OK);
  write(back, &twice);
  require(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
  return 0;
}
