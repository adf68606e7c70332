/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/lane.h"
#include "core/people.h"

/* Who asks, and may he: looked at in one place, before any verb runs, by the column of the request table. What the
 * request's words tell stands here as well: whether it erases, and of which kind is the case that it writes in. */

_Static_assert((int)CORE_PERSON_ROLES_MAX == (int)LINK_PERSON_ROLES, "a list may name each role once");
_Static_assert((int)CORE_PERSON_LANES_MAX == (int)WIRE_LANES, "a list may name each lane once");

/* --- roles */

void core_roles_text(unsigned roles, struct base_buf *out) {
  bool first = true;
  for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++)
    if (roles & 1U << role) {
      base_buf_printf(out, "%s%s", first ? "" : ", ", link_person_role_name(role));
      first = false;
    }
}

void core_roles_write(struct wire_writer *writer, unsigned roles) {
  wire_write_key(writer, "roles");
  wire_write_array(writer);
  for (enum link_person_role role = 0; role < LINK_PERSON_ROLES; role++)
    if (roles & 1U << role)
      wire_write_string(writer, link_person_role_name(role));
  wire_write_end(writer, ']');
}

enum base_code core_roles_read(const struct wire_json *list, unsigned *out, struct base_error *err) {
  unsigned roles = 0;
  for (size_t i = 0; i < wire_json_size(list); i++) {
    struct base_view name = wire_json_text(wire_json_at(list, i));
    enum link_person_role role;
    if (!link_person_role_named(name, &role))
      return base_fail(err, BASE_FIELD,
                       "roles: '%.*s' is none; there are liaison, supervisor, operations, integrator, auditor and "
                       "administrator",
                       (int)(name.size < 40 ? name.size : 40), (const char *)name.data);
    roles |= 1U << role;
  }
  if (wire_json_type(list) != WIRE_JSON_ARRAY || roles == 0)
    return base_fail(err, BASE_FIELD,
                     "roles: a list of one or more of liaison, supervisor, operations, integrator, "
                     "auditor and administrator");
  *out = roles;
  return BASE_OK;
}

struct core_person *core_person_named(const struct core *core, struct base_view handle) {
  for (size_t i = 0; i < core->people->person_count; i++)
    if (base_view_is(handle, core->people->persons[i].handle))
      return &core->people->persons[i];
  return NULL;
}

struct core_person *core_person_owner(const struct core *core) {
  for (size_t i = 0; i < core->people->person_count; i++)
    if (core->people->persons[i].owner)
      return &core->people->persons[i];
  return NULL;
}

/* --- who asks */

enum base_code core_request_purpose(struct base_view reason, struct base_error *err) {
  return reason.size <= CORE_REASON_MAX
             ? core_request_prose(reason, "reason", err)
             : base_fail(err, BASE_FIELD, "reason: at most %d bytes; it is kept in the register", CORE_REASON_MAX);
}

const struct core_asker *core_asker(const struct core *core) {
  return &core->people->asker;
}

bool core_asker_began(const struct core *core, const char *handle) {
  return strcmp(handle, core_asker(core)->handle) == 0;
}

struct base_view core_actor(const struct core *core) {
  return base_view_text(core->people->asker.name);
}

struct base_view core_actor_plain(struct base_view actor) {
  size_t size = 0;
  while (size < actor.size && actor.data[size] != ' ')
    size++;
  return base_view_of(actor.data, size);
}

void core_people_leave(struct core *core) {
  core->people->asker = (struct core_asker){0};
}

/* By the operating system: the local gate lets nobody in but the node's owner and root, and says which of them. Where
 * nobody can tell any more as whom he acts, he sees what an auditor sees, so that he can find out what is wrong. */
static void ask_owner(struct core *core, struct base_view user) {
  struct core_asker *asker = &core->people->asker;
  const struct core_person *owner = core_person_owner(core);
  bool unnamed = core->people->person_count == 0;
  *asker = (struct core_asker){.roles = unnamed ? LINK_PERSON_ALL : 1U << LINK_PERSON_AUDITOR,
                               .lanes = unnamed ? CORE_LANES_ALL : CORE_LANES_SHARED};
  if (owner == NULL) {
    (void)snprintf(asker->name, sizeof asker->name, "%.*s", (int)user.size, (const char *)user.data);
    return;
  }
  asker->roles = owner->roles;
  asker->lanes = owner->damaged ? CORE_LANES_SHARED : owner->lanes;
  memcpy(asker->handle, owner->handle, sizeof asker->handle);
  if (base_view_is(user, owner->handle))
    (void)snprintf(asker->name, sizeof asker->name, "%s", owner->handle);
  else
    (void)snprintf(asker->name, sizeof asker->name, "%s (user %.*s)", owner->handle,
                   (int)(user.size < 64 ? user.size : 64), (const char *)user.data);
}

