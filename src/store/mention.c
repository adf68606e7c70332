/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* Who names a message in a field of the type reference. */

enum base_code store_mention_add(struct store *store, const struct base_id *target, const struct base_id *message,
                                 struct base_error *err) {
  int64_t named = 0, by = 0;
  enum base_code code = store_id_number(store, target, &named, err);
  if (code == BASE_OK)
    code = store_id_number(store, message, &by, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_MENTION_ADD, STORE_VALUES(store_number(named), store_number(by)), NULL, err)
             : code;
}

enum base_code store_mention_find(struct store *store, const struct base_id *target, const struct base_id *message,
                                  bool *out, struct base_error *err) {
  int64_t named = 0, by = 0, count = 0;
  bool found = false;
  enum base_code code = store_id_find(store, target, &named, err);
  if (code == BASE_OK)
    code = store_id_find(store, message, &by, err);
  if (code == BASE_OK)
    code = store_run_number(store, STORE_SQL_MENTION_FIND, STORE_VALUES(store_number(named), store_number(by)), &found,
                            &count, err);
  if (code == BASE_OK)
    *out = count > 0;
  return code;
}

enum base_code store_mention_next(struct store *store, const struct base_id *target, int64_t *key, struct base_id *out,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  struct store_pair at = {.second = *key};
  enum base_code code = store_id_find(store, target, &at.first, err);
  if (code == BASE_OK && at.first == 0)
    return base_fail(err, BASE_NOT_FOUND, "nothing names message %s", base_id_text(target).text);
  if (code == BASE_OK)
    code = store_rows_after_pair(store, STORE_SQL_MENTION_NEXT, &at, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 0);
  store_row_32(&rows, 1, out->bytes);
  return store_row_check(&rows, err);
}

enum base_code store_mention_drop(struct store *store, const struct base_id *target, const struct base_id *message,
                                  struct base_error *err) {
  int64_t named = 0, number = 0;
  enum base_code code = store_id_find(store, target, &named, err);
  if (code == BASE_OK)
    code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_MENTION_DROP,
                                     STORE_VALUES(store_number(named), store_number(number)), NULL, err)
                         : code;
}
