/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_LOCAL_INTERNAL_H
#define GATE_LOCAL_INTERNAL_H

#include "gate/local.h"
#include "gate/memfile.h"
#include "wire/stix.h"

/* What local.c, upload.c, download.c, events.c, password.c, stix.c and index.c share. */

struct gate_local {
  struct link_loop *loop;
  const struct gate_limits *limits;
  struct gate_users users;
  const struct link_family *family;
  struct gate_calls core, worker;
  struct gate_deriver *deriver;
  struct gate_index *index; /* NULL: parts are not looked into */
  struct gate_http *http;
  struct link_timer *stop_timer;
  struct gate_job *listeners[GATE_AUDIENCE_MAX]; /* NULL: a free place */
  int listen;
  bool stopping;
};

/* A request of the local API. Whatever it asks another process, it waits for the answer, so it outlives every call. */
struct gate_job {
  struct gate_local *local;
  struct gate_request *request;
  const struct gate_route *route;
  struct base_buf body;       /* of GATE_POST and GATE_SECRET */
  struct gate_secret *secret; /* of GATE_SECRET */
  /* the part that comes in or goes out */
  char stage[80];                  /* what core calls the part that comes in; empty: none, or finished */
  struct gate_memfile chunk, copy; /* chunk: of GATE_OCTETS the whole body */
  bool json_likely, json_decided;
  enum wire_stix_said said; /* of the part that comes in, by its media type */
  uint64_t index;           /* of the next chunk or record */
  uint64_t size, records;
  struct wire_json *opened; /* core's answer to part.open, or to part.finish */
  uint8_t *record;          /* one record of a part that goes out */
  size_t record_size;
  /* of a listener; body then holds what is to be written */
  char after[GATE_POSITION_MAX + 1]; /* the last event that he was told */
  char lane[GATE_LANE_MAX + 1];      /* which one he asked for; "" for those that he has */
  char who[GATE_WHO_MAX + 1];        /* as core names him; "" until it did */
  bool asked, ended;
  size_t written;
};

/* {"actor":…,"token":…, and then the members that the caller adds; close with wire_write_end. */
void gate_job_object(const struct gate_job *job, struct wire_writer *writer, struct base_buf *out);
/* Asks core and waits. */
void gate_job_ask(struct gate_job *job, enum link_request_code code, struct base_view payload, int fd,
                  gate_answer answer);
/* Passes a refusal on; true when message is one. */
bool gate_job_refused(struct gate_job *job, const struct link_message *message);
/* Passes core's answer on, whatever it is. context: the struct gate_job. */
void gate_job_answered(void *context, struct link_message *message);
/* Core or the worker said something that this gate does not understand. */
void gate_job_nonsense(struct gate_job *job, const char *what);

void gate_upload_begin(struct gate_job *job);
size_t gate_upload_body(struct gate_job *job, struct base_view data);
void gate_upload_end(struct gate_job *job);
void gate_upload_gone(struct gate_job *job);

void gate_download_begin(struct gate_job *job); /* GATE_DOWNLOAD and GATE_STIX */

void gate_password_begin(struct gate_job *job);
void gate_password_gone(struct gate_job *job);

void gate_events_begin(struct gate_job *job);
void gate_events_gone(struct gate_job *job);
/* Nobody listens any more; who does not read is cut off. */
void gate_events_stop(struct gate_local *local);

/* Has a sealed copy of a part checked by the worker and waits; done gets its answer. said: a word for the worker. */
void gate_stix_check(struct gate_job *job, const char *said, const struct gate_memfile *copy, gate_answer done);
void gate_index_free(struct gate_index *index);
/* The report about a part that is too large to be checked. */
void gate_stix_too_large(struct base_buf *out);

#endif
