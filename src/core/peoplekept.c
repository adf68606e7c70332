/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/lane.h"
#include "core/people.h"
#include "core/register.h"

/* Persons, tokens and logins as they are stored: a fact for each, held against the leaf that commits to it. */

static const char person_fact[] = "person/", token_fact[] = "token/", login_fact[] = "login/", owner_file[] = "owner";

enum { FACT_MAX = BASE_NAME_MAX + 16 };

/* --- documents */

static void copy_text(char *out, size_t room, struct base_view text) {
  (void)snprintf(out, room, "%.*s", (int)text.size, (const char *)text.data);
}

static void write_person(const struct core_person *person, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "person", person->handle);
  wire_write_member_string(&writer, "name", person->name);
  wire_write_member_string(&writer, "unit", person->unit);
  core_roles_write(&writer, person->roles);
  core_lanes_write(&writer, person->lanes);
  wire_write_member_bool(&writer, "owner", person->owner);
  wire_write_member_bool(&writer, "closed", person->closed);
  wire_write_end(&writer, '}');
}

static enum base_code read_person(const struct wire_json *document, struct core_person *out, struct base_error *err) {
  copy_text(out->handle, sizeof out->handle, core_request_text(document, "person"));
  copy_text(out->name, sizeof out->name, core_request_text(document, "name"));
  copy_text(out->unit, sizeof out->unit, core_request_text(document, "unit"));
  out->owner = wire_json_true(wire_json_get(document, "owner"));
  out->closed = wire_json_true(wire_json_get(document, "closed"));
  enum base_code code = core_roles_read(wire_json_get(document, "roles"), &out->roles, err);
  return code == BASE_OK ? core_lanes_read(wire_json_get(document, "lanes"), &out->lanes, err) : code;
}

static void write_token(const struct core_token *token, struct base_buf *out) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "token", token->number);
  wire_write_member_string(&writer, "person", token->person);
  wire_write_member_string(&writer, "label", token->label);
  core_roles_write(&writer, token->roles);
  wire_write_key(&writer, "requests");
  wire_write_array(&writer);
  for (size_t i = 0; i < token->request_count; i++)
    wire_write_string(&writer, link_row(token->requests[i])->name);
  wire_write_end(&writer, ']');
  wire_write_member_time(&writer, "made", token->made);
  wire_write_member_time(&writer, "until", token->until);
  wire_write_member_hash(&writer, "secret", &token->secret);
  wire_write_member_bool(&writer, "session", token->session);
  wire_write_member_bool(&writer, "ended", token->ended);
  wire_write_end(&writer, '}');
}

/* What a token was limited to and this program no longer knows stays a limit: it is LINK_NO_REQUEST, which nobody asks.
 */
static enum link_request_code request_named(struct base_view name) {
  for (enum link_request_code code = LINK_NO_REQUEST + 1; code < LINK_REQUEST_CODES; code++)
    if (base_view_is(name, link_row(code)->name))
      return code;
  return LINK_NO_REQUEST;
}

static enum base_code read_token(const struct wire_json *document, struct core_token *out, struct base_error *err) {
  const struct wire_json *requests = wire_json_get(document, "requests");
  out->number = (uint32_t)wire_json_integer(wire_json_get(document, "token"));
  copy_text(out->person, sizeof out->person, core_request_text(document, "person"));
  copy_text(out->label, sizeof out->label, core_request_text(document, "label"));
  for (size_t i = 0; i < wire_json_size(requests) && i < CORE_TOKEN_REQUESTS_MAX; i++)
    out->requests[out->request_count++] = request_named(wire_json_text(wire_json_at(requests, i)));
  out->session = wire_json_true(wire_json_get(document, "session"));
  out->ended = wire_json_true(wire_json_get(document, "ended"));
  if (!base_time_parse(core_request_text(document, "made"), &out->made) ||
      !base_time_parse(core_request_text(document, "until"), &out->until) ||
      !base_hash_parse(core_request_text(document, "secret"), &out->secret))
    return base_fail(err, BASE_CORRUPT, "it lacks its times or its secret");
  return core_roles_read(wire_json_get(document, "roles"), &out->roles, err);
}

