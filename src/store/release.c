/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* What is held until a second person releases it, and what became of it. */

enum base_code store_release_number(struct store *store, int64_t *out, struct base_error *err) {
  int64_t last = 0;
  bool found = false;
  enum base_code code = store_run_number(store, STORE_SQL_RELEASE_LAST, NULL, 0, &found, &last, err);
  if (code == BASE_OK)
    *out = last + 1;
  return code;
}

enum base_code store_release_add(struct store *store, const struct store_release *row, struct base_error *err) {
  int64_t message = 0;
  enum base_code code = store_id_number(store, &row->message, &message, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_RELEASE_ADD,
                         STORE_VALUES(store_number(row->number), store_number(message), store_number(row->asks),
                                      store_number(row->until), store_text(row->person), store_unsigned(row->held)),
                         NULL, err)
             : code;
}

enum base_code store_release_end(struct store *store, const struct store_release *row, struct base_error *err) {
  static const struct base_id none;
  int64_t sent = 0;
  uint64_t changed = 0;
  enum base_code code = base_id_equal(&row->sent, &none) ? BASE_OK : store_id_number(store, &row->sent, &sent, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_RELEASE_END,
                     STORE_VALUES(store_number(row->number), store_number(row->state), store_number(row->asks),
                                  store_number(sent), store_unsigned(row->ended)),
                     &changed, err);
  return code == BASE_OK && changed == 0
             ? base_fail(err, BASE_NOT_FOUND, "nothing was held under the number %lld", (long long)row->number)
             : code;
}

static enum base_code read_release(struct store_rows *rows, struct base_arena *arena, struct store_release *out,
                                   struct base_error *err) {
  *out = (struct store_release){.number = store_row_number(rows, 0),
                                .state = (enum store_release_state)store_row_at_most(rows, 3, STORE_RELEASE_ERASED),
                                .asks = (unsigned)store_row_at_most(rows, 4, UINT8_MAX),
                                .until = store_row_number(rows, 5),
                                .person = store_row_bytes(rows, 6, arena),
                                .held = store_row_unsigned(rows, 7),
                                .ended = store_row_unsigned(rows, 8)};
  store_row_32(rows, 1, out->message.bytes);
  store_row_32_or_null(rows, 2, out->sent.bytes);
  return store_row_check(rows, err);
}

static enum base_code one_release(struct store *store, enum store_statement statement, int64_t key,
                                  struct base_arena *arena, struct store_release *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, statement, STORE_VALUES(store_number(key)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "there is no such release");
  return code == BASE_OK ? read_release(&rows, arena, out, err) : code;
}

enum base_code store_release_get(struct store *store, int64_t number, struct base_arena *arena,
                                 struct store_release *out, struct base_error *err) {
  return one_release(store, STORE_SQL_RELEASE_GET, number, arena, out, err);
}

enum base_code store_release_of(struct store *store, const struct base_id *message, bool sent, struct base_arena *arena,
                                struct store_release *out, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK
             ? one_release(store, sent ? STORE_SQL_RELEASE_SENT : STORE_SQL_RELEASE_OF, number, arena, out, err)
             : code;
}

enum base_code store_release_next(struct store *store, bool waiting, int64_t *key, struct base_arena *arena,
                                  struct store_release *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code =
      store_rows_after(store, waiting ? STORE_SQL_RELEASE_WAITING : STORE_SQL_RELEASE_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 0);
  return read_release(&rows, arena, out, err);
}
