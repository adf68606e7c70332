/* SPDX-License-Identifier: Apache-2.0
 * What a kind may say and probably does not mean: told to whoever writes one, and refused by nobody. */
#include "wire/kind_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SAME_TEXT_LEAST = 12 }; /* bytes */

__attribute__((format(printf, 2, 3))) static void doubt(struct wire_faults *out, const char *format, ...) {
  char text[BASE_ERROR_TEXT_MAX];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  wire_faults_add(out, BASE_FIELD, "kind: %s", text);
}

/* --- states */

static uint64_t bit(size_t index) {
  return (uint64_t)1 << index;
}

/* The states that a transition leads out of, and the one that it leads to: none, when it stays. */
static uint64_t left_by(const struct wire_kind_transition *transition) {
  return transition->stays ? 0 : transition->from & ~bit(transition->to);
}

static uint64_t led_to(const struct wire_kind_transition *transition) {
  return transition->stays ? 0 : bit(transition->to);
}

/* A state that leads nowhere but to itself. */
static uint64_t ends_of(const struct wire_kind *kind) {
  uint64_t left = 0;
  for (size_t i = 0; i < kind->transition_count; i++)
    left |= left_by(&kind->transitions[i]);
  return (bit(kind->state_count) - 1) & ~left;
}

/* Where who takes the transition may make the item that it opens. */
static uint64_t item_begins(const struct wire_kind_transition *transition) {
  const struct wire_kind_item *item = transition->on->opens;
  uint64_t in = item == NULL ? UINT64_MAX : 0;
  for (size_t i = 0; item != NULL && i < item->transition_count; i++) {
    const struct wire_item_transition *begins = &item->transitions[i];
    if (begins->from == 0 && (begins->who == WIRE_WHO_ANY || begins->who == transition->who))
      in |= begins->in;
  }
  return in;
}

/* What leads out of a state whatever the items and the parties' own states are, whoever made it, and whatever period was said before: the first transition
 * there that takes its type, and of those that ask all, one for which each of them counts. */
static uint64_t surely_left_by(const struct wire_kind *kind, size_t at) {
  const struct wire_kind_transition *transition = &kind->transitions[at];
  bool counts = !transition->all || transition->who == WIRE_WHO_ANY ||
                (transition->who == WIRE_WHO_NOT_LAST && !transition->anew);
  if (transition->each || transition->on->moves != NULL || transition->on->apart != NULL || !counts)
    return 0;
  uint64_t before = 0;
  for (size_t i = 0; i < at; i++)
    if (kind->transitions[i].on == transition->on)
      before |= kind->transitions[i].each ? UINT64_MAX : kind->transitions[i].from;
  return left_by(transition) & item_begins(transition) & ~before;
}

static void look_at_ways_out(const struct wire_kind *kind, uint64_t ends, struct wire_faults *out) {
  uint64_t surely = ends;
  for (size_t i = 0; i < kind->transition_count; i++)
    surely |= surely_left_by(kind, i);
  for (size_t i = 0; i < kind->state_count; i++)
    if (!(surely & bit(i)))
      doubt(out,
            "$.states[%zu]: out of %s leads only what also needs an item, moves one party, asks all where not all may answer, "
            "says a period that others may have said, "
            "or is taken by a transition before it: is a plain way out missing, such as close?",
            i, wire_kind_text(kind->states[i]));
}

static void look_at_states(const struct wire_kind *kind, uint64_t ends, struct wire_faults *out) {
  uint64_t reaching = ends, before = 0;
  if (ends == 0)
    doubt(out, "$.states: each of them can be left, so no case is ever over: is an end missing, such as closed?");
  while (reaching != before) {
    before = reaching;
    for (size_t i = 0; i < kind->transition_count; i++)
      if (reaching & led_to(&kind->transitions[i]))
        reaching |= kind->transitions[i].from;
  }
  for (size_t i = 0; ends != 0 && i < kind->state_count; i++)
    if (!(reaching & bit(i)))
      doubt(out, "$.states[%zu]: from %s no message leads to an end of the case", i, wire_kind_text(kind->states[i]));
  for (size_t i = 0; i < kind->transition_count; i++)
    if (kind->transitions[i].from == 0 && (ends & led_to(&kind->transitions[i])))
      doubt(out, "$.transitions[%zu]: %s opens a case that is over at once: nothing can be sent in it", i,
            wire_kind_text(kind->transitions[i].on->name));
}

