/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "core/back.h"
#include "core/check.h"
#include "core/crosscheck.h"
#include "core/ends.h"
#include "core/erase.h"
#include "core/kinds.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/recall.h"
#include "core/retain.h"
#include "core/stix.h"

/* Every message against its id, its header, its content and what was sent or taken of it. */

/* --- ids, and who waits for whom */

enum base_code core_check_ids(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  struct base_id id = {{0}};
  int64_t before = check->key;
  enum base_code code = store_id_next(core->store, &check->key, &id, err);
  check->budget -= CORE_CHECK_COST_ROW;
  check->rows++;
  check->total++;
  (void)core_check_row(core, "ids", check->key != before, &code, done, err);
  return code;
}

enum base_code core_check_waits(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  struct store_pair before = check->pair;
  struct base_id for_id = {{0}}, pending = {{0}};
  struct store_message row;
  enum base_code code = store_wait_next(core->store, &check->pair, &for_id, &pending, err);
  bool moved = check->pair.first != before.first || check->pair.second != before.second;
  check->budget -= CORE_CHECK_COST_ROW;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "message_waits", moved, &code, done, err))
    return code;
  code = store_message_header(core->store, &pending, &arena, &row, err);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_DERIVED, core_place_message(&pending),
                     "it is said to wait for message %s, but is not here", base_id_text(&for_id).text);
  return core_damage(code) ? BASE_OK : code;
}

/* --- what was sent of our own, and taken of a partner's */

struct ways {
  struct core *core;
  const struct wire_header *header;
  size_t count;
  unsigned open, taken; /* not over yet, or untold; receipted */
  bool returned;        /* it was lost, and came back from those who hold it: perhaps not from all */
};

static enum base_code look_at_way(void *context, const struct store_delivery *row) {
  struct ways *ways = context;
  bool over = row->state == STORE_ENDED || row->state == STORE_REFUSED;
  ways->count++;
  ways->open += !(over && row->voided_told);
  ways->taken += row->state == STORE_RECEIPTED;
  const struct core_partner *partner = core_partner_numbered(ways->core, row->partner);
  ways->returned = ways->returned || (partner != NULL && core_delivery_returned(ways->core, partner, row));
  return BASE_OK;
}

/* It went nowhere, something says that it is held, and its content is here as long as it waits. */
static enum base_code check_draft(struct core *core, const struct store_message *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct ways ways = {.core = core};
  struct store_release release;
  struct core_place place = core_place_message(&row->id);
  enum base_code code = store_delivery_each(core->store, &row->id, false, 0, look_at_way, &ways, err);
  if (code == BASE_OK && ways.count > 0)
    core_check_found(core, CORE_SO_CASE, place, "it is held for release, and yet the outbox has %zu rows of it",
                     ways.count);
  if (code == BASE_OK)
    code = store_release_of(core->store, &row->id, false, &arena, &release, err);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_TABLE, place, "it is held for release, and nothing says who must release it");
  else if (code == BASE_OK && (release.state == STORE_RELEASE_WAITING) == core_message_dropped(row))
    core_check_found(core, CORE_SO_TABLE, place, "release %lld of it %s", (long long)release.number,
                     core_message_dropped(row) ? "waits, but its content is not here" : "is decided, but its content is here");
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

