/* SPDX-License-Identifier: Apache-2.0 */
#include "core_ask.h"
#include "core_damage.h"

/* Days and times of a form against those of the messages before it, between two real cores: `assistance`, where what was said stands in
 * the content and is about one offer of several, and `voluntary_return`, where it stands in the header. */

static const char *sending(const char *kase, const char *type, const char *fields) {
  static char text[2048];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":{%s}}", kase, type, fields);
  return text;
}

static void refused(struct pair_node *node, const char *json, const char *says) {
  struct pair_answer answer = pair_ask(node, LINK_CASE_SEND, json, -1);
  struct base_view text = base_buf_view(&answer.payload);
  if (answer.status != BASE_FIELD || memmem(text.data, text.size, says, strlen(says)) == NULL)
    fail_msg("%s: %.*s", says, (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
}

/* --- about one item of several */

static const char *moving(const char *kase, const char *type, const char *offer, const char *at) {
  char fields[256];
  (void)snprintf(fields, sizeof fields, "\"offer\":\"%s\",\"at\":\"%s\"", offer, at);
  return sending(kase, type, fields);
}

static void accepted_offer(struct pair_node *a, struct pair_node *b, const char *kase, char offer[65]) {
  char text[1024], id[65];
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"offer\",\"fields\":{\"lines\":[{\"line\":\"L1\",\"resource\":\"usar_medium\","
                 "\"quantity\":1,\"unit\":\"teams\"}],\"team\":\"t\",\"staff\":3,\"self_sufficient_days\":9,\"ready_hours\":6,\"cost\":\"free\","
                 "\"valid_until\":\"2027-01-01\"}}",
                 kase);
  pair_id(b, LINK_CASE_SEND, text, offer);
  pair_rest(a, b);
  (void)snprintf(text, sizeof text, "\"offer\":\"%s\",\"entry_point\":\"e\"", offer);
  pair_id(a, LINK_CASE_SEND, sending(kase, "accept", text), id);
  pair_rest(a, b);
}

static void begin(struct pair_node *a, struct pair_node *b, char kase[65]) {
  char agreement[65];
  ask_two(a, b);
  pair_agree(a, b, agreement);
  pair_id(a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"assistance\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"civil_protection\","
          "\"disaster\":\"earthquake\",\"onset\":\"2026-09-01T05:00:00Z\",\"places\":\"p\",\"situation\":\"s\",\"as_of\":\"2026-09-01\","
          "\"entry_points\":\"e\",\"contact\":\"c\",\"cost\":\"free\",\"valid_until\":\"2027-01-01\",\"language\":\"fr\","
          "\"needs\":[{\"line\":\"L1\",\"resource\":\"usar_medium\",\"quantity\":4,\"unit\":\"teams\",\"priority\":\"urgent\"}]}}",
          kase);
  pair_rest(a, b);
}

static void nobody_arrives_before_he_departed(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], first[65], second[65], id[65];
  begin(&a, &b, kase);
  accepted_offer(&a, &b, kase, first);
  accepted_offer(&a, &b, kase, second);
  refused(&b, moving(kase, "depart", first, "2026-09-01T04:59:59Z"),
          "fields: $.at: 2026-09-01T04:59:59Z must not be earlier than request.onset (2026-09-01T05:00:00Z)");
  pair_id(&b, LINK_CASE_SEND, moving(kase, "mobilise", first, "2026-09-01T05:00:00Z"), id);
  refused(&b, moving(kase, "depart", first, "2026-09-01T04:00:00Z"), "request.onset"); /* the first that it breaks */
  pair_id(&b, LINK_CASE_SEND, moving(kase, "depart", first, "2026-09-03T08:00:00Z"), id);
  refused(&b, moving(kase, "arrive", first, "2026-09-03T07:59:59Z"),
          "fields: $.at: 2026-09-03T07:59:59Z must not be earlier than depart.at (2026-09-03T08:00:00Z)");
  pair_id(&b, LINK_CASE_SEND, moving(kase, "mobilise", second, "2026-09-01T09:00:00Z"), id);
  refused(&b, moving(kase, "depart", second, "2026-09-01T08:00:00Z"), "mobilise.at (2026-09-01T09:00:00Z)");
  pair_id(&b, LINK_CASE_SEND, moving(kase, "depart", second, "2026-09-02"), id);
  refused(&b, moving(kase, "arrive", first, "2026-09-03T07:00:00Z"), "depart.at (2026-09-03T08:00:00Z)"); /* the other one's is not its own */
  pair_id(&b, LINK_CASE_SEND, moving(kase, "arrive", second, "2026-09-02T10:00:00Z"), id);
  pair_id(&b, LINK_CASE_SEND, moving(kase, "arrive", first, "2026-09-03T08:00:00Z"), id);
  ask_remove(&a, &b);
}

