/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/lane.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/show.h"

/* Persons: added, changed, closed. A row is never taken away: what somebody did is to be read beside his name for ever.
 */

static bool is_administrator(const struct core_person *person) {
  return (person->roles & 1U << LINK_PERSON_ADMINISTRATOR) != 0;
}

/* --- shown */

static const char *login_word(const struct core_login *login) {
  return login->damaged ? "damaged"
         : !login->set  ? "no_password"
         : login->first ? "first_password"
         : login->armed ? "second_factor"
                        : "password";
}

static void write_members(const struct core *core, const struct core_person *person, struct wire_writer *writer) {
  wire_write_member_string(writer, "person", person->handle);
  wire_write_member_string(writer, "name", person->name);
  wire_write_member_string(writer, "unit", person->unit);
  core_roles_write(writer, person->roles);
  core_lanes_write(writer, person->lanes);
  wire_write_member_bool(writer, "owner", person->owner);
  wire_write_member_string(writer, "state",
                           person->damaged                     ? "damaged"
                           : person->closed                    ? "closed"
                           : core_person_waits(core, person) ? "unconfirmed"
                                                              : "open");
  wire_write_member_string(writer, "login", login_word(&person->login));
  wire_write_member_integer(writer, "leaf", (int64_t)person->leaf);
}

static void write_person(const struct core *core, const struct core_person *person, struct wire_writer *writer) {
  wire_write_object(writer);
  write_members(core, person, writer);
  wire_write_end(writer, '}');
}

/* The owner, whom the first person makes one, too: until now he had all lanes. */
static void write_named(const struct core_person *owner, struct wire_writer *writer) {
  wire_write_key(writer, "owner_named");
  if (owner == NULL) {
    wire_write_null(writer);
    return;
  }
  wire_write_object(writer);
  wire_write_member_string(writer, "person", owner->handle);
  core_lanes_write(writer, owner->lanes);
  wire_write_end(writer, '}');
}

static enum base_code no_person(struct base_view handle, struct base_error *err) {
  return base_fail(err, BASE_NOT_FOUND, "there is no person %.*s; wasl person list shows them",
                   (int)(handle.size < 80 ? handle.size : 80), (const char *)handle.data);
}

void core_person_list(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_view only = core_request_text(request, "person");
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  if (only.size > 0 && core_person_named(core, only) == NULL) {
    core_reply_error(core, token, no_person(only, &err), &err);
    return;
  }
  wire_write_object(&writer);
  wire_write_key(&writer, "persons");
  wire_write_array(&writer);
  for (size_t i = 0; i < core->people->person_count; i++)
    if (only.size == 0 || base_view_is(only, core->people->persons[i].handle))
      write_person(core, &core->people->persons[i], &writer);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  core_show_answer(core, token, &out);
}

/* --- changed */

/* A line about somebody; what is not said is "". */
static enum base_code read_line(const struct wire_json *request, const char *key, bool needed,
                                char out[CORE_PERSON_TEXT_MAX + 1], struct base_error *err) {
  struct base_view text = core_request_text(request, key);
  struct wire_spot spot;
  if (!wire_line_check(text, &spot))
    return base_fail(err, BASE_FIELD, "%s: %s", key, wire_spot_text(&spot).text);
  if ((needed && text.size == 0) || text.size > CORE_PERSON_TEXT_MAX)
    return base_fail(err, BASE_FIELD, "%s: one line of %s%d bytes", key, needed ? "1 to " : "at most ",
                     CORE_PERSON_TEXT_MAX);
  (void)snprintf(out, CORE_PERSON_TEXT_MAX + 1, "%.*s", (int)text.size, (const char *)text.data);
  return BASE_OK;
}

/* Keeps the order of handles, in which they are loaded too. */
static struct core_person *insert(struct core_people *people, const struct core_person *person) {
  size_t at = people->person_count;
  for (; at > 0 && strcmp(people->persons[at - 1].handle, person->handle) > 0; at--)
    people->persons[at] = people->persons[at - 1];
  people->persons[at] = *person;
  people->person_count++;
  return &people->persons[at];
}

/* The first person that is added makes the node's owner one, too: until now he was whoever the operating system says.
 */
static enum base_code name_owner(struct core *core, struct base_error *err) {
  struct core_asker *asker = &core->people->asker;
  struct core_person owner = {.roles = LINK_PERSON_ALL, .lanes = CORE_LANES_SHARED, .owner = true};
  if (core->people->person_count > 0)
    return BASE_OK;
  bool fits = base_name_valid(base_view_text(asker->name)); /* some names of users do not */
  (void)snprintf(owner.handle, sizeof owner.handle, "%.*s", BASE_NAME_MAX, fits ? asker->name : "owner");
  (void)snprintf(owner.name, sizeof owner.name, "%s", asker->name);
  memcpy(asker->handle, owner.handle, sizeof asker->handle);
  return core_person_save(core, insert(core->people, &owner), "named as the node's owner, with all roles", err);
}

