/* SPDX-License-Identifier: Apache-2.0 */
#include "core/emergency.h"

#include <stdio.h>

#include "core/agreements.h"
#include "core/cases.h"
#include "core/clause.h"
#include "core/events.h"
#include "core/exercise.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/show.h"
#include "core/submit.h"
#include "law/emergency.h"

/* --- what a person asks for */

enum { MAY = 1U << LINK_PERSON_LIAISON | 1U << LINK_PERSON_SUPERVISOR | 1U << LINK_PERSON_OPERATIONS };

static enum base_code check_asker(const struct core *core, struct base_error *err) {
  if ((core_asker(core)->roles & MAY) == 0)
    return base_fail(
        err, BASE_POLICY,
        "emergency: a person who works the cases answers for it (liaison, supervisor or operations), and no "
        "program: ask one of them to send it");
  if (core_actor(core).size == 0)
    return base_fail(err, BASE_POLICY, "emergency: a named person answers for it, and none is named");
  return BASE_OK;
}

enum base_code core_emergency_read(const struct core *core, const struct wire_json *request, struct core_emergency *out,
                                   struct base_error *err) {
  const struct wire_json *member = wire_json_get(request, "emergency");
  struct wire_object object;
  *out = (struct core_emergency){0};
  if (member == NULL)
    return BASE_OK;
  wire_object_begin(&object, member, "request", "$.emergency");
  struct core_emergency asked = {.ground = wire_object_text(&object, "ground", WIRE_CODE_MAX, true)};
  asked.reason = wire_object_text(&object, "reason", CORE_EMERGENCY_TEXT_MAX, true);
  enum base_code code = wire_object_end(&object, err);
  if (code == BASE_OK && !law_emergency_known(asked.ground))
    code =
        base_fail(err, BASE_FIELD, "emergency: the ground is vital_interests, immediate_threat or essential_interests");
  if (code == BASE_OK && wire_prose_blank(asked.reason))
    code = base_fail(err, BASE_FIELD, "emergency: say the reason; the other side reads it");
  if (code == BASE_OK)
    code = core_request_prose(asked.reason, "emergency: reason", err);
  if (code == BASE_OK)
    code = check_asker(core, err);
  if (code == BASE_OK)
    *out = asked;
  return code;
}

/* --- what is told */

enum base_code core_emergency_notice(struct core *core, struct base_view actor, const struct core_emergency *emergency,
                                     const struct base_id *message, bool exercise,
                                     const struct core_partner *const *to, size_t count,
                                     struct base_id *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  core_submit_begin(&writer, &document, WIRE_KIND_EMERGENCY, exercise, to, count);
  wire_write_member_id(&writer, "message", message);
  wire_write_member_text(&writer, "ground", emergency->ground);
  wire_write_member_text(&writer, "officer", core_actor_plain(actor));
  wire_write_member_text(&writer, "reason", emergency->reason);
  return core_submit_end(core, actor, &writer, "the notice of an emergency", out, err);
}

