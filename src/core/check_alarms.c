/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/check.h"
#include "core/clocks.h"

/* What was told of a deadline: every row of it against the leaf that told it, among the cases; and every such leaf
 * against its row, among the leaves. With a false row a deadline is never told, without one it is told once more. */

#define OF_ITEM " of "

static const char *const levels[] = {[0] = "", [STORE_ALARM_SOON] = "soon", [STORE_ALARM_OVERDUE] = "overdue"};

struct core_clocks_words core_clocks_words(const struct store_alarm *alarm) {
  struct core_clocks_words words;
  (void)snprintf(words.text, sizeof words.text, "%s %s%s%s", levels[alarm->level], base_time_format(alarm->due).text,
                 alarm->of_item ? OF_ITEM : "", alarm->of_item ? base_id_text(&alarm->item).text : "");
  return words;
}

/* The item that a leaf names; false: it tells of the case. */
static bool item_of(const struct wire_opening *leaf, struct base_id *out) {
  size_t size = sizeof OF_ITEM - 1 + BASE_HEX_ID;
  const uint8_t *end = leaf->reason.data + leaf->reason.size;
  return leaf->reason.size > size && memcmp(end - size, OF_ITEM, sizeof OF_ITEM - 1) == 0 &&
         base_id_parse(base_view_of(end - BASE_HEX_ID, BASE_HEX_ID), out);
}

/* Whether the leaf tells of this row's item, party, clock and level, be it of another moment. */
static bool is_of(const struct wire_opening *leaf, const struct wire_header *opening, const struct wire_kind *kind,
                  const struct store_alarm *row) {
  const char *level = levels[row->level];
  size_t size = strlen(level);
  struct base_id item;
  bool of_item = item_of(leaf, &item);
  return of_item == row->of_item && (!of_item || base_id_equal(&item, &row->item)) && row->party < opening->party_count && row->clock < kind->clock_count &&
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

struct looking {
  struct core *core;
  const struct core_case *kase;
  struct base_error *err;
};

static enum base_code check_item_row(void *context, const struct store_alarm *row) {
  const struct looking *looking = context;
  return check_row(looking->core, looking->kase, row, looking->err);
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
  struct looking looking = {core, kase, err};
  return code == BASE_OK ? store_alarm_each_item(core->store, &kase->id, check_item_row, &looking, err) : code;
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
  size_t count = 0, clock = 0; /* the kind's that it tells of; else of a review or of certificates, which are looked at among the cases */
  struct base_id item;
  enum base_code code = store_message_header(core->store, &leaf->opening.message, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &opening, err);
  if (code == BASE_OK)
    kind = core_kind_hashed(core, opening.kind, &opening.kind_hash);
  while (kind != NULL && clock < kind->kind.clock_count &&
         !base_view_equal(kind->kind.clocks[clock].name, leaf->opening.subject))
    clock++;
  bool known = kind != NULL && clock < kind->kind.clock_count;
  unsigned party = known ? engine_party_of(&opening, leaf->opening.to) : ENGINE_NOBODY;
  if (code == BASE_OK && known && item_of(&leaf->opening, &item) && party != ENGINE_NOBODY) {
    code = store_alarms_of_item(core->store, &leaf->opening.message, &item, party, (unsigned)clock, rows, err);
    count = STORE_ALARM_OVERDUE;
  } else if (code == BASE_OK && known) {
    code = store_alarms(core->store, &leaf->opening.message, rows, &count, err);
  }
  if (code == BASE_OK && known && !is_kept(leaf, core->check->next, &opening, &kind->kind, rows, count))
    core_check_found(core, CORE_SO_ALARM, core_place("leaf %llu", (unsigned long long)core->check->next),
                     "it tells a deadline of case %s, and that it was told is not stored",
                     base_id_text(&leaf->opening.message).text);
  return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : code; /* named among the messages and cases */
}
