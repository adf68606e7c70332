/* SPDX-License-Identifier: Apache-2.0 */
#include "../shipped.h"
#include "core/cases.h"
#include "core_ask.h"

/* A case with items between two real cores, in a kind that no program ships: that of tests/kinds. */

static void learn(struct pair_node *node) {
  static struct core_kind *kind; /* no core's own, as the program's kinds are not */
  struct base_error err;
  if ((kind == NULL && core_kind_make(shipped_file("relief", ".json"), shipped_file("relief", ".labels.json"), true, &kind,
                                      &err) != BASE_OK) ||
      core_kind_insert(node->core, kind, &err) != BASE_OK)
    fail_msg("%s", err.text);
}

static void begin(struct pair_node *a, struct pair_node *b, char kase[65]) {
  char agreement[65];
  ask_two(a, b);
  learn(a);
  learn(b);
  pair_agree(a, b, agreement);
  pair_id(a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"relief\",\"to\":[\"paris\"],\"fields\":{\"purpose\":\"flood\",\"what\":\"Boats\","
          "\"roles\":[{\"who\":\"paris\",\"role\":\"boats\"},{\"who\":\"self\",\"role\":\"fuel\"}]}}",
          kase);
  pair_rest(a, b);
}

static const char *sending(const char *kase, const char *type, const char *fields) {
  static char text[512];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":{%s}}", kase, type, fields);
  return text;
}

static const char *about(const char *item, const char *id) {
  static char text[128];
  (void)snprintf(text, sizeof text, "\"%s\":\"%s\"", item, id);
  return text;
}

static struct told items(struct pair_node *node, const char *kase, const char *filter) {
  char text[256];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\"%s}", kase, filter);
  return tell(node, LINK_CASE_ITEMS, text);
}

