/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/agreements.h"
#include "core/cases.h"
#include "core/ending.h"
#include "core/lane.h"
#include "core/people.h"

/* What binds a node by an agreement, and what frees it: by whom, and from when. Nobody knows of the day but from headers, so
 * it is the same at every party. */

enum { DAY = 86400, DATE_TEXT = sizeof "2026-01-01" - 1 };
static const char end_type[] = "end", day_field[] = "on", terms_field[] = "terms";

static bool ends(const struct wire_header *header) {
  return base_view_is(header->type, end_type);
}

/* The day that it names; 0: none, or none that can be read. */
static base_time day_named(const struct wire_header *header) {
  struct base_view text = wire_header_state(header, day_field);
  base_time day = 0;
  return base_time_parse(text, &day) || base_date_parse(text, &day) ? day : 0;
}

base_time core_ending_of(const struct core_case *kase) {
  base_time first = 0;
  for (size_t i = 0; i < kase->count; i++) {
    const struct wire_header *header = kase->messages[i].header;
    if (!kase->messages[i].effective || !ends(header))
      continue;
    base_time day = day_named(header), on = day > header->time ? day : header->time; /* never before it was declared */
    first = first == 0 || on < first ? on : first;
  }
  return first;
}

static const struct law_agreement *terms_of(const struct core *core, const struct base_id *case_id) {
  for (size_t i = 0; i < core->agreement_count; i++)
    if (base_id_equal(&core->agreements[i].id, case_id))
      return &core->agreements[i].law;
  return NULL;
}

/* The first midnight by which so many whole days have passed; without a notice that was agreed, today's. */
static base_time notice_ends(base_time now, int64_t days) {
  base_time today = now - now % DAY;
  return days > 0 ? today + (days + 1) * DAY : today;
}

static int64_t notice_of(const struct core *core, const struct base_id *case_id) {
  const struct law_agreement *terms = terms_of(core, case_id);
  return terms != NULL ? terms->notice_days : 0;
}

static bool is_shorter(const struct core_ending *ending, base_time declared) {
  return ending->notice_days > 0 && ending->on < notice_ends(declared, ending->notice_days);
}

enum base_code core_ending_take(struct core *core, const struct core_case *kase, struct core_submission *submission,
                                struct base_error *err) {
  struct wire_form *form = &submission->form;
  base_time now = core_now(core), today = now - now % DAY;
  struct wire_header said = {.state_count = form->state_count};
  if (!core_kind_agreement(&kase->kind->kind) || !base_view_is(submission->type->name, end_type))
    return BASE_OK;
  struct core_ending *ending = &submission->ending;
  base_time stands = core_ending_of(kase);
  ending->notice_days = notice_of(core, &kase->id);
  base_time asked = notice_ends(now, ending->notice_days);
  memcpy(said.state, form->state, sizeof said.state);
  ending->on = day_named(&said);
  if (ending->on == 0) { /* what was agreed, where he says nothing: written down, so that both sides read the same */
    ending->on = asked;
    form->state[form->state_count++] = (struct wire_state_field){
        .name = base_view_text(day_field),
        .value = base_arena_copy(&submission->arena, base_view_of(base_time_format(asked).text, DATE_TEXT))};
  }
  ending->shorter = is_shorter(ending, now);
  if (submission->held == NULL && ending->on < today)
    return base_fail(err, BASE_FIELD,
                     "fields: $.on: %.*s is past: an end frees from the day of its declaration at the earliest, which is %.*s",
                     DATE_TEXT, base_time_format(ending->on).text, DATE_TEXT, base_time_format(today).text);
  if (stands != 0 && ending->on >= stands)
    return base_fail(err, BASE_FIELD,
                     "fields: $.on: its end was declared already, for %s: a second declaration can only name an earlier day",
                     base_time_format(stands).text);
  ending->on = ending->on > now ? ending->on : now;
  return BASE_OK;
}

/* --- by whom */

/* In which its rows permit something. A kind that is not held here says nothing of it; 0: no row does. */
static unsigned lanes_of(const struct core *core, const struct law_agreement *terms) {
  unsigned lanes = 0;
  for (size_t i = 0; terms != NULL && i < terms->row_count; i++) {
    const struct core_kind *kind = core_kind_named(core, terms->rows[i].kind);
    if (base_view_is(terms->rows[i].kind, "*"))
      lanes |= CORE_LANES_SHARED;
    else if (kind != NULL && kind->kind.lane != WIRE_LANE_NONE)
      lanes |= CORE_LANE_BIT(kind->kind.lane);
  }
  return lanes;
}

