/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "core/clocks.h"
#include "simulate/law.h"

/* When all has come to rest: whom a recall reached and what stands above of those below; what was erased, or kept until
 * a time that is over, is not there; what was due was told, once, and at the time that the receipts say. */

enum { RECALLS_MOST = 256 };

/* --- a recall as its case says it at one node */

struct call {
  struct base_id id, message, above;
  unsigned opener, to;
  bool has_above, answered, kept, erased, certified, closed;
  char measure[16], told[16];
};

static void take(char *out, size_t size, struct base_view text) {
  (void)snprintf(out, size, "%.*s", (int)text.size, (const char *)text.data);
}

static void take_answer(const struct wire_header *header, struct call *out) {
  struct base_view told = wire_header_state(header, "below");
  if (told.size > 0)
    take(out->told, sizeof out->told, told);
  if (base_view_is(header->type, "done") || base_view_is(header->type, "keep")) {
    out->answered = true;
    out->kept = base_view_is(header->type, "keep");
    out->erased = base_view_is(wire_header_state(header, "outcome"), "erased");
  }
  out->certified = out->certified || base_view_is(header->type, "certificate");
}

static bool read_call(struct sim_node *node, const struct base_id *id, struct call *out) {
  struct sim *sim = node->sim;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct core_case kase = {0};
  *out = (struct call){.id = *id};
  if (store_case_get(node->core->store, id, &arena, &row, NULL) != BASE_OK)
    return false;
  bool read = core_case_look(node->core, &row, &kase, NULL) == BASE_OK;
  const struct wire_header *opening = read ? kase.messages[0].header : NULL;
  if (read) {
    out->opener = sim_named(sim, opening->author);
    for (size_t i = 0; i < opening->party_count; i++)
      if (!base_view_equal(opening->parties[i], opening->author))
        out->to = sim_named(sim, opening->parties[i]);
    (void)base_id_parse(wire_header_state(opening, "message"), &out->message);
    out->has_above = base_id_parse(wire_header_state(opening, "handed_down"), &out->above);
    take(out->measure, sizeof out->measure, wire_header_state(opening, "measure"));
    out->closed = base_view_is(core_case_state_name(&kase), "closed");
  }
  for (size_t i = 1; read && i < kase.count; i++)
    if (kase.messages[i].effective && sim_named(sim, kase.messages[i].header->author) == out->to)
      take_answer(kase.messages[i].header, out);
  core_case_release(&kase);
  return read && out->opener < sim->node_count && out->to < sim->node_count;
}

struct calls {
  struct sim_node *node;
  size_t count;
  struct call list[RECALLS_MOST];
};

static enum base_code add_call(void *context, const struct store_case *row) {
  struct calls *calls = context;
  struct base_id id = row->id;
  if (calls->count < RECALLS_MOST && read_call(calls->node, &id, &calls->list[calls->count]))
    calls->count++;
  return BASE_OK;
}

static struct calls *calls_of(struct sim_node *node) {
  struct calls *calls = calloc(1, sizeof *calls);
  if (calls == NULL)
    abort();
  calls->node = node;
  if (store_case_each(node->core->store, base_view_text("recall"), 0, add_call, calls, NULL) != BASE_OK)
    sim_violate(node->sim, "cases can be listed", "%s", node->name);
  return calls;
}

/* The one of this node's own that asks this party the same of this message; above: NULL, or the one that it must hand
 * down. */
static const struct call *asks(const struct calls *calls, const struct base_id *message, const char *measure,
                               unsigned to, const struct base_id *above) {
  for (size_t i = 0; i < calls->count; i++) {
    const struct call *call = &calls->list[i];
    if (call->opener == calls->node->index && call->to == to && base_id_equal(&call->message, message) &&
        strcmp(call->measure, measure) == 0 &&
        (above == NULL || (call->has_above && base_id_equal(&call->above, above))))
      return call;
  }
  return NULL;
}

/* --- whom it reached */

bool sim_delivered(struct sim_node *from, unsigned to, const struct base_id *id, enum store_delivery_state *out) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  const struct core_partner *partner = sim_partner(from, to);
  bool found = partner != NULL &&
               store_delivery_get(from->core->store, id, partner->row.number, &arena, &delivery, NULL) == BASE_OK;
  *out = found ? delivery.state : STORE_ENDED;
  return found && delivery.state == STORE_RECEIPTED;
}

