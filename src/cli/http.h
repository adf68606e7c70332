/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_HTTP_H
#define WASL_CLI_HTTP_H

#include "cli/cli.h"

/* A small HTTP/1.1 client (RFC 9112) for the node's local socket: one request per connection, bounded heads, bodies
 * streamed both ways. */

enum {
  CLI_HTTP_LINE_MAX = 8 << 10,
  CLI_HTTP_HEAD_MAX = 32 << 10, /* bytes of the answer's head in all */
  CLI_HTTP_PIECE = 64 << 10,    /* bytes read or written at once */
  CLI_HTTP_CONNECT_S = 5,       /* seconds until the node takes the connection */
  CLI_HTTP_STATUS_S = 10,       /* until the first byte of an answer about the node's status */
  CLI_HTTP_FIRST_S = 120,       /* of any other answer */
  CLI_HTTP_UPLOADED_S = 600,    /* of the answer to an upload, which the node makes durable first */
  CLI_HTTP_IDLE_S = 60,         /* without a byte, while a request goes or an answer comes */
  CLI_PROBLEM_MAX = 64 << 10,
};

struct cli_http_request {
  const char *method, *path;
  const char *type;       /* Content-Type; NULL: no body */
  struct base_view body;  /* sent when fd is -1 */
  struct base_view token; /* of who asks; empty: the user of the operating system */
  bool as_nobody;         /* no token is looked for: who asks is yet to log in */
  int fd;                 /* else size bytes are read from here */
  uint64_t size;
  struct cli_progress *progress; /* of the upload; may be NULL */
  unsigned first_s, idle_s;      /* 0: CLI_HTTP_FIRST_S, CLI_HTTP_IDLE_S */
};
/* Sends over the connected socket and reads the answer: its status into out_status, its body piece by piece to sink for
 * a status below 300, else into problem. BASE_PROTOCOL for an answer that is no HTTP, BASE_NOT_RUNNING when it was cut
 * short, BASE_TIMEOUT when a limit has passed. */
BASE_NODISCARD enum base_code cli_http_exchange(int socket, const struct cli_http_request *request,
                                                struct cli_sink sink, struct base_buf *problem, int *out_status,
                                                struct base_error *err);
/* Connects to api.sock in the node's folder, however long its path. BASE_NOT_RUNNING says how to start the node,
 * BASE_PERMISSION whose it is. */
BASE_NODISCARD enum base_code cli_http_connect(const char *node, int *out, struct base_error *err);
/* BASE_PERMISSION, with both names, unless the folder (an open descriptor) is this user's, or this user is root. */
BASE_NODISCARD enum base_code cli_node_mine(int dir, const char *node, struct base_error *err);
/* The error that a problem document (RFC 9457) carries; err is always filled. */
enum base_code cli_http_problem(int status, struct base_view document, struct base_error *err);

#endif
