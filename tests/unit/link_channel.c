/* SPDX-License-Identifier: Apache-2.0
 * Channels: what the table allows arrives unchanged, anything else ends the process that receives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/fault.h"
#include "link/frame.h"

static void pair(int fds[2]) {
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
}

/* Two ends in one process, each with its loop: `local` asks, `core` answers. */
struct world_of_two {
  struct link_loop *local_loop, *core_loop;
  struct link_channel *local, *core;
  size_t requests, answers, ends;
  struct base_buf last;
  enum base_code status;
  int fd;
  bool hold;          /* core does not answer */
  size_t answer_size; /* bytes that core answers with */
  bool free_in_handler;
};

static void core_serves(void *context, struct link_channel *channel, struct link_message *message) {
  struct world_of_two *two = context;
  two->requests++;
  base_buf_reset(&two->last);
  base_buf_add_view(&two->last, message->payload);
  if (message->fd >= 0) {
    base_close_fd(&two->fd);
    two->fd = message->fd;
    message->fd = -1;
  }
  if (two->free_in_handler) {
    link_channel_free(channel);
    two->core = NULL;
    return;
  }
  if (two->hold)
    return;
  BASE_AUTO_FREE char *answer = calloc(1, two->answer_size + 1);
  memset(answer, 'a', two->answer_size);
  link_answer(channel, message->id, BASE_OK, base_view_of(answer, two->answer_size), -1);
}

static void local_hears(void *context, struct link_channel *channel, struct link_message *message) {
  struct world_of_two *two = context;
  (void)channel;
  two->answers++;
  two->status = message->status;
  base_buf_reset(&two->last);
  base_buf_add_view(&two->last, message->payload);
}

static void ended(void *context, struct link_channel *channel) {
  struct world_of_two *two = context;
  (void)channel;
  two->ends++;
}

static struct world_of_two *two_new(void) {
  struct world_of_two *two = calloc(1, sizeof *two);
  int fds[2];
  pair(fds);
  two->fd = -1;
  two->local_loop = link_loop_new(base_world_system());
  two->core_loop = link_loop_new(base_world_system());
  two->local = link_channel_new(fds[0], LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE);
  two->core = link_channel_new(fds[1], LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL);
  link_loop_add(two->local_loop, two->local, (struct link_handlers){two, NULL, local_hears, ended});
  link_loop_add(two->core_loop, two->core, (struct link_handlers){two, core_serves, NULL, ended});
  return two;
}

static void two_free(struct world_of_two *two) {
  link_channel_free(two->local);
  link_channel_free(two->core);
  link_loop_free(two->local_loop);
  link_loop_free(two->core_loop);
  base_buf_free(&two->last);
  base_close_fd(&two->fd);
  free(two);
}

static void turn(struct world_of_two *two, int times) {
  for (int i = 0; i < times; i++) {
    link_loop_turn(two->core_loop, 0);
    link_loop_turn(two->local_loop, 0);
  }
}

static void a_request_is_answered(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  two->answer_size = 5;
  assert_int_not_equal(link_ask(two->local, LINK_NODE_STATUS, base_view_text("{}"), -1), 0);
  link_loop_turn(two->core_loop, 0);
  assert_true(base_view_is(base_buf_view(&two->last), "{}"));
  link_loop_turn(two->local_loop, 0);
  assert_int_equal(two->answers, 1);
  assert_true(base_view_is(base_buf_view(&two->last), "aaaaa"));
  two_free(two);
}

static void the_largest_packet_passes_and_more_is_a_memory_file(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  uint8_t *large = calloc(1, LINK_INLINE_MAX);
  large[LINK_INLINE_MAX - 1] = 7;
  for (size_t extra = 0; extra <= 1; extra++) {
    two->answer_size = LINK_INLINE_MAX + extra;
    link_ask(two->local, LINK_CASE_OPEN, base_view_of(large, LINK_INLINE_MAX), -1);
    link_loop_turn(two->core_loop, 0);
    assert_true(base_view_equal(base_buf_view(&two->last), base_view_of(large, LINK_INLINE_MAX)));
    link_loop_turn(two->local_loop, 0);
    assert_int_equal(two->answers, extra + 1);
    assert_int_equal(two->status, BASE_OK);
    assert_int_equal(two->last.size, LINK_INLINE_MAX + extra);
    assert_int_equal(two->last.data[LINK_INLINE_MAX + extra - 1], 'a');
  }
  free(large);
  two_free(two);
}

