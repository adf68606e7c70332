/* SPDX-License-Identifier: Apache-2.0
 * Named readers (spec/readers.md): who is named for a case reads what it holds, nobody else does, and nobody gives it out. */
#include "core_damage.h"
#include "core_persons.h"
#include "core_try.h"

#include "core/readers.h"

enum { SIZE = 100, SEED = 5 };

struct office { /* of node a */
  struct pair_node a, b;
  char lina[SECRET], omar[SECRET], samir[SECRET], sara[SECRET], ines[SECRET], aude[SECRET];
};

/* approval: a member of the row, or "". */
static void agree_on(struct pair_node *a, struct pair_node *b, const char *approval) {
  char id[65], answer[65], fields[100];
  struct base_buf json = {0};
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"agreement\",\"to\":[\"%s\"],\"fields\":{\"title\":\"t\",\"legal_basis\":\"l\","
                  "\"language\":\"fr\",\"articles\":\"a\",\"until\":\"%s\",\"rows\":[{\"id\":\"1\",\"kind\":\"*\",\"types\":[\"*\"],"
                  "\"purposes\":[\"*\"],\"direction\":\"both\",\"personal\":\"special\"%s}]}}%c",
                  b->name, base_time_format(a->now + 300 * DAY).text, approval, 0);
  pair_id(a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&json);
  pair_rest(a, b);
  snprintf(fields, sizeof fields, "{\"terms\":\"%s\"}", id);
  try_send(b, id, "accept", fields, answer);
  pair_rest(a, b);
}

static void add_people(struct office *o) {
  static const char *const people[][2] = {{"lina", "\"liaison\""},    {"omar", "\"operations\""}, {"samir", "\"supervisor\""},
                                          {"sara", "\"supervisor\""}, {"ines", "\"integrator\""}, {"aude", "\"auditor\""}};
  char *const secrets[] = {o->lina, o->omar, o->samir, o->sara, o->ines, o->aude};
  for (size_t i = 0; i < 6; i++) {
    add(&o->a, people[i][0], people[i][1]);
    token_for(&o->a, people[i][0], "", secrets[i]);
  }
}