/* A leaf, a line of the log and an event, so that whoever watches at night sees it. */
static enum base_code write_leaf(struct core *core, struct wire_opening *opening, const struct base_id *case_id,
                                 const struct core_partner *partner, struct base_error *err) {
  struct core_leaf leaf;
  struct base_view from = wire_origin_name(opening->from), to = wire_origin_name(opening->to);
  bool exercise = false;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_EMERGENCY, opening, &leaf, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  code = core_exercise_of_case(core, case_id, &exercise, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  base_log(BASE_LOG_WARNING, "law.emergency", "%smessage %s from %.*s to %.*s goes without a row: %.*s",
           core_exercise_word(exercise), base_id_text(&opening->message).text, (int)from.size, (const char *)from.data,
           (int)to.size, (const char *)to.data, (int)opening->subject.size, (const char *)opening->subject.data);
  core_event_emergency(core, partner, &opening->message, case_id);
  return BASE_OK;
}

enum base_code core_emergency_sent(struct core *core, struct base_view actor, const struct base_id *message,
                                   const struct base_id *case_id, const struct core_partner *to,
                                   struct base_view clause, struct base_error *err) {
  struct wire_opening opening = {.has_message = true,
                                 .message = *message,
                                 .from = core->card.origin,
                                 .actor = actor,
                                 .to = to->card.origin,
                                 .subject = law_emergency_ground(clause)};
  return opening.subject.size == 0 ? BASE_OK : write_leaf(core, &opening, case_id, to, err);
}

/* What the sender's leaf says of it, which its proof binds him to. */
static struct base_view ground_of(const struct store_arrival *arrival, struct base_arena *arena) {
  struct wire_opening sent = {0};
  bool read = !arrival->voided && wire_opening_parse(WIRE_ACT_SENT, arrival->opening, arena, &sent, NULL) == BASE_OK;
  return read ? law_emergency_ground(sent.clause) : (struct base_view){0};
}

enum base_code core_emergency_arrived(struct core *core, const struct store_arrival *arrival,
                                      const struct base_id *case_id, bool *emergency, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_partner *partner = core_partner_numbered(core, arrival->partner);
  struct wire_opening opening = {.has_message = true,
                                 .message = arrival->message,
                                 .from = partner->card.origin,
                                 .to = core->card.origin,
                                 .subject = ground_of(arrival, &arena)};
  *emergency = opening.subject.size > 0;
  return *emergency ? write_leaf(core, &opening, case_id, partner, err) : BASE_OK;
}

/* --- the case that tells of it */

enum base_code core_emergency_by_hand(const struct core_kind *kind, const struct wire_kind_type *type,
                                      struct base_error *err) {
  if (!base_view_is(kind->kind.name, WIRE_KIND_EMERGENCY) || type != &kind->kind.types[kind->kind.opening])
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "notice: the node itself writes it, with the message that goes: wasl case open or "
                   "send with --emergency");
}

/* Whether law would let it go to all of them now, as what it is. */
static enum base_code check_row(struct core *core, const struct core_content *content, const struct wire_header *notice,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct wire_header *header = &content->header;
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct wire_kind_type *type = kind != NULL ? wire_kind_type_named(&kind->kind, header->type) : NULL;
  struct wire_header opening = *header;
  struct store_message row;
  struct wire_marking marking;
  bool marked = wire_marking_parse(content->part0.handling, &marking);
  enum base_code code = BASE_OK;
  if (type == NULL)
    return base_fail(err, BASE_KIND, "basis: the kind of the message is not shipped any more");
  struct core_law_content asked = {.personal = wire_form_personal(type, header, content->part0.fields),
                                   .level = wire_kind_level(&kind->kind, marked ? &marking : NULL)};
  if (!header->opens) {
    code = store_message_header(core->store, &header->case_id, &arena, &row, err);
    if (code == BASE_OK)
      code = wire_header_parse(row.header, &arena, &opening, err);
  }
  for (size_t i = 0; i < notice->party_count && code == BASE_OK; i++) {
    struct law_answer answer;
    const struct core_partner *to = core_partner_of(core, notice->parties[i]);
    if (to != NULL)
      code = core_law(core, &kind->kind, &opening, header->type, asked, to, &answer, err);
  }
  return code == BASE_LAW ? base_fail_within(err, "basis: row_in_force is not so") : code;
}

