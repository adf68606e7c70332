/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check.h"
#include "core/clear.h"

/* Every row of what was held for release against its leaves, and the message that it names. That each such leaf has its
 * row is seen among the leaves. */

/* *out: the leaf says it of this release and this message. */
static enum base_code says(struct core *core, uint64_t index, enum wire_act act, int64_t number,
                           const struct base_id *message, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  enum base_code code = core_check_leaf(core, index, &arena, &leaf, err);
  *out = code == BASE_OK && leaf.leaf.act == act && leaf.opening.number == (uint64_t)number &&
         base_id_equal(&leaf.opening.message, message);
  return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code check_row(struct core *core, const struct store_release *row, struct base_error *err) {
  struct core_place place = core_place("release %lld", (long long)row->number);
  bool waits = row->state == STORE_RELEASE_WAITING, given = row->state == STORE_RELEASE_GIVEN, held = false,
       ended = true;
  enum base_code code = says(core, row->held, WIRE_ACT_HELD, row->number, &row->message, &held, err);
  if (code == BASE_OK && !waits)
    code = says(core, row->ended, given ? WIRE_ACT_RELEASED : WIRE_ACT_WITHHELD, row->number,
                given ? &row->sent : &row->message, &ended, err);
  if (code == BASE_OK && !held)
    core_check_found(core, CORE_SO_PROOF, place, "leaf %llu, by which it was held, says something else",
                     (unsigned long long)row->held);
  if (code == BASE_OK && !ended)
    core_check_found(core, CORE_SO_PROOF, place, "leaf %llu, by which it was decided, says something else",
                     (unsigned long long)row->ended);
  return code;
}

static enum base_code check_held(struct core *core, const struct store_release *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message message;
  bool cleared = false;
  enum base_code code = store_message_header(core->store, &row->message, &arena, &message, err);
  if (code == BASE_NOT_FOUND && core_clear_message(core, &row->message, &cleared, NULL, err) == BASE_OK && cleared)
    return BASE_OK; /* with its case */
  if (code == BASE_NOT_FOUND || (code == BASE_OK && message.state != STORE_MESSAGE_DRAFT))
    core_check_found(core, CORE_SO_TABLE, core_place("release %lld", (long long)row->number),
                     "message %s, as which it was held, is not stored as such", base_id_text(&row->message).text);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_check_releases(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  struct store_release row;
  int64_t before = check->key;
  enum base_code code = store_release_next(core->store, false, &check->key, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "releases", check->key != before, &code, done, err))
    return code;
  code = check_row(core, &row, err);
  return code == BASE_OK ? check_held(core, &row, err) : code;
}

enum base_code core_check_released(struct core *core, const struct core_check_leaf *leaf, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_release row = {0};
  const struct wire_opening *opening = &leaf->opening;
  bool held = leaf->leaf.act == WIRE_ACT_HELD, released = leaf->leaf.act == WIRE_ACT_RELEASED;
  enum base_code code = store_release_get(core->store, (int64_t)opening->number, &arena, &row, err);
  bool fits = code == BASE_OK && (held ? row.held : row.ended) == core->check->next &&
              base_id_equal(released ? &row.sent : &row.message, &opening->message) &&
              (held || released == (row.state == STORE_RELEASE_GIVEN));
  if (!fits && (code == BASE_OK || code == BASE_NOT_FOUND))
    core_check_found(core, CORE_SO_TABLE, core_place("leaf %llu", (unsigned long long)core->check->next),
                     "release %llu, which it is about, is stored otherwise", (unsigned long long)opening->number);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}
