/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_SUBMISSION_H
#define WASL_CORE_SUBMISSION_H

#include "core/emergency.h"
#include "core/internal.h"
#include "core/messages.h"
#include "core/transfer.h"
#include "wire/hint.h"
#include "wire/marking.h"

/* What is to be sent, from the form to the message with its id: what submit.c, submitted.c and release.c share. First
 * everything that can refuse it, then the writing. */

/* Of an `end` of an agreement: told with the answer. */
struct core_ending {
  base_time on;        /* from when on it frees; 0: the message is none */
  int64_t notice_days; /* that were agreed; 0: none were */
  bool shorter;        /* than they are */
};

struct core_submission {
  struct base_arena arena;
  struct base_view actor;
  const struct core_kind *kind;
  const struct wire_kind_type *type;
  bool opens, by_hand; /* by_hand: of a person, not of the node itself */
  struct base_id case_id;
  size_t to_count;
  struct core_partner *to[WIRE_PARTIES_MAX];
  struct law_answer answers[WIRE_PARTIES_MAX]; /* for each of them; views into core->law */
  enum law_approval approval;                  /* the strictest of theirs */
  struct wire_form form;
  struct base_buf rest; /* the fields that go into part 0 */
  struct wire_part0 part0;
  enum wire_level level; /* how it is marked */
  struct core_stage *stages[WIRE_PARTS_MAX];
  const struct core_content *source; /* whose parts go with it, none being uploaded; NULL: none's */
  const struct base_id *held; /* the id under which it was held for release: its parts are there. NULL: it was not */
  base_time held_time;        /* of the header that it had then */
  struct wire_header header;
  struct base_id follows[WIRE_FOLLOWS_MAX]; /* the header's own */
  struct base_buf header_bytes, part0_bytes;
  struct base_id id;
  base_time stored;
  struct core_emergency emergency; /* asked for; what it serves says the clause of each receiver */
  struct core_derogation derogation; /* likewise */
  struct base_id notice;           /* the case that tells those to whom it serves */
  size_t hint_count;
  struct wire_hint_found hints[WIRE_HINTS_MAX]; /* told with the answer */
  struct law_agreement terms;                   /* that it proposes; without rows: it proposes none */
  struct core_ending ending;
  size_t urgent_count;
  const struct core_partner *urgent[WIRE_PARTIES_MAX];
};

void core_submission_init(struct core_submission *submission);
void core_submission_free(struct core_submission *submission);

/* submit.c: what was held, asked once more: may it go now, in its case as it is now? Its part 0 is taken byte for byte,
 * the header is made anew. held: with part 0 read; it lives as long as the submission. *out_case: NULL when it opens
 * one. */
BASE_NODISCARD enum base_code core_submission_again(struct core *core, const struct core_content *held,
                                                    struct core_submission *submission, struct core_case **out_case,
                                                    struct base_error *err);
/* A refusal by law is a leaf, so that the agreement's review sees what was wanted. Answers with it. */
void core_submission_deny(struct core *core, uint64_t token, const struct core_submission *submission,
                          enum base_code code, struct base_error *err);

/* submitform.c: the document's fields by the form of the type, its files, its marks; the header has its parties. */
BASE_NODISCARD enum base_code core_submission_form(struct core *core, const struct wire_json *request,
                                                   struct core_submission *submission, struct base_error *err);
/* core_lane_names of what is ours. */
BASE_NODISCARD enum base_code core_submission_names(struct core *core, const struct core_submission *submission,
                                                    const struct wire_header *header, const struct wire_json *fields,
                                                    struct base_error *err);
/* audience.c */
/* Of a new case: the member `to`. */
BASE_NODISCARD enum base_code core_submission_audience(struct core *core, const struct wire_json *request,
                                                       struct core_submission *submission, struct base_error *err);
/* The other parties of a case must all be partners of ours. opened: when it was. */
BASE_NODISCARD enum base_code core_submission_parties(struct core *core, const struct wire_header *opening,
                                                      base_time opened, struct core_submission *submission,
                                                      struct base_error *err);

/* submitted.c */
/* The message and its parts, and nothing that lets it go. The caller loses the step when it fails. */
BASE_NODISCARD enum base_code core_submission_store(struct core *core, struct core_submission *submission,
                                                    enum store_message_state state, struct base_error *err);
/* All of it. kase: NULL when the message opens one. It was loaded while checking and stays in the cache until here. */
BASE_NODISCARD enum base_code core_submission_proceed(struct core *core, struct core_submission *submission,
                                                      struct core_case *kase, struct base_error *err);
/* Finds what its author may want to look at again in the texts of the form: nothing decides by it. */
void core_submission_look(const struct core *core, const struct wire_json *document, struct core_submission *submission);
/* The member `derogated`: to whom it goes under the derogation that was asked for. */
void core_submission_derogated(struct wire_writer *writer, const struct core_submission *submission);
/* The members `exercise`, `warnings` with that, and `unused_rows`: those of the terms proposed that no message will ever be sent under. */
void core_submission_warnings(const struct core *core, struct wire_writer *writer,
                              const struct core_submission *submission);
/* Begins the object that answers where nothing was sent, with these two: `id` and `emergency` are null. */
void core_submission_unsent(const struct core *core, struct wire_writer *writer, const struct core_submission *submission);
/* Answers with that id, and whether it is of an exercise. */
void core_submission_answer(struct core *core, uint64_t token, const struct base_id *id, bool exercise);
/* Answers that it may go, to whom and by what, where no more than that was asked for. */
void core_submission_may(struct core *core, uint64_t token, const struct core_submission *submission);
/* Answers that it goes. */
void core_submission_sent(struct core *core, uint64_t token, const struct core_submission *submission);

#endif
