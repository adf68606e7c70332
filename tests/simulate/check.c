/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/register.h"
#include "simulate/law.h"

/* What must hold when all is mended and has come to rest. Each check says its invariant in plain words. */

bool sim_pair_clear(const struct sim_node *a, const struct sim_node *b) {
  if (!a->faithful || !b->faithful || a->core == NULL || b->core == NULL)
    return false;
  const struct core_partner *there = sim_partner(a, b->index), *back = sim_partner(b, a->index);
  return there != NULL && back != NULL && there->row.state == STORE_PARTNER_ACTIVE &&
         back->row.state == STORE_PARTNER_ACTIVE;
}

/* --- a register, leaf by leaf */

struct scan {
  struct sim *sim;
  struct sim_node *node;
  uint64_t sent[SIM_NODES_MAX]; /* the last number to each */
  struct base_hash previous[SIM_NODES_MAX];
  size_t answered_count, answered_room;
  struct base_hash *answered; /* the sent leaves that a received or refused leaf answers */
  base_time time;
  struct sim_told told;
};

static void scan_sent(struct scan *scan, uint64_t index, const struct wire_opening *opening, struct base_view entry) {
  struct sim *sim = scan->sim;
  unsigned to = sim_named(sim, opening->to);
  if (to == sim->node_count)
    return;
  if (opening->number != scan->sent[to] + 1 || !base_hash_equal(&opening->previous, &scan->previous[to]))
    sim_violate(sim, "numbers for a partner have no gap",
                "%s: leaf %" PRIu64 " gives number %" PRIu64 " to %s after %" PRIu64
                ", or does not name the one before",
                scan->node->name, index, opening->number, sim->nodes[to].name, scan->sent[to]);
  scan->sent[to] = opening->number;
  scan->previous[to] = seal_sha256(entry);
}

static void scan_answered(struct scan *scan, const struct wire_opening *opening) {
  for (size_t i = 0; i < scan->answered_count; i++)
    if (base_hash_equal(&scan->answered[i], &opening->sent))
      sim_violate(scan->sim, "nothing has effect twice", "%s: message %s was answered by two leaves", scan->node->name,
                  base_id_text(&opening->message).text);
  if (scan->answered_count == scan->answered_room) {
    scan->answered_room = scan->answered_room == 0 ? 64 : 2 * scan->answered_room;
    scan->answered = realloc(scan->answered, scan->answered_room * sizeof *scan->answered);
    if (scan->answered == NULL)
      abort();
  }
  scan->answered[scan->answered_count++] = opening->sent;
}

/* Between nodes that keep the rules no fault is ever noted but what a hostile line can cause, what law says of messages
 * that crossed the end of an agreement, and what a villain did. */
static void scan_fault(struct scan *scan, const struct wire_opening *opening) {
  static const char *const grave[] = {"fork",      "rollback",     "consistency", "number",
                                      "signature", "inclusion",    "commitment",  "evidence",
                                      "hash",      "equivocation", "wrong-key",   "not-a-party"};
  struct sim *sim = scan->sim;
  unsigned whose = sim_named(sim, opening->subject);
  bool villain = sim->profile.villain != SIM_HONEST && whose == sim->villain;
  if (sim->profile.garble > 0 && opening->reason.size > 10 && memcmp(opening->reason.data, "wrong-key:", 10) == 0)
    return; /* the octet that was changed stood in the name of the key */
  for (size_t i = 0; i < sizeof grave / sizeof *grave; i++) {
    size_t size = strlen(grave[i]);
    if (!villain && opening->reason.size > size && memcmp(opening->reason.data, grave[i], size) == 0 &&
        opening->reason.data[size] == ':' && scan->node->faithful)
      sim_violate(sim, "who keeps the rules is never blamed", "%s blames %.*s: %.*s", scan->node->name,
                  (int)opening->subject.size, (const char *)opening->subject.data, (int)opening->reason.size,
                  (const char *)opening->reason.data);
  }
}

