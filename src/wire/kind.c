/* SPDX-License-Identifier: Apache-2.0
 * Reading a kind: spec/kind.md. What a kind says is checked here once, so that nobody downstream meets a dangling name.
 */
#include "wire/kind_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const wire_who_names[WIRE_WHOS] = {
    [WIRE_WHO_ANY] = "any",           [WIRE_WHO_OPENER] = "opener", [WIRE_WHO_OTHERS] = "others",
    [WIRE_WHO_NOT_LAST] = "not_last", [WIRE_WHO_OWNER] = "owner",   [WIRE_WHO_NOT_OWNER] = "not_owner",
    [WIRE_WHO_ASSIGNEE] = "assignee", [WIRE_WHO_PAIR] = "pair"};

void *wire_kind_room(struct wire_kind_reader *reader, const char *key, size_t count, size_t size) {
  void *room = base_arena_array(reader->arena, count + 1, size);
  if (!room)
    wire_object_fail(&reader->root, BASE_MEMORY, key, "no memory left");
  return room;
}

static bool code_repeated(const struct base_view *codes, size_t index) {
  for (size_t i = 0; i < index; i++)
    if (base_view_equal(codes[i], codes[index]))
      return true;
  return false;
}

struct base_view *wire_kind_copy_codes(struct wire_object *object, const char *key, const struct wire_json *array,
                                       struct base_arena *arena, size_t most, size_t *out_count) {
  size_t count = wire_json_size(array);
  if (wire_json_type(array) != WIRE_JSON_ARRAY || count == 0 || count > most)
    wire_object_fail(object, BASE_FIELD, key, "must be an array of 1 to %zu codes", most);
  struct base_view *codes = object->code ? NULL : base_arena_array(arena, count, sizeof *codes);
  if (!codes)
    wire_object_fail(object, BASE_MEMORY, key, "no memory left");
  for (size_t i = 0; i < count && !object->code; i++) {
    codes[i] = wire_kind_copy_code(object, key, wire_json_text(wire_json_at(array, i)), arena);
    if (code_repeated(codes, i))
      wire_object_fail(object, BASE_FIELD, key, "the code %s stands twice", wire_kind_text(codes[i]));
  }
  *out_count = object->code ? 0 : count;
  return codes;
}

static void read_lists(struct wire_kind_reader *reader) {
  const struct wire_json *lists = wire_object_take(&reader->root, "lists", WIRE_JSON_OBJECT, true);
  if (wire_json_size(lists) > WIRE_KIND_LISTS_MAX)
    wire_object_fail(&reader->root, BASE_FIELD, "lists", "more than %d lists", WIRE_KIND_LISTS_MAX);
  if (reader->root.code)
    return;
  struct wire_kind *kind = reader->kind;
  kind->lists = wire_kind_room(reader, "lists", wire_json_size(lists), sizeof *kind->lists);
  void *cursor = NULL;
  struct base_view name;
  const struct wire_json *codes;
  while (!reader->root.code && wire_json_next(lists, &cursor, &name, &codes)) {
    struct wire_kind_list *list = &kind->lists[kind->list_count++];
    list->name = wire_kind_copy_code(&reader->root, "lists", name, reader->arena);
    char key[sizeof "lists." + WIRE_CODE_MAX];
    (void)snprintf(key, sizeof key, "lists.%s", wire_kind_text(list->name));
    list->codes = wire_kind_copy_codes(&reader->root, key, codes, reader->arena, WIRE_KIND_CODES_MAX, &list->count);
    wire_object_note(&reader->root);
  }
}

const char *const wire_release_names[WIRE_RELEASES] = {
    [WIRE_RELEASE_NONE] = "none", [WIRE_RELEASE_SUPERVISOR] = "supervisor", [WIRE_RELEASE_IF_ANY] = "supervisor_if_any"};

