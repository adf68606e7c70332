/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/people.h"
#include "core/show.h"

/* Tokens: with one a program, or a person who is not the node's owner, asks in a person's name. It is shown once, and
 * kept as a hash. */

static bool administers(const struct core *core) {
  return (core_asker(core)->roles & 1U << LINK_PERSON_ADMINISTRATOR) != 0;
}

/* --- shown */

static void write_token(const struct core *core, const struct core_token *token, struct wire_writer *writer) {
  wire_write_object(writer);
  wire_write_member_integer(writer, "token", token->number);
  wire_write_member_string(writer, "person", token->person);
  wire_write_member_string(writer, "label", token->label);
  wire_write_member_bool(writer, "session", token->session);
  core_roles_write(writer, token->roles);
  wire_write_key(writer, "requests");
  wire_write_array(writer);
  for (size_t i = 0; i < token->request_count; i++)
    wire_write_string(writer, token->requests[i] == LINK_NO_REQUEST ? "?" : link_row(token->requests[i])->name);
  wire_write_end(writer, ']');
  core_show_time(writer, "made", token->made);
  core_show_time(writer, "until", token->until);
  wire_write_member_string(writer, "state",
                           token->damaged                  ? "damaged"
                           : core_token_holds(core, token) ? "open"
                                                           : "ended");
  wire_write_end(writer, '}');
}

/* One's own; of everybody for who administers or audits. And who asks, for whoever wants to know what his token says.
 */
void core_token_list(struct core *core, uint64_t reply) {
  const struct core_asker *asker = core_asker(core);
  bool all = (asker->roles & (1U << LINK_PERSON_ADMINISTRATOR | 1U << LINK_PERSON_AUDITOR)) != 0;
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "person", asker->handle[0] != '\0' ? asker->handle : asker->name);
  core_roles_write(&writer, asker->roles);
  wire_write_key(&writer, "tokens");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->people->token_count; i++)
    if (all || strcmp(core->people->tokens[i].person, asker->handle) == 0)
      write_token(core, &core->people->tokens[i], &writer);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  core_show_answer(core, reply, &out);
}

/* --- made */

static enum base_code read_requests(const struct wire_json *list, struct core_token *token, struct base_error *err) {
  if (list != NULL && (wire_json_type(list) != WIRE_JSON_ARRAY || wire_json_size(list) == 0 ||
                       wire_json_size(list) > CORE_TOKEN_REQUESTS_MAX))
    return base_fail(err, BASE_FIELD, "requests: a list of 1 to %d names of requests", CORE_TOKEN_REQUESTS_MAX);
  for (size_t i = 0; i < wire_json_size(list); i++) {
    struct base_view name = wire_json_text(wire_json_at(list, i));
    enum link_request_code found = LINK_NO_REQUEST;
    for (enum link_request_code code = LINK_NO_REQUEST + 1; code < LINK_REQUEST_CODES; code++)
      if (link_row(code)->roles != 0 && base_view_is(name, link_row(code)->name))
        found = code;
    if (found == LINK_NO_REQUEST)
      return base_fail(err, BASE_FIELD,
                       "requests: persons ask for nothing named '%.*s'; spec/requests.md has the names",
                       (int)(name.size < 40 ? name.size : 40), (const char *)name.data);
    token->requests[token->request_count++] = found;
  }
  return BASE_OK;
}

/* For oneself never more than one came with, nor for longer (of a session: until that ends); for another, who administers
 * may give what that one has. */
static enum base_code check_scope(const struct core *core, const struct core_person *person,
                                  struct core_token *wanted, struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  bool own = strcmp(asker->handle, person->handle) == 0;
  unsigned most = own ? person->roles & asker->roles : person->roles;
  if ((wanted->roles & ~most) != 0)
    return base_fail(err, BASE_POLICY, "roles: a token has none that %s has not", own ? "who asks" : person->handle);
  for (size_t i = 0; i < core->people->token_count; i++) {
    const struct core_token *with = &core->people->tokens[i];
    if (with->number != asker->token || !own)
      continue;
    if (with->request_count > 0)
      return base_fail(err, BASE_POLICY, "a token that is limited to requests makes no other one");
    if (wanted->until > with->until && with->session)
      wanted->until = with->until; /* shorter than any number of days, and the answer says so */
    else if (wanted->until > with->until)
      return base_fail(err, BASE_POLICY, "until: not later than that of the token that asks, %s",
                       base_time_format(with->until).text);
  }
  return BASE_OK;
}

/* Who administers reads no content, and so not in the name of somebody who does either: such a person makes his own. For
 * tools he makes them, and the owner's account may all. */
static enum base_code check_reads_as(const struct core *core, const struct core_person *person,
                                     struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  if (asker->token == 0 || strcmp(asker->handle, person->handle) == 0 || (person->roles & CORE_BINDING_ROLES) == 0)
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "%s reads content, and whoever holds a token of %s reads it in that name: %s makes it, logged in "
                   "(wasl login, then wasl token make), or the node's owner from his own account",
                   person->handle, person->handle, person->handle);
}

