/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_ENDS_H
#define WASL_CORE_ENDS_H

#include "core/show.h"

/* The personal data of a case ends with it, where its kind says so: so many days after the case came into one of the
 * states that the kind names, or after the day that one of its fields has. spec/erase.md, "With its case". */

enum {
  CORE_ENDS_STEP = 64,        /* messages that are noted in one step */
  CORE_ENDS_RECEIPT_DAYS = 7, /* after the end; whose certificate is outstanding then is told */
  CORE_ENDS_PUT_OFF_DAYS = 366, /* by which messages of a case put off its day at most: the same date a year later always fits */
};

/* Whether a message that is to go into the case may name its day: what puts it off for longer than that is not sent. */
BASE_NODISCARD enum base_code core_ends_may(const struct core_case *kase, const struct wire_header *header,
                                            struct base_error *err);

/* Something came into the case, or left it: when its personal data ends now. Written in this step. */
BASE_NODISCARD enum base_code core_ends_move(struct core *core, const struct core_case *kase, struct base_error *err);
/* A message takes its place in a case whose personal data has ended: it ends at once. */
BASE_NODISCARD enum base_code core_ends_admitted(struct core *core, const struct core_case *kase,
                                                 const struct base_id *id, struct base_error *err);
/* When the content of a message that is here ends with its case; 0: it does not, or not yet. */
BASE_NODISCARD enum base_code core_ends_of(struct core *core, const struct base_id *id, base_time *out,
                                           struct base_error *err);
/* Likewise when the personal data of its case ends, whatever the message itself holds. */
BASE_NODISCARD enum base_code core_ends_around(struct core *core, const struct base_id *id, base_time *out,
                                               struct base_error *err);
/* Its content was erased, as its time was over, which was then: when its case has ended, the others owe their certificates for it. */
BASE_NODISCARD enum base_code core_ends_erased(struct core *core, const struct store_message *row, base_time when,
                                               struct base_error *err);
/* Before the commit: in cases whose day has come the time of each message with personal data is over, and whose
 * certificates are outstanding is told, some in each step. */
BASE_NODISCARD enum base_code core_ends_settle(struct core *core, struct base_error *err);
int64_t core_ends_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */
/* The member `personal_ends` of an object that is open: null, or when, and whose certificates are outstanding. */
BASE_NODISCARD enum base_code core_ends_show(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                             struct base_error *err);
/* For the check: it ends when the case says, and no later. */
BASE_NODISCARD enum base_code core_ends_check(struct core *core, const struct store_case *row,
                                              const struct core_case *kase, struct base_error *err);
/* Likewise of a message: whose certificates are outstanding is noted. */
BASE_NODISCARD enum base_code core_ends_check_message(struct core *core, const struct store_message *row,
                                                      struct base_error *err);

#endif