static bool before_epoch(const struct core *core, uint64_t leaf) {
  return core->epoch > 1 && leaf < core->epoch_start;
}

bool core_person_waits(const struct core *core, const struct core_person *person) {
  return !person->owner && before_epoch(core, person->leaf);
}

/* Nor of a token from before the register lost leaves: it may have been ended since. */
bool core_token_holds(const struct core *core, const struct core_token *token) {
  const struct core_person *person = core_person_named(core, base_view_text(token->person));
  return !token->damaged && !token->ended && core_now(core) < token->until && person != NULL && !person->closed &&
         !person->damaged && !core_person_waits(core, person) && !before_epoch(core, token->leaf) &&
         !(token->session && token->leaf < person->login.after);
}

/* One sentence, whatever is wrong with it: who guesses learns nothing. */
static enum base_code fail_token(struct base_error *err) {
  return base_fail(
      err, BASE_LOGIN,
      "this token is not known here, or it is over: log in again (wasl login), or ask for a new one (wasl token make)");
}

enum base_code core_asker_check(const struct core *core, const struct core_asker *asker, struct base_error *err) {
  bool holds = asker->token == 0; /* the owner's account stays what it is, as whomever it acts */
  for (size_t i = 0; i < core->people->token_count && !holds; i++)
    holds = core->people->tokens[i].number == asker->token && core_token_holds(core, &core->people->tokens[i]);
  return holds ? BASE_OK : fail_token(err);
}

static bool token_names(const struct core_token *token, enum link_request_code code) {
  bool named = token->request_count == 0;
  for (size_t i = 0; i < token->request_count && !named; i++)
    named = token->requests[i] == code;
  return named;
}

/* also: what it does besides, LINK_NO_REQUEST: nothing. */
static enum base_code ask_token(struct core *core, struct base_view text, enum link_request_code code,
                                enum link_request_code also, struct base_error *err) {
  struct core_asker *asker = &core->people->asker;
  struct base_hash secret = seal_sha256(text);
  const struct core_token *token = NULL;
  for (size_t i = 0; i < core->people->token_count; i++)
    if (base_hash_equal(&core->people->tokens[i].secret, &secret) && core_token_holds(core, &core->people->tokens[i]))
      token = &core->people->tokens[i];
  if (token == NULL)
    return fail_token(err);
  const struct core_person *person = core_person_named(core, base_view_text(token->person));
  *asker =
      (struct core_asker){.roles = token->roles & person->roles, .lanes = person->lanes, .token = token->number, .session = token->session};
  (void)snprintf(asker->name, sizeof asker->name, "%s (%s %u)", person->handle, token->session ? "session" : "token",
                 token->number);
  memcpy(asker->handle, person->handle, sizeof asker->handle);
  if (also == LINK_NO_REQUEST || !token_names(token, code))
    also = code;
  return token_names(token, also)
             ? BASE_OK
             : base_fail(err, BASE_POLICY, "%s %u is limited to other requests than %s%s",
                         token->session ? "session" : "token", token->number, link_row(also)->name,
                         token->session ? ": set a password of your own first (wasl person password)" : "");
}

/* what: as the sentence says it.   more: its end. */
static enum base_code refuse(const struct core *core, const char *what, unsigned roles, const char *more,
                             struct base_error *err) {
  const struct core_asker *asker = &core->people->asker;
  BASE_AUTO_BUF struct base_buf has = {0}, wants = {0};
  base_buf_init(&has, 256);
  base_buf_init(&wants, 256);
  core_roles_text(asker->roles, &has);
  core_roles_text(roles, &wants);
  base_log(BASE_LOG_NOTICE, "person.refused", "%s asked for %s and may not", asker->name, what);
  return base_fail(err, BASE_POLICY, "%s may not: %s is for the roles %.*s, and %s has %.*s%s", asker->name, what,
                   (int)wants.size, (const char *)wants.data, asker->handle[0] != '\0' ? asker->handle : asker->name,
                   has.size > 0 ? (int)has.size : 4, has.size > 0 ? (const char *)has.data : "none", more);
}