static enum base_code add(struct core *core, const struct wire_json *request, struct base_error *err) {
  struct core_people *people = core->people;
  struct base_view handle = core_request_text(request, "person");
  struct core_person person = {0};
  if (!base_name_valid(handle))
    return base_fail(err, BASE_FIELD, "person: a letter a-z and up to %d of a-z, 0-9 and -", BASE_NAME_MAX - 1);
  (void)snprintf(person.handle, sizeof person.handle, "%.*s", (int)handle.size, (const char *)handle.data);
  if (core_person_named(core, handle) != NULL ||
      (people->person_count == 0 && base_view_is(handle, people->asker.name)))
    return base_fail(err, BASE_EXISTS, "%s is or was somebody else here; a name is never given twice", person.handle);
  if (people->person_count + 2 > CORE_PERSONS_MAX)
    return base_fail(err, BASE_POLICY, "a node has at most %d persons, those who left included", CORE_PERSONS_MAX);
  enum base_code code = read_line(request, "name", true, person.name, err);
  if (code == BASE_OK)
    code = read_line(request, "unit", false, person.unit, err);
  if (code == BASE_OK)
    code = core_roles_read(wire_json_get(request, "roles"), &person.roles, err);
  person.lanes = CORE_LANES_SHARED;
  if (code == BASE_OK && wire_json_get(request, "lanes") != NULL)
    code = core_lanes_read(wire_json_get(request, "lanes"), &person.lanes, err);
  if (code == BASE_OK)
    code = name_owner(core, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_BUF struct base_buf why = {0};
  base_buf_init(&why, 1024);
  base_buf_printf(&why, "added: ");
  core_roles_text(person.roles, &why);
  base_buf_printf(&why, "; ");
  core_lanes_text(person.lanes, &why);
  base_buf_u8(&why, 0);
  return core_person_save(core, insert(people, &person), (const char *)why.data, err);
}

/* Nobody gives himself a role: whoever may name persons would else read what he is not to read. And the person as whom
 * the owner acts stays an administrator, so that there always is one who can come in. */
static enum base_code set_roles(struct core *core, struct core_person *person, const struct wire_json *request,
                                struct base_error *err) {
  unsigned roles = 0;
  enum base_code code = core_roles_read(wire_json_get(request, "roles"), &roles, err);
  if (code != BASE_OK)
    return code;
  if (strcmp(core_asker(core)->handle, person->handle) == 0 && (roles & ~person->roles) != 0)
    return base_fail(err, BASE_POLICY, "nobody gives himself a role: another administrator has to give it to %s",
                     person->handle);
  if (person->owner && !(roles & 1U << LINK_PERSON_ADMINISTRATOR))
    return base_fail(
        err, BASE_POLICY,
        "%s is the person as whom this node's owner acts, and stays administrator, so that somebody always "
        "can come in; name another one first (wasl person owner)",
        person->handle);
  BASE_AUTO_BUF struct base_buf why = {0};
  base_buf_init(&why, 1024);
  base_buf_printf(&why, "roles: ");
  core_roles_text(roles, &why);
  base_buf_u8(&why, 0);
  person->roles = roles;
  return core_person_save(core, person, (const char *)why.data, err);
}

/* Nobody comes over the wall, so that nobody carries over what he knows by his name here: who changes sides is added
 * under another one. */
static enum base_code set_lanes(struct core *core, struct core_person *person, const struct wire_json *request,
                                struct base_error *err) {
  unsigned lanes = 0;
  enum base_code code = core_lanes_read(wire_json_get(request, "lanes"), &lanes, err);
  if (code != BASE_OK)
    return code;
  if ((lanes & CORE_LANES_APART) != (person->lanes & CORE_LANES_APART))
    return base_fail(err, BASE_POLICY,
                     "%s stays on his side of the wall, for what was seen on one of them is not to be used on the other: "
                     "close %s and add a person under another name",
                     person->handle, person->handle);
  if (strcmp(core_asker(core)->handle, person->handle) == 0 && (lanes & ~person->lanes) != 0)
    return base_fail(err, BASE_POLICY, "nobody gives himself a lane: another administrator has to give it to %s",
                     person->handle);
  BASE_AUTO_BUF struct base_buf why = {0};
  base_buf_init(&why, 1024);
  base_buf_printf(&why, "lanes: ");
  core_lanes_text(lanes, &why);
  base_buf_u8(&why, 0);
  person->lanes = lanes;
  return core_person_save(core, person, (const char *)why.data, err);
}

static enum base_code set_unit(struct core *core, struct core_person *person, const struct wire_json *request,
                               struct base_error *err) {
  char unit[CORE_PERSON_TEXT_MAX + 1], why[CORE_PERSON_TEXT_MAX + 16];
  enum base_code code = read_line(request, "unit", false, unit, err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(why, sizeof why, "unit: %s", unit);
  memcpy(person->unit, unit, sizeof unit);
  return core_person_save(core, person, why, err);
}

static enum base_code set_owner(struct core *core, struct core_person *person, struct base_error *err) {
  struct core_person *before = core_person_owner(core);
  if (person->owner)
    return base_fail(err, BASE_EXISTS, "%s is that person already", person->handle);
  if (!is_administrator(person))
    return base_fail(err, BASE_POLICY,
                     "the person as whom this node's owner acts must be an administrator, and %s is none: give that "
                     "role first (wasl person roles)",
                     person->handle);
  enum base_code code = BASE_OK;
  if (before != NULL) {
    before->owner = false;
    code = core_person_save(core, before, "the node's owner acts as somebody else", err);
  }
  person->owner = true;
  return code == BASE_OK ? core_person_save(core, person, "the node's owner acts as this person", err) : code;
}

static enum base_code confirm(struct core *core, struct core_person *person, struct base_error *err) {
  if (!core_person_waits(core, person))
    return base_fail(err, BASE_CONFLICT, "%s is confirmed already", person->handle);
  return core_person_save(core, person, "confirmed after leaves were lost", err);
}

/* From the next request on nothing of his passes: whoever asks is looked up each time. */
static enum base_code close_person(struct core *core, struct core_person *person, const struct wire_json *request,
                                   struct base_error *err) {
  struct base_view reason = core_request_text(request, "reason");
  char why[CORE_REASON_MAX + 16];
  if (person->owner)
    return base_fail(err, BASE_POLICY,
                     "%s is the person as whom this node's owner acts, and the administrator who always can come in; "
                     "name another one first (wasl person owner)",
                     person->handle);
  enum base_code code = core_request_purpose(reason, err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(why, sizeof why, "closed%s%.*s", reason.size > 0 ? ": " : "", (int)reason.size,
                 (const char *)reason.data);
  person->closed = true;
  return core_person_save(core, person, why, err);
}

static enum base_code change_known(struct core *core, struct base_view what, const struct wire_json *request,
                                   struct base_error *err) {
  struct base_view handle = core_request_text(request, "person");
  struct core_person *person = core_person_named(core, handle);
  if (person == NULL)
    return no_person(handle, err);
  if (person->closed || person->damaged)
    return base_fail(err, BASE_CONFLICT,
                     person->closed ? "%s has left, and that stays so; who comes back is added under another name"
                                    : "what is stored about %s is not what the register says: restore a backup",
                     person->handle);
  if (core_person_waits(core, person) && !base_view_is(what, "confirm") && !base_view_is(what, "close"))
    return base_fail(err, BASE_CONFLICT,
                     "%s was here before leaves were lost, and may have left since: confirm (wasl person confirm) or close (wasl person "
                     "close) that person first",
                     person->handle);
  if (base_view_is(what, "roles"))
    return set_roles(core, person, request, err);
  if (base_view_is(what, "lanes"))
    return set_lanes(core, person, request, err);
  if (base_view_is(what, "unit"))
    return set_unit(core, person, request, err);
  if (base_view_is(what, "owner"))
    return set_owner(core, person, err);
  if (base_view_is(what, "confirm"))
    return confirm(core, person, err);
  return close_person(core, person, request, err);
}

/* First what is to be done: who mistyped that is not told that something else is missing. */
static enum base_code check_change(const struct wire_json *request, struct base_view what, struct base_error *err) {
  static const char *const known[] = {"add", "roles", "lanes", "unit", "owner", "confirm", "close"};
  size_t i = 0;
  while (i < sizeof known / sizeof known[0] && !base_view_is(what, known[i]))
    i++;
  if (i == sizeof known / sizeof known[0])
    return base_fail(err, BASE_FIELD, "do: add, roles, lanes, unit, owner, confirm or close");
  return wire_json_get(request, "person") != NULL ? BASE_OK
                                                  : base_fail(err, BASE_FIELD, "person: is missing; it must be a text");
}

void core_person_change(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view what = core_request_text(request, "do");
  bool first = core->people->person_count == 0;
  uint64_t unread = 0;
  enum base_code code = check_change(request, what, &err);
  if (code == BASE_OK && first) /* until now the owner read them, and by this he does no more */
    code = core_readers_unread(core, &unread, &err);
  if (code == BASE_OK)
    code = base_view_is(what, "add") ? add(core, request, &err) : change_known(core, what, request, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  write_members(core, core_person_named(core, core_request_text(request, "person")), &writer);
  write_named(first ? core_person_owner(core) : NULL, &writer);
  wire_write_member_integer(&writer, "unread", (int64_t)unread);
  wire_write_end(&writer, '}');
}
