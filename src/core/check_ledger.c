/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/back.h"
#include "core/check.h"
#include "core/clear.h"
#include "core/partners.h"

/* Every delivery against the leaves that sent and ended it and the receipt that is kept of it; every arrival against
 * the partner's statement and our answer to it. What was proved once is proved again, under the heads that are kept. */

/* --- a partner's leaf, as he proved it */

/* The root that the partner's kept head of this size signed; BASE_CORRUPT and why when there is none that verifies. */
static enum base_code head_root(struct core *core, const struct core_partner *partner, uint64_t size,
                                struct base_hash *out, struct base_error *err) {
  struct core_check_head *last = &core->check->head;
  if (last->partner == partner->row.number && last->size == size && size > 0) {
    *out = last->root;
    return BASE_OK;
  }
  BASE_AUTO_BUF struct base_buf note = {0};
  base_buf_init(&note, WIRE_NOTE_MAX);
  struct wire_checkpoint checkpoint;
  struct seal_signer signer;
  enum base_code code = store_partner_head_get(core->store, partner->row.number, size, &note, err);
  if (code == BASE_NOT_FOUND)
    return base_fail(err, BASE_CORRUPT, "his head of %llu leaves, under which it was proved, is not kept",
                     (unsigned long long)size);
  if (code == BASE_OK)
    code = core_head_signers(&partner->cards, &core->cards, base_buf_view(&note), &signer, err);
  core->check->budget -= CORE_CHECK_COST_SIGNED;
  if (code == BASE_OK)
    code = seal_checkpoint_verify(base_buf_view(&note), signer, &checkpoint, NULL, err);
  if (code == BASE_OK && checkpoint.size != core_head_key_size(size))
    code = base_fail(err, BASE_CORRUPT, "his head kept as of %llu leaves is of %llu", (unsigned long long)size,
                     (unsigned long long)checkpoint.size);
  if (code != BASE_OK)
    return code;
  *last = (struct core_check_head){.partner = partner->row.number, .size = size, .root = checkpoint.root};
  *out = checkpoint.root;
  return BASE_OK;
}

enum base_code core_check_proved(struct core *core, const struct core_partner *partner, struct base_view leaf,
                                 struct base_view opening, struct base_view hashes, uint64_t index, uint64_t size,
                                 struct base_arena *arena, struct wire_leaf *out_leaf, struct wire_opening *out_opening,
                                 struct base_error *err) {
  struct wire_frame_proof proof = {.leaf = leaf, .opening = opening, .index = index};
  struct wire_checkpoint checkpoint = {.size = core_head_key_size(size)};
  if (hashes.size % sizeof proof.hashes[0] != 0 || hashes.size > sizeof proof.hashes)
    return base_fail(err, BASE_CORRUPT, "its proof is cut short");
  proof.hash_count = hashes.size / sizeof proof.hashes[0];
  if (hashes.size > 0)
    memcpy(proof.hashes, hashes.data, hashes.size);
  enum base_code code = head_root(core, partner, size, &checkpoint.root, err);
  return code == BASE_OK ? core_proof_take(&proof, &checkpoint, arena, out_leaf, out_opening, err) : code;
}

static bool parties_are(const struct wire_opening *opening, struct base_view from, struct base_view to) {
  return base_view_equal(opening->from, from) && base_view_equal(opening->to, to);
}

/* --- deliveries */

struct delivered {
  const struct store_delivery *row;
  const struct core_partner *partner;
  struct core_place place;
  struct base_hash sent; /* SHA-256 of the sent leaf */
  bool sent_known;
};

/* A leaf of ours about this delivery: *out_code says whether it could be read. Names what is wrong with it. */
static enum base_code own_leaf(struct core *core, const struct delivered *delivered, uint64_t index, enum wire_act act,
                               struct base_arena *arena, struct core_check_leaf *out, bool *out_good,
                               struct base_error *err) {
  const struct store_delivery *row = delivered->row;
  struct base_error why = {0};
  enum base_code code = core_check_leaf(core, index, arena, out, &why);
  const struct wire_opening *opening = &out->opening;
  *out_good = false;
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_PROOF, delivered->place,
                     "leaf %llu, which the outbox names for it, cannot be read: %s", (unsigned long long)index,
                     why.text);
  else if (out->leaf.act != act || !base_id_equal(&opening->message, &row->message) || opening->number != row->number ||
           !parties_are(opening, core->card.origin, delivered->partner->card.origin))
    core_check_found(core, CORE_SO_PROOF, delivered->place,
                     "the outbox says that it is number %llu for %.*s by leaf %llu, which says something else",
                     (unsigned long long)row->number, (int)delivered->partner->card.name.size,
                     (const char *)delivered->partner->card.name.data, (unsigned long long)index);
  else
    *out_good = true;
  return BASE_OK;
}