/* What it said nobody can say here any more. */
static void what_was_said_is_erased(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65], id[65], text[256];
  begin(&a, &b, kase);
  accepted_offer(&a, &b, kase, offer);
  refused(&b, moving(kase, "depart", offer, "2026-08-31"), "request.onset");
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", kase);
  struct told done = tell(&b, LINK_MESSAGE_ERASE, text);
  forget(&done);
  pair_id(&b, LINK_CASE_SEND, moving(kase, "depart", offer, "2026-08-31"), id);
  ask_remove(&a, &b);
}

static void what_was_said_does_not_open(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65], id[65], sql[256];
  begin(&a, &b, kase);
  accepted_offer(&a, &b, kase, offer);
  (void)snprintf(sql, sizeof sql, "UPDATE messages SET part0 = x'00' WHERE id = (SELECT number FROM ids WHERE hex(id) = upper('%s'))", kase);
  damage_sql(&b, sql);
  pair_id(&b, LINK_CASE_SEND, moving(kase, "depart", offer, "2026-08-31"), id);
  ask_remove(&a, &b);
}

/* --- in the header, where erasure does not reach it */

static void agree_on_return(struct pair_node *a, struct pair_node *b) {
  char id[65], answer[65], terms[80];
  pair_id(a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"agreement\",\"to\":[\"paris\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\",\"language\":\"fr\","
          "\"articles\":\"a\",\"until\":\"2027-06-01\",\"rows\":[{\"id\":\"1\",\"kind\":\"voluntary_return\",\"types\":[\"*\"],"
          "\"purposes\":[\"*\"],\"direction\":\"both\",\"personal\":\"special\"}]}}",
          id);
  pair_rest(a, b);
  (void)snprintf(terms, sizeof terms, "\"terms\":\"%s\"", id);
  pair_id(b, LINK_CASE_SEND, sending(id, "accept", terms), answer);
  pair_rest(a, b);
}

static void nobody_travels_before_he_may(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65], text[256];
  ask_two(&a, &b); /* 2026-09-21 */
  agree_on_return(&a, &b);
  pair_id(&a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"voluntary_return\",\"to\":[\"paris\"],\"fields\":{\"reference\":\"r\",\"purpose\":\"voluntary_return\","
          "\"decided\":\"2026-09-10\",\"counselled\":\"2026-09-09\",\"counselling_language\":\"ar\",\"interpreter\":true,"
          "\"may_withdraw_until\":\"2026-09-25\",\"child\":\"no_child\",\"fit_to_travel\":true,\"keep_until\":\"2027-01-01\"}}",
          kase);
  pair_rest(&a, &b);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", kase);
  struct told done = tell(&a, LINK_MESSAGE_ERASE, text);
  forget(&done);
  refused(&a, sending(kase, "confirm_travel", "\"child\":\"no_child\",\"fitness\":\"fit\",\"travels\":\"2026-09-25\""),
          "fields: $.travels: 2026-09-25 must not be earlier than 1 day after propose.may_withdraw_until (2026-09-25)");
  pair_id(&a, LINK_CASE_SEND, sending(kase, "confirm_travel", "\"child\":\"no_child\",\"fitness\":\"fit\",\"travels\":\"2026-09-26\""), id);
  a.now = b.now = 1790812800; /* 2026-10-01 */
  refused(&a, sending(kase, "boarded", "\"on\":\"2026-09-25\""), "propose.may_withdraw_until (2026-09-25)");
  pair_id(&a, LINK_CASE_SEND, sending(kase, "boarded", "\"on\":\"2026-09-26\""), id);
  ask_remove(&a, &b);
}

