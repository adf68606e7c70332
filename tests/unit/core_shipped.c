/* SPDX-License-Identifier: Apache-2.0
 * Every kind that ships, walked at random by two or three parties: each of its types has an effect at some time, and each state of
 * the case and of its items is reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_scene.h"

enum { WALKS_MAX = 20000, TRIES_MAX = 40 };

struct seen {
  uint64_t types, states, items[WIRE_KIND_ITEMS_MAX];
};

static uint64_t all_of(size_t count) {
  return count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

static bool complete(const struct wire_kind *kind, const struct seen *seen) {
  bool whole = seen->types == all_of(kind->type_count) && seen->states == all_of(kind->state_count);
  for (size_t i = 0; whole && i < kind->item_count; i++)
    whole = seen->items[i] == all_of(kind->items[i].state_count);
  return whole;
}

static void note(const struct scene *scene, struct seen *seen) {
  const struct wire_kind *kind = &scene->shipped.kind;
  seen->states |= (uint64_t)1 << scene->state.state;
  for (size_t i = 0; i < scene->count; i++) {
    const struct engine_message *message = &scene->messages[i];
    if (message->effective)
      seen->types |= (uint64_t)1 << (wire_kind_type_named(kind, message->header->type) - kind->types);
    if (message->item != 0)
      seen->items[message->item - 1] |= (uint64_t)1 << message->item_state;
  }
}

/* An item of those that the type moves, where there is one. */
static const struct engine_message *some_message(const struct scene *scene, const struct wire_kind_type *type) {
  const struct engine_message *message = NULL;
  for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
    message = &scene->messages[roll((unsigned)scene->count - 1)];
    if (type->moves == NULL || engine_item(&scene->shipped.kind, message) == type->moves)
      break;
  }
  return message;
}

/* The state fields that decide something: a message named at random, a party at random. */
static void fill(struct scene *scene, struct wire_header *header, const struct wire_kind_type *type) {
  for (size_t i = 0; i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    const char *name = (const char *)field->name.data;
    if (field->type == WIRE_FIELD_PARTY)
      say(header, name, origins[roll((unsigned)scene->parties)]);
    if (field->type == WIRE_FIELD_DATE || field->type == WIRE_FIELD_TIME)
      say(header, name, "1970-01-01");
    if (field->type == WIRE_FIELD_MESSAGE && field->required && scene->count > 1) {
      char *text = scene->terms[header - scene->headers];
      const struct base_id *named = &some_message(scene, type)->id;
      base_hex(named->bytes, sizeof named->bytes, text);
      say(header, name, text);
    }
  }
}

/* Half of the time one that had no effect yet. */
static const struct wire_kind_type *some_type(const struct wire_kind *kind, const struct seen *seen) {
  const struct wire_kind_type *type = &kind->types[roll((unsigned)kind->type_count)];
  while (roll(2) && seen->types != all_of(kind->type_count) && (seen->types >> (type - kind->types) & 1))
    type = &kind->types[roll((unsigned)kind->type_count)];
  return type;
}

/* One message that is possible now; whether there was one. */
static bool step(struct scene *scene, const struct seen *seen) {
  const struct wire_kind *kind = &scene->shipped.kind;
  for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
    const struct wire_kind_type *type = some_type(kind, seen);
    int author = (int)roll((unsigned)scene->parties);
    struct base_id follows[WIRE_FOLLOWS_MAX];
    size_t count = engine_follows(scene->messages, scene->count, base_view_text(origins[author]), follows);
    struct wire_header *header = &scene->headers[scene->count];
    memset(header, 0, sizeof *header);
    (void)add(scene, (int)scene->count + 1, author, (const char *)type->name.data, "");
    memcpy(header->follows, follows, count * sizeof *follows);
    header->follow_count = count;
    header->time = (base_time)roll(4) * 43200; /* some before that day is over */
    fill(scene, header, type);
    if (engine_allows_header(kind, scene->messages, --scene->count, &scene->state, header, NULL) == BASE_OK) {
      scene->count++;
      compute(scene);
      return true;
    }
  }
  return false;
}

static void walk(const char *name, struct seen *seen) {
  struct scene scene;
  begin(&scene, name, 3);
  const struct wire_kind *kind = &scene.shipped.kind;
  for (unsigned i = 0; i < WALKS_MAX && !complete(kind, seen); i++) {
    scene.count = 0;
    scene.parties = 2 + i % 2;
    memset(scene.headers, 0, sizeof scene.headers);
    struct wire_header *opening = add(&scene, 1, A, (const char *)kind->types[kind->opening].name.data, "");
    fill(&scene, opening, &kind->types[kind->opening]);
    compute(&scene);
    do
      note(&scene, seen);
    while (scene.count < SCENE_MAX && step(&scene, seen));
  }
  if (!complete(kind, seen))
    fail_msg("%s: types %llx of %zu, states %llx of %zu", name, (unsigned long long)seen->types, kind->type_count,
             (unsigned long long)seen->states, kind->state_count);
  finish(&scene);
}

