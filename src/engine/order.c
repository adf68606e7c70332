/* SPDX-License-Identifier: Apache-2.0
 * The messages of a case in their order, from what they follow: each after those that it follows, concurrent ones by
 * id, so that all nodes have them alike. */
#include "engine/order.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define NO_MESSAGE UINT32_MAX

static void edges_free(struct engine_edges *edges) {
  free(edges->at);
  free(edges->to);
  *edges = (struct engine_edges){0};
}
#define AUTO_EDGES __attribute__((cleanup(edges_free)))

static bool edges_make(struct engine_edges *edges, size_t nodes, size_t count) {
  edges->at = calloc(nodes + 1, sizeof *edges->at);
  edges->to = calloc(count + 1, sizeof *edges->to);
  return edges->at && edges->to;
}

static enum base_code no_memory(struct base_error *err) {
  return base_fail(err, BASE_MEMORY, "no memory left to order the messages of a case");
}

/* --- order */

/* Ascending by id, while the messages stay where they are: their headers are met in the order in which they lie in memory,
 * and what is searched again and again lies close together. */
static int by_id(const void *a, const void *b) {
  const struct engine_order_key *left = a, *right = b;
  if (left->key != right->key)
    return left->key < right->key ? -1 : 1;
  return base_id_compare(&left->message->id, &right->message->id);
}

/* The first octets of an id, as a number. */
static uint64_t key_of(const struct base_id *id) {
  uint64_t key;
  memcpy(&key, id->bytes, sizeof key);
  return be64toh(key);
}

static enum base_code sort_keys(struct engine_order *order, struct base_error *err) {
  order->keys = malloc(order->count * sizeof *order->keys);
  if (!order->keys)
    return no_memory(err);
  for (size_t i = 0; i < order->count; i++)
    order->keys[i] = (struct engine_order_key){.key = key_of(&order->messages[i].id), .message = &order->messages[i]};
  qsort(order->keys, order->count, sizeof *order->keys, by_id);
  return BASE_OK;
}

/* NO_MESSAGE when none has it */
static uint32_t find_message(const struct engine_order *order, const struct base_id *id) {
  const struct engine_order_key *keys = order->keys;
  const uint64_t key = key_of(id);
  size_t from = 0;
  for (size_t left = order->count, half; left > 1; left -= half) {
    half = left / 2;
    from += keys[from + half - 1].key < key ? half : 0; /* no branch: it would be guessed wrongly every other time */
  }
  /* the first that is not smaller, or the last */
  while (from < order->count && keys[from].key == key && !base_id_equal(&keys[from].message->id, id))
    from++;
  return from < order->count && keys[from].key == key ? (uint32_t)(keys[from].message - order->messages) : NO_MESSAGE;
}

static enum base_code check_twice(const struct engine_order *order, struct base_error *err) {
  const struct engine_order_key *keys = order->keys;
  for (size_t i = 1; i < order->count; i++)
    if (keys[i].key == keys[i - 1].key && base_id_equal(&keys[i].message->id, &keys[i - 1].message->id))
      return base_fail(err, BASE_FIELD, "message %s stands twice among the messages of its case",
                       base_id_text(&keys[i].message->id).text);
  return BASE_OK;
}

static enum base_code check_ids(const struct engine_order *order, struct base_error *err) {
  const struct engine_message *opening = NULL;
  for (size_t i = 0; i < order->count; i++) {
    const struct engine_message *message = &order->messages[i];
    if (message->header->opens && opening)
      return base_fail(err, BASE_FIELD, "messages %s and %s both open the case", base_id_text(&opening->id).text,
                       base_id_text(&message->id).text);
    if (message->header->opens)
      opening = message;
  }
  if (!opening)
    return base_fail(err, BASE_FIELD, "the message that opens the case is missing");
  for (size_t i = 0; i < order->count; i++) {
    const struct engine_message *message = &order->messages[i];
    if (message != opening && !base_id_equal(&message->header->case_id, &opening->id))
      return base_fail(err, BASE_FIELD, "message %s is not of case %s", base_id_text(&message->id).text,
                       base_id_text(&opening->id).text);
    if (message->header->exercise != opening->header->exercise)
      return base_fail(err, BASE_FIELD, "message %s is %s, and case %s is not", base_id_text(&message->id).text,
                       message->header->exercise ? "of an exercise" : "real", base_id_text(&opening->id).text);
    if ((message == opening) != (message->header->follow_count == 0))
      return base_fail(err, BASE_FIELD, "message %s: only the opening message, and it alone, follows none",
                       base_id_text(&message->id).text);
  }
  return BASE_OK;
}

