/* SPDX-License-Identifier: Apache-2.0
 * Every kind that ships, whatever its name: it parses, its labels fit it, each of its types has an example that it takes
 * itself, and the lists that several kinds have are the same in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

static const base_time NOW = 1795248000; /* 2026-11-21T08:00:00Z */

enum { KINDS_MAX = 64 };
static struct shipped kinds[KINDS_MAX];
static size_t kind_count;

static int load_all(void **state) {
  (void)state;
  for (size_t i = 0; i < kinds_count; i++) {
    const char *name = kinds_files[i].name;
    const char *end = strchr(name, '.');
    char alone[49];
    if (end == NULL || strcmp(end, ".json") != 0)
      continue;
    assert_true(kind_count < KINDS_MAX && (size_t)(end - name) < sizeof alone);
    (void)snprintf(alone, sizeof alone, "%.*s", (int)(end - name), name);
    shipped_load(&kinds[kind_count], alone);
    assert_true(base_view_is(kinds[kind_count++].kind.name, alone));
  }
  return kind_count > 6 ? 0 : -1;
}

static int free_all(void **state) {
  (void)state;
  while (kind_count > 0)
    base_arena_free(&kinds[--kind_count].arena);
  return 0;
}

/* Whom a field of type party may name; the first is "self". */
static const struct wire_form_parties parties = {
    .count = 2,
    .all = {{{(const uint8_t *)"rabat", 5}, {(const uint8_t *)"wasl/rabat/0000000000000000", 27}},
            {{(const uint8_t *)"paris", 5}, {(const uint8_t *)"wasl/paris/1111111111111111", 27}}}};

static const struct wire_kind *kind_named(const char *name) {
  for (size_t i = 0; i < kind_count; i++)
    if (base_view_is(kinds[i].kind.name, name))
      return &kinds[i].kind;
  fail_msg("no kind %s", name);
  return NULL;
}

static void labels_fit(void **state) {
  (void)state;
  for (size_t i = 0; i < kind_count; i++) {
    struct wire_labels labels;
    struct base_error err;
    if (wire_labels_parse(kinds[i].labels, &kinds[i].kind, &labels, &err) != BASE_OK)
      fail_msg("%s: %s", (const char *)kinds[i].kind.name.data, err.text);
    wire_labels_free(&labels);
  }
}

static void takes_example(const struct wire_kind *kind, const struct wire_kind_type *type) {
  BASE_AUTO_BUF struct base_buf text = {0}, rest = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_arena arena;
  struct wire_form form;
  struct base_error err = {0};
  base_arena_init(&arena, 1 << 20);
  if (wire_form_example(kind, type, NOW, NULL, &text, &err) != BASE_OK ||
      wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, &err) != BASE_OK ||
      wire_form_check(&parties, type, json, NOW, &arena, &form, &rest, &err) != BASE_OK)
    fail_msg("%s, %s: %s", (const char *)kind->name.data, (const char *)type->name.data, err.text);
  base_arena_free(&arena);
}

static void examples_are_valid(void **state) {
  (void)state;
  for (size_t i = 0; i < kind_count; i++)
    for (size_t j = 0; j < kinds[i].kind.type_count; j++)
      takes_example(&kinds[i].kind, &kinds[i].kind.types[j]);
}

/* A value that no field of this type takes. */
static const char *wrong_for(enum wire_field_type type) {
  static const char *const wrong[WIRE_FIELD_TYPES] = {
      [WIRE_FIELD_TEXT] = "5", [WIRE_FIELD_LINE] = "\"one\\ntwo\"", [WIRE_FIELD_CODE] = "\"no_such_code\"",
      [WIRE_FIELD_CODES] = "[\"no_such_code\"]", [WIRE_FIELD_DATE] = "\"2026-02-30\"",
      [WIRE_FIELD_TIME] = "\"2026-02-30T08:00:00Z\"", [WIRE_FIELD_INTEGER] = "9000000000000000000",
      [WIRE_FIELD_BOOL] = "\"yes\"", [WIRE_FIELD_MESSAGE] = "\"1f\"", [WIRE_FIELD_REFERENCE] = "\"1f\"",
      [WIRE_FIELD_PARTY] = "\"madrid\"", [WIRE_FIELD_HASH] = "\"ABCD\"",
      [WIRE_FIELD_TABLE] = "[{\"no_such_column\":1}]", [WIRE_FIELD_NAME] = "\"Not A Code\"",
      [WIRE_FIELD_NAMES] = "[\"Not A Code\"]"};
  return wrong[type];
}

