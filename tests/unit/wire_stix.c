/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_try.h"

#include <fcntl.h>

#include "wire/stix.h"

#define UUID "0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061"
#define OTHER "1C7B5B88-8FF7-1A4D-0A9D-FEB398CD0061"

static const char BUNDLE[] =
    "{\"type\":\"bundle\",\"id\":\"bundle--" UUID
    "\",\"objects\":[{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
    "\"indicator--" UUID "\",\"created\":\"2026-11-21T08:00:00Z\",\"modified\":\"2026-11-21T08:00:00Z\"},{\"type\":"
    "\"domain-name\",\"spec_version\":\"2.1\",\"id\":\"domain-name--" OTHER "\",\"value\":\"invented.example\"}]}";

static struct wire_stix_report report; /* too large for a small stack */

static enum base_code check(const char *text, struct base_error *err) {
  return wire_stix_check(base_view_text(text), WIRE_STIX_UNSAID, &report, err);
}

static void good(void **state) {
  (void)state;
  struct base_error err;
  wire_expect(check(BUNDLE, &err), &err, BASE_OK, "", BUNDLE);
  assert_true(report.is_stix);
  assert_int_equal(report.object_count, 2);
  assert_int_equal(report.warnings_in_all, 0);
  assert_int_equal(report.type_count, 2);
  assert_string_equal(report.types[0].name, "domain-name");
  assert_string_equal(report.types[1].name, "indicator");
  BASE_AUTO_BUF struct base_buf out = {0};
  wire_stix_write(&report, &out);
  assert_true(base_view_is(base_buf_view(&out),
                           "{\"stix\":true,\"objects\":2,\"types\":{\"domain-name\":1,\"indicator\":"
                           "1},\"warnings\":[],\"warnings_in_all\":0}"));
}

static void refused(void **state) {
  (void)state;
  static const struct wire_change changes[] = {
      {"\"id\":\"bundle--" UUID "\",", "", BASE_FIELD, "STIX: $.id: must be bundle--UUID"},
      {"bundle--0", "bundle-0", BASE_FIELD, "$.id: must be"},
      {"bundle--0", "bundle--", BASE_FIELD, "$.id: must be"},
      {"bundle--0", "bundle--g", BASE_FIELD, "$.id: must be"},
      {"bundle--0", "report--0", BASE_FIELD, "$.id: must be"},
      {"88-8ff7", "888-ff7", BASE_FIELD, "$.id: must be"},
      {"\"objects\"", "\"object\"", BASE_FIELD, "$.objects: must be an array"},
      {"\"objects\":[", "\"objects\":[],\"more\":[", BASE_FIELD, "$.objects: must be an array of at least one"},
      {"\"objects\":[", "\"objects\":{},\"more\":[", BASE_FIELD, "$.objects: must be an array"},
      {"\"objects\":[", "\"objects\":{\"a\":1},\"more\":[", BASE_FIELD, "$.objects: must be an array"},
      {"[{\"type\":\"indicator\"", "[7,{\"type\":\"indicator\"", BASE_FIELD, "$.objects[0]: must be an object"},
      {"{\"type\":\"domain-name\",", "{", BASE_FIELD, "$.objects[1].type: must be a text"},
      {"\"type\":\"domain-name\",", "\"type\":1,", BASE_FIELD, "$.objects[1].type: must be a text"},
      {"\"type\":\"domain-name\",", "\"type\":\"\",", BASE_FIELD, "$.objects[1].type: must be a text"},
      {"\"type\":\"domain-name\",", "\"type\":\"Domain\",", BASE_FIELD, "$.objects[1].type: must be a text"},
      {"\"type\":\"domain-name\",", "\"type\":\"a\\u202eb\",", BASE_FIELD, "$.objects[1].type: must be a text"},
      {"\"type\":\"domain-name\",", "\"type\":\"url\",", BASE_FIELD, "$.objects[1].id: must be url--UUID"},
      {"domain-name--1C", "domain-name--1", BASE_FIELD, "$.objects[1].id: must be domain-name--UUID"},
      {"\"id\":\"indicator", "\"ID\":\"indicator", BASE_FIELD, "$.objects[0].id: must be indicator--UUID"},
  };
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    wire_change_text(BUNDLE, changes[i].from, changes[i].to, &text);
    struct base_error err;
    enum base_code code = wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, &err);
    wire_expect(code, &err, changes[i].code, changes[i].words, changes[i].to);
    assert_false(report.is_stix);
  }
}

