/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_STIX_H
#define WASL_CORE_STIX_H

#include "core/check.h"
#include "core/show.h"

/* The index of STIX objects: which part of which message holds which (stix.c), told (show_stix.c), held against the parts
 * (check_stix.c). Core opens no part: it gives them to the local gate, which has the worker look into them. spec/stix.md. Not
 * for others. */

enum {
  CORE_STIX_TRIES = 3,        /* a part is given out so often; then it stands as one that could not be looked into */
  CORE_STIX_AT_ONCE = 2,      /* so often at once when this node starts again; from then on it rests first: */
  CORE_STIX_REST_MS = 40000,  /* wasld gives a node up that ends six times within a minute, whatever parts wait */
  CORE_STIX_MESSAGE_MAX = 65536, /* objects of one message; behind them no further part is listed: it is erased in one step */
  CORE_STIX_STEP = 16,        /* parts that need nobody to look into them, in one step */
  CORE_STIX_AGAIN_MS = 30000, /* until the disk is asked again whether it has room */
  CORE_STIX_PAGE = 100,       /* objects in one answer … */
  CORE_STIX_OPENED = 128,     /* … from at most so many parts */
  CORE_STIX_TYPES_MAX = 512,  /* types in one answer */
  CORE_STIX_WAITING_MAX = 32, /* messages whose parts still to be looked into are counted, of each lane */
  CORE_STIX_WHY_MAX = 256,    /* bytes of why one could not be listed */
  CORE_STIX_AGAIN_MESSAGES = 32,  /* that one request has looked into anew, … */
  CORE_STIX_AGAIN_OBJECTS = 8192, /* … or fewer, when so many objects of theirs were listed */
};

/* --- stix.c */
/* A message was admitted: its parts are to be looked into. Written in this step. */
BASE_NODISCARD enum base_code core_stix_note(struct core *core, const struct core_case *kase, const struct base_id *id,
                                             struct base_error *err);
/* Whether what is in parts of this message is listed: it has its place in a case on a side of the wall, whose lane is *lane, its
 * content is here, no exercise made it up, and no named readers alone may see it. A failure is one of the machine. */
BASE_NODISCARD enum base_code core_stix_belongs(struct core *core, const struct store_message *row,
                                                const struct wire_header *header, enum wire_lane *lane, bool *out,
                                                struct base_error *err);
/* All that is known of what is in its parts goes, and they are looked into anew when they belong in the index: *parts of them, or
 * none. Written in this step. */
BASE_NODISCARD enum base_code core_stix_anew(struct core *core, const struct base_id *id, unsigned *parts, struct base_error *err);
/* Its content is erased, and with it all that is known of what was in its parts. Within the step. */
BASE_NODISCARD enum base_code core_stix_drop(struct core *core, const struct base_id *id, struct base_error *err);
/* What the local gate asks for itself: the next part (parked while there is none), a record of it; what the worker found. */
void core_stix_take(struct core *core, uint64_t token);
void core_stix_record(struct core *core, uint64_t token, const struct wire_json *request);
void core_stix_give(struct core *core, uint64_t token, const struct wire_json *request, int fd);
void core_stix_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context);
/* Before the commit: the next part is given out. */
BASE_NODISCARD enum base_code core_stix_settle(struct core *core, struct base_error *err);
int64_t core_stix_due_ms(const struct core *core);
/* The list of a part, appended to out. BASE_CORRUPT, BASE_UNSEAL: it is damaged. */
BASE_NODISCARD enum base_code core_stix_unseal(const struct base_secret *key, const struct store_stix_part *row,
                                               struct base_buf *out, struct base_error *err);
struct base_hash core_stix_token(const struct core *core, struct base_view id);

/* --- stixagain.c */
void core_stix_again(struct core *core, uint64_t token, const struct wire_json *request);

/* --- show_stix.c */
core_show_handler core_stix_list, core_stix_count;
/* The member `stix` of a part: null of one that is no bundle or waits, else its objects, or why they are not listed. */
BASE_NODISCARD enum base_code core_stix_show(struct core *core, struct wire_writer *writer, const struct base_id *message,
                                             uint16_t part, const struct wire_part *wire, struct base_error *err);

/* --- check_stix.c */
core_check_step core_check_stix, core_check_stix_counts;
/* Of a message whose content is open: each part that belongs in the index is there, or waits. */
BASE_NODISCARD enum base_code core_stix_check(struct core *core, const struct store_message *row,
                                              const struct wire_header *header, const struct wire_part0 *part0,
                                              struct base_error *err);

#endif
