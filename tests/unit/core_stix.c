/* SPDX-License-Identifier: Apache-2.0
 * The index of STIX objects (spec/stix.md): what is in parts of messages, sent and received, listed, found and counted; a crash
 * loses nothing, a part at which the worker ends stops nobody; what is erased is in it no more; the wall holds. */
#include "core_stix.h"

#include "core_damage.h"

/* --- asking */

/* members: of the request; the answer's objects as "ID ID …" */
static struct told listed(struct pair_node *node, const char *secret, const char *members) {
  struct told told = {.answer = ask_as(node, LINK_STIX_LIST, secret, members)};
  if (told.answer.status != BASE_OK)
    fail_msg("%.*s", (int)told.answer.payload.size, (const char *)told.answer.payload.data);
  assert_int_equal(wire_json_parse(base_buf_view(&told.answer.payload), 1 << 20, "list", &told.json, NULL), BASE_OK);
  return told;
}

static size_t count_of(struct pair_node *node, const char *secret, const char *members) {
  struct told told = listed(node, secret, members);
  size_t count = wire_json_size(wire_json_get(told.json, "objects"));
  forget(&told);
  return count;
}

static int64_t waiting_of(struct pair_node *node) {
  struct told told = listed(node, "", "");
  int64_t waiting = number(told.json, "waiting");
  forget(&told);
  return waiting;
}

static void counts(struct pair_node *node, const char *secret, const char *members, const char *want) {
  struct pair_answer answer = ask_as(node, LINK_STIX_COUNT, secret, members);
  base_buf_u8(&answer.payload, 0);
  assert_string_equal((const char *)answer.payload.data, want);
  pair_answer_free(&answer);
}

/* The member `stix` of the message's first part. */
static void shown(struct pair_node *node, const char *id, const char *words) {
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_SHOW, with_id(id), -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s is not in %s", words, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

#define NOTHING "{\"objects\":0,\"parts\":0,\"unread\":0,\"types\":[],\"more\":false,\"waiting\":0}"

/* --- tests */

static void test_sent_and_received(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], json[256];
  try_agreed(&a, &b);
  stix_send(&a, &b, 1, 4, first);
  shown(&b, first, "\"stix\":null");
  assert_int_equal(waiting_of(&b), 1);
  assert_int_equal(stix_look(&a), 1);
  assert_int_equal(stix_look(&b), 1);
  assert_int_equal(waiting_of(&b), 0);
  stix_send(&a, &b, 4, 3, second);
  assert_int_equal(stix_look(&b), 1);
  shown(&b, first, "\"stix\":{\"objects\":4,\"why\":\"\"}");
  assert_int_equal(count_of(&a, "", ""), 4);
  assert_int_equal(count_of(&b, "", ""), 7);
  assert_int_equal(count_of(&b, "", "\"type\":\"malware\""), 2);
  assert_int_equal(count_of(&b, "", "\"type\":\"indicato\""), 0);
  snprintf(json, sizeof json, "\"case\":\"%s\",\"type\":\"indicator\"", first);
  assert_int_equal(count_of(&b, "", json), 3);
  snprintf(json, sizeof json, "\"message\":\"%s\"", second);
  assert_int_equal(count_of(&b, "", json), 3);
  struct told told = listed(&b, "", "\"id\":\"indicator--0c7b5b88-8ff7-4a4d-aa9d-000000000004\"");
  const struct wire_json *objects = wire_json_get(told.json, "objects");
  assert_int_equal(wire_json_size(objects), 2);
  expect_text(at(objects, 0), "message", second);
  expect_text(at(objects, 1), "message", first);
  expect_text(at(objects, 1), "case", first);
  expect_text(at(objects, 0), "modified", "2026-11-05T08:00:00Z");
  assert_true(is_null(told.json, "next"));
  forget(&told);
  counts(&b, "", "", "{\"objects\":7,\"parts\":2,\"unread\":0,\"types\":[{\"type\":\"indicator\",\"objects\":5,\"parts\":2},"
                     "{\"type\":\"malware\",\"objects\":2,\"parts\":2}],\"more\":false,\"waiting\":0}");
  try_sound(&a);
  try_sound(&b);
  try_remove(&a, &b);
}

