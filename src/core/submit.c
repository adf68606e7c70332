/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/agreements.h"
#include "core/answercheck.h"
#include "core/back.h"
#include "core/balance.h"
#include "core/cases.h"
#include "core/certified.h"
#include "core/earliercheck.h"
#include "core/ending.h"
#include "core/ends.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/release.h"
#include "core/submission.h"
#include "core/submit.h"
#include "law/emergency.h"

/* Local submission: a case opened, a message sent. First everything that can refuse, then the writing. */

/* --- checks */

static enum base_code check_node(const struct core *core, struct base_error *err) {
  uint64_t room = 0;
  if (core->lost[0] != '\0')
    return base_fail(err, BASE_POLICY, "%s", core->lost);
  if (core_disk_low(core, &room))
    return base_fail(err, BASE_DISK_FULL,
                     "%llu MiB are free on the node's disk, %d are needed: make room, then send again",
                     (unsigned long long)(room >> 20), CORE_DISK_LOW >> 20);
  return BASE_OK;
}

void core_submission_deny(struct core *core, uint64_t token, const struct core_submission *submission,
                          enum base_code code, struct base_error *err) {
  char subject[2 * WIRE_CODE_MAX + sizeof CORE_LANE_SAID + sizeof CORE_EXERCISE_SAID + 8], reason[BASE_ERROR_TEXT_MAX + 40];
  const struct wire_kind *kind = &submission->kind->kind;
  snprintf(subject, sizeof subject, "%.*s/%.*s%s%s", (int)kind->name.size, (const char *)kind->name.data,
           (int)submission->type->name.size, (const char *)submission->type->name.data,
           kind->lane == WIRE_LANE_HUMANITARIAN ? CORE_LANE_SAID : "",
           submission->header.exercise ? CORE_EXERCISE_SAID : "");
  snprintf(reason, sizeof reason, "%s: %s", base_code_name(code), err->text);
  struct wire_opening opening = {
      .actor = submission->actor, .subject = base_view_text(subject), .reason = base_view_text(reason)};
  struct base_error why = {0};
  enum base_code wrote = core_write(core, &why);
  if (wrote == BASE_OK)
    wrote = core_register_add(core, WIRE_ACT_DENIED, &opening, NULL, &why);
  if (wrote != BASE_OK)
    core_reply_error(core, token, wrote, &why);
  else
    core_reply_error(core, token, code, err);
}

/* kase NULL: the message opens it. */
static enum base_code check_law(struct core *core, const struct core_case *kase, struct core_submission *submission,
                                struct base_error *err) {
  const struct wire_header *opening = kase != NULL ? kase->messages[0].header : &submission->header;
  base_time period = law_period_binds(&submission->kind->kind, &submission->header, submission->type->name,
                                      kase != NULL ? kase->state.period.to : 0);
  enum base_code lane = core_ending_lane(core, submission, err);
  if (lane != BASE_OK)
    return lane;
  for (size_t i = 0; i < submission->to_count; i++) {
    if (core_partner_stopped(submission->to[i])) /* says since when, why, and what a person can do */
      return base_fail(err, BASE_POLICY, "%s", submission->to[i]->trouble);
    struct core_law_content content = {
        .personal = submission->form.personal,
        .level = submission->level,
        .emergency = submission->emergency.ground,
        .derogation = submission->derogation.code,
        .period = period};
    struct law_answer *answer = &submission->answers[i];
    enum base_code code = core_law(core, &submission->kind->kind, opening, submission->type->name, content,
                                   submission->to[i], answer, err);
    if (code == BASE_OK)
      code = core_passing_law(core, &submission->kind->kind, opening, &submission->header,
                              submission->to[i]->card.origin, answer->clause, err);
    if (code != BASE_OK)
      return code;
    if (core_partner_seal(core, submission->to[i]) == NULL)
      return base_fail(err, BASE_POLICY,
                       "the sealing keys on the card of %.*s have expired: ask the partner for a new card",
                       (int)submission->to[i]->card.name.size, (const char *)submission->to[i]->card.name.data);
    enum law_approval asks = core_release_asks(core, submission->type, answer);
    if (asks > submission->approval)
      submission->approval = asks;
    if (law_emergency_ground(base_view_text(answer->clause)).size > 0)
      submission->urgent[submission->urgent_count++] = submission->to[i];
  }
  if (submission->urgent_count > 0 && submission->approval > LAW_OFFICER)
    return base_fail(err, BASE_POLICY,
                     "an emergency waits for nobody, and to one of these partners it may go by a row, released by a "
                     "second person: open the case with the others alone");
  return BASE_OK;
}

