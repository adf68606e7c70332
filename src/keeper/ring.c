/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "keeper/internal.h"

/* The keys that the keeper holds: read at the start, made and destroyed while it runs. A file is durable before its key
 * is used, and gone before its key counts as destroyed. */

enum { DAY = 24 * 60 * 60 };

void keeper_seal_id(const struct wire_key *key, uint8_t out[WIRE_KEEPER_KEY_ID]) {
  struct base_hash hash = seal_key_hash(key);
  memcpy(out, hash.bytes, WIRE_KEEPER_KEY_ID);
}

const struct keeper_held *keeper_ring_find(const struct keeper *keeper, enum keeper_key_type type, uint32_t number) {
  for (size_t i = 0; i < keeper->count; i++)
    if (keeper->keys[i].type == type && keeper->keys[i].number == number)
      return &keeper->keys[i];
  return NULL;
}

const struct keeper_held *keeper_ring_newest(const struct keeper *keeper, enum keeper_key_type type) {
  const struct keeper_held *newest = NULL;
  for (size_t i = 0; i < keeper->count; i++)
    if (keeper->keys[i].type == type)
      newest = &keeper->keys[i];
  return newest;
}

const struct keeper_held *keeper_ring_seal(const struct keeper *keeper, const uint8_t id[WIRE_KEEPER_KEY_ID]) {
  for (size_t i = 0; i < keeper->count; i++) {
    uint8_t its[WIRE_KEEPER_KEY_ID];
    keeper_seal_id(&keeper->keys[i].public_key, its);
    if (keeper->keys[i].type == KEEPER_KEY_SEAL && memcmp(its, id, sizeof its) == 0)
      return &keeper->keys[i];
  }
  return NULL;
}

/* --- into memory and out of it */

static void held_free(struct keeper_held *held) {
  /* OpenSSL wipes what it holds of each. */
  EVP_PKEY_free(held->key);
  keeper_wrapping_free(held->wrapping);
  *held = (struct keeper_held){0};
}

void keeper_ring_free(struct keeper *keeper) {
  for (size_t i = 0; i < keeper->count; i++)
    held_free(&keeper->keys[i]);
  keeper->count = 0;
  keeper_token_close(keeper->token);
  keeper->token = NULL;
}

/* object: of a key in the token. */
static enum base_code ring_add(struct keeper *keeper, const struct keeper_key *key, unsigned long object,
                               struct base_error *err) {
  if (keeper->count == WIRE_KEEPER_KEYS_MAX)
    return base_fail(err, BASE_POLICY, "the keeper holds %d keys already", WIRE_KEEPER_KEYS_MAX);
  struct keeper_held held = {.type = key->type,
                             .number = key->number,
                             .from = key->from,
                             .until = key->until,
                             .public_key = key->public_key,
                             .in_token = key->in_token,
                             .object = object};
  if (key->type == KEEPER_KEY_EPOCH)
    held.wrapping = keeper_wrapping_new(&key->secret);
  else if (!key->in_token)
    held.key = EVP_PKEY_new_raw_private_key(key->type == KEEPER_KEY_SEAL ? EVP_PKEY_X25519 : EVP_PKEY_ED25519, NULL,
                                            key->secret.bytes, sizeof key->secret.bytes);
  if (held.key == NULL && held.wrapping == NULL && (!key->in_token || key->type == KEEPER_KEY_EPOCH))
    return base_fail(err, BASE_INTERNAL, "the cryptographic library cannot load the keys");
  size_t at = keeper->count++;
  while (at > 0 && (keeper->keys[at - 1].type > held.type ||
                    (keeper->keys[at - 1].type == held.type && keeper->keys[at - 1].number > held.number))) {
    keeper->keys[at] = keeper->keys[at - 1];
    at--;
  }
  keeper->keys[at] = held;
  return BASE_OK;
}

/* --- at the start */

/* All files must be of one node; the origin fits the first log key as long as that is there. */
static enum base_code check_origin(struct keeper *keeper, const struct keeper_key *key, struct base_error *err) {
  struct keeper_key_name name = keeper_key_name(key->type, key->number);
  if (keeper->origin[0] == '\0')
    memcpy(keeper->origin, key->origin, sizeof keeper->origin);
  if (strcmp(keeper->origin, key->origin) != 0)
    return base_fail(err, BASE_CORRUPT, "%s: a key of %s, but others are of %s; put the right files together",
                     name.text, key->origin, keeper->origin);
  if (key->type == KEEPER_KEY_LOG && key->number == 1 &&
      !keeper_origin_fits(base_view_text(key->origin), &key->public_key))
    return base_fail(err, BASE_CORRUPT, "%s: the origin %s does not fit the key", name.text, key->origin);
  return BASE_OK;
}

