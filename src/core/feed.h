/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_FEED_H
#define WASL_CORE_FEED_H

#include "core/cases.h"

/* What an item became goes on as a message in a case of another kind (feed.c): spec/case.md, "Feeds". Not for others. */

/* A message of another case. */
struct core_fed {
  bool there;
  struct base_id case_id, message;
};
/* Where an item stands: it is not in a state that goes on; not settled in it; another party's, who feeds it; due; fed. */
enum core_feed_stands { CORE_FEED_OPEN, CORE_FEED_UNSETTLED, CORE_FEED_THEIRS, CORE_FEED_DUE, CORE_FEED_FED,
                        CORE_FEED_STANDS };
extern const char *const core_feed_names[CORE_FEED_STANDS]; /* "open", "unsettled" … */

/* Of the item that the message at this place opened, by its kind's feed. *out_fed: where it is, when it is fed. No case is
 * loaded. */
BASE_NODISCARD enum base_code core_feed_look(struct core *core, const struct core_case *kase,
                                             const struct wire_kind_feed *feed, size_t item,
                                             enum core_feed_stands *out, struct core_fed *out_fed,
                                             struct base_error *err);
/* The message of another case that this one names as what it came from; not there when it names none, or none that is here. */
BASE_NODISCARD enum base_code core_feed_source(struct core *core, const struct wire_kind *kind,
                                               const struct wire_header *header, struct core_fed *out,
                                               struct base_error *err);
/* case.feed: one item of a case goes on into another, as if a person had sent it. */
void core_case_feed(struct core *core, uint64_t token, const struct wire_json *request);

#endif
