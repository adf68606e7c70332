/* SPDX-License-Identifier: Apache-2.0
 * Clocks that are due at a moment, and clocks of items, as a kind may have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../shipped.h"

static const struct wire_kind_clock *clock_named(const struct shipped *shipped, const char *name) {
  size_t i = 0;
  while (!base_view_is(shipped->kind.clocks[i].name, name))
    i++;
  return &shipped->kind.clocks[i];
}

static uint64_t bit(const struct shipped *shipped, const char *type) {
  return (uint64_t)1 << (shipped_type(shipped, type) - shipped->kind.types);
}

static void reads_clocks_of_items(void **state) {
  (void)state;
  struct shipped event, roadmap;
  shipped_load(&event, "event");
  shipped_load(&roadmap, "roadmap");
  const struct wire_kind_clock *risk = clock_named(&event, "risk_analysis"), *milestone = clock_named(&roadmap, "milestone");
  assert_true(risk->at && base_view_is(risk->field, "kick_off") && risk->owes == WIRE_OWES_NOT_OWNER);
  assert_int_equal(risk->offset, -14 * 86400);
  assert_int_equal(risk->before, 7 * 86400);
  assert_int_equal(risk->least, 2 * 86400);
  assert_int_equal(risk->from, 0);
  assert_int_equal(clock_named(&event, "task")->from, bit(&event, "task_accept"));
  assert_int_equal(clock_named(&event, "task")->least, 0);
  assert_ptr_equal(risk->item, wire_kind_item_named(&event.kind, BASE_VIEW("match")));
  assert_int_equal(risk->moves, bit(&event, "match_change"));
  assert_int_equal(risk->stops, bit(&event, "risk_analysis"));
  assert_int_equal(risk->stops_all, bit(&event, "post_match") | bit(&event, "match_cancel") | bit(&event, "cancel") | bit(&event, "evaluate"));
  assert_int_equal(milestone->again, bit(&roadmap, "milestone_contest"));
  assert_int_equal(milestone->moves, 0);
  const struct wire_kind_clock *evaluation = clock_named(&event, "evaluation");
  assert_true(!evaluation->at && evaluation->item == NULL && evaluation->owes == WIRE_OWES_ASKED);
  base_arena_free(&event.arena);
  base_arena_free(&roadmap.arena);
}

static void writes_them_as_they_were_read(void **state) {
  (void)state;
  struct shipped event;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf buf = {0};
  struct wire_writer writer;
  shipped_load(&event, "event");
  wire_writer_init(&writer, &buf);
  wire_kind_write(&event.kind, NULL, &writer);
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  assert_int_equal(wire_json_parse(base_buf_view(&buf), buf.size, "kind", &json, &err), BASE_OK);
  const struct wire_json *risk = wire_json_at(wire_json_get(json, "clocks"), 1), *moment = wire_json_get(risk, "at");
  assert_true(base_view_is(wire_json_text(wire_json_get(risk, "item")), "match"));
  assert_true(base_view_is(wire_json_text(wire_json_get(risk, "owes")), "not_owner"));
  assert_int_equal(wire_json_integer(wire_json_get(moment, "offset")), -14 * 86400);
  assert_int_equal(wire_json_integer(wire_json_get(moment, "before")), 7 * 86400);
  assert_int_equal(wire_json_integer(wire_json_get(moment, "least")), 2 * 86400);
  assert_int_equal(wire_json_size(wire_json_get(risk, "stops_all")), 4);
  assert_null(wire_json_get(risk, "from"));
  const struct wire_json *task = wire_json_at(wire_json_get(json, "clocks"), 4), *from = wire_json_get(task, "from");
  assert_true(wire_json_size(from) == 1 && base_view_is(wire_json_text(wire_json_at(from, 0)), "task_accept"));
  assert_null(wire_json_get(wire_json_get(task, "at"), "least"));
  assert_null(wire_json_get(risk, "length"));
  base_arena_free(&event.arena);
}

#define TASK "\"at\": {\"field\": \"due\", \"offset\": 86400, \"before\": 172800},\n     \"owes\": \"assignee\", \"from\": [\"task_accept\"],\n     \"stops\": [\"task_refuse\""
#define AT(members) "\"at\": {" members "}, \"owes\": \"assignee\", \"stops\": [\"task_refuse\""
#define DUE(more, owes) "\"at\": {\"field\": \"due\"}, " more " \"owes\": \"" owes "\", \"stops\": [\"task_refuse\""

static void refuses_each_slip(void **state) {
  (void)state;
  static const struct {
    const char *kind, *old, *new, *says; /* says NULL: it is sound */
  } slips[] = {
      {"operation", TASK, AT("\"field\": \"due\""), NULL},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": 63072000, \"before\": 63072000"), NULL},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": -63072000"), NULL},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": 63072001"), "$.clocks[2].at.offset"},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": -63072001"), "$.clocks[2].at.offset"},
      {"operation", TASK, AT("\"field\": \"due\", \"before\": 0"), "$.clocks[2].at.before"},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": -1, \"least\": 1"), NULL},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": -1, \"least\": 63072000"), NULL},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": -1, \"least\": 63072001"), "$.clocks[2].at.least: must be from"},
      {"operation", TASK, AT("\"field\": \"due\", \"offset\": -1, \"least\": 0"), "$.clocks[2].at.least: must be from"},
      {"operation", TASK, AT("\"field\": \"due\", \"least\": 1"), "$.clocks[2].at.least: goes with an offset below 0"},
      {"operation", TASK, AT("\"offset\": 1"), "$.clocks[2].at.field"},
      {"operation", TASK, AT("\"field\": \"title\""), "$.clocks[2].at.field: must be a required state field of type date or time of task"},
      {"operation", TASK, AT("\"field\": \"nothing\""), "$.clocks[2].at.field"},
      {"operation", TASK, AT("\"field\": \"due\", \"colour\": 1"), "$.clocks[2].at.colour"},
      {"operation", TASK, DUE("\"length\": 5,", "assignee"), "$.clocks[2].length"},
      {"operation", TASK, DUE("\"soon\": 5,", "assignee"), "$.clocks[2].soon"},
      {"operation", TASK, DUE("", "nobody"), "$.clocks[2].owes"},
      {"operation", TASK, DUE("", "asked"), "$.clocks[2].owes"},
      {"operation", TASK, DUE("", "each"), NULL},
      {"operation", TASK, DUE("\"stops_all\": [\"task_report\"],", "owner"), "$.clocks[2].stops_all: goes with owes others, not_owner or each"},
      {"operation", TASK, DUE("\"again\": [\"loan_end\"],", "owner"), "$.clocks[2].again: loan_end is not about this item"},
      {"operation", TASK, DUE("\"again\": [\"extend\"],", "owner"), "$.clocks[2].again"},
      {"operation", TASK, DUE("\"again\": [\"task_refuse\"],", "owner"), "$.clocks[2]: a type either stops"},
      {"operation", TASK, DUE("\"resumes\": [\"task_accept\"],", "owner"), "$.clocks[2].pauses"},
      {"operation", TASK, DUE("\"from\": [\"task_accept\", \"task_report\"],", "each"), NULL},
      {"operation", TASK, DUE("\"from\": [\"task_refuse\"],", "owner"), "$.clocks[2]: a type either stops"},
      {"operation", TASK, DUE("\"from\": [\"task\"],", "owner"), "$.clocks[2].from: is what comes beside task"},
      {"operation", TASK, DUE("\"from\": [\"loan_accept\"],", "owner"), "$.clocks[2].from: loan_accept is not about this item"},
      {"operation", TASK, DUE("\"from\": [\"extend\"],", "owner"), "$.clocks[2].from: extend is not about this item"},
      {"operation", "\"stops\": [\"evaluate\", \"withdraw\"]", "\"stops\": [\"evaluate\"], \"from\": [\"log\"]", "$.clocks[1].item"},
      {"operation", "\"item\": \"task\", \"starts\": \"task\"", "\"item\": \"boat\", \"starts\": \"task\"", "$.clocks[2].item"},
      {"operation", "\"item\": \"task\", \"starts\": \"task\"", "\"item\": \"loan\", \"starts\": \"task\"", "$.clocks[2].starts"},
      {"operation", "\"item\": \"task\", \"starts\": \"task\"", "\"starts\": \"task\"", "$.clocks[2].owes: assignee goes with item"},
      {"operation", "\"stops\": [\"evaluate\", \"withdraw\"]", "\"stops\": [\"evaluate\"], \"again\": [\"log\"]", "$.clocks[1].item"},
      {"operation", "\"owes\": \"owner\"", "\"owes\": \"assignee\"", "$.clocks[3].owes: the item has no assignee_field"},
      {"operation", "\"owes\": \"owner\", ", "", "$.clocks[3].owes: of an item"},
      {"operation", "\"stops\": [\"loan_decline\"", "\"stops\": [\"phase_end\"", "$.clocks[3].stops: phase_end is not about this item"},
      {"operation", "\"name\": \"loan\", \"item\": \"loan\", \"starts\": \"loan\", \"at\": {\"field\": \"until\", \"before\": 86400}",
       "\"name\": \"loan\", \"item\": \"loan\", \"starts\": \"loan\", \"length\": 5", "$.clocks[3].item: goes with at"},
      {"operation", "\"starts\": \"close\", \"length\": 3628800, \"soon\": 25", "\"starts\": \"extend\", \"at\": {\"field\": \"to\"}", NULL},
      {"operation", "\"starts\": \"close\", \"length\": 3628800, \"soon\": 25",
       "\"starts\": \"extend\", \"at\": {\"field\": \"to\"}, \"resumes\": [\"close\"]", "$.clocks[1].pauses"},
      {"operation", "\"moved_by\": \"extend\"", "\"moved_by\": \"suspend\"", "$.period.from: must be a required state field"},
      {"operation", "\"moved_by\": \"extend\"", "\"moved_by\": \"propose\"", "$.period.moved_by"},
      {"operation", "\"moved_by\": \"extend\"", "\"moved_by\": \"nothing\"", "$.period.moved_by"},
      {"operation", "\"moved_by\": \"extend\",", "", NULL},
      {"operation", "\"from\": \"from\", \"to\": \"to\"", "\"from\": \"from\"", "$.period.to: missing"},
      {"operation", "\"from\": \"from\", \"to\": \"to\"", "\"from\": \"from\", \"to\": \"area\"", "$.period.to: must be a required state field"},
      {"operation", "\"from\": \"from\", \"to\": \"to\"", "\"from\": \"from\", \"to\": \"to\", \"colour\": 1", "$.period.colour"},
      {"operation", "\"after\": [\"object\"", "\"after\": [\"propose\"", "$.period.after: the type that opens the case"},
      {"operation", "\"after\": [\"object\"", "\"after\": [\"nothing\"", "$.period.after"},
      {"operation", "\"from\": [\"suspended\"], \"to\": \"active\", \"all\": true", "\"from\": [\"suspended\"], \"to\": \"active\"",
       "anew: goes with all"},
      {"operation", "\"to\": \"running\", \"all\": true", "\"to\": \"running\"", "anew: goes with all"},
      {"event", "\"owes\": \"not_owner\", \"stops\"", "\"owes\": \"others\", \"stops\"", NULL}, /* with stops_all, as each of several */
      {"event", "\"owes\": \"not_owner\", \"stops\": [\"risk_analysis\"]", "\"owes\": \"not_owner\", \"stops\": [\"match_change\"]",
       "$.clocks[1].at: a type that bears the field anew"},
      {"roadmap", "\"name\": \"measure_agree\", \"fields\": [",
       "\"name\": \"measure_agree\", \"fields\": [{\"name\": \"due\", \"type\": \"date\", \"required\": true, \"state\": true, \"example\": {\"days\": 9}},",
       "$.clocks[1].at: measure_agree moves the item once all agree"},
  };
  for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
    struct base_error err = {0};
    enum base_code code = shipped_changed(slips[i].kind, slips[i].old, slips[i].new, &err);
    if ((code == BASE_OK) != (slips[i].says == NULL) || (code != BASE_OK && !strstr(err.text, slips[i].says)))
      fail_msg("%zu: %s: %s (%s)", i, slips[i].new, err.text, base_code_name(code));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_clocks_of_items),
      cmocka_unit_test(writes_them_as_they_were_read),
      cmocka_unit_test(refuses_each_slip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
