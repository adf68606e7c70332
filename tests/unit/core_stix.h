/* SPDX-License-Identifier: Apache-2.0
 * Parts that are STIX, and the local gate and the worker that look into them for a core under test. */
#ifndef WASL_TESTS_CORE_STIX_H
#define WASL_TESTS_CORE_STIX_H

#include "core/stix.h"
#include "core_persons.h"
#include "core_try.h"
#include "wire/stix.h"

#define UUID "0c7b5b88-8ff7-4a4d-aa9d-feb398cd00"

/* --- parts */

/* Objects FIRST to FIRST+COUNT-1 of a bundle, every third one a malware, the others indicators. */
static inline void stix_bundle(unsigned first, unsigned count, struct base_buf *out) {
  base_buf_init(out, 1 << 20);
  base_buf_text(out, "{\"type\":\"bundle\",\"id\":\"bundle--" UUID "00\",\"objects\":[");
  for (unsigned i = first; i < first + count; i++) {
    const char *type = i % 3 == 0 ? "malware" : "indicator";
    base_buf_printf(out, "%s{\"type\":\"%s\",\"id\":\"%s--0c7b5b88-8ff7-4a4d-aa9d-%012x\",", i == first ? "" : ",", type, type, i);
    base_buf_printf(out, "\"modified\":\"2026-11-%02uT08:00:00Z\"}", i % 28 + 1);
  }
  base_buf_text(out, "]}");
}

static inline void stix_upload(struct pair_node *node, struct base_view octets, const char *type, struct base_buf *parts) {
  char at[24], json[96];
  struct pair_answer answer = pair_ask(node, LINK_PART_BEGIN, "{\"actor\":\"test\"}", -1);
  pair_text(&answer, "stage", at, sizeof at);
  pair_answer_free(&answer);
  int fd = base_memfd_sealed("piece", octets, NULL);
  snprintf(json, sizeof json, "{\"stage\":\"%s\",\"index\":0,\"last\":true}", at);
  answer = pair_ask(node, LINK_PART_CHUNK, json, fd);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  close(fd);
  base_buf_printf(parts, "%s{\"stage\":\"%s\",\"name\":\"p%zu\",\"type\":\"%s\"}", parts->size == 0 ? "[" : ",", at,
                  parts->size, type);
}

static inline void stix_upload_bundle(struct pair_node *node, unsigned first, unsigned count, struct base_buf *parts) {
  BASE_AUTO_BUF struct base_buf octets = {0};
  stix_bundle(first, count, &octets);
  stix_upload(node, base_buf_view(&octets), "application/stix+json", parts);
}

/* A request with one bundle. */
static inline void stix_send(struct pair_node *a, struct pair_node *b, unsigned first, unsigned count, char id[65]) {
  BASE_AUTO_BUF struct base_buf parts = {0};
  stix_upload_bundle(a, first, count, &parts);
  try_request_with(a, b, try_parts_end(&parts), id);
  pair_rest(a, b);
}

/* --- the local gate and the worker, as they do it */

enum { TAKE = 1 << 20 }; /* the token of the parked request */

/* The next part that core gives out; false: it parks the request. */
static inline bool stix_take(struct pair_node *node, struct pair_answer *out) {
  core_input(node->core, LINK_STIX_TAKE, TAKE, BASE_VIEW("{}"), -1);
  pair_settle(node);
  return pair_find(node, TAKE, out);
}

static inline bool stix_woken(struct pair_node *node, struct pair_answer *out) {
  pair_settle(node);
  return pair_find(node, TAKE, out);
}

static inline void stix_read(struct pair_node *node, const struct pair_answer *task, struct base_buf *out) {
  char json[200], message[65];
  WIRE_AUTO_JSON struct wire_json *what = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&task->payload), 65536, "task", &what, NULL), BASE_OK);
  pair_text(task, "message", message, sizeof message);
  for (int64_t record = 0; record < number(what, "records"); record++) {
    snprintf(json, sizeof json, "{\"message\":\"%s\",\"part\":%lld,\"record\":%lld}", message, (long long)number(what, "part"),
             (long long)record);
    struct pair_answer answer = pair_ask(node, LINK_STIX_RECORD, json, -1);
    assert_int_equal(answer.status, BASE_OK);
    base_buf_add_buf(out, &answer.payload);
    pair_answer_free(&answer);
  }
  assert_int_equal(out->size, number(what, "size"));
}

/* why NULL: the list. */
static inline enum base_code stix_give(struct pair_node *node, const struct pair_answer *task, const char *why,
                                       struct base_view list) {
  char json[1024], message[65], member[700] = "";
  WIRE_AUTO_JSON struct wire_json *what = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&task->payload), 65536, "task", &what, NULL), BASE_OK);
  pair_text(task, "message", message, sizeof message);
  if (why != NULL)
    snprintf(member, sizeof member, ",\"why\":\"%s\"", why);
  snprintf(json, sizeof json, "{\"message\":\"%s\",\"part\":%lld%s}", message, (long long)number(what, "part"), member);
  int fd = why == NULL ? base_memfd_sealed("list", list, NULL) : -1;
  struct pair_answer answer = pair_ask(node, LINK_STIX_GIVE, json, fd);
  enum base_code code = answer.status;
  pair_answer_free(&answer);
  base_close_fd(&fd);
  return code;
}

static inline void stix_look_into(struct pair_node *node, struct pair_answer *task) {
  BASE_AUTO_BUF struct base_buf octets = {0}, list = {0};
  struct base_error err = {0};
  stix_read(node, task, &octets);
  enum base_code code = wire_stix_list(base_buf_view(&octets), &list, &err);
  assert_int_equal(stix_give(node, task, code == BASE_OK ? NULL : err.text, base_buf_view(&list)), BASE_OK);
  pair_answer_free(task);
}

/* Some messages; what is said of them. */
static inline bool stix_again(struct pair_node *node, int64_t *next, int64_t *messages, int64_t *parts) {
  char json[96];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"from\":%lld}", (long long)*next);
  struct pair_answer answer = pair_ask(node, LINK_STIX_AGAIN, json, -1);
  WIRE_AUTO_JSON struct wire_json *said = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 65536, "again", &said, NULL), BASE_OK);
  *next = number(said, "next");
  *messages = number(said, "messages");
  *parts = number(said, "parts");
  pair_answer_free(&answer);
  return wire_json_true(wire_json_get(said, "done"));
}

/* All that waits; so many parts. */
static inline unsigned stix_look(struct pair_node *node) {
  struct pair_answer task;
  unsigned count = 0;
  for (bool there = stix_take(node, &task); there; there = stix_take(node, &task), count++)
    stix_look_into(node, &task);
  try_no_gate(node);
  return count;
}

#endif
