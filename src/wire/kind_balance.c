/* SPDX-License-Identifier: Apache-2.0
 * The balances of a kind: lines of need against what items bring. spec/kind.md, "Balances". */
#include "wire/kind_internal.h"

const char *const wire_standing_names[WIRE_STANDINGS] = {[WIRE_STANDS_OFFERED] = "offered",
                                                         [WIRE_STANDS_ACCEPTED] = "accepted",
                                                         [WIRE_STANDS_UNDER_WAY] = "under_way",
                                                         [WIRE_STANDS_ARRIVED] = "arrived",
                                                         [WIRE_STANDS_LEFT] = "left"};

const struct wire_kind_field *wire_balance_needs(const struct wire_kind_balance *balance,
                                                 const struct wire_kind_type *type) {
  return type->moves_case && type->opens != balance->item && type->moves != balance->item
             ? wire_kind_field_named(type, balance->needs)
             : NULL;
}

const struct wire_kind_field *wire_balance_gives(const struct wire_kind_balance *balance,
                                                 const struct wire_kind_type *type) {
  return type->opens == balance->item || type->moves == balance->item ? wire_kind_field_named(type, balance->gives)
                                                                      : NULL;
}

const struct wire_kind_field *wire_table_column(const struct wire_kind_field *table, struct base_view name) {
  for (size_t i = 0; i < table->column_count; i++)
    if (base_view_equal(table->columns[i].name, name))
      return &table->columns[i];
  return NULL;
}

/* A column of texts by which people tell lines apart. */
static void check_words(struct wire_object *object, const char *key, const struct wire_kind_type *type,
                        const struct wire_kind_field *table, struct base_view name) {
  const struct wire_kind_field *column = wire_table_column(table, name);
  bool sound = column && column->required && (column->type == WIRE_FIELD_LINE || column->type == WIRE_FIELD_CODE);
  if (!sound)
    wire_object_fail(object, BASE_FIELD, key, "must be a required column of type line or code of %s.%s",
                     wire_kind_text(type->name), wire_kind_text(table->name));
}

static void check_table(struct wire_object *object, const struct wire_kind_balance *balance, const char *key,
                        const struct wire_kind_type *type, const struct wire_kind_field *table) {
  const struct wire_kind_field *quantity = NULL;
  if (table->type != WIRE_FIELD_TABLE) {
    wire_object_fail(object, BASE_FIELD, key, "must be a field of type table of %s", wire_kind_text(type->name));
    return;
  }
  quantity = wire_table_column(table, balance->quantity);
  check_words(object, "line", type, table, balance->line);
  if (!quantity || !quantity->required || quantity->type != WIRE_FIELD_INTEGER || quantity->least < 0 ||
      quantity->most > WIRE_BALANCE_QUANTITY_MAX)
    wire_object_fail(object, BASE_FIELD, "quantity",
                     "must be a required column of type integer, from 0 to at most %d, of %s.%s",
                     WIRE_BALANCE_QUANTITY_MAX, wire_kind_text(type->name), wire_kind_text(table->name));
}

/* What all agree to comes from many messages, and only one of them would say how much. */
static bool agreed_by_all(const struct wire_kind *kind, const struct wire_kind_balance *balance,
                          const struct wire_kind_type *type) {
  bool all = false;
  for (size_t i = 0; i < kind->transition_count; i++)
    all = all || (kind->transitions[i].on == type && kind->transitions[i].all);
  for (size_t i = 0; i < balance->item->transition_count; i++)
    all = all || (balance->item->transitions[i].on == type && balance->item->transitions[i].all);
  return all;
}

static void check_needs(struct wire_kind_reader *reader, struct wire_object *object,
                        const struct wire_kind_balance *balance) {
  const struct wire_kind *kind = reader->kind;
  const struct wire_kind_type *opening = &kind->types[kind->opening];
  const struct wire_kind_field *first = wire_balance_needs(balance, opening);
  if (!first || !first->required)
    wire_object_fail(object, BASE_FIELD, "needs", "must be a required field of type table of %s, which opens the case",
                     wire_kind_text(opening->name));
  for (size_t i = 0; i < kind->type_count && !object->code; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    const struct wire_kind_field *table = wire_balance_needs(balance, type);
    if (!table)
      continue;
    check_table(object, balance, "needs", type, table);
    if (object->code)
      return;
    check_words(object, "what", type, table, balance->what);
    check_words(object, "unit", type, table, balance->unit);
    if (agreed_by_all(kind, balance, type))
      wire_object_fail(object, BASE_FIELD, "needs", "%s has a transition with all, and only one message may say what is needed",
                       wire_kind_text(type->name));
  }
}

