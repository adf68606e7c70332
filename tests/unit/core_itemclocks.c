/* SPDX-License-Identifier: Apache-2.0
 * The clocks of items: random cases against a plain, slow reading of spec/case.md, then an operation between two cores. */
#include "../shipped.h"
#include "core/cases.h"
#include "core/clocks.h"
#include "core_ask.h"
#include "core_damage.h"
#include "engine_scene.h"

enum { HOUR = 3600, DAY = 86400 };

/* --- the plain reading */

struct plain {
  const struct scene *scene;
  const struct wire_kind_clock *clock;
  size_t item;
  int party;
};

static bool about(const struct plain *plain, size_t at) {
  const struct engine_message *message = &plain->scene->messages[at];
  const struct wire_kind_type *type = wire_kind_type_named(&plain->scene->shipped.kind, message->header->type);
  struct base_id id;
  if (at == plain->item)
    return true;
  return type->moves != NULL &&
         base_id_parse(wire_header_state(message->header, (const char *)type->names_item.data), &id) &&
         base_id_equal(&id, &plain->scene->messages[plain->item].id);
}

/* What the message says of when it is due; before: what it was, 0 when nothing was. */
static base_time plain_named(const struct wire_kind_clock *clock, const struct wire_header *header, base_time before) {
  base_time moment, until = header->time + clock->least;
  assert_true(base_date_parse(wire_header_state(header, (const char *)clock->field.data), &moment));
  if (moment < until)
    until = moment;
  if (before != 0 && before < until)
    until = before;
  return clock->least > 0 && until > moment + clock->offset ? until : moment + clock->offset;
}

/* When it is due while it runs; 0: it does not. */
static base_time plain_due(const struct plain *plain) {
  const struct wire_kind *kind = &plain->scene->shipped.kind;
  const struct wire_kind_clock *clock = plain->clock;
  base_time due = 0;
  bool running = false, owed = clock->from == 0;
  for (size_t i = plain->item; i < plain->scene->count; i++) {
    const struct engine_message *message = &plain->scene->messages[i];
    const struct wire_kind_type *type = wire_kind_type_named(kind, message->header->type);
    uint64_t bit = (uint64_t)1 << (type - kind->types);
    bool of_item = about(plain, i), of_case = type->opens == NULL && type->moves == NULL;
    bool own = base_view_is(message->header->author, origins[plain->party]);
    bool several = wire_owes_several(clock->owes);
    if (!message->effective || message->agrees || !(of_item || of_case))
      continue;
    owed = owed || (of_item && (clock->from & bit));
    if (of_item && (type == clock->starts || (due != 0 && (clock->moves & bit)))) {
      due = plain_named(clock, message->header, type == clock->starts ? 0 : due);
      running = running || type == clock->starts;
    } else if (due != 0 && of_item && (clock->again & bit)) {
      running = true;
    } else if ((clock->stops_all & bit) || ((clock->stops & bit) && (of_case || !several || own))) {
      running = false;
    }
  }
  return running && owed ? due : 0;
}

static bool plain_owes(const struct scene *scene, const struct wire_kind_clock *clock, size_t item, int party) {
  bool opener = base_view_is(scene->messages[0].header->author, origins[party]);
  switch (clock->owes) {
  case WIRE_OWES_OPENER:
    return opener;
  case WIRE_OWES_OTHERS:
    return !opener;
  case WIRE_OWES_OWNER:
    return base_view_is(scene->messages[item].header->author, origins[party]);
  case WIRE_OWES_NOT_OWNER:
    return !base_view_is(scene->messages[item].header->author, origins[party]);
  case WIRE_OWES_ASSIGNEE:
    return scene->messages[item].assignee == party;
  default:
    return true;
  }
}

/* --- random cases */

static char texts[SCENE_MAX][8][BASE_HEX_ID + 1];

