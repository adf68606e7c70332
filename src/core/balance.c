/* SPDX-License-Identifier: Apache-2.0
 * Needs against what items bring: computed anew from the content of the messages that say so. */
#include "core/balance.h"

#include <stdlib.h>
#include <string.h>

#include "engine/item.h"
#include "core/erase.h"
#include "core/messages.h"

enum { ROW_ARENA = 16 << 20 };

/* --- lines */

static int compare_text(struct base_view a, struct base_view b) {
  size_t common = a.size < b.size ? a.size : b.size;
  int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_line(const struct core_balance_line *at, const struct core_balance_row *row) {
  int order = compare_text(at->line, row->line);
  if (order == 0)
    order = compare_text(at->what, row->what);
  return order == 0 ? compare_text(at->unit, row->unit) : order;
}

/* The first place in the order that is not before the line that this row is about. */
static size_t sorted_place(const struct core_balance *balance, const struct core_balance_row *row) {
  size_t low = 0, high = balance->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (compare_line(&balance->lines[balance->sorted[middle]], row) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static struct core_balance_line *exact_line(const struct core_balance *balance, const struct core_balance_row *row) {
  size_t place = sorted_place(balance, row);
  struct core_balance_line *found = place < balance->count ? &balance->lines[balance->sorted[place]] : NULL;
  return found != NULL && compare_line(found, row) == 0 ? found : NULL;
}

struct core_balance_line *core_balance_asked(const struct core_balance *balance, struct base_view line) {
  const struct core_balance_row first = {.line = line};
  for (size_t i = sorted_place(balance, &first); i < balance->count; i++) {
    struct core_balance_line *found = &balance->lines[balance->sorted[i]];
    if (!base_view_equal(found->line, line))
      return NULL;
    if (found->asked)
      return found;
  }
  return NULL;
}

/* NULL when there is no room for one more, or for its names, which is counted. */
static struct core_balance_line *take_line(struct core_balance *balance, const struct core_balance_row *row) {
  size_t place = sorted_place(balance, row);
  struct core_balance_line *found = exact_line(balance, row);
  if (found != NULL)
    return found;
  if (balance->count == CORE_BALANCE_LINES) {
    balance->unclear++;
    return NULL;
  }
  found = &balance->lines[balance->count];
  *found = (struct core_balance_line){.line = base_arena_copy(&balance->arena, row->line),
                                      .what = base_arena_copy(&balance->arena, row->what),
                                      .unit = base_arena_copy(&balance->arena, row->unit)};
  if (found->line.data == NULL || found->what.data == NULL || found->unit.data == NULL) {
    balance->unclear++;
    return NULL;
  }
  memmove(balance->sorted + place + 1, balance->sorted + place, (balance->count - place) * sizeof *balance->sorted);
  balance->sorted[place] = (uint16_t)balance->count++;
  return found;
}

/* --- rows */

static bool take_row(const struct wire_kind_balance *rule, const struct wire_kind_field *table,
                     const struct wire_json *json, struct core_balance_row *out) {
  const struct wire_kind_field *column = wire_table_column(table, rule->quantity);
  const struct wire_json *quantity = wire_json_get(json, (const char *)rule->quantity.data);
  *out = (struct core_balance_row){.line = wire_json_text(wire_json_get(json, (const char *)rule->line.data)),
                                   .quantity = wire_json_integer(quantity)};
  if (wire_table_column(table, rule->what) != NULL)
    out->what = wire_json_text(wire_json_get(json, (const char *)rule->what.data));
  if (wire_table_column(table, rule->unit) != NULL)
    out->unit = wire_json_text(wire_json_get(json, (const char *)rule->unit.data));
  return out->line.size > 0 && wire_json_type(quantity) == WIRE_JSON_INTEGER && out->quantity >= column->least &&
         out->quantity <= column->most;
}

static bool has_row(const struct core_balance_row *rows, size_t count, struct base_view line) {
  for (size_t i = 0; i < count; i++)
    if (base_view_equal(rows[i].line, line))
      return true;
  return false;
}

size_t core_balance_rows(const struct wire_kind_balance *rule, const struct wire_kind_field *table,
                         const struct wire_json *fields, struct core_balance_row rows[WIRE_KIND_ROWS_MAX],
                         size_t *unclear) {
  const struct wire_json *array = wire_json_get(fields, (const char *)table->name.data);
  size_t count = 0;
  for (size_t i = 0; i < wire_json_size(array); i++) {
    struct core_balance_row row;
    bool sound = count < WIRE_KIND_ROWS_MAX && take_row(rule, table, wire_json_at(array, i), &row) &&
                 !has_row(rows, count, row.line);
    if (sound)
      rows[count++] = row;
    else if (unclear != NULL)
      *unclear += 1;
  }
  return count;
}

/* --- messages */

/* The rows of a message: none when its content is not here. Views live as long as content, which the caller frees. */
static enum base_code read_rows(struct core *core, struct core_balance *balance, const struct base_id *id,
                                const struct wire_kind_field *table, struct base_arena *arena,
                                struct core_content *content, struct core_balance_row rows[WIRE_KIND_ROWS_MAX],
                                size_t *count, struct base_error *err) {
  *count = 0;
  if (balance->reads++ == CORE_BALANCE_READS)
    return base_fail(err, BASE_POLICY,
                     "the case has more than %d messages with quantities, which is more than one balance opens: wasl case "
                     "items lists what they are about",
                     CORE_BALANCE_READS);
  enum base_code code = core_content_read(core, id, arena, content, err);
  if (code == BASE_OK && !content->dropped)
    *count = core_balance_rows(balance->rule, table, content->part0.fields, rows, &balance->unclear);
  else if (code == BASE_OK || core_damage(code))
    balance->unread++;
  return core_damage(code) ? BASE_OK : code;
}

/* What a line is for, and in which unit, is settled once it is said: what was offered for it was meant for that. */
static void count_need(struct core_balance *balance, const struct core_balance_row *row) {
  const struct core_balance_line *asked = core_balance_asked(balance, row->line);
  bool other = asked != NULL && compare_line(asked, row) != 0;
  if (other || row->what.size == 0 || row->unit.size == 0) {
    balance->unclear++;
    return;
  }
  struct core_balance_line *line = take_line(balance, row);
  if (line == NULL)
    return;
  line->asked = true;
  line->needed = row->quantity;
}

static enum base_code add_needs(struct core *core, struct core_balance *balance, const struct base_id *id,
                                const struct wire_kind_field *table, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ROW_ARENA);
  struct core_content content = {0};
  struct core_balance_row rows[WIRE_KIND_ROWS_MAX];
  size_t count = 0;
  enum base_code code = read_rows(core, balance, id, table, &arena, &content, rows, &count, err);
  for (size_t i = 0; i < count; i++)
    count_need(balance, &rows[i]);
  core_content_free(&content);
  return code;
}

static bool start(struct core_balance *out, const struct wire_kind_balance *rule) {
  *out = (struct core_balance){.rule = rule};
  base_arena_init(&out->arena, CORE_BALANCE_ARENA);
  out->lines = calloc(CORE_BALANCE_LINES, sizeof *out->lines);
  out->sorted = calloc(CORE_BALANCE_LINES + 1, sizeof *out->sorted);
  return out->lines != NULL && out->sorted != NULL;
}

void core_balance_free(struct core_balance *balance) {
  base_arena_free(&balance->arena);
  free(balance->lines);
  free(balance->sorted);
  balance->lines = NULL;
  balance->sorted = NULL;
}

enum base_code core_balance_needs(struct core *core, const struct core_case *kase, const struct wire_kind_balance *rule,
                                  struct core_balance *out, struct base_error *err) {
  enum base_code code = start(out, rule) ? BASE_OK : base_fail(err, BASE_MEMORY, "no memory left for a balance");
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++) {
    const struct engine_message *message = &kase->messages[i];
    const struct wire_kind_type *type = wire_kind_type_named(&kase->kind->kind, message->header->type);
    const struct wire_kind_field *table = type != NULL ? wire_balance_needs(rule, type) : NULL;
    if (message->effective && table != NULL)
      code = add_needs(core, out, &message->id, table, err);
  }
  return code;
}

/* --- items */

static size_t standing_of(const struct wire_kind_balance *rule, const struct engine_message *item) {
  size_t standing = 0;
  while (standing < WIRE_STANDINGS && !(rule->stands[standing] >> item->item_state & 1))
    standing++;
  return standing;
}

/* No more than the item was said to bring at first: what is accepted in part is a part of it. */
static bool keep_part(const struct core_balance_row *first, size_t count, struct core_balance_row *row) {
  for (size_t i = 0; i < count; i++)
    if (base_view_equal(first[i].line, row->line)) {
      row->quantity = row->quantity < first[i].quantity ? row->quantity : first[i].quantity;
      row->what = first[i].what;
      row->unit = first[i].unit;
      return true;
    }
  return false;
}

static void count_rows(struct core_balance *balance, const struct core_balance_row *rows, size_t count,
                       size_t standing) {
  for (size_t i = 0; i < count; i++) {
    const struct core_balance_line *asked = core_balance_asked(balance, rows[i].line);
    struct core_balance_row row = rows[i];
    if (row.what.size == 0 && asked != NULL)
      row.what = asked->what;
    if (row.unit.size == 0 && asked != NULL)
      row.unit = asked->unit;
    struct core_balance_line *line = take_line(balance, &row);
    if (line != NULL)
      line->stands[standing] += row.quantity;
  }
}

/* last: the message that said last how much, the one that opened the item or a later one. */
static enum base_code add_item(struct core *core, struct core_balance *balance, const struct core_case *kase,
                               size_t item, size_t last, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 2 * ROW_ARENA);
  const struct wire_kind_balance *rule = balance->rule;
  const struct engine_message *opened = &kase->messages[item], *said = &kase->messages[last];
  struct core_content content = {0}, part = {0};
  struct core_balance_row rows[2][WIRE_KIND_ROWS_MAX];
  size_t count = 0, parts = 0, kept = 0, unread = balance->unread;
  const struct wire_kind_field *table = wire_balance_gives(rule, rule->item->opened_by);
  enum base_code code = read_rows(core, balance, &opened->id, table, &arena, &content, rows[0], &count, err);
  if (code == BASE_OK && last != item) {
    table = wire_balance_gives(rule, wire_kind_type_named(&kase->kind->kind, said->header->type));
    code = read_rows(core, balance, &said->id, table, &arena, &part, rows[1], &parts, err);
    bool known = unread == balance->unread; /* of half of what was said nothing follows */
    for (size_t i = 0; i < parts && known; i++)
      if (keep_part(rows[0], count, &rows[1][i]))
        rows[1][kept++] = rows[1][i];
      else
        balance->unclear++;
  }
  if (code == BASE_OK)
    count_rows(balance, rows[last != item], last != item ? kept : count, standing_of(rule, opened));
  core_content_free(&content);
  core_content_free(&part);
  return code;
}

