/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CASES_H
#define WASL_CORE_CASES_H

#include "core/kinds.h"

/* Cases with their computed state (cases.c, casecache.c). Not for others. */

/* cases.c */
/* The ids of all cases of a kind, the last changed first; the caller frees *ids, also after a failure. */
BASE_NODISCARD enum base_code core_case_ids(struct core *core, struct base_view kind, struct base_id **ids,
                                            size_t *count, struct base_error *err);
/* The case with its messages and state; borrowed from a cache, valid until the next core_case_load. */
BASE_NODISCARD enum base_code core_case_load(struct core *core, const struct base_id *id, struct core_case **out,
                                             struct base_error *err);
/* A free place of the cache, for a case that is kept there by core_case_keep once it is whole. */
struct core_case *core_case_place(struct core *core);
void core_case_keep(struct core *core, const struct core_case *kase);
/* When it is in the cache; else NULL. */
struct core_case *core_case_known(struct core *core, const struct base_id *id);
/* The case of this row, read from its messages into a structure of the caller's, beside the cache: for lists and
 * checks. The caller releases it, also after a failure. BASE_CORRUPT: its messages make no case. BASE_KIND: of a kind
 * that is not held. */
BASE_NODISCARD enum base_code core_case_look(struct core *core, const struct store_case *row, struct core_case *out,
                                             struct base_error *err);
void core_case_release(struct core_case *kase);
/* A case opened by this message, which is not in the store yet. opened: when the message was stored. */
BASE_NODISCARD enum base_code core_case_begin(struct core *core, const struct base_id *id, const struct core_kind *kind,
                                              base_time opened, struct core_case **out, struct base_error *err);
/* BASE_POLICY when the case is full. Asked before a message is admitted. */
BASE_NODISCARD enum base_code core_case_room(const struct core_case *kase, struct base_error *err);
/* Adds an admitted message, computes the state anew and writes the case's row. header is copied into the case. */
BASE_NODISCARD enum base_code core_case_admit(struct core *core, struct core_case *kase, const struct base_id *id,
                                              const struct wire_header *header, struct base_error *err);
void core_case_drop(struct core *core, const struct base_id *id); /* NULL: all */
/* This partner will never hold this message of ours (he refused it, or its number is void). When no other party holds
 * it either, it takes no effect here, and what we wrote after it neither, so that all parties see the same state; the
 * opening message stays, for without it there is nothing to show. */
BASE_NODISCARD enum base_code core_case_withdraw(struct core *core, const struct base_id *message, int64_t partner,
                                                 struct base_error *err);
/* Whether it is a case of ours that consists of its opening message alone, which was ended or refused for every party:
 * nobody holds it, or will. */
BASE_NODISCARD enum base_code core_case_not_taken(struct core *core, const struct core_case *kase, bool *not_taken,
                                                  struct base_error *err);
struct base_view core_case_state_name(const struct core_case *kase);
const struct engine_message *core_case_message_of(const struct core_case *kase, const struct base_id *id);

#endif
