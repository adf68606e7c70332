/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

/* What a login takes: values under a key of the node, and the codes of a second factor. */

struct base_hash seal_keyed(const struct base_secret *key, const char *purpose, struct base_view data) {
  struct base_hash out;
  const struct base_view pieces[] = {base_view_of(purpose, strlen(purpose) + 1), data};
  seal_hmac(base_view_of(key->bytes, sizeof key->bytes), pieces, 2, out.bytes);
  return out;
}

bool seal_same(const void *a, const void *b, size_t size) {
  return CRYPTO_memcmp(a, b, size) == 0;
}

uint32_t seal_hotp(struct base_view secret, uint64_t counter, unsigned digits) {
  uint8_t text[8], mac[20];
  uint32_t power = 1;
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)(counter >> (8 * (sizeof text - 1 - i)));
  seal_hmac_sha1(secret, base_view_of(text, sizeof text), mac);
  const uint8_t *at = mac + (mac[sizeof mac - 1] & 0x0f); /* RFC 4226 section 5.3: dynamic truncation */
  uint32_t value = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  for (unsigned i = 0; i < digits && i < 9; i++)
    power *= 10;
  base_wipe(mac, sizeof mac);
  return value % power;
}
