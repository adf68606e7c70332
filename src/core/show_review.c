/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/agreements.h"
#include "core/exercise.h"
#include "core/kinds.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/register.h"
#include "core/show.h"
#include "law/transfer.h"

/* What became of an agreement's rows, told to people: read from the register, and of the lanes of the one who asks alone
 * (spec/lanes.md). The rows themselves are law, which everybody reads. */

enum { REVIEW_LEAVES = 2000 }; /* looked through by one request, so that it holds up nobody */

struct tally {
  struct base_view what;
  uint64_t count;
  base_time last;
};
struct review {
  struct core *core;
  const struct core_agreement *agreement;
  struct base_arena arena;
  size_t used_count, refused_count, emergency_count, transfer_count;
  struct tally transfers[LAW_TRANSFERS], used[REVIEW_LEAVES], refused[REVIEW_LEAVES], emergencies[REVIEW_LEAVES];
};

static enum base_code tally(struct review *review, struct tally *tallies, size_t *count, struct base_view what,
                            base_time time, struct base_error *err) {
  size_t i = 0;
  while (i < *count && !base_view_equal(tallies[i].what, what))
    i++;
  if (i == *count) {
    tallies[i] = (struct tally){.what = base_arena_copy(&review->arena, what)};
    if (tallies[i].what.data == NULL)
      return base_fail(err, BASE_MEMORY, "no memory left for a review");
    (*count)++;
  }
  tallies[i].count++;
  tallies[i].last = time > tallies[i].last ? time : tallies[i].last;
  return BASE_OK;
}

static bool party_named(const struct law_agreement *agreement, struct base_view name) {
  for (size_t i = 0; i < agreement->party_count; i++)
    if (base_view_equal(wire_origin_name(agreement->parties[i]), name))
      return true;
  return false;
}

/* "… {kind request, type ask, from rabat to paris} …": what was wanted, when this agreement could have had the row. */
static struct base_view wanted(const struct law_agreement *agreement, struct base_view reason) {
  static const char law_says[] = "no-legal-basis: ";
  const struct base_view none = {0};
  if (reason.size < sizeof law_says - 1 || memcmp(reason.data, law_says, sizeof law_says - 1) != 0)
    return none;
  const uint8_t *open = memchr(reason.data, '{', reason.size);
  const uint8_t *shut = open == NULL ? NULL : memchr(open, '}', reason.size - (size_t)(open - reason.data));
  if (shut == NULL)
    return none;
  struct base_view what = base_view_of(open + 1, (size_t)(shut - open) - 1);
  const uint8_t *from = memmem(what.data, what.size, ", from ", 7);
  const uint8_t *end = what.data + what.size;
  const uint8_t *to = from == NULL ? NULL : memmem(from, (size_t)(end - from), " to ", 4);
  if (to == NULL || !party_named(agreement, base_view_of(from + 7, (size_t)(to - from) - 7)) ||
      !party_named(agreement, base_view_of(to + 4, (size_t)(end - to) - 4)))
    return none;
  return what;
}

static bool clause_of(const struct core_agreement *agreement, struct base_view clause) {
  struct base_hex_text id = base_id_text(&agreement->id);
  size_t size = strlen(id.text);
  return clause.size > size && memcmp(clause.data, id.text, size) == 0;
}

static bool is_party(const struct law_agreement *agreement, struct base_view origin) {
  for (size_t i = 0; i < agreement->party_count; i++)
    if (base_view_equal(agreement->parties[i], origin))
      return true;
  return false;
}

