/* SPDX-License-Identifier: Apache-2.0
 * What may be sent, asked beforehand: the answer that sending it would get, and nothing sent, held, refused on record or kept.
 * And what is wrong with a form is told whatever state its case is in. */
#include "core/register.h"
#include "core_persons.h"
#include "core_try.h"

#define CHECK ",\"check\":true"
#define REQUEST "\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":\"trafficking\"," \
  "\"question\":\"%s\",\"language\":\"fr\"%s}"
#define PERSON                                                                                                         \
  ",\"persons\":[{\"name\":\"n\",\"class\":\"witness\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/1\",\"as_of\":"  \
  "\"2000-01-01\"}]"

static struct pair_answer ask(struct pair_node *node, const struct pair_node *to, const char *question, const char *persons,
                              const char *more) {
  char members[900], request[1024];
  snprintf(members, sizeof members, REQUEST, to->name, question, persons);
  snprintf(request, sizeof request, "{\"actor\":\"test\",%s%s}", members, more);
  return pair_ask(node, LINK_CASE_OPEN, request, -1);
}

static void expect(struct pair_answer answer, enum base_code want, const char *says) {
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s instead of %s", base_code_name(answer.status), (const char *)answer.payload.data, says);
  pair_answer_free(&answer);
}

struct kept {
  uint64_t leaves, sent, waiting;
  size_t listed; /* octets of the list of cases */
};
static struct kept kept_at(struct pair_node *node) {
  struct pair_answer cases = pair_ask(node, LINK_CASE_LIST, "{\"actor\":\"test\"}", -1);
  struct kept kept = {.leaves = node->core->reg.size,
                      .sent = try_partner(node)->row.sent_number,
                      .waiting = node->core->releases.waiting,
                      .listed = cases.payload.size};
  pair_answer_free(&cases);
  return kept;
}
static void same(struct pair_node *node, struct kept before) {
  struct kept now = kept_at(node);
  assert_int_equal(now.leaves, before.leaves);
  assert_int_equal(now.sent, before.sent);
  assert_int_equal(now.waiting, before.waiting);
  assert_int_equal(now.listed, before.listed);
}

static void test_opening(void **state) {
  (void)state;
  struct pair_node a, b;
  char clause[300], id[65];
  try_partners(&a, &b);
  struct kept before = kept_at(&a);
  expect(ask(&a, &b, "q", "", CHECK), BASE_LAW, "purpose trafficking");
  expect(ask(&a, &b, "q", "", CHECK ",\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"r\"}"), BASE_OK,
         "\"clause\":\"emergency/vital_interests\"");
  same(&a, before);
  pair_agree(&a, &b, id);
  pair_rest(&a, &b);
  before = kept_at(&a);
  expect(ask(&a, &b, "q", "", CHECK), BASE_OK, "{\"id\":null,");
  snprintf(clause, sizeof clause, "\"check\":{"
           "\"asks\":\"officer\",\"to\":[{\"partner\":\"%s\",\"clause\":\"%s/", b.name, id);
  expect(ask(&a, &b, "q", "", CHECK), BASE_OK, clause);
  expect(ask(&a, &b, "", "", CHECK), BASE_FIELD, "fields: $.question: must not be empty");
  expect(ask(&a, &b, "write to a@b.example", "", CHECK), BASE_OK, "\"what\":\"email\"");
  same(&a, before);
  assert_int_equal(try_count(&a, WIRE_ACT_DENIED), 0);
  expect(ask(&a, &b, "q", "", ",\"check\":false"), BASE_OK, "{\"id\":\"");
  pair_rest(&a, &b);
  assert_int_equal(try_partner(&a)->row.sent_number, before.sent + 1);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* Who else must say yes is told, and nothing waits for him. */
static void test_release(void **state) {
  (void)state;
  struct pair_node a, b;
  char lina[SECRET], members[900];
  try_agreed(&a, &b);
  struct kept before = kept_at(&a);
  expect(ask(&a, &b, "q", PERSON, CHECK), BASE_OK, "\"asks\":\"officer\"");
  add(&a, "lina", "\"liaison\"");
  token_for(&a, "lina", "", lina);
  before = kept_at(&a);
  snprintf(members, sizeof members, REQUEST CHECK, b.name, "q", PERSON);
  expect(ask_as(&a, LINK_CASE_OPEN, lina, members), BASE_OK, "\"check\":{\"asks\":\"supervisor\"");
  same(&a, before);
  snprintf(members, sizeof members, REQUEST, b.name, "q", PERSON);
  expect(ask_as(&a, LINK_CASE_OPEN, lina, members), BASE_OK, "\"release\":{\"number\":");
  assert_int_equal(a.core->releases.waiting, before.waiting + 1);
  try_remove(&a, &b);
}

static struct pair_answer send(struct pair_node *node, const char *kase, const char *type, const char *fields) {
  char request[400];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":%s", kase, type, fields);
  return pair_ask(node, LINK_CASE_SEND, request, -1);
}

/* The form first, then the case, then law. */
static void test_in_a_case(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  pair_rest(&a, &b);
  struct kept before = kept_at(&a);
  expect(send(&a, id, "answer", "{\"anser\":\"x\"}}"), BASE_UNKNOWN_FIELD, "$.anser");
  expect(send(&a, id, "answer", "{\"answer\":\"\"}}"), BASE_FIELD, "$.answer: must not be empty");
  expect(send(&a, id, "answer", "{\"answer\":\"x\"}}"), BASE_TRANSITION, "only a party that did not open the case");
  expect(send(&a, id, "answer", "{\"answer\":\"x\"}" CHECK "}"), BASE_TRANSITION, "only a party that did not open the case");
  expect(send(&a, id, "dance", "{}}"), BASE_KIND, "dance");
  expect(send(&a, id, "withdraw", "{}" CHECK "}"), BASE_OK, "\"check\":{\"asks\":\"officer\"");
  same(&a, before);
  expect(send(&a, id, "withdraw", "{}}"), BASE_OK, "{\"id\":\"");
  pair_rest(&a, &b);
  try_state(&b, id, "withdrawn");
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_opening), cmocka_unit_test(test_release),
                                     cmocka_unit_test(test_in_a_case)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
