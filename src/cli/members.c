/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/evidence.h"

enum { PIECE = 64 << 10, RECORD = 20 * WIRE_TAR_BLOCK };

static enum base_code read_at(const struct cli_source *source, uint64_t offset, uint8_t *out, size_t size,
                              struct base_error *err) {
  if (offset > source->size || size > source->size - offset)
    return base_fail(err, BASE_EVIDENCE, "the file is cut short at byte %llu", (unsigned long long)source->size);
  return source->read(source->context, offset, out, size, err);
}

/* tar fills its last record of 20 blocks with zeros; anything else behind the end is not ours. */
static enum base_code check_zeros(const struct cli_source *source, uint64_t from, uint64_t to, const char *where,
                                  struct base_error *err) {
  uint8_t piece[WIRE_TAR_BLOCK];
  for (uint64_t at = from; at < to;) {
    size_t size = to - at < sizeof piece ? (size_t)(to - at) : sizeof piece;
    enum base_code code = read_at(source, at, piece, size, err);
    if (code != BASE_OK)
      return code;
    for (size_t i = 0; i < size; i++)
      if (piece[i] != 0)
        return base_fail(err, BASE_EVIDENCE, "byte %llu, %s, is not zero", (unsigned long long)(at + i), where);
    at += size;
  }
  return BASE_OK;
}

static enum base_code check_end(const struct cli_source *source, uint64_t at, struct base_error *err) {
  uint64_t left = source->size - at;
  if (left < WIRE_TAR_BLOCK)
    return base_fail(err, BASE_EVIDENCE, "the archive does not end in two zero blocks");
  if (left > WIRE_TAR_BLOCK && (source->size % RECORD != 0 || left > RECORD))
    return base_fail(err, BASE_EVIDENCE, "%llu bytes too many behind the end of the archive",
                     (unsigned long long)(left - WIRE_TAR_BLOCK));
  return check_zeros(source, at, source->size, "behind the last member", err);
}

static enum base_code add_member(struct cli_members *members, const struct wire_tar_member *found, uint64_t offset,
                                 struct base_error *err) {
  if (cli_member_named(members, found->name) != NULL)
    return base_fail(err, BASE_EVIDENCE, "%s: stands twice", found->name);
  if (members->count == CLI_EVIDENCE_MEMBERS_MAX)
    return base_fail(err, BASE_EVIDENCE, "more than %d files", CLI_EVIDENCE_MEMBERS_MAX);
  struct cli_member *member = &members->list[members->count++];
  *member = (struct cli_member){.offset = offset, .size = found->size};
  memcpy(member->name, found->name, sizeof member->name);
  return BASE_OK;
}

enum base_code cli_members_read(const struct cli_source *source, struct cli_members *out, struct base_error *err) {
  uint64_t at = 0;
  out->source = source;
  out->count = 0;
  for (;;) {
    uint8_t block[WIRE_TAR_BLOCK];
    struct wire_tar_member found;
    bool end = false;
    enum base_code code = read_at(source, at, block, sizeof block, err);
    if (code == BASE_OK && wire_tar_parse(block, &found, &end, err) != BASE_OK)
      code = base_fail_within(err, "the header at byte %llu", (unsigned long long)at);
    if (code != BASE_OK)
      return code;
    at += WIRE_TAR_BLOCK;
    if (end)
      return check_end(source, at, err);
    uint64_t whole = found.size + wire_tar_padding(found.size);
    if (whole > source->size - at)
      return base_fail(err, BASE_EVIDENCE, "%s: cut short", found.name);
    code = add_member(out, &found, at, err);
    if (code == BASE_OK)
      code = check_zeros(source, at + found.size, at + whole, found.name, err);
    if (code != BASE_OK)
      return code;
    at += whole;
  }
}

struct cli_member *cli_member_named(struct cli_members *members, const char *name) {
  for (size_t i = 0; i < members->count; i++)
    if (strcmp(members->list[i].name, name) == 0)
      return &members->list[i];
  return NULL;
}

enum base_code cli_member_load(struct cli_members *members, const char *name, size_t max, struct base_arena *arena,
                               struct base_view *out, struct base_error *err) {
  struct cli_member *member = cli_member_named(members, name);
  if (member == NULL)
    return base_fail(err, BASE_EVIDENCE, "%s: is missing", name);
  if (member->size > max)
    return base_fail(err, BASE_EVIDENCE, "%s: %llu bytes, at most %zu are possible", name,
                     (unsigned long long)member->size, max);
  uint8_t *room = base_arena_alloc(arena, member->size > 0 ? (size_t)member->size : 1);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for %s", name);
  enum base_code code = read_at(members->source, member->offset, room, (size_t)member->size, err);
  if (code != BASE_OK)
    return code;
  member->used = true;
  *out = base_view_of(room, (size_t)member->size);
  return BASE_OK;
}

enum base_code cli_member_hash(const struct cli_members *members, const struct cli_member *member,
                               struct base_hash *out, struct base_error *err) {
  uint8_t piece[PIECE];
  enum base_code code = BASE_OK;
  struct seal_hasher *hasher = seal_hasher_new();
  if (hasher == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a hash");
  for (uint64_t at = 0; code == BASE_OK && at < member->size;) {
    size_t size = member->size - at < sizeof piece ? (size_t)(member->size - at) : sizeof piece;
    code = read_at(members->source, member->offset + at, piece, size, err);
    if (code == BASE_OK)
      seal_hasher_add(hasher, base_view_of(piece, size));
    at += size;
  }
  *out = seal_hasher_end(hasher);
  seal_hasher_free(hasher);
  return code;
}
