/* SPDX-License-Identifier: Apache-2.0
 * The personal data of a case ends with it (spec/erase.md, "With its case"): at each party by itself, certified to the others, over
 * restarts and failures, put off by nobody but who goes on with the case, and never sooner than the kind says. */
#include "core/ends.h"
#include "../shipped.h"
#include "core/certified.h"
#include "core/check.h"
#include "core_ask.h"
#include "core_damage.h"

#include "core/retain.h"
#include "core_fails.h"

enum { DAY = 86400, DAYS = 30, SIZE = 4096, SEED = 3 };

static void learn(struct pair_node *node) {
  struct base_buf json = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &json);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "actor", "test");
  wire_write_member_text(&writer, "file", shipped_file("gathering", ".json"));
  wire_write_member_text(&writer, "labels", shipped_file("gathering", ".labels.json"));
  wire_write_end(&writer, '}');
  base_buf_u8(&json, 0);
  struct told told = tell(node, LINK_KIND_ADD, (const char *)json.data);
  forget(&told);
  base_buf_free(&json);
}

static void gather(struct pair_node *a, struct pair_node *b, const char *ends, char id[65]) {
  char json[300];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"kind\":\"gathering\",\"to\":[\"paris\"],\"fields\":{\"purpose\":\"public_order\","
           "\"who\":\"N. N.\"%s%s%s}}",
           ends[0] != '\0' ? ",\"ends\":\"" : "", ends, ends[0] != '\0' ? "\"" : "");
  pair_id(a, LINK_CASE_OPEN, json, id);
  pair_rest(a, b);
}

static void begin(struct pair_node *a, struct pair_node *b, const char *ends, char id[65]) {
  try_agreed(a, b);
  learn(a);
  learn(b);
  gather(a, b, ends, id);
}

static void say(struct pair_node *from, struct pair_node *to, const char *kase, const char *type, const char *fields,
                char id[65]) {
  try_send(from, kase, type, fields, id);
  pair_rest(from, to);
}

static const char people[] = "{\"people\":[{\"name\":\"N. N.\"}]}", note[] = "{\"text\":\"n\"}";

static void pass(struct pair_node *node, base_time seconds) {
  node->now += seconds;
  node->ms += CORE_CERTIFY_AGAIN_MS;
  pair_settle(node);
}

/* What the days that passed want besides, such as keys wrapped anew, comes first. */
static void done_with_days(struct pair_node *node) {
  for (int i = 0; i < 4; i++) {
    node->ms += CORE_CHECK_IDLE_MS;
    pair_settle(node);
  }
}

static void later(struct pair_node *a, struct pair_node *b, base_time seconds) {
  pass(a, seconds);
  pass(b, seconds);
  pair_rest(a, b);
}

static bool erased(struct pair_node *node, const char *id) {
  struct told told = tell(node, LINK_MESSAGE_SHOW, with_id(id));
  bool gone = !is_null(told.json, "erased");
  forget(&told);
  return gone;
}

static void gone(struct pair_node *a, struct pair_node *b, const char *id, bool want) {
  if (erased(a, id) != want || erased(b, id) != want)
    fail_msg("%s is %s at %s", id, want ? "still" : "no more", erased(a, id) == want ? b->name : a->name);
}

/* ends 0: the case has none. */
static void ends(struct pair_node *node, const char *kase, base_time when, size_t outstanding) {
  struct told told = tell(node, LINK_CASE_SHOW, with_id(kase));
  const struct wire_json *shown = wire_json_get(told.json, "personal_ends");
  if (when == 0) {
    assert_true(is_null(told.json, "personal_ends"));
  } else {
    expect_text(shown, "ends", base_time_format(when).text);
    assert_int_equal(wire_json_true(wire_json_get(shown, "ended")), when <= node->now);
    assert_int_equal(wire_json_size(wire_json_get(shown, "outstanding")), outstanding);
  }
  forget(&told);
}

