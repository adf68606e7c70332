/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_internal.h"

static struct {
  disk_watch *watch;
  void *context;
  uint64_t devices, total, random;
  bool seeded, asking;
} all = {.random = 1};

void disk_stop(const char *why) {
  fprintf(stderr, "simulated disk: %s\n", why);
  abort();
}

static void *must(void *memory) {
  if (memory == NULL)
    disk_stop("out of memory");
  return memory;
}

/* --- randomness */
uint64_t disk_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void disk_random_fill(void *context, void *out, size_t size) {
  (void)context;
  uint8_t *to = out;
  while (size > 0) {
    uint64_t next = disk_random(&all.random);
    size_t part = size < sizeof next ? size : sizeof next;
    memcpy(to, &next, part);
    to += part;
    size -= part;
  }
}

void disk_seed(uint64_t seed) {
  all.random = seed;
  all.seeded = true;
  all.total = 0;
}

bool disk_seeded(void) {
  return all.seeded;
}
uint64_t *disk_generator(void) {
  return &all.random;
}

/* --- names of a folder */
static size_t names_at(const struct disk_names *names, const char *name) {
  size_t at = 0;
  while (at < names->count && strcmp(names->entries[at].name, name) != 0)
    at++;
  return at;
}

struct disk_node *disk_find(const struct disk_names *names, const char *name) {
  size_t at = names_at(names, name);
  return at < names->count ? names->entries[at].node : NULL;
}

static void names_put(struct disk_names *names, const char *name, struct disk_node *node) {
  size_t at = names_at(names, name);
  if (at == names->count && names->count == names->room) {
    names->room = names->room == 0 ? 8 : 2 * names->room;
    names->entries = must(realloc(names->entries, names->room * sizeof *names->entries));
  }
  names->count += at == names->count;
  snprintf(names->entries[at].name, sizeof names->entries[at].name, "%s", name);
  names->entries[at].node = node;
}

static void names_remove(struct disk_names *names, const char *name) {
  size_t at = names_at(names, name);
  if (at < names->count)
    names->entries[at] = names->entries[--names->count];
}

static void names_copy(struct disk_names *to, const struct disk_names *from) {
  to->count = 0;
  for (size_t i = 0; i < from->count; i++)
    names_put(to, from->entries[i].name, from->entries[i].node);
}

static void names_apply(struct disk_names *names, const struct disk_change *change) {
  if (change->from[0] != '\0')
    names_remove(names, change->from);
  if (change->to[0] != '\0')
    names_put(names, change->to, change->node);
}

void disk_change_name(struct disk_node *folder, const char *from, const char *to, struct disk_node *node) {
  struct disk_change *change = must(calloc(1, sizeof *change));
  snprintf(change->from, sizeof change->from, "%s", from);
  snprintf(change->to, sizeof change->to, "%s", to);
  change->node = node;
  names_apply(&folder->now, change);
  *folder->changes_end = change;
  folder->changes_end = &change->next;
}

static void changes_drop(struct disk_node *folder) {
  while (folder->changes != NULL) {
    struct disk_change *change = folder->changes;
    folder->changes = change->next;
    free(change);
  }
  folder->changes_end = &folder->changes;
}

void disk_sync_folder(struct disk *disk, struct disk_node *folder) {
  for (const struct disk_change *change = folder->changes; change != NULL; change = change->next)
    names_apply(&folder->safe, change);
  changes_drop(folder);
  disk_collect(disk);
}

/* --- nodes */
struct disk_node *disk_make(struct disk *disk, bool folder, mode_t mode) {
  struct disk_node *node = must(calloc(1, sizeof *node));
  node->next = disk->nodes;
  disk->nodes = node;
  node->number = disk->next_number++;
  node->folder = folder;
  node->mode = (mode & 07777u) | (folder ? S_IFDIR : S_IFREG);
  node->changes_end = &node->changes;
  image_init(&node->image);
  return node;
}

static void node_free(struct disk_node *node) {
  changes_drop(node);
  image_free(&node->image);
  free(node->now.entries);
  free(node->safe.entries);
  free(node);
}

static void mark(struct disk_node *node) {
  if (node->marked)
    return;
  node->marked = true;
  for (size_t i = 0; i < node->now.count; i++)
    mark(node->now.entries[i].node);
  for (size_t i = 0; i < node->safe.count; i++)
    mark(node->safe.entries[i].node);
  for (struct disk_change *change = node->changes; change != NULL; change = change->next)
    mark(change->node);
}

