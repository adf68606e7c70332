/* SPDX-License-Identifier: Apache-2.0
 * What a row of an agreement lets its receiver keep for some days goes by itself then (spec/recall.md, "Kept until").
 */
#include "core/certified.h"
#include "core/retain.h"
#include "core/submit.h"

#include "core_damage.h"

enum { DAY = 86400, FIRST = 30, SECOND = 60 };

static void write_terms(struct base_buf *out, unsigned days) {
  base_buf_printf(out, "{\"title\":\"t\",\"legal_basis\":\"l\",\"language\":\"fr\",\"articles\":\"a\",\"until\":"
                       "\"2036-01-01\",\"rows\":[{\"id\":\"2.1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],"
                       "\"direction\":\"both\"");
  if (days > 0)
    base_buf_printf(out, ",\"retention_days\":%u", days);
  base_buf_text(out, "}]}");
}

/* Opens the agreement, or amends it when there is one; the other accepts. */
static void agree(struct pair_node *a, struct pair_node *b, unsigned days, char agreement[65]) {
  struct base_buf json = {0}, terms = {0};
  char stands[65], accepted[65], fields[100];
  write_terms(&terms, days);
  base_buf_u8(&terms, 0);
  if (agreement[0] == '\0') {
    base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":%s}%c", b->name,
                    (const char *)terms.data, 0);
    pair_id(a, LINK_CASE_OPEN, (const char *)json.data, agreement);
    snprintf(stands, sizeof stands, "%s", agreement);
  } else {
    try_send(a, agreement, "amend", (const char *)terms.data, stands);
  }
  pair_rest(a, b);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", stands);
  try_send(b, agreement, "accept", fields, accepted);
  pair_rest(a, b);
  base_buf_free(&json);
  base_buf_free(&terms);
}

/* It waits here until the two have met. */
static void submit(struct pair_node *from, const struct pair_node *to, const char *more, char id[65]) {
  char json[500];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"information\",\"handling\":\"green\",\"to\":[\"%s\"],\"fields\":{"
           "\"subject\":\"s\","
           "\"purpose\":\"drugs\",\"information\":\"i\",\"language\":\"fr\"%s}}",
           to->name, more);
  if (id == NULL)
    pair_refused(from, LINK_CASE_OPEN, json, BASE_POLICY);
  else
    pair_id(from, LINK_CASE_OPEN, json, id);
}

static void provide(struct pair_node *from, struct pair_node *to, const char *more, char id[65]) {
  submit(from, to, more, id);
  pair_rest(from, to);
}

static void later(struct pair_node *a, struct pair_node *b, base_time seconds) {
  a->now += seconds;
  b->now += seconds;
  a->ms += 1000;
  b->ms += 1000;
  pair_settle(a);
  pair_settle(b);
  pair_rest(a, b);
}

static void shown(struct pair_node *node, const char *id, const char *words) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s is not in %s", words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void kept_until(struct pair_node *node, const char *id, base_time until) {
  char words[100];
  snprintf(words, sizeof words, "\"kept_until\":\"%s\"", base_time_format(until).text);
  shown(node, id, until == 0 ? "\"kept_until\":null" : words);
}

/* The receiver keeps it for so long, its author as he likes; of several ends the earliest counts, and of terms those
 * under which it was sent. */
static void test_row(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", first[65], second[65], sooner[65], passing[65], more[150], erased[200];
  try_partners(&a, &b);
  agree(&a, &b, FIRST, agreement);
  base_time sent = b.now;
  provide(&a, &b, "", first);
  snprintf(more, sizeof more, ",\"keep_until\":\"%s\"", base_time_format(sent + DAY).text);
  provide(&a, &b, more, sooner);
  kept_until(&b, first, sent + FIRST * DAY);
  kept_until(&a, first, 0);
  kept_until(&b, sooner, sent + DAY);
  snprintf(more, sizeof more, ",\"passed_on\":\"%s\"", first);
  provide(&b, &a, more, NULL); /* would be kept for longer */
  snprintf(more, sizeof more, ",\"passed_on\":\"%s\",\"keep_until\":\"%s\"", first,
           base_time_format(sent + FIRST * DAY).text);
  provide(&b, &a, more, passing);
  agree(&a, &b, SECOND, agreement);
  agree(&a, &b, SECOND, agreement); /* law goes by the first terms no more */
  provide(&a, &b, "", second);
  kept_until(&b, second, b.now + SECOND * DAY);
  try_sound(&b);
  try_restart(&b);
  later(&a, &b, FIRST * DAY - 60);
  kept_until(&b, first, sent + FIRST * DAY);
  later(&a, &b, 60);
  snprintf(erased, sizeof erased, "\"reason\":\"kept until %s, as its row says: %s/2.1\"",
           base_time_format(sent + FIRST * DAY).text, agreement);
  shown(&b, first, erased);
  shown(&b, sooner, ", as it says\"");
  shown(&b, passing, ", as it says\"");
  shown(&a, first, "\"erased\":null");
  shown(&b, second, "\"erased\":null");
  later(&a, &b, SECOND * DAY);
  shown(&b, second, "\"erased\":{");
  shown(&a, second, "\"erased\":null");
  assert_int_equal(core_retain_due_ms(b.core), -1);
  try_remove(&a, &b);
}

