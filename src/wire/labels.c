/* SPDX-License-Identifier: Apache-2.0
 * The catalogue of a kind's texts in five languages: complete, and nothing beside. */
#include "wire/kind_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 4 * (WIRE_CODE_MAX + 1) + 8 };

/* Called for each key that the kind needs; false stops the walk. */
typedef bool key_visit(void *context, const char *key);

struct key_walk {
  key_visit *visit;
  void *context;
  bool going;
};

__attribute__((format(printf, 2, 3))) static void visit_key(struct key_walk *walk, const char *format, ...) {
  if (!walk->going)
    return;
  char key[KEY_MAX];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(key, sizeof key, format, args);
  va_end(args);
  walk->going = walk->visit(walk->context, key);
}

static void walk_type(struct key_walk *walk, const struct wire_kind_type *type) {
  const char *name = wire_kind_text(type->name);
  visit_key(walk, "type.%s", name);
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    visit_key(walk, "field.%s.%s", name, wire_kind_text(field->name));
    for (size_t j = 0; j < field->column_count; j++)
      visit_key(walk, "column.%s.%s.%s", name, wire_kind_text(field->name), wire_kind_text(field->columns[j].name));
  }
}

static void walk_keys(const struct wire_kind *kind, key_visit *visit, void *context) {
  struct key_walk walk = {.visit = visit, .context = context, .going = true};
  visit_key(&walk, "kind");
  for (size_t i = 0; i < kind->type_count; i++)
    walk_type(&walk, &kind->types[i]);
  for (size_t i = 0; i < kind->list_count; i++) {
    const struct wire_kind_list *list = &kind->lists[i];
    visit_key(&walk, "list.%s", wire_kind_text(list->name));
    for (size_t j = 0; j < list->count; j++)
      visit_key(&walk, "code.%s.%s", wire_kind_text(list->name), wire_kind_text(list->codes[j]));
  }
  for (size_t i = 0; i < kind->state_count; i++)
    visit_key(&walk, "state.%s", wire_kind_text(kind->states[i]));
  for (size_t i = 0; i < kind->item_count; i++) {
    const struct wire_kind_item *item = &kind->items[i];
    visit_key(&walk, "item.%s", wire_kind_text(item->name));
    for (size_t j = 0; j < item->state_count; j++)
      visit_key(&walk, "state.%s.%s", wire_kind_text(item->name), wire_kind_text(item->states[j]));
  }
  for (size_t i = 0; i < kind->clock_count; i++)
    visit_key(&walk, "clock.%s", wire_kind_text(kind->clocks[i].name));
}

struct key_check {
  const struct wire_json *texts;
  size_t seen;
  enum base_code code;
  struct base_error *err;
};

static bool check_key(void *context, const char *key) {
  struct key_check *check = context;
  const struct wire_json *texts = wire_json_get(check->texts, key);
  check->seen++;
  if (!texts) {
    check->code = base_fail(check->err, BASE_FIELD, "labels: $.texts.%s: missing; the kind needs it", key);
    return false;
  }
  for (size_t i = 0; i < WIRE_LANGUAGES; i++) {
    struct base_view text = wire_json_text(wire_json_get(texts, wire_language_codes[i]));
    if (text.size == 0 || text.size > WIRE_LABEL_MAX)
      check->code = base_fail(check->err, BASE_FIELD, "labels: $.texts.%s.%s: must be a text of 1 to %d bytes", key,
                              wire_language_codes[i], WIRE_LABEL_MAX);
  }
  if (!check->code && wire_json_size(texts) != WIRE_LANGUAGES)
    check->code =
        base_fail(check->err, BASE_UNKNOWN_FIELD, "labels: $.texts.%s: only ar, fr, en, es and pt are allowed", key);
  return !check->code;
}

struct key_search {
  struct base_view wanted;
  bool found;
};

static bool search_key(void *context, const char *key) {
  struct key_search *search = context;
  search->found = base_view_is(search->wanted, key);
  return !search->found;
}

/* Only on failure: names the first key that nobody needs. */
static enum base_code fail_surplus(const struct wire_kind *kind, const struct wire_json *texts,
                                   struct base_error *err) {
  void *cursor = NULL;
  struct base_view key;
  const struct wire_json *value;
  while (wire_json_next(texts, &cursor, &key, &value)) {
    struct key_search search = {.wanted = key};
    walk_keys(kind, search_key, &search);
    if (search.found)
      continue;
    BASE_AUTO_BUF struct base_buf shown = {0};
    base_buf_init(&shown, 3 * KEY_MAX + 1);
    base_buf_printable(&shown, base_view_of(key.data, key.size < KEY_MAX ? key.size : KEY_MAX));
    base_buf_u8(&shown, 0);
    return base_fail(err, BASE_UNKNOWN_FIELD, "labels: $.texts.%.*s: surplus; the kind has no such text", KEY_MAX,
                     shown.code ? "?" : (const char *)shown.data);
  }
  return base_fail(err, BASE_INTERNAL, "labels: $.texts: counted wrongly");
}

static enum base_code check_texts(const struct wire_kind *kind, const struct wire_json *texts, struct base_error *err) {
  struct key_check check = {.texts = texts, .err = err};
  walk_keys(kind, check_key, &check);
  if (check.code)
    return check.code;
  return check.seen == wire_json_size(texts) ? BASE_OK : fail_surplus(kind, texts, err);
}

enum base_code wire_labels_parse(struct base_view bytes, const struct wire_kind *kind, struct wire_labels *out,
                                 struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  enum base_code code = wire_json_parse(bytes, WIRE_KIND_MAX, "labels", &document, err);
  if (code)
    return code;
  struct wire_object root;
  wire_object_begin(&root, document, "labels", "$");
  wire_object_exact(&root, "wasl", "labels/1");
  wire_object_exact(&root, "kind", wire_kind_text(kind->name));
  (void)wire_object_integer(&root, "version", kind->version, kind->version, true);
  const struct wire_json *texts = wire_object_take(&root, "texts", WIRE_JSON_OBJECT, true);
  code = wire_object_end(&root, err);
  if (!code)
    code = check_texts(kind, texts, err);
  if (code)
    return code;
  *out = (struct wire_labels){.texts = texts, .document = document};
  document = NULL;
  return BASE_OK;
}

void wire_labels_free(struct wire_labels *labels) {
  if (!labels)
    return;
  wire_json_free(labels->document);
  *labels = (struct wire_labels){0};
}

struct base_view wire_label(const struct wire_labels *labels, const char *key, enum wire_language language) {
  return wire_json_text(wire_json_get(wire_json_get(labels->texts, key), wire_language_codes[language]));
}
