/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "gate/local_internal.h"
#include "wire/consignment.h"
#include "wire/stix.h"

/* Parts that are STIX, looked into by the worker for the index of core: one at a time, as core gives them out. It counts how
 * often each was; so whatever goes wrong here, the next one is asked for, and nothing is lost. Nothing of it stays here. */

struct gate_index {
  struct gate_local *local;
  struct link_timer *again; /* after trouble */
  char message[BASE_HEX_ID + 1];
  int64_t part;
  uint64_t size, records, record;
  struct gate_memfile copy;
};

static void ask_next(void *context);

static void pause_index(struct gate_index *index) {
  gate_memfile_close(&index->copy);
  link_timer_set(index->again, GATE_INDEX_AGAIN_MS);
}

/* Names the part that is given out; close with wire_write_end. */
static void begin_object(const struct gate_index *index, struct wire_writer *writer, struct base_buf *out) {
  wire_writer_init(writer, out);
  wire_write_object(writer);
  wire_write_member_string(writer, "message", index->message);
  wire_write_member_integer(writer, "part", index->part);
}

static void given(void *context, struct link_message *message) {
  struct gate_index *index = context;
  if (message->status == BASE_OK || message->status == BASE_NOT_FOUND) /* erased meanwhile */
    ask_next(index);
  else
    pause_index(index);
}

/* why empty: list is what was found. */
static void give(struct gate_index *index, struct base_view why, struct base_view list) {
  struct wire_writer writer;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf payload = {0};
  BASE_AUTO_FD int fd = why.size == 0 ? base_memfd_sealed("list", list, &err) : -1;
  gate_memfile_close(&index->copy);
  begin_object(index, &writer, &payload);
  if (why.size > 0)
    wire_write_member_text(&writer, "why", why);
  wire_write_end(&writer, '}');
  if (payload.code != BASE_OK || (why.size == 0 && fd < 0))
    pause_index(index);
  else
    gate_calls_ask(&index->local->core, LINK_STIX_GIVE, base_buf_view(&payload), fd, given, index);
}

static void indexed(void *context, struct link_message *message) {
  struct gate_index *index = context;
  BASE_AUTO_BUF struct base_buf why = {0};
  if (index->local->worker.channel == NULL || message->status == BASE_MEMORY) {
    pause_index(index); /* the worker came to its end with it: core knows that it was given out */
    return;
  }
  base_buf_printable(&why, base_view_of(message->payload.data, message->payload.size < GATE_DETAIL_MAX
                                                                   ? message->payload.size
                                                                   : GATE_DETAIL_MAX));
  if (message->status != BASE_OK)
    give(index, base_buf_view(&why), (struct base_view){0});
  else
    give(index, (struct base_view){0}, message->payload);
}

static void read_on(struct gate_index *index);

static void record_read(void *context, struct link_message *message) {
  struct gate_index *index = context;
  struct base_error err;
  uint64_t left = index->size - index->copy.size;
  if (message->status != BASE_OK) {
    give(index, message->payload, (struct base_view){0});
    return;
  }
  if (message->payload.size != (left < WIRE_RECORD_MAX ? left : WIRE_RECORD_MAX) ||
      gate_memfile_add(&index->copy, message->payload, &err) != BASE_OK) {
    base_log(BASE_LOG_ERROR, "gate.index", "a record of a part could not be copied");
    pause_index(index);
    return;
  }
  index->record++;
  read_on(index);
}

/* The next record; behind the last the worker's turn. */
static void read_on(struct gate_index *index) {
  struct wire_writer writer;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf payload = {0};
  if (index->record < index->records) {
    begin_object(index, &writer, &payload);
    wire_write_member_integer(&writer, "record", (int64_t)index->record);
    wire_write_end(&writer, '}');
    gate_calls_ask(&index->local->core, LINK_STIX_RECORD, base_buf_view(&payload), -1, record_read, index);
  } else if (index->local->worker.channel == NULL || gate_memfile_seal(&index->copy, &err) != BASE_OK)
    pause_index(index);
  else
    gate_calls_ask(&index->local->worker, LINK_STIX_INDEX, (struct base_view){0}, index->copy.fd, indexed, index);
}

static bool read_task(struct gate_index *index, struct base_view payload) {
  WIRE_AUTO_JSON struct wire_json *task = NULL;
  if (wire_json_parse(payload, LINK_INLINE_MAX, "stix.take", &task, NULL) != BASE_OK)
    return false;
  struct base_view id = wire_json_text(wire_json_get(task, "message"));
  int64_t size = wire_json_integer(wire_json_get(task, "size"));
  int64_t records = wire_json_integer(wire_json_get(task, "records"));
  if (id.size != BASE_HEX_ID || size < 0 || size > WIRE_STIX_MAX || records < 1 || records > WIRE_STIX_MAX)
    return false;
  memcpy(index->message, id.data, id.size);
  index->part = wire_json_integer(wire_json_get(task, "part"));
  index->size = (uint64_t)size;
  index->records = (uint64_t)records;
  index->record = 0;
  return true;
}

static void taken(void *context, struct link_message *message) {
  struct gate_index *index = context;
  struct base_error err;
  if (message->status != BASE_OK || !read_task(index, message->payload) ||
      gate_memfile_open(&index->copy, "copy", WIRE_STIX_MAX, &err) != BASE_OK)
    pause_index(index);
  else
    read_on(index);
}

static void ask_next(void *context) {
  struct gate_index *index = context;
  if (!index->local->stopping && index->local->worker.channel != NULL)
    gate_calls_ask(&index->local->core, LINK_STIX_TAKE, BASE_VIEW("{}"), -1, taken, index);
}

enum base_code gate_local_index(struct gate_local *local, struct base_error *err) {
  local->index = calloc(1, sizeof *local->index);
  if (local->index == NULL)
    return base_fail(err, BASE_MEMORY, "out of memory for the index of STIX objects");
  *local->index = (struct gate_index){.local = local, .copy = GATE_MEMFILE_NONE};
  local->index->again = link_loop_timer(local->loop, ask_next, local->index);
  ask_next(local->index);
  return BASE_OK;
}

void gate_index_free(struct gate_index *index) {
  if (index == NULL)
    return;
  link_timer_set(index->again, -1);
  gate_memfile_close(&index->copy);
  free(index);
}