static enum base_code load_file(struct keeper *keeper, enum keeper_key_type type, uint32_t number,
                                struct base_error *err) {
  struct keeper_key key = {0};
  unsigned long object = 0;
  enum base_code code = keeper_key_read(keeper->dir, type, number, &key, err);
  if (code == BASE_OK && key.going)
    return keeper_place_destroy(keeper->dir, keeper->token, type, number, err);
  if (code == BASE_OK)
    code = check_origin(keeper, &key, err);
  if (code == BASE_OK)
    code = keeper_place_open(keeper->token, &key, &object, err);
  if (code == BASE_OK)
    code = ring_add(keeper, &key, object, err);
  base_wipe(&key, sizeof key);
  return code;
}

struct found {
  size_t count;
  struct {
    enum keeper_key_type type;
    uint32_t number;
  } files[WIRE_KEEPER_KEYS_MAX];
};

/* In the order of the ring, whatever the folder's is. */
static bool note_file(struct found *found, enum keeper_key_type type, uint32_t number) {
  if (found->count == WIRE_KEEPER_KEYS_MAX)
    return false;
  size_t at = found->count++;
  while (at > 0 && (found->files[at - 1].type > type ||
                    (found->files[at - 1].type == type && found->files[at - 1].number > number))) {
    found->files[at] = found->files[at - 1];
    at--;
  }
  found->files[at].type = type;
  found->files[at].number = number;
  return true;
}

static enum base_code seek_files(const struct keeper *keeper, struct found *found, struct base_error *err) {
  int copy = openat(keeper->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy < 0 ? NULL : fdopendir(copy);
  if (folder == NULL) {
    enum base_code failed = base_fail_errno(err, "the keeper's folder cannot be read");
    base_close_fd(&copy);
    return failed;
  }
  enum base_code code = BASE_OK;
  const struct dirent *entry;
  while (code == BASE_OK && (entry = readdir(folder)) != NULL) {
    enum keeper_key_type type;
    uint32_t number;
    if (keeper_key_gone(entry->d_name))
      code = keeper_key_finish(keeper->dir, entry->d_name, err);
    else if (keeper_key_named(entry->d_name, &type, &number) && !note_file(found, type, number))
      code = base_fail(err, BASE_CORRUPT, "the keeper's folder holds more than %d keys", WIRE_KEEPER_KEYS_MAX);
  }
  closedir(folder);
  return code;
}

static enum base_code open_token(struct keeper *keeper, struct base_error *err) {
  struct keeper_token_conf conf;
  bool there = false;
  enum base_code code = keeper_token_conf_read(keeper->dir, &conf, &there, err);
  return code == BASE_OK && there ? keeper_token_open(keeper->dir, &conf, &keeper->token, err) : code;
}

static enum base_code no_key(struct base_error *err) {
  return base_fail(err, BASE_NOT_FOUND,
                   "no key file is there: bring log.key (or the log-N.key of the highest number that there was) and "
                   "the others back from where you keep their copies");
}

enum base_code keeper_whose(int dir, char out[WIRE_ORIGIN_MAX + 1], struct base_error *err) {
  const struct keeper keeper = {.dir = dir};
  struct found found = {0};
  struct keeper_key key = {0};
  enum base_code code = seek_files(&keeper, &found, err);
  if (code == BASE_OK && found.count == 0)
    code = no_key(err);
  if (code == BASE_OK)
    code = keeper_key_read(dir, found.files[0].type, found.files[0].number, &key, err);
  if (code == BASE_OK)
    memcpy(out, key.origin, sizeof key.origin);
  base_wipe(&key, sizeof key);
  return code;
}

enum base_code keeper_ring_load(struct keeper *keeper, struct base_error *err) {
  struct found found = {0};
  enum base_code code = open_token(keeper, err);
  if (code == BASE_OK)
    code = seek_files(keeper, &found, err);
  for (size_t i = 0; code == BASE_OK && i < found.count; i++) /* in the order of their types */
    code = load_file(keeper, found.files[i].type, found.files[i].number, err);
  if (code == BASE_OK && keeper->count == 0)
    code = no_key(err);
  return code;
}

/* --- made */

enum base_code keeper_key_make(enum keeper_key_type type, uint32_t number, const struct base_world *world,
                               struct keeper_key *out, struct base_error *err) {
  struct keeper_key key = {.type = type, .number = number, .from = world->now(world->context)};
  world->random(world->context, key.secret.bytes, sizeof key.secret.bytes);
  if (type == KEEPER_KEY_SEAL) {
    struct base_secret entropy = key.secret;
    seal_kem_derive_private(entropy.bytes, key.secret.bytes);
    base_wipe(&entropy, sizeof entropy);
    key.until = key.from + (base_time)KEEPER_SEAL_DAYS * DAY;
  }
  enum base_code code = keeper_key_derive(type, &key.secret, &key.public_key, err);
  if (code == BASE_OK)
    *out = key;
  base_wipe(&key, sizeof key);
  return code;
}

/* The number of the key to be made now, 0 when there is one that waits already. */
static enum base_code next_number(const struct keeper *keeper, enum keeper_key_type type, uint32_t *out,
                                  struct base_error *err) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  const struct keeper_held *last = keeper_ring_newest(keeper, type);
  uint32_t newest = type == KEEPER_KEY_SEAL ? own->seal : last != NULL ? last->number : 0;
  size_t held = 0;
  for (size_t i = 0; i < keeper->count; i++)
    held += keeper->keys[i].type == type;
  bool waits = (type == KEEPER_KEY_LOG && newest > own->log) || (type == KEEPER_KEY_WITNESS && newest > own->witness);
  *out = waits ? 0 : newest + 1;
  if (type == KEEPER_KEY_SEAL && held >= WIRE_CARD_SEALS_MAX)
    return base_fail(err, BASE_POLICY,
                     "%d sealing keys are in use already: wait until the oldest ends, or end the old ones "
                     "(wasl key retire --seal)",
                     WIRE_CARD_SEALS_MAX);
  if (type == KEEPER_KEY_EPOCH && held > 1)
    return base_fail(err, BASE_CONFLICT,
                     "what the epoch key before wrapped is being wrapped anew: wait until that is done");
  return BASE_OK;
}

