/* SPDX-License-Identifier: Apache-2.0
 * The keys in a token: made there, found by their id, used, destroyed. */
#include <string.h>

#include "keeper/tokeninside.h"
#include "seal/seal.h"

enum { OBJECTS_MAX = 8 }; /* under one id: two are made */

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
#define ATTRIBUTE(type, value)                                                                                         \
  { (type), (void *)&(value), sizeof(value) }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- made */

/* A kind of pair: the curve's name (RFC 8410, RFC 5480) as DER, and what makes a key of it. */
struct pair {
  const char *none; /* the sentence when none is made */
  CK_MECHANISM_TYPE mechanism;
  bool seal;
  uint8_t curve[10];
  CK_ULONG curve_size;
};
static const struct pair ed25519 = {
    "it makes no Ed25519 key", CKM_EC_EDWARDS_KEY_PAIR_GEN, false, {0x06, 0x03, 0x2b, 0x65, 0x70}, 5};
static const struct pair x25519 = {
    "it makes no X25519 key", CKM_EC_EDWARDS_KEY_PAIR_GEN, true, {0x06, 0x03, 0x2b, 0x65, 0x6e}, 5};
static const struct pair p256 = {"it makes no P-256 key",
                                 CKM_EC_KEY_PAIR_GEN,
                                 false,
                                 {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
                                 10};

static CK_RV make_pair(struct keeper_token *token, const struct pair *pair, const char *label,
                       const uint8_t id[KEEPER_TOKEN_ID]) {
  CK_MECHANISM mechanism = {.mechanism = pair->mechanism};
  CK_ATTRIBUTE name = {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)};
  CK_ATTRIBUTE number = {CKA_ID, (void *)(uintptr_t)id, KEEPER_TOKEN_ID};
  CK_ATTRIBUTE curve = {CKA_EC_PARAMS, (void *)(uintptr_t)pair->curve, pair->curve_size};
  CK_ATTRIBUTE open[] = {name,
                         number,
                         curve,
                         ATTRIBUTE(CKA_TOKEN, yes),
                         ATTRIBUTE(CKA_PRIVATE, no),
                         {pair->seal ? CKA_DERIVE : CKA_VERIFY, &yes, sizeof yes}};
  CK_ATTRIBUTE secret[] = {name,
                           number,
                           ATTRIBUTE(CKA_TOKEN, yes),
                           ATTRIBUTE(CKA_PRIVATE, yes),
                           ATTRIBUTE(CKA_SENSITIVE, yes),
                           ATTRIBUTE(CKA_EXTRACTABLE, no),
                           {pair->seal ? CKA_DERIVE : CKA_SIGN, &yes, sizeof yes}};
  CK_OBJECT_HANDLE public_key, private_key;
  return token->call->C_GenerateKeyPair(token->session, &mechanism, open, COUNT(open), secret, COUNT(secret),
                                        &public_key, &private_key);
}

/* What a token says that makes keys by this mechanism, but none of this curve. */
static bool lacks_curve(CK_RV answer) {
  return answer == CKR_MECHANISM_INVALID || answer == CKR_MECHANISM_PARAM_INVALID ||
         answer == CKR_CURVE_NOT_SUPPORTED || answer == CKR_DOMAIN_PARAMS_INVALID ||
         answer == CKR_ATTRIBUTE_VALUE_INVALID || answer == CKR_TEMPLATE_INCONSISTENT ||
         answer == CKR_FUNCTION_NOT_SUPPORTED;
}

/* Ed25519 or X25519 where the token has it, P-256 where it does not. */
static enum base_code make_asymmetric(struct keeper_token *token, bool seal, const char *label,
                                      const uint8_t id[KEEPER_TOKEN_ID], struct base_error *err) {
  struct pair pair = seal ? x25519 : ed25519;
  bool instead = seal ? token->ecdh : token->ecdsa;
  CK_RV answer = CKR_MECHANISM_INVALID;
  if (seal && token->montgomery)
    pair.mechanism = CKM_EC_MONTGOMERY_KEY_PAIR_GEN;
  if (seal ? token->x25519 : token->ed25519)
    answer = make_pair(token, &pair, label, id);
  if (lacks_curve(answer) && instead) {
    pair = p256;
    pair.seal = seal;
    answer = make_pair(token, &pair, label, id);
  }
  return answer == CKR_OK ? BASE_OK : keeper_token_fail(token, answer, false, pair.none, err);
}

