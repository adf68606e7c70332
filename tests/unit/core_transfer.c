/* SPDX-License-Identifier: Apache-2.0
 * Personal data that leave the area of Directive (EU) 2016/680 (spec/transfer.md): refused without a basis, under a
 * derogation by a person's word, which stands beside the leaf that it is about; and passed on by nobody's leave. */
#include "core/cases.h"
#include "core/transfer.h"

#include "core/people.h"
#include "core_damage.h"

#define ASKED "\"derogation\":{\"code\":\"individual_case\",\"reason\":\"un seul suspect\"}"

static void provide_json(const char *actor, const char *to, const char *purpose, const char *fields, const char *more,
                         char out[900]) {
  snprintf(out, 900,
           "{\"actor\":\"%s\",\"kind\":\"information\",\"to\":[\"%s\"],\"handling\":\"clear\",\"fields\":{\"subject\":\"s\","
           "\"purpose\":\"%s\",\"information\":\"x\",\"language\":\"fr\"%s}%s%s}",
           actor, to, purpose, fields, more[0] != '\0' ? "," : "", more);
}

static void refused(struct pair_node *node, const char *to, const char *purpose, const char *fields, const char *more,
                    enum base_code code, const char *words) {
  char json[900];
  provide_json("amal", to, purpose, fields, more, json);
  struct pair_answer said = pair_ask(node, LINK_CASE_OPEN, json, -1);
  base_buf_u8(&said.payload, 0);
  if (said.status != code || strstr((const char *)said.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(said.status), (const char *)said.payload.data);
  pair_answer_free(&said);
}

static void provide(struct pair_node *node, const char *to, const char *purpose, const char *more, char id[65]) {
  char json[900];
  provide_json("amal", to, purpose, "", more, json);
  pair_id(node, LINK_CASE_OPEN, json, id);
}

/* Row 1 for all purposes, row 2 for drugs with a basis; who of the two is bound. */
static void agree(struct pair_node *a, struct pair_node *b, const char *of_a, const char *of_b, char agreement[65]) {
  char json[1600], accept[65];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
           "\"language\":\"fr\",\"until\":\"2036-01-01T00:00:00Z\",\"articles\":\"a\",\"regimes\":[{\"party\":\"%s\",\"regime\":"
           "\"%s\"},{\"party\":\"%s\",\"regime\":\"%s\"}],\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],"
           "\"purposes\":[\"*\"],\"direction\":\"both\"},{\"id\":\"2\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":"
           "[\"drugs\"],\"direction\":\"both\",\"transfer\":\"instrument\",\"transfer_reference\":\"article 7\","
           "\"assurances\":[\"fair_trial\"]}]}}",
           b->name, a->name, of_a, b->name, of_b);
  pair_id(a, LINK_CASE_OPEN, json, agreement);
  pair_rest(a, b);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}",
           agreement, agreement);
  pair_id(b, LINK_CASE_SEND, json, accept);
  pair_rest(a, b);
}

