/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agreements.h"
#include "core/behind.h"
#include "core/cases.h"
#include "core/clear.h"
#include "core/dated.h"
#include "core/emergency.h"
#include "core/certified.h"
#include "core/erase.h"
#include "core/exchange.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/parts.h"

/* What becomes of a message that arrived: admitted with a receipt, refused with a reason (receipt.c), or pending until its
 * parts and those it follows are here. */

/* Whether a message that is not here never will be: a party of the case ended it for us (nobody else has anything to
 * end there), or this author's own was refused without being kept. */
static bool never_comes(struct core *core, const struct wire_header *header, const struct base_id *id,
                        struct base_error *why) {
  for (size_t i = 0; i < header->party_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct core_partner *party = core_partner_of(core, header->parties[i]);
    struct store_arrival arrival;
    if (party == NULL || store_arrival_of(core->store, id, party->row.number, &arena, &arrival, NULL) != BASE_OK ||
        !(arrival.voided || (arrival.refused && base_view_equal(header->parties[i], header->author))))
      continue;
    (void)base_fail(why, BASE_POLICY, "it follows message %s, which was %s", base_id_text(id).text,
                    arrival.voided ? "ended" : "refused");
    return true;
  }
  return false;
}

/* Whether everything that the message follows is here. missing: how many are not; a refused one refuses it. */
static enum base_code check_follows(struct core *core, const struct wire_header *header, const struct base_id *id,
                                    size_t *missing, bool remember, struct base_error *why, struct base_error *err) {
  *missing = 0;
  for (size_t i = 0; i < header->follow_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct store_message row;
    enum base_code code = store_message_get(core->store, &header->follows[i], &arena, &row, err);
    if (code == BASE_NOT_FOUND) {
      if (never_comes(core, header, &header->follows[i], why))
        return why->code;
    } else if (code != BASE_OK) {
      if (!core_damage(code))
        return code; /* one that cannot be read here is waited for like one that is missing */
    } else if (row.state == STORE_MESSAGE_REFUSED) {
      return base_fail(why, BASE_POLICY, "it follows message %s, which was refused",
                       base_id_text(&header->follows[i]).text);
    } else if (!base_id_equal(&row.case_id, &header->case_id)) {
      return base_fail(why, BASE_FIELD, "it follows message %s of another case",
                       base_id_text(&header->follows[i]).text);
    } else if (row.state == STORE_MESSAGE_HELD) {
      continue;
    }
    (*missing)++;
    if (remember) {
      code = core_write(core, err);
      if (code == BASE_OK)
        code = store_message_wait(core->store, id, &header->follows[i], err);
      if (code != BASE_OK)
        return core_lose(core, code, err);
    }
  }
  return BASE_OK;
}

static enum base_code flag_equivocation(struct core *core, const struct wire_header *header, struct base_view bytes,
                                        const struct base_id *case_id, struct base_error *err) {
  struct core_partner *author = core_partner_of(core, header->author);
  struct base_error fault = {0};
  (void)base_fail(&fault, BASE_EQUIVOCATION, "case %s: two successors of one message by one author",
                  base_id_text(case_id).text);
  return author == NULL ? BASE_OK : core_partner_fault(core, author, &fault, bytes, err);
}

/* Whether the message has a place in its case. What its author should have known refuses it: were the case computed
 * with it, a partner could have every step of ours taken back. */
static enum base_code check_place(const struct core_case *kase, const struct core_kind *kind,
                                  const struct wire_header *header, struct base_error *why) {
  if (kase->kind != kind)
    return base_fail(why, BASE_KIND, "the case is of another kind");
  if (kase->count > 0 && !wire_header_has_party(kase->messages[0].header, header->author))
    return base_fail(why, BASE_NOT_PARTY, "%.*s is not a party of the case", (int)header->author.size,
                     (const char *)header->author.data);
  if (kase->count > 0 && core_exercise_fits(header, kase->messages[0].header->exercise, why) != BASE_OK)
    return why->code;
  for (size_t i = 0; i < header->follow_count; i++)
    if (core_case_message_of(kase, &header->follows[i]) == NULL)
      return base_fail(why, BASE_POLICY, "it follows message %s, which its receivers did not take",
                       base_id_text(&header->follows[i]).text);
  return core_case_room(kase, why);
}

