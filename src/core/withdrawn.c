/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exchange.h"
#include "core/exercise.h"
#include "core/messages.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/submission.h"
#include "core/submit.h"

/* A recall is withdrawn by who opened it: nothing is asked any more, and the nodes that handed it down withdraw by
 * themselves what they asked for. What was erased meanwhile stays erased, with its certificate. */

/* reason: may be empty. */
static enum base_code withdraw(struct core *core, struct base_view actor, const struct base_id *id,
                               struct base_view reason, struct base_id *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  base_buf_init(&document, CORE_DOCUMENT_MAX);
  wire_writer_init(&writer, &document);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", id);
  wire_write_member_string(&writer, "type", "withdraw");
  wire_write_key(&writer, "fields");
  wire_write_object(&writer);
  if (reason.size > 0)
    wire_write_member_text(&writer, "reason", reason);
  wire_write_end(&writer, '}');
  wire_write_end(&writer, '}');
  enum base_code code = base_buf_check(&document, "the withdrawal", err);
  return code == BASE_OK ? core_submit_itself(core, actor, base_buf_view(&document), out, err) : code;
}

/* --- a person withdraws */

static enum base_code check(const struct core_recall *recall, struct base_view reason, struct base_error *err) {
  struct base_hex_text id = base_id_text(&recall->id);
  struct base_view opener = wire_origin_name(recall->opener);
  if (!recall->ours)
    return base_fail(err, BASE_NOT_PARTY, "case %s is a recall by %.*s, who alone withdraws it", id.text,
                     (int)opener.size, (const char *)opener.data);
  if (recall->has_above)
    return base_fail(err, BASE_POLICY, "case %s hands down recall %s: this node withdraws it by itself when that one is",
                     id.text, base_id_text(&recall->above).text);
  if (recall->withdrawn)
    return base_fail(err, BASE_CONFLICT, "recall %s was withdrawn before", id.text);
  if (wire_prose_blank(reason))
    return base_fail(err, BASE_FIELD, "reason: say why it is withdrawn; those who were asked read it");
  return BASE_OK;
}

void core_recall_withdraw(struct core *core, uint64_t token, const struct wire_json *request) {
  CORE_AUTO_RECALL struct core_recall recall = {0};
  struct base_error err = {0};
  struct base_id id, sent;
  bool exercise = false;
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", "case", &id, &err);
  if (code == BASE_OK)
    code = core_recall_read(core, &id, &recall, &err);
  if (code == BASE_OK)
    code = check(&recall, reason, &err);
  if (code == BASE_OK)
    code = core_exercise_of_case(core, &id, &exercise, &err);
  if (code == BASE_OK)
    code = withdraw(core, core_actor(core), &id, reason, &sent, &err);
  if (code == BASE_OK)
    core_submission_answer(core, token, &sent, exercise);
  else
    core_reply_error(core, token, code, &err);
}

/* --- it goes down */

struct down {
  struct core *core;
  const struct core_recall *above;
  struct base_view reason;
  bool all;
};

/* One of ours that may hand it down: withdrawn, unless it is. What cannot be sent now is tried again. */
static enum base_code withdraw_one(struct down *down, const struct core_mention *mention, struct base_error *err) {
  struct core *core = down->core;
  CORE_AUTO_RECALL struct core_recall recall = {0};
  struct base_id above, sent;
  struct base_error why = {0};
  if (!mention->row.ours || !mention->header.opens || !base_view_is(mention->header.kind, WIRE_KIND_RECALL) ||
      !base_id_parse(wire_header_state(&mention->header, "handed_down"), &above) ||
      !base_id_equal(&above, &down->above->id))
    return BASE_OK;
  enum base_code code = core_recall_read(core, &mention->row.id, &recall, &why);
  if (code == BASE_OK && recall.withdrawn)
    return BASE_OK;
  if (code == BASE_OK)
    code = withdraw(core, (struct base_view){0}, &recall.id, down->reason, &sent, &why);
  if (code == BASE_OK || core_damage(code)) /* register.check names what is damaged */
    return BASE_OK;
  if (core->failed != BASE_OK || core_ours(code))
    return base_fail(err, code, "%s", why.text);
  down->all = false;
  base_log(BASE_LOG_WARNING, "recall.waits", "the withdrawal of recall %s has not gone down to everybody yet: %s",
           base_id_text(&down->above->id).text, why.text);
  return BASE_OK;
}

/* Of a message of ours that passes on what was recalled. */
static enum base_code withdraw_of(struct down *down, const struct base_id *message, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_mention mention;
  enum base_code code = BASE_OK;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    code = core_mention_next(down->core, message, &key, &arena, &mention, err);
    if (code == BASE_OK)
      code = withdraw_one(down, &mention, err);
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_recall_withdraw_down(struct core *core, const struct core_recall *recall, bool *all,
                                         struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_content content = {0};
  struct core_mention mention;
  struct down down = {.core = core, .above = recall, .all = true};
  enum base_code code = core_content_read(core, &recall->withdrawal, &arena, &content, err);
  if (code == BASE_OK)
    down.reason = core_request_text(content.part0.fields, "reason");
  code = core_damage(code) ? BASE_OK : code; /* it goes down without its words */
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    code = core_mention_next(core, &recall->message, &key, &arena, &mention, err);
    if (code == BASE_OK && core_mention_passes(&mention, &recall->message))
      code = withdraw_of(&down, &mention.row.id, err);
  }
  core_content_free(&content);
  *all = *all && down.all;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}
