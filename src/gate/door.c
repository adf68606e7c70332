/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/http_internal.h"
#include "gate/tls.h"

/* Connections, from accepting to closing: who gets a place, and how long he may take. */

enum { SWEEP_MS = 1000, ACCEPT_PAUSE_MS = 200 };

static int64_t now_of(const struct gate_http *http) {
  return http->setup.world->monotonic_ms(http->setup.world->context);
}

void gate_http_notice(struct gate_http *http, enum gate_notice what, const char *detail) {
  gate_tally_log(&http->tally, http->setup.world, what, detail);
  if (http->sweep_timer != NULL)
    link_timer_set(http->sweep_timer, SWEEP_MS);
}

static struct gate_connection *connection_of(struct gate_place *place) {
  return (struct gate_connection *)((char *)place - offsetof(struct gate_connection, place));
}

/* --- time */

void gate_door_deadline(struct gate_connection *connection, int64_t delay_ms, enum gate_notice late) {
  connection->deadline = delay_ms < 0 ? -1 : now_of(connection->http) + delay_ms;
  connection->late = late;
}

void gate_door_each(struct gate_http *http, void (*each)(struct gate_connection *connection)) {
  struct gate_place *firsts[] = {http->places.strangers.newest, http->places.partners.newest};
  for (size_t i = 0; i < 2; i++)
    for (struct gate_place *place = firsts[i]; place != NULL; place = place->older)
      each(connection_of(place));
}

/* The library's own limit counts idle time only; here also the one goes whose octets trickle in. */
static void give_up_late(struct gate_connection *connection) {
  if (connection->deadline < 0 || connection->deadline > now_of(connection->http))
    return;
  connection->deadline = -1;
  gate_http_notice(connection->http, connection->late, connection->peer);
  shutdown(connection->fd, SHUT_RDWR);
}

void gate_door_sweep(void *context) {
  struct gate_http *http = context;
  gate_door_each(http, give_up_late);
  bool untold = gate_tally_flush(&http->tally, http->setup.world);
  bool empty = http->places.strangers.newest == NULL && http->places.partners.newest == NULL;
  link_timer_set(http->sweep_timer, empty && !untold ? -1 : SWEEP_MS);
}

/* --- places */

/* Who gives up his place is closed by the library when it sees the end of the socket. */
static void send_away(struct gate_place *victim) {
  if (victim != NULL)
    shutdown(connection_of(victim)->fd, SHUT_RDWR);
}

void gate_door_changed(void *context, struct MHD_Connection *mhd, void **socket_context,
                       enum MHD_ConnectionNotificationCode code) {
  struct gate_http *http = context;
  const struct gate_limits *limits = http->setup.limits;
  if (code != MHD_CONNECTION_NOTIFY_STARTED) {
    struct gate_connection *connection = *socket_context;
    gate_places_leave(&http->places, &connection->place);
    free(connection);
    return;
  }
  static const enum gate_notice notices[] = {[GATE_CROWDED_ADDRESS] = GATE_ADDRESS, [GATE_CROWDED] = GATE_STRANGERS};
  struct gate_connection *connection = http->arriving;
  struct gate_place *victim;
  http->arriving = NULL;
  *socket_context = connection;
  enum gate_crowd crowd = gate_places_enter(&http->places, limits, &connection->place, &victim);
  if (crowd != GATE_ROOM)
    gate_http_notice(http, notices[crowd], connection->peer);
  send_away(victim);
  bool secure = http->setup.tls != NULL;
  gate_door_deadline(connection, secure ? limits->handshake_ms : limits->head_ms, secure ? GATE_HANDSHAKE : GATE_HEAD);
  link_timer_set(http->sweep_timer, SWEEP_MS);
  if (secure)
    gate_tls_begin(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session, connection,
                   http->setup.tls->credentials);
}

enum gate_welcome gate_http_welcome(struct gate_connection *connection, const struct base_hash *pin) {
  struct gate_http *http = connection->http;
  struct gate_place *victim;
  if (!http->setup.tls->trusted(http->setup.handlers.context, pin)) {
    gate_http_notice(http, GATE_KEY, connection->peer);
    return GATE_UNKNOWN;
  }
  enum gate_crowd crowd = gate_places_promote(&http->places, http->setup.limits, &connection->place, pin, &victim);
  if (crowd != GATE_ROOM)
    gate_http_notice(http, crowd == GATE_CROWDED_KEY ? GATE_PARTNER : GATE_PLACES, connection->peer);
  send_away(victim);
  if (!connection->place.partner)
    return GATE_NO_PLACE;
  gate_door_deadline(connection, http->setup.limits->head_ms, GATE_HEAD);
  return GATE_WELCOME;
}

/* --- accepting */

static void write_peer(struct gate_connection *connection, const struct sockaddr *address, socklen_t size) {
  if (connection->place.address.family == 0 ||
      getnameinfo(address, size, connection->peer, sizeof connection->peer, NULL, 0, NI_NUMERICHOST) != 0)
    connection->peer[0] = '\0';
}

static void add_connection(struct gate_http *http, int fd, const struct sockaddr_storage *address, socklen_t size) {
  struct gate_connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) {
    close(fd);
    return;
  }
  *connection =
      (struct gate_connection){.http = http, .fd = fd, .deadline = -1, .place = {.address = gate_address_of(address)}};
  write_peer(connection, (const struct sockaddr *)address, size);
  const struct gate_http_handlers *handlers = &http->setup.handlers;
  if (handlers->admit != NULL && !handlers->admit(handlers->context, connection)) {
    close(fd);
    free(connection);
    return;
  }
  http->arriving = connection;
  /* Closes the socket when it cannot take it. */
  MHD_add_connection(http->daemon, fd, (const struct sockaddr *)address, size);
  free(http->arriving);
  http->arriving = NULL;
}

static void watch_listeners(struct gate_http *http, short events) {
  for (size_t i = 0; i < http->listener_count; i++)
    if (http->listeners[i].watch != NULL)
      link_watch_change(http->listeners[i].watch, events);
}

void gate_door_accept_again(void *context) {
  watch_listeners(context, POLLIN);
}

static void listener_ready(void *context, int fd, short events) {
  struct gate_listener *listener = context;
  struct gate_http *http = listener->http;
  (void)events;
  for (int i = 0; i < GATE_ACCEPTS_MAX; i++) {
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    int peer = accept4(fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
      /* The waiting connection would wake us at once again. */
      gate_http_notice(http, GATE_ACCEPT, "");
      watch_listeners(http, 0);
      link_timer_set(http->accept_timer, ACCEPT_PAUSE_MS);
    }
    if (peer < 0)
      break;
    add_connection(http, peer, &address, size);
  }
  gate_http_pump(http);
}

enum base_code gate_http_listen(struct gate_http *http, int fd, struct base_error *err) {
  if (http->listener_count == GATE_LISTENERS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "more than %d listening sockets", GATE_LISTENERS_MAX);
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return base_fail_errno(err, "a listening socket cannot be used");
  struct gate_listener *listener = &http->listeners[http->listener_count++];
  *listener = (struct gate_listener){.http = http, .fd = fd};
  listener->watch = link_loop_watch(http->setup.loop, fd, POLLIN, listener_ready, listener);
  return BASE_OK;
}

void gate_door_close(struct gate_http *http) {
  for (size_t i = 0; i < http->listener_count; i++) {
    link_watch_remove(http->listeners[i].watch);
    http->listeners[i].watch = NULL;
    base_close_fd(&http->listeners[i].fd);
  }
  link_timer_set(http->accept_timer, -1);
}
