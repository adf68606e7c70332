/* SPDX-License-Identifier: Apache-2.0
 * The worker's verbs, over a channel as the local gate uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/stix.h"
#include "worker/check.h"

struct both {
  struct link_loop *loop;
  struct link_channel *gate, *worker;
  unsigned answers;
  enum base_code status;
  char text[4096];
};

static void answered(void *context, struct link_channel *channel, struct link_message *message) {
  (void)channel;
  struct both *both = context;
  assert_true(message->payload.size < sizeof both->text);
  both->answers++;
  both->status = message->status;
  if (message->payload.size > 0)
    memcpy(both->text, message->payload.data, message->payload.size);
  both->text[message->payload.size] = '\0';
}

static void both_start(struct both *both) {
  int ends[2];
  *both = (struct both){0};
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  both->loop = link_loop_new(base_world_system());
  both->gate = link_channel_new(ends[0], LINK_ROLE_GATE_LOCAL, LINK_ROLE_WORKER);
  both->worker = link_channel_new(ends[1], LINK_ROLE_WORKER, LINK_ROLE_GATE_LOCAL);
  link_loop_add(both->loop, both->gate, (struct link_handlers){.context = both, .on_answer = answered});
  link_loop_add(both->loop, both->worker, (struct link_handlers){.on_request = worker_check});
}

static void both_end(struct both *both) {
  link_channel_free(both->gate);
  link_channel_free(both->worker);
  link_loop_free(both->loop);
}

static void ask_for(struct both *both, enum link_request_code code, struct base_view payload, int fd) {
  assert_true(fd >= 0);
  unsigned before = both->answers;
  link_ask(both->gate, code, payload, fd);
  close(fd);
  while (both->answers == before)
    assert_true(link_loop_turn(both->loop, 10000));
}

static void ask(struct both *both, struct base_view payload, int fd) {
  ask_for(both, LINK_STIX_CHECK, payload, fd);
}

static void ask_about(struct both *both, const char *text) {
  ask(both, (struct base_view){NULL, 0}, base_memfd_sealed("stix", base_view_text(text), NULL));
}

static void reports(void **state) {
  (void)state;
  struct both both;
  both_start(&both);
  ask_about(&both, "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":["
                   "{\"type\":\"indicator\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}]}");
  assert_int_equal(both.status, BASE_OK);
  assert_non_null(strstr(both.text, "\"stix\":true"));
  assert_non_null(strstr(both.text, "\"indicator\":1"));
  /* a shape that is wrong: the code and the path */
  ask_about(&both, "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":["
                   "{\"type\":\"indicator\",\"id\":\"indicator--8\"}]}");
  assert_int_equal(both.status, BASE_FIELD);
  assert_non_null(strstr(both.text, "$.objects[0]"));
  /* no bundle at all, nothing at all: fine, and said */
  ask_about(&both, "%PDF-1.7");
  assert_int_equal(both.status, BASE_OK);
  assert_non_null(strstr(both.text, "\"stix\":false"));
  ask_about(&both, "");
  assert_int_equal(both.status, BASE_OK);
  assert_non_null(strstr(both.text, "\"stix\":false"));
  both_end(&both);
}

/* For the index: which objects, or why none are listed; one after the other. */
static void lists(void **state) {
  (void)state;
  struct both both;
  both_start(&both);
  for (int i = 0; i < 2; i++) {
    ask_for(&both, LINK_STIX_INDEX, (struct base_view){NULL, 0}, base_memfd_sealed("part", BASE_VIEW("{\"type\":\"bundle\""), NULL));
    assert_int_equal(both.status, BASE_SYNTAX);
    assert_non_null(strstr(both.text, "octet 16"));
    static const char bundle[] = "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":["
                                 "{\"type\":\"indicator\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}]}";
    ask_for(&both, LINK_STIX_INDEX, (struct base_view){NULL, 0}, base_memfd_sealed("part", base_view_text(bundle), NULL));
    assert_int_equal(both.status, BASE_OK);
    assert_string_equal(both.text, "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\n");
  }
  both_end(&both);
}

static void what_is_said_of_it(void **state) {
  (void)state;
  struct both both;
  both_start(&both);
  static const char cut[] = "{\"type\":\"bundle\"", wrong[] = "{\"type\":\"bundle\"}";
  static const struct {
    const char *said, *text;
    enum base_code code;
    const char *words;
  } tries[] = {
      {"json", cut, BASE_SYNTAX, "octet 16"},        {"stix", cut, BASE_SYNTAX, "--part-as-is"},
      {"opaque", cut, BASE_OK, "octet 16"},          {"", cut, BASE_OK, "octet 16"},
      {"opaque", wrong, BASE_FIELD, "--part-as-is"}, {"json", "[]", BASE_OK, "\"stix\":false"},
      {"stix", "[]", BASE_OK, "no bundle"},
  };
  for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
    ask(&both, base_view_text(tries[i].said), base_memfd_sealed("stix", base_view_text(tries[i].text), NULL));
    assert_int_equal(both.status, tries[i].code);
    assert_non_null(strstr(both.text, tries[i].words));
  }
  /* of what is stored nobody can mend anything */
  ask_about(&both, wrong);
  assert_int_equal(both.status, BASE_FIELD);
  assert_null(strstr(both.text, "--part-as-is"));
  both_end(&both);
}

