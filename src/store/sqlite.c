/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* SQLite as an engine: statements, rows, transactions, checkpoints. sqlite_open.c opens it. */

static struct store_sqlite *sqlite_of(struct store *store) {
  return (struct store_sqlite *)store;
}

static enum base_code fail_of_system(struct store_sqlite *store, const char *doing, int number,
                                     struct base_error *err) {
  switch (number) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return base_fail(err, BASE_DISK_FULL,
                     STORE_FILE ": no room on the disk (%s); the transaction was not kept: make room and try again",
                     doing);
  case EACCES:
  case EPERM:
  case EROFS:
    return base_fail(err, BASE_PERMISSION,
                     STORE_FILE ": cannot be written (%s): %s; give the node's user its folder and files", doing,
                     strerrordesc_np(number));
  default:
    return base_fail(err, BASE_IO, STORE_FILE ": reading or writing failed (%s): %s%s%s; look at the disk", doing,
                     sqlite3_errmsg(store->db), number != 0 ? ", " : "", number != 0 ? strerrordesc_np(number) : "");
  }
}

/* The errno of a failed read or write, as the log or else the file keep it: errno itself may be another's by now. */
static int number_of_failure(struct store_sqlite *store) {
  int number = 0;
  sqlite3_file *log = NULL;
  if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log != NULL &&
      log->pMethods != NULL)
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
  if (number == 0)
    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
  return number != 0 ? number : sqlite3_system_errno(store->db);
}

enum base_code store_sqlite_fail(struct store_sqlite *store, const char *doing, struct base_error *err) {
  switch (sqlite3_extended_errcode(store->db) & 0xFF) {
  case SQLITE_FULL:
    return fail_of_system(store, doing, ENOSPC, err);
  case SQLITE_IOERR:
    return fail_of_system(store, doing, number_of_failure(store), err);
  case SQLITE_CANTOPEN:
    return fail_of_system(store, doing, sqlite3_system_errno(store->db), err);
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return fail_of_system(store, doing, EACCES, err);
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return base_fail(err, BASE_BUSY, STORE_FILE ": another program holds it (%s); end that program and try again",
                     doing);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return base_fail(err, BASE_CORRUPT, STORE_FILE ": damaged (%s: %s); restore the node from its backup", doing,
                     sqlite3_errmsg(store->db));
  case SQLITE_NOMEM:
    return base_fail(err, BASE_MEMORY, STORE_FILE ": out of memory (%s)", doing);
  case SQLITE_TOOBIG:
    return base_fail(err, BASE_TOO_LARGE, STORE_FILE ": a value is too large (%s)", doing);
  default:
    return base_fail(err, BASE_INTERNAL, STORE_FILE ": %s: %s", doing, sqlite3_errmsg(store->db));
  }
}

/* The database may have rolled back all of the transaction, or a verb is half done. */
static enum base_code fail_of_statement(struct store_sqlite *store, enum store_statement statement,
                                        struct base_error *err) {
  store->store.failed = true;
  return store_sqlite_fail(store, store_statement_name(statement), err);
}

/* --- statements and rows */

