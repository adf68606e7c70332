/* SPDX-License-Identifier: Apache-2.0
 * The state of a case from its headers: their order (order.c), then one walk through the kind's transitions.
 * Everything here must come out equal on every node, whatever the order of arrival: spec/case.md. */
#include "engine/apart.h"
#include "engine/item.h"
#include "engine/order.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the kind's rules */

struct rules {
  struct engine_scene scene;
  unsigned opener;
  struct engine_state now;
  uint32_t since; /* the place of the message that made the state */
  struct engine_apart_index *aparts; /* NULL: the message that is judged is none of the scene's … */
  uint32_t at;                     /* … else its place */
  base_time time; /* that the message says it was written at; only what waits until a moment is over hears of it */
  uint32_t item; /* what is possible is asked of this item alone, and of no other of its kind; ENGINE_NO_ITEM: of any */
};
struct verdict {
  bool takes, agrees_only;                       /* not everybody has agreed yet */
  const struct wire_kind_transition *transition; /* of the case; NULL: the type has none */
  const struct wire_item_transition *opens, *moves;
  uint32_t item; /* that moves */
  char why[ENGINE_WHY];
};

__attribute__((format(printf, 2, 3))) static void say_why(struct verdict *verdict, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(verdict->why, sizeof verdict->why, format, args);
  va_end(args);
}

static const char *name_text(struct base_view name) {
  return (const char *)name.data; /* of a kind: with a NUL */
}

static bool may_send(const struct rules *rules, enum wire_who who, unsigned party) {
  switch (who) {
  case WIRE_WHO_OPENER:
    return party == rules->opener;
  case WIRE_WHO_OTHERS:
    return party != rules->opener;
  case WIRE_WHO_NOT_LAST:
    return party != rules->now.by_party;
  default:
    return true;
  }
}

static const char *who_text(enum wire_who who) {
  static const char *const texts[] = {[WIRE_WHO_ANY] = "a party",
                                      [WIRE_WHO_OPENER] = "the party that opened the case",
                                      [WIRE_WHO_OTHERS] = "a party that did not open the case",
                                      [WIRE_WHO_NOT_LAST] = "a party that did not make the present state"};
  return texts[who];
}

static bool names_present_state(const struct rules *rules, const struct wire_kind_transition *transition,
                                const struct wire_header *header) {
  struct base_id named;
  return base_id_parse(wire_header_state(header, name_text(transition->names)), &named) &&
         base_id_equal(&named, &rules->now.by);
}

/* Whether what the transition would move is in a state that it comes from: the case, with `each` the author's own
 * state, or, when the opener writes, that of any other party. */
static bool comes_from(const struct rules *rules, const struct wire_kind_transition *transition, unsigned party) {
  if (!transition->each)
    return transition->from >> rules->now.state & 1;
  if (party != rules->opener)
    return transition->from >> rules->now.standing[party] & 1;
  for (unsigned i = 0; i < rules->now.party_count; i++)
    if (i != rules->opener && (transition->from >> rules->now.standing[i] & 1))
      return true;
  return false;
}

static void say_wait(const struct rules *rules, const struct wire_kind_transition *transition, struct verdict *verdict) {
  base_time over = law_period_over(rules->scene.opening, transition->after);
  if (over == INT64_MAX)
    say_why(verdict, "not before %s is over, and the case does not say when", name_text(transition->after));
  else
    say_why(verdict, "not before %s, when %s is over", base_time_format(over).text, name_text(transition->after));
}

/* Does this transition, on the right type and from the present state, take this message? Else why not. */
static bool takes(const struct rules *rules, const struct wire_kind_transition *transition, unsigned party,
                  const struct wire_header *header, struct verdict *verdict) {
  uint32_t agreed = rules->now.agreed[transition->on - rules->scene.kind->types];
  if (!may_send(rules, transition->who, party))
    say_why(verdict, "only %s may send it", who_text(transition->who));
  else if (header && transition->names.size && !names_present_state(rules, transition, header))
    say_why(verdict, "%s does not name the message that made the present state", name_text(transition->names));
  else if (transition->after.size && rules->time < law_period_over(rules->scene.opening, transition->after))
    say_wait(rules, transition, verdict);
  else if (transition->all && ((party == rules->now.by_party && !transition->anew) || (agreed >> party & 1)))
    say_why(verdict, "its author has agreed already");
  else
    return true;
  return false;
}

