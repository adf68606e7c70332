/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PEER_H
#define GATE_PEER_H

#include "gate/calls.h"
#include "gate/http.h"
#include "gate/pair.h"

/* The partner gate: consignments of partners come in over mutual TLS and go to core, and core's consignments go out to
 * partners. It knows keys and addresses, and nothing of what it carries. */

enum { GATE_PEER_LISTEN_MAX = 8 };
struct gate_peer_setup {
  struct link_loop *loop;
  const struct base_world *world;
  const struct gate_limits *limits;
  struct gate_pair pair; /* the TLS key to begin with; owned from now on */
  int dir;                       /* where the others are, open; stays the caller's. -1: there are none */
  int core;                      /* owned from now on */
  size_t listen_count;
  int listen[GATE_PEER_LISTEN_MAX]; /* owned from now on */
  void (*opened)(void *context);    /* partners are accepted from now on; NULL: nobody asks */
  void *opened_context;
};
struct gate_peer;
/* Starts the libraries too; call before the rights are given up. */
BASE_NODISCARD enum base_code gate_peer_new(const struct gate_peer_setup *setup, struct gate_peer **out,
                                            struct base_error *err);
/* Asks core for the table of partners and for work; the door opens when the table has come, or after a second. */
void gate_peer_open(struct gate_peer *peer);
/* Finishes what is under way, for at most limits->stop_ms, and ends the loop. context: the struct gate_peer. */
void gate_peer_stop(void *context);
bool gate_peer_stopping(const struct gate_peer *peer);
/* Whether it ends because a socket could not be listened on. */
bool gate_peer_deaf(const struct gate_peer *peer);
void gate_peer_free(struct gate_peer *peer);

#endif
