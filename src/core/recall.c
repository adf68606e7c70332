/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/certified.h"
#include "core/clocks.h"
#include "core/exchange.h"
#include "core/exercise.h"
#include "core/recall.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/register.h"
#include "core/submit.h"

/* What a node does by itself about a recall: it goes down to each of those to whom the message was passed on, what was
 * erased is certified once the leaf is attested, and what became of it below is told above. All of it is read from the
 * cases anew each time, so what was cut off anywhere goes on where it stood. */

static const char below_nobody[] = "nobody", below_pending[] = "pending", below_overdue[] = "overdue",
                  below_kept[] = "kept", below_done[] = "done";

/* --- those below */

struct ways {
  struct core *core;
  size_t count, waiting_count;
  const struct core_partner *to[WIRE_PARTIES_MAX];
  struct store_delivery waiting[WIRE_PARTIES_MAX];
};

static enum base_code collect_way(void *context, const struct store_delivery *row) {
  struct ways *ways = context;
  const struct core_partner *partner = core_partner_numbered(ways->core, row->partner);
  bool over = row->state == STORE_ENDED || row->state == STORE_REFUSED;
  /* One that was ended may have reached him before, while he has not said what became of its number. */
  bool may_hold = over ? !row->voided_told && partner != NULL && row->number <= partner->shipped : true;
  if (partner != NULL && may_hold && ways->count < WIRE_PARTIES_MAX)
    ways->to[ways->count++] = partner;
  return BASE_OK;
}

static enum base_code collect_waiting(void *context, const struct store_delivery *row) {
  struct ways *ways = context;
  if (row->state == STORE_WAITING && core_partner_numbered(ways->core, row->partner) != NULL &&
      ways->waiting_count < WIRE_PARTIES_MAX) {
    struct store_delivery *found = &ways->waiting[ways->waiting_count++];
    *found = *row;
    found->reason = found->leaf = found->opening = found->proof = (struct base_view){0}; /* end with this call */
  }
  return BASE_OK;
}

/* What was recalled, or passes on what was, does not wait to be handed over any more. */
static enum base_code end_waiting(struct core *core, const struct base_id *message, const struct core_recall *above,
                                  size_t *ended, struct base_error *err) {
  struct ways ways = {.core = core};
  char reason[128] = "recalled before it was handed over";
  if (above != NULL)
    (void)snprintf(reason, sizeof reason, "recalled by its author: case %s", base_id_text(&above->id).text);
  enum base_code code = store_delivery_each(core->store, message, false, 0, collect_waiting, &ways, err);
  for (size_t i = 0; i < ways.waiting_count && code == BASE_OK; i++) {
    struct core_partner *partner = core_partner_numbered(core, ways.waiting[i].partner);
    struct base_error why = {0};
    /* Of one whose leaf is damaged nothing is written; register.check names it, and its hand-over fails. */
    enum base_code sound = core_delivery_confirm(core, partner, &ways.waiting[i], &why);
    if (core_damage(sound))
      continue;
    code = sound == BASE_OK
               ? core_delivery_void(core, partner, &ways.waiting[i], STORE_ENDED, base_view_text(reason), err)
               : base_fail(err, sound, "%s", why.text);
    *ended += code == BASE_OK;
  }
  return code;
}

static enum base_code is_over(struct core *core, const struct base_id *id, bool *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  enum base_code code = store_case_get(core->store, id, &arena, &row, err);
  *out = code == BASE_OK && (base_view_is(row.state, "closed") || base_view_is(row.state, WIRE_RECALL_WITHDRAWN));
  return code;
}

/* The case of ours that asks this partner the same of this message; BASE_NOT_FOUND: there is none. above: only one that
 * hands this case down. */
static enum base_code find_asked(struct core *core, const struct base_id *message, const struct core_partner *to,
                                 const struct base_id *above, struct base_view measure, struct base_id *out,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_mention mention;
  enum base_code code = BASE_OK;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    struct base_id named;
    code = core_mention_next(core, message, &key, &arena, &mention, err);
    if (code != BASE_OK || !mention.row.ours || !mention.header.opens ||
        !base_view_is(mention.header.kind, WIRE_KIND_RECALL) ||
        !base_view_equal(wire_header_state(&mention.header, "measure"), measure) ||
        !wire_header_has_party(&mention.header, to->card.origin))
      continue;
    bool over = false;
    if (above == NULL) /* who closed his own, or withdrew it, may ask anew */
      code = is_over(core, &mention.row.id, &over, err);
    if (code != BASE_OK || over)
      continue;
    bool hands_down = base_id_parse(wire_header_state(&mention.header, "handed_down"), &named) && above != NULL &&
                      base_id_equal(&named, above);
    if (above != NULL && !hands_down)
      continue;
    *out = mention.row.id;
    break;
  }
  return code;
}

