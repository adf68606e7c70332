/* SPDX-License-Identifier: Apache-2.0
 * Recalls between three nodes, paris → rabat → madrid (spec/recall.md): who may, down the chain, what is told up, what
 * is erased and certified, and what a restart or a partner who cannot be asked leaves to be done. */
#include "core/recall.h"
#include "core/retain.h"

#include "core_damage.h"

enum { CHAIN = 3, DAY = 86400 };

struct chain {
  struct pair_node nodes[CHAIN];
  struct pair_node *all[CHAIN];
  char first[65], second[65]; /* what paris gave rabat, and what rabat passed on to madrid */
};

static void rest(struct chain *chain) {
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
static void later(struct chain *chain, base_time seconds) {
  for (size_t i = 0; i < CHAIN; i++) {
    chain->nodes[i].now += seconds;
    chain->nodes[i].ms += CORE_RECALL_AGAIN_MS + 1000;
  }
  rest(chain);
}

static void provide(struct pair_node *from, const struct pair_node *to, const char *passed_on, char id[65]) {
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

static void begin(struct chain *chain) {
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
    rest(chain);
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}",
             agreement, agreement);
    pair_id(&chain->nodes[i + 1], LINK_CASE_SEND, json, accept);
    rest(chain);
  }
  provide(&chain->nodes[0], &chain->nodes[1], NULL, chain->first);
  rest(chain);
  provide(&chain->nodes[1], &chain->nodes[2], chain->first, chain->second);
  rest(chain);
}

static void end(struct chain *chain) {
  for (size_t i = 0; i < CHAIN; i++) {
    try_sound(&chain->nodes[i]);
    pair_remove(&chain->nodes[i]);
  }
}

