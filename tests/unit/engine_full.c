/* SPDX-License-Identifier: Apache-2.0
 * The state of a case where something is full, or stands where one does not expect it: as many parties as there may be, as many
 * names as a sentence has room for, a kind in an unusual order, the first message to arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_scene.h"

/* What moves the case stands before what opens it, in each list of the kind, and what opens an item before all. */
static const char ODD[] =
    "{\"wasl\":\"kind/1\",\"name\":\"odd\",\"version\":1,\"needs_row\":true,\"lists\":{},"
    "\"types\":[{\"name\":\"make\",\"fields\":[]},{\"name\":\"say\",\"fields\":[]},{\"name\":\"do\",\"fields\":["
    "{\"name\":\"thing\",\"type\":\"message\",\"required\":true,\"state\":true,\"item\":\"thing\"}]},"
    "{\"name\":\"open\",\"fields\":[]}],"
    "\"states\":[\"said\",\"fresh\"],\"opening\":\"open\","
    "\"transitions\":[{\"on\":\"say\",\"from\":[\"fresh\"],\"to\":\"said\",\"all\":true},{\"on\":\"open\",\"to\":\"fresh\"}],"
    "\"items\":[{\"name\":\"thing\",\"opened_by\":\"make\",\"states\":[\"todo\",\"done\"],"
    "\"transitions\":[{\"on\":\"do\",\"from\":[\"todo\"],\"to\":\"done\",\"all\":true}]}],\"clocks\":[]}";

static void a_kind_in_an_unusual_order(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin_kind(&scene, ODD);
  const struct wire_kind *kind = &scene.shipped.kind;
  add(&scene, 'a', A, "open", "");
  add(&scene, 'b', B, "make", "a");
  add_about(&scene, 'c', C, "do", "thing", 'b', "b");
  add(&scene, 'd', B, "say", "c");
  compute(&scene);
  assert_string_equal(state_name(&scene), "fresh");
  assert_int_equal(message(&scene, 'a')->type, kind->opening + 1);
  assert_int_equal(message(&scene, 'a')->party, A);
  assert_int_equal(message(&scene, 'b')->item, 1);
  assert_int_equal(message(&scene, 'c')->about, 1);
#define LACKS(type, item) \
  engine_lacks(kind, scene.messages, scene.count, &scene.state, shipped_type(&scene.shipped, type), item)
  assert_int_equal(LACKS("do", 1), 1u << A);
  assert_int_equal(LACKS("say", ENGINE_NO_ITEM), 1u << C);
#undef LACKS
  assert_int_equal(engine_allows_header(kind, scene.messages, scene.count, &scene.state, scene.messages[3].header, &err),
                   BASE_TRANSITION);
  assert_string_equal(err.text, "say: its author has agreed already; possible now: make");
  add(&scene, 'e', C, "say", "d");
  compute(&scene);
  assert_string_equal(state_name(&scene), "said");
  finish(&scene);
}

/* Whichever stands first when they are handed over: it is checked like any other. */
static void the_first_to_arrive_is_looked_at(void **unused) {
  (void)unused;
  for (int wrong = 0; wrong < 3; wrong++) {
    struct scene scene;
    struct base_error err;
    begin(&scene, "request", 2);
    add(&scene, 'a', A, "ask", "");
    struct wire_header *second = add(&scene, 'b', B, "answer", "a");
    struct engine_message opening = scene.messages[0];
    scene.messages[0] = scene.messages[1];
    scene.messages[1] = opening;
    assert_int_equal(try_compute(&scene, &err), BASE_OK);
    opening = scene.messages[0];
    scene.messages[0] = scene.messages[1];
    scene.messages[1] = opening;
    second->case_id = id_of(wrong == 0 ? 'z' : 'a');
    second->exercise = wrong == 1;
    second->follow_count = wrong != 2;
    assert_int_equal(try_compute(&scene, &err), BASE_FIELD);
    static const char *const why[] = {"is not of case", "is of an exercise, and case", "follows none"};
    assert_non_null(strstr(err.text, why[wrong]));
    finish(&scene);
  }
}

/* --- as many parties as there may be */

static char many[WIRE_PARTIES_MAX][32];

static void by_one_of_many(struct wire_header *header, unsigned author) {
  header->party_count = WIRE_PARTIES_MAX;
  for (unsigned i = 0; i < WIRE_PARTIES_MAX; i++) {
    (void)snprintf(many[i], sizeof many[i], "wasl/p%02u/0000000000000000", i);
    header->parties[i] = base_view_text(many[i]);
  }
  header->author = header->parties[author];
}