/* Everybody who took this message of the node's own was asked; what a person ended on its way is not held against it.
 */
static void check_reached(struct calls *calls, const struct sim_written *written, const char *measure,
                          const struct base_id *above) {
  struct sim_node *node = calls->node;
  for (size_t i = 0; i < written->party_count && !node->sim->violated; i++) {
    unsigned to = written->parties[i];
    enum store_delivery_state state;
    struct sim_node *other = &node->sim->nodes[to];
    struct call there;
    if (to == node->index || !sim_pair_clear(node, other) || !sim_delivered(node, to, &written->id, &state))
      continue;
    const struct call *call = asks(calls, &written->id, measure, to, above);
    bool goes = call != NULL && (sim_delivered(node, to, &call->id, &state) || state != STORE_ENDED);
    if (call == NULL || (goes && !read_call(other, &call->id, &there)))
      sim_violate(node->sim, "a recall reaches everybody down the chain",
                  "%s gave %s message %.12s, which is recalled to %s: %s", node->name, other->name,
                  base_id_text(&written->id).text, measure, call == NULL ? "nobody asked" : "it is not there");
  }
}

/* --- what stands above of those below */

enum rank { RANK_NOBODY, RANK_DONE, RANK_KEPT, RANK_PENDING, RANK_OVERDUE };
static const char *const ranks[] = {"nobody", "done", "kept", "pending", "overdue"};

static enum rank rank_of(const char *word) {
  enum rank rank = RANK_NOBODY;
  while (rank < RANK_OVERDUE && strcmp(ranks[rank], word) != 0)
    rank++;
  return rank;
}

static int64_t length_of(const char *measure) {
  return (strcmp(measure, "erase") == 0 ? 3 : strcmp(measure, "correct") == 0 ? 7 : 1) * (int64_t)86400;
}

/* From this all clocks run. */
base_time sim_receipt(struct sim *sim, unsigned author, unsigned receiver, const struct base_id *id) {
  struct sim_node *node = &sim->nodes[receiver];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_partner *partner = sim_partner(node, author);
  struct store_arrival arrival;
  struct store_leaf row;
  struct wire_leaf leaf;
  bool received = partner != NULL &&
                  store_arrival_of(node->core->store, id, partner->row.number, &arena, &arrival, NULL) == BASE_OK &&
                  arrival.answered && !arrival.refused &&
                  store_leaf_get(node->core->store, arrival.answer_index, &arena, &row, NULL) == BASE_OK &&
                  wire_leaf_parse(row.entry, &leaf, NULL) == BASE_OK;
  return received ? leaf.time : 0;
}

static bool over(struct sim *sim, const struct call *call) {
  base_time at = sim_receipt(sim, call->opener, call->to, &call->id);
  struct sim_node *node = &sim->nodes[call->opener];
  return at != 0 && at + length_of(call->measure) < node->world.now(node);
}

/* What was ended on its way to him, and of which he said that he does not have it: he is none of those below. */
static bool never_got(struct sim_node *node, unsigned to, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  const struct core_partner *partner = sim_partner(node, to);
  return partner != NULL &&
         store_delivery_get(node->core->store, id, partner->row.number, &arena, &delivery, NULL) == BASE_OK &&
         (delivery.state == STORE_ENDED || delivery.state == STORE_REFUSED) && delivery.voided_told;
}

/* By this node's own cases: what each of those below said last of itself and of those below it. */
static enum rank below(struct calls *calls, const struct call *above) {
  struct sim *sim = calls->node->sim;
  enum rank worst = RANK_NOBODY;
  for (size_t i = 0; i < calls->count; i++) {
    const struct call *call = &calls->list[i];
    if (call->opener != calls->node->index || !call->has_above || !base_id_equal(&call->above, &above->id) ||
        never_got(calls->node, call->to, &call->message))
      continue;
    enum rank rank = !call->answered ? (over(sim, call) ? RANK_OVERDUE : RANK_PENDING)
                     : call->kept    ? RANK_KEPT
                                     : RANK_DONE;
    if (call->answered && rank_of(call->told) > rank && rank_of(call->told) >= RANK_KEPT)
      rank = rank_of(call->told);
    worst = rank > worst ? rank : worst;
  }
  return worst;
}

