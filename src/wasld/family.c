/* SPDX-License-Identifier: Apache-2.0 */
#include "wasld/family.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wasld/hangup.h"

enum {
  WINDOW_MS = 60000,     /* in which restarts are counted */
  BACK_OFF_MS = 200,     /* before the first restart; doubled for each further one in the window */
  TOKEN_FIRST_MS = 1000, /* before the token is looked for again; doubled each time */
  TOKEN_MOST_MS = 30000,
  FAILED_STOP_MS = 3000, /* for the others when one has failed */
  CORE_STOP_MS = 30000,  /* for core and keeper, once the gates are gone */
  TRY_MS = 10000,        /* for the gate to look at its TLS pair */
  HALTED_STOP_MS = 2000, /* for one that a signal halts: until then it may go on and end by itself */
  ARGUMENTS_MAX = 8 + 2 * LINK_FDS_MAX,
  ARGUMENT_SIZE = 48,
};

struct child {
  enum link_role role;
  const char *program, *folder;
  pid_t pid; /* 0: not running */
  int ready; /* read end: a byte says that it serves */
  bool serves;
  bool killed;                   /* by us, because it did not end in time */
  bool told;                     /* by us to end: dying of that signal is its answer */
  int status;                    /* with which it ended */
  char why[BASE_ERROR_TEXT_MAX]; /* it said that it will never serve; "" */
  struct family *family;
  struct link_watch *watch;
};
enum { KEEPER, CORE, GATE_PEER, GATE_LOCAL, WORKER, CHILDREN };
static const struct child child_table[CHILDREN] = {
    [KEEPER] = {.role = LINK_ROLE_KEEPER, .program = "wasl-keeper", .folder = "keeper"},
    [CORE] = {.role = LINK_ROLE_CORE, .program = "wasl-core", .folder = "core"},
    [GATE_PEER] = {.role = LINK_ROLE_GATE_PEER, .program = "wasl-gate", .folder = "gate"},
    [GATE_LOCAL] = {.role = LINK_ROLE_GATE_LOCAL, .program = "wasl-gate", .folder = "local"},
    [WORKER] = {.role = LINK_ROLE_WORKER, .program = "wasl-worker", .folder = "worker"},
};

enum state { STARTING, RUNNING, STOPPING_GATES, STOPPING_REST, PAUSING };

struct family {
  const struct wasld_handed *handed;
  const struct base_world *world;
  struct link_loop *loop;
  struct link_timer *timer, *halted;
  enum state state;
  struct child children[CHILDREN];
  bool quitting;    /* not to be started again */
  bool served;      /* all were ready at least once */
  int64_t later_ms; /* core ended for want of its database, the keeper of its token: once more, however often; 0: no */
  int64_t token_ms; /* how long the token is waited for the next time */
  const struct child *failed; /* of those that failed before, the one whom the others wait for */
  int status;
  uint64_t restarts; /* since window_start */
  int64_t window_start;
};

/* --- starting */

struct handing {
  size_t count;
  struct {
    char name[24];
    int fd;
  } fds[LINK_FDS_MAX];
};

static void hand(struct handing *handing, int fd, const char *name) {
  snprintf(handing->fds[handing->count].name, sizeof handing->fds[0].name, "%s", name);
  handing->fds[handing->count++].fd = fd;
}

/* In the child. Nothing but what is handed over survives the exec; the environment does not either: TLS libraries take
 * orders from it, such as writing session keys to a file. */
