/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/agreements.h"
#include "core/back.h"
#include "core/cases.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/readers.h"
#include "core/register.h"

/* A case that is over goes whole: leaf by leaf its content, then the headers. What other nodes and the register hold against
 * this one (numbers, leaves, receipts) stays, and says of each message no more than that it was. */

struct base_id core_clear_mark(const struct base_id *case_id) {
  static const char name[] = "wasl cleared case/1\n";
  uint8_t bytes[sizeof name - 1 + sizeof case_id->bytes];
  memcpy(bytes, name, sizeof name - 1);
  memcpy(bytes + sizeof name - 1, case_id->bytes, sizeof case_id->bytes);
  return seal_message_id(base_view_of(bytes, sizeof bytes));
}

/* --- what is known of it */

/* "civil", "civil exercise" */
static void read_subject(struct base_view subject, struct core_cleared *out) {
  const uint8_t *blank = subject.size == 0 ? NULL : memchr(subject.data, ' ', subject.size);
  size_t size = blank != NULL ? (size_t)(blank - subject.data) : subject.size;
  out->exercise = blank != NULL;
  if (!wire_lane_named(base_view_of(subject.data, size), &out->lane))
    out->lane = WIRE_LANE_UNKNOWN;
}

enum base_code core_clear_read(struct core *core, const struct base_id *case_id, struct base_arena *arena,
                               struct core_cleared *out, struct base_error *err) {
  struct base_id mark = core_clear_mark(case_id);
  struct store_erasure row;
  struct wire_opening opening;
  *out = (struct core_cleared){.case_id = *case_id, .lane = WIRE_LANE_UNKNOWN};
  enum base_code code = store_erasure_get(core->store, &mark, arena, &row, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code != BASE_OK)
    return code;
  out->there = true;
  out->leaf = row.leaf;
  if (row.leaf == 0) /* before a restore, and nothing of it was here since */
    return BASE_OK;
  code = core_erase_leaf(core, row.leaf, WIRE_ACT_CLEARED, arena, &out->at, &opening, err);
  out->actor = opening.actor;
  out->reason = opening.reason;
  out->messages = opening.number;
  read_subject(opening.subject, out);
  return code;
}