/* A request that by its words does what another one is there for is for the roles of both. */
static enum link_request_code besides(enum link_request_code code, const struct wire_json *request) {
  bool erases = code == LINK_RECALL_ANSWER && base_view_is(core_request_text(request, "outcome"), "erased");
  return erases ? LINK_MESSAGE_ERASE : LINK_NO_REQUEST;
}

enum base_code core_people_admit(struct core *core, enum link_request_code code, const struct wire_json *request,
                                 struct base_error *err) {
  const struct link_row *row = link_row(code);
  core_people_leave(core);
  if (row == NULL || row->roles == 0)
    return BASE_OK;
  struct base_view token = core_request_text(request, "token");
  const struct core_asker *asker = core_asker(core);
  enum link_request_code also = besides(code, request);
  enum base_code status = BASE_OK;
  if (token.size > 0)
    status = ask_token(core, token, code, also, err);
  else
    ask_owner(core, core_request_text(request, "actor"));
  if (status != BASE_OK)
    return status;
  bool bare = wire_json_true(wire_json_get(request, "bare"));
  unsigned may = row->roles | (bare ? row->bare : 0);
  if ((may & asker->roles) == 0)
    return refuse(core, row->name, row->roles,
                  row->bare & asker->roles ? "; without its content it is shown (wasl case show CASE --bare)" : "",
                  err);
  const struct link_row *second = link_row(also);
  return second == NULL || (second->roles & asker->roles) != 0
             ? BASE_OK
             : refuse(core, "an answer that erases", second->roles, "", err);
}

/* Whether it agrees to what all must agree to: it is that type, or makes the state from which that leads on, whose author
 * counts as one who has agreed. */
static bool agrees(const struct wire_kind *kind, const struct wire_kind_type *type) {
  uint64_t makes = 0;
  bool all = false;
  for (size_t i = 0; i < kind->transition_count; i++)
    if (kind->transitions[i].on == type && !kind->transitions[i].stays)
      makes |= (uint64_t)1 << kind->transitions[i].to;
  for (size_t i = 0; i < kind->transition_count && !all; i++) {
    const struct wire_kind_transition *transition = &kind->transitions[i];
    all = transition->all && (transition->on == type || (!transition->anew && (transition->from & makes) != 0));
  }
  return all;
}

/* The same of an item. */
static bool agrees_to_item(const struct wire_kind_item *item, const struct wire_kind_type *type) {
  uint64_t makes = 0;
  bool all = false;
  for (size_t i = 0; i < item->transition_count; i++)
    if (item->transitions[i].on == type && !item->transitions[i].stays)
      makes |= (uint64_t)1 << item->transitions[i].to;
  for (size_t i = 0; i < item->transition_count && !all; i++) {
    const struct wire_item_transition *transition = &item->transitions[i];
    all = transition->all && (transition->on == type || (!transition->anew && (transition->from & makes) != 0));
  }
  return all;
}

/* Whether a message of this type binds the node, by what its kind says: law is made by it, all must agree to it, or it moves
 * the period of the case. */
static bool binds(const struct wire_kind *kind, const struct wire_kind_type *type) {
  bool found = agrees(kind, type) || kind->period.moved_by == type;
  for (size_t i = 0; i < kind->item_count && !found; i++)
    found = agrees_to_item(&kind->items[i], type);
  return found;
}

enum base_code core_people_binds(struct core *core, const struct wire_kind *kind, const struct wire_kind_type *type,
                                 struct base_error *err) {
  char what[2 * WIRE_CODE_MAX + 64];
  if ((core_asker(core)->roles & CORE_BINDING_ROLES) != 0 || (kind->needs_row && !binds(kind, type)))
    return BASE_OK;
  (void)snprintf(what, sizeof what, "%.*s of the kind %.*s, which binds this node,", (int)type->name.size,
                 (const char *)type->name.data, (int)kind->name.size, (const char *)kind->name.data);
  return refuse(core, what, CORE_BINDING_ROLES, "", err);
}
