/* SPDX-License-Identifier: Apache-2.0
 * Where a key is. In a token the secret never leaves it, and the file says what it is found by. An epoch key must wrap
 * and unwrap hundreds of keys at once, which no token does in time: it is used here, and at rest lies in its file under
 * an AES key of its own in the token, which is destroyed with it. So a copy of the folder opens nothing. */
#include <stdio.h>
#include <string.h>

#include "keeper/internal.h"

static enum base_code cover(struct keeper_token *token, const struct base_world *world, struct keeper_key *key,
                            struct base_error *err) {
  unsigned long object;
  enum base_code code = keeper_token_find(token, key->type, key->id, &object, NULL, err);
  world->random(world->context, key->iv, sizeof key->iv);
  return code == BASE_OK ? keeper_token_cover(token, object, false, key->iv, key->secret.bytes, key->covered, err)
                         : code;
}

enum base_code keeper_place_make(struct keeper_token *token, enum keeper_key_type type, uint32_t number,
                                 struct base_view name, const struct base_world *world, struct keeper_key *out,
                                 struct base_error *err) {
  struct keeper_key key = {0};
  char label[80];
  enum base_code code = keeper_key_make(type, number, world, &key, err);
  if (code != BASE_OK || token == NULL) {
    if (code == BASE_OK)
      *out = key;
    base_wipe(&key, sizeof key);
    return code;
  }
  if (type != KEEPER_KEY_EPOCH) /* its times and number are wanted, not its secret */
    base_wipe(&key.secret, sizeof key.secret);
  key.in_token = true;
  world->random(world->context, key.id, sizeof key.id);
  snprintf(label, sizeof label, "wasl %.*s %s", (int)name.size, (const char *)name.data,
           keeper_key_name(type, number).text);
  code = keeper_token_make(token, type, label, key.id, &key.public_key, err);
  if (code == BASE_OK && type == KEEPER_KEY_EPOCH)
    code = cover(token, world, &key, err);
  if (code == BASE_OK)
    *out = key;
  else
    keeper_place_unmake(token, &key);
  base_wipe(&key, sizeof key);
  return code;
}

void keeper_place_unmake(struct keeper_token *token, const struct keeper_key *key) {
  struct base_error err;
  if (key->in_token && keeper_token_destroy(token, key->id, &err) != BASE_OK)
    base_log(BASE_LOG_WARNING, "token.left", "a key that is of no use stays in the token: %s", err.text);
}

static enum base_code fit(struct keeper_token *token, struct keeper_key *key, unsigned long *out_object,
                          struct base_error *err) {
  struct wire_key found;
  enum base_code code = keeper_token_find(token, key->type, key->id, out_object, &found, err);
  if (code == BASE_OK && key->type == KEEPER_KEY_EPOCH)
    code = keeper_token_cover(token, *out_object, true, key->iv, key->covered, key->secret.bytes, err);
  if (code == BASE_OK && key->type == KEEPER_KEY_EPOCH)
    code = keeper_key_derive(key->type, &key->secret, &found, err);
  if (code == BASE_OK && !wire_key_equal(&found, &key->public_key))
    code =
        base_fail(err, BASE_CORRUPT, "the token holds another key under its id; put the right file and token together");
  return code;
}

enum base_code keeper_place_open(struct keeper_token *token, struct keeper_key *key, unsigned long *out_object,
                                 struct base_error *err) {
  struct keeper_key_name name = keeper_key_name(key->type, key->number);
  if (!key->in_token)
    return BASE_OK;
  if (token == NULL)
    return base_fail(err, BASE_NOT_FOUND,
                     "%s: this key is in a token, and " KEEPER_TOKEN_FILE
                     ", which says in which, is missing; bring it back",
                     name.text);
  return fit(token, key, out_object, err) == BASE_OK ? BASE_OK : base_fail_within(err, "%s", name.text);
}

enum base_code keeper_place_destroy(int dir, struct keeper_token *token, enum keeper_key_type type, uint32_t number,
                                    struct base_error *err) {
  struct keeper_key key = {0};
  struct keeper_key_name name = keeper_key_name(type, number);
  enum base_code code = keeper_key_read(dir, type, number, &key, err);
  if (code == BASE_OK && key.in_token && token == NULL)
    code = base_fail(err, BASE_NOT_FOUND, "%s: it is in a token, and " KEEPER_TOKEN_FILE " is missing; bring it back",
                     name.text);
  /* Said before it is done, so that a key which is not there any more is not taken for one that was lost. */
  if (code == BASE_OK && key.in_token && !key.going) {
    key.going = true;
    code = keeper_key_write(dir, &key, err);
  }
  if (code == BASE_OK && key.in_token)
    code = keeper_token_destroy(token, key.id, err);
  base_wipe(&key, sizeof key);
  return code == BASE_OK ? keeper_key_destroy(dir, type, number, err) : code;
}
