/* SPDX-License-Identifier: Apache-2.0
 * A disk that fills up: it is said early, what is new is turned away and nothing lost, what officers need works to the
 * end, and with room again everything goes on by itself. */
#include "core_try.h"

enum { MIB = 1 << 20 };

/* Why the message waits, as an officer is told. */
static void reason_of(struct pair_node *node, const char *id, char *out, size_t size) {
  struct pair_answer answer = pair_ask(node, LINK_OUTBOX_LIST, "{\"actor\":\"test\",\"open\":true}", -1);
  struct wire_json *json = NULL;
  assert_int_equal(answer.status, BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), BASE_BUF_DEFAULT_LIMIT, "list", &json, NULL),
                   BASE_OK);
  out[0] = '\0';
  for (size_t i = 0; i < wire_json_size(json); i++)
    if (base_view_is(wire_json_text(wire_json_get(wire_json_at(json, i), "id")), id)) {
      struct base_view reason = wire_json_text(wire_json_get(wire_json_at(json, i), "reason"));
      snprintf(out, size, "%.*s", (int)reason.size, (const char *)reason.data);
    }
  wire_json_free(json);
  pair_answer_free(&answer);
}
static void expect_reason(struct pair_node *node, const char *id, const char *begin) {
  char reason[600];
  reason_of(node, id, reason, sizeof reason);
  if (strncmp(reason, begin, strlen(begin)) != 0)
    fail_msg("%s: \"%s\" instead of \"%s\"", node->name, reason, begin);
}
static void refused_locally(struct pair_node *node, struct pair_node *to) {
  char json[256];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":{}}", to->name);
  pair_refused(node, LINK_CASE_OPEN, json, BASE_DISK_FULL);
  pair_refused(node, LINK_PART_BEGIN, "{\"actor\":\"test\"}", BASE_DISK_FULL);
}
static uint64_t reserve_of(const struct pair_node *node) {
  char path[200];
  struct stat status;
  snprintf(path, sizeof path, "%s/core/reserve", node->dir);
  assert_int_equal(stat(path, &status), 0);
  return (uint64_t)status.st_blocks * 512;
}

static void test_levels(void **state) {
  (void)state;
  static const struct {
    uint64_t mib;
    enum core_room_level want;
  } steps[] = {
      {9000, CORE_ROOM_ENOUGH}, {8191, CORE_ROOM_WARNING}, {9000, CORE_ROOM_WARNING}, {9300, CORE_ROOM_ENOUGH},
      {100, CORE_ROOM_WARNING}, {63, CORE_ROOM_LOW},       {65, CORE_ROOM_LOW},       {73, CORE_ROOM_WARNING},
      {15, CORE_ROOM_FULL},     {17, CORE_ROOM_FULL},      {19, CORE_ROOM_LOW},       {1 << 19, CORE_ROOM_ENOUGH},
  };
  struct pair_node a, b;
  try_partners(&a, &b);
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    a.room = steps[i].mib * MIB;
    pair_settle(&a);
    if (a.core->room.level != steps[i].want)
      fail_msg("%u MiB free: %s", (unsigned)steps[i].mib, core_room_name(a.core->room.level));
  }
  a.room = 63 * MIB;
  assert_in_range(pair_settle(&a), 1, CORE_ROOM_SOON_MS);
  struct pair_answer answer = pair_ask(&a, LINK_NODE_STATUS, "{\"actor\":\"test\"}", -1);
  char level[16];
  pair_text(&answer, "disk", level, sizeof level);
  assert_string_equal(level, "low");
  pair_answer_free(&answer);
  try_remove(&a, &b);
}

static void test_incoming_message(void **state) {
  (void)state;
  struct pair_node a, b;
  char first[65], second[65];
  try_agreed(&a, &b);
  b.room = CORE_DISK_LOW - 1;
  uint64_t size = b.core->reg.size, held = try_partner(&b)->row.received_number;
  pair_request(&a, &b, first);
  pair_request(&a, &b, second);
  assert_true(pair_send(&a, &b));
  expect_reason(&a, first, "paris has no room on its disk; tried again in 1 s");
  assert_int_equal(pair_outbox(&a, second, NULL), STORE_WAITING);
  refused_locally(&b, &a);
  (void)try_run(&a, &b, 60000);
  assert_int_equal(b.core->reg.size, size);
  assert_int_equal(try_partner(&b)->row.received_number, held);
  try_expect(&b, WIRE_ACT_FAULT, 0, NULL);
  try_expect(&a, WIRE_ACT_FAULT, 0, NULL);
  expect_reason(&a, first, "paris has no room on its disk; tried again in ");
  b.room = CORE_DISK_LOW;
  (void)try_run(&a, &b, 31000);
  try_receipted(&a, first);
  try_receipted(&a, second);
  assert_int_equal(try_agree(&a, &b), 3);
  try_remove(&a, &b);
}

