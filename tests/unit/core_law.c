/* SPDX-License-Identifier: Apache-2.0
 * Law before wire: without an agreement in force that covers it nothing is committed, and what was committed is asked
 * about again in the moment it would leave. */
#include "core/register.h"
#include "core_persons.h"
#include "core_try.h"

static const char request_fields[] =
    "{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\","
    "\"language\":\"fr\"}";

static void propose(struct pair_node *a, struct pair_node *b, base_time from, base_time until, const char *purpose,
                    char id[65]) {
  struct base_buf json = {0};
  base_buf_printf(
      &json,
      "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
      "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",",
      b->name, base_time_format(until).text);
  if (from != 0)
    base_buf_printf(&json, "\"from\":\"%s\",", base_time_format(from).text);
  base_buf_printf(&json,
                  "\"rows\":[{\"id\":\"2.1\",\"kind\":\"request\",\"types\":[\"*\"],\"purposes\":[\"%s\"],"
                  "\"direction\":\"from_proposer\"}]}}",
                  purpose);
  base_buf_u8(&json, 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_rest(a, b);
}
static void accept_terms(struct pair_node *a, struct pair_node *b, const char *agreement, const char *terms) {
  char fields[100], id[65];
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", terms);
  try_send(b, agreement, "accept", fields, id);
  pair_rest(a, b);
  try_receipted(b, id);
}
/* Leaves that the node writes by itself when time passes. */
static unsigned by_time(struct pair_node *node) {
  return try_count(node, WIRE_ACT_STATEMENT) + try_count(node, WIRE_ACT_KEY) + try_count(node, WIRE_ACT_CARD) +
         try_count(node, WIRE_ACT_DEADLINE);
}
/* A request is refused, with the missing row and this piece of the reason, and a leaf says so. Nothing else changed. */
static void denied(struct pair_node *a, const struct pair_node *b, const char *piece) {
  struct base_buf json = {0};
  char reason[600] = "";
  unsigned before = try_count(a, WIRE_ACT_DENIED), due = by_time(a);
  uint64_t size = a->core->reg.size, number = try_partner(a)->row.sent_number;
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":%s}", b->name,
                  request_fields);
  base_buf_u8(&json, 0);
  struct pair_answer answer = pair_ask(a, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_free(&json);
  assert_int_equal(answer.status, BASE_LAW);
  base_buf_u8(&answer.payload, 0);
  if (strstr((const char *)answer.payload.data, "kind request, type ask, purpose trafficking") == NULL ||
      strstr((const char *)answer.payload.data, piece) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
  assert_int_equal(try_leaves(a, WIRE_ACT_DENIED, reason, sizeof reason), before + 1);
  assert_memory_equal(reason, "no-legal-basis: ", 16);
  /* Days passed: statements and keys may be due in the same step. */
  assert_int_equal(a->core->reg.size, size + 1 + by_time(a) - due);
  assert_int_equal(try_partner(a)->row.sent_number, number);
}
static void allowed(struct pair_node *a, struct pair_node *b) {
  char id[65];
  try_request_with(a, b, "[]", id);
  pair_rest(a, b);
  try_receipted(a, id);
}

static void test_life_of_an_agreement(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], end[65];
  try_partners(&a, &b);
  denied(&a, &b, "");
  propose(&a, &b, 0, a.now + 30 * DAY, "trafficking", agreement);
  denied(&a, &b, "not accepted");
  accept_terms(&a, &b, agreement, agreement);
  try_state(&a, agreement, "in_force");
  try_state(&b, agreement, "in_force");
  allowed(&a, &b);
  denied(&b, &a, ""); /* the row goes one way */
  a.now += 31 * DAY;
  b.now += 31 * DAY;
  denied(&a, &b, "expired");
  a.now -= 31 * DAY;
  b.now -= 31 * DAY;
  allowed(&a, &b);
  try_send(&b, agreement, "end", "{\"reason\":\"art. 12\"}", end);
  pair_rest(&a, &b);
  denied(&a, &b, "ended");
  try_agree(&a, &b);
  try_remove(&a, &b);
}

static void test_not_yet(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  try_partners(&a, &b);
  propose(&a, &b, a.now + 2 * DAY, a.now + 30 * DAY, "*", agreement);
  accept_terms(&a, &b, agreement, agreement);
  denied(&a, &b, "only from");
  a.now += 2 * DAY;
  b.now += 2 * DAY;
  allowed(&a, &b);
  try_remove(&a, &b);
}

static void test_other_purpose(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "espionage", agreement);
  accept_terms(&a, &b, agreement, agreement);
  denied(&a, &b, "");
  try_remove(&a, &b);
}

