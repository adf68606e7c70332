/* SPDX-License-Identifier: Apache-2.0 */
#include "../shipped.h"
#include "core/balance.h"
#include "core_ask.h"

/* Needs against offers between two real cores, in the kind `assistance`; random cases against a plain reading of what each node shows
 * of its messages. */

enum { STEPS = 60, SEEDS = 4, SHOWN_LINES = 8 };
static const char needs[] = "\"needs\":[{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":4,\"unit\":\"teams\",\"priority\":\"urgent\"},"
                            "{\"line\":\"L2\",\"resource\":\"shelter\",\"quantity\":500,\"unit\":\"tents\",\"priority\":\"urgent\"}]";

static void begin(struct pair_node *a, struct pair_node *b, char kase[65]) {
  char agreement[65], text[2048];
  ask_two(a, b);
  pair_agree(a, b, agreement);
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"kind\":\"assistance\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"civil_protection\","
                 "\"disaster\":\"earthquake\",\"onset\":\"2026-01-01\",\"places\":\"p\",\"situation\":\"s\",\"as_of\":\"2026-01-01\","
                 "\"entry_points\":\"e\",\"contact\":\"c\",\"cost\":\"free\",\"valid_until\":\"2027-01-01\",\"language\":\"fr\",%s}}",
                 needs);
  pair_id(a, LINK_CASE_OPEN, text, kase);
  pair_rest(a, b);
}

static const char *sending(const char *kase, const char *type, const char *fields) {
  static char text[64 << 10];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":{%s}}", kase, type, fields);
  return text;
}

static const char *offering(const char *lines) {
  static char text[32 << 10];
  (void)snprintf(text, sizeof text,
                 "\"lines\":[%s],\"team\":\"t\",\"staff\":3,\"self_sufficient_days\":9,\"ready_hours\":6,\"cost\":\"free\","
                 "\"valid_until\":\"2027-01-01\"",
                 lines);
  return text;
}

static const char *about(const char *offer, const char *type, const char *lines) {
  static char text[1024];
  bool accepts = strncmp(type, "accept", 6) == 0;
  bool plain = strcmp(type, "decline") == 0 || strcmp(type, "offer_withdraw") == 0;
  (void)snprintf(text, sizeof text, "\"offer\":\"%s\"%s%s%s%s", offer, accepts ? ",\"entry_point\":\"e\"" : plain ? "" : ",\"at\":\"2026-01-02\"",
                 lines[0] ? ",\"lines\":[" : "", lines, lines[0] ? "]" : "");
  return text;
}

