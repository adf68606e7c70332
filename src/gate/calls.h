/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_CALLS_H
#define GATE_CALLS_H

#include "gate/limits.h"
#include "link/link.h"

/* Requests to another process that wait for their answer. */
typedef void (*gate_answer)(void *context, struct link_message *message);
struct gate_call {
  uint64_t id; /* 0: free */
  gate_answer answer;
  void *context;
};
struct gate_calls {
  struct link_channel *channel; /* NULL: that process is gone */
  struct gate_call slots[GATE_CALLS_MAX];
};
/* Asks; answer (NULL: nobody cares) is called later, exactly once, never from within. */
void gate_calls_ask(struct gate_calls *calls, enum link_request_code code, struct base_view payload, int fd,
                    gate_answer answer, void *context);
/* on_answer of link_handlers, with the struct gate_calls as context. */
void gate_calls_on_answer(void *context, struct link_channel *channel, struct link_message *message);
/* What was asked with this context is answered to nobody. */
void gate_calls_forget(struct gate_calls *calls, const void *context);
/* The other process is gone: every waiting call is answered with this. */
void gate_calls_fail(struct gate_calls *calls, enum base_code status, const char *text);

#endif