bool sim_true_clocks(const struct sim *sim) {
  for (unsigned i = 0; i < sim->node_count; i++)
    if (!sim->nodes[i].faithful)
      return false;
  return sim->counts.jumps == 0 && sim->profile.villain != SIM_BACKDATES && sim->profile.villain != SIM_EQUIVOCATES;
}

static void check_told(struct calls *calls, const struct call *call) {
  struct sim_node *node = calls->node;
  enum rank is = below(calls, call);
  struct call there;
  if (!call->answered || call->closed || !sim_true_clocks(node->sim) ||
      !sim_pair_clear(node, &node->sim->nodes[call->opener]))
    return;
  if (strcmp(call->told, ranks[is]) != 0 ||
      (read_call(&node->sim->nodes[call->opener], &call->id, &there) && strcmp(there.told, ranks[is]) != 0))
    sim_violate(node->sim, "what became of a recall below is told above", "%s, case %.12s: %s below, and %s told",
                node->name, base_id_text(&call->id).text, ranks[is], call->told);
}

/* --- what was to go is gone */

struct ending {
  const struct base_id *kase;
  bool any;
};

static enum base_code look_at_ending(void *context, const struct store_delivery *row) {
  struct ending *ending = context;
  ending->any = ending->any || (row->state == STORE_ENDED && base_id_equal(&row->case_id, ending->kase));
  return BASE_OK;
}

bool sim_ended_in(struct sim_node *node, const struct base_id *kase) {
  struct ending ending = {kase, false};
  return store_delivery_each(node->core->store, NULL, false, 0, look_at_ending, &ending, NULL) == BASE_OK && ending.any;
}

bool sim_readable(struct sim_node *node, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  return store_message_get(node->core->store, id, &arena, &row, NULL) == BASE_OK && row.state == STORE_MESSAGE_HELD &&
         (row.wrapped_key.size > 0 || row.part0.size > 0);
}

static void check_answered(struct calls *calls, const struct call *call) {
  struct sim_node *node = calls->node;
  struct sim *sim = node->sim;
  bool there = sim_readable(node, &call->message);
  for (size_t i = 0; i < sim->law->count && !there; i++) {
    const struct sim_written *written = &sim->law->written[i];
    there = written->by == node->index && written->passes && base_id_equal(&written->source, &call->message) &&
            sim_readable(node, &written->id);
  }
  if (there)
    sim_violate(sim, "what was answered to be erased is not there", "%s: message %.12s, recalled by case %.12s",
                node->name, base_id_text(&call->message).text, base_id_text(&call->id).text);
  else if (!call->certified && !call->closed && sim_pair_clear(node, &sim->nodes[call->opener]) &&
           !sim_ended_in(node, &call->id))
    sim_violate(sim, "what was erased is certified", "%s: case %.12s", node->name, base_id_text(&call->id).text);
}

static void check_calls(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct calls *calls = calls_of(node);
  for (size_t i = 0; i < sim->law->recalled_count && !sim->violated; i++) {
    const struct sim_recalled *recalled = &sim->law->recalled[i];
    const struct sim_written *written = sim_law_find(sim, &recalled->message);
    if (recalled->node == node->index && written != NULL && written->by == node->index)
      check_reached(calls, written, recalled->measure, NULL);
  }
  for (size_t i = 0; i < calls->count && !sim->violated; i++) {
    const struct call *call = &calls->list[i];
    const struct sim_written *message = sim_law_find(sim, &call->message);
    if (call->to != node->index || message == NULL || message->by != call->opener)
      continue;
    for (size_t k = 0; k < sim->law->count && !call->closed && !sim->violated; k++)
      if (sim->law->written[k].by == node->index && sim->law->written[k].passes &&
          base_id_equal(&sim->law->written[k].source, &call->message))
        check_reached(calls, &sim->law->written[k], call->measure, &call->id);
    if (call->erased && !sim->violated)
      check_answered(calls, call);
    if (!sim->violated)
      check_told(calls, call);
  }
  free(calls);
}

static enum base_code look_at_way(void *context, const struct store_delivery *row) {
  bool *open = context;
  *open = *open || row->state == STORE_WAITING;
  return BASE_OK;
}

