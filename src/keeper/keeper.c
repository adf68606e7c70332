/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/keeper.h"

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

static EVP_PKEY *load_private(int curve, const struct keeper_key *key) {
  return EVP_PKEY_new_raw_private_key(curve, NULL, key->secret.bytes, sizeof key->secret.bytes);
}

/* All files must be of one node, whose origin fits the log key. */
static enum base_code check_keys(const struct keeper_key keys[KEEPER_KEY_TYPES], struct base_error *err) {
  const char *origin = keys[KEEPER_KEY_LOG].origin;
  for (enum keeper_key_type type = KEEPER_KEY_WITNESS; type < KEEPER_KEY_TYPES; type++)
    if (strcmp(keys[type].origin, origin) != 0)
      return base_fail(err, BASE_CORRUPT, "%s: a key of %s, but %s is of %s; put the right files together",
                       keeper_key_file(type), keys[type].origin, keeper_key_file(KEEPER_KEY_LOG), origin);
  char expected[WIRE_ORIGIN_MAX + 1];
  seal_origin(wire_origin_name(base_view_text(origin)), &keys[KEEPER_KEY_LOG].public_key, expected);
  if (strcmp(origin, expected) != 0)
    return base_fail(err, BASE_CORRUPT, "%s: the origin %s does not fit the key, which gives %s",
                     keeper_key_file(KEEPER_KEY_LOG), origin, expected);
  return BASE_OK;
}

static enum base_code take_keys(struct keeper *keeper, const struct keeper_key keys[KEEPER_KEY_TYPES],
                                struct base_error *err) {
  const struct keeper_key *seal = &keys[KEEPER_KEY_SEAL];
  memcpy(keeper->origin, keys[KEEPER_KEY_LOG].origin, sizeof keeper->origin);
  keeper->log = keys[KEEPER_KEY_LOG].public_key;
  keeper->witness = keys[KEEPER_KEY_WITNESS].public_key;
  keeper->seal = (struct wire_seal_key){.key = seal->public_key, .from = seal->from, .until = seal->until};
  struct base_hash id = seal_sha256(base_view_of(seal->public_key.bytes, sizeof seal->public_key.bytes));
  memcpy(keeper->seal.id, id.bytes, sizeof keeper->seal.id);
  keeper->epoch = keys[KEEPER_KEY_EPOCH].number;
  keeper->log_key = load_private(EVP_PKEY_ED25519, &keys[KEEPER_KEY_LOG]);
  keeper->witness_key = load_private(EVP_PKEY_ED25519, &keys[KEEPER_KEY_WITNESS]);
  keeper->seal_key = load_private(EVP_PKEY_X25519, seal);
  keeper->wrapping = keeper_wrapping_new(&keys[KEEPER_KEY_EPOCH].secret);
  keeper->signing = EVP_MD_CTX_new();
  if (keeper->log_key == NULL || keeper->witness_key == NULL || keeper->seal_key == NULL || keeper->wrapping == NULL ||
      keeper->signing == NULL)
    return base_fail(err, BASE_INTERNAL, "the cryptographic library cannot load the keys");
  return BASE_OK;
}

enum base_code keeper_open(int dir, const struct base_world *world, struct keeper **out, struct base_error *err) {
  lock_memory();
  struct keeper_key keys[KEEPER_KEY_TYPES] = {0};
  struct keeper *keeper = calloc(1, sizeof *keeper);
  enum base_code code = keeper == NULL ? base_fail(err, BASE_MEMORY, "keeper: out of memory") : BASE_OK;
  for (enum keeper_key_type type = KEEPER_KEY_LOG; code == BASE_OK && type < KEEPER_KEY_TYPES; type++)
    code = keeper_key_read(dir, type, &keys[type], err);
  if (code == BASE_OK)
    code = check_keys(keys, err);
  if (code == BASE_OK) {
    keeper->world = world;
    code = take_keys(keeper, keys, err);
  }
  if (code == BASE_OK)
    code = keeper_heads_open(dir, keeper->origin, &keeper->heads, err);
  base_wipe(keys, sizeof keys);
  if (code == BASE_OK)
    *out = keeper;
  else
    keeper_close(keeper);
  return code;
}

