/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lane.h"

#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/clear.h"
#include "core/events.h"
#include "core/exercise.h"
#include "core/people.h"
#include "core/recall.h"

enum { ARENA = 16 << 20 };

#define LANE_OF_NONE "none" /* in the subject of a `refused` leaf: it makes law, and names nothing that is here */

/* --- of which lane */

/* A draft may outlive its kind, of which no case is here yet. */
static enum wire_lane lane_of_header(const struct core *core, const struct wire_header *header) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  return kind != NULL ? kind->kind.lane : WIRE_LANE_UNKNOWN;
}

const char *core_lane_name(enum wire_lane lane) {
  return lane < WIRE_LANES ? wire_lane_names[lane] : "of a lane that is not known here";
}

/* What is damaged, or not here, has no lane: register.check names it, and whoever asks for it is told. */
static enum base_code absent(enum base_code code, const struct base_error *why, struct base_error *err) {
  if (code == BASE_OK || code == BASE_NOT_FOUND || core_damage(code))
    return BASE_OK;
  return base_fail(err, code, "%s", why->text);
}

static enum base_code stored_case(struct core *core, const struct base_id *id, bool *there, enum wire_lane *out,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  const struct core_case *known = core_case_known(core, id);
  struct store_case row;
  struct base_error why = {0};
  *there = known != NULL;
  if (known != NULL) {
    *out = known->row.lane;
    return BASE_OK;
  }
  enum base_code code = store_case_get(core->store, id, &arena, &row, &why);
  *there = code == BASE_OK;
  if (code == BASE_OK)
    *out = row.lane;
  return absent(code, &why, err);
}

/* Of what was erased with its case the leaf of that says it. Where there is none (it was erased elsewhere, or before this
 * database was put back) nothing does. */
static enum base_code cleared_lane(struct core *core, const struct base_id *id, bool *there, enum wire_lane *out,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_cleared cleared = {0};
  struct base_id case_id;
  enum base_code code = core_clear_message(core, id, there, &case_id, err);
  if (code != BASE_OK || !*there)
    return code;
  *out = WIRE_LANE_UNKNOWN;
  code = core_clear_read(core, &case_id, &arena, &cleared, err);
  if (code == BASE_OK && cleared.there)
    *out = cleared.lane;
  return code;
}

/* What is named, as one party of it knows it. */
struct named {
  enum wire_lane lane;
  bool here;  /* it is, or was until it was erased with its case */
  bool party; /* that one is of its parties; of what was erased nobody can tell */
};

/* who: an origin; empty: nobody's view is asked for. */
static enum base_code name_message(struct core *core, const struct base_id *id, struct base_view who, struct named *out,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ARENA);
  struct store_message row;
  struct wire_header header;
  struct base_error why = {0};
  bool there = false;
  *out = (struct named){.lane = WIRE_LANE_NONE};
  enum base_code code = store_message_header(core->store, id, &arena, &row, &why);
  out->here = code != BASE_NOT_FOUND;
  if (code == BASE_OK)
    code = stored_case(core, &row.case_id, &there, &out->lane, &why);
  if (code == BASE_OK && (!there || who.size > 0)) /* its case is not here yet, or never will be */
    code = wire_header_parse(row.header, &arena, &header, &why);
  if (code == BASE_OK && !there)
    out->lane = lane_of_header(core, &header);
  if (code == BASE_OK && who.size > 0)
    out->party = wire_header_has_party(&header, who);
  if (code == BASE_NOT_FOUND)
    code = cleared_lane(core, id, &out->here, &out->lane, &why);
  return absent(code, &why, err);
}

enum base_code core_lane_of_message(struct core *core, const struct base_id *id, enum wire_lane *out,
                                    struct base_error *err) {
  struct named named;
  enum base_code code = name_message(core, id, (struct base_view){0}, &named, err);
  *out = named.lane;
  return code;
}

enum base_code core_lane_of_case(struct core *core, const struct base_id *id, enum wire_lane *out,
                                 struct base_error *err) {
  bool there = false;
  *out = WIRE_LANE_NONE;
  enum base_code code = stored_case(core, id, &there, out, err);
  return code != BASE_OK || there ? code : core_lane_of_message(core, id, out, err);
}