/* Whether the receipt's time was disputed was noted as it came, by the clock of that moment; nothing else was noted. */
static bool said_at_the_time(const struct store_delivery *row, base_time received) {
  static const char disputed[] = "disputed: ";
  base_time off = received - row->learned;
  bool far = off > CORE_DISPUTE_SECONDS || off < -CORE_DISPUTE_SECONDS;
  bool said = row->reason.size > sizeof disputed - 1 && memcmp(row->reason.data, disputed, sizeof disputed - 1) == 0;
  if (row->voided_index > 0) /* the reason for which it was ended stays, unless the time is disputed */
    return said || !far;
  return far == said && (said || row->reason.size == 0);
}

static enum base_code check_receipt(struct core *core, const struct delivered *delivered, struct base_arena *arena,
                                    struct base_error *err) {
  const struct store_delivery *row = delivered->row;
  const struct core_partner *partner = delivered->partner;
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_error why = {0};
  struct core_place place = delivered->place;
  enum base_code code = core_check_proved(core, partner, row->leaf, row->opening, row->proof, row->index,
                                          row->head_size, arena, &leaf, &opening, &why);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_PROOF, place, "the receipt of %.*s does not verify: %s",
                     (int)partner->card.name.size, (const char *)partner->card.name.data, why.text);
  else if (!base_id_equal(&opening.message, &row->message) ||
           !parties_are(&opening, core->card.origin, partner->card.origin) ||
           (delivered->sent_known && !base_hash_equal(&opening.sent, &delivered->sent)))
    core_check_found(core, CORE_SO_PROOF, place, "the receipt of %.*s is for something else",
                     (int)partner->card.name.size, (const char *)partner->card.name.data);
  else if (leaf.act != (row->state == STORE_RECEIPTED ? WIRE_ACT_RECEIVED : WIRE_ACT_REFUSED))
    core_check_found(core, CORE_SO_PROOF, place, "the outbox says '%s', but the answer of %.*s is '%s'",
                     core_show_delivery_state(row->state), (int)partner->card.name.size,
                     (const char *)partner->card.name.data, wire_act_name(leaf.act));
  else if (row->state == STORE_REFUSED && !base_view_equal(row->reason, opening.reason))
    core_check_found(core, CORE_SO_DERIVED, place, "the reason stored for its refusal is not the one %.*s gave",
                     (int)partner->card.name.size, (const char *)partner->card.name.data);
  else if (row->state == STORE_RECEIPTED && !said_at_the_time(row, leaf.time))
    core_check_found(
        core, CORE_SO_DERIVED, place,
        "when the receipt of %.*s came, or what was noted then, is not as it was: its deadlines may be shown wrong",
        (int)partner->card.name.size, (const char *)partner->card.name.data);
  return BASE_OK;
}

/* What a state must have beside it. */
static void check_state(struct core *core, const struct delivered *delivered) {
  const struct store_delivery *row = delivered->row;
  bool receipt = row->leaf.size > 0, voided = row->voided_index > 0;
  const char *wrong = NULL;
  if (row->state == STORE_RECEIPTED && !receipt)
    wrong = "no receipt is kept";
  else if (row->state == STORE_REFUSED && !receipt && !voided)
    wrong = "neither a refusal nor a leaf that ends it is kept";
  else if (row->state == STORE_ENDED && !voided)
    wrong = "no leaf ends it";
  else if (row->state <= STORE_UNDER_WAY && (receipt || voided))
    wrong = receipt ? "an answer to it is kept" : "a leaf ends it";
  else if (row->voided_told && !receipt && !voided)
    wrong = "its end was told, though nothing ended it";
  else if (receipt && !row->voided_told)
    wrong = "it is still to be told, though it was answered";
  if (wrong != NULL)
    core_check_found(core, CORE_SO_PROOF, delivered->place, "the outbox says '%s' for %.*s, but %s",
                     core_show_delivery_state(row->state), (int)delivered->partner->card.name.size,
                     (const char *)delivered->partner->card.name.data, wrong);
}

/* It went with its case, which is looked at among the erasures. */
static bool cleared(struct core *core, const struct base_id *message) {
  struct base_error none = {0};
  bool gone = false;
  return core_clear_message(core, message, &gone, NULL, &none) == BASE_OK && gone;
}

