/* SPDX-License-Identifier: Apache-2.0
 * The state of a case from its headers: first their order, then one walk through the kind's transitions.
 * Everything here must come out equal on every node, whatever the order of arrival: spec/case.md. */
#include "core/casestate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = WIRE_PARTIES_MAX };
#define NO_MESSAGE UINT32_MAX

/* Edges in one array: those of message i are to[at[i]] … to[at[i + 1] - 1]. */
struct edges {
  uint32_t *at, *to;
};

struct graph {
  struct core_case_message *messages;
  size_t count;
  struct edges follows;
};

static void edges_free(struct edges *edges) {
  free(edges->at);
  free(edges->to);
  *edges = (struct edges){0};
}
#define AUTO_EDGES __attribute__((cleanup(edges_free)))

static bool edges_make(struct edges *edges, size_t nodes, size_t count) {
  edges->at = calloc(nodes + 1, sizeof *edges->at);
  edges->to = calloc(count + 1, sizeof *edges->to);
  return edges->at && edges->to;
}

static enum base_code no_memory(struct base_error *err) {
  return base_fail(err, BASE_MEMORY, "no memory left to order the messages of a case");
}

/* --- order */

static int by_id(const void *a, const void *b) {
  const struct core_case_message *left = a, *right = b;
  return base_id_compare(&left->id, &right->id);
}

/* messages ascending by id; NO_MESSAGE when none has it */
static uint32_t find_message(const struct core_case_message *messages, size_t count, const struct base_id *id) {
  const struct core_case_message key = {.id = *id};
  const struct core_case_message *found = bsearch(&key, messages, count, sizeof key, by_id);
  return found ? (uint32_t)(found - messages) : NO_MESSAGE;
}

static enum base_code check_ids(const struct graph *graph, struct base_error *err) {
  const struct core_case_message *opening = NULL;
  for (size_t i = 0; i < graph->count; i++) {
    const struct core_case_message *message = &graph->messages[i];
    if (i > 0 && base_id_equal(&message->id, &graph->messages[i - 1].id))
      return base_fail(err, BASE_FIELD, "message %s stands twice among the messages of its case",
                       base_id_text(&message->id).text);
    if (message->header->opens && opening)
      return base_fail(err, BASE_FIELD, "messages %s and %s both open the case", base_id_text(&opening->id).text,
                       base_id_text(&message->id).text);
    if (message->header->opens)
      opening = message;
  }
  if (!opening)
    return base_fail(err, BASE_FIELD, "the message that opens the case is missing");
  for (size_t i = 0; i < graph->count; i++) {
    const struct core_case_message *message = &graph->messages[i];
    if (message != opening && !base_id_equal(&message->header->case_id, &opening->id))
      return base_fail(err, BASE_FIELD, "message %s is not of case %s", base_id_text(&message->id).text,
                       base_id_text(&opening->id).text);
    if ((message == opening) != (message->header->follow_count == 0))
      return base_fail(err, BASE_FIELD, "message %s: only the opening message, and it alone, follows none",
                       base_id_text(&message->id).text);
  }
  return BASE_OK;
}

static enum base_code find_follows(struct graph *graph, struct base_error *err) {
  size_t total = 0;
  for (size_t i = 0; i < graph->count; i++)
    total += graph->messages[i].header->follow_count;
  if (!edges_make(&graph->follows, graph->count, total))
    return no_memory(err);
  uint32_t used = 0;
  for (size_t i = 0; i < graph->count; i++) {
    const struct wire_header *header = graph->messages[i].header;
    for (size_t j = 0; j < header->follow_count; j++) {
      uint32_t found = find_message(graph->messages, graph->count, &header->follows[j]);
      if (found == NO_MESSAGE)
        return base_fail(err, BASE_FIELD, "message %s follows %s, which is missing",
                         base_id_text(&graph->messages[i].id).text, base_id_text(&header->follows[j]).text);
      graph->follows.to[used++] = found;
    }
    graph->follows.at[i + 1] = used;
  }
  return BASE_OK;
}