/* By the transitions of the case; true when the type has none. */
static bool case_takes(const struct rules *rules, const struct wire_kind_type *type, unsigned party,
                       const struct wire_header *header, struct verdict *verdict) {
  const struct wire_kind *kind = rules->scene.kind;
  if (!type->moves_case)
    return true;
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    if (transition->on != type || !comes_from(rules, transition, party) ||
        !takes(rules, transition, party, header, verdict))
      continue;
    uint32_t everybody = ((uint32_t)1 << rules->now.party_count) - 1;
    uint32_t agreed = rules->now.agreed[type - kind->types] | (uint32_t)1 << party;
    agreed |= transition->anew ? 0 : (uint32_t)1 << rules->now.by_party;
    verdict->transition = transition;
    verdict->agrees_only = transition->all && agreed != everybody;
    return true;
  }
  bool own = rules->now.standing[party] != rules->now.state;
  if (verdict->why[0] == 0)
    say_why(verdict, "not possible in the state %s%s", name_text(kind->states[rules->now.standing[party]]),
            own ? ", in which its author is" : "");
  return false;
}

/* One item of those that the type moves, of a message that is not written yet. */
static bool any_item_takes(const struct rules *rules, const struct wire_kind_type *type, unsigned party,
                           struct verdict *verdict) {
  const struct engine_scene *scene = &rules->scene;
  bool agrees;
  if (rules->item != ENGINE_NO_ITEM && engine_item(scene->kind, &scene->messages[rules->item]) == type->moves)
    return engine_item_takes(scene, type, party, rules->item, &agrees, NULL) != NULL;
  for (uint32_t i = 0; i < scene->count; i++)
    if (engine_item(scene->kind, &scene->messages[i]) == type->moves &&
        engine_item_takes(scene, type, party, i, &agrees, NULL) != NULL)
      return true;
  say_why(verdict, "there is no %s of this case that it could be about now", name_text(type->moves->name));
  return false;
}

static bool items_take(const struct rules *rules, const struct engine_item_index *index,
                       const struct wire_kind_type *type, unsigned party, const struct wire_header *header,
                       struct verdict *verdict) {
  const struct engine_scene *scene = &rules->scene;
  if (type->opens != NULL) {
    verdict->opens = engine_item_begins(scene, type, party, verdict->why);
    if (verdict->opens == NULL)
      return false;
  }
  if (type->moves == NULL)
    return true;
  if (header == NULL)
    return any_item_takes(rules, type, party, verdict);
  verdict->item = engine_item_named(scene, index, type, header);
  verdict->moves = engine_item_takes(scene, type, party, verdict->item, &verdict->agrees_only, verdict->why);
  return verdict->moves != NULL;
}

/* A message that is not written yet may say one that nobody said. */
static bool says_own_period(const struct rules *rules, const struct wire_kind_type *type, const struct wire_header *header,
                            struct verdict *verdict) {
  return header == NULL || type->apart == NULL ||
         engine_apart_takes(&rules->scene, rules->aparts, rules->at, type, header, verdict->why);
}

/* header NULL: for a message not written yet. */
static struct verdict judge(const struct rules *rules, const struct engine_item_index *index,
                            const struct wire_kind_type *type, unsigned party, const struct wire_header *header) {
  struct verdict verdict = {.item = ENGINE_NO_ITEM};
  if (party == ENGINE_NOBODY)
    say_why(&verdict, "its author is not a party of the case");
  else
    verdict.takes = case_takes(rules, type, party, header, &verdict) &&
                    items_take(rules, index, type, party, header, &verdict) &&
                    says_own_period(rules, type, header, &verdict);
  if (verdict.takes)
    verdict.why[0] = 0;
  return verdict;
}

static bool same_parties(const struct wire_header *a, const struct wire_header *b) {
  bool same = a->party_count == b->party_count;
  for (size_t i = 0; same && i < a->party_count; i++)
    same = base_view_equal(a->parties[i], b->parties[i]);
  return same;
}

/* What must hold of every message of a case but the first before the kind is asked. Messages that not all parties hold
 * can have no effect, or the parties would see different states. */
