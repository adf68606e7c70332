/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "store/sql.h"

/* How many cases were opened in a week, by field, region, author and both: kept as they come, so that no question walks
 * the cases. */

struct store_picture_code store_picture_code(const struct store_pictured *row, enum store_picture_axis axis) {
  struct store_picture_code code = {""};
  const struct base_view none = {0};
  bool series = axis == STORE_PICTURE_SERIES;
  struct base_view first = series || axis == STORE_PICTURE_FIELD ? row->field
                           : axis == STORE_PICTURE_REGION        ? row->region
                           : axis == STORE_PICTURE_AUTHOR        ? row->author
                                                                 : none;
  (void)snprintf(code.text, sizeof code.text, "%.*s%s%.*s", (int)first.size, (const char *)first.data, series ? "/" : "",
                 series ? (int)row->region.size : 0, series ? (const char *)row->region.data : "");
  return code;
}

static enum base_code run_code(struct store *store, enum store_statement statement, const struct store_pictured *row,
                               enum store_picture_axis axis, struct base_error *err) {
  struct store_picture_code code = store_picture_code(row, axis);
  return store_run(store, statement,
                   STORE_VALUES(store_text(row->kind), store_number(axis), store_text(base_view_text(code.text)),
                                store_number(row->week)),
                   NULL, err);
}

enum base_code store_picture_put(struct store *store, const struct store_picture *row, struct base_error *err) {
  return store_run(store, STORE_SQL_PICTURE_ADD,
                   STORE_VALUES(store_text(row->kind), store_number(row->axis), store_text(row->code),
                                store_number(row->week), store_unsigned(row->cases)),
                   NULL, err);
}

enum base_code store_pictured_add(struct store *store, const struct base_id *case_id, const struct store_pictured *row,
                                  struct base_error *err) {
  int64_t number = 0;
  bool refused = false;
  enum base_code code = store_id_number(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_run_new(store, STORE_SQL_PICTURED_ADD,
                         STORE_VALUES(store_number(number), store_number(row->week), store_text(row->kind),
                                      store_text(row->field), store_text(row->region), store_text(row->author)),
                         &refused, err);
  if (code == BASE_OK && refused)
    code = base_fail(err, BASE_EXISTS, "case %s is counted in the picture already", base_id_text(case_id).text);
  for (enum store_picture_axis axis = STORE_PICTURE_ALL; axis < STORE_PICTURE_AXES && code == BASE_OK; axis++) {
    struct store_picture_code name = store_picture_code(row, axis);
    struct store_picture cell = {
        .kind = row->kind, .axis = axis, .code = base_view_text(name.text), .week = row->week, .cases = 1};
    code = store_picture_put(store, &cell, err);
  }
  return code;
}

static struct store_pictured read_pictured(struct store_rows *rows, struct base_arena *arena) {
  return (struct store_pictured){.week = store_row_number(rows, 0),
                                 .kind = store_row_bytes(rows, 1, arena),
                                 .field = store_row_bytes(rows, 2, arena),
                                 .region = store_row_bytes(rows, 3, arena),
                                 .author = store_row_bytes(rows, 4, arena)};
}

enum base_code store_pictured_get(struct store *store, const struct base_id *case_id, struct base_arena *arena,
                                  struct store_pictured *out, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  int64_t number = 0;
  bool found = false;
  enum base_code code = store_id_find(store, case_id, &number, err);
  if (code == BASE_OK)
    code = store_rows_open(store, STORE_SQL_PICTURED_GET, STORE_VALUES(store_number(number)), &rows, err);
  if (code == BASE_OK)
    code = store_rows_next(&rows, &found, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "case %s is not counted in the picture", base_id_text(case_id).text);
  if (code != BASE_OK)
    return code;
  *out = read_pictured(&rows, arena);
  return store_row_check(&rows, err);
}

enum base_code store_pictured_drop(struct store *store, const struct base_id *case_id, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 16);
  struct store_pictured row;
  int64_t number = 0;
  enum base_code code = store_pictured_get(store, case_id, &arena, &row, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  bool known = code == BASE_OK;
  code = code == BASE_CORRUPT ? BASE_OK : code;
  for (enum store_picture_axis axis = STORE_PICTURE_ALL; axis < STORE_PICTURE_AXES && known && code == BASE_OK; axis++) {
    code = run_code(store, STORE_SQL_PICTURE_TAKE, &row, axis, err);
    if (code == BASE_OK)
      code = run_code(store, STORE_SQL_PICTURE_EMPTY, &row, axis, err);
  }
  if (code == BASE_OK)
    code = store_id_find(store, case_id, &number, err);
  return code == BASE_OK ? store_run(store, STORE_SQL_PICTURED_DROP, STORE_VALUES(store_number(number)), NULL, err)
                         : code;
}

enum base_code store_pictured_each(struct store *store, base_time week,
                                   enum base_code (*each)(void *context, const struct store_pictured *), void *context,
                                   struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  enum base_code code = store_rows_open(store, STORE_SQL_PICTURED_EACH, STORE_VALUES(store_number(week)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_pictured row = read_pictured(&rows, NULL);
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &row);
  }
  return code;
}

enum base_code store_picture_next(struct store *store, base_time *week, struct base_error *err) {
  static const enum store_statement nexts[] = {STORE_SQL_PICTURED_WEEK, STORE_SQL_PICTURE_NEXT_WEEK};
  bool any = false;
  int64_t first = 0;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < sizeof nexts / sizeof *nexts && code == BASE_OK; i++) {
    bool found = false;
    int64_t next = 0;
    code = store_run_number(store, nexts[i], STORE_VALUES(store_number(*week)), &found, &next, err);
    if (code == BASE_OK && found && (!any || next < first))
      first = next;
    any = any || found;
  }
  if (code == BASE_OK && !any)
    return base_fail(err, BASE_NOT_FOUND, "no later week is in the picture");
  if (code == BASE_OK)
    *week = first;
  return code;
}

