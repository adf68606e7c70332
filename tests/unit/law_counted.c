/* SPDX-License-Identifier: Apache-2.0
 * What is counted of a request that takes no usual course, and that a table without room says so instead of being short
 * of a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../shipped.h"
#include "law/statistics.h"
#include "law_memory.h"

enum { HOUR = 3600 };
static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

struct asking {
  struct shipped request;
  struct wire_header asks, answers; /* the opener's, the asked party's */
  struct law_clock_event events[16];
  struct law_asked asked;
  struct law_tally tally;
};

static void begin(struct asking *asking, const char *urgency) {
  memset(asking, 0, sizeof *asking);
  shipped_load(&asking->request, "request");
  asking->asks.author = BASE_VIEW("wasl/rabat/0");
  asking->asks.state[0] = (struct wire_state_field){BASE_VIEW("urgency"), base_view_text(urgency)};
  asking->answers.author = BASE_VIEW("wasl/paris/0");
  asking->answers.state[0] = (struct wire_state_field){BASE_VIEW("ground"), BASE_VIEW("scope_too_wide")};
  asking->asks.state_count = asking->answers.state_count = 1;
  asking->asked = (struct law_asked){.kind = &asking->request.kind,
                                     .clock = &asking->request.kind.clocks[0],
                                     .events = asking->events,
                                     .now = NOW + 24 * HOUR,
                                     .cut = INT64_MAX,
                                     .waits = "waiting"};
  law_tally_init(&asking->tally);
}

static void end(struct asking *asking) {
  law_tally_free(&asking->tally);
  base_arena_free(&asking->request.arena);
}

static struct law_clock_event *add(struct asking *asking, const char *type, base_time at) {
  struct law_clock_event *event = &asking->events[asking->asked.count++];
  bool asks = strcmp(type, "ask") == 0 || strcmp(type, "clarification") == 0;
  *event = (struct law_clock_event){
      .type = shipped_type(&asking->request, type), .at = at, .header = asks ? &asking->asks : &asking->answers};
  return event;
}

static enum base_code run(struct asking *asking) {
  struct base_view key[LAW_COLUMNS] = {[LAW_COLUMN_DIRECTION] = BASE_VIEW("sent")};
  struct base_error err;
  return law_count_request(&asking->tally, key, &asking->asked, &err);
}

/* "limit/measure/detail=count …", in the order of the tally; what is the same in every row is held against it. */
static void counts(struct asking *asking, const char *expected) {
  BASE_AUTO_BUF struct base_buf text = {0};
  assert_int_equal(run(asking), BASE_OK);
  for (size_t i = 0; i < asking->tally.count; i++) {
    const struct base_view *key = asking->tally.cells[i].key;
    struct base_view limit = key[LAW_COLUMN_LIMIT], measure = key[LAW_COLUMN_MEASURE], detail = key[LAW_COLUMN_DETAIL];
    assert_true(base_view_is(key[LAW_COLUMN_SECTION], "requests") && base_view_is(key[LAW_COLUMN_CLOCK], "answer"));
    assert_true(base_view_is(key[LAW_COLUMN_DIRECTION], "sent"));
    base_buf_add_view(&text, limit);
    base_buf_text(&text, "/");
    base_buf_add_view(&text, measure);
    base_buf_text(&text, "/");
    base_buf_add_view(&text, detail);
    base_buf_printf(&text, "=%llu ", (unsigned long long)asking->tally.cells[i].value);
  }
  if (!base_view_is(base_buf_view(&text), expected))
    fail_msg("%.*s instead of %s", (int)text.size, (const char *)text.data, expected);
  end(asking);
}

/* A time limit that the kind does not know starts no clock: it counts as not received, whatever the receipt says. */
static void a_limit_that_is_unknown(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "whenever");
  add(&asking, "ask", NOW);
  add(&asking, "answer", NOW + HOUR);
  counts(&asking, "whenever/not_received/waiting=1 whenever/requests/=1 ");
}

/* What came before the request did, by its place in the case, is not of it. */
static void what_came_before(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "clarify", NOW - HOUR);
  add(&asking, "ask", NOW);
  add(&asking, "answer", NOW + HOUR);
  counts(&asking, "urgent_direct/in_time/answer=1 urgent_direct/requests/=1 ");
}

/* What was answered and is not done all the same, as a recall that is open further down, counts as that and as no end. */
static void open_all_the_same(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  asking.asked.open = "running";
  add(&asking, "answer", NOW + HOUR);
  counts(&asking, "urgent_direct/requests/=1 urgent_direct/running/=1 ");
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  asking.asked.open = "running";
  counts(&asking, "urgent_direct/overdue/=1 urgent_direct/requests/=1 ");
}