static enum base_code make_cover(struct keeper_token *token, const char *label, const uint8_t id[KEEPER_TOKEN_ID],
                                 struct base_error *err) {
  CK_MECHANISM mechanism = {.mechanism = CKM_AES_KEY_GEN};
  CK_ULONG size = 32;
  CK_ATTRIBUTE secret[] = {{CKA_LABEL, (void *)(uintptr_t)label, strlen(label)},
                           {CKA_ID, (void *)(uintptr_t)id, KEEPER_TOKEN_ID},
                           ATTRIBUTE(CKA_VALUE_LEN, size),
                           ATTRIBUTE(CKA_TOKEN, yes),
                           ATTRIBUTE(CKA_PRIVATE, yes),
                           ATTRIBUTE(CKA_SENSITIVE, yes),
                           ATTRIBUTE(CKA_EXTRACTABLE, no),
                           ATTRIBUTE(CKA_ENCRYPT, yes),
                           ATTRIBUTE(CKA_DECRYPT, yes)};
  CK_OBJECT_HANDLE key;
  CK_RV answer = token->call->C_GenerateKey(token->session, &mechanism, secret, COUNT(secret), &key);
  return answer == CKR_OK ? BASE_OK : keeper_token_fail(token, answer, false, "it makes no AES key", err);
}

enum base_code keeper_token_make(struct keeper_token *token, enum keeper_key_type type, const char *label,
                                 const uint8_t id[KEEPER_TOKEN_ID], struct wire_key *out_public,
                                 struct base_error *err) {
  unsigned long made;
  enum base_code code = type == KEEPER_KEY_EPOCH ? make_cover(token, label, id, err)
                                                 : make_asymmetric(token, type == KEEPER_KEY_SEAL, label, id, err);
  return code == BASE_OK ? keeper_token_find(token, type, id, &made, out_public, err) : code;
}

/* --- found */

static enum base_code search(struct keeper_token *token, CK_ATTRIBUTE *wanted, CK_ULONG count,
                             CK_OBJECT_HANDLE found[OBJECTS_MAX], CK_ULONG *out_count, struct base_error *err) {
  CK_RV answer = token->call->C_FindObjectsInit(token->session, wanted, count);
  if (answer == CKR_OK) {
    answer = token->call->C_FindObjects(token->session, found, OBJECTS_MAX, out_count);
    CK_RV end = token->call->C_FindObjectsFinal(token->session);
    answer = answer == CKR_OK ? end : answer;
  }
  return answer == CKR_OK ? BASE_OK : keeper_token_fail(token, answer, false, "it does not look for keys", err);
}

static enum base_code seek_one(struct keeper_token *token, CK_OBJECT_CLASS class, const uint8_t id[KEEPER_TOKEN_ID],
                               CK_OBJECT_HANDLE *out, struct base_error *err) {
  CK_OBJECT_HANDLE found[OBJECTS_MAX];
  CK_ULONG count = 0;
  CK_ATTRIBUTE wanted[] = {ATTRIBUTE(CKA_CLASS, class), {CKA_ID, (void *)(uintptr_t)id, KEEPER_TOKEN_ID}};
  enum base_code code = search(token, wanted, COUNT(wanted), found, &count, err);
  if (code == BASE_OK && count != 1) {
    char text[2 * KEEPER_TOKEN_ID + 1];
    base_hex(id, KEEPER_TOKEN_ID, text);
    code = base_fail(err, count == 0 ? BASE_NOT_FOUND : BASE_CORRUPT,
                     count == 0 ? "the token %s has no key with the id %s"
                                : "the token %s has more than one key with the id %s",
                     token->name, text);
  }
  if (code == BASE_OK)
    *out = found[0];
  return code;
}