static void recall(struct pair_node *node, const char *id, enum base_code want, const char *words) {
  char json[400];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"measure\":\"erase\",\"ground\":\"inaccurate\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_RECALL_OPEN, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void respond(struct pair_node *node, const char *kase, const char *outcome, enum base_code want,
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
static void row(struct pair_node *node, size_t at, const char *key, char *out, size_t size) {
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

static void is(struct pair_node *node, size_t at, const char *key, const char *want) {
  char found[300];
  row(node, at, key, found, sizeof found);
  assert_string_equal(found, want);
}

static bool readable(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct core_content content = {0};
  base_arena_init(&arena, 16 << 20);
  bool there = core_content_read(node->core, &message, &arena, &content, NULL) == BASE_OK && !content.dropped;
  core_content_free(&content);
  base_arena_free(&arena);
  return there;
}

static void shown(struct pair_node *node, const char *id, const char *words) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void test_down_the_chain(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], below[65], text[65];
  begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  shown(rabat, chain.first, "\"recalled\":null");
  recall(madrid, chain.second, BASE_CONFLICT, "came from another node");
  recall(paris, chain.first, BASE_OK, "\"asked\":1");
  recall(paris, chain.first, BASE_CONFLICT, "has not been asked the same");
  rest(&chain);
  is(madrid, 0, "message", chain.second);
  is(madrid, 0, "party", "rabat");
  row(madrid, 0, "id", below, sizeof below);
  for (size_t i = 0; i < CHAIN; i++) {
    row(&chain.nodes[i], 0, "state", text, sizeof text);
    assert_string_equal(text, "recalled");
  }
  shown(rabat, chain.first, "\"measure\":\"erase\"");
  shown(madrid, chain.second, "\"measure\":\"erase\"");
  row(paris, 0, "id", kase, sizeof kase);
  respond(rabat, kase, "kept", BASE_FIELD, "ground");
  respond(rabat, kase, "gone", BASE_FIELD, "outcome");
  respond(rabat, kase, "never_held", BASE_POLICY, "is here");
  respond(rabat, below, "erased", BASE_NOT_PARTY, "of this node's own");
  respond(rabat, kase, "erased", BASE_OK, "\"erased\":2"); /* what it had, and what it passed on */
  assert_false(readable(rabat, chain.first));
  assert_false(readable(rabat, chain.second));
  assert_true(readable(madrid, chain.second));
  rest(&chain);
  is(paris, 0, "outcome", "erased");
  is(paris, 0, "below", "pending");
  row(paris, 0, "certificate", text, sizeof text);
  assert_int_equal(strlen(text), BASE_HEX_ID);
  respond(madrid, below, "kept legal_obligation", BASE_OK, "\"erased\":0");
  rest(&chain);
  is(paris, 0, "below", "kept");
  respond(madrid, below, "erased", BASE_OK, "\"erased\":1");
  rest(&chain);
  is(paris, 0, "below", "done");
  row(rabat, 0, "certificate", text, sizeof text);
  assert_int_equal(strlen(text), BASE_HEX_ID);
  for (size_t i = 0; i < CHAIN; i++)
    assert_int_equal(core_recall_due_ms(chain.nodes[i].core), -1); /* nothing is left to be done */
  end(&chain);
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
  begin(&chain);
  struct pair_node *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  forge(madrid, "rabat", chain.first);  /* by paris */
  forge(madrid, "rabat", chain.second); /* by rabat itself */
  rest(&chain);
  for (size_t i = 0; i < 2; i++) {
    row(rabat, i, "without_effect", text, sizeof text);
    assert_non_null(strstr(text, "is not by who recalls it"));
  }
  shown(rabat, chain.first, "\"recalled\":null");
  shown(rabat, chain.second, "\"recalled\":null");
  row(rabat, 0, "id", kase, sizeof kase);
  respond(rabat, kase, "erased", BASE_POLICY, "not_the_author");
  assert_true(readable(rabat, chain.first) && readable(rabat, chain.second));
  respond(rabat, kase, "kept not_the_author", BASE_OK, "\"erased\":0");
  rest(&chain);
  row(madrid, 2, "id", text, sizeof text);
  assert_string_equal(text, ""); /* nothing went down */
  end(&chain);
}

/* A partner who cannot be asked now is asked when he can, over a restart. */
static void test_waits(void **state) {
  (void)state;
  struct chain chain;
  char kase[65];
  begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  try_suspend(rabat, madrid, "suspended");
  recall(paris, chain.first, BASE_OK, "\"asked\":1");
  rest(&chain);
  is(madrid, 0, "id", "");
  row(paris, 0, "id", kase, sizeof kase);
  respond(rabat, kase, "restricted", BASE_OK, "\"erased\":0");
  rest(&chain);
  is(paris, 0, "outcome", "restricted");
  is(paris, 0, "below", "pending");
  try_restart(rabat);
  try_suspend(rabat, madrid, "active");
  later(&chain, 60);
  is(madrid, 0, "message", chain.second);
  end(&chain);
}

static void test_overdue(void **state) {
  (void)state;
  struct chain chain;
  char kase[65], third[65];
  begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  provide(paris, rabat, NULL, third);
  rest(&chain);
  recall(paris, chain.first, BASE_OK, "\"asked\":1");
  rest(&chain);
  row(paris, 0, "id", kase, sizeof kase);
  is(paris, 0, "overdue", "");
  respond(rabat, kase, "erased", BASE_OK, "\"erased\":2");
  rest(&chain);
  later(&chain, 3 * DAY + 60);
  recall(paris, third, BASE_OK, "\"asked\":1"); /* the newest: last changed */
  rest(&chain);
  is(paris, 0, "id", kase); /* and yet what is overdue stands first */
  is(paris, 0, "below", "overdue");
  is(rabat, 0, "below", "overdue");
  is(rabat, 1, "party", "madrid");
  is(rabat, 1, "overdue", "true");
  end(&chain);
}

static void test_passing_on(void **state) {
  (void)state;
  struct chain chain;
  char json[700], none[65];
  begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  static const char form[] =
      "{\"actor\":\"test\",\"kind\":\"information\",\"handling\":\"green\",\"to\":[\"madrid\"],\"fields\":{\"subject\":\"s\","
      "\"purpose\":\"drugs\",\"information\":\"i\",\"language\":\"fr\",\"passed_on\":\"%s\"}}";
  memset(none, '0', 64);
  none[64] = '\0';
  snprintf(json, sizeof json, form, none);
  pair_refused(rabat, LINK_CASE_OPEN, json, BASE_NOT_FOUND);
  recall(paris, chain.first, BASE_OK, "\"asked\":1");
  rest(&chain);
  snprintf(json, sizeof json, form, chain.first);
  pair_refused(rabat, LINK_CASE_OPEN, json, BASE_POLICY);
  snprintf(
      json, sizeof json,
      "{\"actor\":\"test\",\"kind\":\"recall\",\"to\":[\"paris\"],\"fields\":{\"message\":\"%s\",\"measure\":\"erase\","
      "\"ground\":\"other\"}}",
      chain.second);
  pair_refused(rabat, LINK_CASE_OPEN, json, BASE_POLICY); /* by hand */
  end(&chain);
}

/* What still waits when the recall comes is not handed over any more. */
static void test_recalled_on_its_way(void **state) {
  (void)state;
  struct chain chain;
  struct base_buf reason = {0};
  char third[65];
  begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  chain.all[2] = NULL;
  provide(rabat, madrid, chain.first, third);
  recall(paris, chain.first, BASE_OK, "\"asked\":1");
  rest(&chain);
  chain.all[2] = madrid;
  for (int i = 0; i < 3; i++)
    later(&chain, 60);
  assert_int_equal(pair_outbox(rabat, third, &reason), STORE_REFUSED);
  base_buf_u8(&reason, 0);
  assert_non_null(strstr((const char *)reason.data, "was recalled by its author and is not passed on"));
  assert_false(readable(madrid, third));
  base_buf_free(&reason);
  end(&chain);
}

static void keep(struct pair_node *from, const char *to, const char *until, const char *passed_on, enum base_code want,
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

/* What may be kept until a day goes by itself then, with each who has it, some in each step, and not before it has
 * arrived. */
static void test_kept_until(void **state) {
  (void)state;
  enum { MANY = CORE_RETAIN_STEP + 6 };
  static char many[MANY][65];
  struct chain chain;
  char id[65], waits[65], next[65], until[32], longer[32];
  begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  snprintf(until, sizeof until, "%s", base_time_format(paris->now + DAY).text);
  snprintf(longer, sizeof longer, "%s", base_time_format(paris->now + DAY + 1).text);
  keep(paris, "rabat", until, NULL, BASE_OK, id);
  for (int i = 0; i < MANY; i++)
    keep(paris, "rabat", until, NULL, BASE_OK, many[i]);
  rest(&chain);
  keep(rabat, "madrid", longer, id, BASE_POLICY, next);
  keep(rabat, "madrid", until, id, BASE_OK, next);
  rest(&chain);
  chain.all[1] = NULL; /* away: it is not erased while it is on its way */
  keep(paris, "rabat", until, NULL, BASE_OK, waits);
  later(&chain, DAY - 60);
  assert_true(readable(paris, id) && readable(rabat, id) && readable(madrid, next));
  later(&chain, 60);
  assert_true(readable(paris, waits));
  assert_false(readable(paris, id) || readable(rabat, id) || readable(madrid, next));
  for (int i = 0; i < MANY; i++)
    assert_false(readable(paris, many[i]) || readable(rabat, many[i]));
  shown(rabat, id, "\"by\":\"\",\"reason\":\"kept until ");
  chain.all[1] = rabat;
  try_restart(paris);
  for (int i = 0; i < 3; i++)
    later(&chain, CORE_RETAIN_AGAIN_SECONDS + 1);
  assert_false(readable(paris, waits) || readable(rabat, waits));
  assert_int_equal(core_retain_due_ms(paris->core), -1);
  end(&chain);
}

/* Who takes away what names a message hides a recall, and the check says so. */
static void test_tampered(void **state) {
  (void)state;
  struct chain chain;
  struct base_buf found = {0};
  begin(&chain);
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
      cmocka_unit_test(test_kept_until),     cmocka_unit_test(test_recalled_on_its_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
