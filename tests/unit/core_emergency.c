/* SPDX-License-Identifier: Apache-2.0
 * Emergency transfers (spec/emergency.md): in place of a missing row and of nothing else, by whom, told to whom, asked
 * again at the hand-over, followed up by what is so. */
#include "core/cases.h"
#include "core/emergency.h"
#include "core/kinds.h"

#include "core/people.h"
#include "core_damage.h"

enum { HOUR = 3600, FOLLOW_UP = 72 * HOUR };
#define ASKED "\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"une personne en danger\"}"

static void provide_json(const char *actor, const char *to, const char *fields, const char *more, char out[900]) {
  snprintf(out, 900,
           "{\"actor\":\"%s\",\"kind\":\"information\",\"to\":[%s],\"fields\":{\"subject\":\"s\",\"purpose\":\"drugs\","
           "\"information\":\"x\",\"language\":\"fr\"%s}%s%s}",
           actor, to, fields, more[0] != '\0' ? "," : "", more);
}

/* Gives the case that tells of it; "" when a row covers it. */
static void provide(struct pair_node *from, const char *to, char id[65], char notice[65], char told[40]) {
  char json[900];
  struct wire_json *answer = NULL;
  provide_json("amal (session 37)", to, "", ASKED, json); /* as leaves name who came with a session */
  struct pair_answer said = pair_ask(from, LINK_CASE_OPEN, json, -1);
  if (said.status != BASE_OK)
    fail_msg("%.*s", (int)said.payload.size, (const char *)said.payload.data);
  assert_int_equal(wire_json_parse(base_buf_view(&said.payload), 4096, "answer", &answer, NULL), BASE_OK);
  const struct wire_json *emergency = wire_json_get(answer, "emergency"), *names = wire_json_get(emergency, "to");
  struct base_view text = wire_json_text(wire_json_get(answer, "id")),
                   kase = wire_json_text(wire_json_get(emergency, "case"));
  snprintf(id, 65, "%.*s", (int)text.size, (const char *)text.data);
  snprintf(notice, 65, "%.*s", (int)kase.size, (const char *)kase.data);
  told[0] = '\0';
  for (size_t i = 0; i < wire_json_size(names); i++) {
    struct base_view name = wire_json_text(wire_json_at(names, i));
    snprintf(told + strlen(told), 40 - strlen(told), "%.*s ", (int)name.size, (const char *)name.data);
  }
  wire_json_free(answer);
  pair_answer_free(&said);
}

