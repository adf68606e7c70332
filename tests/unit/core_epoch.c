/* SPDX-License-Identifier: Apache-2.0
 * A register that lost leaves goes on in a new epoch (spec/epoch.md): what the node writes, what its partner believes,
 * and how the exchange goes on between them. In each case b is the one that lost. */
#include "core/partners.h"
#include "core_lost.h"

/* As one that contradicts: what is sent to him is refused, and to let him go on is to confirm. */
static void stopped(struct pair_node *a, const struct pair_node *b) {
  struct base_buf json = {0};
  assert_string_equal(core_partner_state_word(try_partner(a)), "stopped");
  try_request_json(b, "[]", &json);
  pair_refused(a, LINK_CASE_OPEN, (const char *)json.data, BASE_POLICY);
  base_buf_free(&json);
  pair_refused(a, LINK_PARTNER_STATE, "{\"actor\":\"test\",\"name\":\"paris\",\"state\":\"active\"}", BASE_POLICY);
  assert_non_null(strstr(try_partner(a)->trouble, b->core->epoch_digits));
  try_suspend(a, b, "suspended");
  try_suspend(a, b, "active");
  assert_string_equal(core_partner_state_word(try_partner(a)), "stopped");
  assert_non_null(strstr(try_partner(a)->trouble, b->core->epoch_digits));
}

static void test_goes_on(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65], more[65];
  try_agreed(&a, &b);
  uint64_t given = try_partner(&b)->row.sent_number;
  lose(&a, &b, 3, 2, mine, his);
  uint64_t kept = 0, taken = try_partner(&a)->row.received_number;
  open_epoch(&b);
  confirm(&a, &b, BASE_CONFLICT); /* nothing was heard yet */
  kept = b.core->epoch_start;
  assert_int_equal(b.core->epoch, 2);
  assert_int_equal(try_leaves(&b, WIRE_ACT_EPOCH, NULL, 0), 2);
  later(&a, &b);
  /* heard, kept over a restart, and nothing is exchanged */
  assert_int_equal(try_partner(&a)->heard.number, 2);
  try_restart(&a);
  assert_int_equal(try_partner(&a)->heard.number, 2);
  assert_non_null(strstr(try_partner(&a)->trouble, b.core->epoch_digits));
  assert_true(core_epoch_waits(try_partner(&b)));
  stopped(&a, &b);
  pair_refused(&b, LINK_CASE_OPEN, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"rabat\"],\"fields\":{}}",
               BASE_SUSPENDED);
  assert_int_equal(try_partner(&a)->row.received_number, taken);
  pair_refused(
      &a, LINK_PARTNER_EPOCH,
      "{\"actor\":\"amal\",\"name\":\"paris\",\"fingerprint\":\"00000 00000 00000 00000 00000 00000 00000 00000\"}",
      BASE_WRONG_KEY);
  later(&a, &b);
  assert_true(core_epoch_waits(try_partner(&b)));
  confirm(&a, &b, BASE_OK);
  assert_string_equal(core_partner_state_word(try_partner(&a)), "active");
  later(&a, &b);
  assert_false(core_epoch_waits(try_partner(&b)));
  assert_int_equal(try_partner(&b)->epoch_told.lost_from, given + 1);
  assert_int_equal(try_partner(&b)->epoch_told.lost_to, given + 3);
  assert_int_equal(try_partner(&b)->row.received_number, try_partner(&a)->row.sent_number); /* his came again */
  pair_request(&b, &a, more);
  pair_rest(&a, &b);
  try_receipted(&b, more);
  assert_int_equal(try_partner(&a)->row.received_number, taken + 1);
  pair_request(&a, &b, more);
  pair_rest(&a, &b);
  try_receipted(&a, more);
  assert_true(b.core->epoch_start == kept);
  assert_int_equal(try_leaves(&a, WIRE_ACT_FAULT, NULL, 0), 0);
  confirm(&a, &b, BASE_CONFLICT); /* once is enough */
  try_restart(&a);
  try_restart(&b);
  assert_int_equal(try_partner(&b)->epoch_told.lost_to, given + 3);
  pair_request(&b, &a, more);
  pair_rest(&a, &b);
  try_receipted(&b, more);
  try_remove(&a, &b);
}

/* The keeper signs before the store keeps: what a power cut leaves in between is known in the next epoch, too. */
static void test_cosigned_and_not_kept(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65];
  struct base_buf line = {0};
  try_partners(&a, &b);
  assert_int_equal(a.core->env.keeper.cosign(a.core->env.keeper.context, &b.core->card.log_key,
                                             base_buf_view(&b.core->reg.note), 0, NULL, 0, &line, NULL),
                   BASE_OK);
  base_buf_free(&line);
  try_restart(&a);
  assert_int_equal(try_partner(&a)->seen_size, b.core->reg.attested);
  assert_int_equal(try_partner(&a)->row.head_size, 0);
  pair_close(&b);
  open_epoch(&b);
  later(&a, &b);
  assert_int_equal(try_partner(&a)->heard.number, 2);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_false(core_epoch_waits(try_partner(&b)));
  pair_agree(&a, &b, agreement);
  assert_int_equal(try_leaves(&a, WIRE_ACT_FAULT, NULL, 0), 0);
  try_remove(&a, &b);
}

