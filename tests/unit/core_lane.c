/* SPDX-License-Identifier: Apache-2.0
 * The wall between what is humanitarian and all others (spec/lanes.md), from each side: rows, names, persons, tokens, lists,
 * statistics, events, the register, consignments. */
#include "core/exchange.h"
#include "core/lane.h"
#include "core/picture.h"
#include "core_persons.h"
#include "core_sides.h"
#include "core_stix.h"

static void test_no_row_covers_both(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_partners(&a, &b);
  agree_on(&a, &b, false);
  open_it(&a, &b, "request", id);
  open_as(&a, "tracing", b.name, "", "", BASE_LAW, "kind tracing", id); /* under * alone */
  agree_on(&a, &b, true);
  open_it(&a, &b, "tracing", id);
  try_receipted(&a, id);
  try_remove(&a, &b);
}

static void test_nothing_names_the_other_side(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], request[65], more[128], json[256], id[65];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  open_it(&a, &b, "request", request);
  snprintf(more, sizeof more, "\"linked\":\"%s\",", tracing);
  open_as(&a, "crisis", b.name, "", more, BASE_POLICY, "never joined with anything else", id);
  snprintf(more, sizeof more, "\"linked\":\"%s\",", request);
  open_as(&a, "crisis", b.name, "", more, BASE_OK, "", id);
  pair_rest(&a, &b);
  snprintf(json, sizeof json, "\"id\":\"%s\",\"to\":[\"rabat\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"drugs\"}", tracing);
  refused_as(&b, LINK_MESSAGE_PASS_ON, "", json, BASE_POLICY, "never joined with anything else");
  try_remove(&a, &b);
}

/* A node that lets it through is not believed. */
static void test_what_arrives_is_refused(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], more[128], id[65], why[300] = "";
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  struct base_id message = try_id(tracing);
  core_case_known(a.core, &message)->row.lane = WIRE_LANE_NONE;
  snprintf(more, sizeof more, "\"linked\":\"%s\",", tracing);
  open_as(&a, "crisis", b.name, "", more, BASE_OK, "", id);
  pair_rest(&a, &b);
  assert_int_equal(try_leaves(&b, WIRE_ACT_REFUSED, why, sizeof why), 1);
  assert_non_null(strstr(why, "never joined with anything else"));
  pair_remove(&a);
  pair_remove(&b);
}

/* --- persons */

static void answers(struct pair_node *node, const char *members, const char *words) {
  struct pair_answer answer = ask_as(node, LINK_PERSON_CHANGE, "", members);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* The owner had all lanes until then, and is told which are left to him. */
static void test_the_first_person_names_the_owner(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  answers(&a, "\"do\":\"add\",\"person\":\"hana\",\"name\":\"H\",\"roles\":[\"liaison\"],\"lanes\":[\"humanitarian\"]",
          "\"owner_named\":{\"person\":\"test\",\"lanes\":[\"enforcement\",\"civil\"]}");
  answers(&a, "\"do\":\"add\",\"person\":\"lina\",\"name\":\"L\",\"roles\":[\"liaison\"]", "\"owner_named\":null");
  answers(&a, "\"do\":\"unit\",\"person\":\"lina\",\"unit\":\"U\"", "\"owner_named\":null");
  pair_remove(&a);
}

static void test_a_person_is_on_one_side(void **state) {
  (void)state;
  struct pair_node a;
  char lina[SECRET], hana[SECRET];
  pair_make(&a, "rabat");
  add_sides(&a, lina, hana);
  static const struct {
    const char *members;
    enum base_code want;
    const char *says;
  } tried[] = {
      {"\"do\":\"add\",\"person\":\"x\",\"name\":\"X\",\"roles\":[\"liaison\"],\"lanes\":[\"humanitarian\",\"enforcement\"]",
       BASE_POLICY, "nobody works on both sides of the wall"},
      {"\"do\":\"add\",\"person\":\"x\",\"name\":\"X\",\"roles\":[\"liaison\"],\"lanes\":[\"humanitarian\",\"civil\"]",
       BASE_POLICY, "nobody works on both sides of the wall"},
      {"\"do\":\"add\",\"person\":\"x\",\"name\":\"X\",\"roles\":[\"liaison\"],\"lanes\":[]", BASE_FIELD, "lanes: humanitarian"},
      {"\"do\":\"add\",\"person\":\"x\",\"name\":\"X\",\"roles\":[\"liaison\"],\"lanes\":[\"red\"]", BASE_FIELD, "'red' is none"},
      {"\"do\":\"add\",\"person\":\"x\",\"name\":\"X\",\"roles\":[\"liaison\"],\"lanes\":[\"civil\",\"civil\",\"civil\",\"civil\"]",
       BASE_FIELD, "at most 3"},
      {"\"do\":\"lanes\",\"person\":\"hana\",\"lanes\":[\"enforcement\"]", BASE_POLICY, "stays on his side of the wall"},
      {"\"do\":\"lanes\",\"person\":\"lina\",\"lanes\":[\"humanitarian\"]", BASE_POLICY, "stays on his side of the wall"},
  };
  for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
    refused_as(&a, LINK_PERSON_CHANGE, "", tried[i].members, tried[i].want, tried[i].says);
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"lanes\",\"person\":\"lina\",\"lanes\":[\"civil\"]");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"lanes\",\"person\":\"test\",\"lanes\":[\"civil\"]");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"lanes\",\"person\":\"test\",\"lanes\":[\"civil\",\"enforcement\"]",
             BASE_POLICY, "nobody gives himself a lane");
  try_restart(&a);
  struct told told = tell(&a, LINK_PERSON_LIST, "{\"actor\":\"test\",\"person\":\"lina\"}");
  const struct wire_json *lanes = wire_json_get(at(wire_json_get(told.json, "persons"), 0), "lanes");
  assert_int_equal(wire_json_size(lanes), 1);
  assert_true(base_view_is(wire_json_text(at(lanes, 0)), "civil"));
  forget(&told);
  char id[65];
  refused_as(&a, LINK_CASE_LIST, lina, "\"lane\":\"enforcement\"", BASE_POLICY, "lina works in the lanes civil");
  open_as(&a, "request", "paris", lina, "", BASE_POLICY, "the kind request is enforcement", id);
  try_sound(&a);
  pair_remove(&a);
}

