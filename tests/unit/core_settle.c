/* SPDX-License-Identifier: Apache-2.0
 * The database fails once, at every statement and at every commit, on either side: the step is taken back, nothing of
 * it is acknowledged, memory is loaded anew, the exchange goes on by itself, and what is stored in the end is what it
 * would be had nothing failed. */
#include "core_fails.h"
#include "store/sql.h"

enum way { STATEMENT, COMMIT, UNKNOWN, WAYS }; /* UNKNOWN: kept, but that was never said: the process ends over it */

static struct {
  const struct store_engine *real;
  struct store_engine engine;
  struct pair_node *node;
  enum way way;
  bool armed, seen;
  int calls, at; /* the call that fails, counted from 0 */
} database;

static bool fails(struct store *store, enum way way, struct base_error *err) {
  if (!database.armed || store != database.node->core->store || way != database.way || database.calls++ != database.at)
    return false;
  store->failed = true;
  (void)base_fail(err, BASE_IO, "the disk does not answer, says the test");
  return true;
}
static enum base_code fail_run(struct store *store, enum store_statement statement, const struct store_value *values,
                               size_t count, uint64_t *changed, struct base_error *err) {
  return fails(store, STATEMENT, err) ? BASE_IO : database.real->run(store, statement, values, count, changed, err);
}
static enum base_code fail_open(struct store_rows *rows, const struct store_value *values, size_t count,
                                struct base_error *err) {
  return fails(rows->store, STATEMENT, err) ? BASE_IO : database.real->open(rows, values, count, err);
}
static enum base_code fail_commit(struct store *store, struct base_error *err) {
  if (fails(store, COMMIT, err))
    return BASE_IO;
  enum base_code code = database.real->commit(store, err);
  return code == BASE_OK && fails(store, UNKNOWN, err) ? BASE_IO : code;
}
static void make_fail(struct pair_node *node, enum way way, int at) {
  struct store *store = node->core->store;
  memset(&database, 0, sizeof database);
  database.real = store->engine;
  database.engine = *store->engine;
  database.engine.run = fail_run;
  database.engine.open = fail_open;
  database.engine.commit = fail_commit;
  database.node = node;
  database.armed = true;
  database.way = way;
  database.at = at;
  store->engine = &database.engine;
}
static bool reached(void) {
  return database.calls > database.at;
}

/* What memory says of the store. */
struct memory {
  uint64_t size, sent, received, cosigned, head, agreements, owes;
  struct base_hash root, sent_previous, received_previous;
};
static struct memory memory_of(struct pair_node *node) {
  const struct store_partner *row = &try_partner(node)->row;
  return (struct memory){.size = node->core->reg.size,
                         .sent = row->sent_number,
                         .received = row->received_number,
                         .cosigned = row->cosigned_size,
                         .head = row->head_size,
                         .agreements = node->core->agreement_count,
                         .owes = row->owes_cosign,
                         .root = node->core->reg.attested_root,
                         .sent_previous = row->sent_previous,
                         .received_previous = row->received_previous};
}
/* After the failure, once: memory is what the store says. Every other time nobody looks, so that what stands in memory
 * is what the exchange goes on with. */
static void look(void) {
  if (!reached() || database.seen)
    return;
  database.seen = true;
  if (database.way == UNKNOWN) {
    try_restart(database.node);
  } else if (database.at % 2 == 0) {
    try_sound(database.node);
    struct memory before = memory_of(database.node);
    struct base_error err = {0};
    assert_int_equal(core_reload(database.node->core, &err), BASE_OK);
    struct memory after = memory_of(database.node);
    /* That a cosignature was delivered is written with the next thing that is: the store may believe that it is owed. */
    assert_true(after.owes || !before.owes);
    before.owes = after.owes;
    assert_memory_equal(&before, &after, sizeof before);
    pair_settle(database.node);
  }
}

static void carry(struct pair_node *a, struct pair_node *b) {
  for (int i = 0; i < 6; i++) {
    a->ms += 31000;
    b->ms += 31000;
    fails_hand(a, b);
    look();
    fails_hand(b, a);
    look();
  }
}
static void newest(struct pair_node *node, char id[65]) {
  int64_t key = 0;
  struct base_arena arena = {0};
  struct store_message row;
  base_arena_init(&arena, 1 << 20);
  while (store_message_next(node->core->store, &key, &arena, &row, NULL) == BASE_OK)
    snprintf(id, 65, "%s", base_id_text(&row.id).text);
  base_arena_free(&arena);
}
/* Until it is acknowledged, as a person would try again, with the same upload. What was not acknowledged is not there,
 * unless nobody knows, and it is. */