/* Whatever is cut off between the keeper's word and the first head: the next start takes it up. */
static void test_begins_once(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  lose(&a, &b, 1, 1, mine, his);
  open_epoch(&b);
  uint64_t size = b.core->reg.size;
  char digits[SEAL_FINGERPRINT_TEXT];
  snprintf(digits, sizeof digits, "%s", b.core->epoch_digits);
  try_restart(&b);
  assert_int_equal(b.core->reg.size, size);
  assert_string_equal(b.core->epoch_digits, digits);
  pair_close(&b); /* the store is put back to before it, but its heads were signed: not once more */
  copy(&b, "/old-core", "/core");
  struct base_error err = {0};
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "older than what was proved"));
  pair_close(&b);
  copy(&b, "/lost-core", "/core"); /* neither does what was found again after all: that epoch is closed */
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "has signed heads of epoch 2"));
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  open_epoch(&b); /* the next one */
  assert_int_equal(b.core->epoch, 3);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_false(core_epoch_waits(try_partner(&b)));
  try_remove(&a, &b);
}

/* Another node's data in this one's place: said before anything else, and asked before an epoch is opened. */
static void test_data_of_another_node(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  struct core_needs needs = {0};
  char said[2 * WIRE_ORIGIN_MAX + 64], command[600], from[160], to[160];
  try_agreed(&a, &b);
  snprintf(said, sizeof said, " are of %.80s, and the keys in keeper/ of %.80s:", a.core->info.origin,
           b.core->info.origin);
  assert_int_equal(core_epoch_needs(a.core->store, &needs, &err), BASE_OK);
  assert_string_equal(needs.origin, a.core->info.origin);
  assert_int_equal(needs.epoch, 1);
  pair_close(&a);
  pair_close(&b);
  copy(&b, "/core", "/own-core");
  snprintf(from, sizeof from, "%s/core", a.dir);
  snprintf(to, sizeof to, "%s/core", b.dir);
  snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
  assert_int_equal(system(command), 0);
  struct place_name other = place_of(from), own = place_of(to);
  place_copy(&other, &own);
  assert_int_equal(pair_start(&b, &err), BASE_WRONG_KEY);
  assert_non_null(strstr(err.text, said));
  pair_close(&b);
  copy(&b, "/own-core", "/core");
  pair_open(&b);
  pair_open(&a);
  try_remove(&a, &b);
}

/* The memory of heads is gone: the number is said by a person, and partners' heads are proved against the store's. */
static void test_without_memory(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65], more[65];
  struct base_error err = {0};
  try_agreed(&a, &b);
  lose(&a, &b, 1, 1, mine, his);
  assert_int_equal(unlinkat(b.keeper_root, "keeper/heads.state", 0), 0);
  assert_int_equal(keeper_epoch(&b, 0, &err), BASE_FIELD);
  assert_int_equal(keeper_epoch(&b, 1, &err), BASE_FIELD);
  assert_int_equal(keeper_epoch(&b, 2, &err), BASE_OK);
  pair_open(&b);
  assert_true(try_partner(&b)->unheld);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_false(try_partner(&b)->unheld);
  pair_request(&a, &b, more);
  pair_rest(&a, &b);
  try_receipted(&a, more);
  pair_close(&b);
  assert_int_equal(keeper_epoch(&b, 2, &err), BASE_FIELD); /* that one is signed */
  assert_int_equal(keeper_epoch(&b, 5, &err), BASE_OK);
  pair_open(&b);
  struct core_needs needs = {0};
  assert_int_equal(core_epoch_needs(b.core->store, &needs, &err), BASE_OK);
  assert_int_equal(needs.epoch, 5);
  pair_close(&b); /* a number that is not above that of the data: which one is, is said */
  assert_int_equal(unlinkat(b.keeper_root, "keeper/heads.state", 0), 0);
  assert_int_equal(keeper_epoch(&b, 3, &err), BASE_OK);
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "--number 6)"));
  pair_close(&b);
  assert_int_equal(keeper_epoch(&b, 6, &err), BASE_OK);
  pair_open(&b);
  try_remove(&a, &b);
}

