/* SPDX-License-Identifier: Apache-2.0
 * Recalls between three nodes, paris → rabat → madrid (spec/recall.md): who may, down the chain, what is told up, what
 * is erased and certified, and what a restart or a partner who cannot be asked leaves to be done. */
#include "core/submit.h"
#include "core_chain.h"

static void test_down_the_chain(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], below[65], text[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  chain_shown(rabat, chain.first, "\"recalled\":null");
  chain_recall(madrid, chain.second, BASE_CONFLICT, "came from another node");
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_recall(paris, chain.first, BASE_CONFLICT, "has not been asked the same");
  chain_rest(&chain);
  chain_is(madrid, 0, "message", chain.second);
  chain_is(madrid, 0, "party", "rabat");
  chain_row(madrid, 0, "id", below, sizeof below);
  for (size_t i = 0; i < CHAIN; i++) {
    chain_row(&chain.nodes[i], 0, "state", text, sizeof text);
    assert_string_equal(text, "recalled");
  }
  chain_shown(rabat, chain.first, "\"measure\":\"erase\"");
  chain_shown(madrid, chain.second, "\"measure\":\"erase\"");
  chain_row(paris, 0, "id", kase, sizeof kase);
  chain_respond(rabat, kase, "kept", BASE_FIELD, "ground");
  chain_respond(rabat, kase, "gone", BASE_FIELD, "outcome");
  chain_respond(rabat, kase, "never_held", BASE_POLICY, "is here");
  chain_respond(rabat, below, "erased", BASE_NOT_PARTY, "of this node's own");
  chain_respond(rabat, kase, "erased", BASE_OK, "\"erased\":2"); /* what it had, and what it passed on */
  assert_false(chain_readable(rabat, chain.first));
  assert_false(chain_readable(rabat, chain.second));
  assert_true(chain_readable(madrid, chain.second));
  chain_rest(&chain);
  chain_is(paris, 0, "outcome", "erased");
  chain_is(paris, 0, "below", "pending");
  chain_row(paris, 0, "certificate", text, sizeof text);
  assert_int_equal(strlen(text), BASE_HEX_ID);
  chain_respond(madrid, below, "kept legal_obligation", BASE_OK, "\"erased\":0");
  chain_rest(&chain);
  chain_is(paris, 0, "below", "kept");
  chain_respond(madrid, below, "erased", BASE_OK, "\"erased\":1");
  chain_rest(&chain);
  chain_is(paris, 0, "below", "done");
  chain_row(rabat, 0, "certificate", text, sizeof text);
  assert_int_equal(strlen(text), BASE_HEX_ID);
  for (size_t i = 0; i < CHAIN; i++)
    assert_int_equal(core_recall_due_ms(chain.nodes[i].core), -1); /* nothing is left to be done */
  chain_end(&chain);
}

/* Its node would not let it: a dishonest one does. */
static void forge(struct pair_node *from, const char *to, const char *message) {
  char json[400];
  struct base_id id;
  struct base_error err = {0};
  snprintf(json, sizeof json,
           "{\"kind\":\"recall\",\"to\":[\"%s\"],\"fields\":{\"message\":\"%s\",\"measure\":\"erase\",\"ground\":"
           "\"other\"}}",
           to, message);
  if (core_submit_itself(from->core, BASE_VIEW("test"), base_view_text(json), &id, &err) != BASE_OK)
    fail_msg("%s", err.text);
  pair_settle(from);
}

