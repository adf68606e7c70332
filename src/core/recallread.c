/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "core/cases.h"
#include "core/clocks.h"
#include "core/recall.h"

/* The case of a recall as it stands: who recalls what, and what the party asked has said. */

void core_recall_free(struct core_recall *recall) {
  base_arena_free(&recall->arena);
}

static bool state_id(const struct wire_header *header, const char *field, struct base_id *out) {
  return base_id_parse(wire_header_state(header, field), out);
}

bool core_recall_fits(struct base_view measure, struct base_view outcome) {
  static const char *const fits[][2] = {{"erase", "erased"},
                                        {"correct", "corrected"},
                                        {"correct", "erased"},
                                        {"restrict", "restricted"},
                                        {"restrict", "erased"}};
  bool found = base_view_is(outcome, "never_held");
  for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
    found = found || (base_view_is(measure, fits[i][0]) && base_view_is(outcome, fits[i][1]));
  return found;
}

/* What the party asked has said. */
static void read_answer(const struct engine_message *message, struct core_recall *out) {
  const struct wire_header *header = message->header;
  bool done = base_view_is(header->type, "done"), keep = base_view_is(header->type, "keep");
  struct base_view told = wire_header_state(header, "below");
  if (done || keep) {
    out->answered = true;
    out->kept = keep;
    out->outcome = wire_header_state(header, keep ? "ground" : "outcome");
    out->erased = base_view_is(out->outcome, "erased");
  }
  if (base_view_is(header->type, "certificate")) {
    out->certified = true;
    out->certificate = message->id;
  }
  if (told.size > 0)
    out->told = told;
}

static struct base_view kept_view(struct core_recall *out, struct base_view view) {
  return view.size > 0 ? base_arena_copy(&out->arena, view) : (struct base_view){0};
}

/* Until when it is to be answered; 0: its clock does not run. What does not fit has stopped the clock and answered
 * nothing. */
static enum base_code read_due(struct core *core, const struct core_case *kase, struct core_recall *out,
                               struct base_error *err) {
  base_time due = INT64_MAX, look = 0;
  struct law_clock clocks[WIRE_KIND_CLOCKS_MAX];
  size_t party = 0, count = 0;
  enum base_code code = BASE_OK;
  if (!out->misfit) {
    code = core_clocks_compute(core, kase, &due, &look, err);
    out->due = due >= STORE_DUE_PAUSED ? 0 : due;
    return code;
  }
  BASE_AUTO_FREE struct law_clock_event *room = core_clocks_room(kase);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the clocks of a recall");
  while (!base_view_equal(kase->messages[0].header->parties[party], out->to))
    party++;
  code = core_clocks_of(core, kase, party, room, clocks, &count, err);
  out->due = count > 0 ? clocks[0].due : 0;
  return code;
}

/* The length of its clock from the day on which it came here, or was made: for those below, whose receipt may never come. */
static base_time read_below_due(const struct core_case *kase) {
  const struct wire_kind *kind = &kase->kind->kind;
  int64_t length = kind->clock_count > 0 ? law_clock_length(&kind->clocks[0], kase->messages[0].header) : 0;
  base_time due = 0;
  return __builtin_add_overflow(kase->row.opened, length, &due) ? INT64_MAX : due;
}

/* A recall by anybody but the author of what is recalled changes nothing here. */
static enum base_code check_right(struct core *core, struct core_recall *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct base_hex_text id = base_id_text(&out->message);
  if (out->ours)
    return BASE_OK;
  enum base_code code = store_message_header(core->store, &out->message, &arena, &row, err);
  if (code == BASE_NOT_FOUND || (code == BASE_OK && row.state != STORE_MESSAGE_HELD))
    (void)snprintf(out->without, sizeof out->without, "there is no message %s here", id.text);
  else if (code == BASE_OK && !base_view_equal(row.author, out->opener))
    (void)snprintf(out->without, sizeof out->without,
                   "message %s is not by who recalls it, but by %.*s: nothing is done about it", id.text,
                   (int)wire_origin_name(row.author).size, (const char *)wire_origin_name(row.author).data);
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

enum base_code core_recall_read(struct core *core, const struct base_id *id, struct core_recall *out,
                                struct base_error *err) {
  struct core_case *kase = NULL;
  *out = (struct core_recall){.id = *id};
  base_arena_init(&out->arena, 1 << 20);
  enum base_code code = core_case_load(core, &out->id, &kase, err);
  if (code == BASE_OK && !core_kind_recall(kase->kind))
    code = base_fail(err, BASE_KIND, "case %s is no recall; wasl recall list shows them", base_id_text(id).text);
  if (code != BASE_OK)
    return code;
  const struct wire_header *opening = kase->messages[0].header;
  out->ours = base_view_equal(opening->author, core->card.origin);
  for (size_t i = 0; i < opening->party_count && out->to.size == 0; i++)
    if (!base_view_equal(opening->parties[i], opening->author))
      out->to = opening->parties[i];
  for (size_t i = 1; i < kase->count; i++) {
    const struct engine_message *message = &kase->messages[i];
    if (message->effective && base_view_equal(message->header->author, out->to))
      read_answer(message, out);
    else if (message->effective && base_view_is(message->header->type, "withdraw"))
      out->withdrawal = message->id;
  }
  (void)state_id(opening, "message", &out->message);
  out->has_above = state_id(opening, "handed_down", &out->above);
  out->closed = base_view_is(core_case_state_name(kase), "closed");
  out->withdrawn = base_view_is(core_case_state_name(kase), WIRE_RECALL_WITHDRAWN);
  out->state = kept_view(out, core_case_state_name(kase));
  out->opener = kept_view(out, opening->author);
  out->to = kept_view(out, out->to);
  out->measure = kept_view(out, wire_header_state(opening, "measure"));
  out->ground = kept_view(out, wire_header_state(opening, "ground"));
  out->outcome = kept_view(out, out->outcome);
  out->told = kept_view(out, out->told);
  out->misfit = out->answered && !out->kept && !core_recall_fits(out->measure, out->outcome);
  out->answered = out->answered && !out->misfit;
  out->misfit = out->misfit && !out->withdrawn; /* what is asked no more need not fit */
  out->below_due = read_below_due(kase);
  bool open = !out->answered && !out->closed && !out->withdrawn;
  if (open)
    code = read_due(core, kase, out, err);
  if (code == BASE_OK && open && out->ours && out->has_above && out->due == 0)
    out->due = out->below_due; /* handed down, and not received: it becomes overdue all the same */
  if (code == BASE_OK)
    code = check_right(core, out, err);
  if (out->without[0] != '\0')
    out->due = 0; /* nobody is to do anything about it */
  return code;
}
