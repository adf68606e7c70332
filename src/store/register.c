/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <inttypes.h>

/* Facts, and what the register is made of: leaves, keys of their openings, tiles, heads, cosignatures on them. */

enum { TILE_LEVEL_MAX = 63, TILE_INDEX_BITS = 56 };

/* Runs a statement that finds one row at most, and appends its first column. */
static enum base_code get_bytes(struct store *store, enum store_statement statement, const struct store_value *values,
                                size_t count, bool *found, struct base_buf *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_open(store, statement, values, count, &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, found, err);
  if (code != BASE_OK || !*found)
    return code;
  base_buf_add_view(out, store_row_bytes(&rows, 0, NULL));
  return base_buf_check(out, store_statement_name(statement), err);
}

enum base_code store_fact_get(struct store *store, const char *name, struct base_buf *out, struct base_error *err) {
  bool found = false;
  enum base_code code =
      get_bytes(store, STORE_SQL_FACT_GET, STORE_VALUES(store_text(base_view_text(name))), &found, out, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "%s: no fact \"%s\"", store->name, name);
  return code;
}

enum base_code store_fact_set(struct store *store, const char *name, struct base_view value, struct base_error *err) {
  return store_run(store, STORE_SQL_FACT_SET, STORE_VALUES(store_text(base_view_text(name)), store_bytes(value)), NULL,
                   err);
}

enum base_code store_fact_next(struct store *store, const char *after, struct base_arena *arena, struct base_view *name,
                               struct base_view *value, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code =
      store_rows_open(store, STORE_SQL_FACT_NEXT, STORE_VALUES(store_text(base_view_text(after))), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "%s: no fact behind \"%s\"", store->name, after);
  if (code != BASE_OK)
    return code;
  *name = store_row_bytes(&rows, 0, arena);
  *value = store_row_bytes(&rows, 1, arena);
  return store_row_check(&rows, err);
}

enum base_code store_leaf_add(struct store *store, const struct store_leaf *leaf, struct base_error *err) {
  uint64_t count = 0;
  enum base_code code = BASE_OK;
  /* Only this store writes: after the first time it knows the number of leaves by itself. */
  if (store->next_leaf < 0) {
    code = store_leaf_count(store, &count, err);
    if (code == BASE_OK)
      store->next_leaf = (int64_t)count;
  }
  if (code == BASE_OK && leaf->index > INT64_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "%s: a leaf's number above 2^63-1", store->name);
  if (code == BASE_OK && (int64_t)leaf->index != store->next_leaf)
    code = base_fail(err, BASE_CONFLICT, "%s: leaf %" PRIu64 " does not follow the last one", store->name, leaf->index);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_LEAF_ADD,
                     STORE_VALUES(store_unsigned(leaf->index), store_number(leaf->opening_key),
                                  store_bytes(leaf->entry), store_bytes(leaf->opening)),
                     NULL, err);
  if (code == BASE_OK)
    store->next_leaf++;
  return code;
}

enum base_code store_leaf_get(struct store *store, uint64_t index, struct base_arena *arena, struct store_leaf *out,
                              struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_LEAF_GET, STORE_VALUES(store_unsigned(index)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "the register has no leaf %" PRIu64, index);
  if (code != BASE_OK)
    return code;
  struct store_leaf leaf = {.index = store_row_unsigned(&rows, 0),
                            .opening_key = store_row_number(&rows, 1),
                            .entry = store_row_bytes(&rows, 2, arena),
                            .opening = store_row_bytes(&rows, 3, arena)};
  code = store_row_check(&rows, err);
  if (code == BASE_OK)
    *out = leaf;
  return code;
}

enum base_code store_leaf_count(struct store *store, uint64_t *out, struct base_error *err) {
  bool found = false;
  int64_t count = 0;
  enum base_code code = store_run_number(store, STORE_SQL_LEAF_COUNT, NULL, 0, &found, &count, err);
  if (code == BASE_OK)
    *out = (uint64_t)count;
  return code;
}

enum base_code store_opening_key_add(struct store *store, uint32_t epoch, struct base_view wrapped, int64_t *out,
                                     struct base_error *err) {
  bool found;
  return store_run_number(store, STORE_SQL_OPENING_KEY_ADD, STORE_VALUES(store_number(epoch), store_bytes(wrapped)),
                          &found, out, err);
}

enum base_code store_opening_key_get(struct store *store, int64_t number, uint32_t *epoch, struct base_arena *arena,
                                     struct base_view *wrapped, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code =
      store_rows_open(store, STORE_SQL_OPENING_KEY_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "%s: no opening key %" PRId64, store->name, number);
  if (code != BASE_OK)
    return code;
  uint32_t its_epoch = (uint32_t)store_row_at_most(&rows, 0, UINT32_MAX);
  struct base_view bytes = store_row_bytes(&rows, 1, arena);
  code = store_row_check(&rows, err);
  if (code == BASE_OK) {
    *epoch = its_epoch;
    *wrapped = bytes;
  }
  return code;
}

