/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tests/filled.h"
#include "kinds/kinds.h"

/* What it costs to validate a message: at the sender its form as it was submitted, read as JSON, checked by its kind and
 * split; at the receiver header and part 0, parsed and checked. Of each type of each kind that is shipped, all fields
 * filled, the tables with ROWS rows and free texts with CHARACTERS; the slowest one counts. And once more with everything as
 * long as the kind allows, as far as a part 0 has room. Prints for both: kind, type, octets, and microseconds of
 * processor time at the sender and at the receiver, the median of ROUNDS.
 *
 *   build/bench/forms */

static const base_time NOW = 1800000000;

enum { ROUNDS = 101, WARM = 5, ROWS = 4, CHARACTERS = 160, CODES = 4 };

static struct base_error error;

static void need(enum base_code code) {
  if (code != BASE_OK) {
    fprintf(stderr, "bench/forms: %s\n", error.text);
    exit(1);
  }
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static size_t first_of(void *context, size_t limit) {
  (void)context, (void)limit;
  return 0; /* what is optional is there: 0 is below 100 */
}

#define ORIGIN "wasl/paris/0123456789abcdef"
#define OTHER "wasl/rabat/0123456789abcdef"
#define ID "00000000000000000000000000000000000000000000000000000000000000aa"

struct took {
  const char *kind, *type;
  size_t octets;
  double sent, taken;
};

/* The message that the form makes, for whoever receives it. */
static void write_message(const struct wire_kind *kind, const struct wire_kind_type *type, const struct wire_form *form,
                          struct base_view rest, struct base_buf *header_out, struct base_buf *part0_out) {
  static const struct wire_part0 empty;
  struct wire_header header = {.opens = type == &kind->types[kind->opening], .kind = kind->name, .type = type->name};
  header.kind_hash = kind->hash;
  header.time = NOW;
  header.author = header.parties[0] = BASE_VIEW(ORIGIN);
  header.parties[1] = BASE_VIEW(OTHER);
  header.party_count = 2;
  struct base_id followed = {{0}};
  header.follow_count = !header.opens;
  header.follows = &followed;
  header.state_count = form->state_count;
  memcpy(header.state, form->state, sizeof header.state);
  need(wire_header_write(&header, header_out, &error));
  need(wire_part0_write(&empty, rest, part0_out, &error));
}

static double send_one(const struct wire_kind *kind, const struct wire_kind_type *type, struct base_view text,
                       struct base_buf *header, struct base_buf *part0) {
  static const struct wire_form_parties parties = {
      .count = 2, .all = {{BASE_VIEW("paris"), BASE_VIEW(ORIGIN)}, {BASE_VIEW("rabat"), BASE_VIEW(OTHER)}}};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf rest = {0};
  WIRE_AUTO_JSON struct wire_json *fields = NULL;
  struct wire_form form;
  double begin = microseconds();
  need(wire_json_parse(text, 2 * WIRE_PART0_MAX, "fields", &fields, &error));
  need(wire_form_check(&parties, type, fields, NOW, &arena, &form, &rest, &error));
  double spent = microseconds() - begin;
  base_buf_reset(header);
  base_buf_reset(part0);
  write_message(kind, type, &form, base_buf_view(&rest), header, part0);
  return spent;
}

static double take_one(const struct wire_kind *kind, struct base_view header_text, struct base_view part0_text) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_header header;
  struct wire_part0 part0;
  double begin = microseconds();
  need(wire_header_parse(header_text, &arena, &header, &error));
  need(wire_form_check_header(kind, &header, &error));
  need(wire_part0_parse(part0_text, &arena, &part0, &error));
  double spent = microseconds() - begin;
  wire_part0_free(&part0);
  return spent;
}

static void measure(const struct wire_kind *kind, const struct wire_kind_type *type, const struct filled *how, struct took *slowest) {
  BASE_AUTO_BUF struct base_buf text = {0}, header = {0}, part0 = {0};
  double sent[ROUNDS], taken[ROUNDS];
  struct wire_writer writer;
  base_buf_init(&text, 64 << 20);
  wire_writer_init(&writer, &text);
  filled_form(&writer, type, how);
  if (text.size > WIRE_PART0_MAX - (64 << 10))
    return; /* more than a message holds */
  for (int i = -WARM; i < ROUNDS; i++) {
    double one = send_one(kind, type, base_buf_view(&text), &header, &part0);
    double two = take_one(kind, base_buf_view(&header), base_buf_view(&part0));
    sent[i < 0 ? 0 : i] = one;
    taken[i < 0 ? 0 : i] = two;
  }
  qsort(sent, ROUNDS, sizeof *sent, by_value);
  qsort(taken, ROUNDS, sizeof *taken, by_value);
  if (sent[ROUNDS / 2] > slowest->sent)
    *slowest = (struct took){(const char *)kind->name.data, (const char *)type->name.data, header.size + part0.size,
                             sent[ROUNDS / 2], taken[ROUNDS / 2]};
}

static void measure_all(struct wire_kind *const *kinds, size_t count, size_t rows, size_t characters, size_t codes) {
  struct took slowest = {0};
  struct filled how = {.below = first_of, .optional = 100, .now = NOW, .item = BASE_VIEW(ID), .message = BASE_VIEW(ID),
                       .party = BASE_VIEW("rabat"), .rows = rows, .characters = characters, .codes = codes};
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < kinds[i]->type_count; k++)
      measure(kinds[i], &kinds[i]->types[k], &how, &slowest);
  printf("%s %s %zu %.1f %.1f\n", slowest.kind, slowest.type, slowest.octets, slowest.sent, slowest.taken);
}

int main(void) {
  struct wire_kind *kinds[256];
  size_t count = 0;
  for (size_t i = 0; i < kinds_count && count < 256; i++) {
    const char *name = kinds_files[i].name;
    static const struct base_hash hash;
    struct base_arena *arena = calloc(1, sizeof *arena);
    if (strstr(name, ".labels.") != NULL)
      continue;
    kinds[count] = calloc(1, sizeof **kinds);
    if (arena == NULL || kinds[count] == NULL)
      return 1;
    base_arena_init(arena, WIRE_KIND_ARENA);
    need(wire_kind_parse(base_view_of(kinds_files[i].data, kinds_files[i].size), &hash, arena, kinds[count++], &error));
  }
  measure_all(kinds, count, ROWS, CHARACTERS, CODES);
  measure_all(kinds, count, SIZE_MAX, SIZE_MAX, SIZE_MAX);
  return 0;
}
