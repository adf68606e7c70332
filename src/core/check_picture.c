/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/check.h"
#include "core/picture.h"
#include "core/register.h"
#include "law/statistics.h"

/* The picture against the cases: each case is counted as its opening message says; each week's numbers are those of the
 * cases counted in it. What differs is named, and counted anew: it says nothing that the cases do not. Its alerts
 * stand in leaves. */

static bool same(const struct store_pictured *a, const struct store_pictured *b) {
  return a->week == b->week && base_view_equal(a->kind, b->kind) && base_view_equal(a->field, b->field) &&
         base_view_equal(a->region, b->region) && base_view_equal(a->author, b->author);
}

enum base_code core_check_pictured(struct core *core, const struct core_case *kase, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 16);
  struct store_pictured counted = {0}, wanted = {0};
  struct base_error why = {0};
  bool wants = core_picture_of(kase, &wanted);
  enum base_code code = store_pictured_get(core->store, &kase->id, &arena, &counted, &why);
  bool there = code == BASE_OK;
  if (code != BASE_OK && code != BASE_NOT_FOUND && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (there == wants && (!wants || same(&counted, &wanted)) && (there || code == BASE_NOT_FOUND))
    return BASE_OK;
  core_check_found(core, CORE_SO_COUNTED, core_place("case %s", base_id_text(&kase->id).text),
                   "the picture counts it otherwise than its opening message says");
  code = core_write(core, err);
  if (code == BASE_OK)
    code = store_pictured_drop(core->store, &kase->id, err);
  return code == BASE_OK && wants ? store_pictured_add(core->store, &kase->id, &wanted, err) : code;
}

/* --- a week */

struct week {
  struct law_tally tally;
  struct base_error *err;
  size_t met;
  bool differs;
};

static void key_of(struct base_view kind, enum store_picture_axis axis, struct base_view code,
                   struct base_view key[LAW_COLUMNS]) {
  static const char *const digits[STORE_PICTURE_AXES] = {"0", "1", "2", "3", "4"};
  memset(key, 0, LAW_COLUMNS * sizeof *key);
  key[LAW_COLUMN_KIND] = kind;
  key[LAW_COLUMN_MEASURE] = base_view_text(digits[axis]);
  key[LAW_COLUMN_DETAIL] = code;
}

static enum base_code count_case(void *context, const struct store_pictured *row) {
  struct week *week = context;
  enum base_code code = BASE_OK;
  for (enum store_picture_axis axis = STORE_PICTURE_ALL; axis < STORE_PICTURE_AXES && code == BASE_OK; axis++) {
    struct base_view key[LAW_COLUMNS];
    struct store_picture_code name = store_picture_code(row, axis);
    key_of(row->kind, axis, base_view_text(name.text), key);
    code = law_tally_add(&week->tally, key, 1, week->err);
  }
  return code;
}

static enum base_code compare_cell(void *context, const struct store_picture *row) {
  struct week *week = context;
  struct base_view key[LAW_COLUMNS];
  key_of(row->kind, row->axis, row->code, key);
  const struct law_cell *cell = law_tally_find(&week->tally, key);
  week->met++;
  week->differs = week->differs || cell == NULL || cell->value != row->cases;
  return BASE_OK;
}

static enum base_code count_anew(struct core *core, base_time at, const struct week *week, struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_picture_drop(core->store, at, err);
  for (size_t i = 0; i < week->tally.count && code == BASE_OK; i++) {
    const struct law_cell *cell = &week->tally.cells[i];
    struct store_picture row = {.kind = cell->key[LAW_COLUMN_KIND],
                                .axis = (enum store_picture_axis)(cell->key[LAW_COLUMN_MEASURE].data[0] - '0'),
                                .code = cell->key[LAW_COLUMN_DETAIL],
                                .week = at,
                                .cases = cell->value};
    code = store_picture_put(core->store, &row, err);
  }
  return code;
}

