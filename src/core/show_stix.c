/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cases.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/people.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/stix.h"
#include "wire/stix.h"

/* The index of STIX objects, told: page by page, each object with the part that holds it; and counted. */

struct item {
  struct base_view id, modified, name, media_type; /* in the arena of the walk */
  struct base_id message, case_id;
  struct base_hash sha256;
  struct core_recalled recalled;
};

struct walk {
  struct core *core;
  struct store_stix_query query;
  struct base_view wanted; /* the one id that is asked for; empty: all */
  unsigned lanes;          /* of BY_LANE and BY_ID: never both sides of the wall */
  int64_t place;           /* where it is: … */
  size_t index;            /* … objects of that part before this one were told */
  size_t limit, count, opened;
  bool end;
  struct item *items; /* CORE_STIX_PAGE */
  struct base_arena *arena;
};

/* --- what is asked for */

/* "PLACE-INDEX" */
static enum base_code read_after(struct walk *walk, struct base_view text, struct base_error *err) {
  const uint8_t *dash = text.size > 0 ? memchr(text.data, '-', text.size) : NULL;
  uint64_t place = 0, index = 0;
  size_t size = dash != NULL ? (size_t)(dash - text.data) : 0;
  walk->place = INT64_MAX;
  if (text.size == 0)
    return BASE_OK;
  if (dash == NULL || !base_decimal_parse(base_view_of(text.data, size), &place) || place >= INT64_MAX ||
      !base_decimal_parse(base_view_of(dash + 1, text.size - size - 1), &index) || index > WIRE_STIX_LISTED_MAX)
    return base_fail(err, BASE_FIELD, "after: the \"next\" of an answer before");
  walk->place = (int64_t)place;
  walk->index = (size_t)index;
  return BASE_OK;
}

static enum base_code read_type(struct walk *walk, const struct wire_json *request, struct base_error *err) {
  struct base_view type = core_request_text(request, "type"), of = {0};
  char probe[WIRE_STIX_TYPE_MAX + 64];
  walk->query.type = BASE_VIEW(STORE_STIX_ANY);
  if (wire_json_get(request, "type") == NULL)
    return BASE_OK;
  (void)snprintf(probe, sizeof probe, "%.*s--00000000-0000-0000-0000-000000000000",
                 (int)(type.size <= WIRE_STIX_TYPE_MAX ? type.size : 0), (const char *)type.data);
  if (!wire_stix_id_type(base_view_text(probe), &of) || !base_view_equal(of, type))
    return base_fail(err, BASE_FIELD, "type: a type of STIX objects as indicator, of [a-z0-9-], at most %d bytes",
                     WIRE_STIX_TYPE_MAX);
  walk->query.type = type;
  return BASE_OK;
}

static enum base_code read_id(struct walk *walk, const struct wire_json *request, struct base_error *err) {
  struct base_view type;
  walk->wanted = core_request_text(request, "id");
  if (wire_json_get(request, "id") == NULL)
    return BASE_OK;
  if (!wire_stix_id_type(walk->wanted, &type))
    return base_fail(err, BASE_FIELD,
                     "id: the id of a STIX object as indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f: its type, -- and a UUID");
  walk->query.by = STORE_STIX_BY_ID;
  walk->query.token = core_stix_token(walk->core, walk->wanted);
  return BASE_OK;
}

