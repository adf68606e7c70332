/* SPDX-License-Identifier: Apache-2.0
 * Each forbidden act, tried by a process with the rights of each role, started as root and as an ordinary user. The
 * broken variant tries the same acts without confinement and sees them succeed, so that a denial means something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/confine.h"
#include "link/users.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { ORDINARY = 65534, MEMORY_TRIED_GIB = 8 };

/* What a process finds around itself: everybody may reach all of it, as far as owner and mode go. */
struct stage {
  char path[64];     /* outside.txt, keeper/secret, api.sock, own/ (the working folder) */
  uint16_t port;     /* somebody listens there */
  char abstract[32]; /* and there */
  int listeners[3];
  pid_t victim;    /* a process of the same user */
  int victim_life; /* it ends when this is closed */
};
static const int victims_memory = 42;

/* --- the acts: true when the act was possible */

static bool opens(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC, 0600);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}

/* A system call that has to be refused by the filter, not by its arguments. */
static bool filtered(long result) {
  return result < 0 && errno == EPERM;
}

static bool read_outside(const struct stage *stage) {
  (void)stage;
  return opens("../outside.txt", O_RDONLY);
}
static bool write_outside(const struct stage *stage) {
  (void)stage;
  return opens("../outside.txt", O_WRONLY);
}
static bool make_outside(const struct stage *stage) {
  (void)stage;
  return opens("../made.txt", O_WRONLY | O_CREAT);
}
static bool read_keys(const struct stage *stage) {
  (void)stage;
  return opens("../keeper/secret", O_RDONLY);
}
static bool read_passwd(const struct stage *stage) {
  (void)stage;
  return opens("/etc/passwd", O_RDONLY);
}
static bool list_root(const struct stage *stage) {
  (void)stage;
  return opens("/", O_RDONLY | O_DIRECTORY);
}
static bool read_own(const struct stage *stage) {
  (void)stage;
  return opens("own.txt", O_RDONLY);
}
static bool write_own(const struct stage *stage) {
  (void)stage;
  return opens("new.txt", O_WRONLY | O_CREAT) && truncate("new.txt", 0) == 0 && mkdir("folder", 0700) == 0 &&
         rename("new.txt", "folder/new.txt") == 0 && unlink("folder/new.txt") == 0 && rmdir("folder") == 0;
}
static bool execute(const struct stage *stage) {
  (void)stage;
  /* A successful execve would not come back: a name that exists and is no program tells the two apart. */
  char *none[] = {NULL};
  execve("own.txt", none, none);
  return errno == ENOEXEC;
}
static bool start_process(const struct stage *stage) {
  (void)stage;
  pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
  if (child == 0)
    _exit(0);
  return child > 0 && waitpid(child, NULL, 0) == child;
}
static void *thread(void *seen) {
  *(bool *)seen = true;
  return NULL;
}
static bool start_thread(const struct stage *stage) {
  (void)stage;
  pthread_t id;
  bool seen = false;
  return pthread_create(&id, NULL, thread, &seen) == 0 && pthread_join(id, NULL) == 0 && seen;
}
static bool trace(const struct stage *stage) {
  if (ptrace(PTRACE_SEIZE, stage->victim, NULL, NULL) != 0)
    return false;
  kill(stage->victim, SIGSTOP);
  waitpid(stage->victim, NULL, __WALL);
  ptrace(PTRACE_DETACH, stage->victim, NULL, NULL);
  kill(stage->victim, SIGCONT);
  return true;
}
static bool read_memory(const struct stage *stage) {
  int value = 0;
  struct iovec here = {&value, sizeof value}, there = {(void *)(uintptr_t)&victims_memory, sizeof value};
  return process_vm_readv(stage->victim, &here, 1, &there, 1, 0) == sizeof value && value == 42;
}
static bool signal_another(const struct stage *stage) {
  return kill(stage->victim, 0) == 0 || syscall(SYS_tgkill, stage->victim, stage->victim, 0) == 0 ||
         syscall(SYS_tkill, stage->victim, 0) == 0;
}
static bool signal_itself(const struct stage *stage) {
  (void)stage;
  return signal(SIGUSR1, SIG_IGN) != SIG_ERR && raise(SIGUSR1) == 0;
}
static bool connects(int domain, const void *address, size_t size) {
  int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool done = fd >= 0 && connect(fd, address, (socklen_t)size) == 0;
  if (fd >= 0)
    close(fd);
  return done;
}
static bool connect_tcp(const struct stage *stage) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(stage->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connects(AF_INET, &address, sizeof address);
}
static bool connect_console(const struct stage *stage) {
  (void)stage;
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "../api.sock"};
  return connects(AF_UNIX, &address, sizeof address);
}
static int connect_to_console(const struct stage *stage) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "../api.sock"};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  (void)stage;
  return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}
