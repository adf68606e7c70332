/* SPDX-License-Identifier: Apache-2.0
 * A message to two partners, of whom one has it and the other was away, is lost by its author: it comes back from the
 * one and is given to the other (spec/epoch.md, "What was lost comes back"). b, paris, is the one that loses. */
#include "core_lost.h"

#include "wire/consignment.h"

enum { NODES = 3 };

static struct pair_node *target(const struct pair_parcel *parcel, struct pair_node **present) {
  struct base_view sealed;
  struct wire_envelope envelope;
  struct pair_node *to = NULL;
  assert_int_equal(base_map_sealed(parcel->fd, WIRE_CONSIGNMENT_MAX, &sealed, NULL), BASE_OK);
  assert_int_equal(wire_envelope_parse(sealed, &envelope, NULL), BASE_OK);
  for (int i = 0; i < NODES; i++)
    if (present[i] != NULL && base_view_equal(envelope.to, present[i]->core->card.origin))
      to = present[i];
  base_unmap(&sealed);
  return to;
}

/* Those that are there send each other what they have, for a while. */
static void exchange(struct pair_node **present) {
  struct pair_parcel parcel;
  for (int round = 0; round < 12; round++)
    for (int i = 0; i < NODES; i++) {
      if (present[i] == NULL)
        continue;
      present[i]->ms += 31000;
      while (pair_take(present[i], &parcel)) {
        struct pair_node *to = target(&parcel, present);
        struct pair_answer answer = {0};
        if (to != NULL)
          answer = pair_give(present[i], to, parcel.fd);
        pair_done(present[i], parcel.exchange, to != NULL ? &answer : NULL);
        if (to != NULL)
          pair_answer_free(&answer);
        close(parcel.fd);
      }
    }
}

