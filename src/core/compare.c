/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/outcomes.h"
#include "core/partners.h"
#include "core/register.h"

/* The comparison with a partner (spec/reconcile.md): each side states, by a leaf, which numbers it gave and took and,
 * as a running hash, what became of them; each holds the other's statement with its proof; equal, or the numbers that
 * differ are asked for one by one and shown to a person. */

enum { COMPARE_LEAF_TEXT = 1 << 16 };

/* --- statements */

struct held { /* the row of a partner, and his last statement read */
  struct base_arena arena;
  struct store_comparison row;
  bool has;
  struct wire_statement his;
};

static void held_free(struct held *held) {
  base_arena_free(&held->arena);
}
#define AUTO_HELD __attribute__((cleanup(held_free)))

static enum base_code held_read(struct core *core, const struct core_partner *partner, struct held *held,
                                struct base_error *err) {
  base_arena_init(&held->arena, COMPARE_LEAF_TEXT);
  enum base_code code = store_comparison_get(core->store, partner->row.number, &held->arena, &held->row, err);
  struct wire_opening opening;
  /* That he was told is written down with the next change. */
  if (code == BASE_OK && held->row.index == partner->compare.index)
    held->row.told = held->row.told || partner->compare.told;
  held->has = code == BASE_OK && held->row.opening.size > 0;
  if (held->has)
    code = wire_opening_parse(WIRE_ACT_STATEMENT, held->row.opening, &held->arena, &opening, err);
  if (code == BASE_OK && held->has)
    held->his = opening.statement;
  return code;
}

static void remember(struct core_partner *partner, const struct store_comparison *row) {
  struct core_compare *compare = &partner->compare;
  compare->known_row = row->made != 0;
  compare->made = row->made;
  compare->index = row->index;
  compare->told = row->told;
  compare->compared = row->compared;
  compare->open = row->difference.size > 0 || row->known < row->given || row->answered < row->taken;
  compare->given = row->given;
  compare->taken = row->taken;
  snprintf(compare->difference, sizeof compare->difference, "%.*s", (int)row->difference.size,
           (const char *)row->difference.data);
}

enum base_code core_compare_load(struct core *core, struct core_partner *partner, struct base_error *err) {
  AUTO_HELD struct held held = {0};
  enum base_code code = held_read(core, partner, &held, err);
  if (code == BASE_OK)
    remember(partner, &held.row);
  return code;
}

