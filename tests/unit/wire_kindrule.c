/* SPDX-License-Identifier: Apache-2.0
 * Values of a form against each other: what a kind may ask for, and what a form then may say, to the day and the second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../filled.h"
#include "../shipped.h"

static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */
enum { HOUR = 3600, DAY = 24 * HOUR };

struct made {
  struct base_arena arena;
  struct wire_kind kind;
  struct base_error err;
};

static void made_free(struct made *made) {
  base_arena_free(&made->arena);
}
#define AUTO_MADE __attribute__((cleanup(made_free)))

static void write_kind(struct base_buf *out, const char *fields) {
  base_buf_text(out, "{\"wasl\":\"kind/1\",\"name\":\"talk\",\"version\":1,\"needs_row\":true,\"lists\":{\"answer\":[\"yes\",\"no\","
                     "\"later\"]},\"types\":[{\"name\":\"say\",\"fields\":[");
  base_buf_text(out, fields);
  base_buf_text(out, "]},{\"name\":\"end\",\"fields\":[]}],\"states\":[\"said\",\"over\"],\"opening\":\"say\",\"transitions\":["
                     "{\"on\":\"say\",\"to\":\"said\"},{\"on\":\"end\",\"from\":[\"said\"],\"to\":\"over\"}],\"clocks\":[]}");
}

static enum base_code make(const char *fields, struct made *made) {
  BASE_AUTO_BUF struct base_buf text = {0};
  struct base_hash hash = {{0x11}};
  made->err.text[0] = 0;
  write_kind(&text, fields);
  base_arena_init(&made->arena, WIRE_KIND_ARENA);
  return wire_kind_parse(base_buf_view(&text), &hash, &made->arena, &made->kind, &made->err);
}

static void make_sound(const char *fields, struct made *made) {
  if (make(fields, made) != BASE_OK)
    fail_msg("%s", made->err.text);
}

/* says NULL: the form is taken; else what it is refused with. */
static void says(struct made *made, const char *form, base_time now, const char *says) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf rest = {0};
  struct wire_form filled;
  struct base_error err = {0};
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(wire_json_parse(base_view_text(form), WIRE_PART0_MAX, "fields", &json, &err), BASE_OK);
  enum base_code code = wire_form_check(NULL, &made->kind.types[0], json, now, &arena, &filled, &rest, &err);
  if (says ? code != BASE_FIELD || strcmp(err.text, says) != 0 : code != BASE_OK)
    fail_msg("%s: %s", form, code == BASE_OK ? "taken" : err.text);
}

#define DATE(name, more) "{\"name\":\"" name "\",\"type\":\"date\"" more "}"
#define TIME(name, more) "{\"name\":\"" name "\",\"type\":\"time\"" more "}"

static void a_day_after_another(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound(DATE("begins", "") "," DATE("ends", ",\"not_before\":{\"field\":\"begins\"}") ","
             DATE("last", ",\"not_before\":{\"field\":\"begins\",\"days\":2},\"not_after\":{\"field\":\"begins\",\"days\":30}") ","
             DATE("notice", ",\"not_after\":{\"field\":\"begins\",\"days\":-1}") ","
             DATE("warned", ",\"not_after\":{\"field\":\"begins\",\"days\":-2}"), &made);
  says(&made, "{\"begins\":\"2026-02-01\",\"ends\":\"2026-02-01\"}", NOW, NULL);
  says(&made, "{\"begins\":\"2026-02-01\",\"ends\":\"2026-01-31\"}", NOW,
       "fields: $.ends: 2026-01-31 must not be earlier than begins (2026-02-01)");
  says(&made, "{\"begins\":\"2026-02-28\",\"last\":\"2026-03-02\"}", NOW, NULL);
  says(&made, "{\"begins\":\"2026-02-28\",\"last\":\"2026-03-01\"}", NOW,
       "fields: $.last: 2026-03-01 must not be earlier than 2 days after begins (2026-02-28)");
  says(&made, "{\"begins\":\"2028-02-01\",\"last\":\"2028-03-02\"}", NOW, NULL); /* a leap year */
  says(&made, "{\"begins\":\"2028-02-01\",\"last\":\"2028-03-03\"}", NOW,
       "fields: $.last: 2028-03-03 must not be later than 30 days after begins (2028-02-01)");
  says(&made, "{\"begins\":\"0001-01-02\",\"notice\":\"0001-01-01\"}", NOW, NULL);
  says(&made, "{\"begins\":\"1900-03-01\",\"notice\":\"1900-03-01\"}", NOW,
       "fields: $.notice: 1900-03-01 must not be later than 1 day before begins (1900-03-01)");
  says(&made, "{\"begins\":\"1900-03-01\",\"warned\":\"1900-02-27\"}", NOW, NULL);
  says(&made, "{\"begins\":\"1900-03-01\",\"warned\":\"1900-02-28\"}", NOW,
       "fields: $.warned: 1900-02-28 must not be later than 2 days before begins (1900-03-01)");
  says(&made, "{\"begins\":5,\"ends\":\"2026-01-31\"}", NOW, "fields: $.begins: must be a text");
  says(&made, "{\"ends\":\"2026-01-31\"}", NOW, NULL); /* nothing stands beside it */
  says(&made, "{\"begins\":\"2026-02-01\"}", NOW, NULL);
}