/* Who else must say yes: a kind knows roles alone, an authority is a matter of agreements. */
static void take_release(struct wire_object *object, struct wire_kind_type *type) {
  const struct wire_json *word = wire_object_take(object, "release", WIRE_JSON_TEXT, false);
  for (int i = WIRE_RELEASE_SUPERVISOR; word != NULL && i < WIRE_RELEASES; i++)
    if (base_view_is(wire_json_text(word), wire_release_names[i]))
      type->release = (enum wire_release)i;
  if (word != NULL && type->release == WIRE_RELEASE_NONE)
    wire_object_fail(object, BASE_FIELD, "release", "is supervisor, supervisor_if_any, or not there");
}

static void read_types(struct wire_kind_reader *reader) {
  const struct wire_json *types = wire_object_array(&reader->root, "types", 1, WIRE_KIND_TYPES_MAX);
  size_t count = wire_json_size(types);
  struct wire_kind *kind = reader->kind;
  kind->types = wire_kind_room(reader, "types", count, sizeof *kind->types);
  for (size_t i = 0; i < count && !reader->root.code; i++) {
    struct wire_object object;
    size_t before = reader->root.faults ? reader->root.faults->count : 0;
    wire_object_begin_at(&object, &reader->root, "types", types, i);
    struct base_view name = wire_kind_take_code(&object, "name", reader->arena, true);
    if (!object.code && wire_kind_type_named(kind, name))
      wire_object_fail(&object, BASE_FIELD, "name", "%s stands twice", wire_kind_text(name));
    take_release(&object, &kind->types[i]);
    wire_kind_take_written(&object, reader->arena, &kind->types[i]);
    kind->types[i].no_parts = wire_json_get(object.json, "parts") && !wire_object_bool(&object, "parts", true);
    kind->types[i].fields =
        wire_kind_take_fields(&object, "fields", false, kind, reader->arena, &kind->types[i].field_count);
    kind->types[i].name = name;
    wire_kind_count_matches(&object, &kind->types[i]);
    if (!object.code && (!reader->root.faults || reader->root.faults->count == before))
      wire_kind_join_rules(&object, kind, &kind->types[i]);
    kind->type_count++;
    wire_object_close(&object, &reader->root);
  }
}

static void read_states(struct wire_kind_reader *reader) {
  const struct wire_json *states = wire_object_array(&reader->root, "states", 1, WIRE_KIND_STATES_MAX);
  if (states)
    reader->kind->states = wire_kind_copy_codes(&reader->root, "states", states, reader->arena, WIRE_KIND_STATES_MAX,
                                                &reader->kind->state_count);
}

const struct wire_kind_type *wire_kind_take_type(struct wire_kind_reader *reader, struct wire_object *object,
                                                 const char *key) {
  const struct wire_json *name = wire_object_take(object, key, WIRE_JSON_TEXT, true);
  const struct wire_kind_type *type = name ? wire_kind_type_named(reader->kind, wire_json_text(name)) : NULL;
  if (name && !type)
    wire_object_fail(object, BASE_FIELD, key, "names no type of this kind");
  return type;
}

size_t wire_kind_place(const struct base_view *names, size_t count, struct base_view name) {
  size_t i = 0;
  while (i < count && !base_view_equal(names[i], name))
    i++;
  return i;
}

uint64_t wire_kind_take_bits(struct wire_object *object, const char *key, const struct base_view *names, size_t count,
                             const char *what) {
  const struct wire_json *array = wire_object_take(object, key, WIRE_JSON_ARRAY, false);
  uint64_t bits = 0;
  for (size_t i = 0; i < wire_json_size(array) && !object->code; i++) {
    size_t place = wire_kind_place(names, count, wire_json_text(wire_json_at(array, i)));
    if (place == count)
      wire_object_fail(object, BASE_FIELD, key, "item %zu names no %s", i, what);
    else if (bits >> place & 1)
      wire_object_fail(object, BASE_FIELD, key, "item %zu stands twice", i);
    else
      bits |= (uint64_t)1 << place;
  }
  return bits;
}

static uint64_t take_states(struct wire_kind_reader *reader, struct wire_object *object, const char *key) {
  return wire_kind_take_bits(object, key, reader->kind->states, reader->kind->state_count, "state of this kind");
}

