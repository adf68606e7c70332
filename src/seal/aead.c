/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "seal/library.h"
#include "seal/seal.h"

static int int_size(size_t size) {
  if (size > INT_MAX - SEAL_TAG)
    seal_broken("sealing more than 2 GiB at once");
  return (int)size;
}

void seal_aead_any_encrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[SEAL_NONCE],
                           struct base_view aad, struct base_view plain, uint8_t *out) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  int size = 0, tail = 0;
  bool good = context != NULL && EVP_EncryptInit_ex2(context, cipher, key, nonce, NULL) == 1;
  if (good && aad.size > 0)
    good = EVP_EncryptUpdate(context, NULL, &size, aad.data, int_size(aad.size)) == 1;
  size = 0;
  if (good && plain.size > 0)
    good = EVP_EncryptUpdate(context, out, &size, plain.data, int_size(plain.size)) == 1;
  if (!good || EVP_EncryptFinal_ex(context, out + size, &tail) != 1 || (size_t)(size + tail) != plain.size ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG, out + plain.size) != 1)
    seal_broken("sealing");
  EVP_CIPHER_CTX_free(context); /* wipes the key schedule */
}

bool seal_aead_any_decrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[SEAL_NONCE],
                           struct base_view aad, struct base_view sealed, uint8_t *out) {
  if (sealed.size < SEAL_TAG)
    return false;
  size_t plain_size = sealed.size - SEAL_TAG;
  uint8_t tag[SEAL_TAG], none[1];
  for (size_t i = 0; i < SEAL_TAG; i++)
    tag[i] = sealed.data[plain_size + i];
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  int size = 0, tail = 0;
  bool good = context != NULL && EVP_DecryptInit_ex2(context, cipher, key, nonce, NULL) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG, tag) == 1;
  if (good && aad.size > 0)
    good = EVP_DecryptUpdate(context, NULL, &size, aad.data, int_size(aad.size)) == 1;
  size = 0;
  if (good && plain_size > 0)
    good = EVP_DecryptUpdate(context, out, &size, sealed.data, int_size(plain_size)) == 1;
  if (!good)
    seal_broken("opening");
  good = EVP_DecryptFinal_ex(context, plain_size > 0 ? out + size : none, &tail) == 1;
  EVP_CIPHER_CTX_free(context);
  if (!good && plain_size > 0)
    base_wipe(out, plain_size);
  return good;
}

void seal_aead_encrypt(const struct base_secret *key, const uint8_t nonce[SEAL_NONCE], struct base_view aad,
                       struct base_view plain, uint8_t *out) {
  seal_aead_any_encrypt(seal_library()->aes256, key->bytes, nonce, aad, plain, out);
}

enum base_code seal_aead_decrypt(const struct base_secret *key, const uint8_t nonce[SEAL_NONCE], struct base_view aad,
                                 struct base_view sealed, uint8_t *out, struct base_error *err) {
  if (!seal_aead_any_decrypt(seal_library()->aes256, key->bytes, nonce, aad, sealed, out))
    return base_fail(err, BASE_UNSEAL, "the seal does not open: another key, or changed on the way");
  return BASE_OK;
}
