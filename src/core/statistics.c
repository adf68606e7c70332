/* SPDX-License-Identifier: Apache-2.0
 * statistics.make: numbers from the leaves of a period, each held against what it commits to, and from the receipts
 * that the clocks of cases run from; so an auditor can make them again (spec/statistics.md). Some leaves per request,
 * as register.check does; nothing is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cases.h"
#include "core/check.h"
#include "core/clocks.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/partners.h"
#include "core/people.h"
#include "core/register.h"
#include "law/statistics.h"
#include "law/transfer.h"

enum {
  DAY = 86400,
  LEAF_ARENA = 8 << 20, /* a leaf, a header, a delivery with its receipt */
  MONTH_TEXT = 7,       /* "2026-11" */
};

/* What was asked for, and how far it is. */
struct core_statistics {
  struct law_tally tally;
  int64_t touched_ms;                                       /* monotonic: of the last request */
  base_time from, to;                                       /* leaves from <= time < to; to INT64_MAX: to the last */
  base_time at, cut;                                        /* law_asked */
  int64_t year;                                             /* to be published, 0: none */
  unsigned lanes;                                           /* what is counted: one side of the wall */
  char partner[BASE_NAME_MAX + 1], kind[WIRE_CODE_MAX + 1]; /* "" for all */
  char by[BASE_NAME_MAX + 1]; /* who began it: nobody else goes on with it */
  struct base_hash root;
  uint64_t size; /* the head: of the register when it began */
  uint64_t first, next, end;
  int64_t budget;
};

/* A leaf as it is counted. */
struct seen {
  struct core_check_leaf leaf;
  struct base_view partner; /* by name; empty when it is about none */
  char month[MONTH_TEXT + 1];
  bool has_header, draft; /* draft: the message is one that waited for a second person and never went as such */
  struct base_id case_id;
  struct wire_header header;
  struct base_view kind;
  enum wire_lane lane;
};

void core_statistics_free(struct core *core) {
  if (core->statistics == NULL)
    return;
  law_tally_free(&core->statistics->tally);
  free(core->statistics);
  core->statistics = NULL;
}

/* --- what is asked for */

static enum base_code read_date(const struct wire_json *request, const char *key, base_time *out,
                                struct base_error *err) {
  struct base_view text = core_request_text(request, key);
  if (wire_json_get(request, key) == NULL || base_date_parse(text, out))
    return BASE_OK;
  return base_fail(err, BASE_DATE, "%s: a day as YYYY-MM-DD", key);
}

static enum base_code read_name(const struct wire_json *request, const char *key, char *out, size_t room,
                                struct base_error *err) {
  struct base_view text = core_request_text(request, key);
  if (text.size >= room)
    return base_fail(err, BASE_FIELD, "%s: at most %zu octets", key, room - 1);
  if (text.size > 0)
    memcpy(out, text.data, text.size);
  out[text.size] = '\0';
  return BASE_OK;
}

/* An empty table would say that there is nothing, when only the word was wrong. */
static enum base_code check_names(struct core *core, const struct core_statistics *statistics, struct base_error *err) {
  if (statistics->partner[0] != '\0' && core_partner_named(core, base_view_text(statistics->partner)) == NULL)
    return base_fail(err, BASE_UNKNOWN_NODE, "there is no partner named %s; wasl partner list shows them",
                     statistics->partner);
  if (statistics->kind[0] != '\0' && core_kind_named(core, base_view_text(statistics->kind)) == NULL)
    return base_fail(err, BASE_KIND, "there is no kind named %s; wasl kind list shows them", statistics->kind);
  return BASE_OK;
}

static base_time year_begins(int64_t year) {
  char text[32];
  base_time time = 0;
  snprintf(text, sizeof text, "%04d-01-01", (int)year);
  (void)base_date_parse(base_view_text(text), &time);
  return time;
}

/* A whole year, all of it, as it stood a month after its end: one table and no other, whoever asks and whenever. Of two
 * that overlap, the difference would tell what is hidden in both. */
