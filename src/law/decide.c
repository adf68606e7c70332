/* SPDX-License-Identifier: Apache-2.0
 * The one question of law: may this message go to this partner now? */
#include "law/emergency.h"
#include "law/transfer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHORT_ID = 12, REASONS_MAX = 260, REASONS_SHOWN = 2 };

const char *const law_personal_names[WIRE_PERSONAL_SPECIAL + 1] = {
    [WIRE_PERSONAL_NONE] = "none", [WIRE_PERSONAL_ORDINARY] = "ordinary", [WIRE_PERSONAL_SPECIAL] = "special"};

static bool has_party(const struct law_agreement *agreement, struct base_view origin) {
  for (size_t i = 0; i < agreement->party_count; i++)
    if (base_view_equal(agreement->parties[i], origin))
      return true;
  return false;
}

static bool between(const struct law_agreement *agreement, const struct law_question *question) {
  return has_party(agreement, question->from) && has_party(agreement, question->to);
}

base_time law_agreement_until(const struct law_agreement *agreement) {
  return agreement->ends != 0 && agreement->ends < agreement->until ? agreement->ends : agreement->until;
}

enum law_standing law_standing(const struct law_agreement *agreement, const struct law_question *question) {
  if (!between(agreement, question))
    return LAW_NOT_BETWEEN;
  if (agreement->ends != 0 && question->now >= agreement->ends)
    return LAW_ENDED;
  if (agreement->disputed && !question->arrived)
    return LAW_DISPUTED;
  if (agreement->closed)
    return LAW_CLOSED;
  if (!agreement->accepted)
    return LAW_NOT_ACCEPTED;
  if (question->now < agreement->from)
    return LAW_NOT_YET;
  if (question->now >= agreement->until)
    return LAW_EXPIRED;
  return law_agreement_until(agreement) < question->period ? LAW_TOO_SHORT : LAW_IN_FORCE;
}

/* An empty list covers nothing; a question without a purpose is covered by "*" only. */
static bool covers(const struct base_view *codes, size_t count, struct base_view code) {
  for (size_t i = 0; i < count; i++)
    if ((codes[i].size == 1 && codes[i].data[0] == '*') ||
        (code.size && code.size == codes[i].size && memcmp(codes[i].data, code.data, code.size) == 0))
      return true;
  return false;
}

/* No row is about what is humanitarian and about what is not: who means the former says its kind. */
static bool kind_covers(const struct law_row *row, const struct law_question *question) {
  bool any = row->kind.size == 1 && row->kind.data[0] == '*';
  return !(any && question->apart) && covers(&row->kind, 1, question->kind);
}

static bool direction_covers(const struct law_agreement *agreement, enum law_direction direction,
                             const struct law_question *question) {
  switch (direction) {
  case LAW_FROM_PROPOSER:
    return base_view_equal(question->from, agreement->proposer);
  case LAW_TO_PROPOSER:
    return base_view_equal(question->to, agreement->proposer);
  default:
    return true;
  }
}

static bool recipient_covers(const struct law_row *row, const struct law_question *question) {
  return row->recipient.size == 0 || base_view_equal(row->recipient, question->to);
}

/* The agreements' word for a level is the messages' one. */
_Static_assert(LAW_CLEAR + 1 == (int)WIRE_CLEAR && LAW_RED + 1 == (int)WIRE_RED,
               "the levels of rows and messages differ");

static enum wire_level ceiling(const struct law_row *row) {
  return row->has_handling ? (enum wire_level)(row->handling + 1) : WIRE_RED;
}

/* What personal data leave on: the row's own basis, and only in the absence of one a derogation. */
static enum law_transfer transfer_basis(const struct law_row *row, const struct law_question *question) {
  return row->transfer != LAW_TRANSFER_NONE ? row->transfer : law_derogation(question->derogation);
}

