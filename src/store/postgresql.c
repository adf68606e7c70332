/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL as an engine: statements, rows, transactions. postgresql_open.c opens it. */

enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_TEXT = 25, SQL_MAX = 2048 }; /* types: of pg_type.dat, never changed */

#define DIVISION_BY_ZERO "22012"

static struct store_postgresql *postgresql_of(struct store *store) {
  return (struct store_postgresql *)store;
}

/* --- failures */

static enum base_code code_of(const char *state) {
  static const struct {
    const char *begins;
    enum base_code code;
  } codes[] = {
      {"53100", BASE_DISK_FULL},  {"53200", BASE_MEMORY},    {"53", BASE_BUSY}, {"42501", BASE_PERMISSION},
      {"25006", BASE_PERMISSION}, {"55P03", BASE_BUSY},      {"40", BASE_BUSY}, {"XX001", BASE_CORRUPT},
      {"XX002", BASE_CORRUPT},    {"54", BASE_TOO_LARGE},    {"58", BASE_IO},   {"22021", BASE_UTF8},
      {"23505", BASE_EXISTS},     {"23503", BASE_NOT_FOUND},
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strncmp(state, codes[i].begins, strlen(codes[i].begins)) == 0)
      return codes[i].code;
  return BASE_INTERNAL;
}

static const char *advice(enum base_code code) {
  switch (code) {
  case BASE_DISK_FULL:
    return "; the transaction was not kept: make room on the server and try again";
  case BASE_PERMISSION:
    return "; make the node's user the owner of its database";
  case BASE_CORRUPT:
    return "; restore the database from its backup";
  case BASE_BUSY:
    return "; try again";
  default:
    return "";
  }
}

enum base_code store_postgresql_fail(struct store_postgresql *store, const PGresult *result, const char *doing,
                                     struct base_error *err) {
  const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE),
             *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  bool gone = PQstatus(store->link) == CONNECTION_BAD || state == NULL || strncmp(state, "57P", 3) == 0 ||
              strncmp(state, "08", 2) == 0;
  if (text == NULL)
    text = PQerrorMessage(store->link);
  int length = (int)strcspn(text, "\n");
  store->store.failed = true;
  if (!gone) {
    enum base_code code = code_of(state);
    return base_fail(err, code, "%s: the database says (%s): %.*s%s", store->store.name, doing, length, text,
                     advice(code));
  }
  if (!store->lost)
    base_fail(&store->why, BASE_NOT_RUNNING, "%s: the connection to the database is lost: %.*s", store->store.name,
              length, text);
  store->lost = true;
  return base_fail(err, BASE_NOT_RUNNING, "%s", store->why.text);
}

static enum base_code fail_lost(const struct store_postgresql *store, struct base_error *err) {
  return base_fail(err, store->why.code, "%s", store->why.text);
}

static enum base_code fenced_off(struct store_postgresql *store, struct base_error *err) {
  store->store.failed = store->lost = true;
  base_fail(&store->why, BASE_CONFLICT,
            "%s: another core has taken this register over; this one may not write any more", store->store.name);
  return fail_lost(store, err);
}

/* --- what was sent, and what came back */

static void expect(struct store_postgresql *store, const char *doing, int prepares, bool fence) {
  store->pending[store->pending_count++] = (struct store_pending){.doing = doing, .prepares = prepares, .fence = fence};
}

/* The result of the oldest entry; NULL with err. Its failure is told once: what the server skipped because of it says
 * nothing new. */
static PGresult *take_result(struct store_postgresql *store, const struct store_pending *pending, enum base_code *code,
                             struct base_error *err) {
  PGresult *result = PQgetResult(store->link), *more;
  while (result != NULL && (more = PQgetResult(store->link)) != NULL)
    PQclear(more);
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
    return result;
  if (pending->prepares >= 0)
    store->prepared[pending->prepares] = false;
  const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (*code == BASE_OK)
    *code = pending->fence && state != NULL && strcmp(state, DIVISION_BY_ZERO) == 0
                ? fenced_off(store, err)
                : store_postgresql_fail(store, result, pending->doing, err);
  PQclear(result);
  return NULL;
}

