/* SPDX-License-Identifier: Apache-2.0
 * The program itself, confined as wasld starts it, in both its roles: it serves, reaches out, and ends when it is told
 * to. */
#include "gate_identity.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gate/limits.h"
#include "link/family.h"

struct process {
  struct rig_loop core;
  struct link_channel *to_gate;
  pthread_mutex_t lock;
  char folder[64], own[80];
  pid_t pid;
  int ready, port;
  struct base_hash pin; /* on the card */
  /* under the lock */
  size_t takes;
  char done[1024];
};

static void core_request(void *context, struct link_channel *channel, struct link_message *message) {
  struct process *process = context;
  char text[256];
  struct base_error err;
  int fd = -1;
  pthread_mutex_lock(&process->lock);
  switch (message->code) {
  case LINK_PEER_TABLE:
    if (process->takes == 0)
      link_answer(channel, message->id, BASE_OK, base_view_text("{\"version\":1,\"partners\":[]}"), -1);
    break;
  case LINK_WITNESS_TAKE: /* parked for ever */
    break;
  case LINK_EXCHANGE_TAKE:
    if (process->takes++ > 0)
      break;
    fd = base_memfd_sealed("work", BASE_VIEW("x"), &err);
    snprintf(text, sizeof text,
             "{\"exchange\":1,\"partner\":\"p\",\"addresses\":[\"localhost:%d\"],\"pins\":[\"%064d\"]}", process->port,
             0);
    link_answer(channel, message->id, BASE_OK, base_view_text(text), fd);
    close(fd);
    break;
  case LINK_EXCHANGE_DONE:
    snprintf(process->done, sizeof process->done, "%.*s", (int)message->payload.size,
             (const char *)message->payload.data);
    link_answer(channel, message->id, BASE_OK, base_view_text("{}"), -1);
    break;
  default:
    link_answer(channel, message->id, BASE_OK, message->payload, -1);
  }
  pthread_mutex_unlock(&process->lock);
}

static void write_file(const char *folder, const char *name, const char *content) {
  struct base_error err;
  int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_int_equal(base_file_replace(dir, name, base_view_text(content), 0644, &err), BASE_OK);
  close(dir);
}

/* Starts wasl-gate in a folder within the node's, with a made-up core and one listening socket. */
static void start(struct process *process, enum link_role role, const char *listen_name, int listener) {
  int channel[2], ready[2];
  char text[5][64];
  struct link_family *page;
  struct base_error err;
  int family;
  BASE_AUTO_BUF struct base_buf card_text = {0};
  assert_int_equal(link_family_make(&page, &family, &err), BASE_OK);
  strcpy(page->name, "rabat");
  strcpy(page->listen, "127.0.0.1:7443");
  strcpy(page->addresses, "127.0.0.1:7443");
  atomic_store(&page->lives[LINK_ROLE_CORE], LINK_LIFE_SERVES);
  make_card(&card_text, &process->pin, "\"127.0.0.1:7443\"");
  int card = base_memfd_sealed("card", base_buf_view(&card_text), &err);
  assert_true(card >= 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
  assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
  const char *programs = getenv("WASL_BIN");
  char program[512];
  snprintf(program, sizeof program, "%s/wasl-gate", programs == NULL ? "build/bin" : programs);
  process->pid = fork();
  assert_true(process->pid >= 0);
  if (process->pid == 0) {
    snprintf(text[0], sizeof text[0], "core=%d", dup(channel[1]));
    snprintf(text[1], sizeof text[1], "%s=%d", listen_name, dup(listener));
    snprintf(text[2], sizeof text[2], "ready=%d", dup(ready[1]));
    snprintf(text[3], sizeof text[3], "card=%d", dup(card));
    snprintf(text[4], sizeof text[4], "family=%d", dup(family));
    if (chdir(process->own) == 0)
      execl(program, program, "--role", link_role_name(role), "--fd", text[0], "--fd", text[1], "--fd", text[2], "--fd",
            text[3], "--fd", text[4], (char *)NULL);
    _exit(127);
  }
  close(channel[1]);
  close(ready[1]);
  close(card);
  close(family);
  close(listener);
  process->ready = ready[0];
  rig_loop_make(&process->core);
  process->to_gate = link_channel_new(channel[0], LINK_ROLE_CORE, role);
  link_loop_add(process->core.loop, process->to_gate, (struct link_handlers){process, core_request, NULL, NULL});
  rig_loop_start(&process->core);
  char c = 0;
  assert_int_equal(read(process->ready, &c, 1), 1);
  assert_int_equal(c, '1');
}

static void stop(struct process *process) {
  int status;
  assert_int_equal(kill(process->pid, SIGTERM), 0);
  assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  (void)!write(process->core.pipe[1], "e", 1);
  pthread_join(process->core.thread, NULL);
  link_channel_free(process->to_gate);
  rig_loop_free(&process->core);
  close(process->ready);
}

static int setup(void **state) {
  struct process *process = calloc(1, sizeof *process);
  *state = process;
  pthread_mutex_init(&process->lock, NULL);
  strcpy(process->folder, "/tmp/wasl-gate-XXXXXX");
  assert_non_null(mkdtemp(process->folder));
  assert_int_equal(chmod(process->folder, 0755), 0);
  snprintf(process->own, sizeof process->own, "%s/own", process->folder);
  assert_int_equal(mkdir(process->own, 0755), 0);
  return 0;
}

static int teardown(void **state) {
  struct process *process = *state;
  char path[128];
  static const char *const names[] = {"own/tls.crt", "own/tls.key", "api.sock"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", process->folder, names[i]);
    unlink(path);
  }
  rmdir(process->own);
  rmdir(process->folder);
  pthread_mutex_destroy(&process->lock);
  free(process);
  return 0;
}

static void test_local_role(void **state) {
  struct process *process = *state;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/api.sock", process->folder);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(listener, 8), 0);
  start(process, LINK_ROLE_GATE_LOCAL, "api", listener);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  static const char request[] = "GET /v1/cases/ab HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  rig_send(fd, request, sizeof request - 1);
  char *answer = rig_read_all(fd);
  assert_non_null(strstr(answer, "{\"actor\":\""));
  assert_non_null(strstr(answer, "\",\"id\":\"ab\"}"));
  free(answer);
  close(fd);
  stop(process);
}

static void test_peer_role(void **state) {
  struct process *process = *state;
  struct identity *identity = calloc(1, sizeof *identity);
  int port;
  close(rig_listen_tcp(&process->port));
  make_identity(identity, "node");
  process->pin = identity->pin;
  write_file(process->own, "tls.crt", identity->certificate);
  write_file(process->own, "tls.key", identity->key);
  start(process, LINK_ROLE_GATE_PEER, "listen0", rig_listen_tcp(&port));
  char done[1024] = "";
  for (int i = 0; i < 1000 && done[0] == '\0'; i++) {
    usleep(10000);
    pthread_mutex_lock(&process->lock);
    memcpy(done, process->done, sizeof done);
    pthread_mutex_unlock(&process->lock);
  }
  /* The name was resolved and the address tried, all with the rights that are left. */
  assert_non_null(strstr(done, "\"code\":\"unreachable\""));
  assert_non_null(strstr(done, "connection refused"));
  stop(process);
  free(identity);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_local_role, setup, teardown),
      cmocka_unit_test_setup_teardown(test_peer_role, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
