/* SPDX-License-Identifier: Apache-2.0
 * What a field must be to the others of its form: read here, and held against each other so that no kind asks for what
 * nothing satisfies. spec/kind.md, "Values against each other". */
#include "wire/kind_internal.h"

#include <stdarg.h>
#include <stdio.h>

/* An example must fit whenever it is shown: what fits at both of these moments fits at each between them. */
static const base_time FIRST_SHOWN = 1767225600 /* 2026-01-01 */, LAST_SHOWN = 221845392000 /* 9000-01-01 */;

bool wire_field_moment(enum wire_field_type type) {
  return type == WIRE_FIELD_DATE || type == WIRE_FIELD_TIME;
}

/* --- as they are written */

/* One of earlier messages: of one type, or of whichever of several was sent last. */
static void take_earlier(struct wire_object *object, const struct wire_bound *said, struct base_arena *arena,
                         struct wire_rules *rules) {
  bool many = wire_json_type(wire_json_get(object->json, "of")) == WIRE_JSON_ARRAY;
  const struct wire_json *array = many ? wire_object_array(object, "of", 2, WIRE_BOUND_TYPES_MAX) : NULL;
  struct base_view one = many ? (struct base_view){0} : wire_kind_take_code(object, "of", arena, true), *of = &one;
  size_t count = 1;
  if (array)
    of = wire_kind_copy_codes(object, "of", array, arena, WIRE_BOUND_TYPES_MAX, &count);
  for (size_t i = 0; i < count && !object->code; i++) {
    struct wire_bound *bound = &rules->earlier[rules->earlier_count++];
    *bound = *said;
    bound->of = of[i];
    bound->or_next = i + 1 < count;
  }
}

static void take_bound(struct wire_object *object, bool after, struct base_arena *arena, struct wire_rules *rules) {
  bool earlier = wire_json_get(object->json, "of") != NULL, days = wire_json_get(object->json, "days") != NULL;
  struct wire_bound bound = {.after = after, .name = wire_kind_take_code(object, "field", arena, earlier)};
  bound.days = wire_object_integer(object, "days", -WIRE_BOUND_DAYS_MAX, WIRE_BOUND_DAYS_MAX, false);
  if (!object->code && bound.name.size == 0 && !days)
    wire_object_fail(object, BASE_FIELD, NULL, "needs field, or days, or both");
  if (earlier)
    take_earlier(object, &bound, arena, rules);
  else if (!object->code)
    rules->bounds[rules->bound_count++] = bound;
}

/* One of them, or an array. */
static void take_bounds(struct wire_object *object, const char *key, bool after, enum wire_field_type type,
                        struct base_arena *arena, struct wire_rules *rules) {
  const struct wire_json *value = wire_json_get(object->json, key);
  bool many = wire_json_type(value) == WIRE_JSON_ARRAY;
  struct wire_object one;
  if (!value)
    return;
  if (!wire_field_moment(type))
    wire_object_fail(object, BASE_FIELD, key, "goes with a date or a time");
  const struct wire_json *array = many ? wire_object_array(object, key, 1, WIRE_BOUNDS_MAX) : NULL;
  size_t count = many ? wire_json_size(array) : 1;
  for (size_t i = 0; i < count && !object->code; i++) {
    if (many)
      wire_object_begin_at(&one, object, key, array, i);
    else
      wire_object_begin_in(&one, object, key);
    take_bound(&one, after, arena, rules);
    wire_object_close(&one, object);
  }
}

/* `is`: codes, or true or false. */
static void take_values(struct wire_object *object, struct base_arena *arena, struct wire_when *condition) {
  const struct wire_json *array = wire_object_array(object, "is", 1, WIRE_KIND_CODES_MAX);
  condition->bools = wire_json_type(wire_json_at(array, 0)) == WIRE_JSON_BOOL;
  if (array && !condition->bools) {
    condition->is = wire_kind_copy_codes(object, "is", array, arena, WIRE_KIND_CODES_MAX, &condition->count);
  } else if (array && wire_json_size(array) > 1) {
    wire_object_fail(object, BASE_FIELD, "is", "is true alone, or false alone, or holds codes");
  } else if (array) {
    condition->is = base_arena_array(arena, 1, sizeof *condition->is);
    condition->count = condition->is != NULL;
    if (!condition->is)
      wire_object_fail(object, BASE_MEMORY, "is", "no memory left");
    else
      *condition->is = base_view_text(wire_json_true(wire_json_at(array, 0)) ? "true" : "false");
  }
}