/* What he took before is answered nevertheless, and what he receipted for us is taken. */
static void test_receipts_under_way(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  assert_true(try_answer_lost(&a, &b));
  a.room = b.room = CORE_DISK_LOW - 1;
  (void)try_run(&a, &b, 5000);
  try_receipted(&a, request);
  try_remove(&a, &b);
}

static void test_incoming_parts(void **state) {
  (void)state;
  enum { SIZE = 9 * MIB };
  struct pair_node a, b;
  struct base_buf parts = {0};
  char request[65];
  try_agreed(&a, &b);
  try_upload(&a, SIZE, 3, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), request);
  base_buf_free(&parts);
  a.ms += 100;
  assert_true(pair_send(&a, &b)); /* the message */
  a.ms += 100;
  assert_true(pair_send(&a, &b)); /* some records */
  b.room = CORE_DISK_LOW - 1;
  struct base_id id = try_id(request);
  struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_part row;
  assert_int_equal(store_part_get(b.core->store, &id, 0, &arena, &row, NULL), BASE_OK);
  uint32_t held = row.records_held;
  assert_in_range(held, 1, 8);
  (void)try_run(&a, &b, 40000);
  assert_int_equal(store_part_get(b.core->store, &id, 0, &arena, &row, NULL), BASE_OK);
  assert_int_equal(row.records_held, held);
  expect_reason(&a, request, "paris has no room on its disk; tried again in ");
  b.room = CORE_DISK_LOW;
  (void)try_run(&a, &b, 40000);
  try_receipted(&a, request);
  try_part_arrived(&b, SIZE, 3);
  base_arena_free(&arena);
  try_remove(&a, &b);
}

/* The exchange rests, the reserve is given back, officers go on. */
static void test_full(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], mine[65], json[200];
  try_agreed(&a, &b);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  assert_in_range(reserve_of(&b), CORE_RESERVE, CORE_RESERVE + MIB);
  try_no_gate(&b);
  pair_request(&b, &a, mine);
  b.room = 0;
  pair_settle(&b);
  assert_int_equal(reserve_of(&b), 0);
  uint64_t size = b.core->reg.size;
  assert_false(try_lost(&b));
  expect_reason(&b, mine, "the disk of paris is full");
  pair_request(&a, &b, request);
  assert_true(pair_send(&a, &b));
  expect_reason(&a, request, "paris has no room on its disk");
  assert_int_equal(b.core->reg.size, size);
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"no room\"}", mine);
  struct pair_answer answer = pair_ask(&b, LINK_CASE_SHOW, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  answer = pair_ask(&b, LINK_OUTBOX_END, json, -1);
  assert_int_equal(answer.status, BASE_OK);
  pair_answer_free(&answer);
  try_suspend(&b, &a, "suspended");
  try_suspend(&b, &a, "active");
  assert_true(b.core->reg.size > size);
  b.ms += CORE_ROOM_SOON_MS;
  b.room = 2 * CORE_DISK_LOW;
  (void)try_run(&a, &b, 35000);
  assert_in_range(reserve_of(&b), CORE_RESERVE, CORE_RESERVE + MIB);
  try_receipted(&a, request);
  try_same_numbers(&a, &b);
  try_same_numbers(&b, &a);
  try_remove(&a, &b);
}

/* A quota is not seen in the room of the disk: after a write was refused the exchange rests all the same. */
static void test_denied(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65];
  try_agreed(&a, &b);
  try_no_gate(&b);
  pair_request(&b, &a, mine);
  pair_settle(&b);
  struct base_error err = {0};
  enum base_code code = base_fail(&err, BASE_DISK_FULL, "the test says so");
  assert_int_equal(core_lose(b.core, code, &err), BASE_DISK_FULL);
  pair_settle(&b);
  assert_int_equal(reserve_of(&b), 0);
  assert_false(try_lost(&b));
  try_suspend(&b, &a, "suspended");
  try_suspend(&b, &a, "active");
  b.ms += CORE_ROOM_SOON_MS;
  pair_settle(&b);
  assert_in_range(reserve_of(&b), CORE_RESERVE, CORE_RESERVE + MIB);
  (void)try_run(&a, &b, 1000);
  try_receipted(&b, mine);
  try_remove(&a, &b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_incoming_message),
      cmocka_unit_test(test_receipts_under_way),
      cmocka_unit_test(test_incoming_parts),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_denied),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
