/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_scene.h"
#include "short_memory.h"

/* Items of a case: the kind of tests/kinds, then random kinds against a plain, slow reading of spec/kind.md and
 * spec/case.md. */

static const char *item_state(const struct scene *scene, int name) {
  const struct engine_message *one = message(scene, name);
  const struct wire_kind_item *item = engine_item(&scene->shipped.kind, one);
  return item == NULL ? "none" : (const char *)item->states[one->item_state].data;
}

static bool may(const struct scene *scene, int author, const char *type) {
  return engine_allows(&scene->shipped.kind, scene->messages, scene->count, &scene->state,
                       base_view_text(origins[author]), INT64_MAX, shipped_type(&scene->shipped, type),
                       NULL) == BASE_OK;
}

static bool may_about(const struct scene *scene, int author, const char *type, int item) {
  return engine_allows_item(&scene->shipped.kind, scene->messages, scene->count, &scene->state,
                            base_view_text(origins[author]), shipped_type(&scene->shipped, type),
                            (size_t)(message(scene, item) - scene->messages));
}

static struct wire_header *assign(struct scene *scene, int name, int author, int to, const char *follows) {
  struct wire_header *header = add(scene, name, author, "assign", follows);
  say(header, "to", origins[to]);
  return header;
}

static void an_offer_from_made_to_home(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "relief", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "offer", "a");
  add(&scene, 'c', C, "offer", "a");
  compute(&scene);
  assert_string_equal(item_state(&scene, 'a'), "none");
  assert_string_equal(item_state(&scene, 'b'), "made");
  assert_int_equal(message(&scene, 'b')->assignee, WIRE_PARTIES_MAX);
  assert_string_equal(state_name(&scene), "asked");
  assert_true(base_id_equal(&scene.state.by, &message(&scene, 'a')->id)); /* an offer leaves the case as it is */
  add_about(&scene, 'd', A, "accept", "offer", 'b', "abc");
  add_about(&scene, 'e', B, "mobilise", "offer", 'b', "d");
  compute(&scene);
  assert_string_equal(item_state(&scene, 'b'), "mobilising");
  assert_string_equal(item_state(&scene, 'c'), "made");
  assert_string_equal(state_name(&scene), "served"); /* an acceptance moves both */
  add_about(&scene, 'f', B, "report", "offer", 'b', "e");
  compute(&scene);
  assert_true(message(&scene, 'f')->effective);
  const struct engine_message *b = message(&scene, 'b');
  assert_int_equal(scene.messages[b->item_by].id.bytes[0], 'e'); /* a report leaves it as it is, and since when */
  add_about(&scene, 'g', B, "arrive", "offer", 'b', "f");
  add(&scene, 'h', A, "close", "dg");
  add_about(&scene, 'i', B, "leave", "offer", 'b', "h");
  add_about(&scene, 'j', C, "withdraw", "offer", 'c', "ch");
  compute(&scene);
  assert_string_equal(state_name(&scene), "closed");
  assert_string_equal(item_state(&scene, 'b'), "home"); /* whoever is on site may go home from a closed case */
  assert_string_equal(item_state(&scene, 'c'), "made");
  assert_string_equal(message(&scene, 'j')->why, "not possible in the state closed of the case");
  finish(&scene);
}

/* Guards: from, who and the name of an item. What is held moves neither the item nor the case. */
static void what_does_not_fit_is_held(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "relief", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "offer", "a");
  add(&scene, 'c', A, "offer", "a");
  add_about(&scene, 'd', C, "accept", "offer", 'b', "b");
  add_about(&scene, 'e', B, "mobilise", "offer", 'b', "b");
  add_about(&scene, 'f', A, "accept", "offer", 'a', "b");
  add_about(&scene, 'g', A, "accept", "offer", 'z', "b");
  add(&scene, 'h', A, "accept", "b");
  add_about(&scene, 'i', A, "decline", "offer", 'b', "e");
  add_about(&scene, 'j', A, "accept", "offer", 'b', "i");
  add_about(&scene, 'k', C, "withdraw", "offer", 'b', "d");
  add_about(&scene, 'l', A, "accept", "offer", 'c', "j");
  assign(&scene, 'm', A, B, "j");
  add_about(&scene, 'n', B, "accept", "offer", 'm', "m");
  add_about(&scene, 'q', B, "begging", "offer", 'b', "n");
  compute(&scene);
  assert_string_equal(item_state(&scene, 'b'), "declined");
  assert_string_equal(item_state(&scene, 'c'), "none");
  assert_string_equal(state_name(&scene), "asked");
  static const struct {
    int name;
    const char *why;
  } held[] = {{'c', "only a party that did not open the case may make an item offer"},
              {'d', "the offer 620000000000…: only the party that opened the case may send it"},
              {'e', "the offer 620000000000… is made"},
              {'f', "there is no offer of this case that it names"},
              {'g', "there is no offer of this case that it names"},
              {'h', "there is no offer of this case that it names"},
              {'j', "the offer 620000000000… is declined"},
              {'k', "the offer 620000000000… is declined"},
              {'l', "there is no offer of this case that it names"},
              {'n', "there is no offer of this case that it names"},
              {'q', "the kind has no such type"}};
  for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
    assert_false(message(&scene, held[i].name)->effective);
    assert_string_equal(message(&scene, held[i].name)->why, held[i].why);
  }
  add(&scene, 'o', A, "close", "n");
  add(&scene, 'p', B, "offer", "o");
  compute(&scene);
  assert_string_equal(message(&scene, 'p')->why, "no offer can be made in the state closed");
  finish(&scene);
}