static bool connect_abstract(const struct stage *stage) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, stage->abstract, strlen(stage->abstract));
  return connects(AF_UNIX, &address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(stage->abstract));
}
static bool udp(const struct stage *stage) {
  (void)stage;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}
static bool strange_socket(const struct stage *stage) {
  (void)stage;
  /* Where the filter does not speak, the kernel says that there is no such protocol; also with bits that it does not
   * read. */
  return !filtered(socket(AF_VSOCK, SOCK_STREAM, 99)) || !filtered(socket(AF_ALG, SOCK_STREAM, 99)) ||
         !filtered(syscall(SYS_socket, (1UL << 32) + AF_UNIX, SOCK_STREAM, 99UL));
}
static bool listen_tcp(const struct stage *stage) {
  (void)stage;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool done = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0;
  if (fd >= 0)
    close(fd);
  return done;
}
static bool raise_limits(const struct stage *stage) {
  (void)stage;
  struct rlimit more = {1 << 20, 1 << 20};
  return setrlimit(RLIMIT_CORE, &more) == 0;
}
static bool become_root(const struct stage *stage) {
  (void)stage;
  return setuid(0) == 0 || setgid(0) == 0;
}
static bool use_kernel(const struct stage *stage) {
  (void)stage;
  return !filtered(syscall(SYS_bpf, 9999, NULL, 0)) || !filtered(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0)) ||
         !filtered(syscall(SYS_userfaultfd, ~0)) || !filtered(syscall(SYS_kexec_load, 0, 0, NULL, ~0UL)) ||
         !filtered(syscall(SYS_init_module, NULL, 0, "")) || !filtered(syscall(SYS_delete_module, NULL, 0)) ||
         !filtered(syscall(SYS_io_uring_setup, 1, NULL)) || !filtered(syscall(SYS_settimeofday, NULL, NULL));
}
static bool use_keyring(const struct stage *stage) {
  (void)stage;
  return !filtered(syscall(SYS_keyctl, -1, 0, 0, 0, 0)) || !filtered(syscall(SYS_add_key, NULL, NULL, NULL, 0, 0)) ||
         !filtered(syscall(SYS_request_key, NULL, NULL, NULL, 0));
}
static bool use_mounts(const struct stage *stage) {
  (void)stage;
  return !filtered(mount("none", "own", "tmpfs", ~0UL, NULL)) || !filtered(umount2("own", ~0)) ||
         !filtered(syscall(SYS_fsopen, NULL, ~0)) || !filtered(chroot("/"));
}
static bool use_namespaces(const struct stage *stage) {
  (void)stage;
  return !filtered(unshare(CLONE_FILES)) || !filtered(setns(-1, 0));
}
static bool type_into_terminal(const struct stage *stage) {
  (void)stage;
  return !filtered(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}
static bool use_much_memory(const struct stage *stage) {
  (void)stage;
  size_t size = (size_t)MEMORY_TRIED_GIB << 30;
  void *data = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data != MAP_FAILED)
    munmap(data, size);
  return data != MAP_FAILED;
}

