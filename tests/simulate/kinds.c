/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cases.h"
#include "filled.h"
#include "simulate/law.h"

/* Cases of every kind that is shipped and has no file of its own here. No such kind is known by name: what may be
 * written next core says itself, of the case and of each item in it, and what stands in it is drawn by the fields of its
 * type. What core calls possible it must take, and law is judged as of all others. */

enum {
  CASES_SEEN = 24,
  FEW_CASES = 2, /* at a node: more of them are opened */
  IN_A_ROW = 4,
  OPENS_ITEM = 4, /* how often what is possible is chosen, beside each other */
  MOVES_ITEM = 6,
  GOES_ON = 3,
  ENDS = 1,
  ENDING = 4, /* how much more often what is there to see: cases whose personal data ends */
  LEVEL_AMBER = 2,
  SOON = 60,
  PERIOD_MOST = 365 * 86400, /* far more than filled.h draws, also where a clock is ahead */
};

bool sim_kind_drawn(const struct wire_kind *kind) {
  return kind->needs_row && !base_view_is(kind->name, "request") && !base_view_is(kind->name, "information");
}

/* --- what stands in a message */

static size_t below(void *context, size_t limit) {
  return (size_t)sim_draw(context, limit);
}

/* The highest class of what is there, by spec/kind.md. */
static unsigned personal_in(const struct wire_kind_field *fields, size_t count, const struct wire_json *object) {
  unsigned highest = WIRE_PERSONAL_NONE;
  for (size_t i = 0; i < count; i++) {
    const struct wire_json *value = wire_json_get(object, (const char *)fields[i].name.data);
    bool there = value != NULL && (fields[i].type != WIRE_FIELD_TABLE || wire_json_size(value) > 0);
    if (there && fields[i].personal > highest)
      highest = fields[i].personal;
    for (size_t k = 0; there && k < fields[i].column_count; k++) /* a table is of the class of all its columns */
      if (fields[i].columns[k].personal > highest)
        highest = fields[i].columns[k].personal;
  }
  return highest;
}

static void note_text(char *out, size_t size, struct base_view text) {
  (void)snprintf(out, size, "%.*s", (int)text.size, (const char *)text.data);
}

/* What the judge goes by. */
static void note(const struct wire_kind *kind, const struct wire_kind_type *type, struct base_view fields, base_time now,
                 struct sim_written *draft) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  if (wire_json_parse(fields, BASE_BUF_DEFAULT_LIMIT, "fields", &json, NULL) != BASE_OK)
    abort();
  note_text(draft->kind, sizeof draft->kind, kind->name);
  note_text(draft->type, sizeof draft->type, type->name);
  draft->level = LEVEL_AMBER;
  draft->marked_for_consent = true;
  draft->apart = kind->lane == WIRE_LANE_HUMANITARIAN;
  draft->period = kind->period.from.size > 0 ? now + PERIOD_MOST : 0;
  draft->ends = kind->personal_ends.days > 0;
  draft->personal = personal_in(type->fields, type->field_count, json);
  if (kind->purpose_field.size > 0)
    note_text(draft->purpose, sizeof draft->purpose,
              wire_json_text(wire_json_get(json, (const char *)kind->purpose_field.data)));
  (void)base_time_parse(wire_json_text(wire_json_get(json, "keep_until")), &draft->keep_until);
}

struct about { /* which a message names: the item that it moves, and the message that made the case's state */
  struct base_id item, by;
};

/* out: as text with a NUL. Passing on has its rules and is left to those who know them. */
static void fill(struct sim_node *node, const struct wire_kind *kind, const struct wire_kind_type *type,
                 const struct about *about, struct base_view party, struct base_view other, struct sim_written *draft,
                 struct base_buf *out) {
  struct wire_writer writer;
  struct base_hex_text item = base_id_text(&about->item), by = base_id_text(&about->by);
  bool alone = kind->balance_count > 0 || kind->answer_count > 0; /* no line stands twice; all that is asked is answered */
  struct filled how = {.below = below,
                       .context = node->sim,
                       .characters = 24,
                       .rows = alone ? 1 : 1 + sim_draw(node->sim, 2),
                       .same = alone,
                       .codes = 2,
                       .optional = 25,
                       .now = node->world.now(node) + SOON, /* what may be kept until now is kept by nobody */
                       .without = "passed_on",
                       .item = base_view_text(item.text),
                       .message = base_view_text(by.text),
                       .party = party,
                       .other = other};
  wire_writer_init(&writer, out);
  filled_form(&writer, type, &how);
  note(kind, type, base_buf_view(out), how.now, draft);
  base_buf_u8(out, 0);
  if (base_buf_check(out, "the fields", NULL) != BASE_OK)
    abort();
}

