/* SPDX-License-Identifier: Apache-2.0
 * Passwords, sessions and the second factor. What the local gate makes of a password is 64 hex digits here. */
#include "core_persons.h"

#define RIGHT "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define OTHER "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define WRONG "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3"
#define SALT "000102030405060708090a0b0c0d0e0f"

static const char one_answer[] =
    "the name, the password or the code of the second factor is wrong, or it was tried too";

static const char *with_password(const char *person, const char *key, const char *more) {
  static char members[512];
  snprintf(members, sizeof members,
           "\"person\":\"%s\",\"password\":\"%s\",\"salt\":\"" SALT "\",\"passes\":%d,\"memory\":%d%s", person, key,
           CORE_LOGIN_PASSES, CORE_LOGIN_MEMORY, more);
  return members;
}

static void set_password(struct pair_node *node, const char *who, const char *person, const char *key,
                         const char *more) {
  done_as(node, LINK_PASSWORD_SET, who, with_password(person, key, more));
}

static const char *login_words(const char *person, const char *key, const char *code) {
  static char members[256];
  snprintf(members, sizeof members, "\"person\":\"%s\",\"password\":\"%s\",\"code\":\"%s\"", person, key, code);
  return members;
}

static void login(struct pair_node *node, const char *person, const char *key, const char *code, char out[SECRET]) {
  struct pair_answer answer = ask_as(node, LINK_LOGIN_FINISH, "", login_words(person, key, code));
  if (answer.status != BASE_OK)
    fail_msg("%s: %.*s", person, (int)answer.payload.size, (const char *)answer.payload.data);
  pair_text(&answer, "secret", out, SECRET);
  assert_int_equal(strlen(out), strlen(CORE_SESSION_PREFIX) + 2 * CORE_TOKEN_SECRET);
  pair_answer_free(&answer);
}

static void no_login(struct pair_node *node, const char *person, const char *key, const char *code) {
  refused_as(node, LINK_LOGIN_FINISH, "", login_words(person, key, code), BASE_LOGIN, one_answer);
}

/* lina with a password of her own; session: hers. */
static void make_lina(struct pair_node *node, char session[SECRET]) {
  pair_make(node, "rabat");
  add(node, "lina", "\"liaison\"");
  set_password(node, "", "lina", OTHER, "");
  login(node, "lina", OTHER, "", session);
  set_password(node, session, "lina", RIGHT, ",\"current\":\"" OTHER "\"");
  login(node, "lina", RIGHT, "", session);
}

static void test_first_password(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET];
  pair_make(&a, "rabat");
  add(&a, "lina", "\"liaison\"");
  set_password(&a, "", "lina", OTHER, "");
  expect_last(&a, "login", "test", "lina", "first password set, to be replaced at the first login");
  login(&a, "lina", OTHER, "", session);
  expect_last(&a, "token", "lina", "1 lina", "logged in: until 2026-09-21T14:28:20Z");
  refused_as(&a, LINK_CASE_LIST, session, "", BASE_POLICY, "set a password of your own first");
  refused_as(&a, LINK_TOKEN_CHANGE, session, "", BASE_POLICY, "limited to other requests");
  refused_as(&a, LINK_PASSWORD_SET, session, with_password("lina", RIGHT, ""), BASE_FIELD, "current: is missing");
  set_password(&a, session, "lina", RIGHT, ",\"current\":\"" OTHER "\"");
  expect_last(&a, "login", "lina (session 1)", "lina", "password set");
  refused_as(&a, LINK_LOGIN_END, session, "", BASE_LOGIN, "not known here, or it is over");
  no_login(&a, "lina", OTHER, "");
  login(&a, "lina", RIGHT, "", session);
  done_as(&a, LINK_CASE_LIST, session, "");
  pair_remove(&a);
}

