/* SPDX-License-Identifier: Apache-2.0
 * Two cores whose agreement covers both sides of the wall (spec/lanes.md), cases of each, and somebody on each. */
#ifndef WASL_TESTS_CORE_SIDES_H
#define WASL_TESTS_CORE_SIDES_H

#include "core_persons.h"
#include "core_try.h"

/* An agreement with a row `*` and, when asked for, one that names tracing. */
static inline void agree_on(struct pair_node *a, struct pair_node *b, bool tracing) {
  char id[65], answer[65], fields[100];
  struct base_buf json = {0};
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
                  "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],"
                  "\"purposes\":[\"*\"],\"direction\":\"both\",\"personal\":\"special\"}%s]}}",
                  b->name, base_time_format(a->now + 300 * DAY).text,
                  tracing ? ",{\"id\":\"2\",\"kind\":\"tracing\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\","
                            "\"personal\":\"special\"}"
                          : "");
  base_buf_u8(&json, 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_rest(a, b);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", id);
  try_send(b, id, "accept", fields, answer);
  pair_rest(a, b);
}

static inline void two(struct pair_node *a, struct pair_node *b) {
  try_partners(a, b);
  agree_on(a, b, true);
}

/* The request that opens a case with the kind's example; more: members of its fields, in place of the example's first brace. */
static inline void opening(struct pair_node *node, const char *kind, const char *to, const char *more, struct base_buf *json) {
  char asked[128];
  snprintf(asked, sizeof asked, "{\"actor\":\"test\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, asked, -1);
  assert_int_equal(example.status, BASE_OK);
  base_buf_printf(json, "\"kind\":\"%s\",\"to\":[\"%s\"],\"fields\":{%s%.*s", kind, to, more, (int)example.payload.size - 1,
                  (const char *)example.payload.data + 1);
  pair_answer_free(&example);
}

static inline void open_as(struct pair_node *node, const char *kind, const char *to, const char *secret, const char *more,
                    enum base_code want, const char *says, char id[65]) {
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"token\":\"%s\",", secret);
  if (secret[0] == '\0') {
    base_buf_reset(&json);
    base_buf_text(&json, "{\"actor\":\"test\",");
  }
  opening(node, kind, to, more, &json);
  base_buf_printf(&json, "}%c", 0);
  struct pair_answer answer = pair_ask(node, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_free(&json);
  if (want == BASE_OK && answer.status == BASE_OK) {
    pair_text(&answer, "id", id, 65);
    pair_answer_free(&answer);
    return;
  }
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static inline void open_it(struct pair_node *a, struct pair_node *b, const char *kind, char id[65]) {
  open_as(a, kind, b->name, "", "", BASE_OK, "", id);
  pair_rest(a, b);
}

/* Somebody on each side. */
static inline void add_sides(struct pair_node *node, char lina[SECRET], char hana[SECRET]) {
  add(node, "lina", "\"liaison\",\"supervisor\"");
  done_as(node, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"hana\",\"name\":\"H\",\"roles\":[\"liaison\",\"supervisor\",\"auditor\"],"
          "\"lanes\":[\"humanitarian\"]");
  token_for(node, "lina", "", lina);
  token_for(node, "hana", "", hana);
}

/* What is said of a case of the other side, and of one that is not here at all: the same, but for the id. */
static inline void alike_by(struct pair_node *node, enum link_request_code code, const char *secret, const char *key,
                            const char *id, const char *more) {
  static const char none[] = "00000000000000000000000000000000000000000000000000000000000000aa";
  char members[400], said[2][400];
  const char *const ids[] = {id, none};
  for (size_t i = 0; i < 2; i++) {
    snprintf(members, sizeof members, "\"%s\":\"%s\"%s", key, ids[i], more);
    struct pair_answer answer = ask_as(node, code, secret, members);
    if (i == 0 && answer.status != (code == LINK_CASE_REVIEW ? BASE_CONFLICT : BASE_NOT_FOUND))
      fail_msg("%s: %s", link_row(code)->name, base_code_name(answer.status));
    snprintf(said[i], sizeof said[i], "%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
    char *place = strstr(said[i], ids[i]);
    if (place != NULL)
      memset(place, 'x', 64);
    pair_answer_free(&answer);
  }
  if (strcmp(said[0], said[1]) != 0)
    fail_msg("%s: %s\n%s", link_row(code)->name, said[0], said[1]);
}

static inline void alike(struct pair_node *node, enum link_request_code code, const char *secret, const char *id, const char *more) {
  alike_by(node, code, secret, "id", id, more);
}

#endif
