/* SPDX-License-Identifier: Apache-2.0
 * Shipped kinds with one thing changed that must not be: each is refused, and the words say where. */
#ifndef WASL_TESTS_UNIT_WIRE_SLIPS_H
#define WASL_TESTS_UNIT_WIRE_SLIPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

struct slip {
  const char *old, *new, *says;
};

static inline void refuses_slips(const char *kind, const struct slip *slips, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct base_error err = {0};
    if (shipped_changed(kind, slips[i].old, slips[i].new, &err) == BASE_OK || strstr(err.text, slips[i].says) == NULL)
      fail_msg("%s: %s", slips[i].new, err.text);
  }
}

#endif
