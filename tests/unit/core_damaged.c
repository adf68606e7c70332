/* SPDX-License-Identifier: Apache-2.0
 * A node whose database was changed by hand starts, so that it can be checked, and does nothing that would make it
 * worse. */
#include "core_damage.h"

/* --- partners */

/* paris is shown with what is wrong, and nothing goes to it or comes from it. */
static void expect_stopped(struct pair_node *a, struct pair_node *b, const char *words) {
  char id[65];
  struct pair_parcel parcel;
  assert_int_equal(a->core->partner_count, 1);
  if (strstr(try_partner(a)->damaged, words) == NULL)
    fail_msg("\"%s\" lacks \"%s\"", try_partner(a)->damaged, words);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\","
                         "\"urgency\":\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\"}}");
  base_buf_u8(&json, 0);
  pair_refused(a, LINK_CASE_OPEN, (const char *)json.data, BASE_POLICY);
  base_buf_free(&json);
  assert_false(pair_take(a, &parcel));
  try_no_gate(a);
  pair_request(b, a, id);
  assert_true(pair_take(b, &parcel));
  struct pair_answer answer = pair_give(b, a, parcel.fd);
  assert_int_equal(answer.status, BASE_NOT_RUNNING);
  pair_done(b, parcel.exchange, &answer);
  pair_answer_free(&answer);
  close(parcel.fd);
}

static void change_and_expect(const char *sql, const char *words) {
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  damage_sql(&a, sql);
  expect_stopped(&a, &b, words);
  try_remove(&a, &b);
}

static void test_partner(void **state) {
  (void)state;
  change_and_expect("UPDATE partners SET card = CAST(replace(CAST(card AS TEXT), ':7443', ':7444') AS BLOB)",
                    "fingerprint");
  change_and_expect("UPDATE partners SET state = 1", "stored as suspended");
  change_and_expect("UPDATE partners SET leaf_index = 0", "not about a partner");
  change_and_expect("UPDATE partner_progress SET sent_number = sent_number + 1", "was not given");
  change_and_expect("UPDATE partner_progress SET sent_number = sent_number - 1", "not the last that was sent");
  change_and_expect("UPDATE partner_progress SET sent_previous = zeroblob(32)", "not the last that was sent");
  change_and_expect("DELETE FROM deliveries WHERE number = 2", "was not given");
  change_and_expect("UPDATE partner_progress SET received_previous = zeroblob(32)", "not the last that was taken");
  change_and_expect("UPDATE partner_progress SET received_number = 0", "not the last that was taken");
  change_and_expect("INSERT INTO facts(name, value) VALUES('faults-1', x'00')", "cut short");
}

/* A swapped card with the fingerprint made to fit is still not the one that was confirmed. */
static void test_card_swapped(void **state) {
  (void)state;
  struct pair_node a, b, c;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  try_agreed(&a, &b);
  pair_make(&c, "paris"); /* the stranger, with keys of his own */
  seal_fingerprint(base_buf_view(&c.card), fingerprint);
  struct base_buf sql = {0};
  base_buf_printf(&sql, "UPDATE partners SET fingerprint = '%s', origin = '%.*s', card = CAST('%.*s' AS BLOB)",
                  fingerprint, (int)c.core->card.origin.size, (const char *)c.core->card.origin.data, (int)c.card.size,
                  (const char *)c.card.data);
  base_buf_u8(&sql, 0);
  damage_sql(&a, (const char *)sql.data);
  assert_non_null(strstr(try_partner(&a)->damaged, "is about wasl/paris/"));
  base_buf_free(&sql);
  pair_remove(&c);
  try_remove(&a, &b);
}

/* A row that cannot be read is left out; the others are there. */
static void test_partner_unreadable(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  damage_sql(&a, "UPDATE partners SET card = x'7b'");
  assert_int_equal(a.core->partner_count, 0);
  damage_sql(&b, "DELETE FROM partner_progress");
  assert_int_equal(b.core->partner_count, 0);
  try_remove(&a, &b);
}

/* --- facts and heads */

static void test_facts(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  uint64_t size = a.core->reg.size;
  damage_sql(&a, "DELETE FROM facts WHERE name = 'part-token-key'");
  assert_true(a.core->token_key_lost);
  damage_sql(&a, "INSERT INTO facts(name, value) VALUES('part-token-key', x'0102')");
  assert_true(a.core->token_key_lost);
  damage_sql(&a, "DELETE FROM facts WHERE name = 'card'");
  assert_int_equal(a.core->reg.size, size); /* announced once */
  assert_int_equal(damage_count(&a, "SELECT count(*) FROM facts WHERE name = 'card'"), 0);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  try_receipted(&a, id);
  try_remove(&a, &b);
}

/* A head that was changed is signed anew by the keeper; what partners get is right. */
static void test_heads(void **state) {
  (void)state;
  static const char *const changes[] = {"UPDATE heads SET root = zeroblob(32)", "UPDATE heads SET note = x'00'",
                                        "UPDATE heads SET root = x'00'", "DELETE FROM cosignatures; DELETE FROM heads"};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct pair_node a, b;
    char id[65];
    try_agreed(&a, &b);
    damage_sql(&a, changes[i]);
    pair_request(&a, &b, id);
    pair_rest(&a, &b);
    try_receipted(&a, id);
    assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
    try_remove(&a, &b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_partner), cmocka_unit_test(test_card_swapped), cmocka_unit_test(test_partner_unreadable),
      cmocka_unit_test(test_facts),   cmocka_unit_test(test_heads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