static void an_answer_too_large_for_its_row_becomes_an_error(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  two->answer_size = LINK_INLINE_MAX + 1;
  link_ask(two->local, LINK_NODE_STATUS, base_view_text("{}"), -1);
  turn(two, 1);
  assert_int_equal(two->status, BASE_TOO_LARGE);
  assert_non_null(memmem(two->last.data, two->last.size, "node.status", 11));
  two_free(two);
}

static void a_descriptor_travels(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  int fd = base_memfd_sealed("chunk", base_view_text("content"), NULL);
  link_ask(two->local, LINK_PART_CHUNK, base_view_text("{}"), fd);
  close(fd);
  link_loop_turn(two->core_loop, 0);
  struct base_view content;
  assert_int_equal(base_map_sealed(two->fd, 100, &content, NULL), BASE_OK);
  assert_true(base_view_is(content, "content"));
  assert_true((fcntl(two->fd, F_GETFD) & FD_CLOEXEC) != 0);
  base_unmap(&content);
  two_free(two);
}

/* More than the socket takes and more than may be in flight: nothing blocks, nothing is lost, the order stays. */
static void a_flood_waits_its_turn(void **state) {
  (void)state;
  enum { FLOOD = LINK_IN_FLIGHT_MAX * 3 };
  struct world_of_two *two = two_new();
  two->hold = true;
  BASE_AUTO_FREE uint8_t *body = calloc(1, 4 << 10);
  uint64_t last = 0;
  for (size_t i = 0; i < FLOOD; i++) {
    uint64_t id = link_ask(two->local, LINK_NODE_STATUS, base_view_of(body, 4 << 10), -1);
    assert_true(id > last);
    last = id;
  }
  turn(two, 400);
  assert_int_equal(two->requests, LINK_IN_FLIGHT_MAX);
  two->hold = false;
  for (uint64_t id = 1; id <= LINK_IN_FLIGHT_MAX; id++)
    link_answer(two->core, id, BASE_OK, base_view_text(""), -1);
  turn(two, 400);
  assert_int_equal(two->requests, FLOOD);
  assert_int_equal(two->answers, FLOOD);
  two_free(two);
}

static void one_turn_takes_a_batch_so_that_others_have_their_turn(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  for (size_t i = 0; i < LINK_BATCH_MAX + 1; i++)
    link_ask(two->local, LINK_NODE_STATUS, base_view_text("{}"), -1);
  link_loop_turn(two->core_loop, 0);
  assert_int_equal(two->requests, LINK_BATCH_MAX);
  link_loop_turn(two->core_loop, 0);
  assert_int_equal(two->requests, LINK_BATCH_MAX + 1);
  two_free(two);
}

static void an_answer_has_its_largest_size(void **state) {
  (void)state;
  struct link_frame frame = {.code = LINK_CASE_LIST, .answer = true, .sealed = true, .id = 1, .size = LINK_ANSWER_MAX};
  assert_null(link_frame_judge(&frame, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, true));
  frame.size++;
  assert_non_null(link_frame_judge(&frame, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, true));
  frame = (struct link_frame){.code = LINK_CASE_LIST, .answer = true, .id = 1, .size = LINK_INLINE_MAX};
  assert_null(link_frame_judge(&frame, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, false));
  frame.size++;
  assert_non_null(link_frame_judge(&frame, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, false));
}

static void the_end_is_told_once_and_asking_then_is_harmless(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  link_channel_free(two->core);
  two->core = NULL;
  turn(two, 3);
  assert_int_equal(two->ends, 1);
  link_ask(two->local, LINK_NODE_STATUS, base_view_text("{}"), -1);
  turn(two, 1);
  two_free(two);
}

static void a_channel_may_be_freed_by_its_handler(void **state) {
  (void)state;
  struct world_of_two *two = two_new();
  two->free_in_handler = true;
  link_ask(two->local, LINK_NODE_STATUS, base_view_text("{}"), -1);
  link_ask(two->local, LINK_NODE_STATUS, base_view_text("{}"), -1);
  turn(two, 2);
  assert_int_equal(two->requests, 1);
  assert_int_equal(two->ends, 1);
  two_free(two);
}