enum base_code keeper_ring_made(struct keeper *keeper, enum keeper_key_type type, uint32_t number,
                                struct base_error *err) {
  struct keeper_head own = *keeper_heads_own(keeper->heads);
  uint32_t *newest = type == KEEPER_KEY_SEAL ? &own.seal : &own.epoch_key;
  if ((type != KEEPER_KEY_SEAL && type != KEEPER_KEY_EPOCH) || *newest >= number)
    return BASE_OK;
  *newest = number;
  return keeper_heads_store(keeper->heads, 0, &own, err);
}

static enum base_code renew_one(struct keeper *keeper, enum keeper_key_type type, struct base_error *err) {
  uint32_t number = 0;
  enum base_code code = next_number(keeper, type, &number, err);
  if (code != BASE_OK || number == 0)
    return code;
  struct keeper_key key = {0};
  unsigned long object = 0;
  code = keeper_place_make(keeper->token, type, number, wire_origin_name(base_view_text(keeper->origin)), keeper->world,
                           &key, err);
  memcpy(key.origin, keeper->origin, sizeof key.origin);
  if (code == BASE_OK && (code = keeper_key_write(keeper->dir, &key, err)) != BASE_OK)
    keeper_place_unmake(keeper->token, &key);
  if (code == BASE_OK)
    code = keeper_ring_made(keeper, type, number, err);
  if (code == BASE_OK)
    code = keeper_place_open(keeper->token, &key, &object, err);
  if (code == BASE_OK)
    code = ring_add(keeper, &key, object, err);
  base_wipe(&key, sizeof key);
  return code;
}

enum base_code keeper_renew(struct keeper *keeper, unsigned types, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    if ((types & 1u << type) != 0)
      code = renew_one(keeper, type, err);
  return code;
}

/* --- destroyed */

static bool needed(const struct keeper *keeper, enum keeper_key_type type, uint32_t number) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  size_t others = 0;
  for (size_t i = 0; i < keeper->count; i++)
    others += keeper->keys[i].type == type && keeper->keys[i].number != number;
  switch (type) {
  case KEEPER_KEY_LOG:
    return number == own->log;
  case KEEPER_KEY_WITNESS:
    return number == own->witness;
  case KEEPER_KEY_SEAL:
    return others == 0;
  default:
    return number == keeper_ring_newest(keeper, type)->number;
  }
}

enum base_code keeper_forget(struct keeper *keeper, enum keeper_key_type type, uint32_t number,
                             struct base_error *err) {
  const struct keeper_held *held = keeper_ring_find(keeper, type, number);
  struct keeper_key_name name = keeper_key_name(type, number);
  if (held == NULL)
    return BASE_OK; /* destroyed before */
  if (needed(keeper, type, number))
    return base_fail(err, BASE_POLICY, "%s is in force and is not destroyed", name.text);
  enum base_code code = held->in_token ? keeper_place_destroy(keeper->dir, keeper->token, type, number, err)
                                       : keeper_key_destroy(keeper->dir, type, number, err);
  if (code != BASE_OK)
    return code;
  size_t at = (size_t)(held - keeper->keys);
  held_free(&keeper->keys[at]);
  memmove(&keeper->keys[at], &keeper->keys[at + 1], (keeper->count - at - 1) * sizeof keeper->keys[0]);
  keeper->count--;
  return BASE_OK;
}
