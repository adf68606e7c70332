/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/erase.h"
#include "core/exchange.h"
#include "core/exercise.h"
#include "core/messages.h"
#include "core/readers.h"
#include "core/recall.h"
#include "core/retain.h"
#include "wire/marking.h"

/* A message names others, of whatever case, in fields of the type reference. Each is written down beside the message,
 * so that what passes a message on and what recalls it is found from that message. */

static const char passed_on[] = "passed_on";

/* Whether this state field of the header names a message of whatever case. */
static bool refers(const struct wire_kind *kind, const struct wire_header *header, size_t at, struct base_id *out) {
  const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
  const struct wire_kind_field *field = type != NULL ? wire_kind_field_named(type, header->state[at].name) : NULL;
  return field != NULL && field->type == WIRE_FIELD_REFERENCE && base_id_parse(header->state[at].value, out);
}

enum base_code core_mention_note(struct core *core, const struct wire_kind *kind, const struct base_id *id,
                                 const struct wire_header *header, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < header->state_count && code == BASE_OK; i++) {
    struct base_id target;
    if (refers(kind, header, i, &target))
      code = store_mention_add(core->store, &target, id, err);
  }
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_mention_forget(struct core *core, const struct wire_kind *kind, const struct base_id *id,
                                   const struct wire_header *header, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < header->state_count && code == BASE_OK; i++) {
    struct base_id target;
    if (refers(kind, header, i, &target))
      code = store_mention_drop(core->store, &target, id, err);
  }
  return code;
}

enum base_code core_mention_missing(struct core *core, const struct wire_kind *kind, const struct base_id *id,
                                    const struct wire_header *header, struct base_id *out, bool *missing,
                                    struct base_error *err) {
  enum base_code code = BASE_OK;
  *missing = false;
  for (size_t i = 0; i < header->state_count && code == BASE_OK && !*missing; i++) {
    bool noted = true;
    if (refers(kind, header, i, out))
      code = store_mention_find(core->store, out, id, &noted, err);
    *missing = code == BASE_OK && !noted;
  }
  return code;
}

enum base_code core_mention_next(struct core *core, const struct base_id *target, int64_t *key,
                                 struct base_arena *arena, struct core_mention *out, struct base_error *err) {
  for (;;) {
    struct base_id id;
    enum base_code code = store_mention_next(core->store, target, key, &id, err);
    if (code != BASE_OK)
      return code;
    code = store_message_header(core->store, &id, arena, &out->row, err);
    if (code == BASE_OK)
      code = wire_header_parse(out->row.header, arena, &out->header, err);
    if (code == BASE_OK && out->row.state == STORE_MESSAGE_HELD) {
      /* Named before it came: what is real and what is an exercise are not joined afterwards either. */
      bool there = false, exercise = false;
      code = core_exercise_known(core, target, &there, &exercise, err);
      if (code != BASE_OK || !there || exercise == out->header.exercise)
        return code;
    }
    if (code != BASE_OK && code != BASE_NOT_FOUND && !core_damage(code)) /* register.check names what is damaged */
      return code;
  }
}

static bool names(const struct wire_header *header, const char *field, const struct base_id *target) {
  struct base_id named;
  return base_id_parse(wire_header_state(header, field), &named) && base_id_equal(&named, target);
}

bool core_mention_passes(const struct core_mention *mention, const struct base_id *target) {
  return mention->row.ours && names(&mention->header, passed_on, target);
}

