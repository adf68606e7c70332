/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wire/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition)
    abort();
}

/* A policy that is read is one: bounded, and more cosignatures never make it less met. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct wire_policy policy;
  struct base_error err = {BASE_OK, ""};
  if (wire_policy_parse(base_view_of(data, size), &policy, &err) != BASE_OK) {
    require(err.text[0] != 0);
    return 0;
  }
  bool cosigned[WIRE_POLICY_WITNESSES_MAX] = {false};
  require(policy.witness_count <= WIRE_POLICY_WITNESSES_MAX && policy.group_count <= WIRE_POLICY_GROUPS_MAX);
  bool before = wire_policy_met(&policy, cosigned);
  require(before == (policy.quorum == WIRE_POLICY_NONE));
  for (size_t i = 0; i < policy.witness_count; i++) {
    cosigned[i] = true;
    bool now = wire_policy_met(&policy, cosigned);
    require(now || !before);
    before = now;
  }
  require(before);
  return 0;
}