static enum base_code check_its_message(struct core *core, const struct delivered *delivered, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct store_delivery *row = delivered->row;
  struct store_message message;
  struct wire_header header;
  enum base_code code = store_message_header(core->store, &row->message, &arena, &message, err);
  if (code == BASE_NOT_FOUND && cleared(core, &row->message))
    return BASE_OK;
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_CASE, delivered->place, "the outbox has it, but it is not here any more");
  if (code == BASE_OK)
    code = wire_header_parse(message.header, &arena, &header, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code; /* what cannot be read is named among the messages */
  if (!message.ours || !wire_header_has_party(&header, delivered->partner->card.origin) ||
      !base_id_equal(&message.case_id, &row->case_id))
    core_check_found(core, CORE_SO_CASE, delivered->place, "the outbox sends it to %.*s, which its header does not say",
                     (int)delivered->partner->card.name.size, (const char *)delivered->partner->card.name.data);
  return BASE_OK;
}

/* What was lost and came back: our sent leaf, under the head that we signed in the epoch that is closed. */
static enum base_code check_returned(struct core *core, const struct delivered *delivered, struct base_arena *arena,
                                     struct base_error *err) {
  struct core_returned returned;
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_error why = {0};
  enum base_code code = core_back_read(core, delivered->partner, true, delivered->row->number, arena, &returned, &why);
  core->check->budget -= CORE_CHECK_COST_SIGNED;
  if (code == BASE_OK)
    code = core_back_prove(core, delivered->partner, &returned, arena, &leaf, &opening, &why);
  struct base_hash hash = code == BASE_OK ? seal_sha256(returned.leaf) : (struct base_hash){{0}};
  if (code == BASE_OK && delivered->sent_known && !base_hash_equal(&hash, &delivered->sent))
    code = base_fail(&why, BASE_CORRUPT, "it is another one than leaf %llu says",
                     (unsigned long long)delivered->row->sent_index);
  if (core_damage(code))
    core_check_found(
        core, CORE_SO_PROOF, delivered->place, "the sent leaf that came back from %.*s does not verify: %s",
        (int)delivered->partner->card.name.size, (const char *)delivered->partner->card.name.data, why.text);
  return code == BASE_OK || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static enum base_code check_delivery(struct core *core, const struct store_delivery *row, struct base_arena *arena,
                                     struct base_error *err) {
  struct delivered delivered = {
      .row = row, .partner = core_partner_numbered(core, row->partner), .place = core_place_message(&row->message)};
  struct core_check_leaf leaf;
  bool voided = false;
  if (delivered.partner == NULL) {
    core_check_found(core, CORE_SO_PARTNER, delivered.place, "the outbox sends it to a partner that is not here");
    return BASE_OK;
  }
  bool returned = core_delivery_returned(core, delivered.partner, row);
  enum base_code code = own_leaf(core, &delivered, row->sent_index, returned ? WIRE_ACT_RETURNED : WIRE_ACT_SENT, arena,
                                 &leaf, &delivered.sent_known, err);
  if (code == BASE_OK && delivered.sent_known)
    delivered.sent = returned ? leaf.opening.sent : leaf.hash;
  if (code == BASE_OK && returned)
    code = check_returned(core, &delivered, arena, err);
  if (code == BASE_OK && row->voided_index > 0) {
    code = own_leaf(core, &delivered, row->voided_index, WIRE_ACT_VOIDED, arena, &leaf, &voided, err);
    if (code == BASE_OK && voided && row->leaf.size == 0 && !base_view_equal(leaf.opening.reason, row->reason))
      core_check_found(core, CORE_SO_DERIVED, delivered.place,
                       "the reason stored for its end is not the one leaf %llu gives",
                       (unsigned long long)row->voided_index);
  }
  check_state(core, &delivered);
  if (code == BASE_OK && row->leaf.size > 0)
    code = check_receipt(core, &delivered, arena, err);
  return code == BASE_OK ? check_its_message(core, &delivered, err) : code;
}

void core_check_delivery_changed(void *context, int64_t key, int64_t partner, enum store_delivery_state from,
                                 enum store_delivery_state to) {
  struct core *core = context;
  struct core_check *check = core->check;
  if (check == NULL || key > check->tallied || from > STORE_ENDED || to > STORE_ENDED)
    return;
  for (size_t i = 0; i < check->partner_count; i++)
    if (check->partners[i].number == partner) {
      check->partners[i].tally[from]--;
      check->partners[i].tally[to]++;
    }
}

/* All were met, and what changed meanwhile was followed. */
static enum base_code check_tallies(struct core *core, struct base_error *err) {
  uint64_t all[STORE_ENDED + 1] = {0};
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++) {
    struct core_check_partner *met = core_check_partner(core->check, core->partners[i]->row.number, err);
    if (met == NULL)
      return BASE_MEMORY;
    for (int state = STORE_WAITING; state <= STORE_ENDED && code == BASE_OK; state++) {
      uint64_t kept = 0;
      all[state] += met->tally[state];
      code = store_delivery_count(core->store, met->number, (enum store_delivery_state)state, &kept, err);
      if (core_damage(code) || (code == BASE_OK && kept != met->tally[state])) {
        core_check_found(core, CORE_SO_DERIVED, core_place_partner(core, met->number),
                         "%llu messages to it are '%s', but the count says %llu", (unsigned long long)met->tally[state],
                         core_show_delivery_state((enum store_delivery_state)state), (unsigned long long)kept);
        code = BASE_OK;
      }
      all[state] += kept - met->tally[state]; /* said once */
    }
  }
  for (int state = STORE_WAITING; state <= STORE_ENDED && code == BASE_OK; state++) {
    uint64_t kept = 0;
    code = store_delivery_count(core->store, 0, (enum store_delivery_state)state, &kept, err);
    if (code == BASE_OK && kept != all[state])
      core_check_found(core, CORE_SO_DERIVED, core_place("database"),
                       "delivery_counts counts '%s' messages for a partner that is not here",
                       core_show_delivery_state((enum store_delivery_state)state));
    code = core_damage(code) ? BASE_OK : code;
  }
  return code;
}

