/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/witness.h"

/* The request in the text of C2SP tlog-witness; its last hash is 31 bytes long there, and has one more here. */
#define HASH "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="
#define HEAD "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define LINE                                                                                                           \
  "— example.com/behind-the-sofa "                                                                                   \
  "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
#define EXAMPLE                                                                                                        \
  "old 20852014\n" HASH "\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/"        \
  "6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n" HEAD "\n" LINE LINE

static enum base_code parse(const char *text, struct wire_witness_request *out) {
  static struct wire_witness_request request;
  return wire_witness_request_parse(base_view_text(text), out != NULL ? out : &request, NULL);
}

static void example(void **state) {
  (void)state;
  static struct wire_witness_request request;
  assert_int_equal(parse(EXAMPLE, &request), BASE_OK);
  assert_int_equal(request.old_size, 20852014);
  assert_int_equal(request.hash_count, 4);
  assert_true(base_view_is(request.text, HEAD));
  assert_true(base_view_is(request.lines, LINE LINE));
  assert_int_equal(request.checkpoint.size, 20852163);
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(&again, WIRE_WITNESS_REQUEST_MAX);
  wire_witness_request_write(request.old_size, request.hashes, request.hash_count, BASE_VIEW(HEAD "\n" LINE LINE),
                             &again);
  assert_true(base_view_is(base_buf_view(&again), EXAMPLE));
  assert_int_equal(parse("old 0\n\n" HEAD "\n" LINE, &request), BASE_OK);
  assert_int_equal(request.hash_count, 0);
}

static void hostile(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "old",
      "old \n\n" HEAD "\n" LINE,
      "old 00\n\n" HEAD "\n" LINE,
      "old  1\n\n" HEAD "\n" LINE,
      "Old 1\n\n" HEAD "\n" LINE,
      "old 1\r\n\n" HEAD "\n" LINE,
      "old 9223372036854775808\n\n" HEAD "\n" LINE,
      "old 1\n" HASH,
      "old 1\n" HASH "=\n\n" HEAD "\n" LINE,
      "old 1\nAAAA\n\n" HEAD "\n" LINE,
      "old 1\n" HASH "\n" HEAD "\n" LINE,
      "old 1\n\n" HEAD,
      "old 1\n\n" HEAD "\n",
      "old 1\n\n" HEAD "extension\n\n" LINE,
      "old 1\n\n" HEAD "\n" LINE "\n",
      "old 1\n\n" HEAD "\n- example.com/x AAAAAAAA\n",
      "old 1\n\n" HEAD "\n— example.com/x\n",
      "old 1\n\n" HEAD "\n—  AAAAAAAA\n",
      "old 1\n\n" HEAD "\n— a+b AAAAAAAA\n",
      "old 1\n\n" HEAD "\n— a AAAA\n", /* not even an id */
      "old 1\n\n" HEAD "\n— a AAAAAAAB=\n",
      "old 1\n\n\n" LINE,
      "old 1\n\n" HEAD "\n" LINE "\xff",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (parse(bad[i], NULL) == BASE_OK)
      fail_msg("taken: %s", bad[i]);
}

static void many(struct base_buf *out, const char *begin, const char *text, size_t count, const char *end) {
  base_buf_free(out);
  base_buf_init(out, 1 << 20);
  base_buf_text(out, begin);
  for (size_t i = 0; i < count; i++)
    base_buf_text(out, text);
  base_buf_text(out, end);
}

/* Each limit is reached, and not passed. */
static void limits(void **state) {
  (void)state;
  static struct wire_witness_request request;
  BASE_AUTO_BUF struct base_buf text = {0};
  many(&text, "old 1\n", HASH "\n", WIRE_WITNESS_HASHES_MAX, "\n" HEAD "\n" LINE);
  assert_int_equal(wire_witness_request_parse(base_buf_view(&text), &request, NULL), BASE_OK);
  assert_int_equal(request.hash_count, WIRE_WITNESS_HASHES_MAX);
  many(&text, "old 1\n", HASH "\n", WIRE_WITNESS_HASHES_MAX + 1, "\n" HEAD "\n" LINE);
  assert_int_equal(wire_witness_request_parse(base_buf_view(&text), &request, NULL), BASE_TOO_LARGE);
  many(&text, "old 1\n\n" HEAD "\n", LINE, WIRE_WITNESS_LINES_MAX, "");
  assert_int_equal(wire_witness_request_parse(base_buf_view(&text), &request, NULL), BASE_OK);
  many(&text, "old 1\n\n" HEAD "\n", LINE, WIRE_WITNESS_LINES_MAX + 1, "");
  assert_int_equal(wire_witness_request_parse(base_buf_view(&text), &request, NULL), BASE_TOO_LARGE);
  /* A signature of another kind may be larger than ours: ML-DSA-44 has 2420 bytes. */
  many(&text, "old 1\n\n" HEAD "\n" LINE "— w ", "AAAA", (4 + 8 + 2420) / 3, "\n");
  assert_int_equal(wire_witness_request_parse(base_buf_view(&text), &request, NULL), BASE_OK);
  many(&text, "— w ", "AAAA", (WIRE_WITNESS_LINE_MAX - 6) / 4, "\n");
  assert_int_equal(wire_witness_lines_check(base_buf_view(&text), NULL), BASE_OK);
  many(&text, "— w ", "AAAA", WIRE_WITNESS_LINE_MAX / 4, "\n");
  assert_int_equal(wire_witness_lines_check(base_buf_view(&text), NULL), BASE_SYNTAX);
  many(&text, "old 1\n\n" HEAD "\n", "— w AAAAAAAA\n", WIRE_WITNESS_REQUEST_MAX / 8, "");
  assert_int_equal(wire_witness_request_parse(base_buf_view(&text), &request, NULL), BASE_TOO_LARGE);
  assert_int_equal(wire_witness_lines_check(base_buf_view(&text), NULL), BASE_TOO_LARGE);
}

static void answers(void **state) {
  (void)state;
  uint64_t size;
  struct wire_witness_line line;
  struct base_view rest = BASE_VIEW(LINE "— w1 AAAAAAE=\n");
  assert_int_equal(wire_witness_lines_check(rest, NULL), BASE_OK);
  assert_true(wire_witness_line(&rest, &line));
  assert_true(base_view_is(line.line, LINE));
  assert_int_equal(line.id, 0x033de0ae);
  assert_true(wire_witness_line(&rest, &line));
  assert_true(base_view_is(line.name, "w1"));
  assert_int_equal(line.id, 0);
  assert_false(wire_witness_line(&rest, &line));
  assert_int_equal(wire_witness_lines_check(BASE_VIEW(""), NULL), BASE_SYNTAX);
  assert_int_equal(wire_witness_lines_check(BASE_VIEW(LINE "no\n"), NULL), BASE_SYNTAX);
  assert_int_equal(wire_witness_size_parse(BASE_VIEW("20852014\n"), &size, NULL), BASE_OK);
  assert_int_equal(size, 20852014);
  static const char *const bad[] = {"", "\n", "1", "1\n\n", "01\n", "-1\n", " 1\n", "9223372036854775808\n"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(wire_witness_size_parse(base_view_text(bad[i]), &size, NULL), BASE_SYNTAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(example),
      cmocka_unit_test(hostile),
      cmocka_unit_test(limits),
      cmocka_unit_test(answers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
