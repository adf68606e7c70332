/* SPDX-License-Identifier: Apache-2.0
 * A message's content erased: gone at this node and nowhere else, provable still, final when the keeper knows it, and
 * erased again in a database of before, whoever brings the content back (spec/store.md, "Erasures"). */
#include "core/messages.h"
#include "core_damage.h"
#include "core_lost.h"

#include "core/erase.h"

enum { SIZE = 3 << 20, LARGE = 9 << 20, SEED = 11 };

static struct pair_answer ask(struct pair_node *node, const char *id, const char *reason) {
  char json[CORE_REASON_MAX + 400];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"%s\"}", id, reason);
  return pair_ask(node, LINK_MESSAGE_ERASE, json, -1);
}

static void refused(struct pair_node *node, const char *id, const char *reason, enum base_code want,
                    const char *words) {
  struct pair_answer answer = ask(node, id, reason);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void erase(struct pair_node *node, const char *id) {
  struct pair_answer answer = ask(node, id, "the purpose has ended");
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static bool readable(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct core_content content = {0};
  struct base_error err = {0};
  base_arena_init(&arena, 16 << 20);
  enum base_code code = core_content_read(node->core, &message, &arena, &content, &err);
  bool there = code == BASE_OK && !content.dropped;
  core_content_free(&content);
  base_arena_free(&arena);
  return there;
}

/* What is left of it here, and that a person learns what became of the rest. */
static void erased(struct pair_node *node, const char *id, const char *words) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message row;
  char json[200];
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_message_get(node->core->store, &message, &arena, &row, NULL), BASE_OK);
  assert_int_equal(row.part0.size, 0);
  assert_int_equal(row.wrapped_key.size, 0);
  assert_true(row.header.size > 0);
  assert_int_equal(row.state, STORE_MESSAGE_HELD);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  for (int i = 0; i < 2; i++) {
    struct pair_answer answer = pair_ask(node, i == 0 ? LINK_MESSAGE_SHOW : LINK_PROOF_GET, json, -1);
    base_buf_u8(&answer.payload, 0);
    if (answer.status != BASE_OK || (i == 0 && strstr((const char *)answer.payload.data, words) == NULL))
      fail_msg("%s", (const char *)answer.payload.data);
    pair_answer_free(&answer);
  }
  base_arena_free(&arena);
}

static void unsaid(struct pair_node *node) {
  assert_int_equal(node->core->erasing.untold, 0);
  assert_false(node->core->erasing.forgotten);
}

static void test_erases(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], answer[65], agreement[65];
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  request_with_part(&a, &b, LARGE, SEED, id);
  refused(&a, id, "too early", BASE_CONFLICT, "still waiting or under way");
  while (try_part_files(&b) == 0)
    pair_send(&a, &b);
  refused(&b, id, "too early", BASE_CONFLICT, "still arriving");
  pair_rest(&a, &b);
  try_send(&b, id, "answer", try_answer, answer);
  pair_rest(&a, &b);
  refused(&b, id, "", BASE_FIELD, "1 to 1000 bytes");
  refused(&b, agreement, "no longer", BASE_POLICY, "legal basis");
  refused(&b, "00000000", "no", BASE_NOT_FOUND, "00000000");
  char long_reason[CORE_REASON_MAX + 2];
  memset(long_reason, 'x', sizeof long_reason - 1);
  long_reason[sizeof long_reason - 1] = '\0';
  refused(&b, id, long_reason, BASE_FIELD, "at most 1000 bytes");
  erase(&b, id);
  erased(&b, id, "\"by\":\"amal\",\"reason\":\"the purpose has ended\"");
  assert_false(readable(&b, id));
  assert_int_equal(try_part_files(&b), 0);
  refused(&b, id, "again", BASE_CONFLICT, "was erased on");
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 1);
  unsaid(&b);
  assert_int_equal(b.core->erasing.listed, 1);
  try_part_arrived(&a, LARGE, SEED); /* a's own copy is a's */
  assert_true(readable(&a, id));
  erase(&b, answer); /* also what it wrote itself */
  erased(&b, answer, "amal");
  try_receipted(&b, answer);
  try_send(&a, id, "close", "{}", answer); /* the case goes on */
  pair_rest(&a, &b);
  try_restart(&b);
  erased(&b, id, "amal");
  unsaid(&b);
  try_agree(&a, &b);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* Whoever has the database of before, and core's channel, has the key no more, under no epoch key. */
