/* SPDX-License-Identifier: Apache-2.0
 * A clause as a partner's register may have it: what is read stands in it, in the order in which law writes it. */
#include <stdlib.h>
#include <string.h>

#include "law/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct law_clause clause;
  if (!law_clause_read(base_view_of(data, size), &clause))
    return 0;
  bool replaced = !base_id_equal(&clause.agreement, &clause.terms) || data[BASE_HEX_ID] == '@';
  size_t before = replaced ? 2 * (BASE_HEX_ID + 1) : BASE_HEX_ID + 1;
  require(memcmp(data, base_id_text(&clause.agreement).text, BASE_HEX_ID) == 0);
  require(!replaced || memcmp(data + BASE_HEX_ID + 1, base_id_text(&clause.terms).text, BASE_HEX_ID) == 0);
  require(clause.row.size > 0 && clause.row.data == data + before && before + clause.row.size <= size);
  enum law_transfer basis = law_clause_transfer(base_view_of(data, size));
  require(basis < LAW_TRANSFERS && (basis == LAW_TRANSFER_NONE || memmem(data, size, " transfer ", 10) != NULL));
  require(data[before - 1] == '/' && memchr(clause.row.data, ' ', clause.row.size) == NULL);
  return 0;
}
