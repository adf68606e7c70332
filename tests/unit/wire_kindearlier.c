/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_it_names), cmocka_unit_test(of_the_first_field),
                                     cmocka_unit_test(refuses_what_leads_nowhere),
                                     cmocka_unit_test(holds_one_against_the_other)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
