/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_POLICY_H
#define WASL_WIRE_POLICY_H

#include "wire/register.h"

/* C2SP tlog-policy: which registers and witnesses somebody trusts, and which of the witnesses must have cosigned.
 * spec/witness.md. */

enum {
  WIRE_POLICY_MAX = 64 << 10, /* bytes */
  WIRE_POLICY_LOGS_MAX = 32,
  WIRE_POLICY_WITNESSES_MAX = 32,
  WIRE_POLICY_GROUPS_MAX = 32,
};
/* A witness by its index, or a group by WIRE_POLICY_WITNESSES_MAX and its index; each is a member of one group at most.
 */
enum { WIRE_POLICY_NAMES_MAX = WIRE_POLICY_WITNESSES_MAX + WIRE_POLICY_GROUPS_MAX, WIRE_POLICY_NONE = -1 };
struct wire_policy_group {
  struct base_view name;
  size_t need, count;
  uint8_t members[WIRE_POLICY_NAMES_MAX]; /* all defined before it */
};
struct wire_policy {
  size_t log_count, witness_count, group_count;
  struct wire_vkey logs[WIRE_POLICY_LOGS_MAX]; /* none: any register */
  struct wire_vkey witnesses[WIRE_POLICY_WITNESSES_MAX];
  struct base_view names[WIRE_POLICY_WITNESSES_MAX]; /* what the policy calls them */
  struct wire_policy_group groups[WIRE_POLICY_GROUPS_MAX];
  int quorum; /* as a member, or WIRE_POLICY_NONE */
};
/* Views into bytes. Errors name the line. URLs are passed over. Keys of kinds that are not read here are an error. */
BASE_NODISCARD enum base_code wire_policy_parse(struct base_view bytes, struct wire_policy *out,
                                                struct base_error *err);
/* Whether the quorum is met when these witnesses cosigned. */
bool wire_policy_met(const struct wire_policy *policy, const bool cosigned[WIRE_POLICY_WITNESSES_MAX]);

#endif
