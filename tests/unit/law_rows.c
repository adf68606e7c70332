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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_slip_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
