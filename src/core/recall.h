/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_RECALL_H
#define WASL_CORE_RECALL_H

#include "core/internal.h"

/* Recall, correction, erasure: a message is called back by its author, and by itself from those to whom it was passed
 * on; each answers for itself, tells what became of it below, and certifies what it erased. spec/recall.md. */

enum {
  CORE_RECALL_STEP = 16,        /* cases that are looked after in one step */
  CORE_RECALL_AGAIN_MS = 60000, /* one that waits for others is looked after again after so long */
};

/* --- passed.c: who names a message, and to whom it was passed on */
/* Of a message that takes its place in its case: what its fields of the type reference name. Written in this step. */
BASE_NODISCARD enum base_code core_mention_note(struct core *core, const struct wire_kind *kind,
                                                const struct base_id *id, const struct wire_header *header,
                                                struct base_error *err);
/* It goes, header and all. */
BASE_NODISCARD enum base_code core_mention_forget(struct core *core, const struct wire_kind *kind,
                                                  const struct base_id *id, const struct wire_header *header,
                                                  struct base_error *err);
/* For the check: whether one that it names is not noted, and which. */
BASE_NODISCARD enum base_code core_mention_missing(struct core *core, const struct wire_kind *kind,
                                                   const struct base_id *id, const struct wire_header *header,
                                                   struct base_id *out, bool *missing, struct base_error *err);
/* A message as what names others: its row without content and its header, in the arena. */
struct core_mention {
  struct store_message row;
  struct wire_header header;
};
/* The next held message that names it; BASE_NOT_FOUND at the end. key begins with INT64_MIN. One that cannot be read is
 * passed over. */
BASE_NODISCARD enum base_code core_mention_next(struct core *core, const struct base_id *target, int64_t *key,
                                                struct base_arena *arena, struct core_mention *out,
                                                struct base_error *err);
/* It passes on the content of this message, and is ours. */
bool core_mention_passes(const struct core_mention *mention, const struct base_id *target);
/* Whether what the form passes on may be: it is here, whole, and nobody recalled it; and whether what it says may be
 * kept until a day still may. */
BASE_NODISCARD enum base_code core_passable(struct core *core, const struct wire_form *form, struct base_error *err);
/* Whether that marking, spelled as it will be sent, lets nobody do more with it than the mark of what it passes on. */
BASE_NODISCARD enum base_code core_passable_mark(struct core *core, const struct wire_form *form,
                                                 struct base_view handling, struct base_error *err);
/* At the hand-over of a message of ours: whether it may still go. Since it was sent it, or what it passes on, may have
 * been recalled, and the day until which it may be kept may be over. */
BASE_NODISCARD enum base_code core_still_passable(struct core *core, const struct base_id *id,
                                                  const struct wire_header *header, struct base_error *err);
/* The recall of a message by its author, the newest that he did not withdraw; there false: none. */
struct core_recalled {
  bool there;
  struct base_id case_id;
  base_time at;
  struct base_view measure; /* in the arena */
};
BASE_NODISCARD enum base_code core_recalled(struct core *core, const struct base_id *message, struct base_view author,
                                            struct base_arena *arena, struct core_recalled *out,
                                            struct base_error *err);

/* --- recallread.c: a case as it stands */
/* One case of the kind as it is read for what is to be done. Views into its arena. */
struct core_recall {
  struct base_arena arena;
  struct base_id id, message, above; /* above: the case that this one hands down */
  bool ours, has_above;              /* this node opened it */
  struct base_view opener, to;       /* origins; to: the party asked, the first one */
  struct base_view measure, ground, state;
  bool closed, answered, kept, erased, certified;
  bool withdrawn;                 /* by who opened it: nothing is asked any more */
  struct base_id withdrawal;      /* the message that says so */
  bool misfit;                    /* what it says it did is not what was asked: that is no answer */
  struct base_view outcome, told; /* of the party asked: what it did, and what it told last of those below */
  struct base_id certificate;
  char without[BASE_ERROR_TEXT_MAX]; /* to us, by somebody whose message it is not: why it has no effect; "" */
  base_time due;                     /* while it is not answered and its clock runs; 0: none */
  base_time below_due;               /* until then those below are to have answered, asked or not */
};
/* The case must be of the kind. Freed with core_recall_free in any case. */
BASE_NODISCARD enum base_code core_recall_read(struct core *core, const struct base_id *id, struct core_recall *out,
                                               struct base_error *err);
void core_recall_free(struct core_recall *recall);
/* Whether who did this has carried out that measure: it, what is stricter, or there was nothing to be done. */
bool core_recall_fits(struct base_view measure, struct base_view outcome);
#define CORE_AUTO_RECALL __attribute__((cleanup(core_recall_free)))
/* --- recall.c: what a node does by itself */
/* What became of it with those to whom this node passed it on: a code of the kind's list `below`. */
BASE_NODISCARD enum base_code core_recall_below(struct core *core, const struct core_recall *recall, const char **out,
                                                struct base_error *err);
/* Ends this message of ours where it still waits, and opens a case for each partner who may hold it and was not asked
 * the same before; both are added to count. above: NULL, or the case that is handed down. A partner who cannot be asked
 * now is BASE_SUSPENDED, BASE_POLICY and the like, the others are asked all the same. */
struct core_recall_words {
  struct base_view actor, measure, ground, reason, correction;
};
/* How many were asked, and what was ended before it went; cases: those of the recall, as texts into an array that is
 * open (NULL: nobody wants to know). */
struct core_recall_count {
  size_t asked, ended;
  struct wire_writer *cases;
};
BASE_NODISCARD enum base_code core_recall_ask(struct core *core, const struct base_id *message,
                                              const struct core_recall *above, const struct core_recall_words *words,
                                              struct core_recall_count *count, struct base_error *err);
/* Before somebody ends this delivery: BASE_POLICY for a recall that goes down to who may hold what is recalled. */
BASE_NODISCARD enum base_code core_recall_stays(struct core *core, const struct store_delivery *delivery,
                                                struct base_error *err);
/* The state of this case changed, or it is new: it is looked after in the next step. */
BASE_NODISCARD enum base_code core_recall_touched(struct core *core, const struct core_case *kase,
                                                  struct base_error *err);
/* At the start: those that are open. */
BASE_NODISCARD enum base_code core_recall_load(struct core *core, struct base_error *err);
void core_recall_forget(struct core *core);
/* Before the commit: hands down, certifies, tells above; some cases in each step. */
BASE_NODISCARD enum base_code core_recall_settle(struct core *core, struct base_error *err);
int64_t core_recall_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */

/* --- withdrawn.c */
void core_recall_withdraw(struct core *core, uint64_t token, const struct wire_json *request);
/* This recall was withdrawn: so are the cases of ours that hand it down. *all stays, or becomes false when one of them
 * could not be told now. */
BASE_NODISCARD enum base_code core_recall_withdraw_down(struct core *core, const struct core_recall *recall, bool *all,
                                                        struct base_error *err);

/* --- recalls.c: what people ask */
void core_recall_open(struct core *core, uint64_t token, const struct wire_json *request);
void core_recall_answer(struct core *core, uint64_t token, const struct wire_json *request);
void core_recall_list(struct core *core, uint64_t token, const struct wire_json *request);
/* What core alone writes is not sent by hand: it would say that something was done which was not. */
BASE_NODISCARD enum base_code core_recall_by_hand(const struct core_kind *kind, const struct wire_kind_type *type,
                                                  struct base_error *err);

#endif
