/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_SEAL_LIBRARY_H
#define WASL_SEAL_LIBRARY_H

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "wire/key.h"

/* For seal's own files: the algorithms, fetched once, because a fetch costs more than a hash. */

struct seal_library {
  EVP_MD *sha256, *sha512;
  EVP_CIPHER *aes128, *aes256, *chacha20;
  EVP_MAC_CTX *hmac, *hmac_sha1; /* HMAC without a key, to be duplicated; hmac: with SHA-256 */
  EC_GROUP *p256;
};
const struct seal_library *seal_library(void);

/* A log line and abort: for what can only fail when the library is broken or memory is gone. */
_Noreturn void seal_broken(const char *what);

/* HMAC-SHA256 (RFC 2104) over the pieces one after the other. */
void seal_hmac(struct base_view key, const struct base_view *pieces, size_t count, uint8_t out[32]);
/* HMAC-SHA-1, for RFC 4226 alone: what authenticators on telephones know. */
void seal_hmac_sha1(struct base_view key, struct base_view data, uint8_t out[20]);

/* --- P-256 (p256.c) */
/* ECDSA with SHA-256 (FIPS 186-5), r and s of 32 bytes each. False for a key off the curve, too. */
bool seal_p256_verify(const struct wire_key *key, struct base_view message, const uint8_t signature[64]);
/* The point as HPKE writes it; false when it is none of the curve. */
bool seal_p256_whole(const struct wire_key *key, uint8_t out[WIRE_ENC_P256]);
/* The public key of a private one; false when that is zero or not below the order. */
bool seal_p256_public(const uint8_t private[32], struct wire_enc *out);
/* x of the shared point (SP 800-56A section 5.7.1.2), with a private key of which there is a public one. peer: a point
 * as SEC 1 writes it; false when it is none of the curve. */
bool seal_p256_agree(const uint8_t private[32], struct base_view peer, uint8_t out[32]);

/* An AEAD of RFC 9180 section 7.3; out of encrypt has plain.size + 16 bytes. */
void seal_aead_any_encrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], struct base_view aad,
                           struct base_view plain, uint8_t *out);
bool seal_aead_any_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], struct base_view aad,
                           struct base_view sealed, uint8_t *out);

#endif
