/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LINK_FAMILY_H
#define LINK_FAMILY_H

#include <stdatomic.h>

#include "link/link.h"

/* What wasld tells the gates about the node: how it is called and reached by wasl.conf, and which of its processes
 * serve. A page of memory that wasld alone can write. */

enum { LINK_FAMILY_LISTEN_MAX = 4 << 10 };

enum link_life { LINK_LIFE_NONE, LINK_LIFE_STARTING, LINK_LIFE_SERVES, LINK_LIFE_HALTED, LINK_LIVES };
const char *link_life_name(enum link_life life); /* "gone", "starting", "serves", "halted" */

struct link_family {
  char name[BASE_NAME_MAX + 1];
  char listen[LINK_FAMILY_LISTEN_MAX];    /* HOST:PORT, [IPv6]:PORT, with commas between */
  char addresses[LINK_FAMILY_LISTEN_MAX]; /* where partners reach the node, the same way */
  _Atomic uint32_t lives[LINK_ROLES];     /* enum link_life */
  _Atomic uint32_t pids[LINK_ROLES];
};

/* For wasld. *out_fd opens it for reading only; both stay until the process ends. */
BASE_NODISCARD enum base_code link_family_make(struct link_family **out, int *out_fd, struct base_error *err);
/* For the others: NULL when fd is none, or not such a page. Stays mapped; fd stays the caller's. */
const struct link_family *link_family_open(int fd);
enum link_life link_family_life(const struct link_family *family, enum link_role role);

#endif