/* Opens a case as that person; parts: as JSON, or "". The answer is BASE_OK, or what it says is looked at. */
static void open_as(struct pair_node *node, const char *kind, const char *to, const char *secret, const char *parts,
                    enum base_code want, const char *says, char id[65]) {
  char asked[128];
  snprintf(asked, sizeof asked, "{\"actor\":\"test\",\"kind\":\"%s\"}", kind);
  struct pair_answer example = pair_ask(node, LINK_KIND_EXAMPLE, asked, -1);
  struct base_buf json = {0};
  base_buf_printf(&json, "{\"actor\":\"test\"%s%s%s,\"kind\":\"%s\",\"to\":[\"%s\"],\"fields\":%.*s%s%s}%c",
                  secret[0] != '\0' ? ",\"token\":\"" : "", secret, secret[0] != '\0' ? "\"" : "", kind, to,
                  (int)example.payload.size, (const char *)example.payload.data, parts[0] != '\0' ? ",\"parts\":" : "", parts, 0);
  pair_answer_free(&example);
  struct pair_answer answer = pair_ask(node, LINK_CASE_OPEN, (const char *)json.data, -1);
  base_buf_free(&json);
  if (answer.status == BASE_OK && want == BASE_OK)
    pair_text(&answer, "id", id, 65);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s", base_code_name(answer.status), (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* One hostile act that lina reports. */
static void set_up(struct office *o, char id[65]) {
  try_partners(&o->a, &o->b);
  agree_on(&o->a, &o->b, "");
  add_people(o);
  open_as(&o->a, "hostile", o->b.name, o->lina, "", BASE_OK, "", id);
  pair_rest(&o->a, &o->b);
  try_receipted(&o->a, id);
}

static const char *of(const char *id, const char *more) {
  static char members[400];
  snprintf(members, sizeof members, "\"id\":\"%s\"%s", id, more);
  return members;
}

static void change(struct pair_node *node, const char *secret, const char *id, const char *what, const char *person,
                   enum base_code want, const char *says) {
  char more[200];
  snprintf(more, sizeof more, ",\"do\":\"%s\",\"person\":\"%s\",\"reason\":\"leads it\"", what, person);
  if (want == BASE_OK)
    done_as(node, LINK_READER_CHANGE, secret, of(id, more));
  else
    refused_as(node, LINK_READER_CHANGE, secret, of(id, more), want, says);
}

static const char *const none = "is for the persons who are named for it";

static void reads(struct pair_node *node, const char *secret, const char *id) {
  done_as(node, LINK_MESSAGE_SHOW, secret, of(id, ""));
  done_as(node, LINK_CASE_SHOW, secret, of(id, ""));
}

static void reads_nothing(struct pair_node *node, const char *secret, const char *id) {
  uint64_t before = node->core->reg.size;
  refused_as(node, LINK_MESSAGE_SHOW, secret, of(id, ""), BASE_POLICY, none);
  refused_as(node, LINK_CASE_SHOW, secret, of(id, ""), BASE_POLICY, none);
  assert_int_equal(node->core->reg.size, before);
}

/* --- who reads */

static void test_named(void **state) {
  (void)state;
  struct office o;
  char id[65];
  set_up(&o, id);
  const char *const others[] = {o.omar, o.samir, o.sara, o.ines, ""};
  reads(&o.a, o.lina, id);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    reads_nothing(&o.a, others[i], id);
  refused_as(&o.a, LINK_CASE_SEND, o.omar, of(id, ",\"type\":\"close\",\"fields\":{}"), BASE_POLICY, "omar is none of them");
  refused_as(&o.a, LINK_CASE_SHOW, o.omar, of(id, ""), BASE_POLICY, "(wasl case show CASE --bare)");
  refused_as(&o.a, LINK_CASE_BALANCE, o.omar, of(id, ""), BASE_POLICY, none);
  done_as(&o.a, LINK_CASE_SHOW, o.omar, of(id, ",\"bare\":true")); /* what stands in lists and headers is no content */
  done_as(&o.a, LINK_CASE_SHOW, o.aude, of(id, ",\"bare\":true"));
  done_as(&o.a, LINK_CASE_ITEMS, o.omar, of(id, ""));
  change(&o.a, o.samir, id, "add", "omar", BASE_OK, "");
  expect_last(&o.a, "reader", "samir (token 3)", "omar", "named: leads it");
  reads(&o.a, o.omar, id);
  reads_nothing(&o.a, o.samir, id);
  done_as(&o.a, LINK_CASE_SEND, o.omar,
          of(id, ",\"type\":\"update\",\"fields\":{\"facts\":\"f\"}"));
  try_restart(&o.a);
  reads(&o.a, o.omar, id);
  change(&o.a, o.sara, id, "remove", "omar", BASE_OK, "");
  expect_last(&o.a, "reader", "sara (token 4)", "omar", "removed: leads it");
  reads_nothing(&o.a, o.omar, id);
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"");
  refused_as(&o.a, LINK_MESSAGE_SHOW, o.lina, of(id, ""), BASE_LOGIN, "");
  pair_rest(&o.a, &o.b);
  try_remove(&o.a, &o.b);
}