/* Of the one who asks; when nobody asks, the node itself does. */
static unsigned lanes_of(const struct core *core) {
  unsigned lanes = core_asker(core)->lanes;
  return lanes != 0 ? lanes : CORE_LANES_ALL;
}

/* --- what a message names */

struct base_view core_field_text(const struct wire_kind_field *field, const struct wire_header *header,
                                 const struct wire_json *fields) {
  char name[WIRE_CODE_MAX + 1];
  (void)snprintf(name, sizeof name, "%.*s", (int)field->name.size, (const char *)field->name.data);
  struct base_view text = header != NULL && field->state ? wire_header_state(header, name) : (struct base_view){0};
  return text.size > 0 ? text : wire_json_text(wire_json_get(fields, name));
}

static enum base_code fail_names(const struct wire_kind_field *field, const struct base_id *id, enum wire_lane its,
                                 enum wire_lane ours, struct base_error *err) {
  return base_fail(err, BASE_POLICY,
                   "fields: $.%.*s: message %s is %s, and nothing %s names it: what is humanitarian is never joined with "
                   "anything else",
                   (int)field->name.size, (const char *)field->name.data, base_id_text(id).text, core_lane_name(its),
                   core_lane_name(ours));
}

/* Who names: a partner, to whom a message of which he is no party is one that is not here, or nobody (empty), who knows all
 * that is here. */
struct naming {
  const struct wire_kind_type *type;
  const struct wire_header *header; /* or NULL */
  const struct wire_json *fields;   /* or NULL */
  struct base_view partner;
  bool asked;  /* by a person, who is told the same of what is on the other side and of what is not here */
  bool unseen; /* out: something is named that is not here, or not for him */
};

/* lane: of the case, and then of what is named first, where the case has none. */
static enum base_code look_at_names(struct core *core, struct naming *naming, enum wire_lane *lane, struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < naming->type->field_count && code == BASE_OK; i++) {
    const struct wire_kind_field *field = &naming->type->fields[i];
    struct named named;
    struct base_id id;
    if (field->type != WIRE_FIELD_REFERENCE || !base_id_parse(core_field_text(field, naming->header, naming->fields), &id))
      continue;
    code = name_message(core, &id, naming->partner, &named, err);
    if (code == BASE_OK && naming->asked && !(named.here && core_lane_sees(core, named.lane)))
      return base_fail(err, BASE_FIELD, "fields: $.%.*s: there is no message %s here that it could name",
                       (int)field->name.size, (const char *)field->name.data, base_id_text(&id).text);
    bool seen = named.here && (naming->partner.size == 0 || named.party);
    naming->unseen = naming->unseen || !seen;
    if (code != BASE_OK || !seen)
      continue;
    if (wire_lanes_apart(*lane, named.lane))
      code = fail_names(field, &id, named.lane, *lane, err);
    if (*lane == WIRE_LANE_NONE)
      *lane = named.lane;
  }
  return code;
}

/* Of a case that makes law: the lane of what its opening message names, so far as the partner knows that. */
static enum base_code lane_of_law(struct core *core, const struct wire_kind *kind, const struct base_id *case_id,
                                  struct base_view partner, enum wire_lane *lane, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, ARENA);
  struct store_message row;
  struct wire_header header;
  struct base_error why = {0};
  struct naming naming = {.type = &kind->types[kind->opening], .header = &header, .partner = partner};
  enum base_code code = store_message_header(core->store, case_id, &arena, &row, &why);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, &why);
  if (code == BASE_OK)
    code = look_at_names(core, &naming, lane, &why);
  if (code == BASE_OK && *lane == WIRE_LANE_NONE && naming.unseen)
    *lane = WIRE_LANE_UNKNOWN;
  return code == BASE_POLICY ? BASE_OK : absent(code, &why, err); /* it was looked at when it came */
}

enum base_code core_lane_party(struct core *core, const struct base_id *id, struct base_view partner, bool *out,
                               struct base_error *err) {
  struct named named;
  enum base_code code = name_message(core, id, partner, &named, err);
  *out = named.party;
  return code;
}

