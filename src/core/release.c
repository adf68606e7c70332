/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/ending.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/people.h"
#include "core/release.h"
#include "core/register.h"
#include "law/transfer.h"

/* Release by a second person: held, given, refused, withdrawn, over. What was held never changes, its id is the hash of
 * its header, which names the hash of its content, and the `held` leaf commits to that id: so what is let go is, byte
 * for byte, what was shown. */

/* --- in memory */

enum base_code core_release_load(struct core *core, struct base_error *err) {
  struct core_releases found = {.next = INT64_MAX};
  enum base_code code = BASE_OK;
  for (int64_t key = 0; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_release row;
    code = store_release_next(core->store, true, &key, &arena, &row, err);
    if (code != BASE_OK)
      continue;
    found.waiting++;
    found.next = row.until < found.next ? row.until : found.next;
  }
  core->releases = found;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* --- held */

enum law_approval core_release_asks(const struct core *core, const struct wire_kind_type *type, const struct law_answer *answer) {
  enum law_approval asks = core_asker(core)->handle[0] == '\0' ? answer->basis : answer->approval;
  bool second = type->release == WIRE_RELEASE_IF_ANY && core_ending_second(core);
  return second && asks < LAW_SUPERVISOR ? LAW_SUPERVISOR : asks;
}

enum base_code core_release_possible(const struct core *core, enum law_approval approval, struct base_error *err) {
  if (core_asker(core)->handle[0] == '\0')
    return base_fail(
        err, BASE_POLICY,
        "it must be released by a second person (%s), and this node knows no persons: name them (wasl person "
        "add), then send it again",
        law_approval_names[approval]);
  if (core->releases.waiting >= CORE_RELEASES_MAX)
    return base_fail(err, BASE_BUSY,
                     "%d messages wait for their release: some must be decided on before another is held",
                     CORE_RELEASES_MAX);
  if (core->erasing.listed + core->erasing.untold + core->releases.waiting >= WIRE_KEEPER_ERASED_MAX)
    return base_fail(err, BASE_TOO_LARGE, "the keeper remembers %d erasures and has no room for another",
                     WIRE_KEEPER_ERASED_MAX);
  return BASE_OK;
}

static void answer_held(struct core *core, uint64_t token, const struct core_submission *submission,
                        const struct store_release *row) {
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  core_submission_unsent(core, &writer, submission);
  wire_write_key(&writer, "release");
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "number", row->number);
  wire_write_member_string(&writer, "asks", law_approval_names[row->asks]);
  wire_write_member_time(&writer, "until", row->until);
  wire_write_member_id(&writer, "message", &row->message);
  wire_write_end(&writer, '}');
  wire_write_end(&writer, '}');
}

enum base_code core_release_hold(struct core *core, uint64_t token, struct core_submission *submission,
                                 struct base_error *err) {
  char subject[2 * WIRE_CODE_MAX + 2];
  struct store_release row = {.message = submission->id,
                              .asks = submission->approval,
                              .until = core_now(core) + CORE_RELEASE_SECONDS,
                              .person = base_view_text(core_asker(core)->handle)};
  struct core_leaf leaf;
  bool derogated = false; /* one leaf says it for all receivers */
  snprintf(subject, sizeof subject, "%.*s/%.*s", (int)submission->kind->kind.name.size,
           (const char *)submission->kind->kind.name.data, (int)submission->type->name.size,
           (const char *)submission->type->name.data);
  enum base_code code = core_submission_store(core, submission, STORE_MESSAGE_DRAFT, err);
  if (code == BASE_OK)
    code = store_release_number(core->store, &row.number, err);
  struct wire_opening opening = {.has_message = true,
                                 .message = submission->id,
                                 .actor = submission->actor,
                                 .number = (uint64_t)row.number,
                                 .subject = base_view_text(subject),
                                 .evidence = submission->header.part0};
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_HELD, &opening, &leaf, err);
  for (size_t i = 0; i < submission->to_count && code == BASE_OK && !derogated; i++) {
    struct base_view clause = base_view_text(submission->answers[i].clause);
    derogated = law_transfer_derogates(law_clause_transfer(clause));
    code = core_derogation_write(core, submission->actor, &submission->derogation, &submission->id, clause, err);
  }
  if (code == BASE_OK) {
    row.held = leaf.index;
    code = store_release_add(core->store, &row, err);
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core->releases.waiting++;
  core->releases.next = row.until < core->releases.next ? row.until : core->releases.next;
  core_event_release(core, &row, &submission->case_id);
  answer_held(core, token, submission, &row);
  return BASE_OK;
}

