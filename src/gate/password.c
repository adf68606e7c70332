/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "gate/derive.h"
#include "gate/local_internal.h"

/* A request whose body holds passwords. Core says what they are salted with, for any name, Argon2id makes keys of them,
 * and core gets the body with the keys in their places: no password leaves this process. */

struct gate_secret {
  struct wire_json *body;
  struct gate_salt stored, fresh;
  bool current_done;
  char password[2 * GATE_DERIVED_KEY + 1], current[2 * GATE_DERIVED_KEY + 1]; /* keys in hex */
};

static const char password_word[] = "password", current_word[] = "current";

static bool setting(const struct gate_job *job) {
  return job->route->request == LINK_PASSWORD_SET;
}

static struct base_view typed(const struct gate_job *job, const char *word) {
  return wire_json_text(wire_json_get(job->secret->body, word));
}

/* --- what was typed */

static enum base_code check_text(const struct gate_job *job, const char *word, bool needed, struct base_error *err) {
  const struct wire_json *value = wire_json_get(job->secret->body, word);
  if (value == NULL && !needed)
    return BASE_OK;
  if (wire_json_type(value) == WIRE_JSON_TEXT && wire_json_text(value).size <= GATE_PASSWORD_MAX)
    return BASE_OK;
  return base_fail(err, BASE_FIELD, "%s: %smust be a text, at most %d bytes", word,
                   value == NULL ? "is missing; it " : "", GATE_PASSWORD_MAX);
}

static enum base_code check_new(const struct gate_job *job, struct base_error *err) {
  struct base_view new = typed(job, password_word);
  if (base_utf8_count(new) < GATE_PASSWORD_MIN)
    return base_fail(err, BASE_FIELD,
                     "password: has fewer than %d characters; several words in a row are long, and easily remembered",
                     GATE_PASSWORD_MIN);
  if (wire_json_get(job->secret->body, current_word) != NULL && base_view_equal(new, typed(job, current_word)))
    return base_fail(err, BASE_FIELD, "password: is the one that it is to replace; choose another");
  return BASE_OK;
}

static enum base_code read_body(struct gate_job *job, struct base_error *err) {
  enum base_code code =
      job->body.size <= GATE_SECRET_BODY_MAX
          ? wire_json_parse(base_buf_view(&job->body), GATE_SECRET_BODY_MAX, "the body", &job->secret->body, err)
          : base_fail(err, BASE_TOO_LARGE, "the body has more than %d octets", GATE_SECRET_BODY_MAX);
  if (job->body.size > 0)
    base_wipe(job->body.data, job->body.size);
  if (code == BASE_OK && wire_json_type(job->secret->body) != WIRE_JSON_OBJECT)
    code = base_fail(err, BASE_SYNTAX, "the body is not a JSON object");
  if (code == BASE_OK)
    code = check_text(job, password_word, true, err);
  if (code == BASE_OK && setting(job))
    code = check_text(job, current_word, false, err);
  return code == BASE_OK && setting(job) ? check_new(job, err) : code;
}

/* --- handed on */

static void forget(struct base_buf *payload) {
  if (payload->data != NULL)
    base_wipe(payload->data, payload->size);
  base_buf_free(payload);
}

/* The caller's members stay as they are, so that core refuses what it does not know. */
static void hand_on(struct gate_job *job) {
  __attribute__((cleanup(forget))) struct base_buf payload = {0};
  const struct gate_secret *secret = job->secret;
  const struct wire_json *value;
  struct base_view name;
  struct base_error err;
  struct wire_writer writer;
  void *cursor = NULL;
  base_buf_init(&payload, link_row(job->route->request)->largest);
  gate_job_object(job, &writer, &payload);
  while (wire_json_next(secret->body, &cursor, &name, &value)) {
    wire_write_key_view(&writer, name);
    if (base_view_is(name, password_word))
      wire_write_string(&writer, secret->password);
    else if (base_view_is(name, current_word) && setting(job))
      wire_write_string(&writer, secret->current);
    else
      wire_write_value(&writer, value);
  }
  if (setting(job)) {
    wire_write_member_hex(&writer, "salt", secret->fresh.bytes, GATE_SALT);
    wire_write_member_integer(&writer, "passes", secret->fresh.passes);
    wire_write_member_integer(&writer, "memory", secret->fresh.memory);
  }
  wire_write_end(&writer, '}');
  if (base_buf_check(&payload, "the request", &err) != BASE_OK)
    gate_http_refuse(job->request, &err);
  else
    gate_job_ask(job, job->route->request, base_buf_view(&payload), -1, gate_job_answered);
}