static void test_key_is_gone(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct base_arena arena = {0};
  struct store_message row;
  struct base_secret key;
  struct base_error err = {0};
  base_arena_init(&arena, 1 << 20);
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  struct base_id message = try_id(id);
  assert_int_equal(store_message_get(b.core->store, &message, &arena, &row, NULL), BASE_OK);
  assert_int_equal(core_key_unwrap(b.core, row.epoch, row.wrapped_key, &key, &err), BASE_OK);
  erase(&b, id);
  assert_int_equal(core_key_unwrap(b.core, row.epoch, row.wrapped_key, &key, &err), BASE_UNSEAL);
  try_restart(&b);
  assert_int_equal(core_key_unwrap(b.core, row.epoch, row.wrapped_key, &key, &err), BASE_UNSEAL);
  base_arena_free(&arena);
  try_remove(&a, &b);
}

/* --- the keeper fails */

static enum base_code failing;
static unsigned told;
static enum base_code fail_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                  struct wire_keeper_retired *out, struct base_error *err) {
  told++;
  return failing != BASE_OK ? base_fail(err, failing, "the test says so") : pair_retire(context, list, count, out, err);
}

static void test_keeper_has_no_room(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  b.core->env.keeper.retire = fail_retire;
  failing = BASE_DISK_FULL;
  refused(&b, id, "the purpose has ended", BASE_DISK_FULL, "the keeper could not note it");
  assert_false(readable(&b, id)); /* the commit came first */
  assert_int_equal(b.core->erasing.untold, 1);
  struct pair_answer status = pair_ask(&b, LINK_NODE_STATUS, "{\"actor\":\"test\"}", -1);
  base_buf_u8(&status.payload, 0);
  assert_non_null(strstr((const char *)status.payload.data, "not known to the keeper yet"));
  pair_answer_free(&status);
  failing = BASE_OK;
  told = 0;
  pair_settle(&b);
  assert_int_equal(told, 0); /* not before its time */
  b.ms += CORE_ERASE_AGAIN_MS;
  pair_settle(&b);
  assert_int_equal(told, 1);
  unsaid(&b);
  try_remove(&a, &b);
}

/* The node stops between the commit and the keeper's word: the next start finishes it. */
static void test_cut_off(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], json[200];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  b.core->env.keeper.retire = fail_retire;
  failing = BASE_IO;
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"it has ended\"}", id);
  core_input(b.core, LINK_MESSAGE_ERASE, 77, base_view_text(json), -1);
  pair_settle(&b);
  assert_int_equal(b.fatal, BASE_IO);
  struct pair_answer none;
  assert_false(pair_find(&b, 77, &none)); /* nobody was answered */
  assert_int_equal(b.core->erasing.untold, 1);
  struct wire_keeper_listed listed;
  assert_int_equal(keeper_list(b.keeper, 0, 1, &listed, NULL), BASE_OK);
  assert_int_equal(listed.total, 0);
  failing = BASE_OK;
  try_restart(&b);
  assert_int_equal(keeper_list(b.keeper, 0, 1, &listed, NULL), BASE_OK);
  assert_int_equal(listed.total, 1);
  unsaid(&b);
  erased(&b, id, "it has ended");
  try_remove(&a, &b);
}

/* --- put back to before */

static void save(struct pair_node *b) {
  pair_close(b);
  copy(b, "/core", "/old-core");
  pair_open(b);
}
static void put_back(struct pair_node *b) {
  pair_close(b);
  copy(b, "/old-core", "/core");
}
static void at_rest(struct pair_node *a, struct pair_node *b) {
  for (int i = 0; i < 4; i++) {
    a->ms += 31000;
    b->ms += 31000;
    pair_rest(a, b);
  }
}

/* b erased what it had from a, and what it wrote; some of it is in the backup, some comes again. */
static void test_replayed(void **state) {
  (void)state;
  struct pair_node a, b;
  char had[65], ours[65], came[65], sent[65], kept[65];
  try_agreed(&a, &b);
  request_with_part(&a, &b, SIZE, SEED, had);
  pair_request(&b, &a, ours);
  pair_rest(&a, &b);
  save(&b);
  request_with_part(&a, &b, SIZE, SEED + 1, came);
  request_with_part(&b, &a, SIZE, SEED + 2, sent);
  pair_request(&a, &b, kept);
  pair_rest(&a, &b);
  const char *const gone[] = {had, ours, came, sent};
  for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
    erase(&b, gone[i]);
  put_back(&b);
  struct base_error err = {0};
  assert_int_equal(keeper_epoch(&b, 0, &err), BASE_OK);
  pair_open(&b); /* nobody confirmed anything, and nothing was asked yet */
  assert_false(readable(&b, had) || readable(&b, ours));
  erased(&b, had, "erased before this database was put back");
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 2);
  assert_int_equal(b.core->erasing.listed, 4);
  assert_int_equal(try_part_files(&b), 0);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  at_rest(&a, &b);
  for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
    erased(&b, gone[i], "erased before this database was put back");
  assert_true(readable(&b, kept) && readable(&a, sent));
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 4);
  assert_int_equal(try_part_files(&b), 0);
  unsaid(&b);
  try_part_arrived(&a, SIZE, SEED + 1);
  assert_int_equal(try_agree(&a, &b), 6);
  try_restart(&b);
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 4); /* once is enough */
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_send(&b, had, "answer", try_answer, kept);
  pair_rest(&a, &b);
  try_receipted(&b, kept);
  try_remove(&a, &b);
}

