/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cases.h"
#include "core/partners.h"
#include "core/register.h"
#include "simulate/law.h"

/* The judge: spec/agreement.md and spec/handling.md, written once more. Its calls stand between core and what core
 * calls, so it looks in the very moment: when a leaf is written and when a consignment was made. What was agreed on is
 * the simulator's own memory; which of it is accepted, given, revoked is read from the cases that this node holds at
 * that moment. */

static struct sim *judged;

void sim_judge_begin(struct sim *sim) {
  judged = sim;
}

/* --- which terms stand */

struct standing {
  base_time from, until;
  const struct sim_written *terms;
};

struct newest {
  base_time time;
};

static enum base_code look_at_receipt(void *context, const struct store_delivery *row) {
  struct newest *newest = context;
  struct wire_leaf leaf;
  if (row->state == STORE_RECEIPTED && wire_leaf_parse(row->leaf, &leaf, NULL) == BASE_OK && leaf.time > newest->time)
    newest->time = leaf.time;
  return BASE_OK;
}

/* The receipt of an acceptance, as this node knows it. */
static base_time accepted_at(struct sim_node *node, struct core *core, const struct engine_message *message) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct newest newest = {0};
  struct store_arrival arrival;
  struct store_leaf row;
  struct wire_leaf leaf;
  if (base_view_equal(message->header->author, node->origin)) {
    enum base_code code = store_delivery_each(core->store, &message->id, false, 0, look_at_receipt, &newest, NULL);
    return code == BASE_OK && newest.time != 0 ? newest.time : message->header->time;
  }
  const struct core_partner *author = core_partner_of(core, message->header->author);
  if (author != NULL &&
      store_arrival_of(core->store, &message->id, author->row.number, &arena, &arrival, NULL) == BASE_OK &&
      arrival.answered && store_leaf_get(core->store, arrival.answer_index, &arena, &row, NULL) == BASE_OK &&
      wire_leaf_parse(row.entry, &leaf, NULL) == BASE_OK)
    return leaf.time;
  return node->world.now(node);
}

static bool is(const struct engine_message *message, const char *type) {
  return message->effective && base_view_is(message->header->type, type);
}

struct acceptance {
  const struct engine_message *terms, *by;
};

/* From when on an end frees, as its author wrote it, and not before he wrote it; of several the first. */
static void count_end(const struct engine_message *message, base_time *ends) {
  struct base_view text = wire_header_state(message->header, "on");
  base_time on = 0;
  if (!is(message, "end"))
    return;
  (void)(base_time_parse(text, &on) || base_date_parse(text, &on));
  on = on > message->header->time ? on : message->header->time;
  *ends = on < *ends ? on : *ends;
}

/* The last two terms that everybody accepted, the newest first. */
static size_t acceptances(struct sim *sim, const struct core_case *kase, struct acceptance out[2], base_time *ends) {
  const struct engine_message *stands = NULL;
  const struct sim_written *opening = sim_law_find(sim, &kase->id);
  uint64_t agreed = 0;
  size_t count = 0;
  for (size_t i = 0; i < kase->count; i++) {
    const struct engine_message *message = &kase->messages[i];
    bool proposes = is(message, "propose") || is(message, "counter") || is(message, "amend");
    unsigned author = sim_named(sim, message->header->author);
    size_t place = 0;
    while (place < opening->party_count && opening->parties[place] != author)
      place++;
    count_end(message, ends);
    if (proposes)
      stands = message;
    if (proposes)
      agreed = 0;
    if (proposes || is(message, "accept"))
      agreed |= UINT64_C(1) << place;
    if (!proposes && is(message, "accept") && stands != NULL && agreed == (UINT64_C(1) << opening->party_count) - 1) {
      out[1] = out[0];
      out[0] = (struct acceptance){stands, message};
      count += count < 2;
    }
  }
  return count;
}