static void derive(struct gate_job *job);

static void derived(void *context, const uint8_t key[GATE_DERIVED_KEY]) {
  struct gate_job *job = context;
  struct gate_secret *secret = job->secret;
  struct base_error err;
  bool current = setting(job) && !secret->current_done && wire_json_get(secret->body, current_word) != NULL;
  if (key == NULL) {
    (void)base_fail(&err, BASE_MEMORY, "no memory to compare a password: try again when the machine has more");
    gate_http_refuse(job->request, &err);
    return;
  }
  base_hex(key, GATE_DERIVED_KEY, current ? secret->current : secret->password);
  secret->current_done = true;
  if (current)
    derive(job);
  else
    hand_on(job);
}

/* The one that is replaced first, where there is one; then the new one, with a salt of its own. */
static void derive(struct gate_job *job) {
  struct gate_secret *secret = job->secret;
  struct base_error err;
  bool current = setting(job) && !secret->current_done && wire_json_get(secret->body, current_word) != NULL;
  const struct gate_salt *salt = setting(job) && !current ? &secret->fresh : &secret->stored;
  if (gate_derive(job->local->deriver, salt, typed(job, current ? current_word : password_word), derived, job, &err) !=
      BASE_OK)
    gate_http_refuse(job->request, &err);
  else
    gate_http_wait(job->request);
}

static bool read_salt(const struct wire_json *object, struct gate_salt *out) {
  int64_t passes = wire_json_integer(wire_json_get(object, "passes"));
  int64_t memory = wire_json_integer(wire_json_get(object, "memory"));
  out->passes = (uint32_t)passes;
  out->memory = (uint32_t)memory;
  return passes > 0 && passes <= UINT32_MAX && memory > 0 && memory <= UINT32_MAX &&
         base_hex_parse(wire_json_text(wire_json_get(object, "salt")), out->bytes, sizeof out->bytes);
}

static void begun(void *context, struct link_message *message) {
  struct gate_job *job = context;
  WIRE_AUTO_JSON struct wire_json *answer = NULL;
  if (gate_job_refused(job, message))
    return;
  if (wire_json_parse(message->payload, LINK_INLINE_MAX, "login.begin", &answer, NULL) != BASE_OK ||
      !read_salt(answer, &job->secret->stored) || !read_salt(wire_json_get(answer, "fresh"), &job->secret->fresh)) {
    gate_job_nonsense(job, "login.begin");
    return;
  }
  derive(job);
}

void gate_password_begin(struct gate_job *job) {
  struct base_error err;
  struct wire_writer writer;
  BASE_AUTO_BUF struct base_buf payload = {0};
  job->secret = calloc(1, sizeof *job->secret);
  enum base_code code =
      job->secret != NULL ? read_body(job, &err) : base_fail(&err, BASE_MEMORY, "no memory for a login");
  if (code == BASE_OK) {
    base_buf_init(&payload, link_row(LINK_LOGIN_BEGIN)->largest);
    gate_job_object(job, &writer, &payload);
    code = gate_route_members(job->route, &job->request->target, &writer, &err);
    wire_write_member_text(&writer, "person", typed(job, "person"));
    wire_write_end(&writer, '}');
    if (code == BASE_OK)
      code = base_buf_check(&payload, "the request", &err);
  }
  if (code == BASE_OK)
    gate_job_ask(job, LINK_LOGIN_BEGIN, base_buf_view(&payload), -1, begun);
  else
    gate_http_refuse(job->request, &err);
}

void gate_password_gone(struct gate_job *job) {
  if (job->secret == NULL)
    return;
  wire_json_free(job->secret->body);
  base_wipe(job->secret, sizeof *job->secret);
  free(job->secret);
}
