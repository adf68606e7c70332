/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_KEEPER_H
#define WASL_KEEPER_H

#include "keeper/key.h"
#include "seal/seal.h"

/* The private keys, and what may be done with them. Files in the keeper's folder (mode 0600): spec/keeper.md.
 * The payloads between core and keeper are binary and fixed-form (big-endian), described there and written by the
 * functions of wire/keeperform.h, which core uses too, so that both sides share one spelling. */

enum {
  KEEPER_PARTNERS_MAX = 1024,             /* registers it remembers heads of */
  KEEPER_WRAP_MAX = WIRE_KEEPER_WRAP_MAX, /* keys in one request */
  KEEPER_WRAPPED = WIRE_KEEPER_WRAPPED,   /* bytes: AES-256 key wrap (RFC 3394) of 32 */
  KEEPER_SEAL_DAYS = 90 + 30,             /* a sealing key's life: in use, and the overlap for sticks */
};

struct keeper;
/* Makes all keys in the folder, which must be empty: log (Ed25519), witness (Ed25519), seal (X25519), epoch (AES-256).
 * entropy from world. */
BASE_NODISCARD enum base_code keeper_init(int dir, struct base_view name, const struct base_world *world,
                                          struct base_error *err);
/* The same with the keys in a token (of P-256 where it has no Ed25519 or no X25519), and the epoch key in its file
 * under a key in the token. token: the text of token.conf (keeper/token.h). */
BASE_NODISCARD enum base_code keeper_init_in_token(int dir, struct base_view name, struct base_view token,
                                                   const struct base_world *world, struct base_error *err);
/* For a register that lost leaves, its keeper not running: from now on the next epoch is signed, from its first head
 * on, and the one before is closed for ever. number: which one it is to be, needed when the memory of heads is missing
 * (it is made anew then, and knows nothing of partners' heads); 0: the next. data: what it goes on from. A refusal
 * changes nothing. out: the origin of the new epoch. */
struct keeper_data {
  struct base_view card; /* the newest of the data, BASE_ROLLBACK when the keeper signed another one since, or is older
                            than it; empty: that is not compared */
  uint32_t oldest, newest; /* the epoch keys that they are under, BASE_ROLLBACK when one is not held; 0: under none */
  uint32_t epoch;          /* of the register in them: the next one is above it; 0: not known */
  struct base_view origin; /* whose they are, BASE_WRONG_KEY when not this keeper's; empty: not known */
};
BASE_NODISCARD enum base_code keeper_epoch_open(int dir, uint32_t number, const struct keeper_data *data,
                                                const struct base_world *world, char out[WIRE_ORIGIN_MAX + 1],
                                                struct base_error *err);
/* Whose keys lie in the folder, as a file of theirs says; no token is asked. */
BASE_NODISCARD enum base_code keeper_whose(int dir, char out[WIRE_ORIGIN_MAX + 1], struct base_error *err);
/* Takes away what keeper_init or keeper_init_in_token made, also in the token when that lets itself be opened, for a
 * caller that cannot finish the node. */
void keeper_remove(int dir);
/* Opens the keys and the memory of heads; locks the folder against a second keeper. */
BASE_NODISCARD enum base_code keeper_open(int dir, const struct base_world *world, struct keeper **out,
                                          struct base_error *err);
void keeper_close(struct keeper *keeper);

/* A write of its memory failed, or its token went away: it signs nothing any more. Its process ends, and the next one
 * reads what there is. */
bool keeper_broken(const struct keeper *keeper);
/* It was the token. */
bool keeper_without_token(const struct keeper *keeper);

/* What core may know: the keys with their public halves, the card and the head signed last. */
void keeper_describe(const struct keeper *keeper, struct wire_keeper_info *out);

/* --- keys that change */
/* Makes a new key of each type named by a bit (1 << type). A sealing key opens, and an epoch key wraps, from now on; a
 * log or witness key waits until a card names it (keeper_succeed), and as long as one waits no other is made.
 * BASE_POLICY when as many are held as a card can list, BASE_CONFLICT while an older epoch key is still there. */
BASE_NODISCARD enum base_code keeper_renew(struct keeper *keeper, unsigned types, struct base_error *err);
/* The card follows the one signed last. Every key that it names must be this keeper's own (TLS pins are not looked at),
 * and of each card only one successor is signed; that one again and again. Checks the head as keeper_attest does and
 * signs it twice: with the line that names the card, by the log keys before and after (out_succession), and by the new
 * key alone (out_note), which signs from here on. A sealing key's `until` may be earlier than it was, never later. */
