/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_KEEPERFORM_H
#define WASL_WIRE_KEEPERFORM_H

#include "wire/register.h"

/* What core and keeper say to each other: fixed binary forms, big-endian, one spelling per value. spec/keeper.md. Core
 * writes requests and reads answers, the keeper the other way round; both by these functions. The request `keeper.info`
 * is empty, that of `keeper.remembers` is the bare origin; the answers to `keeper.attest` (the signed note) and
 * `keeper.cosign` (the signature line) are the bare text. */

enum {
  WIRE_KEEPER_WRAP_MAX = 512, /* keys in one request */
  WIRE_KEEPER_WRAPPED = 40,   /* bytes: AES-256 key wrap (RFC 3394) of 32 */
  WIRE_KEEPER_KEY_ID = 8,     /* bytes of a sealing key's id */
};

struct wire_keeper_info {
  char origin[WIRE_ORIGIN_MAX + 1];
  struct wire_key log, witness;
  struct wire_seal_key seal;
  uint32_t epoch;
  uint64_t size;
  struct base_hash root;
};
void wire_keeper_info_write(const struct wire_keeper_info *info, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_info_parse(struct base_view bytes, struct wire_keeper_info *out,
                                                     struct base_error *err);

/* The answer to `keeper.remembers`. */
void wire_keeper_remembers_write(uint64_t size, const struct base_hash *root, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_remembers_parse(struct base_view bytes, uint64_t *size,
                                                          struct base_hash *root, struct base_error *err);

/* A consistency proof, as both requests carry it. count must be at most WIRE_PROOF_HASHES_MAX: more fails the buffer.
 */
struct wire_keeper_attest {
  uint64_t size;
  struct base_hash root;
  size_t count;
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
};
void wire_keeper_attest_write(uint64_t size, const struct base_hash *root, const struct base_hash *proof, size_t count,
                              struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_attest_parse(struct base_view bytes, struct wire_keeper_attest *out,
                                                       struct base_error *err);

struct wire_keeper_cosign {
  struct wire_key log_key;
  uint64_t old_size;
  size_t count;
  struct base_hash proof[WIRE_PROOF_HASHES_MAX];
  struct base_view note; /* points into the parsed bytes */
};
void wire_keeper_cosign_write(const struct wire_key *log_key, struct base_view note, uint64_t old_size,
                              const struct base_hash *proof, size_t count, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_cosign_parse(struct base_view bytes, struct wire_keeper_cosign *out,
                                                       struct base_error *err);

struct wire_keeper_decapsulate {
  uint8_t key_id[WIRE_KEEPER_KEY_ID];
  struct wire_key enc;
};
void wire_keeper_decapsulate_write(const uint8_t key_id[WIRE_KEEPER_KEY_ID], const struct wire_key *enc,
                                   struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_decapsulate_parse(struct base_view bytes, struct wire_keeper_decapsulate *out,
                                                            struct base_error *err);
/* The answer: 32 bytes. */
BASE_NODISCARD enum base_code wire_keeper_shared_parse(struct base_view bytes, uint8_t out[32], struct base_error *err);

/* Keys in the clear: the request of wrap and the answer of unwrap. Parsed, *out points into the bytes. */
void wire_keeper_keys_write(const struct base_secret *keys, size_t count, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_keys_parse(struct base_view bytes, const struct base_secret **out,
                                                     size_t *count, struct base_error *err);
/* Wrapped keys with the number of the epoch key: the answer of wrap and the request of unwrap. Likewise. */
void wire_keeper_wrapped_write(uint32_t epoch, const uint8_t (*wrapped)[WIRE_KEEPER_WRAPPED], size_t count,
                               struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_wrapped_parse(struct base_view bytes, uint32_t *epoch,
                                                        const uint8_t (**out)[WIRE_KEEPER_WRAPPED], size_t *count,
                                                        struct base_error *err);

#endif