enum base_code core_lane_names(struct core *core, const struct core_names *names, struct base_error *err) {
  enum wire_lane lane = names->kind->lane;
  struct naming naming = {
      .type = names->type, .header = names->header, .fields = names->fields, .partner = names->partner};
  enum base_code code = BASE_OK;
  naming.asked = names->by_person && lanes_of(core) != CORE_LANES_ALL;
  if (lane == WIRE_LANE_NONE && names->case_id != NULL)
    code = lane_of_law(core, names->kind, names->case_id, names->partner, &lane, err);
  return code == BASE_OK ? look_at_names(core, &naming, &lane, err) : code;
}

enum base_code core_lane_opened(struct core *core, const struct wire_kind *kind, const struct wire_header *header,
                                enum wire_lane *out, struct base_error *err) {
  struct naming naming = {.type = wire_kind_type_named(kind, header->type), .header = header};
  *out = kind->lane;
  if (kind->lane != WIRE_LANE_NONE || naming.type == NULL)
    return BASE_OK;
  enum base_code code = look_at_names(core, &naming, out, err);
  if (*out == WIRE_LANE_NONE && naming.unseen)
    *out = WIRE_LANE_UNKNOWN;
  return code == BASE_POLICY ? BASE_OK : code; /* it was looked at when it came */
}

enum base_code core_lane_settle(struct core *core, const struct base_id *message, enum wire_lane lane,
                                struct base_error *err) {
  enum base_code code = BASE_OK;
  struct base_error why = {0};
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, ARENA);
    struct core_mention mention;
    struct store_case row;
    code = core_mention_next(core, message, &key, &arena, &mention, &why);
    if (code != BASE_OK || !mention.header.opens || lane_of_header(core, &mention.header) != WIRE_LANE_NONE)
      continue;
    code = store_case_get(core->store, &mention.row.id, &arena, &row, &why);
    if (code != BASE_OK || row.lane == lane || (row.lane != WIRE_LANE_UNKNOWN && lane != WIRE_LANE_HUMANITARIAN))
      continue;
    struct core_case *known = core_case_known(core, &mention.row.id);
    if (known != NULL)
      known->row.lane = lane;
    row.lane = lane;
    code = store_case_put(core->store, &row, &why);
    core_event_case(core, &mention.row.id);
  }
  return absent(code, &why, err);
}

static void join(enum wire_lane *lane, enum wire_lane its) {
  if (wire_lanes_apart(*lane, its))
    *lane = WIRE_LANE_UNKNOWN;
  else if (*lane == WIRE_LANE_NONE)
    *lane = its;
}

enum base_code core_lane_refused(struct core *core, const struct wire_header *header, const struct wire_json *fields,
                                 enum wire_lane *out, struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct wire_kind_type *type = kind == NULL ? NULL : wire_kind_type_named(&kind->kind, header->type);
  enum wire_lane lane = lane_of_header(core, header), its = WIRE_LANE_NONE;
  struct base_error why = {0};
  enum base_code code = header->opens ? BASE_OK : core_lane_of_case(core, &header->case_id, &its, err);
  join(&lane, its);
  for (size_t i = 0; i < header->follow_count && code == BASE_OK; i++) {
    code = core_lane_of_message(core, &header->follows[i], &its, err);
    join(&lane, its);
  }
  if (code == BASE_OK && type != NULL) {
    struct naming naming = {.type = type, .header = header, .fields = fields};
    code = look_at_names(core, &naming, &lane, &why);
    if (code == BASE_POLICY)
      lane = WIRE_LANE_UNKNOWN;
    else if (code != BASE_OK)
      return base_fail(err, code, "%s", why.text);
    code = BASE_OK;
  }
  *out = lane;
  return code;
}

void core_lane_refused_write(enum wire_lane lane, bool exercise, struct base_buf *out) {
  base_buf_printf(out, "%s%s",
                  lane < WIRE_LANES         ? wire_lane_names[lane]
                  : lane == WIRE_LANE_NONE ? LANE_OF_NONE
                                           : "unknown",
                  exercise ? CORE_EXERCISE_SAID : "");
}

