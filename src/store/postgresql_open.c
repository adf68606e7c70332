/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* PostgreSQL: what a server must promise, the lock, the identity of a database, its schema. All before the pipeline. */

enum {
  APPLICATION_ID = 0x5741534c, /* "WASL" */
  LOCK_TRIES = 250,
  LOCK_PAUSE_MS = 20, /* 250 times: 5 s */
};

enum base_code store_postgresql_ask(struct store_postgresql *store, const char *sql, int columns, PGresult **out,
                                    struct base_error *err) {
  PGresult *result = PQexec(store->link, sql);
  ExecStatusType status = PQresultStatus(result);
  enum base_code code = BASE_OK;
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    code = store_postgresql_fail(store, result, "opening", err);
  else if (columns > 0 && (PQntuples(result) < 1 || PQnfields(result) != columns))
    code = base_fail(err, BASE_CORRUPT, "%s: the database answers with less than was asked for", store->store.name);
  if (code == BASE_OK && out != NULL)
    *out = result;
  else
    PQclear(result);
  return code;
}

static void result_free(PGresult **result) {
  PQclear(*result);
}
#define AUTO_RESULT __attribute__((cleanup(result_free)))

static enum base_code execute(struct store_postgresql *store, const char *sql, struct base_error *err) {
  return store_postgresql_ask(store, sql, 0, NULL, err);
}

static int64_t number_in(const PGresult *result, int column) {
  return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

static bool says(const PGresult *result, int column, const char *text) {
  return strcmp(PQgetvalue(result, 0, column), text) == 0;
}

/* What a commit is worth here. A setting that makes it worth less than it says is refused. */
static enum base_code check_promises(struct store_postgresql *store, const PGresult *found, struct base_error *err) {
  enum { ENCODING, COMMIT, SYNC, PAGES, STANDBY, SUPERUSER, SCHEMA };
  const char *name = store->store.name;
  if (!says(found, ENCODING, "UTF8"))
    return base_fail(err, BASE_POLICY, "%s: the database's encoding is %s: make one with ENCODING 'UTF8'", name,
                     PQgetvalue(found, 0, ENCODING));
  if (says(found, STANDBY, "t"))
    return base_fail(err, BASE_POLICY, "%s: this server is a standby and may only be read: name the primary", name);
  if (says(found, COMMIT, "off"))
    return base_fail(
        err, BASE_POLICY,
        "%s: synchronous_commit is off, so the server would confirm what a power cut still takes back: set "
        "it to on for this database or its user",
        name);
  if (says(found, SYNC, "off"))
    return base_fail(err, BASE_POLICY,
                     "%s: fsync is off, so a power cut would destroy the database: set it to on and restart the server",
                     name);
  if (PQgetisnull(found, 0, SCHEMA))
    return base_fail(err, BASE_POLICY, "%s: no schema of the search_path exists: make one for this user", name);
  if (says(found, PAGES, "off"))
    base_log(BASE_LOG_WARNING, "store.promise",
             "%s: full_page_writes is off: only right on a file system that never tears a page", name);
  if (!says(found, COMMIT, "on") && !says(found, COMMIT, "remote_apply"))
    base_log(BASE_LOG_WARNING, "store.promise",
             "%s: synchronous_commit is %s: a standby that takes over may not have what was confirmed", name,
             PQgetvalue(found, 0, COMMIT));
  if (says(found, SUPERUSER, "t"))
    base_log(BASE_LOG_WARNING, "store.superuser",
             "%s: the user is a superuser, who may run programs on the server: give the node a user of its own", name);
  return BASE_OK;
}

/* FNV-1a: a number for the schema within the database, so that nodes in several schemas do not lock each other out. */
static int32_t lock_number(const char *schema) {
  uint32_t hash = 2166136261u;
  for (; *schema != '\0'; schema++)
    hash = (hash ^ (uint8_t)*schema) * 16777619u;
  return (int32_t)hash;
}

static enum base_code check_server(struct store_postgresql *store, int32_t *lock, struct base_error *err) {
  AUTO_RESULT PGresult *found = NULL;
  int version = PQserverVersion(store->link);
  if (version < STORE_SERVER_OLDEST)
    return base_fail(err, BASE_POLICY, "%s: the server is PostgreSQL %d, and %d or later is needed", store->store.name,
                     version / 10000, STORE_SERVER_OLDEST / 10000);
  enum base_code code = store_postgresql_ask(
      store,
      "SELECT current_setting('server_encoding'), current_setting('synchronous_commit'), current_setting('fsync'),"
      " current_setting('full_page_writes'), pg_is_in_recovery(),"
      " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), current_schema()",
      7, &found, err);
  if (code == BASE_OK)
    code = check_promises(store, found, err);
  if (code == BASE_OK)
    *lock = lock_number(PQgetvalue(found, 0, 6));
  /* synchronous_commit is fixed for this session as it was found, whatever the server is told later. */
  if (code == BASE_OK)
    code = execute(store,
                   "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false);"
                   " SET statement_timeout = 0; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = 0;"
                   " SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;"
                   " SET jit = off; SET client_min_messages = warning",
                   err);
  if (code == BASE_OK && version >= 140000)
    code = execute(store, "SET idle_session_timeout = 0", err);
  return code;
}

/* Held by the session, so it ends with the process that has it, however it ends. */
static enum base_code lock_register(struct store_postgresql *store, int32_t number, struct base_error *err) {
  const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000L};
  char sql[96];
  snprintf(sql, sizeof sql, "SELECT pg_try_advisory_lock(%d, %" PRId32 ")", APPLICATION_ID, number);
  for (int i = 0;; i++) {
    AUTO_RESULT PGresult *found = NULL;
    enum base_code code = store_postgresql_ask(store, sql, 1, &found, err);
    if (code != BASE_OK || says(found, 0, "t"))
      return code;
    if (i == LOCK_TRIES)
      return base_fail(err, BASE_BUSY,
                       "%s: another core holds this register (it has the database's advisory lock): stop that one and "
                       "try again",
                       store->store.name);
    nanosleep(&pause, NULL);
  }
}

