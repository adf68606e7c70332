/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agreements.h"
#include "core/clause.h"
#include "core/messages.h"
#include "law/emergency.h"

/* What a partner's message is held against when it comes: the very row that his `sent` leaf names. It is kept all the
 * same; a leaf says what is wrong with it. */

static void fail_row(const struct core_row *under, struct base_error *why) {
  (void)base_fail(why, BASE_LAW, "it was sent under a clause that no agreement known here has: \"%.*s\"",
                  (int)under->clause.size, (const char *)under->clause.data);
}

/* What the content is, against that row. */
static void check_content(const struct core_row *under, const struct wire_kind *kind, const struct wire_header *header,
                          const struct wire_part0 *part0, struct base_error *why) {
  const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
  struct wire_marking marking;
  if (type == NULL)
    return;
  bool marked = wire_marking_parse(part0->handling, &marking);
  struct law_question question = {.personal = wire_form_personal(type, header, part0->fields),
                                  .level = wire_kind_level(kind, marked ? &marking : NULL)};
  unsigned lacks = under->row != NULL ? law_row_lacks(under->agreement, under->row, &question) : 0;
  if (lacks & LAW_LACKS_HANDLING)
    (void)base_fail(why, BASE_LAW, "it is marked %s, above the ceiling of the row that it was sent under, %.*s",
                    wire_level_codes[question.level], (int)under->clause.size, (const char *)under->clause.data);
  else if (lacks & LAW_LACKS_PERSONAL)
    (void)base_fail(why, BASE_LAW, "it holds %s personal data, above the class of the row that it was sent under, %.*s",
                    law_personal_names[question.personal], (int)under->clause.size, (const char *)under->clause.data);
  else if (wire_kind_raises(kind, marked ? &marking : NULL))
    (void)base_fail(why, BASE_POLICY, "it came marked %.*s, and is held as %s, with which every message of its kind is marked at least",
                    part0->handling.size > 0 ? (int)part0->handling.size : 4,
                    part0->handling.size > 0 ? (const char *)part0->handling.data : "less", wire_level_codes[kind->mark]);
}

/* Of one that waited for its parts or for others, the content is read again. */
static enum base_code check_kept(struct core *core, const struct core_row *under, const struct wire_kind *kind,
                                 const struct base_id *message, struct base_arena *arena, struct base_error *why,
                                 struct base_error *err) {
  struct core_content content = {0};
  enum base_code code = core_content_read(core, message, arena, &content, err);
  if (code == BASE_OK && !content.dropped)
    check_content(under, kind, &content.header, &content.part0, why);
  core_content_free(&content);
  return code;
}

enum base_code core_law_under(struct core *core, const struct wire_kind *kind, const struct core_arrived *arrived,
                              struct base_error *why, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 48 << 20);
  struct core_row under = {0};
  struct wire_opening sent = {0};
  const struct store_arrival *arrival = arrived->arrival;
  if (!kind->needs_row)
    return BASE_OK;
  if (wire_opening_parse(WIRE_ACT_SENT, arrival->opening, &arena, &sent, NULL) != BASE_OK)
    sent = (struct wire_opening){0}; /* it names no clause */
  bool row = law_emergency_ground(sent.clause).size == 0; /* else it is of none; a leaf of its own says so */
  enum base_code code = row ? core_clause_find(core, sent.clause, &arena, &under, err) : BASE_OK;
  if (code == BASE_OK && row && under.row == NULL)
    fail_row(&under, why);
  else if (code == BASE_OK && arrived->part0 != NULL)
    check_content(&under, kind, arrived->header, arrived->part0, why);
  else if (code == BASE_OK)
    code = check_kept(core, &under, kind, &arrival->message, &arena, why, err);
  return core_damage(code) ? BASE_OK : code; /* register.check names what is damaged */
}
