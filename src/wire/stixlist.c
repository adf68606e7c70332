/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "wire/stix.h"

/* Which objects are in a bundle: what the index of a node keeps of it. */

enum { UUID_SIZE = 36, MODIFIED_MAX = 40 };

/* --- made, by whoever parses the bundle */

/* A timestamp by its form (STIX 2.1 section 3.2): to seconds or finer, in UTC. */
static bool modified_valid(struct base_view text) {
  static const char form[] = "0000-00-00T00:00:00";
  bool whole = text.size == sizeof form, finer = text.size > sizeof form + 1 && text.size <= MODIFIED_MAX;
  bool good = whole || finer;
  for (size_t i = 0; i < text.size && good; i++) {
    char want = i + 1 == text.size ? 'Z' : i < sizeof form - 1 ? form[i] : i == sizeof form - 1 ? '.' : '0';
    good = want == '0' ? text.data[i] >= '0' && text.data[i] <= '9' : text.data[i] == (uint8_t)want;
  }
  return good;
}

static struct base_view modified_of(const struct wire_json *object) {
  struct base_view text = wire_json_text(wire_json_get(object, "modified"));
  return modified_valid(text) ? text : (struct base_view){0};
}

static int compare_views(struct base_view a, struct base_view b) {
  size_t less = a.size < b.size ? a.size : b.size;
  int order = less > 0 ? memcmp(a.data, b.data, less) : 0;
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Without what says no more of the moment: the Z, zeros at the end of a fraction, a point without one. */
static struct base_view plain_moment(struct base_view text) {
  bool finer = text.size > sizeof "0000-00-00T00:00:00";
  text.size -= text.size > 0;
  while (finer && text.data[text.size - 1] == '0')
    text.size--;
  text.size -= finer && text.data[text.size - 1] == '.';
  return text;
}

int wire_stix_compare_modified(struct base_view a, struct base_view b) {
  int order = compare_views(plain_moment(a), plain_moment(b));
  return order != 0 ? order : compare_views(a, b);
}

/* By id; of one that stands there more than once its newest version first. */
static int by_id(const void *left, const void *right) {
  const struct wire_stix_entry *a = left, *b = right;
  int order = compare_views(a->id, b->id);
  return order != 0 ? order : wire_stix_compare_modified(b->modified, a->modified);
}

static void write_entries(const struct wire_stix_entry *entries, size_t count, struct base_buf *out) {
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && base_view_equal(entries[i].id, entries[i - 1].id))
      continue;
    base_buf_add_view(out, entries[i].id);
    if (entries[i].modified.size > 0)
      base_buf_text(out, " ");
    base_buf_add_view(out, entries[i].modified);
    base_buf_text(out, "\n");
  }
}

static enum base_code list_objects(const struct wire_json *objects, struct base_buf *out, struct base_error *err) {
  size_t count = wire_json_size(objects);
  BASE_AUTO_FREE struct wire_stix_entry *entries = calloc(count + 1, sizeof *entries);
  if (entries == NULL)
    return base_fail(err, BASE_MEMORY, "STIX: out of memory for %zu objects", count);
  for (size_t i = 0; i < count; i++) {
    const struct wire_json *object = wire_json_at(objects, i);
    entries[i].id = wire_json_text(wire_json_get(object, "id"));
    entries[i].modified = modified_of(object);
  }
  qsort(entries, count, sizeof *entries, by_id);
  write_entries(entries, count, out);
  return base_buf_check(out, "the list of a STIX bundle", err);
}

enum base_code wire_stix_list(struct base_view bytes, struct base_buf *out, struct base_error *err) {
  struct wire_stix_report report;
  WIRE_AUTO_JSON struct wire_json *bundle = NULL;
  enum base_code code = wire_stix_open(bytes, WIRE_STIX_SAID_STIX, &report, &bundle, err);
  if (code != BASE_OK)
    return code;
  if (!report.is_stix)
    return base_fail(err, BASE_FIELD, "STIX: %s",
                     report.warning_count > 0 ? report.warnings[report.warning_count - 1] : "it is no bundle");
  if (report.object_count > WIRE_STIX_LISTED_MAX)
    return base_fail(err, BASE_TOO_LARGE, "STIX: %llu objects, and a bundle is listed up to %d",
                     (unsigned long long)report.object_count, WIRE_STIX_LISTED_MAX);
  code = list_objects(wire_json_get(bundle, "objects"), out, err);
  if (code == BASE_OK && out->size > WIRE_STIX_LIST_MAX)
    code = base_fail(err, BASE_TOO_LARGE, "STIX: ids of %zu octets, and a bundle is listed up to %d", out->size,
                     WIRE_STIX_LIST_MAX);
  return code;
}

/* --- read, by whoever was given it */

bool wire_stix_id_type(struct base_view id, struct base_view *type) {
  if (id.size < 2 + UUID_SIZE + 1)
    return false;
  *type = base_view_of(id.data, id.size - 2 - UUID_SIZE);
  return wire_stix_id_valid(id, *type);
}

bool wire_stix_next(struct base_view *left, struct wire_stix_entry *out) {
  const uint8_t *end = left->size > 0 ? memchr(left->data, '\n', left->size) : NULL;
  if (end == NULL)
    return false;
  struct base_view line = base_view_of(left->data, (size_t)(end - left->data));
  const uint8_t *space = line.size > 0 ? memchr(line.data, ' ', line.size) : NULL;
  size_t size = space != NULL ? (size_t)(space - line.data) : line.size;
  *out = (struct wire_stix_entry){.id = base_view_of(line.data, size)};
  if (space != NULL)
    out->modified = base_view_of(space + 1, line.size - size - 1);
  if (!wire_stix_id_type(out->id, &out->type) || (space != NULL && !modified_valid(out->modified)))
    return false;
  *left = base_view_of(end + 1, left->size - line.size - 1);
  return true;
}

enum base_code wire_stix_list_check(struct base_view list, size_t *out_count, struct base_error *err) {
  struct wire_stix_entry entry, before = {0};
  size_t count = 0;
  bool ordered = true;
  struct base_view left = list;
  while (count <= WIRE_STIX_LISTED_MAX && ordered && wire_stix_next(&left, &entry)) {
    ordered = count == 0 || compare_views(before.id, entry.id) < 0;
    before = entry;
    count += ordered;
  }
  if (!ordered || left.size > 0 || count == 0 || count > WIRE_STIX_LISTED_MAX || list.size > WIRE_STIX_LIST_MAX)
    return base_fail(err, BASE_SYNTAX, "a list of STIX objects: it is none behind its first %zu", count);
  *out_count = count;
  return BASE_OK;
}
