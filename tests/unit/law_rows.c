/* SPDX-License-Identifier: Apache-2.0
 * Terms at the edges of what they may hold, and with more than one slip: the first one is named, and nothing of them is
 * left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "law/law.h"

#define RABAT BASE_VIEW("wasl/rabat/0000000000000000")
#define PARIS BASE_VIEW("wasl/paris/1111111111111111")
#define ROW(id, more)                                                                                                  \
  "{\"id\":\"" id "\",\"kind\":\"*\",\"types\":[\"*\"],\"purposes\":[\"*\"],\"direction\":\"both\"" more "}"

static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

static enum base_code parse(const char *fields, struct base_arena *arena, struct law_agreement *out,
                            struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_header header = {.opens = true, .author = RABAT, .party_count = 2, .parties = {PARIS, RABAT}};
  header.state[0] = (struct wire_state_field){BASE_VIEW("until"), BASE_VIEW("2027-11-21")};
  header.state_count = 1;
  base_buf_printf(&text, "{%s}", fields);
  err->text[0] = 0;
  assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, err), BASE_OK);
  return law_terms_parse(json, &header, NOW, arena, out, err);
}

static void refused(const char *fields, const char *says) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct law_agreement terms = {.row_count = 77};
  struct base_error err;
  enum base_code code = parse(fields, &arena, &terms, &err);
  if (code != BASE_FIELD || strstr(err.text, says) == NULL)
    fail_msg("%s: %d, %s", fields, (int)code, err.text);
  assert_int_equal(terms.row_count, 77);
}

static void the_first_slip_is_named(void **state) {
  (void)state;
  refused("\"rows\":[" ROW("1", ",\"assurances\":[\"mercy\",\"pity\"]") "]", "$.rows[0].assurances: item 0 must be");
  refused("\"rows\":[" ROW("1", "") "," ROW("1", "") "," ROW("2", "") "," ROW("2", "") "]",
          "rows 0 and 1 have the same");
  refused("\"rows\":[" ROW("!", "") "," ROW("?", "") "]", "$.rows[0].id");
  refused("\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"Ask\"],\"purposes\":[\"*\"],\"direction\":\"both\"}]",
          "$.rows[0].types: item 0 must be a code");
  refused(
      "\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"ask\",\"Ask\",\"**\"],\"purposes\":[\"*\"],\"direction\":"
      "\"both\"}]",
      "$.rows[0].types: item 1 must be a code");
}

/* One column left out at a time: it is named as missing, not as something else that is wrong with it. */
static void each_column_that_must_be_there(void **state) {
  (void)state;
  static const struct {
    const char *name, *column;
  } columns[] = {{"id", "\"id\":\"1\""},
                 {"kind", "\"kind\":\"*\""},
                 {"types", "\"types\":[\"*\"]"},
                 {"purposes", "\"purposes\":[\"*\"]"},
                 {"direction", "\"direction\":\"both\""}},
    authorities[] = {{"code", "\"code\":\"a\""}, {"party", "\"party\":\"rabat\""}, {"name", "\"name\":\"A\""}};
  for (size_t i = 0; i < 5; i++) {
    char fields[512] = "\"rows\":[{\"note\":\"n\"", says[64];
    for (size_t j = 0; j < 5; j++)
      (void)snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "%s%s", j == i ? "" : ",",
                     j == i ? "" : columns[j].column);
    (void)snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "}]");
    (void)snprintf(says, sizeof says, "$.rows[0].%s: missing", columns[i].name);
    refused(fields, says);
  }
  for (size_t i = 0; i < 3; i++) {
    char fields[512], says[64];
    (void)snprintf(fields, sizeof fields, "\"rows\":[%s],\"authorities\":[{%s,%s}]", ROW("1", ""),
                   authorities[(i + 1) % 3].column, authorities[(i + 2) % 3].column);
    (void)snprintf(says, sizeof says, "$.authorities[0].%s: missing", authorities[i].name);
    refused(fields, says);
  }
}

/* Every number at its least, every assurance, every row that has a word of passing on. */
static void takes_the_least(void **state) {
  (void)state;
  static const char *const assurances[] = {"no_death_penalty", "no_torture", "fair_trial", "not_political",
                                           "no_persecution"};
  struct law_agreement terms;
  struct base_error err;
  for (unsigned i = 0; i < LAW_ASSURANCES; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    char fields[512];
    (void)snprintf(fields, sizeof fields,
                   "\"notice_days\":1,\"authorities\":[],\"rows\":[" ROW(
                       "zA", ",\"retention_days\":1,\"reply_hours\":1,\"onward\":\"no\",\"assurances\":[\"%s\"]") "]",
                   assurances[i]);
    assert_int_equal(parse(fields, &arena, &terms, &err), BASE_OK);
    assert_int_equal(terms.notice_days, 1);
    assert_int_equal(terms.authority_count, 0);
    assert_int_equal(terms.rows[0].retention_days, 1);
    assert_int_equal(terms.rows[0].reply_hours, 1);
    assert_true(terms.rows[0].has_onward);
    assert_int_equal(terms.rows[0].onward, LAW_ONWARD_NO);
    assert_int_equal(terms.rows[0].assurances, 1u << i);
  }
  refused("\"notice_days\":0,\"rows\":[" ROW("1", "") "]", "$.notice_days");
  refused("\"rows\":[" ROW("1", ",\"retention_days\":0") "]", "$.rows[0].retention_days");
  refused("\"rows\":[" ROW("1", ",\"reply_hours\":0") "]", "$.rows[0].reply_hours");
  refused("\"rows\":[" ROW("1", ",\"personal\":\"all\"") "]",
          "must be one of the 3 words that spec/agreement.md lists, such as none");
}

