/* SPDX-License-Identifier: Apache-2.0
 * One request of one asked party: how its clock ended, or stands. */
#include <stdio.h>
#include <string.h>

#include "law/statistics.h"

enum { NAME_TEXT = 512 };

/* How a clock went, as law follows it: what started it last, what stopped it, and what paused it in between. */
struct course {
  const struct wire_kind_clock *clock;
  const struct law_clock_event *start, *stop; /* NULL: nothing has */
  struct law_clock now;
  /* told to */
  struct law_tally *tally;
  struct base_view *key;
  bool counting, clarified; /* the pauses since that start */
  enum base_code code;
  struct base_error *err;
};

static bool starts(const struct course *course, const struct law_clock_event *event, const struct law_clock *now) {
  return event->type == course->clock->starts && event->at != 0 && now != NULL;
}

static void find_ends(void *context, const struct law_clock_event *event, const struct law_clock *now) {
  struct course *course = context;
  if (starts(course, event, now)) {
    course->start = event;
    course->stop = NULL;
  } else if (now != NULL && now->stopped && !course->now.stopped) {
    course->stop = event;
  }
  course->now = now == NULL ? (struct law_clock){0} : *now;
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

/* Each pause of the clock by what it was asked for. */
static void count_pause(void *context, const struct law_clock_event *event, const struct law_clock *now) {
  char name[NAME_TEXT];
  struct course *course = context;
  bool begins = now != NULL && now->paused && !course->now.paused;
  course->counting = course->counting || event == course->start;
  course->now = now == NULL ? (struct law_clock){0} : *now;
  if (!course->counting || !begins || course->code != BASE_OK)
    return;
  name_of(event, name, sizeof name);
  course->code = add(course->tally, course->key, "pauses", name, course->err);
  course->clarified = true;
}

static enum base_code count_pauses(const struct law_asked *asked, struct course *course) {
  course->now = (struct law_clock){0};
  law_clock_walk(asked->kind, asked->clock, asked->events, asked->count, count_pause, course);
  return course->code == BASE_OK && course->clarified ? add(course->tally, course->key, "clarified", "", course->err)
                                                      : course->code;
}

/* In time by the opener himself (a withdrawal), or by whoever owes it. What was late is late, whoever ended it: who
 * withdraws what is overdue does not make it good. */
static enum base_code count_end(struct law_tally *tally, struct base_view key[LAW_COLUMNS], const struct course *course,
                                struct base_error *err) {
  char name[NAME_TEXT];
  name_of(course->stop, name, sizeof name);
  bool by_asker = base_view_equal(course->start->header->author, course->stop->header->author);
  int64_t late = course->now.late;
  if (late == 0)
    return add(tally, key, by_asker && course->clock->owes != WIRE_OWES_OPENER ? "ended_by_asker" : "in_time", name, err);
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
  struct course course = {.clock = clock, .tally = tally, .key = row, .err = err};
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
  law_clock_walk(asked->kind, clock, asked->events, asked->count, find_ends, &course);
  if (course.start == NULL)
    return add(tally, row, "not_received", asked->waits, err);
  code = count_pauses(asked, &course);
  if (code == BASE_OK && course.now.disputed)
    code = add(tally, row, "disputed", "", err);
  if (code != BASE_OK)
    return code;
  if (course.stop != NULL && asked->open != NULL)
    return add(tally, row, asked->open, "", err);
  if (course.stop != NULL)
    return count_end(tally, row, &course, err);
  if (course.now.paused)
    return add(tally, row, "paused", "", err);
  return add(tally, row, course.now.due < asked->now ? "overdue" : "running", "", err);
}