static void warned(void **state) {
  (void)state;
  static const struct wire_change changes[] = {
      {"\"created\":", "\"creat\":", BASE_OK, "$.objects[0]: created is missing"},
      {"\"modified\":", "\"mod\":", BASE_OK, "$.objects[0]: modified is missing"},
      {"\"2.1\"", "\"2.0\"", BASE_OK, "$.objects[0]: spec_version"},
      {"\"spec_version\":\"2.1\",", "", BASE_OK, "$.objects[0]: spec_version"},
      {"{\"type\":\"domain-name\"",
       "{\"type\":\"file\",\"spec_version\":\"2.1\",\"id\":\"file--" UUID "\"},{\"type\":"
       "\"file\",\"spec_version\":\"2.1\",\"id\":\"file--" UUID "\"},{\"type\":\"domain-name\"",
       BASE_OK, "$.objects[2]: repeats the id of $.objects[1]"},
      {"\"value\"", "\"x\":[[]],\"value\"", BASE_OK, NULL},
      {"\"objects\"", "\"spec_version\":\"2.0\",\"objects\"", BASE_OK, NULL},
  };
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    wire_change_text(BUNDLE, changes[i].from, changes[i].to, &text);
    assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
    assert_true(report.is_stix);
    assert_int_equal(report.warnings_in_all, changes[i].words ? 1 : 0);
    if (changes[i].words)
      assert_non_null(strstr(report.warnings[0], changes[i].words));
  }
}

static void no_bundle(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t warnings;
  } cases[] = {{"", 0},
               {"  ", 0},
               {"%PDF-1.7", 0},
               {"{\\rtf1 }", 0},
               {"{", 0},
               {"{}", 0},
               {"[]", 0},
               {"\"bundle\"", 0},
               {"{\"type\":\"report\"}", 0},
               {"{\"a\":1}", 0},
               {"{\"type\":1}", 0},
               {"{\"type\":\"bundle\"", 1},
               {" {\n\"a\":\"\xFF\"}", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct base_error err;
    wire_expect(check(cases[i].text, &err), &err, BASE_OK, "", cases[i].text);
    assert_false(report.is_stix);
    assert_int_equal(report.warnings_in_all, cases[i].warnings);
  }
  BASE_AUTO_BUF struct base_buf out = {0};
  assert_int_equal(check("x", NULL), BASE_OK);
  wire_stix_write(&report, &out);
  assert_true(base_view_is(base_buf_view(&out),
                           "{\"stix\":false,\"objects\":0,\"types\":{},\"warnings\":[],\"warnings_in_all\":0}"));
}

static void said_to_be_json(void **state) {
  (void)state;
  static const struct {
    const char *type;
    enum wire_stix_said said;
  } types[] = {{"application/json", WIRE_STIX_SAID_JSON},
               {"application/stix+json", WIRE_STIX_SAID_STIX},
               {"application/geo+json", WIRE_STIX_SAID_JSON},
               {"Application/STIX+JSON", WIRE_STIX_SAID_STIX}, /* RFC 9110 section 8.3.1: in whatever case */
               {"APPLICATION/json", WIRE_STIX_SAID_JSON},
               {"application/geo+Json", WIRE_STIX_SAID_JSON},
               {"application/stix+jsonl", WIRE_STIX_UNSAID},
               {"application/octet-stream", WIRE_STIX_UNSAID},
               {"+json", WIRE_STIX_UNSAID},
               {"", WIRE_STIX_UNSAID}};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    assert_int_equal(wire_stix_said(base_view_text(types[i].type)), types[i].said);
  /* Cut anywhere before its last octet, a bundle does not leave as JSON; as anything else it does, at most with a
   * warning. */
  BASE_AUTO_BUF struct base_buf text = {0};
  wire_repeat(&text, BUNDLE, 1);
  for (size_t size = 0; size < text.size; size++) {
    struct base_error err = {BASE_OK, ""};
    struct base_view cut = base_view_of(text.data, size);
    assert_int_equal(wire_stix_check(cut, WIRE_STIX_SAID_JSON, &report, &err), BASE_SYNTAX);
    assert_non_null(strstr(err.text, "the text ends here"));
    assert_int_equal(wire_stix_check(cut, WIRE_STIX_SAID_STIX, &report, NULL), BASE_SYNTAX);
    assert_int_equal(wire_stix_check(cut, WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
    assert_int_equal(report.warnings_in_all, size > 1 ? 1 : 0);
  }
  assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_SAID_JSON, &report, NULL), BASE_OK);
  assert_true(report.is_stix);
}

