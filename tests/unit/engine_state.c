/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_scene.h"

static void a_request_from_ask_to_close(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 2);
  add(&scene, 'r', A, "ask", "");
  compute(&scene);
  assert_string_equal(state_name(&scene), "asked");
  add(&scene, 'q', B, "clarify", "r");
  compute(&scene);
  assert_string_equal(state_name(&scene), "clarifying");
  add(&scene, 'p', A, "clarification", "rq");
  add(&scene, 'o', B, "partial_answer", "qp");
  compute(&scene);
  assert_string_equal(state_name(&scene), "partially_answered");
  add(&scene, 'n', B, "answer", "o");
  compute(&scene);
  assert_string_equal(state_name(&scene), "answered");
  add(&scene, 'm', A, "close", "pn");
  compute(&scene);
  assert_string_equal(state_name(&scene), "closed");
  assert_int_equal(message(&scene, 'm')->depth, 5);
  assert_true(base_id_equal(&scene.state.by, &message(&scene, 'm')->id));
  assert_false(scene.state.flagged);
  for (size_t i = 0; i < scene.count; i++)
    assert_true(scene.messages[i].effective);
  finish(&scene);
}

static const char *standing(const struct scene *scene, int party) {
  return (const char *)scene->shipped.kind.states[scene->state.standing[party]].data;
}

static bool may(const struct scene *scene, int author, const char *type) {
  return engine_allows(&scene->shipped.kind, scene->messages, scene->count, &scene->state,
                       base_view_text(origins[author]), INT64_MAX, shipped_type(&scene->shipped, type),
                       NULL) == BASE_OK;
}

/* Two are asked: what one of them says is said for itself, and the request is answered when both have. */
static void each_party_answers_for_itself(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "answer", "a");
  compute(&scene);
  assert_string_equal(state_name(&scene), "partially_answered");
  assert_string_equal(standing(&scene, B), "answered");
  assert_string_equal(standing(&scene, C), "asked");
  assert_true(may(&scene, C, "refuse") && may(&scene, C, "clarify") && may(&scene, A, "withdraw"));
  assert_false(may(&scene, B, "clarify") || may(&scene, B, "refuse") || may(&scene, A, "clarification"));
  add(&scene, 'c', C, "clarify", "ab");
  compute(&scene);
  assert_string_equal(state_name(&scene), "clarifying");
  assert_true(may(&scene, A, "clarification") && may(&scene, B, "answer"));
  add(&scene, 'd', A, "clarification", "c");
  compute(&scene);
  assert_string_equal(state_name(&scene), "partially_answered");
  assert_string_equal(standing(&scene, B), "answered");
  assert_string_equal(standing(&scene, C), "asked");
  add(&scene, 'e', B, "clarify", "bd"); /* it has answered */
  add(&scene, 'f', C, "refuse", "de");
  compute(&scene);
  assert_false(message(&scene, 'e')->effective);
  assert_string_equal(message(&scene, 'e')->why, "not possible in the state answered, in which its author is");
  assert_string_equal(state_name(&scene), "answered");
  add(&scene, 'g', A, "close", "f");
  compute(&scene);
  assert_string_equal(state_name(&scene), "closed");
  assert_string_equal(standing(&scene, B), "closed");
  assert_string_equal(standing(&scene, C), "closed");
  finish(&scene);
  begin(&scene, "request", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "refuse", "a");
  compute(&scene);
  assert_string_equal(state_name(&scene), "asked");
  add(&scene, 'c', C, "refuse", "a");
  compute(&scene);
  assert_string_equal(state_name(&scene), "refused");
  finish(&scene);
}

/* Guards the transition check of judge(): what the kind does not allow has no effect, and says why. */
static void invalid_transitions_are_held(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', A, "answer", "a");
  add(&scene, 'c', B, "close", "ab");
  add(&scene, 'd', B, "clarification", "c");
  add(&scene, 'e', A, "begging", "bd");
  add(&scene, 'f', A, "ask", "e");
  compute(&scene);
  assert_string_equal(state_name(&scene), "asked");
  assert_string_equal(message(&scene, 'b')->why, "only a party that did not open the case may send it");
  assert_string_equal(message(&scene, 'c')->why, "not possible in the state asked");
  assert_string_equal(message(&scene, 'd')->why, "not possible in the state asked");
  assert_string_equal(message(&scene, 'e')->why, "the kind has no such type");
  assert_string_equal(message(&scene, 'f')->why, "not possible in the state asked");
  for (char name = 'b'; name <= 'f'; name++)
    assert_false(message(&scene, name)->effective);
  finish(&scene);
}

