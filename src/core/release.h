/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_RELEASE_H
#define WASL_CORE_RELEASE_H

#include "core/submission.h"

/* Release by a second person: what a person submitted is held until another one lets it go. spec/release.md. It is kept
 * as a message of ours in the state STORE_MESSAGE_DRAFT, whose header and part 0 never change, and a row that says by
 * whom, for whom, until when. */

enum {
  CORE_RELEASES_MAX = 1024,         /* that wait at once */
  CORE_RELEASE_SECONDS = 7 * 86400, /* one that nobody decided on so long is over */
  CORE_RELEASE_STEP = 64,           /* ended in one step because their time is over */
  CORE_RELEASE_AGAIN_MS = 60000,    /* while the disk is full or the register is lost */
  CORE_RELEASE_PAGE = 100,          /* in one answer */
};

BASE_NODISCARD enum base_code core_release_load(struct core *core, struct base_error *err);
/* Who must release a message of this type that is sent now: where no person is known, special data need none, for there is nobody;
 * nor, where no two persons can, what binds the node and is released where they can. */
enum law_approval core_release_asks(const struct core *core, const struct wire_kind_type *type, const struct law_answer *answer);
/* Whether who asks may leave something to be released here. BASE_POLICY, BASE_BUSY or BASE_TOO_LARGE. */
BASE_NODISCARD enum base_code core_release_possible(const struct core *core, enum law_approval approval,
                                                    struct base_error *err);
/* Writes it down and answers. */
BASE_NODISCARD enum base_code core_release_hold(struct core *core, uint64_t token, struct core_submission *submission,
                                                struct base_error *err);
/* Its content is shown to who asks, and the leaf of that is written. */
void core_release_opened(struct core *core, const struct base_id *message);
void core_release_give(struct core *core, uint64_t token, const struct wire_json *request);
void core_release_refuse(struct core *core, uint64_t token, const struct wire_json *request);
void core_release_withdraw(struct core *core, uint64_t token, const struct wire_json *request);
/* show_release.c */
void core_release_list(struct core *core, uint64_t token, const struct wire_json *request);
/* null, or what was held as this message or went out as it, as a member of an object that is open. */
BASE_NODISCARD enum base_code core_release_show(struct core *core, struct wire_writer *writer,
                                                const struct store_message *row, struct base_error *err);
/* Before it is handed over: a message that must be released, as its row or its kind say now, was released by one who
 * may. BASE_LAW when it was not. */
BASE_NODISCARD enum base_code core_release_covers(struct core *core, const struct base_id *message,
                                                  enum law_approval asked, struct base_error *err);
/* Its content was erased before this database was put back: it waits no longer. */
BASE_NODISCARD enum base_code core_release_erased(struct core *core, const struct base_id *message,
                                                  struct base_error *err);
/* Before the commit: those whose time is over. */
BASE_NODISCARD enum base_code core_release_settle(struct core *core, struct base_error *err);
int64_t core_release_due_ms(const struct core *core); /* until it wants to be called again, -1: not at all */

#endif
