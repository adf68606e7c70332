/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CHECK_H
#define WASL_CORE_CHECK_H

#include <dirent.h>

#include "core/parts.h"
#include "core/people.h"
#include "core/show.h"
#include "wire/stix.h"

/* register.check: all that is stored against all that was proved, in stages, some rows per request. Not for others. A
 * stage's step looks at one row (or a few that belong together), names what differs, and gives a code only for a
 * failure of the machine. Nothing is compared across requests that the exchange could change meanwhile, but for what is
 * followed on purpose (numbers, tallies). */

enum {
  CORE_CHECK_PROBLEMS_MAX = 100, /* named; more are counted */
  CORE_CHECK_WHAT = 768,
  CORE_CHECK_PLACE = 160,
  /* what a row costs of a request's CORE_CHECK_STEP, of about 10 µs each */
  CORE_CHECK_COST_ROW = 1,
  CORE_CHECK_COST_PROVED = 4, /* a leaf with its proof, a message */
  CORE_CHECK_COST_SIGNED = 32,
  CORE_CHECK_COST_FILE = 32,
  CORE_CHECK_COST_RECORD = 192, /* a mebibyte decrypted and hashed */
  CORE_CHECK_BATCH = 64,        /* messages whose keys are unwrapped in one request to the keeper */
  CORE_CHECK_BATCH_BYTES = 4 << 20,
  CORE_CHECK_TREE = 64, /* levels of a tree */
};

struct core_problem {
  char place[CORE_CHECK_PLACE], what[CORE_CHECK_WHAT];
};

/* What follows from a difference, and what to do: the end of each sentence. */
enum core_check_so {
  CORE_SO_REGISTER,
  CORE_SO_MESSAGE,
  CORE_SO_CASE,
  CORE_SO_PROOF,
  CORE_SO_PARTNER,
  CORE_SO_PART,
  CORE_SO_STRAY,
  CORE_SO_ERASED,
  CORE_SO_DERIVED,
  CORE_SO_KEPT,
  CORE_SO_ALARM,
  CORE_SO_COUNTED,
  CORE_SO_LISTED,
  CORE_SO_FOUND,
  CORE_SO_TABLE,
  CORE_SO_ONCE, /* said already */
};

/* What a walk gathers about one partner. */
struct core_check_partner {
  int64_t number;
  uint64_t sent_number, received_number; /* the last ones met */
  struct base_hash sent_previous, received_previous;
  uint64_t tally[STORE_ENDED + 1]; /* deliveries by state */
  bool acted, stopped, faulted;    /* leaves about him: partner; fork or roll-back, not lifted since; any fault */
  uint64_t act_index;              /* the last leaf about him */
};

struct core_check_tile { /* as the store holds it, past the register's cache */
  uint64_t index;
  size_t count;
  struct base_hash hashes[256];
};

struct core_check_file { /* the part that is being read */
  struct base_id message;
  uint16_t part;
  char name[CORE_PART_FILE + 1];
  uint64_t size;
  uint32_t records, held, next;
  struct base_hash sha256;
  struct base_secret key;
  struct seal_hasher *hasher; /* NULL: none is being read */
  int fd;
};

struct core_check_head { /* a partner's head that verified last */
  int64_t partner;
  uint64_t size;
  struct base_hash root;
};

struct core_check {
  size_t stage;
  bool ended;         /* all stages once; leaves that come are still compared */
  int64_t touched_ms; /* monotonic: of the last request of it */
  char by[CORE_ACTOR_MAX]; /* who began it, without token or session */
  uint64_t total;     /* rows in all, by which the next request goes on */
  uint64_t rows;      /* of this stage */
  int budget;         /* left for this request */
  int64_t key;        /* of a walk */
  struct store_pair pair;

  uint64_t found; /* differences in all */
  size_t count, told;
  struct core_problem *problems;

  size_t partner_count;
  struct core_check_partner *partners;

  int64_t counting;       /* whose cosignatures or heads */
  uint64_t kept, counted; /* of them: said to be kept when the counting began, and met */
  unsigned again;
  int64_t tallied; /* deliveries up to this one are in the tallies */

