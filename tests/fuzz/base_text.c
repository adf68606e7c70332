/* SPDX-License-Identifier: Apache-2.0
 * The text parsers of base: whatever they accept must be written back as exactly the same bytes. */
#include <stdlib.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct base_view text = base_view_of(data, size);
  BASE_AUTO_BUF struct base_buf bytes = {0}, again = {0}, shown = {0};
  if (base_base64_parse(text, &bytes, NULL) == BASE_OK) {
    base_buf_base64(&again, base_buf_view(&bytes));
    require(base_view_equal(base_buf_view(&again), text));
  }
  base_time moment;
  if (base_time_parse(text, &moment))
    require(base_view_is(text, base_time_format(moment).text));
  struct base_id id;
  if (base_id_parse(text, &id))
    require(base_view_is(text, base_id_text(&id).text));
  uint64_t number;
  base_buf_reset(&again);
  if (base_decimal_parse(text, &number)) {
    base_buf_printf(&again, "%llu", (unsigned long long)number);
    require(base_view_equal(base_buf_view(&again), text));
  }
  base_buf_printable(&shown, text);
  require(base_utf8_valid(base_buf_view(&shown)));
  if (base_name_valid(text))
    require(base_utf8_valid(text) && base_view_equal(base_buf_view(&shown), text));
  return 0;
}
