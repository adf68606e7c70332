/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_try.h"

#include "wire/json.h"

static struct base_view view(const struct base_buf *buf) {
  return base_buf_view(buf);
}

static void values(void **state) {
  (void)state;
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  static const char text[] =
      "{\"t\":\"\\u0648صل\",\"i\":-9223372036854775808,\"r\":0.5,\"b\":true,\"n\":null,\"a\":[1,[]],\"o\":{}}";
  assert_int_equal(wire_json_parse(base_view_text(text), 1000, "test", &json, NULL), BASE_OK);
  assert_true(base_view_is(wire_json_text(wire_json_get(json, "t")), "وصل"));
  assert_int_equal(wire_json_integer(wire_json_get(json, "i")), INT64_MIN);
  assert_true(wire_json_real(wire_json_get(json, "r")) == 0.5);
  assert_true(wire_json_true(wire_json_get(json, "b")));
  assert_int_equal(wire_json_size(wire_json_get(json, "a")), 2);
  assert_int_equal(wire_json_integer(wire_json_at(wire_json_get(json, "a"), 0)), 1);
  assert_null(wire_json_at(wire_json_get(json, "a"), 2));
  assert_null(wire_json_get(json, "x"));
  assert_int_equal(wire_json_type(NULL), WIRE_JSON_NONE);
  assert_int_equal(wire_json_size(NULL), 0);
  /* what a value is not, it gives as nothing */
  assert_int_equal(wire_json_text(wire_json_get(json, "i")).size, 0);
  assert_int_equal(wire_json_integer(wire_json_get(json, "t")), 0);
  assert_false(wire_json_true(wire_json_get(json, "i")));
  static const enum wire_json_type types[] = {WIRE_JSON_TEXT, WIRE_JSON_INTEGER, WIRE_JSON_REAL,  WIRE_JSON_BOOL,
                                              WIRE_JSON_NULL, WIRE_JSON_ARRAY,   WIRE_JSON_OBJECT};
  const char *key = "tirbnao";
  void *cursor = NULL;
  struct base_view name;
  const struct wire_json *value;
  for (size_t i = 0; wire_json_next(json, &cursor, &name, &value); i++, key++) {
    assert_memory_equal(name.data, key, 1);
    assert_int_equal(wire_json_type(value), types[i]);
  }
  assert_string_equal(key, "");
}

static void any_root(void **state) {
  (void)state;
  wire_json_seed(0);
  static const char *const roots[] = {"1", "\"x\"", "null", " [ ] \n", "-0.5e3", "false"};
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    assert_int_equal(wire_json_parse(base_view_text(roots[i]), 100, "test", &json, NULL), BASE_OK);
  }
  wire_json_free(NULL);
}

