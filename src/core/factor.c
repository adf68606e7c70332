/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/people.h"

/* The second factor: codes of RFC 6238 from an authenticator. Its secret is shown once, lies sealed under a key of this
 * node, and is asked for from the login on that follows its first code. spec/people.md. */

enum { BASE32_TEXT = 8 * CORE_FACTOR_SECRET / 5 + 1 };
_Static_assert(CORE_FACTOR_SECRET % 5 == 0, "without padding");

static struct base_secret sealing_key(const struct core *core) {
  struct base_hash hash = seal_keyed(&core->login_key, "wasl factor/1", base_view_text(""));
  struct base_secret key;
  memcpy(key.bytes, hash.bytes, sizeof key.bytes);
  base_wipe(&hash, sizeof hash);
  return key;
}

static void seal_secret(struct core *core, struct core_person *person, const uint8_t secret[CORE_FACTOR_SECRET]) {
  struct base_secret key = sealing_key(core);
  uint8_t *sealed = person->login.sealed;
  core->env.world->random(core->env.world->context, sealed, SEAL_NONCE);
  seal_aead_encrypt(&key, sealed, base_view_text(person->handle), base_view_of(secret, CORE_FACTOR_SECRET),
                    sealed + SEAL_NONCE);
  base_wipe(&key, sizeof key);
}

static bool open_secret(const struct core *core, const struct core_person *person, uint8_t out[CORE_FACTOR_SECRET]) {
  struct base_secret key = sealing_key(core);
  const uint8_t *sealed = person->login.sealed;
  struct base_view rest = base_view_of(sealed + SEAL_NONCE, sizeof person->login.sealed - SEAL_NONCE);
  bool opened = seal_aead_decrypt(&key, sealed, base_view_text(person->handle), rest, out, NULL) == BASE_OK &&
                person->login.factor;
  base_wipe(&key, sizeof key);
  return opened;
}

/* All codes are computed and compared, also of somebody who has no second factor. */
uint64_t core_factor_step(const struct core *core, const struct core_person *person, struct base_view code,
                          uint64_t last) {
  uint8_t secret[CORE_FACTOR_SECRET] = {0};
  char typed[CORE_FACTOR_DIGITS + 1] = {0}, wanted[16];
  bool opened = open_secret(core, person, secret);
  uint64_t now = (uint64_t)core_now(core) / CORE_FACTOR_STEP, found = 0;
  if (code.size == CORE_FACTOR_DIGITS)
    memcpy(typed, code.data, CORE_FACTOR_DIGITS);
  for (uint64_t step = now - CORE_FACTOR_DRIFT; step <= now + CORE_FACTOR_DRIFT; step++) {
    (void)snprintf(wanted, sizeof wanted, "%0*u", CORE_FACTOR_DIGITS,
                   (unsigned)seal_hotp(base_view_of(secret, sizeof secret), step, CORE_FACTOR_DIGITS));
    if (seal_same(typed, wanted, CORE_FACTOR_DIGITS) && opened && step > last)
      found = step;
  }
  base_wipe(secret, sizeof secret);
  base_wipe(wanted, sizeof wanted);
  return found;
}

/* RFC 4648 section 6. */
static void base32(const uint8_t secret[CORE_FACTOR_SECRET], char out[BASE32_TEXT]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  size_t at = 0;
  uint32_t bits = 0;
  unsigned held = 0;
  for (size_t i = 0; i < CORE_FACTOR_SECRET; i++) {
    bits = (bits << 8 | secret[i]) & 0xfff;
    for (held += 8; held >= 5; held -= 5)
      out[at++] = letters[bits >> (held - 5) & 31];
  }
  out[at] = '\0';
}

/* --- changed */

/* One's own, by whoever came in as that person and not by a token, which may be for less. */
static enum base_code find_own(const struct core *core, struct core_person **out, struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  struct core_person *person = core_person_named(core, base_view_text(asker->handle));
  if (person == NULL || (asker->token != 0 && !asker->session))
    return base_fail(err, BASE_POLICY, "a second factor is one's own: log in (wasl login), and set it up then");
  if (!person->login.set || person->login.damaged)
    return base_fail(err, BASE_CONFLICT,
                     "%s has no password that a second factor could stand beside: set one first "
                     "(wasl person password)",
                     person->handle);
  if (person->login.armed)
    return base_fail(err, BASE_CONFLICT,
                     "%s has a second factor; an administrator resets it first (wasl person factor "
                     "%s --reset)",
                     person->handle, person->handle);
  *out = person;
  return BASE_OK;
}

