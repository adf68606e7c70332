/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_REGISTER_H
#define WASL_CORE_REGISTER_H

#include "core/internal.h"

/* Our register: its leaves, heads and proofs (register.c). Not for others. */

/* register.c */
BASE_NODISCARD enum base_code core_register_load(struct core *core, struct base_error *err);
/* BASE_ROLLBACK: this database holds nothing of a register of which the keeper signed heads. */
BASE_NODISCARD enum base_code core_register_none(const struct core *core, struct base_error *err);
/* Once our cards are known: a stored head that was changed is as good as none, and the keeper signs it anew. */
void core_register_verify(struct core *core);
void core_register_free(struct core *core);
struct core_leaf {
  uint64_t index;
  base_time time;
  struct base_hash hash; /* SHA-256 of the entry (not the RFC 6962 leaf hash) */
};
/* Appends a leaf: salt and time are filled in here. */
BASE_NODISCARD enum base_code core_register_add(struct core *core, enum wire_act act, struct wire_opening *opening,
                                                struct core_leaf *out, struct base_error *err);
/* Before the commit: the changed tiles. */
BASE_NODISCARD enum base_code core_register_flush(struct core *core, struct base_error *err);
/* After the commit: a signed head over all. */
BASE_NODISCARD enum base_code core_register_attest(struct core *core, struct base_error *err);
/* The keeper signed this head over all leaves. */
BASE_NODISCARD enum base_code core_register_attested(struct core *core, const struct base_hash *root,
                                                     struct base_view note, struct base_error *err);
BASE_NODISCARD enum base_code core_register_root(struct core *core, uint64_t size, struct base_hash *out,
                                                 struct base_error *err);
BASE_NODISCARD enum base_code core_register_inclusion(struct core *core, uint64_t index, uint64_t size,
                                                      struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                                      struct base_error *err);
BASE_NODISCARD enum base_code core_register_consistency(struct core *core, uint64_t old_size, uint64_t new_size,
                                                        struct base_hash proof[WIRE_PROOF_HASHES_MAX], size_t *count,
                                                        struct base_error *err);
/* Entry and opened opening (JSON bytes; empty when erased) of a leaf. Views into arena. */
BASE_NODISCARD enum base_code core_register_read(struct core *core, uint64_t index, struct base_arena *arena,
                                                 struct base_view *entry, struct base_view *opening,
                                                 struct base_error *err);
/* BASE_CORRUPT: the leaf is of another act, or its opening's evidence is not the hash of this document. */
BASE_NODISCARD enum base_code core_register_commits(struct core *core, uint64_t index, enum wire_act act,
                                                    struct base_view document, struct base_error *err);
/* While many leaves are read in order, keys of openings are unwrapped many at a time; false forgets them. */
void core_register_ahead(struct core *core, bool on);
/* A leaf with its opening and its proof under our head of this size, as a frame carries them. Views into arena. */
BASE_NODISCARD enum base_code core_register_prove(struct core *core, uint64_t index, uint64_t size,
                                                  struct base_arena *arena, struct wire_frame_proof *out,
                                                  struct base_error *err);
/* Level-0 hash, for the check. */
BASE_NODISCARD enum base_code core_register_leaf_hash(struct core *core, uint64_t index, struct base_hash *out,
                                                      struct base_error *err);

#endif