static void test_the_other_side_is_not_there(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], request[65], lina[SECRET], hana[SECRET], members[200];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  open_it(&a, &b, "request", request);
  add_sides(&a, lina, hana);
  static const struct {
    enum link_request_code code;
    const char *more;
  } asked[] = {{LINK_CASE_SHOW, ""},
               {LINK_CASE_SHOW, ",\"export\":true"},
               {LINK_CASE_ITEMS, ""},
               {LINK_CASE_SEND, ",\"type\":\"close\",\"fields\":{}"},
               {LINK_CASE_REVIEW, ",\"reason\":\"r\""},
               {LINK_CASE_ERASE, ",\"reason\":\"r\""},
               {LINK_MESSAGE_SHOW, ""},
               {LINK_MESSAGE_ERASE, ",\"reason\":\"r\""},
               {LINK_MESSAGE_PASS_ON, ",\"to\":[\"paris\"]"},
               {LINK_MESSAGE_CERTIFICATE, ""},
               {LINK_RECALL_OPEN, ",\"measure\":\"erase\",\"ground\":\"wrong\",\"reason\":\"r\""},
               {LINK_OUTBOX_END, ",\"reason\":\"r\""},
               {LINK_PROOF_GET, ""},
               {LINK_AGREEMENT_REVIEW, ""},
               {LINK_CASE_BALANCE, ""},
               {LINK_CASE_CROSSCHECK, ""},
               {LINK_RECALL_ANSWER, ",\"outcome\":\"erased\""},
               {LINK_RECALL_WITHDRAW, ",\"reason\":\"r\""},
               {LINK_READER_LIST, ""},
               {LINK_READER_CHANGE, ",\"do\":\"add\",\"person\":\"lina\",\"reason\":\"r\""}};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    alike(&a, asked[i].code, lina, tracing, asked[i].more);
    alike(&a, asked[i].code, hana, request, asked[i].more);
  }
  static const struct {
    enum link_request_code code;
    const char *key, *more;
  } by[] = {{LINK_STIX_LIST, "case", ""}, {LINK_STIX_LIST, "message", ""}, {LINK_LAW_EXPLAIN, "case", ",\"kind\":\"request\",\"type\":\"close\",\"to\":\"paris\""}};
  for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
    alike_by(&a, by[i].code, lina, by[i].key, tracing, by[i].more);
    alike_by(&a, by[i].code, hana, by[i].key, request, by[i].more);
  }
  snprintf(members, sizeof members, "\"id\":\"%.12s\"", tracing); /* nor by its beginning */
  refused_as(&a, LINK_CASE_SHOW, lina, members, BASE_NOT_FOUND, "there is no case whose id begins with");
  done_as(&a, LINK_CASE_SHOW, hana, members);
  snprintf(members, sizeof members, "\"id\":\"%.12s\"", request);
  done_as(&a, LINK_CASE_SHOW, lina, members);
  char id[65];
  open_as(&a, "tracing", b.name, lina, "", BASE_POLICY, "is humanitarian, and lina works in the lanes enforcement, civil", id);
  open_as(&a, "request", b.name, hana, "", BASE_POLICY, "is enforcement, and hana works in the lanes humanitarian", id);
  open_as(&a, "tracing", b.name, hana, "", BASE_OK, "", id);
  try_remove(&a, &b);
}

/* --- lists, tables, streams */

