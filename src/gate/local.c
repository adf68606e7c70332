/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gate/derive.h"
#include "gate/local_internal.h"
#include "gate/status.h"
#include "wire/consignment.h"
#include "wire/message.h"
#include "wire/stix.h"

/* --- who may come in */

void gate_users_add(struct gate_users *users, uid_t uid) {
  for (size_t i = 0; i < users->count; i++)
    if (users->users[i].uid == uid)
      return;
  if (users->count == GATE_USERS_MAX)
    return;
  struct gate_user *user = &users->users[users->count++];
  struct passwd entry, *found = NULL;
  char store[4096];
  user->uid = uid;
  if (getpwuid_r(uid, &entry, store, sizeof store, &found) == 0 && found != NULL &&
      base_utf8_valid(base_view_text(entry.pw_name)) && strlen(entry.pw_name) < sizeof user->name)
    snprintf(user->name, sizeof user->name, "%s", entry.pw_name);
  else
    snprintf(user->name, sizeof user->name, "uid:%u", (unsigned)uid);
}

static bool admit(void *context, struct gate_connection *connection) {
  const struct gate_local *local = context;
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return false;
  for (unsigned i = 0; i < local->users.count; i++)
    if (local->users.users[i].uid == peer.uid) {
      connection->tag = i;
      return true;
    }
  base_log(BASE_LOG_WARNING, "gate.user", "the user with the number %u asked for the local API and was refused",
           (unsigned)peer.uid);
  return false;
}

/* --- one request */

void gate_job_object(const struct gate_job *job, struct wire_writer *writer, struct base_buf *out) {
  wire_writer_init(writer, out);
  wire_write_object(writer);
  wire_write_member_string(writer, "actor", job->local->users.users[job->request->connection->tag].name);
  wire_write_member_string(writer, "token", job->request->token);
}

void gate_job_ask(struct gate_job *job, enum link_request_code code, struct base_view payload, int fd,
                  gate_answer answer) {
  gate_calls_ask(&job->local->core, code, payload, fd, answer, job);
  gate_http_wait(job->request);
}

bool gate_job_refused(struct gate_job *job, const struct link_message *message) {
  if (message->status == BASE_OK)
    return false;
  gate_http_problem(job->request, message->status, message->payload);
  return true;
}

void gate_job_nonsense(struct gate_job *job, const char *what) {
  struct base_error err;
  base_fail(&err, BASE_INTERNAL, "the answer to %s cannot be read: a fault of this program", what);
  base_log(BASE_LOG_ERROR, "gate.nonsense", "%s", err.text);
  gate_http_refuse(job->request, &err);
}

void gate_job_answered(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (gate_job_refused(job, message))
    return;
  BASE_AUTO_BUF struct base_buf joined = {0};
  const struct link_family *family = job->local->family;
  if (job->route->request == LINK_NODE_STATUS && family != NULL) {
    gate_status_join(family, message->payload, &joined);
    gate_http_content(job->request, "application/json", base_buf_view(&joined));
  } else
    gate_http_content(job->request, job->route->way == GATE_ASK_RAW ? "application/octet-stream" : "application/json",
                      message->payload);
}