static void listed(struct pair_node *node, const char *secret, const char *id, const char *person, const char *word) {
  struct pair_answer answer = ask_as(node, LINK_READER_LIST, secret, of(id, ""));
  char want[100];
  base_buf_u8(&answer.payload, 0);
  snprintf(want, sizeof want, "\"person\":\"%s\",\"state\":\"%s\"", person, word);
  bool found = strstr((const char *)answer.payload.data, want) != NULL;
  if (answer.status != BASE_OK || found != (word[0] != '\0'))
    fail_msg("%s: %s", want, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static void test_who_is_named(void **state) {
  (void)state;
  struct office o;
  char id[65], request[65];
  set_up(&o, id);
  open_as(&o.a, "request", o.b.name, o.lina, "", BASE_OK, "", request);
  pair_rest(&o.a, &o.b);
  done_as(&o.a, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"hana\",\"name\":\"H\",\"roles\":[\"liaison\"],\"lanes\":[\"humanitarian\"]");
  change(&o.a, o.samir, id, "add", "samir", BASE_POLICY, "nobody names himself");
  change(&o.a, o.samir, id, "add", "nobody", BASE_NOT_FOUND, "there is no person nobody");
  change(&o.a, o.samir, id, "add", "ines", BASE_POLICY, "is neither liaison nor supervisor nor operations");
  change(&o.a, o.samir, id, "add", "aude", BASE_POLICY, "is neither liaison");
  change(&o.a, o.samir, id, "add", "hana", BASE_POLICY, "hana does not work in that lane");
  change(&o.a, o.samir, id, "add", "lina", BASE_EXISTS, "is named for case");
  change(&o.a, o.samir, id, "remove", "omar", BASE_NOT_FOUND, "omar is not named");
  change(&o.a, o.samir, id, "show", "omar", BASE_FIELD, "do: add or remove");
  change(&o.a, o.samir, request, "add", "omar", BASE_POLICY, "the kind request, which has no named readers");
  change(&o.a, o.lina, id, "add", "omar", BASE_POLICY, "for the roles supervisor");
  refused_as(&o.a, LINK_READER_CHANGE, o.samir, of(id, ",\"do\":\"add\",\"person\":\"omar\",\"reason\":\"\""), BASE_FIELD,
             "reason: say in 1 to");
  refused_as(&o.a, LINK_READER_LIST, o.samir, of("00000000000000000000000000000000000000000000000000000000000000aa", ""),
             BASE_NOT_FOUND, "there is no case");
  open_as(&o.a, "hostile", o.b.name, o.ines, "", BASE_POLICY, "which is a tool", request);
  listed(&o.a, o.aude, id, "lina", "open");
  change(&o.a, o.samir, id, "add", "omar", BASE_OK, "");
  listed(&o.a, o.omar, id, "omar", "open");
  change(&o.a, o.samir, id, "remove", "omar", BASE_OK, "");
  listed(&o.a, o.omar, id, "omar", "");
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"");
  listed(&o.a, o.samir, id, "lina", "closed");
  refused_as(&o.a, LINK_MESSAGE_SHOW, o.lina, of(id, ""), BASE_LOGIN, "");
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"omar\"");
  change(&o.a, o.samir, id, "add", "omar", BASE_POLICY, "omar has left");
  try_remove(&o.a, &o.b);
}

/* A token of a named person's that acts as a tool reads nothing. */
static void test_a_tool(void **state) {
  (void)state;
  struct office o;
  char id[65], secret[SECRET];
  set_up(&o, id);
  done_as(&o.a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"lina\",\"roles\":[\"liaison\",\"integrator\"]");
  token_for(&o.a, "lina", ",\"roles\":[\"integrator\"]", secret);
  reads_nothing(&o.a, secret, id);
  reads(&o.a, o.lina, id);
  try_remove(&o.a, &o.b);
}

/* Where nobody is named the owner is the one; from the first person on he is one of them, and named as they are. */
static void test_the_owner(void **state) {
  (void)state;
  struct office o;
  char id[65];
  try_partners(&o.a, &o.b);
  agree_on(&o.a, &o.b, "");
  open_as(&o.a, "hostile", o.b.name, "", "", BASE_OK, "", id);
  pair_rest(&o.a, &o.b);
  reads(&o.a, "", id);
  reads(&o.b, "", id);
  uint64_t unread = 99;
  assert_int_equal(core_readers_unread(o.a.core, &unread, NULL), BASE_OK);
  assert_int_equal(unread, 1);
  struct pair_answer first = ask_as(&o.a, LINK_PERSON_CHANGE, "",
                                    "\"do\":\"add\",\"person\":\"first\",\"name\":\"N\",\"roles\":[\"auditor\"]");
  base_buf_u8(&first.payload, 0);
  assert_non_null(strstr((const char *)first.payload.data, "\"unread\":1"));
  pair_answer_free(&first);
  /* he is the only supervisor, and names nobody, himself least of all */
  refused_as(&o.a, LINK_CASE_SHOW, "", of(id, ""), BASE_POLICY, "there is no supervisor here beside test: an administrator adds one");
  change(&o.a, "", id, "add", "test", BASE_POLICY, "nobody names himself, and there is no supervisor here beside test");
  done_as(&o.a, LINK_PERSON_CHANGE, "",
          "\"do\":\"add\",\"person\":\"hana\",\"name\":\"N\",\"roles\":[\"supervisor\"],\"lanes\":[\"humanitarian\"]");
  refused_as(&o.a, LINK_CASE_SHOW, "", of(id, ""), BASE_POLICY, "there is no supervisor here beside test"); /* she has not the lane */
  add_people(&o);
  refused_as(&o.a, LINK_CASE_SHOW, "", of(id, ""), BASE_POLICY, "another supervisor than test names him (wasl reader add)");
  reads_nothing(&o.a, "", id);
  change(&o.a, o.samir, id, "add", "test", BASE_OK, "");
  reads(&o.a, "", id);
  /* and at the other node, where it arrived, nobody is named until a supervisor does */
  add(&o.b, "lina", "\"liaison\"");
  reads_nothing(&o.b, "", id);
  change(&o.b, "", id, "add", "test", BASE_POLICY, "nobody names himself");
  change(&o.b, "", id, "add", "lina", BASE_OK, "");
  try_remove(&o.a, &o.b);
}

