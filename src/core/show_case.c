/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/clocks.h"
#include "core/ends.h"
#include "core/erase.h"
#include "core/lane.h"
#include "core/partners.h"
#include "core/readers.h"
#include "core/review.h"
#include "core/show.h"

/* Cases. */

/* --- clocks */

static enum base_code write_clocks(struct core *core, struct wire_writer *writer, const struct core_case *kase,
                                   struct base_error *err) {
  const struct wire_header *opening = kase->messages[0].header;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  BASE_AUTO_FREE struct law_clock_event *room = core_clocks_room(kase);
  enum base_code code = room == NULL ? base_fail(err, BASE_MEMORY, "no memory for the clocks of a case") : BASE_OK;
  wire_write_key(writer, "clocks");
  wire_write_array(writer);
  for (size_t i = 0; i < opening->party_count && code == BASE_OK; i++) {
    size_t count = 0;
    code = core_clocks_of(core, kase, i, room, clocks, &count, err);
    bool ours = base_view_equal(opening->parties[i], core->card.origin);
    const struct core_partner *other = core_partner_of(core, ours ? opening->author : opening->parties[i]);
    for (size_t j = 0; j < count && code == BASE_OK; j++)
      core_show_clock(core, writer, opening->parties[i], other, &clocks[j]);
  }
  wire_write_end(writer, ']');
  return code;
}

/* Where each asked party stands, in a kind whose parties answer each for itself. */
static void write_standing(struct core *core, struct wire_writer *writer, const struct core_case *kase) {
  const struct wire_header *opening = kase->messages[0].header;
  wire_write_key(writer, "standing");
  wire_write_array(writer);
  for (size_t i = 0; i < opening->party_count && kase->kind->kind.together_count > 0; i++) {
    if (base_view_equal(opening->parties[i], opening->author))
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "party", core_show_name(core, opening->parties[i]));
    wire_write_member_text(writer, "state", kase->kind->kind.states[kase->state.standing[i]]);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
}

struct telling {
  struct core *core;
  struct wire_writer *writer;
  const struct core_case *kase;
  struct base_error *err;
};

static enum base_code write_alarm(void *context, const struct store_alarm *told) {
  const struct telling *telling = context;
  struct wire_writer *writer = telling->writer;
  const struct wire_header *opening = telling->kase->messages[0].header;
  const struct wire_kind *kind = &telling->kase->kind->kind;
  base_time at = 0;
  if (told->party >= opening->party_count || told->clock >= kind->clock_count)
    return BASE_OK;
  enum base_code code = core_show_leaf_time(telling->core, told->leaf, &at, telling->err);
  wire_write_object(writer);
  wire_write_member_text(writer, "clock", kind->clocks[told->clock].name);
  if (told->of_item)
    wire_write_member_id(writer, "item", &told->item);
  wire_write_member_text(writer, "party", core_show_name(telling->core, opening->parties[told->party]));
  wire_write_member_string(writer, "what", told->level == STORE_ALARM_OVERDUE ? "overdue" : "soon");
  core_show_time(writer, "due", told->due);
  core_show_time(writer, "told", at);
  wire_write_member_integer(writer, "leaf", (int64_t)told->leaf);
  wire_write_end(writer, '}');
  return code;
}

/* What the node told of its deadlines, each once: as leaves of the register. */
static enum base_code write_alarms(struct core *core, struct wire_writer *writer, const struct core_case *kase,
                                   struct base_error *err) {
  struct store_alarm told[STORE_ALARMS_MAX];
  struct telling telling = {core, writer, kase, err};
  size_t count = 0;
  enum base_code code = store_alarms(core->store, &kase->id, told, &count, err);
  wire_write_key(writer, "alarms");
  wire_write_array(writer);
  for (size_t i = 0; i < count && code == BASE_OK; i++)
    code = write_alarm(&telling, &told[i]);
  if (code == BASE_OK)
    code = store_alarm_each_item(core->store, &kase->id, write_alarm, &telling, err);
  wire_write_end(writer, ']');
  return code;
}

/* --- a case */

struct showing {
  struct core *core;
  bool bare, by_deadline;
  struct wire_writer *writer;
  struct base_error *err;
};

