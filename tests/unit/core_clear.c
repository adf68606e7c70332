/* SPDX-License-Identifier: Apache-2.0
 * A case that is over is erased whole, headers and all (spec/erase.md): nothing of it is found at this node any more,
 * what was sent and received stays proved, partners go on, and a database of before is cleared again, whoever brings it back. */
#include "core/clear.h"
#include "core_damage.h"
#include "core_lost.h"

#include "core/erase.h"

enum { SIZE = 3 << 20, SEED = 11 };

static struct pair_answer ask(struct pair_node *node, enum link_request_code request, const char *id, const char *more) {
  char json[500];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\"%s}", id, more);
  struct pair_answer answer = pair_ask(node, request, json, -1);
  base_buf_u8(&answer.payload, 0);
  return answer;
}

static void says(struct pair_node *node, enum link_request_code request, const char *id, const char *more,
                 enum base_code want, const char *words) {
  struct pair_answer answer = ask(node, request, id, more);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void refused(struct pair_node *node, const char *id, enum base_code want, const char *words) {
  says(node, LINK_CASE_ERASE, id, ",\"reason\":\"the matter is closed\"", want, words);
}
static void clear(struct pair_node *node, const char *id, const char *words) {
  refused(node, id, BASE_OK, words);
}

/* A request by a, with a part, answered by b, closed by a. */
static void closed_case(struct pair_node *a, struct pair_node *b, uint64_t seed, char id[65], char answer[65]) {
  char closing[65];
  request_with_part(a, b, SIZE, seed, id);
  pair_rest(a, b);
  try_send(b, id, "answer", try_answer, answer);
  pair_rest(a, b);
  try_send(a, id, "close", "{}", closing);
  pair_rest(a, b);
}

static int rows(struct pair_node *node, const char *table) {
  char sql[200];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
  return damage_count(node, sql);
}

/* Nothing of it is here but that it was erased whole. */
static void gone(struct pair_node *node, const char *id, const char *words) {
  char beginning[13];
  snprintf(beginning, sizeof beginning, "%.12s", id);
  says(node, LINK_CASE_SHOW, id, "", BASE_NOT_FOUND, words);
  says(node, LINK_CASE_SHOW, beginning, "", BASE_NOT_FOUND, words);
  says(node, LINK_MESSAGE_SHOW, beginning, "", BASE_NOT_FOUND, words);
  struct base_id message = try_id(id);
  struct base_arena arena = {0};
  struct store_message row;
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_message_header(node->core->store, &message, &arena, &row, NULL), BASE_NOT_FOUND);
  base_arena_free(&arena);
}

static void test_whole(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], answer[65], open[65], agreement[65];
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  closed_case(&a, &b, SEED, id, answer);
  pair_request(&a, &b, open);
  pair_rest(&a, &b);
  int messages = rows(&b, "messages");
  says(&b, LINK_CASE_ERASE, id, ",\"reason\":\" \"", BASE_FIELD, "say in 1 to");
  refused(&b, open, BASE_CONFLICT, "goes on");
  refused(&b, agreement, BASE_POLICY, "of the kind agreement");
  says(&b, LINK_MESSAGE_ERASE, id, ",\"reason\":\"over\"", BASE_OK, "leaf"); /* one was erased before */
  clear(&b, id, "\"messages\":3");
  gone(&b, id, "was erased whole on");
  gone(&b, id, "by amal: the matter is closed");
  says(&b, LINK_MESSAGE_SHOW, answer, "", BASE_NOT_FOUND, "the case of message");
  refused(&b, id, BASE_NOT_FOUND, "was erased whole on");
  assert_int_equal(rows(&b, "messages"), messages - 3);
  assert_int_equal(try_part_files(&b), 0);
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 3);
  try_expect(&b, WIRE_ACT_CLEARED, 1, "the matter is closed");
  try_state(&a, id, "closed");
  try_sound(&b);
  try_sound(&a);
  try_restart(&b);
  gone(&b, id, "by amal");
  try_send(&b, open, "answer", try_answer, answer);
  pair_rest(&a, &b);
  try_receipted(&b, answer);
  clear(&a, id, "\"messages\":3");
  assert_int_equal(try_agree(&a, &b), 2);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_remove(&a, &b);
}

