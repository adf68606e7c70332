/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clocks.h"

#include <stdlib.h>

#include "core/cases.h"
#include "core/events.h"
#include "core/exercise.h"
#include "core/partners.h"
#include "core/register.h"
#include "core/show.h"

/* Clocks run from receipts, one for each asked party: the receiver's `received` leaf, which it and the opener hold. Who
 * is neither of the two has not seen it, so he has no clock for that party.
 *
 * The row of a case says when it is due and when something is to be told of it, so that a list by deadline and the next
 * alarm cost no more with a million cases. What moves a clock touches the case; before the commit of that step both are
 * computed anew from the messages and receipts, and what is to be told by now becomes a leaf. */

/* --- the clocks of one party */

struct law_clock_event *core_clocks_room(const struct core_case *kase) {
  return calloc(kase->count, sizeof(struct law_clock_event)); /* each message at most once */
}

/* Whether a clock of the kind looks at messages of this type; nothing but a start moves one that was stopped. */
static bool moves_a_clock(const struct wire_kind *kind, const struct wire_kind_type *type, bool all_stopped) {
  uint64_t bit = (uint64_t)1 << (type - kind->types);
  for (size_t i = 0; i < kind->clock_count; i++) {
    const struct wire_kind_clock *clock = &kind->clocks[i];
    if (clock->item != NULL)
      continue;
    if (clock->starts == type || (!all_stopped && ((clock->stops | clock->pauses | clock->resumes) & bit) != 0))
      return true;
  }
  return false;
}

static bool starts_one(const struct wire_kind *kind, const struct wire_kind_type *type) {
  for (size_t i = 0; i < kind->clock_count; i++)
    if (kind->clocks[i].item == NULL && kind->clocks[i].starts == type)
      return true;
  return false;
}

static bool stops_all(const struct wire_kind *kind, const struct wire_kind_type *type) {
  for (size_t i = 0; i < kind->clock_count; i++)
    if (kind->clocks[i].item == NULL && (kind->clocks[i].stops >> (type - kind->types) & 1) == 0)
      return false;
  return true;
}

/* What the opener and this party told each other, with the times of the receipts that a clock looks at. */
enum base_code core_clocks_events(struct core *core, const struct core_case *kase, struct base_view party,
                                  const struct core_partner *other, struct law_clock_event *events, size_t *out_count,
                                  struct base_error *err) {
  const struct wire_kind *kind = &kase->kind->kind;
  const unsigned opener = kase->messages[0].party, asked = engine_party_of(kase->messages[0].header, party);
  size_t count = 0;
  bool started = false, stopped = false;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++) {
    const struct engine_message *message = &kase->messages[i];
    if (!message->effective || message->type == 0 || (message->party != opener && message->party != asked))
      continue;
    const struct wire_kind_type *type = &kind->types[message->type - 1];
    if (!moves_a_clock(kind, type, stopped))
      continue;
    struct core_received received = {0};
    code = core_show_received(core, &message->id, message->header->author, other, &received, err);
    bool agrees = message->agrees && !message->agreed_by_all, starts = starts_one(kind, type);
    events[count++] = (struct law_clock_event){.type = type,
                                               .header = message->header,
                                               .at = received.at,
                                               .ours = received.ours,
                                               .agrees = agrees,
                                               .by_opener = message->party == opener};
    /* Once they are, nothing is heard but a start. */
    stopped = !starts && started && !agrees && received.at != 0 && stops_all(kind, type);
    started = started || (starts && received.at != 0);
  }
  *out_count = count;
  return code;
}

enum base_code core_clocks_of(struct core *core, const struct core_case *kase, size_t party,
                              struct law_clock_event *room, struct law_clock *out, size_t *count,
                              struct base_error *err) {
  const struct wire_header *opening = kase->messages[0].header;
  struct base_view us = core->card.origin, opener = opening->author, asked = opening->parties[party];
  const struct core_partner *other = core_partner_of(core, base_view_equal(opener, us) ? asked : opener);
  size_t events = 0;
  *count = 0;
  if (kase->kind->kind.clock_count == 0 || base_view_equal(asked, opener) ||
      (!base_view_equal(opener, us) && !base_view_equal(asked, us)))
    return BASE_OK;
  enum base_code code = core_clocks_events(core, kase, asked, other, room, &events, err);
  if (code == BASE_OK)
    *count = law_clocks(&kase->kind->kind, room, events, out);
  return code;
}