static void refused(struct pair_node *node, const char *actor, const char *to, const char *fields, const char *more,
                    enum base_code code, const char *words) {
  char json[900];
  uint64_t size = node->core->reg.size;
  unsigned denials = try_count(node, WIRE_ACT_DENIED);
  provide_json(actor, to, fields, more, json);
  struct pair_answer said = pair_ask(node, LINK_CASE_OPEN, json, -1);
  base_buf_u8(&said.payload, 0);
  if (said.status != code || strstr((const char *)said.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(said.status), (const char *)said.payload.data);
  pair_answer_free(&said);
  assert_int_equal(node->core->reg.size - size, try_count(node, WIRE_ACT_DENIED) - denials); /* and nothing else */
}

static void follow_up(struct pair_node *node, const char *notice, const char *fields, enum base_code code,
                      const char *words) {
  struct base_buf json = {0};
  try_send_json(notice, "follow_up", fields, NULL, &json);
  struct pair_answer said = pair_ask(node, LINK_CASE_SEND, (const char *)json.data, -1);
  base_buf_u8(&said.payload, 0);
  if (said.status != code || strstr((const char *)said.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(said.status), (const char *)said.payload.data);
  pair_answer_free(&said);
  base_buf_free(&json);
}

/* What message.show says, between the member's name and the next. */
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
  char id[65], notice[65], told[40], ordinary[65], none[65];
  try_partners(&a, &b);
  refused(&a, "amal", "\"paris\"", "", "", BASE_LAW, "no row");
  provide(&a, "\"paris\"", id, notice, told);
  assert_string_equal(told, "paris ");
  pair_rest(&a, &b);
  try_receipted(&a, id);
  try_receipted(&a, notice);
  try_expect(&a, WIRE_ACT_EMERGENCY, 1, NULL);
  try_expect(&b, WIRE_ACT_EMERGENCY, 1, NULL);
  try_expect(&b, WIRE_ACT_FAULT, 0, NULL);
  try_state(&b, notice, "open");
  char words[160];
  snprintf(words, sizeof words, "\"emergency\":{\"ground\":\"vital_interests\",\"case\":\"%s\",\"state\":\"open\"}",
           notice);
  shown(&a, id, words);
  shown(&b, id, words);
  shown(&b, notice, "\"emergency\":null");
  shown(&b, notice, "\"officer\":\"amal\""); /* the number of a session is this node's own */
  pair_agree(&a, &b, ordinary);
  provide(&a, "\"paris\"", id, none, told);
  assert_string_equal(none, "");
  pair_rest(&a, &b);
  shown(&b, id, "\"emergency\":null");
  try_expect(&b, WIRE_ACT_EMERGENCY, 1, NULL);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

static void test_in_place_of_a_row_alone(void **state) {
  (void)state;
  struct pair_node a, b;
  char long_reason[CORE_EMERGENCY_TEXT_MAX + 2], json[CORE_EMERGENCY_TEXT_MAX + 800];
  try_partners(&a, &b);
  refused(&a, "amal", "\"paris\"", "", "\"emergency\":{\"ground\":\"convenience\",\"reason\":\"x\"}", BASE_FIELD,
          "vital_interests");
  refused(&a, "amal", "\"paris\"", "", "\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\" \"}", BASE_FIELD,
          "say the reason");
  refused(&a, "amal", "\"paris\"", "", "\"emergency\":{\"ground\":\"vital_interests\"}", BASE_FIELD, "reason");
  refused(&a, "amal", "\"paris\"", "", "\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"a\\u202eb\"}",
          BASE_FIELD, "emergency: reason");
  refused(&a, "amal", "\"paris\"", "", "\"emergency\":{\"ground\":\"vital_interests\",\"reason\":\"x\",\"who\":\"y\"}",
          BASE_UNKNOWN_FIELD, "who");
  refused(&a, "", "\"paris\"", "", ASKED, BASE_POLICY, "a named person");
  refused(&a, "amal", "\"lisbon\"", "", ASKED, BASE_UNKNOWN_NODE, "lisbon");
  memset(long_reason, 'x', sizeof long_reason - 1);
  for (size_t i = 0; i < 2; i++) { /* the longest, and one octet more */
    long_reason[sizeof long_reason - 1 - (i == 0)] = '\0';
    snprintf(
        json, sizeof json,
        "{\"actor\":\"amal\",\"kind\":\"information\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":"
        "\"drugs\",\"information\":\"x\",\"language\":\"fr\"},\"emergency\":{\"ground\":\"vital_interests\",\"reason\":"
        "\"%s\"}}",
        long_reason);
    pair_refused(&a, LINK_CASE_OPEN, json, i == 0 ? BASE_OK : BASE_FIELD);
    long_reason[sizeof long_reason - 2] = 'x';
  }
  try_suspend(&a, &b, "suspended");
  refused(&a, "amal", "\"paris\"", "", ASKED, BASE_SUSPENDED, "suspended");
  try_suspend(&a, &b, "active");
  pair_rest(&a, &b);
  pair_refused(&a, LINK_CASE_OPEN,
               "{\"actor\":\"amal\",\"kind\":\"emergency\",\"to\":[\"paris\"],\"fields\":{\"message\":\""
               "0000000000000000000000000000000000000000000000000000000000000000"
               "\",\"ground\":\"vital_interests\",\"officer\":\"x\",\"reason\":\"y\"}}",
               BASE_POLICY);
  try_remove(&a, &b);
}

/* An integrator's program may send, and not this. */
static void test_who_may(void **state) {
  (void)state;
  struct pair_node a, b;
  try_partners(&a, &b);
  struct core_asker *asker = &a.core->people->asker;
  char json[900];
  for (unsigned role = 0; role < LINK_PERSON_ROLES; role++) {
    struct wire_json *request = NULL;
    struct core_emergency asked;
    struct base_error err = {0};
    provide_json("amal", "\"paris\"", "", ASKED, json);
    assert_int_equal(wire_json_parse(base_view_text(json), 4096, "request", &request, NULL), BASE_OK);
    *asker = (struct core_asker){.name = "amal", .roles = 1U << role};
    bool may = role == LINK_PERSON_LIAISON || role == LINK_PERSON_SUPERVISOR || role == LINK_PERSON_OPERATIONS;
    assert_int_equal(core_emergency_read(a.core, request, &asked, &err), may ? BASE_OK : BASE_POLICY);
    assert_int_equal(asked.ground.size > 0, may);
    wire_json_free(request);
  }
  core_people_leave(a.core);
  try_remove(&a, &b);
}

static void rest_of(struct pair_node *nodes, size_t count) {
  struct pair_node *all[4];
  unsigned quiet = 0;
  for (size_t i = 0; i < count; i++)
    all[i] = &nodes[i];
  while (quiet < 6) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
      nodes[i].ms += 100;
      any = pair_deliver(&nodes[i], all, count) || any;
    }
    quiet = any ? 0 : quiet + 1;
  }
}

