/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_try.h"

#include "wire/message.h"

#define ID_A "00000000000000000000000000000000000000000000000000000000000000aa"
#define ID_B "00000000000000000000000000000000000000000000000000000000000000bb"
#define PARIS "wasl/paris/0123456789abcdef"
#define RABAT "wasl/rabat/fedcba9876543210"

static const char HEADER[] =
    "{\"wasl\":\"message/1\",\"case\":\"" ID_A "\",\"kind\":\"request\",\"kindhash\":\"" ID_B
    "\",\"type\":\"answer\",\"author\":\"" PARIS "\",\"parties\":[\"" PARIS "\",\"" RABAT "\"],\"follows\":[\"" ID_A
    "\",\"" ID_B
    "\"],\"time\":\"2026-11-21T08:00:00Z\",\"state\":{\"urgency\":\"h8\",\"ground\":\"غ\"},\"part0\":\"" ID_A "\"}";
static const char OPENING[] =
    "{\"wasl\":\"message/1\",\"kind\":\"request\",\"kindhash\":\"" ID_B "\",\"type\":\"ask\",\"author\":\"" RABAT
    "\",\"parties\":[\"" RABAT "\"],\"follows\":[],\"time\":\"1970-01-01T00:00:00Z\",\"state\":{},\"part0\":\"" ID_A
    "\"}";

static void rewrite(const char *text) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  struct wire_header header;
  struct base_error err = {0};
  wire_expect(wire_header_parse(base_view_text(text), &arena, &header, &err), &err, BASE_OK, "", text);
  assert_int_equal(wire_header_write(&header, &out, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), text));
}

static void header_read_and_written(void **state) {
  (void)state;
  rewrite(HEADER);
  rewrite(OPENING);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct wire_header header;
  assert_int_equal(wire_header_parse(base_view_text(HEADER), &arena, &header, NULL), BASE_OK);
  assert_false(header.opens);
  assert_int_equal(header.case_id.bytes[31], 0xaa);
  assert_true(base_view_is(header.kind, "request"));
  assert_int_equal(header.kind_hash.bytes[31], 0xbb);
  assert_true(base_view_is(header.author, PARIS));
  assert_int_equal(header.follow_count, 2);
  assert_int_equal(header.time, 1795248000);
  assert_true(base_view_is(wire_header_state(&header, "urgency"), "h8"));
  assert_true(base_view_is(wire_header_state(&header, "ground"), "غ"));
  assert_int_equal(wire_header_state(&header, "other").size, 0);
  assert_true(wire_header_has_party(&header, BASE_VIEW(RABAT)));
  assert_false(wire_header_has_party(&header, BASE_VIEW("wasl/lisbon/fedcba9876543210")));
  assert_int_equal(wire_header_parse(base_view_text(OPENING), &arena, &header, NULL), BASE_OK);
  assert_true(header.opens);
}