/* Asked again, it counts from there on: neither the answer nor the pause of the first time. */
static void asked_again(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "clarify", NOW + HOUR);
  add(&asking, "clarification", NOW + 2 * HOUR);
  add(&asking, "answer", NOW + 3 * HOUR);
  add(&asking, "ask", NOW + 4 * HOUR);
  counts(&asking, "urgent_direct/overdue/=1 urgent_direct/requests/=1 ");
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "answer", NOW + 20 * HOUR);
  add(&asking, "ask", NOW + 21 * HOUR);
  add(&asking, "clarify", NOW + 22 * HOUR);
  counts(&asking, "urgent_direct/clarified/=1 urgent_direct/paused/=1 urgent_direct/pauses/clarify/scope_too_wide=1 "
                  "urgent_direct/requests/=1 ");
}

/* The first end counts. */
static void answered_twice(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "refuse", NOW + HOUR);
  add(&asking, "answer", NOW + 9 * HOUR);
  counts(&asking, "urgent_direct/in_time/refuse/scope_too_wide=1 urgent_direct/requests/=1 ");
}

/* Nothing to choose its length by: no limit in the row, though the message has such a field. */
static void a_clock_of_one_length(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  struct wire_kind_clock clock = *asking.asked.clock;
  clock.field.size = 0;
  clock.length_count = 1;
  clock.lengths[0].code = (struct base_view){0};
  clock.lengths[0].seconds = 2 * HOUR;
  asking.asked.clock = &clock;
  add(&asking, "ask", NOW);
  add(&asking, "answer", NOW + 2 * HOUR + 1);
  counts(&asking, "/late/answer=1 /requests/=1 ");
}

/* A field and codes of one letter are as good as longer ones. */
static void names_of_one_letter(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  struct wire_kind_clock clock = *asking.asked.clock;
  clock.field = BASE_VIEW("u");
  asking.asked.clock = &clock;
  asking.asks.state[0].name = BASE_VIEW("u");
  asking.answers.state[0].value = BASE_VIEW("g");
  add(&asking, "ask", NOW);
  add(&asking, "refuse", NOW + HOUR);
  counts(&asking, "urgent_direct/in_time/refuse/g=1 urgent_direct/requests/=1 ");
}

/* What is not received has not happened, though something before it was; and the first second of all is a time. */
static void received_or_not(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  add(&asking, "answer", NOW + HOUR);
  add(&asking, "ask", 0);
  counts(&asking, "urgent_direct/in_time/answer=1 urgent_direct/requests/=1 ");
  begin(&asking, "urgent_direct");
  add(&asking, "ask", 1);
  counts(&asking, "urgent_direct/overdue/=1 urgent_direct/requests/=1 ");
}

/* Only the events that were handed in: those behind neither count nor are changed. */
static void no_event_behind(void **state) {
  (void)state;
  struct asking asking;
  struct wire_header other;
  begin(&asking, "urgent_direct");
  asking.asked.cut = NOW;
  add(&asking, "ask", NOW);
  other = asking.asks;
  other.state[0].value = BASE_VIEW("normal");
  struct law_clock_event *behind = add(&asking, "ask", NOW + 1);
  behind->header = &other;
  asking.asked.count--;
  assert_int_equal(run(&asking), BASE_OK);
  assert_int_equal(behind->at, NOW + 1);
  law_tally_free(&asking.tally);
  law_tally_init(&asking.tally);
  counts(&asking, "urgent_direct/overdue/=1 urgent_direct/requests/=1 ");
}

