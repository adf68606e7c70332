/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_TALLY_H
#define GATE_TALLY_H

#include "base/base.h"
#include "gate/limits.h"

/* Lines that strangers can cause: a few are logged each minute, the others counted, so that nobody fills the log. */
struct gate_tally {
  int64_t minute;
  unsigned lines;
};
void gate_tally_log(struct gate_tally *tally, const struct base_world *world, const char *event, const char *text);

#endif
