/* SPDX-License-Identifier: Apache-2.0
 * Cross-checks (spec/crosscheck.md): found in other cases, told without content, each a leaf; gone with the content; of no
 * humanitarian case; what was changed in the database is named and noted anew. */
#include "core/crosscheck.h"

#include "core_damage.h"
#include "core_persons.h"

#define OMAR "\"name\":\"Omar El-Fassi\",\"born\":\"1984-02-28\""

/* Of one that the table asks for; more: other columns. */
static void person(struct base_buf *out, const char *columns) {
  base_buf_printf(out,
                  "%s{%s,\"class\":\"suspect\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/1\",\"as_of\":\"2026-01-01\"}",
                  out->size > 0 ? "," : "", columns);
}

static void under_law(struct pair_node *a, struct pair_node *b) {
  char json[600], agreement[65], terms[100], accepted[65];
  try_partners(a, b);
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
           "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"2036-01-01\",\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],"
           "\"purposes\":[\"*\"],\"direction\":\"both\",\"personal\":\"special\"},{\"id\":\"2\",\"kind\":\"tracing\",\"types\":[\"*\"],"
           "\"purposes\":[\"*\"],\"direction\":\"both\",\"personal\":\"special\"}]}}",
           b->name);
  pair_id(a, LINK_CASE_OPEN, json, agreement);
  pair_rest(a, b);
  snprintf(terms, sizeof terms, "{\"terms\":\"%s\"}", agreement);
  try_send(b, agreement, "accept", terms, accepted);
  pair_rest(a, b);
}

static bool exercise; /* of the cases that are opened */

/* With the kind's example; more: members of its fields. */
static void open_with(struct pair_node *from, struct pair_node *to, const char *kind, const char *more, char id[65]) {
  char asked[128];
  struct base_buf json = {0};
  snprintf(asked, sizeof asked, "{\"actor\":\"test\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(from, LINK_KIND_EXAMPLE, asked, -1);
  assert_int_equal(example.status, BASE_OK);
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"%s\",\"to\":[\"%s\"]%s,\"fields\":{%s%s%.*s}%c", kind, to->name, exercise ? ",\"exercise\":true" : "", more,
                  more[0] != '\0' && example.payload.size > 2 ? "," : "", (int)example.payload.size - 1, (const char *)example.payload.data + 1, 0);
  pair_id(from, LINK_CASE_OPEN, (const char *)json.data, id);
  pair_answer_free(&example);
  base_buf_free(&json);
  pair_rest(from, to);
}

static void open_about(struct pair_node *from, struct pair_node *to, const char *kind, const char *columns, char id[65]) {
  struct base_buf row = {0};
  char more[600];
  person(&row, columns);
  snprintf(more, sizeof more, "\"persons\":[%.*s]", (int)row.size, (const char *)row.data);
  base_buf_free(&row);
  open_with(from, to, kind, more, id);
}

static struct told crosscheck(struct pair_node *node, const char *id) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"is he known here?\"}", id);
  return tell(node, LINK_CASE_CROSSCHECK, json);
}

/* So many hits in so many cases, told and in the leaf. */
static struct told finds(struct pair_node *node, const char *id, size_t hits, int64_t cases) {
  unsigned leaves = try_count(node, WIRE_ACT_CROSSCHECK);
  struct told told = crosscheck(node, id);
  if (wire_json_size(wire_json_get(told.json, "hits")) != hits || number(told.json, "cases") != cases)
    fail_msg("%.*s", (int)told.answer.payload.size, (const char *)told.answer.payload.data);
  try_expect(node, WIRE_ACT_CROSSCHECK, leaves + 1, "is he known here?");
  return told;
}

static void finds_only(struct pair_node *node, const char *id, size_t hits, int64_t cases) {
  struct told told = finds(node, id, hits, cases);
  forget(&told);
}

static int64_t noted(struct pair_node *node) {
  return damage_count(node, "SELECT count(*) FROM matches");
}

static const struct wire_json *hit_in(const struct told *told, const char *kase) {
  const struct wire_json *hits = wire_json_get(told->json, "hits");
  for (size_t i = 0; i < wire_json_size(hits); i++)
    if (base_view_is(wire_json_text(wire_json_get(wire_json_at(hits, i), "case")), kase))
      return wire_json_at(hits, i);
  fail_msg("no hit in %s: %.*s", kase, (int)told->answer.payload.size, (const char *)told->answer.payload.data);
  return NULL;
}

/* A request that comes is held against what each side has: by the name with and without the day, document and number, however
 * they are spelled. */