/* --- when a case is due, and what was told of it */

struct looking {
  struct core *core;
  const struct core_case *kase;
  bool tell; /* what is to be told is told; else it is only computed when */
  base_time now, due, look; /* due: STORE_DUE_PAUSED when one stands and none runs */
  bool remembered; /* told was read */
  struct store_alarm told[WIRE_PARTIES_MAX][WIRE_KIND_CLOCKS_MAX][STORE_ALARM_OVERDUE]; /* due 0: nothing was */
};

static struct store_alarm *told_of(struct looking *looking, unsigned party, unsigned clock, unsigned level) {
  return &looking->told[party][clock][level - 1];
}

static enum base_code told_before(struct looking *looking, struct base_error *err) {
  struct store_alarm told[STORE_ALARMS_MAX];
  size_t count = 0;
  looking->remembered = true;
  enum base_code code = store_alarms(looking->core->store, &looking->kase->id, told, &count, err);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    if (told[i].level > 0)
      *told_of(looking, told[i].party, told[i].clock, told[i].level) = told[i];
  return code;
}

static enum base_code tell(struct looking *looking, struct store_alarm *told, struct store_alarm alarm,
                           const struct law_clock *clock, struct base_error *err) {
  struct core *core = looking->core;
  const struct wire_header *opening = looking->kase->messages[0].header;
  struct core_clocks_words words = core_clocks_words(&alarm);
  struct core_leaf leaf;
  struct wire_opening what = {.has_message = true,
                              .message = looking->kase->id,
                              .to = opening->parties[alarm.party],
                              .subject = clock->name,
                              .reason = base_view_text(words.text)};
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_DEADLINE, &what, &leaf, err);
  if (code != BASE_OK)
    return code;
  alarm.leaf = leaf.index;
  base_log(BASE_LOG_NOTICE, "case.deadline", "%scase %s, %.*s of %.*s: %s", core_exercise_word(opening->exercise),
           base_id_text(&looking->kase->id).text, (int)clock->name.size, (const char *)clock->name.data,
           (int)what.to.size, (const char *)what.to.data, words.text);
  core_event_deadline(core, &looking->kase->id, core_show_name(core, what.to), clock->name,
                      alarm.of_item ? &alarm.item : NULL, alarm.level == STORE_ALARM_OVERDUE, alarm.due);
  told[alarm.level - 1] = alarm;
  return store_alarm_put(core->store, &looking->kase->id, &alarm, err);
}

/* Whether there is something to tell of it by now. */
static bool come(const struct looking *looking, const struct law_clock *clock) {
  return clock->due < looking->now || (clock->soon < clock->due && clock->soon <= looking->now);
}

/* Of a running clock. What is overdue is told as that alone: nobody needs to hear any more that it will be. When to
 * look again follows from the clock and from what was told, not from what time it is: so it can be checked at any time.
 */
static enum base_code look_at_clock(struct looking *looking, struct store_alarm alarm, const struct law_clock *clock,
                                    struct store_alarm before[STORE_ALARM_OVERDUE], struct base_error *err) {
  const struct store_alarm *soon = &before[STORE_ALARM_SOON - 1], *overdue = &before[STORE_ALARM_OVERDUE - 1];
  enum base_code code = BASE_OK;
  alarm.due = clock->due;
  alarm.level = clock->due < looking->now ? STORE_ALARM_OVERDUE : STORE_ALARM_SOON;
  bool told = overdue->due == clock->due || (alarm.level == STORE_ALARM_SOON && soon->due == clock->due);
  if (looking->tell && come(looking, clock) && !told)
    code = tell(looking, before, alarm, clock, err);
  base_time next = clock->due == INT64_MAX || overdue->due == clock->due  ? INT64_MAX
                   : soon->due == clock->due || clock->soon >= clock->due ? clock->due + 1
                                                                          : clock->soon;
  if (next < looking->look)
    looking->look = next;
  return code;
}

