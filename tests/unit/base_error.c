/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static void fills_code_and_sentence(void **state) {
  (void)state;
  struct base_error err = {0};
  assert_int_equal(base_fail(&err, BASE_FIELD, "%s: line %d", "a.json", 7), BASE_FIELD);
  assert_int_equal(err.code, BASE_FIELD);
  assert_string_equal(err.text, "a.json: line 7");
  assert_int_equal(base_fail(NULL, BASE_LAW, "nobody listens"), BASE_LAW);
}

static void long_sentence_is_cut_at_a_character(void **state) {
  (void)state;
  struct base_error err;
  char text[BASE_ERROR_TEXT_MAX * 2];
  for (size_t shift = 0; shift < 4; shift++) {
    memset(text, 'x', shift);
    for (size_t i = shift; i + 4 < sizeof text; i += 4)
      memcpy(text + i, "\xF0\x9F\x93\x9C", 5);
    assert_int_equal(base_fail(&err, BASE_SYNTAX, "%s", text), BASE_SYNTAX);
    size_t length = strnlen(err.text, sizeof err.text);
    assert_in_range(length, BASE_ERROR_TEXT_MAX - 4, BASE_ERROR_TEXT_MAX - 1);
    assert_true(base_utf8_valid(base_view_text(err.text)));
  }
}

static void maps_errno(void **state) {
  (void)state;
  static const struct {
    int number;
    enum base_code code;
  } rows[] = {{ENOSPC, BASE_DISK_FULL}, {EDQUOT, BASE_DISK_FULL}, {EACCES, BASE_PERMISSION}, {EPERM, BASE_PERMISSION},
              {EROFS, BASE_PERMISSION}, {ENOENT, BASE_NOT_FOUND}, {ENOMEM, BASE_MEMORY},     {EADDRINUSE, BASE_PORT},
              {EIO, BASE_IO},           {ECONNRESET, BASE_IO}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct base_error err = {0};
    errno = rows[i].number;
    assert_int_equal(base_fail_errno(&err, "file %s", "x"), rows[i].code);
    assert_int_equal(errno, rows[i].number);
    assert_memory_equal(err.text, "file x: ", 8);
    assert_true(strlen(err.text) > 8);
  }
}

static void puts_context_before(void **state) {
  (void)state;
  struct base_error err = {0};
  base_fail(&err, BASE_HASH, "part 3 differs");
  assert_int_equal(base_fail_within(&err, "message %d", 9), BASE_HASH);
  assert_string_equal(err.text, "message 9: part 3 differs");
  assert_int_equal(err.code, BASE_HASH);
  base_fail(&err, BASE_HASH, "%s again", err.text); /* an argument inside the error itself */
  assert_string_equal(err.text, "message 9: part 3 differs again");
}

static void table_is_whole(void **state) {
  (void)state;
  for (enum base_code code = BASE_OK; code < BASE_CODES; code++) {
    assert_true(base_code_name(code)[0] != '\0');
    assert_true(base_code_text(code)[0] != '\0');
    assert_int_equal(base_code_by_name(base_code_name(code)), code);
    assert_in_range(base_code_http(code), 200, 599);
    assert_in_range(base_code_exit(code), 0, 9);
    assert_int_equal(base_code_exit(code) == 0, code == BASE_OK);
    assert_int_equal(base_code_class(code) == BASE_FINE, code == BASE_OK);
  }
  assert_int_equal(base_code_exit(BASE_EVIDENCE), 7);
  assert_int_equal(base_code_by_name("no such name"), BASE_CODES);
  assert_string_equal(base_code_name((enum base_code)9999), "internal");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fills_code_and_sentence),
      cmocka_unit_test(long_sentence_is_cut_at_a_character),
      cmocka_unit_test(maps_errno),
      cmocka_unit_test(puts_context_before),
      cmocka_unit_test(table_is_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