static size_t listed(struct pair_node *node, enum link_request_code code, const char *secret, const char *members,
                     const char *key, const char *id) {
  struct pair_answer answer = ask_as(node, code, secret, members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (answer.status != BASE_OK)
    fail_msg("%s: %.*s", members, (int)answer.payload.size, (const char *)answer.payload.data);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), BASE_BUF_DEFAULT_LIMIT, "list", &json, NULL), BASE_OK);
  size_t found = 0;
  for (size_t i = 0; i < wire_json_size(json); i++)
    found += base_view_is(wire_json_text(wire_json_get(wire_json_at(json, i), key)), id);
  pair_answer_free(&answer);
  return found;
}

static void test_lists(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], request[65], recall[65], json[300], lina[SECRET], hana[SECRET];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  open_it(&a, &b, "request", request);
  const char *const owner = "";
  static const char *const orders[] = {"\"by\":\"deadline\"", "\"limit\":0"};
  char lane[100];
  for (size_t i = 0; i < 2; i++) { /* nobody is named: the owner has all lanes, and sees one side at a time */
    assert_int_equal(listed(&a, LINK_CASE_LIST, owner, orders[i], "id", request), 1);
    assert_int_equal(listed(&a, LINK_CASE_LIST, owner, orders[i], "id", tracing), 0);
    snprintf(lane, sizeof lane, "%s,\"lane\":\"humanitarian\"", orders[i]);
    assert_int_equal(listed(&a, LINK_CASE_LIST, owner, lane, "id", tracing), 1);
    assert_int_equal(listed(&a, LINK_CASE_LIST, owner, lane, "id", request), 0);
    snprintf(lane, sizeof lane, "%s,\"lane\":\"civil\"", orders[i]);
    assert_int_equal(listed(&a, LINK_CASE_LIST, owner, lane, "id", request), 0);
    snprintf(lane, sizeof lane, "%s,\"kind\":\"tracing\"", orders[i]);
    assert_int_equal(listed(&a, LINK_CASE_LIST, owner, lane, "id", tracing), 1);
  }
  refused_as(&a, LINK_CASE_LIST, "", "\"lane\":\"all\"", BASE_FIELD, "lane: enforcement, humanitarian or civil");
  snprintf(json, sizeof json, "\"id\":\"%s\",\"measure\":\"correct\",\"ground\":\"inaccurate\",\"reason\":\"r\",\"correction\":\"c\"", tracing);
  done_as(&a, LINK_RECALL_OPEN, "", json);
  struct told told = tell(&a, LINK_RECALL_LIST, "{\"actor\":\"test\"}");
  snprintf(recall, sizeof recall, "%.*s", 64, (const char *)wire_json_text(wire_json_get(at(told.json, 0), "id")).data);
  forget(&told);
  add_sides(&a, lina, hana);
  for (int side = 0; side < 2; side++) {
    const char *who = side == 0 ? lina : hana, *theirs = side == 0 ? request : tracing, *others = side == 0 ? tracing : request;
    for (size_t i = 0; i < 2; i++) {
      assert_int_equal(listed(&a, LINK_CASE_LIST, who, orders[i], "id", theirs), 1);
      assert_int_equal(listed(&a, LINK_CASE_LIST, who, orders[i], "id", others), 0);
    }
    assert_int_equal(listed(&a, LINK_OUTBOX_LIST, who, "", "id", theirs), 1);
    assert_int_equal(listed(&a, LINK_OUTBOX_LIST, who, "", "id", others), 0);
    assert_int_equal(listed(&a, LINK_REVIEW_LIST, who, "", "id", others), 0);
    assert_int_equal(listed(&a, LINK_RECALL_LIST, who, "", "id", recall), side); /* it is of what it recalls */
    assert_int_equal(listed(&a, LINK_CASE_LIST, who, "", "id", recall), side);
  }
  alike(&a, LINK_CASE_SHOW, lina, recall, "");
  refused_as(&a, LINK_CASE_LIST, lina, "\"lane\":\"humanitarian\"", BASE_POLICY, "lina works in the lanes enforcement, civil");
  refused_as(&a, LINK_CASE_LIST, lina, "\"kind\":\"tracing\"", BASE_POLICY, "is humanitarian");
  try_remove(&a, &b);
}

/* Of which kinds a table speaks. */
static void counted(struct pair_node *node, const char *members, bool request, bool tracing) {
  struct pair_answer answer = ask_as(node, LINK_STATISTICS_MAKE, "", members);
  base_buf_u8(&answer.payload, 0);
  const char *text = (const char *)answer.payload.data;
  if (answer.status != BASE_OK || (strstr(text, "\"kind\":\"request\"") != NULL) != request ||
      (strstr(text, "\"kind\":\"tracing\"") != NULL) != tracing)
    fail_msg("%s: %s", members, text);
  pair_answer_free(&answer);
}