void keeper_close(struct keeper *keeper) {
  if (keeper == NULL)
    return;
  keeper_heads_close(keeper->heads);
  /* OpenSSL wipes what it holds of each. */
  EVP_PKEY_free(keeper->log_key);
  EVP_PKEY_free(keeper->witness_key);
  EVP_PKEY_free(keeper->seal_key);
  keeper_wrapping_free(keeper->wrapping);
  EVP_MD_CTX_free(keeper->signing);
  free(keeper);
}

bool keeper_broken(const struct keeper *keeper) {
  return keeper_heads_broken(keeper->heads);
}

void keeper_describe(const struct keeper *keeper, struct keeper_info *out) {
  const struct keeper_head *own = keeper_heads_own(keeper->heads);
  *out = (struct keeper_info){.log = keeper->log,
                              .witness = keeper->witness,
                              .seal = keeper->seal,
                              .epoch = keeper->epoch,
                              .size = own->size,
                              .root = own->root};
  memcpy(out->origin, keeper->origin, sizeof out->origin);
}

bool keeper_diffie_hellman(EVP_PKEY *key, const struct wire_key *enc, uint8_t out[32]) {
  static const uint8_t zero[32];
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, enc->bytes, sizeof enc->bytes);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
  size_t size = 32;
  bool done = peer != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
              EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, out, &size) == 1 && size == 32 &&
              CRYPTO_memcmp(out, zero, sizeof zero) != 0;
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(peer);
  return done;
}

enum base_code keeper_decapsulate(struct keeper *keeper, const uint8_t key_id[8], const struct wire_key *enc,
                                  uint8_t out_shared[32], struct base_error *err) {
  if (memcmp(key_id, keeper->seal.id, sizeof keeper->seal.id) != 0) {
    char id[2 * sizeof keeper->seal.id + 1];
    base_hex(key_id, sizeof keeper->seal.id, id);
    return base_fail(err, BASE_WRONG_KEY, "sealed to the key %s, which is not ours; the sender needs our present card",
                     id);
  }
  uint8_t shared[32];
  if (!keeper_diffie_hellman(keeper->seal_key, enc, shared)) {
    base_wipe(shared, sizeof shared);
    return base_fail(err, BASE_UNSEAL, "the seal's ephemeral key is not a valid X25519 key");
  }
  seal_kem_extract_expand(shared, enc, &keeper->seal.key, out_shared);
  base_wipe(shared, sizeof shared);
  return BASE_OK;
}

static enum base_code check_count(size_t count, struct base_error *err) {
  return count <= KEEPER_WRAP_MAX
             ? BASE_OK
             : base_fail(err, BASE_TOO_LARGE, "%zu keys in one request, %d are allowed", count, KEEPER_WRAP_MAX);
}

enum base_code keeper_wrap(struct keeper *keeper, const struct base_secret *keys, size_t count,
                           uint8_t (*out)[KEEPER_WRAPPED], uint32_t *out_epoch, struct base_error *err) {
  enum base_code code = check_count(count, err);
  if (code == BASE_OK && !keeper_wrapping_wrap(keeper->wrapping, keys, count, out))
    code = base_fail(err, BASE_INTERNAL, "the cryptographic library cannot wrap keys");
  if (code == BASE_OK)
    *out_epoch = keeper->epoch;
  return code;
}

enum base_code keeper_unwrap(struct keeper *keeper, uint32_t epoch, const uint8_t (*wrapped)[KEEPER_WRAPPED],
                             size_t count, struct base_secret *out, struct base_error *err) {
  enum base_code code = check_count(count, err);
  if (code == BASE_OK && epoch != keeper->epoch)
    code = base_fail(err, BASE_WRONG_KEY, "keys wrapped by epoch key %u; the keeper holds %u", epoch, keeper->epoch);
  size_t good = code == BASE_OK ? keeper_wrapping_unwrap(keeper->wrapping, wrapped, count, out) : count;
  if (good < count)
    code = base_fail(err, BASE_UNSEAL, "wrapped key %zu does not open: it was changed, or wrapped by another keeper",
                     good);
  if (code != BASE_OK && count <= KEEPER_WRAP_MAX)
    base_wipe(out, count * sizeof *out);
  return code;
}
