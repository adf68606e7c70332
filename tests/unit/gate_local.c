/* SPDX-License-Identifier: Apache-2.0
 * The local API with a made-up core and a made-up worker behind it. */
#include "gate_rig.h"

#include "gate/local.h"
#include "wire/consignment.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct local_rig {
  struct rig_loop gate, core;
  struct gate_local *local;
  struct link_channel *to_gate, *to_worker;
  char folder[64];
  struct sockaddr_un address;
  struct gate_limits limits;
  /* the made-up core: written by its thread, read by the tests when the answer is there */
  uint8_t *stored;
  atomic_size_t stored_size, cancels, chunks, checks, fail_at, takes;
  atomic_size_t part_size;
  char said[64];   /* what came with the last check; read once its answer is here */
  uint64_t parked; /* of node.status while hold is set */
  atomic_bool silent; /* nothing happens: who waits for events is not answered */
  atomic_bool hold;
};

static uint8_t octet_at(uint64_t at) {
  return (uint8_t)(at * 31 + (at >> 12) * 7);
}

static void answer_text(struct link_channel *channel, uint64_t id, enum base_code status, const char *text) {
  link_answer(channel, id, status, base_view_text(text), -1);
}

static void core_chunk(struct local_rig *rig, struct link_channel *channel, struct link_message *message) {
  struct base_view piece = {NULL, 0};
  struct base_error err;
  size_t index = rig->chunks++;
  char expected[64];
  snprintf(expected, sizeof expected, "\"stage\":\"7\",\"index\":%zu,\"last\":", index);
  char *found = memmem(message->payload.data, message->payload.size, expected, strlen(expected));
  if (found == NULL || base_map_sealed(message->fd, WIRE_RECORD_MAX, &piece, &err) != BASE_OK) {
    answer_text(channel, message->id, BASE_PROTOCOL, "not the piece that was expected");
    return;
  }
  bool last = strncmp(found + strlen(expected), "true", 4) == 0;
  if (rig->fail_at == index + 1)
    answer_text(channel, message->id, BASE_DISK_FULL, "no room for this");
  else if (!last && piece.size != WIRE_RECORD_MAX)
    answer_text(channel, message->id, BASE_PROTOCOL, "a short piece that is not the last");
  else {
    if (piece.size > 0)
      memcpy(rig->stored + rig->stored_size, piece.data, piece.size);
    rig->stored_size += piece.size;
    answer_text(channel, message->id, BASE_OK, "{\"stage\":\"7\"}");
  }
  base_unmap(&piece);
}

static void core_read(struct local_rig *rig, struct link_channel *channel, struct link_message *message) {
  char *at = memmem(message->payload.data, message->payload.size, "\"record\":", 9);
  uint64_t start = strtoull(at + 9, NULL, 10) * WIRE_RECORD_MAX;
  size_t size = rig->part_size - start < WIRE_RECORD_MAX ? rig->part_size - start : WIRE_RECORD_MAX;
  uint8_t *record = malloc(size + 1);
  for (size_t i = 0; i < size; i++)
    record[i] = octet_at(start + i);
  if (rig->fail_at == start / WIRE_RECORD_MAX + 1)
    answer_text(channel, message->id, BASE_IO, "unreadable");
  else
    link_answer(channel, message->id, BASE_OK, base_view_of(record, size), -1);
  free(record);
}

/* As if very much happened: whoever asks is given a lot at once. */
static void core_events(struct local_rig *rig, struct link_channel *channel, struct link_message *message) {
  enum { EVENTS = 200 };
  struct base_buf text = {0};
  char *token = memmem(message->payload.data, message->payload.size, "\"token\":\"wasl", 13);
  rig->takes++;
  if (rig->silent && memmem(message->payload.data, message->payload.size, "\"wait\"", 6) != NULL)
    return;
  base_buf_printf(&text, "{\"who\":\"%.*s\",", token != NULL ? 14 : 0, token != NULL ? token + 9 : "");
  base_buf_printf(&text, "\"next\":\"0123456789abcdef-%zu\",\"lost\":false,\"events\":[", (size_t)rig->takes * EVENTS);
  for (int i = 0; i < EVENTS; i++)
    base_buf_printf(&text, "%s{\"id\":\"0123456789abcdef-%d\",\"event\":\"case\",\"data\":{\"case\":\"" SHA "\"}}",
                    i > 0 ? "," : "", i);
  base_buf_text(&text, "]}");
  link_answer(channel, message->id, BASE_OK, base_buf_view(&text), -1);
  base_buf_free(&text);
}

/* Two salts of little work, and for `slow` of much. */
static void core_salts(struct link_channel *channel, struct link_message *message) {
  char text[512];
  bool slow = memmem(message->payload.data, message->payload.size, "\"slow\"", 6) != NULL;
  int passes = slow ? 8 : 1, memory = slow ? 64 << 20 : 8 << 10;
  snprintf(text, sizeof text,
           "{\"salt\":\"000102030405060708090a0b0c0d0e0f\",\"passes\":%d,\"memory\":%d,"
           "\"fresh\":{\"salt\":\"ff0102030405060708090a0b0c0d0e0f\",\"passes\":%d,\"memory\":%d}}",
           passes, memory, passes, memory);
  answer_text(channel, message->id, BASE_OK, text);
}