static void scan_leaf(struct scan *scan, uint64_t index) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, bytes;
  struct wire_leaf leaf;
  struct wire_opening opening;
  struct base_error err = {0};
  if (core_register_read(scan->node->core, index, &arena, &entry, &bytes, &err) != BASE_OK ||
      wire_leaf_parse(entry, &leaf, &err) != BASE_OK ||
      wire_opening_parse(leaf.act, bytes, &arena, &opening, &err) != BASE_OK) {
    sim_violate(scan->sim, "the register can be read", "%s: leaf %" PRIu64 ": %s", scan->node->name, index, err.text);
    return;
  }
  if (leaf.time < scan->time)
    sim_violate(scan->sim, "a register never goes back in time", "%s: leaf %" PRIu64, scan->node->name, index);
  scan->time = leaf.time;
  if (leaf.act == WIRE_ACT_SENT)
    scan_sent(scan, index, &opening, entry);
  else if (leaf.act == WIRE_ACT_RECEIVED || leaf.act == WIRE_ACT_REFUSED)
    scan_answered(scan, &opening);
  else if (leaf.act == WIRE_ACT_FAULT)
    scan_fault(scan, &opening);
  else if (leaf.act == WIRE_ACT_DEADLINE)
    sim_after_told(scan->node, &scan->told, &opening);
}

static void check_register(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct scan *scan = calloc(1, sizeof *scan);
  if (scan == NULL)
    abort();
  scan->sim = sim;
  scan->node = node;
  for (uint64_t i = 0; i < node->core->reg.size && !sim->violated; i++)
    scan_leaf(scan, i);
  for (size_t i = 0; i < node->partner_count && !sim->violated; i++) {
    const struct core_partner *partner = sim_partner(node, node->partners[i]);
    if (partner->row.sent_number != scan->sent[node->partners[i]])
      sim_violate(sim, "numbers for a partner have no gap", "%s: %" PRIu64 " numbers to %s, %" PRIu64 " leaves",
                  node->name, partner->row.sent_number, sim->nodes[node->partners[i]].name,
                  scan->sent[node->partners[i]]);
  }
  if (!sim->violated)
    sim_after_check(node, &scan->told);
  free(scan->answered);
  free(scan->told.told);
  free(scan);
  /* And by the node's own check, as an officer asks for it. */
  bool done = false;
  for (int64_t from = 0; !done && !sim->violated;) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    if (!sim_ask(node, LINK_REGISTER_CHECK, -1, "{\"actor\":\"amal\",\"from\":%" PRId64 "}", from) ||
        node->reply.status != BASE_OK ||
        wire_json_parse(base_buf_view(&node->reply.payload), 65536, "check", &json, NULL) != BASE_OK) {
      sim_violate(sim, "the register's own check passes", "%s: %.*s", node->name, (int)node->reply.payload.size,
                  (const char *)node->reply.payload.data);
      break;
    }
    struct base_view what = wire_json_text(wire_json_get(wire_json_at(wire_json_get(json, "problems"), 0), "what"));
    bool villain = sim->profile.villain != SIM_HONEST && node->index == sim->villain; /* writes past its own core */
    if (wire_json_integer(wire_json_get(json, "found")) > 0 && !villain)
      sim_violate(sim, "the register's own check passes", "%s: %.*s", node->name, (int)what.size,
                  (const char *)what.data);
    done = wire_json_true(wire_json_get(json, "done"));
    from = wire_json_integer(wire_json_get(json, "next"));
  }
}

/* --- the outbox */

