/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cases.h"
#include "core/crosscheck.h"
#include "core/kinds.h"
#include "core/lane.h"
#include "core/people.h"
#include "core/register.h"

/* Which other cases here hold the same person, document, number …: case, kind, partner, day and field, and no content. Each is
 * a search, so a leaf with who asked and why. */

struct value { /* of the case */
  struct store_match_token token;
  struct base_id message;
  uint32_t place;
  bool born; /* a name: its day of birth is known, too */
};

struct hit {
  struct base_id message, case_id;
  uint32_t place;
};

struct crosscheck {
  struct core *core;
  struct wire_writer *writer;
  const struct core_case *kase;
  size_t value_count, unsought; /* looked for; left out */
  struct value values[CORE_CROSSCHECK_VALUES];
  const struct value *value; /* that is looked for now */
  size_t hit_count, case_count, seen; /* seen: rows of this value */
  bool more;
  struct hit hits[CORE_CROSSCHECK_HITS];
  struct base_error *err;
};

enum { SORT = 15 };

static uint32_t with_sort(uint32_t place, enum wire_match sort) {
  return (place & ~(uint32_t)SORT) | sort;
}

/* --- the values of the case */

struct message_values {
  struct crosscheck *crosscheck;
  const struct base_id *message;
};

/* A value that several messages of the case hold is looked for once. */
static enum base_code add_value(void *context, const struct store_match_token *token, uint32_t place) {
  struct message_values *values = context;
  struct crosscheck *crosscheck = values->crosscheck;
  for (size_t i = 0; i < crosscheck->value_count; i++) {
    struct value *before = &crosscheck->values[i];
    if (memcmp(before->token.bytes, token->bytes, sizeof token->bytes) == 0) {
      before->message = *values->message;
      before->place = place;
      return BASE_OK;
    }
    if ((place & SORT) == WIRE_MATCH_BORN && before->place == with_sort(place, WIRE_MATCH_NAME) &&
        base_id_equal(&before->message, values->message))
      before->born = true; /* in the order of places the name of the same row stands before */
  }
  if (crosscheck->value_count == CORE_CROSSCHECK_VALUES) {
    crosscheck->unsought++;
    return BASE_OK;
  }
  crosscheck->values[crosscheck->value_count++] =
      (struct value){.token = *token, .message = *values->message, .place = place};
  return BASE_OK;
}

static enum base_code gather(struct crosscheck *crosscheck) {
  const struct core_case *kase = crosscheck->kase;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kase->count && code == BASE_OK; i++) {
    struct message_values values = {crosscheck, &kase->messages[i].id};
    code = store_match_of(crosscheck->core->store, values.message, add_value, &values, crosscheck->err);
  }
  return code;
}

/* --- what else has them */

static void write_place(struct wire_writer *writer, const struct core_kind *kind, struct base_view type, uint32_t place) {
  const struct wire_kind_type *form = kind != NULL ? wire_kind_type_named(&kind->kind, type) : NULL;
  size_t at = place >> 12;
  const struct wire_kind_field *field = form != NULL && at < form->field_count ? &form->fields[at] : NULL;
  wire_write_member_text(writer, "type", type);
  wire_write_member_text(writer, "field", field != NULL ? field->name : (struct base_view){0});
  wire_write_key(writer, "row");
  if (field != NULL && field->type == WIRE_FIELD_TABLE)
    wire_write_integer(writer, (place >> 4 & 0xFF) + 1);
  else
    wire_write_null(writer);
}

static struct base_view type_of(const struct crosscheck *crosscheck, const struct base_id *message) {
  const struct engine_message *found = core_case_message_of(crosscheck->kase, message);
  return found != NULL ? found->header->type : (struct base_view){0};
}

