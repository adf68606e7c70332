/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_EXCHANGE_H
#define WASL_CORE_EXCHANGE_H

#include "core/internal.h"

/* The exchange with partners: consignments in and out. */

/* succession.c: the cards in a document */
struct core_card_frames {
  size_t count, room;
  struct wire_frame *frames; /* CARD; views into the document */
};

/* exchange.c: what both directions share */
/* What a consignment or an answer says about its writer's register. */
struct core_heads {
  struct base_view document; /* checked by wire_frames_check */
  bool has_head;
  struct base_view note;
  size_t count;
  struct wire_frame consistency[WIRE_CONSISTENCIES_MAX];
  size_t epoch_count;
  struct wire_frame epoch[WIRE_EPOCH_LEAVES_MAX];
  /* a line of his on a head of ours; which of our cards he holds; a head of ours that contradicts us: the last counts
   */
  bool cosigns, holds, sees;
  struct wire_frame cosign, held, seen;
};
/* HEAD, CONSISTENCY, COSIGN, HOLDS, SEEN are kept for what follows; false for another frame. */
bool core_heads_frame(struct core_heads *heads, const struct wire_frame *frame);
/* Proves our present head from every head that the partner may have cosigned last: the one he said, and those shown to
 * him lately, because heads cross on the way. */
BASE_NODISCARD enum base_code core_heads_write(struct core *core, struct core_partner *partner, uint64_t base,
                                               struct base_buf *out, struct base_error *err);
/* A partner's signed head, in three steps; core_cards_and_head_take takes them all. Read: signed by the key of the
 * generation that signs heads of its size, of those held or of the news. */
BASE_NODISCARD enum base_code core_head_read(const struct core_partner *partner, const struct core_cards *news,
                                             const struct core_heads *heads, struct wire_checkpoint *out_checkpoint,
                                             const struct wire_key **out_key, struct base_error *err);
/* Placed: BASE_CONFLICT when the proof is from another base than ours, which is asked for and no fault. BASE_ROLLBACK:
 * older than the one we cosigned. BASE_FORK. */
BASE_NODISCARD enum base_code core_head_placed(const struct core_partner *partner, const struct core_heads *heads,
                                               const struct wire_checkpoint *checkpoint, struct base_error *err);
/* Cosigned by the keeper when it is newer than the one it remembers, and kept. Faults (BASE_FORK, BASE_CONSISTENCY …)
 * are the caller's to record. */
BASE_NODISCARD enum base_code core_head_cosign(struct core *core, struct core_partner *partner,
                                               const struct core_heads *heads, const struct wire_checkpoint *checkpoint,
                                               const struct wire_key *key, struct base_error *err);
/* Our cosignature line on the partner's head of this size, by our present witness key. */
BASE_NODISCARD enum base_code core_head_line(struct core *core, const struct core_partner *partner, uint64_t size,
                                             struct base_buf *out, struct base_error *err);
/* This head of ours goes to this partner. Only one that he cosigns is worth a row, so it stays in memory until then. */
void core_head_shown(struct core_partner *partner, uint64_t size, struct base_view note);
/* What the document says of our own register and card, after its head was taken with this code, which comes back unless
 * something of it is wrong. What bears our own signature counts under any head, the rest only under one of his. */
BASE_NODISCARD enum base_code core_heads_said(struct core *core, struct core_partner *partner,
                                              const struct core_heads *heads, enum base_code code,
                                              struct base_error *err);
/* The partner's cosignature on our head of this size: verified and kept with it. One on a head that we do not remember
 * showing, or by a witness key that he has replaced, is passed over: a later one proves as much. taken: his own head
 * was, with the cards that came along; else a line by a key that is not known is passed over, too. */
BASE_NODISCARD enum base_code core_cosign_take(struct core *core, struct core_partner *partner, uint64_t size,
                                               struct base_view line, bool taken, struct base_error *err);
/* A leaf that the partner proves under his head: opening, commitment, inclusion. Views into arena. */
BASE_NODISCARD enum base_code core_proof_take(const struct wire_frame_proof *proof,
                                              const struct wire_checkpoint *checkpoint, struct base_arena *arena,
                                              struct wire_leaf *out_leaf, struct wire_opening *out_opening,
                                              struct base_error *err);
/* lost.c */
#define CORE_LOST_FACT "lost"
enum { CORE_LOST_MAX = 2 * WIRE_NOTE_MAX + 1024 }; /* octets of it */
/* What an earlier run learnt: core->lost. */
BASE_NODISCARD enum base_code core_lost_load(struct core *core, struct base_error *err);
/* A head of ours, and cards of ours, that the partner shows because they contradict what we show. What this node's own
 * keys did not sign, and what is of this register and among its cards, is passed over. */
