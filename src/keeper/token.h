/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_TOKEN_H
#define WASL_KEEPER_TOKEN_H

#include "keeper/key.h"

/* A token that holds keys: an HSM, or SoftHSM, behind a PKCS#11 module that the keeper loads. What is made in it is
 * used in it and never leaves it. docs/keys.md, "Keys in a token"; spec/keeper.md, "Token". */

#define KEEPER_TOKEN_FILE "token.conf"
#define KEEPER_TOKEN_REFUSED "pin.refused"
enum {
  KEEPER_TOKEN_FILE_MAX = 8192,     /* bytes of token.conf */
  KEEPER_TOKEN_TEXT_MAX = 255,      /* bytes of a path, or of a variable with its name */
  KEEPER_TOKEN_PATHS_MAX = 8,       /* files and folders that the module is allowed */
  KEEPER_TOKEN_ENVIRONMENT_MAX = 8, /* variables */
  KEEPER_TOKEN_PIN_MAX = 255,       /* bytes */
  KEEPER_TOKEN_MARK = 159,          /* bytes */
};

/* What token.conf says. */
struct keeper_token_conf {
  char module[KEEPER_TOKEN_TEXT_MAX + 1], pin[KEEPER_TOKEN_TEXT_MAX + 1]; /* absolute paths */
  /* Which token: what is not empty must fit. The lengths are those of CK_TOKEN_INFO. */
  char label[32 + 1], manufacturer[32 + 1], model[16 + 1], serial[16 + 1];
  size_t environment_count, path_count;
  char environment[KEEPER_TOKEN_ENVIRONMENT_MAX][KEEPER_TOKEN_TEXT_MAX + 1]; /* NAME=VALUE */
  struct {
    char path[KEEPER_TOKEN_TEXT_MAX + 1];
    bool write;
  } paths[KEEPER_TOKEN_PATHS_MAX];
};
/* The lines of a token.conf: `pkcs11 = URI` once (RFC 7512: which token; module-path and pin-source=file:… are needed,
 * a PIN itself is refused), `environment = NAME=VALUE`, `read = PATH`, `write = PATH`. BASE_FIELD names what is wrong.
 */
BASE_NODISCARD enum base_code keeper_token_conf_parse(struct base_view text, struct keeper_token_conf *out,
                                                      struct base_error *err);
/* Such a text of what stands in a command: lists separated by commas, "" for none. */
void keeper_token_conf_write(const char *uri, const char *environment, const char *read, const char *write,
                             struct base_buf *out);
/* That of a keeper's folder; *out_there is false when its keys are files. */
BASE_NODISCARD enum base_code keeper_token_conf_read(int dir, struct keeper_token_conf *out, bool *out_there,
                                                     struct base_error *err);

struct keeper_pin {
  char text[KEEPER_TOKEN_PIN_MAX + 1];
  size_t size;
  char mark[KEEPER_TOKEN_MARK + 1]; /* what tells this writing of the file from another; nothing of the PIN */
};
/* From its file, which only its owner may read; wipe it. BASE_POLICY when the token refused what stands there before,
 * and the file was not written since: a token locks itself after a few wrong ones. */
BASE_NODISCARD enum base_code keeper_pin_read(int dir, const struct keeper_token_conf *conf, struct keeper_pin *out,
                                              struct base_error *err);
/* Remembers in the folder that this one was refused. */
BASE_NODISCARD enum base_code keeper_pin_refused(int dir, const struct keeper_pin *pin, struct base_error *err);

struct keeper_token;
/* Loads the module and logs in, once. BASE_NOT_RUNNING: the token is not there, which may pass; BASE_PERMISSION: it
 * refuses the PIN, which is remembered; BASE_POLICY: it was not asked, because that would be one wrong PIN too many;
 * BASE_KIND: it has neither Ed25519 and X25519 nor P-256 in their place. dir: the keeper's folder. The rights of the
 * process must allow what the module does. */
BASE_NODISCARD enum base_code keeper_token_open(int dir, const struct keeper_token_conf *conf,
                                                struct keeper_token **out, struct base_error *err);
void keeper_token_close(struct keeper_token *token);
/* It went away, or does what it should not: nothing is asked of it any more. The keeper's process ends, and the next
 * one begins with a new session. */
bool keeper_token_lost(const struct keeper_token *token);
/* Lost from now on, because of what it did. BASE_IO. */
enum base_code keeper_token_distrust(struct keeper_token *token, const char *what, struct base_error *err);

/* --- keys in it. id: what its objects are found by (CKA_ID) */
/* log, witness: Ed25519; seal: X25519; of what the token has not: P-256; epoch: AES-256, under which the key of a file
 * is put. Not extractable. label: for whoever looks into the token. out_public of the first three. After a failure
 * something may be there: destroy it. */
BASE_NODISCARD enum base_code keeper_token_make(struct keeper_token *token, enum keeper_key_type type,
                                                const char *label, const uint8_t id[KEEPER_TOKEN_ID],
                                                struct wire_key *out_public, struct base_error *err);
/* What the other functions name it by; no pointer. BASE_NOT_FOUND when it is not there. The first three also with their
 * public half. */
BASE_NODISCARD enum base_code keeper_token_find(struct keeper_token *token, enum keeper_key_type type,
                                                const uint8_t id[KEEPER_TOKEN_ID], unsigned long *out,
                                                struct wire_key *out_public, struct base_error *err);
/* Ed25519, or ECDSA over P-256 with SHA-256. The caller verifies what the token made. */
BASE_NODISCARD enum base_code keeper_token_sign(struct keeper_token *token, unsigned long key, bool p256,
                                                struct base_view message, uint8_t out[64], struct base_error *err);
/* X25519, or ECDH over P-256: x of the shared point. enc is a partner's, and of the key's kind: BASE_UNSEAL when the
 * token does not take it. */
BASE_NODISCARD enum base_code keeper_token_agree(struct keeper_token *token, unsigned long key,
                                                 const struct wire_enc *enc, uint8_t out[32], struct base_error *err);
/* AES-256-CBC of two blocks that look like nothing; that it opened right the caller sees from the key's check value. */
BASE_NODISCARD enum base_code keeper_token_cover(struct keeper_token *token, unsigned long key, bool open,
                                                 const uint8_t iv[KEEPER_TOKEN_IV], const uint8_t in[32],
                                                 uint8_t out[32], struct base_error *err);
/* All its objects; none left is fine. */
BASE_NODISCARD enum base_code keeper_token_destroy(struct keeper_token *token, const uint8_t id[KEEPER_TOKEN_ID],
                                                   struct base_error *err);

#endif
