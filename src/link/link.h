/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LINK_H
#define WASL_LINK_H

#include <sys/types.h>

#include "base/base.h"

/* How our processes talk: the request table, frames over SOCK_SEQPACKET pairs, the event loop, start-up, confinement. */

/* --- roles and requests (table.def) */
enum link_role { LINK_ROLE_WASLD, LINK_ROLE_GATE_PEER, LINK_ROLE_GATE_LOCAL, LINK_ROLE_CORE, LINK_ROLE_KEEPER,
                 LINK_ROLE_WORKER, LINK_ROLES };
const char *link_role_name(enum link_role role); /* "wasld", "gate-peer", "gate-local", "core", "keeper", "worker" */

/* The roles that a person can have (spec/people.md), as bits in the order of this enum. */
enum link_person_role { LINK_PERSON_LIAISON, LINK_PERSON_SUPERVISOR, LINK_PERSON_OPERATIONS, LINK_PERSON_INTEGRATOR,
                        LINK_PERSON_AUDITOR, LINK_PERSON_ADMINISTRATOR, LINK_PERSON_ROLES };
enum { LINK_PERSON_ALL = (1U << LINK_PERSON_ROLES) - 1 };
const char *link_person_role_name(enum link_person_role role); /* "liaison", "supervisor", … */
bool link_person_role_named(struct base_view name, enum link_person_role *out);

enum link_request_code {
  LINK_NO_REQUEST,
#define LINK_REQUEST(code, name, senders, receiver, largest, fd, parked, roles, bare) LINK_##code,
#include "link/table.def"
#undef LINK_REQUEST
  LINK_REQUEST_CODES
};
struct link_row {
  const char *name;
  unsigned senders;           /* bit per role */
  enum link_role receiver;
  size_t largest;             /* payload bytes of the request */
  bool fd_in, fd_out, parked;
  unsigned roles, bare;       /* bit per role of a person; 0: no person asks for it */
};
const struct link_row *link_row(enum link_request_code code); /* NULL when there is none */

enum {
  LINK_INLINE_MAX = 64 << 10,     /* payload bytes in a packet; a longer one travels as a sealed memfd */
  LINK_ANSWER_MAX = 256 << 20,    /* bytes of an answer handed over as memfd */
  LINK_IN_FLIGHT_MAX = 1024,      /* requests of one channel that are not answered yet */
  LINK_BATCH_MAX = 256,           /* packets read from one channel before the loop goes on */
};

/* --- channels: one end each. A channel belongs to one loop, or is used by link_call alone. */
struct link_channel;
/* A message on a channel, as handed to handlers. payload points into the channel's buffer or a mapped memfd and is valid
 * during the call. fd is owned by the handler's caller unless taken (set to -1). A request of a row with IN or BOTH may come
 * without one. For a payload above LINK_INLINE_MAX, fd is the sealed memfd that holds it: taking it keeps the content. */
struct link_message {
  enum link_request_code code;
  uint64_t id;
  enum base_code status;      /* of an answer */
  struct base_view payload;
  int fd;                     /* -1: none */
};
/* self: the role of this process; peer: who is at the other end. fd is owned by the channel from now on. */
struct link_channel *link_channel_new(int fd, enum link_role self, enum link_role peer);
void link_channel_free(struct link_channel *channel);
enum link_role link_channel_peer(const struct link_channel *channel);
/* Sends a request of the table; id is chosen and returned (never 0). Queued when the socket is full or LINK_IN_FLIGHT_MAX
 * are unanswered: never blocks. A request that this role may not send, or larger than link_row(code)->largest, is a fault
 * of this program: logged, and the process dies. fd (or -1) is duplicated. Nothing happens on a channel that has ended. */
uint64_t link_ask(struct link_channel *channel, enum link_request_code code, struct base_view payload, int fd);
/* Answers a request. A payload above LINK_INLINE_MAX goes as memfd where the row has OUT (and then without another fd), else
 * the asker gets BASE_TOO_LARGE. fd as above. The payload of an error is its text. Each request is answered exactly once. */
void link_answer(struct link_channel *channel, uint64_t id, enum base_code status, struct base_view payload, int fd);
/* Asks and waits for this answer (blocking; core to keeper only). out is replaced by the payload. When the answer's status is
 * not BASE_OK, it is returned and err holds the answer's payload as text. A channel that ended is BASE_NOT_RUNNING. */
BASE_NODISCARD enum base_code link_call(struct link_channel *channel, enum link_request_code code,
                                        struct base_view payload, struct base_buf *out, struct base_error *err);

/* --- the loop (poll): descriptors, timers, channels. One thread. */
struct link_loop;
struct link_loop *link_loop_new(const struct base_world *world);
void link_loop_free(struct link_loop *loop);
/* on_request: a message that the table allows this peer to send, checked in size and descriptor. on_answer: the answer to a
 * link_ask. on_end: the other side is gone (the default, NULL, ends the loop). */