static void strangers_have_no_effect(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', STRANGER, "answer", "a");
  add(&scene, 'c', STRANGER, "answer", "a");
  struct wire_header *other_kind = add(&scene, 'd', B, "answer", "ab");
  other_kind->kind_hash.bytes[0] ^= 1;
  struct wire_header *fewer = add(&scene, 'e', B, "answer", "d");
  fewer->party_count = 1;
  add(&scene, 'f', B, "answer", "e")->kind = BASE_VIEW("information");
  compute(&scene);
  assert_string_equal(state_name(&scene), "asked");
  assert_string_equal(message(&scene, 'b')->why, "its author is not a party of the case");
  assert_string_equal(message(&scene, 'd')->why, "it is of another kind than the case");
  assert_string_equal(message(&scene, 'f')->why, "it is of another kind than the case");
  assert_string_equal(message(&scene, 'e')->why, "it does not go to all parties of the case");
  assert_false(scene.state.flagged);
  finish(&scene);
}

static void an_agreement_needs_every_party(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "agreement", 3);
  add(&scene, 'a', A, "propose", "");
  add_accept(&scene, 'b', B, 'a', "a");
  compute(&scene);
  assert_string_equal(state_name(&scene), "proposed");
  assert_true(message(&scene, 'b')->effective);
  add_accept(&scene, 'c', B, 'a', "b"); /* again: does not count for C */
  add_accept(&scene, 'd', A, 'a', "ac");
  compute(&scene);
  assert_string_equal(state_name(&scene), "proposed");
  assert_string_equal(message(&scene, 'c')->why, "its author has agreed already");
  assert_string_equal(message(&scene, 'd')->why, "only a party that did not make the present state may send it");
  add_accept(&scene, 'e', C, 'a', "d");
  compute(&scene);
  assert_string_equal(state_name(&scene), "in_force");
  assert_true(base_id_equal(&scene.state.by, &message(&scene, 'e')->id));
  add(&scene, 'f', B, "end", "ce");
  compute(&scene);
  assert_string_equal(state_name(&scene), "ended");
  finish(&scene);
}

/* Guards `names`: consent to terms that were replaced meanwhile is no consent to the new ones. */
static void old_terms_are_not_accepted(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "agreement", 3);
  add(&scene, 'a', A, "propose", "");
  add_accept(&scene, 'b', B, 'a', "a");
  add(&scene, 'c', C, "counter", "b");
  add_accept(&scene, 'd', A, 'a', "ac");
  compute(&scene);
  assert_string_equal(state_name(&scene), "countered");
  assert_string_equal(message(&scene, 'd')->why, "terms does not name the message that made the present state");
  add_accept(&scene, 'e', A, 'c', "d");
  compute(&scene);
  assert_string_equal(state_name(&scene), "countered"); /* B accepted other terms */
  add_accept(&scene, 'f', B, 'c', "be");
  compute(&scene);
  assert_string_equal(state_name(&scene), "in_force");
  finish(&scene);
}

/* Guards find_equivocation(): two successors of one own message. */
static void two_stories_are_flagged(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "refuse", "a");
  add(&scene, 'c', C, "clarify", "ab");
  compute(&scene);
  assert_false(scene.state.flagged);
  add(&scene, 'd', B, "answer", "a"); /* does not follow his own refusal */
  compute(&scene);
  assert_true(scene.state.flagged);
  assert_true(message(&scene, 'b')->equivocal);
  assert_true(message(&scene, 'd')->equivocal);
  assert_false(message(&scene, 'a')->equivocal);
  assert_false(message(&scene, 'c')->equivocal);
  /* the order decides which of them comes first, on every node alike */
  assert_string_equal(state_name(&scene), "clarifying"); /* c alone; b answered */
  assert_int_equal(scene.state.standing[B], wire_kind_state_named(&scene.shipped.kind, BASE_VIEW("answered")));
  finish(&scene);
}