/* What may be kept until a time that is over. What cannot be delivered yet is not erased under way. */
static void check_kept_until(struct sim_node *node) {
  struct sim *sim = node->sim;
  base_time now = node->world.now(node);
  for (size_t i = 0; i < sim->law->count && !sim->violated; i++) {
    const struct sim_written *written = &sim->law->written[i];
    bool open = false;
    if (written->keep_until == 0 || written->keep_until + SIM_RETAIN_GRACE > now || !sim_readable(node, &written->id))
      continue;
    if (store_delivery_each(node->core->store, &written->id, true, 0, look_at_way, &open, NULL) == BASE_OK && !open)
      sim_violate(sim, "what may be kept until a time is not there after it",
                  "%s: message %.12s, until %s, and it is %s", node->name, base_id_text(&written->id).text,
                  base_time_format(written->keep_until).text, base_time_format(now).text);
  }
}

/* --- deadlines */

void sim_after_told(struct sim_node *node, struct sim_told *told, const struct wire_opening *opening) {
  char text[300];
  (void)snprintf(text, sizeof text, "%s %.*s %.*s %.*s", base_id_text(&opening->message).text, (int)opening->to.size,
                 (const char *)opening->to.data, (int)opening->subject.size, (const char *)opening->subject.data,
                 (int)opening->reason.size, (const char *)opening->reason.data);
  struct base_hash hash = seal_sha256(base_view_text(text));
  for (size_t i = 0; i < told->count; i++)
    if (base_hash_equal(&told->told[i], &hash))
      sim_violate(node->sim, "a deadline is told once", "%s: %s", node->name, text);
  if (told->count == told->room) {
    told->room = told->room == 0 ? 32 : 2 * told->room;
    told->told = realloc(told->told, told->room * sizeof *told->told);
    if (told->told == NULL)
      abort();
  }
  told->told[told->count++] = hash;
}

struct clock {
  bool runs, paused;
  base_time due, paused_at;
};

static bool one_of(const struct wire_header *header, const char *words) {
  char type[24];
  (void)snprintf(type, sizeof type, " %.*s ", (int)header->type.size, (const char *)header->type.data);
  return strstr(words, type) != NULL;
}

static int64_t asked_length(const struct wire_header *header) {
  struct base_view urgency = wire_header_state(header, "urgency");
  if (base_view_is(header->kind, "recall")) {
    char measure[16];
    take(measure, sizeof measure, wire_header_state(header, "measure"));
    return length_of(measure);
  }
  return base_view_is(urgency, "urgent_direct") ? 8 * 3600 : (base_view_is(urgency, "normal") ? 7 : 3) * (int64_t)86400;
}

/* The clock of one who was asked, from the receipts of what he and the opener told each other. */
static struct clock clock_of(struct sim *sim, const struct core_case *kase, unsigned party) {
  const struct wire_header *opening = kase->messages[0].header;
  unsigned opener = sim_named(sim, opening->author);
  struct clock clock = {0};
  for (size_t i = 0; i < kase->count; i++) {
    const struct wire_header *header = kase->messages[i].header;
    unsigned author = sim_named(sim, header->author);
    if (!kase->messages[i].effective || (author != opener && author != party))
      continue;
    base_time at = sim_receipt(sim, author, author == opener ? party : opener, &kase->messages[i].id);
    if (at == 0)
      continue;
    if (i == 0) {
      clock = (struct clock){.runs = true, .due = at + asked_length(header)};
    } else if (one_of(header, " answer refuse withdraw close done keep ")) {
      clock.runs = false;
    } else if (one_of(header, " clarify ") && !clock.paused && at <= clock.due) {
      clock.paused = true;
      clock.paused_at = at;
    } else if (one_of(header, " clarification partial_answer ") && clock.paused) {
      clock.paused = false;
      clock.due += at > clock.paused_at ? at - clock.paused_at : 0;
    }
  }
  return clock;
}

struct dues {
  struct sim_node *node;
  const struct sim_told *told;
};