/* Asks for the results of all that was sent and reads them; *last is that of the last one, the caller's to clear. */
static enum base_code collect(struct store_postgresql *store, PGresult **last, struct base_error *err) {
  enum base_code code = BASE_OK;
  PGresult *result = NULL;
  size_t count = store->pending_count;
  store->pending_count = store->pending_bytes = 0;
  if (PQpipelineSync(store->link) != 1)
    return store_postgresql_fail(store, NULL, "sending", err);
  for (size_t i = 0; i < count && !(store->lost && PQstatus(store->link) == CONNECTION_BAD); i++) {
    PQclear(result);
    result = take_result(store, &store->pending[i], &code, err);
  }
  PGresult *end = PQgetResult(store->link);
  if (PQresultStatus(end) != PGRES_PIPELINE_SYNC && code == BASE_OK)
    code = store_postgresql_fail(store, end, "reading", err);
  PQclear(end);
  if (code == BASE_OK && last != NULL)
    *last = result;
  else
    PQclear(result);
  return code;
}

/* --- statements */

struct bound {
  Oid types[STORE_VALUES_MAX];
  const char *values[STORE_VALUES_MAX];
  int sizes[STORE_VALUES_MAX], formats[STORE_VALUES_MAX];
  uint64_t numbers[STORE_VALUES_MAX];
  size_t bytes;
};

static enum base_code bind_values(struct store_postgresql *store, const struct store_value *values, size_t count,
                                  const char *doing, struct bound *out, struct base_error *err) {
  out->bytes = 0;
  for (size_t i = 0; i < count; i++) {
    const struct store_value *value = &values[i];
    bool number = value->type == STORE_VALUE_NUMBER || value->type == STORE_VALUE_NULL;
    /* Far below what a message of the protocol may hold. */
    if (!number && value->bytes.size > INT32_MAX / 2) {
      store->store.failed = true;
      return base_fail(err, BASE_TOO_LARGE, "%s: a value is too large (%s)", store->store.name, doing);
    }
    out->numbers[i] = htobe64((uint64_t)value->number);
    out->types[i] = number ? TYPE_INT8 : value->type == STORE_VALUE_TEXT ? TYPE_TEXT : TYPE_BYTEA;
    out->formats[i] = 1;
    out->sizes[i] = number ? (int)sizeof out->numbers[i] : (int)value->bytes.size;
    out->values[i] = value->bytes.data != NULL ? (const char *)value->bytes.data : "";
    if (number)
      out->values[i] = value->type == STORE_VALUE_NULL ? NULL : (const char *)&out->numbers[i];
    out->bytes += (size_t)out->sizes[i];
  }
  return BASE_OK;
}

/* Parameters are ?1 in the shared SQL and $1 here. */
static void translate(const char *sql, char out[SQL_MAX]) {
  size_t i = 0;
  for (; sql[i] != '\0' && i + 1 < SQL_MAX; i++)
    out[i] = sql[i] == '?' ? '$' : sql[i];
  out[i] = '\0';
}

static enum base_code ready_to_send(struct store_postgresql *store, const char *doing, struct base_error *err) {
  if (store->lost)
    return fail_lost(store, err);
  if (store->store.in_transaction && store->store.failed)
    return base_fail(err, BASE_INTERNAL, "%s: %s: the database failed within this transaction: it must be rolled back",
                     store->store.name, doing);
  if (store->pending_count + 2 > STORE_PENDING_MAX || store->pending_bytes > STORE_PENDING_BYTES)
    return collect(store, NULL, err);
  return BASE_OK;
}

