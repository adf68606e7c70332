/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/places.h"

#include <string.h>

struct gate_address gate_address_of(const struct sockaddr_storage *address) {
  struct gate_address found = {.family = 0};
  if (address->ss_family == AF_INET) {
    found.family = 4;
    memcpy(found.bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
  } else if (address->ss_family == AF_INET6) {
    const uint8_t *bytes = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
    found.family = 6;
    memcpy(found.bytes, bytes, sizeof found.bytes);
  }
  return found;
}

static bool same_address(const struct gate_address *a, const struct gate_address *b) {
  return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static struct gate_row *row_of(struct gate_places *places, const struct gate_place *place) {
  return place->partner ? &places->partners : &places->strangers;
}

static void link_newest(struct gate_row *row, struct gate_place *place) {
  place->newer = NULL;
  place->older = row->newest;
  *(row->newest != NULL ? &row->newest->newer : &row->oldest) = place;
  row->newest = place;
  row->count += !place->leaving;
}

static void unlink_place(struct gate_row *row, struct gate_place *place) {
  *(place->newer != NULL ? &place->newer->older : &row->newest) = place->older;
  *(place->older != NULL ? &place->older->newer : &row->oldest) = place->newer;
  place->newer = place->older = NULL;
  row->count -= !place->leaving;
}

static struct gate_place *give_up(struct gate_row *row, struct gate_place *victim) {
  if (victim != NULL) {
    victim->leaving = true;
    row->count--;
  }
  return victim;
}

enum gate_crowd gate_places_enter(struct gate_places *places, const struct gate_limits *limits,
                                  struct gate_place *place, struct gate_place **out_victim) {
  struct gate_row *row = &places->strangers;
  struct gate_place *oldest = NULL, *oldest_here = NULL;
  unsigned here = 0;
  enum gate_crowd crowd = GATE_ROOM;
  *out_victim = NULL;
  for (struct gate_place *each = row->oldest; each != NULL; each = each->newer) {
    if (each->leaving)
      continue;
    oldest = oldest == NULL ? each : oldest;
    if (place->address.family == 0 || !same_address(&each->address, &place->address))
      continue;
    oldest_here = oldest_here == NULL ? each : oldest_here;
    here++;
  }
  if (limits->per_address > 0 && here >= limits->per_address) {
    crowd = GATE_CROWDED_ADDRESS;
    *out_victim = give_up(row, oldest_here);
  } else if (limits->strangers > 0 && row->count >= limits->strangers) {
    crowd = GATE_CROWDED;
    *out_victim = give_up(row, oldest);
  }
  link_newest(row, place);
  return crowd;
}

enum gate_crowd gate_places_promote(struct gate_places *places, const struct gate_limits *limits,
                                    struct gate_place *place, const struct base_hash *pin,
                                    struct gate_place **out_victim) {
  struct gate_row *row = &places->partners;
  struct gate_place *idle = NULL, *own_idle = NULL;
  unsigned own = 0;
  *out_victim = NULL;
  for (struct gate_place *each = row->oldest; each != NULL; each = each->newer) {
    if (each->leaving)
      continue;
    idle = idle == NULL && !each->busy ? each : idle;
    if (!base_hash_equal(&each->pin, pin))
      continue;
    own_idle = own_idle == NULL && !each->busy ? each : own_idle;
    own++;
  }
  enum gate_crowd crowd = own >= limits->per_key              ? GATE_CROWDED_KEY
                          : row->count >= limits->connections ? GATE_CROWDED_PARTNERS
                                                              : GATE_ROOM;
  if (crowd != GATE_ROOM)
    *out_victim = give_up(row, crowd == GATE_CROWDED_KEY ? own_idle : idle);
  if (crowd != GATE_ROOM && *out_victim == NULL)
    return crowd;
  unlink_place(&places->strangers, place);
  place->partner = true;
  place->pin = *pin;
  link_newest(row, place);
  return crowd;
}

void gate_places_rest(struct gate_places *places, struct gate_place *place) {
  place->busy = false;
  struct gate_row *row = row_of(places, place);
  if (place->partner) {
    unlink_place(row, place);
    link_newest(row, place);
  }
}

void gate_places_leave(struct gate_places *places, struct gate_place *place) {
  unlink_place(row_of(places, place), place);
}
