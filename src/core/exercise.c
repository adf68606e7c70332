/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exercise.h"

#include <string.h>

#include "core/cases.h"
#include "core/clear.h"
#include "core/lane.h"

enum { ARENA = 16 << 20 };

/* --- whether it is one */

/* What is damaged, or not here, is nothing of which anybody could say it: register.check names it. */
static enum base_code absent(enum base_code code, const struct base_error *why, struct base_error *err) {
  if (code == BASE_OK || code == BASE_NOT_FOUND || core_damage(code))
    return BASE_OK;
  return base_fail(err, code, "%s", why->text);
}

enum base_code core_exercise_known(struct core *core, const struct base_id *id, bool *there, bool *out,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ARENA);
  struct store_message row;
  struct wire_header header;
  struct core_cleared cleared = {0};
  struct base_id case_id;
  struct base_error why = {0};
  bool erased = false;
  *there = *out = false;
  enum base_code code = store_message_header(core->store, id, &arena, &row, &why);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, &why);
  if (code == BASE_OK) {
    *there = true;
    *out = header.exercise;
    return BASE_OK;
  }
  if (code == BASE_NOT_FOUND)
    code = core_clear_message(core, id, &erased, &case_id, &why);
  if (code == BASE_OK && erased)
    code = core_clear_read(core, &case_id, &arena, &cleared, &why);
  if (code == BASE_OK) {
    *there = cleared.at != 0;
    *out = cleared.exercise;
  }
  return absent(code, &why, err);
}

enum base_code core_exercise_of_case(struct core *core, const struct base_id *id, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_case *known = core_case_known(core, id);
  struct store_case row;
  struct base_error why = {0};
  if (known != NULL) {
    *out = known->row.exercise;
    return BASE_OK;
  }
  enum base_code code = store_case_get(core->store, id, &arena, &row, &why);
  *out = code == BASE_OK && row.exercise;
  bool there = false;
  if (code == BASE_NOT_FOUND) /* it is not here yet, or a message, or was erased whole */
    return core_exercise_known(core, id, &there, out, err);
  return absent(code, &why, err);
}

static bool ends_with(struct base_view text, const char *end) {
  size_t size = strlen(end);
  return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

enum base_code core_exercise_of_leaf(struct core *core, enum wire_act act, const struct wire_opening *opening, bool *out,
                                     struct base_error *err) {
  struct base_id id;
  enum base_code code = BASE_OK;
  *out = false;
  if (act == WIRE_ACT_DENIED || act == WIRE_ACT_CLEARED || act == WIRE_ACT_REFUSED) {
    *out = ends_with(opening->subject, CORE_EXERCISE_SAID);
  } else {
    if (opening->has_message)
      code = core_exercise_of_case(core, &opening->message, out, err);
    if (code == BASE_OK && !*out && base_id_parse(opening->subject, &id))
      code = core_exercise_of_case(core, &id, out, err);
  }
  return code;
}

/* --- what is written */

enum base_code core_exercise_meant(const struct wire_json *document, bool by_hand, const struct core_case *kase, bool *out,
                                   struct base_error *err) {
  bool said = wire_json_true(wire_json_get(document, "exercise"));
  *out = kase != NULL ? kase->row.exercise : said;
  if (!by_hand || said == *out)
    return BASE_OK;
  return said ? base_fail(err, BASE_POLICY,
                          "exercise: case %s is real, and this was meant for an exercise: nothing was sent; wasl case list "
                          "--exercise shows the exercises",
                          base_id_text(&kase->id).text)
              : base_fail(err, BASE_POLICY,
                          "exercise: case %s is an exercise, and nothing real is answered there: who means the exercise "
                          "says so (--exercise), and who does not writes in a real case (wasl case list)",
                          base_id_text(&kase->id).text);
}

enum base_code core_exercise_may(const struct wire_kind *kind, bool exercise, struct base_error *err) {
  if (!exercise || !core_kind_agreement(kind))
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "exercise: the kind %.*s has none: an agreement is law for everything sent under it, and an exercise goes "
                   "by the rows of the real one",
                   (int)kind->name.size, (const char *)kind->name.data);
}

enum base_code core_exercise_fits(const struct wire_header *header, bool exercise, struct base_error *err) {
  if (header->exercise == exercise)
    return BASE_OK;
  return exercise ? base_fail(err, BASE_POLICY, "the case is an exercise, and the message is not marked as one")
                  : base_fail(err, BASE_POLICY, "the message is marked as an exercise, and its case is real");
}

static enum base_code fail_names(const struct wire_kind_field *field, const struct base_id *id, bool exercise,
                                 struct base_error *err) {
  return base_fail(err, BASE_POLICY,
                   "fields: $.%.*s: message %s is %s, and nothing %s names it: an exercise is never joined with what is real",
                   (int)field->name.size, (const char *)field->name.data, base_id_text(id).text,
                   exercise ? "real" : "of an exercise", exercise ? "of an exercise" : "real");
}

enum base_code core_exercise_names(struct core *core, const struct wire_kind_type *type, const struct wire_header *header,
                                   const struct wire_json *fields, bool exercise, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < type->field_count && code == BASE_OK; i++) {
    struct base_id named;
    bool there = false, its = false;
    if (type->fields[i].type != WIRE_FIELD_REFERENCE ||
        !base_id_parse(core_field_text(&type->fields[i], header, fields), &named))
      continue;
    code = core_exercise_known(core, &named, &there, &its, err);
    if (code == BASE_OK && header != NULL && !base_view_equal(header->author, core->card.origin))
      code = core_lane_party(core, &named, header->author, &there, err); /* a stranger is not told that it is here */
    if (code == BASE_OK && there && its != exercise)
      code = fail_names(&type->fields[i], &named, exercise, err);
  }
  return code;
}

const char *core_exercise_word(bool exercise) {
  return exercise ? "EXERCISE: " : "";
}

enum base_code core_exercise_show(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                  struct base_error *err) {
  bool exercise = false;
  enum base_code code = core_exercise_of_case(core, id, &exercise, err);
  wire_write_member_bool(writer, "exercise", exercise);
  return code;
}
