/* SPDX-License-Identifier: Apache-2.0 */
#include "../shipped.h"
#include "core/feed.h"
#include "core_persons.h"

/* What an item became goes on as a message in a case of another kind: commitments of `talks` and measures of a `roadmap`, between two
 * real cores; random cases against a plain reading of what both cases tell. */

enum { STEPS = 50, SEEDS = 4 };

static void open_talks(struct pair_node *a, struct pair_node *b, char talks[65]) {
  char id[65], text[1024];
  pair_id(a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"talks\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"other\",\"level\":"
          "\"heads_of_service\",\"meets\":\"2030-01-01\",\"place\":\"p\",\"agenda\":[{\"point\":\"x\"}],\"language\":\"fr\"}}",
          talks);
  pair_rest(a, b);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"held\",\"fields\":{\"on\":\"2026-01-01\"}}", talks);
  pair_id(a, LINK_CASE_SEND, text, id);
  pair_rest(a, b);
}

static void open_roadmap(struct pair_node *a, struct pair_node *b, char roadmap[65]) {
  pair_id(a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"roadmap\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"other\",\"goal\":\"g\","
          "\"from\":\"2030-01-01\",\"to\":\"2031-01-01\",\"next_review\":\"2030-06-01\",\"language\":\"fr\"}}",
          roadmap);
  pair_rest(a, b);
}

static void begin(struct pair_node *a, struct pair_node *b, char talks[65], char roadmap[65]) {
  char agreement[65];
  ask_two(a, b);
  pair_agree(a, b, agreement);
  open_talks(a, b, talks);
  open_roadmap(a, b, roadmap);
}

static const char *committing(const char *talks, const char *to, const char *more) {
  static char text[1024];
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"commitment\",\"fields\":{\"title\":\"t\",\"to\":\"%s\",\"leads\":\"l\","
                 "\"due\":\"2030-05-01\"}%s}",
                 talks, to, more);
  return text;
}

static const char *moving(const char *talks, const char *type, const char *commitment) {
  static char text[512];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":{\"commitment\":\"%s\"%s}}", talks, type,
                 commitment, strcmp(type, "commitment_drop") == 0 ? ",\"reason\":\"r\"" : "");
  return text;
}

static const char *feeding(const char *talks, const char *roadmap, const char *item) {
  static char text[8192];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"from\":\"%s\",\"item\":\"%s\"}", roadmap, talks, item);
  return text;
}

