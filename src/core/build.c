/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/agreements.h"
#include "core/back.h"
#include "core/cases.h"
#include "core/clause.h"
#include "core/clear.h"
#include "core/emergency.h"
#include "core/erase.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/release.h"
#include "law/emergency.h"
#include "law/transfer.h"

/* A consignment is made: our head with its proofs, the next messages and voids in order of their numbers, then records
 * of the parts that the partner wants. */

static enum base_code build_proof(struct core_building *building, uint64_t index, struct base_arena *arena,
                                  struct wire_frame_proof *out) {
  return core_register_prove(building->core, index, building->size, arena, out, building->err);
}

static enum base_code build_voided(struct core_building *building, const struct store_delivery *delivery) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_frame frame = {.type = WIRE_FRAME_VOIDED};
  enum base_code code = build_proof(building, delivery->voided_index, &arena, &frame.proof);
  if (code == BASE_OK)
    wire_frame_write(&frame, building->out);
  return code;
}

/* What permits special personal data and what is red permits every content: only where nothing does is it looked into.
 */
static enum base_code ask_law(struct core_building *building, const struct wire_kind *kind,
                              const struct wire_header *opening, const struct core_content *content, base_time period,
                              const struct store_delivery *delivery, struct law_answer *out) {
  struct core *core = building->core;
  struct core_partner *partner = building->partner;
  struct base_error *why = &partner->revoke_why;
  struct base_view type = content->header.type;
  struct core_law_content asked = {.personal = WIRE_PERSONAL_SPECIAL, .level = WIRE_RED, .period = period};
  enum base_code code = core_law(core, kind, opening, type, asked, partner, out, why);
  const struct wire_kind_type *form = wire_kind_type_named(kind, type);
  if (code != BASE_LAW || form == NULL)
    return code;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 << 20);
  struct wire_part0 part0 = {0};
  code = wire_part0_parse(content->row.part0, &arena, &part0, why);
  if (code != BASE_OK)
    return code;
  struct wire_marking marking;
  bool marked = wire_marking_parse(part0.handling, &marking);
  asked.personal = wire_form_personal(form, &content->header, part0.fields);
  asked.level = wire_kind_level(kind, marked ? &marking : NULL);
  wire_part0_free(&part0);
  code = core_law(core, kind, opening, type, asked, partner, out, why);
  if (code != BASE_LAW)
    return code;
  /* What was sent as an emergency, or under a derogation, goes as that, however long its way is. */
  struct base_view clause = {0};
  code = core_delivery_clause(core, partner, delivery, &arena, &clause, why);
  asked.emergency = law_emergency_ground(clause);
  asked.derogation = base_view_text(law_transfer_names[law_clause_transfer(clause)]);
  asked.emergency_went = true;
  if (code == BASE_OK)
    code = core_law(core, kind, opening, type, asked, partner, out, why);
  bool waits = false;
  if (code == BASE_OK && asked.emergency.size > 0) /* its notice before it: nobody holds it without its reason and its clock */
    code = core_emergency_noticed(core, &delivery->message, partner, &waits, why);
  building->more = building->more || waits;
  building->held = building->held || waits;
  return code;
}

/* The period that binds the message, by what its case says of it now. */
static enum base_code period_of(struct core_building *building, const struct wire_kind *kind,
                                const struct core_content *content, base_time *out) {
  struct core_case *kase = NULL;
  enum base_code code = BASE_OK;
  if (kind->period.from.size > 0 && !content->header.opens)
    code = core_case_load(building->core, &content->header.case_id, &kase, building->err);
  *out = law_period_binds(kind, &content->header, content->header.type, kase != NULL ? kase->state.period.to : 0);
  return code;
}

/* Law once more, with what is in force now. A no ends this consignment before the message; the next step writes it
 * down. */