static void test_statistics(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], request[65], id[65], members[100];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  open_it(&a, &b, "request", request);
  open_as(&a, "sar", b.name, "", "", BASE_LAW, "", id);
  snprintf(members, sizeof members, "\"id\":\"%s\"", tracing);
  done_as(&a, LINK_CASE_SHOW, "", members);
  counted(&a, "", true, false);
  counted(&a, "\"lane\":\"humanitarian\"", false, true);
  counted(&a, "\"lane\":\"civil\"", false, false);
  counted(&a, "\"kind\":\"tracing\"", false, true);
  struct pair_answer answer = ask_as(&a, LINK_STATISTICS_MAKE, "", "");
  base_buf_u8(&answer.payload, 0); /* neither what was read of it nor what law refused is counted there */
  assert_null(strstr((const char *)answer.payload.data, "\"measure\":\"read\""));
  assert_null(strstr((const char *)answer.payload.data, "sar/"));
  pair_answer_free(&answer);
  refused_as(&a, LINK_STATISTICS_MAKE, "", "\"publish\":1971,\"lane\":\"civil\"", BASE_FIELD, "publish: enforcement and civil together");
  try_remove(&a, &b);
}

static void sees(struct pair_node *node, const char *secret, const char *words) {
  struct pair_answer answer = ask_as(node, LINK_PICTURE_SHOW, secret, "");
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* The member's only text, or its texts joined by a blank. */
static void texts_of(const struct wire_json *list, const char *key, char *out, size_t room) {
  size_t used = 0;
  out[0] = 0;
  for (size_t i = 0; i < wire_json_size(list) && used < room; i++) {
    const struct wire_json *one = wire_json_at(list, i);
    struct base_view text = wire_json_text(key != NULL ? wire_json_get(one, key) : one);
    used += (size_t)snprintf(out + used, room - used, "%s%.*s", i > 0 ? " " : "", (int)text.size, (const char *)text.data);
  }
}

static void reviewed(struct pair_node *node, const char *secret, const char *lanes, const char *untold, const char *used,
                     int64_t count, const char *refused) {
  char members[100], text[512], want[300], *at = want;
  struct base_hex_text id = base_id_text(&node->core->agreements[0].id);
  snprintf(members, sizeof members, "\"id\":\"%s\"", id.text);
  struct pair_answer answer = ask_as(node, LINK_AGREEMENT_REVIEW, secret, members);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), BASE_BUF_DEFAULT_LIMIT, "review", &json, NULL), BASE_OK);
  assert_int_equal(wire_json_size(wire_json_get(json, "rows")), 2); /* law, which all read */
  texts_of(wire_json_get(json, "lanes"), NULL, text, sizeof text);
  assert_string_equal(text, lanes);
  texts_of(wire_json_get(json, "untold"), NULL, text, sizeof text);
  assert_string_equal(text, untold);
  texts_of(wire_json_get(json, "used"), "clause", text, sizeof text);
  for (const char *row = used; *row != 0; row++)
    at += snprintf(at, (size_t)(want + sizeof want - at), "%s%s/%c", row > used ? " " : "", id.text, *row);
  *at = 0;
  assert_string_equal(text, want);
  assert_int_equal(wire_json_integer(wire_json_get(wire_json_at(wire_json_get(json, "used"), 0), "count")), count);
  texts_of(wire_json_get(json, "refused"), "wanted", text, sizeof text);
  assert_int_equal(strstr(text, "kind request,") != NULL, strchr(refused, 'r') != NULL);
  assert_int_equal(strstr(text, "kind tracing,") != NULL, strchr(refused, 't') != NULL);
  pair_answer_free(&answer);
}

static void test_the_review_of_an_agreement(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], lina[SECRET], hana[SECRET], civil[SECRET];
  try_partners(&a, &b);
  open_as(&a, "request", b.name, "", "", BASE_LAW, "kind request", id);
  open_as(&a, "tracing", b.name, "", "", BASE_LAW, "kind tracing", id);
  agree_on(&a, &b, true);
  open_it(&a, &b, "request", id);
  open_it(&a, &b, "crisis", id);
  open_it(&a, &b, "tracing", id);
  reviewed(&a, "", "enforcement humanitarian civil", "", "12", 2, "rt");
  add_sides(&a, lina, hana);
  done_as(&a, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"caro\",\"name\":\"C\",\"roles\":[\"liaison\"],\"lanes\":[\"civil\"]");
  token_for(&a, "caro", "", civil);
  reviewed(&a, lina, "enforcement civil", "2", "1", 2, "r");
  reviewed(&a, civil, "civil", "2", "1", 1, "");
  reviewed(&a, hana, "humanitarian", "1", "2", 1, "t");
  try_remove(&a, &b);
}

