/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_OUTCOMES_H
#define WASL_CORE_OUTCOMES_H

#include "core/back.h"

/* What became of a number: compare.c lays it beside what the partner says. */
struct core_outcome {
  char letter; /* 0: there is no such number */
  struct base_hash leaf;
};
/* taken: of the partner's numbers; else of ours. */
BASE_NODISCARD enum base_code core_outcome_of(struct core *core, const struct core_partner *partner, bool taken,
                                              uint64_t number, struct core_outcome *out, struct base_error *err);

/* The walk over the numbers, up to the first that is open, CORE_COMPARE_STEP in each step. It begins behind `at`, with
 * the running hash up to there, and keeps the one at `target`. */
void core_walk_begin(struct core_walk *walk, uint64_t at, const struct base_hash *hash, uint64_t target);
BASE_NODISCARD enum base_code core_walk_on(struct core *core, const struct core_partner *partner, bool taken,
                                           struct core_walk *walk, struct base_error *err);

#endif
