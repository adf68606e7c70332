/* SPDX-License-Identifier: Apache-2.0 */
#include "core/certified.h"

#include <string.h>

#include "core/cards.h"
#include "core/cases.h"
#include "core/erase.h"
#include "core/exchange.h"
#include "core/exercise.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/submit.h"

/* Certificates that this node gives: the erased leaf with its opening, under the newest head. That of a recall goes into its
 * case; any other opens a case of the kind erasure with the message's author. What is owed stands in the row of the erasure,
 * so what was cut off, or could not go to a partner who is suspended, goes later. */

static void write_base64(struct wire_writer *writer, const char *key, struct base_view bytes) {
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 2 * WIRE_OPENING_MAX);
  base_buf_base64(&text, bytes);
  wire_write_member_buf(writer, key, &text);
}

/* From then on the epoch key that could open it in an old copy of this database is destroyed (rewrap.c). */
static base_time final_by(const struct core *core) {
  for (size_t i = 0; i < core->info.count; i++)
    if (core->info.keys[i].type == WIRE_KEEPER_EPOCH && core->info.keys[i].state == WIRE_KEEPER_IN_FORCE)
      return core->info.keys[i].from + (base_time)(CORE_EPOCH_DAYS + 1) * CORE_DAY;
  return core_now(core) + (base_time)(CORE_EPOCH_DAYS + 1) * CORE_DAY;
}

