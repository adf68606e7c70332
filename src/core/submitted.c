/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/agreements.h"
#include "core/cases.h"
#include "core/crosscheck.h"
#include "core/ending.h"
#include "core/messages.h"
#include "core/parts.h"
#include "core/readers.h"
#include "core/register.h"
#include "core/show.h"
#include "core/submission.h"
#include "core/submit.h"
#include "law/transfer.h"

/* A submission is written: the message, its parts, a sent leaf and a delivery for each who is to have it; and answered. */

void core_submission_init(struct core_submission *submission) {
  memset(submission, 0, sizeof *submission);
  base_arena_init(&submission->arena, 16 << 20);
  base_buf_init(&submission->rest, WIRE_PART0_MAX);
  base_buf_init(&submission->header_bytes, WIRE_HEADER_MAX);
  base_buf_init(&submission->part0_bytes, WIRE_PART0_MAX);
}

void core_submission_free(struct core_submission *submission) {
  base_arena_free(&submission->arena);
  base_buf_free(&submission->rest);
  base_buf_free(&submission->header_bytes);
  if (submission->part0_bytes.data != NULL)
    base_wipe(submission->part0_bytes.data, submission->part0_bytes.size);
  base_buf_free(&submission->part0_bytes);
  base_wipe(&submission->part0, sizeof submission->part0);
}

static enum base_code write_message(struct core *core, const struct core_submission *submission,
                                    enum store_message_state state, struct base_error *err) {
  struct base_secret key;
  uint8_t wrapped[CORE_WRAPPED] = {0};
  struct store_message row = {.id = submission->id,
                              .case_id = submission->case_id,
                              .state = state,
                              .ours = true,
                              .type = submission->type->name,
                              .author = core->card.origin,
                              .header = base_buf_view(&submission->header_bytes),
                              .wrapped_key = base_view_of(wrapped, sizeof wrapped),
                              .stored = submission->stored,
                              .part_count = (uint16_t)submission->part0.part_count};
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_buf_init(&sealed, WIRE_PART0_MAX + SEAL_TAG);
  enum base_code code = core_key(core, &key, wrapped, &row.epoch, err);
  if (code != BASE_OK)
    return code;
  core_content_seal(&key, &submission->id, submission->header.exercise, base_buf_view(&submission->part0_bytes), &sealed);
  core_content_fresh(core, &submission->id, &key);
  base_wipe(&key, sizeof key);
  code = base_buf_check(&sealed, "content", err);
  row.part0 = base_buf_view(&sealed);
  if (code == BASE_OK)
    code = store_message_add(core->store, &row, err);
  if (code == BASE_OK && state != STORE_MESSAGE_DRAFT)
    code = core_crosscheck_note(core, &submission->id, submission->type, submission->part0.fields, err);
  return code;
}

static enum base_code write_parts(struct core *core, struct core_submission *submission, struct base_error *err) {
  if (submission->held != NULL)
    return core_parts_move(core, submission->held, &submission->id, submission->part0.part_count, err);
  if (submission->source != NULL)
    return core_parts_share(core, &submission->source->row.id, &submission->id, submission->part0.part_count, err);
  for (size_t i = 0; i < submission->part0.part_count; i++) {
    struct core_stage *stage = submission->stages[i];
    struct store_part row = {.message = submission->id,
                             .part = (uint16_t)i,
                             .token = core_part_token(core, &stage->sha256),
                             .file = base_view_text(stage->file),
                             .size = stage->size,
                             .records = stage->records,
                             .records_held = stage->records};
    enum base_code code = store_part_put(core->store, &row, err);
    if (code != BASE_OK)
      return code;
  }
  for (size_t i = 0; i < submission->part0.part_count; i++)
    submission->stages[i]->taken = true;
  return BASE_OK;
}