void disk_collect(struct disk *disk) {
  for (struct disk_node *node = disk->nodes; node != NULL; node = node->next)
    node->marked = false;
  mark(disk->root);
  for (struct disk_node *node = disk->nodes; node != NULL; node = node->next)
    if (node->open > 0)
      mark(node);
  for (struct disk_node **at = &disk->nodes; *at != NULL;) {
    struct disk_node *node = *at;
    if (node->marked) {
      at = &node->next;
      continue;
    }
    *at = node->next;
    node_free(node);
  }
}

/* --- life */
struct disk *disk_new(const char *name) {
  struct disk *disk = must(calloc(1, sizeof *disk));
  disk->name = name;
  disk->device = ++all.devices;
  disk->room = UINT64_MAX;
  disk->next_number = 2;
  disk->root = disk_make(disk, true, 0700);
  return disk;
}

const char *disk_title(const struct disk *disk) {
  return disk->name;
}

static struct disk_node *copy_tree(struct disk *disk, const struct disk_node *from) {
  struct disk_node *node = disk_make(disk, from->folder, from->mode);
  image_copy(&node->image, &from->image);
  for (size_t i = 0; i < from->now.count; i++)
    names_put(&node->now, from->now.entries[i].name, copy_tree(disk, from->now.entries[i].node));
  names_copy(&node->safe, &node->now);
  return node;
}

void disk_restore(struct disk *disk, const struct disk *from) {
  struct disk_node *old = disk->nodes;
  disk->nodes = NULL;
  disk->root = copy_tree(disk, from->root);
  disk->generation++;
  disk->off = false;
  /* Descriptors of before point at nodes of before: those live on, unreachable, until they are closed. */
  while (old != NULL) {
    struct disk_node *next = old->next;
    changes_drop(old);
    old->now.count = old->safe.count = 0;
    old->lock = NULL;
    old->next = disk->nodes;
    disk->nodes = old;
    old = next;
  }
  disk_collect(disk);
}

struct disk *disk_clone(const struct disk *disk, const char *name) {
  struct disk *clone = disk_new(name);
  disk_restore(clone, disk);
  return clone;
}

void disk_free(struct disk *disk) {
  if (disk == NULL)
    return;
  disk_files_orphan(disk);
  while (disk->nodes != NULL) {
    struct disk_node *node = disk->nodes;
    disk->nodes = node->next;
    node_free(node);
  }
  free(disk);
}

int disk_open(struct disk *disk, const char *path) {
  if (disk->off)
    disk_stop("a disk without power is opened");
  struct disk_node *node = disk->root;
  char name[DISK_NAME_MAX + 1] = ".";
  for (const char *at = path; *at != '\0';) {
    size_t size = strcspn(at, "/");
    if (size > DISK_NAME_MAX)
      disk_stop("a name is too long");
    if (size > 0 && !(size == 1 && at[0] == '.')) {
      memcpy(name, at, size);
      name[size] = '\0';
      struct disk_node *found = disk_find(&node->now, name);
      if (found == NULL) {
        found = disk_make(disk, true, 0700);
        names_put(&node->now, name, found);
        names_put(&node->safe, name, found);
      }
      node = found;
    }
    at += size;
    at += *at == '/';
  }
  return disk_file_of(disk, node, O_RDONLY | O_DIRECTORY, name);
}

/* --- power */
void disk_power_off(struct disk *disk) {
  disk->off = true;
}
bool disk_is_off(const struct disk *disk) {
  return disk->off;
}

static void forget_processes(struct disk *disk) {
  for (struct disk_node *node = disk->nodes; node != NULL; node = node->next)
    node->lock = NULL;
  disk->generation++;
  disk->off = false;
}

void disk_wake(struct disk *disk) {
  forget_processes(disk);
}

static void cut_folder(struct disk_node *folder, enum image_cut how, uint64_t *random) {
  uint64_t count = 0, i = 0;
  for (const struct disk_change *change = folder->changes; change != NULL; change = change->next)
    count++;
  uint64_t kept = how == IMAGE_PREFIX ? disk_random(random) % (count + 1) : count;
  for (const struct disk_change *change = folder->changes; change != NULL; change = change->next, i++)
    if (how == IMAGE_ANY ? disk_random(random) % 2 == 0 : how != IMAGE_LOST && i < kept)
      names_apply(&folder->safe, change);
  changes_drop(folder);
  names_copy(&folder->now, &folder->safe);
}