/* What must hold before anything is written: the database is ours or empty, and not from a later program. */
static enum base_code check_identity(struct store_postgresql *store, size_t newest, size_t *version,
                                     struct base_error *err) {
  AUTO_RESULT PGresult *tables = NULL;
  AUTO_RESULT PGresult *identity = NULL;
  enum base_code code = store_postgresql_ask(
      store,
      "SELECT count(*) FILTER (WHERE relname = 'wasl'), count(*) FROM pg_class WHERE relkind IN ('r', 'p')"
      " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
      2, &tables, err);
  if (code != BASE_OK)
    return code;
  *version = 0;
  if (number_in(tables, 1) == 0)
    return BASE_OK;
  if (number_in(tables, 0) == 0)
    return base_fail(
        err, BASE_CORRUPT,
        "%s: a database of another program (it has tables that are not ours): give the node one of its own",
        store->store.name);
  code = store_postgresql_ask(store, "SELECT application, version FROM wasl", 2, &identity, err);
  if (code != BASE_OK)
    return code;
  int64_t found = number_in(identity, 1);
  if (number_in(identity, 0) != APPLICATION_ID)
    return base_fail(err, BASE_CORRUPT, "%s: a database of another program: give the node one of its own",
                     store->store.name);
  if (found < 1 || found > (int64_t)newest)
    return base_fail(err, BASE_CONFLICT,
                     "%s: its schema %" PRId64
                     " is newer than %zu, the newest that this program knows: start the newer "
                     "program",
                     store->store.name, found, newest);
  *version = (size_t)found;
  return BASE_OK;
}

/* The missing steps, then this writer's generation, all in one transaction. */
static enum base_code migrate(struct store_postgresql *store, const struct store_schema *schema, size_t version,
                              bool target, struct base_error *err) {
  AUTO_RESULT PGresult *taken = NULL;
  char sql[256];
  enum base_code code = execute(store, "BEGIN", err);
  snprintf(sql, sizeof sql,
           "CREATE TABLE wasl(application BIGINT PRIMARY KEY, version BIGINT NOT NULL, generation BIGINT NOT NULL,"
           " copied BIGINT NOT NULL); INSERT INTO wasl VALUES(%d, 0, 0, 0)",
           APPLICATION_ID);
  if (code == BASE_OK && version == 0)
    code = execute(store, sql, err);
  for (size_t i = version; code == BASE_OK && i < schema->version; i++)
    code = execute(store, schema->steps[i].postgresql, err);
  /* From here on whoever was the writer before finds no row of his generation. A copy that a core opens is one no more.
   */
  snprintf(sql, sizeof sql, "UPDATE wasl SET version = %zu, generation = generation + 1%s RETURNING generation",
           schema->version, target ? "" : ", copied = 0");
  if (code == BASE_OK)
    code = store_postgresql_ask(store, sql, 1, &taken, err);
  if (code == BASE_OK)
    code = execute(store, "COMMIT", err);
  if (code == BASE_OK)
    store->generation = number_in(taken, 0);
  return code;
}

static enum base_code begin_pipeline(struct store_postgresql *store, struct base_error *err) {
  /* Without the row it divides by zero: an error, so that the server refuses the rest of the transaction by itself,
   * which may have been sent to its end already. */
  PGresult *made = PQprepare(
      store->link, "fence",
      "SELECT 1 / count(*) FROM (SELECT generation FROM wasl WHERE generation = $1 FOR UPDATE) AS writer", 0, NULL);
  enum base_code code =
      PQresultStatus(made) == PGRES_COMMAND_OK ? BASE_OK : store_postgresql_fail(store, made, "preparing", err);
  PQclear(made);
  if (code == BASE_OK && PQenterPipelineMode(store->link) != 1)
    code = store_postgresql_fail(store, NULL, "preparing", err);
  return code;
}

enum base_code store_open_postgresql(struct store_server *server, const struct store_schema *schema, bool target,
                                     struct store **out, struct base_error *err) {
  struct store_postgresql *store = calloc(1, sizeof *store);
  size_t version = 0;
  int32_t lock = 0;
  if (store == NULL) {
    store_server_close(server);
    return base_fail(err, BASE_MEMORY, "no memory for the database");
  }
  store->store.engine = &store_engine_postgresql;
  memcpy(store->store.name, server->name, sizeof store->store.name);
  store->link = server->link;
  server->link = NULL;
  store_server_close(server);
  enum base_code code = check_server(store, &lock, err);
  if (code == BASE_OK)
    code = lock_register(store, lock, err);
  if (code == BASE_OK)
    code = check_identity(store, schema->version, &version, err);
  if (code == BASE_OK)
    code = migrate(store, schema, version, target, err);
  if (code == BASE_OK)
    code = begin_pipeline(store, err);
  if (code == BASE_OK)
    *out = &store->store;
  else
    store_close(&store->store);
  return code;
}

void store_postgresql_close(struct store *common) {
  struct store_postgresql *store = (struct store_postgresql *)common;
  PQfinish(store->link);
  free(store);
}