/* --- found again */

struct held {
  struct base_arena arena;
  struct store_release row;
  struct core_content content;
  struct base_hash leaf;  /* SHA-256 of the held leaf */
  struct base_view actor; /* who submitted it, as that says */
};

static void held_free(struct held *held) {
  core_content_free(&held->content);
  base_arena_free(&held->arena);
}

static bool by(struct base_view actor, struct base_view person) {
  return actor.size >= person.size && memcmp(actor.data, person.data, person.size) == 0 &&
         (actor.size == person.size || actor.data[person.size] == ' ');
}

/* The row, which anybody with the disk could write, against the leaf: which message, by whom. */
static enum base_code confirm(struct core *core, struct held *held, struct base_error *err) {
  struct base_view entry, text;
  struct wire_leaf leaf;
  struct wire_opening opening = {0};
  const struct store_release *row = &held->row;
  enum base_code code = core_register_read(core, row->held, &held->arena, &entry, &text, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK)
    code = wire_opening_parse(leaf.act, text, &held->arena, &opening, err);
  if (code != BASE_OK)
    return code;
  held->leaf = seal_sha256(entry);
  held->actor = opening.actor;
  bool fits = leaf.act == WIRE_ACT_HELD && opening.number == (uint64_t)row->number &&
              base_id_equal(&opening.message, &row->message) && by(opening.actor, row->person);
  return fits ? BASE_OK
              : base_fail(
                    err, BASE_CORRUPT,
                    "what is stored of release %lld is not what the register says, and nothing of it goes: put back "
                    "a backup (wasl register check names what differs)",
                    (long long)row->number);
}

/* Its exact bytes, as the leaf commits to them: the id over the header, the header over part 0. */
static enum base_code confirm_content(const struct held *held, struct base_error *err) {
  struct base_id id = seal_message_id(held->content.row.header);
  struct base_hash part0 = seal_sha256(held->content.row.part0);
  if (base_id_equal(&id, &held->row.message) && base_hash_equal(&part0, &held->content.header.part0))
    return BASE_OK;
  return base_fail(
      err, BASE_CORRUPT,
      "the content held as release %lld is not what was submitted, and nothing of it goes: put back a backup",
      (long long)held->row.number);
}

static enum base_code find(struct core *core, const struct wire_json *request, struct held *held,
                           struct base_error *err) {
  static const char *const became[] = {"waits",         "was released", "was refused",
                                       "was withdrawn", "was over",     "was erased before this database was put back"};
  int64_t number = wire_json_integer(wire_json_get(request, "number"));
  *held = (struct held){0};
  base_arena_init(&held->arena, 16 << 20);
  enum base_code code = store_release_get(core->store, number, &held->arena, &held->row, err);
  if (code == BASE_OK)
    code = core_lane_open(core, "message", &held->row.message, err);
  if (code == BASE_NOT_FOUND)
    return base_fail(err, BASE_NOT_FOUND, "nothing is held under the number %lld; wasl release list shows what waits",
                     (long long)number);
  if (code == BASE_OK && held->row.state != STORE_RELEASE_WAITING)
    return base_fail(err, BASE_CONFLICT, "release %lld waits no longer: it %s (wasl release show %lld)",
                     (long long)number, became[held->row.state], (long long)number);
  if (code == BASE_OK)
    code = confirm(core, held, err);
  if (code == BASE_OK)
    code = core_content_read(core, &held->row.message, &held->arena, &held->content, err);
  return code == BASE_OK ? confirm_content(held, err) : code;
}

/* --- ended: the row, the leaf, and the content goes for good */

static enum base_code write_end(struct core *core, struct store_release *row, enum wire_act act,
                                struct wire_opening *opening, struct base_error *err) {
  struct core_leaf leaf;
  opening->has_message = true;
  opening->number = (uint64_t)row->number;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, act, opening, &leaf, err);
  if (code != BASE_OK)
    return code;
  row->ended = leaf.index;
  code = store_release_end(core->store, row, err);
  core->releases.waiting -= core->releases.waiting > 0;
  return code;
}