/* Of several receivers it is one for those alone whom no row covers; and what somebody else gave needs his consent. */
static void test_of_several(void **state) {
  (void)state;
  enum { NODES = 4 };
  static const char *const names[NODES] = {"rabat", "paris", "madrid", "lisbon"};
  struct pair_node nodes[NODES];
  char agreement[65], accept[65], id[65], notice[65], told[40], json[300];
  memset(nodes, 0, sizeof nodes);
  for (size_t i = 0; i < NODES; i++)
    pair_make(&nodes[i], names[i]);
  for (size_t i = 0; i < NODES; i++)
    for (size_t k = 0; k < NODES; k++)
      if (i != k)
        pair_partner(&nodes[i], &nodes[k]);
  pair_propose(&nodes[0], &nodes[1], agreement);
  rest_of(nodes, NODES);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"accept\",\"fields\":{\"terms\":\"%s\"}}",
           agreement, agreement);
  pair_id(&nodes[1], LINK_CASE_SEND, json, accept);
  rest_of(nodes, NODES);
  provide(&nodes[0], "\"paris\",\"madrid\"", id, notice, told);
  assert_string_equal(told, "madrid ");
  rest_of(nodes, NODES);
  try_expect(&nodes[0], WIRE_ACT_EMERGENCY, 1, NULL);
  try_expect(&nodes[1], WIRE_ACT_EMERGENCY, 0, NULL);
  try_expect(&nodes[2], WIRE_ACT_EMERGENCY, 1, NULL);
  shown(&nodes[1], id, "\"emergency\":null");
  shown(&nodes[2], id, "\"ground\":\"vital_interests\"");
  snprintf(json, sizeof json, ",\"passed_on\":\"%s\"", id);
  refused(&nodes[2], "amal", "\"lisbon\"", json, ASKED, BASE_LAW, "needs the consent of rabat");
  for (size_t i = 0; i < NODES; i++) {
    try_sound(&nodes[i]);
    pair_remove(&nodes[i]);
  }
}

/* Within a case; and what waits goes still when it can, whatever became of the law it never had. */
static void test_at_the_hand_over(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], end[65], answer[65], json[400];
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  try_send(&a, agreement, "end", "{\"reason\":\"fin\"}", end);
  pair_rest(&a, &b);
  snprintf(json, sizeof json,
           "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"answer\",\"fields\":{\"answer\":\"oui\"}," ASKED "}", request);
  pair_id(&b, LINK_CASE_SEND, json, answer);
  try_restart(&b);
  b.now += 10 * 24 * HOUR;
  a.now += 10 * 24 * HOUR;
  pair_rest(&a, &b);
  try_receipted(&b, answer);
  try_expect(&a, WIRE_ACT_FAULT, 0, NULL);
  try_expect(&a, WIRE_ACT_EMERGENCY, 1, NULL);
  try_expect(&b, WIRE_ACT_EMERGENCY, 1, NULL);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* The node answers the recall of this measure that it was asked. */
