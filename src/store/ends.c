/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* When the personal data of a case ends, and whose certificates are outstanding since. */

enum base_code store_ends_put(struct store *store, const struct store_ends *ends, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_number(store, &ends->case_id, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_ENDS_PUT,
                                     STORE_VALUES(store_number(number), store_number(ends->since), store_number(ends->ends),
                                                  store_number(ends->done), store_number(ends->look)),
                                     NULL, err)
                         : code;
}

static enum base_code read_ends(struct store_rows *rows, struct store_ends *out, struct base_error *err) {
  *out = (struct store_ends){.since = store_row_number(rows, 1),
                             .ends = store_row_number(rows, 2),
                             .done = store_row_number(rows, 3),
                             .look = store_row_number(rows, 4)};
  store_row_32(rows, 0, out->case_id.bytes);
  return store_row_check(rows, err);
}

enum base_code store_ends_get(struct store *store, const struct base_id *case_id, struct store_ends *out,
                              struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ENDS_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "the personal data of case %s has no end yet", base_id_text(case_id).text);
  return code == BASE_OK ? read_ends(&rows, out, err) : code;
}

enum base_code store_ends_next(struct store *store, struct store_ends *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_ENDS_NEXT, NULL, 0, &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "no personal data has an end");
  return code == BASE_OK ? read_ends(&rows, out, err) : code;
}

enum base_code store_ends_drop(struct store *store, const struct base_id *case_id, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, case_id, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_ENDS_DROP, STORE_VALUES(store_number(number)), NULL, err) : code;
}

enum base_code store_case_after(struct store *store, const struct base_id *case_id, int64_t after, struct base_id *out,
                                int64_t *numbers, size_t max, size_t *count, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = true;
  *count = 0;
  enum base_code code = store_id_find(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_CASE_AFTER,
                           STORE_VALUES(store_number(number), store_number(after), store_unsigned(max)), &rows, err);
  while (code == BASE_OK && found && *count < max) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    numbers[*count] = store_row_number(&rows, 0);
    store_row_32(&rows, 1, out[*count].bytes);
    code = store_row_check(&rows, err);
    (*count)++;
  }
  return code;
}

/* --- certificates that are outstanding */

enum base_code store_due_put(struct store *store, const struct base_id *message, const struct base_id *case_id,
                             int64_t partner, struct base_error *err) {
  int64_t number = 0, kase = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_id_find(store, case_id, &kase, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_DUE_PUT,
                                     STORE_VALUES(store_number(number), store_number(partner), store_number(kase)), NULL, err)
                         : code;
}

enum base_code store_due_drop(struct store *store, const struct base_id *message, int64_t partner,
                              struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_DUE_DROP, STORE_VALUES(store_number(number), store_number(partner)), NULL, err);
  return code;
}

enum base_code store_due_there(struct store *store, const struct base_id *message, int64_t partner, bool *out,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_DUE_THERE, STORE_VALUES(store_number(number), store_number(partner)), &rows, err);
  return code == BASE_OK ? store_rows_next(&rows, out, err) : code;
}

enum base_code store_due_count(struct store *store, const struct base_id *case_id, struct store_due *out, size_t max,
                               size_t *count, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = true;
  *count = 0;
  enum base_code code = store_id_find(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_DUE_COUNT, STORE_VALUES(store_number(number)), &rows, err);
  while (code == BASE_OK && found && *count < max) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    out[(*count)++] =
        (struct store_due){.partner = store_row_number(&rows, 0), .messages = store_row_unsigned(&rows, 1)};
    code = store_row_check(&rows, err);
  }
  return code;
}
