/* SPDX-License-Identifier: Apache-2.0
 * `match`: which fields hold what a cross-check looks for. spec/kind.md, "Cross-check". */
#include "wire/kind_internal.h"

const char *const wire_match_names[WIRE_MATCHES] = {
    [WIRE_MATCH_NONE] = "none",         [WIRE_MATCH_NAME] = "name",   [WIRE_MATCH_BORN] = "born",
    [WIRE_MATCH_DOCUMENT] = "document", [WIRE_MATCH_PHONE] = "phone", [WIRE_MATCH_ACCOUNT] = "account",
    [WIRE_MATCH_VEHICLE] = "vehicle",   [WIRE_MATCH_MAIL] = "mail",   [WIRE_MATCH_IDENTIFIER] = "identifier"};

static enum wire_match named(struct base_view word) {
  enum wire_match match = WIRE_MATCH_NAME;
  while (match < WIRE_MATCHES && !base_view_is(word, wire_match_names[match]))
    match++;
  return match;
}

void wire_kind_take_match(struct wire_object *object, const struct wire_kind *kind, struct wire_kind_field *field) {
  const struct wire_json *value = wire_object_take(object, "match", WIRE_JSON_TEXT, false);
  if (object->code || !value)
    return;
  enum wire_match match = named(wire_json_text(value));
  bool words = field->type == WIRE_FIELD_LINE || field->type == WIRE_FIELD_TEXT;
  if (match == WIRE_MATCHES)
    wire_object_fail(object, BASE_FIELD, "match",
                     "must be name, born, document, phone, account, vehicle, mail or identifier");
  else if (match == WIRE_MATCH_BORN ? field->type != WIRE_FIELD_DATE : !words)
    wire_object_fail(object, BASE_FIELD, "match", "%s goes with a field of type %s", wire_match_names[match],
                     match == WIRE_MATCH_BORN ? "date" : "line or text");
  else if (field->state)
    wire_object_fail(object, BASE_FIELD, "match",
                     "goes with no state field: the header outlives its content, and what is erased is found no more");
  else if (kind->lane != WIRE_LANE_ENFORCEMENT && kind->lane != WIRE_LANE_CIVIL)
    wire_object_fail(object, BASE_FIELD, "match", "is for kinds of the lanes enforcement and civil: %s",
                     kind->lane == WIRE_LANE_NONE ? "what makes law is searched for nobody"
                                                  : "nobody is searched for among those who are helped");
  else if (kind->named_readers)
    wire_object_fail(object, BASE_FIELD, "match", "is for kinds without readers: who is not named would be told who stands in a case");
  else
    field->match = match;
}

static size_t count_of(const struct wire_kind_field *fields, size_t count, enum wire_match match) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++)
    found += fields[i].match == match;
  return found;
}

void wire_kind_check_match(struct wire_object *object, const char *key, const struct wire_kind_field *fields,
                           size_t count) {
  size_t born = object->code ? 0 : count_of(fields, count, WIRE_MATCH_BORN);
  if (born > 0 && (born > 1 || count_of(fields, count, WIRE_MATCH_NAME) == 0))
    wire_object_fail(object, BASE_FIELD, key,
                     "match born goes with the match name of the same person beside it, and stands once");
}

/* A person counts twice: by the name alone, and with the day of birth. */
static size_t values_of(const struct wire_kind_field *fields, size_t count) {
  size_t values = count_of(fields, count, WIRE_MATCH_NAME) > 0;
  for (size_t i = 0; i < count; i++)
    values += fields[i].match != WIRE_MATCH_NONE && fields[i].match != WIRE_MATCH_NAME;
  return values;
}

void wire_kind_count_matches(struct wire_object *object, struct wire_kind_type *type) {
  size_t values = values_of(type->fields, type->field_count);
  for (size_t i = 0; i < type->field_count; i++)
    if (type->fields[i].type == WIRE_FIELD_TABLE)
      values += (size_t)type->fields[i].most * values_of(type->fields[i].columns, type->fields[i].column_count);
  type->matched = values > 0;
  if (!object->code && values > WIRE_KIND_MATCHES_MAX)
    wire_object_fail(object, BASE_FIELD, "fields", "%zu values of a message may have match, at most %d are allowed", values,
                     WIRE_KIND_MATCHES_MAX);
}
