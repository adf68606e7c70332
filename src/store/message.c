/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

static enum base_code no_message(const struct base_id *id, struct base_error *err) {
  return base_fail(err, BASE_NOT_FOUND, "no message %s here", base_id_text(id).text);
}

enum base_code store_message_add(struct store *store, struct store_message *message, struct base_error *err) {
  int64_t id, case_id, number;
  bool refused = false;
  enum base_code code = store_id_number(store, &message->id, &id, err);
  if (code == BASE_OK)
    code = store_id_number(store, &message->case_id, &case_id, err);
  if (code == BASE_OK)
    code = store_next_number(store, STORE_COUNT_MESSAGES, &number, err);
  if (code == BASE_OK)
    code = store_run_new(
        store, STORE_SQL_MESSAGE_ADD,
        STORE_VALUES(store_number(number), store_number(id), store_number(case_id), store_number(message->state),
                     store_number(message->ours), store_number(message->epoch), store_number(message->stored),
                     store_number(message->part_count), store_text(message->type), store_text(message->author),
                     store_bytes(message->wrapped_key), store_bytes(message->header), store_bytes(message->part0)),
        &refused, err);
  if (code == BASE_OK && refused)
    return base_fail(err, BASE_EXISTS, "message %s is here already", base_id_text(&message->id).text);
  if (code == BASE_OK) {
    store->next[STORE_COUNT_MESSAGES]++;
    message->number = number;
  }
  return code;
}

enum base_code store_message_state_set(struct store *store, const struct base_id *id, enum store_message_state state,
                                       struct base_error *err) {
  int64_t number = 0;
  uint64_t changed = 0;
  enum base_code code = store_id_find(store, id, &number, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_MESSAGE_STATE, STORE_VALUES(store_number(number), store_number(state)), &changed,
                     err);
  return code == BASE_OK && changed == 0 ? no_message(id, err) : code;
}

enum base_code store_message_drop_content(struct store *store, const struct base_id *id, struct base_error *err) {
  int64_t number = 0;
  uint64_t changed = 0;
  enum base_code code = store_id_find(store, id, &number, err);
  /* Here alone the freed pages are overwritten as well, which the ordinary writes do not wait for. */
  store->engine->erasing(store, true);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_MESSAGE_DROP,
                     STORE_VALUES(store_number(number), store_bytes((struct base_view){0})), &changed, err);
  if (code == BASE_OK && changed > 0)
    code = store_run(store, STORE_SQL_MATCH_DROP, STORE_VALUES(store_number(number)), NULL, err);
  store->engine->erasing(store, false);
  return code == BASE_OK && changed == 0 ? no_message(id, err) : code;
}

static enum base_code read_message(struct store_rows *rows, struct base_arena *arena, struct store_message *out,
                                   struct base_error *err) {
  *out = (struct store_message){
      .number = store_row_number(rows, 0),
      .state = (enum store_message_state)store_row_at_most(rows, 3, STORE_MESSAGE_DRAFT),
      .ours = store_row_flag(rows, 4),
      .epoch = (uint32_t)store_row_at_most(rows, 5, UINT32_MAX),
      .stored = store_row_number(rows, 6),
      .part_count = (uint16_t)store_row_at_most(rows, 7, UINT16_MAX),
      .type = store_row_bytes(rows, 8, arena),
      .author = store_row_bytes(rows, 9, arena),
      .wrapped_key = store_row_bytes(rows, 10, arena),
      .header = store_row_bytes(rows, 11, arena),
  };
  store_row_32(rows, 1, out->id.bytes);
  store_row_32(rows, 2, out->case_id.bytes);
  return store_row_check(rows, err);
}

static enum base_code get_message(struct store *store, enum store_statement statement, const struct base_id *id,
                                  struct base_arena *arena, struct store_message *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  struct store_message message;
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, statement, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = no_message(id, err);
  if (code == BASE_OK)
    code = read_message(&rows, arena, &message, err);
  if (code != BASE_OK)
    return code;
  if (statement == STORE_SQL_MESSAGE_GET)
    message.part0 = store_row_bytes(&rows, 12, arena);
  code = store_row_check(&rows, err);
  if (code == BASE_OK)
    *out = message;
  return code;
}

enum base_code store_message_get(struct store *store, const struct base_id *id, struct base_arena *arena,
                                 struct store_message *out, struct base_error *err) {
  return get_message(store, STORE_SQL_MESSAGE_GET, id, arena, out, err);
}

enum base_code store_message_header(struct store *store, const struct base_id *id, struct base_arena *arena,
                                    struct store_message *out, struct base_error *err) {
  return get_message(store, STORE_SQL_MESSAGE_HEADER, id, arena, out, err);
}