unsigned law_row_lacks(const struct law_agreement *agreement, const struct law_row *row,
                       const struct law_question *question) {
  unsigned lacks = 0;
  lacks |= kind_covers(row, question) ? 0 : LAW_LACKS_KIND;
  lacks |= covers(row->types, row->type_count, question->type) ? 0 : LAW_LACKS_TYPE;
  lacks |= covers(row->purposes, row->purpose_count, question->purpose) ? 0 : LAW_LACKS_PURPOSE;
  lacks |= direction_covers(agreement, row->direction, question) ? 0 : LAW_LACKS_DIRECTION;
  lacks |= recipient_covers(row, question) ? 0 : LAW_LACKS_RECIPIENT;
  lacks |= question->personal <= row->personal ? 0 : LAW_LACKS_PERSONAL;
  lacks |= question->level <= ceiling(row) ? 0 : LAW_LACKS_HANDLING;
  lacks |= !question->transfer || transfer_basis(row, question) != LAW_TRANSFER_NONE ? 0 : LAW_LACKS_TRANSFER;
  return lacks;
}

/* A row in force that lacks one thing alone, of several the one with the highest ceiling; row NULL: there is none. */
struct near_miss {
  const struct law_row *row;
  const struct law_agreement *of;
};

struct near_misses {
  struct near_miss handling, transfer;
};

static void note_miss(struct near_miss *miss, const struct law_agreement *agreement, const struct law_row *row) {
  if (miss->row == NULL || ceiling(row) > ceiling(miss->row))
    *miss = (struct near_miss){row, agreement};
}

/* The first row that covers it. What the others lacked is noted on the way, so that a refusal costs no second pass. */
static const struct law_row *covering_row(const struct law_agreement *agreement, const struct law_question *question,
                                          struct near_misses *misses) {
  for (size_t i = 0; i < agreement->row_count; i++) {
    const struct law_row *row = &agreement->rows[i];
    if (!kind_covers(row, question)) /* most rows are about another kind: nothing more is asked of those */
      continue;
    unsigned lacks = law_row_lacks(agreement, row, question);
    if (lacks == 0)
      return row;
    if (lacks == LAW_LACKS_HANDLING)
      note_miss(&misses->handling, agreement, row);
    if (lacks == LAW_LACKS_TRANSFER)
      note_miss(&misses->transfer, agreement, row);
  }
  return NULL;
}

/* Whether it has the row, in force or not. */
static const struct law_row *row_of(const struct law_agreement *agreement, const struct law_question *question) {
  struct near_misses misses = {0};
  return covering_row(agreement, question, &misses);
}

/* --- why not */

struct reasons {
  char text[REASONS_MAX];
  size_t used;
};

__attribute__((format(printf, 2, 3))) static void add_reason(struct reasons *reasons, const char *format, ...) {
  va_list args;
  va_start(args, format);
  size_t room = sizeof reasons->text - reasons->used;
  int size = vsnprintf(reasons->text + reasons->used, room, format, args);
  va_end(args);
  reasons->used += (size_t)size < room ? (size_t)size : room - 1;
}

/* How near an agreement comes to permitting it: it is in force and lacks the row; it has the row and may come into
 * force; it may, without the row; the dead last: those that had permitted it, those that never did, those without the
 * row. */
static unsigned distance(const struct law_agreement *agreement, const struct law_question *question) {
  enum law_standing standing = law_standing(agreement, question);
  if (standing == LAW_IN_FORCE) /* and lacks the row, or nobody would ask */
    return 0;
  bool row = row_of(agreement, question) != NULL;
  switch (standing) {
  case LAW_TOO_SHORT:
    return row ? 0 : 2;
  case LAW_NOT_YET:
  case LAW_NOT_ACCEPTED:
    /* Not accepted, and its time is over: it will not be in force any more. */
    if (question->now < law_agreement_until(agreement))
      return row ? 1 : 2;
    return row ? 4 : 5;
  case LAW_CLOSED:
    return row ? 4 : 5;
  default:
    return row ? 3 : 5;
  }
}

/* Whether one that is so far is told after another; of those as near the one with the smaller id comes first. */
static bool told_after(const struct law_agreement *agreement, unsigned far, const struct law_agreement *other,
                       unsigned other_far) {
  return far > other_far || (far == other_far && base_id_compare(&agreement->id, &other->id) > 0);
}

