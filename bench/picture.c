/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "store/store.h"

/* What the picture costs in a store of so many cases: counting one more (milliseconds of processor time for 1,000, at the end),
 * and reading what `picture.show` reads by field, by partner and of a series. Five years of weeks, three kinds, 19 fields,
 * 20 regions, 5 authors, drawn evenly: the most rows that so many cases can make.
 *
 *   build/bench/picture FOLDER [CASES]     FOLDER must be empty; 1000000 when not given */

enum { BATCH = 1000, WEEKS = 260, WEEK = 604800 };

static struct base_error error;

static void need(enum base_code code) {
  if (code != BASE_OK) {
    fprintf(stderr, "bench/picture: %s\n", error.text);
    exit(1);
  }
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static uint64_t drawn = 88172645463325252u;

static unsigned draw(unsigned below) {
  drawn ^= drawn << 13;
  drawn ^= drawn >> 7;
  drawn ^= drawn << 17;
  return (unsigned)(drawn % below);
}

static void count_one(struct store *store, uint64_t number, uint64_t cases) {
  char kind[16], field[16], region[16], author[64];
  struct base_id id = {{0}};
  for (size_t i = 0; i < sizeof number; i++)
    id.bytes[i] = (uint8_t)(draw(256));
  for (size_t i = 0; i < sizeof number; i++)
    id.bytes[8 + i] = (uint8_t)(number >> 8 * i);
  snprintf(kind, sizeof kind, "kind%u", draw(3));
  snprintf(field, sizeof field, "field%u", draw(19));
  snprintf(region, sizeof region, "region%u", draw(20));
  snprintf(author, sizeof author, "wasl/node%u/0123456789abcdef", draw(5));
  struct store_pictured row = {.week = (base_time)(number * WEEKS / cases) * WEEK,
                               .kind = base_view_text(kind),
                               .field = base_view_text(field),
                               .region = base_view_text(region),
                               .author = base_view_text(author)};
  need(store_pictured_add(store, &id, &row, &error));
}

static enum base_code add_up(void *context, const struct store_picture *row) {
  *(uint64_t *)context += row->cases;
  return BASE_OK;
}

static double ask(struct store *store, enum store_picture_axis axis, const char *code) {
  uint64_t sum = 0;
  double begun = milliseconds();
  for (int kind = 0; kind < (code[0] == '\0' ? 3 : 1); kind++) {
    char name[16];
    snprintf(name, sizeof name, "kind%d", kind);
    need(store_picture_each(store, base_view_text(name), axis, base_view_text(code), (base_time)(WEEKS - 27) * WEEK, add_up,
                            &sum, &error));
  }
  return milliseconds() - begun;
}

int main(int argc, char **argv) {
  uint64_t cases = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
  struct store *store = NULL;
  double begun = 0;
  if (argc < 2)
    return 2;
  int dir = open(argv[1], O_RDONLY | O_DIRECTORY);
  need(store_open(dir, NULL, &store, &error));
  for (uint64_t i = 0; i < cases; i++) {
    if (i % BATCH == 0) {
      begun = milliseconds();
      need(store_begin(store, &error));
    }
    count_one(store, i, cases);
    if (i % BATCH == BATCH - 1 || i + 1 == cases)
      need(store_commit(store, &error));
  }
  printf("%f %f %f %f\n", milliseconds() - begun, ask(store, STORE_PICTURE_FIELD, ""), ask(store, STORE_PICTURE_AUTHOR, ""),
         ask(store, STORE_PICTURE_SERIES, "field3/region4"));
  store_close(store);
  return 0;
}
