/* SPDX-License-Identifier: Apache-2.0
 * The picture (spec/picture.md): counted as cases are opened, on both sides; an alert told once for a series and a week;
 * what is damaged is found and counted anew; what is erased whole is counted no more. */
#include "core/picture.h"

#include "core_damage.h"

static void has(struct pair_node *node, enum link_request_code request, const char *json, enum base_code want,
                const char *words) {
  struct pair_answer answer = pair_ask(node, request, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s is not in %s", base_code_name(answer.status), words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* more: members of the request */
static void pictured(struct pair_node *node, const char *more, const char *words) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\"%s}", more);
  has(node, LINK_PICTURE_SHOW, json, BASE_OK, words);
}

static void under_law(struct pair_node *a, struct pair_node *b) {
  char json[600], agreement[65], text[300];
  try_partners(a, b);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
           "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"2036-01-01\",\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],"
           "\"direction\":\"both\",\"personal\":\"special\"}]}}",
           b->name);
  pair_id(a, LINK_CASE_OPEN, json, agreement);
  pair_rest(a, b);
  snprintf(text, sizeof text, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}", agreement,
           agreement);
  pair_id(b, LINK_CASE_SEND, text, agreement);
  pair_rest(a, b);
}

static void sight(struct pair_node *from, struct pair_node *to, const char *purpose, const char *region, char id[65]) {
  char json[700];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"sighting\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"%s\",\"region\":\"%s\","
           "\"thing\":\"vessel\",\"seen\":\"2026-01-01T00:00:00Z\",\"place\":\"p\",\"description\":\"d\",\"language\":\"fr\"}}",
           to->name, purpose, region);
  pair_id(from, LINK_CASE_OPEN, json, id);
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

/* Both count what one of them opened: by each axis, in its week, and in as many weeks before. */
static void counts(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], more[100], words[200];
  under_law(&a, &b);
  a.now = b.now = law_picture_week(a.now) + CORE_WEEK + 3600;
  sight(&a, &b, "drugs", "maghreb", id);
  sight(&b, &a, "drugs", "iberia", id);
  later(&a, &b, CORE_WEEK);
  sight(&a, &b, "arms", "iberia", id);
  sight(&a, &b, "drugs", "iberia", id);
  pair_request(&a, &b, id); /* not in the picture */
  pair_rest(&a, &b);
  struct pair_node *both[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    pictured(both[i], "", "\"rows\":[{\"code\":\"drugs\",\"cases\":3,\"before\":0},{\"code\":\"arms\",\"cases\":1,\"before\":0}],\"alerts\":[]");
    pictured(both[i], ",\"by\":\"region\"", "{\"code\":\"iberia\",\"cases\":3,\"before\":0},{\"code\":\"maghreb\",\"cases\":1,");
    pictured(both[i], ",\"by\":\"partner\"", "{\"code\":\"rabat\",\"cases\":3,\"before\":0},{\"code\":\"paris\",\"cases\":1,");
    pictured(both[i], ",\"by\":\"week\"", "\"cases\":2,\"before\":0},");
    pictured(both[i], ",\"by\":\"week\"", "\"cases\":2,\"before\":2}]");
    pictured(both[i], ",\"kind\":\"sighting\",\"by\":\"field\"", "\"kinds\":[\"sighting\"],\"rows\":[{\"code\":\"drugs\"");
    pictured(both[i], ",\"kind\":\"threat\"", "\"rows\":[]");
    snprintf(more, sizeof more, ",\"from\":\"%.10s\"", base_time_format(a.now).text);
    pictured(both[i], more, "{\"code\":\"arms\",\"cases\":1,\"before\":0},{\"code\":\"drugs\",\"cases\":1,\"before\":2}");
    snprintf(more, sizeof more, ",\"to\":\"%.10s\"", base_time_format(a.now - CORE_WEEK).text);
    pictured(both[i], more, "\"rows\":[{\"code\":\"drugs\",\"cases\":2,\"before\":0}]");
  }
  has(&a, LINK_PICTURE_SHOW, "{\"actor\":\"test\",\"by\":\"colour\"}", BASE_FIELD, "by: field, region, week or partner");
  has(&a, LINK_PICTURE_SHOW, "{\"actor\":\"test\",\"kind\":\"request\"}", BASE_KIND, "no kind of this name is in the picture");
  has(&a, LINK_PICTURE_SHOW, "{\"actor\":\"test\",\"from\":\"2026\"}", BASE_DATE, "from: a day as");
  has(&a, LINK_PICTURE_SHOW, "{\"actor\":\"test\",\"to\":\"monday\"}", BASE_DATE, "to: a day as");
  has(&a, LINK_PICTURE_SHOW, "{\"actor\":\"test\",\"to\":\"2000-01-01\",\"from\":\"2001-01-01\"}", BASE_FIELD, "before that of from");
  base_time first = law_picture_week(a.now) - (CORE_PICTURE_WEEKS_MAX - 1) * (base_time)CORE_WEEK;
  snprintf(more, sizeof more, ",\"from\":\"%.10s\"", base_time_format(first).text);
  pictured(&a, more, "\"cases\":3");
  snprintf(words, sizeof words, "{\"actor\":\"test\",\"from\":\"%.10s\"}", base_time_format(first - 1).text);
  has(&a, LINK_PICTURE_SHOW, words, BASE_FIELD, "at most 520 weeks");
  try_remove(&a, &b);
}

