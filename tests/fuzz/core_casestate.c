/* SPDX-License-Identifier: Apache-2.0
 * The state of a case whose headers a stranger wrote: four bytes a message (author and type, two followed ones, id). Of
 * the first message the second byte chooses the kind, any that is shipped; where it is 0 the type does, an odd one that of
 * tests/kinds, which has items. Any order of arrival gives the same result, or the same refusal, and nothing is stuck: what
 * is in no last state, somebody can move. */
#include "../shipped.h"
#include "core/casestate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 48, BYTES_EACH = 4 };

static void require(bool holds) {
  if (!holds)
    abort();
}

struct scene {
  struct wire_header headers[MESSAGES];
  struct core_case_message messages[MESSAGES], again[MESSAGES];
  char terms[MESSAGES][BASE_HEX_ID + 1];
  size_t count;
};

static void write_message(struct scene *scene, size_t at, const struct wire_kind *kind, const uint8_t *bytes) {
  static const char *const origins[] = {"wasl/a/0000000000000000", "wasl/b/0000000000000000", "wasl/c/0000000000000000",
                                        "wasl/x/0000000000000000"};
  struct wire_header *header = &scene->headers[at];
  scene->messages[at].id = (struct base_id){{bytes[3]}};
  scene->messages[at].header = header;
  header->opens = at == 0;
  header->case_id = scene->messages[0].id;
  header->kind = kind->name;
  header->kind_hash = kind->hash;
  header->type = at ? kind->types[(bytes[0] >> 2) % kind->type_count].name : kind->types[kind->opening].name;
  header->author = base_view_text(origins[at ? bytes[0] & 3 : 0]);
  header->party_count = 3;
  for (size_t i = 0; i < 3; i++)
    header->parties[i] = base_view_text(origins[i]);
  for (size_t i = 1; at > 0 && i <= 2; i++)
    header->follows[header->follow_count++].bytes[0] = bytes[i];
  struct base_id named = {{bytes[1]}};
  base_hex(named.bytes, sizeof named.bytes, scene->terms[at]);
  const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    if (field->state && (field->type == WIRE_FIELD_MESSAGE || field->type == WIRE_FIELD_PARTY))
      header->state[header->state_count++] =
          (struct wire_state_field){field->name, base_view_text(field->type == WIRE_FIELD_PARTY ? origins[bytes[2] & 3] : scene->terms[at])};
  }
}

static bool anybody(const struct wire_kind *kind, const struct scene *scene, const struct core_case_state *state,
                    const struct wire_kind_type *type, size_t item) {
  const struct wire_header *opening = scene->messages[0].header;
  for (size_t i = 0; i < opening->party_count; i++)
    if (item == SIZE_MAX ? core_case_allows(kind, scene->messages, scene->count, state, opening->parties[i], type, NULL) == BASE_OK
                         : core_case_allows_item(kind, scene->messages, scene->count, state, opening->parties[i], type, item))
      return true;
  return false;
}

/* A transition that fits the state can be taken by one of the parties. A type that an item has to take, too, may wait for
 * that. */
static void check_case_moves(const struct wire_kind *kind, const struct scene *scene, const struct core_case_state *state) {
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    bool fits = !transition->each && (transition->from >> state->state & 1);
    if (fits && transition->on->moves == NULL && transition->on->opens == NULL)
      require(anybody(kind, scene, state, transition->on, SIZE_MAX));
  }
}

/* The same of an item, unless only its assignee may and there is none. */
static void check_item_moves(const struct wire_kind *kind, const struct scene *scene, const struct core_case_state *state,
                             size_t at) {
  const struct core_case_message *message = &scene->messages[at];
  const struct wire_kind_item *item = core_case_item(kind, message);
  for (size_t i = 0; item != NULL && i < item->transition_count; i++) {
    const struct wire_item_transition *transition = &item->transitions[i];
    bool fits = (transition->from >> message->item_state & 1) && (transition->in >> state->state & 1);
    bool somebody = transition->who != WIRE_WHO_ASSIGNEE || message->assignee != WIRE_PARTIES_MAX;
    bool alone = transition->all; /* who made the state may be the only one to agree: then he has */
    if (fits && somebody && !alone && !transition->on->moves_case && transition->on->opens == NULL)
      require(anybody(kind, scene, state, transition->on, at));
  }
}

