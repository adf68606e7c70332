/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cards.h"
#include "core/register.h"

/* The keys that the keeper holds, against those that the card names and those that were written down: each that came or
 * went is a leaf, and one that a card in force names but that is not there any more is said until it is back or off the
 * card. */

static const char *const type_words[WIRE_KEEPER_TYPES] = {[WIRE_KEEPER_LOG] = "log",
                                                          [WIRE_KEEPER_WITNESS] = "witness",
                                                          [WIRE_KEEPER_SEAL] = "seal",
                                                          [WIRE_KEEPER_EPOCH] = "epoch"};

const char *core_key_word(enum wire_keeper_type type) {
  return type_words[type];
}

/* --- what is written down */

enum {
  NOTES_MAX = WIRE_KEEPER_KEYS_MAX + WIRE_CARD_SEALS_MAX, /* those that are held, and those that are missed */
  NOTES_BYTES = 1 + NOTES_MAX * (1 + 4 + 1 + WIRE_KEEPER_KEY_ID),
};

struct note {
  enum wire_keeper_type type;
  uint32_t number;
  bool missed; /* a leaf said that it is missing */
  uint8_t id[WIRE_KEEPER_KEY_ID];
};
struct notes {
  size_t count;
  struct note list[NOTES_MAX];
};

static const char notes_fact[] = "keys";

static enum base_code notes_read(struct core *core, struct notes *out, bool *none, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, NOTES_BYTES);
  enum base_code code = store_fact_get(core->store, notes_fact, &bytes, err);
  *none = code == BASE_NOT_FOUND;
  out->count = 0;
  if (code != BASE_OK)
    return *none ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  size_t count = base_read_u8(&reader);
  for (size_t i = 0; i < count; i++) {
    struct note note = {.type = base_read_u8(&reader), .number = base_read_u32(&reader)};
    note.missed = base_read_u8(&reader) != 0;
    struct base_view id = base_read_bytes(&reader, sizeof note.id);
    if (id.size != sizeof note.id || note.type < WIRE_KEEPER_LOG || note.type >= WIRE_KEEPER_TYPES || i == NOTES_MAX)
      return base_fail(err, BASE_CORRUPT, "the list of keys is damaged");
    memcpy(note.id, id.data, id.size);
    out->list[out->count++] = note;
  }
  return base_reader_end(&reader, "the list of keys", err);
}

static enum base_code notes_save(struct core *core, const struct notes *notes, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, NOTES_BYTES);
  base_buf_u8(&bytes, (uint8_t)notes->count);
  for (size_t i = 0; i < notes->count; i++) {
    base_buf_u8(&bytes, (uint8_t)notes->list[i].type);
    base_buf_u32(&bytes, notes->list[i].number);
    base_buf_u8(&bytes, notes->list[i].missed);
    base_buf_add(&bytes, notes->list[i].id, sizeof notes->list[i].id);
  }
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_fact_set(core->store, notes_fact, base_buf_view(&bytes), err) : code;
}

static const struct note *noted(const struct notes *notes, enum wire_keeper_type type, uint32_t number) {
  for (size_t i = 0; i < notes->count; i++)
    if (notes->list[i].type == type && notes->list[i].number == number)
      return &notes->list[i];
  return NULL;
}

static struct note note_of(const struct wire_keeper_key *key) {
  struct note note = {.type = key->type, .number = key->number};
  struct base_hash id = seal_key_hash(&key->public_key);
  memcpy(note.id, id.bytes, sizeof note.id);
  return note;
}

/* --- on the card and not there */

static bool held(const struct core *core, enum wire_keeper_type type, uint32_t number) {
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == type && core->info.keys[i].number == number)
      return true;
  return false;
}

bool core_seal_held(const struct core *core, const struct wire_seal_key *seal) {
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == WIRE_KEEPER_SEAL && wire_key_equal(&core->info.keys[i].public_key, &seal->key))
      return true;
  return false;
}

/* Whether partners may still seal to it. */
static bool counts(const struct core *core, size_t i) {
  return i == 0 || core->card.seals[i].until > core_now(core);
}

bool core_seal_missing(const struct core *core, size_t i) {
  return counts(core, i) && !core_seal_held(core, &core->card.seals[i]);
}

/* A key that went: one that the card still names was not destroyed by this node. */
static bool is_missing(const struct core *core, const struct note *note) {
  for (size_t i = 0; note->type == WIRE_KEEPER_SEAL && i < core->card.seal_count; i++)
    if (memcmp(core->card.seals[i].id, note->id, sizeof note->id) == 0)
      return core_seal_missing(core, i);
  return false;
}

