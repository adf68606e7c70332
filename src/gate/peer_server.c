/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "gate/peer_internal.h"
#include "wire/consignment.h"
#include "wire/witness.h"

/* A partner hands a consignment over, or a head to be cosigned. */
struct delivery {
  struct gate_peer *peer;
  struct gate_request *request;
  char origin[sizeof((struct gate_partner *)0)->origin]; /* the table may change meanwhile */
  struct gate_memfile consignment;
  bool witness; /* it is an add-checkpoint */
};

bool gate_peer_trusted(void *context, const struct base_hash *pin) {
  const struct gate_peer *peer = context;
  return gate_peers_find(&peer->peers, pin) != NULL;
}

static bool for_consignments(const struct gate_request *request) {
  const struct gate_target *target = &request->target;
  return target->piece_count == 3 && target->query_count == 0 && base_view_is(target->pieces[0], "wasl") &&
         base_view_is(target->pieces[1], "v1") && base_view_is(target->pieces[2], "consignment");
}

/* POST /wasl/v1/witness/add-checkpoint: C2SP tlog-witness, whose submission prefix is what stands before it. */
static bool for_witness(const struct gate_request *request) {
  const struct gate_target *target = &request->target;
  return target->piece_count == 4 && target->query_count == 0 && base_view_is(target->pieces[0], "wasl") &&
         base_view_is(target->pieces[1], "v1") && base_view_is(target->pieces[2], "witness") &&
         base_view_is(target->pieces[3], "add-checkpoint");
}

static size_t body_limit(const struct gate_request *request) {
  return for_witness(request) ? WIRE_WITNESS_REQUEST_MAX : WIRE_CONSIGNMENT_MAX;
}

/* However many others have, a partner who has nothing under way finds a place in the reserve. */
static enum base_code find_place(const struct gate_peer *peer, const struct gate_partner *partner,
                                 struct base_error *err) {
  const struct gate_limits *limits = peer->setup.limits;
  unsigned all = limits->gives + (partner->in_flight == 0 ? limits->gives_reserved : 0);
  bool mine = partner->in_flight >= limits->per_partner;
  if (!mine && peer->gives < all)
    return BASE_OK;
  gate_http_notice(peer->http, mine ? GATE_BUSY : GATE_FULL, partner->name);
  return base_fail(err, BASE_BUSY, "it has no free place now: %u exchanges with you are under way there, and %u in all",
                   partner->in_flight, peer->gives);
}

/* Whether this partner may hand over something of this size now. */
static enum base_code admit(const struct gate_peer *peer, const struct gate_request *request,
                            const struct gate_partner *partner, struct base_error *err) {
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "your key is not, or no longer, that of a partner of this node");
  if (!partner->active)
    return base_fail(err, BASE_SUSPENDED, "this node has suspended the exchange with you");
  bool witness = for_witness(request);
  if (!for_consignments(request) && !witness)
    return base_fail(err, BASE_NOT_FOUND,
                     "partners find nothing here but POST " GATE_CONSIGNMENT_PATH " and POST " GATE_WITNESS_PATH);
  if (strcmp(request->method, "POST") != 0)
    return base_fail(err, BASE_METHOD, "consignments and checkpoints come with POST");
  if (request->body.chunked || !request->body.present)
    return base_fail(err, BASE_PROTOCOL, "%s needs a Content-Length", witness ? "a checkpoint" : "a consignment");
  if (request->body.size > body_limit(request)) {
    gate_http_notice(peer->http, GATE_SIZE, partner->name);
    return base_fail(err, BASE_TOO_LARGE, "%s has at most %zu octets",
                     witness ? "a checkpoint with its proof" : "a consignment", body_limit(request));
  }
  return find_place(peer, partner, err);
}