/* Both times of a disputed receipt: the earlier one says whether it was known when the period was closed. */
static void known_by_the_earlier_time(void **state) {
  (void)state;
  static const struct {
    base_time at, ours;
    bool known;
  } rows[] = {{NOW, 0, true},          {NOW + 1, 0, false},          {NOW, NOW + HOUR, true},
              {NOW + HOUR, NOW, true}, {NOW + HOUR, NOW + 1, false}, {NOW + 1, NOW + HOUR, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct asking asking;
    begin(&asking, "urgent_direct");
    asking.asked.cut = NOW;
    add(&asking, "ask", rows[i].at)->ours = rows[i].ours;
    counts(&asking, !rows[i].known ? "urgent_direct/not_received/waiting=1 urgent_direct/requests/=1 "
                    : rows[i].ours == 0
                        ? "urgent_direct/overdue/=1 urgent_direct/requests/=1 "
                        : "urgent_direct/disputed/=1 urgent_direct/overdue/=1 urgent_direct/requests/=1 ");
  }
}

/* Of the state fields those alone that are codes say what a message was about. */
static void the_detail_is_of_codes(void **state) {
  (void)state;
  struct asking asking;
  begin(&asking, "urgent_direct");
  asking.answers.state[1] = (struct wire_state_field){BASE_VIEW("reason"), BASE_VIEW("words")};
  asking.answers.state_count = 2;
  add(&asking, "ask", NOW);
  const struct wire_kind_type *refuse = add(&asking, "refuse", NOW + HOUR)->type;
  assert_int_equal(refuse->field_count, 2);
  for (size_t i = 0; i < refuse->field_count; i++)
    refuse->fields[i].state = true;
  counts(&asking, "urgent_direct/in_time/refuse/scope_too_wide=1 urgent_direct/requests/=1 ");
  begin(&asking, "urgent_direct");
  add(&asking, "ask", NOW);
  refuse = add(&asking, "refuse", NOW + HOUR)->type;
  refuse->fields[0].state = false;
  counts(&asking, "urgent_direct/in_time/refuse=1 urgent_direct/requests/=1 ");
}

/* Each code that the type has, in its order, and no field behind them. */
static void several_codes(void **state) {
  (void)state;
  for (int turn = 0; turn < 3; turn++) {
    struct asking asking;
    begin(&asking, "urgent_direct");
    add(&asking, "ask", NOW);
    add(&asking, "refuse", NOW + HOUR);
    struct wire_kind_type *refuse = &asking.request.kind.types[asking.events[1].type - asking.request.kind.types];
    struct wire_kind_field ground = refuse->fields[0], reason = refuse->fields[1];
    refuse->fields[0] = turn == 2 ? reason : ground;
    refuse->fields[1] = ground;
    refuse->field_count = turn == 0 ? 1 : 2;
    counts(&asking, turn == 1
                        ? "urgent_direct/in_time/refuse/scope_too_wide/scope_too_wide=1 urgent_direct/requests/=1 "
                        : "urgent_direct/in_time/refuse/scope_too_wide=1 urgent_direct/requests/=1 ");
  }
}

/* A partner's program may name what it likes: the detail is cut, and the fields behind it left out. */
static void a_long_detail_is_cut(void **state) {
  (void)state;
  static char ground[600];
  static char name[512];
  memset(ground, 'g', sizeof ground - 1);
  memset(name, 'g', sizeof name - 1);
  memcpy(name, "refuse/", 7);
  struct asking asking;
  begin(&asking, "urgent_direct");
  asking.answers.state[0].value = base_view_text(ground);
  add(&asking, "ask", NOW);
  const struct wire_kind_type *refuse = add(&asking, "refuse", NOW + HOUR)->type;
  refuse->fields[1] = refuse->fields[0];
  BASE_AUTO_BUF struct base_buf expected = {0};
  base_buf_printf(&expected, "urgent_direct/in_time/%s=1 urgent_direct/requests/=1 ", name);
  base_buf_add(&expected, "", 1);
  counts(&asking, (const char *)expected.data);
}

/* Whichever of its numbers has no room, the request is not counted in part as if that were all. */
static void counted_whole_or_not(void **state) {
  (void)state;
  enum { NUMBERS = 5, IN_TIME = 3, LATE = 10, NEVER = 0 };
  static const int answers[] = {IN_TIME, LATE, NEVER};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    for (size_t room = 0; room <= NUMBERS; room++) {
      struct asking asking;
      begin(&asking, "urgent_direct");
      law_tally_free(&asking.tally);
      without_room(&asking.tally, room);
      add(&asking, "ask", NOW)->ours = NOW + 1;
      add(&asking, "clarify", NOW + HOUR / 2);
      add(&asking, "clarification", NOW + HOUR);
      add(&asking, "clarify", NOW + HOUR);
      if (answers[i] != NEVER) {
        add(&asking, "clarification", NOW + 2 * HOUR);
        add(&asking, "answer", NOW + answers[i] * HOUR);
      }
      assert_int_equal(run(&asking), room < NUMBERS ? BASE_TOO_LARGE : BASE_OK);
      assert_int_equal(asking.tally.late_count, room == NUMBERS && answers[i] == LATE);
      end(&asking);
    }
}

/* Nor is one that memory failed for, whichever number it was. */
static void counted_or_not_at_all(void **state) {
  (void)state;
  bool enough = false;
  for (size_t which = 1; !enough; which++) {
    struct asking asking;
    begin(&asking, "urgent_direct");
    /* Each of its keys has a block of its own. */
    static char partner[2048];
    memset(partner, 'p', sizeof partner - 1);
    add(&asking, "ask", NOW)->ours = NOW + 1;
    add(&asking, "clarify", NOW + HOUR);
    add(&asking, "clarification", NOW + 2 * HOUR);
    add(&asking, "answer", NOW + 10 * HOUR);
    struct base_view key[LAW_COLUMNS] = {[LAW_COLUMN_PARTNER] = base_view_text(partner)};
    struct base_error err;
    bool failing = without_memory(which);
    enum base_code code = law_count_request(&asking.tally, key, &asking.asked, &err);
    enough = !failing || memory_was_enough();
    assert_int_equal(code, enough ? BASE_OK : BASE_MEMORY);
    end(&asking);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_limit_that_is_unknown),
      cmocka_unit_test(what_came_before),
      cmocka_unit_test(open_all_the_same), cmocka_unit_test(asked_again),
      cmocka_unit_test(answered_twice),
      cmocka_unit_test(a_clock_of_one_length),
      cmocka_unit_test(known_by_the_earlier_time),
      cmocka_unit_test(the_detail_is_of_codes),
      cmocka_unit_test(a_long_detail_is_cut),
      cmocka_unit_test(counted_whole_or_not),
      cmocka_unit_test(names_of_one_letter),
      cmocka_unit_test(received_or_not),
      cmocka_unit_test(no_event_behind),
      cmocka_unit_test(several_codes),
      cmocka_unit_test(counted_or_not_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