static void stories_branch_late_too(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "clarify", "a");
  add(&scene, 'c', A, "clarification", "ab");
  add(&scene, 'd', B, "partial_answer", "bc");
  add(&scene, 'e', B, "refuse", "bc");
  add(&scene, 'f', A, "withdraw", "a"); /* hides that he had clarified */
  compute(&scene);
  assert_true(scene.state.flagged);
  assert_true(message(&scene, 'd')->equivocal && message(&scene, 'e')->equivocal);
  assert_true(message(&scene, 'c')->equivocal && message(&scene, 'f')->equivocal);
  assert_false(message(&scene, 'b')->equivocal);
  finish(&scene);
}

static void settled_when_every_party_descends(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "answer", "a");
  compute(&scene);
  assert_false(message(&scene, 'a')->settled);
  add(&scene, 'c', C, "answer", "a");
  compute(&scene);
  assert_true(message(&scene, 'a')->settled);
  assert_false(message(&scene, 'b')->settled);
  add(&scene, 'd', A, "close", "abc");
  add(&scene, 'e', C, "answer", "cd");
  compute(&scene);
  assert_true(message(&scene, 'b')->settled);
  assert_false(message(&scene, 'd')->settled);
  finish(&scene);
}

static void dates_of_authors_change_nothing(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 2);
  add(&scene, 'a', A, "ask", "")->time = 1000;
  add(&scene, 'c', A, "withdraw", "a")->time = 2000;
  add(&scene, 'd', B, "answer", "a")->time = 1; /* backdated before everything */
  compute(&scene);
  assert_string_equal(state_name(&scene), "withdrawn");
  assert_string_equal(message(&scene, 'd')->why, "not possible in the state withdrawn");
  for (size_t i = 0; i < scene.count; i++)
    scene.headers[i].time = 9999 - scene.headers[i].time;
  compute(&scene);
  assert_string_equal(state_name(&scene), "withdrawn");
  finish(&scene);
}

static void refuses_what_is_no_case(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "request", 2);
  assert_int_equal(engine_compute(&scene.shipped.kind, scene.messages, 0, &scene.state, &err), BASE_FIELD);
  assert_int_equal(engine_compute(&scene.shipped.kind, scene.messages, ENGINE_MESSAGES_MAX + 1, &scene.state, &err),
                   BASE_TOO_LARGE);
  add(&scene, 'a', A, "ask", "");
  struct wire_header *header = add(&scene, 'b', B, "answer", "z");
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "which is missing"));
  header->follows[0] = id_of('b');
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "circle"));
  header->follows[0] = id_of('a');
  header->case_id = id_of('z');
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  header->case_id = id_of('a');
  header->opens = true;
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  header->opens = false;
  header->follow_count = 0;
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  header->follow_count = 1;
  assert_int_equal(try_compute(&scene, &err), BASE_OK);
  add(&scene, 'b', A, "close", "a");
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "stands twice"));
  finish(&scene);
}

static void refuses_a_wrong_opening(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "request", 2);
  struct wire_header *header = add(&scene, 'a', A, "answer", "");
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  header->type = BASE_VIEW("ask");
  header->author = base_view_text(origins[STRANGER]);
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  header->author = base_view_text(origins[A]);
  header->kind_hash.bytes[5] ^= 1;
  assert_int_equal(try_compute(&scene, &err), BASE_KIND);
  header->kind_hash.bytes[5] ^= 1;
  header->kind = BASE_VIEW("information");
  assert_int_equal(try_compute(&scene, &err), BASE_KIND);
  header->kind = scene.shipped.kind.name;
  header->party_count = WIRE_PARTIES_MAX + 1;
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  finish(&scene);
}

static void says_what_is_possible_now(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "agreement", 3);
  add(&scene, 'a', A, "propose", "");
  add_accept(&scene, 'b', B, 'a', "a");
  compute(&scene);
  const struct wire_kind *kind = &scene.shipped.kind;
  const struct wire_kind_type *accept = shipped_type(&scene.shipped, "accept");