static void fill(struct scene *scene, struct wire_header *header, const struct wire_kind_type *type) {
  header->time = 1767225600 + (base_time)roll(365) * DAY; /* of 2026, as what its fields name */
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    char *word = texts[scene->count - 1][header->state_count];
    if (!field->state || header->state_count == 8)
      continue;
    if (field->type == WIRE_FIELD_MESSAGE) {
      struct base_id id = scene->messages[roll((unsigned)scene->count)].id;
      base_hex(id.bytes, sizeof id.bytes, word);
    } else if (field->type == WIRE_FIELD_PARTY) {
      (void)snprintf(word, BASE_HEX_ID, "%s", origins[roll(3)]);
    } else {
      (void)snprintf(word, BASE_HEX_ID, "2026-%02u-%02u", 1 + roll(12), 1 + roll(28));
    }
    say(header, (const char *)field->name.data, word);
  }
}

/* Whether a clock waits for it: without these in plenty hardly any would run. */
static bool awaited(const struct wire_kind *kind, const struct wire_kind_type *type) {
  uint64_t all = 0;
  for (size_t i = 0; i < kind->clock_count; i++)
    all |= kind->clocks[i].from;
  return all >> (type - kind->types) & 1;
}

static void random_case(struct scene *scene, const char *kind) {
  unsigned parties = 2 + roll(2);
  begin(scene, kind, parties);
  const struct wire_kind *rules = &scene->shipped.kind;
  fill(scene, add(scene, 1, A, (const char *)rules->types[rules->opening].name.data, ""), &rules->types[rules->opening]);
  while (scene->count < SCENE_MAX) {
    const struct wire_kind_type *type = &rules->types[roll((unsigned)rules->type_count)];
    bool ending = type->opens == NULL && type->moves == NULL && roll(16) != 0; /* or every case is over soon */
    bool early = scene->count == 1 ? type->opens == NULL : roll(2) && !awaited(rules, type);
    if (type == &rules->types[rules->opening] || ending || early)
      continue;
    char follows[3] = {(char)scene->count, roll(3) ? 0 : (char)(1 + roll((unsigned)scene->count)), 0};
    if (follows[0] == follows[1])
      follows[1] = 0;
    if (roll(4) == 0)
      follows[0] = (char)(1 + roll((unsigned)scene->count)), follows[1] = 0;
    fill(scene, add(scene, (int)scene->count + 1, (int)roll(parties), (const char *)type->name.data, follows), type);
  }
  compute(scene);
}

static size_t compare(struct scene *scene) {
  static struct core core; /* of nobody in the case: nothing is looked up */
  struct core_kind kind = {.kind = scene->shipped.kind};
  struct core_case kase = {.kind = &kind, .messages = scene->messages, .count = scene->count, .state = scene->state};
  struct core_item_clock *clocks = NULL;
  size_t count = 0, next = 0;
  core.card.origin = base_view_text(origins[STRANGER]);
  assert_int_equal(core_item_clocks(&core, &kase, false, &clocks, &count, NULL), BASE_OK);
  for (size_t i = 0; i < scene->count; i++)
    for (size_t k = 0; k < scene->shipped.kind.clock_count; k++)
      for (int party = 0; party < (int)scene->messages[0].header->party_count; party++) {
        struct plain plain = {scene, &scene->shipped.kind.clocks[k], i, party};
        const struct wire_kind_item *item = engine_item(&scene->shipped.kind, &scene->messages[i]);
        if (item == NULL || item != plain.clock->item || !plain_owes(scene, plain.clock, i, party))
          continue;
        base_time due = plain_due(&plain);
        if (due == 0)
          continue;
        assert_true(next < count);
        assert_int_equal(clocks[next].item, i);
        assert_int_equal(clocks[next].clock, k);
        assert_int_equal(clocks[next].party, party);
        assert_int_equal(clocks[next].now.due, due);
        assert_true(clocks[next].now.running);
        next++;
      }
  assert_int_equal(next, count);
  free(clocks);
  return count;
}

static void each_runs_as_the_plain_reading_has_it(void **state) {
  (void)state;
  static const char *const kinds[] = {"event", "roadmap", "crisis", "assistance"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size_t seen = 0;
    for (unsigned round = 0; round < 150 || (seen < 100 && round < 1500); round++) {
      struct scene scene;
      seed = 1000 * i + round;
      random_case(&scene, kinds[i]);
      seen += compare(&scene);
      finish(&scene);
    }
    if (seen < 100)
      fail_msg("%s: %zu clocks ran", kinds[i], seen);
  }
}

/* --- an operation of two */

