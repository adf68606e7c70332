/* SPDX-License-Identifier: Apache-2.0
 * What the gates take apart by themselves: targets, problem documents, the table of partners. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gate/memfile.h"
#include "gate/peers.h"
#include "gate/problem.h"
#include "gate/tally.h"
#include "gate/target.h"

static enum base_code target_of(const char *text, struct gate_target *out) {
  struct base_error err;
  return gate_target_parse(base_view_text(text), out, &err);
}

static void test_target(void **state) {
  (void)state;
  struct gate_target target;
  assert_int_equal(target_of("/v1/a%20b%2B/%d9%85?x=1&y=&z=a+b%26", &target), BASE_OK);
  assert_int_equal(target.piece_count, 3);
  assert_true(base_view_is(target.pieces[1], "a b+"));
  assert_true(base_view_is(target.pieces[2], "م"));
  assert_true(base_view_is(*gate_target_query(&target, "x"), "1"));
  assert_int_equal(gate_target_query(&target, "y")->size, 0);
  assert_true(base_view_is(*gate_target_query(&target, "z"), "a+b&"));
  assert_null(gate_target_query(&target, "w"));
}

static void test_bad_targets(void **state) {
  (void)state;
  static const char *const syntax[] = {"",      "*",     "v1",        "/",         "//",   "/a/",        "/a//b",
                                       "/.",    "/a/..", "/a/%2e%2E", "/a%2fb",    "/a%",  "/a%1",       "/a%g1",
                                       "/a%00", "/a%0a", "/a%7f",     "/a b",      "/a#b", "/a\xc3\xa9", "/a?",
                                       "/a?b",  "/a?=b", "/a?b=c&",   "http://a/b"};
  struct gate_target target;
  for (size_t i = 0; i < sizeof syntax / sizeof syntax[0]; i++)
    if (target_of(syntax[i], &target) != BASE_SYNTAX)
      fail_msg("taken, or refused as something else: %s", syntax[i]);
  assert_int_equal(target_of("/a%ff", &target), BASE_UTF8);
  assert_int_equal(target_of("/a?b=1&%62=2", &target), BASE_DUPLICATE_KEY);
  assert_int_equal(target_of("/1/2/3/4/5/6/7/8", &target), BASE_OK);
  assert_int_equal(target_of("/1/2/3/4/5/6/7/8/9", &target), BASE_TOO_LARGE);
  assert_int_equal(target_of("/a?1=&2=&3=&4=&5=&6=&7=&8=", &target), BASE_OK);
  assert_int_equal(target_of("/a?1=&2=&3=&4=&5=&6=&7=&8=&9=", &target), BASE_TOO_LARGE);
  char longest[GATE_TARGET_MAX + 2] = "/";
  memset(longest + 1, 'a', GATE_TARGET_MAX - 1);
  assert_int_equal(target_of(longest, &target), BASE_OK);
  assert_int_equal(target.pieces[0].size, GATE_TARGET_MAX - 1);
  longest[GATE_TARGET_MAX] = 'a';
  assert_int_equal(target_of(longest, &target), BASE_TOO_LARGE);
}

static void expect_problem(const char *document, const char *code, const char *detail) {
  struct gate_problem problem;
  gate_problem_read(base_view_text(document), 500, &problem);
  assert_string_equal(problem.code, code);
  if (!base_view_is(base_buf_view(&problem.detail), detail))
    fail_msg("%.*s instead of %s", (int)problem.detail.size, (const char *)problem.detail.data, detail);
  base_buf_free(&problem.detail);
}

static void test_problem(void **state) {
  (void)state;
  expect_problem("{\"code\":\"fork\",\"detail\":\"two heads\"}", "fork", "two heads");
  expect_problem("{\"code\":\"ok\",\"detail\":\"d\"}", "protocol", "d");
  expect_problem("{\"code\":\"$(reboot)\",\"detail\":\"a\\u001b[2Jb\"}", "protocol", "a\xef\xbf\xbd[2Jb");
  expect_problem("<html>", "protocol", "the partner answered with HTTP status 500 and gave no reason");
  expect_problem("[1,2]", "protocol", "the partner answered with HTTP status 500 and gave no reason");
  char *document = malloc(GATE_PROBLEM_MAX + 100);
  int size = snprintf(document, 100, "{\"code\":\"busy\",\"detail\":\"");
  for (int i = 0; i < 1000; i++)
    size += snprintf(document + size, 8, "مم");
  snprintf(document + size, 8, "\"}");
  struct gate_problem problem;
  gate_problem_read(base_view_text(document), 503, &problem);
  assert_int_equal(problem.detail.size, GATE_DETAIL_MAX);
  assert_true(base_utf8_valid(base_buf_view(&problem.detail)));
  base_buf_free(&problem.detail);
  free(document);
}

static void expect_field(enum base_code code, const char *detail, const char *field) {
  BASE_AUTO_BUF struct base_buf out = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  gate_problem_write(code, base_view_text(detail), &out);
  assert_int_equal(wire_json_parse(base_buf_view(&out), GATE_PROBLEM_MAX, "problem", &json, NULL), BASE_OK);
  if (field == NULL ? wire_json_get(json, "field") != NULL
                    : !base_view_is(wire_json_text(wire_json_get(json, "field")), field))
    fail_msg("%.*s", (int)out.size, (const char *)out.data);
}

static void test_problem_names_the_field(void **state) {
  (void)state;
  expect_field(BASE_FIELD, "reason: must be a text", "reason");
  expect_field(BASE_UNKNOWN_FIELD, "fields: $.persons[0].shoe: unknown column", "fields.persons[0].shoe");
  expect_field(BASE_FIELD, "fields: $: must be an object", "fields");
  expect_field(BASE_FIELD, "request: $.parts[1].name: missing", "parts[1].name");
  expect_field(BASE_MEDIA_TYPE, "Content-Type: /v1/cases takes application/json", "Content-Type");
  expect_field(BASE_SYNTAX, "request: $.fields.rows[2].name: \\u0000 is not allowed at line 1, column 9", "fields.rows[2].name");
  expect_field(BASE_UTF8, "request: $.fields.name: not valid UTF-8 at line 1, column 9", "fields.name");
  expect_field(BASE_DUPLICATE_KEY, "request: $.kind: a key stands twice in one object at line 1, column 9", "kind");
  expect_field(BASE_SYNTAX, "request: not well-formed JSON at line 1, column 2: a value was expected", NULL);
  expect_field(BASE_SYNTAX, "request: $: not well-formed JSON", NULL);
  expect_field(BASE_SYNTAX, "card: $.name: not well-formed", NULL);
  expect_field(BASE_CONFLICT, "paris: must wait", NULL);
  expect_field(BASE_FIELD, "say which keys: seal or tls", NULL);
  expect_field(BASE_FIELD, "reason:", NULL);
  char longest[GATE_FIELD_MAX + 8];
  for (int over = 0; over <= 1; over++) {
    memset(longest, 'a', sizeof longest);
    snprintf(longest + GATE_FIELD_MAX + over, 4, ": x");
    char *field = strndup(longest, (size_t)(GATE_FIELD_MAX + over));
    expect_field(BASE_FIELD, longest, over ? NULL : field);
    free(field);
  }
}

#define PIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PARTNER(state, pins)                                                                                           \
  "{\"name\":\"paris\",\"origin\":\"wasl/paris/1\",\"addresses\":[],\"pins\":[" pins "],\"state\":\"" state "\"}"

static void test_table(void **state) {
  (void)state;
  struct gate_peers peers = {0};
  struct base_error err;
  struct base_hash pin, other = {{0}};
  assert_true(base_hash_parse(base_view_text(PIN), &pin));
  assert_int_equal(
      gate_peers_load(&peers, base_view_text("{\"version\":3,\"partners\":[" PARTNER("active", "\"" PIN "\"") "]}"),
                      &err),
      BASE_OK);
  assert_int_equal(peers.version, 3);
  struct gate_partner *partner = gate_peers_find(&peers, &pin);
  assert_non_null(partner);
  assert_true(partner->active);
  assert_null(gate_peers_find(&peers, &other));
  partner->in_flight = 2;
  /* Bad tables change nothing. */
  static const char *const bad[] = {"",
                                    "{}",
                                    "{\"version\":0,\"partners\":[]}",
                                    "{\"version\":4,\"partners\":{}}",
                                    "{\"version\":4,\"partners\":[" PARTNER("absent", "\"" PIN "\"") "]}",
                                    "{\"version\":4,\"partners\":[" PARTNER("active", "\"00\"") "]}",
                                    "{\"version\":4,\"partners\":[7]}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_not_equal(gate_peers_load(&peers, base_view_text(bad[i]), &err), BASE_OK);
    assert_int_equal(peers.version, 3);
  }
  assert_int_equal(
      gate_peers_load(&peers, base_view_text("{\"version\":4,\"partners\":[" PARTNER("suspended", "\"" PIN "\"") "]}"),
                      &err),
      BASE_OK);
  partner = gate_peers_find(&peers, &pin);
  assert_false(partner->active);
  assert_int_equal(partner->in_flight, 2);
  assert_int_equal(gate_peers_load(&peers, base_view_text("{\"version\":5,\"partners\":[]}"), &err), BASE_OK);
  assert_null(gate_peers_find(&peers, &pin));
  gate_peers_free(&peers);
}