/* Who may set what: one's own with the one before, another's by an administrator, none by a token. */
static void test_who_sets(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], token[SECRET];
  make_lina(&a, session);
  add(&a, "omar", "\"operations\"");
  token_for(&a, "lina", "", token);
  refused_as(&a, LINK_PASSWORD_SET, session, with_password("omar", WRONG, ""), BASE_POLICY, "set by an administrator");
  refused_as(&a, LINK_PASSWORD_SET, session, with_password("nobody", WRONG, ""), BASE_POLICY,
             "set by an administrator");
  refused_as(&a, LINK_PASSWORD_SET, token, with_password("lina", OTHER, ",\"current\":\"" RIGHT "\""), BASE_POLICY,
             "a token sets no password");
  refused_as(&a, LINK_PASSWORD_SET, session, with_password("lina", OTHER, ",\"current\":\"" WRONG "\""), BASE_LOGIN,
             "not the password that is to be replaced");
  refused_as(&a, LINK_PASSWORD_SET, "", with_password("nobody", WRONG, ""), BASE_NOT_FOUND,
             "there is no person nobody");
  refused_as(&a, LINK_PASSWORD_SET, "", with_password("omar", "a1", ""), BASE_PROTOCOL, "what the local gate makes");
  refused_as(&a, LINK_PASSWORD_SET, "",
             "\"person\":\"omar\",\"password\":\"" RIGHT "\",\"salt\":\"" SALT "\",\"passes\":1,\"memory\":8192",
             BASE_PROTOCOL, "what the local gate makes");
  done_as(&a, LINK_CASE_LIST, session, "");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"omar\"");
  refused_as(&a, LINK_PASSWORD_SET, "", with_password("omar", WRONG, ""), BASE_NOT_FOUND, "there is no person omar");
  set_password(&a, "", "test", RIGHT, ""); /* the owner's own, by his account: no first one, and nothing said before */
  login(&a, "test", RIGHT, "", session);
  done_as(&a, LINK_PERSON_LIST, session, "");
  pair_remove(&a);
}

/* Whatever is wrong, the answer is the same, as many leaves are written, and the same facts are. */
static void test_one_answer(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET];
  BASE_AUTO_BUF struct base_buf counted = {0}, stranger = {0};
  make_lina(&a, session);
  add(&a, "omar", "\"operations\"");
  add(&a, "ines", "\"integrator\"");
  set_password(&a, "", "ines", RIGHT, "");
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"ines\"");
  uint64_t size = a.core->reg.size;
  no_login(&a, "lina", WRONG, "");
  no_login(&a, "lina", "", "");
  no_login(&a, "omar", RIGHT, "");   /* has none */
  no_login(&a, "ines", RIGHT, "");   /* left */
  no_login(&a, "nobody", RIGHT, ""); /* there is nobody */
  no_login(&a, "?00", RIGHT, "");
  assert_int_equal(a.core->reg.size, size);
  fact(&a, "tries/lina", &counted);
  assert_int_equal(counted.data[3], 2);
  unsigned found = 0;
  for (unsigned i = 0; i < CORE_STRANGERS; i++) {
    char name[32];
    snprintf(name, sizeof name, "tries/?%02u", i);
    base_buf_init(&stranger, 64);
    found += store_fact_get(a.core->store, name, &stranger, NULL) == BASE_OK;
    base_buf_free(&stranger);
  }
  assert_true(found >= 1 && found <= 2);
  pair_remove(&a);
}

static struct told begin_of(struct pair_node *node, const char *person) {
  char request[128];
  snprintf(request, sizeof request, "{\"actor\":\"test\",\"token\":\"\",\"person\":\"%s\"}", person);
  return tell(node, LINK_LOGIN_BEGIN, request);
}

static void salt_of(struct pair_node *node, const char *person, char out[2 * CORE_SALT + 1]) {
  struct told told = begin_of(node, person);
  struct base_view salt = wire_json_text(wire_json_get(told.json, "salt"));
  assert_int_equal(salt.size, 2 * CORE_SALT);
  memcpy(out, salt.data, salt.size);
  out[salt.size] = '\0';
  assert_int_equal(number(told.json, "passes"), CORE_LOGIN_PASSES);
  assert_int_equal(number(told.json, "memory"), CORE_LOGIN_MEMORY);
  forget(&told);
}

