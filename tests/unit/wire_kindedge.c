/* SPDX-License-Identifier: Apache-2.0
 * The reader of kinds at its edges: slips that need several changes, limits one step further,
 forms of all types of fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

struct change {
  const char *old, *new;
};

static enum base_code parse(struct base_view text, struct base_arena *arena, struct wire_kind *kind, struct base_error *err) {
  struct base_hash hash = {{0x11}};
  base_arena_init(arena, WIRE_KIND_ARENA);
  return wire_kind_parse(text, &hash, arena, kind, err);
}

/* The kind with the first of each such place replaced; old NULL: no more. */
static enum base_code parse_changed(const char *name, const struct change changes[4], struct base_arena *arena,
                                    struct wire_kind *kind, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_add_view(&text, shipped_file(name, ".json"));
  for (size_t i = 0; i < 4 && changes[i].old != NULL; i++) {
    BASE_AUTO_BUF struct base_buf before = text;
    text = (struct base_buf){0};
    const uint8_t *at = memmem(before.data, before.size, changes[i].old, strlen(changes[i].old));
    if (at == NULL)
      fail_msg("%s has no %s", name, changes[i].old);
    size_t head = (size_t)(at - before.data), tail = head + strlen(changes[i].old);
    base_buf_add(&text, before.data, head);
    base_buf_text(&text, changes[i].new);
    base_buf_add(&text, before.data + tail, before.size - tail);
  }
  return parse(base_buf_view(&text), arena, kind, err);
}

#define DATED "{\"name\": \"from\", \"type\": \"date\", \"state\": true, \"required\": true, \"example\": {\"days\": 7}}"
#define DUE "{\"name\": \"due\", \"type\": \"date\", \"state\": true, \"required\": true, \"not_before\": {\"days\": 0}, " \
            "\"not_after\": {\"days\": 1827}, \"example\": {\"days\": 3}}"
#define CLOCKS_AT "\"starts\": \"close\", \"length\": 3628800, \"soon\": 25, \"stops\": [\"evaluate\", \"withdraw\"]"

