/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PEERS_H
#define GATE_PEERS_H

#include "gate/limits.h"
#include "wire/json.h"

/* The table of partners that core gives (peer.table), found by the pins of their TLS keys. */

struct gate_partner {
  char name[BASE_NAME_MAX + 1];
  char origin[96];
  bool active; /* else suspended */
  size_t pin_count;
  struct base_hash pins[GATE_PINS_MAX];
  unsigned in_flight; /* exchanges that it has under way here */
};
struct gate_peers {
  int64_t version; /* 0: none yet */
  bool has_own;    /* the table says which TLS keys are ours */
  struct base_hash present;
  size_t own_count;
  struct base_hash own[GATE_PINS_MAX];
  size_t count;
  struct gate_partner *partners;
};
/* Replaces the table by what text says; what is under way stays counted. On failure nothing changes. */
BASE_NODISCARD enum base_code gate_peers_load(struct gate_peers *peers, struct base_view text, struct base_error *err);
void gate_peers_free(struct gate_peers *peers);
/* The partner with this key; NULL when there is none. Valid until the next load. */
struct gate_partner *gate_peers_find(const struct gate_peers *peers, const struct base_hash *pin);
struct gate_partner *gate_peers_origin(const struct gate_peers *peers, const char *origin);

#endif