/* --- of a type: when it may be written */

static void not_now(struct pair_node *node, const char *json, const char *says) {
  struct pair_answer answer = pair_ask(node, LINK_CASE_SEND, json, -1);
  struct base_view text = base_buf_view(&answer.payload);
  if (answer.status != BASE_TRANSITION || memmem(text.data, text.size, says, strlen(says)) == NULL)
    fail_msg("%s: %.*s", says, (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
}

static void an_offer_lapses(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], offer[65], id[65], text[1024];
  begin(&a, &b, kase); /* 2026-09-21 */
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"offer\",\"fields\":{\"lines\":[{\"line\":\"L1\",\"resource\":\"usar_medium\","
                 "\"quantity\":2,\"unit\":\"teams\"}],\"team\":\"t\",\"staff\":3,\"self_sufficient_days\":9,\"ready_hours\":6,\"cost\":\"free\","
                 "\"valid_until\":\"2026-10-01T08:00:00Z\"}}",
                 kase);
  pair_id(&b, LINK_CASE_SEND, text, offer);
  pair_rest(&a, &b);
  a.now = b.now = 1790841601; /* a second later */
  (void)snprintf(text, sizeof text, "\"offer\":\"%s\",\"entry_point\":\"e\"", offer);
  not_now(&a, sending(kase, "accept", text),
          "accept: not possible later than offer.valid_until (2026-10-01T08:00:00Z), and it is 2026-10-01T08:00:01Z");
  (void)snprintf(text, sizeof text, "\"offer\":\"%s\",\"entry_point\":\"e\",\"lines\":[{\"line\":\"L1\",\"quantity\":1}]", offer);
  not_now(&a, sending(kase, "accept_in_part", text), "accept_in_part: not possible later than offer.valid_until");
  (void)snprintf(text, sizeof text, "\"offer\":\"%s\"", offer);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "decline", text), id); /* it can always be declined */
  ask_remove(&a, &b);
}

/* Of an event from 2026-10-01 to 10-31, later put off by a month, in which paris enters matches of its own. */
static void a_match_lies_within_its_event(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], kase[65], match[65], second[65], id[65], text[512];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  pair_id(&a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"event\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"event_security\","
          "\"form\":\"tournament\",\"begins\":\"2026-10-01\",\"ends\":\"2026-10-31\",\"venues\":[{\"venue\":\"v\",\"town\":\"t\"}],"
          "\"hosts\":\"h\",\"contact\":\"c\",\"language\":\"fr\"}}",
          kase);
  pair_rest(&a, &b);
