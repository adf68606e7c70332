/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "gate/local_internal.h"
#include "wire/consignment.h"
#include "wire/stix.h"

/* A part goes out, one record at a time: the next is asked for when the reader has taken the one before, so a part of
 * any size takes the memory of one record. */

static void ask_record(struct gate_job *job, gate_answer answer) {
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  gate_job_object(job, &writer, &payload);
  wire_write_key(&writer, "message");
  wire_write_value(&writer, wire_json_get(job->opened, "message"));
  wire_write_key(&writer, "part");
  wire_write_value(&writer, wire_json_get(job->opened, "part"));
  wire_write_member_integer(&writer, "record", (int64_t)job->index);
  wire_write_end(&writer, '}');
  gate_job_ask(job, LINK_PART_READ, base_buf_view(&payload), -1, answer);
}

/* Every record but the last is full, so its place tells its size. */
static bool fits(const struct gate_job *job, const struct link_message *message) {
  uint64_t start = job->index * WIRE_RECORD_MAX, left = job->size - start;
  return message->payload.size == (left < WIRE_RECORD_MAX ? left : WIRE_RECORD_MAX);
}

/* The status line is out: all that is left to say is that the answer breaks off. */
static void cut(struct gate_job *job, const char *why) {
  base_log(BASE_LOG_ERROR, "gate.download", "a download was cut off: %s", why);
  job->records = 0;
  gate_http_wake(job->request);
}

static void record_read(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (message->status != BASE_OK)
    cut(job, base_code_text(message->status));
  else if (!fits(job, message))
    cut(job, "core gave a record of the wrong size");
  else {
    memcpy(job->record, message->payload.data, message->payload.size);
    job->record_size = message->payload.size;
    gate_http_wake(job->request);
  }
}

static ssize_t read_part(void *context, struct gate_request *request, uint64_t at, uint8_t *out, size_t room) {
  (void)context;
  struct gate_job *job = request->context;
  uint64_t index = at / WIRE_RECORD_MAX;
  size_t offset = (size_t)(at % WIRE_RECORD_MAX);
  if (index >= job->records)
    return GATE_CUT;
  if (job->record_size == 0 || index != job->index) {
    job->index = index;
    job->record_size = 0;
    ask_record(job, record_read);
    return 0;
  }
  if (offset >= job->record_size)
    return GATE_CUT;
  size_t size = job->record_size - offset < room ? job->record_size - offset : room;
  memcpy(out, job->record + offset, size);
  return (ssize_t)size;
}

static void stream(struct gate_job *job) {
  job->record = malloc(WIRE_RECORD_MAX);
  if (job->record == NULL)
    gate_http_problem(job->request, BASE_MEMORY, base_view_text("out of memory for a download"));
  else
    gate_http_stream(job->request, "application/octet-stream", job->size, read_part);
}

static void checked(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (!gate_job_refused(job, message))
    gate_http_content(job->request, "application/json", message->payload);
}

static void copy_read(void *context, struct link_message *message) {
  struct gate_job *job = context;
  struct base_error err;
  if (gate_job_refused(job, message))
    return;
  if (!fits(job, message)) {
    gate_job_nonsense(job, "part.read");
    return;
  }
  enum base_code code = gate_memfile_add(&job->copy, message->payload, &err);
  job->index++;
  if (code == BASE_OK && job->copy.size == job->size)
    code = gate_memfile_seal(&job->copy, &err);
  if (code != BASE_OK) {
    gate_http_refuse(job->request, &err);
    return;
  }
  if (job->copy.size == job->size)
    gate_stix_check(job, "", &job->copy, checked);
  else
    ask_record(job, copy_read);
}

static void copy_for_worker(struct gate_job *job) {
  struct base_error err;
  if (job->size > WIRE_STIX_MAX) {
    BASE_AUTO_BUF struct base_buf report = {0};
    gate_stix_too_large(&report);
    gate_http_content(job->request, "application/json", base_buf_view(&report));
  } else if (gate_memfile_open(&job->copy, "copy", WIRE_STIX_MAX, &err) != BASE_OK)
    gate_http_refuse(job->request, &err);
  else
    ask_record(job, copy_read);
}

static void opened(void *context, struct link_message *message) {
  struct gate_job *job = context;
  if (gate_job_refused(job, message))
    return;
  if (wire_json_parse(message->payload, LINK_INLINE_MAX, "part.open", &job->opened, NULL) != BASE_OK) {
    gate_job_nonsense(job, "part.open");
    return;
  }
  int64_t size = wire_json_integer(wire_json_get(job->opened, "size"));
  int64_t records = wire_json_integer(wire_json_get(job->opened, "records"));
  if (size < 0 || records < 1 || (uint64_t)size > (uint64_t)records * WIRE_RECORD_MAX ||
      (records > 1 && (uint64_t)size <= ((uint64_t)records - 1) * WIRE_RECORD_MAX)) {
    gate_job_nonsense(job, "part.open");
    return;
  }
  job->size = (uint64_t)size;
  job->records = (uint64_t)records;
  if (job->route->way == GATE_STIX)
    copy_for_worker(job);
  else
    stream(job);
}

void gate_download_begin(struct gate_job *job) {
  struct base_error err;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  gate_job_object(job, &writer, &payload);
  if (gate_route_members(job->route, &job->request->target, &writer, &err) != BASE_OK) {
    gate_http_refuse(job->request, &err);
    return;
  }
  wire_write_end(&writer, '}');
  gate_job_ask(job, LINK_PART_OPEN, base_buf_view(&payload), -1, opened);
}