static enum wire_lane refused_lane(struct base_view subject) {
  enum wire_lane lane = WIRE_LANE_UNKNOWN;
  size_t size = 0;
  while (size < subject.size && subject.data[size] != ' ')
    size++;
  struct base_view word = base_view_of(subject.data, size);
  return wire_lane_named(word, &lane) || !base_view_is(word, LANE_OF_NONE) ? lane : WIRE_LANE_NONE;
}

/* Of a refusal there is no message that one could ask, and its kind may be another one by now, or gone; nor of a search that
 * found nothing. What is humanitarian of these says so in the leaf itself, and what does not was on the other side. */
static enum wire_lane said_lane(const struct core *core, struct base_view subject) {
  static const char apart[] = CORE_LANE_SAID;
  size_t size = 0;
  for (size_t i = 0; i + sizeof apart - 1 <= subject.size; i++)
    if (memcmp(subject.data + i, apart, sizeof apart - 1) == 0)
      return WIRE_LANE_HUMANITARIAN;
  while (size < subject.size && subject.data[size] != '/')
    size++;
  const struct core_kind *kind = core_kind_named(core, base_view_of(subject.data, size));
  return kind != NULL && kind->kind.lane != WIRE_LANE_HUMANITARIAN ? kind->kind.lane : WIRE_LANE_ENFORCEMENT;
}

static bool says_lane(enum wire_act act, struct base_view subject) {
  static const char search[] = CORE_LANE_SEARCH;
  return act == WIRE_ACT_DENIED || (act == WIRE_ACT_READ && subject.size >= sizeof search - 1 &&
                                    memcmp(subject.data, search, sizeof search - 1) == 0);
}

enum base_code core_lane_of_leaf(struct core *core, enum wire_act act, const struct wire_opening *opening,
                                 enum wire_lane *out, struct base_error *err) {
  struct base_id id;
  *out = act == WIRE_ACT_REFUSED ? refused_lane(opening->subject) : WIRE_LANE_NONE;
  if (*out != WIRE_LANE_NONE)
    return BASE_OK;
  if (says_lane(act, opening->subject)) {
    *out = said_lane(core, opening->subject);
    return BASE_OK;
  }
  enum base_code code = opening->has_message ? core_lane_of_case(core, &opening->message, out, err) : BASE_OK;
  if (code == BASE_OK && *out == WIRE_LANE_NONE && base_id_parse(opening->subject, &id))
    code = core_lane_of_case(core, &id, out, err);
  if (code == BASE_OK && act == WIRE_ACT_FAULT) { /* of a message the evidence is its header, whose hash is its id */
    memcpy(id.bytes, opening->evidence.bytes, sizeof id.bytes);
    code = core_lane_of_case(core, &id, out, err);
  }
  return code;
}

/* --- who sees it */

bool core_lanes_have(unsigned lanes, enum wire_lane lane) {
  if (lane == WIRE_LANE_UNKNOWN)
    return lanes == CORE_LANES_ALL;
  return lane == WIRE_LANE_NONE || (lanes & CORE_LANE_BIT(lane)) != 0;
}

bool core_lane_sees(const struct core *core, enum wire_lane lane) {
  return core_lanes_have(lanes_of(core), lane);
}

enum base_code core_lane_open(struct core *core, const char *what, const struct base_id *id, struct base_error *err) {
  struct named named = {.lane = WIRE_LANE_NONE};
  if (lanes_of(core) == CORE_LANES_ALL)
    return BASE_OK;
  enum base_code code = stored_case(core, id, &named.here, &named.lane, err);
  if (code == BASE_OK && !named.here)
    code = name_message(core, id, (struct base_view){0}, &named, err);
  if (code != BASE_OK || (named.here && core_lane_sees(core, named.lane)))
    return code;
  if (named.here)
    base_log(BASE_LOG_NOTICE, "lane.refused", "%s asked for %s %s, which is %s", core_asker(core)->name, what,
             base_id_text(id).text, core_lane_name(named.lane));
  return base_fail(err, BASE_NOT_FOUND, "there is no %s %s here", what, base_id_text(id).text);
}

