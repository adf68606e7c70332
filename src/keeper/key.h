/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_KEY_H
#define WASL_KEEPER_KEY_H

#include "wire/keeperform.h"

/* A key file: one secret, its type, and what it must fit; or what a secret in a token is found by. spec/keeper.md, "Key
 * files". */

enum keeper_key_type {
  KEEPER_KEY_LOG = WIRE_KEEPER_LOG,
  KEEPER_KEY_WITNESS = WIRE_KEEPER_WITNESS,
  KEEPER_KEY_SEAL = WIRE_KEEPER_SEAL,
  KEEPER_KEY_EPOCH = WIRE_KEEPER_EPOCH,
  KEEPER_KEY_TYPES = WIRE_KEEPER_TYPES
};

enum {
  KEEPER_TOKEN_ID = 16, /* bytes */
  KEEPER_TOKEN_IV = 16,
  KEEPER_KEY_IN_TOKEN = 1 + KEEPER_TOKEN_ID + KEEPER_TOKEN_IV + 32,                                    /* bytes */
  KEEPER_KEY_FILE_MAX = 8 + 1 + 4 + 8 + 8 + 4 + WIRE_ORIGIN_MAX + WIRE_KEY + KEEPER_KEY_IN_TOKEN + 32, /* bytes */
};

struct keeper_key {
  enum keeper_key_type type;
  uint32_t number;                  /* counts the node's keys of this type: 1, 2, 3 … */
  base_time from, until;            /* when it was made; the end of a sealing key, 0 for the others */
  char origin[WIRE_ORIGIN_MAX + 1]; /* whose node's key this is */
  struct wire_key public_key;       /* of an epoch key: its check value, see keeper_key_derive */
  struct base_secret secret;        /* zeroes for one in a token; of an epoch key once the token opened it */
  /* One in a token: its objects' id there; of an epoch key also the key under the AES key of that id. */
  bool in_token, going; /* going: to be destroyed, and perhaps gone from the token already */
  uint8_t id[KEEPER_TOKEN_ID], iv[KEEPER_TOKEN_IV], covered[32];
};

/* "log.key", "witness.key", "seal.key", "epoch.key"; from number 2 on "log-2.key" and so on. */
struct keeper_key_name {
  char text[32];
};
struct keeper_key_name keeper_key_name(enum keeper_key_type type, uint32_t number);
/* False unless text is exactly what keeper_key_name makes. */
bool keeper_key_named(const char *text, enum keeper_key_type *out_type, uint32_t *out_number);
/* What must stand in public_key for this secret: the Ed25519 or X25519 public key; for an epoch key the SHA-256 of a
 * domain line and the key, which tells nothing about it. */
BASE_NODISCARD enum base_code keeper_key_derive(enum keeper_key_type type, const struct base_secret *secret,
                                                struct wire_key *out, struct base_error *err);
/* A fresh key, its secret and public part; from is now. */
BASE_NODISCARD enum base_code keeper_key_make(enum keeper_key_type type, uint32_t number,
                                              const struct base_world *world, struct keeper_key *out,
                                              struct base_error *err);
/* Writes the file of its type and number, mode 0600, whole or not at all. public_key is taken as it stands. */
BASE_NODISCARD enum base_code keeper_key_write(int dir, const struct keeper_key *key, struct base_error *err);
/* The bytes of a key file of this type. BASE_CORRUPT for anything else: magic, type, length, checksum, origin, or a
 * public part that does not fit the secret; of one in a token only the token knows that. */
BASE_NODISCARD enum base_code keeper_key_parse(struct base_view bytes, enum keeper_key_type type,
                                               struct keeper_key *out, struct base_error *err);
/* Reads and parses it. BASE_PERMISSION when group or others have any right on the file. Wipe out when done. */
BASE_NODISCARD enum base_code keeper_key_read(int dir, enum keeper_key_type type, uint32_t number,
                                              struct keeper_key *out, struct base_error *err);
/* Destroys the file: written over with zeroes, made durable, removed. One that is not there is destroyed already. */
BASE_NODISCARD enum base_code keeper_key_destroy(int dir, enum keeper_key_type type, uint32_t number,
                                                 struct base_error *err);
/* Whether this is the name of a file whose destruction was begun, and may have been cut off; keeper_key_finish ends it. */
#define KEEPER_KEY_GONE ".gone"
bool keeper_key_gone(const char *text);
BASE_NODISCARD enum base_code keeper_key_finish(int dir, const char *name, struct base_error *err);

/* Opens a file of the keeper's folder that only its owner may touch: an ordinary file, no link, mode 0600 or less, else
 * BASE_PERMISSION. flags as open(2); the caller closes *out. */
BASE_NODISCARD enum base_code keeper_open_private(int dir, const char *name, int flags, int *out,
                                                  struct base_error *err);
/* A file made in it is the keeper's, whoever runs this: root gives it to the folder's owner. */
BASE_NODISCARD enum base_code keeper_give_to_owner(int dir, const char *name, struct base_error *err);

#endif