static void submit(struct pair_node *node, enum link_request_code code, const char *begin, bool part, char id[65]) {
  struct base_buf json = {0}, parts = {0};
  if (part)
    try_upload(node, 100000, 7, &parts);
  base_buf_printf(&json, "%s,\"parts\":%s}", begin, part ? try_parts_end(&parts) : "[]");
  base_buf_u8(&json, 0);
  base_buf_free(&parts);
  uint64_t size = node->core->reg.size;
  enum base_code status = BASE_IO;
  for (int tries = 0; status != BASE_OK; tries++) {
    struct pair_answer answer;
    assert_int_equal(node->core->reg.size, size);
    assert_true(tries < 2);
    assert_true(fails_ask(node, code, (const char *)json.data, -1, &answer));
    look();
    status = answer.status;
    pair_text(&answer, "id", id, 65);
    pair_answer_free(&answer);
    if (status != BASE_OK && database.way == UNKNOWN) {
      newest(node, id);
      status = BASE_OK;
    }
  }
  base_buf_free(&json);
}
static void end(struct pair_node *node, const char *id) {
  char json[160];
  snprintf(json, sizeof json, "{\"actor\":\"test\",\"id\":\"%s\",\"reason\":\"no longer needed\"}", id);
  for (int i = 0;; i++) {
    struct pair_answer answer;
    assert_true(fails_ask(node, LINK_OUTBOX_END, json, -1, &answer));
    look();
    enum base_code status = answer.status;
    pair_answer_free(&answer);
    if (status == BASE_OK || database.way == UNKNOWN)
      return;
    assert_true(i == 0);
  }
}

static const char opening[] =
    "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"sought\":\"information\","
    "\"urgency\":\"normal\",\"purpose\":\"trafficking\",\"question\":\"q\",\"language\":\"fr\"}";

/* A request and its answer, both with a part, and a request that is ended before it went. True when it failed. */
static bool fail_at(enum way way, int at, bool sender) {
  struct pair_node a, b;
  char request[65], answer[65], ended[65], begin[200];
  try_agreed(&a, &b);
  make_fail(sender ? &a : &b, way, at);
  submit(&a, LINK_CASE_OPEN, opening, true, request);
  carry(&a, &b);
  snprintf(begin, sizeof begin, "{\"actor\":\"test\",\"id\":\"%s\",\"type\":\"answer\",\"fields\":%s", request,
           try_answer);
  submit(&b, LINK_CASE_SEND, begin, true, answer);
  carry(&a, &b);
  try_no_gate(&a);
  submit(&a, LINK_CASE_OPEN, opening, false, ended);
  end(&a, ended);
  carry(&a, &b);
  bool failed = reached();
  assert_true(!failed || database.seen);
  database.armed = false; /* what the test reads is no part of it */
  try_receipted(&a, request);
  try_receipted(&b, answer);
  assert_int_equal(pair_outbox(&a, ended, NULL), STORE_ENDED);
  try_state(&a, request, "answered");
  try_part_arrived(&a, 100000, 7);
  try_part_arrived(&b, 100000, 7);
  assert_int_equal(try_count(&a, WIRE_ACT_SENT), 3);
  assert_int_equal(try_count(&a, WIRE_ACT_VOIDED), 1);
  assert_int_equal(try_count(&b, WIRE_ACT_SENT), 2);
  assert_int_equal(try_count(&b, WIRE_ACT_RECEIVED), 2);
  assert_int_equal(try_count(&a, WIRE_ACT_RECEIVED), 2);
  assert_int_equal(try_count(&a, WIRE_ACT_FAULT) + try_count(&b, WIRE_ACT_FAULT), 0);
  assert_int_equal(try_part_files(&a), 2);
  assert_int_equal(try_part_files(&b), 2);
  try_remove(&a, &b);
  return failed;
}
/* Returns only when a run reached its end without a failure. */
static void fail_everywhere(enum way way, int step, int at_least) {
  for (int side = 0; side < 2; side++) {
    int at = getpid() % step;
    while (fail_at(way, at, side == 0))
      at += step;
    print_message("way %d on side %d: %d calls\n", (int)way, side, at);
    assert_true(at >= at_least);
  }
}
static void test_statement(void **state) {
  (void)state;
  fail_everywhere(STATEMENT, try_stride(11), 100); /* both odd and even ones */
}
static void test_commit(void **state) {
  (void)state;
  fail_everywhere(COMMIT, try_stride(2), 8);
}
static void test_unknown(void **state) {
  (void)state;
  fail_everywhere(UNKNOWN, try_stride(2), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_commit),
      cmocka_unit_test(test_unknown),
      cmocka_unit_test(test_statement),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