static enum base_code show_unadmitted(void *context, const struct store_message *row) {
  struct showing *showing = context;
  struct base_id id = row->id;
  /* What was held for release and is decided on is here as it went, or not at all. */
  bool decided = row->state == STORE_MESSAGE_DRAFT && core_message_dropped(row);
  return row->state == STORE_MESSAGE_HELD || decided
             ? BASE_OK
             : core_show_case_message(showing->core, showing->writer, showing->bare, &id, NULL, showing->err);
}

static void write_possible(struct core *core, struct wire_writer *writer, const struct core_case *kase) {
  const struct wire_kind *kind = &kase->kind->kind;
  wire_write_key(writer, "possible");
  wire_write_array(writer);
  for (size_t i = 0; i < kind->type_count; i++)
    if (engine_allows(kind, kase->messages, kase->count, &kase->state, core->card.origin, core_now(core),
                      &kind->types[i], NULL) == BASE_OK)
      wire_write_text(writer, kind->types[i].name);
  wire_write_end(writer, ']');
}

enum base_code core_show_case(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  struct base_id id;
  struct core_case *kase = NULL;
  struct wire_writer writer;
  bool bare = core_show_bare(request);
  wire_writer_init(&writer, out);
  enum base_code code = core_request_id(core, request, "id", "case", &id, err);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, err);
  if (code == BASE_OK && !bare)
    code = core_readers_open(core, &id, core_show_act(request) == WIRE_ACT_EXPORTED, err);
  if (code != BASE_OK)
    return code;
  const struct wire_header *opening = kase->messages[0].header;
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  core_show_kind_of(core, &writer, kase->kind->kind.name, &kase->kind->kind.hash);
  wire_write_member_bool(&writer, "exercise", opening->exercise);
  bool not_taken = false;
  code = core_case_not_taken(core, kase, &not_taken, err);
  if (code != BASE_OK)
    return code;
  wire_write_member_text(&writer, "state", not_taken ? BASE_VIEW("not_taken") : core_case_state_name(kase));
  wire_write_member_bool(&writer, "flagged", kase->row.flagged || kase->state.flagged);
  wire_write_member_id(&writer, "made_by", &kase->state.by);
  core_show_names(&writer, core, "parties", opening->parties, opening->party_count);
  if (kase->state.period.to != 0) {
    core_show_time(&writer, "from", kase->state.period.from);
    core_show_time(&writer, "to", kase->state.period.to);
  }
  write_standing(core, &writer, kase);
  write_possible(core, &writer, kase);
  core_show_lacks(core, &writer, kase, ENGINE_NO_ITEM);
  wire_write_key(&writer, "items");
  code = core_show_items(core, &writer, kase, err);
  if (code == BASE_OK)
    code = write_clocks(core, &writer, kase, err);
  if (code == BASE_OK)
    code = write_alarms(core, &writer, kase, err);
  if (code == BASE_OK)
    code = core_review_show(core, &writer, &id, err);
  if (code == BASE_OK)
    code = core_ends_show(core, &writer, &id, err);
  wire_write_key(&writer, "messages");
  wire_write_array(&writer);
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++)
    code = core_show_case_message(core, &writer, bare, &kase->messages[i].id, &kase->messages[i], err);
  struct showing showing = {.core = core, .bare = bare, .writer = &writer, .err = err};
  if (code == BASE_OK)
    code = store_message_each(core->store, &id, show_unadmitted, &showing, err);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return code;
}

/* --- the list of cases */

/* The case of a row for the list: from the cache when it is there, else beside it, so that a long list pushes nothing
 * out. Of a case with very many messages only the one that opens it is read. NULL in *out: without clocks. */
static enum base_code case_listed(struct core *core, const struct store_case *row, struct core_case *look,
                                  struct core_case **out, struct base_error *err) {
  *out = core_case_known(core, &row->id);
  if (*out != NULL || row->message_count > CORE_LIST_MESSAGES)
    return BASE_OK;
  enum base_code code = core_case_look(core, row, look, err);
  *out = code == BASE_OK ? look : NULL;
  return code;
}