enum base_code store_message_next(struct store *store, int64_t *key, struct base_arena *arena,
                                  struct store_message *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_MESSAGE_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 0);
  code = read_message(&rows, arena, out, err);
  out->part0 = store_row_bytes(&rows, 12, arena);
  return code == BASE_OK ? store_row_check(&rows, err) : code;
}

/* What a statement tells of a case's messages, in the order of arrival. */
static enum base_code open_case(struct store *store, enum store_statement statement, const struct base_id *case_id,
                                struct store_rows *rows, struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, case_id, &number, err);
  return code == BASE_OK ? store_rows_open(store, statement, STORE_VALUES(store_number(number)), rows, err) : code;
}

enum base_code store_message_each(struct store *store, const struct base_id *case_id,
                                  enum base_code (*each)(void *context, const struct store_message *), void *context,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  enum base_code code = open_case(store, STORE_SQL_MESSAGE_EACH, case_id, &rows, err);
  while (code == BASE_OK && found) {
    struct store_message message;
    code = store_rows_next(&rows, &found, err);
    if (code == BASE_OK && found)
      code = read_message(&rows, NULL, &message, err);
    if (code == BASE_OK && found)
      code = each(context, &message);
  }
  return code;
}

enum base_code store_message_headers(struct store *store, const struct base_id *case_id,
                                     enum base_code (*each)(void *context, const struct store_header *), void *context,
                                     struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  enum base_code code = open_case(store, STORE_SQL_MESSAGE_HEADERS, case_id, &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_header row = {.state = (enum store_message_state)store_row_at_most(&rows, 1, STORE_MESSAGE_DRAFT),
                               .ours = store_row_flag(&rows, 2),
                               .header = store_row_bytes(&rows, 3, NULL)};
    store_row_32(&rows, 0, row.id.bytes);
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &row);
  }
  return code;
}

enum base_code store_message_wait(struct store *store, const struct base_id *pending, const struct base_id *for_id,
                                  struct base_error *err) {
  int64_t waiting, awaited;
  enum base_code code = store_id_number(store, pending, &waiting, err);
  if (code == BASE_OK)
    code = store_id_number(store, for_id, &awaited, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_WAIT_ADD, STORE_VALUES(store_number(awaited), store_number(waiting)), NULL, err);
  return code;
}

enum base_code store_message_waiting(struct store *store, const struct base_id *for_id, struct base_id *out, size_t max,
                                     size_t *count, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t awaited = 0;
  bool found = max > 0;
  size_t told = 0;
  enum base_code code = store_id_find(store, for_id, &awaited, err);
  if (code == BASE_OK)
    code =
        store_rows_open(store, STORE_SQL_WAIT_LIST, STORE_VALUES(store_number(awaited), store_limit(max)), &rows, err);
  while (code == BASE_OK && found && told < max) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      continue;
    store_row_32(&rows, 0, out[told++].bytes);
    code = store_row_check(&rows, err);
  }
  if (code == BASE_OK)
    *count = told;
  return code;
}

enum base_code store_message_waits(struct store *store, const struct base_id *pending, const struct base_id *for_id,
                                   bool *out, struct base_error *err) {
  int64_t waiting = 0, awaited = 0, count = 0;
  bool found = false;
  enum base_code code = store_id_find(store, pending, &waiting, err);
  if (code == BASE_OK)
    code = store_id_find(store, for_id, &awaited, err);
  if (code == BASE_OK)
    code = store_run_number(store, STORE_SQL_WAIT_FIND, STORE_VALUES(store_number(awaited), store_number(waiting)),
                            &found, &count, err);
  if (code == BASE_OK)
    *out = count > 0;
  return code;
}

enum base_code store_wait_next(struct store *store, struct store_pair *key, struct base_id *for_id,
                               struct base_id *pending, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after_pair(store, STORE_SQL_WAIT_NEXT, key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = (struct store_pair){store_row_number(&rows, 0), store_row_number(&rows, 1)};
  store_row_32(&rows, 2, for_id->bytes);
  store_row_32(&rows, 3, pending->bytes);
  return store_row_check(&rows, err);
}

enum base_code store_message_wait_done(struct store *store, const struct base_id *pending, const struct base_id *for_id,
                                       struct base_error *err) {
  int64_t waiting = 0, awaited = 0;
  enum base_code code = store_id_find(store, pending, &waiting, err);
  if (code == BASE_OK)
    code = store_id_find(store, for_id, &awaited, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_WAIT_DONE, STORE_VALUES(store_number(awaited), store_number(waiting)), NULL, err);
  return code;
}
