/* SPDX-License-Identifier: Apache-2.0 */
#include "core/retain.h"
#include "core/agreements.h"
#include "core/cards.h"
#include "core/certified.h"
#include "core/check.h"
#include "core/clause.h"
#include "core/ends.h"
#include "core/erase.h"
#include "core/exchange.h"
#include "core/kinds.h"
#include "core/partners.h"
#include "core/recall.h"
#include "core/show.h"

/* What may be kept until a day is erased by the node itself from then on, with a leaf that says so. */

base_time core_retain_until(const struct wire_header *header) {
  struct base_view text = wire_header_state(header, "keep_until");
  base_time until = 0;
  return base_time_parse(text, &until) || base_date_parse(text, &until) ? until : 0;
}

static base_time earlier(base_time a, base_time b) {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

/* What the row says under which a partner's message came; 0: nothing. *known: there is such a row here. */
static enum base_code row_end(struct core *core, const struct base_id *id, struct base_view author, base_time received,
                              base_time *out, bool *known, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 48 << 20);
  struct core_row under;
  enum base_code code = core_clause_row(core, id, author, &arena, &under, err);
  *known = code == BASE_OK && under.row != NULL;
  *out = *known ? law_row_keeps(under.row, received) : 0;
  return code;
}

/* When this node gave its receipt for a partner's message; 0: it did not. */
static enum base_code received_at(struct core *core, const struct store_message *row, base_time *out,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_partner *author = core_partner_of(core, row->author);
  struct store_arrival arrival;
  *out = 0;
  if (author == NULL)
    return BASE_OK;
  enum base_code code = store_arrival_of(core->store, &row->id, author->row.number, &arena, &arrival, err);
  if (code == BASE_OK && arrival.answered && !arrival.refused)
    code = core_show_leaf_time(core, arrival.answer_index, out, err);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code; /* named where arrivals are checked */
}

/* What its header and the row under which it came say of a message that is here; 0: nothing. */
static enum base_code said_end(struct core *core, const struct store_message *row, const struct wire_header *header,
                               base_time *out, struct base_error *err) {
  base_time received = 0, by_row = 0;
  bool known = false;
  enum base_code code = row->ours ? BASE_OK : received_at(core, row, &received, err);
  if (code == BASE_OK && received != 0)
    code = row_end(core, &row->id, row->author, received, &by_row, &known, err);
  *out = earlier(core_retain_until(header), by_row);
  return code;
}

/* Of a message in a recall: when the one ends that this is about; 0: nothing says it, or it is not here. */
static enum base_code recalled_end(struct core *core, const struct wire_header *opening, base_time *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_id message;
  struct store_message row;
  struct wire_header header;
  base_time around = 0;
  *out = 0;
  if (!base_id_parse(wire_header_state(opening, "message"), &message))
    return BASE_OK;
  enum base_code code = store_message_header(core->store, &message, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (code == BASE_OK)
    code = said_end(core, &row, &header, out, err);
  if (code == BASE_OK)
    code = core_ends_around(core, &message, &around, err);
  if (code == BASE_OK && around <= core_now(core)) /* until then a case may go on */
    *out = earlier(*out, around);
  return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : code;
}

enum base_code core_retain_note(struct core *core, const struct core_case *kase, const struct base_id *id,
                                const struct wire_header *header, struct base_error *err) {
  base_time until = core_retain_until(header), by_row = 0;
  const struct wire_kind *kind = &kase->kind->kind;
  struct law_answer answer;
  bool known = true;
  enum base_code code = BASE_OK;
  if (kind->needs_row && !base_view_equal(header->author, core->card.origin))
    code = row_end(core, id, header->author, core_now(core), &by_row, &known, err);
  /* Its author names no row that is known here: then the one that our own law finds binds us. */
  if (code == BASE_OK && !known &&
      core_law_arrived(core, kind, kase->messages[0].header, header, 0, &answer, NULL) == BASE_OK)
    by_row = law_row_keeps(answer.row, core_now(core));
  until = earlier(until, by_row);
  if (code == BASE_OK && core_kind_recall(kase->kind)) {
    code = recalled_end(core, kase->messages[0].header, &by_row, err);
    until = earlier(until, by_row);
  }
  if (code == BASE_OK && until == 0)
    return BASE_OK;
  return code == BASE_OK ? core_retain_put(core, id, until, err) : core_lose(core, code, err);
}

enum base_code core_retain_put(struct core *core, const struct base_id *id, base_time until, struct base_error *err) {
  enum base_code code = store_retention_put(core->store, id, until, err);
  if (code != BASE_OK)
    return core_lose(core, code, err);
  if (until < core->retain_at)
    core->retain_at = until;
  return BASE_OK;
}

/* All that is in the case of such a recall. */
static enum base_code recall_until(struct core *core, const struct base_id *case_id, base_time until, struct base_error *err) {
  struct base_id ids[CORE_RETAIN_STEP];
  int64_t numbers[CORE_RETAIN_STEP] = {0}, after = 0;
  size_t count = CORE_RETAIN_STEP;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && count == CORE_RETAIN_STEP) {
    code = store_case_after(core->store, case_id, after, ids, numbers, CORE_RETAIN_STEP, &count, err);
    for (size_t i = 0; i < count && code == BASE_OK; i++)
      code = core_retain_put(core, &ids[i], until, err);
    after = count > 0 ? numbers[count - 1] : after;
  }
  return code;
}

