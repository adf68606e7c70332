/* SPDX-License-Identifier: Apache-2.0 */
#include "core/transfer.h"

#include "core/clause.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/register.h"
#include "core/show.h"
#include "law/transfer.h"

/* --- what a person asks for */

enum { MAY = 1U << LINK_PERSON_LIAISON | 1U << LINK_PERSON_SUPERVISOR | 1U << LINK_PERSON_OPERATIONS };

static enum base_code check_asker(const struct core *core, struct base_error *err) {
  if ((core_asker(core)->roles & MAY) == 0)
    return base_fail(
        err, BASE_POLICY,
        "derogation: a person who works the cases answers for it (liaison, supervisor or operations), and no "
        "program: ask one of them to send it");
  if (core_actor(core).size == 0)
    return base_fail(err, BASE_POLICY, "derogation: a named person answers for it, and none is named");
  return BASE_OK;
}

enum base_code core_derogation_read(const struct core *core, const struct wire_json *request,
                                    struct core_derogation *out, struct base_error *err) {
  const struct wire_json *member = wire_json_get(request, "derogation");
  struct wire_object object;
  *out = (struct core_derogation){0};
  if (member == NULL)
    return BASE_OK;
  wire_object_begin(&object, member, "request", "$.derogation");
  struct core_derogation asked = {.code = wire_object_text(&object, "code", WIRE_CODE_MAX, true)};
  asked.reason = wire_object_text(&object, "reason", CORE_REASON_MAX, true);
  enum base_code code = wire_object_end(&object, err);
  if (code == BASE_OK && law_derogation(asked.code) == LAW_TRANSFER_NONE)
    code = base_fail(err, BASE_FIELD,
                     "derogation: the code is vital_interests, legitimate_interests, immediate_threat, individual_case or "
                     "legal_claims (article 38(1) of Directive (EU) 2016/680)");
  if (code == BASE_OK && wire_prose_blank(asked.reason))
    code = base_fail(err, BASE_FIELD, "derogation: say the reason; it is kept in the register for the supervisory authority");
  if (code == BASE_OK)
    code = core_request_prose(asked.reason, "derogation: reason", err);
  if (code == BASE_OK && wire_json_get(request, "emergency") != NULL)
    code = base_fail(err, BASE_FIELD,
                     "derogation: goes with no emergency, whose grounds vital_interests and immediate_threat are "
                     "derogations themselves");
  if (code == BASE_OK)
    code = check_asker(core, err);
  if (code == BASE_OK)
    *out = asked;
  return code;
}

/* --- its leaf */

enum base_code core_derogation_write(struct core *core, struct base_view actor,
                                     const struct core_derogation *derogation, const struct base_id *message,
                                     struct base_view clause, struct base_error *err) {
  enum law_transfer basis = law_clause_transfer(clause);
  if (!law_transfer_derogates(basis))
    return BASE_OK;
  struct wire_opening opening = {.has_message = true,
                                 .message = *message,
                                 .actor = actor,
                                 .subject = base_view_text(law_transfer_names[basis]),
                                 .reason = derogation->reason};
  base_log(BASE_LOG_WARNING, "law.derogation", "message %s is to go under a derogation: %s", base_id_text(message).text,
           law_transfer_names[basis]);
  return core_register_add(core, WIRE_ACT_DEROGATION, &opening, NULL, err);
}

/* A leaf of ours with its opening; BASE_NOT_FOUND where there is none. */
static enum base_code read_leaf(struct core *core, uint64_t index, struct base_arena *arena, enum wire_act *act,
                                struct wire_opening *out, struct base_error *err) {
  struct base_view entry, bytes;
  struct wire_leaf leaf;
  *out = (struct wire_opening){0};
  if (index >= core->reg.size)
    return BASE_NOT_FOUND;
  enum base_code code = core_register_read(core, index, arena, &entry, &bytes, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK && bytes.size == 0)
    return BASE_NOT_FOUND;
  if (code == BASE_OK)
    code = wire_opening_parse(leaf.act, bytes, arena, out, err);
  if (code == BASE_OK)
    *act = leaf.act;
  return code;
}

enum base_code core_derogation_after(struct core *core, uint64_t index, const struct base_id *message,
                                     struct base_arena *arena, struct core_derogation *out, struct base_error *err) {
  struct wire_opening opening;
  enum wire_act act = WIRE_ACT_COUNT;
  *out = (struct core_derogation){0};
  enum base_code code = read_leaf(core, index + 1, arena, &act, &opening, err);
  if (code == BASE_OK && act == WIRE_ACT_DEROGATION && base_id_equal(&opening.message, message))
    *out = (struct core_derogation){.code = opening.subject, .reason = opening.reason, .actor = opening.actor};
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code; /* register.check names it */
}

