/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/check.h"
#include "core/clocks.h"

/* What was told of a deadline: every row of it against the leaf that told it, among the cases; and every such leaf
 * against its row, among the leaves. With a false row a deadline is never told, without one it is told once more. */

static const char *const levels[] = {[0] = "", [STORE_ALARM_SOON] = "soon", [STORE_ALARM_OVERDUE] = "overdue"};

struct core_clocks_words core_clocks_words(const struct store_alarm *alarm) {
  struct core_clocks_words words;
  (void)snprintf(words.text, sizeof words.text, "%s %s", levels[alarm->level], base_time_format(alarm->due).text);
  return words;
}

/* Whether the leaf tells of this row's party, clock and level, be it of another moment. */
static bool is_of(const struct wire_opening *leaf, const struct wire_header *opening, const struct wire_kind *kind,
                  const struct store_alarm *row) {
  const char *level = levels[row->level];
  size_t size = strlen(level);
  return row->party < opening->party_count && row->clock < kind->clock_count &&
         base_view_equal(leaf->to, opening->parties[row->party]) &&
         base_view_equal(leaf->subject, kind->clocks[row->clock].name) && leaf->reason.size > size &&
         memcmp(leaf->reason.data, level, size) == 0 && leaf->reason.data[size] == ' ';
}

/* --- the rows */

static enum base_code check_row(struct core *core, const struct core_case *kase, const struct store_alarm *row,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  struct base_error why = {0};
  enum base_code code = core_check_leaf(core, row->leaf, &arena, &leaf, &why);
  core->check->budget -= CORE_CHECK_COST_PROVED;
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  bool tells = code == BASE_OK && leaf.leaf.act == WIRE_ACT_DEADLINE &&
               base_id_equal(&leaf.opening.message, &kase->id) &&
               is_of(&leaf.opening, kase->messages[0].header, &kase->kind->kind, row) &&
               base_view_is(leaf.opening.reason, core_clocks_words(row).text);
  if (!tells)
    core_check_found(core, CORE_SO_ALARM, core_place("case %s", base_id_text(&kase->id).text),
                     "it is stored that its deadline was told as '%s' by leaf %llu, which %s", core_clocks_words(row).text,
                     (unsigned long long)row->leaf, code == BASE_OK ? "says something else" : "cannot be read");
  return BASE_OK;
}

enum base_code core_check_alarms(struct core *core, const struct core_case *kase, struct base_error *err) {
  struct store_alarm rows[STORE_ALARMS_MAX];
  size_t count = 0;
  struct base_error why = {0};
  enum base_code code = store_alarms(core->store, &kase->id, rows, &count, &why);
  if (core_damage(code))
    core_check_found(core, CORE_SO_ALARM, core_place("case %s", base_id_text(&kase->id).text),
                     "what was told of its deadlines cannot be read: %s", why.text);
  else if (code != BASE_OK)
    return base_fail(err, code, "%s", why.text);
  code = BASE_OK;
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    code = check_row(core, kase, &rows[i], err);
  return code;
}

/* --- the leaves */

/* The row of a later leaf that told the same of another moment takes the place of this one's. */
static bool is_kept(const struct core_check_leaf *leaf, uint64_t index, const struct wire_header *opening,
                    const struct wire_kind *kind, const struct store_alarm *rows, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (rows[i].leaf >= index && is_of(&leaf->opening, opening, kind, &rows[i]))
      return true;
  return false;
}

enum base_code core_check_told(struct core *core, const struct core_check_leaf *leaf, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_alarm rows[STORE_ALARMS_MAX];
  struct store_message row;
  struct wire_header opening = {0};
  const struct core_kind *kind = NULL;
  bool clock = false; /* it tells of one; else of a review, which is looked at among the cases */
  size_t count = 0;
  enum base_code code = store_message_header(core->store, &leaf->opening.message, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &opening, err);
  if (code == BASE_OK)
    kind = core_kind_hashed(core, opening.kind, &opening.kind_hash);
  for (size_t i = 0; kind != NULL && i < kind->kind.clock_count; i++)
    clock = clock || base_view_equal(kind->kind.clocks[i].name, leaf->opening.subject);
  if (code == BASE_OK && clock)
    code = store_alarms(core->store, &leaf->opening.message, rows, &count, err);
  if (code == BASE_OK && clock && !is_kept(leaf, core->check->next, &opening, &kind->kind, rows, count))
    core_check_found(core, CORE_SO_ALARM, core_place("leaf %llu", (unsigned long long)core->check->next),
                     "it tells a deadline of case %s, and that it was told is not stored",
                     base_id_text(&leaf->opening.message).text);
  return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : code; /* named among the messages and cases */
}
