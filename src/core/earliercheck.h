/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_EARLIERCHECK_H
#define WASL_CORE_EARLIERCHECK_H

#include "core/cases.h"

/* Whether the dates and times of a form, checked by its kind, are what they must be to those of the messages before it: spec/kind.md,
 * "Values against each other". Where such a message, its content or the field is not there, nothing is refused.
 * header: of this form, with its state fields; what it moves has been looked at. */
BASE_NODISCARD enum base_code core_earlier_check(struct core *core, const struct core_case *kase,
                                                 const struct wire_kind_type *type, const struct wire_header *header,
                                                 const struct wire_json *fields, struct base_error *err);

#endif