static void unread_is(struct pair_node *node, const char *members, const char *says) {
  struct pair_answer answer = ask_as(node, LINK_PERSON_CHANGE, "", members);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != BASE_OK || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s", (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

/* What nobody reads any more is told once, of the first person. */
static void test_told_once(void **state) {
  (void)state;
  struct office o;
  char id[65];
  try_partners(&o.a, &o.b);
  agree_on(&o.a, &o.b, "");
  open_as(&o.a, "request", o.b.name, "", "", BASE_OK, "", id);
  open_as(&o.a, "hostile", o.b.name, "", "", BASE_OK, "", id);
  open_as(&o.a, "hostile", o.b.name, "", "", BASE_OK, "", id);
  unread_is(&o.a, "\"do\":\"add\",\"person\":\"lina\",\"name\":\"N\",\"roles\":[\"liaison\"]", "\"unread\":2}");
  unread_is(&o.a, "\"do\":\"add\",\"person\":\"omar\",\"name\":\"N\",\"roles\":[\"liaison\"]", "\"unread\":0}");
  try_remove(&o.a, &o.b);
}

/* Who may not read it does not make away with it either, a supervisor as little as another; who is named may. */
static void test_erased_by_hand(void **state) {
  (void)state;
  static const char said[] = "nobody else erases it by hand";
  struct office o;
  char id[65], update[65], request[65];
  set_up(&o, id);
  open_as(&o.a, "request", o.b.name, o.lina, "", BASE_OK, "", request);
  struct pair_answer answer = ask_as(&o.a, LINK_CASE_SEND, o.lina, of(id, ",\"type\":\"update\",\"fields\":{\"facts\":\"f\"}"));
  pair_text(&answer, "id", update, sizeof update);
  pair_answer_free(&answer);
  while (pair_rest(&o.a, &o.b) > 0)
    continue;
  unsigned erased = try_count(&o.a, WIRE_ACT_ERASED);
  refused_as(&o.a, LINK_MESSAGE_ERASE, o.samir, of(id, ",\"reason\":\"r\""), BASE_POLICY, said);
  refused_as(&o.a, LINK_MESSAGE_ERASE, o.samir, of(update, ",\"reason\":\"r\""), BASE_POLICY, said);
  refused_as(&o.a, LINK_CASE_ERASE, o.samir, of(id, ",\"reason\":\"r\""), BASE_POLICY, said);
  refused_as(&o.a, LINK_CASE_ERASE, "", of(id, ",\"reason\":\"r\""), BASE_POLICY, said);
  assert_int_equal(try_count(&o.a, WIRE_ACT_ERASED), erased);
  reads(&o.a, o.lina, id);
  done_as(&o.a, LINK_MESSAGE_ERASE, o.samir, of(request, ",\"reason\":\"r\"")); /* of another kind as ever */
  refused_as(&o.a, LINK_MESSAGE_ERASE, o.samir, of("00000000000000000000000000000000000000000000000000000000000000aa", ",\"reason\":\"r\""),
             BASE_NOT_FOUND, "");
  done_as(&o.a, LINK_MESSAGE_ERASE, o.lina, of(update, ",\"reason\":\"r\""));
  change(&o.a, o.sara, id, "add", "samir", BASE_OK, "");
  done_as(&o.a, LINK_MESSAGE_ERASE, o.samir, of(id, ",\"reason\":\"r\""));
  assert_int_equal(try_count(&o.a, WIRE_ACT_ERASED), erased + 3);
  try_remove(&o.a, &o.b);
}

/* --- nobody gives it out */

static void test_given_out(void **state) {
  (void)state;
  static const char said[] = "nobody gives it out";
  struct office o;
  char id[65], more[200], other[65];
  set_up(&o, id);
  refused_as(&o.a, LINK_MESSAGE_SHOW, o.lina, of(id, ",\"export\":true"), BASE_POLICY, said);
  refused_as(&o.a, LINK_CASE_SHOW, o.lina, of(id, ",\"export\":true"), BASE_POLICY, said);
  refused_as(&o.a, LINK_PROOF_GET, o.lina, of(id, ""), BASE_POLICY, said);
  refused_as(&o.a, LINK_MESSAGE_PASS_ON, o.lina, of(id, ",\"to\":[\"paris\"]"), BASE_POLICY, said);
  refused_as(&o.a, LINK_PROOF_GET, o.omar, of(id, ""), BASE_POLICY, said);
  snprintf(more, sizeof more,
           "\"kind\":\"information\",\"to\":[\"paris\"],\"fields\":{\"subject\":\"s\",\"purpose\":\"espionage\","
           "\"information\":\"i\",\"language\":\"fr\",\"passed_on\":\"%s\"}",
           id);
  refused_as(&o.a, LINK_CASE_OPEN, o.lina, more, BASE_POLICY, said);
  open_as(&o.a, "request", o.b.name, o.lina, "", BASE_OK, "", other);
  pair_rest(&o.a, &o.b);
  done_as(&o.a, LINK_PROOF_GET, o.lina, of(other, ""));
  try_remove(&o.a, &o.b);
}

static void test_parts(void **state) {
  (void)state;
  struct office o;
  struct base_buf parts = {0};
  char id[65], sha256[65], members[300], read[200];
  uint8_t octets[SIZE];
  for (size_t i = 0; i < SIZE; i++)
    octets[i] = try_octet(SEED, i);
  struct base_hash hash = seal_sha256(base_view_of(octets, SIZE));
  snprintf(sha256, sizeof sha256, "%s", base_hash_text(&hash).text);
  try_partners(&o.a, &o.b);
  agree_on(&o.a, &o.b, "");
  try_upload(&o.a, SIZE, SEED, &parts);
  open_as(&o.a, "hostile", o.b.name, "", try_parts_end(&parts), BASE_OK, "", id);
  base_buf_free(&parts);
  while (pair_rest(&o.a, &o.b) > 0)
    continue;
  add_people(&o);
  change(&o.a, o.samir, id, "add", "lina", BASE_OK, "");
  snprintf(members, sizeof members, "\"sha256\":\"%s\",\"message\":\"%s\"", sha256, id);
  snprintf(read, sizeof read, "\"message\":\"%s\",\"part\":0,\"record\":0", id);
  done_as(&o.a, LINK_PART_OPEN, o.lina, members);
  done_as(&o.a, LINK_PART_READ, o.lina, read);
  refused_as(&o.a, LINK_PART_OPEN, o.omar, members, BASE_POLICY, none);
  refused_as(&o.a, LINK_PART_READ, o.omar, read, BASE_POLICY, none); /* while lina's stands open */
  snprintf(members, sizeof members, "\"sha256\":\"%s\",\"message\":\"%s\",\"export\":true", sha256, id);
  refused_as(&o.a, LINK_PART_OPEN, o.lina, members, BASE_POLICY, "nobody gives it out");
  snprintf(members, sizeof members, "\"sha256\":\"%s\"", sha256);
  done_as(&o.a, LINK_PART_OPEN, o.lina, members);
  refused_as(&o.a, LINK_PART_OPEN, o.omar, members, BASE_NOT_FOUND, "no part with this hash is here");
  parts = (struct base_buf){0};
  try_upload(&o.a, SIZE, SEED, &parts);
  open_as(&o.a, "request", o.b.name, "", try_parts_end(&parts), BASE_OK, "", id);
  base_buf_free(&parts);
  while (pair_rest(&o.a, &o.b) > 0)
    continue;
  done_as(&o.a, LINK_PART_OPEN, o.omar, members); /* what he may see is found, whatever else has it */
  try_remove(&o.a, &o.b);
}

/* --- every request there is */

enum type { TEXT, INTEGER, BOOLEAN, TEXTS, OBJECT, OBJECTS };
static const struct asked {
  enum link_request_code code;
  const char *name;
  enum type type;
  bool needed;
} asked[] = {
#define CORE_ASKED(code, name, place, type, needed, most) {LINK_##code, name, type, needed},
#include "core/asked.def"
#undef CORE_ASKED
};

/* Where it takes an id it gets this one, whatever its name; else what is needed, with little sense. */
static void fill(enum link_request_code code, const char *id, const char *sha256, char out[900]) {
  static const char *const ids[] = {"id", "from", "item", "message", "case"};
  static const char *const values[] = {"\"x\"", "0", "true", "[\"paris\"]", "{}", "[]"};
  int size = 0;
  out[0] = '\0';
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    bool is_id = false, is_hash = strcmp(asked[i].name, "sha256") == 0;
    for (size_t k = 0; k < sizeof ids / sizeof *ids; k++)
      is_id = is_id || (asked[i].type == TEXT && strcmp(asked[i].name, ids[k]) == 0);
    if (asked[i].code != code || !(is_id || is_hash || asked[i].needed))
      continue;
    size += snprintf(out + size, 900 - (size_t)size, "%s\"%s\":%s%s%s", size > 0 ? "," : "", asked[i].name,
                     is_id || is_hash ? "\"" : "", is_id ? id : is_hash ? sha256 : values[asked[i].type],
                     is_id || is_hash ? "\"" : "");
    assert_true(size < 900);
  }
}

