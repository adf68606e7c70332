/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/library.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>
#include <threads.h>

#include "seal/seal.h"

/* Written once, under call_once, and constant from then on. */
static struct seal_library library;
static once_flag once = ONCE_FLAG_INIT;

_Noreturn void seal_broken(const char *what) {
  char reason[160];
  ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
  base_log(BASE_LOG_ERROR, "crypto-broken", "%s failed in the cryptographic library: %s", what, reason);
  abort();
}

/* --- memory */

static void *lacking(void) {
  base_log(BASE_LOG_ERROR, "memory", "there is no memory for the cryptographic library: this process ends");
  abort();
}

static void *take(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  void *memory = malloc(size);
  return memory != NULL ? memory : lacking();
}

static void *take_more(void *old, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  void *memory = realloc(old, size);
  return memory != NULL || size == 0 ? memory : lacking();
}

static void give_back(void *old, const char *file, int line) {
  (void)file;
  (void)line;
  free(old);
}

void seal_take_memory(void) {
  if (CRYPTO_set_mem_functions(take, take_more, give_back) != 1)
    seal_broken("taking its memory from elsewhere after its first use");
}

/* --- algorithms */

static EVP_MAC_CTX *keyless_hmac(char *digest) {
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                         OSSL_PARAM_construct_end()};
  if (context == NULL || EVP_MAC_CTX_set_params(context, params) != 1)
    seal_broken("fetching HMAC");
  EVP_MAC_free(mac); /* the context holds it */
  return context;
}

static void fetch(void) {
  library.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  library.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
  library.aes128 = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
  library.aes256 = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
  library.chacha20 = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
  library.p256 = EC_GROUP_new_by_curve_name_ex(NULL, NULL, NID_X9_62_prime256v1);
  if (library.sha256 == NULL || library.p256 == NULL || library.sha512 == NULL || library.aes128 == NULL ||
      library.aes256 == NULL || library.chacha20 == NULL)
    seal_broken("fetching the algorithms");
  char sha256[] = "SHA256", sha1[] = "SHA1";
  library.hmac = keyless_hmac(sha256);
  library.hmac_sha1 = keyless_hmac(sha1);
}

const struct seal_library *seal_library(void) {
  call_once(&once, fetch);
  return &library;
}

void seal_start(void) {
  struct base_hash hash = seal_sha256(BASE_VIEW(""));
  seal_verify(&(struct wire_key){.sign = 0}, BASE_VIEW(""), (const uint8_t[64]){0});
  seal_verify(&(struct wire_key){.sign = 2}, BASE_VIEW(""), (const uint8_t[64]){0});
  struct wire_key public_key;
  seal_kem_derive_public(hash.bytes, &public_key);
}

static void hmac(EVP_MAC_CTX *keyless, struct base_view key, const struct base_view *pieces, size_t count, uint8_t *out,
                 size_t out_size) {
  EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyless);
  size_t size = 0;
  bool good = context != NULL && EVP_MAC_init(context, key.data, key.size, NULL) == 1;
  for (size_t i = 0; good && i < count; i++)
    good = pieces[i].size == 0 || EVP_MAC_update(context, pieces[i].data, pieces[i].size) == 1;
  if (!good || EVP_MAC_final(context, out, &size, out_size) != 1 || size != out_size)
    seal_broken("HMAC");
  EVP_MAC_CTX_free(context);
}

void seal_hmac(struct base_view key, const struct base_view *pieces, size_t count, uint8_t out[32]) {
  hmac(seal_library()->hmac, key, pieces, count, out, 32);
}

void seal_hmac_sha1(struct base_view key, struct base_view data, uint8_t out[20]) {
  hmac(seal_library()->hmac_sha1, key, &data, 1, out, 20);
}