/* The same edges, seen from the message that is followed. */
static bool reverse_edges(const struct edges *edges, size_t count, struct edges *out) {
  uint32_t total = edges->at[count];
  if (!edges_make(out, count + 1, total))
    return false;
  /* at[i + 2] counts, then at[i + 1] is the place to write, and in the end where i's successor begins */
  for (uint32_t i = 0; i < total; i++)
    out->at[edges->to[i] + 2]++;
  for (size_t i = 2; i <= count; i++)
    out->at[i] += out->at[i - 1];
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = edges->at[i]; j < edges->at[i + 1]; j++)
      out->to[out->at[edges->to[j] + 1]++] = i;
  return true;
}

/* Depths by taking away, again and again, the messages whose followed ones are all done (Kahn). */
static enum base_code compute_depths(struct graph *graph, struct base_error *err) {
  AUTO_EDGES struct edges next = {0};
  BASE_AUTO_FREE uint32_t *waiting = calloc(graph->count, sizeof *waiting);
  BASE_AUTO_FREE uint32_t *queue = calloc(graph->count, sizeof *queue);
  if (!waiting || !queue || !reverse_edges(&graph->follows, graph->count, &next))
    return no_memory(err);
  size_t done = 0, queued = 0;
  for (uint32_t i = 0; i < graph->count; i++) {
    graph->messages[i].depth = 0;
    waiting[i] = graph->follows.at[i + 1] - graph->follows.at[i];
    if (waiting[i] == 0)
      queue[queued++] = i;
  }
  while (done < queued) {
    uint32_t at = queue[done++];
    uint32_t depth = graph->messages[at].depth + 1;
    for (uint32_t j = next.at[at]; j < next.at[at + 1]; j++) {
      struct core_case_message *later = &graph->messages[next.to[j]];
      if (later->depth < depth)
        later->depth = depth;
      if (--waiting[next.to[j]] == 0)
        queue[queued++] = next.to[j];
    }
  }
  if (done < graph->count)
    return base_fail(err, BASE_FIELD, "the messages of a case follow each other in a circle");
  return BASE_OK;
}

/* From ascending ids to (depth, id), the edges with them. A stable counting sort: depths are smaller than count. */
static enum base_code put_in_order(struct graph *graph, struct base_error *err) {
  size_t count = graph->count;
  const struct edges *old = &graph->follows;
  AUTO_EDGES struct edges sorted = {0};
  BASE_AUTO_FREE uint32_t *next = calloc(count + 1, sizeof *next);
  BASE_AUTO_FREE uint32_t *place = calloc(count, sizeof *place);
  BASE_AUTO_FREE uint32_t *came_from = calloc(count, sizeof *came_from);
  BASE_AUTO_FREE struct core_case_message *copy = calloc(count, sizeof *copy);
  if (!next || !place || !came_from || !copy || !edges_make(&sorted, count, old->at[count]))
    return no_memory(err);
  for (size_t i = 0; i < count; i++)
    next[graph->messages[i].depth + 1]++;
  for (size_t i = 1; i <= count; i++)
    next[i] += next[i - 1];
  for (uint32_t i = 0; i < count; i++) {
    place[i] = next[graph->messages[i].depth]++;
    came_from[place[i]] = i;
  }
  memcpy(copy, graph->messages, count * sizeof *copy);
  uint32_t used = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t from = came_from[i];
    graph->messages[i] = copy[from];
    for (uint32_t j = old->at[from]; j < old->at[from + 1]; j++)
      sorted.to[used++] = place[old->to[j]];
    sorted.at[i + 1] = used;
  }
  edges_free(&graph->follows);
  graph->follows = sorted;
  sorted = (struct edges){0};
  return BASE_OK;
}

/* --- parties */

/* A party's place in the opening message's list; NOBODY for a stranger. */
static unsigned party_of(const struct wire_header *opening, struct base_view origin) {
  unsigned i = 0;
  while (i < opening->party_count && !base_view_equal(opening->parties[i], origin))
    i++;
  return i < opening->party_count ? i : NOBODY;
}

static bool same_parties(const struct wire_header *a, const struct wire_header *b) {
  bool same = a->party_count == b->party_count;
  for (size_t i = 0; same && i < a->party_count; i++)
    same = base_view_equal(a->parties[i], b->parties[i]);
  return same;
}

/* Every message of an author follows his previous one, so a party's messages form a chain. Where two hang on the same
 * one (or on none), he told two stories. Messages are in order, so the latest own one that is followed has the highest
 * index. */