#define ALLOWS(party)                                                                                                  \
  engine_allows(kind, scene.messages, scene.count, &scene.state, base_view_text(origins[party]), INT64_MAX, accept,    \
                &err)
#define LACKS(type) engine_lacks(kind, scene.messages, scene.count, &scene.state, type, ENGINE_NO_ITEM)
  assert_int_equal(LACKS(accept), 1u << C);
  assert_int_equal(LACKS(shipped_type(&scene.shipped, "counter")), 0);
  assert_int_equal(ALLOWS(C), BASE_OK);
  assert_int_equal(ALLOWS(B), BASE_TRANSITION);
  assert_string_equal(err.text, "accept: its author has agreed already; possible now: counter, decline");
  assert_int_equal(ALLOWS(A), BASE_TRANSITION);
  assert_non_null(strstr(err.text, "possible now: withdraw"));
  assert_int_equal(ALLOWS(STRANGER), BASE_TRANSITION);
  assert_non_null(strstr(err.text, "possible now: nothing"));
  add_accept(&scene, 'c', C, 'a', "a");
  compute(&scene);
  assert_int_equal(LACKS(accept), 0);
#undef LACKS
#undef ALLOWS
  finish(&scene);
}

/* What names the message that made the state waits from then on, by its author's proposal; anything else once one has sent it, and
 * what is agreed anew waits for who made the state, too. */
static void says_whose_consent_lacks(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "agreement", 3);
  add(&scene, 'a', A, "propose", "");
  compute(&scene);
  const struct wire_kind *kind = &scene.shipped.kind;
  const struct wire_kind_type *accept = shipped_type(&scene.shipped, "accept");
#define LACKS(type, item) engine_lacks(kind, scene.messages, scene.count, &scene.state, type, item)
  assert_int_equal(LACKS(accept, ENGINE_NO_ITEM), 1u << B | 1u << C);
  assert_int_equal(LACKS(accept, 0), 0);
  finish(&scene);
  begin(&scene, "operation", 3);
  add(&scene, 'a', A, "propose", "");
  compute(&scene);
  kind = &scene.shipped.kind;
  const struct wire_kind_type *review = shipped_type(&scene.shipped, "legal_review"), *activate = shipped_type(&scene.shipped, "activate");
  assert_int_equal(LACKS(review, ENGINE_NO_ITEM), 0);
  add(&scene, 'b', B, "legal_review", "a");
  compute(&scene);
  assert_int_equal(LACKS(review, ENGINE_NO_ITEM), 1u << C);
  add(&scene, 'c', C, "legal_review", "b");
  compute(&scene);
  assert_int_equal(LACKS(activate, ENGINE_NO_ITEM), 0);
  add(&scene, 'd', B, "activate", "c");
  compute(&scene);
  assert_int_equal(LACKS(review, ENGINE_NO_ITEM), 0);
  assert_int_equal(LACKS(activate, ENGINE_NO_ITEM), 1u << A | 1u << C);
#undef LACKS
  finish(&scene);
}

static void asks_before_a_message_is_sent(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "agreement", 2);
  add(&scene, 'a', A, "propose", "");
  compute(&scene);
  add_accept(&scene, 'b', B, 'z', "a");
  add_accept(&scene, 'c', B, 'a', "a");
  const struct wire_kind *kind = &scene.shipped.kind;
  assert_int_equal(engine_allows_header(kind, scene.messages, 1, &scene.state, &scene.headers[1], &err),
                   BASE_TRANSITION);
  assert_int_equal(engine_allows_header(kind, scene.messages, 1, &scene.state, &scene.headers[2], &err), BASE_OK);
  scene.headers[2].state_count = 0; /* it names none */
  assert_int_equal(engine_allows_header(kind, scene.messages, 1, &scene.state, &scene.headers[2], &err),
                   BASE_TRANSITION);
  finish(&scene);
}

