/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/people.h"
#include "core/register.h"
#include "core/show.h"

/* Logins. The local gate makes a key of the password by Argon2id; here that key is compared, and a session made. A name
 * that nobody has, a person who left or has no password, a wrong password, a wrong code and one try too many have one
 * answer and the same work: the same values are computed, one fact is written. spec/people.md. */

static const char tries_fact[] = "tries/";
enum { TRIES_FACT_MAX = BASE_NAME_MAX + 16 };
static const enum link_request_code first_requests[] = {LINK_PASSWORD_SET, LINK_LOGIN_END};

/* Wrong logins in a row, of one person, or of all names that nobody has and that fall together. */
struct tries {
  char fact[TRIES_FACT_MAX + 1];
  uint32_t count;
  base_time last;
  uint64_t step; /* of the last code that was taken: none is taken twice */
};

/* Values of several uses, all under a key of the node that the keeper wraps: without it the database tells neither
 * whether a password is the right one nor the secret of a second factor. */
struct base_hash core_password_verifier(const struct core *core, struct base_view handle,
                                        const uint8_t key[CORE_PASSWORD_KEY]) {
  uint8_t text[CORE_PASSWORD_KEY + BASE_NAME_MAX];
  size_t size = handle.size < BASE_NAME_MAX ? handle.size : BASE_NAME_MAX;
  memcpy(text, key, CORE_PASSWORD_KEY);
  if (size > 0)
    memcpy(text + CORE_PASSWORD_KEY, handle.data, size);
  struct base_hash out = seal_keyed(&core->login_key, "wasl password/1", base_view_of(text, CORE_PASSWORD_KEY + size));
  base_wipe(text, sizeof text);
  return out;
}

bool core_password_is(const struct core *core, const struct core_person *person, struct base_view key) {
  uint8_t bytes[CORE_PASSWORD_KEY];
  if (!person->login.set || person->login.damaged || !base_hex_parse(key, bytes, sizeof bytes))
    return false;
  struct base_hash verifier = core_password_verifier(core, base_view_text(person->handle), bytes);
  base_wipe(bytes, sizeof bytes);
  return seal_same(&verifier, &person->login.verifier, sizeof verifier);
}

/* --- before */

void core_login_begin(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_view handle = core_request_text(request, "person");
  const struct core_person *person = core_person_named(core, handle);
  /* Always the same for the same name, and computed for every name. */
  struct base_hash made_up = seal_keyed(&core->login_key, "wasl salt/1", handle);
  bool known = person != NULL && person->login.set && !person->login.damaged;
  uint8_t fresh[CORE_SALT];
  core->env.world->random(core->env.world->context, fresh, sizeof fresh);
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_hex(&writer, "salt", known ? person->login.salt : made_up.bytes, CORE_SALT);
  wire_write_member_integer(&writer, "passes", known ? person->login.passes : CORE_LOGIN_PASSES);
  wire_write_member_integer(&writer, "memory", known ? person->login.memory : CORE_LOGIN_MEMORY);
  wire_write_key(&writer, "fresh");
  wire_write_object(&writer);
  wire_write_member_hex(&writer, "salt", fresh, sizeof fresh);
  wire_write_member_integer(&writer, "passes", CORE_LOGIN_PASSES);
  wire_write_member_integer(&writer, "memory", CORE_LOGIN_MEMORY);
  wire_write_end(&writer, '}');
  wire_write_end(&writer, '}');
}

/* --- counted */

static unsigned stranger_of(const struct core *core, struct base_view handle) {
  return seal_keyed(&core->login_key, "wasl stranger/1", handle).bytes[0] % CORE_STRANGERS;
}

/* The name of a stranger's counter is none that a person could have. */
static enum base_code read_tries(struct core *core, const struct core_person *person, unsigned stranger,
                                 struct tries *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf stored = {0};
  base_buf_init(&stored, 64);
  *out = (struct tries){0};
  if (person != NULL)
    (void)snprintf(out->fact, sizeof out->fact, "%s%s", tries_fact, person->handle);
  else
    (void)snprintf(out->fact, sizeof out->fact, "%s?%02u", tries_fact, stranger);
  enum base_code code = store_fact_get(core->store, out->fact, &stored, err);
  struct base_reader reader = base_reader_of(base_buf_view(&stored));
  out->count = base_read_u32(&reader);
  out->last = (base_time)base_read_u64(&reader);
  out->step = base_read_u64(&reader);
  if (code == BASE_OK)
    code = base_reader_end(&reader, out->fact, err);
  if (code == BASE_OK || !core_damage(code))
    return code;
  out->count = 0; /* nothing was counted yet, or it cannot be read: the first wrong one is */
  out->last = 0;
  out->step = 0;
  return BASE_OK;
}

