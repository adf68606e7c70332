/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* Until when the content of a message may be kept. */

enum base_code store_retention_put(struct store *store, const struct base_id *message, base_time ends,
                                   struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_number(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_RETENTION_PUT,
                                     STORE_VALUES(store_number(number), store_number(ends)), NULL, err)
                         : code;
}

enum base_code store_retention_get(struct store *store, const struct base_id *message, base_time *ends,
                                   struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_RETENTION_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "message %s is kept without an end", base_id_text(message).text);
  if (code != BASE_OK)
    return code;
  *ends = store_row_number(&rows, 0);
  return store_row_check(&rows, err);
}

enum base_code store_retention_next(struct store *store, struct store_pair *key, struct base_id *message,
                                    struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after_pair(store, STORE_SQL_RETENTION_NEXT, key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = (struct store_pair){.first = store_row_number(&rows, 0), .second = store_row_number(&rows, 1)};
  store_row_32(&rows, 2, message->bytes);
  return store_row_check(&rows, err);
}

enum base_code store_retention_done(struct store *store, const struct base_id *message, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_RETENTION_DONE, STORE_VALUES(store_number(number)), NULL, err)
                         : code;
}
