/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_HTTP_INTERNAL_H
#define GATE_HTTP_INTERNAL_H

#include <microhttpd.h>

#include "gate/http.h"
#include "gate/tally.h"

/* What http.c (requests) and door.c (connections) share. */

enum { GATE_LISTENERS_MAX = 8 };

struct gate_http {
  struct gate_http_setup setup;
  struct MHD_Daemon *daemon;
  int epoll;
  struct link_watch *epoll_watch;
  struct link_timer *pump_timer, *sweep_timer, *accept_timer;
  size_t listener_count;
  struct gate_listener {
    struct gate_http *http;
    int fd;
    struct link_watch *watch;
  } listeners[GATE_LISTENERS_MAX];
  struct gate_places places;
  struct gate_connection *arriving; /* while the library is handed a new socket */
  size_t active;                    /* requests under way */
  bool stopping, cutting, pumping, idle_told;
  struct gate_tally tally;
};

/* http.c */
void gate_http_pump(void *context); /* the library's turn */

/* door.c */
/* The library's callback for the beginning and the end of a connection. */
void gate_door_changed(void *context, struct MHD_Connection *mhd, void **socket_context,
                       enum MHD_ConnectionNotificationCode code);
/* Gives the connection up after this time, with this notice; negative: never. */
void gate_door_deadline(struct gate_connection *connection, int64_t delay_ms, enum gate_notice late);
/* Of a timer. */
void gate_door_sweep(void *context);
void gate_door_accept_again(void *context);
void gate_door_close(struct gate_http *http);
/* Calls each for every connection that is open. */
void gate_door_each(struct gate_http *http, void (*each)(struct gate_connection *connection));

#endif