static void test_ends(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], list[65], plain[65], file[65], over[65], hand[65], own[65], json[200];
  struct base_buf parts = {0};
  begin(&a, &b, "", kase);
  say(&b, &a, kase, "list", people, list);
  say(&a, &b, kase, "list", people, own);
  say(&a, &b, kase, "list", people, hand);
  say(&b, &a, kase, "note", note, plain);
  try_upload(&a, SIZE, SEED, &parts);
  try_send_with(&a, kase, "note", note, try_parts_end(&parts), file);
  base_buf_free(&parts);
  pair_rest(&a, &b);
  ends(&a, kase, 0, 0);
  later(&a, &b, 40 * DAY); /* nothing ends before the case */
  gone(&a, &b, list, false);
  base_time when = a.now + DAYS * DAY;
  say(&a, &b, kase, "finish", "{}", over);
  ends(&a, kase, when, 0);
  ends(&b, kase, when, 0);
  snprintf(json, sizeof json, "\"kept_until\":\"%s\"", base_time_format(when).text);
  struct pair_answer answer = pair_ask(&b, LINK_MESSAGE_SHOW, with_id(own), -1);
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, json));
  pair_answer_free(&answer);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"wrong\"}", hand);
  pair_id(&a, LINK_MESSAGE_ERASE, json, plain);
  pair_id(&b, LINK_MESSAGE_ERASE, json, plain);
  say(&b, &a, kase, "note", note, plain);
  try_restart(&b);
  later(&a, &b, DAYS * DAY - 60);
  say(&b, &a, kase, "assess", "{}", over); /* another state that ends it does not begin anew */
  ends(&b, kase, when, 0);
  gone(&a, &b, list, false);
  later(&a, &b, 60);
  gone(&a, &b, kase, true);
  gone(&a, &b, list, true);
  gone(&a, &b, own, true);
  gone(&a, &b, file, true);
  gone(&a, &b, plain, false);
  gone(&a, &b, over, false);
  assert_int_equal(try_part_files(&a) + try_part_files(&b), 0);
  try_state(&a, kase, "assessed");
  try_receipted(&a, own);
  try_expect(&b, WIRE_ACT_ERASED, 5, "kept until ");
  later(&a, &b, 60);
  ends(&a, kase, when, 0);
  ends(&b, kase, when, 0);
  struct told told = tell(&a, LINK_MESSAGE_SHOW, with_id(hand)); /* also what a person had erased there */
  expect_text(at(wire_json_get(told.json, "certificates"), 0), "by", "paris");
  forget(&told);
  assert_int_equal(core_retain_due_ms(a.core), -1);
  later(&a, &b, 10 * DAY);
  assert_int_equal(try_count(&a, WIRE_ACT_DEADLINE), 0);
  try_remove(&a, &b);
}

static void test_resumed(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], list[65], id[65];
  begin(&a, &b, "", kase);
  say(&b, &a, kase, "list", people, list);
  say(&a, &b, kase, "finish", "{}", id);
  later(&a, &b, 20 * DAY);
  say(&a, &b, kase, "resume", "{}", id);
  ends(&a, kase, 0, 0);
  ends(&b, kase, 0, 0);
  later(&a, &b, 40 * DAY);
  gone(&a, &b, list, false);
  say(&a, &b, kase, "finish", "{}", id);
  ends(&b, kase, b.now + DAYS * DAY, 0);
  later(&a, &b, DAYS * DAY);
  gone(&a, &b, list, true);
  say(&a, &b, kase, "resume", "{}", id); /* it lives again: what comes now is kept */
  say(&a, &b, kase, "list", people, id);
  gone(&a, &b, id, false);
  try_remove(&a, &b);
}

static const char *day_of(base_time at) {
  static char text[40];
  snprintf(text, sizeof text, "%.10s", base_time_format(at).text);
  return text;
}

static const char *moved(base_time at) {
  static char text[80];
  snprintf(text, sizeof text, "{\"ends\":\"%s\"}", day_of(at));
  return text;
}

