/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <inttypes.h>

/* All rows of all tables from one database to another, and the proof that they arrived. */

/* Number and checksum (FNV-1a, 64 bits) of a table's rows in the order of their key. It tells our own mistakes and the
 * database's, not an adversary's: the register's root does that. */
struct sum {
  uint64_t rows, hash;
};

static void mix(struct sum *sum, const void *data, size_t size) {
  const uint8_t *octets = data;
  for (size_t i = 0; i < size; i++)
    sum->hash = (sum->hash ^ octets[i]) * 1099511628211u;
}

static void mix_row(struct sum *sum, const struct store_value *values, size_t count) {
  sum->rows++;
  for (size_t i = 0; i < count; i++) {
    uint8_t type = (uint8_t)values[i].type;
    uint64_t size = values[i].bytes.size;
    mix(sum, &type, 1);
    mix(sum, &values[i].number, sizeof values[i].number);
    mix(sum, &size, sizeof size);
    mix(sum, values[i].bytes.data, values[i].bytes.size);
  }
}

/* Reads a table; target, where not NULL, gets each row. */
static enum base_code read_table(struct store *from, struct store *target, const struct store_table *table,
                                 struct sum *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {.store = from, .statement = STORE_STATEMENTS};
  struct store_value values[STORE_VALUES_MAX];
  struct sum sum = {.hash = 14695981039346656037u};
  bool found = true;
  enum base_code code = from->engine->open_table(&rows, table, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      continue;
    size_t count = from->engine->row(&rows, values);
    if (count > STORE_VALUES_MAX)
      return base_fail(err, BASE_INTERNAL, "%s: the table %s has too many columns", from->name, table->name);
    mix_row(&sum, values, count);
    if (target != NULL)
      code = target->engine->add_row(target, table, values, count, err);
  }
  if (code == BASE_OK)
    *out = sum;
  return code;
}

static enum base_code copy_table(struct store *from, struct store *target, const struct store_table *table,
                                 struct store_copied *copied, struct base_error *err) {
  struct sum sent = {0}, kept = {0};
  enum base_code code = read_table(from, target, table, &sent, err);
  if (code == BASE_OK)
    code = read_table(target, NULL, table, &kept, err);
  if (code == BASE_OK && (sent.rows != kept.rows || sent.hash != kept.hash))
    code = base_fail(err, BASE_CORRUPT,
                     "%s: the table %s has %" PRIu64 " rows with checksum %016" PRIx64 " instead of %" PRIu64
                     " with %016" PRIx64,
                     target->name, table->name, kept.rows, kept.hash, sent.rows, sent.hash);
  if (code == BASE_OK) {
    copied->tables++;
    copied->rows += sent.rows;
  }
  return code;
}

enum base_code store_target_empty(struct store *target, struct base_error *err) {
  enum base_code code = store_begin(target, err);
  if (code == BASE_OK)
    code = target->engine->clear(target, err);
  store_rollback(target);
  return code;
}

enum base_code store_copy(struct store *from, struct store *target, struct store_copied *out, struct base_error *err) {
  struct store_copied copied = {0};
  if (!target->in_transaction || target->engine->clear == NULL)
    return base_fail(err, BASE_INTERNAL, "%s: not a target of a copy", target->name);
  enum base_code code = target->engine->clear(target, err);
  for (size_t i = 0; code == BASE_OK && i < store_table_count; i++)
    code = copy_table(from, target, &store_tables[i], &copied, err);
  store_forget(target);
  if (code == BASE_OK)
    *out = copied;
  return code;
}