static enum base_code send_statement(struct store_postgresql *store, enum store_statement statement,
                                     const struct store_value *values, size_t count, struct base_error *err) {
  const char *doing = store_statement_name(statement);
  struct bound bound;
  char name[16];
  enum base_code code = ready_to_send(store, doing, err);
  if (code == BASE_OK)
    code = bind_values(store, values, count, doing, &bound, err);
  if (code != BASE_OK)
    return code;
  snprintf(name, sizeof name, "s%d", (int)statement);
  if (!store->prepared[statement]) {
    char sql[SQL_MAX];
    translate(store_statement_sql(statement), sql);
    if (PQsendPrepare(store->link, name, sql, (int)count, bound.types) != 1)
      return store_postgresql_fail(store, NULL, doing, err);
    store->prepared[statement] = true;
    expect(store, doing, (int)statement, false);
  }
  if (PQsendQueryPrepared(store->link, name, (int)count, bound.values, bound.sizes, bound.formats, 1) != 1)
    return store_postgresql_fail(store, NULL, doing, err);
  expect(store, doing, -1, false);
  store->pending_bytes += bound.bytes;
  return BASE_OK;
}

/* SQL of no statement's own. doing: lives as long as the store. */
static enum base_code send_text(struct store_postgresql *store, const char *sql, const struct store_value *values,
                                size_t count, const char *doing, struct base_error *err) {
  struct bound bound;
  enum base_code code = ready_to_send(store, doing, err);
  if (code == BASE_OK)
    code = bind_values(store, values, count, doing, &bound, err);
  if (code == BASE_OK &&
      PQsendQueryParams(store->link, sql, (int)count, bound.types, bound.values, bound.sizes, bound.formats, 1) != 1)
    code = store_postgresql_fail(store, NULL, doing, err);
  if (code != BASE_OK)
    return code;
  expect(store, doing, -1, false);
  store->pending_bytes += bound.bytes;
  return BASE_OK;
}

static enum base_code run(struct store *common, enum store_statement statement, const struct store_value *values,
                          size_t count, uint64_t *changed, struct base_error *err) {
  struct store_postgresql *store = postgresql_of(common);
  PGresult *result = NULL;
  enum base_code code = send_statement(store, statement, values, count, err);
  if (code != BASE_OK || changed == NULL)
    return code;
  code = collect(store, &result, err);
  if (code == BASE_OK)
    *changed = strtoull(PQcmdTuples(result), NULL, 10);
  PQclear(result);
  return code;
}

/* Nobody waits: a row that is there already is an error of the server, told later, and costs the transaction. It may
 * not be found out here by counting rows: by then the COMMIT may have been sent behind it. */
static enum base_code run_new(struct store *store, enum store_statement statement, const struct store_value *values,
                              size_t count, bool *refused, struct base_error *err) {
  *refused = false;
  return send_statement(postgresql_of(store), statement, values, count, err);
}

/* --- rows: all of a result is here at once */

static enum base_code open_rows(struct store_rows *rows, const struct store_value *values, size_t count,
                                struct base_error *err) {
  struct store_postgresql *store = postgresql_of(rows->store);
  PGresult *result = NULL;
  enum base_code code = send_statement(store, rows->statement, values, count, err);
  if (code == BASE_OK)
    code = collect(store, &result, err);
  rows->result = result;
  rows->at = -1;
  return code;
}

static enum base_code fetch(struct store_rows *rows, struct base_error *err) {
  struct store_postgresql *store = postgresql_of(rows->store);
  char sql[64];
  PGresult *result = NULL;
  snprintf(sql, sizeof sql, "FETCH %d FROM copying", STORE_FETCH);
  enum base_code code = send_text(store, sql, NULL, 0, "copy", err);
  if (code == BASE_OK)
    code = collect(store, &result, err);
  if (code != BASE_OK)
    return code;
  PQclear(rows->result);
  rows->result = result;
  rows->at = -1;
  return BASE_OK;
}

static enum base_code open_table(struct store_rows *rows, const struct store_table *table, struct base_error *err) {
  char sql[192];
  snprintf(sql, sizeof sql, "DECLARE copying NO SCROLL CURSOR FOR SELECT * FROM %s ORDER BY %s", table->name,
           table->key);
  enum base_code code = send_text(postgresql_of(rows->store), sql, NULL, 0, "copy", err);
  return code == BASE_OK ? fetch(rows, err) : code;
}