static void refused(struct pair_node *node, const char *request, enum base_code want, const char *says) {
  struct pair_answer answer = pair_ask(node, LINK_CASE_FEED, request, -1);
  struct base_view text = base_buf_view(&answer.payload);
  if (answer.status != want || memmem(text.data, text.size, says, strlen(says)) == NULL)
    fail_msg("%s: %.*s", request, (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
}

/* Something of each side comes after, so both know all that came before. */
static void settle(struct pair_node *a, struct pair_node *b, const char *talks) {
  char id[65];
  pair_rest(a, b);
  pair_id(a, LINK_CASE_SEND, committing(talks, "self", ""), id);
  pair_rest(a, b);
  pair_id(b, LINK_CASE_SEND, committing(talks, "self", ""), id);
  pair_rest(a, b);
}

static void agreed(struct pair_node *a, struct pair_node *b, const char *talks, const char *more, char item[65]) {
  char id[65];
  pair_id(a, LINK_CASE_SEND, committing(talks, "paris", more), item);
  pair_rest(a, b);
  pair_id(b, LINK_CASE_SEND, moving(talks, "commitment_agree", item), id);
  settle(a, b, talks);
}

static const struct wire_json *item_of(const struct told *told, const char *id) {
  const struct wire_json *items = wire_json_get(told->json, "items");
  for (size_t i = 0; i < wire_json_size(items); i++)
    if (base_view_is(wire_json_text(wire_json_get(at(items, i), "id")), id))
      return at(items, i);
  fail_msg("there is no item %s", id);
  return NULL;
}

static void stands(struct pair_node *node, const char *kase, const char *item, const char *expected) {
  struct told told = tell(node, LINK_CASE_ITEMS, with_id(kase));
  expect_text(wire_json_get(item_of(&told, item), "feed"), "stands", expected);
  forget(&told);
}

static void once_and_with_all_that_belongs_to_it(void **state) {
  (void)state;
  struct pair_node a, b;
  char talks[65], roadmap[65], item[65], measure[65];
  begin(&a, &b, talks, roadmap);
  agreed(&a, &b, talks, ",\"handling\":\"TLP:AMBER\",\"grading\":\"4x4:B/2\"", item);
  stands(&a, talks, item, "due");
  stands(&b, talks, item, "theirs");
  refused(&b, feeding(talks, roadmap, item), BASE_POLICY, "is of rabat, whose node lets it go on");
  pair_id(&a, LINK_CASE_FEED, feeding(talks, roadmap, item), measure);
  refused(&a, feeding(talks, roadmap, item), BASE_CONFLICT, "already, as message");
  pair_rest(&a, &b);
  for (size_t i = 0; i < 2; i++) {
    struct pair_node *node = i == 0 ? &a : &b;
    struct told told = tell(node, LINK_MESSAGE_SHOW, with_id(measure));
    const struct wire_json *fields = wire_json_get(told.json, "fields");
    expect_text(fields, "title", "t");
    expect_text(fields, "leads", "l");
    expect_text(fields, "due", "2030-05-01");
    expect_text(fields, "from_commitment", item);
    expect_text(told.json, "handling", "amber");
    expect_text(told.json, "grading", "4x4:B/2");
    forget(&told);
    stands(node, talks, item, "fed");
    told = tell(node, LINK_CASE_ITEMS, with_id(talks));
    expect_text(wire_json_get(wire_json_get(item_of(&told, item), "feed"), "went"), "case", roadmap);
    expect_text(wire_json_get(wire_json_get(item_of(&told, item), "feed"), "went"), "message", measure);
    assert_true(is_null(item_of(&told, item), "came"));
    forget(&told);
    told = tell(node, LINK_CASE_SHOW, with_id(roadmap));
    expect_text(item_of(&told, measure), "assignee", "paris");
    expect_text(item_of(&told, measure), "owner", "rabat");
    expect_text(wire_json_get(item_of(&told, measure), "came"), "case", talks);
    expect_text(wire_json_get(item_of(&told, measure), "came"), "message", item);
    assert_true(is_null(item_of(&told, measure), "feed"));
    forget(&told);
  }
  pair_close(&a);
  pair_open(&a);
  refused(&a, feeding(talks, roadmap, item), BASE_CONFLICT, roadmap);
  ask_remove(&a, &b);
}

static const char *measuring(const char *roadmap) {
  static char text[512];
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"measure\",\"fields\":{\"title\":\"t\",\"to\":\"self\",\"leads\":\"l\",\"due\":"
                 "\"2030-05-01\"}}",
                 roadmap);
  return text;
}

static void what_does_not_go_on(void **state) {
  (void)state;
  struct pair_node a, b;
  char talks[65], roadmap[65], item[65], id[65], other[65], text[1024];
  begin(&a, &b, talks, roadmap);
  pair_id(&a, LINK_CASE_SEND, committing(talks, "self", ""), item);
  stands(&a, talks, item, "open");
  refused(&a, feeding(talks, roadmap, item), BASE_TRANSITION, "is made and does not go on in that state");
  pair_rest(&a, &b);
  pair_id(&b, LINK_CASE_SEND, moving(talks, "commitment_agree", item), id);
  pair_rest(&a, &b);
  stands(&a, talks, item, "unsettled");
  refused(&a, feeding(talks, roadmap, item), BASE_TRANSITION, "once each of them has written in case");
  settle(&a, &b, talks);
  refused(&a, feeding(talks, talks, item), BASE_KIND, "is of the kind talks; commitment goes into one of the kind roadmap");
  refused(&a, feeding(talks, roadmap, id), BASE_NOT_FOUND, "has no item");
  refused(&a, feeding(roadmap, roadmap, item), BASE_NOT_FOUND, "has no item");
  refused(&a, feeding(talks, "0000000000000000", item), BASE_NOT_FOUND, "0000000000000000");
  refused(&a, feeding("0000000000000000", roadmap, item), BASE_NOT_FOUND, "0000000000000000");
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", item);
  struct told done = tell(&a, LINK_MESSAGE_ERASE, text);
  forget(&done);
  refused(&a, feeding(talks, roadmap, item), BASE_NOT_FOUND, "erased");
  pair_id(&a, LINK_CASE_SEND, measuring(roadmap), other);
  refused(&a, feeding(roadmap, talks, other), BASE_FIELD, "in the kind roadmap nothing says into which kind of case measure goes on");
  ask_remove(&a, &b);
}

/* By hand, naming the item: what is not its owner's neither is what it went into, nor keeps it from going on. */
static void another_party_cannot_take_its_place(void **state) {
  (void)state;
  struct pair_node a, b;
  char talks[65], roadmap[65], item[65], id[65], text[640];
  begin(&a, &b, talks, roadmap);
  agreed(&a, &b, talks, "", item);
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"measure\",\"fields\":{\"title\":\"x\",\"to\":\"rabat\",\"leads\":\"l\",\"due\":"
                 "\"2030-05-01\",\"from_commitment\":\"%s\"}}",
                 roadmap, item);
  pair_id(&b, LINK_CASE_SEND, text, id);
  pair_rest(&a, &b);
  stands(&a, talks, item, "due");
  stands(&b, talks, item, "theirs");
  pair_id(&a, LINK_CASE_FEED, feeding(talks, roadmap, item), id);
  pair_rest(&a, &b);
  stands(&a, talks, item, "fed");
  stands(&b, talks, item, "fed");
  struct told told = tell(&b, LINK_CASE_ITEMS, with_id(talks));
  expect_text(wire_json_get(wire_json_get(item_of(&told, item), "feed"), "went"), "message", id);
  forget(&told);
  ask_remove(&a, &b);
}