/* A key that could leave the token is none that was made there for us. */
static enum base_code check_kept(struct keeper_token *token, CK_OBJECT_HANDLE key, struct base_error *err) {
  CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
  CK_ATTRIBUTE asked[] = {ATTRIBUTE(CKA_SENSITIVE, sensitive), ATTRIBUTE(CKA_EXTRACTABLE, extractable)};
  CK_RV answer = token->call->C_GetAttributeValue(token->session, key, asked, COUNT(asked));
  if (answer != CKR_OK)
    return keeper_token_fail(token, answer, false, "it does not tell of its key", err);
  return sensitive && !extractable
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT, "the token %s would give the key away: it was not made there by wasl",
                         token->name);
}

/* The octets of a point within what the token shows: as they are, or as a DER octet string; tokens differ. */
static bool read_point(struct base_view shown, size_t size, struct base_view *out) {
  bool der = shown.size == 2 + size && shown.data[0] == 0x04 && shown.data[1] == size;
  if (!der && shown.size != size)
    return false;
  *out = base_view_of(shown.data + shown.size - size, size);
  return true;
}

/* A point of P-256 is shown whole and kept compressed: both must be the same point of the curve. */
static bool compress(struct base_view point, struct wire_key *out) {
  struct wire_enc given;
  uint8_t octets[WIRE_KEY];
  if (!wire_enc_of_octets(point, &given) || !seal_enc_valid(&given))
    return false;
  octets[0] = (given.bytes[WIRE_ENC_P256 - 1] & 1) == 0 ? 0x02 : 0x03;
  memcpy(octets + 1, given.bytes + 1, sizeof octets - 1);
  return wire_key_of_octets(base_view_of(octets, sizeof octets), out);
}

static enum base_code read_public(struct keeper_token *token, CK_OBJECT_HANDLE key, struct wire_key *out,
                                  struct base_error *err) {
  uint8_t shown[2 + WIRE_ENC_P256];
  CK_ATTRIBUTE asked = {CKA_EC_POINT, shown, sizeof shown};
  CK_RV answer = token->call->C_GetAttributeValue(token->session, key, &asked, 1);
  if (answer != CKR_OK)
    return keeper_token_fail(token, answer, false, "it does not tell of its key", err);
  struct base_view octets = base_view_of(shown, asked.ulValueLen), point;
  if ((read_point(octets, sizeof out->bytes, &point) && wire_key_of_octets(point, out)) ||
      (read_point(octets, WIRE_ENC_P256, &point) && compress(point, out)))
    return BASE_OK;
  return base_fail(err, BASE_CORRUPT, "the token %s has a key of another kind under this id", token->name);
}

enum base_code keeper_token_find(struct keeper_token *token, enum keeper_key_type type,
                                 const uint8_t id[KEEPER_TOKEN_ID], unsigned long *out, struct wire_key *out_public,
                                 struct base_error *err) {
  bool pair = type != KEEPER_KEY_EPOCH;
  CK_OBJECT_HANDLE public_key = 0, key;
  enum base_code code = seek_one(token, pair ? CKO_PRIVATE_KEY : CKO_SECRET_KEY, id, &key, err);
  if (code == BASE_OK)
    code = check_kept(token, key, err);
  if (code == BASE_OK && pair)
    code = seek_one(token, CKO_PUBLIC_KEY, id, &public_key, err);
  if (code == BASE_OK && pair)
    code = read_public(token, public_key, out_public, err);
  if (code == BASE_OK)
    *out = key;
  return code;
}

/* --- used */

enum base_code keeper_token_sign(struct keeper_token *token, unsigned long key, bool ecdsa, struct base_view message,
                                 uint8_t out[64], struct base_error *err) {
  CK_MECHANISM mechanism = {.mechanism = ecdsa ? CKM_ECDSA : CKM_EDDSA};
  struct base_hash hash;
  if (ecdsa) { /* hashed here: CKM_ECDSA is what every token has */
    hash = seal_sha256(message);
    message = base_view_of(hash.bytes, sizeof hash.bytes);
  }
  CK_ULONG size = 64;
  CK_RV answer = token->call->C_SignInit(token->session, &mechanism, key);
  if (answer == CKR_OK)
    answer = token->call->C_Sign(token->session, (CK_BYTE_PTR)(uintptr_t)message.data, message.size, out, &size);
  if (answer == CKR_OK && size != 64)
    answer = CKR_FUNCTION_FAILED;
  return answer == CKR_OK ? BASE_OK : keeper_token_fail(token, answer, true, "it does not sign", err);
}