/* What one of those below says: the worse of what it did and what it was told. */
static unsigned rank(const char *word) {
  static const char *const order[] = {below_nobody, below_done, below_kept, below_pending, below_overdue};
  unsigned i = 0;
  while (i + 1 < sizeof order / sizeof *order && strcmp(order[i], word) != 0)
    i++;
  return i;
}

static const char *stands(const struct core *core, const struct core_recall *one) {
  static const char *const words[] = {below_kept, below_pending, below_overdue};
  if (!one->answered && one->withdrawn)
    return below_nobody;
  if (!one->answered)
    return one->due != 0 && one->due < core_now(core) ? below_overdue : below_pending;
  const char *said = one->kept ? below_kept : below_done;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (base_view_is(one->told, words[i]) && rank(words[i]) > rank(said))
      said = words[i];
  return said;
}

static enum base_code below_one(struct core *core, const struct core_recall *recall, const struct base_id *message,
                                const char **worst, struct base_error *err) {
  struct ways ways = {.core = core};
  enum base_code code = store_delivery_each(core->store, message, false, 0, collect_way, &ways, err);
  for (size_t i = 0; i < ways.count && code == BASE_OK; i++) {
    struct base_id id;
    /* It has not gone down to him yet. */
    const char *now = recall->withdrawn                    ? below_nobody
                      : recall->below_due < core_now(core) ? below_overdue
                                                           : below_pending;
    code = find_asked(core, message, ways.to[i], &recall->id, recall->measure, &id, err);
    if (code == BASE_OK) {
      CORE_AUTO_RECALL struct core_recall one = {0};
      code = core_recall_read(core, &id, &one, err);
      now = stands(core, &one);
    }
    code = code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
    *worst = rank(now) > rank(*worst) ? now : *worst;
  }
  return code;
}