/* Nobody ended the case: the day that it names does. */
static void test_dated(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], other[65], id[65];
  begin(&a, &b, "2199-12-31", kase);
  base_time today = a.now - a.now % DAY, slip;
  say(&b, &a, kase, "move", moved(today + 100 * DAY), id);
  ends(&a, kase, today + (100 + DAYS) * DAY, 0);
  say(&b, &a, kase, "move", moved(today + 50 * DAY), id);
  ends(&b, kase, today + (50 + DAYS) * DAY, 0);
  a.now += 3600;
  b.now += 3600;
  slip = b.now + DAYS * DAY;
  say(&a, &b, kase, "move", "{\"ends\":\"1999-01-01\"}", id);
  ends(&a, kase, slip, 0);
  later(&a, &b, DAY);
  say(&a, &b, kase, "note", note, id);
  ends(&b, kase, slip, 0);
  say(&a, &b, kase, "move", moved(today + 60 * DAY), id);
  ends(&b, kase, today + (60 + DAYS) * DAY, 0);
  say(&a, &b, kase, "finish", "{}", id); /* what comes first */
  ends(&b, kase, b.now + DAYS * DAY, 0);
  say(&a, &b, kase, "resume", "{}", id);
  ends(&b, kase, today + (60 + DAYS) * DAY, 0);
  gather(&a, &b, "", other);
  ends(&b, other, 0, 0);
  later(&a, &b, 89 * DAY - DAY / 2);
  gone(&a, &b, kase, true);
  gone(&a, &b, other, false);
  try_remove(&a, &b);
}

static void not_moved(struct pair_node *node, const char *json) {
  struct pair_answer answer = pair_ask(node, LINK_CASE_SEND, json, -1);
  assert_int_equal(answer.status, BASE_FIELD);
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, "ends: the end of the personal data of a case is put off by no more than 366"));
  pair_answer_free(&answer);
}

/* Nobody keeps it for long by moving the day: his own node does not send that, and where it came all the same the day counts as
 * far as it may be put off. */
static void test_put_off(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], open[65], id[65], json[300];
  begin(&a, &b, "2031-01-01", kase);
  base_time first = 0;
  assert_true(base_date_parse(BASE_VIEW("2031-01-01"), &first));
  base_time most = first + (base_time)CORE_ENDS_PUT_OFF_DAYS * DAY;
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"move\",\"fields\":%s}", kase, moved(most + DAY));
  not_moved(&a, json);
  say(&a, &b, kase, "move", moved(most), id);
  ends(&a, kase, most + DAYS * DAY, 0);
  ends(&b, kase, most + DAYS * DAY, 0);
  say(&a, &b, kase, "move", moved(first), id); /* a move counts from the first, not from the last */
  not_moved(&a, json);
  gather(&a, &b, "", open);
  try_send(&b, open, "note", note, id);
  try_send(&b, open, "move", "{\"ends\":\"2046-01-01\"}", id); /* before he saw the first day that was said */
  try_send(&a, open, "move", "{\"ends\":\"2031-01-01\"}", id);
  pair_rest(&a, &b);
  ends(&a, open, most + DAYS * DAY, 0);
  ends(&b, open, most + DAYS * DAY, 0);
  done_with_days(&a);
  try_sound(&a);
  try_remove(&a, &b);
}

/* What comes when it is over is receipted, and erased at once; so is what waited until then. */
static void test_late(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], early[65], late[65], plain[65], untaken[65], id[65];
  begin(&a, &b, "", kase);
  try_send(&b, kase, "list", people, untaken);
  try_end(&b, untaken);
  pair_rest(&b, &a);
  say(&a, &b, kase, "finish", "{}", id);
  try_send(&b, kase, "list", people, early);
  pass(&b, DAYS * DAY);
  assert_false(erased(&b, early)); /* it may go yet */
  pass(&a, DAYS * DAY);
  pair_rest(&b, &a);
  try_receipted(&b, early);
  assert_true(erased(&a, early) && erased(&b, untaken));
  later(&a, &b, 60);
  gone(&a, &b, early, true);
  say(&b, &a, kase, "note", note, plain);
  say(&b, &a, kase, "list", people, late);
  try_receipted(&b, late);
  assert_true(erased(&a, late));
  later(&a, &b, 60);
  later(&a, &b, 60);
  gone(&a, &b, late, true);
  gone(&a, &b, plain, false);
  ends(&b, kase, b.now - 180, 0);
  try_remove(&a, &b);
}