enum base_code keeper_token_agree(struct keeper_token *token, unsigned long key, const struct wire_enc *enc,
                                  uint8_t out[32], struct base_error *err) {
  CK_ECDH1_DERIVE_PARAMS with = {
      .kdf = CKD_NULL, .public_data = (CK_BYTE_PTR)(uintptr_t)enc->bytes, .public_data_len = wire_enc_size(enc)};
  CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &with, sizeof with};
  CK_OBJECT_CLASS class = CKO_SECRET_KEY;
  CK_KEY_TYPE type = CKK_GENERIC_SECRET;
  CK_ULONG size = 32;
  CK_ATTRIBUTE made[] = {ATTRIBUTE(CKA_CLASS, class),  ATTRIBUTE(CKA_KEY_TYPE, type),   ATTRIBUTE(CKA_TOKEN, no),
                         ATTRIBUTE(CKA_SENSITIVE, no), ATTRIBUTE(CKA_EXTRACTABLE, yes), ATTRIBUTE(CKA_VALUE_LEN, size)};
  CK_ATTRIBUTE value = {CKA_VALUE, out, 32};
  CK_OBJECT_HANDLE shared;
  CK_RV answer = token->call->C_DeriveKey(token->session, &mechanism, key, made, COUNT(made), &shared);
  if (answer != CKR_OK) {
    /* A partner chose enc: what the token does not take of his is no fault of the token's. */
    enum base_code code = keeper_token_fail(token, answer, false, "it agrees on no secret", err);
    return token->lost ? code
                       : base_fail(err, BASE_UNSEAL, "our key agrees with no such ephemeral key (0x%lx)", answer);
  }
  answer = token->call->C_GetAttributeValue(token->session, shared, &value, 1);
  CK_RV end = token->call->C_DestroyObject(token->session, shared);
  answer = answer == CKR_OK ? end : answer;
  if (answer == CKR_OK && value.ulValueLen != 32)
    answer = CKR_FUNCTION_FAILED;
  return answer == CKR_OK ? BASE_OK : keeper_token_fail(token, answer, true, "it gives no shared secret", err);
}

enum base_code keeper_token_cover(struct keeper_token *token, unsigned long key, bool open,
                                  const uint8_t iv[KEEPER_TOKEN_IV], const uint8_t in[32], uint8_t out[32],
                                  struct base_error *err) {
  CK_MECHANISM mechanism = {CKM_AES_CBC, (void *)(uintptr_t)iv, KEEPER_TOKEN_IV};
  CK_ULONG size = 32;
  CK_BYTE_PTR from = (CK_BYTE_PTR)(uintptr_t)in;
  CK_RV answer = open ? token->call->C_DecryptInit(token->session, &mechanism, key)
                      : token->call->C_EncryptInit(token->session, &mechanism, key);
  if (answer == CKR_OK)
    answer = open ? token->call->C_Decrypt(token->session, from, 32, out, &size)
                  : token->call->C_Encrypt(token->session, from, 32, out, &size);
  if (answer == CKR_OK && size != 32)
    answer = CKR_FUNCTION_FAILED;
  return answer == CKR_OK ? BASE_OK
                          : keeper_token_fail(token, answer, false, "it does not put the epoch key under its own", err);
}

/* --- destroyed */

enum base_code keeper_token_destroy(struct keeper_token *token, const uint8_t id[KEEPER_TOKEN_ID],
                                    struct base_error *err) {
  CK_OBJECT_HANDLE found[OBJECTS_MAX];
  CK_ULONG count = 0;
  CK_ATTRIBUTE wanted[] = {{CKA_ID, (void *)(uintptr_t)id, KEEPER_TOKEN_ID}};
  enum base_code code;
  do {
    code = search(token, wanted, COUNT(wanted), found, &count, err);
    for (CK_ULONG i = 0; code == BASE_OK && i < count; i++) {
      CK_RV answer = token->call->C_DestroyObject(token->session, found[i]);
      if (answer != CKR_OK)
        code = keeper_token_fail(token, answer, false, "it does not destroy a key", err);
    }
  } while (code == BASE_OK && count > 0); /* until a search shows none */
  return code;
}
