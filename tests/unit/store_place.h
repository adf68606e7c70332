/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

/* Where a test's stores are: core.db in their folder, or with WASL_STORE=postgresql a schema of their own in the
 * database that WASL_TEST_POSTGRESQL names (tests/run makes it), called after the folder's path. */

static inline bool place_postgresql(void) {
  const char *store = getenv("WASL_STORE");
  return store != NULL && strcmp(store, "postgresql") == 0;
}

struct place_name {
  char text[32];
};
static inline struct place_name place_of(const char *path) {
  struct place_name name;
  uint64_t hash = 14695981039346656037u;
  for (const char *at = path; *at != '\0'; at++)
    hash = (hash ^ (uint8_t)*at) * 1099511628211u;
  snprintf(name.text, sizeof name.text, "t%016llx", (unsigned long long)hash);
  return name;
}
static inline struct place_name place_of_folder(int dir) {
  char link[32], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
  ssize_t size = readlink(link, path, sizeof path - 1);
  path[size > 0 ? size : 0] = '\0';
  return place_of(path);
}

/* SQL in the tests' database, with the schema of a place first in its path (NULL: none). out: the first value, or "".
 * Returns the rows that the last statement changed or found. */
static inline long place_ask(const struct place_name *name, const char *sql, char *out, size_t room) {
  const char *uri = getenv("WASL_TEST_POSTGRESQL");
  char path[64];
  PGconn *link = PQconnectdb(uri != NULL ? uri : "postgresql:///none");
  snprintf(path, sizeof path, "SET search_path = %s", name != NULL ? name->text : "public");
  PQsetNoticeProcessor(link, NULL, NULL);
  PQclear(PQexec(link, "SET client_min_messages = error"));
  PQclear(PQexec(link, path));
  PGresult *result = PQexec(link, sql);
  if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
    fprintf(stderr, "%s: %s\n", sql, PQresultErrorMessage(result));
    abort();
  }
  if (out != NULL)
    snprintf(out, room, "%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
  long rows = strtol(PQcmdTuples(result), NULL, 10);
  PQclear(result);
  PQfinish(link);
  return rows;
}
static inline void place_run(const struct place_name *name, const char *sql) {
  place_ask(name, sql, NULL, 0);
}

static inline void place_uri(const struct place_name *name, char *out, size_t room) {
  const char *uri = getenv("WASL_TEST_POSTGRESQL");
  snprintf(out, room, "%s&options=-csearch_path%%3D%s", uri != NULL ? uri : "", name->text);
}
/* NULL on SQLite. */
static inline struct store_server *place_server(int dir) {
  struct store_server *server = NULL;
  struct base_error err = {0};
  char uri[512], sql[96];
  if (!place_postgresql())
    return NULL;
  struct place_name name = place_of_folder(dir);
  snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS %s", name.text);
  place_run(NULL, sql);
  place_uri(&name, uri, sizeof uri);
  if (store_server_connect(dir, base_view_text(uri), &server, &err) != BASE_OK) {
    fprintf(stderr, "%s\n", err.text);
    abort();
  }
  return server;
}
static inline enum base_code place_open(int dir, struct store **out, struct base_error *err) {
  return store_open(dir, place_server(dir), out, err);
}
/* After the folder's stores were closed. */
static inline void place_drop(const struct place_name *name) {
  char sql[96];
  if (!place_postgresql())
    return;
  snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS %s CASCADE", name->text);
  place_run(NULL, sql);
}
/* What a backup of one place restored in another gives. */
static inline void place_copy(const struct place_name *from, const struct place_name *to) {
  struct place_name source = *from, target = *to;
  char sql[1024];
  if (!place_postgresql())
    return;
  place_drop(&target);
  snprintf(sql, sizeof sql,
           "CREATE SCHEMA %s; DO $$ DECLARE t text; BEGIN"
           " FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '%s' LOOP"
           " EXECUTE format('CREATE TABLE %s.%%I (LIKE %s.%%I INCLUDING ALL)', t, t);"
           " EXECUTE format('INSERT INTO %s.%%I SELECT * FROM %s.%%I', t, t); END LOOP; END $$",
           target.text, source.text, target.text, source.text, target.text, source.text);
  place_run(NULL, sql);
}

#endif