/* The backup is of a moment when the message still waited, or was still coming. */
static void test_replayed_half(void **state) {
  (void)state;
  struct pair_node a, b;
  char waiting[65], coming[65], more[65];
  try_agreed(&a, &b);
  pair_request(&b, &a, waiting);
  request_with_part(&a, &b, 9 << 20, SEED, coming);
  pair_send(&a, &b);
  save(&b);
  pair_rest(&a, &b);
  erase(&b, waiting);
  erase(&b, coming);
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  erased(&b, waiting, "put back");
  erased(&b, coming, "put back");
  try_receipted(&b, waiting);
  assert_int_equal(try_agree(&a, &b), 3);
  try_send(&b, coming, "clarify", try_question, more);
  pair_rest(&a, &b);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* b lost it, and a has erased it since: what is left comes, and stands in its case as it did. */
static void test_erased_at_partner(void **state) {
  (void)state;
  struct pair_node a, b;
  char his[65], ours[65], more[65];
  try_agreed(&a, &b);
  save(&b);
  request_with_part(&a, &b, SIZE, SEED, his);
  request_with_part(&b, &a, SIZE, SEED + 1, ours);
  pair_rest(&a, &b);
  try_send(&b, his, "answer", try_answer, more);
  try_send(&a, ours, "answer", try_answer, more);
  pair_rest(&a, &b);
  try_send(&a, his, "close", "{}", more); /* follows what will be gone */
  pair_rest(&a, &b);
  erase(&a, his);
  erase(&a, ours);
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  erased(&b, his, "erased at rabat before it came again");
  erased(&b, ours, "erased at rabat before it came again");
  assert_int_equal(b.core->erasing.listed, 0); /* b erased nothing */
  assert_int_equal(try_partner(&b)->back.missing[0].why, WIRE_BACK_ERASED);
  assert_int_equal(try_agree(&a, &b), 3);
  try_state(&b, his, "closed");
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_send(&b, ours, "close", "{}", more); /* b may write there again */
  pair_rest(&a, &b);
  try_receipted(&b, more);
  try_restart(&b);
  try_restart(&a);
  try_remove(&a, &b);
}

static bool half_here(struct pair_node *node, const char *id) {
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message row;
  base_arena_init(&arena, 1 << 20);
  enum base_code code = store_message_header(node->core->store, &message, &arena, &row, NULL);
  base_arena_free(&arena);
  return code == BASE_OK && row.state == STORE_MESSAGE_PENDING;
}

/* a erases it while it hands it over again. */
static void test_erased_meanwhile(void **state) {
  (void)state;
  struct pair_node a, b;
  char his[65], ours[65];
  try_agreed(&a, &b);
  save(&b);
  request_with_part(&a, &b, 20 << 20, SEED, his);
  request_with_part(&b, &a, 20 << 20, SEED + 1, ours);
  pair_rest(&a, &b);
  put_back(&b);
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  const char *const ids[] = {his, ours};
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < 40 && !half_here(&b, ids[k]); i++) {
      a.ms += 31000;
      b.ms += 31000;
      (void)(k == 0 ? pair_send(&a, &b) : pair_send(&b, &a));
    }
    assert_true(half_here(&b, ids[k]));
    erase(&a, ids[k]);
  }
  at_rest(&a, &b);
  erased(&b, his, "erased at rabat");
  erased(&b, ours, "erased at rabat");
  assert_int_equal(try_part_files(&b), 0);
  assert_int_equal(try_agree(&a, &b), 3);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* Without a receipt of its own that came back a node acknowledges nothing that comes without content. */
