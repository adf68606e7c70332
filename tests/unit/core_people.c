/* SPDX-License-Identifier: Apache-2.0
 * Persons, roles and tokens: who may ask for what, looked at in one place; and what is stored of them against the register. */
#include "core/kinds.h"
#include "core_persons.h"

/* --- the column of the request table */

/* Each request that the local gate may send, by a person of each role: refused before any verb runs, or not, as the
 * table says. A request whose row names nobody would be refused to nobody: there is none. */
static void test_every_request_by_every_role(void **state) {
  (void)state;
  struct pair_node a;
  char secrets[LINK_PERSON_ROLES][SECRET];
  pair_make(&a, "rabat");
  add_everybody(&a, secrets);
  unsigned asked = 0;
  for (enum link_request_code code = LINK_NO_REQUEST + 1; code < LINK_REQUEST_CODES; code++) {
    const struct link_row *row = link_row(code);
    assert_true(by_persons(code) == (row->roles != 0));
    assert_int_equal(row->roles & row->bare, 0);
    for (enum link_person_role role = 0; by_persons(code) && role < LINK_PERSON_ROLES; role++, asked++) {
      uint64_t size = a.core->reg.size;
      struct pair_answer answer = ask_as(&a, code, secrets[role], "");
      base_buf_u8(&answer.payload, 0);
      bool refused = answer.status == BASE_POLICY && strstr((const char *)answer.payload.data, " may not: ") != NULL;
      if (refused != !(row->roles & 1U << role))
        fail_msg("%s by %s: %s: %s", row->name, link_person_role_name(role), base_code_name(answer.status),
                 (const char *)answer.payload.data);
      assert_true(!refused || a.core->reg.size == size);
      pair_answer_free(&answer);
    }
  }
  assert_true(asked > 200);
  pair_remove(&a);
}

/* Neither who administers nor who audits reads content, by any request; without content a case is shown to both. */
static void test_nobody_reads_who_is_not_to(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], auditor[SECRET], administrator[SECRET], liaison[SECRET], members[128];
  static const enum link_request_code opens[] = {LINK_CASE_SHOW, LINK_MESSAGE_SHOW, LINK_PROOF_GET, LINK_PART_OPEN,
                                                 LINK_PART_READ, LINK_CASE_SEND,    LINK_CASE_OPEN};
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  add(&a, "aude", "\"auditor\"");
  add(&a, "adil", "\"administrator\"");
  add(&a, "lina", "\"liaison\"");
  token_for(&a, "aude", "", auditor);
  token_for(&a, "adil", "", administrator);
  token_for(&a, "lina", "", liaison);
  snprintf(members, sizeof members, "\"id\":\"%s\"", agreement);
  uint64_t size = a.core->reg.size;
  for (size_t i = 0; i < sizeof opens / sizeof opens[0]; i++) {
    refused_as(&a, opens[i], auditor, members, BASE_POLICY, "may not");
    refused_as(&a, opens[i], administrator, members, BASE_POLICY, "may not");
  }
  assert_int_equal(a.core->reg.size, size);
  refused_as(&a, LINK_CASE_SHOW, auditor, members, BASE_POLICY, "--bare");
  snprintf(members, sizeof members, "\"id\":\"%s\",\"bare\":true", agreement);
  struct pair_answer answer = ask_as(&a, LINK_CASE_SHOW, auditor, members);
  assert_int_equal(answer.status, BASE_OK);
  base_buf_u8(&answer.payload, 0);
  assert_null(strstr((const char *)answer.payload.data, "\"fields\""));
  pair_answer_free(&answer);
  assert_int_equal(a.core->reg.size, size);
  refused_as(&a, LINK_MESSAGE_SHOW, auditor, members, BASE_POLICY, "may not"); /* bare is not for everything */
  snprintf(members, sizeof members, "\"id\":\"%s\"", agreement);
  done_as(&a, LINK_CASE_SHOW, liaison, members);
  expect_last(&a, "read", "lina (token 3)", agreement, "case.show");
  done_as(&a, LINK_REGISTER_SHOW, auditor, "\"n\":1");
  ask_remove(&a, &b);
}

/* A role is what its words say: who is not to erase does not erase by another request, and a tool that submits and
 * fetches agrees to nothing and consents to nothing. */
