/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <errno.h>
#include <string.h>

static const struct {
  const char *name, *sql;
} statements[STORE_STATEMENTS] = {
#define STORE_STATEMENT(name, sql) {#name, sql},
#include "store/statements.def"
#undef STORE_STATEMENT
};

const char *store_statement_name(enum store_statement statement) {
  return statements[statement].name;
}

const char *store_statement_sql(enum store_statement statement) {
  return statements[statement].sql;
}

static enum base_code fail_of_system(struct store *store, const char *doing, int number, struct base_error *err) {
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

static enum base_code fail_of_constraint(struct store *store, const char *doing, struct base_error *err) {
  switch (sqlite3_extended_errcode(store->db)) {
  case SQLITE_CONSTRAINT_PRIMARYKEY:
  case SQLITE_CONSTRAINT_ROWID:
  case SQLITE_CONSTRAINT_UNIQUE:
    return base_fail(err, BASE_EXISTS, STORE_FILE ": exists already (%s: %s)", doing, sqlite3_errmsg(store->db));
  case SQLITE_CONSTRAINT_FOREIGNKEY:
    return base_fail(err, BASE_NOT_FOUND, STORE_FILE ": names a row that is not there (%s)", doing);
  default:
    return base_fail(err, BASE_INTERNAL, STORE_FILE ": %s: %s", doing, sqlite3_errmsg(store->db));
  }
}

/* The errno of a failed read or write, as the log or else the file keep it: errno itself may be another's by now. */
static int number_of_failure(struct store *store) {
  int number = 0;
  sqlite3_file *log = NULL;
  if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log != NULL &&
      log->pMethods != NULL)
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
  if (number == 0)
    sqlite3_file_control(store->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
  return number != 0 ? number : sqlite3_system_errno(store->db);
}

enum base_code store_sql_fail(struct store *store, const char *doing, struct base_error *err) {
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
  case SQLITE_CONSTRAINT:
    return fail_of_constraint(store, doing, err);
  default:
    return base_fail(err, BASE_INTERNAL, STORE_FILE ": %s: %s", doing, sqlite3_errmsg(store->db));
  }
}

/* A constraint undoes its own statement and harms nothing else; after any other failure the database may have rolled
 * back all of the transaction, or a verb is half done. */
static enum base_code fail_of_statement(struct store *store, enum store_statement statement, struct base_error *err) {
  if ((sqlite3_extended_errcode(store->db) & 0xFF) != SQLITE_CONSTRAINT)
    store->failed = true;
  return store_sql_fail(store, statements[statement].name, err);
}

struct store_value store_null(void) {
  return (struct store_value){.type = STORE_VALUE_NULL};
}

struct store_value store_number(int64_t number) {
  return (struct store_value){.type = STORE_VALUE_NUMBER, .number = number};
}

struct store_value store_unsigned(uint64_t number) {
  return number > INT64_MAX ? (struct store_value){.type = STORE_VALUE_TOO_LARGE} : store_number((int64_t)number);
}

struct store_value store_text(struct base_view text) {
  return (struct store_value){.type = STORE_VALUE_TEXT, .bytes = text};
}

struct store_value store_bytes(struct base_view bytes) {
  return (struct store_value){.type = STORE_VALUE_BYTES, .bytes = bytes};
}

struct store_value store_hash(const struct base_hash *hash) {
  return store_bytes(base_view_of(hash->bytes, sizeof hash->bytes));
}

struct store_value store_limit(uint64_t limit) {
  return store_number(limit == 0 || limit > INT64_MAX ? -1 : (int64_t)limit);
}

struct store_value store_prefix(const uint8_t bytes[8]) {
  uint64_t prefix = 0;
  for (int i = 0; i < 8; i++)
    prefix = prefix << 8 | bytes[i];
  return store_number((int64_t)prefix);
}

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
  case STORE_VALUE_TOO_LARGE:
    return SQLITE_TOOBIG;
  case STORE_VALUE_NULL:
  default:
    return sqlite3_bind_null(running, parameter);
  }
}

/* The statement, prepared when it was not yet. */
static enum base_code prepare(struct store *store, enum store_statement statement, struct base_error *err) {
  if (store->statements[statement] != NULL)
    return BASE_OK;
  if (sqlite3_prepare_v3(store->db, statements[statement].sql, -1, SQLITE_PREPARE_PERSISTENT,
                         &store->statements[statement], NULL) != SQLITE_OK)
    return fail_of_statement(store, statement, err);
  return BASE_OK;
}

enum base_code store_rows_open(struct store *store, enum store_statement statement, const struct store_value *values,
                               size_t count, struct store_rows *rows, struct base_error *err) {
  *rows = (struct store_rows){.store = store, .statement = statement};
  enum base_code code = prepare(store, statement, err);
  if (code != BASE_OK)
    return code;
  sqlite3_stmt *running = store->statements[statement];
  const char *name = statements[statement].name;
  if (sqlite3_stmt_busy(running))
    return base_fail(err, BASE_INTERNAL, STORE_FILE ": %s: called from within its own rows", name);
  /* Autocommit within a transaction means that the database gave it up; a write would then stand alone. */
  bool gone = store->in_transaction && sqlite3_get_autocommit(store->db) && statement != STORE_SQL_BEGIN;
  if (gone || (!store->in_transaction && !sqlite3_stmt_readonly(running) && statement != STORE_SQL_BEGIN))
    return base_fail(err, BASE_INTERNAL, STORE_FILE ": %s: %s", name,
                     gone ? "the transaction was rolled back" : "outside a transaction");
  for (size_t i = 0; i < count; i++) {
    if (values[i].type == STORE_VALUE_TOO_LARGE)
      return base_fail(err, BASE_TOO_LARGE, STORE_FILE ": %s: a number above 2^63-1", name);
    if (bind_value(running, (int)i + 1, &values[i]) != SQLITE_OK)
      return fail_of_statement(store, statement, err);
  }
  rows->running = running;
  return BASE_OK;
}