/* Most requests are answered with what core got, so that the tests see it. */
static void core_request(void *context, struct link_channel *channel, struct link_message *message) {
  struct local_rig *rig = context;
  char text[512];
  switch (message->code) {
  case LINK_PART_BEGIN:
    rig->stored_size = rig->chunks = 0;
    answer_text(channel, message->id, BASE_OK, "{\"stage\":\"7\"}");
    return;
  case LINK_PART_CHUNK:
    core_chunk(rig, channel, message);
    return;
  case LINK_PART_FINISH:
    snprintf(text, sizeof text, "{\"stage\":\"7\",\"sha256\":\"" SHA "\",\"size\":%zu}", (size_t)rig->stored_size);
    answer_text(channel, message->id, BASE_OK, text);
    return;
  case LINK_PART_CANCEL:
    rig->cancels++;
    answer_text(channel, message->id, BASE_OK, "{}");
    return;
  case LINK_PART_OPEN:
    snprintf(text, sizeof text,
             "{\"message\":\"" SHA "\",\"part\":1,\"name\":\"n\",\"type\":\"t\",\"size\":%zu,\"records\":%zu}",
             (size_t)rig->part_size,
             rig->part_size == 0 ? 1 : (rig->part_size + WIRE_RECORD_MAX - 1) / WIRE_RECORD_MAX);
    answer_text(channel, message->id, BASE_OK, text);
    return;
  case LINK_PART_READ:
    core_read(rig, channel, message);
    return;
  case LINK_LOGIN_BEGIN:
    core_salts(channel, message);
    return;
  case LINK_OUTBOX_END:
    answer_text(channel, message->id, BASE_CONFLICT, "it was \"receipted\" already");
    return;
  case LINK_PROOF_GET: {
    char *large = malloc(300000);
    memset(large, 'p', 300000);
    link_answer(channel, message->id, BASE_OK, base_view_of(large, 300000), -1);
    free(large);
    return;
  }
  case LINK_EVENTS_TAKE:
    core_events(rig, channel, message);
    return;
  case LINK_NODE_STATUS:
    if (rig->hold) {
      rig->parked = message->id;
      return;
    }
    break;
  default:
    break;
  }
  if (message->fd >= 0) {
    struct base_view document = {NULL, 0};
    struct base_error err;
    enum base_code code = base_map_sealed(message->fd, GATE_JSON_MAX, &document, &err);
    snprintf(text, sizeof text, "%.*s+%zu", (int)message->payload.size, (const char *)message->payload.data,
             document.size);
    answer_text(channel, message->id, code, text);
    base_unmap(&document);
    return;
  }
  link_answer(channel, message->id, BASE_OK, message->payload, -1);
}

static void worker_request(void *context, struct link_channel *channel, struct link_message *message) {
  struct local_rig *rig = context;
  struct base_view copy = {NULL, 0};
  struct base_error err;
  rig->checks++;
  snprintf(rig->said, sizeof rig->said, "%.*s", (int)message->payload.size, (const char *)message->payload.data);
  if (base_map_sealed(message->fd, 64 << 20, &copy, &err) != BASE_OK)
    answer_text(channel, message->id, BASE_PROTOCOL, "no copy");
  else if (copy.size > 0 && memmem(copy.data, copy.size, "\"kill\"", 6) != NULL) {
    rig->to_worker = NULL;
    link_channel_free(channel);
  } else if (copy.size > 0 && memmem(copy.data, copy.size, "\"bad\"", 5) != NULL)
    answer_text(channel, message->id, BASE_FIELD, "$.objects[3].id: not an id");
  else
    answer_text(channel, message->id, BASE_OK, "{\"stix\":true,\"objects\":2}");
  base_unmap(&copy);
}

static int setup_with(void **state, unsigned idle_s, int64_t head_ms) {
  struct local_rig *rig = calloc(1, sizeof *rig);
  struct base_error err;
  int core[2], worker[2];
  *state = rig;
  rig->stored = malloc(8 << 20);
  rig->limits = gate_limits_local;
  rig->limits.stop_ms = 1500;
  rig->limits.head_ms = head_ms;
  rig->limits.idle_s = idle_s;
  strcpy(rig->folder, "/tmp/wasl-gate-local-XXXXXX");
  assert_non_null(mkdtemp(rig->folder));
  rig->address = (struct sockaddr_un){.sun_family = AF_UNIX};
  snprintf(rig->address.sun_path, sizeof rig->address.sun_path, "%s/api.sock", rig->folder);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&rig->address, sizeof rig->address), 0);
  assert_int_equal(listen(fd, 64), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, core), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, worker), 0);
  rig_loop_make(&rig->core);
  rig->to_gate = link_channel_new(core[1], LINK_ROLE_CORE, LINK_ROLE_GATE_LOCAL);
  rig->to_worker = link_channel_new(worker[1], LINK_ROLE_WORKER, LINK_ROLE_GATE_LOCAL);
  link_loop_add(rig->core.loop, rig->to_gate, (struct link_handlers){rig, core_request, NULL, NULL});
  link_loop_add(rig->core.loop, rig->to_worker, (struct link_handlers){rig, worker_request, NULL, NULL});
  rig_loop_make(&rig->gate);
  struct gate_local_setup wanted = {.loop = rig->gate.loop,
                                    .world = base_world_system(),
                                    .limits = &rig->limits,
                                    .core = core[0],
                                    .worker = worker[0],
                                    .listen = fd};
  gate_users_add(&wanted.users, getuid());
  snprintf(wanted.users.users[0].name, sizeof wanted.users.users[0].name, "ami");
  assert_int_equal(gate_local_new(&wanted, &rig->local, &err), BASE_OK);
  assert_int_equal(gate_local_open(rig->local, &err), BASE_OK);
  rig->gate.stop = gate_local_stop;
  rig->gate.context = rig->local;
  rig_loop_start(&rig->core);
  rig_loop_start(&rig->gate);
  return 0;
}

static int setup(void **state) {
  return setup_with(state, 300, 1000);
}

static int setup_impatient(void **state) {
  return setup_with(state, 1, 60000);
}

static void stop_gate(struct local_rig *rig, char how) {
  rig_loop_end(&rig->gate, how);
  gate_local_free(rig->local);
  rig->local = NULL;
}

static int teardown(void **state) {
  struct local_rig *rig = *state;
  if (rig->local != NULL)
    stop_gate(rig, 'e');
  /* Ends by itself when the gate is gone. */
  (void)!write(rig->core.pipe[1], "e", 1);
  pthread_join(rig->core.thread, NULL);
  link_channel_free(rig->to_gate);
  link_channel_free(rig->to_worker);
  rig_loop_free(&rig->core);
  rig_loop_free(&rig->gate);
  unlink(rig->address.sun_path);
  rmdir(rig->folder);
  free(rig->stored);
  free(rig);
  return 0;
}

static int knock(const struct local_rig *rig) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&rig->address, sizeof rig->address), 0);
  return fd;
}

static char *say(const struct local_rig *rig, const void *request, size_t size) {
  int fd = knock(rig);
  rig_send(fd, request, size);
  char *answer = rig_read_all(fd);
  close(fd);
  return answer;
}