/* Good documents that pass our own limits, or that are something else than a bundle, are nobody's fault. */
static void ordinary_documents_leave(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf deep = {0};
  for (int i = 0; i < 2 * WIRE_WELLFORMED_DEPTH; i++)
    base_buf_text(&deep, i < WIRE_WELLFORMED_DEPTH ? "[" : "]");
  base_buf_u8(&deep, 0);
  const struct {
    const char *text;
    enum wire_stix_said said;
    const char *warning; /* NULL: none */
  } cases[] = {
      {"[1, 2.5e-3, true, false, null, \"\\u0000\\ud800\"]\n", WIRE_STIX_SAID_JSON, NULL},
      {"{\"type\":\"FeatureCollection\"}", WIRE_STIX_SAID_JSON, NULL},
      {"7", WIRE_STIX_SAID_JSON, NULL},
      {"{\"a\":1,\"a\":2}", WIRE_STIX_SAID_JSON, "not looked into: STIX: a key stands twice"},
      {"{\"a\":123456789012345678901234567890}", WIRE_STIX_SAID_JSON, "not looked into: STIX: a number"},
      {"{\"a\":\"\\u0000\"}", WIRE_STIX_SAID_JSON, "not looked into"},
      {(const char *)deep.data, WIRE_STIX_SAID_JSON, NULL},
      {"{\"type\":\"indicator\"}", WIRE_STIX_SAID_STIX, "it is no bundle"},
      {"\xEF\xBB\xBF{\"a\":1}", WIRE_STIX_SAID_JSON, "byte order mark"},
      {"\xEF\xBB\xBF\xD9\x85", WIRE_STIX_UNSAID, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct base_error err = {BASE_OK, ""};
    wire_expect(wire_stix_check(base_view_text(cases[i].text), cases[i].said, &report, &err), &err, BASE_OK, "",
                cases[i].text);
    assert_int_equal(report.warnings_in_all, cases[i].warning ? 1 : 0);
    if (cases[i].warning)
      assert_non_null(strstr(report.warnings[0], cases[i].warning));
  }
}

/* What stands behind the mark is a bundle like any other, and refused like any other. */
static void byte_order_mark(void **state) {
  (void)state;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf text = {0};
  wire_repeat(&text, "\xEF\xBB\xBF", 1);
  base_buf_text(&text, BUNDLE);
  for (int said = 0; said < 3; said++) {
    assert_int_equal(wire_stix_check(base_buf_view(&text), (enum wire_stix_said)said, &report, NULL), BASE_OK);
    assert_true(report.is_stix);
    assert_int_equal(report.warnings_in_all, 1);
  }
  text.size -= 2;
  assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_SAID_JSON, &report, &err), BASE_SYNTAX);
  char octet[32];
  (void)snprintf(octet, sizeof octet, "octet %zu ", text.size);
  assert_non_null(strstr(err.text, octet));
  assert_int_equal(wire_stix_check(BASE_VIEW("\xEF\xBB\xBF{\"type\":\"bundle\"}"), WIRE_STIX_UNSAID, &report, &err),
                   BASE_FIELD);
}

