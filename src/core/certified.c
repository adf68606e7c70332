/* SPDX-License-Identifier: Apache-2.0 */
#include "core/certified.h"

#include <stdio.h>

#include "core/cards.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/recall.h"

/* A certificate is a message like any other, so anybody can write one: what it proves is its author's `erased` leaf under a
 * head of his register, or nothing. */

static bool is_certificate(const struct wire_header *header) {
  return base_view_is(header->kind, WIRE_KIND_RECALL) && base_view_is(header->type, "certificate");
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
  if (code != BASE_OK || (certified.why[0] == '\0' && !other))
    return code;
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
