/* SPDX-License-Identifier: Apache-2.0
 * Which terms `wasl agreement accept` accepts: what was read, and nothing that came in its place since. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222222222222222222222222222"

static void says(const char *messages, const char *read, enum base_code want, const char *words) {
  char text[1200];
  struct wire_json *kase = NULL;
  struct base_id out;
  struct base_error err = {0};
  snprintf(text, sizeof text, "{\"id\":\"" ONE "\",\"messages\":[%s]}", messages);
  assert_int_equal(wire_json_parse(base_view_text(text), sizeof text, "case", &kase, NULL), BASE_OK);
  assert_int_equal(cli_agreement_terms(kase, read, &out, &err), want);
  const char *said = want == BASE_OK ? base_id_text(&out).text : err.text;
  if (strstr(said, words) == NULL)
    fail_msg("%s", said);
  wire_json_free(kase);
}

static void test_which_terms(void **state) {
  (void)state;
  static const char first[] = "{\"type\":\"propose\",\"id\":\"" ONE "\",\"effective\":true,\"depth\":0}";
  static const char both[] = "{\"type\":\"propose\",\"id\":\"" ONE "\",\"effective\":true,\"depth\":0},"
                             "{\"type\":\"accept\",\"id\":\"" TWO "\",\"effective\":true,\"depth\":3},"
                             "{\"type\":\"amend\",\"id\":\"" TWO "\",\"effective\":true,\"depth\":2}";
  static const char over[] = "{\"type\":\"propose\",\"id\":\"" ONE "\",\"effective\":true,\"depth\":0},"
                             "{\"type\":\"counter\",\"id\":\"" TWO "\",\"effective\":false,\"depth\":1}";
  says("", NULL, BASE_NOT_FOUND, "no proposal that has effect");
  says(first, NULL, BASE_OK, ONE);
  says(first, "1111", BASE_OK, ONE);
  says(first, "2222", BASE_CONFLICT, "do not stand");
  says(first, ONE "1", BASE_CONFLICT, "do not stand");
  says(both, NULL, BASE_CONFLICT, "--terms " TWO);
  says(both, ONE, BASE_CONFLICT, "do not stand");
  says(both, "2222", BASE_OK, TWO);
  says(over, NULL, BASE_CONFLICT, "--terms " ONE); /* another one was read, maybe */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_which_terms)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
