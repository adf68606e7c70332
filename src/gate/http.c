/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/problem.h"
#include "gate/tally.h"
#include "gate/tls.h"

enum { LISTENERS_MAX = 8, SWEEP_MS = 1000, ACCEPT_PAUSE_MS = 200, STREAM_BLOCK = 64 << 10 };

/* HEAD: the header was handed over, perhaps somebody thinks about it. BODY: octets may come. END: the answer is due. */
enum phase { FRESH, HEAD, BODY, END, QUEUED };

struct gate_http {
  struct gate_http_setup setup;
  struct MHD_Daemon *daemon;
  int epoll;
  struct link_watch *epoll_watch;
  struct link_timer *pump_timer, *sweep_timer, *accept_timer;
  size_t listener_count;
  struct listener {
    struct gate_http *http;
    int fd;
    struct link_watch *watch;
  } listeners[LISTENERS_MAX];
  struct gate_connection *connections;
  struct gate_connection *arriving; /* while the library is handed a new socket */
  size_t active;                    /* requests under way */
  bool stopping, cutting, pumping, idle_told;
  struct gate_tally tally;
};

struct request {
  struct gate_request public; /* first: handlers see only this */
  struct MHD_Connection *mhd;
  enum phase phase;
  bool waiting, counted, target_bad;
  size_t target_size;
  struct base_error target_error;
  struct MHD_Response *response;
  unsigned status;
  ssize_t (*read)(void *context, struct gate_request *request, uint64_t at, uint8_t *out, size_t room);
};

static struct request *inner(struct gate_request *request) {
  return (struct request *)request;
}
static const struct gate_http_handlers *handlers_of(const struct request *request) {
  return &request->public.connection->http->setup.handlers;
}
static int64_t now_of(const struct gate_http *http) {
  return http->setup.world->monotonic_ms(http->setup.world->context);
}

/* --- the library's turn */

static void pump(void *context) {
  struct gate_http *http = context;
  http->pumping = true;
  MHD_run(http->daemon);
  http->pumping = false;
  MHD_UNSIGNED_LONG_LONG wait = 0;
  bool wanted = MHD_get_timeout(http->daemon, &wait) == MHD_YES;
  link_timer_set(http->pump_timer, !wanted ? -1 : wait > INT32_MAX ? INT32_MAX : (int64_t)wait);
  if (http->stopping && http->active == 0 && !http->idle_told && http->setup.handlers.idle != NULL) {
    http->idle_told = true;
    http->setup.handlers.idle(http->setup.handlers.context);
  }
}

static void epoll_ready(void *context, int fd, short events) {
  (void)fd;
  (void)events;
  pump(context);
}

__attribute__((format(printf, 2, 0))) static void log_library(void *context, const char *format, va_list arguments) {
  struct gate_http *http = context;
  char text[256];
  int length = vsnprintf(text, sizeof text, format, arguments);
  size_t end = length < 0 ? 0 : (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
  while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == ' '))
    end--;
  text[end] = '\0';
  /* On a Unix socket it complains about every option that only TCP has. */
  if (http->setup.tls == NULL)
    base_log(BASE_LOG_DEBUG, "gate.http", "%s", text);
  else
    gate_tally_log(&http->tally, http->setup.world, "gate.http", text);
}

/* --- connections */

/* Gives up connections whose time has run out although octets trickle in: the library's own limit counts idle time
 * only. */
static void sweep(void *context) {
  struct gate_http *http = context;
  int64_t now = now_of(http);
  for (struct gate_connection *each = http->connections; each != NULL; each = each->next)
    if (each->deadline >= 0 && each->deadline <= now) {
      each->deadline = -1;
      gate_tally_log(&http->tally, http->setup.world, "gate.slow", "a connection took too long and was given up");
      shutdown(each->fd, SHUT_RDWR);
    }
  link_timer_set(http->sweep_timer, http->connections == NULL ? -1 : SWEEP_MS);
}

static void set_deadline(struct gate_connection *connection, int64_t delay_ms) {
  connection->deadline = delay_ms < 0 ? -1 : now_of(connection->http) + delay_ms;
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code) {
  struct gate_http *http = context;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    struct gate_connection *connection = http->arriving;
    http->arriving = NULL;
    *socket_context = connection;
    connection->next = http->connections;
    if (http->connections != NULL)
      http->connections->previous = connection;
    else
      link_timer_set(http->sweep_timer, SWEEP_MS);
    http->connections = connection;
    set_deadline(connection, http->setup.limits->head_ms);
    if (http->setup.tls != NULL)
      gate_tls_begin(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session, connection);
    return;
  }
  struct gate_connection *connection = *socket_context;
  *(connection->previous != NULL ? &connection->previous->next : &http->connections) = connection->next;
  if (connection->next != NULL)
    connection->next->previous = connection->previous;
  free(connection);
}