/* A case of the kind with its example and one bundle; more: members beside them. */
static void send_of(struct pair_node *a, struct pair_node *b, const char *kind, const char *more, char id[65]) {
  BASE_AUTO_BUF struct base_buf parts = {0}, json = {0};
  char asked[128];
  snprintf(asked, sizeof asked, "{\"actor\":\"test\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(a, LINK_KIND_EXAMPLE, asked, -1);
  assert_int_equal(example.status, BASE_OK);
  stix_upload_bundle(a, 1, 4, &parts);
  base_buf_printf(&json, "{\"actor\":\"test\",\"kind\":\"%s\",\"to\":[\"%s\"]%s,\"fields\":%.*s,\"parts\":%s}%c", kind, b->name, more,
                  (int)example.payload.size, (const char *)example.payload.data, try_parts_end(&parts), 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  pair_answer_free(&example);
  pair_rest(a, b);
}

/* What an exercise made up, and what is for named readers, is listed and counted for nobody. */
static void test_in_no_index(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], json[65];
  struct pair_answer task;
  try_agreed(&a, &b);
  send_of(&a, &b, "hostile", "", id);
  send_of(&a, &b, "sighting", ",\"exercise\":true", id);
  assert_int_equal(stix_look(&a) + stix_look(&b), 0);
  counts(&b, "", "", NOTHING);
  send_of(&a, &b, "sighting", "", id);
  assert_int_equal(stix_look(&a) + stix_look(&b), 2);
  try_sound(&a);
  try_sound(&b);
  damage_found(&b,
               "UPDATE stix_parts SET place = 64 * (SELECT max(id) FROM messages WHERE part_count > 0 AND id < place / 64)",
               "nothing of its message is listed");
  assert_int_equal(stix_look(&b), 1);
  pair_close(&b);
  assert_true(damage_change(&b, "INSERT INTO stix_waiting(message, lane, part, parts, tries) SELECT id, 0, 0, 1, 0 FROM messages WHERE part_count > 0"));
  pair_open(&b);
  assert_true(stix_take(&b, &task));
  pair_text(&task, "message", json, sizeof json);
  assert_string_equal(json, id);
  pair_answer_free(&task);
  try_remove(&a, &b);
}

/* Each message of which something was told, and a search without a find. */
static void test_reads_are_leaves(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65];
  try_agreed(&a, &b);
  stix_send(&a, &b, 1, 2, first);
  stix_send(&a, &b, 1, 2, second);
  stix_look(&b);
  unsigned before = try_count(&b, WIRE_ACT_READ);
  assert_int_equal(count_of(&b, "", "\"reason\":\"inquiry 7\""), 4);
  try_expect(&b, WIRE_ACT_READ, before + 2, "inquiry 7");
  assert_int_equal(count_of(&b, "", "\"type\":\"url\""), 0);
  try_expect(&b, WIRE_ACT_READ, before + 3, "stix.list");
  counts(&b, "", "\"type\":\"url\"", "{\"objects\":4,\"parts\":2,\"unread\":0,\"types\":[],\"more\":false,\"waiting\":0}");
  try_expect(&b, WIRE_ACT_READ, before + 3, NULL);
  try_remove(&a, &b);
}