static void shown(struct pair_node *node, const char *id, const char *words) {
  char json[120];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void test_both_sides(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], id[65], plain[65];
  try_partners(&a, &b);
  agree(&a, &b, "led", "third_country", agreement);
  refused(&a, "paris", "cybercrime", "", "", BASE_LAW, "names no basis");
  provide(&a, "paris", "drugs", "", plain);
  provide(&a, "paris", "cybercrime", ASKED, id);
  pair_rest(&a, &b);
  try_receipted(&a, plain);
  try_receipted(&a, id);
  for (int i = 0; i < 2; i++)
    shown(i == 0 ? &a : &b, plain,
          "\"transfers\":[{\"to\":\"paris\",\"basis\":\"instrument\",\"reference\":\"article 7\",\"assurances\":["
          "\"fair_trial\"],\"by\":\"\",\"reason\":\"\"}]");
  shown(&a, id,
        "\"transfers\":[{\"to\":\"paris\",\"basis\":\"individual_case\",\"reference\":\"\",\"assurances\":[],\"by\":\"amal\","
        "\"reason\":\"un seul suspect\"}]");
  shown(&b, id, "\"basis\":\"individual_case\",\"reference\":\"\",\"assurances\":[],\"by\":\"\",\"reason\":\"\"}]");
  try_expect(&a, WIRE_ACT_DEROGATION, 1, "un seul suspect");
  try_expect(&b, WIRE_ACT_DEROGATION, 0, NULL);
  try_expect(&b, WIRE_ACT_FAULT, 0, NULL);
  provide(&b, "rabat", "cybercrime", "", id); /* from there nothing is asked */
  provide(&a, "paris", "drugs", ASKED, id);   /* a row has a basis: nothing is written of the derogation */
  pair_rest(&a, &b);
  try_expect(&a, WIRE_ACT_DEROGATION, 1, NULL);
  shown(&a, id, "\"basis\":\"instrument\"");
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* Law is asked again: what was sent under a derogation goes under it, however long its way is. */
static void test_at_the_hand_over(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], id[65];
  try_partners(&a, &b);
  agree(&a, &b, "led", "international_organisation", agreement);
  provide(&a, "paris", "cybercrime", ASKED, id);
  try_restart(&a);
  a.now += 86400;
  b.now += 86400;
  pair_rest(&a, &b);
  try_receipted(&a, id);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

static void test_what_is_asked(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], more[CORE_REASON_MAX + 200], reason[CORE_REASON_MAX + 2], json[CORE_REASON_MAX + 900];
  static const struct {
    const char *more;
    enum base_code code;
    const char *words;
  } bad[] = {{"\"derogation\":{\"code\":\"convenience\",\"reason\":\"x\"}", BASE_FIELD, "the code is vital_interests"},
             {"\"derogation\":{\"code\":\"adequacy\",\"reason\":\"x\"}", BASE_FIELD, "the code is vital_interests"},
             {"\"derogation\":{\"code\":\"individual_case\",\"reason\":\" \"}", BASE_FIELD, "say the reason"},
             {"\"derogation\":{\"code\":\"individual_case\"}", BASE_FIELD, "reason"},
             {"\"derogation\":{\"code\":\"individual_case\",\"reason\":\"a\\u202eb\"}", BASE_FIELD, "derogation: reason"},
             {"\"derogation\":{\"code\":\"individual_case\",\"reason\":\"x\",\"who\":\"y\"}", BASE_UNKNOWN_FIELD, "who"},
             {ASKED ",\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"x\"}", BASE_FIELD, "goes with no emergency"}};
  try_partners(&a, &b);
  agree(&a, &b, "led", "third_country", agreement);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    refused(&a, "paris", "cybercrime", "", bad[i].more, bad[i].code, bad[i].words);
  provide_json("", "paris", "cybercrime", "", ASKED, json);
  pair_refused(&a, LINK_CASE_OPEN, json, BASE_POLICY);
  memset(reason, 'x', sizeof reason);
  for (int over = 0; over < 2; over++) { /* the longest, and one octet more */
    snprintf(more, sizeof more, "\"derogation\":{\"code\":\"individual_case\",\"reason\":\"%.*s\"}", CORE_REASON_MAX + over,
             reason);
    snprintf(json, sizeof json,
             "{\"actor\":\"amal\",\"kind\":\"information\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":"
             "\"cybercrime\",\"information\":\"x\",\"language\":\"fr\"},%s}",
             more);
    pair_refused(&a, LINK_CASE_OPEN, json, over ? BASE_FIELD : BASE_OK);
  }
  try_expect(&a, WIRE_ACT_DEROGATION, 1, NULL);
  try_remove(&a, &b);
}

static void test_who_may(void **state) {
  (void)state;
  struct pair_node a, b;
  try_partners(&a, &b);
  struct core_asker *asker = &a.core->people->asker;
  for (unsigned role = 0; role < LINK_PERSON_ROLES; role++) {
    struct wire_json *request = NULL;
    struct core_derogation asked;
    struct base_error err = {0};
    assert_int_equal(wire_json_parse(base_view_text("{" ASKED "}"), 4096, "request", &request, NULL), BASE_OK);
    *asker = (struct core_asker){.name = "amal", .roles = 1U << role};
    bool may = role == LINK_PERSON_LIAISON || role == LINK_PERSON_SUPERVISOR || role == LINK_PERSON_OPERATIONS;
    assert_int_equal(core_derogation_read(a.core, request, &asked, &err), may ? BASE_OK : BASE_POLICY);
    assert_int_equal(asked.code.size > 0, may);
    wire_json_free(request);
  }
  core_people_leave(a.core);
  try_remove(&a, &b);
}

