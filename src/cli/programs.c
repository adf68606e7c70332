/* SPDX-License-Identifier: Apache-2.0
 * The other programs, started for one job: the keeper to make keys, core to look at a database or move one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

enum { PROGRAM_ARGUMENTS_MAX = 12, WAIT_MS = 20, WAITING_EVERY = 5 };

static enum base_code path_of(const char *name, char *out, size_t room, struct base_error *err) {
  ssize_t size = readlink("/proc/self/exe", out, room - 1);
  if (size <= 0 || (size_t)size + 1 == room)
    return base_fail_errno(err, "the folder of the programs cannot be found");
  out[size] = 0;
  char *slash = strrchr(out, '/');
  size_t folder = slash == NULL ? 0 : (size_t)(slash - out) + 1;
  if (snprintf(out + folder, room - folder, "%s", name) >= (int)(room - folder))
    return base_fail(err, BASE_TOO_LARGE, "the path of the programs is too long");
  if (access(out, X_OK) != 0)
    return base_fail_errno(err, "%s cannot be started", out);
  return BASE_OK;
}

static enum base_code read_output(int fd, struct base_buf *out, struct base_error *err) {
  char name[32];
  (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  base_buf_init(out, 2 * CLI_PROGRAM_OUTPUT_MAX);
  return base_file_read(AT_FDCWD, name, CLI_PROGRAM_OUTPUT_MAX, out, err);
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  interrupted = number;
}

/* So that what a program leaves half done can be taken away when somebody presses ^C. */
static void watch_signals(struct sigaction before[3], bool on) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = interrupt};
  for (size_t i = 0; i < 3; i++)
    sigaction(numbers[i], on ? &action : &before[i], on ? &before[i] : NULL);
}

static enum base_code wait_for(const struct cli_program *program, pid_t child, int *status, struct base_error *err) {
  for (unsigned turn = 0;; turn++) {
    pid_t ended = waitpid(child, status, WNOHANG);
    if (ended < 0 && errno != EINTR)
      return base_fail_errno(err, "%s cannot be waited for", program->name);
    if (ended == child)
      return BASE_OK;
    if (interrupted != 0) {
      kill(child, SIGKILL);
      while (waitpid(child, status, 0) < 0 && errno == EINTR)
        ;
      return base_fail(err, BASE_TIMEOUT, "interrupted; nothing was kept");
    }
    if (program->waiting != NULL && turn % WAITING_EVERY == 0)
      program->waiting(program->context);
    poll(NULL, 0, turn < WAITING_EVERY ? 1 : WAIT_MS);
  }
}

/* Without our environment: libraries take orders from it, other ones than when wasld starts the same program. */
static enum base_code spawn(const char *path, const struct cli_program *program, int out, int errors, int *status,
                            struct base_error *err) {
  char *arguments[PROGRAM_ARGUMENTS_MAX + 2] = {(char *)(uintptr_t)path}, *environment[] = {NULL};
  posix_spawn_file_actions_t actions;
  pid_t child;
  for (size_t i = 0; i < PROGRAM_ARGUMENTS_MAX && program->arguments[i] != NULL; i++)
    arguments[i + 1] = (char *)(uintptr_t)program->arguments[i];
  if (posix_spawn_file_actions_init(&actions) != 0)
    return base_fail(err, BASE_MEMORY, "no memory to start %s", program->name);
  if (program->folder >= 0) /* first: the number that is handed over may be the folder's */
    posix_spawn_file_actions_addfchdir_np(&actions, program->folder);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  if (program->in > 0)
    posix_spawn_file_actions_adddup2(&actions, program->in, STDIN_FILENO);
  if (program->handed >= 0)
    posix_spawn_file_actions_adddup2(&actions, program->handed, CLI_PROGRAM_FD);
  struct sigaction before[3];
  interrupted = 0;
  watch_signals(before, true);
  errno = posix_spawn(&child, path, &actions, NULL, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  enum base_code code =
      errno != 0 ? base_fail_errno(err, "%s cannot be started", path) : wait_for(program, child, status, err);
  watch_signals(before, false);
  return code;
}

enum base_code cli_program_run(const struct cli_program *program, bool *done, struct base_buf *out,
                               struct base_buf *said, struct base_error *err) {
  char path[PATH_MAX];
  int status = 0;
  BASE_AUTO_FD int printed = memfd_create("out", MFD_CLOEXEC);
  BASE_AUTO_FD int complaint = memfd_create("errors", MFD_CLOEXEC);
  if (printed < 0 || complaint < 0)
    return base_fail_errno(err, "no memory file");
  enum base_code code = path_of(program->name, path, sizeof path, err);
  if (code == BASE_OK)
    code = spawn(path, program, printed, complaint, &status, err);
  if (code == BASE_OK)
    code = read_output(printed, out, err);
  if (code == BASE_OK)
    code = read_output(complaint, said, err);
  while (said->size > 0 && said->data[said->size - 1] == '\n')
    said->size--;
  if (code == BASE_OK)
    *done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return code;
}

enum base_code cli_keeper_run(const char *const *words, size_t count, struct base_buf *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf said = {0};
  bool done = false;
  struct cli_program program = {.name = "wasl-keeper", .folder = -1, .handed = -1};
  for (size_t i = 0; i < count; i++)
    program.arguments[i] = words[i];
  enum base_code code = cli_program_run(&program, &done, out, &said, err);
  if (code != BASE_OK || done)
    return code;
  return base_fail(err, BASE_INTERNAL, "the keys could not be made: %.*s", (int)said.size, (const char *)said.data);
}