static void test_pages(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], json[128], next[64] = "";
  try_agreed(&a, &b);
  stix_send(&a, &b, 1, 130, id);
  stix_send(&a, &b, 1000, 130, id);
  stix_look(&b);
  static const unsigned limits[] = {1, 7, CORE_STIX_PAGE};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    size_t met = 0, pages = 0;
    next[0] = '\0';
    for (bool more = true; more; pages++) {
      snprintf(json, sizeof json, "\"limit\":%u%s%s%s", limits[i], next[0] != '\0' ? ",\"after\":\"" : "", next,
               next[0] != '\0' ? "\"" : "");
      struct told told = listed(&b, "", json);
      size_t count = wire_json_size(wire_json_get(told.json, "objects"));
      assert_true(count <= limits[i]);
      met += count;
      more = !is_null(told.json, "next");
      pair_text(&told.answer, "next", next, sizeof next);
      forget(&told);
    }
    assert_int_equal(met, 260);
    assert_true(pages <= 260 / limits[i] + 2);
  }
  refused_as(&b, LINK_STIX_LIST, "", "\"limit\":0", BASE_FIELD, "limit: a whole number from 1 to 100");
  refused_as(&b, LINK_STIX_LIST, "", "\"limit\":101", BASE_FIELD, "limit: a whole number from 1 to 100");
  refused_as(&b, LINK_STIX_LIST, "", "\"limit\":-1", BASE_FIELD, "limit: a whole number from 1 to 100");
  refused_as(&b, LINK_STIX_LIST, "", "\"after\":\"7\"", BASE_FIELD, "after: ");
  refused_as(&b, LINK_STIX_LIST, "", "\"after\":\"-1-x\"", BASE_FIELD, "after: ");
  refused_as(&b, LINK_STIX_LIST, "", "\"type\":\"Malware\"", BASE_FIELD, "type: ");
  refused_as(&b, LINK_STIX_LIST, "", "\"type\":\"*\"", BASE_FIELD, "type: ");
  refused_as(&b, LINK_STIX_LIST, "", "\"id\":\"malware--7\"", BASE_FIELD, "id: the id of a STIX object");
  snprintf(json, sizeof json, "\"case\":\"%s\",\"message\":\"%s\"", "0000", "0000");
  refused_as(&b, LINK_STIX_LIST, "", json, BASE_FIELD, "one of them at a time");
  try_remove(&a, &b);
}

/* What was given out when this node ended is given out again; what ends it each time stands as unread, and the next has its
 * turn. */
static void test_crash(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], message[65];
  struct pair_answer task;
  try_agreed(&a, &b);
  stix_send(&a, &b, 1, 2, first);
  stix_send(&a, &b, 7, 2, second);
  for (int i = 0; i < CORE_STIX_TRIES; i++) {
    if (i >= CORE_STIX_AT_ONCE) { /* a node that ended over it so often looks elsewhere first */
      assert_false(stix_take(&b, &task));
      assert_int_equal(core_stix_due_ms(b.core), CORE_STIX_REST_MS);
      b.ms += CORE_STIX_REST_MS - 1;
      assert_false(stix_woken(&b, &task));
      assert_int_equal(waiting_of(&b), 2);
      b.ms++;
      assert_true(stix_woken(&b, &task));
    } else
      assert_true(stix_take(&b, &task));
    pair_text(&task, "message", message, sizeof message);
    assert_string_equal(message, first);
    pair_answer_free(&task);
    try_restart(&b);
  }
  assert_int_equal(stix_look(&b), 1);
  shown(&b, first, "whoever looked into it did not come back, 3 times");
  shown(&b, second, "\"stix\":{\"objects\":2,\"why\":\"\"}");
  counts(&b, "", "", "{\"objects\":2,\"parts\":1,\"unread\":1,\"types\":[{\"type\":\"indicator\",\"objects\":2,\"parts\":1}],"
                     "\"more\":false,\"waiting\":0}");
  try_sound(&b);
  try_remove(&a, &b);
}