struct joint {
  struct pair_node a, b;
  char kase[65], task[65];
  base_time due;
};

static void send(struct pair_node *node, const char *kase, const char *type, const char *fields, char id[65]) {
  char text[1024];
  (void)snprintf(text, sizeof text, "{\"actor\":\"amal\",\"id\":\"%s\",\"type\":\"%s\",\"fields\":{%s}}", kase, type, fields);
  pair_id(node, LINK_CASE_SEND, text, id);
}

static void about_it(struct joint *joint, struct pair_node *node, const char *type, const char *more) {
  char fields[256], id[65];
  (void)snprintf(fields, sizeof fields, "\"task\":\"%s\"%s", joint->task, more);
  send(node, joint->kase, type, fields, id);
  pair_rest(&joint->a, &joint->b);
}

static void agree(struct joint *joint) {
  char agreement[65], id[65];
  ask_two(&joint->a, &joint->b);
  pair_agree(&joint->a, &joint->b, agreement);
  struct pair_answer example = pair_ask(&joint->a, LINK_KIND_EXAMPLE, "{\"actor\":\"amal\",\"kind\":\"operation\"}", -1);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"amal\",\"kind\":\"operation\",\"to\":[\"paris\"],\"fields\":%.*s}%c",
                  (int)example.payload.size, (const char *)example.payload.data, 0);
  pair_id(&joint->a, LINK_CASE_OPEN, (const char *)json.data, joint->kase);
  base_buf_free(&json);
  pair_answer_free(&example);
  pair_rest(&joint->a, &joint->b);
  send(&joint->b, joint->kase, "legal_review", "\"opinion\":\"It stands\"", id);
  pair_rest(&joint->a, &joint->b);
}

/* A task for paris, due at the end of the tenth day from now. */
static void assign(struct joint *joint) {
  char fields[256];
  base_time day = joint->a.now / DAY * DAY + 10 * DAY;
  joint->due = day + DAY;
  (void)snprintf(fields, sizeof fields, "\"title\":\"Watch\",\"to\":\"paris\",\"due\":\"%.10s\"", base_time_format(day).text);
  send(&joint->a, joint->kase, "task", fields, joint->task);
}

static void take_on(struct joint *joint) {
  assign(joint);
  pair_rest(&joint->a, &joint->b);
  about_it(joint, &joint->b, "task_accept", "");
}

static struct store_case row_of(struct pair_node *node, const char *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id kase = try_id(id);
  struct store_case row;
  assert_int_equal(store_case_get(node->core->store, &kase, &arena, &row, NULL), BASE_OK);
  return row;
}

static void at_time(struct joint *joint, base_time now) {
  joint->a.now = joint->b.now = now;
  pair_settle(&joint->a);
  pair_settle(&joint->b);
}

/* The clock of the only item, as the list of items has it; NULL when there is none. */
static struct told only_clock(struct pair_node *node, const char *kase, const struct wire_json **clock) {
  struct told told = tell(node, LINK_CASE_ITEMS, with_id(kase));
  const struct wire_json *clocks = wire_json_get(at(wire_json_get(told.json, "items"), 0), "clocks");
  assert_true(wire_json_size(clocks) < 2);
  *clock = wire_json_at(clocks, 0);
  return told;
}

static void expect_clock(struct joint *joint, struct pair_node *node, bool running, int64_t late) {
  const struct wire_json *clock;
  struct told told = only_clock(node, joint->kase, &clock);
  expect_text(clock, "name", "task");
  expect_text(clock, "party", "paris");
  expect_text(clock, "due", base_time_format(joint->due).text);
  assert_true(is_null(clock, "started"));
  assert_int_equal(wire_json_true(wire_json_get(clock, "running")), running);
  assert_int_equal(wire_json_true(wire_json_get(clock, "stopped")), !running);
  assert_int_equal(late > 0 ? number(clock, "late_seconds") : 0, late);
  forget(&told);
}

static unsigned told_of(struct pair_node *node) {
  return try_count(node, WIRE_ACT_DEADLINE);
}

