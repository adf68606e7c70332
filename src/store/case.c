/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

enum base_code store_case_put(struct store *store, const struct store_case *kase, struct base_error *err) {
  int64_t id;
  enum base_code code = store_id_number(store, &kase->id, &id, err);
  if (code == BASE_OK)
    code =
        store_run(store, STORE_SQL_CASE_PUT,
                  STORE_VALUES(store_number(id), store_number(kase->changed), store_number(kase->opened),
                               store_unsigned(kase->message_count), store_number(kase->flagged), store_text(kase->kind),
                               store_text(kase->state), store_text(kase->opener), store_hash(&kase->kind_hash)),
                  NULL, err);
  return code;
}

static enum base_code read_case(struct store_rows *rows, struct base_arena *arena, struct store_case *out,
                                struct base_error *err) {
  *out = (struct store_case){
      .changed = store_row_number(rows, 1),
      .opened = store_row_number(rows, 2),
      .message_count = store_row_unsigned(rows, 3),
      .flagged = store_row_flag(rows, 4),
      .kind = store_row_bytes(rows, 5, arena),
      .state = store_row_bytes(rows, 6, arena),
      .opener = store_row_bytes(rows, 7, arena),
  };
  store_row_32(rows, 0, out->id.bytes);
  store_row_32(rows, 8, out->kind_hash.bytes);
  return store_row_check(rows, err);
}

enum base_code store_case_get(struct store *store, const struct base_id *id, struct base_arena *arena,
                              struct store_case *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  struct store_case kase;
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_CASE_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "no case %s here", base_id_text(id).text);
  if (code == BASE_OK)
    code = read_case(&rows, arena, &kase, err);
  if (code == BASE_OK)
    *out = kase;
  return code;
}

enum base_code store_case_next(struct store *store, int64_t *key, struct base_arena *arena, struct store_case *out,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_CASE_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 9);
  return read_case(&rows, arena, out, err);
}

enum base_code store_case_each(struct store *store, struct base_view kind, uint64_t limit,
                               enum base_code (*each)(void *context, const struct store_case *), void *context,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  enum base_code code = kind.size == 0
                            ? store_rows_open(store, STORE_SQL_CASE_EACH, STORE_VALUES(store_limit(limit)), &rows, err)
                            : store_rows_open(store, STORE_SQL_CASE_EACH_KIND,
                                              STORE_VALUES(store_limit(limit), store_text(kind)), &rows, err);
  while (code == BASE_OK && found) {
    struct store_case kase;
    code = store_rows_next(&rows, &found, err);
    if (code == BASE_OK && found)
      code = read_case(&rows, NULL, &kase, err);
    if (code == BASE_OK && found)
      code = each(context, &kase);
  }
  return code;
}
