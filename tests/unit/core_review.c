/* SPDX-License-Identifier: Apache-2.0
 * Personal data of a case is reviewed (spec/review.md): when it is due, told once, recorded by a person, gone with the
 * last content. */
#include "core/review.h"

#include "core_damage.h"

enum { DAY = 86400 };

static void later(struct pair_node *a, struct pair_node *b, base_time seconds) {
  a->now += seconds;
  b->now += seconds;
  a->ms += 1000;
  b->ms += 1000;
  pair_settle(a);
  pair_settle(b);
  pair_rest(a, b);
  pair_settle(a); /* keys that are over go one step after the other */
  pair_settle(b);
}

static void has(struct pair_node *node, enum link_request_code request, const char *json, enum base_code want,
                const char *words) {
  struct pair_answer answer = pair_ask(node, request, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s is not in %s", base_code_name(answer.status), words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void listed(struct pair_node *node, bool due, const char *words) {
  has(node, LINK_REVIEW_LIST, due ? "{\"actor\":\"test\",\"due\":true}" : "{\"actor\":\"test\"}", BASE_OK, words);
}

static void review(struct pair_node *node, const char *kase, const char *more, enum base_code want, const char *words) {
  char json[300];
  snprintf(json, sizeof json, "{\"actor\":\"zineb\",\"id\":\"%s\",\"reason\":\"the inquiry goes on\"%s}", kase, more);
  has(node, LINK_CASE_REVIEW, json, want, words);
}

static void due_at(struct pair_node *node, const char *kase, base_time due, bool overdue) {
  char json[150], words[150];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"bare\":true}", kase);
  snprintf(words, sizeof words, "\"review\":{\"due\":\"%s\",\"overdue\":%s", base_time_format(due).text,
           overdue ? "true" : "false");
  has(node, LINK_CASE_SHOW, json, BASE_OK, words);
}

static void erase(struct pair_node *node, const char *id) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"zineb\",\"id\":\"%s\",\"reason\":\"not needed any more\"}", id);
  has(node, LINK_MESSAGE_ERASE, json, BASE_OK, "\"leaf\"");
}

/* The agreement is none; each message puts it off; told once, over restarts, and not before. */
static void test_due(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], answer[65];
  try_agreed(&a, &b);
  listed(&a, false, "[]");
  pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  due_at(&a, kase, a.now + CORE_REVIEW_FIRST_DAYS * DAY, false);
  later(&a, &b, DAY);
  try_send(&b, kase, "answer", "{\"answer\":\"a\"}", answer);
  pair_rest(&a, &b);
  base_time due = b.now + CORE_REVIEW_FIRST_DAYS * DAY;
  due_at(&b, kase, due, false);
  unsigned told = try_count(&b, WIRE_ACT_DEADLINE);
  later(&a, &b, CORE_REVIEW_FIRST_DAYS * DAY - 1);
  listed(&b, true, "[]");
  listed(&b, false, kase);
  assert_int_equal(try_count(&b, WIRE_ACT_DEADLINE), told);
  later(&a, &b, 1);
  listed(&b, true, kase);
  due_at(&b, kase, due, true);
  try_expect(&b, WIRE_ACT_DEADLINE, told + 1, "overdue ");
  try_restart(&b);
  later(&a, &b, DAY);
  assert_int_equal(try_count(&b, WIRE_ACT_DEADLINE), told + 1);
  assert_int_equal(core_review_due_ms(b.core), -1);
  try_remove(&a, &b);
}

/* Recorded by name and with a reason; what comes after it is due after its own six months, and the old when it said. */
static void test_kept(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], answer[65], more[100];
  try_agreed(&a, &b);
  pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  review(&b, kase, ",\"next\":\"2027\"", BASE_DATE, "next: a day");
  review(&b, kase, ",\"next\":\"1999-01-01\"", BASE_FIELD, "to come");
  snprintf(more, sizeof more, ",\"next\":\"%s\"", base_time_format(b.now + CORE_REVIEW_MOST_DAYS * DAY + 1).text);
  review(&b, kase, more, BASE_FIELD, "within 366 days");
  snprintf(more, sizeof more, ",\"next\":\"%s\"", base_time_format(b.now + CORE_REVIEW_MOST_DAYS * DAY).text);
  base_time next = b.now + CORE_REVIEW_MOST_DAYS * DAY, first = b.now;
  review(&b, kase, more, BASE_OK, base_time_format(next).text);
  try_expect(&b, WIRE_ACT_REVIEWED, 1, "the inquiry goes on");
  listed(&b, true, "[]");
  listed(&b, false, "\"by\":\"zineb\",\"reason\":\"the inquiry goes on\"");
  due_at(&b, kase, next, false);
  later(&a, &b, DAY);
  try_send(&b, kase, "answer", "{\"answer\":\"a\"}", answer);
  pair_rest(&a, &b);
  due_at(&b, kase, first + DAY + CORE_REVIEW_FIRST_DAYS * DAY, false);
  review(&b, kase, "", BASE_OK, base_time_format(b.now + CORE_REVIEW_FIRST_DAYS * DAY).text);
  snprintf(more, sizeof more, ",\"next\":\"%s\"", base_time_format(b.now + 2 * DAY).text);
  review(&b, kase, more, BASE_OK, "\"leaf\"");
  next = b.now + 2 * DAY;
  later(&a, &b, DAY);
  try_send(&a, kase, "close", "{}", answer);
  pair_rest(&a, &b);
  due_at(&b, kase, next, false); /* what was there before is not put off by what came since */
  unsigned told = try_count(&b, WIRE_ACT_DEADLINE);
  later(&a, &b, DAY);
  listed(&b, true, kase);
  assert_int_equal(try_count(&b, WIRE_ACT_DEADLINE), told + 1);
  try_remove(&a, &b);
}

