/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "disk_internal.h"

enum { FILES_MAX = 1 << 16 };

struct file {
  struct disk *disk; /* NULL: the disk is gone, or this is /dev/urandom */
  struct disk_node *node;
  uint64_t generation;
  int flags;
  bool random;
  off_t at;
  char name[DISK_NAME_MAX + 1];
};
static struct {
  struct file *files[FILES_MAX];
  int used; /* none is open from here on */
  /* The working folder, while it is a simulated one. */
  bool entered;
  struct file folder;
} all;

static int failed(int error) {
  errno = error;
  return -1;
}

/* --- descriptors */
bool disk_is_fd(int fd) {
  return fd >= DISK_FD_FIRST;
}

static struct file *file_at(int fd) {
  int at = fd - DISK_FD_FIRST;
  return fd >= DISK_FD_FIRST && at < all.used ? all.files[at] : NULL;
}

static bool alive(const struct file *file) {
  return file->disk != NULL && !file->disk->off && file->generation == file->disk->generation;
}

/* The descriptor's file when calls on it can be answered, else NULL with errno set. */
static struct file *living(int fd) {
  struct file *file = file_at(fd);
  if (file != NULL && (file->random || alive(file)))
    return file;
  errno = file == NULL ? EBADF : EIO;
  return NULL;
}

static int put_file(struct file *file) {
  int at = 0;
  while (at < all.used && all.files[at] != NULL)
    at++;
  if (at == FILES_MAX)
    disk_stop("too many descriptors are open");
  all.files[at] = file;
  all.used += at == all.used;
  return DISK_FD_FIRST + at;
}

int disk_file_of(struct disk *disk, struct disk_node *node, int flags, const char *name) {
  struct file *file = calloc(1, sizeof *file);
  if (file == NULL)
    disk_stop("out of memory");
  *file = (struct file){.disk = disk, .node = node, .generation = disk->generation, .flags = flags};
  snprintf(file->name, sizeof file->name, "%s", name);
  node->open++;
  disk->descriptors++;
  return put_file(file);
}

int disk_file_random(void) {
  struct file *file = calloc(1, sizeof *file);
  if (file == NULL)
    disk_stop("out of memory");
  file->random = true;
  return put_file(file);
}

static void let_go(struct file *file) {
  if (file->disk == NULL)
    return;
  file->disk->descriptors--;
  if (file->node->lock == file)
    file->node->lock = NULL;
  if (--file->node->open == 0)
    disk_collect(file->disk);
  file->disk = NULL;
}

int disk_file_close(int fd) {
  struct file *file = file_at(fd);
  if (file == NULL)
    return failed(EBADF);
  all.files[fd - DISK_FD_FIRST] = NULL;
  while (all.used > 0 && all.files[all.used - 1] == NULL)
    all.used--;
  let_go(file);
  free(file);
  return 0;
}

void disk_files_orphan(const struct disk *disk) {
  for (int i = 0; i < all.used; i++)
    if (all.files[i] != NULL && all.files[i]->disk == disk)
      all.files[i]->disk = NULL;
  if (all.entered && all.folder.disk == disk)
    all.folder.disk = NULL;
}

int disk_file_enter(int fd) {
  struct file *file = disk_is_fd(fd) ? living(fd) : NULL;
  if (disk_is_fd(fd) && file == NULL)
    return -1;
  if (file != NULL && !file->node->folder)
    return failed(ENOTDIR);
  if (all.entered)
    let_go(&all.folder);
  all.entered = file != NULL;
  if (file != NULL) {
    all.folder = *file;
    file->node->open++;
    file->disk->descriptors++;
  }
  return 0;
}

/* --- calls on a file */
/* What a call that changes something ends with: the power may have gone while it was under way. */
static ssize_t ended(struct disk *disk, int verdict, ssize_t result) {
  if (verdict != DISK_CUT)
    return result;
  disk_power_off(disk);
  return failed(EIO);
}

ssize_t disk_file_read(int fd, void *out, size_t size, off_t offset) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random) {
    disk_random_fill(NULL, out, size);
    return (ssize_t)size;
  }
  if (file->node->folder)
    return failed(EISDIR);
  int verdict = disk_ask(file->disk, DISK_READ, file->name);
  if (verdict > 0)
    return failed(verdict);
  size_t got = image_read(&file->node->image, (uint64_t)(offset >= 0 ? offset : file->at), out, size);
  if (offset < 0)
    file->at += (off_t)got;
  return ended(file->disk, verdict, (ssize_t)got);
}