static enum base_code compose_part0(struct core *core, struct core_submission *submission, struct base_error *err) {
  core->env.world->random(core->env.world->context, submission->part0.nonce, sizeof submission->part0.nonce);
  enum base_code code =
      wire_part0_write(&submission->part0, base_buf_view(&submission->rest), &submission->part0_bytes, err);
  if (code == BASE_OK)
    code = base_buf_check(&submission->part0_bytes, "content", err);
  return code;
}

/* Part 0, unless it is there, and header as bytes, and the id. */
static enum base_code compose(struct core *core, struct core_submission *submission, struct base_error *err) {
  struct wire_header *header = &submission->header;
  enum base_code code = submission->part0_bytes.size == 0 ? compose_part0(core, submission, err) : BASE_OK;
  if (code != BASE_OK)
    return code;
  header->opens = submission->opens;
  header->case_id = submission->case_id;
  header->kind = submission->kind->kind.name;
  header->kind_hash = submission->kind->kind.hash;
  header->type = submission->type->name;
  header->author = core->card.origin;
  header->time = core_now(core);
  if (submission->held != NULL && header->time <= submission->held_time)
    header->time =
        submission->held_time + 1; /* it is another message than the one that was held, also in the same second */
  header->state_count = submission->form.state_count;
  memcpy(header->state, submission->form.state, sizeof header->state);
  header->part0 = seal_sha256(base_buf_view(&submission->part0_bytes));
  /* What was held was checked as of another time: what no partner would take by now is told to whoever releases it. */
  code = submission->held != NULL ? wire_form_check_header(&submission->kind->kind, header, err) : BASE_OK;
  if (code == BASE_OK)
    code = wire_header_write(header, &submission->header_bytes, err);
  if (code == BASE_OK)
    code = base_buf_check(&submission->header_bytes, "header", err);
  if (code == BASE_OK)
    submission->id = seal_message_id(base_buf_view(&submission->header_bytes));
  if (code == BASE_OK && submission->opens)
    submission->case_id = submission->id;
  return code;
}

/* Law names places in the terms; who sent them knows these as members of `fields`. */
static void name_fields(struct base_error *err) {
  static const char *const laws[] = {"agreement: state $", "agreement: $"};
  for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
    size_t size = strlen(laws[i]);
    if (strncmp(err->text, laws[i], size) != 0)
      continue;
    char rest[sizeof err->text];
    (void)snprintf(rest, sizeof rest, "%s", err->text + size);
    (void)snprintf(err->text, sizeof err->text, "fields: $%.*s", (int)(sizeof err->text - sizeof "fields: $"), rest);
    return;
  }
}

/* What a form cannot say about an agreement's terms (row ids are unique, dates follow each other) is asked of law
 * before it goes out: terms that law could not read would cover nothing. */
static enum base_code check_terms(struct core *core, const struct wire_json *fields, struct core_submission *submission,
                                  struct base_error *err) {
  if (!core_kind_agreement(&submission->kind->kind) || wire_json_get(fields, "rows") == NULL)
    return BASE_OK;
  struct law_agreement *terms = &submission->terms;
  enum base_code code = law_terms_parse(fields, &submission->header, core_now(core), &submission->arena, terms, err);
  if (code != BASE_OK)
    name_fields(err);
  return code == BASE_OK ? core_terms_known(core, terms, err) : code;
}