void disk_power_on(struct disk *disk, uint64_t seed) {
  /* A quarter of the cuts treat all alike, so that the plain cases are met often too. */
  uint64_t random = seed, each = disk_random(&random) % 4;
  enum image_cut same = (enum image_cut)(disk_random(&random) % IMAGE_CUTS);
  for (struct disk_node *node = disk->nodes; node != NULL; node = node->next) {
    enum image_cut how = each == 0 ? same : (enum image_cut)(disk_random(&random) % IMAGE_CUTS);
    if (node->folder)
      cut_folder(node, how, &random);
    else
      image_cut(&node->image, how, &random);
  }
  forget_processes(disk);
  disk_collect(disk);
}

/* --- what happens */
const char *disk_call_name(enum disk_call call) {
  static const char *const names[DISK_CALLS] = {"open",     "read", "look",        "create", "mkdir", "write",
                                                "truncate", "sync", "sync-folder", "rename", "unlink"};
  return names[call];
}

void disk_set_watch(disk_watch *watch, void *context) {
  all.watch = watch;
  all.context = context;
}

int disk_ask(struct disk *disk, enum disk_call call, const char *name) {
  if (disk->off)
    return EIO;
  bool point = call >= DISK_CREATE;
  disk->calls++;
  disk->points += point;
  all.total += point;
  if (all.watch != NULL && !all.asking) {
    struct disk_event event = {disk, call, name, disk->calls, disk->points, all.total};
    uint64_t generation = disk->generation;
    all.asking = true;
    int verdict = all.watch(all.context, &event);
    all.asking = false;
    if (disk->off || disk->generation != generation)
      return EIO;
    if (verdict != DISK_GO)
      return verdict;
  }
  return point && call != DISK_SYNC && call != DISK_SYNC_FOLDER ? disk->read_only : DISK_GO;
}

uint64_t disk_calls(const struct disk *disk) {
  return disk->calls;
}
uint64_t disk_points(const struct disk *disk) {
  return disk->points;
}
uint64_t disk_points_total(void) {
  return all.total;
}

/* What no name leads to and nobody has open takes no room, though it may come back when the power goes. */
static uint64_t reachable_sectors(const struct disk_node *node) {
  uint64_t sectors = node->folder ? node->now.count : node->open > 0 ? 0 : image_sectors(&node->image);
  for (size_t i = 0; i < node->now.count; i++)
    sectors += reachable_sectors(node->now.entries[i].node);
  return sectors;
}

uint64_t disk_used(const struct disk *disk) {
  uint64_t sectors = reachable_sectors(disk->root);
  for (const struct disk_node *node = disk->nodes; node != NULL; node = node->next)
    sectors += node->open > 0 && !node->folder ? image_sectors(&node->image) : 0;
  return sectors * DISK_SECTOR;
}

uint64_t disk_room(const struct disk *disk) {
  if (disk->room == UINT64_MAX)
    return UINT64_MAX;
  uint64_t used = disk_used(disk);
  return used >= disk->room ? 0 : (disk->room - used) / DISK_SECTOR;
}

void disk_set_room(struct disk *disk, uint64_t octets) {
  disk->room = octets;
}
void disk_set_read_only(struct disk *disk, int error) {
  disk->read_only = error;
}
void disk_set_lies(struct disk *disk, unsigned lies) {
  disk->lies = lies;
}
unsigned disk_descriptors(const struct disk *disk) {
  return disk->descriptors;
}

/* --- looking in from outside */
static struct disk_node *walk(const struct disk *disk, const char *path, bool durable) {
  struct disk_node *node = disk->root;
  while (node != NULL && *path != '\0') {
    char name[DISK_NAME_MAX + 1];
    size_t size = strcspn(path, "/");
    snprintf(name, sizeof name, "%.*s", (int)size, path);
    node = disk_find(durable ? &node->safe : &node->now, name);
    path += size;
    path += *path == '/';
  }
  return node;
}

bool disk_peek(const struct disk *disk, const char *path, bool durable, uint8_t **out, size_t *size) {
  const struct disk_node *node = walk(disk, path, durable);
  if (node == NULL || node->folder)
    return false;
  struct image image = node->image;
  if (durable)
    image.now = image.safe;
  *size = (size_t)image.now.size;
  *out = must(malloc(*size + 1));
  image_read(&image, 0, *out, *size);
  return true;
}

bool disk_damage(struct disk *disk, const char *path, uint64_t offset, uint8_t bits) {
  struct disk_node *node = walk(disk, path, false);
  uint64_t room = UINT64_MAX;
  uint8_t octet;
  if (node == NULL || node->folder || image_read(&node->image, offset, &octet, 1) != 1)
    return false;
  octet ^= bits;
  image_write(&node->image, offset, &octet, 1, &room);
  image_sync(&node->image);
  return true;
}