static void case_is(struct pair_node *node, const char *state) {
  char words[60];
  snprintf(words, sizeof words, "\"state\":\"%s\"", state);
  struct pair_answer answer = pair_ask(node, LINK_CASE_LIST, "{\"actor\":\"test\"}", -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* What agreement.list says of the only agreement. */
static void listed(struct pair_node *node, const char *state, bool in_force, char from[40]) {
  struct pair_answer answer = pair_ask(node, LINK_AGREEMENT_LIST, "{\"actor\":\"test\"}", -1);
  struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "list", &json, NULL), BASE_OK);
  const struct wire_json *row = wire_json_at(json, 0);
  struct base_view said = wire_json_text(wire_json_get(row, "state")),
                   begin = wire_json_text(wire_json_get(row, "from"));
  if (!base_view_is(said, state) || wire_json_true(wire_json_get(row, "in_force")) != in_force)
    fail_msg("%.*s instead of %s", (int)said.size, (const char *)said.data, state);
  snprintf(from, 40, "%.*s", (int)begin.size, (const char *)begin.data);
  wire_json_free(json);
  pair_answer_free(&answer);
}

/* Accepted is neither in force already nor for ever, and the end of an agreement does not make its beginning unknown.
 */
static void test_listed(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], end[65], from[40], later[40];
  try_partners(&a, &b);
  propose(&a, &b, a.now + 2 * DAY, a.now + 30 * DAY, "*", agreement);
  listed(&a, "proposed", false, from);
  accept_terms(&a, &b, agreement, agreement);
  listed(&a, "not_yet", false, from);
  a.now += 3 * DAY;
  listed(&a, "in_force", true, from);
  a.now += 28 * DAY;
  listed(&a, "expired", false, later);
  assert_string_equal(from, later);
  a.now -= 28 * DAY;
  b.now = a.now;
  try_send(&b, agreement, "end", "{\"reason\":\"art. 12\"}", end);
  pair_rest(&a, &b);
  listed(&a, "ended", false, later);
  assert_string_equal(from, later);
  try_remove(&a, &b);
}

/* Without a date its beginning is the acceptance, also after the end, and after a start. */
static void test_began_with_acceptance(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], end[65], from[40], later[40];
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "*", agreement);
  accept_terms(&a, &b, agreement, agreement);
  listed(&a, "in_force", true, from);
  assert_int_equal(strlen(from), BASE_TIME_TEXT);
  a.now += DAY;
  b.now += DAY;
  try_send(&b, agreement, "end", "{\"reason\":\"art. 12\"}", end);
  pair_rest(&a, &b);
  try_restart(&a);
  listed(&a, "ended", false, later);
  assert_string_equal(from, later);
  try_remove(&a, &b);
}

/* A proposal that was given up before anybody took it is none any more, for law too. */
static void test_not_taken(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], from[40];
  try_partners(&a, &b);
  struct base_buf json = {0};
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\","
                  "\"legal_basis\":\"l\",\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{\"id\":"
                  "\"2\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}]}}%c",
                  b.name, base_time_format(a.now + 30 * DAY).text, 0);
  pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, agreement);
  base_buf_free(&json);
  listed(&a, "proposed", false, from);
  case_is(&a, "proposed");
  try_end(&a, agreement);
  listed(&a, "not_taken", false, from);
  case_is(&a, "not_taken");
  denied(&a, &b, "which has the row 2, was ended before anybody took it");
  try_restart(&a);
  listed(&a, "not_taken", false, from);
  pair_rest(&a, &b);
  listed(&a, "not_taken", false, from);
  try_remove(&a, &b);
}

