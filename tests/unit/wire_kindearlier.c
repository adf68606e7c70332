/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "wire/kind_internal.h"

/* What a date or time must be to one of an earlier message. */

#define HOME "\"not_before\": {\"of\": \"demobilise\", \"field\": \"at\"}"
#define NEEDED "{\"name\": \"needed_from\", \"type\": \"date\"}"

static void reads_what_it_names(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "assistance");
  const struct wire_kind_type *depart = shipped_type(&kind, "depart");
  const struct wire_rules *rules = wire_kind_field_named(depart, base_view_text("at"))->rules;
  assert_int_equal(rules->earlier_count, 2);
  assert_int_equal(rules->bound_count, 1);
  assert_ptr_equal(rules->earlier[0].type, shipped_type(&kind, "request"));
  assert_ptr_equal(rules->earlier[0].field, wire_kind_field_named(shipped_type(&kind, "request"), base_view_text("onset")));
  assert_ptr_equal(rules->earlier[1].type, shipped_type(&kind, "mobilise"));
  assert_false(rules->earlier[1].after);
  BASE_AUTO_BUF struct base_buf shown = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &shown);
  wire_kind_write(&kind.kind, NULL, &writer);
  base_buf_add(&shown, "", 1);
  assert_non_null(strstr((const char *)shown.data, "\"not_before\":[{\"of\":\"request\",\"field\":\"onset\",\"days\":0},"
                                                   "{\"of\":\"mobilise\",\"field\":\"at\",\"days\":0}],\"not_after\":[{\"days\":0}]"));
  base_arena_free(&kind.arena);
}

/* The first field of a type as any other. */
static void of_the_first_field(void **state) {
  (void)state;
  struct base_error err = {0};
  assert_int_equal(shipped_changed("voluntary_return", "\"of\": \"propose\"", "\"of\": \"leave\"", &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "$.types[4].fields[0].not_before: leave is no type of this kind"));
}

