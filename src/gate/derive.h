/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_DERIVE_H
#define GATE_DERIVE_H

#include "gate/limits.h"
#include "link/link.h"

/* Argon2id (RFC 9106), which takes a tenth of a second and 64 MiB by intent: on one thread beside the loop, one after
 * the other, so that any number of logins takes one processor and the memory of one. That thread knows what it was
 * handed and nothing else. */

enum { GATE_SALT = 16, GATE_DERIVED_KEY = 32 };
struct gate_salt {
  uint8_t bytes[GATE_SALT];
  uint32_t passes, memory; /* bytes */
};
struct gate_deriver;
/* key: NULL without memory; valid during the call. */
typedef void (*gate_derived)(void *context, const uint8_t key[GATE_DERIVED_KEY]);

/* Before rights are dropped; the thread begins with the first password. NULL: err is filled. */
struct gate_deriver *gate_deriver_new(struct link_loop *loop, struct base_error *err);
/* What is under way is answered to nobody. */
void gate_deriver_free(struct gate_deriver *deriver);
/* done is called later, exactly once, never from within. password: at most GATE_PASSWORD_MAX, copied, and wiped when it
 * has served. BASE_BUSY when GATE_DERIVATIONS_MAX wait. */
BASE_NODISCARD enum base_code gate_derive(struct gate_deriver *deriver, const struct gate_salt *salt,
                                          struct base_view password, gate_derived done, void *context,
                                          struct base_error *err);

#endif
