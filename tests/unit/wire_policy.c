/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/policy.h"

/* So many keys of this kind as there are numbers. */
static const char *key(unsigned number, uint8_t type) {
  static char text[8][WIRE_VKEY_MAX + 1];
  static unsigned next;
  char name[32];
  struct base_buf out = {0};
  snprintf(name, sizeof name, "example.com/%u", number);
  struct wire_vkey vkey = {.name = base_view_text(name), .id = number, .type = type};
  memset(vkey.key.bytes, (int)number + 1, sizeof vkey.key.bytes);
  base_buf_init(&out, WIRE_VKEY_MAX);
  wire_vkey_write(&vkey, &out);
  char *slot = text[next++ % 8];
  snprintf(slot, sizeof text[0], "%.*s", (int)out.size, (const char *)out.data);
  base_buf_free(&out);
  return slot;
}

static enum base_code parse(struct base_buf *text, struct wire_policy *out) {
  struct base_error err;
  return wire_policy_parse(base_buf_view(text), out, &err);
}

static void add_witnesses(struct base_buf *out, const char *prefix, unsigned from, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    base_buf_printf(out, "witness %s%u %s\n", prefix, i + 1, key(from + i, WIRE_VKEY_WITNESS));
}

/* The example of C2SP tlog-policy, with keys. */
static void example(void **state) {
  (void)state;
  static struct wire_policy policy;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, WIRE_POLICY_MAX);
  base_buf_printf(&text, "# made up\nlog %s https://example.com/log\n\n", key(99, WIRE_VKEY_LOG));
  add_witnesses(&text, "X", 0, 3);
  base_buf_text(&text, "group X-witnesses 2 X1 X2 X3\n\n");
  add_witnesses(&text, "Y", 3, 3);
  base_buf_text(&text,
                " \tgroup Y-witnesses  any\tY1 Y2 Y3 \ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n");
  assert_int_equal(parse(&text, &policy), BASE_OK);
  assert_int_equal(policy.log_count, 1);
  assert_int_equal(policy.witness_count, 6);
  assert_int_equal(policy.group_count, 3);
  for (unsigned set = 0; set < 64; set++) {
    bool cosigned[WIRE_POLICY_WITNESSES_MAX] = {false};
    unsigned x = 0, y = 0;
    for (unsigned i = 0; i < 6; i++) {
      cosigned[i] = (set >> i & 1) != 0;
      *(i < 3 ? &x : &y) += cosigned[i];
    }
    assert_int_equal(wire_policy_met(&policy, cosigned), x >= 2 && y >= 1);
  }
  base_buf_reset(&text);
  base_buf_text(&text, "quorum none\n");
  assert_int_equal(parse(&text, &policy), BASE_OK);
  bool nobody[WIRE_POLICY_WITNESSES_MAX] = {false};
  assert_true(wire_policy_met(&policy, nobody));
}

static void hostile(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "quorum\n",
      "quorum A",
      "quorum B\n",
      "quorum A\nquorum A\n",
      "quorum A A\n",
      "quorum A\r\n",
      "quorum A\n\x01\n",
      "witness A %s\nquorum A\n",
      "witness none %s\nquorum none\n",
      "witness B\nquorum A\n",
      "witness B %s https://a b\nquorum A\n",
      "witness B %s\nquorum A\n", /* the same key twice */
      "log %s\nquorum A\n",       /* a witness's key */
      "group G\nquorum A\n",
      "group G 1\nquorum A\n",
      "group G any\nquorum A\n",
      "group G 0 A\nquorum A\n",
      "group G 2 A\nquorum A\n",
      "group G 01 A\nquorum A\n",
      "group G most A\nquorum A\n",
      "group G any A A\nquorum A\n",
      "group G any A\ngroup H any A\nquorum A\n",
      "group G any G\nquorum A\n",
      "group G any none\nquorum A\n",
      "group A any A\nquorum A\n",
      "Quorum A\n",
      "quorum G\ngroup G any A\n",
  };
  static struct wire_policy policy;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, WIRE_POLICY_MAX);
    base_buf_printf(&text, "witness A %s\n", key(1, WIRE_VKEY_WITNESS));
    const char *hole = strstr(bad[i], "%s");
    base_buf_add(&text, bad[i], hole != NULL ? (size_t)(hole - bad[i]) : strlen(bad[i]));
    if (hole != NULL) {
      base_buf_text(&text, key(1, WIRE_VKEY_WITNESS));
      base_buf_text(&text, hole + 2);
    }
    if (parse(&text, &policy) == BASE_OK)
      fail_msg("taken: %s", bad[i]);
  }
}

static void limits(void **state) {
  (void)state;
  static struct wire_policy policy;
  for (unsigned more = 0; more < 2; more++) {
    BASE_AUTO_BUF struct base_buf witnesses = {0}, logs = {0}, groups = {0}, large = {0};
    enum base_code want = more == 0 ? BASE_OK : BASE_TOO_LARGE;
    base_buf_init(&witnesses, WIRE_POLICY_MAX);
    base_buf_init(&logs, WIRE_POLICY_MAX);
    base_buf_init(&groups, WIRE_POLICY_MAX);
    base_buf_init(&large, 2 * WIRE_POLICY_MAX);
    add_witnesses(&witnesses, "W", 0, WIRE_POLICY_WITNESSES_MAX + more);
    base_buf_text(&witnesses, "quorum W1\n");
    assert_int_equal(parse(&witnesses, &policy), want);
    for (unsigned i = 0; i < WIRE_POLICY_LOGS_MAX + more; i++)
      base_buf_printf(&logs, "log %s\n", key(i, WIRE_VKEY_LOG));
    base_buf_text(&logs, "quorum none\n");
    assert_int_equal(parse(&logs, &policy), want);
    base_buf_printf(&groups, "witness G %s\n", key(0, WIRE_VKEY_WITNESS));
    for (unsigned i = 0; i < WIRE_POLICY_GROUPS_MAX + more; i++)
      base_buf_printf(&groups, i == 0 ? "group G%u any G\n" : "group G%u any G%u\n", i, i - 1);
    base_buf_printf(&groups, "quorum G%d\n", WIRE_POLICY_GROUPS_MAX - 1);
    assert_int_equal(parse(&groups, &policy), want);
    base_buf_text(&large, "quorum none\n");
    while (large.size < WIRE_POLICY_MAX + more)
      base_buf_text(&large, "\n");
    assert_int_equal(parse(&large, &policy), want);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(example),
      cmocka_unit_test(hostile),
      cmocka_unit_test(limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
