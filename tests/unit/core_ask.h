/* SPDX-License-Identifier: Apache-2.0
 * Asking one of a pair of cores as the local gate does, and looking into its answer. */
#ifndef WASL_TESTS_CORE_ASK_H
#define WASL_TESTS_CORE_ASK_H

#include "core_pair.h"

struct told {
  struct pair_answer answer;
  struct wire_json *json;
};

static inline struct told tell(struct pair_node *node, enum link_request_code code, const char *request) {
  struct told told = {.answer = pair_ask(node, code, request, -1)};
  struct base_view text = base_buf_view(&told.answer.payload);
  if (told.answer.status != BASE_OK)
    fail_msg("%s: %.*s", request, (int)text.size, (const char *)text.data);
  struct base_error err = {0};
  if (code != LINK_REGISTER_TILE &&
      wire_json_parse(text, BASE_BUF_DEFAULT_LIMIT, "answer", &told.json, &err) != BASE_OK)
    fail_msg("%s", err.text);
  return told;
}

static inline void forget(struct told *told) {
  wire_json_free(told->json);
  pair_answer_free(&told->answer);
}

static inline const struct wire_json *at(const struct wire_json *array, size_t index) {
  assert_true(index < wire_json_size(array));
  return wire_json_at(array, index);
}

static inline int64_t number(const struct wire_json *object, const char *key) {
  assert_int_equal(wire_json_type(wire_json_get(object, key)), WIRE_JSON_INTEGER);
  return wire_json_integer(wire_json_get(object, key));
}

static inline void expect_text(const struct wire_json *object, const char *key, const char *expected) {
  struct base_view text = wire_json_text(wire_json_get(object, key));
  if (!base_view_is(text, expected))
    fail_msg("%s is \"%.*s\" instead of \"%s\"", key, (int)text.size, (const char *)text.data, expected);
}

static inline bool is_null(const struct wire_json *object, const char *key) {
  return wire_json_type(wire_json_get(object, key)) == WIRE_JSON_NULL;
}

static inline const char *with_id(const char *id) {
  static char text[256];
  snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\"}", id);
  return text;
}

static inline void ask_two(struct pair_node *a, struct pair_node *b) {
  pair_make(a, "rabat");
  pair_make(b, "paris");
  pair_partner(a, b);
  pair_partner(b, a);
}

static inline void ask_remove(struct pair_node *a, struct pair_node *b) {
  pair_remove(a);
  pair_remove(b);
}

/* A part of this many octets, staged; sha256 of it. */
static inline void stage(struct pair_node *node, size_t size, char out[24], struct base_hash *sha256) {
  struct told begun = tell(node, LINK_PART_BEGIN, "{\"actor\":\"amal\"}");
  snprintf(out, 24, "%.*s", (int)wire_json_text(wire_json_get(begun.json, "stage")).size,
           (const char *)wire_json_text(wire_json_get(begun.json, "stage")).data);
  forget(&begun);
  uint8_t *octets = calloc(1, size + 1);
  assert_non_null(octets);
  *sha256 = seal_sha256(base_view_of(octets, size));
  char request[128];
  for (size_t index = 0, done = 0; done < size; index++) {
    size_t piece = size - done < WIRE_RECORD_MAX ? size - done : WIRE_RECORD_MAX;
    int fd = base_memfd_sealed("part", base_view_of(octets + done, piece), NULL);
    done += piece;
    snprintf(request, sizeof request, "{\"actor\":\"amal\",\"stage\":\"%s\",\"index\":%zu,\"last\":%s}", out, index,
             done == size ? "true" : "false");
    struct pair_answer answer = pair_ask(node, LINK_PART_CHUNK, request, fd);
    assert_int_equal(answer.status, BASE_OK);
    pair_answer_free(&answer);
    close(fd);
  }
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"stage\":\"%s\"}", out);
  struct told finished = tell(node, LINK_PART_FINISH, request);
  forget(&finished);
  free(octets);
}

/* A message in a case, its fields the example's, with a part of this many octets (0: none). */
static inline void send_in(struct pair_node *node, const char *kase, const char *type, size_t part, char id[65],
                           struct base_hash *sha256) {
  char request[256], name[24];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"kind\":\"request\",\"type\":\"%s\"}", type);
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, request, -1);
  assert_int_equal(example.status, BASE_OK);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%.*s", kase, type,
                  (int)example.payload.size, (const char *)example.payload.data);
  if (part > 0) {
    stage(node, part, name, sha256);
    base_buf_printf(
        &json, ",\"parts\":[{\"stage\":\"%s\",\"name\":\"r\xc3\xa9sum\xc3\xa9.txt\",\"type\":\"text/plain\"}]", name);
  }
  base_buf_printf(&json, "}%c", 0);
  pair_id(node, LINK_CASE_SEND, (const char *)json.data, id);
  base_buf_free(&json);
  pair_answer_free(&example);
}

#endif
