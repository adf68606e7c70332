/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_ENDING_H
#define WASL_CORE_ENDING_H

#include "core/submission.h"

/* What binds a node by an agreement and what frees it: by whom, and from when. spec/agreement.md, "Who binds, and who frees".
 * Not for others. */

/* From when on the agreement of this case is ended, by the earliest of those that were declared; 0: none was. */
base_time core_ending_of(const struct core_case *kase);
/* Of an `end` that is to be sent: the day that it names, or, written into its form, the one that the notice agreed gives. Any
 * other message: BASE_OK. BASE_FIELD: a day that is past, or not before the one that was declared. */
BASE_NODISCARD enum base_code core_ending_take(struct core *core, const struct core_case *kase,
                                               struct core_submission *submission, struct base_error *err);
/* BASE_POLICY: the rows that stand, or those that are proposed or accepted by it, are all about what is in no lane of the person
 * who asks. */
BASE_NODISCARD enum base_code core_ending_lane(struct core *core, const struct core_submission *submission,
                                               struct base_error *err);
/* Whether the node has a supervisor and somebody else who may send: two who together bind it. */
bool core_ending_second(const struct core *core);
/* The member `end` of an answer. */
void core_ending_write(struct wire_writer *writer, const struct core_ending *ending);
/* The same of a message that is shown: of one that waits for its release, as it would be were it let go now. */
void core_ending_show(const struct core *core, struct wire_writer *writer, const struct store_message *row,
                      const struct wire_header *header);

#endif
