/* SPDX-License-Identifier: Apache-2.0
 * Which counts may be published, and which are hidden so that no small one can be got back. spec/statistics.md has the
 * argument. Totals and their parts form trees that share nothing but their roots, so a small count can be computed from
 * nothing but its own total and what stands beside it. */
#include <stdlib.h>
#include <string.h>

#include "law/statistics.h"

enum { DEPTHS = 4 };

static bool small(uint64_t value) {
  return value > 0 && value < LAW_PUBLISH_LEAST;
}

static bool part_of(const struct law_node *node, size_t parent, unsigned breakdown) {
  return node->parent == parent && node->breakdown == breakdown;
}

static void leave_out(struct law_node *nodes, size_t count, size_t parent, unsigned breakdown) {
  for (size_t i = parent + 1; i < count; i++)
    if (part_of(&nodes[i], parent, breakdown))
      nodes[i].shown = LAW_LEFT_OUT;
}

struct hidden {
  uint64_t smalls, others, sum;
};

/* Each small one can be anything from 1 to LAW_PUBLISH_LEAST - 1, even for somebody who knows which were hidden for
 * their own sake: as much is left over once every other small one has had its 1, and each of the others the least that
 * it can be. There must be such an other: of small ones alone the sum could tell each. */
static bool enough(const struct hidden *hidden) {
  return hidden->others > 0 &&
         hidden->sum >= hidden->smalls - 1 + LAW_PUBLISH_LEAST - 1 + hidden->others * LAW_PUBLISH_LEAST;
}

/* Parts of a total that is shown, so whoever knows it knows the sum of those hidden. Others are hidden with the small
 * ones until there is enough to share. When none is left, the parts are not told at all. */
static void hide_parts(struct law_node *nodes, size_t count, size_t parent, unsigned breakdown) {
  struct hidden hidden = {0};
  for (size_t i = parent + 1; i < count; i++) {
    if (!part_of(&nodes[i], parent, breakdown))
      continue;
    nodes[i].shown = small(nodes[i].value) ? LAW_HIDDEN : LAW_SHOWN;
    hidden.smalls += nodes[i].shown == LAW_HIDDEN;
    hidden.sum += nodes[i].shown == LAW_HIDDEN ? nodes[i].value : 0;
  }
  if (hidden.smalls == 0)
    return;
  for (size_t i = parent + 1; i < count && !enough(&hidden); i++) {
    if (!part_of(&nodes[i], parent, breakdown) || nodes[i].shown != LAW_SHOWN || nodes[i].value == 0)
      continue;
    nodes[i].shown = LAW_HIDDEN;
    hidden.others++;
    hidden.sum += nodes[i].value;
  }
  if (!enough(&hidden))
    leave_out(nodes, count, parent, breakdown);
}

void law_hide(struct law_node *nodes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (nodes[i].parent == LAW_ROOT)
      nodes[i].shown = small(nodes[i].value) ? LAW_HIDDEN : LAW_SHOWN;
    uint64_t done = 0; /* a bit per breakdown of this parent */
    for (size_t j = i + 1; j < count; j++) {
      uint64_t bit = (uint64_t)1 << nodes[j].breakdown;
      if (nodes[j].parent != i || (done & bit) != 0)
        continue;
      done |= bit;
      if (nodes[i].shown == LAW_SHOWN)
        hide_parts(nodes, count, i, nodes[j].breakdown);
      else
        leave_out(nodes, count, i, nodes[j].breakdown);
    }
  }
}

/* --- the table of a period */

enum { BY_PARTNER, BY_MONTH, BY_LIMIT, BY_OUTCOME };

static bool is_outcome(struct base_view measure) {
  static const char *const outcomes[] = {"not_received", "in_time", "late",   "ended_by_asker",
                                         "paused",       "overdue", "running"};
  for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
    if (base_view_is(measure, outcomes[i]))
      return true;
  return false;
}

/* Acts of which the law asks for logs: who looked, what was given out, refused, ended, erased, sent without a row. Of the
 * erased the messages: what waited for a release goes at its end by itself, whether it was released or not. */
static bool is_told_act(struct base_view act, struct base_view detail) {
  static const char *const acts[] = {"read", "exported", "denied", "erased", "refused", "ended", "emergency"};
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
    if (base_view_is(act, acts[i]))
      return !base_view_is(detail, LAW_DETAIL_DRAFT);
  return false;
}

/* With only these columns of the cell's key. */
static enum base_code add_only(struct law_tally *out, const struct law_cell *cell, unsigned columns,
                               struct base_error *err) {
  struct base_view key[LAW_COLUMNS] = {{0}};
  for (size_t i = 0; i < LAW_COLUMNS; i++)
    if (columns >> i & 1)
      key[i] = cell->key[i];
  return law_tally_add(out, key, cell->value, err);
}

#define COLUMN(name) (1U << LAW_COLUMN_##name)
enum {
  ROOT = COLUMN(SECTION) | COLUMN(DIRECTION) | COLUMN(KIND) | COLUMN(CLOCK) | COLUMN(MEASURE),
  ACT = COLUMN(SECTION) | COLUMN(MEASURE),
  BASIS = ACT | COLUMN(DETAIL),
};

