/* SPDX-License-Identifier: Apache-2.0 */
#include "store_help.h"

#include "store/sql.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>

/* Opening, and what the machine may refuse: rights, room, another writer, a file that is not ours. */

enum { SOMEBODY = 54321, MANY = 800 };

struct box {
  int dir;
  char path[256];
};

static int set_up(void **state) {
  static struct box box;
  box.dir = new_folder(box.path);
  *state = &box;
  return 0;
}

static int tear_down(void **state) {
  struct box *box = *state;
  remove_folder(box->dir, box->path);
  return 0;
}

/* Runs in a process of its own, which may give up rights; 0 passed, 77 could not be tried. */
static int in_child(int (*run)(struct box *), struct box *box) {
  int status;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(run(box));
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* In a child, where cmocka cannot fail the test. */
#define need(condition)                                                                                                \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      print_error("%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, error.text);                                      \
      return 1;                                                                                                        \
    }                                                                                                                  \
  } while (0)

static void drop_to_somebody(void) {
  if (setgroups(0, NULL) != 0 || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) != 0 ||
      setresuid(SOMEBODY, SOMEBODY, SOMEBODY) != 0)
    _exit(99);
}

static void write_fact(int dir, const char *name) {
  struct store *store = NULL;
  ok(place_open(dir, &store, &error));
  ok(store_begin(store, &error));
  ok(store_fact_set(store, name, BASE_VIEW("value"), &error));
  ok(store_commit(store, &error));
  store_close(store);
}

