/* SPDX-License-Identifier: Apache-2.0
 * Parts on an unlucky line: they arrive byte for byte, nothing that is held is sent again, and they delay nobody else.
 */
#include "core_try.h"

static void make_sizes(struct pair_node *a, const struct pair_node *b, char id[65]) {
  struct base_buf parts = {0};
  static const uint64_t sizes[] = {0, 1, 1 << 20, (5 << 20) + 3};
  for (uint64_t i = 0; i < 4; i++)
    try_upload(a, sizes[i], i, &parts);
  try_request_with(a, b, try_parts_end(&parts), id);
  base_buf_free(&parts);
}
static void check_sizes(struct pair_node *b) {
  try_part_arrived(b, 0, 0);
  try_part_arrived(b, 1, 1);
  try_part_arrived(b, 1 << 20, 2);
  try_part_arrived(b, (5 << 20) + 3, 3);
}

static void test_sizes(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  try_agreed(&a, &b);
  make_sizes(&a, &b, request);
  assert_true(pair_send(&a, &b));
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_UNDER_WAY);
  pair_rest(&a, &b);
  try_receipted(&a, request);
  check_sizes(&b);
  assert_int_equal(try_part_files(&b), 4);
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* Records of a parcel, by what the receiver sees after unsealing: its size tells well enough. */
static uint64_t parcel_size(const struct pair_parcel *parcel) {
  struct stat status;
  assert_int_equal(fstat(parcel->fd, &status), 0);
  return (uint64_t)status.st_size;
}

/* Each consignment is cut off in turn, and one side or the other starts again: what is held is not sent again. */
static void cut(bool answer_lost, bool restart_a, bool restart_b) {
  struct pair_node a, b;
  char request[65];
  uint64_t bytes = 0;
  struct pair_parcel parcel;
  try_agreed(&a, &b);
  make_sizes(&a, &b, request);
  for (int i = 0; i < 40 && pair_outbox(&a, request, NULL) != STORE_RECEIPTED; i++) {
    a.ms += 31000;
    b.ms += 31000;
    if (!pair_take(&a, &parcel))
      continue;
    bytes += parcel_size(&parcel);
    struct pair_answer answer = pair_give(&a, &b, parcel.fd);
    assert_int_equal(answer.status, BASE_OK);
    if (restart_b)
      try_restart(&b);
    pair_done(&a, parcel.exchange, answer_lost && i % 2 == 0 ? NULL : &answer);
    if (restart_a && i % 3 == 2)
      try_restart(&a);
    pair_answer_free(&answer);
    close(parcel.fd);
  }
  try_receipted(&a, request);
  check_sizes(&b);
  /* 6 MiB and 4 octets; a lost answer costs at most the records of one consignment each */
  uint64_t once = (6 << 20) + (64 << 10);
  assert_true(bytes < (answer_lost ? 2 * once + (4 << 20) : once));
  pair_rest(&a, &b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}
static void test_cut(void **state) {
  (void)state;
  cut(false, false, false);
  cut(false, true, true);
  cut(true, false, true);
  cut(true, true, false);
}

/* Order within a case is kept while a big part of the first message is missing; another case is not delayed. */
static void test_order(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], withdraw[65], other[65];
  struct base_buf parts = {0};
  struct pair_parcel parcel;
  try_agreed(&a, &b);
  try_upload(&a, 9 << 20, 7, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), request);
  base_buf_free(&parts);
  try_send(&a, request, "withdraw", "{}", withdraw);
  pair_request(&a, &b, other);
  assert_true(pair_send(&a, &b));
  if (pair_outbox(&a, other, NULL) != STORE_RECEIPTED)
    assert_true(pair_send(&a, &b)); /* the first consignment left with the first message alone */
  try_receipted(&a, other);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_UNDER_WAY);
  assert_int_equal(pair_outbox(&a, withdraw, NULL), STORE_UNDER_WAY);
  while (pair_outbox(&a, request, NULL) != STORE_RECEIPTED) {
    a.ms += 31000;
    b.ms += 31000;
    if (!pair_take(&a, &parcel))
      continue;
    struct pair_answer answer = pair_give(&a, &b, parcel.fd);
    struct base_id id = try_id(request);
    struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_message row;
    assert_int_equal(store_message_get(b.core->store, &id, &arena, &row, NULL), BASE_OK);
    bool complete = row.state == STORE_MESSAGE_HELD;
    base_arena_free(&arena);
    /* The answer with both receipts is lost: the second one is asked for again, too. */
    pair_done(&a, parcel.exchange,
              complete && a.ms % 2 == 0 && pair_outbox(&a, request, NULL) != STORE_RECEIPTED &&
                      try_partner(&a)->failures == 0
                  ? NULL
                  : &answer);
    pair_answer_free(&answer);
    close(parcel.fd);
  }
  try_run(&a, &b, 35000);
  try_receipted(&a, withdraw);
  try_state(&b, request, "withdrawn");
  try_part_arrived(&b, 9 << 20, 7);
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* Ended while its parts are on the way: the receiver refuses it and keeps nothing; what follows it goes the same way.
 */
