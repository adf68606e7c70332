/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_LIMITS_H
#define GATE_LIMITS_H

#include <stdint.h>

/* Every limit of the gates. What a test cannot reach within a second (times, thousands of connections) stands in a
 * struct, so that a test can hand in a smaller one; everything else is a constant. */

enum {
  GATE_TARGET_MAX = 4096,        /* octets of a request target: a reason of CORE_REASON_MAX bytes, percent-encoded, is in it */
  GATE_PIECES_MAX = 8,           /* of its path */
  GATE_QUERY_MAX = 8,            /* parameters behind the question mark */
  GATE_FIELDS_MAX = 32,          /* header fields */
  GATE_JSON_MAX = 2 << 20,       /* a JSON body of the local API */
  GATE_PROBLEM_MAX = 16 << 10,   /* a partner's problem document */
  GATE_DETAIL_MAX = 400,         /* octets of a detail that goes to core */
  GATE_NAME_SHOWN = 64,          /* octets of an unknown parameter's name that are shown */
  GATE_FIELD_MAX = 128,          /* octets of the name of a field in a problem document */
  GATE_PARTNERS_MAX = 4096,      /* in the table of partners */
  GATE_TABLE_MAX = 16 << 20,     /* octets of that table */
  GATE_PINS_MAX = 8,             /* of one partner */
  GATE_ADDRESSES_MAX = 8,        /* of one partner */
  GATE_TAKES_MAX = 16,           /* exchanges under way to all partners together, and parked requests for work */
  GATE_WITNESSES_MAX = 8,        /* heads under way to witnesses, and parked requests for them */
  GATE_WITNESS_MS = 10000,       /* for one of these, answer included */
  GATE_PEER_MEMORY = 32 << 10,   /* of a connection: header and buffer */
  GATE_HANDSHAKE_MAX = 16 << 10, /* octets of one message of a TLS handshake */
  GATE_AUDIENCE_MAX = 32,       /* at the events of the local API; core parks as many */
  GATE_AUDIENCE_SHARE = 4,      /* of them of one person; core parks as many of hers */
  GATE_LANE_MAX = 16,           /* octets of a lane */
  GATE_WHO_MAX = 128,           /* octets of the person's name by which they are counted */
  GATE_POSITION_MAX = 64,        /* octets of a place in the row of events */
  GATE_DRAIN_MAX = 4 << 20,     /* octets of a body that the local gate refuses and reads all the same, so that its sender sees why */
  GATE_LOCAL_MEMORY = 96 << 10,  /* larger: uploads come in longer pieces */
  GATE_ACCEPTS_MAX = 64,         /* new connections before the loop goes on */
  GATE_LOG_SECONDS = 60,         /* a limit is logged when it is met first, and then once in this time, with a count */
  GATE_TOKEN_MAX = 128,          /* octets of a token in the field Authorization */
  GATE_PASSWORD_MIN = 12,        /* characters of a password that is set */
  GATE_PASSWORD_MAX = 256,       /* octets of any */
  GATE_SECRET_BODY_MAX = 3 << 10, /* octets of a body with passwords in it */
  GATE_DERIVATIONS_MAX = 16,     /* passwords that are compared or wait for it */
  GATE_INDEX_AGAIN_MS = 5000,    /* until a part is asked for again to be looked into, after trouble */
  GATE_CALLS_MAX = 1024,         /* requests to another process that are not answered yet */
};

struct gate_limits {
  unsigned strangers;      /* connections that have not shown a known key; beyond it the oldest is closed */
  unsigned per_address;    /* of these from one address (IPv6: one /64); beyond it its oldest is closed */
  unsigned connections;    /* of partners in all; beyond it the one that was idle longest is closed */
  unsigned per_key;        /* of one partner's key; the same */
  unsigned per_partner;    /* exchanges that one partner has under way here */
  unsigned gives;          /* exchanges under way here in all: each may hold WIRE_CONSIGNMENT_MAX in memory */
  unsigned gives_reserved; /* beyond gives: for partners that have none under way */
  unsigned idle_s;         /* without a single octet */
  int64_t handshake_ms;    /* from accepting until the key is known */
  int64_t head_ms;         /* for a header, also when octets trickle in */
  int64_t body_ms; /* for a body, and again for the answer, besides what slowest_body_bytes_s allows; -1: no limit */
  int64_t slowest_body_bytes_s;
  int64_t connect_ms;      /* to reach a partner, handshake included */
  int64_t exchange_ms;     /* for an exchange as a client, and in addition: */
  int64_t slowest_bytes_s; /* the time that its octets take at this speed */
  int64_t stop_ms;         /* after SIGTERM, to finish what is under way */
};

extern const struct gate_limits gate_limits_local, gate_limits_peer;

#endif
