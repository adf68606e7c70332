/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

static const char *const shipped_names[] = {"agreement", "consent", "emergency", "erasure", "information", "recall", "request"};

/* A small kind that is right; each test of a guard breaks one place of it. */
static const char RIGHT[] =
    "{\"wasl\":\"kind/1\",\"name\":\"talk\",\"version\":1,\"needs_row\":true,\"purpose_field\":\"why\","
    "\"lists\":{\"ground\":[\"peace\",\"trade\"]},"
    "\"types\":[{\"name\":\"ask\",\"fields\":["
    "{\"name\":\"why\",\"type\":\"code\",\"list\":\"ground\",\"required\":true,\"state\":true,\"example\":\"peace\"},"
    "{\"name\":\"day\",\"type\":\"date\",\"example\":{\"days\":3}},"
    "{\"name\":\"text\",\"type\":\"text\",\"most\":10}]},"
    "{\"name\":\"nod\",\"fields\":[{\"name\":\"to\",\"type\":\"message\",\"required\":true,\"state\":true}]}],"
    "\"states\":[\"asked\",\"done\"],\"opening\":\"ask\","
    "\"transitions\":[{\"on\":\"ask\",\"to\":\"asked\"},"
    "{\"on\":\"nod\",\"from\":[\"asked\"],\"to\":\"done\",\"who\":\"others\",\"all\":true,\"names\":\"to\"}],"
    "\"clocks\":[{\"name\":\"nod\",\"starts\":\"ask\",\"field\":\"why\",\"lengths\":{\"peace\":60,\"trade\":120},"
    "\"stops\":[\"nod\"]}]}";

#define ALL_NAMES "\"all\":true,\"names\":\"to\""

static enum base_code parse(const char *text, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  return wire_kind_parse(base_view_text(text), &hash, &arena, &kind, err);
}

struct change {
  const char *old, *new;
};

static enum base_code parse_changed(const struct change *changes, size_t count, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_text(&text, RIGHT);
  for (size_t i = 0; i < count; i++) {
    BASE_AUTO_BUF struct base_buf before = text;
    text = (struct base_buf){0};
    base_buf_u8(&before, 0);
    const char *from = (const char *)before.data, *at = strstr(from, changes[i].old);
    assert_non_null(at);
    base_buf_add(&text, from, (size_t)(at - from));
    base_buf_text(&text, changes[i].new);
    base_buf_text(&text, at + strlen(changes[i].old));
  }
  base_buf_u8(&text, 0);
  assert_int_equal(base_buf_check(&text, "text", NULL), BASE_OK);
  return parse((const char *)text.data, err);
}

static enum base_code parse_with(const char *old, const char *new, struct base_error *err) {
  return parse_changed(&(struct change){old, new}, 1, err);
}

static void reads_a_kind(void **state) {
  (void)state;
  struct base_error err;
  assert_int_equal(parse(RIGHT, &err), BASE_OK);
  for (size_t i = 0; i < sizeof shipped_names / sizeof *shipped_names; i++) {
    struct shipped shipped;
    shipped_load(&shipped, shipped_names[i]);
    assert_true(base_view_is(shipped.kind.name, shipped_names[i]));
    assert_int_equal(shipped.kind.hash.bytes[31], 0x11);
    base_arena_free(&shipped.arena);
  }
}

static void request_is_as_the_directive_wants(void **state) {
  (void)state;
  struct shipped request;
  shipped_load(&request, "request");
  const struct wire_kind *kind = &request.kind;
  assert_true(kind->needs_row);
  assert_int_equal(kind->lane, WIRE_LANE_ENFORCEMENT); /* where none is said */
  assert_true(base_view_is(kind->purpose_field, "purpose"));
  assert_int_equal(kind->clock_count, 1);
  const struct wire_kind_clock *clock = &kind->clocks[0];
  assert_int_equal(clock->length_count, 3);
  assert_true(base_view_is(clock->lengths[0].code, "urgent_direct"));
  assert_int_equal(clock->lengths[0].seconds, 8 * 3600);
  assert_int_equal(clock->lengths[1].seconds, 3 * 86400);
  assert_int_equal(clock->lengths[2].seconds, 7 * 86400);
  assert_int_equal(wire_kind_state_named(kind, BASE_VIEW("asked")), 0);
  assert_int_equal(wire_kind_state_named(kind, BASE_VIEW("nowhere")), kind->state_count);
  const struct wire_kind_field *question = wire_kind_field_named(shipped_type(&request, "ask"), BASE_VIEW("question"));
  assert_int_equal(question->most, 32768);
  assert_int_equal(question->personal, WIRE_PERSONAL_ORDINARY);
  assert_null(wire_kind_field_named(shipped_type(&request, "ask"), BASE_VIEW("colour")));
  base_arena_free(&request.arena);
}

