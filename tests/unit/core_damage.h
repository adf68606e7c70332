/* SPDX-License-Identifier: Apache-2.0
 * A hand in the database of a node that stands still. */
#ifndef WASL_TESTS_CORE_DAMAGE_H
#define WASL_TESTS_CORE_DAMAGE_H

#include "core_try.h"

#include <sqlite3.h>

static inline sqlite3 *damage_open(const struct pair_node *node) {
  char path[192];
  sqlite3 *db = NULL;
  snprintf(path, sizeof path, "%s/core/core.db", node->dir);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  return db;
}

/* Stops the node, changes its database, starts it again. */
static inline void damage_sql(struct pair_node *node, const char *sql) {
  char *why = NULL;
  pair_close(node);
  sqlite3 *db = damage_open(node);
  if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
    fail_msg("%s: %s", sql, why);
  sqlite3_close(db);
  pair_open(node);
}

static inline int damage_count(const struct pair_node *node, const char *sql) {
  sqlite3 *db = damage_open(node);
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  int count = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return count;
}

#endif