enum {
  NOBODY = 0,
  PEER = 1 << LINK_ROLE_GATE_PEER,
  LOCAL = 1 << LINK_ROLE_GATE_LOCAL,
  CORE = 1 << LINK_ROLE_CORE,
  KEEPER = 1 << LINK_ROLE_KEEPER,
  WORKER = 1 << LINK_ROLE_WORKER,
  ALL = PEER | LOCAL | CORE | KEEPER | WORKER,
};
static const struct act {
  const char *name;
  bool (*possible)(const struct stage *stage);
  unsigned may; /* the roles to which it is possible */
  bool free;    /* an unconfined ordinary user can do it: tried in the broken variant */
} acts[] = {
    {"read a file outside its folder", read_outside, NOBODY, true},
    {"write a file outside its folder", write_outside, NOBODY, true},
    {"make a file outside its folder", make_outside, NOBODY, true},
    {"read the keeper's folder", read_keys, NOBODY, true},
    {"read /etc/passwd", read_passwd, NOBODY, true},
    {"list /", list_root, NOBODY, true},
    {"read its own folder", read_own, PEER | LOCAL | CORE | KEEPER, true},
    {"write its own folder", write_own, PEER | LOCAL | CORE | KEEPER, true},
    {"execute a program", execute, NOBODY, true},
    {"start a process", start_process, NOBODY, true},
    {"start a thread", start_thread, ALL, true},
    {"trace another process", trace, NOBODY, true},
    {"read another process's memory", read_memory, NOBODY, true},
    {"signal another process", signal_another, NOBODY, true},
    {"signal itself", signal_itself, ALL, true},
    {"connect by TCP", connect_tcp, PEER, true},
    {"connect to the console's socket", connect_console, NOBODY, true},
    {"connect to an abstract socket", connect_abstract, NOBODY, true},
    {"make a UDP socket", udp, PEER, true},
    {"make a socket of a strange family", strange_socket, NOBODY, true},
    {"listen on TCP", listen_tcp, NOBODY, true},
    {"raise the limit of core dumps", raise_limits, NOBODY, false},
    {"become root", become_root, NOBODY, false},
    {"use bpf, perf, modules, io_uring, the clock", use_kernel, NOBODY, true},
    {"use the kernel's keyring", use_keyring, NOBODY, true},
    {"mount", use_mounts, NOBODY, true},
    {"change namespaces", use_namespaces, NOBODY, true},
    {"type into the terminal", type_into_terminal, NOBODY, true},
    {"use much memory", use_much_memory, PEER | LOCAL | CORE, true},
};
enum { ACTS = sizeof acts / sizeof acts[0] };

/* --- the stage */

static void write_file(const char *path, mode_t mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "x\n", 2), 2);
  assert_int_equal(fchmod(fd, mode), 0);
  close(fd);
}

static int listener(int domain, const void *address, size_t size) {
  int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, address, (socklen_t)size), 0);
  assert_int_equal(listen(fd, 16), 0);
  return fd;
}

static void listen_everywhere(struct stage *stage) {
  struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof tcp;
  stage->listeners[0] = listener(AF_INET, &tcp, sizeof tcp);
  assert_int_equal(getsockname(stage->listeners[0], (struct sockaddr *)&tcp, &size), 0);
  stage->port = ntohs(tcp.sin_port);
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  snprintf(local.sun_path, sizeof local.sun_path, "%s/api.sock", stage->path);
  stage->listeners[1] = listener(AF_UNIX, &local, sizeof local);
  assert_int_equal(chmod(local.sun_path, 0666), 0);
  struct sockaddr_un abstract = {.sun_family = AF_UNIX};
  /* Named as the stage's folder: a child of the stage before may hold its name for a moment yet. */
  snprintf(stage->abstract, sizeof stage->abstract, "%s", strrchr(stage->path, '/') + 1);
  memcpy(abstract.sun_path + 1, stage->abstract, strlen(stage->abstract));
  stage->listeners[2] =
      listener(AF_UNIX, &abstract, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(stage->abstract));
}

