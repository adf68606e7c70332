/* SPDX-License-Identifier: Apache-2.0
 * A recall that is withdrawn, between three nodes, paris → rabat → madrid (spec/recall.md, "Withdrawn"): who may, down the
 * chain, what was erased before, answers that cross it, and what a restart or a partner who cannot be told leaves to be
 * done. */
#include "core_chain.h"

struct recalled {
  struct chain chain;
  struct pair_node *paris, *rabat, *madrid;
  char first[65], below[65]; /* the cases: by paris, and the one by which rabat hands it down */
};

static void begin(struct recalled *recalled) {
  chain_begin(&recalled->chain);
  recalled->paris = &recalled->chain.nodes[0];
  recalled->rabat = &recalled->chain.nodes[1];
  recalled->madrid = &recalled->chain.nodes[2];
  chain_recall(recalled->paris, recalled->chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&recalled->chain);
  chain_row(recalled->paris, 0, "id", recalled->first, sizeof recalled->first);
  chain_row(recalled->madrid, 0, "id", recalled->below, sizeof recalled->below);
}

static void withdraw(struct pair_node *node, const char *kase, const char *reason, enum base_code want,
                     const char *words) {
  char json[400];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"%s\"}", kase, reason);
  struct pair_answer answer = pair_ask(node, LINK_RECALL_WITHDRAW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* Nobody is asked any more, nobody is late, and it may be passed on; nothing is left to be done. */
static void expect_over(struct recalled *recalled) {
  chain_later(&recalled->chain, 10 * DAY);
  for (size_t i = 0; i < CHAIN; i++) {
    struct pair_node *node = &recalled->chain.nodes[i];
    for (size_t at = 0; at < (node == recalled->rabat ? 2 : 1); at++) {
      chain_is(node, at, "state", "withdrawn");
      chain_is(node, at, "overdue", "");
      chain_is(node, at, "due", "");
    }
    assert_int_equal(try_count(node, WIRE_ACT_DEADLINE), 0);
    assert_int_equal(core_recall_due_ms(node->core), -1);
  }
  chain_shown(recalled->paris, recalled->chain.first, "\"recalled\":null");
  chain_shown(recalled->rabat, recalled->chain.first, "\"recalled\":null");
  chain_shown(recalled->madrid, recalled->chain.second, "\"recalled\":null");
}

/* One erased before, one had not answered yet: the former stays erased, with its certificate, the latter keeps what it
 * has. What goes on from there is as before, and it may be recalled anew. */
static void test_down_the_chain(void **state) {
  (void)state;
  struct recalled recalled;
  char text[65], third[65];
  begin(&recalled);
  struct chain *chain = &recalled.chain;
  chain_respond(recalled.madrid, recalled.below, "erased", BASE_OK, "\"erased\":1");
  chain_rest(chain);
  withdraw(recalled.paris, recalled.first, "It was right.", BASE_OK, "\"id\":\"");
  chain_rest(chain);
  expect_over(&recalled);
  assert_false(chain_readable(recalled.madrid, chain->second));
  assert_true(chain_readable(recalled.rabat, chain->first) && chain_readable(recalled.rabat, chain->second));
  chain_shown(recalled.rabat, chain->second, "\"sound\":true");
  chain_respond(recalled.rabat, recalled.first, "erased", BASE_CONFLICT, "was withdrawn by its author");
  assert_true(chain_readable(recalled.rabat, chain->first));
  chain_provide(recalled.rabat, recalled.madrid, chain->first, third);
  chain_rest(chain);
  assert_true(chain_readable(recalled.madrid, third));
  chain_recall(recalled.paris, chain->first, BASE_OK, "\"asked\":1");
  chain_rest(chain);
  chain_shown(recalled.rabat, chain->first, "\"measure\":\"erase\"");
  chain_shown(recalled.madrid, third, "\"measure\":\"erase\"");
  chain_row(recalled.madrid, 0, "id", text, sizeof text);
  assert_string_not_equal(text, recalled.below);
  chain_end(chain);
}

static void test_refused(void **state) {
  (void)state;
  struct recalled recalled;
  char json[300];
  begin(&recalled);
  withdraw(recalled.rabat, recalled.first, "x", BASE_NOT_PARTY, "is a recall by paris");
  withdraw(recalled.rabat, recalled.below, "x", BASE_POLICY, "by itself when that one is");
  withdraw(recalled.paris, recalled.first, " ", BASE_FIELD, "say why");
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"withdraw\",\"fields\":{}}", recalled.first);
  pair_refused(recalled.paris, LINK_CASE_SEND, json, BASE_POLICY);
  withdraw(recalled.paris, recalled.chain.first, "x", BASE_KIND, "is no recall");
  withdraw(recalled.paris, recalled.first, "x", BASE_OK, "\"id\":\"");
  withdraw(recalled.paris, recalled.first, "x", BASE_CONFLICT, "was withdrawn before");
  chain_rest(&recalled.chain);
  expect_over(&recalled);
  chain_end(&recalled.chain);
}