/* A misspelled word in a row would cover nothing, and nobody would see it. */
static void unknown(struct pair_node *a, const struct pair_node *b, const char *kind, const char *type,
                    const char *purpose, enum base_code want, const char *words) {
  struct base_buf json = {0};
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\","
                  "\"legal_basis\":\"l\",\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{\"id\":"
                  "\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"},{\"id\":\"2.1\","
                  "\"kind\":\"%s\",\"types\":[\"%s\"],\"purposes\":[\"%s\"],\"direction\":\"both\"}]}}%c",
                  b->name, base_time_format(a->now + 30 * DAY).text, kind, type, purpose, 0);
  struct pair_answer answer = pair_ask(a, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("'%s' was expected: %s: %s", words, base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
  base_buf_free(&json);
}
static void test_unknown_terms(void **state) {
  (void)state;
  struct pair_node a, b;
  try_partners(&a, &b);
  unknown(&a, &b, "requests", "*", "*", BASE_KIND,
          "$.rows[1].kind: article 2.1: there is no kind requests; there are: accreditation, ");
  unknown(&a, &b, "request", "aks", "*", BASE_KIND, "there is no type aks of the kind request; there are: ask, ");
  unknown(&a, &b, "*", "aks", "*", BASE_KIND, "there is no type aks of the kind *; there are: check, ");
  unknown(&a, &b, "*", "aks", "*", BASE_KIND, " and more (wasl kind list), or * for all");
  unknown(&a, &b, "request", "ask", "spying", BASE_FIELD,
          "there is no purpose spying in the kind request; there are: ");
  assert_int_equal(a.core->agreement_count, 0);
  try_remove(&a, &b);
}

/* Terms that were replaced meanwhile cannot be accepted any more. */
static void test_other_terms(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], counter[65];
  struct base_buf fields = {0};
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "*", agreement);
  base_buf_printf(
      &fields,
      "{\"title\":\"t\",\"legal_basis\":\"l\",\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{"
      "\"id\":"
      "\"1\",\"kind\":\"request\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"from_proposer\"}]}",
      base_time_format(a.now + DAY).text);
  base_buf_u8(&fields, 0);
  try_send(&b, agreement, "counter", (const char *)fields.data, counter);
  base_buf_free(&fields);
  pair_rest(&a, &b);
  struct base_buf json = {0};
  char old_terms[100];
  snprintf(old_terms, sizeof old_terms, "{\"terms\":\"%s\"}", agreement);
  try_send_json(agreement, "accept", old_terms, NULL, &json);
  pair_refused(&a, LINK_CASE_SEND, (const char *)json.data, BASE_TRANSITION);
  base_buf_free(&json);
  try_state(&a, agreement, "countered");
  accept_terms(&b, &a, agreement, counter);
  try_state(&b, agreement, "in_force");
  allowed(&b, &a); /* the row's direction is that of the terms in force: from b */
  denied(&a, &b, "");
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* The agreement ends between submission and hand-over: the message does not leave, its number travels as void. */
static void test_ended_meanwhile(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], end[65], again[65];
  struct base_buf reason = {0};
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "*", agreement);
  accept_terms(&a, &b, agreement, agreement);
  try_no_gate(&a);
  try_request_with(&a, &b, "[]", request);
  try_send(&b, agreement, "end", "{\"reason\":\"art. 12\"}", end);
  assert_true(pair_send(&b, &a));
  unsigned messages = try_count(&b, WIRE_ACT_RECEIVED);
  pair_rest(&a, &b);
  try_run(&a, &b, 1000);
  assert_int_equal(pair_outbox(&a, request, &reason), STORE_REFUSED);
  assert_true(reason.size > 14 && memcmp(reason.data, "no-legal-basis", 14) == 0);
  base_buf_free(&reason);
  try_expect(&a, WIRE_ACT_VOIDED, 1, "no-legal-basis: ");
  assert_int_equal(try_count(&b, WIRE_ACT_RECEIVED), messages);
  /* The numbering goes on. */
  propose(&a, &b, 0, a.now + 30 * DAY, "*", again);
  try_receipted(&a, again);
  try_same_numbers(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* The end of an agreement does not take back what was under way: its receipt counts. */
static void test_receipt_outlives(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], end[65];
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "*", agreement);
  accept_terms(&a, &b, agreement, agreement);
  try_request_with(&a, &b, "[]", request);
  assert_true(try_answer_lost(&a, &b));
  try_send(&b, agreement, "end", "{\"reason\":\"art. 12\"}", end);
  a.ms += 31000;
  pair_rest(&a, &b);
  a.ms += 31000;
  pair_rest(&a, &b);
  try_receipted(&a, request);
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