/* The nearest one between both after `before` (NULL: the first). */
static const struct law_agreement *nearest_after(const struct law_agreement *before,
                                                 const struct law_question *question,
                                                 const struct law_agreement *agreements, size_t count) {
  const struct law_agreement *best = NULL;
  unsigned least = before == NULL ? 0 : distance(before, question), best_distance = 0;
  for (size_t i = 0; i < count; i++) {
    const struct law_agreement *agreement = &agreements[i];
    if (!between(agreement, question))
      continue;
    unsigned far = distance(agreement, question);
    bool later = before == NULL || told_after(agreement, far, before, least);
    if (later && (best == NULL || told_after(best, best_distance, agreement, far))) {
      best = agreement;
      best_distance = far;
    }
  }
  return best;
}

static void say_why_not(struct reasons *reasons, const struct law_agreement *agreement,
                        const struct law_question *question) {
  struct base_hex_text id = base_id_text(&agreement->id);
  bool in_force = law_standing(agreement, question) == LAW_IN_FORCE;
  const struct law_row *row = in_force ? NULL : row_of(agreement, question);
  add_reason(reasons, "; agreement %.*s…", SHORT_ID, id.text);
  if (row)
    add_reason(reasons, ", which has the row %.*s,", (int)row->id.size, (const char *)row->id.data);
  switch (law_standing(agreement, question)) {
  case LAW_ENDED:
    add_reason(reasons, " was ended on %s", base_time_format(agreement->ends).text);
    break;
  case LAW_CLOSED:
    add_reason(reasons, " %s", agreement->closed);
    break;
  case LAW_DISPUTED:
    add_reason(reasons, " is disputed: messages of its case contradict each other");
    break;
  case LAW_NOT_ACCEPTED:
    add_reason(reasons, " is not accepted by all its parties");
    break;
  case LAW_NOT_YET:
    add_reason(reasons, " is in force only from %s", base_time_format(agreement->from).text);
    break;
  case LAW_TOO_SHORT:
    add_reason(reasons, " ends on %s, before the period of the case does (%s)",
               base_time_format(law_agreement_until(agreement)).text, base_time_format(question->period).text);
    break;
  case LAW_EXPIRED:
    add_reason(reasons, " expired on %s", base_time_format(agreement->until).text);
    break;
  default:
    add_reason(reasons, " has no such row");
  }
}

static enum base_code refuse_level(const struct law_question *question, const struct near_miss *miss,
                                   struct base_error *err) {
  const struct law_row *row = miss->row;
  struct base_hex_text id = base_id_text(&miss->of->id);
  return base_fail(err, BASE_LAW,
                   "row %.*s of agreement %.*s… permits messages up to %s, and this one is %s%s: it goes under a row "
                   "with a higher ceiling, or with a lower mark if its content allows that%s",
                   (int)row->id.size, (const char *)row->id.data, SHORT_ID, id.text, wire_level_codes[ceiling(row)],
                   wire_level_codes[question->level],
                   question->level == (enum wire_level)WIRE_LEVEL_DEFAULT
                       ? " (as every message is that says nothing else in --handling)"
                       : "",
                   law_emergency_known(question->emergency)
                       ? "; an emergency lifts no ceiling of a row that covers all else: so marked it goes under that "
                         "row, at once or when a second person has released it"
                       : "");
}

/* The braces as of every row that is missing: the agreement's review reads them. */
static enum base_code refuse_transfer(const struct law_question *question, const struct near_miss *miss,
                                      struct base_error *err) {
  const struct law_row *row = miss->row;
  struct base_hex_text id = base_id_text(&miss->of->id);
  struct base_view from = wire_origin_name(question->from), to = wire_origin_name(question->to);
  bool purpose = question->purpose.size > 0;
  return base_fail(err, BASE_LAW,
                   "row %.*s of agreement %.*s… covers {kind %.*s, type %.*s%s%.*s, transfer without a basis, from %.*s to "
                   "%.*s} but names no basis (`transfer`) on which personal data may leave the area of Directive (EU) "
                   "2016/680: amend it by one of articles 36 and 37, or send with --derogation CODE --reason TEXT "
                   "where article 38 has one",
                   (int)row->id.size, (const char *)row->id.data, SHORT_ID, id.text, (int)question->kind.size,
                   (const char *)question->kind.data, (int)question->type.size, (const char *)question->type.data,
                   purpose ? ", purpose " : "", (int)question->purpose.size,
                   purpose ? (const char *)question->purpose.data : "", (int)from.size, (const char *)from.data,
                   (int)to.size, (const char *)to.data);
}