/* An answer that is on its way when it is withdrawn has its effect, and its certificate follows. */
static void test_crossed(void **state) {
  (void)state;
  struct recalled recalled;
  char text[65];
  begin(&recalled);
  withdraw(recalled.paris, recalled.first, "x", BASE_OK, "\"id\":\"");
  chain_respond(recalled.rabat, recalled.first, "erased", BASE_OK, "\"erased\":2");
  chain_rest(&recalled.chain);
  chain_is(recalled.paris, 0, "state", "withdrawn");
  chain_is(recalled.paris, 0, "outcome", "erased");
  chain_row(recalled.paris, 0, "certificate", text, sizeof text);
  assert_int_equal(strlen(text), BASE_HEX_ID);
  expect_over(&recalled);
  chain_is(recalled.paris, 0, "below", "nobody"); /* nobody below did anything about it */
  assert_true(chain_readable(recalled.madrid, recalled.chain.second));
  chain_end(&recalled.chain);
}

/* It is taken back also where it was closed, and where one partner cannot be told before a restart. */
static void test_waits(void **state) {
  (void)state;
  struct recalled recalled;
  char json[200], id[65];
  begin(&recalled);
  chain_respond(recalled.rabat, recalled.first, "kept evidence_in_proceedings", BASE_OK, "\"erased\":0");
  chain_rest(&recalled.chain);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"close\",\"fields\":{}}", recalled.first);
  pair_id(recalled.paris, LINK_CASE_SEND, json, id);
  chain_rest(&recalled.chain);
  chain_shown(recalled.rabat, recalled.chain.first, "\"measure\":\"erase\"");
  try_suspend(recalled.rabat, recalled.madrid, "suspended");
  withdraw(recalled.paris, recalled.first, "x", BASE_OK, "\"id\":\"");
  chain_rest(&recalled.chain);
  chain_is(recalled.madrid, 0, "state", "recalled");
  try_restart(recalled.rabat);
  try_suspend(recalled.rabat, recalled.madrid, "active");
  chain_later(&recalled.chain, 60);
  expect_over(&recalled);
  chain_end(&recalled.chain);
}

static int late(struct pair_node *node) {
  char count[12] = "";
  struct pair_answer answer = pair_ask(node, LINK_NODE_STATUS, "{\"actor\":\"test\"}", -1);
  base_buf_u8(&answer.payload, 0);
  assert_int_equal(answer.status, BASE_OK);
  assert_non_null(strstr((const char *)answer.payload.data, "\"recalls_overdue\":"));
  snprintf(count, sizeof count, "%s", strstr((const char *)answer.payload.data, "\"recalls_overdue\":") + 18);
  pair_answer_free(&answer);
  return atoi(count);
}

/* What was late is late no more, on either side. */
static void test_overdue(void **state) {
  (void)state;
  struct recalled recalled;
  begin(&recalled);
  assert_int_equal(late(recalled.paris), 0);
  chain_later(&recalled.chain, 4 * DAY);
  assert_int_equal(late(recalled.paris), 1);
  assert_int_equal(late(recalled.rabat), 2);
  withdraw(recalled.paris, recalled.first, "x", BASE_OK, "\"id\":\"");
  chain_rest(&recalled.chain);
  for (size_t i = 0; i < CHAIN; i++)
    assert_int_equal(late(&recalled.chain.nodes[i]), 0);
  chain_is(recalled.paris, 0, "overdue", "");
  chain_end(&recalled.chain);
}

/* Withdrawn before it went down: it does not go down any more. */
static void test_at_once(void **state) {
  (void)state;
  struct recalled recalled = {0};
  struct chain *chain = &recalled.chain;
  chain_begin(chain);
  chain->all[1] = NULL;
  chain_recall(&chain->nodes[0], chain->first, BASE_OK, "\"asked\":1");
  chain_row(&chain->nodes[0], 0, "id", recalled.first, sizeof recalled.first);
  withdraw(&chain->nodes[0], recalled.first, "x", BASE_OK, "\"id\":\"");
  try_suspend(&chain->nodes[1], &chain->nodes[2], "suspended");
  chain->all[1] = &chain->nodes[1];
  chain_later(chain, 600);
  try_suspend(&chain->nodes[1], &chain->nodes[2], "active");
  chain_later(chain, 600);
  chain_is(&chain->nodes[1], 0, "state", "withdrawn");
  chain_is(&chain->nodes[1], 1, "id", "");
  chain_is(&chain->nodes[2], 0, "id", "");
  chain_end(chain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_down_the_chain), cmocka_unit_test(test_refused), cmocka_unit_test(test_crossed),
      cmocka_unit_test(test_waits),          cmocka_unit_test(test_at_once),
      cmocka_unit_test(test_overdue),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