/* --- clocks */

static void look_at_clocks(const struct wire_kind *kind, uint64_t ends, struct wire_faults *out) {
  if (kind->clock_count == 0)
    doubt(out, "$.clocks: there is none, so nothing in such a case is ever due");
  for (size_t i = 0; i < kind->clock_count; i++) {
    const struct wire_kind_clock *clock = &kind->clocks[i];
    uint64_t told = 0;
    for (size_t k = 0; k < kind->transition_count; k++) {
      const struct wire_kind_transition *transition = &kind->transitions[k];
      uint64_t on = bit((size_t)(transition->on - kind->types));
      if (transition->from == 0 || !(ends & led_to(transition)) || (clock->stops & on) || (told & on))
        continue;
      told |= on;
      doubt(out, "$.clocks[%zu].stops: %s ends the case and does not stop the clock %s, which then becomes overdue", i,
            wire_kind_text(transition->on->name), wire_kind_text(clock->name));
    }
  }
}

/* Where an item goes on past what its clock waits for: there nobody owes anything, nor ever will. */
static void look_at_waiting(const struct wire_kind *kind, size_t at, struct wire_faults *out) {
  const struct wire_kind_clock *clock = &kind->clocks[at];
  const struct wire_kind_item *item = clock->item;
  uint64_t over = clock->from | clock->stops | clock->stops_all;
  uint32_t before = 0, leading = 0, left = 0;
  for (size_t i = 0; i < item->state_count * item->transition_count; i++) { /* each of them once for each state */
    const struct wire_item_transition *transition = &item->transitions[i % item->transition_count];
    uint64_t on = bit((size_t)(transition->on - kind->types));
    uint32_t to = transition->stays ? 0 : (uint32_t)1 << transition->to;
    if (transition->on == clock->starts)
      before |= transition->from | to;
    else if (!(on & over) && (transition->from & before))
      before |= to;
    if ((on & clock->from) || (to & leading))
      leading |= transition->from;
    left |= transition->stays ? 0 : transition->from & ~to;
  }
  for (size_t i = 0; i < item->state_count; i++)
    if (before & left & ~leading & (uint32_t)1 << i)
      doubt(out, "$.clocks[%zu].from: in %s of %s nothing of it can come any more, so nobody ever owes what the clock %s is for", at,
            wire_kind_text(item->states[i]), wire_kind_text(item->name), wire_kind_text(clock->name));
}

static void look_at_moments(const struct wire_kind *kind, struct wire_faults *out) {
  for (size_t i = 0; i < kind->clock_count; i++) {
    const struct wire_kind_clock *clock = &kind->clocks[i];
    if (clock->from != 0)
      look_at_waiting(kind, i, out);
    if (clock->least > 0 && clock->least > -clock->offset)
      doubt(out, "$.clocks[%zu].at.least: is more than offset leaves before the moment: of what is announced that late or later the clock %s "
                 "is due at the moment itself", i, wire_kind_text(clock->name));
  }
}

/* --- fields */

/* Pieces of a field's name that say that it is about a person. */
static const char *const personal_words[] = {
    "name",  "names", "surname", "born",   "birth",    "birthday",    "person", "persons",   "passport", "identity",
    "phone", "email", "mail",    "address", "residence", "nationality", "photo",  "face",      "dna",      "fingerprint",
    "iban",  "plate", "victim",  "suspect", "witness",   "religion",    "health", "ethnicity", "sex",      "gender"};