/* A case that ended before it came holds it without effect: then it goes on in another one. */
static void what_has_no_effect_is_not_there(void **state) {
  (void)state;
  struct pair_node a, b;
  char talks[65], roadmap[65], second[65], item[65], id[65], text[512];
  begin(&a, &b, talks, roadmap);
  agreed(&a, &b, talks, "", item);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"withdraw\",\"fields\":{}}", roadmap);
  pair_id(&b, LINK_CASE_SEND, text, id);
  pair_id(&a, LINK_CASE_SEND, measuring(roadmap), id); /* so what goes on stands deeper than the withdrawal, which comes first */
  pair_id(&a, LINK_CASE_FEED, feeding(talks, roadmap, item), id);
  stands(&a, talks, item, "fed");
  pair_rest(&a, &b);
  stands(&a, talks, item, "due");
  stands(&b, talks, item, "theirs");
  open_roadmap(&a, &b, second);
  pair_id(&a, LINK_CASE_FEED, feeding(talks, second, item), id);
  pair_rest(&a, &b);
  stands(&b, talks, item, "fed");
  ask_remove(&a, &b);
}

/* Law and four eyes decide as with any message: what waits for a second person is not fed again meanwhile. */
static void it_waits_for_a_second_person(void **state) {
  (void)state;
  struct pair_node a, b;
  char talks[65], roadmap[65], item[65], lina[SECRET], samir[SECRET], members[256];
  pair_kinds_apart = true;
  begin(&a, &b, talks, roadmap);
  pair_kinds_apart = false;
  agreed(&a, &b, talks, "", item);
  struct core_case *kase = NULL;
  struct base_id id;
  struct base_error err;
  assert_true(base_id_parse(base_view_text(roadmap), &id));
  assert_int_equal(core_case_load(a.core, &id, &kase, &err), BASE_OK);
  for (size_t i = 0; i < kase->kind->kind.type_count; i++)
    kase->kind->kind.types[i].release = base_view_is(kase->kind->kind.types[i].name, "measure");
  add(&a, "lina", "\"liaison\"");
  add(&a, "samir", "\"supervisor\"");
  token_for(&a, "lina", "", lina);
  token_for(&a, "samir", "", samir);
  (void)snprintf(members, sizeof members, "\"id\":\"%s\",\"from\":\"%s\",\"item\":\"%s\"", roadmap, talks, item);
  struct pair_answer held = ask_as(&a, LINK_CASE_FEED, lina, members);
  assert_int_equal(held.status, BASE_OK);
  assert_non_null(memmem(held.payload.data, held.payload.size, "\"release\":{", 11));
  pair_answer_free(&held);
  refused_as(&a, LINK_CASE_FEED, lina, members, BASE_CONFLICT, "it waits for its release in case");
  stands(&a, talks, item, "due");
  done_as(&a, LINK_RELEASE_WITHDRAW, lina, "\"number\":1");
  held = ask_as(&a, LINK_CASE_FEED, lina, members);
  assert_int_equal(held.status, BASE_OK);
  pair_answer_free(&held);
  ask_remove(&a, &b);
}

/* --- random cases */

static uint32_t seed;
static uint32_t draw(uint32_t below) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % below;
}

/* How many measures with an effect name it, as the roadmap's messages are told. */
static size_t measures_of(const struct told *roadmap, struct base_view item) {
  const struct wire_json *messages = wire_json_get(roadmap->json, "messages");
  size_t count = 0;
  for (size_t i = 0; i < wire_json_size(messages); i++) {
    const struct wire_json *message = at(messages, i);
    count += wire_json_true(wire_json_get(message, "effective")) && base_view_is(wire_json_text(wire_json_get(message, "type")), "measure") &&
             base_view_equal(wire_json_text(wire_json_get(wire_json_get(message, "fields"), "from_commitment")), item);
  }
  return count;
}

