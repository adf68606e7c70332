/* SPDX-License-Identifier: Apache-2.0
 * What somebody is told who writes a kind: every fault at once, each where it stands and none that only follows from another;
 * and what is allowed and probably not meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../shipped.h"

static struct wire_faults faults;

static bool told(const char *says) {
  for (size_t i = 0; i < faults.count && i < WIRE_FAULTS_MAX; i++)
    if (strstr(faults.list[i].text, says) != NULL)
      return true;
  return false;
}

static void expect(const char *const *says, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!told(says[i]))
      fail_msg("%s is not told", says[i]);
  for (size_t i = 0; i < faults.count && faults.count != count; i++)
    fprintf(stderr, "%s\n", faults.list[i].text);
  assert_int_equal(faults.count, count);
}
#define EXPECT(...) expect((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A file with each `old` in place of which `new` stands. */
struct change {
  const char *old, *new;
};
static char *changed(struct base_view text, const struct change *changes, size_t count) {
  char *out = strndup((const char *)text.data, text.size);
  for (size_t i = 0; i < count; i++) {
    char *at = strstr(out, changes[i].old), *next = NULL;
    assert_non_null(at);
    assert_true(asprintf(&next, "%.*s%s%s", (int)(at - out), out, changes[i].new, at + strlen(changes[i].old)) > 0);
    free(out);
    out = next;
  }
  return out;
}
#define CHANGES(...) (const struct change[]){__VA_ARGS__}, sizeof((const struct change[]){__VA_ARGS__}) / sizeof(struct change)

static void look(const char *text) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct base_hash hash = {{0}};
  struct wire_kind kind;
  struct base_error err = {0};
  base_arena_init(&arena, WIRE_KIND_ARENA);
  wire_kind_faults(base_view_text(text), &hash, &arena, &kind, &faults);
  assert_true((wire_kind_parse(base_view_text(text), &hash, &arena, &kind, &err) == BASE_OK) == (faults.count == 0));
}

static void all_faults_at_once(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  char *text = changed(shipped.bytes, CHANGES({"\"version\": 1", "\"version\": 0"}, {"\"needs_row\": true", "\"needs_row\": 1"},
                                              {"\"normal\"]", "\"Normal\"]"}, {"\"ar\", \"fr\"", "\"ar\", \"ar\""}));
  look(text);
  EXPECT("$.version: must be from 1", "$.needs_row: must be true or false", "$.lists.urgency: must be a code",
         "$.lists.language: the code ar stands twice");
  free(text);
  text = changed(shipped.bytes, CHANGES({"\"most\": 300", "\"most\": 0"}, {"\"most\": 4096,", "\"most\": 4096, \"colour\": 1,"},
                                        {"\"opening\"", "\"extra\": 1, \"opening\""},
                                        {"{\"name\": \"born\", \"type\": \"date\"", "{\"name\": \"born\", \"type\": \"day\""}));
  look(text);
  EXPECT("$.types[0].fields[0].most", "$.types[0].fields[3].colour: unknown field", "columns[1].type", "$.extra: unknown field");
  free(text);
  text = changed(shipped.bytes, CHANGES({"\"on\": \"refuse\"", "\"on\": \"reject\""}, {"\"length", "\"lenght"},
                                        {"\"purpose_field\": \"purpose\"", "\"purpose_field\": \"subject\""}));
  look(text);
  EXPECT("on: names no type of this kind", "$.clocks[0]", "$.purpose_field");
  free(text);
  text = changed(shipped.bytes, CHANGES({"\"most\": 64, \"personal\": \"special\",", "\"most\": 64, \"example\": [{\"class\": "
                                         "\"other\"}],"},
                                        {"\"list\": \"person_class\"", "\"list\": \"classes\""}));
  look(text); /* the row is not looked at: its columns are not sound */
  EXPECT("columns[4].list: names no list");
  free(text);
  look("[]");
  EXPECT("$: must be an object");
  look("{");
  EXPECT("not well-formed JSON");
  look("{}");
  EXPECT("$.wasl: missing", "$.name: missing", "$.version: missing", "$.needs_row: missing", "$.lists: missing",
         "$.states: missing");
  base_arena_free(&shipped.arena);
}

