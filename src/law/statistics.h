/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_LAW_STATISTICS_H
#define WASL_LAW_STATISTICS_H

#include "law/law.h"

/* What is counted of requests, acts and messages, and what of it may be published. Pure functions; who calls them walks
 * the register. spec/statistics.md says what each measure is. */

enum {
  LAW_CELLS_MAX = 16384,     /* different numbers in one table of statistics */
  LAW_LATES_MAX = 1 << 18,   /* late answers whose lateness is remembered for the median */
  LAW_PUBLISH_LEAST = 5,     /* a count from 1 to below this one is not published */
  LAW_PUBLISHED_MAX = 4096,  /* numbers in one table that is published: each is held against each */
  LAW_TALLY_BYTES = 16 << 20 /* of texts in a tally */
};

/* What a number is about. A column that does not apply is empty. */
#define LAW_COLUMN_LIST(X)                                                                                             \
  X(SECTION, "section")     /* requests, messages, acts */                                                             \
  X(DIRECTION, "direction") /* sent, received: by this node */                                                         \
  X(PARTNER, "partner")                                                                                                \
  X(MONTH, "month") /* 2026-11, UTC */                                                                                 \
  X(KIND, "kind")                                                                                                      \
  X(CLOCK, "clock")                                                                                                    \
  X(LIMIT, "limit") /* the code that chose the clock's length */                                                       \
  X(MEASURE, "measure")                                                                                                \
  X(DETAIL, "detail")
enum law_column {
#define LAW_COLUMN_ENUM(name, word) LAW_COLUMN_##name,
  LAW_COLUMN_LIST(LAW_COLUMN_ENUM)
#undef LAW_COLUMN_ENUM
      LAW_COLUMNS
};
extern const char *const law_column_names[LAW_COLUMNS];

#define LAW_DETAIL_DRAFT "draft" /* of `erased`: the copy that waited for a release; it is not published */

struct law_cell {
  const struct base_view *key; /* LAW_COLUMNS of them, in the tally's arena */
  uint64_t value;
  bool hidden; /* of what is published: its value is not told */
};
struct law_late {
  const struct base_view *key; /* of the row's `requests` cell */
  int64_t seconds;
};
struct law_tally {
  struct base_arena arena;
  size_t count, room, late_count, late_room;
  struct law_cell *cells; /* ascending by their keys */
  struct law_late *lates;
};
void law_tally_init(struct law_tally *tally);
void law_tally_free(struct law_tally *tally); /* also one that is zeroed */
/* Adds to the number of this key; what the views point to is copied. BASE_TOO_LARGE above LAW_CELLS_MAX numbers. */
BASE_NODISCARD enum base_code law_tally_add(struct law_tally *tally, const struct base_view key[LAW_COLUMNS],
                                            uint64_t value, struct base_error *err);
/* NULL when there is no number of this key. */
const struct law_cell *law_tally_find(const struct law_tally *tally, const struct base_view key[LAW_COLUMNS]);
/* An answer that was so late, in the row whose `requests` number has this key. */
BASE_NODISCARD enum base_code law_tally_late(struct law_tally *tally, const struct base_view key[LAW_COLUMNS],
                                             int64_t seconds, struct base_error *err);
/* Once all is counted: median and longest of what was late, as numbers of their own (seconds). Of an even number of
 * late ones the lower of the two in the middle is the median, so that it is one that was. */
BASE_NODISCARD enum base_code law_tally_finish(struct law_tally *tally, struct base_error *err);

/* A request as one asked party has it. */
struct law_asked {
  const struct wire_kind *kind;
  const struct wire_kind_clock *clock;
  struct law_clock_event *events; /* as for law_clocks; of those after `cut` the time is taken away */
  size_t count;
  base_time now;     /* what is due before is overdue */
  base_time cut;     /* what became known later counts as not there yet; INT64_MAX: all counts */
  const char *waits; /* the detail of one that was not received, "" for none */
  const char *open;  /* what has an end and is not done all the same counts as this measure; NULL: nothing is open */
};
/* Counts it. key: what the caller knows (direction, partner, month, kind); section, clock, limit, measure and detail
 * are filled in here. */
BASE_NODISCARD enum base_code law_count_request(struct law_tally *tally, const struct base_view key[LAW_COLUMNS],
                                                const struct law_asked *asked, struct base_error *err);

/* --- what is published */

/* A number among others: a total (parent LAW_ROOT), or a part of one. The parts of one breakdown of a parent add up to
 * it; a parent stands before its parts. */
#define LAW_ROOT SIZE_MAX
enum law_shown {
  LAW_SHOWN,
  LAW_HIDDEN,  /* that it is there is told, not how many */
  LAW_LEFT_OUT /* not even that */
};
struct law_node {
  size_t parent;
  unsigned breakdown;
  uint64_t value;
  enum law_shown shown; /* set here */
};
/* Hides each count from 1 to LAW_PUBLISH_LEAST - 1, and as many others as it takes so that nobody can get it back: with
 * all that is shown, each of these values stays possible for it. Which others are hidden depends on their order, not on
 * their size, so that the choice tells nothing. */
void law_hide(struct law_node *nodes, size_t count);
/* The table of a period that may be published, of all that was counted in it. out is fresh. */
BASE_NODISCARD enum base_code law_publish(const struct law_tally *counted, struct law_tally *out,
                                          struct base_error *err);

#endif