/* Two acceptances of one offer, or an acceptance beside its withdrawal: one of them takes effect, the same everywhere. */
static void the_order_decides_between_two(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "relief", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "offer", "a");
  add_about(&scene, 'm', A, "accept", "offer", 'b', "b");
  add_about(&scene, 'd', B, "withdraw", "offer", 'b', "b"); /* the smaller id comes first */
  compute(&scene);
  assert_string_equal(item_state(&scene, 'b'), "withdrawn");
  assert_string_equal(state_name(&scene), "asked");
  assert_string_equal(message(&scene, 'm')->why, "the offer 620000000000… is withdrawn");
  finish(&scene);
}

static void a_task_goes_to_its_assignee(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "relief", 3);
  add(&scene, 'a', A, "ask", "");
  assign(&scene, 'b', A, B, "a");
  add_about(&scene, 'c', C, "take", "task", 'b', "b");
  compute(&scene);
  assert_int_equal(message(&scene, 'b')->assignee, B);
  assert_string_equal(message(&scene, 'c')->why, "the task 620000000000…: only its assignee may send it");
  assert_true(may_about(&scene, B, "take", 'b') && !may_about(&scene, A, "take", 'b'));
  say(add_about(&scene, 'd', B, "hand_on", "task", 'b', "bc"), "to", origins[C]);
  add_about(&scene, 'e', C, "take", "task", 'b', "d");
  compute(&scene);
  assert_int_equal(message(&scene, 'b')->assignee, C);
  assert_string_equal(item_state(&scene, 'b'), "taken");
  add_about(&scene, 'f', C, "confirm", "task", 'b', "e"); /* it took the task, and has agreed to what follows */
  add_about(&scene, 'g', B, "confirm", "task", 'b', "e");
  compute(&scene);
  assert_string_equal(message(&scene, 'f')->why, "the task 620000000000…: its author has agreed already");
  assert_string_equal(message(&scene, 'g')->why, "the task 620000000000…: only its owner or its assignee may send it");
  add_about(&scene, 'h', A, "confirm", "task", 'b', "fg");
  compute(&scene);
  assert_string_equal(item_state(&scene, 'b'), "done");
  finish(&scene);
}

/* Who said go before somebody said no has to say it again. */
static void a_go_before_a_no_counts_no_more(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "operation", 3);
  add(&scene, 'a', A, "propose", "");
  add(&scene, 'b', B, "legal_review", "a");
  add(&scene, 'c', C, "legal_review", "b");
  add(&scene, 'd', A, "activate", "c");
  add(&scene, 'e', B, "activate", "d");
  add(&scene, 'k', C, "activate", "e"); /* who made the state that they were in, too */
  add(&scene, 'f', A, "phase", "k");
  add_about(&scene, 'g', B, "phase_go", "phase", 'f', "f");
  add_about(&scene, 'h', C, "phase_no_go", "phase", 'f', "g");
  add_about(&scene, 'i', A, "phase_go", "phase", 'f', "h");
  compute(&scene);
  assert_string_equal(state_name(&scene), "active");
  assert_true(message(&scene, 'g')->effective && message(&scene, 'h')->effective && message(&scene, 'i')->effective);
  assert_string_equal(item_state(&scene, 'f'), "planned");
  add_about(&scene, 'j', B, "phase_go", "phase", 'f', "i");
  compute(&scene);
  assert_string_equal(item_state(&scene, 'f'), "planned"); /* C made the state by its no, and has to say go */
  add_about(&scene, 'l', C, "phase_go", "phase", 'f', "j");
  compute(&scene);
  assert_string_equal(item_state(&scene, 'f'), "running");
  finish(&scene);
}

/* A task that nobody was given: no assignee, and nobody may do what he may. */
static void without_an_assignee(void **unused) {
  (void)unused;
  struct scene scene;
  begin(&scene, "relief", 2);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', A, "assign", "a");
  assign(&scene, 'c', A, STRANGER, "b");
  compute(&scene);
  assert_int_equal(message(&scene, 'b')->assignee, WIRE_PARTIES_MAX);
  assert_int_equal(message(&scene, 'c')->assignee, WIRE_PARTIES_MAX);
  for (int author = A; author <= B; author++)
    assert_false(may_about(&scene, author, "take", 'b') || may_about(&scene, author, "take", 'c'));
  assert_true(may_about(&scene, A, "hand_on", 'b'));
  assert_false(may_about(&scene, A, "accept", 'b')); /* that moves another item */
  assert_false(may_about(&scene, A, "close", 'b'));
  assert_false(may_about(&scene, A, "hand_on", 'a'));
  finish(&scene);
}

