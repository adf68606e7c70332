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

/* This process's connection, kept: each that begins costs the server as much as a small test. A child makes its own.
 * Whoever uses it finds it as new. */
static inline PGconn *place_link(void) {
  static PGconn *link;
  static pid_t owner;
  if (link != NULL && owner == getpid() && PQstatus(link) == CONNECTION_OK)
    return link;
  const char *uri = getenv("WASL_TEST_POSTGRESQL");
  if (link != NULL && owner == getpid())
    PQfinish(link);
  link = PQconnectdb(uri != NULL ? uri : "postgresql:///none");
  owner = getpid();
  PQsetNoticeProcessor(link, NULL, NULL);
  return link;
}

/* SQL in the tests' database, with the schema of a place first in its path (NULL: none). out: the first value, or "".
 * Returns the rows that the last statement changed or found. */
static inline long place_ask(const struct place_name *name, const char *sql, char *out, size_t room) {
  char path[96];
  PGconn *link = place_link();
  snprintf(path, sizeof path, "SET client_min_messages = error; SET search_path = %s", name != NULL ? name->text : "public");
  PQclear(PQexec(link, "DISCARD ALL"));
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
  return rows;
}
static inline void place_run(const struct place_name *name, const char *sql) {
  place_ask(name, sql, NULL, 0);
}

static inline void place_uri(const struct place_name *name, char *out, size_t room) {
  const char *uri = getenv("WASL_TEST_POSTGRESQL");
  snprintf(out, room, "%s&options=-csearch_path%%3D%s", uri != NULL ? uri : "", name->text);
}

/* Emptied places that wait for the next test of this process, because making all tables costs the server more than most
 * tests: those that a store made, and copies, which have no foreign keys. Only place_leave puts any there, so a test about
 * opening, which calls place_drop, always begins from nothing. */
enum { PLACE_REST = 8 };
struct place_rest {
  pid_t owner;
  unsigned made;
  size_t count;
  struct place_name names[PLACE_REST];
};
static inline struct place_rest *place_resting(bool copies) {
  static struct place_rest rest[2];
  struct place_rest *own = &rest[copies];
  if (own->owner != getpid())
    *own = (struct place_rest){.owner = getpid()};
  return own;
}
/* False: none waits. */
static inline bool place_take(const struct place_name *name, bool copy) {
  struct place_rest *rest = place_resting(copy);
  char sql[128];
  if (rest->count == 0)
    return false;
  snprintf(sql, sizeof sql, "ALTER SCHEMA %s RENAME TO %s", rest->names[--rest->count].text, name->text);
  place_run(NULL, sql);
  return true;
}

/* NULL on SQLite. */
static inline struct store_server *place_server(int dir) {
  struct store_server *server = NULL;
  struct base_error err = {0};
  char uri[512], sql[96], there[8];
  if (!place_postgresql())
    return NULL;
  struct place_name name = place_of_folder(dir);
  snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_namespace WHERE nspname = '%s'", name.text);
  place_ask(NULL, sql, there, sizeof there);
  snprintf(sql, sizeof sql, "CREATE SCHEMA %s", name.text);
  if (there[0] == '0' && !place_take(&name, false))
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
/* How many foreign keys the tables there have; -1: no store made any. */
static inline int place_keys(const struct place_name *name) {
  char sql[320], keys[8];
  snprintf(sql, sizeof sql,
           "SELECT (SELECT count(*) FROM pg_constraint WHERE connamespace = n.oid AND contype = 'f') FROM pg_namespace n"
           " WHERE nspname = '%s' AND EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = 'wasl')",
           name->text);
  place_ask(NULL, sql, keys, sizeof keys);
  return keys[0] != '\0' ? atoi(keys) : -1;
}
/* Likewise, but what a store made there serves the next test; its generations go on, so that nobody who held it writes. */
static inline void place_leave(const struct place_name *name) {
  char sql[1024];
  int keys = place_postgresql() ? place_keys(name) : -1;
  struct place_rest *rest = place_resting(keys == 0);
  if (keys < 0 || rest->count == PLACE_REST) {
    place_drop(name);
    return;
  }
  struct place_name *to = &rest->names[rest->count++];
  snprintf(to->text, sizeof to->text, "r%d_%d_%u", (int)rest->owner, keys == 0, rest->made++);
  snprintf(sql, sizeof sql,
           "DO $$ DECLARE t text; BEGIN LOCK TABLE wasl IN ACCESS EXCLUSIVE MODE; UPDATE wasl SET copied = 0;"
           " FOR t IN SELECT relname FROM pg_class WHERE relnamespace = '%s'::regnamespace AND relkind = 'r'"
           " AND relname <> 'wasl' AND pg_relation_size(oid) > 0 ORDER BY oid DESC LOOP"
           " EXECUTE format('DELETE FROM %%I', t); END LOOP; ALTER SCHEMA %s RENAME TO %s; END $$",
           name->text, name->text, to->text);
  place_run(name, sql);
}
/* What a backup of one place restored in another gives. */
static inline void place_copy(const struct place_name *from, const struct place_name *to) {
  struct place_name source = *from, target = *to;
  char sql[1024];
  if (!place_postgresql())
    return;
  place_leave(&target);
  if (place_keys(&source) < 0) /* another folder than a store's */
    return;
  snprintf(sql, sizeof sql,
           "CREATE SCHEMA %s; DO $$ DECLARE t text; BEGIN"
           " FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '%s' LOOP"
           " EXECUTE format('CREATE TABLE %%I (LIKE %s.%%I INCLUDING ALL)', t, t); END LOOP; END $$",
           target.text, source.text, source.text);
  if (!place_take(&target, true))
    place_run(&target, sql);
  snprintf(sql, sizeof sql,
           "DO $$ DECLARE t text; BEGIN DELETE FROM wasl;"
           " FOR t IN SELECT relname FROM pg_class WHERE relnamespace = '%s'::regnamespace AND relkind = 'r'"
           " AND pg_relation_size(oid) > 0 LOOP"
           " EXECUTE format('INSERT INTO %%I SELECT * FROM %s.%%I', t, t); END LOOP; END $$",
           source.text, source.text);
  place_run(&target, sql);
}

#endif
