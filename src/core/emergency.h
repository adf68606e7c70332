/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_EMERGENCY_H
#define WASL_CORE_EMERGENCY_H

#include "core/internal.h"

/* Emergency transfers: what goes without a row because a named person answers for it, the notice that tells the other
 * side, and the follow-up that its clock waits for. spec/emergency.md. */

enum { CORE_EMERGENCY_TEXT_MAX = 4000 }; /* bytes of the reason */

/* The member `emergency` of a submission. */
struct core_emergency {
  struct base_view ground, reason; /* of the request; ground empty: it asks for none */
};
/* BASE_FIELD for another ground than law's, or without a reason; BASE_POLICY when who asks may not, or has no name. */
BASE_NODISCARD enum base_code core_emergency_read(const struct core *core, const struct wire_json *request,
                                                  struct core_emergency *out, struct base_error *err);
/* Opens the case that tells these partners of a message which is about to be written. Nothing is written when it is
 * refused. */
BASE_NODISCARD enum base_code core_emergency_notice(struct core *core, struct base_view actor,
                                                    const struct core_emergency *emergency,
                                                    const struct base_id *message, bool exercise,
                                                    const struct core_partner *const *to, size_t count,
                                                    struct base_id *out, struct base_error *err);
/* A message of ours was given to this partner under this clause: nothing, unless that is an emergency. */
BASE_NODISCARD enum base_code core_emergency_sent(struct core *core, struct base_view actor,
                                                  const struct base_id *message, const struct base_id *case_id,
                                                  const struct core_partner *to, struct base_view clause,
                                                  struct base_error *err);
/* A message was admitted. *emergency: its sender sent it as one, which is a leaf now. */
BASE_NODISCARD enum base_code core_emergency_arrived(struct core *core, const struct store_arrival *arrival,
                                                     const struct base_id *case_id, bool *emergency,
                                                     struct base_error *err);

/* The notice of a message of ours, as it was given to this partner, in the arena; BASE_NOT_FOUND: it has none. */
BASE_NODISCARD enum base_code core_emergency_notice_to(struct core *core, const struct base_id *message,
                                                       const struct core_partner *partner, struct base_arena *arena,
                                                       struct store_delivery *out, struct base_error *err);
/* For the hand-over of what goes as an emergency: *waits until the partner has given his receipt for the notice;
 * BASE_POLICY: he never will, and it does not go. */
BASE_NODISCARD enum base_code core_emergency_noticed(struct core *core, const struct base_id *message,
                                                     const struct core_partner *partner, bool *waits,
                                                     struct base_error *err);
/* Before somebody ends this delivery: BASE_POLICY for a notice whose message is not ended, too. */
BASE_NODISCARD enum base_code core_emergency_alone(struct core *core, const struct store_delivery *delivery,
                                                   struct base_error *err);
/* A notice and its reason stay until the emergency was followed up: BASE_POLICY. verb: what somebody wants to do. */
BASE_NODISCARD enum base_code core_emergency_stays(struct core *core, const struct base_id *message, const char *verb,
                                                   struct base_error *err);

/* The node itself writes the notice, with the message that it is about. */
BASE_NODISCARD enum base_code core_emergency_by_hand(const struct core_kind *kind, const struct wire_kind_type *type,
                                                     struct base_error *err);
/* What is to be sent in a case of the kind: a follow-up says nothing that is not so. */
BASE_NODISCARD enum base_code core_emergency_check(struct core *core, const struct core_case *kase,
                                                   const struct wire_header *header, const struct wire_json *fields,
                                                   struct base_error *err);
/* The member `emergency` of a message that is shown: null, or the ground and the case that tells of it. */
BASE_NODISCARD enum base_code core_emergency_show(struct core *core, struct wire_writer *writer,
                                                  const struct base_id *message, struct base_view author,
                                                  struct base_error *err);
/* For the check of the register: BASE_CONFLICT when no message here went, or came, as the leaf says. */
BASE_NODISCARD enum base_code core_emergency_fits(struct core *core, const struct wire_opening *opening,
                                                  struct base_error *err);

#endif
