/* SPDX-License-Identifier: Apache-2.0 */
#include "link/flight.h"

/* Ids are consecutive, so their low bits already spread as evenly as can be. */
static size_t home_of(uint64_t id) {
  return (size_t)(id % LINK_FLIGHT_SLOTS);
}

static size_t next_slot(size_t slot) {
  return (slot + 1) % LINK_FLIGHT_SLOTS;
}

static size_t slot_of(const struct link_flight *flight, uint64_t id) {
  size_t slot = home_of(id);
  while (flight->slots[slot].id != 0 && flight->slots[slot].id != id)
    slot = next_slot(slot);
  return slot;
}

bool link_flight_full(const struct link_flight *flight) {
  return flight->count >= LINK_IN_FLIGHT_MAX;
}

void link_flight_add(struct link_flight *flight, uint64_t id, enum link_request_code code) {
  flight->slots[slot_of(flight, id)] = (struct link_flight_slot){id, code};
  flight->count++;
}

enum link_request_code link_flight_find(const struct link_flight *flight, uint64_t id) {
  const struct link_flight_slot *slot = &flight->slots[slot_of(flight, id)];
  return id != 0 && slot->id == id ? slot->code : LINK_NO_REQUEST;
}

enum link_request_code link_flight_take(struct link_flight *flight, uint64_t id) {
  enum link_request_code code = link_flight_find(flight, id);
  if (code == LINK_NO_REQUEST)
    return code;
  /* Closes the gap: whatever was pushed past it by a collision moves back, so that no search stops too early. */
  size_t gap = slot_of(flight, id);
  for (size_t slot = next_slot(gap); flight->slots[slot].id != 0; slot = next_slot(slot)) {
    size_t home = home_of(flight->slots[slot].id);
    size_t from_home = (slot + LINK_FLIGHT_SLOTS - home) % LINK_FLIGHT_SLOTS;
    size_t from_gap = (slot + LINK_FLIGHT_SLOTS - gap) % LINK_FLIGHT_SLOTS;
    if (from_home >= from_gap) {
      flight->slots[gap] = flight->slots[slot];
      gap = slot;
    }
  }
  flight->slots[gap] = (struct link_flight_slot){0, LINK_NO_REQUEST};
  flight->count--;
  return code;
}