/* Its author names a row that is not known here: our own law says how long. */
static void test_unknown_row(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", id[65];
  try_partners(&a, &b);
  agree(&a, &b, FIRST, agreement);
  for (size_t i = 0; i < a.core->law_count; i++)
    a.core->law[i].rows[0].id = BASE_VIEW("9.9");
  base_time sent = b.now;
  provide(&a, &b, "", id);
  kept_until(&b, id, sent + FIRST * DAY);
  later(&a, &b, FIRST * DAY);
  shown(&b, id, ", as its row says\"");
  try_remove(&a, &b);
}

/* Their acceptance came when they were over, so they permit nothing; what was sent under them before is kept as they say. */
static void test_over_when_accepted(void **state) {
  (void)state;
  struct pair_node a, b;
  char json[600], agreement[65], accepted[65], fields[100], id[65];
  try_partners(&a, &b);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
           "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{\"id\":\"2.1\",\"kind\":\"*\",\"types\":[\"*\"],"
           "\"purposes\":[\"*\"],\"direction\":\"both\",\"retention_days\":%d}]}}",
           b.name, base_time_format(a.now + DAY).text, FIRST);
  pair_id(&a, LINK_CASE_OPEN, json, agreement);
  pair_rest(&a, &b);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", agreement);
  try_send(&b, agreement, "accept", fields, accepted);
  submit(&b, &a, "", id);
  a.now += 2 * DAY;
  pair_rest(&a, &b);
  assert_int_equal(a.core->law[0].row_count, 0);
  kept_until(&a, id, a.now + FIRST * DAY);
  try_sound(&a);
  later(&a, &b, FIRST * DAY);
  shown(&a, id, ", as its row says: ");
  try_remove(&a, &b);
}

/* A row that is silent sets no end. */
static void test_silent_row(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", id[65];
  try_partners(&a, &b);
  agree(&a, &b, 0, agreement);
  provide(&a, &b, "", id);
  kept_until(&b, id, 0);
  assert_int_equal(core_retain_due_ms(b.core), -1);
  try_remove(&a, &b);
}

/* What still waits when its time is over is tried again by the time that passes, not by a clock that was far ahead. */
static void test_clock_goes_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", id[65], more[80];
  try_partners(&a, &b);
  agree(&a, &b, 0, agreement);
  try_no_gate(&a);
  snprintf(more, sizeof more, ",\"keep_until\":\"%s\"", base_time_format(a.now + DAY).text);
  submit(&a, &b, more, id);
  a.now += 10 * DAY;
  pair_settle(&a);
  shown(&a, id, "\"erased\":null"); /* it may go yet, as far as the node knows */
  try_end(&a, id);
  a.now -= 8 * DAY;
  assert_in_range(core_retain_due_ms(a.core), 1, CORE_RETAIN_AGAIN_MS);
  a.ms += CORE_RETAIN_AGAIN_MS;
  pair_settle(&a);
  shown(&a, id, ", as it says\"");
  assert_int_equal(core_retain_due_ms(a.core), -1);
  try_remove(&a, &b);
}

static void found(struct pair_node *node, const char *sql) {
  struct base_buf text = {0};
  damage_sql(node, sql);
  assert_int_equal(try_check(node, &text), 1);
  base_buf_u8(&text, 0);
  assert_non_null(strstr((const char *)text.data, "and that is not noted"));
  base_buf_free(&text);
}

/* Who moves or takes away the end keeps it for ever, and the check says so. */
static void test_tampered(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", id[65];
  try_partners(&a, &b);
  agree(&a, &b, FIRST, agreement);
  provide(&a, &b, "", id);
  found(&b, "UPDATE retentions SET ends = ends + 1");
  found(&b, "DELETE FROM retentions");
  pair_remove(&a);
  pair_remove(&b);
}

static void ask(struct pair_node *node, const char *id, const char *by, enum base_code want, char out[65]) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"%s%s%s}", id, by[0] != '\0' ? ",\"by\":\"" : "", by,
           by[0] != '\0' ? "\"" : "");
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_CERTIFICATE, json, -1);
  if (answer.status != want)
    fail_msg("%s: %.*s", base_code_name(answer.status), (int)answer.payload.size, (const char *)answer.payload.data);
  if (want == BASE_OK)
    pair_text(&answer, "certificate", out, 65);
  pair_answer_free(&answer);
}

static void given_by(struct pair_node *node, const char *id, const char *certificate, const struct pair_node *by) {
  char words[200];
  snprintf(words, sizeof words, "\"certificates\":[{\"by\":\"%s\",\"message\":\"%s\"", by->name, certificate);
  shown(node, id, words);
  shown(node, id, "\"sound\":true");
  shown(node, id, "\"certificates_due\":[]");
}

