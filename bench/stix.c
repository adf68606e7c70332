/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/stix.h"

/* What the worker takes to list a bundle, in a process of its own each: milliseconds of processor time and the most memory in
 * MiB. A bundle of as many objects as are listed, and the two that cost most: of as many values as are looked into, as the keys
 * of one object (time), and as objects in each other with one member each (memory).
 *
 *   build/bench/stix */

#define UUID "0c7b5b88-8ff7-4a4d-aa9d"
enum { AROUND = 16, DEEP = WIRE_JSON_DEPTH_MAX - 5, KEY = 25, ROOM = WIRE_STIX_MAX };

static void begin(struct base_buf *out) {
  base_buf_init(out, ROOM);
  base_buf_text(out, "{\"type\":\"bundle\",\"id\":\"bundle--" UUID "-000000000000\",\"objects\":[");
}

static void plain(struct base_buf *out) {
  for (unsigned i = 0; i < WIRE_STIX_LISTED_MAX; i++)
    base_buf_printf(out,
                    "%s{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" UUID "-%012x\",\"created\":"
                    "\"2026-11-20T08:00:00Z\",\"modified\":\"2026-11-21T08:00:00Z\",\"pattern_type\":\"stix\",\"pattern\":"
                    "\"[domain-name:value = 'host%u.invalid']\",\"valid_from\":\"2026-11-20T08:00:00Z\",\"labels\":[\"a\",\"b\"]}",
                    i > 0 ? "," : "", i, i);
}

static void keys(struct base_buf *out) {
  base_buf_text(out, "{\"type\":\"url\",\"id\":\"url--" UUID "-000000000001\"");
  for (unsigned i = 0; i < WIRE_STIX_VALUES_MAX - AROUND; i++)
    base_buf_printf(out, ",\"%0*u\":0", KEY, i);
  base_buf_text(out, "}");
}

static void nested(struct base_buf *out) {
  base_buf_text(out, "{\"type\":\"url\",\"id\":\"url--" UUID "-000000000001\",\"x\":[");
  for (unsigned i = 0; i < (WIRE_STIX_VALUES_MAX - AROUND) / DEEP; i++) {
    base_buf_text(out, i > 0 ? ",{" : "{");
    for (unsigned level = 1; level < DEEP; level++)
      base_buf_text(out, "\"abcdefg\":{");
    for (unsigned level = 0; level < DEEP; level++)
      base_buf_text(out, "}");
  }
  base_buf_text(out, "]}");
}

static void list(void (*write)(struct base_buf *out)) {
  BASE_AUTO_BUF struct base_buf text = {0}, found = {0};
  struct base_error err;
  struct rusage before;
  begin(&text);
  write(&text);
  base_buf_text(&text, "]}");
  getrusage(RUSAGE_SELF, &before);
  wire_json_seed(1);
  if (text.code != BASE_OK || wire_stix_list(base_buf_view(&text), &found, &err) != BASE_OK) {
    fprintf(stderr, "bench/stix: %s\n", text.code != BASE_OK ? "no room" : err.text);
    exit(1);
  }
  struct rusage after;
  getrusage(RUSAGE_SELF, &after);
  printf("%f %f ",
         (double)(after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec) * 1e3 +
             (double)(after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec - before.ru_stime.tv_usec) / 1e3,
         (double)after.ru_maxrss / 1024);
  fflush(stdout);
}

int main(void) {
  static void (*const writers[])(struct base_buf *out) = {plain, keys, nested};
  for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
    int status;
    pid_t child = fork();
    if (child == 0) {
      list(writers[i]);
      _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
      return 1;
  }
  printf("\n");
  return 0;
}