static struct stage *stage_new(uid_t owner) {
  struct stage *stage = calloc(1, sizeof *stage);
  snprintf(stage->path, sizeof stage->path, "/tmp/wasl-confine-XXXXXX");
  assert_non_null(mkdtemp(stage->path));
  assert_int_equal(chmod(stage->path, 0777), 0);
  assert_int_equal(chdir(stage->path), 0);
  assert_int_equal(mkdir("keeper", 0755), 0);
  assert_int_equal(mkdir("own", 0700), 0);
  write_file("keeper/secret", 0666);
  write_file("outside.txt", 0666);
  write_file("own/own.txt", 0700);
  if (geteuid() == 0) {
    assert_int_equal(chown("own", owner, owner), 0);
    assert_int_equal(chown("own/own.txt", owner, owner), 0);
  }
  listen_everywhere(stage);
  assert_int_equal(chdir("own"), 0);
  return stage;
}

static void stage_free(struct stage *stage) {
  static const char *const files[] = {"own/own.txt", "own/new.txt", "own/folder/new.txt", "outside.txt",
                                      "made.txt",    "api.sock",    "keeper/secret"};
  static const char *const folders[] = {"own/folder", "own", "keeper"};
  assert_int_equal(chdir(stage->path), 0);
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    unlink(files[i]);
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
    rmdir(folders[i]);
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(rmdir(stage->path), 0);
  for (size_t i = 0; i < 3; i++)
    close(stage->listeners[i]);
  free(stage);
}

/* --- a process in a role */

struct trial {
  enum link_role role;
  bool as_root, confined;
  struct link_kernel kernel;
  bool reaching,
      reached; /* core before it is connected to its database, the keeper before its token is open; and after */
};
struct outcome {
  enum base_code code;
  struct base_error err;
  bool possible[ACTS];
  bool still_talks; /* over what it had connected to */
  uid_t uid;
  int groups;
  uint32_t capabilities;
  bool bounded, dumpable, new_privileges;
  int parent_death;
  char log[4096];
};

static void become_ordinary(void) {
  if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(ORDINARY, ORDINARY, ORDINARY) != 0 ||
                         setresuid(ORDINARY, ORDINARY, ORDINARY) != 0))
    _exit(90);
}

/* Lives as long as the process that tries the acts, and belongs to the same user. */
static void start_victim(struct stage *stage, const struct trial *trial) {
  int life[2], born[2];
  char byte;
  if (pipe2(life, O_CLOEXEC) != 0 || pipe2(born, O_CLOEXEC) != 0)
    _exit(91);
  stage->victim = fork();
  if (stage->victim == 0) {
    const struct link_rights *rights = link_rights_of(trial->role);
    close(life[1]);
    if (trial->as_root && (setresgid(rights->gid, rights->gid, rights->gid) != 0 ||
                           setresuid(rights->uid, rights->uid, rights->uid) != 0))
      _exit(1);
    prctl(PR_SET_DUMPABLE, 1);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    _exit(write(born[1], "x", 1) == 1 && read(life[0], &byte, 1) == 0 ? 0 : 1);
  }
  close(born[1]);
  if (read(born[0], &byte, 1) != 1)
    _exit(92);
  stage->victim_life = life[1];
}

static void observe(struct outcome *out) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
  syscall(SYS_capget, &header, data);
  for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
    out->capabilities |= data[i].effective | data[i].permitted | data[i].inheritable;
  out->bounded = prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0;
  out->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
  out->new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
  prctl(PR_GET_PDEATHSIG, &out->parent_death);
  out->uid = getuid();
  out->groups = getgroups(0, NULL);
}

