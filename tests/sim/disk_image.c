/* SPDX-License-Identifier: Apache-2.0 */
#include "disk_image.h"

#include <stdlib.h>
#include <string.h>

#include "disk.h"

struct image_sector {
  uint32_t references;
  uint8_t bytes[DISK_SECTOR];
};
struct image_change {
  struct image_change *next;
  bool truncate;
  uint64_t size; /* truncate: the file's size; else where the write ended */
  uint64_t first;
  size_t count;
  struct image_sector *after[]; /* the sectors from first on, as the change left them */
};

/* Zeroes that were written take room, unlike holes, but no memory. */
static struct image_sector zeroes = {.references = 1};

static void *must(void *memory) {
  if (memory == NULL)
    abort();
  return memory;
}

static struct image_sector *sector_hold(struct image_sector *sector) {
  if (sector != NULL && sector != &zeroes)
    sector->references++;
  return sector;
}

static void sector_drop(struct image_sector *sector) {
  if (sector != NULL && sector != &zeroes && --sector->references == 0)
    free(sector);
}

static void map_reserve(struct image_map *map, uint64_t count) {
  if (count <= map->count)
    return;
  size_t room = map->count == 0 ? 16 : map->count;
  while (room < count)
    room *= 2;
  map->sectors = must(realloc(map->sectors, room * sizeof *map->sectors));
  memset(map->sectors + map->count, 0, (room - map->count) * sizeof *map->sectors);
  map->count = room;
}

static void map_put(struct image_map *map, uint64_t at, struct image_sector *sector) {
  map_reserve(map, at + 1);
  struct image_sector *old = map->sectors[at];
  map->sectors[at] = sector_hold(sector);
  map->held = map->held + (sector != NULL) - (old != NULL);
  sector_drop(old);
}

static void map_resize(struct image_map *map, uint64_t size) {
  for (uint64_t i = (size + DISK_SECTOR - 1) / DISK_SECTOR; i < map->count; i++)
    map_put(map, i, NULL);
  map->size = size;
}

static void map_free(struct image_map *map) {
  for (size_t i = 0; i < map->count; i++)
    sector_drop(map->sectors[i]);
  free(map->sectors);
  *map = (struct image_map){0};
}

static void map_copy(struct image_map *to, const struct image_map *from) {
  map_free(to);
  to->size = from->size;
  to->count = (size_t)((from->size + DISK_SECTOR - 1) / DISK_SECTOR);
  to->sectors = must(calloc(to->count + 1, sizeof *to->sectors));
  for (size_t i = 0; i < to->count && i < from->count; i++) {
    to->sectors[i] = sector_hold(from->sectors[i]);
    to->held += to->sectors[i] != NULL;
  }
}

static void changes_drop(struct image *image) {
  while (image->changes != NULL) {
    struct image_change *change = image->changes;
    image->changes = change->next;
    for (size_t i = 0; i < change->count; i++)
      sector_drop(change->after[i]);
    free(change);
  }
  image->changes_end = &image->changes;
}

void image_init(struct image *image) {
  *image = (struct image){0};
  image->changes_end = &image->changes;
}

void image_free(struct image *image) {
  changes_drop(image);
  map_free(&image->now);
  map_free(&image->safe);
}

void image_copy(struct image *to, const struct image *from) {
  map_copy(&to->now, &from->now);
  map_copy(&to->safe, &from->now);
}

size_t image_read(const struct image *image, uint64_t offset, void *out, size_t size) {
  if (offset >= image->now.size)
    return 0;
  if (size > image->now.size - offset)
    size = (size_t)(image->now.size - offset);
  uint8_t *to = out;
  for (size_t done = 0; done < size;) {
    uint64_t at = (offset + done) / DISK_SECTOR;
    size_t from = (size_t)((offset + done) % DISK_SECTOR);
    size_t part = DISK_SECTOR - from < size - done ? DISK_SECTOR - from : size - done;
    const struct image_sector *sector = at < image->now.count ? image->now.sectors[at] : NULL;
    memcpy(to + done, (sector == NULL ? &zeroes : sector)->bytes + from, part);
    done += part;
  }
  return size;
}

/* The sector with these octets in it, in the place of what is there now. Returns a reference for the change. */
static struct image_sector *put_octets(struct image_map *map, uint64_t at, size_t from, const uint8_t *data,
                                       size_t size) {
  map_reserve(map, at + 1);
  struct image_sector *made = must(malloc(sizeof *made));
  if (size < sizeof made->bytes)
    *made = map->sectors[at] == NULL ? zeroes : *map->sectors[at];
  memcpy(made->bytes + from, data, size);
  made->references = 1;
  if (memcmp(made->bytes, zeroes.bytes, sizeof made->bytes) == 0) {
    free(made);
    made = &zeroes;
  }
  map_put(map, at, made);
  return made;
}

static struct image_change *change_add(struct image *image, bool truncate, uint64_t size, uint64_t first,
                                       size_t count) {
  struct image_change *change = must(calloc(1, sizeof *change + count * sizeof change->after[0]));
  *change = (struct image_change){.truncate = truncate, .size = size, .first = first, .count = count};
  *image->changes_end = change;
  image->changes_end = &change->next;
  return change;
}

/* How much of the write finds room, sector by sector. */
static size_t fitting(const struct image *image, uint64_t offset, size_t size, uint64_t *room) {
  for (size_t done = 0; done < size;) {
    uint64_t at = (offset + done) / DISK_SECTOR;
    size_t rest = DISK_SECTOR - (size_t)((offset + done) % DISK_SECTOR);
    if (at >= image->now.count || image->now.sectors[at] == NULL) {
      if (*room == 0)
        return done;
      (*room)--;
    }
    done += rest < size - done ? rest : size - done;
  }
  return size;
}