static void check_outbox(struct sim_node *node) {
  struct sim *sim = node->sim;
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (!sim_ask(node, LINK_OUTBOX_LIST, -1, "{\"actor\":\"amal\"}") ||
      wire_json_parse(base_buf_view(&node->reply.payload), BASE_BUF_DEFAULT_LIMIT, "outbox", &json, NULL) != BASE_OK) {
    sim_violate(sim, "the outbox can be read", "%s: %.*s", node->name, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
    return;
  }
  for (size_t i = 0; i < wire_json_size(json) && !sim->violated; i++) {
    const struct wire_json *row = wire_json_at(json, i);
    struct base_view state = wire_json_text(wire_json_get(row, "state")), id = wire_json_text(wire_json_get(row, "id")),
                     to = wire_json_text(wire_json_get(row, "to"));
    const struct core_partner *partner = core_partner_named(node->core, to);
    bool flies = partner != NULL && partner->flight.exchange != 0 && base_view_is(state, "under_way");
    bool silent = wire_json_text(wire_json_get(row, "reason")).size == 0 && !flies;
    if (silent && !base_view_is(state, "receipted"))
      sim_violate(sim, "the outbox is never silent", "%s: message %.12s to %.*s is %.*s, and nothing says why",
                  node->name, (const char *)id.data, (int)to.size, (const char *)to.data, (int)state.size,
                  (const char *)state.data);
  }
}

/* --- two ledgers */

static const char *state_text(enum store_delivery_state state) {
  static const char *const texts[] = {"waiting", "under way", "receipted", "refused", "ended"};
  return texts[state];
}

/* What follows a message of a node that is stopped waits for it as long. */
static bool waits_for_villain(struct sim_node *node, const struct base_id *message) {
  const struct sim_node *villain = &node->sim->nodes[node->sim->villain];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct wire_header header;
  return !villain->faithful && store_message_get(node->core->store, message, &arena, &row, NULL) == BASE_OK &&
         wire_header_parse(row.header, &arena, &header, NULL) == BASE_OK &&
         wire_header_has_party(&header, villain->origin);
}

static void check_number(struct sim_node *from, struct sim_node *to, uint64_t n) {
  struct sim *sim = from->sim;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  const struct core_partner *there = sim_partner(from, to->index), *back = sim_partner(to, from->index);
  struct store_delivery sent;
  struct store_arrival arrival;
  struct store_leaf leaf;
  struct base_error err = {0};
  if (store_delivery_by_number(from->core->store, there->row.number, n, &arena, &sent, &err) != BASE_OK ||
      store_arrival_get(to->core->store, back->row.number, n, &arena, &arrival, &err) != BASE_OK ||
      store_leaf_get(from->core->store, sent.sent_index, &arena, &leaf, &err) != BASE_OK) {
    sim_violate(sim, "numbers for a partner have no gap", "number %" PRIu64 " from %s to %s: %s", n, from->name,
                to->name, err.text);
    return;
  }
  struct base_hash hash = seal_sha256(leaf.entry);
  bool fits = base_hash_equal(&hash, &arrival.sent_hash);
  bool received = arrival.answered && !arrival.refused, receipt = sent.leaf.size > 0;
  switch (sent.state) {
  case STORE_RECEIPTED:
    fits = fits && receipt && received && !arrival.voided;
    break;
  case STORE_REFUSED:
  case STORE_ENDED:
    fits = fits && !received && (receipt ? arrival.refused : arrival.voided || arrival.refused) && sent.voided_told;
    break;
  default:
    if (waits_for_villain(from, &sent.message))
      return;
    sim_violate(sim, "what can be delivered is delivered",
                "number %" PRIu64 " from %s to %s, message %.12s, is still %s: %s%.*s", n, from->name, to->name,
                base_id_text(&sent.message).text, state_text(sent.state), there->trouble, (int)sent.reason.size,
                (const char *)sent.reason.data);
    return;
  }
  if (!fits)
    sim_violate(sim, "the two ledgers reconcile",
                "number %" PRIu64 " from %s to %s, message %.12s: the sender says %s%s%s, the receiver %s%s%s", n,
                from->name, to->name, base_id_text(&sent.message).text, state_text(sent.state),
                receipt ? " with receipt" : "", sent.voided_told ? " and told" : "",
                arrival.answered ? "answered" : "unanswered", arrival.refused ? ", refused" : "",
                arrival.voided ? ", voided" : "");
}

static void check_ledgers(struct sim_node *from, struct sim_node *to) {
  const struct core_partner *there = sim_partner(from, to->index), *back = sim_partner(to, from->index);
  if (there->stopped)
    sim_violate(from->sim, "who keeps the rules is never stopped", "%s stopped the exchange with %s: %s", from->name,
                to->name, there->trouble);
  for (uint64_t n = 1; n <= there->row.sent_number && !from->sim->violated; n++) {
    if (n > back->row.received_number) {
      sim_violate(from->sim, "what can be delivered is delivered",
                  "%s sent %" PRIu64 " numbers to %s, which holds %" PRIu64 ": %s", from->name, there->row.sent_number,
                  to->name, back->row.received_number, there->trouble);
      return;
    }
    check_number(from, to, n);
  }
}

/* --- what was acknowledged, and what became of it at its receivers */

/* Its content is not there, though it is no message that was refused. */
static bool dropped(struct sim_node *node, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  return store_message_header(node->core->store, id, &arena, &row, NULL) == BASE_OK && row.wrapped_key.size == 0 &&
         row.state != STORE_MESSAGE_REFUSED;
}

/* A person here asked for that, or one there from where it came again. */
static bool may_be_dropped(struct sim_node *node, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_erasure row;
  bool any = sim_ledger_asked(node->sim, node->index, id) || sim_law_may_end(node->sim, node->index, id);
  bool elsewhere = store_erasure_get(node->core->store, id, &arena, &row, NULL) == BASE_OK && row.elsewhere;
  for (unsigned i = 0; elsewhere && !any && i < node->sim->node_count; i++)
    any = sim_ledger_asked(node->sim, i, id) || sim_law_may_end(node->sim, i, id);
  return any;
}

/* What was erased is gone, whatever was put back since: it is not even there for who had its key. */
static void check_erased(struct sim *sim, const struct sim_erased *erased) {
  struct sim_node *node = &sim->nodes[erased->node];
  bool there = node->faithful || sim->profile.villain == SIM_RESTORED;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  if (!erased->done || !there || node->core == NULL)
    return;
  enum base_code code = store_message_get(node->core->store, &erased->id, &arena, &row, NULL);
  if (code == BASE_OK && (row.wrapped_key.size > 0 || row.part0.size > 0))
    sim_violate(sim, "what was erased is never there again", "%s holds message %s", node->name,
                base_id_text(&erased->id).text);
}

static bool same_content(struct sim_node *a, struct sim_node *b, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 64 << 20);
  struct core_content one = {0}, two = {0};
  bool same = core_content_bytes(a->core, id, &arena, &one, NULL) == BASE_OK &&
              core_content_bytes(b->core, id, &arena, &two, NULL) == BASE_OK && two.row.state == STORE_MESSAGE_HELD &&
              base_view_equal(one.row.header, two.row.header);
  same = same && (!one.dropped || may_be_dropped(a, id)) && (!two.dropped || may_be_dropped(b, id));
  if (same && !one.dropped && !two.dropped)
    same = base_view_equal(one.row.part0, two.row.part0) && one.row.part_count == two.row.part_count;
  core_content_free(&one);
  core_content_free(&two);
  return same;
}