/* What waits, is named by what is not over, or is on its way keeps it. */
static void test_waits(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], answer[65], closing[65], json[300];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  try_send(&b, id, "answer", try_answer, answer);
  pair_rest(&a, &b);
  try_send(&a, id, "close", "{}", closing);
  refused(&a, id, BASE_CONFLICT, "still waiting or under way");
  pair_rest(&a, &b);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"measure\":\"erase\",\"ground\":\"other\"}", id);
  pair_id(&a, LINK_RECALL_OPEN, json, closing);
  pair_rest(&a, &b);
  refused(&a, id, BASE_CONFLICT, "is named by a recall");
  refused(&b, id, BASE_CONFLICT, "is named by a recall");
  try_remove(&a, &b);
}

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

/* One is in the backup, whole or erased in part; the other one comes again, b's own answer too. */
static void test_replayed(void **state) {
  (void)state;
  struct pair_node a, b;
  char had[65], came[65], half[65], answer[65], more[65];
  try_agreed(&a, &b);
  closed_case(&a, &b, SEED, had, answer);
  closed_case(&a, &b, SEED + 1, half, answer);
  says(&b, LINK_MESSAGE_ERASE, half, ",\"reason\":\"over\"", BASE_OK, "leaf");
  says(&b, LINK_MESSAGE_ERASE, answer, ",\"reason\":\"over\"", BASE_OK, "leaf");
  save(&b);
  closed_case(&a, &b, SEED + 2, came, answer);
  clear(&b, had, "\"messages\":3");
  clear(&b, half, "\"messages\":3");
  clear(&b, came, "\"messages\":3");
  put_back(&b);
  renewed(&a, &b);
  gone(&b, had, "by this node: erased before this database was put back");
  gone(&b, half, "by this node: erased before this database was put back");
  at_rest(&a, &b);
  gone(&b, came, "was erased whole before this database was put back");
  says(&b, LINK_MESSAGE_SHOW, answer, "", BASE_NOT_FOUND, "was erased whole");
  assert_int_equal(try_part_files(&b), 0);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_sound(&b);
  try_restart(&b);
  assert_int_equal(try_count(&b, WIRE_ACT_CLEARED), 2);
  pair_request(&b, &a, more);
  pair_rest(&a, &b);
  try_receipted(&b, more);
  pair_request(&a, &b, more);
  pair_rest(&a, &b);
  try_receipted(&a, more);
  try_remove(&a, &b);
}

/* b lost it, and a has erased it whole since: the numbers are taken, nothing comes, and both go on. */
static void test_erased_at_partner(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], answer[65], more[65];
  try_agreed(&a, &b);
  save(&b);
  closed_case(&a, &b, SEED, id, answer);
  clear(&a, id, "\"messages\":3");
  put_back(&b);
  renewed(&a, &b);
  at_rest(&a, &b);
  says(&b, LINK_MESSAGE_SHOW, id, "", BASE_NOT_FOUND, "was erased whole");
  says(&b, LINK_CASE_SHOW, id, "", BASE_NOT_FOUND, "there is no case");
  assert_int_equal(try_partner(&b)->back.missing[0].why, WIRE_BACK_NOTHING);
  pair_request(&a, &b, more);
  pair_rest(&a, &b);
  try_receipted(&a, more);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_sound(&a);
  try_remove(&a, &b);
}

static void finds(struct pair_node *node, const char *sql, const char *words) {
  struct base_buf text = {0};
  damage_sql(node, sql);
  assert_true(try_check(node, &text) > 0);
  base_buf_u8(&text, 0);
  if (strstr((const char *)text.data, words) == NULL)
    fail_msg("%s: %s", sql, (const char *)text.data);
  base_buf_free(&text);
}

/* Messages taken away as if they were erased, or an erasure of a case that no leaf says. */
static void test_tampered(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], other[65], answer[65];
  try_agreed(&a, &b);
  closed_case(&a, &b, SEED, id, answer);
  closed_case(&a, &b, SEED + 1, other, answer);
  clear(&b, id, "\"messages\":3");
  finds(&b, "DELETE FROM messages WHERE number = (SELECT max(number) FROM messages)", "is not here any more");
  finds(&b, "UPDATE erasures SET case_id = case_id - 1 WHERE case_id > 0 AND message = case_id", "nothing says that this was");
  finds(&b, "UPDATE erasures SET leaf_index = leaf_index - 1 WHERE message = (SELECT max(message) FROM erasures)",
        "says something else");
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_waits),
                                     cmocka_unit_test(test_replayed), cmocka_unit_test(test_erased_at_partner),
                                     cmocka_unit_test(test_tampered)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
