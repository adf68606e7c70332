/* SPDX-License-Identifier: Apache-2.0
 * A register that lost leaves goes on in a new epoch: ours (epoch.c), and a partner's (renewed.c). spec/epoch.md. */
#ifndef WASL_CORE_EPOCH_H
#define WASL_CORE_EPOCH_H

#include "core/cards.h"
#include "core/partners.h"

/* --- epoch.c: our own register */
/* Asks the keeper what it holds: core->info, with the epoch of the register taken off the origin into core->epoch. */
void core_epoch_split(struct core *core);
BASE_NODISCARD enum base_code core_epoch_ask(struct core *core, struct base_error *err);
/* What our heads bear now: the origin of the present epoch, and the verifier key with its name and id in it. */
void core_epoch_origin(const struct core *core, char out[WIRE_ORIGIN_MAX + 1]);
void core_epoch_key(const struct core *core, struct base_buf *out);
/* Whether the keeper signs an epoch that the store does not know, and has signed nothing under it. */
BASE_NODISCARD enum base_code core_epoch_begins(struct core *core, bool *out, struct base_error *err);
/* The epoch that the register in these data is in, and the leaf that it began with (0 for the first). */
BASE_NODISCARD enum base_code core_epoch_stored(struct store *store, uint32_t *out, uint64_t *start,
                                                struct base_error *err);
/* After the partners were loaded: where our present epoch began. One that the keeper signs and the store does not know
 * yet begins here, with its first leaves, in the step under way. */
BASE_NODISCARD enum base_code core_epoch_open(struct core *core, struct base_error *err);
/* What is stored about him in our present epoch. */
BASE_NODISCARD enum base_code core_epoch_told_load(struct core *core, struct core_partner *partner, struct base_error *err);
/* Our epoch has to be told him: his officer has not confirmed it. */
bool core_epoch_waits(const struct core_partner *partner);
/* The leaves that tell it, proved under our head of this size; nothing when it need not be told. */
BASE_NODISCARD enum base_code core_epoch_write(struct core *core, const struct core_partner *partner, uint64_t size,
                                               struct base_buf *out, struct base_error *err);
/* The head of ours that he names as the last he cosigned: 0 for one of the epoch that was closed. */
uint64_t core_epoch_base(const struct core *core, const struct core_partner *partner, uint64_t named);
/* He cosigned a head of our present epoch, and wants this number next: from here on the exchange goes on. */
BASE_NODISCARD enum base_code core_epoch_join(struct core *core, struct core_partner *partner, uint64_t wanted,
                                              struct base_error *err);
/* He says that a number in the consignment that was under way is wrong, and wants this one next. A node that wrote on after
 * its folder was put back gave numbers that he holds for others: the first that waits is refused here, under a voided leaf. */
BASE_NODISCARD enum base_code core_epoch_displace(struct core *core, struct core_partner *partner, uint64_t wanted,
                                                  struct base_error *err);
/* Whether a message of ours may go to him: BASE_SUSPENDED before he confirmed. opened: when its case was opened; in one
 * from before the epoch nothing is written while he holds messages of ours that are lost here (BASE_CONFLICT). */
BASE_NODISCARD enum base_code core_epoch_allows(const struct core *core, const struct core_partner *partner,
                                                base_time opened, struct base_error *err);

/* --- needs.c: before an epoch is opened over these data (core/job.h) */
/* The epoch keys of the keeper's that open what an epoch begins with: the last leaf, and the last one about each partner.
 * 0: nothing is to be opened. */
struct core_needs {
  uint32_t oldest, newest;
  uint32_t epoch;                   /* of the register in these data */
  char origin[WIRE_ORIGIN_MAX + 1]; /* whose they are; empty where nothing that is left says it */
};
BASE_NODISCARD enum base_code core_epoch_needs(struct store *store, struct core_needs *out, struct base_error *err);

/* --- whose.c */
/* The node whose data these are, as its newest head or its first card says; empty where neither can be read. epoch: of
 * that head, 0 without one. Nothing is verified: it is for a person who put the wrong folder in place. */
BASE_NODISCARD enum base_code core_data_whose(struct store *store, char out[WIRE_ORIGIN_MAX + 1], uint32_t *epoch,
                                              struct base_error *err);
/* BASE_WRONG_KEY: of another node than the keys. core->info is known. */
BASE_NODISCARD enum base_code core_data_check(const struct core *core, struct base_error *err);

/* --- renewed.c: a partner's register */
/* What is stored of his epochs, and the head that the next one must extend. */
BASE_NODISCARD enum base_code core_renewed_load(struct core *core, struct core_partner *partner,
                                                struct base_error *err);
/* Under which size his head is kept: sizes count from the beginning again in a later epoch. */
uint64_t core_head_key(const struct core_partner *partner, uint64_t size);
uint64_t core_head_key_size(uint64_t key);
uint32_t core_head_key_epoch(uint64_t key);
BASE_NODISCARD enum base_code core_renewed_save(struct core *core, const struct core_partner *partner,
                                                struct base_error *err);
/* A head of his that is signed: of the epoch that is known here, BASE_OK. A later one is noted, and BASE_SUSPENDED
 * until an officer confirms it; one that is closed is BASE_ROLLBACK. generation: of the newest of his cards that came
 * with it, 1 for none. */
BASE_NODISCARD enum base_code core_renewed_take(struct core *core, struct core_partner *partner,
                                                const struct core_heads *heads, uint32_t generation,
                                                const struct wire_checkpoint *checkpoint, struct base_error *err);
/* What people here are told meanwhile: the partner's trouble. */
void core_renewed_say(struct core_partner *partner);
/* The first head after the confirmation does not extend the head that it was held against (err says why): a node whose
 * folder was put back may have gone on for a while before it heard. BASE_CONFLICT: it is held against the last one that
 * he himself knows of now, and the proof from there is asked for; BASE_CONSISTENCY: there is none. */
BASE_NODISCARD enum base_code core_renewed_step_back(struct core *core, struct core_partner *partner,
                                                     struct base_error *err);
/* What the partner is told. */
#define CORE_RENEWED_WAITS "an officer of this node must confirm the new epoch of your register first"
/* The row of numbers goes on over what was lost: the statement after this number, the last that the taker holds, names the leaf
 * that an epoch began with in place of the one before. given: of our numbers, else of his. */
BASE_NODISCARD enum base_code core_epoch_chain(struct core *core, const struct core_partner *partner, bool given,
                                               uint64_t number, const struct base_hash *hash, struct base_error *err);
bool core_epoch_chains(struct core *core, const struct core_partner *partner, bool given, uint64_t number,
                       const struct base_hash *hash);
/* He wants this number of ours next. *out: it is one of those that he may have lost with the epoch before, and goes again,
 * whether he gave a receipt for it or not. Where they begin, or that there are none, is noted. */
BASE_NODISCARD enum base_code core_renewed_again(struct core *core, struct core_partner *partner, uint64_t wanted,
                                                 bool *out, struct base_error *err);
/* partner.epoch: an officer confirms, with the digits that were compared. */
/* partners.c: the row names its last leaf, which commits to the card and says the state. */
BASE_NODISCARD enum base_code core_partner_leaf(struct core *core, struct core_partner *partner,
                                                struct base_view actor, struct base_view reason,
                                                struct base_error *err);
/* {name, origin, fingerprint, state} (partners.c). */
void core_partner_answer(struct core *core, uint64_t token, const struct core_partner *partner);
void core_partner_epoch(struct core *core, uint64_t token, const struct wire_json *request);
#endif
