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
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\","
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
  damage_remove(&a, &b);
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

/* A row of the outbox that no leaf sent is not handed over: nothing more goes to this partner. */
static void test_delivery(void **state) {
  (void)state;
  struct pair_node a, b;
  struct pair_parcel parcel;
  char id[65], json[200];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  damage_sql(&a, "INSERT INTO deliveries(entry, partner, number, message, case_id, state, sent_index, voided_index, "
                 "voided_told, reason)"
                 " SELECT 1000, 1, 99, max(id), max(id), 0, 3, 0, 0, '' FROM messages WHERE ours = 0");
  uint64_t size = a.core->reg.size;
  assert_false(pair_take(&a, &parcel));
  assert_non_null(strstr(try_partner(&a)->damaged, "for number 99, which says something else"));
  damage_text(&a, "SELECT lower(hex(i.id)) FROM ids i JOIN deliveries d ON d.message = i.number WHERE d.number = 99",
              id);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"x\"}", id);
  pair_refused(&a, LINK_OUTBOX_END, json, BASE_CORRUPT);
  assert_int_equal(a.core->reg.size, size);
  damage_remove(&a, &b);
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
  damage_remove(&a, &b);
}

/* Not even one key of the right card may be another. */
static void test_pin_swapped(void **state) {
  (void)state;
  struct pair_node a, b;
  char fingerprint[SEAL_FINGERPRINT_TEXT];
  struct base_buf card = {0}, sql = {0};
  try_agreed(&a, &b);
  base_buf_add_view(&card, base_buf_view(&b.card));
  char *pin = memmem(card.data, card.size, base_hash_text(&b.pin).text, BASE_HEX_ID);
  assert_non_null(pin);
  memset(pin, 'a', BASE_HEX_ID);
  seal_fingerprint(base_buf_view(&card), fingerprint);
  base_buf_printf(&sql, "UPDATE partners SET fingerprint = '%s', card = CAST('%.*s' AS BLOB)%c", fingerprint,
                  (int)card.size, (const char *)card.data, 0);
  damage_sql(&a, (const char *)sql.data);
  assert_non_null(strstr(try_partner(&a)->damaged, "is about another card than the one that is stored"));
  base_buf_free(&card);
  base_buf_free(&sql);
  damage_remove(&a, &b);
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
  damage_remove(&a, &b);
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
  damage_sql(&a, "DELETE FROM facts WHERE name = 'card-1'");
  assert_int_equal(a.core->reg.size, size); /* announced once */
  assert_int_equal(damage_count(&a, "SELECT count(*) FROM facts WHERE name = 'card-1'"), 0);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  try_receipted(&a, id);
  damage_remove(&a, &b);
}

/* Of a partner whose cards cannot be read nothing is taken, and nothing goes to him; our own must fit the keys. */
static void test_cards(void **state) {
  (void)state;
  static const char *const changes[] = {"UPDATE facts SET value = x'00' WHERE name = 'partner-1-card-2'",
                                        "DELETE FROM facts WHERE name = 'partner-1-card-2'",
                                        "UPDATE facts SET value = x'00' WHERE name = 'partner-1-card-1'",
                                        "INSERT INTO facts(name, value) VALUES('partner-1-given', x'00')"};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct pair_node a, b;
    struct base_error err;
    try_agreed(&a, &b);
    struct pair_answer answer = pair_ask(&b, LINK_KEY_ROTATE, "{\"actor\":\"amal\",\"sign\":true}", -1);
    assert_int_equal(answer.status, BASE_OK);
    pair_answer_free(&answer);
    pair_rest(&a, &b);
    assert_int_equal(try_partner(&a)->card.generation, 2);
    damage_sql(&a, changes[i]);
    expect_stopped(&a, &b, "cards");
    damage_and_stop(&b, "DELETE FROM facts WHERE name = 'card-2'");
    assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK); /* the keeper signed a later card */
    pair_remove(&a);
    pair_remove(&b);
  }
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
    damage_remove(&a, &b);
  }
}

/* --- cases */

static struct base_view answer_of(struct pair_answer *answer) {
  return base_buf_view(&answer->payload);
}

