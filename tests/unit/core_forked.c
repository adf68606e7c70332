/* SPDX-License-Identifier: Apache-2.0
 * Registers that went back or split in two: the partner notices, and so does the node itself. */
#include "core_ask.h"
#include "core_damage.h"

#include "core/cards.h"

static void copy(const struct pair_node *node, const char *from, const char *to) {
  char command[512];
  snprintf(command, sizeof command, "rm -rf '%s%s' && cp -a '%s%s' '%s%s'", node->dir, to, node->dir, from, node->dir,
           to);
  assert_int_equal(system(command), 0);
  char source[160], target[160];
  snprintf(source, sizeof source, "%s%s", node->dir, from);
  snprintf(target, sizeof target, "%s%s", node->dir, to);
  struct place_name backup = place_of(source), restored = place_of(target);
  place_copy(&backup, &restored);
}

/* It knows that it lost leaves, also after a restart, says so wherever it is asked, and sends nothing new. */
static void expect_lost(struct pair_node *node, const char *partner) {
  struct base_buf found = {0};
  for (int again = 0; again < 2; again++) {
    struct pair_answer answer = pair_ask(node, LINK_NODE_STATUS, "{\"actor\":\"test\"}", -1);
    base_buf_u8(&answer.payload, 0);
    char said[120];
    snprintf(said, sizeof said, "\"unsound\":[\"this register lost leaves: %s holds a head of it that ", partner);
    if (strstr((const char *)answer.payload.data, said) == NULL)
      fail_msg("%s", (const char *)answer.payload.data);
    pair_answer_free(&answer);
    base_buf_reset(&found);
    try_check(node, &found);
    base_buf_u8(&found, 0);
    assert_non_null(strstr((const char *)found.data, "\nregister: this register lost leaves"));
    pair_refused(node, LINK_CASE_OPEN, "{\"actor\":\"test\",\"kind\":\"request\",\"to\":[\"rabat\"],\"fields\":{}}",
                 BASE_POLICY);
    try_restart(node);
  }
  base_buf_free(&found);
}

static void lost_remove(struct pair_node *a, struct pair_node *lost) {
  try_sound(a);
  pair_remove(a);
  pair_remove(lost);
}