/* Another one, of another shape. */
static const char *shapeless_for(enum wire_field_type type) {
  static const char *const wrong[WIRE_FIELD_TYPES] = {
      [WIRE_FIELD_TEXT] = "[]", [WIRE_FIELD_LINE] = "{}", [WIRE_FIELD_CODE] = "[]", [WIRE_FIELD_CODES] = "5",
      [WIRE_FIELD_DATE] = "5", [WIRE_FIELD_TIME] = "true", [WIRE_FIELD_INTEGER] = "-9000000000000000000",
      [WIRE_FIELD_BOOL] = "1", [WIRE_FIELD_MESSAGE] = "1", [WIRE_FIELD_REFERENCE] = "null", [WIRE_FIELD_TABLE] = "{}",
      [WIRE_FIELD_NAME] = "1", [WIRE_FIELD_NAMES] = "[1]", [WIRE_FIELD_PARTY] = "1", [WIRE_FIELD_HASH] = "7"};
  return wrong[type];
}

/* The example with the field set to this. */
static void write_with(const struct wire_kind *kind, const struct wire_kind_type *type, struct base_view field,
                       const char *value, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf text = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_error err;
  struct wire_writer writer;
  struct base_view key;
  const struct wire_json *member;
  assert_int_equal(wire_form_example(kind, type, NOW, NULL, &text, &err), BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, &err), BASE_OK);
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  for (void *cursor = NULL; wire_json_next(json, &cursor, &key, &member);)
    if (!base_view_equal(key, field)) {
      wire_write_key_view(&writer, key);
      wire_write_value(&writer, member);
    }
  wire_write_key_view(&writer, field);
  wire_write_raw(&writer, base_view_text(value));
  wire_write_end(&writer, '}');
}

static void is_refused(const struct wire_kind *kind, const struct wire_kind_type *type, struct base_view field,
                       struct base_view column, const char *value) {
  BASE_AUTO_BUF struct base_buf text = {0}, rest = {0};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_arena arena;
  struct wire_form form;
  struct base_error err = {0};
  char named[120];
  (void)snprintf(named, sizeof named, column.size > 0 ? "$.%.*s[0].%.*s: " : "$.%.*s", (int)field.size,
                 (const char *)field.data, (int)column.size, (const char *)column.data);
  write_with(kind, type, field, value, &text);
  base_arena_init(&arena, 1 << 20);
  assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, &err), BASE_OK);
  enum base_code code = wire_form_check(&parties, type, json, NOW, &arena, &form, &rest, &err);
  if (code == BASE_OK || strstr(err.text, named) == NULL || strchr(err.text, '\n') != NULL)
    fail_msg("%s, %s, %s as %s: %s", (const char *)kind->name.data, (const char *)type->name.data, named, value,
             code == BASE_OK ? "taken" : err.text);
  base_arena_free(&arena);
}

static void write_right(const struct wire_kind_field *column, struct wire_writer *writer) {
  switch (column->type) {
  case WIRE_FIELD_CODE:
    wire_write_text(writer, column->list->codes[0]);
    break;
  case WIRE_FIELD_CODES:
    wire_write_array(writer);
    wire_write_text(writer, column->list->codes[0]);
    wire_write_end(writer, ']');
    break;
  case WIRE_FIELD_DATE:
  case WIRE_FIELD_TIME:
    wire_write_string(writer, "2026-01-01");
    break;
  case WIRE_FIELD_INTEGER:
    wire_write_integer(writer, column->least);
    break;
  case WIRE_FIELD_BOOL:
    wire_write_bool(writer, true);
    break;
  case WIRE_FIELD_NAMES:
    wire_write_raw(writer, BASE_VIEW("[\"*\"]"));
    break;
  default:
    wire_write_string(writer, "x");
  }
}

/* One row: the required columns before this one right, this one wrong. */
static void write_row(const struct wire_kind_field *table, size_t wrong, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_array(&writer);
  wire_write_object(&writer);
  for (size_t i = 0; i < wrong; i++)
    if (table->columns[i].required) {
      wire_write_key_view(&writer, table->columns[i].name);
      write_right(&table->columns[i], &writer);
    }
  wire_write_key_view(&writer, table->columns[wrong].name);
  wire_write_raw(&writer, base_view_text(wrong_for(table->columns[wrong].type)));
  wire_write_end(&writer, '}');
  wire_write_end(&writer, ']');
  base_buf_add(out, "", 1);
}