/* What went between two parties without a row, on which ground: the agreement could have had the row. */
static enum base_code review_emergency(struct review *review, const struct wire_opening *opening, base_time time,
                                       struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct law_agreement *law = &review->agreement->law;
  struct store_message row;
  struct wire_header header = {0};
  char what[3 * WIRE_CODE_MAX + 2 * BASE_NAME_MAX + 64];
  if (!is_party(law, opening->from) || !is_party(law, opening->to))
    return BASE_OK;
  enum base_code code = store_message_header(review->core->store, &opening->message, &arena, &row, err);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, err);
  if (code != BASE_OK) /* one that was lost, or is damaged, which register.check says */
    return core_damage(code) ? BASE_OK : code;
  struct base_view from = wire_origin_name(opening->from), to = wire_origin_name(opening->to);
  (void)snprintf(what, sizeof what, "kind %.*s, type %.*s, ground %.*s, from %.*s to %.*s", (int)header.kind.size,
                 (const char *)header.kind.data, (int)header.type.size, (const char *)header.type.data,
                 (int)opening->subject.size, (const char *)opening->subject.data, (int)from.size,
                 (const char *)from.data, (int)to.size, (const char *)to.data);
  return tally(review, review->emergencies, &review->emergency_count, base_view_text(what), time, err);
}

/* What it was sent under, and on which basis personal data left. */
static enum base_code review_sent(struct review *review, struct base_view clause, base_time time, struct base_error *err) {
  enum law_transfer basis = law_clause_transfer(clause);
  const uint8_t *blank = memchr(clause.data, ' ', clause.size); /* before the basis, or a consent */
  struct base_view row = base_view_of(clause.data, blank != NULL ? (size_t)(blank - clause.data) : clause.size);
  enum base_code code = tally(review, review->used, &review->used_count, row, time, err);
  if (code == BASE_OK && basis != LAW_TRANSFER_NONE)
    code = tally(review, review->transfers, &review->transfer_count, base_view_text(law_transfer_names[basis]), time, err);
  return code;
}

