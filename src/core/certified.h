/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CERTIFIED_H
#define WASL_CORE_CERTIFIED_H

#include "core/internal.h"

/* Certificates of erasure that partners gave: verified when they come and whenever they are shown. spec/recall.md. */
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

#endif
