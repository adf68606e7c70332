/* SPDX-License-Identifier: Apache-2.0 */
#include "core/consent.h"
#include "core/agreements.h"
#include "core/cases.h"
#include "core/clause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/messages.h"
#include "core/recall.h"
#include "law/transfer.h"
#include "wire/marking.h"

/* Passing on: what came from somebody else goes further only with his consent, where its mark or its row asks for it.
 * All is read from headers, so it holds also after content was erased. law/consent.h decides. */

enum { SHORT = 12, CHAIN_MAX = 8 };

static const char kind_consent[] = "consent";

/* --- the cases of consent */

/* 0, which is over, for what is no time. */
static base_time moment_of(const struct wire_header *header, const char *name) {
  base_time time = 0;
  struct base_view text = wire_header_state(header, name);
  return base_time_parse(text, &time) || base_date_parse(text, &time) ? time : 0;
}

static enum law_consent_state state_of(const struct core_case *kase) {
  struct base_view name = core_case_state_name(kase);
  if (base_view_is(name, "given"))
    return LAW_CONSENT_GIVEN;
  if (base_view_is(name, "asked"))
    return LAW_CONSENT_ASKED;
  return base_view_is(name, "denied") ? LAW_CONSENT_DENIED : LAW_CONSENT_REVOKED;
}

static void consent_of(const struct core_case *kase, struct law_consent *out) {
  const struct wire_header *ask = kase->messages[0].header;
  *out = (struct law_consent){.id = kase->id,
                              .asker = ask->author,
                              .state = state_of(kase),
                              .asked_to = wire_header_state(ask, "to"),
                              .asked_purpose = wire_header_state(ask, "purpose"),
                              .asked_until = moment_of(ask, "until")};
  (void)base_id_parse(wire_header_state(ask, "message"), &out->message); /* zero is the id of nothing */
  for (size_t i = 1; i < kase->count; i++) {
    const struct wire_header *give = kase->messages[i].header;
    if (!kase->messages[i].effective || !base_view_is(give->type, "give"))
      continue;
    out->by = kase->messages[i].id;
    out->giver = give->author;
    out->to = wire_header_state(give, "to");
    out->purpose = wire_header_state(give, "purpose");
    out->until = moment_of(give, "until");
  }
}

static enum base_code look(struct core *core, const struct base_id *id, core_consent_each_row *each, void *context,
                           struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct core_case kase = {0};
  struct base_error why = {0};
  struct law_consent consent;
  enum base_code code = store_case_get(core->store, id, &arena, &row, err);
  if (code != BASE_OK)
    return code;
  code = core_case_look(core, &row, &kase, &why); /* beside the cache, in which a caller has a case */
  if (code == BASE_OK) {
    consent_of(&kase, &consent);
    code = each(context, &consent, err);
  } else if (core_damage(code)) { /* also of a kind that is not held here any more */
    code = BASE_OK;
  } else {
    code = base_fail(err, code, "%s", why.text);
  }
  core_case_release(&kase);
  return code;
}

enum base_code core_consent_each(struct core *core, core_consent_each_row *each, void *context,
                                 struct base_error *err) {
  BASE_AUTO_FREE struct base_id *ids = NULL;
  size_t count = 0;
  enum base_code code = core_case_ids(core, base_view_text(kind_consent), &ids, &count, err);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    code = look(core, &ids[i], each, context, err);
  return code;
}

enum base_code core_consent_of(struct core *core, const struct base_id *message, core_consent_each_row *each,
                               void *context, struct base_error *err) {
  for (int64_t key = INT64_MIN;;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct core_mention mention;
    enum base_code code = core_mention_next(core, message, &key, &arena, &mention, err);
    if (code == BASE_NOT_FOUND)
      return BASE_OK;
    if (code == BASE_OK && mention.header.opens && base_view_is(mention.header.kind, kind_consent))
      code = look(core, &mention.row.id, each, context, err);
    if (code != BASE_OK)
      return code;
  }
}

/* --- the one that covers, or comes nearest */

struct nearest {
  struct law_passing passing;
  enum law_cover cover;
  struct base_id id, by;
  base_time until;
  char purpose[WIRE_CODE_MAX + 1];
};

