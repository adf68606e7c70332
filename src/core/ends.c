/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ends.h"

#include <stdio.h>

#include "core/cards.h"
#include "core/cases.h"
#include "core/certified.h"
#include "core/check.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/exchange.h"
#include "core/partners.h"
#include "core/messages.h"
#include "core/register.h"
#include "core/retain.h"
#include "wire/marking.h"

/* When that is stands in a row of the case, from the moment in which it came into such a state here: a case that leaves the
 * state again before has none any more. When the day has come the case's messages are gone through, some in each step, and
 * each that holds personal data gets its end as one that says itself until when it is kept (retain.c): so what is under way
 * still waits for its receipt, and the erasure is certified to the author. */

static const char subject[] = "receipts";

/* --- when */

static base_time length_of(const struct wire_kind_ends *rule) {
  return (base_time)rule->days * CORE_DAY;
}

/* The day that this message says; 0: none. */
static base_time day_of(const struct wire_header *header, const struct wire_kind_ends *rule) {
  struct base_view text = wire_header_state(header, (const char *)rule->field.data);
  base_time day = 0;
  return text.size > 0 && (base_time_parse(text, &day) || base_date_parse(text, &day)) ? day : 0;
}

/* No message puts the day off further than to this one, whoever wrote it: what the first one said that has the field, which no
 * message comes before where it opened the case, and CORE_ENDS_PUT_OFF_DAYS. INT64_MAX: none said anything. */
static base_time farthest(const struct core_case *kase, const struct wire_kind_ends *rule) {
  for (size_t i = 0; i < kase->count; i++) {
    base_time day = kase->messages[i].effective ? day_of(kase->messages[i].header, rule) : 0;
    if (day != 0)
      return day + (base_time)CORE_ENDS_PUT_OFF_DAYS * CORE_DAY;
  }
  return INT64_MAX;
}

/* The day that the last effective message with this field has, as far as it may be put off; 0: none has it. */
static base_time dated(const struct core_case *kase, const struct wire_kind_ends *rule) {
  base_time day = 0;
  for (size_t i = rule->field.size > 0 ? kase->count : 0; i-- > 0 && day == 0;)
    day = kase->messages[i].effective ? day_of(kase->messages[i].header, rule) : 0;
  base_time most = day != 0 ? farthest(kase, rule) : 0;
  return day > most ? most : day;
}

enum base_code core_ends_may(const struct core_case *kase, const struct wire_header *header, struct base_error *err) {
  const struct wire_kind_ends *rule = &kase->kind->kind.personal_ends;
  base_time day = rule->field.size > 0 ? day_of(header, rule) : 0, most = day != 0 ? farthest(kase, rule) : 0;
  if (day <= most)
    return BASE_OK;
  return base_fail(err, BASE_FIELD,
                   "%.*s: the end of the personal data of a case is put off by no more than %d days after what its first message "
                   "said, to %s: name an earlier day, or open a new case",
                   (int)rule->field.size, (const char *)rule->field.data, CORE_ENDS_PUT_OFF_DAYS, base_time_format(most).text);
}

/* A slip in a date takes nothing away at once: the end never comes nearer than the days that the kind gives. */
static struct store_ends computed(const struct core_case *kase, const struct store_ends *before, base_time now) {
  const struct wire_kind_ends *rule = &kase->kind->kind.personal_ends;
  bool over = rule->states >> kase->state.state & 1;
  base_time length = length_of(rule), day = dated(kase, rule), wanted = INT64_MAX;
  struct store_ends next = *before;
  next.since = !over ? 0 : before->since != 0 ? before->since : now;
  if (over)
    wanted = next.since + length;
  if (day != 0 && day + length < wanted)
    wanted = day + length;
  base_time nearest = before->ends < now + length ? before->ends : now + length;
  next.ends = wanted > nearest ? wanted : nearest;
  if (next.ends != before->ends) {
    next.done = 0;
    next.look = next.ends;
  }
  return next;
}

static void look_at(struct core *core, base_time at) {
  if (at < core->ends_at)
    core->ends_at = at;
}

enum base_code core_ends_move(struct core *core, const struct core_case *kase, struct base_error *err) {
  struct store_ends row;
  if (kase->kind->kind.personal_ends.days == 0)
    return BASE_OK;
  enum base_code code = store_ends_get(core->store, &kase->id, &row, err);
  if (code == BASE_NOT_FOUND)
    row = (struct store_ends){.case_id = kase->id, .ends = INT64_MAX, .look = INT64_MAX};
  else if (code != BASE_OK)
    return code;
  struct store_ends next = computed(kase, &row, core_now(core));
  if (next.since == row.since && next.ends == row.ends)
    return BASE_OK;
  look_at(core, next.look);
  return next.ends == INT64_MAX ? store_ends_drop(core->store, &kase->id, err) : store_ends_put(core->store, &next, err);
}