/* What of this agreement may be in force at some time, by what the node knows: the terms that were accepted last, and
 * those that they replace later. Also of one that was ended: what came under it keeps its rule for passing on. */
static size_t standing(struct sim_node *node, struct core *core, const struct base_id *id, struct standing out[2],
                       base_time *ends) {
  struct sim *sim = node->sim;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct core_case kase = {0};
  struct acceptance accepted[2] = {{NULL}};
  size_t count = 0;
  *ends = INT64_MAX;
  if (store_case_get(core->store, id, &arena, &row, NULL) != BASE_OK)
    return 0;
  size_t versions = core_case_look(core, &row, &kase, NULL) == BASE_OK ? acceptances(sim, &kase, accepted, ends) : 0;
  if (versions > 0 && row.flagged && kase.messages[0].header->party_count == 2) /* disputed: nothing leaves under it */
    *ends = 0;
  for (size_t i = 0; i < versions; i++) {
    const struct sim_written *terms = sim_law_find(sim, &accepted[i].terms->id);
    base_time when = accepted_at(node, core, accepted[i].by);
    if (terms == NULL || !terms->has_terms)
      break;
    struct standing stands = {terms->terms.from != 0 ? terms->terms.from : when, terms->terms.until, terms};
    if (i == 1 && stands.until > out[0].from)
      stands.until = out[0].from;
    if (stands.until <=
        stands.from) /* over before it was accepted: it cannot be read, and what it replaced does not come back */
      break;
    out[count++] = stands;
    if (stands.from <= when) /* it took the place of what was before at once */
      break;
  }
  core_case_release(&kase);
  return count;
}

/* --- rows */

static bool lists(const char *codes, const char *code) {
  char quoted[48];
  (void)snprintf(quoted, sizeof quoted, "\"%s\"", code);
  return strcmp(codes, "\"*\"") == 0 || (code[0] != '\0' && strstr(codes, quoted) != NULL);
}

static bool row_covers(const struct sim_row *row, const struct sim_written *terms, const struct sim_written *written,
                       unsigned to) {
  bool from_proposer = strcmp(row->direction, "from_proposer") == 0,
       to_proposer = strcmp(row->direction, "to_proposer") == 0;
  bool any = strcmp(row->kind, "*") == 0 && !written->apart;
  return (any || strcmp(row->kind, written->kind) == 0) && lists(row->types, written->type) &&
         lists(row->purposes, written->purpose) && (!from_proposer || written->by == terms->by) &&
         (!to_proposer || to == terms->by) && (row->recipient == SIM_NOBODY || row->recipient == to) &&
         written->personal <= row->personal && written->level <= row->ceiling;
}

static bool opens_agreement(const struct sim_written *written, unsigned from, unsigned to) {
  return written->opens && strcmp(written->kind, "agreement") == 0 && sim_law_party(written, from) &&
         sim_law_party(written, to);
}

/* A row in force covers it now; clause: the one that must (NULL: any); lasts: longer than until then. */
static bool covered(struct sim_node *node, struct core *core, const struct sim_written *written, unsigned to,
                    const char *clause, base_time lasts) {
  struct sim *sim = node->sim;
  base_time now = node->world.now(node);
  for (size_t i = 0; i < sim->law->count; i++) {
    const struct base_id id = sim->law->written[i].id;
    struct standing found[2];
    base_time ends;
    if (!opens_agreement(&sim->law->written[i], written->by, to) ||
        (clause != NULL && strncmp(clause, base_id_text(&id).text, BASE_HEX_ID) != 0))
      continue;
    size_t count = standing(node, core, &id, found, &ends);
    for (size_t k = 0; k < count; k++)
      found[k].until = found[k].until < ends ? found[k].until : ends;
    for (size_t k = 0; k < count; k++)
      for (size_t r = 0; r < found[k].terms->terms.row_count && now >= found[k].from && now < found[k].until; r++) {
        char name[SIM_CLAUSE];
        bool first = base_id_equal(&found[k].terms->id, &id);
        (void)snprintf(name, sizeof name, "%s%s%s/%zu", base_id_text(&id).text, first ? "" : "@",
                       first ? "" : base_id_text(&found[k].terms->id).text, r + 1);
        size_t size = strlen(name);
        if (found[k].until > lasts && row_covers(&found[k].terms->terms.rows[r], found[k].terms, written, to) &&
            (clause == NULL || (strncmp(clause, name, size) == 0 && (clause[size] == '\0' || clause[size] == ' '))))
          return true;
      }
  }
  return false;
}