static void slips_of_several_changes(void **state) {
  (void)state;
  static const struct {
    const char *kind;
    struct change changes[4];
    const char *says; /* NULL: it is sound */
  } slips[] = {
      /* moments */
      {"operation", {{DUE, "{\"name\": \"due\", \"type\": \"date\", \"required\": true, \"example\": {\"days\": 3}}"}},
       "$.clocks[2].at.field"},
      {"operation", {{DUE, "{\"name\": \"due\", \"type\": \"date\", \"state\": true, \"example\": {\"days\": 3}}"}},
       "$.clocks[2].at.field"},
      {"operation", {{DUE, "{\"name\": \"due\", \"type\": \"time\", \"state\": true, \"required\": true,"
      " \"example\": {\"days\": 3}}"}}, NULL},
      {"operation", {{"\"item\": \"task\", \"starts\": \"task\"", "\"item\": \"task\", \"starts\": \"boat\""}},
       "$.clocks[2].starts"},
      {"operation", {{"\"item\": \"task\", \"starts\": \"task\"", "\"item\": \"A task\", \"starts\": \"task\""}},
       "$.clocks[2].item: must be a code"},
      {"event", {{"\"item\": \"match\", \"starts\": \"match\"", "\"item\": \"match\", \"starts\": \"match_change\""}}, NULL},
      /* the period */
      {"operation", {{DATED, "{\"name\": \"from\", \"type\": \"time\", \"state\": true, \"required\": true,"
      " \"example\": {\"days\": 7}}"}}, NULL},
      {"operation", {{DATED, "{\"name\": \"from\", \"type\": \"date\", \"state\": true, \"example\": {\"days\": 7}}"}},
       "$.period.from"},
      {"operation", {{DATED, "{\"name\": \"from\", \"type\": \"date\", \"required\": true, \"example\": {\"days\": 7}}"}},
       "$.period.from"},
      {"operation", {{"\"period\": {\"from\": \"from\"", "\"period\": {\"from\": \"purpose\""}}, "$.period.from"},
      {"operation", {{"\"moved_by\": \"extend\"", "\"moved_by\": \"loan\""},
                     {"{\"name\": \"loan\", \"fields\": [", "{\"name\": \"loan\", \"fields\": [" DATED
                      ",{\"name\": \"to\", \"type\": \"date\", \"state\": true, \"required\": true,"
                      " \"example\": {\"days\": 9}},"}},
       "$.period.moved_by: must be a type that moves the case"},
      /* no items are items, too */
      {"request", {{"\"opening\"", "\"items\": [], \"opening\""}}, NULL},
      /* the picture */
      {"request", {{"\"opening\"", "\"picture\": {\"field\": \"purpose\", \"region\": \"language\"}, \"opening\""}},
       "$.picture.region"},
      {"request", {{"\"name\": \"language\", \"type\": \"code\"",
       "\"name\": \"language\", \"state\": true, \"type\": \"code\""},
                   {"\"opening\"", "\"picture\": {\"field\": \"purpose\", \"region\": \"language\"}, \"opening\""}}, NULL},
      {"request", {{"\"name\": \"language\", \"type\": \"code\", \"list\": \"language\", \"required\": true",
                    "\"name\": \"language\", \"state\": true, \"type\": \"code\", \"list\": \"language\""},
                   {"\"opening\"", "\"picture\": {\"field\": \"purpose\", \"region\": \"language\"}, \"opening\""}},
                    "$.picture.region"},
      /* balances */
      {"assistance", {{"\"what\": \"resource\"", "\"what\": \"quantity\""}}, "$.balances[0].what: must be a required column"},
      {"assistance", {{"\"name\": \"resource\", \"type\": \"code\", \"list\": \"resource\", \"required\": true",
                       "\"name\": \"resource\", \"type\": \"code\", \"list\": \"resource\""}},
                       "$.balances[0].what: must be a required column"},
      {"assistance", {{"\"quantity\": \"quantity\"", "\"quantity\": \"colour\""}}, "$.balances[0].quantity"},
      {"assistance", {{"\"name\": \"needs\", \"type\": \"table\", \"least\": 1, \"most\": 128, \"required\": true",
                       "\"name\": \"needs\", \"type\": \"table\", \"least\": 1, \"most\": 128"}},
       "$.balances[0].needs: must be a required field"},
      {"assistance", {{"\"accepted\": [\"accepted\", \"accepted_in_part\"]", "\"accepted\": []"}},
       "$.balances[0].stands.accepted: names no state"},
      /* feeds */
      {"talks", {{"\"due\": \"due\"", "\"due\": \"minutes\""}}, "$.feeds[0].fields: due names no field of commitment"},
      {"talks", {{"\"name\": \"commitment\", \"fields\": [",
       "\"name\": \"commitment\", \"fields\": [{\"name\": \"see\", \"type\": \"reference\"},"},
                 {"\"title\": \"title\"", "\"title\": \"see\""}},
                  "$.feeds[0].fields: title names no field of commitment that can go"},
      /* the end of personal data */
      {"gathering", {{"\"name\": \"ends\", \"type\": \"date\"", "\"name\": \"ends\", \"type\": \"time\""}}, NULL},
      /* fields */
      {"request", {{"\"type\": \"text\", \"most\"", "\"type\": \"integer\", \"least\": 9, \"most\""}}, NULL},
      {"request", {{"\"type\": \"text\", \"most\"", "\"type\": \"integer\", \"least\": 99999, \"most\""}},
       ".least: is more than `most`"},
      {"request", {{"\"type\": \"code\", \"list\": \"urgency\",", "\"type\": \"code\","}}, ".list: missing"},
      {"request", {{"\"type\": \"text\", \"most\"", "\"type\": \"bool\", \"state\": true, \"least\""}},
       ".state: only a text"},
      /* items: one type may say several times that all agree */
      {"roadmap", {{"{\"on\": \"measure_agree\"",
       "{\"on\": \"measure_agree\", \"from\": [\"proposed\"], \"to\": \"proposed\", \"all\": true, "
                    "\"anew\": true}, {\"on\": \"measure_agree\""}}, NULL},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct wire_kind kind;
    struct base_error err = {0};
    enum base_code code = parse_changed(slips[i].kind, slips[i].changes, &arena, &kind, &err);
    if ((code == BASE_OK) != (slips[i].says == NULL) || (code != BASE_OK && !strstr(err.text, slips[i].says)))
      fail_msg("%zu, %s: %s: %s", i, slips[i].kind, slips[i].changes[0].new, err.text);
  }
}

