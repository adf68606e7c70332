/* SPDX-License-Identifier: Apache-2.0
 * Persons of a core under test, their tokens, and asking as they do. */
#ifndef WASL_TESTS_CORE_PERSONS_H
#define WASL_TESTS_CORE_PERSONS_H

#include "core_ask.h"

#include "core/people.h"

enum { DAY = 86400, SECRET = 128 };

static const char *const everybody[LINK_PERSON_ROLES] = {"lina", "samir", "omar", "ines", "aude", "adil"};

/* --- asking */

static inline struct pair_answer ask_as(struct pair_node *node, enum link_request_code code, const char *secret,
                                 const char *members) {
  char request[1024];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"token\":\"%s\"%s%s}", secret, members[0] != '\0' ? "," : "",
           members);
  return pair_ask(node, code, request, -1);
}

static inline void refused_as(struct pair_node *node, enum link_request_code code, const char *secret, const char *members,
                       enum base_code want, const char *says) {
  struct pair_answer answer = ask_as(node, code, secret, members);
  base_buf_u8(&answer.payload, 0);
  if (answer.status != want || strstr((const char *)answer.payload.data, says) == NULL)
    fail_msg("%s: %s: %s, instead of %s: %s", members, base_code_name(answer.status),
             (const char *)answer.payload.data, base_code_name(want), says);
  pair_answer_free(&answer);
}

static inline void done_as(struct pair_node *node, enum link_request_code code, const char *secret, const char *members) {
  struct pair_answer answer = ask_as(node, code, secret, members);
  if (answer.status != BASE_OK)
    fail_msg("%s: %.*s", members, (int)answer.payload.size, (const char *)answer.payload.data);
  pair_answer_free(&answer);
}

static inline void add(struct pair_node *node, const char *person, const char *roles) {
  char members[256];
  snprintf(members, sizeof members, "\"do\":\"add\",\"person\":\"%s\",\"name\":\"N\",\"unit\":\"U\",\"roles\":[%s]", person,
           roles);
  done_as(node, LINK_PERSON_CHANGE, "", members);
}

static inline void token_for(struct pair_node *node, const char *person, const char *more, char secret[SECRET]) {
  char members[512];
  snprintf(members, sizeof members, "\"do\":\"make\",\"person\":\"%s\",\"label\":\"test\",\"until\":\"%s\"%s", person,
           base_time_format(node->now + 30 * DAY).text, more);
  struct pair_answer answer = ask_as(node, LINK_TOKEN_CHANGE, "", members);
  if (answer.status != BASE_OK)
    fail_msg("%.*s", (int)answer.payload.size, (const char *)answer.payload.data);
  pair_text(&answer, "secret", secret, SECRET);
  assert_int_equal(strlen(secret), strlen(CORE_TOKEN_PREFIX) + 2 * CORE_TOKEN_SECRET);
  pair_answer_free(&answer);
}

/* One person for each role, and a token of each. */
static inline void add_everybody(struct pair_node *node, char secrets[LINK_PERSON_ROLES][SECRET]) {
  for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\"", link_person_role_name(role));
    add(node, everybody[role], quoted);
    token_for(node, everybody[role], "", secrets[role]);
  }
}

/* Whether persons may send it, at all. */
static inline bool by_persons(enum link_request_code code) {
  const struct link_row *row = link_row(code);
  bool not_yet = code == LINK_LOGIN_BEGIN || code == LINK_LOGIN_FINISH; /* by who is yet to log in */
  bool own = code == LINK_STIX_TAKE || code == LINK_STIX_RECORD || code == LINK_STIX_GIVE; /* by the gate itself */
  return (row->senders & 1U << LINK_ROLE_GATE_LOCAL) != 0 && row->receiver == LINK_ROLE_CORE && !not_yet && !own;
}

/* --- what is written */

/* The last leaf, opened. */
static inline void expect_last(struct pair_node *node, const char *act, const char *actor, const char *subject,
                        const char *reason) {
  char request[64];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"n\":%llu}", (unsigned long long)node->core->reg.attested - 1);
  struct told told = tell(node, LINK_REGISTER_SHOW, request);
  const struct wire_json *opening = wire_json_get(told.json, "opening");
  char head[32];
  snprintf(head, sizeof head, "{\"act\":\"%s\"", act);
  struct base_view leaf = wire_json_text(wire_json_get(told.json, "leaf"));
  assert_true(leaf.size > strlen(head) && memcmp(leaf.data, head, strlen(head)) == 0);
  expect_text(opening, "actor", actor);
  expect_text(opening, "subject", subject);
  expect_text(opening, "reason", reason);
  forget(&told);
}

static inline void fact(struct pair_node *node, const char *name, struct base_buf *out) {
  base_buf_init(out, 8192);
  assert_int_equal(store_fact_get(node->core->store, name, out, NULL), BASE_OK);
}

static inline void put_fact(struct pair_node *node, const char *name, const struct base_buf *value) {
  assert_int_equal(store_begin(node->core->store, NULL), BASE_OK);
  assert_int_equal(store_fact_set(node->core->store, name, base_buf_view(value), NULL), BASE_OK);
  assert_int_equal(store_commit(node->core->store, NULL), BASE_OK);
}

static inline bool check_names(struct pair_node *node, const char *what) {
  struct told told = tell(node, LINK_REGISTER_CHECK, "{\"actor\":\"test\"}");
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 1 << 20);
  base_buf_add_buf(&text, &told.answer.payload);
  base_buf_u8(&text, 0);
  bool found = strstr((const char *)text.data, what) != NULL;
  forget(&told);
  return found;
}

#endif
