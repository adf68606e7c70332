/* SPDX-License-Identifier: Apache-2.0
 * What a node lost with its register comes back to it from the partners who hold it: its own messages, and the receipts
 * that it gave. back.c asks, returned.c takes; handback.c is the partner who gives. spec/epoch.md, "What was lost comes
 * back". */
#ifndef WASL_CORE_BACK_H
#define WASL_CORE_BACK_H

#include "core/epoch.h"

/* Beside the letters of the wire: he holds another message under the number that this node gave once more. */
enum { CORE_BACK_DISPLACED = 'x' };

/* --- back.c: ours */
BASE_NODISCARD enum base_code core_back_load(struct core *core, struct core_partner *partner, struct base_error *err);
/* Our epoch begins: of his numbers up to this one our receipts are still here. */
BASE_NODISCARD enum base_code core_back_begin(struct core *core, struct core_partner *partner, uint64_t receipts_here,
                                              struct base_error *err);
/* He confirmed it, and it is known which of our numbers are lost. */
BASE_NODISCARD enum base_code core_back_join(struct core *core, struct core_partner *partner, struct base_error *err);
/* Something is still to be asked of him. */
bool core_back_runs(const struct core_partner *partner);
/* Every number that is lost was told about, and each is here again or stands nowhere: nothing unknown of ours is in a
 * case. */
bool core_back_whole(const struct core_partner *partner);
/* BASE_CONFLICT: one of ours came back into this case, and has no effect in it yet. */
BASE_NODISCARD enum base_code core_back_case(struct core *core, const struct base_id *case_id, struct base_error *err);
/* The ms until he is to be asked; -1: he is not. */
int64_t core_back_due_ms(const struct core *core, const struct core_partner *partner);
/* The question for the next consignment; nothing when none is due. */
BASE_NODISCARD enum base_code core_back_ask(struct core *core, struct core_partner *partner, struct base_buf *out,
                                            struct base_error *err);
/* An answer came whole. */
void core_back_answered(struct core *core, struct core_partner *partner);
/* There is a number of ours that is lost, and that he was not asked for yet. */
bool core_back_asks(const struct core_partner *partner);
/* The answer told something: it is written down where we stand. */
BASE_NODISCARD enum base_code core_back_moved(struct core *core, struct core_partner *partner, struct base_error *err);
/* These numbers are not here, and why: rows that follow one another for one reason are one. */
void core_back_miss(struct core_back *back, uint64_t from, uint64_t to, char why);
/* The first part of a message that is not whole, and its next record; *whole: there is none. */
BASE_NODISCARD enum base_code core_back_part(struct core *core, const struct base_id *message, uint16_t count,
                                             uint16_t *part, uint32_t *record, bool *whole, struct base_error *err);
/* What was told of the frame's number, with our own leaf in it. */
BASE_NODISCARD enum base_code core_back_keep(struct core *core, const struct core_partner *partner, bool given,
                                             const struct wire_frame *frame, const struct base_hash *outcome,
                                             struct base_error *err);

/* --- given.c */
/* In a step: what came back goes to parties of its case who never got it. */
BASE_NODISCARD enum base_code core_back_give(struct core *core, struct base_error *err);

/* --- returned.c: what he tells. A document of his is being read: what belongs together in it. Zeroed at its beginning.
 */
struct core_returning {
  bool held; /* one of our messages, whose receipt comes next */
  struct wire_frame frame;
};
BASE_NODISCARD enum base_code core_back_take(struct core *core, struct core_partner *partner,
                                             const struct wire_frame *frame, struct core_returning *returning,
                                             struct base_error *fault, struct base_error *err);
/* *out: the receipt was for what is held in `returning`, and both are done with. */
BASE_NODISCARD enum base_code core_back_receipt(struct core *core, struct core_partner *partner,
                                                const struct wire_frame *frame,
                                                const struct wire_checkpoint *checkpoint,
                                                struct core_returning *returning, bool *out, struct base_error *fault,
                                                struct base_error *err);
BASE_NODISCARD enum base_code core_back_record(struct core *core, struct core_partner *partner,
                                               const struct wire_frame *frame, struct base_error *fault,
                                               struct base_error *err);
/* One of which nothing more is awaited takes its place, and what waited for it goes on. partner: who answers it, when
 * it is one of his. */
BASE_NODISCARD enum base_code core_back_settle(struct core *core, struct core_partner *partner,
                                               const struct base_id *id, struct base_error *err);
/* What became of a number as he told it, with our own leaf as we signed it once. BASE_NOT_FOUND: nothing was told.
 * given: our number, the leaf is its sent leaf; else his, the leaf is our receipt. Views into arena. */
struct core_returned {
  char letter;
  struct base_hash outcome;                     /* SHA-256 of the leaf that says it */
  struct base_view leaf, opening, hashes, note; /* of letter r, and for receipts f; else empty */
  uint64_t index;
};
BASE_NODISCARD enum base_code core_back_read(struct core *core, const struct core_partner *partner, bool given,
                                             uint64_t number, struct base_arena *arena, struct core_returned *out,
                                             struct base_error *err);
/* Such a leaf once more under the head that it came with. */
BASE_NODISCARD enum base_code core_back_prove(const struct core *core, const struct core_partner *partner,
                                              const struct core_returned *returned, struct base_arena *arena,
                                              struct wire_leaf *out_leaf, struct wire_opening *out_opening,
                                              struct base_error *err);
/* SHA-256 of the sent leaf of a delivery, whether that is in our register or came back. */
BASE_NODISCARD enum base_code core_delivery_sent(struct core *core, const struct core_partner *partner,
                                                 const struct store_delivery *delivery, struct base_hash *out,
                                                 struct base_error *err);
bool core_delivery_returned(struct core *core, const struct core_partner *partner,
                            const struct store_delivery *delivery);

/* --- handback.c: a partner's */
BASE_NODISCARD enum base_code core_handback_take(struct core *core, struct core_give *give,
                                                 const struct wire_frame *frame, struct base_error *err);
BASE_NODISCARD enum base_code core_handback_write(struct core *core, struct core_give *give, uint64_t size,
                                                  struct base_buf *out, struct base_error *err);

#endif