/* Why a row that says `*` does not do, where one is meant to. */
static const char *say_star(const struct law_question *question, const struct law_agreement *agreements, size_t count) {
  for (size_t i = 0; i < count && question->apart; i++)
    for (size_t row = 0; row < agreements[i].row_count && between(&agreements[i], question); row++)
      if (base_view_is(agreements[i].rows[row].kind, "*"))
        return "; a row whose kind is * is about no humanitarian kind: it has to name it";
  return "";
}

static enum base_code refuse(const struct law_question *question, const struct law_agreement *agreements, size_t count,
                             const struct near_misses *misses, struct base_error *err) {
  struct reasons reasons = {0};
  if (misses->handling.row != NULL)
    return refuse_level(question, &misses->handling, err);
  if (misses->transfer.row != NULL)
    return refuse_transfer(question, &misses->transfer, err);
  const struct law_agreement *nearest = NULL;
  size_t concerned = 0, said = 0;
  for (size_t i = 0; i < count; i++)
    concerned += between(&agreements[i], question);
  while (said < REASONS_SHOWN && (nearest = nearest_after(nearest, question, agreements, count)) != NULL) {
    say_why_not(&reasons, nearest, question);
    said++;
  }
  char more[48] = "";
  if (concerned == 0)
    (void)snprintf(more, sizeof more, "; there is no agreement between them");
  else if (said < concerned)
    (void)snprintf(more, sizeof more, "; and %zu more", concerned - said);
  struct base_view from = wire_origin_name(question->from), to = wire_origin_name(question->to);
  bool purpose = question->purpose.size > 0;
  const char *personal = question->personal == WIRE_PERSONAL_SPECIAL ? ", special personal data" : "";
  return base_fail(err, BASE_LAW, "no row {kind %.*s, type %.*s%s%.*s%s, from %.*s to %.*s} is in force%s%s%s",
                   (int)question->kind.size, (const char *)question->kind.data, (int)question->type.size,
                   (const char *)question->type.data, purpose ? ", purpose " : "", (int)question->purpose.size,
                   purpose ? (const char *)question->purpose.data : "", personal, (int)from.size,
                   (const char *)from.data, (int)to.size, (const char *)to.data, reasons.text, more,
                   say_star(question, agreements, count));
}

static void write_clause(const struct law_agreement *agreement, const struct law_row *row,
                         const struct law_question *question, struct law_answer *out) {
  struct base_hex_text id = base_id_text(&agreement->id), terms = base_id_text(&agreement->terms);
  bool first = base_id_equal(&agreement->id, &agreement->terms);
  out->transfer = question->transfer ? transfer_basis(row, question) : LAW_TRANSFER_NONE;
  (void)snprintf(out->clause, sizeof out->clause, "%s%s%s/%.*s%s%s", id.text, first ? "" : "@", first ? "" : terms.text,
                 (int)row->id.size, (const char *)row->id.data, question->transfer ? " transfer " : "",
                 law_transfer_names[out->transfer]);
  out->agreement = agreement;
  out->row = row;
}

/* The strictest counts. */
static void write_approval(const struct law_question *question, const struct law_row *row, struct law_answer *out) {
  enum law_approval least = question->release ? LAW_SUPERVISOR : LAW_OFFICER;
  out->basis = row != NULL && row->approval > least ? row->approval : least;
  bool special = question->personal == WIRE_PERSONAL_SPECIAL && out->basis < LAW_SUPERVISOR;
  out->approval = special ? LAW_SUPERVISOR : out->basis;
}

bool law_authority_is(const struct law_answer *answer, struct base_view from, struct base_view code) {
  const struct law_agreement *agreement = answer->agreement;
  for (size_t i = 0; agreement != NULL && i < agreement->authority_count; i++) {
    const struct law_authority *authority = &agreement->authorities[i];
    bool wanted = answer->row->authority.size == 0 || base_view_equal(answer->row->authority, authority->code);
    if (wanted && base_view_equal(authority->party, from) && base_view_equal(authority->code, code))
      return true;
  }
  return false;
}

/* Of the agreements that cover it the one with the smallest id, and its first row; NULL: none does, and misses are those
 * of all that are in force. */