enum base_code core_retain_recalls(struct core *core, const struct base_id *message, base_time until, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct core_mention mention;
    struct base_id named;
    code = core_mention_next(core, message, &key, &arena, &mention, err);
    if (code == BASE_OK && mention.header.opens && base_view_is(mention.header.kind, WIRE_KIND_RECALL) &&
        base_id_parse(wire_header_state(&mention.header, "message"), &named) && base_id_equal(&named, message))
      code = recall_until(core, &mention.row.id, until, err);
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* As it is written down of the message itself. */
static enum base_code noted_end(struct core *core, const struct base_id *id, base_time *out, struct base_error *err) {
  *out = 0;
  enum base_code code = store_retention_get(core->store, id, out, err);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_retain_end(struct core *core, const struct base_id *id, base_time *out, struct base_error *err) {
  base_time with_case = 0;
  enum base_code code = noted_end(core, id, out, err);
  if (code == BASE_OK)
    code = core_ends_of(core, id, &with_case, err);
  *out = earlier(*out, with_case);
  return code;
}

enum base_code core_retain_check(struct core *core, const struct store_message *row, const struct wire_header *header,
                                 struct base_error *err) {
  base_time until = 0, noted = 0, with_case = 0;
  enum base_code code = said_end(core, row, header, &until, err);
  if (code == BASE_OK)
    code = core_ends_of(core, &row->id, &with_case, err);
  if (with_case != 0 && with_case + CORE_DAY < core_now(core)) /* in a day all messages of a case are gone through */
    until = earlier(until, with_case);
  if (code != BASE_OK || until == 0 || row->state != STORE_MESSAGE_HELD)
    return code;
  code = noted_end(core, &row->id, &noted, err);
  if (code == BASE_OK && (noted == 0 || noted > until))
    core_check_found(core, CORE_SO_KEPT, core_place_message(&row->id),
                     "its content may be kept until %s, and that is not noted", base_time_format(until).text);
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code done(struct core *core, const struct base_id *id, struct base_error *err) {
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_retention_done(core->store, id, err) : code;
}

/* What says that it ends now: its header, or the row under which it came. */
static void say_why(struct core *core, const struct base_id *id, const struct wire_header *header, base_time ends,
                    struct base_buf *out) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 48 << 20);
  struct core_row under = {0};
  struct base_error none = {0};
  base_time with_case = 0;
  bool itself = core_retain_until(header) == ends;
  bool recall = !itself && base_view_is(header->kind, WIRE_KIND_RECALL);
  bool case_ended = !itself && !recall && core_ends_around(core, id, &with_case, &none) == BASE_OK && with_case == ends;
  base_buf_printf(out, "kept until %s, as %s", base_time_format(ends).text,
                  itself       ? "it says"
                  : recall     ? "what it recalls"
                  : case_ended ? "personal data of its case"
                               : "its row says");
  if (!itself && !recall && !case_ended && core_clause_row(core, id, header->author, &arena, &under, &none) == BASE_OK && under.row != NULL)
    base_buf_printf(out, ": %.*s", (int)under.clause.size, (const char *)under.clause.data);
}

/* *out_later: it has to wait, for it is still on its way. */
static enum base_code end_one(struct core *core, const struct base_id *id, base_time ends, bool *out_later,
                              struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct wire_header header;
  struct base_error why = {0};
  BASE_AUTO_BUF struct base_buf reason = {0};
  base_buf_init(&reason, 1 << 10);
  enum base_code code = store_message_header(core->store, id, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (core_damage(code)) /* register.check names it */
    return done(core, id, err);
  if (code != BASE_OK)
    return code;
  enum base_code may = core_message_dropped(&row) ? BASE_POLICY : core_erase_may(core, &row, &header, &why);
  *out_later = may == BASE_CONFLICT || may == BASE_TOO_LARGE;
  if (*out_later)
    return BASE_OK;
  if (may != BASE_OK && core_ours(may)) {
    *err = why;
    return may;
  }
  if (may == BASE_OK) {
    say_why(core, id, &header, ends, &reason);
    code = base_buf_check(&reason, "the reason", err);
  }
  if (may == BASE_OK && code == BASE_OK)
    code = core_erase_write(core, &row, (struct base_view){0}, base_buf_view(&reason), false, err);
  if (may == BASE_OK && code == BASE_OK) /* who set the end hears that it was kept */
    code = core_certificate_owe(core, &row, err);
  if (may == BASE_OK && code == BASE_OK)
    code = core_ends_erased(core, &row, ends, err);
  if (code == BASE_OK)
    code = core_retain_recalls(core, id, ends, err);
  return code == BASE_OK ? done(core, id, err) : code;
}

enum base_code core_retain_settle(struct core *core, struct base_error *err) {
  base_time now = core_now(core);
  int64_t now_ms = core_now_ms(core), again_ms = now_ms + CORE_RETAIN_AGAIN_MS;
  struct store_pair key = {.first = INT64_MIN, .second = INT64_MIN};
  enum base_code code = BASE_OK;
  if (core->retain_at > now && core->retain_again_ms > now_ms)
    return BASE_OK;
  bool rests = core->lost[0] != '\0' || core_disk_low(core, NULL);
  core->retain_at = INT64_MAX;
  core->retain_again_ms = rests ? again_ms : INT64_MAX;
  for (unsigned ended = 0; code == BASE_OK && !rests;) {
    struct base_id id;
    bool later = false;
    code = store_retention_next(core->store, &key, &id, err);
    if (code != BASE_OK)
      break;
    base_time next = key.first > now ? key.first : ended == CORE_RETAIN_STEP ? now : 0;
    if (next != 0) {
      core->retain_at = next;
      break;
    }
    code = end_one(core, &id, key.first, &later, err);
    ended += !later;
    if (later)
      core->retain_again_ms = again_ms;
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

int64_t core_retain_due_ms(const struct core *core) {
  enum { MOST_SECONDS = 3600 };
  base_time left = core->retain_at - core_now(core);
  int64_t again_ms = core->retain_again_ms - core_now_ms(core);
  int64_t due = core->retain_at == INT64_MAX ? -1 : left <= 0 ? 0 : (left < MOST_SECONDS ? left : MOST_SECONDS) * 1000;
  return core_soonest(due, core->retain_again_ms == INT64_MAX ? -1 : again_ms < 0 ? 0 : again_ms);
}
