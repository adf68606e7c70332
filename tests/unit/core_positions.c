/* SPDX-License-Identifier: Apache-2.0
 * Where a card and a head stand in the row of all heads of a register (spec/card.md, "Generations"): a partner who
 * names his card by a head of another time would make right evidence against him look wrong; who is honest is not
 * blamed. */
#include "core_lost.h"

#include "core/cards.h"
#include "keeper/internal.h"

static void rotate(struct pair_node *node) {
  struct pair_answer answer = pair_ask(node, LINK_KEY_ROTATE, "{\"actor\":\"officer\",\"sign\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
}

/* --- a dishonest node, whose keeper signs what it is asked */

static char lie[8]; /* the epoch of the head that names the card, "" for the first */
static uint64_t lie_size;

static enum base_code lying(void *context, const struct wire_keeper_succeed *form, struct base_buf *succession,
                            struct base_buf *note, struct base_error *err) {
  struct keeper *keeper = ((struct pair_node *)context)->keeper;
  char truth[sizeof keeper->register_origin];
  struct base_buf text = {0};
  memcpy(truth, keeper->register_origin, sizeof truth);
  assert_true(strlen(truth) + strlen(lie) < sizeof truth);
  strcat(keeper->register_origin, lie);
  struct wire_succession head = {.checkpoint = {base_view_text(keeper->register_origin), lie_size, form->head.root},
                                 .generation = 2,
                                 .card = seal_sha256(form->card)};
  wire_succession_write(&head, &text);
  base_buf_add_buf(succession, &text);
  base_buf_text(succession, "\n");
  const struct keeper_held *keys[] = {keeper_ring_find(keeper, KEEPER_KEY_LOG, 1),
                                      keeper_ring_newest(keeper, KEEPER_KEY_LOG)};
  for (int i = 0; i < 2; i++)
    assert_int_equal(keeper_sign_line(keeper, keys[i], base_buf_view(&text), succession, err), BASE_OK);
  base_buf_free(&text);
  memcpy(keeper->register_origin, truth, sizeof truth);
  struct keeper_head own = *keeper_heads_own(keeper->heads);
  own.log = lie_size < form->head.size ? 2 : 1; /* whose signatures it claims from now on */
  assert_int_equal(keeper_heads_store(keeper->heads, 0, &own, err), BASE_OK);
  return keeper_attest(keeper, form->head.size, &form->head.root, form->head.proof, form->head.count, note, err);
}

static void not_taken(const char *epoch, uint64_t size, const char *says) {
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  snprintf(lie, sizeof lie, "%s", epoch);
  lie_size = size;
  b.core->env.keeper.succeed = lying;
  rotate(&b);
  b.core->cards.list[1].position = 1; /* its core would not show such a card */
  pair_request(&b, &a, id);
  later(&a, &b);
  assert_int_equal(try_partner(&a)->card.generation, 1);
  char reason[600] = "";
  (void)try_leaves(&a, WIRE_ACT_FAULT, reason, sizeof reason);
  if (strstr(reason, says) == NULL)
    fail_msg("'%s'", reason);
  char origin[WIRE_ORIGIN_MAX + 8];
  snprintf(origin, sizeof origin, "%.*s/5", (int)try_partner(&a)->card.origin.size,
           (const char *)try_partner(&a)->card.origin.data);
  struct base_hash hash = seal_sha256(base_view_text(origin));
  assert_int_equal(keeper_heads_find(a.keeper->heads, &hash), KEEPER_NO_RECORD);
  pair_remove(&a);
  pair_remove(&b);
}
static void test_named_by_a_later_head(void **state) {
  (void)state;
  not_taken("/5", 1000, "named by a head later than the one that brings it");
  not_taken("", 1 << 20, "named by a head later than the one that brings it");
}
static void test_named_by_an_older_head(void **state) {
  (void)state;
  not_taken("", 3, "named by a head older than one by the key before it");
}

/* --- honest nodes */

/* A line that comes late, on a head of an epoch that was closed since, is verified by the key of then. */
static void test_late_line(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, id);
  later(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  pair_open(&b);
  rotate(&b); /* a does not hear of it */
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  open_epoch(&b);
  for (int i = 0; i < 3; i++) {
    try_partner(&a)->row.owes_cosign = true; /* as one asks about an older head, or in a file that is carried */
    a.ms += 31000;
    b.ms += 31000;
    (void)pair_send(&a, &b);
    pair_settle(&b);
  }
  assert_int_equal(try_leaves(&b, WIRE_ACT_FAULT, NULL, 0), 0);
  assert_int_equal(b.core->card.generation, 2);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_int_equal(try_partner(&a)->card.generation, 2);
  assert_int_equal(try_leaves(&a, WIRE_ACT_FAULT, NULL, 0), 0);
  try_remove(&a, &b);
}

/* A line on a head that was lost comes late, when the register has another head of that size: nobody is to blame. */
static void test_line_on_what_was_lost(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  lose(&a, &b, 2, 0, mine, his);
  open_epoch(&b);
  while (b.core->reg.attested < try_partner(&a)->seen_size) { /* a leaf each */
    struct pair_answer answer =
        pair_ask(&b, LINK_WITNESS_CHANGE, "{\"actor\":\"amal\",\"do\":\"quorum\",\"quorum\":0}", -1);
    assert_int_equal(answer.status, BASE_OK);
    pair_answer_free(&answer);
    pair_settle(&b);
  }
  assert_int_equal(b.core->reg.attested, try_partner(&a)->seen_size);
  try_partner(&a)->row.owes_cosign = true;
  a.ms += 31000;
  b.ms += 31000;
  (void)pair_send(&a, &b);
  pair_settle(&b);
  assert_int_equal(try_leaves(&b, WIRE_ACT_FAULT, NULL, 0), 0);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_false(core_epoch_waits(try_partner(&b)));
  assert_int_equal(try_leaves(&b, WIRE_ACT_FAULT, NULL, 0), 0);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_named_by_a_later_head),
                                     cmocka_unit_test(test_named_by_an_older_head), cmocka_unit_test(test_late_line),
                                     cmocka_unit_test(test_line_on_what_was_lost)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
