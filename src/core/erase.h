/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_ERASE_H
#define WASL_CORE_ERASE_H

#include "core/internal.h"

/* Content that is gone for good: erased by a person, and once more after the database was put back to a time before. An
 * erasure is final when the keeper knows it; nobody is answered before. spec/store.md, "Erasures". */

enum {
  CORE_ERASE_STEP = 64,        /* told to the keeper, or replayed, at once */
  CORE_ERASE_AGAIN_MS = 30000, /* between two tries, when the keeper had no room */
};

/* erase.c */
/* How much there is to do, as it is written down. */
BASE_NODISCARD enum base_code core_erase_load(struct core *core, struct base_error *err);
void core_message_erase(struct core *core, uint64_t token, const struct wire_json *request);
/* Everything that can refuse it: BASE_CONFLICT when it was erased before, is arriving or on its way, BASE_POLICY when
 * it stays. */
BASE_NODISCARD enum base_code core_erase_may(struct core *core, const struct store_message *row,
                                             const struct wire_header *header, struct base_error *err);
/* Within the step: leaf, row, content, parts, and what memory has of it. actor empty: this node by itself. elsewhere:
 * it was not this node that erased it, and the keeper is not told. */
BASE_NODISCARD enum base_code core_erase_write(struct core *core, const struct store_message *row,
                                               struct base_view actor, struct base_view reason, bool elsewhere,
                                               struct base_error *err);
/* After the attestation: the keeper is told what is not told yet. A failure that may pass is tried again, and those who
 * wait for it hear of it; any other is returned. */
BASE_NODISCARD enum base_code core_erase_tell(struct core *core, struct base_error *err);
int64_t core_erase_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */
/* Its content is not here (any more). */
bool core_message_dropped(const struct store_message *row);
struct core_erasure {
  bool there, elsewhere;
  uint64_t leaf;
  base_time at;
  struct base_view actor, reason; /* in the arena; actor empty: this node by itself */
};
/* When, and what else the opening of the leaf `act` there says; what cannot be read of it stays empty. */
BASE_NODISCARD enum base_code core_erase_leaf(struct core *core, uint64_t index, enum wire_act act,
                                              struct base_arena *arena, base_time *at, struct wire_opening *out,
                                              struct base_error *err);
/* there false: it was not. What its leaf says is left out when that cannot be read. */
BASE_NODISCARD enum base_code core_erase_read(struct core *core, const struct base_id *message,
                                              struct base_arena *arena, struct core_erasure *out,
                                              struct base_error *err);
/* BASE_NOT_FOUND, when and by whom. For one whose content is not here. */
enum base_code core_erase_say(struct core *core, const struct base_id *message, struct base_error *err);

/* erased.c: at the start, and when something comes that was erased */
/* Finishes what a run before began, and does again what the keeper knows and this database does not: before anything is
 * served. */
BASE_NODISCARD enum base_code core_erase_open(struct core *core, struct base_error *err);
/* Notes in this transaction how far the keeper's list is done here. erase.c */
BASE_NODISCARD enum base_code core_erase_list_save(struct core *core, uint64_t listed,
                                                   const struct wire_keeper_mark *mark, struct base_error *err);
/* A message that comes, whoever brings it: row and parts are stored, its content under a key of its own, unless it was
 * erased before (then only what is left of it), or comes without content: part0 is empty then, and without says why.
 * *out_dropped: there is no content. */
BASE_NODISCARD enum base_code core_content_keep(struct core *core, struct store_message *row,
                                                const struct wire_header *header, struct base_view part0,
                                                const struct wire_part0 *parts, struct base_view without,
                                                bool *out_dropped, struct base_error *err);
/* What a partner's erasure leaves of a message that was half here: the same as if it had come without content. */
BASE_NODISCARD enum base_code core_content_without(struct core *core, const struct base_id *id,
                                                   const struct core_partner *from, struct base_error *err);
/* A reason for it. */
struct core_without {
  char text[128];
};
struct core_without core_without_by(const struct core_partner *partner);

#endif
