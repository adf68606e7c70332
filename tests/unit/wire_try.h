/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_TESTS_UNIT_WIRE_TRY_H
#define WASL_TESTS_UNIT_WIRE_TRY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

/* A good document with one thing changed, and what must become of it: BASE_OK, or this code with these words. */
struct wire_change {
  const char *from, *to;
  enum base_code code;
  const char *words;
};

/* good with the first `from` replaced by `to`; `from` must be there. */
static inline void wire_change_text(const char *good, const char *from, const char *to, struct base_buf *out) {
  const char *at = strstr(good, from);
  if (!at)
    fail_msg("the good document has no %s", from);
  base_buf_reset(out);
  base_buf_add(out, good, (size_t)(at - good));
  base_buf_text(out, to);
  base_buf_text(out, at + strlen(from));
  assert_int_equal(out->code, BASE_OK);
}

static inline void wire_expect(enum base_code code, const struct base_error *err, enum base_code expected,
                               const char *words, const char *tried) {
  if (code != expected)
    fail_msg("%s: %s instead of %s (%s)", tried, base_code_name(code), base_code_name(expected), code ? err->text : "");
  if (code && (err->code != code || !strstr(err->text, words)))
    fail_msg("%s: the error \"%s\" lacks \"%s\"", tried, err->text, words);
}

/* n times the text, for limits */
static inline void wire_repeat(struct base_buf *out, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++)
    base_buf_text(out, text);
}

#endif
