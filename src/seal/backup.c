/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "seal/library.h"
#include "seal/seal.h"

#define PUBLIC_PREFIX "wasl-backup+"
#define INFO_LABEL "wasl backup/1"
#define RECORDS_LABEL "wasl backup records/1"
enum { ID_DIGITS = 16, KEY_DIGITS = 64, INFO_MAX = 256 };

void seal_backup_key_id(const struct wire_key *key, uint8_t out[8]) {
  struct base_hash hash = seal_key_hash(key);
  memcpy(out, hash.bytes, 8);
}

void seal_backup_key_write(const struct wire_key *key, char out[SEAL_BACKUP_KEY_TEXT]) {
  uint8_t id[8];
  size_t at = sizeof PUBLIC_PREFIX - 1;
  seal_backup_key_id(key, id);
  memcpy(out, PUBLIC_PREFIX, at);
  base_hex(id, sizeof id, out + at);
  out[at + ID_DIGITS] = '+';
  base_hex(key->bytes, sizeof key->bytes, out + at + ID_DIGITS + 1);
}

enum base_code seal_backup_key_parse(struct base_view text, struct wire_key *out, struct base_error *err) {
  size_t at = sizeof PUBLIC_PREFIX - 1;
  uint8_t said[8], id[8];
  struct wire_key key = {0};
  bool good = text.size == SEAL_BACKUP_KEY_TEXT - 1 && memcmp(text.data, PUBLIC_PREFIX, at) == 0 &&
              base_hex_parse(base_view_of(text.data + at, ID_DIGITS), said, sizeof said) &&
              text.data[at + ID_DIGITS] == '+' &&
              base_hex_parse(base_view_of(text.data + at + ID_DIGITS + 1, KEY_DIGITS), key.bytes, sizeof key.bytes);
  if (!good)
    return base_fail(err, BASE_SYNTAX,
                     "it is no public key for backups: %s%d hex digits+%d hex digits, as `wasl backup key` prints it",
                     PUBLIC_PREFIX, ID_DIGITS, KEY_DIGITS);
  seal_backup_key_id(&key, id);
  if (memcmp(id, said, sizeof id) != 0)
    return base_fail(err, BASE_SYNTAX, "the public key for backups is not as it was made: a digit is wrong");
  *out = key;
  return BASE_OK;
}

/* info = label || the whole header but enc, which the KEM binds: for whom, of which node, from when. */
static void record_key(const struct wire_backup_header *header, const uint8_t shared[32], struct base_secret *out) {
  uint8_t bytes[INFO_MAX];
  size_t size = 0;
  memcpy(bytes, INFO_LABEL, sizeof INFO_LABEL - 1);
  size += sizeof INFO_LABEL - 1;
  memcpy(bytes + size, header->key_id, sizeof header->key_id);
  size += sizeof header->key_id;
  for (int i = 0; i < 8; i++)
    bytes[size++] = (uint8_t)((uint64_t)header->made >> (56 - 8 * i));
  memcpy(bytes + size, header->origin.data, header->origin.size);
  size += header->origin.size;
  struct seal_hpke_context context;
  seal_hpke_schedule(SEAL_KEM_X25519, SEAL_AEAD_AES256, shared, base_view_of(bytes, size), &context);
  seal_hpke_export(&context, BASE_VIEW(RECORDS_LABEL), out->bytes, sizeof out->bytes);
  base_wipe(&context, sizeof context);
}

enum base_code seal_backup_begin(const struct wire_key *to, struct base_view origin, base_time made,
                                 const uint8_t entropy[32], struct base_buf *out, struct base_secret *out_key,
                                 struct base_error *err) {
  struct wire_backup_header header = {.made = made, .origin = origin};
  uint8_t shared[32];
  if (!wire_origin_valid(origin))
    seal_broken("a backup of a node without an origin");
  seal_backup_key_id(to, header.key_id);
  enum base_code code = seal_hpke_encap(to, entropy, &header.enc, shared, err);
  if (code == BASE_OK) {
    record_key(&header, shared, out_key);
    wire_backup_header_write(&header, out);
    code = base_buf_check(out, "the backup's header", err);
  }
  base_wipe(shared, sizeof shared);
  return code;
}

void seal_backup_open(const struct wire_backup_header *header, const uint8_t shared[32], struct base_secret *out_key) {
  record_key(header, shared, out_key);
}
