/* SPDX-License-Identifier: Apache-2.0
 * A card: what is read is written, reads back, and is then written as the same bytes. */
#include <stdlib.h>

#include "wire/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf once = {0}, twice = {0};
  struct wire_card card, back;
  (void)wire_address_valid(base_view_of(data, size));
  if (wire_card_parse(base_view_of(data, size), &arena, &card, NULL) != BASE_OK)
    return 0;
  require(base_view_equal(wire_origin_name(card.origin), card.name));
  require(wire_card_write(&card, &once, NULL) == BASE_OK);
  require(wire_card_parse(base_buf_view(&once), &arena, &back, NULL) == BASE_OK);
  require(wire_card_write(&back, &twice, NULL) == BASE_OK);
  require(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
  return 0;
}
