/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

/* STIX objects in parts of messages. Each part has a place, a number that grows with the message's, so that every list
 * goes on from one number and erasing a message is a range. */

enum { PARTS = 64 };

static enum base_code place_of(struct store *store, const struct base_id *message, uint16_t part, int64_t *out,
                               struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK && (number == 0 || part >= PARTS))
    code = base_fail(err, BASE_NOT_FOUND, "no part %u of message %s here", part, base_id_text(message).text);
  if (code == BASE_OK)
    *out = number * PARTS + part;
  return code;
}

/* --- what waits */

enum base_code store_stix_wait(struct store *store, const struct base_id *message, uint32_t lane, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_STIX_WAIT, STORE_VALUES(store_number(number), store_number(lane)), NULL, err)
                         : code;
}

enum base_code store_stix_wait_left(struct store *store, uint32_t lane, uint64_t most, uint64_t *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  *out = 0;
  enum base_code code =
      store_rows_open(store, STORE_SQL_STIX_WAIT_LEFT, STORE_VALUES(store_number(lane), store_limit(most)), &rows, err);
  while (code == BASE_OK && (code = store_rows_next(&rows, &found, err)) == BASE_OK && found) {
    *out += store_row_at_most(&rows, 0, PARTS);
    code = store_row_check(&rows, err);
  }
  return code;
}

static enum base_code read_wait(struct store_rows *rows, struct store_stix_wait *out, struct base_error *err) {
  bool found = false;
  enum base_code code = store_rows_next(rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "no part waits to be looked into");
  if (code != BASE_OK)
    return code;
  *out = (struct store_stix_wait){.part = (uint16_t)store_row_at_most(rows, 1, PARTS),
                                  .tries = (uint32_t)store_row_at_most(rows, 2, UINT32_MAX)};
  store_row_32(rows, 0, out->message.bytes);
  return store_row_check(rows, err);
}

enum base_code store_stix_waiting(struct store *store, struct store_stix_wait *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_open(store, STORE_SQL_STIX_WAITING, NULL, 0, &rows, err);
  return code == BASE_OK ? read_wait(&rows, out, err) : code;
}

enum base_code store_stix_waits(struct store *store, const struct base_id *message, struct store_stix_wait *out,
                                struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_STIX_WAITS, STORE_VALUES(store_number(number)), &rows, err);
  return code == BASE_OK ? read_wait(&rows, out, err) : code;
}

enum base_code store_stix_wait_put(struct store *store, const struct store_stix_wait *row, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, &row->message, &number, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_STIX_WAIT_PUT,
                         STORE_VALUES(store_number(number), store_number(row->part), store_number(row->tries)), NULL, err)
             : code;
}

enum base_code store_stix_wait_done(struct store *store, const struct base_id *message, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_STIX_WAIT_DONE, STORE_VALUES(store_number(number)), NULL, err)
                         : code;
}

/* --- parts that were looked into */

enum base_code store_stix_part_put(struct store *store, const struct store_stix_part *row, struct base_error *err) {
  int64_t place = 0, case_number = 0;
  enum base_code code = place_of(store, &row->message, row->part, &place, err);
  if (code == BASE_OK)
    code = store_id_number(store, &row->case_id, &case_number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_STIX_PART_PUT,
                                     STORE_VALUES(store_number(place), store_number(case_number), store_number(row->lane),
                                                  store_unsigned(row->objects), store_text(row->why),
                                                  store_bytes(row->sealed)),
                                     NULL, err)
                         : code;
}

/* The row that the statement stands on. */
static enum base_code read_part(struct store_rows *rows, int64_t *place, struct base_arena *arena,
                                struct store_stix_part *out, struct base_error *err) {
  *place = store_row_number(rows, 0);
  *out = (struct store_stix_part){.part = (uint16_t)(*place % PARTS),
                                  .lane = (uint32_t)store_row_at_most(rows, 3, UINT32_MAX),
                                  .objects = store_row_unsigned(rows, 4),
                                  .why = store_row_bytes(rows, 5, arena),
                                  .sealed = store_row_bytes(rows, 6, arena)};
  store_row_32(rows, 1, out->message.bytes);
  store_row_32(rows, 2, out->case_id.bytes);
  return store_row_check(rows, err);
}