ssize_t disk_file_write(int fd, const void *data, size_t size, off_t offset) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random || file->node->folder || (file->flags & O_ACCMODE) == O_RDONLY)
    return failed(EBADF);
  int verdict = disk_ask(file->disk, DISK_WRITE, file->name);
  if (verdict > 0)
    return failed(verdict);
  uint64_t room = disk_room(file->disk);
  size_t put = image_write(&file->node->image, (uint64_t)(offset >= 0 ? offset : file->at), data, size, &room);
  if (put == 0 && size > 0)
    return ended(file->disk, verdict, failed(ENOSPC));
  if (offset < 0)
    file->at += (off_t)put;
  return ended(file->disk, verdict, (ssize_t)put);
}

off_t disk_file_seek(int fd, off_t offset, int whence) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random)
    return failed(ESPIPE);
  off_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->at : (off_t)file->node->image.now.size;
  if (base + offset < 0)
    return failed(EINVAL);
  return file->at = base + offset;
}

int disk_file_truncate(int fd, off_t size) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random || file->node->folder || size < 0 || (file->flags & O_ACCMODE) == O_RDONLY)
    return failed(EINVAL);
  int verdict = disk_ask(file->disk, DISK_TRUNCATE, file->name);
  if (verdict > 0)
    return failed(verdict);
  image_truncate(&file->node->image, (uint64_t)size);
  return (int)ended(file->disk, verdict, 0);
}

int disk_file_allocate(int fd, off_t offset, off_t size) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random || file->node->folder || offset < 0 || size <= 0 || (file->flags & O_ACCMODE) == O_RDONLY)
    return failed(EINVAL);
  int verdict = disk_ask(file->disk, DISK_WRITE, file->name);
  if (verdict > 0)
    return failed(verdict);
  uint64_t room = disk_room(file->disk);
  bool fits = image_allocate(&file->node->image, (uint64_t)offset, (uint64_t)size, &room);
  return (int)ended(file->disk, verdict, fits ? 0 : failed(ENOSPC));
}

static int sync_folder(struct file *file) {
  struct disk *disk = file->disk;
  int verdict = disk_ask(disk, DISK_SYNC_FOLDER, file->name);
  if (verdict == DISK_GO && (disk->lies & DISK_LIE_SYNC_FOLDER) != 0)
    return 0;
  if (verdict == DISK_GO && disk->read_only != 0 && file->node->changes != NULL)
    return failed(disk->read_only);
  if (verdict == DISK_GO)
    disk_sync_folder(disk, file->node);
  return verdict > 0 ? failed(verdict) : (int)ended(disk, verdict, 0);
}

int disk_file_sync(int fd) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random)
    return failed(EINVAL);
  if (file->node->folder)
    return sync_folder(file);
  struct disk *disk = file->disk;
  int verdict = disk_ask(disk, DISK_SYNC, file->name);
  if (verdict == DISK_GO && (disk->lies & DISK_LIE_SYNC) != 0)
    return 0;
  if (verdict == DISK_GO && disk->read_only != 0 && image_pending(&file->node->image))
    return failed(disk->read_only);
  if (verdict == DISK_GO)
    image_sync(&file->node->image);
  if (verdict > 0) {
    image_sync_failed(&file->node->image, disk_generator());
    return failed(verdict);
  }
  return (int)ended(disk, verdict, 0);
}

static void describe(const struct disk *disk, const struct disk_node *node, struct stat64 *out) {
  memset(out, 0, sizeof *out);
  out->st_dev = 0xd15c000000u + disk->device;
  out->st_ino = node->number;
  out->st_mode = node->mode;
  out->st_nlink = 1;
  out->st_blksize = 4096;
  out->st_size = (off_t)node->image.now.size;
  out->st_blocks = (blkcnt_t)image_sectors(&node->image);
}

