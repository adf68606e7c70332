/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CASEAPART_H
#define WASL_CORE_CASEAPART_H

#include "core/caseitem.h"

/* Messages whose periods lie apart from each other: spec/kind.md, "Apart". Used by casestate.c alone. */

/* What the messages of such types say, and which of them took effect so far; empty when the kind has none. */
struct core_apart_index {
  struct core_apart_place *places; /* by type, beginning and place */
  uint8_t *taken;                  /* 1 for each of them that took effect */
  size_t count;
};

/* In order. Freed with core_apart_index_free, also after a failure. */
BASE_NODISCARD enum base_code core_apart_index_make(const struct core_item_scene *scene, struct core_apart_index *out,
                                                    struct base_error *err);
void core_apart_index_free(struct core_apart_index *index);
/* Whether this message, of such a type, is about a period, and about none of one that took effect; else why not. index NULL: looked
 * for among all messages of the scene, of which it is none; else it is the one at this place. */
bool core_apart_takes(const struct core_item_scene *scene, const struct core_apart_index *index, uint32_t at,
                      const struct wire_kind_type *type, const struct wire_header *header, char why[CORE_CASE_WHY]);
/* It took effect. */
void core_apart_take(const struct core_item_scene *scene, struct core_apart_index *index, uint32_t at);

#endif
