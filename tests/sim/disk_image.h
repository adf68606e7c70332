/* SPDX-License-Identifier: Apache-2.0
 * The content of a simulated file: what reads see, what is durable, and the changes between the two. */
#ifndef WASL_TESTS_SIM_DISK_IMAGE_H
#define WASL_TESTS_SIM_DISK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_sector; /* never changed once somebody else refers to it */
struct image_map {
  uint64_t size;
  size_t count; /* of sectors, NULL where nothing was ever written */
  size_t held;  /* of those that are not NULL */
  struct image_sector **sectors;
};
struct image_change;
struct image {
  struct image_map now, safe;
  struct image_change *changes, **changes_end; /* since the last sync, in order */
  bool astray;                                 /* reads see what a failed sync lost */
};

/* How a power cut treats what is pending. */
enum image_cut {
  IMAGE_LOST,
  IMAGE_KEPT,
  IMAGE_PREFIX, /* the first changes, the last of them torn */
  IMAGE_ANY,    /* any sectors of any changes */
  IMAGE_CUTS
};

void image_init(struct image *image);
void image_free(struct image *image);
/* What reads see of from, durably. to is initialised. */
void image_copy(struct image *to, const struct image *from);
size_t image_read(const struct image *image, uint64_t offset, void *out, size_t size);
/* *room: sectors that may still be taken; lessened. Returns how much was written, less than size when room ended. */
size_t image_write(struct image *image, uint64_t offset, const void *data, size_t size, uint64_t *room);
/* Makes every sector of this piece take its room; false when there was not enough, after what there was. */
bool image_allocate(struct image *image, uint64_t offset, uint64_t size, uint64_t *room);
void image_truncate(struct image *image, uint64_t size);
bool image_pending(const struct image *image);
void image_sync(struct image *image);
/* Some sectors get through, the rest is lost although reads see it. */
void image_sync_failed(struct image *image, uint64_t *random);
/* What is durable afterwards is what reads see. */
void image_cut(struct image *image, enum image_cut how, uint64_t *random);
/* Sectors that take room. */
uint64_t image_sectors(const struct image *image);

/* The world's own memory is not the nodes': where a program makes their allocations fail, these do not. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);
#define malloc __libc_malloc
#define calloc __libc_calloc
#define realloc __libc_realloc

#endif
