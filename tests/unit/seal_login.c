/* SPDX-License-Identifier: Apache-2.0
 * What a login takes: the codes of RFC 4226 and RFC 6238 by the values printed there, and values under a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "seal/seal.h"

/* RFC 4226, appendix D; RFC 6238, appendix B, the rows of SHA-1: the same secret, 8 digits, steps of 30 seconds. */
static const char secret[] = "12345678901234567890";

static void codes_by_counter(void **state) {
  (void)state;
  static const uint32_t codes[] = {755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    assert_int_equal(seal_hotp(base_view_text(secret), i, 6), codes[i]);
}

static void codes_by_time(void **state) {
  (void)state;
  static const struct {
    uint64_t time;
    uint32_t code;
  } rows[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
              {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(seal_hotp(base_view_text(secret), rows[i].time / 30, 8), rows[i].code);
}

static void values_under_a_key(void **state) {
  (void)state;
  struct base_secret key = {{1}}, other = {{2}};
  struct base_hash one = seal_keyed(&key, "a", BASE_VIEW("b")), same = seal_keyed(&key, "a", BASE_VIEW("b"));
  assert_true(seal_same(&one, &same, sizeof one));
  same = seal_keyed(&other, "a", BASE_VIEW("b"));
  assert_false(seal_same(&one, &same, sizeof one));
  same = seal_keyed(&key, "ab", BASE_VIEW("")); /* a purpose ends where it ends */
  assert_false(seal_same(&one, &same, sizeof one));
  same = one;
  same.bytes[31] ^= 1;
  assert_false(seal_same(&one, &same, sizeof one));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_by_counter),
      cmocka_unit_test(codes_by_time),
      cmocka_unit_test(values_under_a_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