static enum base_code check_ours(struct core *core, const struct store_message *row, const struct wire_header *header,
                                 struct base_error *err) {
  if (row->state == STORE_MESSAGE_DRAFT)
    return check_draft(core, row, err);
  struct ways ways = {.core = core, .header = header};
  struct core_place place = core_place_message(&row->id);
  enum base_code code = store_delivery_each(core->store, &row->id, false, 0, look_at_way, &ways, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code; /* the row is named among the deliveries */
  if (ways.count != header->party_count - 1 && !ways.returned)
    core_check_found(core, CORE_SO_CASE, place, "it goes to %zu others, the outbox has %zu rows of it",
                     header->party_count - 1, ways.count);
  else if (row->state == STORE_MESSAGE_PENDING && !ways.returned)
    core_check_found(core, CORE_SO_CASE, place, "it is our own, and yet stored as not complete");
  else if (row->state == STORE_MESSAGE_REFUSED && ways.taken > 0)
    core_check_found(core, CORE_SO_CASE, place, "it is stored as taken by nobody, but %u receipts say otherwise",
                     ways.taken);
  else if (row->state == STORE_MESSAGE_HELD && ways.open == 0 && ways.taken == 0 && !header->opens)
    core_check_found(core, CORE_SO_CASE, place, "nobody took it, and yet it is stored as part of its case");
  return BASE_OK;
}

static enum base_code check_predecessors(struct core *core, const struct store_message *row,
                                         const struct wire_header *header, struct base_error *err) {
  for (size_t i = 0; i < header->follow_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_message before;
    bool waits = false;
    enum base_code code = store_message_header(core->store, &header->follows[i], &arena, &before, err);
    if (code == BASE_OK && before.state == STORE_MESSAGE_HELD)
      continue;
    if (code == BASE_OK || core_damage(code))
      code = store_message_waits(core->store, &row->id, &header->follows[i], &waits, err);
    if (code == BASE_OK && !waits)
      core_check_found(core, CORE_SO_CASE, core_place_message(&row->id),
                       "it follows message %s, which is not here, and is not noted as waiting for it",
                       base_id_text(&header->follows[i]).text);
    if (code != BASE_OK && !core_damage(code))
      return code;
  }
  return BASE_OK;
}

static enum base_code check_theirs(struct core *core, const struct store_message *row, const struct wire_header *header,
                                   struct base_error *err) {
  static const char *const states[] = {"not complete", "taken", "refused", "held for release"};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  struct core_place place = core_place_message(&row->id);
  const struct core_partner *author = core_partner_of(core, header->author);
  if (author == NULL) {
    core_check_found(core, CORE_SO_MESSAGE, place, "it is by %.*s, who is no partner here", (int)header->author.size,
                     (const char *)header->author.data);
    return BASE_OK;
  }
  enum base_code code = store_arrival_of(core->store, &row->id, author->row.number, &arena, &arrival, err);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_PROOF, place, "nothing says that it arrived from %.*s", (int)author->card.name.size,
                     (const char *)author->card.name.data);
  if (code == BASE_OK) {
    enum store_message_state said = !arrival.answered ? STORE_MESSAGE_PENDING
                                    : arrival.refused ? STORE_MESSAGE_REFUSED
                                                      : STORE_MESSAGE_HELD;
    if (row->state != said)
      core_check_found(core, CORE_SO_CASE, place, "it is stored as %s, but its arrival was answered as %s",
                       states[row->state], states[said]);
  }
  if (code != BASE_OK && !core_damage(code))
    return code;
  return row->state == STORE_MESSAGE_PENDING ? check_predecessors(core, row, header, err) : BASE_OK;
}

/* --- header and case */

static enum base_code check_in_case(struct core *core, const struct store_message *row, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case kase;
  bool none = row->state == STORE_MESSAGE_DRAFT && base_id_equal(&row->id, &row->case_id); /* not opened yet */
  if (none || row->state == STORE_MESSAGE_PENDING || (row->state == STORE_MESSAGE_REFUSED && !row->ours))
    return BASE_OK;
  enum base_code code = store_case_get(core->store, &row->case_id, &arena, &kase, err);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_CASE, core_place_message(&row->id), "its case %s is not here any more",
                     base_id_text(&row->case_id).text);
  return core_damage(code) ? BASE_OK : code;
}

/* What it names of other cases is noted: else a recall would not find it. */
static enum base_code check_mentions(struct core *core, const struct store_message *row,
                                     const struct wire_header *header, struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  struct base_id named;
  bool missing = false;
  if (row->state != STORE_MESSAGE_HELD || kind == NULL)
    return BASE_OK;
  enum base_code code = core_mention_missing(core, &kind->kind, &row->id, header, &named, &missing, err);
  if (code == BASE_OK && missing)
    core_check_found(
        core, CORE_SO_CASE, core_place_message(&row->id),
        "it names message %s, and that is not noted: neither is shown beside the other, and no recall goes "
        "from one to the other",
        base_id_text(&named).text);
  return core_damage(code) ? BASE_OK : code;
}

static bool header_fits(struct core *core, const struct store_message *row, const struct wire_header *header) {
  struct core_place place = core_place_message(&row->id);
  const struct base_id *case_id = header->opens ? &row->id : &header->case_id;
  if (!base_id_equal(case_id, &row->case_id))
    core_check_found(core, CORE_SO_CASE, place, "it is stored in case %s, but its header says %s",
                     base_id_text(&row->case_id).text, base_id_text(case_id).text);
  else if (!base_view_equal(row->type, header->type) || !base_view_equal(row->author, header->author))
    core_check_found(core, CORE_SO_MESSAGE, place, "it is stored as '%.*s' by %.*s, but its header says '%.*s' by %.*s",
                     (int)row->type.size, (const char *)row->type.data, (int)row->author.size,
                     (const char *)row->author.data, (int)header->type.size, (const char *)header->type.data,
                     (int)header->author.size, (const char *)header->author.data);
  else if (row->ours != base_view_equal(header->author, core->card.origin))
    core_check_found(core, CORE_SO_MESSAGE, place, "it is stored as %s, but its author is %.*s",
                     row->ours ? "our own" : "a partner's", (int)header->author.size,
                     (const char *)header->author.data);
  else
    return true;
  return false;
}