static void answered(struct pair_node *node, const char *measure, const char *outcome) {
  struct pair_answer said = pair_ask(node, LINK_RECALL_LIST, "{\"actor\":\"test\"}", -1);
  struct wire_json *list = NULL;
  char json[300];
  bool found = false;
  assert_int_equal(wire_json_parse(base_buf_view(&said.payload), 1 << 20, "list", &list, NULL), BASE_OK);
  for (size_t i = 0; i < wire_json_size(list); i++) {
    const struct wire_json *row = wire_json_at(list, i);
    struct base_view id = wire_json_text(wire_json_get(row, "id"));
    if (!base_view_is(wire_json_text(wire_json_get(row, "measure")), measure))
      continue;
    snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%.*s\",\"outcome\":\"%s\"}", (int)id.size,
             (const char *)id.data, outcome);
    found = true;
  }
  assert_true(found);
  pair_id(node, LINK_RECALL_ANSWER, json, (char[65]){0});
  wire_json_free(list);
  pair_answer_free(&said);
}

static void recalled(struct pair_node *a, struct pair_node *b, const char *id, const char *measure, const char *outcome) {
  char json[300];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"measure\":\"%s\",\"ground\":\"inaccurate\"}", id,
           measure);
  pair_id(a, LINK_RECALL_OPEN, json, (char[65]){0});
  pair_rest(a, b);
  answered(b, measure, outcome);
  pair_rest(a, b);
}

static void says(struct pair_node *node, enum link_request_code code, const char *id, const char *more,
                 enum base_code want, const char *words) {
  char json[300];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\"%s}", id, more);
  struct pair_answer said = pair_ask(node, code, json, -1);
  base_buf_u8(&said.payload, 0);
  if (said.status != want || strstr((const char *)said.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(said.status), (const char *)said.payload.data);
  pair_answer_free(&said);
}

static uint64_t arrived(struct pair_node *node, const char *id) {
  struct store_message row;
  struct base_id message = try_id(id);
  struct base_arena arena;
  base_arena_init(&arena, 1 << 20);
  enum base_code code = store_message_header(node->core->store, &message, &arena, &row, NULL);
  base_arena_free(&arena);
  return code == BASE_OK;
}

/* The notice is not ended, recalled or erased alone; its message takes it along. */
static void test_the_notice_stays(void **state) {
  (void)state;
  static const char end[] = ",\"reason\":\"fin\"", recall[] = ",\"measure\":\"erase\",\"ground\":\"inaccurate\"";
  struct pair_node a, b;
  char id[65], notice[65], told[40], agreement[65];
  try_partners(&a, &b);
  try_no_gate(&a);
  provide(&a, "\"paris\"", id, notice, told);
  says(&a, LINK_OUTBOX_END, notice, end, BASE_POLICY, "is not ended alone");
  says(&a, LINK_RECALL_OPEN, notice, recall, BASE_POLICY, "not followed up yet, and is not recalled");
  says(&a, LINK_OUTBOX_END, id, end, BASE_OK, "\"ended\":1");
  try_outbox_says(&a, id, "ended", "fin");
  try_outbox_says(&a, notice, "ended", "fin");
  pair_rest(&a, &b);
  assert_false(arrived(&b, id) || arrived(&b, notice));
  says(&a, LINK_MESSAGE_ERASE, notice, end, BASE_OK, "leaf"); /* nobody ever had it */
  try_no_gate(&a);
  provide(&a, "\"paris\"", id, notice, told);
  says(&a, LINK_RECALL_OPEN, id, recall, BASE_OK, "\"ended\":1");
  try_outbox_says(&a, notice, "ended", "recalled");
  provide(&a, "\"paris\"", id, notice, told);
  pair_rest(&a, &b);
  says(&a, LINK_MESSAGE_ERASE, notice, end, BASE_POLICY, "not followed up yet, and is not erased");
  says(&b, LINK_MESSAGE_ERASE, notice, end, BASE_POLICY, "not followed up yet, and is not erased");
  pair_agree(&a, &b, agreement);
  follow_up(&a, notice, "{\"basis\":\"row_in_force\"}", BASE_OK, "id");
  pair_rest(&a, &b);
  says(&a, LINK_MESSAGE_ERASE, notice, end, BASE_OK, "leaf");
  says(&b, LINK_MESSAGE_ERASE, notice, end, BASE_OK, "leaf");
  pair_rest(&a, &b);
  try_sound(&a);
  try_sound(&b);
  try_remove(&a, &b);
}