static void what_was_committed_is_there_again(void **state) {
  struct box *box = *state;
  struct store *store;
  struct stat status;
  BASE_AUTO_BUF struct base_buf out = {0};
  store_close(NULL);
  write_fact(box->dir, "first");
  write_fact(box->dir, "second");
  ok(place_open(box->dir, &store, &error));
  ok(store_fact_get(store, "first", &out, &error));
  ok(store_fact_get(store, "second", &out, &error));
  ok(store_check(store, &error));
  static const char *const files[] = {"core.db", "core.db-wal", "core.db-shm", "core.lock"};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(fstatat(box->dir, files[i], &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
  }
  store_close(store);
  assert_int_equal(fstatat(box->dir, "core.db-wal", &status, 0), -1);
}

static void two_stores_do_not_meet(void **state) {
  struct box *box = *state, other;
  struct store *first, *second;
  struct stat status;
  other.dir = new_folder(other.path);
  ok(place_open(box->dir, &first, &error));
  ok(place_open(other.dir, &second, &error));
  ok(store_begin(second, &error));
  ok(store_fact_set(second, "mine", BASE_VIEW("value"), &error));
  ok(store_commit(second, &error));
  ok(store_begin(first, &error));
  ok(store_fact_set(first, "his", BASE_VIEW("value"), &error));
  ok(store_commit(first, &error));
  store_close(first);
  assert_int_equal(fstatat(box->dir, "core.db-wal", &status, 0), -1);
  assert_int_equal(fstatat(other.dir, "core.db-wal", &status, 0), 0);
  store_close(second);
  ok(place_open(other.dir, &second, &error));
  BASE_AUTO_BUF struct base_buf out = {0};
  ok(store_fact_get(second, "mine", &out, &error));
  fails(BASE_NOT_FOUND, store_fact_get(second, "his", &out, &error));
  store_close(second);
  remove_folder(other.dir, other.path);
}

static int works_as_somebody(struct box *box) {
  struct store *store;
  char absolute[300];
  snprintf(absolute, sizeof absolute, "%s/core.db", box->path);
  drop_to_somebody();
  need(open(absolute, O_RDONLY) < 0 && errno == EACCES);
  for (int i = 0; i < 2; i++) {
    need(place_open(box->dir, &store, &error) == BASE_OK);
    need(store_begin(store, &error) == BASE_OK);
    need(store_fact_set(store, "name", BASE_VIEW("value"), &error) == BASE_OK);
    need(store_commit(store, &error) == BASE_OK);
    need(store_check(store, &error) == BASE_OK);
    store_close(store);
  }
  need(faccessat(box->dir, "core.db", F_OK, 0) == 0);
  return 0;
}

static void works_below_a_folder_that_only_root_may_enter(void **state) {
  struct box *box = *state, inner;
  if (geteuid() != 0)
    skip();
  snprintf(inner.path, sizeof inner.path, "%.200s/inner", box->path);
  assert_int_equal(mkdir(inner.path, 0700), 0);
  assert_int_equal(chown(inner.path, SOMEBODY, SOMEBODY), 0);
  assert_int_equal(chmod(box->path, 0700), 0);
  inner.dir = open(inner.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(inner.dir >= 0);
  int result = in_child(works_as_somebody, &inner);
  remove_folder(inner.dir, inner.path);
  assert_int_equal(result, 0);
}

static int may_not_write(struct box *box) {
  struct store *store;
  if (geteuid() == 0)
    drop_to_somebody();
  need(place_open(box->dir, &store, &error) == BASE_PERMISSION);
  need(strstr(error.text, "core.lock: cannot be opened: Permission denied") != NULL);
  return 0;
}

static void a_folder_without_rights_is_refused(void **state) {
  struct box *box = *state;
  assert_int_equal(fchmod(box->dir, 0555), 0);
  int result = in_child(may_not_write, box);
  assert_int_equal(fchmod(box->dir, 0700), 0);
  assert_int_equal(result, 0);
}

static int may_not_write_the_file(struct box *box) {
  struct store *store;
  if (geteuid() == 0)
    drop_to_somebody();
  need(place_open(box->dir, &store, &error) == BASE_PERMISSION);
  need(strstr(error.text, "core.db: cannot be opened: Permission denied") != NULL);
  return 0;
}

static void a_file_without_rights_is_refused(void **state) {
  struct box *box = *state;
  write_fact(box->dir, "name");
  assert_int_equal(fchmodat(box->dir, "core.db", 0400, 0), 0);
  if (geteuid() == 0) {
    assert_int_equal(fchmod(box->dir, 0777), 0);
    assert_int_equal(fchownat(box->dir, "core.lock", SOMEBODY, SOMEBODY, 0), 0);
    assert_int_equal(fchownat(box->dir, "core.db", SOMEBODY, SOMEBODY, 0), 0);
  }
  assert_int_equal(in_child(may_not_write_the_file, box), 0);
}

static void a_second_writer_is_refused(void **state) {
  struct box *box = *state;
  struct store *first, *second = NULL;
  ok(place_open(box->dir, &first, &error));
  fails(BASE_BUSY, place_open(box->dir, &second, &error));
  assert_string_equal(error.text, "core.db: another core holds it (core.lock is locked): stop that one and try again");
  assert_null(second);
  store_close(first);
}

static void a_dying_writer_is_waited_for(void **state) {
  struct box *box = *state;
  struct store *store;
  int ready[2], status;
  char byte;
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (place_open(box->dir, &store, &error) != BASE_OK || write(ready[1], "x", 1) != 1)
      _exit(1);
    usleep(200000);
    kill(getpid(), SIGKILL);
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  ok(place_open(box->dir, &store, &error));
  store_close(store);
  assert_int_equal(waitpid(child, &status, 0), child);
  close(ready[0]);
  close(ready[1]);
}

static void run_sql(const char *sql) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open("core.db", &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

/* --- a later program's schema */

static enum base_code open_with_steps(struct box *box, const char *step, const char *then, struct store **out) {
  struct store_step steps[] = {store_schema.steps[0], store_schema.steps[1], {step, step}, {then, then}};
  const struct store_schema later = {then != NULL ? 4 : 3, steps};
  return store_open_as(box->dir, place_server(box->dir), &later, false, out, &error);
}

static enum base_code open_with_step(struct box *box, const char *step, struct store **out) {
  return open_with_steps(box, step, NULL, out);
}

static void a_newer_schema_is_refused(void **state) {
  struct box *box = *state;
  struct store *store = NULL;
  write_fact(box->dir, "name");
  ok(open_with_step(box, "CREATE TABLE more(x BIGINT)", &store));
  store_close(store);
  fails(BASE_CONFLICT, place_open(box->dir, &store, &error));
  assert_non_null(strstr(error.text,
                         ": its schema 3 is newer than 2, the newest that this program knows: start the newer "
                         "program"));
  ok(open_with_step(box, "this step is done", &store));
  store_close(store);
}

static void a_step_leads_to_the_next_schema(void **state) {
  struct box *box = *state;
  struct store *store = NULL;
  BASE_AUTO_BUF struct base_buf out = {0};
  write_fact(box->dir, "name");
  ok(open_with_step(
      box, "ALTER TABLE facts ADD COLUMN kept INTEGER NOT NULL DEFAULT 7; UPDATE facts SET kept = kept + 1", &store));
  ok(store_fact_get(store, "name", &out, &error));
  ok(store_begin(store, &error));
  ok(store_fact_set(store, "later", BASE_VIEW("value"), &error));
  ok(store_commit(store, &error));
  store_close(store);
}

/* A new database gets all steps at once. */
static void all_steps_make_a_new_database(void **state) {
  struct box *box = *state;
  struct store *store = NULL;
  ok(open_with_step(box, "CREATE TABLE more(x BIGINT); INSERT INTO more VALUES(1)", &store));
  store_close(store);
  fails(BASE_CONFLICT, place_open(box->dir, &store, &error));
}

static void a_step_that_fails_leaves_the_old_schema(void **state) {
  struct box *box = *state;
  struct store *store = NULL;
  write_fact(box->dir, "name");
  assert_int_not_equal(open_with_steps(box, "CREATE TABLE more(x INTEGER)", "INSERT INTO nowhere VALUES(1)", &store),
                       BASE_OK);
  assert_null(store);
  write_fact(box->dir, "again");
  ok(open_with_step(box, "CREATE TABLE more(x BIGINT)", &store));
  store_close(store);
}

static void another_programs_database_is_refused(void **state) {
  struct box *box = *state;
  struct store *store;
  assert_int_equal(fchdir(box->dir), 0);
  run_sql("CREATE TABLE t(x)");
  fails(BASE_CORRUPT, place_open(box->dir, &store, &error));
  assert_non_null(strstr(error.text, "another program"));
}

static void overwrite(int dir, off_t offset, size_t size) {
  static const uint8_t rubbish[65536] = {0xA5, 0x5A};
  int file = openat(dir, "core.db", O_WRONLY);
  assert_true(file >= 0);
  assert_int_equal(pwrite(file, rubbish, size, offset), size);
  close(file);
}

static void fill(struct store *store, uint64_t first, uint64_t count, size_t size) {
  static uint8_t bytes[65536];
  for (uint64_t i = first; i < first + count; i++) {
    struct store_leaf leaf = {.index = i, .entry = base_view_of(bytes, size)};
    ok(store_leaf_add(store, &leaf, &error));
  }
}

static void a_damaged_file_is_refused(void **state) {
  struct box *box = *state;
  struct store *store;
  ok(place_open(box->dir, &store, &error));
  ok(store_begin(store, &error));
  fill(store, 0, MANY, 1000);
  ok(store_commit(store, &error));
  store_close(store);
  struct stat status;
  assert_int_equal(fstatat(box->dir, "core.db", &status, 0), 0);
  assert_true(status.st_size > 700000); /* behind the first pages of all tables, which are read when it is opened */
  overwrite(box->dir, 500000, 65536);
  ok(place_open(box->dir, &store, &error));
  fails(BASE_CORRUPT, store_check(store, &error));
  assert_non_null(strstr(error.text, "restore the node from its backup"));
  store_close(store);
  overwrite(box->dir, 0, 100);
  fails(BASE_CORRUPT, place_open(box->dir, &store, &error));
  assert_non_null(strstr(error.text, "core.db: damaged"));
}

static void a_link_in_place_of_the_file_is_refused(void **state) {
  struct box *box = *state;
  struct store *store;
  assert_int_equal(symlinkat("/etc/passwd", box->dir, "core.db"), 0);
  fails(BASE_IO, place_open(box->dir, &store, &error));
}

/* Fills until the disk refuses, then checks that what was committed before is untouched and writing goes on after
 * `room`. */
static int fill_the_disk(struct box *box, int (*room)(void)) {
  static uint8_t bytes[65536];
  struct store *store;
  uint64_t committed = 0, count = 0;
  enum base_code code = BASE_OK;
  need(place_open(box->dir, &store, &error) == BASE_OK);
  while (code == BASE_OK && committed < 1000) {
    code = store_begin(store, &error);
    struct store_leaf leaf = {.index = committed, .entry = base_view_of(bytes, sizeof bytes)};
    if (code == BASE_OK)
      code = store_leaf_add(store, &leaf, &error);
    if (code == BASE_OK)
      code = store_commit(store, &error);
    if (code == BASE_OK)
      committed++;
  }
  need(code == BASE_DISK_FULL);
  need(strstr(error.text, "core.db: no room on the disk") != NULL);
  store_rollback(store);
  need(committed > 4);
  need(store_leaf_count(store, &count, &error) == BASE_OK && count == committed);
  store_tidy(store, false);
  need(room() == 0);
  need(store_begin(store, &error) == BASE_OK);
  struct store_leaf leaf = {.index = committed, .entry = base_view_of(bytes, sizeof bytes)};
  need(store_leaf_add(store, &leaf, &error) == BASE_OK);
  need(store_commit(store, &error) == BASE_OK);
  need(store_check(store, &error) == BASE_OK);
  store_close(store);
  return 0;
}

static int raise_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
    return -1;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_FSIZE, &limit);
}

static int fill_up_to_a_limit(struct box *box) {
  struct rlimit limit;
  signal(SIGXFSZ, SIG_IGN);
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
    return 77;
  limit.rlim_cur = 2 << 20;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
    return 77;
  return fill_the_disk(box, raise_limit);
}

static int enlarge(void) {
  return mount("tmpfs", ".", "tmpfs", MS_REMOUNT, "size=64m");
}

static int fill_a_small_disk(struct box *box) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", box->path, "tmpfs", 0, "size=2m") != 0)
    return 77;
  struct box disk = {.dir = open(box->path, O_RDONLY | O_DIRECTORY)};
  return fill_the_disk(&disk, enlarge);
}