static void take_condition(struct wire_object *object, const char *key, const struct wire_kind_field *field,
                           struct base_arena *arena, struct wire_when *condition) {
  struct wire_object inner;
  if (!wire_json_get(object->json, key))
    return;
  wire_object_begin_in(&inner, object, key);
  condition->name = wire_kind_take_code(&inner, "field", arena, true);
  take_values(&inner, arena, condition);
  wire_object_close(&inner, object);
  if (!object->code && field->required)
    wire_object_fail(object, BASE_FIELD, key, "goes with a field that is not required");
}

static bool any_multiple(const struct wire_kind_field *field) {
  int64_t rest = field->most % field->multiple;
  uint64_t below = (uint64_t)(rest < 0 ? rest + field->multiple : rest); /* so far below `most` lies the first of them */
  return (uint64_t)field->most - (uint64_t)field->least >= below;
}

static void take_narrower(struct wire_object *object, struct wire_kind_field *field) {
  bool multiple = wire_json_get(object->json, "multiple") != NULL, must = wire_json_get(object->json, "must_be") != NULL;
  field->multiple = wire_object_integer(object, "multiple", 2, INT64_MAX, false);
  field->must_be = wire_object_bool(object, "must_be", false);
  if (multiple && field->type != WIRE_FIELD_INTEGER)
    wire_object_fail(object, BASE_FIELD, "multiple", "goes with an integer");
  else if (!object->code && multiple && !any_multiple(field))
    wire_object_fail(object, BASE_FIELD, "multiple", "none lies between `least` and `most`");
  field->other = wire_object_bool(object, "other", false);
  if (field->other && field->type != WIRE_FIELD_PARTY)
    wire_object_fail(object, BASE_FIELD, "other", "goes with a party");
  if (must && !(field->type == WIRE_FIELD_BOOL && field->must_be))
    wire_object_fail(object, BASE_FIELD, "must_be", "is true, of a bool, or not there");
}

void wire_kind_take_rules(struct wire_object *object, struct base_arena *arena, struct wire_kind_field *field) {
  static const char *const keys[] = {"not_before", "not_after", "absent_when", "required_when"};
  bool any = false;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    any = any || wire_json_get(object->json, keys[i]) != NULL;
  take_narrower(object, field);
  if (!any)
    return;
  field->rules = base_arena_array(arena, 1, sizeof *field->rules);
  if (!field->rules) {
    wire_object_fail(object, BASE_MEMORY, NULL, "no memory left");
    return;
  }
  take_bounds(object, keys[0], false, field->type, arena, field->rules);
  take_bounds(object, keys[1], true, field->type, arena, field->rules);
  take_condition(object, keys[2], field, arena, &field->rules->absent);
  take_condition(object, keys[3], field, arena, &field->rules->required);
}

void wire_kind_take_written(struct wire_object *object, struct base_arena *arena, struct wire_kind_type *type) {
  static const char *const keys[] = {"not_before", "not_after"};
  if (!wire_json_get(object->json, keys[0]) && !wire_json_get(object->json, keys[1]))
    return;
  type->written = base_arena_array(arena, 1, sizeof *type->written);
  if (!type->written) {
    wire_object_fail(object, BASE_MEMORY, NULL, "no memory left");
    return;
  }
  for (size_t i = 0; i < 2; i++) {
    take_bounds(object, keys[i], i == 1, WIRE_FIELD_TIME, arena, type->written);
    if (!object->code && type->written->bound_count > 0)
      wire_object_fail(object, BASE_FIELD, keys[i], "of a type it names an earlier message: needs of");
  }
}

/* --- what they name */

/* The fields of a type, or the columns of a table: what stands beside each other. */
struct beside {
  struct wire_object *object; /* the type */
  const char *path;           /* of these within it */
  struct wire_kind_field *fields;
  size_t count;
};