static void refused(struct pair_node *node, const char *request, const char *says) {
  struct pair_answer answer = pair_ask(node, LINK_CASE_SEND, request, -1);
  struct base_view text = base_buf_view(&answer.payload);
  if (answer.status == BASE_OK || memmem(text.data, text.size, says, strlen(says)) == NULL)
    fail_msg("%s: %.*s", request, (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
}

static const struct wire_json *only(const struct told *told) {
  return at(wire_json_get(told->json, "balances"), 0);
}

static const struct wire_json *line_of(const struct told *told, const char *name) {
  const struct wire_json *lines = wire_json_get(only(told), "lines");
  for (size_t i = 0; i < wire_json_size(lines); i++)
    if (base_view_is(wire_json_text(wire_json_get(at(lines, i), "line")), name))
      return at(lines, i);
  fail_msg("there is no line %s", name);
  return NULL;
}

static void expect(struct pair_node *node, const char *kase, const char *line, const char *numbers) {
  static const char *const keys[] = {"needed", "offered", "accepted", "under_way", "arrived", "left", "missing", "surplus"};
  struct told told = tell(node, LINK_CASE_BALANCE, with_id(kase));
  char found[128] = "";
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    (void)snprintf(found + strlen(found), sizeof found - strlen(found), i > 0 ? " %lld" : "%lld",
                   (long long)number(line_of(&told, line), keys[i]));
  assert_string_equal(found, numbers);
  assert_int_equal(number(only(&told), "unread") + number(only(&told), "unclear"), 0);
  forget(&told);
}

static void a_part_counts_as_that_part(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65], id[65];
  begin(&a, &b, kase);
  expect(&b, kase, "L2", "500 0 0 0 0 0 500 0");
  pair_id(&b, LINK_CASE_SEND,
          sending(kase, "offer", offering("{\"line\":\"L2\",\"resource\":\"shelter\",\"quantity\":600,\"unit\":\"tents\"}")), offer);
  pair_rest(&a, &b);
  expect(&a, kase, "L2", "500 600 0 0 0 0 500 0");
  pair_id(&a, LINK_CASE_SEND, sending(kase, "accept_in_part", about(offer, "accept_in_part", "{\"line\":\"L2\",\"quantity\":450}")), id);
  pair_rest(&a, &b);
  for (size_t i = 0; i < 2; i++)
    expect(i == 0 ? &a : &b, kase, "L2", "500 0 450 0 0 0 50 0");
  pair_id(&b, LINK_CASE_SEND, sending(kase, "mobilise", about(offer, "mobilise", "")), id);
  pair_id(&a, LINK_CASE_SEND,
          sending(kase, "amend",
                  "\"needs\":[{\"line\":\"L2\",\"resource\":\"shelter\",\"quantity\":400,\"unit\":\"tents\",\"priority\":\"urgent\"}]"),
          id);
  pair_rest(&a, &b);
  expect(&b, kase, "L2", "400 0 0 450 0 0 0 50");
  expect(&b, kase, "L1", "4 0 0 0 0 0 4 0");
  static const char *const way[] = {"depart", "arrive", "demobilise", "home"};
  for (size_t i = 0; i < sizeof way / sizeof *way; i++)
    pair_id(&b, LINK_CASE_SEND, sending(kase, way[i], about(offer, way[i], "")), id);
  pair_rest(&a, &b);
  expect(&a, kase, "L2", "400 0 0 0 0 450 0 50");
  struct told leaf = tell(&b, LINK_REGISTER_HEAD, "{\"actor\":\"amal\"}");
  int64_t before = number(leaf.json, "size");
  forget(&leaf);
  expect(&b, kase, "L1", "4 0 0 0 0 0 4 0");
  leaf = tell(&b, LINK_REGISTER_HEAD, "{\"actor\":\"amal\"}");
  assert_int_equal(number(leaf.json, "size"), before + 1); /* who read it stands in the register */
  forget(&leaf);
  ask_remove(&a, &b);
}

static void lines_that_do_not_fit(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65];
  begin(&a, &b, kase);
  static const struct {
    const char *lines, *says;
  } offers[] = {
      {"{\"line\":\"L9\",\"resource\":\"other\",\"quantity\":1,\"unit\":\"teams\"}",
       "fields: $.lines[0].line: L9 is no line of what is needed in this case; it has L1, L2"},
      {"{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":1,\"unit\":\"teams\"},{\"line\":\"l2\",\"resource\":\"other\",\"quantity\":1,\"unit\":\"tents\"}",
       "fields: $.lines[1].line: l2 is no line"},
      {"{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":1,\"unit\":\"men\"}", "L1 is counted in teams in what is needed"},
      {"{\"line\":\"L1\",\"resource\":\"shelter\",\"quantity\":1,\"unit\":\"teams\"}",
       "fields: $.lines[0].line: L1 is for usar_medium in what is needed, not for shelter"},
      {"{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":1,\"unit\":\"teams\"},{\"line\":\"L1\",\"resource\":\"other\",\"quantity\":2,\"unit\":\"teams\"}",
       "fields: $.lines[1].line: this line stands twice"},
  };
  for (size_t i = 0; i < sizeof offers / sizeof *offers; i++)
    refused(&b, sending(kase, "offer", offering(offers[i].lines)), offers[i].says);
  pair_id(&b, LINK_CASE_SEND,
          sending(kase, "offer", offering("{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":2,\"unit\":\"teams\"}")), offer);
  pair_rest(&a, &b);
  refused(&a, sending(kase, "accept_in_part", about(offer, "accept_in_part", "{\"line\":\"L2\",\"quantity\":1}")),
          "fields: $.lines[0].line: L2 is no line of what it names, which has L1");
  refused(&a, sending(kase, "accept_in_part", about(offer, "accept_in_part", "{\"line\":\"L1\",\"quantity\":3}")),
          "L1 has 2 there, not 3: no more can be taken");
  refused(&a, sending(kase, "accept_in_part", about(offer, "accept_in_part", "{\"line\":\"L1\",\"quantity\":1},{\"line\":\"L1\",\"quantity\":1}")),
          "stands twice");
  refused(&a, sending(kase, "accept_in_part", about(kase, "accept_in_part", "{\"line\":\"L1\",\"quantity\":1}")), "there is no offer");
  refused(&a,
          sending(kase, "amend",
                  "\"needs\":[{\"line\":\"L1\",\"resource\":\"shelter\",\"quantity\":1,\"unit\":\"teams\",\"priority\":\"urgent\"}]"),
          "fields: $.needs[0].line: L1 is for usar_medium: keep that, or give shelter a line of its own");
  refused(&a,
          sending(kase, "amend",
                  "\"needs\":[{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":1,\"unit\":\"men\",\"priority\":\"urgent\"}]"),
          "L1 is counted in teams: keep that, or give what is counted in men a line of its own");
  refused(&b, sending(kase, "mobilise", about(offer, "mobilise", "")), "is made");
  expect(&a, kase, "L1", "4 2 0 0 0 0 4 0");
  char text[256];
  pair_request(&a, &b, kase);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\"}", kase);
  struct pair_answer answer = pair_ask(&a, LINK_CASE_BALANCE, text, -1);
  assert_int_equal(answer.status, BASE_FIELD);
  pair_answer_free(&answer);
  ask_remove(&a, &b);
}

