/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_RETAIN_H
#define WASL_CORE_RETAIN_H

#include "core/internal.h"

/* Retention: a message says in its header until when its content may be kept, and the row under which it came how long
 * its receiver may keep it; at the earlier of both the node erases it by itself. spec/recall.md, "Kept until". */

enum {
  CORE_RETAIN_STEP = 64,        /* messages that are erased in one step */
  CORE_RETAIN_AGAIN_MS = 60000, /* what cannot be erased yet is tried again after so long, whatever the clock says */
};

/* The end that the header names: a state field of type date or time with the name keep_until. 0: none. */
base_time core_retain_until(const struct wire_header *header);
/* Of a message that takes its place in its case. Written in this step. */
BASE_NODISCARD enum base_code core_retain_note(struct core *core, const struct core_case *kase,
                                               const struct base_id *id, const struct wire_header *header,
                                               struct base_error *err);
/* It may be kept until then, or shorter where that was said before. Written in this step. */
BASE_NODISCARD enum base_code core_retain_put(struct core *core, const struct base_id *id, base_time until,
                                              struct base_error *err);
/* What recalls say of this message ends with it, whoever sent them: what they correct is in their words, too. Their certificates
 * stay, as all headers. Written in this step. */
BASE_NODISCARD enum base_code core_retain_recalls(struct core *core, const struct base_id *message, base_time until,
                                                  struct base_error *err);
/* Until when this node may keep the content of a message that it has; 0: nothing says it. */
BASE_NODISCARD enum base_code core_retain_end(struct core *core, const struct base_id *id, base_time *out,
                                              struct base_error *err);
/* For the check: what header and row say is noted, and no later. */
BASE_NODISCARD enum base_code core_retain_check(struct core *core, const struct store_message *row,
                                                const struct wire_header *header, struct base_error *err);
/* Before the commit: what has ended is erased, some in each step. */
BASE_NODISCARD enum base_code core_retain_settle(struct core *core, struct base_error *err);
int64_t core_retain_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */

#endif
