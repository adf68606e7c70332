/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/http_internal.h"
#include "gate/problem.h"
#include "gate/tls.h"

enum { STREAM_BLOCK = 64 << 10 };

/* HEAD: the header was handed over, perhaps somebody thinks about it. BODY: octets may come. END: the answer is due. */
enum phase { FRESH, HEAD, BODY, END, QUEUED };

struct request {
  struct gate_request public; /* first: handlers see only this */
  struct MHD_Connection *mhd;
  enum phase phase;
  bool waiting, counted, target_bad;
  size_t target_size;
  struct base_error target_error;
  struct MHD_Response *response;
  unsigned status;
  int64_t began;        /* monotonic ms, of the body or of the answer */
  uint64_t octets;      /* of it, so far */
  struct base_buf copy; /* of an answer too large for the library's own buffer */
  ssize_t (*read)(void *context, struct gate_request *request, uint64_t at, uint8_t *out, size_t room);
};

static struct request *inner(struct gate_request *request) {
  return (struct request *)request;
}
static const struct gate_http_handlers *handlers_of(const struct request *request) {
  return &request->public.connection->http->setup.handlers;
}

/* A body, and an answer, may take body_ms and the time of its octets at the slowest speed. */
static void allow_octets(struct request *request, enum gate_notice late) {
  struct gate_http *http = request->public.connection->http;
  const struct gate_limits *limits = http->setup.limits;
  if (limits->body_ms < 0) {
    gate_door_deadline(request->public.connection, -1, late);
    return;
  }
  int64_t passed = http->setup.world->monotonic_ms(http->setup.world->context) - request->began;
  int64_t left = limits->body_ms + (int64_t)(request->octets * 1000 / (uint64_t)limits->slowest_body_bytes_s) - passed;
  gate_door_deadline(request->public.connection, left > 0 ? left : 0, late);
}

/* --- the library's turn */