__attribute__((format(printf, 4, 5))) static void fail(const struct beside *beside, const struct wire_kind_field *field,
                                                       const char *rule, const char *format, ...) {
  char key[128], text[200];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  (void)snprintf(key, sizeof key, "%s[%zu].%s", beside->path, (size_t)(field - beside->fields), rule);
  wire_object_fail(beside->object, BASE_FIELD, key, "%s", text);
}

static const struct wire_kind_field *named(const struct beside *beside, struct base_view name) {
  for (size_t i = 0; i < beside->count; i++)
    if (base_view_equal(beside->fields[i].name, name))
      return &beside->fields[i];
  return NULL;
}

static const char *bound_key(const struct wire_bound *bound) {
  return bound->after ? "not_after" : "not_before";
}

static void join_bounds(const struct beside *beside, const struct wire_kind_field *field) {
  for (size_t i = 0; i < field->rules->bound_count; i++) {
    struct wire_bound *bound = &field->rules->bounds[i];
    if (bound->name.size == 0)
      continue;
    bound->field = named(beside, bound->name);
    if (!bound->field || !wire_field_moment(bound->field->type))
      fail(beside, field, bound_key(bound), "%s is no field of type date or time beside it", wire_kind_text(bound->name));
    else if (bound->field == field)
      fail(beside, field, bound_key(bound), "names the field itself");
  }
}

static bool list_has(const struct wire_kind_list *list, struct base_view code) {
  for (size_t i = 0; i < list->count; i++)
    if (base_view_equal(list->codes[i], code))
      return true;
  return false;
}

static void join_values(const struct beside *beside, const struct wire_kind_field *field, const char *key,
                        const struct wire_when *condition) {
  const struct wire_kind_list *list = condition->field->list;
  if (condition->bools != (condition->field->type == WIRE_FIELD_BOOL))
    fail(beside, field, key, condition->bools ? "%s is a code, and neither true nor false" : "%s is true or false, and no code",
         wire_kind_text(condition->name));
  for (size_t i = 0; i < condition->count && !condition->bools && !beside->object->code; i++)
    if (!list_has(list, condition->is[i]))
      fail(beside, field, key, "%s is no code of the list of %s", wire_kind_text(condition->is[i]),
           wire_kind_text(condition->name));
  if (!beside->object->code && !condition->bools && condition->count == list->count)
    fail(beside, field, key, "holds every code of %s: then it is no condition", wire_kind_text(condition->name));
}

static void join_condition(const struct beside *beside, const struct wire_kind_field *field, const char *key,
                           struct wire_when *condition) {
  if (condition->count == 0)
    return;
  condition->field = named(beside, condition->name);
  const struct wire_kind_field *other = condition->field;
  if (!other || (other->type != WIRE_FIELD_BOOL && other->type != WIRE_FIELD_CODE))
    fail(beside, field, key, "%s is no field of type bool or code beside it", wire_kind_text(condition->name));
  else if (other == field)
    fail(beside, field, key, "names the field itself");
  else if (other->rules) /* of these types they are conditions alone */
    fail(beside, field, key, "%s has a condition of its own", wire_kind_text(condition->name));
  else
    join_values(beside, field, key, condition);
}

/* Both hold at once: then nothing may be written. */
static bool contradict(const struct wire_when *absent, const struct wire_when *required) {
  bool both = absent->count > 0 && required->count > 0;
  bool shared = both && absent->field != required->field;
  for (size_t i = 0; both && i < absent->count; i++)
    shared = shared || wire_kind_place(required->is, required->count, absent->is[i]) < required->count;
  return shared;
}

/* --- whether any days satisfy them */

/* Days of one field after another's at least; `now` is the moment of writing, in `count`. */
struct distance {
  size_t from, to;
  int64_t days;
};