static enum base_code next(struct store_rows *rows, bool *found, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (rows->at + 1 == PQntuples(rows->result) && rows->statement == STORE_STATEMENTS && rows->at >= 0)
    code = fetch(rows, err);
  if (code != BASE_OK)
    return code;
  *found = rows->at + 1 < PQntuples(rows->result);
  rows->at += *found;
  return BASE_OK;
}

static void close_rows(struct store_rows *rows) {
  struct base_error err;
  PQclear(rows->result);
  if (rows->statement == STORE_STATEMENTS)
    (void)!send_text(postgresql_of(rows->store), "CLOSE copying", NULL, 0, "copy", &err);
}

static bool number_of(struct store_rows *rows, int column, int64_t *out) {
  uint64_t octets = 0;
  *out = 0;
  if (PQgetisnull(rows->result, rows->at, column))
    return true;
  if (PQftype(rows->result, column) != TYPE_INT8 || PQgetlength(rows->result, rows->at, column) != sizeof octets)
    return false;
  memcpy(&octets, PQgetvalue(rows->result, rows->at, column), sizeof octets);
  *out = (int64_t)be64toh(octets);
  return true;
}

static struct base_view bytes_of(struct store_rows *rows, int column) {
  if (PQgetisnull(rows->result, rows->at, column))
    return (struct base_view){0};
  return base_view_of(PQgetvalue(rows->result, rows->at, column), (size_t)PQgetlength(rows->result, rows->at, column));
}

static size_t row_of(struct store_rows *rows, struct store_value values[STORE_VALUES_MAX]) {
  int count = PQnfields(rows->result);
  for (int i = 0; i < count && i < STORE_VALUES_MAX; i++) {
    int64_t number;
    if (PQgetisnull(rows->result, rows->at, i))
      values[i] = store_null();
    else if (number_of(rows, i, &number))
      values[i] = store_number(number);
    else
      values[i] =
          PQftype(rows->result, i) == TYPE_TEXT ? store_text(bytes_of(rows, i)) : store_bytes(bytes_of(rows, i));
  }
  return (size_t)count;
}

/* --- a target of a copy */