/* Every field and every column of every kind: what it does not take is refused by its name. */
static void wrong_values_are_named(void **state) {
  (void)state;
  size_t tried = 0;
  for (size_t i = 0; i < kind_count; i++)
    for (size_t j = 0; j < kinds[i].kind.type_count; j++) {
      const struct wire_kind_type *type = &kinds[i].kind.types[j];
      for (size_t k = 0; k < type->field_count; k++, tried++) {
        const struct wire_kind_field *field = &type->fields[k];
        is_refused(&kinds[i].kind, type, field->name, (struct base_view){0}, wrong_for(field->type));
        is_refused(&kinds[i].kind, type, field->name, (struct base_view){0}, shapeless_for(field->type));
        for (size_t l = 0; l < field->column_count; l++, tried++) {
          BASE_AUTO_BUF struct base_buf row = {0};
          write_row(field, l, &row);
          is_refused(&kinds[i].kind, type, field->name, field->columns[l].name, (const char *)row.data);
        }
      }
    }
  assert_true(tried > 300);
}

/* The example of a type with these members instead of its own, or beside them; null: without that member. */
static void write_changed(const struct wire_kind *kind, const struct wire_kind_type *type, const char *changes, struct base_buf *out) {
  BASE_AUTO_BUF struct base_buf text = {0};
  WIRE_AUTO_JSON struct wire_json *example = NULL, *changed = NULL;
  struct wire_writer writer;
  struct base_view key;
  const struct wire_json *member;
  assert_int_equal(wire_form_example(kind, type, NOW, NULL, &text, NULL), BASE_OK);
  assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "example", &example, NULL), BASE_OK);
  assert_int_equal(wire_json_parse(base_view_text(changes), WIRE_PART0_MAX, "changes", &changed, NULL), BASE_OK);
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  for (void *cursor = NULL; wire_json_next(example, &cursor, &key, &member);)
    if (wire_json_get(changed, (const char *)key.data) == NULL) {
      wire_write_key_view(&writer, key);
      wire_write_value(&writer, member);
    }
  for (void *cursor = NULL; wire_json_next(changed, &cursor, &key, &member);)
    if (wire_json_type(member) != WIRE_JSON_NULL) {
      wire_write_key_view(&writer, key);
      wire_write_value(&writer, member);
    }
  wire_write_end(&writer, '}');
}

#define PERSONS "[{\"name\":\"N\",\"class\":\"suspect\",\"fact_or_assessment\":\"fact\",\"grading\":\"B2\",\"as_of\":\"2026-01-01\"}]"
#define PAPERS "[{\"reference\":\"12/2026\",\"paper\":\"arrest_warrant\",\"authority\":\"A\",\"issued\":\"2026-01-01\"}]"