static void check_gives(struct wire_kind_reader *reader, struct wire_object *object,
                        const struct wire_kind_balance *balance) {
  const struct wire_kind *kind = reader->kind;
  const struct wire_kind_type *opened_by = balance->item->opened_by;
  const struct wire_kind_field *first = wire_balance_gives(balance, opened_by);
  if (!first || !first->required)
    wire_object_fail(object, BASE_FIELD, "gives", "must be a required field of type table of %s, which opens the item",
                     wire_kind_text(opened_by->name));
  for (size_t i = 0; i < kind->type_count && !object->code; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    const struct wire_kind_field *table = wire_balance_gives(balance, type);
    if (!table)
      continue;
    check_table(object, balance, "gives", type, table);
    if (!object->code && agreed_by_all(kind, balance, type))
      wire_object_fail(object, BASE_FIELD, "gives", "%s has a transition with all, and only one message may say how much",
                       wire_kind_text(type->name));
  }
}

static void take_stands(struct wire_object *parent, struct wire_kind_balance *balance) {
  struct wire_object object;
  const struct wire_kind_item *item = balance->item;
  uint32_t taken = 0;
  wire_object_begin_in(&object, parent, "stands");
  for (size_t i = 0; i < WIRE_STANDINGS && !object.code; i++) {
    const char *key = wire_standing_names[i];
    uint32_t bits =
        (uint32_t)wire_kind_take_bits(&object, key, item->states, item->state_count, "state of the item");
    if (!object.code && (bits & taken))
      wire_object_fail(&object, BASE_FIELD, key, "has a state that stands for something else already");
    if (!object.code && bits == 0 && (i == WIRE_STANDS_OFFERED || i == WIRE_STANDS_ACCEPTED))
      wire_object_fail(&object, BASE_FIELD, key, "names no state of the item %s", wire_kind_text(item->name));
    balance->stands[i] = bits;
    taken |= bits;
  }
  wire_object_close(&object, parent);
}

static void take_balance(struct wire_kind_reader *reader, struct wire_object *object,
                         struct wire_kind_balance *balance) {
  balance->name = wire_kind_take_code(object, "name", reader->arena, true);
  struct base_view item = wire_kind_take_code(object, "item", reader->arena, true);
  balance->needs = wire_kind_take_code(object, "needs", reader->arena, true);
  balance->gives = wire_kind_take_code(object, "gives", reader->arena, true);
  balance->line = wire_kind_take_code(object, "line", reader->arena, true);
  balance->what = wire_kind_take_code(object, "what", reader->arena, true);
  balance->quantity = wire_kind_take_code(object, "quantity", reader->arena, true);
  balance->unit = wire_kind_take_code(object, "unit", reader->arena, true);
  balance->item = object->code ? NULL : wire_kind_item_named(reader->kind, item);
  if (!object->code && !balance->item)
    wire_object_fail(object, BASE_FIELD, "item", "names no item of this kind");
  if (object->code)
    return;
  check_needs(reader, object, balance);
  check_gives(reader, object, balance);
  if (!object->code)
    take_stands(object, balance);
}

void wire_kind_read_balances(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  bool there = wire_json_get(root->json, "balances") != NULL;
  const struct wire_json *array = there ? wire_object_array(root, "balances", 1, WIRE_KIND_BALANCES_MAX) : NULL;
  kind->balances = wire_kind_room(reader, "balances", wire_json_size(array), sizeof *kind->balances);
  for (size_t i = 0; i < wire_json_size(array) && !root->code; i++) {
    struct wire_object object;
    struct wire_kind_balance *balance = &kind->balances[kind->balance_count];
    wire_object_begin_at(&object, root, "balances", array, i);
    *balance = (struct wire_kind_balance){0};
    take_balance(reader, &object, balance);
    for (size_t j = 0; j < kind->balance_count && !object.code; j++)
      if (base_view_equal(balance->name, kind->balances[j].name))
        wire_object_fail(&object, BASE_FIELD, "name", "stands twice");
    kind->balance_count += !object.code;
    wire_object_close(&object, root);
  }
}
