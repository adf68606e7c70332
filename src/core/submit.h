/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_SUBMIT_H
#define WASL_CORE_SUBMIT_H

#include "core/messages.h"

/* What is sent: submissions, deliveries, their end (submit.c, outgoing.c, ended.c). Not for others. */

/* submit.c */
/* request: for which case, as the gate wrote it; document: what is to be sent (the same when it came in one). */
void core_submit_open(struct core *core, uint64_t token, const struct wire_json *document);
void core_submit_send(struct core *core, uint64_t token, const struct wire_json *request,
                      const struct wire_json *document);
/* The same with all parts of that message, none being uploaded. */
void core_submit_carrying(struct core *core, uint64_t token, const struct wire_json *document,
                          const struct core_content *source);
/* passon.c: a case is opened with the content of a message that came from somebody else. */
void core_message_pass_on(struct core *core, uint64_t token, const struct wire_json *request);

/* What this node writes by itself, or as a part of another request: the document of case.open, or of case.send with the
 * case's id in it. Nothing is written when it is refused; a refusal by law is no leaf. actor: who asked, or empty. */
BASE_NODISCARD enum base_code core_submit_itself(struct core *core, struct base_view actor, struct base_view document,
                                                 struct base_id *out, struct base_error *err);
/* submitted.c: such a document that opens a case of this kind; its fields are written between both. what: its name, for
 * an error. */
void core_submit_begin(struct wire_writer *writer, struct base_buf *document, const char *kind, bool exercise,
                       const struct core_partner *const *to, size_t count);
BASE_NODISCARD enum base_code core_submit_end(struct core *core, struct base_view actor, struct wire_writer *writer,
                                              const char *what, struct base_id *out, struct base_error *err);

/* outgoing.c */
/* Where a delivery stands, under way included, which no row says. */
enum store_delivery_state core_delivery_state(const struct core_partner *partner,
                                              const struct store_delivery *delivery);

/* ended.c */
void core_outbox_end(struct core *core, uint64_t token, const struct wire_json *request);
/* submit.c: a message of ours waits for this partner from now on, under our next number and a sent leaf of its own. */
BASE_NODISCARD enum base_code core_delivery_give(struct core *core, struct core_partner *partner,
                                                 const struct base_id *message, const struct base_id *case_id,
                                                 struct base_view clause, struct base_error *err);
/* Ends a delivery: voided leaf, state, reason. */
BASE_NODISCARD enum base_code core_delivery_void(struct core *core, struct core_partner *partner,
                                                 struct store_delivery *delivery, enum store_delivery_state state,
                                                 struct base_view reason, struct base_error *err);

#endif