static enum base_code write_parties(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                    const struct core_case *kase, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message opening;
  struct wire_header header;
  const struct wire_header *shown = kase != NULL ? kase->messages[0].header : &header;
  enum base_code code = BASE_OK;
  if (kase == NULL) {
    code = store_message_header(core->store, id, &arena, &opening, err);
    if (code == BASE_OK)
      code = wire_header_parse(opening.header, &arena, &header, err);
  }
  if (code == BASE_OK)
    core_show_names(writer, core, "parties", shown->parties, shown->party_count);
  return code;
}

/* Where the list goes on behind this case: by what it was when it was told, so that no page is torn by a clock that
 * moves meanwhile. */
static void write_cursor(struct wire_writer *writer, const struct store_case *row) {
  char text[24 + BASE_HEX_ID];
  snprintf(text, sizeof text, "%lld-%s", (long long)row->due, base_id_text(&row->id).text);
  wire_write_member_string(writer, "cursor", text);
}

static enum base_code list_case(void *context, const struct store_case *row) {
  struct showing *showing = context;
  struct wire_writer *writer = showing->writer;
  struct core_case look = {0}, *kase = NULL;
  struct base_error why = {0};
  enum base_code code = case_listed(showing->core, row, &look, &kase, &why);
  bool damaged = code != BASE_KIND && core_damage(code), not_taken = false;
  if (code == BASE_OK && kase != NULL)
    code = core_case_not_taken(showing->core, kase, &not_taken, &why);
  if (damaged)
    base_log(BASE_LOG_ERROR, "case.damaged", "%s", why.text);
  wire_write_object(writer);
  wire_write_member_id(writer, "id", &row->id);
  core_show_kind_of(showing->core, writer, row->kind, &row->kind_hash);
  wire_write_member_bool(writer, "exercise", row->exercise);
  wire_write_member_text(writer, "state",
                         damaged     ? BASE_VIEW("unknown")
                         : not_taken ? BASE_VIEW("not_taken")
                                     : row->state);
  wire_write_member_bool(writer, "flagged", row->flagged);
  core_show_time(writer, "opened", row->opened);
  core_show_time(writer, "changed", row->changed);
  wire_write_member_integer(writer, "messages", (int64_t)row->message_count);
  core_show_time(writer, "due", row->due);
  wire_write_member_bool(writer, "overdue", row->due > 0 && row->due < core_now(showing->core));
  if (showing->by_deadline)
    write_cursor(writer, row);
  if (damaged)
    core_show_text(writer, "damaged", base_view_text(why.text));
  /* One of a kind that is not shipped any more is listed with what its row says. */
  if (code == BASE_OK)
    code = write_parties(showing->core, writer, &row->id, kase, &why);
  if (code == BASE_OK && kase != NULL)
    code = write_clocks(showing->core, writer, kase, &why);
  wire_write_end(writer, '}');
  core_case_release(&look);
  if (code != BASE_OK && !core_damage(code))
    return base_fail(showing->err, code, "%s", why.text);
  return base_buf_check(writer->out, "the list, which takes a limit,", showing->err);
}

/* Cases of a kind that is not shipped any more are listed all the same. */
static enum base_code any_case(void *context, const struct store_case *row) {
  (void)row;
  *(bool *)context = true;
  return BASE_OK;
}

/* An empty list would say that there are no such cases, when only the word was wrong. */
static enum base_code known_kind(struct core *core, struct base_view kind, struct base_error *err) {
  bool held = core_kind_named(core, kind) != NULL;
  enum base_code code = held ? BASE_OK : store_case_each(core->store, kind, 1, any_case, &held, err);
  return code != BASE_OK || held ? code : core_kind_none(kind, err);
}

/* --- by deadline */

static bool known_state(struct core *core, struct base_view kind, struct base_view state) {
  for (size_t i = 0; i < core->kind_count; i++) {
    const struct wire_kind *held = &core->kinds[i]->kind;
    if ((kind.size == 0 || base_view_equal(kind, held->name)) && wire_kind_state_named(held, state) < held->state_count)
      return true;
  }
  return false;
}

