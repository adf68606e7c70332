/* SPDX-License-Identifier: Apache-2.0
 * A coarse deny list: whole families of system calls that none of our processes has any business with. A list of what
 * is allowed would break with every C library; this one stays true. */
#include <errno.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/confine.h"

/* By name: a name that this libseccomp does not know is reported, not lost. */
static const char *const denied_to_all[] = {
    /* other processes' memory and descriptors */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    /* file systems, namespaces, roots */
    "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "quotactl", "swapon",
    "swapoff", "mknod", "mknodat",
    /* the kernel itself */
    "bpf", "perf_event_open", "userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key", "keyctl",
    "fanotify_init", "lookup_dcookie", "acct", "reboot", "syslog", "vhangup", "iopl", "ioperm", "modify_ldt",
    "personality",
    /* the machine's clock and name */
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname"};
/* A process that starts no others also signals none; abort and raise use tgkill on the process itself. */
static const char *const denied_to_children[] = {"execve",
                                                 "execveat",
                                                 "fork",
                                                 "vfork",
                                                 "kill",
                                                 "tkill",
                                                 "rt_sigqueueinfo",
                                                 "rt_tgsigqueueinfo",
                                                 "pidfd_send_signal",
                                                 "pidfd_open",
                                                 "bind",
                                                 "listen"};
static const char *const denied_without_network[] = {"socket", "connect"};

enum { CLONE_THREAD_FLAG = 0x10000, DOMAIN_MAX = 64 };

static int deny(scmp_filter_ctx filter, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int number = seccomp_syscall_resolve_name(names[i]);
    if (number == __NR_SCMP_ERROR) {
      link_confine_missing("libseccomp does not know the system call %s", names[i]);
      continue;
    }
    int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
    if (result != 0)
      return result;
  }
  return 0;
}
#define DENY(filter, names) deny((filter), (names), sizeof(names) / sizeof(names)[0])

/* Denies a call when one of its arguments compares so. */
static int deny_when(scmp_filter_ctx filter, int number, struct scmp_arg_cmp argument) {
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, 1, &argument);
}

/* Typing into the terminal that wasld was started from. The kernel reads 32 bits of the request, so no more are
 * compared. */
static int deny_terminal(scmp_filter_ctx filter) {
  struct scmp_arg_cmp request = {
      .arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = UINT32_MAX, .datum_b = (uint32_t)TIOCSTI};
  int result = deny_when(filter, SCMP_SYS(ioctl), request);
  request.datum_b = (uint32_t)TIOCLINUX;
  return result != 0 ? result : deny_when(filter, SCMP_SYS(ioctl), request);
}

/* Threads yes, processes no. The flags of clone3 lie in memory, where no filter looks: without it the C library uses
 * clone. tgkill reaches this process only. */
static int deny_processes(scmp_filter_ctx filter) {
  struct scmp_arg_cmp no_thread = {.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD_FLAG, .datum_b = 0};
  struct scmp_arg_cmp another = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = (scmp_datum_t)getpid()};
  int result = deny_when(filter, SCMP_SYS(clone), no_thread);
  if (result == 0)
    result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  return result != 0 ? result : deny_when(filter, SCMP_SYS(tgkill), another);
}

/* Only the Internet, and what name resolution asks the kernel. Above all no Unix socket: a captured gate must not reach
 * the console's. A database server's may be one; who connects to it is no gate, and has read nothing yet. */
static int deny_domains(scmp_filter_ctx filter, bool local) {
  struct scmp_arg_cmp domain = {.arg = 0, .op = SCMP_CMP_GE, .datum_a = DOMAIN_MAX};
  int result = deny_when(filter, SCMP_SYS(socket), domain);
  domain.op = SCMP_CMP_EQ;
  for (domain.datum_a = 0; domain.datum_a < DOMAIN_MAX && result == 0; domain.datum_a++)
    if (domain.datum_a != AF_INET && domain.datum_a != AF_INET6 && domain.datum_a != AF_NETLINK &&
        !(local && domain.datum_a == AF_UNIX))
      result = deny_when(filter, SCMP_SYS(socket), domain);
  return result;
}

static int fill(scmp_filter_ctx filter, const struct link_rights *rights) {
  /* Threads that a library started before are held to it too. */
  int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  if (result == 0)
    result = DENY(filter, denied_to_all);
  if (result == 0)
    result = deny_terminal(filter);
  if (result != 0 || rights->processes)
    return result;
  result = DENY(filter, denied_to_children);
  if (result == 0)
    result = deny_processes(filter);
  if (result == 0)
    result = rights->network ? deny_domains(filter, rights->reaching) : DENY(filter, denied_without_network);
  return result;
}

enum base_code link_seccomp(const struct link_rights *rights, struct base_error *err) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the filter of system calls");
  enum base_code code = BASE_OK;
  int result = fill(filter, rights);
  if (result != 0) {
    errno = -result;
    code = base_fail_errno(err, "the filter of system calls cannot be made");
    goto done;
  }
  result = seccomp_load(filter);
  if (result == -EINVAL || result == -ENOSYS || result == -EOPNOTSUPP)
    link_confine_missing("seccomp: system calls are not filtered");
  else if (result != 0) {
    errno = -result;
    code = base_fail_errno(err, "the filter of system calls cannot be put in force");
  }
done:
  seccomp_release(filter);
  return code;
}
