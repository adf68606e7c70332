/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ASKED_H
#define CORE_ASKED_H

#include "core/internal.h"

/* What a request of the local API may hold, as core/asked.def has it. */

/* The gate's own bound is the document; these digits are eight groups of five, in any spelling of them. */
enum { CORE_DIGITS_MAX = 256, CORE_MOMENT_MAX = 20 };

/* Before a request is looked into. document: the body, when it came beside the packet; else NULL, and the body's
 * members stand in the request. BASE_UNKNOWN_FIELD for a member that this request does not know, BASE_FIELD for one of
 * the body that is missing, of another type or longer than it may be: one sentence that begins with the member's name
 * and says what is allowed. Requests of others than the local gate pass. */
BASE_NODISCARD enum base_code core_asked_check(enum link_request_code code, const struct wire_json *request,
                                               const struct wire_json *document, struct base_error *err);

#endif
