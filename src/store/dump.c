/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <stdlib.h>
#include <string.h>

/* All rows of all tables as they stood at one moment, as frames of a backup. */

struct store_dump {
  struct store *view; /* sees what was committed when it was opened, and nothing later */
  size_t table;
  bool open;
  struct store_rows rows;
  uint64_t count;
};

enum base_code store_dump_open(struct store *store, struct store_dump **out, struct base_error *err) {
  if (store->engine->snapshot == NULL) {
    *out = NULL;
    return BASE_OK;
  }
  struct store_dump *dump = calloc(1, sizeof *dump);
  if (dump == NULL)
    return base_fail(err, BASE_MEMORY, "%s: out of memory", store->name);
  enum base_code code = store->engine->snapshot(store, &dump->view, err);
  if (code == BASE_OK) {
    store_forget(dump->view);
    *out = dump;
  } else {
    store_dump_close(dump);
  }
  return code;
}

void store_dump_close(struct store_dump *dump) {
  if (dump == NULL)
    return;
  store_rows_close(&dump->rows);
  store_close(dump->view);
  free(dump);
}

struct store *store_dump_view(struct store_dump *dump) {
  return dump->view;
}

uint64_t store_dump_rows(const struct store_dump *dump) {
  return dump->count;
}

uint32_t store_schema_version(void) {
  return (uint32_t)store_schema.version;
}

static struct wire_backup_value value_of(const struct store_value *value) {
  static const enum wire_backup_value_type types[] = {[STORE_VALUE_NULL] = WIRE_BACKUP_NULL,
                                                      [STORE_VALUE_NUMBER] = WIRE_BACKUP_NUMBER,
                                                      [STORE_VALUE_TEXT] = WIRE_BACKUP_TEXT,
                                                      [STORE_VALUE_BYTES] = WIRE_BACKUP_BLOB};
  return (struct wire_backup_value){.type = types[value->type], .number = value->number, .bytes = value->bytes};
}

static enum base_code open_table(struct store_dump *dump, struct base_buf *out, struct base_error *err) {
  const struct store_table *table = &store_tables[dump->table];
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_TABLE, .name = base_view_text(table->name)};
  dump->rows = (struct store_rows){.store = dump->view, .statement = STORE_STATEMENTS};
  enum base_code code = dump->view->engine->open_table(&dump->rows, table, err);
  if (code != BASE_OK)
    return code;
  dump->open = true;
  wire_backup_frame_write(&frame, out);
  return base_buf_check(out, table->name, err);
}

static enum base_code write_row(struct store_dump *dump, struct base_buf *out, struct base_error *err) {
  const char *table = store_tables[dump->table].name;
  struct store_value values[STORE_VALUES_MAX];
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_ROW};
  frame.count = dump->view->engine->row(&dump->rows, values);
  if (frame.count > WIRE_BACKUP_VALUES_MAX)
    return base_fail(err, BASE_INTERNAL, "%s: the table %s has too many columns", dump->view->name, table);
  for (size_t i = 0; i < frame.count; i++)
    frame.values[i] = value_of(&values[i]);
  wire_backup_frame_write(&frame, out);
  dump->count++;
  return base_buf_check(out, table, err);
}

enum base_code store_dump_next(struct store_dump *dump, struct base_buf *out, bool *out_end, struct base_error *err) {
  *out_end = dump->table == store_table_count;
  if (*out_end)
    return BASE_OK;
  if (!dump->open)
    return open_table(dump, out, err);
  bool found = false;
  enum base_code code = store_rows_next(&dump->rows, &found, err);
  if (code == BASE_OK && found)
    return write_row(dump, out, err);
  if (code == BASE_OK) {
    store_rows_close(&dump->rows);
    dump->open = false;
    dump->table++;
  }
  return code;
}
