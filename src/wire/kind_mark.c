/* SPDX-License-Identifier: Apache-2.0
 * `mark`: the lowest level with which the messages of a kind are marked. */
#include "wire/kind_internal.h"

void wire_kind_read_mark(struct wire_kind_reader *reader) {
  struct wire_object *root = &reader->root;
  const struct wire_json *given = wire_object_take(root, "mark", WIRE_JSON_TEXT, false);
  if (root->code || !given)
    return;
  for (int level = WIRE_CLEAR; level < WIRE_LEVELS; level++)
    if (base_view_is(wire_json_text(given), wire_level_codes[level]))
      reader->kind->mark = (enum wire_level)level;
  if (reader->kind->mark == WIRE_LEVEL_NONE)
    wire_object_fail(root, BASE_FIELD, "mark", "must be clear, green, amber, amber_strict or red");
  else if (!reader->kind->named_readers) /* else whoever passes it on would go by the lower mark that its author gave it */
    wire_object_fail(root, BASE_FIELD, "mark", "goes with readers: what others may pass on keeps the mark that its author gave it");
}

enum wire_level wire_kind_level(const struct wire_kind *kind, const struct wire_marking *marking) {
  enum wire_level level = wire_marking_level(marking);
  return level < kind->mark ? kind->mark : level;
}

bool wire_kind_raises(const struct wire_kind *kind, const struct wire_marking *marking) {
  return wire_marking_level(marking) < kind->mark;
}

enum base_code wire_kind_marks(const struct wire_kind *kind, struct wire_marking *marking, struct base_error *err) {
  if (marking->level == WIRE_LEVEL_NONE)
    marking->level = kind->mark;
  if (marking->level >= kind->mark)
    return BASE_OK;
  return base_fail(err, BASE_POLICY,
                   "handling: every message of the kind %s is marked %s at least, and this one would be %s: leave the mark away, "
                   "which is %s then",
                   wire_kind_text(kind->name), wire_level_codes[kind->mark], wire_level_codes[marking->level],
                   wire_level_codes[kind->mark]);
}
