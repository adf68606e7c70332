/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LINK_CONFINE_H
#define WASL_LINK_CONFINE_H

#include "link/link.h"

/* The parts of link_confine, and the way for a test to take a lesser kernel for granted. */

/* What the kernel is able to give. */
struct link_kernel {
  int landlock_abi; /* 0: none */
  bool seccomp;
};
struct link_kernel link_kernel_here(void);
/* link_confine as if the kernel could give this and no more. */
BASE_NODISCARD enum base_code link_confine_under(const struct link_rights *rights, const struct link_kernel *kernel,
                                                 struct base_error *err);

/* One log line, event "confine.missing". */
void link_confine_missing(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Files, TCP and scopes by Landlock, as far as abi reaches; what it does not reach is logged. no_new_privs is set. */
BASE_NODISCARD enum base_code link_landlock(const struct link_rights *rights, int abi, struct base_error *err);
/* The deny list of system calls. */
BASE_NODISCARD enum base_code link_seccomp(const struct link_rights *rights, struct base_error *err);

#endif
