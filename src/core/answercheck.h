/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_ANSWERCHECK_H
#define WASL_CORE_ANSWERCHECK_H

#include "core/cases.h"

/* Whether a form, checked by its kind, answers what the message that opened the case asks, and nothing else: spec/kind.md,
 * "Answers". Where its content is gone, or does not open, nobody can say, and nothing is refused. */
BASE_NODISCARD enum base_code core_answer_check(struct core *core, const struct core_case *kase,
                                                const struct wire_kind_type *type, const struct wire_json *fields,
                                                struct base_error *err);

#endif
