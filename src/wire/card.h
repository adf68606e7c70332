/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_WIRE_CARD_H
#define WASL_WIRE_CARD_H

#include "wire/key.h"
#include "wire/message.h"

/* A node's card: what a partner needs to know. spec/card.md. */

enum {
  WIRE_CARD_MAX = 16 << 10,
  WIRE_CARD_GENERATION_MAX = 1 << 20,
  WIRE_CARD_ADDRESSES_MAX = 8,
  WIRE_CARD_SEALS_MAX = 4,
  WIRE_CARD_PINS_MAX = 4,
  WIRE_CARD_LATER_MAX = 256, /* in evidence: generations after the one that the sent leaf names: of some fifty years */
  WIRE_ADDRESS_MAX = 260, /* host:port; [::1]:7443 for IPv6 */
  WIRE_ORG_MAX = 200,     /* bytes per language */
};
/* The suite of a sealing key, which says what kind of key it is. */
#define WIRE_SUITE_X25519 "x25519-hkdf-sha256-aes256gcm"
#define WIRE_SUITE_P256 "p256-hkdf-sha256-aes256gcm"

enum wire_language { WIRE_AR, WIRE_FR, WIRE_EN, WIRE_ES, WIRE_PT, WIRE_LANGUAGES };
extern const char *const wire_language_codes[WIRE_LANGUAGES]; /* "ar", "fr", "en", "es", "pt" */

struct wire_seal_key {
  uint8_t id[8];           /* first bytes of the SHA-256 of the public key */
  struct wire_key key;     /* X25519 (RFC 7748), or of P-256 */
  base_time from, until;
};
struct wire_card {
  struct base_view name;                    /* [a-z][a-z0-9-]{0,31} */
  uint32_t generation;                      /* 1, 2, 3 … */
  struct base_hash previous;                /* from 2 on: SHA-256 of the card before */
  struct wire_key first;                    /* the log key of generation 1, to which the origin's digits belong */
  struct base_view org[WIRE_LANGUAGES];
  size_t address_count, seal_count, pin_count;
  struct base_view addresses[WIRE_CARD_ADDRESSES_MAX];
  struct base_view log, witness;            /* verifier keys, both named by the origin */
  struct wire_seal_key seals[WIRE_CARD_SEALS_MAX];
  struct base_hash pins[WIRE_CARD_PINS_MAX]; /* SHA-256 of the TLS key's SubjectPublicKeyInfo */
  base_time made;
  /* derived from log and witness while parsing; of generation 1 also `first` */
  struct base_view origin;
  struct wire_key log_key, witness_key;
};
/* Checks shape, that log is the key of a register and witness that of a witness, that both are named by one origin, which
 * carries the card's name. That points of P-256 are on their curve, and that the key ids and the origin's digits fit the
 * keys, is a matter of cryptography: seal_card_check. */
BASE_NODISCARD enum base_code wire_card_parse(struct base_view bytes, struct base_arena *arena, struct wire_card *out,
                                              struct base_error *err);
/* host:port: a DNS name or IPv4 address, or an IPv6 address in brackets; port 1 to 65535. */
bool wire_address_valid(struct base_view address);
/* Writes only what wire_card_parse takes back; origin, log_key and witness_key are not looked at, and previous and first
 * only from generation 2 on. */
BASE_NODISCARD enum base_code wire_card_write(const struct wire_card *card, struct base_buf *out, struct base_error *err);

#endif
