/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agreements.h"
#include "core/clause.h"
#include "core/messages.h"

/* What a partner's message is held against when it comes: the very row that his `sent` leaf names. It is kept all the
 * same; a leaf says what is wrong with it. */

static enum base_code fail_row(const struct core_row *under, struct base_error *why) {
  return base_fail(why, BASE_LAW, "it was sent under a clause that no agreement known here has: \"%.*s\"",
                   (int)under->clause.size, (const char *)under->clause.data);
}

/* What the content is, against that row. */
static enum base_code check_content(const struct core_row *under, const struct wire_kind_type *type,
                                    const struct core_content *content, struct base_error *why) {
  struct wire_marking marking;
  bool marked = wire_marking_parse(content->part0.handling, &marking);
  struct law_question question = {.personal = wire_form_personal(type, &content->header, content->part0.fields),
                                  .level = wire_marking_level(marked ? &marking : NULL)};
  unsigned lacks = law_row_lacks(under->agreement, under->row, &question);
  if (lacks & LAW_LACKS_HANDLING)
    return base_fail(why, BASE_LAW, "it is marked %s, above the ceiling of the row that it was sent under, %.*s",
                     wire_level_codes[question.level], (int)under->clause.size, (const char *)under->clause.data);
  if (lacks & LAW_LACKS_PERSONAL)
    return base_fail(why, BASE_LAW, "it holds %s personal data, above the class of the row that it was sent under, %.*s",
                     law_personal_names[question.personal], (int)under->clause.size, (const char *)under->clause.data);
  return BASE_OK;
}

enum base_code core_law_under(struct core *core, const struct wire_kind *kind, const struct base_id *message,
                              struct base_view author, struct base_error *why, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 48 << 20);
  struct core_row under;
  struct core_content content = {0};
  if (!kind->needs_row)
    return BASE_OK;
  enum base_code code = core_clause_row(core, message, author, &arena, &under, err);
  if (code == BASE_OK && under.row == NULL) {
    (void)fail_row(&under, why);
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = core_content_read(core, message, &arena, &content, err);
  const struct wire_kind_type *type = code == BASE_OK ? wire_kind_type_named(kind, content.header.type) : NULL;
  if (code == BASE_OK && type != NULL && !content.dropped)
    (void)check_content(&under, type, &content, why);
  core_content_free(&content);
  return core_damage(code) ? BASE_OK : code; /* register.check names what is damaged */
}