static void test_roles_are_no_wider_than_their_words(void **state) {
  (void)state;
  struct pair_node a, b;
  char secrets[LINK_PERSON_ROLES][SECRET], agreement[65], kase[65], members[512], limited[SECRET];
  const char *integrator = secrets[LINK_PERSON_INTEGRATOR], *operations = secrets[LINK_PERSON_OPERATIONS];
  static const char *const kinds[] = {"agreement", "consent", "recall"};
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  add_everybody(&a, secrets);
  token_for(&a, "lina", ",\"requests\":[\"recall.answer\"]", limited);
  pair_request(&a, &b, kase);
  uint64_t size = a.core->reg.size;
  snprintf(members, sizeof members, "\"id\":\"%s\",\"outcome\":\"erased\"", kase);
  refused_as(&a, LINK_RECALL_ANSWER, operations, members, BASE_POLICY,
             "may not: an answer that erases is for the roles liaison, supervisor, and omar has operations");
  refused_as(&a, LINK_RECALL_ANSWER, limited, members, BASE_POLICY, "limited to other requests than message.erase");
  refused_as(&a, LINK_RECALL_ANSWER, secrets[LINK_PERSON_LIAISON], members, BASE_KIND, "is no recall");
  snprintf(members, sizeof members, "\"id\":\"%s\",\"outcome\":\"restricted\"", kase);
  refused_as(&a, LINK_RECALL_ANSWER, operations, members, BASE_KIND, "is no recall");
  refused_as(&a, LINK_RECALL_ANSWER, limited, members, BASE_KIND, "is no recall");
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    snprintf(members, sizeof members, "\"kind\":\"%s\",\"to\":[\"nobody\"],\"fields\":{}", kinds[i]);
    refused_as(&a, LINK_CASE_OPEN, integrator, members, BASE_POLICY,
               "binds this node, is for the roles liaison, supervisor, operations, and ines has integrator");
    refused_as(&a, LINK_CASE_OPEN, operations, members, BASE_UNKNOWN_NODE, "no partner named nobody");
  }
  snprintf(members, sizeof members, "\"id\":\"%s\",\"type\":\"end\",\"fields\":{}", agreement);
  refused_as(&a, LINK_CASE_SEND, integrator, members, BASE_POLICY, "end of the kind agreement, which binds");
  assert_int_equal(a.core->reg.size, size);
  snprintf(members, sizeof members, "\"id\":\"%s\",\"type\":\"withdraw\",\"fields\":{}", kase);
  done_as(&a, LINK_CASE_SEND, integrator, members);
  ask_remove(&a, &b);
}

/* What no tool agrees to, by what the kind says of the type, and what it may send. */
static void test_what_binds(void **state) {
  (void)state;
  struct pair_node a;
  static const struct {
    const char *kind, *type;
    bool binds;
  } all[] = {
      {"agreement", "review", true}, /* it makes law, whatever it is */
      {"operation", "propose", true}, /* who proposes it counts as one whose legal review was done … */
      {"operation", "object", true},  /* … and who brings it back there */
      {"operation", "legal_review", true},
      {"operation", "resume", true},
      {"operation", "phase_go", true},
      {"operation", "extend", true},
      {"operation", "phase", false}, /* who plans it says go like everybody else */
      {"operation", "suspend", false},
      {"operation", "task", false},
      {"operation", "log", false},
      {"roadmap", "propose", true},
      {"migration_group", "decision_adopt", true},
      {"migration_group", "convene", false},
      {"migration_group", "statistics", false},
      {"talks", "commitment_agree", true},
      {"crisis", "activate", false},
      {"request", "ask", false},
  };
  pair_make(&a, "rabat");
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    const struct wire_kind *kind = &core_kind_named(a.core, base_view_text(all[i].kind))->kind;
    const struct wire_kind_type *type = wire_kind_type_named(kind, base_view_text(all[i].type));
    struct base_error err = {0};
    assert_non_null(type);
    a.core->people->asker.roles = 1U << LINK_PERSON_INTEGRATOR;
    if ((core_people_binds(a.core, kind, type, &err) == BASE_POLICY) != all[i].binds)
      fail_msg("%s of %s: %s", all[i].type, all[i].kind, err.text);
    a.core->people->asker.roles |= 1U << LINK_PERSON_OPERATIONS;
    assert_int_equal(core_people_binds(a.core, kind, type, &err), BASE_OK);
  }
  /* A period that one party alone may move binds as well. */
  struct wire_kind operation = core_kind_named(a.core, BASE_VIEW("operation"))->kind;
  struct wire_kind_item none = {0};
  operation.transition_count = operation.item_count = 0;
  operation.items = &none;
  struct base_error err = {0};
  a.core->people->asker.roles = 1U << LINK_PERSON_INTEGRATOR;
  assert_int_equal(core_people_binds(a.core, &operation, operation.period.moved_by, &err), BASE_POLICY);
  assert_int_equal(core_people_binds(a.core, &operation, wire_kind_type_named(&operation, BASE_VIEW("resume")), &err), BASE_OK);
  core_people_leave(a.core);
  pair_remove(&a);
}

