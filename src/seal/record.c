/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

#define RECORD_LABEL "wasl record/1"
enum { RECORD_AAD = sizeof RECORD_LABEL - 1 + 4 + 1 };

/* An index is used once under a part's key, so it is the nonce. */
static void bind_position(uint32_t index, bool last, uint8_t nonce[SEAL_NONCE], uint8_t aad[RECORD_AAD]) {
  memset(nonce, 0, SEAL_NONCE);
  memcpy(aad, RECORD_LABEL, sizeof RECORD_LABEL - 1);
  for (unsigned i = 0; i < 4; i++) {
    uint8_t byte = (uint8_t)(index >> (24 - 8 * i));
    nonce[SEAL_NONCE - 4 + i] = byte;
    aad[sizeof RECORD_LABEL - 1 + i] = byte;
  }
  aad[RECORD_AAD - 1] = last ? 1 : 0;
}

/* Every record but the last is full; an empty one is the only one of its part. */
static bool size_fits(uint32_t index, bool last, size_t size) {
  if (!last)
    return size == WIRE_RECORD_MAX;
  return size <= WIRE_RECORD_MAX && (size > 0 || index == 0);
}

void seal_record_encrypt(const struct base_secret *part_key, uint32_t index, bool last, struct base_view plain,
                         uint8_t *out) {
  if (!size_fits(index, last, plain.size))
    seal_broken("sealing a record of a wrong size");
  uint8_t nonce[SEAL_NONCE], aad[RECORD_AAD];
  bind_position(index, last, nonce, aad);
  seal_aead_encrypt(part_key, nonce, base_view_of(aad, sizeof aad), plain, out);
}

enum base_code seal_record_decrypt(const struct base_secret *part_key, uint32_t index, bool last,
                                   struct base_view sealed, uint8_t *out, struct base_error *err) {
  if (sealed.size < WIRE_RECORD_OVERHEAD || !size_fits(index, last, sealed.size - WIRE_RECORD_OVERHEAD))
    return base_fail(err, BASE_PROTOCOL, "record %u: %zu bytes do not fit its place%s", (unsigned)index, sealed.size,
                     last ? " as the last" : "");
  uint8_t nonce[SEAL_NONCE], aad[RECORD_AAD];
  bind_position(index, last, nonce, aad);
  enum base_code code = seal_aead_decrypt(part_key, nonce, base_view_of(aad, sizeof aad), sealed, out, err);
  if (code != BASE_OK)
    base_fail_within(err, "record %u", (unsigned)index);
  return code;
}

uint32_t seal_record_count(uint64_t part_size) {
  if (part_size > WIRE_PART_SIZE_MAX)
    seal_broken("counting the records of a part larger than 1 TiB");
  return part_size == 0 ? 1 : (uint32_t)((part_size + WIRE_RECORD_MAX - 1) / WIRE_RECORD_MAX);
}