/* Of content that is gone nobody says that nothing was needed, or offered. */
static void erased_content_is_told(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65], second[65], id[65], text[256];
  static const char two[] = "{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":2,\"unit\":\"teams\"}";
  begin(&a, &b, kase);
  pair_id(&b, LINK_CASE_SEND, sending(kase, "offer", offering(two)), offer);
  pair_rest(&a, &b);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", kase);
  struct told done = tell(&b, LINK_MESSAGE_ERASE, text);
  forget(&done);
  struct told told = tell(&b, LINK_CASE_BALANCE, with_id(kase));
  assert_int_equal(number(only(&told), "unread"), 1);
  assert_int_equal(number(line_of(&told, "L1"), "offered"), 2);
  assert_false(wire_json_true(wire_json_get(line_of(&told, "L1"), "asked")));
  forget(&told);
  expect(&a, kase, "L1", "4 2 0 0 0 0 4 0");
  pair_id(&b, LINK_CASE_SEND, sending(kase, "offer", offering(two)), second); /* whether it fits nobody can say here */
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", offer);
  pair_rest(&a, &b);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "accept_in_part", about(offer, "accept_in_part", "{\"line\":\"L1\",\"quantity\":1}")), id);
  done = tell(&a, LINK_MESSAGE_ERASE, text);
  forget(&done);
  told = tell(&a, LINK_CASE_BALANCE, with_id(kase));
  assert_int_equal(number(only(&told), "unread"), 1);
  assert_int_equal(number(only(&told), "unclear"), 0);
  assert_int_equal(number(line_of(&told, "L1"), "accepted"), 0); /* a part of what is not known any more */
  assert_int_equal(number(line_of(&told, "L1"), "offered"), 2);
  forget(&told);
  static const char nine[] = "{\"line\":\"L1\",\"quantity\":9},{\"line\":\"L2\",\"quantity\":9}";
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", second);
  done = tell(&a, LINK_MESSAGE_ERASE, text);
  forget(&done);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "accept_in_part", about(second, "accept_in_part", nine)), id);
  pair_rest(&a, &b);
  told = tell(&b, LINK_CASE_BALANCE, with_id(kase)); /* where both are known: no more than was offered, and of no other line */
  assert_int_equal(number(line_of(&told, "L1"), "accepted"), 1 + 2);
  assert_int_equal(number(only(&told), "unclear"), 1);
  forget(&told);
  ask_remove(&a, &b);
}

