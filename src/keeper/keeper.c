/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keeper.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/internal.h"

enum { SECURE_HEAP = 64 << 10, SECURE_LEAST = 32 }; /* bytes, a power of two each */

/* Once per process. Where the system gives no locked memory, the keys may reach the swap: said, not hidden. */
static void lock_memory(void) {
  if (CRYPTO_secure_malloc_initialized() == 1)
    return;
  if (CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST) != 1)
    base_log(BASE_LOG_WARNING, "keeper.unlocked",
             "the keys' memory cannot be locked; encrypt the swap, or raise memlock");
}

/* A power cut came between a file and the memory of its number. */
static enum base_code take_up(struct keeper *keeper, struct base_error *err) {
  static const enum keeper_key_type types[] = {KEEPER_KEY_SEAL, KEEPER_KEY_EPOCH};
  enum base_code code = BASE_OK;
  for (size_t i = 0; code == BASE_OK && i < sizeof types / sizeof *types; i++) {
    const struct keeper_held *newest = keeper_ring_newest(keeper, types[i]);
    if (newest != NULL)
      code = keeper_ring_made(keeper, types[i], newest->number, err);
  }
  return code;
}

/* What the memory says is in force must be there: an older copy of the folder, or one without its new files, is not
 * started with. Of sealing keys one will do, and core looks which. */
static enum base_code check_in_force(const struct keeper *keeper, struct base_error *err) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  const struct {
    enum keeper_key_type type;
    uint32_t number;
  } needed[] = {{KEEPER_KEY_LOG, own->log}, {KEEPER_KEY_WITNESS, own->witness}, {KEEPER_KEY_EPOCH, own->epoch_key}};
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
    if (keeper_ring_find(keeper, needed[i].type, needed[i].number) == NULL)
      return base_fail(err, BASE_NOT_FOUND,
                       "%s: missing, and it is the key in force; bring it back from where you keep its copy",
                       keeper_key_name(needed[i].type, needed[i].number).text);
  return keeper_ring_newest(keeper, KEEPER_KEY_SEAL) != NULL
             ? BASE_OK
             : base_fail(err, BASE_NOT_FOUND,
                         "%s: missing, and no other sealing key is there either; bring it back from where you keep its "
                         "copy",
                         keeper_key_name(KEEPER_KEY_SEAL, own->seal).text);
}

enum base_code keeper_open(int dir, const struct base_world *world, struct keeper **out, struct base_error *err) {
  lock_memory();
  struct keeper *keeper = calloc(1, sizeof *keeper);
  if (keeper == NULL)
    return base_fail(err, BASE_MEMORY, "keeper: out of memory");
  keeper->world = world;
  keeper->dir = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  keeper->signing = EVP_MD_CTX_new();
  enum base_code code = BASE_OK;
  if (keeper->dir < 0)
    code = base_fail_errno(err, "the keeper's folder cannot be opened");
  else if (keeper->signing == NULL)
    code = base_fail(err, BASE_MEMORY, "keeper: out of memory");
  if (code == BASE_OK)
    code = keeper_ring_load(keeper, err);
  if (code == BASE_OK)
    code = keeper_heads_open(dir, keeper->origin, &keeper->heads, err);
  if (code == BASE_OK) /* under the lock that the heads have */
    code = keeper_retired_open(dir, keeper->origin, KEEPER_RETIRED_MAX, &keeper->retired, err);
  if (code == BASE_OK)
    code = check_in_force(keeper, err);
  if (code == BASE_OK)
    code = take_up(keeper, err);
  if (code == BASE_OK)
    keeper_register_origin(keeper->origin, keeper_heads_epoch(keeper->heads), keeper->register_origin);
  if (code == BASE_OK)
    *out = keeper;
  else
    keeper_close(keeper);
  return code;
}

void keeper_close(struct keeper *keeper) {
  if (keeper == NULL)
    return;
  keeper_retired_close(keeper->retired);
  keeper_heads_close(keeper->heads);
  keeper_ring_free(keeper);
  EVP_MD_CTX_free(keeper->signing);
  base_close_fd(&keeper->dir);
  free(keeper);
}

bool keeper_broken(const struct keeper *keeper) {
  return keeper_heads_broken(keeper->heads) || keeper_retired_broken(keeper->retired) ||
         keeper_token_lost(keeper->token);
}

bool keeper_without_token(const struct keeper *keeper) {
  return keeper_token_lost(keeper->token);
}