/* The database alone is old: the keeper knows better, and the node does not start. */
static void test_database_rolled_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  struct base_error err = {0};
  try_agreed(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old");
  pair_open(&b);
  pair_request(&a, &b, request);
  pair_rest(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/new");
  copy(&b, "/old", "/core");
  char path[160];
  snprintf(path, sizeof path, "%s/keeper", b.dir);
  int keeper_dir = open(path, O_RDONLY | O_DIRECTORY);
  snprintf(path, sizeof path, "%s/core", b.dir);
  int core_dir = open(path, O_RDONLY | O_DIRECTORY);
  assert_int_equal(keeper_open(keeper_dir, &b.world, &b.keeper, &err), BASE_OK);
  struct core_environment environment = {.world = &b.world,
                                         .keeper = {.context = &b,
                                                    .info = pair_info,
                                                    .attest = pair_attest,
                                                    .cosign = pair_cosign,
                                                    .remembers = pair_remembers,
                                                    .renew = pair_renew,
                                                    .succeed = pair_succeed,
                                                    .card = pair_card,
                                                    .follow = pair_follow,
                                                    .forget = pair_forget,
                                                    .decapsulate = pair_decapsulate,
                                                    .wrap = pair_wrap,
                                                    .unwrap = pair_unwrap,
                                                    .retire = pair_retire,
                                                    .list = pair_list},
                                         .dir = core_dir,
                                         .database = place_server(core_dir),
                                         .card = base_buf_view(&b.card),
                                         .shipped = pair_shipped(&b),
                                         .context = &b,
                                         .answer = pair_take_answer};
  struct core *core = NULL;
  assert_int_equal(core_open(&environment, &core, &err), BASE_ROLLBACK);
  keeper_close(b.keeper);
  close(keeper_dir);
  close(core_dir);
  copy(&b, "/new", "/core");
  pair_open(&b);
  pair_rest(&a, &b);
  try_agree(&a, &b);
  try_remove(&a, &b);
}

/* Two that agreed; then b took three requests of a, and is put back to before them, keeper and all. */
static void rolled_back(struct pair_node *a, struct pair_node *b) {
  char request[65];
  try_agreed(a, b);
  pair_close(b);
  copy(b, "/core", "/old-core");
  copy(b, "/keeper", "/old-keeper");
  pair_open(b);
  for (int i = 0; i < 3; i++) {
    pair_request(a, b, request);
    pair_rest(a, b);
  }
  pair_close(b);
  copy(b, "/old-core", "/core");
  copy(b, "/old-keeper", "/keeper");
  pair_open(b);
}

/* Keeper and database are old: the partner cosigned more, says so, and stops when the head stays old. */
static void test_node_rolled_back(void **state) {
  (void)state;
  struct pair_node a, b;
  char request[65];
  rolled_back(&a, &b);
  uint64_t size = a.core->reg.size;
  pair_request(&a, &b, request);
  for (int i = 0; i < 3; i++) {
    a.ms += 31000;
    b.ms += 31000;
    pair_send(&a, &b);
  }
  try_expect(&a, WIRE_ACT_FAULT, 1, "rollback: ");
  assert_true(try_partner(&a)->stopped);
  assert_int_equal(try_partner(&a)->trouble_code, BASE_ROLLBACK);
  assert_non_null(strstr(try_partner(&a)->trouble, "wasl partner resume paris"));
  assert_non_null(strstr(try_partner(&a)->trouble, "wasl register show "));
  assert_int_equal(a.core->reg.size, size + 3); /* who wrote, the message, the fault */
  assert_int_equal(pair_outbox(&a, request, NULL), STORE_WAITING);
  expect_lost(&b, "rabat");
  lost_remove(&a, &b);
}

/* It learns it too when it is the one who sends. */
static void test_node_rolled_back_sends(void **state) {
  (void)state;
  struct pair_node a, b;
  char mine[65];
  rolled_back(&a, &b);
  pair_request(&b, &a, mine);
  assert_true(pair_send(&b, &a));
  assert_int_not_equal(pair_outbox(&b, mine, NULL), STORE_RECEIPTED);
  expect_lost(&b, "rabat");
  b.ms += 60000;
  assert_false(try_lost(&b)); /* what waits does not go either */
  lost_remove(&a, &b);
}

static void rotate(struct pair_node *node, bool seal) {
  char request[64];
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"sign\":true%s}", seal ? ",\"seal\":true" : "");
  struct pair_answer answer = pair_ask(node, LINK_KEY_ROTATE, request, -1);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
  pair_settle(node);
}

/* Two that agreed; then b changed its log key, told a of it, and is put back to before, keeper and all. Afterwards b
 * writes so many leaves, or changes its key itself. What the partner holds is signed by a key that b does not know any
 * more: the cards in between lead there. */
