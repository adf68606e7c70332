/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/derive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)GATE_SALT == (int)crypto_pwhash_SALTBYTES, "what Argon2id takes");

struct work {
  bool taken;
  struct gate_salt salt;
  size_t size;
  uint8_t password[GATE_PASSWORD_MAX], key[GATE_DERIVED_KEY];
  bool good;
  gate_derived done;
  void *context;
};
/* A piece of work is the loop's, then the thread's from the octet in `to` that names it, and the loop's again from the
 * one in `back` on: nothing is shared meanwhile. */
struct gate_deriver {
  int to[2], back[2];
  struct link_watch *watch;
  bool running;
  atomic_bool stopping;
  pthread_t thread;
  struct work works[GATE_DERIVATIONS_MAX];
};

/* --- the thread */

static bool next(int fd, uint8_t *out) {
  ssize_t got;
  do
    got = read(fd, out, 1);
  while (got < 0 && errno == EINTR);
  return got == 1;
}

static void *serve(void *context) {
  struct gate_deriver *deriver = context;
  uint8_t at;
  while (next(deriver->to[0], &at) && !atomic_load(&deriver->stopping)) {
    struct work *work = &deriver->works[at];
    work->good = crypto_pwhash(work->key, sizeof work->key, (const char *)work->password, work->size, work->salt.bytes,
                               work->salt.passes, work->salt.memory, crypto_pwhash_ALG_ARGON2ID13) == 0;
    base_wipe(work->password, sizeof work->password);
    if (base_write_all(deriver->back[1], base_view_of(&at, 1), NULL) != BASE_OK)
      break;
  }
  return NULL;
}

/* --- the loop */

static void come_back(void *context, int fd, short events) {
  struct gate_deriver *deriver = context;
  uint8_t at;
  (void)events;
  if (!next(fd, &at))
    return;
  struct work work = deriver->works[at];
  base_wipe(&deriver->works[at], sizeof work);
  work.done(work.context, work.good ? work.key : NULL);
  base_wipe(&work, sizeof work);
}

struct gate_deriver *gate_deriver_new(struct link_loop *loop, struct base_error *err) {
  struct gate_deriver *deriver = calloc(1, sizeof *deriver);
  if (deriver == NULL || sodium_init() < 0) {
    (void)base_fail(err, BASE_MEMORY, "no memory for what compares passwords");
    free(deriver);
    return NULL;
  }
  deriver->to[0] = deriver->to[1] = deriver->back[0] = deriver->back[1] = -1;
  if (pipe2(deriver->to, O_CLOEXEC) != 0 || pipe2(deriver->back, O_CLOEXEC) != 0) {
    (void)base_fail_errno(err, "no pipe for what compares passwords");
    gate_deriver_free(deriver);
    return NULL;
  }
  deriver->watch = link_loop_watch(loop, deriver->back[0], POLLIN, come_back, deriver);
  return deriver;
}

void gate_deriver_free(struct gate_deriver *deriver) {
  if (deriver == NULL)
    return;
  atomic_store(&deriver->stopping, true);
  base_close_fd(&deriver->to[1]);
  if (deriver->running)
    pthread_join(deriver->thread, NULL);
  if (deriver->watch != NULL)
    link_watch_remove(deriver->watch);
  base_close_fd(&deriver->to[0]);
  base_close_fd(&deriver->back[0]);
  base_close_fd(&deriver->back[1]);
  base_wipe(deriver->works, sizeof deriver->works);
  free(deriver);
}

static enum base_code start(struct gate_deriver *deriver, struct base_error *err) {
  if (deriver->running)
    return BASE_OK;
  errno = pthread_create(&deriver->thread, NULL, serve, deriver);
  if (errno != 0)
    return base_fail_errno(err, "no thread for what compares passwords");
  deriver->running = true;
  return BASE_OK;
}

enum base_code gate_derive(struct gate_deriver *deriver, const struct gate_salt *salt, struct base_view password,
                           gate_derived done, void *context, struct base_error *err) {
  uint8_t at = 0;
  while (at < GATE_DERIVATIONS_MAX && deriver->works[at].taken)
    at++;
  if (at == GATE_DERIVATIONS_MAX)
    return base_fail(err, BASE_BUSY, "%d passwords wait to be compared: try again in a few seconds",
                     GATE_DERIVATIONS_MAX);
  enum base_code code = start(deriver, err);
  if (code != BASE_OK)
    return code;
  struct work *work = &deriver->works[at];
  *work = (struct work){.taken = true, .salt = *salt, .size = password.size, .done = done, .context = context};
  memcpy(work->password, password.data, password.size);
  code = base_write_all(deriver->to[1], base_view_of(&at, 1), err);
  if (code != BASE_OK)
    base_wipe(work, sizeof *work);
  return code;
}
