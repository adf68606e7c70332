/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "core/cases.h"
#include "core/certified.h"
#include "simulate/law.h"

/* spec/erase.md, "With its case", written once more: when what is personal in a case has ended at a node follows from its
 * messages in the order in which they came there. At that time it is gone, at every party, files and what comes late
 * included; before it nothing goes by itself; and each author has the certificates of all who held it. */

enum { DAY = 86400, PUT_OFF = 366 };

/* --- when */

struct stretch { /* from one message that came to the next */
  base_time from, to, ends;
};
struct course {
  size_t count;
  struct engine_message *messages; /* in the order in which they came */
  struct stretch *stretches;
};

static void free_course(struct course *course) {
  free(course->messages);
  free(course->stretches);
}

static base_time came(struct sim_node *node, const struct engine_message *message) {
  unsigned author = sim_named(node->sim, message->header->author);
  return author == node->index || author == node->sim->node_count ? message->header->time
                                                                   : sim_receipt(node->sim, author, node->index, &message->id);
}

/* The case's own order has each behind what it follows, and so has this one. */
static void put_in_order(struct sim_node *node, const struct core_case *kase, struct course *out) {
  for (size_t i = 0; i < kase->count; i++) {
    base_time at = came(node, &kase->messages[i]);
    size_t place = i;
    for (; place > 0 && out->stretches[place - 1].from > at; place--) {
      out->messages[place] = out->messages[place - 1];
      out->stretches[place] = out->stretches[place - 1];
    }
    out->messages[place] = kase->messages[i];
    out->stretches[place] = (struct stretch){.from = at, .to = node->world.now(node), .ends = INT64_MAX};
  }
  for (size_t i = 0; i + 1 < kase->count; i++)
    out->stretches[i].to = out->stretches[i + 1].from;
}

/* The last that was said, as far as it may be put off from the first. */
static base_time day_named(const struct wire_kind_ends *rule, const struct engine_message *some, size_t count) {
  base_time first = 0, last = 0, day = 0;
  for (size_t i = 0; i < count && rule->field.size > 0; i++) {
    struct base_view text = wire_header_state(some[i].header, (const char *)rule->field.data);
    if (!some[i].effective || text.size == 0 || (!base_time_parse(text, &day) && !base_date_parse(text, &day)))
      continue;
    first = first != 0 ? first : day;
    last = day;
  }
  return last > first + PUT_OFF * DAY ? first + PUT_OFF * DAY : last;
}

static bool reckon(const struct wire_kind *kind, struct course *course) {
  const struct wire_kind_ends *rule = &kind->personal_ends;
  struct engine_message *some = calloc(course->count, sizeof *some);
  base_time over_since = 0, last = INT64_MAX, length = rule->days * DAY;
  bool computed = some != NULL;
  for (size_t i = 0; i < course->count && computed; i++) {
    struct engine_state state;
    struct stretch *stretch = &course->stretches[i];
    base_time now = stretch->from, soonest = last < now + length ? last : now + length, ends = INT64_MAX;
    memcpy(some, course->messages, (i + 1) * sizeof *some);
    computed = engine_compute(kind, some, i + 1, &state, NULL) == BASE_OK;
    base_time day = computed ? day_named(rule, some, i + 1) : 0;
    bool over = computed && (rule->states >> state.state & 1);
    over_since = !over ? 0 : over_since != 0 ? over_since : now;
    if (over)
      ends = over_since + length;
    if (day != 0 && day + length < ends)
      ends = day + length;
    stretch->ends = last = ends < soonest ? soonest : ends; /* nothing brings it nearer than the kind's days */
  }
  free(some);
  return computed;
}

/* False: what a person ended on its way was in this case for a while, and nobody remembers how long. */
static bool take_course(struct sim_node *node, const struct core_case *kase, struct course *out) {
  *out = (struct course){.count = kase->count};
  if (sim_ended_in(node, &kase->id))
    return false;
  out->messages = calloc(kase->count, sizeof *out->messages);
  out->stretches = calloc(kase->count, sizeof *out->stretches);
  if (out->messages == NULL || out->stretches == NULL)
    abort();
  put_in_order(node, kase, out);
  return reckon(&kase->kind->kind, out);
}