static bool about_a_person(struct base_view name) {
  while (name.size > 0) {
    const uint8_t *end = memchr(name.data, '_', name.size);
    size_t size = end ? (size_t)(end - name.data) : name.size;
    for (size_t i = 0; i < sizeof personal_words / sizeof *personal_words; i++)
      if (base_view_is(base_view_of(name.data, size), personal_words[i]))
        return true;
    size_t past = size + (end != NULL);
    name = base_view_of(name.data + past, name.size - past);
  }
  return false;
}

static bool holds_words(enum wire_field_type type) {
  return type == WIRE_FIELD_TEXT || type == WIRE_FIELD_LINE || type == WIRE_FIELD_DATE || type == WIRE_FIELD_TABLE;
}

/* The last words of two names of which the second one is never before the first. */
static const char *const in_order[][2] = {{"from", "to"},       {"from", "until"},    {"begins", "ends"},
                                          {"begin", "end"},     {"starts", "ends"},   {"start", "end"},
                                          {"departs", "arrives"}, {"arrives", "leaves"}, {"first_seen", "last_seen"}};

/* Whether the names end so, and are the same before that. */
static bool names_in_order(struct base_view first, struct base_view last, const char *const words[2]) {
  size_t one = strlen(words[0]), two = strlen(words[1]);
  if (first.size < one || last.size < two || first.size - one != last.size - two)
    return false;
  size_t head = first.size - one;
  return base_view_is(base_view_of(first.data + head, one), words[0]) &&
         base_view_is(base_view_of(last.data + head, two), words[1]) && memcmp(first.data, last.data, head) == 0 &&
         (head == 0 || first.data[head - 1] == '_');
}

static bool held_against(const struct wire_kind_field *field, const struct wire_kind_field *other) {
  for (size_t i = 0; field->rules && i < field->rules->bound_count; i++)
    if (field->rules->bounds[i].field == other)
      return true;
  return false;
}

static void look_at_order(const char *path, const struct wire_kind_field *first, const struct wire_kind_field *last,
                          size_t at, struct wire_faults *out) {
  bool ordered = false;
  for (size_t i = 0; i < sizeof in_order / sizeof *in_order; i++)
    ordered = ordered || names_in_order(first->name, last->name, in_order[i]);
  if (ordered && wire_field_moment(first->type) && wire_field_moment(last->type) && !held_against(first, last) &&
      !held_against(last, first))
    doubt(out, "%s[%zu]: nothing says that %s comes not before %s: is not_before missing?", path, at,
          wire_kind_text(last->name), wire_kind_text(first->name));
}

static void look_at_fields(const char *path, const struct wire_kind_field *fields, size_t count,
                           struct wire_faults *out) {
  for (size_t i = 0; i < count; i++) {
    const struct wire_kind_field *field = &fields[i];
    if (field->personal == WIRE_PERSONAL_NONE && holds_words(field->type) && about_a_person(field->name))
      doubt(out, "%s[%zu].personal: %s looks like personal data and is called none: law would not ask for it", path, i,
            wire_kind_text(field->name));
    if (field->personal != WIRE_PERSONAL_NONE && field->state)
      doubt(out, "%s[%zu].state: %s holds personal data and goes into the header, which stays when the content is erased",
            path, i, wire_kind_text(field->name));
    for (size_t k = 0; k < count; k++)
      look_at_order(path, &fields[k], field, i, out);
    char inner[128];
    (void)snprintf(inner, sizeof inner, "%.90s[%zu].columns", path, i);
    look_at_fields(inner, field->columns, field->column_count, out);
  }
}

static void look_at_types(const struct wire_kind *kind, struct wire_faults *out) {
  for (size_t i = 0; i < kind->type_count; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    size_t shown = 0;
    char path[64];
    for (size_t k = 0; k < type->field_count; k++)
      shown += type->fields[k].example.size > 0 || type->fields[k].example_relative || type->fields[k].required;
    if (type->field_count > 0 && shown == 0)
      doubt(out, "$.types[%zu].fields: no field of %s has an example, so wasl kind example prints an empty form", i,
            wire_kind_text(type->name));
    (void)snprintf(path, sizeof path, "$.types[%zu].fields", i);
    look_at_fields(path, type->fields, type->field_count, out);
  }
  if (kind->needs_row && kind->purpose_field.size == 0)
    doubt(out, "$.purpose_field: there is none, so law asks of the case no purpose, and only rows for every purpose fit");
}

