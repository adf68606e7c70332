/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CLOCKS_H
#define WASL_CORE_CLOCKS_H

#include "core/internal.h"

/* The clocks of a case, when it is due next, and what is told of it once: due soon, overdue (clocks.c).
 * spec/agreement.md, "Clocks". Not for others. */

enum {
  CORE_CLOCKS_STEP = 64,        /* cases looked at in one step, so that no other waits long for them */
  CORE_CLOCKS_LATE_MAX = 10000, /* overdue cases above which they are not counted one by one */
  CORE_CLOCKS_AGAIN = 3600,     /* seconds after which a case that is damaged here is looked at again */
};

/* Room for the messages of a case while its clocks are read; NULL without memory. */
struct law_clock_event *core_clocks_room(const struct core_case *kase);
/* The clocks of the asked party `party` (index in the opening message), at most WIRE_KIND_CLOCKS_MAX; *count is 0 for
 * the opener, and for one of whom neither we nor he opened the case: nobody here has seen his receipts. room: of
 * core_clocks_room. */
BASE_NODISCARD enum base_code core_clocks_of(struct core *core, const struct core_case *kase, size_t party,
                                             struct law_clock_event *room, struct law_clock *out, size_t *count,
                                             struct base_error *err);
/* What the opener of a case and this asked party told each other that moves a clock, with the times of the receipts. other:
 * the one of the two who is not we. events: core_clocks_room. */
BASE_NODISCARD enum base_code core_clocks_events(struct core *core, const struct core_case *kase,
                                                 struct base_view party, const struct core_partner *other,
                                                 struct law_clock_event *events, size_t *out_count,
                                                 struct base_error *err);
/* itemclocks.c: one clock of one item, and of one party that owes it. */
struct core_item_clock {
  uint32_t item; /* the place of the message that opened it */
  unsigned party, clock;
  struct law_clock now; /* started and receipt: 0 */
};
/* Those of all items, by item, clock and party; the caller frees *out. shown: also those that were stopped, with how late;
 * else those alone that run. */
BASE_NODISCARD enum base_code core_item_clocks(struct core *core, const struct core_case *kase, bool shown,
                                               struct core_item_clock **out, size_t *count, struct base_error *err);
/* Something of the case moves in this step that its clocks may depend on: core_clocks_settle computes them anew. */
BASE_NODISCARD enum base_code core_clocks_touch(struct core *core, const struct base_id *id, struct base_error *err);
/* The same by one of its messages; fine when it is not here. */
BASE_NODISCARD enum base_code core_clocks_touch_message(struct core *core, const struct base_id *message,
                                                        struct base_error *err);
bool core_clocks_moving(const struct core *core, const struct base_id *id); /* it was touched in this step */
/* Before the commit: when each touched case is due, and what is to be told by now, in the transaction of the step. */
BASE_NODISCARD enum base_code core_clocks_settle(struct core *core, struct base_error *err);
/* The step was taken back, or begins. */
void core_clocks_forget(struct core *core);
/* Milliseconds until something is to be told; -1: nothing is. */
int64_t core_clocks_due_ms(const struct core *core);
/* When the case is due and is to be looked at next, now that all that is to be told was: as its row must say. */
BASE_NODISCARD enum base_code core_clocks_compute(struct core *core, const struct core_case *kase, base_time *due,
                                                  base_time *look, struct base_error *err);
/* What its leaf tells of it: "overdue 2026-11-28T08:00:00Z", of an item with " of " and its id (check_alarms.c). */
struct core_clocks_words {
  char text[128];
};
struct core_clocks_words core_clocks_words(const struct store_alarm *alarm);

#endif