static void a_limit_on_the_file_is_a_full_disk(void **state) {
  assert_int_equal(in_child(fill_up_to_a_limit, *state), 0);
}

static void a_full_disk_keeps_what_was_committed(void **state) {
  int result = in_child(fill_a_small_disk, *state);
  if (result == 77)
    skip();
  assert_int_equal(result, 0);
}

static void the_log_stays_small(void **state) {
  struct box *box = *state;
  struct store *store;
  struct stat status;
  off_t largest = 0;
  ok(place_open(box->dir, &store, &error));
  for (uint64_t i = 0; i < 60; i++) {
    ok(store_begin(store, &error));
    fill(store, i * 16, 16, 65536);
    store_tidy(store, false);
    ok(store_commit(store, &error));
    store_tidy(store, false);
    assert_int_equal(fstatat(box->dir, "core.db-wal", &status, 0), 0);
    largest = status.st_size > largest ? status.st_size : largest;
  }
  assert_in_range(largest, 16 << 20, 20 << 20);
  store_close(store);
}

static void a_failed_transaction_may_not_be_committed(void **state) {
  struct box *box = *state;
  struct store *store;
  uint64_t count;
  ok(place_open(box->dir, &store, &error));
  ok(store_begin(store, &error));
  /* A value beyond the database's limit. */
  struct store_leaf leaf = {.entry = base_view_of("", (size_t)2 << 30)};
  fails(BASE_TOO_LARGE, store_leaf_add(store, &leaf, &error));
  fails(BASE_INTERNAL, store_commit(store, &error));
  store_rollback(store);
  ok(store_begin(store, &error));
  fill(store, 0, 1, 10);
  ok(store_commit(store, &error));
  ok(store_leaf_count(store, &count, &error));
  assert_int_equal(count, 1);
  store_close(store);
}

