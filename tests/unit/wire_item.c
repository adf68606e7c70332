/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

/* Items of a kind, and the parties that a form names. */

/* The kind of tests/kinds with the first such place replaced. */
static enum base_code parse_with(const char *old, const char *new, struct base_error *err) {
  return shipped_changed("relief", old, new, err);
}

static size_t state_of(const struct wire_kind_item *item, const char *name) {
  size_t i = 0;
  while (!base_view_is(item->states[i], name))
    i++;
  return i;
}

static void reads_the_items_of_a_kind(void **state) {
  (void)state;
  struct shipped relief;
  shipped_load(&relief, "relief");
  assert_int_equal(relief.kind.item_count, 2);
  const struct wire_kind_item *offer = wire_kind_item_named(&relief.kind, BASE_VIEW("offer"));
  const struct wire_kind_item *task = wire_kind_item_named(&relief.kind, BASE_VIEW("task"));
  assert_null(wire_kind_item_named(&relief.kind, BASE_VIEW("boat")));
  assert_int_equal(offer->state_count, 7);
  assert_ptr_equal(shipped_type(&relief, "offer")->opens, offer);
  assert_ptr_equal(shipped_type(&relief, "accept")->moves, offer);
  assert_true(base_view_is(shipped_type(&relief, "accept")->names_item, "offer"));
  assert_true(shipped_type(&relief, "accept")->moves_case && !shipped_type(&relief, "arrive")->moves_case);
  assert_null(shipped_type(&relief, "close")->moves);
  const struct wire_item_transition *report = &offer->transitions[6], *leave = &offer->transitions[7];
  assert_true(report->stays && report->who == WIRE_WHO_OWNER && report->in == 3);
  assert_int_equal(report->from, 1u << state_of(offer, "mobilising") | 1u << state_of(offer, "on_site"));
  assert_true(!leave->stays && leave->to == state_of(offer, "home") && leave->in == 6);
  assert_true(base_view_is(task->assignee_field, "to"));
  assert_int_equal(task->all_count, 1);
  assert_ptr_equal(task->all[0], shipped_type(&relief, "confirm"));
  base_arena_free(&relief.arena);
}

/* Without a transition for it every party opens an item, in its first state. */
static void an_item_begins_by_itself(void **state) {
  (void)state;
  struct base_error err;
  assert_int_equal(parse_with("{\"on\": \"offer\", \"who\": \"others\"},", "", &err), BASE_OK);
  assert_int_equal(parse_with("\"who\": \"others\"", "\"to\": \"made\", \"in\": [\"asked\"]", &err), BASE_OK);
  assert_int_equal(parse_with("\"items\": [", "\"items\": [],\"things\": [", &err), BASE_FIELD);
}

struct broken {
  const char *old, *new, *says;
};

