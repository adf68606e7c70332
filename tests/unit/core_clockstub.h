/* SPDX-License-Identifier: Apache-2.0
 * Clocks without a node: what they ask of the store, of the register and of the partners is answered here, and any of these
 * calls can be made to fail. The kind is one of no file, so that a test may change each of its clocks. */
#ifndef WASL_TESTS_UNIT_CORE_CLOCKSTUB_H
#define WASL_TESTS_UNIT_CORE_CLOCKSTUB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cases.h"
#include "core/clocks.h"
#include "core/events.h"
#include "core/exercise.h"
#include "core/partners.h"
#include "core/register.h"
#include "core/show.h"
#include "short_memory.h"

/* --- a kind */

/* ASK, MORE and LAST start clocks of the case, THING and TASK open items. */
enum { OPEN, ASK, MORE, ANSWER, CLOSE, HOLD, GO_ON, NOTE, THING, TASK, MOVE, TAKE, DONE, DROP, AGAIN, TYPES };
enum { A, B, C, PARTIES };
enum { STUB_MAX = 48, STUB_LOOKS = CORE_CLOCKS_STEP + 1 };

static const char *const stub_names[TYPES] = {"open",  "ask",  "more", "answer", "close", "hold", "go_on", "note",
                                              "thing", "task", "move", "take",   "done",  "drop", "again"};
static const char *const stub_origins[] = {"wasl/a/0000000000000000", "wasl/b/0000000000000000", "wasl/c/0000000000000000",
                                           "wasl/x/0000000000000000"};

static inline uint64_t bit(unsigned type) {
  return (uint64_t)1 << type;
}

/* --- what is answered, and what was asked */

struct stub_told { /* a deadline: its leaf, its event, and the row that says so */
  struct wire_opening leaf;
  bool overdue, of_item;
  struct base_id item;
  base_time due;
  struct base_view party, clock;
};

static struct {
  unsigned calls, fails; /* calls of below that were answered; the one that fails, counted from 1; 0: none does */
  enum base_code failure;
  struct core *core;
  struct core_kind kind;
  struct core_case kase;
  struct core_partner partners[PARTIES];
  base_time now;
  struct wire_header headers[STUB_MAX];
  struct engine_message messages[STUB_MAX];
  struct core_received received[STUB_MAX][PARTIES + 1]; /* by each partner; the last: by us */
  char texts[STUB_MAX][BASE_HEX_ID + 1];
  struct base_view asked_author; /* whose receipt was asked for last, … */
  const struct core_partner *asked_of;
  unsigned receipts, alarms_read, item_alarms_read, latest_read; /* how often */
  enum base_code load; /* how the loading of a case ends … */
  struct base_id loaded[STUB_LOOKS];
  size_t loads; /* … and which were loaded */
  struct store_alarm alarms[STUB_MAX];
  size_t alarm_count;
  struct stub_told told[STUB_MAX];
  size_t leaves, events, puts, sets, logged;
  enum base_level logged_level; /* of the last line of the log */
  const char *logged_event;
  struct base_id set_id, header_case, looks[STUB_LOOKS];
  base_time set_due, set_look, row_due, look_times[STUB_LOOKS];
  size_t look_count;
  enum base_code get, header; /* how the row of a case, and a message's header, are read */
} stub;

static enum base_code stub_answer(struct base_error *err) {
  stub.calls++;
  return stub.calls == stub.fails ? base_fail(err, stub.failure, "it was made to fail") : BASE_OK;
}

base_time core_now(const struct core *core) {
  assert_ptr_equal(core, stub.core);
  return stub.now;
}

void base_log(enum base_level level, const char *event, const char *format, ...) {
  (void)format;
  stub.logged++;
  stub.logged_level = level;
  stub.logged_event = event;
}

bool core_damage(enum base_code code) {
  return code == BASE_CORRUPT || base_code_class(code) == BASE_REFUSED;
}

enum base_code core_write(struct core *core, struct base_error *err) {
  core->in_transaction = true;
  return stub_answer(err);
}

enum base_code core_case_load(struct core *core, const struct base_id *id, struct core_case **out, struct base_error *err) {
  (void)core;
  stub.loaded[stub.loads++] = *id;
  *out = &stub.kase;
  return stub.load != BASE_OK ? base_fail(err, stub.load, "no such case") : stub_answer(err);
}

struct core_partner *core_partner_of(struct core *core, struct base_view origin) {
  for (int i = 0; i < PARTIES; i++)
    if (base_view_is(origin, stub_origins[i]) && !base_view_equal(origin, core->card.origin))
      return &stub.partners[i];
  return NULL;
}