static void refused(struct pair_node *node, enum link_request_code code, const char *request, const char *says) {
  struct pair_answer answer = pair_ask(node, code, request, -1);
  struct base_view text = base_buf_view(&answer.payload);
  if (answer.status == BASE_OK || memmem(text.data, text.size, says, strlen(says)) == NULL)
    fail_msg("%s: %.*s", request, (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
}

static bool may(const struct wire_json *item, const char *type) {
  const struct wire_json *types = wire_json_get(item, "possible");
  for (size_t i = 0; i < wire_json_size(types); i++)
    if (base_view_is(wire_json_text(at(types, i)), type))
      return true;
  return false;
}

static void both_see_the_same_items(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4096);
  struct pair_node a, b;
  char kase[65], offer[65], other[65], id[65], text[512];
  begin(&a, &b, kase);
  struct told mine = items(&a, kase, "");
  assert_int_equal(wire_json_size(wire_json_get(mine.json, "items")), 0);
  forget(&mine);
  pair_id(&b, LINK_CASE_SEND, sending(kase, "offer", "\"what\":\"Two boats\""), offer);
  pair_id(&b, LINK_CASE_SEND, sending(kase, "offer", "\"what\":\"One more\""), other);
  pair_rest(&a, &b);
  refused(&b, LINK_CASE_SEND, sending(kase, "accept", about("offer", offer)),
          "only the party that opened the case may send it; possible now: offer, withdraw");
  a.now += 60;
  pair_id(&a, LINK_CASE_SEND, sending(kase, "accept", about("offer", offer)), id);
  pair_rest(&a, &b);
  (void)snprintf(text, sizeof text, "the offer %.12s… is accepted; possible now: assign, close", offer);
  refused(&a, LINK_CASE_SEND, sending(kase, "decline", about("offer", offer)), text);
  refused(&a, LINK_CASE_SEND, sending(kase, "decline", about("offer", id)), "there is no offer of this case that it names");
  mine = items(&a, kase, "");
  struct told theirs = items(&b, kase, "");
  for (size_t i = 0; i < 2; i++) {
    const struct wire_json *told = wire_json_get(i == 0 ? mine.json : theirs.json, "items"), *first = at(told, 0);
    assert_int_equal(wire_json_size(told), 2);
    expect_text(i == 0 ? mine.json : theirs.json, "kind", "relief");
    expect_text(first, "id", offer);
    expect_text(first, "item", "offer");
    expect_text(first, "state", "accepted");
    expect_text(first, "owner", "paris");
    expect_text(first, "made_by", id);
    expect_text(first, "since", base_time_format(a.now).text);
    assert_true(is_null(first, "assignee"));
    assert_int_equal(may(first, "mobilise"), i == 1);
    expect_text(at(told, 1), "state", "made");
    assert_int_equal(may(at(told, 1), "accept"), i == 0);
  }
  forget(&mine);
  forget(&theirs);
  theirs = tell(&b, LINK_CASE_SHOW, with_id(kase));
  expect_text(theirs.json, "state", "served");
  expect_text(at(wire_json_get(theirs.json, "items"), 0), "state", "accepted");
  expect_text(at(wire_json_get(wire_json_get(at(wire_json_get(theirs.json, "messages"), 0), "fields"), "roles"), 0), "who",
              (const char *)base_arena_text(&arena, a.core->partners[0]->card.origin));
  forget(&theirs);
  ask_remove(&a, &b);
}

static void a_list_of_some(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65], task[65], id[65];
  begin(&a, &b, kase);
  pair_id(&b, LINK_CASE_SEND, sending(kase, "offer", "\"what\":\"Two boats\""), offer);
  pair_rest(&a, &b);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "assign", "\"to\":\"paris\",\"what\":\"Clear it\",\"witness\":\"self\""), task);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "decline", about("offer", offer)), id);
  pair_rest(&a, &b);
  static const struct {
    const char *filter;
    size_t count;
  } lists[] = {{",\"item\":\"offer\"", 1},
               {",\"item\":\"task\"", 1},
               {",\"state\":\"declined\"", 1},
               {",\"state\":\"made\"", 0},
               {",\"item\":\"task\",\"state\":\"given\"", 1}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct told told = items(&b, kase, lists[i].filter);
    assert_int_equal(wire_json_size(wire_json_get(told.json, "items")), lists[i].count);
    forget(&told);
  }
  struct told given = items(&b, kase, ",\"item\":\"task\"");
  expect_text(at(wire_json_get(given.json, "items"), 0), "assignee", "paris");
  expect_text(at(wire_json_get(given.json, "items"), 0), "owner", "rabat");
  assert_true(may(at(wire_json_get(given.json, "items"), 0), "take"));
  forget(&given);
  char text[256];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"item\":\"boat\"}", kase);
  refused(&b, LINK_CASE_ITEMS, text, "the kind relief has no item boat");
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"item\":\"task\",\"state\":\"made\"}", kase);
  refused(&b, LINK_CASE_ITEMS, text, "no item that is asked for has made");
  refused(&b, LINK_CASE_ITEMS, with_id("0000000000000000"), "0000000000000000");
  ask_remove(&a, &b);
}

/* A form names a party as people do; what is none of the case is refused with the names that are. */
static void a_form_names_parties(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65];
  begin(&a, &b, kase);
  refused(&a, LINK_CASE_SEND, sending(kase, "assign", "\"to\":\"tunis\",\"what\":\"x\",\"witness\":\"self\""),
          "$.to: must be self or a party of the case: rabat, paris");
  pair_id(&a, LINK_CASE_SEND, sending(kase, "assign", "\"to\":\"self\",\"what\":\"x\",\"witness\":\"paris\""), id);
  pair_rest(&a, &b);
  struct told told = items(&b, kase, "");
  expect_text(at(wire_json_get(told.json, "items"), 0), "assignee", "rabat");
  forget(&told);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_see_the_same_items),
      cmocka_unit_test(a_list_of_some),
      cmocka_unit_test(a_form_names_parties),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