/* Who owes it has it in the list by deadline; both are told, once, and remember by which leaf. */
static void a_task_is_due_where_it_is_owed(void **state) {
  (void)state;
  struct joint joint;
  char words[128];
  agree(&joint);
  base_time before = row_of(&joint.b, joint.kase).due;
  assign(&joint);
  pair_settle(&joint.a);
  struct told own = tell(&joint.a, LINK_CASE_ITEMS, with_id(joint.kase)); /* nobody has it yet: it has not begun */
  assert_int_equal(wire_json_size(wire_json_get(at(wire_json_get(own.json, "items"), 0), "clocks")), 0);
  forget(&own);
  pair_rest(&joint.a, &joint.b);
  assert_int_equal(row_of(&joint.b, joint.kase).due, before); /* nor has who has not agreed to it */
  about_it(&joint, &joint.b, "task_accept", "");
  assert_int_equal(row_of(&joint.b, joint.kase).due, joint.due < before ? joint.due : before);
  assert_int_equal(row_of(&joint.a, joint.kase).due, before);
  assert_int_equal(row_of(&joint.a, joint.kase).look, joint.due - 2 * DAY);
  expect_clock(&joint, &joint.a, true, 0);
  expect_clock(&joint, &joint.b, true, 0);
  at_time(&joint, joint.due - 2 * DAY - 1);
  assert_int_equal(told_of(&joint.a) + told_of(&joint.b), 0);
  at_time(&joint, joint.due - 2 * DAY);
  assert_int_equal(told_of(&joint.a), 1);
  assert_int_equal(told_of(&joint.b), 1);
  (void)snprintf(words, sizeof words, "soon %s of %s", base_time_format(joint.due).text, joint.task);
  try_expect(&joint.a, WIRE_ACT_DEADLINE, 1, words);
  try_restart(&joint.a);
  at_time(&joint, joint.due);
  assert_int_equal(told_of(&joint.a), 1);
  at_time(&joint, joint.due + 1);
  assert_int_equal(told_of(&joint.a), 2);
  assert_int_equal(told_of(&joint.b), 2);
  (void)snprintf(words, sizeof words, "overdue %s of %s", base_time_format(joint.due).text, joint.task);
  try_expect(&joint.b, WIRE_ACT_DEADLINE, 2, words);
  try_restart(&joint.b);
  at_time(&joint, joint.due + HOUR);
  assert_int_equal(told_of(&joint.b), 2);
  struct told kase = tell(&joint.b, LINK_CASE_SHOW, with_id(joint.kase));
  const struct wire_json *alarms = wire_json_get(kase.json, "alarms");
  assert_int_equal(wire_json_size(alarms), 2);
  expect_text(at(alarms, 1), "item", joint.task);
  expect_text(at(alarms, 1), "what", "overdue");
  forget(&kase);
  try_sound(&joint.a);
  try_sound(&joint.b);
  ask_remove(&joint.a, &joint.b);
}

/* When to look again follows from what was told, not from what time it is. */
static void a_clock_set_back_tells_nothing_again(void **state) {
  (void)state;
  struct joint joint;
  agree(&joint);
  take_on(&joint);
  at_time(&joint, joint.due - 2 * DAY);
  base_time look = row_of(&joint.a, joint.kase).look;
  at_time(&joint, joint.due - 3 * DAY);
  try_sound(&joint.a);
  about_it(&joint, &joint.b, "task_report", ",\"report\":\"Seen nothing\"");
  assert_int_equal(row_of(&joint.a, joint.kase).look, look);
  at_time(&joint, joint.due - DAY);
  try_sound(&joint.a);
  assert_int_equal(told_of(&joint.a), 1);
  assert_int_equal(told_of(&joint.b), 1);
  ask_remove(&joint.a, &joint.b);
}

