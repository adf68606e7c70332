/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CLAUSE_H
#define WASL_CORE_CLAUSE_H

#include "core/internal.h"

/* The row of an agreement under which a message came. spec/agreement.md, "The decision". */
struct core_row {
  struct base_view clause; /* as the author's `sent` leaf has it; empty: not known */
  const struct law_agreement
      *agreement;            /* valid in this step, and while *this stays where it is; NULL: not known here */
  const struct law_row *row; /* NULL: likewise, or the clause needs none */
  struct law_agreement read; /* terms that law goes by no more: agreement points to it */
};
/* Of a partner's message; views into arena. Terms that are not here, or cannot be read, are no failure. */
BASE_NODISCARD enum base_code core_clause_row(struct core *core, const struct base_id *message, struct base_view author,
                                              struct base_arena *arena, struct core_row *out, struct base_error *err);
/* Likewise, of the clause that a `sent` leaf has. */
BASE_NODISCARD enum base_code core_clause_find(struct core *core, struct base_view clause, struct base_arena *arena,
                                               struct core_row *out, struct base_error *err);
/* Under which clause a message of ours was sent to this partner: of the `sent` leaf, in the arena; empty: not known. */
BASE_NODISCARD enum base_code core_delivery_clause(struct core *core, const struct core_partner *partner,
                                                   const struct store_delivery *delivery, struct base_arena *arena,
                                                   struct base_view *out, struct base_error *err);

#endif
