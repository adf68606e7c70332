/* SPDX-License-Identifier: Apache-2.0
 * Parts for the index of STIX objects, as the local gate has them looked into: core and the worker are played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate/local.h"
#include "wire/consignment.h"
#include "wire/stix.h"

#define SHA "0c7b5b888ff74a4daa9dfeb398cd00610c7b5b888ff74a4daa9dfeb398cd0061"

/* What core gives out, in this order: the size of the part, how its records come, and what the worker says. */
struct task {
  size_t size;
  enum base_code record; /* BASE_TOO_LARGE: an octet too many */
  enum base_code worker; /* BASE_NOT_RUNNING: it ends */
};

struct rig {
  struct link_loop *loop;
  struct link_channel *core, *worker;
  struct gate_local *local;
  const char *taken; /* instead of a task */
  const struct task *tasks;
  size_t task_count, takes, records, indexed, gives;
  size_t listed; /* octets of the last list */
  char why[600];
};

enum { LIST = 100000 }; /* octets: more than a packet takes */

static void give_out(struct rig *rig, struct link_channel *channel, uint64_t id) {
  char text[200];
  if (rig->taken != NULL) {
    link_answer(channel, id, BASE_OK, base_view_text(rig->taken), -1);
    return;
  }
  if (rig->takes > rig->task_count)
    return; /* parked */
  size_t size = rig->tasks[rig->takes - 1].size;
  snprintf(text, sizeof text, "{\"message\":\"" SHA "\",\"part\":%zu,\"size\":%zu,\"records\":%zu}", rig->takes, size,
           size / WIRE_RECORD_MAX + 1);
  link_answer(channel, id, BASE_OK, base_view_text(text), -1);
}

static void give_record(struct rig *rig, struct link_channel *channel, const struct link_message *message) {
  const struct task *task = &rig->tasks[rig->takes - 1];
  const char *at = memmem(message->payload.data, message->payload.size, "\"record\":", 9);
  assert_non_null(at);
  size_t start = strtoul(at + 9, NULL, 10) * WIRE_RECORD_MAX, left = task->size - start;
  size_t size = left < WIRE_RECORD_MAX ? left : WIRE_RECORD_MAX;
  uint8_t *record = calloc(1, WIRE_RECORD_MAX + 1);
  rig->records++;
  if (task->record == BASE_CORRUPT)
    link_answer(channel, message->id, BASE_CORRUPT, BASE_VIEW("part 3 is damaged"), -1);
  else
    link_answer(channel, message->id, BASE_OK, base_view_of(record, size + (task->record == BASE_TOO_LARGE)), -1);
  free(record);
}

static void core_asked(void *context, struct link_channel *channel, struct link_message *message) {
  struct rig *rig = context;
  if (message->code == LINK_STIX_TAKE) {
    rig->takes++;
    give_out(rig, channel, message->id);
  } else if (message->code == LINK_STIX_RECORD)
    give_record(rig, channel, message);
  else {
    struct base_view list = {NULL, 0};
    assert_int_equal(message->code, LINK_STIX_GIVE);
    if (message->fd >= 0)
      assert_int_equal(base_map_sealed(message->fd, WIRE_STIX_LIST_MAX, &list, NULL), BASE_OK);
    rig->gives++;
    rig->listed = list.size;
    snprintf(rig->why, sizeof rig->why, "%.*s", (int)message->payload.size, (const char *)message->payload.data);
    base_unmap(&list);
    link_answer(channel, message->id, rig->gives % 2 == 0 ? BASE_NOT_FOUND : BASE_OK, BASE_VIEW("{}"), -1);
  }
}

static void worker_asked(void *context, struct link_channel *channel, struct link_message *message) {
  struct rig *rig = context;
  const struct task *task = &rig->tasks[rig->takes - 1];
  struct base_view part = {NULL, 0};
  assert_int_equal(message->code, LINK_STIX_INDEX);
  if (task->size > 0)
    assert_int_equal(base_map_sealed(message->fd, WIRE_STIX_MAX, &part, NULL), BASE_OK);
  assert_int_equal(part.size, task->size);
  base_unmap(&part);
  rig->indexed++;
  char *list = calloc(1, LIST);
  if (task->worker == BASE_NOT_RUNNING) {
    rig->worker = NULL;
    link_channel_free(channel);
  } else if (task->worker != BASE_OK)
    link_answer(channel, message->id, task->worker, BASE_VIEW("STIX: $.id: must be \"bundle--UUID\"\x01"), -1);
  else
    link_answer(channel, message->id, BASE_OK, base_view_of(list, LIST), -1);
  free(list);
}