static enum base_code add_request(struct law_tally *out, const struct law_cell *cell, struct base_error *err) {
  static const unsigned totals[] = {ROOT, ROOT | COLUMN(PARTNER), ROOT | COLUMN(MONTH), ROOT | COLUMN(LIMIT)};
  struct base_view measure = cell->key[LAW_COLUMN_MEASURE];
  bool detailed = cell->key[LAW_COLUMN_DETAIL].size > 0;
  enum base_code code = BASE_OK;
  if (base_view_is(measure, "requests")) {
    size_t told = sizeof totals / sizeof *totals - (cell->key[LAW_COLUMN_LIMIT].size == 0);
    for (size_t i = 0; i < told && code == BASE_OK; i++)
      code = add_only(out, cell, totals[i], err);
  } else if (is_outcome(measure)) {
    code = add_only(out, cell, ROOT | COLUMN(LIMIT), err);
    /* Why one was not received can change after the period was closed. */
    if (code == BASE_OK && detailed && !base_view_is(measure, "not_received"))
      code = add_only(out, cell, ROOT | COLUMN(LIMIT) | COLUMN(DETAIL), err);
  } else if (base_view_is(measure, "pauses")) {
    code = add_only(out, cell, ROOT, err);
    if (code == BASE_OK)
      code = add_only(out, cell, ROOT | COLUMN(DETAIL), err);
  } else if (base_view_is(measure, "clarified") || base_view_is(measure, "disputed")) {
    code = add_only(out, cell, ROOT, err);
  }
  return code;
}

/* The columns of the total that a cell is a part of, 0 for a root; of its limit's total the measure is `requests`. */
static unsigned parent_columns(const struct law_cell *cell, unsigned *breakdown, bool *of_requests) {
  bool limit = cell->key[LAW_COLUMN_LIMIT].size > 0, detail = cell->key[LAW_COLUMN_DETAIL].size > 0;
  bool outcome = is_outcome(cell->key[LAW_COLUMN_MEASURE]);
  *of_requests = outcome && !detail;
  *breakdown = BY_OUTCOME;
  if (outcome)
    return ROOT | COLUMN(LIMIT);
  if (detail)
    return ROOT;
  *breakdown = cell->key[LAW_COLUMN_PARTNER].size > 0 ? BY_PARTNER
               : cell->key[LAW_COLUMN_MONTH].size > 0 ? BY_MONTH
                                                      : BY_LIMIT;
  return *breakdown == BY_LIMIT && !limit ? 0 : ROOT;
}

static const struct law_cell *parent_of(const struct law_tally *tally, const struct law_cell *cell,
                                        unsigned *breakdown) {
  bool of_requests = false;
  struct base_view key[LAW_COLUMNS] = {{0}};
  unsigned columns = parent_columns(cell, breakdown, &of_requests);
  for (size_t i = 0; i < LAW_COLUMNS; i++)
    if (columns >> i & 1)
      key[i] = cell->key[i];
  if (of_requests)
    key[LAW_COLUMN_MEASURE] = BASE_VIEW("requests");
  return columns == 0 ? NULL : law_tally_find(tally, key);
}

/* Below DEPTHS: the root, a limit, an outcome, a detail. A total has a column less than its part, or another measure.
 */
static unsigned depth_of(const struct law_tally *tally, const struct law_cell *cell) {
  unsigned depth = 0, breakdown;
  while ((cell = parent_of(tally, cell, &breakdown)) != NULL)
    depth++;
  return depth;
}

/* place: of each cell among the nodes, which stand by their depth. */
static size_t make_nodes(const struct law_tally *tally, struct law_node *nodes, size_t *place) {
  size_t made = 0;
  for (unsigned depth = 0; depth < DEPTHS; depth++)
    for (size_t i = 0; i < tally->count; i++) {
      struct law_node node = {.parent = LAW_ROOT, .value = tally->cells[i].value};
      if (depth_of(tally, &tally->cells[i]) != depth)
        continue;
      const struct law_cell *parent = parent_of(tally, &tally->cells[i], &node.breakdown);
      if (parent != NULL)
        node.parent = place[parent - tally->cells];
      place[i] = made;
      nodes[made++] = node;
    }
  return made;
}

static void keep_shown(struct law_tally *tally, const struct law_node *nodes, const size_t *place) {
  size_t kept = 0;
  for (size_t i = 0; i < tally->count; i++) {
    enum law_shown shown = nodes[place[i]].shown;
    if (shown == LAW_LEFT_OUT)
      continue;
    tally->cells[kept] = tally->cells[i];
    tally->cells[kept].hidden = shown == LAW_HIDDEN;
    tally->cells[kept].value = shown == LAW_HIDDEN ? 0 : tally->cells[i].value;
    kept++;
  }
  tally->count = kept;
}

enum base_code law_publish(const struct law_tally *counted, struct law_tally *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < counted->count && code == BASE_OK; i++) {
    const struct law_cell *cell = &counted->cells[i];
    if (base_view_is(cell->key[LAW_COLUMN_SECTION], "requests"))
      code = add_request(out, cell, err);
    else if (base_view_is(cell->key[LAW_COLUMN_SECTION], "acts") &&
             is_told_act(cell->key[LAW_COLUMN_MEASURE], cell->key[LAW_COLUMN_DETAIL]))
      code = add_only(out, cell, ACT, err);
    else if (base_view_is(cell->key[LAW_COLUMN_MEASURE], "transferred"))
      code = add_only(out, cell, BASIS, err);
  }
  if (code == BASE_OK && out->count > LAW_PUBLISHED_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "the table has more than %d numbers, too many to be published in one",
                     LAW_PUBLISHED_MAX);
  BASE_AUTO_FREE struct law_node *nodes = calloc(out->count + 1, sizeof *nodes);
  BASE_AUTO_FREE size_t *place = calloc(out->count + 1, sizeof *place);
  if (code == BASE_OK && (nodes == NULL || place == NULL))
    code = base_fail(err, BASE_MEMORY, "no memory for statistics");
  if (code != BASE_OK)
    return code;
  law_hide(nodes, make_nodes(out, nodes, place));
  keep_shown(out, nodes, place);
  return BASE_OK;
}