#define MATCH(at) sending(kase, "match", "\"title\":\"t\",\"venue\":\"v\",\"kick_off\":\"" at "\"")
  refused(&b, MATCH("2026-09-29T19:00:00Z"),
          "fields: $.kick_off: 2026-09-29T19:00:00Z must not be earlier than 1 day before announce.begins (2026-10-01)");
  refused(&b, MATCH("2026-11-02T00:00:00Z"), "must not be later than 1 day after announce.ends (2026-10-31)");
  pair_id(&b, LINK_CASE_SEND, MATCH("2026-11-01T00:30:00Z"), match); /* still the evening of the last day, west of Greenwich */
  pair_rest(&a, &b);
  pair_id(&a, LINK_CASE_SEND, MATCH("2026-10-02T19:00:00Z"), second);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "reschedule", "\"begins\":\"2026-11-01\",\"ends\":\"2026-11-30\",\"reason\":\"r\""), id);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "start", ""), id);
  pair_rest(&a, &b);
  (void)snprintf(text, sizeof text, "\"match\":\"%s\",\"kick_off\":\"2026-10-20T19:00:00Z\"", match);
  refused(&b, sending(kase, "match_change", text), "1 day before reschedule.begins (2026-11-01)"); /* the last that was said */
  (void)snprintf(text, sizeof text, "\"match\":\"%s\",\"kick_off\":\"2026-11-20T19:00:00Z\"", match);
  not_now(&a, sending(kase, "match_change", text), "only its owner may send it");
  pair_id(&b, LINK_CASE_SEND, sending(kase, "match_change", text), id);
  pair_rest(&a, &b);
  (void)snprintf(text, sizeof text,
                 "\"match\":\"%s\",\"attendance\":1,\"arrests\":0,\"ejections\":0,\"injured\":0,\"cooperation\":4,\"accuracy\":4", match);
  a.now = b.now = 1793493000; /* 2026-11-01T00:30:00Z: the first kick-off, which was put off */
  not_now(&a, sending(kase, "post_match", text), "post_match: not possible earlier than match_change.kick_off (2026-11-20T19:00:00Z)");
  a.now = b.now = 1795201200;
  pair_id(&a, LINK_CASE_SEND, sending(kase, "post_match", text), id); /* a guest's report closes it for nobody */
  pair_rest(&a, &b);
  (void)snprintf(text, sizeof text, "\"match\":\"%s\",\"kick_off\":\"2026-11-21T19:00:00Z\"", match);
  pair_id(&b, LINK_CASE_SEND, sending(kase, "match_change", text), id);
  ask_remove(&a, &b);
}

static void nobody_travels_when_the_document_is_over(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65];
  ask_two(&a, &b);
  agree_on_return(&a, &b);
  pair_id(&a, LINK_CASE_OPEN,
          "{\"actor\":\"amal\",\"kind\":\"voluntary_return\",\"to\":[\"paris\"],\"fields\":{\"reference\":\"r\",\"purpose\":\"voluntary_return\","
          "\"decided\":\"2026-09-10\",\"counselled\":\"2026-09-09\",\"counselling_language\":\"ar\",\"interpreter\":true,"
          "\"may_withdraw_until\":\"2026-09-25\",\"child\":\"no_child\",\"fit_to_travel\":true,\"keep_until\":\"2027-01-01\"}}",
          kase);
  pair_id(&a, LINK_CASE_SEND, sending(kase, "laissez_passer", "\"family_name\":\"N\",\"given_names\":\"N\",\"born\":\"1990-01-01\""), id);
  pair_rest(&a, &b);
  pair_id(&b, LINK_CASE_SEND, sending(kase, "document_issued", "\"valid_until\":\"2026-10-05\""), id);
  pair_rest(&a, &b);
  refused(&a, sending(kase, "confirm_travel", "\"child\":\"no_child\",\"fitness\":\"fit\",\"travels\":\"2026-10-06\""),
          "fields: $.travels: 2026-10-06 must not be later than document_issued.valid_until (2026-10-05)");
  pair_id(&a, LINK_CASE_SEND, sending(kase, "confirm_travel", "\"child\":\"no_child\",\"fitness\":\"fit\",\"travels\":\"2026-10-05\""), id);
  a.now = b.now = 1791374400; /* 2026-10-07T12:00:00Z */
  refused(&a, sending(kase, "boarded", "\"on\":\"2026-10-06\""), "document_issued.valid_until (2026-10-05)");
  pair_id(&a, LINK_CASE_SEND, sending(kase, "boarded", "\"on\":\"2026-10-05\""), id);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nobody_arrives_before_he_departed), cmocka_unit_test(what_was_said_is_erased),
                                     cmocka_unit_test(what_was_said_does_not_open),
                                     cmocka_unit_test(nobody_travels_before_he_may), cmocka_unit_test(an_offer_lapses),
                                     cmocka_unit_test(a_match_lies_within_its_event),
                                     cmocka_unit_test(nobody_travels_when_the_document_is_over)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