static void refuses_each_slip(void **state) {
  (void)state;
  static const struct broken slips[] = {
      {"\"name\": \"task\",\n      \"opened_by\"", "\"name\": \"offer\",\n      \"opened_by\"", "$.items[1].name"},
      {"\"name\": \"task\",\n      \"opened_by\"", "\"name\": \"Task\",\n      \"opened_by\"", "$.items[1].name"},
      {"\"opened_by\": \"assign\"", "\"opened_by\": \"offer\"", "opens the item offer already"},
      {"\"opened_by\": \"assign\"", "\"opened_by\": \"ask\"", "$.items[1].opened_by"},
      {"\"opened_by\": \"assign\"", "\"opened_by\": \"nothing\"", "$.items[1].opened_by"},
      {"\"opened_by\": \"assign\"", "\"opened_by\": \"take\"", "take opens the item task and cannot move it"},
      {"\"given\", \"taken\", \"done\"]", "\"given\", \"taken\", \"taken\"]", "$.items[1].states"},
      {"\"given\", \"taken\", \"done\"]", "\"given\", \"taken\", \"done\", \"lost\"]", "none leads to lost"},
      {"\"assignee_field\": \"to\"", "\"assignee_field\": \"what\"", "$.items[1].assignee_field"},
      {"\"assignee_field\": \"to\"", "\"assignee_field\": \"witness\"", "$.items[1].assignee_field"},
      {"\"assignee_field\": \"to\"", "\"assignee_field\": \"nothing\"", "$.items[1].assignee_field"},
      {"\"assignee_field\": \"to\",", "", "$.items[1].transitions[1].who: the item has no assignee_field"},
      {"\"who\": \"owner\"", "\"who\": \"pair\"", "$.items[0].transitions[3].who: the item has no assignee_field"},
      {"\"in\": [\"asked\", \"served\"]", "\"in\": [\"asked\", \"nowhere\"]", "$.items[0].in"},
      {"\"in\": [\"asked\", \"served\"]", "\"in\": []", "$.items[0].in"},
      {"\"in\": [\"served\", \"closed\"]", "\"in\": [\"closed\", \"closed\"]", "$.items[0].transitions[7].in"},
      {"\"on\": \"offer\", \"who\"", "\"on\": \"offer\", \"from\": [\"made\"], \"who\"", "an item begins from no state"},
      {"\"who\": \"others\"", "\"who\": \"owner\"", "$.items[0].transitions[0].who"},
      {"\"who\": \"others\"", "\"who\": \"not_last\"", "$.items[0].transitions[0].who"},
      {"\"who\": \"others\"", "\"who\": \"judge\"", "opener, others, not_last, owner, not_owner, assignee, pair"},
      {"\"who\": \"others\"", "\"who\": \"others\", \"all\": true", "$.items[0].transitions[0].all"},
      {"\"who\": \"others\"", "\"who\": \"others\", \"to\": \"gone\"", "$.items[0].transitions[0].to"},
      {"\"who\": \"others\"", "\"who\": \"others\", \"colour\": 1", "$.items[0].transitions[0].colour"},
      {"\"on\": \"mobilise\", \"from\": [\"accepted\"]", "\"on\": \"mobilise\"", "$.items[0].transitions[4].from"},
      {"\"on\": \"mobilise\", \"from\": [\"accepted\"]", "\"on\": \"mobilise\", \"from\": [\"gone\"]", "names no state of this item"},
      {"\"on\": \"mobilise\", \"from\"", "\"on\": \"close\", \"from\"", "close needs a required state field"},
      {"\"on\": \"mobilise\", \"from\"", "\"on\": \"take\", \"from\"", "take needs a required state field"},
      {"\"on\": \"report\", \"from\"", "\"on\": \"leave\", \"from\"", "none is on report"},
      {"\"on\": \"report\", \"from\": [\"mobilising\", \"on_site\"]",
       "\"on\": \"report\", \"all\": true, \"from\": [\"mobilising\"]", "$.items[0].transitions[6].all"},
      {"\"to\": \"declined\", \"who\": \"opener\"}", "\"to\": \"declined\"},"
       "{\"on\": \"accept\", \"from\": [\"declined\"], \"to\": \"accepted\", \"all\": true}", "accept also moves the case"},
      {"{\"on\": \"close\",", "{\"on\": \"offer\", \"from\": [\"asked\"], \"to\": \"served\", \"all\": true}, {\"on\": \"close\",",
       "$.transitions: offer also opens or moves an item"},
      {"\"to\": \"served\"}", "\"to\": \"served\", \"all\": true}", "$.transitions: accept also opens or moves an item"},
      {"\"item\": \"offer\"", "\"item\": \"boat\"", "accept: the field offer names no item"},
      {"\"required\": true, \"state\": true, \"item\": \"offer\"", "\"state\": true, \"item\": \"offer\"",
       "$.types[2].fields[0].item"},
      {"\"required\": true, \"state\": true, \"item\": \"offer\"", "\"required\": true, \"item\": \"offer\"",
       "$.types[2].fields[0].item"},
      {"\"type\": \"line\", \"most\": 200, \"example\": \"By the north road\"",
       "\"type\": \"message\", \"required\": true, \"state\": true, \"item\": \"task\"", "accept names two items"},
      {"\"name\": \"what\", \"type\": \"text\", \"most\": 2000, \"required\": true, \"example\": \"Four boats with crews\"",
       "\"name\": \"what\", \"type\": \"message\", \"required\": true, \"state\": true, \"item\": \"task\"",
       "ask opens the case"},
      {"{\"on\": \"close\", \"from\": [\"asked\", \"served\"], \"to\": \"closed\", \"who\": \"opener\"}",
       "{\"on\": \"accept\", \"from\": [\"served\"], \"to\": \"closed\"}", "$.transitions: none is on close"},
      {"\"name\": \"to\", \"type\": \"party\"", "\"name\": \"to\", \"type\": \"party\", \"example\": \"self\"",
       "$.types[9].fields[0].example"},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    struct base_error err = {0};
    enum base_code code = parse_with(slips[i].old, slips[i].new, &err);
    if (code == BASE_OK || !strstr(err.text, slips[i].says))
      fail_msg("%s -> %s: %s (%s)", slips[i].old, slips[i].new, err.text, base_code_name(code));
  }
}