static enum base_code check_parts(struct core *core, const struct store_message *row, struct base_error *err) {
  for (uint16_t i = 0; i < row->part_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part part;
    enum base_code code = store_part_get(core->store, &row->id, i, &arena, &part, err);
    if (code == BASE_NOT_FOUND)
      core_check_found(core, CORE_SO_PART, core_place_message(&row->id), "its part %u has no row", (unsigned)i);
    else if (code == BASE_OK && row->state == STORE_MESSAGE_HELD && part.records_held != part.records)
      core_check_found(core, CORE_SO_PART, core_place_message(&row->id), "its part %u is said to have %u of %u records",
                       (unsigned)i, part.records_held, part.records);
    else if (code != BASE_OK && !core_damage(code))
      return code;
  }
  return BASE_OK;
}

/* --- content */

static enum base_code check_part0(struct core *core, const struct store_message *row, const struct wire_header *header,
                                  const struct base_secret *key, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_PART0_MAX + SEAL_TAG);
  struct core_place place = core_place_message(&row->id);
  struct wire_part0 part0 = {0};
  struct base_error why = {0};
  enum base_code code = core_content_unseal(key, &row->id, header->exercise, row->part0, &plain, &why);
  if (code == BASE_OK) {
    struct base_hash hash = seal_sha256(base_buf_view(&plain));
    if (!base_hash_equal(&hash, &header->part0)) {
      code = BASE_HASH;
      core_check_found(core, CORE_SO_MESSAGE, place, "its content is not the one that its header names");
    } else {
      code = wire_part0_parse(base_buf_view(&plain), &arena, &part0, &why);
    }
  }
  if (core_damage(code) && code != BASE_HASH)
    core_check_found(core, CORE_SO_MESSAGE, place, "its content does not open: %s", why.text);
  else if (code == BASE_OK && part0.part_count != row->part_count)
    core_check_found(core, CORE_SO_MESSAGE, place, "it is stored with %u parts, but its content names %zu",
                     (unsigned)row->part_count, part0.part_count);
  if (code == BASE_OK)
    code = core_crosscheck_check(core, row, header, part0.fields, &why);
  if (code == BASE_OK)
    code = core_stix_check(core, row, header, &part0, &why);
  wire_part0_free(&part0);
  if (plain.data != NULL)
    base_wipe(plain.data, plain.size);
  return code == BASE_OK || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

/* --- some messages at a time, so that one request to the keeper unwraps the keys of all */

struct batch {
  struct base_arena arena;
  size_t count, keyed;
  struct store_message rows[CORE_CHECK_BATCH];
  struct wire_header headers[CORE_CHECK_BATCH];
  size_t at[CORE_CHECK_BATCH]; /* which row a key is of */
  uint8_t wrapped[CORE_CHECK_BATCH][CORE_WRAPPED];
  struct base_secret keys[CORE_CHECK_BATCH];
};

static void batch_free(struct batch *batch) {
  base_arena_free(&batch->arena);
  base_wipe(batch->keys, sizeof batch->keys);
  free(batch);
}

/* Whether something says that its content was erased; what says so is looked at among the erasures. */
static enum base_code check_erased(struct core *core, const struct base_id *id, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_erasure erasure;
  enum base_code code = store_erasure_get(core->store, id, &arena, &erasure, err);
  *out = code == BASE_OK && erasure.leaf > 0;
  return core_damage(code) ? BASE_OK : code;
}