static void refuses_what_leads_nowhere(void **state) {
  (void)state;
  static const struct {
    const char *old, *new, *says; /* NULL: it is read */
  } cases[] = {
      {HOME, "\"not_before\": {\"of\": \"demobilise\"}", ".not_before.field: missing"},
      {HOME, "\"not_before\": {\"of\": \"Demobilise\", \"field\": \"at\"}", ".not_before.of"},
      {HOME, "\"not_before\": {\"of\": \"leave\", \"field\": \"at\"}", "fields[1].not_before: leave is no type of this kind"},
      {HOME, "\"not_before\": {\"of\": \"demobilise\", \"field\": \"on\"}",
       "fields[1].not_before: on is no field of type date or time of demobilise"},
      {HOME, "\"not_before\": {\"of\": \"demobilise\", \"field\": \"note\"}",
       "fields[1].not_before: note is no field of type date or time of demobilise"},
      {HOME, "\"not_before\": [{\"of\": \"demobilise\", \"field\": \"at\"}, {\"of\": \"leave\", \"field\": \"at\"}]",
       "fields[1].not_before: leave is no type of this kind"},
      {HOME, "\"not_before\": {\"of\": \"home\", \"field\": \"at\", \"days\": 1}", NULL}, /* the one before it */
      {HOME ", \"not_after\": {\"days\": 0}", "\"not_after\": [{\"of\": \"request\", \"field\": \"valid_until\", \"days\": 90}, {\"days\": 0}]", NULL},
      {HOME ", \"not_after\": {\"days\": 0}", "\"not_after\": {\"of\": \"leave\", \"field\": \"at\"}", "fields[1].not_after: leave is no type"},
      {"\"onset\", \"type\": \"time\", \"required\": true,", "\"onset\", \"type\": \"time\", \"required\": true, \"not_before\": {\"of\": \"offer\", \"field\": \"eta\"},",
       "$.types[0].fields[3].not_before: names an earlier message, and request opens the case: none comes before it"},
      {NEEDED, "{\"name\": \"needed_from\", \"type\": \"date\", \"not_before\": {\"of\": \"sitrep\", \"field\": \"as_of\"}}",
       "$.types[0].fields[14].columns[5].not_before: names an earlier message, which goes with a field, not with a column"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct base_error err = {0};
    enum base_code code = shipped_changed("assistance", cases[i].old, cases[i].new, &err);
    if ((code == BASE_OK) != (cases[i].says == NULL) || (cases[i].says != NULL && strstr(err.text, cases[i].says) == NULL))
      fail_msg("%s: %s", cases[i].new, code == BASE_OK ? "taken" : err.text);
  }
}

static void holds_one_against_the_other(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "assistance");
  const struct wire_kind_field *at = wire_kind_field_named(shipped_type(&kind, "depart"), base_view_text("at"));
  const struct wire_kind_field *as_day = wire_kind_field_named(shipped_type(&kind, "accept"), base_view_text("until"));
  const struct wire_bound *onset = &at->rules->earlier[0];
  struct wire_bound week = *onset;
  week.after = true;
  week.days = 7;
  const struct {
    const struct wire_kind_field *field;
    const struct wire_bound *bound;
    const char *value, *other, *says; /* NULL: it is right */
  } rows[] = {
      {at, onset, "2026-09-01T05:00:00Z", "2026-09-01T05:00:00Z", NULL},
      {at, onset, "2026-09-01T04:59:59Z", "2026-09-01T05:00:00Z",
       "fields: $.at: 2026-09-01T04:59:59Z must not be earlier than request.onset (2026-09-01T05:00:00Z)"},
      {as_day, onset, "2026-09-01", "2026-09-01T05:00:00Z", NULL}, /* a day is the whole day */
      {as_day, onset, "2026-08-31", "2026-09-01T05:00:00Z", "$.until: 2026-08-31 must not be earlier than request.onset"},
      {at, &week, "2026-09-08T05:00:00Z", "2026-09-01T05:00:00Z", NULL},
      {at, &week, "2026-09-08T05:00:01Z", "2026-09-01T05:00:00Z", "must not be later than 7 days after request.onset (2026-09-01T05:00:00Z)"},
      {at, onset, "", "2026-09-01T05:00:00Z", NULL},
      {at, onset, "2026-09-01T04:59:59Z", "", NULL},
      {at, onset, "2026-09-01T04:59:59Z", "soon", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct base_error err = {0};
    enum base_code code =
        wire_earlier_check(rows[i].field, rows[i].bound, base_view_text(rows[i].value), base_view_text(rows[i].other), &err);
    if (code != (rows[i].says == NULL ? BASE_OK : BASE_FIELD) || (rows[i].says != NULL && strstr(err.text, rows[i].says) == NULL))
      fail_msg("%s, %s: %s", rows[i].value, rows[i].other, code == BASE_OK ? "taken" : err.text);
  }
  base_arena_free(&kind.arena);
}

/* Of several types whichever was sent last: in the file an array, as each of them in what is read. */
static void one_of_several(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "event");
  const struct wire_kind_type *match = shipped_type(&kind, "match"), *report = shipped_type(&kind, "post_match");
  const struct wire_rules *rules = wire_kind_field_named(match, base_view_text("kick_off"))->rules;
  assert_int_equal(rules->earlier_count, 4);
  assert_ptr_equal(rules->earlier[0].type, shipped_type(&kind, "announce"));
  assert_ptr_equal(rules->earlier[1].type, shipped_type(&kind, "reschedule"));
  assert_true(rules->earlier[0].or_next && !rules->earlier[1].or_next && rules->earlier[2].or_next && !rules->earlier[3].or_next);
  assert_true(!rules->earlier[1].after && rules->earlier[2].after && rules->earlier[3].after);
  assert_int_equal(rules->earlier[1].days, -1);
  assert_int_equal(rules->earlier[2].days, 1);
  assert_null(match->written);
  assert_int_equal(report->written->earlier_count, 2);
  assert_int_equal(report->written->bound_count, 0);
  assert_ptr_equal(report->written->earlier[1].field, wire_kind_field_named(shipped_type(&kind, "match_change"), base_view_text("kick_off")));
  BASE_AUTO_BUF struct base_buf shown = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &shown);
  wire_kind_write(&kind.kind, NULL, &writer);
  base_buf_add(&shown, "", 1);
  assert_non_null(strstr((const char *)shown.data, "\"not_after\":[{\"days\":5845},{\"of\":[\"announce\",\"reschedule\"],\"field\":\"ends\",\"days\":1}]"));
  assert_non_null(strstr((const char *)shown.data, "\"parts\":true,\"not_before\":[{\"of\":[\"match\",\"match_change\"],\"field\":\"kick_off\",\"days\":0}],\"fields\""));
  assert_non_null(strstr((const char *)shown.data, "\"parts\":true,\"not_after\":[{\"of\":\"invite\",\"field\":\"to_date\",\"days\":0}],\"fields\""));
  base_arena_free(&kind.arena);
}

