/* SPDX-License-Identifier: Apache-2.0
 * A kind is shown as its file has it: each member of the file, and beside it only what goes without saying. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

static void like(const char *path, const struct wire_json *shown, const struct wire_json *file);

static bool one_of(struct base_view word, const char *const *words) {
  while (*words != NULL && !base_view_is(word, *words))
    words++;
  return *words != NULL;
}

/* What a member says that the file leaves out. */
static void goes_without_saying(const char *path, const struct wire_json *shown, struct base_view key,
                                const struct wire_json *value) {
  static const char *const words[] = {"any", "none", "enforcement", NULL};
  static const char *const asked[] = {"any", "all", "stops_all", "again", NULL}; /* only where there are some */
  enum wire_json_type type = wire_json_type(value);
  bool plain = (type == WIRE_JSON_BOOL && wire_json_true(value) == base_view_is(key, "parts")) ||
               (type == WIRE_JSON_ARRAY && wire_json_size(value) == 0 && !one_of(key, asked)) ||
               (type == WIRE_JSON_INTEGER && wire_json_integer(value) == 0) ||
               (type == WIRE_JSON_TEXT && one_of(wire_json_text(value), words));
  bool begins = base_view_is(key, "to") && wire_json_get(shown, "from") == NULL; /* an item, in its first state */
  if (!plain && !begins && !base_view_is(key, "hash") && !base_view_is(key, "in"))
    fail_msg("%s.%.*s is not in the file", path, (int)key.size, (const char *)key.data);
}

static void like_members(const char *path, const struct wire_json *shown, const struct wire_json *file) {
  static const char *const unshown[] = {"wasl", "example", NULL};
  struct base_view key;
  const struct wire_json *value;
  for (void *cursor = NULL; wire_json_next(file, &cursor, &key, &value);) {
    char inner[256], name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)key.size, (const char *)key.data);
    (void)snprintf(inner, sizeof inner, "%.180s.%s", path, name);
    bool of_item = strcmp(name, "in") == 0 && wire_json_get(file, "opened_by") != NULL; /* its transitions have it */
    if (!of_item && !one_of(key, unshown))
      like(inner, wire_json_get(shown, name), value);
  }
  for (void *cursor = NULL; wire_json_next(shown, &cursor, &key, &value);) {
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)key.size, (const char *)key.data);
    if (wire_json_get(file, name) == NULL)
      goes_without_saying(path, shown, key, value);
  }
}

/* {name: [code, …]} is shown as [{name, codes}, …]. */
static void like_lists(const char *path, const struct wire_json *shown, const struct wire_json *file) {
  struct base_view key;
  const struct wire_json *codes;
  size_t at = 0;
  assert_int_equal(wire_json_size(shown), wire_json_size(file));
  for (void *cursor = NULL; wire_json_next(file, &cursor, &key, &codes); at++) {
    assert_true(base_view_equal(wire_json_text(wire_json_get(wire_json_at(shown, at), "name")), key));
    like(path, wire_json_get(wire_json_at(shown, at), "codes"), codes);
  }
}

static bool holds(const struct wire_json *array, struct base_view text) {
  for (size_t i = 0; i < wire_json_size(array); i++)
    if (base_view_equal(wire_json_text(wire_json_at(array, i)), text))
      return true;
  return false;
}

/* An item that everybody may open is shown with the transition that says so. */
static size_t like_size(const char *path, const struct wire_json *shown, const struct wire_json *file) {
  size_t count = wire_json_size(file), more = wire_json_size(shown) - count;
  const struct wire_json *last = wire_json_at(shown, count);
  bool begins = more == 1 && strstr(path, ".items") != NULL && wire_json_get(last, "from") == NULL &&
                base_view_is(wire_json_text(wire_json_get(last, "who")), "any");
  if (more != 0 && !begins)
    fail_msg("%s: %zu instead of %zu", path, wire_json_size(shown), count);
  return count;
}

static void like_array(const char *path, const struct wire_json *shown, const struct wire_json *file) {
  size_t count = like_size(path, shown, file);
  for (size_t i = 0; i < count; i++) {
    const struct wire_json *one = wire_json_at(shown, i), *other = wire_json_at(file, i);
    char inner[256];
    (void)snprintf(inner, sizeof inner, "%.180s[%zu]", path, i);
    if (wire_json_type(other) != WIRE_JSON_TEXT)
      like(inner, one, other);
    else if (wire_json_type(one) == WIRE_JSON_OBJECT) /* a name with its label */
      like(inner, wire_json_get(one, wire_json_get(one, "code") ? "code" : "name"), other);
    else if (!holds(shown, wire_json_text(other))) /* in the order of what they name */
      fail_msg("%s is not shown", inner);
  }
}

