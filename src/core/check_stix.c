/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "core/messages.h"
#include "core/stix.h"
#include "wire/stix.h"

/* The index of STIX objects: each part that was looked into is here, its list opens, and what is searched by is that list's.
 * What differs is dropped and looked into anew. */

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

/* BASE_CORRUPT: it is not what the part gives. */
static enum base_code check_part(struct core *core, const struct store_stix_part *row, struct base_error *why) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf list = {0};
  base_arena_init(&arena, 16 << 20);
  base_buf_init(&list, WIRE_STIX_LIST_MAX);
  struct core_content content = {0};
  size_t objects = 0;
  uint64_t ids = 0;
  enum base_code code = core_content_read(core, &row->message, &arena, &content, why);
  if (code == BASE_OK && (content.dropped || row->part >= content.part0.part_count))
    code = base_fail(why, BASE_CORRUPT, "that part is not here");
  if (code == BASE_OK && row->why.size == 0)
    code = core_stix_unseal(&content.key, row, &list, why);
  core_content_free(&content);
  struct comparing comparing = {.list = base_buf_view(&list), .objects = row->objects};
  if (code == BASE_OK && row->why.size == 0)
    code = wire_stix_list_check(comparing.list, &objects, why);
  if (code == BASE_OK)
    code = store_stix_types(core->store, row, compare_type, &comparing, why);
  if (code == BASE_OK)
    code = store_stix_ids(core->store, row, &ids, why);
  if (code == BASE_OK && (comparing.differs || comparing.met != objects || row->objects != objects || ids != objects))
    code = base_fail(why, BASE_CORRUPT, "it names other objects than the part holds");
  return code;
}

static enum base_code look_anew(struct core *core, const struct base_id *message, struct base_error *err) {
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_stix_drop(core->store, message, err);
  if (code == BASE_OK)
    code = store_stix_wait(core->store, message, err);
  core->stix.some = true;
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_check_stix(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct core_check *check = core->check;
  struct store_stix_part row;
  struct base_error why = {0};
  int64_t before = check->key;
  enum base_code code = store_stix_part_next(core->store, &check->key, &arena, &row, err);
  check->budget -= CORE_CHECK_COST_PROVED;
  check->rows++;
  check->total++;
  if (!core_check_row(core, "the index of STIX objects", check->key != before, &code, done, err))
    return code;
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

static enum base_code count_anew(struct core *core, const struct store_stix_count *row, struct base_error *err) {
  core_check_found(core, CORE_SO_LISTED, core_place("STIX objects"), "their number of the type %.*s is not that of their parts",
                   (int)row->type.size, (const char *)row->type.data);
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_stix_count_put(core->store, row, err) : code;
}

/* Each count against the sum of its parts, which an index alone gives. */
enum base_code core_check_stix_counts(struct core *core, bool *done, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check *check = core->check;
  bool first = check->rows == 0;
  struct store_stix_count row = {.lane = first ? 0 : (uint32_t)check->pair.first,
                                 .type = base_view_text(first ? "" : check->stix_type)};
  enum base_code code = store_stix_count_next(core->store, &arena, &row, err);
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
