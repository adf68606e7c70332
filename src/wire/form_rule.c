/* SPDX-License-Identifier: Apache-2.0
 * The values of a form against each other, and against the moment at which it is written. spec/kind.md, "Values against
 * each other". */
#include "wire/kind_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* Where on earth it is earliest and latest: a day is over when it is over everywhere, and has begun when it has somewhere. */
enum { DAY = 86400, BEHIND = 12 * 3600, AHEAD = 14 * 3600 };

/* What stands in a field beside; empty: nothing, nothing that could be read, which is told of the field itself, or in a
 * header what is no state field. */
static struct base_view text_beside(const struct wire_beside *beside, const struct wire_kind_field *field) {
  if (beside->header)
    return wire_header_state(beside->header, wire_kind_text(field->name));
  const struct wire_json *value = wire_json_get(beside->object, wire_kind_text(field->name));
  if (field->type == WIRE_FIELD_BOOL && (!value || wire_json_type(value) == WIRE_JSON_BOOL)) /* one that is not there says no */
    return base_view_text(wire_json_true(value) ? "true" : "false");
  return wire_json_text(value);
}

static bool holds(const struct wire_when *condition, const struct wire_beside *beside) {
  return condition->count > 0 &&
         wire_kind_place(condition->is, condition->count, text_beside(beside, condition->field)) < condition->count;
}

struct moment {
  int64_t day;
  base_time time; /* of a date its midnight UTC */
};

static bool read_moment(enum wire_field_type type, struct base_view text, struct moment *out) {
  if (type == WIRE_FIELD_DATE) {
    *out = (struct moment){0};
    return base_date_day(text, &out->day);
  }
  if (!base_time_parse(text, &out->time) && !base_date_parse(text, &out->time))
    return false;
  out->day = out->time / DAY;
  return true;
}

/* Two times are held against each other as moments; a date is a whole day, so beside one days are compared. */
static bool fits(const struct wire_bound *bound, enum wire_field_type type, const struct moment *value,
                 const struct moment *other) {
  bool moments = type == WIRE_FIELD_TIME && (!bound->field || bound->field->type == WIRE_FIELD_TIME);
  int64_t left = moments ? value->time : value->day;
  int64_t right = moments ? other->time + bound->days * DAY : other->day + bound->days;
  return bound->after ? left <= right : left >= right;
}

/* As lenient as clocks and time zones ask for. */
static struct moment now_for(const struct wire_bound *bound, base_time now) {
  return bound->after ? (struct moment){.time = now + WIRE_NOW_SLACK, .day = (now + AHEAD) / DAY}
                      : (struct moment){.time = now - WIRE_NOW_SLACK, .day = (now - BEHIND) / DAY};
}

/* What the bound names: "begins", "2 days after begins", "today", of an earlier message "depart.at". Its formats are whole, for
 * they are told in five languages. */
struct bound_text {
  char text[2 * WIRE_CODE_MAX + 64];
};
static struct bound_text bound_text(const struct wire_bound *bound, enum wire_field_type type) {
  struct bound_text out;
  char to[2 * WIRE_CODE_MAX + 2];
  (void)snprintf(to, sizeof to, "%s%s%s", wire_kind_text(bound->of), bound->type ? "." : "",
                 bound->field ? wire_kind_text(bound->name) : type == WIRE_FIELD_DATE ? "today" : "now");
  const int64_t days = bound->days < 0 ? -bound->days : bound->days;
  if (days == 0)
    (void)snprintf(out.text, sizeof out.text, "%s", to);
  else if (days == 1)
    (void)snprintf(out.text, sizeof out.text, bound->days < 0 ? "1 day before %s" : "1 day after %s", to);
  else
    (void)snprintf(out.text, sizeof out.text, bound->days < 0 ? "%" PRId64 " days before %s" : "%" PRId64 " days after %s",
                   days, to);
  return out;
}

