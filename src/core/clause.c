/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clause.h"
#include "core/back.h"
#include "core/cases.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/register.h"

/* The row under which a message came: its author's `sent` leaf names it, in the very terms that were in force then.
 * What was amended since changes nothing of what came before. */

/* The clause under which its author sent it to us; empty: not known. */
static enum base_code clause_of(struct core *core, const struct base_id *message, struct base_view author,
                                struct base_arena *arena, struct base_view *out, struct base_error *err) {
  struct core_partner *partner = core_partner_of(core, author);
  struct store_arrival arrival;
  struct wire_opening opening = {0};
  *out = (struct base_view){0};
  if (partner == NULL)
    return BASE_OK;
  enum base_code code = store_arrival_of(core->store, message, partner->row.number, arena, &arrival, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code == BASE_OK && wire_opening_parse(WIRE_ACT_SENT, arrival.opening, arena, &opening, NULL) == BASE_OK)
    *out = opening.clause;
  return code;
}

/* Terms that law does not go by any more, from the message that holds them. */
static enum base_code read_terms(struct core *core, const struct law_clause *clause, struct base_arena *arena,
                                 struct core_row *out, struct base_error *err) {
  struct core_content content = {0};
  struct base_error why = {0};
  enum base_code code = core_content_read(core, &clause->terms, arena, &content, &why);
  if (code != BASE_OK)
    return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : base_fail(err, code, "%s", why.text);
  const struct wire_header *header = &content.header;
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct base_id *case_id = header->opens ? &clause->terms : &header->case_id;
  bool terms = kind != NULL && core_kind_agreement(&kind->kind) && content.row.state == STORE_MESSAGE_HELD &&
               !content.dropped && base_id_equal(case_id, &clause->agreement);
  code =
      terms ? law_terms_parse(content.part0.fields, header, content.row.stored, arena, &out->read, &why) : BASE_FIELD;
  core_content_free(&content);
  if (code == BASE_OK) {
    out->read.id = clause->agreement;
    out->agreement = &out->read;
  }
  return code == BASE_MEMORY ? base_fail(err, code, "%s", why.text) : BASE_OK;
}

enum base_code core_clause_row(struct core *core, const struct base_id *message, struct base_view author,
                               struct base_arena *arena, struct core_row *out, struct base_error *err) {
  struct base_view clause;
  *out = (struct core_row){0};
  enum base_code code = clause_of(core, message, author, arena, &clause, err);
  return code == BASE_OK ? core_clause_find(core, clause, arena, out, err) : code;
}

enum base_code core_clause_find(struct core *core, struct base_view text, struct base_arena *arena,
                                struct core_row *out, struct base_error *err) {
  struct law_clause clause;
  enum base_code code = BASE_OK;
  *out = (struct core_row){.clause = text};
  if (!law_clause_read(text, &clause))
    return BASE_OK;
  /* Terms that were over before all had accepted them have no rows there, and bind whoever was given something under them. */
  for (size_t i = 0; i < core->law_count && out->agreement == NULL; i++)
    if (core->law[i].row_count > 0 && base_id_equal(&core->law[i].id, &clause.agreement) &&
        base_id_equal(&core->law[i].terms, &clause.terms))
      out->agreement = &core->law[i];
  if (out->agreement == NULL)
    code = read_terms(core, &clause, arena, out, err);
  if (code == BASE_OK && out->agreement != NULL)
    out->row = law_row_named(out->agreement, clause.row);
  return code;
}

enum base_code core_delivery_clause(struct core *core, const struct core_partner *partner,
                                    const struct store_delivery *delivery, struct base_arena *arena, struct base_view *out,
                                    struct base_error *err) {
  struct base_view entry, bytes = {0};
  struct core_returned returned;
  struct wire_opening sent = {0};
  *out = (struct base_view){0};
  enum base_code code;
  if (core_delivery_returned(core, partner, delivery)) {
    code = core_back_read(core, partner, true, delivery->number, arena, &returned, err);
    bytes = code == BASE_OK ? returned.opening : bytes;
  } else {
    code = core_register_read(core, delivery->sent_index, arena, &entry, &bytes, err);
  }
  if (code == BASE_OK && bytes.size > 0)
    code = wire_opening_parse(WIRE_ACT_SENT, bytes, arena, &sent, err);
  *out = sent.clause;
  return code;
}
