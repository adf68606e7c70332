/* SPDX-License-Identifier: Apache-2.0 */
#include "store_help.h"

#include "store/postgresql.h"

/* What only PostgreSQL can do to a store: refuse, vanish, be taken over, promise less than it says. */

struct box {
  struct store *store;
  int dir;
  char path[256];
  struct place_name name;
};

static int set_up(void **state) {
  static struct box box;
  box.dir = new_folder(box.path);
  box.name = place_of_folder(box.dir);
  ok(place_open(box.dir, &box.store, &error));
  *state = &box;
  return 0;
}

static int tear_down(void **state) {
  struct box *box = *state;
  store_close(box->store);
  unlinkat(box->dir, STORE_PASSWORD_FILE, 0);
  remove_folder(box->dir, box->path);
  return 0;
}

static void has(const char *words) {
  if (strstr(error.text, words) == NULL)
    fail_msg("\"%s\" is not in: %s", words, error.text);
}

static enum base_code connect_to(int dir, const char *uri) {
  struct store_server *server = NULL;
  enum base_code code = store_server_connect(dir, base_view_text(uri), &server, &error);
  assert_true((code == BASE_OK) == (server != NULL));
  store_server_close(server);
  return code;
}

/* The tests' database, reached as `user` with something more. */
static const char *uri_with(const char *user, const char *more) {
  static char uri[1024];
  const char *given = getenv("WASL_TEST_POSTGRESQL"), *at = strchr(given, '@');
  snprintf(uri, sizeof uri, "postgresql://%s%s%s", user, at, more);
  return uri;
}

/* Ends the server's side of the store's connection, and waits until it is gone. */
static void cut(struct box *box) {
  char sql[128], left[16] = "";
  int pid = PQbackendPID(((struct store_postgresql *)box->store)->link);
  snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 5000)", pid);
  place_ask(&box->name, sql, left, sizeof left);
  assert_string_equal(left, "t");
}

static void write_fact(struct store *store, const char *name) {
  ok(store_begin(store, &error));
  ok(store_fact_set(store, name, BASE_VIEW("value"), &error));
  ok(store_commit(store, &error));
}

static void expect_facts(struct box *box, const char *wanted) {
  char count[16];
  place_ask(&box->name, "SELECT count(*) FROM facts", count, sizeof count);
  assert_string_equal(count, wanted);
}

/* --- one writer */

static void a_second_writer_is_refused(void **state) {
  struct box *box = *state;
  struct store *second = NULL;
  fails(BASE_BUSY, place_open(box->dir, &second, &error));
  has("another core holds this register");
  has("stop that one and try again");
  assert_null(second);
  write_fact(box->store, "first");
}

static void schemas_do_not_lock_each_other_out(void **state) {
  struct box *box = *state, other;
  other.dir = new_folder(other.path);
  ok(place_open(other.dir, &other.store, &error));
  write_fact(other.store, "his");
  write_fact(box->store, "mine");
  expect_facts(box, "1");
  store_close(other.store);
  remove_folder(other.dir, other.path);
}

static void who_was_taken_over_cannot_write(void **state) {
  struct box *box = *state;
  place_run(&box->name, "UPDATE wasl SET generation = generation + 1");
  ok(store_begin(box->store, &error));
  ok(store_fact_set(box->store, "name", BASE_VIEW("value"), &error));
  fails(BASE_CONFLICT, store_commit(box->store, &error));
  has("another core has taken this register over");
  store_rollback(box->store);
  assert_false(store_alive(box->store));
  fails(BASE_CONFLICT, store_begin(box->store, &error));
  expect_facts(box, "0");
}

static void each_opening_is_a_generation(void **state) {
  struct box *box = *state;
  char generation[16];
  place_ask(&box->name, "SELECT generation FROM wasl", generation, sizeof generation);
  assert_string_equal(generation, "1");
  store_close(box->store);
  ok(place_open(box->dir, &box->store, &error));
  place_ask(&box->name, "SELECT generation FROM wasl", generation, sizeof generation);
  assert_string_equal(generation, "2");
}