/* --- passing on */

struct named {
  const struct base_id *message;
  struct base_view author;
  struct core *core;
  bool there;
};

static enum base_code look_at_recall(void *context, const struct store_case *row) {
  struct named *named = context;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message message;
  struct wire_header header;
  struct base_id id;
  if (store_message_header(named->core->store, &row->id, &arena, &message, NULL) == BASE_OK &&
      wire_header_parse(message.header, &arena, &header, NULL) == BASE_OK &&
      base_id_parse(wire_header_state(&header, "message"), &id) && base_id_equal(&id, named->message) &&
      base_view_equal(header.author, named->author))
    named->there = true;
  return BASE_OK;
}

/* Its author called this message back, and the node knows of it. */
static bool recalled(struct sim_node *node, struct core *core, const struct sim_written *written) {
  struct named named = {&written->id, node->sim->nodes[written->by].origin, core, false};
  return store_case_each(core->store, base_view_text("recall"), 0, look_at_recall, &named, NULL) == BASE_OK &&
         named.there;
}

static base_time moment(const struct wire_header *header) {
  base_time time = 0;
  return base_time_parse(wire_header_state(header, "until"), &time) ? time : 0;
}

static bool names(const struct wire_header *header, struct base_view origin) {
  struct base_view list = wire_header_state(header, "to");
  return list.size > 0 && memmem(list.data, list.size, origin.data, origin.size) != NULL;
}

/* The originator consented, to this recipient, for this purpose; it is not revoked, and its time is not over. */
static bool consent_gives(struct sim_node *node, struct core *core, const struct base_id *id,
                          const struct sim_written *source, const struct sim_written *written, unsigned to) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct core_case kase = {0};
  struct sim *sim = node->sim;
  base_time now = node->world.now(node);
  bool gives = false;
  if (store_case_get(core->store, id, &arena, &row, NULL) != BASE_OK)
    return false;
  if (core_case_look(core, &row, &kase, NULL) == BASE_OK) {
    const struct wire_header *ask = kase.messages[0].header;
    for (size_t i = 1; i < kase.count; i++) {
      const struct wire_header *header = kase.messages[i].header;
      if (is(&kase.messages[i], "give"))
        gives = base_view_equal(header->author, sim->nodes[source->by].origin) && now < moment(ask) &&
                now < moment(header) && names(ask, sim->nodes[to].origin) && names(header, sim->nodes[to].origin) &&
                base_view_is(wire_header_state(ask, "purpose"), written->purpose) &&
                base_view_is(wire_header_state(header, "purpose"), written->purpose);
      else if (is(&kase.messages[i], "revoke") || is(&kase.messages[i], "withdraw"))
        gives = false;
    }
  }
  core_case_release(&kase);
  return gives;
}

/* The node holds these terms, of this agreement, and can read them: those without a beginning begin when they came. */
static const struct sim_written *terms_held(struct sim_node *node, struct core *core, const struct base_id *id,
                                            const struct base_id *agreement) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  const struct sim_written *terms = sim_law_find(node->sim, id);
  if (terms == NULL || !terms->has_terms || !base_id_equal(&terms->kase, agreement) ||
      store_message_header(core->store, id, &arena, &row, NULL) != BASE_OK || row.state != STORE_MESSAGE_HELD)
    return NULL;
  base_time from = terms->terms.from != 0 ? terms->terms.from : row.stored;
  return from < terms->terms.until ? terms : NULL;
}