static void look_at_personal_ends(const struct wire_kind *kind, struct wire_faults *out) {
  bool personal = false;
  for (size_t i = 0; i < kind->type_count; i++)
    personal = personal || wire_kind_type_personal(&kind->types[i]);
  if (kind->personal_ends.days > 0 && !personal)
    doubt(out, "$.personal_ends: no field of this kind is called personal, so only messages with files are erased");
}

/* What a state field holds stands in the header, which is no content. */
static void look_at_readers(const struct wire_kind *kind, struct wire_faults *out) {
  if (kind->named_readers && kind->mark == WIRE_LEVEL_NONE)
    doubt(out, "$.readers: without mark a message of it may go marked clear, as if it were for everybody");
  for (size_t i = 0; i < kind->type_count && kind->named_readers; i++)
    for (size_t j = 0; j < kind->types[i].field_count; j++) {
      const struct wire_kind_field *field = &kind->types[i].fields[j];
      if (field->state && (field->type == WIRE_FIELD_TEXT || field->type == WIRE_FIELD_LINE))
        doubt(out, "$.types[%zu].fields[%zu]: %s is free text in the header, which is there for more than the named readers", i,
              j, wire_kind_text(field->name));
    }
}

/* --- lists */

static bool has_code(const struct wire_kind_list *list, struct base_view code) {
  for (size_t i = 0; i < list->count; i++)
    if (base_view_equal(list->codes[i], code))
      return true;
  return false;
}

static bool within(const struct wire_kind_list *list, const struct wire_kind_list *other) {
  for (size_t i = 0; i < list->count; i++)
    if (!has_code(other, list->codes[i]))
      return false;
  return true;
}

static const struct wire_kind_list *list_of(const struct wire_kind *kind, struct base_view name) {
  for (size_t i = 0; i < kind->list_count; i++)
    if (base_view_equal(kind->lists[i].name, name))
      return &kind->lists[i];
  return NULL;
}

static bool walled(const struct wire_kind *kind, const struct wire_kind *other) {
  return (kind->lane == WIRE_LANE_HUMANITARIAN) != (other->lane == WIRE_LANE_HUMANITARIAN);
}

/* That of a kind on the same side of the wall: nobody is advised to take codes, least of all purposes, of the other one. */
static const struct wire_kind_list *list_beside(const struct wire_kind *kind, const struct wire_kind *other,
                                                struct base_view name) {
  return walled(kind, other) ? NULL : list_of(other, name);
}

/* How many have the same list under this name. */
static size_t have_same(const struct wire_kind *kind, const struct wire_kind_list *list, const struct wire_kind *const *others,
                        size_t count) {
  size_t same = 0;
  for (size_t i = 0; i < count; i++) {
    const struct wire_kind_list *other = list_beside(kind, others[i], list->name);
    same += other && within(list, other) && within(other, list);
  }
  return same;
}

/* The list that most of those have who have one of this name, and two at least; NULL: there is none, or this one is as
 * common. */
static const struct wire_kind_list *common_list(const struct wire_kind *kind, const struct wire_kind_list *own,
                                                const struct wire_kind *const *others, size_t count) {
  size_t have = 0;
  if (have_same(kind, own, others, count) > 1)
    return NULL;
  for (size_t i = 0; i < count; i++)
    have += list_beside(kind, others[i], own->name) != NULL;
  for (size_t i = 0; i < count; i++) {
    const struct wire_kind_list *list = list_beside(kind, others[i], own->name);
    size_t same = list ? have_same(kind, list, others, count) : 0;
    if (same > 1 && 2 * same > have)
      return list;
  }
  return NULL;
}