int disk_file_stat(int fd, struct stat64 *out) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  if (file->random) {
    memset(out, 0, sizeof *out);
    out->st_mode = S_IFCHR | 0666;
    return 0;
  }
  int verdict = disk_ask(file->disk, DISK_LOOK, file->name);
  if (verdict > 0)
    return failed(verdict);
  describe(file->disk, file->node, out);
  return (int)ended(file->disk, verdict, 0);
}

/* A mode is neither a write point nor ever lost: nothing here depends on it. */
int disk_file_mode(int fd, mode_t mode) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  file->node->mode = (file->node->mode & S_IFMT) | (mode & 07777u);
  return 0;
}

int disk_file_lock(int fd, int how) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  struct disk_node *node = file->node;
  if ((how & LOCK_UN) != 0) {
    node->lock = node->lock == file ? NULL : node->lock;
    return 0;
  }
  if (node->lock != NULL && node->lock != file) {
    if ((how & LOCK_NB) == 0)
      disk_stop("one thread waits for a lock that only itself could give back");
    return failed(EWOULDBLOCK);
  }
  node->lock = file;
  return 0;
}

int disk_file_room(int fd, struct statvfs64 *out) {
  struct file *file = living(fd);
  if (file == NULL)
    return -1;
  int verdict = disk_ask(file->disk, DISK_LOOK, file->name);
  if (verdict > 0)
    return failed(verdict);
  uint64_t free_sectors = disk_room(file->disk), limit = UINT64_C(1) << 40;
  memset(out, 0, sizeof *out);
  out->f_bsize = out->f_frsize = DISK_SECTOR;
  out->f_bavail = out->f_bfree = free_sectors < limit ? free_sectors : limit;
  out->f_blocks = limit;
  out->f_namemax = DISK_NAME_MAX;
  return (int)ended(file->disk, verdict, 0);
}

/* Memory of its own, filled with what the file holds now: good for a mapping that is the only one and that nobody reads
 * as a file, which SQLite's wal-index is within one process. */