/* A takeover waits for the transaction that is under way, so that it reads what that one kept. */
static void a_takeover_waits_for_a_transaction(void **state) {
  struct box *box = *state;
  uint64_t count;
  char done[16] = "";
  ok(store_begin(box->store, &error));
  ok(store_leaf_count(box->store, &count, &error)); /* so that the fence has reached the server */
  place_ask(&box->name,
            "SET lock_timeout = '200ms'; DO $$ BEGIN UPDATE wasl SET generation = generation + 1;"
            " EXCEPTION WHEN lock_not_available THEN NULL; END $$; SELECT generation FROM wasl",
            done, sizeof done);
  assert_string_equal(done, "1");
  ok(store_fact_set(box->store, "name", BASE_VIEW("value"), &error));
  ok(store_commit(box->store, &error));
  expect_facts(box, "1");
}

/* --- a connection that ends */

static void a_lost_connection_is_noticed(void **state) {
  struct box *box = *state;
  uint64_t count;
  assert_true(store_alive(box->store));
  cut(box);
  while (store_alive(box->store))
    usleep(1000);
  fails(BASE_NOT_RUNNING, store_leaf_count(box->store, &count, &error));
  has("the connection to the database is lost");
  fails(BASE_NOT_RUNNING, store_begin(box->store, &error));
}

static void a_lost_transaction_is_not_kept(void **state) {
  struct box *box = *state;
  uint64_t count;
  ok(store_begin(box->store, &error));
  ok(store_fact_set(box->store, "name", BASE_VIEW("value"), &error));
  ok(store_leaf_count(box->store, &count, &error));
  cut(box);
  fails(BASE_NOT_RUNNING, store_leaf_count(box->store, &count, &error));
  store_rollback(box->store);
  expect_facts(box, "0");
}

/* Nobody may be told that it was kept, nor that it was not. */
static void a_commit_without_an_answer_is_in_doubt(void **state) {
  struct box *box = *state;
  ok(store_begin(box->store, &error));
  ok(store_fact_set(box->store, "name", BASE_VIEW("value"), &error));
  cut(box);
  fails(BASE_NOT_RUNNING, store_commit(box->store, &error));
  has("whether it was is not known yet");
  store_rollback(box->store);
  store_close(box->store);
  ok(place_open(box->dir, &box->store, &error));
  write_fact(box->store, "name");
}

/* --- what is sent without waiting */

static void refuse_tiles(struct box *box, bool refuse) {
  place_run(&box->name, refuse
                            ? "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused by "
                              "the test'; END $$; CREATE TRIGGER refuse BEFORE INSERT ON tiles FOR EACH ROW EXECUTE "
                              "FUNCTION refuse()"
                            : "DROP TRIGGER refuse ON tiles; DROP FUNCTION refuse");
}

static void a_late_failure_is_told_by_the_commit(void **state) {
  struct box *box = *state;
  refuse_tiles(box, true);
  ok(store_begin(box->store, &error));
  ok(store_fact_set(box->store, "name", BASE_VIEW("value"), &error));
  ok(store_tile_put(box->store, 0, 0, BASE_VIEW("hash"), &error));
  ok(store_fact_set(box->store, "more", BASE_VIEW("value"), &error));
  fails(BASE_INTERNAL, store_commit(box->store, &error));
  has("TILE_PUT");
  has("refused by the test");
  store_rollback(box->store);
  expect_facts(box, "0");
  refuse_tiles(box, false);
  ok(store_begin(box->store, &error));
  ok(store_tile_put(box->store, 0, 0, BASE_VIEW("hash"), &error));
  ok(store_commit(box->store, &error));
}

static void a_late_failure_is_told_by_a_question(void **state) {
  struct box *box = *state;
  uint64_t count;
  refuse_tiles(box, true);
  ok(store_begin(box->store, &error));
  ok(store_tile_put(box->store, 0, 0, BASE_VIEW("hash"), &error));
  fails(BASE_INTERNAL, store_leaf_count(box->store, &count, &error));
  has("refused by the test");
  fails(BASE_INTERNAL, store_leaf_count(box->store, &count, &error));
  fails(BASE_INTERNAL, store_commit(box->store, &error));
  has("must be rolled back");
  store_rollback(box->store);
  ok(store_leaf_count(box->store, &count, &error));
  refuse_tiles(box, false);
}