  struct core_check_head head;
  struct core_check_file file;
  DIR *folder;

  uint64_t next, size; /* leaves checked, and those to check */
  char stix_type[WIRE_STIX_TYPE_MAX + 1]; /* of the last count of STIX objects */
  uint64_t witnesses;  /* the last leaf about them, 0: none */
  uint64_t unread;     /* leaves whose opening could not be read, and whose number is missed by no row yet */
  base_time time;      /* of the last leaf */
  struct base_hash complete[CORE_CHECK_TREE]; /* roots of complete subtrees, by the bits of next */
  struct base_hash root;                      /* of size leaves */
  struct core_check_tile tiles[8];
};

/* --- check.c */
struct core_place {
  char text[CORE_CHECK_PLACE];
};
struct core_place core_place(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct core_place core_place_message(const struct base_id *id);
struct core_place core_place_partner(const struct core *core, int64_t number);
/* Names a difference: what is wrong, without a final stop. */
void core_check_found(struct core *core, enum core_check_so so, struct core_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* After a `next`: true when there is a row to look at. A row that cannot be read is named. *code is BASE_OK then, and
 * at the end, where *done is set; a failure of the machine stays. moved: the key is another one. */
bool core_check_row(struct core *core, const char *table, bool moved, enum base_code *code, bool *done,
                    const struct base_error *err);
/* What the partner proved: under the head of his that is kept with this size (a head's key), and his own signature. */
BASE_NODISCARD enum base_code core_check_proved(struct core *core, const struct core_partner *partner,
                                                struct base_view leaf, struct base_view opening,
                                                struct base_view hashes, uint64_t index, uint64_t size,
                                                struct base_arena *arena, struct wire_leaf *out_leaf,
                                                struct wire_opening *out_opening, struct base_error *err);
/* NULL without memory, with err filled. */
struct core_check_partner *core_check_partner(struct core_check *check, int64_t number, struct base_error *err);

/* A stage. */
typedef enum base_code core_check_step(struct core *core, bool *done, struct base_error *err);
core_check_step core_check_ids, core_check_waits, core_check_messages, core_check_cases; /* check_messages.c */
core_check_step core_check_erasures;                                                     /* check_erasures.c */
core_check_step core_check_releases;                                                     /* check_releases.c */
core_check_step core_check_deliveries, core_check_arrivals;                              /* check_ledger.c */
core_check_step core_check_partners, core_check_heads, core_check_cosignatures,
    core_check_partner_heads;                           /* check_partners.c */
core_check_step core_check_parts, core_check_files;     /* check_parts.c */
core_check_step core_check_evidence, core_check_leaves; /* check_register.c */

/* --- check_register.c */
struct core_check_leaf {
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_hash hash; /* SHA-256 of the entry */
};
/* A leaf of ours with its opening, which it commits to. Views into arena. */
BASE_NODISCARD enum base_code core_check_leaf(struct core *core, uint64_t index, struct base_arena *arena,
                                              struct core_check_leaf *out, struct base_error *err);
/* check_releases.c: a leaf of what was held for release, which the check has reached. */
BASE_NODISCARD enum base_code core_check_released(struct core *core, const struct core_check_leaf *leaf,
                                                  struct base_error *err);

/* --- check_alarms.c: a case as its messages give it; a leaf that tells a deadline, which the check has reached. */
BASE_NODISCARD enum base_code core_check_alarms(struct core *core, const struct core_case *kase,
                                                struct base_error *err);
BASE_NODISCARD enum base_code core_check_told(struct core *core, const struct core_check_leaf *leaf,
                                              struct base_error *err);

/* --- check_picture.c: a case is counted as its opening message says; a leaf of an alert, which the check has reached. */
core_check_step core_check_picture;
BASE_NODISCARD enum base_code core_check_pictured(struct core *core, const struct core_case *kase,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code core_check_alerted(struct core *core, const struct core_check_leaf *leaf,
                                                 struct base_error *err);

/* --- check_ledger.c */
void core_check_delivery_changed(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                                 enum store_delivery_state to);

/* --- check_parts.c */
void core_check_file_end(struct core_check *check);

#endif
