/* SPDX-License-Identifier: Apache-2.0
 * A value as a partner may have written it: its normal form is well formed, is bounded, and is its own normal form. The first octet
 * says which sort. */
#include <stdlib.h>
#include <string.h>

#include "find/find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  enum wire_match sort = (enum wire_match)(1 + data[0] % (WIRE_MATCHES - 1));
  struct base_view text = base_view_of(data + 1, size - 1);
  struct base_buf once = {0}, twice = {0};
  base_buf_init(&once, FIND_NORMAL_MAX);
  base_buf_init(&twice, FIND_NORMAL_MAX);
  if (base_utf8_valid(text) && find_normal(sort, text, &once)) {
    require(once.size > 0 && once.size <= FIND_NORMAL_MAX && base_utf8_valid(base_buf_view(&once)));
    if (once.size <= FIND_TEXT_MAX) {
      require(find_normal(sort, base_buf_view(&once), &twice));
      require(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
    }
  }
  base_buf_free(&once);
  base_buf_free(&twice);
  return 0;
}