static enum base_code withhold(struct core *core, struct store_release *row, enum store_release_state state,
                               const struct base_hash *leaf, struct base_view reason, struct base_error *err) {
  static const char *const words[] = {"", "", "refused", "withdrawn", "over", "erased"};
  struct wire_opening opening = {.message = row->message,
                                 .actor = core_actor(core),
                                 .previous = *leaf,
                                 .subject = base_view_text(words[state]),
                                 .reason = reason};
  row->state = state;
  return write_end(core, row, WIRE_ACT_WITHHELD, &opening, err);
}

static enum base_code erase(struct core *core, const struct store_message *row, const char *reason,
                            struct base_error *err) {
  return core_erase_write(core, row, core_actor(core), base_view_text(reason), false, err);
}

/* --- given */

/* Another person than who submitted it, who is still one here: two who stand for it at this moment. */
static enum base_code check_second(const struct core *core, const struct store_release *row, struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  const struct core_person *first = core_person_named(core, row->person);
  if (asker->handle[0] == '\0' || base_view_is(row->person, asker->handle))
    return base_fail(
        err, BASE_POLICY,
        "release %lld was submitted by %.*s: another person than that must decide on it, with whatever token",
        (long long)row->number, (int)row->person.size, (const char *)row->person.data);
  if (first == NULL || first->closed || first->damaged || (first->roles & link_row(LINK_CASE_SEND)->roles) == 0)
    return base_fail(err, BASE_POLICY,
                     "release %lld was submitted by %.*s, who may send nothing here any more: refuse it, and have it "
                     "submitted by somebody who may",
                     (long long)row->number, (int)row->person.size, (const char *)row->person.data);
  return BASE_OK;
}

/* Where an authority must release it, one acts for it whose unit is its code. */
static enum base_code check_authority(const struct core *core, const struct core_submission *submission,
                                      struct base_error *err) {
  const struct core_person *person = core_person_named(core, base_view_text(core_asker(core)->handle));
  for (size_t i = 0; i < submission->to_count; i++) {
    const struct law_answer *answer = &submission->answers[i];
    if (answer->approval != LAW_AUTHORITY ||
        (person != NULL && law_authority_is(answer, core->card.origin, base_view_text(person->unit))))
      continue;
    struct base_view code = answer->row->authority;
    return base_fail(
        err, BASE_POLICY,
        "row %.*s wants it released by the competent authority%s%.*s of this node: a supervisor whose unit is "
        "the code of it (wasl person unit), and yours is '%s'",
        (int)answer->row->id.size, (const char *)answer->row->id.data, code.size > 0 ? " " : "", (int)code.size,
        (const char *)code.data, person != NULL ? person->unit : "");
  }
  return BASE_OK;
}

static bool was_read(const struct core *core, const struct base_id *message) {
  for (size_t i = 0; i < CORE_RELEASE_OPENED; i++)
    if (base_id_equal(&core->releases.opened[i].message, message) &&
        strcmp(core->releases.opened[i].person, core_asker(core)->handle) == 0)
      return true;
  return false;
}

void core_release_opened(struct core *core, const struct base_id *message) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_release row;
  struct core_releases *releases = &core->releases;
  if (releases->waiting == 0 || was_read(core, message) ||
      store_release_of(core->store, message, false, &arena, &row, NULL) != BASE_OK)
    return;
  struct core_release_opened *opened = &releases->opened[releases->opened_next++ % CORE_RELEASE_OPENED];
  opened->message = *message;
  memcpy(opened->person, core_asker(core)->handle, sizeof opened->person);
}

/* Whoever lets it go has read it: a second name below what nobody looked at would be no second person. */
static enum base_code check_read(const struct core *core, const struct store_release *row, struct base_error *err) {
  if (was_read(core, &row->message))
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "release %lld was not read by %s since this node started: read what would go first (wasl release show "
                   "%lld), then let it go or refuse it",
                   (long long)row->number, core_asker(core)->handle, (long long)row->number);
}