static void faults_of_items(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "relief");
  char *text = changed(shipped.bytes, CHANGES({"\"opened_by\": \"", "\"opened_by\": \"no_"}));
  look(text);
  EXPECT("$.items[0].opened_by: names no type");
  free(text);
  const char *items = strstr((const char *)shipped.bytes.data, "\"items\"");
  assert_non_null(items);
  static char beyond[1 << 16]; /* each transition of the items with a wrong word */
  size_t size = 0, wrong = 0;
  for (const char *at = (const char *)shipped.bytes.data; *at != 0; at++) {
    bool here = at > items && strncmp(at, "\"on\": \"", 7) == 0;
    size += (size_t)snprintf(beyond + size, sizeof beyond - size, here ? "\"colour\": 1, %c" : "%c", *at);
    wrong += here;
  }
  look(beyond);
  assert_true(faults.count >= 3 && faults.count <= wrong && told("$.items[0].transitions[0].colour: unknown field"));
  base_arena_free(&shipped.arena);
}

static void no_more_than_the_list_holds(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  struct base_buf text = {0};
  base_buf_text(&text, "{\"wasl\":\"labels/1\",\"kind\":\"request\",\"version\":1,\"texts\":{");
  for (int i = 0; i < 2 * WIRE_FAULTS_MAX; i++)
    base_buf_printf(&text, "%s\"more.%d\":{}", i > 0 ? "," : "", i);
  base_buf_text(&text, "}}");
  wire_labels_faults(base_buf_view(&text), &shipped.kind, &faults);
  assert_true(faults.count > WIRE_FAULTS_MAX);
  assert_true(told("$.texts.kind: missing"));
  base_buf_free(&text);
  base_arena_free(&shipped.arena);
}

static void all_texts_at_once(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  char *text = changed(shipped.labels, CHANGES({"\"en\": \"Request for cooperation\", ", ""}, {"\"state.closed\"", "\"state.shut\""},
                                               {"\"version\": 1", "\"version\": 3"},
                                               {"\"fr\": \"Finalité\"", "\"fr\": \"\", \"de\": \"Zweck\""}));
  wire_labels_faults(base_view_text(text), &shipped.kind, &faults);
  EXPECT("$.version", "$.texts.kind.en: must be a text", "$.texts.state.closed: missing", "$.texts.state.shut: surplus",
         ".fr: must be a text");
  free(text);
  wire_labels_faults(shipped.labels, &shipped.kind, &faults);
  assert_int_equal(faults.count, 0);
  base_arena_free(&shipped.arena);
}

/* --- doubts */

static void look_twice(const char *text, struct base_view labels) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct base_hash hash = {{0}};
  struct base_error err = {0};
  struct wire_kind kind;
  struct wire_labels texts = {0};
  struct shipped request, information, erasure;
  shipped_load(&request, "request");
  shipped_load(&information, "information");
  shipped_load(&erasure, "erasure");
  const struct wire_kind *others[] = {&erasure.kind, &request.kind, &information.kind};
  base_arena_init(&arena, WIRE_KIND_ARENA);
  if (wire_kind_parse(base_view_text(text), &hash, &arena, &kind, &err) != BASE_OK)
    fail_msg("%s", err.text);
  if (labels.size > 0 && wire_labels_parse(labels, &kind, &texts, &err) != BASE_OK)
    fail_msg("%s", err.text);
  faults.count = 0;
  wire_kind_doubts(&kind, labels.size > 0 ? &texts : NULL, others, 3, &faults);
  wire_labels_free(&texts);
  base_arena_free(&erasure.arena);
  base_arena_free(&request.arena);
  base_arena_free(&information.arena);
}

#define HEAD "{\"wasl\":\"kind/1\",\"name\":\"talk\",\"version\":1,\"needs_row\":true,"
#define FIELDS "{\"name\":\"ask\",\"fields\":[{\"name\":\"victim_name\",\"type\":\"line\",\"most\":9},{\"name\":\"place\",\"type\":" \
               "\"line\",\"most\":9,\"state\":true,\"personal\":\"ordinary\"}]}"

