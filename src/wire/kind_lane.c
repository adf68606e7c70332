/* SPDX-License-Identifier: Apache-2.0
 * `lane`: on which side of the wall a kind stands. `readers`: whether its content is for named persons alone. */
#include "wire/kind_internal.h"

#include <string.h>

const char *const wire_lane_names[WIRE_LANES] = {
    [WIRE_LANE_ENFORCEMENT] = "enforcement", [WIRE_LANE_HUMANITARIAN] = "humanitarian", [WIRE_LANE_CIVIL] = "civil"};

bool wire_lane_named(struct base_view name, enum wire_lane *out) {
  for (int i = 0; i < WIRE_LANES; i++)
    if (base_view_is(name, wire_lane_names[i])) {
      *out = (enum wire_lane)i;
      return true;
    }
  return false;
}

bool wire_lanes_apart(enum wire_lane a, enum wire_lane b) {
  bool unknown = a == WIRE_LANE_UNKNOWN || b == WIRE_LANE_UNKNOWN;
  return a != WIRE_LANE_NONE && b != WIRE_LANE_NONE &&
         (unknown || (a == WIRE_LANE_HUMANITARIAN) != (b == WIRE_LANE_HUMANITARIAN));
}

void wire_kind_read_lane(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  const struct wire_json *given = wire_object_take(root, "lane", WIRE_JSON_TEXT, false);
  reader->kind->lane = reader->kind->needs_row ? WIRE_LANE_ENFORCEMENT : WIRE_LANE_NONE;
  if (root->code || !given)
    return;
  if (!reader->kind->needs_row)
    wire_object_fail(root, BASE_FIELD, "lane", "goes with needs_row true: what makes law is of no lane");
  else if (!wire_lane_named(wire_json_text(given), &reader->kind->lane))
    wire_object_fail(root, BASE_FIELD, "lane", "must be enforcement, humanitarian or civil");
}

void wire_kind_read_readers(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  const struct wire_json *given = wire_object_take(root, "readers", WIRE_JSON_TEXT, false);
  if (root->code || !given)
    return;
  reader->kind->named_readers = base_view_is(wire_json_text(given), "named");
  if (!reader->kind->named_readers)
    wire_object_fail(root, BASE_FIELD, "readers", "must be named, or left out");
  else if (!reader->kind->needs_row)
    wire_object_fail(root, BASE_FIELD, "readers", "goes with needs_row true: what makes law is for everybody to read");
  else if (wire_json_get(root->json, "picture") != NULL)
    wire_object_fail(root, BASE_FIELD, "readers", "goes without picture: what is for named persons is not counted for others");
  else if (wire_json_get(root->json, "feeds") != NULL)
    wire_object_fail(root, BASE_FIELD, "readers", "goes without feeds: what is for named persons goes on into no other case");
}