uint64_t wire_kind_take_types(struct wire_kind_reader *reader, struct wire_object *object, const char *key) {
  struct base_view names[WIRE_KIND_TYPES_MAX];
  for (size_t i = 0; i < reader->kind->type_count; i++)
    names[i] = reader->kind->types[i].name;
  return wire_kind_take_bits(object, key, names, reader->kind->type_count, "type of this kind");
}

enum wire_who wire_kind_take_who(struct wire_object *object, size_t count) {
  const struct wire_json *who = wire_object_take(object, "who", WIRE_JSON_TEXT, false);
  struct base_view words[WIRE_WHOS];
  for (size_t i = 0; i < count; i++)
    words[i] = base_view_text(wire_who_names[i]);
  size_t place = who ? wire_kind_place(words, count, wire_json_text(who)) : WIRE_WHO_ANY;
  if (place == count)
    wire_object_fail(object, BASE_FIELD, "who", "must be one of: %s", wire_kind_code_names(words, count).text);
  return place == count ? WIRE_WHO_ANY : (enum wire_who)place;
}

static void take_names(struct wire_kind_reader *reader, struct wire_object *object,
                       struct wire_kind_transition *transition) {
  transition->names = wire_kind_take_code(object, "names", reader->arena, false);
  if (object->code || transition->names.size == 0)
    return;
  const struct wire_kind_field *field = wire_kind_field_named(transition->on, transition->names);
  if (!field || field->type != WIRE_FIELD_MESSAGE || !field->state || !field->required)
    wire_object_fail(object, BASE_FIELD, "names", "must be a required state field of type message of %s",
                     wire_kind_text(transition->on->name));
}

static void take_transition(struct wire_kind_reader *reader, struct wire_object *object,
                            struct wire_kind_transition *transition) {
  struct wire_kind *kind = reader->kind;
  transition->on = wire_kind_take_type(reader, object, "on");
  transition->from = take_states(reader, object, "from");
  const struct wire_json *to = wire_object_take(object, "to", WIRE_JSON_TEXT, transition->from == 0);
  transition->stays = !to && transition->from != 0;
  transition->to = to ? wire_kind_state_named(kind, wire_json_text(to)) : 0;
  if (to && transition->to == kind->state_count)
    wire_object_fail(object, BASE_FIELD, "to", "names no state of this kind");
  transition->who = wire_kind_take_who(object, WIRE_WHO_CASE);
  transition->all = wire_object_bool(object, "all", false);
  transition->anew = wire_object_bool(object, "anew", false);
  transition->each = wire_object_bool(object, "each", false);
  transition->settles = wire_object_bool(object, "settles", false);
  take_names(reader, object, transition);
  wire_kind_take_after(reader, object, transition);
  if (object->code)
    return;
  bool opens = transition->on == &kind->types[kind->opening];
  if (opens != (transition->from == 0))
    wire_object_fail(object, BASE_FIELD, "from", opens ? "the opening type comes from no state" : "names no state");
  else if (opens && (transition->who != WIRE_WHO_ANY || transition->all || transition->each || transition->names.size))
    wire_object_fail(object, BASE_FIELD, NULL, "the opening transition has no who, all, each or names");
  else if (transition->each && ((transition->who != WIRE_WHO_OPENER && transition->who != WIRE_WHO_OTHERS) ||
                                transition->all || transition->names.size))
    wire_object_fail(object, BASE_FIELD, "each", "goes with who opener or others, and without all and names");
  else if (transition->anew && !transition->all)
    wire_object_fail(object, BASE_FIELD, "anew", "goes with all");
  else if (transition->stays && (transition->all || transition->settles))
    wire_object_fail(object, BASE_FIELD, "to", "missing: what all agree to, or what settles, leads somewhere");
}