static enum base_code read_year(struct core *core, const struct wire_json *request, struct core_statistics *statistics,
                                struct base_error *err) {
  const struct wire_json *member = wire_json_get(request, "publish");
  int64_t year = wire_json_integer(member);
  if (member == NULL)
    return BASE_OK;
  if (wire_json_type(member) != WIRE_JSON_INTEGER || year < 1970 || year > 9998)
    return base_fail(err, BASE_FIELD, "publish: a year");
  if (wire_json_get(request, "from") != NULL || wire_json_get(request, "to") != NULL ||
      wire_json_get(request, "partner") != NULL || wire_json_get(request, "kind") != NULL)
    return base_fail(err, BASE_FIELD,
                     "publish: a whole year and all of it; together with a part of it, what is hidden in the one could "
                     "be computed from the other");
  if (statistics->lanes != CORE_LANES_APART && statistics->lanes != CORE_LANES_SHARED)
    return base_fail(err, BASE_FIELD,
                     "publish: enforcement and civil together (no lane), or humanitarian alone; of two tables that overlap the "
                     "difference tells what is hidden in both");
  statistics->year = year;
  statistics->from = year_begins(year);
  statistics->to = year_begins(year + 1);
  statistics->at = statistics->cut = statistics->to + (base_time)CORE_STATISTICS_CLOSED_DAYS * DAY;
  if (core_now(core) < statistics->at)
    return base_fail(err, BASE_POLICY,
                     "the year %d can be published from %s on, when its requests have ended; two tables of a year that "
                     "is not over would tell what happened in between",
                     (int)year, base_time_format(statistics->at).text);
  return BASE_OK;
}

/* The first leaf that is not before this time; their times never decrease. */
static enum base_code leaf_from(struct core *core, uint64_t size, base_time time, uint64_t *out,
                                struct base_error *err) {
  uint64_t low = 0, high = size;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    base_time then = 0;
    enum base_code code = core_show_leaf_time(core, middle, &then, err);
    if (code != BASE_OK)
      return code;
    if (then < time)
      low = middle + 1;
    else
      high = middle;
  }
  *out = low;
  return BASE_OK;
}

static enum base_code begin_with(struct core *core, const struct wire_json *request, struct core_statistics *statistics,
                                 struct base_error *err) {
  base_time last = INT64_MAX - DAY;
  statistics->at = core_now(core);
  statistics->cut = INT64_MAX;
  enum base_code code = read_date(request, "from", &statistics->from, err);
  if (code == BASE_OK)
    code = read_date(request, "to", &last, err);
  statistics->to = last + DAY; /* that day is in it */
  if (code == BASE_OK && statistics->to <= statistics->from)
    code = base_fail(err, BASE_FIELD, "to: a day before that of from");
  if (code == BASE_OK)
    code = read_name(request, "partner", statistics->partner, sizeof statistics->partner, err);
  if (code == BASE_OK)
    code = read_name(request, "kind", statistics->kind, sizeof statistics->kind, err);
  if (code == BASE_OK)
    code = check_names(core, statistics, err);
  if (code == BASE_OK)
    code = core_lane_view(core, request, &statistics->lanes, err);
  if (code == BASE_OK)
    code = read_year(core, request, statistics, err);
  if (code == BASE_OK)
    code = leaf_from(core, statistics->size, statistics->from, &statistics->first, err);
  if (code == BASE_OK)
    code = leaf_from(core, statistics->size, statistics->to, &statistics->end, err);
  statistics->next = statistics->first;
  return code;
}

