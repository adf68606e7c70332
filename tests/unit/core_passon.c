/* SPDX-License-Identifier: Apache-2.0
 * A message is passed on with one request, paris → rabat → madrid (spec/handling.md): what is carried over, what the caller may
 * say otherwise, and what refuses it. */
#include "core_chain.h"

static void say(struct pair_node *node, enum link_request_code code, const char *json, enum base_code want,
                const char *words) {
  struct pair_answer answer = pair_ask(node, code, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void pass_on(struct pair_node *node, const char *id, const char *more, enum base_code want, const char *words) {
  char json[800];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"to\":[\"madrid\"]%s}", id, more);
  say(node, LINK_MESSAGE_PASS_ON, json, want, words);
}

static void pass_on_id(struct pair_node *node, const char *id, const char *more, char out[65]) {
  char json[800];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"to\":[\"madrid\"]%s}", id, more);
  pair_id(node, LINK_MESSAGE_PASS_ON, json, out);
}

static void provide(struct pair_node *from, const char *marks, const char *more, char id[65]) {
  char json[1200];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"information\",\"to\":[\"rabat\"],%s\"fields\":{\"subject\":\"A ship\",\"purpose\":"
           "\"drugs\",\"information\":\"It comes tomorrow.\",\"language\":\"en\"%s}}",
           marks, more);
  pair_id(from, LINK_CASE_OPEN, json, id);
}

/* Fields, a table, marks and the end of keeping are the message's; what passes it on names it. */
static void test_carried(void **state) {
  (void)state;
  struct chain chain;
  char first[65], next[65], more[600];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  snprintf(more, sizeof more,
           ",\"keep_until\":\"%s\",\"persons\":[{\"name\":\"N. N.\",\"class\":\"suspect\",\"fact_or_assessment\":\"fact\","
           "\"grading\":\"4x4:B/2\",\"as_of\":\"2020-01-01\"}]",
           base_time_format(paris->now + 9 * DAY).text);
  provide(paris, "\"handling\":\"green crime_purposes_only\",\"grading\":\"4x4:B/2\",", more, first);
  chain_rest(&chain);
  pass_on_id(rabat, first, "", next);
  chain_rest(&chain);
  snprintf(more, sizeof more, "\"passed_on\":\"%s\"", first);
  static const char *const words[] = {"\"subject\":\"A ship\"", "\"purpose\":\"drugs\"", "It comes tomorrow.",
                                      "\"name\":\"N. N.\"", "\"handling\":\"green crime_purposes_only\"",
                                      "\"grading\":\"4x4:B/2\"", "\"language\":\"en\""};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    chain_shown(madrid, next, words[i]);
  chain_shown(madrid, next, more);
  snprintf(more, sizeof more, "\"keep_until\":\"%s\"", base_time_format(paris->now + 9 * DAY).text);
  chain_shown(madrid, next, more);
  chain_recall(paris, first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_shown(madrid, next, "\"measure\":\"erase\"");
  pass_on(rabat, first, "", BASE_POLICY, "was recalled by its author");
  chain_end(&chain);
}

static void test_said_otherwise(void **state) {
  (void)state;
  struct chain chain;
  char first[65], next[65], more[200];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  provide(paris, "\"handling\":\"green\",", "", first);
  chain_rest(&chain);
  pass_on_id(rabat, first, ",\"fields\":{\"subject\":\"Of interest\",\"purpose\":\"trafficking\"},\"handling\":\"green no_judicial_use\"",
             next);
  chain_rest(&chain);
  chain_shown(madrid, next, "\"subject\":\"Of interest\"");
  chain_shown(madrid, next, "\"purpose\":\"trafficking\"");
  chain_shown(madrid, next, "It comes tomorrow.");
  chain_shown(madrid, next, "\"handling\":\"green no_judicial_use\"");
  pass_on(rabat, first, ",\"handling\":\"clear\"", BASE_POLICY, "is marked green");
  pass_on(rabat, first, ",\"fields\":{\"colour\":\"red\"}", BASE_FIELD, "no such field");
  snprintf(more, sizeof more, ",\"fields\":{\"passed_on\":\"%s\"}", chain.first);
  pass_on(rabat, first, more, BASE_FIELD, "leave it out");
  snprintf(more, sizeof more, ",\"fields\":{\"keep_until\":\"%s\"}", base_time_format(paris->now - 1).text);
  pass_on(rabat, first, more, BASE_FIELD, "is over");
  pass_on(rabat, "00000000", "", BASE_NOT_FOUND, "");
  chain_end(&chain);
}

/* Without the originator's consent it is a refusal on record, which says what to type; a request's answer has its text as
 * the information, and the rest from what opened its case. */
static void test_law(void **state) {
  (void)state;
  struct chain chain;
  char first[65], kase[65], answer[65], next[65], words[300], json[400];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  provide(paris, "\"handling\":\"amber\",", "", first);
  chain_rest(&chain);
  unsigned denied = try_count(rabat, WIRE_ACT_DENIED);
  snprintf(words, sizeof words, "wasl consent ask %s --to madrid --purpose drugs --until DATE", first);
  pass_on(rabat, first, "", BASE_LAW, words);
  assert_int_equal(try_count(rabat, WIRE_ACT_DENIED), denied + 1);
  pair_request(rabat, paris, kase);
  chain_rest(&chain);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"answer\",\"handling\":\"green\",\"fields\":%s}", kase, try_answer);
  pair_id(paris, LINK_CASE_SEND, json, answer);
  chain_rest(&chain);
  pass_on_id(rabat, answer, "", next);
  chain_rest(&chain);
  chain_shown(madrid, next, "\"information\":\"");
  chain_shown(madrid, next, "\"subject\":\"");
  chain_end(&chain);
}

/* What makes law is no information, and what was erased cannot be passed on. */
static void test_refused(void **state) {
  (void)state;
  struct chain chain;
  char json[200];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  char kase[65];
  chain_row(rabat, 0, "id", kase, sizeof kase);
  pass_on(rabat, kase, "", BASE_KIND, "are not passed on");
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"not needed\"}", chain.first);
  say(rabat, LINK_MESSAGE_ERASE, json, BASE_OK, "");
  pass_on(rabat, chain.first, "", BASE_NOT_FOUND, "was erased on");
  chain_end(&chain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_carried),
      cmocka_unit_test(test_said_otherwise),
      cmocka_unit_test(test_law),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
