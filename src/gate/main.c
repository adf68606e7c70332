/* SPDX-License-Identifier: Apache-2.0
 * wasl-gate: the network. One program and two roles with rights of their own: the partner gate and the local gate. */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate/identity.h"
#include "gate/local.h"
#include "gate/peer.h"
#include "wire/json.h"

/* Warns when partners are sent elsewhere than to this node. */
static enum base_code look_at_addresses(const struct link_start *start, struct gate_local_setup *setup,
                                        struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0}, warning = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  int fd = link_start_fd(start, "card");
  setup->family = link_family_open(link_start_fd(start, "family"));
  if (fd < 0 || setup->family == NULL)
    return BASE_OK;
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  enum base_code code = gate_card_read(fd, &bytes, &arena, &card, err);
  if (code == BASE_OK && !gate_addresses_fit(card.addresses, card.address_count, setup->family, &warning))
    base_log(BASE_LOG_WARNING, "gate.addresses", "%.*s", (int)warning.size, (const char *)warning.data);
  return code;
}

static enum base_code serve_local(struct link_start *start, struct link_loop *loop, struct base_error *err) {
  struct gate_local *local = NULL;
  struct gate_local_setup setup = {.loop = loop,
                                   .world = base_world_system(),
                                   .limits = &gate_limits_local,
                                   .core = link_start_fd(start, "core"),
                                   .worker = link_start_fd(start, "worker"),
                                   .listen = link_start_fd(start, "api")};
  if (setup.core < 0 || setup.listen < 0)
    return base_fail(err, BASE_USAGE, "the local gate needs the descriptors core and api");
  /* The working folder may be this process's own; the one around it is the node's, and whose it is may come in. */
  struct stat node;
  if (stat("..", &node) != 0)
    return base_fail_errno(err, "the node's folder cannot be examined");
  /* Passwords come through here, and through what libraries allocate: what is freed is written over. */
  (void)mallopt(M_PERTURB, 0x5a);
  gate_users_add(&setup.users, 0);
  gate_users_add(&setup.users, node.st_uid);
  enum base_code code = look_at_addresses(start, &setup, err);
  if (code == BASE_OK)
    code = gate_local_new(&setup, &local, err);
  if (code != BASE_OK)
    return code;
  code = link_loop_on_term(loop, gate_local_stop, local, err);
  if (code == BASE_OK)
    code = link_start_confine(start, err);
  if (code == BASE_OK)
    code = gate_local_open(local, err);
  if (code == BASE_OK)
    code = gate_local_index(local, err);
  if (code == BASE_OK) {
    link_start_ready(start);
    while (link_loop_turn(loop, -1))
      ;
    if (!gate_local_stopping(local))
      code = base_fail(err, BASE_NOT_RUNNING, "core is gone, and the local gate with it");
  }
  gate_local_free(local);
  return code;
}

static enum base_code read_pem(const char *name, struct base_buf *out, struct base_error *err) {
  enum base_code code = base_file_read(AT_FDCWD, name, GATE_PEM_MAX, out, err);
  base_buf_u8(out, 0);
  return code != BASE_OK ? code : base_buf_check(out, name, err);
}

/* No key of the card's is there: what is wrong with the first pair. */
static enum base_code look_at_pair(const struct wire_card *card, const char *name, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf certificate = {0}, key = {0};
  base_buf_init(&certificate, GATE_PEM_MAX + 1);
  base_buf_init(&key, GATE_PEM_MAX + 1);
  if (faccessat(AT_FDCWD, "tls.crt", F_OK, 0) != 0 && faccessat(AT_FDCWD, "tls.key", F_OK, 0) != 0)
    return gate_pair_missing(card, err);
  enum base_code code = read_pem("tls.crt", &certificate, err);
  if (code == BASE_OK)
    code = read_pem("tls.key", &key, err);
  if (code == BASE_OK)
    code = gate_identity_check(card, name, (const char *)certificate.data, (const char *)key.data, err);
  if (key.data != NULL)
    base_wipe(key.data, key.size);
  return code == BASE_OK ? base_fail(err, BASE_NOT_FOUND, "the TLS key on the node's card is not in the folder gate")
                         : code;
}