static enum base_code row_write(struct core *core, struct core_partner *partner, const struct store_comparison *row,
                                struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_comparison_put(core->store, partner->row.number, row, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  remember(partner, row);
  return BASE_OK;
}

enum base_code core_compare_renewed(struct core *core, struct core_partner *partner, struct base_error *err) {
  AUTO_HELD struct held held = {0};
  enum base_code code = held_read(core, partner, &held, err);
  if (code != BASE_OK || held.row.index == 0)
    return core_damage(code) ? BASE_OK : code;
  held.row.index = 0;
  return row_write(core, partner, &held.row, err);
}

static void compare_begin(struct core_partner *partner, const struct held *held, bool make) {
  struct core_compare *compare = &partner->compare;
  make = make || (compare->running && compare->make);
  core_walk_begin(&compare->out, held->row.equal_known, &held->row.equal_known_outcomes, held->his.answered);
  core_walk_begin(&compare->in, held->row.equal_answered, &held->row.equal_answered_outcomes, held->his.known);
  compare->running = true;
  compare->make = make;
  compare->again_ms = 0;
}

static enum base_code state(struct core *core, struct core_partner *partner, struct held *held,
                            struct base_error *err) {
  const struct core_compare *compare = &partner->compare;
  struct wire_opening opening = {.from = core->card.origin,
                                 .to = partner->card.origin,
                                 .statement = {.given = partner->row.sent_number,
                                               .given_leaf = partner->row.sent_previous,
                                               .known = compare->out.at,
                                               .known_outcomes = compare->out.hash,
                                               .taken = partner->row.received_number,
                                               .taken_leaf = partner->row.received_previous,
                                               .answered = compare->in.at,
                                               .answered_outcomes = compare->in.hash}};
  struct core_leaf leaf;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, WIRE_ACT_STATEMENT, &opening, &leaf, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  held->row.made = core_now(core);
  held->row.index = leaf.index;
  held->row.told = false;
  held->row.given = opening.statement.given;
  held->row.known = opening.statement.known;
  held->row.taken = opening.statement.taken;
  held->row.answered = opening.statement.answered;
  return BASE_OK;
}

/* --- the two laid side by side */

/* Says what differs, with the same words at both nodes but for the names. */
static void differ(struct core_partner *partner, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differ(struct core_partner *partner, const char *format, ...) {
  struct core_compare *compare = &partner->compare;
  size_t used = strlen(compare->difference);
  va_list args;
  if (used > 0)
    used += (size_t)snprintf(compare->difference + used, sizeof compare->difference - used, "; ");
  if (used >= sizeof compare->difference)
    return;
  va_start(args, format);
  vsnprintf(compare->difference + used, sizeof compare->difference - used, format, args);
  va_end(args);
}

/* Whether the last number that one side took is the one that the other gave. */
static enum base_code compare_chains(struct core *core, struct core_partner *partner, const struct wire_statement *his,
                                     struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, COMPARE_LEAF_TEXT);
  struct store_delivery delivery;
  struct store_arrival arrival;
  struct base_hash hash;
  enum base_code code = BASE_OK;
  if (his->taken > partner->row.sent_number)
    differ(partner, "he took numbers up to %llu, of which only %llu were given here: this node lost leaves",
           (unsigned long long)his->taken, (unsigned long long)partner->row.sent_number);
  else if (his->taken > 0 && !core_epoch_chains(core, partner, true, his->taken, &his->taken_leaf)) {
    code = store_delivery_by_number(core->store, partner->row.number, his->taken, &arena, &delivery, err);
    if (code == BASE_OK)
      code = core_delivery_sent(core, partner, &delivery, &hash, err);
    if (code == BASE_NOT_FOUND) /* lost with our register: nothing here says otherwise */
      code = BASE_OK;
    else if (code == BASE_OK && !base_hash_equal(&hash, &his->taken_leaf))
      differ(partner, "his number %llu from here is another one than was given here", (unsigned long long)his->taken);
  }
  if (code != BASE_OK || his->given == 0 || his->given > partner->row.received_number)
    return code; /* the rest is still on its way */
  code = store_arrival_get(core->store, partner->row.number, his->given, &arena, &arrival, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code == BASE_OK && !base_hash_equal(&arrival.sent_hash, &his->given_leaf) &&
      !core_epoch_chains(core, partner, false, his->given, &his->given_leaf))
    differ(partner, "number %llu taken here is another one than he says he gave", (unsigned long long)his->given);
  return code;
}

/* Both directions may be asked for, one after the other. */
static void want(struct core_compare *compare, bool taken, uint64_t from, uint64_t to) {
  if (from > to)
    return;
  if (compare->want) {
    compare->want_both = true;
    compare->both_to = to;
    return;
  }
  compare->want = true;
  compare->want_both = false;
  compare->want_taken = taken;
  compare->want_from = from;
  compare->want_to = to;
  compare->found = 0;
}

/* A number of his that this node answered before its register was lost, and that is not answered again yet. */
static bool comes_again(struct core *core, const struct core_partner *partner, uint64_t number) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, COMPARE_LEAF_TEXT);
  struct core_returned returned;
  struct base_error none = {0};
  return core->epoch > 1 && core_back_read(core, partner, false, number, &arena, &returned, &none) == BASE_OK;
}