static void refused(void **state) {
  (void)state;
  static const struct {
    struct base_view text;
    enum base_code code;
    const char *words;
  } cases[] = {
      {BASE_VIEW(""), BASE_SYNTAX, "test: empty"},
      {BASE_VIEW(" "), BASE_SYNTAX, "line 1"},
      {BASE_VIEW("{"), BASE_SYNTAX, "line 1, column 2: the text ends here"},
      {BASE_VIEW("{\n\"a\":x}"), BASE_SYNTAX, "line 2, column 5: a value was expected"},
      {BASE_VIEW("{\n\"\u0633\" 1}"), BASE_SYNTAX, "line 2, column 5: a colon was expected"},
      {BASE_VIEW("{\"a\":"), BASE_SYNTAX, "line 1, column 6: the text ends here"},
      {BASE_VIEW("{}{}"), BASE_SYNTAX, "line 1, column 3: something stands behind the document"},
      {BASE_VIEW("{}\0"), BASE_SYNTAX, "a NUL octet"},
      {BASE_VIEW("[1,]"), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("[01]"), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("[NaN]"), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("['a']"), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("\"a\nb\""), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("/**/{}"), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("\xEF\xBB\xBF{}"), BASE_SYNTAX, "not well-formed"},
      {BASE_VIEW("\"\\ud800\""), BASE_SYNTAX, "half of a surrogate pair"},
      {BASE_VIEW("\"\\u0000\""), BASE_SYNTAX, "u0000"},
      {BASE_VIEW("{\"\\u0000\":1}"), BASE_SYNTAX, "u0000"},
      {BASE_VIEW("\"a\0b\""), BASE_SYNTAX, "a NUL octet"},
      {BASE_VIEW("9223372036854775808"), BASE_SYNTAX, "out of range"},
      {BASE_VIEW("-9223372036854775809"), BASE_SYNTAX, "out of range"},
      {BASE_VIEW("1e999"), BASE_SYNTAX, "out of range"},
      {BASE_VIEW("\"\xFF\""), BASE_UTF8, "UTF-8 at line 1"},
      {BASE_VIEW("\"\xC0\x80\""), BASE_UTF8, "UTF-8"},
      {BASE_VIEW("\"\xED\xA0\x80\""), BASE_UTF8, "UTF-8"},
      {BASE_VIEW("{\"a\":1,\"a\":1}"), BASE_DUPLICATE_KEY, "stands twice"},
      {BASE_VIEW("[{\"a\":1,\"\\u0061\":1}]"), BASE_DUPLICATE_KEY, "stands twice"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct wire_json *json = NULL;
    struct base_error err;
    enum base_code code = wire_json_parse(cases[i].text, 100, "test", &json, &err);
    wire_expect(code, &err, cases[i].code, cases[i].words, (const char *)cases[i].text.data);
    assert_null(json);
  }
}

/* Whatever way a text is read on: the same tree, or the same refusal. Blanks behind a document make long texts less
 * than half of it. */
static void same_with_blanks(const struct base_buf *document, enum base_code expected) {
  BASE_AUTO_BUF struct base_buf blank = {0}, first = {0}, second = {0};
  struct base_buf *written[] = {&first, &second};
  base_buf_add(&blank, document->data, document->size);
  for (size_t i = 0; i < 2 * document->size; i++)
    base_buf_text(&blank, " ");
  const struct base_view texts[] = {view(document), view(&blank)};
  struct base_error err[2];
  for (size_t i = 0; i < 2; i++) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct wire_writer writer;
    assert_int_equal(wire_json_parse(texts[i], SIZE_MAX, "test", &json, &err[i]), expected);
    wire_writer_init(&writer, written[i]);
    if (json != NULL)
      wire_write_value(&writer, json);
  }
  if (expected != BASE_OK)
    assert_string_equal(err[0].text, err[1].text);
  else
    assert_true(base_view_equal(view(&first), view(&second)));
}

static void repeated(struct base_buf *buf, const char *text, size_t times) {
  while (times-- > 0)
    base_buf_text(buf, text);
}

static void long_texts(void **state) {
  (void)state;
  static const char *const letters[] = {"x", "\u0648", "\\n", "\\\"", "/"};
  static const size_t sizes[] = {1, 63, 64, 127, 128, 129, 4096, 100000};
  for (size_t l = 0; l < sizeof letters / sizeof letters[0]; l++)
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
      BASE_AUTO_BUF struct base_buf document = {0};
      base_buf_text(&document, "{\"short\":\"a\",\"list\" : [1,\"");
      repeated(&document, letters[l], sizes[s]);
      base_buf_text(&document, "\",{\"b\":\"\"}],\"");
      repeated(&document, letters[l], sizes[s]); /* a name */
      base_buf_text(&document, "\" \n : \"");
      repeated(&document, letters[l], sizes[s]);
      base_buf_text(&document, "y\"}");
      same_with_blanks(&document, BASE_OK);
      WIRE_AUTO_JSON struct wire_json *json = NULL;
      assert_int_equal(wire_json_parse(view(&document), SIZE_MAX, "test", &json, NULL), BASE_OK);
      struct base_view text = wire_json_text(wire_json_at(wire_json_get(json, "list"), 1));
      assert_int_equal(text.size, sizes[s] * (l == 1 ? 2 : 1));
      assert_int_equal(text.data[text.size - 1], (uint8_t)"x\x88\n\"/"[l]);
      /* cut short at each of its octets, as far as that is not too many */
      for (size_t end = document.size < 2000 && l != 1 ? 1 : document.size; end < document.size; end++) {
        WIRE_AUTO_JSON struct wire_json *none = NULL;
        assert_int_equal(wire_json_parse(base_view_of(document.data, end), SIZE_MAX, "test", &none, NULL), BASE_SYNTAX);
      }
    }
}

