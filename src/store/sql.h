/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_STORE_SQL_H
#define WASL_STORE_SQL_H

#include <sqlite3.h>

#include "store/store.h"

/* Private to store: the database behind the verbs. Verbs run named statements with values and read rows; only sql.c,
 * vfs.c and store.c know that it is SQLite. */

#define STORE_FILE "core.db"

/* Deliveries that still want something of the partner: waiting, under way, or ended here (by a person or by law, which
 * makes a voided leaf; leaf 0 is never one) but not told. The planner knows a partial index by its words, so the index
 * and its queries share them. */
#define STORE_DUE "(state <= 1 OR (voided_index > 0 AND voided_told = 0))"

enum store_statement {
#define STORE_STATEMENT(name, sql) STORE_SQL_##name,
#include "store/statements.def"
#undef STORE_STATEMENT
  STORE_STATEMENTS
};
const char *store_statement_name(enum store_statement statement);
const char *store_statement_sql(enum store_statement statement);

/* One request names the same few ids again and again. */
enum { STORE_KNOWN_IDS = 256 };
struct store_known_id {
  struct base_id id;
  int64_t number; /* 0: unused */
};

struct store {
  sqlite3 *db;
  sqlite3_vfs vfs; /* must live as long as db */
  char vfs_name[32];
  int folder, lock; /* where the files are; core.lock, held */
  bool in_transaction;
  bool failed; /* the database failed within the transaction: it may not be committed */
  int wal_pages, tidy_at; /* pages in the write-ahead log; checkpoint when it has that many */
  void (*watch)(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                enum store_delivery_state to);
  void *watch_context;
  sqlite3_stmt *statements[STORE_STATEMENTS];
  struct store_known_id known_ids[STORE_KNOWN_IDS]; /* by the last byte of the id */
};

/* A copy of the default VFS that hands names on as they are (vfs.c). Not registered. */
void store_vfs_make(sqlite3_vfs *vfs, const char *name);

/* Fills err from the state of the database connection after a failure: `doing` is what was being done. */
enum base_code store_sql_fail(struct store *store, const char *doing, struct base_error *err);

/* --- values for parameters ?1, ?2 … */
enum store_value_type {
  STORE_VALUE_NULL,
  STORE_VALUE_NUMBER,
  STORE_VALUE_TEXT,
  STORE_VALUE_BYTES,
  STORE_VALUE_TOO_LARGE
};
struct store_value {
  enum store_value_type type;
  int64_t number;
  struct base_view bytes; /* borrowed until the rows are closed */
};
struct store_value store_null(void);
struct store_value store_number(int64_t number);
struct store_value store_unsigned(uint64_t number); /* above INT64_MAX the statement fails with BASE_TOO_LARGE */
struct store_value store_text(struct base_view text);
struct store_value store_bytes(struct base_view bytes);
struct store_value store_hash(const struct base_hash *hash);
struct store_value store_limit(uint64_t limit); /* 0: no limit */
/* The first 8 bytes of a random value, as the indexes keep them. */
struct store_value store_prefix(const uint8_t bytes[8]);
#define STORE_VALUES(...)                                                                                              \
  (const struct store_value[]){__VA_ARGS__},                                                                           \
      sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)

/* --- rows: the statement is free for its next use once they are closed */
struct store_rows {
  struct store *store;
  enum store_statement statement;
  sqlite3_stmt *running; /* NULL: not open */
  bool wrong;            /* a column did not hold what it must */
  bool no_memory;        /* the arena was full */
};
#define STORE_AUTO_ROWS __attribute__((cleanup(store_rows_close)))
BASE_NODISCARD enum base_code store_rows_open(struct store *store, enum store_statement statement,
                                              const struct store_value *values, size_t count, struct store_rows *rows,
                                              struct base_error *err);
BASE_NODISCARD enum base_code store_rows_next(struct store_rows *rows, bool *found, struct base_error *err);
void store_rows_close(struct store_rows *rows);

int64_t store_row_number(struct store_rows *rows, int column);
uint64_t store_row_unsigned(struct store_rows *rows, int column);
uint64_t store_row_at_most(struct store_rows *rows, int column, uint64_t most);
bool store_row_flag(struct store_rows *rows, int column);
/* A copy in the arena; arena NULL: borrowed until the next row. */
struct base_view store_row_bytes(struct store_rows *rows, int column, struct base_arena *arena);
void store_row_32(struct store_rows *rows, int column, uint8_t out[32]);
/* Zeros for NULL. */
void store_row_32_or_null(struct store_rows *rows, int column, uint8_t out[32]);
/* After the columns of a row were read: BASE_CORRUPT or BASE_MEMORY when one of them could not be. */
BASE_NODISCARD enum base_code store_row_check(const struct store_rows *rows, struct base_error *err);

/* Opens the statement of a `next` and stands on its row; BASE_NOT_FOUND at the end. */
BASE_NODISCARD enum base_code store_rows_after(struct store *store, enum store_statement statement, int64_t key,
                                               struct store_rows *rows, struct base_error *err);
BASE_NODISCARD enum base_code store_rows_after_pair(struct store *store, enum store_statement statement,
                                                    const struct store_pair *key, struct store_rows *rows,
                                                    struct base_error *err);

/* --- a whole statement */
/* For one that returns no rows; *changed (may be NULL) is the number of rows written. */
BASE_NODISCARD enum base_code store_run(struct store *store, enum store_statement statement,
                                        const struct store_value *values, size_t count, uint64_t *changed,
                                        struct base_error *err);
/* For one that returns one number; *found tells whether it did. */
BASE_NODISCARD enum base_code store_run_number(struct store *store, enum store_statement statement,
                                               const struct store_value *values, size_t count, bool *found,
                                               int64_t *out, struct base_error *err);

/* A head or cosignature kept with a partner (partner.c): added and counted, or changed when one of this size is there. */
BASE_NODISCARD enum base_code store_kept_put(struct store *store, enum store_statement add,
                                             enum store_statement change, int64_t partner, uint64_t size,
                                             struct base_view bytes, struct base_error *err);

BASE_NODISCARD enum base_code store_kept_next(struct store *store, enum store_statement statement,
                                              struct store_pair *key, struct base_buf *out, struct base_error *err);

/* --- ids (ids.c): every id is written once, and known by a number */
/* *number of the id; 0 when it was never written. */
BASE_NODISCARD enum base_code store_id_find(struct store *store, const struct base_id *id, int64_t *number,
                                            struct base_error *err);
/* Writes it when it is new. */
BASE_NODISCARD enum base_code store_id_number(struct store *store, const struct base_id *id, int64_t *number,
                                              struct base_error *err);
/* After anything was taken back: ids that were new may be gone. */
void store_id_forget(struct store *store);

#endif
