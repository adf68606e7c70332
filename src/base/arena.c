/* SPDX-License-Identifier: Apache-2.0 */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { ALIGNMENT = 16, BLOCK_LEAST = 4096, BLOCK_MOST = 65536 };

struct base_arena_block {
  struct base_arena_block *next;
  size_t used, size;
  alignas(ALIGNMENT) uint8_t data[];
};

void base_arena_init(struct base_arena *arena, size_t limit) {
  *arena = (struct base_arena){.limit = limit};
}

void base_arena_free(struct base_arena *arena) {
  if (arena == NULL)
    return;
  struct base_arena_block *block = arena->head;
  while (block != NULL) {
    struct base_arena_block *next = block->next;
    free(block);
    block = next;
  }
  *arena = (struct base_arena){.limit = arena->limit};
}

/* Of a block for small things: a quarter of what the arena holds already, so that a large one is made of few. */
static size_t usual_room(const struct base_arena *arena) {
  size_t room = arena->used / 4 / ALIGNMENT * ALIGNMENT;
  return room < BLOCK_LEAST ? BLOCK_LEAST : room > BLOCK_MOST ? BLOCK_MOST : room;
}

void *base_arena_alloc(struct base_arena *arena, size_t size) {
  size_t limit = arena->limit == 0 ? BASE_BUF_DEFAULT_LIMIT : arena->limit;
  if (size > SIZE_MAX - ALIGNMENT - sizeof(struct base_arena_block))
    return NULL;
  /* Even nothing gets an address of its own. */
  size_t rounded = (size + (size == 0) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (arena->used > limit || size > limit - arena->used)
    return NULL;
  struct base_arena_block *block = arena->head;
  if (block == NULL || rounded > block->size - block->used) {
    size_t usual = usual_room(arena), room = rounded > usual / 4 ? rounded : usual;
    block = calloc(1, sizeof *block + room);
    if (block == NULL)
      return NULL;
    block->size = room;
    /* A block that is full at once goes behind the head, which may still have room for small things. */
    if (arena->head != NULL && room == rounded) {
      block->next = arena->head->next;
      arena->head->next = block;
    } else {
      block->next = arena->head;
      arena->head = block;
    }
  }
  void *memory = block->data + block->used;
  block->used += rounded;
  arena->used += size;
  return memory;
}

void *base_arena_array(struct base_arena *arena, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total))
    return NULL;
  return base_arena_alloc(arena, total);
}

char *base_arena_text(struct base_arena *arena, struct base_view text) {
  if (text.size == SIZE_MAX)
    return NULL;
  char *copy = base_arena_alloc(arena, text.size + 1);
  if (copy != NULL && text.size > 0)
    memcpy(copy, text.data, text.size);
  return copy;
}

struct base_view base_arena_copy(struct base_arena *arena, struct base_view view) {
  uint8_t *copy = base_arena_alloc(arena, view.size);
  if (copy == NULL)
    return (struct base_view){NULL, 0};
  if (view.size > 0)
    memcpy(copy, view.data, view.size);
  return base_view_of(copy, view.size);
}
