/* SPDX-License-Identifier: Apache-2.0
 * More than one epoch of a register (spec/epoch.md): copies of a time before one are put back after it, newer and older
 * ones in turn, and the exchange goes on each time that an officer confirmed. In each case b is the one that lost. */
#include "core/partners.h"
#include "core_ask.h"
#include "core_lost.h"

#include "core/exchange.h"

static void both_ways(struct pair_node *a, struct pair_node *b) {
  char mine[65], his[65];
  pair_request(b, a, mine);
  pair_request(a, b, his);
  later(a, b);
  try_receipted(b, mine);
  try_receipted(a, his);
}

static void no_difference(const struct pair_node *a, const struct pair_node *b) {
  const struct pair_node *nodes[] = {a, b};
  for (int i = 0; i < 2; i++)
    if (nodes[i]->core->partners[0]->compare.difference[0] != '\0')
      fail_msg("%s says '%s'", nodes[i]->name, nodes[i]->core->partners[0]->compare.difference);
}

/* Asked for at both, one after the other, as an officer does who wants to know at once. */
static void equal(struct pair_node *a, struct pair_node *b) {
  struct pair_node *nodes[] = {a, b};
  for (int i = 0; i < 2; i++) {
    char request[96];
    snprintf(request, sizeof request, "{\"actor\":\"amal\",\"name\":\"%s\"}", nodes[1 - i]->name);
    struct told told = tell(nodes[i], LINK_PARTNER_COMPARE, request);
    forget(&told);
    later(a, b);
    no_difference(a, b);
    assert_true(try_partner(a)->compare.compared > 0 && try_partner(b)->compare.compared > 0);
  }
}

static void well(struct pair_node *a, struct pair_node *b) {
  assert_false(core_epoch_waits(try_partner(b)) || core_partner_stopped(try_partner(a)));
  no_difference(a, b); /* b compared as soon as what it lost was back */
  equal(a, b);
  try_sound(a);
  try_restart(a);
  try_restart(b);
  assert_string_equal(try_partner(a)->damaged, "");
  assert_string_equal(try_partner(b)->damaged, "");
  both_ways(a, b);
  equal(a, b);
}

/* What was lost is found again, and put back after the epoch without it: that epoch is closed in turn. */
static void found_again(unsigned mine) {
  struct pair_node a, b;
  char last_mine[65], last_his[65];
  try_agreed(&a, &b);
  lose(&a, &b, mine, 1, last_mine, last_his);
  renewed(&a, &b);
  equal(&a, &b); /* a states what b will not know */
  pair_close(&b);
  copy(&b, "/lost-core", "/core");
  renewed(&a, &b);
  assert_int_equal(try_partner(&a)->renewed.number, 3);
  assert_int_equal(try_partner(&b)->row.sent_number, try_partner(&a)->row.received_number);
  well(&a, &b);
  pair_close(&b); /* and the older one once more */
  copy(&b, "/old-core", "/core");
  renewed(&a, &b);
  well(&a, &b);
  assert_int_equal(try_leaves(&a, WIRE_ACT_FAULT, NULL, 0), 0);
  try_remove(&a, &b);
}
static void test_found_again(void **state) {
  (void)state;
  found_again(1);
  found_again(3);
}

/* A node that lost numbers in one epoch loses nothing more, and goes on from the leaf that stands in their place. */
static void test_goes_on_from_an_epoch(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  lose(&a, &b, 2, 1, mine, his);
  renewed(&a, &b);
  pair_close(&b);
  open_epoch(&b);
  struct told status = tell(&b, LINK_NODE_STATUS, "{}"); /* before anybody confirmed: what came back is here */
  const struct wire_json *lost = at(wire_json_get(wire_json_get(status.json, "register"), "lost"), 0);
  assert_int_equal(number(lost, "returned"), 2);
  assert_int_equal(wire_json_size(wire_json_get(lost, "missing")), 0);
  forget(&status);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_int_equal(try_partner(&b)->back.came, 2);
  well(&a, &b);
  try_remove(&a, &b);
}