enum base_code core_clear_message(struct core *core, const struct base_id *message, bool *out, struct base_id *case_id,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_erasure row;
  enum base_code code = store_erasure_get(core->store, message, &arena, &row, err);
  *out = code == BASE_OK && row.cleared;
  if (*out && case_id != NULL)
    *case_id = row.case_id;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code say(const char *what, const struct base_id *id, const struct core_cleared *cleared,
                          struct base_error *err) {
  bool person = cleared->actor.size > 0;
  if (cleared->at == 0)
    return base_fail(err, BASE_NOT_FOUND, "%s %s was erased whole before this database was put back", what,
                     base_id_text(id).text);
  return base_fail(err, BASE_NOT_FOUND, "%s %s was erased whole on %s by %.*s: %.*s", what, base_id_text(id).text,
                   base_time_format(cleared->at).text, (int)(person ? cleared->actor.size : 9),
                   person ? (const char *)cleared->actor.data : "this node", (int)cleared->reason.size,
                   (const char *)cleared->reason.data);
}

enum base_code core_clear_say_case(struct core *core, const struct base_id *case_id, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_cleared cleared;
  enum base_code code = core_clear_read(core, case_id, &arena, &cleared, err);
  if (code != BASE_OK)
    return code;
  return cleared.there ? say("case", case_id, &cleared, err)
                       : base_fail(err, BASE_NOT_FOUND, "there is no case %s here", base_id_text(case_id).text);
}

enum base_code core_clear_say_message(struct core *core, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_cleared cleared;
  struct base_id case_id;
  bool there = false;
  enum base_code code = core_clear_message(core, message, &there, &case_id, err);
  if (code == BASE_OK && there)
    code = core_clear_read(core, &case_id, &arena, &cleared, err);
  if (code != BASE_OK)
    return code;
  return there ? say("the case of message", message, &cleared, err)
               : base_fail(err, BASE_NOT_FOUND, "there is no message %s here", base_id_text(message).text);
}

enum base_code core_clear_fits(struct core *core, const struct base_id *case_id, uint64_t leaf, bool *out,
                               struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id mark = core_clear_mark(case_id);
  struct store_erasure row;
  enum base_code code = store_erasure_get(core->store, &mark, &arena, &row, err);
  *out = code == BASE_OK && row.leaf == leaf;
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

/* --- whether it may */

struct messages {
  struct core *core;
  size_t count, room, waiting;
  struct base_id *ids;
  struct base_error *err;
};

static enum base_code collect(void *context, const struct store_message *row) {
  struct messages *messages = context;
  messages->waiting += row->state == STORE_MESSAGE_PENDING;
  if (messages->count == messages->room) {
    size_t room = messages->room == 0 ? 64 : 2 * messages->room;
    struct base_id *grown = realloc(messages->ids, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(messages->err, BASE_MEMORY, "no memory for the messages of a case");
    messages->ids = grown;
    messages->room = room;
  }
  messages->ids[messages->count++] = row->id;
  return BASE_OK;
}

/* Whether this transition of an item may still take somebody's message, while the case is in its state: one that begins an
 * item, or one of an item that there is. */
static bool item_moves(const struct core_case *kase, const struct wire_kind_item *item,
                       const struct wire_item_transition *transition) {
  if ((transition->in & (uint64_t)1 << kase->state.state) == 0)
    return false;
  bool moves = transition->from == 0;
  for (size_t i = 0; i < kase->count && !moves; i++)
    moves = engine_item(&kase->kind->kind, &kase->messages[i]) == item &&
            (transition->from & (uint32_t)1 << kase->messages[i].item_state) != 0;
  return moves;
}

/* From here on nobody can write in it, as far as its kind says. */
static bool is_over(const struct core_case *kase) {
  const struct wire_kind *kind = &kase->kind->kind;
  uint64_t stands = (uint64_t)1 << kase->state.state;
  for (size_t i = 0; i < kase->state.party_count; i++)
    stands |= (uint64_t)1 << kase->state.standing[i];
  for (size_t i = 0; i < kind->transition_count; i++)
    if ((kind->transitions[i].from & stands) != 0)
      return false;
  for (size_t i = 0; i < kind->item_count; i++)
    for (size_t k = 0; k < kind->items[i].transition_count; k++)
      if (item_moves(kase, &kind->items[i], &kind->items[i].transitions[k]))
        return false;
  return true;
}

static enum base_code check_case(struct core *core, const struct core_case *kase, struct base_error *err) {
  struct base_hex_text id = base_id_text(&kase->id);
  const struct wire_kind *kind = &kase->kind->kind;
  if (!kind->needs_row)
    return base_fail(err, BASE_POLICY,
                     "case %s is of the kind %.*s: what law and proof of other cases stand on is not erased whole",
                     id.text, (int)kind->name.size, (const char *)kind->name.data);
  if (kase->row.flagged || kase->state.flagged)
    return base_fail(err, BASE_CONFLICT, "case %s is flagged: two messages of it contradict each other, which is evidence",
                     id.text);
  struct base_view state = core_case_state_name(kase);
  if (!is_over(kase))
    return base_fail(err, BASE_CONFLICT,
                     "case %s is '%.*s', and goes on: it can be erased whole once it is over; what is not needed of it "
                     "now goes with wasl message erase",
                     id.text, (int)state.size, (const char *)state.data);
  return core_back_case(core, &kase->id, err);
}

static enum base_code open_way(void *context, const struct store_delivery *row) {
  bool *open = context;
  bool over = row->state == STORE_RECEIPTED || ((row->state == STORE_ENDED || row->state == STORE_REFUSED) && row->voided_told);
  *open = *open || !over;
  return BASE_OK;
}

/* A recall or an emergency that is not over needs what it names. */
static enum base_code check_named(struct core *core, const struct base_id *id, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct core_mention mention;
    struct store_case row;
    code = core_mention_next(core, id, &key, &arena, &mention, err);
    bool recall = code == BASE_OK && base_view_is(mention.header.kind, WIRE_KIND_RECALL);
    bool emergency = code == BASE_OK && base_view_is(mention.header.kind, WIRE_KIND_EMERGENCY);
    if (code != BASE_OK || !mention.header.opens || !(recall || emergency))
      continue;
    code = store_case_get(core->store, &mention.row.id, &arena, &row, err);
    if (code == BASE_OK && !base_view_is(row.state, recall ? "closed" : "followed_up"))
      return base_fail(err, BASE_CONFLICT, "message %s is named by %s, case %s, which is not over", base_id_text(id).text,
                       recall ? "a recall" : "an emergency", base_id_text(&mention.row.id).text);
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code check_message(struct core *core, const struct base_id *id, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_release release;
  struct store_erasure erasure = {0};
  bool open = false;
  enum base_code code = store_erasure_get(core->store, id, &arena, &erasure, err);
  if (code == BASE_OK && erasure.owed)
    return base_fail(err, BASE_CONFLICT, "the certificate that message %s was erased is still to be given to its author",
                     base_id_text(id).text);
  if (code == BASE_OK || code == BASE_NOT_FOUND)
    code = store_delivery_each(core->store, id, false, 0, open_way, &open, err);
  if (code == BASE_OK && open)
    return base_fail(err, BASE_CONFLICT,
                     "message %s is still waiting or under way, or its end was not told: wait for the receipt",
                     base_id_text(id).text);
  if (code == BASE_OK)
    code = store_release_of(core->store, id, false, &arena, &release, err);
  if (code == BASE_OK && release.state == STORE_RELEASE_WAITING)
    return base_fail(err, BASE_CONFLICT, "message %s waits for its release by a second person: wasl release list",
                     base_id_text(id).text);
  return code == BASE_OK || code == BASE_NOT_FOUND ? check_named(core, id, err) : code;
}

static enum base_code check_all(struct core *core, const struct core_case *kase, const struct messages *messages,
                                struct base_error *err) {
  enum base_code code = check_case(core, kase, err);
  if (code == BASE_OK && messages->waiting > 0)
    code = base_fail(err, BASE_CONFLICT, "case %s has messages that are still arriving", base_id_text(&kase->id).text);
  for (size_t i = 0; code == BASE_OK && i < messages->count; i++)
    code = check_message(core, &messages->ids[i], err);
  if (code == BASE_OK && core->erasing.listed + core->erasing.untold + messages->count + 1 > WIRE_KEEPER_ERASED_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "the keeper remembers %d erasures and has no room for so many more",
                     WIRE_KEEPER_ERASED_MAX);
  return code;
}

/* --- the step */

/* What it names, and as what it was held before it was released, names it no more; its content has its leaf. */
static enum base_code clear_one(struct core *core, const struct base_id *case_id, const struct base_id *id,
                                struct base_view actor, struct base_view reason, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct store_release release;
  struct wire_header header;
  struct core_erasure erasure;
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  const struct core_kind *kind = code == BASE_OK ? core_kind_hashed(core, header.kind, &header.kind_hash) : NULL;
  if (kind != NULL)
    code = core_mention_forget(core, &kind->kind, id, &header, err);
  if (code == BASE_OK)
    code = core_erase_read(core, id, &arena, &erasure, err);
  if (code == BASE_OK && !erasure.there)
    code = core_erase_write(core, &row, actor, reason, false, err);
  if (code == BASE_OK)
    code = store_release_of(core->store, id, true, &arena, &release, err);
  if (code == BASE_OK)
    code = store_case_clear_draft(core->store, case_id, &release.message, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static enum base_code write_all(struct core *core, const struct base_id *case_id, const struct messages *messages,
                                struct base_view actor, struct base_view reason, struct base_error *err) {
  struct wire_opening opening = {
      .has_message = true, .message = *case_id, .actor = actor, .number = messages->count, .reason = reason};
  bool exercise = false;
  enum wire_lane lane = WIRE_LANE_NONE;
  char subject[64];
  struct store_erasure mark = {
      .message = core_clear_mark(case_id), .untold = true, .cleared = true, .case_id = *case_id};
  struct core_leaf leaf;
  enum base_code code = core_exercise_of_case(core, case_id, &exercise, err);
  if (code == BASE_OK)
    code = core_lane_of_case(core, case_id, &lane, err);
  (void)snprintf(subject, sizeof subject, "%s%s", lane < WIRE_LANES ? wire_lane_names[lane] : "",
                 exercise ? CORE_EXERCISE_SAID : "");
  opening.subject = base_view_text(subject);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK) /* else each erasure would look through the case for what is left to be reviewed */
    code = store_review_done(core->store, case_id, err);
  for (size_t i = 0; code == BASE_OK && i < messages->count; i++)
    code = clear_one(core, case_id, &messages->ids[i], actor, reason, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_CLEARED, &opening, &leaf, err);
  if (code == BASE_OK) {
    mark.leaf = leaf.index;
    code = store_erasure_put(core->store, &mark, err);
  }
  core->erasing.untold++;
  core_event_case(core, case_id);
  if (code == BASE_OK)
    code = store_pictured_drop(core->store, case_id, err);
  if (code == BASE_OK)
    code = store_case_clear(core->store, case_id, err);
  core_case_drop(core, case_id);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_clear_write(struct core *core, const struct base_id *case_id, struct base_view actor,
                                struct base_view reason, size_t *out_messages, struct base_error *err) {
  struct messages messages = {.core = core, .err = err};
  struct base_id id = *case_id;
  enum base_code code = store_message_each(core->store, &id, collect, &messages, err);
  if (code == BASE_OK && messages.waiting > 0)
    code = base_fail(err, BASE_CONFLICT, "case %s has messages that are still arriving", base_id_text(&id).text);
  if (code == BASE_OK)
    code = write_all(core, &id, &messages, actor, reason, err);
  *out_messages = messages.count;
  free(messages.ids);
  return code;
}

void core_case_erase(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id id;
  struct core_case *kase = NULL;
  struct messages messages = {.core = core, .err = &err};
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", "case", &id, &err);
  if (code == BASE_OK)
    code = core_readers_erase(core, &id, &err);
  if (code == BASE_OK)
    code = core_request_prose(reason, "reason", &err);
  if (code == BASE_OK && (wire_prose_blank(reason) || reason.size > CORE_REASON_MAX))
    code = base_fail(&err, BASE_FIELD,
                     "reason: say in 1 to %d bytes why the case is erased; it is kept in the register", CORE_REASON_MAX);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, &err);
  if (code == BASE_OK)
    code = store_message_each(core->store, &id, collect, &messages, &err);
  if (code == BASE_OK)
    code = check_all(core, kase, &messages, &err);
  if (code == BASE_OK)
    code = write_all(core, &id, &messages, core_actor(core), reason, &err);
  free(messages.ids);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct core_reply *reply = core_reply(core, token, BASE_OK);
  struct wire_writer writer;
  reply->erases = true;
  wire_writer_init(&writer, &reply->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_integer(&writer, "messages", (int64_t)messages.count);
  wire_write_member_integer(&writer, "leaf", (int64_t)core->reg.size - 1);
  wire_write_end(&writer, '}');
}

/* --- after a restore */

/* The case of this message, which was erased, when its mark is known and it is here. */
static enum base_code marked(struct core *core, const struct base_id *message, bool *out, struct base_id *case_id,
                             struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct core_cleared cleared = {0};
  *out = false;
  enum base_code code = store_message_header(core->store, message, &arena, &row, err);
  if (code == BASE_OK)
    code = core_clear_read(core, &row.case_id, &arena, &cleared, err);
  if (code == BASE_OK && cleared.there) {
    *out = true;
    *case_id = row.case_id;
  }
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

/* *left: it waits for what still arrives. */
static enum base_code replay_one(struct core *core, const struct base_id *message, struct base_view reason, bool *left,
                                 struct base_error *err) {
  struct base_id case_id;
  struct base_error why = {0};
  size_t messages = 0;
  bool again = false;
  enum base_code code = marked(core, message, &again, &case_id, err);
  if (code != BASE_OK || !again)
    return code;
  code = core_clear_write(core, &case_id, (struct base_view){0}, reason, &messages, &why);
  if (code == BASE_OK)
    code = core_commit(core, &why);
  if (code == BASE_OK)
    base_log(BASE_LOG_NOTICE, "erase.replayed", "case %s was erased whole again, with %zu messages, as it had been before",
             base_id_text(&case_id).text, messages);
  *left = *left || code == BASE_CONFLICT;
  return code == BASE_OK || code == BASE_CONFLICT ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static const char unread_fact[] = "clears"; /* marks may be among what the replay put, that were not looked at */

enum base_code core_clear_unread(struct core *core, struct base_error *err) {
  return store_fact_set(core->store, unread_fact, BASE_VIEW("1"), err);
}

enum base_code core_clear_replay(struct core *core, struct base_view reason, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  bool left = false;
  base_buf_init(&fact, 64);
  enum base_code code = store_fact_get(core->store, unread_fact, &fact, err);
  if (code != BASE_OK || fact.size == 0)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_erasure row;
    code = store_erasure_next(core->store, STORE_ERASURES_ALL, &key, &arena, &row, err);
    if (code == BASE_OK && !row.cleared && row.leaf > 0)
      code = replay_one(core, &row.message, reason, &left, err);
  }
  if (code != BASE_NOT_FOUND || left)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, unread_fact, (struct base_view){0}, err);
  return code == BASE_OK ? core_commit(core, err) : code;
}

enum base_code core_clear_arrived(struct core *core, const struct base_id *message, const struct base_id *case_id,
                                  bool elsewhere, struct base_view reason, struct base_error *err) {
  struct wire_opening opening = {.has_message = true, .message = *message, .reason = reason};
  struct store_erasure row = {.message = *message, .elsewhere = elsewhere, .cleared = true, .case_id = *case_id};
  struct core_leaf leaf;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_ERASED, &opening, &leaf, err);
  if (code == BASE_OK) {
    row.leaf = leaf.index;
    code = store_erasure_put(core->store, &row, err);
  }
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}
