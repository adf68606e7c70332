/* SPDX-License-Identifier: Apache-2.0
 * Two partner gates, each with a made-up core, and strangers. */
#include <sys/stat.h>

#include "gate_identity.h"

#include "gate/peer.h"
#include "wire/consignment.h"
#include "wire/json.h"

enum { OUTCOMES_MAX = 64, WAITING_MAX = 64 };
struct outcome {
  long status;
  char code[40], detail[512];
  size_t size; /* of the answer */
  uint8_t first;
};

/* A node: gate, and a core that answers what it is given with itself, each octet plus one. */
struct node {
  struct rig_loop gate, core;
  struct gate_peer *peer;
  struct link_channel *to_gate;
  struct gate_limits limits;
  struct identity self;
  int dir; /* where further TLS keys are; 0: nowhere */
  int port;
  pthread_mutex_t lock;
  /* under the lock */
  char table[2048];
  size_t waiting_count;
  uint64_t waiting[WAITING_MAX]; /* parked exchange.take */
  uint64_t table_id;
  int64_t table_asked;
  size_t outcome_count, gives;
  struct outcome outcomes[OUTCOMES_MAX];
  bool refuse, hold, swell; /* gives are refused, not answered, or answered with more than is allowed */
};

/* --- the made-up core */

static void record_outcome(struct node *node, struct link_message *message) {
  struct wire_json *json = NULL;
  struct base_view answer = {NULL, 0};
  struct outcome *outcome = &node->outcomes[node->outcome_count];
  assert_int_equal(wire_json_parse(message->payload, 4096, "done", &json, NULL), BASE_OK);
  struct base_view code = wire_json_text(wire_json_get(json, "code")),
                   detail = wire_json_text(wire_json_get(json, "detail"));
  *outcome = (struct outcome){.status = (long)wire_json_integer(wire_json_get(json, "status"))};
  snprintf(outcome->code, sizeof outcome->code, "%.*s", (int)code.size, (const char *)code.data);
  snprintf(outcome->detail, sizeof outcome->detail, "%.*s", (int)detail.size,
           detail.size > 0 ? (const char *)detail.data : "");
  if (message->fd >= 0) {
    assert_int_equal(base_map_sealed(message->fd, WIRE_CONSIGNMENT_MAX, &answer, NULL), BASE_OK);
    outcome->size = answer.size;
    outcome->first = answer.size > 0 ? answer.data[0] : 0;
    base_unmap(&answer);
  }
  node->outcome_count++;
  wire_json_free(json);
}

static void answer_give(struct node *node, struct link_channel *channel, struct link_message *message) {
  struct base_view sealed = {NULL, 0};
  node->gives++;
  if (node->hold)
    return;
  if (node->refuse) {
    link_answer(channel, message->id, BASE_ROLLBACK, base_view_text("an older head\x1b[31m"), -1);
    return;
  }
  assert_int_equal(base_map_sealed(message->fd, WIRE_CONSIGNMENT_MAX, &sealed, NULL), BASE_OK);
  size_t size = node->swell ? WIRE_CONSIGNMENT_MAX + 1 : sealed.size;
  uint8_t *copy = calloc(1, size);
  for (size_t i = 0; i < sealed.size; i++)
    copy[i] = (uint8_t)(sealed.data[i] + 1);
  link_answer(channel, message->id, BASE_OK, base_view_of(copy, size), -1);
  free(copy);
  base_unmap(&sealed);
}

static void core_request(void *context, struct link_channel *channel, struct link_message *message) {
  struct node *node = context;
  pthread_mutex_lock(&node->lock);
  switch (message->code) {
  case LINK_PEER_TABLE:
    node->table_asked++;
    if (node->table_asked == 1)
      link_answer(channel, message->id, BASE_OK, base_view_text(node->table), -1);
    else
      node->table_id = message->id;
    break;
  case LINK_WITNESS_TAKE: /* parked for ever */
    break;
  case LINK_EXCHANGE_TAKE:
    node->waiting[node->waiting_count++] = message->id;
    break;
  case LINK_EXCHANGE_DONE:
    record_outcome(node, message);
    link_answer(channel, message->id, BASE_OK, base_view_text("{}"), -1);
    break;
  case LINK_EXCHANGE_GIVE:
    answer_give(node, channel, message);
    break;
  default:
    abort();
  }
  pthread_mutex_unlock(&node->lock);
}

