/* SPDX-License-Identifier: Apache-2.0
 * Kinds that are added to a node: found by name, version and hash, kept over a restart and a lost step, left out and told
 * when they are damaged, refused where the program has its own, and gone only when no case is of them. */
#include "core/kinds.h"
#include "core_ask.h"
#include "core_try.h"

/* A kind of two types; pad makes another hash of the same words. */
static void kind_text(char *out, size_t room, const char *name, int version, const char *pad) {
  snprintf(out, room,
           "{\"wasl\":\"kind/1\",\"name\":\"%s\",\"version\":%d,\"needs_row\":true,%s\"purpose_field\":\"purpose\","
           "\"lists\":{\"purpose\":[\"drugs\"]},\"types\":[{\"name\":\"ask\",\"fields\":[{\"name\":\"purpose\",\"type\":"
           "\"code\",\"list\":\"purpose\",\"state\":true,\"required\":true,\"example\":\"drugs\"}]},{\"name\":\"answer\","
           "\"fields\":[]}],\"states\":[\"asked\",\"answered\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":"
           "\"asked\"},{\"on\":\"answer\",\"from\":[\"asked\"],\"to\":\"answered\",\"who\":\"others\"}],\"clocks\":[]}",
           name, version, pad);
}

static void labels_text(char *out, size_t room, const char *name, int version, const char *word) {
  static const char *const keys[] = {"kind",         "type.ask",     "field.ask.purpose",  "type.answer",
                                     "list.purpose", "state.asked",  "code.purpose.drugs", "state.answered"};
  size_t at = (size_t)snprintf(out, room, "{\"wasl\":\"labels/1\",\"kind\":\"%s\",\"version\":%d,\"texts\":{", name, version);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    at += (size_t)snprintf(out + at, room - at,
                           "%s\"%s\":{\"ar\":\"%s\",\"fr\":\"%s\",\"en\":\"%s\",\"es\":\"%s\",\"pt\":\"%s\"}",
                           i > 0 ? "," : "", keys[i], word, word, word, word, word);
  snprintf(out + at, room - at, "}}");
}

static const char *add_text(const char *name, int version, const char *pad, const char *word) {
  static char json[16384];
  char file[2048], labels[2048];
  kind_text(file, sizeof file, name, version, pad);
  labels_text(labels, sizeof labels, name, version, word);
  struct base_buf buf = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, &buf);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "actor", "test");
  wire_write_member_string(&writer, "file", file);
  wire_write_member_string(&writer, "labels", labels);
  wire_write_end(&writer, '}');
  assert_true(buf.code == BASE_OK && buf.size < sizeof json);
  snprintf(json, sizeof json, "%.*s", (int)buf.size, (const char *)buf.data);
  base_buf_free(&buf);
  return json;
}

static void add(struct pair_node *node, const char *name, int version, const char *word, const char *done) {
  struct told told = tell(node, LINK_KIND_ADD, add_text(name, version, "", word));
  expect_text(told.json, "done", done);
  forget(&told);
}

static void drop(struct pair_node *node, const char *name, int version, enum base_code want) {
  char json[160];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"kind\":\"%s\",\"version\":%d}", name, version);
  pair_refused(node, LINK_KIND_REMOVE, json, want); /* "refused" with BASE_OK: it was done */
}

static const struct core_kind *named(const struct pair_node *node, const char *name, int64_t version) {
  return core_kind_versioned(node->core, base_view_text(name), version);
}

static void test_versions(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  size_t own = a.core->kind_count;
  static const int versions[] = {2, 10, 1};
  for (size_t i = 0; i < 3; i++) {
    add(&a, "talk", versions[i], "w", "added");
    add(&a, "talj", versions[i], "w", "added");
  }
  for (int turn = 0; turn < 2; turn++) {
    assert_int_equal(a.core->kind_count, own + 6);
    assert_int_equal(a.core->kinds_added, 6);
    assert_int_equal(named(&a, "talk", 0)->kind.version, 10);
    assert_null(named(&a, "talk", 3));
    assert_null(named(&a, "tal", 0));
    for (size_t i = 0; i < a.core->kind_count; i++) {
      const struct core_kind *kind = a.core->kinds[i];
      assert_ptr_equal(core_kind_versioned(a.core, kind->kind.name, kind->kind.version), kind);
      assert_ptr_equal(core_kind_hashed(a.core, kind->kind.name, &kind->kind.hash), kind);
      assert_null(core_kind_hashed(a.core, BASE_VIEW("other"), &kind->kind.hash));
      struct base_hash near = kind->kind.hash;
      for (size_t k = sizeof near.bytes; k-- > 0 && near.bytes[k]-- == 0;)
        continue; /* one less: the place is the same */
      assert_null(core_kind_hashed(a.core, kind->kind.name, &near));
    }
    try_restart(&a);
  }
  drop(&a, "talk", 0, BASE_CONFLICT); /* which one? */
  drop(&a, "talk", 10, BASE_OK);
  assert_int_equal(named(&a, "talk", 0)->kind.version, 2);
  drop(&a, "talk", 10, BASE_NOT_FOUND);
  drop(&a, "feud", 0, BASE_KIND);
  drop(&a, "request", 0, BASE_NOT_FOUND);
  try_restart(&a);
  assert_int_equal(named(&a, "talk", 0)->kind.version, 2);
  try_sound(&a);
  pair_remove(&a);
}