static bool find_equivocation(struct graph *graph, struct base_error *err, enum base_code *code) {
  const struct wire_header *opening = graph->messages[0].header;
  bool flagged = false;
  uint32_t first[WIRE_PARTIES_MAX];
  memset(first, 0xFF, sizeof first);
  BASE_AUTO_FREE uint32_t *successor = malloc(graph->count * sizeof *successor);
  BASE_AUTO_FREE uint8_t *author = malloc(graph->count);
  if (!successor || !author) {
    *code = no_memory(err);
    return false;
  }
  for (uint32_t i = 0; i < graph->count; i++) {
    successor[i] = NO_MESSAGE;
    author[i] = (uint8_t)party_of(opening, graph->messages[i].header->author);
    if (author[i] == NOBODY)
      continue;
    uint32_t previous = NO_MESSAGE;
    for (uint32_t j = graph->follows.at[i]; j < graph->follows.at[i + 1]; j++) {
      uint32_t followed = graph->follows.to[j];
      if (author[followed] == author[i] && (previous == NO_MESSAGE || followed > previous))
        previous = followed;
    }
    uint32_t *taken = previous == NO_MESSAGE ? &first[author[i]] : &successor[previous];
    if (*taken == NO_MESSAGE) {
      *taken = i;
    } else {
      graph->messages[*taken].equivocal = graph->messages[i].equivocal = true;
      flagged = true;
    }
  }
  return flagged;
}

/* Which parties have a message that descends from each, handed back from the last message to the first. */
static enum base_code find_settled(struct graph *graph, struct base_error *err) {
  const struct wire_header *opening = graph->messages[0].header;
  BASE_AUTO_FREE uint32_t *reached = calloc(graph->count, sizeof *reached);
  if (!reached)
    return no_memory(err);
  uint32_t everybody = ((uint32_t)1 << opening->party_count) - 1;
  for (size_t i = graph->count; i-- > 0;) {
    unsigned author = party_of(opening, graph->messages[i].header->author);
    if (author != NOBODY)
      reached[i] |= (uint32_t)1 << author;
    graph->messages[i].settled = reached[i] == everybody;
    for (uint32_t j = graph->follows.at[i]; j < graph->follows.at[i + 1]; j++)
      reached[graph->follows.to[j]] |= reached[i];
  }
  return BASE_OK;
}

/* --- the kind's rules */

struct rules {
  const struct wire_kind *kind;
  const struct wire_header *opening;
  size_t state;
  struct base_id by;
  unsigned by_author;
  uint32_t agreed[WIRE_KIND_TYPES_MAX]; /* per type: the parties that sent it since the state began */
};
struct verdict {
  const struct wire_kind_transition *transition; /* NULL: no effect */
  bool agrees_only;                              /* not everybody has agreed yet */
  char why[sizeof((struct core_case_message *)0)->why];
};

__attribute__((format(printf, 2, 3))) static void say_why(struct verdict *verdict, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (vsnprintf(verdict->why, sizeof verdict->why, format, args) < 0)
    verdict->why[0] = 0;
  va_end(args);
}

static const char *name_text(struct base_view name) {
  return (const char *)name.data; /* of a kind: with a NUL */
}