static void try_all(struct stage *stage, const struct trial *trial, struct outcome *out) {
  int log = memfd_create("log", MFD_CLOEXEC);
  if (!trial->as_root)
    become_ordinary();
  start_victim(stage, trial);
  struct link_rights rights = trial->reaching ? *link_rights_reaching(trial->role) : *link_rights_of(trial->role);
  if (SANITIZED)
    rights.memory_max = 0; /* the sanitizer's shadow is larger than any limit */
  dup2(log, STDERR_FILENO);
  prctl(PR_SET_DUMPABLE, 1); /* as a program that was executed */
  int connection = -1;
  if (trial->reached) {
    struct link_rights before = *link_rights_reaching(trial->role);
    if (SANITIZED)
      before.memory_max = 0;
    out->code = link_confine_under(&before, &trial->kernel, &out->err);
    connection = connect_to_console(stage);
  }
  if (trial->confined && out->code == BASE_OK)
    out->code = link_confine_under(&rights, &trial->kernel, &out->err);
  out->still_talks = connection >= 0 && send(connection, "x", 1, 0) == 1;
  ssize_t size = pread(log, out->log, sizeof out->log - 1, 0);
  out->log[size > 0 ? size : 0] = '\0';
  if (out->code == BASE_OK)
    for (size_t i = 0; i < ACTS; i++)
      out->possible[i] = acts[i].possible(stage);
  observe(out);
}

