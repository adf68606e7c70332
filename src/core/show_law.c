/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/agreements.h"
#include "core/cases.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/release.h"
#include "core/show.h"
#include "law/transfer.h"

/* Law told to people: which row covers a planned send or what each is short of. Law itself is asked, so that nothing here can
 * say otherwise than a send. */

/* --- a row */

static void write_codes(struct wire_writer *writer, const char *key, const struct base_view *codes, size_t count) {
  wire_write_key(writer, key);
  wire_write_array(writer);
  for (size_t i = 0; i < count; i++)
    wire_write_text(writer, codes[i]);
  wire_write_end(writer, ']');
}

void core_show_assurances(struct wire_writer *writer, unsigned assurances) {
  wire_write_key(writer, "assurances");
  wire_write_array(writer);
  for (size_t i = 0; i < LAW_ASSURANCES; i++)
    if (assurances >> i & 1)
      wire_write_text(writer, base_view_text(law_assurance_names[i]));
  wire_write_end(writer, ']');
}

/* What the row asks and law holds against nothing yet: null where it is silent. */
static void write_unheld(struct wire_writer *writer, const struct law_row *row) {
  wire_write_key(writer, "unheld");
  wire_write_object(writer);
  if (row->authority.size > 0 && row->approval != LAW_AUTHORITY)
    wire_write_member_text(writer, "authority", row->authority);
  if (row->assurances != 0)
    core_show_assurances(writer, row->assurances);
  if (row->reply_hours > 0)
    wire_write_member_integer(writer, "reply_hours", row->reply_hours);
  wire_write_end(writer, '}');
}

void core_show_words(const struct core *core, struct wire_writer *writer, const char *key, struct base_view text) {
  bool reads = (core_asker(core)->roles & link_row(LINK_CASE_SHOW)->roles) != 0;
  core_show_text(writer, key, reads ? text : (struct base_view){0});
}

void core_show_row(struct core *core, struct wire_writer *writer, const struct law_row *row) {
  wire_write_object(writer);
  wire_write_member_text(writer, "id", row->id);
  wire_write_member_text(writer, "kind", row->kind);
  write_codes(writer, "types", row->types, row->type_count);
  write_codes(writer, "purposes", row->purposes, row->purpose_count);
  wire_write_member_string(writer, "direction", law_direction_names[row->direction]);
  wire_write_key(writer, "recipient");
  if (row->recipient.size > 0)
    wire_write_text(writer, core_show_name(core, row->recipient));
  else
    wire_write_null(writer);
  wire_write_member_string(writer, "personal", law_personal_names[row->personal]);
  wire_write_member_string(writer, "handling", row->has_handling ? law_handling_names[row->handling] : "");
  wire_write_member_string(writer, "onward", row->has_onward ? law_onward_names[row->onward] : "");
  wire_write_member_string(writer, "approval", law_approval_names[row->approval]);
  wire_write_member_text(writer, "authority", row->approval == LAW_AUTHORITY ? row->authority : (struct base_view){0});
  wire_write_key(writer, "retention_days");
  if (row->retention_days > 0)
    wire_write_integer(writer, row->retention_days);
  else
    wire_write_null(writer);
  wire_write_member_string(writer, "transfer", law_transfer_names[row->transfer]);
  core_show_words(core, writer, "transfer_reference", row->transfer_reference);
  write_unheld(writer, row);
  core_show_words(core, writer, "note", row->note);
  wire_write_end(writer, '}');
}

static bool is_apart(const struct core *core, const struct law_row *row) {
  const struct core_kind *kind = core_kind_named(core, row->kind);
  return kind != NULL && kind->kind.lane == WIRE_LANE_HUMANITARIAN;
}