static enum base_code tile_number(struct store *store, unsigned level, uint64_t index, struct store_value *out,
                                  struct base_error *err) {
  if (level > TILE_LEVEL_MAX || index >> TILE_INDEX_BITS != 0)
    return base_fail(err, BASE_TOO_LARGE, "%s: a register has no tile %" PRIu64 " on level %u", store->name, index,
                     level);
  *out = store_unsigned((uint64_t)level << TILE_INDEX_BITS | index);
  return BASE_OK;
}

enum base_code store_tile_put(struct store *store, unsigned level, uint64_t index, struct base_view hashes,
                              struct base_error *err) {
  struct store_value number;
  enum base_code code = tile_number(store, level, index, &number, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_TILE_PUT, STORE_VALUES(number, store_bytes(hashes)), NULL, err);
  return code;
}

enum base_code store_tile_get(struct store *store, unsigned level, uint64_t index, struct base_buf *out,
                              struct base_error *err) {
  struct store_value number;
  bool found = false;
  enum base_code code = tile_number(store, level, index, &number, err);
  if (code == BASE_OK)
    code = get_bytes(store, STORE_SQL_TILE_GET, STORE_VALUES(number), &found, out, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "%s: no tile %" PRIu64 " on level %u", store->name, index, level);
  return code;
}

enum base_code store_head_put(struct store *store, uint64_t size, const struct base_hash *root, struct base_view note,
                              struct base_error *err) {
  return store_run(store, STORE_SQL_HEAD_PUT, STORE_VALUES(store_unsigned(size), store_hash(root), store_bytes(note)),
                   NULL, err);
}

/* root, note, size. What is not wanted may be NULL. */
static enum base_code get_head(struct store *store, enum store_statement statement, const struct store_value *values,
                               size_t count, bool *found, uint64_t *size, struct base_hash *root, struct base_buf *note,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_open(store, statement, values, count, &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, found, err);
  if (code != BASE_OK || !*found)
    return code;
  struct base_hash hash = {{0}};
  store_row_32(&rows, 0, hash.bytes);
  uint64_t its_size = store_row_unsigned(&rows, 2);
  code = store_row_check(&rows, err);
  if (code == BASE_OK && note != NULL) {
    base_buf_add_view(note, store_row_bytes(&rows, 1, NULL));
    code = base_buf_check(note, "a head of the register", err);
  }
  if (code != BASE_OK)
    return code;
  if (size != NULL)
    *size = its_size;
  if (root != NULL)
    *root = hash;
  return BASE_OK;
}

enum base_code store_head_last(struct store *store, uint64_t *size, struct base_hash *root, struct base_buf *note,
                               struct base_error *err) {
  bool found = false;
  enum base_code code = get_head(store, STORE_SQL_HEAD_LAST, NULL, 0, &found, size, root, note, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "%s: no head was attested yet", store->name);
  return code;
}

enum base_code store_head_get(struct store *store, uint64_t size, struct base_hash *root, struct base_buf *note,
                              struct base_error *err) {
  bool found = false;
  enum base_code code =
      get_head(store, STORE_SQL_HEAD_GET, STORE_VALUES(store_unsigned(size)), &found, NULL, root, note, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "the register has no attested head of size %" PRIu64, size);
  return code;
}

enum base_code store_head_next(struct store *store, int64_t *key, struct base_hash *root, struct base_buf *note,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_HEAD_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 2);
  store_row_32(&rows, 0, root->bytes);
  base_buf_add_view(note, store_row_bytes(&rows, 1, NULL));
  code = store_row_check(&rows, err);
  return code == BASE_OK ? base_buf_check(note, "a head of the register", err) : code;
}

enum base_code store_cosignature_next(struct store *store, struct store_pair *key, struct base_buf *line,
                                      struct base_error *err) {
  return store_kept_next(store, STORE_SQL_COSIGNATURE_NEXT, key, line, err);
}

enum base_code store_head_cosign(struct store *store, int64_t partner, uint64_t size, struct base_view line,
                                 struct base_error *err) {
  return store_kept_put(store, STORE_SQL_COSIGNATURE_ADD, STORE_SQL_COSIGNATURE_CHANGE, partner, size, line, err);
}

enum base_code store_head_cosigned(struct store *store, int64_t partner, uint64_t at_least, uint64_t *size,
                                   struct base_buf *note, struct base_buf *line, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_HEAD_COSIGNED,
                                        STORE_VALUES(store_number(partner), store_unsigned(at_least)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code =
        base_fail(err, BASE_NOT_FOUND, "the partner has cosigned no head of at least %" PRIu64 " leaves yet", at_least);
  if (code != BASE_OK)
    return code;
  uint64_t its_size = store_row_unsigned(&rows, 0);
  base_buf_add_view(line, store_row_bytes(&rows, 1, NULL));
  base_buf_add_view(note, store_row_bytes(&rows, 2, NULL));
  code = store_row_check(&rows, err);
  if (code == BASE_OK)
    code = base_buf_check(line, "a cosignature", err);
  if (code == BASE_OK)
    code = base_buf_check(note, "a head of the register", err);
  if (code == BASE_OK)
    *size = its_size;
  return code;
}
