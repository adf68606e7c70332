/* SPDX-License-Identifier: Apache-2.0
 * The event loop: descriptors, timers by the clock handed in, SIGTERM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "link/link.h"

/* A clock that stands still until it is moved. */
static int64_t clock_ms(void *context) {
  return *(int64_t *)context;
}

struct seen {
  struct link_loop *loop;
  struct link_watch *other;
  struct link_timer *timer;
  int fired, ready;
};

static void fire(void *context) {
  ((struct seen *)context)->fired++;
}

static void a_timer_fires_once_when_it_is_due(void **state) {
  (void)state;
  int64_t now = 1000;
  struct base_world world = {.context = &now, .monotonic_ms = clock_ms};
  struct link_loop *loop = link_loop_new(&world);
  struct seen seen = {0};
  struct link_timer *timer = link_loop_timer(loop, fire, &seen);
  assert_true(link_loop_turn(loop, 0));
  assert_int_equal(seen.fired, 0);
  link_timer_set(timer, 50);
  now += 49;
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 0);
  now += 1;
  link_loop_turn(loop, -1);
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 1);
  link_timer_set(timer, 10);
  link_timer_set(timer, 20); /* replaces */
  now += 10;
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 1);
  now += 10;
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 2);
  link_timer_set(timer, 0);
  link_timer_set(timer, -1);
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 2);
  link_timer_set(timer, INT64_MAX); /* no overflow */
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 2);
  link_loop_free(loop);
}

static void again(void *context) {
  struct seen *seen = context;
  if (++seen->fired < 3)
    link_timer_set(seen->timer, 0);
  link_loop_timer(seen->loop, again, seen); /* the list may grow under the loop's feet */
}

static void a_timer_may_set_itself_again(void **state) {
  (void)state;
  int64_t now = 0;
  struct base_world world = {.context = &now, .monotonic_ms = clock_ms};
  struct link_loop *loop = link_loop_new(&world);
  struct seen seen = {.loop = loop};
  seen.timer = link_loop_timer(loop, again, &seen);
  link_timer_set(seen.timer, 0);
  for (int i = 0; i < 10; i++)
    link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 3);
  link_loop_free(loop);
}

static void ready(void *context, int fd, short events) {
  struct seen *seen = context;
  char byte;
  assert_true((events & POLLIN) != 0);
  assert_int_equal(read(fd, &byte, 1), 1);
  seen->ready++;
  link_watch_remove(seen->other);
  seen->other = NULL;
}

static void never(void *context, int fd, short events) {
  (void)context;
  (void)fd;
  (void)events;
  fail_msg("a watch that was removed was called");
}

static void a_watch_may_remove_another_that_is_ready_too(void **state) {
  (void)state;
  int one[2], two[2];
  assert_int_equal(pipe(one), 0);
  assert_int_equal(pipe(two), 0);
  struct link_loop *loop = link_loop_new(base_world_system());
  struct seen seen = {.loop = loop};
  struct link_watch *watch = link_loop_watch(loop, one[0], 0, ready, &seen);
  seen.other = link_loop_watch(loop, two[0], POLLIN, never, NULL);
  assert_int_equal(write(one[1], "x", 1), 1);
  assert_int_equal(write(two[1], "x", 1), 1);
  link_watch_change(watch, POLLIN);
  link_loop_turn(loop, 1000);
  link_loop_turn(loop, 0);
  assert_int_equal(seen.ready, 1);
  link_loop_end(loop);
  assert_false(link_loop_turn(loop, -1));
  link_loop_free(loop);
  close(one[0]), close(one[1]), close(two[0]), close(two[1]);
}

static void sigterm_is_an_event(void **state) {
  (void)state;
  struct link_loop *loop = link_loop_new(base_world_system());
  struct seen seen = {0};
  signal(SIGINT, SIG_IGN);
  assert_int_equal(link_loop_on_term(loop, fire, &seen, NULL), BASE_OK);
  assert_int_equal(raise(SIGINT), 0);
  link_loop_turn(loop, 0);
  assert_int_equal(seen.fired, 0); /* a process that ignores it goes on ignoring it */
  assert_int_equal(raise(SIGTERM), 0);
  link_loop_turn(loop, 1000);
  assert_int_equal(seen.fired, 1);
  link_loop_free(loop);
  signal(SIGINT, SIG_DFL);
  loop = link_loop_new(base_world_system());
  assert_int_equal(link_loop_on_term(loop, fire, &seen, NULL), BASE_OK);
  assert_int_equal(raise(SIGINT), 0);
  link_loop_turn(loop, 1000);
  assert_int_equal(seen.fired, 2);
  link_loop_free(loop);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_timer_fires_once_when_it_is_due),
      cmocka_unit_test(a_timer_may_set_itself_again),
      cmocka_unit_test(a_watch_may_remove_another_that_is_ready_too),
      cmocka_unit_test(sigterm_is_an_event),
  };
  return cmocka_run_group_tests_name("link_loop", tests, NULL, NULL);
}