/* --- the owner */

static void test_owner(void **state) {
  (void)state;
  struct pair_node a;
  pair_make(&a, "rabat");
  refused_as(&a, LINK_PERSON_LIST, "", "\"person\":\"test\"", BASE_NOT_FOUND, "there is no person test");
  add(&a, "lina", "\"liaison\",\"supervisor\"");
  /* The first person that was named made the owner one, too. */
  expect_last(&a, "person", "test", "lina", "added: liaison, supervisor; enforcement, civil");
  struct told told = tell(&a, LINK_PERSON_LIST, "{\"actor\":\"test\"}");
  const struct wire_json *persons = wire_json_get(told.json, "persons");
  assert_int_equal(wire_json_size(persons), 2);
  expect_text(at(persons, 1), "person", "test");
  assert_true(wire_json_true(wire_json_get(at(persons, 1), "owner")));
  assert_int_equal(wire_json_size(wire_json_get(at(persons, 1), "roles")), LINK_PERSON_ROLES);
  forget(&told);
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"test\"", BASE_POLICY, "wasl person owner");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"test\",\"roles\":[\"auditor\"]", BASE_POLICY,
             "stays administrator");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"owner\",\"person\":\"lina\"", BASE_POLICY, "must be an administrator");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"test\",\"roles\":[\"administrator\"]");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"test\",\"roles\":[\"administrator\",\"liaison\"]",
             BASE_POLICY, "nobody gives himself a role");
  refused_as(&a, LINK_CASE_SHOW, "", "\"id\":\"0000\"", BASE_POLICY, "test may not");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"lina\",\"roles\":[\"administrator\"]");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"owner\",\"person\":\"lina\"");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"test\",\"reason\":\"left\"");
  /* Who asks is said with the user of the operating system, where that is another name. */
  expect_last(&a, "person", "lina (user test)", "test", "closed: left");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"test\",\"roles\":[\"auditor\"]", BASE_CONFLICT,
             "has left");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"add\",\"person\":\"test\",\"name\":\"T\",\"roles\":[\"auditor\"]",
             BASE_EXISTS, "never given twice");
  pair_close(&a);
  pair_open(&a);
  refused_as(&a, LINK_MESSAGE_SHOW, "", "\"id\":\"0000\"", BASE_POLICY, "lina (user test) may not");
  pair_remove(&a);
}

/* As node init left it: taken in once, at the first start. */
static void test_owner_of_a_new_node(void **state) {
  (void)state;
  struct pair_node a;
  struct base_error err = {0};
  pair_make(&a, "rabat");
  assert_int_equal(base_file_replace(a.core_dir, "owner",
                                     BASE_VIEW("{\"person\":\"amal\",\"name\":\"Amal B.\",\"unit\":\"\","
                                               "\"lanes\":[\"civil\"],\"roles\":[\"administrator\",\"auditor\"]}"),
                                     0600, &err),
                   BASE_OK);
  pair_close(&a);
  pair_open(&a);
  uint64_t size = a.core->reg.size;
  expect_last(&a, "person", "", "amal", "named when the node was made");
  refused_as(&a, LINK_MESSAGE_SHOW, "", "\"id\":\"0000\"", BASE_POLICY, "amal (user test) may not");
  pair_close(&a);
  pair_open(&a);
  assert_int_equal(a.core->reg.size, size);
  pair_close(&a);
  static const char *const wrong[] = {"{\"person\":\"amal\",\"roles\":[\"auditor\"]}", "{\"person\":\"A\"}", "[]", "{"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct pair_node b;
    pair_make(&b, "paris");
    assert_int_equal(base_file_replace(b.core_dir, "owner", base_view_text(wrong[i]), 0600, &err), BASE_OK);
    pair_close(&b);
    assert_int_not_equal(pair_start(&b, &err), BASE_OK);
    pair_remove(&b);
  }
  pair_open(&a);
  pair_remove(&a);
}