/* Who let it be kept so long gets the certificate by itself when it is over; until it comes it is outstanding. */
static void test_certified(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", first[65], second[65], given[65], again[65], words[200];
  try_partners(&a, &b);
  agree(&a, &b, FIRST, agreement);
  base_time sent = b.now;
  provide(&a, &b, "", first);
  shown(&a, first, "\"certificates_due\":[]");
  ask(&b, first, "", BASE_CONFLICT, NULL); /* not erased */
  ask(&a, first, "", BASE_CONFLICT, NULL);
  try_send(&a, first, "close", "{}", again);
  pair_rest(&a, &b);
  try_suspend(&b, &a, "suspended");
  b.now += FIRST * DAY;
  a.now += FIRST * DAY;
  b.ms += 1000;
  pair_settle(&b);
  shown(&b, first, "\"certificate\":null");
  snprintf(words, sizeof words, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"over\"}", first);
  pair_refused(&b, LINK_CASE_ERASE, words, BASE_CONFLICT); /* it would never be given */
  snprintf(words, sizeof words, "\"certificates_due\":[{\"by\":\"%s\",\"since\":\"%s\"}]", b.name,
           base_time_format(sent + FIRST * DAY).text);
  shown(&a, first, words);
  try_restart(&b);
  try_suspend(&b, &a, "active");
  b.ms += CORE_CERTIFY_AGAIN_MS;
  pair_settle(&b);
  pair_rest(&a, &b);
  ask(&b, first, "", BASE_OK, given);
  ask(&a, first, "", BASE_OK, again);
  assert_string_equal(given, again);
  given_by(&a, first, given, &b);
  shown(&b, first, given);
  assert_int_equal(core_certificate_due_ms(b.core), -1);
  provide(&a, &b, "", second);
  later(&a, &b, FIRST * DAY);
  ask(&a, second, b.name, BASE_OK, given);
  given_by(&a, second, given, &b);
  ask(&a, second, a.name, BASE_NOT_FOUND, NULL);
  try_remove(&a, &b);
}

/* What a person erased is certified when a person wants that, once; nobody writes it by hand, nor erases it. */
static void test_by_hand(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", id[65], own[65], given[65], again[65], json[400];
  try_partners(&a, &b);
  agree(&a, &b, 0, agreement);
  provide(&a, &b, "", id);
  provide(&b, &a, "", own);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"over\"}", id);
  pair_id(&b, LINK_MESSAGE_ERASE, json, again);
  pair_rest(&a, &b);
  shown(&a, id, "\"certificates\":[]");
  ask(&b, id, "", BASE_OK, given);
  ask(&b, id, "", BASE_OK, again);
  assert_string_equal(given, again);
  pair_rest(&a, &b);
  given_by(&a, id, given, &b);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"over\"}", given);
  pair_refused(&a, LINK_MESSAGE_ERASE, json, BASE_POLICY);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"over\"}", own);
  pair_id(&b, LINK_MESSAGE_ERASE, json, again);
  ask(&b, own, "", BASE_POLICY, NULL);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"erasure\",\"to\":[\"%s\"],\"fields\":{\"message\":\"%s\",\"final_by\":"
           "\"2030-01-01\",\"leaf\":\"AAAA\",\"opening\":\"{}\",\"proof\":\"x\"}}",
           a.name, id);
  pair_refused(&b, LINK_CASE_OPEN, json, BASE_POLICY);
  try_remove(&a, &b);
}

/* One that its author's register does not prove is his fault, and nothing is settled by it. */
static void test_false(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65] = "", id[65], json[500], more[100];
  struct base_id sent;
  struct base_error err = {0};
  try_partners(&a, &b);
  agree(&a, &b, 0, agreement);
  snprintf(more, sizeof more, ",\"keep_until\":\"%s\"", base_time_format(b.now + DAY).text);
  provide(&a, &b, more, id);
  snprintf(json, sizeof json,
           "{\"kind\":\"erasure\",\"to\":[\"%s\"],\"fields\":{\"message\":\"%s\",\"final_by\":"
           "\"2030-01-01\",\"leaf\":\"AAAA\",\"opening\":\"{}\",\"proof\":\"x\"}}",
           a.name, id);
  b.ms += 1000;
  assert_int_equal(core_submit_itself(b.core, BASE_VIEW("test"), base_view_text(json), &sent, &err), BASE_OK);
  pair_settle(&b);
  pair_rest(&a, &b);
  shown(&a, id, "\"sound\":false");
  a.now += DAY;
  shown(&a, id, "\"certificates_due\":[{\"by\":");
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_certified), cmocka_unit_test(test_by_hand),
                                     cmocka_unit_test(test_false),     cmocka_unit_test(test_row),
                                     cmocka_unit_test(test_unknown_row),
                                     cmocka_unit_test(test_over_when_accepted),
                                     cmocka_unit_test(test_silent_row), cmocka_unit_test(test_clock_goes_back),
                                     cmocka_unit_test(test_tampered)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
