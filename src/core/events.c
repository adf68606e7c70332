/* SPDX-License-Identifier: Apache-2.0 */
#include "core/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/exercise.h"
#include "core/lane.h"
#include "core/people.h"

enum { RUN_DIGITS = 16, POSITION_MAX = RUN_DIGITS + 1 + 20 };

enum type { CASE, MESSAGE, DELIVERY, PARTNER, EMERGENCY, RELEASE, DEADLINE, ALERT };
static const char *const type_names[] = {"case", "message", "delivery", "partner", "emergency", "release", "deadline",
                                         "alert"};
static const char *const state_names[] = {"waiting", "under_way", "receipted", "refused", "ended"};
static const char *const release_names[] = {"waiting", "released", "refused", "withdrawn", "over", "erased"};

struct event {
  enum type type;
  enum store_delivery_state state;
  enum store_release_state released;
  int64_t number;
  struct base_id id, case_id;
  enum wire_lane lane; /* of that case */
  bool exercise;       /* likewise */
  char partner[BASE_NAME_MAX + 1]; /* of DEADLINE: who must act */
  char clock[WIRE_CODE_MAX + 1]; /* of ALERT: the kind */
  bool overdue, of_item; /* of_item: id is that of the message that made it */
  base_time due; /* of ALERT: the week */
  char series[STORE_PICTURE_CODE_MAX];
  uint64_t cases, most;
};

struct parked {
  uint64_t token, after;
  int64_t until_ms;
  unsigned lanes;          /* what is told of */
  struct core_asker asker; /* who may have been closed when there is something to tell */
};

/* Numbers count from 1; event n lies at n % CORE_EVENTS_MAX. */
struct core_events {
  char run[RUN_DIGITS + 1]; /* of this run: another one's numbers say nothing here */
  uint64_t last;            /* of this step too */
  uint64_t told;            /* the last that may be told */
  uint64_t kept;            /* from which on they are still here */
  struct event ring[CORE_EVENTS_MAX];
  size_t parked_count;
  struct parked parked[CORE_LISTENERS_MAX];
};

