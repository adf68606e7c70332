/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "core/clocks.h"
#include "simulate/law.h"

/* What all parties of a case see of it, when all has come to rest: where each of them stands, its items, and when they are
 * due. And that no case is stuck: what a state leaves open, somebody may send. */

static bool same_standing(const struct engine_state *a, const struct engine_state *b) {
  return a->party_count == b->party_count && memcmp(a->standing, b->standing, a->party_count) == 0 &&
         memcmp(a->agreed, b->agreed, sizeof a->agreed) == 0;
}

static bool same_item(const struct engine_message *a, const struct engine_message *b) {
  bool same = a->item_state == b->item_state && a->item_by == b->item_by && a->assignee == b->assignee &&
              memcmp(a->agreed, b->agreed, sizeof a->agreed) == 0;
  return a->item == b->item && (a->item == 0 || same);
}

static bool same_place(const struct engine_message *a, const struct engine_message *b) {
  return a->about == b->about && a->agrees == b->agrees && a->equivocal == b->equivocal && a->settled == b->settled;
}

static void tell(struct sim_node *node, struct sim_node *other, const struct core_case *kase, const char *what,
                 const char *detail) {
  sim_violate(node->sim, what, "case %.12s, %.*s: %s and %s do not: %s", base_id_text(&kase->id).text,
              (int)kase->kind->kind.name.size, (const char *)kase->kind->kind.name.data, node->name, other->name,
              detail);
}

/* A moment that a header names is the same for all; who has what receipt decides nothing here, for each message has one. */
static bool same_clocks(const struct core_item_clock *a, const struct core_item_clock *b) {
  return a->item == b->item && a->party == b->party && a->clock == b->clock && a->now.due == b->now.due &&
         a->now.soon == b->now.soon && a->now.running == b->now.running && a->now.stopped == b->now.stopped;
}

static void compare_clocks(struct sim_node *node, struct sim_node *other, const struct core_case *mine,
                           const struct core_case *theirs) {
  struct core_item_clock *ours = NULL, *his = NULL;
  size_t our_count = 0, his_count = 0;
  char detail[160];
  bool read = core_item_clocks(node->core, mine, true, &ours, &our_count, NULL) == BASE_OK &&
              core_item_clocks(other->core, theirs, true, &his, &his_count, NULL) == BASE_OK;
  bool same = read && our_count == his_count;
  for (size_t i = 0; i < our_count && same; i++)
    same = same_clocks(&ours[i], &his[i]);
  (void)snprintf(detail, sizeof detail, "%zu clocks and %zu", our_count, his_count);
  if (!same)
    tell(node, other, mine, "all parties see the same moments", detail);
  free(ours);
  free(his);
}

void sim_items_same(struct sim_node *node, struct sim_node *other, const struct core_case *mine,
                    const struct core_case *theirs, bool whole) {
  if (!same_standing(&mine->state, &theirs->state)) {
    tell(node, other, mine, "who holds the same messages sees the same standing", "where the parties stand");
    return;
  }
  for (size_t i = 0; i < mine->count; i++)
    if (!same_item(&mine->messages[i], &theirs->messages[i]) || !same_place(&mine->messages[i], &theirs->messages[i])) {
      tell(node, other, mine, "who holds the same messages sees the same items",
           base_id_text(&mine->messages[i].id).text);
      return;
    }
  if (whole && sim_pair_clear(node, other))
    compare_clocks(node, other, mine, theirs);
}

static bool anybody(const struct core_case *kase, const struct wire_kind_type *type) {
  const struct wire_header *opening = kase->messages[0].header;
  for (size_t i = 0; i < opening->party_count; i++)
    if (engine_allows(&kase->kind->kind, kase->messages, kase->count, &kase->state, opening->parties[i], INT64_MAX,
                      type, NULL) == BASE_OK)
      return true;
  return false;
}

/* Where each party has a state of its own, `from` is about those. What an item must take, too, may wait for that. */
static void check_moves(struct sim_node *node, const struct core_case *kase) {
  const struct wire_kind *kind = &kase->kind->kind;
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    bool fits = !transition->each && (transition->from >> kase->state.state & 1) && transition->on->moves == NULL &&
                transition->on->opens == NULL;
    if (fits && !anybody(kase, transition->on))
      sim_violate(node->sim, "no case is stuck", "%s: case %.12s, %.*s: nobody may send %.*s", node->name,
                  base_id_text(&kase->id).text, (int)kind->name.size, (const char *)kind->name.data,
                  (int)transition->on->name.size, (const char *)transition->on->name.data);
  }
}

void sim_items_alone(struct sim_node *node, const struct core_case *kase) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct base_id id = kase->id;
  size_t items = 0;
  check_moves(node, kase);
  for (size_t i = 0; i < kase->count; i++)
    items += kase->messages[i].item > 0;
  if (items == 0 || node->sim->violated ||
      !sim_ask(node, LINK_CASE_ITEMS, -1, "{\"actor\":\"amal\",\"id\":\"%s\"}", base_id_text(&id).text))
    return;
  if (node->reply.status != BASE_OK ||
      wire_json_parse(base_buf_view(&node->reply.payload), BASE_BUF_DEFAULT_LIMIT, "items", &json, NULL) != BASE_OK ||
      wire_json_size(wire_json_get(json, "items")) != items)
    sim_violate(node->sim, "the items of a case can be listed", "%s, case %.12s, %zu items: %.*s", node->name,
                base_id_text(&id).text, items, (int)node->reply.payload.size, (const char *)node->reply.payload.data);
}
