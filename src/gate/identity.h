/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_IDENTITY_H
#define GATE_IDENTITY_H

#include "link/family.h"
#include "wire/card.h"

/* Whether what this node shows to partners fits what its card promises them. */

/* node.card from an open file. out points into bytes and arena. */
BASE_NODISCARD enum base_code gate_card_read(int fd, struct base_buf *bytes, struct base_arena *arena,
                                             struct wire_card *out, struct base_error *err);
/* The name of wasl.conf is that of the card; certificate and key (PEM) are a pair, and the key is one of the card's
 * pins. */
BASE_NODISCARD enum base_code gate_identity_check(const struct wire_card *card, const char *name,
                                                  const char *certificate, const char *key, struct base_error *err);
/* False, with a sentence for the person who runs the node, when wasl.conf has partners come to other addresses than the
 * card. */
bool gate_addresses_fit(const struct base_view *addresses, size_t count, const struct link_family *family,
                        struct base_buf *why);

#endif
