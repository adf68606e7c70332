/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "link/fault.h"
#include "link/link.h"

struct link_watch {
  int fd;
  short events;
  bool removed; /* kept until the turn is over: its place in the poll set is still looked at */
  void (*ready)(void *context, int fd, short events);
  void *context;
};

struct link_timer {
  struct link_loop *loop;
  int64_t due; /* monotonic milliseconds; -1: off */
  void (*fire)(void *context);
  void *context;
};

struct link_loop {
  const struct base_world *world;
  struct link_watch **watches;
  struct pollfd *polled; /* as long as watches */
  size_t watch_count, watch_room;
  struct link_timer **timers;
  size_t timer_count, timer_room;
  int term_fd;
  void (*term)(void *context);
  void *term_context;
  bool ended;
};

static void *must(void *pointer) {
  if (pointer == NULL)
    link_fault("out of memory in the event loop");
  return pointer;
}

struct link_loop *link_loop_new(const struct base_world *world) {
  struct link_loop *loop = must(calloc(1, sizeof *loop));
  loop->world = world;
  loop->term_fd = -1;
  return loop;
}

void link_loop_free(struct link_loop *loop) {
  if (loop == NULL)
    return;
  for (size_t i = 0; i < loop->watch_count; i++)
    free(loop->watches[i]);
  for (size_t i = 0; i < loop->timer_count; i++)
    free(loop->timers[i]);
  base_close_fd(&loop->term_fd);
  free(loop->watches);
  free(loop->polled);
  free(loop->timers);
  free(loop);
}

struct link_watch *link_loop_watch(struct link_loop *loop, int fd, short events,
                                   void (*ready)(void *context, int fd, short events), void *context) {
  if (loop->watch_count == loop->watch_room) {
    size_t room = loop->watch_room == 0 ? 16 : loop->watch_room * 2;
    loop->watches = must(reallocarray(loop->watches, room, sizeof(struct link_watch *)));
    loop->polled = must(reallocarray(loop->polled, room, sizeof *loop->polled));
    loop->watch_room = room;
  }
  struct link_watch *watch = must(malloc(sizeof *watch));
  *watch = (struct link_watch){.fd = fd, .events = events, .ready = ready, .context = context};
  loop->watches[loop->watch_count++] = watch;
  return watch;
}

void link_watch_change(struct link_watch *watch, short events) {
  watch->events = events;
}

void link_watch_remove(struct link_watch *watch) {
  if (watch != NULL)
    watch->removed = true;
}

struct link_timer *link_loop_timer(struct link_loop *loop, void (*fire)(void *context), void *context) {
  if (loop->timer_count == loop->timer_room) {
    size_t room = loop->timer_room == 0 ? 8 : loop->timer_room * 2;
    loop->timers = must(reallocarray(loop->timers, room, sizeof(struct link_timer *)));
    loop->timer_room = room;
  }
  struct link_timer *timer = must(malloc(sizeof *timer));
  *timer = (struct link_timer){.loop = loop, .due = -1, .fire = fire, .context = context};
  loop->timers[loop->timer_count++] = timer;
  return timer;
}

void link_timer_set(struct link_timer *timer, int64_t delay_ms) {
  const struct base_world *world = timer->loop->world;
  int64_t now = world->monotonic_ms(world->context);
  timer->due = delay_ms < 0 ? -1 : delay_ms > INT64_MAX - now ? INT64_MAX : now + delay_ms;
}

static void drop_removed(struct link_loop *loop) {
  size_t kept = 0;
  for (size_t i = 0; i < loop->watch_count; i++) {
    if (loop->watches[i]->removed)
      free(loop->watches[i]);
    else
      loop->watches[kept++] = loop->watches[i];
  }
  loop->watch_count = kept;
}

/* How long poll may wait: until the next timer, and not longer than asked. */
static int wait_of(const struct link_loop *loop, int timeout_ms) {
  int64_t first = -1;
  for (size_t i = 0; i < loop->timer_count; i++) {
    int64_t due = loop->timers[i]->due;
    if (due >= 0 && (first < 0 || due < first))
      first = due;
  }
  if (first < 0)
    return timeout_ms;
  int64_t left = first - loop->world->monotonic_ms(loop->world->context);
  left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
  return timeout_ms >= 0 && timeout_ms < left ? timeout_ms : (int)left;
}

static void serve_timers(struct link_loop *loop) {
  int64_t now = loop->world->monotonic_ms(loop->world->context);
  size_t count = loop->timer_count;
  for (size_t i = 0; i < count; i++) {
    struct link_timer *timer = loop->timers[i];
    if (timer->due >= 0 && timer->due <= now) {
      timer->due = -1;
      timer->fire(timer->context);
    }
  }
}

bool link_loop_turn(struct link_loop *loop, int timeout_ms) {
  if (loop->ended)
    return false;
  drop_removed(loop);
  size_t count = loop->watch_count;
  for (size_t i = 0; i < count; i++)
    loop->polled[i] = (struct pollfd){.fd = loop->watches[i]->fd, .events = loop->watches[i]->events};
  int ready = poll(loop->polled, count, wait_of(loop, timeout_ms));
  if (ready < 0 && errno != EINTR)
    link_fault("cannot wait for %zu descriptors: %s", count, strerror(errno));
  /* A callback may add watches (they wait for the next turn) or remove any. */
  for (size_t i = 0; ready > 0 && i < count; i++) {
    short events = loop->polled[i].revents;
    if (events == 0)
      continue;
    ready--;
    struct link_watch *watch = loop->watches[i];
    if (!watch->removed)
      watch->ready(watch->context, watch->fd, events);
  }
  serve_timers(loop);
  return !loop->ended;
}

void link_loop_end(struct link_loop *loop) {
  loop->ended = true;
}

static void term_ready(void *context, int fd, short events) {
  struct link_loop *loop = context;
  struct signalfd_siginfo info;
  (void)events;
  while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
    loop->term(loop->term_context);
}

enum base_code link_loop_on_term(struct link_loop *loop, void (*term)(void *context), void *context,
                                 struct base_error *err) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  struct sigaction action;
  if (sigaction(SIGINT, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
    sigaddset(&set, SIGINT);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
    return base_fail_errno(err, "signals cannot be blocked");
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0)
    return base_fail_errno(err, "signals cannot be awaited");
  loop->term_fd = fd;
  loop->term = term;
  loop->term_context = context;
  link_loop_watch(loop, fd, POLLIN, term_ready, loop);
  return BASE_OK;
}
