/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/asked.h"
#include "core/back.h"
#include "core/backup.h"
#include "core/cards.h"
#include "core/certified.h"
#include "core/clear.h"
#include "core/clocks.h"
#include "core/consent.h"
#include "core/ends.h"
#include "core/epoch.h"
#include "core/erase.h"
#include "core/events.h"
#include "core/feed.h"
#include "core/kinds.h"
#include "core/lane.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/release.h"
#include "core/retain.h"
#include "core/review.h"
#include "core/stix.h"
#include "core/submit.h"
#include "core/witness.h"
#include "core/zones.h"

base_time core_now(const struct core *core) {
  return core->env.world->now(core->env.world->context);
}

int64_t core_soonest(int64_t a, int64_t b) {
  return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t core_now_ms(const struct core *core) {
  return core->env.world->monotonic_ms(core->env.world->context);
}

bool core_hash_zero(const struct base_hash *hash) {
  static const struct base_hash zero;
  return base_hash_equal(hash, &zero);
}

bool core_damage(enum base_code code) {
  return code == BASE_CORRUPT || base_code_class(code) == BASE_REFUSED;
}

enum base_code core_request_prose(struct base_view text, const char *what, struct base_error *err) {
  struct wire_spot spot;
  return wire_prose_check(text, &spot) ? BASE_OK
                                       : base_fail(err, BASE_FIELD, "%s: %s", what, wire_spot_text(&spot).text);
}

/* --- the step's transaction and its replies */

enum base_code core_write(struct core *core, struct base_error *err) {
  if (core->failed != BASE_OK)
    return base_fail(err, core->failed, "%s", core->failure.text);
  if (!core->in_transaction) {
    enum base_code code = store_begin(core->store, err);
    if (code != BASE_OK)
      return code;
    core->in_transaction = true;
  }
  core->wrote = true;
  return BASE_OK;
}

enum base_code core_lose(struct core *core, enum base_code code, const struct base_error *err) {
  if (core->failed == BASE_OK) {
    core->failed = code;
    core->failure = *err;
    core->failure.code = code;
  }
  return code;
}

struct core_reply *core_reply(struct core *core, uint64_t token, enum base_code status) {
  struct core_reply *reply = calloc(1, sizeof *reply);
  if (reply == NULL) {
    /* Without memory for an answer the step cannot be told apart from a lost one: end here, the parent starts us anew.
     */
    base_log(BASE_LOG_ERROR, "core.memory", "no memory for an answer");
    abort();
  }
  reply->token = token;
  reply->status = status;
  reply->fd = -1;
  base_buf_init(&reply->payload, BASE_BUF_DEFAULT_LIMIT);
  *core->replies_end = reply;
  core->replies_end = &reply->next;
  return reply;
}

static void reply_set_error(struct core_reply *reply, enum base_code code, const char *text) {
  reply->status = code;
  base_buf_reset(&reply->payload);
  base_buf_text(&reply->payload, text);
}

void core_reply_error(struct core *core, uint64_t token, enum base_code code, const struct base_error *err) {
  reply_set_error(core_reply(core, token, code), code, err->text);
}

void core_reply_fail(struct core_reply *reply, enum base_code code, const char *format, ...) {
  char text[BASE_ERROR_TEXT_MAX];
  va_list args;
  va_start(args, format);
  if (vsnprintf(text, sizeof text, format, args) < 0)
    text[0] = '\0';
  va_end(args);
  reply_set_error(reply, code, text);
}

static void reply_free(struct core_reply *reply) {
  base_buf_free(&reply->payload);
  base_close_fd(&reply->fd);
  core_give_free(reply->give);
  free(reply);
}

void core_replies_free(struct core *core) {
  while (core->replies != NULL) {
    struct core_reply *next = core->replies->next;
    reply_free(core->replies);
    core->replies = next;
  }
}

static void replies_send(struct core *core) {
  struct core_reply *reply = core->replies;
  core->replies = NULL;
  core->replies_end = &core->replies;
  while (reply != NULL) {
    struct core_reply *next = reply->next;
    if (reply->payload.code == BASE_MEMORY)
      reply_set_error(reply, BASE_MEMORY, "there was no memory for the answer: ask again");
    else if (reply->payload.code != BASE_OK)
      reply_set_error(reply, BASE_TOO_LARGE, "the answer is too large: ask for less, with --limit");
    core->env.answer(core->env.context, reply->token, reply->status, base_buf_view(&reply->payload), reply->fd);
    reply_free(reply);
    reply = next;
  }
}

/* --- keys, wrapped ahead so that a message costs no round trip to the keeper */

enum base_code core_key(struct core *core, struct base_secret *key, uint8_t wrapped[CORE_WRAPPED], uint32_t *epoch,
                        struct base_error *err) {
  if (core->pool_count == 0) {
    core->env.world->random(core->env.world->context, core->pool, sizeof core->pool);
    enum base_code code = core->env.keeper.wrap(core->env.keeper.context, core->pool, CORE_KEY_POOL, core->pool_wrapped,
                                                &core->pool_epoch, err);
    if (code != BASE_OK)
      return code;
    core->pool_count = CORE_KEY_POOL;
  }
  size_t at = --core->pool_count;
  *key = core->pool[at];
  memcpy(wrapped, core->pool_wrapped[at], CORE_WRAPPED);
  *epoch = core->pool_epoch;
  base_wipe(&core->pool[at], sizeof core->pool[at]);
  return BASE_OK;
}

enum base_code core_key_unwrap(struct core *core, uint32_t epoch, struct base_view wrapped, struct base_secret *out,
                               struct base_error *err) {
  uint8_t form[1][CORE_WRAPPED];
  if (wrapped.size != CORE_WRAPPED)
    return base_fail(err, BASE_CORRUPT, "a wrapped key has %zu bytes instead of %d", wrapped.size, CORE_WRAPPED);
  memcpy(form[0], wrapped.data, CORE_WRAPPED);
  return core->env.keeper.unwrap(core->env.keeper.context, epoch, form, 1, out, err);
}

/* --- requests */

struct base_view core_request_text(const struct wire_json *request, const char *key) {
  return wire_json_text(wire_json_get(request, key));
}

enum base_code core_request_id(struct core *core, const struct wire_json *request, const char *key,
                               const char *table_word, struct base_id *out, struct base_error *err) {
  enum { SHORTEST = 4 };
  struct base_view text = core_request_text(request, key);
  if (text.size == BASE_HEX_ID && base_id_parse(text, out))
    return core_lane_open(core, table_word, out, err);
  bool hex = text.size >= SHORTEST && text.size < BASE_HEX_ID;
  for (size_t i = 0; hex && i < text.size; i++)
    hex = (text.data[i] >= '0' && text.data[i] <= '9') || (text.data[i] >= 'a' && text.data[i] <= 'f');
  if (!hex)
    return base_fail(err, BASE_FIELD, "%s: an id has 64 lowercase hex digits, or its first %d and more", key, SHORTEST);
  struct base_id found[2];
  size_t count = 0;
  enum base_code code = store_id_complete(core->store, table_word, text, found, &count, err);
  for (size_t i = 0; i < count && code == BASE_OK;) { /* of the other side nobody is told that there is one */
    struct base_error hidden = {0};
    code = core_lane_open(core, table_word, &found[i], &hidden);
    if (code == BASE_NOT_FOUND)
      found[i] = found[--count];
    else
      i++;
    if (code == BASE_NOT_FOUND)
      code = BASE_OK;
    else if (code != BASE_OK)
      *err = hidden;
  }
  if (code != BASE_OK)
    return code;
  if (count == 0)
    return base_fail(err, BASE_NOT_FOUND, "there is no %s whose id begins with %.*s", table_word, (int)text.size,
                     (const char *)text.data);
  if (count > 1)
    return base_fail(err, BASE_CONFLICT, "more than one %s has an id that begins with %.*s: give more digits",
                     table_word, (int)text.size, (const char *)text.data);
  *out = found[0];
  return BASE_OK;
}

/* Who answers a request. One that stands neither here nor in handle_json is only shown (core_show). */
typedef void (*answerer)(struct core *core, uint64_t token, const struct wire_json *request);
static const answerer answered_by[LINK_REQUEST_CODES] = {
    [LINK_PARTNER_ADD] = core_partner_add,
    [LINK_PARTNER_STATE] = core_partner_state,
    [LINK_PARTNER_EPOCH] = core_partner_epoch,
    [LINK_CARD_CHANGE] = core_card_change,
    [LINK_KEY_ROTATE] = core_key_rotate,
    [LINK_KEY_RETIRE] = core_key_retire,
    [LINK_CASE_OPEN] = core_submit_open,
    [LINK_MESSAGE_ERASE] = core_message_erase,
    [LINK_MESSAGE_CERTIFICATE] = core_message_certificate,
    [LINK_CASE_REVIEW] = core_case_review,
    [LINK_MESSAGE_PASS_ON] = core_message_pass_on,
    [LINK_CASE_FEED] = core_case_feed,
    [LINK_CASE_ERASE] = core_case_erase,
    [LINK_RECALL_OPEN] = core_recall_open,
    [LINK_RECALL_ANSWER] = core_recall_answer,
    [LINK_RECALL_LIST] = core_recall_list,
    [LINK_RECALL_WITHDRAW] = core_recall_withdraw,
    [LINK_RELEASE_LIST] = core_release_list,
    [LINK_RELEASE_GIVE] = core_release_give,
    [LINK_RELEASE_REFUSE] = core_release_refuse,
    [LINK_RELEASE_WITHDRAW] = core_release_withdraw,
    [LINK_OUTBOX_END] = core_outbox_end,
    [LINK_PART_BEGIN] = core_part_begin,
    [LINK_PART_FINISH] = core_part_finish,
    [LINK_PART_CANCEL] = core_part_cancel,
    [LINK_PART_OPEN] = core_part_open,
    [LINK_PART_READ] = core_part_read,
    [LINK_STIX_RECORD] = core_stix_record,
    [LINK_STIX_AGAIN] = core_stix_again,
    [LINK_ZONE_SET] = core_zone_set,
    [LINK_KIND_ADD] = core_kind_add,
    [LINK_KIND_REMOVE] = core_kind_remove,
    [LINK_PARTNER_COMPARE] = core_partner_compare,
    [LINK_CARRY_BEGIN] = core_carry_begin,
    [LINK_CARRY_NEXT] = core_carry_next,
    [LINK_BACKUP_BEGIN] = core_backup_begin,
    [LINK_BACKUP_NEXT] = core_backup_next,
    [LINK_REGISTER_CHECK] = core_register_check,
    [LINK_STATISTICS_MAKE] = core_statistics_make,
    [LINK_PROOF_GET] = core_proof_get,
    [LINK_READER_LIST] = core_reader_list,
    [LINK_READER_CHANGE] = core_reader_change,
    [LINK_PERSON_LIST] = core_person_list,
    [LINK_PERSON_CHANGE] = core_person_change,
    [LINK_TOKEN_CHANGE] = core_token_change,
    [LINK_LOGIN_BEGIN] = core_login_begin,
    [LINK_LOGIN_FINISH] = core_login_finish,
    [LINK_PASSWORD_SET] = core_password_set,
    [LINK_FACTOR_CHANGE] = core_factor_change,
    [LINK_PEER_TABLE] = core_peer_table,
    [LINK_WITNESS_CHANGE] = core_witness_change,
    [LINK_WITNESS_DONE] = core_witness_done,
    [LINK_EVENTS_TAKE] = core_events_take,
};

static void handle_json(struct core *core, enum link_request_code code, uint64_t token, const struct wire_json *request,
                        int fd) {
  switch (code) {
  case LINK_CASE_SEND:
    core_submit_send(core, token, request, request);
    break;
  case LINK_PART_CHUNK:
    core_part_chunk(core, token, request, fd);
    break;
  case LINK_STIX_TAKE:
    core_stix_take(core, token);
    break;
  case LINK_STIX_GIVE:
    core_stix_give(core, token, request, fd);
    break;
  case LINK_CARRY_TAKE:
    core_carry_take(core, token, fd);
    break;
  case LINK_TOKEN_LIST:
    core_token_list(core, token);
    break;
  case LINK_LOGIN_END:
    core_login_end(core, token);
    break;
  case LINK_EXCHANGE_GIVE:
    core_exchange_give(core, token, request, fd);
    break;
  case LINK_WITNESS_TAKE:
    core_witness_take(core, token);
    break;
  case LINK_WITNESS_GIVE:
    core_witness_give(core, token, request, fd);
    break;
  case LINK_EXCHANGE_DONE:
    core_exchange_done(core, token, request, fd);
    break;
  default:
    if (answered_by[code] != NULL)
      answered_by[code](core, token, request);
    else
      core_show(core, code, token, request);
    break;
  }
}

/* A submitted form, or a kind, that does not fit a packet lies in a memfd: the person's own words, so who asks and for
 * which case is taken from the packet, which the gate wrote, and only the form from the document. */
static void handle_document(struct core *core, enum link_request_code code, uint64_t token,
                            const struct wire_json *request, int fd) {
  struct base_error err = {0};
  struct base_view bytes = {0};
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  enum base_code status = base_map_sealed(fd, CORE_DOCUMENT_MAX, &bytes, &err);
  if (status == BASE_OK)
    status = wire_json_parse_own(bytes, CORE_DOCUMENT_MAX, "request", &document, &err);
  base_unmap(&bytes);
  if (status == BASE_OK)
    status = core_asked_check(code, request, document, &err);
  if (status != BASE_OK)
    core_reply_error(core, token, status, &err);
  else if (code == LINK_CASE_SEND)
    core_submit_send(core, token, request, document);
  else
    answered_by[code](core, token, document);
}

void core_input(struct core *core, enum link_request_code code, uint64_t token, struct base_view payload, int fd) {
  struct base_error err = {0};
  if (core->failed != BASE_OK) {
    core_reply_error(core, token, core->failed, &core->failure);
    return;
  }
  if (code == LINK_EXCHANGE_TAKE) {
    core_exchange_take(core, token);
    return;
  }
  WIRE_AUTO_JSON struct wire_json *request = NULL;
  enum base_code status = wire_json_parse_own(payload, CORE_DOCUMENT_MAX, "request", &request, &err);
  if (status != BASE_OK && code == LINK_EXCHANGE_DONE)
    (void)core_lose(core, status,
                    &err); /* which exchange ended is not known: all of them are forgotten, and begun anew */
  if (status == BASE_OK)
    status = core_people_admit(core, code, request, &err);
  bool apart = (code == LINK_CASE_OPEN || code == LINK_CASE_SEND || code == LINK_KIND_ADD) && fd >= 0;
  if (status == BASE_OK && !apart)
    status = core_asked_check(code, request, NULL, &err);
  if (status != BASE_OK)
    core_reply_error(core, token, status, &err);
  else if (apart)
    handle_document(core, code, token, request, fd);
  else
    handle_json(core, code, token, request, fd);
  core_people_leave(core);
}

void core_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context) {
  size_t kept = 0;
  for (size_t i = 0; i < core->take_count; i++)
    if (!gone(context, core->takes[i]))
      core->takes[kept++] = core->takes[i];
  core->take_count = kept;
  core_witness_forget(core, gone, context);
  core_events_forget(core, gone, context);
  core_stix_forget(core, gone, context);
  if (core->table_parked && gone(context, core->table_token))
    core->table_parked = false;
}

