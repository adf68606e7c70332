/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_SHOW_H
#define WASL_CORE_SHOW_H

#include "core/internal.h"

/* What the show_*.c files and proof.c share: requests that are answered from what is there. Not for others. */

/* A request's handler: writes the answer into out, or says why not. */
typedef enum base_code core_show_handler(struct core *core, const struct wire_json *request, struct base_buf *out,
                                         struct base_error *err);
core_show_handler core_show_case_list, core_show_case;             /* show_case.c */
core_show_handler core_show_case_items;                            /* show_clock.c */
/* One clock of what that party owes; other: whose time zone is told beside ours. */
void core_show_clock(struct core *core, struct wire_writer *writer, struct base_view party, const struct core_partner *other,
                     const struct law_clock *clock);
/* show_items.c */
core_show_handler core_show_case_balance;                          /* show_balance.c */
core_show_handler core_show_message;                               /* show_message.c */
core_show_handler core_show_kinds, core_show_kind, core_show_example; /* show_kind.c */
core_show_handler core_show_explain;                               /* show_law.c */
core_show_handler core_show_review;                                /* show_review.c */
core_show_handler core_show_consents;                              /* show_consent.c */
core_show_handler core_show_head, core_show_leaf, core_show_tile;  /* show_register.c */
core_show_handler core_show_outbox_list, core_show_outbox_summary; /* show_outbox.c */
core_show_handler core_show_card, core_show_keys, core_show_partner; /* show_keys.c */

/* show_law.c: a row as an object; and the member `unused_rows`: rows of the terms that another one before them leaves nothing to cover. question: of those that
 * cover it alone; NULL: of all. */
void core_show_row(struct core *core, struct wire_writer *writer, const struct law_row *row);
void core_show_unused(const struct core *core, struct wire_writer *writer, const struct law_agreement *agreement,
                      const struct law_question *question);

enum { CORE_SHOW_REASON = BASE_ERROR_TEXT_MAX + 128 };

/* show_kind.c: `kind` and `kind_version`, members of an object that is open; the latter null where it is not held here. */
void core_show_kind_of(const struct core *core, struct wire_writer *writer, struct base_view name,
                       const struct base_hash *hash);

/* show_message.c */
/* A message of a case as an object of its own; its content (unless bare) while the answer is not too large. placed:
 * where it stands in the case; NULL for one that is not admitted. */
BASE_NODISCARD enum base_code core_show_case_message(struct core *core, struct wire_writer *writer, bool bare,
                                                     const struct base_id *id, const struct engine_message *placed,
                                                     struct base_error *err);
/* show_clock.c */
/* One clock of what that party owes; other: whose time zone is told beside ours. */
void core_show_clock(struct core *core, struct wire_writer *writer, struct base_view party, const struct core_partner *other,
                     const struct law_clock *clock);
/* show_items.c */
/* The member `lacks`: whose consent is missing to what takes effect once all have agreed, of the case (ENGINE_NO_ITEM)
 * or an item. */
void core_show_lacks(struct core *core, struct wire_writer *writer, const struct core_case *kase, uint32_t item);
/* The items of a case as an array. */
BASE_NODISCARD enum base_code core_show_items(struct core *core, struct wire_writer *writer, const struct core_case *kase,
                                              struct base_error *err);
/* The asker wants no content: nothing is opened, so no leaf tells of it. */
bool core_show_bare(const struct wire_json *request);
/* Of the leaf about content that is given out: exported, when the asker says that it leaves the node as a file. */
enum wire_act core_show_act(const struct wire_json *request);
/* The member `recalled`: null, or the case in which its author called it back, and what he asks for. */
struct core_recalled;
void core_show_recalled(struct wire_writer *writer, const struct core_recalled *recalled);
/* When a message was received: ours by this partner, a partner's (NULL) by us. 0: not yet. */
struct core_received {
  base_time at;   /* of the receipt */
  base_time ours; /* what our clock said when a disputed one came; 0: it is not disputed */
};
BASE_NODISCARD enum base_code core_show_received(struct core *core, const struct base_id *id, struct base_view author,
                                                 const struct core_partner *partner, struct core_received *out,
                                                 struct base_error *err);

/* What of the keys is due next, as a member of an object that is open. */
void core_show_keys_due(struct wire_writer *writer, const struct core *core);
void core_show_keys_unsound(struct wire_writer *writer, const struct core *core);
/* A partner, as members of an object that is open. */
void core_show_partner_members(const struct core *core, struct wire_writer *writer,
                               const struct core_partner *partner);

/* How a person names a node here: its local name, or the origin of one that is neither we nor a partner. */
struct base_view core_show_name(struct core *core, struct base_view origin);
/* null for 0, which means never, and for what no date says. */
void core_show_time(struct wire_writer *writer, const char *key, base_time time);
/* Free text of an agreement, as members of what is law: only for who may read content (spec/people.md). */
/* The member `assurances`: their codes. */
void core_show_assurances(struct wire_writer *writer, unsigned assurances);
void core_show_words(const struct core *core, struct wire_writer *writer, const char *key, struct base_view text);
/* Text that came from elsewhere or was cut to fit: made valid and harmless to show. */
void core_show_text(struct wire_writer *writer, const char *key, struct base_view text);
void core_show_names(struct wire_writer *writer, struct core *core, const char *key, const struct base_view *origins,
                     size_t count);
const char *core_show_delivery_state(enum store_delivery_state state);
/* The same of a delivery with what no row says: under way, or damaged here. */
const char *core_show_standing(const struct core_partner *partner, const struct store_delivery *row);
/* Why a delivery is where it is: refused, ended, disputed, or what keeps it here; "" when it is simply on its way. */
struct base_view core_show_reason(const struct core *core, const struct core_partner *partner,
                                  const struct store_delivery *delivery, char room[CORE_SHOW_REASON]);
/* What keeps everything that waits for him; "" when nothing does. */
struct base_view core_show_trouble(const struct core *core, const struct core_partner *partner,
                                   char room[CORE_SHOW_REASON]);
/* The numbers of the outbox by state, as members of an object that is open. Scans what is under way, not what was
 * receipted. */
BASE_NODISCARD enum base_code core_show_counts(struct core *core, struct wire_writer *writer, struct base_error *err);
/* The time of a leaf of our register. */
BASE_NODISCARD enum base_code core_show_leaf_time(struct core *core, uint64_t index, base_time *out,
                                                  struct base_error *err);
/* limit: an integer from 0 (all). */
BASE_NODISCARD enum base_code core_show_limit(const struct wire_json *request, uint64_t *out, struct base_error *err);
/* limit of a list that goes page by page: an integer from 1 to most (INT64_MAX: what the answer has room for), page when it is
 * left out. */
BASE_NODISCARD enum base_code core_show_page(const struct wire_json *request, uint64_t page, uint64_t most, uint64_t *out,
                                             struct base_error *err);
/* The answer goes out, unless the buffer failed; out is emptied. */
void core_show_answer(struct core *core, uint64_t token, struct base_buf *out);

#endif
