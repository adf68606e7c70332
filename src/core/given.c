/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/agreements.h"
#include "core/back.h"
#include "core/cases.h"
#include "core/messages.h"
#include "core/submit.h"
#include "wire/marking.h"

/* A message to several parties that came back from one of them, and that another one never got: the number under which
 * it waited for him is lost with the epoch before, so it is given to him under a new one. That is done when everything
 * is known that he holds of ours; a number of his that was ended or refused may be that very message, and then people
 * are told instead. Under the row of an agreement that he is a party of too it was given under the law of then; of
 * another agreement it would be no row for him, so law is asked under which it goes to him. */

struct giving {
  struct core *core;
  struct core_partner *to;
  struct core_partner *from; /* who handed it back */
  uint64_t given;
};

static bool knows_all(const struct core_partner *partner) {
  return partner->damaged[0] == '\0' && !core_back_runs(partner) && core_back_whole(partner);
}

/* *out: it is here whole, to him too, and he was not given it as far as this node knows. */
static enum base_code lacks(const struct giving *giving, const struct base_id *id, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct store_delivery delivery;
  struct wire_header header;
  struct store *store = giving->core->store;
  *out = false;
  enum base_code code = store_message_header(store, id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
  if (!row.ours || row.state != STORE_MESSAGE_HELD || row.wrapped_key.size == 0 ||
      !wire_header_has_party(&header, giving->to->card.origin))
    return BASE_OK;
  code = store_delivery_get(store, id, giving->to->row.number, &arena, &delivery, err);
  *out = code == BASE_NOT_FOUND;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static void say_why_not(const struct giving *giving, const struct store_delivery *back, const struct base_error *why) {
  base_log(BASE_LOG_WARNING, "register.given",
           "message %s came back from %.*s and is not given to %.*s: %s: ask them, and write it again if they lack it",
           base_id_text(&back->message).text, (int)giving->from->card.name.size,
           (const char *)giving->from->card.name.data, (int)giving->to->card.name.size,
           (const char *)giving->to->card.name.data, why->text);
}

/* Whether what is said of the one to whom it went may be said of him: the clause needs no agreement, or is of his. */
static enum base_code serves(const struct giving *giving, struct base_view clause, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct law_clause read;
  struct store_message row;
  struct wire_header header;
  *out = !law_clause_read(clause, &read);
  if (*out)
    return BASE_OK;
  enum base_code code = store_message_header(giving->core->store, &read.agreement, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  *out = code == BASE_OK && wire_header_has_party(&header, giving->to->card.origin);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

static enum base_code ask_law(const struct giving *giving, const struct core_content *content,
                              const struct wire_header *opening, struct law_answer *out, struct base_error *err) {
  const struct wire_header *header = &content->header;
  const struct core_kind *kind = core_kind_hashed(giving->core, header->kind, &header->kind_hash);
  const struct wire_kind_type *form = kind != NULL ? wire_kind_type_named(&kind->kind, header->type) : NULL;
  if (form == NULL)
    return base_fail(err, BASE_KIND, "the kind of the message is not shipped any more");
  struct wire_marking marking;
  bool marked = wire_marking_parse(content->part0.handling, &marking);
  struct core_law_content asked = {.personal = wire_form_personal(form, header, content->part0.fields),
                                   .level = wire_kind_level(&kind->kind, marked ? &marking : NULL)};
  enum base_code code = core_law(giving->core, &kind->kind, opening, header->type, asked, giving->to, out, err);
  return code == BASE_OK ? core_passing_law(giving->core, &kind->kind, opening, header, giving->to->card.origin,
                                            out->clause, err)
                         : code;
}

/* By which row it goes to him now. */
static enum base_code find_row(const struct giving *giving, const struct base_id *message, struct law_answer *out,
                               struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct store_message row;
  enum base_code code = core_content_read(giving->core, message, &arena, &content, err);
  struct wire_header opening = content.header;
  if (code == BASE_OK && !content.header.opens) {
    code = store_message_header(giving->core->store, &content.header.case_id, &arena, &row, err);
    if (code == BASE_OK)
      code = wire_header_parse(row.header, &arena, &opening, err);
  }
  if (code == BASE_OK)
    code = ask_law(giving, &content, &opening, out, err);
  core_content_free(&content);
  return code;
}

static enum base_code give(struct giving *giving, const struct store_delivery *back, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_returned returned;
  struct wire_opening opening;
  struct law_answer answer;
  struct base_error why = {0};
  bool same = false;
  enum base_code code = core_back_read(giving->core, giving->from, true, back->number, &arena, &returned, err);
  if (code == BASE_OK)
    code = wire_opening_parse(WIRE_ACT_SENT, returned.opening, &arena, &opening, err);
  if (code == BASE_OK)
    code = serves(giving, opening.clause, &same, err);
  if (code == BASE_OK && !same) {
    enum base_code found = find_row(giving, &back->message, &answer, &why);
    if (found != BASE_OK && core_ours(found) && !core_damage(found))
      return base_fail(err, found, "%s", why.text);
    if (found != BASE_OK) {
      say_why_not(giving, back, &why);
      return BASE_OK;
    }
    opening.clause = base_view_text(answer.clause);
  }
  if (code == BASE_OK)
    code = core_write(giving->core, err);
  if (code == BASE_OK)
    code = core_delivery_give(giving->core, giving->to, &back->message, &back->case_id, opening.clause, err);
  giving->given += code == BASE_OK;
  return code;
}

static enum base_code look_at(struct giving *giving, uint64_t number, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery back;
  struct base_error why;
  bool wanted = false;
  enum base_code code =
      store_delivery_by_number(giving->core->store, giving->from->row.number, number, &arena, &back, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  if (!core_delivery_returned(giving->core, giving->from, &back))
    return BASE_OK;
  code = lacks(giving, &back.message, &wanted, err);
  if (code != BASE_OK || !wanted)
    return code;
  if (giving->to->back.count == 0)
    return give(giving, &back, err);
  (void)snprintf(why.text, sizeof why.text,
                 "whether %.*s was to get it, or it was ended or refused there, is not known here",
                 (int)giving->to->card.name.size, (const char *)giving->to->card.name.data);
  say_why_not(giving, &back, &why);
  return BASE_OK;
}

static enum base_code give_one(struct core *core, struct core_partner *to, struct base_error *err) {
  struct giving giving = {.core = core, .to = to};
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++) {
    const struct core_told *told = &core->partners[i]->epoch_told;
    giving.from = core->partners[i];
    if (giving.from == to || told->lost_to == 0 || giving.from->damaged[0] != '\0' || core_back_runs(giving.from))
      continue;
    for (uint64_t number = told->lost_from; number <= told->lost_to && code == BASE_OK; number++)
      code = look_at(&giving, number, err);
  }
  if (code == BASE_OK && giving.given > 0)
    base_log(BASE_LOG_NOTICE, "register.given", "%llu messages that came back go to %.*s, who did not have them",
             (unsigned long long)giving.given, (int)to->card.name.size, (const char *)to->card.name.data);
  return code;
}

enum base_code core_back_give(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (!core->back_moved)
    return BASE_OK;
  core->back_moved = false;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    if (core->epoch > 1 && knows_all(core->partners[i]))
      code = give_one(core, core->partners[i], err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}