/* What stands beside the form that its type has is kept with it, and put on record: its author's node lets nobody write that. */
static enum base_code flag_members(struct core *core, const struct core_case *kase, const struct core_arrived *arrived,
                                   struct core_partner *author, struct base_view bytes, struct base_error *err) {
  const struct wire_kind_type *type = wire_kind_type_named(&kase->kind->kind, arrived->header->type);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct base_error why = {0};
  enum base_code code = BASE_OK;
  if (arrived->part0 == NULL) /* it came before its parts, or without content */
    code = core_content_read(core, &arrived->arrival->message, &arena, &content, err);
  const struct wire_part0 *part0 = arrived->part0 != NULL ? arrived->part0 : &content.part0;
  bool beside = code == BASE_OK && type != NULL && wire_form_check_members(type, part0->fields, &why) != BASE_OK;
  core_content_free(&content);
  if (code != BASE_OK) /* register.check names what is damaged */
    return core_damage(code) ? BASE_OK : core_lose(core, code, err);
  return beside ? core_partner_fault(core, author, &why, bytes, err) : BASE_OK;
}

/* What a partner sends without a legal basis is not undone by refusing it: it is kept, and a leaf says that no
 * agreement known here covers it; or that he sent it as an emergency. */
static enum base_code flag_lawless(struct core *core, const struct core_case *kase, const struct core_arrived *arrived,
                                   struct base_view bytes, struct base_error *err) {
  const struct wire_header *header = arrived->header;
  struct base_error why = {0};
  struct law_answer answer;
  struct core_partner *author = core_partner_of(core, header->author);
  bool emergency = false;
  enum base_code code = core_emergency_arrived(core, arrived->arrival, &kase->id, &emergency, err);
  base_time period = law_period_binds(&kase->kind->kind, header, header->type, kase->state.period.to);
  if (code != BASE_OK || author == NULL)
    return code;
  if (emergency && period == 0) /* of what lasts an emergency is no basis */
    return flag_members(core, kase, arrived, author, bytes, err);
  if (core_law_arrived(core, &kase->kind->kind, kase->messages[0].header, header, period, &answer, &why) == BASE_OK) {
    why = (struct base_error){0};
    code = core_law_under(core, &kase->kind->kind, arrived, &why, err);
    if (code != BASE_OK)
      return core_lose(core, code, err);
    if (why.code == BASE_OK)
      return flag_members(core, kase, arrived, author, bytes, err);
  }
  return core_partner_fault(core, author, &why, bytes, err);
}