static bool names_earlier(const struct wire_rules *rules, struct base_view said) {
  bool names = false;
  for (size_t k = 0; rules != NULL && k < rules->earlier_count; k++) {
    char name[2 * WIRE_CODE_MAX];
    (void)snprintf(name, sizeof name, "%s.%s (", (const char *)rules->earlier[k].of.data, (const char *)rules->earlier[k].name.data);
    names = names || memmem(said.data, said.size, name, strlen(name)) != NULL;
  }
  return names;
}

/* Whether it was held to the time in an earlier message: that one's author may have had another clock. */
static bool held_to_earlier(const struct wire_kind_type *type, struct base_view said) {
  bool held = type != NULL && names_earlier(type->written, said);
  for (size_t i = 0; type != NULL && i < type->field_count; i++)
    held = held || names_earlier(type->fields[i].rules, said);
  return held;
}

/* A form that its own kind refuses, or a message that core itself called possible. */
static void check_taken(struct sim_node *node, const struct sim_written *draft, const struct wire_kind_type *type, bool possible) {
  enum base_code status = node->reply.came ? node->reply.status : BASE_OK;
  bool form = status == BASE_FIELD || status == BASE_UNKNOWN_FIELD || status == BASE_DATE || status == BASE_KIND;
  if ((form || (status == BASE_TRANSITION && possible)) && !held_to_earlier(type, base_buf_view(&node->reply.payload)))
    sim_violate(node->sim, "what a case allows is taken", "%s: %s %s: %.*s", node->name, draft->kind, draft->type,
                (int)node->reply.payload.size, (const char *)node->reply.payload.data);
}

/* --- a case is opened */

static const struct wire_kind *draw_kind(struct sim_node *node) {
  const struct wire_kind *chosen = NULL;
  size_t sum = 0;
  for (size_t i = 0; i < node->core->kind_count; i++) {
    const struct wire_kind *kind = &node->core->kinds[i]->kind;
    /* Persons who are known have no humanitarian lane, and are named for no case. */
    bool seen = node->sim->profile.persons == 0 || (kind->lane != WIRE_LANE_HUMANITARIAN && !kind->named_readers);
    size_t share = !sim_kind_drawn(kind) || !seen ? 0 : kind->item_count > 0 ? 2 : 1; /* in these there is more to see */
    if (node->sim->profile.months > 0 && kind->personal_ends.days > 0)
      share *= ENDING;
    sum += share;
    if (share > 0 && sim_draw(node->sim, sum) < share)
      chosen = kind;
  }
  return chosen;
}

void sim_open_drawn(struct sim_node *node, const struct wire_kind *kind, bool all) {
  BASE_AUTO_BUF struct base_buf fields = {0};
  struct sim *sim = node->sim;
  struct sim_written draft = {.by = node->index};
  struct about about = {0};
  unsigned to[SIM_RECEIVERS_MAX];
  size_t count = sim_draw_receivers(node, to);
  if (all)
    for (count = 0; count < node->partner_count && count < SIM_RECEIVERS_MAX; count++)
      to[count] = node->partners[count];
  struct base_view party = sim_chance(sim, 300) ? node->origin : sim->nodes[to[sim_draw(sim, count)]].origin;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  fill(node, kind, &kind->types[kind->opening], &about, party, sim->nodes[to[0]].origin, &draft, &fields);
  const char *handling = sim_draw_handling(sim, &draft);
  if (sim_open_case(node, &draft, to, count, (const char *)fields.data, handling))
    sim->counts.drawn++;
  else if (!sim->violated)
    check_taken(node, &draft, NULL, false);
}

/* --- a case goes on */

struct move {
  const struct wire_kind_type *type;
  size_t item; /* the place of the message that opened it; 0: none */
  unsigned sum;
};

static bool ends_in(const struct wire_kind *kind, size_t state) {
  for (size_t i = 0; i < kind->transition_count; i++)
    if (kind->transitions[i].from >> state & 1)
      return false;
  return true;
}

/* What ends a case comes seldom: there would be nothing to see. */
static unsigned share_of(const struct wire_kind *kind, const struct wire_kind_type *type) {
  for (size_t i = 0; i < kind->transition_count; i++)
    if (kind->transitions[i].on == type && !kind->transitions[i].stays && ends_in(kind, kind->transitions[i].to))
      return ENDS;
  return sim_feed_share(kind, type, type->opens != NULL ? OPENS_ITEM : GOES_ON);
}

static void offer(struct sim *sim, struct move *move, const struct wire_kind_type *type, size_t item, unsigned share) {
  move->sum += share;
  if (sim_draw(sim, move->sum) < share) {
    move->type = type;
    move->item = item;
  }
}

static bool possible(struct sim_node *node, const struct core_case *kase, const struct wire_kind_type *type,
                     size_t item) {
  const struct wire_kind *kind = &kase->kind->kind;
  struct base_view own = node->core->card.origin;
  return item > 0 ? engine_allows_item(kind, kase->messages, kase->count, &kase->state, own, type, item)
                  : engine_allows(kind, kase->messages, kase->count, &kase->state, own, node->world.now(node), type,
                                  NULL) == BASE_OK;
}

