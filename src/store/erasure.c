/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* What was erased, and whether the keeper knows it. */

enum base_code store_erasure_put(struct store *store, const struct store_erasure *erasure, struct base_error *err) {
  int64_t message = 0, kase = 0;
  enum base_code code = store_id_number(store, &erasure->message, &message, err);
  if (code == BASE_OK && erasure->cleared)
    code = store_id_number(store, &erasure->case_id, &kase, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_ERASURE_PUT,
                                     STORE_VALUES(store_number(message), store_unsigned(erasure->leaf),
                                                  store_number(erasure->elsewhere), store_number(erasure->untold),
                                                  store_number(erasure->epoch), store_bytes(erasure->wrapped),
                                                  store_number(erasure->owed), store_number(kase)),
                                     NULL, err)
                         : code;
}

static enum base_code read_erasure(struct store_rows *rows, struct base_arena *arena, struct store_erasure *out,
                                   struct base_error *err) {
  *out = (struct store_erasure){.leaf = store_row_unsigned(rows, 2),
                                .elsewhere = store_row_flag(rows, 3),
                                .untold = store_row_flag(rows, 4),
                                .epoch = (uint32_t)store_row_at_most(rows, 5, UINT32_MAX),
                                .wrapped = store_row_bytes(rows, 6, arena),
                                .owed = store_row_flag(rows, 7),
                                .cleared = store_row_number(rows, 8) != 0};
  if (out->cleared)
    store_row_32(rows, 9, out->case_id.bytes);
  store_row_32(rows, 1, out->message.bytes);
  return store_row_check(rows, err);
}

enum base_code store_erasure_get(struct store *store, const struct base_id *message, struct base_arena *arena,
                                 struct store_erasure *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ERASURE_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "message %s was not erased here", base_id_text(message).text);
  return code == BASE_OK ? read_erasure(&rows, arena, out, err) : code;
}

enum base_code store_erasure_next(struct store *store, enum store_erasures which, int64_t *key,
                                  struct base_arena *arena, struct store_erasure *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store,
                                         which == STORE_ERASURES_UNTOLD ? STORE_SQL_ERASURE_UNTOLD
                                         : which == STORE_ERASURES_OWED ? STORE_SQL_ERASURE_OWED
                                                                        : STORE_SQL_ERASURE_NEXT,
                                         *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 0);
  return read_erasure(&rows, arena, out, err);
}

enum base_code store_erasure_owe(struct store *store, const struct base_id *message, bool owed,
                                 struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_ERASURE_OWE, STORE_VALUES(store_number(number), store_number(owed)),
                                     NULL, err)
                         : code;
}

enum base_code store_erasure_told(struct store *store, const struct base_id *message, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  store->engine->erasing(store, true);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_ERASURE_TOLD,
                     STORE_VALUES(store_number(number), store_bytes((struct base_view){0})), NULL, err);
  store->engine->erasing(store, false);
  return code;
}

/* --- a case that is erased whole */

enum base_code store_case_clear_draft(struct store *store, const struct base_id *case_id, const struct base_id *draft,
                                      struct base_error *err) {
  int64_t kase = 0, number = 0;
  enum base_code code = store_id_find(store, case_id, &kase, err);
  if (code == BASE_OK)
    code = store_id_find(store, draft, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_CLEAR_DRAFT, STORE_VALUES(store_number(number), store_number(kase)),
                                     NULL, err)
                         : code;
}

enum base_code store_case_clear(struct store *store, const struct base_id *case_id, struct base_error *err) {
  static const enum store_statement steps[] = {STORE_SQL_CLEAR_ERASURES, STORE_SQL_CLEAR_PARTS, STORE_SQL_CLEAR_RETENTIONS,
                                               STORE_SQL_CLEAR_ALARMS,   STORE_SQL_CLEAR_REVIEWS,
                                               STORE_SQL_CLEAR_ENDS,     STORE_SQL_CLEAR_DUE,
                                               STORE_SQL_CLEAR_MESSAGES, STORE_SQL_CLEAR_CASE};
  int64_t kase = 0;
  enum base_code code = store_id_find(store, case_id, &kase, err);
  store->engine->erasing(store, true);
  for (size_t i = 0; i < sizeof steps / sizeof *steps && code == BASE_OK; i++)
    code = store_run(store, steps[i], STORE_VALUES(store_number(kase)), NULL, err);
  store->engine->erasing(store, false);
  return code;
}