static void what_is_probably_not_meant(void **state) {
  (void)state;
  look_twice(HEAD "\"lists\":{\"language\":[\"ar\",\"fr\",\"en\",\"de\"]},\"types\":[" FIELDS ",{\"name\":\"on\",\"fields\":[]},"
                  "{\"name\":\"end\",\"fields\":[]}],\"states\":[\"asked\",\"lost\",\"over\"],\"opening\":\"ask\",\"transitions\":["
                  "{\"on\":\"ask\",\"to\":\"asked\"},{\"on\":\"on\",\"from\":[\"asked\"],\"to\":\"lost\"},{\"on\":\"on\",\"from\":"
                  "[\"lost\"],\"to\":\"lost\"},{\"on\":\"end\",\"from\":[\"asked\"],\"to\":\"over\"}],\"clocks\":[{\"name\":\"c\","
                  "\"starts\":\"ask\",\"length\":9,\"stops\":[\"on\"]}]}",
             (struct base_view){0});
  EXPECT("$.types[0].fields[0].personal: victim_name", "$.types[0].fields[1].state: place", "no field of ask has an example",
         "$.purpose_field: there is none", "$.lists.language: no field chooses from it",
         "$.lists.language: differs from the list that other kinds have in common: lacks es, pt; has besides de",
         "$.clocks[0].stops: end ends the case");
  look_twice(HEAD "\"lists\":{},\"types\":[{\"name\":\"ask\",\"fields\":[]},{\"name\":\"on\",\"fields\":[]}],\"states\":[\"a\","
                  "\"b\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"a\"},{\"on\":\"on\",\"from\":[\"a\"],"
                  "\"to\":\"b\"},{\"on\":\"on\",\"from\":[\"b\"],\"to\":\"a\"}],\"clocks\":[]}",
             (struct base_view){0});
  EXPECT("$.purpose_field", "$.clocks: there is none", "each of them can be left");
  look_twice(HEAD "\"lists\":{},\"types\":[{\"name\":\"ask\",\"fields\":[]},{\"name\":\"on\",\"fields\":[]}],\"states\":[\"a\","
                  "\"b\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"a\"},{\"on\":\"on\",\"from\":[\"a\"],"
                  "\"to\":\"b\"}],\"personal_ends\":{\"state\":[\"b\"],\"days\":1},\"clocks\":[]}",
             (struct base_view){0});
  EXPECT("$.purpose_field", "$.clocks: there is none", "$.personal_ends: no field of this kind is called personal");
  look_twice(HEAD "\"lists\":{},\"types\":[{\"name\":\"ask\",\"fields\":[]},{\"name\":\"on\",\"fields\":[]}],\"states\":[\"a\","
                  "\"b\",\"c\",\"d\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"a\"},{\"on\":\"on\",\"from\":"
                  "[\"b\"],\"to\":\"c\"},{\"on\":\"on\",\"from\":[\"c\"],\"to\":\"b\"},{\"on\":\"on\",\"from\":[\"d\"],\"to\":"
                  "\"d\"}],\"clocks\":[]}",
             (struct base_view){0});
  EXPECT("$.purpose_field", "$.clocks: there is none", "$.states[1]: from b no message leads to an end",
         "$.states[2]: from c no message leads to an end", "$.transitions[0]: ask opens a case that is over at once");
  look_twice(HEAD "\"readers\":\"named\",\"lists\":{},\"types\":[" FIELDS ",{\"name\":\"on\",\"fields\":[{\"name\":\"day\","
                  "\"type\":\"date\",\"state\":true},{\"name\":\"said\",\"type\":\"text\",\"most\":9,\"state\":true}]}],"
                  "\"states\":[\"a\",\"b\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"a\"},{\"on\":\"on\",\"from\":[\"a\"],"
                  "\"to\":\"b\"}],\"clocks\":[]}",
             (struct base_view){0});
  EXPECT("$.types[0].fields[0].personal: victim_name", "$.types[0].fields[1].state: place", "no field of ask has an example",
         "no field of on has an example", "$.purpose_field", "$.clocks: there is none", "$.readers: without mark a message of it may go marked clear",
         "$.types[0].fields[1]: place is free text in the header, which is there for more than the named readers",
         "$.types[1].fields[1]: said is free text in the header");
}