/* A name that nobody has is salted like a person's: always alike, also after a restart, and unlike any other. */
static void test_salts(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], lina[33], omar[33], nobody[33], other[33], again[33];
  make_lina(&a, session);
  add(&a, "omar", "\"operations\"");
  salt_of(&a, "lina", lina);
  assert_string_equal(lina, SALT);
  salt_of(&a, "omar", omar);
  salt_of(&a, "nobody", nobody);
  salt_of(&a, "other", other);
  assert_string_not_equal(omar, nobody);
  assert_string_not_equal(nobody, other);
  pair_close(&a);
  pair_open(&a);
  salt_of(&a, "nobody", again);
  assert_string_equal(again, nobody);
  struct told one = begin_of(&a, "lina"), two = begin_of(&a, "lina");
  struct base_view fresh = wire_json_text(wire_json_get(wire_json_get(one.json, "fresh"), "salt"));
  assert_false(base_view_equal(fresh, wire_json_text(wire_json_get(wire_json_get(two.json, "fresh"), "salt"))));
  forget(&one);
  forget(&two);
  pair_remove(&a);
}

static void settle_later(struct pair_node *node) {
  node->ms += CORE_LOGIN_TELL_MS;
  pair_settle(node);
}

/* After five wrong ones each must wait, also the right one, twice as long each time; what is tried meanwhile does not
 * count. The register is told afterwards, so that the answer itself tells nothing. */
static void test_waits(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET];
  make_lina(&a, session);
  uint64_t size = a.core->reg.size;
  for (int i = 0; i < CORE_LOGIN_TRIES; i++)
    no_login(&a, "lina", WRONG, "");
  assert_int_equal(a.core->reg.size, size);
  settle_later(&a);
  assert_int_equal(a.core->reg.size, size + 1);
  expect_last(&a, "login", "", "lina", "5 wrong logins in a row: each further one must wait");
  no_login(&a, "lina", RIGHT, "");
  pair_close(&a); /* nor is it forgotten at a restart */
  pair_open(&a);
  a.now += CORE_LOGIN_WAIT_FIRST - 1;
  for (int i = 0; i < 100; i++)
    no_login(&a, "lina", RIGHT, "");
  a.now += 1;
  no_login(&a, "lina", WRONG, "");
  a.now += 2 * CORE_LOGIN_WAIT_FIRST - 1;
  no_login(&a, "lina", RIGHT, "");
  a.now += 1;
  login(&a, "lina", RIGHT, "", session); /* and counts from 0 again */
  for (int i = 0; i < CORE_LOGIN_TRIES - 1; i++)
    no_login(&a, "lina", WRONG, "");
  login(&a, "lina", RIGHT, "", session);
  for (int i = 0; i < 40; i++) {
    no_login(&a, "lina", WRONG, "");
    a.now += CORE_LOGIN_WAIT_MAX;
  }
  login(&a, "lina", RIGHT, "", session); /* never longer than that */
  for (int i = 0; i < CORE_LOGIN_TRIES; i++)
    no_login(&a, "lina", WRONG, "");
  done_as(&a, LINK_CASE_LIST, session, ""); /* who is in stays in, and the owner always comes in */
  set_password(&a, "", "lina", OTHER, "");
  login(&a, "lina", OTHER, "", session);
  pair_remove(&a);
}

static void test_strangers_wait(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET];
  make_lina(&a, session);
  uint64_t size = a.core->reg.size;
  for (int i = 0; i < 3 * CORE_LOGIN_TRIES; i++)
    no_login(&a, "nobody", RIGHT, "");
  assert_int_equal(a.core->reg.size, size);
  settle_later(&a);
  assert_int_equal(a.core->reg.size, size + 1);
  expect_last(&a, "login", "", "?", "5 wrong logins in a row: each further one must wait");
  settle_later(&a);
  assert_int_equal(a.core->reg.size, size + 1);
  pair_remove(&a);
}