static void header_refused(void **state) {
  (void)state;
  static const struct wire_change changes[] = {
      {"{\"wasl\":\"message/1\",\"case\":\"" ID_A "\",", "{\"case\":\"" ID_A "\",\"wasl\":\"message/1\",", BASE_OK, ""},
      {"message/1", "message/2", BASE_FIELD, "header: $.wasl: must be"},
      {"\"case\":\"0", "\"case\":\"", BASE_FIELD, "$.case: must be 64"},
      {"\"case\":\"" ID_A "\",", "", BASE_FIELD, "$.follows: a message that opens a case follows none"},
      {"\"kind\":\"request\",", "", BASE_FIELD, "$.kind: missing"},
      {"\"request\"", "\"Request\"", BASE_FIELD, "$.kind: not a code"},
      {"\"request\"", "\"\"", BASE_FIELD, "$.kind: not a code"},
      {"\"kindhash\":\"" ID_B "\",", "", BASE_FIELD, "$.kindhash: missing"},
      {"\"answer\"", "\"9\"", BASE_FIELD, "$.type: not a code"},
      {"\"type\":\"answer\",", "", BASE_FIELD, "$.type: missing"},
      {"\"author\":\"" PARIS "\",", "", BASE_FIELD, "$.author: missing"},
      {"\"author\":\"" PARIS, "\"author\":\"paris", BASE_FIELD, "$.author: not an origin"},
      {"\"author\":\"" PARIS, "\"author\":\"wasl/lisbon/0123456789abcdef", BASE_FIELD, "author is not among them"},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[\"" RABAT "\",\"" PARIS "\"]", BASE_FIELD, "$.parties[1]: not in ascending"},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[\"" PARIS "\",\"" PARIS "\"]", BASE_FIELD, "$.parties[1]: not in ascending"},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[\"" PARIS "\",\"" PARIS "/2\"]", BASE_OK, ""},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[\"" PARIS "/2\",\"" PARIS "\"]", BASE_FIELD,
       "$.parties[1]: not in ascending"},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[\"" PARIS "\",\"x\"]", BASE_FIELD, "$.parties[1]: not an origin"},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[]", BASE_FIELD, "$.parties: 0 items"},
      {"[\"" PARIS "\",\"" RABAT "\"]", "[1]", BASE_FIELD, "$.parties[0]: must be a text"},
      {"[\"" ID_A "\",\"" ID_B "\"]", "[]", BASE_FIELD, "$.follows: a message within a case"},
      {"[\"" ID_A "\",\"" ID_B "\"]", "[\"" ID_B "\",\"" ID_A "\"]", BASE_FIELD, "$.follows[1]: not in ascending"},
      {"[\"" ID_A "\",\"" ID_B "\"]", "[\"" ID_A "\",\"" ID_A "\"]", BASE_FIELD, "$.follows[1]: not in ascending"},
      {"[\"" ID_A "\",\"" ID_B "\"]", "[\"aa\"]", BASE_FIELD, "$.follows[0]: must be 64"},
      {"2026-11-21", "2026-11-31", BASE_DATE, "$.time"},
      {"\"time\":\"2026-11-21T08:00:00Z\",", "", BASE_FIELD, "$.time: missing"},
      {"\"h8\"", "8", BASE_FIELD, "$.state: member 0 must be a text"},
      {"\"urgency\"", "\"Urgency\"", BASE_FIELD, "$.state: the name of member 0"},
      {"\"urgency\"", "\"\"", BASE_FIELD, "$.state: the name of member 0"},
      {"\"urgency\"", "\"ground\"", BASE_DUPLICATE_KEY, "stands twice"},
      {"\"state\":{", "\"State\":{", BASE_FIELD, "$.state: missing"},
      {",\"part0\":\"" ID_A "\"", "", BASE_FIELD, "$.part0: missing"},
      {",\"part0\"", ",\"x\":1,\"part0\"", BASE_UNKNOWN_FIELD, "header: $.x: unknown field"},
      {",\"part0\"", ",\"kind\":\"request\",\"part0\"", BASE_DUPLICATE_KEY, "stands twice"},
      {"{\"wasl", "[{\"wasl", BASE_SYNTAX, "header: "},
      {",\"part0\"", ",\"exercise\":true,\"part0\"", BASE_OK, ""},
      {",\"part0\"", ",\"exercise\":false,\"part0\"", BASE_FIELD, "$.exercise: is true, or left out"},
      {",\"part0\"", ",\"exercise\":\"true\",\"part0\"", BASE_FIELD, "$.exercise: must be"},
  };
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    wire_change_text(HEADER, changes[i].from, changes[i].to, &text);
    struct wire_header header;
    struct base_error err;
    enum base_code code = wire_header_parse(base_buf_view(&text), &arena, &header, &err);
    wire_expect(code, &err, changes[i].code, changes[i].words, changes[i].to);
  }
}

/* A header whose counts and lengths can be set, written and read back. */
struct full {
  struct wire_header header;
  struct base_id follows[WIRE_FOLLOWS_MAX];
  char names[WIRE_PARTIES_MAX + 1][WIRE_ORIGIN_MAX + 1];
  char codes[WIRE_STATE_FIELDS_MAX + 1][8];
  char value[WIRE_STATE_VALUE_MAX + 2];
};

static void fill(struct full *full, size_t parties, size_t follows, size_t fields, size_t value) {
  memset(full, 0, sizeof *full);
  struct wire_header *header = &full->header;
  header->kind = header->type = BASE_VIEW("kind");
  header->party_count = parties;
  header->follow_count = follows;
  header->follows = full->follows;
  header->state_count = fields;
  for (size_t i = 0; i < parties && i < WIRE_PARTIES_MAX; i++) {
    snprintf(full->names[i], sizeof full->names[i], "wasl/n%c/0123456789abcdef", (char)('a' + i));
    header->parties[i] = base_view_text(full->names[i]);
  }
  header->author = header->parties[0];
  for (size_t i = 0; i < follows && i < WIRE_FOLLOWS_MAX; i++)
    header->follows[i].bytes[0] = (uint8_t)i;
  memset(full->value, 'v', value);
  for (size_t i = 0; i < fields && i < WIRE_STATE_FIELDS_MAX; i++) {
    snprintf(full->codes[i], sizeof full->codes[i], "f%u", (unsigned)i % 1000);
    header->state[i] = (struct wire_state_field){base_view_text(full->codes[i]), base_view_text(full->value)};
  }
}

