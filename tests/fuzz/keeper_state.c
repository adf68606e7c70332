/* SPDX-License-Identifier: Apache-2.0
 * The keeper's files: a slot of the memory of heads, and a key file. The checksum at the end is made right, so that
 * what lies behind it is reached; what is accepted must be the one spelling of what was read. The first byte chooses.
 */
#include <stdlib.h>
#include <string.h>

#include "keeper/heads.h"
#include "keeper/key.h"

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
  require(keeper_key_derive(type, &key.secret, &derived, NULL) == BASE_OK);
  require(memcmp(derived.bytes, key.public_key.bytes, sizeof derived.bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  if (data[0] % 8 < 3)
    try_slot(data + 1, size - 1, data[0] % 8);
  else
    try_key(data + 1, size - 1, KEEPER_KEY_LOG + data[0] % 4);
  return 0;
}