/* What stands beside and is wrong itself is told of itself, also where it comes later in the form. */
static void beside_what_is_wrong(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound(DATE("ends", ",\"not_before\":[{\"field\":\"begins\"},{\"field\":\"told\"}]") "," DATE("begins", "") "," TIME("told", ""), &made);
  says(&made, "{\"ends\":\"2026-01-31\",\"begins\":5}", NOW, "fields: $.begins: must be a text");
  says(&made, "{\"ends\":\"2026-01-31\",\"told\":\"tomorrow\",\"begins\":5}", NOW, "fields: $.begins: must be a text");
  says(&made, "{\"ends\":\"2026-01-31\",\"begins\":\"2026-01-30\",\"told\":\"2026-02-01\"}", NOW,
       "fields: $.ends: 2026-01-31 must not be earlier than told (2026-02-01)");
}

/* Two times are moments, and a date in one of them its midnight UTC; a date is a whole day. */
static void a_day_beside_a_time(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound(TIME("opens", "") "," TIME("shuts", ",\"not_before\":{\"field\":\"opens\",\"days\":1}") ","
             DATE("day", ",\"not_before\":{\"field\":\"opens\"},\"not_after\":{\"field\":\"shuts\"}") ","
             TIME("told", ",\"not_after\":{\"field\":\"day\"}"), &made);
  says(&made, "{\"opens\":\"2026-02-01T10:00:00Z\",\"shuts\":\"2026-02-02T10:00:00Z\"}", NOW, NULL);
  says(&made, "{\"opens\":\"2026-02-01T10:00:00Z\",\"shuts\":\"2026-02-02T09:59:59Z\"}", NOW,
       "fields: $.shuts: 2026-02-02T09:59:59Z must not be earlier than 1 day after opens (2026-02-01T10:00:00Z)");
  says(&made, "{\"opens\":\"2026-02-01T10:00:00Z\",\"shuts\":\"2026-02-02\"}", NOW,
       "fields: $.shuts: 2026-02-02 must not be earlier than 1 day after opens (2026-02-01T10:00:00Z)");
  says(&made, "{\"opens\":\"2026-02-01\",\"shuts\":\"2026-02-02\"}", NOW, NULL);
  says(&made, "{\"opens\":\"2026-02-01T23:59:59Z\",\"shuts\":\"2026-02-03T00:00:00Z\",\"day\":\"2026-02-01\"}", NOW, NULL);
  says(&made, "{\"opens\":\"2026-02-01T00:00:00Z\",\"day\":\"2026-01-31\"}", NOW,
       "fields: $.day: 2026-01-31 must not be earlier than opens (2026-02-01T00:00:00Z)");
  says(&made, "{\"opens\":\"2026-02-01T00:00:00Z\",\"shuts\":\"2026-02-03T00:00:00Z\",\"day\":\"2026-02-03\"}", NOW, NULL);
  says(&made, "{\"opens\":\"2026-02-01T00:00:00Z\",\"shuts\":\"2026-02-03T23:00:00Z\",\"day\":\"2026-02-04\"}", NOW,
       "fields: $.day: 2026-02-04 must not be later than shuts (2026-02-03T23:00:00Z)");
  says(&made, "{\"day\":\"2026-02-04\",\"told\":\"2026-02-04T23:59:59Z\"}", NOW, NULL);
  says(&made, "{\"day\":\"2026-02-04\",\"told\":\"2026-02-05T00:00:00Z\"}", NOW,
       "fields: $.told: 2026-02-05T00:00:00Z must not be later than day (2026-02-04)");
}

/* A time may be off by some minutes, a day is the one that it is somewhere on earth. */
static void the_moment_of_writing(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound(DATE("born", ",\"not_after\":{\"days\":0}") "," DATE("due", ",\"not_before\":{\"days\":0}") ","
             TIME("seen", ",\"not_after\":{\"days\":0}") ","
             TIME("until", ",\"not_before\":{\"days\":1},\"not_after\":[{\"days\":3}]"), &made);
  says(&made, "{\"born\":\"2026-11-21\"}", NOW, NULL);
  says(&made, "{\"born\":\"2026-11-22\"}", NOW, "fields: $.born: 2026-11-22 must not be later than today (2026-11-21)");
  says(&made, "{\"born\":\"2026-11-22\"}", NOW + 2 * HOUR - 1, "fields: $.born: 2026-11-22 must not be later than today (2026-11-21)");
  says(&made, "{\"born\":\"2026-11-22\"}", NOW + 2 * HOUR, NULL); /* 10:00 UTC: midnight at the other end of the world */
  says(&made, "{\"due\":\"2026-11-20\"}", NOW + 4 * HOUR - 1, NULL);
  says(&made, "{\"due\":\"2026-11-20\"}", NOW + 4 * HOUR, "fields: $.due: 2026-11-20 must not be earlier than today (2026-11-21)");
  says(&made, "{\"due\":\"2026-11-19\"}", NOW, "fields: $.due: 2026-11-19 must not be earlier than today (2026-11-21)");
  says(&made, "{\"due\":\"9999-12-31\"}", NOW, NULL);
  says(&made, "{\"seen\":\"2026-11-21T08:05:00Z\"}", NOW, NULL);
  says(&made, "{\"seen\":\"2026-11-21T08:05:01Z\"}", NOW,
       "fields: $.seen: 2026-11-21T08:05:01Z must not be later than now (2026-11-21T08:00:00Z)");
  says(&made, "{\"seen\":\"2026-11-22\"}", NOW, "fields: $.seen: 2026-11-22 must not be later than now (2026-11-21T08:00:00Z)");
  says(&made, "{\"until\":\"2026-11-22T07:55:00Z\"}", NOW, NULL);
  says(&made, "{\"until\":\"2026-11-22T07:54:59Z\"}", NOW,
       "fields: $.until: 2026-11-22T07:54:59Z must not be earlier than 1 day after now (2026-11-21T08:00:00Z)");
  says(&made, "{\"until\":\"2026-11-24T08:05:00Z\"}", NOW, NULL);
  says(&made, "{\"until\":\"2026-11-24T08:05:01Z\"}", NOW,
       "fields: $.until: 2026-11-24T08:05:01Z must not be later than 3 days after now (2026-11-21T08:00:00Z)");
}

