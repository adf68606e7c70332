/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_REVIEW_H
#define WASL_CORE_REVIEW_H

#include "core/show.h"

/* The personal data of a case is reviewed: first when so long nothing has come into it, then when the last review said.
 * spec/review.md. Not for others. */

enum {
  CORE_REVIEW_FIRST_DAYS = 181, /* no six months are shorter: Directive (EU) 2023/977, article 16 */
  CORE_REVIEW_MOST_DAYS = 366,  /* until when one review can keep it */
  CORE_REVIEW_STEP = 64,        /* cases of which it is told in one step */
};

/* Something of the case changed: it is due so long after that. Written in this step. */
BASE_NODISCARD enum base_code core_review_move(struct core *core, const struct core_case *kase,
                                               struct base_error *err);
/* Content of the case was erased: with the last of it the review goes, too. */
BASE_NODISCARD enum base_code core_review_erased(struct core *core, const struct base_id *case_id,
                                                 struct base_error *err);
/* Before the commit: what is due by now is told, once for each moment, some in each step. */
BASE_NODISCARD enum base_code core_review_settle(struct core *core, struct base_error *err);
int64_t core_review_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */
/* A person looked at it, and it stays. */
void core_case_review(struct core *core, uint64_t token, const struct wire_json *request);
/* The member `review` of an object that is open: null, or when it is due and what the last one said. */
BASE_NODISCARD enum base_code core_review_show(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                               struct base_error *err);
core_show_handler core_review_list;
/* For the check: it is due when the case and its last review say, and no later. */
BASE_NODISCARD enum base_code core_review_check(struct core *core, const struct store_case *row,
                                                const struct core_case *kase, struct base_error *err);

#endif