static enum base_code build_law(struct core_building *building, const struct store_delivery *delivery,
                                const struct core_content *content) {
  struct core *core = building->core;
  struct core_partner *partner = building->partner;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  const struct core_kind *kind = core_kind_hashed(core, content->header.kind, &content->header.kind_hash);
  struct wire_header opening = content->header;
  enum base_code code = BASE_OK;
  if (!content->header.opens) {
    struct store_message row;
    code = store_message_get(core->store, &content->header.case_id, &arena, &row, building->err);
    if (code == BASE_OK)
      code = wire_header_parse(row.header, &arena, &opening, building->err);
  }
  if (code == BASE_OK && kind == NULL)
    code = base_fail(building->err, BASE_KIND, "the kind of the message is not shipped any more");
  if (code != BASE_OK)
    return code;
  struct law_answer answer;
  base_time period = 0;
  code = period_of(building, &kind->kind, content, &period);
  if (code != BASE_OK)
    return code;
  code = ask_law(building, &kind->kind, &opening, content, period, delivery, &answer);
  if (code == BASE_OK) /* its content is as it was when it was sent; what rows ask for may not be */
    code = core_release_covers(core, &delivery->message, answer.basis, &partner->revoke_why);
  if (code == BASE_OK) /* it, or what it passes on, may have been recalled */
    code = core_still_passable(core, &delivery->message, &content->header, &partner->revoke_why);
  if (code == BASE_OK) /* a consent may have been revoked, or be over, since it was sent */
    code = core_passing_law(core, &kind->kind, &opening, &content->header, partner->card.origin, answer.clause,
                            &partner->revoke_why);
  if (code == BASE_OK)
    return BASE_OK;
  if (core_ours(code) || code == BASE_SUSPENDED) {
    *building->err = partner->revoke_why;
    return code;
  }
  partner->revoke = true;
  partner->revoke_message = delivery->message;
  return code;
}

/* He took it before, lost it, and it was erased here with its case since: its number goes, so that what is behind it can. */
static enum base_code build_cleared(struct core_building *building, const struct store_delivery *delivery) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct wire_frame frame = {.type = WIRE_FRAME_MESSAGE};
  enum base_code code = core_delivery_confirm(building->core, building->partner, delivery, building->err);
  if (code == BASE_OK)
    code = build_proof(building, delivery->sent_index, &arena, &frame.proof);
  if (code == BASE_OK)
    wire_frame_write(&frame, building->out);
  return code;
}

static enum base_code build_message(struct core_building *building, const struct store_delivery *delivery) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct wire_frame frame = {.type = WIRE_FRAME_MESSAGE};
  bool cleared = false;
  enum base_code code = core_content_bytes(building->core, &delivery->message, &arena, &content, building->err);
  if (code == BASE_NOT_FOUND && delivery->leaf.size > 0)
    code = core_clear_message(building->core, &delivery->message, &cleared, NULL, building->err);
  if (code == BASE_OK && cleared)
    return build_cleared(building, delivery);
  if (code != BASE_OK)
    return code;
  code = core_delivery_confirm(building->core, building->partner, delivery, building->err);
  /* Erased after its receipt, it goes to one who lost it as what is left; without a receipt its content never went. */
  if (code == BASE_OK && content.dropped && delivery->leaf.size == 0)
    code = base_fail(building->err, BASE_CORRUPT, "its content is missing");
  if (code == BASE_OK && delivery->leaf.size == 0) /* what he took before, under the law of then, and lost is his */
    code = build_law(building, delivery, &content);
  bool goes = code == BASE_OK && !building->more;
  if (goes)
    code = build_proof(building, delivery->sent_index, &arena, &frame.proof);
  if (goes && code == BASE_OK) {
    frame.header = content.row.header;
    frame.part0 = content.row.part0;
    size_t before = building->out->size;
    if (building->made->messages > 0 && before + frame.header.size + frame.part0.size > CORE_CONSIGNMENT_BYTES)
      building->more = true;
    else
      wire_frame_write(&frame, building->out);
  }
  core_content_free(&content);
  return code;
}

/* A consignment never holds what is humanitarian, or an exercise's, with anything else: the rest goes with the next one. *out:
 * it may go with what is in this one. */
