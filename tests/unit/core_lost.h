/* SPDX-License-Identifier: Apache-2.0
 * Two partners, one of which (b, paris) loses what it did since a backup and goes on in a new epoch of its register. */
#ifndef WASL_TESTS_CORE_LOST_H
#define WASL_TESTS_CORE_LOST_H

#include "core/back.h"
#include "core_try.h"

static inline void copy(const struct pair_node *node, const char *from, const char *to) {
  char command[512];
  snprintf(command, sizeof command, "rm -rf '%s%s' && cp -a '%s%s' '%s%s'", node->dir, to, node->dir, from, node->dir,
           to);
  assert_int_equal(system(command), 0);
  char source[160], target[160];
  snprintf(source, sizeof source, "%s%s", node->dir, from);
  snprintf(target, sizeof target, "%s%s", node->dir, to);
  struct place_name backup = place_of(source), restored = place_of(target);
  place_copy(&backup, &restored);
}

static inline enum base_code keeper_epoch(struct pair_node *node, uint32_t number, struct base_error *err) {
  char origin[WIRE_ORIGIN_MAX + 1];
  int dir = openat(node->keeper_root, "keeper", O_RDONLY | O_DIRECTORY);
  enum base_code code = keeper_epoch_open(dir, number, &(struct keeper_data){0}, &node->world, origin, err);
  close(dir);
  return code;
}

static inline void open_epoch(struct pair_node *node) {
  struct base_error err = {0};
  assert_int_equal(keeper_epoch(node, 0, &err), BASE_OK);
  pair_open(node);
}

/* In this order: saved, mine from b, his from a; then b's data are put back. */
static inline void lose(struct pair_node *a, struct pair_node *b, unsigned mine, unsigned his, char last_mine[65],
                 char last_his[65]) {
  pair_close(b);
  copy(b, "/core", "/old-core");
  pair_open(b);
  for (unsigned i = 0; i < mine; i++)
    pair_request(b, a, last_mine);
  for (unsigned i = 0; i < his; i++)
    pair_request(a, b, last_his);
  pair_rest(a, b);
  pair_close(b);
  copy(b, "/core", "/lost-core");
  copy(b, "/old-core", "/core");
}

static inline void later(struct pair_node *a, struct pair_node *b) {
  for (int i = 0; i < 4; i++) {
    a->ms += 31000;
    b->ms += 31000;
    pair_send(b, a);
    pair_rest(a, b);
  }
}

static inline void confirm(struct pair_node *a, struct pair_node *b, enum base_code want) {
  char json[256];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"name\":\"paris\",\"fingerprint\":\"%s\"}", b->core->epoch_digits);
  if (want != BASE_OK) {
    pair_refused(a, LINK_PARTNER_EPOCH, json, want);
    return;
  }
  struct pair_answer answer = pair_ask(a, LINK_PARTNER_EPOCH, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
}

/* The node that lost is known here in its next epoch, whatever it kept. */
static inline void renewed(struct pair_node *a, struct pair_node *b) {
  open_epoch(b);
  later(a, b);
  confirm(a, b, BASE_OK);
  later(a, b);
  assert_false(core_epoch_waits(try_partner(b)));
}

static inline void request_with_part(struct pair_node *a, const struct pair_node *b, uint64_t size, uint64_t seed,
                              char id[65]) {
  struct base_buf parts = {0};
  try_upload(a, size, seed, &parts);
  try_request_with(a, b, try_parts_end(&parts), id);
  base_buf_free(&parts);
}

#endif
