/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "core/messages.h"
#include "simulate/law.h"

/* spec/case.md, "Feeds": what an item became goes on into a case of another kind, by its owner, once it is settled, with the
 * fields and marks that it has, and not twice. No kind is known by name: which have feeds they say themselves. */

enum { LEAN = 6, ROUNDS = 12, TURN_MS = 1500, LIKELY = 8, IN_A_ROW = 3 };

static bool leads_on(const struct wire_kind_feed *feed, const struct wire_kind_type *type) {
  for (size_t i = 0; i < feed->item->transition_count; i++)
    if (feed->item->transitions[i].on == type && (feed->states >> feed->item->transitions[i].to & 1))
      return true;
  return false;
}

unsigned sim_feed_share(const struct wire_kind *kind, const struct wire_kind_type *type, unsigned usual) {
  const struct wire_kind_feed *moves = type->moves != NULL ? wire_kind_feed_of(kind, type->moves) : NULL;
  if (moves == NULL)
    return type->opens != NULL && wire_kind_feed_of(kind, type->opens) != NULL ? 2 * usual : usual;
  return leads_on(moves, type) ? LEAN * usual : 1;
}

/* --- which item, and into which case */

struct seen {
  struct sim_node *node;
  struct base_view kind; /* empty: one with feeds */
  size_t count;
  struct base_id chosen;
};

static enum base_code see(void *context, const struct store_case *row) {
  struct seen *seen = context;
  const struct core_kind *kind = core_kind_hashed(seen->node->core, row->kind, &row->kind_hash);
  bool fits = kind != NULL && (seen->kind.size > 0 ? base_view_equal(row->kind, seen->kind) : kind->kind.feed_count > 0);
  if (fits && sim_draw(seen->node->sim, ++seen->count) == 0)
    seen->chosen = row->id;
  return BASE_OK;
}

static bool pick_case(struct sim_node *node, struct base_view kind, struct base_id *out) {
  struct seen seen = {.node = node, .kind = kind};
  if (store_case_each(node->core->store, (struct base_view){0}, 0, see, &seen, NULL) != BASE_OK || seen.count == 0)
    return false;
  *out = seen.chosen;
  return true;
}

/* Every party wrote it, or what descends from it. */
static bool is_settled(const struct core_case *kase, size_t at) {
  bool *below = calloc(kase->count, sizeof *below);
  uint64_t wrote = 0;
  const struct wire_header *opening = kase->messages[0].header;
  if (below == NULL)
    abort();
  for (size_t i = at; i < kase->count; i++) { /* each stands behind what it follows */
    const struct wire_header *header = kase->messages[i].header;
    below[i] = i == at;
    for (size_t f = 0; f < header->follow_count; f++)
      for (size_t k = at; k < i && !below[i]; k++)
        below[i] = below[k] && base_id_equal(&kase->messages[k].id, &header->follows[f]);
    for (size_t p = 0; p < opening->party_count && below[i]; p++)
      if (base_view_equal(opening->parties[p], header->author))
        wrote |= UINT64_C(1) << p;
  }
  free(below);
  return wrote == (UINT64_C(1) << opening->party_count) - 1;
}

struct going { /* an item, and whether it may go on by this node */
  const struct wire_kind_feed *feed;
  struct base_id from, item, to;
  bool due;
};

static bool pick_item(struct sim_node *node, struct going *out) {
  struct core_case *kase = NULL;
  size_t sum = 0;
  if (!pick_case(node, (struct base_view){0}, &out->from) || core_case_load(node->core, &out->from, &kase, NULL) != BASE_OK)
    return false;
  const struct wire_kind *kind = &kase->kind->kind;
  for (size_t i = 1; i < kase->count; i++) {
    const struct engine_message *message = &kase->messages[i];
    const struct wire_kind_item *item = engine_item(kind, message);
    const struct wire_kind_feed *feed = item != NULL ? wire_kind_feed_of(kind, item) : NULL;
    if (feed == NULL)
      continue;
    bool likely = (feed->states >> message->item_state & 1) && base_view_equal(message->header->author, node->origin);
    size_t share = likely ? LIKELY : 1;
    sum += share;
    if (sim_draw(node->sim, sum) >= share)
      continue;
    out->feed = feed;
    out->item = message->id;
    out->due = likely && is_settled(kase, message->item_by);
  }
  return sum > 0;
}

/* --- whether it went on already */

struct fed {
  struct sim_node *node;
  const struct wire_kind_feed *feed;
  const struct base_id *item;
  struct base_view owner;
  size_t count;
  struct base_id last;
};

static enum base_code look_for_fed(void *context, const struct store_case *row) {
  struct fed *fed = context;
  struct core_case kase = {0};
  struct base_id named;
  bool read = core_case_look(fed->node->core, row, &kase, NULL) == BASE_OK;
  for (size_t i = 1; read && i < kase.count; i++) {
    const struct wire_header *header = kase.messages[i].header;
    if (kase.messages[i].effective && base_view_equal(header->author, fed->owner) &&
        base_view_equal(header->type, fed->feed->type) &&
        base_id_parse(wire_header_state(header, (const char *)fed->feed->reference.data), &named) &&
        base_id_equal(&named, fed->item)) {
      fed->count++;
      fed->last = kase.messages[i].id;
    }
  }
  core_case_release(&kase);
  return BASE_OK;
}

