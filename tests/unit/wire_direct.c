/* SPDX-License-Identifier: Apache-2.0
 * The direct reader of headers against the reader of any spelling: what the first takes, the second takes as the same. A
 * blank behind the document, which JSON allows, is never the direct one's spelling, so it shows the other reader's answer. */
#include "wire_try.h"

#include <stdlib.h>

#include "wire/header_direct.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
#define START "{\"wasl\":\"message/1\",\"case\":\"" HEX "01\",\"kind\":\"request\",\"kindhash\":\"" HEX "02\",\"type\":\"answer\","
#define AUTHOR "\"author\":\"wasl/paris/0123456789abcdef\",\"parties\":["
#define PARIS "\"wasl/paris/0123456789abcdef\""
#define MIDDLE ",\"time\":\"2026-11-21T08:00:00Z\",\"state\":{"
#define END "},\"part0\":\"" HEX "03\"}"

static const char *const GOOD[] = {
    START AUTHOR PARIS ",\"wasl/rabat/fedcba9876543210/2\"],\"follows\":[\"" HEX "04\",\"" HEX "05\"]" MIDDLE
                       "\"urgency\":\"h8\",\"ground\":\"غير واضح\",\"empty\":\"\"" END,
    "{\"wasl\":\"message/1\",\"kind\":\"request\",\"kindhash\":\"" HEX "02\",\"type\":\"ask\"," AUTHOR PARIS
    "],\"follows\":[]" MIDDLE END,
    START AUTHOR PARIS "],\"follows\":[\"" HEX "04\"]" MIDDLE "\"subject\":\"l’été \\u00e0 \\\"Saïdia\\\"\\n\"" END,
    START AUTHOR PARIS "],\"follows\":[\"" HEX "04\"]" MIDDLE "\"a\":\"1\",\"b\":\"2\",\"c\":\"" HEX "06\"" END,
    "{\"wasl\":\"message/1\",\"exercise\":true,\"kind\":\"request\",\"kindhash\":\"" HEX "02\",\"type\":\"ask\"," AUTHOR PARIS
    "],\"follows\":[]" MIDDLE END,
};
enum { GOOD_COUNT = sizeof GOOD / sizeof GOOD[0], ROUNDS = 20000, ROUNDS_SOAK = 1000000 };

/* Whether the direct reader took it; then the other one has, as the same. */
static bool compare(struct base_view bytes) {
  BASE_AUTO_ARENA struct base_arena arena = {0}, other = {0};
  BASE_AUTO_BUF struct base_buf longer = {0}, once = {0}, twice = {0}, gone = {0};
  struct wire_header direct = {.party_count = 77}, parsed;
  struct base_error err = {0};
  base_buf_add(&gone, bytes.data, bytes.size);
  bool taken = wire_header_direct(base_buf_view(&gone), &arena, &direct);
  if (gone.size > 0)
    memset(gone.data, '#', gone.size); /* what was read is a copy */
  if (!taken) {
    assert_int_equal(direct.party_count, 77);
    return false;
  }
  base_buf_add(&longer, bytes.data, bytes.size);
  base_buf_u8(&longer, ' ');
  assert_false(wire_header_direct(base_buf_view(&longer), &other, &parsed));
  wire_expect(wire_header_parse(base_buf_view(&longer), &other, &parsed, &err), &err, BASE_OK, "",
              (const char *)longer.data);
  assert_true(arena.used <= other.used);
  assert_int_equal(direct.opens, parsed.opens);
  assert_int_equal(direct.exercise, parsed.exercise);
  assert_int_equal(wire_header_write(&direct, &once, NULL), BASE_OK);
  assert_int_equal(wire_header_write(&parsed, &twice, NULL), BASE_OK);
  assert_true(base_view_equal(base_buf_view(&once), base_buf_view(&twice)));
  return true;
}

