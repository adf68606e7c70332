/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/cases.h"

/* What it costs to open a case of so many messages that is not in memory: the messages read from the store, their headers
 * parsed, the state computed; and, beside it, the computation alone, and the list of what is possible. Prints milliseconds
 * of processor time of one opening, the median of ROUNDS: whole, computed, possible; then the same of a kind with items.
 *
 *   build/bench/caseopen FOLDER KIND [MESSAGES]     FOLDER must be empty; KIND is the file of a kind with the types ask,
 *                                                   offer, accept, report and an item offer; 10000 when not given */

enum { ROUNDS = 21, PARTIES = 3, BATCH = 1000 };

static struct base_error error;

static void need(enum base_code code) {
  if (code != BASE_OK) {
    fprintf(stderr, "bench/caseopen: %s\n", error.text);
    exit(1);
  }
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static double median(double values[ROUNDS]) {
  qsort(values, ROUNDS, sizeof *values, by_value);
  return values[ROUNDS / 2];
}

static const char *const origins[PARTIES] = {"wasl/paris/0123456789abcdef", "wasl/rabat/0123456789abcdef",
                                             "wasl/tunis/0123456789abcdef"};

/* What message i of the case is: every fourth one opens something, the others move it. */
struct told {
  struct base_id id;
  char named[BASE_HEX_ID + 1];
};

static void write_one(struct store *store, const struct core_kind *kind, struct told *told, size_t i) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct base_id follows[3];
  struct wire_header header = {.opens = i == 0, .kind = kind->kind.name, .kind_hash = kind->kind.hash, .time = 1700000000};
  header.follows = follows;
  static const char *const with_items[] = {"offer", "accept", "mobilise", "report"};
  static const char *const without[] = {"clarify", "clarification", "partial_answer", "answer"};
  bool items = kind->kind.item_count > 0;
  header.case_id = told[0].id;
  header.type = base_view_text(i == 0 ? "ask" : (items ? with_items : without)[(i - 1) % 4]);
  header.author = base_view_text(origins[i == 0 || (i - 1) % 4 == 1 ? 0 : 1]);
  header.party_count = PARTIES;
  for (size_t k = 0; k < PARTIES; k++)
    header.parties[k] = base_view_text(origins[k]);
  for (size_t k = i < 3 ? 0 : i - 3; k < i; k++)
    header.follows[header.follow_count++] = told[k].id;
  qsort(header.follows, header.follow_count, sizeof *header.follows, (int (*)(const void *, const void *))base_id_compare);
  if (i == 0)
    header.state[header.state_count++] = (struct wire_state_field){BASE_VIEW("purpose"), BASE_VIEW("flood")};
  if (items && i > 0 && (i - 1) % 4 != 0) {
    base_hex(told[(i - 1) / 4 * 4 + 1].id.bytes, sizeof told->id.bytes, told[i].named);
    header.state[header.state_count++] = (struct wire_state_field){BASE_VIEW("offer"), base_view_text(told[i].named)};
  }
  base_buf_init(&bytes, 1 << 16);
  need(wire_header_write(&header, &bytes, &error));
  told[i].id = seal_message_id(base_buf_view(&bytes));
  struct store_message message = {.id = told[i].id,
                                  .case_id = told[0].id,
                                  .state = STORE_MESSAGE_HELD,
                                  .type = header.type,
                                  .author = header.author,
                                  .header = base_buf_view(&bytes),
                                  .part0 = base_buf_view(&bytes),
                                  .wrapped_key = base_view_of(told[i].id.bytes, sizeof told->id.bytes),
                                  .epoch = 1,
                                  .stored = 1700000000};
  need(store_message_add(store, &message, &error));
}

static void take_kind(const char *path, struct core_kind *out) {
  static uint8_t bytes[WIRE_KIND_MAX];
  FILE *file = fopen(path, "rbe");
  size_t size = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
  struct base_hash hash = seal_sha256(base_view_of(bytes, size));
  if (file != NULL)
    (void)fclose(file);
  base_arena_init(&out->arena, WIRE_KIND_ARENA);
  need(wire_kind_parse(base_view_of(bytes, size), &hash, &out->arena, &out->kind, &error));
}

static void measure(struct core *core, const struct core_kind *kind, size_t count) {
  struct told *told = calloc(count, sizeof *told);
  double whole[ROUNDS], computed[ROUNDS], possible[ROUNDS];
  size_t allowed = 0;
  if (told == NULL)
    exit(1);
  for (size_t i = 0; i < count; i++) {
    if (i % BATCH == 0)
      need(store_begin(core->store, &error));
    write_one(core->store, kind, told, i);
    if ((i + 1) % BATCH == 0 || i + 1 == count)
      need(store_commit(core->store, &error));
  }
  struct store_case row = {.id = told[0].id, .kind = kind->kind.name, .kind_hash = kind->kind.hash, .opened = 1700000000};
  for (size_t round = 0; round < ROUNDS; round++) {
    struct core_case kase = {0};
    double begin = milliseconds();
    need(core_case_look(core, &row, &kase, &error));
    whole[round] = milliseconds() - begin;
    begin = milliseconds();
    need(engine_compute(&kind->kind, kase.messages, kase.count, &kase.state, &error));
    computed[round] = milliseconds() - begin;
    begin = milliseconds();
    for (size_t i = 0; i < kind->kind.type_count; i++)
      allowed += engine_allows(&kind->kind, kase.messages, kase.count, &kase.state, base_view_text(origins[2]),
                               INT64_MAX, &kind->kind.types[i], NULL) == BASE_OK;
    possible[round] = milliseconds() - begin;
    if (kase.count != count || !kase.messages[0].effective || allowed > ROUNDS * kind->kind.type_count)
      exit(1);
    core_case_release(&kase);
  }
  printf("%.2f %.2f %.2f\n", median(whole), median(computed), median(possible));
  free(told);
}

int main(int count, char **arguments) {
  static struct core core;
  static struct core_kind own;
  int dir = count > 2 ? open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  size_t messages = count > 3 ? strtoull(arguments[3], NULL, 10) : 10000;
  if (dir < 0 || messages < 5 || messages > ENGINE_MESSAGES_MAX) {
    fprintf(stderr, "usage: caseopen FOLDER KIND [MESSAGES]\n");
    return 2;
  }
  need(core_kinds_load(&core, &error));
  struct core_kind *request = NULL, *both[2];
  for (size_t i = 0; i < core.kind_count; i++)
    if (base_view_is(core.kinds[i]->kind.name, "request"))
      request = core.kinds[i];
  if (request == NULL)
    return 1;
  take_kind(arguments[2], &own);
  bool first = memcmp(&request->kind.hash, &own.kind.hash, sizeof own.kind.hash) < 0;
  both[!first] = request;
  both[first] = &own;
  core.kinds = core.kinds_hashed = both; /* a case looks for its kind by the hash alone */
  core.kind_count = 2;
  need(store_open(dir, NULL, &core.store, &error));
  measure(&core, request, messages);
  measure(&core, &own, messages);
  store_close(core.store);
  return 0;
}