/* One request with a body, on a connection of its own. */
static char *ask(const struct local_rig *rig, const char *line, const char *body) {
  char head[GATE_TARGET_MAX + 512];
  int size =
      snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: local\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
               line, strlen(body));
  size_t whole = (size_t)size + strlen(body);
  char *request = malloc(whole + 1);
  memcpy(request, head, (size_t)size);
  memcpy(request + size, body, strlen(body) + 1);
  char *answer = say(rig, request, whole);
  free(request);
  return answer;
}

static void expect(const struct local_rig *rig, const char *line, const char *body, const char *status,
                   const char *content) {
  char *answer = ask(rig, line, body);
  if (strncmp(answer, status, strlen(status)) != 0 || strstr(answer, content) == NULL)
    fail_msg("%s: answered\n%s\ninstead of %s … %s", line, answer, status, content);
  free(answer);
}

static void test_routes(void **state) {
  const struct local_rig *rig = *state;
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "\r\n\r\n{\"actor\":\"ami\",\"token\":\"\"}");
  expect(rig, "GET /v1/cases?kind=request&limit=5", "", "HTTP/1.1 200",
         "{\"actor\":\"ami\",\"token\":\"\",\"kind\":\"request\",\"limit\":5}");
  expect(rig, "GET /v1/cases/0a0b", "", "HTTP/1.1 200", "{\"actor\":\"ami\",\"token\":\"\",\"id\":\"0a0b\"}");
  expect(rig, "GET /v1/kinds/request/example?type=answer", "", "HTTP/1.1 200",
         "{\"actor\":\"ami\",\"token\":\"\",\"kind\":\"request\",\"type\":\"answer\"}");
  expect(rig, "GET /v1/outbox?open=true", "", "HTTP/1.1 200", "\"open\":true}");
  expect(rig, "GET /v1/register/tile/1/22", "", "HTTP/1.1 200", "\"l\":1,\"n\":22}");
  expect(rig, "GET /v1/register/tile/1/22", "", "HTTP/1.1 200", "Content-Type: application/octet-stream");
  expect(rig, "POST /v1/partners/paris/state", " {\"state\":\"suspended\"}\n", "HTTP/1.1 200",
         "\r\n\r\n {\"state\":\"suspended\",\"actor\":\"ami\",\"token\":\"\",\"name\":\"paris\"}");
  expect(rig, "POST /v1/cases", "{ }", "HTTP/1.1 200", "\r\n\r\n{ \"actor\":\"ami\",\"token\":\"\"}");
  expect(rig, "POST /v1/cases", "", "HTTP/1.1 200", "\r\n\r\n{\"actor\":\"ami\",\"token\":\"\"}");
}

/* Who asks by a token, and what is none: core hears of the former, and nobody of the latter. */
static void test_tokens(void **state) {
  const struct local_rig *rig = *state;
  static const struct {
    const char *fields, *status, *content;
  } rows[] = {
      {"Authorization: Bearer abc\r\n", "HTTP/1.1 200", "{\"actor\":\"ami\",\"token\":\"abc\"}"},
      {"authorization: bearer abc\r\n", "HTTP/1.1 200", "{\"actor\":\"ami\",\"token\":\"abc\"}"},
      {"Authorization: Basic abc\r\n", "HTTP/1.1 401", "\r\nWWW-Authenticate: Bearer\r\n"},
      {"Authorization: Bearer\r\n", "HTTP/1.1 401", "\"code\":\"login\""},
      {"Authorization: Bearer a\r\nAuthorization: Bearer a\r\n", "HTTP/1.1 401", "\"code\":\"login\""},
  };
  char line[512], longer[GATE_TOKEN_MAX + 2];
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    snprintf(line, sizeof line, "GET /v1/status HTTP/1.1\r\nHost: local\r\nConnection: close\r\n%s\r\n",
             rows[i].fields);
    char *answer = say(rig, line, strlen(line));
    if (strncmp(answer, rows[i].status, strlen(rows[i].status)) != 0 || strstr(answer, rows[i].content) == NULL)
      fail_msg("%s: answered\n%s", rows[i].fields, answer);
    free(answer);
  }
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  for (size_t size = GATE_TOKEN_MAX; size <= GATE_TOKEN_MAX + 1; size++) {
    snprintf(line, sizeof line,
             "GET /v1/status HTTP/1.1\r\nHost: local\r\nConnection: close\r\nAuthorization: Bearer %.*s\r\n\r\n",
             (int)size, longer);
    char *answer = say(rig, line, strlen(line));
    assert_true(strncmp(answer, size == GATE_TOKEN_MAX ? "HTTP/1.1 200" : "HTTP/1.1 401", 12) == 0);
    free(answer);
  }
  /* A body says nothing of who asks: the member would stand twice, which core refuses. */
  expect(rig, "POST /v1/cases", "{\"token\":\"abc\"}", "HTTP/1.1 200",
         "{\"token\":\"abc\",\"actor\":\"ami\",\"token\":\"\"}");
}

/* --- passwords */

/* The 64 hex digits that core got under this name. */
static void key_of(const struct local_rig *rig, const char *line, const char *body, const char *name, char out[65]) {
  char wanted[32], *answer = ask(rig, line, body);
  snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
  char *found = strstr(answer, wanted);
  if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || found == NULL || strspn(found + strlen(wanted), "0123456789abcdef") != 64)
    fail_msg("%s: answered\n%s", body, answer);
  memcpy(out, found + strlen(wanted), 64);
  out[64] = '\0';
  assert_null(strstr(answer, "horse"));
  free(answer);
}

