/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

/* When the personal data of a case ends, as its kind says it: read, written, and each slip named. */

#define ENDS "\"personal_ends\": {\"state\": [\"over\", \"assessed\"], \"days\": 30, \"field\": \"ends\"}"

/* The kind of tests/kinds with this place replaced. */
static enum base_code parse_with(const char *old, const char *new, struct base_arena *arena, struct wire_kind *out,
                                 struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_view bytes = shipped_file("gathering", ".json");
  struct base_hash hash = {{0}};
  const uint8_t *at = memmem(bytes.data, bytes.size, old, strlen(old));
  if (at == NULL)
    fail_msg("there is no %s", old);
  size_t before = (size_t)(at - bytes.data), after = before + strlen(old);
  base_arena_init(arena, WIRE_KIND_ARENA);
  base_buf_add(&text, bytes.data, before);
  base_buf_text(&text, new);
  base_buf_add(&text, bytes.data + after, bytes.size - after);
  return wire_kind_parse(base_buf_view(&text), &hash, arena, out, err);
}

static void reads_when_it_ends(void **state) {
  (void)state;
  struct shipped gathering, request;
  shipped_load(&gathering, "gathering");
  shipped_load(&request, "request");
  const struct wire_kind_ends *ends = &gathering.kind.personal_ends;
  assert_int_equal(ends->days, 30);
  assert_int_equal(ends->states, 6);
  assert_true(base_view_is(ends->field, "ends"));
  assert_int_equal(request.kind.personal_ends.days, 0);
  assert_true(wire_kind_type_personal(shipped_type(&gathering, "open")));
  assert_true(wire_kind_type_personal(shipped_type(&gathering, "list"))); /* in a column */
  assert_false(wire_kind_type_personal(shipped_type(&gathering, "note")));
  base_arena_free(&gathering.arena);
  base_arena_free(&request.arena);
}

/* A state field stays in the header, whatever it holds. */
static void what_is_in_the_header_does_not_end(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_kind kind;
  struct base_error err = {0};
  assert_int_equal(parse_with("\"personal\": \"ordinary\", \"example\"", "\"state\": true, \"personal\": \"special\", \"example\"",
                              &arena, &kind, &err),
                   BASE_OK);
  assert_false(wire_kind_type_personal(&kind.types[0]));
}

static void written(const char *new, const char *words) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_kind kind;
  struct base_error err = {0};
  struct wire_writer writer;
  if (parse_with(ENDS, new, &arena, &kind, &err) != BASE_OK)
    fail_msg("%s: %s", new, err.text);
  wire_writer_init(&writer, &text);
  wire_kind_write(&kind, NULL, &writer);
  base_buf_u8(&text, 0);
  if (strstr((const char *)text.data, words) == NULL)
    fail_msg("%s is not in %s", words, (const char *)text.data);
}

static void is_written_as_it_was_read(void **state) {
  (void)state;
  written(ENDS, "\"personal_ends\":{\"state\":[\"over\",\"assessed\"],\"days\":30,\"field\":\"ends\"}");
  written("\"personal_ends\": {\"state\": [\"assessed\"], \"days\": 3660}",
          "\"personal_ends\":{\"state\":[\"assessed\"],\"days\":3660}");
  written("\"personal_ends\": {\"state\": [\"over\"], \"days\": 1}", "\"days\":1}");
}

static void refuses_each_slip(void **state) {
  (void)state;
  static const struct {
    const char *old, *new, *says;
  } slips[] = {
      {ENDS, "\"personal_ends\": 30", "$.personal_ends"},
      {ENDS, "\"personal_ends\": {\"days\": 30}", "$.personal_ends.state: must name a state"},
      {ENDS, "\"personal_ends\": {\"state\": [], \"days\": 30}", "$.personal_ends.state: must name a state"},
      {ENDS, "\"personal_ends\": {\"state\": [\"gone\"], \"days\": 30}", "item 0 names no state"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\", \"over\"], \"days\": 30}", "item 1 stands twice"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"]}", "$.personal_ends.days"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 0}", "$.personal_ends.days"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 3661}", "$.personal_ends.days"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 3, \"field\": \"begins\"}", "field: names no field"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 3, \"field\": \"text\"}", "text of note is no state field"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 3, \"field\": \"purpose\"}", "purpose of open is no state field"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 3, \"field\": \"Ends\"}", "$.personal_ends.field"},
      {ENDS, "\"personal_ends\": {\"state\": [\"over\"], \"days\": 3, \"hours\": 1}", "$.personal_ends.hours"},
      {"\"name\": \"ends\", \"type\": \"date\", \"state\": true, \"required\"", "\"name\": \"ends\", \"type\": \"date\", \"required\"",
       "ends of move is no state field"},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct wire_kind kind;
    struct base_error err = {0};
    enum base_code code = parse_with(slips[i].old, slips[i].new, &arena, &kind, &err);
    if (code == BASE_OK || !strstr(err.text, slips[i].says))
      fail_msg("%s: %s (%s)", slips[i].new, err.text, base_code_name(code));
  }
}

/* What law stands on is never erased. */
static void a_kind_without_row_has_none(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_view bytes = shipped_file("consent", ".json");
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  struct base_error err = {0};
  const uint8_t *at = memmem(bytes.data, bytes.size, "\"states\": [\"", 12), *end = memchr(at + 12, '"', 99);
  base_arena_init(&arena, WIRE_KIND_ARENA);
  base_buf_printf(&text, "{\"personal_ends\": {\"state\": [\"%.*s\"], \"days\": 3},", (int)(end - at - 12), at + 12);
  base_buf_add(&text, bytes.data + 1, bytes.size - 1);
  assert_int_equal(wire_kind_parse(base_buf_view(&text), &hash, &arena, &kind, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "is for kinds that need a row"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_when_it_ends),        cmocka_unit_test(what_is_in_the_header_does_not_end),
      cmocka_unit_test(is_written_as_it_was_read), cmocka_unit_test(refuses_each_slip),
      cmocka_unit_test(a_kind_without_row_has_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
