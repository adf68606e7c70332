/* SPDX-License-Identifier: Apache-2.0
 * What both sides hold, compared: equal after any exchange, without a statement more than asked for; and when one side
 * lost or changed something, the numbers that differ, said at both. */
#include "core_ask.h"
#include "core_damage.h"

#include "core/exchange.h"

static const struct core_compare *compared(const struct pair_node *node) {
  return &node->core->partners[0]->compare;
}

static void reconcile(struct pair_node *from, struct pair_node *to, bool all) {
  char request[96];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"name\":\"%s\"%s}", to->name, all ? ",\"all\":true" : "");
  struct told told = tell(from, LINK_PARTNER_COMPARE, request);
  forget(&told);
  pair_rest(from, to);
  for (int i = 0; i < 4; i++) { /* answers that were on their way */
    from->ms += CORE_COMPARE_AGAIN_MS;
    to->ms += CORE_COMPARE_AGAIN_MS;
    pair_settle(from);
    pair_settle(to);
    pair_rest(from, to);
  }
}

static void says(const struct pair_node *node, const char *words) {
  if (strstr(compared(node)->difference, words) == NULL || (words[0] == '\0' && compared(node)->difference[0] != '\0'))
    fail_msg("%s says '%s', not '%s'", node->name, compared(node)->difference, words);
}

static void exchange(struct pair_node *a, struct pair_node *b, char id[65]) {
  char agreement[65], reply[65], ended[65], request[160];
  struct base_hash sha256;
  ask_two(a, b);
  pair_agree(a, b, agreement);
  pair_request(a, b, id);
  pair_rest(a, b);
  send_in(b, id, "answer", 3000, reply, &sha256);
  pair_request(a, b, ended);
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"id\":\"%s\",\"reason\":\"not needed\"}", ended);
  struct told told = tell(a, LINK_OUTBOX_END, request);
  forget(&told);
  pair_rest(a, b);
}

static void equal(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  exchange(&a, &b, id);
  uint64_t size = a.core->reg.size + b.core->reg.size;
  reconcile(&a, &b, false);
  assert_int_equal(a.core->reg.size + b.core->reg.size, size + 2); /* a statement each */
  says(&a, "");
  says(&b, "");
  assert_true(compared(&a)->compared != 0 && compared(&b)->compared != 0);
  assert_true(compared(&a)->rounds == 1 && compared(&b)->rounds >= 1);
  struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 16);
  struct store_comparison row;
  assert_int_equal(store_comparison_get(a.core->store, a.core->partners[0]->row.number, &arena, &row, NULL), BASE_OK);
  assert_int_equal(row.equal_known, a.core->partners[0]->row.sent_number);
  assert_int_equal(row.equal_answered, a.core->partners[0]->row.received_number);
  assert_true(row.leaf.size > 0 && row.proof.size > 0);
  base_arena_free(&arena);
  /* On and on, from the beginning too, and after a restart. */
  pair_request(&b, &a, id);
  pair_rest(&a, &b);
  a.now += CORE_COMPARE_FRESH_SECONDS;
  b.now += CORE_COMPARE_FRESH_SECONDS;
  reconcile(&b, &a, true);
  says(&a, "");
  says(&b, "");
  pair_close(&a);
  pair_open(&a);
  size = a.core->reg.size + b.core->reg.size;
  assert_int_equal(pair_rest(&a, &b), 0);
  assert_int_equal(a.core->reg.size + b.core->reg.size, size);
  ask_remove(&a, &b);
}

