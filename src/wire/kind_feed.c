/* SPDX-License-Identifier: Apache-2.0
 * The feeds of a kind: what an item became goes on as a message in a case of another kind. spec/kind.md, "Feeds". */
#include "wire/kind_internal.h"

const struct wire_kind_feed *wire_kind_feed_of(const struct wire_kind *kind, const struct wire_kind_item *item) {
  for (size_t i = 0; i < kind->feed_count; i++)
    if (kind->feeds[i].item == item)
      return &kind->feeds[i];
  return NULL;
}

/* {their field: ours}: in the order of the file. */
static void take_fields(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_feed *feed) {
  const struct wire_kind_type *type = feed->item->opened_by;
  const struct wire_json *fields = wire_object_take(object, "fields", WIRE_JSON_OBJECT, true), *value;
  struct base_view key;
  if (fields && (wire_json_size(fields) == 0 || wire_json_size(fields) > WIRE_KIND_FIELDS_MAX))
    wire_object_fail(object, BASE_FIELD, "fields", "1 to %d are allowed", WIRE_KIND_FIELDS_MAX);
  if (object->code)
    return;
  feed->fields = wire_kind_room(reader, "feeds", wire_json_size(fields), sizeof *feed->fields);
  for (void *cursor = NULL; !object->code && !reader->root.code && wire_json_next(fields, &cursor, &key, &value);) {
    const struct wire_kind_field *from = wire_kind_field_named(type, wire_json_text(value));
    struct base_view to = wire_kind_copy_code(object, "fields", key, reader->arena);
    if (object->code)
      return;
    if (!from || wire_field_names_message(from->type))
      wire_object_fail(object, BASE_FIELD, "fields", "%s names no field of %s that can go into another case",
                       wire_kind_text(to), wire_kind_text(type->name));
    else if (base_view_equal(to, feed->reference))
      wire_object_fail(object, BASE_FIELD, "fields", "%s is the reference, which is the item itself", wire_kind_text(to));
    feed->fields[feed->field_count].to = to;
    feed->fields[feed->field_count++].from = from;
  }
}

static void take_feed(struct wire_kind_reader *reader, struct wire_object *object, struct wire_kind_feed *feed) {
  struct base_view item = wire_kind_take_code(object, "item", reader->arena, true);
  feed->kind = wire_kind_take_code(object, "kind", reader->arena, true);
  feed->type = wire_kind_take_code(object, "type", reader->arena, true);
  feed->reference = wire_kind_take_code(object, "reference", reader->arena, true);
  feed->item = object->code ? NULL : wire_kind_item_named(reader->kind, item);
  if (!object->code && !feed->item)
    wire_object_fail(object, BASE_FIELD, "item", "names no item of this kind");
  else if (!object->code && wire_kind_feed_of(reader->kind, feed->item))
    wire_object_fail(object, BASE_FIELD, "item", "%s has a feed already", wire_kind_text(item));
  if (object->code)
    return;
  feed->states = (uint32_t)wire_kind_take_bits(object, "states", feed->item->states, feed->item->state_count,
                                               "state of the item");
  if (!object->code && feed->states == 0)
    wire_object_fail(object, BASE_FIELD, "states", "names no state of the item %s", wire_kind_text(item));
  take_fields(reader, object, feed);
}

void wire_kind_read_feeds(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  bool there = wire_json_get(root->json, "feeds") != NULL;
  const struct wire_json *array = there ? wire_object_array(root, "feeds", 1, WIRE_KIND_ITEMS_MAX) : NULL;
  kind->feeds = wire_kind_room(reader, "feeds", wire_json_size(array), sizeof *kind->feeds);
  for (size_t i = 0; i < wire_json_size(array) && !root->code; i++) {
    struct wire_object object;
    wire_object_begin_at(&object, root, "feeds", array, i);
    kind->feeds[kind->feed_count] = (struct wire_kind_feed){0};
    take_feed(reader, &object, &kind->feeds[kind->feed_count]);
    kind->feed_count += !object.code;
    wire_object_close(&object, root);
  }
}