static enum base_code goes_along(struct core_building *building, const struct base_id *case_id, bool *out) {
  enum wire_lane lane = WIRE_LANE_NONE;
  bool exercise = false;
  enum base_code code = core_lane_of_case(building->core, case_id, &lane, building->err);
  if (code == BASE_OK)
    code = core_exercise_of_case(building->core, case_id, &exercise, building->err);
  *out = code == BASE_OK && !wire_lanes_apart(building->lane, lane) &&
         (!building->some || exercise == building->made->exercise);
  if (*out) {
    building->lane = building->lane == WIRE_LANE_NONE ? lane : building->lane;
    building->made->exercise = exercise;
    building->some = true;
  }
  building->more = building->more || (code == BASE_OK && !*out);
  return code;
}

enum base_code core_build_delivery(void *context, const struct store_delivery *delivery) {
  struct core_building *building = context;
  bool refused = delivery->state == STORE_REFUSED && delivery->leaf.size == 0; /* here; else by him */
  bool ended = delivery->state == STORE_ENDED || refused;
  if (building->more)
    return BASE_OK;
  bool goes = true;
  enum base_code code = ended ? BASE_OK : goes_along(building, &delivery->case_id, &goes);
  if (code == BASE_OK && goes)
    code = ended ? build_voided(building, delivery) : build_message(building, delivery);
  if (building->partner->revoke) {
    building->more = true;
    return BASE_OK;
  }
  if (code == BASE_OK && !building->more) {
    building->made->messages++;
    building->made->last_number = delivery->number;
  }
  return code;
}

enum base_code core_build_records(struct core_building *building, const struct base_id *message, uint16_t part,
                                  uint32_t *record, bool *full) {
  struct core *core = building->core;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_part row;
  bool goes = false;
  enum base_code code = goes_along(building, message, &goes);
  *full = !goes;
  if (code != BASE_OK || !goes)
    return code;
  code = store_part_get(core->store, message, part, &arena, &row, building->err);
  for (; code == BASE_OK && *record < row.records; ++*record) {
    *full = building->out->size > CORE_CONSIGNMENT_BYTES - WIRE_RECORD_MAX;
    if (*full)
      return BASE_OK;
    BASE_AUTO_BUF struct base_buf sealed = {0};
    base_buf_init(&sealed, WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD);
    code = core_part_record(core, &row, *record, &sealed, building->err);
    if (code != BASE_OK)
      return code;
    struct wire_frame frame = {.type = WIRE_FRAME_RECORD,
                               .message = *message,
                               .part = part,
                               .record = *record,
                               .last = *record + 1 == row.records,
                               .ciphertext = base_buf_view(&sealed)};
    wire_frame_write(&frame, building->out);
    building->made->records++;
  }
  return code;
}

/* What is left of one that was erased while its parts went: the message, without them. *out: it is such a one. */
static enum base_code build_erased(struct core_building *building, const struct base_id *message, bool *out) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct store_delivery delivery;
  struct core_consignment *made = building->made;
  uint64_t last = made->last_number;
  enum base_code code = store_message_header(building->core->store, message, &arena, &row, building->err);
  *out = code == BASE_OK && core_message_dropped(&row);
  if (!*out || made->messages >= WIRE_CONSIGNMENT_MESSAGES_MAX)
    return code;
  code = store_delivery_get(building->core->store, message, building->partner->row.number, &arena, &delivery,
                            building->err);
  if (code == BASE_OK)
    code = core_build_delivery(building, &delivery);
  if (made->last_number < last)
    made->last_number = last;
  return code;
}

/* A file may take hours: law is asked again before each piece of it, as before the message. What he has a receipt for,
 * and lost, is his. */
static enum base_code build_lawful(struct core_building *building, const struct base_id *message) {
  struct core *core = building->core;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_delivery delivery;
  struct core_content content = {0};
  enum base_code code =
      store_delivery_get(core->store, message, building->partner->row.number, &arena, &delivery, building->err);
  if (code != BASE_OK || delivery.leaf.size > 0)
    return code;
  code = core_content_bytes(core, message, &arena, &content, building->err);
  if (code == BASE_OK)
    code = build_law(building, &delivery, &content);
  core_content_free(&content);
  return building->partner->revoke ? BASE_OK : code;
}