static enum base_code read_token(struct core *core, const struct wire_json *request, struct core_token *out,
                                 struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  struct base_view handle = core_request_text(request, "person"), label = core_request_text(request, "label");
  if (handle.size == 0)
    handle = base_view_text(asker->handle);
  /* Before anybody is looked for: who may not make it learns nothing of who there is. */
  if (!base_view_is(handle, asker->handle) && !administers(core))
    return base_fail(err, BASE_POLICY, "a token for somebody else is made by an administrator");
  const struct core_person *person = core_person_named(core, handle);
  if (person == NULL || person->closed || person->damaged)
    return base_fail(err, BASE_NOT_FOUND, "there is no person %.*s who could have a token; wasl person list shows them",
                     (int)(handle.size < 80 ? handle.size : 80), (const char *)handle.data);
  enum base_code code = check_reads_as(core, person, err);
  if (code != BASE_OK)
    return code;
  struct wire_spot spot;
  if (!wire_line_check(label, &spot))
    return base_fail(err, BASE_FIELD, "label: %s", wire_spot_text(&spot).text);
  if (label.size == 0 || label.size > CORE_PERSON_TEXT_MAX)
    return base_fail(err, BASE_FIELD, "label: one line of 1 to %d bytes, which says what it is for",
                     CORE_PERSON_TEXT_MAX);
  *out = (struct core_token){
      .made = core_now(core),
      .roles = person->roles &
               (asker->token != 0 && strcmp(asker->handle, person->handle) == 0 ? asker->roles : LINK_PERSON_ALL)};
  memcpy(out->person, person->handle, sizeof out->person);
  (void)snprintf(out->label, sizeof out->label, "%.*s", (int)label.size, (const char *)label.data);
  if (!base_time_parse(core_request_text(request, "until"), &out->until) || out->until <= out->made ||
      out->until - out->made > CORE_TOKEN_SECONDS_MAX)
    return base_fail(err, BASE_FIELD, "until: a time like 2026-12-31T00:00:00Z, within the next %d days",
                     CORE_TOKEN_SECONDS_MAX / 86400);
  code = read_requests(wire_json_get(request, "requests"), out, err);
  if (code == BASE_OK && wire_json_get(request, "roles") != NULL)
    code = core_roles_read(wire_json_get(request, "roles"), &out->roles, err);
  return code == BASE_OK ? check_scope(core, person, out, err) : code;
}

struct core_token *core_token_room(struct core *core) {
  struct core_people *people = core->people;
  if (people->token_count < CORE_TOKENS_MAX) {
    struct core_token *token = &people->tokens[people->token_count];
    *token =
        (struct core_token){.number = people->token_count > 0 ? people->tokens[people->token_count - 1].number + 1 : 1};
    people->token_count++;
    return token;
  }
  for (size_t i = 0; i < people->token_count; i++)
    if (!people->tokens[i].damaged && !core_token_holds(core, &people->tokens[i]))
      return &people->tokens[i];
  return NULL;
}

void core_token_secret(struct core *core, const char *prefix, char out[CORE_TOKEN_TEXT]) {
  uint8_t secret[CORE_TOKEN_SECRET];
  size_t at = strlen(prefix);
  core->env.world->random(core->env.world->context, secret, sizeof secret);
  memcpy(out, prefix, at);
  base_hex(secret, sizeof secret, out + at);
  base_wipe(secret, sizeof secret);
}

static enum base_code make(struct core *core, uint64_t reply, const struct wire_json *request, struct base_error *err) {
  struct core_token wanted;
  char secret[CORE_TOKEN_TEXT], why[2 * CORE_PERSON_TEXT_MAX];
  enum base_code code = read_token(core, request, &wanted, err);
  struct core_token *token = code == BASE_OK ? core_token_room(core) : NULL;
  if (code == BASE_OK && token == NULL)
    code = base_fail(err, BASE_POLICY, "a node has at most %d tokens in force: end one first (wasl token end)",
                     CORE_TOKENS_MAX);
  if (code != BASE_OK)
    return code;
  core_token_secret(core, CORE_TOKEN_PREFIX, secret);
  wanted.number = token->number;
  wanted.secret = seal_sha256(base_view_text(secret));
  *token = wanted;
  (void)snprintf(why, sizeof why, "made: %s, until %s", token->label, base_time_format(token->until).text);
  code = core_token_save(core, token, why, err);
  if (code == BASE_OK) {
    struct wire_writer writer;
    wire_writer_init(&writer, &core_reply(core, reply, BASE_OK)->payload);
    wire_write_object(&writer);
    wire_write_member_integer(&writer, "token", token->number);
    wire_write_member_string(&writer, "person", token->person);
    core_show_time(&writer, "until", token->until);
    wire_write_member_string(&writer, "secret", secret);
    wire_write_end(&writer, '}');
  }
  base_wipe(secret, sizeof secret);
  return code;
}

/* --- ended */

static enum base_code end(struct core *core, uint64_t reply, const struct wire_json *request, struct base_error *err) {
  int64_t number = wire_json_integer(wire_json_get(request, "number"));
  struct core_token *token = NULL;
  if (number < 1)
    return base_fail(err, BASE_FIELD, "number: a token's, from 1; wasl token list shows them");
  for (size_t i = 0; i < core->people->token_count; i++)
    if (core->people->tokens[i].number == number)
      token = &core->people->tokens[i];
  /* Of another's token only who administers learns that it is there. */
  if (token == NULL || (!administers(core) && strcmp(token->person, core_asker(core)->handle) != 0))
    return base_fail(err, BASE_NOT_FOUND, "there is no token %lld; wasl token list shows them", (long long)number);
  if (token->damaged || token->ended)
    return base_fail(err, BASE_CONFLICT, "token %lld was ended before", (long long)number);
  token->ended = true;
  enum base_code code = core_token_save(core, token, "ended", err);
  if (code != BASE_OK)
    return code;
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, reply, BASE_OK)->payload);
  write_token(core, token, &writer);
  return BASE_OK;
}

void core_token_change(struct core *core, uint64_t reply, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view what = core_request_text(request, "do");
  enum base_code code = base_view_is(what, "make")  ? make(core, reply, request, &err)
                        : base_view_is(what, "end") ? end(core, reply, request, &err)
                                                    : base_fail(&err, BASE_FIELD, "do: make or end");
  if (code != BASE_OK)
    core_reply_error(core, reply, code, &err);
}