void core_show_unused(const struct core *core, struct wire_writer *writer, const struct law_agreement *agreement,
                      const struct law_question *question) {
  size_t left = LAW_HIDER_QUESTIONS;
  wire_write_key(writer, "unused_rows");
  wire_write_array(writer);
  for (size_t i = 0; i < agreement->row_count; i++) {
    const struct law_row *row = &agreement->rows[i];
    bool meant = question == NULL || law_row_lacks(agreement, row, question) == 0;
    const struct law_row *hider = meant ? law_row_hider(agreement, row, is_apart(core, row), &left) : NULL;
    if (hider == NULL)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "row", row->id);
    wire_write_member_text(writer, "hidden_by", hider->id);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* --- a planned send */

/* What every filled form of the type holds at least. */
static enum wire_personal least_personal(const struct wire_kind_type *type) {
  enum wire_personal highest = WIRE_PERSONAL_NONE;
  for (size_t i = 0; i < type->field_count; i++)
    if (type->fields[i].required && type->fields[i].personal > highest)
      highest = type->fields[i].personal;
  return highest;
}

static enum base_code read_personal(const struct wire_json *request, const struct wire_kind_type *type,
                                    enum wire_personal *out, struct base_error *err) {
  struct base_view word = core_request_text(request, "personal");
  *out = least_personal(type);
  if (wire_json_get(request, "personal") == NULL)
    return BASE_OK;
  for (size_t i = 0; i <= WIRE_PERSONAL_SPECIAL; i++)
    if (base_view_is(word, law_personal_names[i])) {
      *out = (enum wire_personal)i;
      return BASE_OK;
    }
  return base_fail(err, BASE_FIELD, "personal: none, ordinary or special");
}

/* Without a mark it is asked as an unmarked message is. */
static enum base_code read_level(const struct wire_json *request, const struct wire_kind *kind, enum wire_level *out,
                                 struct base_error *err) {
  struct base_view handling = core_request_text(request, "handling");
  struct wire_marking marking = {0};
  enum base_code code = handling.size > 0 ? wire_marking_read(handling, &marking, err) : BASE_OK;
  if (code == BASE_OK)
    code = wire_kind_marks(kind, &marking, err);
  if (code == BASE_OK)
    *out = wire_kind_level(kind, handling.size > 0 ? &marking : NULL);
  return code;
}

static enum base_code read_purpose(const struct core_kind *kind, struct base_view purpose, struct base_error *err) {
  const struct wire_kind *rules = &kind->kind;
  const struct wire_kind_field *field =
      rules->purpose_field.size > 0 ? wire_kind_field_named(&rules->types[rules->opening], rules->purpose_field) : NULL;
  if (field == NULL || field->list == NULL)
    return purpose.size == 0 ? BASE_OK
                             : base_fail(err, BASE_FIELD, "purpose: cases of the kind %.*s have none",
                                         (int)rules->name.size, (const char *)rules->name.data);
  for (size_t i = 0; i < field->list->count; i++)
    if (base_view_equal(field->list->codes[i], purpose))
      return BASE_OK;
  if (purpose.size == 0)
    return base_fail(err, BASE_USAGE,
                     "purpose: say for which one (wasl kind show %.*s lists them: --purpose), or in which case it would be sent "
                     "(--case)",
                     (int)rules->name.size, (const char *)rules->name.data);
  return base_fail(err, BASE_FIELD, "purpose: one of those that wasl kind show %.*s lists is needed",
                   (int)rules->name.size, (const char *)rules->name.data);
}

/* In which it is to be sent; NULL: in a new one. The kind is the case's own, in the version that the case is of. */
static enum base_code read_case(struct core *core, const struct wire_json *request, const struct core_kind **kind,
                                const struct core_case **out, struct base_error *err) {
  struct base_id id;
  struct core_case *kase = NULL;
  if (core_request_text(request, "case").size == 0)
    return BASE_OK;
  enum base_code code = core_request_id(core, request, "case", "case", &id, err);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, err);
  if (code == BASE_OK && !base_view_equal(kase->kind->kind.name, (*kind)->kind.name))
    code = base_fail(err, BASE_FIELD, "case: it is of the kind %.*s", (int)kase->kind->kind.name.size,
                     (const char *)kase->kind->kind.name.data);
  if (code != BASE_OK)
    return code;
  *kind = kase->kind;
  *out = kase;
  return BASE_OK;
}

