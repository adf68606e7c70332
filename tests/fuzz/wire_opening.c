/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as an opening of each act: what is read is written again byte for byte. */
static void try_act(enum wire_act act, struct base_view bytes) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf again = {0};
  struct wire_opening opening;
  struct base_error err;
  base_arena_init(&arena, 1 << 16);
  base_buf_init(&again, WIRE_OPENING_MAX);
  if (wire_opening_parse(act, bytes, &arena, &opening, &err) == BASE_OK &&
      (wire_opening_write(act, &opening, &again, &err) != BASE_OK || !base_view_equal(base_buf_view(&again), bytes)))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  for (unsigned act = 0; act < WIRE_ACT_COUNT; act++)
    try_act((enum wire_act)act, base_view_of(data, size));
  return 0;
}