/* The whole folder was put back, and partners told: that ends with the epoch that they told it of. */
static void test_after_lost(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  copy(&b, "/keeper", "/old-keeper");
  lose(&a, &b, 1, 1, mine, his);
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  pair_request(&a, &b, his);
  for (int i = 0; i < 3; i++) {
    a.ms += 31000;
    b.ms += 31000;
    pair_send(&a, &b);
  }
  assert_true(b.core->lost[0] != '\0');
  assert_true(try_partner(&a)->stopped);
  pair_close(&b);
  open_epoch(&b);
  assert_true(b.core->lost[0] == '\0');
  try_restart(&b);
  assert_true(b.core->lost[0] == '\0');
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_false(core_epoch_waits(try_partner(&b)) || try_partner(&a)->stopped);
  pair_request(&a, &b, his);
  pair_rest(&a, &b);
  try_receipted(&a, his);
  try_remove(&a, &b);
}

/* It went on for a while before it heard, and wrote other leaves in the place of the lost ones, perhaps as many. */
static void went_on(unsigned sent) {
  struct pair_node a, b;
  char mine[65], his[65], other[65];
  try_agreed(&a, &b);
  copy(&b, "/keeper", "/old-keeper");
  lose(&a, &b, 2, 2, mine, his);
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  for (unsigned i = 0; i < sent; i++)
    pair_request(&b, &a, other);
  for (int i = 0; i < 8; i++)
    try_suspend(&b, &a, i % 2 == 0 ? "suspended" : "active"); /* leaves */
  if (sent == 0)
    pair_request(&a, &b, his);
  for (int i = 0; i < 3; i++) {
    a.ms += 31000;
    b.ms += 31000;
    pair_send(sent > 0 ? &b : &a, sent > 0 ? &a : &b);
  }
  assert_true(b.core->reg.size > try_partner(&a)->seen_size);
  assert_true(try_partner(&a)->stopped);
  pair_close(&b);
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  assert_false(core_epoch_waits(try_partner(&b)) || try_partner(&a)->stopped);
  pair_request(&a, &b, his);
  pair_request(&b, &a, mine);
  later(&a, &b);
  try_receipted(&a, his);
  try_receipted(&b, mine);
  if (sent > 0)
    assert_int_equal(pair_outbox(&b, other, NULL), STORE_REFUSED);
  try_remove(&a, &b);
}
static void test_went_on_quietly(void **state) {
  (void)state;
  went_on(0);
}
static void test_went_on_and_sent(void **state) {
  (void)state;
  for (unsigned sent = 1; sent <= 3; sent++) /* fewer numbers than those that were lost, as many, more */
    went_on(sent);
}

