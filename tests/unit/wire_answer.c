/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_slips.h"

/* Rows that answer rows: keys of tables, and which type answers which table. */

static enum base_code parse_with(const char *old, const char *new, struct base_error *err) {
  return shipped_changed("accreditation", old, new, err);
}

static void reads_what_answers(void **state) {
  (void)state;
  struct shipped kind;
  shipped_load(&kind, "accreditation");
  assert_int_equal(kind.kind.answer_count, 2);
  const struct wire_kind_answer *whole = &kind.kind.answers[0], *some = &kind.kind.answers[1];
  assert_true(base_view_is(whole->type->name, "answer") && base_view_is(some->type->name, "revise"));
  assert_true(whole->all && !some->all);
  assert_true(base_view_is(whole->table->name, "results") && base_view_is(whole->asked->name, "applicants"));
  assert_true(base_view_is(whole->table->key->name, "reference") && base_view_is(whole->asked->key->name, "reference"));
  base_arena_free(&kind.arena);
  shipped_load(&kind, "assistance");
  assert_int_equal(kind.kind.answer_count, 0);
  assert_null(wire_kind_field_named(shipped_type(&kind, "request"), BASE_VIEW("needs"))->key);
  base_arena_free(&kind.arena);
}

#define KEY "\"name\": \"applicants\", \"type\": \"table\", \"key\": \"reference\""
#define WHOLE "{\"type\": \"answer\", \"table\": \"results\", \"asked\": \"applicants\", \"all\": true}"
#define RESULTS "{\"name\": \"results\", \"type\": \"table\", \"personal\": \"ordinary\", \"key\": \"reference\", \"least\": 1, \"most\": 256, \"required\": true"

static void refuses_what_leads_nowhere(void **state) {
  (void)state;
  static const struct slip slips[] = {
      {KEY, "\"name\": \"applicants\", \"type\": \"table\", \"key\": \"number\"",
       "$.types[0].fields[5].key: must be a required column of type line or code"},
      {KEY, "\"name\": \"applicants\", \"type\": \"table\", \"key\": \"born\"", "fields[5].key: must be a required column of type line or code"},
      {KEY, "\"name\": \"applicants\", \"type\": \"table\", \"key\": \"nationality\"", "fields[5].key: must be a required"},
      {KEY, "\"name\": \"applicants\", \"type\": \"table\", \"key\": 1", "fields[5].key"},
      {KEY, "\"name\": \"applicants\", \"type\": \"table\"", "$.answers[0].asked: must be a required field of type table of check, with a key"},
      {"{\"name\": \"event\", \"type\": \"line\"", "{\"name\": \"event\", \"key\": \"reference\", \"type\": \"line\"", "$.types[0].fields[0].key"},
      {"\"example\": [{\"reference\": \"ACC-0001\", \"result\": \"no_objection\"}]",
       "\"example\": [{\"reference\": \"A\", \"result\": \"no_objection\"}, {\"reference\": \"A\", \"result\": \"objection\"}]",
       "example[1].reference: is the same as in [0]; each row has its own"},
      {"\"answers\": [", "\"answers\": [], \"x\": [", "$.answers"},
      {WHOLE, "1", "$.answers[0]"},
      {WHOLE, "{\"type\": \"ask\", \"table\": \"results\", \"asked\": \"applicants\"}", "$.answers[0].type"},
      {WHOLE, "{\"type\": \"check\", \"table\": \"applicants\", \"asked\": \"applicants\"}",
       "$.answers[0].type: check opens the case, and answers nothing"},
      {WHOLE, "{\"type\": \"close\", \"table\": \"results\", \"asked\": \"applicants\"}",
       "$.answers[0].table: must be a required field of type table of close, with a key"},
      {WHOLE, "{\"type\": \"answer\", \"asked\": \"applicants\"}", "$.answers[0].table: missing"},
      {WHOLE, "{\"type\": \"answer\", \"table\": \"results\"}", "$.answers[0].asked: missing"},
      {WHOLE, "{\"type\": \"answer\", \"table\": \"results\", \"asked\": \"event\"}",
       "$.answers[0].asked: must be a required field of type table of check, with a key"},
      {WHOLE, "{\"type\": \"answer\", \"table\": \"results\", \"asked\": \"applicants\", \"all\": 1}", "$.answers[0].all"},
      {WHOLE, "{\"type\": \"answer\", \"table\": \"results\", \"asked\": \"applicants\", \"colour\": 1}", "$.answers[0].colour"},
      {WHOLE, WHOLE ", " WHOLE, "$.answers[1].table: results has an answer already"},
      {RESULTS, "{\"name\": \"results\", \"type\": \"table\", \"personal\": \"ordinary\", \"key\": \"reference\", \"least\": 1, \"most\": 255, \"required\": true",
       "$.answers[0].all: results has at most 255 rows, and 256 may be asked"},
      {RESULTS, "{\"name\": \"results\", \"type\": \"table\", \"personal\": \"ordinary\", \"key\": \"reference\", \"least\": 1, \"most\": 256",
       "$.answers[0].table: must be a required field"},
  };
  refuses_slips("accreditation", slips, sizeof slips / sizeof *slips);
  struct base_error err = {0}; /* of what need not be whole fewer rows are enough; a code may tell rows apart */
  assert_int_equal(parse_with(", \"all\": true}", "}", &err), BASE_OK);
  assert_int_equal(parse_with("\"results\", \"type\": \"table\", \"personal\": \"ordinary\", \"key\": \"reference\"", "\"results\", \"type\": \"table\", \"personal\": \"ordinary\", \"key\": \"result\"", &err),
                   BASE_OK);
}