static bool holds(struct base_view text, const char *words) {
  return memmem(text.data, text.size, words, strlen(words)) != NULL;
}

/* One damaged case is listed as such among the others, shown with what is wrong, and its messages wait. */
static void test_case(void **state) {
  (void)state;
  static const char *const changes[] = {
      "DELETE FROM messages WHERE number = (SELECT max(number) FROM messages)",
      "UPDATE messages SET header = x'7b' WHERE number = (SELECT max(number) FROM messages)",
      "UPDATE messages SET state = 9 WHERE number = (SELECT max(number) FROM messages)",
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct pair_node a, b;
    char whole[65], damaged[65], id[65], json[160];
    try_agreed(&a, &b);
    pair_request(&a, &b, whole);
    pair_rest(&a, &b);
    pair_request(&a, &b, damaged);
    pair_rest(&a, &b);
    damage_sql(&a, changes[i]);
    struct pair_answer answer = pair_ask(&a, LINK_CASE_LIST, "{\"actor\":\"test\"}", -1);
    assert_int_equal(answer.status, BASE_OK);
    assert_true(holds(answer_of(&answer), "\"state\":\"unknown\"") && holds(answer_of(&answer), "\"damaged\":\"case"));
    assert_true(holds(answer_of(&answer), "\"state\":\"asked\"") && holds(answer_of(&answer), damaged));
    pair_answer_free(&answer);
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", damaged);
    answer = pair_ask(&a, LINK_CASE_SHOW, json, -1);
    assert_int_equal(answer.status, BASE_CORRUPT);
    assert_true(holds(answer_of(&answer), "is damaged here") && holds(answer_of(&answer), "register check"));
    pair_answer_free(&answer);
    /* An answer to it waits; what comes after it does not. */
    try_send(&b, damaged, "answer", try_answer, id);
    try_send(&b, whole, "answer", try_answer, id);
    try_run(&a, &b, 3000);
    try_receipted(&b, id);
    try_state(&a, whole, "answered");
    damage_remove(&a, &b);
  }
}

/* An agreement that cannot be read permits nothing, and the node starts. */
static void test_agreement(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  damage_sql(&a, "UPDATE messages SET header = x'7b' WHERE number = 1");
  struct pair_answer answer = pair_ask(&a, LINK_AGREEMENT_LIST, "{\"actor\":\"test\"}", -1);
  assert_true(holds(answer_of(&answer), "\"state\":\"unknown\"") && holds(answer_of(&answer), "\"in_force\":false"));
  pair_answer_free(&answer);
  pair_refused(&a, LINK_CASE_OPEN,
               "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\","
               "\"urgency\":\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\"}}",
               BASE_LAW);
  damage_remove(&a, &b);
}

/* Content that cannot be read holds up what comes behind it, numbers having no hole, and nothing before it; ended, all
 * goes on. */
static void test_damaged_content(void **state) {
  (void)state;
  struct pair_node a, b;
  char before[65], bad[65], behind[65], words[256];
  try_agreed(&a, &b);
  pair_request(&a, &b, before);
  pair_request(&a, &b, bad);
  pair_request(&a, &b, behind);
  snprintf(words, sizeof words,
           "UPDATE messages SET part0 = x'00' WHERE id = (SELECT number FROM ids WHERE hex(id) = upper('%s'))", bad);
  damage_sql(&a, words);
  pair_rest(&a, &b);
  try_receipted(&a, before);
  try_outbox_says(&a, bad, "damaged", "wasl outbox end");
  snprintf(words, sizeof words, "waits behind message %s, which is damaged here", bad);
  try_outbox_says(&a, behind, "waiting", words);
  try_end(&a, bad);
  pair_rest(&a, &b);
  try_receipted(&a, behind);
  damage_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_partner),
      cmocka_unit_test(test_delivery),
      cmocka_unit_test(test_card_swapped),
      cmocka_unit_test(test_pin_swapped),
      cmocka_unit_test(test_partner_unreadable),
      cmocka_unit_test(test_facts),
      cmocka_unit_test(test_cards),
      cmocka_unit_test(test_heads),
      cmocka_unit_test(test_case),
      cmocka_unit_test(test_agreement),
      cmocka_unit_test(test_damaged_content),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
