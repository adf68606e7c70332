/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gate/local_internal.h"
#include "wire/consignment.h"

/* A part comes in: pieces of WIRE_RECORD_MAX go to core one at a time, and while one is on its way the sender is held
 * back, so that an upload of any size takes the memory of one piece (and of one copy for the worker, when it may be
 * STIX). */

enum { BYTE_ORDER_MARK = 0xEF }; /* the first octet of one, which some put before JSON */

static void fail(struct gate_job *job, const struct base_error *err) {
  gate_http_refuse(job->request, err);
}

static void begun(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (gate_job_refused(job, message))
    return;
  WIRE_AUTO_JSON struct wire_json *answer = NULL;
  struct base_view stage = {NULL, 0};
  if (wire_json_parse(message->payload, LINK_INLINE_MAX, "part.begin", &answer, NULL) == BASE_OK)
    stage = wire_json_text(wire_json_get(answer, "stage"));
  if (stage.size == 0 || stage.size >= sizeof job->stage) {
    gate_job_nonsense(job, "part.begin");
    return;
  }
  memcpy(job->stage, stage.data, stage.size);
  gate_http_wake(job->request);
}

/* What the sender says of the part, and whether it is to be looked into at all. */
static void take_saying(struct gate_job *job) {
  const struct base_view *type = gate_target_query(&job->request->target, "type");
  const struct base_view *flag = gate_target_query(&job->request->target, "as_is");
  bool as_is = flag != NULL && base_view_is(*flag, "true");
  job->said = type == NULL ? WIRE_STIX_UNSAID : wire_stix_said(*type);
  job->json_decided = as_is || job->said != WIRE_STIX_UNSAID;
  job->json_likely = job->json_decided && !as_is;
}

void gate_upload_begin(struct gate_job *job) {
  struct wire_writer writer;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf unused = {0}, payload = {0};
  /* Name and type go with the message that will name this part; only their form is looked at here. */
  wire_writer_init(&writer, &unused);
  wire_write_object(&writer);
  if (gate_route_members(job->route, &job->request->target, &writer, &err) != BASE_OK ||
      gate_memfile_open(&job->chunk, "piece", WIRE_RECORD_MAX, &err) != BASE_OK ||
      gate_memfile_open(&job->copy, "copy", WIRE_STIX_MAX, &err) != BASE_OK) {
    fail(job, &err);
    return;
  }
  take_saying(job);
  gate_job_object(job, &writer, &payload);
  wire_write_end(&writer, '}');
  gate_job_ask(job, LINK_PART_BEGIN, base_buf_view(&payload), -1, begun);
}

/* Keeps a copy as long as the part may be a JSON object that the worker can take. */
static enum base_code keep_copy(struct gate_job *job, struct base_view data, struct base_error *err) {
  if (job->copy.fd < 0)
    return BASE_OK;
  for (size_t i = 0; i < data.size && !job->json_decided; i++)
    if (memchr(" \t\r\n", data.data[i], 4) == NULL) {
      job->json_decided = true;
      job->json_likely = data.data[i] == '{' || data.data[i] == BYTE_ORDER_MARK;
    }
  if (job->json_decided && !job->json_likely) {
    gate_memfile_close(&job->copy);
    return BASE_OK;
  }
  enum base_code code = gate_memfile_add(&job->copy, data, err);
  if (code != BASE_TOO_LARGE)
    return code;
  gate_memfile_close(&job->copy);
  return BASE_OK;
}

static void piece_taken(void *context, struct link_message *message) {
  struct gate_job *job = context;
  struct base_error err;
  if (gate_job_refused(job, message))
    return;
  if (gate_memfile_open(&job->chunk, "piece", WIRE_RECORD_MAX, &err) != BASE_OK)
    fail(job, &err);
  else
    gate_http_wake(job->request);
}