/* One in each of thirteen weeks, of which the first does not count; then so many that it leaves the range: told once, on both
 * sides, whatever comes after in that week, and in the next week anew. */
static void alerts(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  uint64_t ones[LAW_PICTURE_LEAST_WEEKS];
  for (size_t i = 0; i < LAW_PICTURE_LEAST_WEEKS; i++)
    ones[i] = 1;
  uint64_t most = law_picture_most(ones, LAW_PICTURE_LEAST_WEEKS);
  under_law(&a, &b);
  a.now = b.now = law_picture_week(a.now) + CORE_WEEK + 3600;
  for (unsigned week = 0; week < LAW_PICTURE_LEAST_WEEKS; week++) {
    sight(&a, &b, "drugs", "maghreb", id);
    later(&a, &b, CORE_WEEK);
  }
  for (unsigned i = 0; i < 2 * most; i++) /* eleven whole weeks are too few to say anything */
    sight(&b, &a, "arms", "maghreb", id);
  sight(&a, &b, "drugs", "maghreb", id);
  assert_int_equal(try_count(&b, WIRE_ACT_ALERT), 0);
  later(&a, &b, CORE_WEEK);
  for (unsigned i = 0; i < most; i++)
    sight(&a, &b, "drugs", "maghreb", id);
  assert_int_equal(try_count(&a, WIRE_ACT_ALERT) + try_count(&b, WIRE_ACT_ALERT), 0);
  has(&b, LINK_NODE_STATUS, "{\"actor\":\"test\"}", BASE_OK, "\"alerts\":0");
  sight(&b, &a, "drugs", "maghreb", id);
  sight(&b, &a, "drugs", "maghreb", id);
  try_restart(&b);
  sight(&a, &b, "drugs", "maghreb", id);
  struct pair_node *both[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    try_expect(both[i], WIRE_ACT_ALERT, 1, "week of ");
    has(both[i], LINK_NODE_STATUS, "{\"actor\":\"test\"}", BASE_OK, "\"alerts\":1");
    pictured(both[i], "", "\"kind\":\"sighting\",\"series\":\"drugs/maghreb\",\"cases\":6,\"most\":5,\"leaf\":");
    pictured(both[i], ",\"kind\":\"threat\"", "\"alerts\":[]");
  }
  later(&a, &b, CORE_WEEK);
  has(&b, LINK_NODE_STATUS, "{\"actor\":\"test\"}", BASE_OK, "\"alerts\":0");
  for (unsigned i = 0; i < 12; i++)
    sight(&a, &b, "drugs", "maghreb", id);
  assert_int_equal(try_count(&a, WIRE_ACT_ALERT), 2);
  assert_int_equal(try_count(&b, WIRE_ACT_ALERT), 2);
  try_remove(&a, &b);
}

