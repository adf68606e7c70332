/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "seal/seal.h"

/* --- the vectors of RFC 9180: lines "name: hex" in the order in which they are used */

struct vector {
  unsigned long kem, aead, sequence, length;
  struct base_buf info, entropy, enc, receiver, receiver_private, shared, key, nonce, exporter, plain, aad, label;
  struct seal_hpke_context context;
  size_t opened, exported;
};

static void free_vector(struct vector *vector) {
  struct base_buf *all[] = {
      &vector->info,   &vector->entropy, &vector->enc,   &vector->receiver, &vector->receiver_private,
      &vector->shared, &vector->key,     &vector->nonce, &vector->exporter, &vector->plain,
      &vector->aad,    &vector->label};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    base_buf_free(all[i]);
  memset(vector, 0, sizeof *vector);
}

static void unhex(const char *text, struct base_buf *out) {
  size_t size = strlen(text) / 2;
  base_buf_free(out);
  base_buf_init(out, 4096);
  if (size == 0)
    return;
  uint8_t *bytes = base_buf_reserve(out, size);
  assert_non_null(bytes);
  assert_true(base_hex_parse(base_view_text(text), bytes, size));
}

static void assert_is(const void *actual, const struct base_buf *expected) {
  assert_memory_equal(actual, expected->data, expected->size);
}

/* As HPKE writes it: of P-256 whole, and kept compressed. */
static struct wire_key key_of(const struct base_buf *bytes) {
  struct wire_enc whole;
  struct wire_key key;
  uint8_t octets[WIRE_KEY];
  size_t size = sizeof key.bytes;
  assert_true(wire_enc_of_octets(base_buf_view(bytes), &whole));
  if (whole.p256)
    octets[0] = (whole.bytes[WIRE_ENC_P256 - 1] & 1) == 0 ? 2 : 3;
  memcpy(octets + (whole.p256 ? 1 : 0), whole.bytes + (whole.p256 ? 1 : 0), size);
  assert_true(wire_key_of_octets(base_view_of(octets, whole.p256 ? sizeof octets : size), &key));
  return key;
}

static EVP_PKEY *p256_private(const struct vector *vector) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  BIGNUM *number = BN_bin2bn(vector->receiver_private.data, 32, NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  EVP_PKEY *key = NULL;
  assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0), 1);
  assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number), 1);
  assert_int_equal(
      OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, vector->receiver.data, vector->receiver.size),
      1);
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
  assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params), 1);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  BN_free(number);
  EVP_PKEY_CTX_free(context);
  return key;
}

static EVP_PKEY *p256_public(const struct base_buf *point) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  EVP_PKEY *key = NULL;
  char name[] = "prime256v1";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point->data, point->size),
                         OSSL_PARAM_construct_end()};
  assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
  assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
  EVP_PKEY_CTX_free(context);
  return key;
}

/* The receiver's side of 4.1, which belongs to the keeper: done here with EVP alone. */
static void decap(const struct vector *vector, uint8_t out_shared[32]) {
  bool p256 = vector->kem == SEAL_KEM_P256;
  EVP_PKEY *private = p256 ? p256_private(vector)
                           : EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, vector->receiver_private.data, 32);
  EVP_PKEY *peer =
      p256 ? p256_public(&vector->enc) : EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, vector->enc.data, 32);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(private, NULL);
  uint8_t dh[32];
  size_t size = sizeof dh;
  assert_int_equal(EVP_PKEY_derive_init(context), 1);
  assert_int_equal(EVP_PKEY_derive_set_peer(context, peer), 1);
  assert_int_equal(EVP_PKEY_derive(context, dh, &size), 1);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  EVP_PKEY_free(private);
  struct wire_key receiver = key_of(&vector->receiver);
  struct wire_enc enc;
  assert_true(wire_enc_of_octets(base_buf_view(&vector->enc), &enc));
  seal_kem_extract_expand(dh, &enc, &receiver, out_shared);
}