static void where_json_ends(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t at, line, column;
    const char *path, *what;
  } cases[] = {
      {"", 0, 1, 1, "$", "the text ends here"},
      {"{\"type\":\"bundle\"", 16, 1, 17, "$.type", "the text ends here"},
      {"{\"a\":[1,\n{\"b\":tru", 17, 2, 9, "$.a[1].b", "the text ends here"},
      {"{\"a\":[1,\n 2}]", 11, 2, 3, "$.a[1]", "a comma or ] was expected"},
      {"{\"a\":1]", 6, 1, 7, "$.a", "a comma or } was expected"},
      {"{\"a\" 1}", 5, 1, 6, "$.a", "a colon was expected"},
      {"{a:1}", 1, 1, 2, "$.?", "a text in quotes was expected"},
      {"{\"a b\":1,}", 9, 1, 10, "$.?", "a text in quotes was expected"},
      {"[1,]", 3, 1, 4, "$[1]", "a value was expected"},
      {"[01]", 2, 1, 3, "$[0]", "a comma or ] was expected"},
      {"[1.]", 3, 1, 4, "$[0]", "a digit was expected"},
      {"[-]", 2, 1, 3, "$[0]", "a digit was expected"},
      {"[1e+]", 4, 1, 5, "$[0]", "a digit was expected"},
      {"[\"\\x\"]", 3, 1, 4, "$[0]", "no such escape in a text"},
      {"[\"\\u12g4\"]", 6, 1, 7, "$[0]", "four hex digits were expected"},
      {"[\"a\tb\"]", 3, 1, 4, "$[0]", "a control character stands in a text"},
      {"[\"\xC3(\"]", 2, 1, 3, "$[0]", "not UTF-8"},
      {"[\"\xF0\x9F", 2, 1, 3, "$[0]", "not UTF-8"},
      {"\xD9\x85", 0, 1, 1, "$", "a value was expected"},
      {"{}{}", 2, 1, 3, "$", "something stands behind the document"},
      {"'a'", 0, 1, 1, "$", "a value was expected"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct wire_json_fault fault;
    assert_false(wire_json_wellformed(base_view_text(cases[i].text), &fault));
    if (strcmp(fault.what, cases[i].what) != 0 || strcmp(fault.path, cases[i].path) != 0)
      fail_msg("%s: %s: %s", cases[i].text, fault.path, fault.what);
    assert_int_equal(fault.at, cases[i].at);
    assert_int_equal(fault.line, cases[i].line);
    assert_int_equal(fault.column, cases[i].column);
  }
}

static void depth_limit(void **state) {
  (void)state;
  struct wire_json_fault fault;
  for (size_t depth = WIRE_WELLFORMED_DEPTH; depth < WIRE_WELLFORMED_DEPTH + 2; depth++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    for (size_t i = 0; i < depth; i++)
      base_buf_text(&text, i % 2 ? "{\"a\":" : "[");
    base_buf_text(&text, "x");
    /* one level deeper nobody looks any more */
    assert_int_equal(wire_json_wellformed(base_buf_view(&text), &fault), depth > WIRE_WELLFORMED_DEPTH);
  }
  assert_non_null(strstr(fault.path, "$[0].a[0].a"));
}