enum base_code store_stix_part_get(struct store *store, const struct base_id *message, uint16_t part,
                                   struct base_arena *arena, struct store_stix_part *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t place = 0;
  bool found = false;
  enum base_code code = place_of(store, message, part, &place, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_STIX_PART_GET, STORE_VALUES(store_number(place)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "part %u of message %s was not looked into", part, base_id_text(message).text);
  return code == BASE_OK ? read_part(&rows, &place, arena, out, err) : code;
}

enum base_code store_stix_part_there(struct store *store, const struct base_id *message, uint16_t part, bool *out,
                                     struct base_error *err) {
  int64_t place = 0, count = 0;
  bool found = false;
  enum base_code code = place_of(store, message, part, &place, err);
  if (code == BASE_OK)
    code = store_run_number(store, STORE_SQL_STIX_PART_THERE, STORE_VALUES(store_number(place)), &found, &count, err);
  *out = count > 0;
  return code;
}

enum base_code store_stix_place_next(struct store *store, int64_t *place, struct base_error *err) {
  static const enum store_statement statements[] = {STORE_SQL_STIX_PARTS_PLACE, STORE_SQL_STIX_TYPES_PLACE,
                                                    STORE_SQL_STIX_IDS_PLACE};
  int64_t first = INT64_MAX;
  bool any = false;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < sizeof statements / sizeof *statements && code == BASE_OK; i++) {
    bool found = false;
    int64_t next = 0;
    code = store_run_number(store, statements[i], STORE_VALUES(store_number(*place)), &found, &next, err);
    if (code == BASE_OK && found && next < first)
      first = next;
    any = any || found;
  }
  if (code == BASE_OK && any)
    *place = first;
  return code == BASE_OK && !any ? base_fail(err, BASE_NOT_FOUND, "the index of STIX objects ends here") : code;
}

enum base_code store_stix_part_at(struct store *store, int64_t place, struct base_arena *arena, struct store_stix_part *out,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_STIX_PART_GET, place, &rows, err);
  return code == BASE_OK ? read_part(&rows, &place, arena, out, err) : code;
}

enum base_code store_stix_message_at(struct store *store, int64_t place, struct base_id *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_STIX_MESSAGE, place / PARTS, &rows, err);
  if (code != BASE_OK)
    return code;
  store_row_32(&rows, 0, out->bytes);
  return store_row_check(&rows, err);
}

enum base_code store_stix_apart(struct store *store, const struct store_stix_part *row, uint64_t *out,
                                struct base_error *err) {
  int64_t place = 0, count = 0;
  bool found = false;
  enum base_code code = place_of(store, &row->message, row->part, &place, err);
  if (code == BASE_OK)
    code = store_run_number(store, STORE_SQL_STIX_APART, STORE_VALUES(store_number(place)), &found, &count, err);
  *out = (uint64_t)count;
  return code;
}

enum base_code store_stix_type_add(struct store *store, const struct store_stix_part *row, struct base_view type,
                                   uint64_t objects, struct base_error *err) {
  int64_t place = 0, case_number = 0;
  enum base_code code = place_of(store, &row->message, row->part, &place, err);
  if (code == BASE_OK)
    code = store_id_number(store, &row->case_id, &case_number, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_STIX_TYPE_ADD,
                     STORE_VALUES(store_number(row->lane), store_text(type), store_number(place),
                                  store_number(case_number), store_unsigned(objects)),
                     NULL, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_STIX_COUNT_ADD,
                         STORE_VALUES(store_number(row->lane), store_text(type), store_unsigned(objects)), NULL, err)
             : code;
}

enum base_code store_stix_types(struct store *store, const struct store_stix_part *row,
                                enum base_code (*each)(void *context, const struct store_stix_count *), void *context,
                                struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t place = 0;
  bool found = true;
  enum base_code code = place_of(store, &row->message, row->part, &place, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_STIX_TYPES, STORE_VALUES(store_number(place)), &rows, err);
  while (code == BASE_OK && (code = store_rows_next(&rows, &found, err)) == BASE_OK && found) {
    struct store_stix_count count = {.lane = (uint32_t)store_row_at_most(&rows, 0, UINT32_MAX),
                                     .type = store_row_bytes(&rows, 1, NULL),
                                     .objects = store_row_unsigned(&rows, 2),
                                     .parts = 1};
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &count);
  }
  return code;
}

/* --- counts */

enum base_code store_stix_count_next(struct store *store, struct base_arena *arena, struct store_stix_count *at,
                                     struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_STIX_COUNT_NEXT,
                                        STORE_VALUES(store_number(at->lane), store_text(at->type)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "no further type of STIX objects");
  if (code != BASE_OK)
    return code;
  *at = (struct store_stix_count){.lane = (uint32_t)store_row_at_most(&rows, 0, UINT32_MAX),
                                  .type = store_row_bytes(&rows, 1, arena),
                                  .objects = store_row_unsigned(&rows, 2),
                                  .parts = store_row_unsigned(&rows, 3)};
  return store_row_check(&rows, err);
}

