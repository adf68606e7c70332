/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agreements.h"
#include "core/behind.h"
#include "core/cases.h"
#include "core/check.h"
#include "core/clocks.h"
#include "core/ends.h"
#include "core/review.h"

/* Every case against what its messages give. */

static void compare_case(struct core *core, const struct store_case *row, const struct core_case *kase,
                         base_time stored, bool flagged) {
  struct core_place place = core_place("case %s", base_id_text(&row->id).text);
  const struct wire_header *opening = kase->messages[0].header;
  struct base_view state = core_case_state_name(kase);
  if (!base_view_equal(row->state, state))
    core_check_found(core, CORE_SO_CASE, place, "it is stored as '%.*s', but its messages give '%.*s'",
                     (int)row->state.size, (const char *)row->state.data, (int)state.size, (const char *)state.data);
  if (row->message_count != kase->count)
    core_check_found(core, CORE_SO_CASE, place, "it is stored with %llu messages, but has %zu",
                     (unsigned long long)row->message_count, kase->count);
  if (!base_view_equal(row->opener, opening->author))
    core_check_found(core, CORE_SO_CASE, place, "it is stored as opened by %.*s, but was by %.*s",
                     (int)row->opener.size, (const char *)row->opener.data, (int)opening->author.size,
                     (const char *)opening->author.data);
  if (kase->kind->kind.lane != WIRE_LANE_NONE && row->lane != kase->kind->kind.lane)
    core_check_found(core, CORE_SO_CASE, place, "it is stored on another side than its kind, which is %s",
                     wire_lane_names[kase->kind->kind.lane]);
  if (row->exercise != opening->exercise)
    core_check_found(core, CORE_SO_CASE, place, "it is stored as %s, but its messages say otherwise",
                     row->exercise ? "an exercise" : "real");
  if (row->flagged != flagged)
    core_check_found(core, CORE_SO_CASE, place, "it is stored as %s, but its messages say otherwise",
                     row->flagged ? "flagged for a person to decide" : "not flagged");
  if (row->opened != stored || row->changed < row->opened)
    core_check_found(core, CORE_SO_DERIVED, place, "its times (opened %s, changed %s) are not those of its messages",
                     base_time_format(row->opened).text, base_time_format(row->changed).text);
}

static struct base_time_text moment(base_time time) {
  struct base_time_text never = {"never"};
  return time == INT64_MAX ? never : base_time_format(time);
}

/* What its row says of its clocks; one that moves in this step, or was never looked at, is settled at its end. */
static enum base_code check_clocks(struct core *core, const struct store_case *row, const struct core_case *kase,
                                   struct base_error *err) {
  base_time due = 0, look = 0;
  if (row->look == 0 || core_clocks_moving(core, &row->id))
    return BASE_OK;
  enum base_code code = core_clocks_compute(core, kase, &due, &look, err);
  if (code == BASE_OK && (due != row->due || look != row->look))
    core_check_found(core, CORE_SO_CASE, core_place("case %s", base_id_text(&row->id).text),
                     "it is stored as due %s, to be looked at %s, but its messages and receipts give %s and %s",
                     moment(row->due).text, moment(row->look).text, moment(due).text, moment(look).text);
  return code;
}

/* The message that opens it, and the case computed anew from its messages. */
static enum base_code check_case(struct core *core, const struct store_case *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_place place = core_place("case %s", base_id_text(&row->id).text);
  struct store_message opening;
  struct wire_header header;
  struct core_case kase = {0};
  struct base_error why = {0};
  enum base_code code = store_message_header(core->store, &row->id, &arena, &opening, &why);
  if (code == BASE_OK)
    code = wire_header_parse(opening.header, &arena, &header, &why);
  if (core_damage(code)) {
    core_check_found(core, CORE_SO_CASE, place, "the message that opens it is missing or cannot be read: %s", why.text);
    return BASE_OK;
  }
  if (code == BASE_OK &&
      (!base_view_equal(row->kind, header.kind) || !base_hash_equal(&row->kind_hash, &header.kind_hash))) {
    core_check_found(
        core, CORE_SO_CASE, place, "it is stored as of the kind '%.*s', but was opened as '%.*s', or another version",
        (int)row->kind.size, (const char *)row->kind.data, (int)header.kind.size, (const char *)header.kind.data);
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = core_case_look(core, row, &kase, &why);
  if (code == BASE_OK)
    code = check_clocks(core, row, &kase, &why);
  if (code == BASE_OK)
    code = core_check_alarms(core, &kase, &why);
  if (code == BASE_OK)
    code = core_review_check(core, row, &kase, &why);
  if (code == BASE_OK)
    code = core_ends_check(core, row, &kase, &why);
  if (code == BASE_OK)
    code = core_check_pictured(core, &kase, &why);
  bool flagged = code == BASE_OK && kase.state.flagged;
  if (code == BASE_OK && row->flagged && !flagged)
    code = core_behind_any(core, &kase, &flagged, &why);
  if (code == BASE_OK)
    compare_case(core, row, &kase, opening.stored, flagged);
  else if (core_damage(code) && code != BASE_KIND) /* one of a kind that is not shipped any more is no damage */
    core_check_found(core, CORE_SO_CASE, place, "its messages make no case: %s", why.text);
  else if (code != BASE_KIND)
    return base_fail(err, code, "%s", why.text);
  core->check->budget -= (int)kase.count;
  bool agreement = code == BASE_OK && core_kind_agreement(&kase.kind->kind);
  core_case_release(&kase);
  if (!agreement)
    return BASE_OK;
  code = core_agreement_differs(core, &row->id, &why);
  if (code == BASE_CONFLICT)
    core_check_found(core, CORE_SO_CASE, place, "%s", why.text);
  return code == BASE_OK || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

enum base_code core_check_cases(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  struct store_case row;
  int64_t before = check->key;
  enum base_code code = store_case_next(core->store, &check->key, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  return core_check_row(core, "cases", check->key != before, &code, done, err) ? check_case(core, &row, err) : code;
}