/* Each counts, the last one too: nothing is agreed or settled without it. */
static void as_many_parties_as_there_may_be(void **unused) {
  (void)unused;
  const unsigned everybody = (1u << WIRE_PARTIES_MAX) - 1;
  struct scene scene;
  begin(&scene, "agreement", 1);
  const struct wire_kind *kind = &scene.shipped.kind;
  const struct wire_kind_type *accept = shipped_type(&scene.shipped, "accept");
  by_one_of_many(add(&scene, 'a', A, "propose", ""), 0);
  for (unsigned i = 1; i < WIRE_PARTIES_MAX; i++) {
    compute(&scene);
    assert_string_equal(state_name(&scene), "proposed");
    assert_false(message(&scene, 'a')->settled);
    assert_int_equal(engine_lacks(kind, scene.messages, scene.count, &scene.state, accept, ENGINE_NO_ITEM),
                     everybody & ~((1u << i) - 1));
    const char before[] = {(char)('a' + (int)i - 1), 0};
    by_one_of_many(add_about(&scene, 'a' + (int)i, A, "accept", "terms", 'a', before), i);
  }
  compute(&scene);
  assert_string_equal(state_name(&scene), "in_force");
  assert_true(message(&scene, 'a')->settled && !message(&scene, 'b')->settled && !scene.state.flagged);
  assert_int_equal(scene.state.by_party, WIRE_PARTIES_MAX - 1);
  finish(&scene);
}

static void as_many_agree_to_an_item(void **unused) {
  (void)unused;
  const unsigned everybody = (1u << WIRE_PARTIES_MAX) - 1;
  struct scene scene;
  begin(&scene, "roadmap", 1);
  const struct wire_kind_type *agree = shipped_type(&scene.shipped, "measure_agree");
  by_one_of_many(add(&scene, 'a', A, "propose", ""), 0);
  by_one_of_many(add(&scene, 'b', A, "measure", "a"), 0);
  for (unsigned i = 1; i < WIRE_PARTIES_MAX; i++) {
    const char before[] = {(char)('b' + (int)i - 1), 0};
    by_one_of_many(add_about(&scene, 'b' + (int)i, A, "measure_agree", "measure", 'b', before), i);
    compute(&scene);
    assert_int_equal(message(&scene, 'b')->item_by, i + 1 < WIRE_PARTIES_MAX ? 1 : scene.count - 1);
    assert_int_equal(engine_lacks(&scene.shipped.kind, scene.messages, scene.count, &scene.state, agree, 1),
                     everybody & ~((2u << i) - 1));
  }
  finish(&scene);
}

/* --- the room of a sentence */

/* Of types with such long names, each of which is possible, as many are named as have room, and each as a whole. */
static void names_fill_the_sentence_to_its_end(void **unused) {
  (void)unused;
  for (int over = 0; over < 2; over++) {
    static char kind[4096], names[512];
    struct scene scene;
    struct base_error err;
    size_t used = 0, listed = 0;
#define PUT(...) used += (size_t)snprintf(kind + used, sizeof kind - used, __VA_ARGS__)
    PUT("{\"wasl\":\"kind/1\",\"name\":\"long\",\"version\":1,\"needs_row\":true,\"lists\":{},"
        "\"types\":[{\"name\":\"ask\",\"fields\":[]}");
    for (int i = 0; i < 6; i++)
      PUT(",{\"name\":\"%c_%0*d\",\"fields\":[]}", 'a' + i, i < 5 ? 36 : 37 + over, 0);
    PUT("],\"states\":[\"only\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"only\"}");
    for (int i = 0; i < 6; i++) {
      PUT(",{\"on\":\"%c_%0*d\",\"from\":[\"only\"],\"to\":\"only\"}", 'a' + i, i < 5 ? 36 : 37 + over, 0);
      if (i < 5 || !over)
        listed += (size_t)snprintf(names + listed, sizeof names - listed, "%s%c_%0*d", i > 0 ? ", " : "", 'a' + i,
                                   i < 5 ? 36 : 37, 0);
    }
    PUT("],\"clocks\":[]}");
#undef PUT
    begin_kind(&scene, kind);
    add(&scene, 'a', A, "ask", "");
    compute(&scene);
    assert_int_equal(engine_allows(&scene.shipped.kind, scene.messages, 1, &scene.state, base_view_text(origins[B]), INT64_MAX,
                                   shipped_type(&scene.shipped, "ask"), &err),
                     BASE_TRANSITION);
    assert_string_equal(strstr(err.text, "possible now: ") + strlen("possible now: "), names);
    assert_int_equal(listed, over ? 198 : 239);
    finish(&scene);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_kind_in_an_unusual_order),
      cmocka_unit_test(the_first_to_arrive_is_looked_at),
      cmocka_unit_test(as_many_parties_as_there_may_be),
      cmocka_unit_test(as_many_agree_to_an_item),
      cmocka_unit_test(names_fill_the_sentence_to_its_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