static void counted(struct pair_node *node, const char *kase, int64_t messages, bool overdue) {
  struct told told = tell(node, LINK_CASE_SHOW, with_id(kase));
  const struct wire_json *one = at(wire_json_get(wire_json_get(told.json, "personal_ends"), "outstanding"), 0);
  expect_text(one, "by", "paris");
  assert_int_equal(number(one, "messages"), messages);
  assert_int_equal(wire_json_true(wire_json_get(one, "overdue")), overdue);
  forget(&told);
}

/* Who does not certify is shown, and told once. */
static void test_outstanding(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], list[65], id[65];
  begin(&a, &b, "", kase);
  say(&a, &b, kase, "list", people, list);
  say(&a, &b, kase, "list", people, id);
  say(&a, &b, kase, "finish", "{}", id);
  pass(&a, DAYS * DAY);
  counted(&a, kase, 3, false);
  try_restart(&a);
  pass(&a, CORE_ENDS_RECEIPT_DAYS * DAY - 120);
  counted(&a, kase, 3, false);
  assert_int_equal(try_count(&a, WIRE_ACT_DEADLINE), 0);
  pass(&a, 120);
  counted(&a, kase, 3, true);
  try_expect(&a, WIRE_ACT_DEADLINE, 1, "overdue ");
  pass(&a, 9 * DAY);
  try_expect(&a, WIRE_ACT_DEADLINE, 1, "overdue ");
  struct told told = tell(&a, LINK_MESSAGE_SHOW, with_id(list));
  assert_int_equal(wire_json_size(wire_json_get(told.json, "certificates_due")), 1);
  forget(&told);
  done_with_days(&a);
  try_sound(&a);
  pass(&b, (DAYS + CORE_ENDS_RECEIPT_DAYS + 9) * DAY);
  pair_rest(&b, &a);
  later(&a, &b, 60);
  gone(&a, &b, list, true);
  struct told clear = tell(&a, LINK_CASE_SHOW, with_id(kase));
  assert_int_equal(wire_json_size(wire_json_get(wire_json_get(clear.json, "personal_ends"), "outstanding")), 0);
  forget(&clear);
  try_remove(&a, &b);
}

static void noted(struct pair_node *node, const char *kase, const char *handling, char id[65]) {
  char json[300];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"note\",\"handling\":\"%s\",\"fields\":%s}", kase, handling, note);
  pair_id(node, LINK_CASE_SEND, json, id);
}

/* What is written into the handling in words ends like a field that holds personal data, whatever its type; a level alone does not. */
static void test_words(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], words[65], level[65], late[65], id[65];
  begin(&a, &b, "", kase);
  noted(&a, kase, "amber; fan N. N.", words);
  noted(&b, kase, "amber", level);
  pair_rest(&a, &b);
  say(&a, &b, kase, "finish", "{}", id);
  pass(&a, DAYS * DAY);
  ends(&a, kase, a.now, 1); /* the other owes his certificate of it, too */
  later(&a, &b, 0);
  pass(&b, DAYS * DAY);
  later(&a, &b, 60);
  gone(&a, &b, words, true);
  gone(&a, &b, level, false);
  noted(&b, kase, "amber; fan N. N.", late);
  pair_rest(&a, &b);
  later(&a, &b, 60);
  gone(&a, &b, late, true);
  try_remove(&a, &b);
}

static void recalled(struct pair_node *node, const char *message, char kase[65]) {
  char json[400];
  snprintf(json, sizeof json,
           "{\"actor\":\"test\",\"id\":\"%s\",\"measure\":\"correct\",\"ground\":\"inaccurate\",\"reason\":\"r\","
           "\"correction\":\"it was N. N.\"}", message);
  struct told told = tell(node, LINK_RECALL_OPEN, json);
  expect_text(told.json, "id", message);
  struct base_view text = wire_json_text(at(wire_json_get(told.json, "recalls"), 0));
  snprintf(kase, 65, "%.*s", (int)text.size, (const char *)text.data);
  forget(&told);
}

