/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_TALLY_H
#define GATE_TALLY_H

#include "base/base.h"
#include "gate/limits.h"

/* Lines that others can cause: the first of a sort is logged, the next ones of the same minute are counted and told in
 * one, so that nobody fills the log and nothing goes unsaid. */
enum gate_notice {
#define GATE_NOTICE(name, event, limit, text) GATE_##name,
#include "gate/notices.def"
#undef GATE_NOTICE
  GATE_NOTICES
};
struct gate_tally {
  struct {
    int64_t until; /* monotonic ms; 0: nothing was logged lately */
    unsigned more;
  } notices[GATE_NOTICES];
};
/* detail: whom or what it was, "" when there is nothing to say. */
void gate_tally_log(struct gate_tally *tally, const struct base_world *world, enum gate_notice notice,
                    const char *detail);
/* Tells what was counted in minutes that are over; false when nothing is left to be told later. */
bool gate_tally_flush(struct gate_tally *tally, const struct base_world *world);

#endif
