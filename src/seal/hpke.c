/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

/* RFC 9180 from EVP's primitives (OpenSSL 3.0 has no OSSL_HPKE), base mode. */

enum { HASH = 32, SUITE_MAX = 10, CONTEXT_SIZE = 1 + 2 * HASH, CANDIDATES = 256 };

_Static_assert((int)SEAL_KEM_X25519 == (int)WIRE_KEM_X25519 && (int)SEAL_KEM_P256 == (int)WIRE_KEM_P256 &&
                   (int)SEAL_KDF_SHA256 == (int)WIRE_KDF_SHA256 && (int)SEAL_AEAD_AES256 == (int)WIRE_AEAD_AES256,
               "the wire's suite is ours");

static const uint8_t zero_salt[HASH]; /* RFC 5869 section 2.2: no salt is HashLen zeros */

struct suite {
  uint8_t bytes[SUITE_MAX];
  size_t size;
};

static const struct suite x25519_suite = {{'K', 'E', 'M', 0, SEAL_KEM_X25519}, 5},
                          p256_suite = {{'K', 'E', 'M', 0, SEAL_KEM_P256}, 5};

static struct suite hpke_suite(uint16_t kem, uint16_t aead) {
  return (struct suite){
      {'H', 'P', 'K', 'E', (uint8_t)(kem >> 8), (uint8_t)kem, 0, SEAL_KDF_SHA256, (uint8_t)(aead >> 8), (uint8_t)aead},
      10};
}

static struct base_view salt_of(const uint8_t salt[HASH]) {
  return base_view_of(salt != NULL ? salt : zero_salt, HASH);
}

/* LabeledExtract of section 4; salt NULL is the empty one. */
static void labeled_extract(const struct suite *suite, const uint8_t salt[HASH], const char *label,
                            struct base_view secret, uint8_t out[HASH]) {
  const struct base_view pieces[] = {BASE_VIEW("HPKE-v1"), base_view_of(suite->bytes, suite->size),
                                     base_view_text(label), secret};
  seal_hmac(salt_of(salt), pieces, sizeof pieces / sizeof *pieces, out);
}

/* LabeledExpand of section 4: HKDF-Expand (RFC 5869 section 2.3) with I2OSP(size, 2) and the label before info. */
static void labeled_expand(const struct suite *suite, const uint8_t key[HASH], const char *label, struct base_view info,
                           uint8_t *out, size_t size) {
  if (size > 255 * HASH)
    seal_broken("expanding a key beyond 255 blocks");
  uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size}, block[HASH], number = 0;
  struct base_view pieces[] = {{NULL, 0},
                               base_view_of(length, 2),
                               BASE_VIEW("HPKE-v1"),
                               base_view_of(suite->bytes, suite->size),
                               base_view_text(label),
                               info,
                               base_view_of(&number, 1)};
  for (size_t done = 0; done < size; done += HASH) {
    number++;
    seal_hmac(base_view_of(key, HASH), pieces, sizeof pieces / sizeof *pieces, block);
    memcpy(out + done, block, size - done < HASH ? size - done : HASH);
    pieces[0] = base_view_of(block, HASH);
  }
  base_wipe(block, sizeof block);
}

/* --- KEM: DHKEM(X25519, HKDF-SHA256) and DHKEM(P-256, HKDF-SHA256), section 4.1 */

void seal_kem_derive_private(const uint8_t entropy[32], uint8_t out_private[32]) {
  uint8_t prk[HASH];
  labeled_extract(&x25519_suite, NULL, "dkp_prk", base_view_of(entropy, 32), prk);
  labeled_expand(&x25519_suite, prk, "sk", base_view_of(NULL, 0), out_private, 32);
  base_wipe(prk, sizeof prk);
}

static EVP_PKEY *ephemeral(const uint8_t entropy[32], struct wire_key *out_public) {
  uint8_t private[32];
  seal_kem_derive_private(entropy, private);
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, private, sizeof private);
  base_wipe(private, sizeof private);
  size_t size = sizeof out_public->bytes;
  out_public->sign = 0;
  if (key == NULL || EVP_PKEY_get_raw_public_key(key, out_public->bytes, &size) != 1)
    seal_broken("deriving an X25519 key");
  return key;
}

void seal_kem_derive_public(const uint8_t entropy[32], struct wire_key *out) {
  EVP_PKEY_free(ephemeral(entropy, out));
}

/* False for a public key of low order: the shared value would be zero, whatever the private key (section 7.1.4). */
static bool x25519(EVP_PKEY *private, const struct wire_key *public, uint8_t out[32]) {
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, public->bytes, sizeof public->bytes);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, private, NULL);
  if (peer == NULL || context == NULL || EVP_PKEY_derive_init(context) != 1 ||
      EVP_PKEY_derive_set_peer(context, peer) != 1)
    seal_broken("preparing X25519");
  size_t size = 32;
  uint8_t any = 0;
  bool good = EVP_PKEY_derive(context, out, &size) == 1 && size == 32;
  for (size_t i = 0; good && i < 32; i++)
    any |= out[i];
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  return good && any != 0;
}

static bool encap_x25519(const struct wire_key *receiver, const uint8_t entropy[32], struct wire_enc *out_enc,
                         uint8_t out_dh[32]) {
  struct wire_key public;
  EVP_PKEY *private = ephemeral(entropy, &public);
  bool good = x25519(private, receiver, out_dh);
  EVP_PKEY_free(private);
  *out_enc = (struct wire_enc){.p256 = false};
  memcpy(out_enc->bytes, public.bytes, sizeof public.bytes);
  return good;
}