static enum base_code find_follows(struct engine_order *order, struct base_error *err) {
  size_t total = 0;
  for (size_t i = 0; i < order->count; i++)
    total += order->messages[i].header->follow_count;
  if (!edges_make(&order->follows, order->count, total))
    return no_memory(err);
  uint32_t used = 0;
  for (size_t i = 0; i < order->count; i++) {
    const struct engine_message *message = &order->messages[i];
    for (size_t j = 0; j < message->header->follow_count; j++) {
      const struct base_id *followed = &message->header->follows[j];
      uint32_t found = find_message(order, followed);
      if (found == NO_MESSAGE)
        return base_fail(err, BASE_FIELD, "message %s follows %s, which is missing",
                         base_id_text(&message->id).text, base_id_text(followed).text);
      order->follows.to[used++] = found;
    }
    order->follows.at[i + 1] = used;
  }
  return BASE_OK;
}

/* The same edges, seen from the message that is followed. */
static bool reverse_edges(const struct engine_edges *edges, size_t count, struct engine_edges *out) {
  uint32_t total = edges->at[count];
  if (!edges_make(out, count + 1, total))
    return false;
  /* at[i + 2] counts, then at[i + 1] is the place to write, and in the end where i's successor begins */
  for (uint32_t i = 0; i < total; i++)
    out->at[edges->to[i] + 2]++;
  for (size_t i = 2; i <= count; i++)
    out->at[i] += out->at[i - 1];
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = edges->at[i]; j < edges->at[i + 1]; j++)
      out->to[out->at[edges->to[j] + 1]++] = i;
  return true;
}

/* Depths by taking away, again and again, the messages whose followed ones are all done (Kahn). */
static enum base_code compute_depths(struct engine_order *order, struct base_error *err) {
  AUTO_EDGES struct engine_edges next = {0};
  BASE_AUTO_FREE uint32_t *waiting = calloc(order->count, sizeof *waiting);
  BASE_AUTO_FREE uint32_t *queue = calloc(order->count, sizeof *queue);
  if (!waiting || !queue || !reverse_edges(&order->follows, order->count, &next))
    return no_memory(err);
  size_t done = 0, queued = 0;
  for (uint32_t i = 0; i < order->count; i++) {
    order->messages[i].depth = 0;
    waiting[i] = order->follows.at[i + 1] - order->follows.at[i];
    if (waiting[i] == 0)
      queue[queued++] = i;
  }
  while (done < queued) {
    uint32_t at = queue[done++];
    uint32_t depth = order->messages[at].depth + 1;
    for (uint32_t j = next.at[at]; j < next.at[at + 1]; j++) {
      struct engine_message *later = &order->messages[next.to[j]];
      if (later->depth < depth)
        later->depth = depth;
      if (--waiting[next.to[j]] == 0)
        queue[queued++] = next.to[j];
    }
  }
  if (done < order->count)
    return base_fail(err, BASE_FIELD, "the messages of a case follow each other in a circle");
  return BASE_OK;
}

/* Where each place takes its message from: along each circle of places, so that those that are right stay untouched. */
static void permute(struct engine_message *messages, uint32_t *came_from, size_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (came_from[i] == i)
      continue;
    struct engine_message first = messages[i];
    uint32_t to = i;
    for (uint32_t from; (from = came_from[to]) != i; to = from) {
      messages[to] = messages[from];
      came_from[to] = to;
    }
    messages[to] = first;
    came_from[to] = to;
  }
}

