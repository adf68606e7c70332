/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/check.h"
#include "core/emergency.h"
#include "core/erase.h"
#include "core/exchange.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/register.h"
#include "core/review.h"
#include "core/stix.h"

/* A message's content is erased: leaf, row and the end of the content in one step; then the keeper retires the key, so
 * that no older copy of this database opens it, and only then the person is answered. What was cut off in between
 * stands in the row as untold and is done at the next start. Header, leaves, receipts and the case's state stay. */

static const char list_fact[] = "erasures"; /* how far the keeper's list is done here, and its mark there */

bool core_message_dropped(const struct store_message *row) {
  return row->wrapped_key.size == 0;
}

/* --- as it is written down */

static enum base_code load_list(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  core->erasing.listed = 0;
  core->erasing.has_list = false;
  enum base_code code = store_fact_get(core->store, list_fact, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  uint64_t listed = base_read_u64(&reader);
  struct base_view mark = base_read_bytes(&reader, WIRE_KEEPER_MARK);
  if (base_reader_end(&reader, list_fact, err) != BASE_OK) {
    base_log(BASE_LOG_ERROR, "fact.damaged", "%s: %s; the keeper's list is read from its beginning", list_fact,
             err->text);
    return BASE_OK;
  }
  core->erasing.listed = listed;
  core->erasing.has_list = true;
  memcpy(core->erasing.mark.bytes, mark.data, mark.size);
  return BASE_OK;
}

enum base_code core_erase_list_save(struct core *core, uint64_t listed, const struct wire_keeper_mark *mark,
                                    struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  base_buf_u64(&fact, listed);
  base_buf_add(&fact, mark->bytes, sizeof mark->bytes);
  enum base_code code = store_fact_set(core->store, list_fact, base_buf_view(&fact), err);
  if (code != BASE_OK)
    return code;
  core->erasing.listed = listed;
  core->erasing.mark = *mark;
  core->erasing.has_list = true;
  return BASE_OK;
}

enum base_code core_erase_load(struct core *core, struct base_error *err) {
  enum base_code code = load_list(core, err);
  core->erasing.untold = 0;
  core->erasing.not_before_ms = 0;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_erasure row;
    code = store_erasure_next(core->store, STORE_ERASURES_UNTOLD, &key, &arena, &row, err);
    core->erasing.untold += code == BASE_OK;
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_erase_leaf(struct core *core, uint64_t index, enum wire_act act, struct base_arena *arena,
                               base_time *at, struct wire_opening *out, struct base_error *err) {
  struct base_view entry, text;
  struct wire_leaf leaf;
  *out = (struct wire_opening){0};
  enum base_code code = core_register_read(core, index, arena, &entry, &text, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK)
    *at = leaf.time;
  if (code == BASE_OK && text.size > 0)
    code = wire_opening_parse(act, text, arena, out, err);
  if (code != BASE_OK)
    *out = (struct wire_opening){0};
  return core_damage(code) ? BASE_OK : code; /* register.check names it */
}

enum base_code core_erase_read(struct core *core, const struct base_id *message, struct base_arena *arena,
                               struct core_erasure *out, struct base_error *err) {
  struct store_erasure row;
  struct wire_opening opening;
  *out = (struct core_erasure){0};
  enum base_code code = store_erasure_get(core->store, message, arena, &row, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && row.leaf == 0))
    return BASE_OK;
  if (code != BASE_OK)
    return code;
  *out = (struct core_erasure){.there = true, .elsewhere = row.elsewhere, .leaf = row.leaf};
  code = core_erase_leaf(core, row.leaf, WIRE_ACT_ERASED, arena, &out->at, &opening, err);
  out->actor = opening.actor;
  out->reason = opening.reason;
  return code;
}

enum base_code core_erase_say(struct core *core, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_erasure erasure;
  enum base_code code = core_erase_read(core, message, &arena, &erasure, err);
  if (code != BASE_OK)
    return code;
  if (!erasure.there)
    return base_fail(err, BASE_NOT_FOUND, "the content of message %s is not here (any more)",
                     base_id_text(message).text);
  return base_fail(err, BASE_NOT_FOUND, "the content of message %s was erased on %s by %.*s: %.*s",
                   base_id_text(message).text, base_time_format(erasure.at).text,
                   (int)(erasure.actor.size > 0 ? erasure.actor.size : 9),
                   erasure.actor.size > 0 ? (const char *)erasure.actor.data : "this node", (int)erasure.reason.size,
                   (const char *)erasure.reason.data);
}

/* --- the step */

/* Keys of it that memory holds, and what is on its way. */
static void forget(struct core *core, const struct base_id *id) {
  struct core_fresh *fresh = &core->fresh[(id->bytes[0] << 8 | id->bytes[1]) % CORE_KEYS_FRESH];
  if (base_id_equal(&fresh->id, id))
    base_wipe(fresh, sizeof *fresh);
  if (core->reading.used && base_id_equal(&core->reading.message, id))
    core_reading_end(core);
  if (core->check != NULL && core->check->file.hasher != NULL && base_id_equal(&core->check->file.message, id))
    core_check_file_end(core->check);
  for (size_t i = 0; i < core->partner_count; i++)
    core_transfer_end(core->partners[i], id);
}

/* A partner whose register lost leaves may be taking it again just now: what is left of it goes to him anew. */
static enum base_code hand_over_again(void *context, const struct store_delivery *row) {
  struct core *core = context;
  struct core_partner *partner = core_partner_numbered(core, row->partner);
  struct wire_frame pending = {.message = row->message};
  struct base_error none = {0}; /* without memory he asks for its parts once more, and gets it then */
  if (partner != NULL && row->number <= partner->renewed.again_to)
    (void)(core_transfer_set(partner, &pending, &none) == BASE_OK);
  return BASE_OK;
}

enum base_code core_erase_write(struct core *core, const struct store_message *row, struct base_view actor,
                                struct base_view reason, bool elsewhere, struct base_error *err) {
  /* its certificate carries this opening to the author */
  struct wire_opening opening = {
      .has_message = true, .message = row->id, .actor = core_actor_plain(actor), .reason = reason};
  bool keyed = row->wrapped_key.size == CORE_WRAPPED;
  struct store_erasure erasure = {.message = row->id,
                                  .elsewhere = elsewhere,
                                  .untold = !elsewhere,
                                  .epoch = keyed && !elsewhere ? row->epoch : 0,
                                  .wrapped = keyed && !elsewhere ? row->wrapped_key : (struct base_view){0}};
  struct core_leaf leaf;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_ERASED, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  erasure.leaf = leaf.index;
  code = store_erasure_put(core->store, &erasure, err);
  forget(core, &row->id);
  if (code == BASE_OK)
    code = core_parts_drop(core, &row->id, row->part_count, err);
  if (code == BASE_OK)
    code = core_stix_drop(core, &row->id, err);
  if (code == BASE_OK)
    code = store_message_drop_content(core->store, &row->id, err);
  if (code == BASE_OK)
    code = core_review_erased(core, &row->case_id, err);
  if (code == BASE_OK && row->ours)
    code = store_delivery_each(core->store, &row->id, false, 0, hand_over_again, core, err);
  core->erasing.untold += erasure.untold;
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- the keeper is told */

struct telling {
  size_t count;
  struct wire_keeper_erased list[CORE_ERASE_STEP];
};

static enum base_code collect(struct core *core, struct telling *telling, struct base_error *err) {
  int64_t key = INT64_MIN;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && telling->count < CORE_ERASE_STEP) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_erasure row;
    code = store_erasure_next(core->store, STORE_ERASURES_UNTOLD, &key, &arena, &row, err);
    if (code != BASE_OK)
      continue;
    struct wire_keeper_erased *erased = &telling->list[telling->count++];
    *erased = (struct wire_keeper_erased){.message = row.message};
    if (row.wrapped.size == sizeof erased->wrapped) {
      erased->epoch = row.epoch;
      memcpy(erased->wrapped, row.wrapped.data, sizeof erased->wrapped);
    }
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* In a transaction of its own, behind the step. When it fails the keeper is told the same again, which harms nothing.
 */
static enum base_code told(struct core *core, const struct telling *telling, const struct wire_keeper_retired *retired,
                           struct base_error *err) {
  enum base_code code = store_begin(core->store, err);
  for (size_t i = 0; i < telling->count && code == BASE_OK; i++)
    code = store_erasure_told(core->store, &telling->list[i].message, err);
  if (code == BASE_OK)
    code = core_erase_list_save(core, retired->total, &retired->mark, err);
  if (code == BASE_OK)
    code = store_commit(core->store, err);
  if (code != BASE_OK)
    store_rollback(core->store);
  return code;
}

static enum base_code tell_some(struct core *core, struct base_error *err) {
  struct telling telling = {0};
  struct wire_keeper_retired retired;
  enum base_code code = collect(core, &telling, err);
  if (code == BASE_OK)
    code = core->env.keeper.retire(core->env.keeper.context, telling.list, telling.count, &retired, err);
  if (code == BASE_OK && retired.unopened > 0)
    base_log(BASE_LOG_WARNING, "erase.key",
             "the keys of %u erased messages do not open, so the keeper knows these by their ids alone",
             (unsigned)retired.unopened);
  if (code == BASE_OK)
    code = told(core, &telling, &retired, err);
  if (code == BASE_OK)
    core->erasing.untold = telling.count < core->erasing.untold ? core->erasing.untold - telling.count : 0;
  if (code == BASE_OK && telling.count == 0)
    core->erasing.untold = 0;
  return code;
}

static bool may_pass(enum base_code code) {
  return code == BASE_DISK_FULL || code == BASE_TOO_LARGE || code == BASE_MEMORY;
}

enum base_code core_erase_tell(struct core *core, struct base_error *err) {
  struct base_error why = {0};
  enum base_code code = BASE_OK;
  if (core->erasing.untold == 0 || core->erasing.not_before_ms > core_now_ms(core))
    return BASE_OK;
  while (code == BASE_OK && core->erasing.untold > 0)
    code = tell_some(core, &why);
  if (code == BASE_OK)
    return BASE_OK;
  if (!may_pass(code)) {
    *err = why;
    return code;
  }
  core->erasing.not_before_ms = core_now_ms(core) + CORE_ERASE_AGAIN_MS;
  base_log(BASE_LOG_ERROR, "erase.untold", "what was erased is not known to the keeper yet: %s", why.text);
  for (struct core_reply *reply = core->replies; reply != NULL; reply = reply->next)
    if (reply->erases)
      core_reply_fail(reply, code,
                      "the content is erased here, but the keeper could not note it (%.200s): until it can, which is "
                      "tried again every %d s, an older copy of the database could still show it",
                      why.text, CORE_ERASE_AGAIN_MS / 1000);
  return BASE_OK;
}

int64_t core_erase_due_ms(const struct core *core) {
  int64_t left = core->erasing.not_before_ms - core_now_ms(core);
  return core->erasing.untold == 0 ? -1 : left < 0 ? 0 : left;
}

/* --- a person erases */

static enum base_code open_way(void *context, const struct store_delivery *row) {
  bool *open = context;
  *open = *open || row->state == STORE_WAITING;
  return BASE_OK;
}

enum base_code core_erase_may(struct core *core, const struct store_message *row, const struct wire_header *header,
                              struct base_error *err) {
  struct base_hex_text id = base_id_text(&row->id);
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  bool open = false;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_erasure erasure;
  enum base_code code = core_erase_read(core, &row->id, &arena, &erasure, err);
  if (code != BASE_OK)
    return code;
  if (erasure.there) {
    struct base_error said = {0};
    code = core_erase_say(core, &row->id, &said);
    return base_fail(err, code == BASE_NOT_FOUND ? BASE_CONFLICT : code, "%s", said.text);
  }
  if (core_message_dropped(row))
    return base_fail(err, BASE_CONFLICT, "message %s was refused: its content is not here", id.text);
  if (row->state == STORE_MESSAGE_DRAFT)
    return base_fail(err, BASE_CONFLICT,
                     "message %s waits for its release by a second person: refuse or withdraw that (wasl release list)",
                     id.text);
  if (row->state == STORE_MESSAGE_PENDING)
    return base_fail(err, BASE_CONFLICT, "message %s is still arriving: it can be erased when it is complete", id.text);
  if (kind != NULL && (base_view_is(kind->kind.name, WIRE_KIND_ERASURE) ||
                       (core_kind_recall(kind) && base_view_is(header->type, "certificate"))))
    return base_fail(err, BASE_POLICY, "message %s is a certificate of erasure: it proves what was done, and stays", id.text);
  if (kind != NULL && core_kind_agreement(&kind->kind))
    return base_fail(err, BASE_POLICY,
                     "message %s belongs to an agreement: it is the legal basis of what was exchanged, and stays",
                     id.text);
  code = core_emergency_stays(core, &row->id, "erased", err);
  if (code == BASE_OK)
    code = store_delivery_each(core->store, &row->id, false, 0, open_way, &open, err);
  if (code == BASE_OK && open)
    code = base_fail(
        err, BASE_CONFLICT,
        "message %s is still waiting or under way: wait for its receipt, or end it first (wasl outbox end)", id.text);
  if (code == BASE_OK && core->erasing.listed + core->erasing.untold >= WIRE_KEEPER_ERASED_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "the keeper remembers %d erasures and has no room for another",
                     WIRE_KEEPER_ERASED_MAX);
  return code;
}

void core_message_erase(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct base_id id;
  struct store_message row;
  struct wire_header header;
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", "message", &id, &err);
  if (code == BASE_OK)
    code = core_readers_erase(core, &id, &err);
  if (code == BASE_OK)
    code = core_request_prose(reason, "reason", &err);
  if (code == BASE_OK && (wire_prose_blank(reason) || reason.size > CORE_REASON_MAX))
    code = base_fail(&err, BASE_FIELD,
                     "reason: say in 1 to %d bytes why the content is erased; it is kept in the register",
                     CORE_REASON_MAX);
  if (code == BASE_OK)
    code = store_message_get(core->store, &id, &arena, &row, &err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, &err);
  if (code == BASE_OK)
    code = core_erase_may(core, &row, &header, &err);
  if (code == BASE_OK)
    code = core_erase_write(core, &row, core_actor(core), reason, false, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct core_reply *reply = core_reply(core, token, BASE_OK);
  struct wire_writer writer;
  reply->erases = true;
  wire_writer_init(&writer, &reply->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_integer(&writer, "parts", row.part_count);
  wire_write_member_integer(&writer, "leaf", (int64_t)core->reg.size - 1);
  wire_write_end(&writer, '}');
}