bool gate_http_trusts(struct gate_connection *connection, const struct base_hash *pin) {
  struct gate_http *http = connection->http;
  bool trusted = http->setup.tls->trusted(http->setup.handlers.context, pin);
  if (!trusted)
    gate_tally_log(&http->tally, http->setup.world, "gate.stranger", "a TLS peer with an unknown key was cut off");
  return trusted;
}

static void add_connection(struct gate_http *http, int fd, const struct sockaddr *address, socklen_t size) {
  struct gate_connection *connection = calloc(1, sizeof *connection);
  if (connection == NULL) {
    close(fd);
    return;
  }
  *connection = (struct gate_connection){.http = http, .fd = fd, .deadline = -1};
  const struct gate_http_handlers *handlers = &http->setup.handlers;
  if (handlers->admit != NULL && !handlers->admit(handlers->context, connection)) {
    close(fd);
    free(connection);
    return;
  }
  http->arriving = connection;
  /* Closes the socket when a limit is reached. */
  MHD_add_connection(http->daemon, fd, address, size);
  free(http->arriving);
  http->arriving = NULL;
}

static void watch_listeners(struct gate_http *http, short events) {
  for (size_t i = 0; i < http->listener_count; i++)
    if (http->listeners[i].watch != NULL)
      link_watch_change(http->listeners[i].watch, events);
}

static void accept_again(void *context) {
  watch_listeners(context, POLLIN);
}

static void listener_ready(void *context, int fd, short events) {
  struct listener *listener = context;
  struct gate_http *http = listener->http;
  (void)events;
  for (int i = 0; i < GATE_ACCEPTS_MAX; i++) {
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    int peer = accept4(fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
      /* The waiting connection would wake us at once again. */
      gate_tally_log(&http->tally, http->setup.world, "gate.accept",
                     "no descriptor or memory left for a new connection");
      watch_listeners(http, 0);
      link_timer_set(http->accept_timer, ACCEPT_PAUSE_MS);
    }
    if (peer < 0)
      break;
    add_connection(http, peer, (struct sockaddr *)&address, size);
  }
  pump(http);
}

/* --- requests */

static void *on_target(void *context, const char *target, struct MHD_Connection *mhd) {
  (void)context;
  struct request *request = calloc(1, sizeof *request);
  if (request == NULL)
    return NULL;
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  request->mhd = mhd;
  request->public.connection = info->socket_context;
  request->public.connection->request = &request->public;
  /* Before the library decodes it in its own way. */
  request->target_size = strlen(target == NULL ? "" : target);
  request->target_bad = gate_target_parse(base_view_of(target, request->target_size), &request->public.target,
                                          &request->target_error) != BASE_OK;
  return request;
}

static enum MHD_Result add_field(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                 const char *value, size_t value_size) {
  struct gate_head *head = context;
  (void)kind;
  head->fields[head->field_count++] =
      (struct gate_field){base_view_of(name, name_size), base_view_of(value, value_size)};
  return head->field_count > GATE_FIELDS_MAX ? MHD_NO : MHD_YES;
}

static enum base_code judge(struct request *request, const char *method, const char *version, struct base_error *err) {
  struct gate_head head = {.method = method, .version = version, .target = {NULL, request->target_size}};
  MHD_get_connection_values_n(request->mhd, MHD_HEADER_KIND, add_field, &head);
#if MHD_VERSION < 0x01000000
  /* This version lets hidden octets pass, and keeps the header in one piece; the later ones refuse them. */
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  if (info != NULL)
    head.raw = base_view_of(method, info->header_size);
#endif
  enum base_code code = gate_guard(&head, &request->public.body, err);
  if (code == BASE_OK && request->target_bad) {
    *err = request->target_error;
    code = err->code;
  }
  return code;
}

static void begin(struct request *request, const char *method, const char *version) {
  struct gate_http *http = request->public.connection->http;
  struct base_error err;
  request->phase = HEAD;
  request->counted = true;
  http->active++;
  snprintf(request->public.method, sizeof request->public.method, "%s", method);
  set_deadline(request->public.connection, http->setup.limits->body_ms);
  if (judge(request, method, version, &err) != BASE_OK)
    gate_http_refuse(&request->public, &err);
  else if (http->stopping)
    gate_http_problem(&request->public, BASE_NOT_RUNNING, base_view_text("the node is about to stop"));
  else
    handlers_of(request)->begin(http->setup.handlers.context, &request->public);
}