static struct verdict judge_header(const struct rules *rules, const struct engine_item_index *index,
                                   const struct wire_kind_type *type, unsigned party,
                                   const struct wire_header *header) {
  struct verdict verdict = {.item = ENGINE_NO_ITEM};
  const struct wire_header *opening = rules->scene.opening;
  if (!base_view_equal(header->kind, opening->kind) || !base_hash_equal(&header->kind_hash, &opening->kind_hash))
    say_why(&verdict, "it is of another kind than the case");
  else if (!same_parties(header, opening))
    say_why(&verdict, "it does not go to all parties of the case");
  else if (!type)
    say_why(&verdict, "the kind has no such type");
  else
    verdict = judge(rules, index, type, party, header);
  return verdict;
}

static const struct law_period UNSAID = {.from = INT64_MIN, .to = INT64_MAX};

static void enter_state(struct rules *rules, size_t state, const struct engine_message *message) {
  rules->now.state = rules->scene.state = state;
  rules->now.standing[rules->opener] = (uint8_t)state;
  rules->now.by = message->id;
  rules->now.by_party = message->party;
  memset(rules->now.agreed, 0, sizeof rules->now.agreed);
  rules->now.proposed = UNSAID;
}

/* What moves the period says it anew. Those who agree to it may say different ones: what holds is what all of them said. */
static void say_period(struct rules *rules, const struct wire_kind_type *type, const struct wire_header *header,
                       bool agrees_only) {
  struct law_period said;
  if (type != rules->scene.kind->period.moved_by || !law_period_read(rules->scene.kind, header, &said))
    return;
  rules->now.proposed = law_period_both(rules->now.proposed, said);
  if (agrees_only)
    return;
  rules->now.period = rules->now.proposed;
  rules->now.proposed = UNSAID;
}

/* Moves the parties that the transition is about; what the case is then. */
static size_t move(struct rules *rules, const struct wire_kind_transition *transition, unsigned author) {
  uint8_t *standing = rules->now.standing, others[WIRE_PARTIES_MAX];
  size_t count = 0;
  for (unsigned i = 0; i < rules->now.party_count; i++) {
    if (i == rules->opener)
      continue;
    bool moves =
        !transition->each || i == author || (author == rules->opener && (transition->from >> standing[i] & 1));
    if (moves)
      standing[i] = (uint8_t)transition->to;
    others[count++] = standing[i];
  }
  return transition->each ? wire_kind_together(rules->scene.kind, others, count) : transition->to;
}

/* All have agreed: so did each of those who did it since the state began. */
static void note_agreed(const struct rules *rules, struct engine_message *messages, uint32_t at,
                        const struct wire_kind_type *type) {
  for (uint32_t i = rules->since + 1; i < at; i++)
    messages[i].agreed_by_all = messages[i].agrees && base_view_equal(messages[i].header->type, type->name);
}

/* The one place where the state of a case changes. */
static void step(struct rules *rules, const struct engine_item_index *index, struct engine_message *messages,
                 uint32_t at) {
  struct engine_message *message = &messages[at];
  const unsigned author = message->party;
  const struct wire_kind_type *type = message->type != 0 ? &rules->scene.kind->types[message->type - 1] : NULL;
  rules->time = message->header->time;
  rules->at = at;
  struct verdict verdict = judge_header(rules, index, type, author, message->header);
  message->effective = verdict.takes;
  memcpy(message->why, verdict.why, sizeof message->why);
  if (!verdict.takes)
    return;
  message->agrees = verdict.agrees_only;
  message->about = verdict.moves != NULL ? verdict.item : ENGINE_NO_ITEM;
  if (type->apart != NULL)
    engine_apart_take(&rules->scene, rules->aparts, at);
  if (verdict.opens != NULL)
    engine_item_begin(&rules->scene, messages, at, verdict.opens);
  if (verdict.moves != NULL)
    engine_item_move(&rules->scene, messages, at, verdict.item, verdict.moves, verdict.agrees_only);
  if (verdict.transition != NULL)
    say_period(rules, verdict.transition->on, message->header, verdict.agrees_only);
  if (verdict.transition != NULL && verdict.agrees_only)
    rules->now.agreed[verdict.transition->on - rules->scene.kind->types] |= (uint16_t)(1u << author);
  else if (verdict.transition != NULL && !verdict.transition->stays) {
    if (verdict.transition->all)
      note_agreed(rules, messages, at, verdict.transition->on);
    enter_state(rules, move(rules, verdict.transition, author), message);
    rules->since = at;
  }
}