static void test_stranger(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], text[300];
  chain_begin(&chain);
  struct pair_node *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  forge(madrid, "rabat", chain.first);  /* by paris */
  forge(madrid, "rabat", chain.second); /* by rabat itself */
  chain_rest(&chain);
  for (size_t i = 0; i < 2; i++) {
    chain_row(rabat, i, "without_effect", text, sizeof text);
    assert_non_null(strstr(text, "is not by who recalls it"));
  }
  chain_later(&chain, 4 * DAY);
  chain_is(rabat, 0, "due", "");
  chain_is(rabat, 0, "overdue", "");
  chain_shown(rabat, chain.first, "\"recalled\":null");
  chain_shown(rabat, chain.second, "\"recalled\":null");
  chain_row(rabat, 0, "id", kase, sizeof kase);
  chain_respond(rabat, kase, "erased", BASE_POLICY, "not_the_author");
  assert_true(chain_readable(rabat, chain.first) && chain_readable(rabat, chain.second));
  chain_respond(rabat, kase, "kept not_the_author", BASE_OK, "\"erased\":0");
  chain_rest(&chain);
  chain_row(madrid, 2, "id", text, sizeof text);
  assert_string_equal(text, ""); /* nothing went down */
  chain_end(&chain);
}

/* A partner who cannot be asked now is asked when he can, over a restart. */
static void test_waits(void **state) {
  (void)state;
  struct chain chain;
  char kase[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  try_suspend(rabat, madrid, "suspended");
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_is(madrid, 0, "id", "");
  chain_row(paris, 0, "id", kase, sizeof kase);
  chain_respond(rabat, kase, "kept evidence_in_proceedings", BASE_OK, "\"erased\":0");
  chain_rest(&chain);
  chain_is(paris, 0, "outcome", "evidence_in_proceedings");
  chain_is(paris, 0, "below", "pending");
  try_restart(rabat);
  chain_later(&chain, 3 * DAY + 60);
  chain_is(paris, 0, "below", "overdue"); /* also what could not go down */
  try_suspend(rabat, madrid, "active");
  chain_later(&chain, 60);
  chain_is(madrid, 0, "message", chain.second);
  chain_end(&chain);
}

static void counted(struct pair_node *node, const char *measure) {
  char text[120];
  struct pair_answer answer = pair_ask(node, LINK_STATISTICS_MAKE, "{\"actor\":\"test\",\"kind\":\"recall\"}", -1);
  base_buf_u8(&answer.payload, 0);
  snprintf(text, sizeof text, "\"measure\":\"%s\"", measure);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, text) == NULL ||
      strstr((const char *)answer.payload.data, "in_time") != NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* What goes down to who may hold it is not ended, and is overdue though he never received it: so it is told above, and
 * counted. One that is damaged holds up the line, and is ended. */
static void test_not_ended(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], below[65], json[200], text[65], sql[300];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  chain.all[2] = NULL;
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(rabat, 0, "id", below, sizeof below);
  chain_row(paris, 0, "id", kase, sizeof kase);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"r\"}", below);
  pair_refused(rabat, LINK_OUTBOX_END, json, BASE_POLICY);
  chain_row(rabat, 0, "due", text, sizeof text);
  assert_string_equal(text, base_time_format(rabat->now + 3 * DAY).text);
  chain_respond(rabat, kase, "erased", BASE_OK, "\"erased\":2");
  chain_later(&chain, 60);
  chain_is(paris, 0, "below", "pending");
  counted(paris, "running");
  chain_later(&chain, 3 * DAY);
  chain_row(rabat, 0, "id", text, sizeof text); /* both stand first */
  chain_is(rabat, strcmp(text, below) == 0 ? 0 : 1, "overdue", "true");
  chain_is(paris, 0, "below", "overdue");
  counted(paris, "overdue");
  snprintf(sql, sizeof sql, "UPDATE messages SET part0 = x'00' WHERE id = (SELECT number FROM ids WHERE hex(id) = upper('%s'))",
           below);
  damage_sql(rabat, sql);
  pair_refused(rabat, LINK_OUTBOX_END, json, BASE_OK);
  chain.all[2] = madrid;
  chain_later(&chain, 60);
  chain_is(paris, 0, "below", "overdue");
  for (size_t i = 0; i < CHAIN; i++)
    pair_remove(&chain.nodes[i]);
}

