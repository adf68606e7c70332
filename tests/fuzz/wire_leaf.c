/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is read as a leaf is written again byte for byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wire_leaf leaf;
  struct base_error err;
  struct base_view bytes = base_view_of(data, size);
  if (wire_leaf_parse(bytes, &leaf, &err) != BASE_OK)
    return 0;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, WIRE_LEAF_MAX);
  wire_leaf_write(&leaf, &again);
  if (!base_view_equal(base_buf_view(&again), bytes))
    abort();
  return 0;
}