#define BOOL(name, more) "{\"name\":\"" name "\",\"type\":\"bool\"" more "}"
#define LINE(name, more) "{\"name\":\"" name "\",\"type\":\"line\",\"most\":9" more "}"
#define CODE(name, more) "{\"name\":\"" name "\",\"type\":\"code\",\"list\":\"answer\"" more "}"
#define WHEN(key, field, is) ",\"" key "\":{\"field\":\"" field "\",\"is\":[" is "]}"

static void there_or_not(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound(BOOL("may_tell", ",\"example\":true") "," LINE("text", WHEN("absent_when", "may_tell", "false")) ","
             LINE("why", WHEN("required_when", "may_tell", "false")) "," CODE("answer", "") ","
             LINE("when", WHEN("required_when", "answer", "\"later\"") WHEN("absent_when", "answer", "\"no\",\"yes\"")), &made);
  says(&made, "{\"may_tell\":true,\"text\":\"a\"}", NOW, NULL);
  says(&made, "{\"may_tell\":true,\"why\":\"a\"}", NOW, NULL);
  says(&made, "{\"may_tell\":false,\"why\":\"a\"}", NOW, NULL);
  says(&made, "{\"may_tell\":false,\"text\":\"a\",\"why\":\"a\"}", NOW, "fields: $.text: must not be there when may_tell is false");
  says(&made, "{\"may_tell\":false}", NOW, "fields: $.why: missing: it must be there when may_tell is false");
  says(&made, "{}", NOW, "fields: $.why: missing: it must be there when may_tell is false"); /* what is not there says no */
  says(&made, "{\"may_tell\":true,\"answer\":\"later\",\"when\":\"a\"}", NOW, NULL);
  says(&made, "{\"may_tell\":true,\"answer\":\"later\"}", NOW, "fields: $.when: missing: it must be there when answer is later");
  says(&made, "{\"may_tell\":true,\"answer\":\"yes\",\"when\":\"a\"}", NOW, "fields: $.when: must not be there when answer is yes");
  says(&made, "{\"may_tell\":true,\"answer\":\"no\",\"when\":\"a\"}", NOW, "fields: $.when: must not be there when answer is no");
  says(&made, "{\"may_tell\":true,\"when\":\"a\"}", NOW, NULL);
  says(&made, "{\"may_tell\":true,\"answer\":5,\"when\":\"a\"}", NOW, "fields: $.answer: must be a text");
  says(&made, "{\"may_tell\":5,\"text\":\"a\"}", NOW, "fields: $.may_tell: must be true or false");
}

static void numbers_hashes_and_what_must_be(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound("{\"name\":\"count\",\"type\":\"integer\",\"least\":-20,\"most\":100,\"multiple\":10},"
             BOOL("fit", ",\"must_be\":true") ",{\"name\":\"hash\",\"type\":\"hash\",\"state\":true}", &made);
  says(&made, "{\"count\":0}", NOW, NULL);
  says(&made, "{\"count\":-20}", NOW, NULL);
  says(&made, "{\"count\":100}", NOW, NULL);
  says(&made, "{\"count\":11}", NOW, "fields: $.count: 11 is no multiple of 10");
  says(&made, "{\"count\":-11}", NOW, "fields: $.count: -11 is no multiple of 10");
  says(&made, "{\"count\":110}", NOW, "fields: $.count: must be an integer from -20 to 100");
  says(&made, "{\"fit\":true}", NOW, NULL);
  says(&made, "{\"fit\":false}", NOW, "fields: $.fit: must be true");
  says(&made, "{\"fit\":1}", NOW, "fields: $.fit: must be true");
#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
  says(&made, "{\"hash\":\"" HEX "ff\"}", NOW, NULL);
  says(&made, "{\"hash\":\"" HEX "FF\"}", NOW, "fields: $.hash: must be a SHA-256 of 64 lowercase hex digits");
  says(&made, "{\"hash\":\"" HEX "\"}", NOW, "fields: $.hash: must be a SHA-256 of 64 lowercase hex digits");
  says(&made, "{\"hash\":7}", NOW, "fields: $.hash: must be a text");
}