static void many_long_texts(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf document = {0};
  for (size_t i = 0; i < 600; i++) {
    base_buf_text(&document, i == 0 ? "[\"" : ",\"");
    repeated(&document, "x", 120 + i);
    base_buf_text(&document, "\"");
  }
  base_buf_text(&document, "]");
  same_with_blanks(&document, BASE_OK);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(view(&document), SIZE_MAX, "test", &json, NULL), BASE_OK);
  for (size_t i = 0; i < 600; i++)
    assert_int_equal(wire_json_text(wire_json_at(json, i)).size, 120 + i);
}

static void long_texts_with_faults(void **state) {
  (void)state;
  static const struct {
    const char *fault;
    enum base_code code;
  } faults[] = {{"\xFF", BASE_UTF8},           {"\xC0\x80", BASE_UTF8}, {"\xED\xA0\x80", BASE_UTF8},
                {"\t", BASE_SYNTAX},           {"\n", BASE_SYNTAX},     {"\\x", BASE_SYNTAX},
                {"\\u0000", BASE_SYNTAX},      {"\"\"", BASE_SYNTAX},   {"\",]\"", BASE_SYNTAX},
                {"\",\"", BASE_DUPLICATE_KEY}, {"\x1f", BASE_SYNTAX}};
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    BASE_AUTO_BUF struct base_buf document = {0};
    base_buf_text(&document, "{\"a\":\"");
    repeated(&document, "x", 300);
    base_buf_text(&document, faults[i].fault);
    if (faults[i].code == BASE_DUPLICATE_KEY)
      base_buf_text(&document, "a\":\"");
    repeated(&document, "x", 300);
    base_buf_text(&document, "\"}");
    same_with_blanks(&document, faults[i].code);
  }
}

static void errors_quote_nothing(void **state) {
  (void)state;
  struct wire_json *json = NULL;
  struct base_error err;
  assert_int_equal(wire_json_parse(BASE_VIEW("{\"a\":secretname}"), 100, "test", &json, &err), BASE_SYNTAX);
  assert_null(strstr(err.text, "secret"));
  assert_int_equal(wire_json_parse(BASE_VIEW("{\"secretname\":1,\"secretname\":1}"), 100, "test", &json, &err),
                   BASE_DUPLICATE_KEY);
  assert_null(strstr(err.text, "secret"));
}