static void write_hit(struct crosscheck *crosscheck, const struct store_match *match, const char *born) {
  struct core *core = crosscheck->core;
  struct wire_writer *writer = crosscheck->writer;
  const struct value *value = crosscheck->value;
  wire_write_object(writer);
  wire_write_member_id(writer, "case", &match->case_id);
  core_show_kind_of(core, writer, match->kind, &match->kind_hash);
  wire_write_member_text(writer, "state", match->state);
  wire_write_member_id(writer, "message", &match->message);
  write_place(writer, core_kind_hashed(core, match->kind, &match->kind_hash), match->type, match->place);
  wire_write_member_text(writer, "by", core_show_name(core, match->author));
  core_show_time(writer, "stored", match->stored);
  enum wire_match sort = (enum wire_match)(value->place & SORT);
  wire_write_member_string(writer, "sort", wire_match_names[sort == WIRE_MATCH_BORN ? WIRE_MATCH_NAME : sort]);
  wire_write_key(writer, "born");
  if (born != NULL)
    wire_write_string(writer, born);
  else
    wire_write_null(writer);
  wire_write_key(writer, "same");
  wire_write_object(writer);
  wire_write_member_id(writer, "message", &value->message);
  write_place(writer, crosscheck->kase->kind, type_of(crosscheck, &value->message), value->place);
  wire_write_end(writer, '}');
  wire_write_end(writer, '}');
}

/* Two values of the same sort, of persons by their names alone: whether both are born on the same day. told: by the name and
 * that day it was told already. */
static enum base_code look_at_born(struct crosscheck *crosscheck, const struct store_match *match, const char **born,
                                   bool *told) {
  bool there = false;
  enum wire_match sort = (enum wire_match)(crosscheck->value->place & SORT);
  uint32_t place = with_sort(match->place, WIRE_MATCH_BORN);
  *born = sort == WIRE_MATCH_BORN ? "same" : sort == WIRE_MATCH_NAME ? "unknown" : NULL;
  if (sort != WIRE_MATCH_NAME || !crosscheck->value->born)
    return BASE_OK;
  for (size_t i = 0; i < crosscheck->hit_count && !*told; i++)
    *told = crosscheck->hits[i].place == place && base_id_equal(&crosscheck->hits[i].message, &match->message);
  enum base_code code =
      store_match_there(crosscheck->core->store, &match->message, place, &there, crosscheck->err);
  *born = there ? "other" : *born;
  return code;
}

static enum base_code add_hit(void *context, const struct store_match *match) {
  struct crosscheck *crosscheck = context;
  const char *born = NULL;
  bool told = false, known = false;
  crosscheck->seen++;
  if ((match->place & SORT) != (crosscheck->value->place & SORT))
    return BASE_OK; /* not of this sort, whatever the row says */
  enum base_code code = look_at_born(crosscheck, match, &born, &told);
  if (code != BASE_OK || told)
    return code;
  if (crosscheck->hit_count == CORE_CROSSCHECK_HITS) {
    crosscheck->more = true;
    return BASE_OK;
  }
  for (size_t i = 0; i < crosscheck->hit_count && !known; i++)
    known = base_id_equal(&crosscheck->hits[i].case_id, &match->case_id);
  crosscheck->case_count += !known;
  crosscheck->hits[crosscheck->hit_count++] = (struct hit){match->message, match->case_id, match->place};
  write_hit(crosscheck, match, born);
  return BASE_OK;
}

/* From the last value to the first: name and day of birth stand behind the name alone, and say more. */
static enum base_code look(struct crosscheck *crosscheck) {
  struct core *core = crosscheck->core;
  enum { MOST = CORE_CROSSCHECK_HITS + 1 };
  int hidden = !core_lane_sees(core, WIRE_LANE_ENFORCEMENT) ? WIRE_LANE_ENFORCEMENT
               : !core_lane_sees(core, WIRE_LANE_CIVIL)     ? WIRE_LANE_CIVIL
                                                            : WIRE_LANES;
  enum base_code code = BASE_OK;
  for (size_t i = crosscheck->value_count; i-- > 0 && code == BASE_OK && !crosscheck->more;) {
    crosscheck->value = &crosscheck->values[i];
    crosscheck->seen = 0;
    code = store_match_each(core->store, &crosscheck->value->token, &crosscheck->kase->id, hidden, MOST, add_hit,
                            crosscheck, crosscheck->err);
    crosscheck->more = crosscheck->more || crosscheck->seen == MOST;
  }
  return code;
}