/* Candidates until one is a private key (section 7.1.3); that the first is none is as likely as a guessed key. */
static void derive_p256(const uint8_t entropy[32], uint8_t out_private[32], struct wire_enc *out_public) {
  uint8_t prk[HASH];
  bool found = false;
  labeled_extract(&p256_suite, NULL, "dkp_prk", base_view_of(entropy, 32), prk);
  for (unsigned i = 0; i < CANDIDATES && !found; i++) {
    uint8_t counter = (uint8_t)i;
    labeled_expand(&p256_suite, prk, "candidate", base_view_of(&counter, 1), out_private, 32);
    found = seal_p256_public(out_private, out_public);
  }
  base_wipe(prk, sizeof prk);
  if (!found)
    seal_broken("deriving a key of P-256");
}

static bool encap_p256(const struct wire_key *receiver, const uint8_t entropy[32], struct wire_enc *out_enc,
                       uint8_t out_dh[32]) {
  uint8_t private[32], octets[WIRE_KEY];
  derive_p256(entropy, private, out_enc);
  bool good = seal_p256_agree(private, base_view_of(octets, wire_key_octets(receiver, octets)), out_dh);
  base_wipe(private, sizeof private);
  return good;
}

uint16_t seal_kem_of(const struct wire_key *receiver) {
  return wire_key_p256(receiver) ? SEAL_KEM_P256 : SEAL_KEM_X25519;
}

void seal_kem_extract_expand(const uint8_t dh[32], const struct wire_enc *enc, const struct wire_key *receiver,
                             uint8_t out_shared[32]) {
  const struct suite *suite = enc->p256 ? &p256_suite : &x25519_suite;
  uint8_t prk[HASH], context[2 * WIRE_ENC_P256];
  size_t size = wire_enc_size(enc);
  memcpy(context, enc->bytes, size);
  if (!enc->p256)
    memcpy(context + size, receiver->bytes, size);
  else if (!seal_p256_whole(receiver, context + size))
    seal_broken("opening with a key that is none");
  labeled_extract(suite, NULL, "eae_prk", base_view_of(dh, 32), prk);
  labeled_expand(suite, prk, "shared_secret", base_view_of(context, 2 * size), out_shared, 32);
  base_wipe(prk, sizeof prk);
}

enum base_code seal_hpke_encap(const struct wire_key *receiver, const uint8_t entropy[32], struct wire_enc *out_enc,
                               uint8_t out_shared[32], struct base_error *err) {
  struct wire_enc enc;
  uint8_t dh[32];
  bool p256 = wire_key_p256(receiver);
  bool good = p256 ? encap_p256(receiver, entropy, &enc, dh) : encap_x25519(receiver, entropy, &enc, dh);
  if (good) {
    seal_kem_extract_expand(dh, &enc, receiver, out_shared);
    *out_enc = enc;
  }
  base_wipe(dh, sizeof dh);
  return good ? BASE_OK
              : base_fail(err, BASE_WRONG_KEY, "the receiver's sealing key is %s: ask for a new card",
                          p256 ? "no point of P-256" : "a point of low order");
}

/* --- key schedule and use, section 5 */

static const EVP_CIPHER *cipher_of(uint16_t aead, size_t *out_key_size) {
  const struct seal_library *library = seal_library();
  *out_key_size = aead == SEAL_AEAD_AES128 ? 16 : 32;
  switch (aead) {
  case SEAL_AEAD_AES128:
    return library->aes128;
  case SEAL_AEAD_AES256:
    return library->aes256;
  case SEAL_AEAD_CHACHA20:
    return library->chacha20;
  default:
    seal_broken("an AEAD that HPKE does not know");
  }
}

void seal_hpke_schedule(uint16_t kem, uint16_t aead, const uint8_t shared[32], struct base_view info,
                        struct seal_hpke_context *out) {
  size_t key_size;
  cipher_of(aead, &key_size);
  const struct suite suite = hpke_suite(kem, aead);
  const struct base_view none = base_view_of(NULL, 0);
  uint8_t context[CONTEXT_SIZE] = {0 /* mode_base */}, secret[HASH];
  labeled_extract(&suite, NULL, "psk_id_hash", none, context + 1);
  labeled_extract(&suite, NULL, "info_hash", info, context + 1 + HASH);
  labeled_extract(&suite, shared, "secret", none, secret);
  const struct base_view bound = base_view_of(context, sizeof context);
  memset(out, 0, sizeof *out);
  out->kem = kem;
  out->aead = aead;
  labeled_expand(&suite, secret, "key", bound, out->key, key_size);
  labeled_expand(&suite, secret, "base_nonce", bound, out->base_nonce, sizeof out->base_nonce);
  labeled_expand(&suite, secret, "exp", bound, out->exporter, sizeof out->exporter);
  base_wipe(secret, sizeof secret);
}

void seal_hpke_seal(const struct seal_hpke_context *context, struct base_view aad, struct base_view plain,
                    uint8_t *out) {
  size_t key_size;
  seal_aead_any_encrypt(cipher_of(context->aead, &key_size), context->key, context->base_nonce, aad, plain, out);
}

enum base_code seal_hpke_open(const struct seal_hpke_context *context, struct base_view aad, struct base_view sealed,
                              uint8_t *out, struct base_error *err) {
  size_t key_size;
  if (!seal_aead_any_decrypt(cipher_of(context->aead, &key_size), context->key, context->base_nonce, aad, sealed, out))
    return base_fail(err, BASE_UNSEAL, "the seal does not open: another key, or changed on the way");
  return BASE_OK;
}

void seal_hpke_export(const struct seal_hpke_context *context, struct base_view label, uint8_t *out, size_t size) {
  const struct suite suite = hpke_suite(context->kem, context->aead);
  labeled_expand(&suite, context->exporter, "sec", label, out, size);
}
