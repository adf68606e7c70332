/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/agreements.h"
#include "core/cases.h"
#include "core/ending.h"
#include "core/internal.h"
#include "core/messages.h"
#include "core/partners.h"

/* The agreements as law wants them, kept in memory: read at the start, and again when one of their cases changes.
 * Nothing here decides: law does. */

static const char agreement_kind[] = "agreement", agreement_accept[] = "accept";

static void agreement_free(struct core_agreement *agreement) {
  base_arena_free(&agreement->arena);
  memset(agreement, 0, sizeof *agreement);
}

void core_agreements_free(struct core *core) {
  for (size_t i = 0; i < core->agreement_count; i++)
    agreement_free(&core->agreements[i]);
  free(core->agreements);
  free(core->law);
  core->agreements = NULL;
  core->law = NULL;
  core->agreement_count = core->law_count = 0;
}

/* The time of a leaf in our register. */
static enum base_code leaf_time(struct core *core, uint64_t index, base_time *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_leaf row;
  struct wire_leaf leaf;
  enum base_code code = store_leaf_get(core->store, index, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(row.entry, &leaf, err);
  if (code == BASE_OK)
    *out = leaf.time;
  return code;
}

struct newest_receipt {
  base_time time;
};

static enum base_code receipt_time(void *context, const struct store_delivery *delivery) {
  struct newest_receipt *newest = context;
  struct wire_leaf leaf;
  if (delivery->state == STORE_RECEIPTED && wire_leaf_parse(delivery->leaf, &leaf, NULL) == BASE_OK)
    newest->time = leaf.time > newest->time ? leaf.time : newest->time;
  return BASE_OK;
}

/* When the acceptance counts: the moment of its receipt, which both sides hold; until ours has one, when we sent it. */
static enum base_code accepted_at(struct core *core, const struct engine_message *message, base_time *out,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_partner *author = core_partner_of(core, message->header->author);
  if (author != NULL) {
    struct store_arrival arrival;
    enum base_code code = store_arrival_of(core->store, &message->id, author->row.number, &arena, &arrival, err);
    if (code == BASE_OK && arrival.answered)
      return leaf_time(core, arrival.answer_index, out, err);
    *out = core_now(core); /* admitted in this very step */
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  }
  struct newest_receipt newest = {0};
  enum base_code code = store_delivery_each(core->store, &message->id, false, 0, receipt_time, &newest, err);
  if (code != BASE_OK)
    return code;
  *out = newest.time != 0 ? newest.time : message->header->time;
  return BASE_OK;
}

/* law: that of out, whose arena it lives in. */
static enum base_code terms_read(struct core *core, const struct core_case *kase, const struct base_id *terms,
                                 base_time accepted, struct core_agreement *out, struct law_agreement *law,
                                 struct base_error *err) {
  struct core_content content = {0};
  struct base_id copy = *terms;
  enum base_code code = core_content_read(core, &copy, &out->arena, &content, err);
  if (code != BASE_OK)
    return code;
  if (content.dropped)
    code = base_fail(err, BASE_NOT_FOUND, "the terms of agreement %s were erased", base_id_text(&kase->id).text);
  else
    code = law_terms_parse(content.part0.fields, &content.header, accepted, &out->arena, law, err);
  struct base_view title =
      code == BASE_OK ? wire_json_text(wire_json_get(content.part0.fields, "title")) : (struct base_view){0};
  if (law == &out->law)
    out->title = base_arena_copy(&out->arena, title);
  law->terms = *terms;
  core_content_free(&content);
  return code;
}

/* Terms that every party accepted, and the acceptance that completed them. */
struct accepted {
  const struct engine_message *terms, *by;
};

static bool proposes(const struct engine_message *message) {
  struct base_view type = message->header->type;
  return message->effective &&
         (base_view_is(type, "propose") || base_view_is(type, "counter") || base_view_is(type, "amend"));
}

/* The party's place in the case; party_count for a stranger. */
static size_t party_of(const struct wire_header *opening, struct base_view origin) {
  size_t i = 0;
  while (i < opening->party_count && !base_view_equal(opening->parties[i], origin))
    i++;
  return i;
}

/* Who proposes has accepted; an acceptance has effect only while it names the terms that stand (the kind's `names`), so
 * those of one proposal are together what `all` asks for. Out: the last two, the newest first; how many of them. */
static size_t accepted_terms(const struct core_case *kase, struct accepted out[2]) {
  const struct wire_header *opening = kase->messages[0].header;
  const struct engine_message *stands = NULL;
  uint32_t agreed = 0, everybody = ((uint32_t)1 << opening->party_count) - 1;
  size_t found = 0;
  for (size_t i = 0; i < kase->count; i++) {
    const struct engine_message *message = &kase->messages[i];
    if (proposes(message)) {
      stands = message;
      agreed = (uint32_t)1 << party_of(opening, message->header->author);
      continue;
    }
    if (stands == NULL || !message->effective || !base_view_is(message->header->type, agreement_accept))
      continue;
    agreed |= (uint32_t)1 << party_of(opening, message->header->author);
    if (agreed == everybody) {
      out[1] = out[0];
      out[0] = (struct accepted){.terms = stands, .by = message};
      found += found < 2;
    }
  }
  return found;
}

/* The newest proposal: what an agreement that nobody accepted yet would be. */
static const struct engine_message *newest_proposal(const struct core_case *kase) {
  for (size_t i = kase->count; i-- > 0;)
    if (proposes(&kase->messages[i]))
      return &kase->messages[i];
  return NULL;
}

/* Why it will never be in force. */
static const char *closed_why(const struct core_case *kase, bool not_taken) {
  if (not_taken)
    return "was ended before anybody took it";
  if (base_view_is(core_case_state_name(kase), "declined"))
    return "was declined";
  return base_view_is(core_case_state_name(kase), "withdrawn") ? "was withdrawn" : NULL;
}

/* Terms that cannot be read permit nothing; that is said, and no reason to stop. */
static enum base_code terms_try(struct core *core, const struct core_case *kase, const struct engine_message *terms,
                                base_time accepted, struct core_agreement *out, struct law_agreement *law, bool *has,
                                struct base_error *err) {
  struct base_error why = {0};
  enum base_code code = terms_read(core, kase, &terms->id, accepted, out, law, &why);
  *has = code == BASE_OK;
  if (code == BASE_OK || base_code_class(code) == BASE_REFUSED) {
    if (code != BASE_OK)
      base_log(BASE_LOG_WARNING, "agreement.unreadable", "%s: %s", base_id_text(&kase->id).text, why.text);
    return BASE_OK;
  }
  *err = why;
  return code;
}

/* Until an amendment begins, what it replaces goes on. */
static enum base_code before_read(struct core *core, const struct core_case *kase, const struct accepted *before,
                                  struct core_agreement *out, struct base_error *err) {
  base_time accepted = 0;
  enum base_code code = accepted_at(core, before->by, &accepted, err);
  if (code == BASE_OK)
    code = terms_try(core, kase, before->terms, accepted, out, &out->before, &out->has_before, err);
  if (code != BASE_OK || !out->has_before)
    return code;
  if (out->before.until > out->law.from)
    out->before.until = out->law.from;
  out->has_before = out->before.from < out->before.until;
  return BASE_OK;
}

static void describe(const struct core_case *kase, struct core_agreement *out, struct law_agreement *law, bool accepted) {
  const struct wire_header *opening = kase->messages[0].header;
  law->id = kase->id;
  law->accepted = accepted;
  law->disputed = kase->row.flagged && opening->party_count == 2; /* of more, one would stop what the others do */
  law->ends = core_ending_of(kase);
  law->closed = closed_why(kase, out->not_taken);
  law->party_count = opening->party_count;
  for (size_t i = 0; i < opening->party_count; i++)
    law->parties[i] = base_arena_copy(&out->arena, opening->parties[i]);
}

static enum base_code agreement_read(struct core *core, const struct base_id *id, struct core_agreement *out,
                                     struct base_error *err) {
  struct core_case *kase = NULL;
  enum base_code code = core_case_load(core, id, &kase, err);
  if (code != BASE_OK)
    return code;
  base_arena_init(&out->arena, 48 << 20);
  out->id = *id;
  out->state = kase->state.state;
  struct accepted accepted[2] = {0};
  size_t versions = accepted_terms(kase, accepted);
  const struct engine_message *terms = versions > 0 ? accepted[0].terms : newest_proposal(kase);
  base_time when = 0;
  if (versions > 0)
    code = accepted_at(core, accepted[0].by, &when, err);
  if (code == BASE_OK)
    code = core_case_not_taken(core, kase, &out->not_taken, err);
  if (code == BASE_OK && terms != NULL)
    code = terms_try(core, kase, terms, when, out, &out->law, &out->has_terms, err);
  if (code == BASE_OK && versions > 1 && out->has_terms && out->law.from > when)
    code = before_read(core, kase, &accepted[1], out, err);
  if (code != BASE_OK)
    return code;
  describe(kase, out, &out->law, versions > 0 && out->has_terms);
  if (out->has_before)
    describe(kase, out, &out->before, true);
  return BASE_OK;
}

static enum base_code law_rebuild(struct core *core, struct base_error *err) {
  struct law_agreement *law = calloc(2 * core->agreement_count + 1, sizeof *law);
  if (law == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the agreements");
  core->law_count = 0;
  for (size_t i = 0; i < core->agreement_count; i++) {
    law[core->law_count++] = core->agreements[i].law;
    if (core->agreements[i].has_before)
      law[core->law_count++] = core->agreements[i].before;
  }
  free(core->law);
  core->law = law;
  return BASE_OK;
}

enum base_code core_agreement_refresh(struct core *core, const struct base_id *id, struct base_error *err) {
  struct core_agreement fresh = {0};
  struct base_id copy = *id;
  enum base_code code = agreement_read(core, &copy, &fresh, err);
  if (core_damage(code)) { /* it permits nothing, and is no reason to stop */
    base_log(BASE_LOG_ERROR, "agreement.damaged", "%s", err->text);
    agreement_free(&fresh);
    fresh = (struct core_agreement){.id = copy, .damaged = true, .law = {.id = copy}};
  } else if (code != BASE_OK) {
    agreement_free(&fresh);
    return core_lose(core, code, err);
  }
  size_t at = 0;
  while (at < core->agreement_count && base_id_compare(&core->agreements[at].id, &copy) < 0)
    at++;
  if (at < core->agreement_count && base_id_equal(&core->agreements[at].id, &copy)) {
    agreement_free(&core->agreements[at]);
  } else {
    struct core_agreement *grown = realloc(core->agreements, (core->agreement_count + 1) * sizeof *grown);
    if (grown == NULL) {
      agreement_free(&fresh);
      return core_lose(core, base_fail(err, BASE_MEMORY, "no memory for an agreement"), err);
    }
    core->agreements = grown;
    memmove(&grown[at + 1], &grown[at], (core->agreement_count - at) * sizeof *grown);
    core->agreement_count++;
  }
  core->agreements[at] = fresh;
  return law_rebuild(core, err);
}

enum base_code core_agreement_touched(struct core *core, const struct base_id *case_id, struct base_error *err) {
  for (size_t i = 0; i < core->agreement_count; i++)
    if (base_id_equal(&core->agreements[i].id, case_id))
      return core_agreement_refresh(core, case_id, err);
  return BASE_OK;
}

static const char *difference(const struct core_agreement *here, const struct core_agreement *now) {
  if (here == NULL)
    return "law does not know it";
  if (here->state != now->state || here->damaged)
    return "law has it in another state";
  if (here->not_taken != now->not_taken)
    return now->not_taken ? "nobody took it, but law takes it for a proposal" : "law thinks that nobody took it";
  if (here->law.disputed != now->law.disputed)
    return now->law.disputed ? "its case is flagged, but law goes by it" : "its case is not flagged, but law takes it for disputed";
  if (here->law.accepted != now->law.accepted || here->law.ends != now->law.ends)
    return now->law.accepted && now->law.ends == 0 ? "it is in force, but law does not go by it"
                                                   : "it is not in force, or was ended, but law goes by it";
  bool same = here->has_terms == now->has_terms && base_id_equal(&here->law.terms, &now->law.terms) &&
              here->has_before == now->has_before && here->law.from == now->law.from &&
              here->law.until == now->law.until && here->law.row_count == now->law.row_count &&
              here->law.regime_count == now->law.regime_count &&
              here->law.party_count == now->law.party_count;
  return same ? NULL : "law goes by other terms of it";
}

enum base_code core_agreement_differs(struct core *core, const struct base_id *id, struct base_error *err) {
  struct core_agreement now = {0};
  const struct core_agreement *here = NULL;
  enum base_code code = agreement_read(core, id, &now, err);
  for (size_t i = 0; i < core->agreement_count && here == NULL; i++)
    if (base_id_equal(&core->agreements[i].id, id))
      here = &core->agreements[i];
  const char *what = code == BASE_OK ? difference(here, &now) : NULL;
  if (what != NULL)
    code = base_fail(err, BASE_CONFLICT, "%s", what);
  agreement_free(&now);
  return code;
}

enum base_code core_agreements_load(struct core *core, struct base_error *err) {
  BASE_AUTO_FREE struct base_id *ids = NULL;
  size_t count = 0;
  enum base_code code = core_case_ids(core, base_view_text(agreement_kind), &ids, &count, err);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    code = core_agreement_refresh(core, &ids[i], err);
  return code;
}

/* --- terms that are to be proposed */

struct term {
  const struct core *core;
  const struct law_row *row;
  size_t index;
  struct base_error *err;
};

enum { KNOWN_MAX = 240 }; /* octets of names in an error: the rest is for the command that lists them */

/* Each once, and whole: several kinds have types and purposes of one name. */
struct known {
  char text[KNOWN_MAX + 1];
  size_t size;
  bool more;
};

static bool holds_name(const struct known *known, struct base_view name) {
  for (const char *at = known->text; *at != 0; at += strcspn(at, ",") + (strchr(at, ',') != NULL ? 2 : 0))
    if (strcspn(at, ",") == name.size && memcmp(at, name.data, name.size) == 0)
      return true;
  return false;
}

static void add_name(struct known *known, struct base_view name) {
  if (holds_name(known, name))
    return;
  if (known->size + 2 + name.size > KNOWN_MAX)
    known->more = true;
  else
    known->size += (size_t)snprintf(known->text + known->size, sizeof known->text - known->size, "%s%.*s",
                                    known->size > 0 ? ", " : "", (int)name.size, (const char *)name.data);
}

__attribute__((format(printf, 5, 6))) static enum base_code fail_term(const struct term *term, enum base_code code,
                                                                      const char *column, const struct known *known,
                                                                      const char *format, ...) {
  char what[160];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return base_fail(term->err, code, "fields: $.rows[%zu].%s: article %.*s: %s; there are: %s%s, or * for all", term->index,
                   column, (int)term->row->id.size, (const char *)term->row->id.data, what, known->text,
                   known->more ? " and more (wasl kind list)" : "");
}

static bool any_kind(const struct law_row *row) {
  return base_view_is(row->kind, "*");
}

/* A kind of case that needs rows at all, and that this one is about. */
static bool concerned(const struct core_kind *kind, const struct law_row *row) {
  return kind->kind.needs_row && (any_kind(row) || base_view_equal(kind->kind.name, row->kind));
}

static enum base_code check_type(const struct term *term, struct base_view type) {
  struct known known = {0};
  for (size_t i = 0; i < term->core->kind_count; i++) {
    const struct core_kind *kind = term->core->kinds[i];
    if (concerned(kind, term->row) && wire_kind_type_named(&kind->kind, type) != NULL)
      return BASE_OK;
    for (size_t k = 0; concerned(kind, term->row) && k < kind->kind.type_count; k++)
      add_name(&known, kind->kind.types[k].name);
  }
  return fail_term(term, BASE_KIND, "types", &known, "there is no type %.*s of the kind %.*s", (int)type.size,
                   (const char *)type.data, (int)term->row->kind.size, (const char *)term->row->kind.data);
}

static enum base_code check_purpose(const struct term *term, struct base_view purpose) {
  struct known known = {0};
  for (size_t i = 0; i < term->core->kind_count; i++) {
    const struct wire_kind *kind = &term->core->kinds[i]->kind;
    const struct wire_kind_field *field =
        kind->purpose_field.size > 0 ? wire_kind_field_named(&kind->types[kind->opening], kind->purpose_field) : NULL;
    if (!concerned(term->core->kinds[i], term->row) || field == NULL || field->list == NULL)
      continue;
    for (size_t k = 0; k < field->list->count; k++) {
      if (base_view_equal(field->list->codes[k], purpose))
        return BASE_OK;
      add_name(&known, field->list->codes[k]);
    }
  }
  return fail_term(term, BASE_FIELD, "purposes", &known, "there is no purpose %.*s in the kind %.*s", (int)purpose.size,
                   (const char *)purpose.data, (int)term->row->kind.size, (const char *)term->row->kind.data);
}

static enum base_code check_kind(const struct term *term) {
  struct known known = {0};
  if (any_kind(term->row) || core_kind_named(term->core, term->row->kind) != NULL)
    return BASE_OK;
  for (size_t i = 0; i < term->core->kind_count; i++)
    if (term->core->kinds[i]->kind.needs_row)
      add_name(&known, term->core->kinds[i]->kind.name);
  return fail_term(term, BASE_KIND, "kind", &known, "there is no kind %.*s", (int)term->row->kind.size,
                   (const char *)term->row->kind.data);
}

enum base_code core_terms_known(const struct core *core, const struct law_agreement *terms, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < terms->row_count && code == BASE_OK; i++) {
    const struct law_row *row = &terms->rows[i];
    struct term term = {.core = core, .row = row, .index = i, .err = err};
    code = check_kind(&term);
    for (size_t k = 0; k < row->type_count && code == BASE_OK; k++)
      code = base_view_is(row->types[k], "*") ? BASE_OK : check_type(&term, row->types[k]);
    for (size_t k = 0; k < row->purpose_count && code == BASE_OK; k++)
      code = base_view_is(row->purposes[k], "*") ? BASE_OK : check_purpose(&term, row->purposes[k]);
  }
  return code;
}

struct base_view core_law_purpose(const struct wire_kind *kind, const struct wire_header *opening) {
  char field[WIRE_CODE_MAX + 1];
  snprintf(field, sizeof field, "%.*s", (int)kind->purpose_field.size, (const char *)kind->purpose_field.data);
  return kind->purpose_field.size > 0 ? wire_header_state(opening, field) : (struct base_view){0};
}

static struct law_question question_of(const struct wire_kind *kind, const struct wire_header *opening,
                                       struct base_view type) {
  const struct wire_kind_type *rules = wire_kind_type_named(kind, type);
  return (struct law_question){.kind = kind->name,
                               .type = type,
                               .purpose = core_law_purpose(kind, opening),
                               .needs_row = kind->needs_row,
                               .apart = kind->lane == WIRE_LANE_HUMANITARIAN,
                               .release = rules != NULL && rules->release == WIRE_RELEASE_SUPERVISOR};
}

enum base_code core_law_arrived(struct core *core, const struct wire_kind *kind, const struct wire_header *opening,
                                const struct wire_header *header, base_time period, struct law_answer *out,
                                struct base_error *err) {
  /* Two clocks differ, and an end may cross a message on its way: what was lawful within that time is let be. */
  static const base_time slack[] = {0, -CORE_DISPUTE_SECONDS, CORE_DISPUTE_SECONDS};
  struct law_question question = question_of(kind, opening, header->type);
  question.from = header->author;
  question.to = core->card.origin;
  question.period = period;
  question.arrived = true;
  enum base_code code = BASE_LAW;
  for (size_t i = 0; i < sizeof slack / sizeof slack[0] && code != BASE_OK; i++) {
    question.now = core_now(core) + slack[i];
    code = law_decide(&question, core->law, core->law_count, out, err);
  }
  return code;
}

enum base_code core_law(struct core *core, const struct wire_kind *kind, const struct wire_header *opening,
                        struct base_view type, struct core_law_content content, const struct core_partner *to,
                        struct law_answer *out, struct base_error *err) {
  struct law_question question = question_of(kind, opening, type);
  question.from = core->card.origin;
  question.to = to->card.origin;
  question.personal = content.personal;
  question.level = content.level;
  question.emergency = content.emergency;
  question.derogation = content.derogation;
  question.emergency_went = content.emergency_went;
  question.period = content.period;
  question.partner_suspended = to->row.state == STORE_PARTNER_SUSPENDED;
  question.now = core_now(core);
  return law_decide(&question, core->law, core->law_count, out, err);
}