static enum base_code check_week(struct core *core, base_time at, struct base_error *err) {
  struct base_error why = {0};
  struct week week = {.err = &why};
  law_tally_init(&week.tally);
  enum base_code code = store_pictured_each(core->store, at, count_case, &week, &why);
  if (code == BASE_OK)
    code = store_picture_week(core->store, at, compare_cell, &week, &why);
  bool unread = core_damage(code);
  if (code != BASE_OK && !unread)
    *err = why;
  if (unread || (code == BASE_OK && (week.differs || week.met != week.tally.count))) {
    core_check_found(core, CORE_SO_COUNTED, core_place("picture"),
                     "the numbers of the week of %.10s are not those of its cases", base_time_format(at).text);
    code = count_anew(core, at, &week, err);
  }
  core->check->budget -= (int)week.tally.count;
  law_tally_free(&week.tally);
  return code;
}

/* --- alerts */

struct alerted {
  struct core *core;
  struct base_error *err;
};

/* Its leaf tells of this series in this week. */
static bool tells(const struct core_check_leaf *leaf, const struct store_picture_alert *alert) {
  char subject[WIRE_CODE_MAX + STORE_PICTURE_CODE_MAX + 2];
  (void)snprintf(subject, sizeof subject, "%.*s %.*s", (int)alert->kind.size, (const char *)alert->kind.data,
                 (int)alert->code.size, (const char *)alert->code.data);
  return leaf->leaf.act == WIRE_ACT_ALERT && base_view_is(leaf->opening.subject, subject) &&
         leaf->opening.number == alert->cases && base_view_is(leaf->opening.reason, core_picture_words(alert).text);
}

static enum base_code check_alert(void *context, const struct store_picture_alert *alert) {
  const struct alerted *alerted = context;
  struct core *core = alerted->core;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  struct base_error why = {0};
  enum base_code code = core_check_leaf(core, alert->leaf, &arena, &leaf, &why);
  core->check->budget -= CORE_CHECK_COST_PROVED;
  if (code != BASE_OK && !core_damage(code))
    return base_fail(alerted->err, code, "%s", why.text);
  if (code != BASE_OK || !tells(&leaf, alert))
    core_check_found(core, CORE_SO_TABLE, core_place("picture"),
                     "it is stored that the alert of %.*s in the week of %.10s was told by leaf %llu, which %s",
                     (int)alert->code.size, (const char *)alert->code.data, base_time_format(alert->week).text,
                     (unsigned long long)alert->leaf, code == BASE_OK ? "says something else" : "cannot be read");
  return BASE_OK;
}

struct finding {
  uint64_t leaf;
  bool found;
};

static enum base_code find_leaf(void *context, const struct store_picture_alert *alert) {
  struct finding *finding = context;
  finding->found = finding->found || alert->leaf == finding->leaf;
  return BASE_OK;
}

/* "week of 2026-11-23: …" */
static base_time week_told(struct base_view reason) {
  enum { BEFORE = sizeof "week of " - 1, DAY = sizeof "2026-11-23" - 1 };
  base_time week = 0;
  return reason.size >= BEFORE + DAY && base_date_parse(base_view_of(reason.data + BEFORE, DAY), &week) ? week : 0;
}

enum base_code core_check_alerted(struct core *core, const struct core_check_leaf *leaf, struct base_error *err) {
  struct base_error why = {0};
  struct finding finding = {.leaf = core->check->next};
  base_time week = week_told(leaf->opening.reason);
  enum base_code code = store_picture_alerts(core->store, week, week + CORE_WEEK, 0, find_leaf, &finding, &why);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (!finding.found)
    core_check_found(core, CORE_SO_TABLE, core_place("leaf %llu", (unsigned long long)finding.leaf),
                     "it tells an alert of the picture that is not stored");
  return BASE_OK;
}

/* Week by week, each within one step, so that nothing is counted meanwhile. */
enum base_code core_check_picture(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  struct alerted alerted = {core, err};
  base_time before = check->key;
  enum base_code code = store_picture_next(core->store, &check->key, err);
  check->budget -= CORE_CHECK_COST_ROW;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "the picture", check->key != before, &code, done, err))
    return code;
  code = check_week(core, check->key, err);
  return code == BASE_OK
             ? store_picture_alerts(core->store, check->key, check->key + CORE_WEEK, 0, check_alert, &alerted, err)
             : code;
}