static void says_what_is_possible_now(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  begin(&scene, "relief", 2);
  add(&scene, 'a', A, "ask", "");
  compute(&scene);
  const struct wire_kind *kind = &scene.shipped.kind;
  assert_true(may(&scene, B, "offer") && !may(&scene, A, "offer") && !may(&scene, A, "accept"));
  const struct wire_kind_type *accept = shipped_type(&scene.shipped, "accept");
  assert_int_equal(engine_allows(kind, scene.messages, scene.count, &scene.state, base_view_text(origins[A]), INT64_MAX,
                                 accept, &err),
                   BASE_TRANSITION);
  assert_string_equal(err.text, "accept: there is no offer of this case that it could be about now; possible now: "
                                "assign, close");
  add(&scene, 'b', B, "offer", "a");
  add(&scene, 'c', B, "offer", "b");
  add_about(&scene, 'd', A, "decline", "offer", 'b', "c");
  compute(&scene);
  assert_true(may(&scene, A, "accept") && may(&scene, B, "withdraw"));
  add_about(&scene, 'e', A, "accept", "offer", 'b', "d");
  add_about(&scene, 'f', A, "accept", "offer", 'c', "d");
  add_about(&scene, 'g', A, "accept", "offer", 'z', "d");
  size_t before = scene.count - 3;
#define ALLOWS(at) engine_allows_header(kind, scene.messages, before, &scene.state, &scene.headers[before + (at)], &err)
  assert_int_equal(ALLOWS(0), BASE_TRANSITION);
  assert_string_equal(err.text, "accept: the offer 620000000000… is declined; possible now: assign, close");
  assert_int_equal(ALLOWS(1), BASE_OK);
  assert_int_equal(ALLOWS(2), BASE_TRANSITION);
  assert_string_equal(err.text, "accept: there is no offer of this case that it names; possible now: accept, decline, "
                                "assign, close");
#undef ALLOWS
  finish(&scene);
}

/* A kind as it is written. */
static char text[16384];
static size_t used;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...) {
  va_list args;
  va_start(args, format);
  used += (size_t)vsnprintf(text + used, sizeof text - used, format, args);
  va_end(args);
  assert_true(used < sizeof text);
}

/* Without memory there is no state, but an error; nothing is lost, and the next attempt finds the same. */
static void without_memory_there_is_no_state(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  struct base_id follows[WIRE_FOLLOWS_MAX];
  size_t failed = 0;
  begin(&scene, "relief", 3);
  add(&scene, 'a', A, "ask", "");
  add(&scene, 'b', B, "offer", "a");
  add_about(&scene, 'c', A, "accept", "offer", 'b', "b");
  for (bool enough = false; !enough && without_memory(failed + 1); failed += !enough) {
    enum base_code code = try_compute(&scene, &err);
    enough = memory_was_enough();
    assert_int_equal(code, enough ? BASE_OK : BASE_MEMORY);
  }
  compute(&scene);
  assert_string_equal(item_state(&scene, 'b'), "accepted");
  if (without_memory(1)) {
    assert_true(failed > 10);
    assert_int_equal(engine_follows(scene.messages, scene.count, base_view_text(origins[A]), follows), 0);
    assert_false(memory_was_enough());
  }
  finish(&scene);
}

/* A sentence has room for so many names. */
static void names_what_is_possible_as_far_as_there_is_room(void **unused) {
  (void)unused;
  struct scene scene;
  struct base_error err;
  struct base_hash hash = {{0x11}};
  used = 0;
  memset(&scene, 0, sizeof scene);
  base_arena_init(&scene.shipped.arena, WIRE_KIND_ARENA);
  put("{\"wasl\":\"kind/1\",\"name\":\"some\",\"version\":1,\"needs_row\":true,\"lists\":{},\"types\":["
      "{\"name\":\"ask\",\"fields\":[]}");
  for (unsigned i = 0; i < 9; i++)
    put(",{\"name\":\"a_type_with_a_name_of_forty_letters_%u\",\"fields\":[]}", i);
  put("],\"states\":[\"c0\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"c0\"}");
  for (unsigned i = 0; i < 9; i++)
    put(",{\"on\":\"a_type_with_a_name_of_forty_letters_%u\",\"from\":[\"c0\"],\"to\":\"c0\"}", i);
  put("],\"clocks\":[]}");
  assert_int_equal(wire_kind_parse(base_view_of(text, used), &hash, &scene.shipped.arena, &scene.shipped.kind, &err), BASE_OK);
  scene.parties = 2;
  add(&scene, 'a', A, "ask", "");
  compute(&scene);
  assert_int_equal(engine_allows(&scene.shipped.kind, scene.messages, 1, &scene.state, base_view_text(origins[B]),
                                 INT64_MAX, shipped_type(&scene.shipped, "ask"), &err),
                   BASE_TRANSITION);
  assert_non_null(strstr(err.text, "letters_5"));
  assert_null(strstr(err.text, "letters_6"));
  finish(&scene);
}

