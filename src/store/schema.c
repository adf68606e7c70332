/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* schema.def in the words of each engine. */

#define STORE_INDEX(sql) "CREATE INDEX " sql ";"

/* clang-format off */
static const char sqlite_1[] =
#define STORE_NUMBER "INTEGER"
#define STORE_ROW "INTEGER PRIMARY KEY"
#define STORE_TEXT "TEXT"
#define STORE_BYTES "BLOB"
#define STORE_TABLE(name, key, columns) "CREATE TABLE " #name "(" columns ") STRICT;"
#define STORE_KEYED(name, key, columns) "CREATE TABLE " #name "(" columns ") STRICT, WITHOUT ROWID;"
#include "store/schema.def"
;
static const char sqlite_2[] =
#define STORE_CHANGE(sql) sql ";"
#include "store/schema_2.def"
;
#undef STORE_NUMBER
#undef STORE_ROW
#undef STORE_TEXT
#undef STORE_BYTES
#undef STORE_TABLE
#undef STORE_KEYED

static const char postgresql_1[] =
#define STORE_NUMBER "BIGINT"
#define STORE_ROW "BIGINT PRIMARY KEY"
#define STORE_TEXT "TEXT COLLATE \"C\""
#define STORE_BYTES "BYTEA"
#define STORE_TABLE(name, key, columns) "CREATE TABLE " #name "(" columns ");"
#define STORE_KEYED(name, key, columns) STORE_TABLE(name, key, columns)
#include "store/schema.def"
;
static const char postgresql_2[] =
#include "store/schema_2.def"
;
#undef STORE_TABLE
#undef STORE_KEYED
#undef STORE_INDEX
#undef STORE_CHANGE
/* clang-format on */

static const struct store_step steps[] = {
    {sqlite_1, postgresql_1},
    {sqlite_2, postgresql_2},
};
const struct store_schema store_schema = {sizeof steps / sizeof *steps, steps};

const struct store_table store_tables[] = {
#define STORE_TABLE(name, key, columns) {#name, key},
#define STORE_KEYED(name, key, columns) STORE_TABLE(name, key, columns)
#define STORE_INDEX(sql)
#define STORE_CHANGE(sql)
#include "store/schema.def"
#include "store/schema_2.def"
};
const size_t store_table_count = sizeof store_tables / sizeof *store_tables;
