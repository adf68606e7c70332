/* SPDX-License-Identifier: Apache-2.0
 * Passing on what another gave, paris → rabat → madrid (spec/recall.md, spec/handling.md): what is asked when it is
 * sent is asked again when it is handed over. */
#include "core/cases.h"
#include "core/consent.h"

#include "core_chain.h"

static void outbox(struct pair_node *node, const char *id, const char *state, const char *words) {
  pair_settle(node);
  try_outbox_says(node, id, state, words);
}

/* Whether the content of this message ever came. */
static bool came(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message found;
  base_arena_init(&arena, 1 << 20);
  enum base_code code = store_message_header(node->core->store, &message, &arena, &found, NULL);
  base_arena_free(&arena);
  return code == BASE_OK;
}

/* A recall arrives while what passes the message on waits for one who is away. */
static void test_recalled_while_it_waited(void **state) {
  (void)state;
  struct chain chain;
  char waits[65], kase[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  chain.all[2] = NULL;
  chain_provide(rabat, madrid, chain.first, waits);
  chain_rest(&chain);
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1,\"ended\":0");
  chain_rest(&chain);
  outbox(rabat, waits, "ended", "recalled by its author: case ");
  chain_row(rabat, 0, "id", kase, sizeof kase);
  try_restart(rabat);
  chain.all[2] = madrid;
  chain_later(&chain, 60);
  chain_later(&chain, 600);
  assert_false(came(madrid, waits));
  assert_true(came(madrid, chain.second));
  chain_end(&chain);
}

static void erase(struct pair_node *node, const char *id) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"not needed\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_ERASE, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static enum base_code may_go(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message found;
  struct wire_header header;
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_message_header(node->core->store, &message, &arena, &found, NULL), BASE_OK);
  assert_int_equal(wire_header_parse(found.header, &arena, &header, NULL), BASE_OK);
  enum base_code code = core_still_passable(node->core, &message, &header, NULL);
  base_arena_free(&arena);
  return code;
}

/* The hand-over asks again whether what is passed on is still here, whole, and not recalled. */
static void test_hand_over_asks_again(void **state) {
  (void)state;
  struct chain chain;
  char waits[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  assert_int_equal(may_go(rabat, chain.second), BASE_OK);
  chain.all[2] = NULL;
  chain_provide(rabat, madrid, chain.first, waits);
  chain_rest(&chain);
  erase(rabat, chain.first);
  chain.all[2] = madrid;
  chain_later(&chain, 600);
  outbox(rabat, waits, "refused", "was erased on ");
  assert_false(came(madrid, waits));
  chain_recall(paris, chain.first, BASE_OK, "\"asked\":1");
  assert_int_equal(may_go(paris, chain.first), BASE_POLICY);
  chain_rest(&chain);
  assert_int_equal(may_go(rabat, chain.second), BASE_POLICY);
  chain_end(&chain);
}

/* What may be kept until a day that passes while it waits does not go out any more. */
static void test_kept_until_while_it_waited(void **state) {
  (void)state;
  struct chain chain;
  char waits[65], until[40];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  snprintf(until, sizeof until, "%s", base_time_format(paris->now + 600).text);
  chain_keep(paris, "rabat", base_time_format(paris->now).text, NULL, BASE_FIELD, waits);
  chain.all[1] = NULL;
  chain_keep(paris, "rabat", until, NULL, BASE_OK, waits);
  chain_rest(&chain);
  chain.all[1] = rabat;
  chain_later(&chain, 600);
  outbox(paris, waits, "refused", "was over before it could be handed over");
  assert_false(came(rabat, waits));
  chain_later(&chain, CORE_RETAIN_AGAIN_MS / 1000 + 1);
  assert_false(chain_readable(paris, waits));
  chain_end(&chain);
}

/* One's own message that waits is ended when it is recalled: it needs no recall where it never went. */
static void test_own_recalled_while_it_waited(void **state) {
  (void)state;
  struct chain chain;
  char waits[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  try_no_gate(paris);
  chain_provide(paris, rabat, NULL, waits);
  chain_recall(paris, waits, BASE_OK, "\"asked\":0,\"ended\":1");
  outbox(paris, waits, "ended", "recalled before it was handed over");
  chain_recall(paris, waits, BASE_CONFLICT, "was given to nobody");
  chain_rest(&chain);
  assert_false(came(rabat, waits));
  chain_is(rabat, 0, "id", "");
  chain_end(&chain);
}

/* Who may have taken what was refused at a second hand-over is asked, for his answer may be what was lost. */
static void test_recalled_though_it_was_refused(void **state) {
  (void)state;
  struct chain chain;
  char waits[65], until[40], named[65];
  struct pair_parcel parcel;
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  snprintf(until, sizeof until, "%s", base_time_format(paris->now + 600).text);
  chain_keep(paris, "rabat", until, NULL, BASE_OK, waits);
  assert_true(pair_take(paris, &parcel));
  struct pair_answer answer = pair_give(paris, rabat, parcel.fd);
  pair_answer_free(&answer);
  pair_done(paris, parcel.exchange, NULL);
  close(parcel.fd);
  assert_true(came(rabat, waits));
  paris->now += 600;
  paris->ms += 31000;
  (void)try_lost(paris);
  outbox(paris, waits, "refused", "was over before it could be handed over");
  chain_recall(paris, waits, BASE_OK, "\"asked\":1");
  chain_rest(&chain);
  chain_row(rabat, 0, "message", named, sizeof named);
  assert_string_equal(named, waits);
  chain_end(&chain);
}

static void pass(struct pair_node *from, const char *to, const char *handling, const char *passed_on,
                 enum base_code want, char id[65]) {
  char json[800];
  snprintf(
      json, sizeof json,
      "{\"actor\":\"test\",\"kind\":\"information\",\"handling\":\"%s\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\","
      "\"purpose\":\"drugs\",\"information\":\"i\",\"language\":\"fr\"%s%s%s}}",
      handling, to, passed_on != NULL ? ",\"passed_on\":\"" : "", passed_on != NULL ? passed_on : "",
      passed_on != NULL ? "\"" : "");
  if (want == BASE_OK)
    pair_id(from, LINK_CASE_OPEN, json, id);
  else
    pair_refused(from, LINK_CASE_OPEN, json, want);
}

/* What passes a message on is marked at least as strictly. */
static void test_mark_is_not_lowered(void **state) {
  (void)state;
  struct chain chain;
  char given[65], id[65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1];
  pass(paris, "rabat", "green no_judicial_use", NULL, BASE_OK, given);
  chain_rest(&chain);
  pass(rabat, "madrid", "clear", given, BASE_POLICY, id);
  pass(rabat, "madrid", "green", given, BASE_POLICY, id);
  pass(rabat, "madrid", "green no_judicial_use", given, BASE_OK, id);
  pass(rabat, "madrid", "amber no_judicial_use", given, BASE_OK, id);
  chain_rest(&chain);
  chain_end(&chain);
}

static void consent(struct pair_node *from, const char *kase, const char *type, const char *fields,
                    enum base_code want) {
  char json[700], id[65];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s}", kase, type, fields);
  if (want == BASE_OK)
    pair_id(from, LINK_CASE_SEND, json, id);
  else
    pair_refused(from, LINK_CASE_SEND, json, want);
}

static void ask_consent(struct pair_node *from, const char *of, const char *message, const char *to, base_time until,
                        enum base_code want, char id[65]) {
  char json[700];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"consent\",\"to\":[\"%s\"],\"fields\":{\"message\":\"%.64s\",\"to\":\"%s\","
           "\"purpose\":\"drugs\",\"until\":\"%s\"}}",
           of, message, to, base_time_format(until).text);
  if (want == BASE_OK)
    pair_id(from, LINK_CASE_OPEN, json, id);
  else
    pair_refused(from, LINK_CASE_OPEN, json, want);
}