static bool is_space(uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct base_view trim(struct base_view text) {
  while (text.size > 0 && is_space(text.data[0]))
    text = base_view_of(text.data + 1, text.size - 1);
  while (text.size > 0 && is_space(text.data[text.size - 1]))
    text.size--;
  return text;
}

static enum base_code no_object(struct base_view body, struct base_error *err) {
  struct wire_json_fault fault;
  if (wire_json_wellformed(body, &fault))
    return base_fail(err, BASE_SYNTAX, "the body is not a JSON object");
  return base_fail(err, BASE_SYNTAX, "the body is not a JSON object: line %zu, column %zu: %s", fault.line,
                   fault.column, fault.what);
}

/* The members go behind those of the body, so that core's errors name the caller's own lines and columns. The body is
 * not parsed here: whatever it is, the result is one object only if the body was one, and core refuses a member that
 * stands twice, the actor above all. */
static enum base_code join(struct base_view body, struct base_view members, struct base_buf *out,
                           struct base_error *err) {
  struct base_view object = trim(body);
  if (object.size < 2 || object.data[0] != '{' || object.data[object.size - 1] != '}')
    return no_object(body, err);
  object.size--;
  size_t before = (size_t)(object.data - body.data);
  base_buf_add(out, body.data, before + object.size);
  if (trim(object).size > 1)
    base_buf_text(out, ",");
  base_buf_add(out, members.data + 1, members.size - 1);
  return base_buf_check(out, "the request", err);
}

static enum base_code post(struct gate_job *job, struct base_error *err) {
  const struct link_row *row = link_row(job->route->request);
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf members = {0}, payload = {0};
  gate_job_object(job, &writer, &members);
  enum base_code code = gate_route_members(job->route, &job->request->target, &writer, err);
  if (code != BASE_OK)
    return code;
  bool has_body = job->route->way == GATE_POST && job->body.size > 0;
  bool apart = has_body && row->fd_in && job->body.size + members.size + 2 > row->largest;
  if (apart)
    wire_write_member_bool(&writer, "document", true);
  wire_write_end(&writer, '}');
  struct base_view whole = base_buf_view(&members);
  if (has_body && !apart) {
    code = join(base_buf_view(&job->body), whole, &payload, err);
    whole = base_buf_view(&payload);
  }
  if (code == BASE_OK)
    code = base_buf_check(&members, "the request", err);
  if (code == BASE_OK && whole.size > row->largest)
    code = base_fail(err, BASE_TOO_LARGE, "the request has more than %zu octets", row->largest);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FD int document = apart ? base_memfd_sealed("document", base_buf_view(&job->body), err) : -1;
  if (apart && document < 0)
    return err->code;
  gate_job_ask(job, job->route->request, whole, document, gate_job_answered);
  return BASE_OK;
}

/* Whether a Content-Type says this, whatever its parameters; one that is not there says nothing else. */
static bool is_type(struct base_view said, const char *type) {
  const uint8_t *end = said.size > 0 ? memchr(said.data, ';', said.size) : NULL;
  struct base_view essence = trim(base_view_of(said.data, end != NULL ? (size_t)(end - said.data) : said.size));
  return said.size == 0 ||
         (essence.size == strlen(type) && strncasecmp((const char *)essence.data, type, essence.size) == 0);
}

static enum base_code check_type(const struct gate_job *job, struct base_error *err) {
  bool json = job->route->way == GATE_POST || job->route->way == GATE_SECRET;
  const char *type = json ? "application/json" : "application/octet-stream";
  return is_type(job->request->body.type, type)
             ? BASE_OK
             : base_fail(err, BASE_MEDIA_TYPE, "Content-Type: /%s takes %s", job->route->path, type);
}

static enum base_code check_body(const struct gate_job *job, struct base_error *err) {
  const struct gate_body *body = &job->request->body;
  if (job->route->way == GATE_UPLOAD && body->size > WIRE_PART_SIZE_MAX)
    return base_fail(err, BASE_TOO_LARGE, "a part has at most %llu octets, and this one %llu: split it",
                     (unsigned long long)WIRE_PART_SIZE_MAX, (unsigned long long)body->size);
  if (job->route->way == GATE_UPLOAD)
    return check_type(job, err);
  if (!body->present)
    return BASE_OK;
  if (job->route->way != GATE_POST && job->route->way != GATE_OCTETS && job->route->way != GATE_SECRET)
    return base_fail(err, BASE_PROTOCOL, "/%s takes no body", job->route->path);
  if (check_type(job, err) != BASE_OK)
    return err->code;
  if (job->route->way == GATE_OCTETS)
    return BASE_OK; /* counted as it comes in */
  if (body->chunked)
    return base_fail(err, BASE_PROTOCOL, "a JSON body needs a Content-Length");
  if (body->size > GATE_JSON_MAX)
    return base_fail(err, BASE_TOO_LARGE, "the body has %llu octets; at most %d are taken, documents go as parts",
                     (unsigned long long)body->size, GATE_JSON_MAX);
  return BASE_OK;
}

/* Nothing about it is repeated: it may be a secret that was written wrongly. */
static enum base_code check_token(const struct gate_request *request, struct base_error *err) {
  if (!request->token_bad)
    return BASE_OK;
  return base_fail(err, BASE_LOGIN, "the field Authorization holds no token: Bearer and the token, once, or nothing");
}

static void begin(void *context, struct gate_request *request) {
  struct gate_local *local = context;
  struct base_error err;
  const struct gate_route *route = gate_route_find(request->method, &request->target, &err);
  /* A longer one, or of unknown length, is answered at once: to read it to its end could take as long as its sender likes. */
  request->drain = request->body.present && !request->body.chunked && request->body.size <= GATE_DRAIN_MAX;
  struct gate_job *job = route == NULL ? NULL : calloc(1, sizeof *job);
  if (route != NULL && job == NULL)
    base_fail(&err, BASE_MEMORY, "out of memory for a request");
  if (job == NULL) {
    request->allow = err.code == BASE_METHOD ? gate_route_methods(&request->target) : NULL;
    gate_http_refuse(request, &err);
    return;
  }
  *job = (struct gate_job){
      .local = local, .request = request, .route = route, .chunk = GATE_MEMFILE_NONE, .copy = GATE_MEMFILE_NONE};
  base_buf_init(&job->body, GATE_JSON_MAX);
  request->context = job;
  if (check_token(request, &err) != BASE_OK || check_body(job, &err) != BASE_OK ||
      gate_status_core(local->family, route->request == LINK_NODE_STATUS, &err) != BASE_OK)
    gate_http_refuse(request, &err);
  else if (route->way == GATE_UPLOAD)
    gate_upload_begin(job);
  else if (route->way == GATE_OCTETS && gate_memfile_open(&job->chunk, "octets", WIRE_CONSIGNMENT_MAX, &err) != BASE_OK)
    gate_http_refuse(request, &err);
}

static size_t take_body(void *context, struct gate_request *request, struct base_view data) {
  (void)context;
  struct gate_job *job = request->context;
  if (job->route->way == GATE_UPLOAD)
    return gate_upload_body(job, data);
  if (job->route->way == GATE_OCTETS) {
    struct base_error err;
    if (gate_memfile_add(&job->chunk, data, &err) != BASE_OK)
      gate_http_refuse(request, &err);
    return data.size;
  }
  base_buf_add_view(&job->body, data);
  return data.size;
}

/* The body as it came in, sealed, with nothing beside it but who sent it. */
static enum base_code hand_octets(struct gate_job *job, struct base_error *err) {
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  enum base_code code = gate_memfile_seal(&job->chunk, err);
  if (code != BASE_OK)
    return code;
  gate_job_object(job, &writer, &payload);
  wire_write_end(&writer, '}');
  gate_job_ask(job, job->route->request, base_buf_view(&payload), job->chunk.fd, gate_job_answered);
  gate_memfile_close(&job->chunk);
  return BASE_OK;
}

static void end(void *context, struct gate_request *request) {
  (void)context;
  struct gate_job *job = request->context;
  struct base_error err;
  switch (job->route->way) {
  case GATE_UPLOAD:
    gate_upload_end(job);
    return;
  case GATE_DOWNLOAD:
  case GATE_STIX:
    gate_download_begin(job);
    return;
  case GATE_EVENTS:
    gate_events_begin(job);
    return;
  case GATE_SECRET:
    gate_password_begin(job);
    return;
  case GATE_OCTETS:
    if (hand_octets(job, &err) != BASE_OK)
      gate_http_refuse(job->request, &err);
    return;
  default:
    if (base_buf_check(&job->body, "the body", &err) != BASE_OK || post(job, &err) != BASE_OK)
      gate_http_refuse(request, &err);
  }
}

static void gone(void *context, struct gate_request *request, bool complete) {
  struct gate_job *job = request->context;
  (void)context;
  (void)complete;
  if (job == NULL)
    return;
  gate_upload_gone(job);
  gate_events_gone(job);
  gate_password_gone(job);
  gate_memfile_close(&job->chunk);
  gate_memfile_close(&job->copy);
  base_buf_free(&job->body);
  wire_json_free(job->opened);
  free(job->record);
  free(job);
}

/* --- start and stop */

static void loop_over(void *context) {
  struct gate_local *local = context;
  link_loop_end(local->loop);
}

static void on_core_end(void *context, struct link_channel *channel) {
  struct gate_calls *calls = context;
  (void)channel;
  struct gate_local *local = (struct gate_local *)((char *)calls - offsetof(struct gate_local, core));
  if (!local->stopping)
    base_log(BASE_LOG_ERROR, "gate.core", "core is gone");
  link_loop_end(local->loop);
}

/* One file that kills the worker must not take the API with it: what it was asked is refused. */
static void on_worker_end(void *context, struct link_channel *channel) {
  struct gate_calls *calls = context;
  base_log(BASE_LOG_ERROR, "gate.worker", "the worker is gone; no file is checked until the node is started again");
  calls->channel = NULL;
  link_channel_free(channel);
  gate_calls_fail(calls, BASE_INTERNAL, "the worker that checks files ended while it read this one; it was not taken");
}

enum base_code gate_local_new(const struct gate_local_setup *setup, struct gate_local **out, struct base_error *err) {
  struct gate_local *local = calloc(1, sizeof *local);
  if (local == NULL)
    return base_fail(err, BASE_MEMORY, "out of memory for the local gate");
  local->loop = setup->loop;
  local->limits = setup->limits;
  local->users = setup->users;
  local->family = setup->family;
  local->listen = setup->listen;
  struct gate_http_setup http = {.loop = setup->loop,
                                 .world = setup->world,
                                 .limits = setup->limits,
                                 .memory = GATE_LOCAL_MEMORY,
                                 .handlers = {local, admit, begin, take_body, end, gone, loop_over}};
  local->deriver = gate_deriver_new(setup->loop, err);
  enum base_code code = local->deriver != NULL ? gate_http_new(&http, &local->http, err) : err->code;
  if (code != BASE_OK) {
    gate_deriver_free(local->deriver);
    free(local);
    return code;
  }
  local->core.channel = link_channel_new(setup->core, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE);
  link_loop_add(setup->loop, local->core.channel,
                (struct link_handlers){&local->core, NULL, gate_calls_on_answer, on_core_end});
  if (setup->worker >= 0) {
    local->worker.channel = link_channel_new(setup->worker, LINK_ROLE_GATE_LOCAL, LINK_ROLE_WORKER);
    link_loop_add(setup->loop, local->worker.channel,
                  (struct link_handlers){&local->worker, NULL, gate_calls_on_answer, on_worker_end});
  }
  local->stop_timer = link_loop_timer(setup->loop, loop_over, local);
  *out = local;
  return BASE_OK;
}

enum base_code gate_local_open(struct gate_local *local, struct base_error *err) {
  enum base_code code = gate_http_listen(local->http, local->listen, err);
  if (code == BASE_OK)
    local->listen = -1;
  return code;
}

void gate_local_stop(void *context) {
  struct gate_local *local = context;
  if (local->stopping)
    return;
  local->stopping = true;
  link_timer_set(local->stop_timer, local->limits->stop_ms);
  gate_events_stop(local);
  gate_http_stop(local->http);
}

bool gate_local_stopping(const struct gate_local *local) {
  return local->stopping;
}

void gate_local_free(struct gate_local *local) {
  if (local == NULL)
    return;
  link_timer_set(local->stop_timer, -1);
  gate_deriver_free(local->deriver);
  gate_index_free(local->index);
  gate_http_free(local->http);
  link_channel_free(local->core.channel);
  link_channel_free(local->worker.channel);
  base_close_fd(&local->listen);
  free(local);
}