static void refuses_other_descriptors(void **state) {
  (void)state;
  struct both both;
  both_start(&both);
  /* one byte above the limit, all of it holes */
  int large = memfd_create("stix", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  assert_int_equal(ftruncate(large, (off_t)WIRE_STIX_MAX + 1), 0);
  assert_int_equal(fcntl(large, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL), 0);
  ask(&both, (struct base_view){NULL, 0}, large);
  assert_int_equal(both.status, BASE_TOO_LARGE);
  /* a word that nobody says */
  ask(&both, BASE_VIEW("x"), base_memfd_sealed("stix", BASE_VIEW("{}"), NULL));
  assert_int_equal(both.status, BASE_SYNTAX);
  ask_about(&both, "[]");
  assert_int_equal(both.status, BASE_OK);
  both_end(&both);
}

static pid_t start(const char *program, int channel) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    char fd[32];
    snprintf(fd, sizeof fd, "gate-local=%d", dup(channel)); /* the copy is without close-on-exec */
    execl(program, program, "--role", "worker", "--fd", fd, (char *)NULL);
    _exit(127);
  }
  return child;
}

/* Of as many values as are looked into the document whose tree is the largest: objects in each other as deep as they go, one
 * member each. */
static int worst_document(void) {
  enum { DEEP = WIRE_JSON_DEPTH_MAX - 5, AROUND = 16 };
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, WIRE_STIX_MAX);
  base_buf_text(&text, "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":[{\"type\":\"url\","
                       "\"id\":\"url--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"x\":[");
  for (unsigned i = 0; i < (WIRE_STIX_VALUES_MAX - AROUND) / DEEP; i++) {
    base_buf_text(&text, i > 0 ? ",{" : "{");
    for (unsigned level = 1; level < DEEP; level++)
      base_buf_text(&text, "\"abcdefg\":{");
    for (unsigned level = 0; level < DEEP; level++)
      base_buf_text(&text, "}");
  }
  base_buf_text(&text, "]}]}");
  return base_memfd_sealed("worst", base_buf_view(&text), NULL);
}

/* The program, confined as wasld starts it: answers, is not ended by a stop signal, ends with the gate's channel; the worst
 * document has room in the memory that it is given. */
static void runs_confined(void **state) {
  (void)state;
  char program[512];
  const char *programs = getenv("WASL_BIN");
  snprintf(program, sizeof program, "%s/wasl-worker", programs != NULL ? programs : "build/bin");
  struct both both = {0};
  int ends[2], status;
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  pid_t child = start(program, ends[1]);
  close(ends[1]);
  both.loop = link_loop_new(base_world_system());
  both.gate = link_channel_new(ends[0], LINK_ROLE_GATE_LOCAL, LINK_ROLE_WORKER);
  link_loop_add(both.loop, both.gate, (struct link_handlers){.context = &both, .on_answer = answered});
  for (unsigned i = 0; i < 3; i++) {
    ask_about(&both, "{\"type\":\"bundle\",\"id\":\"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d\",\"objects\":["
                     "{\"type\":\"indicator\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}]}");
    assert_int_equal(both.status, BASE_OK);
    assert_non_null(strstr(both.text, "\"stix\":true"));
    assert_int_equal(kill(child, SIGTERM), 0);
  }
  ask_for(&both, LINK_STIX_INDEX, (struct base_view){NULL, 0}, worst_document());
  assert_int_equal(both.status, BASE_OK);
  assert_string_equal(both.text, "url--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\n");
  both_end(&both);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reports), cmocka_unit_test(lists),
      cmocka_unit_test(what_is_said_of_it),
      cmocka_unit_test(refuses_other_descriptors),
      cmocka_unit_test(runs_confined),
  };
  return cmocka_run_group_tests_name("worker_check", tests, NULL, NULL);
}