/* --- killed at random moments. The child commits leaves one by one and reports the number of each. */

enum { KILLS = 30 };

/* early: the broken variant, which reports before the commit and dies between the two. */
static void commit_and_report(int dir, int report, bool early) {
  struct store *store;
  uint64_t next;
  uint8_t bytes[3000] = {0};
  if (place_open(dir, &store, &error) != BASE_OK || store_leaf_count(store, &next, &error) != BASE_OK)
    _exit(1);
  for (;; next++) {
    struct store_leaf leaf = {.index = next, .entry = base_view_of(bytes, (size_t)(next * 37 % sizeof bytes))};
    if (store_begin(store, &error) != BASE_OK || store_leaf_add(store, &leaf, &error) != BASE_OK)
      _exit(2);
    if (early && (write(report, &next, sizeof next) != sizeof next || kill(getpid(), SIGKILL) != 0))
      _exit(3);
    if (store_commit(store, &error) != BASE_OK || write(report, &next, sizeof next) != sizeof next)
      _exit(4);
    if (next % 64 == 63)
      store_tidy(store, false);
  }
}

/* The number of leaves that were reported and are not there after a kill. */
static uint64_t lost_after_kill(int dir, bool early, useconds_t after, uint64_t *reported) {
  int report[2], status;
  uint64_t number, count;
  struct store *store;
  assert_int_equal(pipe(report), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    commit_and_report(dir, report[1], early);
  close(report[1]);
  /* However long opening takes, it is killed while it commits. */
  if (read(report[0], &number, sizeof number) == (ssize_t)sizeof number)
    *reported = number + 1;
  usleep(after);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status));
  while (read(report[0], &number, sizeof number) == (ssize_t)sizeof number)
    *reported = number + 1;
  close(report[0]);
  ok(place_open(dir, &store, &error));
  ok(store_leaf_count(store, &count, &error));
  ok(store_check(store, &error));
  store_close(store);
  return *reported > count ? *reported - count : 0;
}