/* Its node would not answer so: a dishonest one does. */
static void answer_anyhow(struct pair_node *from, const char *kase, const char *outcome) {
  char json[300];
  struct base_id id;
  struct base_error err = {0};
  snprintf(json, sizeof json,
           "{\"id\":\"%s\",\"type\":\"done\",\"fields\":{\"outcome\":\"%s\",\"below\":\"done\"}}", kase, outcome);
  if (core_submit_itself(from->core, BASE_VIEW("test"), base_view_text(json), &id, &err) != BASE_OK)
    fail_msg("%s", err.text);
  pair_settle(from);
}

/* What was done is not what was asked: it stays open, above too, until it is. */
static void test_does_not_fit(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], below[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(paris, 0, "id", kase, sizeof kase);
  chain_row(madrid, 0, "id", below, sizeof below);
  chain_respond(rabat, kase, "restricted", BASE_FIELD, "what is asked for is to erase");
  chain_respond(rabat, kase, "corrected", BASE_FIELD, "what is asked for is to erase");
  answer_anyhow(rabat, kase, "restricted");
  answer_anyhow(madrid, below, "corrected");
  chain_rest(&chain);
  chain_is(paris, 0, "does_not_fit", "true");
  chain_is(paris, 0, "state", "recalled");
  chain_is(paris, 0, "overdue", "");
  chain_respond(rabat, kase, "erased", BASE_OK, "\"erased\":2");
  chain_later(&chain, 60);
  chain_is(paris, 0, "does_not_fit", "");
  chain_is(paris, 0, "state", "done");
  chain_is(paris, 0, "below", "pending");
  chain_respond(rabat, kase, "erased", BASE_CONFLICT, "is answered: erased");
  chain_later(&chain, 3 * DAY + 60);
  chain_is(rabat, 1, "does_not_fit", "true");
  chain_is(rabat, 1, "overdue", "true");
  chain_is(paris, 0, "below", "overdue");
  chain_respond(madrid, below, "erased", BASE_OK, "\"erased\":1");
  chain_later(&chain, 60);
  chain_is(paris, 0, "below", "done");
  chain_end(&chain);
}

/* measure, outcome: whether it fits */
static void test_fits(void **state) {
  (void)state;
  static const char *const measures[] = {"erase", "correct", "restrict"};
  static const char *const outcomes[] = {"erased", "corrected", "restricted", "never_held"};
  static const char want[] = "y--yyy-yy-yy";
  for (size_t i = 0; i < 3; i++)
    for (size_t k = 0; k < 4; k++)
      assert_int_equal(core_recall_fits(base_view_text(measures[i]), base_view_text(outcomes[k])),
                       want[i * 4 + k] == 'y');
}