static void test_sessions_end(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], more[CORE_SESSIONS_EACH + 1][SECRET];
  make_lina(&a, session);
  done_as(&a, LINK_LOGIN_END, session, "");
  expect_last(&a, "token", "lina (session 2)", "2 lina", "logged out");
  refused_as(&a, LINK_CASE_LIST, session, "", BASE_LOGIN, "log in again");
  refused_as(&a, LINK_LOGIN_END, "", "", BASE_CONFLICT, "has no session");
  for (size_t i = 0; i <= CORE_SESSIONS_EACH; i++)
    login(&a, "lina", RIGHT, "", more[i]);
  refused_as(&a, LINK_CASE_LIST, more[0], "", BASE_LOGIN, "log in again");
  for (size_t i = 1; i <= CORE_SESSIONS_EACH; i++)
    done_as(&a, LINK_CASE_LIST, more[i], "");
  a.now += CORE_SESSION_SECONDS - 1;
  done_as(&a, LINK_CASE_LIST, more[1], "");
  a.now += 1;
  refused_as(&a, LINK_CASE_LIST, more[1], "", BASE_LOGIN, "log in again");
  login(&a, "lina", RIGHT, "", session);
  pair_close(&a);
  pair_open(&a);
  done_as(&a, LINK_CASE_LIST, session, "");
  set_password(&a, "", "lina", OTHER, ""); /* another password ends them, */
  refused_as(&a, LINK_CASE_LIST, session, "", BASE_LOGIN, "log in again");
  login(&a, "lina", OTHER, "", session);
  set_password(&a, session, "lina", RIGHT, ",\"current\":\"" OTHER "\"");
  login(&a, "lina", RIGHT, "", session);
  done_as(&a, LINK_PERSON_CHANGE, "", "\"do\":\"close\",\"person\":\"lina\""); /* and so does leaving */
  refused_as(&a, LINK_CASE_LIST, session, "", BASE_LOGIN, "log in again");
  no_login(&a, "lina", RIGHT, "");
  pair_remove(&a);
}

/* --- the second factor */

static void begin_factor(struct pair_node *node, const char *session, char uri[256]) {
  struct pair_answer answer = ask_as(node, LINK_FACTOR_CHANGE, session, "\"do\":\"begin\"");
  assert_int_equal(answer.status, BASE_OK);
  pair_text(&answer, "uri", uri, 256);
  pair_answer_free(&answer);
}

/* As an authenticator makes it of the URI. */
static const char *code_at(const char *uri, base_time now) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  static char code[CORE_FACTOR_DIGITS + 1];
  uint8_t secret[CORE_FACTOR_SECRET];
  uint32_t bits = 0, held = 0;
  size_t at = 0;
  const char *text = strstr(uri, "?secret=");
  assert_non_null(text);
  for (text += 8; *text != '&'; text++) {
    assert_non_null(strchr(letters, *text));
    bits = bits << 5 | (uint32_t)(strchr(letters, *text) - letters);
    if ((held += 5) >= 8 && at < sizeof secret)
      secret[at++] = (uint8_t)(bits >> (held -= 8));
  }
  assert_int_equal(at, sizeof secret);
  snprintf(code, sizeof code, "%06u", seal_hotp(base_view_of(secret, sizeof secret), (uint64_t)now / 30, 6) % 1000000);
  return code;
}

static void confirm(struct pair_node *node, const char *session, const char *code) {
  char members[64];
  snprintf(members, sizeof members, "\"do\":\"confirm\",\"code\":\"%s\"", code);
  done_as(node, LINK_FACTOR_CHANGE, session, members);
}

static void test_factor(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], uri[256];
  make_lina(&a, session);
  begin_factor(&a, session, uri);
  assert_non_null(strstr(uri, "otpauth://totp/rabat:lina?secret="));
  assert_non_null(strstr(uri, "&issuer=rabat&algorithm=SHA1&digits=6&period=30"));
  login(&a, "lina", RIGHT, "", session); /* not asked for before its first code */
  refused_as(&a, LINK_FACTOR_CHANGE, session, "\"do\":\"confirm\",\"code\":\"00000x\"", BASE_FIELD,
             "code: not the 6 digits");
  confirm(&a, session, code_at(uri, a.now));
  expect_last(&a, "login", "lina (session 3)", "lina", "second factor: confirmed by its first code");
  no_login(&a, "lina", RIGHT, "");
  no_login(&a, "lina", RIGHT, code_at(uri, a.now));      /* used when it was confirmed */
  no_login(&a, "lina", RIGHT, code_at(uri, a.now + 60)); /* two steps ahead, */
  a.now += 120;
  no_login(&a, "lina", RIGHT, code_at(uri, a.now - 60)); /* or behind */
  login(&a, "lina", RIGHT, code_at(uri, a.now - 30), session);
  login(&a, "lina", RIGHT, code_at(uri, a.now + 30), session);
  no_login(&a, "lina", RIGHT, code_at(uri, a.now + 30)); /* none twice, nor an earlier one, */
  no_login(&a, "lina", RIGHT, code_at(uri, a.now));
  pair_close(&a);
  pair_open(&a);
  no_login(&a, "lina", RIGHT, code_at(uri, a.now + 30)); /* nor after a restart */
  a.now += 60;
  no_login(&a, "lina", WRONG, code_at(uri, a.now));
  login(&a, "lina", RIGHT, code_at(uri, a.now), session);
  expect_last(&a, "token", "lina", "6 lina", "logged in with a second factor: until 2026-09-21T22:16:20Z");
  pair_remove(&a);
}

