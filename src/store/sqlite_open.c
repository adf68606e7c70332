/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* SQLite: the file, its lock, its identity, what it is told when it is opened. */

#define LOCK_FILE "core.lock"
#define LOG_FILE STORE_FILE "-wal"

enum {
  APPLICATION_ID = 0x5741534c, /* "WASL" */
  LOCK_TRIES = 250,
  LOCK_PAUSE_MS = 20,   /* 250 times: 5 s */
  RENEW_STEP = 1 << 20, /* bytes of the log that are written anew at once */
};

/* Before anything else is opened, before the database sees a write: who wrote the node's folder until now is gone. */
static enum base_code lock_folder(struct store_sqlite *store, struct base_error *err) {
  store->lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
  if (store->lock < 0)
    return base_fail_errno(err, LOCK_FILE ": cannot be opened");
  const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
  for (int i = 0; flock(store->lock, LOCK_EX | LOCK_NB) != 0; i++) {
    if (errno == EINTR)
      continue;
    if (errno != EWOULDBLOCK)
      return base_fail_errno(err, LOCK_FILE ": cannot be locked");
    if (i == LOCK_TRIES)
      return base_fail(err, BASE_BUSY,
                       STORE_FILE ": another core holds it (" LOCK_FILE " is locked): stop that one and try again");
    nanosleep(&pause, NULL);
  }
  return BASE_OK;
}

