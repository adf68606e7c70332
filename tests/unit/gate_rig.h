/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GATE_RIG_H
#define TESTS_GATE_RIG_H

/* A gate in a thread of its own with a made-up core at the other end of its channel, and what the tests need to talk to
 * it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "link/link.h"

/* A loop in a thread, ended or told to stop by an octet through a pipe. */
struct rig_loop {
  struct link_loop *loop;
  pthread_t thread;
  int pipe[2];
  void (*stop)(void *context);
  void *context;
};

static void rig_told(void *context, int fd, short events) {
  struct rig_loop *rig = context;
  char c;
  (void)events;
  if (read(fd, &c, 1) == 1 && c == 's' && rig->stop != NULL)
    rig->stop(rig->context);
  else
    link_loop_end(rig->loop);
}

static __attribute__((unused)) void rig_loop_make(struct rig_loop *rig) {
  rig->loop = link_loop_new(base_world_system());
  rig->stop = NULL;
  assert_int_equal(pipe2(rig->pipe, O_CLOEXEC), 0);
  link_loop_watch(rig->loop, rig->pipe[0], POLLIN, rig_told, rig);
}

static void *rig_run(void *context) {
  struct rig_loop *rig = context;
  while (link_loop_turn(rig->loop, -1))
    ;
  return NULL;
}

static __attribute__((unused)) void rig_loop_start(struct rig_loop *rig) {
  assert_int_equal(pthread_create(&rig->thread, NULL, rig_run, rig), 0);
}

/* how: 's' to stop properly, 'e' to end at once. */
static __attribute__((unused)) void rig_loop_end(struct rig_loop *rig, char how) {
  assert_int_equal(write(rig->pipe[1], &how, 1), 1);
  assert_int_equal(pthread_join(rig->thread, NULL), 0);
}

static __attribute__((unused)) void rig_loop_free(struct rig_loop *rig) {
  link_loop_free(rig->loop);
  close(rig->pipe[0]);
  close(rig->pipe[1]);
}

/* --- a client that says exactly what it is told to say */

/* Sends, and reads until the other side closes or falls silent; returns what came as text, to be freed. */
static __attribute__((unused)) char *rig_read_all(int fd) {
  size_t size = 0, room = 4096;
  char *text = malloc(room);
  struct timeval patience = {.tv_sec = 10};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (;;) {
    if (size + 1 == room)
      text = realloc(text, room *= 2);
    ssize_t got = read(fd, text + size, room - 1 - size);
    if (got <= 0)
      break;
    size += (size_t)got;
  }
  text[size] = '\0';
  return text;
}

static __attribute__((unused)) bool rig_send(int fd, const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    at += sent;
    size -= (size_t)sent;
  }
  return true;
}

static __attribute__((unused)) int rig_listen_tcp(int *port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 64), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
  *port = ntohs(address.sin_port);
  return fd;
}

#endif