/* Whoever finds a session open puts no factor of his own beside another's password. */
static void test_factor_fresh(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], uri[256];
  make_lina(&a, session);
  a.now += CORE_FACTOR_FRESH_SECONDS + 1;
  refused_as(&a, LINK_FACTOR_CHANGE, session, "\"do\":\"begin\"", BASE_POLICY, "within 5 minutes of the login");
  a.now -= 1;
  begin_factor(&a, session, uri);
  login(&a, "lina", RIGHT, "", session);
  a.now -= 60; /* a clock that was set back makes no session a fresh one */
  refused_as(&a, LINK_FACTOR_CHANGE, session, "\"do\":\"begin\"", BASE_POLICY, "within 5 minutes of the login");
  pair_remove(&a);
}

/* What a session makes ends when it would, so that a stolen one does not go on for ever. */
static void test_token_of_a_session(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], members[160], secret[SECRET], until[40];
  make_lina(&a, session);
  snprintf(until, sizeof until, "%s", base_time_format(a.now + CORE_SESSION_SECONDS).text);
  snprintf(members, sizeof members, "\"do\":\"make\",\"label\":\"l\",\"until\":\"%s\"", base_time_format(a.now + DAY).text);
  struct pair_answer answer = ask_as(&a, LINK_TOKEN_CHANGE, session, members);
  assert_int_equal(answer.status, BASE_OK);
  pair_text(&answer, "secret", secret, sizeof secret);
  pair_text(&answer, "until", members, sizeof members);
  assert_string_equal(members, until);
  pair_answer_free(&answer);
  done_as(&a, LINK_CASE_LIST, secret, "");
  a.now += CORE_SESSION_SECONDS;
  refused_as(&a, LINK_CASE_LIST, secret, "", BASE_LOGIN, "it is over");
  pair_remove(&a);
}

static void test_factor_whose(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], token[SECRET], adil[SECRET], uri[256];
  make_lina(&a, session);
  token_for(&a, "lina", "", token);
  refused_as(&a, LINK_FACTOR_CHANGE, token, "\"do\":\"begin\"", BASE_POLICY, "a second factor is one's own");
  refused_as(&a, LINK_FACTOR_CHANGE, "", "\"do\":\"begin\"", BASE_CONFLICT, "test has no password");
  refused_as(&a, LINK_FACTOR_CHANGE, "", "\"do\":\"reset\",\"person\":\"lina\"", BASE_NOT_FOUND,
             "with a second factor");
  refused_as(&a, LINK_FACTOR_CHANGE, session, "\"do\":\"crown\"", BASE_FIELD, "do: begin, confirm or reset");
  begin_factor(&a, session, uri);
  confirm(&a, session, code_at(uri, a.now));
  refused_as(&a, LINK_FACTOR_CHANGE, session, "\"do\":\"begin\"", BASE_CONFLICT, "has a second factor");
  refused_as(&a, LINK_FACTOR_CHANGE, session, "\"do\":\"reset\",\"person\":\"lina\"", BASE_POLICY,
             "by an administrator");
  /* A first password by an administrator takes the factor of nobody away. */
  set_password(&a, "", "lina", OTHER, "");
  no_login(&a, "lina", OTHER, "");
  a.now += 30;
  login(&a, "lina", OTHER, code_at(uri, a.now), session);
  set_password(&a, session, "lina", RIGHT, ",\"current\":\"" OTHER "\"");
  a.now += 30;
  login(&a, "lina", RIGHT, code_at(uri, a.now), session);
  /* Reset by an administrator, but not his own by a session. */
  add(&a, "adil", "\"administrator\"");
  set_password(&a, "", "adil", OTHER, "");
  login(&a, "adil", OTHER, "", adil);
  set_password(&a, adil, "adil", RIGHT, ",\"current\":\"" OTHER "\"");
  login(&a, "adil", RIGHT, "", adil);
  refused_as(&a, LINK_FACTOR_CHANGE, adil, "\"do\":\"reset\",\"person\":\"adil\"", BASE_POLICY, "by another one");
  done_as(&a, LINK_FACTOR_CHANGE, adil, "\"do\":\"reset\",\"person\":\"lina\"");
  expect_last(&a, "login", "adil (session 7)", "lina", "second factor: reset");
  refused_as(&a, LINK_CASE_LIST, session, "", BASE_LOGIN, "log in again");
  login(&a, "lina", RIGHT, "", session);
  pair_remove(&a);
}