static void test_the_picture(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err;
  char sighting[65], lina[SECRET], hana[SECRET];
  two(&a, &b);
  open_it(&a, &b, "sighting", sighting);
  add_sides(&a, lina, hana);
  struct store_picture_alert told = {
      .week = law_picture_week(a.now), .kind = BASE_VIEW("sighting"), .code = BASE_VIEW("f/r"), .cases = 3, .most = 2};
  assert_int_equal(core_write(a.core, &err), BASE_OK);
  assert_int_equal(store_picture_alert_add(a.core->store, &told, &err), BASE_OK);
  assert_int_equal(core_commit(a.core, &err), BASE_OK);
  sees(&a, "", "\"cases\":1,\"before\":0}");
  sees(&a, lina, "\"cases\":1,\"before\":0}");
  sees(&a, lina, "\"series\":\"f/r\"");
  sees(&a, hana, "\"kinds\":[],\"rows\":[],\"alerts\":[]}");
  refused_as(&a, LINK_PICTURE_SHOW, hana, "\"kind\":\"sighting\"", BASE_KIND, "no kind of this name is in the picture");
  pair_remove(&a); /* the alert has no leaf */
  pair_remove(&b);
}

static bool heard(struct pair_node *node, const char *secret, const char *members, const char *id) {
  struct pair_answer answer = ask_as(node, LINK_EVENTS_TAKE, secret, members);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  base_buf_u8(&answer.payload, 0);
  bool found = strstr((const char *)answer.payload.data, id) != NULL;
  pair_answer_free(&answer);
  return found;
}

static void test_events(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], request[65], lina[SECRET], hana[SECRET], place[64], after[100], side[140];
  two(&a, &b);
  add_sides(&a, lina, hana);
  struct pair_answer now = ask_as(&a, LINK_EVENTS_TAKE, "", "");
  pair_text(&now, "next", place, sizeof place);
  pair_answer_free(&now);
  char id[65];
  open_as(&a, "tracing", b.name, hana, "", BASE_OK, "", tracing);
  pair_rest(&a, &b);
  open_as(&a, "request", b.name, lina, "", BASE_OK, "", request);
  pair_rest(&a, &b);
  snprintf(after, sizeof after, "\"after\":\"%s\"", place);
  assert_true(heard(&a, lina, after, request) && !heard(&a, lina, after, tracing));
  assert_true(heard(&a, hana, after, tracing) && !heard(&a, hana, after, request));
  snprintf(side, sizeof side, "%s,\"lane\":\"humanitarian\"", after);
  refused_as(&a, LINK_EVENTS_TAKE, lina, side, BASE_POLICY, "is humanitarian");
  /* Who waits on one side is not woken by the other. */
  now = ask_as(&a, LINK_EVENTS_TAKE, lina, "");
  pair_text(&now, "next", place, sizeof place);
  pair_answer_free(&now);
  size_t waiting = a.count;
  char wait[400];
  snprintf(wait, sizeof wait, "{\"actor\":\"test\",\"token\":\"%s\",\"after\":\"%s\",\"wait\":true}", lina, place);
  core_input(a.core, LINK_EVENTS_TAKE, 4711, base_view_text(wait), -1);
  open_as(&a, "tracing", b.name, hana, "", BASE_OK, "", id);
  pair_rest(&a, &b);
  for (size_t i = waiting; i < a.count; i++)
    assert_true(a.answers[i].token != 4711);
  try_remove(&a, &b);
}

static void test_the_register_hides_it(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65], lina[SECRET], hana[SECRET], members[64];
  two(&a, &b);
  uint64_t first = a.core->reg.size;
  open_it(&a, &b, "tracing", tracing);
  add_sides(&a, lina, hana);
  snprintf(members, sizeof members, "\"n\":%llu", (unsigned long long)first);
  struct pair_answer answer = ask_as(&a, LINK_REGISTER_SHOW, lina, members);
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, "\"opening\":null"));
  assert_non_null(strstr((const char *)answer.payload.data, "\"hidden\":true"));
  assert_null(strstr((const char *)answer.payload.data, tracing));
  pair_answer_free(&answer);
  answer = ask_as(&a, LINK_REGISTER_SHOW, hana, members);
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, tracing));
  assert_non_null(strstr((const char *)answer.payload.data, "\"hidden\":false"));
  pair_answer_free(&answer);
  try_remove(&a, &b);
}

static void test_no_consignment_holds_both(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  two(&a, &b);
  static const char *const kinds[] = {"request", "request", "tracing", "tracing", "request"};
  static const size_t together[] = {2, 2, 1};
  struct core_partner *partner = try_partner(&a);
  try_suspend(&b, &a, "suspended");
  for (size_t i = 0; i < 5; i++)
    open_as(&a, kinds[i], b.name, "", "", BASE_OK, "", id);
  for (size_t i = 0; i < 3; i++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    struct core_consignment made;
    struct base_error err = {0};
    base_buf_init(&out, WIRE_CONSIGNMENT_MAX);
    assert_int_equal(core_consignment_build(a.core, partner, &out, &made, &err), BASE_OK);
    assert_int_equal(made.messages, together[i]);
    assert_true(i == 2 || partner->maybe);
    partner->handed = made.last_number;
  }
  pair_remove(&a);
  pair_remove(&b);
}