static enum base_code fail_bound(const struct wire_bound *bound, enum wire_field_type type, struct base_view value,
                                 struct base_view other, const struct wire_place *place, struct base_error *err) {
  return base_fail(err, BASE_FIELD,
                   bound->after ? "%s: %s: %.*s must not be later than %s (%.*s)"
                                : "%s: %s: %.*s must not be earlier than %s (%.*s)",
                   place->what, wire_place_text(place).text, (int)value.size, (const char *)value.data,
                   bound_text(bound, type).text, (int)other.size, (const char *)other.data);
}

static enum base_code check_bound(const struct wire_bound *bound, enum wire_field_type type, struct base_view value,
                                  const struct wire_beside *beside, const struct wire_place *place,
                                  struct base_error *err) {
  struct moment own = {0}, other = {0};
  struct base_time_text now = {0};
  struct base_view text = {0};
  if (bound->field)
    text = text_beside(beside, bound->field);
  bool known = !bound->field || (text.size > 0 && read_moment(bound->field->type, text, &other));
  if (!known)
    return BASE_OK;
  (void)read_moment(type, value, &own); /* it was looked at already */
  if (!bound->field) {
    now = base_time_format(beside->now);
    text = base_view_of(now.text, type == WIRE_FIELD_DATE ? sizeof "YYYY-MM-DD" - 1 : BASE_TIME_TEXT);
    other = now_for(bound, beside->now);
  }
  return fits(bound, type, &own, &other) ? BASE_OK : fail_bound(bound, type, value, text, place, err);
}

static enum base_code fail_condition(const struct wire_when *condition, bool there, const struct wire_beside *beside,
                                     const struct wire_place *place, struct base_error *err) {
  struct base_view is = text_beside(beside, condition->field);
  return base_fail(err, BASE_FIELD, "%s: %s: %s when %s is %.*s", place->what, wire_place_text(place).text,
                   there ? "must not be there" : "missing: it must be there", wire_kind_text(condition->name), (int)is.size,
                   (const char *)is.data);
}

enum base_code wire_rules_check(const struct wire_kind_field *field, bool there, struct base_view value,
                                const struct wire_beside *beside, const struct wire_place *place, struct base_error *err) {
  const struct wire_rules *rules = field->rules;
  if (!rules || !rules->joined)
    return BASE_OK;
  const struct wire_when *condition = there ? &rules->absent : &rules->required;
  if (holds(condition, beside))
    return fail_condition(condition, there, beside, place, err);
  enum base_code code = BASE_OK;
  for (size_t i = 0; there && i < rules->bound_count && !code; i++)
    code = check_bound(&rules->bounds[i], field->type, value, beside, place, err);
  return code;
}

enum base_code wire_earlier_check(const struct wire_kind_field *field, const struct wire_bound *bound, struct base_view value,
                                  struct base_view other, struct base_error *err) {
  const struct wire_place place = {.what = "fields", .path = "$", .name = wire_kind_text(field->name)};
  struct moment own = {0}, then = {0};
  if (!read_moment(field->type, value, &own) || !read_moment(bound->field->type, other, &then))
    return BASE_OK; /* it is not there; or a partner wrote it, whose content is not held to its kind */
  return fits(bound, field->type, &own, &then) ? BASE_OK : fail_bound(bound, field->type, value, other, &place, err);
}

enum base_code wire_written_check(const struct wire_kind_type *type, const struct wire_bound *bound, base_time now,
                                  struct base_view other, struct base_error *err) {
  struct moment then = {0}, written = {.time = now, .day = (bound->after ? now - BEHIND : now + AHEAD) / DAY};
  if (!read_moment(bound->field->type, other, &then) || fits(bound, WIRE_FIELD_TIME, &written, &then))
    return BASE_OK;
  return base_fail(err, BASE_TRANSITION,
                   bound->after ? "%s: not possible later than %s (%.*s), and it is %s: ask who said that to say it anew"
                                : "%s: not possible earlier than %s (%.*s), and it is %s: send it from then on",
                   wire_kind_text(type->name), bound_text(bound, WIRE_FIELD_TIME).text, (int)other.size,
                   (const char *)other.data, base_time_format(now).text);
}
