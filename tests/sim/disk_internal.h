/* SPDX-License-Identifier: Apache-2.0
 * What the simulated disks share among themselves: the tree of a disk (disk.c), descriptors and calls on them
 * (disk_file.c). disk_calls.c puts the C library's names on these. */
#ifndef WASL_TESTS_SIM_DISK_INTERNAL_H
#define WASL_TESTS_SIM_DISK_INTERNAL_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include "disk.h"
#include "disk_image.h"

struct disk_node;
struct disk_entry {
  char name[DISK_NAME_MAX + 1];
  struct disk_node *node;
};
struct disk_names {
  size_t count, room;
  struct disk_entry *entries;
};
/* A name made (from is empty), removed (to is empty) or renamed. */
struct disk_change {
  struct disk_change *next;
  char from[DISK_NAME_MAX + 1], to[DISK_NAME_MAX + 1];
  struct disk_node *node;
};
struct disk_node {
  struct disk_node *next; /* of all nodes of the disk */
  uint64_t number;
  bool folder, marked;
  mode_t mode;
  unsigned open;                              /* descriptors */
  const void *lock;                           /* the descriptor that holds it */
  struct image image;                         /* of a file */
  struct disk_names now, safe;                /* of a folder */
  struct disk_change *changes, **changes_end; /* of a folder */
};
struct disk {
  const char *name;
  uint64_t device; /* its number among the disks of the program */
  uint64_t next_number, generation;
  bool off;
  unsigned lies, descriptors;
  int read_only;
  uint64_t room, calls, points;
  struct disk_node *root, *nodes;
};

/* disk.c */
struct disk_node *disk_find(const struct disk_names *names, const char *name);
struct disk_node *disk_make(struct disk *disk, bool folder, mode_t mode);
/* Changes what reads see of a folder, durable after its sync. node: what the change is about. */
void disk_change_name(struct disk_node *folder, const char *from, const char *to, struct disk_node *node);
void disk_sync_folder(struct disk *disk, struct disk_node *folder);
/* Frees the nodes that nothing can reach any more. */
void disk_collect(struct disk *disk);
/* Asks the watch and the disk's faults. DISK_GO, DISK_CUT (carry on, then call disk_power_off), or an errno value. */
int disk_ask(struct disk *disk, enum disk_call call, const char *name);
/* Sectors that may still be taken. */
uint64_t disk_room(const struct disk *disk);
uint64_t *disk_generator(void);
_Noreturn void disk_stop(const char *why);

/* disk_file.c: as the calls of their name, on simulated descriptors; -1 with errno set. */
bool disk_is_fd(int fd);
/* The call is about a simulated disk: its path is relative to a simulated folder, or to the working folder that is. */
bool disk_is_path(int dir, const char *path);
bool disk_seeded(void);
int disk_file_random(void); /* a descriptor of /dev/urandom */
int disk_file_open(int dir, const char *path, int flags, mode_t mode);
int disk_file_close(int fd);
ssize_t disk_file_read(int fd, void *out, size_t size, off_t offset); /* offset -1: from where the descriptor is */
ssize_t disk_file_write(int fd, const void *data, size_t size, off_t offset);
off_t disk_file_seek(int fd, off_t offset, int whence);
int disk_file_truncate(int fd, off_t size);
int disk_file_allocate(int fd, off_t offset, off_t size);
int disk_file_sync(int fd);
int disk_file_stat(int fd, struct stat64 *out);
int disk_file_mode(int fd, mode_t mode);
int disk_file_lock(int fd, int how);
int disk_file_room(int fd, struct statvfs64 *out);
int disk_file_enter(int fd); /* fchdir; a descriptor that is none of ours: leaves */
void *disk_file_map(int fd, size_t size, int protection, off_t offset);
/* readdir by number: false at the end. */
bool disk_file_list(int fd, size_t at, struct dirent64 *out);
int disk_path_stat(int dir, const char *path, struct stat64 *out);
int disk_path_unlink(int dir, const char *path, bool folder);
int disk_path_rename(int from_dir, const char *from, int to_dir, const char *to);
int disk_path_mkdir(int dir, const char *path, mode_t mode);
/* disk.c needs to know of descriptors when a disk is freed. */
void disk_files_orphan(const struct disk *disk);
int disk_file_of(struct disk *disk, struct disk_node *node, int flags, const char *name);

#endif