static void open_case(struct pair_node *node, const char *kind, const char *to, char id[65]) {
  char ask[100];
  snprintf(ask, sizeof ask, "{\"actor\":\"amal\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, ask, -1);
  struct base_buf json = {0};
  assert_int_equal(example.status, BASE_OK);
  base_buf_printf(&json, "{\"actor\":\"amal\",\"kind\":\"%s\",\"to\":[%s],\"fields\":%.*s}%c", kind, to,
                  (int)example.payload.size, (const char *)example.payload.data, 0);
  pair_id(node, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_answer_free(&example);
}

static void propose_to_both(struct pair_node *node, char id[65]) {
  open_case(node, "agreement", "\"rabat\",\"madrid\"", id);
}

static bool has(struct pair_node *node, const char *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct base_id message = try_id(id);
  return store_message_header(node->core->store, &message, &arena, &row, NULL) == BASE_OK &&
         row.state == STORE_MESSAGE_HELD;
}

static void make_three(struct pair_node **all) {
  static const char *const names[] = {"rabat", "paris", "madrid"};
  for (int i = 0; i < NODES; i++)
    pair_make(all[i], names[i]);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < NODES; k++)
      if (i != k)
        pair_partner(all[i], all[k]);
}

/* b loses what it did since its copy was made, and both confirm its new epoch. */
static void lose_and_confirm(struct pair_node **all) {
  struct pair_node *b = all[1];
  pair_close(b);
  copy(b, "/old-core", "/core");
  open_epoch(b);
  exchange(all);
  for (int i = 0; i < NODES; i += 2) {
    confirm(all[i], b, BASE_OK);
    exchange(all);
  }
}

static void keep_copy(struct pair_node *node) {
  pair_close(node);
  copy(node, "/core", "/old-core");
  pair_open(node);
}

static void test_to_who_was_away(void **state) {
  (void)state;
  struct pair_node a, b, c;
  char id[65], other[65];
  struct pair_node *all[] = {&a, &b, &c}, *without_c[] = {&a, &b, NULL};
  make_three(all);
  propose_to_both(&b, other);
  exchange(all);
  keep_copy(&b);
  propose_to_both(&b, id);
  exchange(without_c);
  assert_true(has(&a, id) && !has(&c, id));
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  open_epoch(&b);
  exchange(all);
  confirm(&a, &b, BASE_OK);
  exchange(all);
  assert_true(has(&b, id) && !has(&c, id));
  assert_int_equal(try_leaves(&b, WIRE_ACT_SENT, NULL, 0), 2); /* what c holds is not known yet */
  confirm(&c, &b, BASE_OK);
  exchange(all);
  assert_true(has(&c, id));
  assert_int_equal(pair_outbox(&b, id, NULL), STORE_RECEIPTED);
  for (int i = 0; i < NODES; i++) {
    assert_int_equal(try_leaves(all[i], WIRE_ACT_FAULT, NULL, 0), 0);
    try_sound(all[i]);
  }
  /* Once, whatever is looked at again. */
  unsigned sent = try_leaves(&b, WIRE_ACT_SENT, NULL, 0);
  pair_close(&b);
  pair_open(&b);
  exchange(all);
  assert_int_equal(try_leaves(&b, WIRE_ACT_SENT, NULL, 0), sent);
  for (int i = 0; i < NODES; i++)
    pair_remove(all[i]);
}

/* b agrees with him alone. */
static void agree(struct pair_node **all, struct pair_node *other, char id[65]) {
  char name[20], accepted[65], fields[100];
  snprintf(name, sizeof name, "\"%s\"", other->name);
  open_case(all[1], "agreement", name, id);
  exchange(all);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", id);
  try_send(other, id, "accept", fields, accepted);
  exchange(all);
}

/* The clause of the last sent leaf begins with this agreement. */
static void sent_under(struct pair_node *node, const char *agreement) {
  char last[LAW_CLAUSE_MAX + 1] = "";
  for (uint64_t i = 0; i < node->core->reg.size; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct base_view entry, bytes;
    struct wire_leaf leaf;
    struct wire_opening opening;
    assert_int_equal(core_register_read(node->core, i, &arena, &entry, &bytes, NULL), BASE_OK);
    assert_int_equal(wire_leaf_parse(entry, &leaf, NULL), BASE_OK);
    assert_int_equal(wire_opening_parse(leaf.act, bytes, &arena, &opening, NULL), BASE_OK);
    if (leaf.act == WIRE_ACT_SENT)
      snprintf(last, sizeof last, "%.*s", (int)opening.clause.size, (const char *)opening.clause.data);
  }
  if (strncmp(last, agreement, strlen(agreement)) != 0)
    fail_msg("sent under %s, not %s", last, agreement);
}

/* One agreement with each: what the one has under his, the other gets under his own, or not at all. */
static void test_under_his_own_agreement(void **state) {
  (void)state;
  struct pair_node a, b, c;
  char with_a[65], with_c[65], first[65], second[65], ended[65];
  struct pair_node *all[] = {&a, &b, &c}, *without_c[] = {&a, &b, NULL};
  make_three(all);
  agree(all, &a, with_a);
  agree(all, &c, with_c);
  keep_copy(&b);
  open_case(&b, "request", "\"rabat\",\"madrid\"", first);
  exchange(without_c);
  assert_true(has(&a, first) && !has(&c, first));
  lose_and_confirm(all);
  assert_true(has(&c, first));
  sent_under(&b, with_c);
  keep_copy(&b);
  open_case(&b, "request", "\"rabat\",\"madrid\"", second);
  exchange(without_c);
  try_send(&c, with_c, "end", "{\"reason\":\"r\"}", ended);
  lose_and_confirm(all);
  assert_true(has(&b, second) && !has(&c, second));
  for (int i = 0; i < NODES; i++) {
    assert_int_equal(try_leaves(all[i], WIRE_ACT_FAULT, NULL, 0), 0);
    try_sound(all[i]);
    pair_remove(all[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_to_who_was_away),
                                     cmocka_unit_test(test_under_his_own_agreement)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