/* A case has its own, which stays. */
static enum base_code take_purpose(const struct core_kind *kind, const struct core_case *kase, struct base_view asked,
                                   struct base_view *out, struct base_error *err) {
  *out = kase != NULL ? core_law_purpose(&kind->kind, kase->messages[0].header) : asked;
  if (kase == NULL)
    return read_purpose(kind, asked, err);
  return asked.size == 0 || base_view_equal(asked, *out)
             ? BASE_OK
             : base_fail(err, BASE_FIELD, "purpose: that of the case is %.*s, and stays", (int)out->size,
                         (const char *)out->data);
}

static enum base_code read_question(struct core *core, const struct wire_json *request, struct law_question *out,
                                    const struct wire_kind_type **out_type, struct base_error *err) {
  struct base_view to = core_request_text(request, "to"), name = core_request_text(request, "kind"),
                   word = core_request_text(request, "type");
  const struct core_partner *partner = core_partner_named(core, to);
  const struct core_kind *kind = core_kind_named(core, name);
  if (partner == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "there is no partner named %.*s; wasl partner list shows them",
                     (int)to.size, (const char *)to.data);
  if (kind == NULL)
    return base_fail(err, BASE_KIND, "there is no kind named %.*s; wasl kind list shows them", (int)name.size,
                     (const char *)name.data);
  const struct core_case *kase = NULL;
  enum base_code code = read_case(core, request, &kind, &kase, err);
  if (code != BASE_OK)
    return code;
  const struct wire_kind_type *type = wire_kind_type_named(&kind->kind, word);
  if (type == NULL)
    return core_kind_lacks(kind, word, err);
  *out_type = type;
  *out = (struct law_question){.kind = kind->kind.name,
                               .type = type->name,
                               .needs_row = kind->kind.needs_row,
                               .apart = kind->kind.lane == WIRE_LANE_HUMANITARIAN,
                               .release = type->release == WIRE_RELEASE_SUPERVISOR,
                               .from = core->card.origin,
                               .to = partner->card.origin,
                               .partner_suspended = partner->row.state == STORE_PARTNER_SUSPENDED,
                               .now = core_now(core)};
  if (kase != NULL)
    out->period = law_period_binds(&kind->kind, NULL, type->name, kase->state.period.to);
  code = take_purpose(kind, kase, core_request_text(request, "purpose"), &out->purpose, err);
  if (code == BASE_OK)
    code = read_level(request, &kind->kind, &out->level, err);
  return code == BASE_OK ? read_personal(request, type, &out->personal, err) : code;
}

/* The fewer columns a row is short of, the nearer; of as many, one that has the right kind, type and purpose is nearer
 * than one that lacks them, which is the order of the bits. */
static bool nearer(unsigned lacks, unsigned than) {
  int few = __builtin_popcount(lacks), many = __builtin_popcount(than);
  return few < many || (few == many && lacks > than);
}

static void write_lacks(struct wire_writer *writer, unsigned lacks) {
  static const char *const names[] = {"kind", "type", "purpose", "direction", "recipient", "personal", "handling", "transfer"};
  wire_write_key(writer, "lacks");
  wire_write_array(writer);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (lacks >> i & 1)
      wire_write_text(writer, base_view_text(names[i]));
  wire_write_end(writer, ']');
}