static void send_piece(struct gate_job *job, bool last, gate_answer answer) {
  struct base_error err;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  if (gate_memfile_seal(&job->chunk, &err) != BASE_OK) {
    fail(job, &err);
    return;
  }
  gate_job_object(job, &writer, &payload);
  wire_write_member_string(&writer, "stage", job->stage);
  wire_write_member_integer(&writer, "index", (int64_t)job->index++);
  wire_write_member_bool(&writer, "last", last);
  wire_write_end(&writer, '}');
  gate_job_ask(job, LINK_PART_CHUNK, base_buf_view(&payload), job->chunk.fd, answer);
  gate_memfile_close(&job->chunk);
}

size_t gate_upload_body(struct gate_job *job, struct base_view data) {
  struct base_error err;
  /* A full piece goes only when more comes: it might have been the last. */
  if (job->chunk.size == WIRE_RECORD_MAX) {
    send_piece(job, false, piece_taken);
    return gate_http_answered(job->request) ? data.size : 0;
  }
  size_t room = WIRE_RECORD_MAX - job->chunk.size;
  struct base_view taken = base_view_of(data.data, data.size < room ? data.size : room);
  if (gate_memfile_add(&job->chunk, taken, &err) != BASE_OK || keep_copy(job, taken, &err) != BASE_OK) {
    fail(job, &err);
    return data.size;
  }
  /* The library does not come back by itself for what was left over. */
  if (taken.size < data.size)
    send_piece(job, false, piece_taken);
  return gate_http_answered(job->request) ? data.size : taken.size;
}

static void finished(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (gate_job_refused(job, message))
    return;
  WIRE_AUTO_JSON struct wire_json *answer = NULL;
  if (wire_json_parse(message->payload, LINK_INLINE_MAX, "part.finish", &answer, NULL) != BASE_OK) {
    gate_job_nonsense(job, "part.finish");
    return;
  }
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf out = {0};
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  static const char *const members[] = {"stage", "sha256", "size"};
  for (size_t i = 0; i < 3; i++) {
    wire_write_key(&writer, members[i]);
    wire_write_value(&writer, wire_json_get(answer, members[i]));
  }
  wire_write_key(&writer, "stix");
  if (job->body.size > 0)
    wire_write_raw(&writer, base_buf_view(&job->body));
  else
    wire_write_null(&writer);
  wire_write_end(&writer, '}');
  /* Whoever uploaded it names it now; it is no longer ours to take back. */
  job->stage[0] = '\0';
  gate_http_content(job->request, "application/json", base_buf_view(&out));
}

static void finish(struct gate_job *job) {
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  gate_job_object(job, &writer, &payload);
  wire_write_member_string(&writer, "stage", job->stage);
  wire_write_end(&writer, '}');
  gate_job_ask(job, LINK_PART_FINISH, base_buf_view(&payload), -1, finished);
}

static void checked(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (gate_job_refused(job, message))
    return;
  base_buf_add_view(&job->body, message->payload);
  finish(job);
}

static void check(struct gate_job *job) {
  static const char *const words[] = {
      [WIRE_STIX_UNSAID] = "opaque", [WIRE_STIX_SAID_JSON] = "json", [WIRE_STIX_SAID_STIX] = "stix"};
  struct base_error err;
  if (job->copy.fd >= 0 && job->json_likely) {
    if (gate_memfile_seal(&job->copy, &err) != BASE_OK)
      fail(job, &err);
    else
      gate_stix_check(job, words[job->said], &job->copy, checked);
    gate_memfile_close(&job->copy);
    return;
  }
  if (job->json_likely)
    gate_stix_too_large(&job->body);
  finish(job);
}

static void last_taken(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (!gate_job_refused(job, message))
    check(job);
}

void gate_upload_end(struct gate_job *job) {
  send_piece(job, true, last_taken);
}

void gate_upload_gone(struct gate_job *job) {
  if (job->stage[0] == '\0')
    return;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  gate_job_object(job, &writer, &payload);
  wire_write_member_string(&writer, "stage", job->stage);
  wire_write_end(&writer, '}');
  gate_calls_ask(&job->local->core, LINK_PART_CANCEL, base_buf_view(&payload), -1, NULL, NULL);
}