static void follows_heads_and_his_own(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_id out[WIRE_FOLLOWS_MAX];
  begin(&scene, "request", 3);
  assert_int_equal(engine_follows(scene.messages, 0, base_view_text(origins[A]), out), 0);
  add(&scene, 'c', A, "ask", "");
  add(&scene, 'b', B, "clarify", "c");
  add(&scene, 'a', C, "answer", "c");
  compute(&scene);
  assert_int_equal(engine_follows(scene.messages, 3, base_view_text(origins[A]), out), 3);
  for (int i = 0; i < 3; i++)
    assert_int_equal(out[i].bytes[0], 'a' + i); /* ascending, his own ask among them */
  assert_int_equal(engine_follows(scene.messages, 3, base_view_text(origins[B]), out), 2);
  assert_int_equal(engine_follows(scene.messages, 3, base_view_text(origins[STRANGER]), out), 2);
  finish(&scene);
}

static void follows_at_most_the_deepest(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_id out[WIRE_FOLLOWS_MAX];
  begin(&scene, "request", 3);
  add(&scene, 'A', A, "ask", "");
  for (int i = 0; i < 40; i++)
    add(&scene, 'B' + i, B, "clarify", "A");
  add(&scene, '~', C, "answer", "B");
  compute(&scene);
  assert_int_equal(engine_follows(scene.messages, scene.count, base_view_text(origins[A]), out), WIRE_FOLLOWS_MAX);
  assert_int_equal(out[0].bytes[0], 'A');
  assert_int_equal(out[WIRE_FOLLOWS_MAX - 1].bytes[0], '~');
  for (int i = 1; i < WIRE_FOLLOWS_MAX; i++)
    assert_true(base_id_compare(&out[i - 1], &out[i]) < 0);
  finish(&scene);
}

/* --- random cases against a plain, slow reading of spec/case.md */

static void random_case(struct scene *scene) {
  static const char *const types[] = {"counter", "accept", "decline", "withdraw",
                                      "end",     "accept", "propose", "nothing"};
  static const char *const requests[] = {"clarify", "clarification", "partial_answer", "answer",
                                         "refuse",  "withdraw",      "close",          "nothing"};
  bool request = roll(2);
  begin(scene, request ? "request" : "agreement", 1 + roll(3));
  size_t count = 1 + roll(24);
  uint8_t names[256];
  for (unsigned i = 0; i < 256; i++)
    names[i] = (uint8_t)i;
  for (unsigned i = 255; i > 1; i--) {
    unsigned j = 1 + roll(i);
    uint8_t other = names[j];
    names[j] = names[i];
    names[i] = other;
  }
  add(scene, names[1], A, request ? "ask" : "propose", "");
  for (size_t i = 1; i < count; i++) {
    char follows[4] = {0};
    for (unsigned j = 0, many = 1 + roll(3); j < many; j++) {
      int earlier = names[1 + roll((unsigned)i)];
      if (!strchr(follows, earlier))
        follows[strlen(follows)] = (char)earlier;
    }
    const char *type = request ? requests[roll(8)] : types[roll(8)];
    int author = roll(10) ? (int)roll((unsigned)scene->parties) : STRANGER;
    if (strcmp(type, "accept") == 0)
      add_accept(scene, names[i + 1], author, names[1 + roll((unsigned)i)], follows);
    else
      add(scene, names[i + 1], author, type, follows);
  }
}

static size_t index_of(const struct scene *scene, const struct base_id *id) {
  size_t i = 0;
  while (!base_id_equal(&scene->messages[i].id, id))
    i++;
  return i;
}

static bool descends(const struct scene *scene, size_t later, size_t earlier) {
  if (later == earlier)
    return true;
  const struct wire_header *header = scene->messages[later].header;
  for (size_t i = 0; i < header->follow_count; i++)
    if (descends(scene, index_of(scene, &header->follows[i]), earlier))
      return true;
  return false;
}

static size_t latest_own(const struct scene *scene, size_t at) {
  const struct wire_header *header = scene->messages[at].header;
  size_t latest = SIZE_MAX;
  for (size_t i = 0; i < header->follow_count; i++) {
    size_t followed = index_of(scene, &header->follows[i]);
    if (base_view_equal(scene->messages[followed].header->author, header->author) &&
        (latest == SIZE_MAX || followed > latest))
      latest = followed;
  }
  return latest;
}

