/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

struct filled {
  struct base_arena arena;
  struct base_buf rest;
  struct wire_form form;
  struct base_error err;
};

static void filled_free(struct filled *filled) {
  base_arena_free(&filled->arena);
  base_buf_free(&filled->rest);
}
#define AUTO_FILLED __attribute__((cleanup(filled_free)))

static enum base_code check(const struct shipped *shipped, const char *type, struct base_view text,
                            struct filled *filled) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  filled->err.text[0] = 0;
  base_arena_init(&filled->arena, 1 << 20);
  assert_int_equal(wire_json_parse(text, WIRE_PART0_MAX, "fields", &json, &filled->err), BASE_OK);
  return wire_form_check(NULL, shipped_type(shipped, type), json, NOW, &filled->arena, &filled->form,
                         &filled->rest, &filled->err);
}

static struct base_view state_of(const struct wire_form *form, const char *name) {
  for (size_t i = 0; i < form->state_count; i++)
    if (base_view_is(form->state[i].name, name))
      return form->state[i].value;
  return (struct base_view){0};
}

#define ASK_REST "\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":\"drugs\",\"question\":\"q\",\"language\":\"fr\""
#define ASK "\"subject\":\"s\"," ASK_REST

/* A limit counts characters, so that each script has the same room. */
static void limits_count_characters(void **state) {
  (void)state;
  static const char *const letters[] = {"x", "\u00e9", "\u0648", "\U0001F4DC"};
  enum { SUBJECT_MAX = 300 }; /* of the shipped kind */
  struct shipped shipped;
  shipped_load(&shipped, "request");
  for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
    for (size_t more = 0; more < 2; more++) {
      BASE_AUTO_BUF struct base_buf text = {0};
      AUTO_FILLED struct filled filled = {0};
      base_buf_text(&text, "{" ASK_REST ",\"subject\":\"");
      for (size_t j = 0; j < SUBJECT_MAX + more; j++)
        base_buf_text(&text, letters[i]);
      base_buf_text(&text, "\"}");
      assert_int_equal(check(&shipped, "ask", base_buf_view(&text), &filled), more ? BASE_FIELD : BASE_OK);
      if (more)
        assert_non_null(strstr(filled.err.text, "$.subject: 301 characters, at most 300 are allowed"));
    }
  base_arena_free(&shipped.arena);
}

/* `wasl kind example` must print what `wasl case open --fields` takes, for every type of every shipped kind. */
static void every_example_is_valid(void **state) {
  (void)state;
  static const char *const kinds[] = {"agreement", "consent", "emergency", "erasure", "information", "recall", "request"};
  const struct base_id reference = {{0xAB}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct shipped shipped;
    shipped_load(&shipped, kinds[i]);
    for (size_t j = 0; j < shipped.kind.type_count; j++) {
      BASE_AUTO_BUF struct base_buf example = {0};
      AUTO_FILLED struct filled filled = {0};
      const struct wire_kind_type *type = &shipped.kind.types[j];
      assert_int_equal(wire_form_example(&shipped.kind, type, NOW, &reference, &example, &filled.err), BASE_OK);
      if (check(&shipped, (const char *)type->name.data, base_buf_view(&example), &filled))
        fail_msg("%s: %s", (const char *)type->name.data, filled.err.text);
    }
    base_arena_free(&shipped.arena);
  }
}

/* A person born before 1970, the year that times are counted from, and known of since. */
static void births_before_1970(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  AUTO_FILLED struct filled filled = {0};
  static const char answer[] =
      "{\"answer\":\"x\",\"persons\":[{\"name\":\"x\",\"class\":\"witness\",\"fact_or_assessment\":"
      "\"fact\",\"grading\":\"4x4:A/1\",\"as_of\":\"1969-12-31\",\"born\":\"1931-07-13\"}]}";
  assert_int_equal(check(&shipped, "answer", base_view_text(answer), &filled), BASE_OK);
  base_arena_free(&shipped.arena);
}

static void example_dates_are_relative(void **state) {
  (void)state;
  struct shipped agreement;
  shipped_load(&agreement, "agreement");
  BASE_AUTO_BUF struct base_buf example = {0};
  AUTO_FILLED struct filled filled = {0};
  assert_int_equal(
      wire_form_example(&agreement.kind, shipped_type(&agreement, "propose"), NOW, NULL, &example, &filled.err),
      BASE_OK);
  assert_int_equal(check(&agreement, "propose", base_buf_view(&example), &filled), BASE_OK);
  assert_true(base_view_is(state_of(&filled.form, "until"), "2027-11-21T08:00:00Z"));
  assert_int_equal(state_of(&filled.form, "from").size, 0);
  base_buf_u8(&filled.rest, 0);
  assert_non_null(strstr((const char *)filled.rest.data, "\"signed\":\"2026-11-21\""));
  base_arena_free(&agreement.arena);
}

