/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <inttypes.h>

/* The outbox. delivery_counts follows every change of a state, in the same transaction. */

static enum base_code no_delivery(const struct base_id *message, int64_t partner, struct base_error *err) {
  return base_fail(err, BASE_NOT_FOUND, "message %s goes to no partner %" PRId64, base_id_text(message).text, partner);
}

static enum base_code count_change(struct store *store, int64_t partner, int64_t state, int by,
                                   struct base_error *err) {
  return store_run(store, STORE_SQL_DELIVERY_COUNT_CHANGE,
                   STORE_VALUES(store_number(partner), store_number(state), store_number(by)), NULL, err);
}

static enum base_code put_receipt(struct store *store, int64_t entry, const struct store_delivery *delivery,
                                  struct base_error *err) {
  if (delivery->leaf.size == 0)
    return BASE_OK;
  return store_run(store, STORE_SQL_RECEIPT_PUT,
                   STORE_VALUES(store_number(entry), store_unsigned(delivery->index),
                                store_unsigned(delivery->head_size), store_bytes(delivery->leaf),
                                store_bytes(delivery->opening), store_bytes(delivery->proof),
                                store_number(delivery->learned)),
                   NULL, err);
}

static struct store_known_delivery *place_of(struct store *store, const struct base_id *message) {
  return &store->known_deliveries[message->bytes[sizeof message->bytes - 1]];
}

enum base_code store_delivery_add(struct store *store, const struct store_delivery *delivery, struct base_error *err) {
  int64_t message, case_id, entry;
  bool refused = false;
  enum base_code code = store_id_number(store, &delivery->message, &message, err);
  if (code == BASE_OK)
    code = store_id_number(store, &delivery->case_id, &case_id, err);
  if (code == BASE_OK)
    code = store_next_number(store, STORE_COUNT_DELIVERIES, &entry, err);
  if (code == BASE_OK)
    code = store_run_new(store, STORE_SQL_DELIVERY_ADD,
                         STORE_VALUES(store_number(entry), store_number(delivery->partner),
                                      store_unsigned(delivery->number), store_number(message), store_number(case_id),
                                      store_number(delivery->state), store_unsigned(delivery->sent_index),
                                      store_unsigned(delivery->voided_index), store_number(delivery->voided_told),
                                      store_text(delivery->reason)),
                         &refused, err);
  if (code == BASE_OK && refused)
    return base_fail(err, BASE_EXISTS,
                     "message %s goes to partner %" PRId64 " already, or number %" PRIu64 " was given to another",
                     base_id_text(&delivery->message).text, delivery->partner, delivery->number);
  if (code == BASE_OK) {
    store->next[STORE_COUNT_DELIVERIES]++;
    code = put_receipt(store, entry, delivery, err);
  }
  if (code == BASE_OK)
    code = count_change(store, delivery->partner, delivery->state, 1, err);
  return code;
}

/* The row of a delivery and the state it has. */
static enum base_code find(struct store *store, const struct store_delivery *delivery, int64_t *entry, int64_t *state,
                           struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  const struct store_known_delivery *known = place_of(store, &delivery->message);
  if (known->entry != 0 && known->partner == delivery->partner && base_id_equal(&known->message, &delivery->message)) {
    *entry = known->entry;
    *state = known->state;
    return BASE_OK;
  }
  int64_t message = 0;
  bool found = false;
  enum base_code code = store_id_find(store, &delivery->message, &message, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_DELIVERY_FIND,
                           STORE_VALUES(store_number(message), store_number(delivery->partner)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = no_delivery(&delivery->message, delivery->partner, err);
  if (code == BASE_OK) {
    *entry = store_row_number(&rows, 0);
    *state = store_row_number(&rows, 1);
  }
  return code;
}

enum base_code store_delivery_update(struct store *store, const struct store_delivery *delivery,
                                     struct base_error *err) {
  int64_t entry, state;
  enum base_code code = find(store, delivery, &entry, &state, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_DELIVERY_UPDATE,
                     STORE_VALUES(store_number(entry), store_number(delivery->state),
                                  store_unsigned(delivery->sent_index), store_unsigned(delivery->voided_index),
                                  store_number(delivery->voided_told), store_text(delivery->reason)),
                     NULL, err);
  if (code == BASE_OK) {
    *place_of(store, &delivery->message) =
        (struct store_known_delivery){delivery->message, delivery->partner, entry, delivery->state};
    code = put_receipt(store, entry, delivery, err);
  }
  if (code == BASE_OK && state != (int64_t)delivery->state) {
    if (store->watch != NULL)
      store->watch(store->watch_context, entry, delivery->partner, (enum store_delivery_state)state, delivery->state);
    code = count_change(store, delivery->partner, state, -1, err);
    if (code == BASE_OK)
      code = count_change(store, delivery->partner, delivery->state, 1, err);
  }
  return code;
}

static enum base_code read_delivery(struct store_rows *rows, struct base_arena *arena, struct store_delivery *out,
                                    struct base_error *err) {
  *out = (struct store_delivery){
      .partner = store_row_number(rows, 2),
      .number = store_row_unsigned(rows, 3),
      .state = (enum store_delivery_state)store_row_at_most(rows, 4, STORE_ENDED),
      .sent_index = store_row_unsigned(rows, 5),
      .voided_index = store_row_unsigned(rows, 6),
      .voided_told = store_row_flag(rows, 7),
      .reason = store_row_bytes(rows, 8, arena),
      .index = store_row_unsigned(rows, 9),
      .head_size = store_row_unsigned(rows, 10),
      .leaf = store_row_bytes(rows, 11, arena),
      .opening = store_row_bytes(rows, 12, arena),
      .proof = store_row_bytes(rows, 13, arena),
      .learned = store_row_number(rows, 14),
  };
  store_row_32(rows, 0, out->message.bytes);
  store_row_32(rows, 1, out->case_id.bytes);
  enum base_code code = store_row_check(rows, err);
  if (code == BASE_OK)
    *place_of(rows->store, &out->message) =
        (struct store_known_delivery){out->message, out->partner, store_row_number(rows, 15), out->state};
  return code;
}

/* The one row of an open statement. */
static enum base_code read_one(struct store_rows *rows, struct base_arena *arena, bool *found,
                               struct store_delivery *out, struct base_error *err) {
  struct store_delivery delivery;
  enum base_code code = store_rows_next(rows, found, err);
  if (code == BASE_OK && *found)
    code = read_delivery(rows, arena, &delivery, err);
  if (code == BASE_OK && *found)
    *out = delivery;
  return code;
}

enum base_code store_delivery_get(struct store *store, const struct base_id *message, int64_t partner,
                                  struct base_arena *arena, struct store_delivery *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, message, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_DELIVERY_GET, STORE_VALUES(store_number(number), store_number(partner)),
                           &rows, err);
  if (code == BASE_OK)
    code = read_one(&rows, arena, &found, out, err);
  return code == BASE_OK && !found ? no_delivery(message, partner, err) : code;
}

enum base_code store_delivery_by_number(struct store *store, int64_t partner, uint64_t number, struct base_arena *arena,
                                        struct store_delivery *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = false;
  enum base_code code = store_rows_open(store, STORE_SQL_DELIVERY_BY_NUMBER,
                                        STORE_VALUES(store_number(partner), store_unsigned(number)), &rows, err);
  if (code == BASE_OK)
    code = read_one(&rows, arena, &found, out, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "number %" PRIu64 " was not given to partner %" PRId64, number, partner);
  return code;
}

enum base_code store_delivery_next(struct store *store, int64_t *key, struct base_arena *arena,
                                   struct store_delivery *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_DELIVERY_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 15);
  return read_delivery(&rows, arena, out, err);
}