static void all_is_reached(void **state) {
  (void)state;
  seed = 20261123;
  size_t walked = 0;
  for (size_t i = 0; i < kinds_count; i++) {
    struct seen seen = {0};
    char name[49];
    const char *end = strchr(kinds_files[i].name, '.');
    if (end == NULL || strcmp(end, ".json") != 0)
      continue;
    assert_true((size_t)(end - kinds_files[i].name) < sizeof name);
    (void)snprintf(name, sizeof name, "%.*s", (int)(end - kinds_files[i].name), kinds_files[i].name);
    walk(name, &seen);
    walked++;
  }
  assert_true(walked > 20);
}

/* --- after the end: what is under way comes to its own, and nothing begins */

/* The states of the case that nothing leads out of. */
static uint64_t final_states(const struct wire_kind *kind) {
  uint64_t left = 0;
  for (size_t i = 0; i < kind->transition_count; i++)
    left |= kind->transitions[i].stays ? 0 : kind->transitions[i].from;
  return all_of(kind->state_count) & ~left;
}

/* "KIND: type type …" of what opens or moves an item in such a state; "" when nothing does. */
static void after_the_end(const struct wire_kind *kind, char *out, size_t size) {
  uint64_t final = final_states(kind);
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < kind->item_count; i++)
    for (size_t k = 0; k < kind->items[i].transition_count; k++) {
      const struct wire_item_transition *transition = &kind->items[i].transitions[k];
      if (!(transition->in & final) || (k > 0 && transition[-1].on == transition->on && (transition[-1].in & final)))
        continue;
      used += (size_t)snprintf(out + used, size - used, "%s%s %s", used == 0 ? (const char *)kind->name.data : "",
                               used == 0 ? ":" : "", (const char *)transition->on->name.data);
      assert_true(used < size);
    }
}

/* Whoever lets one more go on says so here. */
static void nothing_begins_after_the_end(void **state) {
  (void)state;
  static const char *const may[] = {
      "assistance: decline offer_withdraw reach_border arrive turn_back demobilise home settle",
      "crisis: reply task_refuse task_report task_done task_cancel",
      ("event: incident_update incident_end match_cancel delegation_decline delegation_left task_refuse task_report task_done "
       "task_cancel"),
      "migration_group: decision_done",
      "operation: phase_end task_refuse task_report task_done task_cancel loan_decline loan_end exhibit_hand_over exhibit_receive",
      "roadmap: measure_done measure_drop milestone_reached milestone_confirm",
      "talks: commitment_drop communique_object"};
  size_t found = 0;
  for (size_t i = 0; i < kinds_count; i++) {
    char name[49], told[512];
    const char *end = strchr(kinds_files[i].name, '.');
    if (end == NULL || strcmp(end, ".json") != 0)
      continue;
    (void)snprintf(name, sizeof name, "%.*s", (int)(end - kinds_files[i].name), kinds_files[i].name);
    struct shipped shipped;
    shipped_load(&shipped, name);
    after_the_end(&shipped.kind, told, sizeof told);
    base_arena_free(&shipped.arena);
    if (told[0] == '\0')
      continue;
    assert_true(found < sizeof may / sizeof *may);
    assert_string_equal(told, may[found++]);
  }
  assert_int_equal(found, sizeof may / sizeof *may);
}

/* --- what a kind keeps from being done */

/* The types after each other, each by A, or by B where it begins with "B "; "no " before it: it has no effect. */
static void goes(const char *kind, const char *const *types, size_t count) {
  struct scene scene;
  begin(&scene, kind, 2);
  for (size_t i = 0; i < count; i++) {
    bool no = strncmp(types[i], "no ", 3) == 0;
    const char *type = types[i] + (no ? 3 : 0);
    bool theirs = strncmp(type, "B ", 2) == 0;
    char after[2] = {(char)('a' + i - 1), '\0'};
    struct wire_header *header = add(&scene, 'a' + (int)i, theirs ? B : A, type + (theirs ? 2 : 0), i == 0 ? "" : after);
    header->time = (base_time)i * 86400;
    say(header, "may_withdraw_until", "1970-01-01");
    const char *names = strcmp(type, "B minutes_approve") == 0 ? "minutes" : strstr(type, "take_over") != NULL ? "hand_over" : NULL;
    if (names != NULL) { /* what made the state */
      base_hex(scene.state.by.bytes, sizeof scene.state.by.bytes, scene.terms[i]);
      say(header, names, scene.terms[i]);
    }
    compute(&scene);
    if (message(&scene, 'a' + (int)i)->effective == no)
      fail_msg("%s: %s as message %zu: %s", kind, type, i, no ? "takes effect" : message(&scene, 'a' + (int)i)->why);
  }
  finish(&scene);
}

