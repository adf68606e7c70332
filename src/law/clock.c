/* SPDX-License-Identifier: Apache-2.0
 * The clocks of a case. They run from receipts, never from what an author says of the time. */
#include "law/law.h"

static base_time later_by(base_time time, int64_t seconds) {
  base_time sum;
  return __builtin_add_overflow(time, seconds, &sum) ? INT64_MAX : sum;
}

int64_t law_clock_length(const struct wire_kind_clock *clock, const struct wire_header *header) {
  if (clock->field.size == 0)
    return clock->lengths[0].seconds;
  struct base_view code = wire_header_state(header, (const char *)clock->field.data);
  for (size_t i = 0; i < clock->length_count; i++)
    if (base_view_equal(clock->lengths[i].code, code))
      return clock->lengths[i].seconds;
  return 0;
}

static base_time earlier(base_time a, base_time b) {
  return a < b ? a : b;
}

static base_time later(base_time a, base_time b) {
  return a > b ? a : b;
}

/* The moment that the message names, and the kind's seconds from it; a date means its midnight UTC. False: it names none.
 * Who has `least` from the message on has it to the moment itself at the longest, whatever time its author says, and by no
 * further message more than he had: due is what it was, INT64_MAX at first. */
static bool moment_of(const struct wire_kind_clock *clock, const struct wire_header *header, base_time *due) {
  struct base_view text = wire_header_state(header, (const char *)clock->field.data);
  base_time moment;
  if (!base_time_parse(text, &moment) && !base_date_parse(text, &moment))
    return false;
  base_time named = later_by(moment, clock->offset), had = earlier(*due, moment);
  *due = clock->least == 0 ? named : later(named, earlier(later_by(header->time, clock->least), had));
  return true;
}

/* The ground that a message names, of those of its kind; empty: none, or one that its kind does not know. */
static struct base_view ground_of(const struct wire_kind_clock *clock, const struct law_clock_event *event) {
  const struct wire_kind_field *field = wire_kind_field_named(event->type, clock->ground);
  struct base_view code = wire_header_state(event->header, (const char *)clock->ground.data);
  for (size_t i = 0; field != NULL && field->list != NULL && i < field->list->count; i++)
    if (base_view_equal(field->list->codes[i], code))
      return field->list->codes[i];
  return (struct base_view){0};
}

struct run {
  struct law_clock clock;
  int64_t ahead;    /* seconds before it is due that it is due soon */
  base_time agreed; /* from when on anybody owes it; INT64_MAX: nobody does as yet */
  bool started;
};

static void start(struct run *run, const struct wire_kind_clock *clock, const struct law_clock_event *event) {
  bool disputed = event->ours != 0;
  base_time from = disputed && event->ours < event->at ? event->ours : event->at, due = INT64_MAX;
  int64_t length = clock->at ? 0 : law_clock_length(clock, event->header), ahead = clock->before;
  if (clock->at) {
    if (!moment_of(clock, event->header, &due))
      return;
  } else {
    if (length == 0)
      return;
    due = later_by(from, length);
    ahead = length / 100 * clock->soon + length % 100 * clock->soon / 100;
  }
  *run = (struct run){.started = true,
                      .ahead = ahead,
                      .agreed = run->agreed,
                      .clock = {.name = clock->name,
                                .started = from,
                                .due = due,
                                .running = true,
                                .disputed = disputed,
                                .receipt = event->at,
                                .ours = event->ours}};
}

/* Never negative: concurrent messages can be receipted against the case's order. */
static int64_t seconds_between(base_time from, base_time to) {
  int64_t seconds = 0;
  if (to > from && __builtin_sub_overflow(to, from, &seconds))
    return INT64_MAX;
  return seconds;
}

static void resume(struct run *run, base_time at) {
  run->clock.due = later_by(run->clock.due, seconds_between(run->clock.paused_since, at));
  run->clock.paused = false;
  run->clock.paused_since = 0;
  run->clock.running = true;
  run->clock.paused_by = NULL;
  run->clock.ground = (struct base_view){0};
}