/* An item is one of the kind's, in one of its states, which an effective message made. */
static void check_item(const struct wire_kind *kind, const struct scene *scene, size_t at) {
  const struct core_case_message *message = &scene->messages[at];
  const struct wire_kind_item *item = core_case_item(kind, message);
  if (item == NULL)
    return;
  require(message->effective && base_view_equal(message->header->type, item->opened_by->name));
  require(message->item_state < item->state_count && message->assignee <= WIRE_PARTIES_MAX);
  require(message->item_by >= at && message->item_by < scene->count && scene->messages[message->item_by].effective);
}

static void try_followers(const struct wire_kind *kind, const struct scene *scene,
                          const struct core_case_state *state) {
  struct base_id follows[WIRE_FOLLOWS_MAX];
  struct base_view author = scene->headers[0].author;
  require(core_case_follows(scene->messages, scene->count, author, follows) > 0);
  for (size_t i = 0; i < kind->type_count; i++) {
    struct base_error err;
    enum base_code code = core_case_allows(kind, scene->messages, scene->count, state, author, &kind->types[i], &err);
    require(code == BASE_OK || code == BASE_TRANSITION);
    for (size_t j = 0; j < scene->count; j++)
      require(!core_case_allows_item(kind, scene->messages, scene->count, state, author, &kind->types[i], j) ||
              code == BASE_OK);
  }
}

enum { KINDS = 128 };

/* Read once: they do not change. The first two are chosen by the first byte. */
static const struct wire_kind *kind_of(const uint8_t *data, size_t size) {
  static struct shipped kinds[KINDS];
  static size_t count;
  if (count == 0) {
    shipped_load(&kinds[count++], "agreement");
    shipped_load(&kinds[count++], "relief");
    for (size_t i = 0; i < kinds_count && count < KINDS; i++) {
      char name[64];
      (void)snprintf(name, sizeof name, "%s", kinds_files[i].name);
      char *end = strchr(name, '.');
      if (end == NULL || strcmp(end, ".json") != 0)
        continue;
      *end = 0;
      shipped_load(&kinds[count++], name);
    }
  }
  if (size > 1 && data[1] != 0)
    return &kinds[data[1] % count].kind;
  return &kinds[size > 0 ? data[0] >> 2 & 1 : 0].kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct wire_kind *kind = kind_of(data, size);
  BASE_AUTO_FREE struct scene *scene = calloc(1, sizeof *scene);
  require(scene != NULL);
  scene->count = size / BYTES_EACH < MESSAGES ? size / BYTES_EACH : MESSAGES;
  for (size_t i = 0; i < scene->count; i++)
    write_message(scene, i, kind, data + i * BYTES_EACH);
  for (size_t i = 0; i < scene->count; i++)
    scene->again[i] = scene->messages[scene->count - 1 - i];
  struct core_case_state state, again;
  enum base_code code = core_case_compute(kind, scene->messages, scene->count, &state, NULL);
  require(core_case_compute(kind, scene->again, scene->count, &again, NULL) == code);
  if (code)
    return 0;
  require(state.state == again.state && state.flagged == again.flagged && base_id_equal(&state.by, &again.by));
  require(memcmp(scene->messages, scene->again, scene->count * sizeof *scene->messages) == 0);
  for (size_t i = 0; i < scene->count; i++) {
    check_item(kind, scene, i);
    check_item_moves(kind, scene, &state, i);
  }
  check_case_moves(kind, scene, &state);
  try_followers(kind, scene, &state);
  return 0;
}