static void what_has_no_effect_counts_for_nothing(void **state) {
  (void)state;
  struct pair_node a, b;
  struct core_case *kase = NULL;
  struct core_balance balance = {0};
  struct base_error err;
  struct base_id found;
  char text[65], offer[65], id[65];
  begin(&a, &b, text);
  pair_id(&b, LINK_CASE_SEND,
          sending(text, "offer", offering("{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":3,\"unit\":\"teams\"}")), offer);
  pair_rest(&a, &b);
  pair_id(&a, LINK_CASE_SEND, sending(text, "accept_in_part", about(offer, "accept_in_part", "{\"line\":\"L1\",\"quantity\":1}")), id);
  pair_id(&a, LINK_CASE_SEND,
          sending(text, "amend", "\"needs\":[{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":9,\"unit\":\"teams\",\"priority\":\"urgent\"}]"),
          id);
  assert_true(base_id_parse(base_view_text(text), &found));
  assert_int_equal(core_case_load(a.core, &found, &kase, &err), BASE_OK);
  assert_int_equal(kase->count, 4);
  kase->messages[2].effective = kase->messages[3].effective = false; /* held, as a partner's may be */
  assert_int_equal(core_balance_make(a.core, kase, &kase->kind->kind.balances[0], &balance, &err), BASE_OK);
  const struct core_balance_line *line = core_balance_asked(&balance, BASE_VIEW("L1"));
  assert_non_null(line);
  assert_int_equal(line->needed, 4);
  assert_int_equal(line->stands[WIRE_STANDS_ACCEPTED], 3);
  assert_null(core_balance_asked(&balance, BASE_VIEW("L")));
  core_balance_free(&balance);
  ask_remove(&a, &b);
}

/* What a line is for, and its unit, is settled by who first said it, and a node that cannot look, since it erased that, changes
 * nothing by what it says at one that can. */
