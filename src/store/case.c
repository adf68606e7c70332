/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <string.h>

enum base_code store_case_put(struct store *store, const struct store_case *kase, struct base_error *err) {
  int64_t id;
  enum base_code code = store_id_number(store, &kase->id, &id, err);
  if (code == BASE_OK)
    code =
        store_run(store, STORE_SQL_CASE_PUT,
                  STORE_VALUES(store_number(id), store_number(kase->changed), store_number(kase->opened),
                               store_unsigned(kase->message_count), store_number(kase->flagged), store_text(kase->kind),
                               store_text(kase->state), store_text(kase->opener), store_hash(&kase->kind_hash),
                               store_number(kase->due), store_number(kase->look), store_number(kase->lane),
                               store_number(kase->exercise)),
                  NULL, err);
  return code;
}

static enum base_code read_case(struct store_rows *rows, struct base_arena *arena, struct store_case *out,
                                struct base_error *err) {
  *out = (struct store_case){
      .changed = store_row_number(rows, 1),
      .opened = store_row_number(rows, 2),
      .message_count = store_row_unsigned(rows, 3),
      .flagged = store_row_flag(rows, 4),
      .kind = store_row_bytes(rows, 5, arena),
      .state = store_row_bytes(rows, 6, arena),
      .opener = store_row_bytes(rows, 7, arena),
      .due = store_row_number(rows, 9),
      .look = store_row_number(rows, 10),
      .lane = (enum wire_lane)store_row_at_most(rows, 11, WIRE_LANE_UNKNOWN),
      .exercise = store_row_flag(rows, 12),
  };
  store_row_32(rows, 0, out->id.bytes);
  store_row_32(rows, 8, out->kind_hash.bytes);
  return store_row_check(rows, err);
}

enum base_code store_case_get(struct store *store, const struct base_id *id, struct base_arena *arena,
                              struct store_case *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  struct store_case kase;
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_CASE_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    code = base_fail(err, BASE_NOT_FOUND, "no case %s here", base_id_text(id).text);
  if (code == BASE_OK)
    code = read_case(&rows, arena, &kase, err);
  if (code == BASE_OK)
    *out = kase;
  return code;
}

enum base_code store_case_next(struct store *store, int64_t *key, struct base_arena *arena, struct store_case *out,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = store_rows_after(store, STORE_SQL_CASE_NEXT, *key, &rows, err);
  if (code != BASE_OK)
    return code;
  *key = store_row_number(&rows, 13);
  return read_case(&rows, arena, out, err);
}

static enum base_code tell_cases(struct store_rows *rows,
                                 enum base_code (*each)(void *context, const struct store_case *), void *context,
                                 struct base_error *err) {
  bool found = true;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && found) {
    struct store_case kase;
    code = store_rows_next(rows, &found, err);
    if (code == BASE_OK && found)
      code = read_case(rows, NULL, &kase, err);
    if (code == BASE_OK && found)
      code = each(context, &kase);
  }
  return code;
}

enum base_code store_case_each(struct store *store, struct base_view kind, uint64_t limit,
                               enum base_code (*each)(void *context, const struct store_case *), void *context,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code = kind.size == 0
                            ? store_rows_open(store, STORE_SQL_CASE_EACH, STORE_VALUES(store_limit(limit)), &rows, err)
                            : store_rows_open(store, STORE_SQL_CASE_EACH_KIND,
                                              STORE_VALUES(store_limit(limit), store_text(kind)), &rows, err);
  return code == BASE_OK ? tell_cases(&rows, each, context, err) : code;
}

static struct store_value last_lane(const struct store_case_filter *filter) {
  return store_number(filter->unknown ? WIRE_LANE_UNKNOWN : WIRE_LANE_NONE);
}

enum base_code store_case_list(struct store *store, const struct store_case_filter *filter, uint64_t limit,
                               enum base_code (*each)(void *context, const struct store_case *), void *context,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  struct store_value most = store_limit(limit), without = store_number(filter->without), last = last_lane(filter);
  enum base_code code =
      filter->exercise ? store_rows_open(store, STORE_SQL_CASE_LIST_EXERCISE,
                                         STORE_VALUES(most, without, store_text(filter->kind), store_number(filter->apart), last),
                                         &rows, err)
      : filter->kind.size == 0
          ? store_rows_open(store, filter->apart ? STORE_SQL_CASE_LIST_APART : STORE_SQL_CASE_LIST,
                            STORE_VALUES(most, without, last), &rows, err)
          : store_rows_open(store, filter->apart ? STORE_SQL_CASE_LIST_KIND_APART : STORE_SQL_CASE_LIST_KIND,
                            STORE_VALUES(most, without, store_text(filter->kind), last), &rows, err);
  return code == BASE_OK ? tell_cases(&rows, each, context, err) : code;
}

enum base_code store_case_each_due(struct store *store, const struct store_case_filter *filter, base_time due,
                                   const struct base_id *after, uint64_t limit,
                                   enum base_code (*each)(void *context, const struct store_case *), void *context,
                                   struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = INT64_MIN;
  enum base_code code = after == NULL ? BASE_OK : store_id_find(store, after, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store,
                           filter->exercise ? STORE_SQL_CASE_EACH_DUE_EXERCISE
                           : filter->apart  ? STORE_SQL_CASE_EACH_DUE_APART
                                            : STORE_SQL_CASE_EACH_DUE,
                           STORE_VALUES(store_limit(limit), store_text(filter->state), store_text(filter->kind),
                                        store_number(due), store_number(number), store_number(filter->without),
                                        store_number(filter->apart), last_lane(filter)),
                           &rows, err);
  return code == BASE_OK ? tell_cases(&rows, each, context, err) : code;
}