/* Core gets keys and no password: the same for the same one, another one for another, or with another salt. */
static void test_passwords(void **state) {
  const struct local_rig *rig = *state;
  static const char login[] = "POST /v1/login", set[] = "POST /v1/password";
  char one[65], same[65], other[65], current[65];
  key_of(rig, login, "{\"person\":\"lina\",\"password\":\"correct horse battery\"}", "password", one);
  key_of(rig, login, "{\"password\":\"correct horse battery\",\"code\":\"123456\"}", "password", same);
  assert_string_equal(one, same);
  key_of(rig, login, "{\"password\":\"correct horse batterie\"}", "password", other);
  assert_string_not_equal(one, other);
  static const char both[] = "{\"current\":\"correct horse battery\",\"password\":\"another horse at last\"}";
  key_of(rig, set, both, "current", current);
  assert_string_equal(one, current);
  key_of(rig, set, both, "password", other);
  key_of(rig, set, "{\"password\":\"correct horse battery\"}", "password", same);
  assert_string_not_equal(one, same);
  assert_string_not_equal(one, other);
  expect(rig, set, both, "HTTP/1.1 200", "\"salt\":\"ff0102030405060708090a0b0c0d0e0f\",\"passes\":1,\"memory\":8192}");
  /* What core does not know it shall refuse itself. */
  expect(rig, login, "{\"password\":\"p\",\"colour\":[\"red\"]}", "HTTP/1.1 200", "\"colour\":[\"red\"]}");
}

static void test_passwords_refused(void **state) {
  const struct local_rig *rig = *state;
  static const char login[] = "POST /v1/login", set[] = "POST /v1/password";
  char body[GATE_SECRET_BODY_MAX + 64], longer[GATE_PASSWORD_MAX + 2];
  expect(rig, set, "{\"password\":\"eleven char\"}", "HTTP/1.1 400", "password: has fewer than 12 characters");
  expect(rig, set, "{\"password\":\"\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660\u0661\"}", "HTTP/1.1 400",
         "fewer than 12 characters");
  expect(rig, set, "{\"current\":\"the same as before\",\"password\":\"the same as before\"}", "HTTP/1.1 400",
         "is the one that it is to replace");
  expect(rig, login, "{\"password\":\"short\"}", "HTTP/1.1 200", "\"password\":");
  expect(rig, login, "{}", "HTTP/1.1 400", "password: is missing; it must be a text, at most 256 bytes");
  expect(rig, login, "{\"password\":7}", "HTTP/1.1 400", "password: must be a text");
  expect(rig, set, "{\"password\":\"a sentence of words\",\"current\":7}", "HTTP/1.1 400", "current: must be a text");
  expect(rig, login, "[]", "HTTP/1.1 400", "the body is not a JSON object");
  expect(rig, login, "", "HTTP/1.1 400", "\"code\":\"syntax\"");
  memset(longer, 'x', sizeof longer - 1);
  for (size_t size = GATE_PASSWORD_MAX; size <= GATE_PASSWORD_MAX + 1; size++) {
    snprintf(body, sizeof body, "{\"password\":\"%.*s\"}", (int)size, longer);
    expect(rig, login, body, size == GATE_PASSWORD_MAX ? "HTTP/1.1 200" : "HTTP/1.1 400", "password");
  }
  snprintf(body, sizeof body, "{\"password\":\"a\"%*s}", GATE_SECRET_BODY_MAX, "");
  expect(rig, login, body, "HTTP/1.1 413", "the body has more than 3072 octets");
}

/* Sixteen are compared or wait; what comes then is told to come again, and the API answers everybody else meanwhile. */
static void test_passwords_busy(void **state) {
  const struct local_rig *rig = *state;
  static const char body[] = "{\"person\":\"slow\",\"password\":\"p\"}";
  char request[256];
  int fds[GATE_DERIVATIONS_MAX + 4], size = snprintf(request, sizeof request,
                                                     "POST /v1/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                                     "Content-Length: %zu\r\n\r\n%s",
                                                     strlen(body), body);
  for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
    fds[i] = knock(rig);
    rig_send(fds[i], request, (size_t)size);
  }
  char *last = rig_read_all(fds[sizeof fds / sizeof fds[0] - 1]);
  assert_non_null(strstr(last, "16 passwords wait to be compared"));
  free(last);
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "\"actor\":\"ami\"");
  for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
    close(fds[i]);
}

static void test_every_route_is_of_the_local_gate(void **state) {
  (void)state;
  for (size_t i = 0; gate_route_at(i) != NULL; i++) {
    const struct link_row *row = link_row(gate_route_at(i)->request);
    assert_non_null(row);
    assert_true((row->senders & 1U << LINK_ROLE_GATE_LOCAL) != 0);
    assert_int_equal(row->receiver, LINK_ROLE_CORE);
  }
}

static void test_errors(void **state) {
  const struct local_rig *rig = *state;
  expect(rig, "GET /v1/nothing", "", "HTTP/1.1 404", "\"code\":\"not-found\"");
  expect(rig, "GET /v1/status/", "", "HTTP/1.1 400", "\"code\":\"syntax\"");
  expect(rig, "DELETE /v1/status", "", "HTTP/1.1 405", "\"code\":\"method\"");
  expect(rig, "DELETE /v1/status", "", "HTTP/1.1 405", "\r\nAllow: GET\r\n");
  expect(rig, "PUT /v1/cases", "", "HTTP/1.1 405", "\r\nAllow: GET, POST\r\n");
  expect(rig, "GET /v1/cases?limit=many", "", "HTTP/1.1 400", "limit: not a whole number");
  expect(rig, "GET /v1/cases?colour=red", "", "HTTP/1.1 400", "\"code\":\"unknown-field\",\"field\":\"colour\"");
  expect(rig, "GET /v1/cases?colour=red", "", "HTTP/1.1 400", "allowed are: kind, limit");
  expect(rig, "GET /v1/kinds?colour=red", "", "HTTP/1.1 400", "none is allowed there\"");
  expect(rig, "GET /v1/cases?limit=1&limit=2", "", "HTTP/1.1 400", "\"code\":\"duplicate-key\"");
  expect(rig, "GET /v1/cases/%00", "", "HTTP/1.1 400", "control character");
  expect(rig, "GET /v1/cases/%ff", "", "HTTP/1.1 400", "\"code\":\"utf8\"");
  expect(rig, "POST /v1/cases", "[]", "HTTP/1.1 400", "not a JSON object\"");
  expect(rig, "POST /v1/cases", "{\"a\":1", "HTTP/1.1 400", "not a JSON object: line 1, column 7: the text ends here");
  expect(rig, "GET /v1/status", "{}", "HTTP/1.1 400", "takes no body");
  expect(rig, "POST /v1/outbox/ab/end", "{\"reason\":\"r\"}", "HTTP/1.1 409",
         "{\"type\":\"about:blank\",\"title\":\"in conflict with what is there\",\"status\":409,\"detail\":\"it was "
         "\\\"receipted\\\" already\",\"code\":\"conflict\"}");
}

