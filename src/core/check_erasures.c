/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check.h"
#include "core/clear.h"
#include "core/erase.h"

/* Every erasure against its leaf and against the message, whose content must be gone. That content is missing nowhere
 * else is seen among the messages, and that no leaf says it of one that is here among the leaves. */

/* The row of a case that was erased whole, not of a message of it. */
static bool is_mark(const struct store_erasure *row) {
  struct base_id mark = core_clear_mark(&row->case_id);
  return row->cleared && base_id_equal(&mark, &row->message);
}

static enum base_code check_leaf(struct core *core, const struct store_erasure *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  struct base_error why = {0};
  struct core_place place = core_place_message(&row->message);
  enum base_code code = core_check_leaf(core, row->leaf, &arena, &leaf, &why);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_PROOF, place, "leaf %llu, which says that it was erased, cannot be read: %s",
                     (unsigned long long)row->leaf, why.text);
  else if (is_mark(row) ? leaf.leaf.act != WIRE_ACT_CLEARED || !base_id_equal(&leaf.opening.message, &row->case_id)
                        : leaf.leaf.act != WIRE_ACT_ERASED || !base_id_equal(&leaf.opening.message, &row->message))
    core_check_found(core, CORE_SO_PROOF, place, "it is said to be erased by leaf %llu, which says something else",
                     (unsigned long long)row->leaf);
  return BASE_OK;
}

/* Its case was erased whole too, as its own row says. */
static enum base_code check_cleared(struct core *core, const struct store_erasure *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_cleared cleared = {0};
  struct store_case kase;
  enum base_code code = core_clear_read(core, &row->case_id, &arena, &cleared, err);
  if (code == BASE_OK && !cleared.there && !row->elsewhere)
    core_check_found(core, CORE_SO_CASE, core_place_message(&row->message),
                     "it is said to be erased with its case, and nothing says that this was");
  if (code == BASE_OK)
    code = store_case_get(core->store, &row->case_id, &arena, &kase, err);
  if (code == BASE_OK)
    core_check_found(core, CORE_SO_ERASED, core_place("case %s", base_id_text(&row->case_id).text),
                     "it was erased whole, and yet it is here");
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code check_not_cleared(struct core *core, const struct store_erasure *row, enum base_code code) {
  if (code == BASE_OK || core_damage(code))
    core_check_found(core, CORE_SO_ERASED, core_place_message(&row->message),
                     "it was erased with its case, and yet its header is here");
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code check_gone(struct core *core, const struct store_erasure *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message message;
  struct core_place place = core_place_message(&row->message);
  enum base_code code = store_message_get(core->store, &row->message, &arena, &message, err);
  if (row->cleared)
    return code == BASE_NOT_FOUND ? check_cleared(core, row, err) : check_not_cleared(core, row, code);
  if (code == BASE_NOT_FOUND && row->leaf > 0)
    core_check_found(core, CORE_SO_CASE, place, "it was erased, but nothing of it is here any more");
  else if (code == BASE_OK && (!core_message_dropped(&message) || message.part0.size > 0))
    core_check_found(core, CORE_SO_ERASED, place, "it was erased, and yet its content is here");
  return core_damage(code) ? BASE_OK : code; /* a row that cannot be read is named among the messages */
}

enum base_code core_check_erasures(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  struct store_erasure row;
  int64_t before = check->key;
  enum base_code code = store_erasure_next(core->store, STORE_ERASURES_ALL, &check->key, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "erasures", check->key != before, &code, done, err))
    return code;
  code = row.leaf > 0 ? check_leaf(core, &row, err) : BASE_OK;
  return code == BASE_OK ? check_gone(core, &row, err) : code;
}
