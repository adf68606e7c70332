/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What Argon2id alone costs: the median of ROUNDS in milliseconds by the clock on the wall. First a core's passes, then
 * its memory in bytes, as src/core/people.h has them.
 *
 *   build/bench/password 3 67108864 */

enum { ROUNDS = 21 };

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

int main(int argc, char **argv) {
  static const unsigned char salt[crypto_pwhash_SALTBYTES];
  static const char password[] = "a sentence of some words";
  unsigned char key[32];
  double taken[ROUNDS];
  if (argc != 3 || sodium_init() < 0)
    return 2;
  for (int i = 0; i < ROUNDS; i++) {
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (crypto_pwhash(key, sizeof key, password, sizeof password - 1, salt, strtoull(argv[1], NULL, 10),
                      (size_t)strtoull(argv[2], NULL, 10), crypto_pwhash_ALG_ARGON2ID13) != 0)
      return 1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    taken[i] = (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
  }
  qsort(taken, ROUNDS, sizeof taken[0], compare);
  printf("%.3f\n", taken[ROUNDS / 2]);
  return 0;
}