/* Where each stands, read plainly from what both cases tell of themselves. */
static void compare(struct pair_node *node, const char *talks, const char *roadmap, const char *name) {
  struct told from = tell(node, LINK_CASE_SHOW, with_id(talks)), to = tell(node, LINK_CASE_SHOW, with_id(roadmap));
  const struct wire_json *items = wire_json_get(from.json, "items");
  for (size_t i = 0; i < wire_json_size(items); i++) {
    const struct wire_json *item = at(items, i);
    size_t fed = measures_of(&to, wire_json_text(wire_json_get(item, "id")));
    assert_true(fed <= 1);
    const char *expected = fed > 0 ? "fed" : "open";
    if (fed == 0 && base_view_is(wire_json_text(wire_json_get(item, "state")), "agreed"))
      expected = !wire_json_true(wire_json_get(item, "settled"))                        ? "unsettled"
                 : base_view_is(wire_json_text(wire_json_get(item, "owner")), name)     ? "due"
                                                                                        : "theirs";
    expect_text(wire_json_get(item, "feed"), "stands", expected);
  }
  forget(&from);
  forget(&to);
}

static void one_step(struct pair_node *node, const char *talks, const char *roadmap, char items[STEPS][65], size_t *count) {
  struct pair_answer answer;
  uint32_t what = draw(8);
  const char *item = *count > 0 ? items[draw((uint32_t)*count)] : NULL;
  if (what < 2 || item == NULL) {
    answer = pair_ask(node, LINK_CASE_SEND, committing(talks, draw(2) ? "self" : "paris", ""), -1);
    assert_int_equal(answer.status, BASE_OK);
    pair_text(&answer, "id", items[(*count)++], 65);
  } else if (what < 6) {
    answer = pair_ask(node, LINK_CASE_SEND, moving(talks, what < 5 ? "commitment_agree" : "commitment_drop", item), -1);
  } else {
    answer = pair_ask(node, LINK_CASE_FEED, feeding(talks, roadmap, item), -1);
  }
  pair_answer_free(&answer);
}

/* All that is due, twice: the second time there is nothing. */
static void feed_all(struct pair_node *node, const char *talks, const char *roadmap, char items[STEPS][65], size_t count) {
  for (size_t round = 0; round < 2; round++)
    for (size_t i = 0; i < count; i++) {
      struct pair_answer answer = pair_ask(node, LINK_CASE_FEED, feeding(talks, roadmap, items[i]), -1);
      assert_true(round == 0 || answer.status != BASE_OK);
      pair_answer_free(&answer);
    }
}

static void random_cases_against_a_plain_reading(void **state) {
  (void)state;
  for (uint32_t run = 0; run < SEEDS; run++) {
    static char items[STEPS][65];
    struct pair_node a, b;
    char talks[65], roadmap[65];
    size_t count = 0;
    seed = 104729 * run + 11;
    begin(&a, &b, talks, roadmap);
    for (size_t i = 0; i < STEPS; i++) {
      one_step(draw(2) ? &a : &b, talks, roadmap, items, &count);
      if (draw(3) > 0)
        pair_rest(&a, &b);
      if (draw(5) == 0) {
        compare(&a, talks, roadmap, "rabat");
        compare(&b, talks, roadmap, "paris");
      }
    }
    settle(&a, &b, talks);
    feed_all(&a, talks, roadmap, items, count);
    feed_all(&b, talks, roadmap, items, count);
    pair_rest(&a, &b);
    compare(&a, talks, roadmap, "rabat");
    compare(&b, talks, roadmap, "paris");
    struct told told = tell(&a, LINK_CASE_ITEMS, with_id(talks));
    for (size_t i = 0; i < count; i++)
      expect_text(wire_json_get(item_of(&told, items[i]), "feed"), "stands",
                  base_view_is(wire_json_text(wire_json_get(item_of(&told, items[i]), "state")), "agreed") ||
                          !is_null(wire_json_get(item_of(&told, items[i]), "feed"), "went")
                      ? "fed"
                      : "open");
    forget(&told);
    ask_remove(&a, &b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(once_and_with_all_that_belongs_to_it),
      cmocka_unit_test(what_does_not_go_on),
      cmocka_unit_test(another_party_cannot_take_its_place),
      cmocka_unit_test(what_has_no_effect_is_not_there),
      cmocka_unit_test(it_waits_for_a_second_person),
      cmocka_unit_test(random_cases_against_a_plain_reading),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