enum base_code store_stix_count_sum(struct store *store, struct store_stix_count *row, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_STIX_SUM,
                                        STORE_VALUES(store_number(row->lane), store_text(row->type)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code != BASE_OK)
    return code;
  row->objects = store_row_unsigned(&rows, 0);
  row->parts = store_row_unsigned(&rows, 1);
  return store_row_check(&rows, err);
}

/* The type of the first part behind; *found: there is one. */
static enum base_code type_next(struct store *store, struct base_arena *arena, struct store_stix_count *at, bool *found,
                                struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_open(store, STORE_SQL_STIX_TYPE_NEXT,
                                        STORE_VALUES(store_number(at->lane), store_text(at->type)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, found, err);
  if (code != BASE_OK || !*found)
    return code;
  *at = (struct store_stix_count){.lane = (uint32_t)store_row_at_most(&rows, 0, UINT32_MAX),
                                  .type = store_row_bytes(&rows, 1, arena)};
  return store_row_check(&rows, err);
}

static bool comes_before(const struct store_stix_count *a, const struct store_stix_count *b) {
  size_t less = a->type.size < b->type.size ? a->type.size : b->type.size;
  int order = less > 0 ? memcmp(a->type.data, b->type.data, less) : 0;
  return a->lane != b->lane ? a->lane < b->lane : order != 0 ? order < 0 : a->type.size < b->type.size;
}

enum base_code store_stix_counted_next(struct store *store, struct base_arena *arena, struct store_stix_count *at,
                                       struct base_error *err) {
  struct store_stix_count counted = *at, held = *at;
  bool found = false;
  enum base_code code = type_next(store, arena, &held, &found, err);
  if (code != BASE_OK)
    return code;
  code = store_stix_count_next(store, arena, &counted, err);
  if (found && (code == BASE_NOT_FOUND || (code == BASE_OK && comes_before(&held, &counted)))) {
    counted = held;
    code = BASE_OK;
  }
  if (code == BASE_OK)
    *at = counted;
  return code;
}

enum base_code store_stix_count_put(struct store *store, const struct store_stix_count *row, struct base_error *err) {
  if (row->parts == 0)
    return store_run(store, STORE_SQL_STIX_COUNT_DROP, STORE_VALUES(store_number(row->lane), store_text(row->type)), NULL,
                     err);
  return store_run(store, STORE_SQL_STIX_COUNT_PUT,
                   STORE_VALUES(store_number(row->lane), store_text(row->type), store_unsigned(row->objects),
                                store_unsigned(row->parts)),
                   NULL, err);
}

/* --- ids */

enum base_code store_stix_id_add(struct store *store, const struct store_stix_part *row, const struct base_hash *token,
                                 struct base_error *err) {
  int64_t place = 0;
  enum base_code code = place_of(store, &row->message, row->part, &place, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_STIX_ID_ADD,
                         STORE_VALUES(store_prefix(token->bytes), store_number(row->lane), store_number(place)), NULL, err)
             : code;
}

/* As the index has them. */
static int by_prefix(const void *left, const void *right) {
  int64_t a = store_prefix(((const struct base_hash *)left)->bytes).number;
  int64_t b = store_prefix(((const struct base_hash *)right)->bytes).number;
  return (a > b) - (a < b);
}

enum base_code store_stix_ids_differ(struct store *store, const struct store_stix_part *row, struct base_hash *tokens,
                                     size_t count, bool *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t place = 0;
  size_t met = 0;
  bool found = true, same = true;
  if (count > 1)
    qsort(tokens, count, sizeof *tokens, by_prefix);
  enum base_code code = place_of(store, &row->message, row->part, &place, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_STIX_IDS, STORE_VALUES(store_number(place)), &rows, err);
  while (code == BASE_OK && same && (code = store_rows_next(&rows, &found, err)) == BASE_OK && found) {
    int64_t token = store_row_number(&rows, 0);
    code = store_row_check(&rows, err);
    same = met < count && store_prefix(tokens[met].bytes).number == token;
    met++;
  }
  *out = !same || met != count;
  return code;
}

/* --- erased */

static enum base_code drop_message(struct store *store, int64_t number, struct base_error *err) {
  static const enum store_statement statements[] = {STORE_SQL_STIX_COUNTS_TAKE, STORE_SQL_STIX_COUNTS_EMPTY,
                                                    STORE_SQL_STIX_TYPES_DROP, STORE_SQL_STIX_IDS_DROP,
                                                    STORE_SQL_STIX_PARTS_DROP};
  enum base_code code = BASE_OK;
  /* As a message's content: the freed pages are overwritten as well. */
  store->engine->erasing(store, true);
  for (size_t i = 0; i < sizeof statements / sizeof *statements && code == BASE_OK; i++)
    code = store_run(store, statements[i],
                     STORE_VALUES(store_number(number * PARTS), store_number(number * PARTS + PARTS)), NULL, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_STIX_WAIT_DONE, STORE_VALUES(store_number(number)), NULL, err);
  store->engine->erasing(store, false);
  return code;
}

enum base_code store_stix_drop(struct store *store, const struct base_id *message, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK && number != 0 ? drop_message(store, number, err) : code;
}

enum base_code store_stix_drop_at(struct store *store, int64_t place, struct base_error *err) {
  return drop_message(store, place / PARTS, err);
}

/* --- made anew */

static enum base_code count_objects(struct store *store, int64_t number, uint64_t *out, struct base_error *err) {
  bool found = false;
  int64_t count = 0;
  enum base_code code = store_run_number(store, STORE_SQL_STIX_OBJECTS,
                                         STORE_VALUES(store_number(number * PARTS), store_number(number * PARTS + PARTS)), &found,
                                         &count, err);
  *out = (uint64_t)count;
  return code;
}

enum base_code store_stix_objects(struct store *store, const struct base_id *message, uint64_t *out, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, message, &number, err);
  return code == BASE_OK ? count_objects(store, number, out, err) : code;
}