/* The notice goes first: what can be refused is, before anything is written, and whoever receives the message knows. */
static enum base_code give_notice(struct core *core, struct core_submission *submission, struct core_case **kase,
                                  struct base_error *err) {
  if (submission->urgent_count == 0)
    return BASE_OK;
  enum base_code code = core_emergency_notice(core, submission->actor, &submission->emergency, &submission->id,
                                              submission->header.exercise, submission->urgent, submission->urgent_count,
                                              &submission->notice, err);
  if (code != BASE_OK || submission->opens)
    return code;
  code = core_case_load(core, &submission->case_id, kase, err); /* the notice's case may have pushed it out */
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static void finish(struct core *core, uint64_t token, const struct wire_json *document,
                   struct core_submission *submission, struct core_case *kase) {
  struct base_error err = {0};
  enum base_code code = check_law(core, kase, submission, &err);
  bool held = submission->approval > LAW_OFFICER;
  core_submission_look(core, document, submission);
  if (code == BASE_OK && held)
    code = core_release_possible(core, submission->approval, &err);
  if (wire_json_true(wire_json_get(document, "check"))) {
    if (code == BASE_OK)
      core_submission_may(core, token, submission);
    else
      core_reply_error(core, token, code, &err);
    return;
  }
  if (code == BASE_LAW || code == BASE_SUSPENDED || code == BASE_POLICY) {
    core_submission_deny(core, token, submission, code, &err);
    return;
  }
  if (code == BASE_OK && held)
    code = core_release_hold(core, token, submission, &err);
  else if (code == BASE_OK)
    code = give_notice(core, submission, &kase, &err);
  if (code == BASE_OK && !held)
    code = core_submission_proceed(core, submission, kase, &err);
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
  else if (!held)
    core_submission_sent(core, token, submission);
}

static enum base_code check_opening(struct core *core, const struct wire_json *fields,
                                    struct core_submission *submission, struct base_error *err) {
  enum base_code code = check_terms(core, fields, submission, err);
  if (code == BASE_OK)
    code = core_balance_check(core, &submission->kind->kind, NULL, &submission->header, fields, err);
  if (code == BASE_OK && base_view_is(submission->kind->kind.name, "consent"))
    code = core_consent_check(core, NULL, &submission->header, err);
  return code;
}

static enum base_code open_check(struct core *core, const struct wire_json *document,
                                 struct core_submission *submission, struct base_error *err) {
  struct base_view name = core_request_text(document, "kind");
  submission->opens = true;
  submission->kind = core_kind_named(core, name);
  enum base_code code = check_node(core, err);
  if (code == BASE_OK && submission->kind == NULL)
    code = base_fail(err, BASE_KIND, "there is no kind named %.*s; wasl kind list shows them", (int)name.size,
                     (const char *)name.data);
  if (code == BASE_OK)
    submission->type = &submission->kind->kind.types[submission->kind->kind.opening];
  if (code == BASE_OK && submission->by_hand)
    code = core_people_binds(core, &submission->kind->kind, submission->type, err);
  if (code == BASE_OK && submission->by_hand)
    code = core_lane_writes(core, &submission->kind->kind, err);
  if (code == BASE_OK)
    code = core_exercise_meant(document, submission->by_hand, NULL, &submission->header.exercise, err);
  if (code == BASE_OK)
    code = core_exercise_may(&submission->kind->kind, submission->header.exercise, err);
  if (code == BASE_OK && submission->by_hand)
    code = core_readers_write(core, &submission->kind->kind, NULL, err);
  if (code == BASE_OK)
    code = core_submission_audience(core, document, submission, err);
  if (code == BASE_OK)
    code = core_submission_form(core, document, submission, err);
  if (code == BASE_OK)
    code = compose(core, submission, err);
  return code == BASE_OK ? check_opening(core, wire_json_get(document, "fields"), submission, err) : code;
}

void core_submit_open(struct core *core, uint64_t token, const struct wire_json *document) {
  core_submit_carrying(core, token, document, NULL);
}

void core_submit_carrying(struct core *core, uint64_t token, const struct wire_json *document,
                          const struct core_content *source) {
  struct base_error err = {0};
  struct core_submission submission;
  core_submission_init(&submission);
  submission.actor = core_actor(core);
  submission.by_hand = true;
  submission.source = source;
  enum base_code code = core_emergency_read(core, document, &submission.emergency, &err);
  if (code == BASE_OK)
    code = core_derogation_read(core, document, &submission.derogation, &err);
  if (code == BASE_OK)
    code = open_check(core, document, &submission, &err);
  if (code == BASE_OK)
    code = core_recall_by_hand(submission.kind, submission.type, &err);
  if (code == BASE_OK)
    code = core_emergency_by_hand(submission.kind, submission.type, &err);
  if (code == BASE_OK)
    code = core_certificate_by_hand(submission.kind, &err);
  if (code == BASE_OK)
    finish(core, token, document, &submission, NULL);
  else
    core_reply_error(core, token, code, &err);
  core_submission_free(&submission);
}

/* The case, its parties, and the type of the message. Whether its state takes one comes after the form: what is wrong
 * with that is wrong in every state, and whoever writes a program learns it without a case in the right one. */
static enum base_code find_case(struct core *core, struct base_view name, struct core_submission *submission,
                                struct core_case **out, struct base_error *err) {
  struct core_case *kase = NULL;
  enum base_code code = core_case_load(core, &submission->case_id, &kase, err);
  if (code == BASE_OK && submission->by_hand)
    code = core_readers_write(core, &kase->kind->kind, &kase->id, err);
  if (code == BASE_OK)
    code = core_case_room(kase, err);
  if (code != BASE_OK)
    return code;
  submission->kind = kase->kind;
  submission->type = wire_kind_type_named(&kase->kind->kind, name);
  if (submission->type == NULL)
    return core_kind_lacks(kase->kind, name, err);
  code = submission->by_hand ? core_people_binds(core, &kase->kind->kind, submission->type, err) : BASE_OK;
  if (code == BASE_OK)
    code = core_submission_parties(core, kase->messages[0].header, kase->row.opened, submission, err);
  if (code == BASE_OK)
    code = core_back_case(core, &kase->id, err);
  *out = kase;
  return code;
}

/* With its content checked: its place in the case, header and id. */
static enum base_code place_in_case(struct core *core, const struct wire_json *fields,
                                    struct core_submission *submission, const struct core_case *kase,
                                    struct base_error *err) {
  submission->header.follows = submission->follows;
  submission->header.follow_count = engine_follows(kase->messages, kase->count, core->card.origin, submission->follows);
  enum base_code code = core_ending_take(core, kase, submission, err);
  if (code == BASE_OK)
    code = compose(core, submission, err);
  if (code == BASE_OK)
    code = check_terms(core, fields, submission, err);
  if (code == BASE_OK)
    code = engine_allows_header(&kase->kind->kind, kase->messages, kase->count, &kase->state, &submission->header, err);
  if (code == BASE_OK)
    code = core_balance_check(core, &kase->kind->kind, kase, &submission->header, fields, err);
  if (code == BASE_OK)
    code = core_answer_check(core, kase, submission->type, fields, err);
  if (code == BASE_OK)
    code = core_earlier_check(core, kase, submission->type, &submission->header, fields, err);
  if (code == BASE_OK)
    code = core_ends_may(kase, &submission->header, err);
  if (code == BASE_OK && base_view_is(kase->kind->kind.name, "consent"))
    code = core_consent_check(core, kase, &submission->header, err);
  if (code == BASE_OK && base_view_is(kase->kind->kind.name, WIRE_KIND_EMERGENCY))
    code = core_emergency_check(core, kase, &submission->header, fields, err);
  return code;
}

static enum base_code send_check(struct core *core, const struct wire_json *request, const struct wire_json *document,
                                 struct core_submission *submission, struct core_case **out_case,
                                 struct base_error *err) {
  enum base_code code = check_node(core, err);
  if (code == BASE_OK)
    code = core_request_id(core, request, "id", "case", &submission->case_id, err);
  if (code == BASE_OK)
    code = find_case(core, core_request_text(document, "type"), submission, out_case, err);
  if (code == BASE_OK)
    code = core_exercise_meant(document, submission->by_hand, *out_case, &submission->header.exercise, err);
  if (code == BASE_OK)
    code = core_submission_form(core, document, submission, err);
  return code == BASE_OK ? place_in_case(core, wire_json_get(document, "fields"), submission, *out_case, err) : code;
}

void core_submit_send(struct core *core, uint64_t token, const struct wire_json *request,
                      const struct wire_json *document) {
  struct base_error err = {0};
  struct core_submission submission;
  core_submission_init(&submission);
  submission.actor = core_actor(core);
  submission.by_hand = true;
  struct core_case *kase = NULL;
  enum base_code code = core_emergency_read(core, document, &submission.emergency, &err);
  if (code == BASE_OK)
    code = core_derogation_read(core, document, &submission.derogation, &err);
  if (code == BASE_OK)
    code = send_check(core, request, document, &submission, &kase, &err);
  if (code == BASE_OK)
    code = core_recall_by_hand(submission.kind, submission.type, &err);
  if (code == BASE_OK)
    finish(core, token, document, &submission, kase);
  else
    core_reply_error(core, token, code, &err);
  core_submission_free(&submission);
}

enum base_code core_submit_itself(struct core *core, struct base_view actor, struct base_view bytes,
                                  struct base_id *out, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  struct core_submission submission;
  struct core_case *kase = NULL;
  enum base_code code = wire_json_parse(bytes, CORE_DOCUMENT_MAX, "request", &document, err);
  if (code != BASE_OK)
    return code;
  core_submission_init(&submission);
  submission.actor = actor;
  code = wire_json_get(document, "id") != NULL ? send_check(core, document, document, &submission, &kase, err)
                                               : open_check(core, document, &submission, err);
  if (code == BASE_OK)
    code = check_law(core, kase, &submission, err);
  if (code == BASE_OK && submission.approval > LAW_OFFICER)
    code = base_fail(err, BASE_POLICY,
                     "%.*s needs a release by a second person, and the node itself submits nothing to one",
                     (int)submission.type->name.size, (const char *)submission.type->name.data);
  if (code == BASE_OK)
    code = core_submission_proceed(core, &submission, kase, err);
  if (code == BASE_OK)
    *out = submission.id;
  core_submission_free(&submission);
  return code;
}

/* --- once more, what was held for release */

/* The content as it was pledged, read back. */
static enum base_code take_content(struct core *core, const struct core_content *held,
                                   struct core_submission *submission, struct base_error *err) {
  const struct wire_header *header = &held->header;
  struct wire_marking marking;
  submission->held = &held->row.id;
  submission->header.exercise = header->exercise;
  submission->held_time = header->time;
  submission->part0 = held->part0;
  submission->part0.document = NULL; /* stays the caller's */
  submission->form.state_count = header->state_count;
  memcpy(submission->form.state, header->state, sizeof header->state);
  submission->form.personal = wire_form_personal(submission->type, header, held->part0.fields);
  bool marked = wire_marking_parse(held->part0.handling, &marking);
  submission->level = wire_kind_level(&submission->kind->kind, marked ? &marking : NULL);
  base_buf_add_view(&submission->part0_bytes, held->row.part0);
  enum base_code code = base_buf_check(&submission->part0_bytes, "content", err);
  if (code == BASE_OK)
    code = core_submission_names(core, submission, header, held->part0.fields, err);
  if (code == BASE_OK)
    code = core_exercise_names(core, submission->type, header, held->part0.fields, header->exercise, err);
  return code == BASE_OK ? core_passable(core, &submission->form, err) : code;
}

static enum base_code open_again(struct core *core, const struct core_content *held, struct core_submission *submission,
                                 struct base_error *err) {
  const struct wire_header *header = &held->header;
  submission->opens = true;
  submission->kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  if (submission->kind == NULL)
    return base_fail(err, BASE_KIND, "its kind %.*s is another one by now: submit it again", (int)header->kind.size,
                     (const char *)header->kind.data);
  submission->type = &submission->kind->kind.types[submission->kind->kind.opening];
  enum base_code code = core_submission_parties(core, header, INT64_MAX, submission, err);
  if (code == BASE_OK)
    code = take_content(core, held, submission, err);
  if (code == BASE_OK)
    code = compose(core, submission, err);
  return code == BASE_OK ? check_opening(core, held->part0.fields, submission, err) : code;
}

static enum base_code send_again(struct core *core, const struct core_content *held, struct core_submission *submission,
                                 struct core_case **out_case, struct base_error *err) {
  submission->case_id = held->row.case_id;
  enum base_code code = find_case(core, held->header.type, submission, out_case, err);
  if (code == BASE_OK)
    code = take_content(core, held, submission, err);
  return code == BASE_OK ? place_in_case(core, held->part0.fields, submission, *out_case, err) : code;
}

enum base_code core_submission_again(struct core *core, const struct core_content *held,
                                     struct core_submission *submission, struct core_case **out_case,
                                     struct base_error *err) {
  enum base_code code = check_node(core, err);
  *out_case = NULL;
  if (code == BASE_OK)
    code = held->header.opens ? open_again(core, held, submission, err)
                              : send_again(core, held, submission, out_case, err);
  return code == BASE_OK ? check_law(core, *out_case, submission, err) : code;
}
