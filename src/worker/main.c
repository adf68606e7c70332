/* SPDX-License-Identifier: Apache-2.0
 * wasl-worker: parses rich formats for the local gate, with no key, store, file or network in reach. Ends when the gate
 * does: the gate may still wait for an answer when the node is told to stop. */
#include <signal.h>

#include "worker/check.h"

/* A bundle of WIRE_STIX_MAX bytes takes about thirty times its size as a tree in the worst case. */
enum { MEMORY_MAX = 1536 << 20, FILES_MAX = 32 };

static enum base_code serve(const struct link_start *start, struct base_error *err) {
  int gate = link_start_fd(start, "gate-local");
  if (gate < 0)
    return base_fail(err, BASE_USAGE, "no channel to the local gate was handed over");
  struct link_rights rights = {.role = LINK_ROLE_WORKER, .uid = start->uid, .gid = start->gid,
                               .memory_max = MEMORY_MAX, .files_max = FILES_MAX};
  enum base_code code = link_confine(&rights, err);
  if (code != BASE_OK)
    return code;
  struct link_loop *loop = link_loop_new(base_world_system());
  struct link_channel *channel = link_channel_new(gate, LINK_ROLE_WORKER, LINK_ROLE_GATE_LOCAL);
  link_loop_add(loop, channel, (struct link_handlers){.on_request = worker_check});
  base_log(BASE_LOG_INFO, "worker.ready", "serving");
  while (link_loop_turn(loop, -1))
    ;
  link_channel_free(channel);
  link_loop_free(loop);
  return BASE_OK;
}

int main(int argc, char **argv) {
  struct link_start start;
  struct base_error err;
  base_log_program("wasl-worker");
  link_start_read(argc, argv, &start);
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  enum base_code code = serve(&start, &err);
  if (code != BASE_OK)
    base_log(BASE_LOG_ERROR, "worker.failed", "%s", err.text);
  return base_code_exit(code);
}