/* What the row under which it came says of passing on, in the very terms that its clause names, whatever was agreed
 * since; a row that the node does not know asks for consent. */
static enum sim_onward onward(struct sim_node *node, struct core *core, const struct sim_written *source,
                              const struct sim_written **agreement) {
  const char *clause = "";
  struct base_id id;
  for (size_t i = 0; i < source->party_count; i++)
    if (source->parties[i] == node->index)
      clause = source->clauses[i];
  if (strlen(clause) < BASE_HEX_ID || !base_id_parse(base_view_of(clause, BASE_HEX_ID), &id))
    return SIM_ONWARD_CONSENT;
  *agreement = sim_law_find(node->sim, &id);
  struct base_id named = id;
  if (clause[BASE_HEX_ID] == '@')
    (void)base_id_parse(base_view_of(clause + BASE_HEX_ID + 1, BASE_HEX_ID), &named);
  const struct sim_written *terms = terms_held(node, core, &named, &id);
  const char *slash = strchr(clause, '/');
  return terms != NULL && slash != NULL ? terms->terms.rows[slash[1] - '1'].onward : SIM_ONWARD_CONSENT;
}

static bool whole(struct core *core, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  return store_message_header(core->store, id, &arena, &row, NULL) == BASE_OK && row.wrapped_key.size > 0;
}

static bool may_pass(struct sim_node *node, struct core *core, const struct sim_written *written, unsigned to) {
  struct sim *sim = node->sim;
  const struct sim_written *source = sim_law_find(sim, &written->source), *agreement = NULL;
  if (source != NULL && recalled(node, core, source))
    return false;
  while (source != NULL && source->by == node->index && source->passes)
    source = sim_law_find(sim, &source->source);
  if (source == NULL)
    return false;
  if (source->by == node->index || sim_law_party(source, to))
    return true;
  enum sim_onward says = onward(node, core, source, &agreement);
  if (says == SIM_ONWARD_NO || (says == SIM_ONWARD_PARTIES && !sim_law_party(agreement, to)))
    return false;
  if (!source->marked_for_consent && says != SIM_ONWARD_CONSENT && whole(core, &source->id))
    return true;
  for (size_t i = 0; i < sim->law->count; i++) {
    const struct sim_written *ask = &sim->law->written[i];
    if (strcmp(ask->kind, "consent") == 0 && strcmp(ask->type, "ask") == 0 && ask->by == node->index &&
        base_id_equal(&ask->source, &source->id) && consent_gives(node, core, &ask->id, source, written, to))
      return true;
  }
  return false;
}

/* --- the moments */

static bool needs_row(const struct sim_written *written) {
  return strcmp(written->kind, "agreement") != 0 && strcmp(written->kind, "consent") != 0;
}

static const char *lacks(struct sim_node *node, struct core *core, const struct sim_written *written, unsigned to,
                         const char *clause, base_time lasts) {
  if (!covered(node, core, written, to, clause, lasts))
    return "no row";
  return written->passes && !may_pass(node, core, written, to) ? "no leave to pass it on" : NULL;
}

static void tell(struct sim_node *node, const char *what, const struct sim_written *written, unsigned to,
                 const char *lacking) {
  sim_violate(node->sim, what, "%s: message %.12s, %s %s, to %s at %s: %s", node->name, base_id_text(&written->id).text,
              written->kind, written->type, node->sim->nodes[to].name, base_time_format(node->world.now(node)).text,
              lacking);
}

/* The villain that tells two stories changes its own core's memory, by which it then goes. */
static bool judges(const struct sim_node *node) {
  const struct sim *sim = node->sim;
  return !sim->violated && !sim_node_dark(node) &&
         !(sim->profile.villain == SIM_EQUIVOCATES && sim->villain == node->index);
}

