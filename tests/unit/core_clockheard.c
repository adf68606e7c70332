/* SPDX-License-Identifier: Apache-2.0
 * What a clock of a case hears, and when the case is due and looked at next. */
#include "core_clockstub.h"

enum { MANY = 100 };
static const base_time NEVER = INT64_MAX;

static void expect_compute(base_time due, base_time look) {
  struct base_error err;
  base_time is_due = 0, is_look = 0;
  stub.calls = stub.alarms_read = stub.item_alarms_read = stub.latest_read = 0;
  assert_int_equal(core_clocks_compute(stub.core, &stub.kase, &is_due, &is_look, &err), BASE_OK);
  assert_int_equal(is_due, due);
  assert_int_equal(is_look, look);
  assert_int_equal(stub.leaves + stub.puts + stub.sets, 0);
}

/* --- what the clocks of one party hear */

struct heard {
  struct law_clock_event events[STUB_MAX];
  size_t count;
};

static struct heard hear(int party) {
  struct heard heard = {.count = MANY};
  struct base_error err;
  stub.receipts = 0;
  enum base_code code = core_clocks_events(stub.core, &stub.kase, origin_of(party), &stub.partners[party], heard.events,
                                           &heard.count, &err);
  assert_int_equal(code, BASE_OK);
  return heard;
}

static void expect_heard(int party, const char *types) {
  struct heard heard = hear(party);
  char said[512] = "";
  for (size_t i = 0; i < heard.count; i++)
    (void)snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s", i > 0 ? " " : "",
                   (const char *)heard.events[i].type->name.data);
  assert_string_equal(said, types);
  assert_int_equal(stub.receipts, heard.count); /* of nothing else a receipt is looked for */
}

static void only_what_moves_a_clock_of_these_two_is_heard(void **state) {
  (void)state;
  begin(A);
  (void)say(ASK, A, 5);
  (void)say(NOTE, A, 6);
  (void)say(HOLD, C, 7);
  (void)say(HOLD, B, 8);
  say(GO_ON, A, 9)->effective = false;
  (void)say(GO_ON, A, 0);
  (void)say(THING, A, 11);
  (void)say(DONE, A, 12);
  (void)say(MORE, A, 13);
  (void)say(ANSWER, B, 14);
  (void)say(NOTE, A, 15);
  stub.headers[stub.kase.count - 1].type = base_view_text("unheard_of");
  stub.messages[stub.kase.count - 1].type = 0;
  stub.received[4][B].ours = 3;
  stub.kind.kind.clock_count = 4;
  expect_heard(B, "ask hold go_on more answer");
  expect_heard(C, "ask hold go_on more");
  struct heard heard = hear(B);
  assert_int_equal(heard.events[0].at, 5);
  assert_int_equal(heard.events[0].ours, 0);
  assert_true(heard.events[0].by_opener);
  assert_ptr_equal(heard.events[0].header, &stub.headers[1]);
  assert_int_equal(heard.events[1].at, 8);
  assert_int_equal(heard.events[1].ours, 3);
  assert_false(heard.events[1].by_opener);
  assert_int_equal(heard.events[2].at, 0);
  assert_true(base_view_equal(stub.asked_author, origin_of(B)));
  assert_ptr_equal(stub.asked_of, &stub.partners[B]);
}

/* What has not taken effect, because others have not agreed yet. */
static void who_only_agreed_is_heard_as_that(void **state) {
  (void)state;
  begin(A);
  (void)say(ASK, A, 5);
  say(HOLD, B, 6)->agrees = true;
  struct engine_message *message = say(GO_ON, B, 7);
  message->agrees = message->agreed_by_all = true;
  struct heard heard = hear(B);
  assert_int_equal(heard.count, 3);
  assert_false(heard.events[0].agrees);
  assert_true(heard.events[1].agrees);
  assert_false(heard.events[2].agrees);
}

