/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/consignment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct wire_envelope envelope;
  struct base_error err;
  if (wire_envelope_parse(base_view_of(data, size), &envelope, &err) != BASE_OK)
    return 0;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, 4096);
  wire_envelope_write_clear(&envelope, &again);
  if (again.code != BASE_OK || !base_view_equal(base_buf_view(&again), envelope.clear))
    abort();
  if (envelope.clear.size + wire_enc_size(&envelope.enc) + envelope.ciphertext.size != size)
    abort();
  return 0;
}
