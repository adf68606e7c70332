/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cards.h"
#include "core/cases.h"
#include "core/consent.h"
#include "core/recall.h"
#include "core/submit.h"

/* What this node lets others pass on, of what somebody else gave it, hangs on his consent. When that is revoked, or
 * this node withdraws it, those who were given it from here hear so by a message. They are found from the message whose
 * consent it was, when such a case changes; at the start all are looked through, so that what could not be sent before is
 * sent then. */

enum { CHAIN_MAX = 8 }; /* as often may we have passed it on ourselves: consent.c */

struct looking {
  struct core *core;
  size_t count;
  struct base_id found[CORE_REVOKE_STEP];
};

static void look_for(struct core_revoking *revoking, const struct base_id *message) {
  for (size_t i = 0; i < revoking->count; i++)
    if (base_id_equal(&revoking->messages[i], message))
      return;
  revoking->some = revoking->some && revoking->count < CORE_REVOKE_MESSAGES;
  if (revoking->some)
    revoking->messages[revoking->count++] = *message;
}

void core_consent_touched(struct core *core, const struct core_case *kase) {
  struct base_view state = core_case_state_name(kase);
  struct base_id message;
  if ((!base_view_is(state, "revoked") && !base_view_is(state, "withdrawn")) ||
      !base_id_parse(wire_header_state(kase->messages[0].header, "message"), &message))
    return;
  look_for(&core->revoking, &message);
  core->revoking.at_ms = 0;
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

/* Those about this message, and about each message of ours that passes its content on. */
static enum base_code look_from(struct looking *looking, const struct base_id *message, unsigned depth,
                                struct base_error *err) {
  struct core *core = looking->core;
  enum base_code code = core_consent_of(core, message, look_at, looking, err);
  for (int64_t key = INT64_MIN; code == BASE_OK && depth < CHAIN_MAX;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 16 << 20);
    struct core_mention mention;
    code = core_mention_next(core, message, &key, &arena, &mention, err);
    if (code == BASE_OK && core_mention_passes(&mention, message)) {
      code = look_from(looking, &mention.row.id, depth + 1, err);
      if (code != BASE_OK)
        return code;
    }
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

static bool rests(const struct core *core) {
  return core->revoking.at_ms == INT64_MAX || core->lost[0] != '\0' || core_disk_low(core, NULL);
}

/* What was found, each by a message; *again when one could not be told of. */
static enum base_code revoke_found(const struct looking *looking, bool *again, struct base_error *err) {
  struct core *core = looking->core;
  for (size_t i = 0; i < looking->count; i++) {
    struct base_error why = {0};
    enum base_code sent = revoke(core, &looking->found[i], &why);
    if (sent != BASE_OK && (core->failed != BASE_OK || core_ours(sent))) {
      *err = why;
      return sent;
    }
    if (sent != BASE_OK) {
      base_log(BASE_LOG_WARNING, "consent.waits", "consent %s is to be revoked and could not be yet: %s",
               base_id_text(&looking->found[i]).text, why.text);
      *again = true;
    }
  }
  return BASE_OK;
}

enum base_code core_consent_settle(struct core *core, struct base_error *err) {
  struct looking looking = {.core = core};
  struct core_revoking *revoking = &core->revoking, was = *revoking;
  bool again = false;
  if (rests(core) || revoking->at_ms > core_now_ms(core))
    return BASE_OK;
  *revoking = (struct core_revoking){.at_ms = INT64_MAX, .some = true};
  enum base_code code = was.some ? BASE_OK : core_consent_each(core, look_at, &looking, err);
  for (size_t i = 0; i < was.count && was.some && code == BASE_OK; i++)
    code = look_from(&looking, &was.messages[i], 0, err);
  if (code == BASE_OK)
    code = revoke_found(&looking, &again, err);
  if (code != BASE_OK || (!again && looking.count < CORE_REVOKE_STEP))
    return code;
  /* Some are left, of the same. Revoking may have begun more meanwhile, which waits for none of these. */
  revoking->some = revoking->some && was.some;
  for (size_t i = 0; i < was.count; i++)
    look_for(revoking, &was.messages[i]);
  int64_t at_ms = again ? core_now_ms(core) + CORE_REVOKE_AGAIN_MS : 0;
  revoking->at_ms = at_ms < revoking->at_ms ? at_ms : revoking->at_ms;
  return BASE_OK;
}

int64_t core_consent_due_ms(const struct core *core) {
  if (rests(core))
    return -1;
  int64_t left = core->revoking.at_ms - core_now_ms(core);
  return left < 0 ? 0 : left;
}
