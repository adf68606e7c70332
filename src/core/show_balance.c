/* SPDX-License-Identifier: Apache-2.0 */
#include "core/balance.h"
#include "core/readers.h"
#include "core/show.h"

/* Needs against what is offered, accepted, under way and there: as people ask for it. */

static void write_line(struct wire_writer *writer, const struct core_balance_line *line) {
  int64_t surplus = 0, missing = core_balance_missing(line, &surplus);
  wire_write_object(writer);
  wire_write_member_text(writer, "line", line->line);
  wire_write_member_text(writer, "what", line->what);
  wire_write_member_text(writer, "unit", line->unit);
  wire_write_member_bool(writer, "asked", line->asked);
  wire_write_member_integer(writer, "needed", line->needed);
  for (size_t i = 0; i < WIRE_STANDINGS; i++)
    wire_write_member_integer(writer, wire_standing_names[i], line->stands[i]);
  wire_write_member_integer(writer, "missing", missing);
  wire_write_member_integer(writer, "surplus", surplus);
  wire_write_end(writer, '}');
}

static void write_balance(struct wire_writer *writer, const struct core_balance *balance) {
  wire_write_object(writer);
  wire_write_member_text(writer, "name", balance->rule->name);
  wire_write_member_text(writer, "item", balance->rule->item->name);
  wire_write_key(writer, "lines");
  wire_write_array(writer);
  for (int asked = 1; asked >= 0; asked--)
    for (size_t i = 0; i < balance->count; i++)
      if (balance->lines[i].asked == (asked == 1))
        write_line(writer, &balance->lines[i]);
  wire_write_end(writer, ']');
  wire_write_member_integer(writer, "unread", (int64_t)balance->unread);
  wire_write_member_integer(writer, "unclear", (int64_t)balance->unclear);
  wire_write_end(writer, '}');
}

enum base_code core_show_case_balance(struct core *core, const struct wire_json *request, struct base_buf *out,
                                      struct base_error *err) {
  struct base_id id;
  struct core_case *kase = NULL;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  enum base_code code = core_request_id(core, request, "id", "case", &id, err);
  if (code == BASE_OK)
    code = core_readers_open(core, &id, false, err);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, err);
  if (code != BASE_OK)
    return code;
  const struct wire_kind *kind = &kase->kind->kind;
  if (kind->balance_count == 0)
    return base_fail(err, BASE_FIELD, "the kind %.*s has no balance: nothing in it says what is needed",
                     (int)kind->name.size, (const char *)kind->name.data);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "case", &id);
  core_show_kind_of(core, &writer, kind->name, &kind->hash);
  wire_write_member_bool(&writer, "exercise", kase->row.exercise);
  wire_write_key(&writer, "balances");
  wire_write_array(&writer);
  for (size_t i = 0; i < kind->balance_count && code == BASE_OK; i++) {
    struct core_balance balance = {0};
    code = core_balance_make(core, kase, &kind->balances[i], &balance, err);
    if (code == BASE_OK)
      write_balance(&writer, &balance);
    core_balance_free(&balance);
  }
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return code == BASE_OK ? base_buf_check(out, "the balance", err) : code;
}