void *disk_file_map(int fd, size_t size, int protection, off_t offset) {
  struct file *file = living(fd);
  if (file == NULL)
    return MAP_FAILED;
  int verdict = disk_ask(file->disk, DISK_READ, file->name);
  if (verdict > 0) {
    errno = verdict;
    return MAP_FAILED;
  }
  void *memory = mmap64(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return memory;
  image_read(&file->node->image, (uint64_t)offset, memory, size);
  if ((protection & PROT_WRITE) == 0)
    mprotect(memory, size, protection);
  (void)ended(file->disk, verdict, 0);
  return memory;
}

bool disk_file_list(int fd, size_t at, struct dirent64 *out) {
  struct file *file = living(fd);
  if (file == NULL)
    return false;
  const struct disk_names *names = &file->node->now;
  if (at >= names->count)
    return false;
  memset(out, 0, sizeof *out);
  out->d_ino = names->entries[at].node->number;
  out->d_type = names->entries[at].node->folder ? DT_DIR : DT_REG;
  snprintf(out->d_name, sizeof out->d_name, "%s", names->entries[at].name);
  return true;
}

/* --- paths */
static struct file *base_of(int dir) {
  if (dir == AT_FDCWD)
    return all.entered ? &all.folder : NULL;
  return file_at(dir);
}

bool disk_is_path(int dir, const char *path) {
  return path[0] != '/' && (disk_is_fd(dir) || (dir == AT_FDCWD && all.entered));
}

struct place {
  struct disk *disk;
  struct disk_node *folder, *node; /* node: NULL when there is none of this name */
  char name[DISK_NAME_MAX + 1];    /* "" for the folder itself */
};

/* 0, or an errno value. */
static int walk(int dir, const char *path, struct place *out) {
  struct file *base = base_of(dir);
  if (base == NULL)
    return EBADF;
  if (!alive(base))
    return EIO;
  if (*path == '\0')
    return ENOENT;
  *out = (struct place){.disk = base->disk, .folder = base->node, .node = base->node};
  while (*path != '\0') {
    size_t size = strcspn(path, "/");
    if (size > DISK_NAME_MAX)
      return ENAMETOOLONG;
    if (size == 2 && memcmp(path, "..", 2) == 0)
      disk_stop("a path with .. in it");
    if (size > 0 && !(size == 1 && *path == '.')) {
      if (out->node == NULL)
        return ENOENT;
      if (!out->node->folder)
        return ENOTDIR;
      out->folder = out->node;
      snprintf(out->name, sizeof out->name, "%.*s", (int)size, path);
      out->node = disk_find(&out->folder->now, out->name);
    }
    path += size;
    path += *path == '/';
  }
  return 0;
}

static int make_name(const struct place *place, bool folder, mode_t mode) {
  int verdict = disk_ask(place->disk, folder ? DISK_MKDIR : DISK_CREATE, place->name);
  if (verdict > 0)
    return failed(verdict);
  if (disk_room(place->disk) == 0)
    return (int)ended(place->disk, verdict, failed(ENOSPC));
  disk_change_name(place->folder, "", place->name, disk_make(place->disk, folder, mode));
  return (int)ended(place->disk, verdict, 0);
}

int disk_file_open(int dir, const char *path, int flags, mode_t mode) {
  struct place place;
  int error = walk(dir, path, &place);
  if (error != 0)
    return failed(error);
  int verdict = disk_ask(place.disk, DISK_OPEN, place.name);
  if (verdict != DISK_GO)
    return verdict > 0 ? failed(verdict) : (int)ended(place.disk, verdict, -1);
  bool made = place.node == NULL;
  if (made && (flags & O_CREAT) == 0)
    return failed(ENOENT);
  if (!made && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0)
    return failed(EEXIST);
  if (!made && place.node->folder && (flags & O_ACCMODE) != O_RDONLY)
    return failed(EISDIR);
  if (!made && !place.node->folder && (flags & O_DIRECTORY) != 0)
    return failed(ENOTDIR);
  if (!made && (flags & O_ACCMODE) != O_RDONLY && place.disk->read_only == EROFS)
    return failed(EROFS);
  if (made && make_name(&place, false, mode) != 0)
    return -1;
  if (made)
    place.node = disk_find(&place.folder->now, place.name);
  int fd = disk_file_of(place.disk, place.node, flags, place.name[0] == '\0' ? "." : place.name);
  if (!made && (flags & O_TRUNC) != 0 && disk_file_truncate(fd, 0) != 0) {
    disk_file_close(fd);
    return failed(EIO);
  }
  return fd;
}

int disk_path_stat(int dir, const char *path, struct stat64 *out) {
  struct place place;
  int error = walk(dir, path, &place);
  if (error != 0)
    return failed(error);
  int verdict = disk_ask(place.disk, DISK_LOOK, place.name);
  if (verdict > 0)
    return failed(verdict);
  if (place.node == NULL)
    return (int)ended(place.disk, verdict, failed(ENOENT));
  describe(place.disk, place.node, out);
  return (int)ended(place.disk, verdict, 0);
}

int disk_path_unlink(int dir, const char *path, bool folder) {
  struct place place;
  int error = walk(dir, path, &place);
  if (error == 0 && place.node == NULL)
    error = ENOENT;
  if (error == 0 && place.node->folder != folder)
    error = folder ? ENOTDIR : EISDIR;
  if (error == 0 && folder && place.node->now.count > 0)
    error = ENOTEMPTY;
  if (error != 0)
    return failed(error);
  int verdict = disk_ask(place.disk, DISK_UNLINK, place.name);
  if (verdict > 0)
    return failed(verdict);
  disk_change_name(place.folder, place.name, "", place.node);
  return (int)ended(place.disk, verdict, 0);
}

int disk_path_rename(int from_dir, const char *from, int to_dir, const char *to) {
  struct place source, target;
  int error = walk(from_dir, from, &source);
  if (error == 0 && source.node == NULL)
    error = ENOENT;
  if (error == 0)
    error = walk(to_dir, to, &target);
  if (error == 0 && source.folder != target.folder)
    disk_stop("a rename from one folder to another");
  if (error != 0)
    return failed(error);
  int verdict = disk_ask(source.disk, DISK_RENAME, target.name);
  if (verdict > 0)
    return failed(verdict);
  disk_change_name(source.folder, source.name, target.name, source.node);
  return (int)ended(source.disk, verdict, 0);
}

int disk_path_mkdir(int dir, const char *path, mode_t mode) {
  struct place place;
  int error = walk(dir, path, &place);
  if (error == 0 && place.node != NULL)
    error = EEXIST;
  return error != 0 ? failed(error) : make_name(&place, true, mode);
}
