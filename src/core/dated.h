/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_DATED_H
#define WASL_CORE_DATED_H

#include "core/internal.h"

/* The time in a partner's header against what this node knows of it. spec/message.md, "Its time". Not for others. */
enum core_dated {
  CORE_DATED_WELL,
  CORE_DATED_AHEAD,  /* it came before that time */
  CORE_DATED_APART,  /* its sender's own register committed to it at another time */
  CORE_DATED_BEFORE, /* what it answers was written later, by this node */
};
/* Give or take CORE_DISPUTE_SECONDS. stored: when it came. kase: where it has its place; NULL: that is not looked at. */
enum core_dated core_dated(struct core *core, const struct core_case *kase, const struct wire_header *header,
                           base_time stored, const struct store_arrival *arrival);
/* "ahead", "apart", "before"; NULL: there is nothing to say. */
const char *core_dated_name(enum core_dated dated);
/* Of a partner's message that is admitted: a `fault` leaf where its time is not to be relied on. bytes: its header. */
BASE_NODISCARD enum base_code core_dated_flag(struct core *core, const struct core_case *kase,
                                              const struct wire_header *header, const struct store_message *row,
                                              const struct store_arrival *arrival, struct base_error *err);

#endif