/* Of one's own document they name the way to what is wrong: as far as the names on it are plain words. */
static void own_errors_name_the_member(void **state) {
  (void)state;
  static const struct {
    struct base_view text;
    enum base_code code;
    const char *said;
  } cases[] = {
      {BASE_VIEW("{\"a\":{\"b\":[1,{\"c_d\":\"x\\u0000\"}]}}"), BASE_SYNTAX, "test: $.a.b[1].c_d: \\u0000 is not allowed at line 1, column "},
      {BASE_VIEW("{\"a\":[\"\\ud800\"]}"), BASE_SYNTAX,
       "test: $.a[0]: half of a surrogate pair, \\uD800 to \\uDFFF, stands alone at line 1, column "},
      {BASE_VIEW("{\"a\":[\"\\udc00x\"]}"), BASE_SYNTAX, "test: $.a[0]: half of a surrogate pair"},
      {BASE_VIEW("{\"a\":\"\xFF\"}"), BASE_UTF8, "test: $.a: not valid UTF-8 at line 1, column "},
      {BASE_VIEW("{\"a\":\"\0\"}"), BASE_SYNTAX, "test: $.a: a NUL octet at line 1, column 7"},
      {BASE_VIEW("{\"a\":9223372036854775808}"), BASE_SYNTAX, "test: $.a: a number is out of range at line 1, column "},
      {BASE_VIEW("[7,9223372036854775808,7]"), BASE_SYNTAX, "test: $[1]: a number is out of range at line 1, column "},
      {BASE_VIEW("{\"a\":{\"b\":1,\"b\":2}}"), BASE_DUPLICATE_KEY, "test: $.a.b: a key stands twice in one object at line 1, column "},
      {BASE_VIEW("{\"a b\":{\"b\":1,\"b\":2}}"), BASE_DUPLICATE_KEY, "test: $.?.b: a key stands twice"},
      {BASE_VIEW("{\"a\":1,\n\"b\":}"), BASE_SYNTAX, "test: $.b: not well-formed JSON at line 2, column 5: a value was expected"},
      {BASE_VIEW("{\"a\":1}{"), BASE_SYNTAX, "test: not well-formed JSON at line 1, column 8: something stands behind the document"},
      {BASE_VIEW("9223372036854775808"), BASE_SYNTAX, "test: a number is out of range at line 1, column "},
      {BASE_VIEW(""), BASE_SYNTAX, "test: empty, JSON was expected"},
      {BASE_VIEW("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), BASE_TOO_DEEP, "test: $[0]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct wire_json *json = NULL;
    struct base_error err = {0};
    assert_int_equal(wire_json_parse_own(cases[i].text, 100, "test", &json, &err), cases[i].code);
    if (strncmp(err.text, cases[i].said, strlen(cases[i].said)) != 0)
      fail_msg("%s: not %s", err.text, cases[i].said);
    assert_null(json);
    assert_int_equal(wire_json_parse_own(cases[i].text, 100, "test", &json, NULL), cases[i].code);
  }
  WIRE_AUTO_JSON struct wire_json *good = NULL;
  assert_int_equal(wire_json_parse_own(BASE_VIEW("{\"a\":1}"), 7, "test", &good, NULL), BASE_OK);
  assert_int_equal(wire_json_integer(wire_json_get(good, "a")), 1);
  struct wire_json *none = NULL;
  assert_int_equal(wire_json_parse_own(BASE_VIEW("{\"a\":1}"), 6, "test", &none, NULL), BASE_TOO_LARGE);
}

static void size_limit(void **state) {
  (void)state;
  struct base_error err;
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  wire_expect(wire_json_parse(BASE_VIEW("[1234]"), 5, "test", &json, &err), &err, BASE_TOO_LARGE, "6 bytes, at most 5",
              "one byte too many");
  assert_int_equal(wire_json_parse(BASE_VIEW("[1234]"), 6, "test", &json, &err), BASE_OK);
}

static void nest(struct base_buf *buf, const char *open, const char *middle, const char *close, size_t levels) {
  base_buf_reset(buf);
  wire_repeat(buf, open, levels);
  base_buf_text(buf, middle);
  wire_repeat(buf, close, levels);
}

static void depth_limit(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf buf = {0};
  static const char *const kinds[][3] = {{"[", "", "]"}, {"{\"a\":", "1", "}"}, {"[\"\\\"\",", "\"[{\"", "]"}};
  for (size_t i = 0; i < 3; i++) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct base_error err;
    nest(&buf, kinds[i][0], kinds[i][1], kinds[i][2], WIRE_JSON_DEPTH_MAX);
    wire_expect(wire_json_parse(view(&buf), 1 << 20, "test", &json, &err), &err, BASE_OK, "", kinds[i][0]);
    nest(&buf, kinds[i][0], kinds[i][1], kinds[i][2], WIRE_JSON_DEPTH_MAX + 1);
    struct wire_json *none = NULL;
    wire_expect(wire_json_parse(view(&buf), 1 << 20, "test", &none, &err), &err, BASE_TOO_DEEP,
                "deeper than 32 levels at line 1, column", kinds[i][0]);
  }
  /* side by side is not deep */
  base_buf_reset(&buf);
  base_buf_text(&buf, "[");
  wire_repeat(&buf, "[],{},\"]\",", 100);
  base_buf_text(&buf, "0]");
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(view(&buf), 1 << 20, "test", &json, NULL), BASE_OK);
  /* a million brackets never reach recursion */
  nest(&buf, "[", "", "", 1000000);
  struct wire_json *none = NULL;
  assert_int_equal(wire_json_parse(view(&buf), 1 << 20, "test", &none, NULL), BASE_TOO_DEEP);
}

