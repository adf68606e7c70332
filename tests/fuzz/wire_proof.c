/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wire_proof proof;
  struct base_error err;
  struct base_view bytes = base_view_of(data, size);
  if (wire_proof_parse(bytes, &proof, &err) != BASE_OK)
    return 0;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, WIRE_PROOF_MAX);
  wire_proof_write(&proof, &again);
  if (!base_view_equal(base_buf_view(&again), bytes))
    abort();
  return 0;
}
