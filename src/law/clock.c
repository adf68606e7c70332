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
  int64_t ahead; /* seconds before it is due that it is due soon */
  bool started;
};

static void start(struct run *run, const struct wire_kind_clock *clock, const struct law_clock_event *event) {
  int64_t length = law_clock_length(clock, event->header);
  if (length == 0)
    return;
  bool disputed = event->ours != 0;
  base_time from = disputed && event->ours < event->at ? event->ours : event->at;
  *run = (struct run){.started = true,
                      .ahead = length / 100 * clock->soon + length % 100 * clock->soon / 100,
                      .clock = {.name = clock->name,
                                .started = from,
                                .due = later_by(from, length),
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

/* Whoever ends it, and however: what came too late stays late. While it is paused it cannot be: no pause begins late. */
static void stop(struct run *run, base_time at) {
  run->clock.late = run->clock.paused ? 0 : seconds_between(run->clock.due, at);
  run->clock.running = run->clock.paused = false;
  run->clock.paused_since = 0;
  run->clock.stopped = true;
  run->clock.ended = at;
}

static void feed(struct run *run, const struct wire_kind *kind, const struct wire_kind_clock *clock,
                 const struct law_clock_event *event) {
  uint64_t type = (uint64_t)1 << (event->type - kind->types);
  if (event->at == 0)
    return; /* not received yet: nothing has begun or ended for anybody */
  if (event->type == clock->starts) {
    start(run, clock, event);
  } else if (!run->started || run->clock.stopped) {
    return;
  } else if (clock->stops & type) {
    stop(run, event->at);
  } else if ((clock->pauses & type) && run->clock.running) {
    pause(run, clock, event);
  } else if ((clock->resumes & type) && run->clock.paused) {
    resume(run, event->at);
  }
}

size_t law_clocks(const struct wire_kind *kind, const struct law_clock_event *events, size_t count,
                  struct law_clock out[WIRE_KIND_CLOCKS_MAX]) {
  size_t running = 0;
  for (size_t i = 0; i < kind->clock_count; i++) {
    struct run run = {0};
    for (size_t j = 0; j < count; j++)
      feed(&run, kind, &kind->clocks[i], &events[j]);
    if (!run.started)
      continue;
    run.clock.soon = run.clock.due - run.ahead;
    out[running++] = run.clock;
  }
  return running;
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