enum base_code core_check_deliveries(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4 << 20);
  struct core_check *check = core->check;
  struct store_delivery row;
  int64_t before = check->key;
  enum base_code code = store_delivery_next(core->store, &check->key, &arena, &row, err);
  check->tallied = check->key;
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  bool found = core_check_row(core, "deliveries", check->key != before, &code, done, err);
  if (*done && code == BASE_OK)
    return check_tallies(core, err);
  if (!found)
    return code;
  struct core_check_partner *met = core_check_partner(check, row.partner, err);
  if (met == NULL)
    return BASE_MEMORY;
  met->tally[row.state]++;
  return check_delivery(core, &row, &arena, err);
}

/* --- arrivals */

/* The partner's statement, and its place in the row of his numbers. */
static enum base_code check_statement(struct core *core, const struct core_partner *partner,
                                      const struct store_arrival *row, struct core_place place,
                                      struct base_arena *arena, struct base_error *err) {
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_error why = {0};
  struct core_check_partner *chain = core_check_partner(core->check, partner->row.number, err);
  if (chain == NULL)
    return BASE_MEMORY;
  if (row->number != chain->received_number + 1)
    core_check_found(core, CORE_SO_PROOF, place, "it has number %llu of %.*s, %llu was the last one before it",
                     (unsigned long long)row->number, (int)partner->card.name.size,
                     (const char *)partner->card.name.data, (unsigned long long)chain->received_number);
  enum base_code code = core_check_proved(core, partner, row->leaf, row->opening, row->proof, row->index,
                                          row->head_size, arena, &leaf, &opening, &why);
  struct base_hash sent = code == BASE_OK && row->voided ? opening.previous : seal_sha256(row->leaf);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_PROOF, place, "what %.*s proved about it does not verify: %s",
                     (int)partner->card.name.size, (const char *)partner->card.name.data, why.text);
  else if (leaf.act != (row->voided ? WIRE_ACT_VOIDED : WIRE_ACT_SENT) || opening.number != row->number ||
           !base_id_equal(&opening.message, &row->message) ||
           !parties_are(&opening, partner->card.origin, core->card.origin) || !base_hash_equal(&sent, &row->sent_hash))
    core_check_found(core, CORE_SO_PROOF, place, "%.*s proved something else than is stored of its arrival",
                     (int)partner->card.name.size, (const char *)partner->card.name.data);
  else if (!row->voided && row->number == chain->received_number + 1 &&
           !base_hash_equal(&opening.previous, &chain->received_previous) &&
           !core_epoch_chains(core, partner, false, chain->received_number, &opening.previous))
    core_check_found(core, CORE_SO_PROOF, place, "it does not name the statement of %.*s before it",
                     (int)partner->card.name.size, (const char *)partner->card.name.data);
  else if (!row->voided && (core_cards_hashed(&partner->cards, &opening.from_card) == NULL ||
                            core_cards_hashed(&core->cards, &opening.to_card) == NULL))
    core_check_found(core, CORE_SO_PARTNER, place, "it was sent under another card of %.*s than is stored",
                     (int)partner->card.name.size, (const char *)partner->card.name.data);
  chain->received_number = row->number;
  chain->received_previous = row->sent_hash;
  return BASE_OK;
}

