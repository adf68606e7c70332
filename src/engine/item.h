/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_ENGINE_ITEM_H
#define WASL_ENGINE_ITEM_H

#include "engine/engine.h"

/* The items of a case: spec/case.md, "Items". Of other folders core counts what each of them brings (core/balance.c).
 */

/* What a message is judged by. */
struct engine_scene {
  const struct wire_kind *kind;
  const struct wire_header *opening;
  const struct engine_message *messages; /* in order; those before the one that is judged are computed */
  size_t count;
  size_t state; /* of the case */
};
/* Where a message would open an item, for the ids that messages name; empty when the kind has no items. */
struct engine_item_index {
  struct engine_item_place *places; /* ascending by id */
  size_t count;
};
struct engine_item_place {
  struct base_id id; /* the first member */
  uint32_t at;
};

/* In order. Freed with engine_item_index_free, also after a failure. */
BASE_NODISCARD enum base_code engine_item_index_make(const struct engine_scene *scene, struct engine_item_index *out,
                                                     struct base_error *err);
void engine_item_index_free(struct engine_item_index *index);
/* The place of the message that opened the item which this one names, ENGINE_NO_ITEM when it is none of the right name.
 * index NULL: looked for among all. */
uint32_t engine_item_named(const struct engine_scene *scene, const struct engine_item_index *index,
                           const struct wire_kind_type *type, const struct wire_header *header);
/* The transition by which this party opens an item of type->opens; NULL, and why not. */
const struct wire_item_transition *engine_item_begins(const struct engine_scene *scene,
                                                      const struct wire_kind_type *type, unsigned party,
                                                      char why[ENGINE_WHY]);
/* The one that takes a message of this type from this party about the item opened at this place; NULL, and why not,
 * unless why is NULL. *out_agrees: it only agrees, somebody is missing. */
const struct wire_item_transition *engine_item_takes(const struct engine_scene *scene,
                                                     const struct wire_kind_type *type, unsigned party, uint32_t item,
                                                     bool *out_agrees, char why[ENGINE_WHY]);
/* The parties, a bit each, whose consent a message of this type about that item still lacks, once one has sent it; 0: none. */
uint32_t engine_item_lacks(const struct engine_scene *scene, const struct wire_kind_type *type, uint32_t item);
/* The one place where the state of an item changes, among the same messages: the one there opens it … */
void engine_item_begin(const struct engine_scene *scene, struct engine_message *messages, uint32_t at,
                       const struct wire_item_transition *transition);
/* … or is about the one opened at item. */
void engine_item_move(const struct engine_scene *scene, struct engine_message *messages, uint32_t at, uint32_t item,
                      const struct wire_item_transition *transition, bool agrees);

#endif