enum base_code core_show_received(struct core *core, const struct base_id *id, struct base_view author,
                                  const struct core_partner *partner, struct core_received *out, struct base_error *err) {
  (void)core;
  stub.receipts++;
  stub.asked_author = author;
  stub.asked_of = partner;
  for (size_t i = 0; i < stub.kase.count; i++)
    if (base_id_equal(&stub.messages[i].id, id))
      *out = stub.received[i][partner != NULL ? partner - stub.partners : PARTIES];
  return stub_answer(err);
}

struct base_view core_show_name(struct core *core, struct base_view origin) {
  assert_ptr_equal(core, stub.core);
  return origin;
}

const char *core_exercise_word(bool exercise) {
  return exercise ? "exercise: " : "";
}

struct core_clocks_words core_clocks_words(const struct store_alarm *alarm) {
  return (struct core_clocks_words){.text = {(char)('0' + alarm->level), (char)(alarm->of_item ? 'i' : 'c')}};
}

enum base_code core_register_add(struct core *core, enum wire_act act, struct wire_opening *opening, struct core_leaf *out,
                                 struct base_error *err) {
  assert_true(core->in_transaction);
  assert_int_equal(act, WIRE_ACT_DEADLINE);
  assert_true(opening->has_message);
  struct stub_told *told = &stub.told[stub.leaves++];
  told->leaf = *opening;
  told->leaf.reason = (struct base_view){0}; /* lives as long as the call */
  assert_true(opening->reason.size == 2);
  told->overdue = opening->reason.data[0] == '0' + STORE_ALARM_OVERDUE;
  *out = (struct core_leaf){.index = 100 + stub.leaves};
  return stub_answer(err);
}

void core_event_deadline(struct core *core, const struct base_id *case_id, struct base_view party, struct base_view clock,
                         const struct base_id *item, bool overdue, base_time due) {
  (void)core;
  struct stub_told *told = &stub.told[stub.events++];
  assert_true(base_id_equal(case_id, &stub.kase.id));
  assert_int_equal(told->overdue, overdue);
  told->party = party;
  told->clock = clock;
  told->of_item = item != NULL;
  told->item = item != NULL ? *item : (struct base_id){0};
  told->due = due;
}

static bool stub_same_clock(const struct store_alarm *a, const struct store_alarm *b) {
  return a->of_item == b->of_item && base_id_equal(&a->item, &b->item) && a->party == b->party && a->clock == b->clock &&
         a->level == b->level;
}

enum base_code store_alarm_put(struct store *store, const struct base_id *kase, const struct store_alarm *alarm,
                               struct base_error *err) {
  (void)store;
  size_t i = 0;
  assert_true(base_id_equal(kase, &stub.kase.id));
  assert_int_equal(alarm->leaf, 100 + stub.leaves);
  while (i < stub.alarm_count && !stub_same_clock(&stub.alarms[i], alarm))
    i++;
  stub.alarms[i] = *alarm;
  stub.alarm_count += i == stub.alarm_count;
  stub.puts++;
  return stub_answer(err);
}

enum base_code store_alarms(struct store *store, const struct base_id *kase, struct store_alarm out[STORE_ALARMS_MAX],
                            size_t *count, struct base_error *err) {
  (void)store;
  assert_true(base_id_equal(kase, &stub.kase.id));
  stub.alarms_read++;
  *count = 0;
  for (size_t i = 0; i < stub.alarm_count; i++)
    if (!stub.alarms[i].of_item)
      out[(*count)++] = stub.alarms[i];
  return stub_answer(err);
}

enum base_code store_alarms_of_item(struct store *store, const struct base_id *kase, const struct base_id *item, unsigned party,
                                    unsigned clock, struct store_alarm out[STORE_ALARM_OVERDUE], struct base_error *err) {
  (void)store;
  assert_true(base_id_equal(kase, &stub.kase.id));
  stub.item_alarms_read++;
  for (unsigned level = 1; level <= STORE_ALARM_OVERDUE; level++) {
    const struct store_alarm wanted = {.of_item = true, .item = *item, .party = party, .clock = clock, .level = level};
    for (size_t i = 0; i < stub.alarm_count; i++)
      if (stub_same_clock(&stub.alarms[i], &wanted))
        out[level - 1] = stub.alarms[i];
  }
  return stub_answer(err);
}