BASE_NODISCARD enum base_code core_seen_take(struct core *core, const struct core_partner *partner,
                                             const struct core_heads *heads, struct base_error *err);
/* The frames for a partner who contradicts the head that we hold of him; nothing for others. */
BASE_NODISCARD enum base_code core_seen_write(struct core *core, struct core_partner *partner, struct base_buf *out,
                                              struct base_error *err);

/* Likewise for every partner who gets a file: nothing that he shows comes first. */
BASE_NODISCARD enum base_code core_seen_carry(struct core *core, const struct core_partner *partner,
                                              struct base_buf *out, struct base_error *err);

/* True for a failure that is ours (store, keeper, memory), not the partner's. */
bool core_ours(enum base_code code);

/* --- in */

#define CORE_STOPPED_WAITS "this node stopped the exchange with you, and an officer has to decide: ask them"
#define CORE_NO_ROOM "there is no room on the disk here now: try again later"

#define CORE_ERASED_BEFORE "its sender erased the content, and no receipt shows that it was here before"
#define CORE_ERASED_LATER                                                                                              \
  "what was erased is taken without its content once the receipts that this node gave and lost came back"

struct core_given { /* what the answer tells about one message */
  uint64_t number;
  struct base_id message;
};
struct core_give {
  struct core_partner *partner;
  struct seal_hpke_context context;
  bool exercise;               /* it is sealed as one of exercises */
  uint64_t base;               /* our head that the partner cosigned last, as he says */
  bool cosign;                 /* we hold a cosignature on his newest head */
  bool unread;                 /* no proof fitted the head that we cosigned last: nothing of it was looked at */
  bool statement;              /* his statement came: ours goes with the answer */
  bool want_given, want_taken; /* what became of the numbers that we gave him, and that he gave us, from … */
  uint64_t given_from, taken_from;
  bool asks, ask_taken; /* he asks for what he lost with his register, from … on */
  uint64_t ask_number;
  uint16_t ask_part;
  uint32_t ask_record;
  bool waits;   /* an officer here has to confirm the new epoch of his register */
  bool stopped; /* a person here has to decide how it goes on with him */
  bool no_room; /* something was not taken for want of room: he tries again */
  bool later;   /* nor was what he erased, before our receipts of it came back */
  size_t count, room;
  struct core_given *given;
  struct base_error fault; /* code BASE_OK: none */
  size_t settled_count, settled_room;
  struct base_id *settled; /* admitted or refused just now: whoever waits for them is looked at next */
};

/* incoming.c */
struct core_opened { /* a consignment, opened */
  struct base_view plain;
  struct core_heads heads;
  struct core_card_frames cards;     /* to be freed */
  struct wire_checkpoint checkpoint; /* its head, once it verified */
  bool older;                        /* that head is older than the one we cosigned: only repetitions are taken */
};
BASE_NODISCARD enum base_code core_consignment_unseal(struct core *core, const struct wire_envelope *envelope,
                                                      struct core_give *give, struct base_buf *plain,
                                                      struct base_error *err);
/* What the partner sent takes its effect. What he did wrong is in give->fault. carried: it came by hand, from whoever
 * could write the file, and perhaps long ago: an older head is no roll-back, and only two signed heads that contradict
 * each other are held against the partner. A failure returned is ours. */
BASE_NODISCARD enum base_code core_consignment_take(struct core *core, struct core_give *give,
                                                    struct core_opened *opened, bool carried, struct base_error *err);
void core_exchange_give(struct core *core, uint64_t token, const struct wire_json *request, int fd);

/* receipt.c: what is said of a message for good. A failure of ours takes the step back. */
/* Whoever waits for it is looked at next: core_messages_settle. */
BASE_NODISCARD enum base_code core_give_settle(struct core_give *give, const struct base_id *message,
                                               struct base_error *err);
/* The `received` leaf of a message that is here whole. */
BASE_NODISCARD enum base_code core_message_receipt(struct core *core, struct core_give *give,
                                                   const struct store_arrival *arrival, struct base_error *err);
/* Refuses a message that is kept: the leaf names why, and of which lane it was; the content goes. */
BASE_NODISCARD enum base_code core_message_refuse(struct core *core, struct core_give *give,
                                                  const struct store_arrival *arrival, uint16_t part_count,
                                                  const struct base_error *why, struct base_error *err);
