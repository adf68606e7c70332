/* SPDX-License-Identifier: Apache-2.0
 * The keeper's files: a slot of the memory of heads and of that of erasures, a key file, and what says which token holds the keys. The checksum
 * at the end is made right, so that what lies behind it is reached; what is accepted must be the one spelling of what
 * was read. The first byte chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "keeper/heads.h"
#include "keeper/key.h"
#include "keeper/retired.h"
#include "keeper/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void mend(uint8_t *bytes, size_t size) {
  struct base_hash checksum = seal_sha256(base_view_of(bytes, size - sizeof checksum));
  memcpy(bytes + size - sizeof checksum, checksum.bytes, sizeof checksum);
}

static void try_slot(const uint8_t *data, size_t size, uint32_t record) {
  uint8_t bytes[KEEPER_SLOT] = {0}, again[KEEPER_SLOT];
  memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
  mend(bytes, sizeof bytes);
  struct keeper_head head;
  if (!keeper_slot_parse(bytes, record, &head))
    return;
  keeper_slot_write(&head, record, again);
  require(memcmp(bytes, again, sizeof again) == 0);
}

static void try_key(const uint8_t *data, size_t size, enum keeper_key_type type) {
  uint8_t bytes[KEEPER_KEY_FILE_MAX];
  if (size < sizeof(struct base_hash) || size > sizeof bytes)
    return;
  memcpy(bytes, data, size);
  mend(bytes, size);
  struct keeper_key key;
  struct wire_key derived;
  if (keeper_key_parse(base_view_of(bytes, size), type, &key, NULL) != BASE_OK)
    return;
  require(key.type == type && wire_origin_valid(base_view_text(key.origin)));
  if (key.in_token) { /* what is in it only the token knows */
    static const struct base_secret none;
    require(memcmp(key.secret.bytes, none.bytes, sizeof none.bytes) == 0);
    return;
  }
  require(keeper_key_derive(type, &key.secret, &derived, NULL) == BASE_OK);
  require(wire_key_equal(&derived, &key.public_key));
}

static void try_end(const uint8_t *data, size_t size) {
  uint8_t bytes[KEEPER_RETIRED_SLOT] = {0}, again[KEEPER_RETIRED_SLOT];
  memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
  mend(bytes, sizeof bytes);
  struct keeper_retired_end end;
  if (!keeper_retired_slot_parse(bytes, &end))
    return;
  keeper_retired_slot_write(&end, again);
  require(memcmp(bytes, again, sizeof again) == 0);
}

static void try_token(const uint8_t *data, size_t size) {
  struct keeper_token_conf conf;
  struct base_error err;
  if (keeper_token_conf_parse(base_view_of(data, size), &conf, &err) != BASE_OK)
    return;
  require(conf.module[0] == '/' && conf.pin[0] == '/' && (conf.label[0] != '\0' || conf.serial[0] != '\0'));
  require(conf.path_count <= KEEPER_TOKEN_PATHS_MAX && conf.environment_count <= KEEPER_TOKEN_ENVIRONMENT_MAX);
  for (size_t i = 0; i < conf.path_count; i++)
    require(conf.paths[i].path[0] == '/');
  for (size_t i = 0; i < conf.environment_count; i++)
    require(strchr(conf.environment[i], '=') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  if (data[0] == '#')
    try_token(data + 1, size - 1);
  else if (data[0] == '!')
    try_end(data + 1, size - 1);
  else if (data[0] % 8 < 3)
    try_slot(data + 1, size - 1, data[0] % 8);
  else
    try_key(data + 1, size - 1, KEEPER_KEY_LOG + data[0] % 4);
  return 0;
}
