/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_PARTNERS_H
#define WASL_CORE_PARTNERS_H

#include "core/internal.h"

/* Partners: who they are, whether what is stored of them is what the register says, what they did wrong (partners.c,
 * confirmed.c, faults.c). Not for others. */

/* partners.c */
BASE_NODISCARD enum base_code core_partners_load(struct core *core, struct base_error *err);
void core_partners_free(struct core *core);
/* By this node: nothing goes to him before a person here has decided, or confirmed the new epoch of his register;
 * trouble says what to do. */
bool core_partner_stopped(const struct core_partner *partner);
/* "active", "suspended" by a person, or "stopped" by this node */
const char *core_partner_state_word(const struct core_partner *partner);
struct core_partner *core_partner_named(struct core *core, struct base_view name);
struct core_partner *core_partner_of(struct core *core, struct base_view origin);
struct core_partner *core_partner_numbered(struct core *core, int64_t number);
struct core_partner *core_partner_pinned(struct core *core, const struct base_hash *pin);
BASE_NODISCARD enum base_code core_partner_save(struct core *core, struct core_partner *partner,
                                                struct base_error *err);
/* A leaf about him. The row names its last one, which commits to the card and says the state. */
BASE_NODISCARD enum base_code core_partner_leaf(struct core *core, struct core_partner *partner, struct base_view actor,
                                                struct base_view reason, struct base_error *err);
/* What the newest of his cards says is what counts: card, row. */
void core_partner_pin(struct core_partner *partner);
void core_partner_add(struct core *core, uint64_t token, const struct wire_json *request);
void core_partner_state(struct core *core, uint64_t token, const struct wire_json *request);
void core_peer_table(struct core *core, uint64_t token, const struct wire_json *request);
void core_peer_table_wake(struct core *core);
/* What the outbox says of numbers in a file that was made for the partner. */
void core_partner_carried(struct core_partner *partner, const struct store_carried *carried);
struct wire_seal_key;
/* The card that says where he is reached, by which TLS keys, and what is sealed to: the newest one known. */
const struct wire_card *core_partner_line(const struct core_partner *partner);
/* The newest that is not over, NULL for none. They stand on a card in that order; their times are those of his clock,
 * which may have been behind when he made the newest. */
const struct wire_seal_key *core_partner_seal(const struct core *core, const struct core_partner *partner);

/* confirmed.c */
/* Whether what is stored about a partner is what the register says of him; if not, that is in partner->damaged. Fails
 * only for reasons of the machine. */
BASE_NODISCARD enum base_code core_partner_confirm(struct core *core, struct core_partner *partner,
                                                   struct base_error *err);
/* Before a message of the outbox is handed over or ended: its sent leaf must be about it. BASE_CORRUPT, and the partner
 * is damaged from then on, when it is not. */
BASE_NODISCARD enum base_code core_delivery_confirm(struct core *core, struct core_partner *partner,
                                                    const struct store_delivery *delivery, struct base_error *err);
/* Whether the opening of a `partner` leaf says what the row does; why: what it says instead, to stand after its place.
 */
bool core_partner_act_fits(const struct wire_opening *opening, const struct store_partner *row,
                           const struct base_hash *card_hash, struct base_error *why);

/* faults.c */
/* A fault of a partner: evidence, a leaf (at most one a minute, the rest counted), his trouble. */
BASE_NODISCARD enum base_code core_partner_fault(struct core *core, struct core_partner *partner,
                                                 const struct base_error *fault, struct base_view evidence,
                                                 struct base_error *err);
/* Why the exchange with him stopped, kept over a restart until a person decides; empty: it goes on. */
BASE_NODISCARD enum base_code core_partner_stop_write(struct core *core, const struct core_partner *partner,
                                                      struct base_view why, struct base_error *err);
/* Both, as an earlier run left them. */
BASE_NODISCARD enum base_code core_partner_faults_load(struct core *core, struct core_partner *partner,
                                                       struct base_error *err);
/* Before the commit: the leaf of what was counted, when its minute is over. */
BASE_NODISCARD enum base_code core_faults_settle(struct core *core, struct base_error *err);
/* The ms until then; -1: nothing is counted. */
int64_t core_faults_due(const struct core *core);

#endif