static bool list_used(const struct wire_kind_list *list, const struct wire_kind_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fields[i].list == list || list_used(list, fields[i].columns, fields[i].column_count))
      return true;
  return false;
}

/* The codes that the one has and the other lacks. */
static struct wire_code_names besides(const struct wire_kind_list *list, const struct wire_kind_list *other) {
  struct base_view codes[WIRE_KIND_CODES_MAX];
  size_t count = 0;
  for (size_t i = 0; i < list->count; i++)
    if (!has_code(other, list->codes[i]))
      codes[count++] = list->codes[i];
  return wire_kind_code_names(codes, count);
}

static void look_at_lists(const struct wire_kind *kind, const struct wire_kind *const *others, size_t other_count,
                          struct wire_faults *out) {
  for (size_t i = 0; i < kind->list_count; i++) {
    const struct wire_kind_list *list = &kind->lists[i], *common = common_list(kind, list, others, other_count);
    bool used = false;
    for (size_t k = 0; k < kind->type_count && !used; k++)
      used = list_used(list, kind->types[k].fields, kind->types[k].field_count);
    if (!used)
      doubt(out, "$.lists.%s: no field chooses from it", wire_kind_text(list->name));
    if (common)
      doubt(out, "$.lists.%s: differs from the list that other kinds have in common: lacks %.150s; has besides %.150s",
            wire_kind_text(list->name), besides(common, list).text, besides(list, common).text);
  }
}

/* The purposes of its cases, on one side of the wall, that another kind has on the other one: a row of an agreement that names such a
 * purpose would stand for both. */
static void look_at_purposes(const struct wire_kind *kind, const struct wire_kind *const *others, size_t other_count,
                             struct wire_faults *out) {
  const struct wire_kind_field *field = wire_kind_field_named(&kind->types[kind->opening], kind->purpose_field);
  for (size_t i = 0; field && i < field->list->count; i++)
    for (size_t k = 0; k < other_count; k++) {
      const struct wire_kind *other = others[k];
      const struct wire_kind_field *theirs = wire_kind_field_named(&other->types[other->opening], other->purpose_field);
      if (!walled(kind, other) || !theirs || !has_code(theirs->list, field->list->codes[i]))
        continue;
      doubt(out, "$.lists.%s: %s is a purpose of %s, too, which stands on the other side of the wall: a humanitarian kind has purposes of its "
                 "own", wire_kind_text(field->list->name), wire_kind_text(field->list->codes[i]), wire_kind_text(other->name));
      break;
    }
}

/* --- labels */

struct same_texts {
  const struct wire_labels *labels;
  struct wire_faults *out;
};

/* A text left as it was copied: short ones may well be the same word. */
static bool look_at_text(void *context, const char *key) {
  const struct same_texts *same = context;
  struct base_view arabic = wire_label(same->labels, key, WIRE_AR), english = wire_label(same->labels, key, WIRE_EN);
  bool copied = english.size >= SAME_TEXT_LEAST;
  for (int language = 0; language < WIRE_LANGUAGES && copied; language++)
    copied = language == WIRE_AR || base_view_equal(wire_label(same->labels, key, (enum wire_language)language), english);
  if (copied || base_view_equal(arabic, english))
    wire_faults_add(same->out, BASE_FIELD, "labels: $.texts.%s: is the same text in languages that differ", key);
  return true;
}

void wire_kind_doubts(const struct wire_kind *kind, const struct wire_labels *labels,
                      const struct wire_kind *const *others, size_t other_count, struct wire_faults *out) {
  uint64_t ends = ends_of(kind);
  look_at_states(kind, ends, out);
  look_at_ways_out(kind, ends, out);
  look_at_clocks(kind, ends, out);
  look_at_moments(kind, out);
  look_at_types(kind, out);
  look_at_personal_ends(kind, out);
  look_at_readers(kind, out);
  look_at_lists(kind, others, other_count, out);
  look_at_purposes(kind, others, other_count, out);
  struct same_texts same = {.labels = labels, .out = out};
  if (labels)
    wire_labels_keys(kind, look_at_text, &same);
}