/* As many fields as a message has, and one more. */
static void fields_that_a_feed_fills(void **state) {
  (void)state;
  for (size_t count = WIRE_KIND_FIELDS_MAX; count <= WIRE_KIND_FIELDS_MAX + 1; count++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    BASE_AUTO_BUF struct base_buf fields = {0};
    struct wire_kind kind;
    struct base_error err = {0};
    base_buf_text(&fields, "\"fields\": {");
    for (size_t i = 4; i < count; i++)
      base_buf_printf(&fields, "\"f%zu\": \"title\", ", i);
    base_buf_text(&fields, "\"title\": \"title\",");
    base_buf_u8(&fields, 0);
    const struct change changes[4] = {{"\"fields\": {\"title\": \"title\",", (const char *)fields.data}};
    enum base_code code = parse_changed("talks", changes, &arena, &kind, &err);
    assert_int_equal(code, count > WIRE_KIND_FIELDS_MAX ? BASE_FIELD : BASE_OK);
    if (code == BASE_OK)
      assert_int_equal(kind.feeds[0].field_count, count);
    else
      assert_non_null(strstr(err.text, "$.feeds[0].fields: 1 to 48 are allowed"));
  }
}

/* What all have to agree to about one thing opens no other. */
static void what_all_agree_to_opens_nothing(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_kind kind;
  struct base_error err = {0};
  static const char text[] =
      "{\"wasl\":\"kind/1\",\"name\":\"two\",\"version\":1,\"needs_row\":true,\"lists\":{},\"types\":[{\"name\":\"ask\","
      "\"fields\":[]},"
      "{\"name\":\"one\",\"fields\":[]},{\"name\":\"two\",\"fields\":[{\"name\":\"of\",\"type\":\"message\","
      "\"item\":\"first\","
      "\"required\":true,\"state\":true}]}],\"states\":[\"asked\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\","
      "\"to\":\"asked\"}],"
      "\"items\":[{\"name\":\"first\",\"opened_by\":\"one\",\"states\":[\"made\"],\"transitions\":[{\"on\":\"two\","
      "\"from\":[\"made\"],"
      "\"to\":\"made\",\"all\":true}]},{\"name\":\"second\",\"opened_by\":\"two\",\"states\":[\"made\"],"
      "\"transitions\":[]}],\"clocks\":[]}";
  assert_int_equal(parse(base_view_text(text), &arena, &kind, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "$.items[0].transitions[0].all: two also moves the case or opens an item"));
}

static void written(const char *name, const struct change *change, const char *words) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_kind kind;
  struct base_error err = {0};
  struct wire_writer writer;
  if (parse_changed(name, (const struct change[4]){*change}, &arena, &kind, &err) != BASE_OK)
    fail_msg("%s: %s", change->new, err.text);
  wire_writer_init(&writer, &text);
  wire_kind_write(&kind, NULL, &writer);
  base_buf_u8(&text, 0);
  if (strstr((const char *)text.data, words) == NULL)
    fail_msg("%s is not in %s", words, (const char *)text.data);
}

/* What a file may leave out is not shown either. */
static void what_is_left_out_is_not_shown(void **state) {
  (void)state;
  written("operation", &(struct change){"\"moved_by\": \"extend\",", ""},
      "\"period\":{\"from\":\"from\",\"to\":\"to\",\"after\":[");
  written("operation", &(struct change){"{\"field\": \"due\", \"offset\": 86400, \"before\": 172800}",
      "{\"field\": \"due\"}"},
          "\"at\":{\"field\":\"due\",\"offset\":0}");
  written("assistance", &(struct change){"\"under_way\": [\"mobilising\", \"en_route\", \"at_border\"],", ""},
          "\"accepted\":[\"accepted\",\"accepted_in_part\"],\"arrived\"");
}