static const struct law_row *choose(const struct law_question *question, const struct law_agreement *agreements,
                                    size_t count, const struct law_agreement **chosen, struct near_misses *misses) {
  const struct law_row *row = NULL;
  for (size_t i = 0; i < count; i++) {
    const struct law_agreement *agreement = &agreements[i];
    if (law_standing(agreement, question) != LAW_IN_FORCE ||
        (row && base_id_compare(&agreement->id, &(*chosen)->id) >= 0))
      continue;
    const struct law_row *found = covering_row(agreement, question, misses);
    if (found) {
      *chosen = agreement;
      row = found;
    }
  }
  return row;
}

/* Personal data leave on a ground that is a derogation too: essential_interests stands in article 35(2) alone, which
 * spares the prior authorisation and no basis. */
static bool emergency_serves(const struct law_question *question) {
  return !question->transfer || law_derogation(question->emergency) != LAW_TRANSFER_NONE;
}

enum base_code law_decide(const struct law_question *question, const struct law_agreement *agreements, size_t count,
                          struct law_answer *out, struct base_error *err) {
  if (question->partner_suspended) {
    struct base_view from = wire_origin_name(question->from), to = wire_origin_name(question->to);
    return base_fail(err, BASE_SUSPENDED,
                     "%.*s has suspended the exchange with %.*s: wasl partner resume %.*s lets it go on",
                     (int)from.size, (const char *)from.data, (int)to.size, (const char *)to.data, (int)to.size,
                     (const char *)to.data);
  }
  if (!question->needs_row) {
    *out = (struct law_answer){0};
    (void)snprintf(out->clause, sizeof out->clause, "%.*s", (int)question->kind.size,
                   (const char *)question->kind.data);
    write_approval(question, NULL, out);
    return BASE_OK;
  }
  if (question->period != 0 && question->now >= question->period)
    return base_fail(err, BASE_LAW,
                     "the period of this case ended on %s: extend it, if its kind has a message for that, or send one of those "
                     "that its kind allows afterwards (wasl kind show %.*s)",
                     base_time_format(question->period).text, (int)question->kind.size, (const char *)question->kind.data);
  struct law_question asked = *question;
  asked.transfer = law_transfers(question, agreements, count);
  asked.derogation = (struct base_view){0};
  const struct law_agreement *chosen = NULL;
  struct near_misses misses = {0};
  const struct law_row *row = choose(&asked, agreements, count, &chosen, &misses);
  asked.derogation = question->derogation;
  if (!row && asked.derogation.size > 0) /* a derogation only where nothing else permits it */
    row = choose(&asked, agreements, count, &chosen, &misses);
  bool emergency = !row && law_emergency_known(asked.emergency);
  /* It stands in for a row that is missing, and lifts no ceiling of one that is there: a mark, which its sender sets,
   * would be the way around the second person who must release it under that row. */
  bool stands_in = asked.emergency_went || misses.handling.row == NULL;
  if (emergency && asked.period != 0) /* what lasts is nobody's hour of need: under way it is never without a row */
    return base_fail(err, BASE_LAW,
                     "what this case is about lasts until %s, and an emergency is no legal basis for that: agree on a row that lasts as "
                     "long, or open a case of another kind for what cannot wait",
                     base_time_format(asked.period).text);
  if (emergency && emergency_serves(&asked) && stands_in) {
    (void)law_emergency_clause(asked.emergency, out->clause);
    out->agreement = NULL;
    out->row = NULL;
    out->transfer = law_derogation(asked.transfer ? asked.emergency : (struct base_view){0});
    out->approval = out->basis = LAW_OFFICER; /* it waits for nobody */
    return BASE_OK;
  }
  if (emergency && !emergency_serves(&asked))
    return base_fail(err, BASE_LAW,
                     "the ground %.*s lets no personal data leave the area of Directive (EU) 2016/680: article 35(2) "
                     "spares a prior authorisation and no basis; vital_interests and immediate_threat are one, where it "
                     "is so",
                     (int)asked.emergency.size, (const char *)asked.emergency.data);
  if (!row)
    return refuse(&asked, agreements, count, &misses, err);
  write_clause(chosen, row, &asked, out);
  write_approval(&asked, row, out);
  return BASE_OK;
}