static enum base_code compare(void *context, const struct law_consent *consent, struct base_error *err) {
  (void)err;
  struct nearest *nearest = context;
  enum law_cover cover = law_consent_covers(consent, &nearest->passing);
  /* The one asked for last comes last: of those that cover it that one is named, of those that do not it says why. */
  if (cover == LAW_COVER_ELSE || (cover != LAW_COVERED && nearest->cover == LAW_COVERED))
    return BASE_OK;
  nearest->cover = cover;
  nearest->id = consent->id;
  nearest->by = consent->by;
  nearest->until = consent->until < consent->asked_until ? consent->until : consent->asked_until;
  (void)snprintf(nearest->purpose, sizeof nearest->purpose, "%.*s",
                 (int)(consent->purpose.size < WIRE_CODE_MAX ? consent->purpose.size : WIRE_CODE_MAX),
                 (const char *)consent->purpose.data);
  return BASE_OK;
}

static enum base_code fail_consent(const struct nearest *nearest, struct base_error *err) {
  const struct law_passing *passing = &nearest->passing;
  struct base_view from = wire_origin_name(passing->originator), to = wire_origin_name(passing->to);
  char why[200] = "", next[240] = "";
  struct base_hex_text message = base_id_text(&passing->message), consent = base_id_text(&nearest->id);
  const char *id = consent.text;
  switch (nearest->cover) {
  case LAW_COVER_ASKED:
    (void)snprintf(why, sizeof why, "it was asked for (%.*s…) and is not given yet", SHORT, id);
    break;
  case LAW_COVER_DENIED:
    (void)snprintf(why, sizeof why, "it was denied (%.*s…)", SHORT, id);
    break;
  case LAW_COVER_REVOKED:
    (void)snprintf(why, sizeof why, "it was revoked or withdrawn (%.*s…)", SHORT, id);
    break;
  case LAW_COVER_EXPIRED:
    (void)snprintf(why, sizeof why, "the one that was given (%.*s…) expired on %s", SHORT, id,
                   base_time_format(nearest->until).text);
    break;
  case LAW_COVER_PURPOSE:
    (void)snprintf(why, sizeof why, "the one that was given (%.*s…) is for the purpose %s", SHORT, id,
                   nearest->purpose);
    break;
  case LAW_COVER_RECIPIENT:
    (void)snprintf(why, sizeof why, "the one that was given (%.*s…) does not name %.*s", SHORT, id, (int)to.size,
                   (const char *)to.data);
    break;
  default:
    (void)snprintf(why, sizeof why, "none was given");
  }
  if (nearest->cover != LAW_COVER_ASKED)
    (void)snprintf(next, sizeof next, "; wasl consent ask %s --to %.*s --purpose %.*s --until DATE asks for it",
                   message.text, (int)to.size, (const char *)to.data, (int)passing->purpose.size,
                   (const char *)passing->purpose.data);
  return base_fail(err, BASE_LAW, "passing message %.*s… on to %.*s needs the consent of %.*s, who gave it: %s%s", SHORT,
                   message.text, (int)to.size, (const char *)to.data, (int)from.size, (const char *)from.data, why, next);
}

/* BASE_OK: a consent covers it, which out names. */
static enum base_code find_consent(struct core *core, const struct law_passing *passing, struct core_permit *out,
                                   struct base_error *err) {
  struct nearest nearest = {.passing = *passing};
  enum base_code code = core_consent_of(core, &passing->message, compare, &nearest, err);
  out->asked = nearest.cover != LAW_COVER_ELSE;
  if (code == BASE_OK && nearest.cover != LAW_COVERED)
    return fail_consent(&nearest, err);
  if (code == BASE_OK) {
    out->by = nearest.by;
    out->until = nearest.until;
  }
  return code;
}

/* --- what was given, and under which row */

static bool is_party(const struct base_view *parties, size_t count, struct base_view origin) {
  for (size_t i = 0; i < count; i++)
    if (base_view_equal(parties[i], origin))
      return true;
  return false;
}

struct given {
  struct base_id id;
  struct core_content content;
  bool needs_consent;
};