static enum base_code begin(struct core *core, const struct wire_json *request, struct base_error *err) {
  struct core_statistics *statistics = core->statistics;
  if (statistics != NULL && core_now_ms(core) - statistics->touched_ms < CORE_STATISTICS_IDLE_MS)
    return base_fail(err, BASE_BUSY, "other statistics are being made, at leaf %llu: try again when they are",
                     (unsigned long long)statistics->next);
  core_statistics_free(core);
  statistics = calloc(1, sizeof *statistics);
  if (statistics == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for statistics");
  law_tally_init(&statistics->tally);
  statistics->size = core->reg.attested;
  statistics->root = core->reg.attested_root;
  memcpy(statistics->by, core_asker(core)->handle, sizeof statistics->by);
  core->statistics = statistics;
  enum base_code code = begin_with(core, request, statistics, err);
  if (code != BASE_OK)
    core_statistics_free(core);
  return code;
}

static enum base_code begin_or_go_on(struct core *core, const struct wire_json *request, struct base_error *err) {
  const struct wire_json *member = wire_json_get(request, "next");
  int64_t next = wire_json_integer(member);
  if (member != NULL && (wire_json_type(member) != WIRE_JSON_INTEGER || next < 0))
    return base_fail(err, BASE_FIELD, "next: a whole number from 0");
  if (next == 0)
    return begin(core, request, err);
  return core->statistics != NULL && core->statistics->next == (uint64_t)next &&
                 core_asker_began(core, core->statistics->by)
             ? BASE_OK
             : base_fail(err, BASE_CONFLICT, "no statistics stand at leaf %lld: begin anew, without next",
                         (long long)next);
}

/* --- one leaf */

static enum base_code count(struct core_statistics *statistics, const struct seen *seen, const char *section,
                            const char *direction, const char *measure, struct base_view detail,
                            struct base_error *err) {
  struct base_view key[LAW_COLUMNS] = {[LAW_COLUMN_SECTION] = base_view_text(section),
                                       [LAW_COLUMN_DIRECTION] = base_view_text(direction),
                                       [LAW_COLUMN_PARTNER] = seen->partner,
                                       [LAW_COLUMN_MONTH] = base_view_text(seen->month),
                                       [LAW_COLUMN_KIND] = seen->kind,
                                       [LAW_COLUMN_MEASURE] = base_view_text(measure),
                                       [LAW_COLUMN_DETAIL] = detail};
  return law_tally_add(&statistics->tally, key, 1, err);
}

static struct base_view before(struct base_view text, char mark) {
  const uint8_t *found = text.size == 0 ? NULL : memchr(text.data, mark, text.size);
  return found == NULL ? text : base_view_of(text.data, (size_t)(found - text.data));
}

/* Every leaf is one act, so all acts together are as many as there are leaves. Reasons begin with the error's name; a
 * `denied` leaf's subject is KIND/TYPE, that of an `emergency` leaf its ground. The copy that waited for a release is
 * erased whatever became of it, and tells nothing of messages. */
static enum base_code count_act(struct core_statistics *statistics, struct seen *seen, struct base_error *err) {
  enum wire_act act = seen->leaf.leaf.act;
  const struct wire_opening *opening = &seen->leaf.opening;
  struct base_view detail = {0};
  if (act == WIRE_ACT_DENIED) {
    seen->kind = before(opening->subject, '/');
    detail = opening->subject;
  } else if (act == WIRE_ACT_REFUSED || act == WIRE_ACT_FAULT) {
    detail = before(opening->reason, ':');
  } else if (act == WIRE_ACT_EMERGENCY) {
    detail = opening->subject;
  } else if (act == WIRE_ACT_ERASED && seen->draft) {
    detail = base_view_text(LAW_DETAIL_DRAFT);
  }
  return count(statistics, seen, "acts", "", wire_act_name(act), detail, err);
}

static enum base_code count_sent(struct core *core, const struct seen *seen, const struct core_partner *partner,
                                 const char **waits, struct base_error *err) {
  struct core_statistics *statistics = core->statistics;
  struct core_received received = {0};
  struct store_delivery delivery;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, LEAF_ARENA);
  enum law_transfer basis = law_clause_transfer(seen->leaf.opening.clause);
  enum base_code code = count(statistics, seen, "messages", "sent", "sent", seen->header.type, err);
  if (code == BASE_OK && basis != LAW_TRANSFER_NONE)
    code = count(statistics, seen, "messages", "sent", "transferred", base_view_text(law_transfer_names[basis]), err);
  if (code == BASE_OK)
    code = store_delivery_get(core->store, &seen->leaf.opening.message, partner->row.number, &arena, &delivery, err);
  if (code == BASE_OK)
    code = core_show_received(core, &seen->leaf.opening.message, core->card.origin, partner, &received, err);
  if (code != BASE_OK)
    return code;
  *waits = core_show_delivery_state(delivery.state);
  code = count(statistics, seen, "messages", "sent", *waits, (struct base_view){0}, err);
  if (code == BASE_OK && received.ours != 0)
    code = count(statistics, seen, "messages", "sent", "disputed", (struct base_view){0}, err);
  return code;
}

