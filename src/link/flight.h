/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LINK_FLIGHT_H
#define WASL_LINK_FLIGHT_H

#include "link/link.h"

/* The requests of one channel that are not answered yet: id → code. Open addressing, never more than half full. */
enum { LINK_FLIGHT_SLOTS = 2 * LINK_IN_FLIGHT_MAX };
struct link_flight {
  size_t count;
  struct link_flight_slot {
    uint64_t id; /* 0: free */
    enum link_request_code code;
  } slots[LINK_FLIGHT_SLOTS];
};
bool link_flight_full(const struct link_flight *flight);
/* id is not 0 and not among them, and there is room. */
void link_flight_add(struct link_flight *flight, uint64_t id, enum link_request_code code);
/* The request's code, which is forgotten by this; LINK_NO_REQUEST when there is none of this id. */
enum link_request_code link_flight_take(struct link_flight *flight, uint64_t id);
/* As take, without forgetting. */
enum link_request_code link_flight_find(const struct link_flight *flight, uint64_t id);

#endif
