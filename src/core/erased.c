/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/back.h"
#include "core/clear.h"
#include "core/crosscheck.h"
#include "core/erase.h"
#include "core/kinds.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/register.h"
#include "core/release.h"
#include "core/submit.h"

/* What was erased stays erased. The keeper remembers it; a database that was put back to a time before is held against
 * that list before anybody is served, and what comes again from a partner is stored without its content. */

static const char before_restore[] = "erased before this database was put back";

struct core_without core_without_by(const struct core_partner *partner) {
  struct core_without without;
  (void)snprintf(without.text, sizeof without.text, "erased at %.*s before it came again", (int)partner->card.name.size,
                 (const char *)partner->card.name.data);
  return without;
}

/* --- what comes */

/* The keeper, or this node itself, knows of its erasure. Where nobody ever erased anything, what comes costs no look.
 */
static enum base_code remembered(struct core *core, const struct base_id *id, bool *out, struct base_error *err) {
  *out = false;
  if (core->erasing.listed == 0 && core->erasing.untold == 0)
    return BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_erasure row;
  enum base_code code = store_erasure_get(core->store, id, &arena, &row, err);
  *out = code == BASE_OK;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* The row of a part that was dropped before it came. */
static enum base_code part_gone(struct core *core, const struct base_id *message, uint16_t part,
                                const struct wire_part *wire, struct base_error *err) {
  struct store_part row = {
      .message = *message, .part = part, .size = wire->size, .records = seal_record_count(wire->size)};
  return store_part_put(core->store, &row, err);
}

static enum base_code keep_without(struct core *core, struct store_message *row, const struct wire_part0 *parts,
                                   struct base_view reason, bool elsewhere, struct base_error *err) {
  struct wire_opening opening = {.has_message = true, .message = row->id, .reason = reason};
  struct store_erasure erasure = {.message = row->id, .elsewhere = elsewhere};
  struct core_leaf leaf;
  enum base_code code = store_message_add(core->store, row, err);
  for (size_t i = 0; i < parts->part_count && code == BASE_OK; i++)
    code = part_gone(core, &row->id, (uint16_t)i, &parts->parts[i], err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_ERASED, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  erasure.leaf = leaf.index;
  return store_erasure_put(core->store, &erasure, err);
}

enum base_code core_content_keep(struct core *core, struct store_message *row, const struct wire_header *header,
                                 struct base_view part0, const struct wire_part0 *parts, struct base_view without,
                                 bool *out_dropped, struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  struct base_secret key;
  uint8_t wrapped[CORE_WRAPPED];
  bool known = false;
  enum base_code code = remembered(core, &row->id, &known, err);
  *out_dropped = known || part0.size == 0;
  if (code == BASE_OK && *out_dropped)
    return keep_without(core, row, parts, known ? base_view_text(before_restore) : without, !known, err);
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_buf_init(&sealed, WIRE_PART0_MAX + SEAL_TAG);
  if (code == BASE_OK)
    code = core_key(core, &key, wrapped, &row->epoch, err);
  if (code != BASE_OK)
    return code;
  core_content_seal(&key, &row->id, header->exercise, part0, &sealed);
  base_wipe(&key, sizeof key);
  code = base_buf_check(&sealed, "content", err);
  row->wrapped_key = base_view_of(wrapped, sizeof wrapped);
  row->part0 = base_buf_view(&sealed);
  if (code == BASE_OK)
    code = store_message_add(core->store, row, err);
  for (size_t i = 0; i < parts->part_count && code == BASE_OK; i++)
    code = core_part_expect(core, &row->id, (uint16_t)i, &parts->parts[i], err);
  if (code == BASE_OK && kind != NULL)
    code = core_crosscheck_note(core, &row->id, wire_kind_type_named(&kind->kind, header->type), parts->fields, err);
  row->part0 = row->wrapped_key = (struct base_view){0}; /* end here */
  return code;
}

enum base_code core_content_without(struct core *core, const struct base_id *id, const struct core_partner *from,
                                    struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct core_without without = core_without_by(from);
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  return core_message_dropped(&row)
             ? BASE_OK
             : core_erase_write(core, &row, (struct base_view){0}, base_view_text(without.text), true, err);
}

/* --- the replay */

struct ways {
  size_t count;
  struct store_delivery open[WIRE_PARTIES_MAX]; /* no views */
};

static enum base_code collect_open(void *context, const struct store_delivery *row) {
  struct ways *ways = context;
  if (row->state != STORE_WAITING || ways->count == WIRE_PARTIES_MAX)
    return BASE_OK;
  struct store_delivery *open = &ways->open[ways->count++];
  *open = *row;
  open->reason = open->leaf = open->opening = open->proof = (struct base_view){0}; /* end with this call */
  return BASE_OK;
}

/* As this database has it, it may still wait for its receipt: whoever took it says so when its end is told. */
static enum base_code end_open(struct core *core, const struct base_id *id, struct base_error *err) {
  struct ways ways = {0};
  enum base_code code = store_delivery_each(core->store, id, false, 0, collect_open, &ways, err);
  for (size_t i = 0; i < ways.count && code == BASE_OK; i++) {
    struct core_partner *partner = core_partner_numbered(core, ways.open[i].partner);
    if (partner != NULL)
      code = core_delivery_void(core, partner, &ways.open[i], STORE_ENDED, base_view_text(before_restore), err);
  }
  return code;
}

static enum base_code replay_here(struct core *core, const struct store_message *row, struct base_error *err) {
  enum base_code code = core_erase_write(core, row, (struct base_view){0}, base_view_text(before_restore), false, err);
  if (code == BASE_OK && row->state == STORE_MESSAGE_DRAFT)
    return core_release_erased(core, &row->id, err);
  if (code == BASE_OK && row->ours)
    code = end_open(core, &row->id, err);
  if (code != BASE_OK || row->state != STORE_MESSAGE_PENDING)
    return code;
  struct core_partner *partner = row->ours ? NULL : core_partner_of(core, row->author);
  if (partner == NULL && core->partner_count > 0)
    partner = core->partners[0];
  return partner != NULL ? core_back_settle(core, partner, &row->id, err) : BASE_OK;
}

static enum base_code replay(struct core *core, const struct base_id *id, uint64_t *erased, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct store_erasure before, none = {.message = *id};
  enum base_code code = store_erasure_get(core->store, id, &arena, &before, err);
  if (code != BASE_NOT_FOUND)
    return code;
  code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && core_message_dropped(&row))) {
    code = store_erasure_put(core->store, &none, err);
    return code == BASE_OK ? core_clear_unread(core, err) : code;
  }
  if (core_damage(code)) { /* the keeper gives its key to nobody */
    base_log(BASE_LOG_ERROR, "message.damaged", "message %s, which was erased, cannot be read: %s",
             base_id_text(id).text, err->text);
    return BASE_OK;
  }
  (*erased)++;
  return code == BASE_OK ? replay_here(core, &row, err) : code;
}