/* Everything is here: the message takes effect and is receipted. */
static enum base_code admit(struct core *core, struct core_give *give, const struct core_arrived *arrived,
                            const struct store_message *row, struct base_error *err) {
  const struct store_arrival *arrival = arrived->arrival;
  const struct wire_header *header = arrived->header;
  const struct base_id *id = &arrival->message;
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  struct base_id case_id = header->opens ? *id : header->case_id;
  struct core_case *kase = NULL;
  struct base_error why = {0};
  if (kind == NULL) { /* it was removed while the message waited */
    (void)core_kind_unknown(core, header->kind, &header->kind_hash, &why);
    return core_message_refuse(core, give, arrival, row->part_count, &why, err);
  }
  enum base_code code = header->opens ? core_case_begin(core, id, kind, row->stored, &kase, err)
                                      : core_case_load(core, &case_id, &kase, err);
  if (!header->opens && core_damage(code)) {
    /* What is damaged here is no fault of the message, and no reason to hold up all others: it stays pending. */
    base_log(BASE_LOG_ERROR, "case.damaged", "message %s waits: %s", base_id_text(id).text, err->text);
    return give->partner->row.number == arrival->partner ? core_give_add(give, arrival->number, id, err) : BASE_OK;
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (check_place(kase, kind, header, &why) != BASE_OK)
    return core_message_refuse(core, give, arrival, row->part_count, &why, err);
  bool flagged = kase->state.flagged;
  code = store_message_state_set(core->store, id, STORE_MESSAGE_HELD, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  code = core_case_admit(core, kase, id, header, err);
  if (code == BASE_OK && kase->state.flagged && !flagged)
    code = flag_equivocation(core, header, row->header, &case_id, err);
  if (code == BASE_OK)
    code = core_behind_flag(core, kase, header, row->header, arrival, err);
  if (code == BASE_OK)
    code = core_message_receipt(core, give, arrival, err);
  if (code == BASE_OK)
    code = flag_lawless(core, kase, arrived, row->header, err);
  if (code == BASE_OK)
    code = core_dated_flag(core, kase, header, row, arrival, err);
  if (code == BASE_OK)
    code = core_certificate_arrived(core, kase, id, header, row->header, err);
  if (code == BASE_OK && core_kind_agreement(&kind->kind))
    code = core_agreement_refresh(core, &case_id, err);
  if (code == BASE_OK)
    code = core_give_settle(give, id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* One of our own that came back takes its place in its case, and answers nothing. What does not fit there stays without
 * effect. */
static enum base_code admit_own(struct core *core, struct core_give *give, const struct base_id *id,
                                const struct wire_header *header, const struct store_message *row,
                                struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  struct core_case *kase = NULL;
  struct base_error why = {0};
  enum base_code code = kind == NULL    ? core_kind_unknown(core, header->kind, &header->kind_hash, &why)
                        : header->opens ? core_case_begin(core, id, kind, row->stored, &kase, &why)
                                        : core_case_load(core, &row->case_id, &kase, &why);
  if (code == BASE_OK)
    code = check_place(kase, kind, header, &why);
  if (code != BASE_OK && (core_damage(code) || !core_ours(code))) {
    base_log(BASE_LOG_ERROR, "case.damaged", "message %s, which came back, waits: %s", base_id_text(id).text, why.text);
    return BASE_OK;
  }
  if (code != BASE_OK) {
    *err = why;
    return core_lose(core, code, err);
  }
  code = store_message_state_set(core->store, id, STORE_MESSAGE_HELD, err);
  if (code == BASE_OK)
    code = core_case_admit(core, kase, id, header, err);
  if (code == BASE_OK && core_kind_agreement(&kind->kind))
    code = core_agreement_refresh(core, &row->case_id, err);
  if (code == BASE_OK)
    code = core_give_settle(give, id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_message_awaits(struct core *core, const struct wire_header *header, const struct base_id *id,
                                   struct base_error *err) {
  struct base_error why = {0};
  size_t missing = 0;
  enum base_code code = check_follows(core, header, id, &missing, true, &why, err);
  return why.code != BASE_OK ? BASE_OK : code; /* one that follows what never comes waits for ever */
}

enum base_code core_message_consider(struct core *core, struct core_give *give, const struct base_id *id,
                                     struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct wire_header header;
  struct store_arrival arrival;
  struct base_id copy = *id;
  bool cleared = false;
  enum base_code code = store_message_get(core->store, &copy, &arena, &row, err);
  if (code == BASE_NOT_FOUND && core_clear_message(core, &copy, &cleared, NULL, err) == BASE_OK && cleared)
    return BASE_OK; /* with its case, in which it has no place any more */
  if (code != BASE_OK || row.state != STORE_MESSAGE_PENDING)
    return code;
  code = wire_header_parse(row.header, &arena, &header, err);
  struct core_partner *author = code == BASE_OK ? core_partner_of(core, header.author) : NULL;
  if (code == BASE_OK && author == NULL && !row.ours)
    return BASE_OK;
  if (code == BASE_OK && !row.ours)
    code = store_arrival_of(core->store, &copy, author->row.number, &arena, &arrival, err);
  if (code != BASE_OK)
    return code;
  size_t missing = 0;
  struct base_error why = {0};
  code = check_follows(core, &header, &copy, &missing, false, &why, err);
  if (why.code != BASE_OK && row.ours)
    return BASE_OK;
  if (why.code != BASE_OK)
    return core_message_refuse(core, give, &arrival, row.part_count, &why, err);
  bool complete = false;
  uint32_t wants[WIRE_PARTS_MAX];
  if (code == BASE_OK)
    code = core_parts_missing(core, &copy, row.part_count, wants, &complete, err);
  if (code != BASE_OK || missing > 0 || !complete)
    return code;
  if (row.ours)
    return admit_own(core, give, &copy, &header, &row, err);
  struct core_arrived arrived = {.arrival = &arrival, .header = &header};
  return admit(core, give, &arrived, &row, err);
}

/* Messages that waited for those settled by now, and for these in turn. A loop, since a chain can be as long as a case.
 */
enum base_code core_messages_settle(struct core *core, struct core_give *give, struct base_error *err) {
  enum { AT_ONCE = 64 };
  struct base_id waiting[AT_ONCE];
  enum base_code code = BASE_OK;
  while (give->settled_count > 0 && code == BASE_OK) {
    struct base_id id = give->settled[--give->settled_count];
    size_t count = AT_ONCE;
    while (count == AT_ONCE && code == BASE_OK) {
      code = store_message_waiting(core->store, &id, waiting, AT_ONCE, &count, err);
      for (size_t i = 0; code == BASE_OK && i < count; i++) {
        code = store_message_wait_done(core->store, &waiting[i], &id, err);
        if (code == BASE_OK)
          code = core_message_consider(core, give, &waiting[i], err);
      }
    }
  }
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- a new message */

static enum base_code check_header(struct core *core, const struct core_partner *partner,
                                   const struct wire_header *header, struct base_error *why) {
  if (!base_view_equal(header->author, partner->card.origin))
    return base_fail(why, BASE_NOT_PARTY, "the author is %.*s, not the sender", (int)header->author.size,
                     (const char *)header->author.data);
  if (!wire_header_has_party(header, core->card.origin))
    return base_fail(why, BASE_NOT_PARTY, "this node is not among its parties");
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  if (kind == NULL)
    return core_kind_unknown(core, header->kind, &header->kind_hash, why);
  enum base_code code = core_exercise_may(&kind->kind, header->exercise, why);
  return code == BASE_OK ? wire_form_check_header(&kind->kind, header, why) : code;
}

/* Where the form is all that may be said, no file and no mark says more; and what is of the other side, or an exercise's, is not joined here
 * either: whatever his node let through. */
static enum base_code check_wall(struct core *core, const struct wire_header *header, const struct wire_part0 *part0,
                                 struct base_error *why) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct wire_kind_type *type = wire_kind_type_named(&kind->kind, header->type);
  enum base_code code = type != NULL ? wire_form_check_parts(type, part0->part_count, why) : BASE_OK;
  if (type != NULL && code == BASE_OK)
    code = wire_form_check_handling(type, part0->handling, why);
  if (type != NULL && code == BASE_OK)
    code = core_lane_names(core,
                           &(struct core_names){.kind = &kind->kind,
                                                .type = type,
                                                .case_id = header->opens ? NULL : &header->case_id,
                                                .header = header,
                                                .fields = part0->fields,
                                                .partner = header->author},
                           why);
  return type != NULL && code == BASE_OK ? core_exercise_names(core, type, header, part0->fields, header->exercise, why)
                                         : code;
}

static enum base_code check_content(struct core *core, const struct core_give *give, const struct wire_frame *frame,
                                    const struct base_id *id, struct base_arena *arena, struct wire_header *header,
                                    struct wire_part0 *part0, struct base_error *why) {
  const struct core_partner *partner = give->partner;
  enum base_code code = wire_header_parse(frame->header, arena, header, why);
  if (code == BASE_OK)
    code = check_header(core, partner, header, why);
  if (code == BASE_OK && header->exercise != give->exercise)
    code = base_fail(why, BASE_POLICY, "it came sealed as %s, and is %s",
                     give->exercise ? "an exercise's" : "what is real", header->exercise ? "marked as an exercise" : "not");
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_sha256(frame->part0);
  bool without = frame->part0.size == 0; /* its sender erased it; incoming.c has looked whether that may be */
  if (!without && !base_hash_equal(&hash, &header->part0))
    return base_fail(why, BASE_HASH, "part 0 does not have the hash that the header names");
  code = without ? BASE_OK : wire_part0_parse(frame->part0, arena, part0, why);
  if (code == BASE_OK)
    code = check_wall(core, header, part0, why);
  if (code != BASE_OK)
    return code;
  struct base_error looked = {0}; /* not found is how it should be */
  struct store_message row;
  code = store_message_get(core->store, id, arena, &row, &looked);
  if (code == BASE_OK)
    return base_fail(why, BASE_EXISTS, "the message was sent before, under another number");
  struct store_arrival before;
  if (code == BASE_NOT_FOUND || core_damage(code))
    code = store_arrival_of(core->store, id, partner->row.number, arena, &before, &looked);
  if (code == BASE_OK && before.voided)
    return base_fail(why, BASE_EXISTS, "the message was ended before, under another number");
  struct store_case kase;
  if (!header->opens && (code == BASE_OK || code == BASE_NOT_FOUND || core_damage(code))) {
    code = store_case_get(core->store, &header->case_id, arena, &kase, &looked);
    if (code == BASE_OK &&
        !(base_view_equal(kase.kind, header->kind) && base_hash_equal(&kase.kind_hash, &header->kind_hash)))
      return base_fail(why, BASE_KIND, "the case is of another kind");
    if (code == BASE_OK && core_exercise_fits(header, kase.exercise, why) != BASE_OK)
      return why->code;
  }
  if (code == BASE_OK || code == BASE_NOT_FOUND || core_damage(code))
    return BASE_OK;
  *why = looked;
  return code;
}

static enum base_code keep_message(struct core *core, const struct core_partner *partner,
                                   const struct wire_frame *frame, const struct base_id *id,
                                   const struct wire_header *header, const struct wire_part0 *part0,
                                   struct store_message *out, bool *out_dropped, struct base_error *err) {
  struct core_without without = core_without_by(partner);
  struct store_message row = {.id = *id,
                              .case_id = header->opens ? *id : header->case_id,
                              .state = STORE_MESSAGE_PENDING,
                              .type = header->type,
                              .author = header->author,
                              .header = frame->header,
                              .stored = core_now(core),
                              .part_count = (uint16_t)part0->part_count};
  enum base_code code =
      core_content_keep(core, &row, header, frame->part0, part0, base_view_text(without.text), out_dropped, err);
  *out = row;
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code take_cleared(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                   const struct base_id *case_id, bool elsewhere, struct base_view reason,
                                   struct base_error *err) {
  enum base_code code = core_clear_arrived(core, &arrival->message, case_id, elsewhere, reason, err);
  if (code == BASE_OK)
    code = core_message_receipt(core, give, arrival, err);
  if (code == BASE_OK)
    code = core_give_settle(give, &arrival->message, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* *out: its case was erased whole here, and so nothing of it is kept. What was taken before this database was put back is
 * receipted as it was then; anything else is too late, and refused. */
static enum base_code arrive_cleared(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                     const struct core_arrived *arrived, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct store_arrival *arrival = arrived->arrival;
  const struct wire_header *header = arrived->header;
  const struct base_id *id = &arrival->message, *case_id = header->opens ? id : &header->case_id;
  struct core_cleared cleared = {0};
  struct store_erasure before;
  struct base_error why = {0};
  if (core->erasing.listed == 0 && core->erasing.untold == 0)
    return BASE_OK;
  enum base_code code = core_clear_read(core, case_id, &arena, &cleared, err);
  *out = code == BASE_OK && cleared.there;
  if (!*out)
    return code;
  code = store_erasure_get(core->store, id, &arena, &before, err);
  if (code == BASE_NOT_FOUND) {
    (void)base_fail(&why, BASE_POLICY, "its case was erased whole here before it came");
    return core_message_turn_away(core, give, arrival, frame->header, NULL, &why, err);
  }
  if (code == BASE_OK)
    code = take_cleared(core, give, arrival, case_id, false, BASE_VIEW("erased with its case before it came again"), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_message_headless(struct core *core, struct core_give *give, const struct store_arrival *arrival,
                                     struct base_error *err) {
  struct core_without without = core_without_by(give->partner);
  return take_cleared(core, give, arrival, &arrival->message, true, base_view_text(without.text), err);
}

/* What was looked into: kept, and admitted unless it waits for its parts or for others. */
static enum base_code arrive(struct core *core, struct core_give *give, const struct wire_frame *frame,
                             const struct core_arrived *arrived, struct base_error *err) {
  const struct store_arrival *arrival = arrived->arrival;
  const struct wire_header *header = arrived->header;
  struct core_arrived kept = *arrived;
  struct store_message row;
  struct base_error why = {0};
  size_t missing = 0, parts = arrived->part0->part_count;
  bool cleared = false, dropped = false;
  enum base_code code = arrive_cleared(core, give, frame, arrived, &cleared, err);
  if (code != BASE_OK || cleared)
    return code;
  code = keep_message(core, give->partner, frame, &arrival->message, header, arrived->part0, &row, &dropped, err);
  if (code == BASE_OK)
    code = check_follows(core, header, &arrival->message, &missing, true, &why, err);
  if (why.code != BASE_OK)
    return core_message_refuse(core, give, arrival, (uint16_t)parts, &why, err);
  if (code != BASE_OK)
    return code;
  if (missing > 0 || (parts > 0 && !dropped))
    return core_give_add(give, arrival->number, &arrival->message, err);
  if (dropped)
    kept.part0 = NULL;
  return admit(core, give, &kept, &row, err);
}

enum base_code core_message_arrive(struct core *core, struct core_give *give, const struct wire_frame *frame,
                                   const struct store_arrival *arrival, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct wire_header header;
  struct wire_part0 part0 = {0};
  struct base_error why = {0};
  struct core_arrived arrived = {.arrival = arrival, .header = &header, .part0 = &part0};
  enum base_code code = check_content(core, give, frame, &arrival->message, &arena, &header, &part0, &why);
  if (code == BASE_OK) {
    code = arrive(core, give, frame, &arrived, err);
  } else if (core_ours(code)) { /* no memory, no disk: no reason to refuse what somebody sent */
    *err = why;
    code = core_lose(core, code, err);
  } else {
    code = core_message_turn_away(core, give, arrival, frame->header, part0.fields, &why, err);
  }
  wire_part0_free(&part0);
  return code;
}