/* It waits until something comes. */
static void test_parked(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct pair_answer task;
  try_agreed(&a, &b);
  assert_false(stix_take(&b, &task));
  BASE_AUTO_BUF struct base_buf parts = {0};
  stix_upload(&a, BASE_VIEW("{}"), "application/json", &parts);
  stix_upload(&a, BASE_VIEW("plain"), "text/plain", &parts);
  stix_upload_bundle(&a, 1, 1, &parts);
  stix_upload_bundle(&a, 2, 1, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), id);
  pair_rest(&a, &b);
  assert_true(stix_woken(&b, &task));
  stix_look_into(&b, &task);
  assert_int_equal(stix_look(&b), 1);
  assert_int_equal(count_of(&b, "", ""), 2);
  try_remove(&a, &b);
}

static void test_what_is_said_is_not_trusted(void **state) {
  (void)state;
  static const struct {
    const char *why, *list, *shown;
  } said[] = {
      {"STIX: $.id: must be bundle--UUID", "", "STIX: $.id: must be bundle--UUID"},
      {NULL, "", "a list of STIX objects: it is none"},
      {NULL, "malware--" UUID "01", "a list of STIX objects: it is none"},
      {NULL, "malware--" UUID "02\nmalware--" UUID "01\n", "it is none behind its first 1"},
      {NULL, "malware--" UUID "01\nmalware--" UUID "01\n", "it is none behind its first 1"},
      {NULL, "Malware--" UUID "01\n", "it is none behind its first 0"},
      {NULL, "malware--" UUID "01 <b>\n", "it is none behind its first 0"},
  };
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
    struct pair_answer task;
    stix_send(&a, &b, 1, 1, id);
    assert_true(stix_take(&b, &task));
    assert_int_equal(stix_give(&b, &task, said[i].why, base_view_text(said[i].list)), BASE_OK);
    assert_int_equal(stix_give(&b, &task, said[i].why, base_view_text(said[i].list)), BASE_NOT_FOUND);
    pair_answer_free(&task);
    shown(&b, id, said[i].shown);
  }
  assert_int_equal(count_of(&b, "", ""), 0);
  pair_refused(&b, LINK_STIX_RECORD, "{\"message\":\"00\",\"part\":0,\"record\":0}", BASE_NOT_FOUND);
  try_sound(&b);
  try_remove(&a, &b);
}

static void erase(struct pair_node *node, const char *id) {
  char json[200];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"no longer needed\"}", id);
  struct pair_answer answer = pair_ask(node, LINK_MESSAGE_ERASE, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
}

static void test_erased(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], third[65];
  struct pair_answer task;
  static const char *const emptied[] = {"DELETE FROM stix_waiting", "DELETE FROM stix_parts", "DELETE FROM stix_types",
                                        "DELETE FROM stix_ids", "DELETE FROM stix_counts"};
  try_agreed(&a, &b);
  stix_send(&a, &b, 1, 4, first);
  stix_send(&a, &b, 1, 7, second);
  stix_look(&b);
  stix_send(&a, &b, 1, 9, third);
  erase(&b, first);
  counts(&b, "", "", "{\"objects\":7,\"parts\":1,\"unread\":0,\"types\":[{\"type\":\"indicator\",\"objects\":5,\"parts\":1},"
                     "{\"type\":\"malware\",\"objects\":2,\"parts\":1}],\"more\":false,\"waiting\":1}");
  assert_int_equal(count_of(&b, "", "\"id\":\"malware--0c7b5b88-8ff7-4a4d-aa9d-000000000003\""), 1);
  assert_true(stix_take(&b, &task)); /* and is erased meanwhile */
  erase(&b, third);
  assert_int_equal(stix_give(&b, &task, NULL, BASE_VIEW("malware--" UUID "01\n")), BASE_NOT_FOUND);
  pair_answer_free(&task);
  erase(&b, second);
  counts(&b, "", "", NOTHING);
  assert_int_equal(count_of(&b, "", ""), 0);
  pair_close(&b);
  for (size_t i = 0; i < sizeof emptied / sizeof *emptied; i++)
    assert_false(damage_change(&b, emptied[i]));
  pair_open(&b);
  try_sound(&b);
  try_remove(&a, &b);
}

