/* SPDX-License-Identifier: Apache-2.0
 * The exchange between two honest cores on an unlucky line: lost, repeated, crossing and late consignments, nodes that
 * are away or start again. Nothing is lost, nothing has effect twice, and both come to rest. */
#include "core_try.h"

#include <sys/resource.h>

/* A message goes, is receipted, both know the same state, and both nodes come to rest. */
static void test_exchange(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_UNDER_WAY); /* a parked take got it at once */
  assert_true(pair_send(&a, &b));
  try_receipted(&a, request);
  assert_true(pair_rest(&a, &b) <= 3); /* cosignatures, and no more */
  assert_int_equal(try_run(&a, &b, 40000), 0);
  assert_int_equal(try_agree(&a, &b), 2);
  try_remove(&a, &b);
}

static void test_answer_lost(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  try_agreed(&a, &b);
  unsigned received = try_count(&b, WIRE_ACT_RECEIVED);
  uint64_t size = b.core->reg.size;
  pair_request(&a, &b, request);
  assert_true(try_answer_lost(&a, &b));
  assert_int_equal(b.core->reg.size, size + 1);
  pair_rest(&a, &b);
  for (int i = 0; i < 3; i++) {
    a.ms += 31000;
    pair_rest(&a, &b);
  }
  try_receipted(&a, request);
  assert_int_equal(try_count(&b, WIRE_ACT_RECEIVED), received + 1);
  assert_int_equal(b.core->reg.size, size + 1);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

static void test_parcel_twice(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  struct pair_parcel parcel;
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_true(pair_take(&a, &parcel));
  struct pair_answer first = pair_give(&a, &b, parcel.fd);
  uint64_t size = b.core->reg.size;
  struct pair_answer second = pair_give(&a, &b, parcel.fd);
  assert_int_equal(second.status, BASE_OK);
  assert_int_equal(b.core->reg.size, size);
  pair_done(&a, parcel.exchange, &second);
  try_receipted(&a, request);
  pair_done(&a, parcel.exchange, &first); /* an answer to an exchange that is over is nothing */
  pair_rest(&a, &b);
  struct pair_answer late = pair_give(&a, &b, parcel.fd); /* a head that is older by now */
  assert_int_equal(late.status, BASE_OK);
  assert_int_equal(b.core->reg.size, size);
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
  try_agree(&a, &b);
  pair_answer_free(&first);
  pair_answer_free(&second);
  pair_answer_free(&late);
  close(parcel.fd);
  try_remove(&a, &b);
}

/* Both sides send at once: both parcels are taken before either arrives, and answers come back in either order. */
static void cross(bool b_first, bool answers_reversed) {
  struct pair_node a, b;
  char first[65], second[65], clarify[65];
  struct pair_parcel to_b, to_a;
  try_agreed(&a, &b);
  pair_request(&a, &b, first);
  pair_rest(&a, &b);
  for (int round = 0; round < 4; round++) {
    pair_request(&a, &b, second);
    pair_request(&b, &a, clarify);
    assert_true(pair_take(&a, &to_b));
    assert_true(pair_take(&b, &to_a));
    struct pair_answer to_first, to_second;
    if (b_first) {
      to_second = pair_give(&b, &a, to_a.fd);
      to_first = pair_give(&a, &b, to_b.fd);
    } else {
      to_first = pair_give(&a, &b, to_b.fd);
      to_second = pair_give(&b, &a, to_a.fd);
    }
    if (answers_reversed) {
      pair_done(&b, to_a.exchange, &to_second);
      pair_done(&a, to_b.exchange, &to_first);
    } else {
      pair_done(&a, to_b.exchange, &to_first);
      pair_done(&b, to_a.exchange, &to_second);
    }
    pair_answer_free(&to_first);
    pair_answer_free(&to_second);
    close(to_a.fd);
    close(to_b.fd);
  }
  assert_true(pair_rest(&a, &b) < 12);
  try_receipted(&a, second);
  try_receipted(&b, clarify);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  assert_int_equal(try_agree(&a, &b), 10);
  try_remove(&a, &b);
}
static void test_crossing(void **state) {
  (void)state;
  cross(false, false);
  cross(false, true);
  cross(true, false);
  cross(true, true);
}

/* The two sides of one case write at once: concurrent messages, one order on both. */
static void test_crossing_in_a_case(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], withdraw[65], clarify[65];
  struct pair_parcel to_a, to_b;
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  try_send(&a, request, "withdraw", "{}", withdraw);
  try_send(&b, request, "clarify", try_question, clarify);
  assert_true(pair_take(&a, &to_b));
  assert_true(pair_take(&b, &to_a));
  struct pair_answer at_b = pair_give(&a, &b, to_b.fd), at_a = pair_give(&b, &a, to_a.fd);
  pair_done(&b, to_a.exchange, &at_a);
  pair_done(&a, to_b.exchange, &at_b);
  pair_answer_free(&at_a);
  pair_answer_free(&at_b);
  close(to_a.fd);
  close(to_b.fd);
  pair_rest(&a, &b);
  try_receipted(&a, withdraw);
  try_receipted(&b, clarify);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* The partner is away: pauses grow, never above 30 s, nothing is lost, and delivery resumes by itself. */
static void test_partner_away(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], second[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_true(try_lost(&a));
  int64_t before = 0;
  for (int tries = 0; tries < 12; tries++) {
    int64_t waited = 0;
    while (!try_lost(&a)) {
      a.ms += 50;
      waited += 50;
      assert_true(waited <= 30000);
      assert_int_equal(pair_outbox(&a, request, NULL), STORE_WAITING);
    }
    assert_true(waited >= before / 2);
    before = waited;
  }
  assert_true(before >= 20000);
  pair_request(&a, &b, second);
  a.ms += 30000;
  pair_rest(&a, &b);
  try_receipted(&a, request);
  try_receipted(&a, second);
  assert_int_equal(try_partner(&a)->trouble[0], '\0');
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* A partner who was away and speaks again is served at once. */
static void test_partner_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], theirs[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  for (int i = 0; i < 8; i++) {
    try_lost(&a);
    a.ms += 31000;
  }
  try_lost(&a);
  pair_request(&b, &a, theirs);
  assert_true(pair_send(&b, &a));
  assert_true(pair_send(&a, &b));
  try_receipted(&a, request);
  try_receipted(&b, theirs);
  try_remove(&a, &b);
}

/* When no file for a consignment can be made, it is no consignment: the next try hands it over. */
static void test_no_file(void **state) {
  (void)state;
  struct pair_node a, b;
  struct pair_parcel parcel;
  struct rlimit limit, none;
  char request[65];
  try_agreed(&a, &b);
  try_no_gate(&a);
  pair_request(&a, &b, request);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
  int next = dup(STDIN_FILENO);
  assert_true(next >= 0);
  close(next);
  none = limit;
  none.rlim_cur = (rlim_t)next;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  bool taken = pair_take(&a, &parcel);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
  assert_false(taken);
  assert_int_equal(try_partner(&a)->failures, 1);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_WAITING);
  a.ms += 31000;
  assert_true(pair_send(&a, &b));
  try_receipted(&a, request);
  try_remove(&a, &b);
}

