/* SPDX-License-Identifier: Apache-2.0
 * A hand in the database of a node that stands still. */
#ifndef WASL_TESTS_CORE_DAMAGE_H
#define WASL_TESTS_CORE_DAMAGE_H

#include "core_try.h"

#include <sqlite3.h>

/* The hand is one in core.db. */
static inline void damage_needs_sqlite(void) {
  if (place_postgresql())
    skip();
}

static inline sqlite3 *damage_open(const struct pair_node *node) {
  char path[192];
  sqlite3 *db = NULL;
  snprintf(path, sizeof path, "%s/core/core.db", node->dir);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  return db;
}

static inline void damage_replace(struct base_buf *text, const char *from, const char *to) {
  struct base_buf out = {0};
  const char *at = (const char *)text->data;
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  for (const char *found; (found = strstr(at, from)) != NULL; at = found + strlen(from)) {
    base_buf_add(&out, at, (size_t)(found - at));
    base_buf_text(&out, to);
  }
  base_buf_add(&out, at, strlen(at) + 1);
  base_buf_free(text);
  *text = out;
}

/* The tests' SQL is SQLite's; what PostgreSQL says otherwise of octets is put in its words. */
static inline void damage_run(const struct pair_node *node, const char *sql, char *out, size_t room) {
  char path[192];
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, BASE_BUF_DEFAULT_LIMIT);
  base_buf_add(&text, sql, strlen(sql) + 1);
  damage_replace(&text, "x'", "'\\x");
  damage_replace(&text, "zeroblob(32)", "decode(repeat('00', 32), 'hex')");
  damage_replace(&text, "CAST(card AS TEXT)", "convert_from(card, 'UTF8')");
  damage_replace(&text, "CAST(", "convert_to(");
  damage_replace(&text, " AS BLOB)", ", 'UTF8')");
  snprintf(path, sizeof path, "%s/core", node->dir);
  struct place_name name = place_of(path);
  place_ask(&name, (const char *)text.data, out, room);
}

/* Stops the node, changes its database, starts it again. */
static inline void damage_sql(struct pair_node *node, const char *sql) {
  char *why = NULL;
  pair_close(node);
  if (place_postgresql()) {
    damage_run(node, sql, NULL, 0);
  } else {
    sqlite3 *db = damage_open(node);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
      fail_msg("%s: %s", sql, why);
    sqlite3_close(db);
  }
  pair_open(node);
}

static inline int damage_count(const struct pair_node *node, const char *sql) {
  char number[24];
  if (place_postgresql()) {
    damage_run(node, sql, number, sizeof number);
    return atoi(number);
  }
  sqlite3 *db = damage_open(node);
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  int count = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return count;
}

static inline void damage_text(const struct pair_node *node, const char *sql, char out[65]) {
  sqlite3 *db = damage_open(node);
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  if (sqlite3_step(statement) == SQLITE_ROW)
    snprintf(out, 65, "%s", (const char *)sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  sqlite3_close(db);
}

/* The check finds what was done to a. */
static inline void damage_remove(struct pair_node *a, struct pair_node *b) {
  struct base_buf found = {0};
  assert_true(try_check(a, &found) > 0);
  base_buf_free(&found);
  pair_remove(a);
  pair_remove(b);
}

#endif