static enum base_code review_leaf(struct review *review, uint64_t index, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct base_view entry, bytes;
  struct wire_leaf leaf;
  struct wire_opening opening;
  enum base_code code = core_register_read(review->core, index, &arena, &entry, &bytes, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(entry, &leaf, err);
  bool counts = leaf.act == WIRE_ACT_SENT || leaf.act == WIRE_ACT_DENIED || leaf.act == WIRE_ACT_EMERGENCY;
  if (code != BASE_OK || !counts || bytes.size == 0)
    return code;
  bool exercise = false;
  code = wire_opening_parse(leaf.act, bytes, &arena, &opening, err);
  if (code == BASE_OK && (leaf.act != WIRE_ACT_SENT || clause_of(review->agreement, opening.clause)))
    code = core_exercise_of_leaf(review->core, leaf.act, &opening, &exercise, err);
  if (code != BASE_OK || exercise) /* nobody needed the row for anything that happened */
    return code;
  enum wire_lane lane = WIRE_LANE_NONE;
  code = core_lane_of_leaf(review->core, leaf.act, &opening, &lane, err);
  if (code != BASE_OK || !core_lane_sees(review->core, lane))
    return code;
  if (leaf.act == WIRE_ACT_EMERGENCY)
    return review_emergency(review, &opening, leaf.time, err);
  if (leaf.act == WIRE_ACT_SENT && clause_of(review->agreement, opening.clause))
    return review_sent(review, opening.clause, leaf.time, err);
  struct base_view what =
      leaf.act == WIRE_ACT_DENIED ? wanted(&review->agreement->law, opening.reason) : (struct base_view){0};
  return what.size > 0 ? tally(review, review->refused, &review->refused_count, what, leaf.time, err) : BASE_OK;
}

static void write_tallies(struct wire_writer *writer, const char *key, const char *name, const struct tally *tallies,
                          size_t count) {
  wire_write_key(writer, key);
  wire_write_array(writer);
  for (size_t i = 0; i < count; i++) {
    wire_write_object(writer);
    core_show_text(writer, name, tallies[i].what);
    wire_write_member_integer(writer, "count", (int64_t)tallies[i].count);
    core_show_time(writer, "last", tallies[i].last);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

/* The lanes that the counts are of. */
static unsigned lanes_told(const struct core *core) {
  unsigned lanes = 0;
  for (enum wire_lane lane = 0; lane < WIRE_LANES; lane++)
    lanes |= core_lane_sees(core, lane) ? CORE_LANE_BIT(lane) : 0;
  return lanes;
}

/* Whether messages of a lane that the asker has can go under the row; `*` covers nothing humanitarian, and of which lane a kind
 * is that is not held here any more nobody knows. */
static bool is_told(const struct core *core, const struct law_row *row) {
  const struct core_kind *kind = core_kind_named(core, row->kind);
  if (base_view_is(row->kind, "*"))
    return (lanes_told(core) & CORE_LANES_SHARED) != 0;
  return kind != NULL ? core_lane_sees(core, kind->kind.lane) : lanes_told(core) == CORE_LANES_ALL;
}

static void write_untold(const struct review *review, struct wire_writer *writer) {
  const struct law_agreement *law = &review->agreement->law;
  core_lanes_write(writer, lanes_told(review->core));
  wire_write_key(writer, "untold");
  wire_write_array(writer);
  for (size_t i = 0; i < law->row_count; i++)
    if (!is_told(review->core, &law->rows[i]))
      wire_write_text(writer, law->rows[i].id);
  wire_write_end(writer, ']');
}

static void write_review(struct review *review, uint64_t next, struct wire_writer *writer) {
  const struct law_agreement *law = &review->agreement->law;
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &review->agreement->id);
  wire_write_member_id(writer, "terms", &law->terms);
  core_show_words(review->core, writer, "title", review->agreement->title);
  core_show_time(writer, "review", law->review);
  core_show_time(writer, "until", law->until);
  wire_write_key(writer, "regimes");
  wire_write_array(writer);
  for (size_t i = 0; i < law->regime_count; i++) {
    wire_write_object(writer);
    wire_write_member_text(writer, "party", core_show_name(review->core, law->regimes[i].party));
    wire_write_member_string(writer, "regime", law_regime_names[law->regimes[i].regime]);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  wire_write_key(writer, "rows");
  wire_write_array(writer);
  for (size_t i = 0; i < law->row_count; i++)
    core_show_row(review->core, writer, &law->rows[i]);
  wire_write_end(writer, ']');
  core_show_unused(review->core, writer, law, NULL);
  write_untold(review, writer);
  write_tallies(writer, "used", "clause", review->used, review->used_count);
  write_tallies(writer, "refused", "wanted", review->refused, review->refused_count);
  write_tallies(writer, "transfers", "basis", review->transfers, review->transfer_count);
  write_tallies(writer, "emergencies", "sent", review->emergencies, review->emergency_count);
  wire_write_key(writer, "next");
  if (next < review->core->reg.attested)
    wire_write_integer(writer, (int64_t)next);
  else
    wire_write_null(writer);
  wire_write_end(writer, '}');
}

static const struct core_agreement *agreement_of(const struct core *core, const struct base_id *id) {
  for (size_t i = 0; i < core->agreement_count; i++)
    if (base_id_equal(&core->agreements[i].id, id))
      return &core->agreements[i];
  return NULL;
}

enum base_code core_show_review(struct core *core, const struct wire_json *request, struct base_buf *out,
                                struct base_error *err) {
  struct base_id id;
  int64_t from = wire_json_integer(wire_json_get(request, "from"));
  enum base_code code = core_request_id(core, request, "id", "case", &id, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FREE struct review *review = calloc(1, sizeof *review);
  const struct core_agreement *agreement = agreement_of(core, &id);
  if (review == NULL)
    return base_fail(err, BASE_MEMORY, "no memory left for a review");
  if (agreement == NULL)
    return base_fail(err, BASE_KIND, "case %s is no agreement", base_id_text(&id).text);
  review->core = core;
  review->agreement = agreement;
  base_arena_init(&review->arena, 4 << 20);
  uint64_t next = from > 0 ? (uint64_t)from : 0, last = next + REVIEW_LEAVES;
  core_register_ahead(core, true);
  for (; next < last && next < core->reg.attested && code == BASE_OK; next++)
    code = review_leaf(review, next, err);
  core_register_ahead(core, false);
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  if (code == BASE_OK)
    write_review(review, next, &writer);
  base_arena_free(&review->arena);
  return code;
}