/* What leaves the state as it is leads neither out of one nor into the first one. */
static void what_stays_leads_nowhere(void **state) {
  (void)state;
  look_twice(HEAD "\"lists\":{},\"types\":[{\"name\":\"ask\",\"fields\":[]},{\"name\":\"end\",\"fields\":[]},"
             "{\"name\":\"shut\",\"fields\":[]},{\"name\":\"note\",\"fields\":[]}],\"states\":[\"over\",\"asked\","
             "\"left\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"asked\"},{\"on\":\"end\","
             "\"from\":[\"asked\"],\"to\":\"over\"},{\"on\":\"shut\",\"from\":[\"asked\"],\"to\":\"left\"},"
             "{\"on\":\"note\",\"from\":[\"asked\",\"left\"]}],\"clocks\":[{\"name\":\"c\",\"starts\":\"ask\","
             "\"length\":9,\"stops\":[\"end\",\"shut\"]}]}",
             (struct base_view){0});
  EXPECT("$.purpose_field");
  look_twice(HEAD "\"lists\":{},\"types\":[{\"name\":\"ask\",\"fields\":[]},{\"name\":\"on\",\"fields\":[]},"
             "{\"name\":\"note\",\"fields\":[]}],\"states\":[\"over\",\"asked\",\"lost\"],\"opening\":\"ask\","
             "\"transitions\":[{\"on\":\"ask\",\"to\":\"asked\"},{\"on\":\"on\",\"from\":[\"asked\"],\"to\":\"lost\"},"
             "{\"on\":\"on\",\"from\":[\"lost\"],\"to\":\"asked\"},{\"on\":\"on\",\"from\":[\"over\"],\"to\":\"over\"},"
             "{\"on\":\"note\",\"from\":[\"lost\"]}],\"clocks\":[]}",
             (struct base_view){0});
  EXPECT("$.purpose_field", "$.clocks: there is none", "$.states[1]: from asked no message leads to an end",
         "$.states[2]: from lost no message leads to an end");
}

#define PLAIN(name) "{\"name\":\"" name "\",\"fields\":[]}"

/* A way out that depends on an item, on a single party, on who made the state, or that is never taken, is none. */
static void ways_out_that_may_be_none(void **state) {
  (void)state;
  look_twice(HEAD "\"lists\":{},\"types\":[" PLAIN("ask") "," PLAIN("say") "," PLAIN("make") ",{\"name\":\"use\","
             "\"fields\":[{\"name\":\"thing\",\"type\":\"message\",\"item\":\"thing\",\"state\":true,"
             "\"required\":true}]}," PLAIN("vote") "," PLAIN("on") "," PLAIN("nod") "," PLAIN("bow") "," PLAIN("part") ","
             PLAIN("sum") "," PLAIN("done") "],\"states\":[\"each\",\"made\",\"asks\",\"before\",\"nods\",\"anew\","
             "\"alone\",\"all\",\"over\"],\"opening\":\"ask\",\"transitions\":[{\"on\":\"ask\",\"to\":\"each\"},"
             "{\"on\":\"say\",\"from\":[\"each\"],\"to\":\"made\",\"who\":\"others\",\"each\":true},{\"on\":\"make\","
             "\"from\":[\"made\"],\"to\":\"asks\",\"who\":\"opener\"},{\"on\":\"use\",\"from\":[\"made\"],\"to\":\"asks\"},"
             "{\"on\":\"vote\",\"from\":[\"asks\"],\"to\":\"before\",\"who\":\"opener\",\"all\":true},{\"on\":\"on\","
             "\"from\":[\"before\"],\"to\":\"before\"},{\"on\":\"on\",\"from\":[\"before\"],\"to\":\"nods\"},"
             "{\"on\":\"nod\",\"from\":[\"nods\"],\"to\":\"anew\",\"who\":\"not_last\",\"all\":true},{\"on\":\"bow\","
             "\"from\":[\"anew\"],\"to\":\"over\",\"who\":\"not_last\",\"all\":true,\"anew\":true},{\"on\":\"part\","
             "\"from\":[\"nods\"],\"to\":\"alone\"},{\"on\":\"say\",\"from\":[\"alone\"],\"to\":\"over\"},"
             "{\"on\":\"sum\",\"from\":[\"nods\"],\"to\":\"all\"},{\"on\":\"done\",\"from\":[\"all\"],\"to\":\"over\","
             "\"all\":true}],\"together\":[{\"any\":[\"made\"],\"state\":\"made\"},{\"state\":\"each\"}],"
             "\"items\":[{\"name\":\"thing\",\"opened_by\":\"make\",\"states\":[\"new\"],"
             "\"transitions\":[{\"on\":\"make\",\"in\":[\"nods\"]},{\"on\":\"make\",\"who\":\"opener\",\"in\":[\"nods\"]},"
             "{\"on\":\"make\",\"who\":\"others\"},{\"on\":\"use\",\"from\":[\"new\"]}]}],\"clocks\":[]}",
             (struct base_view){0});
  EXPECT("$.purpose_field", "$.clocks: there is none", "$.states[0]: out of each leads only", "$.states[1]: out of made",
         "$.states[2]: out of asks", "$.states[3]: out of before", "$.states[5]: out of anew", "$.states[6]: out of alone");
}