static void begin(struct rig *rig, const char *taken, const struct task *tasks, size_t count) {
  struct base_error err;
  int core[2], worker[2];
  *rig = (struct rig){.taken = taken, .tasks = tasks, .task_count = count, .loop = link_loop_new(base_world_system())};
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, core), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, worker), 0);
  rig->core = link_channel_new(core[1], LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL);
  rig->worker = link_channel_new(worker[1], LINK_ROLE_WORKER, LINK_ROLE_GATE_LOCAL);
  link_loop_add(rig->loop, rig->core, (struct link_handlers){rig, core_asked, NULL, NULL});
  link_loop_add(rig->loop, rig->worker, (struct link_handlers){rig, worker_asked, NULL, NULL});
  struct gate_local_setup setup = {.loop = rig->loop,
                                   .world = base_world_system(),
                                   .limits = &gate_limits_local,
                                   .core = core[0],
                                   .worker = worker[0],
                                   .listen = -1};
  assert_int_equal(gate_local_new(&setup, &rig->local, &err), BASE_OK);
  assert_int_equal(gate_local_index(rig->local, &err), BASE_OK);
}

/* Until nothing happens any more. */
static void rest(struct rig *rig) {
  for (size_t quiet = 0; quiet < 20; quiet++) {
    size_t before = rig->takes + rig->records + rig->indexed + rig->gives;
    assert_true(link_loop_turn(rig->loop, 10));
    if (rig->takes + rig->records + rig->indexed + rig->gives != before)
      quiet = 0;
  }
}

static void end(struct rig *rig) {
  gate_local_free(rig->local);
  link_channel_free(rig->core);
  link_channel_free(rig->worker);
  link_loop_free(rig->loop);
}

/* Whatever comes of one, the next is asked for; a list longer than a packet comes whole. */
static void one_after_the_other(void **state) {
  (void)state;
  static const struct task tasks[] = {{.size = 5},
                                      {.size = 0, .worker = BASE_FIELD},
                                      {.size = 2 * WIRE_RECORD_MAX + 7},
                                      {.size = 9, .record = BASE_CORRUPT},
                                      {.size = 1}};
  struct rig rig;
  begin(&rig, NULL, tasks, 5);
  rest(&rig);
  assert_int_equal(rig.takes, 6);
  assert_int_equal(rig.records, 7);
  assert_int_equal(rig.indexed, 4);
  assert_int_equal(rig.gives, 5);
  assert_int_equal(rig.listed, LIST);
  assert_string_equal(rig.why, "{\"message\":\"" SHA "\",\"part\":5}");
  end(&rig);
}

static void why_nothing_is_listed(void **state) {
  (void)state;
  static const struct task bad[] = {{.size = 4, .worker = BASE_FIELD}}, damaged[] = {{.size = 4, .record = BASE_CORRUPT}};
  struct rig rig;
  begin(&rig, NULL, bad, 1);
  rest(&rig);
  assert_int_equal(rig.gives, 1);
  assert_int_equal(rig.listed, 0);
  assert_non_null(strstr(rig.why, "\"why\":\"STIX: $.id: must be \\\"bundle--UUID\\\""));
  assert_null(strchr(rig.why, 1));
  end(&rig);
  begin(&rig, NULL, damaged, 1);
  rest(&rig);
  assert_int_equal(rig.indexed, 0);
  assert_non_null(strstr(rig.why, "\"why\":\"part 3 is damaged\""));
  end(&rig);
}

/* Nothing is said of the part then: core has counted that it was given out. */
static void trouble_pauses(void **state) {
  (void)state;
  static const char *const nonsense[] = {"", "{}", "{\"message\":\"7\",\"part\":1,\"size\":1,\"records\":1}",
                                         "{\"message\":\"" SHA "\",\"part\":1,\"size\":33554433,\"records\":33}",
                                         "{\"message\":\"" SHA "\",\"part\":1,\"size\":-1,\"records\":1}",
                                         "{\"message\":\"" SHA "\",\"part\":1,\"size\":1,\"records\":0}"};
  static const struct task tasks[] = {{.size = 5, .record = BASE_TOO_LARGE}, {.size = 5, .worker = BASE_NOT_RUNNING}};
  struct rig rig;
  for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++) {
    begin(&rig, nonsense[i], NULL, 0);
    rest(&rig);
    assert_int_equal(rig.takes, 1);
    assert_int_equal(rig.records + rig.gives, 0);
    end(&rig);
  }
  for (size_t i = 0; i < 2; i++) {
    begin(&rig, NULL, &tasks[i], 1);
    rest(&rig);
    assert_int_equal(rig.takes, 1);
    assert_int_equal(rig.gives, 0);
    end(&rig);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_after_the_other),
      cmocka_unit_test(why_nothing_is_listed),
      cmocka_unit_test(trouble_pauses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