/* A state that nobody reaches is a slip of whoever wrote the kind. */
static void check_transitions(struct wire_kind_reader *reader) {
  struct wire_kind *kind = reader->kind;
  uint64_t reached = 0, moving = 0;
  size_t opening = 0;
  for (size_t i = 0; i < kind->transition_count; i++) {
    reached |= kind->transitions[i].stays ? 0 : (uint64_t)1 << kind->transitions[i].to;
    moving |= (uint64_t)1 << (kind->transitions[i].on - kind->types);
    opening += kind->transitions[i].from == 0;
  }
  if (opening != 1)
    wire_object_fail(&reader->root, BASE_FIELD, "transitions", "exactly one must be on the opening type");
  for (size_t i = 0; i < kind->state_count; i++)
    if (!(reached >> i & 1))
      wire_object_fail(&reader->root, BASE_FIELD, "transitions", "none leads to %s", wire_kind_text(kind->states[i]));
  for (size_t i = 0; i < kind->type_count; i++)
    kind->types[i].moves_case = moving >> i & 1;
}

static void read_transitions(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  const struct wire_kind_type *opening = wire_kind_take_type(reader, root, "opening");
  const struct wire_json *array = wire_object_array(root, "transitions", 1, WIRE_KIND_TRANSITIONS_MAX);
  if (!opening || !array)
    return;
  kind->opening = (size_t)(opening - kind->types);
  kind->transitions = wire_kind_room(reader, "transitions", wire_json_size(array), sizeof *kind->transitions);
  for (size_t i = 0; i < wire_json_size(array) && !root->code; i++) {
    struct wire_object object;
    wire_object_begin_at(&object, root, "transitions", array, i);
    take_transition(reader, &object, &kind->transitions[kind->transition_count]);
    kind->transition_count += !object.code;
    wire_object_close(&object, root);
  }
  if (!root->code && kind->transition_count == wire_json_size(array))
    check_transitions(reader);
}

size_t wire_kind_together(const struct wire_kind *kind, const uint8_t *states, size_t count) {
  uint64_t present = 0;
  for (size_t i = 0; i < count; i++)
    present |= (uint64_t)1 << states[i];
  const struct wire_kind_together *rule = kind->together;
  while ((rule->any != 0 && !(rule->any & present)) || (rule->all != 0 && (present & ~rule->all)))
    rule++;
  return rule->state;
}

/* With one party beside the opener the case is in that party's state. */
static void check_together(struct wire_kind_reader *reader) {
  const struct wire_kind *kind = reader->kind;
  for (size_t i = 0; i < kind->transition_count && !reader->root.code; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    uint8_t alone = (uint8_t)transition->to;
    if (transition->stays)
      continue;
    if ((transition->each || transition->from == 0) && wire_kind_together(kind, &alone, 1) != transition->to)
      wire_object_fail(&reader->root, BASE_FIELD, "together", "a party alone in %s does not make that state",
                       wire_kind_text(kind->states[transition->to]));
  }
}

static void take_together(struct wire_kind_reader *reader, struct wire_object *object, bool last,
                          struct wire_kind_together *rule) {
  rule->any = take_states(reader, object, "any");
  rule->all = take_states(reader, object, "all");
  const struct wire_json *state = wire_object_take(object, "state", WIRE_JSON_TEXT, true);
  rule->state = wire_kind_state_named(reader->kind, wire_json_text(state));
  if (object->code)
    return;
  if (rule->state == reader->kind->state_count)
    wire_object_fail(object, BASE_FIELD, "state", "names no state of this kind");
  else if (last != (rule->any == 0 && rule->all == 0))
    wire_object_fail(object, BASE_FIELD, NULL, last ? "the last one has neither any nor all" : "asks for any or all");
}