/* A list is common when most of those have it who have one of its name. */
static void lists_that_differ(void **state) {
  (void)state;
  static struct base_view xy[] = {{(const uint8_t *)"x", 1}, {(const uint8_t *)"y", 1}, {(const uint8_t *)"z", 1}};
  static const struct {
    size_t own, others[5], count; /* how many codes each has */
    bool told;
  } cases[] = {
      {1, {2, 2}, 2, true},        {2, {2, 2}, 2, false},          {2, {1, 1}, 2, true},     {2, {1}, 1, false},
      {1, {2, 2, 1}, 3, true},     {1, {2, 2, 1, 1}, 4, false},    {3, {2, 2, 1, 1}, 4, false},
      {3, {2, 2, 1, 2, 1}, 5, true}, {3, {1, 2}, 2, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wire_kind_list lists[6] = {{.name = BASE_VIEW("list"), .count = cases[i].own, .codes = xy}};
    struct wire_kind_field field = {.name = BASE_VIEW("f"), .type = WIRE_FIELD_CODE, .list = &lists[0], .required = true};
    struct wire_kind_type type = {.name = BASE_VIEW("t"), .field_count = 1, .fields = &field};
    struct wire_kind kinds[6] = {{.list_count = 1, .lists = &lists[0], .type_count = 1, .types = &type}};
    const struct wire_kind *others[5];
    for (size_t k = 0; k < cases[i].count; k++) {
      lists[k + 1] = (struct wire_kind_list){.name = BASE_VIEW("list"), .count = cases[i].others[k], .codes = xy};
      kinds[k + 1] = (struct wire_kind){.list_count = 1, .lists = &lists[k + 1]};
      others[k] = &kinds[k + 1];
    }
    faults.count = 0;
    wire_kind_doubts(&kinds[0], NULL, others, cases[i].count, &faults);
    if (told("$.lists.list: differs") != cases[i].told)
      fail_msg("%zu", i);
  }
}

static void an_end_is_told_once_of_a_clock(void **state) {
  (void)state;
  look_twice(HEAD "\"lists\":{},\"types\":[{\"name\":\"ask\",\"fields\":[]},{\"name\":\"end\",\"fields\":[]},"
             "{\"name\":\"on\",\"fields\":[]}],\"states\":[\"a\",\"b\",\"c\"],\"opening\":\"ask\","
             "\"transitions\":[{\"on\":\"ask\",\"to\":\"a\"},{\"on\":\"on\",\"from\":[\"a\"],\"to\":\"b\"},"
             "{\"on\":\"end\",\"from\":[\"a\"],\"to\":\"c\"},{\"on\":\"end\",\"from\":[\"b\"],\"to\":\"c\"}],"
             "\"clocks\":[{\"name\":\"c\",\"starts\":\"ask\",\"length\":9,\"stops\":[\"on\"]}]}",
             (struct base_view){0});
  EXPECT("$.purpose_field", "$.clocks[0].stops: end ends the case");
}

/* Of the doubts about a kind that ships, with each `old` in place of which `new` stands, those that hold these words. */
static void doubted(const char *name, const char *words, const struct change *changes, size_t count, size_t expected, const char *first) {
  char *text = changed(shipped_file(name, ".json"), changes, count);
  size_t found = 0;
  look_twice(text, (struct base_view){0});
  for (size_t i = 0; i < faults.count; i++)
    if (strstr(faults.list[i].text, words) != NULL && found++ == 0 && strstr(faults.list[i].text, first) == NULL)
      fail_msg("%s", faults.list[i].text);
  assert_int_equal(found, expected);
  free(text);
}

static void clocks_that_wait_for_nothing(void **state) {
  (void)state;
  static const char from[] = "$.clocks[1].from", least[] = ".at.least";
  static const char drop[] = "{\"on\": \"measure_drop\", \"from\": [\"proposed\"], \"to\": \"dropped\"";
  static const char past[] = "{\"on\": \"measure_drop\", \"from\": [\"proposed\"], \"to\": \"agreed\"";
  static const char stops[] = "\"measure_done\", \"measure_drop\", \"withdraw\"";
  doubted("roadmap", from, CHANGES({stops, "\"measure_done\", \"measure_drop\", \"withdraw\""}), 0, "");
  doubted("roadmap", from, CHANGES({drop, past}), 0, ""); /* it is over then */
  doubted("roadmap", from, CHANGES({drop, past}, {stops, "\"measure_done\", \"withdraw\""}), 1,
          "in agreed of measure nothing of it can come any more, so nobody ever owes what the clock measure is for");
  doubted("roadmap", from, CHANGES({"\"from\": [\"measure_agree\"]", "\"from\": [\"progress\"]"}), 0, "");
  doubted("event", least, CHANGES({"\"least\": 172800", "\"least\": 1209600"}), 0, "");
  doubted("event", least, CHANGES({"\"least\": 172800", "\"least\": 1209601"}), 1, "is more than offset leaves before the moment");
}

static void purposes_of_the_other_side(void **state) {
  (void)state;
  static const char wall[] = "on the other side of the wall", family[] = "\"family_tracing\", \"identification_of_dead\"";
  doubted("tracing", wall, CHANGES({"\"version\": 1", "\"version\": 2"}), 0, "");
  doubted("tracing", wall, CHANGES({family, "\"family_tracing\", \"drugs\", \"arms\""}), 2,
          "$.lists.purpose: drugs is a purpose of request, too, which stands");
  doubted("threat", wall, CHANGES({"\"version\": 1", "\"version\": 2"}), 0, "");
}

/* Who is on the same side may have forgotten a purpose; a humanitarian kind has forgotten none of the others'. */
static void purposes_in_common(void **state) {
  (void)state;
  static const char differs[] = "$.lists.purpose: differs from the list that other kinds have in common";
  static const char civil[] = "\"needs_row\": true, \"lane\": \"civil\"";
  doubted("information", differs, CHANGES({"\"drugs\", ", ""}), 1, "lacks drugs");
  doubted("information", differs, CHANGES({"\"drugs\", ", ""}, {"\"needs_row\": true", civil}), 1, "lacks drugs");
  doubted("tracing", differs, CHANGES({"\"version\": 1", "\"version\": 2"}), 0, "");
}

/* One that is sound is told of nothing, and is read. */
static void a_sound_kind_is_read(void **state) {
  (void)state;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  struct base_hash hash = {{7}};
  struct wire_kind kind = {0};
  base_arena_init(&arena, WIRE_KIND_ARENA);
  wire_kind_faults(shipped_file("operation", ".json"), &hash, &arena, &kind, &faults);
  assert_int_equal(faults.count, 0);
  assert_true(base_view_is(kind.name, "operation") && kind.hash.bytes[0] == 7 && kind.item_count == 4);
}

/* What names an item that is not sound is not looked at: the item is what is wrong. */
static void clocks_of_an_item_that_is_not_sound(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "operation");
  char *text = changed(shipped.bytes, CHANGES({"\"on\": \"task_refuse\", \"from\"", "\"on\": \"task_refuse\", \"colour\": 1, \"from\""}));
  look(text);
  EXPECT("$.items[1].transitions[2].colour: unknown field");
  free(text);
  text = changed(shipped.bytes, CHANGES({"\"on\": \"task_refuse\", \"from\"", "\"on\": \"task_lose\", \"from\""}));
  look(text); /* nor is it told that none is on task_refuse, or leads to refused */
  EXPECT("$.items[1].transitions[2].on: names no type of this kind");
  free(text);
  base_arena_free(&shipped.arena);
}