enum goes_on { BELOW_THE_CHANGE, BEYOND_THE_CHANGE, WITH_ANOTHER_KEY, UNREADABLE };
static void rolled_back_before_a_key(enum goes_on how, const char *found) {
  struct pair_node a, b;
  char mine[65], said[80];
  try_agreed(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/old-core");
  copy(&b, "/keeper", "/old-keeper");
  pair_open(&b);
  for (int i = 0; i < 4; i++) {
    if (i >= 2)
      rotate(&b, how == UNREADABLE);
    pair_request(&b, &a, mine);
    pair_rest(&a, &b);
  }
  assert_int_equal(try_partner(&a)->card.generation, 3);
  uint64_t size = try_partner(&a)->seen_size;
  pair_close(&b);
  copy(&b, "/old-core", "/core");
  copy(&b, "/old-keeper", "/keeper");
  pair_open(&b);
  assert_int_equal(b.core->card.generation, 1);
  if (how == WITH_ANOTHER_KEY)
    rotate(&b, false);
  if (how == BELOW_THE_CHANGE || how == UNREADABLE)
    pair_request(&a, &b, mine);
  else
    do
      pair_request(&b, &a, mine);
    while (how == BEYOND_THE_CHANGE && b.core->reg.size <= size);
  for (int i = 0; i < 3; i++) { /* a asks about an older head, with a question of its own */
    a.ms += 31000;
    b.ms += 31000;
    pair_send(&b, &a);
    pair_send(&a, &b);
  }
  char reason[600] = "";
  unsigned faults = try_leaves(&a, WIRE_ACT_FAULT, reason, sizeof reason);
  if (found == NULL ? faults != 0 : strncmp(reason, found, strlen(found)) != 0)
    fail_msg("%u: %s", faults, reason);
  /* Who has an old key alone stops nothing, nor what may have been overtaken. */
  assert_int_equal(try_partner(&a)->stopped, how == BELOW_THE_CHANGE || how == WITH_ANOTHER_KEY);
  assert_int_not_equal(pair_outbox(how == BELOW_THE_CHANGE || how == UNREADABLE ? &a : &b, mine, NULL),
                       STORE_RECEIPTED);
  snprintf(said, sizeof said, "and the card of generation 3 with it (here: %u)", how == WITH_ANOTHER_KEY ? 2 : 1);
  if (strstr(b.core->lost, said) == NULL || strstr(b.core->lost, "--number 2)") == NULL)
    fail_msg("%s", b.core->lost);
  expect_lost(&b, "rabat");
  if (strstr(b.core->lost, said) == NULL || b.core->lost_generation != 3) /* after a restart, too */
    fail_msg("%s", b.core->lost);
  b.ms += 60000;
  assert_false(try_lost(&b));
  lost_remove(&a, &b);
}
static void test_rolled_back_below_a_key(void **state) {
  (void)state;
  rolled_back_before_a_key(BELOW_THE_CHANGE, "rollback: a head of ");
}
static void test_rolled_back_beyond_a_key(void **state) {
  (void)state;
  rolled_back_before_a_key(BEYOND_THE_CHANGE, "signature: a head of ");
}
static void test_rolled_back_with_another_key(void **state) {
  (void)state;
  rolled_back_before_a_key(WITH_ANOTHER_KEY, "fork: another card of generation 2 came ");
}

/* Sealed to a key that it does not have any more: it asks, and is told. */
static void test_rolled_back_cannot_open(void **state) {
  (void)state;
  rolled_back_before_a_key(UNREADABLE, NULL);
}

/* The number of the last fault's leaf. */
static uint64_t last_fault(struct pair_node *node) {
  for (uint64_t index = node->core->reg.size; index-- > 0;) {
    char request[64];
    snprintf(request, sizeof request, "{\"actor\":\"amal\",\"n\":%llu}", (unsigned long long)index);
    struct told told = tell(node, LINK_REGISTER_SHOW, request);
    bool fault = wire_json_type(wire_json_get(wire_json_get(told.json, "opening"), "evidence")) == WIRE_JSON_TEXT;
    forget(&told);
    if (fault)
      return index;
  }
  fail_msg("no leaf names evidence");
  return 0;
}

/* Two notes, each signed by the partner, that the leaf commits to: who has his card needs nothing else. */
static void expect_evidence(struct pair_node *node, const struct wire_vkey *log) {
  char request[64];
  struct base_error err = {0};
  struct base_buf octets = {0};
  struct base_hash hash;
  snprintf(request, sizeof request, "{\"actor\":\"amal\",\"n\":%llu}", (unsigned long long)last_fault(node));
  struct told told = tell(node, LINK_REGISTER_SHOW, request);
  base_buf_init(&octets, CORE_EVIDENCE_MAX);
  assert_int_equal(base_base64_parse(wire_json_text(wire_json_get(told.json, "evidence")), &octets, &err), BASE_OK);
  assert_true(base_hash_parse(wire_json_text(wire_json_get(wire_json_get(told.json, "opening"), "evidence")), &hash));
  struct base_hash found = seal_sha256(base_buf_view(&octets));
  assert_true(base_hash_equal(&hash, &found));
  /* The second begins where the first one's signatures end. */
  base_buf_u8(&octets, 0);
  char *text = (char *)octets.data, *second = strstr(strstr(text, "\n\n") + 2, "\nwasl/");
  assert_non_null(second);
  struct wire_checkpoint heads[2];
  struct base_view notes[2] = {base_view_of(text, (size_t)(second + 1 - text)), base_view_text(second + 1)};
  for (size_t i = 0; i < 2; i++) {
    struct wire_note note;
    if (wire_note_parse(notes[i], &note, &err) != BASE_OK ||
        wire_checkpoint_parse(note.text, &heads[i], &err) != BASE_OK)
      fail_msg("%s", err.text);
    bool signed_by_him = false;
    for (size_t j = 0; j < note.signature_count && !signed_by_him; j++)
      signed_by_him = note.signatures[j].id == log->id && note.signatures[j].size == 64 &&
                      seal_verify(&log->key, note.text, note.signatures[j].bytes);
    assert_true(signed_by_him);
  }
  assert_true(base_view_equal(heads[0].origin, heads[1].origin));
  assert_false(heads[0].size == heads[1].size && base_hash_equal(&heads[0].root, &heads[1].root));
  base_buf_free(&octets);
  forget(&told);
}

/* Evidence that goes, changes, or comes from nowhere is missed by the check. */
static void expect_guarded(struct pair_node *node) {
  static const struct {
    const char *sql, *says;
  } changes[] = {
      {"UPDATE evidence SET leaf = leaf + 1000", "the evidence that it names is not here any more"},
      {"UPDATE evidence SET leaf = leaf - 1000, bytes = x'00'", "the evidence kept with it is not what it names"},
      {"INSERT INTO evidence(leaf, partner, kept, name, bytes) SELECT 1, partner, kept, name, bytes FROM evidence"
       " ORDER BY leaf LIMIT 1",
       "evidence of leaf 1: that leaf does not name it"},
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    struct base_buf found = {0};
    damage_sql(node, changes[i].sql);
    assert_true(try_check(node, &found) > 0);
    base_buf_u8(&found, 0);
    if (strstr((const char *)found.data, changes[i].says) == NULL)
      fail_msg("%s: %s", changes[i].sql, (const char *)found.data);
    base_buf_free(&found);
  }
}

/* Nothing new is taken for one that this node stopped: why, since when and what to do is said, and on record; the list
 * of partners says so, too. */
static void expect_refused(struct pair_node *a, const struct pair_node *b) {
  struct base_buf json = {0};
  char reason[600] = "", state[20];
  unsigned before = try_count(a, WIRE_ACT_DENIED);
  try_request_json(b, "[]", &json);
  pair_refused(a, LINK_CASE_OPEN, (const char *)json.data, BASE_POLICY);
  base_buf_free(&json);
  assert_int_equal(try_leaves(a, WIRE_ACT_DENIED, reason, sizeof reason), before + 1);
  assert_memory_equal(reason, "refused-by-policy: paris contradicts", 36);
  assert_non_null(strstr(reason, base_time_format(try_partner(a)->stopped_at).text));
  assert_non_null(strstr(reason, "wasl partner resume paris"));
  struct pair_answer answer = pair_ask(a, LINK_PARTNER_LIST, "{\"actor\":\"test\"}", -1);
  struct wire_json *list = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&answer.payload), 1 << 20, "list", &list, NULL), BASE_OK);
  struct base_view said = wire_json_text(wire_json_get(wire_json_at(list, 0), "state"));
  snprintf(state, sizeof state, "%.*s", (int)said.size, (const char *)said.data);
  assert_string_equal(state, "stopped");
  assert_int_equal(wire_json_text(wire_json_get(wire_json_at(list, 0), "stopped")).size, BASE_TIME_TEXT);
  wire_json_free(list);
  pair_answer_free(&answer);
}