static void give(struct chain *chain, struct pair_node *from, const char *kase, const char *to, base_time until,
                 enum base_code want) {
  char fields[500];
  snprintf(fields, sizeof fields, "{\"asked\":\"%s\",\"to\":\"%s\",\"purpose\":\"drugs\",\"until\":\"%s\"}", kase, to,
           base_time_format(until).text);
  consent(from, kase, "give", fields, want);
  chain_rest(chain);
}

static bool revoked(struct pair_node *node, const char *kase) {
  struct core_case *found = NULL;
  struct base_id id = try_id(kase);
  assert_int_equal(core_case_load(node->core, &id, &found, NULL), BASE_OK);
  return base_view_is(core_case_state_name(found), "revoked");
}

/* paris lets rabat pass it on to madrid and to lisbon; rabat lets madrid pass it on to lisbon. That lasts no longer
 * than what paris gave, and goes with it, though madrid cannot be told at once. */
static void consent_on_consent(bool restarts) {
  struct chain chain;
  char given[65], upper[65], passed[65], lower[65], both[300];
  static const char lisbon[] = "wasl/lisbon/0123456789abcdef";
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  base_time day = paris->now + DAY, week = paris->now + 7 * DAY;
  snprintf(both, sizeof both, "%.*s %s", (int)madrid->core->card.origin.size,
           (const char *)madrid->core->card.origin.data, lisbon);
  pass(paris, "rabat", "green no_onward_without_consent", NULL, BASE_OK, given);
  chain_rest(&chain);
  char author[200];
  snprintf(author, sizeof author, "%.*s", (int)paris->core->card.origin.size,
           (const char *)paris->core->card.origin.data);
  ask_consent(rabat, "paris", given, author, day, BASE_FIELD, upper);
  snprintf(author, sizeof author, "%.*s", (int)rabat->core->card.origin.size,
           (const char *)rabat->core->card.origin.data);
  ask_consent(rabat, "paris", given, author, day, BASE_FIELD, upper);
  ask_consent(rabat, "paris", given, both, day, BASE_OK, upper);
  chain_rest(&chain);
  give(&chain, paris, upper, both, day, BASE_OK);
  pass(rabat, "madrid", "green no_onward_without_consent", given, BASE_OK, passed);
  chain_rest(&chain);
  ask_consent(madrid, "rabat", passed, lisbon, week, BASE_OK, lower);
  chain_rest(&chain);
  give(&chain, rabat, lower, lisbon, day + 1, BASE_FIELD);
  give(&chain, rabat, lower, lisbon, day, BASE_OK);
  try_restart(rabat);
  chain_rest(&chain);
  assert_false(revoked(madrid, lower));
  try_suspend(rabat, madrid, "suspended");
  consent(paris, upper, "revoke", "{}", BASE_OK);
  chain_rest(&chain);
  assert_true(revoked(rabat, upper));
  assert_false(revoked(rabat, lower));
  try_suspend(rabat, madrid, "active");
  if (restarts)
    try_restart(rabat);
  chain_later(&chain, 60);
  assert_true(revoked(madrid, lower));
  assert_int_equal(core_consent_due_ms(rabat->core), -1);
  chain_end(&chain);
}