/* What a second person must release first nobody writes where no persons are known. */
static struct move draw_move(struct sim_node *node, const struct core_case *kase) {
  const struct wire_kind *kind = &kase->kind->kind;
  struct move move = {0};
  for (size_t i = 0; i < kind->type_count; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    if ((type->release && node->second[0] == '\0') || !possible(node, kase, type, 0))
      continue;
    if (type->moves == NULL)
      offer(node->sim, &move, type, 0, share_of(kind, type));
    for (size_t at = 1; type->moves != NULL && at < kase->count; at++)
      if (possible(node, kase, type, at))
        offer(node->sim, &move, type, at, sim_feed_share(kind, type, MOVES_ITEM));
  }
  return move;
}

/* Whether it may still be written: while its files were taken, others may have written. */
static bool still_possible(struct sim_node *node, const struct base_id *id, const char *name, const struct base_id *item) {
  struct core_case *kase = NULL;
  if (node->core == NULL || core_case_load(node->core, id, &kase, NULL) != BASE_OK)
    return false;
  const struct wire_kind_type *type = wire_kind_type_named(&kase->kind->kind, base_view_text(name));
  if (type->apart != NULL)
    return false; /* its period may have been said */
  for (size_t at = 1; type->moves != NULL && at < kase->count; at++)
    if (base_id_equal(&kase->messages[at].id, item))
      return possible(node, kase, type, at);
  return type->moves == NULL && possible(node, kase, type, 0);
}

/* NULL: the case is none any more. */
static const struct wire_kind_type *kind_type(struct sim_node *node, const struct base_id *id, const char *name) {
  struct core_case *kase = NULL;
  bool there = node->core != NULL && core_case_load(node->core, id, &kase, NULL) == BASE_OK;
  return there ? wire_kind_type_named(&kase->kind->kind, base_view_text(name)) : NULL;
}

bool sim_move_case(struct sim_node *node, const struct base_id *id) {
  BASE_AUTO_BUF struct base_buf fields = {0};
  struct sim *sim = node->sim;
  struct core_case *kase = NULL;
  if (core_case_load(node->core, id, &kase, NULL) != BASE_OK)
    return false;
  struct move move = draw_move(node, kase);
  if (move.type == NULL)
    return false;
  const struct wire_header *opening = kase->messages[0].header;
  struct sim_written draft = {.by = node->index};
  struct about about = {.item = kase->messages[move.item].id, .by = kase->state.by};
  struct base_id chosen = *id;
  base_buf_init(&fields, BASE_BUF_DEFAULT_LIMIT);
  bool first = base_view_equal(opening->parties[0], node->core->card.origin);
  fill(node, &kase->kind->kind, move.type, &about, opening->parties[sim_draw(sim, opening->party_count)],
       opening->parties[first ? 1 : 0], &draft, &fields);
  if (sim_send_in(node, &chosen, &draft, (const char *)fields.data))
    sim->counts.drawn++;
  else if (!sim->violated && !(sim->profile.villain == SIM_EQUIVOCATES && sim->villain == node->index))
    check_taken(node, &draft, kind_type(node, &chosen, draft.type), still_possible(node, &chosen, draft.type, &about.item));
  return true;
}

/* --- what people do */

struct seen {
  struct sim_node *node;
  bool ending; /* those alone whose personal data ends */
  size_t count;
  struct base_id chosen;
};

static enum base_code see(void *context, const struct store_case *row) {
  struct seen *seen = context;
  const struct core_kind *kind = core_kind_hashed(seen->node->core, row->kind, &row->kind_hash);
  bool fits = kind != NULL && sim_kind_drawn(&kind->kind) && (!seen->ending || kind->kind.personal_ends.days > 0);
  if (fits && sim_draw(seen->node->sim, ++seen->count) == 0)
    seen->chosen = row->id;
  return BASE_OK;
}

/* Several messages of one case go out one behind another, so that they cross those of others. */
void sim_kinds_act(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct seen seen = {.node = node};
  if (store_case_each(node->core->store, (struct base_view){0}, CASES_SEEN, see, &seen, NULL) != BASE_OK)
    return;
  bool moved = false;
  unsigned again = seen.count < FEW_CASES ? 750 : 950;
  size_t most = seen.count > 0 && sim_chance(sim, again) ? 1 + sim_draw(sim, IN_A_ROW) : 0;
  for (size_t i = 0; i < most && node->core != NULL && !sim->violated; i++)
    moved = sim_move_case(node, &seen.chosen) || moved;
  if (!moved && node->core != NULL && !sim->violated)
    sim_open_drawn(node, draw_kind(node), sim_chance(sim, 400));
}

void sim_kinds_act_late(struct sim_node *node) {
  struct seen seen = {.node = node, .ending = true};
  if (store_case_each(node->core->store, (struct base_view){0}, 0, see, &seen, NULL) == BASE_OK && seen.count > 0)
    (void)sim_move_case(node, &seen.chosen);
}