static enum base_code add_row(struct store *store, const struct store_table *table, const struct store_value *values,
                              size_t count, struct base_error *err) {
  char sql[192];
  int size = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES(", table->name);
  for (size_t i = 0; i < count; i++)
    size += snprintf(sql + size, sizeof sql - (size_t)size, "$%zu%s", i + 1, i + 1 < count ? "," : ")");
  return send_text(postgresql_of(store), sql, values, count, table->name, err);
}

static enum base_code count_rows(struct store_postgresql *store, const struct store_table *table, bool whole,
                                 uint64_t *out, struct base_error *err) {
  char sql[128];
  struct store_rows rows = {.store = &store->store, .at = 0};
  PGresult *result = NULL;
  int64_t count = 0;
  snprintf(sql, sizeof sql, whole ? "SELECT count(t) FROM %s t" : "SELECT count(*) FROM (SELECT FROM %s LIMIT 1) t",
           table->name);
  enum base_code code = send_text(store, sql, NULL, 0, table->name, err);
  if (code == BASE_OK)
    code = collect(store, &result, err);
  if (code != BASE_OK)
    return code;
  rows.result = result;
  if (!number_of(&rows, 0, &count))
    code = base_fail(err, BASE_CORRUPT, "%s: %s cannot be counted", store->store.name, table->name);
  PQclear(result);
  if (code == BASE_OK)
    *out = (uint64_t)count;
  return code;
}

/* copied: 1 from a copy's commit until a core opens it. */
static enum base_code clear(struct store *common, struct base_error *err) {
  struct store_postgresql *store = postgresql_of(common);
  struct store_rows rows = {.store = common, .at = 0};
  PGresult *result = NULL;
  int64_t copied = 0;
  uint64_t count = 0;
  enum base_code code = send_text(store, "SELECT copied FROM wasl", NULL, 0, "copy", err);
  if (code == BASE_OK)
    code = collect(store, &result, err);
  rows.result = result;
  if (code == BASE_OK && (PQntuples(result) != 1 || !number_of(&rows, 0, &copied)))
    code = base_fail(err, BASE_CORRUPT, "%s: its table wasl is damaged", common->name);
  PQclear(result);
  for (size_t i = store_table_count; code == BASE_OK && i-- > 0;) {
    char sql[96];
    code = count_rows(store, &store_tables[i], false, &count, err);
    if (code == BASE_OK && count > 0 && copied == 0)
      code =
          base_fail(err, BASE_EXISTS, "%s: a node's data is in this database already: name an empty one", common->name);
    snprintf(sql, sizeof sql, "DELETE FROM %s", store_tables[i].name);
    if (code == BASE_OK && count > 0)
      code = send_text(store, sql, NULL, 0, "copy", err);
  }
  return code == BASE_OK ? send_text(store, "UPDATE wasl SET copied = 1", NULL, 0, "copy", err) : code;
}

/* --- transactions */

static enum base_code begin(struct store *common, struct base_error *err) {
  struct store_postgresql *store = postgresql_of(common);
  uint64_t generation = htobe64((uint64_t)store->generation);
  const char *value = (const char *)&generation;
  const int size = sizeof generation, format = 1;
  enum base_code code = send_text(store, "BEGIN", NULL, 0, "begin", err);
  if (code == BASE_OK && PQsendQueryPrepared(store->link, "fence", 1, &value, &size, &format, 1) != 1)
    code = store_postgresql_fail(store, NULL, "begin", err);
  if (code == BASE_OK)
    expect(store, "begin", -1, true);
  return code;
}

static enum base_code commit(struct store *common, struct base_error *err) {
  struct store_postgresql *store = postgresql_of(common);
  PGresult *result = NULL;
  enum base_code code = send_text(store, "COMMIT", NULL, 0, "commit", err);
  if (code != BASE_OK)
    return code;
  code = collect(store, &result, err);
  /* The server answers COMMIT so, too, when it has to roll back. */
  if (code == BASE_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
    common->failed = true;
    code = base_fail(err, BASE_INTERNAL, "%s: the transaction was rolled back by the server", common->name);
  }
  PQclear(result);
  if (code == BASE_NOT_RUNNING)
    code = base_fail(err, code,
                     "%s: the connection was lost while this was being kept, and whether it was is not known yet: look "
                     "when the node runs again, before you repeat it",
                     common->name);
  return code;
}

static void rollback(struct store *common) {
  struct store_postgresql *store = postgresql_of(common);
  struct base_error err = {0};
  if (store->lost)
    return;
  if (store->pending_count > 0)
    (void)!collect(store, NULL, &err);
  common->failed = false;
  if (!store->lost && PQtransactionStatus(store->link) != PQTRANS_IDLE &&
      (send_text(store, "ROLLBACK", NULL, 0, "rollback", &err) != BASE_OK || collect(store, NULL, &err) != BASE_OK))
    base_log(BASE_LOG_WARNING, "store-rollback", "%s", err.text);
}

/* The server overwrites nothing on demand: VACUUM and the end of old log files are its administrator's. */
static void erasing(struct store *store, bool on) {
  (void)store;
  (void)on;
}

static void tidy(struct store *store, bool tight) {
  (void)store;
  (void)tight;
}

/* Every page of every table is read, where the database was made with checksums also verified. */
static enum base_code check(struct store *store, struct base_error *err) {
  enum base_code code = BASE_OK;
  uint64_t count;
  for (size_t i = 0; code == BASE_OK && i < store_table_count; i++)
    code = count_rows(postgresql_of(store), &store_tables[i], true, &count, err);
  return code;
}

static bool alive(struct store *common) {
  struct store_postgresql *store = postgresql_of(common);
  struct base_error err;
  if (!store->lost && (PQconsumeInput(store->link) != 1 || PQstatus(store->link) != CONNECTION_OK))
    (void)!store_postgresql_fail(store, NULL, "waiting", &err);
  return !store->lost;
}

const struct store_engine store_engine_postgresql = {.begin = begin,
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
                                                     .add_row = add_row,
                                                     .clear = clear,
                                                     .erasing = erasing,
                                                     .tidy = tidy,
                                                     .check = check,
                                                     .alive = alive,
                                                     .close_store = store_postgresql_close};
