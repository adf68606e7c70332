/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/law.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")
#define ROW(id) "{\"id\":\"" id "\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}"

static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

static struct wire_header header_until(const char *until) {
  struct wire_header header = {.opens = true, .author = RABAT, .party_count = 2, .parties = {PARIS, RABAT}};
  header.state[0] = (struct wire_state_field){BASE_VIEW("until"), base_view_text(until)};
  header.state_count = 1;
  return header;
}

static enum base_code parse(const char *rows, const struct wire_header *header, struct base_arena *arena,
                            struct law_agreement *out, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_text(&text, "{\"title\":\"not law\",\"rows\":");
  base_buf_text(&text, rows);
  base_buf_text(&text, "}");
  err->text[0] = 0;
  assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, err), BASE_OK);
  return law_terms_parse(json, header, NOW, arena, out, err);
}

static void reads_terms(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = header_until("2027-11-21T08:00:00Z");
  const char *rows = "[" ROW("1") ",{\"id\":\"12.3\",\"kind\":\"request\",\"types\":[\"ask\",\"answer\"],"
                                  "\"purposes\":[\"drugs\"],\"direction\":\"to_proposer\",\"note\":\"n\"}]";
  assert_int_equal(parse(rows, &header, &arena, &terms, &err), BASE_OK);
  assert_int_equal(terms.from, NOW); /* absent: the last acceptance */
  assert_int_equal(terms.until, NOW + 365 * 86400);
  assert_int_equal(terms.row_count, 2);
  assert_true(base_view_equal(terms.proposer, RABAT));
  assert_int_equal(terms.party_count, 2);
  assert_true(base_view_is(terms.rows[0].kind, "*"));
  assert_int_equal(terms.rows[1].direction, LAW_TO_PROPOSER);
  assert_true(base_view_is(terms.rows[1].types[1], "answer"));
  assert_true(base_view_is(terms.rows[1].id, "12.3"));
}

static void reads_begin_and_case(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = header_until("2027-01-02");
  header.state[1] = (struct wire_state_field){BASE_VIEW("from"), BASE_VIEW("2027-01-01")};
  header.state_count = 2;
  header.opens = false;
  header.case_id.bytes[3] = 9;
  assert_int_equal(parse("[" ROW("1") "]", &header, &arena, &terms, &err), BASE_OK);
  assert_int_equal(terms.until - terms.from, 86400);
  assert_int_equal(terms.id.bytes[3], 9);
}

static void refuses_what_is_no_permission(void **state) {
  (void)state;
  static const struct {
    const char *rows, *until, *says;
    enum base_code code;
  } slips[] = {
      {"[]", "2027-01-01", "$.rows: 0 items", BASE_FIELD},
      {"{}", "2027-01-01", "$.rows: must be an array", BASE_FIELD},
      {"[" ROW("1") "," ROW("2") "," ROW("1") "]", "2027-01-01", "rows 0 and 2 have the same id", BASE_FIELD},
      {"[" ROW("1/2") "]", "2027-01-01", "$.rows[0].id", BASE_FIELD},
      {"[" ROW("") "]", "2027-01-01", "$.rows[0].id", BASE_FIELD},
      {"[{\"id\":\"1\",\"kind\":\"**\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}]", "2027-01-01",
       "$.rows[0].kind", BASE_FIELD},
      {"[{\"id\":\"1\",\"kind\":\"*\",\"types\":\"*\",\"purposes\":[\"*\"],\"direction\":\"both\"}]", "2027-01-01",
       "$.rows[0].types: must be an array", BASE_FIELD},
      {"[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"ask\",\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"}]",
       "2027-01-01", "$.rows[0].types: item 1 must be a code", BASE_FIELD},
      {"[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[],\"direction\":\"both\"}]", "2027-01-01",
       "$.rows[0].purposes: 0 items", BASE_FIELD},
      {"[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"up\"}]", "2027-01-01",
       "$.rows[0].direction", BASE_FIELD},
      {"[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\",\"unless\":1}]",
       "2027-01-01", "$.rows[0].unless: unknown field", BASE_UNKNOWN_FIELD},
      {"[" ROW("1") "]", "2027-02-29", "$.until: must be a time", BASE_DATE},
      {"[" ROW("1") "]", "2026-11-21T08:00:00Z", "$.until: must be later", BASE_FIELD},
      {"[" ROW("1") "]", "", "$.until: must be later", BASE_FIELD},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms;
    struct base_error err;
    struct wire_header header = header_until(slips[i].until);
    enum base_code code = parse(slips[i].rows, &header, &arena, &terms, &err);
    if (code != slips[i].code || !strstr(err.text, slips[i].says))
      fail_msg("%s: %s", slips[i].rows, err.text);
  }
}