#define ROW(purpose, more)                                                                                             \
  "[{\"id\":\"2.1\",\"kind\":\"request\",\"types\":[\"*\"],\"purposes\":[\"" purpose "\"],\"direction\":\"both\"" more \
  "}]"
static void amend(struct pair_node *by, struct pair_node *other, const char *agreement, base_time from,
                  const char *rows, char id[65]) {
  struct base_buf fields = {0};
  base_buf_printf(&fields,
                  "{\"title\":\"t\",\"legal_basis\":\"l\",\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\","
                  "\"rows\":%s",
                  base_time_format(by->now + 60 * DAY).text, rows);
  if (from != 0)
    base_buf_printf(&fields, ",\"from\":\"%s\"", base_time_format(from).text);
  base_buf_text(&fields, "}");
  base_buf_u8(&fields, 0);
  try_send(by, agreement, "amend", (const char *)fields.data, id);
  base_buf_free(&fields);
  pair_rest(by, other);
}
/* The clause that the last sent leaf of a node names. */
static void clause_is(struct pair_node *node, const char *agreement, const char *terms, const char *row) {
  char want[LAW_CLAUSE_MAX + 1], last[LAW_CLAUSE_MAX + 1] = "";
  snprintf(want, sizeof want, "%s%s%s/%s", agreement, terms[0] ? "@" : "", terms, row);
  for (uint64_t i = 0; i < node->core->reg.size; i++) {
    struct base_arena arena = {0};
    struct base_view entry, bytes;
    struct wire_leaf leaf;
    struct wire_opening opening;
    base_arena_init(&arena, 1 << 20);
    assert_int_equal(core_register_read(node->core, i, &arena, &entry, &bytes, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(entry, &leaf, NULL), BASE_OK);
    if (leaf.act == WIRE_ACT_SENT && wire_opening_parse(leaf.act, bytes, &arena, &opening, NULL) == BASE_OK)
      snprintf(last, sizeof last, "%.*s", (int)opening.clause.size, (const char *)opening.clause.data);
    base_arena_free(&arena);
  }
  assert_string_equal(last, want);
}

/* An amendment counts from the moment that all accepted it, for both; the clause says under which terms a send went. */
static void test_amended(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], change[65], answer[65];
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "espionage", agreement);
  accept_terms(&a, &b, agreement, agreement);
  amend(&b, &a, agreement, 0, ROW("trafficking", ""), change);
  try_state(&a, agreement, "amending");
  denied(&a, &b, "has no such row"); /* proposed is not agreed */
  try_send(&a, agreement, "decline", "{\"reason\":\"r\"}", answer);
  pair_rest(&a, &b);
  try_state(&b, agreement, "in_force");
  denied(&a, &b, "has no such row");
  amend(&b, &a, agreement, 0, ROW("trafficking", ""), change);
  accept_terms(&b, &a, agreement, change);
  try_state(&b, agreement, "in_force");
  allowed(&a, &b);
  clause_is(&a, agreement, change, "2.1");
  allowed(&b, &a);
  clause_is(&b, agreement, change, "2.1");
  try_restart(&a);
  allowed(&a, &b);
  a.now += 40 * DAY; /* beyond the end of the first terms */
  b.now = a.now;
  allowed(&a, &b);
  try_send(&a, agreement, "end", "{\"reason\":\"r\"}", answer);
  pair_rest(&a, &b);
  denied(&a, &b, "was ended");
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* One that begins later leaves what it replaces in force until then, and no longer. */
static void test_amended_later(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], change[65];
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "trafficking", agreement);
  accept_terms(&a, &b, agreement, agreement);
  amend(&a, &b, agreement, a.now + 5 * DAY, ROW("espionage", ""), change);
  accept_terms(&a, &b, agreement, change);
  allowed(&a, &b);
  clause_is(&a, agreement, "", "2.1");
  try_restart(&a);
  allowed(&a, &b);
  a.now += 6 * DAY;
  b.now = a.now;
  denied(&a, &b, "has no such row");
  try_remove(&a, &b);
}