/* What a restored node wrote before it lost it: it goes on under the law of then, of an agreement that he is a party of;
 * its hand-over is judged as any other. */
static void judge_sent_again(struct sim_node *node, const struct sim_written *written, unsigned to,
                             const char *clause) {
  struct base_id id;
  const struct sim_written *agreement = NULL;
  if (strlen(clause) >= BASE_HEX_ID && base_id_parse(base_view_of(clause, BASE_HEX_ID), &id))
    agreement = sim_law_find(node->sim, &id);
  if (agreement == NULL || !sim_law_party(agreement, to))
    tell(node, "what is sent names a row of an agreement with him", written, to, clause);
}

static void judge_sent(struct sim_node *node, struct core *core, const struct wire_opening *opening) {
  struct sim *sim = node->sim;
  unsigned to = sim_named(sim, opening->to);
  if (base_view_is(opening->clause, "recall") || base_view_is(opening->clause, "erasure"))
    return; /* the node's own words */
  bool again = sim_law_find(sim, &opening->message) != NULL && !sim->law->writing;
  struct sim_written *written = sim_law_named(sim, &opening->message);
  bool liar = sim->profile.villain == SIM_EQUIVOCATES && sim->villain == node->index;
  if (written == NULL && liar)
    return; /* the second of two stories */
  if (written == NULL || to == sim->node_count) {
    sim_violate(sim, "a node sends what its people write", "%s: message %.12s", node->name,
                base_id_text(&opening->message).text);
    return;
  }
  char clause[SIM_CLAUSE];
  (void)snprintf(clause, sizeof clause, "%.*s", (int)opening->clause.size, (const char *)opening->clause.data);
  for (size_t i = 0; i < written->party_count; i++)
    if (written->parties[i] == to)
      memcpy(written->clauses[i], clause, sizeof clause);
  if (sim->law->writing && !sim->law->releasing && sim_release_needed(node, written))
    tell(node, "what needs a second person waits for him", written, to, clause);
  if (!needs_row(written) || !judges(node))
    return;
  sim->law->judged++;
  if (again) {
    judge_sent_again(node, written, to, clause);
    return;
  }
  const char *lacking = lacks(node, core, written, to, clause, 0);
  if (lacking != NULL)
    tell(node, "nothing is sent that no row in force covers", written, to, lacking);
}

/* The period for which the case was meant is over, which nobody here remembers. */
static bool is_over(const struct sim_written *written, struct base_view reason) {
  static const char over[] = "the period of this case ended on ";
  return written->period != 0 && reason.size > 0 && memmem(reason.data, reason.size, over, sizeof over - 1) != NULL;
}

static void judge_denied(struct sim_node *node, struct core *core, const struct wire_opening *opening) {
  static const char by_law[] = "no-legal-basis:";
  struct sim_law *law = node->sim->law;
  const struct sim_written *draft = &law->draft;
  bool all = law->writing && !is_over(draft, opening->reason) && opening->reason.size >= sizeof by_law &&
             memcmp(opening->reason.data, by_law, sizeof by_law - 1) == 0;
  law->refused += all;
  for (size_t i = 0; i < draft->party_count && all; i++)
    all = draft->parties[i] == node->index || lacks(node, core, draft, draft->parties[i], NULL, draft->period) == NULL;
  if (all)
    sim_violate(node->sim, "nothing lawful is refused", "%s: %s %s at %s: %.*s", node->name, draft->kind, draft->type,
                base_time_format(node->world.now(node)).text, (int)opening->reason.size,
                (const char *)opening->reason.data);
}

enum base_code __real_core_register_add(struct core *core, enum wire_act act, struct wire_opening *opening,
                                        struct core_leaf *out, struct base_error *err);
enum base_code __wrap_core_register_add(struct core *core, enum wire_act act, struct wire_opening *opening,
                                        struct core_leaf *out, struct base_error *err);