/* Then nothing but a start is looked for, so that a long case that is over costs no receipt for each of its messages. */
static void when_all_are_stopped_a_start_alone_is_heard(void **state) {
  (void)state;
  begin(A);
  (void)say(ASK, A, 5);
  (void)say(ANSWER, B, 6); /* stops one of the two */
  (void)say(HOLD, B, 7);
  (void)say(CLOSE, B, 8);
  (void)say(HOLD, B, 9);
  (void)say(ANSWER, B, 10);
  (void)say(MORE, A, 11);
  (void)say(HOLD, B, 12);
  (void)say(CLOSE, A, 13);
  (void)say(GO_ON, A, 14);
  expect_heard(B, "ask answer hold close more hold close");
  stub.kind.kind.clock_count = 3; /* one of items has no say in this */
  stub_clocks[2].stops = 0;
  expect_heard(B, "ask answer hold close more hold close");
}

static void each_of_them_has_to_be_stopped(void **state) {
  (void)state;
  begin(A);
  stub_clocks[0].stops = bit(ANSWER);
  (void)say(ASK, A, 5);
  (void)say(CLOSE, B, 6); /* the second alone */
  (void)say(HOLD, B, 7);
  expect_heard(B, "ask close hold");
}

/* Those of items say nothing of it, wherever they stand; nor does what lies behind the last. */
static void they_stand_in_any_order(void **state) {
  (void)state;
  begin(A);
  stub_clocks[3] = stub_clocks[1];
  stub_clocks[1] = stub_clocks[2];
  stub_clocks[2] = stub_clocks[0];
  stub_clocks[0] = stub_clocks[1];
  stub.kind.kind.clock_count = 4;
  (void)say(MORE, A, 5);
  (void)say(DONE, B, 5);
  (void)say(HOLD, B, 6);
  (void)say(CLOSE, B, 7);
  (void)say(HOLD, B, 8);
  (void)say(ASK, B, 9);
  expect_heard(B, "more hold close ask");
  begin(A);
  stub_clocks[2] = (struct wire_kind_clock){.starts = &stub_types[NOTE]};
  (void)say(ASK, A, 5);
  (void)say(NOTE, A, 6);
  (void)say(CLOSE, B, 7);
  (void)say(NOTE, B, 8);
  (void)say(HOLD, B, 9);
  expect_heard(B, "ask close");
}

static void the_opening_message_may_start_one(void **state) {
  (void)state;
  begin(A);
  stub_clocks[0].starts = &stub_types[OPEN];
  stub.kind.kind.clock_count = 1;
  expect_heard(B, "open");
  expect_compute(101, 76);
}

static void what_does_not_end_them_lets_them_be_heard(void **state) {
  (void)state;
  for (int what = 0; what < 5; what++) {
    begin(A);
    (void)say(CLOSE, A, 3);            /* before any began */
    (void)say(ASK, A, what == 0 ? 0 : 5); /* which nobody received */
    struct engine_message *message = say(what == 1 ? ANSWER : CLOSE, B, what == 2 ? 0 : 6);
    message->agrees = what == 3;
    (void)say(HOLD, B, 7);
    expect_heard(B, what == 1 ? "close ask answer hold" : what == 4 ? "close ask close" : "close ask close hold");
  }
}

static void each_start_that_was_received_counts(void **state) {
  (void)state;
  begin(A);
  (void)say(ASK, A, 5);
  (void)say(MORE, A, 0);
  (void)say(CLOSE, B, 6);
  (void)say(HOLD, B, 7);
  expect_heard(B, "ask more close");
}

static size_t clocks_of(int party, struct law_clock *out) {
  struct base_error err;
  size_t count = MANY;
  BASE_AUTO_FREE struct law_clock_event *room = core_clocks_room(&stub.kase);
  assert_non_null(room);
  assert_int_equal(core_clocks_of(stub.core, &stub.kase, (size_t)party, room, out, &count, &err), BASE_OK);
  return count;
}