/* --- random kinds and cases against the plain reading */

/* "[…]" of some of the names that begin with this letter, at least one. */
static void put_some(const char *key, char letter, unsigned count) {
  unsigned bits = 1 + roll((1u << count) - 1), written = 0;
  put("\"%s\":[", key);
  for (unsigned i = 0; i < count; i++)
    if (bits >> i & 1)
      put("%s\"%c%u\"", written++ ? "," : "", letter, i);
  put("]");
}

static void put_item(unsigned number, unsigned movers, unsigned states, bool assigned, bool mixed) {
  static const char *const whos[] = {"any", "opener", "others", "not_last", "owner", "not_owner", "assignee", "pair"};
  put("%s{\"name\":\"i%u\",\"opened_by\":\"%s%u\",\"states\":[\"s0\"", number ? "," : "", number,
      number && mixed ? "m0_" : "o", number && mixed ? 0 : number);
  for (unsigned i = 1; i < states; i++)
    put(",\"s%u\"", i);
  put("],%s", assigned ? "\"assignee_field\":\"to\"," : "");
  if (roll(4) == 0) {
    put_some("in", 'c', 3);
    put(",");
  }
  put("\"transitions\":[");
  for (unsigned i = roll(3); i > 0; i--) {
    put("{\"on\":\"%s%u\",\"who\":\"%s\"", number && mixed ? "m0_" : "o", number && mixed ? 0 : number, whos[roll(3)]);
    if (roll(2))
      put(",\"to\":\"s%u\"", roll(states));
    if (roll(4) == 0) {
      put(",");
      put_some("in", 'c', 3);
    }
    put("},");
  }
  for (unsigned i = 0, count = movers + roll(4); i < count; i++) {
    unsigned mover = i < movers ? i : roll(movers);
    bool both = number == 0 && mover == 0; /* it may open an item, or move the case */
    put("%s{\"on\":\"m%u_%u\",\"who\":\"%s\",", i ? "," : "", number, mover, whos[roll(3) ? roll(assigned ? 8 : 6) : 0]);
    put_some("from", 's', states);
    if (roll(5))
      put(",\"to\":\"s%u\"%s", roll(states), !both && roll(2) ? roll(3) ? ",\"all\":true" : ",\"all\":true,\"anew\":true" : "");
    if (roll(4) == 0) {
      put(",");
      put_some("in", 'c', 3);
    }
    put("}");
  }
  put("]}");
}

/* Case states c0 to c2, items i0 and i1 with states s0 …, opened by o0 and o1 (or i1 by m0_0, which moves i0), moved by
 * m0_0 …; m0_0 may move the case, too. */
static void put_kind(void) {
  static const char *const whos[] = {"any", "opener", "others", "not_last"};
  unsigned movers[2] = {1 + roll(3), 1 + roll(3)};
  bool assigned = roll(2), mixed = roll(2), moves = roll(2);
  used = 0;
  put("{\"wasl\":\"kind/1\",\"name\":\"some\",\"version\":1,\"needs_row\":true,\"lists\":{},\"types\":["
      "{\"name\":\"ask\",\"fields\":[]},{\"name\":\"step\",\"fields\":[]},{\"name\":\"vote\",\"fields\":[]},{\"name\":\"report\",\"fields\":[]}");
  for (unsigned i = 0; i < 2; i++) {
    if (i == 0 || !mixed)
      put(",{\"name\":\"o%u\",\"fields\":[{\"name\":\"to\",\"type\":\"party\",\"state\":true}]}", i);
    for (unsigned j = 0; j < movers[i]; j++)
      put(",{\"name\":\"m%u_%u\",\"fields\":[{\"name\":\"to\",\"type\":\"party\",\"state\":true},{\"name\":\"of\","
          "\"type\":\"message\",\"required\":true,\"state\":true,\"item\":\"i%u\"}]}",
          i, j, i);
  }
  put("],\"states\":[\"c0\",\"c1\",\"c2\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"c0\"}");
  for (unsigned i = 0; i < 3; i++)
    put(",{\"on\":\"step\",\"from\":[\"c%u\"],\"to\":\"c%u\",\"who\":\"%s\"}", i, (i + 1) % 3, whos[roll(4)]);
  put(",{\"on\":\"report\",\"from\":[\"c%u\"],\"who\":\"%s\"}", roll(3), whos[roll(4)]);
  put(",{\"on\":\"vote\",\"from\":[\"c%u\",\"c%u\"],\"to\":\"c0\",\"all\":true%s}", 0, 1 + roll(2), roll(2) ? ",\"anew\":true" : "");
  if (moves) {
    put(",{\"on\":\"m0_0\",\"who\":\"%s\",\"to\":\"c%u\",", whos[roll(4)], roll(3));
    put_some("from", 'c', 3);
    put("}");
  }
  put("],\"items\":[");
  for (unsigned i = 0; i < 2; i++)
    put_item(i, movers[i], 1 + roll(3), assigned, mixed);
  put("],\"clocks\":[]}");
}