static uint64_t leaf_of(struct pair_node *node, enum wire_act act) {
  for (uint64_t i = 0; i < node->core->reg.size; i++) {
    struct base_arena arena = {0};
    struct store_leaf row;
    struct wire_leaf leaf;
    base_arena_init(&arena, 1 << 20);
    assert_int_equal(store_leaf_get(node->core->store, i, &arena, &row, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(row.entry, &leaf, NULL), BASE_OK);
    base_arena_free(&arena);
    if (leaf.act == act)
      return i;
  }
  fail_msg("no %s leaf", wire_act_name(act));
  return 0;
}

/* A word without its message, a message without its word. */
static void test_checked(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], id[65], clause[120];
  struct base_error err = {0};
  try_partners(&a, &b);
  agree(&a, &b, "led", "third_country", agreement);
  provide(&a, "paris", "cybercrime", ASKED, id);
  pair_rest(&a, &b);
  uint64_t at = leaf_of(&a, WIRE_ACT_DEROGATION);
  struct wire_opening word = {.has_message = true, .message = try_id(id), .subject = BASE_VIEW("individual_case")};
  assert_int_equal(core_derogation_fits(a.core, at, WIRE_ACT_DEROGATION, &word, &err), BASE_OK);
  assert_int_equal(core_derogation_fits(a.core, at + 1, WIRE_ACT_DEROGATION, &word, &err), BASE_CONFLICT);
  assert_int_equal(core_derogation_fits(a.core, 0, WIRE_ACT_DEROGATION, &word, &err), BASE_CONFLICT);
  word.subject = BASE_VIEW("legal_claims");
  assert_int_equal(core_derogation_fits(a.core, at, WIRE_ACT_DEROGATION, &word, &err), BASE_CONFLICT);
  word.subject = BASE_VIEW("individual_case");
  word.message.bytes[0] ^= 1;
  assert_int_equal(core_derogation_fits(a.core, at, WIRE_ACT_DEROGATION, &word, &err), BASE_CONFLICT);
  snprintf(clause, sizeof clause, "%s/1 transfer individual_case", agreement);
  struct wire_opening sent = {.has_message = true, .message = try_id(id), .clause = base_view_text(clause)};
  assert_int_equal(core_derogation_fits(a.core, at - 1, WIRE_ACT_SENT, &sent, &err), BASE_OK);
  assert_int_equal(core_derogation_fits(a.core, at, WIRE_ACT_SENT, &sent, &err), BASE_CONFLICT);
  assert_int_equal(core_derogation_fits(a.core, a.core->reg.size - 1, WIRE_ACT_SENT, &sent, &err), BASE_CONFLICT);
  snprintf(clause, sizeof clause, "%s/1 transfer instrument", agreement);
  sent.clause = base_view_text(clause);
  assert_int_equal(core_derogation_fits(a.core, at, WIRE_ACT_SENT, &sent, &err), BASE_OK);
  try_remove(&a, &b);
}

/* Article 35(1)(c) and (e): neither what a Member State gave leaves, nor does what left go further, without its consent. */
static void test_passed_on(void **state) {
  (void)state;
  enum { NODES = 3 };
  static const char *const names[NODES] = {"madrid", "paris", "rabat"};
  struct pair_node nodes[NODES];
  char agreement[65], id[65], field[100];
  memset(nodes, 0, sizeof nodes);
  for (size_t i = 0; i < NODES; i++)
    pair_make(&nodes[i], names[i]);
  for (size_t i = 0; i < NODES; i++)
    for (size_t k = 0; k < NODES; k++)
      if (i != k)
        pair_partner(&nodes[i], &nodes[k]);
  agree(&nodes[0], &nodes[1], "led", "led", agreement);
  agree(&nodes[1], &nodes[2], "led", "third_country", agreement);
  agree(&nodes[0], &nodes[2], "led", "third_country", agreement);
  provide(&nodes[0], "paris", "drugs", "", id);
  pair_rest(&nodes[0], &nodes[1]);
  snprintf(field, sizeof field, ",\"passed_on\":\"%s\"", id);
  refused(&nodes[1], "rabat", "drugs", field, "", BASE_LAW, "needs the consent of madrid");
  provide(&nodes[1], "rabat", "drugs", "", id);
  pair_rest(&nodes[1], &nodes[2]);
  snprintf(field, sizeof field, ",\"passed_on\":\"%s\"", id);
  refused(&nodes[2], "madrid", "drugs", field, "", BASE_LAW, "needs the consent of paris");
  provide(&nodes[2], "paris", "drugs", "", id); /* it left nothing: who passes it on within asks nobody */
  pair_rest(&nodes[1], &nodes[2]);
  snprintf(field, sizeof field, ",\"passed_on\":\"%s\"", id);
  refused(&nodes[1], "madrid", "drugs", field, "", BASE_OK, "\"id\":");
  for (size_t i = 0; i < NODES; i++) {
    try_sound(&nodes[i]);
    pair_remove(&nodes[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_both_sides), cmocka_unit_test(test_at_the_hand_over), cmocka_unit_test(test_what_is_asked),
      cmocka_unit_test(test_who_may),    cmocka_unit_test(test_checked),          cmocka_unit_test(test_passed_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