static void example_names_the_reference(void **state) {
  (void)state;
  struct shipped agreement;
  shipped_load(&agreement, "agreement");
  BASE_AUTO_BUF struct base_buf example = {0};
  struct base_error err;
  struct base_id reference;
  memset(reference.bytes, 0xAB, sizeof reference.bytes);
  assert_int_equal(
      wire_form_example(&agreement.kind, shipped_type(&agreement, "accept"), NOW, &reference, &example, &err), BASE_OK);
  base_buf_u8(&example, 0);
  assert_non_null(strstr((const char *)example.data, "{\"terms\":\"abababab"));
  base_arena_free(&agreement.arena);
}

static void splits_state_from_the_rest(void **state) {
  (void)state;
  struct shipped request;
  shipped_load(&request, "request");
  AUTO_FILLED struct filled filled = {0};
  assert_int_equal(check(&request, "ask",
                         BASE_VIEW("{\"language\":\"fr\",\"question\":\"qui ?\",\"purpose\":\"drugs\","
                                   "\"urgency\":\"normal\",\"sought\":\"information\",\"subject\":\"سؤال\"}"),
                         &filled),
                   BASE_OK);
  assert_int_equal(filled.form.state_count, 2);
  assert_true(base_view_is(state_of(&filled.form, "urgency"), "normal"));
  assert_true(base_view_is(state_of(&filled.form, "purpose"), "drugs"));
  assert_true(filled.form.personal);
  /* in the kind's order, whatever the order of the input */
  assert_true(
      base_view_is(base_buf_view(&filled.rest), "{\"subject\":\"سؤال\",\"sought\":\"information\",\"question\":\"qui ?\",\"language\":\"fr\"}"));
  base_arena_free(&request.arena);
}

static void says_whether_it_is_personal(void **state) {
  (void)state;
  struct shipped request;
  shipped_load(&request, "request");
  AUTO_FILLED struct filled refusal = {0};
  assert_int_equal(check(&request, "refuse", BASE_VIEW("{\"ground\":\"no_competence\"}"), &refusal), BASE_OK);
  assert_false(refusal.form.personal);
  assert_true(base_view_is(base_buf_view(&refusal.rest), "{}"));
  base_arena_free(&request.arena);
}

static void refuses_wrong_values_with_their_place(void **state) {
  (void)state;
  static const struct {
    const char *kind, *type, *fields;
    enum base_code code;
    const char *says;
  } slips[] = {
      {"request", "ask", "[]", BASE_FIELD, "fields: $: must be an object"},
      {"request", "ask", "{}", BASE_FIELD, "fields: $.subject: missing"},
      {"request", "ask", "{" ASK ",\"colour\":1}", BASE_UNKNOWN_FIELD, "$.colour: unknown field; ask has: subject, "},
      {"request", "ask", "{" ASK ",\"\\u202e\":1}", BASE_UNKNOWN_FIELD, "$.?: unknown field"},
      {"request", "ask", "{" ASK ",\"facts\":7}", BASE_FIELD, "$.facts: must be a text"},
      {"request", "ask", "{" ASK ",\"persons\":{}}", BASE_FIELD, "$.persons: must be an array"},
      {"request", "ask", "{" ASK ",\"persons\":[7]}", BASE_FIELD, "$.persons[0]: must be an object"},
      {"request", "ask", "{" ASK ",\"persons\":[{\"name\":\"x\",\"class\":\"suspect\"}]}", BASE_FIELD,
       "$.persons[0].fact_or_assessment: missing"},
      {"request", "ask",
       "{" ASK ",\"persons\":[{\"name\":\"x\",\"class\":\"king\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/"
               "1\",\"as_of\":\"2000-01-01\"}]}",
       BASE_FIELD, "$.persons[0].class: must be one of: suspect, convicted, victim, witness, other"},
      {"request", "ask",
       "{" ASK ",\"persons\":[{\"name\":\"x\",\"class\":\"victim\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/"
               "1\",\"as_of\":\"2000-01-01\",\"born\":"
       "\"1999-02-29\"}]}",
       BASE_DATE, "$.persons[0].born: must be a date"},
      {"request", "ask",
       "{" ASK ",\"persons\":[{\"name\":\"x\",\"class\":\"victim\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/"
               "1\",\"as_of\":\"2000-01-01\",\"age\":3}]}",
       BASE_UNKNOWN_FIELD, "$.persons[0].age: unknown column; the columns are: name, born"},
      {"request", "ask",
       "{" ASK ",\"persons\":[{\"name\":\"x\",\"class\":\"victim\",\"fact_or_assessment\":\"fact\",\"grading\":\"4x4:A/"
               "1\",\"as_of\":\"2000-01-01\",\"A ge\":3}]}",
       BASE_UNKNOWN_FIELD, "$.persons[0]: unknown column; the columns are: name, born"},
      {"request", "clarify", "{\"ground\":\"facts_insufficient\",\"question\":\"\"}", BASE_FIELD,
       "$.question: must not be empty"},
      {"request", "clarify", "{\"question\":\"q\"}", BASE_FIELD, "$.ground: missing"},
      {"request", "clarify", "{\"ground\":\"busy\",\"question\":\"q\"}", BASE_FIELD,
       "$.ground: must be one of: persons_not_identifiable"},
      {"agreement", "accept", "{\"terms\":\"ABCD\"}", BASE_FIELD, "$.terms: must be a message id"},
      {"agreement", "end", "{}", BASE_FIELD, "$.reason: missing"},
  };
  struct shipped shipped;
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    AUTO_FILLED struct filled filled = {0};
    shipped_load(&shipped, slips[i].kind);
    enum base_code code = check(&shipped, slips[i].type, base_view_text(slips[i].fields), &filled);
    if (code != slips[i].code || !strstr(filled.err.text, slips[i].says))
      fail_msg("%s: %s", slips[i].fields, filled.err.text);
    assert_int_equal(filled.rest.size, 0);
    base_arena_free(&shipped.arena);
  }
}