/* --- what is stored */

/* Neither what a password makes nor the secret of the second factor lies in the database; who writes there gets in
 * neither, because the register commits to what is stored. */
static void test_what_is_stored_of_logins(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET], uri[256];
  BASE_AUTO_BUF struct base_buf before = {0}, after = {0}, changed = {0};
  static const char otherwise[] = "is stored otherwise, or as it was before";
  make_lina(&a, session);
  fact(&a, "login/lina", &before);
  begin_factor(&a, session, uri);
  confirm(&a, session, code_at(uri, a.now));
  fact(&a, "login/lina", &after);
  assert_null(memmem(after.data, after.size, RIGHT, 32));
  struct base_hash plain = seal_sha256(base_view_of("\xa1", 1));
  assert_null(memmem(after.data, after.size, base_hash_text(&plain).text, 64));
  assert_null(memmem(after.data, after.size, strstr(uri, "secret=") + 7, 32));
  assert_false(check_names(&a, otherwise));
  put_fact(&a, "login/lina", &before); /* without the factor, as it was once */
  pair_close(&a);
  pair_open(&a);
  assert_true(check_names(&a, otherwise));
  base_buf_init(&changed, 8192);
  base_buf_add_buf(&changed, &after);
  char *armed = memmem(changed.data, changed.size, "\"armed\":true", 12);
  assert_non_null(armed);
  memcpy(armed, "\"armed\":null", 12);
  put_fact(&a, "login/lina", &changed);
  pair_close(&a);
  pair_open(&a);
  a.now += 60;
  no_login(&a, "lina", RIGHT, code_at(uri, a.now));
  assert_true(check_names(&a, otherwise));
  struct told told = tell(&a, LINK_PERSON_LIST, "{\"actor\":\"test\",\"person\":\"lina\"}");
  expect_text(at(wire_json_get(told.json, "persons"), 0), "login", "damaged");
  forget(&told);
  set_password(&a, "", "lina", OTHER, "");
  login(&a, "lina", OTHER, "", session);
  assert_false(check_names(&a, otherwise));
  pair_remove(&a);
}

/* The key under which all of it stands is lost: nobody comes in by a password from before, and by a new one as always. */
static void test_key_lost(void **state) {
  (void)state;
  struct pair_node a;
  char session[SECRET];
  BASE_AUTO_BUF struct base_buf cut = {0};
  make_lina(&a, session);
  add(&a, "omar", "\"operations\"");
  set_password(&a, "", "omar", RIGHT, "");
  base_buf_init(&cut, 64);
  base_buf_text(&cut, "cut");
  put_fact(&a, "login-key", &cut);
  pair_close(&a);
  pair_open(&a);
  assert_true(check_names(&a, "fact login-key"));
  no_login(&a, "lina", RIGHT, "");
  done_as(&a, LINK_CASE_LIST, session, "");
  set_password(&a, "", "lina", OTHER, "");
  assert_false(check_names(&a, "fact login-key"));
  pair_close(&a);
  pair_open(&a);
  login(&a, "lina", OTHER, "", session);
  no_login(&a, "omar", RIGHT, "");
  pair_remove(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_first_password), cmocka_unit_test(test_who_sets),
      cmocka_unit_test(test_one_answer),     cmocka_unit_test(test_salts),
      cmocka_unit_test(test_waits),          cmocka_unit_test(test_strangers_wait),
      cmocka_unit_test(test_sessions_end),   cmocka_unit_test(test_factor),
      cmocka_unit_test(test_factor_fresh),   cmocka_unit_test(test_token_of_a_session),
      cmocka_unit_test(test_factor_whose),   cmocka_unit_test(test_what_is_stored_of_logins),
      cmocka_unit_test(test_key_lost),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