/* The message whose content it is, as somebody else gave it to us; ours, when we are the originator. */
static enum base_code read_given(struct core *core, struct base_view first, struct base_arena *arena, struct given *out,
                                 struct base_error *err) {
  struct base_view next = first;
  for (size_t i = 0; i < CHAIN_MAX; i++) {
    struct base_error why = {0};
    if (!base_id_parse(next, &out->id))
      return base_fail(err, BASE_FIELD, "passed_on: must be a message id of 64 lowercase hex digits");
    core_content_free(&out->content);
    out->content = (struct core_content){0};
    enum base_code code = core_content_read(core, &out->id, arena, &out->content, &why);
    if (code == BASE_NOT_FOUND)
      return base_fail(err, BASE_LAW,
                       "passed_on: message %.*s… is not here, so nobody can say whether it may be passed on", SHORT,
                       base_id_text(&out->id).text);
    if (code != BASE_OK)
      return base_fail(err, code, "%s", why.text);
    next = wire_header_state(&out->content.header, "passed_on");
    if (!base_view_equal(out->content.header.author, core->card.origin) || next.size == 0)
      return BASE_OK; /* what we passed on ourselves came from somebody before */
  }
  return base_fail(err, BASE_LAW, "passed_on: it was passed on here %d times, and no originator was found", CHAIN_MAX);
}

static bool mark_needs(const struct core_content *content) {
  struct wire_marking marking;
  bool known = !content->dropped && wire_marking_parse(content->part0.handling, &marking);
  return wire_marking_needs_consent(known ? &marking : NULL);
}

/* By its mark; or by that of what its author passes on in it, where that came here too: passing on lowers no mark. */
static enum base_code mark_given(struct core *core, struct given *given, struct base_arena *arena,
                                 struct base_error *err) {
  struct base_id source;
  struct base_error why = {0};
  struct core_content content = {0};
  given->needs_consent = mark_needs(&given->content);
  if (given->needs_consent || !base_id_parse(wire_header_state(&given->content.header, "passed_on"), &source))
    return BASE_OK;
  enum base_code code = core_content_read(core, &source, arena, &content, &why);
  if (code == BASE_OK)
    given->needs_consent = mark_needs(&content);
  core_content_free(&content);
  if (code == BASE_OK || code == BASE_NOT_FOUND || core_damage(code))
    return BASE_OK;
  return base_fail(err, code, "%s", why.text);
}

/* What the row under which it came says of passing on. */
static enum base_code ask_row(struct core *core, struct given *given, struct base_view to, struct base_arena *arena,
                              struct base_error *err) {
  struct core_row under;
  struct base_view name = wire_origin_name(to);
  enum base_code code = core_clause_row(core, &given->id, given->content.header.author, arena, &under, err);
  if (code != BASE_OK)
    return code;
  /* Article 35(1)(e) of the Directive: what left its area goes further only with the consent of who gave it. */
  given->needs_consent = given->needs_consent || law_clause_transfer(under.clause) != LAW_TRANSFER_NONE;
  const struct law_row *row = under.row;
  const struct law_agreement *agreement = under.agreement;
  if (row == NULL) /* the row is not known any more, so its rule is taken for the strict one that a consent lifts */
    given->needs_consent = true;
  if (row == NULL || !row->has_onward)
    return BASE_OK;
  struct base_hex_text id = base_id_text(&agreement->id), message = base_id_text(&given->id);
  bool outside = row->onward == LAW_ONWARD_PARTIES && !is_party(agreement->parties, agreement->party_count, to);
  if (row->onward == LAW_ONWARD_NO || outside)
    return base_fail(err, BASE_LAW, "message %.*s… came under row %.*s of agreement %.*s…, %s%.*s%s", SHORT,
                     message.text, (int)row->id.size, (const char *)row->id.data, SHORT, id.text,
                     outside ? "which lets it be passed on to parties of that agreement alone, and "
                             : "which does not let it be passed on",
                     outside ? (int)name.size : 0, (const char *)name.data, outside ? " is none" : "");
  given->needs_consent = given->needs_consent || row->onward == LAW_ONWARD_CONSENT;
  return BASE_OK;
}

/* Article 35(1)(c): personal data that a Member State's authority gave leave only with its consent. Of content that nobody
 * can look into any more that is asked, too. */
static void ask_transfer(const struct core *core, struct given *given, struct base_view to) {
  const struct wire_header *header = &given->content.header;
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct wire_kind_type *type = kind != NULL ? wire_kind_type_named(&kind->kind, header->type) : NULL;
  bool none = type != NULL && !given->content.dropped &&
              wire_form_personal(type, header, given->content.part0.fields) == WIRE_PERSONAL_NONE;
  given->needs_consent =
      given->needs_consent || (!none && law_authorised_first(header->author, core->card.origin, to, core_now(core),
                                                             core->law, core->law_count));
}