static void test_largest_table(void **state) {
  (void)state;
  struct gate_peers peers = {0};
  struct base_error err;
  static const char partner[] = PARTNER("active", "");
  for (int count = GATE_PARTNERS_MAX; count <= GATE_PARTNERS_MAX + 1; count++) {
    BASE_AUTO_BUF struct base_buf table = {0};
    base_buf_text(&table, "{\"version\":1,\"partners\":[");
    for (int i = 0; i < count; i++)
      base_buf_printf(&table, "%s%s", i > 0 ? "," : "", partner);
    base_buf_text(&table, "]}");
    assert_int_equal(gate_peers_load(&peers, base_buf_view(&table), &err),
                     count == GATE_PARTNERS_MAX ? BASE_OK : BASE_FIELD);
  }
  gate_peers_free(&peers);
}

static void test_memfile(void **state) {
  (void)state;
  struct gate_memfile file = GATE_MEMFILE_NONE;
  struct base_error err;
  struct base_view view;
  assert_int_equal(gate_memfile_open(&file, "test", 5, &err), BASE_OK);
  assert_int_equal(gate_memfile_add(&file, BASE_VIEW("abc"), &err), BASE_OK);
  assert_int_equal(gate_memfile_add(&file, BASE_VIEW("def"), &err), BASE_TOO_LARGE);
  assert_int_equal(gate_memfile_add(&file, BASE_VIEW("de"), &err), BASE_OK);
  assert_int_equal(gate_memfile_seal(&file, &err), BASE_OK);
  assert_int_not_equal(gate_memfile_add(&file, BASE_VIEW(""), NULL) == BASE_OK &&
                           base_write_all(file.fd, BASE_VIEW("x"), &err) == BASE_OK,
                       true);
  assert_int_equal(base_map_sealed(file.fd, 5, &view, &err), BASE_OK);
  assert_true(base_view_is(view, "abcde"));
  base_unmap(&view);
  gate_memfile_close(&file);
  gate_memfile_close(&file);
}