/* What does not need the key. Adds the message to those whose content is opened. */
static enum base_code check_message(struct core *core, struct batch *batch, struct base_error *err) {
  struct store_message *row = &batch->rows[batch->count];
  struct wire_header *header = &batch->headers[batch->count];
  struct core_place place = core_place_message(&row->id);
  struct base_error why = {0};
  struct base_id id = seal_message_id(row->header);
  bool dropped = row->part0.size == 0;
  if (!base_id_equal(&id, &row->id)) {
    core_check_found(core, CORE_SO_MESSAGE, place, "its header is not the one that its id is made of");
    return BASE_OK;
  }
  enum base_code code = wire_header_parse(row->header, &batch->arena, header, &why);
  if (code != BASE_OK) {
    if (core_damage(code))
      core_check_found(core, CORE_SO_MESSAGE, place, "its header cannot be read: %s", why.text);
    return core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
  }
  if (header_fits(core, row, header))
    code = row->ours ? check_ours(core, row, header, err) : check_theirs(core, row, header, err);
  if (code == BASE_OK)
    code = check_in_case(core, row, err);
  if (code == BASE_OK)
    code = check_mentions(core, row, header, err);
  if (code == BASE_OK && !dropped)
    code = check_parts(core, row, err);
  if (code == BASE_OK && !dropped)
    code = core_retain_check(core, row, header, err);
  if (code == BASE_OK && dropped)
    code = core_crosscheck_check(core, row, header, NULL, err);
  if (code == BASE_OK)
    code = core_ends_check_message(core, row, err);
  bool refused = !row->ours && row->state == STORE_MESSAGE_REFUSED, erased = false;
  if (code == BASE_OK && dropped && !refused)
    code = check_erased(core, &row->id, &erased, err);
  if (dropped != (row->wrapped_key.size == 0) || dropped != (refused || erased))
    core_check_found(core, CORE_SO_MESSAGE, place, dropped ? "its content is missing" : "it was refused, and yet kept");
  else if (!dropped && row->wrapped_key.size != CORE_WRAPPED)
    core_check_found(core, CORE_SO_MESSAGE, place, "the key of its content has %zu octets instead of %d",
                     row->wrapped_key.size, CORE_WRAPPED);
  else if (!dropped) {
    memcpy(batch->wrapped[batch->keyed], row->wrapped_key.data, CORE_WRAPPED);
    batch->at[batch->keyed++] = batch->count;
  }
  batch->count++;
  return code;
}

static enum base_code open_one(struct core *core, struct batch *batch, size_t i, struct base_error *err) {
  const struct store_message *row = &batch->rows[batch->at[i]];
  struct base_error why = {0};
  enum base_code code = core_key_unwrap(core, row->epoch, row->wrapped_key, &batch->keys[i], &why);
  if (code == BASE_OK)
    return check_part0(core, row, &batch->headers[batch->at[i]], &batch->keys[i], err);
  if (!core_damage(code))
    return base_fail(err, code, "%s", why.text);
  core_check_found(core, CORE_SO_MESSAGE, core_place_message(&row->id), "the key of its content does not unwrap");
  return BASE_OK;
}

static enum base_code open_batch(struct core *core, struct batch *batch, struct base_error *err) {
  bool one_epoch = true;
  for (size_t i = 1; i < batch->keyed; i++)
    one_epoch = one_epoch && batch->rows[batch->at[i]].epoch == batch->rows[batch->at[0]].epoch;
  enum base_code code = BASE_OK;
  struct base_error why = {0};
  bool all = one_epoch && batch->keyed > 0;
  if (all)
    code = core->env.keeper.unwrap(core->env.keeper.context, batch->rows[batch->at[0]].epoch, batch->wrapped,
                                   batch->keyed, batch->keys, &why);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  all = all && code == BASE_OK;
  code = BASE_OK;
  for (size_t i = 0; i < batch->keyed && code == BASE_OK; i++)
    code = all ? check_part0(core, &batch->rows[batch->at[i]], &batch->headers[batch->at[i]], &batch->keys[i], err)
               : open_one(core, batch, i, err);
  return code;
}

enum base_code core_check_messages(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  struct batch *batch = calloc(1, sizeof *batch);
  if (batch == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the check");
  base_arena_init(&batch->arena, 4 * CORE_CHECK_BATCH_BYTES);
  enum base_code code = BASE_OK;
  while (code == BASE_OK && !*done && batch->count < CORE_CHECK_BATCH && batch->arena.used < CORE_CHECK_BATCH_BYTES) {
    int64_t before = check->key;
    code = store_message_next(core->store, &check->key, &batch->arena, &batch->rows[batch->count], err);
    check->budget -= CORE_CHECK_COST_PROVED;
    check->rows++;
    check->total++;
    if (core_check_row(core, "messages", check->key != before, &code, done, err))
      code = check_message(core, batch, err);
  }
  check->budget -= (int)(batch->arena.used >> 13);
  if (code == BASE_OK)
    code = open_batch(core, batch, err);
  batch_free(batch);
  return code;
}
