/* SPDX-License-Identifier: Apache-2.0 */
#include "store_help.h"

#include "store/sql.h"

/* Moving a store from SQLite to PostgreSQL: all of it or nothing, and what does not arrive as it was is noticed. */

enum { LEAVES = 1201 }; /* more than two batches of a table's rows */

struct box {
  struct store *from, *target; /* target: within a transaction */
  int from_dir, target_dir;
  char from_path[256], target_path[256];
  struct place_name name;
};

static void open_target(struct box *box) {
  struct store_server *server = place_server(box->target_dir);
  ok(store_open_target(server, &box->target, &error));
  ok(store_begin(box->target, &error));
}

static int64_t add_partner(struct store *store, const char *name) {
  struct store_partner partner = {.origin = base_view_text(name),
                                  .name = base_view_text(name),
                                  .card = BASE_VIEW("{\"card\": \"\xd9\x88\xd8\xb5\xd9\x84\"}"),
                                  .fingerprint = BASE_VIEW(""),
                                  .last_contact = 1700000000};
  ok(store_partner_add(store, &partner, &error));
  return partner.number;
}

/* At least one row in every table, and among them what engines keep in different ways: NULL, nothing, negative numbers,
 * octets that are no text, names in another order than any language's. */
static void fill(struct store *store) {
  static const char *const names[] = {"b", "B", "\xc3\xa9", "a-", "a", "z", "A"};
  struct base_hash root = hash_of(1);
  struct base_id first = id_of(1), second = id_of(2), third = id_of(3);
  int64_t key;
  ok(store_begin(store, &error));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    ok(store_fact_set(store, names[i], BASE_VIEW("\0\xff"), &error));
  ok(store_opening_key_add(store, UINT32_MAX, BASE_VIEW("wrapped"), &key, &error));
  for (uint64_t i = 0; i < LEAVES; i++) {
    struct store_leaf leaf = {.index = i, .opening_key = -key, .entry = BASE_VIEW("leaf")};
    ok(store_leaf_add(store, &leaf, &error));
  }
  ok(store_tile_put(store, 63, 9, BASE_VIEW("hash"), &error));
  ok(store_head_put(store, LEAVES, &root, BASE_VIEW("note"), &error));
  int64_t paris = add_partner(store, "paris");
  ok(store_head_cosign(store, paris, LEAVES, BASE_VIEW("line"), &error));
  ok(store_partner_head_put(store, paris, INT64_MAX, BASE_VIEW("note"), &error));
  struct store_case kase = {
      .id = first, .kind = BASE_VIEW("request"), .state = BASE_VIEW("asked"), .opener = BASE_VIEW("o"),
      .exercise = true};
  ok(store_case_put(store, &kase, &error));
  struct store_message message = {.id = first,
                                  .case_id = first,
                                  .part_count = 1,
                                  .type = BASE_VIEW("ask"),
                                  .header = BASE_VIEW("{}"),
                                  .wrapped_key = BASE_VIEW("wrapped")};
  ok(store_message_add(store, &message, &error));
  ok(store_message_wait(store, &second, &third, &error));
  struct store_part part = {.message = first, .token = hash_of(5), .file = BASE_VIEW("f"), .size = (uint64_t)1 << 40};
  ok(store_part_put(store, &part, &error));
  struct store_delivery delivery = {.message = first,
                                    .case_id = first,
                                    .partner = paris,
                                    .number = 1,
                                    .state = STORE_RECEIPTED,
                                    .leaf = BASE_VIEW("leaf")};
  ok(store_delivery_add(store, &delivery, &error));
  struct store_arrival arrival = {.partner = paris, .number = 1, .voided = true};
  ok(store_arrival_add(store, &arrival, &error));
  ok(store_evidence_add(store, 7, paris, BASE_VIEW("fork"), BASE_VIEW("heads"), 1, &error));
  struct store_carried carried = {.made = 1700000000, .number = 1, .base_count = 1, .bases = {7}};
  ok(store_carried_put(store, paris, &carried, &error));
  ok(store_carried_answer_add(store, paris, 5, &error));
  struct store_comparison comparison = {.made = 1, .equal_known_outcomes = hash_of(8), .difference = BASE_VIEW("none")};
  ok(store_comparison_put(store, paris, &comparison, &error));
  struct store_alarm alarm = {.clock = 1, .level = 2, .due = 1700000000, .leaf = 3};
  ok(store_alarm_put(store, &first, &alarm, &error));
  alarm.of_item = true;
  alarm.item = second;
  ok(store_alarm_put(store, &first, &alarm, &error));
  ok(store_mention_add(store, &third, &first, &error));
  ok(store_retention_put(store, &first, 1700000000, &error));
  struct store_release release = {.number = 1, .message = first, .until = 1700000000, .person = BASE_VIEW("amal"), .held = 3};
  ok(store_release_add(store, &release, &error));
  ok(store_review_move(store, &first, 1700000000, &error));
  struct store_ends ends = {.case_id = first, .ends = 1700000000, .look = INT64_MAX};
  ok(store_ends_put(store, &ends, &error));
  ok(store_due_put(store, &first, &first, paris, &error));
  struct store_pictured pictured = {
      .week = 604800, .kind = BASE_VIEW("k"), .field = BASE_VIEW("f"), .region = BASE_VIEW("r"), .author = BASE_VIEW("a")};
  ok(store_pictured_add(store, &first, &pictured, &error));
  struct store_picture_alert told = {.week = 604800, .kind = BASE_VIEW("k"), .code = BASE_VIEW("f/r"), .cases = 3, .most = 2};
  ok(store_picture_alert_add(store, &told, &error));
  struct store_stix_part stix = {.message = first, .case_id = first, .objects = 1, .sealed = BASE_VIEW("sealed")};
  struct base_hash token = hash_of(9);
  ok(store_stix_wait(store, &first, 1, &error));
  ok(store_stix_part_put(store, &stix, &error));
  ok(store_stix_type_add(store, &stix, BASE_VIEW("malware"), 1, &error));
  ok(store_stix_id_add(store, &stix, &token, &error));
  ok(store_match_add(store, &first, &(struct store_match_token){{0xff, 1, 2}}, 18, &error));
  struct store_erasure erasure = {.message = first, .leaf = 9};
  ok(store_erasure_put(store, &erasure, &error));
  ok(store_commit(store, &error));
}