/* What corrects personal data is personal itself: it goes with what it corrects, and a person may erase it before. */
static void test_recalled(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], list[65], plain[65], other[65], early[65], of_list[65], of_plain[65], of_early[65], late[65], id[65], json[300];
  begin(&a, &b, "", kase);
  say(&b, &a, kase, "list", people, list);
  say(&b, &a, kase, "note", note, plain);
  say(&b, &a, kase, "note", note, other);
  say(&b, &a, kase, "list", people, early);
  recalled(&b, list, of_list);
  recalled(&b, plain, of_plain);
  recalled(&b, early, of_early);
  pair_rest(&b, &a);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"wrong\"}", early);
  pair_id(&a, LINK_MESSAGE_ERASE, json, id);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"wrong\"}", of_list);
  pair_id(&b, LINK_MESSAGE_ERASE, json, id); /* by hand */
  say(&a, &b, kase, "finish", "{}", id);
  later(&a, &b, DAYS * DAY - 60);
  gone(&a, &b, of_plain, false);
  later(&a, &b, 60);
  later(&a, &b, 60);
  gone(&a, &b, list, true);
  gone(&a, &b, of_list, true);
  gone(&a, &b, of_early, true);
  gone(&a, &b, plain, false);
  gone(&a, &b, of_plain, true);
  recalled(&b, other, late); /* what comes when it is over */
  pair_rest(&b, &a);
  later(&a, &b, 60);
  later(&a, &b, 60);
  gone(&a, &b, late, true);
  try_state(&a, of_plain, "recalled"); /* what was asked stays */
  done_with_days(&a);
  try_sound(&a);
  try_sound(&b);
  try_remove(&a, &b);
}

/* The other's clock was ahead: what he certified before counts. */
static void test_certified_before(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65];
  begin(&a, &b, "", kase);
  say(&a, &b, kase, "finish", "{}", id);
  pass(&b, DAYS * DAY);
  pair_rest(&b, &a);
  assert_true(erased(&b, kase) && !erased(&a, kase));
  pass(&a, DAYS * DAY);
  ends(&a, kase, a.now, 0);
  try_remove(&a, &b);
}

enum { MANY = CORE_ENDS_STEP + 10 };

/* More than go in one step, with the process ended after each. */
static void test_many(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], id[65], first[65];
  begin(&a, &b, "", kase);
  say(&a, &b, kase, "list", people, first);
  for (int i = 1; i < MANY; i++)
    try_send(&a, kase, "list", people, id);
  pair_rest(&a, &b);
  say(&a, &b, kase, "finish", "{}", id);
  unsigned steps = 0;
  for (pass(&b, DAYS * DAY); steps < MANY && (core_ends_due_ms(b.core) == 0 || core_retain_due_ms(b.core) == 0); steps++) {
    try_restart(&b);
    pair_settle(&b);
  }
  assert_in_range(steps, 2, MANY - 1);
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), MANY + 1);
  pass(&a, DAYS * DAY);
  for (steps = 0; steps < MANY && (core_retain_due_ms(a.core) == 0 || core_certificate_due_ms(b.core) == 0); steps++) {
    later(&a, &b, 1);
    pair_rest(&b, &a);
  }
  assert_int_equal(damage_count(&a, "SELECT count(*) FROM certificates_due"), 0);
  assert_int_equal(try_count(&a, WIRE_ACT_ERASED), MANY + 1);
  try_remove(&a, &b);
}

/* --- a keeper one of whose calls fails */

static struct pair_node *of;
static int calls, failing;

static bool fails_now(struct base_error *err) {
  bool now = calls++ == failing;
  if (now)
    (void)base_fail(err, BASE_IO, "the keeper does not answer, says the test");
  return now;
}
static enum base_code fail_attest(void *context, uint64_t size, const struct base_hash *root,
                                  const struct base_hash *proof, size_t count, struct base_buf *out,
                                  struct base_error *err) {
  return fails_now(err) ? BASE_IO : pair_attest(context, size, root, proof, count, out, err);
}
static enum base_code fail_retire(void *context, const struct wire_keeper_erased *list, size_t count,
                                  struct wire_keeper_retired *out, struct base_error *err) {
  return fails_now(err) ? BASE_IO : pair_retire(context, list, count, out, err);
}
static enum base_code fail_wrap(void *context, const struct base_secret *keys, size_t count,
                                uint8_t (*out)[CORE_WRAPPED], uint32_t *epoch, struct base_error *err) {
  return fails_now(err) ? BASE_IO : pair_wrap(context, keys, count, out, epoch, err);
}