/* A row names a kind in all its versions. */
static void test_all_versions_are_of_one_lane(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  add(&a, "talk", 2, "w", "added");
  static const char apart[] = "\"lane\":\"humanitarian\",", civil[] = "\"lane\":\"civil\",";
  for (int version = 1; version <= 3; version += 2) {
    struct pair_answer answer = pair_ask(&a, LINK_KIND_ADD, add_text("talk", version, apart, "w"), -1);
    base_buf_u8(&answer.payload, 0);
    assert_int_equal(answer.status, BASE_CONFLICT);
    assert_non_null(strstr((const char *)answer.payload.data, "is enforcement in version 2, and humanitarian in this file"));
    pair_answer_free(&answer);
    pair_refused(&a, LINK_KIND_ADD, add_text("talk", version, civil, "w"), BASE_CONFLICT);
  }
  add(&a, "talk", 3, "w", "added");
  pair_refused(&a, LINK_KIND_ADD, add_text("talk", 4, apart, "w"), BASE_CONFLICT);
  pair_refused(&a, LINK_KIND_ADD, add_text("care", 1, apart, "w"), BASE_OK);
  pair_refused(&a, LINK_KIND_ADD, add_text("care", 2, "", "w"), BASE_CONFLICT);
  pair_refused(&a, LINK_KIND_ADD, add_text("care", 2, apart, "w"), BASE_OK);
  try_sound(&a);
  pair_remove(&a);
}

static void test_hash_and_labels(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  add(&a, "talk", 1, "first", "added");
  const struct core_kind *kind = named(&a, "talk", 0);
  add(&a, "talk", 1, "second", "labels");
  assert_ptr_equal(named(&a, "talk", 0), kind); /* cases hold it */
  assert_true(base_view_is(kind->titles[WIRE_FR], "second"));
  struct told shown = tell(&a, LINK_KIND_SHOW, "{\"actor\":\"test\",\"kind\":\"talk\",\"version\":1}");
  expect_text(wire_json_get(shown.json, "label"), "pt", "second");
  forget(&shown);
  pair_refused(&a, LINK_KIND_SHOW, "{\"actor\":\"test\",\"kind\":\"talk\",\"version\":2}", BASE_KIND);
  pair_refused(&a, LINK_KIND_ADD, add_text("talk", 1, " ", "second"), BASE_CONFLICT);
  pair_refused(&a, LINK_KIND_ADD, add_text("request", 1, "", "w"), BASE_CONFLICT);
  pair_refused(&a, LINK_KIND_ADD, add_text("request", 2, "", "w"), BASE_CONFLICT);
  pair_refused(&a, LINK_KIND_ADD, add_text("talk", 0, "", "w"), BASE_FIELD);
  pair_refused(&a, LINK_KIND_ADD, add_text("recall", 1, "", "w"), BASE_FIELD); /* it needs a row */
  try_sound(&a);
  pair_remove(&a);
}

/* --- what is stored is wrong */

static void fact_name(char out[64], const char *name, int version) {
  snprintf(out, 64, "kind/%s %d", name, version);
}

static void damage(struct pair_node *node, const char *name, int version) {
  char fact[64];
  struct base_buf value = {0};
  struct base_error err = {0};
  base_buf_init(&value, 1 << 20);
  fact_name(fact, name, version);
  assert_int_equal(store_fact_get(node->core->store, fact, &value, &err), BASE_OK);
  value.data[value.size - 1] ^= 1;
  assert_int_equal(store_begin(node->core->store, &err), BASE_OK);
  assert_int_equal(store_fact_set(node->core->store, fact, base_buf_view(&value), &err), BASE_OK);
  assert_int_equal(store_commit(node->core->store, &err), BASE_OK);
  base_buf_free(&value);
}