#define COLUMNS(more)                                                                                                  \
  "[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"" more "}]"
#define AUTHORITIES(rows) rows ",\"authorities\":[{\"code\":\"dgsn\",\"party\":\"rabat\",\"name\":\"Sûreté\"}]"

/* What a row does not say is the stricter reading, or what spec/agreement.md states. */
static void absent_columns_are_strict(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = header_until("2027-11-21");
  assert_int_equal(parse(COLUMNS(""), &header, &arena, &terms, &err), BASE_OK);
  const struct law_row *row = &terms.rows[0];
  assert_int_equal(row->recipient.size, 0);
  assert_int_equal(row->authority.size, 0);
  assert_int_equal(row->personal, WIRE_PERSONAL_ORDINARY);
  assert_false(row->has_handling);
  assert_int_equal(row->onward, LAW_ONWARD_NO);
  assert_int_equal(row->approval, LAW_OFFICER);
  assert_int_equal(row->assurances, 0);
  assert_int_equal(row->retention_days, 0);
  assert_int_equal(row->reply_hours, 0);
  assert_int_equal(terms.review, 0);
  assert_int_equal(terms.notice_days, 0);
  assert_int_equal(terms.authority_count, 0);
}

static void reads_every_column(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = header_until("2027-11-21");
  const char *rows = AUTHORITIES(
      COLUMNS(",\"recipient\":\"rabat\",\"authority\":\"dgsn\",\"personal\":\"special\",\"handling\":\"amber_strict\","
              "\"onward\":\"consent\",\"approval\":\"supervisor\",\"assurances\":[\"fair_trial\",\"no_torture\"],"
              "\"retention_days\":36525,\"reply_hours\":8784")) ",\"review\":\"2027-01-02\",\"notice_days\":3660";
  assert_int_equal(parse(rows, &header, &arena, &terms, &err), BASE_OK);
  const struct law_row *row = &terms.rows[0];
  assert_true(base_view_equal(row->recipient, RABAT));
  assert_true(base_view_is(row->authority, "dgsn"));
  assert_int_equal(row->personal, WIRE_PERSONAL_SPECIAL);
  assert_true(row->has_handling);
  assert_int_equal(row->handling, LAW_AMBER_STRICT);
  assert_int_equal(row->onward, LAW_ONWARD_CONSENT);
  assert_int_equal(row->approval, LAW_SUPERVISOR);
  assert_int_equal(row->assurances, 1u << 1 | 1u << 2);
  assert_int_equal(row->retention_days, LAW_RETENTION_DAYS_MAX);
  assert_int_equal(row->reply_hours, LAW_REPLY_HOURS_MAX);
  assert_int_equal(terms.notice_days, LAW_NOTICE_DAYS_MAX);
  assert_string_equal(base_time_format(terms.review).text, "2027-01-02T00:00:00Z");
  assert_int_equal(terms.authority_count, 1);
  assert_true(base_view_equal(terms.authorities[0].party, RABAT));
  assert_true(base_view_is(terms.authorities[0].name, "Sûreté"));
  assert_int_equal(parse(COLUMNS(",\"recipient\":\"wasl/paris/1111111111111111\""), &header, &arena, &terms, &err),
                   BASE_OK);
  assert_true(base_view_equal(terms.rows[0].recipient, PARIS));
}

