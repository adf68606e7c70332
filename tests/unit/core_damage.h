/* SPDX-License-Identifier: Apache-2.0
 * A hand in the database of a node that stands still. */
#ifndef WASL_TESTS_CORE_DAMAGE_H
#define WASL_TESTS_CORE_DAMAGE_H

#include "core_try.h"

#include <sqlite3.h>

/* --- the tests' SQL is SQLite's; what PostgreSQL says otherwise of octets is put in its words, or is a function of
 * these */
#define DAMAGE_FUNCTIONS                                                                                               \
  "CREATE OR REPLACE FUNCTION zeroblob(size int) RETURNS bytea LANGUAGE sql AS $$ SELECT decode(repeat('00', size), "  \
  "'hex') $$; CREATE OR REPLACE FUNCTION hex(octets bytea) RETURNS text LANGUAGE sql AS $$ SELECT "                    \
  "upper(encode(octets, 'hex')) $$; CREATE OR REPLACE FUNCTION octets_of(words text) RETURNS bytea LANGUAGE sql AS "   \
  "$$ SELECT convert_to(words, 'UTF8') $$; CREATE OR REPLACE FUNCTION octets_of(octets bytea) RETURNS bytea LANGUAGE " \
  "sql AS $$ SELECT octets $$; CREATE OR REPLACE FUNCTION words_of(octets bytea) RETURNS text LANGUAGE sql AS $$ "     \
  "SELECT convert_from(octets, 'UTF8') $$; "

/* The literal that begins at text, to its last quote. */
static inline size_t damage_literal(const char *text) {
  size_t size = 1;
  while (text[size] != '\0' && (text[size] != '\'' || text[size + 1] == '\''))
    size += text[size] == '\'' ? 2 : 1;
  return size + 1;
}

/* The size of what stands between a parenthesis, at whose inner side text is, and its other half. */
static inline size_t damage_inner(const char *text) {
  size_t size = 0;
  for (int depth = 1;; size++) {
    depth += text[size] == '(' ? 1 : text[size] == ')' ? -1 : 0;
    if (depth == 0)
      return size;
    if (text[size] == '\'')
      size += damage_literal(text + size) - 1;
  }
}

static inline void damage_words(const char *text, size_t size, struct base_buf *out) {
  static const char as_text[] = " AS TEXT", as_blob[] = " AS BLOB";
  for (size_t i = 0; i < size;) {
    bool word = i > 0 && (text[i - 1] == '_' || (text[i - 1] | 0x20) >= 'a');
    if (text[i] == '\'') {
      size_t literal = damage_literal(text + i);
      base_buf_add(out, text + i, literal);
      i += literal;
    } else if (!word && text[i] == 'x' && text[i + 1] == '\'') {
      size_t literal = damage_literal(text + i + 1);
      base_buf_printf(out, "'\\x%.*s::bytea", (int)literal - 1, text + i + 2);
      i += 1 + literal;
    } else if (!word && strncmp(text + i, "CAST(", 5) == 0) {
      size_t inner = damage_inner(text + i + 5), cut = sizeof as_text - 1;
      bool blob = memcmp(text + i + 5 + inner - cut, as_blob, cut) == 0;
      base_buf_text(out, blob ? "octets_of(" : "words_of(");
      damage_words(text + i + 5, inner - cut, out);
      base_buf_text(out, ")");
      i += 5 + inner + 1;
    } else {
      base_buf_u8(out, (uint8_t)text[i++]);
    }
  }
}

static inline sqlite3 *damage_open(const struct pair_node *node) {
  char path[192];
  sqlite3 *db = NULL;
  snprintf(path, sizeof path, "%s/core/core.db", node->dir);
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  return db;
}

static inline struct place_name damage_place(const struct pair_node *node) {
  char path[192];
  snprintf(path, sizeof path, "%s/core", node->dir);
  return place_of(path);
}

/* Changes the database of a node that stands still; false when that changed nothing. */
static inline bool damage_change(const struct pair_node *node, const char *sql) {
  char *why = NULL;
  if (place_postgresql()) {
    struct place_name name = damage_place(node);
    BASE_AUTO_BUF struct base_buf text = {0};
    base_buf_init(&text, BASE_BUF_DEFAULT_LIMIT);
    static const char without_keys[] = "PRAGMA foreign_keys = OFF; "; /* a copy has none */
    if (strncmp(sql, without_keys, sizeof without_keys - 1) == 0)
      sql += sizeof without_keys - 1;
    base_buf_text(&text, DAMAGE_FUNCTIONS);
    damage_words(sql, strlen(sql), &text);
    base_buf_u8(&text, 0);
    return place_ask(&name, (const char *)text.data, NULL, 0) > 0;
  }
  sqlite3 *db = damage_open(node);
  if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
    fail_msg("%s: %s", sql, why);
  bool changed = sqlite3_total_changes(db) > 0;
  sqlite3_close(db);
  return changed;
}

/* Stops the node and changes its database. */
static inline void damage_and_stop(struct pair_node *node, const char *sql) {
  pair_close(node);
  (void)damage_change(node, sql);
}

/* And starts it again. */
static inline void damage_sql(struct pair_node *node, const char *sql) {
  damage_and_stop(node, sql);
  pair_open(node);
}

/* Whatever is changed behind the node's back is named by the check. */
static inline void damage_found(struct pair_node *node, const char *sql, const char *words) {
  struct base_buf said = {0};
  pair_close(node);
  if (!damage_change(node, sql))
    fail_msg("%s changed nothing", sql);
  pair_open(node);
  assert_true(try_check(node, &said) > 0);
  base_buf_u8(&said, 0);
  if (strstr((const char *)said.data, words) == NULL)
    fail_msg("%s: %s", sql, (const char *)said.data);
  base_buf_free(&said);
}

/* The first value of a query; unchanged when there is no row. */
static inline void damage_text(const struct pair_node *node, const char *sql, char out[65]) {
  if (place_postgresql()) {
    char found[65], text[2048];
    struct place_name name = damage_place(node);
    snprintf(text, sizeof text, "%s%s", DAMAGE_FUNCTIONS, sql);
    place_ask(&name, text, found, sizeof found);
    if (found[0] != '\0')
      memcpy(out, found, sizeof found);
    return;
  }
  sqlite3 *db = damage_open(node);
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
  if (sqlite3_step(statement) == SQLITE_ROW)
    snprintf(out, 65, "%s", (const char *)sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  sqlite3_close(db);
}

static inline int damage_count(const struct pair_node *node, const char *sql) {
  char number[65] = "";
  damage_text(node, sql, number);
  return atoi(number);
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