static void test_ended_pending(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65], clarify[65], answer[65], third[65];
  struct base_buf parts = {0};
  try_agreed(&a, &b);
  pair_request(&b, &a, request);
  pair_rest(&a, &b);
  try_upload(&a, 16 << 20, 8, &parts);
  try_send_with(&a, request, "clarify", try_question, try_parts_end(&parts), clarify);
  base_buf_free(&parts);
  assert_true(pair_send(&a, &b));
  assert_true(pair_send(&a, &b));
  assert_int_equal(try_part_files(&b), 1);
  try_send(&a, request, "answer", try_answer, answer);
  assert_true(pair_send(&a, &b));
  assert_int_equal(pair_outbox(&a, answer, NULL), STORE_UNDER_WAY);
  try_end(&a, clarify);
  pair_rest(&a, &b);
  try_run(&a, &b, 5000);
  assert_int_equal(pair_outbox(&a, clarify, NULL), STORE_ENDED);
  assert_int_equal(pair_outbox(&a, answer, NULL), STORE_REFUSED);
  assert_int_equal(try_part_files(&b), 0);
  try_expect(&b, WIRE_ACT_REFUSED, 2, "refused-by-policy: it follows message");
  try_state(&a, request, "asked");
  try_agree(&a, &b);
  try_send(&a, request, "answer", try_answer, third);
  pair_rest(&a, &b);
  try_receipted(&a, third);
  try_state(&b, request, "answered");
  try_agree(&a, &b);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* Ended in the moment when a consignment is on the way whose answer speaks of later numbers. */
static void test_ended_in_flight(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  struct base_buf parts = {0};
  struct pair_parcel parcel;
  try_agreed(&a, &b);
  try_upload(&a, 9 << 20, 9, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), request);
  base_buf_free(&parts);
  assert_true(pair_send(&a, &b));
  assert_true(pair_take(&a, &parcel)); /* records */
  try_end(&a, request);
  struct pair_answer answer = pair_give(&a, &b, parcel.fd);
  pair_done(&a, parcel.exchange, &answer);
  pair_answer_free(&answer);
  close(parcel.fd);
  pair_rest(&a, &b);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_ENDED);
  try_expect(&b, WIRE_ACT_REFUSED, 1, "refused-by-policy: the sender ended it");
  assert_int_equal(try_part_files(&b), 0);
  assert_int_equal(try_run(&a, &b, 40000), 0);
  try_remove(&a, &b);
}

/* A file may take hours: what ends meanwhile ends it too, and not only for the next message. */
static void test_law_ends(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], request[65], end[65];
  struct base_buf parts = {0};
  try_partners(&a, &b);
  pair_agree(&a, &b, agreement);
  try_upload(&a, 16 << 20, 9, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), request);
  base_buf_free(&parts);
  assert_true(pair_send(&a, &b));
  assert_true(pair_send(&a, &b)); /* records */
  assert_int_equal(try_part_files(&b), 1);
  try_send(&a, agreement, "end", "{\"reason\":\"r\"}", end);
  pair_rest(&a, &b);
  try_run(&a, &b, 5000);
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_REFUSED);
  try_expect(&a, WIRE_ACT_VOIDED, 1, "no-legal-basis");
  assert_int_equal(try_part_files(&b), 0);
  try_remove(&a, &b);
}

/* A long chain of messages waits for the parts of the first: it is admitted whole when they come, without deep
 * recursion. */