/* --- tokens */

static void test_tokens_end(void **state) {
  (void)state;
  struct pair_node a;
  char first[SECRET], second[SECRET], third[SECRET], fourth[SECRET];
  pair_make(&a, "rabat");
  add(&a, "lina", "\"liaison\"");
  add(&a, "omar", "\"operations\"");
  token_for(&a, "lina", "", first);
  token_for(&a, "lina", "", second);
  token_for(&a, "omar", "", third);
  token_for(&a, "omar", ",\"requests\":[\"case.list\",\"outbox.list\"]", fourth);
  done_as(&a, LINK_CASE_LIST, first, "");
  done_as(&a, LINK_CASE_LIST, fourth, "");
  refused_as(&a, LINK_NODE_STATUS, fourth, "", BASE_POLICY, "limited to other requests");
  static const char over[] = "this token is not known here, or it is over";
  refused_as(&a, LINK_CASE_LIST, "wasl-token-00", "", BASE_LOGIN, over);
  /* Of another's token nobody learns that it is there. */
  refused_as(&a, LINK_TOKEN_CHANGE, third, "\"do\":\"end\",\"number\":1", BASE_NOT_FOUND, "there is no token 1");
  done_as(&a, LINK_TOKEN_CHANGE, second, "\"do\":\"end\",\"number\":1");
  expect_last(&a, "token", "lina (token 2)", "1 lina", "ended");
  refused_as(&a, LINK_CASE_LIST, first, "", BASE_LOGIN, over);
  refused_as(&a, LINK_TOKEN_CHANGE, "", "\"do\":\"end\",\"number\":1", BASE_CONFLICT, "ended before");
  /* A role that is taken away is gone from the tokens at once, and so is all with the person. */
  done_as(&a, LINK_OUTBOX_LIST, third, "");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"omar\",\"roles\":[\"auditor\"]");
  refused_as(&a, LINK_OUTBOX_LIST, third, "", BASE_POLICY, "omar has none");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"");
  refused_as(&a, LINK_CASE_LIST, second, "", BASE_LOGIN, over);
  pair_close(&a);
  pair_open(&a);
  refused_as(&a, LINK_CASE_LIST, second, "", BASE_LOGIN, over);
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"roles\",\"person\":\"omar\",\"roles\":[\"operations\"]");
  done_as(&a, LINK_OUTBOX_LIST, third, "");
  a.now += 30 * DAY - 1;
  done_as(&a, LINK_OUTBOX_LIST, third, "");
  a.now += 1;
  refused_as(&a, LINK_OUTBOX_LIST, third, "", BASE_LOGIN, over);
  pair_remove(&a);
}

/* Who listens when he is closed hears no more. */
static void test_listeners_end(void **state) {
  (void)state;
  struct pair_node a;
  char lina[SECRET], omar[SECRET], request[256];
  pair_make(&a, "rabat");
  add(&a, "lina", "\"liaison\"");
  add(&a, "omar", "\"operations\"");
  token_for(&a, "lina", "", lina);
  token_for(&a, "omar", "", omar);
  const char *const who[] = {lina, omar, ""};
  for (size_t i = 0; i < 3; i++) {
    snprintf(request, sizeof request, "{\"actor\":\"test\",\"token\":\"%s\",\"wait\":true}", who[i]);
    core_input(a.core, LINK_EVENTS_TAKE, 7 + i, base_view_text(request), -1);
  }
  pair_settle(&a);
  struct pair_answer answer;
  for (size_t i = 0; i < 3; i++)
    assert_false(pair_find(&a, 7 + i, &answer));
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"");
  assert_true(pair_find(&a, 7, &answer));
  assert_int_equal(answer.status, BASE_LOGIN);
  pair_answer_free(&answer);
  assert_false(pair_find(&a, 8, &answer));
  assert_false(pair_find(&a, 9, &answer));
  pair_remove(&a);
}

