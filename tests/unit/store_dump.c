/* SPDX-License-Identifier: Apache-2.0
 * Rows out of a store that goes on, and a store made of rows. */
#include "store_help.h"

#include "store/sqlite.h"

struct box {
  struct store *store;
  int dir, other_dir;
  char path[256], other_path[256];
};

static int set_up(void **state) {
  static struct box box;
  box.dir = new_folder(box.path);
  box.other_dir = new_folder(box.other_path);
  ok(store_open(box.dir, NULL, &box.store, &error));
  *state = &box;
  return 0;
}

static int tear_down(void **state) {
  struct box *box = *state;
  store_close(box->store);
  remove_folder(box->other_dir, box->other_path);
  remove_folder(box->dir, box->path);
  return 0;
}

static void add_leaves(struct store *store, uint64_t from, uint64_t to) {
  ok(store_begin(store, &error));
  for (uint64_t i = from; i < to; i++) {
    struct store_leaf leaf = {.index = i, .entry = BASE_VIEW("leaf"), .opening = BASE_VIEW("\0sealed")};
    ok(store_leaf_add(store, &leaf, &error));
  }
  ok(store_commit(store, &error));
}

static uint64_t count_of(struct store *store) {
  uint64_t count = 0;
  ok(store_leaf_count(store, &count, &error));
  return count;
}

static struct store_load *load_of(const struct box *box, uint32_t schema) {
  struct store_load *load = NULL;
  ok(store_load_open(box->other_dir, schema, &load, &error));
  return load;
}

/* Every row of the dump, taken by the load. */
static uint64_t pour(struct store_dump *dump, struct store_load *load) {
  bool end = false;
  uint64_t rows = 0;
  while (!end) {
    BASE_AUTO_BUF struct base_buf bytes = {0};
    struct wire_backup_frame frame;
    size_t used;
    base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
    ok(store_dump_next(dump, &bytes, &end, &error));
    ok(wire_backup_frame_read(base_buf_view(&bytes), &frame, &used, &error));
    assert_int_equal(used, bytes.size);
    if (used > 0 && frame.type == WIRE_BACKUP_TABLE)
      ok(store_load_table(load, frame.name, &error));
    else if (used > 0)
      ok(store_load_row(load, frame.values, frame.count, &error));
    rows += used > 0 && frame.type == WIRE_BACKUP_ROW;
  }
  return rows;
}

static void a_moment_of_a_store_that_goes_on(void **state) {
  struct box *box = *state;
  struct store_dump *dump = NULL;
  struct store *made = NULL;
  add_leaves(box->store, 0, 1000);
  ok(store_begin(box->store, &error));
  ok(store_fact_set(box->store, "clock", BASE_VIEW("one"), &error)); /* not committed: not in it */
  ok(store_dump_open(box->store, &dump, &error));
  ok(store_fact_set(box->store, "clock", BASE_VIEW("two"), &error));
  ok(store_commit(box->store, &error));
  add_leaves(box->store, 1000, 1700);
  store_tidy(box->store, true);
  assert_int_equal(count_of(store_dump_view(dump)), 1000);
  struct store_load *load = load_of(box, store_schema_version());
  uint64_t rows = pour(dump, load);
  assert_int_equal(rows, store_dump_rows(dump));
  assert_int_equal(rows, 1000);
  store_dump_close(dump);
  ok(store_load_end(load, &error));
  store_load_close(load);
  ok(store_open(box->other_dir, NULL, &made, &error));
  assert_int_equal(count_of(made), 1000);
  BASE_AUTO_BUF struct base_buf out = {0};
  fails(BASE_NOT_FOUND, store_fact_get(made, "clock", &out, &error));
  ok(store_check(made, &error));
  store_close(made);
  assert_int_equal(fchdir(box->dir), 0);
  assert_int_equal(count_of(box->store), 1700);
  store_tidy(box->store, true);
}

/* Nobody writes through the view of a moment. */
static void a_moment_cannot_be_changed(void **state) {
  struct box *box = *state;
  struct store_dump *dump = NULL;
  add_leaves(box->store, 0, 1);
  ok(store_dump_open(box->store, &dump, &error));
  struct store *view = store_dump_view(dump);
  if (store_begin(view, &error) == BASE_OK)
    assert_int_not_equal(store_fact_set(view, "x", BASE_VIEW("y"), &error), BASE_OK);
  store_rollback(view);
  store_dump_close(dump);
}

static void rows_that_no_table_holds_are_refused(void **state) {
  struct box *box = *state;
  struct store_load *load = NULL;
  struct wire_backup_value values[WIRE_BACKUP_VALUES_MAX] = {{.type = WIRE_BACKUP_NULL}};
  fails(BASE_CONFLICT, store_load_open(box->other_dir, store_schema_version() + 1, &load, &error));
  fails(BASE_CONFLICT, store_load_open(box->other_dir, 0, &load, &error));
  load = load_of(box, store_schema_version());
  fails(BASE_SYNTAX, store_load_row(load, values, 1, &error)); /* before any table */
  fails(BASE_SYNTAX, store_load_table(load, BASE_VIEW("nothing_like_it"), &error));
  fails(BASE_SYNTAX, store_load_table(load, BASE_VIEW("sqlite_schema"), &error));
  ok(store_load_table(load, BASE_VIEW("facts"), &error));
  fails(BASE_SYNTAX, store_load_row(load, values, 1, &error));
  fails(BASE_SYNTAX, store_load_row(load, values, 3, &error));
  values[0] = (struct wire_backup_value){.type = WIRE_BACKUP_TEXT, .bytes = BASE_VIEW("name")};
  values[1] = (struct wire_backup_value){.type = WIRE_BACKUP_NUMBER, .number = 1}; /* not of the column's type */
  fails(BASE_SYNTAX, store_load_row(load, values, 2, &error));
  values[1] = (struct wire_backup_value){.type = WIRE_BACKUP_BLOB, .bytes = BASE_VIEW("value")};
  ok(store_load_row(load, values, 2, &error));
  fails(BASE_SYNTAX, store_load_row(load, values, 2, &error)); /* twice */
  store_load_close(load);
}

static void a_row_that_names_nothing_is_refused(void **state) {
  struct box *box = *state;
  struct store_load *load = load_of(box, store_schema_version());
  struct wire_backup_value values[2] = {{.type = WIRE_BACKUP_NUMBER, .number = 7},
                                        {.type = WIRE_BACKUP_NUMBER, .number = 1}};
  ok(store_load_table(load, BASE_VIEW("carried_answers"), &error));
  ok(store_load_row(load, values, 2, &error));
  fails(BASE_SYNTAX, store_load_end(load, &error));
  store_load_close(load);
  fails(BASE_EXISTS, store_load_open(box->other_dir, store_schema_version(), &load, &error));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_moment_of_a_store_that_goes_on, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_moment_cannot_be_changed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rows_that_no_table_holds_are_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_row_that_names_nothing_is_refused, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
