/* SPDX-License-Identifier: Apache-2.0
 * The clocks of items, one by one: who owes them, what begins and ends them, and by which receipts. */
#include "core_clockstub.h"

/* What there is, a line each: the place of the item, its clock, who owes it and when; and how it ended. */
static const char *listed(bool shown) {
  static char text[4096];
  struct base_error err = {0};
  struct core_item_clock none = {0}, *clocks = &none;
  size_t count = 99, used = 0;
  if (core_item_clocks(stub.core, &stub.kase, shown, &clocks, &count, &err) != BASE_OK)
    fail_msg("%s", err.text);
  text[0] = 0;
  for (size_t i = 0; i < count; i++) {
    const struct law_clock *now = &clocks[i].now;
    assert_true(base_view_equal(now->name, stub_clocks[clocks[i].clock].name));
    assert_true(now->started == 0 && now->receipt == 0);
    assert_int_equal(now->running, !now->stopped);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%u %s %c %lld", i > 0 ? ", " : "", clocks[i].item,
                             (const char *)now->name.data, 'a' + (char)clocks[i].party, (long long)now->due);
    if (now->stopped)
      used += (size_t)snprintf(text + used, sizeof text - used, " ended %lld late %lld", (long long)now->ended,
                               (long long)now->late);
  }
  assert_true((clocks == NULL) == (count == 0));
  free(clocks);
  return text;
}

/* The next message is about the item at this place, which it moved. */
static struct engine_message *move(int type, int author, unsigned item, base_time received) {
  struct engine_message *message = say(type, author, received);
  message->about = item;
  return message;
}

static struct engine_message *item(int type, int author, base_time due) {
  struct engine_message *message = say(type, author, 5);
  message->item = type == THING ? 1 : 2;
  due_at(due);
  return message;
}

/* A case that A opened, as somebody has it who is no party: nothing of it is his, and no receipt has to be there. */
static void begin_beside(void) {
  begin(A);
  stub.core->card.origin = base_view_text(stub_origins[PARTIES]);
  stub.kind.kind.clock_count = 4;
}

/* --- who owes it */

static void without_a_clock_of_items_nothing_is_asked(void **state) {
  (void)state;
  begin_beside();
  item(THING, A, 200)->assignee = B;
  stub.kind.kind.clock_count = 2;
  assert_string_equal(listed(true), "");
  stub.kind.kind.clock_count = 0;
  assert_string_equal(listed(true), "");
  stub.kind.kind.clock_count = 4;
  assert_string_equal(listed(true), "1 thing b 200");
}

