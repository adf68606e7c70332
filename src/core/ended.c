/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agreements.h"
#include "core/cases.h"
#include "core/clause.h"
#include "core/emergency.h"
#include "core/events.h"
#include "core/exchange.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/submit.h"
#include "law/emergency.h"

/* A message is ended, by an officer or because law says no at its hand-over: a voided leaf stands for its number. */

/* The notice of an emergency that does not go any more: while it waits, too, nothing of both went. */
static enum base_code end_notice(struct core *core, struct core_partner *partner, const struct store_delivery *delivery,
                                 struct base_view reason, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_delivery notice;
  struct base_view clause;
  struct base_error damaged = {0};
  enum base_code code = core_delivery_clause(core, partner, delivery, &arena, &clause, &damaged);
  if (code != BASE_OK || law_emergency_ground(clause).size == 0) /* of one that is damaged nothing is known; register.check names it */
    return BASE_OK;
  code = core_emergency_notice_to(core, &delivery->message, partner, &arena, &notice, err);
  if (code == BASE_OK && notice.state == STORE_WAITING)
    return core_delivery_void(core, partner, &notice, STORE_ENDED, reason, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_delivery_void(struct core *core, struct core_partner *partner, struct store_delivery *delivery,
                                  enum store_delivery_state state, struct base_view reason, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf sent;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_leaf_get(core->store, delivery->sent_index, &arena, &sent, err);
  if (code != BASE_OK)
    return code;
  struct wire_opening opening = {.has_message = true,
                                 .message = delivery->message,
                                 .from = core->card.origin,
                                 .to = partner->card.origin,
                                 .number = delivery->number,
                                 .previous = seal_sha256(sent.entry),
                                 .reason = reason};
  struct core_leaf leaf;
  code = core_register_add(core, WIRE_ACT_VOIDED, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  delivery->state = state;
  delivery->reason = reason;
  delivery->voided_index = leaf.index;
  delivery->voided_told = false;
  partner->maybe = true;
  if (partner->handed >= delivery->number)
    partner->handed = delivery->number - 1;
  core_transfer_end(partner, &delivery->message);
  code = store_delivery_update(core->store, delivery, err);
  core_event_delivery(core, partner, delivery);
  /* One that may have arrived, its receipt lost, stays until the partner answers. */
  if (code == BASE_OK && delivery->number > partner->shipped)
    code = core_case_withdraw(core, &delivery->message, partner->row.number, err);
  if (code == BASE_OK)
    code = core_agreement_touched(core, &delivery->case_id, err);
  if (code == BASE_OK)
    code = end_notice(core, partner, delivery, reason, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

struct ending {
  struct core *core;
  struct base_view only; /* a partner's name, or all */
  size_t count;
  struct store_delivery found[WIRE_PARTIES_MAX];
};

static enum base_code ending_collect(void *context, const struct store_delivery *row) {
  struct ending *ending = context;
  struct core_partner *partner = core_partner_numbered(ending->core, row->partner);
  bool wanted = partner != NULL && (ending->only.size == 0 || base_view_equal(partner->card.name, ending->only));
  if (wanted && row->state == STORE_WAITING && ending->count < WIRE_PARTIES_MAX) {
    ending->found[ending->count] = *row;
    struct store_delivery *found = &ending->found[ending->count++];
    found->reason = found->leaf = found->opening = found->proof = (struct base_view){0}; /* end with this call */
  }
  return BASE_OK;
}

static enum base_code end_all(struct core *core, struct ending *ending, struct base_view actor, struct base_view reason,
                              struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < ending->count && code == BASE_OK; i++) {
    struct core_partner *partner = core_partner_numbered(core, ending->found[i].partner);
    struct wire_opening opening = {.has_message = true,
                                   .message = ending->found[i].message,
                                   .actor = actor,
                                   .to = partner->card.origin,
                                   .reason = reason};
    code = core_write(core, err);
    if (code == BASE_OK)
      code = core_register_add(core, WIRE_ACT_ENDED, &opening, NULL, err);
    if (code == BASE_OK)
      code = core_delivery_void(core, partner, &ending->found[i], STORE_ENDED, reason, err);
  }
  return code;
}

/* What others must be told is not ended; but for one that is damaged, which would hold up the line for good. */
static enum base_code may_end(struct core *core, const struct store_delivery *delivery, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct base_error damaged = {0};
  enum base_code code = core_content_read(core, &delivery->message, &arena, &content, &damaged);
  core_content_free(&content);
  if (core_damage(code))
    return BASE_OK;
  code = core_emergency_alone(core, delivery, err);
  return code == BASE_OK ? core_recall_stays(core, delivery, err) : code;
}

void core_outbox_end(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id;
  struct ending ending = {.core = core, .only = core_request_text(request, "to")};
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", "message", &id, &err);
  if (code == BASE_OK)
    code = core_request_prose(reason, "reason", &err);
  if (code == BASE_OK && (wire_prose_blank(reason) || reason.size > CORE_REASON_MAX))
    code =
        base_fail(&err, BASE_FIELD, "reason: say in 1 to %d bytes why the message is ended; it is kept in the register",
                  CORE_REASON_MAX);
  if (code == BASE_OK)
    code = store_delivery_each(core->store, &id, false, 0, ending_collect, &ending, &err);
  if (code == BASE_OK && ending.count == 0)
    code = base_fail(&err, BASE_NOT_FOUND, "message %s is not waiting for anybody: there is nothing to end",
                     base_id_text(&id).text);
  for (size_t i = 0; i < ending.count && code == BASE_OK; i++)
    code = may_end(core, &ending.found[i], &err);
  for (size_t i = 0; i < ending.count && code == BASE_OK; i++)
    code = core_delivery_confirm(core, core_partner_numbered(core, ending.found[i].partner), &ending.found[i], &err);
  if (code == BASE_OK)
    code = end_all(core, &ending, core_actor(core), reason, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "ended", (int64_t)ending.count);
  wire_write_end(&writer, '}');
}