/* Of the case, as one party has it. */
static enum base_code look_at_party(struct looking *looking, unsigned party, const struct law_clock *clock,
                                    struct base_error *err) {
  const struct wire_kind *kind = &looking->kase->kind->kind;
  struct store_alarm alarm = {.party = party};
  while (!base_view_equal(kind->clocks[alarm.clock].name, clock->name))
    alarm.clock++;
  enum base_code code = looking->remembered ? BASE_OK : told_before(looking, err);
  if (clock->due < looking->due)
    looking->due = clock->due;
  return code == BASE_OK ? look_at_clock(looking, alarm, clock, told_of(looking, party, alarm.clock, STORE_ALARM_SOON), err)
                         : code;
}

/* Of the items. The list by deadline has a case where what we owe in it is due. Of what is due later than all that was told
 * nothing was: so most are not asked for. It does not go by the time it is, which may be earlier than when that was told. */
static enum base_code look_at_items(struct looking *looking, struct base_error *err) {
  const struct core_case *kase = looking->kase;
  BASE_AUTO_FREE struct core_item_clock *clocks = NULL;
  size_t count = 0;
  base_time latest = 0;
  enum base_code code = core_item_clocks(looking->core, kase, false, &clocks, &count, err);
  if (code == BASE_OK && count > 0)
    code = store_alarms_latest(looking->core->store, &kase->id, &latest, err);
  for (size_t i = 0; i < count && code == BASE_OK; i++) {
    const struct law_clock *clock = &clocks[i].now;
    struct store_alarm before[STORE_ALARM_OVERDUE] = {0};
    struct store_alarm alarm = {.party = clocks[i].party,
                                .clock = clocks[i].clock,
                                .of_item = true,
                                .item = kase->messages[clocks[i].item].id};
    struct base_view owes = kase->messages[0].header->parties[clocks[i].party];
    if (base_view_equal(owes, looking->core->card.origin) && clock->due < looking->due)
      looking->due = clock->due;
    if (clock->due <= latest)
      code = store_alarms_of_item(looking->core->store, &kase->id, &alarm.item, alarm.party, alarm.clock, before, err);
    if (code == BASE_OK)
      code = look_at_clock(looking, alarm, clock, before, err);
  }
  return code;
}

static enum base_code look_at(struct looking *looking, struct base_error *err) {
  const struct core_case *kase = looking->kase;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  size_t count = 0;
  looking->due = looking->look = INT64_MAX;
  if (kase->kind->kind.clock_count == 0)
    return BASE_OK;
  BASE_AUTO_FREE struct law_clock_event *room = core_clocks_room(kase);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the clocks of a case");
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kase->messages[0].header->party_count && code == BASE_OK; i++) {
    code = core_clocks_of(looking->core, kase, i, room, clocks, &count, err);
    for (size_t j = 0; j < count && code == BASE_OK; j++) {
      if (clocks[j].paused && looking->due > STORE_DUE_PAUSED)
        looking->due = STORE_DUE_PAUSED;
      if (!clocks[j].running)
        continue;
      code = look_at_party(looking, (unsigned)i, &clocks[j], err);
    }
  }
  return code == BASE_OK ? look_at_items(looking, err) : code;
}

enum base_code core_clocks_compute(struct core *core, const struct core_case *kase, base_time *due, base_time *look,
                                   struct base_error *err) {
  struct looking looking = {.core = core, .kase = kase, .now = core_now(core)};
  enum base_code code = look_at(&looking, err);
  *due = looking.due;
  *look = looking.look;
  return code;
}

/* --- in a step */