/* In a row the columns stand beside each other, and nothing else. */
static void rows_of_a_table(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound("{\"name\":\"stays\",\"type\":\"table\",\"most\":9,\"columns\":[" LINE("who", ",\"required\":true") ","
             DATE("from", ",\"not_after\":{\"days\":9}") "," DATE("to", ",\"not_before\":{\"field\":\"from\"}") ","
             "{\"name\":\"count\",\"type\":\"integer\",\"least\":0,\"most\":9"
             WHEN("absent_when", "hidden", "true") WHEN("required_when", "hidden", "false") "}," BOOL("hidden", "") "],"
             "\"example\":[{\"who\":\"a\",\"from\":\"2025-01-01\",\"to\":\"2025-01-01\",\"hidden\":true}]}", &made);
  says(&made, "{\"stays\":[{\"who\":\"a\",\"count\":1,\"from\":\"2026-02-02\",\"to\":\"2026-02-02\"},{\"who\":\"b\",\"hidden\":true}]}", NOW, NULL);
  says(&made, "{\"stays\":[{\"who\":\"a\",\"count\":1,\"from\":\"2026-02-02\"},{\"who\":\"b\",\"count\":1,\"to\":\"2026-02-01\"}]}", NOW, NULL);
  says(&made, "{\"stays\":[{\"who\":\"a\",\"count\":1},{\"who\":\"b\",\"count\":1,\"from\":\"2026-02-02\",\"to\":\"2026-02-01\"}]}", NOW,
       "fields: $.stays[1].to: 2026-02-01 must not be earlier than from (2026-02-02)");
  says(&made, "{\"stays\":[{\"who\":\"a\",\"count\":1,\"from\":\"2026-12-01\"}]}", NOW,
       "fields: $.stays[0].from: 2026-12-01 must not be later than 9 days after today (2026-11-21)");
  says(&made, "{\"stays\":[{\"who\":\"a\",\"hidden\":true,\"count\":1}]}", NOW,
       "fields: $.stays[0].count: must not be there when hidden is true");
  says(&made, "{\"stays\":[{\"who\":\"a\"}]}", NOW, "fields: $.stays[0].count: missing: it must be there when hidden is false");
  says(&made, "{\"stays\":[{\"who\":\"a\",\"hidden\":\"yes\"}]}", NOW, "fields: $.stays[0].hidden: must be true or false");
}

/* --- what came from a partner */

static void arrives(struct made *made, base_time time, const char *const (*fields)[2], const char *says) {
  struct wire_header header;
  struct base_error err = {0};
  memset(&header, 0, sizeof header);
  header.kind = made->kind.name;
  header.kind_hash = made->kind.hash;
  header.type = made->kind.types[0].name;
  header.opens = true;
  header.time = time;
  for (; (*fields)[0] != NULL; fields++)
    header.state[header.state_count++] =
        (struct wire_state_field){.name = base_view_text((*fields)[0]), .value = base_view_text((*fields)[1])};
  enum base_code code = wire_form_check_header(&made->kind, &header, &err);
  if (says ? code != BASE_FIELD || strcmp(err.text, says) != 0 : code != BASE_OK)
    fail_msg("%s", code == BASE_OK ? "taken" : err.text);
}

/* What all nodes see is held to on arrival, as of the time that the header names; what lies in part 0 is not. */
static void on_arrival(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  make_sound(DATE("begins", ",\"state\":true") "," DATE("ends", ",\"state\":true,\"not_before\":{\"field\":\"begins\"}") ","
             TIME("until", ",\"state\":true,\"not_before\":{\"days\":0}") "," DATE("hidden", "") ","
             DATE("after", ",\"state\":true,\"not_before\":{\"field\":\"hidden\"}") ","
             CODE("answer", ",\"state\":true") "," BOOL("open", ",\"example\":true") ","
             LINE("when", ",\"state\":true" WHEN("required_when", "answer", "\"later\"") WHEN("absent_when", "answer", "\"no\"")) ","
             LINE("beside", ",\"state\":true" WHEN("required_when", "open", "false")) ","
             LINE("inside", WHEN("required_when", "answer", "\"no\"")), &made);
  static const char *const right[][2] = {{"begins", "2026-02-01"}, {"ends", "2026-02-01"}, {"until", "2026-11-21T08:00:00Z"},
                                         {"after", "1990-01-01"}, {"answer", "later"}, {"when", "x"}, {NULL, NULL}};
  static const char *const before[][2] = {{"ends", "2026-01-31"}, {"begins", "2026-02-01"}, {NULL, NULL}};
  static const char *const late[][2] = {{"until", "2026-11-21"}, {NULL, NULL}};
  static const char *const missing[][2] = {{"answer", "later"}, {NULL, NULL}};
  static const char *const surplus[][2] = {{"answer", "no"}, {"when", "x"}, {NULL, NULL}};
  static const char *const inside[][2] = {{"answer", "no"}, {NULL, NULL}};
  arrives(&made, NOW, right, NULL);
  arrives(&made, NOW + WIRE_NOW_SLACK, right, NULL);
  arrives(&made, NOW + WIRE_NOW_SLACK + 1, right,
          "header state: $.until: 2026-11-21T08:00:00Z must not be earlier than now (2026-11-21T08:05:01Z)");
  arrives(&made, NOW, before, "header state: $.ends: 2026-01-31 must not be earlier than begins (2026-02-01)");
  arrives(&made, NOW, late, "header state: $.until: 2026-11-21 must not be earlier than now (2026-11-21T08:00:00Z)");
  arrives(&made, NOW, missing, "header state: $.when: missing: it must be there when answer is later");
  arrives(&made, NOW, surplus, "header state: $.when: must not be there when answer is no");
  arrives(&made, NOW, inside, NULL);
}