static enum base_code decide(struct core *core, struct base_view passed_on, struct base_view to,
                             struct base_view purpose, struct core_permit *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, (size_t)CHAIN_MAX * 4 << 20);
  struct given given = {0};
  *out = (struct core_permit){.until = INT64_MAX};
  enum base_code code = read_given(core, passed_on, &arena, &given, err);
  const struct wire_header *header = &given.content.header;
  /* Our own is ours to give; who is a party of its case has it from its author. */
  bool free = code == BASE_OK && (base_view_equal(header->author, core->card.origin) ||
                                  is_party(header->parties, header->party_count, to));
  if (code == BASE_OK && !free) {
    code = mark_given(core, &given, &arena, err);
    if (code == BASE_OK)
      code = ask_row(core, &given, to, &arena, err);
    ask_transfer(core, &given, to);
  }
  if (code == BASE_OK && !free && given.needs_consent) {
    struct law_passing passing = {.message = given.id,
                                  .by = core->card.origin,
                                  .originator = header->author,
                                  .to = to,
                                  .purpose = purpose,
                                  .now = core_now(core)};
    code = find_consent(core, &passing, out, err);
  }
  core_content_free(&given.content);
  return code;
}

static struct base_view purpose_of(const struct wire_kind *kind, const struct wire_header *opening) {
  char field[WIRE_CODE_MAX + 1];
  (void)snprintf(field, sizeof field, "%.*s", (int)kind->purpose_field.size, (const char *)kind->purpose_field.data);
  return kind->purpose_field.size > 0 ? wire_header_state(opening, field) : (struct base_view){0};
}

enum base_code core_passing_law(struct core *core, const struct wire_kind *kind, const struct wire_header *opening,
                                const struct wire_header *header, struct base_view to, char *clause,
                                struct base_error *err) {
  static const struct base_id none;
  struct base_view passed_on = wire_header_state(header, "passed_on");
  struct core_permit permit;
  if (passed_on.size == 0)
    return BASE_OK;
  enum base_code code = decide(core, passed_on, to, purpose_of(kind, opening), &permit, err);
  if (code == BASE_OK && !base_id_equal(&permit.by, &none)) {
    size_t size = strlen(clause);
    (void)snprintf(clause + size, LAW_CLAUSE_MAX + 1 - size, " consent %s", base_id_text(&permit.by).text);
  }
  return code;
}

enum base_code core_consent_permits(struct core *core, struct base_view message, struct base_view to,
                                    struct base_view purpose, struct core_permit *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  *out = (struct core_permit){.until = INT64_MAX};
  while (to.size > 0 && code == BASE_OK) {
    const uint8_t *blank = memchr(to.data, ' ', to.size);
    size_t size = blank != NULL ? (size_t)(blank - to.data) : to.size;
    struct core_permit one;
    code = decide(core, message, base_view_of(to.data, size), purpose, &one, err);
    out->asked = one.asked;
    out->until = one.until < out->until ? one.until : out->until;
    to = blank != NULL ? base_view_of(blank + 1, to.size - size - 1) : (struct base_view){0};
  }
  return code;
}

/* --- what is to be sent about a consent */

static enum base_code fail_field(const char *name, const char *what, struct base_error *err) {
  return base_fail(err, BASE_FIELD, "fields: $.%s: %s", name, what);
}

/* A purpose that no kind here knows is one for which nothing can be passed on. */
static enum base_code check_purpose(const struct core *core, struct base_view purpose, struct base_error *err) {
  char known[600] = "";
  for (size_t i = 0; i < core->kind_count; i++) {
    const struct wire_kind *kind = &core->kinds[i]->kind;
    const struct wire_kind_field *field =
        kind->purpose_field.size > 0 ? wire_kind_field_named(&kind->types[kind->opening], kind->purpose_field) : NULL;
    for (size_t k = 0; field != NULL && field->list != NULL && k < field->list->count; k++) {
      struct base_view code = field->list->codes[k];
      size_t used = strlen(known);
      if (base_view_equal(code, purpose))
        return BASE_OK;
      if (used + code.size + 2 < sizeof known && !law_recipients_name(base_view_text(known), code))
        (void)snprintf(known + used, sizeof known - used, "%s%.*s", used > 0 ? " " : "", (int)code.size,
                       (const char *)code.data);
    }
  }
  return base_fail(err, BASE_FIELD, "fields: $.purpose: must be the code of one purpose: %s", known);
}

