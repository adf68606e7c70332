/* SPDX-License-Identifier: Apache-2.0
 * Rows that answer rows: `key` of a table, and the answers of a kind. spec/kind.md, "Answers". */
#include "wire/kind_internal.h"

/* --- rows by their key */

static size_t first_slot(struct base_view key) {
  uint32_t hash = 2166136261; /* FNV-1a */
  for (size_t i = 0; i < key.size; i++)
    hash = (hash ^ key.data[i]) * 16777619;
  return hash % WIRE_KEY_SLOTS;
}

void wire_keys_begin(struct wire_keys *keys) {
  *keys = (struct wire_keys){0};
}

/* The slot in which the key stands, or the empty one in which it would. */
static size_t slot_of(const struct wire_keys *keys, struct base_view key) {
  size_t slot = first_slot(key);
  while (keys->slots[slot] != 0 && !base_view_equal(keys->keys[keys->slots[slot] - 1], key))
    slot = (slot + 1) % WIRE_KEY_SLOTS;
  return slot;
}

size_t wire_keys_find(const struct wire_keys *keys, struct base_view key) {
  uint16_t place = keys->slots[slot_of(keys, key)];
  return place == 0 ? keys->count : place - 1u;
}

bool wire_keys_add(struct wire_keys *keys, struct base_view key) {
  size_t slot = slot_of(keys, key);
  if (keys->slots[slot] != 0 || keys->count == WIRE_KIND_ROWS_MAX)
    return false;
  keys->keys[keys->count++] = key;
  keys->slots[slot] = (uint16_t)keys->count;
  return true;
}

struct base_view wire_row_key(const struct wire_kind_field *table, const struct wire_json *row) {
  return wire_json_text(wire_json_get(row, wire_kind_text(table->key->name)));
}

enum base_code wire_table_check_keys(const struct wire_kind_field *table, const struct wire_json *rows,
                                     const struct wire_place *place, struct base_error *err) {
  struct wire_keys keys;
  wire_keys_begin(&keys);
  for (size_t i = 0; i < wire_json_size(rows); i++) {
    struct base_view key = wire_row_key(table, wire_json_at(rows, i));
    if (wire_keys_add(&keys, key))
      continue;
    struct wire_place row = {.what = place->what, .within = place, .row = i},
                      at = {.what = place->what, .within = &row, .name = wire_kind_text(table->key->name)};
    return base_fail(err, BASE_FIELD, "%s: %s: is the same as in [%zu]; each row has its own", place->what,
                     wire_place_text(&at).text, wire_keys_find(&keys, key));
  }
  return BASE_OK;
}

/* --- declarations */

void wire_kind_take_key(struct wire_object *object, struct base_arena *arena, struct wire_kind_field *field) {
  struct base_view name = wire_kind_take_code(object, "key", arena, false);
  if (object->code || name.size == 0)
    return;
  const struct wire_kind_field *column = wire_table_column(field, name);
  if (!column || !column->required || (column->type != WIRE_FIELD_LINE && column->type != WIRE_FIELD_CODE))
    wire_object_fail(object, BASE_FIELD, "key", "must be a required column of type line or code");
  else
    field->key = column;
}

/* A required table of the type, with a key. */
static const struct wire_kind_field *take_table(struct wire_kind_reader *reader, struct wire_object *object, const char *key,
                                                const struct wire_kind_type *type) {
  struct base_view name = wire_kind_take_code(object, key, reader->arena, true);
  const struct wire_kind_field *field = object->code ? NULL : wire_kind_field_named(type, name);
  if (!object->code && (!field || !field->required || !field->key))
    wire_object_fail(object, BASE_FIELD, key, "must be a required field of type table of %s, with a key",
                     wire_kind_text(type->name));
  return field;
}

static void take_answer(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_answer *answer) {
  const struct wire_kind *kind = reader->kind;
  const struct wire_kind_type *opening = &kind->types[kind->opening];
  answer->type = wire_kind_take_type(reader, object, "type");
  answer->all = wire_object_bool(object, "all", false);
  if (!object->code && answer->type == opening)
    wire_object_fail(object, BASE_FIELD, "type", "%s opens the case, and answers nothing", wire_kind_text(opening->name));
  if (object->code)
    return;
  answer->table = take_table(reader, object, "table", answer->type);
  answer->asked = take_table(reader, object, "asked", opening);
  if (!object->code && answer->all && answer->table->most < answer->asked->most)
    wire_object_fail(object, BASE_FIELD, "all", "%s has at most %lld rows, and %lld may be asked",
                     wire_kind_text(answer->table->name), (long long)answer->table->most, (long long)answer->asked->most);
  for (size_t i = 0; i < kind->answer_count; i++)
    if (kind->answers[i].table == answer->table)
      wire_object_fail(object, BASE_FIELD, "table", "%s has an answer already", wire_kind_text(answer->table->name));
}

void wire_kind_read_answers(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  bool there = wire_json_get(root->json, "answers") != NULL;
  const struct wire_json *array = there ? wire_object_array(root, "answers", 1, WIRE_KIND_ANSWERS_MAX) : NULL;
  kind->answers = wire_kind_room(reader, "answers", wire_json_size(array), sizeof *kind->answers);
  for (size_t i = 0; i < wire_json_size(array) && !root->code; i++) {
    struct wire_object object;
    wire_object_begin_at(&object, root, "answers", array, i);
    kind->answers[kind->answer_count] = (struct wire_kind_answer){0};
    take_answer(reader, &object, &kind->answers[kind->answer_count]);
    kind->answer_count += !object.code;
    wire_object_close(&object, root);
  }
}
