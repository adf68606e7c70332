/* SPDX-License-Identifier: Apache-2.0
 * Who may not ask learns nothing of what there is: a refusal is made before anything is looked for, whatever is named, so
 * that neither its text nor the time that it takes can tell. */
#include "core_persons.h"
#include "store/sql.h"

/* --- a store that counts how often it is asked for anything */

static struct {
  const struct store_engine *real;
  struct store_engine engine;
  unsigned calls;
} watched;

static enum base_code count_begin(struct store *store, struct base_error *err) {
  watched.calls++;
  return watched.real->begin(store, err);
}
static enum base_code count_open(struct store_rows *rows, const struct store_value *values, size_t count,
                                 struct base_error *err) {
  watched.calls++;
  return watched.real->open(rows, values, count, err);
}
static enum base_code count_run(struct store *store, enum store_statement statement, const struct store_value *values,
                                size_t count, uint64_t *changed, struct base_error *err) {
  watched.calls++;
  return watched.real->run(store, statement, values, count, changed, err);
}
static enum base_code count_run_new(struct store *store, enum store_statement statement, const struct store_value *values,
                                    size_t count, bool *refused, struct base_error *err) {
  watched.calls++;
  return watched.real->run_new(store, statement, values, count, refused, err);
}
static enum base_code count_open_table(struct store_rows *rows, const struct store_table *table, struct base_error *err) {
  watched.calls++;
  return watched.real->open_table(rows, table, err);
}
static void watch(struct pair_node *node) {
  struct store *store = node->core->store;
  watched.real = store->engine;
  watched.engine = *store->engine;
  watched.engine.begin = count_begin;
  watched.engine.open = count_open;
  watched.engine.run = count_run;
  watched.engine.run_new = count_run_new;
  watched.engine.open_table = count_open_table;
  store->engine = &watched.engine;
}

/* --- asking for what is there, and for what is not */

struct named {
  char there[512], none[512]; /* members of a request, of the same length */
};

static void name_things(const char *id, struct named *out) {
  static const char form[] = "\"id\":\"%s\",\"name\":\"%s\",\"to\":\"%s\",\"partner\":\"%s\",\"person\":\"%s\","
                             "\"kind\":\"%s\",\"number\":%d,\"n\":%d,\"file\":%d,\"backup\":%d";
  static const char nothing[] = "0000000000000000000000000000000000000000000000000000000000000000";
  snprintf(out->there, sizeof out->there, form, id, "paris", "paris", "paris", "lina", "request", 1, 1, 1, 1);
  snprintf(out->none, sizeof out->none, form, nothing, "parma", "parma", "parma", "nola", "bequest", 9, 9, 9, 9);
  assert_int_equal(strlen(out->there), strlen(out->none));
}

/* What core does of a request itself, without what it settles afterwards. */
static struct pair_answer ask_watched(struct pair_node *node, enum link_request_code code, const char *secret,
                                      const char *members) {
  char request[1024];
  uint64_t token = node->next_token++;
  struct pair_answer answer = {0};
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"token\":\"%s\",%s}", secret, members);
  watched.calls = 0;
  core_input(node->core, code, token, base_view_text(request), -1);
  if (watched.calls != 0)
    fail_msg("%s: the store was asked %u times before the refusal", link_row(code)->name, watched.calls);
  pair_settle(node);
  assert_true(pair_find(node, token, &answer));
  return answer;
}

static void expect_the_same(struct pair_node *node, enum link_request_code code, const char *secret,
                            const struct named *named, enum base_code want) {
  struct pair_answer there = ask_watched(node, code, secret, named->there);
  struct pair_answer none = ask_watched(node, code, secret, named->none);
  if (there.status != want || none.status != want || there.fd >= 0 || none.fd >= 0 ||
      !base_view_equal(base_buf_view(&there.payload), base_buf_view(&none.payload)))
    fail_msg("%s: %s: %.*s; of what is not there %s: %.*s", link_row(code)->name, base_code_name(there.status),
             (int)there.payload.size, (const char *)there.payload.data, base_code_name(none.status),
             (int)none.payload.size, (const char *)none.payload.data);
  pair_answer_free(&there);
  pair_answer_free(&none);
}

static void test_refused_before_any_look(void **state) {
  (void)state;
  struct pair_node a, b;
  struct named named;
  char agreement[65], secrets[LINK_PERSON_ROLES][SECRET], limited[SECRET], over[SECRET];
  unsigned refused = 0;
  ask_two(&a, &b);
  pair_agree(&a, &b, agreement);
  add_everybody(&a, secrets);
  token_for(&a, "adil", ",\"requests\":[\"node.status\"]", limited);
  token_for(&a, "adil", "", over);
  char end[64];
  snprintf(end, sizeof end, "\"do\":\"end\",\"number\":%d", LINK_PERSON_ROLES + 2);
  done_as(&a, LINK_TOKEN_CHANGE, "", end);
  name_things(agreement, &named);
  watch(&a);
  for (enum link_request_code code = LINK_NO_REQUEST + 1; code < LINK_REQUEST_CODES; code++) {
    if (!by_persons(code))
      continue;
    for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++)
      if ((link_row(code)->roles & 1U << role) == 0) {
        expect_the_same(&a, code, secrets[role], &named, BASE_POLICY);
        refused++;
      }
    expect_the_same(&a, code, over, &named, BASE_LOGIN);
    expect_the_same(&a, code, "wasl-token-00", &named, BASE_LOGIN);
    if (code != LINK_NODE_STATUS)
      expect_the_same(&a, code, limited, &named, BASE_POLICY);
  }
  assert_true(refused > 60);
  ask_remove(&a, &b);
}

/* Tokens are for everybody, each for one's own: of others' and of other persons one learns nothing by them. */
static void test_tokens_of_others(void **state) {
  (void)state;
  struct pair_node a;
  char secrets[LINK_PERSON_ROLES][SECRET], made[160], until[40];
  pair_make(&a, "rabat");
  add_everybody(&a, secrets);
  snprintf(until, sizeof until, "\"until\":\"%s\"", base_time_format(a.now + DAY).text);
  for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++) {
    if (role == LINK_PERSON_ADMINISTRATOR)
      continue;
    const char *other = everybody[(role + 1) % LINK_PERSON_ROLES];
    snprintf(made, sizeof made, "\"do\":\"make\",\"label\":\"x\",%s,\"person\":\"%s\"", until, other);
    refused_as(&a, LINK_TOKEN_CHANGE, secrets[role], made, BASE_POLICY, "is made by an administrator");
    snprintf(made, sizeof made, "\"do\":\"make\",\"label\":\"x\",%s,\"person\":\"nobody\"", until);
    refused_as(&a, LINK_TOKEN_CHANGE, secrets[role], made, BASE_POLICY, "is made by an administrator");
    snprintf(made, sizeof made, "\"do\":\"end\",\"number\":%u", (unsigned)(role + 1) % LINK_PERSON_ROLES + 1);
    refused_as(&a, LINK_TOKEN_CHANGE, secrets[role], made, BASE_NOT_FOUND, "there is no token");
    refused_as(&a, LINK_TOKEN_CHANGE, secrets[role], "\"do\":\"end\",\"number\":99", BASE_NOT_FOUND, "there is no token");
  }
  pair_remove(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refused_before_any_look),
      cmocka_unit_test(test_tokens_of_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