static void read_together(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  struct wire_kind *kind = reader->kind;
  bool each = false;
  for (size_t i = 0; i < kind->transition_count; i++)
    each = each || kind->transitions[i].each;
  const struct wire_json *array = wire_object_take(root, "together", WIRE_JSON_ARRAY, each);
  size_t count = wire_json_size(array);
  if (root->code || array == NULL)
    return;
  if (!each || count == 0 || count > WIRE_KIND_TOGETHER_MAX) {
    wire_object_fail(root, BASE_FIELD, "together", each ? "1 to %d rules" : "no transition has each",
                     WIRE_KIND_TOGETHER_MAX);
    return;
  }
  kind->together = wire_kind_room(reader, "together", count, sizeof *kind->together);
  for (size_t i = 0; i < count && !root->code; i++) {
    struct wire_object object;
    wire_object_begin_at(&object, root, "together", array, i);
    take_together(reader, &object, i + 1 == count, &kind->together[i]);
    wire_object_close(&object, root);
  }
  kind->together_count = root->code ? 0 : count;
  if (!root->code)
    check_together(reader);
}

/* So is a type that moves nothing. */
static void check_types(struct wire_kind_reader *reader) {
  for (size_t i = 0; i < reader->kind->type_count; i++) {
    const struct wire_kind_type *type = &reader->kind->types[i];
    if (!type->moves_case && !type->opens && !type->moves)
      wire_object_fail(&reader->root, BASE_FIELD, "transitions", "none is on %s", wire_kind_text(type->name));
  }
}

static void read_purpose(struct wire_kind_reader *reader) {
  struct wire_kind *kind = reader->kind;
  kind->purpose_field = wire_kind_take_code(&reader->root, "purpose_field", reader->arena, false);
  if (reader->root.code || kind->purpose_field.size == 0 || !kind->transitions) /* without them no type opens */
    return;
  const struct wire_kind_field *field = wire_kind_field_named(&kind->types[kind->opening], kind->purpose_field);
  if (!field || field->type != WIRE_FIELD_CODE || !field->state || !field->required)
    wire_object_fail(&reader->root, BASE_FIELD, "purpose_field",
                     "must be a required state field of type code of the opening type");
}

/* The parts of the file, each looked at where those it names are sound: so all that is wrong in them is told at once, and
 * nothing that only follows from something else. */
enum { PART_LISTS = 1, PART_TYPES = 2, PART_STATES = 4, PART_TRANSITIONS = 8, PART_ITEMS = 16, PART_OTHERS = 32 };
static const struct part {
  void (*read)(struct wire_kind_reader *);
  const char *key;
  unsigned is, needs;
} parts[] = {
    {read_lists, "lists", PART_LISTS, 0},
    {read_types, "types", PART_TYPES, PART_LISTS},
    {read_states, "states", PART_STATES, 0},
    {read_transitions, "transitions", PART_TRANSITIONS, PART_TYPES | PART_STATES},
    {wire_kind_read_items, "items", PART_ITEMS, PART_TRANSITIONS},
    {check_types, "transitions", PART_OTHERS, PART_ITEMS},
    {read_together, "together", PART_OTHERS, PART_TRANSITIONS},
    {wire_kind_read_clocks, "clocks", PART_OTHERS, PART_TYPES},
    {wire_kind_read_balances, "balances", PART_OTHERS, PART_ITEMS},
    {wire_kind_read_feeds, "feeds", PART_OTHERS, PART_ITEMS},
    {wire_kind_read_answers, "answers", PART_OTHERS, PART_TRANSITIONS},
    {wire_kind_read_aparts, "apart", PART_OTHERS, PART_ITEMS},
    {wire_kind_join_earlier, "types", PART_OTHERS, PART_TRANSITIONS},
    {wire_kind_read_period, "period", PART_OTHERS, PART_TRANSITIONS},
    {read_purpose, "purpose_field", PART_OTHERS, PART_TYPES},
    {wire_kind_read_ends, "personal_ends", PART_OTHERS, PART_TYPES | PART_STATES},
    {wire_kind_read_picture, "picture", PART_OTHERS, PART_TRANSITIONS},
};

static void read_steps(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  unsigned sound = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && !root->code; i++) {
    size_t before = root->faults ? root->faults->count : 0;
    if ((parts[i].needs & ~sound) == 0)
      parts[i].read(reader);
    else
      (void)wire_object_take(root, parts[i].key, WIRE_JSON_NONE, false);
    wire_object_note(root);
    if ((parts[i].needs & ~sound) == 0 && (!root->faults || root->faults->count == before))
      sound |= parts[i].is;
  }
  if (root->faults)
    (void)wire_object_take(root, "opening", WIRE_JSON_NONE, false);
}