static void size_limit(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  uint8_t *room = base_buf_reserve(&text, WIRE_STIX_MAX + 1);
  assert_non_null(room);
  memset(room, ' ', WIRE_STIX_MAX + 1);
  memcpy(room, BUNDLE, sizeof BUNDLE - 1);
  assert_int_equal(wire_stix_check(base_view_of(room, WIRE_STIX_MAX), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
  assert_true(report.is_stix);
  assert_int_equal(wire_stix_check(base_view_of(room, WIRE_STIX_MAX + 1), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
  assert_false(report.is_stix);
  assert_int_equal(report.warnings_in_all, 1);
}

/* Values of a bundle whose only object has so many zeros: its own, and those around it. */
enum { AROUND_ZEROS = 8 };

static void zeros_in(struct base_buf *out, const char *before, size_t count, const char *behind) {
  base_buf_reset(out);
  base_buf_text(out, before);
  for (size_t i = 0; i < count; i++)
    base_buf_text(out, i > 0 ? ",0" : "0");
  base_buf_text(out, behind);
}

/* What would take all memory as a tree is known by its number of values, and no tree is made of it. */
static void value_limit(void **state) {
  (void)state;
  static const char before[] = "{\"type\":\"bundle\",\"id\":\"bundle--" UUID "\",\"objects\":[{\"type\":\"url\",\"id\":\"url--" UUID
                               "\",\"x\":[";
  BASE_AUTO_BUF struct base_buf text = {0}, list = {0};
  struct base_error err;
  struct wire_json_fault fault;
  for (size_t more = 0; more < 2; more++) {
    zeros_in(&text, before, WIRE_STIX_VALUES_MAX - AROUND_ZEROS + more, "]}]}");
    assert_true(wire_json_wellformed(base_buf_view(&text), &fault));
    assert_int_equal(fault.values, WIRE_STIX_VALUES_MAX + more);
    wire_expect(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, &err), &err, BASE_OK, "", "values");
    assert_int_equal(report.is_stix, more == 0);
    base_buf_reset(&list);
    wire_expect(wire_stix_list(base_buf_view(&text), &list, &err), &err, more ? BASE_FIELD : BASE_OK,
                more ? "STIX: not looked into: 1048577 values, and STIX is checked up to 1048576" : "", "values");
  }
  assert_string_equal(report.warnings[0], "not looked into: 1048577 values, and STIX is checked up to 1048576");
  zeros_in(&text, "[", WIRE_STIX_VALUES_MAX, "]"); /* can be none anyway */
  assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_SAID_JSON, &report, NULL), BASE_OK);
  assert_int_equal(report.warnings_in_all, 0);
}

static void bundle_of(struct base_buf *out, size_t count, const char *type, size_t type_repeat, bool numbered) {
  base_buf_reset(out);
  base_buf_text(out, "{\"type\":\"bundle\",\"id\":\"bundle--" UUID "\",\"objects\":[");
  for (size_t i = 0; i < count; i++) {
    BASE_AUTO_BUF struct base_buf name = {0};
    wire_repeat(&name, type, type_repeat);
    if (numbered)
      base_buf_printf(&name, "%zu", 1000 - i);
    base_buf_u8(&name, 0);
    const char *text = (const char *)name.data;
    base_buf_printf(out, "%s{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s--" UUID "\"}", i ? "," : "", text,
                    text);
  }
  base_buf_text(out, "]}");
}

static void type_limits(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_error err;
  for (size_t more = 0; more < 2; more++) {
    bundle_of(&text, WIRE_STIX_TYPES_MAX + more, "x-", 1, true);
    assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
    assert_int_equal(report.object_count, WIRE_STIX_TYPES_MAX + more);
    assert_int_equal(report.type_count, WIRE_STIX_TYPES_MAX);
    assert_int_equal(report.warnings_in_all, more);
    for (size_t i = 1; i < report.type_count; i++)
      assert_true(strcmp(report.types[i - 1].name, report.types[i].name) < 0);
  }
  bundle_of(&text, 1, "x-0", 21, false); /* 63 bytes */
  assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
  assert_int_equal(report.type_count, 1);
  bundle_of(&text, 1, "x-", 32, false); /* 64 */
  assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
  assert_int_equal(report.type_count, 0);
  assert_non_null(strstr(report.warnings[0], "not listed by type"));
  bundle_of(&text, 1, "x-", 125, false); /* 250 */
  assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
  bundle_of(&text, 1, "x-", 126, false);
  wire_expect(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, &err), &err, BASE_FIELD,
              "$.objects[0].type", "252 bytes");
}

static void warning_limit(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  for (size_t count = WIRE_STIX_WARNINGS_MAX; count < WIRE_STIX_WARNINGS_MAX + 2; count++) {
    bundle_of(&text, count + 1, "file", 1, false); /* all but the first repeat its id */
    assert_int_equal(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, NULL), BASE_OK);
    assert_int_equal(report.warnings_in_all, count);
    assert_int_equal(report.warning_count, WIRE_STIX_WARNINGS_MAX);
    assert_string_equal(report.warnings[31], "$.objects[32]: repeats the id of $.objects[0]");
  }
}

static void expect_list(const char *bundle, const char *want) {
  BASE_AUTO_BUF struct base_buf list = {0};
  struct base_error err;
  size_t count = 0, lines = 0;
  wire_expect(wire_stix_list(base_view_text(bundle), &list, &err), &err, BASE_OK, "", bundle);
  if (!base_view_is(base_buf_view(&list), want))
    fail_msg("%.*s instead of %s", (int)list.size, (const char *)list.data, want);
  for (const char *at = want; *at != '\0'; at++)
    lines += *at == '\n';
  assert_int_equal(wire_stix_list_check(base_buf_view(&list), &count, &err), BASE_OK);
  assert_int_equal(count, lines);
}

