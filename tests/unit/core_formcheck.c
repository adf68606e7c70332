/* SPDX-License-Identifier: Apache-2.0
 * What a form says against what the messages before it said, without a node: what was asked (answercheck.c), and days and
 * times (earliercheck.c). Each branch, also those that only damage, a partner's content or a want of memory takes. */
#include "core_contentstub.h"

#include "core/answercheck.h"
#include "core/earliercheck.h"

static struct base_error err;

static struct wire_json *parsed(const char *fields) {
  struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_view_text(fields), 1 << 20, "a form", &json, &err), BASE_OK);
  return json;
}

/* --- answers */

static enum base_code answers(const char *type, const char *fields) {
  WIRE_AUTO_JSON struct wire_json *json = parsed(fields);
  err = (struct base_error){0};
  return core_answer_check(NULL, &kase, shipped_type(&scene.shipped, type), json, &err);
}

/* The error ends so. */
static void refuses(enum base_code code, const char *says) {
  assert_int_equal(code, BASE_FIELD);
  const char *found = strstr(err.text, says);
  if (found == NULL || strcmp(found, says) != 0)
    fail_msg("%s: %s", says, err.text);
}

#define ROW(reference) "{\"reference\":\"" reference "\"}"
#define RESULTS(rows) "{\"results\":[" rows "]}"

static void asked_by(const char *fields) {
  begin_case("accreditation", 2);
  add(&scene, 'a', A, "check", "");
  know_case();
  content_of('a', fields);
}

static void each_that_was_asked_is_answered(void **state) {
  (void)state;
  asked_by("{\"applicants\":[" ROW("A0") "," ROW("A1") "," ROW("A2") "]}");
  assert_int_equal(answers("answer", RESULTS(ROW("A2") "," ROW("A0") "," ROW("A1"))), BASE_OK);
  refuses(answers("answer", RESULTS(ROW("A0") "," ROW("A9"))),
          "fields: $.results[1].reference: A9 was not asked; asked are A0, A1, A2");
  refuses(answers("answer", RESULTS(ROW("A1"))),
          "fields: $.results: answers 1 of the 3 that were asked, and all are to be answered; missing are A0, A2");
  refuses(answers("answer", RESULTS("")),
          "answers 0 of the 3 that were asked, and all are to be answered; missing are A0, A1, A2");
  end_case();
}

/* What changes an answer is about some of them. */
static void some_are_answered_anew(void **state) {
  (void)state;
  asked_by("{\"applicants\":[" ROW("A0") "," ROW("A1") "]}");
  assert_int_equal(answers("revise", RESULTS(ROW("A1"))), BASE_OK);
  refuses(answers("revise", RESULTS(ROW("A1") "," ROW("A7"))), "$.results[1].reference: A7 was not asked; asked are A0, A1");
  size_t reads = content.reads;
  assert_int_equal(answers("withdraw", "{}"), BASE_OK);
  assert_int_equal(content.reads, reads); /* it answers nothing, so nothing is opened */
  end_case();
}

/* A partner's content is not held to its kind: what stands twice is asked once, and a row without a reference not at all. */
static void a_partner_asks_as_he_likes(void **state) {
  (void)state;
  asked_by("{\"applicants\":[" ROW("A0") ",{}," ROW("") ",3," ROW("A0") "," ROW("7") "]}");
  assert_int_equal(answers("answer", RESULTS(ROW("A0") "," ROW("7"))), BASE_OK);
  refuses(answers("answer", RESULTS(ROW("A0"))),
          "answers 1 of the 2 that were asked, and all are to be answered; missing are 7");
  end_case();
}

static void where_nobody_can_say_what_was_asked_nothing_is_refused(void **state) {
  (void)state;
  static const char *const nothing[] = {NULL, "{}", "{\"applicants\":[]}", "{\"applicants\":[{}]}", "{\"applicants\":7}"};
  for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
    asked_by(nothing[i]);
    assert_int_equal(answers("answer", RESULTS(ROW("A9"))), BASE_OK);
    end_case();
  }
  asked_by("{\"applicants\":[" ROW("A0") "]}");
  content.of['a'].code = BASE_CORRUPT;
  assert_int_equal(answers("answer", RESULTS(ROW("A9"))), BASE_OK);
  content.of['a'].code = BASE_UNSEAL;
  assert_int_equal(answers("answer", RESULTS(ROW("A9"))), BASE_OK);
  content.of['a'].code = BASE_MEMORY; /* that is no answer */
  assert_int_equal(answers("answer", RESULTS(ROW("A0"))), BASE_MEMORY);
  assert_string_equal(err.text, "it was made to fail");
  end_case();
}

/* --- days and times */

static enum base_code fits(int author, const char *type, int about, const char *fields) {
  WIRE_AUTO_JSON struct wire_json *json = parsed(fields);
  const char *item = (const char *)shipped_type(&scene.shipped, type)->names_item.data;
  struct wire_header *header =
      about ? add_about(&scene, 'z', author, type, item, about, "") : add(&scene, 'z', author, type, "");
  scene.count--;
  err = (struct base_error){0};
  enum base_code code = core_earlier_check(NULL, &kase, shipped_type(&scene.shipped, type), header, json, &err);
  *header = (struct wire_header){0};
  return code;
}