/* At base_nonce all that the KEM and the key schedule need has been read. */
static void check_schedule(struct vector *vector) {
  vector->context = (struct seal_hpke_context){.aead = (uint16_t)vector->aead};
  memcpy(vector->context.key, vector->key.data, vector->key.size);
  memcpy(vector->context.base_nonce, vector->nonce.data, vector->nonce.size);
  if (vector->kem != SEAL_KEM_X25519 && vector->kem != SEAL_KEM_P256)
    return; /* of this one only the AEAD is ours */
  struct wire_key receiver = key_of(&vector->receiver);
  struct wire_enc enc;
  uint8_t shared[32];
  assert_int_equal(seal_kem_of(&receiver), vector->kem);
  assert_int_equal(seal_hpke_encap(&receiver, vector->entropy.data, &enc, shared, NULL), BASE_OK);
  assert_int_equal(wire_enc_size(&enc), vector->enc.size);
  assert_is(enc.bytes, &vector->enc);
  assert_is(shared, &vector->shared);
  memset(shared, 0, sizeof shared);
  decap(vector, shared);
  assert_is(shared, &vector->shared);
  seal_hpke_schedule((uint16_t)vector->kem, (uint16_t)vector->aead, shared, base_buf_view(&vector->info),
                     &vector->context);
  assert_is(vector->context.key, &vector->key);
  assert_is(vector->context.base_nonce, &vector->nonce);
}

static void check_seal(struct vector *vector, const struct base_buf *expected) {
  /* The interface is single shot; a later sequence number is another base nonce (5.2). */
  struct seal_hpke_context context = vector->context;
  for (size_t i = 0; i < sizeof vector->sequence && i < 8; i++)
    context.base_nonce[11 - i] ^= (uint8_t)(vector->sequence >> (8 * i));
  uint8_t out[256];
  seal_hpke_seal(&context, base_buf_view(&vector->aad), base_buf_view(&vector->plain), out);
  assert_int_equal(vector->plain.size + SEAL_TAG, expected->size);
  assert_is(out, expected);
  assert_int_equal(seal_hpke_open(&context, base_buf_view(&vector->aad), base_buf_view(expected), out, NULL), BASE_OK);
  assert_is(out, &vector->plain);
  out[0] = 0xaa;
  expected->data[expected->size - 1] ^= 1;
  assert_int_equal(seal_hpke_open(&context, base_buf_view(&vector->aad), base_buf_view(expected), out, NULL),
                   BASE_UNSEAL);
  for (size_t i = 0; i < vector->plain.size; i++)
    assert_int_equal(out[i], 0);
  vector->opened++;
}

static void take_line(struct vector *vector, const char *name, const char *value) {
  struct {
    const char *name;
    struct base_buf *out;
  } texts[] = {{"info", &vector->info},
               {"ikmE", &vector->entropy},
               {"enc", &vector->enc},
               {"pkRm", &vector->receiver},
               {"skRm", &vector->receiver_private},
               {"shared_secret", &vector->shared},
               {"key", &vector->key},
               {"base_nonce", &vector->nonce},
               {"exporter_secret", &vector->exporter},
               {"pt", &vector->plain},
               {"aad", &vector->aad},
               {"exporter_context", &vector->label}};
  BASE_AUTO_BUF struct base_buf expected = {0};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (strcmp(name, texts[i].name) == 0)
      unhex(value, texts[i].out);
  if (strcmp(name, "kem_id") == 0)
    vector->kem = strtoul(value, NULL, 10);
  else if (strcmp(name, "aead_id") == 0)
    vector->aead = strtoul(value, NULL, 10);
  else if (strcmp(name, "sequence") == 0)
    vector->sequence = strtoul(value, NULL, 10);
  else if (strcmp(name, "L") == 0)
    vector->length = strtoul(value, NULL, 10);
  else if (strcmp(name, "base_nonce") == 0)
    check_schedule(vector);
  else if (strcmp(name, "exporter_secret") == 0)
    assert_is(vector->context.exporter, &vector->exporter);
  else if (strcmp(name, "ct") == 0) {
    unhex(value, &expected);
    check_seal(vector, &expected);
  } else if (strcmp(name, "exported_value") == 0) {
    uint8_t out[64];
    unhex(value, &expected);
    assert_int_equal(vector->length, expected.size);
    seal_hpke_export(&vector->context, base_buf_view(&vector->label), out, vector->length);
    assert_is(out, &expected);
    vector->exported++;
  }
}

static void rfc_9180(void **state) {
  (void)state;
  FILE *file = fopen(WASL_SOURCE_DIR "/tests/vectors/hpke-base.txt", "r");
  assert_non_null(file);
  struct vector vector = {0};
  char line[1024];
  size_t opened = 0, exported = 0, suites = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#') {
      opened += vector.opened;
      exported += vector.exported;
      suites++;
      free_vector(&vector);
      continue;
    }
    char *colon = strchr(line, ':');
    if (colon == NULL)
      continue;
    *colon = 0;
    take_line(&vector, line, colon[1] == ' ' ? colon + 2 : colon + 1);
  }
  opened += vector.opened;
  exported += vector.exported;
  free_vector(&vector);
  fclose(file);
  assert_int_equal(suites, 4);
  assert_int_equal(opened, 22);
  assert_int_equal(exported, 9);
}