static void take_all(struct wire_object *object) {
  struct base_hash hash;
  struct base_id id;
  uint8_t bytes[2];
  wire_object_exact(object, "e", "this");
  wire_object_text(object, "t", 3, true);
  wire_object_integer(object, "i", 5, 9, true);
  wire_object_bool(object, "b", true);
  wire_object_hash(object, "h", &hash, false);
  wire_object_id(object, "d", &id, false);
  wire_object_hex(object, "x", bytes, sizeof bytes, true);
  wire_object_time(object, "m", true);
  const struct wire_json *array = wire_object_array(object, "a", 1, 2);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  for (size_t i = 0; i < wire_json_size(array); i++)
    wire_object_copy_at(object, "a", array, i, 3, &arena);
  struct wire_object child;
  wire_object_begin_in(&child, object, "o");
  wire_object_bool(&child, "y", true);
  wire_object_close(&child, object);
}

static const char OBJECT[] =
    "{\"e\":\"this\",\"t\":\"abc\",\"i\":5,\"b\":true,\"x\":\"00ff\",\"m\":\"2026-11-21T08:00:00Z\","
    "\"a\":[\"abc\"],\"o\":{\"y\":false}}";

static void objects(void **state) {
  (void)state;
  static const struct wire_change changes[] = {
      {"{\"e\"", "{\"e\"", BASE_OK, ""},
      {"{\"e\":\"this\",", "{", BASE_FIELD, "test: $.e: missing"},
      {"\"this\"", "\"that\"", BASE_FIELD, "$.e: must be \"this\""},
      {"\"this\"", "1", BASE_FIELD, "$.e: must be a text"},
      {"\"abc\",\"i", "\"abcd\",\"i", BASE_FIELD, "$.t: 4 bytes, at most 3"},
      {"\"abc\",\"i", "null,\"i", BASE_FIELD, "$.t: must be a text"},
      {":5", ":9", BASE_OK, ""},
      {":5", ":4", BASE_FIELD, "$.i: must be from 5 to 9"},
      {":5", ":10", BASE_FIELD, "$.i: must be from 5 to 9"},
      {":5", ":5.0", BASE_FIELD, "$.i: must be an integer"},
      {"true", "1", BASE_FIELD, "$.b: must be true or false"},
      {"00ff", "00FF", BASE_FIELD, "$.x: must be 4 lowercase hex digits"},
      {"00ff", "00f", BASE_FIELD, "$.x: must be 4"},
      {"11-21", "11-31", BASE_DATE, "$.m: must be a time"},
      {"00Z", "00+00:00", BASE_DATE, "$.m: must be a time"},
      {"[\"abc\"]", "[]", BASE_FIELD, "$.a: 0 items, from 1 to 2"},
      {"[\"abc\"]", "[\"a\",\"b\"]", BASE_OK, ""},
      {"[\"abc\"]", "[\"a\",\"b\",\"c\"]", BASE_FIELD, "$.a: 3 items"},
      {"[\"abc\"]", "{}", BASE_FIELD, "$.a: must be an array"},
      {"[\"abc\"]", "[\"a\",1]", BASE_FIELD, "$.a[1]: must be a text"},
      {"[\"abc\"]", "[\"abcd\"]", BASE_FIELD, "$.a[0]: 4 bytes"},
      {"{\"y\":false}", "[]", BASE_FIELD, "$.o: must be an object"},
      {"false", "0", BASE_FIELD, "$.o.y: must be true or false"},
      {"\"y\":false", "\"y\":false,\"z\":1", BASE_UNKNOWN_FIELD, "$.o.z: unknown field"},
      {",\"o\"", ",\"q\":1,\"o\"", BASE_UNKNOWN_FIELD, "$.q: unknown field"},
      {",\"o\"", ",\"\\u202e\\n\":1,\"o\"", BASE_UNKNOWN_FIELD, "$.\xEF\xBF\xBD\xEF\xBF\xBD: unknown"},
      {",\"o\"", ",\"h\":\"00\",\"o\"", BASE_FIELD, "$.h: must be 64 lowercase hex digits"},
      {",\"o\"", ",\"d\":\"00\",\"o\"", BASE_FIELD, "$.d: must be 64 lowercase hex digits"},
  };
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    wire_change_text(OBJECT, changes[i].from, changes[i].to, &text);
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    assert_int_equal(wire_json_parse(view(&text), 1000, "test", &json, NULL), BASE_OK);
    struct wire_object object;
    struct base_error err;
    wire_object_begin(&object, json, "test", "$");
    take_all(&object);
    wire_expect(wire_object_end(&object, &err), &err, changes[i].code, changes[i].words, changes[i].to);
  }
}

