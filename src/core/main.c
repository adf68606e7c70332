/* SPDX-License-Identifier: Apache-2.0
 * wasl-core: the decisions, with the store and no network, but for a connection to its database where that is on a
 * server. Started by wasld; ends when both gates have. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/core.h"
#include "core/job.h"
#include "core/restoring.h"

enum { TOKEN_ROLE_SHIFT = 56, PARKED_MAX = 16, PARKED_SIZE = 64, PAUSE_FIRST_MS = 250, PAUSE_MOST_MS = 10000 };

/* What a gate asked while the database was not there yet, and whose answer may be long in coming. */
struct parked {
  enum link_request_code code;
  uint64_t token;
  size_t size;
  uint8_t payload[PARKED_SIZE];
};

struct process {
  struct link_loop *loop;
  struct link_channel *gates[LINK_ROLES];
  struct link_channel *keeper;
  struct core *core;       /* NULL: its database is not reached yet */
  struct core_shipped *shipped;
  bool ready;              /* wasld was told that this process serves */
  struct base_error waits; /* why not, for whoever asks */
  size_t parked_count;
  struct parked parked[PARKED_MAX];
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

/* No request is looked into before the process has given up its network: who may wait waits, the others hear why. */
static void put_off(struct process *process, struct link_channel *channel, const struct link_message *message) {
  if (!link_row(message->code)->parked || process->parked_count == PARKED_MAX || message->payload.size > PARKED_SIZE) {
    link_answer(channel, message->id, process->waits.code, base_view_text(process->waits.text), -1);
    return;
  }
  struct parked *parked = &process->parked[process->parked_count++];
  *parked = (struct parked){
      .code = message->code, .token = token_of(link_channel_peer(channel), message->id), .size = message->payload.size};
  memcpy(parked->payload, message->payload.data, message->payload.size);
}

static void take_up(struct process *process) {
  for (size_t i = 0; i < process->parked_count; i++) {
    const struct parked *parked = &process->parked[i];
    if (process->gates[parked->token >> TOKEN_ROLE_SHIFT] != NULL)
      core_input(process->core, parked->code, parked->token, base_view_of(parked->payload, parked->size), -1);
  }
  process->parked_count = 0;
}

static void on_request(void *context, struct link_channel *channel, struct link_message *message) {
  struct process *process = context;
  if (process->core == NULL) {
    put_off(process, channel, message);
    return;
  }
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
  if (process->core != NULL)
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

/* --- a database on a server */

/* Turns the loop for so long, so that gates are answered; false when they have ended. */
static bool pause_for(struct process *process, int64_t ms) {
  const struct base_world *world = base_world_system();
  int64_t until = world->monotonic_ms(world->context) + ms;
  for (int64_t left = ms; left > 0; left = until - world->monotonic_ms(world->context))
    if (!link_loop_turn(process->loop, (int)left))
      return false;
  return true;
}

static void say_ready(struct process *process, struct link_start *start) {
  if (!process->ready)
    link_start_ready(start);
  process->ready = true;
}

/* Tries until the server answers. Meanwhile the node counts as started, and says what it waits for. */
static enum base_code reach(struct process *process, struct link_start *start, int dir, struct base_view uri,
                            struct store_server **out, struct base_error *err) {
  char said[BASE_ERROR_TEXT_MAX] = "";
  enum base_code code;
  for (int64_t pause = PAUSE_FIRST_MS;; pause = 2 * pause < PAUSE_MOST_MS ? 2 * pause : PAUSE_MOST_MS) {
    code = store_server_connect(dir, uri, out, err);
    if (code != BASE_NOT_RUNNING)
      break;
    process->waits = *err;
    say_ready(process, start);
    if (strcmp(said, err->text) != 0)
      base_log(BASE_LOG_WARNING, "database.away", "%s; it is tried again until it answers", err->text);
    memcpy(said, err->text, sizeof said);
    if (!pause_for(process, pause))
      return BASE_NOT_RUNNING;
  }
  if (code == BASE_OK && said[0] != '\0')
    base_log(BASE_LOG_NOTICE, "database.back", "the database server answers");
  return code;
}

static void database_spoke(void *context, int fd, short events) {
  (void)context;
  (void)fd;
  (void)events; /* the settling that follows looks at it */
}

/* Rights go in two steps: those that connecting does not take, then, connected, the rest. */
static enum base_code reach_confined(struct process *process, struct link_start *start, int database, int dir,
                                     struct store_server **out, struct base_error *err) {
  struct base_view uri = {0};
  char files[STORE_FILES_MAX][256];
  enum base_code code = base_map_sealed(database, STORE_URI_MAX, &uri, err);
  if (code == BASE_OK)
    code = link_start_reach(start, (const char(*)[256])files, store_server_files(uri, files), err);
  if (code == BASE_OK)
    code = reach(process, start, dir, uri, out, err);
  base_unmap(&uri);
  if (code == BASE_OK)
    link_loop_watch(process->loop, store_server_fd(*out), POLLIN, database_spoke, NULL);
  return code;
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

static enum base_code open_and_run(struct process *process, struct link_start *start,
                                   struct core_environment *environment, bool *later, struct base_error *err) {
  int database = link_start_fd(start, "database");
  enum base_code code = BASE_OK;
  if (database >= 0)
    code = reach_confined(process, start, database, environment->dir, &environment->database, err);
  if (code == BASE_NOT_RUNNING)
    return BASE_OK; /* stopped while it waited */
  if (code == BASE_OK)
    code = link_start_confine(start, err);
  if (code == BASE_OK)
    code = core_shipped_load(&process->shipped, err);
  environment->shipped = process->shipped;
  if (code == BASE_OK)
    code = core_open(environment, &process->core, err);
  else
    store_server_close(environment->database);
  if (code != BASE_OK)
    return code;
  say_ready(process, start);
  take_up(process);
  code = run(process, err);
  *later = code != BASE_OK && !core_database_alive(process->core);
  return code;
}

static enum base_code serve(struct link_start *start, bool *later, struct base_error *err) {
  struct process process = {.loop = link_loop_new(base_world_system())};
  int keeper = link_start_fd(start, "keeper"), card = link_start_fd(start, "card");
  int peer = link_start_fd(start, "gate-peer"), local = link_start_fd(start, "gate-local");
  if (start->role != LINK_ROLE_CORE || keeper < 0 || card < 0 || peer < 0 || local < 0)
    return base_fail(err, BASE_USAGE, "not started as core with its channels");
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_CARD_MAX + 4096);
  int backup = link_start_fd(start, "backup");
  struct base_view backup_key = {0};
  enum base_code code = read_card(card, &bytes, err);
  if (code == BASE_OK && backup >= 0)
    code = base_map_sealed(backup, 4096, &backup_key, err); /* for as long as the process lives */
  seal_start();
  uint64_t seed = 0;
  base_world_system()->random(base_world_system()->context, &seed, sizeof seed);
  wire_json_seed(seed);
  BASE_AUTO_FD int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (code == BASE_OK && dir < 0)
    code = base_fail_errno(err, "core's folder cannot be opened");
  if (code != BASE_OK)
    return code;
  process.keeper = link_channel_new(keeper, LINK_ROLE_CORE, LINK_ROLE_KEEPER);
  process.gates[LINK_ROLE_GATE_PEER] = link_channel_new(peer, LINK_ROLE_CORE, LINK_ROLE_GATE_PEER);
  process.gates[LINK_ROLE_GATE_LOCAL] = link_channel_new(local, LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL);
  struct link_handlers handlers = {.context = &process, .on_request = on_request, .on_end = on_end};
  link_loop_add(process.loop, process.gates[LINK_ROLE_GATE_PEER], handlers);
  link_loop_add(process.loop, process.gates[LINK_ROLE_GATE_LOCAL], handlers);
  struct core_environment environment = {.world = base_world_system(),
                                         .keeper = core_keeper_over(process.keeper),
                                         .dir = dir,
                                         .card = base_buf_view(&bytes),
                                         .backup_key = backup_key,
                                         .context = &process,
                                         .answer = send_answer};
  code = open_and_run(&process, start, &environment, later, err);
  core_close(process.core);
  core_shipped_free(process.shipped);
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
  seal_take_memory();
  link_start_read(argc, argv, &start);
  if (core_restoring_asked(&start))
    return base_code_exit(core_restoring_run(&start));
  if (core_job_asked(&start))
    return base_code_exit(core_job(&start));
  bool later = false;
  enum base_code code = serve(&start, &later, &err);
  if (code != BASE_OK) {
    base_log(BASE_LOG_ERROR, "core.failed", "%s", err.text);
    link_start_failed(&start, &err);
  }
  return later ? LINK_EXIT_LATER : base_code_exit(code);
}
