/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cards.h"
#include "core/cases.h"
#include "core/consent.h"
#include "core/submit.h"

/* What this node lets others pass on, of what somebody else gave it, hangs on his consent. When that is revoked, or
 * this node withdraws it, those who were given it from here hear so by a message. They are looked through when such a
 * case changes and at the start, so that what could not be sent before is sent then. */

struct looking {
  struct core *core;
  size_t count;
  struct base_id found[CORE_REVOKE_STEP];
};

void core_consent_touched(struct core *core, const struct core_case *kase) {
  struct base_view state = core_case_state_name(kase);
  if (base_view_is(state, "revoked") || base_view_is(state, "withdrawn"))
    core->revoke_at_ms = 0;
}

static enum base_code look_at(void *context, const struct law_consent *consent, struct base_error *err) {
  struct looking *looking = context;
  struct core *core = looking->core;
  struct core_permit permit;
  struct base_error why = {0};
  if (consent->state != LAW_CONSENT_GIVEN || !base_view_equal(consent->giver, core->card.origin) ||
      core_now(core) >= consent->until || looking->count == CORE_REVOKE_STEP)
    return BASE_OK;
  struct base_hex_text message = base_id_text(&consent->message);
  enum base_code code =
      core_consent_permits(core, base_view_text(message.text), consent->to, consent->purpose, &permit, &why);
  if (code == BASE_LAW && permit.asked)
    looking->found[looking->count++] = consent->id;
  return core_ours(code) ? base_fail(err, code, "%s", why.text) : BASE_OK;
}

static enum base_code revoke(struct core *core, const struct base_id *id, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  struct base_id sent;
  base_buf_init(&document, CORE_DOCUMENT_MAX);
  wire_writer_init(&writer, &document);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", id);
  wire_write_member_string(&writer, "type", "revoke");
  wire_write_key(&writer, "fields");
  wire_write_object(&writer);
  wire_write_member_string(&writer, "reason", "the consent on which this one rested does not hold any more");
  wire_write_end(&writer, '}');
  wire_write_end(&writer, '}');
  enum base_code code = base_buf_check(&document, "the revocation", err);
  return code == BASE_OK ? core_submit_itself(core, (struct base_view){0}, base_buf_view(&document), &sent, err) : code;
}

static bool rests(const struct core *core) {
  return core->revoke_at_ms == INT64_MAX || core->lost[0] != '\0' || core_disk_low(core, NULL);
}

enum base_code core_consent_settle(struct core *core, struct base_error *err) {
  struct looking looking = {.core = core};
  if (rests(core) || core->revoke_at_ms > core_now_ms(core))
    return BASE_OK;
  core->revoke_at_ms = INT64_MAX;
  enum base_code code = core_consent_each(core, look_at, &looking, err);
  for (size_t i = 0; i < looking.count && code == BASE_OK; i++) {
    struct base_error why = {0};
    enum base_code sent = revoke(core, &looking.found[i], &why);
    if (sent != BASE_OK && (core->failed != BASE_OK || core_ours(sent))) {
      *err = why;
      code = sent;
    } else if (sent != BASE_OK) {
      base_log(BASE_LOG_WARNING, "consent.waits", "consent %s is to be revoked and could not be yet: %s",
               base_id_text(&looking.found[i]).text, why.text);
      core->revoke_at_ms = core_now_ms(core) + CORE_REVOKE_AGAIN_MS;
    }
  }
  return code;
}

int64_t core_consent_due_ms(const struct core *core) {
  if (rests(core))
    return -1;
  int64_t left = core->revoke_at_ms - core_now_ms(core);
  return left < 0 ? 0 : left;
}
