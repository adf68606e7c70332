/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_NAMES_H
#define WASL_CORE_NAMES_H

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

/* "L1, L2, …": as many names of rows as an error has room for. */

enum { CORE_NAMES_SHOWN = 300 };

static inline void core_names_add(char names[CORE_NAMES_SHOWN], struct base_view name) {
  size_t size = strlen(names);
  size_t needed = name.size + sizeof ", …";
  const size_t cut = sizeof "…" - 1;
  if (size >= cut && memcmp(names + size - cut, "…", cut) == 0)
    return;
  if (size + 2 * needed > CORE_NAMES_SHOWN)
    (void)snprintf(names + size, CORE_NAMES_SHOWN - size, "%s…", size > 0 ? ", " : "");
  else
    (void)snprintf(names + size, CORE_NAMES_SHOWN - size, "%s%.*s", size > 0 ? ", " : "", (int)name.size,
                   (const char *)name.data);
}

#endif
