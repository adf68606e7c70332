/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kinds.h"
#include "core/lane.h"
#include "core/picture.h"

/* The picture, told: counts by one axis over some weeks, the same for as many weeks before, and the alerts. */

struct line {
  char code[STORE_PICTURE_CODE_MAX];
  base_time week;
  uint64_t cases, before;
};

struct picture {
  struct core *core;
  enum store_picture_axis axis;
  base_time from, to; /* weeks: from <= week < to */
  struct base_view kind;
  unsigned lanes; /* never both sides of the wall */
  size_t count, room;
  struct line *lines;
  struct base_error *err;
};

/* Rows come in the order of codes, for one kind after the other: mostly it is the line of the last one. */
static struct line *line_of(struct picture *picture, const struct store_picture *row, base_time week) {
  for (size_t i = picture->count; i-- > 0;)
    if (picture->lines[i].week == week && base_view_is(row->code, picture->lines[i].code))
      return &picture->lines[i];
  if (picture->count == picture->room) {
    size_t room = picture->room == 0 ? 64 : 2 * picture->room;
    struct line *grown = realloc(picture->lines, room * sizeof *grown);
    if (grown == NULL)
      return NULL;
    picture->lines = grown;
    picture->room = room;
  }
  struct line *line = &picture->lines[picture->count++];
  *line = (struct line){.week = week};
  (void)snprintf(line->code, sizeof line->code, "%.*s", (int)row->code.size, (const char *)row->code.data);
  return line;
}

static enum base_code add(struct picture *picture, const struct store_picture *row, base_time week, bool before) {
  struct line *line = line_of(picture, row, week);
  if (line == NULL)
    return base_fail(picture->err, BASE_MEMORY, "no memory for the picture");
  *(before ? &line->before : &line->cases) += row->cases;
  return BASE_OK;
}

/* By week the trend is from one week to the next; else from as many weeks before to these. */
static enum base_code add_row(void *context, const struct store_picture *row) {
  struct picture *picture = context;
  bool weekly = picture->axis == STORE_PICTURE_ALL;
  base_time step = weekly ? CORE_WEEK : picture->to - picture->from, next = row->week + step;
  enum base_code code = BASE_OK;
  if (picture->from <= row->week && row->week < picture->to)
    code = add(picture, row, weekly ? row->week : 0, false);
  if (code == BASE_OK && picture->from <= next && next < picture->to)
    code = add(picture, row, weekly ? next : 0, true);
  return code;
}

static int by_number(const void *a, const void *b) {
  const struct line *first = a, *second = b;
  if (first->week != second->week)
    return first->week < second->week ? -1 : 1;
  if (first->cases != second->cases)
    return first->cases > second->cases ? -1 : 1;
  return strcmp(first->code, second->code);
}

/* In the picture, asked for, and the first of its name: of a kind many versions may be held. */
static bool is_asked(const struct picture *picture, size_t at) {
  const struct core *core = picture->core;
  const struct wire_kind *kind = &core->kinds[at]->kind;
  bool first = kind->picture_field.size > 0 && core_lanes_have(picture->lanes, kind->lane) &&
               (picture->kind.size == 0 || base_view_equal(picture->kind, kind->name));
  for (size_t i = 0; i < at && first; i++)
    first = core->kinds[i]->kind.picture_field.size == 0 || !base_view_equal(core->kinds[i]->kind.name, kind->name);
  return first;
}

static enum base_code gather(struct picture *picture, struct base_error *err) {
  struct core *core = picture->core;
  enum base_code code = BASE_OK;
  bool any = false;
  for (size_t i = 0; i < core->kind_count && code == BASE_OK; i++) {
    if (!is_asked(picture, i))
      continue;
    any = true;
    code = store_picture_each(core->store, core->kinds[i]->kind.name, picture->axis, (struct base_view){0}, 0, add_row,
                              picture, err);
  }
  if (code == BASE_OK && picture->kind.size > 0 && !any)
    return base_fail(err, BASE_KIND, "kind: no kind of this name is in the picture here (wasl kind list)");
  if (picture->count > 1)
    qsort(picture->lines, picture->count, sizeof *picture->lines, by_number);
  return code;
}

/* --- what is asked for */

static enum base_code read_week(const struct wire_json *request, const char *key, base_time *out,
                                struct base_error *err) {
  base_time day = 0;
  struct base_view text = core_request_text(request, key);
  if (wire_json_get(request, key) == NULL)
    return BASE_OK;
  if (!base_date_parse(text, &day))
    return base_fail(err, BASE_DATE, "%s: a day as 2026-11-23; its week is meant", key);
  *out = law_picture_week(day);
  return BASE_OK;
}

