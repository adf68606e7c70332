/* SPDX-License-Identifier: Apache-2.0
 * The C library's calls for files, in its place: a definition in the program goes before one in a shared library, for
 * our own code and for SQLite alike. What is about no simulated disk goes to the kernel as it came. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "disk_internal.h"

#define REAL(...) syscall(__VA_ARGS__)

/* Calls that are about no simulated disk, but that a node makes: they can fail too. */
static bool (*kernel_fails)(const char *call);
void disk_watch_kernel(bool (*fails)(const char *call)) {
  kernel_fails = fails;
}
static bool refused(const char *call, int code) {
  if (kernel_fails == NULL || !kernel_fails(call))
    return false;
  errno = code;
  return true;
}
#define KERNEL(name, code, ...) (refused(name, code) ? -1 : REAL(__VA_ARGS__))

/* The checked forms that _FORTIFY_SOURCE calls have prototypes nowhere. */
int __openat64_2(int dir, const char *path, int flags);
int __open64_2(const char *path, int flags);
ssize_t __read_chk(int fd, void *out, size_t size, size_t room);
ssize_t __pread64_chk(int fd, void *out, size_t size, off64_t offset, size_t room);

/* --- opening */
static int open_at(int dir, const char *path, int flags, mode_t mode) {
  if (disk_is_path(dir, path))
    return disk_file_open(dir, path, flags, mode);
  if (disk_seeded() && strcmp(path, "/dev/urandom") == 0)
    return disk_file_random();
  return (int)REAL(SYS_openat, dir, path, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                                     \
  int name(const char *path, int flags, ...) {                                                                         \
    va_list arguments;                                                                                                 \
    va_start(arguments, flags);                                                                                        \
    mode_t mode = mode_of(flags, arguments);                                                                           \
    va_end(arguments);                                                                                                 \
    return open_at(AT_FDCWD, path, flags, mode);                                                                       \
  }
#define OPENAT(name)                                                                                                   \
  int name(int dir, const char *path, int flags, ...) {                                                                \
    va_list arguments;                                                                                                 \
    va_start(arguments, flags);                                                                                        \
    mode_t mode = mode_of(flags, arguments);                                                                           \
    va_end(arguments);                                                                                                 \
    return open_at(dir, path, flags, mode);                                                                            \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __openat64_2(int dir, const char *path, int flags) {
  return open_at(dir, path, flags, 0);
}
int __open64_2(const char *path, int flags) {
  return open_at(AT_FDCWD, path, flags, 0);
}

int close(int fd) {
  return disk_is_fd(fd) ? disk_file_close(fd) : (int)REAL(SYS_close, fd);
}

/* --- content */
ssize_t read(int fd, void *out, size_t size) {
  return disk_is_fd(fd) ? disk_file_read(fd, out, size, -1) : KERNEL("read", EIO, SYS_read, fd, out, size);
}
ssize_t __read_chk(int fd, void *out, size_t size, size_t room) {
  if (size > room)
    disk_stop("a read beyond its buffer");
  return read(fd, out, size);
}
ssize_t write(int fd, const void *data, size_t size) {
  return disk_is_fd(fd)        ? disk_file_write(fd, data, size, -1)
         : fd == STDERR_FILENO ? REAL(SYS_write, fd, data, size)
                               : KERNEL("write", ENOSPC, SYS_write, fd, data, size);
}
ssize_t pread64(int fd, void *out, size_t size, off64_t offset) {
  return disk_is_fd(fd) ? disk_file_read(fd, out, size, offset)
                        : KERNEL("pread", EIO, SYS_pread64, fd, out, size, offset);
}
ssize_t __pread64_chk(int fd, void *out, size_t size, off64_t offset, size_t room) {
  if (size > room)
    disk_stop("a read beyond its buffer");
  return pread64(fd, out, size, offset);
}
ssize_t pread(int fd, void *out, size_t size, off_t offset) {
  return pread64(fd, out, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  return disk_is_fd(fd) ? disk_file_write(fd, data, size, offset) : REAL(SYS_pwrite64, fd, data, size, offset);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}
off64_t lseek64(int fd, off64_t offset, int whence) {
  return disk_is_fd(fd) ? disk_file_seek(fd, offset, whence) : KERNEL("lseek", EINVAL, SYS_lseek, fd, offset, whence);
}
off_t lseek(int fd, off_t offset, int whence) {
  return lseek64(fd, offset, whence);
}
int ftruncate64(int fd, off64_t size) {
  return disk_is_fd(fd) ? disk_file_truncate(fd, size) : (int)REAL(SYS_ftruncate, fd, size);
}
int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}
/* These return the error. */
int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  if (disk_is_fd(fd))
    return disk_file_allocate(fd, offset, size) == 0 ? 0 : errno;
  return REAL(SYS_fallocate, fd, 0, offset, size) == 0 ? 0 : errno;
}
int posix_fallocate(int fd, off_t offset, off_t size) {
  return posix_fallocate64(fd, offset, size);
}
int fsync(int fd) {
  return disk_is_fd(fd) ? disk_file_sync(fd) : (int)REAL(SYS_fsync, fd);
}
int fdatasync(int fd) {
  return disk_is_fd(fd) ? disk_file_sync(fd) : (int)REAL(SYS_fdatasync, fd);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
  if (fd >= 0 && disk_is_fd(fd))
    return disk_file_map(fd, size, protection, offset);
  return (void *)KERNEL("mmap", ENOMEM, SYS_mmap, at, size, protection, flags, fd, offset);
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap64(at, size, protection, flags, fd, offset);
}

/* --- what is known of a file */
int fstat64(int fd, struct stat64 *out) {
  return disk_is_fd(fd) ? disk_file_stat(fd, out)
                        : (int)KERNEL("fstat", ENOMEM, SYS_newfstatat, fd, "", out, AT_EMPTY_PATH);
}
int fstatat64(int dir, const char *restrict path, struct stat64 *restrict out, int flags) {
  return disk_is_path(dir, path) ? disk_path_stat(dir, path, out) : (int)REAL(SYS_newfstatat, dir, path, out, flags);
}
int stat64(const char *restrict path, struct stat64 *restrict out) {
  return fstatat64(AT_FDCWD, path, out, 0);
}
int lstat64(const char *restrict path, struct stat64 *restrict out) {
  return fstatat64(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}
int access(const char *path, int how) {
  struct stat64 status;
  if (disk_is_path(AT_FDCWD, path))
    return disk_path_stat(AT_FDCWD, path, &status);
  return (int)REAL(SYS_faccessat, AT_FDCWD, path, how);
}
int fchmod(int fd, mode_t mode) {
  return disk_is_fd(fd) ? disk_file_mode(fd, mode) : (int)REAL(SYS_fchmod, fd, mode);
}
int fchown(int fd, uid_t user, gid_t group) {
  return disk_is_fd(fd) ? 0 : (int)REAL(SYS_fchown, fd, user, group);
}
int fstatvfs64(int fd, struct statvfs64 *out) {
  if (disk_is_fd(fd))
    return disk_file_room(fd, out);
  int (*real)(int, struct statvfs64 *) = (int (*)(int, struct statvfs64 *))dlsym(RTLD_NEXT, "fstatvfs64");
  return real(fd, out);
}

/* --- locks */
int flock(int fd, int how) {
  return disk_is_fd(fd) ? disk_file_lock(fd, how) : (int)REAL(SYS_flock, fd, how);
}

/* Locks of this kind never keep a process from itself, and there is one process. */
static int control(int fd, int command, void *argument) {
  struct stat64 status;
  if (!disk_is_fd(fd))
    return (int)KERNEL("fcntl", EMFILE, SYS_fcntl, fd, command, argument);
  switch (command) {
  case F_GETLK:
    ((struct flock *)argument)->l_type = F_UNLCK;
    return disk_file_stat(fd, &status);
  case F_SETLK:
  case F_SETLKW:
  case F_GETFD:
  case F_SETFD:
    return 0;
  default:
    errno = EINVAL;
    return -1;
  }
}
#define FCNTL(name)                                                                                                    \
  int name(int fd, int command, ...) {                                                                                 \
    va_list arguments;                                                                                                 \
    va_start(arguments, command);                                                                                      \
    void *argument = va_arg(arguments, void *);                                                                        \
    va_end(arguments);                                                                                                 \
    return control(fd, command, argument);                                                                             \
  }
FCNTL(fcntl)
FCNTL(fcntl64)

/* --- names */
int fchdir(int fd) {
  if (disk_file_enter(fd) != 0)
    return -1;
  return disk_is_fd(fd) ? 0 : (int)REAL(SYS_fchdir, fd);
}
int unlinkat(int dir, const char *path, int flags) {
  return disk_is_path(dir, path) ? disk_path_unlink(dir, path, (flags & AT_REMOVEDIR) != 0)
                                 : (int)REAL(SYS_unlinkat, dir, path, flags);
}
int unlink(const char *path) {
  return unlinkat(AT_FDCWD, path, 0);
}
int rmdir(const char *path) {
  return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
int mkdirat(int dir, const char *path, mode_t mode) {
  return disk_is_path(dir, path) ? disk_path_mkdir(dir, path, mode) : (int)REAL(SYS_mkdirat, dir, path, mode);
}
int mkdir(const char *path, mode_t mode) {
  return mkdirat(AT_FDCWD, path, mode);
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) {
  return disk_is_path(from_dir, from) ? disk_path_rename(from_dir, from, to_dir, to)
                                      : (int)REAL(SYS_renameat, from_dir, from, to_dir, to);
}
int rename(const char *from, const char *to) {
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

/* --- folders: all names are taken down at the start, so that what is removed meanwhile hides no other */
struct listing {
  struct listing *next;
  int fd;
  size_t count, at;
  struct dirent64 entries[];
};
static struct listing *listings;

static struct listing *listing_of(DIR *folder) {
  struct listing *listing = listings;
  while (listing != NULL && (void *)listing != (void *)folder)
    listing = listing->next;
  return listing;
}

DIR *fdopendir(int fd) {
  if (!disk_is_fd(fd)) {
    DIR *(*real)(int) = (DIR * (*)(int)) dlsym(RTLD_NEXT, "fdopendir");
    return real(fd);
  }
  struct stat64 status;
  if (disk_file_stat(fd, &status) != 0)
    return NULL;
  struct dirent64 entry;
  size_t count = 0;
  while (disk_file_list(fd, count, &entry))
    count++;
  struct listing *listing = calloc(1, sizeof *listing + count * sizeof entry);
  if (listing == NULL)
    disk_stop("out of memory");
  *listing = (struct listing){.next = listings, .fd = fd, .count = count};
  for (size_t i = 0; i < count; i++)
    disk_file_list(fd, i, &listing->entries[i]);
  listings = listing;
  return (DIR *)listing;
}

struct dirent64 *readdir64(DIR *folder) {
  struct listing *listing = listing_of(folder);
  if (listing != NULL)
    return listing->at < listing->count ? &listing->entries[listing->at++] : NULL;
  struct dirent64 *(*real)(DIR *) = (struct dirent64 * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir64");
  return real(folder);
}

int closedir(DIR *folder) {
  struct listing *listing = listing_of(folder);
  if (listing == NULL) {
    int (*real)(DIR *) = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
    return real(folder);
  }
  struct listing **at = &listings;
  while (*at != listing)
    at = &(*at)->next;
  *at = listing->next;
  int fd = listing->fd;
  free(listing);
  return close(fd);
}

/* --- files without a name */
int memfd_create(const char *name, unsigned flags) {
  return (int)KERNEL("memfd_create", EMFILE, SYS_memfd_create, name, flags);
}
int dup(int fd) {
  return (int)KERNEL("dup", EMFILE, SYS_dup, fd);
}

/* --- randomness */
ssize_t getrandom(void *out, size_t size, unsigned flags) {
  if (!disk_seeded())
    return REAL(SYS_getrandom, out, size, flags);
  disk_random_fill(NULL, out, size);
  return (ssize_t)size;
}
