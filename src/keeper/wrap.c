/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/wrap.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16, HALF = 8, HALVES = 4, ROUNDS = 6 }; /* RFC 3394: n = 4 halves of a key, j = 0 to 5 */
_Static_assert(KEEPER_WRAPPED == HALF * (1 + HALVES), "the integrity check stands before the key");

struct keeper_wrapping {
  EVP_CIPHER_CTX *encrypt, *decrypt;
  uint8_t blocks[KEEPER_WRAP_MAX][BLOCK]; /* A and one half of each key */
  uint8_t checks[KEEPER_WRAP_MAX][HALF];  /* A of each key */
};

static EVP_CIPHER_CTX *load(const EVP_CIPHER *cipher, const struct base_secret *key, int encrypt) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context != NULL && EVP_CipherInit_ex2(context, cipher, key->bytes, NULL, encrypt, NULL) == 1 &&
      EVP_CIPHER_CTX_set_padding(context, 0) == 1)
    return context;
  EVP_CIPHER_CTX_free(context);
  return NULL;
}

struct keeper_wrapping *keeper_wrapping_new(const struct base_secret *key) {
  struct keeper_wrapping *wrapping = calloc(1, sizeof *wrapping);
  EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
  if (wrapping != NULL && cipher != NULL) {
    wrapping->encrypt = load(cipher, key, 1);
    wrapping->decrypt = load(cipher, key, 0);
  }
  EVP_CIPHER_free(cipher);
  if (wrapping != NULL && wrapping->encrypt != NULL && wrapping->decrypt != NULL)
    return wrapping;
  keeper_wrapping_free(wrapping);
  return NULL;
}

void keeper_wrapping_free(struct keeper_wrapping *wrapping) {
  if (wrapping == NULL)
    return;
  EVP_CIPHER_CTX_free(wrapping->encrypt);
  EVP_CIPHER_CTX_free(wrapping->decrypt);
  base_wipe(wrapping->blocks, sizeof wrapping->blocks);
  free(wrapping);
}

static bool pass(EVP_CIPHER_CTX *context, uint8_t (*blocks)[BLOCK], size_t count) {
  int size = (int)(count * BLOCK), done = 0;
  return EVP_CipherUpdate(context, blocks[0], &done, blocks[0], size) == 1 && done == size;
}

/* t of RFC 3394 is at most 24: it changes the last byte alone. */
static uint8_t step_number(unsigned round, unsigned half) {
  return (uint8_t)(HALVES * round + half + 1);
}

bool keeper_wrapping_wrap(struct keeper_wrapping *wrapping, const struct base_secret *keys, size_t count,
                          uint8_t (*out)[KEEPER_WRAPPED]) {
  uint8_t(*blocks)[BLOCK] = wrapping->blocks;
  for (size_t i = 0; i < count; i++) {
    memset(out[i], 0xa6, HALF); /* 2.2.3.1, the default initial value */
    memcpy(out[i] + HALF, keys[i].bytes, sizeof keys[i].bytes);
  }
  bool done = true;
  for (unsigned round = 0; done && count > 0 && round < ROUNDS; round++)
    for (unsigned half = 0; done && half < HALVES; half++) {
      for (size_t i = 0; i < count; i++) {
        memcpy(blocks[i], out[i], HALF);
        memcpy(blocks[i] + HALF, out[i] + HALF * (1 + half), HALF);
      }
      done = pass(wrapping->encrypt, blocks, count);
      for (size_t i = 0; i < count; i++) {
        memcpy(out[i], blocks[i], HALF);
        out[i][HALF - 1] ^= step_number(round, half);
        memcpy(out[i] + HALF * (1 + half), blocks[i] + HALF, HALF);
      }
    }
  base_wipe(blocks, count * BLOCK);
  return done;
}

size_t keeper_wrapping_unwrap(struct keeper_wrapping *wrapping, const uint8_t (*wrapped)[KEEPER_WRAPPED], size_t count,
                              struct base_secret *out) {
  static const uint8_t initial[HALF] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
  uint8_t(*blocks)[BLOCK] = wrapping->blocks;
  uint8_t(*checks)[HALF] = wrapping->checks;
  for (size_t i = 0; i < count; i++) {
    memcpy(checks[i], wrapped[i], HALF);
    memcpy(out[i].bytes, wrapped[i] + HALF, sizeof out[i].bytes);
  }
  bool done = true;
  for (unsigned round = ROUNDS; done && count > 0 && round-- > 0;)
    for (unsigned half = HALVES; done && half-- > 0;) {
      for (size_t i = 0; i < count; i++) {
        memcpy(blocks[i], checks[i], HALF);
        blocks[i][HALF - 1] ^= step_number(round, half);
        memcpy(blocks[i] + HALF, out[i].bytes + HALF * half, HALF);
      }
      done = pass(wrapping->decrypt, blocks, count);
      for (size_t i = 0; i < count; i++) {
        memcpy(checks[i], blocks[i], HALF);
        memcpy(out[i].bytes + HALF * half, blocks[i] + HALF, HALF);
      }
    }
  base_wipe(blocks, count * BLOCK);
  size_t good = 0;
  while (done && good < count && CRYPTO_memcmp(checks[good], initial, HALF) == 0)
    good++;
  return good;
}