static void read_kind(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  wire_object_exact(root, "wasl", "kind/1");
  wire_object_note(root);
  reader->kind->name = wire_kind_take_code(root, "name", reader->arena, true);
  wire_object_note(root);
  reader->kind->version = wire_object_integer(root, "version", 1, INT32_MAX, true);
  wire_object_note(root);
  reader->kind->needs_row = wire_object_bool(root, "needs_row", true);
  /* Agreements make the law, a recall outlives it, a consent is what law asks for, and an emergency is what it is told
   * of afterwards, an erasure is certified when all is over: a kind from outside must not talk itself around the law. */
  static const char *const beside[] = {WIRE_KIND_AGREEMENT, WIRE_KIND_RECALL, WIRE_KIND_CONSENT, WIRE_KIND_EMERGENCY,
                                       WIRE_KIND_ERASURE};
  bool rowless = false;
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
    rowless = rowless || base_view_is(reader->kind->name, beside[i]);
  if (!root->code && reader->kind->needs_row == rowless)
    wire_object_fail(root, BASE_FIELD, "needs_row",
                     "must be false for the kinds agreement, recall, consent, emergency and erasure, and true for every other");
  wire_object_note(root);
  wire_kind_read_lane(reader);
  wire_object_note(root);
  wire_kind_read_readers(reader);
  wire_kind_read_mark(reader);
  wire_object_note(root);
  read_steps(reader);
}

/* faults NULL: the first fault is the last. */
static enum base_code parse(struct base_view bytes, const struct base_hash *hash, struct base_arena *arena,
                            struct wire_kind *out, struct wire_faults *faults, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  enum base_code code = wire_json_parse_own(bytes, WIRE_KIND_MAX, "kind", &document, err);
  if (code)
    return code;
  struct wire_kind kind = {.hash = *hash};
  struct wire_kind_reader reader = {.arena = arena, .kind = &kind};
  wire_object_begin(&reader.root, document, "kind", "$");
  if (!reader.root.code) {
    reader.root.faults = faults;
    read_kind(&reader);
  }
  code = wire_object_end(&reader.root, err);
  if (!code && (!faults || faults->count == 0))
    *out = kind;
  return code;
}

enum base_code wire_kind_parse(struct base_view bytes, const struct base_hash *hash, struct base_arena *arena,
                               struct wire_kind *out, struct base_error *err) {
  return parse(bytes, hash, arena, out, NULL, err);
}

void wire_kind_faults(struct base_view bytes, const struct base_hash *hash, struct base_arena *arena,
                      struct wire_kind *out, struct wire_faults *faults) {
  struct base_error err = {0};
  *faults = (struct wire_faults){0};
  enum base_code code = parse(bytes, hash, arena, out, faults, &err);
  if (code)
    wire_faults_add(faults, code, "%s", err.text);
}

const struct wire_kind_type *wire_kind_type_named(const struct wire_kind *kind, struct base_view name) {
  for (size_t i = 0; i < kind->type_count; i++)
    if (base_view_equal(kind->types[i].name, name))
      return &kind->types[i];
  return NULL;
}

const struct wire_kind_field *wire_kind_field_named(const struct wire_kind_type *type, struct base_view name) {
  for (size_t i = 0; i < type->field_count; i++)
    if (base_view_equal(type->fields[i].name, name))
      return &type->fields[i];
  return NULL;
}

const struct wire_kind_item *wire_kind_item_named(const struct wire_kind *kind, struct base_view name) {
  for (size_t i = 0; i < kind->item_count; i++)
    if (base_view_equal(kind->items[i].name, name))
      return &kind->items[i];
  return NULL;
}

size_t wire_kind_state_named(const struct wire_kind *kind, struct base_view name) {
  return wire_kind_place(kind->states, kind->state_count, name);
}
