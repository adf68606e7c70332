/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SQLite: a look at the database as it stands now, while others go on writing; and a database made anew of rows. */

enum { LOAD_STEP = 16 << 20 /* bytes of rows after which what was loaded is moved from the log into the file */ };

static enum base_code execute(struct store_sqlite *store, const char *sql, const char *doing, struct base_error *err) {
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? BASE_OK : store_sqlite_fail(store, doing, err);
}

enum base_code store_sqlite_snapshot(struct store *common, struct store **out, struct base_error *err) {
  const struct store_sqlite *from = (const struct store_sqlite *)common;
  if (fchdir(from->folder) != 0)
    return base_fail_errno(err, STORE_FILE ": its folder cannot be entered");
  struct store_sqlite *store = store_sqlite_new();
  if (store == NULL)
    return base_fail(err, BASE_MEMORY, STORE_FILE ": out of memory");
  enum base_code code = store_sqlite_connect(store, err);
  if (code == BASE_OK) {
    sqlite3_extended_result_codes(store->db, 1);
    /* A transaction that reads sees what was committed when it read first. The log is not begun anew while it lasts. */
    code =
        execute(store,
                "PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
                " PRAGMA cell_size_check = ON; BEGIN; SELECT count(*) FROM sqlite_schema",
                "backup", err);
  }
  if (code == BASE_OK)
    *out = &store->store;
  else
    store_close(&store->store);
  return code;
}

/* --- made anew */

struct store_load {
  struct store_sqlite *store;
  sqlite3_stmt *adding; /* into the table whose rows come */
  char table[WIRE_BACKUP_NAME_MAX + 1];
  size_t columns;   /* of adding; 0: not known yet */
  uint64_t pending; /* bytes since the last commit */
};

void store_load_close(struct store_load *load) {
  if (load == NULL)
    return;
  sqlite3_finalize(load->adding);
  if (load->store != NULL) {
    store_rollback(&load->store->store);
    store_close(&load->store->store);
  }
  free(load);
}

enum base_code store_load_open(int dir, uint32_t schema, struct store_load **out, struct base_error *err) {
  struct stat status;
  if (schema == 0 || schema > store_schema.version)
    return base_fail(err, BASE_CONFLICT,
                     "the backup's tables are of schema %u, and this program knows 1 to %zu: use the newer program",
                     schema, store_schema.version);
  if (fstatat(dir, STORE_FILE, &status, AT_SYMLINK_NOFOLLOW) == 0)
    return base_fail(err, BASE_EXISTS, STORE_FILE ": is there already; nothing is restored over it");
  struct store_load *load = calloc(1, sizeof *load);
  if (load == NULL)
    return base_fail(err, BASE_MEMORY, STORE_FILE ": out of memory");
  const struct store_schema then = {schema, store_schema.steps};
  struct store *store = NULL;
  enum base_code code = store_open_sqlite(dir, &then, &store, err);
  load->store = (struct store_sqlite *)store;
  /* Nothing counts before all of it is there and durable (store_load_end). */
  if (code == BASE_OK)
    code = execute(load->store, "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF", "restoring", err);
  if (code == BASE_OK)
    code = store_begin(store, err);
  if (code == BASE_OK)
    *out = load;
  else
    store_load_close(load);
  return code;
}

enum base_code store_load_table(struct store_load *load, struct base_view name, struct base_error *err) {
  char sql[128];
  sqlite3_stmt *found = NULL;
  sqlite3_finalize(load->adding);
  load->adding = NULL;
  load->columns = 0;
  if (name.size > WIRE_BACKUP_NAME_MAX)
    return base_fail(err, BASE_INTERNAL, "a table's name is too long");
  snprintf(load->table, sizeof load->table, "%.*s", (int)name.size, (const char *)name.data);
  snprintf(sql, sizeof sql, "SELECT * FROM %s", load->table); /* the name's characters were checked as it was parsed */
  bool known =
      strncmp(load->table, "sqlite", 6) != 0 && sqlite3_prepare_v2(load->store->db, sql, -1, &found, NULL) == SQLITE_OK;
  if (known)
    load->columns = (size_t)sqlite3_column_count(found);
  sqlite3_finalize(found);
  return known ? BASE_OK
               : base_fail(err, BASE_SYNTAX, "the backup has a table %s that its schema does not know", load->table);
}