static enum MHD_Result queue_answer(struct request *request) {
  request->phase = QUEUED;
  if (request->public.connection->http->stopping)
    MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONNECTION, "close");
  set_deadline(request->public.connection, request->public.connection->http->setup.limits->body_ms);
  return MHD_queue_response(request->mhd, request->status, request->response);
}

/* The library calls this for the header, for pieces of the body, and when the request is complete; and once more in the
 * same place after waiting. */
static enum MHD_Result on_access(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
                                 const char *version, const char *data, size_t *size, void **request_context) {
  struct gate_http *http = context;
  struct request *request = *request_context;
  (void)mhd;
  (void)url;
  if (request == NULL || http->cutting)
    return MHD_NO;
  if (request->phase == FRESH)
    begin(request, method, version);
  else if (*size > 0) {
    size_t taken = *size;
    if (request->response == NULL)
      taken = handlers_of(request)->body(http->setup.handlers.context, &request->public, base_view_of(data, *size));
    *size -= taken;
    return MHD_YES;
  } else if (request->phase == BODY) {
    request->phase = END;
    set_deadline(request->public.connection, -1);
    if (request->response == NULL)
      handlers_of(request)->end(http->setup.handlers.context, &request->public);
  }
  if (request->waiting)
    return MHD_YES;
  if (request->phase == HEAD && (request->response == NULL || request->public.drain)) {
    request->phase = BODY;
    return MHD_YES;
  }
  return request->response == NULL ? MHD_NO : queue_answer(request);
}

