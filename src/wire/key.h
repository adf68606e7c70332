/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_KEY_H
#define WASL_WIRE_KEY_H

#include "wire/json.h"

/* Public keys as octets. Ed25519 (RFC 8032) and X25519 (RFC 7748) have 32; of P-256 (FIPS 186-5) it is the point as
 * SEC 1 compresses it, 33. What is read here has the form of a key; whether a point is on its curve only
 * seal_key_valid knows, which is asked of every card and verifier key before one of its keys is used. */

enum {
  WIRE_KEY = 33,        /* bytes of a key in fixed forms: a zero and an Ed25519 or X25519 key, or a point of P-256 */
  WIRE_ENC_X25519 = 32, /* bytes of an ephemeral public key, as HPKE writes it (RFC 9180 section 7.1.1) */
  WIRE_ENC_P256 = 65,   /* 4, x, y */
};

struct wire_key {
  uint8_t bytes[32]; /* the key; of P-256 x */
  uint8_t sign;      /* of P-256 2 or 3, as y is even or odd; 0: no point of P-256 */
};
_Static_assert(sizeof(struct wire_key) == WIRE_KEY, "a key is compared and copied as a whole");
static inline bool wire_key_p256(const struct wire_key *key) {
  return key->sign != 0;
}
bool wire_key_equal(const struct wire_key *a, const struct wire_key *b);
bool wire_key_none(const struct wire_key *key); /* all zeroes: no key */

/* The octets that are hashed and written in texts, and how many: 32 or 33. */
size_t wire_key_octets(const struct wire_key *key, uint8_t out[WIRE_KEY]);
/* False when they have the form of no key. */
bool wire_key_of_octets(struct base_view octets, struct wire_key *out);
/* WIRE_KEY bytes in fixed forms. Reading what is none fails the reader. */
void wire_key_write(const struct wire_key *key, struct base_buf *out);
void wire_key_read(struct base_reader *reader, struct wire_key *out);
/* A member of a document: the octets in hex. */
void wire_object_key(struct wire_object *object, const char *name, struct wire_key *out);
void wire_write_member_key(struct wire_writer *writer, const char *name, const struct wire_key *key);

/* An ephemeral public key. */
struct wire_enc {
  uint8_t bytes[WIRE_ENC_P256]; /* of X25519 the first WIRE_ENC_X25519 */
  bool p256;
};
static inline size_t wire_enc_size(const struct wire_enc *enc) {
  return enc->p256 ? WIRE_ENC_P256 : WIRE_ENC_X25519;
}
/* False unless they are of one of the two lengths, and a point of P-256 is not compressed. */
bool wire_enc_of_octets(struct base_view octets, struct wire_enc *out);

#endif