/* A clock that is started again counts where it was started last. */
static bool starts_it(const struct core_case *kase, const struct wire_kind_type *type, const struct base_id *message) {
  for (size_t i = kase->count; i-- > 0;)
    if (kase->messages[i].effective && base_view_equal(kase->messages[i].header->type, type->name))
      return base_id_equal(&kase->messages[i].id, message);
  return base_id_equal(&kase->messages[0].id, message);
}

/* Of a recall: whoever was asked has answered, and says that it is open further down. NULL: nothing is. */
static const char *open_below(const struct core *core, const struct core_case *kase, struct base_view party) {
  struct base_view told = {0};
  if (!core_kind_recall(kase->kind) || base_view_is(core_case_state_name(kase), "closed") ||
      base_view_is(core_case_state_name(kase), WIRE_RECALL_WITHDRAWN))
    return NULL;
  for (size_t i = 1; i < kase->count; i++) {
    const struct wire_header *header = kase->messages[i].header;
    struct base_view below = wire_header_state(header, "below");
    if (kase->messages[i].effective && base_view_equal(header->author, party) && below.size > 0 &&
        header->time <= core->statistics->cut)
      told = below;
  }
  return base_view_is(told, "overdue") ? "overdue" : base_view_is(told, "pending") ? "running" : NULL;
}

static enum base_code count_clocks(struct core *core, const struct seen *seen, struct core_case *kase,
                                   const char *waits, struct base_error *err) {
  struct core_statistics *statistics = core->statistics;
  const struct wire_kind *kind = &kase->kind->kind;
  bool sent = seen->leaf.leaf.act == WIRE_ACT_SENT;
  struct base_view party = sent ? seen->leaf.opening.to : core->card.origin;
  struct base_view key[LAW_COLUMNS] = {[LAW_COLUMN_DIRECTION] = sent ? BASE_VIEW("sent") : BASE_VIEW("received"),
                                       [LAW_COLUMN_PARTNER] = seen->partner,
                                       [LAW_COLUMN_MONTH] = base_view_text(seen->month),
                                       [LAW_COLUMN_KIND] = seen->kind};
  const struct core_partner *other = core_partner_of(core, sent ? party : seen->header.author);
  BASE_AUTO_FREE struct law_clock_event *events = calloc(kase->count + 1, sizeof *events);
  if (events == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the clocks of a case");
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kind->clock_count && code == BASE_OK; i++) {
    struct law_asked asked = {.kind = kind,
                              .clock = &kind->clocks[i],
                              .events = events,
                              .now = statistics->at,
                              .cut = statistics->cut,
                              .waits = waits,
                              .open = open_below(core, kase, party)};
    if (kind->clocks[i].item != NULL || !base_view_equal(kind->clocks[i].starts->name, seen->header.type) ||
        !starts_it(kase, kind->clocks[i].starts, &seen->leaf.opening.message))
      continue;
    code = core_clocks_events(core, kase, party, other, events, &asked.count, err);
    if (code == BASE_OK)
      code = law_count_request(&statistics->tally, key, &asked, err);
  }
  return code;
}

/* Of a kind that is not shipped any more nobody knows the clocks. */
static bool any_clock(struct core *core, const struct seen *seen) {
  const struct core_kind *known = core_kind_hashed(core, seen->header.kind, &seen->header.kind_hash);
  for (size_t i = 0; known != NULL && i < known->kind.clock_count; i++)
    if (known->kind.clocks[i].item == NULL && base_view_equal(known->kind.clocks[i].starts->name, seen->header.type))
      return true;
  return false;
}

/* A message that a clock runs from: the case it is in, from memory or beside it, so that nothing is pushed out. */
static enum base_code count_request(struct core *core, const struct seen *seen, const char *waits,
                                    struct base_error *err) {
  struct core_case look = {0}, *kase = core_case_known(core, &seen->case_id);
  struct store_case row;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, LEAF_ARENA);
  enum base_code code = BASE_OK;
  if (kase == NULL) {
    code = store_case_get(core->store, &seen->case_id, &arena, &row, err);
    if (code == BASE_OK)
      code = core_case_look(core, &row, &look, err);
    kase = &look;
  }
  if (code == BASE_OK) {
    core->statistics->budget -= (int64_t)kase->count;
    if (base_view_equal(kase->messages[0].header->author, seen->header.author))
      code = count_clocks(core, seen, kase, waits, err);
  }
  core_case_release(&look);
  return code;
}