/* As many as are allowed, and one more. */
static void so_many_answers(void **state) {
  (void)state;
  for (size_t count = WIRE_KIND_ANSWERS_MAX; count <= WIRE_KIND_ANSWERS_MAX + 1; count++) {
    char fields[8192] = "{\"name\": \"answer\", \"parts\": false, \"fields\": [", answers[4096] = "\"answers\": [";
    for (size_t i = 0; i + 2 < count; i++) {
      (void)snprintf(fields + strlen(fields), sizeof fields - strlen(fields),
                     "{\"name\": \"t%zu\", \"type\": \"table\", \"key\": \"k\", \"most\": 256, \"required\": true, \"example\": [], \"columns\": "
                     "[{\"name\": \"k\", \"type\": \"line\", \"most\": 9, \"required\": true}]}, ",
                     i);
      (void)snprintf(answers + strlen(answers), sizeof answers - strlen(answers),
                     "{\"type\": \"answer\", \"table\": \"t%zu\", \"asked\": \"applicants\"}, ", i);
    }
    BASE_AUTO_ARENA struct base_arena arena;
    BASE_AUTO_BUF struct base_buf text = {0};
    struct base_view bytes = shipped_file("accreditation", ".json"), rest = bytes;
    const char *const places[][2] = {{"{\"name\": \"answer\", \"parts\": false, \"fields\": [", fields}, {"\"answers\": [", answers}};
    for (size_t i = 0; i < 2; i++) {
      const uint8_t *at = memmem(rest.data, rest.size, places[i][0], strlen(places[i][0]));
      assert_non_null(at);
      base_buf_add(&text, rest.data, (size_t)(at - rest.data));
      base_buf_text(&text, places[i][1]);
      at += strlen(places[i][0]);
      rest = base_view_of(at, (size_t)(bytes.data + bytes.size - at));
    }
    base_buf_add(&text, rest.data, rest.size);
    base_arena_init(&arena, WIRE_KIND_ARENA);
    struct base_hash hash = {{0}};
    struct wire_kind kind;
    struct base_error err = {0};
    enum base_code code = wire_kind_parse(base_buf_view(&text), &hash, &arena, &kind, &err);
    if ((code == BASE_OK) != (count == WIRE_KIND_ANSWERS_MAX) || (code != BASE_OK && strstr(err.text, "$.answers") == NULL))
      fail_msg("%zu: %s", count, err.text);
  }
}

