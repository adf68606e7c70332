/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/base.h"

static void hex(void **state) {
  (void)state;
  char text[7];
  base_hex("\x00\xab\xff", 3, text);
  assert_string_equal(text, "00abff");
  uint8_t bytes[3];
  assert_true(base_hex_parse(BASE_VIEW("00abff"), bytes, 3));
  assert_memory_equal(bytes, "\x00\xab\xff", 3);
  assert_false(base_hex_parse(BASE_VIEW("00ABff"), bytes, 3));
  assert_false(base_hex_parse(BASE_VIEW("00abf"), bytes, 3));
  assert_false(base_hex_parse(BASE_VIEW("00abff0"), bytes, 3));
  assert_false(base_hex_parse(BASE_VIEW("00abfg"), bytes, 3));
  assert_false(base_hex_parse(BASE_VIEW("00abff"), bytes, SIZE_MAX));
  struct base_id id = {{0xde, 0xad}}, back;
  assert_true(base_id_parse(base_view_text(base_id_text(&id).text), &back));
  assert_true(base_id_equal(&id, &back));
  struct base_hash hash = {{0xbe}}, again;
  assert_true(base_hash_parse(base_view_text(base_hash_text(&hash).text), &again));
  assert_true(base_hash_equal(&hash, &again));
}

static void base64_vectors(void **state) {
  (void)state;
  /* RFC 4648 section 10 */
  static const char *const rows[][2] = {{"", ""},
                                        {"f", "Zg=="},
                                        {"fo", "Zm8="},
                                        {"foo", "Zm9v"},
                                        {"foob", "Zm9vYg=="},
                                        {"fooba", "Zm9vYmE="},
                                        {"foobar", "Zm9vYmFy"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    BASE_AUTO_BUF struct base_buf coded = {0}, plain = {0};
    base_buf_base64(&coded, base_view_text(rows[i][0]));
    assert_true(base_view_is(base_buf_view(&coded), rows[i][1]));
    assert_int_equal(base_base64_parse(base_view_text(rows[i][1]), &plain, NULL), BASE_OK);
    assert_true(base_view_is(base_buf_view(&plain), rows[i][0]));
  }
}

static void base64_refuses(void **state) {
  (void)state;
  static const char *const rows[] = {"Zg",   "Zg=",  "Zh==",   "Zm9=", "Zm8=Zm8=", "Z===",        "====",
                                     "=Zg=", "Zm 9", "Zm9v\n", "Zm-_", "Zg==Zg==", "Zm8=\n\n\n\n"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    BASE_AUTO_BUF struct base_buf plain = {0};
    struct base_error err = {0};
    assert_int_equal(base_base64_parse(base_view_text(rows[i]), &plain, &err), BASE_SYNTAX);
    assert_int_equal(plain.size, 0);
    assert_int_equal(plain.code, BASE_OK);
  }
  BASE_AUTO_BUF struct base_buf small;
  base_buf_init(&small, 2);
  assert_int_equal(base_base64_parse(BASE_VIEW("Zm9v"), &small, NULL), BASE_TOO_LARGE);
}

static void base64_all_lengths(void **state) {
  (void)state;
  uint8_t bytes[256];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i * 7 + 3);
  for (size_t size = 0; size <= sizeof bytes; size++) {
    BASE_AUTO_BUF struct base_buf coded = {0}, plain = {0};
    base_buf_base64(&coded, base_view_of(bytes, size));
    assert_int_equal(base_base64_parse(base_buf_view(&coded), &plain, NULL), BASE_OK);
    assert_true(base_view_equal(base_buf_view(&plain), base_view_of(bytes, size)));
  }
}