/* --- tables of need, feeds, lanes */

static void which_types_say_what_is_needed(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "assistance");
  struct wire_kind_balance balance = shipped.kind.balances[0];
  struct wire_kind_type type = *shipped_type(&shipped, "request");
  assert_non_null(wire_balance_needs(&balance, &type));
  type.moves_case = false;
  assert_null(wire_balance_needs(&balance, &type));
  type.moves_case = true;
  type.opens = balance.item;
  assert_null(wire_balance_needs(&balance, &type));
  type.opens = NULL;
  type.moves = balance.item;
  assert_null(wire_balance_needs(&balance, &type));
  base_arena_free(&shipped.arena);
}

static void an_item_without_a_feed(void **state) {
  (void)state;
  struct shipped talks, other;
  shipped_load(&talks, "talks");
  shipped_load(&other, "relief");
  assert_ptr_equal(wire_kind_feed_of(&talks.kind, talks.kind.feeds[0].item), &talks.kind.feeds[0]);
  assert_null(wire_kind_feed_of(&talks.kind, &other.kind.items[0]));
  base_arena_free(&talks.arena);
  base_arena_free(&other.arena);
}

/* Whatever makes law is on neither side; of what nobody knows it, it may be the other one. */
static void what_is_apart(void **state) {
  (void)state;
  for (int a = 0; a <= WIRE_LANE_NONE; a++)
    for (int b = 0; b <= WIRE_LANE_NONE; b++) {
      bool between = (a == WIRE_LANE_HUMANITARIAN && (b == WIRE_LANE_ENFORCEMENT || b == WIRE_LANE_CIVIL)) ||
                     (b == WIRE_LANE_HUMANITARIAN && (a == WIRE_LANE_ENFORCEMENT || a == WIRE_LANE_CIVIL));
      assert_int_equal(wire_lanes_apart((enum wire_lane)a, (enum wire_lane)b), between);
    }
  for (int a = 0; a <= WIRE_LANE_UNKNOWN; a++) {
    assert_int_equal(wire_lanes_apart((enum wire_lane)a, WIRE_LANE_UNKNOWN), a != WIRE_LANE_NONE);
    assert_int_equal(wire_lanes_apart(WIRE_LANE_UNKNOWN, (enum wire_lane)a), a != WIRE_LANE_NONE);
  }
}

/* --- forms */

static const char ALL[] =
    "{\"wasl\":\"kind/1\",\"name\":\"all\",\"version\":1,\"needs_row\":true,\"lists\":{\"c\":[\"x\",\"y\"]},\"types\":["
    "{\"name\":\"say\",\"fields\":[{\"name\":\"text\",\"type\":\"text\",\"most\":9,\"required\":true,\"example\":\"t\"},"
    "{\"name\":\"line\",\"type\":\"line\",\"most\":9},{\"name\":\"codes\",\"type\":\"codes\",\"list\":\"c\"},"
    "{\"name\":\"whole\",\"type\":\"integer\",\"least\":2,\"most\":4},{\"name\":\"yes\",\"type\":\"bool\"},"
    "{\"name\":\"names\",\"type\":\"names\",\"least\":1,\"most\":2},{\"name\":\"name\",\"type\":\"name\"},"
    "{\"name\":\"party\",\"type\":\"party\",\"state\":true,\"personal\":\"ordinary\"},"
    "{\"name\":\"rows\",\"type\":\"table\",\"least\":1,\"most\":2,\"columns\":[{\"name\":\"who\",\"type\":\"party\"},"
    "{\"name\":\"much\",\"type\":\"integer\",\"least\":0,\"most\":9,\"personal\":\"special\"}]},"
    "{\"name\":\"plain\",\"type\":\"table\",\"most\":2,\"personal\":\"ordinary\",\"columns\":[{\"name\":\"a\","
    "\"type\":\"bool\"}]}]}],"
    "\"states\":[\"said\"],\"opening\":\"say\",\"transitions\":[{\"on\":\"say\",\"to\":\"said\"}],\"clocks\":[]}";

