/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "core/messages.h"
#include "core/stix.h"
#include "wire/stix.h"

/* The index of STIX objects: each part that belongs there was looked into or waits, no other one is there, its list opens, and what is
 * searched by is that list's. What differs is dropped and looked into anew. */

static enum base_code look_anew(struct core *core, const struct base_id *message, struct base_error *err) {
  unsigned parts = 0;
  return core_stix_anew(core, message, &parts, err);
}

/* --- what is missing */

/* The first part from *at on that says it is STIX, and neither was looked into nor waits. */
static enum base_code find_missing(struct core *core, const struct base_id *message, const struct wire_part0 *part0,
                                   bool *out, size_t *at, struct base_error *err) {
  enum base_code code = BASE_OK;
  struct store_stix_wait wait;
  for (*out = false; code == BASE_OK && !*out && *at < part0->part_count; *at += !*out) {
    bool there = true;
    if (wire_stix_said(part0->parts[*at].media_type) != WIRE_STIX_SAID_STIX)
      continue;
    core->check->budget -= CORE_CHECK_COST_ROW;
    code = store_stix_part_there(core->store, message, (uint16_t)*at, &there, err);
    if (code != BASE_OK || there)
      continue;
    code = store_stix_waits(core->store, message, &wait, err);
    *out = code == BASE_NOT_FOUND || (code == BASE_OK && wait.part > *at);
    code = code == BASE_NOT_FOUND ? BASE_OK : code;
  }
  return code;
}

enum base_code core_stix_check(struct core *core, const struct store_message *row, const struct wire_header *header,
                               const struct wire_part0 *part0, struct base_error *err) {
  bool missing = false, belongs = false;
  enum wire_lane lane = WIRE_LANE_NONE;
  size_t at = 0;
  enum base_code code = find_missing(core, &row->id, part0, &missing, &at, err);
  if (code == BASE_OK && missing)
    code = core_stix_belongs(core, row, header, &lane, &belongs, err);
  if (code != BASE_OK || !belongs)
    return code;
  core_check_found(core, CORE_SO_LISTED, core_place_message(&row->id),
                   "its part %zu is STIX, and is not in the index of STIX objects", at + 1);
  return look_anew(core, &row->id, err);
}

/* --- what is there */

struct comparing {
  struct base_view list;
  uint64_t objects, met;
  bool differs;
};

static uint64_t count_type(struct base_view list, struct base_view type) {
  struct wire_stix_entry entry;
  uint64_t count = 0;
  while (wire_stix_next(&list, &entry))
    count += base_view_equal(entry.type, type);
  return count;
}

static enum base_code compare_type(void *context, const struct store_stix_count *row) {
  struct comparing *comparing = context;
  bool any = base_view_is(row->type, STORE_STIX_ANY), unread = base_view_is(row->type, STORE_STIX_UNREAD);
  uint64_t count = any ? comparing->objects : unread ? 0 : count_type(comparing->list, row->type);
  comparing->differs = comparing->differs || row->objects != count || unread != (comparing->list.size == 0);
  comparing->met += any || unread ? 0 : count;
  return BASE_OK;
}

