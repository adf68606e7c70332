/* SPDX-License-Identifier: Apache-2.0 */
#include "link/family.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *link_life_name(enum link_life life) {
  static const char *const names[LINK_LIVES] = {"gone", "starting", "serves", "halted"};
  return life < LINK_LIVES ? names[life] : names[LINK_LIFE_NONE];
}

enum base_code link_family_make(struct link_family **out, int *out_fd, struct base_error *err) {
  char path[32];
  BASE_AUTO_FD int fd = memfd_create("family", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate(fd, sizeof **out) != 0 ||
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return base_fail_errno(err, "no memory for what the processes share");
  void *page = mmap(NULL, sizeof **out, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED)
    return base_fail_errno(err, "no memory for what the processes share");
  /* Opened once more: through this one nobody can write, nor map it for writing. */
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int readable = open(path, O_RDONLY | O_CLOEXEC);
  if (readable < 0) {
    munmap(page, sizeof **out);
    return base_fail_errno(err, "%s: what the processes share cannot be opened", path);
  }
  *out = page;
  *out_fd = readable;
  return BASE_OK;
}

const struct link_family *link_family_open(int fd) {
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0 || status.st_size != (off_t)sizeof(struct link_family))
    return NULL;
  void *page = mmap(NULL, sizeof(struct link_family), PROT_READ, MAP_SHARED, fd, 0);
  return page == MAP_FAILED ? NULL : page;
}

enum link_life link_family_life(const struct link_family *family, enum link_role role) {
  uint32_t life = atomic_load(&family->lives[role]);
  return life < LINK_LIVES ? (enum link_life)life : LINK_LIFE_NONE;
}
