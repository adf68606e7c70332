/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <inttypes.h>

enum base_code store_arrival_add(struct store *store, const struct store_arrival *arrival, struct base_error *err) {
  static const struct base_id none;
  struct store_value message = store_null();
  enum base_code code = BASE_OK;
  if (!base_id_equal(&arrival->message, &none)) {
    int64_t number;
    code = store_id_number(store, &arrival->message, &number, err);
    if (code != BASE_OK)
      return code;
    message = store_number(number);
  }
  bool refused = false;
  code = store_run_new(store, STORE_SQL_ARRIVAL_ADD,
                       STORE_VALUES(store_number(arrival->partner), store_unsigned(arrival->number), message,
                                    store_unsigned(arrival->index), store_unsigned(arrival->head_size),
                                    store_number(arrival->voided), store_number(arrival->answered),
                                    store_number(arrival->refused), store_unsigned(arrival->answer_index),
                                    store_hash(&arrival->sent_hash), store_bytes(arrival->leaf),
                                    store_bytes(arrival->opening), store_bytes(arrival->proof)),
                       &refused, err);
  if (code == BASE_OK && refused)
    return base_fail(err, BASE_EXISTS, "number %" PRIu64 " of partner %" PRId64 " was taken already", arrival->number,
                     arrival->partner);
  return code;
}

static enum base_code no_number(int64_t partner, uint64_t number, struct base_error *err) {
  return base_fail(err, BASE_NOT_FOUND, "number %" PRIu64 " of partner %" PRId64 " has not arrived", number, partner);
}

enum base_code store_arrival_answer(struct store *store, int64_t partner, uint64_t number, bool refused,
                                    uint64_t answer_index, struct base_error *err) {
  uint64_t changed = 0;
  enum base_code code = store_run(
      store, STORE_SQL_ARRIVAL_ANSWER,
      STORE_VALUES(store_number(partner), store_unsigned(number), store_number(refused), store_unsigned(answer_index)),
      &changed, err);
  return code == BASE_OK && changed == 0 ? no_number(partner, number, err) : code;
}

static enum base_code read_arrival(struct store_rows *rows, struct base_arena *arena, struct store_arrival *out,
                                   struct base_error *err) {
  *out = (struct store_arrival){
      .partner = store_row_number(rows, 1),
      .number = store_row_unsigned(rows, 2),
      .index = store_row_unsigned(rows, 3),
      .head_size = store_row_unsigned(rows, 4),
      .voided = store_row_flag(rows, 5),
      .answered = store_row_flag(rows, 6),
      .refused = store_row_flag(rows, 7),
      .answer_index = store_row_unsigned(rows, 8),
      .leaf = store_row_bytes(rows, 10, arena),
      .opening = store_row_bytes(rows, 11, arena),
      .proof = store_row_bytes(rows, 12, arena),
  };
  store_row_32_or_null(rows, 0, out->message.bytes);
  store_row_32(rows, 9, out->sent_hash.bytes);
  return store_row_check(rows, err);
}

/* The one row of an open statement. */
static enum base_code read_one(struct store_rows *rows, struct base_arena *arena, bool *found,
                               struct store_arrival *out, struct base_error *err) {
  struct store_arrival arrival;
  enum base_code code = store_rows_next(rows, found, err);
  if (code == BASE_OK && *found)
    code = read_arrival(rows, arena, &arrival, err);
  if (code == BASE_OK && *found)
    *out = arrival;
  return code;
}

enum base_code store_arrival_next(struct store *store, int64_t *key, struct base_arena *arena,
                                  struct store_arrival *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_ARRIVAL_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 13);
  /* A message that is named must be known by its id. */
  rows.wrong = store_row_number(&rows, 14) != 0 && store_row_bytes(&rows, 0, NULL).size == 0;
  return read_arrival(&rows, arena, out, err);
}

enum base_code store_arrival_get(struct store *store, int64_t partner, uint64_t number, struct base_arena *arena,
                                 struct store_arrival *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_ARRIVAL_GET,
                                        STORE_VALUES(store_number(partner), store_unsigned(number)), &rows, err);
  if (code == BASE_OK)
    code = read_one(&rows, arena, &found, out, err);
  return code == BASE_OK && !found ? no_number(partner, number, err) : code;
}

enum base_code store_arrival_of(struct store *store, const struct base_id *message, int64_t partner,
                                struct base_arena *arena, struct store_arrival *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ARRIVAL_OF, STORE_VALUES(store_number(number), store_number(partner)),
                           &rows, err);
  if (code == BASE_OK)
    code = read_one(&rows, arena, &found, out, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "message %s has not arrived from partner %" PRId64,
                     base_id_text(message).text, partner);
  return code;
}