enum base_code core_certificate_write(struct core *core, const struct base_id *message, struct wire_writer *writer,
                                      bool *proved, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf proof = {0};
  base_arena_init(&arena, 1 << 20);
  base_buf_init(&proof, WIRE_PROOF_MAX);
  struct core_erasure erasure;
  struct wire_frame_proof frame;
  *proved = false;
  enum base_code code = core_erase_read(core, message, &arena, &erasure, err);
  if (code != BASE_OK || !erasure.there || erasure.leaf >= core->reg.attested)
    return code;
  code = core_register_prove(core, erasure.leaf, core->reg.attested, &arena, &frame, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code; /* register.check names it */
  struct wire_proof text = {
      .index = frame.index, .hash_count = frame.hash_count, .checkpoint = base_buf_view(&core->reg.note)};
  memcpy(text.hashes, frame.hashes, frame.hash_count * sizeof frame.hashes[0]);
  wire_proof_write(&text, &proof);
  wire_write_member_id(writer, "message", message);
  wire_write_member_time(writer, "final_by", final_by(core));
  write_base64(writer, "leaf", frame.leaf);
  write_base64(writer, "opening", frame.opening);
  wire_write_member_buf(writer, "proof", &proof);
  *proved = true;
  return BASE_OK;
}

/* *proved as above; *out: the message that gives it, which opens its case. */
static enum base_code give(struct core *core, const struct base_id *message, const struct core_partner *to,
                           struct base_view actor, bool *proved, struct base_id *out, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf document = {0};
  struct wire_writer writer;
  bool exercise = false;
  enum base_code code = core_exercise_of_case(core, message, &exercise, err);
  if (code != BASE_OK)
    return code;
  core_submit_begin(&writer, &document, WIRE_KIND_ERASURE, exercise, &to, 1);
  code = core_certificate_write(core, message, &writer, proved, err);
  return code == BASE_OK && *proved ? core_submit_end(core, actor, &writer, "the certificate", out, err) : code;
}

/* --- what is owed */

enum base_code core_certificate_owe(struct core *core, const struct store_message *row, struct base_error *err) {
  if (row->ours || row->state != STORE_MESSAGE_HELD || core_partner_of(core, row->author) == NULL)
    return BASE_OK;
  enum base_code code = store_erasure_owe(core->store, &row->id, true, err);
  core->certify_at_ms = 0;
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* *out_later: it has to wait. */
static enum base_code give_owed(struct core *core, const struct base_id *message, bool *out_later,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct base_id given;
  struct base_error why = {0};
  bool there = false, proved = false;
  enum base_code code = store_message_header(core->store, message, &arena, &row, err);
  const struct core_partner *author = code == BASE_OK ? core_partner_of(core, row.author) : NULL;
  if (code == BASE_OK)
    code = core_certified_given(core, message, &given, &there, err);
  if (core_damage(code))
    there = true; /* register.check names it */
  else if (code != BASE_OK)
    return code;
  if (!there && author != NULL) {
    code = give(core, message, author, (struct base_view){0}, &proved, &given, &why);
    if (code != BASE_OK && (core->failed != BASE_OK || core_ours(code))) {
      *err = why;
      return code;
    }
    *out_later = code != BASE_OK || !proved;
    if (code != BASE_OK)
      base_log(BASE_LOG_WARNING, "erase.certificate", "the certificate that message %s was erased waits: %s",
               base_id_text(message).text, why.text);
    if (*out_later)
      return BASE_OK;
  }
  code = core_write(core, err);
  return code == BASE_OK ? store_erasure_owe(core->store, message, false, err) : code;
}

static bool rests(const struct core *core) {
  return core->certify_at_ms == INT64_MAX || core->lost[0] != '\0' || core_disk_low(core, NULL);
}

enum base_code core_certificate_settle(struct core *core, struct base_error *err) {
  int64_t key = INT64_MIN, now = core_now_ms(core), again = INT64_MAX;
  enum base_code code = BASE_OK;
  if (rests(core) || core->certify_at_ms > now)
    return BASE_OK;
  for (unsigned seen = 0; code == BASE_OK; seen++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_erasure row;
    bool later = false;
    if (seen == CORE_CERTIFY_STEP) {
      again = now;
      break;
    }
    code = store_erasure_next(core->store, STORE_ERASURES_OWED, &key, &arena, &row, err);
    if (code != BASE_OK)
      break;
    code = give_owed(core, &row.message, &later, err);
    if (later) {
      int64_t then = row.leaf >= core->reg.attested ? now : now + CORE_CERTIFY_AGAIN_MS;
      again = then < again ? then : again;
    }
  }
  core->certify_at_ms = again;
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

int64_t core_certificate_due_ms(const struct core *core) {
  int64_t left = core->certify_at_ms - core_now_ms(core);
  return rests(core) ? -1 : left < 0 ? 0 : left;
}

/* --- by hand */

enum base_code core_certificate_by_hand(const struct core_kind *kind, struct base_error *err) {
  if (!base_view_is(kind->kind.name, WIRE_KIND_ERASURE))
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "certificate: the node itself writes it, of what it erased: wasl message certificate");
}

/* That a certificate may be made of it, and for whom. */
static enum base_code check_erased(struct core *core, const struct base_id *id, struct store_message *row,
                                   struct base_arena *arena, const struct core_partner **author,
                                   struct base_error *err) {
  struct core_erasure erasure = {0};
  enum base_code code = store_message_header(core->store, id, arena, row, err);
  if (code == BASE_OK)
    code = core_erase_read(core, id, arena, &erasure, err);
  if (code != BASE_OK)
    return code;
  *author = core_partner_of(core, row->author);
  if (!erasure.there)
    return base_fail(err, BASE_CONFLICT, "message %s was not erased here: there is nothing to certify",
                     base_id_text(id).text);
  if (row->ours || *author == NULL)
    return base_fail(err, BASE_POLICY,
                     "message %s is by this node, which gives the certificate to nobody: it is for the author of what "
                     "another node erased",
                     base_id_text(id).text);
  return erasure.elsewhere ? base_fail(err, BASE_POLICY,
                                       "message %s came without its content, which its author had erased: there is "
                                       "nothing to certify",
                                       base_id_text(id).text)
                           : BASE_OK;
}

/* One that a partner gave of a message of ours; by: him alone, by his name here. */
static enum base_code find_theirs(struct core *core, const struct base_id *id, struct base_view by, struct base_id *out,
                                  bool *there, struct base_error *err) {
  for (int64_t key = INT64_MIN; !*there;) {
    struct core_certified one;
    enum base_code code = core_certified_next(core, id, &key, &one, err);
    if (code != BASE_OK)
      return code == BASE_NOT_FOUND ? BASE_OK : code;
    *there = one.why[0] == '\0' && (by.size == 0 || base_view_equal(one.by->card.name, by));
    *out = one.id;
  }
  return BASE_OK;
}

void core_message_certificate(struct core *core, uint64_t token, const struct wire_json *request) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_error err = {0};
  struct base_id id, given = {{0}};
  struct store_message row;
  const struct core_partner *author = NULL;
  bool there = false, proved = false;
  struct base_view by = core_request_text(request, "by");
  enum base_code code = core_request_id(core, request, "id", "message", &id, &err);
  if (code == BASE_OK && by.size == 0)
    code = core_certified_given(core, &id, &given, &there, &err);
  if (code == BASE_OK && !there)
    code = find_theirs(core, &id, by, &given, &there, &err);
  if (code == BASE_OK && !there && by.size > 0)
    code = base_fail(&err, BASE_NOT_FOUND, "%.*s has given no certificate that message %s was erased (yet)", (int)by.size,
                     (const char *)by.data, base_id_text(&id).text);
  if (code == BASE_OK && !there)
    code = check_erased(core, &id, &row, &arena, &author, &err);
  if (code == BASE_OK && !there)
    code = give(core, &id, author, core_actor(core), &proved, &given, &err);
  if (code == BASE_OK && !there && !proved)
    code = base_fail(&err, BASE_BUSY, "the erasure of message %s is not under a signed head yet: try again",
                     base_id_text(&id).text);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct core_reply *reply = core_reply(core, token, BASE_OK);
  struct wire_writer writer;
  wire_writer_init(&writer, &reply->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_id(&writer, "certificate", &given);
  wire_write_end(&writer, '}');
}