/* How many of all requests there are answer this person with content. */
static unsigned tells(struct pair_node *node, const char *secret, const char *id, const char *sha256, const char *word,
                      const uint8_t *octets, char last[64]) {
  unsigned count = 0;
  for (enum link_request_code code = LINK_NO_REQUEST + 1; code < LINK_REQUEST_CODES; code++) {
    char members[900];
    if (!by_persons(code) || code == LINK_MESSAGE_ERASE) /* or nothing would be there for the next one */
      continue;
    fill(code, id, sha256, members);
    struct pair_answer answer = ask_as(node, code, secret, members);
    if (memmem(answer.payload.data, answer.payload.size, word, strlen(word)) != NULL ||
        memmem(answer.payload.data, answer.payload.size, octets, SIZE) != NULL) {
      count++;
      snprintf(last, 64, "%s", link_row(code)->name);
    }
    pair_answer_free(&answer);
  }
  return count;
}

static void test_every_request(void **state) {
  (void)state;
  static const char word[] = "three times by the gate";
  struct office o;
  struct base_buf parts = {0}, json = {0};
  char id[65], told[64] = "";
  uint8_t octets[SIZE];
  for (size_t i = 0; i < SIZE; i++)
    octets[i] = try_octet(SEED, i);
  struct base_hash hash = seal_sha256(base_view_of(octets, SIZE));
  struct base_hex_text sha256 = base_hash_text(&hash);
  try_partners(&o.a, &o.b);
  agree_on(&o.a, &o.b, "");
  try_upload(&o.a, SIZE, SEED, &parts);
  base_buf_printf(&json,
                  "{\"actor\":\"test\",\"kind\":\"hostile\",\"to\":[\"%s\"],\"fields\":{\"subject\":\"%s\",\"purpose\":\"espionage\","
                  "\"region\":\"maghreb\",\"act\":\"reconnaissance\",\"facts\":\"%s\",\"language\":\"en\"},\"parts\":%s}%c",
                  o.b.name, word, word, try_parts_end(&parts), 0);
  pair_id(&o.a, LINK_CASE_OPEN, (const char *)json.data, id);
  base_buf_free(&parts);
  base_buf_free(&json);
  while (pair_rest(&o.a, &o.b) > 0)
    continue;
  add_people(&o);
  change(&o.a, o.samir, id, "add", "lina", BASE_OK, "");
  const char *const others[] = {o.omar, o.samir, o.ines, o.aude};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (tells(&o.a, others[i], id, sha256.text, word, octets, told) > 0)
      fail_msg("%s tells person %zu of the content", told, i);
  assert_int_equal(tells(&o.a, o.lina, id, sha256.text, word, octets, told), 3); /* case.show, message.show, part.read */
  try_remove(&o.a, &o.b);
}