/* The faults of a table whose columns are not sound do not bring one of its key. */
static void a_key_of_unsound_columns(void **state) {
  (void)state;
  static struct wire_faults faults;
  BASE_AUTO_ARENA struct base_arena arena;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_view bytes = shipped_file("accreditation", ".json");
  static const char old[] = "{\"name\": \"given_names\", \"type\": \"line\"", new[] = "{\"name\": \"given_names\", \"type\": \"lime\"";
  const uint8_t *at = memmem(bytes.data, bytes.size, old, strlen(old));
  assert_non_null(at);
  size_t before = (size_t)(at - bytes.data);
  base_buf_add(&text, bytes.data, before);
  base_buf_text(&text, new);
  base_buf_add(&text, bytes.data + before + strlen(old), bytes.size - before - strlen(old));
  base_arena_init(&arena, WIRE_KIND_ARENA);
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  wire_kind_faults(base_buf_view(&text), &hash, &arena, &kind, &faults);
  for (size_t i = 0; i < faults.count; i++)
    assert_null(strstr(faults.list[i].text, "key"));
  assert_int_not_equal(faults.count, 0);
}

/* --- keys */

static void each_key_once(void **state) {
  (void)state;
  static struct wire_keys keys;
  static char texts[WIRE_KIND_ROWS_MAX + 1][8];
  wire_keys_begin(&keys);
  for (size_t i = 0; i <= WIRE_KIND_ROWS_MAX; i++)
    (void)snprintf(texts[i], sizeof texts[i], "%zu", i);
  for (size_t i = 0; i < WIRE_KIND_ROWS_MAX; i++) {
    assert_int_equal(wire_keys_find(&keys, base_view_text(texts[i])), keys.count); /* it is not there */
    assert_true(wire_keys_add(&keys, base_view_text(texts[i])));
    assert_false(wire_keys_add(&keys, base_view_text(texts[i])));
    assert_int_equal(keys.count, i + 1);
  }
  assert_false(wire_keys_add(&keys, base_view_text(texts[WIRE_KIND_ROWS_MAX])));
  assert_int_equal(keys.count, WIRE_KIND_ROWS_MAX);
  for (size_t i = 0; i < WIRE_KIND_ROWS_MAX; i++)
    assert_int_equal(wire_keys_find(&keys, base_view_text(texts[i])), i);
  assert_int_equal(wire_keys_find(&keys, base_view_text(texts[WIRE_KIND_ROWS_MAX])), WIRE_KIND_ROWS_MAX);
}

/* Octet for octet: a blank or a capital letter more is another key. */
static void a_form_with_a_key_twice(void **state) {
  (void)state;
  static const struct {
    const char *rows, *says;
  } cases[] = {
      {"[{\"reference\":\"A\",\"result\":\"objection\"}]", NULL},
      {"[{\"reference\":\"A\",\"result\":\"objection\"},{\"reference\":\"a\",\"result\":\"objection\"},{\"reference\":\"A \",\"result\":\"objection\"}]",
       NULL},
      {"[{\"reference\":\"A\",\"result\":\"objection\"},{\"reference\":\"B\",\"result\":\"objection\"},{\"reference\":\"B\",\"result\":\"no_objection\"}]",
       "fields: $.results[2].reference: is the same as in [1]; each row has its own"},
  };
  struct shipped kind;
  shipped_load(&kind, "accreditation");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[512];
    WIRE_AUTO_JSON struct wire_json *fields = NULL;
    BASE_AUTO_BUF struct base_buf rest = {0};
    struct wire_form form;
    struct base_error err = {0};
    (void)snprintf(text, sizeof text, "{\"results\":%s}", cases[i].rows);
    assert_int_equal(wire_json_parse(base_view_text(text), sizeof text, "fields", &fields, &err), BASE_OK);
    enum base_code code = wire_form_check(NULL, shipped_type(&kind, "answer"), fields, 1800000000, &kind.arena, &form, &rest, &err);
    if (code != (cases[i].says == NULL ? BASE_OK : BASE_FIELD) || (cases[i].says != NULL && strcmp(err.text, cases[i].says) != 0))
      fail_msg("%s: %s", cases[i].rows, err.text);
  }
  base_arena_free(&kind.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_answers),       cmocka_unit_test(refuses_what_leads_nowhere),
                                     cmocka_unit_test(so_many_answers),          cmocka_unit_test(a_key_of_unsound_columns),
                                     cmocka_unit_test(each_key_once),            cmocka_unit_test(a_form_with_a_key_twice)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
