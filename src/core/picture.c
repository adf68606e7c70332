/* SPDX-License-Identifier: Apache-2.0 */
#include "core/picture.h"

#include <stdio.h>

#include "core/events.h"
#include "core/register.h"

/* Each case of a kind with `picture` is counted as it is opened, from its header alone, in the step that admits it: a few
 * rows, however many there are. An exercise is never counted. */

bool core_picture_of(const struct core_case *kase, struct store_pictured *out) {
  const struct wire_kind *kind = &kase->kind->kind;
  const struct wire_header *opening = kase->messages[0].header;
  if (kind->picture_field.size == 0 || opening->exercise)
    return false;
  *out = (struct store_pictured){.week = law_picture_week(kase->row.opened),
                                 .kind = kind->name,
                                 .field = wire_header_state(opening, (const char *)kind->picture_field.data),
                                 .region = wire_header_state(opening, (const char *)kind->picture_region.data),
                                 .author = opening->author};
  return true;
}

/* --- alerts */

struct series {
  base_time first; /* of the weeks */
  size_t count;
  uint64_t weeks[LAW_PICTURE_WEEKS], now;
};

static enum base_code add_week(void *context, const struct store_picture *row) {
  struct series *series = context;
  size_t at = (size_t)((row->week - series->first) / CORE_WEEK);
  if (at < series->count)
    series->weeks[at] = row->cases;
  else if (at == series->count)
    series->now = row->cases;
  return BASE_OK;
}

/* The weeks before this one that were counted whole, those without any case too. */
static enum base_code read_series(struct core *core, const struct store_pictured *row, struct base_view code,
                                  struct series *out, struct base_error *err) {
  base_time begun = 0;
  enum base_code result = store_picture_first(core->store, row->kind, &begun, err);
  if (result != BASE_OK)
    return result;
  base_time whole = (row->week - begun) / CORE_WEEK - 1; /* the first one began somewhere within */
  *out = (struct series){.count = whole > LAW_PICTURE_WEEKS ? LAW_PICTURE_WEEKS : whole < 0 ? 0 : (size_t)whole};
  out->first = row->week - (base_time)out->count * CORE_WEEK;
  return store_picture_each(core->store, row->kind, STORE_PICTURE_SERIES, code, out->first, add_week, out, err);
}

struct core_picture_words core_picture_words(const struct store_picture_alert *alert) {
  struct core_picture_words words;
  (void)snprintf(words.text, sizeof words.text, "week of %.10s: above its range of at most %llu",
                 base_time_format(alert->week).text, (unsigned long long)alert->most);
  return words;
}

static enum base_code tell(struct core *core, const struct base_id *case_id, struct store_picture_alert *alert,
                           struct base_error *err) {
  struct core_picture_words words = core_picture_words(alert);
  char subject[WIRE_CODE_MAX + STORE_PICTURE_CODE_MAX + 2];
  struct core_leaf leaf;
  (void)snprintf(subject, sizeof subject, "%.*s %.*s", (int)alert->kind.size, (const char *)alert->kind.data,
                 (int)alert->code.size, (const char *)alert->code.data);
  struct wire_opening what = {.has_message = true,
                              .message = *case_id,
                              .number = alert->cases,
                              .subject = base_view_text(subject),
                              .reason = base_view_text(words.text)};
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_ALERT, &what, &leaf, err);
  if (code != BASE_OK)
    return code;
  alert->leaf = leaf.index;
  base_log(BASE_LOG_NOTICE, "picture.alert", "%s, %llu cases, %s", subject, (unsigned long long)alert->cases, words.text);
  core_event_alert(core, case_id, alert);
  return store_picture_alert_add(core->store, alert, err);
}

static enum base_code look_at(struct core *core, const struct base_id *case_id, const struct store_pictured *row,
                              struct base_error *err) {
  struct store_picture_code name = store_picture_code(row, STORE_PICTURE_SERIES);
  struct store_picture_alert alert = {.week = row->week, .kind = row->kind, .code = base_view_text(name.text)};
  struct series series;
  bool told = false;
  enum base_code code = read_series(core, row, alert.code, &series, err);
  if (code != BASE_OK)
    return code;
  alert.most = law_picture_most(series.weeks, series.count);
  alert.cases = series.now;
  if (alert.cases <= alert.most)
    return BASE_OK;
  code = store_picture_alert_find(core->store, alert.week, alert.kind, alert.code, &told, err);
  return code == BASE_OK && !told ? tell(core, case_id, &alert, err) : code;
}

enum base_code core_picture_note(struct core *core, const struct core_case *kase, const struct wire_header *header,
                                 struct base_error *err) {
  struct store_pictured row;
  if (!header->opens || !core_picture_of(kase, &row))
    return BASE_OK;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_pictured_add(core->store, &kase->id, &row, err);
  return code == BASE_OK ? look_at(core, &kase->id, &row, err) : code;
}

static enum base_code count_alert(void *context, const struct store_picture_alert *alert) {
  (void)alert;
  ++*(int64_t *)context;
  return BASE_OK;
}

enum base_code core_picture_status(struct core *core, struct wire_writer *writer, struct base_error *err) {
  base_time week = law_picture_week(core_now(core));
  int64_t alerts = 0;
  enum base_code code =
      store_picture_alerts(core->store, week, INT64_MAX, CORE_PICTURE_ALERTS, count_alert, &alerts, err);
  wire_write_member_integer(writer, "alerts", alerts);
  return code;
}