static char *filled(const char *before, size_t size, const char *after) {
  char *text = malloc(strlen(before) + size + strlen(after) + 1);
  memcpy(text, before, strlen(before));
  memset(text + strlen(before), 'x', size);
  strcpy(text + strlen(before) + size, after);
  return text;
}

static void test_large_bodies(void **state) {
  const struct local_rig *rig = *state;
  char *document = filled("{\"fields\":\"", 100000, "\"}");
  expect(rig, "POST /v1/cases/ab/messages", document, "HTTP/1.1 200",
         "{\"actor\":\"ami\",\"token\":\"\",\"id\":\"ab\",\"document\":true}+100013");
  expect(rig, "POST /v1/partners", document, "HTTP/1.1 413", "\"code\":\"too-large\"");
  free(document);
  char *too_large = filled("{\"fields\":\"", GATE_JSON_MAX, "\"}");
  int fd = knock(rig);
  char head[200];
  int size = snprintf(head, sizeof head,
                      "POST /v1/cases HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                      strlen(too_large));
  rig_send(fd, head, (size_t)size);
  rig_send(fd, too_large, strlen(too_large));
  char *answer = rig_read_all(fd);
  assert_memory_equal(answer, "HTTP/1.1 413", 12);
  close(fd);
  free(answer);
  free(too_large);
  expect(rig, "GET /v1/proofs/ab", "", "HTTP/1.1 200", "Content-Length: 300000");
}

/* Who sends all before he reads sees why it is refused: the gate reads on, up to GATE_DRAIN_MAX octets. A longer body is
 * refused before it comes. */
static void test_refused_bodies_are_read(void **state) {
  const struct local_rig *rig = *state;
  static const struct {
    const char *line, *status;
  } refused[] = {{"PUT /v1/cases", "HTTP/1.1 405"},
                 {"POST /v1/nothing", "HTTP/1.1 404"},
                 {"GET /v1/status", "HTTP/1.1 400"},
                 {"POST /v1/cases", "HTTP/1.1 413"},
                 {"POST /v1/cases HTTP/1.1\r\nContent-Type: text/plain", "HTTP/1.1 415"},
                 {"POST /v1/parts HTTP/1.1\r\nContent-Type: text/plain", "HTTP/1.1 415"},
                 {"POST /v1/cases HTTP/1.1\r\nAuthorization: Basic eDp5", "HTTP/1.1 401"}};
  char *body = filled("", GATE_DRAIN_MAX + 1, "");
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    for (size_t over = 0; over < 2; over++) {
      char head[300];
      int fd = knock(rig);
      int size = snprintf(head, sizeof head, "%s%s\r\nHost: a\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                          refused[i].line, strstr(refused[i].line, "HTTP/") == NULL ? " HTTP/1.1" : "",
                          GATE_DRAIN_MAX + over);
      rig_send(fd, head, (size_t)size);
      /* Who hears that the line has ended sends no more, and may look no further. */
      assert_true(over > 0 || rig_send(fd, body, GATE_DRAIN_MAX));
      char *answer = rig_read_all(fd);
      if (strncmp(answer, refused[i].status, strlen(refused[i].status)) != 0)
        fail_msg("%s, %zu octets: %.60s", refused[i].line, GATE_DRAIN_MAX + over, answer);
      close(fd);
      free(answer);
    }
  free(body);
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "\"actor\":\"ami\"");
}

/* Of a body; "" for none said. */
static void expect_type(const struct local_rig *rig, const char *path, const char *type, const char *body,
                        const char *status) {
  char request[512];
  int size = snprintf(request, sizeof request,
                      "POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", path,
                      type[0] != '\0' ? "Content-Type: " : "", type, type[0] != '\0' ? "\r\n" : "", strlen(body), body);
  char *answer = say(rig, request, (size_t)size);
  if (strncmp(answer, status, strlen(status)) != 0)
    fail_msg("%s of %s: answered\n%s", path, type, answer);
  free(answer);
}

static void test_media_types(void **state) {
  const struct local_rig *rig = *state;
  static const char json[] = "/v1/cases", octets[] = "/v1/parts?name=n&type=x%2Fy";
  expect_type(rig, json, "", "{}", "HTTP/1.1 200");
  expect_type(rig, json, "application/json", "{}", "HTTP/1.1 200");
  expect_type(rig, json, "Application/JSON ; charset=utf-8", "{}", "HTTP/1.1 200");
  expect_type(rig, json, "text/plain", "{}", "HTTP/1.1 415");
  expect_type(rig, json, "application/jsonp", "{}", "HTTP/1.1 415");
  expect_type(rig, json, ";", "{}", "HTTP/1.1 415");
  expect_type(rig, json, "application/json\r\nContent-Type: text/plain", "{}", "HTTP/1.1 400");
  expect_type(rig, octets, "application/octet-stream", "x", "HTTP/1.1 200");
  expect_type(rig, octets, "application/json", "x", "HTTP/1.1 415");
  expect_type(rig, "/v1/consignments/import", "application/json", "x", "HTTP/1.1 415");
}

/* --- parts */

static int begin_upload_of(const struct local_rig *rig, const char *query, const char *extra) {
  char head[256];
  int size =
      snprintf(head, sizeof head,
               "POST /v1/parts?name=a%%20b&%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n\r\n", query, extra);
  int fd = knock(rig);
  rig_send(fd, head, (size_t)size);
  return fd;
}

static int begin_upload(const struct local_rig *rig, const char *extra) {
  return begin_upload_of(rig, "type=x/y", extra);
}

static char *upload_of(const struct local_rig *rig, const char *query, const uint8_t *data, size_t size) {
  char length[64];
  snprintf(length, sizeof length, "Content-Length: %zu", size);
  int fd = begin_upload_of(rig, query, length);
  rig_send(fd, data, size);
  char *answer = rig_read_all(fd);
  close(fd);
  return answer;
}