static void like(const char *path, const struct wire_json *shown, const struct wire_json *file) {
  BASE_AUTO_BUF struct base_buf one = {0}, other = {0};
  struct wire_writer writer;
  if (shown == NULL)
    fail_msg("%s is not shown", path);
  if (wire_json_type(file) == WIRE_JSON_ARRAY) {
    like_array(path, shown, file);
  } else if (wire_json_type(shown) == WIRE_JSON_ARRAY && strstr(path, ".not_") != NULL) {
    like(path, wire_json_at(shown, 0), file); /* one of them, or an array */
  } else if (wire_json_type(file) == WIRE_JSON_OBJECT && wire_json_type(shown) == WIRE_JSON_ARRAY) {
    like_lists(path, shown, file);
  } else if (wire_json_type(file) == WIRE_JSON_OBJECT) {
    like_members(path, shown, file);
  } else if (wire_json_type(shown) == WIRE_JSON_BOOL && wire_json_type(file) == WIRE_JSON_TEXT) {
    assert_true(wire_json_true(shown) && base_view_is(wire_json_text(file), "supervisor"));
  } else {
    wire_writer_init(&writer, &one);
    wire_write_value(&writer, shown);
    wire_writer_init(&writer, &other);
    wire_write_value(&writer, file);
    if (!base_view_equal(base_buf_view(&one), base_buf_view(&other)))
      fail_msg("%s: %.*s instead of %.*s", path, (int)one.size, (const char *)one.data, (int)other.size,
               (const char *)other.data);
  }
}

static void shown_as_in_the_file(const char *name) {
  struct shipped shipped;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf text = {0};
  WIRE_AUTO_JSON struct wire_json *shown = NULL, *file = NULL;
  shipped_load(&shipped, name);
  wire_writer_init(&writer, &text);
  wire_kind_write(&shipped.kind, NULL, &writer);
  assert_int_equal(wire_json_parse(base_buf_view(&text), text.size, "shown", &shown, NULL), BASE_OK);
  assert_int_equal(wire_json_parse(shipped.bytes, WIRE_KIND_MAX, "file", &file, NULL), BASE_OK);
  like(name, shown, file);
  base_arena_free(&shipped.arena);
}

static void each_is_shown_as_its_file_has_it(void **state) {
  (void)state;
  for (size_t i = 0; i < kinds_count; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "%s", kinds_files[i].name);
    char *end = strchr(name, '.');
    if (end == NULL || strcmp(end, ".json") != 0)
      continue;
    *end = 0;
    shown_as_in_the_file(name);
  }
  shown_as_in_the_file("relief");
  shown_as_in_the_file("gathering");
}

static bool count_key(void *context, const char *key) {
  *(size_t *)context += key[0] != '\0';
  return true;
}

/* With its texts each name has one label, and there are no others. */
static void each_name_has_its_label(void **state) {
  (void)state;
  static const char *const names[] = {"assistance", "operation", "request", "relief"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct shipped shipped;
    struct wire_labels labels = {0};
    struct base_error err = {0};
    struct wire_writer writer;
    BASE_AUTO_BUF struct base_buf text = {0};
    size_t keys = 0, shown = 0;
    shipped_load(&shipped, names[i]);
    if (wire_labels_parse(shipped.labels, &shipped.kind, &labels, &err) != BASE_OK)
      fail_msg("%s: %s", names[i], err.text);
    wire_writer_init(&writer, &text);
    wire_kind_write(&shipped.kind, &labels, &writer);
    base_buf_u8(&text, 0);
    wire_labels_keys(&shipped.kind, count_key, &keys);
    for (const char *at = (const char *)text.data; (at = strstr(at, "\"label\":{\"ar\":\"")) != NULL; at++)
      shown++;
    assert_int_equal(shown, keys);
    assert_null(strstr((const char *)text.data, "\"ar\":\"\""));
    wire_labels_free(&labels);
    base_arena_free(&shipped.arena);
  }
}

/* A transition of an item that says nothing of the state of the case goes in those of its item, or in all. */
static void where_an_item_is_moved(void **state) {
  (void)state;
  struct shipped operation;
  shipped_load(&operation, "operation");
  const struct wire_kind_item *loan = wire_kind_item_named(&operation.kind, BASE_VIEW("loan"));
  assert_non_null(loan);
  for (size_t i = 0; i < loan->transition_count; i++) {
    const struct wire_item_transition *transition = &loan->transitions[i];
    bool some = base_view_is(transition->on->name, "loan") || base_view_is(transition->on->name, "loan_accept");
    uint64_t all = ((uint64_t)1 << operation.kind.state_count) - 1;
    uint64_t both = (uint64_t)1 << wire_kind_state_named(&operation.kind, BASE_VIEW("agreed")) |
                    (uint64_t)1 << wire_kind_state_named(&operation.kind, BASE_VIEW("active"));
    assert_int_equal(transition->in, some ? both : all);
  }
  base_arena_free(&operation.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_is_shown_as_its_file_has_it),
      cmocka_unit_test(where_an_item_is_moved),
      cmocka_unit_test(each_name_has_its_label),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