size_t image_write(struct image *image, uint64_t offset, const void *data, size_t size, uint64_t *room) {
  size = fitting(image, offset, size, room);
  if (size == 0)
    return 0;
  uint64_t first = offset / DISK_SECTOR, last = (offset + size - 1) / DISK_SECTOR;
  struct image_change *change = change_add(image, false, offset + size, first, (size_t)(last - first + 1));
  const uint8_t *from = data;
  for (size_t done = 0, i = 0; done < size; i++) {
    size_t start = (size_t)((offset + done) % DISK_SECTOR);
    size_t part = DISK_SECTOR - start < size - done ? DISK_SECTOR - start : size - done;
    change->after[i] = put_octets(&image->now, first + i, start, from + done, part);
    done += part;
  }
  if (image->now.size < offset + size)
    image->now.size = offset + size;
  return size;
}

bool image_allocate(struct image *image, uint64_t offset, uint64_t size, uint64_t *room) {
  uint64_t first = offset / DISK_SECTOR, last = (offset + size - 1) / DISK_SECTOR;
  struct image_change *change = change_add(image, false, offset + size, first, (size_t)(last - first + 1));
  bool fits = true;
  map_reserve(&image->now, last + 1);
  for (uint64_t at = first; at <= last; at++) {
    bool hole = image->now.sectors[at] == NULL;
    fits = fits && (!hole || *room > 0);
    if (!fits) {
      change->size = at * DISK_SECTOR < image->now.size ? image->now.size : at * DISK_SECTOR;
      change->count = (size_t)(at - first);
      break;
    }
    *room -= hole;
    if (hole)
      map_put(&image->now, at, &zeroes);
    change->after[at - first] = sector_hold(image->now.sectors[at]);
  }
  if (image->now.size < change->size)
    image->now.size = change->size;
  return fits;
}

void image_truncate(struct image *image, uint64_t size) {
  size_t tail = (size_t)(size % DISK_SECTOR);
  uint64_t at = size / DISK_SECTOR;
  bool cuts = tail > 0 && size < image->now.size && at < image->now.count && image->now.sectors[at] != NULL;
  struct image_change *change = change_add(image, true, size, at, cuts ? 1 : 0);
  map_resize(&image->now, size);
  if (cuts)
    change->after[0] = put_octets(&image->now, at, tail, zeroes.bytes, DISK_SECTOR - tail);
}

bool image_pending(const struct image *image) {
  return image->changes != NULL;
}

static void apply(struct image_map *map, const struct image_change *change) {
  if (change->truncate)
    map_resize(map, change->size);
  else if (map->size < change->size)
    map->size = change->size;
  for (size_t i = 0; i < change->count; i++)
    map_put(map, change->first + i, change->after[i]);
}

/* Any sectors of the change; the file's size follows the change, or only what of it is there. */
static void apply_some(struct image_map *map, const struct image_change *change, uint64_t *random) {
  bool sized = disk_random(random) % 2 == 0;
  if (change->truncate) {
    if (sized)
      apply(map, change);
    return;
  }
  for (size_t i = 0; i < change->count; i++) {
    if (disk_random(random) % 2 == 0)
      continue;
    map_put(map, change->first + i, change->after[i]);
    uint64_t end = (change->first + i + 1) * DISK_SECTOR;
    end = end < change->size ? end : change->size;
    if (map->size < end)
      map->size = end;
  }
  if (sized && map->size < change->size)
    map->size = change->size;
}

void image_sync(struct image *image) {
  for (const struct image_change *change = image->changes; change != NULL; change = change->next)
    apply(&image->safe, change);
  changes_drop(image);
}

void image_sync_failed(struct image *image, uint64_t *random) {
  for (const struct image_change *change = image->changes; change != NULL; change = change->next)
    apply_some(&image->safe, change, random);
  image->astray = true;
  changes_drop(image);
}

/* What the file's size covers and nobody wrote: on some file systems what was there before. */
static void rubbish(struct image_map *map, uint64_t from, uint64_t *random) {
  for (uint64_t at = (from + DISK_SECTOR - 1) / DISK_SECTOR; at * DISK_SECTOR < map->size; at++) {
    map_reserve(map, at + 1);
    if (map->sectors[at] != NULL)
      continue;
    uint8_t bytes[DISK_SECTOR];
    for (size_t i = 0; i < sizeof bytes; i += sizeof(uint64_t)) {
      uint64_t next = disk_random(random);
      memcpy(bytes + i, &next, sizeof next);
    }
    sector_drop(put_octets(map, at, 0, bytes, sizeof bytes));
  }
}

void image_cut(struct image *image, enum image_cut how, uint64_t *random) {
  uint64_t size = image->safe.size, count = 0;
  if (image->changes == NULL && !image->astray)
    return;
  for (const struct image_change *change = image->changes; change != NULL; change = change->next)
    count++;
  uint64_t last = how == IMAGE_PREFIX ? disk_random(random) % (count + 1) : count;
  const struct image_change *change = how == IMAGE_LOST ? NULL : image->changes;
  for (uint64_t i = 0; change != NULL && i <= last; i++, change = change->next)
    if (how == IMAGE_ANY || i == last)
      apply_some(&image->safe, change, random);
    else
      apply(&image->safe, change);
  if (how == IMAGE_ANY && disk_random(random) % 4 == 0)
    rubbish(&image->safe, size, random);
  changes_drop(image);
  image->astray = false;
  map_copy(&image->now, &image->safe);
}

uint64_t image_sectors(const struct image *image) {
  return image->now.held;
}