static void test_found(void **state) {
  (void)state;
  struct pair_node a, b;
  char told_of[65], seen[65], namesake[65], paper[65], asked[65], plate[65];
  under_law(&a, &b);
  open_about(&b, &a, "information", OMAR ",\"phone\":\"00212 600-00-00-00\"", told_of);
  open_about(&b, &a, "sighting", "\"name\":\"أُمَر الفاسي\"", seen);
  open_about(&b, &a, "threat", "\"name\":\"FASSI, OMÀR EL\",\"born\":\"1990-01-01\"", namesake);
  open_about(&a, &b, "information", "\"name\":\"X\",\"document\":\"ab 123-456\"", paper);
  open_about(&a, &b, "request", "\"name\":\"omar el fassi\",\"born\":\"1984-02-28\",\"document\":\"AB123456\",\"phone\":\"+212600000000\"", asked);
  struct pair_node *both[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    struct told told = finds(both[i], asked, 4, 3); /* of the first one the person and the number */
    assert_int_equal(number(told.json, "values"), 4);
    assert_int_equal(number(told.json, "unsought"), 0);
    assert_false(wire_json_true(wire_json_get(told.json, "more")));
    const struct wire_json *hit = hit_in(&told, namesake);
    expect_text(hit, "sort", "name");
    expect_text(hit, "born", "other");
    expect_text(hit, "kind", "threat");
    expect_text(hit, "field", "persons");
    expect_text(hit, "type", "warn");
    expect_text(hit, "by", "paris");
    assert_int_equal(number(hit, "row"), 1);
    hit = hit_in(&told, paper);
    expect_text(hit, "sort", "document");
    assert_true(is_null(hit, "born"));
    expect_text(hit, "by", "rabat");
    expect_text(wire_json_get(hit, "same"), "message", asked);
    expect_text(wire_json_get(hit, "same"), "type", "ask");
    expect_text(hit_in(&told, told_of), "message", told_of);
    base_buf_u8(&told.answer.payload, 0);
    const char *text = (const char *)told.answer.payload.data;
    assert_true(strstr(text, "omar") == NULL && strstr(text, "Omar") == NULL && strstr(text, "1984") == NULL &&
                strstr(text, "123456") == NULL && strstr(text, "2126") == NULL);
    assert_non_null(strstr(text, "\"born\":\"same\""));
    forget(&told);
    finds_only(both[i], seen, 0, 0);
  }
  open_with(&a, &b, "sighting", "\"identifier\":\"12345-A-6\"", plate);
  open_with(&b, &a, "sighting", "\"identifier\":\"12345 a 6\"", seen);
  struct told told = finds(&a, seen, 1, 1);
  assert_true(is_null(at(wire_json_get(told.json, "hits"), 0), "row"));
  expect_text(at(wire_json_get(told.json, "hits"), 0), "field", "identifier");
  forget(&told);
  open_with(&b, &a, "sighting", "\"identifier\":\"AB123456\"", seen); /* of another sort than the document */
  finds_only(&a, seen, 0, 0);
  try_remove(&a, &b);
}

/* Without the day in one of the two nobody says that it is he; and the same case is no other one. */
static void test_names_alone(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], again[65];
  struct base_buf row = {0};
  char fields[600];
  under_law(&a, &b);
  open_about(&a, &b, "request", "\"name\":\"Omar El-Fassi\"", first);
  open_about(&a, &b, "request", OMAR, second);
  person(&row, OMAR);
  snprintf(fields, sizeof fields, "{\"answer\":\"a\",\"persons\":[%.*s]}", (int)row.size, (const char *)row.data);
  base_buf_free(&row);
  try_send(&b, second, "partial_answer", fields, again);
  pair_rest(&a, &b);
  struct told told = finds(&b, second, 1, 1);
  expect_text(hit_in(&told, first), "born", "unknown");
  forget(&told);
  told = finds(&b, first, 2, 1);
  expect_text(at(wire_json_get(told.json, "hits"), 0), "message", again); /* what came last stands first */
  expect_text(at(wire_json_get(told.json, "hits"), 0), "type", "partial_answer");
  forget(&told);
  open_about(&a, &b, "request", "\"name\":\"Omar\"", again); /* one word alone */
  finds_only(&b, again, 0, 0);
  try_remove(&a, &b);
}