/* A disk that cannot read its part is a matter of that message, and the others go on. */
static bool part_damage(enum base_code code) {
  return code == BASE_CORRUPT || code == BASE_IO;
}

/* Transfers take turns: the one that was served moves to the end. One of which the partner holds every record waits for
 * something else (a predecessor) and is no transfer any more. */
static enum base_code build_records(struct core_building *building) {
  struct core_partner *partner = building->partner;
  enum base_code code = BASE_OK;
  if (partner->revoke)
    return BASE_OK;
  size_t i = 0;
  bool full = false;
  while (i < partner->transfer_count && code == BASE_OK && !full) {
    struct core_transfer *transfer = &partner->transfers[i];
    size_t before = building->made->records;
    bool erased = false, goes = true;
    code = goes_along(building, &transfer->message, &goes);
    if (code == BASE_OK && !goes) {
      i++;
      continue;
    }
    if (code == BASE_OK)
      code = build_erased(building, &transfer->message, &erased);
    full = erased && building->more; /* it goes with the next one */
    if (code == BASE_OK && !erased)
      code = build_lawful(building, &transfer->message);
    if (partner->revoke) /* nothing more of it; the next step writes that down, and the others follow */
      return code;
    for (uint16_t part = 0; !erased && part < transfer->part_count && code == BASE_OK && !full; part++) {
      uint32_t record = transfer->wants[part];
      code = core_build_records(building, &transfer->message, part, &record, &full);
    }
    bool damaged = part_damage(code);
    if (damaged) {
      core_stuck_note(building->core, partner, &transfer->message, 0, building->err);
      code = BASE_OK;
    } else if (code == BASE_OK && !full) {
      core_stuck_end(partner, &transfer->message);
    }
    if (damaged || (code == BASE_OK && !full && building->made->records == before))
      *transfer = partner->transfers[--partner->transfer_count];
    else
      i++;
  }
  if (partner->transfer_count > 1 && building->made->records > 0) {
    struct core_transfer first = partner->transfers[0];
    memmove(&partner->transfers[0], &partner->transfers[1], (partner->transfer_count - 1) * sizeof first);
    partner->transfers[partner->transfer_count - 1] = first;
  }
  return code;
}

static enum base_code build_state(struct core_building *building) {
  struct core *core = building->core;
  struct core_partner *partner = building->partner;
  struct wire_frame frame;
  enum base_code code = core_heads_write(core, partner, partner->base, building->out, building->err);
  if (code == BASE_OK)
    code = core_cards_write(core, partner, core->reg.attested, building->out, building->err);
  if (code != BASE_OK)
    return code;
  core_holds_write(partner, building->out);
  if (partner->row.owes_cosign) {
    BASE_AUTO_BUF struct base_buf line = {0};
    base_buf_init(&line, WIRE_NOTE_MAX);
    struct base_error missing = {0};
    if (core_head_line(core, partner, partner->seen_size, &line, &missing) == BASE_OK) {
      frame =
          (struct wire_frame){.type = WIRE_FRAME_COSIGN, .new_size = partner->seen_size, .head = base_buf_view(&line)};
      wire_frame_write(&frame, building->out);
      partner->flight.cosign_size = partner->seen_size;
    }
  }
  frame = (struct wire_frame){.type = WIRE_FRAME_WANT_PROOF, .new_size = partner->seen_size};
  wire_frame_write(&frame, building->out);
  if (code == BASE_OK)
    code = core_seen_write(core, partner, building->out, building->err);
  const struct core_compare *compare = &partner->compare;
  if (code == BASE_OK && compare->index != 0 && !compare->told) {
    code = core_compare_write(core, partner, building->size, building->out, building->err);
    partner->flight.statement = compare->index;
  }
  if (code == BASE_OK && !partner->stopped)
    code = core_back_ask(core, partner, building->out, building->err);
  if (compare->want) {
    frame = (struct wire_frame){
        .type = WIRE_FRAME_WANT_OUTCOMES, .taken = compare->want_taken, .number = compare->want_from};
    wire_frame_write(&frame, building->out);
  }
  return code;
}

