/* SPDX-License-Identifier: Apache-2.0
 * Files read and made: "-" is standard input or output, a file gets its name when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

/* Content is confidential: what is made here is for its owner alone. */
enum { FILE_MODE = 0600, PIECE = 64 << 10 };

static const char *shown(const char *name, const char *stream) {
  return strcmp(name, "-") == 0 ? stream : name;
}

/* --- read */

/* A pipe gives what comes, one byte beyond max being too many. */
static enum base_code read_stream(int fd, const char *name, size_t max, struct base_buf *out, struct base_error *err) {
  for (size_t start = out->size;;) {
    size_t left = max + 1 - (out->size - start), step = left < PIECE ? left : PIECE;
    uint8_t *room = base_buf_reserve(out, step);
    if (room == NULL)
      return base_buf_check(out, name, err);
    ssize_t got = read(fd, room, step);
    out->size -= step - (got > 0 ? (size_t)got : 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "%s: cannot be read", name);
    if (got == 0)
      return BASE_OK;
    if (out->size - start > max)
      return base_fail(err, BASE_TOO_LARGE, "%s: larger than the limit of %zu bytes", name, max);
  }
}

static enum base_code open_input(const char *name, int *out, struct stat *status, struct base_error *err) {
  const char *said = shown(name, "standard input");
  int fd =
      strcmp(name, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be opened", said);
  enum base_code code = BASE_OK;
  if (fstat(fd, status) != 0)
    code = base_fail_errno(err, "%s: cannot be examined", said);
  else if (S_ISDIR(status->st_mode))
    code = base_fail(err, BASE_FIELD, "%s: is a folder, a file was expected", said);
  if (code == BASE_OK)
    *out = fd;
  else
    base_close_fd(&fd);
  return code;
}

enum base_code cli_input_read(const char *name, size_t max, struct base_buf *out, struct base_error *err) {
  BASE_AUTO_FD int fd = -1;
  struct stat status;
  enum base_code code = open_input(name, &fd, &status, err);
  return code == BASE_OK ? read_stream(fd, shown(name, "standard input"), max, out, err) : code;
}

/* --- files without a name */

/* In the folder; on a file system that knows none, one whose name is taken away at once. */
static int open_unnamed(const struct cli *cli, int dir, const char *folder) {
  char name[PATH_MAX];
  uint64_t chance;
  int fd = openat(dir, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
    return fd;
  cli->world->random(cli->world->context, &chance, sizeof chance);
  int length = snprintf(name, sizeof name, "%s/.wasl.%016llx.new", folder, (unsigned long long)chance);
  if (length < 0 || (size_t)length >= sizeof name) {
    errno = ENAMETOOLONG;
    return -1;
  }
  fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
  if (fd >= 0)
    unlinkat(dir, name, 0);
  return fd;
}

static enum base_code copy(int from, const char *from_name, int to, const char *to_name, struct base_error *err) {
  uint8_t piece[PIECE];
  for (;;) {
    ssize_t got = read(from, piece, sizeof piece);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "%s: cannot be read", from_name);
    if (got == 0)
      return BASE_OK;
    if (base_write_all(to, base_view_of(piece, (size_t)got), err) != BASE_OK)
      return base_fail_within(err, "%s", to_name);
  }
}

static const char *spool_folder(void) {
  const char *folder = getenv("TMPDIR");
  return folder != NULL && folder[0] != 0 ? folder : "/tmp";
}

static enum base_code open_spool(const struct cli *cli, int *out, struct base_error *err) {
  int fd = open_unnamed(cli, AT_FDCWD, spool_folder());
  if (fd < 0)
    return base_fail_errno(err, "%s: no file can be made there; name another folder with TMPDIR", spool_folder());
  *out = fd;
  return BASE_OK;
}

enum base_code cli_input_open(const struct cli *cli, const char *name, int *out, uint64_t *size,
                              struct base_error *err) {
  BASE_AUTO_FD int fd = -1, spool = -1;
  struct stat status;
  enum base_code code = open_input(name, &fd, &status, err);
  if (code != BASE_OK)
    return code;
  if (!S_ISREG(status.st_mode) || lseek(fd, 0, SEEK_CUR) != 0) {
    code = open_spool(cli, &spool, err);
    if (code == BASE_OK)
      code = copy(fd, shown(name, "standard input"), spool, spool_folder(), err);
    if (code == BASE_OK && fstat(spool, &status) != 0)
      code = base_fail_errno(err, "%s: cannot be examined", spool_folder());
    if (code != BASE_OK)
      return code;
  }
  int *chosen = spool >= 0 ? &spool : &fd;
  *out = *chosen;
  *size = (uint64_t)status.st_size;
  *chosen = -1;
  return BASE_OK;
}

/* --- made */

enum base_code cli_may_replace(int dir, const char *name, struct base_error *err) {
  struct stat status;
  if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? BASE_OK : base_fail_errno(err, "%s", name);
  return S_ISREG(status.st_mode)
             ? BASE_OK
             : base_fail(err, BASE_FIELD, "%s: is no ordinary file (a folder, a device or a link); name another", name);
}

bool cli_to_stdout(const char *name) {
  return strcmp(name, "-") == 0;
}

/* The folder that holds name. */
static bool folder_of(const char *name, char out[PATH_MAX]) {
  const char *slash = strrchr(name, '/');
  size_t size = slash == NULL ? 1 : (size_t)(slash - name) + 1;
  if (size >= PATH_MAX)
    return false;
  memcpy(out, slash == NULL ? "." : name, size);
  out[size] = 0;
  return true;
}

enum base_code cli_output_open(struct cli *cli, int dir, const char *name, struct cli_output *out,
                               struct base_error *err) {
  char folder[PATH_MAX];
  *out = (struct cli_output){.dir = dir, .fd = -1, .name = name};
  if (cli_to_stdout(name)) {
    if (cli->json)
      return cli_usage(cli, err, "-o - and --json would both write on standard output");
    if (cli->out_terminal)
      return cli_usage(cli, err, "-o -: standard output is a terminal; send it to a file or a pipe");
    return open_spool(cli, &out->fd, err);
  }
  enum base_code code = cli_may_replace(dir, name, err);
  if (code != BASE_OK)
    return code;
  uint64_t chance;
  cli->world->random(cli->world->context, &chance, sizeof chance);
  int length = snprintf(out->temporary, sizeof out->temporary, "%s.%016llx.new", name, (unsigned long long)chance);
  if (length < 0 || (size_t)length >= sizeof out->temporary || !folder_of(name, folder))
    return base_fail(err, BASE_TOO_LARGE, "%.80s…: the name is too long", name);
  /* Without a name until it is whole, so that not even a kill leaves half of it; where that is not known, under a
   * temporary one. */
  out->fd = openat(dir, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
  if (out->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    out->fd = openat(dir, out->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    out->named = out->fd >= 0;
  }
  return out->fd >= 0 ? BASE_OK : base_fail_errno(err, "%s: cannot be created", name);
}

static enum base_code put_in_place(struct cli_output *out, struct base_error *err) {
  char self[32], folder[PATH_MAX];
  if (fsync(out->fd) != 0)
    return base_fail_errno(err, "cannot be made durable");
  (void)snprintf(self, sizeof self, "/proc/self/fd/%d", out->fd);
  if (!out->named && linkat(AT_FDCWD, self, out->dir, out->temporary, AT_SYMLINK_FOLLOW) != 0)
    return base_fail_errno(err, "cannot be put in place");
  out->named = true;
  if (renameat(out->dir, out->temporary, out->dir, out->name) != 0)
    return base_fail_errno(err, "cannot be put in place");
  out->named = false;
  BASE_AUTO_FD int place =
      folder_of(out->name, folder) ? openat(out->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  return place >= 0 && fsync(place) == 0 ? BASE_OK : base_fail_errno(err, "its folder cannot be made durable");
}

static enum base_code hand_on(const struct cli_output *out, struct base_error *err) {
  return lseek(out->fd, 0, SEEK_SET) == 0 ? copy(out->fd, spool_folder(), STDOUT_FILENO, "standard output", err)
                                          : base_fail_errno(err, "%s: cannot be read", spool_folder());
}

enum base_code cli_output_end(struct cli_output *out, enum base_code code, struct base_error *err) {
  bool streams = cli_to_stdout(out->name);
  if (code == BASE_OK && streams)
    code = hand_on(out, err);
  else if (code == BASE_OK)
    code = put_in_place(out, err) == BASE_OK ? BASE_OK : base_fail_within(err, "%s", out->name);
  else if (code == BASE_DISK_FULL ||
           code == BASE_IO) /* what befell the file; what the node said names its own matter */
    base_fail_within(err, "%s", shown(out->name, spool_folder()));
  if (out->named)
    unlinkat(out->dir, out->temporary, 0);
  base_close_fd(&out->fd);
  return code;
}