static void a_line_stays_what_it_was(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65], text[256];
  static const char *const amended[] = {
      "{\"line\":\"L1\",\"resource\":\"shelter\",\"quantity\":9,\"unit\":\"teams\",\"priority\":\"urgent\"}",
      "{\"line\":\"L2\",\"resource\":\"shelter\",\"quantity\":9,\"unit\":\"beds\",\"priority\":\"urgent\"}",
      "{\"line\":\"L3\",\"resource\":\"power\",\"quantity\":5,\"unit\":\"sets\",\"priority\":\"urgent\"}",
      "{\"line\":\"L3\",\"resource\":\"power\",\"quantity\":0,\"unit\":\"sets\",\"priority\":\"urgent\"}",
      "{\"line\":\"L3\",\"resource\":\"other\",\"quantity\":2,\"unit\":\"sets\",\"priority\":\"urgent\"}"};
  begin(&a, &b, kase);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", kase);
  struct told done = tell(&a, LINK_MESSAGE_ERASE, text);
  forget(&done);
  for (size_t i = 0; i < sizeof amended / sizeof *amended; i++) {
    char needed[256];
    (void)snprintf(needed, sizeof needed, "\"needs\":[%s]", amended[i]);
    pair_id(&a, LINK_CASE_SEND, sending(kase, "amend", needed), id);
  }
  pair_rest(&a, &b);
  struct told told = tell(&b, LINK_CASE_BALANCE, with_id(kase));
  assert_int_equal(wire_json_size(wire_json_get(only(&told), "lines")), 3);
  assert_int_equal(number(line_of(&told, "L1"), "needed"), 4);
  assert_true(base_view_is(wire_json_text(wire_json_get(line_of(&told, "L1"), "what")), "usar_medium"));
  assert_int_equal(number(line_of(&told, "L2"), "needed"), 500);
  assert_true(base_view_is(wire_json_text(wire_json_get(line_of(&told, "L2"), "unit")), "tents"));
  assert_int_equal(number(line_of(&told, "L3"), "needed"), 0); /* what nobody needs any more is for what it was for */
  assert_int_equal(number(only(&told), "unclear"), 3);
  forget(&told);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", kase);
  done = tell(&b, LINK_MESSAGE_ERASE, text);
  forget(&done);
  pair_id(&b, LINK_CASE_SEND,
          sending(kase, "offer", offering("{\"line\":\"L3\",\"resource\":\"other\",\"quantity\":7,\"unit\":\"sets\"}")), id);
  pair_rest(&a, &b);
  told = tell(&b, LINK_CASE_BALANCE, with_id(kase)); /* for something else: a line of its own */
  const struct wire_json *lines = wire_json_get(only(&told), "lines"), *last = at(lines, wire_json_size(lines) - 1);
  assert_int_equal(number(line_of(&told, "L3"), "offered"), 0);
  assert_true(base_view_is(wire_json_text(wire_json_get(last, "line")), "L3"));
  assert_true(base_view_is(wire_json_text(wire_json_get(last, "what")), "other"));
  assert_false(wire_json_true(wire_json_get(last, "asked")));
  assert_int_equal(number(last, "offered"), 7);
  forget(&told);
  ask_remove(&a, &b);
}

/* A partner's content is not held to its kind. */
static void rows_of_a_stranger(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "assistance");
  const struct wire_kind_balance *rule = &kind.kind.balances[0];
  const struct wire_kind_field *table = wire_balance_gives(rule, shipped_type(&kind, "offer"));
  static const struct {
    const char *fields;
    size_t count, unclear;
  } cases[] = {
      {"{}", 0, 0},
      {"{\"lines\":\"many\"}", 0, 0},
      {"{\"lines\":[1,null,[],{}]}", 0, 4},
      {"{\"lines\":[{\"line\":\"L1\"},{\"line\":\"\",\"quantity\":1},{\"line\":7,\"quantity\":1}]}", 0, 3},
      {"{\"lines\":[{\"line\":\"L1\",\"quantity\":0},{\"line\":\"L1\",\"quantity\":-4},{\"line\":\"L1\",\"quantity\":1.5}]}", 0, 3},
      {"{\"lines\":[{\"line\":\"L1\",\"quantity\":9223372036854775807},{\"line\":\"L1\",\"quantity\":\"3\"}]}", 0, 2},
      {"{\"lines\":[{\"line\":\"L1\",\"quantity\":1000000},{\"line\":\"L1\",\"quantity\":1000001},{\"line\":\"L1\",\"quantity\":2}]}", 1, 2},
      {"{\"lines\":[{\"line\":\"L1\",\"quantity\":3,\"unit\":8},{\"line\":\"L2\",\"quantity\":3,\"more\":{}}]}", 2, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct core_balance_row rows[WIRE_KIND_ROWS_MAX];
    struct base_error err;
    size_t unclear = 0;
    assert_int_equal(wire_json_parse(base_view_text(cases[i].fields), 4096, "fields", &json, &err), BASE_OK);
    assert_int_equal(core_balance_rows(rule, table, json, rows, &unclear), cases[i].count);
    assert_int_equal(unclear, cases[i].unclear);
  }
  BASE_AUTO_BUF struct base_buf many = {0};
  base_buf_text(&many, "{\"lines\":[");
  for (size_t i = 0; i < WIRE_KIND_ROWS_MAX + 3; i++)
    base_buf_printf(&many, "%s{\"line\":\"L%zu\",\"quantity\":1}", i > 0 ? "," : "", i);
  base_buf_text(&many, "]}");
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct core_balance_row rows[WIRE_KIND_ROWS_MAX];
  struct base_error err;
  size_t unclear = 0;
  assert_int_equal(wire_json_parse(base_buf_view(&many), 1 << 20, "fields", &json, &err), BASE_OK);
  assert_int_equal(core_balance_rows(rule, table, json, rows, &unclear), WIRE_KIND_ROWS_MAX);
  assert_int_equal(unclear, 3);
  base_arena_free(&kind.arena);
}