enum base_code core_recall_below(struct core *core, const struct core_recall *recall, const char **out,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_mention mention;
  enum base_code code = BASE_OK;
  *out = below_nobody;
  for (int64_t key = INT64_MIN; code == BASE_OK && recall->without[0] == '\0';) {
    code = core_mention_next(core, &recall->message, &key, &arena, &mention, err);
    if (code == BASE_OK && core_mention_passes(&mention, &recall->message))
      code = below_one(core, recall, &mention.row.id, out, err);
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_recall_stays(struct core *core, const struct store_delivery *delivery, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct wire_header header;
  struct base_id id = delivery->message, message, above;
  struct ways ways = {.core = core};
  enum base_code code = store_message_header(core->store, &id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  bool over = false;
  if (code == BASE_OK && header.opens && base_view_is(header.kind, WIRE_KIND_RECALL))
    code = is_over(core, &id, &over, err);
  if (code != BASE_OK || over || !header.opens || !base_view_is(header.kind, WIRE_KIND_RECALL) ||
      !base_id_parse(wire_header_state(&header, "handed_down"), &above) ||
      !base_id_parse(wire_header_state(&header, "message"), &message))
    return core_damage(code) ? BASE_OK : code;
  code = store_delivery_each(core->store, &message, false, 0, collect_way, &ways, err);
  for (size_t i = 0; i < ways.count && code == BASE_OK; i++)
    if (ways.to[i]->row.number == delivery->partner)
      code = base_fail(err, BASE_POLICY,
                       "message %s hands down the recall %s to %.*s, who may hold what is recalled: it is not ended, "
                       "and is told above as overdue while he does not answer",
                       base_id_text(&id).text, base_id_text(&above).text, (int)ways.to[i]->card.name.size,
                       (const char *)ways.to[i]->card.name.data);
  return code;
}

/* --- asking */

static void write_member(struct wire_writer *writer, const char *key, struct base_view text) {
  if (text.size > 0)
    wire_write_member_text(writer, key, text);
}

static enum base_code ask_one(struct core *core, const struct base_id *message, const struct core_partner *to,
                              const struct core_recall *above, const struct core_recall_words *words,
                              struct base_id *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  bool exercise = false;
  enum base_code code = core_exercise_of_case(core, message, &exercise, err);
  if (code != BASE_OK)
    return code;
  core_submit_begin(&writer, &document, WIRE_KIND_RECALL, exercise, &to, 1);
  wire_write_member_id(&writer, "message", message);
  write_member(&writer, "measure", words->measure);
  write_member(&writer, "ground", words->ground);
  if (above != NULL)
    wire_write_member_id(&writer, "handed_down", &above->id);
  write_member(&writer, "reason", words->reason);
  write_member(&writer, "correction", words->correction);
  return core_submit_end(core, words->actor, &writer, "the recall", out, err);
}

enum base_code core_recall_ask(struct core *core, const struct base_id *message, const struct core_recall *above,
                               const struct core_recall_words *words, struct core_recall_count *count,
                               struct base_error *err) {
  struct ways ways = {.core = core};
  struct base_error why = {0};
  enum base_code refused = BASE_OK;
  enum base_code code = end_waiting(core, message, above, &count->ended, err);
  if (code == BASE_OK)
    code = store_delivery_each(core->store, message, false, 0, collect_way, &ways, err);
  for (size_t i = 0; i < ways.count && code == BASE_OK; i++) {
    struct base_id id;
    struct base_error said = {0};
    code = find_asked(core, message, ways.to[i], above != NULL ? &above->id : NULL, words->measure, &id, err);
    if (code != BASE_NOT_FOUND)
      continue;
    code = ask_one(core, message, ways.to[i], above, words, &id, &said);
    if (code == BASE_OK) {
      count->asked++;
      if (count->cases != NULL)
        wire_write_string(count->cases, base_id_text(&id).text);
      continue;
    }
    if (core->failed != BASE_OK || core_ours(code)) {
      *err = said;
      return code;
    }
    refused = code; /* the others are asked all the same */
    why = said;
    code = BASE_OK;
  }
  if (code == BASE_OK && refused != BASE_OK)
    return base_fail(err, refused, "%s", why.text);
  return code;
}

/* --- what is to be done in one case */

static enum base_code hand_down(struct core *core, const struct core_recall *recall, bool *all,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_recall_words words = {.measure = recall->measure, .ground = recall->ground};
  struct core_content content = {0};
  struct core_mention mention;
  struct core_recall_count count = {0};
  enum base_code code = core_content_read(core, &recall->id, &arena, &content, err);
  if (code == BASE_OK) {
    words.reason = core_request_text(content.part0.fields, "reason");
    words.correction = core_request_text(content.part0.fields, "correction");
  }
  code = core_damage(code) ? BASE_OK : code; /* it goes down without its words */
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    struct base_error why = {0};
    code = core_mention_next(core, &recall->message, &key, &arena, &mention, err);
    if (code != BASE_OK || !core_mention_passes(&mention, &recall->message))
      continue;
    enum base_code asked = core_recall_ask(core, &mention.row.id, recall, &words, &count, &why);
    *all = *all && asked == BASE_OK;
    if (asked == BASE_OK)
      continue;
    base_log(BASE_LOG_WARNING, "recall.waits", "recall %s has not gone down to everybody yet: %s",
             base_id_text(&recall->id).text, why.text);
    if (core->failed != BASE_OK || core_ours(asked)) {
      *err = why;
      code = asked;
    }
  }
  core_content_free(&content);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static void begin_message(struct wire_writer *writer, struct base_buf *document, const struct core_recall *recall,
                          const char *type) {
  base_buf_init(document, CORE_DOCUMENT_MAX);
  wire_writer_init(writer, document);
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &recall->id);
  wire_write_member_string(writer, "type", type);
  wire_write_key(writer, "fields");
  wire_write_object(writer);
}

static enum base_code send_message(struct core *core, struct wire_writer *writer, struct base_error *err) {
  struct base_id id;
  wire_write_end(writer, '}');
  wire_write_end(writer, '}');
  enum base_code code = base_buf_check(writer->out, "the answer to a recall", err);
  return code == BASE_OK ? core_submit_itself(core, (struct base_view){0}, base_buf_view(writer->out), &id, err) : code;
}

static enum base_code certify(struct core *core, const struct core_recall *recall, bool *sent, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  bool proved = false;
  begin_message(&writer, &document, recall, "certificate");
  enum base_code code = core_certificate_write(core, &recall->message, &writer, &proved, err);
  if (code == BASE_OK && proved) /* else in the next step, when it is attested */
    code = send_message(core, &writer, err);
  *sent = proved && code == BASE_OK;
  return code;
}

static enum base_code tell_above(struct core *core, const struct core_recall *recall, const char *now,
                                 struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  begin_message(&writer, &document, recall, "below");
  wire_write_member_string(&writer, "below", now);
  return send_message(core, &writer, err);
}

/* What may pass, or a person must put right, is tried again. */
static enum base_code later(struct core *core, const struct core_recall *recall, enum base_code code,
                            struct base_error *err) {
  if (code == BASE_OK || core->failed != BASE_OK || core_ours(code))
    return code;
  base_log(BASE_LOG_WARNING, "recall.waits", "recall %s: %s", base_id_text(&recall->id).text, err->text);
  return BASE_OK;
}

/* *wait_ms: when it is to be looked after again; -1: nothing is left to be done until somebody writes in it. */
static enum base_code tend(struct core *core, const struct base_id *id, int64_t *wait_ms, struct base_error *err) {
  CORE_AUTO_RECALL struct core_recall recall = {0};
  const char *below = below_nobody;
  bool all = true;
  enum base_code code = core_recall_read(core, id, &recall, err);
  *wait_ms = -1;
  if (code != BASE_OK || recall.ours || recall.without[0] != '\0' || recall.closed)
    return core_damage(code) ? BASE_OK : code; /* register.check names what is damaged */
  code = recall.withdrawn ? core_recall_withdraw_down(core, &recall, &all, err) : hand_down(core, &recall, &all, err);
  if (code == BASE_OK)
    code = core_recall_below(core, &recall, &below, err);
  bool attested = core->reg.size == core->reg.attested;
  if (code == BASE_OK && recall.erased && !recall.certified)
    code = later(core, &recall, certify(core, &recall, &recall.certified, err), err);
  if (code == BASE_OK && recall.answered && !base_view_is(recall.told, below))
    code = later(core, &recall, tell_above(core, &recall, below, err), err);
  bool certified = recall.certified || !recall.erased;
  bool open = !recall.withdrawn && (!recall.answered || rank(below) >= rank(below_pending));
  if (!all || !certified || open)
    *wait_ms = !certified && !attested ? 0 : CORE_RECALL_AGAIN_MS;
  return code;
}

/* --- the list of what is to be looked after */

static enum base_code look_after(struct core *core, const struct base_id *id, int64_t not_before_ms,
                                 struct base_error *err) {
  struct core_recalls *recalls = &core->recalls;
  for (size_t i = 0; i < recalls->count; i++)
    if (base_id_equal(&recalls->tasks[i].id, id)) {
      if (recalls->tasks[i].not_before_ms > not_before_ms)
        recalls->tasks[i].not_before_ms = not_before_ms;
      return BASE_OK;
    }
  if (recalls->count == recalls->room) {
    size_t room = recalls->room == 0 ? 16 : 2 * recalls->room;
    struct core_recall_task *grown = realloc(recalls->tasks, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for a recall");
    recalls->tasks = grown;
    recalls->room = room;
  }
  recalls->tasks[recalls->count++] = (struct core_recall_task){.id = *id, .not_before_ms = not_before_ms};
  return BASE_OK;
}

enum base_code core_recall_touched(struct core *core, const struct core_case *kase, struct base_error *err) {
  struct base_id above;
  enum base_code code = look_after(core, &kase->id, 0, err);
  if (code == BASE_OK && base_id_parse(wire_header_state(kase->messages[0].header, "handed_down"), &above))
    code = look_after(core, &above, 0, err);
  return code;
}

struct loading {
  struct core *core;
  struct base_error *err;
};

static enum base_code load_one(void *context, const struct store_case *row) {
  struct loading *loading = context;
  return base_view_is(row->state, "closed") ? BASE_OK : look_after(loading->core, &row->id, 0, loading->err);
}

enum base_code core_recall_load(struct core *core, struct base_error *err) {
  struct loading loading = {core, err};
  core->recalls.count = 0;
  return store_case_each(core->store, base_view_text(WIRE_KIND_RECALL), 0, load_one, &loading, err);
}

void core_recall_forget(struct core *core) {
  free(core->recalls.tasks);
  core->recalls = (struct core_recalls){0};
}

static bool rests(const struct core *core) {
  return core->recalls.count == 0 || core->lost[0] != '\0' || core_disk_low(core, NULL);
}

enum base_code core_recall_settle(struct core *core, struct base_error *err) {
  struct core_recalls *recalls = &core->recalls;
  int64_t now = core_now_ms(core);
  enum base_code code = BASE_OK;
  if (rests(core))
    return BASE_OK;
  size_t left = CORE_RECALL_STEP;
  for (size_t i = recalls->count; i-- > 0 && left > 0 && code == BASE_OK;) {
    struct core_recall_task task = recalls->tasks[i];
    int64_t wait_ms = -1;
    if (task.not_before_ms > now)
      continue;
    recalls->tasks[i] = recalls->tasks[--recalls->count]; /* what tend adds comes behind */
    left--;
    code = tend(core, &task.id, &wait_ms, err);
    if (code == BASE_OK && wait_ms >= 0)
      code = look_after(core, &task.id, now + wait_ms, err);
  }
  return code;
}

int64_t core_recall_due_ms(const struct core *core) {
  int64_t due = -1, now = core_now_ms(core);
  for (size_t i = 0, count = rests(core) ? 0 : core->recalls.count; i < count; i++) {
    int64_t left = core->recalls.tasks[i].not_before_ms - now;
    due = core_soonest(due, left < 0 ? 0 : left);
  }
  return due;
}
