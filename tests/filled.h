/* SPDX-License-Identifier: Apache-2.0
 * For tests, fuzzers, the simulator and bench: a form of whatever type with values that its kind allows. */
#ifndef WASL_TESTS_FILLED_H
#define WASL_TESTS_FILLED_H

#include <stdio.h>
#include <string.h>

#include "wire/kind.h"

struct filled {
  size_t (*below)(void *context, size_t limit); /* what is chosen: 0 to limit - 1 */
  void *context;
  size_t characters, rows, codes; /* at most so many of a text, a table, an array of codes */
  size_t optional;                /* of 100 fields that are not required so many are there */
  base_time now;
  bool same;                      /* rows say the same in every form: what one is for is settled by the first that says it */
  const char *without;            /* a field that is left out; NULL: none */
  struct base_view item, message; /* ids: of the item that a field names, of any message */
  struct base_view party, other;  /* any; one that does not write it, where a field asks for that */
};

static inline void filled_text(struct wire_writer *writer, size_t characters) {
  static const char words[] = "crossing 40 vehicles, Tanger Med, l'été à Saïdia; معبر سبتة الحدودي، أربعون مركبة ";
  BASE_AUTO_BUF struct base_buf text = {0};
  size_t at = 0;
  for (size_t count = 0; count < characters; count++) {
    uint32_t point;
    size_t size = base_utf8_next(base_view_of((const uint8_t *)words + at, sizeof words - 1 - at), &point);
    base_buf_add(&text, words + at, size);
    at = (at + size) % (sizeof words - 1);
  }
  wire_write_text(writer, base_buf_view(&text));
}

static inline void filled_codes(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  bool names = field->type == WIRE_FIELD_NAMES;
  size_t most = names ? (size_t)field->most : field->list->count, least = names ? (size_t)field->least : 1;
  size_t count = most < how->codes ? most : how->codes;
  wire_write_array(writer);
  for (size_t i = 0; i < count || i < least; i++) {
    char name[] = {'n', (char)('a' + i / 26 % 26), (char)('a' + i % 26), 0};
    if (names)
      wire_write_string(writer, name);
    else
      wire_write_text(writer, field->list->codes[i]);
  }
  wire_write_end(writer, ']');
}

/* What is drawn for the fields of a type, or the columns of one row, so that they fit each other. */
struct filled_plan {
  int64_t days[WIRE_KIND_FIELDS_MAX];  /* of a date or time, from now on */
  size_t chosen[WIRE_KIND_FIELDS_MAX]; /* of a code or bool */
  bool there[WIRE_KIND_FIELDS_MAX];
};

enum { FILLED_DAYS = 90 };

/* The latest days that fit all of not_before and not_after: none is later than was drawn for it, and they are pulled back
 * until nothing moves. False: `now` itself would have to lie before now. */
static inline bool filled_pull(const struct wire_kind_field *fields, size_t count, int64_t *days) {
  bool moving = true, now = true;
  while (moving && now) {
    moving = false;
    for (size_t i = 0; i < count; i++)
      for (size_t k = 0; fields[i].rules != NULL && k < fields[i].rules->bound_count; k++) {
        const struct wire_bound *bound = &fields[i].rules->bounds[k];
        int64_t none = 0, *other = bound->field != NULL ? &days[bound->field - fields] : &none;
        int64_t *least = bound->after ? &days[i] : other, most = bound->after ? *other + bound->days : days[i] - bound->days;
        if (*least <= most)
          continue;
        *least = most;
        moving = true;
        now = now && none >= 0;
      }
  }
  return now;
}

static inline bool filled_holds(const struct wire_when *when, const struct wire_kind_field *fields, const struct filled_plan *plan) {
  if (when->count == 0)
    return false;
  size_t at = (size_t)(when->field - fields);
  const char *truth = plan->there[at] && plan->chosen[at] == 0 ? "true" : "false"; /* the first of two is true */
  struct base_view is = when->bools           ? base_view_text(truth)
                        : plan->there[at]     ? when->field->list->codes[plan->chosen[at]]
                                              : (struct base_view){0};
  for (size_t i = 0; i < when->count; i++)
    if (base_view_equal(when->is[i], is))
      return true;
  return false;
}

/* Where there is no message that could be named (an id of zeroes), none is, unless it must. */
static inline bool filled_nameless(const struct wire_kind_field *field, const struct filled *how) {
  static const struct base_id none;
  return field->type == WIRE_FIELD_REFERENCE && base_view_is(how->message, base_id_text(&none).text);
}

static inline bool filled_there(const struct wire_kind_field *field, const struct filled *how) {
  bool drawn = field->required || ((how->without == NULL || !base_view_is(field->name, how->without)) &&
                                   how->below(how->context, 100) < how->optional);
  return drawn && (field->required || !filled_nameless(field, how));
}

/* Beyond what an earlier message, which is not at hand, may have said: it was drawn from the days before. */
static inline int64_t filled_later(const struct wire_kind_field *field) {
  return field->rules != NULL && field->rules->earlier_count > 0 && !field->rules->earlier[0].after ? FILLED_DAYS : 0;
}

