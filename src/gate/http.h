/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_HTTP_H
#define GATE_HTTP_H

#include <sys/socket.h>

#include "gate/guard.h"
#include "gate/places.h"
#include "gate/tally.h"
#include "gate/target.h"
#include "link/link.h"

/* The narrow seam around libmicrohttpd: an HTTP/1.1 server without threads, driven by link_loop, whose requests may
 * wait for another process. Connections are accepted here, so that they can be counted, refused and given up. */

struct gate_http;
struct gate_request;

/* A connection, from accepting to closing. */
struct gate_connection {
  struct gate_place place;
  struct gate_http *http;
  int fd;                /* not ours to close */
  int64_t deadline;      /* monotonic ms; -1: none */
  enum gate_notice late; /* what is said when it passes */
  char peer[64];         /* its address, for the log */
  unsigned tag;          /* of the one who listens; see gate_http_handlers.admit */
  bool has_pin;
  struct base_hash pin;         /* of the TLS peer */
  struct gate_request *request; /* the one under way, or NULL */
};

struct gate_request {
  struct gate_connection *connection;
  struct gate_target target;
  char method[8];
  struct gate_body body;
  bool drain; /* an answer given in begin waits until the body was read (and thrown away): closing before that would tear up the
                 answer on its way over TCP, and a client that still sends sees the end of the line instead of it */
  char token[GATE_TOKEN_MAX + 1]; /* of the field Authorization, "" when there is none … */
  bool token_bad;                 /* … and when it is no bearer's token (RFC 6750), too long, or there twice */
  const char *allow;              /* the methods that a refusal with BASE_METHOD names */
  void *context;                  /* of the handlers */
};

struct gate_http_handlers {
  void *context;
  /* A new connection: false closes it at once. May set connection->tag. NULL: all are welcome. */
  bool (*admit)(void *context, struct gate_connection *connection);
  /* The header has come and is well formed. Answers (which refuses the body), or waits, or does nothing. */
  void (*begin)(void *context, struct gate_request *request);
  /* Some octets of the body; returns how many were taken. Fewer than all only when it waits. */
  size_t (*body)(void *context, struct gate_request *request, struct base_view data);
  /* The body is complete. Answers or waits. */
  void (*end)(void *context, struct gate_request *request);
  /* The request is over: complete says whether the answer went out whole. Frees request->context. */
  void (*gone)(void *context, struct gate_request *request, bool complete);
  /* Nothing is under way any more after gate_http_stop. */
  void (*idle)(void *context);
};

struct gate_http_tls {
  const char *certificate, *key; /* PEM; read while starting */
  void *credentials;             /* what new connections are shown; may change. NULL: those two */
  /* Whether a peer with this key may come in; asked during the handshake. */
  bool (*trusted)(void *context, const struct base_hash *pin);
};
struct gate_http_setup {
  struct link_loop *loop;
  const struct base_world *world;
  const struct gate_limits *limits;
  size_t memory;                   /* GATE_PEER_MEMORY or GATE_LOCAL_MEMORY */
  const struct gate_http_tls *tls; /* NULL: plain; must stay */
  struct gate_http_handlers handlers;
};
BASE_NODISCARD enum base_code gate_http_new(const struct gate_http_setup *setup, struct gate_http **out,
                                            struct base_error *err);
/* Whatever is still under way is cut off. */
void gate_http_free(struct gate_http *http);
/* Accepts from this listening socket, which is made non-blocking and is owned from now on. */
BASE_NODISCARD enum base_code gate_http_listen(struct gate_http *http, int fd, struct base_error *err);
/* Stops accepting and refuses new requests; idle is called once nothing is under way (perhaps at once). */
void gate_http_stop(struct gate_http *http);

/* Who asked has closed his end, which a request that waits does not notice by itself. */
bool gate_http_left(const struct gate_request *request);
/* Ends the connection of a request at once, whoever does not read. */
void gate_http_hang_up(struct gate_request *request);
/* Logs that a limit was met, and for whom. */
void gate_http_notice(struct gate_http *http, enum gate_notice notice, const char *detail);

/* Within begin, body or end, or while a streamed answer is read: nothing more is asked for until gate_http_wake. One
 * that waits already goes on waiting. */
void gate_http_wait(struct gate_request *request);
/* Ends waiting. Answering ends it too. */
void gate_http_wake(struct gate_request *request);
bool gate_http_answered(const struct gate_request *request);

/* Answers; the first one counts. An answer given while the body still comes is sent after it. */
void gate_http_problem(struct gate_request *request, enum base_code code, struct base_view detail);
void gate_http_refuse(struct gate_request *request, const struct base_error *err);
/* One with another status than 200; small, copied. */
void gate_http_status(struct gate_request *request, unsigned status, const char *type, struct base_view content);
void gate_http_content(struct gate_request *request, const char *type, struct base_view content); /* copied */
/* size octets come from read: it returns how many it wrote, 0 after gate_http_wait, GATE_CUT to cut the answer off. With
 * GATE_UNTIL_END as size there are as many as come until it returns GATE_END. */
enum { GATE_CUT = -1, GATE_END = -2 };
#define GATE_UNTIL_END UINT64_MAX
void gate_http_stream(struct gate_request *request, const char *type, uint64_t size,
                      ssize_t (*read)(void *context, struct gate_request *request, uint64_t at, uint8_t *out,
                                      size_t room));

#endif