static int set_up(void **state) {
  static struct box box;
  box.from_dir = new_folder(box.from_path);
  box.target_dir = new_folder(box.target_path);
  box.name = place_of_folder(box.target_dir);
  ok(store_open(box.from_dir, NULL, &box.from, &error));
  fill(box.from);
  open_target(&box);
  *state = &box;
  return 0;
}

static int tear_down(void **state) {
  struct box *box = *state;
  store_close(box->target);
  store_close(box->from);
  remove_folder(box->target_dir, box->target_path);
  remove_folder(box->from_dir, box->from_path);
  return 0;
}

static void expect(struct box *box, const char *sql, const char *wanted) {
  char found[32];
  place_ask(&box->name, sql, found, sizeof found);
  assert_string_equal(found, wanted);
}

static void all_of_it_arrives(void **state) {
  struct box *box = *state;
  struct store_copied copied;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  ok(store_copy(box->from, box->target, &copied, &error));
  assert_int_equal(copied.tables, store_table_count);
  expect(box, "SELECT count(*) FROM leaves", "0");
  ok(store_commit(box->target, &error));
  for (size_t i = 0; i < store_table_count; i++) {
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM %s", store_tables[i].name);
    expect(box, sql, "t");
  }
  struct store_arrival arrival;
  struct store_leaf leaf;
  struct base_id zero = {{0}};
  ok(store_arrival_get(box->target, 1, 1, &arena, &arrival, &error));
  assert_true(base_id_equal(&arrival.message, &zero) && arrival.voided);
  ok(store_leaf_get(box->target, LEAVES - 1, &arena, &leaf, &error));
  assert_true(same(leaf.entry, "leaf") && leaf.opening.size == 0 && leaf.opening_key == -1);
  /* Numbers go on where they were. */
  ok(store_begin(box->target, &error));
  leaf.index = LEAVES;
  ok(store_leaf_add(box->target, &leaf, &error));
  assert_int_equal(add_partner(box->target, "rabat"), 2);
  ok(store_commit(box->target, &error));
}