static _Noreturn void become_child(const struct family *family, const struct child *child,
                                   const struct handing *handing, int folder, pid_t parent) {
  char text[ARGUMENTS_MAX][ARGUMENT_SIZE], path[sizeof family->handed->programs + 32];
  char *arguments[ARGUMENTS_MAX + 1], *environment[] = {NULL};
  const struct wasld_user *user = &family->handed->conf->users[child->role];
  size_t count = 0;
  snprintf(text[count++], ARGUMENT_SIZE, "%s", child->program);
  snprintf(text[count++], ARGUMENT_SIZE, "--role");
  snprintf(text[count++], ARGUMENT_SIZE, "%s", link_role_name(child->role));
  snprintf(text[count++], ARGUMENT_SIZE, "--user");
  snprintf(text[count++], ARGUMENT_SIZE, "%u:%u", (unsigned)user->uid, (unsigned)user->gid);
  for (size_t i = 0; i < handing->count; i++) {
    snprintf(text[count++], ARGUMENT_SIZE, "--fd");
    snprintf(text[count++], ARGUMENT_SIZE, "%s=%d", handing->fds[i].name, handing->fds[i].fd);
    fcntl(handing->fds[i].fd, F_SETFD, 0);
  }
  for (size_t i = 0; i < count; i++)
    arguments[i] = text[i];
  arguments[count] = NULL;
  snprintf(path, sizeof path, "%s/%s", family->handed->programs, child->program);
  sigset_t none;
  sigemptyset(&none);
  /* A closed terminal is for wasld to answer, also before the child has said so itself. */
  signal(SIGHUP, SIG_IGN);
  /* The parent may have died before its death was asked to be told. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || sigprocmask(SIG_SETMASK, &none, NULL) != 0 ||
      fchdir(folder) != 0)
    _exit(1);
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing >= 0)
    dup2(nothing, STDIN_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  execve(path, arguments, environment);
  base_log(BASE_LOG_ERROR, "wasld.exec", "%s cannot be executed: %s", path, strerror(errno));
  _exit(127);
}

static void child_ready(void *context, int fd, short events);

/* Tells the gates how a process is. */
static void live(const struct family *family, const struct child *child, enum link_life life) {
  atomic_store(&family->handed->page->pids[child->role], (uint32_t)child->pid);
  atomic_store(&family->handed->page->lives[child->role], life);
}

static enum base_code start_child(struct family *family, struct child *child, struct handing *handing,
                                  struct base_error *err) {
  BASE_AUTO_FD int folder = openat(family->handed->dir, child->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (folder < 0)
    return base_fail_errno(err,
                           "%s: cannot be opened; put it back from a copy of the node (`wasl node init` makes a new "
                           "node, in an empty folder)",
                           child->folder);
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0)
    return base_fail_errno(err, "no pipe to %s", child->program);
  hand(handing, ready[1], "ready");
  hand(handing, family->handed->life, "life");
  pid_t parent = getpid(), pid = fork();
  if (pid == 0)
    become_child(family, child, handing, folder, parent);
  close(ready[1]);
  if (pid < 0) {
    close(ready[0]);
    return base_fail_errno(err, "%s: cannot be started", child->program);
  }
  child->pid = pid;
  child->serves = child->killed = child->told = false;
  child->why[0] = '\0';
  child->ready = ready[0];
  child->family = family;
  child->watch = link_loop_watch(family->loop, ready[0], POLLIN, child_ready, child);
  live(family, child, LINK_LIFE_STARTING);
  return BASE_OK;
}

static int wire(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static void unwire(int ends[2]) {
  base_close_fd(&ends[0]);
  base_close_fd(&ends[1]);
}

/* The card that partners go by now: core's copy of a later one, or the first. Core may write what it wants there, so
 * nothing but a plain file is opened; the gates trust core with the table of partners anyway. */
static int open_card(int dir) {
  struct stat status;
  int fd = openat(dir, "core/node.card", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
    return fd;
  base_close_fd(&fd);
  return openat(dir, "node.card", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* Who is connected with whom, and who gets what from outside: this block is the architecture. In each pair the one who
 * asks comes first. */
static enum base_code start_all(struct family *family, struct base_error *err) {
  const struct wasld_handed *handed = family->handed;
  struct child *children = family->children;
  int peer_core[2] = {-1, -1}, local_core[2] = {-1, -1}, local_worker[2] = {-1, -1}, core_keeper[2] = {-1, -1};
  struct handing keeper = {0}, core = {0}, peer = {0}, local = {0}, worker = {0};
  /* Opened for each: who reads from a shared one moves the other's place. */
  BASE_AUTO_FD int card = openat(handed->dir, "node.card", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  BASE_AUTO_FD int peer_card = open_card(handed->dir);
  BASE_AUTO_FD int local_card = open_card(handed->dir);
  BASE_AUTO_FD int database = -1;
  BASE_AUTO_FD int backup = -1; /* the public key of backups */
  enum base_code code = BASE_OK;
  if (card < 0 || peer_card < 0 || local_card < 0) {
    code = base_fail_errno(err, "node.card: cannot be opened; put it back from a copy of the node (`wasl node init` "
                                "makes a new node, in an empty folder)");
    goto done;
  }
  if (handed->conf->database[0] != '\0') {
    /* Not as an argument, which everybody on the machine may read. */
    database = base_memfd_sealed("database", base_view_text(handed->conf->database), err);
    code = database < 0 ? err->code : BASE_OK;
  }
  if (code == BASE_OK && handed->conf->backup[0] != '\0') {
    backup = base_memfd_sealed("backup", base_view_text(handed->conf->backup), err);
    code = backup < 0 ? err->code : BASE_OK;
  }
  if (code != BASE_OK)
    goto done;
  if (wire(peer_core) != 0 || wire(local_core) != 0 || wire(local_worker) != 0 || wire(core_keeper) != 0) {
    code = base_fail_errno(err, "no channels between the processes");
    goto done;
  }
  hand(&peer, peer_core[0], "core");
  hand(&core, peer_core[1], "gate-peer");
  hand(&local, local_core[0], "core");
  hand(&core, local_core[1], "gate-local");
  hand(&local, local_worker[0], "worker");
  hand(&worker, local_worker[1], "gate-local");
  hand(&core, core_keeper[0], "keeper");
  hand(&keeper, core_keeper[1], "core");
  hand(&core, card, "card");
  hand(&peer, peer_card, "card");
  hand(&peer, handed->family, "family");
  hand(&local, local_card, "card");
  hand(&local, handed->family, "family");
  if (database >= 0)
    hand(&core, database, "database");
  if (backup >= 0)
    hand(&core, backup, "backup");
  hand(&local, handed->local, "api");
  for (size_t i = 0; i < handed->conf->listen_count; i++) {
    char name[24];
    snprintf(name, sizeof name, "listen%zu", i);
    hand(&peer, handed->tcp[i], name);
  }
  struct handing *all[CHILDREN] = {
      [KEEPER] = &keeper, [CORE] = &core, [GATE_PEER] = &peer, [GATE_LOCAL] = &local, [WORKER] = &worker};
  for (size_t i = 0; i < CHILDREN && code == BASE_OK; i++)
    code = start_child(family, &children[i], all[i], err);
done:
  /* The ends now belong to the children alone: who loses the other side must see it. */
  unwire(peer_core);
  unwire(local_core);
  unwire(local_worker);
  unwire(core_keeper);
  return code;
}

/* --- ending */

static bool runs(const struct family *family, size_t child) {
  return family->children[child].pid != 0;
}

static bool any_runs(const struct family *family) {
  for (size_t i = 0; i < CHILDREN; i++)
    if (runs(family, i))
      return true;
  return false;
}

static void send_all(const struct family *family, int signal_number) {
  for (size_t i = 0; i < CHILDREN; i++)
    if (runs(family, i))
      kill(family->children[i].pid, signal_number);
}

static void finish(struct family *family, int status) {
  family->status = status;
  link_loop_end(family->loop);
}

/* The last word is the cause: what the others said after it, when they were left alone, stands above. One that said
 * nothing may have left lines of its own in the log, or none. */
static void say_failed(const struct family *family) {
  const struct child *failed = family->failed;
  const char *name = link_role_name(failed->role);
  if (failed->why[0] != '\0')
    base_log(BASE_LOG_ERROR, "wasld.failed", "the node did not start: %s: %s", name, failed->why);
  else if (WIFSIGNALED(failed->status))
    base_log(
        BASE_LOG_ERROR, "wasld.failed",
        "the node did not start, because %s was killed by signal %d, and not by wasld: the system's log may say by "
        "whom (out of memory?)",
        name, WTERMSIG(failed->status));
  else
    base_log(BASE_LOG_ERROR, "wasld.failed",
             "the node did not start, because %s ended with status %d and told wasld no reason: lines of %s above, if "
             "there are any, say more",
             name, WEXITSTATUS(failed->status), failed->program);
}

/* All are gone: once more, or never again. */
static void next_life(struct family *family) {
  link_timer_set(family->halted, -1);
  if (family->quitting) {
    if (family->failed != NULL)
      say_failed(family);
    finish(family, family->status);
    return;
  }
  if (family->later_ms > 0) {
    family->failed = NULL;
    family->state = PAUSING;
    link_timer_set(family->timer, family->later_ms);
    family->later_ms = 0;
    family->token_ms = 2 * family->token_ms < TOKEN_MOST_MS ? 2 * family->token_ms : TOKEN_MOST_MS;
    return;
  }
  int64_t now = family->world->monotonic_ms(family->world->context);
  if (family->restarts == 0 || now - family->window_start > WINDOW_MS) {
    family->window_start = now;
    family->restarts = 0;
  }
  if (family->restarts >= family->handed->conf->restarts) {
    base_log(BASE_LOG_ERROR, "wasld.failed", "%llu restarts within a minute were not enough; the node gives up",
             (unsigned long long)family->restarts);
    finish(family, 1);
    return;
  }
  uint64_t doublings = family->restarts < 6 ? family->restarts : 6;
  family->restarts++;
  family->state = PAUSING;
  link_timer_set(family->timer, (int64_t)BACK_OFF_MS << doublings);
}

/* The gates finish what is under way; core and keeper see the end of their channels when nobody can ask any more. */
static void step_stop(struct family *family) {
  if (family->state == STOPPING_GATES && !runs(family, GATE_PEER) && !runs(family, GATE_LOCAL)) {
    family->state = STOPPING_REST;
    link_timer_set(family->timer, family->quitting && family->status == 0 ? CORE_STOP_MS : FAILED_STOP_MS);
  }
  if (!any_runs(family)) {
    link_timer_set(family->timer, -1);
    next_life(family);
  }
}

static bool halted(const struct family *family, size_t child) {
  return runs(family, child) &&
         link_family_life(family->handed->page, family->children[child].role) == LINK_LIFE_HALTED;
}

/* The others wait for one that is halted, and it hears nothing: it is let go on, so that what is under way is finished.
 */
static void let_go_on(struct family *family) {
  for (size_t i = 0; i < CHILDREN; i++) {
    if (!halted(family, i))
      continue;
    base_log(BASE_LOG_WARNING, "wasld.halted",
             "%s (process %d) is halted by a signal; it is let go on, so that it can end, and killed if it does not "
             "within %d s",
             link_role_name(family->children[i].role), (int)family->children[i].pid, HALTED_STOP_MS / 1000);
    kill(family->children[i].pid, SIGCONT);
    link_timer_set(family->halted, HALTED_STOP_MS);
  }
}

static void kill_child(struct child *child) {
  child->killed = true;
  kill(child->pid, SIGKILL);
}

static void still_halted(void *context) {
  struct family *family = context;
  for (size_t i = 0; i < CHILDREN; i++) {
    if (!halted(family, i))
      continue;
    base_log(BASE_LOG_WARNING, "wasld.late", "%s stays halted and is killed", link_role_name(family->children[i].role));
    kill_child(&family->children[i]);
  }
}

static void tell_to_end(struct family *family, size_t child) {
  if (!runs(family, child))
    return;
  family->children[child].told = true;
  kill(family->children[child].pid, SIGTERM);
}

static void stop(struct family *family, int64_t patience_ms) {
  family->state = STOPPING_GATES;
  let_go_on(family);
  tell_to_end(family, GATE_PEER);
  tell_to_end(family, GATE_LOCAL);
  link_timer_set(family->timer, patience_ms);
  step_stop(family);
}

static void start(struct family *family) {
  struct base_error err;
  family->state = STARTING;
  if (start_all(family, &err) == BASE_OK)
    return;
  base_log(BASE_LOG_ERROR, "wasld.start", "%s", err.text);
  if (!family->served) {
    family->quitting = true;
    family->status = 1;
  }
  stop(family, FAILED_STOP_MS);
}

static void time_is_up(void *context) {
  struct family *family = context;
  if (family->state == PAUSING) {
    if (family->restarts == 0)
      base_log(BASE_LOG_NOTICE, "wasld.restart", "the node is started again");
    else
      base_log(BASE_LOG_NOTICE, "wasld.restart", "the node is started again (%llu of %llu within a minute)",
               (unsigned long long)family->restarts, (unsigned long long)family->handed->conf->restarts);
    start(family);
    return;
  }
  for (size_t i = 0; i < CHILDREN; i++) {
    bool gate = i == GATE_PEER || i == GATE_LOCAL;
    if (!runs(family, i) || (family->state == STOPPING_GATES && !gate))
      continue;
    base_log(BASE_LOG_WARNING, "wasld.late", "%s did not end in time and is killed",
             link_role_name(family->children[i].role));
    kill_child(&family->children[i]);
  }
}

static void asked_to_stop(void *context) {
  struct family *family = context;
  if (family->quitting)
    return;
  family->quitting = true;
  base_log(BASE_LOG_NOTICE, "wasld.stop", "the node stops");
  if (family->state == PAUSING)
    finish(family, 0);
  else if (family->state == STARTING || family->state == RUNNING)
    stop(family, (int64_t)family->handed->conf->stop_seconds * 1000);
}

/* --- watching */

/* What it says of its start, once: that it serves, or why it never will. Nothing, when it ended without a word. */
static void hear(struct child *child) {
  char text[1 + BASE_ERROR_TEXT_MAX];
  BASE_AUTO_BUF struct base_buf clean = {0};
  ssize_t size;
  do
    size = read(child->ready, text, sizeof text - 1);
  while (size < 0 && errno == EINTR);
  child->serves = size > 0 && text[0] == LINK_START_SERVES;
  if (size > 1 && text[0] == LINK_START_FAILED) {
    base_buf_init(&clean, 4 * sizeof text);
    base_buf_printable(&clean, base_view_of(text + 1, (size_t)size - 1));
    snprintf(child->why, sizeof child->why, "%.*s", (int)clean.size, (const char *)clean.data);
  }
  if (child->watch != NULL)
    link_watch_remove(child->watch);
  child->watch = NULL;
  base_close_fd(&child->ready);
}

static void child_ready(void *context, int fd, short events) {
  struct child *child = context;
  struct family *family = child->family;
  (void)fd;
  (void)events;
  hear(child);
  if (child->serves)
    live(family, child, LINK_LIFE_SERVES);
  for (size_t i = 0; i < CHILDREN; i++)
    if (!family->children[i].serves)
      return;
  if (family->state != STARTING)
    return;
  family->state = RUNNING;
  family->served = true;
  family->token_ms = TOKEN_FIRST_MS;
  base_log(BASE_LOG_NOTICE, "wasld.ready", "%s serves on %s", family->handed->conf->name, family->handed->page->listen);
}

static void log_end(const struct child *child, int status) {
  if (WIFSIGNALED(status))
    base_log(BASE_LOG_ERROR, "wasld.child", "%s (process %d) was killed by signal %d", link_role_name(child->role),
             (int)child->pid, WTERMSIG(status));
  else
    base_log(BASE_LOG_ERROR, "wasld.child", "%s (process %d) ended by itself with status %d",
             link_role_name(child->role), (int)child->pid, WEXITSTATUS(status));
}

/* One that fails takes those with it that wait for him: keeper before core, core before the gates. One that ended in
 * peace was taken along, though its end may be seen first: channels close before their process is gone. One that only
 * did not end in time, when another had failed, is not to blame, nor one that had no answer yet to being told to end
 * but to die of it. */
static void blame(struct family *family, const struct child *child, int status) {
  bool deeper = family->failed == NULL || family->failed->status == 0 || child->role == LINK_ROLE_KEEPER ||
                (child->role == LINK_ROLE_CORE && family->failed->role != LINK_ROLE_KEEPER);
  bool obeyed = child->told && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
  if (!family->served && status != 0 && deeper && !child->killed && !obeyed)
    family->failed = child;
}

static void child_ended(struct family *family, struct child *child, int status) {
  /* One that fails takes others with it, and they may be noticed first: whoever did not end in peace is named too. */
  if (family->state == STARTING || family->state == RUNNING || (status != 0 && !family->quitting))
    log_end(child, status);
  child->status = status;
  if (family->state == STARTING || family->failed != NULL)
    blame(family, child, status);
  bool waits = WIFEXITED(status) && WEXITSTATUS(status) == LINK_EXIT_LATER;
  if (waits && child->role == LINK_ROLE_CORE)
    family->later_ms = BACK_OFF_MS;
  if (waits && child->role == LINK_ROLE_KEEPER && family->served) /* at the first start somebody is there to be told */
    family->later_ms = family->token_ms;
  if (child->ready >= 0)
    hear(child);
  child->pid = 0;
  child->serves = false;
  live(family, child, LINK_LIFE_NONE);
  if (family->state == STARTING || family->state == RUNNING) {
    /* What fails before it ever served will not get better by repetition. */
    if (!family->served && family->later_ms == 0) {
      if (family->failed == NULL)
        family->failed = child;
      family->quitting = true;
      family->status = 1;
    }
    stop(family, FAILED_STOP_MS);
  } else {
    step_stop(family);
  }
}

static void child_halted(const struct family *family, const struct child *child) {
  base_log(BASE_LOG_WARNING, "wasld.halted", "%s (process %d) was halted by a signal; kill -CONT %d lets it go on",
           link_role_name(child->role), (int)child->pid, (int)child->pid);
  live(family, child, LINK_LIFE_HALTED);
  if (family->state == STOPPING_GATES || family->state == STOPPING_REST)
    link_timer_set(family->halted, HALTED_STOP_MS);
}

static void some_child_ended(void *context, int fd, short events) {
  struct family *family = context;
  struct signalfd_siginfo info;
  (void)events;
  while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
    ;
  for (size_t i = 0; i < CHILDREN; i++) {
    struct child *child = &family->children[i];
    int status;
    while (child->pid != 0 && waitpid(child->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == child->pid)
      if (WIFSTOPPED(status))
        child_halted(family, child);
      else if (WIFCONTINUED(status))
        live(family, child, child->serves ? LINK_LIFE_SERVES : LINK_LIFE_STARTING);
      else
        child_ended(family, child, status);
  }
}

static enum base_code watch_children(struct family *family, int *out, struct base_error *err) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
    return base_fail_errno(err, "signals cannot be blocked");
  *out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (*out < 0)
    return base_fail_errno(err, "the end of processes cannot be awaited");
  link_loop_watch(family->loop, *out, POLLIN, some_child_ended, family);
  enum base_code code = wasld_hangup_watch(family->loop, asked_to_stop, family, err);
  return code == BASE_OK ? link_loop_on_term(family->loop, asked_to_stop, family, err) : code;
}

int wasld_family_run(const struct wasld_handed *handed) {
  struct family family = {.handed = handed, .world = base_world_system()};
  BASE_AUTO_FD int ends = -1;
  struct base_error err;
  memcpy(family.children, child_table, sizeof family.children);
  for (size_t i = 0; i < CHILDREN; i++)
    family.children[i].ready = -1;
  family.loop = link_loop_new(family.world);
  family.timer = link_loop_timer(family.loop, time_is_up, &family);
  family.halted = link_loop_timer(family.loop, still_halted, &family);
  if (watch_children(&family, &ends, &err) != BASE_OK) {
    base_log(BASE_LOG_ERROR, "wasld.start", "%s", err.text);
    family.status = 1;
  } else {
    start(&family);
    while (link_loop_turn(family.loop, -1))
      ;
  }
  send_all(&family, SIGKILL);
  link_loop_free(family.loop);
  return family.status;
}

enum base_code wasld_family_try(const struct wasld_handed *handed, struct base_error *err) {
  struct family family = {.handed = handed, .world = base_world_system()};
  struct child *gate = &family.children[GATE_PEER];
  struct handing handing = {0};
  BASE_AUTO_FD int card = openat(handed->dir, "node.card", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  BASE_AUTO_FD int mark = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (card < 0 || mark < 0)
    return base_fail_errno(err, "node.card: cannot be opened; put it back from a copy of the node (`wasl node init` "
                                "makes a new node, in an empty folder)");
  *gate = child_table[GATE_PEER];
  family.loop = link_loop_new(family.world);
  hand(&handing, card, "card");
  hand(&handing, handed->family, "family");
  hand(&handing, mark, "check");
  enum base_code code = start_child(&family, gate, &handing, err);
  if (code == BASE_OK) {
    struct pollfd ready = {.fd = gate->ready, .events = POLLIN};
    bool told = poll(&ready, 1, TRY_MS) == 1;
    if (told)
      hear(gate);
    kill(gate->pid, SIGKILL);
    (void)waitpid(gate->pid, NULL, 0);
    if (!gate->serves)
      code = base_fail(err, BASE_CONFLICT, "%s",
                       gate->why[0] != '\0' ? gate->why
                       : told               ? "wasl-gate, which was to look at gate/tls.key, ended without a word"
                                            : "wasl-gate, which was to look at gate/tls.key, says nothing");
  }
  base_close_fd(&gate->ready);
  link_loop_free(family.loop);
  return code;
}

enum base_code wasld_family_check(const struct wasld_handed *handed, struct base_error *err) {
  for (size_t i = 0; i < CHILDREN; i++) {
    const struct child *child = &child_table[i];
    char path[sizeof handed->programs + 32];
    snprintf(path, sizeof path, "%s/%s", handed->programs, child->program);
    if (access(path, X_OK) != 0)
      return base_fail_errno(err, "%s: cannot be executed", path);
    BASE_AUTO_FD int folder = openat(handed->dir, child->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0)
      return base_fail_errno(err,
                             "%s: cannot be opened; put it back from a copy of the node (`wasl node init` makes a new "
                             "node, in an empty folder)",
                             child->folder);
  }
  if (faccessat(handed->dir, "node.card", R_OK, 0) != 0)
    return base_fail_errno(err, "node.card: cannot be read; put it back from a copy of the node (`wasl node init` "
                                "makes a new node, in an empty folder)");
  return BASE_OK;
}