enum base_code store_picture_first(struct store *store, struct base_view kind, base_time *week,
                                   struct base_error *err) {
  bool found = false;
  enum base_code code =
      store_run_number(store, STORE_SQL_PICTURE_FIRST, STORE_VALUES(store_text(kind)), &found, week, err);
  if (code == BASE_OK && !found)
    return base_fail(err, BASE_NOT_FOUND, "no case of the kind %.*s is in the picture", (int)kind.size,
                     (const char *)kind.data);
  return code;
}

static enum base_code tell_cells(struct store_rows *rows, enum store_picture_axis axis,
                                 enum base_code (*each)(void *context, const struct store_picture *), void *context,
                                 struct base_error *err) {
  bool found = true;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && found) {
    code = store_rows_next(rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_picture row = {.axis = axis,
                                .code = store_row_bytes(rows, 0, NULL),
                                .week = store_row_number(rows, 1),
                                .cases = store_row_unsigned(rows, 2)};
    code = store_row_check(rows, err);
    if (code == BASE_OK)
      code = each(context, &row);
  }
  return code;
}

enum base_code store_picture_each(struct store *store, struct base_view kind, enum store_picture_axis axis,
                                  struct base_view code, base_time from,
                                  enum base_code (*each)(void *context, const struct store_picture *), void *context,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  enum base_code opened =
      code.size == 0
          ? store_rows_open(store, STORE_SQL_PICTURE_EACH, STORE_VALUES(store_text(kind), store_number(axis)), &rows, err)
          : store_rows_open(store, STORE_SQL_PICTURE_SERIES,
                            STORE_VALUES(store_text(kind), store_number(axis), store_text(code), store_number(from)),
                            &rows, err);
  return opened == BASE_OK ? tell_cells(&rows, axis, each, context, err) : opened;
}

enum base_code store_picture_week(struct store *store, base_time week,
                                  enum base_code (*each)(void *context, const struct store_picture *), void *context,
                                  struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  enum base_code code = store_rows_open(store, STORE_SQL_PICTURE_WEEK, STORE_VALUES(store_number(week)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_picture row = {.kind = store_row_bytes(&rows, 0, NULL),
                                .axis = (enum store_picture_axis)store_row_at_most(&rows, 1, STORE_PICTURE_AXES - 1),
                                .code = store_row_bytes(&rows, 2, NULL),
                                .week = week,
                                .cases = store_row_unsigned(&rows, 3)};
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &row);
  }
  return code;
}

enum base_code store_picture_drop(struct store *store, base_time week, struct base_error *err) {
  return store_run(store, STORE_SQL_PICTURE_DROP, STORE_VALUES(store_number(week)), NULL, err);
}

/* --- alerts */

enum base_code store_picture_alert_add(struct store *store, const struct store_picture_alert *alert,
                                       struct base_error *err) {
  return store_run(store, STORE_SQL_PICTURE_ALERT_ADD,
                   STORE_VALUES(store_number(alert->week), store_text(alert->kind), store_text(alert->code),
                                store_unsigned(alert->cases), store_unsigned(alert->most), store_unsigned(alert->leaf)),
                   NULL, err);
}

enum base_code store_picture_alert_find(struct store *store, base_time week, struct base_view kind,
                                        struct base_view code, bool *out, struct base_error *err) {
  bool found = false;
  int64_t count = 0;
  enum base_code result =
      store_run_number(store, STORE_SQL_PICTURE_ALERT_FIND,
                       STORE_VALUES(store_number(week), store_text(kind), store_text(code)), &found, &count, err);
  if (result == BASE_OK)
    *out = count > 0;
  return result;
}

enum base_code store_picture_alerts(struct store *store, base_time from, base_time to, uint64_t most,
                                    enum base_code (*each)(void *context, const struct store_picture_alert *),
                                    void *context, struct base_error *err) {
  STORE_AUTO_ROWS struct store_rows rows = {0};
  bool found = true;
  enum base_code code = store_rows_open(store, STORE_SQL_PICTURE_ALERT_EACH,
                                        STORE_VALUES(store_number(from), store_number(to), store_limit(most)), &rows, err);
  while (code == BASE_OK && found) {
    code = store_rows_next(&rows, &found, err);
    if (code != BASE_OK || !found)
      break;
    struct store_picture_alert alert = {.week = store_row_number(&rows, 0),
                                        .kind = store_row_bytes(&rows, 1, NULL),
                                        .code = store_row_bytes(&rows, 2, NULL),
                                        .cases = store_row_unsigned(&rows, 3),
                                        .most = store_row_unsigned(&rows, 4),
                                        .leaf = store_row_unsigned(&rows, 5)};
    code = store_row_check(&rows, err);
    if (code == BASE_OK)
      code = each(context, &alert);
  }
  return code;
}
