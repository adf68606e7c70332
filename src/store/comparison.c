/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* Statements: where the comparison with each partner stands. */

enum { /* the columns of COMPARISON_GET */
       MADE,
       INDEX,
       TOLD,
       COMPARED,
       GIVEN,
       KNOWN,
       TAKEN,
       ANSWERED,
       EQUAL_KNOWN,
       EQUAL_ANSWERED,
       HIS_INDEX,
       HIS_HEAD,
       EQUAL_KNOWN_OUTCOMES,
       EQUAL_ANSWERED_OUTCOMES,
       LEAF,
       OPENING,
       PROOF,
       DIFFERENCE
};

static enum base_code read_comparison(struct store_rows *rows, struct base_arena *arena, struct store_comparison *out,
                                      struct base_error *err) {
  *out = (struct store_comparison){.made = store_row_number(rows, MADE),
                                   .index = store_row_unsigned(rows, INDEX),
                                   .told = store_row_flag(rows, TOLD),
                                   .compared = store_row_number(rows, COMPARED),
                                   .given = store_row_unsigned(rows, GIVEN),
                                   .known = store_row_unsigned(rows, KNOWN),
                                   .taken = store_row_unsigned(rows, TAKEN),
                                   .answered = store_row_unsigned(rows, ANSWERED),
                                   .equal_known = store_row_unsigned(rows, EQUAL_KNOWN),
                                   .equal_answered = store_row_unsigned(rows, EQUAL_ANSWERED),
                                   .his_index = store_row_unsigned(rows, HIS_INDEX),
                                   .his_head = store_row_unsigned(rows, HIS_HEAD),
                                   .leaf = store_row_bytes(rows, LEAF, arena),
                                   .opening = store_row_bytes(rows, OPENING, arena),
                                   .proof = store_row_bytes(rows, PROOF, arena),
                                   .difference = store_row_bytes(rows, DIFFERENCE, arena)};
  store_row_32(rows, EQUAL_KNOWN_OUTCOMES, out->equal_known_outcomes.bytes);
  store_row_32(rows, EQUAL_ANSWERED_OUTCOMES, out->equal_answered_outcomes.bytes);
  return store_row_check(rows, err);
}

enum base_code store_comparison_get(struct store *store, int64_t partner, struct base_arena *arena,
                                    struct store_comparison *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  struct store_comparison found_row = {0};
  enum base_code code =
      store_rows_open(store, STORE_SQL_COMPARISON_GET, STORE_VALUES(store_number(partner)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && found)
    code = read_comparison(&rows, arena, &found_row, err);
  if (code == BASE_OK)
    *out = found_row;
  return code;
}

enum base_code store_comparison_put(struct store *store, int64_t partner, const struct store_comparison *row,
                                    struct base_error *err) {
  return store_run(store, STORE_SQL_COMPARISON_PUT,
                   STORE_VALUES(store_number(partner), store_number(row->made), store_unsigned(row->index),
                                store_number(row->told), store_number(row->compared), store_unsigned(row->given),
                                store_unsigned(row->known), store_unsigned(row->taken), store_unsigned(row->answered),
                                store_unsigned(row->equal_known), store_unsigned(row->equal_answered),
                                store_unsigned(row->his_index), store_unsigned(row->his_head),
                                store_hash(&row->equal_known_outcomes), store_hash(&row->equal_answered_outcomes),
                                store_bytes(row->leaf), store_bytes(row->opening), store_bytes(row->proof),
                                store_text(row->difference)),
                   NULL, err);
}
