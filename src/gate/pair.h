/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_PAIR_H
#define GATE_PAIR_H

#include "wire/card.h"

/* The TLS keys in the gate's folder: tls.key with tls.crt, and for those that follow tls-PIN.key with tls-PIN.crt, PIN
 * the first 16 hex digits of the pin. Core says which one is presented and which ones are on the node's card. */

enum { GATE_PEM_MAX = 64 << 10 };
struct gate_pair {
  struct base_buf certificate, key; /* PEM, with a NUL behind */
  struct base_hash pin;
  void *credentials; /* GnuTLS's, for the server's side */
};
/* From PEM texts. */
BASE_NODISCARD enum base_code gate_pair_of(const char *certificate, const char *key, struct gate_pair *out,
                                               struct base_error *err);
/* The key with this pin out of the folder. BASE_NOT_FOUND when none is there. */
BASE_NODISCARD enum base_code gate_pair_load(int dir, const struct base_hash *pin, struct gate_pair *out,
                                             struct base_error *err);
/* To begin with, before core says more: the oldest of the card's, which every partner knows. */
BASE_NODISCARD enum base_code gate_pair_of_card(int dir, const struct wire_card *card, struct gate_pair *out,
                                                struct base_error *err);
/* The sentence for a folder with none of them: which files the card wants. BASE_NOT_FOUND. */
enum base_code gate_pair_missing(const struct wire_card *card, struct base_error *err);
/* Destroys the key with this pin, if it is there: written over, removed. */
void gate_pair_destroy(int dir, const struct base_hash *pin);
/* Destroys those that are none of these. Files made after `made` are let be: a key that was made just now is on no card
 * yet. */
void gate_pair_keep(int dir, const struct base_hash *pins, size_t count, base_time made);
void gate_pair_free(struct gate_pair *pair);

#endif