static enum base_code prepare_row(struct store_load *load, size_t count, struct base_error *err) {
  char sql[512];
  if (load->columns == 0 || count != load->columns || count > WIRE_BACKUP_VALUES_MAX)
    return base_fail(err, BASE_SYNTAX, "a row of %zu values for the table '%s' of %zu columns", count, load->table,
                     load->columns);
  if (load->adding != NULL)
    return BASE_OK;
  int at = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(", load->table);
  for (size_t i = 0; i < count; i++)
    at += snprintf(sql + at, sizeof sql - (size_t)at, "%s?%zu", i == 0 ? "" : ",", i + 1);
  snprintf(sql + at, sizeof sql - (size_t)at, ")");
  return sqlite3_prepare_v2(load->store->db, sql, -1, &load->adding, NULL) == SQLITE_OK
             ? BASE_OK
             : store_sqlite_fail(load->store, "restoring", err);
}

static bool bind(sqlite3_stmt *adding, int parameter, const struct wire_backup_value *value) {
  const void *data = value->bytes.data != NULL ? (const void *)value->bytes.data : "";
  switch (value->type) {
  case WIRE_BACKUP_NUMBER:
    return sqlite3_bind_int64(adding, parameter, value->number) == SQLITE_OK;
  case WIRE_BACKUP_TEXT:
    return sqlite3_bind_text64(adding, parameter, data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
  case WIRE_BACKUP_BLOB:
    return sqlite3_bind_blob64(adding, parameter, data, value->bytes.size, SQLITE_STATIC) == SQLITE_OK;
  case WIRE_BACKUP_NULL:
  default:
    return sqlite3_bind_null(adding, parameter) == SQLITE_OK;
  }
}

static enum base_code flush(struct store_load *load, struct base_error *err) {
  struct store *store = &load->store->store;
  enum base_code code = store_commit(store, err);
  if (code == BASE_OK &&
      sqlite3_wal_checkpoint_v2(load->store->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK)
    code = store_sqlite_fail(load->store, "restoring", err);
  load->pending = 0;
  return code;
}

enum base_code store_load_row(struct store_load *load, const struct wire_backup_value *values, size_t count,
                              struct base_error *err) {
  enum base_code code = prepare_row(load, count, err);
  if (code != BASE_OK)
    return code;
  for (size_t i = 0; i < count; i++) {
    if (!bind(load->adding, (int)i + 1, &values[i]))
      return store_sqlite_fail(load->store, "restoring", err);
    load->pending += sizeof values[i].number + values[i].bytes.size;
  }
  int result = sqlite3_step(load->adding);
  if ((result & 0xFF) == SQLITE_CONSTRAINT)
    code = base_fail(err, BASE_SYNTAX, "a row of the table %s cannot be in it: %s", load->table,
                     sqlite3_errmsg(load->store->db));
  else if (result != SQLITE_DONE)
    code = store_sqlite_fail(load->store, "restoring", err);
  sqlite3_reset(load->adding);
  sqlite3_clear_bindings(load->adding);
  if (code == BASE_OK && load->pending >= LOAD_STEP)
    code = flush(load, err) == BASE_OK ? store_begin(&load->store->store, err) : err->code;
  return code;
}

static enum base_code make_durable(const struct store_load *load, struct base_error *err) {
  BASE_AUTO_FD int file = openat(load->store->folder, STORE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  return file >= 0 && fsync(file) == 0 && fsync(load->store->folder) == 0
             ? BASE_OK
             : base_fail_errno(err, STORE_FILE ": cannot be made durable");
}

enum base_code store_load_end(struct store_load *load, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf broken = {0};
  sqlite3_finalize(load->adding);
  load->adding = NULL;
  enum base_code code = flush(load, err);
  if (code == BASE_OK)
    code = store_sqlite_ask(load->store, "PRAGMA foreign_key_check", &broken, err);
  if (code == BASE_OK && broken.size > 1)
    code = base_fail(err, BASE_SYNTAX, "a row of the backup's table %.64s names one that is not there",
                     (const char *)broken.data);
  return code == BASE_OK ? make_durable(load, err) : code;
}