static enum base_code fail_lane(const struct core *core, const char *what, enum wire_lane lane, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf has = {0};
  base_buf_init(&has, 256);
  core_lanes_text(lanes_of(core), &has);
  const struct core_asker *asker = core_asker(core);
  return base_fail(err, BASE_POLICY, "%s may not: %s is %s, and %s works in the lanes %.*s", asker->name, what,
                   core_lane_name(lane), asker->handle[0] != '\0' ? asker->handle : asker->name, (int)has.size,
                   (const char *)has.data);
}

enum base_code core_lane_writes(const struct core *core, const struct wire_kind *kind, struct base_error *err) {
  char what[WIRE_CODE_MAX + 32];
  (void)snprintf(what, sizeof what, "the kind %.*s", (int)kind->name.size, (const char *)kind->name.data);
  return core_lane_sees(core, kind->lane) ? BASE_OK : fail_lane(core, what, kind->lane, err);
}

enum base_code core_lane_view(const struct core *core, const struct wire_json *request, unsigned *out,
                              struct base_error *err) {
  struct base_view word = core_request_text(request, "lane");
  unsigned lanes = lanes_of(core);
  enum wire_lane lane;
  const struct core_kind *kind = core_kind_named(core, core_request_text(request, "kind"));
  if (wire_json_get(request, "lane") == NULL && kind != NULL && kind->kind.lane == WIRE_LANE_HUMANITARIAN)
    word = base_view_text(wire_lane_names[kind->kind.lane]); /* who asks for such a kind says which side he means */
  else if (wire_json_get(request, "lane") == NULL) {
    *out = (lanes & CORE_LANES_SHARED) != 0 ? lanes & CORE_LANES_SHARED : lanes;
    return BASE_OK;
  }
  if (!wire_lane_named(word, &lane))
    return base_fail(err, BASE_FIELD, "lane: enforcement, humanitarian or civil");
  if (!core_lane_sees(core, lane))
    return fail_lane(core, "what is asked for", lane, err);
  *out = CORE_LANE_BIT(lane);
  return BASE_OK;
}

/* --- of persons */

enum base_code core_lanes_read(const struct wire_json *list, unsigned *out, struct base_error *err) {
  unsigned lanes = 0;
  for (size_t i = 0; i < wire_json_size(list); i++) {
    struct base_view name = wire_json_text(wire_json_at(list, i));
    enum wire_lane lane;
    if (!wire_lane_named(name, &lane))
      return base_fail(err, BASE_FIELD, "lanes: '%.*s' is none; there are enforcement, humanitarian and civil",
                       (int)(name.size < 40 ? name.size : 40), (const char *)name.data);
    lanes |= CORE_LANE_BIT(lane);
  }
  if (wire_json_type(list) != WIRE_JSON_ARRAY || lanes == 0)
    return base_fail(err, BASE_FIELD, "lanes: humanitarian alone, or one or both of enforcement and civil");
  if ((lanes & CORE_LANES_APART) != 0 && (lanes & CORE_LANES_SHARED) != 0)
    return base_fail(err, BASE_POLICY,
                     "lanes: nobody works on both sides of the wall: humanitarian alone, or one or both of enforcement "
                     "and civil");
  *out = lanes;
  return BASE_OK;
}

void core_lanes_write(struct wire_writer *writer, unsigned lanes) {
  wire_write_key(writer, "lanes");
  wire_write_array(writer);
  for (enum wire_lane lane = 0; lane < WIRE_LANES; lane++)
    if (core_lanes_have(lanes, lane))
      wire_write_string(writer, wire_lane_names[lane]);
  wire_write_end(writer, ']');
}

void core_lanes_text(unsigned lanes, struct base_buf *out) {
  bool first = true;
  for (enum wire_lane lane = 0; lane < WIRE_LANES; lane++)
    if (core_lanes_have(lanes, lane)) {
      base_buf_printf(out, "%s%s", first ? "" : ", ", wire_lane_names[lane]);
      first = false;
    }
}