/* False: his last answers are still on their way here, so it is looked at again. */
static bool compare_outcomes(struct core *core, struct core_partner *partner, struct held *held) {
  struct core_compare *compare = &partner->compare;
  const struct wire_statement *his = &held->his;
  if (his->answered > compare->out.at && his->answered <= partner->row.sent_number) {
    if (partner->handed > compare->out.at)
      partner->handed = compare->out.at; /* what he answered is asked for again: his receipts come with it */
    partner->maybe = true;
    compare->again_ms = core_now_ms(core) + CORE_COMPARE_AGAIN_MS;
    return false;
  }
  if (his->known > compare->in.at && comes_again(core, partner, compare->in.at + 1)) {
    compare->again_ms = core_now_ms(core) + CORE_BACK_PAUSE_MS;
    return false;
  }
  if (his->known > compare->in.at)
    differ(partner, "he holds answers up to number %llu, of which only %llu were given here: this node lost leaves",
           (unsigned long long)his->known, (unsigned long long)compare->in.at);
  bool given = compare->out.target_met && !base_hash_equal(&compare->out.target_hash, &his->answered_outcomes);
  bool taken = compare->in.target_met && !base_hash_equal(&compare->in.target_hash, &his->known_outcomes);
  if (given || taken)
    differ(partner, "the answers to numbers %s differ; which ones is being asked", given ? "given" : "taken");
  if (given || compare->all)
    want(compare, true, 1 + (compare->all ? 0 : held->row.equal_known), his->answered);
  if (taken || compare->all)
    want(compare, false, 1 + (compare->all ? 0 : held->row.equal_answered), his->known);
  compare->all = false;
  return true;
}

static enum base_code compare_finish(struct core *core, struct core_partner *partner, struct base_error *err) {
  struct core_compare *compare = &partner->compare;
  AUTO_HELD struct held held = {0};
  enum base_code code = held_read(core, partner, &held, err);
  compare->running = false;
  if (code == BASE_OK && compare->make)
    code = state(core, partner, &held, err);
  bool made = compare->make;
  compare->make = false;
  if (code != BASE_OK)
    return code;
  /* A fresh statement of ours waits for his fresh one; an older one of his says nothing new. */
  if (!held.has || made) {
    partner->maybe = partner->maybe || made;
    code = made ? row_write(core, partner, &held.row, err) : BASE_OK;
    if (code == BASE_OK && held.has && compare->his_waits)
      compare_begin(partner, &held, false);
    return code;
  }
  compare->his_waits = false;
  /* What was found number by number is gone only when it is not found any more. */
  compare->all = compare->all || held.row.difference.size > 0;
  compare->difference[0] = '\0';
  compare->want = false;
  code = compare_chains(core, partner, &held.his, err);
  snprintf(compare->chains, sizeof compare->chains, "%.*s", (int)sizeof compare->chains - 1, compare->difference);
  if (code != BASE_OK || !compare_outcomes(core, partner, &held))
    return code;
  if (compare->difference[0] == '\0') {
    if (compare->out.target_met && held.his.answered >= held.row.equal_known) {
      held.row.equal_known = held.his.answered;
      held.row.equal_known_outcomes = held.his.answered_outcomes;
    }
    if (compare->in.target_met && held.his.known >= held.row.equal_answered) {
      held.row.equal_answered = held.his.known;
      held.row.equal_answered_outcomes = held.his.known_outcomes;
    }
  }
  held.row.compared = core_now(core);
  compare->rounds++;
  char said[sizeof compare->difference];
  snprintf(said, sizeof said, "%s", compare->difference);
  if (!compare->want || said[0] != '\0') /* while numbers are asked for, what was found before stands */
    held.row.difference = base_view_text(said);
  if (said[0] != '\0')
    base_log(BASE_LOG_WARNING, "partner.differs", "%.*s: %s", (int)partner->card.name.size,
             (const char *)partner->card.name.data, said);
  return row_write(core, partner, &held.row, err);
}

