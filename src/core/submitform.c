/* SPDX-License-Identifier: Apache-2.0
 * What a document holds that is to become a message: its fields, files and marks. */
#include <stdio.h>
#include <string.h>

#include "core/agreements.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/parts.h"
#include "core/recall.h"
#include "core/show.h"
#include "core/submission.h"

static enum base_code check_parts(struct core *core, const struct wire_json *request,
                                  struct core_submission *submission, struct base_error *err) {
  const struct wire_part0 *part0 = submission->source != NULL ? &submission->source->part0 : NULL;
  const struct wire_json *parts = wire_json_get(request, "parts");
  size_t count = part0 != NULL ? part0->part_count : wire_json_size(parts);
  enum base_code fits = wire_form_check_parts(submission->type, count, err);
  if (fits != BASE_OK)
    return fits;
  if (part0 != NULL) {
    memcpy(submission->part0.parts, part0->parts, part0->part_count * sizeof part0->parts[0]);
    submission->part0.part_count = part0->part_count;
    return BASE_OK;
  }
  if (count > WIRE_PARTS_MAX)
    return base_fail(err, BASE_TOO_LARGE, "parts: %zu were given, a message has at most %d", count, WIRE_PARTS_MAX);
  for (size_t i = 0; i < count; i++) {
    char path[32];
    snprintf(path, sizeof path, "$.parts[%zu]", i);
    struct wire_object object;
    wire_object_begin(&object, wire_json_at(parts, i), "request", path);
    struct base_view stage = wire_object_text(&object, "stage", 20, false);
    if (wire_json_get(wire_json_at(parts, i), "stage") == NULL)
      wire_object_fail(&object, BASE_FIELD, "stage",
                       "missing: a text with the number that POST /v1/parts answered (`stage`) when the file was uploaded");
    struct wire_part *part = &submission->part0.parts[i];
    part->name = wire_object_text(&object, "name", WIRE_PART_NAME_MAX, true);
    part->media_type = wire_object_text(&object, "type", 127, true);
    enum base_code code = wire_object_end(&object, err);
    if (code != BASE_OK)
      return code;
    uint64_t number = 0;
    struct core_stage *found = base_decimal_parse(stage, &number) ? core_stage_of(core, number) : NULL;
    if (found == NULL || !found->finished)
      return base_fail(err, BASE_CONFLICT,
                       "%s: its file is not at the node any more (it was started anew, or too many files came after "
                       "it), and nothing "
                       "was sent: give the same command once more, which uploads the files again",
                       path);
    for (size_t k = 0; k < i; k++)
      if (submission->stages[k] == found)
        return base_fail(err, BASE_FIELD, "%s: the same upload is named twice", path);
    submission->stages[i] = found;
    part->size = found->size;
    part->sha256 = found->sha256;
    part->key = found->key;
  }
  submission->part0.part_count = count;
  return BASE_OK;
}

/* Codes, in their one spelling: what a program of the partner's decides by must not hang on how somebody worded it. */
static enum base_code check_markings(const struct wire_json *request, struct core_submission *submission,
                                     struct base_error *err) {
  struct base_view handling = core_request_text(request, "handling"), given = core_request_text(request, "grading");
  BASE_AUTO_BUF struct base_buf spelled = {0};
  base_buf_init(&spelled, WIRE_MARKING_MAX);
  struct wire_marking marking = {0};
  struct wire_grading grading;
  enum base_code code = BASE_OK;
  submission->level = wire_marking_level(NULL);
  if (handling.size > 0)
    code = wire_marking_read(handling, &marking, err);
  if (code == BASE_OK)
    code = wire_form_check_handling(submission->type, handling, err);
  if (code == BASE_OK)
    code = wire_kind_marks(&submission->kind->kind, &marking, err);
  if (code == BASE_OK && (handling.size > 0 || marking.level != WIRE_LEVEL_NONE)) {
    submission->level = wire_marking_level(&marking);
    wire_marking_write(&marking, &spelled);
    submission->part0.handling = base_arena_copy(&submission->arena, base_buf_view(&spelled));
    code = base_buf_check(&spelled, "handling", err);
  }
  base_buf_reset(&spelled);
  if (code == BASE_OK && given.size > 0)
    code = wire_grading_read(given, &grading, err);
  if (code == BASE_OK && given.size > 0) {
    wire_grading_write(&grading, &spelled);
    submission->part0.grading = base_arena_copy(&submission->arena, base_buf_view(&spelled));
    code = base_buf_check(&spelled, "grading", err);
  }
  return code;
}

/* By which names a form may name the parties: ours first. */
static void name_parties(struct core *core, const struct wire_header *header, struct wire_form_parties *out) {
  out->count = 1;
  for (size_t i = 0; i < header->party_count; i++) {
    bool own = base_view_equal(header->parties[i], core->card.origin);
    size_t at = own ? 0 : out->count++;
    out->all[at].name = core_show_name(core, header->parties[i]);
    out->all[at].origin = header->parties[i];
  }
}

enum base_code core_submission_names(struct core *core, const struct core_submission *submission,
                                     const struct wire_header *header, const struct wire_json *fields, struct base_error *err) {
  struct core_names names = {.kind = &submission->kind->kind,
                             .type = submission->type,
                             .case_id = submission->opens ? NULL : &submission->case_id,
                             .header = header,
                             .fields = fields,
                             .by_person = submission->by_hand};
  return core_lane_names(core, &names, err);
}

enum base_code core_submission_form(struct core *core, const struct wire_json *request,
                                    struct core_submission *submission, struct base_error *err) {
  struct wire_form_parties parties;
  name_parties(core, &submission->header, &parties);
  submission->part0.fields = wire_json_get(request, "fields");
  enum base_code code = wire_form_check(&parties, submission->type, wire_json_get(request, "fields"), core_now(core),
                                        &submission->arena, &submission->form, &submission->rest, err);
  if (code == BASE_OK)
    code = base_buf_check(&submission->rest, "fields", err);
  if (code == BASE_OK)
    code = core_submission_names(core, submission, NULL, wire_json_get(request, "fields"), err);
  if (code == BASE_OK)
    code = core_exercise_names(core, submission->type, NULL, wire_json_get(request, "fields"), submission->header.exercise,
                               err);
  if (code == BASE_OK)
    code = core_passable(core, &submission->form, err);
  if (code == BASE_OK)
    code = core_personal_check(core, submission->type, wire_json_get(request, "fields"), err);
  if (code == BASE_OK)
    code = check_parts(core, request, submission, err);
  if (code == BASE_OK)
    code = check_markings(request, submission, err);
  return code == BASE_OK ? core_passable_mark(core, &submission->form, submission->part0.handling, err) : code;
}
