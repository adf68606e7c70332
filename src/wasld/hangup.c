/* SPDX-License-Identifier: Apache-2.0 */
#include "wasld/hangup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* One for the process, as the terminal and the signal are. */
static struct {
  bool had_terminal;
  void (*gone)(void *context);
  void *context;
} hangup;

static bool has_terminal(void) {
  BASE_AUTO_FD int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  return fd >= 0;
}

static void hung_up(void *context, int fd, short events) {
  struct signalfd_siginfo info;
  (void)context;
  (void)events;
  while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
    /* A shell that lost its terminal tells its jobs by itself, after the kernel has taken the terminal from all of
     * them. */
    if (hangup.had_terminal && !has_terminal()) {
      base_log(
          BASE_LOG_NOTICE, "wasld.hangup",
          "the terminal that wasld was started from is gone: the node stops; a service manager, or setsid, keeps it "
          "running without one");
      hangup.gone(hangup.context);
    } else
      base_log(BASE_LOG_NOTICE, "wasld.hangup",
               "SIGHUP (from process %u) changes nothing: a changed wasl.conf is taken up when wasld is started again",
               info.ssi_pid);
  }
}

enum base_code wasld_hangup_watch(struct link_loop *loop, void (*gone)(void *context), void *context,
                                  struct base_error *err) {
  struct sigaction action;
  sigset_t set;
  if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
    return BASE_OK;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
    return base_fail_errno(err, "signals cannot be blocked");
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0)
    return base_fail_errno(err, "signals cannot be awaited");
  hangup.had_terminal = has_terminal();
  hangup.gone = gone;
  hangup.context = context;
  link_loop_watch(loop, fd, POLLIN, hung_up, NULL);
  return BASE_OK;
}