static char *upload(const struct local_rig *rig, const uint8_t *data, size_t size) {
  return upload_of(rig, "type=x/y", data, size);
}

static void test_upload(void **state) {
  struct local_rig *rig = *state;
  static const size_t sizes[] = {
      0, 1, WIRE_RECORD_MAX - 1, WIRE_RECORD_MAX, 2 * WIRE_RECORD_MAX, 5 * WIRE_RECORD_MAX + 77};
  uint8_t *data = malloc(6 << 20);
  for (size_t i = 0; i < 6 << 20; i++)
    data[i] = octet_at(i + 1);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char *answer = upload(rig, data, sizes[i]), expected[160];
    snprintf(expected, sizeof expected, "{\"stage\":\"7\",\"sha256\":\"" SHA "\",\"size\":%zu,\"stix\":null}",
             sizes[i]);
    if (strstr(answer, expected) == NULL)
      fail_msg("%zu octets: %s", sizes[i], answer);
    assert_int_equal(rig->stored_size, sizes[i]);
    assert_memory_equal(rig->stored, data, sizes[i]);
    assert_int_equal(rig->chunks, sizes[i] == 0 ? 1 : (sizes[i] + WIRE_RECORD_MAX - 1) / WIRE_RECORD_MAX);
    free(answer);
  }
  assert_int_equal(rig->cancels, 0);
  assert_int_equal(rig->checks, 0);
  free(data);
}

/* Refused by what it says of its size, before an octet is read. */
static void test_upload_too_large(void **state) {
  const struct local_rig *rig = *state;
  static const char request[] = "POST /v1/parts HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627777\r\n\r\n";
  char *answer = say(rig, request, sizeof request - 1);
  assert_memory_equal(answer, "HTTP/1.1 413", 12);
  assert_non_null(strstr(answer, "at most 1099511627776 octets, and this one 1099511627777: split it"));
  free(answer);
  assert_int_equal(rig->chunks, 0);
}

static void test_upload_chunked(void **state) {
  struct local_rig *rig = *state;
  int fd = begin_upload(rig, "Transfer-Encoding: chunked");
  const char body[] = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  rig_send(fd, body, sizeof body - 1);
  char *answer = rig_read_all(fd);
  assert_non_null(strstr(answer, "\"size\":11"));
  assert_memory_equal(rig->stored, "hello world", 11);
  free(answer);
  close(fd);
}

static void wait_for(atomic_size_t *value, size_t wanted) {
  for (int i = 0; i < 500 && *value != wanted; i++)
    usleep(10000);
  assert_int_equal(*value, wanted);
}

static void test_upload_breaks_off(void **state) {
  struct local_rig *rig = *state;
  uint8_t *data = calloc(1, 3 << 20);
  int fd = begin_upload(rig, "Content-Length: 4000000");
  rig_send(fd, data, 3 << 20);
  close(fd);
  wait_for(&rig->cancels, 1);
  rig->fail_at = 2;
  char *answer = upload(rig, data, 3 << 20);
  assert_memory_equal(answer, "HTTP/1.1 507", 12);
  assert_non_null(strstr(answer, "no room for this"));
  free(answer);
  wait_for(&rig->cancels, 2);
  free(data);
}

static void test_stix(void **state) {
  struct local_rig *rig = *state;
  char *answer = upload(rig, (const uint8_t *)"\n {\"type\":\"bundle\"}", 19);
  assert_non_null(strstr(answer, "\"stix\":{\"stix\":true,\"objects\":2}}"));
  assert_int_equal(rig->checks, 1);
  free(answer);
  answer = upload(rig, (const uint8_t *)"{\"bad\":1}", 9);
  assert_memory_equal(answer, "HTTP/1.1 400", 12);
  assert_non_null(strstr(answer, "$.objects[3].id: not an id"));
  free(answer);
  wait_for(&rig->cancels, 1);
  rig->part_size = 2 * WIRE_RECORD_MAX + 5;
  expect(rig, "GET /v1/parts/" SHA "/stix", "", "HTTP/1.1 200", "\r\n\r\n{\"stix\":true,\"objects\":2}");
  rig->part_size = (32 << 20) + 1;
  expect(rig, "GET /v1/parts/" SHA "/stix", "", "HTTP/1.1 200", "{\"stix\":false");
}

/* What a part's type says goes to the worker with it; what goes as it is goes to nobody. */
static void test_said(void **state) {
  struct local_rig *rig = *state;
  static const struct {
    const char *query, *data, *said;
  } tries[] = {
      {"type=x/y", "{}", "opaque"},
      {"type=x/y", "\xEF\xBB\xBF{}", "opaque"},
      {"type=application/json", "no JSON", "json"},
      {"type=application/json", "", "json"},
      {"type=application/geo%2Bjson&as_is=false", "[]", "json"},
      {"type=application/stix%2Bjson", "[]", "stix"},
      {"type=x/y", "no JSON", NULL},
      {"type=x/y", "", NULL},
      {"type=application/json&as_is=true", "{\"bad\":1}", NULL},
      {"type=x/y&as_is=true", "{\"bad\":1}", NULL},
  };
  for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
    size_t before = rig->checks;
    char *answer = upload_of(rig, tries[i].query, (const uint8_t *)tries[i].data, strlen(tries[i].data));
    assert_memory_equal(answer, "HTTP/1.1 200", 12);
    assert_int_equal(rig->checks - before, tries[i].said != NULL);
    if (tries[i].said != NULL)
      assert_string_equal(rig->said, tries[i].said);
    else
      assert_non_null(strstr(answer, "\"stix\":null"));
    free(answer);
  }
  rig->part_size = 5;
  expect(rig, "GET /v1/parts/" SHA "/stix", "", "HTTP/1.1 200", "\"stix\":true");
  assert_string_equal(rig->said, "");
  char *answer = upload_of(rig, "type=x/y&as_is=perhaps", (const uint8_t *)"x", 1);
  assert_memory_equal(answer, "HTTP/1.1 400", 12);
  free(answer);
}

