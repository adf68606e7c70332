/* SPDX-License-Identifier: Apache-2.0
 * Needs against what items bring, without a node, in the kind `assistance`: each branch of balance.c, also those that only
 * damage, a partner's content or a want of memory or room takes. core_balance.c tries the same between two nodes. */
#include "core_contentstub.h"

#include "core/balance.h"
#include "short_memory.h"

static struct base_error err;
static struct core_balance balance;
static const struct wire_kind_balance *rule;

static enum base_code make(void) {
  know_case();
  rule = &case_kind.kind.balances[0];
  err = (struct base_error){0};
  return core_balance_make(NULL, &kase, rule, &balance, &err);
}

static void made(void) {
  if (make() != BASE_OK)
    fail_msg("%s", err.text);
}

static const struct core_balance_line *line_of(const char *line, const char *what) {
  for (size_t i = 0; i < balance.count; i++)
    if (base_view_is(balance.lines[i].line, line) && base_view_is(balance.lines[i].what, what))
      return &balance.lines[i];
  fail_msg("there is no line %s for %s", line, what);
  return NULL;
}

/* needed, offered, accepted, under way, arrived, left */
static void expect(const char *line, const char *what, const char *numbers) {
  const struct core_balance_line *found = line_of(line, what);
  char text[128];
  int used = snprintf(text, sizeof text, "%lld", (long long)found->needed);
  for (size_t i = 0; i < WIRE_STANDINGS; i++)
    used += snprintf(text + used, sizeof text - (size_t)used, " %lld", (long long)found->stands[i]);
  assert_string_equal(text, numbers);
}

static void expect_left_out(size_t unclear, size_t unread) {
  assert_int_equal(balance.unclear, unclear);
  assert_int_equal(balance.unread, unread);
}

#define ROW(line, what, quantity, unit) \
  "{\"line\":\"" line "\",\"resource\":\"" what "\",\"quantity\":" quantity ",\"unit\":\"" unit "\"}"
#define PART(line, quantity) "{\"line\":\"" line "\",\"quantity\":" quantity "}"
#define NEEDS(rows) "{\"needs\":[" rows "]}"
#define LINES(rows) "{\"lines\":[" rows "]}"
#define FOUR_TEAMS ROW("L1", "usar_medium", "4", "teams")

/* Four teams are needed, and 500 tents. */
static void begin_needs(void) {
  begin_case("assistance", 3);
  add(&scene, 'a', A, "request", "");
  content_of('a', NEEDS(FOUR_TEAMS "," ROW("L2", "shelter", "500", "tents")));
}

static void offers(int name, const char *follows, const char *lines) {
  add(&scene, name, B, "offer", follows);
  content_of(name, lines);
}

static void accepts_part(int name, int offer, const char *follows, const char *lines) {
  add_about(&scene, name, A, "accept_in_part", "offer", offer, follows);
  content_of(name, lines);
}

/* Of the scene's own kind, so that a test may change it. */
static struct wire_kind_field *column_of(const char *type, const char *table, const char *name) {
  const struct wire_kind_field *field = wire_kind_field_named(shipped_type(&scene.shipped, type), base_view_text(table));
  for (size_t i = 0; i < field->column_count; i++)
    if (base_view_is(field->columns[i].name, name))
      return &field->columns[i];
  fail_msg("there is no column %s", name);
  return NULL;
}

static void done(void) {
  core_balance_free(&balance);
  assert_null(balance.lines);
  assert_null(balance.sorted);
  end_case();
}

/* --- what is counted as what */