static enum base_code read_request(struct picture *picture, const struct wire_json *request, struct base_error *err) {
  static const char *const axes[] = {[STORE_PICTURE_ALL] = "week",
                                     [STORE_PICTURE_FIELD] = "field",
                                     [STORE_PICTURE_REGION] = "region",
                                     [STORE_PICTURE_AUTHOR] = "partner"};
  struct base_view by = core_request_text(request, "by");
  base_time last = law_picture_week(core_now(picture->core));
  size_t axis = by.size == 0 ? STORE_PICTURE_FIELD : 0;
  while (by.size > 0 && axis < sizeof axes / sizeof *axes && !base_view_is(by, axes[axis]))
    axis++;
  if (axis == sizeof axes / sizeof *axes)
    return base_fail(err, BASE_FIELD, "by: field, region, week or partner");
  enum base_code code = read_week(request, "to", &last, err);
  picture->axis = (enum store_picture_axis)axis;
  picture->to = last + CORE_WEEK;
  picture->from = picture->to - (base_time)CORE_PICTURE_WEEKS * CORE_WEEK;
  picture->kind = core_request_text(request, "kind");
  if (code == BASE_OK)
    code = read_week(request, "from", &picture->from, err);
  if (code == BASE_OK && picture->from >= picture->to)
    code = base_fail(err, BASE_FIELD, "to: a day before that of from");
  if (code == BASE_OK && (picture->to - picture->from) / CORE_WEEK > CORE_PICTURE_WEEKS_MAX)
    code = base_fail(err, BASE_FIELD, "from: at most %d weeks before to", CORE_PICTURE_WEEKS_MAX);
  return code;
}

/* --- the answer */

static void write_day(struct wire_writer *writer, const char *key, base_time day) {
  struct base_time_text text = base_time_format(day);
  wire_write_member_text(writer, key, base_view_of(text.text, sizeof "2026-11-23" - 1));
}

static void write_kinds(const struct picture *picture, struct wire_writer *writer) {
  const struct core *core = picture->core;
  wire_write_key(writer, "kinds");
  wire_write_array(writer);
  for (size_t i = 0; i < core->kind_count; i++)
    if (is_asked(picture, i))
      wire_write_text(writer, core->kinds[i]->kind.name);
  wire_write_end(writer, ']');
}

static void write_lines(const struct picture *picture, struct wire_writer *writer) {
  wire_write_key(writer, "rows");
  wire_write_array(writer);
  for (size_t i = 0; i < picture->count; i++) {
    const struct line *line = &picture->lines[i];
    struct base_view code = base_view_text(line->code);
    wire_write_object(writer);
    if (picture->axis == STORE_PICTURE_ALL)
      write_day(writer, "code", line->week);
    else
      wire_write_member_text(writer, "code",
                             picture->axis == STORE_PICTURE_AUTHOR ? core_show_name(picture->core, code) : code);
    wire_write_member_integer(writer, "cases", (int64_t)line->cases);
    wire_write_member_integer(writer, "before", (int64_t)line->before);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

struct alerts {
  const struct picture *picture;
  struct wire_writer *writer;
};

static enum base_code write_alert(void *context, const struct store_picture_alert *alert) {
  const struct alerts *alerts = context;
  const struct picture *picture = alerts->picture;
  struct wire_writer *writer = alerts->writer;
  const struct core_kind *kind = core_kind_named(picture->core, alert->kind);
  if ((picture->kind.size > 0 && !base_view_equal(picture->kind, alert->kind)) || kind == NULL ||
      !core_lanes_have(picture->lanes, kind->kind.lane))
    return BASE_OK;
  wire_write_object(writer);
  write_day(writer, "week", alert->week);
  wire_write_member_text(writer, "kind", alert->kind);
  wire_write_member_text(writer, "series", alert->code);
  wire_write_member_integer(writer, "cases", (int64_t)alert->cases);
  wire_write_member_integer(writer, "most", (int64_t)alert->most);
  wire_write_member_integer(writer, "leaf", (int64_t)alert->leaf);
  wire_write_end(writer, '}');
  return BASE_OK;
}

enum base_code core_picture_show(struct core *core, const struct wire_json *request, struct base_buf *out,
                                 struct base_error *err) {
  struct picture picture = {.core = core, .err = err};
  struct wire_writer writer;
  struct alerts alerts = {&picture, &writer};
  enum base_code code = read_request(&picture, request, err);
  if (code == BASE_OK)
    code = core_lane_view(core, request, &picture.lanes, err);
  if (code == BASE_OK)
    code = gather(&picture, err);
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  write_day(&writer, "from", picture.from);
  write_day(&writer, "to", picture.to - CORE_DAY);
  write_kinds(&picture, &writer);
  write_lines(&picture, &writer);
  wire_write_key(&writer, "alerts");
  wire_write_array(&writer);
  if (code == BASE_OK)
    code = store_picture_alerts(core->store, picture.from, picture.to, CORE_PICTURE_ALERTS, write_alert, &alerts, err);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  free(picture.lines);
  return code == BASE_OK ? base_buf_check(out, "the picture, which takes fewer weeks,", err) : code;
}