/* A copy of the whole node writes, and the node itself too: whoever comes second is found out. */
static void forked(unsigned first, unsigned second) {
  struct pair_node a, b;
  char request[65], mine[65];
  try_agreed(&a, &b);
  pair_close(&b);
  copy(&b, "/core", "/copy-core");
  copy(&b, "/keeper", "/copy-keeper");
  pair_open(&b);
  for (unsigned i = 0; i < first; i++)
    pair_request(&b, &a, request);
  pair_rest(&a, &b);
  try_receipted(&b, request);
  pair_close(&b);
  copy(&b, "/copy-core", "/core");
  copy(&b, "/copy-keeper", "/keeper");
  pair_open(&b);
  uint64_t number = try_partner(&a)->row.received_number;
  for (unsigned i = 0; i < second; i++)
    pair_request(&b, &a, request);
  pair_request(&a, &b, mine);
  /* Only what each is ready to send: A's word about what it cosigned last leads B to prove from there. */
  for (int i = 0; i < 8; i++) {
    a.ms += 31000;
    b.ms += 31000;
    pair_send(&b, &a);
    pair_send(&a, &b); /* and A asks about an older head */
  }
  char reason[600] = "";
  assert_in_range(try_leaves(&a, WIRE_ACT_FAULT, reason, sizeof reason), 1, 2); /* a number used again, perhaps */
  if (strncmp(reason, "fork: ", 6) != 0 && strncmp(reason, "consistency: ", 13) != 0 &&
      strncmp(reason, "rollback: ", 10) != 0)
    fail_msg("%s", reason);
  assert_int_equal(try_partner(&a)->row.received_number, number);
  assert_int_not_equal(pair_outbox(&b, request, NULL), STORE_RECEIPTED);
  assert_true(try_partner(&a)->stopped);
  assert_int_not_equal(pair_outbox(&a, mine, NULL), STORE_RECEIPTED);
  a.ms += 60000;
  assert_false(try_lost(&a));
  base_time stopped_at = try_partner(&a)->stopped_at;
  assert_true(stopped_at != 0 && stopped_at <= a.now);
  try_restart(&a); /* a person decides, not a restart */
  assert_int_equal(try_partner(&a)->stopped_at, stopped_at);
  a.ms += 60000;
  assert_true(try_partner(&a)->stopped);
  assert_false(try_lost(&a));
  expect_refused(&a, &b);
  try_suspend(&a, &b, "active");
  try_restart(&a);
  assert_false(try_partner(&a)->stopped);
  expect_lost(&b, "rabat");
  try_sound(&a);
  expect_evidence(&a, &core_cards_newest(&try_partner(&a)->cards)->log);
  expect_guarded(&a);
  pair_remove(&a);
  pair_remove(&b);
}
static void test_forked_same_size(void **state) {
  (void)state;
  forked(2, 2);
}
static void test_forked_larger(void **state) {
  (void)state;
  forked(1, 4);
}
static void test_forked_smaller(void **state) {
  (void)state;
  forked(4, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_database_rolled_back),
      cmocka_unit_test(test_node_rolled_back),
      cmocka_unit_test(test_forked_same_size),
      cmocka_unit_test(test_forked_larger),
      cmocka_unit_test(test_forked_smaller),
      cmocka_unit_test(test_node_rolled_back_sends),
      cmocka_unit_test(test_rolled_back_below_a_key),
      cmocka_unit_test(test_rolled_back_beyond_a_key),
      cmocka_unit_test(test_rolled_back_with_another_key),
      cmocka_unit_test(test_rolled_back_cannot_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