static void write_table(struct node *node, int version, const struct node *partner, const char *state) {
  snprintf(node->table, sizeof node->table,
           "{\"version\":%d,\"partners\":[{\"name\":\"other\",\"origin\":\"wasl/other/"
           "00\",\"addresses\":[],\"pins\":[\"%s\"],"
           "\"state\":\"%s\"}]}",
           version, base_hash_text(&partner->self.pin).text, state);
}

static void start_node(struct node *node) {
  int core[2];
  struct base_error err;
  struct gate_peer_setup setup = {.world = base_world_system(), .limits = &node->limits, .listen_count = 1};
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, core), 0);
  rig_loop_make(&node->core);
  rig_loop_make(&node->gate);
  pthread_mutex_init(&node->lock, NULL);
  node->to_gate = link_channel_new(core[1], LINK_ROLE_CORE, LINK_ROLE_GATE_PEER);
  link_loop_add(node->core.loop, node->to_gate, (struct link_handlers){node, core_request, NULL, NULL});
  setup.loop = node->gate.loop;
  setup.core = core[0];
  setup.dir = node->dir > 0 ? node->dir : -1;
  assert_int_equal(gate_pair_of(node->self.certificate, node->self.key, &setup.pair, &err), BASE_OK);
  setup.listen[0] = rig_listen_tcp(&node->port);
  if (gate_peer_new(&setup, &node->peer, &err) != BASE_OK)
    fail_msg("%s", err.text);
  node->gate.stop = gate_peer_stop;
  node->gate.context = node->peer;
  gate_peer_open(node->peer);
  rig_loop_start(&node->core);
  rig_loop_start(&node->gate);
}

static void end_node(struct node *node, char how) {
  if (node->peer == NULL)
    return;
  rig_loop_end(&node->gate, how);
  gate_peer_free(node->peer);
  node->peer = NULL;
  (void)!write(node->core.pipe[1], "e", 1);
  pthread_join(node->core.thread, NULL);
  link_channel_free(node->to_gate);
  rig_loop_free(&node->core);
  rig_loop_free(&node->gate);
  pthread_mutex_destroy(&node->lock);
}

struct pair {
  struct node rabat, paris;
};
static struct identity rabat_key, paris_key, stranger_key;

static int setup(void **state) {
  struct pair *pair = calloc(1, sizeof *pair);
  *state = pair;
  pair->rabat.limits = pair->paris.limits = gate_limits_peer;
  pair->rabat.limits.stop_ms = pair->paris.limits.stop_ms = 1500;
  pair->rabat.limits.connect_ms = 1500;
  pair->paris.limits.handshake_ms = 1500;
  pair->paris.limits.head_ms = 1500;
  pair->paris.limits.body_ms = 1500;
  pair->rabat.limits.per_partner = pair->paris.limits.per_partner = GATE_TAKES_MAX;
  pair->rabat.self = rabat_key;
  pair->paris.self = paris_key;
  write_table(&pair->rabat, 1, &pair->paris, "active");
  write_table(&pair->paris, 1, &pair->rabat, "active");
  start_node(&pair->rabat);
  start_node(&pair->paris);
  return 0;
}

static int teardown(void **state) {
  struct pair *pair = *state;
  end_node(&pair->rabat, 'e');
  end_node(&pair->paris, 'e');
  free(pair);
  return 0;
}