/* What its author called back says so beside each object, at both, until it is erased. */
static void test_recalled(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65], json[300];
  try_agreed(&a, &b);
  stix_send(&a, &b, 1, 2, first);
  stix_send(&a, &b, 1, 1, second);
  assert_int_equal(stix_look(&a), 2);
  assert_int_equal(stix_look(&b), 2);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"measure\":\"erase\",\"ground\":\"inaccurate\"}", first);
  struct pair_answer answer = pair_ask(&a, LINK_RECALL_OPEN, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  pair_rest(&a, &b);
  struct pair_node *const nodes[] = {&a, &b};
  for (int i = 0; i < 2; i++) {
    struct told told = listed(nodes[i], "", "");
    const struct wire_json *objects = wire_json_get(told.json, "objects");
    assert_int_equal(wire_json_size(objects), 3);
    assert_true(is_null(at(objects, 0), "recalled"));
    expect_text(at(objects, 1), "message", first);
    expect_text(wire_json_get(at(objects, 1), "recalled"), "measure", "erase");
    expect_text(wire_json_get(at(objects, 2), "recalled"), "measure", "erase");
    forget(&told);
  }
  erase(&b, first);
  assert_int_equal(count_of(&b, "", ""), 1);
  try_remove(&a, &b);
}

static void healed(struct pair_node *node, const char *sql, const char *says) {
  damage_found(node, sql, says);
  assert_int_equal(stix_look(node), 1);
  try_sound(node);
  assert_int_equal(count_of(node, "", ""), 4);
  assert_int_equal(count_of(node, "", "\"id\":\"malware--0c7b5b88-8ff7-4a4d-aa9d-000000000003\""), 1);
}

/* What is changed behind the node's back is named, looked into anew, and right again after that. */
static void test_tampered(void **state) {
  (void)state;
  static const char *const parts[] = {
      "UPDATE stix_parts SET objects = objects + 1",
      "UPDATE stix_parts SET sealed = zeroblob(64)",
      "UPDATE stix_parts SET why = 'STIX: no'",
      "DELETE FROM stix_types WHERE type = 'malware'",
      "UPDATE stix_types SET objects = 9 WHERE type = 'malware'",
      "DELETE FROM stix_ids",
      "UPDATE stix_ids SET token = token / 2",
      "UPDATE stix_ids SET lane = lane + 1",
      "UPDATE stix_ids SET place = place + 1",
      "UPDATE stix_types SET place = place + 1",
      "UPDATE stix_types SET lane = lane + 1 WHERE type = 'malware'",
      "UPDATE stix_types SET case_id = case_id + 1 WHERE type = 'malware'",
      "UPDATE stix_parts SET lane = lane + 1",
      "UPDATE stix_parts SET case_id = (SELECT min(number) FROM ids)",
  };
  static const char *const gone[] = {
      "DELETE FROM stix_parts",
      "UPDATE stix_parts SET place = place + 1",
      "UPDATE stix_parts SET place = place + 64000000",
  };
  static const char *const strays[] = {
      "INSERT INTO stix_types(lane, type, place, case_id, objects) SELECT lane, type, place + 1, case_id, objects FROM stix_types",
      "INSERT INTO stix_ids(token, lane, place) SELECT token, lane, place + 1 FROM stix_ids",
      "UPDATE stix_types SET place = place + 64000000",
      "UPDATE stix_parts SET case_id = -1",
      "UPDATE stix_parts SET objects = -1",
  };
  static const char *const numbers[] = {
      "UPDATE stix_counts SET objects = objects + 1",
      "UPDATE stix_counts SET parts = 7 WHERE type = 'malware'",
      "INSERT INTO stix_counts(lane, type, objects, parts) VALUES(0, 'x-never', 1, 1)",
      "DELETE FROM stix_counts",
      "DELETE FROM stix_counts WHERE type = 'malware'",
  };
  static const char want[] = "{\"objects\":4,\"parts\":1,\"unread\":0,\"types\":["
                             "{\"type\":\"indicator\",\"objects\":3,\"parts\":1},"
                             "{\"type\":\"malware\",\"objects\":1,\"parts\":1}]";
  struct pair_node a, b;
  char other[65], id[65];
  try_agreed(&a, &b);
  try_request_with(&a, &b, "[]", other);
  pair_rest(&a, &b);
  stix_send(&a, &b, 1, 4, id);
  try_sound(&b); /* what waits is not missing */
  stix_look(&b);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    healed(&b, parts[i], "the index of STIX objects does not fit its part 1");
  for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
    healed(&b, gone[i], "its part 1 is STIX, and is not in the index of STIX objects");
  for (size_t i = 0; i < sizeof strays / sizeof *strays; i++)
    healed(&b, strays[i], "has rows of a part that was not looked into");
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    damage_found(&b, numbers[i], "is not that of their parts");
    try_sound(&b);
    struct pair_answer answer = ask_as(&b, LINK_STIX_COUNT, "", "");
    base_buf_u8(&answer.payload, 0);
    assert_memory_equal(answer.payload.data, want, sizeof want - 1);
    pair_answer_free(&answer);
  }
  try_remove(&a, &b);
}