/* Whatever is changed behind the node's back is named, and right again after that. */
static void damaged(void **state) {
  (void)state;
  static const char *const counted[] = {
      "UPDATE picture SET cases = cases + 1 WHERE axis = 1",
      "DELETE FROM picture WHERE axis = 2",
      "DELETE FROM picture",
      "INSERT INTO picture(kind, axis, code, week, cases) SELECT kind, 1, 'espionage', week, 7 FROM picture WHERE axis = 0",
      "INSERT INTO picture(kind, axis, code, week, cases) VALUES('threat', 0, '', 0, 1)",
  };
  static const char *const cases[] = {
      "UPDATE pictured SET region = 'asia'",
      "UPDATE pictured SET week = week - 604800",
      "DELETE FROM pictured",
      ("INSERT INTO pictured(case_id, week, kind, field, region, author)"
       " SELECT c.id, p.week, p.kind, p.field, p.region, p.author FROM cases c, pictured p WHERE c.kind = 'agreement' LIMIT 1"),
  };
  struct pair_node a, b;
  char id[65];
  under_law(&a, &b);
  sight(&a, &b, "drugs", "maghreb", id);
  sight(&a, &b, "arms", "iberia", id);
  for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
    damage_found(&b, counted[i], "are not those of its cases; it was counted anew");
    try_sound(&b);
    pictured(&b, "", "\"rows\":[{\"code\":\"arms\",\"cases\":1,\"before\":0},{\"code\":\"drugs\",\"cases\":1,\"before\":0}]");
  }
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    damage_found(&b, cases[i], "the picture counts it otherwise than its opening message says; it was counted anew");
    try_sound(&b);
    pictured(&b, ",\"by\":\"region\"", "\"rows\":[{\"code\":\"iberia\",\"cases\":1,\"before\":0},{\"code\":\"maghreb\",\"cases\":1,\"before\":0}]");
  }
  damage_found(&b, "INSERT INTO picture_alerts(week, kind, code, cases, most, leaf_index) SELECT week, kind, 'arms/iberia', 9, 1, 3 FROM picture"
            " WHERE axis = 0", "the alert of arms/iberia in the week of");
  pair_remove(&a);
  pair_remove(&b);
}

static void an_alert_without_its_row(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  under_law(&a, &b);
  a.now = b.now = law_picture_week(a.now) + CORE_WEEK + 3600;
  sight(&a, &b, "drugs", "maghreb", id);
  later(&a, &b, (LAW_PICTURE_LEAST_WEEKS + 1) * CORE_WEEK);
  for (unsigned i = 0; i < LAW_PICTURE_LEAST; i++)
    sight(&a, &b, "arms", "maghreb", id);
  assert_int_equal(try_count(&b, WIRE_ACT_ALERT), 1); /* what was never seen before */
  try_sound(&b);
  damage_found(&b, "UPDATE picture_alerts SET cases = 99", "which says something else");
  damage_found(&b, "DELETE FROM picture_alerts", "it tells an alert of the picture that is not stored");
  pair_remove(&a);
  pair_remove(&b);
}

/* A case that is erased whole is counted no more; what else is in its week is. */
static void erased(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], other[65], closing[65], json[200];
  under_law(&a, &b);
  sight(&a, &b, "drugs", "maghreb", id);
  sight(&a, &b, "drugs", "iberia", other);
  try_send(&a, id, "close", "{}", closing);
  pair_rest(&a, &b);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"the matter is closed\"}", id);
  has(&b, LINK_CASE_ERASE, json, BASE_OK, "\"leaf\"");
  pictured(&b, "", "\"rows\":[{\"code\":\"drugs\",\"cases\":1,\"before\":0}]");
  pictured(&b, ",\"by\":\"region\"", "\"rows\":[{\"code\":\"iberia\",\"cases\":1,\"before\":0}]");
  pictured(&a, "", "\"rows\":[{\"code\":\"drugs\",\"cases\":2,\"before\":0}]");
  assert_int_equal(damage_count(&b, "SELECT count(*) FROM pictured"), 1);
  assert_int_equal(damage_count(&b, "SELECT count(*) FROM picture WHERE code LIKE '%maghreb%'"), 0);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts),  cmocka_unit_test(alerts), cmocka_unit_test(damaged), cmocka_unit_test(an_alert_without_its_row),
      cmocka_unit_test(erased),
  };
  return cmocka_run_group_tests_name("core: the picture", tests, NULL, NULL);
}