/* Waits until condition holds of node, under its lock. */
#define UNTIL(node, condition)                                                                                         \
  do {                                                                                                                 \
    bool holds = false;                                                                                                \
    for (int tries = 0; tries < 1000 && !holds; tries++) {                                                             \
      pthread_mutex_lock(&(node)->lock);                                                                               \
      holds = (condition);                                                                                             \
      pthread_mutex_unlock(&(node)->lock);                                                                             \
      if (!holds)                                                                                                      \
        usleep(10000);                                                                                                 \
    }                                                                                                                  \
    if (!holds)                                                                                                        \
      fail_msg("never: %s", #condition);                                                                               \
  } while (0)

/* The answer to a parked request is given by the core's own thread: a timer of its loop could not be set from here, so
 * the channel is used under the lock while that thread waits in poll. */
static void give_work(struct node *node, const char *addresses, const struct base_hash *pin, size_t size) {
  char work[1024];
  struct base_error err;
  uint8_t *content = calloc(1, size + 1);
  int fd = base_memfd_sealed("work", base_view_of(content, size), &err);
  snprintf(work, sizeof work, "{\"exchange\":41,\"partner\":\"paris\",\"addresses\":[%s],\"pins\":[\"%s\"]}", addresses,
           pin == NULL ? "" : base_hash_text(pin).text);
  UNTIL(node, node->waiting_count > 0);
  pthread_mutex_lock(&node->lock);
  link_answer(node->to_gate, node->waiting[--node->waiting_count], BASE_OK, base_view_text(work), fd);
  pthread_mutex_unlock(&node->lock);
  close(fd);
  free(content);
}

static const char *at_port(int port) {
  static char text[64];
  snprintf(text, sizeof text, "\"127.0.0.1:%d\"", port);
  return text;
}

static void expect(struct node *node, size_t index, long status, const char *code, const char *detail) {
  UNTIL(node, node->outcome_count > index);
  const struct outcome *outcome = &node->outcomes[index];
  if (outcome->status != status || strcmp(outcome->code, code) != 0 || strstr(outcome->detail, detail) == NULL)
    fail_msg("%ld %s %s instead of %ld %s %s", outcome->status, outcome->code, outcome->detail, status, code, detail);
}

static void test_exchange(void **state) {
  struct pair *pair = *state;
  static const size_t sizes[] = {1, 100, 4096, 70000, WIRE_CONSIGNMENT_MAX};
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  for (size_t i = 0; i < 5; i++) {
    give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, sizes[i]);
    expect(&pair->rabat, i, 200, "ok", "");
    assert_int_equal(pair->rabat.outcomes[i].size, sizes[i]);
    assert_int_equal(pair->rabat.outcomes[i].first, 1);
  }
  /* All places at once, and both ways. */
  for (size_t i = 0; i < 20; i++) {
    give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 50000);
    give_work(&pair->paris, at_port(pair->rabat.port), &pair->rabat.self.pin, 50000);
  }
  UNTIL(&pair->rabat, pair->rabat.outcome_count == 25);
  UNTIL(&pair->paris, pair->paris.outcome_count == 20);
  for (size_t i = 0; i < 20; i++) {
    assert_string_equal(pair->rabat.outcomes[5 + i].code, "ok");
    assert_string_equal(pair->paris.outcomes[i].code, "ok");
  }
}

static void test_unreachable_and_next_address(void **state) {
  struct pair *pair = *state;
  char addresses[128];
  int closed;
  close(rig_listen_tcp(&closed));
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  give_work(&pair->rabat, at_port(closed), &pair->paris.self.pin, 10);
  snprintf(addresses, sizeof addresses, "paris at 127.0.0.1:%d: connection refused", closed);
  expect(&pair->rabat, 0, 0, "unreachable", addresses);
  snprintf(addresses, sizeof addresses, "\"127.0.0.1:%d\",\"127.0.0.1:%d\"", closed, pair->paris.port);
  give_work(&pair->rabat, addresses, &pair->paris.self.pin, 10);
  expect(&pair->rabat, 1, 200, "ok", "");
  give_work(&pair->rabat, "", &pair->paris.self.pin, 10);
  expect(&pair->rabat, 2, 0, "unreachable", "no address");
  give_work(&pair->rabat, "\"127.0.0.1/..:80\"", &pair->paris.self.pin, 10);
  expect(&pair->rabat, 3, 0, "unreachable", "cannot be used");
  give_work(&pair->rabat, "\"nowhere.invalid:80\"", &pair->paris.self.pin, 10);
  expect(&pair->rabat, 4, 0, "unreachable", "the name cannot be resolved");
}

static void test_wrong_pin(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  give_work(&pair->rabat, at_port(pair->paris.port), &stranger_key.pin, 10);
  expect(&pair->rabat, 0, 0, "wrong-key", "the key there is not the one on the card");
  /* Without any pin nobody is spoken to. */
  give_work(&pair->rabat, at_port(pair->paris.port), NULL, 10);
  expect(&pair->rabat, 1, 0, "unreachable", "cannot be used");
  assert_int_equal(pair->paris.gives, 0);
}

static void change_table(struct node *node, int version, const struct node *partner, const char *state) {
  UNTIL(node, node->table_id != 0);
  pthread_mutex_lock(&node->lock);
  write_table(node, version, partner, state);
  int64_t asked = node->table_asked;
  uint64_t id = node->table_id;
  node->table_id = 0;
  link_answer(node->to_gate, id, BASE_OK, base_view_text(node->table), -1);
  pthread_mutex_unlock(&node->lock);
  UNTIL(node, node->table_asked == asked + 1);
}