static enum base_code compare_step(struct core *core, struct core_partner *partner, struct base_error *err) {
  struct core_compare *compare = &partner->compare;
  enum base_code code = core_walk_on(core, partner, false, &compare->out, err);
  if (code == BASE_OK)
    code = core_walk_on(core, partner, true, &compare->in, err);
  if (code == BASE_OK && compare->out.done && compare->in.done)
    code = compare_finish(core, partner, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* While what was lost with our register is still coming back nothing can be said of the numbers. */
static bool whole(const struct core_partner *partner) {
  return !core_epoch_waits(partner) && !core_back_runs(partner);
}

/* --- what comes from the partner */

enum base_code core_compare_take(struct core *core, struct core_partner *partner, const struct wire_frame *frame,
                                 const struct wire_checkpoint *checkpoint, bool asked, struct base_error *fault,
                                 struct base_error *err) {
  AUTO_HELD struct held held = {0};
  struct wire_leaf leaf;
  struct wire_opening opening;
  enum base_code code = held_read(core, partner, &held, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  code = core_proof_take(&frame->proof, checkpoint, &held.arena, &leaf, &opening, fault);
  if (code == BASE_OK && leaf.act != WIRE_ACT_STATEMENT)
    code = base_fail(fault, BASE_PROTOCOL, "a leaf of another act stands for a statement");
  if (code == BASE_OK &&
      (!base_view_equal(opening.from, partner->card.origin) || !base_view_equal(opening.to, core->card.origin)))
    code = base_fail(fault, BASE_NOT_PARTY, "a statement is about another exchange than this one");
  if (code != BASE_OK)
    return BASE_OK;
  if (held.has && !asked && core_head_key(partner, frame->proof.index) == held.row.his_index &&
      !partner->compare.running) {
    compare_begin(partner, &held, false); /* his last one still stands: ours is laid beside it once more */
    return compare_step(core, partner, err);
  }
  if (held.has && core_head_key(partner, frame->proof.index) <= held.row.his_index)
    return BASE_OK; /* known, or older */
  base_time now = core_now(core), since = now - held.row.made;
  bool fresh = held.row.index != 0 && since >= 0 && since < CORE_COMPARE_FRESH_SECONDS;
  held.row.leaf = frame->proof.leaf;
  held.row.opening = frame->proof.opening;
  held.row.proof = base_view_of(frame->proof.hashes, frame->proof.hash_count * sizeof(struct base_hash));
  held.row.his_index = core_head_key(partner, frame->proof.index); /* a later epoch's stands behind all before it */
  held.row.his_head = core_head_key(partner, checkpoint->size);
  held.row.told = held.row.told || (asked && fresh); /* our answer carries it */
  if (held.row.made == 0)
    held.row.made = now;
  held.his = opening.statement;
  held.has = true;
  partner->compare.his_waits = true;
  code = row_write(core, partner, &held.row, err);
  if (code != BASE_OK || !whole(partner)) /* ours is made when what was lost is back */
    return code;
  /* Ours first, when it is made in this step it goes with the answer. */
  compare_begin(partner, &held, asked && !fresh);
  code = compare_step(core, partner, err);
  if (code == BASE_OK && asked && !fresh)
    partner->compare.told = !partner->compare.make;
  return code == BASE_OK && partner->compare.running ? compare_step(core, partner, err) : code;
}

static const char *letter_text(char letter) {
  switch (letter) {
  case WIRE_OUTCOME_RECEIVED:
    return "received";
  case WIRE_OUTCOME_REFUSED:
    return "refused";
  case WIRE_OUTCOME_VOIDED:
    return "ended";
  case WIRE_OUTCOME_OPEN:
    return "open";
  default:
    return "unknown";
  }
}

static void differ_at(struct core_partner *partner, uint64_t number, char ours, char his) {
  struct core_compare *compare = &partner->compare;
  if (++compare->found > CORE_COMPARE_SHOWN)
    return;
  if (compare->found == 1)
    snprintf(compare->difference, sizeof compare->difference, "%s", compare->chains);
  differ(partner, "number %llu %s: %s here, %s%s there", (unsigned long long)number,
         compare->want_taken ? "given to him" : "taken from him", letter_text(ours), letter_text(his),
         ours == his ? ", but by another leaf" : "");
}

enum base_code core_compare_outcomes_take(struct core *core, struct core_partner *partner,
                                          const struct wire_frame *frame, struct base_error *err) {
  struct core_compare *compare = &partner->compare;
  if (!compare->want || frame->taken != compare->want_taken || frame->number != compare->want_from)
    return BASE_OK; /* of an earlier question */
  size_t count = frame->outcomes.size / WIRE_OUTCOME_SIZE;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < count && compare->want_from <= compare->want_to && code == BASE_OK; i++) {
    const uint8_t *his = frame->outcomes.data + i * WIRE_OUTCOME_SIZE;
    struct core_outcome ours;
    code = core_outcome_of(core, partner, !compare->want_taken, compare->want_from, &ours, err);
    if (code == BASE_OK &&
        (ours.letter != (char)his[0] || memcmp(ours.leaf.bytes, his + 1, sizeof ours.leaf.bytes) != 0))
      differ_at(partner, compare->want_from, ours.letter, (char)his[0]);
    compare->want_from++;
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (count == WIRE_OUTCOMES_MAX && compare->want_from <= compare->want_to)
    return BASE_OK; /* the next ones are asked for */
  if (compare->want_from <= compare->want_to)
    differ_at(partner, compare->want_from, WIRE_OUTCOME_OPEN, 0);
  if (compare->want_both) {
    compare->want_both = false;
    compare->want_taken = !compare->want_taken;
    compare->want_from = 1;
    compare->want_to = compare->both_to;
    return BASE_OK;
  }
  if (compare->found == 0)
    snprintf(compare->difference, sizeof compare->difference, "%s", compare->chains);
  if (compare->found > CORE_COMPARE_SHOWN)
    differ(partner, "and %u more", compare->found - CORE_COMPARE_SHOWN);
  compare->want = false;
  AUTO_HELD struct held held = {0};
  code = held_read(core, partner, &held, err);
  char said[sizeof compare->difference];
  snprintf(said, sizeof said, "%s", compare->difference);
  held.row.difference = base_view_text(said);
  if (said[0] != '\0')
    base_log(BASE_LOG_WARNING, "partner.differs", "%.*s: %s", (int)partner->card.name.size,
             (const char *)partner->card.name.data, said);
  compare->rounds++;
  return code == BASE_OK ? row_write(core, partner, &held.row, err) : core_lose(core, code, err);
}

/* --- what goes to him */

bool core_compare_due(const struct core_partner *partner) {
  return whole(partner) && ((partner->compare.index != 0 && !partner->compare.told) || partner->compare.want);
}

enum base_code core_compare_write(struct core *core, const struct core_partner *partner, uint64_t size,
                                  struct base_buf *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, COMPARE_LEAF_TEXT);
  struct wire_frame frame = {.type = WIRE_FRAME_STATEMENT};
  if (partner->compare.index == 0 || partner->compare.index >= size || !whole(partner))
    return BASE_OK;
  enum base_code code = core_register_prove(core, partner->compare.index, size, &arena, &frame.proof, err);
  if (code == BASE_OK)
    wire_frame_write(&frame, out);
  return code;
}

/* --- when */

static bool compares(const struct core_partner *partner) {
  return partner->row.state != STORE_PARTNER_SUSPENDED && !core_partner_stopped(partner) &&
         partner->damaged[0] == '\0' && whole(partner);
}

/* Seconds until the daily one; -1 for none: nothing was exchanged since the last, and that one was settled. */
static int64_t daily_in(const struct core *core, const struct core_partner *partner) {
  const struct core_compare *compare = &partner->compare;
  bool moved =
      compare->open || compare->given != partner->row.sent_number || compare->taken != partner->row.received_number;
  if (!compare->known_row || !moved || compare->running || !compares(partner))
    return -1;
  int64_t since = core_now(core) - compare->made;
  return since < 0 || since >= CORE_COMPARE_SECONDS ? 0 : CORE_COMPARE_SECONDS - since;
}

enum base_code core_compare_settle(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++) {
    struct core_partner *partner = core->partners[i];
    struct core_compare *compare = &partner->compare;
    bool exchanged = partner->row.sent_number > 0 || partner->row.received_number > 0;
    bool again = compare->again_ms != 0 && compare->again_ms <= core_now_ms(core);
    if (!compare->known_row && exchanged && core->wrote) { /* the day begins with the first message */
      struct store_comparison row = {.made = core_now(core)};
      code = row_write(core, partner, &row, err);
    } else if (!compare->running && (again || partner->back.ended || daily_in(core, partner) == 0) &&
               compares(partner) && !core_disk_low(core, NULL)) {
      AUTO_HELD struct held held = {0};
      code = held_read(core, partner, &held, err);
      if (code == BASE_OK)
        compare_begin(partner, &held, !again || partner->back.ended);
      partner->back.ended = false;
    }
    if (code == BASE_OK && compare->running)
      code = compare_step(core, partner, err);
  }
  return code;
}

int64_t core_compare_next_ms(const struct core *core) {
  int64_t due = -1;
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct core_partner *partner = core->partners[i];
    int64_t daily = daily_in(core, partner), again = partner->compare.again_ms - core_now_ms(core);
    if (partner->compare.running || (partner->back.ended && compares(partner)))
      return 0;
    /* None begins: the next look at the room tells, or he is let go on. */
    if (core_disk_low(core, NULL) || !compares(partner))
      continue;
    if (partner->compare.again_ms != 0 && (due < 0 || again < due))
      due = again < 0 ? 0 : again;
    if (daily >= 0 && (due < 0 || daily * 1000 < due))
      due = daily * 1000;
  }
  return due;
}

