/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "wire/register.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define RABAT "wasl/rabat/0123456789abcdef"
#define PARIS "wasl/paris/fedcba9876543210"

static enum base_code leaf_code(struct base_view text) {
  struct wire_leaf leaf;
  return wire_leaf_parse(text, &leaf, NULL);
}

static void leaf_round_trip(void **state) {
  (void)state;
  for (unsigned act = 0; act < WIRE_ACT_COUNT; act++) {
    struct wire_leaf leaf = {.act = (enum wire_act)act, .time = 1795248000}, back;
    memset(leaf.commitment.bytes, (int)act, sizeof leaf.commitment.bytes);
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, WIRE_LEAF_MAX);
    wire_leaf_write(&leaf, &text);
    assert_int_equal(wire_leaf_parse(base_buf_view(&text), &back, NULL), BASE_OK);
    assert_int_equal(back.act, leaf.act);
    assert_int_equal(back.time, leaf.time);
    assert_true(base_hash_equal(&back.commitment, &leaf.commitment));
  }
}

static void leaf_has_one_spelling(void **state) {
  (void)state;
  const char *good = "{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS "\"}";
  assert_int_equal(leaf_code(base_view_text(good)), BASE_OK);
  static const struct {
    const char *text;
    enum base_code code;
  } bad[] = {
      {"", BASE_SYNTAX},
      {"{}", BASE_SYNTAX},
      {"{\"act\": \"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS "\"}", BASE_SYNTAX},
      {"{\"time\":\"2026-11-21T08:00:00Z\",\"act\":\"sent\",\"commitment\":\"" ZEROS "\"}", BASE_SYNTAX},
      {"{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS "\"}\n", BASE_SYNTAX},
      {"{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS "\",\"x\":1}", BASE_SYNTAX},
      {"{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS, BASE_SYNTAX},
      {"{\"act\":\"s\\u0065nt\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS "\"}", BASE_FIELD},
      {"{\"act\":\"wrote\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"" ZEROS "\"}", BASE_FIELD},
      {"{\"act\":\"sent\",\"time\":\"2026-02-30T08:00:00Z\",\"commitment\":\"" ZEROS "\"}", BASE_DATE},
      {"{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00+00:00\",\"commitment\":\"" ZEROS "\"}", BASE_DATE},
      {"{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"00\"}", BASE_FIELD},
      {"{\"act\":\"sent\",\"time\":\"2026-11-21T08:00:00Z\",\"commitment\":\"AA" ZEROS "\"}", BASE_FIELD},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(leaf_code(base_view_text(bad[i].text)), bad[i].code);
  for (size_t size = 0; size < strlen(good); size++)
    assert_int_not_equal(leaf_code(base_view_of(good, size)), BASE_OK);
}

static void leaf_is_bounded(void **state) {
  (void)state;
  char text[WIRE_LEAF_MAX + 1];
  memset(text, 'a', sizeof text);
  assert_int_equal(leaf_code(base_view_of(text, WIRE_LEAF_MAX)), BASE_SYNTAX);
  assert_int_equal(leaf_code(base_view_of(text, WIRE_LEAF_MAX + 1)), BASE_TOO_LARGE);
}

static void names_of_acts(void **state) {
  (void)state;
  enum wire_act act;
  assert_string_equal(wire_act_name(WIRE_ACT_RECEIVED), "received");
  assert_string_equal(wire_act_name(WIRE_ACT_COUNT), "unknown");
  assert_true(wire_act_by_name(BASE_VIEW("ended"), &act));
  assert_int_equal(act, WIRE_ACT_ENDED);
  assert_false(wire_act_by_name(BASE_VIEW("Ended"), &act));
}

/* --- openings: the table of spec/register.md, spelled out */

static const char *const openings[WIRE_ACT_COUNT] = {
    [WIRE_ACT_CARD] = "{\"salt\":\"" ONES "\",\"subject\":\"" ZEROS "\"}",
    [WIRE_ACT_PARTNER] = "{\"salt\":\"" ONES "\",\"actor\":\"samira\",\"subject\":\"" PARIS "\",\"card\":\"" ONES
                         "\",\"reason\":\"added\"}",
    [WIRE_ACT_SENT] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                      "\",\"n\":1,\"previous\":\"" ZEROS "\",\"clause\":\"agreement\",\"from_card\":\"" ONES
                      "\",\"to_card\":\"" ONES "\"}",
    [WIRE_ACT_RECEIVED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                          "\",\"sent\":\"" ONES "\"}",
    [WIRE_ACT_REFUSED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                         "\",\"sent\":\"" ONES "\",\"subject\":\"civil exercise\",\"reason\":\"hash: part 1\"}",
    [WIRE_ACT_VOIDED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                        "\",\"n\":9223372036854775807,\"previous\":\"" ONES "\",\"reason\":\"ended\"}",
    [WIRE_ACT_DENIED] = "{\"salt\":\"" ONES "\",\"actor\":\"\",\"subject\":\"request\",\"reason\":\"no row\"}",
    [WIRE_ACT_READ] = "{\"salt\":\"" ONES "\",\"actor\":\"\xd8\xb3\xd9\x85\",\"subject\":\"x\",\"reason\":\"\"}",
    [WIRE_ACT_EXPORTED] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"b\",\"reason\":\"for the court\"}",
    [WIRE_ACT_FAULT] = "{\"salt\":\"" ONES "\",\"subject\":\"" PARIS "\",\"reason\":\"fork: two heads\",\"evidence\":\"" ONES
                       "\"}",
    [WIRE_ACT_FLOOD] = "{\"salt\":\"" ONES "\",\"subject\":\"" PARIS "\",\"reason\":\"too many\"}",
    [WIRE_ACT_ENDED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"a\",\"to\":\"" PARIS
                       "\",\"reason\":\"obsolete\"}",
    [WIRE_ACT_STATEMENT] = "{\"salt\":\"" ONES "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                           "\",\"given\":7,\"given_leaf\":\"" ONES "\",\"known\":7,\"known_outcomes\":\"" ONES
                           "\",\"taken\":0,\"taken_leaf\":\"" ZEROS "\",\"answered\":0,\"answered_outcomes\":\"" ZEROS
                           "\"}",
    [WIRE_ACT_EPOCH] = "{\"salt\":\"" ONES "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                       "\",\"given\":7,\"given_leaf\":\"" ONES "\",\"known\":0,\"known_outcomes\":\"" ZEROS
                       "\",\"taken\":0,\"taken_leaf\":\"" ZEROS "\",\"answered\":0,\"answered_outcomes\":\"" ZEROS
                       "\",\"n\":2,\"subject\":\"7 " ONES "\"}",
    [WIRE_ACT_WITNESS] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"madrid\",\"reason\":\"removed\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_PERSON] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"amal\",\"reason\":\"closed\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_LOGIN] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"amal\",\"reason\":\"password set\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_TOKEN] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"1 amal\",\"reason\":\"ended\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_KIND] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"talk 2\",\"reason\":\"added\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_WRITTEN] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"amal\",\"subject\":\"" ZEROS "\",\"reason\":\"request ask for drugs\"}",
    [WIRE_ACT_ZONE] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"node\",\"reason\":\"Africa/Casablanca\"}",
    [WIRE_ACT_KEY] = "{\"salt\":\"" ONES "\",\"actor\":\"a\",\"subject\":\"log 2\",\"reason\":\"made\"}",
    [WIRE_ACT_RETURNED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                          "\",\"n\":7,\"sent\":\"" ONES "\"}",
    [WIRE_ACT_REVIEWED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"amal\",\"subject\":\"2027-05-21T08:00:00Z\",\"reason\":\"the inquiry goes on\"}",
    [WIRE_ACT_CLEARED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"amal\",\"n\":3,\"subject\":\"\","
                       "\"reason\":\"the matter is closed\"}",
    [WIRE_ACT_DEROGATION] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"amal\",\"subject\":\"individual_case\",\"reason\":\"one suspect\"}",
    [WIRE_ACT_CROSSCHECK] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"amal\",\"subject\":\"2 hits, 1 cases, 5 values\",\"reason\":\"is he known here?\"}",
    [WIRE_ACT_ALERT] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"n\":6,\"subject\":\"sighting drugs/maghreb\",\"reason\":\"week of 2026-11-23: above its range of at most 5\"}",
    [WIRE_ACT_READER] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"samir\",\"subject\":\"amal\",\"reason\":\"named: leads it\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_DEADLINE] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"to\":\"" PARIS "\",\"subject\":\"answer\",\"reason\":\"overdue 2026-11-28T08:00:00Z\"}",
    [WIRE_ACT_ERASED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"a\",\"reason\":\"the purpose has ended\"}",
    [WIRE_ACT_EMERGENCY] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT
                           "\",\"actor\":\"amal\",\"to\":\"" PARIS "\",\"subject\":\"vital_interests\"}",
    [WIRE_ACT_HELD] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"a\",\"n\":1,\"subject\":\"request/ask\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_RELEASED] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"b\",\"n\":1,\"previous\":\"" ONES "\",\"subject\":\"supervisor\",\"evidence\":\"" ONES "\"}",
    [WIRE_ACT_WITHHELD] = "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"actor\":\"b\",\"n\":1,\"previous\":\"" ONES "\",\"subject\":\"refused\",\"reason\":\"a witness\"}",
    [WIRE_ACT_HANDED] = "{\"salt\":\"" ONES "\",\"to\":\"" PARIS "\",\"n\":2,\"subject\":\"3 7\"}",
};

static enum base_code opening_code(enum wire_act act, struct base_view text) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 16);
  struct wire_opening opening;
  return wire_opening_parse(act, text, &arena, &opening, NULL);
}

static void openings_round_trip(void **state) {
  (void)state;
  for (unsigned act = 0; act < WIRE_ACT_COUNT; act++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 16);
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, WIRE_OPENING_MAX);
    struct wire_opening opening;
    struct base_error err;
    if (wire_opening_parse((enum wire_act)act, base_view_text(openings[act]), &arena, &opening, &err) != BASE_OK)
      fail_msg("%s: %s", wire_act_name((enum wire_act)act), err.text);
    assert_int_equal(wire_opening_write((enum wire_act)act, &opening, &text, NULL), BASE_OK);
    assert_true(base_view_is(base_buf_view(&text), openings[act]));
  }
}

static bool says_who_and_why(unsigned act) {
  return act == WIRE_ACT_DENIED || act == WIRE_ACT_READ || act == WIRE_ACT_EXPORTED || act == WIRE_ACT_KEY ||
         act == WIRE_ACT_ZONE;
}
static bool commits_to_a_document(unsigned act) {
  return act == WIRE_ACT_WITNESS || act == WIRE_ACT_PERSON || act == WIRE_ACT_TOKEN ||
         act == WIRE_ACT_LOGIN || act == WIRE_ACT_KIND;
}

static bool says_who_of_what(unsigned act) {
  return act == WIRE_ACT_WRITTEN || act == WIRE_ACT_REVIEWED || act == WIRE_ACT_DEROGATION ||
         act == WIRE_ACT_CROSSCHECK;
}

/* An opening of one act is none of another: a field is missing, surplus, or named otherwise. */
static void openings_do_not_pass_for_each_other(void **state) {
  (void)state;
  for (unsigned act = 0; act < WIRE_ACT_COUNT; act++)
    for (unsigned other = 0; other < WIRE_ACT_COUNT; other++) {
      bool alike = act == other || (says_who_and_why(act) && says_who_and_why(other)) ||
                   (commits_to_a_document(act) && commits_to_a_document(other)) ||
                   (says_who_of_what(act) && says_who_of_what(other));
      assert_true((opening_code((enum wire_act)other, base_view_text(openings[act])) == BASE_OK) == alike);
    }
}

static void hostile_openings(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum base_code code;
  } bad[] = {
      {"", BASE_SYNTAX},
      {"[]", BASE_FIELD},
      {"{\"salt\":\"" ONES "\"}", BASE_FIELD},
      {"{\"salt\":\"11\",\"subject\":\"x\"}", BASE_FIELD},
      {"{\"salt\":\"" ONES "\",\"subject\":7}", BASE_FIELD},
      {"{\"salt\":\"" ONES "\",\"subject\":\"x\",\"more\":1}", BASE_UNKNOWN_FIELD},
      {"{\"salt\":\"" ONES "\",\"subject\":\"x\",\"subject\":\"x\"}", BASE_DUPLICATE_KEY},
      {"{\"subject\":\"x\",\"salt\":\"" ONES "\"}", BASE_SYNTAX},
      {"{\"salt\":\"" ONES "\", \"subject\":\"x\"}", BASE_SYNTAX},
      {"{\"salt\":\"" ONES "\",\"subject\":\"\\u0078\"}", BASE_SYNTAX},
      {"{\"salt\":\"" ONES "\",\"subject\":\"x\"}\n", BASE_SYNTAX},
      {"{\"salt\":\"" ONES "\",\"subject\":\"\xff\"}", BASE_UTF8},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (opening_code(WIRE_ACT_CARD, base_view_text(bad[i].text)) != bad[i].code)
      fail_msg("%s: code %d", bad[i].text, opening_code(WIRE_ACT_CARD, base_view_text(bad[i].text)));
  static const char *const numbers[] = {"0", "-1", "1.0", "9223372036854775808", "\"1\"", "01"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char text[600];
    snprintf(text, sizeof text,
             "{\"salt\":\"" ONES "\",\"message\":\"" ZEROS "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
             "\",\"n\":%s,\"previous\":\"" ZEROS "\",\"clause\":\"agreement\",\"from_card\":\"" ONES
             "\",\"to_card\":\"" ONES "\"}",
             numbers[i]);
    assert_int_not_equal(opening_code(WIRE_ACT_SENT, base_view_text(text)), BASE_OK);
  }
  assert_int_equal(
      opening_code(WIRE_ACT_RECEIVED, BASE_VIEW("{\"salt\":\"" ONES "\",\"message\":\"" ZEROS
                                                "\",\"from\":\"rabat\",\"to\":\"" PARIS "\",\"sent\":\"" ONES "\"}")),
      BASE_FIELD);
  assert_int_equal(opening_code(WIRE_ACT_STATEMENT,
                                BASE_VIEW("{\"salt\":\"" ONES "\",\"from\":\"" RABAT "\",\"to\":\"" PARIS
                                          "\",\"given\":7,\"given_leaf\":\"" ONES "\",\"known\":8,\"known_outcomes\":\"" ONES
                                          "\",\"taken\":0,\"taken_leaf\":\"" ZEROS
                                          "\",\"answered\":0,\"answered_outcomes\":\"" ZEROS "\"}")),
                   BASE_FIELD);
  assert_int_equal(opening_code(WIRE_ACT_COUNT, BASE_VIEW("{}")), BASE_INTERNAL);
}

static enum base_code write_code(enum wire_act act, const struct wire_opening *opening, size_t *out_size) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1 << 20);
  enum base_code code = wire_opening_write(act, opening, &text, NULL);
  *out_size = text.size;
  return code;
}

/* WIRE_OPENING_MAX, reached from both sides. */
static void openings_are_bounded(void **state) {
  (void)state;
  char reason[WIRE_OPENING_MAX];
  memset(reason, 'r', sizeof reason);
  struct wire_opening opening = {.subject = BASE_VIEW("s")};
  size_t size, most;
  assert_int_equal(write_code(WIRE_ACT_FAULT, &opening, &size), BASE_OK);
  most = WIRE_OPENING_MAX - size;
  opening.reason = base_view_of(reason, most + 1);
  assert_int_equal(write_code(WIRE_ACT_FAULT, &opening, &size), BASE_TOO_LARGE);
  opening.reason = base_view_of(reason, most);
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1 << 20);
  assert_int_equal(wire_opening_write(WIRE_ACT_FAULT, &opening, &text, NULL), BASE_OK);
  assert_int_equal(text.size, WIRE_OPENING_MAX);
  assert_int_equal(opening_code(WIRE_ACT_FAULT, base_buf_view(&text)), BASE_OK);
  base_buf_text(&text, " ");
  assert_int_equal(opening_code(WIRE_ACT_FAULT, base_buf_view(&text)), BASE_TOO_LARGE);
}

static void openings_that_are_not_written(void **state) {
  (void)state;
  struct wire_opening good = {.has_message = true, .number = 1, .from = BASE_VIEW(RABAT), .to = BASE_VIEW(PARIS)};
  size_t size;
  assert_int_equal(write_code(WIRE_ACT_SENT, &good, &size), BASE_OK);
  struct wire_opening bad = good;
  bad.has_message = false;
  assert_int_equal(write_code(WIRE_ACT_SENT, &bad, &size), BASE_FIELD);
  bad = good;
  bad.number = 0;
  assert_int_equal(write_code(WIRE_ACT_SENT, &bad, &size), BASE_FIELD);
  bad = good;
  bad.from = BASE_VIEW("rabat");
  assert_int_equal(write_code(WIRE_ACT_SENT, &bad, &size), BASE_FIELD);
  bad = good;
  bad.to = BASE_VIEW("");
  assert_int_equal(write_code(WIRE_ACT_SENT, &bad, &size), BASE_FIELD);
  bad = good;
  bad.clause = BASE_VIEW("\xff");
  assert_int_equal(write_code(WIRE_ACT_SENT, &bad, &size), BASE_UTF8);
  assert_int_equal(write_code(WIRE_ACT_COUNT, &good, &size), BASE_INTERNAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leaf_round_trip),
      cmocka_unit_test(leaf_has_one_spelling),
      cmocka_unit_test(leaf_is_bounded),
      cmocka_unit_test(names_of_acts),
      cmocka_unit_test(openings_round_trip),
      cmocka_unit_test(openings_do_not_pass_for_each_other),
      cmocka_unit_test(hostile_openings),
      cmocka_unit_test(openings_are_bounded),
      cmocka_unit_test(openings_that_are_not_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