static struct outcome *run(const struct trial *trial) {
  const struct link_rights *rights = link_rights_of(trial->role);
  struct stage *stage = stage_new(trial->as_root ? rights->uid : ORDINARY);
  struct outcome *out = mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(out, MAP_FAILED);
  pid_t child = fork();
  if (child == 0) {
    try_all(stage, trial, out);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail_msg("%s ended with status %x", link_role_name(trial->role), (unsigned)status);
  stage_free(stage);
  return out;
}

static void done(struct outcome *out) {
  munmap(out, sizeof *out);
}

/* --- the tests */

static const enum link_role children[] = {LINK_ROLE_GATE_PEER, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, LINK_ROLE_KEEPER,
                                          LINK_ROLE_WORKER};
enum { CHILDREN = sizeof children / sizeof children[0] };

static void check_state(const struct trial *trial, const struct outcome *out) {
  assert_int_equal(out->capabilities, 0);
  assert_int_equal(out->parent_death, SIGKILL);
  assert_false(out->dumpable);
  assert_false(out->new_privileges);
  if (!trial->as_root)
    return;
  assert_int_equal(out->uid, link_rights_of(trial->role)->uid);
  assert_int_equal(out->groups, 0);
  assert_true(out->bounded);
}

static void each_act_is_denied(bool as_root) {
  struct link_kernel kernel = link_kernel_here();
  if (kernel.landlock_abi == 0)
    skip(); /* files could not be fenced; that this is reported is tested below */
  for (size_t r = 0; r < CHILDREN; r++) {
    struct trial trial = {.role = children[r], .as_root = as_root, .confined = true, .kernel = kernel};
    struct outcome *out = run(&trial);
    if (out->code != BASE_OK)
      fail_msg("%s: %s", link_role_name(trial.role), out->err.text);
    size_t wrong = 0;
    for (size_t i = 0; i < ACTS; i++) {
      bool may = (acts[i].may & 1U << trial.role) != 0;
      if (SANITIZED && acts[i].possible == use_much_memory)
        may = true;
      if (out->possible[i] != may) {
        print_error("%s %s %s\n", link_role_name(trial.role), may ? "cannot" : "can", acts[i].name);
        wrong++;
      }
    }
    assert_int_equal(wrong, 0);
    check_state(&trial, out);
    done(out);
  }
}

/* Connects, by TCP or a Unix socket, and may do nothing else; once it is connected it has the rights that it has
 * without that, and what it had opened. */
static void reaches_and_nothing_else(enum link_role role, unsigned own, const char *name) {
  struct link_kernel kernel = link_kernel_here();
  if (kernel.landlock_abi == 0)
    skip();
  for (int as_root = 0; as_root <= (geteuid() == 0); as_root++) {
    struct trial trial = {.role = role, .as_root = as_root != 0, .confined = true, .kernel = kernel, .reaching = true};
    struct outcome *out = run(&trial);
    for (size_t i = 0; i < ACTS && out->code == BASE_OK; i++) {
      bool may = (acts[i].may & (own | PEER)) != 0 || acts[i].possible == connect_console ||
                 (role == LINK_ROLE_CORE && acts[i].possible == read_passwd);
      if (out->possible[i] && !may && !(SANITIZED && acts[i].possible == use_much_memory))
        fail_msg("%s, while it connects, can %s", name, acts[i].name);
      if (!out->possible[i] && (acts[i].possible == connect_tcp || acts[i].possible == connect_console))
        fail_msg("%s cannot %s", name, acts[i].name);
    }
    assert_int_equal(out->code, BASE_OK);
    check_state(&trial, out);
    done(out);
    trial.reaching = false;
    trial.reached = true;
    out = run(&trial);
    assert_int_equal(out->code, BASE_OK);
    assert_true(out->still_talks);
    for (size_t i = 0; i < ACTS; i++)
      if (out->possible[i] && (acts[i].may & own) == 0 && !(SANITIZED && acts[i].possible == use_much_memory))
        fail_msg("%s, once connected, can %s", name, acts[i].name);
    check_state(&trial, out);
    done(out);
  }
}

/* With a database on a server. */
static void core_reaches_its_database_and_nothing_else(void **state) {
  (void)state;
  reaches_and_nothing_else(LINK_ROLE_CORE, CORE, "core");
}

/* With a token, whose module may talk to its device by a socket. */
static void the_keeper_opens_its_token_and_nothing_else(void **state) {
  (void)state;
  reaches_and_nothing_else(LINK_ROLE_KEEPER, KEEPER, "the keeper");
}

static void each_act_is_denied_to_an_ordinary_user(void **state) {
  (void)state;
  each_act_is_denied(false);
}

static void each_act_is_denied_when_started_by_root(void **state) {
  (void)state;
  if (geteuid() != 0)
    skip();
  each_act_is_denied(true);
}

static void broken_variant_without_confinement_can_do_it_all(void **state) {
  (void)state;
  struct trial trial = {.role = LINK_ROLE_CORE};
  struct outcome *out = run(&trial);
  size_t wrong = 0;
  for (size_t i = 0; i < ACTS; i++)
    if (acts[i].free && !out->possible[i]) {
      print_error("even without confinement nobody can %s: its denial proves nothing\n", acts[i].name);
      wrong++;
    }
  assert_int_equal(wrong, 0);
  assert_true(out->dumpable && out->new_privileges);
  done(out);
}

static bool could(const struct outcome *out, bool (*possible)(const struct stage *stage)) {
  for (size_t i = 0; i < ACTS; i++)
    if (acts[i].possible == possible)
      return out->possible[i];
  return false;
}

static size_t missing(const struct outcome *out) {
  size_t count = 0;
  for (const char *at = out->log; (at = strstr(at, "confine.missing")) != NULL; at++)
    count++;
  return count;
}

static void a_kernel_without_landlock_is_reported_and_the_rest_holds(void **state) {
  (void)state;
  struct trial trial = {.role = LINK_ROLE_CORE, .confined = true, .kernel = {.landlock_abi = 0, .seccomp = true}};
  struct outcome *out = run(&trial);
  assert_int_equal(out->code, BASE_OK);
  assert_non_null(strstr(out->log, "<4>"));
  assert_non_null(strstr(out->log, "Landlock: files outside"));
  assert_int_equal(missing(out), 4);
  assert_true(could(out, read_outside)); /* what is reported is really missing */
  assert_false(could(out, execute) || could(out, connect_tcp) || could(out, connect_console) ||
               could(out, signal_another) || could(out, start_process));
  check_state(&trial, out);
  done(out);
}

static void each_older_landlock_is_used_as_far_as_it_reaches(void **state) {
  (void)state;
  static const size_t lines[] = {4, 4, 4, 3, 2, 1, 0}; /* by ABI 0 to 6 */
  int here = link_kernel_here().landlock_abi;
  for (int abi = 1; abi <= 6 && abi <= here; abi++) {
    struct trial trial = {.role = LINK_ROLE_KEEPER, .confined = true, .kernel = {.landlock_abi = abi, .seccomp = true}};
    struct outcome *out = run(&trial);
    assert_int_equal(out->code, BASE_OK);
    assert_int_equal(missing(out), lines[abi]);
    assert_null(strstr(out->log, "Landlock: files outside"));
    assert_false(could(out, read_outside) || could(out, write_outside) || could(out, make_outside));
    assert_true(could(out, read_own));
    done(out);
  }
}

static void a_kernel_without_seccomp_is_reported_and_the_rest_holds(void **state) {
  (void)state;
  struct link_kernel kernel = link_kernel_here();
  if (kernel.landlock_abi < 6)
    skip();
  kernel.seccomp = false;
  struct trial trial = {.role = LINK_ROLE_CORE, .confined = true, .kernel = kernel};
  struct outcome *out = run(&trial);
  assert_int_equal(out->code, BASE_OK);
  assert_int_equal(missing(out), 1);
  assert_true(could(out, start_process)); /* what is reported is really missing */
  assert_false(could(out, read_outside) || could(out, execute) || could(out, connect_tcp) || could(out, listen_tcp) ||
               could(out, connect_abstract) || could(out, signal_another));
  done(out);
}

static void root_is_no_user_of_a_role(void **state) {
  (void)state;
  if (geteuid() != 0)
    skip();
  pid_t child = fork();
  if (child == 0) {
    struct link_rights rights = *link_rights_of(LINK_ROLE_CORE);
    rights.uid = 0;
    struct base_error err;
    _exit(link_confine(&rights, &err) == BASE_FIELD && strstr(err.text, "core may not run as root") != NULL ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

/* A process that was confined dies with its parent, although becoming another user clears that setting. */
static void a_child_dies_with_its_parent(void **state) {
  (void)state;
  int alive[2], ready[2];
  assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
  assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
  pid_t parent = fork();
  if (parent == 0) {
    if (fork() == 0) {
      struct link_rights rights = *link_rights_of(LINK_ROLE_WORKER);
      rights.memory_max = 0;
      close(alive[0]);
      if (link_confine(&rights, NULL) != BASE_OK || write(ready[1], "x", 1) != 1)
        _exit(1);
      for (;;)
        pause();
    }
    for (;;)
      pause();
  }
  close(alive[1]);
  char byte;
  assert_int_equal(read(ready[0], &byte, 1), 1);
  assert_int_equal(kill(parent, SIGKILL), 0);
  assert_int_equal(waitpid(parent, NULL, 0), parent);
  assert_int_equal(read(alive[0], &byte, 1), 0); /* the end: nobody holds the other side any more */
  close(alive[0]), close(ready[0]), close(ready[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_act_is_denied_to_an_ordinary_user),
      cmocka_unit_test(each_act_is_denied_when_started_by_root),
      cmocka_unit_test(core_reaches_its_database_and_nothing_else),
      cmocka_unit_test(the_keeper_opens_its_token_and_nothing_else),
      cmocka_unit_test(broken_variant_without_confinement_can_do_it_all),
      cmocka_unit_test(a_kernel_without_landlock_is_reported_and_the_rest_holds),
      cmocka_unit_test(each_older_landlock_is_used_as_far_as_it_reaches),
      cmocka_unit_test(a_kernel_without_seccomp_is_reported_and_the_rest_holds),
      cmocka_unit_test(root_is_no_user_of_a_role),
      cmocka_unit_test(a_child_dies_with_its_parent),
  };
  return cmocka_run_group_tests_name("link_confine", tests, NULL, NULL);
}
