/* SPDX-License-Identifier: Apache-2.0
 * One request of one asked party: how its clock ended, or stands. */
#include <stdio.h>
#include <string.h>

#include "law/statistics.h"

enum { NONE = -1 };

/* Which of the events started the clock, and which stopped it: as law_clocks follows them. */
struct course {
  const struct wire_kind *kind;
  const struct wire_kind_clock *clock;
  const struct law_clock_event *events;
  size_t count;
  struct law_clock at; /* how the clock stands */
  int64_t start, stop;
};

static bool of(const struct wire_kind *kind, uint64_t types, const struct law_clock_event *event) {
  return types >> (event->type - kind->types) & 1;
}

static bool follow(struct course *course) {
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  size_t running = law_clocks(course->kind, course->events, course->count, clocks);
  bool started = false;
  for (size_t i = 0; i < running; i++)
    if (base_view_equal(clocks[i].name, course->clock->name)) {
      course->at = clocks[i];
      started = true;
    }
  course->start = course->stop = NONE;
  for (size_t i = 0; started && i < course->count; i++) {
    const struct law_clock_event *event = &course->events[i];
    if (event->at == 0)
      continue;
    if (event->type == course->clock->starts) {
      course->start = (int64_t)i;
      course->stop = NONE;
    } else if (course->start != NONE && course->stop == NONE && of(course->kind, course->clock->stops, event)) {
      course->stop = (int64_t)i;
    }
  }
  return started;
}

/* "refuse", or with the codes that the message gives as grounds "refuse/no_competence". */
static void name_of(const struct law_clock_event *event, char *out, size_t room) {
  const struct wire_kind_type *type = event->type;
  size_t used = (size_t)snprintf(out, room, "%.*s", (int)type->name.size, (const char *)type->name.data);
  for (size_t i = 0; i < type->field_count && used < room; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    struct base_view code = {0};
    if (field->state && field->type == WIRE_FIELD_CODE)
      code = wire_header_state(event->header, (const char *)field->name.data);
    if (code.size > 0)
      used += (size_t)snprintf(out + used, room - used, "/%.*s", (int)code.size, (const char *)code.data);
  }
}

static enum base_code add(struct law_tally *tally, struct base_view key[LAW_COLUMNS], const char *measure,
                          const char *detail, struct base_error *err) {
  key[LAW_COLUMN_MEASURE] = base_view_text(measure);
  key[LAW_COLUMN_DETAIL] = base_view_text(detail);
  return law_tally_add(tally, key, 1, err);
}

/* Each pause of the clock by what it was asked for, and the request once. */
static enum base_code count_pauses(struct law_tally *tally, struct base_view key[LAW_COLUMNS],
                                   const struct course *course, struct base_error *err) {
  char name[512];
  bool paused = false, any = false;
  enum base_code code = BASE_OK;
  size_t end = course->stop == NONE ? course->count : (size_t)course->stop;
  for (size_t i = (size_t)course->start + 1; code == BASE_OK && i < end; i++) {
    const struct law_clock_event *event = &course->events[i];
    if (event->at == 0)
      continue;
    if (!paused && of(course->kind, course->clock->pauses, event)) {
      paused = any = true;
      name_of(event, name, sizeof name);
      code = add(tally, key, "pauses", name, err);
    } else if (paused && of(course->kind, course->clock->resumes, event)) {
      paused = false;
    }
  }
  return code == BASE_OK && any ? add(tally, key, "clarified", "", err) : code;
}

/* By the opener himself (a withdrawal), or by the asked party, in time or late. */
static enum base_code count_end(struct law_tally *tally, struct base_view key[LAW_COLUMNS], const struct course *course,
                                struct base_error *err) {
  char name[512];
  const struct law_clock_event *start = &course->events[course->start], *stop = &course->events[course->stop];
  name_of(stop, name, sizeof name);
  if (base_view_equal(start->header->author, stop->header->author))
    return add(tally, key, "ended_by_asker", name, err);
  int64_t late = course->at.ended - course->at.due;
  if (late <= 0)
    return add(tally, key, "in_time", name, err);
  enum base_code code = add(tally, key, "late", name, err);
  key[LAW_COLUMN_MEASURE] = BASE_VIEW("requests");
  key[LAW_COLUMN_DETAIL] = (struct base_view){0};
  return code == BASE_OK ? law_tally_late(tally, key, late, err) : code;
}

/* A disputed receipt counts from the earlier of its two times. */
static void take_back(const struct law_asked *asked) {
  for (size_t i = 0; i < asked->count; i++) {
    struct law_clock_event *event = &asked->events[i];
    if ((event->ours != 0 && event->ours < event->at ? event->ours : event->at) > asked->cut)
      event->at = event->ours = 0;
  }
}

enum base_code law_count_request(struct law_tally *tally, const struct base_view key[LAW_COLUMNS],
                                 const struct law_asked *asked, struct base_error *err) {
  struct base_view row[LAW_COLUMNS];
  const struct wire_kind_clock *clock = asked->clock;
  struct course course = {.kind = asked->kind, .clock = clock, .events = asked->events, .count = asked->count};
  take_back(asked);
  memcpy(row, key, sizeof row);
  row[LAW_COLUMN_SECTION] = BASE_VIEW("requests");
  row[LAW_COLUMN_CLOCK] = clock->name;
  for (size_t i = 0; i < asked->count && clock->field.size > 0; i++)
    if (asked->events[i].type == clock->starts)
      row[LAW_COLUMN_LIMIT] = wire_header_state(asked->events[i].header, (const char *)clock->field.data);
  enum base_code code = add(tally, row, "requests", "", err);
  if (code != BASE_OK)
    return code;
  if (!follow(&course))
    return add(tally, row, "not_received", asked->waits, err);
  code = count_pauses(tally, row, &course, err);
  if (code == BASE_OK && course.at.disputed)
    code = add(tally, row, "disputed", "", err);
  if (code != BASE_OK)
    return code;
  if (course.stop != NONE)
    return count_end(tally, row, &course, err);
  if (course.at.paused)
    return add(tally, row, "paused", "", err);
  return add(tally, row, course.at.due < asked->now ? "overdue" : "running", "", err);
}