/* Each limit, reached and one step beyond it. */
static void refuses_what_is_beyond_a_limit(void **state) {
  (void)state;
  static const struct {
    const char *old, *begin, *each, *end;
    int first, most;
    const char *says;
  } limits[] = {
      {"\"given\", \"taken\", \"done\"],", "\"given\", \"taken\", \"done\"", ", \"s%d\"", "],", 3, WIRE_ITEM_STATES_MAX,
       "$.items[1].states: 25 items"},
      {"{\"on\": \"take\",", "", "{\"on\": \"take\", \"from\": [\"taken\"], \"who\": \"owner\", \"to\": \"s%d\"},",
       "{\"on\": \"take\",", 4, WIRE_ITEM_TRANSITIONS_MAX, "$.items[1].transitions: 65 items"},
  };
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
    for (int more = 0; more < 2; more++) {
      BASE_AUTO_BUF struct base_buf text = {0};
      struct base_error err = {0};
      base_buf_text(&text, limits[i].begin);
      for (int j = limits[i].first; j < limits[i].most + more; j++) {
        const char *mark = strstr(limits[i].each, "%d");
        base_buf_printf(&text, "%.*s%d%s", (int)(mark - limits[i].each), limits[i].each, j, mark + 2);
      }
      base_buf_text(&text, limits[i].end);
      base_buf_u8(&text, 0);
      (void)parse_with(limits[i].old, (const char *)text.data, &err);
      if ((strstr(err.text, limits[i].says) != NULL) != (more == 1))
        fail_msg("%d: %s", more, err.text);
    }
}

/* A kind with so many items, each of a type of its own, and one more type that moves all of the last one's. */
static enum base_code parse_many(int items, int all, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  base_buf_text(&text, "{\"wasl\":\"kind/1\",\"name\":\"many\",\"version\":1,\"needs_row\":true,\"lists\":{},"
                       "\"types\":[{\"name\":\"ask\",\"fields\":[]}");
  for (int i = 0; i < items; i++)
    base_buf_printf(&text, ",{\"name\":\"t%d\",\"fields\":[]}", i);
  for (int i = 0; i < all; i++)
    base_buf_printf(&text,
                    ",{\"name\":\"a%d\",\"fields\":[{\"name\":\"of\",\"type\":\"message\",\"required\":true,"
                    "\"state\":true,\"item\":\"i0\"}]}",
                    i);
  base_buf_text(&text, "],\"states\":[\"asked\"],\"opening\":\"ask\","
                       "\"transitions\":[{\"on\":\"ask\",\"to\":\"asked\"}],\"items\":[");
  for (int i = 0; i < items; i++) {
    base_buf_printf(&text, "%s{\"name\":\"i%d\",\"opened_by\":\"t%d\",\"states\":[\"made\"],\"transitions\":[",
                    i ? "," : "", i, i);
    for (int j = 0; i == 0 && j < all; j++)
      base_buf_printf(&text, "%s{\"on\":\"a%d\",\"from\":[\"made\"],\"to\":\"made\",\"all\":true}", j ? "," : "", j);
    base_buf_text(&text, "]}");
  }
  base_buf_text(&text, "],\"clocks\":[]}");
  return wire_kind_parse(base_buf_view(&text), &hash, &arena, &kind, err);
}

static void counts_items_and_what_all_agree_to(void **state) {
  (void)state;
  struct base_error err = {0};
  if (parse_many(WIRE_KIND_ITEMS_MAX, WIRE_ITEM_ALL_MAX, &err) != BASE_OK)
    fail_msg("%s", err.text);
  assert_int_equal(parse_many(WIRE_KIND_ITEMS_MAX + 1, 0, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "$.items: 17 items"));
  assert_int_equal(parse_many(1, WIRE_ITEM_ALL_MAX + 1, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "at most 4 types"));
}

static void stays_within_a_small_arena(void **state) {
  (void)state;
  struct base_view bytes = shipped_file("relief", ".json");
  struct base_hash hash = {{0}};
  for (size_t limit = 64; limit < 32768; limit += 251) {
    BASE_AUTO_ARENA struct base_arena arena;
    struct wire_kind kind;
    struct base_error err;
    base_arena_init(&arena, limit);
    enum base_code code = wire_kind_parse(bytes, &hash, &arena, &kind, &err);
    assert_true(code == BASE_OK || code == BASE_MEMORY);
  }
}

