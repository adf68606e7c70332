/* SPDX-License-Identifier: Apache-2.0 */
#include "core/certified.h"

#include <stdio.h>

#include "core/cards.h"
#include "core/clause.h"
#include "core/ends.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/retain.h"
#include "core/show.h"

/* A certificate is a message like any other, so anybody can write one: what it proves is its author's `erased` leaf under a
 * head of his register, or nothing. */

static bool is_certificate(const struct wire_header *header) {
  return (base_view_is(header->kind, WIRE_KIND_RECALL) || base_view_is(header->kind, WIRE_KIND_ERASURE)) &&
         base_view_is(header->type, "certificate");
}

enum base_code core_certified_given(struct core *core, const struct base_id *message, struct base_id *out, bool *there,
                                    struct base_error *err) {
  *there = false;
  for (int64_t key = INT64_MIN; !*there;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct core_mention mention;
    enum base_code code = core_mention_next(core, message, &key, &arena, &mention, err);
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? BASE_OK : code;
    *there = mention.row.ours && is_certificate(&mention.header);
    *out = mention.row.id;
  }
  return BASE_OK;
}

/* BASE_EVIDENCE and the like: it proves nothing. */
static enum base_code verify(const struct core_partner *author, const struct core_content *content,
                             struct base_arena *arena, struct core_certified *out, struct base_error *why) {
  struct seal_certificate certificate;
  struct base_id message;
  struct base_view final = wire_header_state(&content->header, "final_by");
  if (content->dropped)
    return base_fail(why, BASE_EVIDENCE, "certificate: it came without its content");
  if (!base_id_parse(wire_header_state(&content->header, "message"), &message) ||
      (!base_time_parse(final, &out->final_by) && !base_date_parse(final, &out->final_by)))
    return base_fail(why, BASE_EVIDENCE, "certificate: it names no message, or no day");
  enum base_code code = seal_certificate_read(&message, content->part0.fields, arena, &certificate, why);
  if (code != BASE_OK)
    return code;
  const struct core_card *card = core_cards_at(&author->cards, wire_checkpoint_position(&certificate.head));
  code = seal_certificate_verify(&certificate, &card->log, why);
  if (code == BASE_OK)
    out->erased = certificate.erased;
  return code;
}

static enum base_code look(struct core *core, const struct base_id *id, const struct core_partner *author,
                           struct core_certified *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct base_error why = {0};
  *out = (struct core_certified){.id = *id, .by = author};
  enum base_code code = core_content_read(core, &out->id, &arena, &content, err);
  if (code != BASE_OK)
    return code;
  out->case_id = content.row.case_id;
  code = verify(author, &content, &arena, out, &why);
  core_content_free(&content);
  if (core_ours(code) && code != BASE_OK)
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK)
    (void)snprintf(out->why, sizeof out->why, "%s", why.text);
  return BASE_OK;
}

enum base_code core_certificate_arrived(struct core *core, const struct core_case *kase, const struct base_id *id,
                                        const struct wire_header *header, struct base_view bytes,
                                        struct base_error *err) {
  struct core_partner *author = core_partner_of(core, header->author);
  struct core_certified certified;
  struct base_error fault = {0};
  if (author == NULL || !is_certificate(header))
    return BASE_OK;
  enum base_code code = look(core, id, author, &certified, err);
  bool other = !base_view_equal(wire_header_state(header, "message"),
                                wire_header_state(kase->messages[0].header, "message"));
  if (code != BASE_OK)
    return code;
  if (certified.why[0] == '\0' && !other) {
    struct base_id message;
    return base_id_parse(wire_header_state(header, "message"), &message)
               ? store_due_drop(core->store, &message, author->row.number, err)
               : BASE_OK;
  }
  (void)base_fail(&fault, BASE_EVIDENCE, "message %s certifies no erasure: %s", base_id_text(id).text,
                  other ? "it is of another message than the one that was recalled" : certified.why);
  return core_partner_fault(core, author, &fault, bytes, err);
}