/* Another beginning of the same epoch than the one that was confirmed is no beginning. */
static void test_other_beginning(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  lose(&a, &b, 1, 1, mine, his);
  copy(&b, "/keeper", "/old-keeper");
  open_epoch(&b);
  later(&a, &b);
  pair_close(&b); /* somebody with all its keys opens it as well */
  copy(&b, "/old-keeper", "/keeper");
  copy(&b, "/old-core", "/core");
  b.now += 60;
  char digits[SEAL_FINGERPRINT_TEXT];
  snprintf(digits, sizeof digits, "%s", try_partner(&a)->heard.digits);
  open_epoch(&b);
  assert_string_not_equal(b.core->epoch_digits, digits);
  char json[256];
  snprintf(json, sizeof json, "{\"actor\":\"amal\",\"name\":\"paris\",\"fingerprint\":\"%s\"}", digits);
  struct pair_answer answer = pair_ask(&a, LINK_PARTNER_EPOCH, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  later(&a, &b);
  assert_true(core_epoch_waits(try_partner(&b)));
  assert_true(try_partner(&a)->stopped);
  try_expect(&a, WIRE_ACT_FAULT, 1, "fork: ");
  try_sound(&a);
  pair_remove(&a);
  pair_remove(&b);
}

/* What is said to be left must be what was cosigned: a leaf before the loss that was changed is found out. */
static void test_must_extend(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  lose(&a, &b, 1, 1, mine, his);
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  assert_true(try_partner(&a)->unheld && try_partner(&a)->seen_size > 0);
  assert_true(try_partner(&a)->seen_size <= b.core->epoch_start);
  try_partner(&a)->seen_root.bytes[0] ^= 1; /* as if he had cosigned another one */
  later(&a, &b);
  assert_true(core_epoch_waits(try_partner(&b)));
  assert_true(try_partner(&a)->stopped);
  try_expect(&a, WIRE_ACT_FAULT, 1, "consistency: ");
  try_sound(&a);
  pair_remove(&a);
  pair_remove(&b);
}

/* A head of the register that was closed comes from nobody who goes on. */
static void test_closed(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  copy(&b, "/keeper", "/first-keeper");
  lose(&a, &b, 1, 1, mine, his);
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  later(&a, &b);
  pair_close(&b);
  copy(&b, "/first-keeper", "/keeper");
  copy(&b, "/old-core", "/core");
  pair_open(&b);
  uint64_t taken = try_partner(&a)->row.received_number;
  pair_request(&a, &b, his);
  later(&a, &b);
  assert_non_null(strstr(try_partner(&a)->trouble, "which was closed"));
  assert_int_equal(try_partner(&a)->row.received_number, taken);
  try_sound(&a);
  pair_remove(&a);
  pair_remove(&b);
}

/* The sender starts again while a part is on the way to one in a later epoch: he asks for the rest of it. */
static void test_part_goes_on(void **state) {
  (void)state;
  struct pair_node a, b;
  char before[65], during[65], after[65];
  try_agreed(&a, &b);
  request_with_part(&a, &b, 9 << 20, 1, before);
  assert_true(pair_send(&a, &b)); /* on the way when the epoch begins, and the answer about a later number came */
  pair_request(&a, &b, during);
  assert_true(pair_send(&a, &b));
  pair_close(&b);
  try_restart(&a);
  renewed(&a, &b);
  pair_rest(&a, &b);
  try_receipted(&a, before);
  try_receipted(&a, during);
  request_with_part(&a, &b, 9 << 20, 2, after);
  assert_true(pair_send(&a, &b));
  assert_int_equal(pair_outbox(&a, after, NULL), STORE_UNDER_WAY);
  try_restart(&a);
  later(&a, &b);
  try_receipted(&a, after);
  try_part_arrived(&b, 9 << 20, 1);
  try_part_arrived(&b, 9 << 20, 2);
  try_remove(&a, &b);
}

/* The same while what he lost goes to him again, more than one consignment of it, the part in none of the first. */
static void test_part_comes_again(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65], his[65];
  try_agreed(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  pair_open(&b);
  for (unsigned i = 0; i < WIRE_CONSIGNMENT_MESSAGES_MAX; i++)
    pair_request(&a, &b, his);
  request_with_part(&a, &b, 9 << 20, 3, mine);
  pair_rest(&a, &b);
  try_receipted(&a, mine);
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  open_epoch(&b);
  later(&a, &b);
  confirm(&a, &b, BASE_OK);
  while (try_partner(&b)->row.received_number < try_partner(&a)->row.sent_number)
    assert_true(pair_send(&a, &b));
  try_restart(&a);
  later(&a, &b);
  try_part_arrived(&b, 9 << 20, 3);
  try_remove(&a, &b);
}

/* A database from before the last card, which the keeper has lost, too: no epoch begins over it, and the keys that it
 * does not know are not destroyed, also when the keeper's memory is lost and cannot say so. */
static void test_before_a_lost_card(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_error err = {0};
  struct wire_keeper_info info;
  size_t seals = 0;
  try_agreed(&a, &b);
  pair_rest(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  pair_open(&b);
  struct pair_answer answer = pair_ask(&b, LINK_KEY_ROTATE, "{\"actor\":\"o\",\"seal\":true}", -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  pair_rest(&a, &b);
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  pair_close(&b);
  int dir = openat(b.keeper_root, "keeper", O_RDONLY | O_DIRECTORY);
  assert_int_equal(unlinkat(dir, "card-2.signed", 0), 0);
  assert_int_equal(keeper_epoch(&b, 0, &err), BASE_OK);
  assert_int_equal(pair_start(&b, &err), BASE_ROLLBACK);
  assert_non_null(strstr(err.text, "the card of generation 2 last, and the newest here is of generation 1"));
  pair_close(&b);
  assert_int_equal(unlinkat(dir, "heads.state", 0), 0);
  close(dir);
  assert_int_equal(keeper_epoch(&b, 2, &err), BASE_OK);
  pair_open(&b);
  pair_settle(&b);
  keeper_describe(b.keeper, &info);
  for (size_t i = 0; i < info.count; i++)
    seals += info.keys[i].type == WIRE_KEEPER_SEAL;
  assert_int_equal(seals, 2);
  later(&a, &b); /* a holds a card that b does not show any more */
  confirm(&a, &b, BASE_CONFLICT);
  try_restart(&a);
  confirm(&a, &b, BASE_CONFLICT);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_goes_on),
      cmocka_unit_test(test_cosigned_and_not_kept),
      cmocka_unit_test(test_begins_once),
      cmocka_unit_test(test_data_of_another_node),
      cmocka_unit_test(test_before_a_lost_card),
      cmocka_unit_test(test_without_memory),
      cmocka_unit_test(test_after_lost),
      cmocka_unit_test(test_went_on_quietly),
      cmocka_unit_test(test_went_on_and_sent),
      cmocka_unit_test(test_other_beginning),
      cmocka_unit_test(test_must_extend),
      cmocka_unit_test(test_closed),
      cmocka_unit_test(test_part_goes_on),
      cmocka_unit_test(test_part_comes_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