static enum base_code write_and_parse(const struct full *full, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf out = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  enum base_code code = wire_header_write(&full->header, &out, err);
  if (code) {
    assert_int_equal(out.size, 0);
    return code;
  }
  struct wire_header back;
  code = wire_header_parse(base_buf_view(&out), &arena, &back, err);
  assert_int_equal(code, BASE_OK);
  assert_int_equal(back.party_count, full->header.party_count);
  assert_int_equal(back.follow_count, full->header.follow_count);
  assert_int_equal(back.state_count, full->header.state_count);
  return code;
}

static void header_limits_written(void **state) {
  (void)state;
  struct full full;
  struct base_error err;
  fill(&full, WIRE_PARTIES_MAX, WIRE_FOLLOWS_MAX, WIRE_STATE_FIELDS_MAX, WIRE_STATE_VALUE_MAX / 4);
  wire_expect(write_and_parse(&full, &err), &err, BASE_OK, "", "all full");
  fill(&full, WIRE_PARTIES_MAX + 1, 1, 0, 0);
  wire_expect(write_and_parse(&full, &err), &err, BASE_FIELD, "$.parties: 17 items", "parties");
  fill(&full, 1, WIRE_FOLLOWS_MAX + 1, 0, 0);
  wire_expect(write_and_parse(&full, &err), &err, BASE_FIELD, "$.follows: 33 items", "follows");
  fill(&full, 1, 1, WIRE_STATE_FIELDS_MAX + 1, 0);
  wire_expect(write_and_parse(&full, &err), &err, BASE_FIELD, "$.state: 33 members", "state fields");
  fill(&full, 1, 1, 1, WIRE_STATE_VALUE_MAX + 1);
  wire_expect(write_and_parse(&full, &err), &err, BASE_FIELD, "$.state.f0: 2049 bytes", "state value");
  fill(&full, 1, 1, 2, 1);
  full.header.state[1].name = full.header.state[0].name;
  wire_expect(write_and_parse(&full, &err), &err, BASE_DUPLICATE_KEY, "$.state.f0: stands twice", "state name");
  fill(&full, 1, 1, 1, WIRE_STATE_VALUE_MAX);
  wire_expect(write_and_parse(&full, &err), &err, BASE_OK, "", "the longest state value");
  fill(&full, 1, 1, WIRE_STATE_FIELDS_MAX, WIRE_STATE_VALUE_MAX); /* all of them at once are too much */
  wire_expect(write_and_parse(&full, &err), &err, BASE_TOO_LARGE, "header: ", "the header's size");
  fill(&full, 1, 1, 0, 0);
  full.header.time = -1;
  assert_int_equal(write_and_parse(&full, &err), BASE_INTERNAL);
}

/* The same limits as a stranger's bytes meet them. */
static enum base_code parse_with(const char *from, const char *to, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  wire_change_text(HEADER, from, to, &text);
  struct wire_header header;
  return wire_header_parse(base_buf_view(&text), &arena, &header, err);
}

/* format: always one of the literals below */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void list_of(struct base_buf *list, const char *format, size_t count) {
  base_buf_reset(list);
  for (size_t i = 0; i < count; i++) {
    char item[128];
    snprintf(item, sizeof item, format, (unsigned)i);
    base_buf_text(list, i ? "," : "");
    base_buf_text(list, item);
  }
  base_buf_u8(list, 0);
}
#pragma GCC diagnostic pop