/* The parameters stand beside the verifier, so that a later program can ask for more of new passwords. */
static void write_login(const struct core_person *person, struct base_buf *out) {
  const struct core_login *login = &person->login;
  char factor[2 * CORE_FACTOR_SEALED + 1] = "";
  struct wire_writer writer;
  if (login->factor)
    base_hex(login->sealed, sizeof login->sealed, factor);
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "person", person->handle);
  wire_write_member_hex(&writer, "salt", login->salt, sizeof login->salt);
  wire_write_member_integer(&writer, "passes", login->passes);
  wire_write_member_integer(&writer, "memory", login->memory);
  wire_write_member_hash(&writer, "verifier", &login->verifier);
  wire_write_member_bool(&writer, "first", login->first);
  wire_write_member_string(&writer, "factor", factor);
  wire_write_member_bool(&writer, "armed", login->armed);
  wire_write_member_integer(&writer, "after", (int64_t)login->after);
  wire_write_end(&writer, '}');
}

static enum base_code read_login(const struct wire_json *document, struct core_login *out, struct base_error *err) {
  int64_t passes = wire_json_integer(wire_json_get(document, "passes"));
  int64_t memory = wire_json_integer(wire_json_get(document, "memory"));
  struct base_view factor = core_request_text(document, "factor");
  out->set = true;
  out->first = wire_json_true(wire_json_get(document, "first"));
  out->armed = wire_json_true(wire_json_get(document, "armed"));
  out->factor = factor.size > 0;
  out->after = (uint64_t)wire_json_integer(wire_json_get(document, "after"));
  out->passes = (uint32_t)passes;
  out->memory = (uint32_t)memory;
  return passes > 0 && passes <= UINT32_MAX && memory > 0 && memory <= UINT32_MAX &&
                 base_hex_parse(core_request_text(document, "salt"), out->salt, sizeof out->salt) &&
                 base_hash_parse(core_request_text(document, "verifier"), &out->verifier) &&
                 (!out->factor || base_hex_parse(factor, out->sealed, sizeof out->sealed))
             ? BASE_OK
             : base_fail(err, BASE_CORRUPT, "it lacks what a password is compared with");
}

/* --- loading */

struct loading {
  struct core *core;
  struct base_view fact; /* its name */
  uint64_t leaf;
  const struct wire_json *document;
  bool damaged;
};

/* One that is damaged keeps its place, so that nobody else is given it, and may do nothing. */
static enum base_code take_person(struct loading *loading, struct base_error *err) {
  struct core_people *people = loading->core->people;
  struct core_person person = {.leaf = loading->leaf, .damaged = loading->damaged};
  if (people->person_count == CORE_PERSONS_MAX)
    return base_fail(err, BASE_CORRUPT, "there are more than %d persons", CORE_PERSONS_MAX);
  size_t skip = strlen(person_fact);
  struct base_view handle = base_view_of(loading->fact.data + skip, loading->fact.size - skip);
  if (!person.damaged &&
      (read_person(loading->document, &person, err) != BASE_OK || !base_view_is(handle, person.handle)))
    person = (struct core_person){.leaf = loading->leaf, .damaged = true};
  copy_text(person.handle, sizeof person.handle, handle);
  people->persons[people->person_count++] = person;
  return BASE_OK;
}

static enum base_code take_token(struct loading *loading, struct base_error *err) {
  struct core_people *people = loading->core->people;
  struct core_token token = {.leaf = loading->leaf, .damaged = loading->damaged};
  size_t skip = strlen(token_fact);
  uint64_t number = 0;
  for (size_t i = skip; i < loading->fact.size && i < skip + 8; i++)
    number = 10 * number + (uint64_t)(loading->fact.data[i] - '0');
  if (people->token_count == CORE_TOKENS_MAX)
    return base_fail(err, BASE_CORRUPT, "there are more than %d tokens", CORE_TOKENS_MAX);
  if (!token.damaged && (read_token(loading->document, &token, err) != BASE_OK || token.number != number))
    token = (struct core_token){.leaf = loading->leaf, .damaged = true};
  token.number = (uint32_t)number;
  people->tokens[people->token_count++] = token;
  return BASE_OK;
}

/* With one that is damaged nobody comes in, and its person may set another one. */
static enum base_code take_login(struct loading *loading, struct base_error *err) {
  size_t skip = strlen(login_fact);
  struct base_view handle = base_view_of(loading->fact.data + skip, loading->fact.size - skip);
  struct core_person *person = core_person_named(loading->core, handle);
  struct core_login login = {.leaf = loading->leaf, .damaged = loading->damaged};
  if (!login.damaged && (read_login(loading->document, &login, err) != BASE_OK ||
                         !base_view_equal(handle, core_request_text(loading->document, "person"))))
    login = (struct core_login){.leaf = loading->leaf, .damaged = true};
  if (person != NULL)
    person->login = login;
  return BASE_OK;
}

