/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* What a cross-check finds, by keyed tokens. */

static struct store_value half(const struct store_match_token *token, size_t from) {
  return store_prefix(token->bytes + from);
}

enum base_code store_match_add(struct store *store, const struct base_id *message,
                               const struct store_match_token *token, uint32_t place, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_number(store, message, &number, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_MATCH_ADD,
                         STORE_VALUES(half(token, 0), half(token, 8), store_number(number), store_number(place)), NULL, err)
             : code;
}

enum base_code store_match_drop(struct store *store, const struct base_id *message, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_MATCH_DROP, STORE_VALUES(store_number(number)), NULL, err) : code;
}

static void write_half(uint8_t *out, int64_t number) {
  for (int i = 0; i < 8; i++)
    out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

enum base_code store_match_of(struct store *store, const struct base_id *message,
                              enum base_code (*each)(void *context, const struct store_match_token *, uint32_t place),
                              void *context, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = true;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_MATCH_OF, STORE_VALUES(store_number(number)), &rows, err);
  while (code == BASE_OK && (code = store_rows_next(&rows, &found, err)) == BASE_OK && found) {
    struct store_match_token token;
    write_half(token.bytes, store_row_number(&rows, 0));
    write_half(token.bytes + 8, store_row_number(&rows, 1));
    uint32_t place = (uint32_t)store_row_at_most(&rows, 2, UINT32_MAX);
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &token, place);
  }
  return code;
}

enum base_code store_match_there(struct store *store, const struct base_id *message, uint32_t place, bool *out,
                                 struct base_error *err) {
  int64_t number = 0, count = 0;
  bool found = false;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_run_number(store, STORE_SQL_MATCH_THERE, STORE_VALUES(store_number(number), store_number(place)), &found,
                            &count, err);
  if (code == BASE_OK)
    *out = count > 0;
  return code;
}

enum base_code store_match_each(struct store *store, const struct store_match_token *token,
                                const struct base_id *other_than, int hidden, uint64_t most,
                                enum base_code (*each)(void *context, const struct store_match *), void *context,
                                struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = true;
  enum base_code code = store_id_find(store, other_than, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_MATCH_EACH,
                           STORE_VALUES(half(token, 0), half(token, 8), store_number(number), store_number(hidden),
                                        store_limit(most)),
                           &rows, err);
  while (code == BASE_OK && (code = store_rows_next(&rows, &found, err)) == BASE_OK && found) {
    struct store_match match = {.place = (uint32_t)store_row_at_most(&rows, 2, UINT32_MAX),
                                .type = store_row_bytes(&rows, 3, NULL),
                                .author = store_row_bytes(&rows, 4, NULL),
                                .stored = store_row_number(&rows, 5),
                                .kind = store_row_bytes(&rows, 6, NULL),
                                .state = store_row_bytes(&rows, 8, NULL)};
    store_row_32(&rows, 0, match.message.bytes);
    store_row_32(&rows, 1, match.case_id.bytes);
    store_row_32(&rows, 7, match.kind_hash.bytes);
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &match);
  }
  return code;
}
