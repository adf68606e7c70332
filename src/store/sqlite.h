/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_STORE_SQLITE_H
#define WASL_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/sql.h"

/* SQLite behind the verbs: core.db in core's folder. */

#define STORE_FILE "core.db"

enum {
  STORE_PAGE = 4096,
  STORE_BUSY_MS = 5000, /* what another program does with the file meanwhile is waited for */
  STORE_TIDY_PAGES = (16 << 20) / STORE_PAGE,   /* a checkpoint each time the log grew by that much, … */
  STORE_TIGHT_PAGES = (256 << 10) / STORE_PAGE, /* … or has that much, when room is short */
};

struct store_sqlite {
  struct store store; /* first: a pointer to it is one to this */
  sqlite3 *db;
  sqlite3_vfs vfs; /* must live as long as db */
  char vfs_name[32];
  int folder, lock;       /* where the files are; core.lock, held; both -1 in a snapshot */
  bool scrub; /* something was erased: the log is emptied at the next store_tidy */
  int wal_pages, tidy_at; /* pages in the write-ahead log; checkpoint when it has that many */
  sqlite3_stmt *statements[STORE_STATEMENTS];
};

extern const struct store_engine store_engine_sqlite;
void store_sqlite_close(struct store *store);

/* Of nothing yet; NULL without memory. */
struct store_sqlite *store_sqlite_new(void);
/* Opens the connection, in the working folder. */
BASE_NODISCARD enum base_code store_sqlite_connect(struct store_sqlite *store, struct base_error *err);
/* The engine's snapshot (sqlite_backup.c). */
BASE_NODISCARD enum base_code store_sqlite_snapshot(struct store *store, struct store **out, struct base_error *err);

/* Fills err from the state of the database connection after a failure: `doing` is what was being done. */
enum base_code store_sqlite_fail(struct store_sqlite *store, const char *doing, struct base_error *err);
/* The first column of every row, one after the other, with a NUL behind. */
BASE_NODISCARD enum base_code store_sqlite_ask(struct store_sqlite *store, const char *sql, struct base_buf *out,
                                               struct base_error *err);

/* A copy of the default VFS that hands names on as they are (vfs.c). Not registered. */
void store_vfs_make(sqlite3_vfs *vfs, const char *name);

#endif
