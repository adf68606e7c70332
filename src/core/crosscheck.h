/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CROSSCHECK_H
#define WASL_CORE_CROSSCHECK_H

#include "core/show.h"

/* What this node holds about the same: values of content as keyed tokens, noted when a message is stored, gone with its content
 * (crosscheck.c, show_crosscheck.c). spec/crosscheck.md. Not for others. */

enum {
  CORE_CROSSCHECK_HITS = 256,   /* told in one answer */
  CORE_CROSSCHECK_VALUES = 512, /* of one case that are looked for */
};
/* The place of a value in its message, as it is stored. */
static inline uint32_t core_crosscheck_place(size_t field, size_t row, enum wire_match sort) {
  return (uint32_t)(field << 12 | row << 4 | sort);
}
/* Within the step that stores it, from part 0's fields. */
BASE_NODISCARD enum base_code core_crosscheck_note(struct core *core, const struct base_id *message,
                                                   const struct wire_kind_type *type, const struct wire_json *fields,
                                                   struct base_error *err);
/* Of a message as it is stored: what is noted of it is what it holds, and nothing when fields is NULL. What differs is named and
 * noted anew. */
BASE_NODISCARD enum base_code core_crosscheck_check(struct core *core, const struct store_message *row,
                                                    const struct wire_header *header, const struct wire_json *fields,
                                                    struct base_error *err);
core_show_handler core_show_crosscheck;

#endif