static void no_object(void **state) {
  (void)state;
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(BASE_VIEW("[]"), 1000, "test", &json, NULL), BASE_OK);
  struct wire_object object;
  struct base_error err;
  wire_object_begin(&object, json, "test", "$");
  take_all(&object);
  wire_expect(wire_object_end(&object, &err), &err, BASE_FIELD, "test: $: must be an object", "an array");
}

static enum base_code members(size_t count, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &text);
  wire_write_object(&writer);
  char key[24];
  for (size_t i = 0; i < count; i++) {
    snprintf(key, sizeof key, "k%zu", i);
    wire_write_member_bool(&writer, key, true);
  }
  wire_write_end(&writer, '}');
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(view(&text), 10000, "test", &json, NULL), BASE_OK);
  struct wire_object object;
  wire_object_begin(&object, json, "test", "$");
  for (size_t i = 0; i < count; i++) {
    snprintf(key, sizeof key, "k%zu", i);
    wire_object_bool(&object, key, true);
  }
  return wire_object_end(&object, err);
}

static void member_limit(void **state) {
  (void)state;
  struct base_error err;
  assert_int_equal(members(WIRE_OBJECT_MEMBERS_MAX, &err), BASE_OK);
  wire_expect(members(WIRE_OBJECT_MEMBERS_MAX + 1, &err), &err, BASE_FIELD, "more than 64 members", "65 members");
}

static void long_paths_are_cut(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_text(&text, "{\"");
  wire_repeat(&text, "ش", 300);
  base_buf_text(&text, "\":1}");
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(view(&text), 10000, "test", &json, NULL), BASE_OK);
  char path[400];
  memset(path, 'p', sizeof path);
  path[sizeof path - 1] = 0;
  struct wire_object object;
  struct base_error err;
  wire_object_begin(&object, json, "test", path);
  wire_expect(wire_object_end(&object, &err), &err, BASE_UNKNOWN_FIELD, "شش: unknown field", "a long key");
  assert_true(base_utf8_valid(base_view_text(err.text)));
  wire_object_begin(&object, json, "test", "$");
  wire_object_fail(&object, BASE_FIELD, "k", "%0*d", 1000, 7);
  assert_int_equal(wire_object_end(&object, &err), BASE_FIELD);
}

static void arena_full(void **state) {
  (void)state;
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(BASE_VIEW("{\"t\":\"0123456789\"}"), 100, "test", &json, NULL), BASE_OK);
  BASE_AUTO_ARENA struct base_arena arena;
  base_arena_init(&arena, 9);
  struct wire_object object;
  struct base_error err;
  wire_object_begin(&object, json, "test", "$");
  wire_object_copy(&object, "t", 100, &arena, true);
  wire_expect(wire_object_end(&object, &err), &err, BASE_MEMORY, "$.t: no memory", "a full arena");
}

static void written(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf out = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "t", "a\"\\/\b\t\n\f\r\x01\x1f\x7f وصل");
  wire_write_member_text(&writer, "e", (struct base_view){0});
  wire_write_member_integer(&writer, "i", INT64_MIN);
  wire_write_member_bool(&writer, "b", false);
  wire_write_member_hex(&writer, "x", "\x00\xff", 2);
  wire_write_member_time(&writer, "m", 253402300799);
  wire_write_key(&writer, "a");
  wire_write_array(&writer);
  wire_write_null(&writer);
  wire_write_array(&writer);
  wire_write_end(&writer, ']');
  wire_write_raw(&writer, BASE_VIEW("{\"z\":1}"));
  wire_write_end(&writer, ']');
  wire_write_member_hash(&writer, "h", &(struct base_hash){{0xab}});
  wire_write_end(&writer, '}');
  assert_int_equal(base_buf_check(&out, "test", NULL), BASE_OK);
  static const char expected[] =
      "{\"t\":\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f وصل\",\"e\":\"\",\"i\":-9223372036854775808,\"b\":false,"
      "\"x\":\"00ff\",\"m\":\"9999-12-31T23:59:59Z\",\"a\":[null,[],{\"z\":1}],"
      "\"h\":\"ab00000000000000000000000000000000000000000000000000000000000000\"}";
  base_buf_u8(&out, 0);
  assert_string_equal((const char *)out.data, expected);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_view_text(expected), 1000, "test", &json, NULL), BASE_OK);
  BASE_AUTO_BUF struct base_buf again = {0};
  wire_writer_init(&writer, &again);
  wire_write_value(&writer, json);
  assert_true(base_view_is(view(&again), expected));
}

