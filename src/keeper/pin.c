/* SPDX-License-Identifier: Apache-2.0
 * The PIN, and the memory that it was refused: a token locks itself after a few wrong ones, and a node is started again
 * and again. So what was refused is not said a second time before somebody wrote the file anew. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/token.h"

/* What changes with each writing of the file; nothing of what stands in it. */
static void identify(const struct stat *status, char out[KEEPER_TOKEN_MARK + 1]) {
  snprintf(out, KEEPER_TOKEN_MARK + 1,
           "PIN refused; file %" PRIu64 " of device %" PRIu64 ", %" PRId64 " bytes, written %" PRId64 ".%09ld\n",
           (uint64_t)status->st_ino, (uint64_t)status->st_dev, (int64_t)status->st_size,
           (int64_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
}

static enum base_code check_mark(int dir, const struct keeper_token_conf *conf, const char *mark,
                                 struct base_error *err) {
  char found[KEEPER_TOKEN_MARK + 1] = "";
  BASE_AUTO_FD int fd = openat(dir, KEEPER_TOKEN_REFUSED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return errno == ENOENT ? BASE_OK : base_fail_errno(err, KEEPER_TOKEN_REFUSED ": cannot be opened");
  if (pread(fd, found, sizeof found - 1, 0) < 0)
    return base_fail_errno(err, KEEPER_TOKEN_REFUSED ": cannot be read");
  return strcmp(found, mark) == 0
             ? base_fail(
                   err, BASE_POLICY,
                   "the token refused the PIN in %s, and it is not tried again, because a token locks itself after "
                   "a few wrong ones: write the right one into that file",
                   conf->pin)
             : BASE_OK;
}

static enum base_code read_line(int fd, const char *path, struct keeper_pin *pin, struct base_error *err) {
  char bytes[KEEPER_TOKEN_PIN_MAX + 3]; /* a line's end, and one more: a longer one must not pass for its beginning */
  ssize_t got = pread(fd, bytes, sizeof bytes, 0);
  enum base_code code = got < 0 ? base_fail_errno(err, "%s: cannot be read", path) : BASE_OK;
  size_t size = got > 0 ? (size_t)got : 0;
  if (size > 0 && bytes[size - 1] == '\n')
    size--;
  if (size > 0 && bytes[size - 1] == '\r')
    size--;
  if (code == BASE_OK && (size == 0 || size > KEEPER_TOKEN_PIN_MAX || memchr(bytes, '\n', size) != NULL))
    code = base_fail(err, BASE_FIELD, "%s: one line with the token's PIN must stand there, of 1 to %d bytes", path,
                     KEEPER_TOKEN_PIN_MAX);
  if (code == BASE_OK) {
    memcpy(pin->text, bytes, size);
    pin->size = size;
  }
  base_wipe(bytes, sizeof bytes);
  return code;
}

enum base_code keeper_pin_read(int dir, const struct keeper_token_conf *conf, struct keeper_pin *out,
                               struct base_error *err) {
  BASE_AUTO_FD int fd = -1;
  struct stat status;
  struct keeper_pin pin = {0};
  enum base_code code = keeper_open_private(AT_FDCWD, conf->pin, O_RDONLY, &fd, err);
  if (code != BASE_OK)
    (void)base_fail_within(err, "the token's PIN, which user %u must be able to read", (unsigned)geteuid());
  if (code == BASE_OK && fstat(fd, &status) != 0)
    code = base_fail_errno(err, "%s: cannot be examined", conf->pin);
  if (code != BASE_OK)
    return code;
  identify(&status, pin.mark);
  code = check_mark(dir, conf, pin.mark, err);
  if (code == BASE_OK)
    code = read_line(fd, conf->pin, &pin, err);
  if (code == BASE_OK)
    *out = pin;
  base_wipe(&pin, sizeof pin);
  return code;
}

enum base_code keeper_pin_refused(int dir, const struct keeper_pin *pin, struct base_error *err) {
  return base_file_replace(dir, KEEPER_TOKEN_REFUSED, base_view_text(pin->mark), 0600, err);
}