#define A_ORIGIN "wasl/a/0000000000000000"
#define B_ORIGIN "wasl/b/1111111111111111"

static const struct wire_form_parties parties = {
    .count = 2,
    .all = {{{(const uint8_t *)"rabat", 5}, {(const uint8_t *)A_ORIGIN, 23}},
            {{(const uint8_t *)"paris", 5}, {(const uint8_t *)B_ORIGIN, 23}}}};

struct filled {
  struct base_arena kinds, arena;
  struct wire_kind kind;
  struct wire_form form;
  struct base_buf rest;
  struct base_error err;
};

static void fill_free(struct filled *filled) {
  base_arena_free(&filled->kinds);
  base_arena_free(&filled->arena);
  base_buf_free(&filled->rest);
}
#define AUTO_FILLED __attribute__((cleanup(fill_free)))

static enum base_code fill(struct filled *filled, const struct wire_form_parties *among, const char *fields, size_t room) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (parse(base_view_text(ALL), &filled->kinds, &filled->kind, &filled->err) != BASE_OK)
    fail_msg("%s", filled->err.text);
  base_arena_init(&filled->arena, room);
  assert_int_equal(wire_json_parse(base_view_text(fields), WIRE_PART0_MAX, "fields", &json, &filled->err), BASE_OK);
  return wire_form_check(among, &filled->kind.types[0], json, 1795248000, &filled->arena, &filled->form, &filled->rest, &filled->err);
}