/* The node counts as started when its partners can reach it with the key loaded, not before. */
static void peer_opened(void *context) {
  link_start_ready(context);
}

/* A pair that is on the node's card, and the name too. */
static enum base_code load_pair(const struct link_start *start, struct gate_peer_setup *setup, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_card card;
  int fd = link_start_fd(start, "card");
  const struct link_family *family = link_family_open(link_start_fd(start, "family"));
  if (fd < 0 || family == NULL)
    return base_fail(err, BASE_USAGE, "the partner gate needs the descriptors card and family");
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  enum base_code code = gate_card_read(fd, &bytes, &arena, &card, err);
  if (code != BASE_OK)
    return code;
  if (gate_pair_of_card(setup->dir, &card, &setup->pair, err) != BASE_OK)
    return look_at_pair(&card, family->name, err);
  return gate_identity_check(&card, family->name, (const char *)setup->pair.certificate.data,
                             (const char *)setup->pair.key.data, err);
}

static enum base_code run_peer(const struct link_start *start, struct gate_peer *peer, struct link_loop *loop,
                               struct base_error *err) {
  enum base_code code = link_loop_on_term(loop, gate_peer_stop, peer, err);
  if (code == BASE_OK)
    code = link_start_confine(start, err);
  if (code != BASE_OK)
    return code;
  gate_peer_open(peer);
  while (link_loop_turn(loop, -1))
    ;
  if (gate_peer_deaf(peer))
    return base_fail(err, BASE_IO, "partners cannot be listened to");
  return gate_peer_stopping(peer) ? BASE_OK
                                  : base_fail(err, BASE_NOT_RUNNING, "core is gone, and the partner gate with it");
}

static enum base_code serve_peer(struct link_start *start, struct link_loop *loop, struct base_error *err) {
  struct gate_peer *peer = NULL;
  struct gate_peer_setup setup = {.loop = loop,
                                  .world = base_world_system(),
                                  .limits = &gate_limits_peer,
                                  .core = link_start_fd(start, "core"),
                                  .opened = peer_opened,
                                  .opened_context = start};
  BASE_AUTO_FD int dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  setup.dir = dir;
  for (int i = 0; i < GATE_PEER_LISTEN_MAX; i++) {
    char name[16];
    snprintf(name, sizeof name, "listen%d", i);
    int fd = link_start_fd(start, name);
    if (fd >= 0)
      setup.listen[setup.listen_count++] = fd;
  }
  bool only_check = link_start_fd(start, "check") >= 0;
  if (setup.core < 0 && !only_check)
    return base_fail(err, BASE_USAGE, "the partner gate needs the descriptor core");
  if (dir < 0)
    return base_fail_errno(err, "the gate's folder cannot be opened");
  enum base_code code = load_pair(start, &setup, err);
  if (code == BASE_OK && only_check)
    link_start_ready(start); /* `wasld --check` wants to know no more */
  else if (code == BASE_OK)
    code = gate_peer_new(&setup, &peer, err);
  if (code == BASE_OK && !only_check)
    code = run_peer(start, peer, loop, err);
  gate_peer_free(peer);
  return code;
}

int main(int argc, char **argv) {
  struct link_start start;
  struct base_error err;
  base_log_program("wasl-gate");
  link_start_read(argc, argv, &start);
  uint64_t random;
  const struct base_world *world = base_world_system();
  world->random(world->context, &random, sizeof random);
  wire_json_seed(random);
  struct link_loop *loop = link_loop_new(world);
  enum base_code code;
  if (start.role == LINK_ROLE_GATE_PEER)
    code = serve_peer(&start, loop, &err);
  else if (start.role == LINK_ROLE_GATE_LOCAL)
    code = serve_local(&start, loop, &err);
  else
    code = base_fail(&err, BASE_USAGE, "wasl-gate has the roles gate-peer and gate-local only");
  if (code != BASE_OK) {
    if (link_start_fd(&start, "check") < 0) /* else wasld says it */
      base_log(BASE_LOG_ERROR, "gate.failed", "%s", err.text);
    link_start_failed(&start, &err);
  }
  link_loop_free(loop);
  return base_code_exit(code);
}