static enum base_code load_one(struct core *core, enum wire_act act, struct base_view name, struct base_view value,
                               enum base_code (*take)(struct loading *, struct base_error *), struct base_error *err) {
  struct base_reader reader = base_reader_of(value);
  struct loading loading = {.core = core, .fact = name, .leaf = base_read_u64(&reader)};
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  enum base_code code = reader.failed ? base_fail(err, BASE_CORRUPT, "it is cut short")
                                      : core_register_commits(core, loading.leaf, act, reader.rest, err);
  if (code == BASE_OK)
    code = wire_json_parse(reader.rest, CORE_PERSON_DOCUMENT_MAX, "a person", &json, err);
  if (code != BASE_OK && !core_damage(code))
    return code;
  if (code != BASE_OK)
    base_log(BASE_LOG_ERROR, "people.damaged", "%.*s is not what the register commits to, and may do nothing: %s",
             (int)name.size, (const char *)name.data, err->text);
  loading.document = json;
  loading.damaged = code != BASE_OK;
  return take(&loading, err);
}

/* All facts whose names begin so. */
static enum base_code load_all(struct core *core, enum wire_act act, const char *prefix,
                               enum base_code (*take)(struct loading *, struct base_error *), struct base_error *err) {
  char after[FACT_MAX + 1];
  (void)snprintf(after, sizeof after, "%s", prefix);
  for (;;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct base_view name, value;
    enum base_code code = store_fact_next(core->store, after, &arena, &name, &value, err);
    if (code == BASE_NOT_FOUND)
      return BASE_OK;
    if (code != BASE_OK)
      return code;
    if (name.size <= strlen(prefix) || memcmp(name.data, prefix, strlen(prefix)) != 0)
      return BASE_OK;
    if (name.size > FACT_MAX)
      return base_fail(err, BASE_CORRUPT, "a fact has a name of %zu bytes", name.size);
    code = load_one(core, act, name, value, take, err);
    if (code != BASE_OK)
      return code;
    copy_text(after, sizeof after, name);
  }
}

static void people_free(struct core_people *people) {
  if (people == NULL)
    return;
  free(people->persons);
  free(people->tokens);
  free(people);
}

void core_people_free(struct core *core) {
  people_free(core->people);
  core->people = NULL;
}

static struct core_people *people_new(void) {
  struct core_people *people = calloc(1, sizeof *people);
  if (people == NULL)
    return NULL;
  people->persons = calloc(CORE_PERSONS_MAX, sizeof *people->persons);
  people->tokens = calloc(CORE_TOKENS_MAX, sizeof *people->tokens);
  if (people->persons != NULL && people->tokens != NULL)
    return people;
  people_free(people);
  return NULL;
}