enum base_code core_delivery_give(struct core *core, struct core_partner *partner, const struct base_id *message,
                                  const struct base_id *case_id, struct base_view clause, struct base_error *err) {
  struct wire_opening opening = {.has_message = true,
                                 .message = *message,
                                 .from = core->card.origin,
                                 .to = partner->card.origin,
                                 .number = partner->row.sent_number + 1,
                                 .previous = partner->row.sent_previous,
                                 .clause = clause,
                                 .from_card = core->card_hash,
                                 .to_card = partner->card_hash};
  struct core_leaf leaf;
  enum base_code code = core_register_add(core, WIRE_ACT_SENT, &opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  struct store_delivery delivery = {.message = *message,
                                    .case_id = *case_id,
                                    .partner = partner->row.number,
                                    .number = opening.number,
                                    .state = STORE_WAITING,
                                    .sent_index = leaf.index};
  code = store_delivery_add(core->store, &delivery, err);
  if (code != BASE_OK)
    return code;
  partner->row.sent_number = opening.number;
  partner->row.sent_previous = leaf.hash;
  partner->maybe = true;
  return store_partner_update(core->store, &partner->row, err);
}

enum base_code core_submission_store(struct core *core, struct core_submission *submission,
                                     enum store_message_state state, struct base_error *err) {
  enum base_code code = core_write(core, err);
  submission->stored = core_now(core);
  if (code == BASE_OK)
    code = write_message(core, submission, state, err);
  return code == BASE_OK ? write_parts(core, submission, err) : code;
}

/* Who of our people it was: the `sent` leaves go to partners, who hear of no person here. */
static enum base_code sign(struct core *core, const struct core_submission *submission, const struct core_case *kase,
                           struct base_error *err) {
  const struct wire_header *opening = kase != NULL ? kase->messages[0].header : &submission->header;
  struct base_view kind = submission->kind->kind.name, type = submission->header.type;
  struct base_view purpose = core_law_purpose(&submission->kind->kind, opening);
  char reason[3 * WIRE_CODE_MAX + 8];
  if (submission->actor.size == 0)
    return BASE_OK;
  snprintf(reason, sizeof reason, "%.*s %.*s%s%.*s", (int)kind.size, (const char *)kind.data, (int)type.size,
           (const char *)type.data, purpose.size > 0 ? " for " : "", (int)purpose.size, (const char *)purpose.data);
  struct wire_opening written = {.has_message = true,
                                 .message = submission->id,
                                 .actor = submission->actor,
                                 .subject = base_view_text(base_id_text(&submission->case_id).text),
                                 .reason = base_view_text(reason)};
  return core_register_add(core, WIRE_ACT_WRITTEN, &written, NULL, err);
}

enum base_code core_submission_proceed(struct core *core, struct core_submission *submission, struct core_case *kase,
                                       struct base_error *err) {
  enum base_code code = core_submission_store(core, submission, STORE_MESSAGE_HELD, err);
  if (code == BASE_OK)
    code = sign(core, submission, kase, err);
  for (size_t i = 0; i < submission->to_count && code == BASE_OK; i++) {
    struct base_view clause = base_view_text(submission->answers[i].clause);
    code = core_delivery_give(core, submission->to[i], &submission->id, &submission->case_id, clause, err);
    if (code == BASE_OK)
      code = core_derogation_write(core, submission->actor, &submission->derogation, &submission->id, clause, err);
    if (code == BASE_OK)
      code = core_emergency_sent(core, submission->actor, &submission->id, &submission->case_id, submission->to[i],
                                 clause, err);
  }
  if (code == BASE_OK && submission->opens)
    code = core_case_begin(core, &submission->case_id, submission->kind, submission->stored, &kase, err);
  if (code == BASE_OK && submission->opens)
    code = core_readers_opened(core, &submission->kind->kind, &submission->case_id, submission->actor, err);
  if (code == BASE_OK)
    code = core_case_admit(core, kase, &submission->id, &submission->header, err);
  if (code == BASE_OK && core_kind_agreement(&submission->kind->kind))
    code = core_agreement_refresh(core, &submission->case_id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- what the node writes by itself */

void core_submit_begin(struct wire_writer *writer, struct base_buf *document, const char *kind, bool exercise,
                       const struct core_partner *const *to, size_t count) {
  base_buf_init(document, CORE_DOCUMENT_MAX);
  wire_writer_init(writer, document);
  wire_write_object(writer);
  wire_write_member_string(writer, "kind", kind);
  if (exercise)
    wire_write_member_bool(writer, "exercise", true);
  wire_write_key(writer, "to");
  wire_write_array(writer);
  for (size_t i = 0; i < count; i++)
    wire_write_text(writer, to[i]->card.name);
  wire_write_end(writer, ']');
  wire_write_key(writer, "fields");
  wire_write_object(writer);
}

enum base_code core_submit_end(struct core *core, struct base_view actor, struct wire_writer *writer, const char *what,
                               struct base_id *out, struct base_error *err) {
  wire_write_end(writer, '}');
  wire_write_end(writer, '}');
  enum base_code code = base_buf_check(writer->out, what, err);
  return code == BASE_OK ? core_submit_itself(core, actor, base_buf_view(writer->out), out, err) : code;
}

/* --- what is answered */

void core_submission_answer(struct core *core, uint64_t token, const struct base_id *id, bool exercise) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", id);
  wire_write_member_bool(&writer, "exercise", exercise);
  wire_write_end(&writer, '}');
}

void core_submission_look(const struct core *core, const struct wire_json *document, struct core_submission *submission) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, CORE_HINT_MEMORY);
  submission->hint_count =
      wire_form_hints(submission->type, wire_json_get(document, "fields"), core_now(core), &arena, submission->hints);
}