/* For each item the message that said last how much of it there is. */
static enum base_code find_last(const struct core_case *kase, const struct wire_kind_balance *rule, uint32_t *last,
                                struct base_error *err) {
  const struct wire_kind *kind = &kase->kind->kind;
  struct engine_scene scene = {
      .kind = kind, .opening = kase->messages[0].header, .messages = kase->messages, .count = kase->count};
  struct engine_item_index index = {0};
  enum base_code code = engine_item_index_make(&scene, &index, err);
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++) {
    const struct engine_message *message = &kase->messages[i];
    const struct wire_kind_type *type = wire_kind_type_named(kind, message->header->type);
    last[i] = (uint32_t)i;
    if (!message->effective || type == NULL || type->moves != rule->item || wire_balance_gives(rule, type) == NULL)
      continue;
    uint32_t item = engine_item_named(&scene, &index, type, message->header);
    if (item != ENGINE_NO_ITEM)
      last[item] = (uint32_t)i;
  }
  engine_item_index_free(&index);
  return code;
}

enum base_code core_balance_make(struct core *core, const struct core_case *kase, const struct wire_kind_balance *rule,
                                 struct core_balance *out, struct base_error *err) {
  BASE_AUTO_FREE uint32_t *last = calloc(kase->count, sizeof *last);
  enum base_code code = core_balance_needs(core, kase, rule, out, err);
  if (code == BASE_OK && last == NULL)
    code = base_fail(err, BASE_MEMORY, "no memory left for a balance");
  if (code == BASE_OK)
    code = find_last(kase, rule, last, err);
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++)
    if (engine_item(&kase->kind->kind, &kase->messages[i]) == rule->item &&
        standing_of(rule, &kase->messages[i]) < WIRE_STANDINGS)
      code = add_item(core, out, kase, i, last[i], err);
  return code;
}

int64_t core_balance_missing(const struct core_balance_line *line, int64_t *out_surplus) {
  int64_t covered = line->stands[WIRE_STANDS_ACCEPTED] + line->stands[WIRE_STANDS_UNDER_WAY] +
                    line->stands[WIRE_STANDS_ARRIVED] + line->stands[WIRE_STANDS_LEFT];
  *out_surplus = covered > line->needed ? covered - line->needed : 0;
  return covered < line->needed ? line->needed - covered : 0;
}
