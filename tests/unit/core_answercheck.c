/* SPDX-License-Identifier: Apache-2.0 */
#include "core_ask.h"

/* What a form answers against what the case asked, between two real cores, in the kind `accreditation`. */

static const char *applicants(size_t count) {
  static char text[64 << 10];
  size_t used = (size_t)snprintf(text, sizeof text, "\"applicants\":[");
  for (size_t i = 0; i < count; i++)
    used += (size_t)snprintf(text + used, sizeof text - used,
                             "%s{\"reference\":\"A%zu\",\"family_name\":\"E\",\"given_names\":\"P\",\"born\":\"1990-01-01\",\"role\":\"press\"}",
                             i > 0 ? "," : "", i);
  (void)snprintf(text + used, sizeof text - used, "]");
  return text;
}

static const char *asking(const char *rows) {
  static char text[80 << 10];
  (void)snprintf(text, sizeof text,
                 "{\"actor\":\"amal\",\"kind\":\"accreditation\",\"to\":[\"paris\"],\"fields\":{\"event\":\"e\",\"purpose\":\"event_security\","
                 "\"term\":\"normal\",\"event_ends\":\"2027-01-01\",\"keep_until\":\"2027-02-01\",%s}}",
                 rows);
  return text;
}

/* references: "A0 A1 …". */
static const char *answering(const char *kase, const char *type, const char *references) {
  static char text[64 << 10];
  size_t used = (size_t)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":{\"results\":[", kase, type);
  for (const char *at = references; *at != '\0';) {
    size_t size = strcspn(at, " ");
    used += (size_t)snprintf(text + used, sizeof text - used, "%s{\"reference\":\"%.*s\",\"result\":\"no_objection\"}",
                             at > references ? "," : "", (int)size, at);
    at += size + strspn(at + size, " ");
  }
  (void)snprintf(text + used, sizeof text - used, "]}}");
  return text;
}

static void refused(struct pair_node *node, enum link_request_code request, const char *json, const char *says) {
  struct pair_answer answer = pair_ask(node, request, json, -1);
  struct base_view text = base_buf_view(&answer.payload);
  if (answer.status != BASE_FIELD || memmem(text.data, text.size, says, strlen(says)) == NULL)
    fail_msg("%s: %.*s", says, (int)text.size, (const char *)text.data);
  pair_answer_free(&answer);
}

static void begin(struct pair_node *a, struct pair_node *b, char kase[65], size_t count) {
  char agreement[65];
  ask_two(a, b);
  pair_agree(a, b, agreement);
  pair_id(a, LINK_CASE_OPEN, asking(applicants(count)), kase);
  pair_rest(a, b);
}

static void exactly_what_was_asked(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65];
  begin(&a, &b, kase, 3);
  refused(&a, LINK_CASE_OPEN,
          asking("\"applicants\":[{\"reference\":\"A\",\"family_name\":\"E\",\"given_names\":\"P\",\"born\":\"1990-01-01\",\"role\":\"press\"},"
                 "{\"reference\":\"A\",\"family_name\":\"F\",\"given_names\":\"P\",\"born\":\"1991-01-01\",\"role\":\"press\"}]"),
          "$.applicants[1].reference: is the same as in [0]");
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A0 A1 A9"), "fields: $.results[2].reference: A9 was not asked; asked are A0, A1, A2");
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A0 A1 A2 A3"), "results[3].reference: A3 was not asked");
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A0 A1 A1"), "results[2].reference: is the same as in [1]");
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A0 A2"),
          "fields: $.results: answers 2 of the 3 that were asked, and all are to be answered; missing are A1");
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A1"), "answers 1 of the 3 that were asked, and all are to be answered; missing are A0, A2");
  pair_id(&b, LINK_CASE_SEND, answering(kase, "answer", "A2 A0 A1"), id);
  refused(&b, LINK_CASE_SEND, answering(kase, "revise", "A7"), "A7 was not asked");
  pair_id(&b, LINK_CASE_SEND, answering(kase, "revise", "A1"), id);
  pair_rest(&a, &b);
  struct told told = tell(&a, LINK_CASE_SHOW, with_id(kase));
  assert_int_equal(wire_json_size(wire_json_get(told.json, "messages")), 3);
  forget(&told);
  ask_remove(&a, &b);
}

/* As many as may be asked, and all of them answered; names that an error has no room for are cut. */
static void as_many_as_may_be_asked(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65];
  static char references[8 * WIRE_KIND_ROWS_MAX];
  begin(&a, &b, kase, WIRE_KIND_ROWS_MAX);
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A0"), "answers 1 of the 256 that were asked, and all are to be answered; missing are A1, A2, ");
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A0"), ", …");
  for (size_t i = 0; i < WIRE_KIND_ROWS_MAX; i++)
    (void)snprintf(references + strlen(references), sizeof references - strlen(references), "A%zu ", WIRE_KIND_ROWS_MAX - 1 - i);
  pair_id(&b, LINK_CASE_SEND, answering(kase, "answer", references), id);
  ask_remove(&a, &b);
}

/* What was asked nobody can say here any more: only that nothing stands twice is held to. */
static void what_was_asked_is_erased(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65], text[256];
  begin(&a, &b, kase, 2);
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"x\"}", kase);
  struct told done = tell(&b, LINK_MESSAGE_ERASE, text);
  forget(&done);
  refused(&b, LINK_CASE_SEND, answering(kase, "answer", "A9 A9"), "is the same as in [0]");
  pair_id(&b, LINK_CASE_SEND, answering(kase, "answer", "A9"), id);
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(exactly_what_was_asked), cmocka_unit_test(as_many_as_may_be_asked),
                                     cmocka_unit_test(what_was_asked_is_erased)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
