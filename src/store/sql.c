/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <string.h>

/* What is the same whichever engine is behind it: values, rows, and who may run what when. */

static const struct {
  const char *name, *sql;
} statements[STORE_STATEMENTS] = {
#define STORE_STATEMENT(name, sql) {#name, sql},
#include "store/statements.def"
#undef STORE_STATEMENT
};

const char *store_statement_name(enum store_statement statement) {
  return statement < STORE_STATEMENTS ? statements[statement].name : "copy";
}

const char *store_statement_sql(enum store_statement statement) {
  return statements[statement].sql;
}

struct store_value store_null(void) {
  return (struct store_value){.type = STORE_VALUE_NULL};
}

struct store_value store_number(int64_t number) {
  return (struct store_value){.type = STORE_VALUE_NUMBER, .number = number};
}

struct store_value store_unsigned(uint64_t number) {
  bool fits = number <= INT64_MAX;
  return (struct store_value){
      .type = STORE_VALUE_NUMBER, .too_large = !fits, .number = fits ? (int64_t)number : INT64_MAX};
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
  return store_number(limit == 0 || limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
}

struct store_value store_prefix(const uint8_t bytes[8]) {
  uint64_t prefix = 0;
  for (int i = 0; i < 8; i++)
    prefix = prefix << 8 | bytes[i];
  return store_number((int64_t)prefix);
}

static bool writes(enum store_statement statement) {
  const char *sql = statements[statement].sql;
  return strncmp(sql, "SELECT ", 7) != 0 && strncmp(sql, "WITH ", 5) != 0;
}

/* Before the database is touched, so that both engines refuse the same and nothing is lost by it. */
static enum base_code check(struct store *store, enum store_statement statement, const struct store_value *values,
                            size_t count, struct base_error *err) {
  const char *name = statements[statement].name;
  if (count > STORE_VALUES_MAX || store->running[statement])
    return base_fail(err, BASE_INTERNAL, "%s: %s: %s", store->name, name,
                     count > STORE_VALUES_MAX ? "too many values" : "called from within its own rows");
  if (!store->in_transaction && writes(statement))
    return base_fail(err, BASE_INTERNAL, "%s: %s: outside a transaction", store->name, name);
  for (size_t i = 0; i < count; i++) {
    const struct store_value *value = &values[i];
    if (value->too_large)
      return base_fail(err, BASE_TOO_LARGE, "%s: %s: a number above 2^63-1", store->name, name);
    if (value->type == STORE_VALUE_TEXT && value->bytes.size > 0 &&
        (!base_utf8_valid(value->bytes) || memchr(value->bytes.data, 0, value->bytes.size) != NULL))
      return base_fail(err, BASE_UTF8, "%s: %s: a text that is not UTF-8, or holds a zero byte", store->name, name);
  }
  return BASE_OK;
}

enum base_code store_rows_open(struct store *store, enum store_statement statement, const struct store_value *values,
                               size_t count, struct store_rows *rows, struct base_error *err) {
  *rows = (struct store_rows){.store = store, .statement = statement};
  enum base_code code = check(store, statement, values, count, err);
  if (code == BASE_OK)
    code = store->engine->open(rows, values, count, err);
  store->running[statement] |= rows->result != NULL;
  return code;
}

enum base_code store_rows_next(struct store_rows *rows, bool *found, struct base_error *err) {
  return rows->store->engine->next(rows, found, err);
}

void store_rows_close(struct store_rows *rows) {
  if (rows->result == NULL)
    return;
  rows->store->engine->close(rows);
  rows->result = NULL;
  if (rows->statement < STORE_STATEMENTS)
    rows->store->running[rows->statement] = false;
}

static enum base_code first_row(struct store_rows *rows, struct base_error *err) {
  bool found = false;
  enum base_code code = store_rows_next(rows, &found, err);
  return code == BASE_OK && !found ? base_fail(err, BASE_NOT_FOUND, "%s: no row more", rows->store->name) : code;
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
  int64_t number = 0;
  if (!rows->store->engine->number(rows, column, &number))
    rows->wrong = true;
  return number;
}

uint64_t store_row_unsigned(struct store_rows *rows, int column) {
  return store_row_at_most(rows, column, INT64_MAX);
}

uint64_t store_row_at_most(struct store_rows *rows, int column, uint64_t most) {
  int64_t number = store_row_number(rows, column);
  if (number >= 0 && (uint64_t)number <= most)
    return (uint64_t)number;
  rows->wrong = true;
  return 0;
}

bool store_row_flag(struct store_rows *rows, int column) {
  return store_row_at_most(rows, column, 1) == 1;
}

struct base_view store_row_bytes(struct store_rows *rows, int column, struct base_arena *arena) {
  struct base_view view = rows->store->engine->bytes(rows, column);
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
  if (rows->store->engine->bytes(rows, column).data == NULL)
    memset(out, 0, 32);
  else
    store_row_32(rows, column, out);
}

enum base_code store_row_check(const struct store_rows *rows, struct base_error *err) {
  const char *where = rows->store->name, *name = store_statement_name(rows->statement);
  if (rows->wrong)
    return base_fail(err, BASE_CORRUPT, "%s: %s: a row holds what it cannot; restore the node from its backup", where,
                     name);
  if (rows->no_memory)
    return base_fail(err, BASE_MEMORY, "%s: %s: a row is larger than the memory given for it", where, name);
  return BASE_OK;
}

enum base_code store_run(struct store *store, enum store_statement statement, const struct store_value *values,
                         size_t count, uint64_t *changed, struct base_error *err) {
  enum base_code code = check(store, statement, values, count, err);
  return code == BASE_OK ? store->engine->run(store, statement, values, count, changed, err) : code;
}

enum base_code store_run_new(struct store *store, enum store_statement statement, const struct store_value *values,
                             size_t count, bool *refused, struct base_error *err) {
  enum base_code code = check(store, statement, values, count, err);
  return code == BASE_OK ? store->engine->run_new(store, statement, values, count, refused, err) : code;
}

enum base_code store_next_number(struct store *store, enum store_counter counter, int64_t *out,
                                 struct base_error *err) {
  static const enum store_statement last[STORE_COUNTERS] = {[STORE_COUNT_IDS] = STORE_SQL_ID_LAST,
                                                            [STORE_COUNT_MESSAGES] = STORE_SQL_MESSAGE_LAST,
                                                            [STORE_COUNT_DELIVERIES] = STORE_SQL_DELIVERY_LAST};
  bool found;
  int64_t number = 0;
  enum base_code code = BASE_OK;
  if (store->next[counter] == 0) {
    code = store_run_number(store, last[counter], NULL, 0, &found, &number, err);
    if (code == BASE_OK)
      store->next[counter] = number + 1;
  }
  if (code == BASE_OK)
    *out = store->next[counter];
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
  code = store_row_check(&rows, err);
  /* To its end: foreign keys are checked there. */
  bool more;
  if (code == BASE_OK)
    code = store_rows_next(&rows, &more, err);
  if (code == BASE_OK)
    *out = number;
  return code;
}
