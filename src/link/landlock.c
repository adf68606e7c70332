/* SPDX-License-Identifier: Apache-2.0
 * Landlock through its raw system calls: the C library has no wrappers, and the headers of Debian 12 stop at ABI 2, so
 * the numbers of the kernel's interface (Documentation/userspace-api/landlock.rst) stand here. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "link/confine.h"

enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2 };
enum { SCOPE_ABSTRACT_UNIX_SOCKET = 1, SCOPE_SIGNAL = 2 };
enum {
  FS_EXECUTE = 1 << 0,
  FS_WRITE_FILE = 1 << 1,
  FS_READ_FILE = 1 << 2,
  FS_READ_DIR = 1 << 3,
  FS_REMOVE_DIR = 1 << 4,
  FS_REMOVE_FILE = 1 << 5,
  FS_MAKE_DIR = 1 << 7,
  FS_MAKE_REG = 1 << 8,
  FS_ABI_1 = (1 << 13) - 1,
  FS_REFER = 1 << 13,     /* ABI 2 */
  FS_TRUNCATE = 1 << 14,  /* ABI 3 */
  FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
};

struct ruleset {
  uint64_t files, net, scoped;
};
/* The kernel looks no further than the size it is given, which tells it the version: fields that an ABI lacks are cut
 * off. */
struct path_beneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

struct link_kernel link_kernel_here(void) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
  return (struct link_kernel){.landlock_abi = abi < 0 ? 0 : (int)abi, .seccomp = true};
}

static uint64_t files_of(int abi) {
  return (uint64_t)FS_ABI_1 | (abi >= 2 ? FS_REFER : 0U) | (abi >= 3 ? FS_TRUNCATE : 0U) |
         (abi >= 5 ? FS_IOCTL_DEV : 0U);
}

static enum base_code grant(int ruleset, const struct link_path *path, uint64_t handled, struct base_error *err) {
  BASE_AUTO_FD int fd = open(path->path, O_PATH | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR))
    return BASE_OK; /* what cannot be reached needs no right */
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0)
    return base_fail_errno(err, "%s: cannot be opened to grant rights on it", path->path);
  uint64_t allowed = FS_READ_FILE | FS_READ_DIR;
  if (path->write)
    allowed |= FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | FS_TRUNCATE;
  if (!S_ISDIR(status.st_mode))
    allowed &= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;
  struct path_beneath rule = {.allowed = allowed & handled, .parent = fd};
  if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
    return base_fail_errno(err, "%s: Landlock does not grant rights on it", path->path);
  return BASE_OK;
}

static void report(const struct link_rights *rights, int abi) {
  if (abi < 1)
    link_confine_missing("Landlock: files outside the own folder are fenced by their owner and mode only");
  else if (abi < 2)
    link_confine_missing("Landlock ABI 2: files cannot be moved from one folder to another");
  else if (abi < 3)
    link_confine_missing("Landlock ABI 3: truncating files outside the own folder is not fenced");
  if (abi < 4)
    link_confine_missing("Landlock ABI 4: TCP is fenced by the deny list of system calls only%s",
                         rights->network ? ", binding likewise" : "");
  if (abi < 5)
    link_confine_missing("Landlock ABI 5: ioctl on devices is not fenced");
  if (abi < 6)
    link_confine_missing(
        "Landlock ABI 6: signals and abstract sockets are fenced by the deny list of system calls only");
}

enum base_code link_landlock(const struct link_rights *rights, int abi, struct base_error *err) {
  if (!rights->reaching) /* said once, of what stays */
    report(rights, abi);
  if (abi < 1)
    return BASE_OK;
  struct ruleset wanted = {.files = files_of(abi)};
  size_t size = sizeof wanted.files;
  if (abi >= 4) {
    wanted.net = NET_BIND_TCP | (rights->network ? 0U : NET_CONNECT_TCP);
    size = sizeof wanted.files + sizeof wanted.net;
  }
  if (abi >= 6) {
    wanted.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
    size = sizeof wanted;
  }
  BASE_AUTO_FD int ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
  if (ruleset < 0)
    return base_fail_errno(err, "Landlock (ABI %d) takes no rules", abi);
  for (size_t i = 0; i < rights->path_count; i++) {
    enum base_code code = grant(ruleset, &rights->paths[i], wanted.files, err);
    if (code != BASE_OK)
      return code;
  }
  if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
    return base_fail_errno(err, "Landlock (ABI %d) cannot be put in force", abi);
  return BASE_OK;
}