enum base_code core_events_open(struct core *core, struct base_error *err) {
  core->events = calloc(1, sizeof *core->events);
  if (core->events == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for events");
  /* Two starts differ in the machine's clock, in the time, or in what they found. No randomness is spent on it. */
  char seed[128];
  int size = snprintf(seed, sizeof seed, "%lld %lld %llu", (long long)core_now_ms(core), (long long)core->started,
                      (unsigned long long)core->reg.size);
  struct base_hash hash = seal_sha256(base_view_of(seed, (size_t)size));
  base_hex(hash.bytes, RUN_DIGITS / 2, core->events->run);
  core->events->kept = 1;
  return BASE_OK;
}

void core_events_close(struct core *core) {
  free(core->events);
  core->events = NULL;
}

/* --- what happened */

/* NULL while the node opens: nobody has been told anything yet that could change. */
static struct event *add(struct core *core, enum type type) {
  struct core_events *events = core->events;
  if (events == NULL)
    return NULL;
  struct event *event = &events->ring[++events->last % CORE_EVENTS_MAX];
  if (events->last - events->kept >= CORE_EVENTS_MAX)
    events->kept = events->last - CORE_EVENTS_MAX + 1;
  *event = (struct event){.type = type, .lane = WIRE_LANE_NONE};
  return event;
}

/* Of which lane it is when it happens. What cannot be read is told as what fewest see. */
static struct event *add_of(struct core *core, enum type type, const struct base_id *case_id) {
  struct event *event = add(core, type);
  struct base_error ignored;
  if (event == NULL)
    return NULL;
  event->case_id = *case_id;
  if (core_lane_of_case(core, case_id, &event->lane, &ignored) != BASE_OK)
    event->lane = WIRE_LANE_HUMANITARIAN;
  if (core_exercise_of_case(core, case_id, &event->exercise, &ignored) != BASE_OK)
    event->exercise = false; /* nobody lets a case rest that may be real */
  return event;
}

static void set_partner(struct event *event, const struct core_partner *partner) {
  (void)snprintf(event->partner, sizeof event->partner, "%.*s", (int)partner->card.name.size,
                 (const char *)partner->card.name.data);
}

void core_event_case(struct core *core, const struct base_id *case_id) {
  (void)add_of(core, CASE, case_id);
}

void core_event_message(struct core *core, const struct base_id *id, const struct base_id *case_id) {
  struct event *event = add_of(core, MESSAGE, case_id);
  if (event == NULL)
    return;
  event->id = *id;
}

void core_event_delivery(struct core *core, const struct core_partner *partner, const struct store_delivery *row) {
  struct event *event = add_of(core, DELIVERY, &row->case_id);
  if (event == NULL)
    return;
  event->id = row->message;
  event->state = row->state;
  set_partner(event, partner);
}

void core_event_partner(struct core *core, const struct core_partner *partner) {
  struct event *event = add(core, PARTNER);
  if (event != NULL)
    set_partner(event, partner);
}

void core_event_emergency(struct core *core, const struct core_partner *partner, const struct base_id *id,
                          const struct base_id *case_id) {
  struct event *event = add_of(core, EMERGENCY, case_id);
  if (event == NULL)
    return;
  event->id = *id;
  set_partner(event, partner);
}

void core_event_release(struct core *core, const struct store_release *row, const struct base_id *case_id) {
  struct event *event = add_of(core, RELEASE, case_id);
  if (event == NULL)
    return;
  event->id = row->message;
  event->released = row->state;
  event->number = row->number;
}

void core_event_deadline(struct core *core, const struct base_id *case_id, struct base_view party,
                         struct base_view clock, const struct base_id *item, bool overdue, base_time due) {
  struct event *event = add_of(core, DEADLINE, case_id);
  if (event == NULL)
    return;
  event->of_item = item != NULL;
  if (item != NULL)
    event->id = *item;
  event->overdue = overdue;
  event->due = due;
  (void)snprintf(event->partner, sizeof event->partner, "%.*s", (int)party.size, (const char *)party.data);
  (void)snprintf(event->clock, sizeof event->clock, "%.*s", (int)clock.size, (const char *)clock.data);
}

void core_event_alert(struct core *core, const struct base_id *case_id, const struct store_picture_alert *alert) {
  struct event *event = add_of(core, ALERT, case_id);
  if (event == NULL)
    return;
  event->due = alert->week;
  event->cases = alert->cases;
  event->most = alert->most;
  (void)snprintf(event->clock, sizeof event->clock, "%.*s", (int)alert->kind.size, (const char *)alert->kind.data);
  (void)snprintf(event->series, sizeof event->series, "%.*s", (int)alert->code.size, (const char *)alert->code.data);
}

/* --- telling it */

static void write_position(struct wire_writer *writer, const char *key, const struct core_events *events, uint64_t at) {
  char text[POSITION_MAX + 1];
  (void)snprintf(text, sizeof text, "%s-%llu", events->run, (unsigned long long)at);
  wire_write_member_string(writer, key, text);
}

static void write_event(struct wire_writer *writer, const struct core_events *events, uint64_t number) {
  const struct event *event = &events->ring[number % CORE_EVENTS_MAX];
  wire_write_object(writer);
  write_position(writer, "id", events, number);
  wire_write_member_string(writer, "event", type_names[event->type]);
  wire_write_key(writer, "data");
  wire_write_object(writer);
  if (event->type == MESSAGE || event->type == DELIVERY || event->type == EMERGENCY || event->type == RELEASE)
    wire_write_member_id(writer, "message", &event->id);
  if (event->type != PARTNER) {
    wire_write_member_id(writer, "case", &event->case_id);
    wire_write_member_bool(writer, "exercise", event->exercise);
  }
  if (event->type == DELIVERY || event->type == PARTNER || event->type == EMERGENCY)
    wire_write_member_string(writer, "partner", event->partner);
  if (event->type == DELIVERY)
    wire_write_member_string(writer, "state", state_names[event->state]);
  if (event->type == RELEASE) {
    wire_write_member_integer(writer, "release", event->number);
    wire_write_member_string(writer, "state", release_names[event->released]);
  }
  if (event->type == DEADLINE) {
    wire_write_member_string(writer, "what", event->overdue ? "overdue" : "soon");
    wire_write_member_string(writer, "clock", event->clock);
    if (event->of_item)
      wire_write_member_id(writer, "item", &event->id);
    wire_write_member_string(writer, "party", event->partner);
    wire_write_member_time(writer, "due", event->due);
  }
  if (event->type == ALERT) {
    wire_write_member_string(writer, "kind", event->clock);
    wire_write_member_string(writer, "series", event->series);
    wire_write_member_time(writer, "week", event->due);
    wire_write_member_integer(writer, "cases", (int64_t)event->cases);
    wire_write_member_integer(writer, "most", (int64_t)event->most);
  }
  wire_write_end(writer, '}');
  wire_write_end(writer, '}');
}

/* A person, by whatever tokens; an owner whom nobody has named yet by the user of the operating system. */
static const char *who_of(const struct core_asker *asker) {
  return asker->handle[0] != '\0' ? asker->handle : asker->name;
}

static bool is_told(const struct core_events *events, const struct parked *parked, uint64_t number) {
  return core_lanes_have(parked->lanes, events->ring[number % CORE_EVENTS_MAX].lane);
}

/* Who listens on one side is not woken by what happens on the other. */
static bool has_news(const struct core_events *events, const struct parked *parked) {
  uint64_t number = parked->after + 1 < events->kept ? events->kept : parked->after + 1;
  while (number <= events->told && !is_told(events, parked, number))
    number++;
  return parked->after + 1 < events->kept || number <= events->told;
}

/* lost: what came after `after` is not all here, or `after` is of another run. */
static void answer(struct core *core, const struct parked *parked, bool lost) {
  const struct core_events *events = core->events;
  uint64_t first = lost ? events->told + 1 : parked->after + 1, end = events->told;
  if (end >= first + CORE_EVENTS_TOLD)
    end = first + CORE_EVENTS_TOLD - 1;
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, parked->token, BASE_OK)->payload);
  wire_write_object(&writer);
  write_position(&writer, "next", events, end);
  wire_write_member_bool(&writer, "lost", lost);
  wire_write_member_string(&writer, "who", who_of(&parked->asker));
  wire_write_key(&writer, "events");
  wire_write_array(&writer);
  for (uint64_t i = first; i <= end; i++)
    if (is_told(events, parked, i))
      write_event(&writer, events, i);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
}