uint32_t core_seal_number(struct core *core, const struct wire_seal_key *seal) {
  struct notes notes;
  struct base_error ignored;
  bool none = false;
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == WIRE_KEEPER_SEAL && wire_key_equal(&core->info.keys[i].public_key, &seal->key))
      return core->info.keys[i].number;
  if (notes_read(core, &notes, &none, &ignored) != BASE_OK)
    return 0;
  for (size_t i = 0; i < notes.count; i++)
    if (notes.list[i].type == WIRE_KEEPER_SEAL && memcmp(notes.list[i].id, seal->id, sizeof seal->id) == 0)
      return notes.list[i].number;
  return 0;
}

/* Its file, as the keeper names it; of one that was never written down its id. */
static void name_seal(struct core *core, const struct wire_seal_key *seal, struct base_buf *out) {
  char id[2 * WIRE_KEEPER_KEY_ID + 1];
  uint32_t number = core_seal_number(core, seal);
  base_hex(seal->id, sizeof seal->id, id);
  if (number == 1)
    base_buf_text(out, "seal.key");
  else if (number > 1)
    base_buf_printf(out, "seal-%u.key", (unsigned)number);
  else
    base_buf_printf(out, "the key %s", id);
}

static size_t name_missing(struct core *core, struct base_buf *out) {
  size_t count = 0;
  for (size_t i = 0; i < core->card.seal_count; i++)
    if (core_seal_missing(core, i)) {
      base_buf_text(out, count++ > 0 ? ", " : "");
      name_seal(core, &core->card.seals[i], out);
    }
  return count;
}

enum base_code core_keys_missing(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf names = {0};
  char before[sizeof core->keys.missing];
  size_t wanted = 0, missing = name_missing(core, &names);
  for (size_t i = 0; i < core->card.seal_count; i++)
    wanted += counts(core, i);
  memcpy(before, core->keys.missing, sizeof before);
  core->keys.missing[0] = '\0';
  if (missing == 0)
    return BASE_OK;
  if (missing == wanted)
    return base_fail(err, BASE_NOT_FOUND,
                     "the keeper holds no sealing key of the node's card: missing in keeper/: %.*s; bring it back from "
                     "where you keep its copy (docs/keys.md, \"Keys are lost\")",
                     (int)names.size, (const char *)names.data);
  (void)snprintf(
      core->keys.missing, sizeof core->keys.missing,
      "a sealing key on the node's card is missing in keeper/: %.*s; bring its copy back and start again, or "
      "make a card without it (wasl key rotate --seal)",
      (int)names.size, (const char *)names.data);
  if (strcmp(before, core->keys.missing) != 0)
    base_log(BASE_LOG_ERROR, "key.missing", "%s", core->keys.missing);
  return BASE_OK;
}

/* --- leaves about keys */

static enum base_code key_leaf(struct core *core, enum wire_keeper_type type, uint32_t number, struct base_view reason,
                               struct base_error *err) {
  char subject[32];
  snprintf(subject, sizeof subject, "%s %u", type_words[type], (unsigned)number);
  struct wire_opening opening = {
      .actor = base_view_text(core->keys.actor), .subject = base_view_text(subject), .reason = reason};
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? core_register_add(core, WIRE_ACT_KEY, &opening, NULL, err) : code;
}

/* Those that are held. */
static enum base_code write_came(struct core *core, const struct notes *before, bool none, struct notes *now,
                                 bool *news, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; code == BASE_OK && i < core->info.count; i++) {
    const struct wire_keeper_key *key = &core->info.keys[i];
    const struct note *was = noted(before, key->type, key->number);
    now->list[now->count++] = note_of(key);
    if (none || (was != NULL && !was->missed))
      continue;
    *news = true;
    code = key_leaf(core, key->type, key->number, was == NULL ? BASE_VIEW("made") : BASE_VIEW("found"), err);
  }
  return code;
}

/* Those that were. One that is missing stays noted for as long as the card names it. */
static enum base_code write_went(struct core *core, const struct notes *before, struct notes *now, bool *news,
                                 struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; code == BASE_OK && i < before->count; i++) {
    struct note note = before->list[i];
    if (held(core, note.type, note.number))
      continue;
    bool missing = is_missing(core, &note), said = note.missed;
    note.missed = true;
    if (missing && now->count < NOTES_MAX)
      now->list[now->count++] = note;
    *news |= !said || !missing;
    if (!said)
      code = key_leaf(core, note.type, note.number, missing ? BASE_VIEW("missing") : BASE_VIEW("destroyed"), err);
  }
  return code;
}

enum base_code core_keys_write_down(struct core *core, struct base_error *err) {
  struct notes before, now = {0};
  bool none = false, news = false;
  enum base_code code = notes_read(core, &before, &none, err);
  if (code == BASE_OK)
    code = write_came(core, &before, none, &now, &news, err);
  if (code == BASE_OK)
    code = write_went(core, &before, &now, &news, err);
  if (code == BASE_OK && (none || news))
    code = notes_save(core, &now, err);
  core->keys.actor[0] = '\0';
  return code == BASE_OK ? core_keys_missing(core, err) : core_lose(core, code, err);
}
