/* SPDX-License-Identifier: Apache-2.0 */
#include "base/world.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static base_time system_now(void *context) {
  (void)context;
  return (base_time)time(NULL);
}

static int64_t system_monotonic_ms(void *context) {
  (void)context;
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
    abort();
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void system_random(void *context, void *out, size_t size) {
  (void)context;
  uint8_t *at = out;
  while (size > 0) {
    ssize_t got = getrandom(at, size, 0);
    if (got < 0 && errno == EINTR)
      continue;
    /* Going on with bytes that are not random would give away keys. */
    if (got <= 0)
      abort();
    at += got;
    size -= (size_t)got;
  }
}

const struct base_world *base_world_system(void) {
  static const struct base_world system_world = {NULL, system_now, system_monotonic_ms, system_random};
  return &system_world;
}