/* What is there already is found by the server: the COMMIT that was sent behind it has no effect. */
static void a_row_twice_is_told_by_the_commit(void **state) {
  struct box *box = *state;
  struct store_message message = {
      .id = id_of(1), .case_id = id_of(1), .type = BASE_VIEW("ask"), .author = BASE_VIEW("x")};
  ok(store_begin(box->store, &error));
  ok(store_message_add(box->store, &message, &error));
  ok(store_commit(box->store, &error));
  ok(store_begin(box->store, &error));
  ok(store_fact_set(box->store, "name", BASE_VIEW("value"), &error));
  ok(store_message_add(box->store, &message, &error));
  fails(BASE_EXISTS, store_commit(box->store, &error));
  has("MESSAGE_ADD");
  store_rollback(box->store);
  expect_facts(box, "0");
}

/* More than is sent at a time, in number and in size; a value as large as a consignment. */
static void much_is_sent(void **state) {
  enum { LEAVES = 5 * STORE_PENDING_MAX, BIG = 32 << 20 };
  struct box *box = *state;
  uint64_t count;
  uint8_t *bytes = calloc(1, BIG);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 2 * (size_t)BIG);
  ok(store_begin(box->store, &error));
  for (uint64_t i = 0; i < LEAVES; i++) {
    struct store_leaf leaf = {.index = i, .entry = base_view_of(bytes, i % 7 == 0 ? 300000 : 100)};
    ok(store_leaf_add(box->store, &leaf, &error));
  }
  bytes[BIG - 1] = 9;
  struct store_leaf leaf = {.index = LEAVES, .entry = base_view_of(bytes, BIG)}, read;
  ok(store_leaf_add(box->store, &leaf, &error));
  ok(store_commit(box->store, &error));
  ok(store_leaf_count(box->store, &count, &error));
  assert_int_equal(count, LEAVES + 1);
  ok(store_leaf_get(box->store, LEAVES, &arena, &read, &error));
  assert_true(base_view_equal(read.entry, leaf.entry));
  free(bytes);
}

/* --- what is refused at the opening */

static void reopen_with(struct box *box, const char *more, enum base_code wanted, const char *words) {
  struct store_server *server = NULL;
  char uri[600];
  store_close(box->store);
  box->store = NULL;
  place_uri(&box->name, uri, sizeof uri);
  strcat(uri, more);
  ok(store_server_connect(box->dir, base_view_text(uri), &server, &error));
  fails(wanted, store_open(box->dir, server, &box->store, &error));
  has(words);
}

static void a_server_that_confirms_too_early_is_refused(void **state) {
  reopen_with(*state, "%20-csynchronous_commit%3Doff", BASE_POLICY, "synchronous_commit is off");
}

static void a_missing_schema_is_said(void **state) {
  reopen_with(*state, "nowhere", BASE_POLICY, "no schema of the search_path exists");
}

static void another_programs_database_is_refused(void **state) {
  struct box *box = *state;
  place_run(&box->name, "DROP TABLE wasl");
  reopen_with(box, "", BASE_CORRUPT, "another program");
}

static void a_schema_that_is_not_ours_to_fill_is_said(void **state) {
  struct box *box = *state;
  struct store *store = NULL;
  struct store_server *server = NULL;
  ok(store_server_connect(box->dir, base_view_text(uri_with("guarded", "&password=Gr%C3%BCn%20%26%20grau")), &server,
                          &error));
  fails(BASE_PERMISSION, store_open(box->dir, server, &store, &error));
  has("make the node's user the owner of its database");
}

/* --- reaching it */

static void an_address_that_is_none_is_not_quoted(void **state) {
  static const char *const wrong[] = {
      "",
      "sqlite",
      "postgresql:/secret@h/d",
      "mysql://u:secret@h/d",
      "postgresql://u:secret@h:port:secret/d",
      "postgresql://u:half@secret@h/d",
      "postgresql://u:half/secret@h/d",
      "postgresql://u:secret@[h/d",
      "postgresql://u:secret@h/d?secret=1",
      "postgresql://u:secret@h/d?sslmode",
      "postgresql://u:secret@h/d?password=%zz",
      "postgresql://u:secret@h/d e",
      "postgresql://u:secret\xc3\xa9@h/d",
      "host=h password=secret",
  };
  struct box *box = *state;
  char files[STORE_FILES_MAX][256];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    fails(BASE_FIELD, connect_to(box->dir, wrong[i]));
    assert_null(strstr(error.text, "secret"));
    assert_int_equal(store_server_files(base_view_text(wrong[i]), files), 0);
  }
  char large[STORE_URI_MAX + 2];
  memset(large, 'x', sizeof large);
  memcpy(large, "postgresql://", 13);
  fails(BASE_FIELD, connect_to(box->dir, (large[sizeof large - 1] = '\0', large)));
  large[STORE_URI_MAX] = '\0';
  fails(BASE_NOT_RUNNING, connect_to(box->dir, large));
  fails(BASE_FIELD, connect_to(box->dir, uri_with("node:secret", "&sslmode=sometimes")));
  assert_null(strstr(error.text, "secret"));
}