static void test_consent_on_consent(void **state) {
  (void)state;
  consent_on_consent(false);
  consent_on_consent(true);
}

static enum base_code counted(void *context, const struct law_consent *consent, struct base_error *err) {
  (void)consent;
  (void)err;
  ++*(size_t *)context;
  return BASE_OK;
}

/* How many cases of consent are read to pass this message on, and to list them all. */
static void reads(struct pair_node *node, const char *message, size_t want, size_t want_all) {
  struct base_id id = try_id(message);
  size_t count = 0, all = 0;
  assert_int_equal(core_consent_of(node->core, &id, counted, &count, NULL), BASE_OK);
  assert_int_equal(core_consent_each(node->core, counted, &all, NULL), BASE_OK);
  assert_int_equal(count, want);
  assert_int_equal(all, want_all);
}

/* What is read grows with the consents to this message, not with all there are; more messages at once than are
 * remembered end in a look through all. */
static void test_consents_are_found_from_the_message(void **state) {
  (void)state;
  enum { OTHERS = CORE_REVOKE_MESSAGES + 2 };
  struct chain chain;
  char given[65], kase[65], first[65], list[200], others[OTHERS][65];
  chain_begin(&chain);
  struct pair_node *paris = &chain.nodes[0], *rabat = &chain.nodes[1], *madrid = &chain.nodes[2];
  snprintf(list, sizeof list, "%.*s", (int)madrid->core->card.origin.size, (const char *)madrid->core->card.origin.data);
  pass(paris, "rabat", "green no_onward_without_consent", NULL, BASE_OK, given);
  for (size_t i = 0; i < OTHERS; i++)
    pass(paris, "rabat", "green no_onward_without_consent", NULL, BASE_OK, others[i]);
  chain_rest(&chain);
  for (size_t i = 0; i < OTHERS; i++) {
    ask_consent(rabat, "paris", others[i], list, paris->now + DAY, BASE_OK, kase);
    if (i == 0)
      memcpy(first, kase, sizeof first);
  }
  reads(rabat, given, 0, OTHERS);
  pass(rabat, "madrid", "green no_onward_without_consent", given, BASE_LAW, kase);
  ask_consent(rabat, "paris", given, list, paris->now + DAY, BASE_OK, kase);
  chain_rest(&chain);
  give(&chain, paris, kase, list, paris->now + DAY, BASE_OK);
  reads(rabat, given, 1, OTHERS + 1);
  pass(rabat, "madrid", "green no_onward_without_consent", given, BASE_OK, kase);
  struct core_case *found = NULL;
  struct base_id id = try_id(first);
  consent(rabat, first, "withdraw", "{}", BASE_OK);
  chain_rest(&chain);
  assert_int_equal(core_case_load(rabat->core, &id, &found, NULL), BASE_OK);
  struct wire_header header = {.state_count = 1, .state = {{BASE_VIEW("message"), BASE_VIEW("")}}};
  struct engine_message message = {.header = &header};
  struct core_case fake = *found;
  fake.messages = &message;
  for (size_t i = 0; i < OTHERS; i++) {
    header.state[0].value = base_view_text(others[i]);
    core_consent_touched(rabat->core, &fake);
    core_consent_touched(rabat->core, &fake);
    assert_int_equal(rabat->core->revoking.some, i < CORE_REVOKE_MESSAGES);
  }
  assert_int_equal(rabat->core->revoking.count, CORE_REVOKE_MESSAGES);
  assert_int_equal(core_consent_due_ms(rabat->core), 0);
  chain_rest(&chain);
  assert_true(rabat->core->revoking.some);
  assert_int_equal(core_consent_due_ms(rabat->core), -1);
  chain_end(&chain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_recalled_while_it_waited),   cmocka_unit_test(test_hand_over_asks_again),
      cmocka_unit_test(test_kept_until_while_it_waited), cmocka_unit_test(test_own_recalled_while_it_waited),
      cmocka_unit_test(test_recalled_though_it_was_refused),
      cmocka_unit_test(test_mark_is_not_lowered),        cmocka_unit_test(test_consent_on_consent),
      cmocka_unit_test(test_consents_are_found_from_the_message),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