static void open_in_emergency(struct pair_node *a, struct pair_node *b, const char *kind, char id[65], char notice[65]) {
  struct base_buf request = {0};
  base_buf_text(&request, "{\"actor\":\"test\",\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"r\"},");
  opening(a, kind, b->name, "", &request);
  base_buf_printf(&request, "}%c", 0);
  struct pair_answer answer = pair_ask(a, LINK_CASE_OPEN, (const char *)request.data, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  base_buf_free(&request);
  pair_text(&answer, "id", id, 65);
  base_buf_u8(&answer.payload, 0);
  const char *place = strstr((const char *)answer.payload.data, "\"case\":\"");
  assert_non_null(place);
  snprintf(notice, 65, "%.64s", place + 8);
  pair_answer_free(&answer);
}

static enum wire_lane lane_of(struct pair_node *node, const char *text) {
  enum wire_lane lane = WIRE_LANES;
  struct base_id id = try_id(text);
  assert_int_equal(core_lane_of_case(node->core, &id, &lane, NULL), BASE_OK);
  return lane;
}

/* A notice may come before the message that it names: it is of that one's lane as soon as that is here. */
static void test_what_came_before(void **state) {
  (void)state;
  struct pair_node a, b;
  char notice[65] = "", tracing[65], lina[SECRET], hana[SECRET], json[400];
  try_partners(&a, &b);
  open_in_emergency(&a, &b, "tracing", tracing, notice);
  pair_rest(&a, &b);
  struct pair_node *const nodes[] = {&a, &b};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(lane_of(nodes[i], notice), WIRE_LANE_HUMANITARIAN);
    add_sides(nodes[i], lina, hana);
    alike(nodes[i], LINK_CASE_SHOW, lina, notice, "");
    snprintf(json, sizeof json, "\"id\":\"%s\"", notice);
    done_as(nodes[i], LINK_CASE_SHOW, hana, json);
  }
  try_remove(&a, &b);
}

/* Until that is here nobody can tell the lane, and no person is told of the notice; the owner of a node without persons is. */
static void test_what_has_not_come_yet(void **state) {
  (void)state;
  static const char *const kinds[] = {"tracing", "request"};
  static const enum wire_lane lanes[] = {WIRE_LANE_HUMANITARIAN, WIRE_LANE_ENFORCEMENT};
  static const char *const asked[] = {"", "\"kind\":\"emergency\"", "\"by\":\"deadline\"",
                                      "\"by\":\"deadline\",\"kind\":\"emergency\""};
  for (size_t k = 0; k < 2; k++) {
    struct pair_node a, b;
    char notice[65], id[65], lina[SECRET], hana[SECRET], members[100];
    try_partners(&a, &b);
    open_in_emergency(&a, &b, kinds[k], id, notice);
    assert_true(pair_send(&a, &b)); /* the notice, which goes first */
    assert_int_equal(lane_of(&b, notice), WIRE_LANE_UNKNOWN);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
      assert_int_equal(listed(&b, LINK_CASE_LIST, "", asked[i], "id", notice), 1);
      snprintf(members, sizeof members, "\"lane\":\"humanitarian\"%s%s", asked[i][0] != 0 ? "," : "", asked[i]);
      assert_int_equal(listed(&b, LINK_CASE_LIST, "", members, "id", notice), 0);
    }
    add_sides(&b, lina, hana);
    for (size_t who = 0; who < 2; who++) {
      const char *secret = who == 0 ? lina : hana;
      alike(&b, LINK_CASE_SHOW, secret, notice, "");
      for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        assert_int_equal(listed(&b, LINK_CASE_LIST, secret, asked[i], "id", notice), 0);
    }
    try_restart(&b);
    assert_int_equal(lane_of(&b, notice), WIRE_LANE_UNKNOWN);
    pair_rest(&a, &b);
    assert_int_equal(lane_of(&b, notice), lanes[k]);
    assert_int_equal(listed(&b, LINK_CASE_LIST, lina, "", "id", notice), k);
    assert_int_equal(listed(&b, LINK_CASE_LIST, hana, "", "id", notice), 1 - k);
    alike(&b, LINK_CASE_SHOW, k == 0 ? lina : hana, notice, "");
    try_remove(&a, &b);
  }
}