/* The end came while it was there: surely so long ago; grace negative: perhaps, for of one second nobody knows the order. */
static bool ended(const struct course *course, const struct base_id *id, base_time grace) {
  base_time at = INT64_MAX;
  for (size_t i = 0; i < course->count; i++)
    at = base_id_equal(&course->messages[i].id, id) ? course->stretches[i].from : at;
  for (size_t i = 0; i < course->count && at != INT64_MAX; i++) {
    const struct stretch *stretch = &course->stretches[i];
    bool there = stretch->from >= at || (grace < 0 && stretch->to >= at);
    if (there && stretch->ends != INT64_MAX && stretch->ends + grace <= stretch->to && stretch->from + grace <= stretch->to)
      return true;
  }
  return false;
}

/* --- what */

static bool called_personal(const struct wire_kind_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++)
    if ((!fields[i].state && fields[i].personal != WIRE_PERSONAL_NONE) ||
        called_personal(fields[i].columns, fields[i].column_count))
      return true;
  return false;
}

static bool has_files(const struct sim *sim, const struct base_id *id) {
  for (size_t i = 0; i < sim->acked_count; i++)
    if (sim->acked[i].part_count > 0 && base_id_equal(&sim->acked[i].id, id))
      return true;
  return false;
}

static bool is_personal(const struct sim *sim, const struct wire_kind *kind, const struct engine_message *message) {
  const struct wire_kind_type *type = wire_kind_type_named(kind, message->header->type);
  return (type != NULL && called_personal(type->fields, type->field_count)) || has_files(sim, &message->id);
}

bool sim_ends_may(struct sim *sim, unsigned node, const struct sim_written *written) {
  struct sim_node *at = &sim->nodes[node];
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct core_case kase = {0};
  struct course course = {0};
  if (sim->counts.jumps > 0 || !at->faithful || at->core == NULL)
    return true;
  if (store_case_get(at->core->store, &written->kase, &arena, &row, NULL) != BASE_OK)
    return false;
  bool may = false;
  if (core_case_look(at->core, &row, &kase, NULL) == BASE_OK) {
    const struct engine_message *message = core_case_message_of(&kase, &written->id);
    may = message != NULL && is_personal(sim, &kase.kind->kind, message) &&
          (!take_course(at, &kase, &course) || ended(&course, &written->id, -SIM_RETAIN_GRACE));
  }
  free_course(&course);
  core_case_release(&kase);
  return may;
}

/* --- in the end */

struct way {
  bool open;
};

static enum base_code look_at_way(void *context, const struct store_delivery *row) {
  struct way *way = context;
  way->open = way->open || row->state == STORE_WAITING;
  return BASE_OK;
}

static bool under_way(struct sim_node *node, const struct base_id *id) {
  struct way way = {false};
  return store_delivery_each(node->core->store, id, true, 0, look_at_way, &way, NULL) != BASE_OK || way.open;
}

/* Whether this partner's certificate that he erased it is here. */
static bool certified(struct sim_node *author, unsigned by, const struct base_id *id) {
  const struct core_partner *partner = sim_partner(author, by);
  struct core_certified one;
  for (int64_t key = INT64_MIN; core_certified_next(author->core, id, &key, &one, NULL) == BASE_OK;)
    if (one.by == partner && one.why[0] == '\0')
      return true;
  return false;
}

/* A person there ended the certificate before it was handed over. */
static bool certificate_ended(struct sim_node *holder, unsigned author, const struct base_id *id) {
  struct base_id given;
  bool there = false;
  enum store_delivery_state state;
  return core_certified_given(holder->core, id, &given, &there, NULL) == BASE_OK && there &&
         !sim_delivered(holder, author, &given, &state) && state == STORE_ENDED;
}

