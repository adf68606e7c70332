/* SPDX-License-Identifier: Apache-2.0
 * Messages whose periods lie apart from each other: of two that overlap the second has no effect. spec/kind.md, "Apart". */
#include "engine/apart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine_apart_place {
  struct law_period said;
  uint32_t at;
  uint8_t type; /* of the message, as there */
};

/* False: it says none, or one that is over before it begins. */
static bool said_by(const struct wire_kind_type *type, const struct wire_header *header, struct law_period *out) {
  return law_period_said(header, type->apart->from, type->apart->to, out) && out->from < out->to;
}

static bool overlap(struct law_period one, struct law_period other) {
  return one.from < other.to && other.from < one.to;
}

/* --- the index */

static int by_time(const void *a, const void *b) {
  const struct engine_apart_place *one = a, *other = b;
  if (one->type != other->type)
    return one->type < other->type ? -1 : 1;
  if (one->said.from != other->said.from)
    return one->said.from < other->said.from ? -1 : 1;
  return (one->at > other->at) - (one->at < other->at);
}

/* Where a message stands in the index that it would have. False: in none. */
static bool place_of(const struct engine_scene *scene, uint32_t at, struct engine_apart_place *out) {
  const struct engine_message *message = &scene->messages[at];
  const struct wire_kind_type *type = message->type != 0 ? &scene->kind->types[message->type - 1] : NULL;
  *out = (struct engine_apart_place){.at = at, .type = message->type};
  return type != NULL && type->apart != NULL && said_by(type, message->header, &out->said);
}

enum base_code engine_apart_index_make(const struct engine_scene *scene, struct engine_apart_index *out,
                                       struct base_error *err) {
  *out = (struct engine_apart_index){0};
  if (scene->kind->apart_count == 0)
    return BASE_OK;
  out->places = calloc(scene->count, sizeof *out->places + sizeof *out->taken);
  if (out->places == NULL)
    return base_fail(err, BASE_MEMORY, "no memory left for the periods in a case");
  out->taken = (uint8_t *)(out->places + scene->count);
  for (uint32_t i = 0; i < scene->count; i++)
    out->count += place_of(scene, i, &out->places[out->count]);
  qsort(out->places, out->count, sizeof *out->places, by_time);
  return BASE_OK;
}

void engine_apart_index_free(struct engine_apart_index *index) {
  free(index->places);
  *index = (struct engine_apart_index){0};
}

static size_t rank_of(const struct engine_scene *scene, const struct engine_apart_index *index, uint32_t at) {
  struct engine_apart_place own;
  (void)place_of(scene, at, &own);
  const struct engine_apart_place *found = bsearch(&own, index->places, index->count, sizeof own, by_time);
  return (size_t)(found - index->places); /* it is there: it says a period */
}

void engine_apart_take(const struct engine_scene *scene, struct engine_apart_index *index, uint32_t at) {
  index->taken[rank_of(scene, index, at)] = 1;
}

/* --- the first in time that took effect and overlaps; ENGINE_NO_ITEM: none does */

/* Those that took effect lie apart. So it is the last of them that begins before this one does, or the next one. */
static uint32_t found_in(const struct engine_scene *scene, const struct engine_apart_index *index, uint32_t at) {
  const size_t rank = rank_of(scene, index, at);
  const struct engine_apart_place *own = &index->places[rank];
  const uint8_t *beside[] = {memrchr(index->taken, 1, rank), memchr(index->taken + rank, 1, index->count - rank)};
  for (size_t i = 0; i < 2; i++) {
    const struct engine_apart_place *other = beside[i] != NULL ? &index->places[beside[i] - index->taken] : NULL;
    if (other != NULL && other->type == own->type && overlap(other->said, own->said))
      return other->at;
  }
  return ENGINE_NO_ITEM;
}

static uint32_t found_among(const struct engine_scene *scene, const struct wire_kind_type *type,
                            struct law_period said) {
  uint32_t found = ENGINE_NO_ITEM;
  struct law_period earliest = {.from = INT64_MAX}, other = {0};
  for (uint32_t i = 0; i < scene->count; i++) {
    const struct engine_message *message = &scene->messages[i];
    if (!message->effective || &scene->kind->types[message->type - 1] != type)
      continue;
    (void)said_by(type, message->header, &other); /* it took effect: it says one */
    if (!overlap(other, said) || other.from > earliest.from)
      continue;
    earliest = other;
    found = i;
  }
  return found;
}

static struct base_view text_of(const struct wire_header *header, struct base_view field) {
  return wire_header_state(header, (const char *)field.data);
}

bool engine_apart_takes(const struct engine_scene *scene, const struct engine_apart_index *index, uint32_t at,
                        const struct wire_kind_type *type, const struct wire_header *header, char why[ENGINE_WHY]) {
  const struct wire_kind_apart *apart = type->apart;
  struct law_period said;
  if (!said_by(type, header, &said)) {
    (void)snprintf(why, ENGINE_WHY, "from %s to %s is no period", (const char *)apart->from.data,
                   (const char *)apart->to.data);
    return false;
  }
  uint32_t first = index != NULL ? found_in(scene, index, at) : found_among(scene, type, said);
  if (first == ENGINE_NO_ITEM)
    return true;
  const struct engine_message *message = &scene->messages[first];
  struct base_view from = text_of(message->header, apart->from), to = text_of(message->header, apart->to);
  (void)snprintf(why, ENGINE_WHY, "its period overlaps with that of %.12s…, from %.*s to %.*s",
                 base_id_text(&message->id).text, (int)from.size, (const char *)from.data, (int)to.size,
                 (const char *)to.data);
  return false;
}
