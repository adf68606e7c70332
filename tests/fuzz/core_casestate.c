/* SPDX-License-Identifier: Apache-2.0
 * The state of a case whose headers a stranger wrote: four bytes a message (author and type, two followed ones, id). Of
 * the first message the type chooses the kind instead: an odd one that of tests/kinds, which has items. Any order of
 * arrival gives the same result, or the same refusal. */
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
  static const char *const naming[] = {"terms", "offer", "task"};
  for (size_t i = 0; i < 3; i++)
    header->state[header->state_count++] =
        (struct wire_state_field){base_view_text(naming[i]), base_view_text(scene->terms[at])};
  header->state[header->state_count++] =
      (struct wire_state_field){BASE_VIEW("to"), base_view_text(origins[bytes[2] & 3])};
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct shipped kinds[2]; /* read once: they do not change */
  if (kinds[0].kind.type_count == 0) {
    shipped_load(&kinds[0], "agreement");
    shipped_load(&kinds[1], "relief");
  }
  const struct wire_kind *kind = &kinds[size > 0 ? data[0] >> 2 & 1 : 0].kind;
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
  for (size_t i = 0; i < scene->count; i++)
    check_item(kind, scene, i);
  try_followers(kind, scene, &state);
  return 0;
}