static enum base_code read_request(struct walk *walk, const struct wire_json *request, struct base_error *err) {
  static const char *const words[] = {"id", "case", "message"};
  size_t narrowed = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    narrowed += wire_json_get(request, words[i]) != NULL;
  uint64_t limit = 0;
  enum base_code code = read_type(walk, request, err);
  if (code == BASE_OK && narrowed > 1)
    code = base_fail(err, BASE_FIELD, "id, case, message: one of them at a time");
  if (code == BASE_OK && wire_json_get(request, "id") != NULL && wire_json_get(request, "type") != NULL)
    code = base_fail(err, BASE_FIELD, "type: not with an id, which says it");
  if (code == BASE_OK)
    code = read_id(walk, request, err);
  if (code == BASE_OK && wire_json_get(request, "case") != NULL) {
    walk->query.by = STORE_STIX_BY_CASE;
    code = core_request_id(walk->core, request, "case", "case", &walk->query.id, err);
  }
  if (code == BASE_OK && wire_json_get(request, "message") != NULL) {
    walk->query.by = STORE_STIX_BY_MESSAGE;
    code = core_request_id(walk->core, request, "message", "message", &walk->query.id, err);
  }
  if (code == BASE_OK)
    code = core_lane_view(walk->core, request, &walk->lanes, err);
  if (code == BASE_OK)
    code = core_show_page(request, CORE_STIX_PAGE, CORE_STIX_PAGE, &limit, err);
  walk->limit = (size_t)limit;
  return code == BASE_OK ? read_after(walk, core_request_text(request, "after"), err) : code;
}

/* --- the walk */

/* Whether who asks may see what is in this message. What the lists are made of keeps to the wall already; here is the last
 * look, and the one place for whatever else closes a case to a person. */
static enum base_code may_see(struct core *core, const struct store_stix_found *found, bool *out,
                              struct base_error *err) {
  enum wire_lane lane = WIRE_LANE_NONE;
  enum base_code code = core_lane_of_case(core, &found->case_id, &lane, err);
  *out = code == BASE_OK && core_lane_sees(core, lane);
  return code;
}

/* The newest part at or before where the walk is; of several lanes the newest of all. */
static enum base_code find_next(struct walk *walk, struct store_stix_found *out, struct base_error *err) {
  bool by_lane = walk->query.by == STORE_STIX_BY_LANE || walk->query.by == STORE_STIX_BY_ID, any = false;
  int64_t before = walk->place < INT64_MAX ? walk->place + 1 : walk->place;
  enum base_code code = BASE_OK;
  for (enum wire_lane lane = 0; lane < WIRE_LANES && code == BASE_OK; lane++) {
    struct store_stix_found found;
    struct base_error why = {0};
    if (by_lane ? !core_lanes_have(walk->lanes, lane) : lane > 0)
      continue;
    walk->query.lane = (uint32_t)lane;
    code = store_stix_find(walk->core->store, &walk->query, before, &found, &why);
    if (code == BASE_OK && (!any || found.place > out->place))
      *out = found;
    any = any || code == BASE_OK;
    if (code == BASE_NOT_FOUND)
      code = BASE_OK;
    else if (code != BASE_OK)
      *err = why;
  }
  walk->end = code == BASE_OK && !any;
  return code;
}

static bool is_wanted(const struct walk *walk, const struct wire_stix_entry *entry) {
  if (walk->wanted.size > 0)
    return base_view_equal(entry->id, walk->wanted);
  return base_view_is(walk->query.type, STORE_STIX_ANY) || base_view_equal(entry->type, walk->query.type);
}

/* Objects of one part until the page is full; true: all of them. */
static bool add_items(struct walk *walk, const struct store_stix_found *found, const struct wire_part *part,
                      struct core_recalled recalled, struct base_view list) {
  struct wire_stix_entry entry;
  struct base_view name = base_arena_copy(walk->arena, part->name);
  struct base_view type = base_arena_copy(walk->arena, part->media_type);
  recalled.measure = base_arena_copy(walk->arena, recalled.measure);
  for (size_t at = 0; wire_stix_next(&list, &entry); at++) {
    if (at < walk->index || !is_wanted(walk, &entry))
      continue;
    if (walk->count == walk->limit)
      return false;
    walk->items[walk->count++] = (struct item){.id = base_arena_copy(walk->arena, entry.id),
                                               .modified = base_arena_copy(walk->arena, entry.modified),
                                               .name = name,
                                               .media_type = type,
                                               .message = found->message,
                                               .case_id = found->case_id,
                                               .sha256 = part->sha256,
                                               .recalled = recalled};
    walk->index = at + 1;
  }
  return true;
}

