/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_ENGINE_APART_H
#define WASL_ENGINE_APART_H

#include "engine/item.h"

/* Messages whose periods lie apart from each other: spec/kind.md, "Apart". Not for other folders. */

/* What the messages of such types say, and which of them took effect so far; empty when the kind has none. */
struct engine_apart_index {
  struct engine_apart_place *places; /* by type, beginning and place */
  uint8_t *taken;                    /* 1 for each of them that took effect */
  size_t count;
};

/* In order. Freed with engine_apart_index_free, also after a failure. */
BASE_NODISCARD enum base_code engine_apart_index_make(const struct engine_scene *scene, struct engine_apart_index *out,
                                                      struct base_error *err);
void engine_apart_index_free(struct engine_apart_index *index);
/* Whether this message, of such a type, is about a period, and about none of one that took effect; else why not. index
 * NULL: looked for among all messages of the scene, of which it is none; else it is the one at this place. */
bool engine_apart_takes(const struct engine_scene *scene, const struct engine_apart_index *index, uint32_t at,
                        const struct wire_kind_type *type, const struct wire_header *header, char why[ENGINE_WHY]);
/* It took effect. */
void engine_apart_take(const struct engine_scene *scene, struct engine_apart_index *index, uint32_t at);

#endif
