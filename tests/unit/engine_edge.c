/* SPDX-License-Identifier: Apache-2.0
 * The state of a case at its edges: ids that begin alike, what stood in the computed members before, a kind with one item,
 * the opener's word about what single parties said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_scene.h"

/* Ids of which the first 31 octets are those of another. */
static struct base_id beside(int name, uint8_t last) {
  struct base_id id = id_of(name);
  id.bytes[31] = last;
  return id;
}

static void ids_that_begin_alike(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "request", 2);
  add(&scene, 'm', A, "ask", "");
  add(&scene, 'm', B, "clarify", "m");
  scene.messages[1].id = beside('m', 1);
  add(&scene, 'm', A, "clarification", "m")->follows[0] = beside('m', 1);
  scene.messages[2].id = beside('m', 2);
  add(&scene, 'n', B, "answer", "m")->follows[0] = beside('m', 2);
  compute(&scene);
  assert_string_equal(state_name(&scene), "answered");
  for (uint32_t i = 0; i < scene.count; i++)
    assert_int_equal(scene.messages[i].depth, i);
  finish(&scene);
}

/* Of those that nothing else tells apart the last octet says which comes first, in whatever order they arrive. */
static void concurrent_ones_that_begin_alike(void **unused) {
  (void)unused;
  for (uint8_t first = 1; first <= 2; first++) {
    struct scene scene;
    begin(&scene, "request", 3);
    add(&scene, 'm', A, "ask", "");
    add(&scene, 'n', B, "clarify", "m");
    scene.messages[1].id = beside('n', first);
    add(&scene, 'n', C, "clarify", "m");
    scene.messages[2].id = beside('n', (uint8_t)(3 - first));
    compute(&scene);
    assert_int_equal(scene.messages[1].id.bytes[31], 1);
    assert_int_equal(scene.messages[2].id.bytes[31], 2);
    finish(&scene);
  }
}

/* Nobody has the id that is followed, though others begin so: before a greater one, and at the end. */
static void one_that_begins_alike_is_not_it(void **unused) {
  (void)unused;
  for (int last = 'n'; last >= 'l'; last -= 2) {
    struct scene scene;
    struct base_error err;
    begin(&scene, "request", 2);
    add(&scene, 'm', A, "ask", "");
    add(&scene, last, B, "answer", "m")->follows[0] = beside('m', 7);
    assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
    assert_non_null(strstr(err.text, "is missing"));
    finish(&scene);
  }
}

static void the_first_two_are_looked_at(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "request", 2);
  add(&scene, 'b', A, "ask", "");
  add(&scene, 'a', B, "answer", "b")->case_id = id_of('z');
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "is not of case"));
  finish(&scene);
  begin(&scene, "request", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'a', B, "answer", "a");
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "stands twice"));
  finish(&scene);
  begin(&scene, "request", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "ask", "")->opens = true;
  assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
  assert_non_null(strstr(err.text, "both open the case"));
  finish(&scene);
  for (int marked = 0; marked < 2; marked++) {
    begin(&scene, "request", 2);
    add(&scene, 'a', A, "ask", "")->exercise = marked == 0;
    add(&scene, 'b', B, "answer", "a")->exercise = marked == 1;
    assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
    assert_non_null(strstr(err.text, marked == 0 ? "is real, and case" : "is of an exercise, and case"));
    finish(&scene);
  }
}

static void soil(struct scene *scene) {
  for (size_t i = 0; i < scene->count; i++) {
    struct engine_message *message = &scene->messages[i];
    const struct engine_message clean = {.id = message->id, .header = message->header};
    memset(message, 0xAA, sizeof *message);
    message->id = clean.id;
    message->header = clean.header;
    message->effective = message->equivocal = message->settled = true;
  }
}

static void same_messages(const struct scene *a, const struct scene *b) {
  for (size_t i = 0; i < a->count; i++) {
    const struct engine_message *one = &a->messages[i], *other = &b->messages[i];
    assert_memory_equal(&one->id, &other->id, sizeof one->id);
    assert_int_equal(one->depth, other->depth);
    assert_int_equal(one->item, other->item);
    assert_int_equal(one->item_state, other->item_state);
    assert_int_equal(one->item_by, other->item_by);
    assert_int_equal(one->assignee, other->assignee);
    assert_int_equal(one->about, other->about);
    assert_int_equal(one->party, other->party);
    assert_int_equal(one->type, other->type);
    assert_memory_equal(one->agreed, other->agreed, sizeof one->agreed);
    assert_int_equal(one->effective, other->effective);
    assert_int_equal(one->agrees, other->agrees);
    assert_int_equal(one->agreed_by_all, other->agreed_by_all);
    assert_int_equal(one->equivocal, other->equivocal);
    assert_int_equal(one->settled, other->settled);
    assert_memory_equal(one->why, other->why, sizeof one->why);
  }
}

static void write_relief(struct scene *scene) {
  begin(scene, "relief", 3);
  say(add(scene, 'a', A, "ask", ""), "purpose", "flood");
  add(scene, 'b', B, "offer", "a");
  add_about(scene, 'c', A, "accept", "offer", 'b', "b");
  add_about(scene, 'd', A, "accept", "offer", 'b', "c"); /* held: it is accepted already */
  add(scene, 'e', STRANGER, "offer", "d");
}