static void test_stranger_and_suspended(void **state) {
  struct pair *pair = *state;
  struct node *paris = &pair->paris;
  struct node stranger = {.self = stranger_key};
  change_table(paris, 2, &pair->rabat, "suspended");
  give_work(&pair->rabat, at_port(paris->port), &paris->self.pin, 10);
  expect(&pair->rabat, 0, 403, "partner-suspended", "suspended");
  /* The connection stays open; what counts is the table at each request. */
  change_table(paris, 3, &stranger, "active");
  give_work(&pair->rabat, at_port(paris->port), &paris->self.pin, 10);
  UNTIL(&pair->rabat, pair->rabat.outcome_count == 2);
  assert_string_not_equal(pair->rabat.outcomes[1].code, "ok");
  change_table(paris, 4, &pair->rabat, "active");
  give_work(&pair->rabat, at_port(paris->port), &paris->self.pin, 10);
  expect(&pair->rabat, 2, 200, "ok", "");
  assert_int_equal(paris->gives, 1);
}

static void put_pem(int dir, const char *stem, const struct identity *identity, time_t age) {
  char name[64];
  snprintf(name, sizeof name, "%s.key", stem);
  assert_int_equal(base_file_replace(dir, name, base_view_text(identity->key), 0600, NULL), BASE_OK);
  const struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
  assert_int_equal(utimensat(dir, name, times, 0), 0);
  snprintf(name, sizeof name, "%s.crt", stem);
  assert_int_equal(base_file_replace(dir, name, base_view_text(identity->certificate), 0644, NULL), BASE_OK);
}

/* What core answers to the parked request: the table, with what it says of the gate's own keys. */
static void own_keys(struct node *node, int version, const struct node *partner, const struct base_hash *second,
                     const struct base_hash *present, const struct base_hash *other) {
  char text[2048];
  UNTIL(node, node->table_id != 0);
  pthread_mutex_lock(&node->lock);
  int size = snprintf(text, sizeof text, "{\"version\":%d,\"present\":\"%s\",\"own\":[\"%s\"", version,
                      base_hash_text(present).text, base_hash_text(present).text);
  if (other != NULL)
    size += snprintf(text + size, sizeof text - (size_t)size, ",\"%s\"", base_hash_text(other).text);
  size += snprintf(text + size, sizeof text - (size_t)size,
                   "],\"partners\":[{\"name\":\"other\",\"origin\":\"wasl/other/00\",\"addresses\":[],\"pins\":[\"%s\"",
                   base_hash_text(&partner->self.pin).text);
  if (second != NULL)
    size += snprintf(text + size, sizeof text - (size_t)size, ",\"%s\"", base_hash_text(second).text);
  snprintf(text + size, sizeof text - (size_t)size, "],\"state\":\"active\"}]}");
  int64_t asked = node->table_asked;
  uint64_t id = node->table_id;
  node->table_id = 0;
  link_answer(node->to_gate, id, BASE_OK, base_view_text(text), -1);
  pthread_mutex_unlock(&node->lock);
  UNTIL(node, node->table_asked == asked + 1);
}

/* A second TLS key is presented once core says so, to those who come and to those who are called, without a stop; and
 * the first one is destroyed once it is off the card. */
