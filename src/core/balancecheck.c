/* SPDX-License-Identifier: Apache-2.0
 * What a form says of needs, and of what an item brings, against the case: told before it goes out. What a partner sent is not
 * refused for its content; a balance says what it could not count. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/balance.h"
#include "core/messages.h"
#include "core/names.h"

struct checking {
  struct core *core;
  const struct wire_kind_balance *rule;
  const struct wire_kind_field *table;
  const struct core_case *kase;
  struct core_balance_row rows[WIRE_KIND_ROWS_MAX];
  size_t count;
  struct base_error *err;
};

static enum base_code fail_row(const struct checking *checking, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum base_code fail_row(const struct checking *checking, size_t at, const char *format, ...) {
  char text[BASE_ERROR_TEXT_MAX];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  struct base_view line = checking->rows[at].line;
  return base_fail(checking->err, BASE_FIELD, "fields: $.%s[%zu].%s: %.*s %s", (const char *)checking->table->name.data, at,
                   (const char *)checking->rule->line.data, (int)line.size, (const char *)line.data, text);
}

/* --- needs */

/* What was offered for a line was meant for what it says, and counted in its unit. */
static enum base_code check_needs(const struct checking *checking, const struct core_balance *balance) {
  for (size_t i = 0; i < checking->count; i++) {
    const struct core_balance_row *row = &checking->rows[i];
    const struct core_balance_line *line = core_balance_asked(balance, row->line);
    if (line != NULL && !base_view_equal(line->what, row->what))
      return fail_row(checking, i, "is for %.*s: keep that, or give %.*s a line of its own", (int)line->what.size,
                      (const char *)line->what.data, (int)row->what.size, (const char *)row->what.data);
    if (line != NULL && !base_view_equal(line->unit, row->unit))
      return fail_row(checking, i, "is counted in %.*s: keep that, or give what is counted in %.*s a line of its own",
                      (int)line->unit.size, (const char *)line->unit.data, (int)row->unit.size,
                      (const char *)row->unit.data);
  }
  return BASE_OK;
}

/* --- what an item brings */

static enum base_code check_gives(const struct checking *checking, const struct core_balance *balance) {
  char names[CORE_NAMES_SHOWN] = "";
  for (size_t i = 0; i < balance->count; i++)
    if (balance->lines[i].asked)
      core_names_add(names, balance->lines[i].line);
  for (size_t i = 0; i < checking->count; i++) {
    const struct core_balance_row *row = &checking->rows[i];
    const struct core_balance_line *line = core_balance_asked(balance, row->line);
    if (line == NULL)
      return fail_row(checking, i, "is no line of what is needed in this case; it has %s", names);
    if (row->what.size > 0 && !base_view_equal(line->what, row->what))
      return fail_row(checking, i, "is for %.*s in what is needed, not for %.*s", (int)line->what.size,
                      (const char *)line->what.data, (int)row->what.size, (const char *)row->what.data);
    if (row->unit.size > 0 && !base_view_equal(line->unit, row->unit))
      return fail_row(checking, i, "is counted in %.*s in what is needed: give the quantity in that", (int)line->unit.size,
                      (const char *)line->unit.data);
  }
  return BASE_OK;
}

static enum base_code check_part(const struct checking *checking, const struct core_balance_row *first, size_t count) {
  char names[CORE_NAMES_SHOWN] = "";
  for (size_t k = 0; k < count; k++)
    core_names_add(names, first[k].line);
  for (size_t i = 0; i < checking->count; i++) {
    const struct core_balance_row *row = &checking->rows[i];
    size_t k = 0;
    while (k < count && !base_view_equal(first[k].line, row->line))
      k++;
    if (k == count)
      return fail_row(checking, i, "is no line of what it names, which has %s", names);
    if (row->quantity > first[k].quantity)
      return fail_row(checking, i, "has %lld there, not %lld: no more can be taken", (long long)first[k].quantity,
                      (long long)row->quantity);
  }
  return BASE_OK;
}

/* Against what the item that it names was said to bring at first. */
static enum base_code check_moved(const struct checking *checking, const struct wire_kind_type *type,
                                  const struct wire_header *header) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, CORE_BALANCE_ARENA);
  struct core_content content = {0};
  struct core_balance_row rows[WIRE_KIND_ROWS_MAX];
  struct base_id id;
  const struct wire_kind_field *table = wire_balance_gives(checking->rule, checking->rule->item->opened_by);
  if (!base_id_parse(wire_header_state(header, (const char *)type->names_item.data), &id) ||
      core_case_message_of(checking->kase, &id) == NULL)
    return BASE_OK; /* that there is no such item is said elsewhere */
  enum base_code code = core_content_read(checking->core, &id, &arena, &content, checking->err);
  if (code == BASE_OK && !content.dropped)
    code = check_part(checking, rows, core_balance_rows(checking->rule, table, content.part0.fields, rows, NULL));
  core_content_free(&content);
  return code;
}

/* --- a form */

static enum base_code check_twice(const struct checking *checking, const struct wire_json *fields) {
  const struct wire_json *array = wire_json_get(fields, (const char *)checking->table->name.data);
  for (size_t i = 0; i < wire_json_size(array); i++)
    if (i == checking->count ||
        !base_view_equal(checking->rows[i].line,
                         wire_json_text(wire_json_get(wire_json_at(array, i), (const char *)checking->rule->line.data))))
      return base_fail(checking->err, BASE_FIELD, "fields: $.%s[%zu].%s: this line stands twice, once is allowed",
                       (const char *)checking->table->name.data, i, (const char *)checking->rule->line.data);
  return BASE_OK;
}

static enum base_code check_against(const struct checking *checking, const struct wire_kind_type *type,
                                    const struct wire_header *header, bool gives) {
  struct core_balance balance = {0};
  if (gives && type->opens != checking->rule->item)
    return check_moved(checking, type, header);
  enum base_code code = core_balance_needs(checking->core, checking->kase, checking->rule, &balance, checking->err);
  if (code == BASE_OK && balance.unread == 0) /* else nobody can say what the lines are */
    code = gives ? check_gives(checking, &balance) : check_needs(checking, &balance);
  core_balance_free(&balance);
  return code;
}

enum base_code core_balance_check(struct core *core, const struct wire_kind *kind, const struct core_case *kase,
                                  const struct wire_header *header, const struct wire_json *fields,
                                  struct base_error *err) {
  const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kind->balance_count && type != NULL && code == BASE_OK; i++) {
    struct checking checking = {.core = core, .rule = &kind->balances[i], .kase = kase, .err = err};
    const struct wire_kind_field *gives = wire_balance_gives(checking.rule, type);
    checking.table = gives != NULL ? gives : wire_balance_needs(checking.rule, type);
    if (checking.table == NULL)
      continue;
    checking.count = core_balance_rows(checking.rule, checking.table, fields, checking.rows, NULL);
    code = check_twice(&checking, fields);
    if (code == BASE_OK && kase != NULL)
      code = check_against(&checking, type, header, gives != NULL);
  }
  return code;
}
