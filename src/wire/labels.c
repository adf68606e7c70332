/* SPDX-License-Identifier: Apache-2.0
 * The catalogue of a kind's texts in five languages: complete, and nothing beside. */
#include "wire/kind_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/message.h"

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
  for (size_t i = 0; i < kind->balance_count; i++)
    visit_key(&walk, "balance.%s", wire_kind_text(kind->balances[i].name));
  for (size_t i = 0; i < kind->clock_count; i++)
    visit_key(&walk, "clock.%s", wire_kind_text(kind->clocks[i].name));
}

void wire_labels_keys(const struct wire_kind *kind, bool (*each)(void *context, const char *key), void *context) {
  walk_keys(kind, each, context);
}

struct key_check {
  const struct wire_json *texts;
  size_t met;                 /* keys of the kind that are there */
  struct wire_faults *faults; /* NULL: the first fault ends it */
  enum base_code code;
  struct base_error *err;
};

/* Whether it goes on. */
__attribute__((format(printf, 3, 4))) static bool tell(struct key_check *check, enum base_code code, const char *format,
                                                       ...) {
  char text[BASE_ERROR_TEXT_MAX];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (check->faults)
    wire_faults_add(check->faults, code, "%s", text);
  else
    check->code = base_fail(check->err, code, "%s", text);
  return check->faults != NULL;
}

static bool check_key(void *context, const char *key) {
  struct key_check *check = context;
  const struct wire_json *texts = wire_json_get(check->texts, key);
  bool sound = true;
  if (!texts)
    return tell(check, BASE_FIELD, "labels: $.texts.%s: missing; the kind needs it", key);
  check->met++;
  for (size_t i = 0; i < WIRE_LANGUAGES; i++) {
    struct base_view text = wire_json_text(wire_json_get(texts, wire_language_codes[i]));
    bool fits = text.size > 0 && text.size <= WIRE_LABEL_MAX;
    struct wire_spot spot;
    if (fits && wire_prose_check(text, &spot) && wire_prose_one_line(text, &spot))
      continue;
    sound = false;
    bool goes_on = fits ? tell(check, BASE_FIELD, "labels: $.texts.%s.%s: %s", key, wire_language_codes[i],
                               wire_spot_text(&spot).text)
                        : tell(check, BASE_FIELD, "labels: $.texts.%s.%s: must be a text of 1 to %d bytes", key,
                               wire_language_codes[i], WIRE_LABEL_MAX);
    if (!goes_on)
      return false;
  }
  return !sound || wire_json_size(texts) == WIRE_LANGUAGES ||
         tell(check, BASE_UNKNOWN_FIELD, "labels: $.texts.%s: only ar, fr, en, es and pt are allowed", key);
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

/* Only on failure: names the keys that nobody needs. */
static void tell_surplus(const struct wire_kind *kind, struct key_check *check) {
  void *cursor = NULL;
  struct base_view key;
  const struct wire_json *value;
  bool going = true;
  while (going && wire_json_next(check->texts, &cursor, &key, &value)) {
    struct key_search search = {.wanted = key};
    walk_keys(kind, search_key, &search);
    if (search.found)
      continue;
    BASE_AUTO_BUF struct base_buf shown = {0};
    base_buf_init(&shown, 3 * KEY_MAX + 1);
    base_buf_printable(&shown, base_view_of(key.data, key.size < KEY_MAX ? key.size : KEY_MAX));
    base_buf_u8(&shown, 0);
    going = tell(check, BASE_UNKNOWN_FIELD, "labels: $.texts.%.*s: surplus; the kind has no such text", KEY_MAX,
                 shown.code ? "?" : (const char *)shown.data) &&
            check->faults->count <= WIRE_FAULTS_MAX; /* each is looked for among all */
  }
}

static void check_texts(const struct wire_kind *kind, struct key_check *check) {
  walk_keys(kind, check_key, check);
  if (!check->code && check->met != wire_json_size(check->texts))
    tell_surplus(kind, check);
}

/* faults NULL: the first one is the last. */
static enum base_code parse(struct base_view bytes, const struct wire_kind *kind, struct wire_labels *out,
                            struct wire_faults *faults, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  enum base_code code = wire_json_parse_own(bytes, WIRE_KIND_MAX, "labels", &document, err);
  if (code)
    return code;
  struct wire_object root;
  wire_object_begin(&root, document, "labels", "$");
  if (!root.code)
    root.faults = faults;
  wire_object_exact(&root, "wasl", "labels/1");
  wire_object_note(&root);
  wire_object_exact(&root, "kind", wire_kind_text(kind->name));
  wire_object_note(&root);
  (void)wire_object_integer(&root, "version", kind->version, kind->version, true);
  wire_object_note(&root);
  const struct wire_json *texts = wire_object_take(&root, "texts", WIRE_JSON_OBJECT, true);
  code = wire_object_end(&root, err);
  struct key_check check = {.texts = texts, .faults = faults, .err = err};
  if (!code)
    check_texts(kind, &check);
  if (code || check.code)
    return code ? code : check.code;
  *out = (struct wire_labels){.texts = texts, .document = document};
  document = NULL;
  return BASE_OK;
}

enum base_code wire_labels_parse(struct base_view bytes, const struct wire_kind *kind, struct wire_labels *out,
                                 struct base_error *err) {
  return parse(bytes, kind, out, NULL, err);
}

void wire_labels_faults(struct base_view bytes, const struct wire_kind *kind, struct wire_faults *faults) {
  struct base_error err = {0};
  struct wire_labels labels = {0};
  *faults = (struct wire_faults){0};
  enum base_code code = parse(bytes, kind, &labels, faults, &err);
  if (code)
    wire_faults_add(faults, code, "%s", err.text);
  wire_labels_free(&labels);
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