static void header_limits_read(void **state) {
  (void)state;
  static const char parties[] = ",\"" RABAT "\"", follows[] = "\"" ID_A "\",\"" ID_B "\"",
                    fields[] = "\"urgency\":\"h8\"";
  static const struct {
    const char *from, *format;
    size_t count;
    enum base_code code;
    const char *words;
  } cases[] = {
      {follows, "\"%064x\"", WIRE_FOLLOWS_MAX, BASE_OK, ""},
      {follows, "\"%064x\"", WIRE_FOLLOWS_MAX + 1, BASE_FIELD, "$.follows: 33 items"},
      {fields, "\"f%u\":\"\"", WIRE_STATE_FIELDS_MAX - 1, BASE_OK, ""}, /* "ground" is one more */
      {fields, "\"f%u\":\"\"", WIRE_STATE_FIELDS_MAX, BASE_FIELD, "$.state: 33 members"},
  };
  BASE_AUTO_BUF struct base_buf list = {0};
  struct base_error err;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    list_of(&list, cases[i].format, cases[i].count);
    wire_expect(parse_with(cases[i].from, (const char *)list.data, &err), &err, cases[i].code, cases[i].words,
                cases[i].format);
  }
  for (size_t more = 0; more < 2; more++) {
    char last[128];
    base_buf_reset(&list);
    for (size_t i = 1; i < WIRE_PARTIES_MAX + more; i++) {
      snprintf(last, sizeof last, ",\"wasl/q%02u/0123456789abcdef\"", (unsigned)i % 100);
      base_buf_text(&list, last);
    }
    base_buf_u8(&list, 0);
    wire_expect(parse_with(parties, (const char *)list.data, &err), &err, more ? BASE_FIELD : BASE_OK,
                "$.parties: 17 items", "parties");
    base_buf_reset(&list);
    base_buf_text(&list, "\"");
    wire_repeat(&list, "v", WIRE_STATE_VALUE_MAX + more);
    base_buf_text(&list, "\"");
    base_buf_u8(&list, 0);
    wire_expect(parse_with("\"h8\"", (const char *)list.data, &err), &err, more ? BASE_FIELD : BASE_OK,
                "$.state.urgency: 2049 bytes", "a state value");
    base_buf_reset(&list);
    base_buf_text(&list, "{");
    wire_repeat(&list, " ", WIRE_HEADER_MAX - strlen(HEADER) + more);
    base_buf_u8(&list, 0);
    wire_expect(parse_with("{", (const char *)list.data, &err), &err, more ? BASE_TOO_LARGE : BASE_OK,
                "header: 65537 bytes, at most 65536", "the header");
  }
}

/* An arena that is too small fails the parse at whatever field it ends, and nothing is set. */
static void arena_full(void **state) {
  (void)state;
  for (size_t limit = 1;; limit++) {
    BASE_AUTO_ARENA struct base_arena arena;
    base_arena_init(&arena, limit);
    struct wire_header header = {.party_count = 77};
    enum base_code code = wire_header_parse(base_view_text(HEADER), &arena, &header, NULL);
    if (!code)
      break;
    assert_int_equal(code, BASE_MEMORY);
    assert_int_equal(header.party_count, 77);
    assert_true(limit < 1000);
  }
}

