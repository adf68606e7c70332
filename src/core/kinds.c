/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kinds in memory: in order of their names, and of their hashes, which are looked for at every message. */

/* --- one of them */

enum base_code core_kind_make(struct base_view file, struct base_view labels, bool keep, struct core_kind **out,
                              struct base_error *err) {
  struct core_kind *kind = calloc(1, sizeof *kind);
  if (kind == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a kind");
  struct base_hash hash = seal_sha256(file);
  base_arena_init(&kind->arena, WIRE_KIND_ARENA);
  base_arena_init(&kind->texts, (WIRE_LABEL_MAX + 1) * WIRE_LANGUAGES);
  enum base_code code = wire_kind_parse(file, &hash, &kind->arena, &kind->kind, err);
  if (code == BASE_OK)
    code = wire_labels_parse(labels, &kind->kind, &kind->labels, err);
  for (int i = 0; i < WIRE_LANGUAGES && code == BASE_OK; i++) {
    kind->titles[i] = base_arena_copy(&kind->texts, wire_label(&kind->labels, "kind", (enum wire_language)i));
    if (kind->titles[i].data == NULL)
      code = base_fail(err, BASE_MEMORY, "no memory for a kind");
  }
  if (!keep)
    wire_labels_free(&kind->labels);
  if (code == BASE_OK)
    *out = kind;
  else
    core_kind_free(kind);
  return code;
}

void core_kind_free(struct core_kind *kind) {
  if (kind == NULL)
    return;
  wire_labels_free(&kind->labels);
  base_arena_free(&kind->arena);
  base_arena_free(&kind->texts);
  free(kind);
}

/* --- all of them */

static int compare(struct base_view a, struct base_view b) {
  size_t size = a.size < b.size ? a.size : b.size;
  int order = size > 0 ? memcmp(a.data, b.data, size) : 0;
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Of one name the added ones by their versions, then the program's: the last is what new cases are of. */
static int by_name(const struct core_kind *a, const struct core_kind *b) {
  int order = compare(a->kind.name, b->kind.name);
  if (order == 0)
    order = (int)b->local - (int)a->local;
  return order != 0 ? order : (a->kind.version > b->kind.version) - (a->kind.version < b->kind.version);
}

static int by_hash(const struct core_kind *a, const struct core_kind *b) {
  return memcmp(a->kind.hash.bytes, b->kind.hash.bytes, sizeof a->kind.hash.bytes);
}

/* How many of the row come before it. */
static size_t before(struct core_kind *const *row, size_t count, const struct core_kind *kind,
                     int (*order)(const struct core_kind *, const struct core_kind *)) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (order(row[middle], kind) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void put(struct core_kind **row, size_t count, size_t at, struct core_kind *kind) {
  memmove(row + at + 1, row + at, (count - at) * sizeof *row);
  row[at] = kind;
}

static void let_go(struct core_kind *kind) {
  if (kind->local)
    core_kind_free(kind);
}

static enum base_code make_room(struct core *core, struct base_error *err) {
  if (core->kind_count < core->kind_room)
    return BASE_OK;
  size_t room = core->kind_room == 0 ? 32 : 2 * core->kind_room;
  struct core_kind **kinds = realloc(core->kinds, room * sizeof *kinds);
  core->kinds = kinds != NULL ? kinds : core->kinds;
  struct core_kind **hashes = kinds != NULL ? realloc(core->kinds_hashed, room * sizeof *hashes) : NULL;
  core->kinds_hashed = hashes != NULL ? hashes : core->kinds_hashed;
  if (hashes == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the kinds");
  core->kind_room = room;
  return BASE_OK;
}

enum base_code core_kind_insert(struct core *core, struct core_kind *kind, struct base_error *err) {
  enum base_code code = make_room(core, err);
  if (code != BASE_OK) {
    let_go(kind);
    return code;
  }
  put(core->kinds, core->kind_count, before(core->kinds, core->kind_count, kind, by_name), kind);
  put(core->kinds_hashed, core->kind_count, before(core->kinds_hashed, core->kind_count, kind, by_hash), kind);
  core->kind_count++;
  core->kinds_added += kind->local;
  return BASE_OK;
}

static void take_out(struct core_kind **row, size_t count, const struct core_kind *kind) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (row[i] != kind)
      row[kept++] = row[i];
}

void core_kind_drop(struct core *core, const struct core_kind *kind) {
  size_t at = 0;
  while (at < core->kind_count && core->kinds[at] != kind)
    at++;
  if (at == core->kind_count)
    return;
  struct core_kind *own = core->kinds[at];
  take_out(core->kinds, core->kind_count, own);
  take_out(core->kinds_hashed, core->kind_count, own);
  core->kind_count--;
  core->kinds_added -= own->local;
  let_go(own);
}

const struct core_kind *core_kind_named(const struct core *core, struct base_view name) {
  const struct core_kind sought = {.kind = {.name = name, .version = INT64_MAX}};
  size_t at = before(core->kinds, core->kind_count, &sought, by_name);
  const struct core_kind *kind = at > 0 ? core->kinds[at - 1] : NULL;
  return kind != NULL && base_view_equal(kind->kind.name, name) ? kind : NULL;
}

const struct core_kind *core_kind_versioned(const struct core *core, struct base_view name, int64_t version) {
  const struct core_kind *kind = core_kind_named(core, name);
  if (kind == NULL || version == 0 || kind->kind.version == version)
    return kind;
  const struct core_kind sought = {.kind = {.name = name, .version = version}, .local = true};
  size_t at = before(core->kinds, core->kind_count, &sought, by_name);
  kind = at < core->kind_count ? core->kinds[at] : NULL;
  return kind != NULL && base_view_equal(kind->kind.name, name) && kind->kind.version == version ? kind : NULL;
}

const struct core_kind *core_kind_hashed(const struct core *core, struct base_view name, const struct base_hash *hash) {
  const struct core_kind sought = {.kind = {.hash = *hash}};
  size_t at = before(core->kinds_hashed, core->kind_count, &sought, by_hash);
  const struct core_kind *kind = at < core->kind_count ? core->kinds_hashed[at] : NULL;
  return kind != NULL && base_hash_equal(&kind->kind.hash, hash) && base_view_equal(kind->kind.name, name) ? kind
                                                                                                           : NULL;
}

/* --- those of the program */

static const struct kinds_file *labels_of(const struct kinds_file *file) {
  char name[128];
  size_t stem = strlen(file->name) - strlen(".json");
  snprintf(name, sizeof name, "%.*s.labels.json", (int)stem, file->name);
  for (size_t i = 0; i < kinds_count; i++)
    if (strcmp(kinds_files[i].name, name) == 0)
      return &kinds_files[i];
  return NULL;
}

static bool is_semantics(const char *name) {
  size_t length = strlen(name);
  static const char labels[] = ".labels.json", json[] = ".json";
  bool is_json = length > sizeof json - 1 && strcmp(name + length - (sizeof json - 1), json) == 0;
  bool is_labels = length > sizeof labels - 1 && strcmp(name + length - (sizeof labels - 1), labels) == 0;
  return is_json && !is_labels;
}

static enum base_code load_file(const struct kinds_file *file, struct core_kind **out, struct base_error *err) {
  const struct kinds_file *labels = labels_of(file);
  if (labels == NULL)
    return base_fail(err, BASE_NOT_FOUND, "kinds/%s has no labels beside it", file->name);
  enum base_code code = core_kind_make(base_view_of(file->data, file->size), base_view_of(labels->data, labels->size), true,
                                       out, err);
  return code == BASE_OK ? BASE_OK : base_fail_within(err, "kinds/%s", file->name);
}

enum base_code core_shipped_load(struct core_shipped **out, struct base_error *err) {
  struct core_shipped *shipped = calloc(1, sizeof *shipped + kinds_count * sizeof *shipped->kinds);
  if (shipped == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the kinds");
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < kinds_count && code == BASE_OK; i++) {
    if (!is_semantics(kinds_files[i].name))
      continue;
    code = load_file(&kinds_files[i], &shipped->kinds[shipped->count], err);
    shipped->count += code == BASE_OK;
  }
  if (code == BASE_OK)
    *out = shipped;
  else
    core_shipped_free(shipped);
  return code;
}

void core_shipped_free(struct core_shipped *shipped) {
  for (size_t i = 0; shipped != NULL && i < shipped->count; i++)
    core_kind_free(shipped->kinds[i]);
  free(shipped);
}

enum base_code core_kinds_begin(struct core *core, struct base_error *err) {
  const struct core_shipped *shipped = core->env.shipped;
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < shipped->count && code == BASE_OK; i++)
    code = core_kind_insert(core, shipped->kinds[i], err);
  return code;
}

void core_kinds_free(struct core *core) {
  for (size_t i = 0; i < core->kind_count; i++)
    let_go(core->kinds[i]);
  free(core->kinds);
  free(core->kinds_hashed);
  core->kinds = core->kinds_hashed = NULL;
  core->kind_count = core->kind_room = core->kinds_added = 0;
}

/* --- what is said of them */

bool core_kind_agreement(const struct wire_kind *kind) {
  return base_view_is(kind->name, WIRE_KIND_AGREEMENT);
}

bool core_kind_recall(const struct core_kind *kind) {
  return base_view_is(kind->kind.name, WIRE_KIND_RECALL);
}

enum base_code core_kind_none(struct base_view name, struct base_error *err) {
  return base_fail(err, BASE_KIND, "there is no kind named %.*s; wasl kind list shows them", (int)name.size,
                   (const char *)name.data);
}

enum base_code core_kind_lacks(const struct core_kind *kind, struct base_view type, struct base_error *err) {
  struct base_view name = kind->kind.name;
  return base_fail(err, BASE_KIND, "the kind %.*s has no message of the type %.*s; wasl kind show %.*s lists them",
                   (int)name.size, (const char *)name.data, (int)type.size, (const char *)type.data, (int)name.size,
                   (const char *)name.data);
}

enum base_code core_kind_unknown(const struct core *core, struct base_view name, const struct base_hash *hash,
                                 struct base_error *err) {
  const struct core_kind *held = core_kind_named(core, name);
  struct base_hex_text came = base_hash_text(hash);
  if (held == NULL)
    return base_fail(err, BASE_KIND,
                     "no version of the kind %.*s is known here, nor its hash %s: this node must first be given the same "
                     "file (wasl kind add); then submit it again",
                     (int)name.size, (const char *)name.data, came.text);
  return base_fail(err, BASE_KIND,
                   "the kind %.*s is known here as version %lld with the hash %s, and not with the hash %s: both sides "
                   "need the same file (wasl kind list, wasl kind add); then submit it again",
                   (int)name.size, (const char *)name.data, (long long)held->kind.version,
                   base_hash_text(&held->kind.hash).text, came.text);
}