/* The whole folder is put back to before an epoch that a confirmed, which it knows nothing of. */
enum forgets { AT_ONCE, AFTER_A_START, AFTER_THE_SAME_NUMBER };
static void forgot(enum forgets how, unsigned messages) {
  struct pair_node a, b;
  char mine[65], his[65];
  struct base_error err = {0};
  try_agreed(&a, &b);
  lose(&a, &b, messages, messages, mine, his);
  copy(&b, "/keeper", "/lost-keeper");
  renewed(&a, &b);
  both_ways(&a, &b);
  pair_close(&b);
  copy(&b, "/lost-keeper", "/keeper");
  copy(&b, "/lost-core", "/core");
  if (how != AT_ONCE) {
    if (how == AFTER_THE_SAME_NUMBER)
      assert_int_equal(keeper_epoch(&b, 0, &err), BASE_OK);
    pair_open(&b);
    assert_int_equal(b.core->epoch, how == AFTER_A_START ? 1 : 2);
    pair_request(&a, &b, his);
    later(&a, &b);
    assert_non_null(strstr(b.core->lost, "(epoch 2, "));
    assert_non_null(strstr(b.core->lost, "--number 3"));
    try_restart(&b);
    assert_non_null(strstr(b.core->lost, "--number 3"));
    assert_true(try_partner(&a)->stopped || how == AFTER_A_START);
    pair_close(&b);
    if (how == AFTER_A_START) { /* the number that a holds does not help, and is not tried on it */
      open_epoch(&b);
      assert_int_equal(b.core->epoch, 2);
      assert_non_null(strstr(b.core->lost, "--number 3"));
      unsigned faults = try_leaves(&a, WIRE_ACT_FAULT, NULL, 0);
      later(&a, &b);
      assert_int_equal(try_leaves(&a, WIRE_ACT_FAULT, NULL, 0), faults);
      pair_close(&b);
    }
  }
  assert_int_equal(keeper_epoch(&b, 3, &err), BASE_OK);
  pair_open(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  well(&a, &b);
  try_remove(&a, &b);
}
static void test_forgot_an_epoch(void **state) {
  (void)state;
  forgot(AT_ONCE, 1);
  forgot(AT_ONCE, 6); /* more leaves than the epoch that it forgot had at first */
}
static void test_forgot_and_went_on(void **state) {
  (void)state;
  forgot(AFTER_A_START, 1);
  forgot(AFTER_THE_SAME_NUMBER, 6);
}

/* A copy of before the last epoch's first head: what a holds of the epoch before that one must still be extended. */
static void test_reaches_over_an_epoch(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  lose(&a, &b, 1, 1, mine, his);
  copy(&b, "/core", "/first-core");
  copy(&b, "/lost-core", "/core");
  pair_open(&b);
  both_ways(&a, &b);
  pair_close(&b);
  copy(&b, "/lost-core", "/core");
  renewed(&a, &b);
  pair_close(&b);
  copy(&b, "/first-core", "/core");
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  assert_true(try_partner(&a)->unheld && try_partner(&a)->seen_size > 0);
  assert_int_equal(core_head_key_epoch(try_partner(&a)->renewed.base), 1);
  assert_true(try_partner(&a)->seen_size <= b.core->epoch_start);
  later(&a, &b);
  well(&a, &b);
  try_remove(&a, &b);
}

/* Put back to before a cosigned anything, it went on until it had as many leaves again: it names no head as left. */
static void test_names_none(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  try_partners(&a, &b);
  assert_int_equal(try_partner(&b)->row.cosigned_size, 0);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  copy(&b, "/keeper", "/old-keeper");
  pair_open(&b);
  pair_agree(&a, &b, agreement);
  pair_rest(&a, &b);
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  for (int i = 0; i < 20; i++)
    try_suspend(&b, &a, i % 2 == 0 ? "suspended" : "active"); /* leaves */
  pair_propose(&a, &b, agreement);
  later(&a, &b);
  assert_true(try_partner(&a)->stopped && b.core->lost[0] != '\0');
  pair_close(&b);
  renewed(&a, &b);
  assert_false(core_partner_stopped(try_partner(&a)));
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* A number that b gives twice is settled with the first answers, and what a took under it is then no other statement.
 */
static void test_given_twice(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65], other[65];
  unsigned asked = 0;
  try_agreed(&a, &b);
  copy(&b, "/keeper", "/old-keeper");
  lose(&a, &b, 1, 0, mine, his);
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  pair_request(&b, &a, other);
  later(&a, &b);
  assert_true(try_partner(&a)->stopped);
  pair_close(&b);
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  for (int i = 0; i < 8; i++) {
    if (!core_epoch_waits(try_partner(&b)) && !core_back_runs(try_partner(&b))) {
      struct told told = tell(&b, LINK_PARTNER_COMPARE, "{\"actor\":\"amal\",\"name\":\"rabat\"}");
      forget(&told);
      asked++;
    }
    a.ms += 6000;
    b.ms += 6000;
    pair_send(&a, &b);
    pair_send(&b, &a);
    assert_null(strstr(try_partner(&b)->compare.difference, "another one than was given here"));
  }
  later(&a, &b);
  assert_true(asked > 0);
  assert_int_equal(pair_outbox(&b, other, NULL), STORE_REFUSED);
  assert_non_null(strstr(try_partner(&b)->compare.difference, "ended here, received there"));
  assert_null(strstr(try_partner(&b)->compare.difference, "another one than was given here"));
  try_sound(&a);
  pair_remove(&a);
  pair_remove(&b);
}

/* Only what a holds another message for is refused for that; the one behind it, which a never had, names its own
 * reason, and those behind that one go on. */
static void test_behind_one_given_twice(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65], other[3][65];
  struct base_buf reason = {0}, behind = {0};
  base_buf_init(&reason, 600);
  base_buf_init(&behind, 600);
  try_agreed(&a, &b);
  copy(&b, "/keeper", "/old-keeper");
  lose(&a, &b, 1, 0, mine, his);
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  for (int i = 0; i < 3; i++)
    pair_request(&b, &a, other[i]);
  later(&a, &b);
  pair_close(&b);
  renewed(&a, &b);
  later(&a, &b);
  assert_int_equal(pair_outbox(&b, other[0], &reason), STORE_REFUSED);
  base_buf_u8(&reason, 0);
  assert_non_null(strstr((const char *)reason.data, "the partner holds another message in its place"));
  assert_int_equal(pair_outbox(&b, other[1], &behind), STORE_REFUSED);
  base_buf_u8(&behind, 0);
  assert_null(strstr((const char *)behind.data, "holds another message"));
  assert_non_null(strstr((const char *)behind.data, "the partner never had this one"));
  try_receipted(&b, other[2]);
  both_ways(&a, &b);
  base_buf_free(&reason);
  base_buf_free(&behind);
  try_sound(&a);
  pair_remove(&a);
  pair_remove(&b);
}

