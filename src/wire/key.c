/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/key.h"

#include <string.h>

enum { BARE = WIRE_KEY - 1, EVEN = 2, ODD = 3, WHOLE = 4 }; /* SEC 1 section 2.3.3: what stands before a point */

bool wire_key_equal(const struct wire_key *a, const struct wire_key *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

bool wire_key_none(const struct wire_key *key) {
  static const struct wire_key none;
  return wire_key_equal(key, &none);
}

size_t wire_key_octets(const struct wire_key *key, uint8_t out[WIRE_KEY]) {
  size_t size = 0;
  if (wire_key_p256(key))
    out[size++] = key->sign;
  memcpy(out + size, key->bytes, sizeof key->bytes);
  return size + sizeof key->bytes;
}

bool wire_key_of_octets(struct base_view octets, struct wire_key *out) {
  struct wire_key key = {0};
  bool point = octets.size == WIRE_KEY && (octets.data[0] == EVEN || octets.data[0] == ODD);
  if (!point && octets.size != BARE)
    return false;
  key.sign = point ? octets.data[0] : 0;
  memcpy(key.bytes, octets.data + octets.size - BARE, BARE);
  *out = key;
  return true;
}

void wire_key_write(const struct wire_key *key, struct base_buf *out) {
  base_buf_u8(out, key->sign);
  base_buf_add(out, key->bytes, sizeof key->bytes);
}

void wire_key_read(struct base_reader *reader, struct wire_key *out) {
  struct base_view taken = base_read_bytes(reader, WIRE_KEY);
  if (taken.size != WIRE_KEY)
    return;
  bool bare = taken.data[0] == 0;
  if (!wire_key_of_octets(bare ? base_view_of(taken.data + 1, BARE) : taken, out))
    reader->failed = true;
}

void wire_object_key(struct wire_object *object, const char *name, struct wire_key *out) {
  struct base_view text = wire_object_text(object, name, 2 * (size_t)WIRE_KEY, true);
  uint8_t octets[WIRE_KEY];
  if (object->code != BASE_OK)
    return;
  size_t size = text.size / 2;
  if (text.size != 2 * size || !base_hex_parse(text, octets, size) ||
      !wire_key_of_octets(base_view_of(octets, size), out))
    wire_object_fail(object, BASE_FIELD, name,
                     "must be a public key: %d lowercase hexadecimal digits, or of P-256 %d that begin with 02 or 03",
                     2 * BARE, 2 * WIRE_KEY);
}

void wire_write_member_key(struct wire_writer *writer, const char *name, const struct wire_key *key) {
  uint8_t octets[WIRE_KEY];
  char text[2 * WIRE_KEY + 1];
  size_t size = wire_key_octets(key, octets);
  base_hex(octets, size, text);
  wire_write_member_text(writer, name, base_view_of(text, 2 * size));
}

bool wire_enc_of_octets(struct base_view octets, struct wire_enc *out) {
  struct wire_enc enc = {.p256 = octets.size == WIRE_ENC_P256};
  if (octets.size != wire_enc_size(&enc) || (enc.p256 && octets.data[0] != WHOLE))
    return false;
  memcpy(enc.bytes, octets.data, octets.size);
  *out = enc;
  return true;
}
