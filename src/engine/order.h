/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_ENGINE_ORDER_H
#define WASL_ENGINE_ORDER_H

#include "engine/engine.h"

/* The order of a case's messages, and what follows from it alone: spec/case.md. Not for other folders.
 * Edges in one array: those of message i are to[at[i]] … to[at[i + 1] - 1]. */
struct engine_edges {
  uint32_t *at, *to;
};

struct engine_order_key {
  uint64_t key; /* the first octets of the id */
  struct engine_message *message;
};

struct engine_order {
  struct engine_message *messages;
  size_t count;
  struct engine_order_key *keys; /* ascending by id, while the order is made */
  struct engine_edges follows;
};

/* Puts the messages into their order (depth, id) and computes depths and edges. BASE_FIELD when they make no case. The
 * edges are freed with engine_order_free, also after a failure. */
BASE_NODISCARD enum base_code engine_order_make(struct engine_order *order, struct base_error *err);
/* Marks two successors of one message by one author; sets *out_flagged when there are any. In order, each with its
 * party. */
BASE_NODISCARD enum base_code engine_order_equivocation(struct engine_order *order, bool *out_flagged,
                                                        struct base_error *err);
/* Marks the messages of which every party has a descendant. Likewise. */
BASE_NODISCARD enum base_code engine_order_settled(struct engine_order *order, struct base_error *err);
void engine_order_free(struct engine_order *order);

#endif
