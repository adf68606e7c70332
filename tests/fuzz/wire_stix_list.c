/* SPDX-License-Identifier: Apache-2.0
 * A list of STIX objects as the worker gives it, which core does not trust: what is taken names each object once, in order, and
 * written again it is the same. */
#include <stdlib.h>
#include <string.h>

#include "wire/stix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct base_view text = base_view_of(data, size), left = text, type;
  struct wire_stix_entry entry;
  struct base_error err;
  size_t count = 0, met = 0;
  bool good = wire_stix_list_check(text, &count, &err) == BASE_OK;
  BASE_AUTO_BUF struct base_buf again = {0};
  for (; wire_stix_next(&left, &entry); met++) {
    require(wire_stix_id_valid(entry.id, entry.type) && wire_stix_id_type(entry.id, &type) && base_view_equal(type, entry.type));
    base_buf_add_view(&again, entry.id);
    base_buf_text(&again, entry.modified.size > 0 ? " " : "");
    base_buf_add_view(&again, entry.modified);
    base_buf_text(&again, "\n");
  }
  require(left.size <= size && (!good || (left.size == 0 && met == count)));
  require(again.code != BASE_OK || (again.size <= size && (again.size == 0 || memcmp(again.data, data, again.size) == 0)));
  return 0;
}