/* A part that neither waits nor was looked into, behind others that were. */
static void test_one_of_several_is_gone(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct pair_answer task;
  BASE_AUTO_BUF struct base_buf parts = {0};
  try_agreed(&a, &b);
  stix_upload_bundle(&a, 1, 1, &parts);
  stix_upload(&a, BASE_VIEW("plain"), "text/plain", &parts);
  stix_upload_bundle(&a, 2, 1, &parts);
  stix_upload_bundle(&a, 3, 1, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), id);
  pair_rest(&a, &b);
  assert_true(stix_take(&b, &task));
  stix_look_into(&b, &task);
  try_sound(&b);
  damage_found(&b, "UPDATE stix_waiting SET part = part + 2", "its part 3 is STIX, and is not in the index of STIX objects");
  assert_int_equal(stix_look(&b), 3);
  damage_found(&b, "DELETE FROM stix_parts WHERE place % 64 = 3", "its part 4 is STIX, and is not in the index of STIX objects");
  assert_int_equal(stix_look(&b), 3);
  assert_int_equal(count_of(&b, "", ""), 3);
  try_remove(&a, &b);
}

/* What one message may list has an end, so that to erase it is no long step. */
static void test_many_of_one_message(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65], sql[96];
  BASE_AUTO_BUF struct base_buf parts = {0};
  try_agreed(&a, &b);
  for (unsigned i = 0; i < 4; i++)
    stix_upload_bundle(&a, i, 1, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), id);
  for (unsigned more = 0; more < 2; more++) { /* one below, and at it */
    struct pair_answer task;
    assert_true(stix_take(&a, &task));
    stix_look_into(&a, &task);
    pair_close(&a);
    snprintf(sql, sizeof sql, "UPDATE stix_parts SET objects = %u - CASE WHEN place %% 64 < %u THEN 1 ELSE 0 END", CORE_STIX_MESSAGE_MAX / (more + 1), 1 - more);
    assert_true(damage_change(&a, sql));
    pair_open(&a);
  }
  assert_int_equal(stix_look(&a), 0);
  shown(&a, id, "\"why\":\"STIX: parts before it in its message hold 65536 objects, and a message is listed up to 65536\"");
  struct pair_answer answer = ask_as(&a, LINK_STIX_COUNT, "", "");
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, "\"parts\":2,\"unread\":2,"));
  pair_answer_free(&answer);
  pair_remove(&a);
  pair_remove(&b);
}