/* A task that nobody took on is overdue for nobody. Who takes it on when its time is over is late from then on. */
static void what_nobody_agreed_to_is_no_debt(void **state) {
  (void)state;
  struct joint joint;
  const struct wire_json *clock;
  agree(&joint);
  assign(&joint);
  pair_rest(&joint.a, &joint.b);
  at_time(&joint, joint.due + HOUR);
  assert_int_equal(try_count(&joint.b, WIRE_ACT_DEADLINE), 0);
  assert_true(row_of(&joint.b, joint.kase).due != joint.due);
  struct told told = only_clock(&joint.b, joint.kase, &clock);
  assert_null(clock);
  forget(&told);
  about_it(&joint, &joint.b, "task_accept", "");
  at_time(&joint, joint.due + HOUR);
  expect_clock(&joint, &joint.a, true, 0);
  assert_int_equal(row_of(&joint.b, joint.kase).due, joint.due);
  assert_int_equal(try_count(&joint.a, WIRE_ACT_DEADLINE), 1);
  assert_int_equal(try_count(&joint.b, WIRE_ACT_DEADLINE), 1);
  at_time(&joint, joint.due + 3 * HOUR);
  about_it(&joint, &joint.b, "task_done", ",\"result\":\"Seen nothing\"");
  expect_clock(&joint, &joint.a, false, 2 * HOUR);
  expect_clock(&joint, &joint.b, false, 2 * HOUR);
  try_sound(&joint.a);
  try_sound(&joint.b);
  ask_remove(&joint.a, &joint.b);
}

static void what_is_done_is_due_no_more(void **state) {
  (void)state;
  for (int late = 0; late < 2; late++) {
    struct joint joint;
    agree(&joint);
    take_on(&joint);
    expect_clock(&joint, &joint.b, true, 0);
    joint.a.now = joint.b.now = joint.due + late * 90;
    about_it(&joint, &joint.b, "task_done", ",\"result\":\"Seen nothing\"");
    expect_clock(&joint, &joint.a, false, late * 90);
    expect_clock(&joint, &joint.b, false, late * 90);
    assert_true(row_of(&joint.b, joint.kase).due != joint.due);
    at_time(&joint, joint.due + 3 * DAY);
    try_sound(&joint.b);
    ask_remove(&joint.a, &joint.b);
  }
}

/* One that is done and was not received by anybody runs on: nobody knows of it. */
static void it_is_done_when_somebody_has_heard_of_it(void **state) {
  (void)state;
  struct joint joint;
  char fields[256], id[65];
  agree(&joint);
  take_on(&joint);
  (void)snprintf(fields, sizeof fields, "\"task\":\"%s\",\"result\":\"Done\"", joint.task);
  send(&joint.b, joint.kase, "task_done", fields, id);
  pair_settle(&joint.b);
  expect_clock(&joint, &joint.b, true, 0);
  pair_rest(&joint.a, &joint.b);
  expect_clock(&joint, &joint.b, false, 0);
  ask_remove(&joint.a, &joint.b);
}

/* back NULL: it is not undone. */
static void try_alarm(struct pair_node *node, const char *change, const char *back, const char *words) {
  BASE_AUTO_BUF struct base_buf said = {0};
  base_buf_init(&said, 1 << 20);
  damage_sql(node, change);
  assert_true(try_check(node, &said) > 0);
  base_buf_u8(&said, 0);
  if (strstr((const char *)said.data, words) == NULL)
    fail_msg("%s: %s", change, (const char *)said.data);
  if (back == NULL)
    return;
  damage_sql(node, back);
  try_sound(node);
}

/* Rows of items are held against their leaves, and the leaves against them. */
static void a_check_finds_what_was_told_falsely(void **state) {
  (void)state;
  struct joint joint;
  agree(&joint);
  take_on(&joint);
  at_time(&joint, joint.due + 1);
  try_sound(&joint.a);
  try_alarm(&joint.a, "UPDATE alarms SET due = due + 1", "UPDATE alarms SET due = due - 1", "says something else");
  try_alarm(&joint.a, "UPDATE alarms SET party = 1 - party", "UPDATE alarms SET party = 1 - party", "says something else");
  try_alarm(&joint.a, "DELETE FROM alarms WHERE item > 0", NULL, "that it was told is not stored");
  ask_remove(&joint.a, &joint.b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_runs_as_the_plain_reading_has_it), cmocka_unit_test(a_task_is_due_where_it_is_owed),
      cmocka_unit_test(what_nobody_agreed_to_is_no_debt),
      cmocka_unit_test(what_is_done_is_due_no_more),           cmocka_unit_test(it_is_done_when_somebody_has_heard_of_it),
      cmocka_unit_test(a_check_finds_what_was_told_falsely),   cmocka_unit_test(a_clock_set_back_tells_nothing_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
