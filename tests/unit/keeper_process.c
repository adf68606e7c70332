/* SPDX-License-Identifier: Apache-2.0
 * The program itself, confined as wasld starts it: makes a node's keys, serves core, ends with core's channel. */
#include "keeper_try.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "link/link.h"

static char program[512];

/* `wasl-keeper init DIR NAME`; its stdout goes to a file beside. */
static int run_init(const char *node, const char *name, const char *output) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (dup2(out, STDOUT_FILENO) >= 0)
      execl(program, program, "init", node, name, (char *)NULL);
    _exit(127);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static pid_t start(const char *folder, int channel) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    char fd[32];
    int kept = dup(channel); /* without close-on-exec */
    snprintf(fd, sizeof fd, "core=%d", kept);
    if (kept >= 0 && chdir(folder) == 0)
      execl(program, program, "--role", "keeper", "--fd", fd, (char *)NULL);
    _exit(127);
  }
  return child;
}

static void remove_node(const char *node) {
  static const char *const names[] = {"keeper/log.key",     "keeper/witness.key", "keeper/seal.key", "keeper/epoch.key",
                                      "keeper/heads.state", "keeper/retired.state", "gate/tls.key",  "gate/tls.crt",    "out"};
  int dir = open(node, O_RDONLY | O_DIRECTORY);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unlinkat(dir, names[i], 0);
  unlinkat(dir, "keeper", AT_REMOVEDIR);
  unlinkat(dir, "gate", AT_REMOVEDIR);
  close(dir);
  assert_int_equal(rmdir(node), 0);
}

static void serves_and_ends(void **state) {
  (void)state;
  char node[TRY_PATH], output[TRY_PATH + 8], folder[TRY_PATH + 8];
  close(try_folder(node));
  snprintf(output, sizeof output, "%s/out", node);
  snprintf(folder, sizeof folder, "%s/keeper", node);
  assert_int_equal(run_init(node, "rabat", output), 0);
  assert_int_not_equal(run_init(node, "rabat", "/dev/null"), 0);
  uint64_t last = 0;
  struct try_register log = {0}, fork_of_it = {.salt = 1};
  for (unsigned life = 0; life < 3; life++) {
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    pid_t child = start(folder, ends[1]);
    close(ends[1]);
    struct link_channel *core = link_channel_new(ends[0], LINK_ROLE_CORE, LINK_ROLE_KEEPER);
    struct base_error err;
    BASE_AUTO_BUF struct base_buf request = {0}, answer = {0};
    struct wire_keeper_info form;
    struct try_info info;
    try_expect(link_call(core, LINK_KEEPER_INFO, (struct base_view){NULL, 0}, &answer, &err), &err, BASE_OK, "");
    try_expect(wire_keeper_info_parse(base_buf_view(&answer), &form, &err), &err, BASE_OK, "");
    try_describe_form(&form, &info);
    assert_int_equal(info.size, last);
    /* a stop signal does not cut off what core still needs */
    assert_int_equal(kill(child, SIGTERM), 0);
    struct try_proof proof = try_consistency(&log, last, last + 5);
    struct base_hash root = try_root(&log, last + 5), other = try_root(&fork_of_it, last + 5);
    wire_keeper_attest_write(last + 5, &root, proof.hashes, proof.count, &request);
    try_expect(link_call(core, LINK_KEEPER_ATTEST, base_buf_view(&request), &answer, &err), &err, BASE_OK, "");
    base_buf_reset(&request);
    wire_keeper_attest_write(last + 5, &other, NULL, 0, &request);
    try_expect(link_call(core, LINK_KEEPER_ATTEST, base_buf_view(&request), &answer, &err), &err, BASE_FORK, "");
    static const struct base_secret keys[3] = {{{1}}, {{2}}, {{3}}};
    base_buf_reset(&request);
    wire_keeper_keys_write(keys, 3, &request);
    try_expect(link_call(core, LINK_KEEPER_WRAP, base_buf_view(&request), &answer, &err), &err, BASE_OK, "");
    uint8_t entropy[32] = {3}, expected[32];
    struct wire_enc enc;
    try_expect(seal_hpke_encap(&info.seal.key, entropy, &enc, expected, &err), &err, BASE_OK, "");
    base_buf_reset(&request);
    wire_keeper_decapsulate_write(info.seal.id, &enc, &request);
    try_expect(link_call(core, LINK_KEEPER_DECAPSULATE, base_buf_view(&request), &answer, &err), &err, BASE_OK, "");
    assert_memory_equal(answer.data, expected, 32);
    int status;
    if (life == 1) {
      kill(child, SIGKILL);
      assert_int_equal(waitpid(child, &status, 0), child);
      link_channel_free(core);
    } else {
      link_channel_free(core);
      assert_int_equal(waitpid(child, &status, 0), child);
      assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    last += 5;
  }
  remove_node(node);
}

/* A write that fails at the very end takes back everything. */
static void init_leaves_nothing_half_done(void **state) {
  (void)state;
  char node[TRY_PATH];
  close(try_folder(node));
  assert_int_not_equal(run_init(node, "rabat", "/dev/full"), 0);
  assert_int_not_equal(run_init(node, "Rabat", "/dev/null"), 0);
  assert_int_equal(rmdir(node), 0);
  assert_int_not_equal(run_init(node, "rabat", "/dev/null"), 0);
}

int main(void) {
  const char *programs = getenv("WASL_BIN");
  snprintf(program, sizeof program, "%s/wasl-keeper", programs != NULL ? programs : "build/bin");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(serves_and_ends),
      cmocka_unit_test(init_leaves_nothing_half_done),
  };
  return cmocka_run_group_tests_name("keeper_process", tests, NULL, NULL);
}