static struct fed find_fed(struct sim_node *node, const struct wire_kind_feed *feed, const struct base_id *item,
                           struct base_view owner) {
  struct fed fed = {.node = node, .feed = feed, .item = item, .owner = owner};
  if (store_case_each(node->core->store, feed->kind, 0, look_for_fed, &fed, NULL) != BASE_OK)
    sim_violate(node->sim, "cases can be listed", "%s", node->name);
  return fed;
}

/* --- what goes on */

/* A field of a message, from its header or its part 0, as text. */
static bool value_of(const struct core_content *content, struct base_view name, struct base_buf *out) {
  struct base_view text = wire_header_state(&content->header, (const char *)name.data);
  const struct wire_json *value = wire_json_get(content->part0.fields, (const char *)name.data);
  struct wire_writer writer;
  base_buf_init(out, BASE_BUF_DEFAULT_LIMIT);
  if (wire_json_type(value) == WIRE_JSON_TEXT)
    text = wire_json_text(value);
  wire_writer_init(&writer, out);
  if (text.size > 0)
    base_buf_add_view(out, text);
  else if (value != NULL)
    wire_write_value(&writer, value);
  return out->size > 0;
}

static unsigned class_of(const struct wire_kind_field *field) {
  unsigned highest = field->personal;
  for (size_t i = 0; i < field->column_count; i++)
    highest = field->columns[i].personal > highest ? field->columns[i].personal : highest;
  return highest;
}

/* What the judge goes by: the mark of the item, and the fields that it has. */
static bool write_draft(struct sim_node *node, const struct going *going, struct sim_written *draft) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  const struct sim_written *item = sim_law_find(node->sim, &going->item), *to = sim_law_find(node->sim, &going->to);
  const struct core_kind *kind = core_kind_named(node->core, going->feed->kind);
  const struct wire_kind_type *type = kind != NULL ? wire_kind_type_named(&kind->kind, going->feed->type) : NULL;
  if (item == NULL || to == NULL || type == NULL ||
      core_content_read(node->core, &going->item, &arena, &content, NULL) != BASE_OK)
    return false;
  *draft = *to; /* parties and purpose are its case's */
  draft->by = node->index;
  draft->kase = going->to;
  draft->opens = draft->passes = draft->has_terms = false;
  draft->keep_until = draft->period = 0;
  draft->level = item->level;
  draft->marked_for_consent = item->marked_for_consent;
  draft->personal = WIRE_PERSONAL_NONE;
  memset(draft->clauses, 0, sizeof draft->clauses);
  (void)snprintf(draft->type, sizeof draft->type, "%.*s", (int)type->name.size, (const char *)type->name.data);
  for (size_t i = 0; i < going->feed->field_count && !content.dropped; i++) {
    BASE_AUTO_BUF struct base_buf value = {0};
    const struct wire_kind_field *field = wire_kind_field_named(type, going->feed->fields[i].to);
    if (field != NULL && value_of(&content, going->feed->fields[i].from->name, &value) && class_of(field) > draft->personal)
      draft->personal = class_of(field);
  }
  bool there = !content.dropped;
  core_content_free(&content);
  return there;
}

static bool takes(struct sim_node *node, const struct going *going) {
  struct core_case *kase = NULL;
  if (core_case_load(node->core, &going->to, &kase, NULL) != BASE_OK)
    return false;
  const struct wire_kind_type *type = wire_kind_type_named(&kase->kind->kind, going->feed->type);
  return type != NULL && engine_allows(&kase->kind->kind, kase->messages, kase->count, &kase->state,
                                       node->core->card.origin, node->world.now(node), type, NULL) == BASE_OK;
}

static void feed_one(struct sim_node *node) {
  struct sim *sim = node->sim;
  struct going going = {0};
  struct sim_written draft;
  char what[80];
  bool liar = sim->profile.villain == SIM_EQUIVOCATES && sim->villain == node->index;
  if (liar || !pick_item(node, &going) || !pick_case(node, going.feed->kind, &going.to) || !write_draft(node, &going, &draft))
    return;
  const struct sim_written *from = sim_law_find(sim, &going.from);
  bool joined = from != NULL && from->exercise == draft.exercise, allowed = takes(node, &going);
  bool due = going.due && joined && find_fed(node, going.feed, &going.item, node->origin).count == 0;
  (void)snprintf(what, sizeof what, "feeds %.12s into %.12s:", base_id_text(&going.item).text, base_id_text(&going.to).text);
  sim_law_writes(sim, &draft);
  bool done = sim_ask(node, LINK_CASE_FEED, -1, "{\"actor\":\"amal\",\"id\":\"%s\",\"from\":\"%s\",\"item\":\"%s\"}",
                      base_id_text(&going.to).text, base_id_text(&going.from).text, base_id_text(&going.item).text) &&
              sim_submitted(node, what, 0, 0, 0);
  sim_law_wrote(sim);
  enum base_code status = node->reply.came ? node->reply.status : BASE_OK;
  sim->counts.fed += done;
  if (done && !due)
    sim_violate(sim, "what goes on is settled, its owner's, and not there yet", "%s: %s", node->name, what);
  else if (!done && due && allowed && (status == BASE_CONFLICT || status == BASE_TRANSITION))
    sim_violate(sim, "what is due goes on", "%s: %s %.*s", node->name, what, (int)node->reply.payload.size,
                (const char *)node->reply.payload.data);
}

