/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_SEAL_LIBRARY_H
#define WASL_SEAL_LIBRARY_H

#include <openssl/evp.h>

#include "base/base.h"

/* For seal's own files: the algorithms, fetched once, because a fetch costs more than a hash. */

struct seal_library {
  EVP_MD *sha256, *sha512;
  EVP_CIPHER *aes128, *aes256, *chacha20;
  EVP_MAC_CTX *hmac; /* HMAC-SHA256 without a key, to be duplicated */
};
const struct seal_library *seal_library(void);

/* A log line and abort: for what can only fail when the library is broken or memory is gone. */
_Noreturn void seal_broken(const char *what);

/* HMAC-SHA256 (RFC 2104) over the pieces one after the other. */
void seal_hmac(struct base_view key, const struct base_view *pieces, size_t count, uint8_t out[32]);

/* An AEAD of RFC 9180 section 7.3; out of encrypt has plain.size + 16 bytes. */
void seal_aead_any_encrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], struct base_view aad,
                           struct base_view plain, uint8_t *out);
bool seal_aead_any_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], struct base_view aad,
                           struct base_view sealed, uint8_t *out);

#endif
