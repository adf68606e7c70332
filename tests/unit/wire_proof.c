/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "wire/register.h"

#define TITLE "c2sp.org/tlog-proof@v1\n"
#define HASH_LINE "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define HEAD "a\n1\n" HASH_LINE "\n— a AAAA\n"

static enum base_code code_of(const char *text) {
  struct wire_proof proof;
  return wire_proof_parse(base_view_text(text), &proof, NULL);
}

static void round_trip(void **state) {
  (void)state;
  const char *text = TITLE "index 73894\n" HASH_LINE HASH_LINE "\n" HEAD;
  struct wire_proof proof;
  assert_int_equal(wire_proof_parse(base_view_text(text), &proof, NULL), BASE_OK);
  assert_int_equal(proof.index, 73894);
  assert_int_equal(proof.hash_count, 2);
  assert_true(base_view_is(proof.checkpoint, HEAD));
  BASE_AUTO_BUF struct base_buf back = {0};
  base_buf_init(&back, WIRE_PROOF_MAX);
  wire_proof_write(&proof, &back);
  assert_true(base_view_is(base_buf_view(&back), text));
  assert_int_equal(code_of(TITLE "index 0\n\n" HEAD), BASE_OK);
}

static void hostile(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      TITLE,
      TITLE "index 0\n",
      TITLE "index 0\n\n",
      TITLE "index 0\n" HASH_LINE,
      TITLE "extra YQ==\nindex 0\n\n" HEAD,
      TITLE "index 00\n\n" HEAD,
      TITLE "index -1\n\n" HEAD,
      TITLE "index \n\n" HEAD,
      TITLE "index  1\n\n" HEAD,
      TITLE "Index 1\n\n" HEAD,
      TITLE "index 9223372036854775807\n\n" HEAD,
      TITLE "index 1\r\n\n" HEAD,
      TITLE "\nindex 1\n\n" HEAD,
      "c2sp.org/tlog-proof@v2\nindex 1\n\n" HEAD,
      TITLE "index 1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n\n" HEAD, /* trailing bits */
      TITLE "index 1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n\n" HEAD,  /* padding */
      TITLE "index 1\nCsUY\n\n" HEAD,
      TITLE "index 1\n " HASH_LINE "\n" HEAD,
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (code_of(bad[i]) == BASE_OK)
      fail_msg("accepted: %s", bad[i]);
}

static void bounded(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1 << 16);
  base_buf_text(&text, TITLE "index 1\n");
  for (int i = 0; i < WIRE_PROOF_HASHES_MAX; i++)
    base_buf_text(&text, HASH_LINE);
  size_t full = text.size;
  base_buf_text(&text, "\n" HEAD);
  struct wire_proof proof;
  assert_int_equal(wire_proof_parse(base_buf_view(&text), &proof, NULL), BASE_OK);
  assert_int_equal(proof.hash_count, WIRE_PROOF_HASHES_MAX);
  text.size = full;
  base_buf_text(&text, HASH_LINE "\n" HEAD);
  assert_int_equal(wire_proof_parse(base_buf_view(&text), &proof, NULL), BASE_TOO_LARGE);
  base_buf_reset(&text);
  base_buf_text(&text, TITLE "index 1\n\n");
  while (text.size < WIRE_PROOF_MAX)
    base_buf_u8(&text, 'x');
  assert_int_equal(wire_proof_parse(base_buf_view(&text), &proof, NULL), BASE_OK);
  base_buf_u8(&text, 'x');
  assert_int_equal(wire_proof_parse(base_buf_view(&text), &proof, NULL), BASE_TOO_LARGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(round_trip),
      cmocka_unit_test(hostile),
      cmocka_unit_test(bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
