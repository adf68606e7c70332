/* SPDX-License-Identifier: Apache-2.0
 * Three nodes in a chain, paris → rabat → madrid: what one gave is passed on by the next. For the tests of recalls and of
 * passing on. */
#ifndef WASL_TESTS_CORE_CHAIN_H
#define WASL_TESTS_CORE_CHAIN_H

#include "core/messages.h"
#include "core/recall.h"
#include "core/retain.h"

#include "core_damage.h"

enum { CHAIN = 3, DAY = 86400 };

struct chain {
  struct pair_node nodes[CHAIN];
  struct pair_node *all[CHAIN];
  char first[65], second[65]; /* what paris gave rabat, and what rabat passed on to madrid */
};

static inline void chain_rest(struct chain *chain) {
  for (unsigned quiet = 0, rounds = 0; quiet < 6; quiet++) {
    bool any = false;
    for (size_t i = 0; i < CHAIN; i++) {
      chain->nodes[i].ms += 100;
      any = pair_deliver(&chain->nodes[i], chain->all, CHAIN) || any;
    }
    quiet = any ? 0 : quiet;
    if (++rounds > 500)
      fail_msg("the nodes do not come to rest");
  }
}

/* A minute later: what waits is looked after again. */
static inline void chain_later(struct chain *chain, base_time seconds) {
  for (size_t i = 0; i < CHAIN; i++) {
    chain->nodes[i].now += seconds;
    chain->nodes[i].ms += CORE_RECALL_AGAIN_MS + 1000;
  }
  chain_rest(chain);
}

static inline void chain_provide(struct pair_node *from, const struct pair_node *to, const char *passed_on, char id[65]) {
  char json[800], more[120] = "";
  if (passed_on != NULL)
    snprintf(more, sizeof more, ",\"passed_on\":\"%s\"", passed_on);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"information\",\"handling\":\"green\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"purpose\":"
           "\"drugs\","
           "\"information\":\"secret words\",\"language\":\"fr\"%s}}",
           to->name, more);
  pair_id(from, LINK_CASE_OPEN, json, id);
}

/* want BASE_OK: with its id. */
static inline void chain_keep(struct pair_node *from, const char *to, const char *until, const char *passed_on, enum base_code want,
                 char id[65]) {
  char json[800], more[120] = "";
  if (passed_on != NULL)
    snprintf(more, sizeof more, ",\"passed_on\":\"%s\"", passed_on);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"information\",\"handling\":\"green\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"purpose\":"
           "\"drugs\","
           "\"information\":\"i\",\"language\":\"fr\",\"keep_until\":\"%s\"%s}}",
           to, until, more);
  if (want == BASE_OK)
    pair_id(from, LINK_CASE_OPEN, json, id);
  else
    pair_refused(from, LINK_CASE_OPEN, json, want);
}

static inline void chain_begin(struct chain *chain) {
  static const char *const names[CHAIN] = {"paris", "rabat", "madrid"};
  memset(chain, 0, sizeof *chain);
  for (size_t i = 0; i < CHAIN; i++) {
    pair_make(&chain->nodes[i], names[i]);
    chain->all[i] = &chain->nodes[i];
  }
  for (size_t i = 0; i + 1 < CHAIN; i++) {
    char agreement[65], accept[65], json[300];
    pair_partner(&chain->nodes[i], &chain->nodes[i + 1]);
    pair_partner(&chain->nodes[i + 1], &chain->nodes[i]);
    pair_propose(&chain->nodes[i], &chain->nodes[i + 1], agreement);
    chain_rest(chain);
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}",
             agreement, agreement);
    pair_id(&chain->nodes[i + 1], LINK_CASE_SEND, json, accept);
    chain_rest(chain);
  }
  chain_provide(&chain->nodes[0], &chain->nodes[1], NULL, chain->first);
  chain_rest(chain);
  chain_provide(&chain->nodes[1], &chain->nodes[2], chain->first, chain->second);
  chain_rest(chain);
}

static inline void chain_end(struct chain *chain) {
  for (size_t i = 0; i < CHAIN; i++) {
    try_sound(&chain->nodes[i]);
    pair_remove(&chain->nodes[i]);
  }
}

static inline void chain_recall(struct pair_node *node, const char *id, enum base_code want, const char *words) {
  char json[400];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"measure\":\"erase\",\"ground\":\"inaccurate\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_RECALL_OPEN, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static inline void chain_respond(struct pair_node *node, const char *kase, const char *outcome, enum base_code want,
                    const char *words) {
  char json[400];
  bool kept = strchr(outcome, ' ') != NULL; /* "kept GROUND" */
  snprintf(json, sizeof json, "{\"actor\":\"zineb\",\"id\":\"%s\",\"outcome\":\"%s\"%s%s%s}", kase,
           kept ? "kept" : outcome, kept ? ",\"ground\":\"" : "", kept ? strchr(outcome, ' ') + 1 : "",
           kept ? "\"" : "");
  struct pair_answer answer = pair_ask(node, LINK_RECALL_ANSWER, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* A member of the row at this place of the list; "" where there is none. */
static inline void chain_row(struct pair_node *node, size_t at, const char *key, char *out, size_t size) {
  struct pair_answer answer = pair_ask(node, LINK_RECALL_LIST, "{\"actor\":\"test\"}", -1);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_view text = base_buf_view(&answer.payload);
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(text, BASE_BUF_DEFAULT_LIMIT, "list", &json, NULL), BASE_OK);
  struct base_view value = core_request_text(wire_json_at(json, at), key);
  snprintf(out, size, "%.*s", (int)value.size, (const char *)value.data);
  if (wire_json_true(wire_json_get(wire_json_at(json, at), key)))
    snprintf(out, size, "true");
  pair_answer_free(&answer);
}

static inline void chain_is(struct pair_node *node, size_t at, const char *key, const char *want) {
  char found[300];
  chain_row(node, at, key, found, sizeof found);
  assert_string_equal(found, want);
}

static inline bool chain_readable(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct core_content content = {0};
  base_arena_init(&arena, 16 << 20);
  bool there = core_content_read(node->core, &message, &arena, &content, NULL) == BASE_OK && !content.dropped;
  core_content_free(&content);
  base_arena_free(&arena);
  return there;
}

static inline void chain_shown(struct pair_node *node, const char *id, const char *words) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

#endif