/* "DUE-ID", as a row's `cursor` has it. */
static enum base_code read_cursor(struct base_view text, base_time *due, struct base_id *id, struct base_error *err) {
  uint64_t number = 0;
  const uint8_t *dash = text.size > 0 ? memchr(text.data, '-', text.size) : NULL;
  size_t size = dash == NULL ? 0 : (size_t)(dash - text.data);
  if (dash == NULL || !base_decimal_parse(base_view_of(text.data, size), &number) || number > INT64_MAX ||
      !base_id_parse(base_view_of(dash + 1, text.size - size - 1), id))
    return base_fail(err, BASE_FIELD, "after: not a cursor of a case list; take that of the last case that was listed");
  *due = (base_time)number;
  return BASE_OK;
}

static enum base_code list_by_deadline(struct showing *showing, const struct wire_json *request,
                                       struct store_case_filter filter, struct base_error *err) {
  uint64_t limit = 0;
  struct core *core = showing->core;
  struct base_view cursor = core_request_text(request, "after");
  struct base_id after;
  base_time due = INT64_MIN;
  if (filter.state.size > 0 && !known_state(core, filter.kind, filter.state))
    return base_fail(err, BASE_FIELD,
                     "state: no kind that is asked for has %.*s; wasl kind show KIND lists those there are",
                     (int)filter.state.size, (const char *)filter.state.data);
  enum base_code code = core_show_page(request, CORE_LIST_PAGE, INT64_MAX, &limit, err);
  if (code == BASE_OK && cursor.size > 0)
    code = read_cursor(cursor, &due, &after, err);
  showing->by_deadline = true;
  if (code == BASE_OK)
    code = store_case_each_due(core->store, &filter, due, cursor.size == 0 ? NULL : &after, limit, list_case, showing,
                               err);
  return code == BASE_NOT_FOUND ? base_fail(err, BASE_FIELD, "after: there is no such case here") : code;
}

/* One side of the wall; of the other, not even how many there are. And what is real, or exercises: nobody reads one for the
 * other. */
static enum base_code read_filter(struct core *core, const struct wire_json *request, struct store_case_filter *out,
                                  struct base_error *err) {
  unsigned lanes = 0;
  enum base_code code = core_lane_view(core, request, &lanes, err);
  *out = (struct store_case_filter){.kind = core_request_text(request, "kind"),
                                    .state = core_request_text(request, "state"),
                                    .apart = (lanes & CORE_LANES_APART) != 0,
                                    .without = -1,
                                    .unknown = core_lane_sees(core, WIRE_LANE_UNKNOWN),
                                    .exercise = wire_json_true(wire_json_get(request, "exercise"))};
  for (int lane = WIRE_LANE_ENFORCEMENT; lane < WIRE_LANES && !out->apart; lane++)
    if (lane != WIRE_LANE_HUMANITARIAN && !core_lanes_have(lanes, (enum wire_lane)lane))
      out->without = lane;
  return code;
}

enum base_code core_show_case_list(struct core *core, const struct wire_json *request, struct base_buf *out,
                                   struct base_error *err) {
  uint64_t limit = 0;
  struct wire_writer writer;
  struct showing showing = {.core = core, .writer = &writer, .err = err};
  wire_writer_init(&writer, out);
  struct store_case_filter filter = {0};
  enum base_code code = core_show_limit(request, &limit, err);
  if (code == BASE_OK)
    code = read_filter(core, request, &filter, err);
  struct base_view kind = filter.kind, by = core_request_text(request, "by");
  wire_write_array(&writer);
  if (code == BASE_OK && kind.size > 0)
    code = known_kind(core, kind, err);
  if (code == BASE_OK && base_view_is(by, "deadline"))
    code = list_by_deadline(&showing, request, filter, err);
  else if (code == BASE_OK && by.size > 0)
    code = base_fail(err, BASE_FIELD, "by: deadline, or nothing for the last changed first");
  else if (code == BASE_OK &&
           (core_request_text(request, "after").size > 0 || core_request_text(request, "state").size > 0))
    code = base_fail(err, BASE_FIELD, "after and state go with by=deadline");
  else if (code == BASE_OK)
    code = store_case_list(core->store, &filter, limit, list_case, &showing, err);
  wire_write_end(&writer, ']');
  return code;
}