static enum base_code names(struct pair_node *node, const char *kind_name, const char *type, const char *case_id,
                            const char *partner, const char *named, struct base_error *err) {
  char text[120];
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  const struct wire_kind *kind = &core_kind_named(node->core, base_view_text(kind_name))->kind;
  snprintf(text, sizeof text, "{\"%s\":\"%s\"}", strcmp(kind_name, "crisis") == 0 ? "linked" : "message", named);
  assert_int_equal(wire_json_parse(base_view_text(text), BASE_BUF_DEFAULT_LIMIT, "fields", &fields, NULL), BASE_OK);
  struct base_id id = {{0}};
  if (case_id != NULL)
    id = try_id(case_id);
  struct core_names names = {.kind = kind,
                             .type = wire_kind_type_named(kind, base_view_text(type)),
                             .case_id = case_id != NULL ? &id : NULL,
                             .fields = fields,
                             .partner = base_view_text(partner)};
  *err = (struct base_error){0};
  return core_lane_names(node->core, &names, err);
}

/* A case that makes law is of the lane of what its opening message names: no later message joins it with the other side. */
static void test_what_makes_law_joins_nothing(void **state) {
  (void)state;
  static const char none[] = "00000000000000000000000000000000000000000000000000000000000000aa";
  struct pair_node a, b;
  struct base_error err;
  char tracing[65], request[65], other[65], recall[65], json[300];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  open_it(&a, &b, "request", request);
  open_it(&a, &b, "request", other);
  snprintf(json, sizeof json, "\"id\":\"%s\",\"measure\":\"correct\",\"ground\":\"inaccurate\",\"reason\":\"r\",\"correction\":\"c\"", request);
  done_as(&a, LINK_RECALL_OPEN, "", json);
  struct told told = tell(&a, LINK_RECALL_LIST, "{\"actor\":\"test\"}");
  snprintf(recall, sizeof recall, "%.*s", 64, (const char *)wire_json_text(wire_json_get(at(told.json, 0), "id")).data);
  forget(&told);
  pair_rest(&a, &b);
  char origin[WIRE_ORIGIN_MAX + 1];
  struct base_view card = try_partner(&a)->card.origin;
  snprintf(origin, sizeof origin, "%.*s", (int)card.size, (const char *)card.data);
  const char *const who[] = {"", origin};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(names(&a, "recall", "certificate", recall, who[i], request, &err), BASE_OK);
    assert_int_equal(names(&a, "recall", "certificate", recall, who[i], other, &err), BASE_OK);
    assert_int_equal(names(&a, "recall", "certificate", recall, who[i], none, &err), BASE_OK);
    assert_int_equal(names(&a, "recall", "certificate", recall, who[i], tracing, &err), BASE_POLICY);
    assert_non_null(strstr(err.text, "never joined with anything else"));
    assert_int_equal(names(&a, "recall", "recall", NULL, who[i], tracing, &err), BASE_OK);
    assert_int_equal(names(&a, "crisis", "activate", NULL, who[i], tracing, &err), BASE_POLICY);
  }
  /* To who is no party of it the tracing is not here; of a case in which he named what is not here he is told one thing always. */
  assert_int_equal(names(&a, "crisis", "activate", NULL, "lisbon.example/node", tracing, &err), BASE_OK);
  assert_int_equal(names(&a, "recall", "certificate", recall, "lisbon.example/node", tracing, &err), BASE_OK);
  try_remove(&a, &b);
}

/* A person names nothing that is on the other side, and is not told that it is there. */
static void test_a_person_names_what_he_sees(void **state) {
  (void)state;
  static const char none[] = "00000000000000000000000000000000000000000000000000000000000000aa";
  struct pair_node a, b;
  char tracing[65], request[65], more[128], id[65], lina[SECRET], hana[SECRET];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  open_it(&a, &b, "request", request);
  const char *const named[] = {tracing, none};
  for (size_t i = 0; i < 2; i++) {
    if (i == 0)
      add_sides(&a, lina, hana);
    snprintf(more, sizeof more, "\"linked\":\"%s\",", named[i]);
    open_as(&a, "crisis", b.name, lina, more, BASE_FIELD, "here that it could name", id);
  }
  snprintf(more, sizeof more, "\"linked\":\"%s\",", request);
  open_as(&a, "crisis", b.name, lina, more, BASE_OK, "", id);
  try_remove(&a, &b);
}

/* A case that is stored on the other side than its kind is damage. */
static void test_a_case_on_the_wrong_side_is_found(void **state) {
  (void)state;
  struct pair_node a, b;
  char tracing[65];
  two(&a, &b);
  open_it(&a, &b, "tracing", tracing);
  struct base_arena arena = {0};
  struct store_case row;
  struct base_id id = try_id(tracing);
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_begin(a.core->store, NULL), BASE_OK);
  assert_int_equal(store_case_get(a.core->store, &id, &arena, &row, NULL), BASE_OK);
  row.lane = WIRE_LANE_ENFORCEMENT;
  assert_int_equal(store_case_put(a.core->store, &row, NULL), BASE_OK);
  assert_int_equal(store_commit(a.core->store, NULL), BASE_OK);
  base_arena_free(&arena);
  assert_true(check_names(&a, "stored on another side than its kind"));
  pair_remove(&a);
  pair_remove(&b);
}