/* Whether it is found by the ids of its list, and by no other; without the key nobody can tell. */
static enum base_code compare_ids(struct core *core, const struct store_stix_part *row, struct comparing *comparing,
                                  struct base_error *err) {
  struct wire_stix_entry entry;
  struct base_view list = comparing->list;
  size_t count = 0;
  bool differs = false;
  BASE_AUTO_FREE struct base_hash *tokens = calloc(WIRE_STIX_LISTED_MAX, sizeof *tokens);
  if (tokens == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the check");
  while (count < WIRE_STIX_LISTED_MAX && wire_stix_next(&list, &entry))
    tokens[count++] = core_stix_token(core, entry.id);
  enum base_code code =
      core->token_key_lost ? BASE_OK : store_stix_ids_differ(core->store, row, tokens, count, &differs, err);
  comparing->differs = comparing->differs || differs;
  return code;
}

/* That its list, which opened, is what it is searched, found and counted by, in its own case and lane. */
static enum base_code compare_part(struct core *core, const struct store_stix_part *row, struct base_view list,
                                   struct base_error *why) {
  struct comparing comparing = {.list = list, .objects = row->objects};
  uint64_t apart = 0;
  size_t objects = 0;
  enum base_code code = row->why.size == 0 ? wire_stix_list_check(list, &objects, why) : BASE_OK;
  if (code == BASE_OK)
    code = store_stix_types(core->store, row, compare_type, &comparing, why);
  if (code == BASE_OK)
    code = compare_ids(core, row, &comparing, why);
  if (code == BASE_OK)
    code = store_stix_apart(core->store, row, &apart, why);
  if (code == BASE_OK && (comparing.differs || comparing.met != objects || row->objects != objects))
    code = base_fail(why, BASE_CORRUPT, "it names other objects than the part holds");
  return code == BASE_OK && apart > 0 ? base_fail(why, BASE_CORRUPT, "it is found in another case, or on another side")
                                      : code;
}

/* BASE_CORRUPT: it is not what the part gives. */
static enum base_code check_part(struct core *core, const struct store_stix_part *row, struct base_error *why) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf list = {0};
  base_arena_init(&arena, 16 << 20);
  base_buf_init(&list, WIRE_STIX_LIST_MAX);
  struct core_content content = {0};
  bool belongs = false;
  enum wire_lane lane = WIRE_LANE_NONE;
  enum base_code code = core_content_read(core, &row->message, &arena, &content, why);
  if (code == BASE_OK && (content.dropped || row->part >= content.part0.part_count ||
                          wire_stix_said(content.part0.parts[row->part].media_type) != WIRE_STIX_SAID_STIX))
    code = base_fail(why, BASE_CORRUPT, "that part is not here, or not STIX");
  if (code == BASE_OK)
    code = core_stix_belongs(core, &content.row, &content.header, &lane, &belongs, why);
  if (code == BASE_OK && !belongs)
    code = base_fail(why, BASE_CORRUPT, "nothing of its message is listed");
  if (code == BASE_OK && (row->lane != (uint32_t)lane || !base_id_equal(&row->case_id, &content.row.case_id)))
    code = base_fail(why, BASE_CORRUPT, "it is listed in another case, or on another side");
  if (code == BASE_OK && row->why.size == 0)
    code = core_stix_unseal(&content.key, row, &list, why);
  core_content_free(&content);
  return code == BASE_OK ? compare_part(core, row, base_buf_view(&list), why) : code;
}

/* Rows that are there though no part was looked into at their place, or what was found there cannot be read. */
static enum base_code drop_stray(struct core *core, int64_t place, struct base_error *err) {
  struct base_id message;
  enum base_code code = store_stix_message_at(core->store, place, &message, err);
  bool known = code == BASE_OK;
  if (!known && !core_damage(code))
    return code;
  core_check_found(core, CORE_SO_LISTED, known ? core_place_message(&message) : core_place("STIX objects"),
                   "the index of STIX objects has rows of a part that was not looked into");
  if (known)
    return look_anew(core, &message, err);
  code = core_write(core, err);
  if (code == BASE_OK)
    code = store_stix_drop_at(core->store, place, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_check_stix(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_check *check = core->check;
  struct store_stix_part row = {0};
  struct base_error why = {0};
  int64_t before = check->key;
  enum base_code code = store_stix_place_next(core->store, &check->key, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "the index of STIX objects", check->key != before, &code, done, err))
    return code;
  code = store_stix_part_at(core->store, check->key, &arena, &row, &why);
  if (core_damage(code))
    return drop_stray(core, check->key, err);
  if (code == BASE_OK)
    code = check_part(core, &row, &why);
  check->budget -= (int)(row.objects / 8);
  if (code == BASE_OK)
    return BASE_OK;
  if (!core_damage(code))
    return base_fail(err, code, "%s", why.text);
  core_check_found(core, CORE_SO_LISTED, core_place_message(&row.message),
                   "the index of STIX objects does not fit its part %u: %.200s", row.part + 1U, why.text);
  return look_anew(core, &row.message, err);
}

/* --- the numbers */

static enum base_code count_anew(struct core *core, const struct store_stix_count *row, struct base_error *err) {
  core_check_found(core, CORE_SO_LISTED, core_place("STIX objects"), "their number of the type %.*s is not that of their parts",
                   (int)row->type.size, (const char *)row->type.data);
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_stix_count_put(core->store, row, err) : code;
}

/* Each count, and each that should be there, against the sum of its parts, which an index alone gives. */
enum base_code core_check_stix_counts(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  bool first = check->rows == 0;
  struct store_stix_count row = {.lane = first ? 0 : (uint32_t)check->pair.first,
                                 .type = base_view_text(first ? "" : check->stix_type)};
  enum base_code code = store_stix_counted_next(core->store, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_FILE;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "the counts of STIX objects", false, &code, done, err))
    return code;
  check->pair.first = row.lane;
  (void)snprintf(check->stix_type, sizeof check->stix_type, "%.*s", (int)row.type.size, (const char *)row.type.data);
  struct store_stix_count found = row;
  code = store_stix_count_sum(core->store, &found, err);
  bool differs = code == BASE_OK && (found.objects != row.objects || found.parts != row.parts);
  return differs ? count_anew(core, &found, err) : code;
}