/* A sound kind that no leaf tells of. */
static void forge(struct pair_node *node, const char *name) {
  char fact[64], file[2048], labels[2048];
  struct base_buf value = {0};
  struct base_error err = {0};
  fact_name(fact, name, 1);
  kind_text(file, sizeof file, name, 1, "");
  labels_text(labels, sizeof labels, name, 1, "w");
  base_buf_u64(&value, node->core->reg.size - 1); /* a leaf about another one */
  base_buf_u32(&value, (uint32_t)strlen(file));
  base_buf_text(&value, file);
  base_buf_text(&value, labels);
  assert_int_equal(store_begin(node->core->store, &err), BASE_OK);
  assert_int_equal(store_fact_set(node->core->store, fact, base_buf_view(&value), &err), BASE_OK);
  assert_int_equal(store_commit(node->core->store, &err), BASE_OK);
  base_buf_free(&value);
}

static size_t unsound(struct pair_node *node, const char *says) {
  struct told status = tell(node, LINK_NODE_STATUS, "{\"actor\":\"test\"}");
  const struct wire_json *list = wire_json_get(status.json, "unsound");
  size_t count = wire_json_size(list), found = 0;
  for (size_t i = 0; i < count; i++) {
    char text[1024];
    struct base_view view = wire_json_text(at(list, i));
    snprintf(text, sizeof text, "%.*s", (int)view.size, (const char *)view.data);
    found += strstr(text, says) != NULL;
  }
  forget(&status);
  return found;
}

static void test_left_out(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  for (int version = 1; version <= CORE_KINDS_TOLD + 3; version++)
    add(&a, "talk", version, "w", "added");
  add(&a, "good", 1, "w", "added");
  for (int version = 1; version <= CORE_KINDS_TOLD + 2; version++)
    damage(&a, "talk", version);
  forge(&a, "forged");
  try_restart(&a);
  assert_int_equal(a.core->kinds_added, 2);
  assert_non_null(named(&a, "good", 1));
  assert_int_equal(named(&a, "talk", 0)->kind.version, CORE_KINDS_TOLD + 3);
  assert_int_equal(unsound(&a, "is left out"), CORE_KINDS_TOLD);
  assert_int_equal(unsound(&a, "3 more kinds are left out"), 1);
  assert_int_equal(unsound(&a, "the kind forged 1 is left out"), 1);
  struct base_buf problems = {0};
  assert_true(try_check(&a, &problems) > 0);
  base_buf_free(&problems);
  for (int version = 1; version <= CORE_KINDS_TOLD + 2; version++)
    add(&a, "talk", version, "w", "added"); /* it is put right by adding it again */
  add(&a, "forged", 1, "w", "added");
  try_restart(&a);
  assert_int_equal(unsound(&a, "left out"), 0);
  try_sound(&a);
  pair_remove(&a);
}

/* The step is taken back after the answer was made: memory is as the store is. */
static void test_lost_step(void **state) {
  (void)state;
  struct pair_node a;
  struct base_error err = {0};
  struct pair_answer answer;
  pair_make(&a, "rabat");
  add(&a, "talk", 1, "w", "added");
  const char *const asked[] = {add_text("talk", 2, "", "w"), "{\"actor\":\"test\",\"kind\":\"talk\",\"version\":1}"};
  for (size_t i = 0; i < 2; i++) {
    uint64_t token = a.next_token++;
    core_input(a.core, i == 0 ? LINK_KIND_ADD : LINK_KIND_REMOVE, token, base_view_text(asked[i]), -1);
    assert_int_equal(core_lose(a.core, base_fail(&err, BASE_DISK_FULL, "the test says so"), &err), BASE_DISK_FULL);
    pair_settle(&a);
    assert_true(pair_find(&a, token, &answer));
    assert_int_equal(answer.status, BASE_DISK_FULL);
    pair_answer_free(&answer);
    assert_int_equal(named(&a, "talk", 0)->kind.version, 1);
    assert_int_equal(a.core->kinds_added, 1);
  }
  drop(&a, "talk", 1, BASE_OK);
  assert_null(named(&a, "talk", 0));
  try_sound(&a);
  pair_remove(&a);
}

/* --- cases of it */