static void labels_that_are_none(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  wire_labels_faults(BASE_VIEW("{"), &shipped.kind, &faults);
  EXPECT("not well-formed JSON");
  wire_labels_faults(BASE_VIEW("[]"), &shipped.kind, &faults);
  EXPECT("$: must be an object");
  char *text = changed(shipped.labels, CHANGES({"\"fr\": \"Finalité\"", "\"fr\": \"Finalité\", \"de\": \"Zweck\""}));
  wire_labels_faults(base_view_text(text), &shipped.kind, &faults);
  EXPECT("only ar, fr, en, es and pt are allowed");
  free(text);
  base_arena_free(&shipped.arena);
}

static void a_text_that_is_the_same_in_arabic_alone(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  char *kind = strndup((const char *)shipped.bytes.data, shipped.bytes.size);
  const char *from = strstr((const char *)shipped.labels.data, "\"kind\": {\"ar\": \""), *to = strstr(from, "\", \"fr\"");
  char old[512];
  (void)snprintf(old, sizeof old, "%.*s", (int)(to - from), from);
  char *text = changed(shipped.labels, CHANGES({old, "\"kind\": {\"ar\": \"Request for cooperation"}));
  look_twice(kind, base_view_text(text));
  EXPECT("$.texts.kind: is the same text");
  free(text);
  free(kind);
  base_arena_free(&shipped.arena);
}