static void on_completed(void *context, struct MHD_Connection *mhd, void **request_context,
                         enum MHD_RequestTerminationCode how) {
  struct gate_http *http = context;
  struct request *request = *request_context;
  (void)mhd;
  if (request == NULL)
    return;
  if (request->counted) {
    http->active--;
    http->setup.handlers.gone(http->setup.handlers.context, &request->public,
                              how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
  }
  request->public.connection->request = NULL;
  set_deadline(request->public.connection, http->setup.limits->head_ms);
  if (request->response != NULL)
    MHD_destroy_response(request->response);
  free(request);
  *request_context = NULL;
}

/* The target is decoded here and not by the library. */
static size_t keep_escapes(void *context, struct MHD_Connection *mhd, char *text) {
  (void)context;
  (void)mhd;
  return strlen(text);
}

/* --- what the handlers use */

void gate_http_wait(struct gate_request *request) {
  if (inner(request)->waiting)
    return;
  inner(request)->waiting = true;
  MHD_suspend_connection(inner(request)->mhd);
}

void gate_http_wake(struct gate_request *request) {
  struct gate_http *http = request->connection->http;
  if (!inner(request)->waiting)
    return;
  inner(request)->waiting = false;
  MHD_resume_connection(inner(request)->mhd);
  if (!http->pumping)
    link_timer_set(http->pump_timer, 0);
}

bool gate_http_answered(const struct gate_request *request) {
  return ((const struct request *)request)->response != NULL;
}

static void answer(struct gate_request *request, unsigned status, const char *type, struct MHD_Response *response) {
  struct request *self = inner(request);
  if (response == NULL) {
    base_log(BASE_LOG_ERROR, "gate.memory", "out of memory for an answer");
    abort();
  }
  if (self->response != NULL) {
    MHD_destroy_response(response);
    return;
  }
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  self->response = response;
  self->status = status;
  gate_http_wake(request);
}

static struct MHD_Response *copy_of(struct base_view content) {
  /* The library takes the content for its own only by this constant, and never writes to it. */
  return MHD_create_response_from_buffer(content.size, (void *)(uintptr_t)(content.size > 0 ? content.data : NULL),
                                         content.size > 0 ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
}

void gate_http_problem(struct gate_request *request, enum base_code code, struct base_view detail) {
  BASE_AUTO_BUF struct base_buf text = {0};
  gate_problem_write(code, detail, &text);
  answer(request, (unsigned)base_code_http(code), "application/problem+json", copy_of(base_buf_view(&text)));
}

void gate_http_refuse(struct gate_request *request, const struct base_error *err) {
  gate_http_problem(request, err->code, base_view_text(err->text));
}

void gate_http_content(struct gate_request *request, const char *type, struct base_view content) {
  answer(request, MHD_HTTP_OK, type, copy_of(content));
}

static ssize_t read_stream(void *context, uint64_t at, char *out, size_t room) {
  struct request *request = context;
  struct gate_http *http = request->public.connection->http;
  ssize_t got = http->cutting ? GATE_CUT
                              : request->read(http->setup.handlers.context, &request->public, at, (uint8_t *)out, room);
  return got == GATE_CUT ? MHD_CONTENT_READER_END_WITH_ERROR : got;
}

void gate_http_stream(struct gate_request *request, const char *type, uint64_t size,
                      ssize_t (*read)(void *context, struct gate_request *request, uint64_t at, uint8_t *out,
                                      size_t room)) {
  inner(request)->read = read;
  if (size == 0)
    gate_http_content(request, type, (struct base_view){NULL, 0});
  else
    answer(request, MHD_HTTP_OK, type,
           MHD_create_response_from_callback(size, STREAM_BLOCK, read_stream, inner(request), NULL));
}

/* --- start and stop */

enum base_code gate_http_new(const struct gate_http_setup *setup, struct gate_http **out, struct base_error *err) {
  struct gate_http *http = calloc(1, sizeof *http);
  if (http == NULL)
    return base_fail(err, BASE_MEMORY, "out of memory for the HTTP server");
  http->setup = *setup;
  const struct gate_limits *limits = setup->limits;
  struct MHD_OptionItem secure[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
                                    {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
                                    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)GATE_TLS_PRIORITIES},
                                    {MHD_OPTION_END, 0, NULL}};
  if (setup->tls != NULL) {
    secure[0].ptr_value = (void *)(uintptr_t)setup->tls->key;
    secure[1].ptr_value = (void *)(uintptr_t)setup->tls->certificate;
  }
  unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                   (setup->tls != NULL ? MHD_USE_TLS : 0U);
  http->daemon = MHD_start_daemon(
      flags, 0, NULL, NULL, on_access, http, MHD_OPTION_EXTERNAL_LOGGER, log_library, http, MHD_OPTION_ARRAY,
      setup->tls != NULL ? secure : &secure[3], MHD_OPTION_CONNECTION_LIMIT, limits->connections,
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits->per_address, MHD_OPTION_CONNECTION_TIMEOUT, limits->idle_s,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, setup->memory, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
      on_connection, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_URI_LOG_CALLBACK, on_target,
      http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, http, MHD_OPTION_END);
  const union MHD_DaemonInfo *info =
      http->daemon == NULL ? NULL : MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  if (info == NULL) {
    if (http->daemon != NULL)
      MHD_stop_daemon(http->daemon);
    free(http);
    return base_fail(err, BASE_INTERNAL, "the HTTP server does not start%s",
                     setup->tls != NULL ? ": are tls.crt and tls.key a certificate and its key, in PEM?" : "");
  }
  http->epoll = info->epoll_fd;
  http->pump_timer = link_loop_timer(setup->loop, pump, http);
  http->sweep_timer = link_loop_timer(setup->loop, sweep, http);
  http->accept_timer = link_loop_timer(setup->loop, accept_again, http);
  http->epoll_watch = link_loop_watch(setup->loop, http->epoll, POLLIN, epoll_ready, http);
  *out = http;
  return BASE_OK;
}

enum base_code gate_http_listen(struct gate_http *http, int fd, struct base_error *err) {
  if (http->listener_count == LISTENERS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "more than %d listening sockets", LISTENERS_MAX);
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return base_fail_errno(err, "a listening socket cannot be used");
  struct listener *listener = &http->listeners[http->listener_count++];
  *listener = (struct listener){.http = http, .fd = fd};
  listener->watch = link_loop_watch(http->setup.loop, fd, POLLIN, listener_ready, listener);
  return BASE_OK;
}

static void close_listeners(struct gate_http *http) {
  for (size_t i = 0; i < http->listener_count; i++) {
    link_watch_remove(http->listeners[i].watch);
    http->listeners[i].watch = NULL;
    base_close_fd(&http->listeners[i].fd);
  }
  link_timer_set(http->accept_timer, -1);
}

void gate_http_stop(struct gate_http *http) {
  http->stopping = true;
  close_listeners(http);
  link_timer_set(http->pump_timer, 0);
}

void gate_http_free(struct gate_http *http) {
  if (http == NULL)
    return;
  close_listeners(http);
  /* The library must not be stopped while somebody waits. */
  http->stopping = http->cutting = http->idle_told = true;
  for (struct gate_connection *each = http->connections; each != NULL; each = each->next)
    if (each->request != NULL)
      gate_http_wake(each->request);
  MHD_run(http->daemon);
  MHD_stop_daemon(http->daemon);
  link_watch_remove(http->epoll_watch);
  link_timer_set(http->pump_timer, -1);
  link_timer_set(http->sweep_timer, -1);
  free(http);
}