/* --- settling a step */

/* The step is lost: nothing of it was acknowledged. Memory is loaded anew, everybody hears why. */
static enum base_code settle_lost(struct core *core, struct base_error *err) {
  store_rollback(core->store);
  core->in_transaction = core->wrote = false;
  base_log(BASE_LOG_ERROR, "core.lost", "a step was taken back: %s", core->failure.text);
  for (struct core_reply *reply = core->replies; reply != NULL; reply = reply->next) {
    core_give_free(reply->give);
    reply->give = NULL;
    reply_set_error(reply, core->failed, core->failure.text);
    base_close_fd(&reply->fd);
  }
  core_carry_free(core);
  core_backups_end(core);
  core_events_lose(core);
  enum base_code code = core_reload(core, err);
  core_parts_lost(core, code == BASE_OK);
  /* Few heads are stored: the keeper gives the last one again. What is asked next looks at it. */
  if (code == BASE_OK)
    code = core_register_attest(core, err);
  replies_send(core);
  core->failed = BASE_OK;
  return code;
}

enum base_code core_commit(struct core *core, struct base_error *err) {
  enum base_code code = core_parts_sync(core, err);
  if (code == BASE_OK)
    code = core_register_flush(core, err);
  if (code == BASE_OK)
    code = store_commit(core->store, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  core->in_transaction = core->wrote = core->login_key_fresh = core->kinds_touched = false;
  core_parts_reap(core);
  return BASE_OK;
}

bool core_database_alive(const struct core *core) {
  return store_alive(core->store);
}

/* What a step does for itself, in this order: the index of STIX objects behind those that admit or erase, clocks behind those whose
 * messages move them. */
static enum base_code (*const settling[])(struct core *core, struct base_error *err) = {
    core_outgoing_prepare, core_faults_settle,  core_compare_settle,     core_back_give,    core_keys_settle,    core_rewrap_settle,
    core_consent_settle,   core_recall_settle,  core_ends_settle,        core_retain_settle, core_certificate_settle,
    core_login_settle,     core_release_settle, core_review_settle,      core_stix_settle,  core_clocks_settle};
/* In how many milliseconds each wants a step again; -1: not by itself. */
static int64_t (*const due_in[])(const struct core *core) = {
    core_faults_due,     core_compare_next_ms, core_keys_due,      core_rewrap_due_ms, core_erase_due_ms,       core_events_due_ms,
    core_clocks_due_ms,  core_consent_due_ms,  core_recall_due_ms, core_ends_due_ms,   core_retain_due_ms,      core_certificate_due_ms,
    core_login_due_ms,   core_release_due_ms,  core_review_due_ms, core_stix_due_ms};

int64_t core_settle(struct core *core, enum base_code *out_fatal, struct base_error *err) {
  struct base_error why = {0};
  *out_fatal = BASE_OK;
  core_stages_expire(core);
  int64_t look = core_room_look(core);
  core_backups_expire(core);
  if (core->doomed_kept > 0 && !core->wrote && !core_backups_run(core))
    core_parts_reap(core);
  if (core->failed == BASE_OK && !store_alive(core->store))
    (void)core_lose(core,
                    base_fail(&why, BASE_NOT_RUNNING,
                              "%s: the database does not answer any more; the node starts again",
                              store_name(core->store)),
                    &why);
  if (core->failed == BASE_OK) {
    enum base_code code = BASE_OK;
    for (size_t i = 0; i < sizeof settling / sizeof *settling && code == BASE_OK; i++)
      code = settling[i](core, &why);
    if (code != BASE_OK)
      (void)core_lose(core, code, &why);
  }
  if (core->failed == BASE_OK && core->wrote)
    (void)core_commit(core, &why); /* core->failed tells */
  if (core->failed == BASE_DISK_FULL)
    core_room_denied(core);
  if (core->failed != BASE_OK) {
    *out_fatal = settle_lost(core, err);
    return *out_fatal == BASE_OK ? CORE_RETRY_FIRST_MS : -1;
  }
  /* After a step was taken back the keeper may have signed a head that the store does not know: it is asked again. */
  if (core->reg.size != core->reg.attested || core->reg.note.size == 0 || core_card_waits(core)) {
    /* What is committed stays; without a signed head nothing is acknowledged, and the process ends: its next start
     * attests. */
    *out_fatal = core_register_attest(core, err);
    if (*out_fatal != BASE_OK)
      return -1;
  }
  *out_fatal = core_erase_tell(core, err);
  if (*out_fatal != BASE_OK)
    return -1;
  for (struct core_reply *reply = core->replies; reply != NULL; reply = reply->next)
    if (reply->give != NULL)
      core_give_finish(core, reply);
  core_tls_look(core);
  core_peer_table_wake(core);
  core_events_settle(core);
  replies_send(core);
  int64_t due = core_soonest(core_outgoing_hand_over(core), core_witness_hand_over(core));
  for (size_t i = 0; i < sizeof due_in / sizeof *due_in; i++)
    due = core_soonest(due, due_in[i](core));
  store_tidy(core->store, core->room.level >= CORE_ROOM_LOW);
  return core_soonest(due, look);
}