enum base_code store_rows_next(struct store_rows *rows, bool *found, struct base_error *err) {
  int result = sqlite3_step(rows->running);
  if (result != SQLITE_ROW && result != SQLITE_DONE)
    return fail_of_statement(rows->store, rows->statement, err);
  *found = result == SQLITE_ROW;
  return BASE_OK;
}

void store_rows_close(struct store_rows *rows) {
  if (rows->running == NULL)
    return;
  sqlite3_reset(rows->running);
  /* What was bound is borrowed, and ends with the caller. */
  sqlite3_clear_bindings(rows->running);
  rows->running = NULL;
}

static enum base_code first_row(struct store_rows *rows, struct base_error *err) {
  bool found = false;
  enum base_code code = store_rows_next(rows, &found, err);
  return code == BASE_OK && !found ? base_fail(err, BASE_NOT_FOUND, STORE_FILE ": no row more") : code;
}

enum base_code store_rows_after(struct store *store, enum store_statement statement, int64_t key,
                                struct store_rows *rows, struct base_error *err) {
  enum base_code code = store_rows_open(store, statement, STORE_VALUES(store_number(key)), rows, err);
  return code == BASE_OK ? first_row(rows, err) : code;
}

enum base_code store_rows_after_pair(struct store *store, enum store_statement statement, const struct store_pair *key,
                                     struct store_rows *rows, struct base_error *err) {
  enum base_code code =
      store_rows_open(store, statement, STORE_VALUES(store_number(key->first), store_number(key->second)), rows, err);
  return code == BASE_OK ? first_row(rows, err) : code;
}

int64_t store_row_number(struct store_rows *rows, int column) {
  return sqlite3_column_int64(rows->running, column);
}

uint64_t store_row_unsigned(struct store_rows *rows, int column) {
  return store_row_at_most(rows, column, INT64_MAX);
}

uint64_t store_row_at_most(struct store_rows *rows, int column, uint64_t most) {
  int64_t number = sqlite3_column_int64(rows->running, column);
  if (number >= 0 && (uint64_t)number <= most)
    return (uint64_t)number;
  rows->wrong = true;
  return 0;
}

bool store_row_flag(struct store_rows *rows, int column) {
  return store_row_at_most(rows, column, 1) == 1;
}

struct base_view store_row_bytes(struct store_rows *rows, int column, struct base_arena *arena) {
  const void *data = sqlite3_column_blob(rows->running, column);
  int size = sqlite3_column_bytes(rows->running, column);
  struct base_view view = base_view_of(data, size > 0 ? (size_t)size : 0);
  if (arena == NULL || view.size == 0)
    return view;
  struct base_view copy = base_arena_copy(arena, view);
  if (copy.data == NULL)
    rows->no_memory = true;
  return copy;
}

void store_row_32(struct store_rows *rows, int column, uint8_t out[32]) {
  struct base_view view = store_row_bytes(rows, column, NULL);
  if (view.size == 32)
    memcpy(out, view.data, 32);
  else
    rows->wrong = true;
}

void store_row_32_or_null(struct store_rows *rows, int column, uint8_t out[32]) {
  if (sqlite3_column_type(rows->running, column) == SQLITE_NULL)
    memset(out, 0, 32);
  else
    store_row_32(rows, column, out);
}

enum base_code store_row_check(const struct store_rows *rows, struct base_error *err) {
  if (rows->wrong)
    return base_fail(err, BASE_CORRUPT, STORE_FILE ": %s: a row holds what it cannot; restore the node from its backup",
                     statements[rows->statement].name);
  if (rows->no_memory)
    return base_fail(err, BASE_MEMORY, STORE_FILE ": %s: a row is larger than the memory given for it",
                     statements[rows->statement].name);
  return BASE_OK;
}

enum base_code store_run(struct store *store, enum store_statement statement, const struct store_value *values,
                         size_t count, uint64_t *changed, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found;
  enum base_code code = store_rows_open(store, statement, values, count, &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && changed != NULL)
    *changed = (uint64_t)sqlite3_changes64(store->db);
  return code;
}

enum base_code store_run_number(struct store *store, enum store_statement statement, const struct store_value *values,
                                size_t count, bool *found, int64_t *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_open(store, statement, values, count, &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, found, err);
  if (code != BASE_OK || !*found)
    return code;
  int64_t number = store_row_number(&rows, 0);
  /* To its end: foreign keys are checked there. */
  bool more;
  code = store_rows_next(&rows, &more, err);
  if (code == BASE_OK)
    *out = number;
  return code;
}
