/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_STORE_SQL_H
#define WASL_STORE_SQL_H

#include "store/store.h"

/* Private to store: the database behind the verbs. Verbs run named statements with values and read rows, in the SQL
 * that both engines understand; sqlite.c and postgresql.c alone know which one it is. */

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

/* --- the schema (schema.c) */
struct store_table {
  const char *name, *key; /* key: the columns that tell its rows apart */
};
extern const struct store_table store_tables[]; /* what refers to another table stands behind it */
extern const size_t store_table_count;
/* Schema n is made from n-1 by the n-th step, in one transaction. A step that was released is never changed. */
struct store_step {
  const char *sqlite, *postgresql;
};
struct store_schema {
  size_t version; /* steps that there are */
  const struct store_step *steps;
};
extern const struct store_schema store_schema;

/* --- what is open */
/* One request names the same few ids again and again. */
enum { STORE_KNOWN_IDS = 256, STORE_NAME_MAX = 200 };
struct store_known_id {
  struct base_id id;
  int64_t number; /* 0: unused */
};

/* What was read of a delivery is often changed next. */
struct store_known_delivery {
  struct base_id message;
  int64_t partner, entry, state; /* entry 0: unused */
};
/* Tables whose rows get the next number from us: only this store writes. */
enum store_counter { STORE_COUNT_IDS, STORE_COUNT_MESSAGES, STORE_COUNT_DELIVERIES, STORE_COUNTERS };

struct store {
  const struct store_engine *engine;
  char name[STORE_NAME_MAX]; /* what error texts begin with: the file, or the database's address without secrets */
  bool in_transaction;
  bool failed;                    /* the database failed within the transaction: it may not be committed */
  bool running[STORE_STATEMENTS]; /* has rows open */
  void (*watch)(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                enum store_delivery_state to);
  void *watch_context;
  int64_t next[STORE_COUNTERS];                                  /* 0: to be asked for */
  int64_t next_leaf;                                             /* -1: to be asked for */
  struct store_known_id known_ids[STORE_KNOWN_IDS];              /* by the last byte of the id */
  struct store_known_delivery known_deliveries[STORE_KNOWN_IDS]; /* by that of the message's */
};

/* --- values for parameters ?1, ?2 … */
enum store_value_type { STORE_VALUE_NULL, STORE_VALUE_NUMBER, STORE_VALUE_TEXT, STORE_VALUE_BYTES };
struct store_value {
  enum store_value_type type;
  bool too_large; /* a number above INT64_MAX: the statement fails with BASE_TOO_LARGE */
  int64_t number;
  struct base_view bytes; /* borrowed until the rows are closed */
};
struct store_value store_null(void); /* of a number */
struct store_value store_number(int64_t number);
struct store_value store_unsigned(uint64_t number);
struct store_value store_text(struct base_view text); /* UTF-8 without NUL, else BASE_UTF8 */
struct store_value store_bytes(struct base_view bytes);
struct store_value store_hash(const struct base_hash *hash);
struct store_value store_limit(uint64_t limit); /* 0: no limit */
/* The first 8 bytes of a random value, as the indexes keep them. */
struct store_value store_prefix(const uint8_t bytes[8]);
#define STORE_VALUES(...)                                                                                              \
  (const struct store_value[]){__VA_ARGS__},                                                                           \
      sizeof((const struct store_value[]){__VA_ARGS__}) / sizeof(struct store_value)
enum { STORE_VALUES_MAX = 32 };