/* --- link_call: the keeper is a process of its own here */

static void keeper_serves(void *context, struct link_channel *channel, struct link_message *message) {
  struct link_loop *loop = context;
  if (message->code == LINK_KEEPER_INFO)
    link_answer(channel, message->id, BASE_OK, base_view_text("origin"), -1);
  else if (message->code == LINK_KEEPER_ATTEST)
    link_answer(channel, message->id, BASE_FORK, base_view_text("two heads of size 7"), -1);
  else
    link_loop_end(loop);
}

static void a_call_waits_for_its_answer(void **state) {
  (void)state;
  int fds[2];
  pair(fds);
  pid_t keeper = fork();
  if (keeper == 0) {
    close(fds[0]);
    struct link_loop *loop = link_loop_new(base_world_system());
    struct link_channel *channel = link_channel_new(fds[1], LINK_ROLE_KEEPER, LINK_ROLE_CORE);
    link_loop_add(loop, channel, (struct link_handlers){loop, keeper_serves, NULL, NULL});
    while (link_loop_turn(loop, -1))
      ;
    link_channel_free(channel);
    _exit(0);
  }
  close(fds[1]);
  struct link_channel *channel = link_channel_new(fds[0], LINK_ROLE_CORE, LINK_ROLE_KEEPER);
  BASE_AUTO_BUF struct base_buf out = {0};
  struct base_error err;
  assert_int_equal(link_call(channel, LINK_KEEPER_INFO, base_view_text(""), &out, &err), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), "origin"));
  assert_int_equal(link_call(channel, LINK_KEEPER_ATTEST, base_view_text("head"), &out, &err), BASE_FORK);
  assert_string_equal(err.text, "two heads of size 7");
  assert_true(base_view_is(base_buf_view(&out), "origin"));
  assert_int_equal(link_call(channel, LINK_KEEPER_WRAP, base_view_text("keys"), &out, &err), BASE_NOT_RUNNING);
  assert_int_equal(link_call(channel, LINK_KEEPER_INFO, base_view_text(""), &out, &err), BASE_NOT_RUNNING);
  link_channel_free(channel);
  assert_int_equal(waitpid(keeper, NULL, 0), keeper);
}

/* --- what the table does not allow: tried on a process that receives it, which must be gone with its own exit code */

struct packet {
  struct link_frame frame;
  size_t payload; /* bytes that follow the head */
  int fds;        /* descriptors beside it */
  size_t cut;     /* bytes left out at the end */
  uint32_t magic; /* 0: the right one */
  uint16_t flags; /* more of them */
};