static void test_long_chain(void **state) {
  (void)state;
  const int chain = place_postgresql() ? 300 : 1200; /* its length is core's matter, and a server takes a minute for it */
  struct pair_node a, b;
  char request[65], last[65];
  struct base_buf parts = {0};
  try_agreed(&a, &b);
  pair_request(&b, &a, request);
  pair_rest(&a, &b);
  try_upload(&a, 48 << 20, 10, &parts);
  try_send_with(&a, request, "partial_answer", try_answer, try_parts_end(&parts), last);
  base_buf_free(&parts);
  try_no_gate(&a);
  for (int i = 0; i < chain; i++)
    try_send(&a, request, "partial_answer", try_answer, last);
  while (try_partner(&b)->row.received_number < (uint64_t)chain + 2)
    pair_send(&a, &b);
  assert_int_equal(pair_outbox(&a, last, NULL), STORE_UNDER_WAY);
  pair_rest(&a, &b);
  try_run(&a, &b, 5000);
  try_receipted(&a, last);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* More parts in one consignment than are kept open at once. */
static void test_many_small(void **state) {
  (void)state;
  struct pair_node a, b;
  char requests[2][65];
  try_agreed(&a, &b);
  try_no_gate(&a);
  for (unsigned i = 0; i < 2; i++) {
    struct base_buf parts = {0};
    for (unsigned k = 0; k < WIRE_PARTS_MAX; k++)
      try_upload(&a, k, 1000 * i + k, &parts);
    try_request_with(&a, &b, try_parts_end(&parts), requests[i]);
    base_buf_free(&parts);
  }
  assert_true(2 * WIRE_PARTS_MAX > CORE_ARRIVING_MAX);
  assert_true(pair_send(&a, &b));
  assert_int_equal(b.core->arriving_count, 0);
  assert_true(pair_send(&a, &b));
  assert_int_equal(b.core->arriving_count, CORE_ARRIVING_MAX);
  for (unsigned i = 0; i < 2; i++) {
    try_receipted(&a, requests[i]);
    for (unsigned k = 1; k < WIRE_PARTS_MAX; k++)
      try_part_arrived(&b, k, 1000 * i + k);
  }
  pair_rest(&a, &b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* The one file of parts of the node. */
static void part_path(const struct pair_node *node, char *out, size_t size) {
  char command[256], name[64] = "";
  snprintf(command, sizeof command, "ls '%s/core/parts'", node->dir);
  FILE *pipe = popen(command, "r");
  assert_int_equal(fscanf(pipe, "%63s", name), 1);
  pclose(pipe);
  snprintf(out, size, "%s/core/parts/%s", node->dir, name);
}
static void asked_is(struct pair_node *node, enum link_request_code code, const char *json, enum base_code want,
                     const char *words) {
  struct pair_answer answer = pair_ask(node, code, json, -1);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, words) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* A part that is damaged on the disk: which part of which message, and what to do; said at once when it is asked for
 * again, since an answer that has begun can only break off. What was well again is read again. */
static void test_damaged(void **state) {
  (void)state;
  enum { SIZE = (2 << 20) + 9, PLACE = (1 << 20) + 100 };
  struct pair_node a, b;
  struct base_buf parts = {0};
  char request[65], path[300], open_json[200], read_json[200], words[160];
  try_agreed(&a, &b);
  try_upload(&a, SIZE, 7, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), request);
  base_buf_free(&parts);
  pair_rest(&a, &b);
  try_part_arrived(&b, SIZE, 7);
  struct seal_hasher *hasher = seal_hasher_new();
  for (uint64_t at = 0; at < SIZE; at++) {
    uint8_t octet = try_octet(7, at);
    seal_hasher_add(hasher, base_view_of(&octet, 1));
  }
  struct base_hash sha256 = seal_hasher_end(hasher);
  seal_hasher_free(hasher);
  snprintf(open_json, sizeof open_json, "{\"actor\":\"test\",\"sha256\":\"%s\"}", base_hash_text(&sha256).text);
  snprintf(read_json, sizeof read_json, "{\"message\":\"%s\",\"part\":0,\"record\":1}", request);
  snprintf(words, sizeof words, "part 1 of message %s is damaged on this node's disk: ", request);
  part_path(&b, path, sizeof path);
  int fd = open(path, O_RDWR);
  uint8_t octet = 0;
  assert_int_equal(pread(fd, &octet, 1, PLACE), 1);
  octet ^= 1;
  assert_int_equal(pwrite(fd, &octet, 1, PLACE), 1);
  asked_is(&b, LINK_PART_OPEN, open_json, BASE_OK, "records");
  asked_is(&b, LINK_PART_READ, read_json, BASE_CORRUPT, words);
  uint64_t size = b.core->reg.size;
  asked_is(&b, LINK_PART_OPEN, open_json, BASE_CORRUPT, words);
  asked_is(&b, LINK_PART_OPEN, open_json, BASE_CORRUPT, "ask rabat to send it again");
  assert_int_equal(b.core->reg.size, size); /* nobody read anything */
  octet ^= 1;
  assert_int_equal(pwrite(fd, &octet, 1, PLACE), 1);
  try_part_arrived(&b, SIZE, 7);
  assert_int_equal(ftruncate(fd, PLACE), 0);
  close(fd);
  asked_is(&b, LINK_PART_READ, read_json, BASE_CORRUPT, words);
  assert_int_equal(unlink(path), 0);
  pair_close(&b);
  pair_open(&b);
  asked_is(&b, LINK_PART_OPEN, open_json, BASE_CORRUPT, words);
  part_path(&a, path, sizeof path);
  assert_int_equal(unlink(path), 0);
  asked_is(&a, LINK_PART_OPEN, open_json, BASE_CORRUPT, "send the file again");
  pair_remove(&a);
  pair_remove(&b);
}

/* A part that is damaged before it went out holds up its own message alone: the others go on, other cases and what
 * comes later too. It is shown as damaged, and goes when the file was put back, or is ended. */
static void test_damaged_on_its_way(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_buf parts = {0}, more = {0};
  char bad[65], good[65], later[65], path[300], kept[320], words[200];
  try_agreed(&a, &b);
  try_upload(&a, 2 << 20, 7, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), bad);
  part_path(&a, path, sizeof path);
  snprintf(kept, sizeof kept, "%s.kept", path);
  try_upload(&a, 3 << 20, 8, &more);
  try_request_with(&a, &b, try_parts_end(&more), good);
  assert_int_equal(rename(path, kept), 0);
  pair_rest(&a, &b);
  try_receipted(&a, good);
  try_part_arrived(&b, 3 << 20, 8);
  snprintf(words, sizeof words, "part 1 of message %s is damaged on this node's disk", bad);
  try_outbox_says(&a, bad, "damaged", words);
  try_outbox_says(&a, bad, "damaged", "wasl outbox end");
  pair_request(&a, &b, later);
  pair_rest(&a, &b);
  try_receipted(&a, later);
  assert_int_equal(rename(kept, path), 0);
  for (int i = 0; i < 10; i++) {
    a.ms += CORE_STUCK_AGAIN_MS / 5;
    b.ms += CORE_STUCK_AGAIN_MS / 5;
    pair_rest(&a, &b);
  }
  try_receipted(&a, bad);
  try_part_arrived(&b, 2 << 20, 7);
  try_outbox_says(&a, bad, "receipted", "");
  base_buf_free(&parts);
  parts = (struct base_buf){0};
  try_upload(&a, 1 << 20, 9, &parts);
  try_request_with(&a, &b, try_parts_end(&parts), bad);
  char command[320];
  snprintf(command, sizeof command, "rm '%s'/core/parts/*", a.dir);
  assert_int_equal(system(command), 0);
  pair_rest(&a, &b);
  try_outbox_says(&a, bad, "damaged", "damaged on this node's disk");
  try_restart(&a);
  pair_request(&a, &b, later);
  pair_rest(&a, &b);
  try_receipted(&a, later);
  try_end(&a, bad);
  pair_rest(&a, &b);
  assert_int_equal(try_run(&a, &b, 2000), 0);
  try_outbox_says(&a, bad, "ended", "");
  try_expect(&b, WIRE_ACT_REFUSED, 1, "refused-by-policy: the sender ended it");
  base_buf_free(&parts);
  base_buf_free(&more);
  pair_remove(&a);
  pair_remove(&b);
}

/* Uploads that no message came to name make room for new ones, the oldest first; those under way do not. */
static void test_forgotten_uploads(void **state) {
  (void)state;
  struct pair_node a, b;
  char id[65];
  struct base_buf first = {0}, last = {0};
  try_agreed(&a, &b);
  try_upload(&a, 10, 1, &first);
  for (int i = 0; i < CORE_STAGES_MAX; i++) {
    base_buf_reset(&last);
    try_upload(&a, 10, 2, &last);
  }
  struct base_buf json = {0};
  try_request_json(&b, try_parts_end(&first), &json);
  pair_refused(&a, LINK_CASE_OPEN, (const char *)json.data, BASE_CONFLICT);
  try_request_with(&a, &b, try_parts_end(&last), id);
  for (int i = 0; i < CORE_STAGES_MAX; i++) {
    struct pair_answer answer = pair_ask(&a, LINK_PART_BEGIN, "{\"actor\":\"test\"}", -1);
    assert_int_equal(answer.status, BASE_OK);
    pair_answer_free(&answer);
  }
  pair_refused(&a, LINK_PART_BEGIN, "{\"actor\":\"test\"}", BASE_BUSY);
  base_buf_free(&json);
  base_buf_free(&first);
  base_buf_free(&last);
  pair_remove(&a);
  pair_remove(&b);
}

/* What a message named in this step makes no room, and no other message names it. */
static void test_taken_upload(void **state) {
  (void)state;
  struct pair_node a, b;
  struct base_buf first = {0}, other = {0}, json = {0};
  try_agreed(&a, &b);
  try_upload(&a, 1000, 1, &first);
  for (int i = 1; i < CORE_STAGES_MAX; i++)
    try_upload(&a, 10, 2, &other);
  try_request_json(&b, try_parts_end(&first), &json);
  uint64_t token = a.next_token;
  a.next_token += 3;
  core_input(a.core, LINK_CASE_OPEN, token, base_view_text((const char *)json.data), -1);
  core_input(a.core, LINK_CASE_OPEN, token + 1, base_view_text((const char *)json.data), -1);
  core_input(a.core, LINK_PART_BEGIN, token + 2, BASE_VIEW("{\"actor\":\"test\"}"), -1);
  pair_settle(&a);
  static const enum base_code want[] = {BASE_OK, BASE_CONFLICT, BASE_OK};
  for (uint64_t i = 0; i < 3; i++) {
    struct pair_answer answer;
    assert_true(pair_find(&a, token + i, &answer));
    assert_int_equal(answer.status, want[i]);
    pair_answer_free(&answer);
  }
  pair_rest(&a, &b);
  try_part_arrived(&a, 1000, 1);
  try_part_arrived(&b, 1000, 1);
  base_buf_free(&json);
  base_buf_free(&first);
  base_buf_free(&other);
  try_remove(&a, &b);
}

static void have_parts(struct pair_node *node, bool may) {
  const struct core_kind *kind = core_kind_named(node->core, BASE_VIEW("request"));
  kind->kind.types[kind->kind.opening].no_parts = !may;
}

/* Where the form is all that may be said: refused here, and not believed of a node that lets it through. */
static void test_no_parts(void **state) {
  (void)state;
  pair_kinds_apart = true;
  struct pair_node a, b;
  struct base_buf parts = {0}, json = {0};
  char id[65], why[300] = "";
  try_agreed(&a, &b);
  try_upload(&a, 100, 3, &parts);
  try_request_json(&b, try_parts_end(&parts), &json);
  have_parts(&a, false);
  have_parts(&b, false);
  struct pair_answer answer = pair_ask(&a, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_u8(&answer.payload, 0);
  assert_int_equal(answer.status, BASE_FIELD);
  assert_non_null(strstr((const char *)answer.payload.data, "parts: a message of the type ask has no files"));
  pair_answer_free(&answer);
  have_parts(&a, true);
  pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, id);
  pair_rest(&a, &b);
  assert_int_equal(try_leaves(&b, WIRE_ACT_REFUSED, why, sizeof why), 1);
  assert_non_null(strstr(why, "parts: a message of the type ask has no files"));
  base_buf_reset(&json);
  base_buf_printf(&json, "{\"actor\":\"test\",\"handling\":\"amber; he was convicted\",\"kind\":\"request\",\"to\":[\"%s\"],\"fields\":"
                         "{\"subject\":\"s\",\"sought\":\"information\",\"urgency\":\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\","
                         "\"language\":\"fr\"}}%c",
                  b.name, 0);
  pair_id(&a, LINK_CASE_OPEN, (const char *)json.data, id); /* nor a mark */
  pair_rest(&a, &b);
  assert_int_equal(try_leaves(&b, WIRE_ACT_REFUSED, why, sizeof why), 2);
  assert_non_null(strstr(why, "handling: a message of the type ask has no restriction in words"));
  have_parts(&a, false);
  answer = pair_ask(&a, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_u8(&answer.payload, 0);
  assert_int_equal(answer.status, BASE_FIELD);
  assert_non_null(strstr((const char *)answer.payload.data, "handling: a message of the type ask has no restriction in words"));
  pair_answer_free(&answer);
  try_request_with(&a, &b, "[]", id);
  pair_rest(&a, &b);
  try_receipted(&a, id);
  base_buf_free(&parts);
  base_buf_free(&json);
  try_remove(&a, &b);
  pair_kinds_apart = false;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forgotten_uploads),
      cmocka_unit_test(test_taken_upload),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_ended_pending),
      cmocka_unit_test(test_ended_in_flight),
      cmocka_unit_test(test_law_ends),
      cmocka_unit_test(test_long_chain),
      cmocka_unit_test(test_many_small),
      cmocka_unit_test(test_damaged),
      cmocka_unit_test(test_damaged_on_its_way),
      cmocka_unit_test(test_no_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
