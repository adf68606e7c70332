/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* When the personal data of a case is to be reviewed. */

static enum base_code read_review(struct store_rows *rows, struct store_review *out, struct base_error *err) {
  *out = (struct store_review){.due = store_row_number(rows, 0),
                               .told = store_row_number(rows, 3),
                               .kept = store_row_number(rows, 4),
                               .leaf = store_row_unsigned(rows, 5)};
  store_row_32(rows, 2, out->case_id.bytes);
  return store_row_check(rows, err);
}

enum base_code store_review_move(struct store *store, const struct base_id *case_id, base_time due,
                                 struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_number(store, case_id, &number, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_REVIEW_MOVE, STORE_VALUES(store_number(number), store_number(due)), NULL, err)
             : code;
}

enum base_code store_review_put(struct store *store, const struct store_review *review, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, &review->case_id, &number, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_REVIEW_PUT,
                         STORE_VALUES(store_number(number), store_number(review->due), store_number(review->told),
                                      store_number(review->kept), store_unsigned(review->leaf)),
                         NULL, err)
             : code;
}

enum base_code store_review_get(struct store *store, const struct base_id *case_id, struct store_review *out,
                                struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_REVIEW_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "case %s has no review before it", base_id_text(case_id).text);
  return code == BASE_OK ? read_review(&rows, out, err) : code;
}

enum base_code store_review_next(struct store *store, struct store_pair *key, struct store_review *out,
                                 struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after_pair(store, STORE_SQL_REVIEW_NEXT, key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = (struct store_pair){.first = store_row_number(&rows, 0), .second = store_row_number(&rows, 1)};
  return read_review(&rows, out, err);
}

enum base_code store_review_due(struct store *store, base_time now, uint64_t most, uint64_t *out,
                                struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  uint64_t due = 0;
  enum base_code code =
      store_rows_open(store, STORE_SQL_REVIEW_DUE, STORE_VALUES(store_number(now), store_unsigned(most)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    due += code == BASE_OK && found;
  }
  if (code == BASE_OK)
    *out = due;
  return code;
}

enum base_code store_review_untold(struct store *store, struct store_review *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_REVIEW_UNTOLD, NULL, 0, &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "no review is to be told");
  return code == BASE_OK ? read_review(&rows, out, err) : code;
}

enum base_code store_review_done(struct store *store, const struct base_id *case_id, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, case_id, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_REVIEW_DONE, STORE_VALUES(store_number(number)), NULL, err)
                         : code;
}

enum base_code store_case_content(struct store *store, const struct base_id *case_id, bool *out,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  enum base_code code = store_id_find(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_CASE_CONTENT, STORE_VALUES(store_number(number)), &rows, err);
  return code == BASE_OK ? store_rows_next(&rows, out, err) : code;
}