/* --- on demand */

static enum base_code why_not(const struct core *core, const struct core_partner *partner, struct base_error *err) {
  struct base_view he = partner->card.name;
  if (partner->damaged[0] != '\0')
    return base_fail(err, BASE_POLICY, "%s", partner->damaged);
  if (core_partner_stopped(partner))
    return base_fail(err, BASE_POLICY, "%s", partner->trouble);
  if (partner->row.state == STORE_PARTNER_SUSPENDED)
    return base_fail(err, BASE_SUSPENDED, "the exchange with %.*s is suspended at this node; see: wasl partner list",
                     (int)he.size, (const char *)he.data);
  if (core_epoch_waits(partner))
    return base_fail(err, BASE_CONFLICT,
                     "%.*s has not confirmed epoch %u of this register yet: their officer compares these digits with "
                     "you by voice: %s",
                     (int)he.size, (const char *)he.data, (unsigned)core->epoch, core->epoch_digits);
  return base_fail(
      err, BASE_CONFLICT,
      "what this node had sent to %.*s and lost is just coming back, and is compared as soon as it is here: "
      "see wasl node status",
      (int)he.size, (const char *)he.data);
}

void core_partner_compare(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  AUTO_HELD struct held held = {0};
  struct base_view name = core_request_text(request, "name");
  struct core_partner *partner = core_partner_named(core, name);
  enum base_code code = BASE_OK;
  if (partner == NULL)
    code = base_fail(&err, BASE_UNKNOWN_NODE, "no partner here is named %.*s; see: wasl partner list", (int)name.size,
                     (const char *)name.data);
  else if (!compares(partner))
    code = why_not(core, partner, &err);
  if (code == BASE_OK)
    code = held_read(core, partner, &held, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  compare_begin(partner, &held, true);
  partner->compare.all = wire_json_true(wire_json_get(request, "all"));
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_text(&writer, "name", partner->card.name);
  wire_write_member_integer(&writer, "rounds", (int64_t)partner->compare.rounds);
  wire_write_end(&writer, '}');
}
