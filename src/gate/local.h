/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_LOCAL_H
#define GATE_LOCAL_H

#include "gate/calls.h"
#include "gate/http.h"
#include "gate/routes.h"
#include "link/family.h"

/* The local gate: the API of spec/api.md on a Unix socket, for the node's owner and root. */

enum { GATE_USERS_MAX = 3, GATE_USER_NAME_MAX = 64 };
struct gate_user {
  uid_t uid;
  char name[GATE_USER_NAME_MAX]; /* the user's name, or uid:N */
};
/* Who may come in. */
struct gate_users {
  size_t count;
  struct gate_user users[GATE_USERS_MAX];
};
/* Looks the name up while that is still possible. A user that is in already is not added again. */
void gate_users_add(struct gate_users *users, uid_t uid);

struct gate_local_setup {
  struct link_loop *loop;
  const struct base_world *world;
  const struct gate_limits *limits;
  struct gate_users users;
  const struct link_family *family; /* NULL: not known; must stay */
  int core, worker, listen;         /* owned from now on; worker may be -1 */
};
struct gate_local;
BASE_NODISCARD enum base_code gate_local_new(const struct gate_local_setup *setup, struct gate_local **out,
                                             struct base_error *err);
/* Opens the door: after the rights were given up. */
BASE_NODISCARD enum base_code gate_local_open(struct gate_local *local, struct base_error *err);
/* Has the worker look into the parts that core gives out for its index of STIX objects, from now on. */
BASE_NODISCARD enum base_code gate_local_index(struct gate_local *local, struct base_error *err);
/* Finishes what is under way, for at most limits->stop_ms, and ends the loop. context: the struct gate_local. */
void gate_local_stop(void *context);
bool gate_local_stopping(const struct gate_local *local);
void gate_local_free(struct gate_local *local);

#endif