static void each_type_takes_its_values_alone(void **state) {
  (void)state;
  static const struct {
    const char *fields, *says; /* NULL: it is taken */
  } cases[] = {
      {"{\"text\":\"  \\n\"}", "$.text: must hold more than blanks"},
      {"{\"text\":\"t\",\"line\":\"a\\nb\"}", "$.line"},
      {"{\"text\":\"a\\u202eb\"}", "$.text"},
      {"{\"text\":\"a\\nb\",\"line\":\"a b\"}", NULL},
      {"{\"text\":\"t\",\"codes\":[\"x\",\"y\"]}", NULL},
      {"{\"text\":\"t\",\"codes\":[]}", NULL},
      {"{\"text\":\"t\",\"codes\":[\"x\",\"y\",\"x\"]}", "$.codes: 3 codes, from 0 to 2 are allowed"},
      {"{\"text\":\"t\",\"codes\":[\"x\",\"x\"]}", "$.codes: holds a code twice"},
      {"{\"text\":\"t\",\"codes\":[\"z\"]}", "$.codes: must be one of: x, y"},
      {"{\"text\":\"t\",\"codes\":[7]}", "$.codes: must hold codes"},
      {"{\"text\":\"t\",\"codes\":\"x\"}", "$.codes: must be an array of codes"},
      {"{\"text\":\"t\",\"names\":[\"a\",\"b\"]}", NULL},
      {"{\"text\":\"t\",\"names\":[\"*\"]}", NULL},
      {"{\"text\":\"t\",\"names\":[\"*\",\"a\"]}", "$.names: must hold codes, or \"*\" alone"},
      {"{\"text\":\"t\",\"names\":[\"A\"]}", "$.names: must hold codes, or \"*\" alone"},
      {"{\"text\":\"t\",\"names\":[7]}", "$.names: must hold codes, or \"*\" alone"},
      {"{\"text\":\"t\",\"names\":[\"a\",\"b\",\"c\"]}", "$.names: 3 codes, from 1 to 2 are allowed"},
      {"{\"text\":\"t\",\"names\":[]}", "$.names: 0 codes"},
      {"{\"text\":\"t\",\"name\":\"*\"}", NULL},
      {"{\"text\":\"t\",\"name\":\"code\"}", NULL},
      {"{\"text\":\"t\",\"name\":\"Code\"}", "$.name: must be a code"},
      {"{\"text\":\"t\",\"whole\":2}", NULL},
      {"{\"text\":\"t\",\"whole\":4}", NULL},
      {"{\"text\":\"t\",\"whole\":1}", "$.whole: must be an integer from 2 to 4"},
      {"{\"text\":\"t\",\"whole\":5}", "$.whole: must be an integer from 2 to 4"},
      {"{\"text\":\"t\",\"whole\":\"2\"}", "$.whole: must be an integer from 2 to 4"},
      {"{\"text\":\"t\",\"yes\":1}", "$.yes: must be true or false"},
      {"{\"text\":\"t\",\"rows\":[{},{}]}", NULL},
      {"{\"text\":\"t\",\"rows\":[]}", "$.rows: 0 rows, from 1 to 2 are allowed"},
      {"{\"text\":\"t\",\"rows\":[{},{},{}]}", "$.rows: 3 rows, from 1 to 2 are allowed"},
      {"{\"text\":\"t\",\"rows\":[{\"who\":\"self\",\"colour\":1}]}",
       "$.rows[0].colour: unknown column; the columns are: who, much"},
      {"{\"text\":\"t\",\"rows\":[{\"who\":\"oslo\"}]}", "$.rows[0].who: must be self or a party of the case: rabat, paris"},
      {"{\"text\":\"t\",\"party\":\"paris\"}", NULL},
      {"{\"text\":\"t\",\"party\":\"" B_ORIGIN "\"}", NULL},
      {"{\"text\":\"t\",\"party\":\"oslo\"}", "$.party: must be self or a party of the case: rabat, paris"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    AUTO_FILLED struct filled filled = {0};
    enum base_code code = fill(&filled, &parties, cases[i].fields, 1 << 16);
    if ((code == BASE_OK) != (cases[i].says == NULL) || (code != BASE_OK && !strstr(filled.err.text, cases[i].says)))
      fail_msg("%s: %s", cases[i].fields, filled.err.text);
  }
}

/* By name, by origin or as "self": what goes out is the origin, in rows too. */
static void parties_go_out_by_their_origin(void **state) {
  (void)state;
  static const struct {
    const char *meant, *origin;
  } cases[] = {{"self", A_ORIGIN}, {"rabat", A_ORIGIN}, {"paris", B_ORIGIN}, {B_ORIGIN, B_ORIGIN}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    AUTO_FILLED struct filled filled = {0};
    char fields[256], want[256];
    (void)snprintf(fields, sizeof fields,
        "{\"rows\":[{\"much\":3,\"who\":\"%s\"},{\"much\":4}],\"text\":\"t\",\"party\":\"%s\"}",
                   cases[i].meant, cases[i].meant);
    (void)snprintf(want, sizeof want, "{\"text\":\"t\",\"rows\":[{\"who\":\"%s\",\"much\":3},{\"much\":4}]}",
        cases[i].origin);
    assert_int_equal(fill(&filled, &parties, fields, 1 << 16), BASE_OK);
    assert_int_equal(filled.form.state_count, 1);
    assert_true(base_view_is(filled.form.state[0].value, cases[i].origin));
    assert_true(base_view_is(base_buf_view(&filled.rest), want));
  }
  AUTO_FILLED struct filled filled = {0}; /* nobody's names are known: an origin alone is one */
  assert_int_equal(fill(&filled, NULL, "{\"text\":\"t\",\"party\":\"" B_ORIGIN "\"}", 1 << 16), BASE_OK);
  assert_true(base_view_is(filled.form.state[0].value, B_ORIGIN));
  AUTO_FILLED struct filled other = {0};
  assert_int_equal(fill(&other, NULL, "{\"text\":\"t\",\"party\":\"self\"}", 1 << 16), BASE_FIELD);
  assert_non_null(strstr(other.err.text, "$.party: must be the origin of a party"));
}

static void a_form_without_room(void **state) {
  (void)state;
  AUTO_FILLED struct filled filled = {0}, narrow = {0};
  assert_int_equal(fill(&filled, &parties, "{\"text\":\"t\",\"party\":\"self\"}", 8), BASE_MEMORY);
  assert_non_null(strstr(filled.err.text, "$.party: no memory left"));
  base_buf_init(&narrow.rest, 8);
  assert_int_equal(fill(&narrow, &parties, "{\"text\":\"123456789\"}", 1 << 16), BASE_TOO_LARGE);
  assert_int_equal(narrow.form.state_count, 0);
}

/* The highest class of what is there: of a table with rows that of its columns, too. */
static void the_highest_class_of_a_form(void **state) {
  (void)state;
  static const struct {
    const char *fields;
    bool party;
    enum wire_personal personal;
  } cases[] = {
      {"{\"text\":\"t\"}", false, WIRE_PERSONAL_NONE},
      {"{\"text\":\"t\",\"plain\":[]}", false, WIRE_PERSONAL_NONE},
      {"{\"text\":\"t\",\"plain\":[{}]}", false, WIRE_PERSONAL_ORDINARY},
      {"{\"text\":\"t\",\"rows\":[{}]}", false, WIRE_PERSONAL_SPECIAL},
      {"{\"text\":\"t\",\"plain\":[{}],\"rows\":[{}]}", false, WIRE_PERSONAL_SPECIAL},
      {"{\"text\":\"t\",\"rows\":[{}],\"plain\":[{}]}", true, WIRE_PERSONAL_SPECIAL},
      {"{\"text\":\"t\"}", true, WIRE_PERSONAL_ORDINARY},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    AUTO_FILLED struct filled filled = {0};
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    char fields[256];
    (void)snprintf(fields, sizeof fields, "%.*s%s}", (int)strlen(cases[i].fields) - 1, cases[i].fields,
                   cases[i].party ? ",\"party\":\"self\"" : "");
    assert_int_equal(fill(&filled, &parties, fields, 1 << 16), BASE_OK);
    assert_int_equal(filled.form.personal, cases[i].personal);
    /* and of the message that was made of it: its header and its part 0 */
    struct wire_header header = {.state_count = filled.form.state_count};
    memcpy(header.state, filled.form.state, sizeof filled.form.state);
    assert_int_equal(wire_json_parse(base_buf_view(&filled.rest), 1 << 16, "rest", &json, NULL), BASE_OK);
    assert_int_equal(wire_form_personal(&filled.kind.types[0], &header, json), cases[i].personal);
  }
}

static void a_header_of_a_partner(void **state) {
  (void)state;
  AUTO_FILLED struct filled filled = {0};
  struct base_error err = {0};
  assert_int_equal(fill(&filled, &parties, "{\"text\":\"t\"}", 1 << 16), BASE_OK);
  struct wire_header header = {.opens = true,
                               .kind = filled.kind.name,
                               .kind_hash = filled.kind.hash,
                               .type = filled.kind.types[0].name,
                               .party_count = 1,
                               .parties = {{(const uint8_t *)A_ORIGIN, 23}}};
  assert_int_equal(wire_form_check_header(&filled.kind, &header, &err), BASE_OK); /* the party may be missing */
  header.state_count = 1;
  header.state[0] = (struct wire_state_field){BASE_VIEW("party"), BASE_VIEW(A_ORIGIN)};
  assert_int_equal(wire_form_check_header(&filled.kind, &header, &err), BASE_OK);
  header.state[0].value = BASE_VIEW(B_ORIGIN);
  assert_int_equal(wire_form_check_header(&filled.kind, &header, &err), BASE_FIELD);
  assert_string_equal(err.text, "header state: $.party: is no party of the message");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slips_of_several_changes),       cmocka_unit_test(what_is_left_out_is_not_shown),
      cmocka_unit_test(fields_that_a_feed_fills),       cmocka_unit_test(what_all_agree_to_opens_nothing),
      cmocka_unit_test(which_types_say_what_is_needed), cmocka_unit_test(an_item_without_a_feed),
      cmocka_unit_test(what_is_apart),                  cmocka_unit_test(each_type_takes_its_values_alone),
      cmocka_unit_test(parties_go_out_by_their_origin), cmocka_unit_test(a_form_without_room),
      cmocka_unit_test(the_highest_class_of_a_form),    cmocka_unit_test(a_header_of_a_partner),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