static enum base_code open_part(struct walk *walk, const struct store_stix_found *found, bool *whole,
                                struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf list = {0};
  base_arena_init(&arena, 48 << 20);
  base_buf_init(&list, WIRE_STIX_LIST_MAX);
  struct core_content content = {0};
  struct core_recalled recalled = {0};
  struct store_stix_part row;
  struct base_error why = {0};
  enum base_code code = core_content_read(walk->core, &found->message, &arena, &content, &why);
  if (code == BASE_OK)
    code = store_stix_part_get(walk->core->store, &found->message, found->part, &arena, &row, &why);
  if (code == BASE_OK && (content.dropped || found->part >= content.part0.part_count))
    code = base_fail(&why, BASE_CORRUPT, "a part that is listed is not here");
  if (code == BASE_OK)
    code = core_stix_unseal(&content.key, &row, &list, &why);
  if (code == BASE_OK)
    code = core_recalled(walk->core, &found->message, content.row.author, &arena, &recalled, &why);
  *whole = true; /* what is damaged is passed over: register.check names it */
  if (code == BASE_OK)
    *whole = add_items(walk, found, &content.part0.parts[found->part], recalled, base_buf_view(&list));
  core_content_free(&content);
  return code == BASE_OK || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static enum base_code fill_page(struct walk *walk, struct base_error *err) {
  enum base_code code = BASE_OK;
  while (code == BASE_OK && walk->count < walk->limit && walk->opened < CORE_STIX_OPENED) {
    struct store_stix_found found = {0};
    bool seen = false, whole = true;
    code = find_next(walk, &found, err);
    if (code != BASE_OK || walk->end)
      break;
    if (found.place != walk->place)
      walk->index = 0;
    walk->place = found.place;
    walk->opened++;
    code = may_see(walk->core, &found, &seen, err);
    if (code == BASE_OK && seen)
      code = open_part(walk, &found, &whole, err);
    if (whole) {
      walk->place--;
      walk->index = 0;
    }
  }
  return code;
}

/* --- the answer */

static int newest_version(const void *left, const void *right) {
  const struct item *a = left, *b = right;
  int order = wire_stix_compare_modified(b->modified, a->modified);
  return order != 0 ? order : (a > b) - (a < b);
}

/* Parts that are still to be looked into, on the side that is shown. */
static enum base_code count_waiting(struct core *core, unsigned lanes, uint64_t *out, struct base_error *err) {
  enum base_code code = BASE_OK;
  *out = 0;
  for (enum wire_lane lane = 0; lane < WIRE_LANES && code == BASE_OK; lane++) {
    uint64_t left = 0;
    if (core_lanes_have(lanes, lane))
      code = store_stix_wait_left(core->store, (uint32_t)lane, CORE_STIX_WAITING_MAX, &left, err);
    *out += left;
  }
  return code;
}

static void write_items(const struct walk *walk, uint64_t waiting, struct wire_writer *writer) {
  char next[48];
  wire_write_object(writer);
  wire_write_key(writer, "objects");
  wire_write_array(writer);
  for (size_t i = 0; i < walk->count; i++) {
    const struct item *item = &walk->items[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "id", item->id);
    wire_write_member_text(writer, "modified", item->modified);
    wire_write_member_id(writer, "message", &item->message);
    wire_write_member_id(writer, "case", &item->case_id);
    wire_write_member_text(writer, "part", item->name);
    wire_write_member_hash(writer, "sha256", &item->sha256);
    core_show_recalled(writer, &item->recalled);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  wire_write_key(writer, "next");
  (void)snprintf(next, sizeof next, "%lld-%zu", (long long)walk->place, walk->index);
  if (walk->end)
    wire_write_null(writer);
  else
    wire_write_string(writer, next);
  wire_write_member_integer(writer, "waiting", (int64_t)waiting);
  wire_write_end(writer, '}');
}

/* Each message of which something is told was read, by whom and why; a search that found nothing is one, too. */
static enum base_code read_leaves(const struct walk *walk, const struct wire_json *request, struct base_error *err) {
  struct base_view reason = core_request_text(request, "reason");
  struct wire_opening opening = {.actor = core_actor(walk->core),
                                 .subject = walk->lanes == CORE_LANES_APART ? BASE_VIEW(CORE_LANE_SEARCH CORE_LANE_SAID)
                                                                            : BASE_VIEW(CORE_LANE_SEARCH),
                                 .reason = reason.size > 0 ? reason : BASE_VIEW("stix.list")};
  enum base_code code = core_write(walk->core, err);
  if (code == BASE_OK && walk->count == 0)
    code = core_register_add(walk->core, WIRE_ACT_READ, &opening, NULL, err);
  for (size_t i = 0; i < walk->count && code == BASE_OK; i++) {
    struct base_hex_text id = base_id_text(&walk->items[i].message);
    if (i > 0 && base_id_equal(&walk->items[i].message, &walk->items[i - 1].message))
      continue;
    opening.subject = base_view_text(id.text);
    code = core_register_add(walk->core, WIRE_ACT_READ, &opening, NULL, err);
  }
  return code;
}

enum base_code core_stix_list(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4 << 20);
  uint64_t waiting = 0;
  struct walk walk = {.core = core, .arena = &arena, .items = calloc(CORE_STIX_PAGE, sizeof *walk.items)};
  struct wire_writer writer;
  enum base_code code = walk.items != NULL ? read_request(&walk, request, err)
                                           : base_fail(err, BASE_MEMORY, "no memory for a page of STIX objects");
  if (code == BASE_OK)
    code = fill_page(&walk, err);
  if (code == BASE_OK)
    code = read_leaves(&walk, request, err);
  if (code == BASE_OK && walk.wanted.size > 0)
    qsort(walk.items, walk.count, sizeof *walk.items, newest_version);
  if (code == BASE_OK)
    code = count_waiting(core, walk.lanes, &waiting, err);
  if (code == BASE_OK) {
    wire_writer_init(&writer, out);
    write_items(&walk, waiting, &writer);
  }
  free(walk.items);
  return code;
}

/* --- counts */

struct type_count {
  char type[WIRE_STIX_TYPE_MAX + 1];
  uint64_t objects, parts;
};
struct counts {
  size_t count;
  bool more; /* there are further types */
  uint64_t objects, parts, unread;
  struct type_count types[CORE_STIX_TYPES_MAX];
};

static void add_type(struct counts *counts, const struct store_stix_count *row) {
  size_t at = 0;
  while (at < counts->count && !base_view_is(row->type, counts->types[at].type))
    at++;
  if (at == CORE_STIX_TYPES_MAX) {
    counts->more = true;
    return;
  }
  struct type_count *type = &counts->types[at];
  if (at == counts->count) {
    counts->count++;
    (void)snprintf(type->type, sizeof type->type, "%.*s", (int)row->type.size, (const char *)row->type.data);
  }
  type->objects += row->objects;
  type->parts += row->parts;
}

static void add_count(struct counts *counts, const struct store_stix_count *row, struct base_view wanted) {
  if (base_view_is(row->type, STORE_STIX_UNREAD))
    counts->unread += row->parts;
  else if (base_view_is(row->type, STORE_STIX_ANY)) {
    counts->objects += row->objects;
    counts->parts += row->parts;
  } else if (wanted.size == 0 || base_view_equal(row->type, wanted))
    add_type(counts, row);
}

static enum base_code count_lane(struct core *core, enum wire_lane lane, struct base_view wanted, struct counts *counts,
                                 struct base_error *err) {
  struct store_stix_count row = {.lane = (uint32_t)lane, .type = BASE_VIEW("")};
  struct base_error why = {0};
  enum base_code code = BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 4 << 20);
  while (code == BASE_OK && !counts->more) {
    code = store_stix_count_next(core->store, &arena, &row, &why);
    if (code == BASE_OK && row.lane != (uint32_t)lane)
      break;
    if (code == BASE_OK)
      add_count(counts, &row, wanted);
  }
  return code == BASE_OK || code == BASE_NOT_FOUND ? BASE_OK : base_fail(err, code, "%s", why.text);
}