static void codes(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf code = {0};
  wire_repeat(&code, "z", WIRE_CODE_MAX);
  assert_true(wire_code_valid(base_buf_view(&code)));
  wire_repeat(&code, "z", 1);
  assert_false(wire_code_valid(base_buf_view(&code)));
  assert_true(wire_code_valid(BASE_VIEW("a_9")));
  static const char *const bad[] = {"", "_a", "9a", "A", "a-b", "a b", "aB", "é"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_false(wire_code_valid(base_view_text(bad[i])));
}

static void origins(void **state) {
  (void)state;
  static const char longest[] = "wasl/n2345678901234567890123456789012/0123456789abcdef/999";
  assert_in_range(strlen(longest), 1, WIRE_ORIGIN_MAX);
  assert_true(wire_origin_valid(base_view_text(longest)));
  assert_int_equal(wire_origin_epoch(base_view_text(longest)), WIRE_EPOCHS_MAX);
  assert_false(wire_origin_valid(BASE_VIEW("wasl/n2345678901234567890123456789012/0123456789abcdef/1000")));
  assert_false(wire_origin_valid(BASE_VIEW("wasl/n2345678901234567890123456789012/0123456789abcdef/1234567890")));
  assert_int_equal(wire_origin_epoch(BASE_VIEW(PARIS)), 1);
  assert_true(base_view_is(wire_origin_node(BASE_VIEW(PARIS)), PARIS));
  assert_true(base_view_is(wire_origin_node(BASE_VIEW(PARIS "/17")), PARIS));
  assert_int_equal(wire_origin_epoch(BASE_VIEW(PARIS "/17")), 17);
  assert_int_equal(wire_origin_node(BASE_VIEW("paris")).size, 0);
  assert_true(base_view_is(wire_origin_name(BASE_VIEW(PARIS)), "paris"));
  assert_true(base_view_is(wire_origin_name(BASE_VIEW(PARIS "/2")), "paris"));
  static const char *const bad[] = {"",
                                    "wasl/",
                                    "wasl/paris",
                                    "wasl/paris/",
                                    "wasl//0123456789abcdef",
                                    "wasl/Paris/0123456789abcdef",
                                    "Wasl/paris/0123456789abcdef",
                                    "wasl/paris/0123456789abcde",
                                    "wasl/paris/0123456789abcdeF",
                                    "wasl/paris/0123456789abcdef0",
                                    PARIS "/",
                                    PARIS "/1",
                                    PARIS "/02",
                                    PARIS "/2/",
                                    PARIS "2",
                                    PARIS "/x"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (wire_origin_valid(base_view_text(bad[i])))
      fail_msg("%s was taken", bad[i]);
}

static void spot_is(bool (*check)(struct base_view, struct wire_spot *), const char *text, const char *want) {
  struct wire_spot spot;
  bool good = check(base_view_text(text), &spot);
  if (good != (want == NULL) || (want != NULL && strstr(wire_spot_text(&spot).text, want) == NULL))
    fail_msg("\"%s\": %s instead of %s", text, good ? "taken" : wire_spot_text(&spot).text, want ? want : "taken");
}

/* What is refused is named with its place, counted in characters. */
static void hidden_characters(void **state) {
  (void)state;
  spot_is(wire_line_check, "تقرير\u200F.pdf", "character 6 is U+200F, an invisible mark of the writing direction");
  spot_is(wire_line_check, "a\tb", "character 2 is U+0009, a control character");
  spot_is(wire_line_check, "inv\u202Efdp.exe", "character 4 is U+202E");
  spot_is(wire_line_check, "\U000E0041", "character 1 is U+E0041, an invisible character");
  spot_is(wire_line_check, "é\xFF", "character 2 is no UTF-8");
  spot_is(wire_line_check, "می\u200Cخواهم.txt", NULL);
  /* where what is passed over ends: of two octets, of which none is wrong from U+00AE on but U+061C */
  spot_is(wire_line_check, "b\u0627\u00ADc", "character 3 is U+00AD, an invisible character");
  spot_is(wire_line_check, "\u061B\u061C\u061D", "character 2 is U+061C");
  spot_is(wire_line_check, "\u00A0\u00AC\u00AE\u07FF\u0800\u167F\u1680", NULL);
  spot_is(wire_line_check, "\u0627 ab\u0627\x7F", "character 6 is U+007F, a control character");
  spot_is(wire_prose_check, "\u0627 ab\u0800\x7F", "character 6 is U+007F, a control character");
  spot_is(wire_prose_check, "\u00AD\u061C\u0800\u1680", NULL);
  static const char *const torn[] = {"ab\xD8", ("ab\xD8" "c"), "ab\xD8\xC0", "ab\xC1\x81", "ab\x80", "ab\xE0\x80"};
  for (size_t i = 0; i < sizeof torn / sizeof torn[0]; i++) {
    spot_is(wire_line_check, torn[i], "character 3 is no UTF-8");
    spot_is(wire_prose_check, torn[i], "character 3 is no UTF-8");
  }
  spot_is(wire_prose_check, "قال \u2066Rue de la Paix 12\u2069 ثم\u200F!\n\u2068a \u2067b\u2069\u2069", NULL);
  spot_is(wire_prose_check, "ab\u202Ecd", "character 3 is U+202E, an embedding or override");
  spot_is(wire_prose_check, "ab\u202C", "character 3 is U+202C");
  spot_is(wire_prose_check, "a\tb\r\nc\n", NULL);
  spot_is(wire_prose_check, "\u0627b\x1b[2J", "character 3 is U+001B, a control character");
  spot_is(wire_prose_check, "a\rb", "character 2 is U+000D, a control character");
  spot_is(wire_prose_check, "a\xC2\x85", "character 2 is U+0085, a control character");
  spot_is(wire_prose_check, "a\x7f", "character 2 is U+007F, a control character");
  spot_is(wire_prose_one_line, "\u0627 \u2066B 7\u2069", NULL);
  spot_is(wire_prose_one_line, "a\nb", "character 2 is U+000A, a tab or an end of line");
  spot_is(wire_prose_one_line, "\u0627\tb", "character 2 is U+0009, a tab or an end of line");
  spot_is(wire_prose_one_line, "ab\u2029", "character 3 is U+2029, a tab or an end of line");
  assert_true(wire_prose_blank(BASE_VIEW("")));
  assert_true(wire_prose_blank(BASE_VIEW(" \t\n\u00A0\u3000\u200B\u200F\u200D\uFEFF")));
  assert_false(wire_prose_blank(BASE_VIEW(" \u0627 ")));
  assert_false(wire_prose_blank(BASE_VIEW(" .")));
  spot_is(wire_prose_check, "a\u2066b", "character 2 is U+2066, an isolate that is not closed");
  spot_is(wire_prose_check, "a\u2067b\nc\u2069", "character 2 is U+2067, an isolate that is not closed");
  spot_is(wire_prose_check, "a\u2069", "character 2 is U+2069, the end of an isolate that was not opened");
  char deep[61 * 6 + 1] = "";
  for (int i = 0; i < 60; i++)
    memcpy(deep + 3 * i, "\u2066", 3), memcpy(deep + 180 + 3 * i, "\u2069", 4);
  spot_is(wire_prose_check, deep, NULL);
  for (int i = 0; i < 61; i++)
    memcpy(deep + 3 * i, "\u2066", 3), memcpy(deep + 183 + 3 * i, "\u2069", 4);
  spot_is(wire_prose_check, deep, "character 61 is U+2066, an isolate within too many others");
}

static void names_and_types(void **state) {
  (void)state;
  static const char *const good[] = {"a", "تقرير.pdf", "a b", "...", "é\xC2\xA0", "\xF0\x9F\x93\x84.txt", "a\\b"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    assert_true(wire_part_name_valid(base_view_text(good[i])));
  static const char *const bad[] = {"",
                                    ".",
                                    "..",
                                    "a/b",
                                    "/",
                                    "a\nb",
                                    "a\x7f",
                                    "\x1b[0m",
                                    "\xC2\x80",
                                    "\xC2\x9F",
                                    "\xD8\x9C",
                                    "\xE2\x80\x8E",
                                    "\xE2\x80\x8F",
                                    "\xE2\x80\xA8",
                                    "\xE2\x80\xA9",
                                    "\xE2\x80\xAA",
                                    "\xE2\x80\xAE",
                                    "\xE2\x81\xA6",
                                    "\xE2\x81\xA9",
                                    "\xC2\xAD",
                                    "\xE2\x80\x8B",
                                    "\xE2\x81\xA0",
                                    "\xE2\x81\xAF",
                                    "\xEF\xBB\xBF",
                                    "\xF3\xA0\x81\x81",
                                    "\xFF",
                                    "a\xC3"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    if (wire_part_name_valid(base_view_text(bad[i])))
      fail_msg("bad name %zu was taken", i);
  assert_false(wire_part_name_valid(BASE_VIEW("a\0b")));
  /* the neighbours of what is refused */
  assert_true(wire_line_valid(
      BASE_VIEW(" ~\xC2\xA0\xD8\x9B\xD8\x9D\xE2\x80\x8D\xE2\x80\x90\xE2\x80\x8C\xE2\x80\xAF\xE2\x81\x9F\xE2\x81\xB0")));
  static const char *const types[] = {"text/plain", "application/stix+json", "a/b", "x-a.b/c_d!#$%&'*^`|~1"};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    assert_true(wire_media_type_valid(base_view_text(types[i])));
  static const char *const no_types[] = {"",      "text",  "/plain", "text/", "a/b/c", "a/b; charset=utf-8",
                                         "a b/c", "a/(b)", "a/é",    "a/b\n"};
  for (size_t i = 0; i < sizeof no_types / sizeof no_types[0]; i++)
    if (wire_media_type_valid(base_view_text(no_types[i])))
      fail_msg("%s was taken", no_types[i]);
  assert_false(wire_media_type_valid(BASE_VIEW("a/\0")));
}

static const char PART0[] = "{\"wasl\":\"part0/1\",\"nonce\":\"" ID_A "\",\"fields\":{\"subject\":\"س\",\"n\":[1,{}]},"
                            "\"handling\":\"amber\",\"grading\":\"B2\",\"parts\":[{\"name\":\"a.json\",\"type\":\"text/"
                            "plain\",\"size\":1099511627776,\"sha256\":\"" ID_A "\",\"key\":\"" ID_B "\"}]}";

static void part0_read_and_written(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  struct wire_part0 part0;
  struct base_error err;
  enum base_code code = wire_part0_parse(base_view_text(PART0), &arena, &part0, &err);
  wire_expect(code, &err, BASE_OK, "", PART0);
  assert_int_equal(part0.nonce[31], 0xaa);
  assert_true(base_view_is(wire_json_text(wire_json_get(part0.fields, "subject")), "س"));
  assert_int_equal(part0.part_count, 1);
  assert_true(part0.parts[0].size == WIRE_PART_SIZE_MAX);
  assert_int_equal(part0.parts[0].key.bytes[31], 0xbb);
  assert_int_equal(wire_part0_write(&part0, BASE_VIEW("{\"subject\":\"س\",\"n\":[1,{}]}"), &out, NULL), BASE_OK);
  assert_true(base_view_is(base_buf_view(&out), PART0));
  /* markings that are empty are left out, and no parts are a list too */
  part0.handling = part0.grading = (struct base_view){0};
  part0.part_count = 0;
  base_buf_reset(&out);
  assert_int_equal(wire_part0_write(&part0, BASE_VIEW("{}"), &out, NULL), BASE_OK);
  assert_true(
      base_view_is(base_buf_view(&out), "{\"wasl\":\"part0/1\",\"nonce\":\"" ID_A "\",\"fields\":{},\"parts\":[]}"));
  wire_part0_free(&part0);
  assert_null(part0.document);
  assert_int_equal(part0.nonce[31], 0);
  wire_part0_free(&part0);
  wire_part0_free(NULL);
  assert_int_equal(wire_part0_parse(base_buf_view(&out), &arena, &part0, NULL), BASE_OK);
  assert_int_equal(part0.handling.size, 0);
  wire_part0_free(&part0);
}

static enum base_code try_part0(const char *from, const char *to, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  wire_change_text(PART0, from, to, &text);
  struct wire_part0 part0;
  enum base_code code = wire_part0_parse(base_buf_view(&text), &arena, &part0, err);
  if (!code)
    wire_part0_free(&part0);
  return code;
}

static void part0_refused(void **state) {
  (void)state;
  static const struct wire_change changes[] = {
      {"part0/1", "part0/2", BASE_FIELD, "part 0: $.wasl: must be"},
      {"\"nonce\":\"" ID_A "\",", "", BASE_FIELD, "$.nonce: missing"},
      {"\"nonce\":\"0", "\"nonce\":\"", BASE_FIELD, "$.nonce: must be 64"},
      {"{\"subject\":\"س\",\"n\":[1,{}]}", "[]", BASE_FIELD, "$.fields: must be an object"},
      {"\"fields\"", "\"Fields\"", BASE_FIELD, "$.fields: missing"},
      {"\"handling\":\"amber\",", "", BASE_OK, ""},
      {"\"grading\":\"B2\",", "", BASE_OK, ""},
      {"\"amber\"", "\"\"", BASE_FIELD, "$.handling: must be left out"},
      {"\"B2\"", "\"\"", BASE_FIELD, "$.grading: must be left out"},
      {"\"amber\"", "1", BASE_FIELD, "$.handling: must be a text"},
      {"amber", "a\\u202eb", BASE_FIELD, "$.handling: character 2 is U+202E"},
      {"B2", "B\\n2", BASE_FIELD, "$.grading: character 2 is U+000A"},
      {",\"parts\":[{", ",\"parts\":{\"a\":[{", BASE_SYNTAX, "part 0: "},
      {"[{\"name\"", "[3,{\"name\"", BASE_FIELD, "$.parts[0]: must be an object"},
      {"\"name\":\"a.json\",", "", BASE_FIELD, "$.parts[0].name: missing"},
      {"a.json", "../a", BASE_FIELD, "$.parts[0].name: must be a file name"},
      {"text/plain", "text", BASE_FIELD, "$.parts[0].type: must be a media type"},
      {"1099511627776", "0", BASE_OK, ""},
      {"1099511627776", "1099511627777", BASE_FIELD, "$.parts[0].size: must be from 0 to 1099511627776"},
      {"1099511627776", "-1", BASE_FIELD, "$.parts[0].size: must be from 0"},
      {"\"sha256\":\"0", "\"sha256\":\"", BASE_FIELD, "$.parts[0].sha256: must be 64"},
      {"\"key\":\"0", "\"key\":\"", BASE_FIELD, "$.parts[0].key: must be 64"},
      {"\"key\"", "\"extra\":1,\"key\"", BASE_UNKNOWN_FIELD, "$.parts[0].extra: unknown"},
      {"\"parts\"", "\"extra\":1,\"parts\"", BASE_UNKNOWN_FIELD, "$.extra: unknown"},
      {"\"fields\"", "\"nonce\":\"\",\"fields\"", BASE_DUPLICATE_KEY, "twice"},
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct base_error err;
    enum base_code code = try_part0(changes[i].from, changes[i].to, &err);
    wire_expect(code, &err, changes[i].code, changes[i].words, changes[i].to);
  }
}

static void part0_limits_read(void **state) {
  (void)state;
  static const char item[] =
      "{\"name\":\"a\",\"type\":\"a/b\",\"size\":1,\"sha256\":\"" ID_A "\",\"key\":\"" ID_B "\"},";
  static const struct {
    const char *from, *before, *unit, *after;
    size_t count;
    enum base_code code;
    const char *words;
  } cases[] = {
      {"amber", "", "h", "", WIRE_MARKING_MAX, BASE_FIELD, "$.handling: 513 bytes"},
      {"B2", "", "h", "", WIRE_MARKING_MAX, BASE_FIELD, "$.grading: 513 bytes"},
      {"a.json", "", "n", "", WIRE_PART_NAME_MAX, BASE_FIELD, "$.parts[0].name: 256 bytes"},
      {"text/plain", "a/", "t", "", WIRE_MEDIA_TYPE_MAX - 2, BASE_FIELD, "$.parts[0].type: 128 bytes"},
      {"\"parts\":[", "\"parts\":[", item, "", WIRE_PARTS_MAX - 1, BASE_FIELD, "$.parts: 65 items"},
      {"{", "{", " ", "", WIRE_PART0_MAX - sizeof PART0 + 1, BASE_TOO_LARGE, "part 0: 1048577 bytes"},
  };
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (size_t more = 0; more < 2; more++) {
      base_buf_reset(&text);
      base_buf_text(&text, cases[i].before);
      wire_repeat(&text, cases[i].unit, cases[i].count + more);
      base_buf_text(&text, cases[i].after);
      base_buf_u8(&text, 0);
      struct base_error err;
      enum base_code code = try_part0(cases[i].from, (const char *)text.data, &err);
      wire_expect(code, &err, more ? cases[i].code : BASE_OK, cases[i].words, cases[i].from);
    }
}

static void part0_write_refused(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf out = {0}, fields = {0};
  struct base_error err;
  struct wire_part0 part0 = {.part_count = WIRE_PARTS_MAX + 1};
  wire_expect(wire_part0_write(&part0, BASE_VIEW("{}"), &out, &err), &err, BASE_FIELD, "$.parts: 65 items", "parts");
  part0.part_count = 1;
  part0.parts[0] = (struct wire_part){.name = BASE_VIEW("a"), .media_type = BASE_VIEW("a/b")};
  assert_int_equal(wire_part0_write(&part0, BASE_VIEW("{}"), &out, &err), BASE_OK);
  base_buf_reset(&out);
  part0.parts[0].size = WIRE_PART_SIZE_MAX + 1;
  wire_expect(wire_part0_write(&part0, BASE_VIEW("{}"), &out, &err), &err, BASE_FIELD, "$.parts[0].size", "size");
  part0.part_count = 0;
  char marking[WIRE_MARKING_MAX + 1];
  memset(marking, 'm', sizeof marking);
  part0.handling = base_view_of(marking, sizeof marking);
  wire_expect(wire_part0_write(&part0, BASE_VIEW("{}"), &out, &err), &err, BASE_FIELD, "$.handling", "513 bytes");
  part0.handling = (struct base_view){0};
  part0.grading = base_view_of(marking, sizeof marking);
  wire_expect(wire_part0_write(&part0, BASE_VIEW("{}"), &out, &err), &err, BASE_FIELD, "$.grading", "513 bytes");
  part0.grading = (struct base_view){0};
  wire_expect(wire_part0_write(&part0, (struct base_view){0}, &out, &err), &err, BASE_INTERNAL, "", "no fields");
  base_buf_reset(&out);
  base_buf_text(&fields, "{\"a\":\"");
  wire_repeat(&fields, "0123456789abcdef", WIRE_PART0_MAX / 16);
  base_buf_text(&fields, "\"}");
  wire_expect(wire_part0_write(&part0, base_buf_view(&fields), &out, &err), &err, BASE_TOO_LARGE, "part 0: ", "1 MiB");
  assert_int_equal(out.size, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(header_read_and_written),
      cmocka_unit_test(header_refused),
      cmocka_unit_test(header_limits_written),
      cmocka_unit_test(header_limits_read),
      cmocka_unit_test(codes),
      cmocka_unit_test(arena_full),
      cmocka_unit_test(origins),
      cmocka_unit_test(hidden_characters),
      cmocka_unit_test(names_and_types),
      cmocka_unit_test(part0_read_and_written),
      cmocka_unit_test(part0_refused),
      cmocka_unit_test(part0_limits_read),
      cmocka_unit_test(part0_write_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