#define AT(day) "{\"at\":\"2026-09-" day "\"}"

/* Two offers: b leaves on the third, c was accepted. */
static void begin_offers(void) {
  begin_case("assistance", 2);
  add(&scene, 'a', A, "request", "");
  add(&scene, 'b', B, "offer", "a");
  add(&scene, 'c', B, "offer", "b");
  add_about(&scene, 'd', A, "accept", "offer", 'b', "c");
  add_about(&scene, 'e', A, "accept", "offer", 'c', "d");
  add_about(&scene, 'f', B, "mobilise", "offer", 'b', "e");
  add_about(&scene, 'g', B, "depart", "offer", 'b', "f");
  know_case();
  content_of('a', "{\"onset\":\"2026-09-01T05:00:00Z\"}");
  content_of('f', AT("02T08:00:00Z"));
  content_of('g', AT("03T08:00:00Z"));
}

static void of_the_same_item(void **state) {
  (void)state;
  begin_offers();
  refuses(fits(B, "arrive", 'b', AT("03T07:59:59Z")),
          "fields: $.at: 2026-09-03T07:59:59Z must not be earlier than depart.at (2026-09-03T08:00:00Z)");
  assert_int_equal(fits(B, "arrive", 'b', AT("03T08:00:00Z")), BASE_OK);
  assert_int_equal(fits(B, "arrive", 'c', AT("03T07:59:59Z")), BASE_OK); /* the other one did not leave yet */
  refuses(fits(B, "depart", 'b', AT("02T07:59:59Z")), "mobilise.at (2026-09-02T08:00:00Z)");
  assert_int_equal(fits(B, "depart", 'c', AT("02T07:59:59Z")), BASE_OK);
  refuses(fits(B, "depart", 'c', AT("01T04:59:59Z")), "request.onset (2026-09-01T05:00:00Z)"); /* of the case, not of an item */
  refuses(fits(B, "depart", 'b', AT("01T04:59:59Z")), "request.onset (2026-09-01T05:00:00Z)"); /* the first that it breaks, and no other */
  assert_int_equal(fits(B, "depart", 'b', "{}"), BASE_OK);
  end_case();
}

/* The last that has an effect. */
static void of_the_last_that_has_an_effect(void **state) {
  (void)state;
  begin_offers();
  add_about(&scene, 'h', B, "depart", "offer", 'c', "g");
  add_about(&scene, 'i', B, "depart", "offer", 'b', "h"); /* it left already */
  know_case();
  content_of('h', AT("09T08:00:00Z"));
  content_of('i', AT("10T08:00:00Z"));
  assert_false(message(&scene, 'i')->effective);
  assert_int_equal(fits(B, "arrive", 'b', AT("03T08:00:00Z")), BASE_OK);
  refuses(fits(B, "arrive", 'c', AT("09T07:59:59Z")), "depart.at (2026-09-09T08:00:00Z)");
  scene.messages[6].about = ENGINE_NO_ITEM; /* of which item it was nobody knows: of none */
  assert_int_equal(fits(B, "arrive", 'b', AT("03T07:59:59Z")), BASE_OK);
  end_case();
}

/* What opened the item is about it, too, by its own id. */
static void of_what_opened_the_item(void **state) {
  (void)state;
  begin_offers();
  const struct wire_kind *kind = &scene.shipped.kind;
  struct wire_kind_type *depart = &kind->types[shipped_type(&scene.shipped, "depart") - kind->types];
  struct wire_kind_field *at = NULL;
  for (size_t i = 0; i < depart->field_count; i++)
    if (depart->fields[i].rules != NULL && depart->fields[i].rules->earlier_count == 2)
      at = &depart->fields[i];
  assert_non_null(at);
  const struct wire_kind_type *offer = shipped_type(&scene.shipped, "offer");
  struct wire_rules rules = *at->rules;
  rules.earlier[1].type = offer;
  rules.earlier[1].field = wire_kind_field_named(offer, base_view_text("eta"));
  at->rules = &rules;
  content_of('b', "{\"eta\":\"2026-09-05T00:00:00Z\"}");
  content_of('c', "{\"eta\":\"2026-09-07T00:00:00Z\"}");
  refuses(fits(B, "depart", 'b', AT("04T00:00:00Z")), "(2026-09-05T00:00:00Z)");
  assert_int_equal(fits(B, "depart", 'b', AT("06T00:00:00Z")), BASE_OK);
  refuses(fits(B, "depart", 'c', AT("06T00:00:00Z")), "(2026-09-07T00:00:00Z)");
  end_case();
}