static enum base_code read_header(struct core *core, struct seen *seen, struct base_arena *arena,
                                  struct base_error *err) {
  struct store_message row;
  if (!seen->leaf.opening.has_message)
    return BASE_OK;
  enum base_code code = store_message_header(core->store, &seen->leaf.opening.message, arena, &row, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK; /* one that was lost, or never came */
  if (code == BASE_OK)
    code = wire_header_parse(row.header, arena, &seen->header, err);
  seen->has_header = code == BASE_OK;
  seen->draft = row.state == STORE_MESSAGE_DRAFT;
  seen->case_id = row.case_id;
  seen->kind = seen->header.kind;
  return code;
}

static struct base_view other_of(struct core *core, const struct wire_opening *opening) {
  struct base_view us = core->card.origin;
  struct base_view other = opening->to.size > 0 && !base_view_equal(opening->to, us) ? opening->to : opening->from;
  return other.size == 0 || base_view_equal(other, us) ? (struct base_view){0} : other;
}

static bool wanted(const char *only, struct base_view name) {
  return only[0] == '\0' || base_view_is(name, only);
}

/* What is of no lane, such as the acts of the node itself, is not counted twice: it stands beside what is shared. */
static bool is_counted(const struct core_statistics *statistics, enum wire_lane lane) {
  return lane == WIRE_LANE_NONE ? (statistics->lanes & CORE_LANES_SHARED) != 0 : core_lanes_have(statistics->lanes, lane);
}

static enum base_code count_leaf(struct core *core, uint64_t index, struct base_error *err) {
  struct core_statistics *statistics = core->statistics;
  struct seen seen = {0};
  const char *waits = "";
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, LEAF_ARENA);
  enum base_code code = core_check_leaf(core, index, &arena, &seen.leaf, err);
  if (code == BASE_OK)
    code = read_header(core, &seen, &arena, err);
  if (code != BASE_OK)
    return code;
  struct base_view other = other_of(core, &seen.leaf.opening);
  seen.partner = other.size == 0 ? other : core_show_name(core, other);
  snprintf(seen.month, sizeof seen.month, "%.*s", MONTH_TEXT, base_time_format(seen.leaf.leaf.time).text);
  if (seen.leaf.leaf.act == WIRE_ACT_DENIED)
    seen.kind = before(seen.leaf.opening.subject, '/');
  bool exercise = seen.header.exercise;
  code = core_lane_of_leaf(core, seen.leaf.leaf.act, &seen.leaf.opening, &seen.lane, err);
  if (code == BASE_OK && !seen.has_header)
    code = core_exercise_of_leaf(core, seen.leaf.leaf.act, &seen.leaf.opening, &exercise, err);
  if (code != BASE_OK || exercise || !is_counted(statistics, seen.lane))
    return code;
  if (!wanted(statistics->partner, seen.partner) || !wanted(statistics->kind, seen.kind))
    return BASE_OK;
  bool sent = seen.leaf.leaf.act == WIRE_ACT_SENT, received = seen.leaf.leaf.act == WIRE_ACT_RECEIVED;
  const struct core_partner *partner = core_partner_of(core, other);
  code = count_act(statistics, &seen, err);
  if (code != BASE_OK || !seen.has_header || partner == NULL || (!sent && !received))
    return code;
  code = sent ? count_sent(core, &seen, partner, &waits, err)
              : count(statistics, &seen, "messages", "received", "received", seen.header.type, err);
  return code == BASE_OK && any_clock(core, &seen) ? count_request(core, &seen, waits, err) : code;
}

/* --- the request */