static void begin(void *context, struct gate_request *request) {
  struct gate_peer *peer = context;
  struct base_error err;
  struct gate_partner *partner =
      request->connection->has_pin ? gate_peers_find(&peer->peers, &request->connection->pin) : NULL;
  struct delivery *delivery = NULL;
  enum base_code code = admit(peer, request, partner, &err);
  if (code == BASE_OK && (delivery = calloc(1, sizeof *delivery)) == NULL)
    code = base_fail(&err, BASE_MEMORY, "out of memory for a consignment");
  if (code == BASE_OK) {
    *delivery = (struct delivery){
        .peer = peer, .request = request, .consignment = GATE_MEMFILE_NONE, .witness = for_witness(request)};
    code = gate_memfile_open(&delivery->consignment, delivery->witness ? "checkpoint" : "consignment",
                             body_limit(request), &err);
  }
  if (code != BASE_OK) {
    free(delivery);
    request->allow = "POST";
    request->drain = partner != NULL && !request->body.chunked && request->body.size <= body_limit(request);
    gate_http_refuse(request, &err);
    return;
  }
  memcpy(delivery->origin, partner->origin, sizeof delivery->origin);
  partner->in_flight++;
  peer->gives++;
  request->context = delivery;
}

static size_t take_body(void *context, struct gate_request *request, struct base_view data) {
  struct delivery *delivery = request->context;
  struct base_error err;
  (void)context;
  /* Nothing comes here once the request was refused. */
  if (gate_memfile_add(&delivery->consignment, data, &err) != BASE_OK)
    gate_http_refuse(request, &err);
  return data.size;
}

static void answered(void *context, struct link_message *message) {
  struct delivery *delivery = context;
  if (message->status == BASE_OK)
    gate_http_content(delivery->request, GATE_OCTETS, message->payload);
  else
    gate_http_problem(delivery->request, message->status, message->payload);
}

/* What core decided, in the protocol's own words. */
static void witnessed(void *context, struct link_message *message) {
  struct delivery *delivery = context;
  WIRE_AUTO_JSON struct wire_json *answer = NULL;
  struct base_error err;
  enum base_code code = message->status;
  if (code != BASE_OK) {
    gate_http_problem(delivery->request, code, message->payload);
    return;
  }
  code = wire_json_parse(message->payload, LINK_INLINE_MAX, "witness.give", &answer, &err);
  if (code != BASE_OK) {
    gate_http_refuse(delivery->request, &err);
    return;
  }
  int64_t status = wire_json_integer(wire_json_get(answer, "status"));
  gate_http_status(delivery->request, (unsigned)status, status == 409 ? GATE_TLOG_SIZE : "text/plain; charset=utf-8",
                   wire_json_text(wire_json_get(answer, "body")));
}

static void end(void *context, struct gate_request *request) {
  struct gate_peer *peer = context;
  struct delivery *delivery = request->context;
  struct wire_writer writer;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf payload = {0};
  if (gate_memfile_seal(&delivery->consignment, &err) != BASE_OK) {
    gate_http_refuse(request, &err);
    return;
  }
  wire_writer_init(&writer, &payload);
  wire_write_object(&writer);
  wire_write_member_hash(&writer, "pin", &request->connection->pin);
  wire_write_end(&writer, '}');
  gate_calls_ask(&peer->core, delivery->witness ? LINK_WITNESS_GIVE : LINK_EXCHANGE_GIVE, base_buf_view(&payload),
                 delivery->consignment.fd, delivery->witness ? witnessed : answered, delivery);
  gate_memfile_close(&delivery->consignment);
  gate_http_wait(request);
}

static void gone(void *context, struct gate_request *request, bool complete) {
  struct gate_peer *peer = context;
  struct delivery *delivery = request->context;
  (void)complete;
  if (delivery == NULL)
    return;
  struct gate_partner *partner = gate_peers_origin(&peer->peers, delivery->origin);
  if (partner != NULL && partner->in_flight > 0)
    partner->in_flight--;
  peer->gives--;
  gate_memfile_close(&delivery->consignment);
  free(delivery);
}

struct gate_http_handlers gate_peer_handlers(struct gate_peer *peer) {
  return (struct gate_http_handlers){peer, NULL, begin, take_body, end, gone, gate_peer_server_idle};
}