/* --- what a kind may not ask for */

#define IN(n) ",\"not_before\":{\"field\":\"" n "\"}"
#define TWO(one, two) DATE("a", one) "," DATE("b", two)
#define TEN "\"days\":1},{\"days\":1},{\"days\":1"

static void rules_that_lead_nowhere(void **state) {
  (void)state;
  static const struct {
    const char *fields, *says; /* says NULL: it is sound */
  } slips[] = {
      {LINE("a", ",\"not_before\":{\"days\":0}"), "fields[0].not_before: goes with a date or a time"},
      {LINE("a", ",\"not_after\":{\"days\":0}"), "fields[0].not_after: goes with a date or a time"},
      {DATE("a", ",\"not_before\":{}"), "fields[0].not_before: needs field, or days, or both"},
      {DATE("a", ",\"not_before\":[]"), " items, from 1 to 3 are allowed"},
      {DATE("a", ",\"not_before\":[{" TEN "}]"), NULL},
      {DATE("a", ",\"not_before\":[{" TEN "}],\"not_after\":[{\"days\":2},{\"days\":2},{\"days\":2}]"), NULL},
      {DATE("a", ",\"not_before\":[{" TEN "},{\"days\":1}]"), " items, from 1 to 3 are allowed"},
      {DATE("a", ",\"not_before\":[5]"), "fields[0].not_before[0]: "},
      {DATE("a", ",\"not_before\":true"), "fields[0].not_before: "},
      {DATE("a", ",\"not_after\":{\"days\":54787}"), NULL},
      {DATE("a", ",\"not_after\":{\"days\":-54787}"), NULL},
      {DATE("a", ",\"not_after\":{\"days\":54788}"), "fields[0].not_after.days: "},
      {DATE("a", ",\"not_after\":{\"days\":-54788}"), "fields[0].not_after.days: "},
      {DATE("a", ",\"not_after\":{\"hours\":1}"), "fields[0].not_after: "},
      {DATE("a", IN("b")), "fields[0].not_before: b is no field of type date or time beside it"},
      {DATE("a", ",\"not_after\":{\"field\":\"b\"}") "," LINE("b", ""), "fields[0].not_after: b is no field of type date or time beside it"},
      {DATE("a", IN("a")), "fields[0].not_before: names the field itself"},
      {DATE("a", IN("B")), "fields[0].not_before.field: must be a code"},
      /* circles */
      {TWO(IN("b"), IN("a")), NULL},                                                       /* the same day */
      {TWO(",\"not_before\":{\"field\":\"b\",\"days\":1}", IN("a")), "fields: no day of "},
      {TWO(",\"not_before\":{\"field\":\"b\",\"days\":1}", ",\"not_before\":{\"field\":\"a\",\"days\":-1}"), NULL},
      {TWO(",\"not_before\":{\"field\":\"b\",\"days\":1}", ",\"not_after\":{\"field\":\"a\"}"), NULL},
      {TWO(",\"not_after\":{\"field\":\"b\",\"days\":-1}", ",\"not_after\":{\"field\":\"a\"}"), "fields: no day of "},
      {DATE("a", ",\"not_before\":{\"days\":9},\"not_after\":{\"days\":7}"), NULL},          /* it is two days at once on earth */
      {DATE("a", ",\"not_before\":{\"days\":10},\"not_after\":{\"days\":7}"), "fields: no day of a fits"},
      {TIME("a", ",\"not_before\":{\"days\":9},\"not_after\":{\"days\":9}"), NULL},
      {TIME("a", ",\"not_before\":{\"days\":9},\"not_after\":{\"days\":8}"), "fields: no day of a fits"},
      {DATE("a", IN("b")) "," DATE("b", IN("c")) "," DATE("c", ",\"not_before\":{\"field\":\"a\",\"days\":1}"), "fields: no day of "},
      {TWO(",\"not_after\":{\"days\":0}", ",\"not_after\":{\"field\":\"a\"},\"not_before\":{\"days\":5}"), "fields: no day of "},
      /* conditions */
      {LINE("a", WHEN("absent_when", "b", "true")), "fields[0].absent_when: b is no field of type bool or code beside it"},
      {LINE("a", WHEN("required_when", "b", "true")) "," LINE("b", ""), "fields[0].required_when: b is no field of type bool or code"},
      {BOOL("a", WHEN("absent_when", "a", "true")), "fields[0].absent_when: names the field itself"},
      {LINE("a", WHEN("absent_when", "b", "")) "," BOOL("b", ""), "fields[0].absent_when.is: "},
      {LINE("a", WHEN("absent_when", "b", "true,false")) "," BOOL("b", ""), "fields[0].absent_when.is: is true alone, or false alone"},
      {LINE("a", WHEN("absent_when", "b", "\"true\"")) "," BOOL("b", ""), "fields[0].absent_when: b is true or false, and no code"},
      {LINE("a", WHEN("absent_when", "b", "true")) "," CODE("b", ""), "fields[0].absent_when: b is a code, and neither true nor false"},
      {LINE("a", WHEN("absent_when", "b", "\"maybe\"")) "," CODE("b", ""), "fields[0].absent_when: maybe is no code of the list of b"},
      {LINE("a", WHEN("absent_when", "b", "\"yes\",\"yes\"")) "," CODE("b", ""), "fields[0].absent_when.is: the code yes stands twice"},
      {LINE("a", WHEN("absent_when", "b", "\"yes\",\"no\"")) "," CODE("b", ""), NULL},
      {LINE("a", WHEN("absent_when", "b", "\"yes\",\"no\",\"later\"")) "," CODE("b", ""), "fields[0].absent_when: holds every code of b"},
      {LINE("a", WHEN("absent_when", "b", "\"yes\",5")) "," CODE("b", ""), "fields[0].absent_when.is: must be a code"},
      {LINE("a", ",\"required\":true,\"example\":\"x\"" WHEN("absent_when", "b", "true")) "," BOOL("b", ""),
       "fields[0].absent_when: goes with a field that is not required"},
      {LINE("a", ",\"required\":true,\"example\":\"x\"" WHEN("required_when", "b", "true")) "," BOOL("b", ""),
       "fields[0].required_when: goes with a field that is not required"},
      {LINE("a", WHEN("absent_when", "b", "true")) "," BOOL("b", WHEN("absent_when", "c", "true")) "," BOOL("c", ""),
       "fields[0].absent_when: b has a condition of its own"},
      {LINE("a", WHEN("absent_when", "b", "true")) "," BOOL("b", WHEN("required_when", "c", "true")) "," BOOL("c", ""),
       "fields[0].absent_when: b has a condition of its own"},
      {LINE("a", WHEN("absent_when", "b", "true") WHEN("required_when", "b", "false")) "," BOOL("b", ",\"example\":true"), NULL},
      {LINE("a", WHEN("absent_when", "b", "true") WHEN("required_when", "b", "true")) "," BOOL("b", ""),
       "fields[0].required_when: can hold together with absent_when"},
      {LINE("a", WHEN("absent_when", "b", "true") WHEN("required_when", "c", "true")) "," BOOL("b", "") "," BOOL("c", ""),
       "fields[0].required_when: can hold together with absent_when"},
      {LINE("a", WHEN("absent_when", "b", "\"yes\",\"no\"") WHEN("required_when", "b", "\"later\",\"no\"")) "," CODE("b", ""),
       "fields[0].required_when: can hold together with absent_when"},
      {CODE("b", "") "," CODE("c", ",\"absent_when\":{\"field\":\"b\"}"), "fields[1].absent_when.is: missing"},
      {CODE("b", "") "," CODE("c", ",\"absent_when\":{\"is\":[\"yes\"]}"), "fields[1].absent_when.field: missing"},
      /* what narrows a value */
      {LINE("a", ",\"multiple\":10"), "fields[0].multiple: goes with an integer"},
      {LINE("a", ",\"must_be\":true"), "fields[0].must_be: is true, of a bool, or not there"},
      {BOOL("a", ",\"must_be\":false"), "fields[0].must_be: is true, of a bool, or not there"},
      {BOOL("a", ",\"required\":true,\"must_be\":true,\"example\":false"), "fields[0].example: must be true"},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":1,\"most\":9,\"multiple\":1}", "fields[0].multiple: "},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":1,\"most\":9,\"multiple\":2}", NULL},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":11,\"most\":19,\"multiple\":10}", "fields[0].multiple: none lies between"},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":11,\"most\":20,\"multiple\":10}", NULL},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":10,\"most\":19,\"multiple\":10}", NULL},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":-19,\"most\":-11,\"multiple\":10}", "fields[0].multiple: none lies between"},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":-20,\"most\":-11,\"multiple\":10}", NULL},
      {"{\"name\":\"a\",\"type\":\"integer\",\"least\":-9223372036854775807,\"most\":9223372036854775807,\"multiple\":10}", NULL},
      /* examples */
      {TWO(",\"example\":{\"days\":2}", ",\"example\":{\"days\":2}" IN("a")), NULL},
      {TWO(",\"example\":{\"days\":2}", ",\"example\":{\"days\":1}" IN("a")),
       "fields: the examples do not fit each other: fields: $.b: 2026-01-02 must not be earlier than a (2026-01-03)"},
      {TWO(",\"example\":{\"days\":2}", ",\"example\":\"2026-06-01\"" IN("a")), "fields: the examples do not fit each other: fields: $.b: 2026-06-01"},
      {TWO(",\"example\":\"2026-06-01\"", ",\"example\":\"2026-06-01\"" IN("a")), NULL},
      {DATE("a", ",\"not_before\":{\"days\":0},\"example\":\"2030-01-01\""), "fields: the examples do not fit each other: "},
      {DATE("a", ",\"not_after\":{\"days\":0},\"example\":\"2025-12-31\""), NULL},
      {DATE("a", ",\"not_after\":{\"days\":0},\"example\":\"2026-01-02\""), "fields: the examples do not fit each other: "},
      {LINE("a", WHEN("required_when", "b", "true")) "," BOOL("b", ",\"example\":true"),
       "fields: the examples do not fit each other: fields: $.a: missing: it must be there when b is true"},
      {LINE("a", ",\"example\":\"x\"" WHEN("required_when", "b", "true")) "," BOOL("b", ",\"example\":true"), NULL},
      {LINE("a", ",\"example\":\"x\"" WHEN("absent_when", "b", "true")) "," BOOL("b", ",\"example\":true"),
       "fields: the examples do not fit each other: fields: $.a: must not be there when b is true"},
      {"{\"name\":\"t\",\"type\":\"table\",\"most\":2,\"columns\":[" DATE("born", ",\"not_after\":{\"days\":0}") "],\"example\":[{\"born\":\"2990-01-01\"}]}",
       "fields: the examples do not fit each other: fields: $.t[0].born: 2990-01-01"},
      {LINE("a", "") ",{\"name\":\"t\",\"type\":\"table\",\"most\":2,\"columns\":[" TWO(IN("c"), "") "]}",
       "fields[1].columns[0].not_before: c is no field of type date or time beside it"},
      {DATE("c", "") ",{\"name\":\"t\",\"type\":\"table\",\"most\":2,\"columns\":[" TWO(IN("c"), "") "]}",
       "fields[1].columns[0].not_before: c is no field of type date or time beside it"},
      {"{\"name\":\"t\",\"type\":\"table\",\"most\":2,\"columns\":[" TWO(IN("b"), ",\"not_before\":{\"field\":\"a\",\"days\":1}") "]}",
       "fields[0].columns: no day of "},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    AUTO_MADE struct made made = {0};
    enum base_code code = make(slips[i].fields, &made);
    if (slips[i].says == NULL ? code != BASE_OK : code == BASE_OK || strstr(made.err.text, slips[i].says) == NULL)
      fail_msg("%s: %s", slips[i].fields, code == BASE_OK ? "sound" : made.err.text);
  }
}