/* Numbers are taken without a hole: what is behind a message that cannot be read waits until it is ended, and what is
 * before it, parts too, goes. */
static enum base_code build_next(void *context, const struct store_delivery *delivery) {
  struct core_building *building = context;
  if (building->more)
    return BASE_OK;
  enum base_code code = core_build_delivery(building, delivery);
  if (!core_damage(code) || code == BASE_SUSPENDED || building->partner->damaged[0] != '\0')
    return code;
  core_stuck_note(building->core, building->partner, &delivery->message, delivery->number, building->err);
  building->more = building->held = true;
  return BASE_OK;
}

struct below {
  struct core_building *building;
  uint64_t number;
};

static enum base_code build_below(void *context, const struct store_delivery *delivery) {
  struct below *below = context;
  return delivery->number < below->number ? build_next(below->building, delivery) : BASE_OK;
}

/* What he lost with his register, answered or not, from this number on: as he took them first. */
static enum base_code build_again(struct core_building *building, uint64_t from) {
  struct core_partner *partner = building->partner;
  enum base_code code = BASE_OK;
  uint64_t number = partner->handed < from ? from : partner->handed + 1;
  for (; code == BASE_OK && number <= partner->renewed.again_to && !building->more &&
         building->made->messages < WIRE_CONSIGNMENT_MESSAGES_MAX;
       number++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_delivery delivery;
    code =
        store_delivery_by_number(building->core->store, partner->row.number, number, &arena, &delivery, building->err);
    bool gone =
        code == BASE_NOT_FOUND || (code == BASE_OK && core_delivery_returned(building->core, partner, &delivery));
    if (gone) { /* lost here, too, though perhaps it came back: nobody has it for him; what is behind it, and asks him,
                   may go */
      building->more = building->held = partner->renewed.again_from != 0;
      return BASE_OK;
    }
    if (code == BASE_OK)
      code = build_next(building, &delivery);
  }
  return code;
}

/* A number that he lost may stand between others that he kept and still waits for parts of: these are open below it and
 * behind it. While he has not said what he lost, the last number asks him. */
static enum base_code build_deliveries(struct core_building *building, bool again) {
  struct core_partner *partner = building->partner;
  const struct core_renewed *renewed = &partner->renewed;
  struct store *store = building->core->store;
  int64_t row = partner->row.number;
  uint64_t after = partner->handed;
  if (again) {
    uint64_t from = renewed->again_from != 0 ? renewed->again_from : renewed->again_to;
    struct below below = {.building = building, .number = from};
    enum base_code code =
        store_delivery_open(store, row, after, WIRE_CONSIGNMENT_MESSAGES_MAX, build_below, &below, building->err);
    if (code == BASE_OK)
      code = build_again(building, from);
    if (code != BASE_OK || building->made->messages > 0 || building->more)
      return code;
    after = renewed->again_to;
  }
  return store_delivery_open(store, row, after, WIRE_CONSIGNMENT_MESSAGES_MAX, build_next, building, building->err);
}

enum base_code core_consignment_build(struct core *core, struct core_partner *partner, struct base_buf *out,
                                      struct core_consignment *made, struct base_error *err) {
  struct core_building building = {
      .core = core, .partner = partner, .size = core->reg.attested, .out = out, .made = made, .err = err,
      .lane = WIRE_LANE_NONE};
  *made = (struct core_consignment){0};
  enum base_code code = build_state(&building);
  if (code == BASE_OK && (partner->stopped || core_epoch_waits(partner)))
    return base_buf_check(out, "consignment", err); /* shows what he contradicts, or our epoch, and nothing else */
  bool again = !partner->again_done && partner->handed < partner->renewed.again_to;
  if (code == BASE_OK)
    code = build_deliveries(&building, again);
  if (code == BASE_OK)
    code = build_records(&building);
  if (code == BASE_OK)
    partner->maybe = (building.more && !building.held) || (again && made->messages > 0) ||
                     made->messages == WIRE_CONSIGNMENT_MESSAGES_MAX;
  return code == BASE_OK ? base_buf_check(out, "consignment", err) : code;
}
