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

#endif