static void utf8(void **state) {
  (void)state;
  assert_true(base_utf8_valid(BASE_VIEW("")));
  assert_true(base_utf8_valid(BASE_VIEW("وصل é \xF4\x8F\xBF\xBF \xEF\xBF\xBF \xED\x9F\xBF")));
  static const char *const bad[] = {"\x80",     "\xC0\x80",         "\xC1\xBF",         "\xC3",
                                    "\xC3(",    "\xE0\x9F\xBF",     "\xED\xA0\x80",     "\xED\xBF\xBF",
                                    "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                                    "\xFF",     "a\xF0\x9F\x93"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(base_utf8_valid(base_view_text(bad[i])));
}

static void decimals(void **state) {
  (void)state;
  uint64_t value = 1;
  assert_true(base_decimal_parse(BASE_VIEW("0"), &value) && value == 0);
  assert_true(base_decimal_parse(BASE_VIEW("18446744073709551615"), &value) && value == UINT64_MAX);
  static const char *const bad[] = {"",
                                    "00",
                                    "01",
                                    "-1",
                                    "+1",
                                    " 1",
                                    "1 ",
                                    "18446744073709551616",
                                    "99999999999999999999",
                                    "100000000000000000000",
                                    "0x1",
                                    "1.0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(base_decimal_parse(base_view_text(bad[i]), &value));
}

/* Each octet, at each place of an eight and beyond: its value, or nothing is read and nothing changed. */
static void hex_digits(void **state) {
  (void)state;
  static const char digits[] = "0123456789abcdef";
  char text[2 * 11 + 1];
  for (unsigned octet = 0; octet < 256; octet++)
    for (size_t place = 0; place < sizeof text - 1; place++) {
      uint8_t bytes[11], want[11];
      memset(text, place % 2 != 0 ? '9' : 'a', sizeof text);
      memset(want, place % 2 != 0 ? 0x99 : 0xAA, sizeof want);
      memset(bytes, 0x5A, sizeof bytes);
      text[place] = (char)octet;
      const char *digit = octet != 0 ? strchr(digits, (int)octet) : NULL;
      if (digit == NULL)
        memset(want, 0x5A, sizeof want);
      else if (place % 2 != 0)
        want[place / 2] = (uint8_t)(0x90 | (digit - digits));
      else
        want[place / 2] = (uint8_t)((digit - digits) << 4 | 0x0A);
      assert_int_equal(base_hex_parse(base_view_of(text, sizeof text - 1), bytes, sizeof bytes), digit != NULL);
      assert_memory_equal(bytes, want, sizeof want);
    }
}

/* Each octet, at each place of an eight and beyond. */
static void printable_run(void **state) {
  (void)state;
  uint8_t text[21];
  for (unsigned octet = 0; octet < 256; octet++)
    for (size_t place = 0; place < sizeof text; place++) {
      memset(text, octet % 2 != 0 ? ' ' : '~', sizeof text);
      text[place] = (uint8_t)octet;
      size_t whole = octet >= 0x20 && octet <= 0x7E ? sizeof text : place;
      assert_int_equal(base_printable_run(base_view_of(text, sizeof text)), whole);
    }
  assert_int_equal(base_printable_run((struct base_view){0}), 0);
}

static void names(void **state) {
  (void)state;
  assert_true(base_name_valid(BASE_VIEW("a")));
  assert_true(base_name_valid(BASE_VIEW("rabat-2")));
  assert_true(base_name_valid(BASE_VIEW("a1234567890123456789012345678901")));
  static const char *const bad[] = {"", "A", "1a", "-a", "a_b", "a.b", "a/b", "é", "a12345678901234567890123456789012"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(base_name_valid(base_view_text(bad[i])));
}

static void times_agree_with_the_c_library(void **state) {
  (void)state;
  for (base_time moment = 0; moment <= 253402300799; moment += 86400 * 11 + 3607) {
    time_t then = (time_t)moment;
    struct tm parts;
    char expected[32];
    assert_non_null(gmtime_r(&then, &parts));
    assert_int_equal(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &parts), 20);
    assert_string_equal(base_time_format(moment).text, expected);
    base_time back;
    assert_true(base_time_parse(base_view_text(expected), &back));
    assert_true(back == moment);
  }
  assert_string_equal(base_time_format(253402300799).text, "9999-12-31T23:59:59Z");
  assert_string_equal(base_time_format(INT64_MAX).text, "9999-12-31T23:59:59Z");
  assert_string_equal(base_time_format(INT64_MIN).text, "1970-01-01T00:00:00Z");
}

static void times_refuse(void **state) {
  (void)state;
  base_time value = 5;
  static const char *const bad[] = {"",
                                    "2026-11-21",
                                    "2026-11-21T08:00:00",
                                    "2026-11-21t08:00:00Z",
                                    "2026-11-21T08:00:00z",
                                    "2026-11-21T24:00:00Z",
                                    "2026-11-21T08:60:00Z",
                                    "2026-11-21T08:00:60Z",
                                    "2026-02-29T08:00:00Z",
                                    "2100-02-29T08:00:00Z",
                                    "2026-13-21T08:00:00Z",
                                    "2026-00-21T08:00:00Z",
                                    "2026-11-31T08:00:00Z",
                                    "2026-11-00T08:00:00Z",
                                    "1969-12-31T23:59:59Z",
                                    "2026-11-21 08:00:00Z",
                                    "2026-11-21T08:00:0 Z",
                                    "2026-11-21T-8:00:00Z",
                                    "2026-11-21T08:00:00+",
                                    "+026-11-21T08:00:00Z"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(base_time_parse(base_view_text(bad[i]), &value));
  assert_int_equal(value, 5);
  assert_true(base_date_parse(BASE_VIEW("2024-02-29"), &value));
  assert_string_equal(base_time_format(value).text, "2024-02-29T00:00:00Z");
  assert_false(base_date_parse(BASE_VIEW("2024-2-29"), &value));
  assert_false(base_date_parse(BASE_VIEW("2024-02-29T"), &value));
  assert_false(base_date_parse(BASE_VIEW("1969-12-31"), &value));
}

/* Somebody born before 1970 has a date of birth all the same, though it is no moment that is counted from. */
static void dates_of_lives(void **state) {
  (void)state;
  static const char *const good[] = {"1969-12-31", "1931-07-13", "1900-02-28", "1600-02-29",
                                     "0001-01-01", "0004-02-29", "1970-01-01", "9999-12-31"};
  static const char *const bad[] = {"0000-01-01", "1900-02-29", "1931-06-31", "1931-00-10",
                                    "1931-7-13",  "1931/07/13", "-931-07-13", "1931-07-13Z"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_true(base_date_valid(base_view_text(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(base_date_valid(base_view_text(bad[i])));
}

static void printable(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf buf = {0};
  base_buf_printable(&buf, BASE_VIEW("وصل\x1b[2J\n\xE2\x80\xAE"
                                     "x\xC2\x9B\xFF\xEF\xBB\xBF."));
#define MARK "\xEF\xBF\xBD"
  assert_true(base_view_is(base_buf_view(&buf), "وصل" MARK "[2J" MARK MARK "x" MARK MARK MARK "."));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hex),
      cmocka_unit_test(hex_digits),
      cmocka_unit_test(base64_vectors),
      cmocka_unit_test(base64_refuses),
      cmocka_unit_test(base64_all_lengths),
      cmocka_unit_test(utf8),
      cmocka_unit_test(printable_run),
      cmocka_unit_test(decimals),
      cmocka_unit_test(names),
      cmocka_unit_test(times_agree_with_the_c_library),
      cmocka_unit_test(times_refuse),
      cmocka_unit_test(dates_of_lives),
      cmocka_unit_test(printable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