static void files_of_an_address_are_named(void **state) {
  char files[STORE_FILES_MAX][256];
  (void)state;
  size_t count = store_server_files(BASE_VIEW("postgresql://h/d?sslrootcert=/x/root.pem&passfile=/x/pass"), files);
  assert_true(count >= 2);
  assert_string_equal(files[0], "/x/pass");
  assert_string_equal(files[1], "/x/root.pem");
}

static void who_does_not_answer_may_answer_later(void **state) {
  struct box *box = *state;
  fails(BASE_NOT_RUNNING, connect_to(box->dir, "postgresql://node:secret@/d?host=/nowhere"));
  has("postgresql://node@/d?host=/nowhere: the database cannot be reached");
  assert_null(strstr(error.text, "secret"));
  fails(BASE_NOT_RUNNING, connect_to(box->dir, "postgresql://node@127.0.0.1:1/d"));
  fails(BASE_PERMISSION, connect_to(box->dir, uri_with("nobodyatall", "")));
  has("refuses the connection");
}

static void put_password(struct box *box, const char *text, unsigned mode) {
  ok(base_file_replace(box->dir, STORE_PASSWORD_FILE, base_view_text(text), mode, &error));
}

static void a_password_lies_in_a_file_of_its_own(void **state) {
  struct box *box = *state;
  char large[STORE_PASSWORD_MAX + 2], uri[1024];
  snprintf(uri, sizeof uri, "%s", uri_with("guarded", ""));
  fails(BASE_PERMISSION, connect_to(box->dir, uri));
  put_password(box, "Grün & grau\n", 0600);
  ok(connect_to(box->dir, uri));
  put_password(box, "Grün & grau\n", 0640);
  fails(BASE_PERMISSION, connect_to(box->dir, uri));
  has("mode 0600");
  put_password(box, "wrong", 0600);
  fails(BASE_PERMISSION, connect_to(box->dir, uri));
  has("password authentication failed");
  assert_null(strstr(error.text, "wrong"));
  ok(connect_to(box->dir, uri_with("guarded:Gr%C3%BCn%20%26%20grau", "")));
  memset(large, 'x', sizeof large);
  large[sizeof large - 1] = '\0';
  put_password(box, large, 0600);
  fails(BASE_TOO_LARGE, connect_to(box->dir, uri));
  large[STORE_PASSWORD_MAX] = '\0';
  put_password(box, large, 0600);
  fails(BASE_PERMISSION, connect_to(box->dir, uri));
  has("password authentication failed");
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  if (!place_postgresql()) {
    printf("PostgreSQL is asked for by WASL_STORE=postgresql\n");
    return 77;
  }
  base_log_level(BASE_LOG_ERROR); /* the server's last words are warnings */
  const struct CMUnitTest tests[] = {
      test(a_second_writer_is_refused),
      test(schemas_do_not_lock_each_other_out),
      test(who_was_taken_over_cannot_write),
      test(each_opening_is_a_generation),
      test(a_takeover_waits_for_a_transaction),
      test(a_lost_connection_is_noticed),
      test(a_lost_transaction_is_not_kept),
      test(a_commit_without_an_answer_is_in_doubt),
      test(a_late_failure_is_told_by_the_commit),
      test(a_late_failure_is_told_by_a_question),
      test(a_row_twice_is_told_by_the_commit),
      test(much_is_sent),
      test(a_server_that_confirms_too_early_is_refused),
      test(a_missing_schema_is_said),
      test(another_programs_database_is_refused),
      test(a_schema_that_is_not_ours_to_fill_is_said),
      test(an_address_that_is_none_is_not_quoted),
      test(files_of_an_address_are_named),
      test(who_does_not_answer_may_answer_later),
      test(a_password_lies_in_a_file_of_its_own),
  };
  return cmocka_run_group_tests_name("store on PostgreSQL", tests, NULL, NULL);
}
