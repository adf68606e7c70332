/* SPDX-License-Identifier: Apache-2.0
 * The keys in a token: made there, found by their id, used, destroyed. */
#include <string.h>

#include "keeper/tokeninside.h"

enum { OBJECTS_MAX = 8 }; /* under one id: two are made */

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
#define ATTRIBUTE(type, value)                                                                                         \
  { (type), (void *)&(value), sizeof(value) }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* --- made */

/* The names of the curves (RFC 8410) as DER. */
static const uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70}, x25519[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};

static enum base_code make_pair(struct keeper_token *token, bool seal, const char *label,
                                const uint8_t id[KEEPER_TOKEN_ID], struct base_error *err) {
  CK_MECHANISM mechanism = {.mechanism = seal && token->montgomery ? CKM_EC_MONTGOMERY_KEY_PAIR_GEN
                                                                   : CKM_EC_EDWARDS_KEY_PAIR_GEN};
  CK_ATTRIBUTE name = {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)};
  CK_ATTRIBUTE number = {CKA_ID, (void *)(uintptr_t)id, KEEPER_TOKEN_ID};
  CK_ATTRIBUTE curve = {CKA_EC_PARAMS, (void *)(uintptr_t)(seal ? x25519 : ed25519), sizeof x25519};
  CK_ATTRIBUTE open[] = {name,
                         number,
                         curve,
                         ATTRIBUTE(CKA_TOKEN, yes),
                         ATTRIBUTE(CKA_PRIVATE, no),
                         {seal ? CKA_DERIVE : CKA_VERIFY, &yes, sizeof yes}};
  CK_ATTRIBUTE secret[] = {name,
                           number,
                           ATTRIBUTE(CKA_TOKEN, yes),
                           ATTRIBUTE(CKA_PRIVATE, yes),
                           ATTRIBUTE(CKA_SENSITIVE, yes),
                           ATTRIBUTE(CKA_EXTRACTABLE, no),
                           {seal ? CKA_DERIVE : CKA_SIGN, &yes, sizeof yes}};
  CK_OBJECT_HANDLE public_key, private_key;
  CK_RV answer = token->call->C_GenerateKeyPair(token->session, &mechanism, open, COUNT(open), secret, COUNT(secret),
                                                &public_key, &private_key);
  return answer == CKR_OK ? BASE_OK
                          : keeper_token_fail(token, answer, false,
                                              seal ? "it makes no X25519 key" : "it makes no Ed25519 key", err);
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
                                                 : make_pair(token, type == KEEPER_KEY_SEAL, label, id, err);
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

static enum base_code find_one(struct keeper_token *token, CK_OBJECT_CLASS class, const uint8_t id[KEEPER_TOKEN_ID],
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

/* As it is, or as a DER octet string: tokens differ. */
static enum base_code read_public(struct keeper_token *token, CK_OBJECT_HANDLE key, struct wire_key *out,
                                  struct base_error *err) {
  uint8_t point[2 + sizeof out->bytes];
  CK_ATTRIBUTE asked = {CKA_EC_POINT, point, sizeof point};
  CK_RV answer = token->call->C_GetAttributeValue(token->session, key, &asked, 1);
  if (answer != CKR_OK)
    return keeper_token_fail(token, answer, false, "it does not tell of its key", err);
  bool der = asked.ulValueLen == sizeof point && point[0] == 0x04 && point[1] == sizeof out->bytes;
  if (!der && asked.ulValueLen != sizeof out->bytes)
    return base_fail(err, BASE_CORRUPT, "the token %s has a key of another kind under this id", token->name);
  *out = (struct wire_key){.sign = 0};
  memcpy(out->bytes, point + (der ? 2 : 0), sizeof out->bytes);
  return BASE_OK;
}

enum base_code keeper_token_find(struct keeper_token *token, enum keeper_key_type type,
                                 const uint8_t id[KEEPER_TOKEN_ID], unsigned long *out, struct wire_key *out_public,
                                 struct base_error *err) {
  bool pair = type != KEEPER_KEY_EPOCH;
  CK_OBJECT_HANDLE public_key = 0, key;
  enum base_code code = find_one(token, pair ? CKO_PRIVATE_KEY : CKO_SECRET_KEY, id, &key, err);
  if (code == BASE_OK)
    code = check_kept(token, key, err);
  if (code == BASE_OK && pair)
    code = find_one(token, CKO_PUBLIC_KEY, id, &public_key, err);
  if (code == BASE_OK && pair)
    code = read_public(token, public_key, out_public, err);
  if (code == BASE_OK)
    *out = key;
  return code;
}

/* --- used */

enum base_code keeper_token_sign(struct keeper_token *token, unsigned long key, struct base_view message,
                                 uint8_t out[64], struct base_error *err) {
  CK_MECHANISM mechanism = {.mechanism = CKM_EDDSA};
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