static void refused(struct pair_node *node, const char *id, const char *reason, enum base_code want, const char *says) {
  char json[1400];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\"%s}", id, reason);
  unsigned leaves = try_count(node, WIRE_ACT_CROSSCHECK);
  struct pair_answer answer = pair_ask(node, LINK_CASE_CROSSCHECK, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  assert_int_equal(try_count(node, WIRE_ACT_CROSSCHECK), leaves);
  pair_answer_free(&answer);
}

static void test_refused(void **state) {
  (void)state;
  struct pair_node a, b;
  char asked[65], tracing[65], long_one[CORE_REASON_MAX + 32];
  under_law(&a, &b);
  open_about(&a, &b, "request", OMAR, asked);
  refused(&b, asked, "", BASE_FIELD, "reason: say in 1 to 1000 bytes why");
  refused(&b, asked, ",\"reason\":\"  \"", BASE_FIELD, "reason: say in 1 to 1000 bytes why");
  snprintf(long_one, sizeof long_one, ",\"reason\":\"%0*d\"", CORE_REASON_MAX + 1, 0);
  refused(&b, asked, long_one, BASE_FIELD, "at most 1000 bytes");
  int64_t before = noted(&b);
  open_with(&a, &b, "tracing", "", tracing); /* not one token of what is humanitarian, and nothing to ask there */
  assert_int_equal(noted(&a), before);
  assert_int_equal(noted(&b), before);
  refused(&b, tracing, ",\"reason\":\"r\"", BASE_FIELD, "the kind tracing has no field that a cross-check looks for");
  try_remove(&a, &b);
}

/* What is erased is found no more, by whomever it was erased; the copy of the other side is its own. */
static void test_erased(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], json[200];
  under_law(&a, &b);
  open_about(&a, &b, "information", OMAR, first);
  open_about(&a, &b, "request", OMAR, second);
  finds_only(&b, second, 1, 1);
  assert_int_equal(noted(&b), 4);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"the purpose has ended\"}", first);
  struct told told = tell(&b, LINK_MESSAGE_ERASE, json);
  forget(&told);
  assert_int_equal(noted(&b), 2);
  finds_only(&b, second, 0, 0);
  finds_only(&a, second, 1, 1);
  try_restart(&b);
  finds_only(&b, second, 0, 0);
  try_remove(&a, &b);
}

/* What waits for a second person is in no case yet. */
static void test_held(void **state) {
  (void)state;
  struct pair_node a, b;
  char sara[SECRET], samir[SECRET], members[700], message[65];
  struct base_buf row = {0};
  try_agreed(&a, &b);
  add(&a, "sara", "\"liaison\"");
  add(&a, "samir", "\"supervisor\"");
  token_for(&a, "sara", "", sara);
  token_for(&a, "samir", "", samir);
  person(&row, OMAR);
  snprintf(members, sizeof members,
           "\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":\"trafficking\","
           "\"question\":\"q\",\"language\":\"fr\",\"persons\":[%.*s]}",
           (int)row.size, (const char *)row.data);
  base_buf_free(&row);
  struct pair_answer answer = ask_as(&a, LINK_CASE_OPEN, sara, members);
  assert_int_equal(answer.status, BASE_OK);
  base_buf_u8(&answer.payload, 0);
  const char *id = strstr((const char *)answer.payload.data, "\"message\":\"");
  assert_non_null(id);
  snprintf(message, sizeof message, "%s", id + strlen("\"message\":\""));
  pair_answer_free(&answer);
  assert_int_equal(noted(&a), 0);
  try_sound(&a);
  snprintf(members, sizeof members, "\"id\":\"%s\"", message);
  done_as(&a, LINK_MESSAGE_SHOW, samir, members);
  done_as(&a, LINK_RELEASE_GIVE, samir, "\"number\":1");
  pair_rest(&a, &b);
  assert_int_equal(noted(&a), 2);
  assert_int_equal(noted(&b), 2);
  try_remove(&a, &b);
}