/* Whether our recall of it has erased it at this party: asked for, and carried out. */
static enum base_code recalled_from(struct core *core, const struct base_id *message, struct base_view party,
                                    bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_mention mention;
  enum base_code code = BASE_OK;
  *out = false;
  for (int64_t key = INT64_MIN; code == BASE_OK && !*out;) {
    code = core_mention_next(core, message, &key, &arena, &mention, err);
    if (code != BASE_OK || !mention.row.ours || !mention.header.opens ||
        !base_view_is(mention.header.kind, WIRE_KIND_RECALL) || !wire_header_has_party(&mention.header, party))
      continue;
    CORE_AUTO_RECALL struct core_recall recall = {0};
    struct base_id id = mention.row.id;
    code = core_recall_read(core, &id, &recall, err);
    *out = code == BASE_OK && base_view_is(recall.measure, "erase") && recall.answered && !recall.kept;
    code = core_damage(code) ? BASE_OK : code; /* register.check names what is damaged */
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code check_recalled(struct core *core, const struct base_id *message, const struct wire_header *notice,
                                     struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < notice->party_count && code == BASE_OK; i++) {
    struct base_view party = notice->parties[i], name = wire_origin_name(party);
    bool done = base_view_equal(party, core->card.origin);
    if (!done)
      code = recalled_from(core, message, party, &done, err);
    if (code == BASE_OK && !done)
      code = base_fail(err, BASE_POLICY,
                       "basis: recalled is not so: %.*s has not answered yet that it erased it (wasl recall open %s "
                       "--measure erase asks; wasl recall list shows the answers)",
                       (int)name.size, (const char *)name.data, base_id_text(message).text);
  }
  return code;
}

static enum base_code check_basis(struct core *core, const struct base_id *message, const struct wire_header *notice,
                                  struct base_view basis, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  if (base_view_is(basis, "recalled"))
    return check_recalled(core, message, notice, err);
  if (!base_view_is(basis, "row_in_force"))
    return BASE_OK;
  enum base_code code = core_content_read(core, message, &arena, &content, err);
  if (code == BASE_OK && content.dropped)
    code = base_fail(err, BASE_POLICY,
                     "basis: the content of message %s is erased, so that nobody can say which row "
                     "would cover it",
                     base_id_text(message).text);
  if (code == BASE_OK)
    code = check_row(core, &content, notice, err);
  core_content_free(&content);
  return code;
}

enum base_code core_emergency_check(struct core *core, const struct core_case *kase, const struct wire_header *header,
                                    const struct wire_json *fields, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view basis = wire_header_state(header, "basis"), authority = core_request_text(fields, "authority");
  struct wire_header notice;
  struct base_id message;
  if (!base_view_is(header->type, "follow_up"))
    return BASE_OK;
  if (base_view_is(basis, "authority_informed") == wire_prose_blank(authority))
    return base_fail(err, BASE_FIELD, "fields: $.authority: %s",
                     authority.size > 0 ? "goes with the basis authority_informed"
                                        : "say which authority was informed");
  /* Law may load other cases, which may push this one out. */
  enum base_code code = wire_header_copy(kase->messages[0].header, &arena, &notice, err);
  if (code == BASE_OK && base_id_parse(wire_header_state(&notice, "message"), &message))
    code = check_basis(core, &message, &notice, basis, err);
  return code;
}

/* --- shown, checked */

/* The notice of a message by its author; BASE_NOT_FOUND: there is none. */
static enum base_code find_notice(struct core *core, const struct base_id *message, struct base_view author,
                                  struct base_arena *arena, struct core_mention *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    code = core_mention_next(core, message, &key, arena, out, err);
    if (code == BASE_OK && out->header.opens && base_view_is(out->header.kind, WIRE_KIND_EMERGENCY) &&
        base_view_equal(out->header.author, author))
      return BASE_OK;
  }
  return code;
}

enum base_code core_emergency_notice_to(struct core *core, const struct base_id *message,
                                        const struct core_partner *partner, struct base_arena *arena,
                                        struct store_delivery *out, struct base_error *err) {
  struct core_mention notice;
  enum base_code code = find_notice(core, message, core->card.origin, arena, &notice, err);
  struct base_id id = notice.row.id;
  return code == BASE_OK ? store_delivery_get(core->store, &id, partner->row.number, arena, out, err) : code;
}

enum base_code core_emergency_noticed(struct core *core, const struct base_id *message,
                                      const struct core_partner *partner, bool *waits, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_delivery notice;
  *waits = false;
  enum base_code code = core_emergency_notice_to(core, message, partner, &arena, &notice, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && notice.state != STORE_WAITING && notice.state != STORE_RECEIPTED))
    return base_fail(err, BASE_POLICY,
                     "no row covers it, and the notice that tells the partner of the emergency was refused or ended: "
                     "send it again with --emergency");
  *waits = code == BASE_OK && notice.state == STORE_WAITING;
  return code;
}

