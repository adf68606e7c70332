/* SPDX-License-Identifier: Apache-2.0
 * P-256 (FIPS 186-5, SP 800-56A): for nodes whose keys are in a token that has no other curve. Ours are only ephemeral
 * keys. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

enum { NUMBER = 32, SIGNATURE = 2 * NUMBER, DER_NUMBER_MAX = 2 + 1 + NUMBER, DER_MAX = 2 + 2 * DER_NUMBER_MAX };

/* A key and a signature that are known to be right: RFC 6979 section A.2.5, the message "sample". */
static const struct wire_key known_key = {.sign = 3,
                                          .bytes = {0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb,
                                                    0x74, 0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61,
                                                    0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6}};
static const uint8_t known_signature[SIGNATURE] = {
    0xef, 0xd4, 0x8b, 0x2a, 0xac, 0xb6, 0xa8, 0xfd, 0x11, 0x40, 0xdd, 0x9c, 0xd4, 0x5e, 0x81, 0xd6,
    0x9d, 0x2c, 0x87, 0x7b, 0x56, 0xaa, 0xf9, 0x91, 0xc3, 0x4d, 0x0e, 0xa8, 0x4e, 0xaf, 0x37, 0x16,
    0xf7, 0xcb, 0x1c, 0x94, 0x2d, 0x65, 0x7c, 0x41, 0xd4, 0x36, 0xc7, 0xa1, 0xb6, 0xe2, 0x9f, 0x65,
    0xf3, 0xe9, 0x00, 0xdb, 0xb9, 0xaf, 0xf4, 0x06, 0x4d, 0xc4, 0xab, 0x2f, 0x84, 0x3a, 0xcd, 0xa8};

static const EC_GROUP *curve(void) {
  return seal_library()->p256;
}

/* --- points */

static EC_POINT *point_once(struct base_view octets) {
  EC_POINT *point = EC_POINT_new(curve());
  if (point == NULL)
    seal_broken("making a point of P-256");
  if (EC_POINT_oct2point(curve(), point, octets.data, octets.size, NULL) == 1)
    return point;
  EC_POINT_free(point);
  return NULL;
}

/* The point that is meant, NULL when there is none on the curve. The library says that of memory that it did not get,
 * too: so a point that is known to be there must be found before, and the other one is looked for again. */
static EC_POINT *point_of(struct base_view octets) {
  EC_POINT *point = point_once(octets);
  if (point != NULL)
    return point;
  uint8_t known[WIRE_KEY];
  EC_POINT *there = point_once(base_view_of(known, wire_key_octets(&known_key, known)));
  if (there == NULL)
    seal_broken("finding a point of P-256 that is there");
  EC_POINT_free(there);
  return point_once(octets);
}

static EC_POINT *point_of_key(const struct wire_key *key) {
  uint8_t octets[WIRE_KEY];
  return point_of(base_view_of(octets, wire_key_octets(key, octets)));
}

static void write_whole(const EC_POINT *point, uint8_t out[WIRE_ENC_P256]) {
  if (EC_POINT_point2oct(curve(), point, POINT_CONVERSION_UNCOMPRESSED, out, WIRE_ENC_P256, NULL) != WIRE_ENC_P256)
    seal_broken("writing a point of P-256");
}

bool seal_key_valid(const struct wire_key *key) {
  if (!wire_key_p256(key))
    return true;
  EC_POINT *point = point_of_key(key);
  EC_POINT_free(point);
  return point != NULL;
}

bool seal_enc_valid(const struct wire_enc *enc) {
  if (!enc->p256)
    return true;
  EC_POINT *point = point_of(base_view_of(enc->bytes, WIRE_ENC_P256));
  EC_POINT_free(point);
  return point != NULL;
}

bool seal_p256_whole(const struct wire_key *key, uint8_t out[WIRE_ENC_P256]) {
  EC_POINT *point = point_of_key(key);
  if (point == NULL)
    return false;
  write_whole(point, out);
  EC_POINT_free(point);
  return true;
}

/* --- an ephemeral key */

static BIGNUM *number_of(const uint8_t bytes[NUMBER]) {
  BIGNUM *number = BN_secure_new();
  if (number == NULL || BN_bin2bn(bytes, NUMBER, number) == NULL)
    seal_broken("reading a number");
  BN_set_flags(number, BN_FLG_CONSTTIME);
  return number;
}

