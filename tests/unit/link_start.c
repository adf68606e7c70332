/* SPDX-License-Identifier: Apache-2.0
 * The arguments that wasld gives, the word that a process serves, and the table of rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/link.h"

static int count_of(char **arguments) {
  int count = 0;
  while (arguments[count] != NULL)
    count++;
  return count;
}

static void what_wasld_gives_is_read(void **state) {
  (void)state;
  int fd = open("/dev/null", O_RDONLY);
  char handed[32];
  snprintf(handed, sizeof handed, "core=%d", fd);
  char *arguments[] = {"wasl-gate", "--role", "gate-peer", "--user", "17:18", "--fd", handed, NULL};
  struct link_start start;
  link_start_read(count_of(arguments), arguments, &start);
  assert_int_equal(start.role, LINK_ROLE_GATE_PEER);
  assert_int_equal(start.uid, 17);
  assert_int_equal(start.gid, 18);
  assert_int_equal(start.fd_count, 1);
  assert_int_equal(link_start_fd(&start, "core"), fd);
  assert_int_equal(link_start_fd(&start, "cor"), -1);
  assert_int_equal(link_start_fd(&start, "keeper"), -1);
  assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  close(fd);
}

/* The exit status of a process that is started so. */
static int fate(char **arguments) {
  int out[2];
  assert_int_equal(pipe(out), 0);
  pid_t child = fork();
  if (child == 0) {
    struct link_start start;
    dup2(out[1], STDERR_FILENO);
    link_start_read(count_of(arguments), arguments, &start);
    _exit(start.uid == (uid_t)-1 ? 0 : 1);
  }
  close(out[1]);
  char text[300] = "";
  ssize_t size = read(out[0], text, sizeof text - 1);
  close(out[0]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2) {
    assert_true(size > 0 && text[size - 1] == '\n' && strchr(text, '\n') == &text[size - 1]); /* one sentence */
    assert_non_null(strstr(text, "run `wasld DIR`"));
  }
  return WEXITSTATUS(status);
}

static void started_by_hand_it_says_so(void **state) {
  (void)state;
  static char *const bad[][4] = {{"--role", "wasld"},
                                 {"--role", "king"},
                                 {"--role"},
                                 {"--help"},
                                 {"core"},
                                 {"--user", "1:1"},
                                 {"--role", "core", "--user", "1"},
                                 {"--role", "core", "--user", "1:x"},
                                 {"--role", "core", "--user", "4294967295:1"},
                                 {"--role", "core", "--fd", "core"},
                                 {"--role", "core", "--fd", "core=2"},
                                 {"--role", "core", "--fd", "core=999999"},
                                 {"--role", "core", "--fd", "=3"},
                                 {"--role", "core", "--fd", "a-name-of-twenty-four-bytes=3"},
                                 {"--role", "core", "--fd", "core=-1"}};
  char *none[] = {"wasl-core", NULL}, *good[] = {"wasl-core", "--role", "core", NULL};
  assert_int_equal(fate(none), 2);
  assert_int_equal(fate(good), 0);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char *arguments[] = {"wasl-core", bad[i][0], bad[i][1], bad[i][2], bad[i][3], NULL};
    assert_int_equal(fate(arguments), 2);
  }
}

static void no_more_descriptors_than_there_is_room_for(void **state) {
  (void)state;
  int fd = open("/dev/null", O_RDONLY);
  char handed[32];
  snprintf(handed, sizeof handed, "core=%d", fd);
  char *arguments[3 + 2 * (LINK_FDS_MAX + 1) + 1] = {"wasl-core", "--role", "core"};
  for (size_t i = 0; i <= LINK_FDS_MAX; i++) {
    assert_int_equal(fate(arguments), 0);
    arguments[3 + 2 * i] = "--fd";
    arguments[4 + 2 * i] = handed;
  }
  assert_int_equal(fate(arguments), 2);
  close(fd);
}

static void ready_is_said_once(void **state) {
  (void)state;
  int ready[2];
  char bytes[4];
  assert_int_equal(pipe(ready), 0);
  struct link_start start = {.fd_count = 1, .fds = {{"ready", ready[1]}}};
  link_start_ready(&start);
  assert_int_equal(read(ready[0], bytes, sizeof bytes), 1);
  assert_int_equal(read(ready[0], bytes, sizeof bytes), 0); /* and the end is closed */
  close(ready[0]);
  start.fd_count = 0;
  link_start_ready(&start);
}

/* What failed before it served is told whole; a process that serves has nothing to say here any more, although another
 * file may have the descriptor's number by then. */
static void a_failure_is_said_instead(void **state) {
  (void)state;
  int ready[2], other[2];
  char bytes[2 * BASE_ERROR_TEXT_MAX];
  struct base_error why = {0};
  memset(why.text, 'x', sizeof why.text - 1);
  assert_int_equal(pipe(ready), 0);
  struct link_start start = {.fd_count = 1, .fds = {{"ready", ready[1]}}};
  link_start_failed(&start, &why);
  assert_int_equal(read(ready[0], bytes, sizeof bytes), BASE_ERROR_TEXT_MAX);
  assert_int_equal(bytes[0], LINK_START_FAILED);
  assert_memory_equal(bytes + 1, why.text, sizeof why.text - 1);
  close(ready[0]);
  assert_int_equal(pipe(ready), 0);
  start.fds[0].fd = ready[1];
  link_start_ready(&start);
  assert_int_equal(pipe(other), 0); /* takes the number that was closed */
  link_start_failed(&start, &why);
  close(other[1]);
  assert_int_equal(read(other[0], bytes, sizeof bytes), 0);
  close(ready[0]);
  close(other[0]);
}

static void rights_are_those_of_the_design(void **state) {
  (void)state;
  for (enum link_role role = LINK_ROLE_WASLD; role < LINK_ROLES; role++) {
    const struct link_rights *rights = link_rights_of(role);
    assert_int_equal(rights->role, role);
    assert_int_equal(rights->network, role == LINK_ROLE_GATE_PEER);
    assert_int_equal(rights->processes, role == LINK_ROLE_WASLD);
    for (size_t i = 0; i < rights->path_count; i++)
      assert_int_equal(rights->paths[i].write, strcmp(rights->paths[i].path, ".") == 0);
    for (enum link_role other = LINK_ROLE_WASLD; other < role; other++)
      assert_int_not_equal(rights->uid, link_rights_of(other)->uid);
  }
  assert_int_equal(link_rights_of(LINK_ROLE_WORKER)->path_count, 0);
  assert_null(link_rights_of(LINK_ROLES));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_wasld_gives_is_read),
      cmocka_unit_test(started_by_hand_it_says_so),
      cmocka_unit_test(no_more_descriptors_than_there_is_room_for),
      cmocka_unit_test(ready_is_said_once),
      cmocka_unit_test(a_failure_is_said_instead),
      cmocka_unit_test(rights_are_those_of_the_design),
  };
  return cmocka_run_group_tests_name("link_start", tests, NULL, NULL);
}
