/* SPDX-License-Identifier: Apache-2.0
 * The end of every process's start-up: the one place where rights are dropped. */
#include "link/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void link_confine_missing(const char *format, ...) {
  char text[BASE_ERROR_TEXT_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  base_log(BASE_LOG_WARNING, "confine.missing", "%s", text);
}

static enum base_code set_limit(int which, const char *name, uint64_t most, struct base_error *err) {
  struct rlimit limit;
  if (getrlimit((__rlimit_resource_t)which, &limit) != 0)
    return base_fail_errno(err, "the limit %s cannot be read", name);
  /* Never above what it was given itself. */
  if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > most)
    limit.rlim_max = most;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit((__rlimit_resource_t)which, &limit) != 0)
    return base_fail_errno(err, "the limit %s cannot be set", name);
  return BASE_OK;
}

static enum base_code set_limits(const struct link_rights *rights, struct base_error *err) {
  enum base_code code = set_limit(RLIMIT_CORE, "of core dumps", 0, err);
  if (code == BASE_OK && rights->files_max > 0)
    code = set_limit(RLIMIT_NOFILE, "of open files", rights->files_max, err);
  if (code == BASE_OK && rights->memory_max > 0)
    code = set_limit(RLIMIT_AS, "of memory", rights->memory_max, err);
  return code;
}

static enum base_code become(const struct link_rights *rights, struct base_error *err) {
  if (geteuid() != 0 || rights->uid == (uid_t)-1)
    return BASE_OK;
  if (rights->uid == 0 || rights->gid == 0)
    return base_fail(err, BASE_FIELD, "%s may not run as root: give it a user of its own in wasl.conf, section users",
                     link_role_name(rights->role));
  /* While there is still the right to: nothing that is executed later may bring a capability back. */
  for (unsigned long i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0; i++)
    ;
  if (setgroups(0, NULL) != 0 || setresgid(rights->gid, rights->gid, rights->gid) != 0 ||
      setresuid(rights->uid, rights->uid, rights->uid) != 0)
    return base_fail_errno(err, "%s cannot become user %u", link_role_name(rights->role), (unsigned)rights->uid);
  if (setuid(0) == 0)
    return base_fail(err, BASE_INTERNAL, "%s could become root again", link_role_name(rights->role));
  return BASE_OK;
}

static enum base_code drop_capabilities(struct base_error *err) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (syscall(SYS_capset, &header, none) != 0)
    return base_fail_errno(err, "capabilities cannot be dropped");
  return BASE_OK;
}

/* wasld is nobody's child in this sense; the others must not outlive it. Becoming another user has cleared the setting,
 * and the parent may have died in between. */
static enum base_code die_with(pid_t parent, struct base_error *err) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return base_fail_errno(err, "cannot be bound to the parent's life");
  if (getppid() != parent)
    return base_fail(err, BASE_NOT_RUNNING, "the parent is gone");
  return BASE_OK;
}

enum base_code link_confine_under(const struct link_rights *rights, const struct link_kernel *kernel,
                                  struct base_error *err) {
  pid_t parent = getppid();
  enum base_code code = set_limits(rights, err);
  if (code == BASE_OK)
    code = become(rights, err);
  if (code == BASE_OK && !rights->processes)
    code = drop_capabilities(err);
  if (code == BASE_OK && !rights->processes)
    code = die_with(parent, err);
  if (code == BASE_OK && (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
    code = base_fail_errno(err, "new privileges cannot be given up");
  /* Those who start others would bind them too. */
  if (code == BASE_OK && !rights->processes)
    code = link_landlock(rights, kernel->landlock_abi, err);
  if (code == BASE_OK && !kernel->seccomp && !rights->reaching)
    link_confine_missing("seccomp: system calls are not filtered");
  else if (code == BASE_OK && kernel->seccomp)
    code = link_seccomp(rights, err);
  return code;
}

enum base_code link_confine(const struct link_rights *rights, struct base_error *err) {
  struct link_kernel kernel = link_kernel_here();
  enum base_code code = link_confine_under(rights, &kernel, err);
  return code == BASE_OK ? code : base_fail_within(err, "confinement");
}