/* --- the answer */

static enum base_code leaf(struct crosscheck *crosscheck, struct base_view reason) {
  struct core *core = crosscheck->core;
  char subject[128];
  (void)snprintf(subject, sizeof subject, "hits: %zu%s, cases: %zu, values: %zu", crosscheck->hit_count,
                 crosscheck->more ? " and more" : "", crosscheck->case_count, crosscheck->value_count);
  struct wire_opening opening = {.has_message = true,
                                 .message = crosscheck->kase->id,
                                 .actor = core_actor(core),
                                 .subject = base_view_text(subject),
                                 .reason = reason};
  enum base_code code = core_write(core, crosscheck->err);
  return code == BASE_OK ? core_register_add(core, WIRE_ACT_CROSSCHECK, &opening, NULL, crosscheck->err) : code;
}

static bool looks_for_any(const struct wire_kind *kind) {
  bool any = false;
  for (size_t i = 0; i < kind->type_count && !any; i++)
    any = kind->types[i].matched;
  return any;
}

static enum base_code may_ask(struct core *core, const struct wire_kind *kind, struct base_view reason,
                              struct base_error *err) {
  if (wire_prose_blank(reason))
    return base_fail(err, BASE_FIELD,
                     "reason: say in 1 to %d bytes why it is looked up what else is held here; it is kept in the register",
                     CORE_REASON_MAX);
  if (!looks_for_any(kind))
    return base_fail(err, BASE_FIELD,
                     "the kind %.*s has no field that a cross-check looks for; wasl kind show names those of a kind that has any",
                     (int)kind->name.size, (const char *)kind->name.data);
  if (core->match_key_lost)
    return base_fail(err, BASE_CORRUPT,
                     "the key of cross-checks is missing or damaged, so nothing can be found: put back a backup of core/ or "
                     "its database that is as new");
  return BASE_OK;
}

static enum base_code answer(struct crosscheck *crosscheck, struct base_view reason) {
  const struct wire_kind *kind = &crosscheck->kase->kind->kind;
  struct wire_writer *writer = crosscheck->writer;
  wire_write_object(writer);
  wire_write_member_id(writer, "case", &crosscheck->kase->id);
  wire_write_member_bool(writer, "exercise", crosscheck->kase->row.exercise); /* and so is each hit */
  core_show_kind_of(crosscheck->core, writer, kind->name, &kind->hash);
  wire_write_key(writer, "hits");
  wire_write_array(writer);
  enum base_code code = gather(crosscheck);
  if (code == BASE_OK)
    code = look(crosscheck);
  wire_write_end(writer, ']');
  wire_write_member_integer(writer, "cases", (int64_t)crosscheck->case_count);
  wire_write_member_bool(writer, "more", crosscheck->more);
  wire_write_member_integer(writer, "values", (int64_t)crosscheck->value_count);
  wire_write_member_integer(writer, "unsought", (int64_t)crosscheck->unsought);
  wire_write_end(writer, '}');
  return code == BASE_OK ? leaf(crosscheck, reason) : code;
}

enum base_code core_show_crosscheck(struct core *core, const struct wire_json *request, struct base_buf *out,
                                    struct base_error *err) {
  struct base_id id;
  struct core_case *kase = NULL;
  struct wire_writer writer;
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_id(core, request, "id", "case", &id, err);
  if (code == BASE_OK)
    code = core_case_load(core, &id, &kase, err);
  if (code == BASE_OK)
    code = may_ask(core, &kase->kind->kind, reason, err);
  if (code != BASE_OK)
    return code;
  BASE_AUTO_FREE struct crosscheck *crosscheck = calloc(1, sizeof *crosscheck);
  if (crosscheck == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a cross-check");
  wire_writer_init(&writer, out);
  crosscheck->core = core;
  crosscheck->writer = &writer;
  crosscheck->kase = kase;
  crosscheck->err = err;
  return answer(crosscheck, reason);
}
