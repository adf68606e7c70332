/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_KEEPERFORM_H
#define WASL_WIRE_KEEPERFORM_H

#include "wire/register.h"

/* What core and keeper say to each other: fixed binary forms, big-endian, one spelling per value. spec/keeper.md. Core
 * writes requests and reads answers, the keeper the other way round; both by these functions. The request `keeper.info`
 * is empty, that of `keeper.remembers` is the bare origin; the answers to `keeper.attest` (the signed note) and
 * `keeper.cosign` (the signature line) are the bare text, those to `keeper.follow` and `keeper.forget` are empty. */

enum {
  WIRE_KEEPER_WRAP_MAX = 512,       /* keys in one request */
  WIRE_KEEPER_WRAPPED = 40,         /* bytes: AES-256 key wrap (RFC 3394) of 32 */
  WIRE_KEEPER_KEY_ID = 8,           /* bytes of a sealing key's id */
  WIRE_KEEPER_KEYS_MAX = 16,        /* keys that a keeper holds */
  WIRE_KEEPER_MARK = 16,            /* bytes: of the list of erasures up to a place */
  WIRE_KEEPER_ERASED_MAX = 1 << 20, /* records in that list */
};

enum wire_keeper_type {
  WIRE_KEEPER_LOG = 1,
  WIRE_KEEPER_WITNESS,
  WIRE_KEEPER_SEAL,
  WIRE_KEEPER_EPOCH,
  WIRE_KEEPER_TYPES
};
/* Of log and witness keys: made and not on a card yet; those that sign; those before them, until they are destroyed. Of
 * epoch keys: the one that wraps, and those before it. A sealing key is in force as long as it is there. */