struct link_handlers {
  void *context;
  void (*on_request)(void *context, struct link_channel *channel, struct link_message *message);
  void (*on_answer)(void *context, struct link_channel *channel, struct link_message *message);
  void (*on_end)(void *context, struct link_channel *channel);
};
void link_loop_add(struct link_loop *loop, struct link_channel *channel, struct link_handlers handlers);
/* events: POLLIN, POLLOUT. The callback may change or remove its own watch. */
struct link_watch;
struct link_watch *link_loop_watch(struct link_loop *loop, int fd, short events,
                                   void (*ready)(void *context, int fd, short events), void *context);
void link_watch_change(struct link_watch *watch, short events);
void link_watch_remove(struct link_watch *watch);
/* Calls once, after delay_ms; replaces the timer's earlier setting. */
struct link_timer;
struct link_timer *link_loop_timer(struct link_loop *loop, void (*fire)(void *context), void *context);
void link_timer_set(struct link_timer *timer, int64_t delay_ms); /* negative: off */
/* Waits at most until something is ready, serves everything that is ready once, and returns; false when the loop was ended.
 * timeout_ms: -1 without limit. */
bool link_loop_turn(struct link_loop *loop, int timeout_ms);
void link_loop_end(struct link_loop *loop);
/* SIGTERM (and SIGINT where wanted) as an event; the others are ignored in children. */
BASE_NODISCARD enum base_code link_loop_on_term(struct link_loop *loop, void (*term)(void *context), void *context,
                                                struct base_error *err);

/* --- start-up: the same in every process */
enum { LINK_FDS_MAX = 16 };
struct link_path { const char *path; bool write; }; /* relative to the working folder, or absolute; missing ones are skipped */
struct link_start {
  enum link_role role;
  uid_t uid; gid_t gid;       /* to become; (uid_t)-1: stay */
  size_t fd_count;
  struct { char name[24]; int fd; } fds[LINK_FDS_MAX]; /* "core", "keeper", "listen", "card", … */
};
/* Parses the arguments that wasld gives its children (--role R --user UID:GID --fd NAME=N …); started by hand: one sentence
 * and exit 2. The working folder is the process's own folder of the node. */
void link_start_read(int argc, char **argv, struct link_start *out);
int link_start_fd(const struct link_start *start, const char *name); /* -1 when absent */
/* The last line of the start-up, before any thread is started: link_confine with the role's row of rights.c and the user that
 * was given. */
BASE_NODISCARD enum base_code link_start_confine(const struct link_start *start, struct base_error *err);
/* The same with some files more, which whoever runs the node named (missing ones are skipped). */
BASE_NODISCARD enum base_code link_start_confine_with(const struct link_start *start, const struct link_path *more,
                                                      size_t count, struct base_error *err);
/* Before it, for core with a database on a server: gives up everything but what connecting takes, the files in `more` included
 * (read only; missing ones are skipped). link_start_confine then takes the rest. */
BASE_NODISCARD enum base_code link_start_reach(const struct link_start *start, const char (*more)[256], size_t count,
                                               struct base_error *err);
/* The same for the keeper with a token. */
BASE_NODISCARD enum base_code link_start_reach_with(const struct link_start *start, const struct link_path *more,
                                                    size_t count, struct base_error *err);
/* The exit status of a process that ended for want of something outside the node that comes back by itself, a database server
 * or a token: it is started again without limit; for the token only when the node had served already. */
enum { LINK_EXIT_LATER = 75 };
/* Tells wasld, once, that this process serves from now on. Without it the node never counts as started. */
void link_start_ready(struct link_start *start);
/* Instead of that: why it never will, for wasld's last word. Nothing after link_start_ready. */
void link_start_failed(struct link_start *start, const struct base_error *why);
/* What both write to the descriptor "ready": the first byte, which the second has its sentence behind. */
enum { LINK_START_SERVES = '1', LINK_START_FAILED = '0' };

/* Rights: everything not granted here is given up. Called once, after all that needs more has been opened. */
enum { LINK_PATHS_MAX = 32 };
struct link_rights {
  enum link_role role;
  uid_t uid; gid_t gid;
  bool network;               /* may make sockets and connect */
  bool reaching;              /* to a database or a token, also by a Unix socket; the role's own row comes later and takes it back */
  size_t path_count;
  struct link_path paths[LINK_PATHS_MAX]; /* "." with write: its own folder */
  uint64_t memory_max;        /* RLIMIT_AS bytes, 0: none */
  uint32_t files_max;         /* RLIMIT_NOFILE */
  bool processes;             /* may start processes (wasld) */
};
/* The row of this role in rights.c; NULL for a role that does not exist. */
const struct link_rights *link_rights_of(enum link_role role);
/* Core's rights while it connects to a database server, the keeper's while it opens a token; NULL for the others. */
const struct link_rights *link_rights_reaching(enum link_role role);
/* own user when root, no supplementary groups, no capabilities, no_new_privs, Landlock by ABI, a seccomp deny list, limits, no
 * core dumps, not traceable, dies with the parent. What the kernel could not give is logged as event "confine.missing". */
BASE_NODISCARD enum base_code link_confine(const struct link_rights *rights, struct base_error *err);

#endif