/* What is given to witnesses, and shown, is what heads bear. */
static void test_shown(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65], log[WIRE_VKEY_MAX + 1];
  try_agreed(&a, &b);
  struct told first = tell(&b, LINK_WITNESS_LIST, "{}");
  struct base_view vkey = wire_json_text(wire_json_get(first.json, "log"));
  assert_true(base_view_equal(vkey, b.core->card.log));
  forget(&first);
  lose(&a, &b, 1, 1, mine, his);
  renewed(&a, &b);
  struct told list = tell(&b, LINK_WITNESS_LIST, "{}"), head = tell(&b, LINK_REGISTER_HEAD, "{}");
  vkey = wire_json_text(wire_json_get(list.json, "log"));
  snprintf(log, sizeof log, "%.*s", (int)vkey.size, (const char *)vkey.data);
  struct wire_vkey key;
  struct wire_note note;
  struct wire_checkpoint checkpoint;
  struct base_view bytes = wire_json_text(wire_json_get(head.json, "note"));
  assert_int_equal(wire_vkey_parse(base_view_text(log), &key, NULL), BASE_OK);
  assert_true(seal_vkey_valid(&key));
  assert_int_equal(wire_note_parse(bytes, &note, NULL), BASE_OK);
  assert_true(note.signatures[0].id == key.id && base_view_equal(note.signatures[0].name, key.name));
  assert_int_equal(wire_checkpoint_parse(note.text, &checkpoint, NULL), BASE_OK);
  assert_true(base_view_equal(wire_json_text(wire_json_get(head.json, "origin")), checkpoint.origin));
  assert_int_equal(wire_origin_epoch(checkpoint.origin), 2);
  forget(&list);
  forget(&head);
  try_remove(&a, &b);
}

/* No database is none that is older: nothing is made in its place, and the first thing to look for is what was there.
 */
static void test_empty(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  char command[512];
  try_agreed(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  snprintf(command, sizeof command, "rm -rf '%s/core' && mkdir '%s/core'", b.dir, b.dir);
  assert_int_equal(system(command), 0);
  snprintf(command, sizeof command, "%s/core", b.dir);
  struct place_name place = place_of(command);
  place_leave(&place);
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "holds no leaf"));
  assert_non_null(strstr(err.text, "backup restore"));
  assert_non_null(strstr(err.text, "wasl node epoch)"));
  assert_true(strlen(err.text) < sizeof err.text - 1); /* not cut off */
  pair_close(&b);
  if (!place_postgresql()) {
    snprintf(command, sizeof command, "rmdir '%s/core'", b.dir); /* nothing was left in it */
    assert_int_equal(system(command), 0);
  }
  struct store *store = NULL; /* one with no leaf in it */
  if (!place_postgresql())
    assert_int_equal(mkdirat(b.root, "core", 0700), 0);
  int dir = openat(b.root, "core", O_RDONLY | O_DIRECTORY);
  assert_int_equal(place_open(dir, &store, &err), BASE_OK);
  store_close(store);
  close(dir);
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "holds no leaf"));
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  snprintf(command, sizeof command, "rm -f '%s'/core/core.db*", b.dir);
  if (!place_postgresql()) { /* the parts alone are there */
    assert_int_equal(system(command), 0);
    assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
    assert_non_null(strstr(err.text, "holds no leaf"));
    pair_close(&b);
    copy(&b, "/old-core", "/core");
  }
  pair_open(&b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found_again),
      cmocka_unit_test(test_goes_on_from_an_epoch),
      cmocka_unit_test(test_forgot_an_epoch),
      cmocka_unit_test(test_forgot_and_went_on),
      cmocka_unit_test(test_reaches_over_an_epoch),
      cmocka_unit_test(test_names_none),
      cmocka_unit_test(test_given_twice),
      cmocka_unit_test(test_behind_one_given_twice),
      cmocka_unit_test(test_shown),
      cmocka_unit_test(test_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
