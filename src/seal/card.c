/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "seal/seal.h"

enum { ORIGIN_DIGEST = 8 };

struct base_hash seal_key_hash(const struct wire_key *key) {
  uint8_t octets[WIRE_KEY];
  return seal_sha256(base_view_of(octets, wire_key_octets(key, octets)));
}

void seal_origin(struct base_view name, const struct wire_key *first_log_key, char *out) {
  struct base_hash hash = seal_key_hash(first_log_key);
  char digits[2 * ORIGIN_DIGEST + 1];
  base_hex(hash.bytes, ORIGIN_DIGEST, digits);
  snprintf(out, WIRE_ORIGIN_MAX + 1, "wasl/%.*s/%s", (int)(name.size <= BASE_NAME_MAX ? name.size : BASE_NAME_MAX),
           (const char *)name.data, digits);
}

static enum base_code check_key(const struct wire_key *key, const char *field, struct base_error *err) {
  return seal_key_valid(key) ? BASE_OK
                             : base_fail(err, BASE_WRONG_KEY, "card: $.%s: its key is no point of P-256", field);
}

static enum base_code check_vkey(struct base_view text, const char *field, struct base_error *err) {
  struct wire_vkey vkey;
  enum base_code code = wire_vkey_parse(text, &vkey, err);
  if (code != BASE_OK) {
    base_fail_within(err, "card: $.%s", field);
    return code;
  }
  if (vkey.id != seal_vkey_id(vkey.name, vkey.type, &vkey.key))
    return base_fail(err, BASE_WRONG_KEY, "card: $.%s: its key id does not belong to its key", field);
  return check_key(&vkey.key, field, err);
}

/* wasl/NAME/DIGITS, and for a later epoch of the register /NUMBER after it. */
static bool origin_fits(const struct wire_card *card) {
  char origin[WIRE_ORIGIN_MAX + 1];
  seal_origin(card->name, &card->first, origin);
  size_t size = strlen(origin);
  return card->origin.size >= size && memcmp(card->origin.data, origin, size) == 0 &&
         (card->origin.size == size || card->origin.data[size] == '/');
}

enum base_code seal_card_check(const struct wire_card *card, struct base_error *err) {
  enum base_code code = check_vkey(card->log, "log", err);
  if (code == BASE_OK)
    code = check_vkey(card->witness, "witness", err);
  if (code == BASE_OK)
    code = check_key(&card->first, "first", err);
  if (code != BASE_OK)
    return code;
  if (!origin_fits(card))
    return base_fail(err, BASE_WRONG_KEY, "card: $.%s: the origin's digits do not belong to the key",
                     card->generation == 1 ? "log" : "first");
  for (size_t i = 0; i < card->seal_count; i++) {
    const struct wire_seal_key *seal = &card->seals[i];
    struct base_hash hash = seal_key_hash(&seal->key);
    char field[40];
    (void)snprintf(field, sizeof field, "seal[%zu].key", i);
    if ((code = check_key(&seal->key, field, err)) != BASE_OK)
      return code;
    if (memcmp(hash.bytes, seal->id, sizeof seal->id) != 0)
      return base_fail(err, BASE_WRONG_KEY, "card: $.seal[%zu].id does not belong to its key", i);
  }
  return BASE_OK;
}
