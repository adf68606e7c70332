/* SPDX-License-Identifier: Apache-2.0
 * The library lacks memory once, at each of its allocations: what is right may then end the process, and is never said
 * to be wrong, for that would be a partner's fault. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "seal/seal.h"

static size_t countdown; /* 0: never */

static bool lacks(void) {
  return countdown > 0 && --countdown == 0;
}
static void *take(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return lacks() ? NULL : malloc(size);
}
static void *take_more(void *old, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return lacks() ? NULL : realloc(old, size);
}
static void give_back(void *old, const char *file, int line) {
  (void)file;
  (void)line;
  free(old);
}

static const struct wire_key key = {.sign = 3,
                                    .bytes = {0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb,
                                              0x74, 0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61,
                                              0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6}};
static struct wire_enc enc;
static uint8_t signature[64];

static bool key_is_one(void) {
  return seal_key_valid(&key);
}
static bool enc_is_one(void) {
  return seal_enc_valid(&enc);
}
static bool signature_verifies(void) {
  return seal_verify(&key, BASE_VIEW("sample"), signature);
}
static bool key_is_sealed_to(void) {
  uint8_t entropy[32] = {1}, shared[32];
  struct wire_enc out;
  return seal_hpke_encap(&key, entropy, &out, shared, NULL) == BASE_OK;
}

/* How often the library was asked for memory; fails when what is right was wrong once. */
static size_t each_allocation(bool (*right)(void)) {
  enum { ENOUGH = 1, RIGHT = 0, WRONG = 2 };
  for (size_t at = 1;; at++) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      close(STDERR_FILENO); /* the line of log before the end */
      countdown = at;
      bool good = right();
      _exit(!good ? WRONG : countdown > 0 ? ENOUGH : RIGHT);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
      assert_int_equal(WTERMSIG(status), SIGABRT);
      continue;
    }
    if (WEXITSTATUS(status) == WRONG)
      fail_msg("what is right was called wrong when allocation %zu failed", at);
    if (WEXITSTATUS(status) == ENOUGH)
      return at - 1;
  }
}

static void nobody_is_blamed(void **state) {
  (void)state;
  uint8_t entropy[32] = {2}, shared[32];
  assert_true(base_hex_parse(BASE_VIEW("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                       "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"),
                             signature, sizeof signature));
  seal_start();
  assert_int_equal(seal_hpke_encap(&key, entropy, &enc, shared, NULL), BASE_OK);
  bool (*const all[])(void) = {key_is_one, enc_is_one, signature_verifies, key_is_sealed_to};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
    assert_true(each_allocation(all[i]) > 3);
}

/* In a program the library hears of none of that: the process ends. Told apart from what the library itself would do.
 */
static void no_memory_ends_the_process(void **state) {
  (void)state;
  for (int taken = 0; taken < 2; taken++) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      close(STDERR_FILENO);
      if (taken)
        seal_take_memory();
      _exit(OPENSSL_malloc(SIZE_MAX / 4) == NULL ? 3 : 4);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status), taken ? -SIGABRT : 3);
  }
}

int main(void) {
  if (CRYPTO_set_mem_functions(take, take_more, give_back) != 1)
    return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory_ends_the_process), cmocka_unit_test(nobody_is_blamed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