static enum base_code check_answer(struct core *core, const struct core_partner *partner,
                                   const struct store_arrival *row, struct core_place place, struct base_arena *arena,
                                   struct base_error *err) {
  struct core_check_leaf leaf;
  struct base_error why = {0};
  enum base_code code = core_check_leaf(core, row->answer_index, arena, &leaf, &why);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(err, code, "%s", why.text);
  if (code != BASE_OK)
    core_check_found(core, CORE_SO_PROOF, place, "leaf %llu, which answered it, cannot be read: %s",
                     (unsigned long long)row->answer_index, why.text);
  else if (leaf.leaf.act != (row->refused ? WIRE_ACT_REFUSED : WIRE_ACT_RECEIVED) ||
           !base_id_equal(&leaf.opening.message, &row->message) ||
           !parties_are(&leaf.opening, partner->card.origin, core->card.origin) ||
           !base_hash_equal(&leaf.opening.sent, &row->sent_hash))
    core_check_found(core, CORE_SO_PROOF, place,
                     "its arrival is stored as '%s' by leaf %llu, which says something else",
                     row->refused ? "refused" : "received", (unsigned long long)row->answer_index);
  return BASE_OK;
}

/* The message as it is stored after this answer: held, refused or, unanswered, still incomplete. */
static enum base_code check_arrived(struct core *core, const struct store_arrival *row, struct core_place place,
                                    struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message message;
  if (row->voided || (row->answered && row->refused))
    return BASE_OK;
  enum base_code code = store_message_header(core->store, &row->message, &arena, &message, err);
  if (code == BASE_NOT_FOUND && row->answered && cleared(core, &row->message))
    return BASE_OK;
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_CASE, place, "it arrived%s, but is not here any more",
                     row->answered ? " and was acknowledged" : "");
  else if (code == BASE_OK && message.state != (row->answered ? STORE_MESSAGE_HELD : STORE_MESSAGE_PENDING))
    core_check_found(core, CORE_SO_CASE, place, "its arrival was %s, but it is stored otherwise",
                     row->answered ? "acknowledged" : "not answered yet");
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code check_arrival(struct core *core, const struct store_arrival *row, struct base_arena *arena,
                                    struct base_error *err) {
  const struct core_partner *partner = core_partner_numbered(core, row->partner);
  struct core_place place = core_place_message(&row->message);
  if (partner == NULL) {
    core_check_found(core, CORE_SO_PARTNER, place, "it came from a partner that is not here");
    return BASE_OK;
  }
  enum base_code code = check_statement(core, partner, row, place, arena, err);
  if (code == BASE_OK && row->answered)
    code = check_answer(core, partner, row, place, arena, err);
  else if (code == BASE_OK && (row->refused || row->answer_index != 0))
    core_check_found(core, CORE_SO_PROOF, place, "its arrival is stored as not answered, and yet with an answer");
  return code == BASE_OK ? check_arrived(core, row, place, err) : code;
}

/* The last number of each, when all were met. */
static enum base_code check_last(struct core *core, struct base_error *err) {
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct store_partner *row = &core->partners[i]->row;
    struct core_check_partner *met = core_check_partner(core->check, row->number, err);
    if (met == NULL)
      return BASE_MEMORY;
    if (met->received_number != row->received_number ||
        (!base_hash_equal(&met->received_previous, &row->received_previous) &&
         !core_epoch_chains(core, core->partners[i], false, row->received_number, &row->received_previous)))
      core_check_found(core, CORE_SO_PROOF, core_place_partner(core, row->number),
                       "number %llu is the last taken from it, but its row says %llu, or another statement",
                       (unsigned long long)met->received_number, (unsigned long long)row->received_number);
  }
  return BASE_OK;
}

enum base_code core_check_arrivals(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4 << 20);
  struct core_check *check = core->check;
  struct store_arrival row;
  int64_t before = check->key;
  enum base_code code = store_arrival_next(core->store, &check->key, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  bool found = core_check_row(core, "arrivals", check->key != before, &code, done, err);
  if (*done && code == BASE_OK)
    return check_last(core, err);
  return found ? check_arrival(core, &row, &arena, err) : code;
}