static void nothing_reported_is_lost_when_killed(void **state) {
  struct box *box = *state;
  uint64_t reported = 0;
  unsigned seed = 7;
  for (int i = 0; i < KILLS; i++)
    assert_int_equal(lost_after_kill(box->dir, false, (useconds_t)rand_r(&seed) % 30000, &reported), 0);
  assert_true(reported > KILLS);
}

static void a_report_before_the_commit_is_found_out(void **state) {
  struct box *box = *state;
  uint64_t reported = 0;
  assert_int_equal(lost_after_kill(box->dir, true, 0, &reported), 1);
}

#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  base_log_level(BASE_LOG_ERROR); /* the checkpoint on a full disk warns */
  const struct CMUnitTest on_sqlite[] = {
      test(what_was_committed_is_there_again),
      test(two_stores_do_not_meet),
      test(works_below_a_folder_that_only_root_may_enter),
      test(a_folder_without_rights_is_refused),
      test(a_file_without_rights_is_refused),
      test(a_second_writer_is_refused),
      test(another_programs_database_is_refused),
      test(a_damaged_file_is_refused),
      test(a_link_in_place_of_the_file_is_refused),
      test(a_limit_on_the_file_is_a_full_disk),
      test(a_full_disk_keeps_what_was_committed),
      test(the_log_stays_small),
  };
  const struct CMUnitTest tests[] = {
      test(a_dying_writer_is_waited_for),
      test(a_newer_schema_is_refused),
      test(a_step_leads_to_the_next_schema),
      test(all_steps_make_a_new_database),
      test(a_step_that_fails_leaves_the_old_schema),
      test(a_failed_transaction_may_not_be_committed),
      test(nothing_reported_is_lost_when_killed),
      test(a_report_before_the_commit_is_found_out),
  };
  int failed = place_postgresql() ? 0 : cmocka_run_group_tests_name("store open on SQLite", on_sqlite, NULL, NULL);
  return failed + cmocka_run_group_tests_name("store open", tests, NULL, NULL);
}
