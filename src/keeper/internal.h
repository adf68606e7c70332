/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_INTERNAL_H
#define WASL_KEEPER_INTERNAL_H

#include <openssl/evp.h>

#include "keeper/heads.h"
#include "keeper/keeper.h"
#include "keeper/key.h"
#include "keeper/retired.h"
#include "keeper/token.h"
#include "keeper/wrap.h"

enum { KEEPER_SIGNATURE = 64 }; /* bytes of a signature */

/* A key in memory, or in the token. Secrets are in OpenSSL's own objects alone, loaded once; Ed25519 and X25519 keys
 * lie in its secure heap. */
struct keeper_held {
  enum keeper_key_type type;
  uint32_t number;
  base_time from, until;
  struct wire_key public_key;
  EVP_PKEY *key; /* log, witness, seal; NULL when it is in the token */
  bool in_token;
  unsigned long object;             /* there; of an epoch key what opened it */
  struct keeper_wrapping *wrapping; /* epoch */
};
struct keeper {
  const struct base_world *world;
  char origin[WIRE_ORIGIN_MAX + 1];
  char register_origin[WIRE_ORIGIN_MAX + 1]; /* of the epoch that is signed */
  int dir;                                   /* the folder, for keys made and destroyed */
  size_t count;
  struct keeper_held keys[WIRE_KEEPER_KEYS_MAX]; /* by type, then number */
  struct keeper_token *token;                    /* NULL: all keys are files */
  EVP_MD_CTX *signing;
  struct keeper_heads *heads;
  struct keeper_retired *retired;
  bool clock_told; /* the log has been told that the clock is behind */
};

/* X25519 (RFC 7748). BASE_UNSEAL for the all-zero result that a point of small order gives (RFC 9180 7.1.4), and for
 * that alone, since whoever made enc is blamed for it; BASE_MEMORY. key may be NULL, when it could not be made. */
BASE_NODISCARD enum base_code keeper_diffie_hellman(EVP_PKEY *key, const struct wire_enc *enc, uint8_t out[32],
                                                    struct base_error *err);

/* --- where a key is: in its file, or in the token (place.c) */
/* A fresh key, its public part; in the token when there is one. Its file is not written. name: the node's. */
BASE_NODISCARD enum base_code keeper_place_make(struct keeper_token *token, enum keeper_key_type type, uint32_t number,
                                                struct base_view name, const struct base_world *world,
                                                struct keeper_key *out, struct base_error *err);
/* Takes one out of the token whose file could not be written. */
void keeper_place_unmake(struct keeper_token *token, const struct keeper_key *key);
/* Of a key read from its file: what is in the token must be there and fit. An epoch key is opened, so wipe it.
 * *out_object: by what the token knows it. */
BASE_NODISCARD enum base_code keeper_place_open(struct keeper_token *token, struct keeper_key *key,
                                                unsigned long *out_object, struct base_error *err);
/* Destroys it in the token, then its file. Cut off anywhere it is taken up by the next call. */
BASE_NODISCARD enum base_code keeper_place_destroy(int dir, struct keeper_token *token, enum keeper_key_type type,
                                                   uint32_t number, struct base_error *err);

/* --- keys held (ring.c) */
/* Opens the token when there is one, and reads every key file of the folder. All must be of one node, and one there. */
BASE_NODISCARD enum base_code keeper_ring_load(struct keeper *keeper, struct base_error *err);
/* The memory takes the number of a sealing or an epoch key whose file is durable: an older one is not taken in its
 * place from then on, and the number is given to no other. */
BASE_NODISCARD enum base_code keeper_ring_made(struct keeper *keeper, enum keeper_key_type type, uint32_t number,
                                               struct base_error *err);
void keeper_ring_free(struct keeper *keeper);
/* NULL when it is not held. */
const struct keeper_held *keeper_ring_find(const struct keeper *keeper, enum keeper_key_type type, uint32_t number);
const struct keeper_held *keeper_ring_newest(const struct keeper *keeper, enum keeper_key_type type);
const struct keeper_held *keeper_ring_seal(const struct keeper *keeper, const uint8_t id[WIRE_KEEPER_KEY_ID]);
void keeper_seal_id(const struct wire_key *key, uint8_t out[WIRE_KEEPER_KEY_ID]);

/* --- cards that were signed (cards.c) */
#define KEEPER_CARD_FILE "card-%u.signed"
/* Durable before the succession leaves. */
BASE_NODISCARD enum base_code keeper_card_keep(int dir, uint32_t generation, struct base_view card,
                                               struct base_view succession, struct base_error *err);
/* *out points into bytes. BASE_NOT_FOUND: none of this generation is kept. */
BASE_NODISCARD enum base_code keeper_card_read(int dir, uint32_t generation, struct base_buf *bytes,
                                               struct wire_keeper_card *out, struct base_error *err);
/* Whether the one that is kept is this very card. */
bool keeper_card_holds(int dir, uint32_t generation, struct base_view card);
/* The memory knows no card that was signed, and another one of this generation is kept: the memory was made anew. With a
 * memory that knows, one that is kept and not in it never left. */
bool keeper_card_other(const struct keeper *keeper, uint32_t generation, struct base_view card);
/* The highest generation of which a file is there, 0 for none. */
uint32_t keeper_cards_newest(int dir);
/* From the card in newest, of this hash and generation, as far as those that are kept follow one another, at most to the
 * generation most: *hash, *generation and newest become those of the last. Where it ends before that, err says why. */
BASE_NODISCARD enum base_code keeper_cards_follow(int dir, uint32_t most, struct base_hash *hash, uint32_t *generation,
                                                  struct base_buf *newest, struct base_error *err);

/* --- signatures (sign.c) */
BASE_NODISCARD enum base_code keeper_sign(struct keeper *keeper, const struct keeper_held *held,
                                          struct base_view message, uint8_t out[KEEPER_SIGNATURE],
                                          struct base_error *err);
/* A line of the held log key under the text, appended to out. */
BASE_NODISCARD enum base_code keeper_sign_line(struct keeper *keeper, const struct keeper_held *held,
                                               struct base_view text, struct base_buf *out, struct base_error *err);
/* May a signature follow the remembered head with this one? All signers of heads ask here and nowhere else. old_size:
 * what the proof starts from. */
BASE_NODISCARD enum base_code keeper_follows(const struct keeper_head *last, uint64_t size,
                                             const struct base_hash *root, uint64_t old_size,
                                             const struct base_hash *proof, size_t count, struct base_error *err);
/* The record of the last epoch of that register before this one of which anything is remembered; KEEPER_NO_RECORD. */
uint32_t keeper_epoch_before(const struct keeper *keeper, struct base_view origin);
/* The register that a key may sign heads of: wasl/NAME/ and the key's digits, or a later epoch of it. */
bool keeper_origin_fits(struct base_view origin, const struct wire_key *first_log_key);

#endif