bool seal_p256_public(const uint8_t private[32], struct wire_enc *out) {
  BIGNUM *number = number_of(private);
  bool good = !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(curve())) < 0;
  EC_POINT *point = EC_POINT_new(curve());
  if (point == NULL || (good && EC_POINT_mul(curve(), point, number, NULL, NULL, NULL) != 1))
    seal_broken("deriving a key of P-256");
  if (good) {
    *out = (struct wire_enc){.p256 = true};
    write_whole(point, out->bytes);
  }
  EC_POINT_clear_free(point);
  BN_clear_free(number);
  return good;
}

/* The cofactor is 1 and the number is smaller than the order, so what comes of a point of the curve is one, too. */
bool seal_p256_agree(const uint8_t private[32], struct base_view peer, uint8_t out[32]) {
  EC_POINT *point = point_of(peer);
  if (point == NULL)
    return false;
  BIGNUM *number = number_of(private), *x = BN_secure_new();
  EC_POINT *shared = EC_POINT_new(curve());
  if (shared == NULL || x == NULL || EC_POINT_mul(curve(), shared, NULL, point, number, NULL) != 1 ||
      EC_POINT_get_affine_coordinates(curve(), shared, x, NULL, NULL) != 1 || BN_bn2binpad(x, out, NUMBER) != NUMBER)
    seal_broken("an agreement of P-256");
  EC_POINT_clear_free(shared);
  BN_clear_free(x);
  BN_clear_free(number);
  EC_POINT_free(point);
  return true;
}

/* --- signatures */

/* INTEGER in DER: no zeroes before it but the one that keeps it positive. */
static size_t der_number(const uint8_t number[NUMBER], uint8_t out[DER_NUMBER_MAX]) {
  size_t skip = 0;
  while (skip < NUMBER - 1 && number[skip] == 0)
    skip++;
  size_t pad = number[skip] >= 0x80, size = NUMBER - skip;
  out[0] = 0x02;
  out[1] = (uint8_t)(pad + size);
  out[2] = 0;
  memcpy(out + 2 + pad, number + skip, size);
  return 2 + pad + size;
}

/* ECDSA-Sig-Value of RFC 3279, as the library takes it. */
static size_t der_signature(const uint8_t signature[SIGNATURE], uint8_t out[DER_MAX]) {
  size_t size = 2 + der_number(signature, out + 2);
  size += der_number(signature + NUMBER, out + size);
  out[0] = 0x30;
  out[1] = (uint8_t)(size - 2);
  return size;
}

static EVP_PKEY *public_of(const struct wire_key *key) {
  uint8_t octets[WIRE_KEY];
  char name[] = "prime256v1";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, wire_key_octets(key, octets)),
      OSSL_PARAM_construct_end()};
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  EVP_PKEY *public = NULL;
  if (context == NULL || EVP_PKEY_fromdata_init(context) != 1)
    seal_broken("preparing a key of P-256");
  if (EVP_PKEY_fromdata(context, &public, EVP_PKEY_PUBLIC_KEY, params) != 1)
  public = NULL; /* no point of the curve, or no memory */
  EVP_PKEY_CTX_free(context);
  return public;
}

static bool verify_once(const struct wire_key *key, const struct base_hash *hash, const uint8_t signature[SIGNATURE]) {
  uint8_t der[DER_MAX];
  EVP_PKEY *public = public_of(key);
  if (public == NULL)
    return false;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, public, NULL);
  if (context == NULL || EVP_PKEY_verify_init(context) != 1)
    seal_broken("preparing ECDSA");
  bool good = EVP_PKEY_verify(context, der, der_signature(signature, der), hash->bytes, sizeof hash->bytes) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(public);
  return good;
}

/* Nobody is blamed for memory that was missing: as with Ed25519, in note.c. */
bool seal_p256_verify(const struct wire_key *key, struct base_view message, const uint8_t signature[64]) {
  struct base_hash hash = seal_sha256(message), known = seal_sha256(BASE_VIEW("sample"));
  if (verify_once(key, &hash, signature))
    return true;
  if (!verify_once(&known_key, &known, known_signature))
    seal_broken("verifying a signature that is right");
  return verify_once(key, &hash, signature);
}