static int64_t test_now;

static int64_t tell_test_now(void *context) {
  (void)context;
  return test_now;
}

/* What is logged during the call, as text. */
static void logged(struct gate_tally *tally, const struct base_world *world, int times, char *out, size_t room) {
  int ends[2], before = dup(STDERR_FILENO);
  assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
  dup2(ends[1], STDERR_FILENO);
  for (int i = 0; i < times; i++)
    gate_tally_log(tally, world, GATE_STRANGERS, "10.0.0.1");
  if (times == 0)
    gate_tally_flush(tally, world);
  dup2(before, STDERR_FILENO);
  ssize_t size = read(ends[0], out, room - 1);
  out[size > 0 ? size : 0] = '\0';
  close(before);
  close(ends[0]);
  close(ends[1]);
}

static size_t lines_of(const char *text) {
  size_t lines = 0;
  for (; *text != '\0'; text++)
    lines += *text == '\n';
  return lines;
}

/* However often a limit is met: a line at once, and one with the count in each minute. */
static void test_tally(void **state) {
  struct gate_tally tally = {0};
  const struct base_world world = {.monotonic_ms = tell_test_now};
  char text[4096];
  (void)state;
  test_now = 5;
  logged(&tally, &world, 10000, text, sizeof text);
  assert_int_equal(lines_of(text), 1);
  assert_non_null(strstr(text, "gate.strangers"));
  assert_non_null(strstr(text, "(limit strangers): 10.0.0.1"));
  test_now += GATE_LOG_SECONDS * 1000 - 1;
  logged(&tally, &world, 0, text, sizeof text);
  assert_string_equal(text, "");
  assert_true(gate_tally_flush(&tally, &world));
  test_now++;
  logged(&tally, &world, 0, text, sizeof text);
  assert_int_equal(lines_of(text), 1);
  assert_non_null(strstr(text, "9999 times more within 60 s"));
  assert_false(gate_tally_flush(&tally, &world));
  logged(&tally, &world, 1, text, sizeof text);
  assert_int_equal(lines_of(text), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_target),        cmocka_unit_test(test_bad_targets),
      cmocka_unit_test(test_problem),       cmocka_unit_test(test_problem_names_the_field),
      cmocka_unit_test(test_table),         cmocka_unit_test(test_memfile),
      cmocka_unit_test(test_largest_table), cmocka_unit_test(test_tally),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