static void labels_and_texts_name_items(void **state) {
  (void)state;
  struct shipped relief;
  struct wire_labels labels;
  struct base_error err;
  shipped_load(&relief, "relief");
  if (wire_labels_parse(relief.labels, &relief.kind, &labels, &err))
    fail_msg("%s", err.text);
  assert_true(base_view_is(wire_label(&labels, "state.task.given", WIRE_FR), "Donnée"));
  BASE_AUTO_BUF struct base_buf buf = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &buf);
  wire_kind_write(&relief.kind, &labels, &writer);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&buf), buf.size, "kind", &json, &err), BASE_OK);
  const struct wire_json *task = wire_json_at(wire_json_get(json, "items"), 1);
  assert_true(base_view_is(wire_json_text(wire_json_get(wire_json_get(task, "label"), "es")), "Tarea"));
  assert_true(base_view_is(wire_json_text(wire_json_get(task, "assignee_field")), "to"));
  const struct wire_json *given = wire_json_at(wire_json_get(task, "states"), 0);
  assert_true(base_view_is(wire_json_text(wire_json_get(wire_json_get(given, "label"), "pt")), "Dada"));
  const struct wire_json *confirm = wire_json_at(wire_json_get(task, "transitions"), 3);
  assert_true(base_view_is(wire_json_text(wire_json_get(confirm, "who")), "pair"));
  assert_true(wire_json_true(wire_json_get(confirm, "all")));
  assert_int_equal(wire_json_size(wire_json_get(confirm, "in")), 2);
  wire_labels_free(&labels);
  base_arena_free(&relief.arena);
}

/* --- parties */

static const struct wire_form_parties PARTIES = {.count = 2,
                                                 .all = {{BASE_VIEW("rabat"), BASE_VIEW("wasl/rabat/00000000000000aa")},
                                                         {BASE_VIEW("paris"), BASE_VIEW("wasl/paris/00000000000000bb")}}};

static enum base_code fill(const struct shipped *relief, const char *type, const char *fields,
                           const struct wire_form_parties *parties, struct wire_form *form, struct base_buf *rest,
                           struct base_arena *arena, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_view_text(fields), WIRE_PART0_MAX, "fields", &json, err), BASE_OK);
  return wire_form_check(parties, shipped_type(relief, type), json, 1795248000, arena, form, rest, err);
}

static void a_form_names_parties(void **state) {
  (void)state;
  static const struct {
    const char *to, *witness, *out, *rest;
  } cases[] = {
      {"paris", "self", "wasl/paris/00000000000000bb", "{\"what\":\"x\",\"witness\":\"wasl/rabat/00000000000000aa\"}"},
      {"self", "paris", "wasl/rabat/00000000000000aa", "{\"what\":\"x\",\"witness\":\"wasl/paris/00000000000000bb\"}"},
      {"wasl/rabat/00000000000000aa", "rabat", "wasl/rabat/00000000000000aa",
       "{\"what\":\"x\",\"witness\":\"wasl/rabat/00000000000000aa\"}"},
      {"tunis", "self", NULL, "$.to: must be self or a party of the case: rabat, paris"},
      {"self", "wasl/tunis/00000000000000cc", NULL, "$.witness: must be self or a party of the case: rabat, paris"},
      {"", "self", NULL, "$.to: must be self or a party"},
  };
  struct shipped relief;
  shipped_load(&relief, "relief");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    BASE_AUTO_BUF struct base_buf rest = {0};
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct wire_form form;
    struct base_error err = {0};
    char fields[200];
    base_arena_init(&arena, 1 << 20);
    (void)snprintf(fields, sizeof fields, "{\"to\":\"%s\",\"what\":\"x\",\"witness\":\"%s\"}", cases[i].to,
                   cases[i].witness);
    enum base_code code = fill(&relief, "assign", fields, &PARTIES, &form, &rest, &arena, &err);
    if (cases[i].out == NULL) {
      assert_int_equal(code, BASE_FIELD);
      assert_non_null(strstr(err.text, cases[i].rest));
      continue;
    }
    assert_int_equal(code, BASE_OK);
    assert_int_equal(form.state_count, 1);
    assert_true(base_view_is(form.state[0].value, cases[i].out));
    assert_true(base_view_is(base_buf_view(&rest), cases[i].rest));
  }
  base_arena_free(&relief.arena);
}