/* --- what waits for release */

static void test_released(void **state) {
  (void)state;
  struct office o;
  char id[65], held[65], said[300];
  try_partners(&o.a, &o.b);
  agree_on(&o.a, &o.b, ",\"approval\":\"supervisor\"");
  add_people(&o);
  open_as(&o.a, "hostile", o.b.name, o.lina, "", BASE_OK, "\"release\"", said);
  struct pair_answer answer = ask_as(&o.a, LINK_RELEASE_LIST, o.samir, "\"number\":1");
  base_buf_u8(&answer.payload, 0);
  snprintf(held, sizeof held, "%s", strstr((const char *)answer.payload.data, "\"message\":\"") + 11);
  pair_answer_free(&answer);
  refused_as(&o.a, LINK_MESSAGE_SHOW, o.omar, of(held, ""), BASE_POLICY, none);
  done_as(&o.a, LINK_MESSAGE_SHOW, o.lina, of(held, ""));
  done_as(&o.a, LINK_MESSAGE_SHOW, o.samir, of(held, ""));
  answer = ask_as(&o.a, LINK_RELEASE_GIVE, o.samir, "\"number\":1");
  assert_int_equal(answer.status, BASE_OK);
  pair_text(&answer, "id", id, 65);
  pair_answer_free(&answer);
  reads(&o.a, o.lina, id); /* who wrote it opened the case, not who let it go */
  reads_nothing(&o.a, o.samir, id);
  pair_rest(&o.a, &o.b);
  try_remove(&o.a, &o.b);
}