static inline void filled_draw(const struct wire_kind_field *fields, size_t count, const struct filled *how, bool same,
                               struct filled_plan *plan) {
  int64_t drawn[WIRE_KIND_FIELDS_MAX] = {0};
  for (size_t i = 0; i < count; i++) {
    plan->there[i] = filled_there(&fields[i], how);
    plan->chosen[i] = 0;
    if (fields[i].type == WIRE_FIELD_DATE || fields[i].type == WIRE_FIELD_TIME)
      drawn[i] = (int64_t)how->below(how->context, FILLED_DAYS) + filled_later(&fields[i]);
    if (!same && (fields[i].type == WIRE_FIELD_CODE || (fields[i].type == WIRE_FIELD_BOOL && !fields[i].must_be)))
      plan->chosen[i] = how->below(how->context, fields[i].type == WIRE_FIELD_CODE ? fields[i].list->count : 2);
  }
  for (int64_t more = 0; more <= WIRE_BOUND_DAYS_MAX; more = 2 * more + FILLED_DAYS) {
    for (size_t i = 0; i < count; i++)
      plan->days[i] = drawn[i] + more;
    if (filled_pull(fields, count, plan->days))
      break;
  }
  for (size_t i = 0; i < count; i++)
    if (fields[i].rules != NULL)
      plan->there[i] = (plan->there[i] || filled_holds(&fields[i].rules->required, fields, plan)) &&
                       !filled_holds(&fields[i].rules->absent, fields, plan);
}

/* What core asks of the record of a person: a grade is a code, and nothing is true as of a day to come. */
static inline bool filled_record(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  bool grading = base_view_is(field->name, "grading"), as_of = base_view_is(field->name, "as_of");
  struct base_time_text day = base_time_format(how->now - 86400);
  if (grading)
    wire_write_string(writer, "4x4:B/3");
  else if (as_of)
    wire_write_text(writer, base_view_of((const uint8_t *)day.text, 10));
  return grading || as_of;
}

/* The least that it takes. */
static inline int64_t filled_integer(const struct wire_kind_field *field) {
  int64_t rest = field->multiple != 0 ? field->least % field->multiple : 0;
  return rest == 0 ? field->least : field->least - rest + (rest > 0 ? field->multiple : 0);
}

static inline void filled_value(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how,
                                int64_t days, size_t chosen) {
  struct base_time_text time = base_time_format(how->now + days * 86400);
  size_t most = (size_t)field->most;
  if (filled_record(writer, field, how))
    return;
  switch (field->type) {
  case WIRE_FIELD_CODE:
    wire_write_text(writer, field->list->codes[chosen]);
    break;
  case WIRE_FIELD_DATE:
    wire_write_text(writer, base_view_of((const uint8_t *)time.text, 10));
    break;
  case WIRE_FIELD_TIME:
    wire_write_string(writer, time.text);
    break;
  case WIRE_FIELD_INTEGER:
    wire_write_integer(writer, filled_integer(field));
    break;
  case WIRE_FIELD_BOOL:
    wire_write_bool(writer, chosen == 0);
    break;
  case WIRE_FIELD_MESSAGE:
    wire_write_text(writer, field->item.size > 0 ? how->item : how->message);
    break;
  case WIRE_FIELD_REFERENCE:
  case WIRE_FIELD_HASH:
    wire_write_text(writer, how->message);
    break;
  case WIRE_FIELD_PARTY:
    wire_write_text(writer, field->other ? how->other : how->party);
    break;
  case WIRE_FIELD_NAME:
    wire_write_string(writer, "request");
    break;
  case WIRE_FIELD_CODES:
  case WIRE_FIELD_NAMES:
    filled_codes(writer, field, how);
    break;
  case WIRE_FIELD_TABLE:
    break; /* by filled_table: it has none within */
  default:
    filled_text(writer, most < how->characters ? most : how->characters);
  }
}

/* Each row's own, and the same in every form: what answers these rows answers them. */
static inline void filled_key(struct wire_writer *writer, const struct wire_kind_field *key, size_t row) {
  char number[24];
  (void)snprintf(number, sizeof number, "%zu", row + 1);
  wire_write_text(writer, key->type == WIRE_FIELD_CODE ? key->list->codes[row] : base_view_text(number));
}

static inline void filled_table(struct wire_writer *writer, const struct wire_kind_field *field, const struct filled *how) {
  size_t rows = (size_t)field->most < how->rows ? (size_t)field->most : how->rows;
  struct filled_plan plan;
  if (field->key != NULL && field->key->type == WIRE_FIELD_CODE && rows > field->key->list->count)
    rows = field->key->list->count;
  wire_write_array(writer);
  for (size_t i = 0; i < rows || i < (size_t)field->least; i++) {
    wire_write_object(writer);
    filled_draw(field->columns, field->column_count, how, how->same, &plan);
    for (size_t k = 0; k < field->column_count; k++)
      if (plan.there[k]) {
        wire_write_key_view(writer, field->columns[k].name);
        if (&field->columns[k] == field->key)
          filled_key(writer, field->key, i);
        else
          filled_value(writer, &field->columns[k], how, plan.days[k], plan.chosen[k]);
      }
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* An object of all fields, as --fields takes it. */
static inline void filled_form(struct wire_writer *writer, const struct wire_kind_type *type, const struct filled *how) {
  struct filled_plan plan;
  filled_draw(type->fields, type->field_count, how, false, &plan);
  wire_write_object(writer);
  for (size_t i = 0; i < type->field_count; i++) {
    if (!plan.there[i])
      continue;
    wire_write_key_view(writer, type->fields[i].name);
    if (type->fields[i].type == WIRE_FIELD_TABLE)
      filled_table(writer, &type->fields[i], how);
    else
      filled_value(writer, &type->fields[i], how, plan.days[i], plan.chosen[i]);
  }
  wire_write_end(writer, '}');
}

#endif