BASE_NODISCARD enum base_code keeper_succeed(struct keeper *keeper, uint64_t size, const struct base_hash *root,
                                             const struct base_hash *proof, size_t count, struct base_view card,
                                             struct base_buf *out_succession, struct base_buf *out_note,
                                             struct base_error *err);
/* The card of this generation with the succession that was signed over it (wire_keeper_card_write): the keeper keeps
 * each, because nobody else can bring back one that the data have lost. BASE_NOT_FOUND when it signed none. */
BASE_NODISCARD enum base_code keeper_card(const struct keeper *keeper, uint32_t generation, struct base_buf *out,
                                          struct base_error *err);
/* A partner's register goes on under another log key: the succession must be signed by both, the old one must be the
 * one remembered (of a register never seen, the one to which its digits belong), and no head under the old key may have
 * been cosigned that is as large. Once more is no error. */
BASE_NODISCARD enum base_code keeper_follow(struct keeper *keeper, const struct wire_key *old_key,
                                            const struct wire_key *new_key, struct base_view succession,
                                            struct base_error *err);
/* Destroys a key, file and memory. BASE_POLICY for one in force, and for the last sealing key. One that is not there
 * was destroyed before. */
BASE_NODISCARD enum base_code keeper_forget(struct keeper *keeper, enum keeper_key_type type, uint32_t number,
                                            struct base_error *err);

/* --- heads */
/* Signs the head {size, root} of our own register, only when the proof shows it consistent with the head signed last
 * (size 0: the first). The same head again is signed again. The memory is on disk before the signature leaves.
 * out_note: the signed checkpoint. BASE_FORK for a head that contradicts, BASE_ROLLBACK for a smaller one. */
BASE_NODISCARD enum base_code keeper_attest(struct keeper *keeper, uint64_t size, const struct base_hash *root,
                                            const struct base_hash *proof, size_t count, struct base_buf *out_note,
                                            struct base_error *err);
/* Cosigns a partner's signed checkpoint with the witness key and the keeper's own clock (never decreasing): the note
 * must be signed by log_key (the one remembered; of a register never seen, whose digits the origin carries), and be
 * consistent with the head of that origin cosigned last. An older or contradicting head is BASE_ROLLBACK / BASE_FORK, a
 * proof from another base BASE_CONSISTENCY (the answer names the size that is wanted). out_line: the signature line "—
 * …\n". */
BASE_NODISCARD enum base_code keeper_cosign(struct keeper *keeper, const struct wire_key *log_key,
                                            struct base_view note, uint64_t old_size, const struct base_hash *proof,
                                            size_t count, struct base_buf *out_line, struct base_error *err);
/* The head of this partner's register that was cosigned last, and the key it is followed under, of an epoch of which no
 * head was cosigned the key that the one before ended with; zeroes when there is none. Core asks at its start, because
 * this memory, not core's, decides which consistency proof is wanted. */
BASE_NODISCARD enum base_code keeper_remembers(const struct keeper *keeper, struct base_view origin,
                                               struct wire_keeper_memory *out, struct base_error *err);
/* --- secrets */
/* HPKE Decap (RFC 9180 4.1) with the sealing key of this id. BASE_UNSEAL when enc is of another suite, or no key. */
BASE_NODISCARD enum base_code keeper_decapsulate(struct keeper *keeper, const uint8_t key_id[8],
                                                 const struct wire_enc *enc, uint8_t out_shared[32],
                                                 struct base_error *err);
/* Message keys under the epoch key. out_epoch names the key that wrapped them. */
BASE_NODISCARD enum base_code keeper_wrap(struct keeper *keeper, const struct base_secret *keys, size_t count,
                                          uint8_t (*out)[KEEPER_WRAPPED], uint32_t *out_epoch, struct base_error *err);
BASE_NODISCARD enum base_code keeper_unwrap(struct keeper *keeper, uint32_t epoch,
                                            const uint8_t (*wrapped)[KEEPER_WRAPPED], size_t count,
                                            struct base_secret *out, struct base_error *err);
/* The keys of messages that were erased: on disk before it returns, and from then on none of them is unwrapped again,
 * whatever epoch key wraps it. One whose key is gone or does not open is remembered by its id, and counted in
 * out->unopened. What is remembered already is not noted again. Failures: as keeper_retired_add. */
BASE_NODISCARD enum base_code keeper_retire(struct keeper *keeper, const struct wire_keeper_erased *list, size_t count,
                                            struct wire_keeper_retired *out, struct base_error *err);
/* The messages that were erased, from this record on, at most so many. */
BASE_NODISCARD enum base_code keeper_list(const struct keeper *keeper, uint64_t from, size_t most,
                                          struct wire_keeper_listed *out, struct base_error *err);

#endif