#define TERMS "\"title\":\"t\",\"legal_basis\":\"l\",\"language\":\"fr\",\"articles\":\"a\","

static void agreement_rows_are_checked(void **state) {
  (void)state;
  static const struct {
    const char *rows, *until, *says;
  } slips[] = {
      {"", "2027-01-01", "$.rows: 0 rows, from 1 to 256"},
      {"{\"id\":\"1\",\"kind\":\"Request\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}",
       "2027-01-01", "$.rows[0].kind: must be a code or \"*\""},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[],\"purposes\":[\"*\"],\"direction\":\"both\"}", "2027-01-01",
       "$.rows[0].types: 0 codes"},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"ask\",\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}",
       "2027-01-01", "$.rows[0].types: must hold codes, or \"*\" alone"},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"ask\",\"ask\"],\"purposes\":[\"*\"],\"direction\":\"both\"}",
       "2027-01-01", "$.rows[0].types: holds a code twice"},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"up\"}", "2027-01-01",
       "$.rows[0].direction: must be one of: both, from_proposer, to_proposer"},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}", "2027-13-01",
       "$.until: must be a time"},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}",
       "2027-01-01T24:00:00Z", "$.until: must be a time"},
      {"{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}", "2027-01-01",
       NULL},
  };
  struct shipped agreement;
  shipped_load(&agreement, "agreement");
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    AUTO_FILLED struct filled filled = {0};
    char text[1024];
    (void)snprintf(text, sizeof text, "{" TERMS "\"until\":\"%s\",\"rows\":[%s]}", slips[i].until, slips[i].rows);
    enum base_code code = check(&agreement, "propose", base_view_text(text), &filled);
    if (slips[i].says ? !strstr(filled.err.text, slips[i].says) : code != BASE_OK)
      fail_msg("%s: %s", text, filled.err.text);
  }
  base_arena_free(&agreement.arena);
}

static void texts_reach_their_limit(void **state) {
  (void)state;
  struct shipped request;
  shipped_load(&request, "request");
  for (size_t size = 32768; size <= 32769; size++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    AUTO_FILLED struct filled filled = {0};
    base_buf_text(&text, "{\"ground\":\"facts_insufficient\",\"question\":\"");
    memset(base_buf_reserve(&text, size), 'x', size);
    base_buf_text(&text, "\"}");
    assert_int_equal(check(&request, "clarify", base_buf_view(&text), &filled), size == 32768 ? BASE_OK : BASE_FIELD);
  }
  base_arena_free(&request.arena);
}

static struct wire_header ask_header(void) {
  struct wire_header header = {.opens = true, .kind = BASE_VIEW("request"), .type = BASE_VIEW("ask"), .state_count = 2};
  memset(header.kind_hash.bytes, 0x11, sizeof header.kind_hash.bytes);
  header.state[0] = (struct wire_state_field){BASE_VIEW("purpose"), BASE_VIEW("drugs")};
  header.state[1] = (struct wire_state_field){BASE_VIEW("urgency"), BASE_VIEW("normal")};
  return header;
}