static enum base_code check_lanes(const struct core_asker *asker, unsigned lanes, bool stand, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf about = {0}, works = {0};
  if (lanes == 0 || asker->lanes == 0 || (asker->lanes & lanes) != 0)
    return BASE_OK;
  base_buf_init(&about, 128);
  base_buf_init(&works, 128);
  core_lanes_text(lanes, &about);
  core_lanes_text(asker->lanes, &works);
  if (stand)
    return base_fail(err, BASE_POLICY,
                     "this agreement is about what is %.*s, and %s works in the lane %.*s: a person who works there binds or "
                     "frees this node by it",
                     (int)about.size, (const char *)about.data, asker->handle, (int)works.size, (const char *)works.data);
  return base_fail(err, BASE_POLICY,
                   "the terms proposed are about what is %.*s, and %s works in the lane %.*s: a person who works there proposes "
                   "or accepts them",
                   (int)about.size, (const char *)about.data, asker->handle, (int)works.size, (const char *)works.data);
}

/* The terms that an acceptance names; without rows: it is none, or they are of no use to anybody. */
static enum base_code named_terms(struct core *core, const struct core_submission *submission, struct base_arena *arena,
                                  struct law_agreement *out, struct base_error *err) {
  struct core_content content = {0};
  struct base_id id;
  if (!base_id_parse(wire_header_state(&submission->header, terms_field), &id))
    return BASE_OK;
  enum base_code code = core_content_read(core, &id, arena, &content, err);
  if (code == BASE_OK && !content.dropped &&
      law_terms_parse(content.part0.fields, &content.header, core_now(core), arena, out, err) != BASE_OK)
    out->row_count = 0; /* they permit nothing */
  core_content_free(&content);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_ending_lane(struct core *core, const struct core_submission *submission, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  const struct core_asker *asker = core_asker(core);
  struct law_agreement terms = submission->terms;
  if (!core_kind_agreement(&submission->kind->kind) || asker->lanes == 0)
    return BASE_OK;
  base_arena_init(&arena, 48 << 20);
  enum base_code code = check_lanes(asker, lanes_of(core, terms_of(core, &submission->case_id)), true, err);
  if (code == BASE_OK && terms.row_count == 0)
    code = named_terms(core, submission, &arena, &terms, err);
  return code == BASE_OK ? check_lanes(asker, lanes_of(core, &terms), false, err) : code;
}

bool core_ending_second(const struct core *core) {
  size_t binding = 0;
  bool supervisor = false;
  for (size_t i = 0; i < core->people->person_count; i++) {
    const struct core_person *person = &core->people->persons[i];
    if (person->closed || person->damaged || (person->roles & CORE_BINDING_ROLES) == 0)
      continue;
    binding++;
    supervisor = supervisor || (person->roles & 1U << LINK_PERSON_SUPERVISOR) != 0;
  }
  return supervisor && binding > 1;
}

void core_ending_write(struct wire_writer *writer, const struct core_ending *ending) {
  wire_write_key(writer, "end");
  if (ending->on == 0) {
    wire_write_null(writer);
    return;
  }
  wire_write_object(writer);
  wire_write_member_time(writer, "on", ending->on);
  wire_write_member_integer(writer, "notice_days", ending->notice_days);
  wire_write_member_bool(writer, "shorter", ending->shorter);
  wire_write_end(writer, '}');
}

void core_ending_show(const struct core *core, struct wire_writer *writer, const struct store_message *row,
                      const struct wire_header *header) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  struct core_ending ending = {0};
  if (kind != NULL && core_kind_agreement(&kind->kind) && ends(header)) {
    base_time declared = row->state == STORE_MESSAGE_DRAFT ? core_now(core) : header->time, day = day_named(header);
    ending = (struct core_ending){.on = day > declared ? day : declared, .notice_days = notice_of(core, &row->case_id)};
    ending.shorter = is_shorter(&ending, declared);
  }
  core_ending_write(writer, &ending);
}