enum base_code core_people_load(struct core *core, struct base_error *err) {
  struct core_people *people = people_new();
  if (people == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the persons of the node");
  core_people_free(core);
  core->people = people;
  enum base_code code = load_all(core, WIRE_ACT_PERSON, person_fact, take_person, err);
  if (code == BASE_OK)
    code = load_all(core, WIRE_ACT_LOGIN, login_fact, take_login, err);
  return code == BASE_OK ? load_all(core, WIRE_ACT_TOKEN, token_fact, take_token, err) : code;
}

/* --- saving */

static enum base_code save(struct core *core, enum wire_act act, const char *fact, const char *subject, const char *why,
                           struct base_view document, uint64_t *out_leaf, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf value = {0};
  base_buf_init(&value, CORE_PERSON_DOCUMENT_MAX + 8);
  struct wire_opening opening = {.actor = core_actor(core),
                                 .subject = base_view_text(subject),
                                 .reason = base_view_text(why),
                                 .evidence = seal_sha256(document)};
  struct core_leaf leaf;
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = core_register_add(core, act, &opening, &leaf, err);
  if (code == BASE_OK) {
    base_buf_u64(&value, leaf.index);
    base_buf_add_view(&value, document);
    code = base_buf_check(&value, "a person", err);
  }
  if (code == BASE_OK)
    code = store_fact_set(core->store, fact, base_buf_view(&value), err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  *out_leaf = leaf.index;
  return BASE_OK;
}

enum base_code core_person_save(struct core *core, struct core_person *person, const char *why,
                                struct base_error *err) {
  char fact[FACT_MAX + 1];
  BASE_AUTO_BUF struct base_buf document = {0};
  base_buf_init(&document, CORE_PERSON_DOCUMENT_MAX);
  write_person(person, &document);
  (void)snprintf(fact, sizeof fact, "%s%s", person_fact, person->handle);
  enum base_code code = base_buf_check(&document, "a person", err);
  return code == BASE_OK
             ? save(core, WIRE_ACT_PERSON, fact, person->handle, why, base_buf_view(&document), &person->leaf, err)
             : core_lose(core, code, err);
}

enum base_code core_login_save(struct core *core, struct core_person *person, const char *why, struct base_error *err) {
  char fact[FACT_MAX + 1];
  BASE_AUTO_BUF struct base_buf document = {0};
  base_buf_init(&document, CORE_PERSON_DOCUMENT_MAX);
  write_login(person, &document);
  (void)snprintf(fact, sizeof fact, "%s%s", login_fact, person->handle);
  enum base_code code = base_buf_check(&document, "a login", err);
  return code == BASE_OK
             ? save(core, WIRE_ACT_LOGIN, fact, person->handle, why, base_buf_view(&document), &person->login.leaf, err)
             : core_lose(core, code, err);
}

enum base_code core_token_save(struct core *core, struct core_token *token, const char *why, struct base_error *err) {
  char fact[FACT_MAX + 1], subject[BASE_NAME_MAX + 16];
  BASE_AUTO_BUF struct base_buf document = {0};
  base_buf_init(&document, CORE_PERSON_DOCUMENT_MAX);
  write_token(token, &document);
  (void)snprintf(fact, sizeof fact, "%s%08u", token_fact, token->number);
  (void)snprintf(subject, sizeof subject, "%u %s", token->number, token->person);
  enum base_code code = base_buf_check(&document, "a token", err);
  return code == BASE_OK ? save(core, WIRE_ACT_TOKEN, fact, subject, why, base_buf_view(&document), &token->leaf, err)
                         : core_lose(core, code, err);
}

bool core_people_fits(const struct core *core, enum wire_act act, const struct wire_opening *opening, uint64_t index) {
  uint64_t number = 0;
  const struct core_person *person = act == WIRE_ACT_TOKEN ? NULL : core_person_named(core, opening->subject);
  if (act == WIRE_ACT_PERSON)
    return person != NULL && !person->damaged && person->leaf >= index;
  if (act == WIRE_ACT_LOGIN) /* one without evidence tells of wrong logins, and of nothing that is stored */
    return core_hash_zero(&opening->evidence) ||
           (person != NULL && !person->login.damaged && person->login.leaf >= index);
  for (size_t i = 0; i < opening->subject.size && opening->subject.data[i] != ' ' && i < 8; i++)
    number = 10 * number + (uint64_t)(opening->subject.data[i] - '0');
  for (size_t i = 0; i < core->people->token_count; i++) {
    const struct core_token *token = &core->people->tokens[i];
    if (token->number == number)
      return !token->damaged && token->leaf >= index;
  }
  return false;
}

void core_people_unsound(const struct core *core, struct wire_writer *writer) {
  for (size_t i = 0; i < core->people->person_count; i++) {
    char text[256];
    if (!core->people->persons[i].damaged)
      continue;
    (void)snprintf(text, sizeof text,
                   "what is stored about the person %s is not what the register says: that person may do nothing, and "
                   "the node's owner, if it was that one, only what an auditor may; put back a backup",
                   core->people->persons[i].handle);
    wire_write_string(writer, text);
  }
}

/* --- the owner */

/* The file is a person's own words of the moment when the node was made; the leaf says that the node itself did it. */
static enum base_code take_owner(struct core *core, struct base_view text, struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  struct core_person person = {.owner = true};
  enum base_code code = wire_json_parse(text, CORE_OWNER_FILE_MAX, "core/owner", &json, err);
  if (code == BASE_OK)
    code = read_person(json, &person, err);
  person.owner = true;
  person.closed = false;
  if (code == BASE_OK &&
      (!base_name_valid(base_view_text(person.handle)) || !(person.roles & 1U << LINK_PERSON_ADMINISTRATOR)))
    code = base_fail(err, BASE_FIELD, "core/owner: names no person who is administrator");
  if (code != BASE_OK)
    return code;
  core->people->persons[core->people->person_count++] = person;
  return core_person_save(core, &core->people->persons[core->people->person_count - 1], "named when the node was made",
                          err);
}

enum base_code core_people_open(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, CORE_OWNER_FILE_MAX + 1);
  enum base_code code = core_people_load(core, err);
  if (code != BASE_OK || core->people->person_count > 0)
    return code;
  code = base_file_read(core->env.dir, owner_file, CORE_OWNER_FILE_MAX, &text, err);
  if (code == BASE_OK)
    return take_owner(core, base_buf_view(&text), err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}