/* The database makes its other files with the rights of this one. */
static enum base_code make_file(struct base_error *err) {
  BASE_AUTO_FD int file = open(STORE_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
  if (file < 0)
    return base_fail_errno(err, STORE_FILE ": cannot be opened");
  struct stat status;
  if (fstat(file, &status) != 0)
    return base_fail_errno(err, STORE_FILE ": cannot be examined");
  if (!S_ISREG(status.st_mode))
    return base_fail(err, BASE_FIELD, STORE_FILE ": not an ordinary file");
  return BASE_OK;
}

static enum base_code renew(int file, struct base_error *err) {
  BASE_AUTO_FREE uint8_t *bytes = malloc(RENEW_STEP);
  if (bytes == NULL)
    return base_fail(err, BASE_MEMORY, LOG_FILE ": out of memory");
  for (off_t at = 0;;) {
    ssize_t got = pread(file, bytes, RENEW_STEP, at);
    if (got < 0)
      return base_fail_errno(err, LOG_FILE ": cannot be read");
    if (got == 0)
      break;
    ssize_t put = pwrite(file, bytes, (size_t)got, at);
    if (put <= 0)
      return base_fail_errno(err, LOG_FILE ": cannot be written");
    at += put;
  }
  return fdatasync(file) == 0 ? BASE_OK : base_fail_errno(err, LOG_FILE ": cannot be made durable");
}

/* SQLite believes what it reads in the log. But a core that was killed before its sync, or whose sync failed, left
 * there what a power cut may still take away, and what a sync failed to write no later one writes. So before anything
 * is built on the log, its bytes are written over themselves and synced. */
static enum base_code renew_log(struct base_error *err) {
  BASE_AUTO_FD int file = open(LOG_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
  if (file < 0)
    return errno == ENOENT ? BASE_OK : base_fail_errno(err, LOG_FILE ": cannot be opened");
  return renew(file, err);
}

enum base_code store_sqlite_connect(struct store_sqlite *store, struct base_error *err) {
  /* Counting memory takes a lock at each allocation. Refused, and without harm, when SQLite runs already. */
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  /* Registered only while it is looked up: the structure is this store's own, so is its name. */
  snprintf(store->vfs_name, sizeof store->vfs_name, "wasl-%" PRIxPTR, (uintptr_t)store);
  store_vfs_make(&store->vfs, store->vfs_name);
  if (sqlite3_vfs_register(&store->vfs, 0) != SQLITE_OK)
    return base_fail(err, BASE_MEMORY, STORE_FILE ": out of memory");
  int result = sqlite3_open_v2(STORE_FILE, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, store->vfs_name);
  sqlite3_vfs_unregister(&store->vfs);
  if (store->db == NULL)
    return base_fail(err, BASE_MEMORY, STORE_FILE ": out of memory");
  if (result != SQLITE_OK)
    return store_sqlite_fail(store, "opening", err);
  if (sqlite3_db_readonly(store->db, "main") == 1)
    return base_fail(err, BASE_PERMISSION, STORE_FILE ": may only be read; give the node's user the right to write");
  return BASE_OK;
}

static enum base_code execute(struct store_sqlite *store, const char *sql, const char *doing, struct base_error *err) {
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? BASE_OK : store_sqlite_fail(store, doing, err);
}

static int keep_text(void *context, int columns, char **values, char **names) {
  (void)names;
  if (columns > 0 && values[0] != NULL)
    base_buf_text(context, values[0]);
  return 0;
}

/* The first column of every row, one after the other, with a NUL behind. */
enum base_code store_sqlite_ask(struct store_sqlite *store, const char *sql, struct base_buf *out,
                                struct base_error *err) {
  if (sqlite3_exec(store->db, sql, keep_text, out, NULL) != SQLITE_OK)
    return store_sqlite_fail(store, sql, err);
  base_buf_u8(out, 0);
  return base_buf_check(out, STORE_FILE, err);
}

static enum base_code ask_number(struct store_sqlite *store, const char *sql, int64_t *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  enum base_code code = store_sqlite_ask(store, sql, &text, err);
  if (code == BASE_OK)
    *out = strtoll((const char *)text.data, NULL, 10);
  return code;
}

/* What must hold before anything is written: the file is ours, and not from a later program. */
static enum base_code check_identity(struct store_sqlite *store, size_t newest, size_t *schema,
                                     struct base_error *err) {
  int64_t application = 0, version = 0, tables = 0;
  enum base_code code = ask_number(store, "PRAGMA application_id", &application, err);
  if (code == BASE_OK)
    code = ask_number(store, "PRAGMA user_version", &version, err);
  if (code == BASE_OK)
    code = ask_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
  if (code != BASE_OK)
    return code;
  if (application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0))
    return base_fail(err, BASE_CORRUPT, STORE_FILE ": a database of another program; put the node's own in its place");
  if (version < 0 || version > (int64_t)newest)
    return base_fail(err, BASE_CONFLICT,
                     STORE_FILE ": its schema %" PRId64
                                " is newer than %zu, the newest that this program knows: start the "
                                "newer program",
                     version, newest);
  *schema = (size_t)version;
  return BASE_OK;
}

/* Durable at every commit; the log is moved into the file by store_tidy alone, never within a commit. */
static enum base_code configure(struct store_sqlite *store, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf mode = {0};
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  enum base_code code = store_sqlite_ask(store, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL", &mode, err);
  if (code == BASE_OK && strcmp((const char *)mode.data, "wal") != 0)
    code = base_fail(err, BASE_IO, STORE_FILE ": this file system cannot keep a write-ahead log (journal mode %s)",
                     (const char *)mode.data);
  if (code == BASE_OK)
    code = execute(store,
                   "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192;"
                   " PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;"
                   " PRAGMA secure_delete = FAST; PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 67108864",
                   "configuring", err);
  return code;
}

static enum base_code migrate(struct store_sqlite *store, const struct store_schema *schema, size_t version,
                              struct base_error *err) {
  if (version == schema->version)
    return BASE_OK;
  enum base_code code = execute(store, "BEGIN IMMEDIATE", "migrating", err);
  for (size_t i = version; code == BASE_OK && i < schema->version; i++)
    code = execute(store, schema->steps[i].sqlite, "migrating", err);
  char stamp[96];
  snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %zu; COMMIT", APPLICATION_ID,
           schema->version);
  if (code == BASE_OK)
    code = execute(store, stamp, "migrating", err);
  /* A failure leaves the transaction to sqlite3_close, which rolls it back. */
  return code;
}

static int count_log(void *context, sqlite3 *db, const char *name, int pages) {
  struct store_sqlite *store = context;
  (void)db;
  (void)name;
  /* Fewer than before: the log, once wholly moved, began anew. */
  if (pages < store->wal_pages)
    store->tidy_at = STORE_TIDY_PAGES;
  store->wal_pages = pages;
  return SQLITE_OK;
}

/* Names are looked up in the folder while opening and while closing; in between all files are open. */
static enum base_code enter_folder(struct store_sqlite *store, int dir, struct base_error *err) {
  if (dir != AT_FDCWD && fchdir(dir) != 0)
    return base_fail_errno(err, STORE_FILE ": its folder cannot be entered");
  store->folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return store->folder >= 0 ? BASE_OK : base_fail_errno(err, STORE_FILE ": its folder cannot be opened");
}

static enum base_code open_locked(struct store_sqlite *store, const struct store_schema *schema,
                                  struct base_error *err) {
  size_t version = 0;
  enum base_code code = make_file(err);
  if (code == BASE_OK)
    code = renew_log(err);
  if (code == BASE_OK)
    code = store_sqlite_connect(store, err);
  if (code != BASE_OK)
    return code;
  sqlite3_extended_result_codes(store->db, 1);
  sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
  code = check_identity(store, schema->version, &version, err);
  if (code == BASE_OK)
    code = configure(store, err);
  /* After the pragma, which has a hook of its own. */
  store->tidy_at = STORE_TIDY_PAGES;
  sqlite3_wal_hook(store->db, count_log, store);
  if (code == BASE_OK)
    code = migrate(store, schema, version, err);
  /* The names of the file and its log, before the first commit relies on them. */
  if (code == BASE_OK && fsync(store->folder) != 0)
    code = base_fail_errno(err, STORE_FILE ": its folder cannot be made durable");
  return code;
}

struct store_sqlite *store_sqlite_new(void) {
  struct store_sqlite *store = calloc(1, sizeof *store);
  if (store == NULL)
    return NULL;
  store->store.engine = &store_engine_sqlite;
  snprintf(store->store.name, sizeof store->store.name, "%s", STORE_FILE);
  store->lock = store->folder = -1;
  return store;
}

bool store_file_there(int dir) {
  struct stat status;
  return fstatat(dir, STORE_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

enum base_code store_open_sqlite(int dir, const struct store_schema *schema, struct store **out,
                                 struct base_error *err) {
  struct store_sqlite *store = store_sqlite_new();
  if (store == NULL)
    return base_fail(err, BASE_MEMORY, STORE_FILE ": out of memory");
  enum base_code code = enter_folder(store, dir, err);
  if (code == BASE_OK)
    code = lock_folder(store, err);
  if (code == BASE_OK)
    code = open_locked(store, schema, err);
  if (code == BASE_OK)
    *out = &store->store;
  else
    store_close(&store->store);
  return code;
}

void store_sqlite_close(struct store *common) {
  struct store_sqlite *store = (struct store_sqlite *)common;
  for (size_t i = 0; i < STORE_STATEMENTS; i++)
    sqlite3_finalize(store->statements[i]);
  /* The log is removed by its name. From elsewhere that might be another's: then it stays, which loses nothing. A
   * snapshot leaves it to the store that it is of. */
  if (store->db != NULL && store->folder < 0)
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  else if (store->db != NULL && fchdir(store->folder) != 0) {
    base_log(BASE_LOG_WARNING, "store-close", STORE_FILE ": its folder cannot be entered any more");
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  }
  sqlite3_close(store->db);
  base_close_fd(&store->folder);
  /* The lock last: who waits for it finds the database closed. */
  base_close_fd(&store->lock);
  free(store);
}