static void test_restarts(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], answer[65];
  struct pair_parcel parcel;
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_true(pair_take(&a, &parcel));
  struct pair_answer given = pair_give(&a, &b, parcel.fd);
  try_restart(&b); /* the receiver, after its answer left */
  try_restart(&a); /* the sender, before it came */
  pair_done(&a, parcel.exchange, &given);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_WAITING);
  pair_answer_free(&given);
  close(parcel.fd);
  uint64_t size = b.core->reg.size;
  pair_rest(&a, &b);
  try_receipted(&a, request);
  assert_int_equal(b.core->reg.size, size);
  try_send(&b, request, "answer", try_answer, answer);
  assert_true(pair_take(&b, &parcel));
  try_restart(&a); /* the receiver, before it came */
  given = pair_give(&b, &a, parcel.fd);
  assert_int_equal(given.status, BASE_OK);
  try_restart(&b);
  pair_answer_free(&given);
  close(parcel.fd);
  pair_rest(&a, &b);
  try_receipted(&b, answer);
  try_state(&a, request, "answered");
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* An officer ends a message before it was handed over: its number travels as void, the numbering goes on. */
static void test_ended_before(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], clarify[65], second[65];
  try_agreed(&a, &b);
  pair_request(&b, &a, request);
  pair_rest(&a, &b);
  try_no_gate(&a);
  try_send(&a, request, "clarify", try_question, clarify);
  assert_int_equal(pair_outbox(&a, clarify, NULL), STORE_WAITING);
  try_end(&a, clarify);
  assert_int_equal(pair_outbox(&a, clarify, NULL), STORE_ENDED);
  pair_request(&a, &b, second);
  pair_rest(&a, &b);
  try_receipted(&a, second);
  assert_int_equal(pair_outbox(&a, clarify, NULL), STORE_ENDED);
  assert_int_equal(try_count(&a, WIRE_ACT_VOIDED), 1);
  assert_int_equal(try_count(&a, WIRE_ACT_ENDED), 1);
  assert_int_equal(try_count(&b, WIRE_ACT_FAULT), 0);
  try_state(&b, request, "asked");
  try_agree(&a, &b);
  /* What its author ended is no part of the case: he can write on. */
  try_send(&a, request, "clarify", try_question, clarify);
  pair_rest(&a, &b);
  try_receipted(&a, clarify);
  try_state(&b, request, "clarifying");
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* Ended after it arrived, the receipt being lost: the receipt stands. */
static void test_ended_after(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_true(try_answer_lost(&a, &b));
  try_end(&a, request);
  a.ms += 30000;
  pair_rest(&a, &b);
  try_receipted(&a, request);
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* Ended while the consignment with it is on the way. */
static void test_ended_meanwhile(void **state) {
  (void)state;
  for (int arrives = 0; arrives < 2; arrives++) {
    struct pair_node a, b;
    char request[65];
    struct pair_parcel parcel;
    try_agreed(&a, &b);
    pair_request(&a, &b, request);
    assert_true(pair_take(&a, &parcel));
    try_end(&a, request);
    struct pair_answer answer = {0};
    if (arrives)
      answer = pair_give(&a, &b, parcel.fd);
    pair_done(&a, parcel.exchange, arrives ? &answer : NULL);
    if (arrives)
      pair_answer_free(&answer);
    close(parcel.fd);
    a.ms += 30000;
    pair_rest(&a, &b);
    assert_int_equal(pair_outbox(&a, request, NULL), arrives ? STORE_RECEIPTED : STORE_ENDED);
    assert_int_equal(try_partner(&b)->row.received_number, try_partner(&a)->row.sent_number);
    assert_int_equal(try_run(&a, &b, 40000), 0);
    try_remove(&a, &b);
  }
}

/* It had arrived, the receipt was lost, and the partner cannot take the head under which it was ended: his answer to that
 * says nothing of it, so it is told again, and the receipt comes after all. */
static void test_ended_untold(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_true(try_answer_lost(&a, &b));
  try_restart(&a); /* it forgets which heads the partner may have cosigned */
  try_end(&a, request);
  a.ms += 31000;
  assert_true(pair_send(&a, &b));
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_ENDED);
  try_state(&b, request, "asked");
  pair_rest(&a, &b);
  try_receipted(&a, request);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

static void test_suspended(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], other[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  try_suspend(&b, &a, "suspended"); /* the receiver */
  pair_send(&a, &b);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_WAITING);
  assert_int_equal(try_partner(&a)->trouble_code, BASE_SUSPENDED);
  try_suspend(&b, &a, "active");
  a.ms += 30000;
  pair_rest(&a, &b);
  try_receipted(&a, request);
  pair_request(&a, &b, other);
  assert_true(try_lost(&a));
  try_suspend(&a, &b, "suspended"); /* the sender */
  a.ms += 60000;
  assert_false(try_lost(&a));
  assert_int_equal(pair_outbox(&a, other, NULL), STORE_WAITING);
  try_suspend(&a, &b, "active");
  pair_rest(&a, &b);
  try_receipted(&a, other);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* A receiver whose clock is ten minutes off: receipted, and marked. */
static void test_disputed(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  struct base_buf reason = {0};
  try_agreed(&a, &b);
  b.now += 600;
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  assert_int_equal(pair_outbox(&a, request, &reason), STORE_RECEIPTED);
  assert_true(reason.size > 8 && memcmp(reason.data, "disputed", 8) == 0);
  base_buf_free(&reason);
  try_remove(&a, &b);
}

/* A clock set back: the times of leaves never decrease, and the exchange goes on. */
static void test_clock_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], second[65];
  try_agreed(&a, &b); /* in force from now on, by both clocks */
  a.now += 9000;
  b.now += 9000;
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  a.now -= 5000;
  b.now -= 8000;
  pair_request(&a, &b, second);
  pair_rest(&a, &b);
  try_receipted(&a, second);
  try_restart(&a);
  a.now -= 100;
  pair_request(&a, &b, second);
  pair_rest(&a, &b);
  try_receipted(&a, second);
  struct pair_node *nodes[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    base_time last = 0;
    for (uint64_t n = 0; n < nodes[i]->core->reg.size; n++) {
      struct base_arena arena = {0};
      base_arena_init(&arena, 1 << 20);
      struct store_leaf row;
      struct wire_leaf leaf;
      assert_int_equal(store_leaf_get(nodes[i]->core->store, n, &arena, &row, NULL), BASE_OK);
      assert_int_equal(wire_leaf_parse(row.entry, &leaf, NULL), BASE_OK);
      assert_true(leaf.time >= last);
      last = leaf.time;
      base_arena_free(&arena);
    }
  }
  try_agree(&a, &b);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exchange),
      cmocka_unit_test(test_answer_lost),
      cmocka_unit_test(test_parcel_twice),
      cmocka_unit_test(test_crossing),
      cmocka_unit_test(test_crossing_in_a_case),
      cmocka_unit_test(test_partner_away),
      cmocka_unit_test(test_partner_back),
      cmocka_unit_test(test_restarts),
      cmocka_unit_test(test_ended_before),
      cmocka_unit_test(test_ended_after),
      cmocka_unit_test(test_ended_meanwhile),
      cmocka_unit_test(test_ended_untold),
      cmocka_unit_test(test_suspended),
      cmocka_unit_test(test_disputed),
      cmocka_unit_test(test_clock_back),
      cmocka_unit_test(test_no_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
