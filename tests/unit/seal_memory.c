/* SPDX-License-Identifier: Apache-2.0
 * The cryptographic library says the same of a wrong signature and of memory that it did not get, which would be a
 * partner's fault: so in a program it never lacks memory without the process ending. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "seal/seal.h"

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
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory_ends_the_process)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