/* False: it is no position. *known: it is one of this run. */
static bool read_position(const struct core_events *events, struct base_view text, uint64_t *out, bool *known) {
  uint8_t run[RUN_DIGITS / 2];
  if (text.size < RUN_DIGITS + 2 || text.size > POSITION_MAX || text.data[RUN_DIGITS] != '-' ||
      !base_hex_parse(base_view_of(text.data, RUN_DIGITS), run, sizeof run) ||
      !base_decimal_parse(base_view_of(text.data + RUN_DIGITS + 1, text.size - RUN_DIGITS - 1), out))
    return false;
  *known = memcmp(text.data, events->run, RUN_DIGITS) == 0 && *out <= events->told;
  return true;
}

/* Nobody takes all places: of a person who has her share the oldest is answered, with nothing new, and may ask again.
 * The gate keeps her to as many, so that this meets those of hers alone who are gone. */
static void make_place(struct core *core) {
  struct core_events *events = core->events;
  size_t hers = 0, oldest = events->parked_count;
  for (size_t i = events->parked_count; i-- > 0;)
    if (strcmp(who_of(&events->parked[i].asker), who_of(core_asker(core))) == 0) {
      hers++;
      oldest = i;
    }
  if (hers < CORE_LISTENERS_SHARE)
    return;
  struct parked parked = events->parked[oldest];
  answer(core, &parked, false);
  events->parked_count--;
  memmove(events->parked + oldest, events->parked + oldest + 1,
          (events->parked_count - oldest) * sizeof events->parked[0]);
}

void core_events_take(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_events *events = core->events;
  struct base_view text = core_request_text(request, "after");
  uint64_t after = events->told;
  bool given = wire_json_get(request, "after") != NULL, known = true;
  struct parked asked = {.token = token, .until_ms = core_now_ms(core) + CORE_EVENTS_BEAT_MS, .asker = *core_asker(core)};
  enum base_code code = core_lane_view(core, request, &asked.lanes, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  if (given && !read_position(events, text, &after, &known)) {
    core_reply_error(core, token, base_fail(&err, BASE_FIELD, "after: must be the id of an event, as it was told"),
                     &err);
    return;
  }
  bool lost = !known || after + 1 < events->kept;
  asked.after = after;
  if (!wire_json_true(wire_json_get(request, "wait")) || lost || has_news(events, &asked)) {
    answer(core, &asked, lost);
    return;
  }
  make_place(core);
  if (events->parked_count == CORE_LISTENERS_MAX) {
    core_reply_error(core, token,
                     base_fail(&err, BASE_BUSY, "%d listen already; try again when one has ended", CORE_LISTENERS_MAX),
                     &err);
    return;
  }
  events->parked[events->parked_count++] = asked;
}

void core_events_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context) {
  size_t kept = 0;
  for (size_t i = 0; i < core->events->parked_count; i++)
    if (!gone(context, core->events->parked[i].token))
      core->events->parked[kept++] = core->events->parked[i];
  core->events->parked_count = kept;
}

void core_events_settle(struct core *core) {
  struct core_events *events = core->events;
  int64_t now = core_now_ms(core);
  size_t kept = 0;
  events->told = events->last;
  for (size_t i = 0; i < events->parked_count; i++) {
    struct parked parked = events->parked[i];
    struct base_error err = {0};
    if (core_asker_check(core, &parked.asker, &err) != BASE_OK)
      core_reply_error(core, parked.token, err.code, &err);
    else if (has_news(events, &parked) || parked.until_ms <= now)
      answer(core, &parked, parked.after + 1 < events->kept);
    else
      events->parked[kept++] = parked;
  }
  events->parked_count = kept;
}

void core_events_lose(struct core *core) {
  struct core_events *events = core->events;
  events->last = events->told;
  if (events->kept > events->told + 1)
    events->kept = events->told + 1;
}

int64_t core_events_due_ms(const struct core *core) {
  int64_t due = -1, now = core_now_ms(core);
  for (size_t i = 0; i < core->events->parked_count; i++) {
    int64_t left = core->events->parked[i].until_ms - now;
    due = core_soonest(due, left > 0 ? left : 0);
  }
  return due;
}
