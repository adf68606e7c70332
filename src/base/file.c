/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/world.h"

enum { READ_STEP = 65536 };

enum base_code base_file_read(int dir, const char *name, size_t max, struct base_buf *out, struct base_error *err) {
  BASE_AUTO_FD int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be opened", name);
  struct stat status;
  if (fstat(fd, &status) != 0)
    return base_fail_errno(err, "%s: cannot be examined", name);
  if (!S_ISREG(status.st_mode))
    return base_fail(err, BASE_FIELD, "%s: not an ordinary file", name);
  if (status.st_size < 0 || (uintmax_t)status.st_size > max)
    return base_fail(err, BASE_TOO_LARGE, "%s: larger than the limit of %zu bytes", name, max);
  /* The file may grow while it is read: what counts is what arrives, one byte beyond max being too many. */
  size_t start = out->size, step = (size_t)status.st_size + 1;
  for (;;) {
    uint8_t *room = base_buf_reserve(out, step);
    if (room == NULL) {
      out->size = start;
      return base_buf_check(out, name, err);
    }
    ssize_t got = read(fd, room, step);
    out->size -= step - (got > 0 ? (size_t)got : 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      out->size = start;
      return base_fail_errno(err, "%s: cannot be read", name);
    }
    if (got == 0)
      return BASE_OK;
    if (out->size - start > max) {
      out->size = start;
      return base_fail(err, BASE_TOO_LARGE, "%s: larger than the limit of %zu bytes", name, max);
    }
    step = (size_t)got < step ? step - (size_t)got : READ_STEP;
  }
}

enum base_code base_write_all(int fd, struct base_view data, struct base_error *err) {
  while (data.size > 0) {
    ssize_t written = write(fd, data.data, data.size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return base_fail_errno(err, "cannot write");
    data = base_view_of(data.data + written, data.size - (size_t)written);
  }
  return BASE_OK;
}

static enum base_code write_and_sync(int fd, const char *name, struct base_view content, struct base_error *err) {
  enum base_code code = base_write_all(fd, content, err);
  if (code != BASE_OK) {
    base_fail_within(err, "%s", name);
    return code;
  }
  return fsync(fd) == 0 ? BASE_OK : base_fail_errno(err, "%s: cannot be made durable", name);
}

/* The folder that holds name, so that the rename in it can be made durable. */
static int open_folder_of(int dir, const char *name) {
  char path[PATH_MAX] = ".";
  const char *slash = strrchr(name, '/');
  if (slash != NULL) {
    size_t size = (size_t)(slash - name) + 1;
    if (size >= sizeof path) {
      errno = ENAMETOOLONG;
      return -1;
    }
    memcpy(path, name, size);
    path[size] = '\0';
  }
  return openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum base_code base_file_replace(int dir, const char *name, struct base_view content, unsigned mode,
                                 struct base_error *err) {
  /* Two writers must not share a temporary file; the name needs to be free, not secret. */
  uint64_t chance;
  if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
    return base_fail_errno(err, "%s: no randomness for a temporary name", name);
  char temporary[PATH_MAX];
  int length = snprintf(temporary, sizeof temporary, "%s.%016" PRIx64 ".new", name, chance);
  if (length < 0 || (size_t)length >= sizeof temporary)
    return base_fail(err, BASE_TOO_LARGE, "%s: the name is too long", name);
  BASE_AUTO_FD int folder = open_folder_of(dir, name);
  if (folder < 0)
    return base_fail_errno(err, "%s: the folder cannot be opened", name);
  BASE_AUTO_FD int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be created", temporary);
  /* Before the content is in it: the umask may have left less, never more, than was asked for. */
  enum base_code code = fchmod(fd, (mode_t)mode) == 0 ? BASE_OK : base_fail_errno(err, "%s: cannot set its mode", name);
  if (code == BASE_OK)
    code = write_and_sync(fd, name, content, err);
  if (code == BASE_OK && renameat(dir, temporary, dir, name) != 0)
    code = base_fail_errno(err, "%s: cannot be put in place", name);
  if (code != BASE_OK) {
    unlinkat(dir, temporary, 0);
    return code;
  }
  return fsync(folder) == 0 ? BASE_OK : base_fail_errno(err, "%s: its folder cannot be made durable", name);
}

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

int base_memfd_sealed(const char *name, struct base_view content, struct base_error *err) {
  BASE_AUTO_FD int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    base_fail_errno(err, "%s: no memory file", name);
    return -1;
  }
  if (base_write_all(fd, content, err) != BASE_OK) {
    base_fail_within(err, "%s", name);
    return -1;
  }
  if (lseek(fd, 0, SEEK_SET) != 0 || fcntl(fd, F_ADD_SEALS, SEALS) != 0) {
    base_fail_errno(err, "%s: the memory file cannot be sealed", name);
    return -1;
  }
  int sealed = fd;
  fd = -1;
  return sealed;
}

enum base_code base_map_sealed(int fd, size_t max, struct base_view *out, struct base_error *err) {
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 ||
      (seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) != (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
    return base_fail(err, BASE_PROTOCOL, "a descriptor that is not a sealed memory file was handed over");
  struct stat status;
  if (fstat(fd, &status) != 0)
    return base_fail_errno(err, "a memory file cannot be examined");
  if (status.st_size < 0 || (uintmax_t)status.st_size > max)
    return base_fail(err, BASE_TOO_LARGE, "a memory file of %jd bytes is larger than the limit of %zu bytes",
                     (intmax_t)status.st_size, max);
  /* mmap refuses a length of nothing. */
  if (status.st_size == 0) {
    *out = (struct base_view){NULL, 0};
    return BASE_OK;
  }
  void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return base_fail_errno(err, "a memory file cannot be mapped");
  *out = base_view_of(data, (size_t)status.st_size);
  return BASE_OK;
}

void base_unmap(struct base_view *view) {
  if (view != NULL && view->data != NULL && view->size > 0)
    munmap((void *)(uintptr_t)view->data, view->size);
  if (view != NULL)
    *view = (struct base_view){NULL, 0};
}