static void who_owes_it(void **state) {
  (void)state;
  static const struct {
    enum wire_owes owes;
    int opener, owner, assignee;
    const char *listed;
  } cases[] = {
      {WIRE_OWES_OPENER, A, B, C, "1 thing a 200"},
      {WIRE_OWES_OPENER, C, B, A, "1 thing c 200"},
      {WIRE_OWES_OTHERS, A, B, B, "1 thing b 200, 1 thing c 200"},
      {WIRE_OWES_OTHERS, B, B, B, "1 thing a 200, 1 thing c 200"},
      {WIRE_OWES_OWNER, A, B, C, "1 thing b 200"},
      {WIRE_OWES_OWNER, B, A, C, "1 thing a 200"},
      {WIRE_OWES_ASSIGNEE, A, B, C, "1 thing c 200"},
      {WIRE_OWES_ASSIGNEE, A, B, A, "1 thing a 200"},
      {WIRE_OWES_ASSIGNEE, A, B, WIRE_PARTIES_MAX, ""},
      {WIRE_OWES_ASSIGNEE, A, B, PARTIES, ""},
      {WIRE_OWES_NOT_OWNER, A, B, B, "1 thing a 200, 1 thing c 200"},
      {WIRE_OWES_NOT_OWNER, B, C, B, "1 thing a 200, 1 thing b 200"},
      {WIRE_OWES_EACH, A, B, C, "1 thing a 200, 1 thing b 200, 1 thing c 200"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin_beside();
    stub.headers[0].author = origin_of(cases[i].opener);
    stub.messages[0].party = (uint8_t)cases[i].opener;
    item(THING, cases[i].owner, 200)->assignee = (uint8_t)cases[i].assignee;
    stub_clocks[2].owes = cases[i].owes;
    assert_string_equal(listed(false), cases[i].listed);
  }
}

static void those_of_an_item_stand_together(void **state) {
  (void)state;
  begin_beside();
  stub_clocks[2].owes = stub_clocks[3].owes = WIRE_OWES_OTHERS;
  (void)item(TASK, A, 202);
  (void)item(THING, A, 200);
  (void)item(TASK, A, 201);
  stub_clocks[1] = stub_clocks[2];
  stub_clocks[1].name = base_view_text("other");
  assert_string_equal(listed(false), "1 task b 202, 1 task c 202, 2 other b 200, 2 other c 200, 2 thing b 200, 2 thing c 200, "
                                     "3 task b 201, 3 task c 201");
}

static void any_number_of_them_is_listed(void **state) {
  (void)state;
  begin_beside();
  stub_clocks[2].owes = WIRE_OWES_EACH;
  for (int i = 0; i < 46; i++)
    (void)item(THING, A, 200 + i);
  const char *at = listed(false);
  for (int i = 0; i < 46; i++)
    for (int party = 0; party < PARTIES; party++) {
      char words[32];
      (void)snprintf(words, sizeof words, "%d thing %c %d", i + 1, 'a' + (char)party, 200 + i);
      assert_int_equal(strncmp(at, words, strlen(words)), 0);
      at += strlen(words);
      at += *at == ',' ? 2 : 0;
    }
  assert_int_equal(*at, 0);
}

/* --- what begins and ends it */

static void what_names_no_moment_is_never_due(void **state) {
  (void)state;
  begin_beside();
  item(THING, A, 200)->assignee = B;
  stub.headers[1].state_count = 0;
  assert_string_equal(listed(true), "");
}

static void it_ends_when_it_is_stopped(void **state) {
  (void)state;
  begin_beside();
  item(THING, A, 200)->assignee = B;
  (void)move(TAKE, B, 1, 6); /* of no account */
  assert_string_equal(listed(false), "1 thing b 200");
  (void)move(DONE, C, 1, 203);
  assert_string_equal(listed(false), "");
  assert_string_equal(listed(true), "1 thing b 200 ended 203 late 3");
  (void)move(AGAIN, A, 1, 204);
  assert_string_equal(listed(false), "1 thing b 200");
  (void)move(MOVE, A, 1, 204);
  due_at(300);
  assert_string_equal(listed(false), "1 thing b 300");
  (void)move(DROP, A, 1, 205);
  assert_string_equal(listed(true), "1 thing b 300 ended 205 late 0");
}

/* Each item has its own messages, and what had no effect is none. */
static void another_item_does_not_end_it(void **state) {
  (void)state;
  begin_beside();
  item(THING, A, 200)->assignee = B;
  item(THING, A, 300)->assignee = C;
  (void)move(DONE, B, 2, 203);
  move(DONE, B, 1, 204)->effective = false;
  move(DONE, B, 1, 205)->agrees = true;
  assert_string_equal(listed(true), "1 thing b 200, 2 thing c 300 ended 203 late 0");
}

static void nobody_owes_it_before_he_agreed(void **state) {
  (void)state;
  begin_beside();
  stub_clocks[2].from = bit(TAKE);
  item(THING, A, 200)->assignee = B;
  assert_string_equal(listed(true), "");
  (void)move(TAKE, B, 1, 210);
  assert_string_equal(listed(false), "1 thing b 200");
  (void)move(DONE, B, 1, 215);
  assert_string_equal(listed(true), "1 thing b 200 ended 215 late 5"); /* late from when he agreed */
}

static void a_later_message_may_begin_it(void **state) {
  (void)state;
  begin_beside();
  stub_clocks[2].starts = &stub_types[TAKE];
  item(THING, A, 200)->assignee = B;
  assert_string_equal(listed(true), "");
  (void)move(TAKE, B, 1, 6);
  due_at(400);
  assert_string_equal(listed(true), "1 thing b 400");
}

/* Where several owe it, each ends his own; what ends it for all, and what is about the whole case, ends all. */
static void each_ends_his_own(void **state) {
  (void)state;
  for (int owes = WIRE_OWES_OTHERS; owes <= WIRE_OWES_EACH; owes += WIRE_OWES_EACH - WIRE_OWES_OTHERS) {
    begin_beside();
    stub_clocks[2].owes = (enum wire_owes)owes;
    (void)item(THING, A, 200);
    (void)move(DONE, C, 1, 6);
    assert_string_equal(listed(false), owes == WIRE_OWES_EACH ? "1 thing a 200, 1 thing b 200" : "1 thing b 200");
    (void)(owes == WIRE_OWES_EACH ? move(DROP, A, 1, 7) : say(CLOSE, A, 7));
    assert_string_equal(listed(false), "");
    static const char all[] = "1 thing a 200 ended 7 late 0, 1 thing b 200 ended 7 late 0, 1 thing c 200 ended 6 late 0";
    assert_string_equal(listed(true), owes == WIRE_OWES_EACH ? all : strstr(all, "1 thing b"));
  }
}

/* --- messages about the whole case */

static void the_end_of_the_case_ends_it(void **state) {
  (void)state;
  for (int what = 0; what < 8; what++) {
    begin_beside();
    (void)say(CLOSE, A, 4); /* before the item */
    item(THING, A, 200)->assignee = B;
    stub_clocks[2].stops = what == 1 ? bit(DONE) : stub_clocks[2].stops;
    stub_clocks[2].stops_all = what == 1 ? bit(CLOSE) : stub_clocks[2].stops_all;
    struct engine_message *message = say(what == 2 ? NOTE : what == 3 ? TASK : what == 4 ? DONE : CLOSE, A, 7);
    stub_clocks[2].stops |= bit(TASK); /* opens another item, and says nothing of this one */
    message->effective = what != 5;
    message->agrees = what == 6;
    if (what == 7)
      message->type = 0; /* one that the kind does not have */
    assert_string_equal(listed(false), what < 2 ? "" : "2 thing b 200");
  }
}

/* One that was let run again is ended by the next one, wherever the others stand. */
static void each_end_is_heard_in_its_place(void **state) {
  (void)state;
  begin_beside();
  item(THING, A, 200)->assignee = B;
  for (int round = 0; round < 6; round++) {
    base_time now = 10 * round + 10;
    for (int i = 0; i <= round % 3; i++)
      (void)say(CLOSE, A, now + i);
    char words[64];
    (void)snprintf(words, sizeof words, "1 thing b 200 ended %lld late 0", (long long)now);
    assert_string_equal(listed(true), words); /* the first of them */
    if (round % 2 != 0)
      (void)move(TAKE, B, 1, now + 5);
    (void)move(AGAIN, B, 1, now + 6);
    assert_string_equal(listed(false), "1 thing b 200");
    if (round % 2 == 0)
      (void)move(TAKE, B, 1, now + 5);
    assert_string_equal(listed(false), "1 thing b 200");
  }
}

/* Of one clock after the other: what ends the items of one is nothing to those of another. */
static void each_clock_has_its_own_ends(void **state) {
  (void)state;
  begin_beside();
  stub_clocks[3].stops = bit(NOTE);
  item(THING, A, 200)->assignee = B;
  item(TASK, A, 300)->assignee = B;
  (void)say(CLOSE, A, 6);
  assert_string_equal(listed(false), "2 task b 300");
  (void)say(NOTE, A, 7);
  assert_string_equal(listed(true), "1 thing b 200 ended 6 late 0, 2 task b 300 ended 7 late 0");
}

/* Wherever it stands in its kind, and it alone. */
static void the_only_clock_is_found(void **state) {
  (void)state;
  for (size_t at = 0; at < 2; at++) {
    begin_beside();
    struct wire_kind_clock clock = stub_clocks[2];
    stub_clocks[at] = clock;
    stub.kind.kind.clock_count = at + 1;
    item(THING, A, 200)->assignee = B;
    item(THING, A, 100)->assignee = C;
    assert_string_equal(listed(false), "1 thing b 200, 2 thing c 100");
  }
}

/* The item follows the end of its case: it was written at the same time elsewhere. */
static void a_case_that_was_over_before_ends_nothing(void **state) {
  (void)state;
  begin_beside();
  (void)say(CLOSE, A, 4);
  item(THING, A, 200)->assignee = B;
  (void)move(DONE, B, 2, 5);
  (void)move(AGAIN, B, 2, 6);
  assert_string_equal(listed(false), "2 thing b 200");
}

static void an_item_that_was_made_later_goes_on(void **state) {
  (void)state;
  begin_beside();
  item(THING, A, 200)->assignee = B;
  (void)say(CLOSE, A, 6);
  item(THING, A, 300)->assignee = B;
  assert_string_equal(listed(false), "3 thing b 300");
  (void)say(CLOSE, A, 7);
  assert_string_equal(listed(true), "1 thing b 200 ended 6 late 0, 3 thing b 300 ended 7 late 0");
}

/* --- by which receipts */

/* It has not begun for anybody before somebody else holds what we wrote; then that is not looked for again. */
static void of_ours_somebody_has_to_hold_it(void **state) {
  (void)state;
  begin(A);
  stub.kind.kind.clock_count = 4;
  item(THING, A, 200)->assignee = B;
  memset(stub.received[1], 0, sizeof *stub.received);
  assert_string_equal(listed(false), "");
  assert_int_equal(stub.receipts, 2);
  assert_true(base_view_equal(stub.asked_author, origin_of(A)));
  stub.received[1][C].at = 9;
  assert_string_equal(listed(false), "1 thing b 200");
  assert_int_equal(stub.receipts, 4);
  assert_string_equal(listed(false), "1 thing b 200");
  assert_int_equal(stub.receipts, 4);
  assert_true(stub.messages[1].received);
}

static void whoever_we_are(void **state) {
  (void)state;
  begin(C);
  stub.kind.kind.clock_count = 4;
  item(THING, C, 200)->assignee = B;
  memset(stub.received[1], 0, sizeof *stub.received);
  assert_string_equal(listed(false), "");
  stub.received[1][A].at = 9; /* who opened the case */
  assert_string_equal(listed(false), "1 thing b 200");
}

/* What nobody waits for is not looked up. */
static void what_is_of_no_account_needs_no_receipt(void **state) {
  (void)state;
  begin(A);
  stub.kind.kind.clock_count = 4;
  stub_clocks[2].starts = &stub_types[MOVE];
  item(THING, A, 200)->assignee = B;
  (void)move(TAKE, A, 1, 6);
  assert_string_equal(listed(true), "");
  assert_int_equal(stub.receipts, 0);
  (void)move(MOVE, A, 1, 6);
  due_at(300);
  assert_string_equal(listed(true), "1 thing b 300");
  assert_int_equal(stub.receipts, 2);
}

static void what_everybody_followed_is_held(void **state) {
  (void)state;
  begin(A);
  stub.kind.kind.clock_count = 4;
  struct engine_message *message = item(THING, A, 200);
  message->assignee = B;
  message->settled = true;
  assert_string_equal(listed(true), "1 thing b 200");
  assert_int_equal(stub.receipts, 0);
  assert_false(message->received);
}

static void what_others_wrote_has_come(void **state) {
  (void)state;
  begin(B);
  stub.kind.kind.clock_count = 4;
  item(THING, A, 200)->assignee = B;
  (void)move(DONE, C, 1, 203);
  assert_string_equal(listed(false), "");
  assert_int_equal(stub.receipts, 0);
  assert_string_equal(listed(true), "1 thing b 200 ended 203 late 3");
  assert_int_equal(stub.receipts, 1); /* of what ended it alone */
  assert_null(stub.asked_of);
  assert_true(base_view_equal(stub.asked_author, origin_of(C)));
  stub.received[2][PARTIES].at = 0; /* it came back from a copy, say: when is not known */
  assert_string_equal(listed(true), "1 thing b 200 ended 1 late 0");
}

/* Of ours, the first receipt that anybody gave. */
static void how_late_goes_by_the_first_receipt(void **state) {
  (void)state;
  static const base_time cases[][3] = {{207, 209, 207}, {209, 207, 207}, {0, 208, 208}, {208, 0, 208}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin(A);
    stub.kind.kind.clock_count = 4;
    item(THING, B, 200)->assignee = B;
    move(DONE, A, 1, 3)->settled = true;
    stub.received[2][B].at = cases[i][0];
    stub.received[2][C].at = cases[i][1];
    char words[64];
    (void)snprintf(words, sizeof words, "1 thing b 200 ended %lld late %lld", (long long)cases[i][2],
                   (long long)cases[i][2] - 200);
    assert_string_equal(listed(true), words);
    assert_int_equal(stub.receipts, 2);
    assert_true(stub.messages[2].received);
  }
  memset(stub.received[2], 0, sizeof *stub.received);
  assert_string_equal(listed(true), "1 thing b 200");
  assert_false(stub.messages[2].received);
}

/* Times count of what ends it, for one and for all, of the case, and of what makes it owed; of nothing else. */
static void times_are_looked_up_of_what_counts(void **state) {
  (void)state;
  for (int what = 0; what < 6; what++) {
    begin(B);
    stub.kind.kind.clock_count = 4;
    item(THING, A, 200)->assignee = B;
    stub_clocks[2].from = bit(TAKE);
    (void)move(TAKE, C, 1, 6);
    stub.receipts = 0;
    assert_string_equal(listed(true), "1 thing b 200");
    assert_int_equal(stub.receipts, 1);
    if (what == 5)
      (void)say(CLOSE, A, 7);
    else
      (void)move(MOVE + what, C, 1, 7);
    if (what == 0)
      due_at(300);
    stub.receipts = 0;
    (void)listed(true);
    assert_int_equal(stub.receipts, what == 0 || what == 4 ? 1 : 2);
    stub.receipts = 0;
    (void)listed(false);
    assert_int_equal(stub.receipts, 0);
  }
}

/* --- what goes wrong */

static void each_call_can_fail(void **state) {
  (void)state;
  struct base_error err;
  for (unsigned fails = 1; fails <= 7; fails++) {
    struct core_item_clock *clocks = NULL;
    size_t count = 0;
    begin(A);
    stub.kind.kind.clock_count = 4;
    item(TASK, C, 100)->assignee = B; /* one that is listed before */
    item(THING, A, 200)->assignee = B;
    (void)move(DONE, B, 2, 6);
    (void)say(CLOSE, A, 7);
    (void)move(AGAIN, A, 2, 8);
    item(THING, A, 300)->assignee = B;
    stub_clocks[3].stops = 0;
    stub.fails = fails;
    enum base_code code = core_item_clocks(stub.core, &stub.kase, true, &clocks, &count, &err);
    assert_int_equal(code, fails > stub.calls ? BASE_OK : BASE_IO);
    assert_true(stub.calls <= fails);
    assert_int_equal(clocks != NULL, code == BASE_OK);
    assert_int_equal(count, code == BASE_OK ? 3 : 0);
    free(clocks);
  }
}

static void memory_may_be_out(void **state) {
  (void)state;
  struct base_error err;
  enum base_code code = BASE_MEMORY;
  for (size_t which = 1; code != BASE_OK; which++) {
    struct core_item_clock *clocks = NULL;
    size_t count = 0;
    begin_beside();
    stub_clocks[2].owes = WIRE_OWES_EACH;
    for (int i = 0; i < 6; i++)
      (void)item(THING, A, 200);
    if (!without_memory(which))
      return;
    code = core_item_clocks(stub.core, &stub.kase, false, &clocks, &count, &err);
    assert_int_equal(code, memory_was_enough() ? BASE_OK : BASE_MEMORY);
    assert_int_equal(count, code == BASE_OK ? 18 : 0);
    assert_int_equal(clocks != NULL, code == BASE_OK);
    free(clocks);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_clock_of_items_nothing_is_asked), cmocka_unit_test(who_owes_it),
      cmocka_unit_test(those_of_an_item_stand_together), cmocka_unit_test(any_number_of_them_is_listed),
      cmocka_unit_test(what_names_no_moment_is_never_due), cmocka_unit_test(it_ends_when_it_is_stopped),
      cmocka_unit_test(another_item_does_not_end_it), cmocka_unit_test(nobody_owes_it_before_he_agreed),
      cmocka_unit_test(a_later_message_may_begin_it), cmocka_unit_test(each_ends_his_own),
      cmocka_unit_test(the_end_of_the_case_ends_it), cmocka_unit_test(each_end_is_heard_in_its_place),
      cmocka_unit_test(each_clock_has_its_own_ends), cmocka_unit_test(the_only_clock_is_found),
      cmocka_unit_test(a_case_that_was_over_before_ends_nothing), cmocka_unit_test(an_item_that_was_made_later_goes_on),
      cmocka_unit_test(of_ours_somebody_has_to_hold_it), cmocka_unit_test(whoever_we_are),
      cmocka_unit_test(what_is_of_no_account_needs_no_receipt), cmocka_unit_test(what_everybody_followed_is_held),
      cmocka_unit_test(what_others_wrote_has_come), cmocka_unit_test(how_late_goes_by_the_first_receipt),
      cmocka_unit_test(times_are_looked_up_of_what_counts), cmocka_unit_test(each_call_can_fail),
      cmocka_unit_test(memory_may_be_out),
  };
  return cmocka_run_group_tests(tests, NULL, end);
}