static void daily(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  exchange(&a, &b, id);
  uint64_t size = a.core->reg.size + b.core->reg.size;
  a.now += CORE_COMPARE_SECONDS - 100;
  pair_rest(&a, &b);
  assert_int_equal(a.core->reg.size + b.core->reg.size, size);
  a.now += 200;
  b.now = a.now;
  int64_t due = core_compare_next_ms(a.core);
  assert_int_equal(due, 0);
  pair_rest(&a, &b);
  assert_int_equal(a.core->reg.size + b.core->reg.size, size + 2);
  assert_true(compared(&a)->compared == a.now && compared(&b)->compared == b.now);
  says(&a, "");
  /* Nothing was exchanged since: both come to rest. */
  a.now += 3 * CORE_COMPARE_SECONDS;
  b.now = a.now;
  assert_int_equal(pair_rest(&a, &b), 0);
  assert_int_equal(a.core->reg.size + b.core->reg.size, size + 2);
  ask_remove(&a, &b);
}

/* Both are due, and their statements cross: one of each is enough. */
static void crossing(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  exchange(&a, &b, id);
  uint64_t size = a.core->reg.size + b.core->reg.size;
  a.now += CORE_COMPARE_SECONDS + 100;
  b.now = a.now;
  struct pair_node *nodes[2] = {&a, &b};
  struct pair_parcel parcels[2];
  for (int i = 0; i < 2; i++)
    assert_true(pair_take(nodes[i], &parcels[i]));
  for (int i = 0; i < 2; i++) {
    struct pair_answer answer = pair_give(nodes[i], nodes[1 - i], parcels[i].fd);
    pair_done(nodes[i], parcels[i].exchange, &answer);
    pair_answer_free(&answer);
    close(parcels[i].fd);
  }
  pair_rest(&a, &b);
  assert_int_equal(a.core->reg.size + b.core->reg.size, size + 2);
  assert_true(compared(&a)->compared == a.now && compared(&b)->compared == b.now);
  ask_remove(&a, &b);
}

static void lost_answer(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct pair_parcel parcel;
  exchange(&a, &b, id);
  pair_request(&a, &b, id);
  assert_true(pair_take(&a, &parcel));
  struct pair_answer answer = pair_give(&a, &b, parcel.fd);
  pair_answer_free(&answer);
  close(parcel.fd);
  pair_done(&a, parcel.exchange, NULL); /* the receipt did not come back */
  a.ms += 60000;
  reconcile(&b, &a, false);
  says(&a, "");
  says(&b, "");
  assert_int_equal(pair_outbox(&a, id, NULL), STORE_RECEIPTED);
  ask_remove(&a, &b);
}

/* What one side's store says is changed behind its back. */
static void changed(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  exchange(&a, &b, id);
  struct base_error err = {0};
  struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id message;
  struct store_delivery delivery;
  assert_true(base_id_parse(base_view_text(id), &message));
  assert_int_equal(
      store_delivery_get(a.core->store, &message, a.core->partners[0]->row.number, &arena, &delivery, &err), BASE_OK);
  char leaf[WIRE_LEAF_MAX];
  memcpy(leaf, delivery.leaf.data, delivery.leaf.size);
  char *digit = (char *)memmem(leaf, delivery.leaf.size, "commitment", 10) + 13;
  *digit = *digit == '0' ? '1' : '0';
  struct base_view right = delivery.leaf;
  delivery.leaf = base_view_of(leaf, right.size);
  assert_int_equal(store_begin(a.core->store, &err), BASE_OK);
  assert_int_equal(store_delivery_update(a.core->store, &delivery, &err), BASE_OK);
  assert_int_equal(store_commit(a.core->store, &err), BASE_OK);
  reconcile(&a, &b, false);
  char expected[64];
  snprintf(expected, sizeof expected, "number %llu", (unsigned long long)delivery.number);
  says(&a, expected);
  says(&a, "another leaf");
  says(&b, expected);
  assert_true(strstr(compared(&b)->difference, ";") == NULL); /* this one and no other */
  delivery.leaf = right;
  assert_int_equal(store_begin(a.core->store, &err), BASE_OK);
  assert_int_equal(store_delivery_update(a.core->store, &delivery, &err), BASE_OK);
  assert_int_equal(store_commit(a.core->store, &err), BASE_OK);
  a.now += CORE_COMPARE_FRESH_SECONDS;
  b.now = a.now;
  reconcile(&a, &b, false);
  says(&a, "");
  says(&b, "");
  base_arena_free(&arena);
  ask_remove(&a, &b);
}