/* A review and a withdrawn amendment leave the terms as they are. */
static void test_reviewed(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], id[65];
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "trafficking", agreement);
  accept_terms(&a, &b, agreement, agreement);
  try_send(&b, agreement, "review", "{\"findings\":\"f\"}", id);
  pair_rest(&a, &b);
  try_state(&a, agreement, "in_force");
  amend(&a, &b, agreement, 0, ROW("espionage", ""), id);
  allowed(&a, &b);
  try_send(&a, agreement, "withdraw", "{}", id);
  pair_rest(&a, &b);
  allowed(&a, &b);
  clause_is(&a, agreement, "", "2.1");
  try_remove(&a, &b);
}

/* Somebody who may release, of this unit. */
static void second(struct pair_node *node, char secret[SECRET]) {
  add(node, "samir", "\"supervisor\"");
  token_for(node, "samir", "", secret);
}

/* Whoever lets it go reads it first. */
static void read_held(struct pair_node *node, const char *secret, int count) {
  char members[128];
  snprintf(members, sizeof members, "\"number\":%d", count);
  struct pair_answer answer = ask_as(node, LINK_RELEASE_LIST, secret, members);
  base_buf_u8(&answer.payload, 0);
  const char *id = strstr((const char *)answer.payload.data, "\"message\":\"");
  assert_non_null(id);
  snprintf(members, sizeof members, "\"id\":\"%.64s\"", id + strlen("\"message\":\""));
  pair_answer_free(&answer);
  done_as(node, LINK_MESSAGE_SHOW, secret, members);
}

/* Submitted by the owner, held as the release of this number, and let go by another. */
static void released_as(struct pair_node *node, enum link_request_code code, const char *json, const char *secret, int count,
                        char id[65]) {
  char members[32];
  struct pair_answer answer = pair_ask(node, code, json, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
  read_held(node, secret, count);
  snprintf(members, sizeof members, "\"number\":%d", count);
  answer = ask_as(node, LINK_RELEASE_GIVE, secret, members);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_text(&answer, "id", id, 65);
  pair_answer_free(&answer);
}

static void released(struct pair_node *node, const char *json, const char *secret, int count, char id[65]) {
  released_as(node, LINK_CASE_OPEN, json, secret, count, id);
}

/* What binds is sent by two where there are two. */
static void accept_by_two(struct pair_node *node, const char *agreement, const char *terms, const char *secret, int count) {
  char json[400], id[65];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}", agreement,
           terms);
  released_as(node, LINK_CASE_SEND, json, secret, count, id);
}

static void persons(struct pair_node *node, const char *to, struct base_buf *json) {
  base_buf_printf(
      json,
      "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":"
      "\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\",\"persons\":[{\"name\":"
      "\"n\",\"class\":\"witness\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/"
      "1\",\"as_of\":\"2000-01-01\"}]}}",
      to);
  base_buf_u8(json, 0);
  (void)node;
}

/* What the form holds counts: when it is sent, and again when it is handed over. */
static void test_personal_data(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], change[65], request[65], secret[SECRET];
  struct base_buf json = {0}, reason = {0};
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "trafficking", agreement);
  accept_terms(&a, &b, agreement, agreement);
  persons(&a, b.name, &json);
  pair_refused(&a, LINK_CASE_OPEN, (const char *)json.data, BASE_LAW);
  try_expect(&a, WIRE_ACT_DENIED, 1, "no-legal-basis: no row {kind request, type ask, purpose trafficking, special");
  allowed(&a, &b); /* ordinary data are what a row permits that does not say */
  amend(&a, &b, agreement, 0, ROW("trafficking", ",\"personal\":\"special\",\"recipient\":\"paris\""), change);
  accept_terms(&a, &b, agreement, change);
  second(&a, secret);
  released(&a, (const char *)json.data, secret, 1, request);
  pair_rest(&a, &b);
  try_receipted(&a, request);
  denied(&b, &a, "has no such row"); /* the recipient is paris, who cannot send it to rabat */
  amend(&b, &a, agreement, 0, ROW("trafficking", ",\"personal\":\"ordinary\""), change);
  try_no_gate(&a);
  released(&a, (const char *)json.data, secret, 2, request);
  accept_by_two(&a, agreement, change, secret, 3);
  pair_rest(&a, &b);
  try_run(&a, &b, 1000);
  assert_int_equal(pair_outbox(&a, request, &reason), STORE_REFUSED);
  assert_true(reason.size > 14 && memcmp(reason.data, "no-legal-basis", 14) == 0);
  base_buf_free(&reason);
  base_buf_free(&json);
  allowed(&a, &b);
  try_remove(&a, &b);
}

