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

static void propose_to_both(struct pair_node *node, char id[65]) {
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, "{\"actor\":\"amal\",\"kind\":\"agreement\"}", -1);
  struct base_buf json = {0};
  assert_int_equal(example.status, BASE_OK);
  base_buf_printf(&json, "{\"actor\":\"amal\",\"kind\":\"agreement\",\"to\":[\"rabat\",\"madrid\"],\"fields\":%.*s}%c",
                  (int)example.payload.size, (const char *)example.payload.data, 0);
  pair_id(node, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_answer_free(&example);
}

static bool has(struct pair_node *node, const char *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct base_id message = try_id(id);
  return store_message_header(node->core->store, &message, &arena, &row, NULL) == BASE_OK &&
         row.state == STORE_MESSAGE_HELD;
}

static void test_to_who_was_away(void **state) {
  (void)state;
  struct pair_node a, b, c;
  char id[65], other[65];
  pair_make(&a, "rabat");
  pair_make(&b, "paris");
  pair_make(&c, "madrid");
  struct pair_node *all[] = {&a, &b, &c}, *without_c[] = {&a, &b, NULL};
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < NODES; k++)
      if (i != k)
        pair_partner(all[i], all[k]);
  propose_to_both(&b, other);
  exchange(all);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  pair_open(&b);
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_to_who_was_away)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