static void test_another_key(void **state) {
  struct pair *pair = *state;
  struct node *rabat = &pair->rabat, *paris = &pair->paris;
  char folder[] = "/tmp/gate-keys-XXXXXX", stem[64];
  struct identity second;
  struct base_error err;
  end_node(rabat, 'e');
  memset(&rabat->core, 0, sizeof rabat->core);
  memset(&rabat->gate, 0, sizeof rabat->gate);
  rabat->waiting_count = rabat->outcome_count = 0;
  rabat->table_asked = 0;
  assert_non_null(mkdtemp(folder));
  rabat->dir = open(folder, O_RDONLY | O_DIRECTORY);
  make_identity(&second, "rabat");
  put_pem(rabat->dir, "tls", &rabat->self, 0);
  snprintf(stem, sizeof stem, "tls-%.16s", base_hash_text(&second.pin).text);
  put_pem(rabat->dir, stem, &second, 0);
  put_pem(rabat->dir, "tls-00000000000000aa", &stranger_key, 86400); /* on no card: since yesterday, since now */
  put_pem(rabat->dir, "tls-00000000000000bb", &stranger_key, 0);
  start_node(rabat);
  own_keys(paris, 2, rabat, &second.pin, &paris->self.pin, NULL); /* paris knows both */
  give_work(rabat, at_port(paris->port), &paris->self.pin, 10);
  expect(rabat, 0, 200, "ok", "");
  give_work(paris, at_port(rabat->port), &rabat->self.pin, 10);
  expect(paris, 0, 200, "ok", "");
  own_keys(rabat, 2, paris, NULL, &second.pin, &rabat->self.pin);
  give_work(paris, at_port(rabat->port), &second.pin, 10);
  expect(paris, 1, 200, "ok", "");
  /* who knows only the new one still lets rabat in */
  struct node renewed = {.self = second};
  own_keys(paris, 3, &renewed, NULL, &paris->self.pin, NULL);
  give_work(rabat, at_port(paris->port), &paris->self.pin, 10);
  expect(rabat, 1, 200, "ok", "");
  assert_int_equal(faccessat(rabat->dir, "tls.key", F_OK, 0), 0);
  own_keys(rabat, 3, paris, NULL, &second.pin, NULL);
  assert_int_equal(faccessat(rabat->dir, "tls.key", F_OK, 0), -1);
  assert_int_equal(faccessat(rabat->dir, "tls.crt", F_OK, 0), -1);
  assert_int_equal(faccessat(rabat->dir, "tls-00000000000000aa.key", F_OK, 0), -1);
  assert_int_equal(faccessat(rabat->dir, "tls-00000000000000bb.key", F_OK, 0), 0);
  /* one that is not there leaves everything as it is */
  own_keys(rabat, 4, paris, NULL, &stranger_key.pin, &second.pin);
  give_work(paris, at_port(rabat->port), &second.pin, 10);
  expect(paris, 2, 200, "ok", "");
  /* and after a restart the oldest on the card that is there is begun with */
  struct gate_pair found;
  struct wire_card card = {.pin_count = 3, .pins = {stranger_key.pin, second.pin, rabat_key.pin}};
  assert_int_equal(gate_pair_of_card(rabat->dir, &card, &found, &err), BASE_OK);
  assert_true(base_hash_equal(&found.pin, &second.pin));
  gate_pair_free(&found);
  assert_int_equal(gate_pair_load(rabat->dir, &stranger_key.pin, &found, &err), BASE_NOT_FOUND);
  gate_pair_keep(rabat->dir, &stranger_key.pin, 1, 0); /* younger than that: let be */
  assert_int_equal(gate_pair_load(rabat->dir, &second.pin, &found, &err), BASE_OK);
  gate_pair_free(&found);
  gate_pair_keep(rabat->dir, NULL, 0, INT64_MAX);
  assert_int_equal(gate_pair_of_card(rabat->dir, &card, &found, &err), BASE_NOT_FOUND);
  end_node(rabat, 'e');
  close(rabat->dir);
  assert_int_equal(rmdir(folder), 0);
}

static void test_unknown_key_is_cut_off(void **state) {
  struct pair *pair = *state;
  struct node stranger = {.self = stranger_key};
  change_table(&pair->paris, 2, &stranger, "active");
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 0, "unreachable", "does not know this node's key");
  assert_int_equal(pair->paris.gives, 0);
}

static void test_problem_of_the_partner(void **state) {
  struct pair *pair = *state;
  pair->paris.refuse = true;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 409, "rollback", "an older head");
  assert_null(strchr(pair->rabat.outcomes[0].detail, '\x1b'));
}

static void test_limits_in_flight(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  pthread_mutex_lock(&pair->paris.lock);
  pair->paris.hold = true;
  pair->paris.limits.per_partner = 3;
  pthread_mutex_unlock(&pair->paris.lock);
  /* Large ones: the refusal must arrive although the body was not wanted. */
  for (int i = 0; i < 5; i++)
    give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 4 << 20);
  expect(&pair->rabat, 0, 503, "busy", "under way");
  expect(&pair->rabat, 1, 503, "busy", "under way");
  UNTIL(&pair->paris, pair->paris.gives == 3);
}

static void test_places_for_work(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->rabat, pair->rabat.waiting_count == GATE_TAKES_MAX);
  usleep(50000);
  UNTIL(&pair->rabat, pair->rabat.waiting_count == GATE_TAKES_MAX);
}

static void test_limit_in_all(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  pair->paris.hold = true;
  pair->paris.limits.gives = 1;
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  UNTIL(&pair->paris, pair->paris.gives == 1);
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 503, "busy", "and 1 in all");
}