static enum wire_keeper_state state_of(const struct keeper *keeper, const struct keeper_held *held) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  uint32_t in_force = held->type == KEEPER_KEY_LOG       ? own->log
                      : held->type == KEEPER_KEY_WITNESS ? own->witness
                      : held->type == KEEPER_KEY_EPOCH   ? keeper_ring_newest(keeper, held->type)->number
                                                         : held->number;
  return held->number == in_force  ? WIRE_KEEPER_IN_FORCE
         : held->number > in_force ? WIRE_KEEPER_WAITING
                                   : WIRE_KEEPER_OLD;
}

void keeper_describe(const struct keeper *keeper, struct wire_keeper_info *out) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  *out = (struct wire_keeper_info){.generation = own->generation, .size = own->size, .root = own->root};
  memcpy(out->card.bytes, own->bound.bytes, sizeof out->card.bytes);
  memcpy(out->origin, keeper->register_origin, sizeof out->origin);
  for (out->count = 0; out->count < keeper->count; out->count++) {
    const struct keeper_held *held = &keeper->keys[out->count];
    out->keys[out->count] = (struct wire_keeper_key){.type = (enum wire_keeper_type)held->type,
                                                     .number = held->number,
                                                     .state = state_of(keeper, held),
                                                     .from = held->from,
                                                     .until = held->until,
                                                     .public_key = held->public_key};
  }
}

enum base_code keeper_diffie_hellman(EVP_PKEY *key, const struct wire_enc *enc, uint8_t out[32],
                                     struct base_error *err) {
  static const uint8_t zero[32];
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, enc->bytes, WIRE_ENC_X25519);
  EVP_PKEY_CTX *context = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
  size_t size = 32;
  enum base_code code = BASE_OK;
  /* Each 32 octets are a public key, so nothing but memory can be missing until the agreement itself. */
  if (peer == NULL || context == NULL || EVP_PKEY_derive_init(context) != 1 ||
      EVP_PKEY_derive_set_peer(context, peer) != 1)
    code = base_fail(err, BASE_MEMORY, "out of memory for an X25519 agreement");
  else if (EVP_PKEY_derive(context, out, &size) != 1 || size != 32 || CRYPTO_memcmp(out, zero, sizeof zero) == 0)
    code = base_fail(err, BASE_UNSEAL, "the seal's ephemeral key is not a valid X25519 key");
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  return code;
}

/* Known before the token is asked, since tokens differ in what they say of such a key: with any scalar (RFC 7748 makes
 * each one a multiple of the cofactor) a point of small order gives zeroes, and no other does. */
static enum base_code check_full_order(const struct wire_enc *enc, struct base_error *err) {
  static const uint8_t scalar[32] = {9};
  uint8_t shared[32];
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, sizeof scalar);
  enum base_code code = keeper_diffie_hellman(key, enc, shared, err);
  EVP_PKEY_free(key);
  return code;
}

/* What a partner makes up never reaches the token, which may answer it as it likes. */
static enum base_code agree_in_token(struct keeper *keeper, const struct keeper_held *held, const struct wire_enc *enc,
                                     uint8_t out[32], struct base_error *err) {
  enum base_code code = BASE_OK;
  if (!enc->p256)
    code = check_full_order(enc, err);
  else if (!seal_enc_valid(enc))
    code = base_fail(err, BASE_UNSEAL, "the seal's ephemeral key is not a valid P-256 key");
  return code == BASE_OK ? keeper_token_agree(keeper->token, held->object, enc, out, err) : code;
}

static enum base_code check_suite(const struct keeper_held *held, const struct wire_enc *enc, struct base_error *err) {
  return wire_key_p256(&held->public_key) == enc->p256
             ? BASE_OK
             : base_fail(err, BASE_UNSEAL, "the seal is of another suite than the key that it names");
}

enum base_code keeper_decapsulate(struct keeper *keeper, const uint8_t key_id[8], const struct wire_enc *enc,
                                  uint8_t out_shared[32], struct base_error *err) {
  const struct keeper_held *held = keeper_ring_seal(keeper, key_id);
  if (held == NULL) {
    char id[2 * WIRE_KEEPER_KEY_ID + 1];
    base_hex(key_id, WIRE_KEEPER_KEY_ID, id);
    return base_fail(err, BASE_WRONG_KEY,
                     "sealed to the key %s, which is not held here: it was destroyed, or is newer than this folder, or another node's",
                     id);
  }
  uint8_t shared[32];
  enum base_code code = check_suite(held, enc, err);
  if (code == BASE_OK)
    code = held->in_token ? agree_in_token(keeper, held, enc, shared, err)
                          : keeper_diffie_hellman(held->key, enc, shared, err);
  if (code == BASE_OK)
    seal_kem_extract_expand(shared, enc, &held->public_key, out_shared);
  base_wipe(shared, sizeof shared);
  return code;
}