/* What a form may not say, and beside it what it may: as the kinds have it, not as a rule of some test. */
static void what_no_form_says(void **state) {
  (void)state;
  static const struct {
    const char *kind, *type, *changes, *says; /* NULL: it is taken */
  } rows[] = {
      {"request", "ask", "{\"urgency\":\"urgent_direct\"}", "$.urgency_reason: missing: it must be there when urgency is urgent_direct"},
      {"request", "ask", "{\"urgency\":\"urgent_indirect\"}", "$.urgency_reason: missing"},
      {"request", "ask", "{\"urgency\":\"urgent_direct\",\"urgency_reason\":\"Il part ce soir.\"}", NULL},
      {"request", "ask", "{\"sought\":null}", "$.sought: missing"},
      {"request", "ask", "{\"sought\":\"identification\"}", NULL},
      {"request", "ask", "{\"sought\":\"whereabouts\"}", "$.persons: missing: it must be there when sought is whereabouts"},
      {"request", "ask", "{\"sought\":\"records\"}", "$.records: missing: it must be there when sought is records"},
      {"request", "ask", "{\"sought\":\"records\",\"records\":\"vehicles\"}", NULL},
      {"request", "ask", "{\"sought\":\"evidence\",\"exhibits\":[{\"what\":\"Un téléphone\"}]}", "$.papers: missing: it must be there when sought is evidence"},
      {"request", "ask", "{\"sought\":\"arrest\",\"persons\":" PERSONS ",\"offence\":\"o\",\"provisions\":\"p\",\"penalty\":\"p\",\"surrender\":\"extradition_will_be_requested\"}", "$.papers: missing: it must be there when sought is arrest"},
      {"request", "ask", "{\"sought\":\"arrest\",\"persons\":" PERSONS ",\"papers\":" PAPERS ",\"provisions\":\"p\",\"penalty\":\"p\",\"surrender\":\"extradition_will_be_requested\"}", "$.offence: missing"},
      {"request", "ask", "{\"sought\":\"arrest\",\"persons\":" PERSONS ",\"papers\":" PAPERS ",\"offence\":\"o\",\"provisions\":\"p\",\"penalty\":\"p\",\"surrender\":\"extradition_will_be_requested\",\"facts\":null}", "$.facts: missing"},
      {"request", "ask", "{\"sought\":\"arrest\",\"persons\":" PERSONS ",\"papers\":" PAPERS ",\"offence\":\"o\",\"provisions\":\"p\",\"penalty\":\"p\",\"surrender\":\"extradition_will_be_requested\"}", NULL},
      {"request", "result", "{\"outcome\":\"arrested\",\"done_on\":\"2026-01-01\",\"authority\":\"A\",\"place\":\"P\"}", "$.custody: missing: it must be there when outcome is arrested"},
      {"request", "result", "{\"outcome\":\"evidence_handed_over\",\"done_on\":\"2026-01-01\",\"authority\":\"A\",\"place\":\"P\"}", "$.exhibits: missing"},
      {"request", "result", "{\"outcome\":\"identified\",\"authority\":\"A\"}", "$.done_on: missing"},
      {"request", "result", "{\"outcome\":\"identified\",\"done_on\":\"2999-01-01\",\"authority\":\"A\"}", "$.done_on: 2999-01-01 must not be later than today"},
      {"request", "result", "{\"outcome\":\"not_located\"}", NULL},
      {"tracing", "seek", "{\"search_by_partner\":false}", "$.search_by_partner: must be true"},
      {"tracing", "seek", "{\"search_by_partner\":null,\"consent\":[\"comparison_with_the_dead\"]}", "$.search_by_partner: missing"},
      {"tracing", "seek", "{\"consent\":[\"comparison_with_the_dead\"]}", NULL},
      {"tracing", "seek", "{\"birth_known\":true,\"born\":\"1990-01-01\",\"age\":70}", "$.age: must not be there when birth_known is true"},
      {"tracing", "seek", "{\"age\":36,\"born\":\"1990-01-01\"}", "$.born: must not be there when birth_known is false"},
      {"tracing", "seek", "{\"birth_known\":true}", "$.born: missing"},
      {"tracing", "seek", "{\"birth_known\":true,\"born\":\"1990-01-01\"}", NULL},
      {"tracing", "seek", "{\"age\":36}", NULL},
      {"talks", "communique", "{\"other_language\":\"ar\"}", "$.other_language: must be one of: fr, en, es, pt"},
      {"talks", "communique", "{\"other_language\":\"es\"}", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    BASE_AUTO_BUF struct base_buf text = {0}, rest = {0};
    BASE_AUTO_ARENA struct base_arena arena = {0};
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    struct wire_form form;
    struct base_error err = {0};
    const struct wire_kind *kind = kind_named(rows[i].kind);
    const struct wire_kind_type *type = wire_kind_type_named(kind, base_view_text(rows[i].type));
    assert_non_null(type);
    write_changed(kind, type, rows[i].changes, &text);
    base_arena_init(&arena, 1 << 20);
    assert_int_equal(wire_json_parse(base_buf_view(&text), WIRE_PART0_MAX, "fields", &json, &err), BASE_OK);
    enum base_code code = wire_form_check(&parties, type, json, NOW, &arena, &form, &rest, &err);
    if ((code != BASE_OK) != (rows[i].says != NULL) || (rows[i].says != NULL && strstr(err.text, rows[i].says) == NULL))
      fail_msg("%s, %s, %s: %s", rows[i].kind, rows[i].type, rows[i].changes, code == BASE_OK ? "taken" : err.text);
  }
}

/* As `wasl kind show` tells it: with its texts, and without. */
static void each_is_shown(void **state) {
  (void)state;
  for (size_t i = 0; i < kind_count; i++)
    for (int bare = 0; bare < 2; bare++) {
      BASE_AUTO_BUF struct base_buf text = {0};
      WIRE_AUTO_JSON struct wire_json *json = NULL;
      struct wire_labels labels = {0};
      struct wire_writer writer;
      assert_int_equal(wire_labels_parse(kinds[i].labels, &kinds[i].kind, &labels, NULL), BASE_OK);
      wire_writer_init(&writer, &text);
      wire_kind_write(&kinds[i].kind, bare ? NULL : &labels, &writer);
      assert_int_equal(wire_json_parse(base_buf_view(&text), text.size, "kind", &json, NULL), BASE_OK);
      assert_int_equal(wire_json_get(json, "label") != NULL, !bare);
      assert_int_equal(wire_json_size(wire_json_get(json, "clocks")), kinds[i].kind.clock_count);
      wire_labels_free(&labels);
    }
}

static const struct wire_kind_list *list_of(const struct wire_kind *kind, const char *name) {
  for (size_t i = 0; i < kind->list_count; i++)
    if (base_view_is(kind->lists[i].name, name))
      return &kind->lists[i];
  return NULL;
}

static bool holds(const struct wire_kind_list *list, struct base_view code) {
  for (size_t i = 0; i < list->count; i++)
    if (base_view_equal(list->codes[i], code))
      return true;
  return false;
}

static bool same(const struct wire_kind_list *a, const struct wire_kind_list *b) {
  bool equal = a->count == b->count;
  for (size_t i = 0; equal && i < a->count; i++)
    equal = base_view_equal(a->codes[i], b->codes[i]);
  return equal;
}

/* One coded list of fields of crime, of regions, of languages: a count over several kinds means one thing. The purposes
 * of what is humanitarian are others altogether, so that no row of an agreement covers both by its purpose. */
static void lists_are_common(void **state) {
  (void)state;
  static const struct { const char *list, *from; } common[] = {
      {"language", "request"}, {"person_class", "request"}, {"fact_or_assessment", "request"}, {"region", "threat"}};
  const struct wire_kind_list *enforcing = list_of(kind_named("request"), "purpose");
  const struct wire_kind_list *humane = list_of(kind_named("sar"), "purpose");
  size_t seen = 0;
  for (size_t i = 0; i < kind_count; i++) {
    const struct wire_kind *kind = &kinds[i].kind;
    const struct wire_kind_list *purpose = list_of(kind, "purpose");
    if (purpose != NULL && kind->needs_row && !same(purpose, enforcing) && !same(purpose, humane))
      fail_msg("the purposes of %s are a list of its own", (const char *)kind->name.data);
    if (purpose != NULL && kind->needs_row && same(purpose, humane) != (kind->lane == WIRE_LANE_HUMANITARIAN))
      fail_msg("%s has the purposes of the other side of the wall", (const char *)kind->name.data);
    for (size_t j = 0; j < sizeof common / sizeof *common; j++) {
      const struct wire_kind_list *list = list_of(kind, common[j].list);
      seen += list != NULL;
      if (list != NULL && !same(list, list_of(kind_named(common[j].from), common[j].list)))
        fail_msg("%s of %s is another list than that of %s", common[j].list, (const char *)kind->name.data, common[j].from);
    }
  }
  assert_true(seen > 12);
  for (size_t i = 0; i < humane->count; i++)
    assert_false(holds(enforcing, humane->codes[i]));
}

/* From wherever a case is, messages that need no item and nobody in particular lead on, to an end. */
static void none_is_ever_stuck(void **state) {
  (void)state;
  for (size_t i = 0; i < kind_count; i++) {
    static struct wire_faults doubts;
    doubts.count = 0;
    wire_kind_doubts(&kinds[i].kind, NULL, NULL, 0, &doubts);
    for (size_t k = 0; k < doubts.count && k < WIRE_FAULTS_MAX; k++)
      if (strstr(doubts.list[k].text, "$.states") != NULL)
        fail_msg("%s: %s", (const char *)kinds[i].kind.name.data, doubts.list[k].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_fit),
      cmocka_unit_test(examples_are_valid),
      cmocka_unit_test(wrong_values_are_named),
      cmocka_unit_test(what_no_form_says),
      cmocka_unit_test(each_is_shown),
      cmocka_unit_test(lists_are_common),
      cmocka_unit_test(none_is_ever_stuck),
  };
  return cmocka_run_group_tests(tests, load_all, free_all);
}