/* What a row asks of a release: when it is sent, and again when it is handed over, by the row as it is then. */
static void test_approval(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], change[65], request[65], held[65], secret[SECRET];
  struct base_buf json = {0}, reason = {0};
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "trafficking", agreement);
  accept_terms(&a, &b, agreement, agreement);
  second(&a, secret);
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":%s}%c", b.name,
                  request_fields, 0);
  amend(&b, &a, agreement, 0, ROW("trafficking", ",\"approval\":\"supervisor\""), change);
  try_no_gate(&a);
  pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, request); /* nobody had to release it, and it has not gone */
  accept_by_two(&a, agreement, change, secret, 1);
  a.now++; /* what was held in this second is dated with the next */
  b.now++;
  released(&a, (const char *)json.data, secret, 2, held);
  pair_rest(&a, &b);
  try_run(&a, &b, 1000);
  assert_int_equal(pair_outbox(&a, request, &reason), STORE_REFUSED);
  assert_non_null(memmem(reason.data, reason.size, "released by a second person (supervisor), and it was not", 56));
  try_receipted(&a, held);
  base_buf_reset(&reason);
  char rows[512];
  snprintf(rows, sizeof rows, "%s,\"authorities\":[{\"code\":\"dgst\",\"party\":\"%.*s\",\"name\":\"D\"}]",
           ROW("trafficking", ",\"approval\":\"authority\",\"authority\":\"dgst\""), (int)a.core->card.origin.size,
           (const char *)a.core->card.origin.data);
  amend(&b, &a, agreement, 0, rows, change);
  try_no_gate(&a);
  released(&a, (const char *)json.data, secret, 3, held); /* by a supervisor, while that is enough */
  accept_by_two(&a, agreement, change, secret, 4);
  pair_rest(&a, &b);
  try_run(&a, &b, 1000);
  assert_int_equal(pair_outbox(&a, held, &reason), STORE_REFUSED);
  struct pair_answer answer = pair_ask(&a, LINK_CASE_OPEN, (const char *)json.data, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  refused_as(&a, LINK_RELEASE_GIVE, secret, "\"number\":5", BASE_POLICY,
             "wants it released by the competent authority dgst");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"unit\",\"person\":\"samir\",\"unit\":\"dgst\"");
  read_held(&a, secret, 5);
  done_as(&a, LINK_RELEASE_GIVE, secret, "\"number\":5");
  base_buf_free(&reason);
  base_buf_free(&json);
  try_remove(&a, &b);
}

/* The mark against the row's ceiling, when it is sent and again when it is handed over. */
static void test_ceiling(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], change[65], request[65], fields[100], accept[65];
  struct base_buf json = {0}, reason = {0};
  try_partners(&a, &b);
  propose(&a, &b, 0, a.now + 30 * DAY, "trafficking", agreement);
  accept_terms(&a, &b, agreement, agreement);
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":%s,\"handling\":\"red\"}%c",
                  b.name, request_fields, 0);
  pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, request); /* the row has no ceiling */
  amend(&a, &b, agreement, 0, ROW("trafficking", ",\"handling\":\"amber\""), change);
  accept_terms(&a, &b, agreement, change);
  pair_refused(&a, LINK_CASE_OPEN, (const char *)json.data, BASE_LAW);
  try_expect(&a, WIRE_ACT_DENIED, 1, "no-legal-basis: row 2.1 of agreement ");
  allowed(&a, &b); /* unmarked */
  amend(&a, &b, agreement, 0, ROW("trafficking", ",\"handling\":\"red\""), change);
  accept_terms(&a, &b, agreement, change);
  amend(&b, &a, agreement, 0, ROW("trafficking", ",\"handling\":\"green\""), change);
  try_no_gate(&a);
  pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, request);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", change);
  try_send(&a, agreement, "accept", fields, accept);
  pair_rest(&a, &b);
  try_run(&a, &b, 1000);
  assert_int_equal(pair_outbox(&a, request, &reason), STORE_REFUSED);
  assert_true(reason.size > 14 && memcmp(reason.data, "no-legal-basis", 14) == 0);
  base_buf_free(&reason);
  base_buf_free(&json);
  try_remove(&a, &b);
}