static void rows_of_a_table_name_parties(void **state) {
  (void)state;
  struct shipped relief;
  BASE_AUTO_BUF struct base_buf rest = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_form form;
  struct base_error err = {0};
  shipped_load(&relief, "relief");
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(fill(&relief, "ask",
                        "{\"purpose\":\"fire\",\"what\":\"w\",\"roles\":[{\"role\":\"boats\",\"who\":\"paris\"},"
                        "{\"who\":\"self\",\"role\":\"fuel\"}]}",
                        &PARTIES, &form, &rest, &arena, &err),
                   BASE_OK);
  assert_true(base_view_is(base_buf_view(&rest),
                           "{\"what\":\"w\",\"roles\":[{\"who\":\"wasl/paris/00000000000000bb\",\"role\":\"boats\"},"
                           "{\"who\":\"wasl/rabat/00000000000000aa\",\"role\":\"fuel\"}]}"));
  base_buf_reset(&rest);
  assert_int_equal(fill(&relief, "ask",
                        "{\"purpose\":\"fire\",\"what\":\"w\",\"roles\":[{\"role\":\"boats\",\"who\":\"tunis\"}]}", &PARTIES,
                        &form, &rest, &arena, &err),
                   BASE_FIELD);
  assert_non_null(strstr(err.text, "$.roles[0].who"));
  base_arena_free(&relief.arena);
}

/* Of what arrived, the header's party is an origin, and of a party. */
static void a_header_names_its_own_parties(void **state) {
  (void)state;
  static const struct {
    const char *to;
    enum base_code code;
    const char *says;
  } cases[] = {
      {"wasl/paris/00000000000000bb", BASE_OK, ""},
      {"wasl/tunis/00000000000000cc", BASE_FIELD, "$.to: is no party of the message"},
      {"paris", BASE_FIELD, "$.to: must be the origin of a party"},
      {"self", BASE_FIELD, "$.to: must be the origin of a party"},
  };
  struct shipped relief;
  shipped_load(&relief, "relief");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wire_header header;
    struct base_error err = {0};
    memset(&header, 0, sizeof header);
    header.kind = relief.kind.name;
    header.kind_hash = relief.kind.hash;
    header.type = BASE_VIEW("assign");
    header.party_count = 2;
    for (size_t j = 0; j < 2; j++)
      header.parties[j] = PARTIES.all[j].origin;
    header.state_count = 1;
    header.state[0] = (struct wire_state_field){BASE_VIEW("to"), base_view_text(cases[i].to)};
    assert_int_equal(wire_form_check_header(&relief.kind, &header, &err), cases[i].code);
    assert_non_null(strstr(err.text, cases[i].says));
  }
  base_arena_free(&relief.arena);
}

/* What `wasl kind example` prints is a form that the kind takes. */
static void examples_are_valid(void **state) {
  (void)state;
  struct shipped relief;
  shipped_load(&relief, "relief");
  for (size_t i = 0; i < relief.kind.type_count; i++) {
    BASE_AUTO_BUF struct base_buf example = {0}, rest = {0};
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct wire_form form;
    struct base_error err = {0};
    base_arena_init(&arena, 1 << 20);
    assert_int_equal(wire_form_example(&relief.kind, &relief.kind.types[i], 1795248000, NULL, &example, &err), BASE_OK);
    base_buf_u8(&example, 0);
    const char *type = (const char *)relief.kind.types[i].name.data;
    if (fill(&relief, type, (const char *)example.data, &PARTIES, &form, &rest, &arena, &err) != BASE_OK)
      fail_msg("%s: %s", type, err.text);
  }
  base_arena_free(&relief.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_items_of_a_kind),
      cmocka_unit_test(an_item_begins_by_itself),
      cmocka_unit_test(refuses_each_slip),
      cmocka_unit_test(refuses_what_is_beyond_a_limit),
      cmocka_unit_test(counts_items_and_what_all_agree_to),
      cmocka_unit_test(stays_within_a_small_arena),
      cmocka_unit_test(labels_and_texts_name_items),
      cmocka_unit_test(a_form_names_parties),
      cmocka_unit_test(rows_of_a_table_name_parties),
      cmocka_unit_test(a_header_names_its_own_parties),
      cmocka_unit_test(examples_are_valid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