static int bind_value(sqlite3_stmt *running, int parameter, const struct store_value *value) {
  /* A view without data is the empty value, not NULL. */
  const void *data = value->bytes.data != NULL ? (const void *)value->bytes.data : "";
  switch (value->type) {
  case STORE_VALUE_NUMBER:
    return sqlite3_bind_int64(running, parameter, value->number);
  case STORE_VALUE_TEXT:
    return sqlite3_bind_text64(running, parameter, data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
  case STORE_VALUE_BYTES:
    return sqlite3_bind_blob64(running, parameter, data, value->bytes.size, SQLITE_STATIC);
  case STORE_VALUE_NULL:
  default:
    return sqlite3_bind_null(running, parameter);
  }
}

/* The statement, prepared when it was not yet. */
static enum base_code prepare(struct store_sqlite *store, enum store_statement statement, struct base_error *err) {
  if (store->statements[statement] != NULL)
    return BASE_OK;
  if (sqlite3_prepare_v3(store->db, store_statement_sql(statement), -1, SQLITE_PREPARE_PERSISTENT,
                         &store->statements[statement], NULL) != SQLITE_OK)
    return fail_of_statement(store, statement, err);
  return BASE_OK;
}

static enum base_code open_rows(struct store_rows *rows, const struct store_value *values, size_t count,
                                struct base_error *err) {
  struct store_sqlite *store = sqlite_of(rows->store);
  enum base_code code = prepare(store, rows->statement, err);
  if (code != BASE_OK)
    return code;
  sqlite3_stmt *running = store->statements[rows->statement];
  /* Autocommit within a transaction means that the database gave it up; a write would then stand alone. */
  if (store->store.in_transaction && sqlite3_get_autocommit(store->db))
    return base_fail(err, BASE_INTERNAL, STORE_FILE ": %s: the transaction was rolled back",
                     store_statement_name(rows->statement));
  for (size_t i = 0; i < count; i++)
    if (bind_value(running, (int)i + 1, &values[i]) != SQLITE_OK) {
      code = fail_of_statement(store, rows->statement, err);
      sqlite3_clear_bindings(running);
      return code;
    }
  rows->result = running;
  return BASE_OK;
}

static enum base_code next(struct store_rows *rows, bool *found, struct base_error *err) {
  int result = sqlite3_step(rows->result);
  if (result != SQLITE_ROW && result != SQLITE_DONE)
    return fail_of_statement(sqlite_of(rows->store), rows->statement, err);
  *found = result == SQLITE_ROW;
  return BASE_OK;
}

static void close_rows(struct store_rows *rows) {
  if (rows->statement == STORE_STATEMENTS) {
    sqlite3_finalize(rows->result);
    return;
  }
  sqlite3_reset(rows->result);
  /* What was bound is borrowed, and ends with the caller. */
  sqlite3_clear_bindings(rows->result);
}

static bool number_of(struct store_rows *rows, int column, int64_t *out) {
  *out = sqlite3_column_int64(rows->result, column);
  return true;
}

static struct base_view bytes_of(struct store_rows *rows, int column) {
  static const uint8_t nothing;
  const void *data = sqlite3_column_blob(rows->result, column);
  int size = sqlite3_column_bytes(rows->result, column);
  if (data == NULL && sqlite3_column_type(rows->result, column) != SQLITE_NULL)
    data = &nothing;
  return base_view_of(data, size > 0 ? (size_t)size : 0);
}

static enum base_code run(struct store *store, enum store_statement statement, const struct store_value *values,
                          size_t count, uint64_t *changed, struct base_error *err) {
  struct store_rows rows = {.store = store, .statement = statement};
  bool found;
  enum base_code code = open_rows(&rows, values, count, err);
  if (code != BASE_OK)
    return code;
  code = next(&rows, &found, err);
  if (code == BASE_OK && changed != NULL)
    *changed = (uint64_t)sqlite3_changes64(sqlite_of(store)->db);
  close_rows(&rows);
  return code;
}

static enum base_code run_new(struct store *store, enum store_statement statement, const struct store_value *values,
                              size_t count, bool *refused, struct base_error *err) {
  struct store_rows rows = {.store = store, .statement = statement};
  enum base_code code = open_rows(&rows, values, count, err);
  if (code != BASE_OK)
    return code;
  int result = sqlite3_step(rows.result);
  /* A constraint undoes its own statement and harms nothing else. */
  *refused = result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY;
  if (result == SQLITE_CONSTRAINT_FOREIGNKEY)
    code = base_fail(err, BASE_NOT_FOUND, STORE_FILE ": %s: names a row that is not there",
                     store_statement_name(statement));
  else if (result != SQLITE_DONE && !*refused)
    code = fail_of_statement(sqlite_of(store), statement, err);
  close_rows(&rows);
  return code;
}

static enum base_code open_table(struct store_rows *rows, const struct store_table *table, struct base_error *err) {
  struct store_sqlite *store = sqlite_of(rows->store);
  char sql[128];
  sqlite3_stmt *all = NULL;
  snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", table->name, table->key);
  if (sqlite3_prepare_v2(store->db, sql, -1, &all, NULL) != SQLITE_OK)
    return fail_of_statement(store, rows->statement, err);
  rows->result = all;
  return BASE_OK;
}

static size_t row_of(struct store_rows *rows, struct store_value values[STORE_VALUES_MAX]) {
  int count = sqlite3_column_count(rows->result);
  for (int i = 0; i < count && i < STORE_VALUES_MAX; i++) {
    int type = sqlite3_column_type(rows->result, i);
    if (type == SQLITE_NULL)
      values[i] = store_null();
    else if (type == SQLITE_INTEGER)
      values[i] = store_number(sqlite3_column_int64(rows->result, i));
    else
      values[i] = type == SQLITE_TEXT ? store_text(bytes_of(rows, i)) : store_bytes(bytes_of(rows, i));
  }
  return (size_t)count;
}

/* --- transactions */

static enum base_code execute(struct store *store, const char *sql, struct base_error *err) {
  if (sqlite3_exec(sqlite_of(store)->db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return BASE_OK;
  store->failed = true;
  return store_sqlite_fail(sqlite_of(store), sql, err);
}

static enum base_code begin(struct store *store, struct base_error *err) {
  return execute(store, "BEGIN IMMEDIATE", err);
}

static enum base_code commit(struct store *store, struct base_error *err) {
  return execute(store, "COMMIT", err);
}

static void rollback(struct store *store) {
  struct base_error err;
  /* Already gone when the database itself gave it up. */
  if (!sqlite3_get_autocommit(sqlite_of(store)->db) && execute(store, "ROLLBACK", &err) != BASE_OK)
    base_log(BASE_LOG_WARNING, "store-rollback", "%s", err.text);
}

static void erasing(struct store *store, bool on) {
  sqlite3_exec(sqlite_of(store)->db, on ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = FAST", NULL, NULL,
               NULL);
  sqlite_of(store)->scrub = true;
}

static void tidy(struct store *common, bool tight) {
  struct store_sqlite *store = sqlite_of(common);
  /* Older copies of what was erased stand in the log: it is emptied. While somebody reads from it, a backup say, that is
   * tried again at the next call. */
  if (store->scrub) {
    sqlite3_busy_timeout(store->db, 0);
    store->scrub =
        sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK;
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
  }
  if (store->wal_pages < (tight ? STORE_TIGHT_PAGES : store->tidy_at))
    return;
  /* Passive: waits for no reader. The next try comes when the log has grown again, not at each commit. What the log has
   * above journal_size_limit is given back by SQLite when it begins anew. */
  store->tidy_at = store->wal_pages + STORE_TIDY_PAGES;
  int result = sqlite3_wal_checkpoint_v2(store->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  if (result == SQLITE_OK || result == SQLITE_BUSY)
    return;
  struct base_error err;
  store_sqlite_fail(store, "checkpoint", &err);
  base_log(BASE_LOG_WARNING, "store-checkpoint", "%s", err.text);
}

static enum base_code check(struct store *store, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  enum base_code code = store_sqlite_ask(sqlite_of(store), "PRAGMA quick_check(1)", &text, err);
  if (code == BASE_OK && strcmp((const char *)text.data, "ok") != 0)
    code = base_fail(err, BASE_CORRUPT, STORE_FILE ": damaged: %.200s; restore the node from its backup",
                     (const char *)text.data);
  return code;
}

static bool alive(struct store *store) {
  (void)store;
  return true;
}

const struct store_engine store_engine_sqlite = {.begin = begin,
                                                 .commit = commit,
                                                 .rollback = rollback,
                                                 .open = open_rows,
                                                 .next = next,
                                                 .close = close_rows,
                                                 .number = number_of,
                                                 .bytes = bytes_of,
                                                 .run = run,
                                                 .run_new = run_new,
                                                 .open_table = open_table,
                                                 .row = row_of,
                                                 .snapshot = store_sqlite_snapshot,
                                                 .erasing = erasing,
                                                 .tidy = tidy,
                                                 .check = check,
                                                 .alive = alive,
                                                 .close_store = store_sqlite_close};
