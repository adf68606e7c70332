/* SPDX-License-Identifier: Apache-2.0 */
#include "core/review.h"

#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/check.h"
#include "core/events.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/register.h"

/* Whether personal data is still needed is for a person to say; when he is asked, and what he said, stands in a row of the
 * case, so that neither the list nor the next alarm costs more with a million cases. */

static const char subject[] = "review";

static bool holds_personal(const struct wire_kind *kind) {
  bool personal = false;
  for (size_t i = 0; i < kind->type_count && kind->needs_row; i++)
    for (size_t k = 0; k < kind->types[i].field_count; k++)
      personal = personal || kind->types[i].fields[k].personal > WIRE_PERSONAL_NONE;
  return personal;
}

static void look_at(struct core *core, base_time due) {
  if (due < core->review_at)
    core->review_at = due;
}

enum base_code core_review_move(struct core *core, const struct core_case *kase, struct base_error *err) {
  base_time due = kase->row.changed + (base_time)CORE_REVIEW_FIRST_DAYS * CORE_DAY;
  if (!holds_personal(&kase->kind->kind))
    return BASE_OK;
  look_at(core, due);
  return store_review_move(core->store, &kase->id, due, err);
}

enum base_code core_review_erased(struct core *core, const struct base_id *case_id, struct base_error *err) {
  struct store_review row;
  bool content = true;
  enum base_code code = store_review_get(core->store, case_id, &row, err);
  if (code == BASE_OK)
    code = store_case_content(core->store, case_id, &content, err);
  if (code == BASE_OK && !content)
    code = store_review_done(core->store, case_id, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code; /* of a case that is not known here */
}

/* --- told */

static enum base_code tell(struct core *core, struct store_review *review, struct base_error *err) {
  char reason[64];
  struct core_leaf leaf;
  (void)snprintf(reason, sizeof reason, "overdue %s", base_time_format(review->due).text);
  struct wire_opening what = {.has_message = true,
                              .message = review->case_id,
                              .to = core->card.origin,
                              .subject = base_view_text(subject),
                              .reason = base_view_text(reason)};
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_DEADLINE, &what, &leaf, err);
  if (code != BASE_OK)
    return code;
  base_log(BASE_LOG_NOTICE, "case.review", "case %s holds personal data and is to be reviewed since %s",
           base_id_text(&review->case_id).text, base_time_format(review->due).text);
  core_event_deadline(core, &review->case_id, core->card.name, what.subject, NULL, true, review->due);
  review->told = review->due;
  return store_review_put(core->store, review, err);
}