static bool may_send(const struct rules *rules, enum wire_who who, struct base_view author, unsigned party) {
  bool opener = base_view_equal(author, rules->opening->author);
  switch (who) {
  case WIRE_WHO_OPENER:
    return opener;
  case WIRE_WHO_OTHERS:
    return !opener;
  case WIRE_WHO_NOT_LAST:
    return party != rules->by_author;
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
         base_id_equal(&named, &rules->by);
}

/* Does this transition, on the right type and from the present state, take this message? Else why not. */
static bool takes(const struct rules *rules, const struct wire_kind_transition *transition, struct base_view author,
                  unsigned party, const struct wire_header *header, struct verdict *verdict) {
  uint32_t agreed = rules->agreed[transition->on - rules->kind->types];
  if (!may_send(rules, transition->who, author, party))
    say_why(verdict, "only %s may send it", who_text(transition->who));
  else if (header && transition->names.size && !names_present_state(rules, transition, header))
    say_why(verdict, "%s does not name the message that made the present state", name_text(transition->names));
  else if (transition->all && (party == rules->by_author || (agreed >> party & 1)))
    say_why(verdict, "its author has agreed already");
  else
    return true;
  return false;
}

/* header NULL: for a message not written yet. */
static struct verdict judge(const struct rules *rules, const struct wire_kind_type *type, struct base_view author,
                            const struct wire_header *header) {
  struct verdict verdict = {0};
  const struct wire_kind *kind = rules->kind;
  unsigned party = party_of(rules->opening, author);
  if (party == NOBODY) {
    say_why(&verdict, "its author is not a party of the case");
    return verdict;
  }
  say_why(&verdict, "not possible in the state %s", name_text(kind->states[rules->state]));
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    if (transition->on != type || !(transition->from >> rules->state & 1) ||
        !takes(rules, transition, author, party, header, &verdict))
      continue;
    uint32_t everybody = ((uint32_t)1 << rules->opening->party_count) - 1;
    uint32_t agreed = rules->agreed[type - kind->types] | (uint32_t)1 << party | (uint32_t)1 << rules->by_author;
    verdict.transition = transition;
    verdict.agrees_only = transition->all && agreed != everybody;
    verdict.why[0] = 0;
    break;
  }
  return verdict;
}

/* What must hold of every message of a case but the first before the kind is asked. Messages that not all parties hold
 * can have no effect, or the parties would see different states. */
static struct verdict judge_header(const struct rules *rules, const struct wire_header *header) {
  struct verdict verdict = {0};
  const struct wire_kind_type *type = wire_kind_type_named(rules->kind, header->type);
  if (!base_view_equal(header->kind, rules->opening->kind) ||
      !base_hash_equal(&header->kind_hash, &rules->opening->kind_hash))
    say_why(&verdict, "it is of another kind than the case");
  else if (!same_parties(header, rules->opening))
    say_why(&verdict, "it does not go to all parties of the case");
  else if (!type)
    say_why(&verdict, "the kind has no such type");
  else
    verdict = judge(rules, type, header->author, header);
  return verdict;
}

static void enter_state(struct rules *rules, size_t state, const struct core_case_message *message) {
  rules->state = state;
  rules->by = message->id;
  rules->by_author = party_of(rules->opening, message->header->author);
  memset(rules->agreed, 0, sizeof rules->agreed);
}

/* The one place where the state of a case changes. */
static void step(struct rules *rules, struct core_case_message *message) {
  struct verdict verdict = judge_header(rules, message->header);
  message->effective = verdict.transition != NULL;
  memcpy(message->why, verdict.why, sizeof message->why);
  if (!verdict.transition)
    return;
  if (verdict.agrees_only)
    rules->agreed[verdict.transition->on - rules->kind->types] |= (uint32_t)1
                                                                  << party_of(rules->opening, message->header->author);
  else
    enter_state(rules, verdict.transition->to, message);
}

static enum base_code begin(struct rules *rules, const struct wire_kind *kind, struct core_case_message *message,
                            struct base_error *err) {
  const struct wire_header *header = message->header;
  const struct wire_kind_type *opening = &kind->types[kind->opening];
  if (!base_view_equal(header->kind, kind->name) || !base_hash_equal(&header->kind_hash, &kind->hash))
    return base_fail(err, BASE_KIND, "case %s is not of the kind %s with the hash %s", base_id_text(&message->id).text,
                     name_text(kind->name), base_hash_text(&kind->hash).text);
  if (!base_view_equal(header->type, opening->name))
    return base_fail(err, BASE_FIELD, "message %s opens a case of the kind %s, but is no %s",
                     base_id_text(&message->id).text, name_text(kind->name), name_text(opening->name));
  if (header->party_count > WIRE_PARTIES_MAX || party_of(header, header->author) == NOBODY)
    return base_fail(err, BASE_FIELD, "message %s opens a case of which its author is not a party",
                     base_id_text(&message->id).text);
  *rules = (struct rules){.kind = kind, .opening = header};
  for (size_t i = 0; i < kind->transition_count; i++)
    if (kind->transitions[i].from == 0)
      enter_state(rules, kind->transitions[i].to, message);
  message->effective = true;
  return BASE_OK;
}