/* What an earlier computation, or nobody, left in the messages changes nothing. */
static void what_stood_there_before_is_cleared(void **unused) {
  (void)unused;
  struct scene clean, soiled;
  write_relief(&clean);
  write_relief(&soiled);
  soil(&soiled);
  compute(&clean);
  compute(&soiled);
  same_messages(&clean, &soiled);
  assert_true(message(&clean, 'c')->effective && !message(&clean, 'd')->effective);
  assert_string_equal(message(&clean, 'c')->why, "");
  assert_int_equal(message(&clean, 'e')->agreed[0], 0);
  compute(&clean); /* and once more, in order now */
  same_messages(&clean, &soiled);
  finish(&clean);
  finish(&soiled);
}

static const char EDGE[] =
    "{\"wasl\":\"kind/1\",\"name\":\"edge\",\"version\":1,\"needs_row\":true,\"lists\":{},"
    "\"types\":[{\"name\":\"open\",\"fields\":[]},{\"name\":\"make\",\"fields\":[]},"
    "{\"name\":\"do\",\"fields\":[{\"name\":\"thing\",\"type\":\"message\",\"required\":true,\"state\":true,\"item\":\"thing\"}]},"
    "{\"name\":\"say\",\"fields\":[]},{\"name\":\"clear\",\"fields\":[]}],"
    "\"states\":[\"fresh\",\"said\"],\"opening\":\"open\","
    "\"transitions\":[{\"on\":\"open\",\"to\":\"fresh\"},"
    "{\"on\":\"say\",\"from\":[\"fresh\"],\"to\":\"said\",\"who\":\"others\",\"each\":true},"
    "{\"on\":\"clear\",\"from\":[\"said\"],\"to\":\"fresh\",\"who\":\"opener\",\"each\":true}],"
    "\"together\":[{\"all\":[\"said\"],\"state\":\"said\"},{\"state\":\"fresh\"}],"
    "\"items\":[{\"name\":\"thing\",\"opened_by\":\"make\",\"states\":[\"todo\",\"done\"],"
    "\"transitions\":[{\"on\":\"do\",\"from\":[\"todo\"],\"to\":\"done\"}]}],\"clocks\":[]}";

static void begin_edge(struct scene *scene, int opener) {
  begin_kind(scene, EDGE);
  add(scene, 'a', opener, "open", "");
}

/* The case is in another state than the party about whose word the opener's message is; what the opener's own is follows the case. */
static void the_opener_moves_who_is_there(void **unused) {
  (void)unused;
  struct scene scene;
  begin_edge(&scene, A);
  add(&scene, 'b', A, "clear", "a"); /* nobody said anything */
  add(&scene, 'c', B, "say", "b");
  compute(&scene);
  assert_false(message(&scene, 'b')->effective);
  assert_string_equal(state_name(&scene), "fresh");
  add(&scene, 'd', A, "clear", "c");
  add(&scene, 'e', B, "say", "d");
  compute(&scene);
  assert_true(message(&scene, 'd')->effective && message(&scene, 'e')->effective);
  assert_int_equal(scene.state.standing[A], scene.state.state);
  add(&scene, 'f', C, "say", "e");
  compute(&scene);
  assert_string_equal(state_name(&scene), "said");
  assert_int_equal(scene.state.standing[A], scene.state.state);
  finish(&scene);
}

/* Who stands first among the parties is moved like any other. */
static void the_opener_is_not_the_first(void **unused) {
  (void)unused;
  struct scene scene;
  begin_edge(&scene, B);
  add(&scene, 'b', A, "say", "a");
  add(&scene, 'c', B, "clear", "b");
  add(&scene, 'd', A, "say", "c");
  compute(&scene);
  assert_true(message(&scene, 'b')->effective && message(&scene, 'c')->effective && message(&scene, 'd')->effective);
  finish(&scene);
}

/* A message that not all parties hold can have no effect. */
static void the_parties_are_those_of_the_case(void **unused) {
  (void)unused;
  for (int other = 0; other < 3; other++) {
    struct scene scene;
    begin(&scene, "request", 3);
    add(&scene, 'a', A, "ask", "");
    struct wire_header *header = add(&scene, 'b', B, "answer", "a");
    assert_int_equal(header->party_count, 3);
    if (other != B)
      header->parties[other] = BASE_VIEW("wasl/elsewhere/0123456789abcdef");
    compute(&scene);
    assert_int_equal(message(&scene, 'b')->effective, other == B);
    finish(&scene);
  }
}

static void a_kind_with_one_item(void **unused) {
  (void)unused;
  struct scene scene;
  begin_edge(&scene, A);
  add(&scene, 'b', B, "make", "a");
  add_about(&scene, 'c', C, "do", "thing", 'b', "b");
  add_about(&scene, 'd', C, "do", "thing", 'a', "c"); /* no item */
  compute(&scene);
  assert_true(message(&scene, 'c')->effective);
  assert_int_equal(message(&scene, 'b')->item_state, 1);
  assert_false(message(&scene, 'd')->effective);
  finish(&scene);
}

