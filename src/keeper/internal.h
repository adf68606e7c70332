/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_INTERNAL_H
#define WASL_KEEPER_INTERNAL_H

#include <openssl/evp.h>

#include "keeper/heads.h"
#include "keeper/keeper.h"
#include "keeper/key.h"
#include "keeper/wrap.h"

/* Secrets are in OpenSSL's own objects alone, loaded once; Ed25519 and X25519 keys lie in its secure heap. */
struct keeper {
  const struct base_world *world;
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_key log, witness;
  struct wire_seal_key seal;
  uint32_t epoch;
  EVP_PKEY *log_key, *witness_key, *seal_key;
  EVP_MD_CTX *signing;
  struct keeper_wrapping *wrapping; /* under the epoch key */
  struct keeper_heads *heads;
  bool clock_told; /* the log has been told that the clock is behind */
};

/* X25519 (RFC 7748): false also for the all-zero result that a point of small order gives (RFC 9180 7.1.4). */
bool keeper_diffie_hellman(EVP_PKEY *key, const struct wire_key *enc, uint8_t out[32]);

#endif
