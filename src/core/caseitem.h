/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CASEITEM_H
#define WASL_CORE_CASEITEM_H

#include "core/casestate.h"

/* The items of a case: spec/case.md, "Items". Used by casestate.c alone. */

/* What a message is judged by. */
struct core_item_scene {
  const struct wire_kind *kind;
  const struct wire_header *opening;
  const struct core_case_message *messages; /* in order; those before the one that is judged are computed */
  size_t count;
  size_t state; /* of the case */
};
/* Where a message would open an item, for the ids that messages name; empty when the kind has no items. */
struct core_item_index {
  struct core_item_place *places; /* ascending by id */
  size_t count;
};
struct core_item_place {
  struct base_id id; /* the first member */
  uint32_t at;
};

/* In order. Freed with core_item_index_free, also after a failure. */
BASE_NODISCARD enum base_code core_item_index_make(const struct core_item_scene *scene, struct core_item_index *out,
                                                   struct base_error *err);
void core_item_index_free(struct core_item_index *index);
/* The place of the message that opened the item which this one names, CORE_NO_ITEM when it is none of the right name.
 * index NULL: looked for among all. */
uint32_t core_item_named(const struct core_item_scene *scene, const struct core_item_index *index,
                         const struct wire_kind_type *type, const struct wire_header *header);
/* The transition by which this party opens an item of type->opens; NULL, and why not. */
const struct wire_item_transition *core_item_begins(const struct core_item_scene *scene,
                                                    const struct wire_kind_type *type, unsigned party,
                                                    char why[CORE_CASE_WHY]);
/* The one that takes a message of this type from this party about the item opened at this place; NULL, and why not,
 * unless why is NULL. *out_agrees: it only agrees, somebody is missing. */
const struct wire_item_transition *core_item_takes(const struct core_item_scene *scene,
                                                   const struct wire_kind_type *type, unsigned party, uint32_t item,
                                                   bool *out_agrees, char why[CORE_CASE_WHY]);
/* The parties, a bit each, whose consent a message of this type about that item still lacks, once one has sent it; 0: none. */
uint32_t core_item_lacks(const struct core_item_scene *scene, const struct wire_kind_type *type, uint32_t item);
/* The one place where the state of an item changes, among the same messages: the one there opens it … */
void core_item_begin(const struct core_item_scene *scene, struct core_case_message *messages, uint32_t at,
                     const struct wire_item_transition *transition);
/* … or is about the one opened at item. */
void core_item_move(const struct core_item_scene *scene, struct core_case_message *messages, uint32_t at, uint32_t item,
                    const struct wire_item_transition *transition, bool agrees);

#endif