/* Some of the list in one transaction, with the note of how far it is done. *at moves. */
static enum base_code replay_some(struct core *core, uint64_t *at, bool *end, uint64_t *erased,
                                  struct base_error *err) {
  struct wire_keeper_listed some, next;
  const struct core_keeper *keeper = &core->env.keeper;
  enum base_code code = keeper->list(keeper->context, *at, CORE_ERASE_STEP, &some, err);
  *end = code == BASE_OK && some.count == 0;
  if (code != BASE_OK || *end)
    return code;
  code = core_write(core, err);
  for (size_t i = 0; i < some.count && code == BASE_OK; i++)
    code = replay(core, &some.messages[i], erased, err);
  if (code == BASE_OK)
    code = keeper->list(keeper->context, *at + some.count, 0, &next, err);
  if (code == BASE_OK)
    code = core_erase_list_save(core, *at + some.count, &next.mark, err);
  *at += some.count;
  return code == BASE_OK ? core_commit(core, err) : code;
}

/* The keeper's file was lost, or is older than this database: it is told again what is known here. The keys are gone,
 * so an older copy of this database opens them with an epoch key that still lives; the ids are enough for the replay.
 */
static enum base_code teach(struct core *core, struct base_error *err) {
  enum base_code code = core_write(core, err);
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_erasure row;
    code = store_erasure_next(core->store, STORE_ERASURES_ALL, &key, &arena, &row, err);
    if (code != BASE_OK || row.elsewhere || row.untold)
      continue;
    row.untold = true;
    row.epoch = 0;
    row.wrapped = (struct base_view){0};
    code = store_erasure_put(core->store, &row, err);
    core->erasing.untold += code == BASE_OK;
  }
  return code == BASE_NOT_FOUND ? core_commit(core, err) : code;
}

static enum base_code compare(struct core *core, uint64_t *from, struct base_error *err) {
  struct core_erasing *erasing = &core->erasing;
  struct wire_keeper_listed listed;
  enum base_code code = core->env.keeper.list(core->env.keeper.context, erasing->listed, 0, &listed, err);
  *from = erasing->listed;
  if (code != BASE_OK || !erasing->has_list)
    return code;
  if (listed.total >= erasing->listed && memcmp(listed.mark.bytes, erasing->mark.bytes, sizeof listed.mark.bytes) == 0)
    return BASE_OK;
  erasing->forgotten = true;
  *from = 0;
  base_log(
      BASE_LOG_WARNING, "erase.forgotten",
      "the keeper's list of erasures is not the one that this database knows: it has %llu records, %llu were noted "
      "here; it is told again what is known, but keys of before could be opened from an older copy until their "
      "epoch key is destroyed; put back the newest copy of keeper/retired.state, if there is one",
      (unsigned long long)listed.total, (unsigned long long)erasing->listed);
  return teach(core, err);
}

enum base_code core_erase_open(struct core *core, struct base_error *err) {
  uint64_t at = 0, erased = 0;
  bool end = false;
  enum base_code code = core_erase_load(core, err);
  if (code == BASE_OK)
    code = compare(core, &at, err);
  while (code == BASE_OK && !end)
    code = replay_some(core, &at, &end, &erased, err);
  if (code == BASE_OK)
    code = core_clear_replay(core, base_view_text(before_restore), err);
  if (code == BASE_OK)
    code = core_register_attest(core, err);
  if (code == BASE_OK)
    code = core_erase_tell(core, err);
  if (code == BASE_OK && erased > 0)
    base_log(BASE_LOG_NOTICE, "erase.replayed", "%llu messages were erased again, as they had been before",
             (unsigned long long)erased);
  return code;
}