/* What we write is what it reads, but for what needs an escape. */
static void our_spelling(void **state) {
  (void)state;
  static const bool taken[GOOD_COUNT] = {true, true, false, true, true};
  for (size_t i = 0; i < GOOD_COUNT; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    BASE_AUTO_BUF struct base_buf out = {0};
    struct wire_header header;
    assert_int_equal(compare(base_view_text(GOOD[i])), taken[i]);
    assert_int_equal(wire_header_parse(base_view_text(GOOD[i]), &arena, &header, NULL), BASE_OK);
    assert_int_equal(wire_header_write(&header, &out, NULL), BASE_OK);
    assert_int_equal(compare(base_buf_view(&out)), taken[i]);
  }
}

static void add_number(struct base_buf *text, size_t number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%zu", number);
  base_buf_text(text, digits);
}

/* At each limit it takes what is allowed, and one more it leaves. */
static void limits(void **state) {
  (void)state;
  static const struct {
    const char *before, *each, *after;
    size_t most;
  } cases[] = {
      {START AUTHOR PARIS "],\"follows\":[\"" HEX "04\"]" MIDDLE "\"a\":\"", "v", "\"" END, WIRE_STATE_VALUE_MAX},
      {START AUTHOR PARIS "],\"follows\":[\"" HEX "04\"]" MIDDLE "\"a", "a", "\":\"\"" END, WIRE_CODE_MAX - 1},
      {START AUTHOR PARIS, ",\"wasl/paris/0123456789abcdef/%zu\"", "],\"follows\":[\"" HEX "04\"]" MIDDLE END,
       WIRE_PARTIES_MAX - 1},
      {START AUTHOR PARIS "],\"follows\":[\"" HEX "00\"", ",\"" HEX "%zu\"", "]" MIDDLE END, WIRE_FOLLOWS_MAX - 1},
      {START AUTHOR PARIS "],\"follows\":[\"" HEX "04\"]" MIDDLE "\"a\":\"\"", ",\"a%zu\":\"\"", END,
       WIRE_STATE_FIELDS_MAX - 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (size_t more = 0; more < 2; more++) {
      BASE_AUTO_BUF struct base_buf text = {0};
      const char *number = strstr(cases[i].each, "%zu");
      base_buf_text(&text, cases[i].before);
      for (size_t k = 0; k < cases[i].most + more; k++) {
        size_t plain = number != NULL ? (size_t)(number - cases[i].each) : strlen(cases[i].each);
        base_buf_add(&text, cases[i].each, plain);
        if (number != NULL) {
          add_number(&text, 10 + k); /* ascending as texts, too */
          base_buf_text(&text, number + 3);
        }
      }
      base_buf_text(&text, cases[i].after);
      assert_int_equal(compare(base_buf_view(&text)), more == 0);
    }
}

/* 32 values of the greatest length are more than a header may have: the last one is what is left. */
static void too_large(void **state) {
  (void)state;
  for (size_t more = 0; more < 2; more++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_text(&text, START AUTHOR PARIS "],\"follows\":[\"" HEX "04\"]" MIDDLE);
    for (size_t i = 10; i < 10 + WIRE_STATE_FIELDS_MAX - 1; i++) {
      base_buf_text(&text, "\"f");
      add_number(&text, i);
      base_buf_text(&text, "\":\"");
      wire_repeat(&text, "v", WIRE_STATE_VALUE_MAX);
      base_buf_text(&text, "\",");
    }
    base_buf_text(&text, "\"last\":\"");
    wire_repeat(&text, "v", WIRE_HEADER_MAX - text.size - strlen("\"" END) + more);
    base_buf_text(&text, "\"" END);
    BASE_AUTO_ARENA struct base_arena arena = {0};
    struct wire_header header;
    struct base_error err;
    assert_int_equal(wire_header_direct(base_buf_view(&text), &arena, &header), more == 0);
    wire_expect(wire_header_parse(base_buf_view(&text), &arena, &header, &err), &err, more ? BASE_TOO_LARGE : BASE_OK,
                "header: 65537 bytes", "the header's size");
  }
}

static void same_text(struct base_view got, struct base_view want) {
  assert_true(base_view_equal(got, want));
}

/* What was read holds when the octets that it was read from do not any more. */
static void keeps_its_texts(void **state) {
  (void)state;
  for (size_t i = 0; i < GOOD_COUNT; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    BASE_AUTO_BUF struct base_buf text = {0};
    struct wire_header header, want;
    base_buf_text(&text, GOOD[i]);
    assert_int_equal(wire_header_parse(base_view_text(GOOD[i]), &arena, &want, NULL), BASE_OK);
    if (!wire_header_direct(base_buf_view(&text), &arena, &header))
      continue;
    memset(text.data, 'x', text.size);
    same_text(header.kind, want.kind);
    same_text(header.type, want.type);
    same_text(header.author, want.author);
    for (size_t k = 0; k < want.party_count; k++)
      same_text(header.parties[k], want.parties[k]);
    for (size_t k = 0; k < want.state_count; k++) {
      same_text(header.state[k].name, want.state[k].name);
      same_text(header.state[k].value, want.state[k].value);
    }
  }
}

/* Cut short anywhere, and with any octet changed to each of some that mean something. */
static void each_place(void **state) {
  (void)state;
  static const char octets[] = "\"\\,:{}[]a0 \n\x1f\x7f\x80\xc3\xff";
  for (size_t i = 0; i < GOOD_COUNT; i++) {
    size_t size = strlen(GOOD[i]);
    for (size_t at = 0; at < size; at++) {
      BASE_AUTO_BUF struct base_buf text = {0};
      base_buf_add(&text, GOOD[i], size);
      assert_false(compare(base_view_of(text.data, at)));
      for (size_t k = 0; k < sizeof octets; k++) {
        text.data[at] = (uint8_t)octets[k];
        compare(base_buf_view(&text));
      }
    }
  }
}

static uint64_t seed = 0x9E3779B97F4A7C15;

static size_t below(size_t limit) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (size_t)(seed % limit);
}

static void change(struct base_buf *text) {
  static const char *const pieces[] = {"\"", "\\", "\\u0041", "\\u0000", ",", ":", "{", "}", "[", "]", " ", "\t", "\x1f", "\x7f", "é",
                                       "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "غ", "\xf0\x9f\x8c\x8a", "\"\":\"\",", "\"a\":\"1\"",
                                       ",\"x\":1", HEX "07", "A", "9", "null", "1970-01-01T00:00:00Z", "/2", "\xe2\x80\xae", ""};
  BASE_AUTO_BUF struct base_buf out = {0};
  const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
  const char *other = GOOD[below(GOOD_COUNT)];
  if (below(2) == 0) { /* an octet that stands there becomes one that stands elsewhere */
    text->data[below(text->size)] = text->data[below(text->size)];
    return;
  }
  size_t at = below(text->size + 1), gone = below(3) == 0 ? 0 : below(4), from = below(strlen(other));
  gone = gone < text->size - at ? gone : text->size - at;
  base_buf_add(&out, text->data, at);
  if (below(4) == 0)
    base_buf_add(&out, other + from, below(strlen(other) - from));
  else
    base_buf_text(&out, piece);
  base_buf_add(&out, text->data + at + gone, text->size - at - gone);
  base_buf_reset(text);
  base_buf_add(text, out.data, out.size);
}

/* Random changes, of which one and two in a row leave many headers good. */
static void random_changes(void **state) {
  (void)state;
  size_t rounds = getenv("WASL_SOAK") != NULL ? ROUNDS_SOAK : ROUNDS, taken = 0;
  for (size_t i = 0; i < rounds; i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_text(&text, GOOD[below(GOOD_COUNT)]);
    for (size_t k = below(3); k < 3; k++)
      change(&text);
    taken += compare(base_buf_view(&text));
  }
  print_message("%zu of %zu changed headers were taken\n", taken, rounds);
  assert_true(taken > rounds / 100);
}

/* No memory for the texts: left to the other reader, and nothing was set. */
static void no_room(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena;
  struct wire_header header = {.party_count = 77};
  base_arena_init(&arena, 40);
  assert_false(wire_header_direct(base_view_text(GOOD[0]), &arena, &header));
  assert_int_equal(header.party_count, 77);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(our_spelling), cmocka_unit_test(limits),         cmocka_unit_test(too_large),
      cmocka_unit_test(keeps_its_texts), cmocka_unit_test(each_place),   cmocka_unit_test(random_changes), cmocka_unit_test(no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