static int by_number(const void *left, const void *right) {
  const struct type_count *a = left, *b = right;
  return a->objects != b->objects ? (a->objects > b->objects ? -1 : 1) : strcmp(a->type, b->type);
}

static void write_counts(const struct counts *counts, uint64_t waiting, struct wire_writer *writer) {
  wire_write_object(writer);
  wire_write_member_integer(writer, "objects", (int64_t)counts->objects);
  wire_write_member_integer(writer, "parts", (int64_t)counts->parts);
  wire_write_member_integer(writer, "unread", (int64_t)counts->unread);
  wire_write_key(writer, "types");
  wire_write_array(writer);
  for (size_t i = 0; i < counts->count; i++) {
    wire_write_object(writer);
    wire_write_member_string(writer, "type", counts->types[i].type);
    wire_write_member_integer(writer, "objects", (int64_t)counts->types[i].objects);
    wire_write_member_integer(writer, "parts", (int64_t)counts->types[i].parts);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  wire_write_member_bool(writer, "more", counts->more);
  wire_write_member_integer(writer, "waiting", (int64_t)waiting);
  wire_write_end(writer, '}');
}

enum base_code core_stix_count(struct core *core, const struct wire_json *request, struct base_buf *out,
                               struct base_error *err) {
  struct walk walk = {.core = core};
  struct wire_writer writer;
  BASE_AUTO_FREE struct counts *counts = calloc(1, sizeof *counts);
  enum base_code code = counts != NULL ? read_type(&walk, request, err)
                                       : base_fail(err, BASE_MEMORY, "no memory to count STIX objects");
  struct base_view wanted = wire_json_get(request, "type") != NULL ? walk.query.type : (struct base_view){0};
  if (code == BASE_OK)
    code = core_lane_view(core, request, &walk.lanes, err);
  for (enum wire_lane lane = 0; lane < WIRE_LANES && code == BASE_OK; lane++)
    if (core_lanes_have(walk.lanes, lane))
      code = count_lane(core, lane, wanted, counts, err);
  uint64_t waiting = 0;
  if (code == BASE_OK)
    code = count_waiting(core, walk.lanes, &waiting, err);
  if (code != BASE_OK)
    return code;
  qsort(counts->types, counts->count, sizeof *counts->types, by_number);
  wire_writer_init(&writer, out);
  write_counts(counts, waiting, &writer);
  return base_buf_check(out, "the counts of STIX objects", err);
}

/* --- of one part, in its message */

enum base_code core_stix_show(struct core *core, struct wire_writer *writer, const struct base_id *message,
                              uint16_t part, const struct wire_part *wire, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, WIRE_STIX_LIST_MAX + (1 << 20));
  struct store_stix_part row = {0};
  struct base_error why = {0};
  enum base_code code = BASE_NOT_FOUND;
  wire_write_key(writer, "stix");
  if (wire_stix_said(wire->media_type) == WIRE_STIX_SAID_STIX)
    code = store_stix_part_get(core->store, message, part, &arena, &row, &why);
  if (code != BASE_OK) {
    wire_write_null(writer);
    return code == BASE_NOT_FOUND || core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
  }
  wire_write_object(writer);
  wire_write_member_integer(writer, "objects", (int64_t)row.objects);
  core_show_text(writer, "why", row.why);
  wire_write_end(writer, '}');
  return BASE_OK;
}