/* One of which nothing is kept. header, fields: what can be read of it; or nothing. */
BASE_NODISCARD enum base_code core_message_turn_away(struct core *core, struct core_give *give,
                                                     const struct store_arrival *arrival, struct base_view header,
                                                     const struct wire_json *fields, const struct base_error *why,
                                                     struct base_error *err);
/* A message that its sender ended before it came: whoever waits for it need not. */
BASE_NODISCARD enum base_code core_message_void(struct core *core, struct core_give *give,
                                                const struct base_id *message, struct base_error *err);

/* admit.c: what becomes of a message. A failure of ours takes the step back. */
/* A message under a number just taken: kept and admitted, or refused, or left pending. */
/* One that its sender erased with its case, and that this node had taken before: its number is taken, and receipted. */
BASE_NODISCARD enum base_code core_message_headless(struct core *core, struct core_give *give,
                                                    const struct store_arrival *arrival, struct base_error *err);
BASE_NODISCARD enum base_code core_message_arrive(struct core *core, struct core_give *give,
                                                  const struct wire_frame *frame, const struct store_arrival *arrival,
                                                  struct base_error *err);
/* A pending one of which something came: admits, refuses or leaves it pending; one of our own that came back takes its
 * place, or waits on. */
BASE_NODISCARD enum base_code core_message_consider(struct core *core, struct core_give *give, const struct base_id *id,
                                                    struct base_error *err);
/* Notes for which messages one of our own that came back waits. */
BASE_NODISCARD enum base_code core_message_awaits(struct core *core, const struct wire_header *header,
                                                  const struct base_id *id, struct base_error *err);
/* Considers the messages that waited for those settled by now, and for these in turn. */
BASE_NODISCARD enum base_code core_messages_settle(struct core *core, struct core_give *give, struct base_error *err);

/* answer.c */
/* The answer will tell about this number; more than once is once. */
BASE_NODISCARD enum base_code core_give_add(struct core_give *give, uint64_t number, const struct base_id *message,
                                            struct base_error *err);
/* The receipt for a number taken from the partner, proved under our head of this size, or what its message still
 * misses. */
BASE_NODISCARD enum base_code core_answer_number(struct core *core, const struct core_partner *partner, uint64_t number,
                                                 uint64_t size, struct base_buf *out, struct base_error *err);
/* After the attestation: the sealed answer into the reply. */
void core_give_finish(struct core *core, struct core_reply *reply);
void core_give_free(struct core_give *give);

/* answered.c: the partner knows of a number that was ended, and holds nothing of it. */
BASE_NODISCARD enum base_code core_void_told(struct core *core, const struct core_partner *partner,
                                             const struct base_id *message, struct base_error *err);

/* --- out */

/* outgoing.c */
void core_exchange_take(struct core *core, uint64_t token);
/* Before the commit: law is asked again for what is about to be handed over. */
BASE_NODISCARD enum base_code core_outgoing_prepare(struct core *core, struct base_error *err);
/* After the attestation: answers parked takes. Returns the ms until something is due, -1 when nothing is. */
int64_t core_outgoing_hand_over(struct core *core);
/* No more records of this message go to the partner. */
void core_transfer_end(struct core_partner *partner, const struct base_id *message);

/* stuck.c */
/* What is stored of the message is damaged. holds: its number, when nothing behind it can go; 0: only its parts miss.
 */
void core_stuck_note(struct core *core, struct core_partner *partner, const struct base_id *message, uint64_t holds,
                     const struct base_error *why);
/* It went after all, or was answered or ended. */
void core_stuck_end(struct core_partner *partner, const struct base_id *message);
/* NULL when it is not. */
const struct core_stuck *core_stuck_of(const struct core_partner *partner, const struct base_id *message);
/* Met not long ago: not tried yet. */
bool core_stuck_rests(const struct core *core, const struct core_partner *partner, const struct base_id *message);
/* One that holds up this number; NULL: none does. */
const struct core_stuck *core_stuck_before(const struct core_partner *partner, uint64_t number);
/* A failure towards the partner: a pause, longer each time, and what a person is told. */
void core_partner_trouble(struct core *core, struct core_partner *partner, enum base_code code, struct base_view text);
/* The same for what the partner himself says is the trouble, in words that a person here understands. */
void core_partner_says(struct core *core, struct core_partner *partner, enum base_code code, struct base_view text);
/* The exchange goes on: no pause, nothing to tell. */
void core_partner_well(struct core_partner *partner);
/* The records that the partner says he misses go with the next consignments. */
BASE_NODISCARD enum base_code core_transfer_set(struct core_partner *partner, const struct wire_frame *pending,
                                                struct base_error *err);