enum base_code store_alarms_latest(struct store *store, const struct base_id *kase, base_time *due, struct base_error *err) {
  (void)store;
  assert_true(base_id_equal(kase, &stub.kase.id));
  stub.latest_read++;
  *due = 0;
  for (size_t i = 0; i < stub.alarm_count; i++)
    if (stub.alarms[i].of_item && stub.alarms[i].due > *due)
      *due = stub.alarms[i].due;
  return stub_answer(err);
}

enum base_code store_case_clocks_set(struct store *store, const struct base_id *id, base_time due, base_time look,
                                     struct base_error *err) {
  (void)store;
  assert_true(stub.core->in_transaction);
  stub.sets++;
  stub.set_id = *id;
  stub.set_due = due;
  stub.set_look = look;
  return stub_answer(err);
}

enum base_code store_case_get(struct store *store, const struct base_id *id, struct base_arena *arena, struct store_case *out,
                              struct base_error *err) {
  (void)store;
  assert_non_null(base_arena_alloc(arena, 16));
  *out = (struct store_case){.id = *id, .due = stub.row_due};
  return stub.get != BASE_OK ? base_fail(err, stub.get, "no such row") : BASE_OK;
}

enum base_code store_case_look(struct store *store, struct base_id *out, size_t max, size_t *count, base_time *look,
                               struct base_error *err) {
  (void)store;
  *count = stub.look_count < max ? stub.look_count : max;
  memcpy(out, stub.looks, *count * sizeof *out);
  memcpy(look, stub.look_times, *count * sizeof *look);
  return stub_answer(err);
}

enum base_code store_message_header(struct store *store, const struct base_id *id, struct base_arena *arena,
                                    struct store_message *out, struct base_error *err) {
  (void)store;
  assert_non_null(base_arena_alloc(arena, 16));
  *out = (struct store_message){.id = *id, .case_id = stub.header_case};
  return stub.header != BASE_OK ? base_fail(err, stub.header, "no such message") : BASE_OK;
}

/* --- a case */

static struct wire_kind_type stub_types[TYPES];
static struct wire_kind_item stub_items[2];
static struct wire_kind_clock stub_clocks[4];
static struct base_view stub_ground = {(const uint8_t *)"why", 3};

/* Two clocks of a case and one of each of its items; the tests change them. */
static inline void stub_kind(void) {
  static struct wire_kind_list grounds = {.count = 1, .codes = &stub_ground};
  static struct wire_kind_field ground = {.state = true, .list = &grounds};
  ground.name = base_view_text("ground");
  memset(stub_types, 0, sizeof stub_types);
  memset(stub_items, 0, sizeof stub_items);
  memset(stub_clocks, 0, sizeof stub_clocks);
  for (int i = 0; i < TYPES; i++)
    stub_types[i].name = base_view_text(stub_names[i]);
  stub_types[HOLD].fields = &ground;
  stub_types[HOLD].field_count = 1;
  stub_types[THING].opens = &stub_items[0];
  stub_types[TASK].opens = &stub_items[1];
  for (int i = MOVE; i < TYPES; i++)
    stub_types[i].moves = &stub_items[0];
  stub_clocks[0] = (struct wire_kind_clock){.name = base_view_text("first"),
                                            .starts = &stub_types[ASK],
                                            .length_count = 1,
                                            .lengths = {{.seconds = 100}},
                                            .stops = bit(ANSWER) | bit(CLOSE),
                                            .pauses = bit(HOLD),
                                            .resumes = bit(GO_ON),
                                            .ground = ground.name,
                                            .soon = 25};
  stub_clocks[1] = (struct wire_kind_clock){.name = base_view_text("second"),
                                            .starts = &stub_types[MORE],
                                            .length_count = 1,
                                            .lengths = {{.seconds = 1000}},
                                            .stops = bit(CLOSE)};
  stub_clocks[2] = (struct wire_kind_clock){.name = base_view_text("thing"),
                                            .starts = &stub_types[THING],
                                            .at = true,
                                            .field = base_view_text("due"),
                                            .before = 10,
                                            .item = &stub_items[0],
                                            .owes = WIRE_OWES_ASSIGNEE,
                                            .moves = bit(MOVE),
                                            .again = bit(AGAIN),
                                            .stops = bit(DONE) | bit(CLOSE),
                                            .stops_all = bit(DROP)};
  stub_clocks[3] = stub_clocks[2];
  stub_clocks[3].name = base_view_text("task");
  stub_clocks[3].starts = &stub_types[TASK];
  stub_clocks[3].item = &stub_items[1];
  stub.kind.kind = (struct wire_kind){.type_count = TYPES,
                                      .types = stub_types,
                                      .item_count = 2,
                                      .items = stub_items,
                                      .clock_count = 2,
                                      .clocks = stub_clocks};
}

