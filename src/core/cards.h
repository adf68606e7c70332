/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CORE_CARDS_H
#define WASL_CORE_CARDS_H

#include "core/exchange.h"
#include "core/register.h"

/* Cards that follow one another, and the keys on them: our own and those of partners. spec/card.md, "Generations". A
 * head is signed by the newest generation whose succession stands at or before it in the row of heads
 * (wire_head_position): so epoch and size alone say whose signature it must bear, whatever crosses on the way. */

enum {
  CORE_DAY = 24 * 60 * 60,
  CORE_SEAL_DAYS = 90,      /* a sealing key is used so long; then the node makes the next by itself */
  CORE_OVERLAP_DAYS = 30,   /* and the one before opens so much longer; TLS keys likewise */
  CORE_SIGN_DAYS = 2 * 365, /* log, witness and TLS keys are due then: a person decides */
  CORE_EPOCH_DAYS = 30,  /* then the keeper makes a new epoch key, and what the one before wrapped is wrapped anew: */
  CORE_EPOCH_KEYS = 256, /* at most so many keys per step, … */
  CORE_EPOCH_BYTES = 4 << 20,  /* … of rows of so many bytes together, … */
  CORE_EPOCH_PAUSE_MS = 20,    /* … and then the exchange has its turn */
  CORE_KEYS_PAUSE_MS = 600000, /* until a change that the node makes by itself is tried again after a failure */
};

/* --- cards.c: histories */
const struct core_card *core_cards_newest(const struct core_cards *cards);
/* Each NULL when it is not held. */
const struct core_card *core_cards_generation(const struct core_cards *cards, uint32_t generation);
const struct core_card *core_cards_hashed(const struct core_cards *cards, const struct base_hash *hash);
/* Whose log key signs the head at this position; and our own head of this size in the present epoch. */
const struct core_card *core_cards_at(const struct core_cards *cards, uint64_t position);
const struct core_card *core_cards_signing(const struct core *core, uint64_t size);
/* Whose witness key has this id in a note. */
const struct core_card *core_cards_witness(const struct core_cards *cards, uint32_t id);
/* The keys by which a stored head must be signed: of the register's generations the one that signs heads of its size;
 * of the witness's, NULL for none, one of which a line is on it. BASE_SIGNATURE when there is none. */
BASE_NODISCARD enum base_code core_head_signers(const struct core_cards *log, const struct core_cards *witness,
                                                struct base_view note, struct seal_signer *out, struct base_error *err);
/* Each stored succession of this partner (0: our own) as when it was taken; BASE_CORRUPT names the first that is not.
 */
BASE_NODISCARD enum base_code core_cards_check(struct core *core, int64_t partner, uint32_t newest,
                                               struct base_error *err);
/* Whether a sealing key of this id stands on one of them. */
bool core_cards_sealed(const struct core_cards *cards, const uint8_t id[WIRE_KEEPER_KEY_ID]);
/* Appends a copy; it was verified before. leaf: of our own the index of its leaf. succession: empty when it has none.
 */
BASE_NODISCARD enum base_code core_cards_add(struct core_cards *cards, struct base_view bytes,
                                             struct base_view succession, uint64_t leaf, struct base_error *err);
/* The succession of the newest one, which had none yet. */
BASE_NODISCARD enum base_code core_cards_succeed(struct core_cards *cards, struct base_view succession,
                                                 struct base_error *err);
void core_cards_free(struct core_cards *cards);
/* The row of a card; partner 0: our own. */
BASE_NODISCARD enum base_code core_card_save(struct core *core, int64_t partner, const struct core_card *card,
                                             struct base_error *err);
/* The bytes of our own first one, out of the row. */
BASE_NODISCARD enum base_code core_card_first_stored(struct store *store, struct base_buf *out, struct base_error *err);
/* All that are stored, oldest first; of a partner those up to the newest. BASE_OK with none. */
BASE_NODISCARD enum base_code core_cards_load(struct core *core, int64_t partner, uint32_t newest,
                                              struct core_cards *cards, struct base_error *err);

/* The card that an officer confirmed after the one that is pinned. */
BASE_NODISCARD enum base_code core_card_given_save(struct core *core, const struct core_partner *partner,
                                                   struct base_error *err);
BASE_NODISCARD enum base_code core_card_given_load(struct core *core, struct core_partner *partner,
                                                   struct base_error *err);

/* --- succession.c: what a partner's document says of cards */
void core_card_frames_free(struct core_card_frames *frames);
BASE_NODISCARD enum base_code core_card_frames_add(struct core_card_frames *frames, const struct wire_frame *frame,
                                                   struct base_error *err);
/* Which of our cards he says he holds; what he said is a fact of the store. */
BASE_NODISCARD enum base_code core_card_told_load(struct core *core, struct core_partner *partner,
                                                  struct base_error *err);
BASE_NODISCARD enum base_code core_card_held(struct core *core, struct core_partner *partner,
                                             const struct wire_frame *frame, struct base_error *err);
/* The head of a partner's document, with the cards that came before it: read, placed and cosigned under the key that
 * signs heads of that size; a card that follows the one pinned is proved under it, pinned, and a leaf. */
BASE_NODISCARD enum base_code core_cards_and_head_take(struct core *core, struct core_partner *partner,
                                                       const struct core_card_frames *frames,
                                                       const struct core_heads *heads,
                                                       struct wire_checkpoint *out_checkpoint, struct base_error *err);