static void reals(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"0.1", "0.1"},
                                         {"1.0", "1.0"},
                                         {"1e300", "1e+300"},
                                         {"-2.50", "-2.5"},
                                         {"0.30000000000000004", "0.30000000000000004"},
                                         {"100000.0", "100000.0"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    BASE_AUTO_BUF struct base_buf out = {0};
    struct wire_writer writer;
    wire_writer_init(&writer, &out);
    assert_int_equal(wire_json_parse(base_view_text(pairs[i][0]), 100, "test", &json, NULL), BASE_OK);
    wire_write_value(&writer, json);
    base_buf_u8(&out, 0);
    assert_string_equal((const char *)out.data, pairs[i][1]);
  }
}

static enum base_code write_nested(unsigned levels) {
  BASE_AUTO_BUF struct base_buf out = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  for (unsigned i = 0; i < levels; i++)
    wire_write_array(&writer);
  for (unsigned i = 0; i < levels && !out.code; i++)
    wire_write_end(&writer, ']');
  return out.code;
}

static void broken_callers(void **state) {
  (void)state;
  assert_int_equal(write_nested(WIRE_JSON_DEPTH_MAX), BASE_OK);
  assert_int_equal(write_nested(WIRE_JSON_DEPTH_MAX + 1), BASE_INTERNAL);
  for (int i = 0; i < 8; i++) {
    BASE_AUTO_BUF struct base_buf out = {0};
    struct wire_writer writer;
    wire_writer_init(&writer, &out);
    if (i == 0)
      wire_write_text(&writer, BASE_VIEW("\xED\xA0\x80"));
    else if (i == 1)
      wire_write_end(&writer, '}');
    else if (i == 2)
      wire_write_key(&writer, "k");
    else if (i == 3)
      wire_write_value(&writer, NULL);
    else if (i == 4)
      wire_write_raw(&writer, (struct base_view){0});
    else {
      wire_write_object(&writer);
      if (i == 7)
        wire_write_member_hex(&writer, "x", "0123456789012345678901234567890123", 33);
      else
        wire_write_member_time(&writer, "m", i == 5 ? -1 : 253402300800);
    }
    assert_int_equal(out.code, BASE_INTERNAL);
  }
}

static void document_end(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf out = {0};
  struct base_error err;
  base_buf_text(&out, "before[123]");
  assert_int_equal(wire_document_end(&out, 6, 5, "test", &err), BASE_OK);
  wire_expect(wire_document_end(&out, 6, 4, "test", &err), &err, BASE_TOO_LARGE, "test: 5 bytes, at most 4", "5 bytes");
  assert_true(base_view_is(view(&out), "before"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values),
      cmocka_unit_test(any_root),
      cmocka_unit_test(long_texts),
      cmocka_unit_test(many_long_texts),
      cmocka_unit_test(long_texts_with_faults),
      cmocka_unit_test(refused),
      cmocka_unit_test(errors_quote_nothing),
      cmocka_unit_test(own_errors_name_the_member),
      cmocka_unit_test(size_limit),
      cmocka_unit_test(depth_limit),
      cmocka_unit_test(objects),
      cmocka_unit_test(no_object),
      cmocka_unit_test(member_limit),
      cmocka_unit_test(long_paths_are_cut),
      cmocka_unit_test(arena_full),
      cmocka_unit_test(written),
      cmocka_unit_test(reals),
      cmocka_unit_test(broken_callers),
      cmocka_unit_test(document_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
