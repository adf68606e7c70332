/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PEER_INTERNAL_H
#define GATE_PEER_INTERNAL_H

#include "gate/memfile.h"
#include "gate/peer.h"
#include "gate/peers.h"
#include "gate/tally.h"

/* What peer.c, peer_server.c and peer_client.c share. */

#define GATE_CONSIGNMENT_PATH "/wasl/v1/consignment"
#define GATE_OCTETS "application/octet-stream"

struct gate_client;
struct gate_peer {
  struct gate_peer_setup setup;
  struct gate_calls core;
  struct gate_peers peers;
  struct gate_http *http;
  struct gate_http_tls tls;
  size_t had_count;
  struct base_hash had[GATE_PINS_MAX]; /* our keys by the table before */
  size_t pair_count;
  struct gate_pair *pairs; /* the last one is presented; exchanges under way may still use those before */
  struct gate_client *client;
  struct link_timer *stop_timer, *table_timer, *door_timer, *tidy_timer;
  unsigned gives; /* consignments that are coming in or with core */
  bool stopping, listening, deaf, server_idle, client_idle;
};

/* peer_server.c */
struct gate_http_handlers gate_peer_handlers(struct gate_peer *peer);
bool gate_peer_trusted(void *context, const struct base_hash *pin);

/* peer_client.c */
BASE_NODISCARD enum base_code gate_client_new(struct gate_peer *peer, struct gate_client **out, struct base_error *err);
void gate_client_open(struct gate_client *client); /* asks for work */
/* No more work is taken; gate_peer_client_idle is called when nothing is under way. */
void gate_client_stop(struct gate_client *client);
void gate_client_free(struct gate_client *client);

/* peer.c */
/* The TLS key that is presented now. */
const struct gate_pair *gate_peer_pair(const struct gate_peer *peer);
void gate_peer_server_idle(void *context);
void gate_peer_client_idle(struct gate_peer *peer);

#endif
