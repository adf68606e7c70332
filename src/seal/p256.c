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

static const EC_GROUP *curve(void) {
  return seal_library()->p256;
}

/* --- points */

/* NULL when the octets are no point of the curve. */
static EC_POINT *point_of(struct base_view octets) {
  EC_POINT *point = EC_POINT_new(curve());
  if (point == NULL)
    seal_broken("making a point of P-256");
  if (EC_POINT_oct2point(curve(), point, octets.data, octets.size, NULL) == 1)
    return point;
  EC_POINT_free(point);
  return NULL;
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
  EVP_PKEY *made = NULL;
  if (context == NULL || EVP_PKEY_fromdata_init(context) != 1)
    seal_broken("preparing a key of P-256");
  if (EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, params) != 1)
    made = NULL; /* no point of the curve */
  EVP_PKEY_CTX_free(context);
  return made;
}

bool seal_p256_verify(const struct wire_key *key, struct base_view message, const uint8_t signature[SIGNATURE]) {
  struct base_hash hash = seal_sha256(message);
  uint8_t der[DER_MAX];
  EVP_PKEY *public = public_of(key);
  if (public == NULL)
    return false;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, public, NULL);
  if (context == NULL || EVP_PKEY_verify_init(context) != 1)
    seal_broken("preparing ECDSA");
  bool good = EVP_PKEY_verify(context, der, der_signature(signature, der), hash.bytes, sizeof hash.bytes) == 1;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(public);
  return good;
}