static void refuses_columns_that_are_no_condition(void **state) {
  (void)state;
  static const struct {
    const char *rows, *says;
    enum base_code code;
  } slips[] = {
      {COLUMNS(",\"recipient\":\"\""), "$.rows[0].recipient", BASE_FIELD},
      {COLUMNS(",\"recipient\":\"madrid\""), "$.rows[0].recipient: must be the name of a party", BASE_FIELD},
      {COLUMNS(",\"recipient\":null"), "$.rows[0].recipient", BASE_FIELD},
      {COLUMNS(",\"recipient\":[\"rabat\"]"), "$.rows[0].recipient", BASE_FIELD},
      {COLUMNS(",\"authority\":\"dgsn\""), "$.rows[0].authority: must be the code", BASE_FIELD},
      {AUTHORITIES(COLUMNS(",\"authority\":\"*\"")), "$.rows[0].authority: must be the code", BASE_FIELD},
      {COLUMNS(",\"personal\":\"all\""), "$.rows[0].personal: must be one of the 3", BASE_FIELD},
      {COLUMNS(",\"personal\":\"\""), "$.rows[0].personal", BASE_FIELD},
      {COLUMNS(",\"handling\":\"TLP:RED\""), "$.rows[0].handling: must be one of the 5", BASE_FIELD},
      {COLUMNS(",\"onward\":\"yes\""), "$.rows[0].onward", BASE_FIELD},
      {COLUMNS(",\"approval\":\"none\""), "$.rows[0].approval", BASE_FIELD},
      {COLUMNS(",\"assurances\":[]"), "$.rows[0].assurances: 0 items", BASE_FIELD},
      {COLUMNS(",\"assurances\":[\"fair_trial\",\"fair_trial\"]"), "$.rows[0].assurances: item 1", BASE_FIELD},
      {COLUMNS(",\"assurances\":[\"mercy\"]"), "$.rows[0].assurances: item 0", BASE_FIELD},
      {COLUMNS(",\"retention_days\":0"), "$.rows[0].retention_days", BASE_FIELD},
      {COLUMNS(",\"retention_days\":36526"), "$.rows[0].retention_days", BASE_FIELD},
      {COLUMNS(",\"reply_hours\":8785"), "$.rows[0].reply_hours", BASE_FIELD},
      {COLUMNS("") ",\"notice_days\":3661", "$.notice_days", BASE_FIELD},
      {COLUMNS("") ",\"review\":\"2027-02-30\"", "$.review: must be a date", BASE_DATE},
      {COLUMNS("") ",\"review\":\"\"", "$.review: must be a date", BASE_DATE},
      {COLUMNS("") ",\"authorities\":[{\"code\":\"a\",\"party\":\"oslo\",\"name\":\"A\"}]", "$.authorities[0].party",
       BASE_FIELD},
      {COLUMNS("") ",\"authorities\":[{\"code\":\"A\",\"party\":\"paris\",\"name\":\"A\"}]",
       "$.authorities[0].code: must be a code", BASE_FIELD},
      {COLUMNS("") ",\"authorities\":[{\"code\":\"a\",\"party\":\"paris\",\"name\":\"A\"},{\"code\":\"a\","
                   "\"party\":\"rabat\",\"name\":\"B\"}]",
       "$.authorities[1].code: stands twice", BASE_FIELD},
      {COLUMNS("") ",\"authorities\":[{\"code\":\"a\",\"party\":\"paris\"}]", "$.authorities[0].name", BASE_FIELD},
      {COLUMNS("") ",\"authorities\":[{\"code\":\"a\",\"party\":\"paris\",\"name\":\"A\",\"power\":1}]",
       "$.authorities[0].power: unknown", BASE_UNKNOWN_FIELD},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms;
    struct base_error err;
    struct wire_header header = header_until("2027-11-21");
    enum base_code code = parse(slips[i].rows, &header, &arena, &terms, &err);
    if (code != slips[i].code || !strstr(err.text, slips[i].says))
      fail_msg("%s: %s", slips[i].rows, err.text);
  }
}

/* Two parties may have one name: then only the origin says who is meant. */
static void a_name_of_two_parties_names_nobody(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = header_until("2027-11-21");
  header.party_count = 3;
  header.parties[2] = BASE_VIEW("wasl/paris/2222222222222222");
  assert_int_equal(parse(COLUMNS(",\"recipient\":\"paris\""), &header, &arena, &terms, &err), BASE_FIELD);
  assert_int_equal(parse(COLUMNS(",\"recipient\":\"wasl/paris/2222222222222222\""), &header, &arena, &terms, &err),
                   BASE_OK);
  assert_true(base_view_equal(terms.rows[0].recipient, header.parties[2]));
}

static void row_ids(void **state) {
  (void)state;
  static const struct {
    const char *rows;
    bool valid;
  } ids[] = {{"[" ROW("aZ-9.") "]", true},
             {"[" ROW("12345678901234567890123456789012") "]", true},
             {"[" ROW("123456789012345678901234567890123") "]", false},
             {"[" ROW("~") "]", false},
             {"[" ROW("[") "]", false},
             {"[" ROW("!") "]", false},
             {"[" ROW(":") "]", false}};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms;
    struct base_error err;
    struct wire_header header = header_until("2027-11-21");
    assert_int_equal(parse(ids[i].rows, &header, &arena, &terms, &err), ids[i].valid ? BASE_OK : BASE_FIELD);
  }
}