/* Made anew, over a crash, from parts that are in the index alone; what was counted wrong is right after it. */
static void test_again(void **state) {
  (void)state;
  static const char want[] = "{\"objects\":4,\"parts\":3,\"unread\":0,\"types\":[{\"type\":\"indicator\",\"objects\":3,\"parts\":2},"
                             "{\"type\":\"malware\",\"objects\":1,\"parts\":1}],\"more\":false,\"waiting\":0}";
  struct pair_node a, b;
  char id[65], gone[65];
  int64_t next = 0, messages = 0, parts = 0;
  struct pair_answer task;
  BASE_AUTO_BUF struct base_buf several = {0};
  try_agreed(&a, &b);
  assert_true(stix_again(&b, &next, &messages, &parts));
  assert_true(messages == 0 && parts == 0);
  stix_send(&a, &b, 1, 2, id);
  send_of(&a, &b, "hostile", "", gone);
  send_of(&a, &b, "sighting", ",\"exercise\":true", gone);
  stix_send(&a, &b, 9, 1, gone);
  erase(&b, gone);
  stix_upload(&a, BASE_VIEW("plain"), "text/plain", &several);
  stix_upload_bundle(&a, 3, 1, &several);
  stix_upload_bundle(&a, 4, 1, &several);
  try_request_with(&a, &b, try_parts_end(&several), id);
  pair_rest(&a, &b);
  assert_int_equal(stix_look(&b), 3);
  counts(&b, "", "", want);
  pair_close(&b);
  assert_true(damage_change(&b, "UPDATE stix_counts SET objects = 9"));
  pair_open(&b);
  next = 0;
  assert_true(stix_again(&b, &next, &messages, &parts));
  assert_true(messages == 2 && parts == 4);
  counts(&b, "", "", "{\"objects\":0,\"parts\":0,\"unread\":0,\"types\":[],\"more\":false,\"waiting\":4}");
  assert_true(stix_take(&b, &task));
  stix_look_into(&b, &task);
  assert_true(stix_take(&b, &task)); /* of the second message, behind one that is no STIX */
  try_restart(&b);
  pair_answer_free(&task);
  assert_true(stix_take(&b, &task));
  stix_look_into(&b, &task);
  assert_true(stix_take(&b, &task));
  next = 0;
  assert_true(stix_again(&b, &next, &messages, &parts));
  assert_int_equal(stix_give(&b, &task, NULL, BASE_VIEW("malware--" UUID "01\n")), BASE_NOT_FOUND);
  pair_answer_free(&task);
  assert_int_equal(stix_look(&b), 3);
  counts(&b, "", "", want);
  pair_refused(&b, LINK_STIX_AGAIN, "{\"actor\":\"test\",\"from\":-1}", BASE_FIELD);
  try_remove(&a, &b);
}

/* Some messages in each request, by their number and by what was listed of them. */
static void test_again_in_steps(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  int64_t next = 0, messages = 0, parts = 0;
  try_agreed(&a, &b);
  for (unsigned i = 0; i < 2; i++) {
    BASE_AUTO_BUF struct base_buf request = {0};
    stix_upload_bundle(&a, 1, CORE_STIX_AGAIN_OBJECTS, &request);
    try_request_with(&a, &b, try_parts_end(&request), id);
  }
  for (unsigned i = 0; i < CORE_STIX_AGAIN_MESSAGES; i++) {
    BASE_AUTO_BUF struct base_buf request = {0};
    stix_upload_bundle(&a, 1, 1, &request);
    try_request_with(&a, &b, try_parts_end(&request), id);
  }
  assert_int_equal(stix_look(&a), CORE_STIX_AGAIN_MESSAGES + 2);
  for (unsigned i = 0; i < 2; i++) {
    assert_false(stix_again(&a, &next, &messages, &parts));
    assert_true(messages == 1 && parts == 1);
  }
  assert_false(stix_again(&a, &next, &messages, &parts));
  assert_int_equal(messages, CORE_STIX_AGAIN_MESSAGES);
  assert_true(stix_again(&a, &next, &messages, &parts));
  assert_int_equal(messages, 0);
  assert_int_equal(waiting_of(&a), CORE_STIX_WAITING_MAX);
  assert_int_equal(stix_look(&a), CORE_STIX_AGAIN_MESSAGES + 2);
  assert_int_equal(waiting_of(&a), 0);
  pair_remove(&a);
  pair_remove(&b);
}

