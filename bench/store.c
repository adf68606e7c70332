/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

/* What a 4 KiB message costs the store: the message, its delivery, a leaf, the state of its case. Prints the cost per
 * message by size of the group commit, and how it grows from FEW to MANY stored messages.
 *
 *   build/bench/store FOLDER [MANY [URI]]      FOLDER must be empty; MANY is 1000000 when not given; URI of an empty
 *                                              PostgreSQL database, in place of core.db in FOLDER */

enum { FEW = 10000, BATCH = 128, SAMPLE = 8000, CASE_MESSAGES = 4 };

static struct base_error error;

static void need(enum base_code code) {
  if (code != BASE_OK) {
    fprintf(stderr, "bench/store: %s\n", error.text);
    exit(1);
  }
}

static struct base_id id_of(uint64_t seed) {
  struct base_id id;
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;
  for (size_t i = 0; i < sizeof id.bytes; i++) {
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 32;
    id.bytes[i] = (uint8_t)x;
  }
  return id;
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_one(struct store *store, uint64_t n) {
  static uint8_t bytes[4400];
  memcpy(bytes, &n, sizeof n);
  struct base_id case_id = id_of(n / CASE_MESSAGES * CASE_MESSAGES);
  struct store_message message = {.id = id_of(n),
                                  .case_id = case_id,
                                  .state = STORE_MESSAGE_HELD,
                                  .ours = true,
                                  .type = BASE_VIEW("answer"),
                                  .author = BASE_VIEW("wasl/paris/0123456789abcdef"),
                                  .header = base_view_of(bytes, 700),
                                  .part0 = base_view_of(bytes, sizeof bytes),
                                  .wrapped_key = base_view_of(bytes, 60),
                                  .epoch = 1,
                                  .stored = 1700000000};
  struct store_leaf leaf = {.index = n, .entry = base_view_of(bytes, 120), .opening = base_view_of(bytes, 500)};
  struct store_delivery delivery = {.message = message.id,
                                    .case_id = case_id,
                                    .partner = 1,
                                    .number = n + 1,
                                    .sent_index = n,
                                    .reason = BASE_VIEW("")};
  struct store_case kase = {.id = case_id,
                            .kind = BASE_VIEW("request"),
                            .state = BASE_VIEW("asked"),
                            .opener = message.author,
                            .message_count = n % CASE_MESSAGES + 1,
                            .opened = 1700000000,
                            .changed = 1700000000 + (base_time)(n / 2000)};
  need(store_message_add(store, &message, &error));
  need(store_leaf_add(store, &leaf, &error));
  need(store_delivery_add(store, &delivery, &error));
  need(store_case_put(store, &kase, &error));
}

/* The receipt of an earlier message, as it comes back. */
static void receipt_one(struct store *store, uint64_t n) {
  static uint8_t bytes[700];
  struct store_delivery delivery = {.message = id_of(n),
                                    .case_id = id_of(n / CASE_MESSAGES * CASE_MESSAGES),
                                    .partner = 1,
                                    .number = n + 1,
                                    .state = STORE_RECEIPTED,
                                    .sent_index = n,
                                    .reason = BASE_VIEW(""),
                                    .leaf = base_view_of(bytes, 120),
                                    .opening = base_view_of(bytes, 400),
                                    .proof = base_view_of(bytes, 640),
                                    .index = n,
                                    .head_size = n + 1};
  need(store_delivery_update(store, &delivery, &error));
}

struct cost {
  double wall, processor;
}; /* microseconds per message */

static struct cost run(struct store *store, uint64_t *next, uint64_t count, uint64_t batch, bool receipts) {
  double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (uint64_t done = 0; done < count; done += batch) {
    need(store_begin(store, &error));
    for (uint64_t i = 0; i < batch; i++)
      add_one(store, *next + i);
    for (uint64_t i = 0; receipts && *next >= batch && i < batch; i++)
      receipt_one(store, *next - batch + i);
    *next += batch;
    need(store_commit(store, &error));
    store_tidy(store, false);
  }
  return (struct cost){(seconds(CLOCK_MONOTONIC) - wall) * 1e6 / (double)count,
                       (seconds(CLOCK_PROCESS_CPUTIME_ID) - processor) * 1e6 / (double)count};
}

int main(int count, char **arguments) {
  uint64_t many = count > 2 ? strtoull(arguments[2], NULL, 10) : 1000000, next = 0;
  int dir = count > 1 ? open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  struct store *store;
  struct store_server *server = NULL;
  struct stat status;
  if (dir < 0 || many <= FEW) {
    fprintf(stderr, "usage: store FOLDER [MANY [URI]]\n");
    return 2;
  }
  if (count > 3)
    need(store_server_connect(dir, base_view_text(arguments[3]), &server, &error));
  need(store_open(dir, server, &store, &error));
  struct store_partner partner = {.origin = BASE_VIEW("wasl/rabat/0123456789abcdef"), .name = BASE_VIEW("rabat")};
  need(store_begin(store, &error));
  need(store_partner_add(store, &partner, &error));
  need(store_commit(store, &error));

  printf("messages stored  batch   µs/message (wall)  (processor)   messages/s\n");
  static const uint64_t batches[] = {1, 16, 128, 1024};
  for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
    struct cost cost = run(store, &next, batches[i] == 1 ? 500 : 2048, batches[i], false);
    printf("%15llu %6llu %19.1f %12.1f %12.0f\n", (unsigned long long)next, (unsigned long long)batches[i], cost.wall,
           cost.processor, 1e6 / cost.wall);
  }
  if (next < FEW)
    run(store, &next, FEW - next, BATCH, true);
  struct cost few = run(store, &next, SAMPLE, BATCH, true);
  printf("%15llu %6d %19.1f %12.1f %12.0f   with receipts\n", (unsigned long long)next, BATCH, few.wall, few.processor,
         1e6 / few.wall);
  if (next < many)
    run(store, &next, many - next, 1024, true);
  struct cost later = run(store, &next, SAMPLE, BATCH, true);
  printf("%15llu %6d %19.1f %12.1f %12.0f   with receipts\n", (unsigned long long)next, BATCH, later.wall,
         later.processor, 1e6 / later.wall);
  printf("cost at %llu messages : cost at %d = %.2f (wall), %.2f (processor)\n", (unsigned long long)many, FEW,
         later.wall / few.wall, later.processor / few.processor);
  if (fstatat(dir, "core.db", &status, 0) == 0)
    printf("core.db: %.0f bytes per message\n", (double)status.st_size / (double)next);
  store_close(store);
  close(dir);
  return 0;
}