static enum base_code check_scope(struct core *core, const struct wire_header *header, struct base_error *err) {
  if (!law_recipients_valid(wire_header_state(header, "to")))
    return fail_field("to",
                      "must be 1 to 16 origins of nodes with one blank between, none twice; an empty audience is "
                      "nobody",
                      err);
  enum base_code code = check_purpose(core, wire_header_state(header, "purpose"), err);
  if (code != BASE_OK)
    return code;
  return moment_of(header, "until") > core_now(core) ? BASE_OK : fail_field("until", "is over already", err);
}

/* Asked is whoever gave it to us, and nobody without him. */
static enum base_code check_ask(struct core *core, const struct wire_header *header, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, (size_t)CHAIN_MAX * 4 << 20);
  struct given given = {0};
  struct base_view named = wire_header_state(header, "message");
  enum base_code code = read_given(core, named, &arena, &given, err);
  struct base_view author = code == BASE_OK ? given.content.header.author : (struct base_view){0};
  struct base_hex_text id = base_id_text(&given.id);
  if (code == BASE_OK && !base_view_is(named, id.text))
    code = base_fail(err, BASE_FIELD, "fields: $.message: passes on message %s: ask about that one", id.text);
  else if (code == BASE_OK && base_view_equal(author, core->card.origin))
    code = fail_field("message", "is this node's own: nobody's consent is needed", err);
  else if (code == BASE_OK && !is_party(header->parties, header->party_count, author))
    code = fail_field("message", "came from another node than the one that is asked", err);
  else if (code == BASE_OK && law_recipients_name(wire_header_state(header, "to"), author))
    code = fail_field("to", "names who gave it; name others, who are to have it", err);
  else if (code == BASE_OK && law_recipients_name(wire_header_state(header, "to"), core->card.origin))
    code = fail_field("to", "names this node itself, which has it; name others, who are to have it", err);
  core_content_free(&given.content);
  return code;
}

/* No more than was asked; and of what we passed on ourselves, no more than its originator consented to. */
static enum base_code check_give(struct core *core, const struct core_case *kase, const struct wire_header *header,
                                 struct base_error *err) {
  const struct wire_header *ask = kase->messages[0].header;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct store_message row;
  struct base_id message;
  base_arena_init(&arena, 16 << 20);
  if (!base_id_parse(wire_header_state(ask, "message"), &message) ||
      store_message_get(core->store, &message, &arena, &row, NULL) != BASE_OK || !row.ours)
    return base_fail(err, BASE_POLICY, "the consent to pass a message on is its author's, and this node is not");
  struct base_view to = wire_header_state(header, "to"), purpose = wire_header_state(header, "purpose");
  if (!law_recipients_within(to, wire_header_state(ask, "to")))
    return fail_field("to", "names somebody for whom it was not asked", err);
  if (!base_view_equal(purpose, wire_header_state(ask, "purpose")))
    return fail_field("purpose", "must be the one that was asked for", err);
  if (moment_of(header, "until") > moment_of(ask, "until"))
    return fail_field("until", "must not be later than it was asked for", err);
  struct core_permit permit;
  enum base_code code = core_consent_permits(core, wire_header_state(ask, "message"), to, purpose, &permit, err);
  if (code == BASE_OK && moment_of(header, "until") > permit.until)
    code = fail_field("until", "must not be later than the consent ends under which this node has it", err);
  return code;
}

enum base_code core_consent_check(struct core *core, const struct core_case *kase, const struct wire_header *header,
                                  struct base_error *err) {
  bool ask = base_view_is(header->type, "ask"), give = base_view_is(header->type, "give");
  enum base_code code = ask || give ? check_scope(core, header, err) : BASE_OK;
  if (code == BASE_OK && ask)
    code = check_ask(core, header, err);
  return code == BASE_OK && give && kase != NULL ? check_give(core, kase, header, err) : code;
}
