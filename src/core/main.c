/* SPDX-License-Identifier: Apache-2.0
 * wasl-core: the decisions, with the store and no network. Started by wasld; ends when both gates have. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"

enum { TOKEN_ROLE_SHIFT = 56 };

struct process {
  struct link_loop *loop;
  struct link_channel *gates[LINK_ROLES];
  struct link_channel *keeper;
  struct core *core;
};

/* A token is the channel's role and the request's id on it. */
static uint64_t token_of(enum link_role role, uint64_t id) {
  return (uint64_t)role << TOKEN_ROLE_SHIFT | id;
}

static void send_answer(void *context, uint64_t token, enum base_code status, struct base_view payload, int fd) {
  struct process *process = context;
  struct link_channel *channel = process->gates[token >> TOKEN_ROLE_SHIFT];
  if (channel != NULL)
    link_answer(channel, token & (((uint64_t)1 << TOKEN_ROLE_SHIFT) - 1), status, payload, fd);
}

static void on_request(void *context, struct link_channel *channel, struct link_message *message) {
  struct process *process = context;
  core_input(process->core, message->code, token_of(link_channel_peer(channel), message->id), message->payload,
             message->fd);
}

static bool token_gone(void *context, uint64_t token) {
  const struct process *process = context;
  return process->gates[token >> TOKEN_ROLE_SHIFT] == NULL;
}

/* A gate stops first; what it asked for before is still settled for the other one. */
static void on_end(void *context, struct link_channel *channel) {
  struct process *process = context;
  process->gates[link_channel_peer(channel)] = NULL;
  core_forget(process->core, token_gone, process);
  if (process->gates[LINK_ROLE_GATE_PEER] == NULL && process->gates[LINK_ROLE_GATE_LOCAL] == NULL)
    link_loop_end(process->loop);
}

static enum base_code read_card(int fd, struct base_buf *out, struct base_error *err) {
  for (;;) {
    uint8_t *room = base_buf_reserve(out, 4096);
    if (room == NULL)
      return base_fail(err, BASE_TOO_LARGE, "node.card is larger than %d bytes", WIRE_CARD_MAX);
    ssize_t got = read(fd, room, 4096);
    out->size -= 4096 - (size_t)(got > 0 ? got : 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "node.card could not be read");
    if (got == 0)
      return BASE_OK;
  }
}

static enum base_code run(struct process *process, struct base_error *err) {
  int64_t due = 0;
  for (;;) {
    enum base_code fatal = BASE_OK;
    bool more = link_loop_turn(process->loop, due > INT32_MAX ? INT32_MAX : (int)due);
    due = core_settle(process->core, &fatal, err);
    if (fatal != BASE_OK)
      return fatal;
    if (!more)
      return BASE_OK;
  }
}

static enum base_code serve(const struct link_start *start, struct base_error *err) {
  struct process process = {.loop = link_loop_new(base_world_system())};
  int keeper = link_start_fd(start, "keeper"), card = link_start_fd(start, "card");
  int peer = link_start_fd(start, "gate-peer"), local = link_start_fd(start, "gate-local");
  if (start->role != LINK_ROLE_CORE || keeper < 0 || card < 0 || peer < 0 || local < 0)
    return base_fail(err, BASE_USAGE, "not started as core with its channels");
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_CARD_MAX + 4096);
  enum base_code code = read_card(card, &bytes, err);
  seal_start();
  uint64_t seed = 0;
  base_world_system()->random(base_world_system()->context, &seed, sizeof seed);
  wire_json_seed(seed);
  if (code == BASE_OK)
    code = link_start_confine(start, err);
  BASE_AUTO_FD int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (code == BASE_OK && dir < 0)
    code = base_fail_errno(err, "core's folder cannot be opened");
  if (code != BASE_OK)
    return code;
  process.keeper = link_channel_new(keeper, LINK_ROLE_CORE, LINK_ROLE_KEEPER);
  process.gates[LINK_ROLE_GATE_PEER] = link_channel_new(peer, LINK_ROLE_CORE, LINK_ROLE_GATE_PEER);
  process.gates[LINK_ROLE_GATE_LOCAL] = link_channel_new(local, LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL);
  struct core_environment environment = {.world = base_world_system(),
                                         .keeper = core_keeper_over(process.keeper),
                                         .dir = dir,
                                         .card = base_buf_view(&bytes),
                                         .context = &process,
                                         .answer = send_answer};
  code = core_open(&environment, &process.core, err);
  if (code == BASE_OK) {
    struct link_handlers handlers = {.context = &process, .on_request = on_request, .on_end = on_end};
    link_loop_add(process.loop, process.gates[LINK_ROLE_GATE_PEER], handlers);
    link_loop_add(process.loop, process.gates[LINK_ROLE_GATE_LOCAL], handlers);
    link_start_ready(start);
    code = run(&process, err);
  }
  core_close(process.core);
  link_channel_free(process.gates[LINK_ROLE_GATE_PEER]);
  link_channel_free(process.gates[LINK_ROLE_GATE_LOCAL]);
  link_channel_free(process.keeper);
  link_loop_free(process.loop);
  return code;
}

int main(int argc, char **argv) {
  struct link_start start;
  signal(SIGXFSZ, SIG_IGN); /* a limit of files' sizes is an error of the write, no end */
  struct base_error err = {0};
  base_log_program("wasl-core");
  link_start_read(argc, argv, &start);
  enum base_code code = serve(&start, &err);
  if (code != BASE_OK)
    base_log(BASE_LOG_ERROR, "core.failed", "%s", err.text);
  return base_code_exit(code);
}