/* In the order of ids, each once, with its newest version, and nothing but a timestamp beside it. */
static void lists(void **state) {
  (void)state;
#define OF(type, uuid, more) "{\"type\":\"" type "\",\"id\":\"" type "--" uuid "\"" more "}"
#define IN(objects) "{\"type\":\"bundle\",\"id\":\"bundle--" UUID "\",\"objects\":[" objects "]}"
  expect_list(BUNDLE, "domain-name--" OTHER "\nindicator--" UUID " 2026-11-21T08:00:00Z\n");
  expect_list("\xef\xbb\xbf" IN(OF("url", UUID, "")), "url--" UUID "\n");
  expect_list(IN(OF("url", UUID, ",\"modified\":\"2026-11-20T08:00:00Z\"") "," OF("url", UUID, ",\"modified\":\"2026-11-21T08:00:00Z\"") ","
                 OF("url", UUID, "")), "url--" UUID " 2026-11-21T08:00:00Z\n");
  expect_list(IN(OF("url", UUID, ",\"modified\":\"yesterday\"")), "url--" UUID "\n");
  expect_list(IN(OF("url", UUID, ",\"modified\":\"2026-11-21T08:00:00.00000000000000000001Z\"")), "url--" UUID "\n");
  static const char *const no_moments[] = {"Z",
                                           "2026-11-21T08:00Z",
                                           "2026-11-21T08:00:00",
                                           "2026-11-21T08:00:00.Z",
                                           "2026-11-21T08:00:00:5Z",
                                           "2026-11-21 08:00:00Z",
                                           "2026-11-2TT08:00:00Z",
                                           "2026-11-21T08:00:00.5Z5Z",
                                           "2026-11-21T08:00:0/Z",
                                           "2026-11-21T08:00:0:Z",
                                           "2026-11-21T08:00:00.5+01:00"};
  for (size_t i = 0; i < sizeof no_moments / sizeof *no_moments; i++) {
    char text[512];
    (void)snprintf(text, sizeof text, IN(OF("url", UUID, ",\"modified\":\"%s\"")), no_moments[i]);
    expect_list(text, "url--" UUID "\n");
  }
  expect_list(IN(OF("url", UUID, ",\"modified\":[1]") "," OF("file", UUID, "")), "file--" UUID "\nurl--" UUID "\n");
}

/* Of versions of one object the newest in time, not in the order of octets, wherever it stands; what lies in the future is its
 * author's word. */
static void newest_version(void **state) {
  (void)state;
  static const char *const order[] = {"2026-11-21T07:59:59.999Z", "2026-11-21T08:00:00.000Z", "2026-11-21T08:00:00Z",
                                      "2026-11-21T08:00:00.001Z", "2026-11-21T08:00:00.0100000000000000000Z", "2026-11-21T08:00:00.01Z",
                                      "2026-11-21T08:00:00.5Z",   "2026-11-21T08:00:00.51Z",  "2026-11-21T08:00:01Z",
                                      "2026-11-21T08:00:10Z",     "9999-12-31T23:59:59Z"};
  static const size_t count = sizeof order / sizeof *order;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++) {
      char text[512], want[128];
      int of = wire_stix_compare_modified(base_view_text(order[i]), base_view_text(order[j]));
      assert_int_equal((of > 0) - (of < 0), (i > j) - (i < j));
      (void)snprintf(text, sizeof text, IN(OF("url", UUID, ",\"modified\":\"%s\"") "," OF("url", UUID, ",\"x\":1,\"modified\":\"%s\"")),
                     order[i], order[j]);
      (void)snprintf(want, sizeof want, "url--" UUID " %s\n", of > 0 ? order[i] : order[j]);
      expect_list(text, want);
    }
  assert_true(wire_stix_compare_modified((struct base_view){0}, base_view_text(order[0])) < 0);
  assert_int_equal(wire_stix_compare_modified((struct base_view){0}, (struct base_view){0}), 0);
}

static void not_listed(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum base_code code;
    const char *says;
  } bad[] = {
      {"", BASE_SYNTAX, "its type says JSON, but it is none"},
      {"{\"type\":\"bundle\"", BASE_SYNTAX, "its type says JSON, but it is none"},
      {"[]", BASE_FIELD, "STIX: its type says STIX, but it is no bundle"},
      {"{\"type\":\"report\"}", BASE_FIELD, "STIX: its type says STIX, but it is no bundle"},
      {"{\"type\":\"bundle\",\"type\":\"bundle\"}", BASE_FIELD, "STIX: not looked into: "},
      {IN(""), BASE_FIELD, "$.objects: must be an array of at least one"},
      {IN("7"), BASE_FIELD, "$.objects[0]: must be an object"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    BASE_AUTO_BUF struct base_buf list = {0};
    struct base_error err;
    wire_expect(wire_stix_list(base_view_text(bad[i].text), &list, &err), &err, bad[i].code, bad[i].says, bad[i].text);
  }
}