/* A kind of a lane that the asker has not: he sees what is in his own. */
static void add_civil(struct pair_node *node) {
  static const char *const keys[] = {"kind", "type.ask", "field.ask.who", "field.ask.plate", "type.answer", "state.asked", "state.answered"};
  struct base_buf json = {0};
  base_buf_text(&json,
                "{\"actor\":\"test\",\"file\":\"{\\\"wasl\\\":\\\"kind/1\\\",\\\"name\\\":\\\"desk\\\",\\\"version\\\":1,\\\"needs_row\\\":true,"
                "\\\"lane\\\":\\\"civil\\\",\\\"lists\\\":{},\\\"types\\\":[{\\\"name\\\":\\\"ask\\\",\\\"fields\\\":[{\\\"name\\\":\\\"who\\\",\\\"type\\\":\\\"line\\\","
                "\\\"most\\\":300,\\\"personal\\\":\\\"ordinary\\\",\\\"match\\\":\\\"name\\\"},{\\\"name\\\":\\\"plate\\\",\\\"type\\\":\\\"line\\\","
                "\\\"most\\\":30,\\\"personal\\\":\\\"ordinary\\\",\\\"match\\\":\\\"vehicle\\\"}]},{\\\"name\\\":\\\"answer\\\",\\\"fields\\\":[]}],"
                "\\\"states\\\":[\\\"asked\\\",\\\"answered\\\"],\\\"opening\\\":\\\"ask\\\",\\\"transitions\\\":[{\\\"on\\\":\\\"ask\\\",\\\"to\\\":"
                "\\\"asked\\\"},{\\\"on\\\":\\\"answer\\\",\\\"from\\\":[\\\"asked\\\"],\\\"to\\\":\\\"answered\\\",\\\"who\\\":\\\"others\\\"}],"
                "\\\"clocks\\\":[]}\",\"labels\":\"{\\\"wasl\\\":\\\"labels/1\\\",\\\"kind\\\":\\\"desk\\\",\\\"version\\\":1,\\\"texts\\\":{");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    base_buf_printf(&json, "%s\\\"%s\\\":{\\\"ar\\\":\\\"w\\\",\\\"fr\\\":\\\"w\\\",\\\"en\\\":\\\"w\\\",\\\"es\\\":\\\"w\\\",\\\"pt\\\":\\\"w\\\"}",
                    i > 0 ? "," : "", keys[i]);
  base_buf_printf(&json, "}}\"}%c", 0);
  struct told told = tell(node, LINK_KIND_ADD, (const char *)json.data);
  forget(&told);
  base_buf_free(&json);
}

static void test_lanes(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], desk[65], other[65], omar[SECRET], lina[SECRET], members[128];
  under_law(&a, &b);
  add_civil(&a);
  add_civil(&b);
  open_about(&a, &b, "request", OMAR, request);
  open_with(&a, &b, "desk", "\"who\":\"Omar El Fassi\",\"plate\":\"12345 A 6\"", desk);
  open_with(&a, &b, "desk", "\"who\":\"El Fassi Omar\"", other);
  finds_only(&b, desk, 2, 2);
  finds_only(&b, request, 2, 2);
  add(&b, "omar", "\"liaison\"");
  add(&b, "lina", "\"liaison\"");
  done_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"lanes\",\"person\":\"omar\",\"lanes\":[\"civil\"]");
  done_as(&b, LINK_PERSON_CHANGE, "", "\"do\":\"lanes\",\"person\":\"lina\",\"lanes\":[\"enforcement\"]");
  token_for(&b, "omar", "", omar);
  token_for(&b, "lina", "", lina);
  snprintf(members, sizeof members, "\"id\":\"%s\",\"reason\":\"r\"", desk);
  struct pair_answer answer = ask_as(&b, LINK_CASE_CROSSCHECK, omar, members);
  base_buf_u8(&answer.payload, 0);
  const char *text = (const char *)answer.payload.data;
  if (answer.status != BASE_OK || strstr(text, other) == NULL || strstr(text, request) != NULL ||
      strstr(text, "\"cases\":1,") == NULL)
    fail_msg("%s", text);
  pair_answer_free(&answer);
  refused_as(&b, LINK_CASE_CROSSCHECK, lina, members, BASE_NOT_FOUND, "there is no case");
  try_remove(&a, &b);
}

/* Who is made up in an exercise is nobody who is sought, and nobody who is sought stands in one. */
static void test_exercises(void **state) {
  (void)state;
  struct pair_node a, b;
  char real[65], made_up[65], other[65];
  under_law(&a, &b);
  open_about(&a, &b, "request", OMAR, real);
  exercise = true;
  open_about(&a, &b, "request", OMAR, made_up);
  finds_only(&a, made_up, 0, 0);
  open_about(&b, &a, "information", OMAR, other);
  exercise = false;
  finds_only(&b, real, 0, 0);
  finds_only(&b, made_up, 1, 1);
  finds_only(&a, other, 1, 1);
  try_remove(&a, &b);
}

