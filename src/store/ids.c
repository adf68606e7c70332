/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <string.h>

enum { COMPLETE_MIN = 4 };

static struct store_value whole(const struct base_id *id) {
  return store_bytes(base_view_of(id->bytes, sizeof id->bytes));
}

static struct store_known_id *place_of(struct store *store, const struct base_id *id) {
  return &store->known_ids[id->bytes[sizeof id->bytes - 1]];
}

enum base_code store_id_find(struct store *store, const struct base_id *id, int64_t *number, struct base_error *err) {
  struct store_known_id *place = place_of(store, id);
  if (place->number != 0 && base_id_equal(&place->id, id)) {
    *number = place->number;
    return BASE_OK;
  }
  bool found = false;
  int64_t known = 0;
  enum base_code code =
      store_run_number(store, STORE_SQL_ID_FIND, STORE_VALUES(store_prefix(id->bytes), whole(id)), &found, &known, err);
  if (code == BASE_OK)
    *number = known;
  if (code == BASE_OK && found)
    *place = (struct store_known_id){*id, known};
  return code;
}

static enum base_code add(struct store *store, const struct base_id *id, int64_t *number, struct base_error *err) {
  int64_t next;
  enum base_code code = store_next_number(store, STORE_COUNT_IDS, &next, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_ID_ADD, STORE_VALUES(store_number(next), store_prefix(id->bytes), whole(id)),
                     NULL, err);
  if (code == BASE_OK) {
    store->next[STORE_COUNT_IDS]++;
    *number = next;
    *place_of(store, id) = (struct store_known_id){*id, next};
  }
  return code;
}

enum base_code store_id_number(struct store *store, const struct base_id *id, int64_t *number, struct base_error *err) {
  int64_t known = 0;
  enum base_code code = store_id_find(store, id, &known, err);
  if (code == BASE_OK && known == 0)
    code = add(store, id, &known, err);
  if (code == BASE_OK)
    *number = known;
  return code;
}

/* The digits as the first bytes of an id, the rest filled with one digit: the lowest or highest id that begins so. */
static bool fill(struct base_view digits, char filling, struct base_id *out) {
  char text[BASE_HEX_ID];
  if (digits.size < COMPLETE_MIN || digits.size > sizeof text)
    return false;
  memset(text, filling, sizeof text);
  memcpy(text, digits.data, digits.size);
  return base_id_parse(base_view_of(text, sizeof text), out);
}

enum base_code store_id_complete(struct store *store, const char *table_word, struct base_view hex_prefix,
                                 struct base_id out[2], size_t *count, struct base_error *err) {
  bool cases = strcmp(table_word, "case") == 0;
  if (!cases && strcmp(table_word, "message") != 0)
    return base_fail(err, BASE_INTERNAL, "%s: ids of \"%s\" cannot be completed", store->name, table_word);
  struct base_id low, high;
  if (!fill(hex_prefix, '0', &low) || !fill(hex_prefix, 'f', &high))
    return base_fail(err, BASE_USAGE, "a shortened id has %d to %d lowercase hex digits", COMPLETE_MIN, BASE_HEX_ID);
  STORE_AUTO_ROWS struct store_rows rows = {0};
  /* A range never crosses the sign of its numbers, because its first 16 bits are fixed. */
  enum base_code code = store_rows_open(store, cases ? STORE_SQL_ID_CASES : STORE_SQL_ID_MESSAGES,
                                        STORE_VALUES(store_prefix(low.bytes), store_prefix(high.bytes)), &rows, err);
  struct base_id matches[2];
  size_t matched = 0;
  bool found = true;
  while (code == BASE_OK && found && matched < 2) {
    struct base_id id = {{0}};
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      continue;
    store_row_32(&rows, 0, id.bytes);
    code = store_row_check(&rows, err);
    /* The index knows 16 digits; the others are compared here. */
    if (base_id_compare(&id, &low) >= 0 && base_id_compare(&id, &high) <= 0)
      matches[matched++] = id;
  }
  if (code == BASE_OK) {
    memcpy(out, matches, matched * sizeof *matches);
    *count = matched;
  }
  return code;
}

enum base_code store_id_next(struct store *store, int64_t *key, struct base_id *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_ID_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 0);
  store_row_32(&rows, 2, out->bytes);
  rows.wrong = rows.wrong || store_prefix(out->bytes).number != store_row_number(&rows, 1);
  return store_row_check(&rows, err);
}