/* With one party asked the case is in its state; with several nobody's answer stands for another's. */
static void request_parties_together(void **state) {
  (void)state;
  static const struct {
    const char *parties[3], *want;
  } cases[] = {
      {{"asked"}, "asked"},
      {{"clarifying"}, "clarifying"},
      {{"partially_answered"}, "partially_answered"},
      {{"answered"}, "answered"},
      {{"refused"}, "refused"},
      {{"answered", "asked"}, "partially_answered"},
      {{"refused", "asked"}, "asked"},
      {{"answered", "clarifying"}, "clarifying"},
      {{"answered", "refused"}, "answered"},
      {{"refused", "refused"}, "refused"},
      {{"answered", "answered", "partially_answered"}, "partially_answered"},
      {{"answered", "answered", "refused"}, "answered"},
  };
  struct shipped request;
  shipped_load(&request, "request");
  const struct wire_kind *kind = &request.kind;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t states[3];
    size_t count = 0;
    while (count < 3 && cases[i].parties[count] != NULL) {
      states[count] = (uint8_t)wire_kind_state_named(kind, base_view_text(cases[i].parties[count]));
      count++;
    }
    size_t made = wire_kind_together(kind, states, count);
    if (!base_view_is(kind->states[made], cases[i].want))
      fail_msg("%zu: %s", i, (const char *)kind->states[made].data);
  }
  base_arena_free(&request.arena);
}

static void agreement_needs_all_and_no_row(void **state) {
  (void)state;
  struct shipped agreement;
  shipped_load(&agreement, "agreement");
  assert_false(agreement.kind.needs_row);
  assert_int_equal(agreement.kind.lane, WIRE_LANE_NONE);
  assert_true(wire_lanes_apart(WIRE_LANE_CIVIL, WIRE_LANE_HUMANITARIAN));
  assert_false(wire_lanes_apart(WIRE_LANE_CIVIL, WIRE_LANE_ENFORCEMENT));
  assert_false(wire_lanes_apart(WIRE_LANE_NONE, WIRE_LANE_HUMANITARIAN));
  const struct wire_kind_type *accept = shipped_type(&agreement, "accept");
  for (size_t i = 0; i < agreement.kind.transition_count; i++) {
    const struct wire_kind_transition *transition = &agreement.kind.transitions[i];
    assert_int_equal(transition->all, transition->on == accept);
    assert_int_equal(base_view_is(transition->names, "terms"), transition->on == accept);
  }
  base_arena_free(&agreement.arena);
}

/* What a cross-check looks for: written back as it was read, of no lane but two, and no more of it than a message may have. */
static void has_what_is_looked_for(void **state) {
  (void)state;
  struct base_error err = {0};
  static const char table[] = "\"type\":\"table\",\"most\":%d,\"columns\":[{\"name\":\"a\",\"type\":\"line\",\"most\":9,\"match\":\"name\"},"
                              "{\"name\":\"b\",\"type\":\"date\",\"match\":\"born\"},{\"name\":\"c\",\"type\":\"line\",\"most\":9,\"match\":\"mail\"},"
                              "{\"name\":\"d\",\"type\":\"line\",\"most\":9,\"match\":\"phone\"}%s]";
  char text[600];
  snprintf(text, sizeof text, table, WIRE_KIND_ROWS_MAX, "");
  const struct change most = {"\"type\":\"text\",\"most\":10", text};
  assert_int_equal(4 * WIRE_KIND_ROWS_MAX, WIRE_KIND_MATCHES_MAX);
  if (parse_changed(&most, 1, &err) != BASE_OK)
    fail_msg("%s", err.text);
  snprintf(text, sizeof text, table, WIRE_KIND_ROWS_MAX, ",{\"name\":\"e\",\"type\":\"line\",\"most\":9,\"match\":\"vehicle\"}");
  assert_int_equal(parse_changed(&most, 1, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "1280 values of a message may have match, at most 1024 are allowed"));
  static const struct {
    const char *lane;
    enum base_code code;
  } lanes[] = {{"civil", BASE_OK}, {"enforcement", BASE_OK}, {"humanitarian", BASE_FIELD}};
  for (size_t i = 0; i < 3; i++) {
    snprintf(text, sizeof text, "\"needs_row\":true,\"lane\":\"%s\"", lanes[i].lane);
    const struct change changes[] = {{"\"needs_row\":true", text}, {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"match\":\"phone\""}};
    assert_int_equal(parse_changed(changes, 2, &err), lanes[i].code);
  }
  assert_non_null(strstr(err.text, "nobody is searched for among those who are helped"));
  const struct change law[] = {{"\"name\":\"talk\"", "\"name\":\"recall\""}, {"\"needs_row\":true", "\"needs_row\":false"},
                               {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"match\":\"phone\""}};
  assert_int_equal(parse_changed(law, 3, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "what makes law is searched for nobody"));
  snprintf(text, sizeof text, table, 1, ",{\"name\":\"e\",\"type\":\"date\",\"match\":\"born\"}");
  assert_int_equal(parse_changed(&most, 1, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "and stands once"));
  const struct change named[] = {{"\"needs_row\":true", "\"needs_row\":true,\"readers\":\"named\""},
                                 {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"match\":\"phone\""}};
  assert_int_equal(parse_changed(named, 2, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "is for kinds without readers"));
}

