/* SPDX-License-Identifier: Apache-2.0
 * wasl-worker: parses rich formats for the local gate, with no key, store, file or network in reach. Ends when the gate
 * does: the gate may still wait for an answer when the node is told to stop. */
#include "wire/json.h"
#include "worker/check.h"

static enum base_code serve(struct link_start *start, struct base_error *err) {
  int gate = link_start_fd(start, "gate-local");
  uint64_t seed = 0;
  if (start->role != LINK_ROLE_WORKER || gate < 0)
    return base_fail(err, BASE_USAGE, "not started as the worker with a channel to the local gate");
  /* It reads what anybody wrote, and is let at no /dev/urandom. */
  base_world_system()->random(base_world_system()->context, &seed, sizeof seed);
  wire_json_seed(seed);
  enum base_code code = link_start_confine(start, err);
  if (code != BASE_OK)
    return code;
  struct link_loop *loop = link_loop_new(base_world_system());
  struct link_channel *channel = link_channel_new(gate, LINK_ROLE_WORKER, LINK_ROLE_GATE_LOCAL);
  link_loop_add(loop, channel, (struct link_handlers){.on_request = worker_check});
  link_start_ready(start);
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
  enum base_code code = serve(&start, &err);
  if (code != BASE_OK) {
    base_log(BASE_LOG_ERROR, "worker.failed", "%s", err.text);
    link_start_failed(&start, &err);
  }
  return base_code_exit(code);
}
