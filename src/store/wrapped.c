/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/sql.h"

/* Keys that the keeper wrapped, table by table, for wrapping them anew. */

static const struct {
  enum store_statement under, anew;
} statements[STORE_WRAPPED_TABLES] = {
    [STORE_WRAPPED_MESSAGES] = {STORE_SQL_MESSAGE_UNDER, STORE_SQL_MESSAGE_ANEW},
    [STORE_WRAPPED_OPENINGS] = {STORE_SQL_OPENING_KEY_UNDER, STORE_SQL_OPENING_KEY_ANEW},
};

enum base_code store_wrapped_under(struct store *store, enum store_wrapped_table table, uint32_t epoch, int64_t after,
                                   uint64_t max_bytes, struct store_wrapped *out, size_t max, size_t *count,
                                   struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  uint64_t bytes = 0;
  *count = 0;
  enum base_code code =
      store_rows_open(store, statements[table].under,
                      STORE_VALUES(store_number(epoch), store_number(after), store_limit(max)), &rows, err);
  while (code == BASE_OK && *count < max && (code = store_rows_next(&rows, &found, err)) == BASE_OK && found) {
    struct store_wrapped *row = &out[*count];
    row->number = store_row_number(&rows, 0);
    struct base_view wrapped = store_row_bytes(&rows, 1, NULL);
    bytes += store_row_unsigned(&rows, 2);
    row->size = wrapped.size;
    if (wrapped.size > 0 && wrapped.size <= sizeof row->bytes)
      memcpy(row->bytes, wrapped.data, wrapped.size);
    code = store_row_check(&rows, err);
    if (code != BASE_OK || (*count > 0 && bytes > max_bytes))
      break;
    ++*count;
  }
  return code;
}

enum base_code store_wrapped_set(struct store *store, enum store_wrapped_table table, int64_t number, uint32_t epoch,
                                 struct base_view wrapped, struct base_error *err) {
  return store_run(store, statements[table].anew,
                   STORE_VALUES(store_number(number), store_number(epoch), store_bytes(wrapped)), NULL, err);
}