/* --- the messages */

/* What a file holds nobody says, so it is taken for personal. */
static bool holds_personal(const struct wire_kind *kind, const struct store_message *row) {
  const struct wire_kind_type *type = wire_kind_type_named(kind, row->type);
  return kind->personal_ends.days > 0 && (row->part_count > 0 || type == NULL || wire_kind_type_personal(type));
}

/* A type without personal fields holds what is personal all the same where its author wrote it beside the form, or in words into
 * its handling. What does not open nobody reads either. */
static enum base_code says_more(struct core *core, const struct wire_kind *kind, const struct base_id *id, bool *out,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct wire_marking marking = {0};
  *out = false;
  enum base_code code = core_content_read(core, id, &arena, &content, err);
  const struct wire_kind_type *type = code == BASE_OK ? wire_kind_type_named(kind, content.header.type) : NULL;
  if (code == BASE_OK && !content.dropped && type != NULL) {
    struct base_view handling = content.part0.handling;
    bool words = handling.size > 0 && (wire_marking_read(handling, &marking, NULL) != BASE_OK || marking.text.size > 0);
    *out = words || wire_form_check_members(type, content.part0.fields, NULL) != BASE_OK;
  }
  core_content_free(&content);
  return core_damage(code) ? BASE_OK : code;
}

/* Whose case has such a row, and its kind; *kind NULL: it is not held. */
static enum base_code read_case(struct core *core, const struct base_id *case_id, struct store_ends *out,
                                const struct core_kind **kind, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  enum base_code code = store_ends_get(core->store, case_id, out, err);
  if (code == BASE_OK)
    code = store_case_get(core->store, case_id, &arena, &row, err);
  if (code == BASE_OK)
    *kind = core_kind_hashed(core, row.kind, &row.kind_hash);
  return code;
}

struct holders {
  size_t count;
  int64_t partners[WIRE_PARTIES_MAX];
};

static enum base_code collect_holder(void *context, const struct store_delivery *row) {
  struct holders *holders = context;
  if (row->state == STORE_RECEIPTED && holders->count < WIRE_PARTIES_MAX)
    holders->partners[holders->count++] = row->partner;
  return BASE_OK;
}

