/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/epoch.h"

/* Whose data these are: a folder, or a database, of another node may be in this one's place. */

static bool take(struct base_view origin, char out[WIRE_ORIGIN_MAX + 1]) {
  if (!wire_origin_valid(origin))
    return false;
  struct base_view node = wire_origin_node(origin);
  (void)snprintf(out, WIRE_ORIGIN_MAX + 1, "%.*s", (int)node.size, (const char *)node.data);
  return true;
}

static enum base_code head_says(struct store *store, char out[WIRE_ORIGIN_MAX + 1], uint32_t *epoch,
                                struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_NOTE_MAX);
  struct base_hash root;
  struct wire_note note;
  struct wire_checkpoint head;
  uint64_t size = 0;
  enum base_code code = store_head_last(store, &size, &root, &bytes, err);
  if (code != BASE_OK)
    return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : code;
  if (wire_note_parse(base_buf_view(&bytes), &note, NULL) == BASE_OK &&
      wire_checkpoint_parse(note.text, &head, NULL) == BASE_OK && take(head.origin, out))
    *epoch = wire_origin_epoch(head.origin);
  return BASE_OK;
}

/* Before the first head, or where its row is damaged. */
static enum base_code card_says(struct store *store, char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, WIRE_CARD_MAX);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 8 * WIRE_CARD_MAX);
  struct wire_card card;
  enum base_code code = core_card_first_stored(store, &bytes, err);
  if (code != BASE_OK)
    return core_damage(code) || code == BASE_NOT_FOUND ? BASE_OK : code;
  code = wire_card_parse(base_buf_view(&bytes), &arena, &card, err);
  if (code == BASE_MEMORY)
    return code;
  if (code == BASE_OK)
    (void)take(card.origin, out);
  return BASE_OK;
}

enum base_code core_data_whose(struct store *store, char out[WIRE_ORIGIN_MAX + 1], uint32_t *epoch,
                               struct base_error *err) {
  out[0] = '\0';
  *epoch = 0;
  enum base_code code = head_says(store, out, epoch, err);
  return code == BASE_OK && out[0] == '\0' ? card_says(store, out, err) : code;
}

enum base_code core_data_check(const struct core *core, struct base_error *err) {
  char origin[WIRE_ORIGIN_MAX + 1];
  uint32_t epoch = 0;
  enum base_code code = core_data_whose(core->store, origin, &epoch, err);
  if (code != BASE_OK || origin[0] == '\0' || base_view_is(base_view_text(core->info.origin), origin))
    return code;
  return base_fail(err, BASE_WRONG_KEY,
                   "the data in %s are of %s, and the keys in keeper/ of %s: one of them is another node's. Put this "
                   "node's own back (wasl card show node.card says whose folder it is)",
                   strcmp(store_name(core->store), "core.db") != 0 ? "the database that wasl.conf names" : "core/",
                   origin, core->info.origin);
}