static void what_is_not_committed_leaves_nothing(void **state) {
  struct box *box = *state;
  struct store_copied copied;
  ok(store_copy(box->from, box->target, &copied, &error));
  store_close(box->target);
  expect(box, "SELECT count(*) FROM leaves", "0");
  open_target(box);
  ok(store_copy(box->from, box->target, &copied, &error));
  ok(store_commit(box->target, &error));
}

/* Between the copy's commit and its first use it may be made again; afterwards never. */
static void a_copy_that_nobody_used_is_made_again(void **state) {
  struct box *box = *state;
  struct store_copied copied, again;
  ok(store_copy(box->from, box->target, &copied, &error));
  ok(store_commit(box->target, &error));
  store_close(box->target);
  open_target(box);
  ok(store_copy(box->from, box->target, &again, &error));
  assert_int_equal(again.rows, copied.rows);
  ok(store_commit(box->target, &error));
  store_close(box->target);
  ok(place_open(box->target_dir, &box->target, &error));
  store_close(box->target);
  open_target(box);
  fails(BASE_EXISTS, store_copy(box->from, box->target, &again, &error));
  assert_non_null(strstr(error.text, "a node's data is in this database already: name an empty one"));
}

/* What a database changes on the way: one octet, one row less, one more. */
static void what_did_not_arrive_is_noticed(void **state) {
  static const char *const faults[] = {
      "IF TG_OP = 'INSERT' AND NEW.leaf_index = 600 THEN NEW.entry = '\\x6c656166ff'::bytea; END IF; RETURN NEW;",
      "IF NEW.leaf_index = 1200 THEN RETURN NULL; END IF; RETURN NEW;",
      "IF NEW.leaf_index = 1200 THEN INSERT INTO leaves VALUES(5000, 1, '', ''); END IF; RETURN NEW;",
  };
  struct box *box = *state;
  struct store_copied copied = {0};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    char sql[512];
    store_rollback(box->target);
    snprintf(sql, sizeof sql,
             "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s END $$;"
             " CREATE OR REPLACE TRIGGER fault BEFORE INSERT ON leaves FOR EACH ROW EXECUTE FUNCTION fault()",
             faults[i]);
    place_run(&box->name, sql);
    ok(store_begin(box->target, &error));
    fails(BASE_CORRUPT, store_copy(box->from, box->target, &copied, &error));
    assert_non_null(strstr(error.text, "the table leaves has"));
    assert_int_equal(copied.rows, 0);
  }
}

static void sqlite_is_no_target(void **state) {
  struct box *box = *state;
  struct store_copied copied;
  fails(BASE_INTERNAL, store_copy(box->target, box->from, &copied, &error));
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  if (!place_postgresql()) {
    printf("PostgreSQL is asked for by WASL_STORE=postgresql\n");
    return 77;
  }
  const struct CMUnitTest tests[] = {
      test(all_of_it_arrives),
      test(what_is_not_committed_leaves_nothing),
      test(a_copy_that_nobody_used_is_made_again),
      test(what_did_not_arrive_is_noticed),
      test(sqlite_is_no_target),
  };
  return cmocka_run_group_tests_name("store copy", tests, NULL, NULL);
}