/* As many codes as a list may have, and one more. */
static void as_many_codes_as_fit(void **state) {
  (void)state;
  for (unsigned count = 256; count <= 257; count++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    BASE_AUTO_BUF struct base_buf text = {0};
    struct law_agreement terms;
    struct base_error err;
    base_buf_text(&text,
                  "\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],\"direction\":\"both\",\"purposes\":[");
    for (unsigned i = 0; i < count; i++)
      base_buf_printf(&text, "%s\"p%u\"", i > 0 ? "," : "", i);
    base_buf_add(&text, "]}]", sizeof "]}]");
    if (count > 256) {
      refused((const char *)text.data, "$.rows[0].purposes: 257 items");
      continue;
    }
    assert_int_equal(parse((const char *)text.data, &arena, &terms, &err), BASE_OK);
    assert_int_equal(terms.rows[0].purpose_count, 256);
    assert_true(base_view_is(terms.rows[0].purposes[255], "p255"));
  }
}

#define AUTHORITY(code) "{\"code\":\"" code "\",\"party\":\"rabat\",\"name\":\"A\"}"

/* Each authority may be named by a row; a code or an id that stands twice is found wherever it stands. */
static void each_of_several(void **state) {
  (void)state;
  static const char *const codes[] = {"a", "b", "c"};
  struct law_agreement terms;
  struct base_error err;
  for (size_t i = 0; i < 3; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    char fields[512];
    (void)snprintf(fields, sizeof fields,
                   "\"rows\":[" ROW("1", ",\"authority\":\"%s\"") "],\"authorities\":[" AUTHORITY("a") "," AUTHORITY(
                       "b") "," AUTHORITY("c") "]",
                   codes[i]);
    assert_int_equal(parse(fields, &arena, &terms, &err), BASE_OK);
    assert_true(base_view_is(terms.rows[0].authority, codes[i]));
  }
  refused("\"rows\":[" ROW("1", "") "],\"authorities\":[" AUTHORITY("a") "," AUTHORITY("b") "," AUTHORITY("b") "]",
          "$.authorities[2].code: stands twice");
  refused("\"rows\":[" ROW("1", "") "],\"authorities\":[" AUTHORITY("b") "," AUTHORITY("a") "," AUTHORITY("b") "]",
          "$.authorities[2].code: stands twice");
  refused("\"rows\":[" ROW("1", "") "," ROW("2", "") "," ROW("2", "") "]", "rows 1 and 2 have the same id");
  refused("\"rows\":[" ROW("2", "") "," ROW("1", "") "," ROW("2", "") "]", "rows 0 and 2 have the same id");
}

/* Of the header: the parties that it has, the case where it opens none, and an end that must be there. */
static void what_the_header_says(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct law_agreement terms;
  struct base_error err;
  struct wire_header header = {.opens = true, .author = RABAT, .party_count = 2, .parties = {PARIS, RABAT}};
  assert_int_equal(wire_json_parse(BASE_VIEW("{\"rows\":[" ROW("1", "") "]}"), WIRE_PART0_MAX, "fields", &json, &err),
                   BASE_OK);
  assert_int_equal(law_terms_parse(json, &header, 0, &arena, &terms, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "$.until: must be later than the begin"));
  header.state[0] = (struct wire_state_field){BASE_VIEW("until"), BASE_VIEW("2027-11-21")};
  header.state_count = 1;
  header.case_id.bytes[0] = 7;
  assert_int_equal(law_terms_parse(json, &header, 0, &arena, &terms, &err), BASE_OK);
  assert_int_equal(terms.id.bytes[0], 0);
  header.opens = false;
  assert_int_equal(law_terms_parse(json, &header, 0, &arena, &terms, &err), BASE_OK);
  assert_int_equal(terms.id.bytes[0], 7);
  header.party_count = 1;
  assert_int_equal(law_terms_parse(json, &header, 0, &arena, &terms, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "its author is not a party"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_slip_is_named), cmocka_unit_test(each_column_that_must_be_there),
      cmocka_unit_test(takes_the_least),         cmocka_unit_test(as_many_codes_as_fit),
      cmocka_unit_test(each_of_several),         cmocka_unit_test(what_the_header_says),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
