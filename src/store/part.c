/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

enum base_code store_part_put(struct store *store, const struct store_part *part, struct base_error *err) {
  int64_t message;
  enum base_code code = store_id_number(store, &part->message, &message, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_PART_PUT,
                     STORE_VALUES(store_number(message), store_number(part->part), store_prefix(part->token.bytes),
                                  store_unsigned(part->size), store_number(part->records),
                                  store_number(part->records_held), store_text(part->file), store_hash(&part->token)),
                     NULL, err);
  return code;
}

static enum base_code read_part(struct store_rows *rows, struct base_arena *arena, struct store_part *out,
                                struct base_error *err) {
  *out = (struct store_part){
      .part = (uint16_t)store_row_at_most(rows, 1, UINT16_MAX),
      .size = store_row_unsigned(rows, 2),
      .records = (uint32_t)store_row_at_most(rows, 3, UINT32_MAX),
      .records_held = (uint32_t)store_row_at_most(rows, 4, UINT32_MAX),
      .file = store_row_bytes(rows, 5, arena),
  };
  store_row_32(rows, 0, out->message.bytes);
  store_row_32(rows, 6, out->token.bytes);
  return store_row_check(rows, err);
}

/* The first row of an open statement. */
static enum base_code read_first(struct store_rows *rows, struct base_arena *arena, bool *found, struct store_part *out,
                                 struct base_error *err) {
  struct store_part part;
  enum base_code code = store_rows_next(rows, found, err);
  if (code == BASE_OK && *found)
    code = read_part(rows, arena, &part, err);
  if (code == BASE_OK && *found)
    *out = part;
  return code;
}

enum base_code store_part_get(struct store *store, const struct base_id *message, uint16_t part,
                              struct base_arena *arena, struct store_part *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code =
        store_rows_open(store, STORE_SQL_PART_GET, STORE_VALUES(store_number(number), store_number(part)), &rows, err);
  if (code == BASE_OK)
    code = read_first(&rows, arena, &found, out, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "no part %u of message %s here", part, base_id_text(message).text);
  return code;
}

enum base_code store_part_by_token(struct store *store, const struct base_hash *token, struct store_pair *key,
                                   struct base_arena *arena, struct store_part *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(
      store, STORE_SQL_PART_BY_TOKEN,
      STORE_VALUES(store_prefix(token->bytes), store_hash(token), store_number(key->first), store_number(key->second)), &rows, err);
  if (code == BASE_OK)
    code = read_first(&rows, arena, &found, out, err);
  if (code == BASE_OK && found)
    *key = (struct store_pair){store_row_number(&rows, 7), store_row_number(&rows, 1)};
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "no such part is here, or not all of it");
  return code;
}

enum base_code store_part_next(struct store *store, struct store_pair *key, struct base_arena *arena,
                               struct store_part *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after_pair(store, STORE_SQL_PART_NEXT, key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = (struct store_pair){store_row_number(&rows, 7), store_row_number(&rows, 1)};
  return read_part(&rows, arena, out, err);
}

enum base_code store_part_shared(struct store *store, struct base_view file, const struct store_pair *key, bool *out,
                                 struct base_error *err) {
  bool found = false;
  int64_t count = 0;
  enum base_code code =
      store_run_number(store, STORE_SQL_PART_SHARED,
                       STORE_VALUES(store_text(file), store_number(key->first), store_number(key->second)), &found,
                       &count, err);
  if (code == BASE_OK)
    *out = count > 0;
  return code;
}

enum base_code store_part_named(struct store *store, struct base_view file, bool *out, struct base_error *err) {
  bool found = false;
  int64_t count = 0;
  enum base_code code =
      store_run_number(store, STORE_SQL_PART_NAMED, STORE_VALUES(store_text(file)), &found, &count, err);
  if (code == BASE_OK)
    *out = count > 0;
  return code;
}