/* --- shown */

void core_derogation_show(const struct core *core, struct wire_writer *writer, const struct core_derogation *derogation) {
  wire_write_key(writer, "derogation");
  if (derogation->code.size == 0) {
    wire_write_null(writer);
    return;
  }
  wire_write_object(writer);
  wire_write_member_text(writer, "code", derogation->code);
  core_show_words(core, writer, "reason", derogation->reason);
  wire_write_end(writer, '}');
}

static enum base_code show_one(struct core *core, struct wire_writer *writer, struct base_view to, struct base_view clause,
                               const struct core_derogation *derogation, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_row under;
  enum law_transfer basis = law_clause_transfer(clause);
  if (basis == LAW_TRANSFER_NONE)
    return BASE_OK;
  enum base_code code = core_clause_find(core, clause, &arena, &under, err);
  if (code != BASE_OK)
    return code;
  bool of_row = under.row != NULL && !law_transfer_derogates(basis);
  wire_write_object(writer);
  wire_write_member_text(writer, "to", to);
  wire_write_member_string(writer, "basis", law_transfer_names[basis]);
  core_show_words(core, writer, "reference", of_row ? under.row->transfer_reference : (struct base_view){0});
  core_show_assurances(writer, under.row != NULL ? under.row->assurances : 0);
  core_show_text(writer, "by", derogation->actor);
  core_show_text(writer, "reason", derogation->reason);
  wire_write_end(writer, '}');
  return BASE_OK;
}

struct showing {
  struct core *core;
  struct wire_writer *writer;
  struct base_error *err;
};

static enum base_code show_delivery(void *context, const struct store_delivery *delivery) {
  struct showing *showing = context;
  struct core *core = showing->core;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view clause;
  struct core_derogation derogation = {0};
  const struct core_partner *partner = core_partner_numbered(core, delivery->partner);
  if (partner == NULL)
    return BASE_OK;
  enum base_code code = core_delivery_clause(core, partner, delivery, &arena, &clause, showing->err);
  if (code == BASE_OK && law_transfer_derogates(law_clause_transfer(clause)))
    code = core_derogation_after(core, delivery->sent_index, &delivery->message, &arena, &derogation, showing->err);
  if (code == BASE_OK)
    code = show_one(core, showing->writer, partner->card.name, clause, &derogation, showing->err);
  return core_damage(code) ? BASE_OK : code; /* register.check names it */
}

enum base_code core_transfer_show(struct core *core, struct wire_writer *writer, const struct base_id *message,
                                  struct base_view author, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct showing showing = {.core = core, .writer = writer, .err = err};
  struct core_row under;
  struct core_derogation untold = {0};
  enum base_code code;
  wire_write_key(writer, "transfers");
  wire_write_array(writer);
  if (base_view_equal(author, core->card.origin)) {
    code = store_delivery_each(core->store, message, false, 0, show_delivery, &showing, err);
  } else {
    code = core_clause_row(core, message, author, &arena, &under, err);
    if (code == BASE_OK)
      code = show_one(core, writer, core->card.name, under.clause, &untold, err);
  }
  wire_write_end(writer, ']');
  return code;
}

/* --- checked */

enum base_code core_derogation_fits(struct core *core, uint64_t index, enum wire_act act,
                                    const struct wire_opening *opening, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_opening before;
  struct core_derogation after;
  enum wire_act what = WIRE_ACT_COUNT;
  enum base_code code;
  if (act == WIRE_ACT_SENT) {
    enum law_transfer basis = law_clause_transfer(opening->clause);
    code = law_transfer_derogates(basis) ? core_derogation_after(core, index, &opening->message, &arena, &after, err)
                                         : BASE_NOT_FOUND;
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? BASE_OK : code;
    return base_view_is(after.code, law_transfer_names[basis])
               ? BASE_OK
               : base_fail(err, BASE_CONFLICT, "message %s went under a derogation, and no leaf after it says by whom and why",
                           base_id_text(&opening->message).text);
  }
  code = index > 0 ? read_leaf(core, index - 1, &arena, &what, &before, err) : BASE_NOT_FOUND;
  if (code != BASE_OK && code != BASE_NOT_FOUND && !core_damage(code))
    return code;
  bool same = code == BASE_OK && before.has_message && base_id_equal(&before.message, &opening->message);
  bool sent = what == WIRE_ACT_SENT &&
              base_view_is(opening->subject, law_transfer_names[law_clause_transfer(before.clause)]);
  return same && (sent || what == WIRE_ACT_HELD)
             ? BASE_OK
             : base_fail(err, BASE_CONFLICT, "it says that message %s goes under a derogation, and the leaf before it does not",
                         base_id_text(&opening->message).text);
}