/* With the last content the review goes; without any there is none. */
static void test_erased(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], answer[65], close[65], agreement[65];
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  review(&b, agreement, "", BASE_CONFLICT, "holds no personal data");
  pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  try_send(&b, kase, "answer", "{\"answer\":\"a\"}", answer);
  pair_rest(&a, &b);
  erase(&b, kase);
  listed(&b, false, kase);
  erase(&b, answer);
  listed(&b, false, "[]");
  listed(&a, false, kase);
  review(&b, kase, "", BASE_CONFLICT, "its content was erased");
  try_send(&a, kase, "close", "{}", close);
  pair_rest(&a, &b);
  listed(&b, false, kase); /* it came with content */
  erase(&b, close);
  listed(&b, false, "[]");
  later(&a, &b, 2 * CORE_REVIEW_FIRST_DAYS * DAY);
  listed(&b, true, "[]");
  try_remove(&a, &b);
}

/* The next page begins behind the last row; more than one step can tell is told in the next. */
static void test_many(void **state) {
  (void)state;
  enum { CASES = CORE_REVIEW_STEP + 3 };
  struct pair_node a, b;
  char kase[65], json[150], cursor[64];
  try_agreed(&a, &b);
  for (int i = 0; i < CASES; i++)
    pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  struct pair_answer answer = pair_ask(&b, LINK_REVIEW_LIST, "{\"actor\":\"test\",\"limit\":66}", -1);
  WIRE_AUTO_JSON struct wire_json *rows = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), BASE_BUF_DEFAULT_LIMIT, "list", &rows, NULL), BASE_OK);
  assert_int_equal(wire_json_size(rows), 66);
  struct base_view text = core_request_text(wire_json_at(rows, 65), "cursor");
  snprintf(cursor, sizeof cursor, "%.*s", (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"after\":\"%s\"}", cursor);
  has(&b, LINK_REVIEW_LIST, json, BASE_OK, "[{\"id\"");
  has(&b, LINK_REVIEW_LIST, "{\"actor\":\"test\",\"after\":\"x\"}", BASE_FIELD, "not a cursor");
  has(&b, LINK_REVIEW_LIST, "{\"actor\":\"test\",\"limit\":0}", BASE_FIELD, "limit: a whole number from 1; 100 when");
  has(&b, LINK_REVIEW_LIST, "{\"actor\":\"test\",\"after\":\"1-\"}", BASE_FIELD, "not a cursor");
  unsigned told = try_count(&b, WIRE_ACT_DEADLINE);
  later(&a, &b, CORE_REVIEW_FIRST_DAYS * DAY);
  later(&a, &b, 1);
  assert_true(try_count(&b, WIRE_ACT_DEADLINE) >= told + CASES);
  try_remove(&a, &b);
}

static void found(struct pair_node *node, const char *sql, const char *words) {
  struct base_buf text = {0};
  damage_sql(node, sql);
  assert_int_equal(try_check(node, &text), 1);
  base_buf_u8(&text, 0);
  if (strstr((const char *)text.data, words) == NULL)
    fail_msg("%s", (const char *)text.data);
  base_buf_free(&text);
}

/* Who puts a review off, or takes it away, is found out. */
static void test_tampered(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, kase);
  pair_rest(&a, &b);
  found(&b, "UPDATE reviews SET due = due + 1", "and must be");
  review(&b, kase, "", BASE_OK, "\"leaf\"");
  found(&b, "UPDATE reviews SET due = due + 1, kept = kept + 1", "its last review cannot be read");
  found(&b, "UPDATE reviews SET leaf_index = 1", "its last review cannot be read");
  has(&b, LINK_REVIEW_LIST, "{\"actor\":\"test\"}", BASE_OK, "\"reviewed\":null");
  found(&b, "DELETE FROM reviews", "no review of it is noted");
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_due), cmocka_unit_test(test_kept),
                                     cmocka_unit_test(test_erased), cmocka_unit_test(test_many),
                                     cmocka_unit_test(test_tampered)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