static void who_saw_the_receipts_has_the_clock(void **state) {
  (void)state;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  static const struct {
    int us, party, other;
  } cases[] = {{A, B, B}, {A, C, C}, {B, B, A}, {C, C, A}, {B, C, -1}, {C, B, -1}, {A, A, -1}, {B, A, -1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin(cases[i].us);
    (void)say(ASK, A, 5);
    assert_int_equal(clocks_of(cases[i].party, clocks), cases[i].other >= 0);
    assert_int_equal(stub.receipts, cases[i].other >= 0);
    if (cases[i].other < 0)
      continue;
    assert_int_equal(clocks[0].due, 105);
    assert_ptr_equal(stub.asked_of, &stub.partners[cases[i].other]);
  }
  begin(A);
  (void)say(ASK, A, 5);
  stub.kind.kind.clock_count = 1;
  assert_int_equal(clocks_of(B, clocks), 1);
  stub.kind.kind.clock_count = 0;
  assert_int_equal(clocks_of(B, clocks), 0);
  assert_int_equal(stub.receipts, 1);
}

static void without_a_receipt_there_is_no_clock(void **state) {
  (void)state;
  struct base_error err;
  struct law_clock_event room[STUB_MAX];
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  size_t count = MANY;
  begin(A);
  (void)say(ASK, A, 5);
  (void)say(HOLD, B, 6);
  stub.fails = 2;
  assert_int_equal(core_clocks_of(stub.core, &stub.kase, B, room, clocks, &count, &err), BASE_IO);
  assert_int_equal(count, 0);
}

static void without_memory_there_is_no_room(void **state) {
  (void)state;
  begin(A);
  if (!without_memory(1))
    return;
  assert_null(core_clocks_room(&stub.kase));
}

/* --- when it is due, and looked at next */

static void a_clock_says_when(void **state) {
  (void)state;
  begin(A);
  expect_compute(NEVER, NEVER);
  stub.kind.kind.clock_count = 0;
  expect_compute(NEVER, NEVER);
  assert_int_equal(stub.calls, 0);
  stub.kind.kind.clock_count = 2;
  (void)say(MORE, A, 5); /* of the second clock nothing is told before */
  expect_compute(1005, 1006);
  (void)say(ASK, A, 5);
  expect_compute(105, 80);
  assert_int_equal(stub.alarms_read, 1); /* once for all */
  stub.now = 104;                        /* what time it is has no say */
  expect_compute(105, 80);
  (void)say(CLOSE, B, 6); /* one of those who were asked is still to answer */
  expect_compute(105, 80);
  (void)say(CLOSE, C, 6);
  expect_compute(NEVER, NEVER);
  assert_int_equal(stub.alarms_read, 0);
}

static void whoever_opened_the_case(void **state) {
  (void)state;
  begin(A);
  stub.headers[0].author = origin_of(C);
  stub.messages[0].party = C;
  (void)say(ASK, C, 5);
  expect_compute(105, 80);
  stub.core->card.origin = origin_of(B);
  expect_compute(105, 80);
}

static void what_was_told_is_not_waited_for(void **state) {
  (void)state;
  begin(B);
  (void)say(ASK, A, 5);
  was_told(C, 0, STORE_ALARM_OVERDUE, 105); /* of another party, another clock, another moment, and of no level */
  was_told(B, 1, STORE_ALARM_OVERDUE, 105);
  was_told(B, 0, STORE_ALARM_OVERDUE, 104);
  was_told(B, 0, STORE_ALARM_SOON, 106);
  was_told(B, 0, 0, 105);
  expect_compute(105, 80);
  was_told(B, 0, STORE_ALARM_SOON, 105);
  expect_compute(105, 106);
  was_told(B, 0, STORE_ALARM_OVERDUE, 105);
  expect_compute(105, NEVER);
  begin(B);
  (void)say(MORE, A, 5);
  was_told(B, 1, STORE_ALARM_OVERDUE, 1005);
  expect_compute(1005, NEVER);
}

/* There is no moment after the last one. */
static void what_is_never_due_is_never_looked_at(void **state) {
  (void)state;
  begin(B);
  (void)say(MORE, A, NEVER - 1000);
  expect_compute(NEVER, NEVER);
  begin(B);
  (void)say(MORE, A, NEVER - 1001);
  expect_compute(NEVER - 1, NEVER);
}

static void one_that_is_paused_stands_behind_one_that_runs(void **state) {
  (void)state;
  for (int first = B; first <= C; first++) {
    begin(A);
    (void)say(ASK, A, 5);
    (void)say(HOLD, first, 6);
    state_field("ground", "why");
    expect_compute(105, 80);
    (void)say(HOLD, B + C - first, 6);
    state_field("ground", "why");
    expect_compute(STORE_DUE_PAUSED, NEVER);
    (void)say(GO_ON, B, 16);
    expect_compute(115, 90);
  }
}

static void without_memory_nothing_is_said(void **state) {
  (void)state;
  struct base_error err;
  base_time due, look;
  begin(B);
  if (!without_memory(1))
    return;
  assert_int_equal(core_clocks_compute(stub.core, &stub.kase, &due, &look, &err), BASE_MEMORY);
}

/* --- clocks of items */

static void an_item_is_due_where_it_is_owed(void **state) {
  (void)state;
  begin(B);
  owed_by(C, 200);
  expect_compute(NEVER, 190);
  owed_by(B, 300);
  expect_compute(300, 190);
  owed_by(B, 250);
  expect_compute(250, 190);
  owed_by(B, 260);
  expect_compute(250, 190);
  (void)say(ASK, A, 5);
  expect_compute(105, 80);
  assert_int_equal(stub.latest_read, 1);
  assert_int_equal(stub.item_alarms_read, 0);
  stub.kind.kind.clock_count = 2; /* without a clock of items nothing is asked of them */
  expect_compute(105, 80);
  assert_int_equal(stub.latest_read, 0);
}

static void an_item_that_is_done_is_due_no_more(void **state) {
  (void)state;
  begin(B);
  owed_by(B, 200);
  say(DONE, B, 6)->about = 1;
  stub.messages[2].settled = true;
  expect_compute(NEVER, NEVER);
}

/* Only of those that something may have been told of. */
static void what_was_told_of_an_item_is_read(void **state) {
  (void)state;
  begin(B);
  owed_by(B, 200);
  owed_by(B, 201);
  item_told(2, B, 2, STORE_ALARM_SOON, 200);
  expect_compute(200, 191);
  assert_int_equal(stub.item_alarms_read, 1);
  item_told(2, B, 2, STORE_ALARM_OVERDUE, 200);
  expect_compute(200, 191);
  item_told(3, B, 2, STORE_ALARM_SOON, 201);
  expect_compute(200, 202);
  assert_int_equal(stub.item_alarms_read, 2);
  item_told(3, B, 2, STORE_ALARM_OVERDUE, 201);
  expect_compute(200, NEVER);
}

static void what_was_told_of_another_one_says_nothing(void **state) {
  (void)state;
  begin(B);
  owed_by(B, 200);
  item_told(2, C, 2, STORE_ALARM_OVERDUE, 200);
  item_told(2, B, 3, STORE_ALARM_OVERDUE, 200);
  item_told(1, B, 2, STORE_ALARM_OVERDUE, 200);
  was_told(B, 2, STORE_ALARM_OVERDUE, 200);
  expect_compute(200, 190);
  assert_int_equal(stub.item_alarms_read, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_what_moves_a_clock_of_these_two_is_heard), cmocka_unit_test(who_only_agreed_is_heard_as_that),
      cmocka_unit_test(when_all_are_stopped_a_start_alone_is_heard), cmocka_unit_test(each_of_them_has_to_be_stopped),
      cmocka_unit_test(they_stand_in_any_order), cmocka_unit_test(the_opening_message_may_start_one),
      cmocka_unit_test(what_does_not_end_them_lets_them_be_heard), cmocka_unit_test(each_start_that_was_received_counts),
      cmocka_unit_test(who_saw_the_receipts_has_the_clock), cmocka_unit_test(without_a_receipt_there_is_no_clock),
      cmocka_unit_test(without_memory_there_is_no_room), cmocka_unit_test(a_clock_says_when),
      cmocka_unit_test(whoever_opened_the_case), cmocka_unit_test(what_was_told_is_not_waited_for),
      cmocka_unit_test(what_is_never_due_is_never_looked_at), cmocka_unit_test(one_that_is_paused_stands_behind_one_that_runs),
      cmocka_unit_test(without_memory_nothing_is_said), cmocka_unit_test(an_item_is_due_where_it_is_owed),
      cmocka_unit_test(an_item_that_is_done_is_due_no_more), cmocka_unit_test(what_was_told_of_an_item_is_read),
      cmocka_unit_test(what_was_told_of_another_one_says_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
