/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cases.h"
#include "core/agreements.h"
#include "core/clear.h"
#include "core/clocks.h"
#include "core/consent.h"
#include "core/ends.h"
#include "core/events.h"
#include "core/picture.h"
#include "core/lane.h"
#include "core/recall.h"
#include "core/retain.h"
#include "core/stix.h"
#include "core/review.h"

/* Cases with their computed state, cached. */

struct id_list {
  struct base_id *ids;
  size_t count, room;
};

static enum base_code collect_id(void *context, const struct store_case *row) {
  struct id_list *list = context;
  if (list->count == list->room) {
    size_t room = list->room == 0 ? 16 : 2 * list->room;
    struct base_id *grown = realloc(list->ids, room * sizeof *grown);
    if (grown == NULL)
      return BASE_MEMORY;
    list->ids = grown;
    list->room = room;
  }
  list->ids[list->count++] = row->id;
  return BASE_OK;
}

enum base_code core_case_ids(struct core *core, struct base_view kind, struct base_id **ids, size_t *count,
                             struct base_error *err) {
  struct id_list list = {0};
  enum base_code code = store_case_each(core->store, kind, 0, collect_id, &list, err);
  *ids = list.ids;
  *count = list.count;
  return code;
}

/* --- one case */

static enum base_code case_make(struct core_case *kase, const struct base_id *id, const struct core_kind *kind,
                                base_time opened, struct base_error *err) {
  kase->messages = calloc(4, sizeof *kase->messages);
  if (kase->messages == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a case");
  kase->id = *id;
  kase->kind = kind;
  kase->room = 4;
  base_arena_init(&kase->arena, CORE_CASE_ARENA);
  kase->row.id = *id;
  kase->row.kind = kind->kind.name;
  kase->row.kind_hash = kind->kind.hash;
  kase->row.opened = kase->row.changed = opened;
  kase->row.lane = kind->kind.lane;
  kase->row.due = kase->row.look = INT64_MAX; /* no clock runs before a receipt */
  return BASE_OK;
}

enum base_code core_case_begin(struct core *core, const struct base_id *id, const struct core_kind *kind,
                               base_time opened, struct core_case **out, struct base_error *err) {
  struct core_case *kase = core_case_place(core);
  enum base_code code = case_make(kase, id, kind, opened, err);
  if (code != BASE_OK)
    return code;
  core_case_keep(core, kase);
  *out = kase;
  return BASE_OK;
}

enum base_code core_case_room(const struct core_case *kase, struct base_error *err) {
  if (kase->count >= ENGINE_MESSAGES_MAX)
    return base_fail(err, BASE_POLICY, "a case holds at most %d messages: open another one", ENGINE_MESSAGES_MAX);
  if (kase->arena.used > CORE_CASE_BYTES)
    return base_fail(err, BASE_POLICY, "a case holds at most %d MiB of headers: open another one",
                     CORE_CASE_BYTES >> 20);
  return BASE_OK;
}

/* The header from its bytes, or a copy of one that was parsed before. */
static enum base_code case_append(struct core_case *kase, const struct base_id *id, struct base_view bytes,
                                  const struct wire_header *parsed, struct base_error *err) {
  if (kase->count == kase->room) {
    struct engine_message *grown = realloc(kase->messages, 2 * kase->room * sizeof *grown);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for a case");
    kase->messages = grown;
    kase->room *= 2;
  }
  struct wire_header *header = base_arena_alloc(&kase->arena, sizeof *header);
  if (header == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a case");
  enum base_code code = parsed != NULL ? wire_header_copy(parsed, &kase->arena, header, err)
                                       : wire_header_parse(bytes, &kase->arena, header, err);
  if (code == BASE_OK)
    kase->messages[kase->count++] = (struct engine_message){.id = *id, .header = header};
  return code;
}

struct case_loading {
  struct core_case *kase;
  struct base_error *err;
  size_t left_count, left_room;
  struct base_id *left_out; /* ours that nobody took, and what we wrote after them */
};

static bool follows_left_out(const struct case_loading *loading, const struct wire_header *header) {
  for (size_t i = 0; i < loading->left_count; i++)
    for (size_t k = 0; k < header->follow_count; k++)
      if (base_id_equal(&loading->left_out[i], &header->follows[k]))
        return true;
  return false;
}

static enum base_code leave_out(struct case_loading *loading, const struct base_id *id) {
  if (loading->left_count == loading->left_room) {
    size_t room = loading->left_room == 0 ? 16 : 2 * loading->left_room;
    struct base_id *grown = realloc(loading->left_out, room * sizeof *grown);
    if (grown == NULL)
      return base_fail(loading->err, BASE_MEMORY, "no memory for a case");
    loading->left_out = grown;
    loading->left_room = room;
  }
  loading->left_out[loading->left_count++] = *id;
  return BASE_OK;
}

static enum base_code load_message(void *context, const struct store_header *row) {
  struct case_loading *loading = context;
  struct core_case *kase = loading->kase;
  if (row->state == STORE_MESSAGE_PENDING || row->state == STORE_MESSAGE_DRAFT)
    return BASE_OK;
  if (row->state == STORE_MESSAGE_REFUSED)
    return leave_out(loading, &row->id);
  enum base_code code = case_append(kase, &row->id, row->header, NULL, loading->err);
  if (code != BASE_OK || !row->ours || !follows_left_out(loading, kase->messages[kase->count - 1].header))
    return code;
  kase->count--;
  return leave_out(loading, &row->id);
}

/* Damage is one thing, whatever it shows as: nothing is decided on such a case. */
static enum base_code damaged(const struct base_id *id, enum base_code code, struct base_error *err) {
  return core_damage(code)
             ? base_fail(
                   err, BASE_CORRUPT,
                   "case %s is damaged here (%.200s): decide nothing on it; run wasl register check, and compare it "
                   "with the other parties",
                   base_id_text(id).text, err->text)
             : code;
}

enum base_code core_case_look(struct core *core, const struct store_case *row, struct core_case *out,
                              struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, row->kind, &row->kind_hash);
  if (kind == NULL)
    return base_fail(err, BASE_KIND, "case %s is of a version of the kind %.*s that this node does not hold (wasl kind add)",
                     base_id_text(&row->id).text, (int)row->kind.size, (const char *)row->kind.data);
  enum base_code code = case_make(out, &row->id, kind, row->opened, err);
  if (code != BASE_OK)
    return code;
  out->row.changed = row->changed;
  out->row.due = row->due;
  out->row.look = row->look;
  out->row.lane = row->lane;
  out->row.flagged = row->flagged;
  out->row.exercise = row->exercise;
  struct case_loading loading = {.kase = out, .err = err};
  code = store_message_headers(core->store, &row->id, load_message, &loading, err);
  free(loading.left_out);
  if (code == BASE_OK)
    code = engine_compute(&kind->kind, out->messages, out->count, &out->state, err);
  return code == BASE_OK ? BASE_OK : damaged(&row->id, code, err);
}

static enum base_code case_read(struct core *core, const struct base_id *id, struct core_case **out,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_case row;
  struct base_id copy = *id; /* it may be of the case whose place is taken */
  enum base_code code = store_case_get(core->store, &copy, &arena, &row, err);
  if (code == BASE_NOT_FOUND)
    return core_clear_say_case(core, &copy, err);
  if (code != BASE_OK)
    return damaged(&copy, code, err);
  struct core_case *kase = core_case_place(core);
  code = core_case_look(core, &row, kase, err);
  if (code != BASE_OK) {
    core_case_release(kase);
    return code;
  }
  core_case_keep(core, kase);
  *out = kase;
  return BASE_OK;
}

enum base_code core_case_load(struct core *core, const struct base_id *id, struct core_case **out,
                              struct base_error *err) {
  struct core_case *kase = core_case_known(core, id);
  if (kase == NULL)
    return case_read(core, id, out, err);
  *out = kase;
  return BASE_OK;
}

struct base_view core_case_state_name(const struct core_case *kase) {
  return kase->kind->kind.states[kase->state.state];
}

const struct engine_message *core_case_message_of(const struct core_case *kase, const struct base_id *id) {
  for (size_t i = 0; i < kase->count; i++)
    if (base_id_equal(&kase->messages[i].id, id))
      return &kase->messages[i];
  return NULL;
}

static enum base_code case_save(struct core *core, struct core_case *kase, struct base_error *err) {
  base_time now = core_now(core);
  if (kase->row.changed < now) /* never decreasing, whatever the clock does */
    kase->row.changed = now;
  kase->row.state = core_case_state_name(kase);
  kase->row.opener = kase->messages[0].header->author;
  kase->row.flagged = kase->row.flagged || kase->state.flagged; /* for good: also by what only leaves tell (behind.c) */
  kase->row.message_count = kase->count;
  core_event_case(core, &kase->id);
  enum base_code code = store_case_put(core->store, &kase->row, err);
  if (code == BASE_OK)
    code = core_review_move(core, kase, err);
  if (code == BASE_OK)
    code = core_ends_move(core, kase, err);
  if (code == BASE_OK)
    code = core_clocks_touch(core, &kase->id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_case_admit(struct core *core, struct core_case *kase, const struct base_id *id,
                               const struct wire_header *header, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (kase->count == 0) {
    kase->row.exercise = header->exercise;
    code = core_lane_opened(core, &kase->kind->kind, header, &kase->row.lane, err);
  }
  core_event_message(core, id, &kase->id);
  if (code == BASE_OK)
    code = core_lane_settle(core, id, kase->row.lane, err);
  if (code == BASE_OK)
    code = case_append(kase, id, (struct base_view){0}, header, err);
  if (code == BASE_OK)
    code = engine_compute(&kase->kind->kind, kase->messages, kase->count, &kase->state, err);
  if (code == BASE_OK)
    code = core_mention_note(core, &kase->kind->kind, id, header, err);
  if (code == BASE_OK)
    code = core_retain_note(core, kase, id, header, err);
  if (code == BASE_OK)
    code = core_picture_note(core, kase, header, err);
  if (code == BASE_OK)
    code = core_stix_note(core, kase, id, err);
  if (code == BASE_OK && core_kind_recall(kase->kind))
    code = core_recall_touched(core, kase, err);
  if (code == BASE_OK && base_view_is(kase->kind->kind.name, "consent"))
    core_consent_touched(core, kase);
  if (code == BASE_OK)
    code = case_save(core, kase, err);
  if (code == BASE_OK)
    code = core_ends_admitted(core, kase, id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

struct withdrawing {
  int64_t partner;
  bool held; /* another partner holds it, or may */
};

static enum base_code withdraw_look(void *context, const struct store_delivery *row) {
  struct withdrawing *withdrawing = context;
  bool ended = row->state == STORE_ENDED || row->state == STORE_REFUSED;
  if (row->partner != withdrawing->partner && !(ended && row->voided_told))
    withdrawing->held = true;
  return BASE_OK;
}

enum base_code core_case_withdraw(struct core *core, const struct base_id *message, int64_t partner,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct withdrawing withdrawing = {.partner = partner};
  struct base_id id = *message;
  struct store_message row;
  struct core_case *kase = NULL;
  enum base_code code = store_message_get(core->store, &id, &arena, &row, err);
  if (code == BASE_OK)
    code = store_delivery_each(core->store, &id, false, 0, withdraw_look, &withdrawing, err);
  if (code == BASE_OK && (withdrawing.held || row.state != STORE_MESSAGE_HELD || base_id_equal(&row.case_id, &id)))
    return BASE_OK;
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code == BASE_OK)
    code = store_message_state_set(core->store, &id, STORE_MESSAGE_REFUSED, err);
  core_case_drop(core, &row.case_id);
  if (code == BASE_OK)
    code = core_case_load(core, &row.case_id, &kase, err);
  if (core_damage(code)) {
    base_log(BASE_LOG_ERROR, "case.damaged", "%s", err->text);
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = case_save(core, kase, err);
  if (code == BASE_OK && core_kind_agreement(&kase->kind->kind))
    code = core_agreement_refresh(core, &row.case_id, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

static enum base_code count_open(void *context, const struct store_delivery *row) {
  *(size_t *)context += row->state != STORE_ENDED && row->state != STORE_REFUSED;
  return BASE_OK;
}

enum base_code core_case_not_taken(struct core *core, const struct core_case *kase, bool *not_taken,
                                   struct base_error *err) {
  size_t open = 0;
  *not_taken = false;
  if (kase->count > 1 || !base_view_equal(kase->messages[0].header->author, core->card.origin))
    return BASE_OK;
  struct base_id id = kase->id;
  enum base_code code = store_delivery_each(core->store, &id, false, 0, count_open, &open, err);
  *not_taken = code == BASE_OK && open == 0;
  return code;
}