static void check_against_plain_reading(const struct scene *scene) {
  for (size_t i = 0; i < scene->count; i++) {
    const struct engine_message *one = &scene->messages[i];
    uint32_t depth = 0;
    for (size_t j = 0; j < one->header->follow_count; j++) {
      uint32_t below = scene->messages[index_of(scene, &one->header->follows[j])].depth + 1;
      depth = below > depth ? below : depth;
    }
    assert_int_equal(one->depth, depth);
    if (i > 0) {
      const struct engine_message *before = &scene->messages[i - 1];
      assert_true(before->depth < one->depth ||
                  (before->depth == one->depth && base_id_compare(&before->id, &one->id) < 0));
    }
    bool settled = true, equivocal = false;
    for (size_t party = 0; party < scene->parties; party++) {
      bool reached = false;
      for (size_t j = i; j < scene->count && !reached; j++)
        reached = base_view_is(scene->messages[j].header->author, origins[party]) && descends(scene, j, i);
      settled = settled && reached;
    }
    assert_int_equal(one->settled, settled);
    for (size_t j = 0; j < scene->count; j++)
      equivocal = equivocal || (j != i && base_view_equal(scene->messages[j].header->author, one->header->author) &&
                                latest_own(scene, i) == latest_own(scene, j));
    assert_int_equal(one->equivocal, equivocal && !base_view_is(one->header->author, origins[STRANGER]));
    assert_int_equal(one->effective, one->why[0] == 0);
  }
}

static void any_order_of_arrival_gives_the_same(void **unused) {
  (void)unused;
  for (seed = 1; seed < 400; seed++) {
    struct scene scene, again;
    uint64_t first = seed;
    random_case(&scene);
    compute(&scene);
    check_against_plain_reading(&scene);
    again = scene;
    for (size_t round = 0; round < 4; round++) {
      for (size_t i = again.count; i-- > 1;) {
        size_t j = roll((unsigned)i + 1);
        struct engine_message other = again.messages[i];
        again.messages[i] = again.messages[j];
        again.messages[j] = other;
      }
      compute(&again);
      assert_int_equal(again.state.state, scene.state.state);
      assert_int_equal(again.state.flagged, scene.state.flagged);
      assert_true(base_id_equal(&again.state.by, &scene.state.by));
      assert_memory_equal(again.state.standing, scene.state.standing, sizeof again.state.standing);
      assert_memory_equal(again.messages, scene.messages, scene.count * sizeof *scene.messages);
    }
    finish(&scene);
    seed = first;
  }
}

/* engine_allows and engine_follows foretell what engine_compute then finds; nor do they make anybody
 * equivocate. */
static void whatever_is_allowed_takes_effect(void **unused) {
  (void)unused;
  for (seed = 5001; seed < 5300; seed++) {
    struct scene scene;
    uint64_t first = seed;
    struct base_error err;
    random_case(&scene);
    compute(&scene);
    int author = (int)roll((unsigned)scene.parties);
    const struct wire_kind_type *type = &scene.shipped.kind.types[roll((unsigned)scene.shipped.kind.type_count)];
    bool flagged = scene.state.flagged;
    char name = 0; /* the smallest id of all: only its depth puts it at the end */
    size_t at = scene.count;
    struct wire_header *header = add(&scene, name, author, (const char *)type->name.data, "");
    header->follow_count = engine_follows(scene.messages, at, header->author, header->follows);
    base_hex(scene.state.by.bytes, 32, scene.terms[at]);
    header->state[0] = (struct wire_state_field){BASE_VIEW("terms"), base_view_text(scene.terms[at])};
    header->state_count = 1;
    enum base_code allowed =
        engine_allows(&scene.shipped.kind, scene.messages, at, &scene.state, header->author, header->time, type, &err);
    assert_int_equal(engine_allows_header(&scene.shipped.kind, scene.messages, at, &scene.state, header, &err),
                     allowed);
    compute(&scene);
    assert_int_equal(message(&scene, name)->effective, allowed == BASE_OK);
    if (!flagged)
      assert_false(scene.state.flagged);
    finish(&scene);
    seed = first;
  }
}