/* What is overdue stays so: no question that comes later makes it good. */
static void pause(struct run *run, const struct wire_kind_clock *clock, const struct law_clock_event *event) {
  struct base_view ground = ground_of(clock, event);
  if (ground.size == 0 || event->at > run->clock.due)
    return;
  run->clock.running = false;
  run->clock.paused = true;
  run->clock.paused_by = event->header;
  run->clock.ground = ground;
  run->clock.paused_since = event->at;
}

/* Whoever ends it, and however: what came too late stays late. While it is paused it cannot be: no pause begins late. Who
 * agrees to what is overdue is late from then on. */
static void stop(struct run *run, base_time at) {
  run->clock.late = run->clock.paused ? 0 : seconds_between(later(run->clock.due, run->agreed), at);
  run->clock.running = run->clock.paused = false;
  run->clock.paused_since = 0;
  run->clock.stopped = true;
  run->clock.ended = at;
}

/* What it was stopped by did not hold. It is due as it was, or as it was moved meanwhile. */
static void run_again(struct run *run) {
  run->clock.running = true;
  run->clock.stopped = false;
  run->clock.ended = 0;
  run->clock.late = 0;
}

/* Who owes it has done his part by agreeing. Another's word is none of his, and begins nothing, until all have agreed. */
static bool waits(const struct wire_kind_clock *clock, const struct law_clock_event *event) {
  bool owed_by_opener = clock->owes == WIRE_OWES_OPENER;
  return event->agrees && (event->type == clock->starts || event->by_opener != owed_by_opener);
}

static void feed(struct run *run, const struct wire_kind *kind, const struct wire_kind_clock *clock,
                 const struct law_clock_event *event) {
  uint64_t type = (uint64_t)1 << (event->type - kind->types);
  if (event->at == 0 || waits(clock, event))
    return; /* not received yet, or not agreed: nothing has begun or ended for anybody */
  if (clock->from & type)
    run->agreed = earlier(run->agreed, event->at);
  if (event->type == clock->starts) {
    start(run, clock, event);
  } else if (!run->started) {
    return;
  } else if (clock->moves & type) {
    (void)moment_of(clock, event->header, &run->clock.due);
  } else if (run->clock.stopped) {
    if (clock->again & type)
      run_again(run);
  } else if ((clock->stops | clock->stops_all) & type) {
    stop(run, event->at);
  } else if ((clock->pauses & type) && run->clock.running) {
    pause(run, clock, event);
  } else if ((clock->resumes & type) && run->clock.paused) {
    resume(run, event->at);
  }
}

bool law_clock_run(const struct wire_kind *kind, const struct wire_kind_clock *clock,
                   const struct law_clock_event *events, size_t count, struct law_clock *out) {
  struct run run = {.agreed = clock->from != 0 ? INT64_MAX : 0};
  for (size_t i = 0; i < count; i++)
    feed(&run, kind, clock, &events[i]);
  if (!run.started || run.agreed == INT64_MAX)
    return false;
  run.clock.soon = run.clock.due - run.ahead;
  *out = run.clock;
  return true;
}

size_t law_clocks(const struct wire_kind *kind, const struct law_clock_event *events, size_t count,
                  struct law_clock out[WIRE_KIND_CLOCKS_MAX]) {
  size_t started = 0;
  for (size_t i = 0; i < kind->clock_count; i++)
    if (kind->clocks[i].item == NULL)
      started += law_clock_run(kind, &kind->clocks[i], events, count, &out[started]);
  return started;
}

void law_clock_walk(const struct wire_kind *kind, const struct wire_kind_clock *clock,
                    const struct law_clock_event *events, size_t count,
                    void (*after)(void *context, const struct law_clock_event *event, const struct law_clock *now),
                    void *context) {
  struct run run = {0};
  for (size_t i = 0; i < count; i++) {
    feed(&run, kind, clock, &events[i]);
    after(context, &events[i], run.started ? &run.clock : NULL);
  }
}