static void an_offer_counts_as_what_it_became(void **state) {
  (void)state;
  static const struct {
    const char *type, *numbers;
    int author;
  } steps[] = {{"accept", "4 0 2 0 0 0", A},     {"mobilise", "4 0 0 2 0 0", B}, {"depart", "4 0 0 2 0 0", B},
               {"reach_border", "4 0 0 2 0 0", B}, {"arrive", "4 0 0 0 2 0", B},   {"operate", "4 0 0 0 2 0", B},
               {"demobilise", "4 0 0 0 2 0", B}, {"home", "4 0 0 0 0 2", B},     {"settle", "4 0 0 0 0 2", B}};
  begin_needs();
  offers('b', "a", LINES(ROW("L1", "usar_medium", "2", "teams")));
  made();
  expect("L1", "usar_medium", "4 2 0 0 0 0");
  expect("L2", "shelter", "500 0 0 0 0 0");
  core_balance_free(&balance);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const char before[] = {(char)('b' + (int)i), 0};
    add_about(&scene, 'c' + (int)i, steps[i].author, steps[i].type, "offer", 'b', before);
    made();
    assert_true(message(&scene, 'c' + (int)i)->effective);
    expect("L1", "usar_medium", steps[i].numbers);
    expect_left_out(0, 0);
    core_balance_free(&balance);
  }
  done();
}

/* What was declined brings nothing, and is not opened. */
static void what_stands_for_nothing_is_not_opened(void **state) {
  (void)state;
  begin_needs();
  offers('b', "a", LINES(ROW("L1", "usar_medium", "2", "teams")));
  add_about(&scene, 'c', A, "decline", "offer", 'b', "b");
  add(&scene, 'd', C, "begging", "c"); /* no type of the kind */
  made();
  expect("L1", "usar_medium", "4 0 0 0 0 0");
  assert_int_equal(balance.reads, 1);
  assert_int_equal(content.reads, 1);
  done();
}

/* A part is at most what was offered, of the lines that were offered, and for what they were offered; what said it last
 * counts. */
static void a_part_is_a_part_of_what_was_offered(void **state) {
  (void)state;
  begin_needs();
  offers('b', "a", LINES(ROW("L1", "usar_medium", "3", "teams") "," ROW("L2", "shelter", "9", "tents")));
  accepts_part('c', 'b', "b", LINES(PART("L2", "7") "," PART("L9", "1") "," ROW("L1", "other", "5", "men")));
  made();
  expect("L1", "usar_medium", "4 0 3 0 0 0");
  expect("L2", "shelter", "500 0 7 0 0 0");
  assert_int_equal(balance.count, 2);
  expect_left_out(1, 0); /* L9 */
  core_balance_free(&balance);
  scene.messages[2].effective = false; /* held, as a partner's may be: computed anew it would have an effect */
  kase.messages = scene.messages;
  assert_int_equal(core_balance_make(NULL, &kase, rule, &balance, &err), BASE_OK);
  expect("L1", "usar_medium", "4 0 3 0 0 0");
  expect("L2", "shelter", "500 0 9 0 0 0");
  done();
}

/* What a part is for, and its unit, is what was offered, and its quantity is held to its own table. */
static void a_part_is_held_to_its_own_table(void **state) {
  (void)state;
  begin_needs();
  offers('b', "a", LINES(ROW("L0", "power", "9", "sets") "," ROW("L1", "usar_medium", "9", "teams")));
  accepts_part('c', 'b', "b", LINES(PART("L0", "5") "," PART("L1", "6")));
  struct wire_kind_field *quantity = column_of("accept_in_part", "lines", "quantity");
  quantity->most = 5;
  made();
  expect("L0", "power", "0 0 5 0 0 0");
  assert_true(base_view_is(line_of("L0", "power")->unit, "sets"));
  expect("L1", "usar_medium", "4 0 0 0 0 0");
  expect_left_out(1, 0);
  done();
}

