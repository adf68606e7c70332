/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_AGREEMENTS_H
#define WASL_CORE_AGREEMENTS_H

#include "core/internal.h"

/* What law is asked, and of what: agreements, what a form holds, what is passed on (agreements.c, personal.c,
 * consent.c). Not for others. */

/* agreements.c */
BASE_NODISCARD enum base_code core_agreements_load(struct core *core, struct base_error *err);
void core_agreements_free(struct core *core);
/* A message of this agreement changed something: read it again. */
BASE_NODISCARD enum base_code core_agreement_refresh(struct core *core, const struct base_id *id,
                                                     struct base_error *err);
/* The same when the case is an agreement at all: what became of a message of it may change what the agreement is. */
BASE_NODISCARD enum base_code core_agreement_touched(struct core *core, const struct base_id *case_id,
                                                     struct base_error *err);
/* Terms that are to be proposed name kinds, types and purposes that there are: a misspelled one would cover nothing.
 * BASE_KIND or BASE_FIELD with the row and what is known. */
BASE_NODISCARD enum base_code core_terms_known(const struct core *core, const struct law_agreement *terms,
                                               struct base_error *err);
/* BASE_CONFLICT, and how, when memory has the agreement otherwise than its case gives it now. */
BASE_NODISCARD enum base_code core_agreement_differs(struct core *core, const struct base_id *id,
                                                     struct base_error *err);
/* What of a message's content law looks at: the class of what its form holds, and how it is marked. */
struct core_law_content {
  enum wire_personal personal;
  enum wire_level level;
  struct base_view emergency; /* the ground on which it goes where no row covers it; empty: on none */
  struct base_view derogation; /* by which personal data leave where no row has a basis of that; empty: by none */
  base_time period;           /* until when the case is meant, as law_period_binds has it for the message */
  bool emergency_went;        /* law_question */
};
/* The purpose of a case, as its opening message says it; empty: its kind has none. */
struct base_view core_law_purpose(const struct wire_kind *kind, const struct wire_header *opening);
/* Law's question for a message of the case to a partner. */
BASE_NODISCARD enum base_code core_law(struct core *core, const struct wire_kind *kind,
                                       const struct wire_header *opening, struct base_view type,
                                       struct core_law_content content, const struct core_partner *to,
                                       struct law_answer *out, struct base_error *err);
/* personal.c: BASE_FIELD, with its place, when a person of a form is graded in no code, or as of a day that is still to come. */
BASE_NODISCARD enum base_code core_personal_check(const struct core *core, const struct wire_kind_type *type,
                                                 const struct wire_json *fields, struct base_error *err);
/* consent.c: passing on. */
/* For a message that passes on what somebody else gave (its state field `passed_on`): BASE_OK, with the consent that
 * covers it added to the clause where one is needed, or BASE_LAW. Any other message: BASE_OK. */
BASE_NODISCARD enum base_code core_passing_law(struct core *core, const struct wire_kind *kind,
                                               const struct wire_header *opening, const struct wire_header *header,
                                               struct base_view to, char *clause, struct base_error *err);
/* A message of the kind `consent` that is to be sent: names a message that is here, recipients, purpose and time as law
 * can read them, and gives no more than was asked, nor what its author may not pass on himself. */
BASE_NODISCARD enum base_code core_consent_check(struct core *core, const struct core_case *kase,
                                                 const struct wire_header *header, struct base_error *err);
/* Whether a partner's message is covered by an agreement that this node knows, give or take CORE_DISPUTE_SECONDS, and by
 * which row. period: that binds it; 0: none does, or it is not asked. What its form holds is its author's matter. */
BASE_NODISCARD enum base_code core_law_arrived(struct core *core, const struct wire_kind *kind,
                                               const struct wire_header *opening, const struct wire_header *header,
                                               base_time period, struct law_answer *out, struct base_error *err);
/* A partner's message that is about to be admitted. */
struct core_arrived {
  const struct store_arrival *arrival;
  const struct wire_header *header;
  const struct wire_part0 *part0; /* as it just came; NULL: it came before, or without content */
};
/* Whether the row that his `sent` leaf names is one that this node knows, and has room for its class and its mark. why
 * says what is not so; its code stays BASE_OK otherwise. */
BASE_NODISCARD enum base_code core_law_under(struct core *core, const struct wire_kind *kind,
                                             const struct core_arrived *arrived, struct base_error *why,
                                             struct base_error *err);

#endif
