/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_BEHIND_H
#define WASL_CORE_BEHIND_H

#include "core/internal.h"

/* A partner's message that leaves out one of this node's which, by his own register, he had received before he sent it.
 * spec/message.md, "Its place". Not for others. */

/* *out: the first such message of this node; zero: there is none. id: of a message of this case, which lies in memory with all
 * that it follows. */
BASE_NODISCARD enum base_code core_behind(struct core *core, const struct core_case *kase, const struct base_id *id,
                                          const struct store_arrival *arrival, struct base_id *out, struct base_error *err);
/* Of one that was just admitted: the case is flagged, a `fault` leaf of its author names both. bytes: its header. */
BASE_NODISCARD enum base_code core_behind_flag(struct core *core, struct core_case *kase, const struct wire_header *header,
                                               struct base_view bytes, const struct store_arrival *arrival,
                                               struct base_error *err);
/* Whether a message of the case is one: for the check, of a case that is stored as flagged. */
BASE_NODISCARD enum base_code core_behind_any(struct core *core, const struct core_case *kase, bool *out,
                                              struct base_error *err);

#endif