enum base_code store_stix_message_next(struct store *store, int64_t *key, struct base_id *out, uint64_t *objects,
                                       struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  uint64_t count = 0;
  enum base_code code = store_rows_after(store, STORE_SQL_STIX_MESSAGE_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  int64_t number = store_row_number(&rows, 0);
  store_row_32(&rows, 1, out->bytes);
  code = store_row_check(&rows, err);
  if (code == BASE_OK)
    code = count_objects(store, number, &count, err);
  if (code == BASE_OK) {
    *key = number;
    *objects = count;
  }
  return code;
}

enum base_code store_stix_recount(struct store *store, struct base_error *err) {
  enum base_code code = store_run(store, STORE_SQL_STIX_COUNTS_CLEAR, NULL, 0, NULL, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_STIX_COUNTS_MAKE, NULL, 0, NULL, err) : code;
}

/* --- found */

enum base_code store_stix_find(struct store *store, const struct store_stix_query *query, int64_t before,
                               struct store_stix_found *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  static const enum store_statement statements[] = {[STORE_STIX_BY_LANE] = STORE_SQL_STIX_BY_LANE,
                                                    [STORE_STIX_BY_CASE] = STORE_SQL_STIX_BY_CASE,
                                                    [STORE_STIX_BY_MESSAGE] = STORE_SQL_STIX_BY_PLACE,
                                                    [STORE_STIX_BY_ID] = STORE_SQL_STIX_BY_ID};
  bool found = false, by_id = query->by == STORE_STIX_BY_ID;
  int64_t number = query->lane;
  enum base_code code = BASE_OK;
  if (query->by == STORE_STIX_BY_CASE || query->by == STORE_STIX_BY_MESSAGE)
    code = store_id_find(store, &query->id, &number, err);
  int64_t first = query->by == STORE_STIX_BY_MESSAGE ? number * PARTS : number;
  if (code == BASE_OK && by_id)
    code = store_rows_open(store, statements[query->by],
                           STORE_VALUES(store_prefix(query->token.bytes), store_number(first), store_number(before)),
                           &rows, err);
  else if (code == BASE_OK)
    code = store_rows_open(store, statements[query->by],
                           STORE_VALUES(store_number(first), store_text(query->type),
                                        store_number(query->by == STORE_STIX_BY_MESSAGE && before > first + PARTS
                                                         ? first + PARTS
                                                         : before)),
                           &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "no further part holds it");
  if (code != BASE_OK)
    return code;
  *out = (struct store_stix_found){.place = store_row_number(&rows, 0)};
  out->part = (uint16_t)(out->place % PARTS);
  store_row_32(&rows, 1, out->message.bytes);
  store_row_32(&rows, 2, out->case_id.bytes);
  return store_row_check(&rows, err);
}