static void test_never_here(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  save(&b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  erase(&a, id);
  put_back(&b);
  open_epoch(&b);
  later(&a, &b);
  try_partner(&b)->back.receipts = 0; /* as if a had handed none back */
  confirm(&a, &b, BASE_OK);
  at_rest(&a, &b);
  try_expect(&b, WIRE_ACT_REFUSED, 1, "refused-by-policy: its sender erased the content");
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 0);
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message row;
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_message_get(b.core->store, &message, &arena, &row, NULL), BASE_NOT_FOUND);
  base_arena_free(&arena);
  try_sound(&a);
  try_sound(&b);
  pair_remove(&a);
  pair_remove(&b);
}

/* --- the keeper's file is lost, or older */

static void keeper_file(const struct pair_node *node, const char *command) {
  char text[300];
  snprintf(text, sizeof text, "cd '%s/keeper' && %s", node->dir, command);
  assert_int_equal(system(text), 0);
}

static void test_keeper_forgot(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], third[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, first);
  pair_request(&a, &b, second);
  pair_request(&a, &b, third);
  pair_rest(&a, &b);
  save(&b);
  erase(&b, first);
  pair_close(&b);
  keeper_file(&b, "cp -a retired.state ../older.state");
  pair_open(&b);
  erase(&b, second);
  pair_close(&b);
  keeper_file(&b, "rm retired.state");
  pair_open(&b);
  assert_true(b.core->erasing.forgotten);
  assert_int_equal(b.core->erasing.listed, 2);
  assert_int_equal(b.core->erasing.untold, 0);
  struct pair_answer status = pair_ask(&b, LINK_NODE_STATUS, "{\"actor\":\"test\"}", -1);
  base_buf_u8(&status.payload, 0);
  assert_non_null(strstr((const char *)status.payload.data, "keeper had forgotten what was erased"));
  pair_answer_free(&status);
  try_restart(&b);
  unsaid(&b);
  pair_close(&b);
  keeper_file(&b, "cp -a ../older.state retired.state");
  pair_open(&b); /* shorter, and of another row */
  assert_true(b.core->erasing.forgotten);
  struct wire_keeper_listed listed;
  assert_int_equal(keeper_list(b.keeper, 0, 8, &listed, NULL), BASE_OK);
  assert_int_equal(listed.count, 2);
  erase(&b, third);
  put_back(&b);
  struct base_error err = {0};
  assert_int_equal(keeper_epoch(&b, 0, &err), BASE_OK);
  pair_open(&b);
  assert_false(readable(&b, first) || readable(&b, second) || readable(&b, third));
  assert_false(b.core->erasing.forgotten);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  at_rest(&a, &b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* --- behind the node's back */

static void finds(struct pair_node *b, const char *sql, const char *words) {
  struct base_buf found = {0};
  pair_close(b);
  copy(b, "/core", "/whole-core");
  assert_true(damage_change(b, sql));
  pair_open(b);
  assert_true(try_check(b, &found) > 0);
  base_buf_u8(&found, 0);
  if (strstr((const char *)found.data, words) == NULL)
    fail_msg("%s: %s", sql, (const char *)found.data);
  base_buf_free(&found);
  pair_close(b);
  copy(b, "/whole-core", "/core");
  pair_open(b);
}

static void test_tampered(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], other[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_request(&a, &b, other);
  pair_rest(&a, &b);
  erase(&b, id);
  finds(&b,
        "UPDATE messages SET part0 = x'', wrapped_key = x'' WHERE length(part0) > 0 AND number = (SELECT "
        "max(number) FROM messages)",
        "its content is missing");
  finds(&b, "DELETE FROM erasures", "its content is missing");
  finds(&b, "DELETE FROM erasures", "which is not noted as erased by it");
  finds(&b, "UPDATE erasures SET leaf_index = leaf_index - 1", "which says something else");
  finds(&b, "UPDATE messages SET part0 = x'0102', wrapped_key = x'01' WHERE length(part0) = 0",
        "it was erased, and yet its content is here");
  finds(&b, "UPDATE erasures SET message = (SELECT id FROM messages ORDER BY number DESC LIMIT 1)",
        "it was erased, and yet its content is here");
  try_remove(&a, &b);
}

int main(void) {
  base_log_level(BASE_LOG_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_erases),
      cmocka_unit_test(test_key_is_gone),
      cmocka_unit_test(test_keeper_has_no_room),
      cmocka_unit_test(test_cut_off),
      cmocka_unit_test(test_replayed),
      cmocka_unit_test(test_replayed_half),
      cmocka_unit_test(test_erased_at_partner),
      cmocka_unit_test(test_erased_meanwhile),
      cmocka_unit_test(test_never_here),
      cmocka_unit_test(test_keeper_forgot),
      cmocka_unit_test(test_tampered),
  };
  return cmocka_run_group_tests_name("core_erase", tests, NULL, NULL);
}