/* build.c */
struct core_consignment { /* what one holds */
  size_t messages, records;
  uint64_t last_number; /* of its messages, 0: none */
  bool exercise;        /* they are of exercises, and sealed as such */
};
/* One that is being made: what carry.c, which makes files, shares with build.c. */
struct core_building {
  struct core *core;
  struct core_partner *partner;
  uint64_t size; /* of the head of ours that proves what is in it */
  struct base_buf *out;
  struct core_consignment *made;
  struct base_error *err;
  enum wire_lane lane; /* of what is in it; WIRE_LANE_NONE: nothing that has one */
  bool some;           /* there is a message or a record in it, and so it is of exercises or not */
  bool more; /* did not all fit */
  bool held; /* what did not fit waits for one that is damaged */
};
/* For store_delivery_open: the message, or what became of its number. Sets more, and leaves it out, when it does not
 * fit or law says no. context: a core_building. */
BASE_NODISCARD enum base_code core_build_delivery(void *context, const struct store_delivery *delivery);
/* Records of a part from *record on, which moves to the next one; *full: there was no room for all that is left, or they do not
 * go with what is in it. */
BASE_NODISCARD enum base_code core_build_records(struct core_building *building, const struct base_id *message,
                                                 uint16_t part, uint32_t *record, bool *full);
/* The plaintext of the next consignment, appended to out; notes in the flight what travels. Law may have said no to a
 * message: partner->revoke is set then and the consignment ends before it. */
BASE_NODISCARD enum base_code core_consignment_build(struct core *core, struct core_partner *partner,
                                                     struct base_buf *out, struct core_consignment *made,
                                                     struct base_error *err);

/* answered.c */
/* Receipts, and what is asked for, out of a document under this head of the partner's. What he did wrong is in fault.
 */
BASE_NODISCARD enum base_code core_answers_take(struct core *core, struct core_partner *partner,
                                                struct base_view document, const struct wire_checkpoint *checkpoint,
                                                struct base_error *fault, struct base_error *err);
void core_exchange_done(struct core *core, uint64_t token, const struct wire_json *request, int fd);

/* compare.c: the comparison with a partner (spec/reconcile.md) */
/* A new epoch of his was confirmed: what was stated before names leaves that he may not know. The next one is made
 * anew. */
BASE_NODISCARD enum base_code core_compare_renewed(struct core *core, struct core_partner *partner,
                                                   struct base_error *err);
BASE_NODISCARD enum base_code core_compare_load(struct core *core, struct core_partner *partner,
                                                struct base_error *err);
/* His statement. asked: it came in a consignment, and our own goes with the answer. */
BASE_NODISCARD enum base_code core_compare_take(struct core *core, struct core_partner *partner,
                                                const struct wire_frame *frame,
                                                const struct wire_checkpoint *checkpoint, bool asked,
                                                struct base_error *fault, struct base_error *err);
/* What became of numbers from here on; taken: of those that the reader gave. */
BASE_NODISCARD enum base_code core_compare_outcomes_write(struct core *core, const struct core_partner *partner,
                                                          bool taken, uint64_t from, struct base_buf *out,
                                                          struct base_error *err);
BASE_NODISCARD enum base_code core_compare_outcomes_take(struct core *core, struct core_partner *partner,
                                                         const struct wire_frame *frame, struct base_error *err);
/* There is a statement or a question to send. */
bool core_compare_due(const struct core_partner *partner);
/* Our last statement, proved under our head of this size, if it is covered. */
BASE_NODISCARD enum base_code core_compare_write(struct core *core, const struct core_partner *partner, uint64_t size,
                                                 struct base_buf *out, struct base_error *err);
/* Before the commit: walks on, begins what is due. */
BASE_NODISCARD enum base_code core_compare_settle(struct core *core, struct base_error *err);
int64_t core_compare_next_ms(const struct core *core); /* until it wants to be called, -1: not at all */
void core_partner_compare(struct core *core, uint64_t token, const struct wire_json *request);

/* carry.c: consignments that go by hand (spec/carried.md) */
void core_carry_begin(struct core *core, uint64_t token, const struct wire_json *request);
void core_carry_next(struct core *core, uint64_t token, const struct wire_json *request);
void core_carry_take(struct core *core, uint64_t token, int fd);
void core_carry_free(struct core *core);

#endif