void core_submission_warnings(const struct core *core, struct wire_writer *writer,
                              const struct core_submission *submission) {
  wire_write_member_bool(writer, "exercise", submission->header.exercise);
  wire_write_key(writer, "warnings");
  wire_write_array(writer);
  for (size_t i = 0; i < submission->hint_count; i++) {
    wire_write_object(writer);
    wire_write_member_text(writer, "field", submission->hints[i].field);
    wire_write_member_string(writer, "what", wire_hint_names[submission->hints[i].what]);
    wire_write_member_integer(writer, "place", (int64_t)submission->hints[i].place);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  core_show_unused(core, writer, &submission->terms, NULL);
  core_ending_write(writer, &submission->ending);
}

void core_submission_derogated(struct wire_writer *writer, const struct core_submission *submission) {
  wire_write_key(writer, "derogated");
  wire_write_array(writer);
  for (size_t i = 0; i < submission->to_count; i++)
    if (law_transfer_derogates(submission->answers[i].transfer) && submission->answers[i].row != NULL)
      wire_write_text(writer, submission->to[i]->card.name);
  wire_write_end(writer, ']');
}

void core_submission_unsent(const struct core *core, struct wire_writer *writer, const struct core_submission *submission) {
  wire_write_object(writer);
  wire_write_key(writer, "id");
  wire_write_null(writer);
  wire_write_key(writer, "emergency");
  wire_write_null(writer);
  core_submission_derogated(writer, submission);
  core_submission_warnings(core, writer, submission);
}

void core_submission_may(struct core *core, uint64_t token, const struct core_submission *submission) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  core_submission_unsent(core, &writer, submission);
  wire_write_key(&writer, "check");
  wire_write_object(&writer);
  wire_write_member_string(&writer, "asks", law_approval_names[submission->approval]);
  wire_write_key(&writer, "to");
  wire_write_array(&writer);
  for (size_t i = 0; i < submission->to_count; i++) {
    wire_write_object(&writer);
    wire_write_member_text(&writer, "partner", submission->to[i]->card.name);
    wire_write_member_string(&writer, "clause", submission->answers[i].clause);
    wire_write_end(&writer, '}');
  }
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  wire_write_end(&writer, '}');
}

void core_submission_sent(struct core *core, uint64_t token, const struct core_submission *submission) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &submission->id);
  wire_write_key(&writer, "emergency");
  if (submission->urgent_count > 0) {
    wire_write_object(&writer);
    wire_write_member_id(&writer, "case", &submission->notice);
    wire_write_key(&writer, "to");
    wire_write_array(&writer);
    for (size_t i = 0; i < submission->urgent_count; i++)
      wire_write_text(&writer, submission->urgent[i]->card.name);
    wire_write_end(&writer, ']');
    wire_write_end(&writer, '}');
  } else {
    wire_write_null(&writer);
  }
  core_submission_derogated(&writer, submission);
  core_submission_warnings(core, &writer, submission);
  wire_write_end(&writer, '}');
}