/* One of them without a document, with one, and by no way around a refusal. */
static void nobody_travels_on_a_refused_document(void **state) {
  (void)state;
  static const char *const without[] = {"propose", "confirm_travel", "put_off", "confirm_travel", "boarded", "close"};
  static const char *const issued[] = {"propose", "laissez_passer", "no confirm_travel", "no document_issued", "B document_issued",
                                       "confirm_travel", "boarded"};
  static const char *const refused[] = {"propose", "no B document_refused", "laissez_passer", "B document_refused", "no confirm_travel",
                                        "no put_off", "no B put_off", "no boarded", "laissez_passer", "no confirm_travel",
                                        "B document_refused", "B document_issued", "confirm_travel", "B document_refused",
                                        "no boarded", "no confirm_travel", "withdraw"};
  static const char *const closed[] = {"propose", "laissez_passer", "B document_refused", "close", "no confirm_travel"};
  goes("voluntary_return", without, sizeof without / sizeof *without);
  goes("voluntary_return", issued, sizeof issued / sizeof *issued);
  goes("voluntary_return", refused, sizeof refused / sizeof *refused);
  goes("voluntary_return", closed, sizeof closed / sizeof *closed);
}

static void nobody_ends_talks_alone(void **state) {
  (void)state;
  static const char *const approved[] = {"convene", "held", "minutes", "no close", "B minutes_approve", "B close", "communique",
                                         "no B minutes_approve", "close", "no B communique"};
  static const char *const alone[] = {"convene", "held", "minutes", "B minutes_approve", "close", "no close", "B communique", "B close"};
  goes("talks", approved, sizeof approved / sizeof *approved);
  goes("talks", alone, sizeof alone / sizeof *alone);
}

/* Whoever closed it owes an evaluation like everybody else, and nobody writes two. */
static void everybody_evaluates(void **state) {
  (void)state;
  static const char *const operation[] = {"propose", "B legal_review", "activate", "B activate", "B close", "close", "evaluate", "no evaluate",
                                          "B evaluate", "no B evaluate"};
  static const char *const closed_last[] = {"propose", "B legal_review", "activate", "B activate", "B close", "close", "B evaluate", "evaluate"};
  static const char *const event[] = {"announce", "start", "end", "B evaluate", "no B evaluate", "evaluate", "no evaluate"};
  static const char *const crisis[] = {"activate", "stand_down", "evaluate", "resume", "stand_down", "B evaluate", "evaluate", "no B evaluate"};
  goes("operation", operation, sizeof operation / sizeof *operation);
  goes("operation", closed_last, sizeof closed_last / sizeof *closed_last);
  goes("event", event, sizeof event / sizeof *event);
  goes("crisis", crisis, sizeof crisis / sizeof *crisis);
}

/* An offer to hand over that nobody takes keeps no search from its end; who made it does not take it. */
static void no_search_waits_for_who_takes_over(void **state) {
  (void)state;
  static const char *const declined[] = {"alert", "hand_over", "no take_over", "B hand_over_end", "no B take_over", "place_of_safety", "conclude"};
  static const char *const taken_back[] = {"alert", "hand_over", "place_of_safety", "hand_over", "hand_over_end", "hand_over", "B take_over",
                                           "no hand_over_end", "B conclude", "close"};
  static const char *const waiting[] = {"alert", "hand_over", "sitrep", "conclude", "no B take_over", "reopen", "no B take_over"};
  goes("sar", declined, sizeof declined / sizeof *declined);
  goes("sar", taken_back, sizeof taken_back / sizeof *taken_back);
  goes("sar", waiting, sizeof waiting / sizeof *waiting);
}

/* Nobody asks the dead whether the family be told: what is said of them is said by a type of its own. */
static void the_dead_agree_to_nothing(void **state) {
  (void)state;
  static const char *const types[] = {"seek", "no found_dead", "B found_dead", "B found", "B found_dead", "close", "no B found_dead"};
  struct shipped shipped;
  goes("tracing", types, sizeof types / sizeof *types);
  shipped_load(&shipped, "tracing");
  const struct wire_kind_type *dead = wire_kind_type_named(&shipped.kind, BASE_VIEW("found_dead"));
  const struct wire_kind_type *living = wire_kind_type_named(&shipped.kind, BASE_VIEW("found"));
  assert_null(wire_kind_field_named(dead, BASE_VIEW("may_tell_family")));
  const struct wire_kind_list *list = wire_kind_field_named(living, BASE_VIEW("status"))->list;
  for (size_t i = 0; i < list->count; i++)
    assert_false(base_view_is(list->codes[i], "believed_dead"));
  base_arena_free(&shipped.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_is_reached), cmocka_unit_test(nothing_begins_after_the_end),
                                     cmocka_unit_test(nobody_travels_on_a_refused_document),
                                     cmocka_unit_test(nobody_ends_talks_alone),
                                     cmocka_unit_test(everybody_evaluates),
                                     cmocka_unit_test(no_search_waits_for_who_takes_over),
                                     cmocka_unit_test(the_dead_agree_to_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
