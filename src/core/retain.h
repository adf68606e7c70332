/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_RETAIN_H
#define WASL_CORE_RETAIN_H

#include "core/internal.h"

/* Retention: a message says in its header until when its content may be kept, and each node erases it by itself then.
 * spec/recall.md, "Kept until". */

enum {
  CORE_RETAIN_STEP = 64,          /* messages that are erased in one step */
  CORE_RETAIN_AGAIN_SECONDS = 60, /* what cannot be erased yet is tried again after so long */
};

/* The end that the header names: a state field of type date or time with the name keep_until. 0: none. */
base_time core_retain_until(const struct wire_header *header);
/* Of a message that takes its place in its case. Written in this step. */
BASE_NODISCARD enum base_code core_retain_note(struct core *core, const struct base_id *id,
                                               const struct wire_header *header, struct base_error *err);
/* Before the commit: what has ended is erased, some in each step. */
BASE_NODISCARD enum base_code core_retain_settle(struct core *core, struct base_error *err);
int64_t core_retain_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */

#endif