/* The lowest mark of a kind's messages: what is above it stays, what says none takes it, what is below counts as it. */
static void the_lowest_mark(void **state) {
  (void)state;
  struct shipped hostile;
  struct base_error err;
  struct wire_marking marking = {.level = WIRE_AMBER_STRICT, .conditions = WIRE_NO_JUDICIAL_USE};
  shipped_load(&hostile, "hostile");
  struct wire_kind kind = hostile.kind;
  assert_int_equal(kind.mark, WIRE_RED);
  kind.mark = WIRE_AMBER_STRICT;
  assert_false(wire_kind_raises(&kind, &marking));
  assert_int_equal(wire_kind_level(&kind, &marking), WIRE_AMBER_STRICT);
  assert_int_equal(wire_kind_marks(&kind, &marking, &err), BASE_OK);
  marking.level = WIRE_RED;
  assert_int_equal(wire_kind_level(&kind, &marking), WIRE_RED);
  assert_int_equal(wire_kind_marks(&kind, &marking, &err), BASE_OK);
  assert_int_equal(marking.level, WIRE_RED);
  marking.level = WIRE_AMBER;
  assert_true(wire_kind_raises(&kind, &marking));
  assert_int_equal(wire_kind_level(&kind, &marking), WIRE_AMBER_STRICT);
  assert_int_equal(wire_kind_marks(&kind, &marking, &err), BASE_POLICY);
  assert_non_null(strstr(err.text, "every message of the kind hostile is marked amber_strict at least, and this one would be amber"));
  marking.level = WIRE_LEVEL_NONE;
  assert_int_equal(wire_kind_marks(&kind, &marking, &err), BASE_OK);
  assert_int_equal(marking.level, WIRE_AMBER_STRICT);
  assert_int_equal(marking.conditions, WIRE_NO_JUDICIAL_USE);
  assert_true(wire_kind_raises(&kind, NULL));
  assert_int_equal(wire_kind_level(&kind, NULL), WIRE_AMBER_STRICT);
  kind.mark = WIRE_GREEN; /* no mark counts as amber */
  assert_false(wire_kind_raises(&kind, NULL));
  assert_int_equal(wire_kind_level(&kind, NULL), WIRE_AMBER);
  kind.mark = WIRE_LEVEL_NONE;
  marking = (struct wire_marking){0};
  assert_int_equal(wire_kind_marks(&kind, &marking, &err), BASE_OK);
  assert_int_equal(marking.level, WIRE_LEVEL_NONE);
  base_arena_free(&hostile.arena);
}

struct broken {
  const char *old, *new;
  enum base_code code;
  const char *says;
};

#define RULE "{\"any\":[\"done\"],\"state\":\"done\"},"
#define RULES RULE RULE RULE RULE RULE