static void test_persons(void **state) {
  (void)state;
  static const struct {
    const char *from, *to, *words;
  } bad[] = {{"4x4:A/1", "reliable", "$.persons[0].grading: must be SCHEME:SOURCE/INFORMATION"},
             {"4x4:A/1", "4x4:D/1", "$.persons[0].grading: 4x4 has the sources ABCX"},
             {"4x4:A/1", "4x4:a1", "$.persons[0].grading: is written 4x4:A/1"},
             {"2000-01-01", "9999-01-01", "$.persons[0].as_of: is still to come"},
             {",\"grading\":\"4x4:A/1\"", "", "$.persons[0].grading: missing"},
             {",\"as_of\":\"2000-01-01\"", "", "$.persons[0].as_of: missing"}};
  struct pair_node a, b;
  struct base_buf json = {0}, tried = {0};
  try_agreed(&a, &b);
  persons(&a, b.name, &json);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *good = (const char *)json.data, *at = strstr(good, bad[i].from);
    base_buf_reset(&tried);
    base_buf_add(&tried, good, (size_t)(at - good));
    base_buf_text(&tried, bad[i].to);
    base_buf_text(&tried, at + strlen(bad[i].from));
    base_buf_u8(&tried, 0);
    struct pair_answer answer = pair_ask(&a, LINK_CASE_OPEN, (const char *)tried.data, -1);
    base_buf_u8(&answer.payload, 0);
    if (answer.status != BASE_FIELD || strstr((const char *)answer.payload.data, bad[i].words) == NULL)
      fail_msg("'%s' was expected: %s", bad[i].words, (const char *)answer.payload.data);
    pair_answer_free(&answer);
  }
  base_buf_free(&tried);
  base_buf_free(&json);
  try_remove(&a, &b);
}

/* Whatever kinds are shipped: who is named in a table of persons is classed, marked, graded and dated. */
static void test_persons_of_every_kind(void **state) {
  (void)state;
  static const char *const needed[] = {"class", "fact_or_assessment", "grading", "as_of"};
  struct pair_node a, b;
  size_t tables = 0;
  try_partners(&a, &b);
  for (size_t i = 0; i < a.core->kind_count; i++)
    for (size_t k = 0; k < a.core->kinds[i]->kind.type_count; k++) {
      const struct wire_kind_field *table =
          wire_kind_field_named(&a.core->kinds[i]->kind.types[k], BASE_VIEW("persons"));
      size_t found = 0;
      for (size_t c = 0; table != NULL && c < table->column_count; c++)
        for (size_t n = 0; n < sizeof needed / sizeof needed[0]; n++)
          found += table->columns[c].required && base_view_is(table->columns[c].name, needed[n]);
      assert_int_equal(found, table != NULL ? 4 : 0);
      tables += table != NULL;
    }
  assert_in_range(tables, 4, 100);
  try_remove(&a, &b);
}

static void test_suspended_partner(void **state) {
  (void)state;
  struct pair_node a, b;
  try_agreed(&a, &b);
  try_suspend(&a, &b, "suspended");
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":%s}", b.name,
                  request_fields);
  base_buf_u8(&json, 0);
  pair_refused(&a, LINK_CASE_OPEN, (const char *)json.data, BASE_SUSPENDED);
  base_buf_free(&json);
  try_expect(&a, WIRE_ACT_DENIED, 1, "partner-suspended: ");
  try_suspend(&a, &b, "active");
  allowed(&a, &b);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_life_of_an_agreement),
      cmocka_unit_test(test_not_yet),
      cmocka_unit_test(test_listed),
      cmocka_unit_test(test_began_with_acceptance),
      cmocka_unit_test(test_not_taken),
      cmocka_unit_test(test_unknown_terms),
      cmocka_unit_test(test_other_purpose),
      cmocka_unit_test(test_other_terms),
      cmocka_unit_test(test_ended_meanwhile),
      cmocka_unit_test(test_receipt_outlives),
      cmocka_unit_test(test_amended),
      cmocka_unit_test(test_amended_later),
      cmocka_unit_test(test_reviewed),
      cmocka_unit_test(test_personal_data),
      cmocka_unit_test(test_ceiling),
      cmocka_unit_test(test_approval),
      cmocka_unit_test(test_persons),
      cmocka_unit_test(test_persons_of_every_kind),
      cmocka_unit_test(test_suspended_partner),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
