/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* What goes between partners by hand: from which heads files prove, and which answers go with the next one. */

enum { BASE_BYTES = 8 };

static enum base_code read_carried(struct store_rows *rows, struct store_carried *out, struct base_error *err) {
  *out = (struct store_carried){.made = store_row_number(rows, 0), .number = store_row_unsigned(rows, 1)};
  struct base_view bases = store_row_bytes(rows, 2, NULL);
  enum base_code code = store_row_check(rows, err);
  if (code == BASE_OK && (bases.size % BASE_BYTES != 0 || bases.size / BASE_BYTES > STORE_CARRIED_BASES_MAX))
    code = base_fail(err, BASE_CORRUPT, "%s: a list of heads in the table carried has %zu bytes", rows->store->name,
                     bases.size);
  for (struct base_reader reader = base_reader_of(bases); code == BASE_OK && reader.rest.size > 0;)
    out->bases[out->base_count++] = base_read_u64(&reader);
  return code;
}

enum base_code store_carried_get(struct store *store, int64_t partner, struct store_carried *out,
                                 struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  struct store_carried carried = {0};
  enum base_code code = store_rows_open(store, STORE_SQL_CARRIED_GET, STORE_VALUES(store_number(partner)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && found)
    code = read_carried(&rows, &carried, err);
  if (code == BASE_OK)
    *out = carried;
  return code;
}

enum base_code store_carried_put(struct store *store, int64_t partner, const struct store_carried *carried,
                                 struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bases = {0};
  base_buf_init(&bases, sizeof carried->bases);
  for (size_t i = 0; i < carried->base_count; i++)
    base_buf_u64(&bases, carried->bases[i]);
  enum base_code code = base_buf_check(&bases, "a list of heads", err);
  return code == BASE_OK ? store_run(store, STORE_SQL_CARRIED_PUT,
                                     STORE_VALUES(store_number(partner), store_number(carried->made),
                                                  store_unsigned(carried->number), store_bytes(base_buf_view(&bases))),
                                     NULL, err)
                         : code;
}

enum base_code store_carried_answer_add(struct store *store, int64_t partner, uint64_t number, struct base_error *err) {
  return store_run(store, STORE_SQL_CARRIED_ANSWER, STORE_VALUES(store_number(partner), store_unsigned(number)), NULL,
                   err);
}

enum base_code store_carried_answers(struct store *store, int64_t partner, uint64_t after, uint64_t *out, size_t max,
                                     size_t *count, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  size_t read = 0;
  enum base_code code =
      store_rows_open(store, STORE_SQL_CARRIED_ANSWER_EACH,
                      STORE_VALUES(store_number(partner), store_unsigned(after), store_limit(max)), &rows, err);
  while (code == BASE_OK && found && read < max) {
    code = store_rows_next(&rows, &found, err);
    if (code == BASE_OK && found) {
      out[read++] = store_row_unsigned(&rows, 0);
      code = store_row_check(&rows, err);
    }
  }
  if (code == BASE_OK)
    *count = read;
  return code;
}

enum base_code store_carried_answers_clear(struct store *store, int64_t partner, struct base_error *err) {
  return store_run(store, STORE_SQL_CARRIED_ANSWERS_CLEAR, STORE_VALUES(store_number(partner)), NULL, err);
}