/* Draws until the kind has no state that nobody reaches. */
static void random_kind(struct scene *scene) {
  enum base_code code;
  struct base_error err = {0};
  struct base_hash hash = {{0x11}};
  memset(scene, 0, sizeof *scene);
  do {
    base_arena_free(&scene->shipped.arena);
    base_arena_init(&scene->shipped.arena, WIRE_KIND_ARENA);
    put_kind();
    code = wire_kind_parse(base_view_of(text, used), &hash, &scene->shipped.arena, &scene->shipped.kind, &err);
    if (code && !strstr(err.text, "none leads to"))
      fail_msg("%s", err.text);
  } while (code);
}

static void random_names(uint8_t names[256]) {
  for (unsigned i = 0; i < 256; i++)
    names[i] = (uint8_t)i;
  for (unsigned i = 255; i > 1; i--) {
    unsigned j = 1 + roll(i);
    uint8_t other = names[j];
    names[j] = names[i];
    names[i] = other;
  }
}

/* The name of an earlier message, rather of one that may open an item. */
static int random_about(const struct scene *scene, const struct wire_kind_type *type) {
  size_t at = 0;
  for (unsigned tries = 0; tries < 6; tries++) {
    at = roll((unsigned)scene->count);
    const struct wire_kind_type *of = wire_kind_type_named(&scene->shipped.kind, scene->headers[at].type);
    if (type->moves != NULL && of->opens == type->moves)
      break;
  }
  return scene->messages[at].id.bytes[0];
}

/* Rather one of items than of the case. */
static const struct wire_kind_type *random_type(const struct scene *scene) {
  const struct wire_kind *kind = &scene->shipped.kind;
  unsigned at = 1 + roll((unsigned)kind->type_count - 1);
  return &kind->types[at < 3 ? 1 + roll((unsigned)kind->type_count - 1) : at];
}

static void random_case(struct scene *scene) {
  uint8_t names[256];
  random_kind(scene);
  random_names(names);
  scene->parties = 1 + roll(3);
  size_t count = 1 + roll(40);
  add(scene, names[1], A, "ask", "");
  for (size_t i = 1; i < count; i++) {
    char follows[4] = {0};
    for (unsigned j = 0, many = 1 + roll(2); j < many; j++) {
      int earlier = names[i - roll((unsigned)(i < 3 ? i : 3))];
      if (!strchr(follows, earlier))
        follows[strlen(follows)] = (char)earlier;
    }
    const struct wire_kind_type *type = random_type(scene);
    int author = roll(30) ? (int)roll((unsigned)scene->parties) : STRANGER;
    struct wire_header *header = add_about(scene, names[i + 1], author, (const char *)type->name.data, "of",
                                           random_about(scene, type), follows);
    if (roll(2))
      say(header, "to", origins[roll(4)]);
  }
}

/* The plain reading: what each message did, told by the page alone; state is asked of this history. */
struct deed {
  bool effective;
  int opens, moves, about; /* item of the kind; index of the message that opened it; -1 */
  int item_to, case_to;    /* state that it made; -1: none */
  bool agrees_item, agrees_case;
};
struct plain {
  const struct scene *scene;
  struct deed deeds[SCENE_MAX];
};

static int party_of(const struct plain *plain, size_t at) {
  for (int i = 0; i < (int)plain->scene->parties; i++)
    if (base_view_is(plain->scene->messages[at].header->author, origins[i]))
      return i;
  return -1;
}

/* The last message before this one that made the state of the case, or of the item that the message there opened. */
static int made_case(const struct plain *plain, size_t before) {
  int made = 0;
  for (size_t i = 0; i < before; i++)
    if (plain->deeds[i].effective && plain->deeds[i].case_to >= 0)
      made = (int)i;
  return made;
}

static int made_item(const struct plain *plain, size_t before, int item) {
  int made = item;
  for (size_t i = 0; i < before; i++)
    if (plain->deeds[i].effective && plain->deeds[i].about == item && plain->deeds[i].item_to >= 0)
      made = (int)i;
  return made;
}

static int item_state_before(const struct plain *plain, size_t before, int item) {
  int made = made_item(plain, before, item);
  return made == item ? plain->deeds[item].opens >> 8 : plain->deeds[made].item_to;
}

static bool bears(const struct plain *plain, size_t at, const char *field) {
  const struct wire_kind_type *type =
      wire_kind_type_named(&plain->scene->shipped.kind, plain->scene->messages[at].header->type);
  return type && wire_kind_field_named(type, base_view_text(field));
}

