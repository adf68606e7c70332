/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_TRANSFER_H
#define WASL_CORE_TRANSFER_H

#include "core/internal.h"

/* Personal data that leave the area of Directive (EU) 2016/680: on which basis, and a person's word for a derogation.
 * spec/transfer.md. */

/* The member `derogation` of a submission, and what its leaf says. */
struct core_derogation {
  struct base_view code, reason; /* code empty: none */
  struct base_view actor;        /* of a leaf */
};
/* BASE_FIELD for a code that law does not know, without a reason, or beside an emergency; BASE_POLICY when who asks may
 * not, or has no name. */
BASE_NODISCARD enum base_code core_derogation_read(const struct core *core, const struct wire_json *request,
                                                   struct core_derogation *out, struct base_error *err);
/* A leaf was just written for a message of ours: the `sent` one under this clause, or the `held` one of what is to go
 * under it. Directly after it the leaf of the derogation, when the clause names one. */
BASE_NODISCARD enum base_code core_derogation_write(struct core *core, struct base_view actor,
                                                    const struct core_derogation *derogation,
                                                    const struct base_id *message, struct base_view clause,
                                                    struct base_error *err);
/* What stands directly after this leaf, of that message; none: code is empty. Views into the arena. */
BASE_NODISCARD enum base_code core_derogation_after(struct core *core, uint64_t index, const struct base_id *message,
                                                    struct base_arena *arena, struct core_derogation *out,
                                                    struct base_error *err);
/* The member `transfers` of a message that is shown: for each who has it from its author the basis, its reference and
 * assurances, and of a derogation by whom and why. */
BASE_NODISCARD enum base_code core_transfer_show(struct core *core, struct wire_writer *writer, const struct base_id *message,
                                                 struct base_view author, struct base_error *err);
/* The member `derogation`: null, or the code, and the reason for whoever may read content. */
void core_derogation_show(const struct core *core, struct wire_writer *writer, const struct core_derogation *derogation);
/* For the check of the register: BASE_CONFLICT when the leaf at this index, a `derogation` or a `sent` one, does not
 * stand beside its other half. */
BASE_NODISCARD enum base_code core_derogation_fits(struct core *core, uint64_t index, enum wire_act act,
                                                   const struct wire_opening *opening, struct base_error *err);

#endif