static void check_certificate(struct sim_node *holder, const struct core_case *kase,
                              const struct engine_message *message) {
  struct sim *sim = holder->sim;
  unsigned by = sim_named(sim, message->header->author);
  enum store_delivery_state state;
  if (by == holder->index || by == sim->node_count || !sim_pair_clear(holder, &sim->nodes[by]) ||
      !sim_delivered(&sim->nodes[by], holder->index, &message->id, &state))
    return;
  sim->counts.certified++;
  if (!certified(&sim->nodes[by], holder->index, &message->id) && !certificate_ended(holder, by, &message->id))
    sim_violate(sim, "what ended with its case is certified to its author", "%s: message %.12s of %s in case %.12s, %.*s",
                holder->name, base_id_text(&message->id).text, sim->nodes[by].name, base_id_text(&kase->id).text,
                (int)kase->kind->kind.name.size, (const char *)kase->kind->kind.name.data);
}

static void check_message(struct sim_node *node, const struct core_case *kase, const struct course *course,
                          const struct engine_message *message) {
  struct sim *sim = node->sim;
  struct base_id id = message->id;
  bool personal = is_personal(sim, &kase->kind->kind, message);
  const struct sim_written *written = sim_law_find(sim, &id);
  if (personal && ended(course, &id, SIM_RETAIN_GRACE) && !under_way(node, &id)) {
    if (sim_readable(node, &id))
      sim_violate(sim, "what is personal in a case ends with it", "%s: message %.12s in case %.12s, %.*s", node->name,
                  base_id_text(&id).text, base_id_text(&kase->id).text, (int)kase->kind->kind.name.size,
                  (const char *)kase->kind->kind.name.data);
    else
      check_certificate(node, kase, message);
  } else if (written != NULL && !sim_readable(node, &id) && !sim_ledger_asked(sim, node->index, &id) &&
             !sim_law_may_end(sim, node->index, &id)) {
    sim_violate(sim, "nothing of a case ends before its time", "%s: message %.12s in case %.12s, %.*s", node->name,
                base_id_text(&id).text, base_id_text(&kase->id).text, (int)kase->kind->kind.name.size,
                (const char *)kase->kind->kind.name.data);
  }
}

static bool all_clear(struct sim_node *node, const struct core_case *kase) {
  const struct wire_header *opening = kase->messages[0].header;
  for (size_t i = 0; i < opening->party_count; i++) {
    unsigned party = sim_named(node->sim, opening->parties[i]);
    if (party != node->index && !sim_pair_clear(node, &node->sim->nodes[party]))
      return false;
  }
  return true;
}

/* Who has certified everything is not said to owe anything. */
static void check_outstanding(struct sim_node *node, const struct core_case *kase) {
  struct store_due due[SIM_PARTIES_MAX];
  size_t count = 0;
  for (size_t i = 0; i < kase->count; i++)
    for (size_t k = 0; k < node->partner_count; k++)
      if (certificate_ended(&node->sim->nodes[node->partners[k]], node->index, &kase->messages[i].id))
        return;
  if (all_clear(node, kase) &&
      (store_due_count(node->core->store, &kase->id, due, SIM_PARTIES_MAX, &count, NULL) != BASE_OK || count > 0))
    sim_violate(node->sim, "whose certificates are outstanding is told", "%s: case %.12s: %" PRIu64 " of one partner",
                node->name, base_id_text(&kase->id).text, count > 0 ? due[0].messages : 0);
}

static enum base_code check_case(void *context, const struct store_case *row) {
  struct sim_node *node = context;
  struct core_case kase = {0};
  struct course course = {0};
  if (core_case_look(node->core, row, &kase, NULL) == BASE_OK && kase.kind->kind.personal_ends.days > 0 &&
      take_course(node, &kase, &course)) {
    for (size_t i = 0; i < kase.count && !node->sim->violated; i++)
      check_message(node, &kase, &course, &kase.messages[i]);
    if (!node->sim->violated)
      check_outstanding(node, &kase);
  }
  free_course(&course);
  core_case_release(&kase);
  return BASE_OK;
}

void sim_ends_check(struct sim_node *node) {
  struct sim *sim = node->sim;
  if (sim->profile.months > 0 && sim_true_clocks(sim) &&
      store_case_each(node->core->store, (struct base_view){0}, 0, check_case, node, NULL) != BASE_OK)
    sim_violate(sim, "cases can be listed", "%s", node->name);
}