/* True when the failing call was reached. */
static bool fail_at(int place, bool author) {
  struct pair_node a, b;
  char kase[65], list[65], id[65];
  begin(&a, &b, "", kase);
  say(&a, &b, kase, "list", people, list);
  say(&a, &b, kase, "finish", "{}", id);
  of = author ? &a : &b;
  calls = 0;
  failing = place;
  of->core->env.keeper.attest = fail_attest;
  of->core->env.keeper.retire = fail_retire;
  of->core->env.keeper.wrap = fail_wrap;
  of->core->pool_count = 0; /* so that keys are asked for, too */
  a.now += DAYS * DAY;
  b.now += DAYS * DAY;
  for (int i = 0; i < 6; i++) {
    a.ms += CORE_CERTIFY_AGAIN_MS;
    b.ms += CORE_CERTIFY_AGAIN_MS;
    pair_settle(&a);
    fails_revive(&a);
    pair_settle(&b);
    fails_revive(&b);
    fails_carry(&a, &b);
  }
  bool reached = calls > place;
  failing = -1;
  gone(&a, &b, list, true);
  gone(&a, &b, kase, true);
  ends(&a, kase, a.now, 0);
  assert_int_equal(try_count(&a, WIRE_ACT_ERASED), 2);
  assert_int_equal(try_count(&b, WIRE_ACT_ERASED), 2);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  try_agree(&a, &b);
  try_remove(&a, &b);
  return reached;
}

static void test_keeper_fails(void **state) {
  (void)state;
  for (int side = 0; side < 2; side++) {
    int place = 0;
    while (fail_at(place, side == 0))
      place++;
    assert_true(place > 2);
  }
}

/* --- what is stored is wrong */

static void found(struct pair_node *node, const char *sql, const char *words) {
  struct base_buf text = {0};
  damage_sql(node, sql);
  assert_true(try_check(node, &text) > 0);
  base_buf_u8(&text, 0);
  if (strstr((const char *)text.data, words) == NULL)
    fail_msg("%s: %s", sql, (const char *)text.data);
  base_buf_free(&text);
}

/* Who moves or takes away the end, or says that all is done, keeps it for ever, and the check says so. */
static void test_tampered(void **state) {
  (void)state;
  struct pair_node a, b;
  char kase[65], dated[65], id[65];
  begin(&a, &b, "", kase);
  gather(&a, &b, "2031-01-01", dated);
  say(&a, &b, kase, "finish", "{}", id);
  try_sound(&b);
  found(&b, "UPDATE personal_ends SET ends = ends + 1 WHERE since > 0", "its personal data is to end on");
  found(&b, "UPDATE personal_ends SET ends = ends - 1, look = 9223372036854775807 WHERE since > 0", "its personal data is to end on");
  found(&b, "DELETE FROM personal_ends WHERE since > 0", "its personal data is to end on");
  found(&b, "DELETE FROM personal_ends", "its personal data is to end on 2031-01-31T00:00:00Z");
  damage_sql(&a, "UPDATE personal_ends SET done = 9223372036854775807, look = 9223372036854775807");
  pass(&a, (DAYS + 2) * DAY);
  done_with_days(&a);
  assert_false(erased(&a, kase));
  found(&a, "SELECT 1", "its content may be kept until");
  damage_sql(&a, "UPDATE personal_ends SET done = 0, look = 1 WHERE since > 0");
  pass(&a, DAY);
  done_with_days(&a);
  assert_true(erased(&a, kase));
  found(&a, "DELETE FROM certificates_due", "that paris has not certified its erasure is not noted");
  pair_remove(&a);
  pair_remove(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ends),        cmocka_unit_test(test_resumed),          cmocka_unit_test(test_dated),
      cmocka_unit_test(test_put_off), cmocka_unit_test(test_late),        cmocka_unit_test(test_outstanding),      cmocka_unit_test(test_certified_before), cmocka_unit_test(test_recalled), cmocka_unit_test(test_words),
      cmocka_unit_test(test_many),        cmocka_unit_test(test_keeper_fails),     cmocka_unit_test(test_tampered)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