static void texts_that_were_only_copied(void **state) {
  (void)state;
  struct shipped shipped;
  shipped_load(&shipped, "request");
  char *text = changed(shipped.labels, CHANGES({"\"fr\": \"Demande de coopération\", \"en\": \"Request for cooperation\", \"es\": "
                                                "\"Solicitud de cooperación\", \"pt\": \"Pedido de cooperação\"",
                                                "\"fr\": \"Request for cooperation\", \"en\": \"Request for cooperation\", \"es\": "
                                                "\"Request for cooperation\", \"pt\": \"Request for cooperation\""}));
  char *kind = strndup((const char *)shipped.bytes.data, shipped.bytes.size);
  look_twice(kind, base_view_text(text));
  EXPECT("$.texts.kind: is the same text");
  look_twice(kind, shipped.labels);
  assert_int_equal(faults.count, 0); /* what is shipped is as it should be */
  free(text);
  free(kind);
  base_arena_free(&shipped.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_faults_at_once),         cmocka_unit_test(faults_of_items),
      cmocka_unit_test(no_more_than_the_list_holds),
      cmocka_unit_test(all_texts_at_once),          cmocka_unit_test(what_is_probably_not_meant),
      cmocka_unit_test(texts_that_were_only_copied), cmocka_unit_test(what_stays_leads_nowhere),
      cmocka_unit_test(ways_out_that_may_be_none),   cmocka_unit_test(lists_that_differ),
      cmocka_unit_test(an_end_is_told_once_of_a_clock), cmocka_unit_test(clocks_that_wait_for_nothing),
      cmocka_unit_test(purposes_of_the_other_side), cmocka_unit_test(purposes_in_common),
      cmocka_unit_test(a_sound_kind_is_read),
      cmocka_unit_test(clocks_of_an_item_that_is_not_sound), cmocka_unit_test(labels_that_are_none),
      cmocka_unit_test(a_text_that_is_the_same_in_arabic_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