/* An agreement between both, with the row that comes nearest and what that is short of. */
static void write_agreement(struct core *core, struct wire_writer *writer, const struct law_agreement *agreement,
                            const struct law_question *question) {
  static const char *const standings[] = {"in_force", "too_short", "",      "not_accepted", "not_yet",
                                          "expired",  "ended",     "not_concluded", "disputed"};
  enum law_standing standing = law_standing(agreement, question);
  const struct law_row *nearest = NULL;
  unsigned least = LAW_LACKS_ALL;
  if (standing == LAW_NOT_BETWEEN)
    return;
  for (size_t i = 0; i < agreement->row_count; i++) {
    unsigned lacks = law_row_lacks(agreement, &agreement->rows[i], question);
    if (nearest == NULL || nearer(lacks, least)) {
      nearest = &agreement->rows[i];
      least = lacks;
    }
  }
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &agreement->id);
  wire_write_member_id(writer, "terms", &agreement->terms);
  wire_write_member_string(writer, "standing", standings[standing]);
  core_show_time(writer, "from", agreement->from);
  core_show_time(writer, "until", law_agreement_until(agreement));
  wire_write_key(writer, "nearest");
  if (nearest != NULL)
    core_show_row(core, writer, nearest);
  else
    wire_write_null(writer);
  write_lacks(writer, nearest != NULL ? least : 0);
  wire_write_end(writer, '}');
}

/* Whether personal data would leave, and on which basis: null where none do. `unsaid`: no agreement in force says under
 * which regime the two stand. */
static void write_transfer(const struct core *core, struct wire_writer *writer, const struct law_question *question,
                           enum law_transfer basis) {
  bool said = false;
  for (size_t i = 0; i < core->law_count; i++)
    said = said || (law_standing(&core->law[i], question) == LAW_IN_FORCE && core->law[i].regime_count > 0);
  wire_write_member_string(writer, "leaves", !said ? "unsaid" : question->transfer ? "yes" : "no");
  wire_write_member_string(writer, "basis", law_transfer_names[basis]);
}

enum base_code core_show_explain(struct core *core, const struct wire_json *request, struct base_buf *out,
                                 struct base_error *err) {
  struct law_question question;
  struct law_answer answer = {0};
  struct base_error why = {0};
  const struct wire_kind_type *type = NULL;
  enum base_code code = read_question(core, request, &question, &type, err);
  if (code != BASE_OK)
    return code;
  enum base_code said = law_decide(&question, core->law, core->law_count, &answer, &why);
  bool allowed = said == BASE_OK;
  question.transfer = law_transfers(&question, core->law, core->law_count);
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "to", wire_origin_name(question.to));
  wire_write_member_text(&writer, "kind", question.kind);
  wire_write_member_text(&writer, "type", question.type);
  wire_write_member_text(&writer, "purpose", question.purpose);
  wire_write_member_string(&writer, "personal", law_personal_names[question.personal]);
  wire_write_member_bool(&writer, "allowed", allowed);
  wire_write_member_string(&writer, "code", allowed ? "ok" : base_code_name(said));
  wire_write_member_string(&writer, "clause", allowed ? answer.clause : "");
  wire_write_member_string(&writer, "why", allowed ? "" : why.text);
  wire_write_member_string(&writer, "approval", law_approval_names[allowed ? core_release_asks(core, type, &answer) : LAW_OFFICER]);
  bool over = question.period != 0 && question.now >= question.period;
  core_show_time(&writer, "period", question.period);
  wire_write_member_bool(&writer, "over", over);
  write_transfer(core, &writer, &question, allowed ? answer.transfer : LAW_TRANSFER_NONE);
  wire_write_key(&writer, "row");
  if (answer.row != NULL)
    core_show_row(core, &writer, answer.row);
  else
    wire_write_null(&writer);
  static const struct law_agreement none = {0};
  core_show_unused(core, &writer, answer.agreement != NULL ? answer.agreement : &none, &question);
  wire_write_key(&writer, "agreements");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->law_count && question.needs_row && !allowed && !over; i++)
    write_agreement(core, &writer, &core->law[i], &question);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return BASE_OK;
}