void gate_http_pump(void *context) {
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
  gate_http_pump(context);
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
    gate_tally_log(&http->tally, http->setup.world, GATE_LIBRARY, text);
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

/* The one that came is kept, whatever it is: who listens decides what it is worth. */
static void take_token(struct gate_request *request, const struct gate_head *head) {
  static const char field[] = "Authorization", scheme[] = "Bearer ";
  size_t found = 0, skip = sizeof scheme - 1;
  for (size_t i = 0; i < head->field_count && i < GATE_FIELDS_MAX; i++) {
    struct base_view name = head->fields[i].name, value = head->fields[i].value;
    if (name.size != sizeof field - 1 || strncasecmp((const char *)name.data, field, name.size) != 0)
      continue;
    request->token_bad = found++ > 0 || value.size <= skip || value.size - skip > GATE_TOKEN_MAX ||
                         strncasecmp((const char *)value.data, scheme, skip) != 0 || !base_utf8_valid(value);
    if (request->token_bad)
      return;
    memcpy(request->token, value.data + skip, value.size - skip);
    request->token[value.size - skip] = '\0';
  }
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
  if (code == BASE_OK)
    take_token(&request->public, &head);
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
  request->began = http->setup.world->monotonic_ms(http->setup.world->context);
  request->public.connection->place.busy = true;
  allow_octets(request, GATE_BODY);
  if (judge(request, method, version, &err) != BASE_OK)
    gate_http_refuse(&request->public, &err);
  else if (http->stopping)
    gate_http_problem(&request->public, BASE_NOT_RUNNING, base_view_text("the node is about to stop"));
  else
    handlers_of(request)->begin(http->setup.handlers.context, &request->public);
}

static enum MHD_Result queue_answer(struct request *request) {
  request->phase = QUEUED;
  struct gate_http *http = request->public.connection->http;
  if (http->stopping)
    MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONNECTION, "close");
  request->began = http->setup.world->monotonic_ms(http->setup.world->context);
  request->octets = 0;
  allow_octets(request, GATE_ANSWER);
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
    request->octets += taken;
    allow_octets(request, GATE_BODY);
    return MHD_YES;
  } else if (request->phase == BODY) {
    request->phase = END;
    gate_door_deadline(request->public.connection, -1, GATE_BODY);
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
  gate_places_rest(&http->places, &request->public.connection->place);
  gate_door_deadline(request->public.connection, http->setup.limits->idle_s * 1000L + http->setup.limits->head_ms,
                     GATE_HEAD);
  if (request->response != NULL)
    MHD_destroy_response(request->response);
  base_buf_free(&request->copy);
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

void gate_http_hang_up(struct gate_request *request) {
  shutdown(request->connection->fd, SHUT_RDWR);
}

bool gate_http_left(const struct gate_request *request) {
  uint8_t octet;
  ssize_t got = recv(request->connection->fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR); /* reset: he left before he had read all */
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
  if (status == MHD_HTTP_UNAUTHORIZED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED && request->allow != NULL)
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
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

void gate_http_status(struct gate_request *request, unsigned status, const char *type, struct base_view content) {
  answer(request, status, type, copy_of(content));
}

static ssize_t read_stream(void *context, uint64_t at, char *out, size_t room) {
  struct request *request = context;
  struct gate_http *http = request->public.connection->http;
  request->octets = at;
  allow_octets(request, GATE_ANSWER);
  ssize_t got = http->cutting ? GATE_CUT
                              : request->read(http->setup.handlers.context, &request->public, at, (uint8_t *)out, room);
  return got == GATE_CUT   ? MHD_CONTENT_READER_END_WITH_ERROR
         : got == GATE_END ? MHD_CONTENT_READER_END_OF_STREAM
                           : got;
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

static ssize_t read_copy(void *context, struct gate_request *request, uint64_t at, uint8_t *out, size_t room) {
  const struct base_buf *copy = &inner(request)->copy;
  (void)context;
  size_t size = copy->size - (size_t)at < room ? copy->size - (size_t)at : room;
  memcpy(out, copy->data + at, size);
  return (ssize_t)size;
}

/* A large one goes piece by piece, so that it is seen whether somebody reads it. */
void gate_http_content(struct gate_request *request, const char *type, struct base_view content) {
  struct request *self = inner(request);
  if (content.size <= STREAM_BLOCK || self->response != NULL) {
    answer(request, MHD_HTTP_OK, type, copy_of(content));
    return;
  }
  base_buf_init(&self->copy, content.size);
  base_buf_add_view(&self->copy, content);
  if (self->copy.code != BASE_OK)
    gate_http_problem(request, BASE_MEMORY, base_view_text("out of memory for an answer"));
  else
    gate_http_stream(request, type, content.size, read_copy);
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
  /* Over the limits of places, those who were asked to go are there a moment longer. */
  unsigned most = limits->connections + (limits->strangers > 0 ? limits->strangers + GATE_ACCEPTS_MAX : 0);
  unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                   (setup->tls != NULL ? MHD_USE_TLS : 0U);
  http->daemon = MHD_start_daemon(
      flags, 0, NULL, NULL, on_access, http, MHD_OPTION_EXTERNAL_LOGGER, log_library, http, MHD_OPTION_ARRAY,
      setup->tls != NULL ? secure : &secure[3], MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_TIMEOUT,
      limits->idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, setup->memory, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_NOTIFY_CONNECTION, gate_door_changed, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
      MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, http, MHD_OPTION_END);
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
  http->pump_timer = link_loop_timer(setup->loop, gate_http_pump, http);
  http->sweep_timer = link_loop_timer(setup->loop, gate_door_sweep, http);
  http->accept_timer = link_loop_timer(setup->loop, gate_door_accept_again, http);
  http->epoll_watch = link_loop_watch(setup->loop, http->epoll, POLLIN, epoll_ready, http);
  *out = http;
  return BASE_OK;
}

void gate_http_stop(struct gate_http *http) {
  http->stopping = true;
  gate_door_close(http);
  link_timer_set(http->pump_timer, 0);
}

static void wake_connection(struct gate_connection *connection) {
  if (connection->request != NULL)
    gate_http_wake(connection->request);
}

void gate_http_free(struct gate_http *http) {
  if (http == NULL)
    return;
  gate_door_close(http);
  /* The library must not be stopped while somebody waits. */
  http->stopping = http->cutting = http->idle_told = true;
  gate_door_each(http, wake_connection);
  MHD_run(http->daemon);
  MHD_stop_daemon(http->daemon);
  link_watch_remove(http->epoll_watch);
  link_timer_set(http->pump_timer, -1);
  link_timer_set(http->sweep_timer, -1);
  free(http);
}