static void checks_headers_of_partners(void **state) {
  (void)state;
  struct shipped request;
  struct base_error err;
  shipped_load(&request, "request");
  struct wire_header header = ask_header();
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_OK);
  header.kind_hash.bytes[0] ^= 1;
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_KIND);
  header = ask_header();
  header.kind = BASE_VIEW("information");
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_KIND);
  header = ask_header();
  header.state[1].name = BASE_VIEW("colour");
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_UNKNOWN_FIELD);
  header = ask_header();
  header.type = BASE_VIEW("beg");
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_KIND);
  header = ask_header();
  header.opens = false;
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_FIELD);
  assert_string_equal(err.text, "header: $.type: ask opens a case and cannot follow in one");
  header = ask_header();
  header.type = BASE_VIEW("close");
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_FIELD);
  header = ask_header();
  header.state_count = 1;
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_FIELD);
  assert_string_equal(err.text, "header state: $.urgency: missing; ask needs it");
  header = ask_header();
  header.state[1].value = BASE_VIEW("yesterday");
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_FIELD);
  header = ask_header();
  header.state[1].name = BASE_VIEW("subject");
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_UNKNOWN_FIELD);
  header = ask_header();
  header.state[2] = header.state[1];
  header.state_count = 3;
  assert_int_equal(wire_form_check_header(&request.kind, &header, &err), BASE_FIELD);
  base_arena_free(&request.arena);
}

/* An answer by a code alone has no file; what asks may have some. */
static void some_types_have_no_parts(void **state) {
  (void)state;
  struct shipped accreditation;
  struct base_error err;
  shipped_load(&accreditation, "accreditation");
  const struct wire_kind_type *check = wire_kind_type_named(&accreditation.kind, BASE_VIEW("check"));
  const struct wire_kind_type *answer = wire_kind_type_named(&accreditation.kind, BASE_VIEW("answer"));
  assert_int_equal(wire_form_check_parts(check, WIRE_PARTS_MAX, &err), BASE_OK);
  assert_int_equal(wire_form_check_parts(answer, 0, &err), BASE_OK);
  assert_int_equal(wire_form_check_parts(answer, 1, &err), BASE_FIELD);
  assert_string_equal(err.text, "parts: a message of the type answer has no files, so that it says no more than its form: send it "
                                "without them");
  assert_int_equal(wire_form_check_handling(check, BASE_VIEW("amber; for one desk alone"), &err), BASE_OK);
  assert_int_equal(wire_form_check_handling(answer, (struct base_view){0}, &err), BASE_OK);
  assert_int_equal(wire_form_check_handling(answer, BASE_VIEW("amber"), &err), BASE_OK);
  assert_int_equal(wire_form_check_handling(answer, BASE_VIEW("amber; convicted"), &err), BASE_FIELD);
  assert_string_equal(err.text, "handling: a message of the type answer has no restriction in words, so that it says no more than its "
                                "form: give the level without it");
  assert_int_equal(wire_form_check_handling(answer, BASE_VIEW("violet"), &err), BASE_FIELD);
  base_arena_free(&accreditation.arena);
}

/* Members of what arrived, not their values: the field itself, a state field that stands in part 0, a row's. */
static void looks_at_members_of_what_arrived(void **state) {
  (void)state;
  static const struct { const char *type, *text; bool fits; } all[] = {
      {"answer", "{}", true},
      {"answer", "{\"results\":[{\"reference\":\"A\",\"result\":\"objection\"}]}", true},
      {"answer", "{\"results\":[{\"reference\":\"A\",\"reason\":\"N. N.\"}]}", false},
      {"answer", "{\"results\":[\"N. N.\"]}", false},
      {"answer", "{\"results\":\"N. N.\"}", false},
      {"answer", "{\"reason\":\"N. N.\"}", false},
      {"check", "{\"event\":\"E\"}", true},
      {"check", "{\"purpose\":\"event_security\"}", false}}; /* of its header */
  struct shipped shipped;
  shipped_load(&shipped, "accreditation");
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct base_error err = {0};
    assert_int_equal(wire_json_parse(base_view_text(all[i].text), WIRE_PART0_MAX, "fields", &json, &err), BASE_OK);
    assert_int_equal(wire_form_check_members(shipped_type(&shipped, all[i].type), json, &err), all[i].fits ? BASE_OK : BASE_UNKNOWN_FIELD);
  }
  base_arena_free(&shipped.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limits_count_characters),
      cmocka_unit_test(looks_at_members_of_what_arrived),
      cmocka_unit_test(every_example_is_valid),
      cmocka_unit_test(births_before_1970),
      cmocka_unit_test(example_dates_are_relative),
      cmocka_unit_test(example_names_the_reference),
      cmocka_unit_test(splits_state_from_the_rest),
      cmocka_unit_test(says_whether_it_is_personal),
      cmocka_unit_test(refuses_wrong_values_with_their_place),
      cmocka_unit_test(agreement_rows_are_checked),
      cmocka_unit_test(texts_reach_their_limit),
      cmocka_unit_test(checks_headers_of_partners),
      cmocka_unit_test(some_types_have_no_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