/* STIX objects of one side are neither listed, found nor counted for the other, nor with it. */
static void test_stix(void **state) {
  (void)state;
  static const char *const kinds[] = {"request", "tracing"};
  static const char id[] = "\"id\":\"indicator--0c7b5b88-8ff7-4a4d-aa9d-000000000001\"";
  struct pair_node a, b;
  char ids[2][65], members[128], lina[SECRET], hana[SECRET];
  two(&a, &b);
  for (int i = 0; i < 2; i++) {
    BASE_AUTO_BUF struct base_buf json = {0}, parts = {0};
    stix_upload_bundle(&a, 1, 2, &parts);
    base_buf_text(&json, "{\"actor\":\"test\",");
    opening(&a, kinds[i], b.name, "", &json);
    base_buf_printf(&json, ",\"parts\":%s}", try_parts_end(&parts));
    base_buf_u8(&json, 0);
    pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, ids[i]);
    pair_rest(&a, &b);
  }
  static const char *const waits[] = {"", "\"lane\":\"humanitarian\""};
  for (int i = 0; i < 2; i++) {
    struct pair_answer answer = ask_as(&b, LINK_STIX_COUNT, "", waits[i]);
    base_buf_u8(&answer.payload, 0);
    assert_non_null(strstr((const char *)answer.payload.data, "\"waiting\":1}"));
    pair_answer_free(&answer);
  }
  assert_int_equal(stix_look(&b), 2);
  int64_t next = 0, messages = 0, count = 0;
  assert_true(stix_again(&b, &next, &messages, &count)); /* each on its side */
  assert_int_equal(messages, 2);
  assert_int_equal(stix_look(&b), 2);
  static const char *const sides[] = {"", "\"lane\":\"humanitarian\""}; /* of the owner, who has both */
  for (int i = 0; i < 2; i++) {
    struct pair_answer answer = ask_as(&b, LINK_STIX_LIST, "", sides[i]);
    base_buf_u8(&answer.payload, 0);
    assert_non_null(strstr((const char *)answer.payload.data, ids[i]));
    assert_null(strstr((const char *)answer.payload.data, ids[1 - i]));
    pair_answer_free(&answer);
  }
  add_sides(&b, lina, hana);
  const char *const secrets[] = {lina, hana};
  for (int i = 0; i < 2; i++) {
    static const char *const asked[] = {"", id, "\"type\":\"indicator\""};
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
      struct pair_answer answer = ask_as(&b, LINK_STIX_LIST, secrets[i], asked[k]);
      base_buf_u8(&answer.payload, 0);
      assert_int_equal(answer.status, BASE_OK);
      assert_non_null(strstr((const char *)answer.payload.data, ids[i]));
      assert_null(strstr((const char *)answer.payload.data, ids[1 - i]));
      pair_answer_free(&answer);
    }
    struct pair_answer answer = ask_as(&b, LINK_STIX_COUNT, secrets[i], "");
    base_buf_u8(&answer.payload, 0);
    assert_non_null(strstr((const char *)answer.payload.data, "\"objects\":2,\"parts\":1,"));
    pair_answer_free(&answer);
    snprintf(members, sizeof members, "\"case\":\"%s\"", ids[1 - i]);
    refused_as(&b, LINK_STIX_LIST, secrets[i], members, BASE_NOT_FOUND, "");
    snprintf(members, sizeof members, "\"message\":\"%s\"", ids[1 - i]);
    refused_as(&b, LINK_STIX_LIST, secrets[i], members, BASE_NOT_FOUND, "");
  }
  refused_as(&b, LINK_STIX_LIST, lina, "\"lane\":\"humanitarian\"", BASE_POLICY, "");
  refused_as(&b, LINK_STIX_COUNT, lina, "\"lane\":\"humanitarian\"", BASE_POLICY, "");
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_row_covers_both),
      cmocka_unit_test(test_nothing_names_the_other_side),
      cmocka_unit_test(test_what_arrives_is_refused),
      cmocka_unit_test(test_the_first_person_names_the_owner),
      cmocka_unit_test(test_a_person_is_on_one_side),
      cmocka_unit_test(test_the_other_side_is_not_there),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_statistics),
      cmocka_unit_test(test_the_review_of_an_agreement),
      cmocka_unit_test(test_the_picture),
      cmocka_unit_test(test_stix),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_the_register_hides_it),
      cmocka_unit_test(test_no_consignment_holds_both),
      cmocka_unit_test(test_what_came_before),
      cmocka_unit_test(test_what_has_not_come_yet),
      cmocka_unit_test(test_what_makes_law_joins_nothing),
      cmocka_unit_test(test_a_person_names_what_he_sees),
      cmocka_unit_test(test_a_case_on_the_wrong_side_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
