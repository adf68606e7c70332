/* SPDX-License-Identifier: Apache-2.0
 * Whether a signature verifies depends on key, message and signature alone, and in a run the same head is verified
 * again and again: by core and keeper, by every partner, with every repetition. It is a quarter of the time of a run,
 * so the library's word is remembered, with all that it was said about. */
#include <openssl/evp.h>
#include <string.h>

#include "simulate/sim.h"

enum { PLACES = 4096, KEY = 32, SIGNATURE = 64, MESSAGE = 400 };

struct remembered {
  bool used;
  int result;
  size_t size;
  uint8_t key[KEY], signature[SIGNATURE], message[MESSAGE];
};

int __real_EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_size,
                            const unsigned char *message, size_t size);
int __wrap_EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_size,
                            const unsigned char *message, size_t size);

int __wrap_EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_size,
                            const unsigned char *message, size_t size) {
  static struct remembered places[PLACES];
  uint8_t key[KEY];
  size_t key_size = sizeof key;
  EVP_PKEY *public_key = EVP_PKEY_CTX_get0_pkey(EVP_MD_CTX_get_pkey_ctx(context));
  if (signature_size != SIGNATURE || size > MESSAGE || public_key == NULL ||
      EVP_PKEY_get_raw_public_key(public_key, key, &key_size) != 1 || key_size != KEY)
    return __real_EVP_DigestVerify(context, signature, signature_size, message, size);
  uint16_t at;
  memcpy(&at, signature, sizeof at);
  struct remembered *place = &places[at % PLACES];
  if (place->used && place->size == size && memcmp(place->key, key, KEY) == 0 &&
      memcmp(place->signature, signature, SIGNATURE) == 0 && memcmp(place->message, message, size) == 0)
    return place->result;
  *place = (struct remembered){
      .used = true, .size = size, .result = __real_EVP_DigestVerify(context, signature, signature_size, message, size)};
  memcpy(place->key, key, KEY);
  memcpy(place->signature, signature, SIGNATURE);
  memcpy(place->message, message, size);
  return place->result;
}