static void test_worker_dies(void **state) {
  struct local_rig *rig = *state;
  char *answer = upload(rig, (const uint8_t *)"{\"kill\":1}", 10);
  assert_memory_equal(answer, "HTTP/1.1 500", 12);
  assert_non_null(strstr(answer, "the worker that checks files ended"));
  free(answer);
  answer = upload(rig, (const uint8_t *)"{}", 2);
  assert_memory_equal(answer, "HTTP/1.1 503", 12);
  free(answer);
  wait_for(&rig->cancels, 2);
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "ami");
}

static void test_download(void **state) {
  struct local_rig *rig = *state;
  static const size_t sizes[] = {0, 1, WIRE_RECORD_MAX, 5 * WIRE_RECORD_MAX, 5 * WIRE_RECORD_MAX + 3};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    rig->part_size = sizes[k];
    int fd = knock(rig);
    static const char request[] = "GET /v1/parts/" SHA " HTTP/1.1\r\nHost: a\r\n\r\n";
    rig_send(fd, request, sizeof request - 1);
    FILE *stream = fdopen(fd, "r");
    char line[256];
    size_t length = SIZE_MAX;
    while (fgets(line, sizeof line, stream) != NULL && strcmp(line, "\r\n") != 0)
      sscanf(line, "Content-Length: %zu", &length);
    assert_int_equal(length, sizes[k]);
    for (size_t i = 0; i < sizes[k]; i++)
      if (getc(stream) != octet_at(i))
        fail_msg("%zu octets: number %zu is wrong", sizes[k], i);
    fclose(stream);
  }
}

static void test_download_cut(void **state) {
  struct local_rig *rig = *state;
  rig->part_size = 3 * WIRE_RECORD_MAX;
  rig->fail_at = 2;
  int fd = knock(rig);
  static const char request[] = "GET /v1/parts/" SHA " HTTP/1.1\r\nHost: a\r\n\r\n";
  rig_send(fd, request, sizeof request - 1);
  size_t whole = 0;
  char piece[65536];
  for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;)
    whole += (size_t)got;
  assert_in_range(whole, WIRE_RECORD_MAX, WIRE_RECORD_MAX + 1000);
  close(fd);
  /* The reader goes away in the middle. */
  rig->fail_at = 0;
  fd = knock(rig);
  rig_send(fd, request, sizeof request - 1);
  assert_true(read(fd, piece, sizeof piece) > 0);
  close(fd);
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "ami");
}

/* --- bad and slow clients */

/* He is not read to, nothing is kept for him, and nobody waits for him: neither another request nor the node's end. */
static void test_slow_listener(void **state) {
  struct local_rig *rig = *state;
  static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n";
  struct timespec pause = {.tv_nsec = 100000000}, begun, ended;
  int fd = knock(rig);
  rig_send(fd, request, sizeof request - 1);
  size_t before, now = 0;
  do {
    before = now;
    nanosleep(&pause, NULL);
    now = rig->takes;
  } while (now == 0 || now != before);
  assert_in_range(now, 1, 64);
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "ami");
  char some[64] = "";
  assert_true(read(fd, some, 12) == 12);
  assert_memory_equal(some, "HTTP/1.1 200", 12);
  clock_gettime(CLOCK_MONOTONIC, &begun);
  stop_gate(rig, 's');
  clock_gettime(CLOCK_MONOTONIC, &ended);
  assert_true((ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000 <
              rig->limits.stop_ms / 2);
  close(fd);
}

static void test_audience(void **state) {
  const struct local_rig *rig = *state;
  static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n";
  int fds[GATE_AUDIENCE_MAX];
  char status[16] = "";
  for (int i = 0; i < GATE_AUDIENCE_MAX; i++) {
    fds[i] = knock(rig);
    rig_send(fds[i], request, sizeof request - 1);
    assert_true(read(fds[i], status, 12) == 12);
    assert_memory_equal(status, "HTTP/1.1 200", 12);
  }
  expect(rig, "GET /v1/events", "", "HTTP/1.1 503", "\"code\":\"busy\"");
  for (int i = 0; i < GATE_AUDIENCE_MAX; i++)
    close(fds[i]);
  char *target = filled("GET /v1/events?after=", GATE_POSITION_MAX + 1, "");
  expect(rig, target, "", "HTTP/1.1 400", "\"field\":\"after\"");
  free(target);
}

/* Who relies on a key that nothing remembers would send the same twice. */
static void test_no_idempotency_key(void **state) {
  const struct local_rig *rig = *state;
  static const char request[] =
      "POST /v1/cases HTTP/1.1\r\nHost: a\r\nIdempotency-Key: 7\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
  char answer[2048] = "";
  size_t size = 0;
  int fd = knock(rig);
  rig_send(fd, request, sizeof request - 1);
  for (ssize_t got; size < sizeof answer - 1 && (got = read(fd, answer + size, sizeof answer - 1 - size)) > 0;)
    size += (size_t)got;
  close(fd);
  assert_memory_equal(answer, "HTTP/1.1 400", 12);
  assert_non_null(strstr(answer, "\"field\":\"Idempotency-Key\""));
}

static int listen_as(const struct local_rig *rig, char who, char status[16]) {
  char request[128];
  int fd = knock(rig);
  snprintf(request, sizeof request,
           "GET /v1/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wasl-token-00%c\r\n\r\n", who);
  rig_send(fd, request, strlen(request));
  assert_true(read(fd, status, 12) == 12);
  return fd;
}

/* One person has a share of the places; who has closed his end has none any more, though nothing happens. */
static void test_share(void **state) {
  struct local_rig *rig = *state;
  int fds[GATE_AUDIENCE_SHARE + 1];
  char status[16] = "";
  rig->silent = true;
  for (int i = 0; i < GATE_AUDIENCE_SHARE; i++) {
    fds[i] = listen_as(rig, '1', status);
    assert_string_equal(status, "HTTP/1.1 200");
  }
  close(listen_as(rig, '1', status));
  assert_string_equal(status, "HTTP/1.1 503");
  fds[GATE_AUDIENCE_SHARE] = listen_as(rig, '2', status);
  assert_string_equal(status, "HTTP/1.1 200");
  close(fds[0]);
  fds[0] = listen_as(rig, '1', status);
  assert_string_equal(status, "HTTP/1.1 200");
  for (int i = 0; i <= GATE_AUDIENCE_SHARE; i++)
    close(fds[i]);
  rig->silent = false;
}

