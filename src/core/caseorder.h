/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CASEORDER_H
#define WASL_CORE_CASEORDER_H

#include "core/casestate.h"

/* Edges in one array: those of message i are to[at[i]] … to[at[i + 1] - 1]. */
struct core_edges {
  uint32_t *at, *to;
};

struct core_order_key {
  uint64_t key; /* the first octets of the id */
  struct core_case_message *message;
};

struct core_order {
  struct core_case_message *messages;
  size_t count;
  struct core_order_key *keys; /* ascending by id, while the order is made */
  struct core_edges follows;
};

enum { CORE_NOBODY = WIRE_PARTIES_MAX };

/* A party's place in the opening message's list; CORE_NOBODY for a stranger. */
unsigned core_party_of(const struct wire_header *opening, struct base_view origin);
/* Puts the messages into their order (depth, id) and computes depths and edges. BASE_FIELD when they make no case. The
 * edges are freed with core_order_free, also after a failure. */
BASE_NODISCARD enum base_code core_order_make(struct core_order *order, struct base_error *err);
/* Marks two successors of one message by one author; sets *out_flagged when there are any. In order, each with its party. */
BASE_NODISCARD enum base_code core_order_equivocation(struct core_order *order, bool *out_flagged,
                                                      struct base_error *err);
/* Marks the messages of which every party has a descendant. Likewise. */
BASE_NODISCARD enum base_code core_order_settled(struct core_order *order, struct base_error *err);
void core_order_free(struct core_order *order);

#endif
