/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PLACES_H
#define GATE_PLACES_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/base.h"
#include "gate/limits.h"

/* Who has a place at a door. Strangers, who have not shown a known key yet, and partners have places apart, so that
 * however many strangers come, a partner gets in: the newcomer always has a place, and it is the oldest stranger who
 * goes. */

/* What counts as one address: of IPv6 a whole /64, which one customer has to himself. */
struct gate_address {
  uint8_t family; /* 0: not counted, as on a Unix socket */
  uint8_t bytes[8];
};
struct gate_address gate_address_of(const struct sockaddr_storage *address);

struct gate_place {
  struct gate_place *newer, *older;
  struct gate_address address;
  struct base_hash pin; /* of a partner */
  bool partner;
  bool busy;    /* a request is under way; others first */
  bool leaving; /* asked to go; counts no more */
};
struct gate_row {
  struct gate_place *newest, *oldest; /* of partners: by their last request */
  unsigned count;                     /* without those leaving */
};
struct gate_places {
  struct gate_row strangers, partners;
};

enum gate_crowd { GATE_ROOM, GATE_CROWDED_ADDRESS, GATE_CROWDED, GATE_CROWDED_KEY, GATE_CROWDED_PARTNERS };
/* Takes in a stranger. When a limit is met, *out_victim is the place to be given up (marked as leaving), else NULL. */
enum gate_crowd gate_places_enter(struct gate_places *places, const struct gate_limits *limits,
                                  struct gate_place *place, struct gate_place **out_victim);
/* Makes the stranger a partner. As above; when a limit is met and *out_victim is NULL, everybody is busy and the
 * newcomer stays a stranger, to be sent away. */
enum gate_crowd gate_places_promote(struct gate_places *places, const struct gate_limits *limits,
                                    struct gate_place *place, const struct base_hash *pin,
                                    struct gate_place **out_victim);
/* A partner's request is over: he is the last to go among the idle. */
void gate_places_rest(struct gate_places *places, struct gate_place *place);
void gate_places_leave(struct gate_places *places, struct gate_place *place);

#endif