/* Wherever memory ends: an error that says so, and nothing that could be taken for terms. */
static void without_memory(void **state) {
  (void)state;
  const char *rows = AUTHORITIES(COLUMNS(",\"recipient\":\"rabat\",\"authority\":\"dgsn\",\"note\":\"n\""));
  struct wire_header header = header_until("2027-11-21");
  bool read = false;
  for (size_t limit = 1; !read; limit += 8) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct law_agreement terms = {.row_count = 77};
    struct base_error err;
    base_arena_init(&arena, limit);
    enum base_code code = parse(rows, &header, &arena, &terms, &err);
    assert_true(code == BASE_OK || code == BASE_MEMORY);
    assert_int_equal(terms.row_count, code == BASE_OK ? 1 : 77);
    read = code == BASE_OK;
    assert_true(limit < 1 << 20);
  }
}

static void what_is_no_object(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct wire_header header = header_until("2027-11-21");
  assert_int_not_equal(law_terms_parse(NULL, &header, NOW, &arena, &terms, NULL), BASE_OK);
  header.state[1] = (struct wire_state_field){BASE_VIEW("from"), BASE_VIEW("tomorrow")};
  header.state_count = 2;
  struct base_error err;
  assert_int_equal(parse(COLUMNS(""), &header, &arena, &terms, &err), BASE_DATE);
  assert_int_equal(
      parse(COLUMNS("") ",\"authorities\":[{\"code\":\"a\",\"party\":\"paris\",\"name\":\"A\"},{\"code\":\"b\","
                        "\"party\":\"rabat\",\"name\":\"B\"}]",
            &header, &arena, &terms, &err),
      BASE_DATE);
  assert_int_equal(parse(COLUMNS("") ",\"types\":1", &header, &arena, &terms, &err), BASE_DATE);
}

static void needs_an_author_who_is_a_party(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = header_until("2027-11-21");
  header.author = BASE_VIEW("wasl/oslo/3333333333333333");
  assert_int_equal(parse(COLUMNS(""), &header, &arena, &terms, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "its author is not a party"));
}

/* What `agreement propose --example` sends lets every opening example of every shipped kind pass, both ways. */
static void the_example_covers_every_kind(void **state) {
  (void)state;
  struct shipped agreement;
  shipped_load(&agreement, "agreement");
  const struct wire_kind_type *propose = shipped_type(&agreement, "propose");
  BASE_AUTO_BUF struct base_buf example = {0};
  BASE_AUTO_BUF struct base_buf rest = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  WIRE_AUTO_JSON struct wire_json *sent = NULL;
  struct base_error err;
  struct wire_form form;
  assert_int_equal(wire_form_example(&agreement.kind, propose, NOW, NULL, &example, &err), BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&example), WIRE_PART0_MAX, "fields", &fields, &err), BASE_OK);
  assert_int_equal(wire_form_check(NULL, propose, fields, NOW, &arena, &form, &rest, &err), BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&rest), WIRE_PART0_MAX, "fields", &sent, &err), BASE_OK);
  struct wire_header header = {.opens = true, .author = RABAT, .party_count = 2, .parties = {PARIS, RABAT}};
  header.state_count = form.state_count;
  memcpy(header.state, form.state, sizeof form.state);
  struct law_agreement terms;
  assert_int_equal(law_terms_parse(sent, &header, NOW, &arena, &terms, &err), BASE_OK);
  terms.accepted = true;
  for (int way = 0; way < 2; way++) {
    struct law_question question = {.kind = BASE_VIEW("request"),
                                    .type = BASE_VIEW("ask"),
                                    .purpose = BASE_VIEW("trafficking"),
                                    .personal = WIRE_PERSONAL_SPECIAL,
                                    .needs_row = true,
                                    .from = way ? RABAT : PARIS,
                                    .to = way ? PARIS : RABAT,
                                    .now = NOW + 365 * 86400 - 1};
    struct law_answer answer;
    assert_int_equal(law_decide(&question, &terms, 1, &answer, &err), BASE_OK);
    question.now++;
    assert_int_equal(law_decide(&question, &terms, 1, &answer, &err), BASE_LAW);
  }
  base_arena_free(&agreement.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_terms),
      cmocka_unit_test(reads_begin_and_case),
      cmocka_unit_test(refuses_what_is_no_permission),
      cmocka_unit_test(absent_columns_are_strict),
      cmocka_unit_test(reads_every_column),
      cmocka_unit_test(refuses_columns_that_are_no_condition),
      cmocka_unit_test(a_name_of_two_parties_names_nobody),
      cmocka_unit_test(row_ids),
      cmocka_unit_test(without_memory),
      cmocka_unit_test(what_is_no_object),
      cmocka_unit_test(needs_an_author_who_is_a_party),
      cmocka_unit_test(the_example_covers_every_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
