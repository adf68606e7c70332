/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/people.h"

/* A password is set: by whoever has it to begin with, or as a first one by an administrator. What comes here is the key
 * that the local gate made of it. spec/people.md. */

static bool administers(const struct core *core) {
  return (core_asker(core)->roles & 1U << LINK_PERSON_ADMINISTRATOR) != 0;
}

/* One's own takes the one before, unless the node's owner asks from his own account: whoever holds a stolen session is
 * not to keep it for ever. A token sets none: it may be for less than its person may. */
static enum base_code check_own(struct core *core, struct core_person *person, const struct wire_json *request,
                                struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  if (asker->token == 0)
    return BASE_OK;
  if (!asker->session)
    return base_fail(err, BASE_POLICY,
                     "a token sets no password for its own person: log in (wasl login), or have an "
                     "administrator set a first one");
  struct base_view current = core_request_text(request, "current");
  return current.size > 0 ? core_login_current(core, person, current, err)
                          : base_fail(err, BASE_FIELD, "current: is missing; it must be the password that is replaced");
}

static enum base_code read_key(const struct core *core, const struct core_person *person,
                               const struct wire_json *request, struct core_login *out, struct base_error *err) {
  uint8_t key[CORE_PASSWORD_KEY];
  if (!base_hex_parse(core_request_text(request, "salt"), out->salt, sizeof out->salt) ||
      !base_hex_parse(core_request_text(request, "password"), key, sizeof key) ||
      wire_json_integer(wire_json_get(request, "passes")) != CORE_LOGIN_PASSES ||
      wire_json_integer(wire_json_get(request, "memory")) != CORE_LOGIN_MEMORY)
    return base_fail(err, BASE_PROTOCOL, "password.set: not what the local gate makes of a password");
  out->passes = CORE_LOGIN_PASSES;
  out->memory = CORE_LOGIN_MEMORY;
  out->verifier = core_password_verifier(core, base_view_text(person->handle), key);
  base_wipe(key, sizeof key);
  return BASE_OK;
}

/* A second factor stays as it is. All sessions are over, also the one that asks. */
static enum base_code set(struct core *core, const struct wire_json *request, struct core_person **out,
                          struct base_error *err) {
  struct base_view handle = core_request_text(request, "person");
  struct core_person *person = core_person_named(core, handle);
  bool own = base_view_is(handle, core_asker(core)->handle);
  if (!own && !administers(core))
    return base_fail(err, BASE_POLICY, "a first password for somebody else is set by an administrator");
  if (person == NULL || person->closed || person->damaged)
    return base_fail(err, BASE_NOT_FOUND,
                     "there is no person %.*s who could have a password; wasl person list shows them",
                     (int)(handle.size < 80 ? handle.size : 80), (const char *)handle.data);
  enum base_code code = own ? check_own(core, person, request, err) : BASE_OK;
  struct core_login login = person->login.damaged ? (struct core_login){0} : person->login;
  if (code == BASE_OK)
    code = core_login_key_renew(core, err);
  if (code == BASE_OK)
    code = read_key(core, person, request, &login, err);
  if (code != BASE_OK)
    return code;
  login.set = true;
  login.first = !own;
  login.after = core->reg.size;
  person->login = login;
  *out = person;
  code = core_login_save(core, person, own ? "password set" : "first password set, to be replaced at the first login",
                         err);
  return code == BASE_OK ? core_login_clear(core, person, 0, err) : code;
}

void core_password_set(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_person *person = NULL;
  enum base_code code = set(core, request, &person, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "person", person->handle);
  wire_write_member_bool(&writer, "first", person->login.first);
  wire_write_end(&writer, '}');
}