enum wire_keeper_state { WIRE_KEEPER_WAITING, WIRE_KEEPER_IN_FORCE, WIRE_KEEPER_OLD, WIRE_KEEPER_STATES };
struct wire_keeper_key {
  enum wire_keeper_type type;
  uint32_t number; /* counts the node's keys of the type: 1, 2, 3 … */
  enum wire_keeper_state state;
  base_time from, until;      /* made; the end of a sealing key, 0 for the others */
  struct wire_key public_key; /* of an epoch key a value that tells nothing of it */
};
struct wire_keeper_info {
  char origin[WIRE_ORIGIN_MAX + 1];
  uint32_t generation;   /* of the card that the keeper signed last, 1 before any */
  struct base_hash card; /* SHA-256 of it, zero before any */
  uint64_t size;         /* of the own head signed last, 0: none yet */
  struct base_hash root;
  size_t count;
  struct wire_keeper_key keys[WIRE_KEEPER_KEYS_MAX]; /* by type, then number */
};
/* The one in force of a type other than seal; NULL when there is none. */
const struct wire_keeper_key *wire_keeper_key_in_force(const struct wire_keeper_info *info, enum wire_keeper_type type);
void wire_keeper_info_write(const struct wire_keeper_info *info, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_info_parse(struct base_view bytes, struct wire_keeper_info *out,
                                                     struct base_error *err);

/* The answer to `keeper.remembers`. */
struct wire_keeper_memory {
  uint64_t size; /* of the head cosigned last, 0: none */
  struct base_hash root;
  struct wire_key log; /* the key that the register is followed under; zeroes: none yet */
};
void wire_keeper_memory_write(const struct wire_keeper_memory *memory, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_memory_parse(struct base_view bytes, struct wire_keeper_memory *out,
                                                       struct base_error *err);

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

/* A card follows another: the head as for attest, and the new card. The answer: the succession, then the head. */
struct wire_keeper_succeed {
  struct wire_keeper_attest head;
  struct base_view card; /* points into the parsed bytes */
};
void wire_keeper_succeed_write(const struct wire_keeper_succeed *form, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_succeed_parse(struct base_view bytes, struct wire_keeper_succeed *out,
                                                        struct base_error *err);
struct wire_keeper_succeeded {
  struct base_view succession, note; /* point into the parsed bytes */
};
void wire_keeper_succeeded_write(const struct wire_keeper_succeeded *form, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_succeeded_parse(struct base_view bytes, struct wire_keeper_succeeded *out,
                                                          struct base_error *err);

/* keeper.card: the generation. */
void wire_keeper_generation_write(uint32_t generation, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_generation_parse(struct base_view bytes, uint32_t *generation,
                                                           struct base_error *err);
/* The answer, and the form of the keeper's file: a card, and the succession that it signed over it. */
struct wire_keeper_card {
  struct base_view card, succession; /* point into the parsed bytes */
};
enum { WIRE_KEEPER_CARD_MAX = 4 + WIRE_CARD_MAX + 4 + WIRE_NOTE_MAX }; /* bytes */
void wire_keeper_card_write(const struct wire_keeper_card *form, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_card_parse(struct base_view bytes, struct wire_keeper_card *out,
                                                     struct base_error *err);

/* A partner's register goes on under another key. */
struct wire_keeper_follow {
  struct wire_key old_key, new_key;
  struct base_view succession; /* points into the parsed bytes */
};
void wire_keeper_follow_write(const struct wire_keeper_follow *form, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_follow_parse(struct base_view bytes, struct wire_keeper_follow *out,
                                                       struct base_error *err);

/* keeper.renew: which keys are to be made, a bit (1 << type) for each. The answer is that of keeper.info. */
void wire_keeper_renew_write(unsigned types, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_renew_parse(struct base_view bytes, unsigned *types, struct base_error *err);
/* keeper.forget: the key to be destroyed. */
void wire_keeper_forget_write(enum wire_keeper_type type, uint32_t number, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_forget_parse(struct base_view bytes, enum wire_keeper_type *type,
                                                       uint32_t *number, struct base_error *err);

struct wire_keeper_decapsulate {
  uint8_t key_id[WIRE_KEEPER_KEY_ID];
  struct wire_enc enc;
};
void wire_keeper_decapsulate_write(const uint8_t key_id[WIRE_KEEPER_KEY_ID], const struct wire_enc *enc,
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

/* keeper.retire: messages that were erased, each with its wrapped key. epoch 0: there is none (any more), and the 40
 * bytes are zeroes. */
struct wire_keeper_erased {
  struct base_id message;
  uint32_t epoch;
  uint8_t wrapped[WIRE_KEEPER_WRAPPED];
};
void wire_keeper_retire_write(const struct wire_keeper_erased *list, size_t count, struct base_buf *out);
/* out: WIRE_KEEPER_WRAP_MAX. */
BASE_NODISCARD enum base_code wire_keeper_retire_parse(struct base_view bytes, struct wire_keeper_erased *out,
                                                       size_t *count, struct base_error *err);
/* Where a list of erasures stands after so many records: two lists with the same mark are the same up to there. */
struct wire_keeper_mark {
  uint8_t bytes[WIRE_KEEPER_MARK];
};
/* The answer. */
struct wire_keeper_retired {
  uint64_t total; /* records in the keeper's list */
  struct wire_keeper_mark mark;
  uint16_t unopened; /* keys that did not unwrap: the message alone is remembered */
};
void wire_keeper_retired_write(const struct wire_keeper_retired *retired, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_retired_parse(struct base_view bytes, struct wire_keeper_retired *out,
                                                        struct base_error *err);
/* keeper.retired: the list from a record on, at most so many (WIRE_KEEPER_WRAP_MAX). */
void wire_keeper_list_write(uint64_t from, size_t most, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_list_parse(struct base_view bytes, uint64_t *from, size_t *most,
                                                     struct base_error *err);
/* The answer: the mark is that before the first of them, zeroes when the list is shorter than that. */
struct wire_keeper_listed {
  uint64_t total;
  struct wire_keeper_mark mark;
  size_t count;
  struct base_id messages[WIRE_KEEPER_WRAP_MAX];
};
void wire_keeper_listed_write(const struct wire_keeper_listed *listed, struct base_buf *out);
BASE_NODISCARD enum base_code wire_keeper_listed_parse(struct base_view bytes, struct wire_keeper_listed *out,
                                                       struct base_error *err);

#endif