enum base_code __wrap_core_register_add(struct core *core, enum wire_act act, struct wire_opening *opening,
                                        struct core_leaf *out, struct base_error *err) {
  struct sim_node *node = judged != NULL ? judged->stepping : NULL;
  if (node != NULL && act == WIRE_ACT_SENT)
    judge_sent(node, core, opening);
  if (node != NULL && judges(node) && act == WIRE_ACT_DENIED)
    judge_denied(node, core, opening);
  return __real_core_register_add(core, act, opening, out, err);
}

/* Whether he took it before, and lost it: then it is his. */
static bool taken_before(struct core *core, const struct core_partner *partner, const struct base_id *id) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery delivery;
  return store_delivery_get(core->store, id, partner->row.number, &arena, &delivery, NULL) == BASE_OK &&
         delivery.leaf.size > 0;
}

static void judge_given(struct sim_node *node, struct core *core, const struct core_partner *partner,
                        const struct base_id *id, bool part) {
  struct sim *sim = node->sim;
  const struct sim_written *written = sim_law_find(sim, id);
  unsigned to = sim_named(sim, partner->card.origin);
  if (written == NULL || !needs_row(written) || to == sim->node_count || taken_before(core, partner, id))
    return;
  sim->law->judged++;
  const char *lacking = lacks(node, core, written, to, NULL, 0);
  if (lacking != NULL)
    tell(node,
         part ? "no part is handed over that no row in force covers"
              : "nothing is handed over that no row in force covers",
         written, to, lacking);
}

static void judge_consignment(struct sim_node *node, struct core *core, const struct core_partner *partner,
                              struct base_view plain) {
  struct base_reader reader = base_reader_of(plain);
  struct base_id last = {{0}};
  bool end = false;
  struct sim_side side = {0};
  static struct wire_frame frame;
  while (!node->sim->violated && wire_frame_read(&reader, &frame, &end, NULL) == BASE_OK && !end) {
    struct base_id id = frame.type == WIRE_FRAME_MESSAGE ? seal_message_id(frame.header) : frame.message;
    if ((frame.type != WIRE_FRAME_MESSAGE && frame.type != WIRE_FRAME_RECORD) || base_id_equal(&id, &last))
      continue;
    last = id;
    sim_exercise_goes_along(node, &frame, &id, &side);
    judge_given(node, core, partner, &id, frame.type == WIRE_FRAME_RECORD);
  }
}

/* Law said no at the hand-over. */
static void judge_revoked(struct sim_node *node, struct core *core, const struct core_partner *partner) {
  const struct sim_written *written = sim_law_find(node->sim, &partner->revoke_message);
  unsigned to = sim_named(node->sim, partner->card.origin);
  if (written == NULL || to == node->sim->node_count || partner->revoke_why.code != BASE_LAW)
    return;
  node->sim->law->refused++;
  bool over = is_over(written, base_view_text(partner->revoke_why.text));
  if (!over && lacks(node, core, written, to, NULL, written->period) == NULL)
    tell(node, "nothing lawful is refused", written, to, partner->revoke_why.text);
}

enum base_code __real_core_consignment_build(struct core *core, struct core_partner *partner, struct base_buf *out,
                                             struct core_consignment *made, struct base_error *err);
enum base_code __wrap_core_consignment_build(struct core *core, struct core_partner *partner, struct base_buf *out,
                                             struct core_consignment *made, struct base_error *err);

enum base_code __wrap_core_consignment_build(struct core *core, struct core_partner *partner, struct base_buf *out,
                                             struct core_consignment *made, struct base_error *err) {
  enum base_code code = __real_core_consignment_build(core, partner, out, made, err);
  struct sim_node *node = judged != NULL ? judged->stepping : NULL;
  if (code != BASE_OK || node == NULL || !judges(node))
    return code;
  judge_consignment(node, core, partner, base_buf_view(out));
  if (partner->revoke)
    judge_revoked(node, core, partner);
  return code;
}