/* What is erased and answered stands under the name of who did it by his token, not of the account of the system. */
static void test_by_a_person(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], secret[128], json[600];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(paris, 0, "id", kase, sizeof kase);
  struct pair_answer answer =
      pair_ask(rabat, LINK_PERSON_CHANGE,
               "{\"actor\":\"root\",\"token\":\"\",\"do\":\"add\",\"person\":\"lina\",\"name\":\"L\",\"unit\":\"U\","
               "\"roles\":[\"liaison\"]}",
               -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  snprintf(json, sizeof json,
           "{\"actor\":\"root\",\"token\":\"\",\"do\":\"make\",\"person\":\"lina\",\"label\":\"test\",\"until\":\"%s\"}",
           base_time_format(rabat->now + DAY).text);
  answer = pair_ask(rabat, LINK_TOKEN_CHANGE, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_text(&answer, "secret", secret, sizeof secret);
  pair_answer_free(&answer);
  snprintf(json, sizeof json, "{\"actor\":\"root\",\"token\":\"%s\",\"id\":\"%s\",\"outcome\":\"erased\"}", secret, kase);
  answer = pair_ask(rabat, LINK_RECALL_ANSWER, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  chain_shown(rabat, chain.first, "\"by\":\"lina\"");
  chain_shown(rabat, chain.second, "\"by\":\"lina\"");
  chain_end(&chain);
}

/* Who closed his recall may ask the same anew. */
static void test_asked_anew(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], closed[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(paris, 0, "id", kase, sizeof kase);
  chain_respond(rabat, kase, "kept evidence_in_proceedings", BASE_OK, "\"erased\":0");
  chain_rest(&chain);
  chain_recall(paris, chain.first, BASE_CONFLICT, "has not been asked the same");
  try_send(paris, kase, "close", "{}", closed);
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_end(&chain);
}

/* A certificate is looked at when it comes and whenever it is shown: what its author's register does not prove is his fault. */
static void test_certified(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], json[500];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  chain_shown(paris, chain.first, "\"certificates\":[]");
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(paris, 0, "id", kase, sizeof kase);
  chain_respond(rabat, kase, "erased", BASE_OK, "\"erased\":2");
  chain_rest(&chain);
  chain_shown(paris, chain.first, "\"sound\":true,\"why\":\"\"");
  chain_shown(rabat, chain.first, "\"certificates\":[]"); /* its own */
  assert_int_equal(try_leaves(paris, WIRE_ACT_FAULT, NULL, 0), 0);
  static const char lie[] =
      "{\"id\":\"%s\",\"type\":\"certificate\",\"fields\":{\"message\":\"%s\",\"final_by\":\"2027-01-01\",\"leaf\":\"AAAA\","
      "\"opening\":\"AAAA\",\"proof\":\"c2sp.org/tlog-proof@v1\"}}";
  struct base_id id;
  struct base_error err = {0};
  snprintf(json, sizeof json, lie, kase, chain.first);
  if (core_submit_itself(rabat->core, BASE_VIEW("test"), base_view_text(json), &id, &err) != BASE_OK)
    fail_msg("%s", err.text);
  pair_settle(rabat);
  chain_rest(&chain);
  try_expect(paris, WIRE_ACT_FAULT, 1, "evidence: message ");
  chain_shown(paris, chain.first, "\"sound\":false,\"why\":\"certificate: leaf");
  chain_shown(paris, chain.first, "\"sound\":true");
  chain_end(&chain);
}

static void test_overdue(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], third[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  chain_provide(paris, rabat, NULL, third);
  chain_rest(&chain);
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(paris, 0, "id", kase, sizeof kase);
  chain_is(paris, 0, "overdue", "");
  chain_respond(rabat, kase, "erased", BASE_OK, "\"erased\":2");
  chain_rest(&chain);
  chain_later(&chain, 3 * DAY + 60);
  chain_recall(paris, third, BASE_OK, "\"asked\":1"); /* the newest: last changed */
  chain_rest(&chain);
  chain_is(paris, 0, "id", kase); /* and yet what is overdue stands first */
  chain_is(paris, 0, "below", "overdue");
  chain_is(rabat, 0, "below", "overdue");
  chain_is(rabat, 1, "party", "madrid");
  chain_is(rabat, 1, "overdue", "true");
  chain_end(&chain);
}

static void test_passing_on(void **state) {
  (void)state;
  struct chain chain;
  char json[700], none[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  static const char form[] =
      "{\"actor\":\"test\",\"kind\":\"information\",\"handling\":\"green\",\"to\":[\"madrid\"],\"fields\":{\"subject\":\"s\","
      "\"purpose\":\"drugs\",\"information\":\"i\",\"language\":\"fr\",\"passed_on\":\"%s\"}}";
  memset(none, '0', 64);
  none[64] = '\0';
  snprintf(json, sizeof json, form, none);
  pair_refused(rabat, LINK_CASE_OPEN, json, BASE_NOT_FOUND);
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  snprintf(json, sizeof json, form, chain.first);
  pair_refused(rabat, LINK_CASE_OPEN, json, BASE_POLICY);
  snprintf(
      json, sizeof json,
      "{\"actor\":\"test\",\"kind\":\"recall\",\"to\":[\"paris\"],\"fields\":{\"message\":\"%s\",\"measure\":\"erase\","
      "\"ground\":\"other\"}}",
      chain.second);
  pair_refused(rabat, LINK_CASE_OPEN, json, BASE_POLICY); /* by hand */
  chain_end(&chain);
}

/* What may be kept until a day goes by itself then, with each who has it, some in each step, and not before it has
 * arrived. */
static void test_kept_until(void **state) {
  (void)state;
  enum { MANY = CORE_RETAIN_STEP + 6 };
  static char many[MANY][65];
  struct chain chain;
  char id[65], waits[65], next[65], until[32], longer[32];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  snprintf(until, sizeof until, "%s", base_time_format(paris->now + DAY).text);
  snprintf(longer, sizeof longer, "%s", base_time_format(paris->now + DAY + 1).text);
  chain_keep(paris, "rabat", until, NULL, BASE_OK, id);
  for (int i = 0; i < MANY; i++)
    chain_keep(paris, "rabat", until, NULL, BASE_OK, many[i]);
  chain_rest(&chain);
  chain_keep(rabat, "madrid", longer, id, BASE_POLICY, next);
  chain_keep(rabat, "madrid", until, id, BASE_OK, next);
  chain_rest(&chain);
  chain.all[1] = NULL; /* away: it is not erased while it is on its way */
  chain_keep(paris, "rabat", until, NULL, BASE_OK, waits);
  chain_later(&chain, DAY - 60);
  assert_true(chain_readable(paris, id) && chain_readable(rabat, id) && chain_readable(madrid, next));
  try_no_gate(paris);
  paris->now += 60;
  pair_settle(paris);
  assert_true(chain_readable(paris, waits));
  paris->now -= 60;
  chain_later(&chain, 60);
  assert_false(chain_readable(paris, id) || chain_readable(rabat, id) || chain_readable(madrid, next));
  for (int i = 0; i < MANY; i++)
    assert_false(chain_readable(paris, many[i]) || chain_readable(rabat, many[i]));
  chain_shown(rabat, id, "\"by\":\"\",\"reason\":\"kept until ");
  chain.all[1] = rabat;
  try_restart(paris);
  for (int i = 0; i < 3; i++)
    chain_later(&chain, CORE_RETAIN_AGAIN_MS / 1000 + 1);
  assert_false(chain_readable(paris, waits) || chain_readable(rabat, waits));
  assert_int_equal(core_retain_due_ms(paris->core), -1);
  chain_end(&chain);
}

/* Who takes away what names a message hides a recall, and the check says so. */
static void test_tampered(void **state) {
  (void)state;
  struct chain chain;
  struct base_buf found = {0};
  chain_begin(&chain);
  damage_sql(&chain.nodes[1], "DELETE FROM mentions");
  assert_int_equal(try_check(&chain.nodes[1], &found), 1);
  base_buf_u8(&found, 0);
  assert_non_null(strstr((const char *)found.data, "and that is not noted"));
  base_buf_free(&found);
  for (size_t i = 0; i < CHAIN; i++)
    pair_remove(&chain.nodes[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_down_the_chain), cmocka_unit_test(test_stranger),   cmocka_unit_test(test_waits),
      cmocka_unit_test(test_overdue),        cmocka_unit_test(test_passing_on), cmocka_unit_test(test_tampered),
      cmocka_unit_test(test_kept_until),     cmocka_unit_test(test_does_not_fit), cmocka_unit_test(test_fits),
      cmocka_unit_test(test_asked_anew),     cmocka_unit_test(test_by_a_person),
      cmocka_unit_test(test_certified),      cmocka_unit_test(test_not_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