/* The message that this one of ours is the notice of; BASE_NOT_FOUND: it is none. */
static enum base_code noticed_by(struct core *core, const struct base_id *notice, struct base_id *out,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct wire_header header;
  struct base_id id = *notice;
  enum base_code code = store_message_header(core->store, &id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_NOT_FOUND : code;
  bool is = header.opens && base_view_is(header.kind, WIRE_KIND_EMERGENCY) &&
            base_id_parse(wire_header_state(&header, "message"), out);
  return is ? BASE_OK : BASE_NOT_FOUND;
}

enum base_code core_emergency_alone(struct core *core, const struct store_delivery *delivery, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery told;
  struct base_id message;
  enum base_code code = noticed_by(core, &delivery->message, &message, err);
  if (code == BASE_OK)
    code = store_delivery_get(core->store, &message, delivery->partner, &arena, &told, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  if (told.state != STORE_WAITING && told.state != STORE_RECEIPTED)
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "message %s tells of the emergency transfer of message %s and is not ended alone: wasl outbox end "
                   "%s ends both",
                   base_id_text(&delivery->message).text, base_id_text(&message).text, base_id_text(&message).text);
}

struct ways {
  size_t all, open; /* open: handed over, or still to be */
};

static enum base_code count_way(void *context, const struct store_delivery *row) {
  struct ways *ways = context;
  ways->all++;
  ways->open += row->state == STORE_WAITING || row->state == STORE_RECEIPTED;
  return BASE_OK;
}

enum base_code core_emergency_stays(struct core *core, const struct base_id *message, const char *verb,
                                    struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct base_id named;
  struct ways ways = {0};
  enum base_code code = noticed_by(core, message, &named, err);
  if (code == BASE_OK)
    code = store_case_get(core->store, message, &arena, &row, err);
  if (code == BASE_OK)
    code = store_delivery_each(core->store, message, false, 0, count_way, &ways, err);
  bool ended = ways.all > 0 && ways.open == 0; /* nobody ever had it */
  if (code != BASE_OK || ended || !base_view_is(row.state, "open"))
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  return base_fail(err, BASE_POLICY,
                   "message %s tells of an emergency transfer that is not followed up yet, and is not %s before: its "
                   "sender follows it up with wasl emergency resolve",
                   base_id_text(message).text, verb);
}

enum base_code core_emergency_show(struct core *core, struct wire_writer *writer, const struct base_id *message,
                                   struct base_view author, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  const struct core_partner *partner = core_partner_of(core, author);
  struct store_arrival arrival;
  struct core_mention notice;
  struct base_view ground = {0};
  struct store_case row = {0};
  wire_write_key(writer, "emergency");
  enum base_code code = find_notice(core, message, author, &arena, &notice, err);
  bool told = code == BASE_OK;
  if (told && partner == NULL)
    ground = wire_header_state(&notice.header, "ground");
  if (told)
    code = store_case_get(core->store, &notice.row.id, &arena, &row, err);
  if ((code == BASE_OK || code == BASE_NOT_FOUND) && partner != NULL) {
    code = store_arrival_of(core->store, message, partner->row.number, &arena, &arrival, err);
    if (code == BASE_OK)
      ground = ground_of(&arrival, &arena);
  }
  if (ground.size == 0 || (code != BASE_OK && code != BASE_NOT_FOUND)) {
    wire_write_null(writer);
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  }
  wire_write_object(writer);
  wire_write_member_text(writer, "ground", ground);
  wire_write_key(writer, "case");
  if (told)
    wire_write_string(writer, base_id_text(&notice.row.id).text);
  else
    wire_write_null(writer);
  core_show_text(writer, "state", row.state);
  wire_write_end(writer, '}');
  return BASE_OK;
}

enum base_code core_emergency_fits(struct core *core, const struct wire_opening *opening, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  bool ours = base_view_equal(opening->from, core->card.origin);
  const struct core_partner *partner = core_partner_of(core, ours ? opening->to : opening->from);
  struct store_delivery delivery;
  struct store_arrival arrival;
  struct base_view ground = {0}, clause = {0};
  enum base_code code =
      partner == NULL ? BASE_NOT_FOUND
      : ours          ? store_delivery_get(core->store, &opening->message, partner->row.number, &arena, &delivery, err)
                      : store_arrival_of(core->store, &opening->message, partner->row.number, &arena, &arrival, err);
  if (code == BASE_OK && ours)
    code = core_delivery_clause(core, partner, &delivery, &arena, &clause, err);
  if (code == BASE_OK)
    ground = ours ? law_emergency_ground(clause) : ground_of(&arrival, &arena);
  if (code != BASE_OK && !core_damage(code))
    return code;
  return code == BASE_OK && base_view_equal(ground, opening->subject)
             ? BASE_OK
             : base_fail(err, BASE_CONFLICT, "it says that message %s went as an emergency, and no sent leaf does",
                         base_id_text(&opening->message).text);
}