static enum base_code begin(struct rules *rules, const struct engine_scene *scene, struct engine_message *message,
                            struct base_error *err) {
  const struct wire_kind *kind = scene->kind;
  const struct wire_header *header = message->header;
  const struct wire_kind_type *opening = &kind->types[kind->opening];
  if (!base_view_equal(header->kind, kind->name) || !base_hash_equal(&header->kind_hash, &kind->hash))
    return base_fail(err, BASE_KIND, "case %s is not of the kind %s with the hash %s", base_id_text(&message->id).text,
                     name_text(kind->name), base_hash_text(&kind->hash).text);
  if (!base_view_equal(header->type, opening->name))
    return base_fail(err, BASE_FIELD, "message %s opens a case of the kind %s, but is no %s",
                     base_id_text(&message->id).text, name_text(kind->name), name_text(opening->name));
  if (header->party_count > WIRE_PARTIES_MAX || engine_party_of(header, header->author) == ENGINE_NOBODY)
    return base_fail(err, BASE_FIELD, "message %s opens a case of which its author is not a party",
                     base_id_text(&message->id).text);
  *rules = (struct rules){.scene = *scene, .opener = engine_party_of(header, header->author), .item = ENGINE_NO_ITEM};
  rules->scene.opening = header;
  rules->now.party_count = header->party_count;
  message->party = (uint8_t)rules->opener;
  for (size_t i = 0; i < kind->transition_count; i++)
    if (kind->transitions[i].from == 0)
      enter_state(rules, move(rules, &kind->transitions[i], rules->opener), message);
  message->effective = true;
  (void)law_period_read(kind, header, &rules->now.period);
  return BASE_OK;
}

/* Who wrote each message, and of which type it is: asked again and again from here on. */
static void look_up(const struct rules *rules, struct engine_message *messages, size_t count) {
  const struct wire_kind *kind = rules->scene.kind;
  for (size_t i = 0; i < count; i++) {
    const struct wire_header *header = messages[i].header;
    const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
    messages[i].party = (uint8_t)engine_party_of(rules->scene.opening, header->author);
    messages[i].type = (uint8_t)(type != NULL ? type - kind->types + 1 : 0);
  }
}

static void clear_computed(struct engine_message *messages, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct engine_message *message = &messages[i];
    message->effective = message->agrees = message->agreed_by_all = message->equivocal = message->settled = false;
    message->about = ENGINE_NO_ITEM;
    message->item = message->item_state = message->assignee = 0;
    message->item_by = 0;
    memset(message->agreed, 0, sizeof message->agreed);
    memset(message->why, 0, sizeof message->why);
  }
}

enum base_code engine_compute(const struct wire_kind *kind, struct engine_message *messages, size_t count,
                              struct engine_state *out, struct base_error *err) {
  if (count > ENGINE_MESSAGES_MAX)
    return base_fail(err, BASE_TOO_LARGE, "a case of %zu messages, at most %d are allowed; open a new one", count,
                     ENGINE_MESSAGES_MAX);
  struct engine_order order = {.messages = messages, .count = count};
  const struct engine_scene scene = {.kind = kind, .messages = messages, .count = count};
  struct engine_item_index index = {0};
  struct engine_apart_index aparts = {0};
  struct rules rules;
  bool flagged = false;
  clear_computed(messages, count);
  enum base_code code = engine_order_make(&order, err);
  if (!code)
    code = begin(&rules, &scene, &messages[0], err);
  if (!code)
    look_up(&rules, messages, count);
  if (!code)
    code = engine_order_equivocation(&order, &flagged, err);
  if (!code)
    code = engine_order_settled(&order, err);
  engine_order_free(&order);
  if (!code)
    code = engine_item_index_make(&scene, &index, err);
  if (!code)
    code = engine_apart_index_make(&scene, &aparts, err);
  rules.aparts = &aparts;
  for (uint32_t i = 1; i < count && !code; i++)
    step(&rules, &index, messages, i);
  engine_apart_index_free(&aparts);
  engine_item_index_free(&index);
  if (code)
    return code;
  rules.now.flagged = flagged;
  *out = rules.now;
  return BASE_OK;
}

/* --- before a message is written */

/* The rules as the last message left them. */
static struct rules rules_now(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                              const struct engine_state *state) {
  const struct wire_header *opening = messages[0].header;
  return (struct rules){
      .scene = {.kind = kind, .opening = opening, .messages = messages, .count = count, .state = state->state},
      .opener = engine_party_of(opening, opening->author),
      .now = *state,
      .time = INT64_MAX,
      .item = ENGINE_NO_ITEM};
}