/* --- public keys of low order give a shared value of zero: refused (7.1.4) */

static void low_order_keys(void **state) {
  (void)state;
  static const char *const points[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  const uint8_t entropy[32] = {7};
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    struct wire_key key = {0};
    struct wire_enc enc = {.bytes = {0xaa}};
    uint8_t shared[32] = {0xbb};
    struct base_error err;
    assert_true(base_hex_parse(base_view_text(points[i]), key.bytes, sizeof key.bytes));
    assert_int_equal(seal_hpke_encap(&key, entropy, &enc, shared, &err), BASE_WRONG_KEY);
    assert_int_equal(enc.bytes[0], 0xaa);
    assert_int_equal(shared[0], 0xbb);
  }
}

/* What has the form of a point of P-256 and is none is refused everywhere (7.1.4). x = 1 has no y; x from the prime
 * on has one only when it is reduced; y of another point is not on the curve; and no octets stand for the point at
 * infinity. */
static void points_off_the_curve(void **state) {
  (void)state;
  static const char *const points[] = {"0000000000000000000000000000000000000000000000000000000000000001",
                                       "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                                       "ffffffff00000001000000000000000000000001000000000000000000000005",
                                       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
  const uint8_t entropy[32] = {7}, signature[64] = {1, [63] = 1};
  struct wire_key good = {.sign = 2}, key;
  struct wire_enc enc, kept = {.bytes = {0xaa}};
  uint8_t shared[32] = {0xbb};
  struct base_error err;
  assert_true(base_hex_parse(BASE_VIEW("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"), good.bytes,
                             sizeof good.bytes));
  assert_true(seal_key_valid(&good)); /* the base point's x */
  for (size_t i = 0; i < sizeof points / sizeof *points; i++)
    for (uint8_t sign = 2; sign <= 3; sign++) {
      key.sign = sign;
      assert_true(base_hex_parse(base_view_text(points[i]), key.bytes, sizeof key.bytes));
      assert_false(seal_key_valid(&key));
      assert_false(seal_verify(&key, BASE_VIEW("x"), signature));
      assert_int_equal(seal_hpke_encap(&key, entropy, &kept, shared, &err), BASE_WRONG_KEY);
      assert_int_equal(kept.bytes[0], 0xaa);
      assert_int_equal(shared[0], 0xbb);
    }
  assert_int_equal(seal_hpke_encap(&good, entropy, &enc, shared, &err), BASE_OK);
  assert_true(enc.p256 && seal_enc_valid(&enc));
  enc.bytes[WIRE_ENC_P256 - 1] ^= 1;
  assert_false(seal_enc_valid(&enc));
  memset(enc.bytes + 1, 0, WIRE_ENC_P256 - 1);
  assert_false(seal_enc_valid(&enc));
  assert_false(wire_enc_of_octets(base_view_of(enc.bytes, 1), &enc));
  enc.bytes[0] = 0;
  assert_false(wire_enc_of_octets(base_view_of(enc.bytes, WIRE_ENC_P256), &kept));
}

static void derived_keys_fit(void **state) {
  (void)state;
  const uint8_t entropy[32] = {9};
  uint8_t private[32];
  struct wire_key public;
  seal_kem_derive_private(entropy, private);
  seal_kem_derive_public(entropy, &public);
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, sizeof private);
  uint8_t expected[32];
  size_t size = sizeof expected;
  assert_int_equal(EVP_PKEY_get_raw_public_key(key, expected, &size), 1);
  EVP_PKEY_free(key);
  assert_memory_equal(public.bytes, expected, sizeof expected);
}

/* Longer than one block of HKDF-Expand, and a prefix is not the shorter export (the length is bound). */
static void long_exports(void **state) {
  (void)state;
  struct seal_hpke_context context;
  const uint8_t shared[32] = {1};
  uint8_t longer[100], shorter[32];
  seal_hpke_schedule(SEAL_KEM_X25519, SEAL_AEAD_AES256, shared, BASE_VIEW("info"), &context);
  seal_hpke_export(&context, BASE_VIEW("label"), longer, sizeof longer);
  seal_hpke_export(&context, BASE_VIEW("label"), shorter, sizeof shorter);
  assert_memory_not_equal(longer, shorter, sizeof shorter);
  seal_hpke_export(&context, BASE_VIEW("other"), longer, sizeof shorter);
  assert_memory_not_equal(longer, shorter, sizeof shorter);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rfc_9180),         cmocka_unit_test(low_order_keys), cmocka_unit_test(points_off_the_curve),
      cmocka_unit_test(derived_keys_fit), cmocka_unit_test(long_exports),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