enum base_code core_certified_next(struct core *core, const struct base_id *message, int64_t *key,
                                   struct core_certified *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  for (;;) {
    struct core_mention mention;
    enum base_code code = core_mention_next(core, message, key, &arena, &mention, err);
    if (code != BASE_OK)
      return code;
    const struct core_partner *author = core_partner_of(core, mention.header.author);
    if (author == NULL || !is_certificate(&mention.header))
      continue;
    code = look(core, &mention.row.id, author, out, err);
    if (code == BASE_OK || !core_damage(code)) /* register.check names what is damaged */
      return code;
  }
}

/* --- whose are outstanding */

struct outstanding {
  struct core *core;
  size_t count;
  struct {
    const struct core_partner *at;
    base_time since;
  } holders[WIRE_PARTIES_MAX];
  base_time until; /* what the message itself says; 0: nothing */
  struct base_error *err;
};

/* Until when he may keep it by the row under which it went to him; 0: it says nothing. */
static enum base_code row_end(struct core *core, const struct store_delivery *delivery, base_time *out,
                              struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 48 << 20);
  struct base_view entry, text;
  struct wire_opening opening;
  struct wire_leaf receipt;
  struct core_row under = {0};
  *out = 0;
  enum base_code code = core_register_read(core, delivery->sent_index, &arena, &entry, &text, err);
  if (code != BASE_OK || text.size == 0)
    return core_damage(code) ? BASE_OK : code; /* register.check names it */
  code = wire_opening_parse(WIRE_ACT_SENT, text, &arena, &opening, err);
  if (code == BASE_OK)
    code = core_clause_find(core, opening.clause, &arena, &under, err);
  if (code == BASE_OK && under.row != NULL && wire_leaf_parse(delivery->leaf, &receipt, err) == BASE_OK)
    *out = law_row_keeps(under.row, receipt.time);
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code look_at_holder(void *context, const struct store_delivery *delivery) {
  struct outstanding *outstanding = context;
  const struct core_partner *partner = core_partner_numbered(outstanding->core, delivery->partner);
  base_time ends = 0;
  if (delivery->state != STORE_RECEIPTED || partner == NULL || outstanding->count == WIRE_PARTIES_MAX)
    return BASE_OK;
  enum base_code code = row_end(outstanding->core, delivery, &ends, outstanding->err);
  if (ends == 0 || (outstanding->until != 0 && outstanding->until < ends))
    ends = outstanding->until;
  if (code == BASE_OK && ends != 0 && ends <= core_now(outstanding->core)) {
    outstanding->holders[outstanding->count].at = partner;
    outstanding->holders[outstanding->count++].since = ends;
  }
  return code;
}

enum base_code core_certified_due(struct core *core, struct wire_writer *writer, const struct store_message *row,
                                  const struct wire_header *header, struct base_error *err) {
  struct outstanding outstanding = {.core = core, .until = core_retain_until(header), .err = err};
  base_time with_case = 0;
  enum base_code code = core_ends_of(core, &row->id, &with_case, err);
  if (with_case != 0 && (outstanding.until == 0 || with_case < outstanding.until))
    outstanding.until = with_case;
  if (code == BASE_OK && row->ours)
    code = store_delivery_each(core->store, &row->id, false, 0, look_at_holder, &outstanding, err);
  for (int64_t key = INT64_MIN; outstanding.count > 0 && code == BASE_OK;) {
    struct core_certified one;
    code = core_certified_next(core, &row->id, &key, &one, err);
    for (size_t i = 0; code == BASE_OK && one.why[0] == '\0' && i < outstanding.count; i++)
      if (outstanding.holders[i].at == one.by)
        outstanding.holders[i].at = NULL;
  }
  for (size_t i = 0; i < outstanding.count; i++) {
    if (outstanding.holders[i].at == NULL)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "by", outstanding.holders[i].at->card.name);
    core_show_time(writer, "since", outstanding.holders[i].since);
    wire_write_end(writer, '}');
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}
