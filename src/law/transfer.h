/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LAW_TRANSFER_H
#define WASL_LAW_TRANSFER_H

#include "law/law.h"

/* Personal data that leave the area of Directive (EU) 2016/680: on which basis of its articles 36 to 38. Pure functions.
 * spec/transfer.md. */

/* In the words of the terms, of a clause and of --derogation; [LAW_TRANSFER_NONE] is "". */
extern const char *const law_regime_names[LAW_REGIMES]; /* [LAW_REGIME_UNSAID] is "" */
extern const char *const law_transfer_names[LAW_TRANSFERS];

/* Of article 38(1); the others are of articles 36 and 37, which rows name. */
bool law_transfer_derogates(enum law_transfer basis);
/* The derogation of article 38(1) with this code; LAW_TRANSFER_NONE: there is none. */
enum law_transfer law_derogation(struct base_view code);
/* The basis that a clause names after its row; LAW_TRANSFER_NONE: none. */
enum law_transfer law_clause_transfer(struct base_view clause);

/* Under which regime a party stands, as the terms say it. */
enum law_regime law_agreement_regime(const struct law_agreement *agreement, struct base_view party);
/* Whether what goes from the one to the other leaves the Directive's area, as an agreement between both says that is in
 * force now. One that says so is enough: what another one leaves out takes nothing back. */
bool law_leaves(struct base_view from, struct base_view to, base_time now, const struct law_agreement *agreements,
                size_t count);
/* Whether what the author gave leaves when `by` passes it on, so that his authorisation is asked for first: article
 * 35(1)(c). */
bool law_authorised_first(struct base_view author, struct base_view by, struct base_view to, base_time now,
                          const struct law_agreement *agreements, size_t count);
/* Whether the question is one of a transfer, so that a basis is asked for: personal data that leave. */
bool law_transfers(const struct law_question *question, const struct law_agreement *agreements, size_t count);

#endif