static const char open_talk[] = "{\"actor\":\"test\",\"kind\":\"talk\",\"to\":[\"paris\"],\"fields\":{\"purpose\":\"drugs\"},"
                               "\"parts\":%s}";

static void open_case(struct pair_node *from, const char *parts, char id[65]) {
  char json[4096];
  snprintf(json, sizeof json, open_talk, parts);
  pair_id(from, LINK_CASE_OPEN, json, id);
}

static void expect_refused(struct pair_node *node, const char *id, const char *first, const char *second) {
  struct told told = tell(node, LINK_OUTBOX_LIST, "{\"actor\":\"test\"}");
  bool found = false;
  for (size_t i = 0; i < wire_json_size(told.json); i++) {
    if (!base_view_is(wire_json_text(wire_json_get(at(told.json, i), "id")), id))
      continue;
    char text[1024];
    struct base_view why = wire_json_text(wire_json_get(at(told.json, i), "reason"));
    snprintf(text, sizeof text, "%.*s", (int)why.size, (const char *)why.data);
    expect_text(at(told.json, i), "state", "refused");
    if (strstr(text, first) == NULL || strstr(text, second) == NULL)
      fail_msg("%s", text);
    found = true;
  }
  assert_true(found);
  forget(&told);
}

static void test_partners(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  add(&a, "talk", 1, "w", "added");
  open_case(&a, "[]", id);
  pair_rest(&a, &b);
  expect_refused(&a, id, "no version of the kind talk is known here", base_hash_text(&named(&a, "talk", 0)->kind.hash).text);
  struct told told = tell(&b, LINK_KIND_ADD, add_text("talk", 1, " ", "w"));
  forget(&told);
  open_case(&a, "[]", id);
  pair_rest(&a, &b);
  expect_refused(&a, id, "known here as version 1", base_hash_text(&named(&b, "talk", 0)->kind.hash).text);
  drop(&b, "talk", 1, BASE_OK);
  add(&b, "talk", 1, "w", "added");
  open_case(&a, "[]", id);
  pair_rest(&a, &b);
  try_send(&b, id, "answer", "{}", id);
  pair_rest(&a, &b);
  drop(&b, "talk", 1, BASE_CONFLICT);
  drop(&a, "talk", 1, BASE_CONFLICT);
  try_remove(&a, &b);
}

/* It was removed while the parts of the first case of it were on their way. */
static void test_removed_meanwhile(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_buf parts = {0};
  char id[65];
  try_agreed(&a, &b);
  add(&a, "talk", 1, "w", "added");
  add(&b, "talk", 1, "w", "added");
  try_upload(&a, 6 * WIRE_RECORD_MAX, 4, &parts);
  open_case(&a, try_parts_end(&parts), id);
  base_buf_free(&parts);
  assert_true(pair_send(&a, &b));
  drop(&b, "talk", 1, BASE_OK);
  pair_rest(&a, &b);
  expect_refused(&a, id, "no version of the kind talk is known here", "wasl kind add");
  try_remove(&a, &b);
}

/* --- the limit */

static void test_limit(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  char name[32];
  for (int i = 0; i < CORE_KINDS_MAX; i++) {
    uint64_t token = a.next_token++;
    struct pair_answer answer;
    snprintf(name, sizeof name, "kind_%d", i);
    core_input(a.core, LINK_KIND_ADD, token, base_view_text(add_text(name, 1, "", "w")), -1);
    if (i % 32 == 31)
      pair_settle(&a);
    for (uint64_t past = token - 31; i % 32 == 31 && past <= token; past++) {
      assert_true(pair_find(&a, past, &answer));
      assert_int_equal(answer.status, BASE_OK);
      pair_answer_free(&answer);
    }
  }
  pair_refused(&a, LINK_KIND_ADD, add_text("one_more", 1, "", "w"), BASE_POLICY);
  add(&a, "kind_7", 1, "other words", "labels");
  try_restart(&a);
  assert_int_equal(a.core->kinds_added, CORE_KINDS_MAX);
  assert_int_equal(a.core->kinds_out, 0);
  drop(&a, "kind_1", 1, BASE_OK);
  add(&a, "one_more", 1, "w", "added");
  pair_remove(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_versions),    cmocka_unit_test(test_all_versions_are_of_one_lane),
      cmocka_unit_test(test_hash_and_labels),
      cmocka_unit_test(test_left_out),    cmocka_unit_test(test_lost_step),
      cmocka_unit_test(test_partners),    cmocka_unit_test(test_removed_meanwhile),
      cmocka_unit_test(test_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