/* Its content goes when the receipt of its notice is here, and not at all when none will come. */
static void test_the_notice_first(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], notice[65], told[40];
  struct base_error err = {0};
  try_partners(&a, &b);
  provide(&a, "\"paris\"", id, notice, told);
  assert_true(try_answer_lost(&a, &b)); /* he has the notice, and this node does not know it */
  assert_true(arrived(&b, notice));
  assert_false(arrived(&b, id));
  pair_rest(&a, &b);
  assert_true(arrived(&b, id));
  try_receipted(&a, id);
  try_no_gate(&a);
  provide(&a, "\"paris\"", id, notice, told);
  struct base_arena arena;
  struct store_delivery row;
  struct base_id named = try_id(notice);
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(store_delivery_get(a.core->store, &named, try_partner(&a)->row.number, &arena, &row, &err), BASE_OK);
  assert_int_equal(core_delivery_void(a.core, try_partner(&a), &row, STORE_REFUSED, BASE_VIEW("number: x"), &err),
                   BASE_OK);
  base_arena_free(&arena);
  pair_rest(&a, &b);
  assert_int_equal(pair_outbox(&a, id, NULL), STORE_REFUSED);
  try_outbox_says(&a, id, "refused", "the notice that tells the partner of the emergency was refused or ended");
  assert_false(arrived(&b, id) || arrived(&b, notice));
  try_sound(&a);
  try_sound(&b);
  try_remove(&a, &b);
}

static void test_followed_up(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], notice[65], told[40], agreement[65], json[200];
  try_partners(&a, &b);
  provide(&a, "\"paris\"", id, notice, told);
  pair_rest(&a, &b);
  follow_up(&b, notice, "{\"basis\":\"authority_informed\",\"authority\":\"x\"}", BASE_TRANSITION, "only");
  follow_up(&a, notice, "{\"basis\":\"authority_informed\"}", BASE_FIELD, "say which authority");
  follow_up(&a, notice, "{\"basis\":\"recalled\",\"authority\":\"x\"}", BASE_FIELD, "goes with");
  follow_up(&a, notice, "{\"basis\":\"recalled\"}", BASE_POLICY, "recalled is not so");
  follow_up(&a, notice, "{\"basis\":\"row_in_force\"}", BASE_LAW, "row_in_force is not so: no row");
  struct base_id kase = try_id(notice);
  struct core_case *known = NULL;
  assert_int_equal(core_case_load(a.core, &kase, &known, NULL), BASE_OK);
  assert_true(known->row.due >= a.now + FOLLOW_UP - HOUR && known->row.due <= a.now + FOLLOW_UP);
  a.now += FOLLOW_UP + 1;
  b.now += FOLLOW_UP + 1;
  pair_settle(&a);
  pair_settle(&b);
  try_expect(&a, WIRE_ACT_DEADLINE, 1, "overdue");
  try_expect(&b, WIRE_ACT_DEADLINE, 1, "overdue");
  pair_agree(&a, &b, agreement);
  follow_up(&a, notice, "{\"basis\":\"row_in_force\"}", BASE_OK, "id");
  pair_rest(&a, &b);
  try_state(&b, notice, "followed_up");
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"measure\":\"erase\",\"ground\":\"inaccurate\"}", id);
  follow_up(&a, notice, "{\"basis\":\"recalled\"}", BASE_POLICY, "recalled is not so: paris has not answered");
  recalled(&a, &b, id, "restrict", "restricted");
  follow_up(&a, notice, "{\"basis\":\"recalled\"}", BASE_POLICY, "recalled is not so: paris has not answered");
  pair_id(&a, LINK_RECALL_OPEN, json, (char[65]){0});
  pair_rest(&a, &b);
  follow_up(&a, notice, "{\"basis\":\"recalled\"}", BASE_POLICY, "recalled is not so: paris has not answered");
  answered(&b, "erase", "erased");
  pair_rest(&a, &b);
  follow_up(&a, notice, "{\"basis\":\"recalled\"}", BASE_OK, "id");
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"fin\"}", id);
  pair_id(&a, LINK_MESSAGE_ERASE, json, (char[65]){0});
  follow_up(&a, notice, "{\"basis\":\"row_in_force\"}", BASE_POLICY, "is erased");
  pair_rest(&a, &b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* A leaf that says more than what was sent is found out. */
static void test_checked(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], notice[65], told[40];
  try_partners(&a, &b);
  provide(&a, "\"paris\"", id, notice, told);
  pair_rest(&a, &b);
  struct base_error err = {0};
  struct wire_opening leaf = {.has_message = true,
                              .message = try_id(id),
                              .from = a.core->card.origin,
                              .to = b.core->card.origin,
                              .subject = BASE_VIEW("vital_interests")};
  assert_int_equal(core_emergency_fits(a.core, &leaf, &err), BASE_OK);
  assert_int_equal(core_emergency_fits(b.core, &leaf, &err), BASE_OK);
  leaf.subject = BASE_VIEW("immediate_threat");
  assert_int_equal(core_emergency_fits(a.core, &leaf, &err), BASE_CONFLICT);
  assert_int_equal(core_emergency_fits(b.core, &leaf, &err), BASE_CONFLICT);
  leaf.subject = BASE_VIEW("vital_interests");
  leaf.message = try_id(notice);
  assert_int_equal(core_emergency_fits(a.core, &leaf, &err), BASE_CONFLICT);
  leaf.to = BASE_VIEW("wasl/lisbon/0123456789abcdef");
  assert_int_equal(core_emergency_fits(a.core, &leaf, &err), BASE_CONFLICT);
  try_remove(&a, &b);
}

