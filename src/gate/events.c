/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "gate/local_internal.h"

/* What changes, as server-sent events (WHATWG HTML, section 9.2). Each listener has one request parked at core, and
 * asks for more when he has read what came: so who reads slowly holds up nobody, and takes the memory of one answer.
 * What core does not keep for him any more is told as "lost". Core answers also when nothing happened, in time for a
 * heartbeat, so a listener who is gone is noticed. */

static void ask(struct gate_job *job, gate_answer answer) {
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  gate_job_object(job, &writer, &payload);
  if (job->after[0] != '\0')
    wire_write_member_string(&writer, "after", job->after);
  if (job->lane[0] != '\0')
    wire_write_member_string(&writer, "lane", job->lane);
  if (gate_http_answered(job->request)) /* before that he is to see that he is heard */
    wire_write_member_bool(&writer, "wait", true);
  wire_write_end(&writer, '}');
  job->asked = true;
  gate_job_ask(job, LINK_EVENTS_TAKE, base_buf_view(&payload), -1, answer);
}

static void write_event(struct base_buf *out, const struct wire_json *event) {
  BASE_AUTO_BUF struct base_buf data = {0};
  struct wire_writer writer;
  struct base_view id = wire_json_text(wire_json_get(event, "id")),
                   name = wire_json_text(wire_json_get(event, "event"));
  wire_writer_init(&writer, &data);
  wire_write_value(&writer, wire_json_get(event, "data"));
  base_buf_printf(out, "id: %.*s\nevent: %.*s\ndata: %.*s\n\n", (int)id.size, (const char *)id.data, (int)name.size,
                  (const char *)name.data, (int)data.size, (const char *)data.data);
}

/* What core told, for the listener. An id alone is no event, but the place from which he goes on. */
static bool take(struct gate_job *job, struct base_view answer) {
  WIRE_AUTO_JSON struct wire_json *told = NULL;
  struct base_error ignored;
  if (wire_json_parse(answer, answer.size, "events", &told, &ignored) != BASE_OK)
    return false;
  const struct wire_json *events = wire_json_get(told, "events");
  struct base_view next = wire_json_text(wire_json_get(told, "next"));
  if (next.size == 0 || next.size > GATE_POSITION_MAX)
    return false;
  bool moved = !base_view_is(next, job->after);
  base_buf_reset(&job->body);
  job->written = 0;
  (void)snprintf(job->after, sizeof job->after, "%.*s", (int)next.size, (const char *)next.data);
  if (wire_json_true(wire_json_get(told, "lost")))
    base_buf_printf(&job->body, "id: %s\nevent: lost\ndata: {}\n\n", job->after);
  else if (wire_json_size(events) == 0 && moved)
    base_buf_printf(&job->body, "id: %s\n\n", job->after);
  else if (wire_json_size(events) == 0)
    base_buf_text(&job->body, ":\n\n");
  for (size_t i = 0; i < wire_json_size(events); i++)
    write_event(&job->body, wire_json_at(events, i));
  return job->body.code == BASE_OK;
}

/* Core says who asks: the gate knows tokens, and a person may have many. */
static void read_who(struct gate_job *job, struct base_view answer) {
  WIRE_AUTO_JSON struct wire_json *told = NULL;
  struct base_error ignored;
  if (wire_json_parse(answer, answer.size, "events", &told, &ignored) != BASE_OK)
    return;
  struct base_view who = wire_json_text(wire_json_get(told, "who"));
  (void)snprintf(job->who, sizeof job->who, "%.*s", (int)who.size, (const char *)who.data);
}

static void more(void *context, struct link_message *message) {
  struct gate_job *job = context;
  job->asked = false;
  job->ended = job->ended || message->status != BASE_OK || !take(job, message->payload);
  gate_http_wake(job->request);
}

static ssize_t read_events(void *context, struct gate_request *request, uint64_t at, uint8_t *out, size_t room) {
  struct gate_job *job = request->context;
  (void)context;
  (void)at;
  if (job->ended)
    return GATE_END;
  if (job->written == job->body.size) {
    ask(job, more);
    return 0;
  }
  size_t left = job->body.size - job->written, size = left < room ? left : room;
  memcpy(out, job->body.data + job->written, size);
  job->written += size;
  return (ssize_t)size;
}