static void send_raw(int fd, const struct packet *packet) {
  static uint8_t bytes[LINK_FRAME_MAX + 16];
  link_frame_write(&packet->frame, bytes);
  bytes[0] ^= (uint8_t)packet->magic;
  bytes[7] |= (uint8_t)packet->flags;
  struct iovec part = {bytes, LINK_FRAME_HEAD + packet->payload - packet->cut};
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(3 * sizeof(int))];
  } control = {.bytes = {0}};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (packet->fds > 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE((size_t)packet->fds * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN((size_t)packet->fds * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    int own[3] = {fd, fd, fd};
    memcpy(CMSG_DATA(header), own, (size_t)packet->fds * sizeof(int));
  }
  assert_true(sendmsg(fd, &message, 0) >= 0);
}

/* The exit code of a process that has this role, asked a NODE_STATUS or KEEPER_INFO itself if it may, and gets the
 * packets. */
static int fate(enum link_role self, enum link_role peer, const struct packet *packets, size_t count) {
  int fds[2];
  pair(fds);
  for (size_t i = 0; i < count; i++)
    send_raw(fds[0], &packets[i]);
  pid_t child = fork();
  if (child == 0) {
    close(fds[0]);
    close(STDERR_FILENO);
    struct world_of_two two = {.hold = true, .fd = -1};
    struct link_loop *loop = link_loop_new(base_world_system());
    struct link_channel *channel = link_channel_new(fds[1], self, peer);
    link_loop_add(loop, channel, (struct link_handlers){&two, core_serves, local_hears, NULL});
    if (self == LINK_ROLE_GATE_LOCAL && peer == LINK_ROLE_CORE)
      link_ask(channel, LINK_NODE_STATUS, base_view_text("{}"), -1);
    while (link_loop_turn(loop, -1))
      ;
    _exit(0);
  }
  close(fds[1]);
  shutdown(fds[0], SHUT_WR);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  close(fds[0]);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

#define REQUEST(request, number, bytes)                                                                                \
  { .frame = {.code = LINK_##request, .id = (number), .size = (bytes)}, .payload = (bytes) }
#define ANSWER(request, number, bytes)                                                                                 \
  { .frame = {.code = LINK_##request, .id = (number), .size = (bytes), .answer = true}, .payload = (bytes) }

static void assert_dies(enum link_role self, enum link_role peer, struct packet packet) {
  assert_int_equal(fate(self, peer, &packet, 1), LINK_EXIT_VIOLATION);
}

static void what_is_allowed_harms_nobody(void **state) {
  (void)state;
  struct packet fine[] = {REQUEST(NODE_STATUS, 1, 4 << 10), REQUEST(CASE_OPEN, 2, LINK_INLINE_MAX),
                          REQUEST(PART_CHUNK, 9, 0)};
  fine[2].fds = 1;
  assert_int_equal(fate(LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL, fine, 3), 0);
  struct packet answer[] = {ANSWER(NODE_STATUS, 1, 10)};
  assert_int_equal(fate(LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, answer, 1), 0);
}

static void a_malformed_packet_ends_the_receiver(void **state) {
  (void)state;
  const struct packet fine = REQUEST(NODE_STATUS, 1, 8);
  const enum link_role core = LINK_ROLE_CORE, local = LINK_ROLE_GATE_LOCAL;
  struct packet bad = fine;
  bad.magic = 1;
  assert_dies(core, local, bad);
  bad = fine;
  bad.flags = 4;
  assert_dies(core, local, bad);
  bad = fine;
  bad.cut = 1;
  assert_dies(core, local, bad);
  bad = fine;
  bad.cut = 8 + LINK_FRAME_HEAD - 1;
  assert_dies(core, local, bad);
  bad = fine;
  bad.payload = 9;
  assert_dies(core, local, bad);
  bad = fine;
  bad.frame.id = 0;
  assert_dies(core, local, bad);
  bad = fine;
  bad.frame.code = LINK_NO_REQUEST;
  assert_dies(core, local, bad);
  bad = fine;
  bad.frame.code = LINK_REQUEST_CODES;
  assert_dies(core, local, bad);
  bad = fine;
  bad.frame.status = BASE_CODES;
  assert_dies(core, local, bad);
  bad = (struct packet)REQUEST(CASE_OPEN, 1, LINK_INLINE_MAX);
  bad.payload = LINK_INLINE_MAX + 1;
  assert_dies(core, local, bad);
}

static void what_the_table_forbids_ends_the_receiver(void **state) {
  (void)state;
  const enum link_role core = LINK_ROLE_CORE, local = LINK_ROLE_GATE_LOCAL, peer = LINK_ROLE_GATE_PEER;
  assert_dies(core, peer, (struct packet)REQUEST(NODE_STATUS, 1, 2));    /* the partner's gate, a console verb */
  assert_dies(core, local, (struct packet)REQUEST(EXCHANGE_TAKE, 1, 2)); /* and the other way round */
  assert_dies(core, local, (struct packet)REQUEST(KEEPER_ATTEST, 1, 2)); /* not core's to serve */
  assert_dies(LINK_ROLE_KEEPER, core, (struct packet)REQUEST(NODE_STATUS, 1, 2));
  assert_dies(LINK_ROLE_KEEPER, local, (struct packet)REQUEST(KEEPER_ATTEST, 1, 2));
  assert_dies(local, core, (struct packet)REQUEST(NODE_STATUS, 1, 2)); /* nobody upstream is ever asked */
  assert_dies(core, local, (struct packet)REQUEST(NODE_STATUS, 1, (4 << 10) + 1));
  struct packet bad = REQUEST(NODE_STATUS, 1, 2);
  bad.fds = 1;
  assert_dies(core, local, bad);
  bad = (struct packet)REQUEST(PART_CHUNK, 1, 2);
  bad.fds = 2;
  assert_dies(core, local, bad);
  bad.fds = 3;
  assert_dies(core, local, bad);
  bad = (struct packet)REQUEST(NODE_STATUS, 1, 2);
  bad.frame.status = BASE_IO;
  assert_dies(core, local, bad);
}

static void ids_and_answers_are_held_to_their_rules(void **state) {
  (void)state;
  const enum link_role core = LINK_ROLE_CORE, local = LINK_ROLE_GATE_LOCAL;
  struct packet twice[] = {REQUEST(NODE_STATUS, 5, 2), REQUEST(NODE_STATUS, 5, 2)};
  assert_int_equal(fate(core, local, twice, 2), LINK_EXIT_VIOLATION);
  assert_dies(core, local, (struct packet)ANSWER(NODE_STATUS, 1, 2)); /* core never asks its gate */
  assert_dies(local, core, (struct packet)ANSWER(NODE_STATUS, 2, 2)); /* nobody waits for it */
  assert_dies(local, core, (struct packet)ANSWER(NODE_STATUS, 0, 2));
  assert_dies(local, core, (struct packet)ANSWER(CASE_LIST, 1, 2)); /* asked for something else */
  struct packet answered_twice[] = {ANSWER(NODE_STATUS, 1, 2), ANSWER(NODE_STATUS, 1, 2)};
  assert_int_equal(fate(local, core, answered_twice, 2), LINK_EXIT_VIOLATION);
  struct packet bad = ANSWER(NODE_STATUS, 1, 2);
  bad.fds = 1;
  assert_dies(local, core, bad);
}

static void more_in_flight_than_allowed_ends_the_receiver(void **state) {
  (void)state;
  int fds[2];
  pair(fds);
  pid_t child = fork();
  if (child == 0) {
    close(fds[0]);
    close(STDERR_FILENO);
    struct world_of_two two = {.hold = true, .fd = -1};
    struct link_loop *loop = link_loop_new(base_world_system());
    struct link_channel *channel = link_channel_new(fds[1], LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL);
    link_loop_add(loop, channel, (struct link_handlers){&two, core_serves, NULL, NULL});
    while (link_loop_turn(loop, -1))
      ;
    _exit(two.requests == LINK_IN_FLIGHT_MAX ? 0 : 1);
  }
  close(fds[1]);
  for (uint64_t id = 1; id <= LINK_IN_FLIGHT_MAX + 1; id++)
    send_raw(fds[0], &(struct packet)REQUEST(NODE_STATUS, id, 2));
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  close(fds[0]);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LINK_EXIT_VIOLATION);
}

/* --- a sealed answer that is none */

static int fate_of_sealed(int memory, uint32_t size) {
  int fds[2];
  pair(fds);
  pid_t child = fork();
  if (child == 0) {
    close(fds[0]);
    close(STDERR_FILENO);
    struct world_of_two two = {.fd = -1};
    struct link_loop *loop = link_loop_new(base_world_system());
    struct link_channel *channel = link_channel_new(fds[1], LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE);
    link_loop_add(loop, channel, (struct link_handlers){&two, NULL, local_hears, NULL});
    link_ask(channel, LINK_CASE_LIST, base_view_text("{}"), -1);
    while (link_loop_turn(loop, -1))
      ;
    _exit(two.last.size == size ? 0 : 1);
  }
  close(fds[1]);
  uint8_t head[LINK_FRAME_HEAD];
  struct link_frame frame = {.code = LINK_CASE_LIST, .answer = true, .sealed = true, .id = 1, .size = size};
  link_frame_write(&frame, head);
  struct iovec part = {head, sizeof head};
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.bytes = {0}};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (memory >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &memory, sizeof memory);
  }
  uint8_t request[LINK_FRAME_MAX];
  assert_true(recv(fds[0], request, sizeof request, 0) > 0); /* it has asked */
  assert_true(sendmsg(fds[0], &message, 0) >= 0);
  close(fds[0]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void a_memory_file_must_be_sealed_and_as_long_as_said(void **state) {
  (void)state;
  enum { SIZE = LINK_INLINE_MAX + 3 };
  BASE_AUTO_FREE uint8_t *content = calloc(1, SIZE);
  BASE_AUTO_FD int sealed = base_memfd_sealed("answer", base_view_of(content, SIZE), NULL);
  assert_int_equal(fate_of_sealed(sealed, SIZE), 0);
  assert_int_equal(fate_of_sealed(sealed, SIZE + 1), LINK_EXIT_VIOLATION);
  assert_int_equal(fate_of_sealed(sealed, SIZE - 1), LINK_EXIT_VIOLATION);
  assert_int_equal(fate_of_sealed(sealed, 10), LINK_EXIT_VIOLATION); /* would have fitted into the packet */
  assert_int_equal(fate_of_sealed(-1, SIZE), LINK_EXIT_VIOLATION);
  BASE_AUTO_FD int loose = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  assert_int_equal(ftruncate(loose, SIZE), 0);
  assert_int_equal(fate_of_sealed(loose, SIZE), LINK_EXIT_VIOLATION); /* could change under the reader's eyes */
  assert_int_equal(fcntl(loose, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  assert_int_equal(fate_of_sealed(loose, SIZE), LINK_EXIT_VIOLATION);
}

/* --- a request that this role may not make is found where it is made */

static int fate_of_asking(enum link_request_code code, size_t size, int fd, bool answer) {
  pid_t child = fork();
  if (child == 0) {
    close(STDERR_FILENO);
    int fds[2];
    pair(fds);
    struct link_channel *channel = link_channel_new(fds[0], LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE);
    uint8_t *body = calloc(1, size + 1);
    if (answer)
      link_answer(channel, 1, BASE_OK, base_view_of(body, size), fd);
    else
      link_ask(channel, code, base_view_of(body, size), fd);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void asking_for_what_is_forbidden_is_a_fault(void **state) {
  (void)state;
  assert_int_equal(fate_of_asking(LINK_CASE_LIST, 10, -1, false), 0);
  assert_int_equal(fate_of_asking(LINK_CASE_LIST, (4 << 10) + 1, -1, false), LINK_EXIT_FAULT);
  assert_int_equal(fate_of_asking(LINK_CASE_OPEN, LINK_INLINE_MAX + 1, -1, false), LINK_EXIT_FAULT);
  assert_int_equal(fate_of_asking(LINK_CASE_LIST, 10, STDIN_FILENO, false), LINK_EXIT_FAULT);
  assert_int_equal(fate_of_asking(LINK_EXCHANGE_TAKE, 10, -1, false), LINK_EXIT_FAULT);
  assert_int_equal(fate_of_asking(LINK_KEEPER_ATTEST, 10, -1, false), LINK_EXIT_FAULT);
  assert_int_equal(fate_of_asking(LINK_NO_REQUEST, 10, -1, false), LINK_EXIT_FAULT);
  assert_int_equal(fate_of_asking(LINK_NO_REQUEST, 10, -1, true), LINK_EXIT_FAULT); /* answers what nobody asked */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_answered),
      cmocka_unit_test(the_largest_packet_passes_and_more_is_a_memory_file),
      cmocka_unit_test(an_answer_too_large_for_its_row_becomes_an_error),
      cmocka_unit_test(a_descriptor_travels),
      cmocka_unit_test(a_flood_waits_its_turn),
      cmocka_unit_test(one_turn_takes_a_batch_so_that_others_have_their_turn),
      cmocka_unit_test(an_answer_has_its_largest_size),
      cmocka_unit_test(the_end_is_told_once_and_asking_then_is_harmless),
      cmocka_unit_test(a_channel_may_be_freed_by_its_handler),
      cmocka_unit_test(a_call_waits_for_its_answer),
      cmocka_unit_test(what_is_allowed_harms_nobody),
      cmocka_unit_test(a_malformed_packet_ends_the_receiver),
      cmocka_unit_test(what_the_table_forbids_ends_the_receiver),
      cmocka_unit_test(ids_and_answers_are_held_to_their_rules),
      cmocka_unit_test(more_in_flight_than_allowed_ends_the_receiver),
      cmocka_unit_test(a_memory_file_must_be_sealed_and_as_long_as_said),
      cmocka_unit_test(asking_for_what_is_forbidden_is_a_fault),
  };
  return cmocka_run_group_tests_name("link_channel", tests, NULL, NULL);
}