static enum base_code refuse(const struct rules *rules, struct base_view type, unsigned party, const char *why,
                             struct base_error *err) {
  char possible[240] = "";
  size_t used = 0;
  for (size_t i = 0; i < rules->scene.kind->type_count; i++) {
    const struct wire_kind_type *other = &rules->scene.kind->types[i];
    if (!judge(rules, NULL, other, party, NULL).takes || used + other->name.size + 3 > sizeof possible)
      continue;
    used += (size_t)snprintf(possible + used, sizeof possible - used, "%s%s", used ? ", " : "", name_text(other->name));
  }
  return base_fail(err, BASE_TRANSITION, "%.*s: %s; possible now: %s", (int)type.size, (const char *)type.data, why,
                   used ? possible : "nothing");
}

enum base_code engine_allows(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                             const struct engine_state *state, struct base_view author, base_time now,
                             const struct wire_kind_type *type, struct base_error *err) {
  struct rules rules = rules_now(kind, messages, count, state);
  unsigned party = engine_party_of(rules.scene.opening, author);
  rules.time = now;
  struct verdict verdict = judge(&rules, NULL, type, party, NULL);
  return verdict.takes ? BASE_OK : refuse(&rules, type->name, party, verdict.why, err);
}

bool engine_allows_item(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                        const struct engine_state *state, struct base_view author, const struct wire_kind_type *type,
                        size_t item) {
  struct rules rules = rules_now(kind, messages, count, state);
  rules.item = (uint32_t)item;
  return type->moves != NULL && type->moves == engine_item(kind, &messages[item]) &&
         judge(&rules, NULL, type, engine_party_of(rules.scene.opening, author), NULL).takes;
}

uint32_t engine_lacks(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                      const struct engine_state *state, const struct wire_kind_type *type, uint32_t item) {
  struct rules rules = rules_now(kind, messages, count, state);
  if (item != ENGINE_NO_ITEM)
    return type->moves != NULL && type->moves == engine_item(kind, &messages[item])
               ? engine_item_lacks(&rules.scene, type, item)
               : 0;
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    uint32_t agreed = state->agreed[type - kind->types];
    if (transition->on != type || !transition->all || !(transition->from >> state->state & 1) ||
        (agreed == 0 && transition->names.size == 0))
      continue;
    agreed |= transition->anew ? 0 : (uint32_t)1 << state->by_party;
    return (((uint32_t)1 << state->party_count) - 1) & ~agreed;
  }
  return 0;
}

enum base_code engine_allows_header(const struct wire_kind *kind, const struct engine_message *messages, size_t count,
                                    const struct engine_state *state, const struct wire_header *header,
                                    struct base_error *err) {
  struct rules rules = rules_now(kind, messages, count, state);
  unsigned party = engine_party_of(rules.scene.opening, header->author);
  rules.time = header->time;
  struct verdict verdict = judge_header(&rules, NULL, wire_kind_type_named(kind, header->type), party, header);
  rules.item = verdict.item;
  return verdict.takes ? BASE_OK : refuse(&rules, header->type, party, verdict.why, err);
}

static int by_bare_id(const void *a, const void *b) {
  return base_id_compare(a, b);
}

size_t engine_follows(const struct engine_message *messages, size_t count, struct base_view author,
                      struct base_id out[WIRE_FOLLOWS_MAX]) {
  size_t total = 0, chosen = 0, own = count;
  for (size_t i = 0; i < count; i++)
    total += messages[i].header->follow_count;
  BASE_AUTO_FREE struct base_id *followed = calloc(total + 1, sizeof *followed);
  if (!followed)
    return 0;
  total = 0;
  for (size_t i = 0; i < count; i++) {
    const struct wire_header *header = messages[i].header;
    for (size_t k = 0; k < header->follow_count; k++)
      followed[total++] = header->follows[k];
    if (base_view_equal(header->author, author))
      own = i; /* in order: the last one is his previous */
  }
  qsort(followed, total, sizeof *followed, by_bare_id);
  if (own < count)
    out[chosen++] = messages[own].id;
  for (size_t i = count; i-- > 0 && chosen < WIRE_FOLLOWS_MAX;)
    if (i != own && !bsearch(&messages[i].id, followed, total, sizeof *followed, by_bare_id))
      out[chosen++] = messages[i].id;
  qsort(out, chosen, sizeof *out, by_bare_id);
  return chosen;
}