static void test_token_scope(void **state) {
  (void)state;
  struct pair_node a;
  char lina[SECRET], few[SECRET], members[256];
  pair_make(&a, "rabat");
  add(&a, "lina", "\"liaison\",\"supervisor\"");
  add(&a, "omar", "\"operations\"");
  token_for(&a, "lina", ",\"roles\":[\"liaison\"]", lina);
  token_for(&a, "lina", ",\"requests\":[\"token.change\"]", few);
  const char *soon = base_time_format(a.now + DAY).text;
  char until[32];
  snprintf(until, sizeof until, "%s", soon);
  static const struct {
    const char *who, *more;
    enum base_code code;
    const char *says;
  } wrong[] = {
      {"lina", ",\"roles\":[\"supervisor\"]", BASE_POLICY, "a token has none that who asks has not"},
      {"omar", "", BASE_POLICY, "made by an administrator"},
      {"lina", ",\"roles\":[\"king\"]", BASE_FIELD, "'king' is none"},
      {"lina", ",\"roles\":[]", BASE_FIELD, "roles: a list"},
      {"lina", ",\"requests\":[]", BASE_FIELD, "requests: a list of 1 to 16"},
      {"lina", ",\"requests\":[\"keeper.attest\"]", BASE_FIELD, "persons ask for nothing named"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    snprintf(members, sizeof members, "\"do\":\"make\",\"person\":\"%s\",\"label\":\"l\",\"until\":\"%s\"%s", wrong[i].who,
             until, wrong[i].more);
    refused_as(&a, LINK_TOKEN_CHANGE, lina, members, wrong[i].code, wrong[i].says);
  }
  snprintf(members, sizeof members, "\"do\":\"make\",\"label\":\"l\",\"until\":\"%s\"", until);
  done_as(&a, LINK_TOKEN_CHANGE, lina, members);
  refused_as(&a, LINK_TOKEN_CHANGE, few, members, BASE_POLICY, "makes no other one");
  snprintf(members, sizeof members, "\"do\":\"make\",\"label\":\"l\",\"until\":\"%s\"",
           base_time_format(a.now + 31 * DAY).text);
  refused_as(&a, LINK_TOKEN_CHANGE, lina, members, BASE_POLICY, "not later than that of the token that asks");
  snprintf(members, sizeof members, "\"do\":\"make\",\"person\":\"omar\",\"label\":\"l\",\"until\":\"%s\"",
           base_time_format(a.now + CORE_TOKEN_SECONDS_MAX + 1).text);
  refused_as(&a, LINK_TOKEN_CHANGE, "", members, BASE_FIELD, "within the next 366 days");
  snprintf(members, sizeof members, "\"do\":\"make\",\"person\":\"omar\",\"label\":\"\",\"until\":\"%s\"", until);
  refused_as(&a, LINK_TOKEN_CHANGE, "", members, BASE_FIELD, "label: one line");
  pair_remove(&a);
}

/* Who administers does not come to read by the name of somebody who does; for a tool he makes the token, for himself, and
 * the owner's account for all. */
static void test_token_of_who_reads(void **state) {
  (void)state;
  struct pair_node a;
  char secrets[LINK_PERSON_ROLES][SECRET], members[256], until[32];
  pair_make(&a, "rabat");
  add_everybody(&a, secrets);
  add(&a, "both", "\"integrator\",\"operations\"");
  snprintf(until, sizeof until, "%s", base_time_format(a.now + DAY).text);
  static const struct {
    const char *who, *more;
    bool may;
  } asked[] = {{"lina", "", false}, {"samir", "", false}, {"omar", "", false}, {"both", ",\"roles\":[\"integrator\"]", false},
               {"ines", "", true},  {"aude", "", true},   {"adil", "", true}};
  for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
    snprintf(members, sizeof members, "\"do\":\"make\",\"person\":\"%s\",\"label\":\"l\",\"until\":\"%s\"%s", asked[i].who,
             until, asked[i].more);
    uint64_t size = a.core->reg.size;
    if (asked[i].may)
      done_as(&a, LINK_TOKEN_CHANGE, secrets[LINK_PERSON_ADMINISTRATOR], members);
    else
      refused_as(&a, LINK_TOKEN_CHANGE, secrets[LINK_PERSON_ADMINISTRATOR], members, BASE_POLICY, "reads it in that name");
    assert_true(asked[i].may || a.core->reg.size == size);
    done_as(&a, LINK_TOKEN_CHANGE, "", members);
  }
  pair_remove(&a);
}