/* Its author has taken this recall back. One whose case cannot be read stands. */
static enum base_code is_withdrawn(struct core *core, const struct base_id *id, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  enum base_code code = store_case_get(core->store, id, &arena, &row, err);
  *out = code == BASE_OK && base_view_is(row.state, WIRE_RECALL_WITHDRAWN);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_recalled(struct core *core, const struct base_id *message, struct base_view author,
                             struct base_arena *arena, struct core_recalled *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  *out = (struct core_recalled){0};
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    struct core_mention mention;
    code = core_mention_next(core, message, &key, arena, &mention, err);
    if (code != BASE_OK || !mention.header.opens || !base_view_is(mention.header.kind, WIRE_KIND_RECALL) ||
        !base_view_equal(mention.header.author, author) || !names(&mention.header, "message", message))
      continue;
    bool withdrawn = false;
    code = is_withdrawn(core, &mention.row.id, &withdrawn, err);
    if (code == BASE_OK && !withdrawn)
      *out = (struct core_recalled){.there = true,
                                    .case_id = mention.row.id,
                                    .at = mention.row.stored,
                                    .measure = wire_header_state(&mention.header, "measure")};
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* What may be kept until a day is not passed on to be kept for longer. */
static enum base_code check_kept(struct core *core, const struct wire_form *form, const struct base_id *id,
                                 struct base_error *err) {
  struct wire_header own = {.state_count = form->state_count};
  base_time until = 0;
  enum base_code code = core_retain_end(core, id, &until, err);
  memcpy(own.state, form->state, form->state_count * sizeof form->state[0]);
  base_time wanted = core_retain_until(&own);
  if (code != BASE_OK || until == 0 || (wanted != 0 && wanted <= until))
    return code;
  return base_fail(err, BASE_POLICY,
                   "fields: $.keep_until: message %s may be kept until %s: what passes it on says keep_until, and not "
                   "later",
                   base_id_text(id).text, base_time_format(until).text);
}

/* What is passed on is here, whole, and its author has not recalled it. */
static enum base_code check_source(struct core *core, const struct base_id *id, struct base_arena *arena,
                                   struct store_message *row, struct base_error *err) {
  struct core_recalled recalled = {0};
  enum base_code code = store_message_header(core->store, id, arena, row, err);
  if (code == BASE_NOT_FOUND)
    return base_fail(err, BASE_NOT_FOUND, "fields: $.%s: there is no message %s here that could be passed on",
                     passed_on, base_id_text(id).text);
  if (code == BASE_OK && row->state != STORE_MESSAGE_HELD)
    return base_fail(err, BASE_CONFLICT, "fields: $.%s: message %s was refused, or is still arriving", passed_on,
                     base_id_text(id).text);
  if (code == BASE_OK)
    code = core_recalled(core, id, row->author, arena, &recalled, err);
  if (code == BASE_OK && recalled.there)
    return base_fail(err, BASE_POLICY, "fields: $.%s: message %s was recalled by its author and is not passed on: %s",
                     passed_on, base_id_text(id).text, base_id_text(&recalled.case_id).text);
  if (code == BASE_OK)
    code = core_readers_open(core, id, true, err);
  return code == BASE_OK && core_message_dropped(row) ? core_erase_say(core, id, err) : code;
}

/* False: it passes nothing on. */
static bool passes_on(const struct wire_form *form, struct base_id *out) {
  struct base_view text = {0};
  for (size_t i = 0; i < form->state_count; i++)
    if (base_view_is(form->state[i].name, passed_on))
      text = form->state[i].value;
  return base_id_parse(text, out);
}

/* What nobody may keep any more is not sent. */
static enum base_code check_until(struct core *core, const struct wire_form *form, struct base_error *err) {
  struct wire_header own = {.state_count = form->state_count};
  memcpy(own.state, form->state, form->state_count * sizeof form->state[0]);
  base_time until = core_retain_until(&own), now = core_now(core);
  if (until == 0 || until > now)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "fields: $.keep_until: %s is over: a moment later than now, %s",
                   base_time_format(until).text, base_time_format(now).text);
}

enum base_code core_passable(struct core *core, const struct wire_form *form, struct base_error *err) {
  struct base_id id;
  enum base_code lasts = check_until(core, form, err);
  if (lasts != BASE_OK)
    return lasts;
  if (!passes_on(form, &id))
    return BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  enum base_code code = check_source(core, &id, &arena, &row, err);
  return code == BASE_OK ? check_kept(core, form, &id, err) : code;
}

enum base_code core_passable_mark(struct core *core, const struct wire_form *form, struct base_view handling,
                                  struct base_error *err) {
  struct base_id id;
  if (!passes_on(form, &id))
    return BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content source = {0};
  struct wire_marking theirs, ours;
  enum base_code code = core_content_read(core, &id, &arena, &source, err);
  if (code == BASE_OK) {
    bool marked = wire_marking_parse(handling, &ours);
    bool known = wire_marking_parse(source.part0.handling, &theirs);
    struct base_view mark = known ? source.part0.handling : base_view_text(wire_level_codes[WIRE_LEVEL_DEFAULT]);
    if (wire_marking_freer(marked ? &ours : NULL, known ? &theirs : NULL))
      code = base_fail(err, BASE_POLICY,
                       "handling: message %s is marked %.*s: what passes it on is marked with at least that level and "
                       "all its conditions",
                       base_id_text(&id).text, (int)mark.size, (const char *)mark.data);
  }
  core_content_free(&source);
  return code;
}

enum base_code core_still_passable(struct core *core, const struct base_id *id, const struct wire_header *header,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct base_id source;
  struct store_message row;
  struct core_recalled recalled = {0};
  base_time until = core_retain_until(header);
  if (until != 0 && until <= core_now(core))
    return base_fail(err, BASE_POLICY, "message %s may be kept until %s, which was over before it could be handed over",
                     base_id_text(id).text, base_time_format(until).text);
  enum base_code code = core_recalled(core, id, core->card.origin, &arena, &recalled, err);
  if (code == BASE_OK && recalled.there)
    code = base_fail(err, BASE_POLICY, "message %s was recalled here before it was handed over: %s",
                     base_id_text(id).text, base_id_text(&recalled.case_id).text);
  if (code == BASE_OK && base_id_parse(wire_header_state(header, passed_on), &source))
    code = check_source(core, &source, &arena, &row, err);
  return code;
}