static void number_id(struct base_id *id, size_t number) {
  uint32_t mixed = (uint32_t)number * 2654435761u; /* odd factor: all different */
  id->bytes[0] = 1;
  for (int j = 0; j < 4; j++)
    id->bytes[31 - j] = (uint8_t)(mixed >> 8 * j);
}

/* As many as a case may hold, all beside each other. */
static void a_case_at_its_limit(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "request", 2);
  add(&scene, 0, A, "ask", "");
  struct wire_header *answer = add(&scene, 1, B, "answer", "");
  answer->follow_count = 1; /* the opening message, whose id is zero */
  size_t count = ENGINE_MESSAGES_MAX;
  struct engine_message *messages = calloc(count, sizeof *messages);
  assert_non_null(messages);
  messages[0] = scene.messages[0];
  for (size_t i = 1; i < count; i++) {
    number_id(&messages[i].id, i);
    messages[i].header = answer;
  }
  assert_int_equal(engine_compute(&scene.shipped.kind, messages, count, &scene.state, &err), BASE_OK);
  assert_true(messages[0].settled);
  assert_true(scene.state.flagged);
  assert_int_equal(messages[count - 1].depth, 1);
  free(messages);
  finish(&scene);
}

/* A long talk, each message following the four before: no recursion, no square. */
static void a_deep_case(void **unused) {
  (void)unused;
  enum { COUNT = 10000 };
  struct scene scene;
  struct base_error err;
  begin(&scene, "request", 2);
  add(&scene, 1, A, "ask", "");
  struct engine_message *messages = calloc(COUNT, sizeof *messages);
  struct wire_header *headers = calloc(COUNT, sizeof *headers);
  struct base_id(*follows)[4] = calloc(COUNT, sizeof *follows);
  assert_true(messages && headers && follows);
  for (size_t i = 0; i < COUNT; i++) {
    number_id(&messages[i].id, i);
    headers[i] = scene.headers[0];
    headers[i].follows = follows[i];
    headers[i].opens = i == 0;
    headers[i].case_id = messages[0].id;
    headers[i].type = i ? BASE_VIEW("answer") : BASE_VIEW("ask");
    headers[i].author = base_view_text(origins[i ? B : A]);
    for (size_t j = 1; j <= i && j <= 4; j++)
      headers[i].follows[headers[i].follow_count++] = messages[i - j].id;
    messages[i].header = &headers[i];
  }
  assert_int_equal(engine_compute(&scene.shipped.kind, messages, COUNT, &scene.state, &err), BASE_OK);
  assert_int_equal(messages[COUNT - 1].depth, COUNT - 1);
  assert_true(messages[0].settled);
  assert_false(scene.state.flagged);
  free(messages);
  free(headers);
  free(follows);
  finish(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_from_ask_to_close),
      cmocka_unit_test(each_party_answers_for_itself),
      cmocka_unit_test(invalid_transitions_are_held),
      cmocka_unit_test(strangers_have_no_effect),
      cmocka_unit_test(an_agreement_needs_every_party),
      cmocka_unit_test(old_terms_are_not_accepted),
      cmocka_unit_test(two_stories_are_flagged),
      cmocka_unit_test(stories_branch_late_too),
      cmocka_unit_test(settled_when_every_party_descends),
      cmocka_unit_test(dates_of_authors_change_nothing),
      cmocka_unit_test(refuses_what_is_no_case),
      cmocka_unit_test(refuses_a_wrong_opening),
      cmocka_unit_test(says_what_is_possible_now),
      cmocka_unit_test(says_whose_consent_lacks),
      cmocka_unit_test(asks_before_a_message_is_sent),
      cmocka_unit_test(follows_heads_and_his_own),
      cmocka_unit_test(follows_at_most_the_deepest),
      cmocka_unit_test(any_order_of_arrival_gives_the_same),
      cmocka_unit_test(whatever_is_allowed_takes_effect),
      cmocka_unit_test(a_case_at_its_limit),
      cmocka_unit_test(a_deep_case),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