/* Who has this message of ours, and has not certified that he erased it. */
static enum base_code owing(struct core *core, const struct base_id *id, struct holders *out, struct base_error *err) {
  struct core_certified one;
  enum base_code code = store_delivery_each(core->store, id, false, 0, collect_holder, out, err);
  for (int64_t key = INT64_MIN; code == BASE_OK && out->count > 0;) {
    code = core_certified_next(core, id, &key, &one, err);
    for (size_t i = 0; code == BASE_OK && one.why[0] == '\0' && i < out->count; i++)
      if (out->partners[i] == one.by->row.number)
        out->partners[i--] = out->partners[--out->count];
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* Of one that is erased: their certificates are outstanding. */
static enum base_code expect(struct core *core, const struct store_message *row, struct store_ends *ends,
                             struct base_error *err) {
  struct holders holders = {0};
  enum base_code code = owing(core, &row->id, &holders, err);
  for (size_t i = 0; i < holders.count && code == BASE_OK; i++)
    code = store_due_put(core->store, &row->id, &row->case_id, holders.partners[i], err);
  if (code != BASE_OK || holders.count == 0 || ends->look != INT64_MAX)
    return code;
  ends->look = core_now(core) + (base_time)CORE_ENDS_RECEIPT_DAYS * CORE_DAY;
  look_at(core, ends->look);
  return store_ends_put(core->store, ends, err);
}

enum base_code core_ends_erased(struct core *core, const struct store_message *row, base_time when, struct base_error *err) {
  struct store_ends ends;
  const struct core_kind *kind = NULL;
  if (!row->ours)
    return BASE_OK;
  enum base_code code = read_case(core, &row->case_id, &ends, &kind, err);
  if (code == BASE_OK && ends.ends <= core_now(core) && kind != NULL && (when == ends.ends || holds_personal(&kind->kind, row)))
    code = expect(core, row, &ends, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* Its time is over; of one that was erased before, by whomever, the certificate is owed all the same. */
static enum base_code end_message(struct core *core, const struct wire_kind *kind, const struct base_id *id,
                                  struct store_ends *ends, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (core_damage(code)) /* register.check names it */
    return BASE_OK;
  if (code == BASE_OK) /* also of one that holds nothing personal a recall may say what does */
    code = core_retain_recalls(core, id, ends->ends, err);
  bool personal = holds_personal(kind, &row);
  if (code == BASE_OK && !personal && !core_message_dropped(&row))
    code = says_more(core, kind, id, &personal, err);
  if (code != BASE_OK || !personal)
    return code;
  if (!core_message_dropped(&row))
    return core_retain_put(core, id, ends->ends, err);
  return row.ours ? expect(core, &row, ends, err) : core_certificate_owe(core, &row, err);
}

enum base_code core_ends_admitted(struct core *core, const struct core_case *kase, const struct base_id *id,
                                  struct base_error *err) {
  struct store_ends ends;
  if (kase->kind->kind.personal_ends.days == 0)
    return BASE_OK;
  enum base_code code = store_ends_get(core->store, &kase->id, &ends, err);
  if (code == BASE_OK && ends.ends <= core_now(core))
    code = end_message(core, &kase->kind->kind, id, &ends, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code end_of(struct core *core, const struct base_id *id, bool around, base_time *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct store_ends ends;
  const struct core_kind *kind = NULL;
  *out = 0;
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_OK)
    code = read_case(core, &row.case_id, &ends, &kind, err);
  if (code == BASE_OK && kind != NULL && (around || holds_personal(&kind->kind, &row)))
    *out = ends.ends;
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_ends_of(struct core *core, const struct base_id *id, base_time *out, struct base_error *err) {
  return end_of(core, id, false, out, err);
}

enum base_code core_ends_around(struct core *core, const struct base_id *id, base_time *out, struct base_error *err) {
  return end_of(core, id, true, out, err);
}

/* --- the day has come */

static enum base_code walk(struct core *core, struct store_ends *ends, struct base_error *err) {
  struct base_id ids[CORE_ENDS_STEP];
  int64_t numbers[CORE_ENDS_STEP];
  size_t count = 0;
  struct store_ends row;
  const struct core_kind *kind = NULL;
  enum base_code code = read_case(core, &ends->case_id, &row, &kind, err);
  if (core_damage(code) || (code == BASE_OK && kind == NULL)) { /* looked at again when it may be held again */
    ends->look = core_now(core) + CORE_DAY;
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = store_case_after(core->store, &ends->case_id, ends->done, ids, numbers, CORE_ENDS_STEP, &count, err);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    code = end_message(core, &kind->kind, &ids[i], ends, err);
  if (code != BASE_OK)
    return code;
  ends->done = count < CORE_ENDS_STEP ? INT64_MAX : numbers[count - 1];
  if (ends->done == INT64_MAX)
    ends->look = ends->ends + (base_time)CORE_ENDS_RECEIPT_DAYS * CORE_DAY;
  return BASE_OK;
}

static enum base_code tell_one(struct core *core, const struct store_ends *ends, const struct store_due *due,
                               struct base_error *err) {
  const struct core_partner *partner = core_partner_numbered(core, due->partner);
  base_time since = ends->ends + (base_time)CORE_ENDS_RECEIPT_DAYS * CORE_DAY;
  char reason[64];
  struct core_leaf leaf;
  if (partner == NULL)
    return BASE_OK;
  (void)snprintf(reason, sizeof reason, "overdue %s", base_time_format(since).text);
  struct wire_opening what = {.has_message = true,
                              .message = ends->case_id,
                              .to = partner->card.origin,
                              .subject = base_view_text(subject),
                              .reason = base_view_text(reason)};
  base_log(BASE_LOG_WARNING, "case.receipts", "%.*s has not certified the erasure of %llu messages of case %s",
           (int)partner->card.name.size, (const char *)partner->card.name.data, (unsigned long long)due->messages,
           base_id_text(&ends->case_id).text);
  core_event_deadline(core, &ends->case_id, partner->card.name, what.subject, NULL, true, since);
  return core_register_add(core, WIRE_ACT_DEADLINE, &what, &leaf, err);
}

static enum base_code tell(struct core *core, struct store_ends *ends, struct base_error *err) {
  struct store_due due[WIRE_PARTIES_MAX];
  size_t count = 0;
  enum base_code code = store_due_count(core->store, &ends->case_id, due, WIRE_PARTIES_MAX, &count, err);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    code = tell_one(core, ends, &due[i], err);
  ends->look = INT64_MAX;
  return code;
}

static bool rests(const struct core *core) {
  return core->lost[0] != '\0' || core->room.level >= CORE_ROOM_FULL;
}

enum base_code core_ends_settle(struct core *core, struct base_error *err) {
  base_time now = core_now(core);
  struct store_ends ends;
  enum base_code code = BASE_OK;
  if (core->ends_at > now || rests(core))
    return BASE_OK;
  code = store_ends_next(core->store, &ends, err);
  core->ends_at = code == BASE_OK ? ends.look : INT64_MAX;
  if (code != BASE_OK || ends.look > now)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  code = core_write(core, err);
  if (code == BASE_OK)
    code = ends.done != INT64_MAX ? walk(core, &ends, err) : tell(core, &ends, err);
  return code == BASE_OK ? store_ends_put(core->store, &ends, err) : code;
}

int64_t core_ends_due_ms(const struct core *core) {
  enum { MOST_SECONDS = 3600 };
  base_time left = core->ends_at - core_now(core);
  if (core->ends_at == INT64_MAX)
    return -1;
  if (rests(core))
    return CORE_ROOM_SOON_MS;
  return left <= 0 ? 0 : (left < MOST_SECONDS ? left : MOST_SECONDS) * 1000;
}

/* --- shown */

enum base_code core_ends_show(struct core *core, struct wire_writer *writer, const struct base_id *id,
                              struct base_error *err) {
  struct store_ends ends;
  struct store_due due[WIRE_PARTIES_MAX];
  size_t count = 0;
  base_time now = core_now(core);
  enum base_code code = store_ends_get(core->store, id, &ends, err);
  wire_write_key(writer, "personal_ends");
  if (code == BASE_OK)
    code = store_due_count(core->store, id, due, WIRE_PARTIES_MAX, &count, err);
  if (code != BASE_OK) {
    wire_write_null(writer);
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  }
  base_time overdue = ends.ends + (base_time)CORE_ENDS_RECEIPT_DAYS * CORE_DAY;
  wire_write_object(writer);
  core_show_time(writer, "ends", ends.ends);
  wire_write_member_bool(writer, "ended", ends.ends <= now);
  wire_write_key(writer, "outstanding");
  wire_write_array(writer);
  for (size_t i = 0; i < count; i++) {
    const struct core_partner *partner = core_partner_numbered(core, due[i].partner);
    if (partner == NULL)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "by", partner->card.name);
    wire_write_member_integer(writer, "messages", (int64_t)due[i].messages);
    wire_write_member_bool(writer, "overdue", overdue <= now);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  wire_write_end(writer, '}');
  return BASE_OK;
}

/* --- the check */

/* When it must end at the latest; INT64_MAX: nothing says it. */
static base_time latest(const struct core_case *kase, base_time changed, const struct store_ends *ends) {
  const struct wire_kind_ends *rule = &kase->kind->kind.personal_ends;
  base_time length = length_of(rule), day = dated(kase, rule), out = INT64_MAX;
  if (rule->states >> kase->state.state & 1)
    out = (ends->since != 0 && ends->since < changed ? ends->since : changed) + length;
  if (day != 0 && (day > changed ? day : changed) + length < out)
    out = (day > changed ? day : changed) + length;
  return out;
}

enum base_code core_ends_check(struct core *core, const struct store_case *row, const struct core_case *kase,
                               struct base_error *err) {
  struct store_ends ends = {.ends = INT64_MAX};
  if (kase->kind->kind.personal_ends.days == 0)
    return BASE_OK;
  enum base_code code = store_ends_get(core->store, &row->id, &ends, err);
  base_time most = latest(kase, row->changed, &ends);
  if (code != BASE_OK && code != BASE_NOT_FOUND && !core_damage(code))
    return code;
  if (ends.ends > most || (ends.look > ends.ends && ends.done != INT64_MAX && ends.ends > core_now(core)))
    core_check_found(core, CORE_SO_KEPT, core_place("case %s", base_id_text(&row->id).text),
                     "its personal data is to end on %s, and that is not noted", base_time_format(most).text);
  return BASE_OK;
}

enum base_code core_ends_check_message(struct core *core, const struct store_message *row, struct base_error *err) {
  struct store_ends ends;
  struct holders holders = {0};
  const struct core_kind *kind = NULL;
  if (!row->ours || !core_message_dropped(row))
    return BASE_OK;
  enum base_code code = read_case(core, &row->case_id, &ends, &kind, err);
  if (code == BASE_OK && kind != NULL && ends.done == INT64_MAX && holds_personal(&kind->kind, row))
    code = owing(core, &row->id, &holders, err);
  for (size_t i = 0; i < holders.count && code == BASE_OK; i++) {
    const struct core_partner *partner = core_partner_numbered(core, holders.partners[i]);
    bool noted = false;
    code = store_due_there(core->store, &row->id, holders.partners[i], &noted, err);
    if (code == BASE_OK && !noted && partner != NULL)
      core_check_found(core, CORE_SO_KEPT, core_place_message(&row->id),
                       "that %.*s has not certified its erasure is not noted", (int)partner->card.name.size,
                       (const char *)partner->card.name.data);
  }
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}