enum base_code core_review_settle(struct core *core, struct base_error *err) {
  base_time now = core_now(core);
  enum base_code code = BASE_OK;
  if (core->review_at > now || core->lost[0] != '\0' || core->room.level >= CORE_ROOM_FULL)
    return BASE_OK;
  for (unsigned told = 0; code == BASE_OK; told++) {
    struct store_review review;
    code = store_review_untold(core->store, &review, err);
    core->review_at = code == BASE_OK ? review.due : INT64_MAX;
    if (code != BASE_OK || review.due > now || told == CORE_REVIEW_STEP)
      break;
    code = tell(core, &review, err);
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

int64_t core_review_due_ms(const struct core *core) {
  enum { MOST_SECONDS = 3600 };
  if (core->review_at == INT64_MAX)
    return -1;
  if (core->lost[0] != '\0' || core->room.level >= CORE_ROOM_FULL)
    return CORE_ROOM_SOON_MS;
  base_time left = core->review_at - core_now(core);
  return left <= 0 ? 0 : (left < MOST_SECONDS ? left : MOST_SECONDS) * 1000;
}

/* --- a person reviews */

static enum base_code read_next(struct core *core, const struct wire_json *request, base_time *out,
                                struct base_error *err) {
  struct base_view text = core_request_text(request, "next");
  base_time now = core_now(core);
  *out = now + (base_time)CORE_REVIEW_FIRST_DAYS * CORE_DAY;
  if (text.size > 0 && !base_time_parse(text, out) && !base_date_parse(text, out))
    return base_fail(err, BASE_DATE, "next: a day as 2027-05-21, or a moment as 2027-05-21T08:00:00Z");
  if (*out > now && *out <= now + (base_time)CORE_REVIEW_MOST_DAYS * CORE_DAY)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "next: must be to come, and within %d days: the data is reviewed regularly",
                   CORE_REVIEW_MOST_DAYS);
}

static enum base_code keep(struct core *core, const struct base_id *id, base_time next, struct base_view reason,
                           struct core_leaf *leaf, struct base_error *err) {
  struct base_time_text until = base_time_format(next);
  struct wire_opening what = {.has_message = true,
                              .message = *id,
                              .actor = core_actor(core),
                              .subject = base_view_text(until.text),
                              .reason = reason};
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_REVIEWED, &what, leaf, err);
  if (code != BASE_OK)
    return code;
  struct store_review review = {.case_id = *id, .due = next, .kept = next, .leaf = leaf->index};
  code = store_review_put(core->store, &review, err);
  core_event_case(core, id);
  look_at(core, next);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

void core_case_review(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id;
  struct store_review review;
  struct core_leaf leaf;
  base_time next = 0;
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", "case", &id, &err);
  if (code == BASE_OK)
    code = core_request_prose(reason, "reason", &err);
  if (code == BASE_OK && (wire_prose_blank(reason) || reason.size > CORE_REASON_MAX))
    code = base_fail(&err, BASE_FIELD, "reason: say in 1 to %d bytes why it is kept; it stays in the register",
                     CORE_REASON_MAX);
  if (code == BASE_OK)
    code = read_next(core, request, &next, &err);
  if (code == BASE_OK)
    code = store_review_get(core->store, &id, &review, &err);
  if (code == BASE_NOT_FOUND)
    code = base_fail(&err, BASE_CONFLICT,
                     "nothing of case %s is to be reviewed: its kind holds no personal data, or its content was erased",
                     base_id_text(&id).text);
  if (code == BASE_OK)
    code = keep(core, &id, next, reason, &leaf, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_time(&writer, "next", next);
  wire_write_member_integer(&writer, "leaf", (int64_t)leaf.index);
  wire_write_end(&writer, '}');
}

/* --- shown */

/* What its leaf says; BASE_CORRUPT when that is no review of this case. Views into arena. */
static enum base_code read_reviewed(struct core *core, const struct store_review *review, struct base_arena *arena,
                                    struct core_check_leaf *out, struct base_error *err) {
  enum base_code code = core_check_leaf(core, review->leaf, arena, out, err);
  if (code == BASE_OK && (out->leaf.act != WIRE_ACT_REVIEWED || !base_id_equal(&out->opening.message, &review->case_id) ||
                          !base_view_is(out->opening.subject, base_time_format(review->kept).text)))
    return base_fail(err, BASE_CORRUPT, "leaf %llu is not the review that is noted of case %s",
                     (unsigned long long)review->leaf, base_id_text(&review->case_id).text);
  return code;
}

static enum base_code write_review(struct core *core, struct wire_writer *writer, const struct store_review *review,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  struct base_error why = {0};
  enum base_code code = review->leaf == 0 ? BASE_NOT_FOUND : read_reviewed(core, review, &arena, &leaf, &why);
  wire_write_object(writer);
  core_show_time(writer, "due", review->due);
  wire_write_member_bool(writer, "overdue", review->due <= core_now(core));
  wire_write_key(writer, "reviewed");
  if (code == BASE_OK) {
    wire_write_object(writer);
    core_show_time(writer, "at", leaf.leaf.time);
    core_show_text(writer, "by", leaf.opening.actor);
    core_show_text(writer, "reason", leaf.opening.reason);
    core_show_time(writer, "next", review->kept);
    wire_write_member_integer(writer, "leaf", (int64_t)review->leaf);
    wire_write_end(writer, '}');
  } else {
    wire_write_null(writer);
  }
  wire_write_end(writer, '}');
  /* One whose leaf cannot be read is told without it; register.check names it. */
  return code == BASE_OK || code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK
                                                                        : base_fail(err, code, "%s", why.text);
}

enum base_code core_review_show(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                struct base_error *err) {
  struct store_review review;
  enum base_code code = store_review_get(core->store, id, &review, err);
  wire_write_key(writer, "review");
  if (code == BASE_OK)
    return write_review(core, writer, &review, err);
  wire_write_null(writer);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code list_one(struct core *core, struct wire_writer *writer, const struct store_review *review,
                               const struct store_pair *key, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  char cursor[48];
  enum base_code code = store_case_get(core->store, &review->case_id, &arena, &row, err);
  if (code != BASE_OK)
    return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : code; /* register.check names it */
  if (!core_lane_sees(core, row.lane))
    return BASE_OK;
  (void)snprintf(cursor, sizeof cursor, "%lld-%lld", (long long)key->first, (long long)key->second);
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &review->case_id);
  core_show_kind_of(core, writer, row.kind, &row.kind_hash);
  wire_write_member_bool(writer, "exercise", row.exercise);
  wire_write_member_text(writer, "state", row.state);
  core_show_time(writer, "changed", row.changed);
  wire_write_key(writer, "review");
  code = write_review(core, writer, review, err);
  wire_write_member_string(writer, "cursor", cursor);
  wire_write_end(writer, '}');
  return code == BASE_OK ? base_buf_check(writer->out, "the list, which takes a limit,", err) : code;
}

/* "DUE-NUMBER", as a row's `cursor` has it. */
static enum base_code read_cursor(const struct wire_json *request, struct store_pair *out, struct base_error *err) {
  struct base_view text = core_request_text(request, "after");
  const uint8_t *dash = text.size > 0 ? memchr(text.data, '-', text.size) : NULL;
  size_t size = dash == NULL ? 0 : (size_t)(dash - text.data);
  uint64_t due = 0, number = 0;
  *out = (struct store_pair){.first = INT64_MIN, .second = INT64_MIN};
  if (text.size == 0)
    return BASE_OK;
  if (dash == NULL || !base_decimal_parse(base_view_of(text.data, size), &due) ||
      !base_decimal_parse(base_view_of(dash + 1, text.size - size - 1), &number) || due > INT64_MAX ||
      number > INT64_MAX)
    return base_fail(err, BASE_FIELD, "after: not a cursor of this list; take that of the last case that was listed");
  *out = (struct store_pair){.first = (int64_t)due, .second = (int64_t)number};
  return BASE_OK;
}

enum base_code core_review_list(struct core *core, const struct wire_json *request, struct base_buf *out,
                                struct base_error *err) {
  uint64_t limit = 0;
  struct store_pair key;
  struct wire_writer writer;
  base_time until = wire_json_true(wire_json_get(request, "due")) ? core_now(core) : INT64_MAX;
  enum base_code code = core_show_page(request, CORE_LIST_PAGE, INT64_MAX, &limit, err);
  if (code == BASE_OK)
    code = read_cursor(request, &key, err);
  wire_writer_init(&writer, out);
  wire_write_array(&writer);
  for (uint64_t i = 0; i < limit && code == BASE_OK; i++) {
    struct store_review review;
    code = store_review_next(core->store, &key, &review, err);
    if (code == BASE_OK && review.due > until)
      code = BASE_NOT_FOUND;
    if (code == BASE_OK)
      code = list_one(core, &writer, &review, &key, err);
  }
  wire_write_end(&writer, ']');
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* --- the check */

/* When it must be reviewed at the latest. */
static enum base_code latest(struct core *core, const struct store_case *row, const struct store_review *review,
                             base_time *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_leaf leaf;
  *out = row->changed + (base_time)CORE_REVIEW_FIRST_DAYS * CORE_DAY;
  if (review->leaf == 0)
    return BASE_OK;
  enum base_code code = read_reviewed(core, review, &arena, &leaf, err);
  if (code == BASE_OK && (row->changed <= leaf.leaf.time || review->kept < *out))
    *out = review->kept;
  return code;
}

enum base_code core_review_check(struct core *core, const struct store_case *row, const struct core_case *kase,
                                 struct base_error *err) {
  struct core_place place = core_place("case %s", base_id_text(&row->id).text);
  struct store_review review;
  struct base_error why = {0};
  base_time due = 0;
  bool content = false;
  enum base_code code = store_case_content(core->store, &row->id, &content, err);
  if (code != BASE_OK || !content || !holds_personal(&kase->kind->kind))
    return code;
  code = store_review_get(core->store, &row->id, &review, &why);
  if (code == BASE_OK)
    code = latest(core, row, &review, &due, &why);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_KEPT, place, "it holds personal data, and no review of it is noted");
  else if (core_damage(code))
    core_check_found(core, CORE_SO_KEPT, place, "its last review cannot be read: %s", why.text);
  else if (code != BASE_OK)
    return base_fail(err, code, "%s", why.text);
  else if (review.due > due)
    core_check_found(core, CORE_SO_KEPT, place, "it is noted as to be reviewed %s, and must be %s",
                     base_time_format(review.due).text, base_time_format(due).text);
  return BASE_OK;
}