/* The generations of our card that the partner has not said to hold, proved under our head of this size, and the newest
 * in any case until he confirmed our epoch; and which of his we hold. */
bool core_cards_due(const struct core *core, const struct core_partner *partner);
BASE_NODISCARD enum base_code core_cards_write(struct core *core, const struct core_partner *partner, uint64_t size,
                                               struct base_buf *out, struct base_error *err);
void core_holds_write(const struct core_partner *partner, struct base_buf *out);

/* --- keys.c: our own */
/* Loads our cards; the first start makes the first one a leaf. */
BASE_NODISCARD enum base_code core_keys_open(struct core *core, struct base_error *err);
BASE_NODISCARD enum base_code core_keys_load(struct core *core, struct base_error *err);
/* True while the newest card is written, but no head names it yet. */
bool core_card_waits(const struct core *core);
/* In place of core_register_attest then: the head that names it, kept before anything leaves. */
BASE_NODISCARD enum base_code core_card_attest(struct core *core, struct base_error *err);
/* The newest card counts from now on. */
void core_card_in_force(struct core *core);
/* The leaf that announces the card of this hash. */
BASE_NODISCARD enum base_code core_card_leaf(struct core *core, const struct base_hash *hash, struct core_leaf *out,
                                             struct base_error *err);
/* Whether the card that the keeper signed last is among ours; if not, this database is behind, which the error says. */
bool core_card_known(const struct core *core);
enum base_code core_card_behind(const struct core *core, struct base_error *err);
/* Before the commit: keys whose time is over are destroyed, new ones made, each with its leaf. */
BASE_NODISCARD enum base_code core_keys_settle(struct core *core, struct base_error *err);
/* Milliseconds until that is to be looked at again. */
int64_t core_keys_due(const struct core *core);

/* --- keylist.c: what is held, against the card and what was written down */
const char *core_key_word(enum wire_keeper_type type); /* "log", "witness", "seal", "epoch" */
bool core_seal_held(const struct core *core, const struct wire_seal_key *seal);
/* Partners may seal to the card's sealing key of this index, and the keeper does not hold it. */
bool core_seal_missing(const struct core *core, size_t index);
/* The keeper's number of a sealing key that is held or was; 0 when nothing here knows it. */
uint32_t core_seal_number(struct core *core, const struct wire_seal_key *seal);
/* core->keys.missing says which of the card's sealing keys are not there. BASE_NOT_FOUND when none is. */
BASE_NODISCARD enum base_code core_keys_missing(struct core *core, struct base_error *err);
/* A leaf for each key that came or went since the last time: whatever was cut off in between is told once. */
BASE_NODISCARD enum base_code core_keys_write_down(struct core *core, struct base_error *err);

/* --- change.c */
/* Requests: each ends in a new card. */
void core_key_rotate(struct core *core, uint64_t token, const struct wire_json *request);
void core_key_retire(struct core *core, uint64_t token, const struct wire_json *request);
void core_card_change(struct core *core, uint64_t token, const struct wire_json *request);
/* A card with a new sealing key follows, in this step. */
BASE_NODISCARD enum base_code core_card_renew_seal(struct core *core, struct base_error *err);
/* The gate has no file of this TLS key. */
bool core_tls_missing(const struct core *core, const struct base_hash *pin);
/* The TLS key that the gate is to present: the newest that every active partner knows by a card, or had the overlap's
 * time to, and that is there; else the oldest. And when the newest came onto the card. */
const struct base_hash *core_tls_presented(const struct core *core);
/* Tells the gate when it is another one than before. */
void core_tls_look(struct core *core);
base_time core_tls_since(const struct core *core);
/* An active partner who has not said that he holds our card of this generation or a later one; NULL when all have. */
const struct core_partner *core_partner_behind(const struct core *core, uint32_t generation);

/* --- regain.c: our own that the data lost */
/* At the start of a new epoch, before anything is done with the cards: those behind the stored ones come back from the
 * keeper. BASE_ROLLBACK when it does not have them. */
BASE_NODISCARD enum base_code core_cards_regain(struct core *core, struct base_error *err);
/* At each start: core->keys.unkept says which cards the keeper does not keep any more, though it signed them. Nothing
 * here needs them; data from before them would. */
BASE_NODISCARD enum base_code core_cards_unkept(struct core *core, struct base_error *err);
/* Each of them is stored, and named by a leaf of the new epoch, in the step that begins it. */
BASE_NODISCARD enum base_code core_cards_name_again(struct core *core, struct base_error *err);

/* --- rewrap.c */
/* True when the epoch key is as old as one may be, and none before it is left. */
bool core_rewrap_due(const struct core *core);
/* One that is not in force any more, but not destroyed yet; NULL when there is none. */
const struct wire_keeper_key *core_rewrap_old(const struct core *core);
/* The number of the oldest that is held. */
uint32_t core_rewrap_oldest(const struct core *core);
/* In a step, before the commit: some keys are wrapped anew, or, when none is left, the old epoch key is destroyed. */
BASE_NODISCARD enum base_code core_rewrap_settle(struct core *core, struct base_error *err);
/* At the start, and when a step was taken back: from the first row. */
void core_rewrap_begin(struct core *core, int64_t pause_ms);
int64_t core_rewrap_due_ms(const struct core *core);
#endif