static void refuses_each_slip(void **state) {
  (void)state;
  static const struct broken slips[] = {
      {"kind/1", "kind/2", BASE_FIELD, "$.wasl"},
      {"\"talk\"", "\"Talk\"", BASE_FIELD, "$.name"},
      {"\"version\":1", "\"version\":0", BASE_FIELD, "$.version"},
      {"\"version\":1", "\"version\":1,\"colour\":2", BASE_UNKNOWN_FIELD, "$.colour"},
      {"\"needs_row\":true", "\"needs_row\":false", BASE_FIELD, "$.needs_row"},
      {"\"needs_row\":true", "\"needs_row\":true,\"lane\":\"red\"", BASE_FIELD, "$.lane: must be enforcement, humanitarian or civil"},
      {"\"needs_row\":true", "\"needs_row\":true,\"lane\":1", BASE_FIELD, "$.lane"},
      {"\"name\":\"talk\",\"version\":1,\"needs_row\":true", "\"name\":\"recall\",\"version\":1,\"needs_row\":false,\"lane\":\"civil\"",
       BASE_FIELD, "$.lane: goes with needs_row true"},
      {"\"needs_row\":true", "\"needs_row\":true,\"readers\":\"all\"", BASE_FIELD, "$.readers: must be named, or left out"},
      {"\"needs_row\":true", "\"needs_row\":true,\"readers\":true", BASE_FIELD, "$.readers"},
      {"\"name\":\"talk\",\"version\":1,\"needs_row\":true", "\"name\":\"recall\",\"version\":1,\"needs_row\":false,\"readers\":\"named\"",
       BASE_FIELD, "$.readers: goes with needs_row true"},
      {"\"purpose_field\"", "\"readers\":\"named\",\"picture\":{\"field\":\"why\",\"region\":\"day\"},\"purpose_field\"", BASE_FIELD,
       "$.readers: goes without picture"},
      {"\"needs_row\":true", "\"needs_row\":true,\"mark\":\"red\"", BASE_FIELD, "$.mark: goes with readers"},
      {"\"needs_row\":true", "\"needs_row\":true,\"readers\":\"named\",\"mark\":\"\"", BASE_FIELD,
       "$.mark: must be clear, green, amber, amber_strict or red"},
      {"\"needs_row\":true", "\"needs_row\":true,\"readers\":\"named\",\"mark\":\"TLP:RED\"", BASE_FIELD, "$.mark: must be clear"},
      {"\"needs_row\":true", "\"needs_row\":true,\"readers\":\"named\",\"mark\":5", BASE_FIELD, "$.mark"},
      {"\"purpose_field\"", "\"readers\":\"named\",\"feeds\":[],\"purpose_field\"", BASE_FIELD, "$.readers: goes without feeds"},
      {"\"purpose_field\":\"why\"", "\"purpose_field\":\"day\"", BASE_FIELD, "$.purpose_field"},
      {"\"purpose_field\"", "\"picture\":{\"field\":\"why\",\"region\":\"day\"},\"purpose_field\"", BASE_FIELD, "$.picture.region"},
      {"\"purpose_field\"", "\"picture\":{\"field\":\"text\",\"region\":\"why\"},\"purpose_field\"", BASE_FIELD, "$.picture.field"},
      {"\"purpose_field\"", "\"picture\":{\"field\":\"why\",\"region\":\"none\"},\"purpose_field\"", BASE_FIELD, "$.picture.region"},
      {"\"purpose_field\"", "\"picture\":{\"field\":\"why\",\"region\":\"why\"},\"purpose_field\"", BASE_FIELD, "is another field"},
      {"\"purpose_field\"", "\"picture\":{\"field\":\"why\"},\"purpose_field\"", BASE_FIELD, "$.picture.region"},
      {"\"purpose_field\"", "\"picture\":[],\"purpose_field\"", BASE_FIELD, "$.picture"},
      {"\"purpose_field\"", "\"picture\":{\"field\":\"why\",\"region\":\"why\",\"map\":1},\"purpose_field\"", BASE_FIELD, "$.picture"},
      {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"match\":\"face\"", BASE_FIELD, "[2].match: must be name, born,"},
      {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"match\":7", BASE_FIELD, "[2].match"},
      {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"match\":\"born\"", BASE_FIELD, "born goes with a field of type date"},
      {"\"type\":\"text\",\"most\":10", "\"type\":\"text\",\"most\":10,\"state\":true,\"match\":\"phone\"", BASE_FIELD, "no state field"},
      {"\"type\":\"date\"", "\"type\":\"date\",\"match\":\"name\"", BASE_FIELD, "name goes with a field of type line or text"},
      {"\"type\":\"date\"", "\"type\":\"date\",\"match\":\"born\"", BASE_FIELD, "goes with the match name of the same person"},
      {"[\"peace\",\"trade\"]", "[\"peace\",\"peace\"]", BASE_FIELD, "stands twice"},
      {"[\"peace\",\"trade\"]", "[]", BASE_FIELD, "$.lists"},
      {"[\"peace\",\"trade\"]", "[\"peace\",\"trade\",\"war\"]", BASE_FIELD, "war needs 1 to"},
      {"\"type\":\"code\"", "\"type\":\"colour\"", BASE_FIELD, "$.types[0].fields[0].type"},
      {"\"list\":\"ground\"", "\"list\":\"nothing\"", BASE_FIELD, "$.types[0].fields[0].list"},
      {",\"example\":\"peace\"", "", BASE_FIELD, "$.types[0].fields[0].example"},
      {"\"type\":\"message\",\"required\":true", "\"type\":\"reference\",\"required\":true", BASE_FIELD,
       "$.transitions[1].names"},
      {"\"text\",\"most\":10", "\"reference\",\"example\":\"0\"", BASE_FIELD, "$.types[0].fields[2].example"},
      {"\"text\",\"most\":10", "\"table\",\"most\":1,\"columns\":[{\"name\":\"a\",\"type\":\"table\"}]", BASE_FIELD,
       "$.types[0].fields[2].columns[0].type"},
      {"\"text\",\"most\":10", "\"table\",\"most\":1,\"columns\":[{\"name\":\"a\",\"type\":\"reference\"}]", BASE_FIELD,
       "$.types[0].fields[2].columns[0].type"},
      {"\"example\":\"peace\"", "\"example\":\"war\"", BASE_FIELD, "must be one of: peace, trade"},
      {"{\"days\":3}", "\"2026-02-30\"", BASE_DATE, "$.types[0].fields[1].example"},
      {"{\"days\":3}", "{\"days\":40000}", BASE_FIELD, "$.types[0].fields[1].example.days"},
      {"\"most\":10", "\"most\":65537", BASE_FIELD, "$.types[0].fields[2].most"},
      {"\"most\":10", "\"most\":10,\"least\":1", BASE_UNKNOWN_FIELD, "$.types[0].fields[2].least"},
      {"\"name\":\"text\"", "\"name\":\"day\"", BASE_FIELD, "stands twice"},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"ask\",\"fields\"", BASE_FIELD, "$.types[1].name"},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"nod\",\"release\":\"officer\",\"fields\"", BASE_FIELD, "$.types[1].release"},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"nod\",\"release\":true,\"fields\"", BASE_FIELD, "$.types[1].release"},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"nod\",\"release\":\"supervisor\",\"fields\"", BASE_OK, ""},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"nod\",\"parts\":\"none\",\"fields\"", BASE_FIELD, "$.types[1].parts"},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"nod\",\"parts\":false,\"fields\"", BASE_OK, ""},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"nod\",\"parts\":true,\"fields\"", BASE_OK, ""},
      {"\"opening\":\"ask\"", "\"opening\":\"nod\"", BASE_FIELD, "$.transitions[0].from"},
      {"\"from\":[\"asked\"]", "\"from\":[]", BASE_FIELD, "$.transitions[1].from"},
      {"\"from\":[\"asked\"]", "\"from\":[\"asked\",\"asked\"]", BASE_FIELD, "stands twice"},
      {"\"to\":\"done\"", "\"to\":\"asked\"", BASE_FIELD, "none leads to done"},
      {"\"who\":\"others\"", "\"who\":\"judge\"", BASE_FIELD, "$.transitions[1].who"},
      {"\"names\":\"to\"", "\"names\":\"why\"", BASE_FIELD, "$.transitions[1].names"},
      {"\"names\":\"to\"", "\"names\":\"nothing\"", BASE_FIELD, "$.transitions[1].names"},
      {"\"required\":true,\"state\":true}]}]", "\"required\":true}]}]", BASE_FIELD, "$.transitions[1].names"},
      {"\"required\":true,\"state\":true}]}]", "\"state\":true}]}]", BASE_FIELD, "$.transitions[1].names"},
      {"{\"ground\":[\"peace\",\"trade\"]}", "{\"ground\":5}", BASE_FIELD, "$.lists"},
      {"{\"ground\":[\"peace\",\"trade\"]}", "[]", BASE_FIELD, "$.lists"},
      {"\"lists\":", "\"tables\":", BASE_FIELD, "$.lists"},
      {"\"name\":\"nod\",\"fields\"", "\"name\":\"Nod\",\"release\":\"officer\",\"fields\"", BASE_FIELD, "$.types[1].name"},
      {"\"from\":[\"asked\"]", "\"from\":[\"nowhere\",\"asked\"]", BASE_FIELD, "$.transitions[1].from: item 0"},
      {"\"to\":\"done\",", "", BASE_FIELD, "$.transitions"},
      {"\"to\":\"done\"", "\"to\":\"nowhere\"", BASE_FIELD, "$.transitions[1].to"},
      {"{\"on\":\"ask\",", "{\"on\":\"ask\",\"from\":[\"done\"],", BASE_FIELD, "$.transitions[0].from"},
      {"{\"on\":\"ask\",", "{\"on\":\"ask\",\"who\":\"opener\",", BASE_FIELD, "$.transitions[0]"},
      {"{\"on\":\"ask\",", "{\"on\":\"ask\",\"all\":true,", BASE_FIELD, "$.transitions[0]"},
      {"{\"on\":\"ask\",", "{\"on\":\"ask\",\"to\":\"done\"},{\"on\":\"ask\",", BASE_FIELD, "exactly one"},
      {"{\"on\":\"ask\",", "{\"on\":\"begging\",", BASE_FIELD, "$.transitions[0].on"},
      {"\"who\":\"others\",\"all\":true", "\"who\":\"any\",\"each\":true", BASE_FIELD, "$.transitions[1].each"},
      {"\"all\":true", "\"each\":true", BASE_FIELD, "$.transitions[1].each"},
      {"\"opening\":\"ask\"", "\"opening\":\"begging\"", BASE_FIELD, "$.opening"},
      {"\"purpose_field\":\"why\"", "\"purpose_field\":\"Why\"", BASE_FIELD, "$.purpose_field"},
      {"\"purpose_field\":\"why\"", "\"purpose_field\":\"nothing\"", BASE_FIELD, "$.purpose_field"},
      {"\"required\":true,\"state\":true,\"example\"", "\"state\":true,\"example\"", BASE_FIELD, "$.clocks[0].field"},
      {"\"required\":true,\"state\":true,\"example\"", "\"required\":true,\"example\"", BASE_FIELD, "$.clocks[0].field"},
      {"\"starts\":\"ask\"", "\"starts\":\"begging\"", BASE_FIELD, "$.clocks[0].starts"},
      {"\"field\":\"why\"", "\"field\":\"nothing\"", BASE_FIELD, "$.clocks[0].field"},
      {"\"peace\":60", "\"peace\":999999999", BASE_FIELD, "peace needs 1 to"},
      {"{\"peace\":60,\"trade\":120}", "5", BASE_FIELD, "$.clocks[0].lengths"},
      {"\"stops\":[\"nod\"]}", "\"stops\":[\"nod\"]},{\"name\":\"nod\",\"starts\":\"ask\",\"length\":5}", BASE_FIELD,
       "$.clocks[1].name"},
      {"\"stops\":[\"nod\"]}", "\"stops\":[\"nod\"]},{\"name\":\"look\",\"starts\":\"ask\",\"length\":5}", BASE_OK, ""},
      {"\"stops\":[\"nod\"]", "\"pauses\":[\"nod\"],\"ground\":\"to\"", BASE_FIELD, "$.clocks[0].ground"},
      {"\"clocks\":[", "\"clocks\":5,\"locks\":[", BASE_FIELD, "$.clocks"},
      {"\"trade\":120", "\"trade\":0", BASE_FIELD, "trade needs 1 to"},
      {"\"trade\":120", "\"trade\":120,\"war\":3", BASE_FIELD, "$.clocks[0].lengths"},
      {"\"field\":\"why\"", "\"field\":\"day\"", BASE_FIELD, "$.clocks[0].field"},
      {"\"stops\":[\"nod\"]", "\"stops\":[\"nod\"],\"pauses\":[\"nod\"]", BASE_FIELD, "$.clocks[0]"},
      {"\"stops\":[\"nod\"]", "\"pauses\":[\"nod\"]", BASE_FIELD, "$.clocks[0].ground"},
      {"\"stops\":[\"nod\"]", "\"pauses\":[\"nod\"],\"ground\":\"why\"", BASE_FIELD, "$.clocks[0].ground"},
      {"\"stops\":[\"nod\"]", "\"stops\":[\"nod\"],\"ground\":\"why\"", BASE_FIELD, "goes with pauses"},
      {"\"stops\":[\"nod\"]", "\"stops\":[\"nod\"],\"soon\":0", BASE_FIELD, "$.clocks[0].soon"},
      {"\"stops\":[\"nod\"]", "\"stops\":[\"nod\"],\"soon\":100", BASE_FIELD, "$.clocks[0].soon"},
      {"\"stops\":[\"nod\"]", "\"stops\":[\"nod\"],\"owes\":\"others\"", BASE_FIELD, "$.clocks[0].owes"},
      {"\"to\":\"asked\"", "\"to\":\"asked\",\"each\":true", BASE_FIELD, "$.transitions[0]"},
      {"\"all\":true", "\"all\":true,\"each\":true", BASE_FIELD, "$.transitions[1].each"},
      {ALL_NAMES, "\"each\":true", BASE_FIELD, "$.together"},
      {"\"clocks\"", "\"together\":[{\"state\":\"asked\"}],\"clocks\"", BASE_FIELD, "no transition has each"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[],", BASE_FIELD, "$.together"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[{\"state\":\"asked\"}],", BASE_FIELD, "alone in done"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[{\"any\":[\"done\"],\"state\":\"done\"}],", BASE_FIELD,
       "$.together[0]"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[{\"state\":\"gone\"}],", BASE_FIELD, "$.together[0].state"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":5,", BASE_FIELD, "$.together"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[{\"state\":\"done\"}],", BASE_FIELD, "alone in asked"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[" RULES RULES RULES "{\"state\":\"asked\"}],", BASE_OK, ""},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[" RULES RULES RULES RULE "{\"state\":\"asked\"}],", BASE_FIELD, "1 to 16 rules"},
      {"\"to\":\"done\",\"who\":\"others\",\"all\":true", "\"who\":\"others\",\"settles\":true", BASE_FIELD,
       "$.transitions[1].to: missing: what all agree to"},
      {"\"transitions\":[", "\"transitions\":5,\"moves\":[", BASE_FIELD, "$.transitions"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[{\"state\":\"done\"},{\"state\":\"asked\"}],", BASE_FIELD,
       "$.together[0]"},
      {ALL_NAMES "}],", "\"each\":true}],\"together\":[{\"all\":[\"gone\"],\"state\":\"done\"},{\"state\":\"asked\"}],",
       BASE_FIELD, "$.together[0].all"},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    struct base_error err = {0};
    enum base_code code = parse_with(slips[i].old, slips[i].new, &err);
    if (code != slips[i].code || !strstr(err.text, slips[i].says))
      fail_msg("%s -> %s: %s (%s)", slips[i].old, slips[i].new, err.text, base_code_name(code));
  }
}

/* Slips that need a second change to be one. */
static void refuses_each_slip_of_two(void **state) {
  (void)state;
#define DAY_STATE {"\"type\":\"date\",", "\"type\":\"date\",\"required\":true,\"state\":true,"}
#define NO_FIELD {"\"field\":\"why\",\"lengths\":{\"peace\":60,\"trade\":120}", "\"length\":5"}
#define TO_FIELD "{\"name\":\"to\",\"type\":\"message\",\"required\":true,\"state\":true}"
#define PAUSES {"\"stops\":[\"nod\"]", "\"pauses\":[\"nod\"],\"ground\":\"to\""}
  static const struct {
    struct change changes[3];
    const char *says;
  } slips[] = {
      {{{"\"text\",\"most\":10", "\"message\",\"required\":true,\"state\":true"},
        {"{\"on\":\"ask\",", "{\"on\":\"ask\",\"names\":\"text\","},
        {"kind/1", "kind/1"}},
       "$.transitions[0]: the opening transition has no who"},
      {{DAY_STATE, {"\"field\":\"why\"", "\"field\":\"day\""}, {"kind/1", "kind/1"}}, "$.clocks[0].field"},
      {{DAY_STATE, {"\"purpose_field\":\"why\"", "\"purpose_field\":\"day\""}, NO_FIELD}, "$.purpose_field"},
      {{{"\"state\":true,\"example\"", "\"example\""}, NO_FIELD, {"kind/1", "kind/1"}}, "$.purpose_field"},
      {{{"\"required\":true,\"state\":true,\"example\"", "\"state\":true,\"example\""}, NO_FIELD, {"kind/1", "kind/1"}},
       "$.purpose_field"},
      {{{TO_FIELD, "{\"name\":\"to\",\"type\":\"code\",\"list\":\"ground\",\"state\":true}"},
        {ALL_NAMES, "\"all\":true"},
        PAUSES},
       "$.clocks[0].ground"},
      {{{TO_FIELD, "{\"name\":\"to\",\"type\":\"code\",\"list\":\"ground\",\"required\":true,\"example\":\"peace\"}"},
        {ALL_NAMES, "\"all\":true"},
        PAUSES},
       "$.clocks[0].ground"},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    struct base_error err = {0};
    if (parse_changed(slips[i].changes, 3, &err) != BASE_FIELD || !strstr(err.text, slips[i].says))
      fail_msg("%zu: %s", i, err.text);
  }
}

static void refuses_what_is_no_kind(void **state) {
  (void)state;
  struct base_error err;
  assert_int_equal(parse("{", &err), BASE_SYNTAX);
  assert_int_equal(parse("[]", &err), BASE_FIELD);
  assert_int_equal(parse("{}", &err), BASE_FIELD);
}

/* Every named limit, one step beyond it. */
static void refuses_what_is_beyond_a_limit(void **state) {
  (void)state;
  static const struct {
    const char *old, *each;
    int count;
    const char *says;
  } limits[] = {
      {"[\"peace\",\"trade\"]", "\"c%d\"", WIRE_KIND_CODES_MAX + 1, "1 to 256 codes"},
      {"[\"asked\",\"done\"]", "\"s%d\"", WIRE_KIND_STATES_MAX + 1, "$.states: 49 items"},
      {"{\"ground\":[\"peace\",\"trade\"]}", "\"l%d\":[\"c\"]", WIRE_KIND_LISTS_MAX + 1, "more than 48 lists"},
      {"[{\"name\":\"to\",\"type\":\"message\",\"required\":true,\"state\":true}]",
       "{\"name\":\"f%d\",\"type\":\"bool\"}", WIRE_KIND_FIELDS_MAX + 1, "fields: 49 items"},
      {"[{\"name\":\"to\",\"type\":\"message\",\"required\":true,\"state\":true}]",
       "{\"name\":\"f%d\",\"type\":\"message\",\"state\":true}", WIRE_STATE_FIELDS_MAX + 1, "33 state fields"},
  };
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    BASE_AUTO_BUF struct base_buf buf = {0};
    bool object = limits[i].old[0] == '{';
    base_buf_text(&buf, object ? "{" : "[");
    for (int j = 0; j < limits[i].count; j++) {
      char each[128];
      const char *mark = strstr(limits[i].each, "%d");
      (void)snprintf(each, sizeof each, "%s%.*s%d%s", j ? "," : "", (int)(mark - limits[i].each), limits[i].each, j,
                     mark + 2);
      base_buf_text(&buf, each);
    }
    base_buf_add(&buf, object ? "}" : "]", 2);
    struct base_error err = {0};
    assert_int_equal(parse_with(limits[i].old, (const char *)buf.data, &err), BASE_FIELD);
    if (!strstr(err.text, limits[i].says))
      fail_msg("%s", err.text);
  }
}

static enum base_code parse_labels(const struct shipped *shipped, struct base_view bytes, struct base_error *err) {
  struct wire_labels labels = {0};
  enum base_code code = wire_labels_parse(bytes, &shipped->kind, &labels, err);
  wire_labels_free(&labels);
  return code;
}

/* wire_labels_parse compares the catalogue with the kind: every text in five languages, nothing beside. */
static void catalogues_are_complete(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof shipped_names / sizeof *shipped_names; i++) {
    struct shipped shipped;
    struct wire_labels labels;
    struct base_error err = {0};
    shipped_load(&shipped, shipped_names[i]);
    if (wire_labels_parse(shipped.labels, &shipped.kind, &labels, &err))
      fail_msg("%s: %s", shipped_names[i], err.text);
    for (int language = 0; language < WIRE_LANGUAGES; language++)
      assert_true(wire_label(&labels, "kind", (enum wire_language)language).size > 0);
    assert_int_equal(wire_label(&labels, "type.nothing", WIRE_FR).size, 0);
    wire_labels_free(&labels);
    base_arena_free(&shipped.arena);
  }
}

static void refuses_catalogues_that_differ(void **state) {
  (void)state;
  static char long_text[WIRE_LABEL_MAX + 16] = "\"en\": \"";
  memset(long_text + 7, 'x', WIRE_LABEL_MAX + 1);
  long_text[WIRE_LABEL_MAX + 8] = '"';
  const struct broken slips[] = {
      {"\"state.closed\"", "\"state.shut\"", BASE_FIELD, "$.texts.state.closed: missing"},
      {"    \"kind\": {", "    \"zzz\": {}, \"kind\": {", BASE_UNKNOWN_FIELD, "$.texts.zzz: surplus"},
      {"\"en\": \"Request for cooperation\", ", "", BASE_FIELD, "$.texts.kind.en"},
      {"\"en\": \"Request for cooperation\"", "\"de\": \"x\", \"en\": \"y\"", BASE_UNKNOWN_FIELD, "$.texts.kind"},
      {"\"en\": \"Request for cooperation\"", "\"en\": 7", BASE_FIELD, "$.texts.kind.en"},
      {"\"en\": \"Request for cooperation\"", "\"en\": \"\"", BASE_FIELD, "$.texts.kind.en"},
      {"\"en\": \"Request for cooperation\"", long_text, BASE_FIELD, "$.texts.kind.en: must be a text of 1 to 400"},
      {"\"Request for cooperation\"", "\"Request \\u202efor\"", BASE_FIELD, "$.texts.kind.en: character 9 is U+202E"},
      {"\"Request for cooperation\"", "\"Request \\u2066for\"", BASE_FIELD, "$.texts.kind.en: character 9 is U+2066"},
      {"\"Request for cooperation\"", "\"Request\\u001b[31m\"", BASE_FIELD, "$.texts.kind.en: character 8 is U+001B"},
      {"\"Request for cooperation\"", "\"Request\\nfor\"", BASE_FIELD, "$.texts.kind.en: character 8 is U+000A"},
      {"\"Request for cooperation\"", "\"Request \\u2066for\\u2069\"", BASE_OK, ""},
      {"\"texts\"", "texts", BASE_SYNTAX, "labels"},
      {"\"version\": 1", "\"version\": 2", BASE_FIELD, "$.version"},
      {"\"kind\": \"request\"", "\"kind\": \"agreement\"", BASE_FIELD, "$.kind"},
  };
  struct shipped shipped;
  shipped_load(&shipped, "request");
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    BASE_AUTO_BUF struct base_buf buf = {0};
    struct base_error err = {0};
    const uint8_t *at = memmem(shipped.labels.data, shipped.labels.size, slips[i].old, strlen(slips[i].old));
    assert_non_null(at);
    size_t before = (size_t)(at - shipped.labels.data), after = before + strlen(slips[i].old);
    base_buf_add(&buf, shipped.labels.data, before);
    base_buf_text(&buf, slips[i].new);
    base_buf_add(&buf, shipped.labels.data + after, shipped.labels.size - after);
    if (parse_labels(&shipped, base_buf_view(&buf), &err) != slips[i].code || !strstr(err.text, slips[i].says))
      fail_msg("%s: %s", slips[i].new, err.text);
  }
  wire_labels_free(NULL);
  base_arena_free(&shipped.arena);
}

static void shows_a_kind_with_its_texts(void **state) {
  (void)state;
  struct shipped shipped;
  struct wire_labels labels;
  struct base_error err;
  shipped_load(&shipped, "request");
  assert_int_equal(wire_labels_parse(shipped.labels, &shipped.kind, &labels, &err), BASE_OK);
  BASE_AUTO_BUF struct base_buf buf = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &buf);
  wire_kind_write(&shipped.kind, &labels, &writer);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&buf), buf.size, "kind", &json, &err), BASE_OK);
  const struct wire_json *type = wire_json_at(wire_json_get(json, "types"), 0);
  const struct wire_json *field = wire_json_at(wire_json_get(type, "fields"), 2);
  assert_true(base_view_is(wire_json_text(wire_json_get(field, "name")), "urgency"));
  const struct wire_json *label = wire_json_get(field, "label");
  assert_int_equal(wire_json_size(label), WIRE_LANGUAGES);
  assert_true(base_view_is(wire_json_text(wire_json_get(label, "fr")), "Degré d'urgence"));
  assert_int_equal(wire_json_size(wire_json_get(json, "transitions")), shipped.kind.transition_count);
  wire_labels_free(&labels);
  base_arena_free(&shipped.arena);
}

static void stays_within_a_small_arena(void **state) {
  (void)state;
  struct base_view bytes = shipped_file("request", ".json");
  struct base_hash hash = {{0}};
  for (size_t limit = 64; limit < 32768; limit += 509) {
    BASE_AUTO_ARENA struct base_arena arena;
    base_arena_init(&arena, limit);
    struct wire_kind kind;
    struct base_error err;
    enum base_code code = wire_kind_parse(bytes, &hash, &arena, &kind, &err);
    assert_true(code == BASE_OK || code == BASE_MEMORY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_a_kind),
      cmocka_unit_test(request_is_as_the_directive_wants),
      cmocka_unit_test(request_parties_together),
      cmocka_unit_test(agreement_needs_all_and_no_row),
      cmocka_unit_test(has_what_is_looked_for),
      cmocka_unit_test(the_lowest_mark), cmocka_unit_test(refuses_each_slip),
      cmocka_unit_test(refuses_each_slip_of_two),
      cmocka_unit_test(refuses_what_is_no_kind),
      cmocka_unit_test(refuses_what_is_beyond_a_limit),
      cmocka_unit_test(catalogues_are_complete),
      cmocka_unit_test(refuses_catalogues_that_differ),
      cmocka_unit_test(shows_a_kind_with_its_texts),
      cmocka_unit_test(stays_within_a_small_arena),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
