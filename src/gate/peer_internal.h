/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PEER_INTERNAL_H
#define GATE_PEER_INTERNAL_H

#include <curl/curl.h>

#include "gate/memfile.h"
#include "gate/peer.h"
#include "gate/peers.h"
#include "gate/tally.h"

/* What peer.c, peer_server.c and peer_client.c share. */

#define GATE_CONSIGNMENT_PATH "/wasl/v1/consignment"
#define GATE_WITNESS_PATH "/wasl/v1/witness/add-checkpoint"
#define GATE_TLOG_SIZE "text/x.tlog.size"
#define GATE_OCTETS "application/octet-stream"

struct gate_client;
struct gate_witnesses;
struct gate_peer {
  struct gate_peer_setup setup;
  struct gate_calls core;
  struct gate_peers peers;
  struct gate_http *http;
  struct gate_http_tls tls;
  size_t had_count;
  struct base_hash had[GATE_PINS_MAX]; /* our keys by the table before */
  int64_t missing; /* a bit for each key of the table that has no file */
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
/* A transfer of the HTTP library: CURLOPT_PRIVATE of each of its handles points to one. */
struct gate_errand {
  void (*over)(void *context, CURLcode result); /* it has ended; the handle may be taken out, and used again */
  void *context;
};
/* The options that all requests of this gate share. trouble: CURL_ERROR_SIZE bytes that stay with the handle. */
void gate_client_options(CURL *easy, struct gate_errand *errand, char *trouble, const struct gate_limits *limits);
/* Shows who is there this node's TLS key, and takes whoever has one of these, at least one: "sha256//…;sha256//…". */
void gate_client_pin(CURL *easy, const struct gate_pair *own, const char *pins);
/* "sha256//BASE64;sha256//BASE64" of pins in hex; false when there is none, for an empty list would mean any key. */
bool gate_client_pins(const struct wire_json *pins, struct base_buf *out);
/* What a person should know about a failure. */
void gate_client_describe(CURL *easy, CURLcode result, const char *trouble, struct base_buf *out);

BASE_NODISCARD enum base_code gate_client_new(struct gate_peer *peer, struct gate_client **out, struct base_error *err);
void gate_client_open(struct gate_client *client); /* asks for work */
/* No more work is taken; gate_peer_client_idle is called when nothing is under way. */
void gate_client_stop(struct gate_client *client);
void gate_client_free(struct gate_client *client);

/* peer_witness.c: heads of ours go to witnesses (C2SP tlog-witness) */
BASE_NODISCARD enum base_code gate_witnesses_new(struct gate_peer *peer, CURLM *multi, struct gate_witnesses **out,
                                                 struct base_error *err);
void gate_witnesses_open(struct gate_witnesses *witnesses); /* asks for work */
/* What is under way is given up. */
void gate_witnesses_stop(struct gate_witnesses *witnesses);
void gate_witnesses_free(struct gate_witnesses *witnesses);

/* peer.c */
/* The TLS key that is presented now. */
const struct gate_pair *gate_peer_pair(const struct gate_peer *peer);
void gate_peer_server_idle(void *context);
void gate_peer_client_idle(struct gate_peer *peer);

#endif