static bool by_all(const struct scene *scene, int name) {
  return message(scene, name)->agreed_by_all;
}

/* Who agreed is told of when nobody is missing any more: of what took effect alone, and of this time alone. */
static void what_all_have_agreed_to(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "operation", 3);
  add(&scene, 'a', A, "propose", "");
  add(&scene, 'b', B, "legal_review", "a");
  add(&scene, 'c', B, "object", "b"); /* it is proposed anew, by B */
  add(&scene, 'd', C, "legal_review", "c");
  compute(&scene);
  assert_true(message(&scene, 'b')->agrees && message(&scene, 'd')->agrees);
  assert_false(by_all(&scene, 'b') || by_all(&scene, 'd'));
  add(&scene, 'e', A, "legal_review", "d");
  compute(&scene);
  assert_string_equal(state_name(&scene), "agreed");
  assert_true(message(&scene, 'd')->agrees && by_all(&scene, 'd'));
  assert_false(by_all(&scene, 'b') || message(&scene, 'e')->agrees || by_all(&scene, 'e'));
  add(&scene, 'f', B, "activate", "e");
  add(&scene, 'g', C, "extend", "f");
  add(&scene, 'h', A, "activate", "g");
  compute(&scene);
  assert_false(by_all(&scene, 'f'));
  add(&scene, 'i', C, "activate", "h");
  compute(&scene);
  assert_string_equal(state_name(&scene), "active");
  assert_true(by_all(&scene, 'f') && by_all(&scene, 'h') && by_all(&scene, 'd'));
  assert_true(message(&scene, 'g')->agrees && !by_all(&scene, 'g'));
  add(&scene, 'j', B, "close", "i");
  add(&scene, 'k', B, "suspend", "j"); /* what needs no agreement takes none along */
  compute(&scene);
  assert_true(message(&scene, 'j')->agrees && !by_all(&scene, 'j'));
  finish(&scene);
}

/* A type that all must send from one party's word on, and that another sends alone: agreed to is what all sent. */
static void one_type_with_and_without_all(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "operation", 3);
  for (size_t i = 0; i < scene.shipped.kind.transition_count; i++) {
    struct wire_kind_transition *transition = &scene.shipped.kind.transitions[i];
    if (base_view_is(transition->on->name, "object"))
      transition->on = wire_kind_type_named(&scene.shipped.kind, (struct base_view)BASE_VIEW("legal_review"));
  }
  add(&scene, 'a', A, "propose", "");
  add(&scene, 'b', B, "legal_review", "a");
  add(&scene, 'c', B, "legal_review", "b"); /* B agreed already, and so takes the other one */
  compute(&scene);
  assert_true(message(&scene, 'b')->agrees && message(&scene, 'c')->effective && !message(&scene, 'c')->agrees);
  assert_false(by_all(&scene, 'b'));
  finish(&scene);
}

/* Who has said so is out, and who made its state, but where it is to be said anew. */
static void whose_consent_an_item_lacks(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "roadmap", 3);
  const struct wire_kind *kind = &scene.shipped.kind;
  const struct wire_kind_type *accepts = shipped_type(&scene.shipped, "measure_agree");
  const struct wire_kind_type *drops = shipped_type(&scene.shipped, "measure_drop");
#define LACKS(type) engine_lacks(kind, scene.messages, scene.count, &scene.state, type, 1)
  add(&scene, 'a', A, "propose", "");
  add(&scene, 'b', A, "measure", "a");
  compute(&scene);
  assert_int_equal(LACKS(accepts), 0); /* nobody has said so yet */
  add_about(&scene, 'c', B, "measure_agree", "measure", 'b', "b");
  compute(&scene);
  assert_int_equal(LACKS(accepts), 1u << C);
  assert_int_equal(LACKS(drops), 0);
  add_about(&scene, 'd', C, "measure_agree", "measure", 'b', "c");
  compute(&scene);
  assert_int_equal(LACKS(accepts), 0);
  add_about(&scene, 'e', C, "measure_drop", "measure", 'b', "d");
  compute(&scene);
  assert_int_equal(LACKS(drops), 1u << A | 1u << B); /* anew */
  assert_int_equal(LACKS(accepts), 0);
#undef LACKS
  finish(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ids_that_begin_alike),        cmocka_unit_test(one_that_begins_alike_is_not_it),
      cmocka_unit_test(concurrent_ones_that_begin_alike),
      cmocka_unit_test(the_first_two_are_looked_at), cmocka_unit_test(what_stood_there_before_is_cleared),
      cmocka_unit_test(the_opener_is_not_the_first),
      cmocka_unit_test(the_parties_are_those_of_the_case),
      cmocka_unit_test(the_opener_moves_who_is_there), cmocka_unit_test(a_kind_with_one_item),
      cmocka_unit_test(what_all_have_agreed_to),     cmocka_unit_test(one_type_with_and_without_all),
      cmocka_unit_test(whose_consent_an_item_lacks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