static struct pair_answer propose(struct pair_node *from) {
  struct pair_answer example = pair_ask(from, LINK_KIND_EXAMPLE, "{\"actor\":\"amal\",\"kind\":\"operation\"}", -1);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"amal\",\"kind\":\"operation\",\"to\":[\"paris\"],\"fields\":%.*s," ASKED "}%c",
                  (int)example.payload.size, (const char *)example.payload.data, 0);
  pair_answer_free(&example);
  struct pair_answer said = pair_ask(from, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_free(&json);
  return said;
}

/* What is under way for a while is never without a row: refused here, and on record where a partner does it. */
static void test_what_lasts(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], why[300] = "";
  pair_kinds_apart = true;
  try_partners(&a, &b);
  pair_kinds_apart = false;
  struct pair_answer said = propose(&a);
  base_buf_u8(&said.payload, 0);
  assert_int_equal(said.status, BASE_LAW);
  assert_non_null(strstr((const char *)said.payload.data, "an emergency is no legal basis for that"));
  pair_answer_free(&said);
  struct core_kind *kind = (struct core_kind *)core_kind_named(a.core, BASE_VIEW("operation"));
  struct wire_kind_period period = kind->kind.period;
  kind->kind.period = (struct wire_kind_period){0}; /* he does it all the same */
  said = propose(&a);
  assert_int_equal(said.status, BASE_OK);
  pair_text(&said, "id", id, sizeof id);
  pair_answer_free(&said);
  pair_rest(&a, &b);
  kind->kind.period = period;
  try_receipted(&a, id);
  assert_int_equal(try_count(&b, WIRE_ACT_EMERGENCY), 1);
  assert_int_equal(try_leaves(&b, WIRE_ACT_FAULT, why, sizeof why), 1);
  assert_non_null(strstr(why, "no row"));
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_both_sides),       cmocka_unit_test(test_in_place_of_a_row_alone),
      cmocka_unit_test(test_who_may),          cmocka_unit_test(test_of_several),
      cmocka_unit_test(test_at_the_hand_over), cmocka_unit_test(test_followed_up),
      cmocka_unit_test(test_checked),          cmocka_unit_test(test_the_notice_stays),
      cmocka_unit_test(test_the_notice_first),  cmocka_unit_test(test_what_lasts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