/* --- what is read, and uploads */

static void test_purpose_and_uploads(void **state) {
  (void)state;
  struct pair_node a, b;
  char agreement[65], lina[SECRET], omar[SECRET], members[256];
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  add(&a, "lina", "\"liaison\"");
  add(&a, "omar", "\"operations\"");
  token_for(&a, "lina", "", lina);
  token_for(&a, "omar", "", omar);
  snprintf(members, sizeof members, "\"id\":\"%s\",\"reason\":\"file 7\"", agreement);
  done_as(&a, LINK_MESSAGE_SHOW, lina, members);
  expect_last(&a, "read", "lina (token 1)", agreement, "file 7");
  struct pair_answer answer = ask_as(&a, LINK_PART_BEGIN, lina, "");
  char stage_id[24];
  pair_text(&answer, "stage", stage_id, sizeof stage_id);
  pair_answer_free(&answer);
  snprintf(members, sizeof members, "\"stage\":\"%s\"", stage_id);
  refused_as(&a, LINK_PART_CANCEL, omar, members, BASE_NOT_FOUND, "the upload is not there");
  refused_as(&a, LINK_PART_CANCEL, "", members, BASE_NOT_FOUND, "the upload is not there");
  done_as(&a, LINK_PART_CANCEL, lina, members);
  /* So it is with a file that goes by hand; and a stranger's question ends nothing. */
  done_as(&a, LINK_CARRY_BEGIN, lina, "\"to\":\"paris\"");
  refused_as(&a, LINK_CARRY_NEXT, omar, "\"file\":1", BASE_NOT_FOUND, "not being made");
  refused_as(&a, LINK_CARRY_NEXT, "", "\"file\":1", BASE_NOT_FOUND, "not being made");
  done_as(&a, LINK_CARRY_NEXT, lina, "\"file\":1");
  ask_remove(&a, &b);
}

/* --- what is stored */

/* Who writes into the database gives nobody a role, and brings nobody back who left. */
static void test_what_is_stored(void **state) {
  (void)state;
  struct pair_node a;
  char secret[SECRET];
  BASE_AUTO_BUF struct base_buf before = {0}, changed = {0};
  static const char otherwise[] = "is stored otherwise, or as it was before";
  pair_make(&a, "rabat");
  add(&a, "lina", "\"auditor\"");
  token_for(&a, "lina", "", secret);
  fact(&a, "person/lina", &before);
  assert_false(check_names(&a, otherwise));
  base_buf_init(&changed, 8192);
  base_buf_add_buf(&changed, &before);
  char *role = memmem(changed.data, changed.size, "auditor", 7);
  assert_non_null(role);
  memcpy(role, "liaison", 7);
  put_fact(&a, "person/lina", &changed);
  pair_close(&a);
  pair_open(&a);
  refused_as(&a, LINK_CASE_LIST, secret, "", BASE_LOGIN, "not known here");
  assert_true(check_names(&a, otherwise));
  struct told told = tell(&a, LINK_PERSON_LIST, "{\"actor\":\"test\",\"person\":\"lina\"}");
  expect_text(at(wire_json_get(told.json, "persons"), 0), "state", "damaged");
  forget(&told);
  put_fact(&a, "person/lina", &before);
  pair_close(&a);
  pair_open(&a);
  done_as(&a, LINK_CASE_LIST, secret, "");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"");
  assert_false(check_names(&a, otherwise));
  put_fact(&a, "person/lina", &before); /* what was true once: the check of the register finds it */
  pair_close(&a);
  pair_open(&a);
  assert_true(check_names(&a, otherwise));
  pair_remove(&a);
}

