/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CONSENT_H
#define WASL_CORE_CONSENT_H

#include "core/internal.h"
#include "law/consent.h"

/* What consent.c shares with show_consent.c. Each case of the kind `consent` as law has it; its views live until the
 * call returns. A case that cannot be read covers nothing, and is passed over. */
typedef enum base_code core_consent_each_row(void *context, const struct law_consent *consent, struct base_error *err);
BASE_NODISCARD enum base_code core_consent_each(struct core *core, core_consent_each_row *each, void *context,
                                                struct base_error *err);
/* Of those alone that are about this message, in the order in which they were asked for: found from the message (mentions),
 * however many others there are. */
BASE_NODISCARD enum base_code core_consent_of(struct core *core, const struct base_id *message,
                                              core_consent_each_row *each, void *context, struct base_error *err);

/* What lets something be passed on: the message that gave the consent, zero when none was needed, and until when.
 * asked: it needs one, and it was asked for at least. */
struct core_permit {
  struct base_id by;
  base_time until;
  bool asked;
};
/* Whether this node may pass the message on to each of these, between single blanks, for this purpose. until: of what
 * ends first. BASE_LAW: not. */
BASE_NODISCARD enum base_code core_consent_permits(struct core *core, struct base_view message, struct base_view to,
                                                   struct base_view purpose, struct core_permit *out,
                                                   struct base_error *err);

/* --- revoke.c: what this node consented to because another one consented goes with that */
enum { CORE_REVOKE_STEP = 16, CORE_REVOKE_AGAIN_MS = 60000 };
/* A case of the kind changed: when it lets nothing be passed on any more, what hangs on it is looked for in the next step. */
void core_consent_touched(struct core *core, const struct core_case *kase);
/* Before the commit: revokes those of ours that hang on one that is gone, some in each step. */
BASE_NODISCARD enum base_code core_consent_settle(struct core *core, struct base_error *err);
int64_t core_consent_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */

#endif