static void test_partner_that_does_not_answer(void **state) {
  struct pair *pair = *state;
  int port, mute = rig_listen_tcp(&port);
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  give_work(&pair->rabat, at_port(port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 0, "unreachable", "no connection in time");
  close(mute);
  pair->paris.hold = true;
  pair->rabat.limits.exchange_ms = 300;
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 1, 0, "unreachable", "no answer in time");
}

static void test_answer_too_large(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  pair->paris.swell = true;
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 0, "protocol", "larger than a consignment may be");
}

/* --- a partner that does not use our client */

struct raw {
  int fd;
  gnutls_session_t session;
  gnutls_certificate_credentials_t credentials;
};

static bool raw_open(struct raw *raw, int port, const struct identity *identity, const char *versions) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct timeval patience = {.tv_sec = 10};
  raw->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(raw->fd, (struct sockaddr *)&address, sizeof address), 0);
  setsockopt(raw->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  gnutls_init(&raw->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
  gnutls_priority_set_direct(raw->session, versions, NULL);
  gnutls_certificate_allocate_credentials(&raw->credentials);
  if (identity != NULL) {
    gnutls_datum_t certificate = {(unsigned char *)(uintptr_t)identity->certificate,
                                  (unsigned)strlen(identity->certificate)};
    gnutls_datum_t key = {(unsigned char *)(uintptr_t)identity->key, (unsigned)strlen(identity->key)};
    assert_int_equal(gnutls_certificate_set_x509_key_mem(raw->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM), 0);
  }
  gnutls_credentials_set(raw->session, GNUTLS_CRD_CERTIFICATE, raw->credentials);
  gnutls_transport_set_int(raw->session, raw->fd);
  int result;
  do
    result = gnutls_handshake(raw->session);
  while (result < 0 && !gnutls_error_is_fatal(result));
  return result == 0;
}

static void raw_close(struct raw *raw) {
  gnutls_deinit(raw->session);
  gnutls_certificate_free_credentials(raw->credentials);
  close(raw->fd);
}

/* Sends a request and gives the answer's beginning; empty when the other side hung up. */
static const char *raw_say(struct raw *raw, const char *text, size_t size) {
  static char answer[4096];
  size_t got = 0;
  gnutls_record_send(raw->session, text, size);
  for (;;) {
    ssize_t more = gnutls_record_recv(raw->session, answer + got, sizeof answer - 1 - got);
    if (more == GNUTLS_E_AGAIN || more == GNUTLS_E_INTERRUPTED)
      continue;
    if (more <= 0)
      break;
    got += (size_t)more;
    answer[got] = '\0';
    if (strstr(answer, "\r\n\r\n") != NULL && strstr(answer, "}") != NULL)
      break;
  }
  answer[got] = '\0';
  return answer;
}

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static void test_tls_strangers(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  struct raw raw;
  static const char request[] = "POST /wasl/v1/consignment HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
  assert_false(raw_open(&raw, pair->paris.port, &rabat_key, "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
  raw_close(&raw);
  /* With TLS 1.3 the client is done before the server has judged it. */
  raw_open(&raw, pair->paris.port, NULL, TLS13);
  assert_string_equal(raw_say(&raw, request, sizeof request - 1), "");
  raw_close(&raw);
  raw_open(&raw, pair->paris.port, &stranger_key, TLS13);
  assert_string_equal(raw_say(&raw, request, sizeof request - 1), "");
  raw_close(&raw);
  assert_int_equal(pair->paris.gives, 0);
}

static void test_http_of_a_partner(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
#define CASE(text, answer)                                                                                             \
  { text, sizeof(text) - 1, answer }
#define POST "POST /wasl/v1/consignment HTTP/1.1\r\nHost: a\r\n"
  static const struct {
    const char *text;
    size_t size;
    const char *answer;
  } cases[] = {
      CASE("GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404"),
      CASE("GET /wasl/v1/consignment HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405"),
      CASE(POST "\r\n", "HTTP/1.1 400"),
      CASE(POST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", "HTTP/1.1 400"),
      CASE(POST "Content-Length: 8388609\r\n\r\n", "HTTP/1.1 413"),
      CASE(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 400"),
      CASE(POST "Content-Length: 1\r\nX: a\0b\r\n\r\nx", "HTTP/1.1 400"),
      CASE(POST "Content-Length: 1\r\nHost: b\r\n\r\nx", "HTTP/1.1 400"),
      CASE("\0\1\2\3\r\n\r\n", ""),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct raw raw;
    assert_true(raw_open(&raw, pair->paris.port, &rabat_key, TLS13));
    const char *answer = raw_say(&raw, cases[i].text, cases[i].size);
    if (strncmp(answer, cases[i].answer, strlen(cases[i].answer)) != 0)
      fail_msg("case %zu: %s", i, answer);
    raw_close(&raw);
  }
  assert_int_equal(pair->paris.gives, 0);
}

static void test_slow_body(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  struct raw raw;
  static const char request[] = POST "Content-Length: 1000\r\n\r\n";
  assert_true(raw_open(&raw, pair->paris.port, &rabat_key, TLS13));
  gnutls_record_send(raw.session, request, sizeof request - 1);
  bool open = true;
  for (int i = 0; i < 60 && open; i++) {
    usleep(100000);
    open = gnutls_record_send(raw.session, "x", 1) == 1;
  }
  assert_false(open);
  raw_close(&raw);
  assert_int_equal(pair->paris.gives, 0);
  /* Its place is free again, and so is one that says nothing at all after connecting. */
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)pair->paris.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  char *nothing = rig_read_all(fd);
  assert_string_equal(nothing, "");
  free(nothing);
  close(fd);
}

static int stranger_connects(const struct pair *pair, uint32_t host) {
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)pair->paris.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

/* Whether the other side closes within a while. */
static bool is_closed(int fd, int wait_ms) {
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  char c;
  return poll(&polled, 1, wait_ms) == 1 && read(fd, &c, 1) <= 0;
}

/* Strangers push out each other, of one address and in all, and no partner. */
static void test_strangers_push_out_each_other(void **state) {
  struct pair *pair = *state;
  enum { HERE = 4, ALL = 12 };
  int fds[HERE + ALL + 1];
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  pair->paris.limits.per_address = HERE;
  pair->paris.limits.strangers = ALL;
  pair->paris.limits.handshake_ms = 60000;
  for (int i = 0; i <= HERE; i++)
    fds[i] = stranger_connects(pair, INADDR_LOOPBACK);
  assert_true(is_closed(fds[0], 2000));
  for (int i = 1; i <= HERE; i++)
    assert_false(is_closed(fds[i], 10));
  for (int i = HERE + 1; i <= HERE + ALL; i++)
    fds[i] = stranger_connects(pair, INADDR_LOOPBACK + (uint32_t)i);
  for (int i = 1; i <= HERE; i++)
    assert_true(is_closed(fds[i], 2000));
  for (int i = HERE + 1; i <= HERE + ALL; i++)
    assert_false(is_closed(fds[i], 10));
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 200, "ok", "");
  for (int i = 0; i <= HERE + ALL; i++)
    close(fds[i]);
}

/* One of a partner's idle connections goes for each that is too many; which one, gate_places.c tells. */
static void test_connections_of_a_key(void **state) {
  struct pair *pair = *state;
  enum { MOST = 3 };
  struct raw raws[MOST + 1];
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  pair->paris.limits.per_key = MOST;
  pair->paris.limits.head_ms = 60000;
  for (int i = 0; i <= MOST; i++)
    assert_true(raw_open(&raws[i], pair->paris.port, &rabat_key, TLS13));
  char c;
  int closed = 0;
  struct timeval patience = {.tv_usec = 300000};
  for (int i = 0; i <= MOST; i++) {
    ssize_t got = GNUTLS_E_AGAIN;
    setsockopt(raws[i].fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    /* Tickets come first, and each of them is GNUTLS_E_AGAIN too. */
    for (int tries = 0; tries < 5 && (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED); tries++)
      got = gnutls_record_recv(raws[i].session, &c, 1);
    closed += got != GNUTLS_E_AGAIN;
  }
  assert_int_equal(closed, 1);
  for (int i = 0; i <= MOST; i++)
    raw_close(&raws[i]);
}

/* Whoever has nothing under way finds a place, however many the others have. */
static void test_reserve(void **state) {
  struct pair *pair = *state;
  struct raw raw;
  static const char request[] = POST "Content-Length: 1\r\nConnection: close\r\n\r\nx";
  UNTIL(&pair->paris, pair->paris.table_id != 0);
  pthread_mutex_lock(&pair->paris.lock);
  pair->paris.limits.gives = 1;
  pair->paris.limits.gives_reserved = 1;
  snprintf(pair->paris.table, sizeof pair->paris.table,
           "{\"version\":2,\"partners\":[{\"name\":\"a\",\"origin\":\"wasl/a/00\",\"addresses\":[],\"pins\":[\"%s\"],"
           "\"state\":\"active\"},{\"name\":\"b\",\"origin\":\"wasl/b/00\",\"addresses\":[],\"pins\":[\"%s\"],"
           "\"state\":\"active\"}]}",
           base_hash_text(&rabat_key.pin).text, base_hash_text(&stranger_key.pin).text);
  link_answer(pair->paris.to_gate, pair->paris.table_id, BASE_OK, base_view_text(pair->paris.table), -1);
  pthread_mutex_unlock(&pair->paris.lock);
  UNTIL(&pair->paris, pair->paris.table_asked == 3);
  pair->paris.hold = true;
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  UNTIL(&pair->paris, pair->paris.gives == 1);
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 503, "busy", "no free place now");
  pair->paris.hold = false;
  assert_true(raw_open(&raw, pair->paris.port, &stranger_key, TLS13));
  assert_non_null(strstr(raw_say(&raw, request, sizeof request - 1), "HTTP/1.1 200"));
  raw_close(&raw);
}

/* A large answer that nobody reads, and one that is read slowly but fast enough. */
static void test_slow_reader(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  struct raw raw;
  enum { SIZE = 4 << 20 };
  char *body = calloc(1, SIZE), head[128];
  pair->paris.limits.body_ms = 700;
  pair->paris.limits.slowest_body_bytes_s = 4 << 20;
  int size = snprintf(head, sizeof head, POST "Content-Length: %d\r\n\r\n", SIZE);
  for (int reads = 0; reads < 2; reads++) {
    assert_true(raw_open(&raw, pair->paris.port, &rabat_key, TLS13));
    gnutls_record_send(raw.session, head, (size_t)size);
    for (size_t sent = 0; sent < SIZE;) {
      ssize_t went = gnutls_record_send(raw.session, body + sent, SIZE - sent);
      assert_true(went > 0);
      sent += (size_t)went;
    }
    size_t got = 0;
    for (int i = 0; got < SIZE; i++) {
      if (i == 0 && reads == 0)
        usleep(3500000);
      else if (i % 20 == 0)
        usleep(1000);
      ssize_t more = gnutls_record_recv(raw.session, body, 16 << 10);
      if (more <= 0)
        break;
      got += (size_t)more;
    }
    assert_int_equal(got >= SIZE, reads == 1);
    raw_close(&raw);
  }
  free(body);
}

/* --- stopping */

static void test_stop(void **state) {
  struct pair *pair = *state;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 0, 200, "ok", "");
  int64_t start = base_world_system()->monotonic_ms(NULL);
  end_node(&pair->paris, 's');
  assert_true(base_world_system()->monotonic_ms(NULL) - start < 1000);
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  expect(&pair->rabat, 1, 0, "unreachable", "paris at");
}

static void test_stop_cuts_what_hangs(void **state) {
  struct pair *pair = *state;
  pair->paris.hold = true;
  UNTIL(&pair->paris, pair->paris.table_asked == 2);
  give_work(&pair->rabat, at_port(pair->paris.port), &pair->paris.self.pin, 10);
  UNTIL(&pair->paris, pair->paris.gives == 1);
  end_node(&pair->rabat, 's');
  end_node(&pair->paris, 's');
}

int main(void) {
  gnutls_global_init();
  make_identity(&rabat_key, "rabat");
  make_identity(&paris_key, "paris");
  make_identity(&stranger_key, "stranger");
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_exchange),
      TEST(test_unreachable_and_next_address),
      TEST(test_wrong_pin),
      TEST(test_stranger_and_suspended),
      TEST(test_another_key),
      TEST(test_unknown_key_is_cut_off),
      TEST(test_problem_of_the_partner),
      TEST(test_limits_in_flight),
      TEST(test_places_for_work),
      TEST(test_limit_in_all),
      TEST(test_partner_that_does_not_answer),
      TEST(test_answer_too_large),
      TEST(test_tls_strangers),
      TEST(test_http_of_a_partner),
      TEST(test_slow_body),
      TEST(test_strangers_push_out_each_other),
      TEST(test_connections_of_a_key),
      TEST(test_reserve),
      TEST(test_slow_reader),
      TEST(test_stop),
      TEST(test_stop_cuts_what_hangs),
  };
  cmocka_set_test_filter(getenv("WASL_TEST_ONLY"));
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  gnutls_global_deinit();
  return failed;
}