#define REPORTED "\"not_before\": {\"of\": [\"match\", \"match_change\"], \"field\": \"kick_off\"}"

static void refuses_what_a_type_cannot_wait_for(void **state) {
  (void)state;
  static const struct {
    const char *new, *says; /* NULL: it is read */
  } cases[] = {
      {"\"not_before\": {\"of\": [\"match\"], \"field\": \"kick_off\"}", "$.types[11].not_before.of"},
      {"\"not_before\": {\"of\": [\"match\", \"match\", \"match_change\", \"match\", \"match\"], \"field\": \"kick_off\"}", "$.types[11].not_before.of"},
      {"\"not_before\": {\"of\": [\"match\", \"Match\"], \"field\": \"kick_off\"}", "$.types[11].not_before.of"},
      {"\"not_before\": {\"of\": [\"match\", \"game\"], \"field\": \"kick_off\"}", "$.types[11].not_before: game is no type of this kind"},
      {"\"not_before\": {\"of\": [\"match\", \"match_change\"]}", "$.types[11].not_before.field: missing"},
      {"\"not_before\": {\"of\": [\"match\", \"travel\"], \"field\": \"kick_off\"}", "kick_off is no field of type date or time of travel"},
      {"\"not_before\": {\"days\": 1}", "$.types[11].not_before: of a type it names an earlier message: needs of"},
      {"\"not_after\": [{\"of\": \"invite\", \"field\": \"to_date\"}, {\"days\": 1}]", "$.types[11].not_after: of a type it names an earlier message: needs of"},
      {"\"not_after\": {\"of\": \"announce\", \"field\": \"ends\"}", NULL},
      {REPORTED ", \"not_after\": {\"of\": \"announce\", \"field\": \"ends\", \"days\": 60}", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct base_error err = {0};
    enum base_code code = shipped_changed("event", REPORTED, cases[i].new, &err);
    if ((code == BASE_OK) != (cases[i].says == NULL) || (cases[i].says != NULL && strstr(err.text, cases[i].says) == NULL))
      fail_msg("%s: %s", cases[i].new, code == BASE_OK ? "taken" : err.text);
  }
  struct base_error err = {0};
  assert_int_equal(shipped_changed("event", "{\"name\": \"announce\", ", "{\"name\": \"announce\", \"not_after\": {\"of\": \"match\", \"field\": \"kick_off\"}, ", &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "announce opens the case: none comes before it"));
}

/* Of a time to the second, of a day as long as it is that somewhere on earth. */
static void holds_the_moment_of_writing(void **state) {
  (void)state;
  struct shipped event, help;
  shipped_load(&event, "event");
  shipped_load(&help, "assistance");
  const struct wire_kind_type *report = shipped_type(&event, "post_match"), *invited = shipped_type(&event, "delegation"),
                              *accept = shipped_type(&help, "accept");
  const struct {
    const struct wire_kind_type *type;
    const char *now, *other, *says; /* NULL: it may go */
  } rows[] = {
      {report, "2027-03-01T19:00:00Z", "2027-03-01T19:00:00Z", NULL},
      {report, "2027-03-01T18:59:59Z", "2027-03-01T19:00:00Z",
       "post_match: not possible earlier than match.kick_off (2027-03-01T19:00:00Z), and it is 2027-03-01T18:59:59Z: send it from then on"},
      {report, "2027-03-01T18:59:59Z", "soon", NULL},
      {report, "2027-03-01T18:59:59Z", "", NULL},
      {accept, "2027-03-01T19:00:00Z", "2027-03-01T19:00:00Z", NULL},
      {accept, "2027-03-01T19:00:01Z", "2027-03-01T19:00:00Z",
       "accept: not possible later than offer.valid_until (2027-03-01T19:00:00Z), and it is 2027-03-01T19:00:01Z: ask who said that to say it anew"},
      {invited, "2027-03-02T11:59:59Z", "2027-03-01", NULL},
      {invited, "2027-03-02T12:00:00Z", "2027-03-01", "delegation: not possible later than invite.to_date (2027-03-01)"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct base_error err = {0};
    base_time now = 0;
    assert_true(base_time_parse(base_view_text(rows[i].now), &now));
    enum base_code code =
        wire_written_check(rows[i].type, &rows[i].type->written->earlier[0], now, base_view_text(rows[i].other), &err);
    if (code != (rows[i].says == NULL ? BASE_OK : BASE_TRANSITION) || (rows[i].says != NULL && strstr(err.text, rows[i].says) == NULL))
      fail_msg("%s, %s: %s", rows[i].now, rows[i].other, code == BASE_OK ? "taken" : err.text);
  }
  struct wire_bound begun = report->written->earlier[0]; /* a day has begun when it has somewhere */
  begun.field = wire_kind_field_named(shipped_type(&event, "announce"), base_view_text("begins"));
  base_time now = 0;
  assert_true(base_time_parse(base_view_text("2027-02-28T10:00:00Z"), &now));
  assert_int_equal(wire_written_check(report, &begun, now, base_view_text("2027-03-01"), NULL), BASE_OK);
  assert_int_equal(wire_written_check(report, &begun, now - 1, base_view_text("2027-03-01"), NULL), BASE_TRANSITION);
  base_arena_free(&event.arena);
  base_arena_free(&help.arena);
}

/* Nobody invites himself: neither in a form, nor in what a partner sent. */
static void a_party_beside_the_author(void **state) {
  (void)state;
  static const struct wire_form_parties three = {.count = 3,
                                                 .all = {{BASE_VIEW("rabat"), BASE_VIEW("wasl/rabat/00000000000000aa")},
                                                         {BASE_VIEW("paris"), BASE_VIEW("wasl/paris/00000000000000bb")},
                                                         {BASE_VIEW("tunis"), BASE_VIEW("wasl/tunis/00000000000000cc")}}};
  struct wire_form_parties two = three;
  two.count = 2;
  const struct {
    const struct wire_form_parties *parties;
    const char *to, *says; /* NULL: it is taken */
  } rows[] = {
      {&two, "paris", NULL},
      {&two, "wasl/paris/00000000000000bb", NULL},
      {&two, "other", NULL},
      {&two, "self", "fields: $.to: must be another party than the one that writes it"},
      {&two, "rabat", "must be another party"},
      {&two, "wasl/rabat/00000000000000aa", "must be another party"},
      {&two, "tunis", "must be self or a party of the case: rabat, paris"},
      {&three, "tunis", NULL},
      {&three, "other", "must be self or a party of the case: rabat, paris, tunis"}, /* which of them? */
  };
  struct shipped kind;
  shipped_load(&kind, "event");
  const struct wire_kind_field *to = wire_kind_field_named(shipped_type(&kind, "invite"), base_view_text("to"));
  assert_true(to->other);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct wire_place place = {.what = "fields", .path = "$", .name = "to", .parties = rows[i].parties};
    struct base_error err = {0};
    enum base_code code = wire_field_check_text(to, base_view_text(rows[i].to), &place, &err);
    if ((code == BASE_OK) != (rows[i].says == NULL) || (rows[i].says != NULL && strstr(err.text, rows[i].says) == NULL))
      fail_msg("%s of %zu: %s", rows[i].to, rows[i].parties->count, code == BASE_OK ? "taken" : err.text);
  }
  for (size_t i = 0; i < 2; i++) {
    struct base_error err = {0};
    struct wire_header header = {.kind = kind.kind.name, .kind_hash = kind.kind.hash, .type = BASE_VIEW("invite"),
                                 .author = three.all[0].origin, .party_count = 2, .state_count = 2,
                                 .state = {{BASE_VIEW("to"), three.all[i].origin}, {BASE_VIEW("answer_by"), BASE_VIEW("2027-01-01")}}};
    header.parties[0] = three.all[0].origin;
    header.parties[1] = three.all[1].origin;
    assert_int_equal(wire_form_check_header(&kind.kind, &header, &err), i == 0 ? BASE_FIELD : BASE_OK);
    assert_true(i == 1 || strstr(err.text, "$.to: must be another party than the one that writes it") != NULL);
  }
  base_arena_free(&kind.arena);
  struct base_error err = {0};
  assert_int_equal(shipped_changed("event", "\"name\": \"officers\", \"type\": \"integer\"", "\"name\": \"officers\", \"other\": true, \"type\": \"integer\"", &err), BASE_FIELD);
  assert_non_null(strstr(err.text, ".other: goes with a party"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_it_names), cmocka_unit_test(of_the_first_field),
                                     cmocka_unit_test(refuses_what_leads_nowhere),
                                     cmocka_unit_test(holds_one_against_the_other), cmocka_unit_test(one_of_several),
                                     cmocka_unit_test(refuses_what_a_type_cannot_wait_for),
                                     cmocka_unit_test(holds_the_moment_of_writing), cmocka_unit_test(a_party_beside_the_author)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