static enum base_code write_tries(struct core *core, const struct tries *tries, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf value = {0};
  base_buf_init(&value, 64);
  base_buf_u32(&value, tries->count);
  base_buf_u64(&value, (uint64_t)tries->last);
  base_buf_u64(&value, tries->step);
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, tries->fact, base_buf_view(&value), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_login_clear(struct core *core, const struct core_person *person, uint64_t step,
                                struct base_error *err) {
  struct tries tries;
  enum base_code code = read_tries(core, person, 0, &tries, err);
  tries.count = 0;
  tries.step = step > 0 ? step : tries.step;
  return code == BASE_OK ? write_tries(core, &tries, err) : code;
}

static base_time wait_of(const struct tries *tries) {
  base_time wait = CORE_LOGIN_WAIT_FIRST;
  if (tries->count < CORE_LOGIN_TRIES)
    return 0;
  for (uint32_t i = CORE_LOGIN_TRIES; i < tries->count && wait < CORE_LOGIN_WAIT_MAX; i++)
    wait *= 2;
  return wait < CORE_LOGIN_WAIT_MAX ? wait : CORE_LOGIN_WAIT_MAX;
}

/* A clock that was set back makes nobody wait for longer than he would have to. */
static bool must_wait(const struct core *core, const struct tries *tries) {
  base_time since = core_now(core) - tries->last;
  return since >= 0 && since < wait_of(tries);
}

/* What is tried while it must wait is not counted, so that nobody keeps a person out for ever; it is written all the
 * same, because an answer that comes sooner would tell. */
static enum base_code count_wrong(struct core *core, struct core_person *person, unsigned stranger, struct tries *tries,
                                  struct base_error *err) {
  base_time since = core_now(core) - tries->last;
  if (!must_wait(core, tries)) {
    tries->count = since > CORE_LOGIN_FORGOTTEN ? 1 : tries->count + (tries->count < UINT32_MAX);
    tries->last = core_now(core);
    base_log(BASE_LOG_NOTICE, "login.refused", "%s: a login was refused, the %u. in a row",
             person != NULL ? person->handle : "a name that nobody has here", (unsigned)tries->count);
  }
  if (tries->count == CORE_LOGIN_TRIES && tries->last == core_now(core)) {
    *(person != NULL ? &person->waits : &core->people->strangers_wait[stranger]) = true;
    if (core->people->tell_ms == 0)
      core->people->tell_ms = core_now_ms(core) + CORE_LOGIN_TELL_MS;
  }
  return write_tries(core, tries, err);
}

enum base_code core_login_current(struct core *core, struct core_person *person, struct base_view key,
                                  struct base_error *err) {
  struct tries tries;
  enum base_code code = read_tries(core, person, 0, &tries, err);
  if (code != BASE_OK || (core_password_is(core, person, key) && !must_wait(core, &tries)))
    return code;
  code = count_wrong(core, person, 0, &tries, err);
  return code == BASE_OK ? base_fail(err, BASE_LOGIN,
                                     "current: it is not the password that is to be replaced, or it was tried too "
                                     "often and must wait, at most %d minutes",
                                     CORE_LOGIN_WAIT_MAX / 60)
                         : code;
}

/* --- told */

int64_t core_login_due_ms(const struct core *core) {
  int64_t left = core->people->tell_ms - core_now_ms(core);
  return core->people->tell_ms == 0 ? -1 : left > 0 ? left : 0;
}

static enum base_code tell(struct core *core, const char *subject, struct base_error *err) {
  char why[96];
  struct wire_opening opening = {.subject = base_view_text(subject)};
  struct core_leaf leaf;
  (void)snprintf(why, sizeof why, "%d wrong logins in a row: each further one must wait", CORE_LOGIN_TRIES);
  opening.reason = base_view_text(why);
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? core_register_add(core, WIRE_ACT_LOGIN, &opening, &leaf, err) : code;
}

/* Seconds later: the answer to the try itself must not take longer for a person than for nobody. */
enum base_code core_login_settle(struct core *core, struct base_error *err) {
  struct core_people *people = core->people;
  enum base_code code = BASE_OK;
  bool strangers = false;
  if (core_login_due_ms(core) != 0)
    return BASE_OK;
  people->tell_ms = 0;
  for (size_t i = 0; i < people->person_count && code == BASE_OK; i++)
    if (people->persons[i].waits) {
      people->persons[i].waits = false;
      code = tell(core, people->persons[i].handle, err);
    }
  for (size_t i = 0; i < CORE_STRANGERS; i++) {
    strangers = strangers || people->strangers_wait[i];
    people->strangers_wait[i] = false;
  }
  return code == BASE_OK && strangers ? tell(core, "?", err) : code;
}

/* --- a session */

/* The oldest of a person who has CORE_SESSIONS_EACH is ended for a new one. */
static enum base_code make_room(struct core *core, const struct core_person *person, struct base_error *err) {
  struct core_token *oldest = NULL;
  size_t count = 0;
  for (size_t i = 0; i < core->people->token_count; i++) {
    struct core_token *token = &core->people->tokens[i];
    if (!token->session || strcmp(token->person, person->handle) != 0 || !core_token_holds(core, token))
      continue;
    count++;
    if (oldest == NULL || token->leaf < oldest->leaf)
      oldest = token;
  }
  if (count < CORE_SESSIONS_EACH)
    return BASE_OK;
  oldest->ended = true;
  return core_token_save(core, oldest, "ended: there is a newer session", err);
}

static enum base_code make_session(struct core *core, uint64_t reply, const struct core_person *person,
                                   struct base_error *err) {
  char secret[CORE_TOKEN_TEXT], why[96];
  (void)snprintf(core->people->asker.name, sizeof core->people->asker.name, "%s", person->handle);
  enum base_code code = make_room(core, person, err);
  struct core_token *token = code == BASE_OK ? core_token_room(core) : NULL;
  if (code == BASE_OK && token == NULL)
    code = base_fail(err, BASE_POLICY,
                     "a node has at most %d tokens and sessions in force: an administrator ends one "
                     "(wasl token end)",
                     CORE_TOKENS_MAX);
  if (code != BASE_OK)
    return code;
  core_token_secret(core, CORE_SESSION_PREFIX, secret);
  *token = (struct core_token){.number = token->number,
                               .session = true,
                               .made = core_now(core),
                               .roles = person->roles,
                               .secret = seal_sha256(base_view_text(secret))};
  token->until = token->made + (person->login.first ? CORE_SESSION_FIRST_SECONDS : CORE_SESSION_SECONDS);
  memcpy(token->person, person->handle, sizeof token->person);
  (void)snprintf(token->label, sizeof token->label, "%s", person->login.first ? "first login" : "login");
  for (size_t i = 0; person->login.first && i < sizeof first_requests / sizeof first_requests[0]; i++)
    token->requests[token->request_count++] = first_requests[i];
  (void)snprintf(why, sizeof why, "logged in%s: until %s", person->login.armed ? " with a second factor" : "",
                 base_time_format(token->until).text);
  code = core_token_save(core, token, why, err);
  if (code == BASE_OK) {
    struct wire_writer writer;
    wire_writer_init(&writer, &core_reply(core, reply, BASE_OK)->payload);
    wire_write_object(&writer);
    wire_write_member_integer(&writer, "token", token->number);
    wire_write_member_string(&writer, "person", token->person);
    core_show_time(&writer, "until", token->until);
    wire_write_member_bool(&writer, "first", person->login.first);
    wire_write_member_string(&writer, "secret", secret);
    wire_write_end(&writer, '}');
  }
  base_wipe(secret, sizeof secret);
  return code;
}

/* One sentence for everything; it says what a person needs who only mistyped. */
static enum base_code fail_login(struct base_error *err) {
  return base_fail(err, BASE_LOGIN,
                   "the name, the password or the code of the second factor is wrong, or it was tried too often: after "
                   "%d wrong tries each further one must wait, at most %d minutes; an administrator can set a new "
                   "password (wasl person password)",
                   CORE_LOGIN_TRIES, CORE_LOGIN_WAIT_MAX / 60);
}

/* Whether there is such a person is looked at when everything has been computed. */
static enum base_code try_login(struct core *core, uint64_t reply, const struct wire_json *request,
                                struct base_error *err) {
  static const struct core_person nobody = {.login = {.set = true, .armed = true, .factor = true}};
  struct base_view handle = core_request_text(request, "person"), code_text = core_request_text(request, "code");
  struct core_person *person = core_person_named(core, handle);
  bool able = person != NULL && !person->closed && !person->damaged && !core_person_waits(core, person) && person->login.set &&
              !person->login.damaged;
  const struct core_person *compared = able ? person : &nobody;
  unsigned stranger = stranger_of(core, handle);
  struct tries tries;
  enum base_code code = read_tries(core, person, stranger, &tries, err);
  if (code != BASE_OK)
    return code;
  bool right = core_password_is(core, compared, core_request_text(request, "password"));
  uint64_t step = core_factor_step(core, compared, code_text, tries.step);
  right = able && right && (!compared->login.armed || step > 0);
  if (!right || must_wait(core, &tries)) {
    code = count_wrong(core, person, stranger, &tries, err);
    return code == BASE_OK ? fail_login(err) : code;
  }
  code = core_login_clear(core, person, step, err);
  return code == BASE_OK ? make_session(core, reply, person, err) : code;
}

void core_login_finish(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  enum base_code code = try_login(core, token, request, &err);
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
}

void core_login_end(struct core *core, uint64_t token) {
  struct base_error err = {0};
  const struct core_asker *asker = core_asker(core);
  enum base_code code = asker->session
                            ? BASE_OK
                            : base_fail(&err, BASE_CONFLICT,
                                        "who asks has no session: a token is ended by its number (wasl token "
                                        "end), and the node's owner by leaving the machine");
  for (size_t i = 0; i < core->people->token_count && code == BASE_OK; i++)
    if (core->people->tokens[i].number == asker->token) {
      core->people->tokens[i].ended = true;
      code = core_token_save(core, &core->people->tokens[i], "logged out", &err);
    }
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "token", asker->token);
  wire_write_end(&writer, '}');
}