/* Into the order (depth, id), the edges with them. A stable counting sort: depths are smaller than count. */
static enum base_code put_in_order(struct engine_order *order, struct base_error *err) {
  size_t count = order->count;
  const struct engine_edges *old = &order->follows;
  AUTO_EDGES struct engine_edges sorted = {0};
  BASE_AUTO_FREE uint32_t *next = calloc(count + 1, sizeof *next);
  BASE_AUTO_FREE uint32_t *place = calloc(count, sizeof *place);
  BASE_AUTO_FREE uint32_t *came_from = calloc(count, sizeof *came_from);
  if (!next || !place || !came_from || !edges_make(&sorted, count, old->at[count]))
    return no_memory(err);
  for (size_t i = 0; i < count; i++)
    next[order->messages[i].depth + 1]++;
  for (size_t i = 1; i <= count; i++)
    next[i] += next[i - 1];
  for (size_t i = 0; i < count; i++) {
    const struct engine_message *message = order->keys[i].message;
    uint32_t from = (uint32_t)(message - order->messages);
    place[from] = next[message->depth]++;
    came_from[place[from]] = from;
  }
  uint32_t used = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t from = came_from[i];
    for (uint32_t j = old->at[from]; j < old->at[from + 1]; j++)
      sorted.to[used++] = place[old->to[j]];
    sorted.at[i + 1] = used;
  }
  permute(order->messages, came_from, count);
  edges_free(&order->follows);
  order->follows = sorted;
  sorted = (struct engine_edges){0};
  return BASE_OK;
}

enum base_code engine_order_make(struct engine_order *order, struct base_error *err) {
  enum base_code code = sort_keys(order, err);
  if (!code)
    code = check_twice(order, err);
  if (!code)
    code = check_ids(order, err);
  if (!code)
    code = find_follows(order, err);
  if (!code)
    code = compute_depths(order, err);
  if (!code)
    code = put_in_order(order, err);
  return code;
}

void engine_order_free(struct engine_order *order) {
  free(order->keys);
  edges_free(&order->follows);
}

/* --- parties */

unsigned engine_party_of(const struct wire_header *opening, struct base_view origin) {
  unsigned i = 0;
  while (i < opening->party_count && !base_view_equal(opening->parties[i], origin))
    i++;
  return i < opening->party_count ? i : ENGINE_NOBODY;
}

/* Every message of an author follows his previous one, so a party's messages form a chain. Where two hang on the same
 * one (or on none), he told two stories. Messages are in order, so the latest own one that is followed has the highest
 * index. */
enum base_code engine_order_equivocation(struct engine_order *order, bool *out_flagged, struct base_error *err) {
  bool flagged = false;
  uint32_t first[WIRE_PARTIES_MAX];
  memset(first, 0xFF, sizeof first);
  BASE_AUTO_FREE uint32_t *successor = malloc(order->count * sizeof *successor);
  BASE_AUTO_FREE uint8_t *author = malloc(order->count);
  if (!successor || !author)
    return no_memory(err);
  for (uint32_t i = 0; i < order->count; i++) {
    successor[i] = NO_MESSAGE;
    author[i] = order->messages[i].party;
    if (author[i] == ENGINE_NOBODY)
      continue;
    uint32_t previous = NO_MESSAGE;
    for (uint32_t j = order->follows.at[i]; j < order->follows.at[i + 1]; j++) {
      uint32_t followed = order->follows.to[j];
      if (author[followed] == author[i] && (previous == NO_MESSAGE || followed > previous))
        previous = followed;
    }
    uint32_t *taken = previous == NO_MESSAGE ? &first[author[i]] : &successor[previous];
    if (*taken == NO_MESSAGE) {
      *taken = i;
    } else {
      order->messages[*taken].equivocal = order->messages[i].equivocal = true;
      flagged = true;
    }
  }
  *out_flagged = flagged;
  return BASE_OK;
}

/* Which parties have a message that descends from each, handed back from the last message to the first. */
enum base_code engine_order_settled(struct engine_order *order, struct base_error *err) {
  const struct wire_header *opening = order->messages[0].header;
  BASE_AUTO_FREE uint32_t *reached = calloc(order->count, sizeof *reached);
  if (!reached)
    return no_memory(err);
  uint32_t everybody = ((uint32_t)1 << opening->party_count) - 1;
  for (size_t i = order->count; i-- > 0;) {
    unsigned author = order->messages[i].party;
    if (author != ENGINE_NOBODY)
      reached[i] |= (uint32_t)1 << author;
    order->messages[i].settled = reached[i] == everybody;
    for (uint32_t j = order->follows.at[i]; j < order->follows.at[i + 1]; j++)
      reached[order->follows.to[j]] |= reached[i];
  }
  return BASE_OK;
}