void sim_feed_acts(struct sim_node *node) {
  for (unsigned i = 0; i < IN_A_ROW && node->core != NULL && !node->sim->violated; i++)
    feed_one(node);
}

/* --- before anything goes wrong something is settled that may go on */

static const struct wire_kind *kind_with_feeds(const struct sim_node *node) {
  for (size_t i = 0; i < node->core->kind_count; i++)
    if (node->core->kinds[i]->kind.feed_count > 0)
      return &node->core->kinds[i]->kind;
  return NULL;
}

void sim_feed_begin(struct sim *sim) {
  struct sim_node *first = &sim->nodes[0];
  const struct wire_kind *kind = sim->profile.feeds > 0 && first->core != NULL ? kind_with_feeds(first) : NULL;
  const struct core_kind *into = kind != NULL ? core_kind_named(first->core, kind->feeds[0].kind) : NULL;
  if (into == NULL)
    return;
  sim_open_drawn(first, kind, true);
  for (unsigned i = 0; i < sim->node_count && i < 2 && !sim->violated; i++)
    sim_open_drawn(&sim->nodes[i], &into->kind, true);
  for (unsigned turn = 0; turn < ROUNDS * sim->node_count && !sim->violated; turn++) {
    struct sim_node *node = &sim->nodes[turn % sim->node_count];
    struct base_id id;
    (void)sim_until(sim, sim->now_ms + TURN_MS);
    if (node->core != NULL && !sim->violated && pick_case(node, (struct base_view){0}, &id))
      (void)sim_move_case(node, &id);
  }
}

/* --- in the end */

/* With the fields and marks that the item has. */
static void check_same(struct sim_node *node, const struct wire_kind_feed *feed, const struct base_id *item,
                       const struct base_id *fed) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 32 << 20);
  struct core_content one = {0}, two = {0};
  bool same = core_content_read(node->core, item, &arena, &one, NULL) == BASE_OK &&
              core_content_read(node->core, fed, &arena, &two, NULL) == BASE_OK;
  if (same && !one.dropped && !two.dropped) {
    same = base_view_equal(one.part0.handling, two.part0.handling);
    for (size_t i = 0; i < feed->field_count && same; i++) {
      BASE_AUTO_BUF struct base_buf from = {0}, to = {0};
      (void)value_of(&one, feed->fields[i].from->name, &from);
      (void)value_of(&two, feed->fields[i].to, &to);
      same = base_view_equal(base_buf_view(&from), base_buf_view(&to));
    }
  }
  core_content_free(&one);
  core_content_free(&two);
  if (!same)
    sim_violate(node->sim, "what went on says what the item says, and is marked so", "%s: message %.12s of %.12s", node->name,
                base_id_text(fed).text, base_id_text(item).text);
}

static enum base_code check_case(void *context, const struct store_case *row) {
  struct sim_node *node = context;
  struct core_case kase = {0};
  bool read = core_case_look(node->core, row, &kase, NULL) == BASE_OK;
  for (size_t i = 1; read && i < kase.count && !node->sim->violated; i++) {
    const struct engine_message *message = &kase.messages[i];
    const struct wire_kind_item *item = engine_item(&kase.kind->kind, message);
    const struct wire_kind_feed *feed = item != NULL ? wire_kind_feed_of(&kase.kind->kind, item) : NULL;
    if (feed == NULL)
      continue;
    struct fed fed = find_fed(node, feed, &message->id, message->header->author);
    if (fed.count > 1)
      sim_violate(node->sim, "an item goes on once", "%s: %.12s of case %.12s is in %zu messages", node->name,
                  base_id_text(&message->id).text, base_id_text(&kase.id).text, fed.count);
    else if (fed.count == 1)
      check_same(node, feed, &message->id, &fed.last);
  }
  core_case_release(&kase);
  return BASE_OK;
}

void sim_feed_check(struct sim_node *node) {
  if (node->sim->profile.feeds > 0 &&
      store_case_each(node->core->store, (struct base_view){0}, 0, check_case, node, NULL) != BASE_OK)
    sim_violate(node->sim, "cases can be listed", "%s", node->name);
}