/* item: NULL, it is the case's own. */
static bool was_told(const struct dues *dues, const struct base_id *id, struct base_view party, struct base_view clock,
                     base_time due, const struct base_id *item) {
  char text[400];
  (void)snprintf(text, sizeof text, "%s %.*s %.*s overdue %s%s%s", base_id_text(id).text, (int)party.size,
                 (const char *)party.data, (int)clock.size, (const char *)clock.data, base_time_format(due).text,
                 item != NULL ? " of " : "", item != NULL ? base_id_text(item).text : "");
  struct base_hash hash = seal_sha256(base_view_text(text));
  for (size_t i = 0; i < dues->told->count; i++)
    if (base_hash_equal(&dues->told->told[i], &hash))
      return true;
  return false;
}

/* What runs core says itself: items.c sees that all parties say the same. */
static void check_items(const struct dues *dues, const struct core_case *kase) {
  const struct wire_header *opening = kase->messages[0].header;
  struct sim_node *node = dues->node;
  struct core_item_clock *clocks = NULL;
  size_t count = 0;
  if (core_item_clocks(node->core, kase, false, &clocks, &count, NULL) != BASE_OK)
    sim_violate(node->sim, "a case can be read", "%s: the clocks of case %.12s", node->name, base_id_text(&kase->id).text);
  for (size_t i = 0; i < count && !node->sim->violated; i++) {
    const struct law_clock *clock = &clocks[i].now;
    const struct base_id *item = &kase->messages[clocks[i].item].id;
    struct base_view party = opening->parties[clocks[i].party];
    if (clock->due < node->world.now(node) - SIM_RETAIN_GRACE &&
        !was_told(dues, &kase->id, party, clock->name, clock->due, item))
      sim_violate(node->sim, "what is overdue is told", "%s: case %.12s, %.*s of %.12s, since %s", node->name,
                  base_id_text(&kase->id).text, (int)clock->name.size, (const char *)clock->name.data,
                  base_id_text(item).text, base_time_format(clock->due).text);
  }
  free(clocks);
}

static void check_asked(const struct dues *dues, const struct store_case *row, const struct core_case *kase) {
  struct sim_node *node = dues->node;
  struct sim *sim = node->sim;
  base_time first = INT64_MAX, now = node->world.now(node);
  const struct wire_header *opening = kase->messages[0].header;
  unsigned opener = sim_named(sim, opening->author);
  for (size_t i = 0; i < opening->party_count && !sim->violated; i++) {
    unsigned party = sim_named(sim, opening->parties[i]);
    if (party == opener || (opener != node->index && party != node->index))
      continue;
    struct clock clock = clock_of(sim, kase, party);
    if (clock.runs && clock.paused && first > STORE_DUE_PAUSED)
      first = STORE_DUE_PAUSED;
    if (!clock.runs || clock.paused)
      continue;
    first = clock.due < first ? clock.due : first;
    if (clock.due < now - SIM_RETAIN_GRACE &&
        !was_told(dues, &row->id, sim->nodes[party].origin, base_view_text("answer"), clock.due, NULL))
      sim_violate(sim, "what is overdue is told", "%s: case %.12s, %s, since %s", node->name,
                  base_id_text(&row->id).text, sim->nodes[party].name, base_time_format(clock.due).text);
  }
  if (first != row->due)
    sim_violate(sim, "a case is due when its receipts say", "%s: case %.12s: %s, and its row says %s", node->name,
                base_id_text(&row->id).text, first == INT64_MAX ? "never" : base_time_format(first).text,
                row->due == INT64_MAX ? "never" : base_time_format(row->due).text);
}

static enum base_code check_due(void *context, const struct store_case *row) {
  const struct dues *dues = context;
  struct core_case kase = {0};
  if (core_case_look(dues->node->core, row, &kase, NULL) == BASE_OK) {
    if (base_view_is(row->kind, "request") || base_view_is(row->kind, "recall"))
      check_asked(dues, row, &kase);
    check_items(dues, &kase);
  }
  core_case_release(&kase);
  return BASE_OK;
}

void sim_after_check(struct sim_node *node, const struct sim_told *told) {
  struct sim *sim = node->sim;
  struct dues dues = {node, told};
  check_calls(node);
  if (!sim->violated)
    check_kept_until(node);
  if (!sim->violated && sim_true_clocks(sim) &&
      store_case_each(node->core->store, (struct base_view){0}, 0, check_due, &dues, NULL) != BASE_OK)
    sim_violate(sim, "cases can be listed", "%s", node->name);
}