static void refusals(void **state) {
  (void)state;
  struct pair_node a, b;
  ask_two(&a, &b);
  pair_refused(&a, LINK_PARTNER_COMPARE, "{\"actor\":\"amal\",\"name\":\"madrid\"}", BASE_UNKNOWN_NODE);
  struct told told = tell(&a, LINK_PARTNER_STATE, "{\"actor\":\"amal\",\"name\":\"paris\",\"state\":\"suspended\"}");
  forget(&told);
  pair_refused(&a, LINK_PARTNER_COMPARE, "{\"actor\":\"amal\",\"name\":\"paris\"}", BASE_SUSPENDED);
  ask_remove(&a, &b);
}

/* What waits for a partner that is suspended wakes nobody. */
static void suspended(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  exchange(&a, &b, id);
  a.core->partners[0]->compare.again_ms = core_now_ms(a.core) + 1000;
  assert_int_equal(core_compare_next_ms(a.core), 1000);
  struct told told = tell(&a, LINK_PARTNER_STATE, "{\"actor\":\"amal\",\"name\":\"paris\",\"state\":\"suspended\"}");
  forget(&told);
  a.ms += 2000;
  assert_int_equal(core_compare_next_ms(a.core), -1);
  told = tell(&a, LINK_PARTNER_STATE, "{\"actor\":\"amal\",\"name\":\"paris\",\"state\":\"active\"}");
  forget(&told);
  pair_rest(&a, &b);
  assert_int_equal(a.core->partners[0]->compare.again_ms, 0);
  ask_remove(&a, &b);
}

/* More numbers than a step walks over. */
static void many(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  exchange(&a, &b, id);
  for (int i = 0; i < CORE_COMPARE_STEP + 10; i++)
    pair_request(&a, &b, id);
  pair_rest(&a, &b);
  reconcile(&a, &b, true);
  says(&a, "");
  says(&b, "");
  assert_true(compared(&a)->compared != 0 && compared(&b)->compared != 0);
  ask_remove(&a, &b);
}

/* What is remembered of a comparison, and of files carried, is held against the register too. */
static void remembered(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  static const struct {
    const char *sql, *says;
  } changes[] = {
      {"UPDATE comparisons SET given = given + 1", "what is kept of its comparison is not what leaf"},
      {"UPDATE comparisons SET given = given - 1, leaf_index = 1", "what is kept of its comparison is not what leaf 1"},
      {"UPDATE comparisons SET his_proof = zeroblob(32)", "the statement of it that is kept does not verify"},
      {"UPDATE comparisons SET his_leaf = x'', his_opening = x''", "the statement of it that is kept does not verify"},
      {"INSERT INTO carried(partner, made, sent_number, bases) SELECT number, 1, 1000, x'' FROM partners",
       "what is kept of files carried to it names what there never was"},
  };
  exchange(&a, &b, id);
  reconcile(&a, &b, false);
  try_sound(&a);
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct base_buf found = {0};
    damage_sql(&a, changes[i].sql);
    assert_true(try_check(&a, &found) > 0);
    base_buf_u8(&found, 0);
    if (strstr((const char *)found.data, changes[i].says) == NULL)
      fail_msg("%s: %s", changes[i].sql, (const char *)found.data);
    base_buf_free(&found);
  }
  ask_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal),       cmocka_unit_test(daily),   cmocka_unit_test(crossing),
      cmocka_unit_test(lost_answer), cmocka_unit_test(changed), cmocka_unit_test(refusals),
      cmocka_unit_test(suspended),   cmocka_unit_test(many),    cmocka_unit_test(remembered)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
