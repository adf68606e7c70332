/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/calls.h"

#include <stdlib.h>

void gate_calls_ask(struct gate_calls *calls, enum link_request_code code, struct base_view payload, int fd,
                    gate_answer answer, void *context) {
  uint64_t id = link_ask(calls->channel, code, payload, fd);
  if (answer == NULL)
    return;
  /* Ids grow by one, so the first place looked at is free unless an old request is parked there. */
  for (size_t i = 0; i < GATE_CALLS_MAX; i++) {
    struct gate_call *slot = &calls->slots[(id + i) % GATE_CALLS_MAX];
    if (slot->id == 0) {
      *slot = (struct gate_call){id, answer, context};
      return;
    }
  }
  /* Each connection and each exchange waits for one answer at a time, and there are fewer of them than places. */
  base_log(BASE_LOG_ERROR, "gate.calls", "more than %d requests wait for an answer: a fault of this program",
           GATE_CALLS_MAX);
  abort();
}

static void answer_nobody(void *context, struct link_message *message) {
  (void)context;
  (void)message;
}

void gate_calls_forget(struct gate_calls *calls, const void *context) {
  for (size_t i = 0; i < GATE_CALLS_MAX; i++)
    if (calls->slots[i].id != 0 && calls->slots[i].context == context)
      calls->slots[i] = (struct gate_call){calls->slots[i].id, answer_nobody, NULL};
}

void gate_calls_on_answer(void *context, struct link_channel *channel, struct link_message *message) {
  struct gate_calls *calls = context;
  (void)channel;
  for (size_t i = 0; i < GATE_CALLS_MAX; i++) {
    struct gate_call *slot = &calls->slots[(message->id + i) % GATE_CALLS_MAX];
    if (slot->id != message->id)
      continue;
    struct gate_call call = *slot;
    slot->id = 0;
    call.answer(call.context, message);
    return;
  }
}

void gate_calls_fail(struct gate_calls *calls, enum base_code status, const char *text) {
  for (size_t i = 0; i < GATE_CALLS_MAX; i++) {
    struct gate_call call = calls->slots[i];
    if (call.id == 0)
      continue;
    calls->slots[i].id = 0;
    struct link_message message = {.id = call.id, .status = status, .payload = base_view_text(text), .fd = -1};
    call.answer(call.context, &message);
  }
}