enum base_code store_case_of_kind(struct store *store, struct base_view kind, const struct base_hash *hash, bool *out,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code code =
      store_rows_open(store, STORE_SQL_CASE_OF_KIND, STORE_VALUES(store_text(kind), store_hash(hash)), &rows, err);
  return code == BASE_OK ? store_rows_next(&rows, out, err) : code;
}

/* --- clocks */

enum base_code store_case_clocks_set(struct store *store, const struct base_id *id, base_time due, base_time look,
                                     struct base_error *err) {
  int64_t number = 0;
  enum base_code code = store_id_find(store, id, &number, err);
  return code == BASE_OK
             ? store_run(store, STORE_SQL_CASE_CLOCKS,
                         STORE_VALUES(store_number(number), store_number(due), store_number(look)), NULL, err)
             : code;
}

enum base_code store_case_late(struct store *store, base_time now, struct base_view kind, uint64_t most, uint64_t *out,
                               uint64_t *out_of_kind, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  uint64_t late = 0, of_kind = 0;
  enum base_code code =
      store_rows_open(store, STORE_SQL_CASE_LATE, STORE_VALUES(store_number(now), store_unsigned(most)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    late++;
    /* One that cannot be read is late all the same, of no kind; register.check names it. */
    of_kind += base_view_equal(store_row_bytes(&rows, 0, NULL), kind);
  }
  if (code == BASE_OK) {
    *out = late;
    *out_of_kind = of_kind;
  }
  return code;
}

enum base_code store_case_look(struct store *store, struct base_id *out, size_t max, size_t *count, base_time *look,
                               struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  *count = 0;
  enum base_code code = store_rows_open(store, STORE_SQL_CASE_LOOK, STORE_VALUES(store_unsigned(max)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    store_row_32(&rows, 0, out[*count].bytes);
    look[*count] = store_row_number(&rows, 1);
    code = store_row_check(&rows, err);
    (*count)++;
  }
  return code;
}

enum base_code store_alarm_put(struct store *store, const struct base_id *kase, const struct store_alarm *alarm,
                               struct base_error *err) {
  int64_t number = 0, item = 0;
  enum base_code code = store_id_find(store, kase, &number, err);
  if (code == BASE_OK && alarm->of_item)
    code = store_id_find(store, &alarm->item, &item, err);
  if (code == BASE_OK)
    code = store_run(store, STORE_SQL_ALARM_PUT,
                     STORE_VALUES(store_number(number), store_number(item), store_number(alarm->party), store_number(alarm->clock),
                                  store_number(alarm->level), store_number(alarm->due), store_unsigned(alarm->leaf)),
                     NULL, err);
  return code;
}

static struct store_alarm read_alarm(struct store_rows *rows) {
  return (struct store_alarm){.party = (unsigned)store_row_at_most(rows, 0, WIRE_PARTIES_MAX - 1),
                              .clock = (unsigned)store_row_at_most(rows, 1, STORE_ALARM_CLOCKS - 1),
                              .level = (unsigned)store_row_at_most(rows, 2, STORE_ALARM_OVERDUE),
                              .due = store_row_number(rows, 3),
                              .leaf = store_row_unsigned(rows, 4)};
}

enum base_code store_alarms(struct store *store, const struct base_id *kase, struct store_alarm out[STORE_ALARMS_MAX],
                            size_t *count, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = true;
  *count = 0;
  enum base_code code = store_id_find(store, kase, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ALARM_EACH, STORE_VALUES(store_number(number)), &rows, err);
  while (code == BASE_OK && found && *count < STORE_ALARMS_MAX) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    out[*count] = read_alarm(&rows);
    code = store_row_check(&rows, err);
    (*count)++;
  }
  return code;
}

enum base_code store_alarms_of_item(struct store *store, const struct base_id *kase, const struct base_id *item,
                                    unsigned party, unsigned clock, struct store_alarm out[STORE_ALARM_OVERDUE],
                                    struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0, about = 0;
  bool found = true;
  memset(out, 0, STORE_ALARM_OVERDUE * sizeof *out);
  enum base_code code = store_id_find(store, kase, &number, err);
  if (code == BASE_OK)
    code = store_id_find(store, item, &about, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ALARM_OF_ITEM,
                           STORE_VALUES(store_number(number), store_number(about), store_number(party), store_number(clock)),
                           &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_alarm row = read_alarm(&rows);
    code = store_row_check(&rows, err);
    row.of_item = true;
    row.item = *item;
    if (code == BASE_OK && row.level > 0)
      out[row.level - 1] = row;
  }
  return code;
}

enum base_code store_alarms_latest(struct store *store, const struct base_id *kase, base_time *due, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, kase, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ALARM_LATEST, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  *due = code == BASE_OK && found ? store_row_number(&rows, 0) : 0;
  return code == BASE_OK ? store_row_check(&rows, err) : code;
}

enum base_code store_alarm_each_item(struct store *store, const struct base_id *kase, store_alarm_row *each, void *context,
                                     struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = true;
  enum base_code code = store_id_find(store, kase, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_ALARM_EACH_ITEM, STORE_VALUES(store_number(number)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_alarm row = read_alarm(&rows);
    row.of_item = true;
    store_row_32(&rows, 5, row.item.bytes);
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &row);
  }
  return code;
}
