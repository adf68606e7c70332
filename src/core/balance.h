/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_BALANCE_H
#define WASL_CORE_BALANCE_H

#include "core/cases.h"

/* Needs against what items bring (balance.c, balancecheck.c): spec/case.md, "Balances". Not for others. */

enum {
  CORE_BALANCE_READS = 2048, /* messages that are opened for one balance, at most */
  CORE_BALANCE_LINES = 1024, /* lines told apart in it */
  CORE_BALANCE_ARENA = 16 << 20,
};
struct core_balance_line {
  struct base_view line, what, unit; /* the last two may be empty when nobody asked for it */
  bool asked;                        /* the needs have it, for this and in this unit */
  int64_t needed, stands[WIRE_STANDINGS];
};
struct core_balance {
  struct base_arena arena;
  const struct wire_kind_balance *rule;
  size_t count;
  struct core_balance_line *lines; /* CORE_BALANCE_LINES; in the order in which they came up */
  uint16_t *sorted;                /* their places, by line, what and unit */
  size_t reads;                    /* messages opened */
  size_t unread;                   /* messages whose content is not here any more, or does not open */
  size_t unclear;                  /* rows that are no such row, and were left out */
};
/* One row of a table with these columns. */
struct core_balance_row {
  struct base_view line, what, unit; /* empty: the table has no such column */
  int64_t quantity;
};
/* Freed with core_balance_free, also after a failure. BASE_POLICY: too many messages would have to be opened. */
BASE_NODISCARD enum base_code core_balance_make(struct core *core, const struct core_case *kase,
                                                const struct wire_kind_balance *rule, struct core_balance *out,
                                                struct base_error *err);
/* Of one that is needed: what is neither accepted nor came, and what comes or came beyond; one of them is 0. */
int64_t core_balance_missing(const struct core_balance_line *line, int64_t *out_surplus);
void core_balance_free(struct core_balance *balance);
/* Only what is needed, as core_balance_make counts it. */
BASE_NODISCARD enum base_code core_balance_needs(struct core *core, const struct core_case *kase,
                                                 const struct wire_kind_balance *rule, struct core_balance *out,
                                                 struct base_error *err);
/* The rows of the table in a message's fields, at most WIRE_KIND_ROWS_MAX; how many. *unclear (may be NULL) counts those
 * that are none: a partner's content is not held to its kind. */
size_t core_balance_rows(const struct wire_kind_balance *rule, const struct wire_kind_field *table,
                         const struct wire_json *fields, struct core_balance_row rows[WIRE_KIND_ROWS_MAX],
                         size_t *unclear);
/* The line of this name that is needed; NULL when there is none. */
struct core_balance_line *core_balance_asked(const struct core_balance *balance, struct base_view line);
/* balancecheck.c: what a form, checked by its kind, says of needs or of what an item brings fits the case. kase: NULL for
 * what opens one. */
BASE_NODISCARD enum base_code core_balance_check(struct core *core, const struct wire_kind *kind,
                                                 const struct core_case *kase, const struct wire_header *header,
                                                 const struct wire_json *fields, struct base_error *err);

#endif