/* -1: nobody */
static int assignee_before(const struct plain *plain, size_t before, int item) {
  const struct wire_kind_item *of = &plain->scene->shipped.kind.items[plain->deeds[item].opens & 0xff];
  int assignee = -1;
  for (size_t i = (size_t)item; i < before && of->assignee_field.size; i++) {
    const struct deed *deed = &plain->deeds[i];
    if (!deed->effective || deed->agrees_item || !((int)i == item || deed->about == item))
      continue;
    struct base_view to = wire_header_state(plain->scene->messages[i].header, "to");
    assert_true(bears(plain, i, "to"));
    for (int j = 0; j < 4 && to.size > 0; j++)
      if (base_view_is(to, origins[j]))
        assignee = j < (int)plain->scene->parties ? j : -1;
  }
  return assignee;
}

static bool admits(const struct plain *plain, enum wire_who who, int party, size_t before, int item) {
  int owner = item < 0 ? -1 : party_of(plain, (size_t)item);
  int assignee = item < 0 ? -1 : assignee_before(plain, before, item);
  int last = party_of(plain, (size_t)(item < 0 ? made_case(plain, before) : made_item(plain, before, item)));
  bool answers[WIRE_WHOS] = {[WIRE_WHO_ANY] = true,
                             [WIRE_WHO_OPENER] = party == A,
                             [WIRE_WHO_OTHERS] = party != A,
                             [WIRE_WHO_NOT_LAST] = party != last,
                             [WIRE_WHO_OWNER] = party == owner,
                             [WIRE_WHO_NOT_OWNER] = party != owner,
                             [WIRE_WHO_ASSIGNEE] = party == assignee,
                             [WIRE_WHO_PAIR] = party == owner || party == assignee};
  return answers[who];
}

/* Whether this party has agreed to this type since the state of the case (item -1) or the item began, or, but anew, made it. */
static bool has_agreed(const struct plain *plain, struct base_view type, int party, size_t before, int item, bool anew) {
  int made = item < 0 ? made_case(plain, before) : made_item(plain, before, item);
  if (!anew && party_of(plain, (size_t)made) == party)
    return true;
  for (size_t i = (size_t)made + 1; i < before; i++) {
    const struct deed *deed = &plain->deeds[i];
    bool agrees = item < 0 ? deed->agrees_case : deed->agrees_item && deed->about == item;
    if (deed->effective && agrees && party_of(plain, i) == party &&
        base_view_equal(plain->scene->messages[i].header->type, type))
      return true;
  }
  return false;
}

static bool all_agree(const struct plain *plain, struct base_view type, enum wire_who who, int author, size_t before,
                      int item, bool anew) {
  for (int party = 0; party < (int)plain->scene->parties; party++)
    if (party != author && admits(plain, who, party, before, item) && !has_agreed(plain, type, party, before, item, anew))
      return false;
  return true;
}

static bool case_takes(const struct plain *plain, size_t at, const struct wire_kind_type *type, struct deed *deed) {
  const struct wire_kind *kind = &plain->scene->shipped.kind;
  int state = plain->deeds[made_case(plain, at)].case_to, author = party_of(plain, at);
  bool any = false;
  for (size_t i = 0; i < kind->transition_count; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    if (transition->on != type)
      continue;
    any = true;
    if (!(transition->from >> state & 1) || !admits(plain, transition->who, author, at, -1) ||
        (transition->all && has_agreed(plain, type->name, author, at, -1, transition->anew)))
      continue;
    deed->agrees_case = transition->all && !all_agree(plain, type->name, WIRE_WHO_ANY, author, at, -1, transition->anew);
    deed->case_to = deed->agrees_case || transition->stays ? -1 : (int)transition->to;
    return true;
  }
  return !any;
}

static bool item_begins(const struct plain *plain, size_t at, const struct wire_kind_type *type, struct deed *deed) {
  const struct wire_kind *kind = &plain->scene->shipped.kind;
  int state = plain->deeds[made_case(plain, at)].case_to, author = party_of(plain, at);
  for (int i = 0; i < (int)kind->item_count; i++)
    for (size_t j = 0; kind->items[i].opened_by == type && j < kind->items[i].transition_count; j++) {
      const struct wire_item_transition *transition = &kind->items[i].transitions[j];
      if (transition->on != type || !(transition->in >> state & 1) ||
          !admits(plain, transition->who, author, at, -1))
        continue;
      deed->opens = i | (int)transition->to << 8;
      return true;
    }
  return type->opens == NULL;
}