/* Whoever writes a kind is told of each type by what is wrong in it first. */
static void all_that_is_wrong(void **state) {
  (void)state;
  static struct wire_faults faults;
  BASE_AUTO_BUF struct base_buf text = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct base_hash hash = {{0x11}};
  struct wire_kind kind;
  base_arena_init(&arena, WIRE_KIND_ARENA);
  write_kind(&text, DATE("a", IN("b")) "," LINE("c", ",\"must_be\":true") "]},{\"name\":\"more\",\"fields\":[" DATE("a", IN("a")));
  wire_kind_faults(base_buf_view(&text), &hash, &arena, &kind, &faults);
  assert_int_equal(faults.count, 2); /* with a column or field that is not sound, rules are not looked at */
  assert_non_null(strstr(faults.list[0].text, "$.types[0].fields[1].must_be"));
  assert_non_null(strstr(faults.list[1].text, "$.types[1].fields[0].not_before: names the field itself"));
}

/* --- shown again, doubted, filled */

static void shown_as_they_are_written(void **state) {
  (void)state;
  AUTO_MADE struct made made = {0};
  BASE_AUTO_BUF struct base_buf text = {0};
  struct wire_writer writer;
  make_sound(DATE("a", ",\"not_before\":{\"days\":-3},\"not_after\":[{\"field\":\"b\"},{\"days\":9}]") "," DATE("b", "") "," BOOL("c", ",\"must_be\":true") ","
             CODE("d", "") "," LINE("e", WHEN("absent_when", "c", "false")) "," LINE("f", WHEN("required_when", "d", "\"yes\",\"no\"")) ","
             "{\"name\":\"g\",\"type\":\"integer\",\"least\":0,\"most\":100,\"multiple\":10}", &made);
  wire_writer_init(&writer, &text);
  wire_kind_write(&made.kind, NULL, &writer);
  base_buf_u8(&text, 0);
  static const char *const told[] = {
      "\"personal\":\"none\",\"not_before\":[{\"days\":-3}],\"not_after\":[{\"field\":\"b\",\"days\":0},{\"days\":9}]}",
      "{\"name\":\"b\",\"type\":\"date\",\"required\":false,\"state\":false,\"personal\":\"none\"}", "\"must_be\":true}",
      "\"absent_when\":{\"field\":\"c\",\"is\":[false]}}", "\"required_when\":{\"field\":\"d\",\"is\":[\"yes\",\"no\"]}}",
      "\"most\":100,\"multiple\":10}"};
  for (size_t i = 0; i < sizeof told / sizeof *told; i++)
    if (strstr((const char *)text.data, told[i]) == NULL)
      fail_msg("%s is not in %s", told[i], (const char *)text.data);
}