static enum base_code check_count(size_t count, struct base_error *err) {
  return count <= KEEPER_WRAP_MAX
             ? BASE_OK
             : base_fail(err, BASE_TOO_LARGE, "%zu keys in one request, %d are allowed", count, KEEPER_WRAP_MAX);
}

enum base_code keeper_wrap(struct keeper *keeper, const struct base_secret *keys, size_t count,
                           uint8_t (*out)[KEEPER_WRAPPED], uint32_t *out_epoch, struct base_error *err) {
  const struct keeper_held *epoch = keeper_ring_newest(keeper, KEEPER_KEY_EPOCH);
  enum base_code code = check_count(count, err);
  if (code == BASE_OK && !keeper_wrapping_wrap(epoch->wrapping, keys, count, out))
    code = base_fail(err, BASE_INTERNAL, "the cryptographic library cannot wrap keys");
  if (code == BASE_OK)
    *out_epoch = epoch->number;
  return code;
}

enum base_code keeper_unwrap(struct keeper *keeper, uint32_t epoch, const uint8_t (*wrapped)[KEEPER_WRAPPED],
                             size_t count, struct base_secret *out, struct base_error *err) {
  const struct keeper_held *held = keeper_ring_find(keeper, KEEPER_KEY_EPOCH, epoch);
  enum base_code code = check_count(count, err);
  if (code == BASE_OK && held == NULL)
    code = base_fail(err, BASE_WRONG_KEY, "keys wrapped by epoch key %u, which was destroyed or never was here", epoch);
  size_t good = code == BASE_OK ? keeper_wrapping_unwrap(held->wrapping, wrapped, count, out) : count;
  if (good < count)
    code = base_fail(err, BASE_UNSEAL, "wrapped key %zu does not open: it was changed, or wrapped by another keeper",
                     good);
  for (size_t i = 0; code == BASE_OK && i < count; i++)
    if (keeper_retired_holds(keeper->retired, &out[i]))
      code = base_fail(err, BASE_UNSEAL, "wrapped key %zu is retired: the message that it opened was erased", i);
  if (code != BASE_OK && count <= KEEPER_WRAP_MAX)
    base_wipe(out, count * sizeof *out);
  return code;
}

/* What its key is known by; zeroes when there is none that opens. */
static bool key_of(const struct keeper *keeper, const struct wire_keeper_erased *erased,
                   uint8_t out[KEEPER_RETIRED_KEY]) {
  struct base_secret key;
  const struct keeper_held *held = erased->epoch > 0 ? keeper_ring_find(keeper, KEEPER_KEY_EPOCH, erased->epoch) : NULL;
  bool opens = held != NULL && keeper_wrapping_unwrap(held->wrapping, &erased->wrapped, 1, &key) == 1;
  if (opens)
    keeper_retired_key(&key, out);
  base_wipe(&key, sizeof key);
  return opens;
}

enum base_code keeper_retire(struct keeper *keeper, const struct wire_keeper_erased *list, size_t count,
                             struct wire_keeper_retired *out, struct base_error *err) {
  struct keeper_retired_entry entries[KEEPER_WRAP_MAX] = {0};
  uint16_t unopened = 0;
  enum base_code code = check_count(count, err);
  for (size_t i = 0; code == BASE_OK && i < count; i++) {
    entries[i].message = list[i].message;
    if (!key_of(keeper, &list[i], entries[i].key) && list[i].epoch > 0)
      unopened++;
  }
  if (code == BASE_OK)
    code = keeper_retired_add(keeper->retired, entries, count, err);
  if (code == BASE_OK)
    code = keeper_retired_mark(keeper->retired, keeper_retired_count(keeper->retired), &out->mark, err);
  if (code != BASE_OK)
    return code;
  out->total = keeper_retired_count(keeper->retired);
  out->unopened = unopened;
  return BASE_OK;
}

enum base_code keeper_list(const struct keeper *keeper, uint64_t from, size_t most, struct wire_keeper_listed *out,
                           struct base_error *err) {
  enum base_code code = check_count(most, err);
  if (code != BASE_OK)
    return code;
  out->total = keeper_retired_count(keeper->retired);
  out->mark = (struct wire_keeper_mark){{0}};
  out->count = 0;
  if (from > out->total)
    return BASE_OK;
  for (; out->count < most && from + out->count < out->total; out->count++)
    out->messages[out->count] = *keeper_retired_at(keeper->retired, from + out->count);
  return keeper_retired_mark(keeper->retired, from, &out->mark, err);
}