/* More parts than one answer opens, and none of them can be opened. */
static void test_many_that_do_not_open(void **state) {
  (void)state;
  enum { MESSAGES = CORE_STIX_OPENED / WIRE_PARTS_MAX + 1 };
  struct pair_node a, b;
  char id[65];
  try_agreed(&a, &b);
  for (unsigned i = 0; i < MESSAGES; i++) {
    BASE_AUTO_BUF struct base_buf request = {0};
    for (unsigned part = 0; part < WIRE_PARTS_MAX; part++)
      stix_upload_bundle(&a, 3 * (i * WIRE_PARTS_MAX + part), 1, &request);
    try_request_with(&a, &b, try_parts_end(&request), id);
  }
  assert_int_equal(stix_look(&a), MESSAGES * WIRE_PARTS_MAX);
  pair_close(&a);
  assert_true(damage_change(&a, "UPDATE stix_parts SET sealed = zeroblob(64)"));
  pair_open(&a);
  struct told told = listed(&a, "", "");
  assert_int_equal(wire_json_size(wire_json_get(told.json, "objects")), 0);
  assert_false(is_null(told.json, "next"));
  char next[64], members[128];
  pair_text(&told.answer, "next", next, sizeof next);
  forget(&told);
  snprintf(members, sizeof members, "\"after\":\"%s\"", next);
  told = listed(&a, "", members);
  assert_true(is_null(told.json, "next"));
  forget(&told);
  pair_remove(&a);
  pair_remove(&b);
}

static void test_many_types(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  BASE_AUTO_BUF struct base_buf octets = {0}, parts = {0};
  try_agreed(&a, &b);
  base_buf_init(&octets, 1 << 20);
  base_buf_text(&octets, "{\"type\":\"bundle\",\"id\":\"bundle--" UUID "00\",\"objects\":[");
  for (int i = 0; i <= CORE_STIX_TYPES_MAX; i++)
    base_buf_printf(&octets, "%s{\"type\":\"x-%d\",\"id\":\"x-%d--" UUID "01\"}", i == 0 ? "" : ",", i, i);
  base_buf_text(&octets, "]}");
  stix_upload(&a, base_buf_view(&octets), "application/stix+json", &parts);
  try_request_with(&a, &b, try_parts_end(&parts), id);
  assert_int_equal(stix_look(&a), 1);
  struct pair_answer answer = ask_as(&a, LINK_STIX_COUNT, "", "");
  base_buf_u8(&answer.payload, 0);
  assert_non_null(strstr((const char *)answer.payload.data, "\"more\":true,\"waiting\":0}"));
  pair_answer_free(&answer);
  counts(&a, "", "\"type\":\"x-9\"",
         "{\"objects\":513,\"parts\":1,\"unread\":0,\"types\":[{\"type\":\"x-9\",\"objects\":1,\"parts\":1}],\"more\":false,\"waiting\":0}");
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sent_and_received), cmocka_unit_test(test_in_no_index),
      cmocka_unit_test(test_reads_are_leaves),
      cmocka_unit_test(test_pages),
      cmocka_unit_test(test_crash),
      cmocka_unit_test(test_parked),
      cmocka_unit_test(test_what_is_said_is_not_trusted),
      cmocka_unit_test(test_erased),
      cmocka_unit_test(test_recalled),
      cmocka_unit_test(test_tampered),
      cmocka_unit_test(test_one_of_several_is_gone),
      cmocka_unit_test(test_many_of_one_message),
      cmocka_unit_test(test_again),
      cmocka_unit_test(test_again_in_steps),
      cmocka_unit_test(test_many_that_do_not_open),
      cmocka_unit_test(test_many_types),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