static void list_limits(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_error err;
  for (size_t more = 0; more < 2; more++) {
    BASE_AUTO_BUF struct base_buf list = {0};
    bundle_of(&text, WIRE_STIX_LISTED_MAX + more, "file", 1, true);
    wire_expect(wire_stix_list(base_buf_view(&text), &list, &err), &err, more ? BASE_TOO_LARGE : BASE_OK,
                more ? "STIX: 8193 objects, and a bundle is listed up to 8192" : "", "objects");
  }
  BASE_AUTO_BUF struct base_buf list = {0};
  char type[WIRE_STIX_TYPE_MAX - 25 + 1]; /* and a number behind it */
  memset(type, 'x', sizeof type - 1);
  type[sizeof type - 1] = '\0';
  base_buf_init(&list, 4 * WIRE_STIX_LIST_MAX);
  bundle_of(&text, WIRE_STIX_LISTED_MAX, type, 1, true);
  wire_expect(wire_stix_list(base_buf_view(&text), &list, &err), &err, BASE_TOO_LARGE, "STIX: ids of ", "bytes");
  BASE_AUTO_BUF struct base_buf large = {0};
  base_buf_init(&large, WIRE_STIX_MAX + 1);
  (void)memset(base_buf_reserve(&large, WIRE_STIX_MAX + 1), ' ', WIRE_STIX_MAX + 1);
  base_buf_reset(&list);
  wire_expect(wire_stix_list(base_buf_view(&large), &list, &err), &err, BASE_FIELD, "not looked at", "octets");
}

static void no_lists(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "url--" UUID,
                                    "\n",
                                    "url--" UUID "\n\n",
                                    "url--" UUID "\nurl--" UUID "\n",
                                    "url--" UUID "\nfile--" UUID "\n",
                                    "url-" UUID "\n",
                                    "--" UUID "\n",
                                    "URL--" UUID "\n",
                                    "url--" UUID " \n",
                                    "url--" UUID " 2026 \n",
                                    "url--" UUID " now\n",
                                    "url--" UUID " 2026-11-21T08:00:00\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    size_t count = 0;
    assert_int_equal(wire_stix_list_check(base_view_text(bad[i]), &count, NULL), BASE_SYNTAX);
  }
}

static void real_bundles(void **state) {
  (void)state;
  static const struct {
    const char *name;
    uint64_t objects;
  } files[] = {{"attack-mobile-17.1.json", 2148},
               {"amnesty-cytrox.stix2.json", 687},
               {"amnesty-malware.stix2.json", 4375},
               {"amnesty-pegasus.stix2.json", 3099}};
  BASE_AUTO_FD int dir = open(WASL_SOURCE_DIR "/../shared/data/stix", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0) {
    print_message("skipped: the real STIX bundles are not beside the sources (../shared/data/stix)\n");
    skip();
  }
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    BASE_AUTO_BUF struct base_buf text = {0};
    struct base_error err;
    assert_int_equal(base_file_read(dir, files[i].name, WIRE_STIX_MAX, &text, NULL), BASE_OK);
    wire_expect(wire_stix_check(base_buf_view(&text), WIRE_STIX_UNSAID, &report, &err), &err, BASE_OK, "",
                files[i].name);
    assert_true(report.is_stix);
    assert_int_equal(report.object_count, files[i].objects);
    uint64_t listed = 0;
    for (size_t j = 0; j < report.type_count; j++)
      listed += report.types[j].count;
    assert_int_equal(listed, files[i].objects);
    BASE_AUTO_BUF struct base_buf list = {0};
    size_t ids = 0;
    wire_expect(wire_stix_list(base_buf_view(&text), &list, &err), &err, BASE_OK, "", files[i].name);
    wire_expect(wire_stix_list_check(base_buf_view(&list), &ids, &err), &err, BASE_OK, "", files[i].name);
    assert_int_equal(ids, files[i].objects);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good),
      cmocka_unit_test(refused),
      cmocka_unit_test(warned),
      cmocka_unit_test(no_bundle),
      cmocka_unit_test(said_to_be_json),
      cmocka_unit_test(ordinary_documents_leave),
      cmocka_unit_test(byte_order_mark),
      cmocka_unit_test(where_json_ends),
      cmocka_unit_test(depth_limit),
      cmocka_unit_test(size_limit),
      cmocka_unit_test(value_limit),
      cmocka_unit_test(type_limits),
      cmocka_unit_test(warning_limit),
      cmocka_unit_test(lists),
      cmocka_unit_test(newest_version),
      cmocka_unit_test(not_listed),
      cmocka_unit_test(list_limits),
      cmocka_unit_test(no_lists),
      cmocka_unit_test(real_bundles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