enum base_code core_clocks_touch(struct core *core, const struct base_id *id, struct base_error *err) {
  struct core_clocks *clocks = &core->clocks;
  for (size_t i = clocks->count; i-- > 0 && i + 8 > clocks->count;)
    if (base_id_equal(&clocks->touched[i], id))
      return BASE_OK;
  if (clocks->count == clocks->room) {
    size_t room = clocks->room == 0 ? 64 : 2 * clocks->room;
    struct base_id *grown = realloc(clocks->touched, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for the clocks of this step");
    clocks->touched = grown;
    clocks->room = room;
  }
  clocks->touched[clocks->count++] = *id;
  return BASE_OK;
}

enum base_code core_clocks_touch_message(struct core *core, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct base_id id = *message;
  enum base_code code = store_message_header(core->store, &id, &arena, &row, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code;
  return core_clocks_touch(core, &row.case_id, err);
}

bool core_clocks_moving(const struct core *core, const struct base_id *id) {
  for (size_t i = 0; i < core->clocks.count; i++)
    if (base_id_equal(&core->clocks.touched[i], id))
      return true;
  return false;
}

void core_clocks_forget(struct core *core) {
  free(core->clocks.touched);
  core->clocks = (struct core_clocks){0};
}

static int by_id(const void *a, const void *b) {
  return base_id_compare(a, b);
}

static enum base_code save(struct core *core, const struct core_case *kase, base_time due, base_time look,
                           struct base_error *err) {
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_case_clocks_set(core->store, &kase->id, due, look, err) : code;
}

/* One that cannot be read, or is of a kind that is not shipped, keeps what its row says of when it is due: nothing of
 * it is forgotten, and it holds up no other. */
static enum base_code settle_unread(struct core *core, const struct base_id *id, enum base_code why,
                                    struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct base_error ignored;
  if (store_case_get(core->store, id, &arena, &row, &ignored) != BASE_OK)
    return BASE_OK;
  base_log(BASE_LOG_WARNING, "case.clocks", "the clocks of case %s are not known: %s", base_id_text(id).text,
           err->text);
  base_time look = why == BASE_KIND ? INT64_MAX : core_now(core) + CORE_CLOCKS_AGAIN;
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_case_clocks_set(core->store, id, row.due == 0 ? INT64_MAX : row.due, look, err) : code;
}

static enum base_code settle_one(struct core *core, const struct base_id *id, struct base_error *err) {
  struct core_case *kase = NULL;
  struct looking looking = {.core = core, .tell = true, .now = core_now(core)};
  enum base_code code = core_case_load(core, id, &kase, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code == BASE_OK) {
    looking.kase = kase;
    code = look_at(&looking, err);
  }
  if (code != BASE_OK)
    return core_damage(code) ? settle_unread(core, id, code, err) : code;
  if (kase->row.due == looking.due && kase->row.look == looking.look && looking.look != 0)
    return BASE_OK;
  kase->row.due = looking.due;
  kase->row.look = looking.look;
  return save(core, kase, looking.due, looking.look, err);
}

/* Those whose time came without anything having happened to them. */
static enum base_code take_due(struct core *core, struct base_error *err) {
  struct base_id ids[CORE_CLOCKS_STEP];
  base_time looks[CORE_CLOCKS_STEP];
  size_t count = 0;
  enum base_code code = store_case_look(core->store, ids, CORE_CLOCKS_STEP, &count, looks, err);
  for (size_t i = 0; i < count && code == BASE_OK && looks[i] <= core_now(core); i++)
    code = core_clocks_touch(core, &ids[i], err);
  return code;
}

static enum base_code find_next(struct core *core, struct base_error *err) {
  struct base_id id;
  size_t count = 0;
  base_time look = 0;
  enum base_code code = store_case_look(core->store, &id, 1, &count, &look, err);
  if (code == BASE_OK) {
    core->clocks.known = true;
    core->clocks.next = count > 0 ? look : INT64_MAX;
  }
  return code;
}

enum base_code core_clocks_settle(struct core *core, struct base_error *err) {
  struct core_clocks *clocks = &core->clocks;
  enum base_code code = BASE_OK;
  bool rests = core->room.level >= CORE_ROOM_FULL; /* nothing is written without need */
  if (!rests && (!clocks->known || clocks->next <= core_now(core)))
    code = take_due(core, err);
  if (clocks->count == 0 && clocks->known && code == BASE_OK)
    return BASE_OK;
  if (clocks->count > 1)
    qsort(clocks->touched, clocks->count, sizeof *clocks->touched, by_id);
  for (size_t i = 0; i < clocks->count && code == BASE_OK; i++)
    if (i == 0 || !base_id_equal(&clocks->touched[i], &clocks->touched[i - 1]))
      code = settle_one(core, &clocks->touched[i], err);
  clocks->count = 0;
  return code == BASE_OK ? find_next(core, err) : code;
}

int64_t core_clocks_due_ms(const struct core *core) {
  if (!core->clocks.known || core->clocks.next == INT64_MAX)
    return -1;
  base_time left = core->clocks.next - core_now(core);
  if (core->room.level >= CORE_ROOM_FULL)
    return CORE_ROOM_SOON_MS;
  return left <= 0 ? 0 : left > 86400 ? (int64_t)86400 * 1000 : left * 1000;
}