/* Only soon after the password was typed: whoever finds a session open does not lock its person out. */
static enum base_code check_fresh(const struct core *core, struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  for (size_t i = 0; i < core->people->token_count; i++) {
    const struct core_token *session = &core->people->tokens[i];
    base_time age = core_now(core) - session->made;
    if (session->number == asker->token && (age < 0 || age > CORE_FACTOR_FRESH_SECONDS))
      return base_fail(err, BASE_POLICY,
                       "a second factor is set up within %d minutes of the login, so that the password was just said: "
                       "log in again (wasl login), and begin then",
                       CORE_FACTOR_FRESH_SECONDS / 60);
  }
  return BASE_OK;
}

static enum base_code begin(struct core *core, struct wire_writer *answer, struct base_error *err) {
  struct core_person *person;
  uint8_t secret[CORE_FACTOR_SECRET];
  char text[BASE32_TEXT], uri[256], name[BASE_NAME_MAX + 1];
  enum base_code code = find_own(core, &person, err);
  if (code == BASE_OK)
    code = check_fresh(core, err);
  if (code != BASE_OK)
    return code;
  core->env.world->random(core->env.world->context, secret, sizeof secret);
  seal_secret(core, person, secret);
  base32(secret, text);
  base_wipe(secret, sizeof secret);
  person->login.factor = true;
  code = core_login_save(core, person, "second factor: a secret was made, which no code has confirmed", err);
  if (code != BASE_OK)
    return code;
  (void)snprintf(name, sizeof name, "%.*s", (int)core->card.name.size, (const char *)core->card.name.data);
  (void)snprintf(uri, sizeof uri, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d", name,
                 person->handle, text, name, CORE_FACTOR_DIGITS, CORE_FACTOR_STEP);
  wire_write_member_string(answer, "person", person->handle);
  wire_write_member_bool(answer, "armed", false);
  wire_write_member_string(answer, "secret", text);
  wire_write_member_string(answer, "uri", uri);
  base_wipe(text, sizeof text);
  base_wipe(uri, sizeof uri);
  return BASE_OK;
}

static enum base_code confirm(struct core *core, const struct wire_json *request, struct wire_writer *answer,
                              struct base_error *err) {
  struct core_person *person;
  enum base_code code = find_own(core, &person, err);
  if (code != BASE_OK)
    return code;
  uint64_t step = core_factor_step(core, person, core_request_text(request, "code"), 0);
  if (step == 0)
    return base_fail(
        err, BASE_FIELD,
        "code: not the %d digits that the authenticator shows now; look at its clock and at this machine's, "
        "or begin again",
        CORE_FACTOR_DIGITS);
  person->login.armed = true;
  code = core_login_save(core, person, "second factor: confirmed by its first code", err);
  if (code == BASE_OK)
    code = core_login_clear(core, person, step, err);
  wire_write_member_string(answer, "person", person->handle);
  wire_write_member_bool(answer, "armed", true);
  return code;
}

/* Of somebody else, or of the node's owner from his own account: who holds a stolen session takes nothing away. */
static enum base_code reset(struct core *core, const struct wire_json *request, struct wire_writer *answer,
                            struct base_error *err) {
  const struct core_asker *asker = core_asker(core);
  struct base_view handle = core_request_text(request, "person");
  bool administers = (asker->roles & 1U << LINK_PERSON_ADMINISTRATOR) != 0;
  if (!administers || (asker->token != 0 && base_view_is(handle, asker->handle)))
    return base_fail(err, BASE_POLICY,
                     "a second factor is reset by an administrator, and one's own by another one or by "
                     "the node's owner from his own account");
  struct core_person *person = core_person_named(core, handle);
  if (person == NULL || person->closed || !person->login.factor)
    return base_fail(err, BASE_NOT_FOUND, "there is no person %.*s with a second factor; wasl person list shows them",
                     (int)(handle.size < 80 ? handle.size : 80), (const char *)handle.data);
  person->login.factor = person->login.armed = false;
  person->login.after = core->reg.size;
  base_wipe(person->login.sealed, sizeof person->login.sealed);
  enum base_code code = core_login_save(core, person, "second factor: reset", err);
  wire_write_member_string(answer, "person", person->handle);
  wire_write_member_bool(answer, "armed", false);
  return code;
}

void core_factor_change(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_view what = core_request_text(request, "do");
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, 4096);
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  enum base_code code = base_view_is(what, "begin")     ? begin(core, &writer, &err)
                        : base_view_is(what, "confirm") ? confirm(core, request, &writer, &err)
                        : base_view_is(what, "reset")   ? reset(core, request, &writer, &err)
                                                        : base_fail(&err, BASE_FIELD, "do: begin, confirm or reset");
  wire_write_end(&writer, '}');
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
  else
    base_buf_add_buf(&core_reply(core, token, BASE_OK)->payload, &out);
  base_wipe(out.data, out.size);
}