static inline struct base_id stub_id(unsigned number) {
  struct base_id id = {{(uint8_t)number, (uint8_t)(number >> 8)}};
  return id;
}

static inline struct base_view origin_of(int party) {
  return base_view_text(stub_origins[party]);
}

/* The next message of the case: it took effect, and all received it at this time (0: nobody did). */
static inline struct engine_message *say(int type, int author, base_time received) {
  size_t at = stub.kase.count++;
  assert_true(at < STUB_MAX);
  struct wire_header *header = &stub.headers[at];
  *header = (struct wire_header){.type = stub_types[type].name, .author = origin_of(author)};
  for (int i = 0; at == 0 && i < PARTIES; i++) /* it is the opening message that says them */
    header->parties[header->party_count++] = origin_of(i);
  for (int i = 0; i <= PARTIES; i++)
    stub.received[at][i].at = received;
  stub.messages[at] = (struct engine_message){.id = stub_id((unsigned)at + 1),
                                              .header = header,
                                              .effective = true,
                                              .about = ENGINE_NO_ITEM,
                                              .assignee = WIRE_PARTIES_MAX,
                                              .party = (uint8_t)author,
                                              .type = (uint8_t)(type + 1)};
  return &stub.messages[at];
}

static inline void state_field(const char *name, const char *text) {
  struct wire_header *header = &stub.headers[stub.kase.count - 1];
  header->state[header->state_count++] = (struct wire_state_field){base_view_text(name), base_view_text(text)};
}

/* The message that was said last names this moment. */
static inline void due_at(base_time due) {
  char *text = stub.texts[stub.kase.count - 1];
  (void)snprintf(text, sizeof *stub.texts, "%s", base_time_format(due).text);
  state_field("due", text);
}

/* An item that A opened and this party owes by then. */
static inline void owed_by(int party, base_time due) {
  say(THING, A, 5)->item = 1;
  stub.messages[stub.kase.count - 1].assignee = (uint8_t)party;
  due_at(due);
  stub.kind.kind.clock_count = 4;
}

/* That it was told, as a row of the store. */
static inline void was_told(unsigned party, unsigned clock, unsigned level, base_time due) {
  stub.alarms[stub.alarm_count++] = (struct store_alarm){.party = party, .clock = clock, .level = level, .due = due};
}

static inline void item_told(unsigned item, unsigned party, unsigned clock, unsigned level, base_time due) {
  was_told(party, clock, level, due);
  stub.alarms[stub.alarm_count - 1].of_item = true;
  stub.alarms[stub.alarm_count - 1].item = stub_id(item);
}

/* A case that A opened, as this party has it. */
static inline void begin(int us) {
  struct core *core = stub.core != NULL ? stub.core : calloc(1, sizeof *core);
  assert_non_null(core);
  core_clocks_forget(core);
  memset(core, 0, sizeof *core);
  memset(&stub, 0, sizeof stub);
  stub.core = core;
  stub.failure = BASE_IO;
  core->card.origin = origin_of(us);
  stub_kind();
  stub.kase.kind = &stub.kind;
  stub.kase.messages = stub.messages;
  (void)say(OPEN, A, 1);
  stub.kase.id = stub.messages[0].id;
}

/* The row of this case says that it is to be looked at then. */
static inline void looks_at(unsigned id, base_time look) {
  stub.looks[stub.look_count] = stub_id(id);
  stub.look_times[stub.look_count++] = look;
}

static inline void touch(unsigned id) {
  struct base_id kase = stub_id(id);
  assert_int_equal(core_clocks_touch(stub.core, &kase, NULL), BASE_OK);
}

/* A step, in which nothing fails. */
static inline void settle_well(void) {
  struct base_error err = {0};
  stub.loads = stub.leaves = stub.events = stub.puts = stub.sets = stub.logged = 0;
  stub.calls = 0;
  if (core_clocks_settle(stub.core, &err) != BASE_OK)
    fail_msg("%s", err.text);
  assert_int_equal(stub.core->clocks.count, 0);
  assert_int_equal(stub.leaves, stub.events);
  assert_int_equal(stub.leaves, stub.puts);
}

static inline int end(void **state) {
  (void)state;
  if (stub.core != NULL)
    core_clocks_forget(stub.core);
  free(stub.core);
  stub.core = NULL;
  return 0;
}

#endif