static size_t distances_of(const struct beside *beside, struct distance *out) {
  size_t count = 0;
  for (size_t i = 0; i < beside->count; i++)
    for (size_t k = 0; beside->fields[i].rules && k < beside->fields[i].rules->bound_count; k++) {
      const struct wire_bound *bound = &beside->fields[i].rules->bounds[k];
      size_t other = bound->field ? (size_t)(bound->field - beside->fields) : beside->count;
      int64_t slack = !bound->field && beside->fields[i].type == WIRE_FIELD_DATE; /* it is two days at once on earth */
      out[count++] = bound->after ? (struct distance){i, other, -bound->days - slack}
                                  : (struct distance){other, i, bound->days - slack};
    }
  return count;
}

/* The earliest day of each is pushed on until all hold; what is still pushed after as many rounds as there are fields is
 * pushed by itself, round a circle. */
static void check_days(const struct beside *beside) {
  struct distance distances[WIRE_KIND_FIELDS_MAX * 2 * WIRE_BOUNDS_MAX];
  int64_t earliest[WIRE_KIND_FIELDS_MAX + 1] = {0};
  size_t count = distances_of(beside, distances), pushed = beside->count;
  bool moving = true;
  for (size_t round = 0; moving && round <= beside->count + 1; round++) {
    moving = false;
    for (size_t i = 0; i < count; i++) {
      const struct distance *each = &distances[i];
      if (earliest[each->from] + each->days <= earliest[each->to])
        continue;
      earliest[each->to] = earliest[each->from] + each->days;
      pushed = each->to < beside->count ? each->to : each->from;
      moving = true;
    }
  }
  if (moving)
    wire_object_fail(beside->object, BASE_FIELD, beside->path, "no day of %s fits not_before and not_after, its own and those of others",
                     wire_kind_text(beside->fields[pushed].name));
}

static bool join(const struct beside *beside) {
  bool any = false;
  for (size_t i = 0; i < beside->count && !beside->object->code; i++) {
    const struct wire_kind_field *field = &beside->fields[i];
    if (!field->rules)
      continue;
    join_bounds(beside, field);
    join_condition(beside, field, "absent_when", &field->rules->absent);
    join_condition(beside, field, "required_when", &field->rules->required);
    if (!beside->object->code && contradict(&field->rules->absent, &field->rules->required))
      fail(beside, field, "required_when", "can hold together with absent_when");
    field->rules->joined = !beside->object->code;
    any = true;
  }
  if (any && !beside->object->code)
    check_days(beside);
  return any;
}

/* --- the example */

static void try_example(struct wire_object *object, const struct wire_kind *kind, const struct wire_kind_type *type,
                        base_time now) {
  static const struct wire_form_parties two = {
      .count = 2, .all = {{BASE_VIEW("self"), BASE_VIEW("self")}, {BASE_VIEW("other"), BASE_VIEW("other")}}};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf text = {0}, rest = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct wire_form form;
  struct base_error err = {0};
  base_arena_init(&arena, WIRE_KIND_ARENA);
  enum base_code code = wire_form_example(kind, type, now, NULL, &text, &err);
  if (!code)
    code = wire_json_parse(base_buf_view(&text), WIRE_KIND_MAX, "example", &json, &err);
  if (!code)
    code = wire_form_check(&two, type, json, now, &arena, &form, &rest, &err);
  if (code == BASE_MEMORY)
    wire_object_fail(object, code, "fields", "no memory left");
  else if (code)
    wire_object_fail(object, code, "fields", "the examples do not fit each other: %s", err.text);
}

void wire_kind_join_rules(struct wire_object *object, const struct wire_kind *kind, const struct wire_kind_type *type) {
  struct beside beside = {.object = object, .path = "fields", .fields = type->fields, .count = type->field_count};
  bool any = join(&beside);
  for (size_t i = 0; i < type->field_count && !object->code; i++) {
    const struct wire_kind_field *table = &type->fields[i];
    char path[48];
    (void)snprintf(path, sizeof path, "fields[%zu].columns", i);
    struct beside columns = {.object = object, .path = path, .fields = table->columns, .count = table->column_count};
    any = join(&columns) || any;
  }
  if (any && !object->code)
    try_example(object, kind, type, FIRST_SHOWN);
  if (any && !object->code)
    try_example(object, kind, type, LAST_SHOWN);
}