static void where_nobody_can_say_what_was_said_nothing_is_refused(void **state) {
  (void)state;
  begin_offers();
  content_of('g', NULL);
  assert_int_equal(fits(B, "arrive", 'b', AT("01T00:00:00Z")), BASE_OK);
  content_of('g', AT("03T08:00:00Z"));
  content.of['g'].code = BASE_CORRUPT;
  assert_int_equal(fits(B, "arrive", 'b', AT("01T00:00:00Z")), BASE_OK);
  content.of['g'].code = BASE_MEMORY;
  assert_int_equal(fits(B, "arrive", 'b', AT("03T08:00:00Z")), BASE_MEMORY);
  content.of['a'].code = BASE_MEMORY;
  size_t reads = content.reads;
  assert_int_equal(fits(B, "depart", 'b', AT("03T08:00:00Z")), BASE_MEMORY);
  assert_int_equal(content.reads, reads + 1); /* then nothing more is read */
  end_case();
}

/* In the header, where nothing is erased; and the day that is held against it may stand there, too. */
static void of_a_state_field(void **state) {
  (void)state;
  begin_case("voluntary_return", 2);
  say(add(&scene, 'a', A, "propose", ""), "may_withdraw_until", "2026-09-25");
  know_case();
  refuses(fits(A, "boarded", 0, "{\"on\":\"2026-09-25\"}"),
          "fields: $.on: 2026-09-25 must not be earlier than 1 day after propose.may_withdraw_until (2026-09-25)");
  assert_int_equal(fits(A, "boarded", 0, "{\"on\":\"2026-09-26\"}"), BASE_OK);
  assert_int_equal(fits(A, "put_off", 0, "{}"), BASE_OK);
  const struct wire_kind *kind = &scene.shipped.kind;
  struct wire_kind_type *boarded = &kind->types[shipped_type(&scene.shipped, "boarded") - kind->types];
  struct wire_kind_field on = boarded->fields[0];
  on.state = true;
  boarded->fields = &on;
  struct wire_header *header = add(&scene, 'y', A, "boarded", "");
  say(header, "on", "2026-09-25");
  WIRE_AUTO_JSON struct wire_json *json = parsed("{\"on\":\"2026-09-30\"}");
  assert_int_equal(core_earlier_check(NULL, &kase, boarded, header, json, &err), BASE_FIELD);
  assert_int_equal(content.reads, 0);
  end_case();
}

/* Of several types whichever came last; and when a message is written at all. */
static void of_whichever_came_last(void **state) {
  (void)state;
  begin_case("event", 2);
  struct wire_header *announced = add(&scene, 'a', A, "announce", "");
  say(announced, "begins", "2026-10-01");
  say(announced, "ends", "2026-10-31");
  say(add(&scene, 'b', A, "match", "a"), "kick_off", "2026-10-05T19:00:00Z");
  say(add(&scene, 'c', A, "match", "b"), "kick_off", "2026-10-09T19:00:00Z");
  say(add_about(&scene, 'd', A, "match_change", "match", 'b', "c"), "kick_off", "2026-10-04T19:00:00Z");
  add(&scene, 'e', A, "start", "d");
  know_case();
  now = 1791140400; /* 2026-10-04T19:00:00Z */
  assert_int_equal(fits(B, "post_match", 'b', "{}"), BASE_OK);
  now--;
  assert_int_equal(fits(B, "post_match", 'b', "{}"), BASE_TRANSITION);
  assert_non_null(strstr(err.text, "post_match: not possible earlier than match_change.kick_off (2026-10-04T19:00:00Z)"));
  now++;
  assert_int_equal(fits(B, "post_match", 'c', "{}"), BASE_TRANSITION); /* of the other match nothing was changed */
  assert_non_null(strstr(err.text, "match.kick_off (2026-10-09T19:00:00Z)"));
  struct wire_bound *of = shipped_type(&scene.shipped, "post_match")->written->earlier, first = of[0];
  of[0] = of[1]; /* in whatever order the kind names them */
  of[1] = first;
  of[0].or_next = true;
  of[1].or_next = false;
  assert_int_equal(fits(B, "post_match", 'b', "{}"), BASE_OK);
  scene.messages[0].effective = false; /* none of them is there: nothing is held against it */
  struct wire_header *header = add(&scene, 'y', A, "match", "");
  say(header, "kick_off", "2030-01-01T00:00:00Z");
  WIRE_AUTO_JSON struct wire_json *json = parsed("{}");
  const struct wire_kind_type *match = shipped_type(&scene.shipped, "match");
  assert_int_equal(core_earlier_check(NULL, &kase, match, header, json, &err), BASE_OK);
  scene.messages[0].effective = true;
  refuses(core_earlier_check(NULL, &kase, match, header, json, &err),
          "fields: $.kick_off: 2030-01-01T00:00:00Z must not be later than 1 day after announce.ends (2026-10-31)");
  end_case();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_that_was_asked_is_answered),
      cmocka_unit_test(some_are_answered_anew),
      cmocka_unit_test(a_partner_asks_as_he_likes),
      cmocka_unit_test(where_nobody_can_say_what_was_asked_nothing_is_refused),
      cmocka_unit_test(of_the_same_item),
      cmocka_unit_test(of_the_last_that_has_an_effect),
      cmocka_unit_test(of_what_opened_the_item),
      cmocka_unit_test(where_nobody_can_say_what_was_said_nothing_is_refused),
      cmocka_unit_test(of_a_state_field),
      cmocka_unit_test(of_whichever_came_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