/* --- rows: the statement is free for its next use once they are closed */
struct store_rows {
  struct store *store;
  enum store_statement statement; /* STORE_STATEMENTS: the rows of a whole table (store_table_open) */
  void *result;                   /* the engine's; NULL: not open */
  int at;                         /* likewise */
  bool wrong;                     /* a column did not hold what it must */
  bool no_memory;                 /* the arena was full */
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
/* For one that returns no rows; *changed is the number of rows written. NULL: nobody asks, so it may be sent without
 * waiting, and what goes wrong with it is said by a later verb of the transaction, at the latest by its commit. */
BASE_NODISCARD enum base_code store_run(struct store *store, enum store_statement statement,
                                        const struct store_value *values, size_t count, uint64_t *changed,
                                        struct base_error *err);
/* For one that writes a row which must be new. When it is not: *refused, or, from an engine that does not wait,
 * BASE_EXISTS later, and the transaction has failed; BASE_NOT_FOUND, when it names a row that is not there, likewise.
 */
BASE_NODISCARD enum base_code store_run_new(struct store *store, enum store_statement statement,
                                            const struct store_value *values, size_t count, bool *refused,
                                            struct base_error *err);
/* For one that returns one number; *found tells whether it did. */
BASE_NODISCARD enum base_code store_run_number(struct store *store, enum store_statement statement,
                                               const struct store_value *values, size_t count, bool *found,
                                               int64_t *out, struct base_error *err);

/* A head or cosignature kept with a partner (partner.c): added and counted, or changed when one of this size is there.
 */
BASE_NODISCARD enum base_code store_kept_put(struct store *store, enum store_statement add, enum store_statement change,
                                             int64_t partner, uint64_t size, struct base_view bytes,
                                             struct base_error *err);

BASE_NODISCARD enum base_code store_kept_next(struct store *store, enum store_statement statement,
                                              struct store_pair *key, struct base_buf *out, struct base_error *err);
/* --- the engine: what sqlite.c and postgresql.c each do in their way. A call that fails because of the database sets
 * store->failed. Constraints are a net below the verbs: one that is violated is a fault of ours. */
struct store_engine {
  enum base_code (*begin)(struct store *store, struct base_error *err);
  /* Durable when it returns BASE_OK. BASE_NOT_RUNNING: whether it is kept is not known. */
  enum base_code (*commit)(struct store *store, struct base_error *err);
  void (*rollback)(struct store *store);
  /* Starts rows->statement. The values live until close. */
  enum base_code (*open)(struct store_rows *rows, const struct store_value *values, size_t count,
                         struct base_error *err);
  enum base_code (*next)(struct store_rows *rows, bool *found, struct base_error *err);
  void (*close)(struct store_rows *rows);
  /* Of the row that next found. number: false for what is no number. bytes: data NULL for NULL. */
  bool (*number)(struct store_rows *rows, int column, int64_t *out);
  struct base_view (*bytes)(struct store_rows *rows, int column);
  /* As store_run. The values end with the call. */
  enum base_code (*run)(struct store *store, enum store_statement statement, const struct store_value *values,
                        size_t count, uint64_t *changed, struct base_error *err);
  /* As store_run_new. */
  enum base_code (*run_new)(struct store *store, enum store_statement statement, const struct store_value *values,
                            size_t count, bool *refused, struct base_error *err);
  /* All rows of a table in the order of its key; what a row holds, with its types. */
  enum base_code (*open_table)(struct store_rows *rows, const struct store_table *table, struct base_error *err);
  size_t (*row)(struct store_rows *rows, struct store_value values[STORE_VALUES_MAX]);
  /* Writes such a row, as `run` without `changed`. NULL: this engine is no target of a copy. */
  enum base_code (*add_row)(struct store *store, const struct store_table *table, const struct store_value *values,
                            size_t count, struct base_error *err);
  /* Empties a target that an earlier copy left; BASE_EXISTS for one that holds anything else. */
  enum base_code (*clear)(struct store *store, struct base_error *err);
  /* A store of its own, only to be read, that sees what is committed now and nothing later. NULL: this engine has none.
   */
  enum base_code (*snapshot)(struct store *store, struct store **out, struct base_error *err);
  void (*erasing)(struct store *store, bool on); /* what is emptied in between is overwritten as well */
  void (*tidy)(struct store *store, bool tight);
  enum base_code (*check)(struct store *store, struct base_error *err);
  bool (*alive)(struct store *store);
  void (*close_store)(struct store *store); /* frees it */
};

/* store_open with another schema, for tests. target: to be copied to (store_copy), not yet used by a core. */
BASE_NODISCARD enum base_code store_open_as(int dir, struct store_server *server, const struct store_schema *schema,
                                            bool target, struct store **out, struct base_error *err);
BASE_NODISCARD enum base_code store_open_sqlite(int dir, const struct store_schema *schema, struct store **out,
                                                struct base_error *err);
/* Takes the server over, whatever comes of it. */
BASE_NODISCARD enum base_code store_open_postgresql(struct store_server *server, const struct store_schema *schema,
                                                    bool target, struct store **out, struct base_error *err);

/* --- ids (ids.c): every id is written once, and known by a number */
/* *number of the id; 0 when it was never written. */
BASE_NODISCARD enum base_code store_id_find(struct store *store, const struct base_id *id, int64_t *number,
                                            struct base_error *err);
/* The next number of a table; store->next[counter] goes on once its row is written. */
BASE_NODISCARD enum base_code store_next_number(struct store *store, enum store_counter counter, int64_t *out,
                                                struct base_error *err);
/* Writes it when it is new. */
BASE_NODISCARD enum base_code store_id_number(struct store *store, const struct base_id *id, int64_t *number,
                                              struct base_error *err);
/* After anything was taken back: what is remembered of rows may be wrong. */
void store_forget(struct store *store);
/* BASE_NOT_FOUND unless there is such a partner. */
BASE_NODISCARD enum base_code store_partner_there(struct store *store, int64_t number, struct base_error *err);

#endif