/* Nobody can tell as whom the owner acts: he may look, and do nothing. */
static void test_owner_damaged(void **state) {
  (void)state;
  struct pair_node a;
  BASE_AUTO_BUF struct base_buf cut = {0};
  pair_make(&a, "rabat");
  add(&a, "lina", "\"auditor\"");
  base_buf_init(&cut, 64);
  base_buf_text(&cut, "cut");
  put_fact(&a, "person/test", &cut);
  pair_close(&a);
  pair_open(&a);
  refused_as(&a, LINK_MESSAGE_SHOW, "", "\"id\":\"0000\"", BASE_POLICY, "test may not");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\"", BASE_POLICY, "test may not");
  struct told told = tell(&a, LINK_NODE_STATUS, "{\"actor\":\"test\"}");
  const struct wire_json *unsound = wire_json_get(told.json, "unsound");
  assert_int_equal(wire_json_size(unsound), 1);
  struct base_view text = wire_json_text(wire_json_at(unsound, 0));
  assert_non_null(memmem(text.data, text.size, "the person test is not", 22));
  forget(&told);
  assert_true(check_names(&a, "is stored otherwise"));
  pair_remove(&a);
}

static void test_limits(void **state) {
  (void)state;
  struct pair_node a;
  char members[512], longer[CORE_PERSON_TEXT_MAX + 2];
  pair_make(&a, "rabat");
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  snprintf(members, sizeof members, "\"do\":\"add\",\"person\":\"lina\",\"name\":\"%s\",\"roles\":[\"auditor\"]", longer);
  refused_as(&a, LINK_PERSON_CHANGE, "", members, BASE_FIELD, "name: must be a text, at most 128 bytes");
  snprintf(members, sizeof members,
           "\"do\":\"add\",\"person\":\"lina\",\"name\":\"L\",\"unit\":\"%s\",\"roles\":[\"auditor\"]", longer);
  refused_as(&a, LINK_PERSON_CHANGE, "", members, BASE_FIELD, "unit: must be a text, at most 128 bytes");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"add\",\"person\":\"Lina\"", BASE_FIELD, "person: a letter");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"unit\",\"person\":\"lina\",\"unit\":\"U\"", BASE_NOT_FOUND, "there is no person");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"unit\",\"unit\":\"U\"", BASE_FIELD, "person: is missing");
  assert_int_equal(a.core->people->person_count, 0); /* nothing of it was begun */
  add(&a, "lina", "\"auditor\"");
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"crown\"", BASE_FIELD, "do: add, roles");
  size_t had = a.core->people->person_count;
  a.core->people->person_count = CORE_PERSONS_MAX - 1;
  refused_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"add\",\"person\":\"omar\",\"name\":\"O\",\"roles\":[\"auditor\"]", BASE_POLICY,
             "at most 1024 persons");
  a.core->people->person_count = had;
  struct core_people *people = a.core->people;
  for (uint32_t i = 0; i < CORE_TOKENS_MAX; i++)
    people->tokens[i] = (struct core_token){.number = i + 1, .person = "lina", .until = a.now + DAY};
  people->token_count = CORE_TOKENS_MAX;
  snprintf(members, sizeof members, "\"do\":\"make\",\"person\":\"lina\",\"label\":\"l\",\"until\":\"%s\"",
           base_time_format(a.now + DAY).text);
  refused_as(&a, LINK_TOKEN_CHANGE, "", members, BASE_POLICY, "at most 1024 tokens in force");
  people->tokens[6].ended = true; /* the row of one that is over is taken */
  done_as(&a, LINK_TOKEN_CHANGE, "", members);
  assert_false(people->tokens[6].ended);
  expect_last(&a, "token", "test", "7 lina", "made: l, until 2026-09-22T14:13:20Z");
  pair_remove(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_request_by_every_role),
      cmocka_unit_test(test_nobody_reads_who_is_not_to),
      cmocka_unit_test(test_roles_are_no_wider_than_their_words),
      cmocka_unit_test(test_what_binds),
      cmocka_unit_test(test_owner),
      cmocka_unit_test(test_owner_of_a_new_node),
      cmocka_unit_test(test_tokens_end),
      cmocka_unit_test(test_listeners_end),
      cmocka_unit_test(test_token_scope),
      cmocka_unit_test(test_token_of_who_reads),
      cmocka_unit_test(test_purpose_and_uploads),
      cmocka_unit_test(test_what_is_stored),
      cmocka_unit_test(test_owner_damaged),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