/* Of an offer with as many rows as a table has, too. */
static void a_part_of_as_much_as_can_be_offered(void **state) {
  (void)state;
  static char text[64 << 10];
  size_t used = (size_t)snprintf(text, sizeof text, "{\"lines\":[");
  for (size_t i = 0; i < WIRE_KIND_ROWS_MAX; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s" ROW("N%zu", "r", "1", "u"), i > 0 ? "," : "", i);
  (void)snprintf(text + used, sizeof text - used, "]}");
  begin_needs();
  offers('b', "a", text);
  accepts_part('c', 'b', "b", LINES(PART("L9", "1") "," PART("N255", "1")));
  made();
  expect("N255", "r", "0 0 1 0 0 0");
  assert_int_equal(balance.count, 3);
  expect_left_out(1, 0);
  done();
}

/* What the kind does not know as a column of the table is none. */
static void what_is_no_column_is_not_read(void **state) {
  (void)state;
  begin_needs();
  offers('b', "a", LINES(ROW("L1", "power", "2", "sets")));
  column_of("offer", "lines", "resource")->name = base_view_text("what_for");
  column_of("offer", "lines", "unit")->name = base_view_text("counted_in");
  made();
  expect("L1", "usar_medium", "4 2 0 0 0 0");
  assert_int_equal(balance.count, 2);
  done();
}

/* An effective message of no known type, or about an item that it does not name, is passed by. */
static void what_names_no_item_says_nothing_of_one(void **state) {
  (void)state;
  begin_needs();
  offers('b', "a", LINES(ROW("L1", "usar_medium", "3", "teams")));
  accepts_part('c', 'b', "b", LINES(PART("L1", "1")));
  add(&scene, 'd', C, "begging", "c");
  know_case();
  rule = &case_kind.kind.balances[0];
  scene.messages[3].effective = true;
  scene.headers[2].state_count = 0;
  assert_int_equal(core_balance_make(NULL, &kase, rule, &balance, &err), BASE_OK);
  expect("L1", "usar_medium", "4 0 3 0 0 0");
  done();
}

/* --- lines */

/* What nobody asked for has a line of its own, for what it brings; what says neither what nor a unit has those of what is
 * asked. */
static void lines_that_nobody_asked_for(void **state) {
  (void)state;
  begin_needs();
  offers('b', "a",
         LINES(ROW("L1", "power", "1", "sets") "," ROW("L0", "power", "2", "sets") "," PART("L2", "3") "," PART("L3", "5") ","
               "{\"line\":\"L11\",\"quantity\":6,\"unit\":\"sets\"},{\"line\":\"L\",\"quantity\":8,\"resource\":\"power\"}"));
  offers('c', "b", LINES(ROW("L1", "usar_medium", "1", "sets") "," ROW("L1x", "power", "1", "sets") "," PART("L3", "2")));
  made();
  expect("L1", "usar_medium", "4 0 0 0 0 0");
  expect("L1", "power", "0 1 0 0 0 0");
  expect("L0", "power", "0 2 0 0 0 0");
  expect("L2", "shelter", "500 3 0 0 0 0");
  expect("L3", "", "0 7 0 0 0 0");
  expect("L11", "", "0 6 0 0 0 0");
  expect("L", "power", "0 8 0 0 0 0");
  assert_int_equal(balance.count, 9);
  for (size_t i = 0; i < balance.count; i++) {
    const struct core_balance_line *line = &balance.lines[i];
    assert_int_equal(line->asked, i < 2);
    size_t asked = base_view_is(line->line, "L1") ? 0 : base_view_is(line->line, "L2") ? 1 : balance.count;
    assert_ptr_equal(core_balance_asked(&balance, line->line), asked < balance.count ? &balance.lines[asked] : NULL);
  }
  static const char *const none[] = {"", "A", "L0a", "L1w", "L9", "M"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_null(core_balance_asked(&balance, base_view_text(none[i])));
  expect_left_out(0, 0);
  done();
}

/* Names of which one begins like another, at any length: each finds its own. */
static void lines_that_begin_alike(void **state) {
  (void)state;
  begin_case("assistance", 3);
  add(&scene, 'a', A, "request", "");
  content_of('a', NEEDS(ROW("0123456789abcdef", "power", "1", "sets") "," ROW("0123456789abcdefa", "power", "2", "sets") ","
                        ROW("0123456789abcde", "power", "3", "sets")));
  made();
  for (size_t i = 0; i < 3; i++)
    assert_ptr_equal(core_balance_asked(&balance, balance.lines[i].line), &balance.lines[i]);
  expect_left_out(0, 0);
  done();
}

/* The last word of who needs it counts, and only in the unit and for the thing that it was said for first. */
static void a_need_stays_what_it_was(void **state) {
  (void)state;
  begin_needs();
  add(&scene, 'b', A, "amend", "a");
  content_of('b', NEEDS(ROW("L1", "usar_medium", "9", "teams") "," ROW("L2", "power", "1", "tents") ","
                        ROW("L3", "", "1", "sets")));
  add(&scene, 'c', A, "amend", "b");
  content_of('c', NEEDS(ROW("L1", "usar_medium", "7", "men") "," ROW("L4", "power", "1", "") ","
                        ROW("L2", "shelter", "0", "tents")));
  add(&scene, 'd', B, "amend", "c"); /* he needs nothing */
  content_of('d', NEEDS(ROW("L1", "usar_medium", "1", "teams")));
  made();
  expect("L1", "usar_medium", "9 0 0 0 0 0");
  expect("L2", "shelter", "0 0 0 0 0 0");
  assert_int_equal(balance.count, 2);
  expect_left_out(4, 0);
  core_balance_free(&balance);
  assert_int_equal(core_balance_needs(NULL, &kase, rule, &balance, &err), BASE_OK);
  expect("L1", "usar_medium", "9 0 0 0 0 0");
  done();
}

/* --- what a partner may write */

static void rows_that_are_none(void **state) {
  (void)state;
  static const struct {
    const char *row;
    bool need, offer; /* counted as such */
  } rows[] = {
      {ROW("X", "power", "1", "sets"), true, true},
      {ROW("X", "power", "0", "sets"), true, false},
      {ROW("X", "power", "-1", "sets"), false, false},
      {ROW("X", "power", "1000000", "sets"), true, true},
      {ROW("X", "power", "1000001", "sets"), false, false},
      {ROW("X", "power", "1.0", "sets"), false, false},
      {ROW("X", "power", "\"1\"", "sets"), false, false},
      {"{\"line\":\"X\",\"resource\":\"power\",\"unit\":\"sets\"}", false, false},
      {ROW("", "power", "1", "sets"), false, false},
      {"{\"line\":7,\"resource\":\"power\",\"quantity\":1,\"unit\":\"sets\"}", false, false},
      {"7", false, false},
      {ROW("L1", "usar_medium", "9", "teams"), false, false}, /* twice */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char needs[512], gives[512];
    begin_needs();
    (void)snprintf(needs, sizeof needs, NEEDS(FOUR_TEAMS ",%s"), rows[i].row);
    (void)snprintf(gives, sizeof gives, LINES(FOUR_TEAMS ",%s"), rows[i].row);
    content_of('a', needs);
    offers('b', "a", gives);
    made();
    expect("L1", "usar_medium", "4 4 0 0 0 0");
    assert_int_equal(balance.count, 1u + (rows[i].need || rows[i].offer));
    expect_left_out(2u - rows[i].need - rows[i].offer, 0);
    done();
  }
  begin_needs();
  content_of('a', NEEDS(FOUR_TEAMS "," ROW("X", "power", "1", "sets") "," ROW("X", "power", "2", "sets")));
  made();
  expect("X", "power", "1 0 0 0 0 0");
  expect_left_out(1, 0);
  done();
}

/* As many rows as a table may have; of more the first ones. */
static void more_rows_than_a_table_has(void **state) {
  (void)state;
  static char text[64 << 10];
  for (size_t more = 0; more < 2; more++) {
    struct core_balance_row rows[WIRE_KIND_ROWS_MAX];
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    size_t used = (size_t)snprintf(text, sizeof text, "{\"needs\":["), unclear = 0;
    for (size_t i = 0; i < WIRE_KIND_ROWS_MAX + more; i++)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s" ROW("N%zu", "r", "1", "u"), i > 0 ? "," : "", i);
    (void)snprintf(text + used, sizeof text - used, "]}");
    begin_needs();
    know_case();
    rule = &case_kind.kind.balances[0];
    const struct wire_kind_field *table = wire_balance_needs(rule, shipped_type(&scene.shipped, "request"));
    assert_int_equal(wire_json_parse(base_view_text(text), sizeof text, "a form", &json, &err), BASE_OK);
    assert_int_equal(core_balance_rows(rule, table, json, rows, &unclear), WIRE_KIND_ROWS_MAX);
    assert_int_equal(unclear, more);
    assert_int_equal(core_balance_rows(rule, table, json, rows, NULL), WIRE_KIND_ROWS_MAX);
    assert_true(base_view_is(rows[WIRE_KIND_ROWS_MAX - 1].line, "N255"));
    assert_int_equal(core_balance_rows(rule, table, NULL, rows, &unclear), 0);
    end_case();
  }
}

/* --- what cannot be read */

/* Of content that is gone, or does not open, nothing follows, nor of what was said to be a part of it. */
static void what_is_gone_is_told(void **state) {
  (void)state;
  for (char gone = 'a'; gone <= 'c'; gone++)
    for (int how = 0; how < 3; how++) {
      begin_needs();
      offers('b', "a", LINES(ROW("L1", "usar_medium", "3", "teams")));
      accepts_part('c', 'b', "b", LINES(PART("L1", "1")));
      if (how == 0)
        content_of(gone, NULL);
      else
        content.of[(uint8_t)gone].code = how == 1 ? BASE_CORRUPT : BASE_MEMORY;
      enum base_code code = make();
      assert_int_equal(code, how == 2 ? BASE_MEMORY : BASE_OK);
      if (code == BASE_OK) {
        expect_left_out(0, 1);
        if (gone == 'a')
          expect("L1", "usar_medium", "0 0 1 0 0 0");
        else
          expect("L1", "usar_medium", "4 0 0 0 0 0");
      } else {
        assert_string_equal(err.text, "it was made to fail");
      }
      done();
    }
}

static void without_memory_there_is_no_balance(void **state) {
  (void)state;
  size_t failed = 0;
  begin_needs();
  offers('b', "a", LINES(ROW("L1", "usar_medium", "3", "teams")));
  accepts_part('c', 'b', "b", LINES(PART("L1", "1")));
  know_case();
  rule = &case_kind.kind.balances[0];
  for (bool enough = false; !enough && without_memory(failed + 1); failed += !enough) {
    enum base_code code = core_balance_make(NULL, &kase, rule, &balance, &err);
    enough = memory_was_enough();
    if (code == BASE_OK && !enough) /* none for the names of a line */
      assert_true(balance.unclear > 0);
    else
      assert_int_equal(code, enough ? BASE_OK : BASE_MEMORY);
    if (enough)
      expect("L1", "usar_medium", "4 0 1 0 0 0");
    core_balance_free(&balance);
  }
  assert_true(failed > 5 || !without_memory(1));
  (void)memory_was_enough();
  done();
}

/* --- limits */

/* So many lines, and no more; each finds its own again, in whatever order they were said. */
static void as_many_lines_as_there_may_be(void **state) {
  (void)state;
  enum { AMENDS = CORE_BALANCE_LINES / WIRE_KIND_ROWS_MAX };
  static char texts[AMENDS][32 << 10];
  begin_case("assistance", 3);
  add(&scene, 'a', A, "request", "");
  content_of('a', "{}");
  for (int i = 0; i < AMENDS; i++) {
    const char before[] = {(char)('a' + i), 0};
    size_t used = (size_t)snprintf(texts[i], sizeof texts[i], "{\"needs\":[");
    for (unsigned k = 0; k < WIRE_KIND_ROWS_MAX; k++)
      used += (size_t)snprintf(texts[i] + used, sizeof texts[i] - used, "%s" ROW("%u", "r", "%u", "u"), k > 0 ? "," : "",
                               (k * AMENDS + (unsigned)i) * 389 % CORE_BALANCE_LINES, k + 1);
    (void)snprintf(texts[i] + used, sizeof texts[i] - used, "]}");
    add(&scene, 'b' + i, A, "amend", before);
    content_of('b' + i, texts[i]);
  }
  made();
  assert_int_equal(balance.count, CORE_BALANCE_LINES);
  expect_left_out(0, 0);
  for (size_t i = 0; i < balance.count; i++)
    assert_ptr_equal(core_balance_asked(&balance, balance.lines[i].line), &balance.lines[i]);
  core_balance_free(&balance);
  add(&scene, 'y', A, "amend", "e");
  content_of('y', NEEDS(ROW("one more", "r", "1", "u") "," ROW("1", "r", "77", "u")));
  offers('z', "y", LINES(ROW("another", "r", "5", "u") "," ROW("1", "r", "5", "u")));
  made();
  assert_int_equal(balance.count, CORE_BALANCE_LINES);
  expect_left_out(2, 0);
  expect("1", "r", "77 5 0 0 0 0");
  done();
}

/* Names for which there is no room make no line without one. */
static void names_longer_than_there_is_room(void **state) {
  (void)state;
  enum { NAME = CORE_BALANCE_ARENA / 2 - 64 };
  char *text = malloc(3 * NAME);
  assert_non_null(text);
  for (int which = 0; which < 3; which++) {
    begin_case("assistance", 3);
    add(&scene, 'a', A, "request", "");
    static const char *const parts[] = {"{\"needs\":[{\"quantity\":1,\"line\":\"", "\",\"resource\":\"", "\",\"unit\":\"",
                                        "\"}]}"};
    size_t used = 0;
    for (int i = 0; i < 4; i++) {
      memcpy(text + used, parts[i], strlen(parts[i]));
      used += strlen(parts[i]);
      size_t size = i == 3 ? 0 : i == which ? 3 * NAME - 256 : 8;
      memset(text + used, 'x', size);
      used += size;
    }
    text[used] = 0;
    content_of('a', text);
    made();
    assert_int_equal(balance.count, 0);
    expect_left_out(1, 0);
    done();
  }
  free(text);
}

/* So many messages are opened, and no more. */
static void as_many_messages_as_are_opened(void **state) {
  (void)state;
  begin_needs();
  know_case();
  rule = &case_kind.kind.balances[0];
  struct engine_message *many = calloc(CORE_BALANCE_READS + 1, sizeof *many);
  assert_non_null(many);
  for (size_t i = 0; i <= CORE_BALANCE_READS; i++)
    many[i] = scene.messages[0];
  kase.messages = many;
  for (size_t more = 0; more < 2; more++) {
    kase.count = CORE_BALANCE_READS + more;
    assert_int_equal(core_balance_make(NULL, &kase, rule, &balance, &err), more == 0 ? BASE_OK : BASE_POLICY);
    core_balance_free(&balance);
  }
  assert_non_null(strstr(err.text, "the case has more than 2048 messages with quantities"));
  free(many);
  done();
}

static void what_is_missing_and_what_is_too_much(void **state) {
  (void)state;
  int64_t surplus = -1;
  struct core_balance_line line = {.needed = 10, .stands = {100, 1, 2, 3, 4}}; /* what is offered covers nothing yet */
  assert_int_equal(core_balance_missing(&line, &surplus), 0);
  assert_int_equal(surplus, 0);
  for (int more = -1; more <= 1; more++)
    for (size_t i = WIRE_STANDS_ACCEPTED; i < WIRE_STANDINGS; i++) {
      line.stands[i] += more;
      assert_int_equal(core_balance_missing(&line, &surplus), more < 0);
      assert_int_equal(surplus, more > 0);
      line.stands[i] -= more;
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_offer_counts_as_what_it_became),
      cmocka_unit_test(what_stands_for_nothing_is_not_opened),
      cmocka_unit_test(a_part_is_a_part_of_what_was_offered),
      cmocka_unit_test(a_part_is_held_to_its_own_table),
      cmocka_unit_test(a_part_of_as_much_as_can_be_offered),
      cmocka_unit_test(what_is_no_column_is_not_read),
      cmocka_unit_test(what_names_no_item_says_nothing_of_one),
      cmocka_unit_test(lines_that_nobody_asked_for),
      cmocka_unit_test(lines_that_begin_alike),
      cmocka_unit_test(a_need_stays_what_it_was),
      cmocka_unit_test(rows_that_are_none),
      cmocka_unit_test(more_rows_than_a_table_has),
      cmocka_unit_test(what_is_gone_is_told),
      cmocka_unit_test(without_memory_there_is_no_balance),
      cmocka_unit_test(as_many_lines_as_there_may_be),
      cmocka_unit_test(names_longer_than_there_is_room),
      cmocka_unit_test(as_many_messages_as_are_opened),
      cmocka_unit_test(what_is_missing_and_what_is_too_much),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