static enum base_code go_on(struct core *core, struct base_error *err) {
  struct core_statistics *statistics = core->statistics;
  struct base_error why = {0};
  enum base_code code = BASE_OK;
  statistics->budget = CORE_STATISTICS_STEP;
  core_register_ahead(core, true);
  for (; code == BASE_OK && statistics->next < statistics->end && statistics->budget > 0; statistics->budget--) {
    code = count_leaf(core, statistics->next, &why);
    statistics->next += code == BASE_OK;
  }
  core_register_ahead(core, false);
  if (code != BASE_OK && core_damage(code))
    return base_fail(err, code, "leaf %llu cannot be counted, and so no numbers are given: %s; see wasl register check",
                     (unsigned long long)statistics->next, why.text);
  return code == BASE_OK ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static void write_cells(struct wire_writer *writer, const struct law_tally *tally) {
  wire_write_key(writer, "cells");
  wire_write_array(writer);
  for (size_t i = 0; i < tally->count; i++) {
    wire_write_object(writer);
    for (size_t j = 0; j < LAW_COLUMNS; j++)
      if (tally->cells[i].key[j].size > 0)
        core_show_text(writer, law_column_names[j], tally->cells[i].key[j]);
    wire_write_key(writer, "count");
    if (tally->cells[i].hidden)
      wire_write_null(writer);
    else
      wire_write_integer(writer, (int64_t)tally->cells[i].value);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* The heads that all of it is proved under: our own, and each partner's under which his receipts are. Of a table to be
 * published whose it is, and no more: the acts shown taken from all leaves would be those that are hidden. */
static void write_heads(struct core *core, struct wire_writer *writer) {
  const struct core_statistics *statistics = core->statistics;
  wire_write_key(writer, "register");
  wire_write_object(writer);
  wire_write_member_text(writer, "origin", core->card.origin);
  if (statistics->year != 0) {
    wire_write_end(writer, '}');
    return;
  }
  wire_write_member_integer(writer, "size", (int64_t)statistics->size);
  wire_write_member_hash(writer, "root", &statistics->root);
  wire_write_member_integer(writer, "first", (int64_t)statistics->first);
  wire_write_member_integer(writer, "leaves", (int64_t)(statistics->end - statistics->first));
  wire_write_end(writer, '}');
  wire_write_key(writer, "partners");
  wire_write_array(writer);
  for (size_t i = 0; i < core->partner_count; i++) {
    const struct core_partner *partner = core->partners[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "name", partner->card.name);
    wire_write_member_text(writer, "origin", partner->card.origin);
    wire_write_member_integer(writer, "size", (int64_t)partner->row.head_size);
    wire_write_member_hash(writer, "root", &partner->row.head_root);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

static enum base_code write_done(struct core *core, struct wire_writer *writer, struct base_error *err) {
  struct core_statistics *statistics = core->statistics;
  struct law_tally published = {0};
  enum base_code code;
  law_tally_init(&published);
  if (statistics->year != 0)
    code = law_publish(&statistics->tally, &published, err);
  else
    code = law_tally_finish(&statistics->tally, err);
  core_show_time(writer, "from", statistics->from);
  core_show_time(writer, "to", statistics->to);
  core_show_time(writer, "at", statistics->at);
  wire_write_key(writer, "published");
  if (statistics->year != 0)
    wire_write_integer(writer, statistics->year);
  else
    wire_write_null(writer);
  wire_write_member_integer(writer, "least", LAW_PUBLISH_LEAST);
  write_heads(core, writer);
  write_cells(writer, statistics->year != 0 ? &published : &statistics->tally);
  law_tally_free(&published);
  return code;
}

void core_statistics_make(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  struct wire_writer writer;
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &out);
  enum base_code code = begin_or_go_on(core, request, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct core_statistics *statistics = core->statistics;
  statistics->touched_ms = core_now_ms(core);
  code = go_on(core, &err);
  bool done = code == BASE_OK && statistics->next == statistics->end;
  wire_write_object(&writer);
  wire_write_member_bool(&writer, "done", done);
  if (!done || statistics->year == 0) { /* leaves as well: how far it is, and nothing to be published */
    wire_write_member_integer(&writer, "next", (int64_t)statistics->next);
    wire_write_member_integer(&writer, "end", (int64_t)statistics->end);
  }
  if (done)
    code = write_done(core, &writer, &err);
  wire_write_end(&writer, '}');
  if (code != BASE_OK || done)
    core_statistics_free(core);
  if (code == BASE_OK)
    core_show_answer(core, token, &out);
  else
    core_reply_error(core, token, code, &err);
}