/* The same person's, this one not counted. */
static size_t listen_already(const struct gate_job *job) {
  size_t count = 0;
  for (size_t i = 0; i < GATE_AUDIENCE_MAX; i++) {
    const struct gate_job *other = job->local->listeners[i];
    count += other != NULL && other != job && strcmp(other->who, job->who) == 0 && other->who[0] != '\0';
  }
  return count;
}

static void first(void *context, struct link_message *message) {
  struct gate_job *job = context;
  struct base_error err;
  job->asked = false;
  if (gate_job_refused(job, message))
    return;
  read_who(job, message->payload);
  if (listen_already(job) >= GATE_AUDIENCE_SHARE) {
    (void)base_fail(&err, BASE_BUSY, "%d of this person listen to events already; try again when one has ended",
                    GATE_AUDIENCE_SHARE);
    job->who[0] = '\0';
    gate_http_refuse(job->request, &err);
  } else if (take(job, message->payload))
    gate_http_stream(job->request, "text/event-stream", GATE_UNTIL_END, read_events);
  else
    gate_job_nonsense(job, "events.take");
}

/* The header is of one who comes back by himself, and so is the later word. */
static enum base_code read_after(struct gate_job *job, struct base_error *err) {
  const struct base_view *said = gate_target_query(&job->request->target, "after");
  struct base_view after = job->request->body.last_event, none = {NULL, 0};
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf unused = {0};
  wire_writer_init(&writer, &unused);
  wire_write_object(&writer);
  enum base_code code = gate_route_members(job->route, &job->request->target, &writer, err);
  if (code != BASE_OK)
    return code;
  if (after.size == 0)
    after = said != NULL ? *said : none;
  if (after.size > GATE_POSITION_MAX || !base_utf8_valid(after) || (said != NULL && said->size == 0))
    return base_fail(err, BASE_FIELD, "after: must be the id of an event, at most %d octets", GATE_POSITION_MAX);
  (void)snprintf(job->after, sizeof job->after, "%.*s", (int)after.size, (const char *)after.data);
  const struct base_view *lane = gate_target_query(&job->request->target, "lane");
  if (lane != NULL && (lane->size == 0 || lane->size > GATE_LANE_MAX || !base_utf8_valid(*lane)))
    return base_fail(err, BASE_FIELD, "lane: enforcement, humanitarian or civil");
  if (lane != NULL)
    (void)snprintf(job->lane, sizeof job->lane, "%.*s", (int)lane->size, (const char *)lane->data);
  return BASE_OK;
}

/* One whose first answer is still to come ends by that. */
static void end(struct gate_job *job) {
  job->ended = true;
  if (job->asked && gate_http_answered(job->request)) {
    gate_calls_forget(&job->local->core, job);
    gate_http_wake(job->request);
  } else if (!job->asked)
    gate_http_hang_up(job->request);
}

/* Who has closed his end is found when somebody wants a place, and not only by the next heartbeat. */
static void leave_gone(struct gate_local *local) {
  for (size_t i = 0; i < GATE_AUDIENCE_MAX; i++) {
    struct gate_job *job = local->listeners[i];
    if (job == NULL || !gate_http_answered(job->request) || !gate_http_left(job->request))
      continue;
    local->listeners[i] = NULL;
    end(job);
  }
}

void gate_events_begin(struct gate_job *job) {
  struct base_error err;
  size_t place = 0;
  leave_gone(job->local);
  while (place < GATE_AUDIENCE_MAX && job->local->listeners[place] != NULL)
    place++;
  enum base_code code = read_after(job, &err);
  if (code == BASE_OK && place == GATE_AUDIENCE_MAX)
    code = base_fail(&err, BASE_BUSY, "%d listen to events already; try again when one has ended", GATE_AUDIENCE_MAX);
  if (code != BASE_OK) {
    gate_http_refuse(job->request, &err);
    return;
  }
  job->local->listeners[place] = job;
  ask(job, first);
}

void gate_events_gone(struct gate_job *job) {
  for (size_t i = 0; i < GATE_AUDIENCE_MAX; i++)
    if (job->local->listeners[i] == job) {
      gate_calls_forget(&job->local->core, job);
      job->local->listeners[i] = NULL;
    }
}

void gate_events_stop(struct gate_local *local) {
  for (size_t i = 0; i < GATE_AUDIENCE_MAX; i++)
    if (local->listeners[i] != NULL)
      end(local->listeners[i]);
}
