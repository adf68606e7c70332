/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CERTIFIED_H
#define WASL_CORE_CERTIFIED_H

#include "core/internal.h"

/* Certificates of erasure. Those that partners gave (certified.c): verified when they come and whenever they are shown.
 * Those that this node gives (certify.c): in the case of a recall, or in one of the kind erasure to the author.
 * spec/erase.md. */

enum {
  CORE_CERTIFY_STEP = 16,        /* given in one step */
  CORE_CERTIFY_AGAIN_MS = 60000, /* one that could not be given is tried again after so long */
};

/* --- certified.c */
struct core_certified {
  struct base_id id, case_id;
  const struct core_partner *by;
  base_time erased, final_by;    /* 0 where it is not sound */
  char why[BASE_ERROR_TEXT_MAX]; /* it proves nothing: what is wrong with it; "" */
};
/* A message that came takes its place: when it is a certificate that proves nothing, its author is at fault. */
BASE_NODISCARD enum base_code core_certificate_arrived(struct core *core, const struct core_case *kase,
                                                       const struct base_id *id, const struct wire_header *header,
                                                       struct base_view bytes, struct base_error *err);
/* The next certificate of this message's erasure; BASE_NOT_FOUND at the end. key begins with INT64_MIN. */
BASE_NODISCARD enum base_code core_certified_next(struct core *core, const struct base_id *message, int64_t *key,
                                                  struct core_certified *out, struct base_error *err);
/* The certificate that this node gave of it; *there false: none. */
BASE_NODISCARD enum base_code core_certified_given(struct core *core, const struct base_id *message,
                                                   struct base_id *out, bool *there, struct base_error *err);

/* Into a list that is open: the partners who hold this message of ours for longer than it says, or its row lets them, as far
 * as they have not certified its erasure. */
BASE_NODISCARD enum base_code core_certified_due(struct core *core, struct wire_writer *writer,
                                                 const struct store_message *row, const struct wire_header *header,
                                                 struct base_error *err);

/* --- certify.c */
/* The fields of a certificate of this message's erasure, into an object that is open. *proved false: nothing was written, as
 * it was not erased, or its leaf is not under a signed head yet. */
BASE_NODISCARD enum base_code core_certificate_write(struct core *core, const struct base_id *message,
                                                     struct wire_writer *writer, bool *proved,
                                                     struct base_error *err);
/* Within the step that erased a partner's message: he is given the certificate as soon as there is one. */
BASE_NODISCARD enum base_code core_certificate_owe(struct core *core, const struct store_message *row,
                                                   struct base_error *err);
/* Before the commit: gives those that are owed, some in each step. */
BASE_NODISCARD enum base_code core_certificate_settle(struct core *core, struct base_error *err);
int64_t core_certificate_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */
void core_message_certificate(struct core *core, uint64_t token, const struct wire_json *request);
/* What core alone writes is not sent by hand. */
BASE_NODISCARD enum base_code core_certificate_by_hand(const struct core_kind *kind, struct base_error *err);

#endif