static size_t doubts_of(const char *fields, const char *what) {
  static struct wire_faults doubts;
  AUTO_MADE struct made made = {0};
  size_t count = 0;
  make_sound(fields, &made);
  doubts.count = 0;
  wire_kind_doubts(&made.kind, NULL, NULL, 0, &doubts);
  for (size_t i = 0; i < doubts.count; i++)
    count += strstr(doubts.list[i].text, what) != NULL;
  return count;
}

static void forgotten(void **state) {
  (void)state;
  static const char doubt[] = "is not_before missing?";
  static const struct { const char *fields; size_t count; } cases[] = {
      {DATE("from", "") "," DATE("to", ""), 1},
      {DATE("to", "") "," TIME("from", ""), 1},
      {DATE("from", "") "," DATE("to", IN("from")), 0},
      {DATE("from", ",\"not_after\":{\"field\":\"to\"}") "," DATE("to", ""), 0},
      {DATE("from", "") "," DATE("to", ",\"not_before\":{\"days\":0}"), 1}, /* it is held against something else */
      {DATE("needed_from", "") "," DATE("needed_until", ""), 1},
      {DATE("needed_from", "") "," DATE("used_until", ""), 0},
      {DATE("needed_from", "") "," DATE("second_until", ""), 0},
      {DATE("needed_from", "") "," DATE("until", ""), 0},
      {DATE("onfrom", "") "," DATE("onto", ""), 0}, /* ends so, and is another word */
      {DATE("from", "") "," LINE("to", ""), 0},
      {LINE("from", "") "," DATE("to", ""), 0},
      {DATE("begins", "") "," DATE("ends", ""), 1},
      {DATE("first_seen", "") "," DATE("last_seen", ""), 1},
      {"{\"name\":\"t\",\"type\":\"table\",\"most\":2,\"columns\":[" DATE("arrives", "") "," DATE("leaves", "") "]}", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (doubts_of(cases[i].fields, doubt) != cases[i].count)
      fail_msg("%s", cases[i].fields);
  assert_int_equal(doubts_of("{\"name\":\"t\",\"type\":\"table\",\"most\":2,\"columns\":[" DATE("from", "") "," DATE("to", "") "]}",
                             "kind: $.types[0].fields[0].columns[1]: nothing says that to comes not before from"), 1);
}

static size_t below(void *context, size_t limit) {
  uint64_t *seed = context;
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (size_t)(*seed >> 33) % limit;
}

/* What tests, the simulator and bench draw for every type of every kind that ships is what the kind allows. */
static void what_is_drawn_fits(void **state) {
  (void)state;
  static const struct wire_form_parties parties = {.count = 2, .all = {{BASE_VIEW("rabat"), BASE_VIEW("wasl/rabat/0000000000000000")}, {BASE_VIEW("paris"), BASE_VIEW("wasl/paris/1111111111111111")}}};
  uint64_t seed = 1;
  struct filled how = {.below = below, .context = &seed, .characters = 9, .rows = 2, .codes = 2, .optional = 50, .now = NOW,
                       .item = BASE_VIEW(HEX "ff"), .message = BASE_VIEW(HEX "ff"), .party = BASE_VIEW("rabat"), .other = BASE_VIEW("paris")};
  for (size_t i = 0; i < kinds_count; i++) {
    struct shipped shipped;
    char name[64] = "";
    if (strstr(kinds_files[i].name, ".labels.") != NULL)
      continue;
    (void)snprintf(name, sizeof name, "%.*s", (int)(strchr(kinds_files[i].name, '.') - kinds_files[i].name), kinds_files[i].name);
    shipped_load(&shipped, name);
    for (size_t k = 0; k < 40 * shipped.kind.type_count; k++) {
      const struct wire_kind_type *type = &shipped.kind.types[k % shipped.kind.type_count];
      BASE_AUTO_BUF struct base_buf text = {0}, rest = {0};
      BASE_AUTO_ARENA struct base_arena arena = {0};
      WIRE_AUTO_JSON struct wire_json *json = NULL;
      struct base_error err = {0};
      struct wire_form form;
      struct wire_writer writer;
      base_arena_init(&arena, 1 << 20);
      wire_writer_init(&writer, &text);
      filled_form(&writer, type, &how);
      assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, &err), BASE_OK);
      if (wire_form_check(&parties, type, json, NOW, &arena, &form, &rest, &err) != BASE_OK)
        fail_msg("%s %s: %s", name, (const char *)type->name.data, err.text);
    }
    base_arena_free(&shipped.arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_day_after_another),
      cmocka_unit_test(beside_what_is_wrong),
      cmocka_unit_test(a_day_beside_a_time),
      cmocka_unit_test(the_moment_of_writing),
      cmocka_unit_test(there_or_not),
      cmocka_unit_test(numbers_hashes_and_what_must_be),
      cmocka_unit_test(rows_of_a_table),
      cmocka_unit_test(on_arrival),
      cmocka_unit_test(rules_that_lead_nowhere),
      cmocka_unit_test(all_that_is_wrong),
      cmocka_unit_test(shown_as_they_are_written),
      cmocka_unit_test(forgotten),
      cmocka_unit_test(what_is_drawn_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