/* Each limit is said, and nothing is cut in silence. */
static void test_many(void **state) {
  (void)state;
  enum { ROWS = 64 };
  struct pair_node a, b;
  char id[65], first[65], asked[65], columns[200];
  under_law(&a, &b);
  open_about(&a, &b, "request", OMAR, asked);
  for (int turn = 0; turn < CORE_CROSSCHECK_HITS / ROWS; turn++) {
    struct base_buf rows = {0}, more = {0};
    for (int i = 0; i < ROWS; i++)
      person(&rows, OMAR);
    base_buf_printf(&more, "\"persons\":[%.*s]%c", (int)rows.size, (const char *)rows.data, 0);
    open_with(&a, &b, "information", (const char *)more.data, id);
    base_buf_free(&rows);
    base_buf_free(&more);
  }
  struct told told = finds(&b, asked, CORE_CROSSCHECK_HITS, CORE_CROSSCHECK_HITS / ROWS);
  assert_false(wire_json_true(wire_json_get(told.json, "more")));
  forget(&told);
  open_about(&a, &b, "information", OMAR, id);
  told = finds(&b, asked, CORE_CROSSCHECK_HITS, CORE_CROSSCHECK_HITS / ROWS + 1);
  assert_true(wire_json_true(wire_json_get(told.json, "more")));
  forget(&told);
  struct base_buf rows = {0}, more = {0};
  for (int turn = 0; turn < 3; turn++) {
    base_buf_reset(&rows);
    for (int i = 0; i < ROWS; i++) {
      int n = turn * ROWS + i;
      snprintf(columns, sizeof columns, "\"name\":\"Nom %d\",\"born\":\"1984-02-28\",\"document\":\"AB%06d\",\"phone\":\"+2126%08d\"",
               n, n, n);
      person(&rows, columns);
    }
    base_buf_reset(&more);
    base_buf_printf(&more, "%s\"persons\":[%.*s]%s%c", turn > 0 ? "{\"answer\":\"a\"," : "", (int)rows.size,
                    (const char *)rows.data, turn > 0 ? "}" : "", 0);
    if (turn == 0)
      open_with(&a, &b, "request", (const char *)more.data, first);
    else
      try_send(&b, first, "partial_answer", (const char *)more.data, id);
    pair_rest(&a, &b);
  }
  base_buf_free(&rows);
  base_buf_free(&more);
  told = finds(&a, first, 0, 0);
  assert_int_equal(number(told.json, "values"), CORE_CROSSCHECK_VALUES);
  assert_int_equal(number(told.json, "unsought"), 3 * ROWS * 4 - CORE_CROSSCHECK_VALUES);
  forget(&told);
  try_remove(&a, &b);
}

/* Whatever is changed behind the node's back is named, and right again after that; without the key nothing is said instead of
 * "nothing found". */
static void test_damaged(void **state) {
  (void)state;
  static const char *const changes[] = {"DELETE FROM matches", "UPDATE matches SET place = place + 16", "UPDATE matches SET rest = rest / 2",
                                        "DELETE FROM matches WHERE place % 16 = 2"};
  struct pair_node a, b;
  char first[65], second[65], erased[65], json[200];
  under_law(&a, &b);
  open_about(&a, &b, "information", OMAR, first);
  open_about(&a, &b, "information", "\"name\":\"Y Z\"", erased);
  open_about(&a, &b, "request", OMAR, second);
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    damage_found(&b, changes[i], "it is noted anew from its content");
    try_sound(&b);
    finds_only(&b, second, 1, 1);
  }
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"the purpose has ended\"}", erased);
  struct told told = tell(&b, LINK_MESSAGE_ERASE, json);
  forget(&told);
  int64_t rows = noted(&b);
  damage_found(&b, "INSERT INTO matches(token, rest, message, place) SELECT 1, 2, message, 1 FROM erasures", "are noted for a cross-check");
  assert_int_equal(noted(&b), rows);
  try_sound(&b);
  damage_found(&b, "UPDATE facts SET value = x'00' WHERE name = 'match-key'", "fact match-key");
  refused(&b, second, ",\"reason\":\"r\"", BASE_CORRUPT, "the key of cross-checks is missing or damaged");
  open_about(&a, &b, "information", OMAR, first);
  assert_int_equal(noted(&b), rows);
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found), cmocka_unit_test(test_names_alone), cmocka_unit_test(test_refused),
      cmocka_unit_test(test_erased), cmocka_unit_test(test_held),       cmocka_unit_test(test_lanes), cmocka_unit_test(test_exercises),
      cmocka_unit_test(test_many),  cmocka_unit_test(test_damaged),
  };
  return cmocka_run_group_tests_name("core: cross-checks", tests, NULL, NULL);
}