/* --- the limits of one balance */

static void add_needs(struct pair_node *node, const char *kase, size_t first, size_t count) {
  BASE_AUTO_BUF struct base_buf fields = {0};
  char id[65];
  base_buf_text(&fields, "\"needs\":[");
  for (size_t i = 0; i < count; i++)
    base_buf_printf(&fields, "%s{\"line\":\"M%zu\",\"resource\":\"other\",\"quantity\":1,\"unit\":\"u\",\"priority\":\"urgent\"}", i > 0 ? "," : "",
                    first + i);
  base_buf_printf(&fields, "]%c", 0);
  pair_id(node, LINK_CASE_SEND, sending(kase, "amend", (const char *)fields.data), id);
}

static void so_much_and_no_more(void **state) {
  (void)state;
  struct pair_node a, b;
  struct core_case *kase = NULL;
  struct base_error err;
  struct base_id id;
  char text[65];
  begin(&a, &b, text);
  assert_true(base_id_parse(base_view_text(text), &id));
  for (size_t i = 2; i < CORE_BALANCE_LINES; i += 73)
    add_needs(&a, text, i, 73);
  assert_int_equal((CORE_BALANCE_LINES - 2) % 73, 0);
  struct told told = tell(&a, LINK_CASE_BALANCE, with_id(text));
  assert_int_equal(wire_json_size(wire_json_get(only(&told), "lines")), CORE_BALANCE_LINES);
  assert_int_equal(number(only(&told), "unclear"), 0);
  forget(&told);
  add_needs(&a, text, CORE_BALANCE_LINES, 1);
  told = tell(&a, LINK_CASE_BALANCE, with_id(text));
  assert_int_equal(wire_json_size(wire_json_get(only(&told), "lines")), CORE_BALANCE_LINES);
  assert_int_equal(number(only(&told), "unclear"), 1);
  forget(&told);

  assert_int_equal(core_case_load(a.core, &id, &kase, &err), BASE_OK);
  struct core_case large = *kase;
  large.messages = calloc(CORE_BALANCE_READS + 1, sizeof *large.messages);
  assert_non_null(large.messages);
  for (size_t i = 0; i <= CORE_BALANCE_READS; i++)
    large.messages[i] = kase->messages[0];
  for (size_t more = 0; more < 2; more++) {
    struct core_balance balance = {0};
    large.count = CORE_BALANCE_READS + more;
    enum base_code code = core_balance_make(a.core, &large, &kase->kind->kind.balances[0], &balance, &err);
    assert_int_equal(code, more == 0 ? BASE_OK : BASE_POLICY);
    core_balance_free(&balance);
  }
  free(large.messages);
  ask_remove(&a, &b);
}

/* --- random cases */