static void clear_computed(struct core_case_message *messages, size_t count) {
  for (size_t i = 0; i < count; i++) {
    messages[i].effective = messages[i].equivocal = messages[i].settled = false;
    memset(messages[i].why, 0, sizeof messages[i].why);
  }
}

enum base_code core_case_compute(const struct wire_kind *kind, struct core_case_message *messages, size_t count,
                                 struct core_case_state *out, struct base_error *err) {
  if (count > CORE_CASE_MESSAGES_MAX)
    return base_fail(err, BASE_TOO_LARGE, "a case of %zu messages, at most %d are allowed; open a new one", count,
                     CORE_CASE_MESSAGES_MAX);
  struct graph graph = {.messages = messages, .count = count};
  struct rules rules;
  bool flagged = false;
  clear_computed(messages, count);
  if (count > 1)
    qsort(messages, count, sizeof *messages, by_id);
  enum base_code code = check_ids(&graph, err);
  if (!code)
    code = find_follows(&graph, err);
  if (!code)
    code = compute_depths(&graph, err);
  if (!code)
    code = put_in_order(&graph, err);
  if (!code)
    code = begin(&rules, kind, &messages[0], err);
  if (!code)
    flagged = find_equivocation(&graph, err, &code);
  if (!code)
    code = find_settled(&graph, err);
  edges_free(&graph.follows);
  if (code)
    return code;
  for (size_t i = 1; i < count; i++)
    step(&rules, &messages[i]);
  *out = (struct core_case_state){.state = rules.state, .flagged = flagged, .by = rules.by};
  return BASE_OK;
}

/* --- before a message is written */

/* The rules as the last message left them. What took effect after the message that made the state can only have agreed.
 */
static struct rules rules_now(const struct wire_kind *kind, const struct core_case_message *messages, size_t count,
                              const struct core_case_state *state) {
  struct rules rules = {.kind = kind, .opening = messages[0].header, .state = state->state, .by = state->by};
  for (size_t i = count; i-- > 0;) {
    const struct wire_header *header = messages[i].header;
    unsigned author = party_of(rules.opening, header->author);
    if (base_id_equal(&messages[i].id, &state->by)) {
      rules.by_author = author;
      break;
    }
    const struct wire_kind_type *type = wire_kind_type_named(kind, header->type);
    if (messages[i].effective && type && author != NOBODY)
      rules.agreed[type - kind->types] |= (uint32_t)1 << author;
  }
  return rules;
}

static enum base_code refuse(const struct rules *rules, struct base_view type, struct base_view author, const char *why,
                             struct base_error *err) {
  char possible[240] = "";
  size_t used = 0;
  for (size_t i = 0; i < rules->kind->type_count; i++) {
    const struct wire_kind_type *other = &rules->kind->types[i];
    if (!judge(rules, other, author, NULL).transition || used + other->name.size + 3 > sizeof possible)
      continue;
    used += (size_t)snprintf(possible + used, sizeof possible - used, "%s%s", used ? ", " : "", name_text(other->name));
  }
  return base_fail(err, BASE_TRANSITION, "%.*s: %s; possible now: %s", (int)type.size, (const char *)type.data, why,
                   used ? possible : "nothing");
}

enum base_code core_case_allows(const struct wire_kind *kind, const struct core_case_message *messages, size_t count,
                                const struct core_case_state *state, struct base_view author,
                                const struct wire_kind_type *type, struct base_error *err) {
  struct rules rules = rules_now(kind, messages, count, state);
  struct verdict verdict = judge(&rules, type, author, NULL);
  return verdict.transition ? BASE_OK : refuse(&rules, type->name, author, verdict.why, err);
}

enum base_code core_case_allows_header(const struct wire_kind *kind, const struct core_case_message *messages,
                                       size_t count, const struct core_case_state *state,
                                       const struct wire_header *header, struct base_error *err) {
  struct rules rules = rules_now(kind, messages, count, state);
  struct verdict verdict = judge_header(&rules, header);
  return verdict.transition ? BASE_OK : refuse(&rules, header->type, header->author, verdict.why, err);
}

static int by_bare_id(const void *a, const void *b) {
  return base_id_compare(a, b);
}

size_t core_case_follows(const struct core_case_message *messages, size_t count, struct base_view author,
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
    memcpy(followed + total, header->follows, header->follow_count * sizeof *followed);
    total += header->follow_count;
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
