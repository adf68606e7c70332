/* SPDX-License-Identifier: Apache-2.0
 * What a request of the local API may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/asked.h"

static struct wire_json *parsed(const char *text) {
  struct wire_json *json = NULL;
  struct base_error err;
  if (text != NULL && wire_json_parse(base_view_text(text), 1 << 20, "request", &json, &err) != BASE_OK)
    fail_msg("%s", err.text);
  return json;
}

static void says(enum link_request_code code, const char *request, const char *document, enum base_code expected,
                 const char *text) {
  WIRE_AUTO_JSON struct wire_json *packet = parsed(request), *body = parsed(document);
  struct base_error err = {0};
  enum base_code got = core_asked_check(code, packet, body, &err);
  if (got != expected || (text != NULL && strcmp(err.text, text) != 0))
    fail_msg("%s: %s: %s", request, base_code_name(got), err.text);
}

static void fine(void **state) {
  (void)state;
  says(LINK_NODE_STATUS, "{\"actor\":\"amal\"}", NULL, BASE_OK, NULL);
  says(LINK_PARTNER_STATE, "{\"actor\":\"amal\",\"name\":\"paris\",\"state\":\"active\"}", NULL, BASE_OK, NULL);
  says(LINK_CASE_OPEN, "{\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{},\"parts\":[{}],\"actor\":\"amal\"}",
       NULL, BASE_OK, NULL);
  says(LINK_WITNESS_CHANGE, "{\"do\":\"quorum\",\"quorum\":0,\"actor\":\"amal\"}", NULL, BASE_OK, NULL);
  /* not of the local gate: another check */
  says(LINK_EXCHANGE_GIVE, "{\"pin\":\"\"}", NULL, BASE_OK, NULL);
}

static void members(void **state) {
  (void)state;
  says(LINK_OUTBOX_END, "{\"actor\":\"a\",\"id\":\"abcd\",\"reason\":\"r\",\"why\":\"x\"}", NULL, BASE_UNKNOWN_FIELD,
       "why: there is no such member; allowed are: reason, to");
  says(LINK_NODE_STATUS, "{\"actor\":\"a\",\"x\":1}", NULL, BASE_UNKNOWN_FIELD,
       "x: there is no such member; none is allowed here");
  says(LINK_OUTBOX_END, "{\"actor\":\"a\",\"id\":\"abcd\"}", NULL, BASE_FIELD,
       "reason: is missing; it must be a text, at most 1000 bytes");
  says(LINK_KEY_ROTATE, "{\"actor\":\"a\",\"seal\":\"yes\"}", NULL, BASE_FIELD, "seal: must be true or false");
  says(LINK_KEY_ROTATE, "{\"actor\":\"a\",\"seal\":null}", NULL, BASE_FIELD, "seal: must be true or false");
  says(LINK_WITNESS_CHANGE, "{\"do\":\"quorum\",\"quorum\":1.5}", NULL, BASE_FIELD, "quorum: must be a whole number");
  says(LINK_CASE_OPEN, "{\"kind\":\"request\",\"to\":\"paris\",\"fields\":{}}", NULL, BASE_FIELD,
       "to: must be a list of texts, at most 15");
  says(LINK_CASE_OPEN, "{\"kind\":\"request\",\"to\":[7],\"fields\":{}}", NULL, BASE_FIELD, NULL);
  says(LINK_CASE_OPEN, "{\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":[]}", NULL, BASE_FIELD,
       "fields: must be an object");
  /* what a stranger calls a member is shown harmless and short */
  says(LINK_NODE_STATUS, "{\"\\u202e\\n\":1}", NULL, BASE_UNKNOWN_FIELD,
       "\xEF\xBF\xBD\xEF\xBF\xBD: there is no such member; none is allowed here");
}

static void limits(void **state) {
  (void)state;
  char reason[CORE_REASON_MAX + 2], json[CORE_REASON_MAX + 64];
  for (size_t over = 0; over <= 1; over++) {
    memset(reason, 'x', sizeof reason);
    reason[CORE_REASON_MAX + over] = '\0';
    snprintf(json, sizeof json, "{\"id\":\"abcd\",\"reason\":\"%s\"}", reason);
    says(LINK_MESSAGE_ERASE, json, NULL, over ? BASE_FIELD : BASE_OK, NULL);
  }
  char to[512] = "";
  for (int i = 0; i < WIRE_PARTIES_MAX; i++) {
    char whole[600];
    snprintf(to + strlen(to), sizeof to - strlen(to), "%s\"n%d\"", i > 0 ? "," : "", i);
    snprintf(whole, sizeof whole, "{\"kind\":\"request\",\"to\":[%s],\"fields\":{}}", to);
    says(LINK_CASE_OPEN, whole, NULL, i < WIRE_PARTIES_MAX - 1 ? BASE_OK : BASE_FIELD, NULL);
  }
}

/* A form that comes beside its packet is the caller's; who asks, and for which case, is the gate's. */
static void documents(void **state) {
  (void)state;
  static const char packet[] = "{\"actor\":\"a\",\"id\":\"abcd\",\"document\":true}";
  says(LINK_CASE_SEND, packet, "{\"type\":\"answer\",\"fields\":{}}", BASE_OK, NULL);
  says(LINK_CASE_SEND, packet, "{\"type\":\"answer\",\"fields\":{},\"actor\":\"b\"}", BASE_UNKNOWN_FIELD,
       "actor: there is no such member; allowed are: type, fields, parts, handling, grading, emergency, exercise, derogation, check");
  says(LINK_CASE_SEND, packet, "{\"type\":\"answer\",\"fields\":{},\"id\":\"0000\"}", BASE_UNKNOWN_FIELD, NULL);
  says(LINK_CASE_SEND, packet, "{\"fields\":{}}", BASE_FIELD, "type: is missing; it must be a text, at most 48 bytes");
  says(LINK_CASE_SEND, packet, "[]", BASE_SYNTAX, "the body is not a JSON object");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(fine), cmocka_unit_test(members), cmocka_unit_test(limits),
                                     cmocka_unit_test(documents)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