static void test_garbage_and_smuggling(void **state) {
  const struct local_rig *rig = *state;
#define REQUEST(text)                                                                                                  \
  { text, sizeof(text) - 1 }
  static const struct {
    const char *text;
    size_t size;
  } requests[] = {
      REQUEST("\x16\x03\x01\x02\x00\x01\r\n\r\n"),
      REQUEST("GET\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.0\r\nHost: a\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/2.0\r\nHost: a\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\nHost: a\r\n Folded: b\r\nConnection: close\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\nHost: a\nX: b\r\nConnection: close\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\nHost: a\0b\r\nConnection: close\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\nHost:a\r\nX: b\0c\r\nY:d\r\nConnection: close\r\n\r\n"),
      REQUEST("GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\0x\r\n\r\n"),
      REQUEST("GET /v1/status\0x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      REQUEST("\r\nGET  /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      REQUEST("GET http://a/v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      REQUEST("POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\nConnection: "
              "close\r\n\r\n{}"),
      REQUEST("POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\nConnection: close\r\n\r\n{}"),
      REQUEST("POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: "
              "close\r\n\r\n0\r\n\r\n"),
      REQUEST("POST /v1/cases HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\nConnection: "
              "close\r\n\r\n0\r\n\r\n"),
      REQUEST("POST /v1/cases HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: "
              "close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
  };
  for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
    char *answer = say(rig, requests[i].text, requests[i].size);
    if (strncmp(answer, "HTTP/1.1 2", 10) == 0)
      fail_msg("request %zu was taken: %s", i, answer);
    free(answer);
  }
  char many[4096] = "GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  for (int i = 0; i < GATE_FIELDS_MAX; i++)
    snprintf(many + strlen(many), sizeof many - strlen(many), "X-%d: y\r\n", i);
  strcat(many, "\r\n");
  char *answer = say(rig, many, strlen(many));
  assert_memory_equal(answer, "HTTP/1.1 413", 12);
  free(answer);
  char *target = filled("GET /v1/cases/", GATE_TARGET_MAX, "");
  expect(rig, target, "", "HTTP/1.1 413", "target has more than");
  free(target);
}

static void test_pipelined(void **state) {
  const struct local_rig *rig = *state;
  static const char two[] = "POST /v1/cases HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
                            "GET /v1/kinds HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  char *answer = say(rig, two, sizeof two - 1);
  char *first = strstr(answer, "HTTP/1.1 200");
  assert_non_null(first);
  assert_non_null(strstr(first + 1, "HTTP/1.1 200"));
  free(answer);
}

static void test_trickling_header(void **state) {
  const struct local_rig *rig = *state;
  int fd = knock(rig);
  bool open = true;
  /* Never idle, and yet given up. */
  for (int i = 0; i < 40 && open; i++) {
    open = rig_send(fd, i == 0 ? "GET /v1/status HTTP/1.1\r\nHost: a" : "a", i == 0 ? 32 : 1);
    usleep(100000);
  }
  assert_false(open);
  close(fd);
}

static void test_idle_connection(void **state) {
  const struct local_rig *rig = *state;
  int fd = knock(rig);
  char c;
  struct timeval patience = {.tv_sec = 8};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  assert_int_equal(read(fd, &c, 1), 0);
  close(fd);
}

static void test_too_many_connections(void **state) {
  struct local_rig *rig = *state;
  enum { MORE = 400 };
  int fds[MORE];
  for (int i = 0; i < MORE; i++)
    fds[i] = knock(rig);
  char c;
  struct timeval patience = {.tv_sec = 5};
  setsockopt(fds[MORE - 1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  assert_int_equal(read(fds[MORE - 1], &c, 1), 0);
  for (int i = 0; i < MORE; i++)
    close(fds[i]);
  usleep(50000);
  expect(rig, "GET /v1/status", "", "HTTP/1.1 200", "ami");
}

/* --- stopping */

static void test_stop_finishes(void **state) {
  struct local_rig *rig = *state;
  uint8_t *data = calloc(1, 3 << 20);
  int fd = begin_upload(rig, "Content-Length: 3145728");
  rig_send(fd, data, 1 << 20);
  usleep(100000);
  assert_int_equal(write(rig->gate.pipe[1], "s", 1), 1);
  usleep(100000);
  rig_send(fd, data, 2 << 20);
  char *answer = rig_read_all(fd);
  assert_memory_equal(answer, "HTTP/1.1 200", 12);
  assert_non_null(strstr(answer, "\"size\":3145728"));
  pthread_join(rig->gate.thread, NULL);
  assert_true(gate_local_stopping(rig->local));
  gate_local_free(rig->local);
  rig->local = NULL;
  close(fd);
  free(answer);
  free(data);
}

static void test_stop_cuts_what_hangs(void **state) {
  struct local_rig *rig = *state;
  rig->hold = true;
  int fd = knock(rig);
  static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n";
  rig_send(fd, request, sizeof request - 1);
  usleep(100000);
  stop_gate(rig, 's');
  char *answer = rig_read_all(fd);
  assert_string_equal(answer, "");
  free(answer);
  close(fd);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_routes),
      TEST(test_tokens),
      TEST(test_passwords),
      TEST(test_passwords_refused),
      TEST(test_passwords_busy),
      cmocka_unit_test(test_every_route_is_of_the_local_gate),
      TEST(test_errors),
      TEST(test_media_types),
      TEST(test_large_bodies),
      TEST(test_refused_bodies_are_read),
      TEST(test_upload),
      TEST(test_upload_chunked),
      TEST(test_upload_too_large),
      TEST(test_upload_breaks_off),
      TEST(test_stix),
      TEST(test_said),
      TEST(test_worker_dies),
      TEST(test_download),
      TEST(test_download_cut),
      TEST(test_garbage_and_smuggling),
      TEST(test_slow_listener),
      TEST(test_audience),
      TEST(test_share),
      TEST(test_no_idempotency_key),
      TEST(test_pipelined),
      TEST(test_trickling_header),
      cmocka_unit_test_setup_teardown(test_idle_connection, setup_impatient, teardown),
      TEST(test_too_many_connections),
      TEST(test_stop_finishes),
      TEST(test_stop_cuts_what_hangs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
