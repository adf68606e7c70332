/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CLEAR_H
#define WASL_CORE_CLEAR_H

#include "core/internal.h"

/* A case that is over is erased whole, with the headers of its messages: what stays is its id and theirs, numbers, leaves
 * and receipts. spec/erase.md. The keeper remembers the case by a mark made of its id, whose row among the erasures names
 * the leaf. */
struct core_cleared {
  bool there;
  struct base_id case_id;
  base_time at;
  uint64_t leaf, messages;
  bool exercise;
  enum wire_lane lane; /* WIRE_LANE_UNKNOWN: no leaf here says it */
  struct base_view actor, reason; /* in the arena; actor empty: this node by itself */
};
struct base_id core_clear_mark(const struct base_id *case_id);
/* Whether this case was erased whole here, and what its leaf says of that, as far as it can be read. */
BASE_NODISCARD enum base_code core_clear_read(struct core *core, const struct base_id *case_id, struct base_arena *arena,
                                              struct core_cleared *out, struct base_error *err);
/* Whether nothing of this message is here but that it was erased with its case; case_id may be NULL. */
BASE_NODISCARD enum base_code core_clear_message(struct core *core, const struct base_id *message, bool *out,
                                                 struct base_id *case_id, struct base_error *err);
/* BASE_NOT_FOUND: when and by whom, or that there is no such message or case here. */
enum base_code core_clear_say_case(struct core *core, const struct base_id *case_id, struct base_error *err);
enum base_code core_clear_say_message(struct core *core, const struct base_id *message, struct base_error *err);
/* Within the step: the content of what is left of it, the leaf, headers and rows. actor empty: this node by itself. */
BASE_NODISCARD enum base_code core_clear_write(struct core *core, const struct base_id *case_id, struct base_view actor,
                                               struct base_view reason, size_t *messages, struct base_error *err);
/* In the transaction that puts an id of the keeper's list that is not here: it may be the mark of a case. */
BASE_NODISCARD enum base_code core_clear_unread(struct core *core, struct base_error *err);
/* Behind the replay of the keeper's list: cases that it names by their marks and that are here are erased whole again. */
BASE_NODISCARD enum base_code core_clear_replay(struct core *core, struct base_view reason, struct base_error *err);
/* A message of such a case comes again, after its receipt was lost with the database: nothing of it is kept. elsewhere: it
 * was erased with its case where it comes from, which is not known here, and case_id is its own. */
BASE_NODISCARD enum base_code core_clear_arrived(struct core *core, const struct base_id *message,
                                                 const struct base_id *case_id, bool elsewhere, struct base_view reason,
                                                 struct base_error *err);
/* For the check: its mark and its leaf. */
BASE_NODISCARD enum base_code core_clear_fits(struct core *core, const struct base_id *case_id, uint64_t leaf, bool *out,
                                              struct base_error *err);
void core_case_erase(struct core *core, uint64_t token, const struct wire_json *request);

#endif