/* Reads a part back as a person would, from the receiver. */
static void check_part(struct sim_node *node, const struct sim_acked *acked, size_t number) {
  struct seal_hasher *hasher = seal_hasher_new();
  uint8_t octets[4096];
  for (uint64_t at = 0; at < acked->part_size;) {
    size_t some = 0;
    for (; some < sizeof octets && at < acked->part_size; some++, at++)
      octets[some] = sim_octet(acked->part_seed + number, at);
    seal_hasher_add(hasher, base_view_of(octets, some));
  }
  struct base_hash wanted = seal_hasher_end(hasher), got = {{0}};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (sim_ask(node, LINK_PART_OPEN, -1, "{\"actor\":\"amal\",\"sha256\":\"%s\"}", base_hash_text(&wanted).text) &&
      node->reply.status == BASE_OK &&
      wire_json_parse(base_buf_view(&node->reply.payload), 65536, "part", &json, NULL) == BASE_OK) {
    struct base_view message = wire_json_text(wire_json_get(json, "message"));
    int64_t records = wire_json_integer(wire_json_get(json, "records"));
    for (int64_t i = 0; i < records; i++) {
      if (!sim_ask(node, LINK_PART_READ, -1, "{\"message\":\"%.64s\",\"part\":%" PRId64 ",\"record\":%" PRId64 "}",
                   (const char *)message.data, wire_json_integer(wire_json_get(json, "part")), i) ||
          node->reply.status != BASE_OK)
        break;
      seal_hasher_add(hasher, base_buf_view(&node->reply.payload));
    }
    got = seal_hasher_end(hasher);
  }
  seal_hasher_free(hasher);
  if (!base_hash_equal(&wanted, &got))
    sim_violate(node->sim, "nothing acknowledged is lost",
                "%s: part %zu of message %s, %" PRIu64 " octets, is not there as it was sent: %s%.*s", node->name,
                number, base_id_text(&acked->id).text, acked->part_size, node->reply.status == BASE_OK ? "" : ": ",
                node->reply.status == BASE_OK ? 0 : (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
}

static void check_acked_to(struct sim *sim, const struct sim_acked *acked, unsigned other) {
  struct sim_node *from = &sim->nodes[acked->node], *to = &sim->nodes[other];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  const struct core_partner *partner = sim_partner(from, other);
  if (store_delivery_get(from->core->store, &acked->id, partner->row.number, &arena, &delivery, NULL) != BASE_OK ||
      delivery.state != STORE_RECEIPTED || !to->faithful)
    return;
  if (!same_content(from, to, &acked->id))
    sim_violate(sim, "nothing acknowledged is lost",
                "%s gave %s a receipt for message %s, and does not hold it as it was sent", to->name, from->name,
                base_id_text(&acked->id).text);
  for (size_t i = 0; i < acked->part_count && !sim->violated && !dropped(to, &acked->id); i++)
    check_part(to, acked, i);
}

static void check_acked(struct sim *sim, const struct sim_acked *acked) {
  struct sim_node *from = &sim->nodes[acked->node];
  if (!from->faithful)
    return;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  if (store_message_get(from->core->store, &acked->id, &arena, &row, NULL) != BASE_OK) {
    sim_violate(sim, "nothing acknowledged is lost", "%s lost its message %s", from->name,
                base_id_text(&acked->id).text);
    return;
  }
  for (size_t i = 0; i < from->partner_count && !sim->violated; i++)
    check_acked_to(sim, acked, from->partners[i]);
}

/* --- cases */

struct cases {
  struct sim_node *node;
};

/* Everything that was written in the case was receipted by everybody: then all hold the same. */
static bool all_receipted(struct sim_node *node, const struct core_case *kase) {
  for (size_t i = 0; i < kase->count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    unsigned author = sim_named(node->sim, kase->messages[i].header->author);
    struct sim_node *from = &node->sim->nodes[author];
    if (!from->faithful)
      return false;
    for (size_t k = 0; k < kase->messages[i].header->party_count; k++) {
      unsigned party = sim_named(node->sim, kase->messages[i].header->parties[k]);
      struct store_delivery delivery;
      const struct core_partner *partner = party == author ? NULL : sim_partner(from, party);
      if (party != author && (partner == NULL ||
                              store_delivery_get(from->core->store, &kase->messages[i].id, partner->row.number, &arena,
                                                 &delivery, NULL) != BASE_OK ||
                              delivery.state != STORE_RECEIPTED))
        return false;
    }
  }
  return true;
}

static bool same_messages(const struct core_case *a, const struct core_case *b) {
  bool same = a->count == b->count;
  for (size_t i = 0; i < a->count && same; i++)
    same = core_case_message_of(b, &a->messages[i].id) != NULL;
  return same;
}

static void describe(const struct core_case *kase, char *out, size_t size) {
  int used = snprintf(out, size, "%.*s%s:", (int)core_case_state_name(kase).size,
                      (const char *)core_case_state_name(kase).data, kase->state.flagged ? ", flagged" : "");
  for (size_t i = 0; i < kase->count && used > 0 && (size_t)used < size; i++)
    used += snprintf(out + used, size - (size_t)used, " %.6s%s", base_id_text(&kase->messages[i].id).text,
                     kase->messages[i].effective ? "" : "-");
}

static void compare_case(struct sim_node *node, struct sim_node *other, const struct core_case *mine) {
  struct sim *sim = node->sim;
  struct base_id id = mine->id;
  struct core_case *theirs = NULL;
  char here[400], there[400] = "not held";
  describe(mine, here, sizeof here);
  bool held = core_case_load(other->core, &id, &theirs, NULL) == BASE_OK;
  if (held)
    describe(theirs, there, sizeof there);
  bool whole = all_receipted(node, mine) && (!held || all_receipted(other, theirs));
  if (whole && (!held || !same_messages(mine, theirs)))
    sim_violate(sim, "all parties hold what all were receipted for", "case %.12s: %s has %s; %s has %s",
                base_id_text(&id).text, node->name, here, other->name, there);
  if (!held || !same_messages(mine, theirs))
    return;
  bool same = mine->state.state == theirs->state.state && mine->state.flagged == theirs->state.flagged &&
              base_id_equal(&mine->state.by, &theirs->state.by);
  for (size_t i = 0; i < mine->count && same; i++)
    same = base_id_equal(&mine->messages[i].id, &theirs->messages[i].id) &&
           mine->messages[i].effective == theirs->messages[i].effective;
  if (!same)
    sim_violate(sim, "who holds the same messages sees the same case", "case %.12s: %s has %s; %s has %s",
                base_id_text(&id).text, node->name, here, other->name, there);
  else
    sim_items_same(node, other, mine, theirs, whole);
}

struct takers {
  bool any; /* somebody holds it, or may */
  size_t count;
};

static enum base_code look_at_taker(void *context, const struct store_delivery *row) {
  struct takers *takers = context;
  takers->count++;
  takers->any = takers->any || !((row->state == STORE_ENDED || row->state == STORE_REFUSED) && row->voided_told);
  return BASE_OK;
}

/* What its author alone holds would let him see another state than all others. The opening message stays: there would
 * be nothing to show. */
static void check_takers(struct sim_node *node, const struct core_case *kase) {
  for (size_t i = 1; i < kase->count; i++) {
    struct takers takers = {0};
    struct base_error err = {0};
    struct base_id id = kase->messages[i].id;
    if (base_view_equal(kase->messages[i].header->author, node->origin) &&
        store_delivery_each(node->core->store, &id, false, 0, look_at_taker, &takers, &err) == BASE_OK &&
        takers.count > 0 && !takers.any)
      sim_violate(node->sim, "a message that nobody took is no part of its case", "%s: message %.12s in case %.12s",
                  node->name, base_id_text(&id).text, base_id_text(&kase->id).text);
  }
}

static enum base_code check_case(void *context, const struct store_case *row) {
  struct sim_node *node = ((struct cases *)context)->node;
  struct sim *sim = node->sim;
  struct core_case *kase = NULL;
  struct base_error err = {0};
  if (core_case_load(node->core, &row->id, &kase, &err) != BASE_OK) {
    sim_violate(sim, "a case can be read", "%s: %s", node->name, err.text);
    return BASE_EXISTS;
  }
  if (!base_view_equal(core_case_state_name(kase), row->state) || kase->count != row->message_count ||
      kase->state.flagged != row->flagged) {
    char text[400];
    describe(kase, text, sizeof text);
    bool villain = sim->profile.villain == SIM_EQUIVOCATES && node->index == sim->villain;
    if (!villain)
      sim_violate(sim, "the list of cases says what the case says",
                  "%s: case %.12s is listed as %.*s with %" PRIu64 " messages, and is %s", node->name,
                  base_id_text(&row->id).text, (int)row->state.size, (const char *)row->state.data, row->message_count,
                  text);
  }
  check_takers(node, kase);
  const struct wire_header *opening = kase->messages[0].header;
  for (size_t i = 0; i < opening->party_count && !sim->violated; i++) {
    unsigned party = sim_named(sim, opening->parties[i]);
    if (party > node->index && party < sim->node_count && sim->nodes[party].faithful)
      compare_case(node, &sim->nodes[party], kase);
  }
  if (!sim->violated)
    sim_items_alone(node, kase);
  return sim->violated ? BASE_EXISTS : BASE_OK;
}

static void check_cases(struct sim_node *node) {
  struct cases cases = {node};
  core_case_drop(node->core, NULL); /* as a fresh start would read them */
  struct base_error err = {0};
  if (store_case_each(node->core->store, (struct base_view){0}, 0, check_case, &cases, &err) != BASE_OK)
    sim_violate(node->sim, "cases can be listed", "%s: %s", node->name, err.text);
}

/* --- forks and roll-backs */

static void check_noticed(struct sim *sim, const struct sim_node *villain, const struct sim_node *node) {
  const struct sim_cosigned *last = &sim->cosigned[node->index * sim->node_count + villain->index];
  const struct sim_register *reg = &sim->registers[villain->index];
  const struct sim_branch *branch = &reg->branches[reg->current];
  if (!last->any ||
      sim_ledger_consistent(sim, villain->index, last->branch, last->size, reg->current, branch->leaf_count))
    return;
  const struct core_partner *partner = sim_partner(node, villain->index);
  if (partner->stopped)
    sim->counts.noticed++;
  else
    sim_violate(sim, "forks and roll-backs are noticed by the partner",
                "%s cosigned a head of %" PRIu64 " leaves of %s, which now shows %zu others, and goes on: \"%s\"",
                node->name, last->size, villain->name, branch->leaf_count, partner->trouble);
}

/* --- what was lost with a register */

static char why_missing(const struct core_back *back, uint64_t number) {
  for (size_t i = 0; i < back->count; i++)
    if (number >= back->missing[i].from && number <= back->missing[i].to)
      return back->missing[i].why;
  return '-';
}

/* Whatever a living partner took of a node that was restored is there again, and nothing else is said to be missing. */
static void check_returned(struct sim *sim, struct sim_node *restored, struct sim_node *other) {
  const struct core_partner *partner = sim_partner(restored, other->index), *his = sim_partner(other, restored->index);
  if (core_epoch_waits(partner) || his->row.state == STORE_PARTNER_SUSPENDED)
    return;
  for (uint64_t n = partner->epoch_told.lost_from; n > 0 && n <= partner->epoch_told.lost_to && !sim->violated; n++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct store_arrival arrival;
    struct store_delivery delivery;
    struct store_message row;
    if (store_arrival_get(other->core->store, his->row.number, n, &arena, &arrival, NULL) != BASE_OK ||
        !arrival.answered || arrival.refused)
      continue;
    if (store_delivery_by_number(restored->core->store, partner->row.number, n, &arena, &delivery, NULL) != BASE_OK ||
        delivery.state != STORE_RECEIPTED || !base_id_equal(&delivery.message, &arrival.message) ||
        store_message_header(restored->core->store, &arrival.message, &arena, &row, NULL) != BASE_OK)
      sim_violate(sim, "what a living partner holds comes back",
                  "%s holds number %" PRIu64 " of %s, which was restored, and does not have it again (%" PRIu64
                  " came back, number %" PRIu64 " is next; '%c'; \"%s\")",
                  other->name, n, restored->name, partner->back.came, partner->back.next,
                  why_missing(&partner->back, n), partner->trouble);
    sim->counts.returned++;
  }
}

/* Runs that a violation ended are not checked further. */
void sim_check(struct sim *sim) {
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    if (node->core == NULL)
      sim_violate(sim, "every node runs in the end", "%s does not", node->name);
    else
      check_outbox(node);
  }
  for (size_t i = 0; i < sim->acked_count && !sim->violated; i++)
    check_acked(sim, &sim->acked[i]);
  for (size_t i = 0; i < sim->erased_count && !sim->violated; i++)
    check_erased(sim, &sim->erased[i]);
  for (unsigned i = 0; i < sim->node_count && !sim->violated; i++) {
    struct sim_node *node = &sim->nodes[i];
    if (!node->faithful)
      continue;
    check_register(node);
    for (size_t k = 0; k < node->partner_count && !sim->violated; k++) {
      struct sim_node *other = &sim->nodes[node->partners[k]];
      if (sim_pair_clear(node, other))
        check_ledgers(node, other);
      else if (!other->faithful)
        check_noticed(sim, other, node);
      if (!sim->violated && !other->faithful && sim->profile.villain == SIM_RESTORED && other->core != NULL)
        check_returned(sim, other, node);
    }
    if (!sim->violated)
      check_cases(node);
    if (!sim->violated)
      sim_ends_check(node);
    if (!sim->violated)
      sim_exercise_check(node);
    if (!sim->violated)
      sim_feed_check(node);
    if (!sim->violated)
      sim_release_check(node);
  }
}