static bool item_takes(const struct plain *plain, size_t at, const struct wire_kind_type *type, struct deed *deed) {
  const struct wire_kind *kind = &plain->scene->shipped.kind;
  struct base_id id;
  if (type->moves == NULL)
    return true;
  int state = plain->deeds[made_case(plain, at)].case_to, author = party_of(plain, at), wanted = -1;
  assert_true(base_id_parse(wire_header_state(plain->scene->messages[at].header, "of"), &id));
  for (int i = 0; i < (int)at; i++)
    if (base_id_equal(&plain->scene->messages[i].id, &id) && plain->deeds[i].effective && plain->deeds[i].opens >= 0 &&
        &kind->items[plain->deeds[i].opens & 0xff] == type->moves)
      wanted = i;
  for (size_t j = 0; wanted >= 0 && j < type->moves->transition_count; j++) {
    const struct wire_item_transition *transition = &type->moves->transitions[j];
    if (transition->on != type || !(transition->from >> item_state_before(plain, at, wanted) & 1) ||
        !(transition->in >> state & 1) || !admits(plain, transition->who, author, at, wanted) ||
        (transition->all && has_agreed(plain, type->name, author, at, wanted, transition->anew)))
      continue;
    deed->about = wanted;
    deed->agrees_item = transition->all && !all_agree(plain, type->name, transition->who, author, at, wanted, transition->anew);
    deed->item_to = deed->agrees_item || transition->stays ? -1 : (int)transition->to;
    return true;
  }
  return false;
}

static void read_plainly(struct plain *plain) {
  const struct scene *scene = plain->scene;
  plain->deeds[0] = (struct deed){.effective = true, .opens = -1, .about = -1, .item_to = -1, .case_to = 0};
  for (size_t i = 1; i < scene->count; i++) {
    const struct wire_kind_type *type = wire_kind_type_named(&scene->shipped.kind, scene->messages[i].header->type);
    struct deed deed = {.opens = -1, .about = -1, .item_to = -1, .case_to = -1};
    deed.effective = party_of(plain, i) >= 0 && case_takes(plain, i, type, &deed) &&
                     item_begins(plain, i, type, &deed) && item_takes(plain, i, type, &deed);
    plain->deeds[i] = deed;
  }
}

/* Whose consent lacks is who may send it, has not, and is not the only one who has to. */
static void check_lacks(const struct scene *scene, uint32_t at) {
  const struct wire_kind *kind = &scene->shipped.kind;
  const struct engine_message *one = &scene->messages[at];
  const struct wire_kind_item *item = engine_item(kind, one);
  for (size_t i = 0; i < kind->type_count; i++) {
    const struct wire_kind_type *type = &kind->types[i];
    uint32_t lacks = engine_lacks(kind, scene->messages, scene->count, &scene->state, type, at);
    size_t place = 0;
    while (place < item->all_count && item->all[place] != type)
      place++;
    bool some = place < item->all_count && one->agreed[place] != 0;
    assert_true(lacks == 0 || some);
    for (unsigned party = 0; party < scene->parties; party++)
      if (lacks >> party & 1) {
        assert_false(one->agreed[place] >> party & 1);
        assert_true(engine_allows_item(kind, scene->messages, scene->count, &scene->state,
                                       base_view_text(origins[party]), type, at));
      }
  }
}

static void check_against_plain_reading(const struct scene *scene) {
  struct plain plain = {.scene = scene};
  read_plainly(&plain);
  for (size_t i = 0; i < scene->count; i++) {
    const struct engine_message *one = &scene->messages[i];
    const struct deed *deed = &plain.deeds[i];
    assert_int_equal(one->effective, deed->effective);
    assert_int_equal(one->effective, one->why[0] == 0);
    assert_int_equal(one->about, deed->effective && deed->about >= 0 ? (uint32_t)deed->about : ENGINE_NO_ITEM);
    assert_int_equal(one->item, deed->effective && deed->opens >= 0 ? (deed->opens & 0xff) + 1 : 0);
    if (one->item == 0)
      continue;
    int assignee = assignee_before(&plain, scene->count, (int)i);
    assert_int_equal(one->item_by, made_item(&plain, scene->count, (int)i));
    assert_int_equal(one->item_state, item_state_before(&plain, scene->count, (int)i));
    assert_int_equal(one->assignee, assignee < 0 ? WIRE_PARTIES_MAX : assignee);
    const struct wire_kind_item *item = engine_item(&scene->shipped.kind, one);
    for (size_t j = 0; j < item->all_count; j++)
      for (int party = 0; party < (int)scene->parties; party++)
        assert_int_equal(one->agreed[j] >> party & 1, has_agreed(&plain, item->all[j]->name, party, scene->count, (int)i, true));
    check_lacks(scene, (uint32_t)i);
  }
  size_t made = (size_t)made_case(&plain, scene->count);
  assert_true(base_id_equal(&scene->state.by, &scene->messages[made].id));
  assert_int_equal(scene->state.state, plain.deeds[made].case_to);
}