void store_delivery_watch(struct store *store,
                          void (*changed)(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                                          enum store_delivery_state to),
                          void *context) {
  store->watch = changed;
  store->watch_context = context;
}

typedef enum base_code each_delivery(void *context, const struct store_delivery *);

static enum base_code tell(struct store_rows *rows, each_delivery *each, void *context, struct base_error *err) {
  enum base_code code = BASE_OK;
  bool found = true;
  while (code == BASE_OK && found) {
    struct store_delivery delivery;
    code = read_one(rows, NULL, &found, &delivery, err);
    if (code == BASE_OK && found)
      code = each(context, &delivery);
  }
  return code;
}

enum base_code store_delivery_open(struct store *store, int64_t partner, uint64_t after, size_t limit,
                                   enum base_code (*each)(void *context, const struct store_delivery *), void *context,
                                   struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code =
      store_rows_open(store, STORE_SQL_DELIVERY_OPEN,
                      STORE_VALUES(store_number(partner), store_unsigned(after), store_limit(limit)), &rows, err);
  return code == BASE_OK ? tell(&rows, each, context, err) : code;
}

enum base_code store_delivery_each(struct store *store, const struct base_id *message, bool open_only, uint64_t limit,
                                   enum base_code (*each)(void *context, const struct store_delivery *), void *context,
                                   struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  enum base_code code = BASE_OK;
  if (message != NULL)
    code = store_id_find(store, message, &number, err);
  if (code == BASE_OK && message == NULL)
    code = store_rows_open(store, open_only ? STORE_SQL_DELIVERY_EACH_OPEN : STORE_SQL_DELIVERY_EACH,
                           STORE_VALUES(store_limit(limit)), &rows, err);
  else if (code == BASE_OK)
    code = store_rows_open(store, open_only ? STORE_SQL_DELIVERY_EACH_OPEN_MESSAGE : STORE_SQL_DELIVERY_EACH_MESSAGE,
                           STORE_VALUES(store_limit(limit), store_number(number)), &rows, err);
  return code == BASE_OK ? tell(&rows, each, context, err) : code;
}

enum base_code store_delivery_count(struct store *store, int64_t partner, enum store_delivery_state state,
                                    uint64_t *out, struct base_error *err) {
  bool found = false;
  int64_t count = 0;
  enum base_code code =
      partner == 0 ? store_run_number(store, STORE_SQL_DELIVERY_COUNT_ALL, STORE_VALUES(store_number(state)), &found,
                                      &count, err)
                   : store_run_number(store, STORE_SQL_DELIVERY_COUNT,
                                      STORE_VALUES(store_number(partner), store_number(state)), &found, &count, err);
  if (code == BASE_OK && count < 0)
    code = base_fail(err, BASE_CORRUPT, "%s: a count of deliveries is below zero; restore the node from its backup",
                     store->name);
  if (code == BASE_OK)
    *out = (uint64_t)count;
  return code;
}