static uint32_t seed;
static uint32_t draw(uint32_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

/* A plain reading of spec/case.md, from the messages as the node tells them: what they say, and which took effect. */
struct plain {
  struct { int64_t needed, numbers[WIRE_STANDINGS]; } lines[SHOWN_LINES]; /* L1, L2, … */
  size_t offer_count;
  struct { char id[65], state[32]; int64_t gives[SHOWN_LINES]; } offers[STEPS];
};

static size_t plain_line(const struct wire_json *row) {
  struct base_view name = wire_json_text(wire_json_get(row, "line"));
  assert_true(name.size == 2 && name.data[1] > '0' && name.data[1] <= '0' + SHOWN_LINES);
  return (size_t)(name.data[1] - '1');
}

static void plain_offer(struct plain *plain, const struct wire_json *message, struct base_view type, struct base_view id) {
  static const char *const after[][2] = {{"accept", "accepted"}, {"accept_in_part", "accepted"}, {"decline", "gone"},
                                         {"offer_withdraw", "gone"}, {"mobilise", "under_way"}, {"depart", "under_way"},
                                         {"reach_border", "under_way"}, {"turn_back", "gone"}, {"arrive", "arrived"},
                                         {"operate", "arrived"}, {"demobilise", "arrived"}, {"home", "left"}};
  const struct wire_json *fields = wire_json_get(message, "fields"), *rows = wire_json_get(fields, "lines");
  size_t which = 0;
  if (base_view_is(type, "offer")) {
    which = plain->offer_count++;
    (void)snprintf(plain->offers[which].id, 65, "%.*s", (int)id.size, (const char *)id.data);
    (void)snprintf(plain->offers[which].state, 32, "offered");
  } else {
    while (!base_view_is(wire_json_text(wire_json_get(fields, "offer")), plain->offers[which].id))
      which++;
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
      if (base_view_is(type, after[i][0]))
        (void)snprintf(plain->offers[which].state, 32, "%s", after[i][1]);
  }
  for (size_t k = 0; k < SHOWN_LINES && rows != NULL; k++)
    plain->offers[which].gives[k] = 0;
  for (size_t k = 0; k < wire_json_size(rows); k++)
    plain->offers[which].gives[plain_line(at(rows, k))] = number(at(rows, k), "quantity");
}

static void read_plainly(struct pair_node *node, const char *kase, struct plain *plain) {
  struct told told = tell(node, LINK_CASE_SHOW, with_id(kase));
  const struct wire_json *messages = wire_json_get(told.json, "messages");
  memset(plain, 0, sizeof *plain);
  for (size_t i = 0; i < wire_json_size(messages); i++) {
    const struct wire_json *message = at(messages, i), *rows = wire_json_get(wire_json_get(message, "fields"), "needs");
    if (!wire_json_true(wire_json_get(message, "effective")))
      continue;
    for (size_t k = 0; k < wire_json_size(rows); k++)
      plain->lines[plain_line(at(rows, k))].needed = number(at(rows, k), "quantity");
    if (rows == NULL)
      plain_offer(plain, message, wire_json_text(wire_json_get(message, "type")), wire_json_text(wire_json_get(message, "id")));
  }
  for (size_t i = 0; i < plain->offer_count; i++)
    for (size_t k = 0; k < WIRE_STANDINGS; k++)
      for (size_t line = 0; line < SHOWN_LINES && strcmp(plain->offers[i].state, wire_standing_names[k]) == 0; line++)
        plain->lines[line].numbers[k] += plain->offers[i].gives[line];
  forget(&told);
}

static void compare(struct pair_node *node, const char *kase) {
  struct plain plain;
  read_plainly(node, kase, &plain);
  struct told told = tell(node, LINK_CASE_BALANCE, with_id(kase));
  const struct wire_json *lines = wire_json_get(only(&told), "lines");
  assert_int_equal(number(only(&told), "unread") + number(only(&told), "unclear"), 0);
  for (size_t i = 0; i < wire_json_size(lines); i++) {
    size_t line = plain_line(at(lines, i));
    int64_t covered = 0;
    assert_int_equal(number(at(lines, i), "needed"), plain.lines[line].needed);
    for (size_t k = 0; k < WIRE_STANDINGS; k++) {
      assert_int_equal(number(at(lines, i), wire_standing_names[k]), plain.lines[line].numbers[k]);
      covered += k == WIRE_STANDS_OFFERED ? 0 : plain.lines[line].numbers[k];
    }
    int64_t over = covered - plain.lines[line].needed;
    assert_int_equal(number(at(lines, i), "missing"), over < 0 ? -over : 0);
    assert_int_equal(number(at(lines, i), "surplus"), over > 0 ? over : 0);
    memset(&plain.lines[line], 0, sizeof plain.lines[line]);
  }
  static const struct plain nothing;
  assert_memory_equal(plain.lines, nothing.lines, sizeof plain.lines); /* none is left out */
  forget(&told);
}

/* What the kind or the case does not allow now is refused, and nothing happened. */
static void one_step(struct pair_node *a, struct pair_node *b, const char *kase, char offers[STEPS][65], size_t *offer_count) {
  static const char *const moves[] = {"accept",  "accept_in_part", "decline", "accept_in_part", "offer_withdraw", "mobilise", "depart",
                                      "reach_border", "turn_back", "arrive",  "operate",        "demobilise",     "home"};
  char rows[512];
  uint32_t what = draw(10), first = draw(4) + 1;
  bool part = false;
  struct pair_node *node = b;
  struct pair_answer answer;
  if (what == 0) {
    (void)snprintf(rows, sizeof rows,
                   "\"needs\":[{\"line\":\"L%u\",\"resource\":\"%s\",\"quantity\":%u,\"unit\":\"%s\",\"priority\":\"urgent\"}]", first,
                   first == 2 ? "shelter" : "usar_medium", draw(6), first == 2 ? "tents" : "teams");
    answer = pair_ask(a, LINK_CASE_SEND, sending(kase, "amend", rows), -1);
    assert_int_equal(answer.status, BASE_OK);
  } else if (what < 4 || *offer_count == 0) {
    (void)snprintf(rows, sizeof rows,
                   "{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":%u,\"unit\":\"teams\"},{\"line\":\"L2\",\"resource\":\"shelter\","
                   "\"quantity\":%u,\"unit\":\"tents\"}",
                   draw(5) + 1, draw(5) + 1);
    answer = pair_ask(b, LINK_CASE_SEND, sending(kase, "offer", offering(rows)), -1);
    assert_int_equal(answer.status, BASE_OK);
    pair_text(&answer, "id", offers[(*offer_count)++], 65);
  } else {
    size_t move = draw(sizeof moves / sizeof *moves);
    part = move == 1 || move == 3;
    node = move < 4 ? a : b;
    (void)snprintf(rows, sizeof rows, "{\"line\":\"L%u\",\"quantity\":%u}", draw(2) + 1, draw(5) + 1);
    answer = pair_ask(node, LINK_CASE_SEND, sending(kase, moves[move], about(offers[draw((uint32_t)*offer_count)], moves[move], part ? rows : "")),
                      -1);
  }
  pair_answer_free(&answer);
}

static void random_cases_against_a_plain_reading(void **state) {
  (void)state;
  for (uint32_t run = 0; run < SEEDS; run++) {
    static char offers[STEPS][65];
    struct pair_node a, b;
    char kase[65];
    size_t offer_count = 0;
    seed = 7919 * run + 17;
    begin(&a, &b, kase);
    for (size_t i = 0; i < STEPS; i++) {
      one_step(&a, &b, kase, offers, &offer_count);
      if (draw(3) > 0)
        pair_rest(&a, &b);
      if (draw(4) == 0) {
        compare(&a, kase);
        compare(&b, kase);
      }
    }
    pair_rest(&a, &b);
    compare(&a, kase);
    compare(&b, kase);
    ask_remove(&a, &b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_part_counts_as_that_part),
      cmocka_unit_test(lines_that_do_not_fit),
      cmocka_unit_test(erased_content_is_told),
      cmocka_unit_test(what_has_no_effect_counts_for_nothing),
      cmocka_unit_test(a_line_stays_what_it_was),
      cmocka_unit_test(rows_of_a_stranger),
      cmocka_unit_test(so_much_and_no_more),
      cmocka_unit_test(random_cases_against_a_plain_reading),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