/* What a party's next message follows: his last one, and each that nobody follows yet. */
static void check_follows(const struct scene *scene) {
  for (int party = 0; party < (int)scene->parties; party++) {
    struct base_id out[WIRE_FOLLOWS_MAX];
    size_t count = engine_follows(scene->messages, scene->count, base_view_text(origins[party]), out), wanted = 0;
    for (size_t i = 0; i < scene->count; i++) {
      const struct engine_message *one = &scene->messages[i];
      bool followed = false, last = base_view_is(one->header->author, origins[party]), there = false;
      for (size_t j = 0; j < scene->count; j++)
        for (size_t k = 0; k < scene->messages[j].header->follow_count; k++)
          followed = followed || base_id_equal(&scene->messages[j].header->follows[k], &one->id);
      for (size_t j = i + 1; j < scene->count; j++)
        last = last && !base_view_is(scene->messages[j].header->author, origins[party]);
      for (size_t k = 0; k < count; k++)
        there = there || base_id_equal(&out[k], &one->id);
      wanted += last || !followed;
      assert_int_equal(there, last || !followed);
    }
    assert_int_equal(count, wanted);
    for (size_t k = 1; k < count; k++)
      assert_true(base_id_compare(&out[k - 1], &out[k]) < 0);
  }
}

static void shuffle(struct scene *scene) {
  for (size_t i = scene->count; i-- > 1;) {
    size_t j = roll((unsigned)i + 1);
    struct engine_message other = scene->messages[i];
    scene->messages[i] = scene->messages[j];
    scene->messages[j] = other;
  }
}

static void any_order_of_arrival_gives_the_same(void **unused) {
  (void)unused;
  size_t moved = 0, opened = 0, agreed = 0;
  for (seed = 1; seed < 4500; seed++) {
    static struct scene scene, again;
    uint64_t first = seed;
    random_case(&scene);
    compute(&scene);
    check_against_plain_reading(&scene);
    check_follows(&scene);
    again = scene;
    for (size_t round = 0; round < 3; round++) {
      shuffle(&again);
      compute(&again);
      assert_memory_equal(again.messages, scene.messages, scene.count * sizeof *scene.messages);
      assert_int_equal(again.state.state, scene.state.state);
      assert_memory_equal(again.state.agreed, scene.state.agreed, sizeof again.state.agreed);
    }
    for (size_t i = 0; i < scene.count; i++) {
      opened += scene.messages[i].item != 0;
      moved += scene.messages[i].item != 0 && scene.messages[i].item_by != i;
      for (size_t j = 0; j < WIRE_ITEM_ALL_MAX; j++)
        agreed += scene.messages[i].agreed[j] != 0;
    }
    finish(&scene);
    seed = first;
  }
  assert_true(opened > 8000 && moved > 1500 && agreed > 150); /* what is drawn is worth drawing */
}

/* What engine_allows and its likes foretell, engine_compute finds. */
static void whatever_is_allowed_takes_effect(void **unused) {
  (void)unused;
  size_t taken = 0;
  for (seed = 5001; seed < 9500; seed++) {
    static struct scene scene;
    uint64_t first = seed;
    struct base_error err;
    random_case(&scene);
    compute(&scene);
    const struct wire_kind *kind = &scene.shipped.kind;
    const struct wire_kind_type *type = random_type(&scene);
    int author = (int)roll((unsigned)scene.parties);
    size_t at = scene.count, about = roll((unsigned)at);
    struct base_view origin = base_view_text(origins[author]);
    bool allowed = engine_allows(kind, scene.messages, at, &scene.state, origin, INT64_MAX, type, &err) == BASE_OK;
    bool about_it = engine_allows_item(kind, scene.messages, at, &scene.state, origin, type, about), any = false;
    for (size_t i = 0; i < at; i++)
      any = any || engine_allows_item(kind, scene.messages, at, &scene.state, origin, type, i);
    assert_int_equal(allowed, type->moves != NULL ? any : allowed);
    struct wire_header *header = add_about(&scene, 0, author, (const char *)type->name.data, "of",
                                           scene.messages[about].id.bytes[0], "");
    header->follow_count = engine_follows(scene.messages, at, header->author, header->follows);
    enum base_code now = engine_allows_header(kind, scene.messages, at, &scene.state, header, &err);
    assert_int_equal(now == BASE_OK, type->moves != NULL ? about_it : allowed);
    compute(&scene);
    assert_int_equal(message(&scene, 0)->effective, now == BASE_OK);
    taken += now == BASE_OK && type->moves != NULL;
    finish(&scene);
    seed = first;
  }
  assert_true(taken > 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_offer_from_made_to_home),
      cmocka_unit_test(what_does_not_fit_is_held),
      cmocka_unit_test(the_order_decides_between_two),
      cmocka_unit_test(a_task_goes_to_its_assignee),
      cmocka_unit_test(a_go_before_a_no_counts_no_more),
      cmocka_unit_test(without_an_assignee),
      cmocka_unit_test(says_what_is_possible_now),
      cmocka_unit_test(without_memory_there_is_no_state),
      cmocka_unit_test(names_what_is_possible_as_far_as_there_is_room),
      cmocka_unit_test(any_order_of_arrival_gives_the_same),
      cmocka_unit_test(whatever_is_allowed_takes_effect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