/* --- changed behind the node's back */

static void test_tampered(void **state) {
  (void)state;
  struct office o;
  char id[65], name[120], sql[400];
  struct base_buf named = {0}, forged = {0};
  set_up(&o, id);
  snprintf(name, sizeof name, "reader/%s/omar", id);
  change(&o.a, o.samir, id, "add", "omar", BASE_OK, "");
  fact(&o.a, name, &named);
  change(&o.a, o.samir, id, "remove", "omar", BASE_OK, "");
  try_sound(&o.a);
  base_buf_init(&forged, 8192);
  base_buf_u64(&forged, o.a.core->reg.size - 1);
  base_buf_printf(&forged, "{\"case\":\"%s\",\"person\":\"omar\",\"named\":true}", id);
  put_fact(&o.a, name, &forged);
  reads_nothing(&o.a, o.omar, id);
  listed(&o.a, o.samir, id, "omar", "damaged");
  snprintf(name, sizeof name, "reader/%s/sara", id); /* omar's, as if it were hers */
  put_fact(&o.a, name, &named);
  reads_nothing(&o.a, o.sara, id);
  snprintf(name, sizeof name, "reader/%s/omar", id);
  put_fact(&o.a, name, &named); /* as it was before he was removed: the check of the register finds it */
  assert_true(check_names(&o.a, "the reader of a case that it is about is stored otherwise"));
  pair_close(&o.a);
  snprintf(sql, sizeof sql,
           "UPDATE messages SET header = CAST(replace(CAST(header AS TEXT), 'hostile', 'request') AS BLOB) "
           "WHERE id = (SELECT number FROM ids WHERE hex(id) = upper('%s'))",
           id);
  if (!place_postgresql())
    assert_true(damage_change(&o.a, sql));
  pair_open(&o.a);
  if (!place_postgresql())
    refused_as(&o.a, LINK_MESSAGE_SHOW, o.sara, of(id, ""), BASE_CORRUPT, "its stored header is not the one that was written");
  base_buf_free(&named);
  base_buf_free(&forged);
  pair_remove(&o.a);
  pair_remove(&o.b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_named),     cmocka_unit_test(test_who_is_named), cmocka_unit_test(test_a_tool),
      cmocka_unit_test(test_the_owner), cmocka_unit_test(test_given_out),    cmocka_unit_test(test_parts),
      cmocka_unit_test(test_told_once), cmocka_unit_test(test_erased_by_hand), cmocka_unit_test(test_every_request), cmocka_unit_test(test_released), cmocka_unit_test(test_tampered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