static enum base_code write_given(struct core *core, struct held *held, struct core_submission *submission,
                                  struct core_case *kase, struct base_error *err) {
  char reason[BASE_HEX_ID + 48];
  struct wire_opening opening = {.message = submission->id,
                                 .actor = core_actor(core),
                                 .previous = held->leaf,
                                 .subject = base_view_text(law_approval_names[submission->approval]),
                                 .evidence = submission->header.part0};
  snprintf(reason, sizeof reason, "released, and sent as message %s", base_id_text(&submission->id).text);
  submission->actor = held->actor; /* who wrote it; who let it go is in the leaf of that */
  enum base_code code = core_submission_proceed(core, submission, kase, err);
  held->row.state = STORE_RELEASE_GIVEN;
  held->row.sent = submission->id;
  held->row.asks = submission->approval;
  if (code == BASE_OK)
    code = write_end(core, &held->row, WIRE_ACT_RELEASED, &opening, err);
  if (code == BASE_OK)
    code = erase(core, &held->content.row, reason, err);
  if (code == BASE_OK)
    core_event_release(core, &held->row, &submission->case_id);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

void core_release_give(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct held held;
  struct core_submission submission;
  struct core_case *kase = NULL;
  core_submission_init(&submission);
  submission.actor = core_actor(core);
  enum base_code code = find(core, request, &held, &err);
  if (code == BASE_OK)
    code = check_second(core, &held.row, &err);
  if (code == BASE_OK) /* what its author answers for */
    code = core_derogation_after(core, held.row.held, &held.row.message, &held.arena, &submission.derogation, &err);
  if (code == BASE_OK)
    code = core_submission_again(core, &held.content, &submission, &kase, &err);
  bool unlawful = code == BASE_LAW || code == BASE_SUSPENDED;
  if (code == BASE_OK)
    code = check_authority(core, &submission, &err);
  if (code == BASE_OK)
    code = check_read(core, &held.row, &err);
  if (code == BASE_OK)
    code = write_given(core, &held, &submission, kase, &err);
  if (code == BASE_OK)
    core_submission_answer(core, token, &submission.id, submission.header.exercise);
  else if (unlawful)
    core_submission_deny(core, token, &submission, code, &err);
  else
    core_reply_error(core, token, code, &err);
  core_submission_free(&submission);
  held_free(&held);
}

/* --- refused, withdrawn */

static enum base_code read_reason(const struct wire_json *request, bool needed, struct base_view *out,
                                  struct base_error *err) {
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_prose(reason, "reason", err);
  if (code == BASE_OK && ((needed && wire_prose_blank(reason)) || reason.size > CORE_REASON_MAX))
    code = base_fail(err, BASE_FIELD, "reason: say in 1 to %d bytes why it does not go; it is kept in the register",
                     CORE_REASON_MAX);
  *out = reason;
  return code;
}

static enum base_code write_withheld(struct core *core, struct held *held, enum store_release_state state,
                                     struct base_view reason, struct base_error *err) {
  enum base_code code = withhold(core, &held->row, state, &held->leaf, reason, err);
  if (code == BASE_OK)
    code = erase(core, &held->content.row,
                 state == STORE_RELEASE_REFUSED ? "held for release, and refused" : "held for release, and withdrawn",
                 err);
  if (code == BASE_OK)
    core_event_release(core, &held->row, &held->content.row.case_id);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static void end(struct core *core, uint64_t token, const struct wire_json *request, enum store_release_state state) {
  struct base_error err = {0};
  struct base_view reason = {0};
  struct held held;
  bool refused = state == STORE_RELEASE_REFUSED;
  enum base_code code = find(core, request, &held, &err);
  bool own = code == BASE_OK && base_view_is(held.row.person, core_asker(core)->handle);
  if (code == BASE_OK && own && refused)
    code = base_fail(&err, BASE_POLICY, "release %lld is your own: withdraw it (wasl release withdraw)",
                     (long long)held.row.number);
  if (code == BASE_OK && !own && !refused)
    code =
        base_fail(&err, BASE_POLICY, "release %lld is not your own: a supervisor may refuse it (wasl release refuse)",
                  (long long)held.row.number);
  if (code == BASE_OK)
    code = read_reason(request, refused, &reason, &err);
  if (code == BASE_OK)
    code = write_withheld(core, &held, state, reason, &err);
  if (code == BASE_OK) {
    struct core_reply *reply = core_reply(core, token, BASE_OK);
    reply->erases = true;
    base_buf_printf(&reply->payload, "{\"number\":%lld}", (long long)held.row.number);
  } else {
    core_reply_error(core, token, code, &err);
  }
  held_free(&held);
}

void core_release_refuse(struct core *core, uint64_t token, const struct wire_json *request) {
  end(core, token, request, STORE_RELEASE_REFUSED);
}

void core_release_withdraw(struct core *core, uint64_t token, const struct wire_json *request) {
  end(core, token, request, STORE_RELEASE_WITHDRAWN);
}

/* --- over, and erased elsewhere */

static enum base_code end_alone(struct core *core, struct store_release *row, enum store_release_state state,
                                struct base_view reason, struct base_arena *arena, struct base_error *err) {
  struct store_message message;
  struct store_leaf leaf;
  struct base_hash none = {{0}};
  enum base_code code = store_leaf_get(core->store, row->held, arena, &leaf, err);
  struct base_hash held = code == BASE_OK ? seal_sha256(leaf.entry) : none;
  if (code == BASE_OK || core_damage(code))
    code = withhold(core, row, state, &held, reason, err);
  if (code == BASE_OK)
    code = store_message_header(core->store, &row->message, arena, &message, err);
  if (code == BASE_OK)
    core_event_release(core, row, &message.case_id);
  if (code == BASE_OK && !core_message_dropped(&message))
    code = erase(core, &message, "held for release, and nobody decided on it in time", err);
  return core_damage(code) ? BASE_OK : code; /* register.check names it */
}

enum base_code core_release_erased(struct core *core, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_release row;
  enum base_code code = store_release_of(core->store, message, false, &arena, &row, err);
  if (code == BASE_OK && row.state == STORE_RELEASE_WAITING)
    code = end_alone(core, &row, STORE_RELEASE_ERASED, base_view_text("erased before this database was put back"),
                     &arena, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_release_settle(struct core *core, struct base_error *err) {
  base_time now = core_now(core), next = INT64_MAX;
  int64_t now_ms = core_now_ms(core);
  enum base_code code = BASE_OK;
  if (core->releases.next > now || core->releases.again_ms > now_ms)
    return BASE_OK;
  if (core->lost[0] != '\0' || core_disk_low(core, NULL)) {
    core->releases.again_ms = now_ms + CORE_RELEASE_AGAIN_MS;
    return BASE_OK;
  }
  int64_t key = 0;
  for (unsigned ended = 0; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_release row;
    code = store_release_next(core->store, true, &key, &arena, &row, err);
    if (code != BASE_OK)
      break;
    bool over = row.until <= now && ended < CORE_RELEASE_STEP;
    if (over)
      code = end_alone(core, &row, STORE_RELEASE_EXPIRED, (struct base_view){0}, &arena, err);
    else
      next = row.until < next ? row.until : next;
    ended += over;
  }
  core->releases.next = next;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

int64_t core_release_due_ms(const struct core *core) {
  enum { MOST_SECONDS = 3600 };
  if (core->releases.next == INT64_MAX)
    return -1;
  base_time left = core->releases.next - core_now(core);
  int64_t again_ms = core->releases.again_ms - core_now_ms(core);
  return left <= 0 ? (again_ms < 0 ? 0 : again_ms) : (left < MOST_SECONDS ? left : MOST_SECONDS) * 1000;
}

/* --- at hand-over */

enum base_code core_release_covers(struct core *core, const struct base_id *message, enum law_approval asked,
                                   struct base_error *err) {
  if (asked == LAW_OFFICER)
    return BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_release row;
  struct base_view entry, text;
  struct wire_leaf leaf;
  struct wire_opening opening = {0};
  enum base_code code = store_release_of(core->store, message, true, &arena, &row, err);
  if (code == BASE_OK)
    code = core_register_read(core, row.ended, &arena, &entry, &text, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK)
    code = wire_opening_parse(leaf.act, text, &arena, &opening, err);
  if (code != BASE_OK && code != BASE_NOT_FOUND && !core_damage(code))
    return code;
  if (code == BASE_OK && leaf.act == WIRE_ACT_RELEASED && base_id_equal(&opening.message, message) &&
      base_view_is(opening.subject, law_approval_names[row.asks]) && row.asks >= asked)
    return BASE_OK;
  return base_fail(err, BASE_LAW,
                   "what is in force now wants it released by a second person (%s), and it was not: submit it again",
                   law_approval_names[asked]);
}
