/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/check.h"
#include "core/messages.h"

/* Every part against its message, its file and the hash that its message names, read back record by record; and the
 * folder against the rows. A part is read over many requests: what changes meanwhile is looked at anew. */

static struct core_place place_of(const char *name) {
  return core_place("part %s", name);
}

void core_check_file_end(struct core_check *check) {
  base_close_fd(&check->file.fd);
  seal_hasher_free(check->file.hasher);
  base_wipe(&check->file, sizeof check->file);
  check->file.fd = -1;
}

/* --- a row */

static bool name_valid(struct base_view file) {
  for (size_t i = 0; i < file.size; i++)
    if (!((file.data[i] >= '0' && file.data[i] <= '9') || (file.data[i] >= 'a' && file.data[i] <= 'f')))
      return false;
  return file.size == CORE_PART_FILE;
}

static bool row_fits(struct core *core, const struct store_part *row, const struct wire_part *wire,
                     struct core_place place) {
  struct base_hash token = core_part_token(core, &wire->sha256);
  if (row->size != wire->size || row->records != seal_record_count(wire->size) || row->records_held > row->records)
    core_check_found(core, CORE_SO_PART, place,
                     "it is stored as %llu octets in %u records, %u of them here, but its message says %llu octets",
                     (unsigned long long)row->size, row->records, row->records_held, (unsigned long long)wire->size);
  else if (!core->token_key_lost && !base_hash_equal(&token, &row->token))
    core_check_found(core, CORE_SO_DERIVED, place, "it is stored under another hash than its message names");
  else
    return true;
  return false;
}

/* Officers ask for a part by its hash. */
static enum base_code check_found_by_hash(struct core *core, const struct store_part *row, struct core_place place,
                                          struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_pair key = {INT64_MIN, INT64_MIN};
  struct store_part found;
  if (row->records_held < row->records || core->token_key_lost)
    return BASE_OK;
  enum base_code code = store_part_by_token(core->store, &row->token, &key, &arena, &found, err);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_DERIVED, place, "it is here, but is not found by its hash");
  return core_damage(code) ? BASE_OK : code;
}

static enum base_code open_file(struct core *core, const struct store_part *row, const struct wire_part *wire,
                                struct core_place place, struct base_error *err) {
  struct core_check_file *file = &core->check->file;
  struct stat status;
  uint64_t whole = 0;
  for (uint32_t i = 0; i < row->records_held; i++)
    whole += core_record_size(row->size, i, row->records);
  file->fd = core_part_file_open(core, row, O_RDONLY | O_NOFOLLOW);
  if (file->fd < 0 && errno != ENOENT && errno != ELOOP)
    return base_fail_errno(err, "a stored part could not be opened");
  if (file->fd < 0 || fstat(file->fd, &status) != 0 || !S_ISREG(status.st_mode))
    core_check_found(core, CORE_SO_PART, place, "its file is missing, or no file");
  else if ((uint64_t)status.st_size < whole || (row->records_held == row->records && (uint64_t)status.st_size != whole))
    core_check_found(core, CORE_SO_PART, place, "its file has %lld octets instead of %llu", (long long)status.st_size,
                     (unsigned long long)whole);
  else if ((file->hasher = seal_hasher_new()) == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the check of a part");
  if (file->hasher == NULL) {
    core_check_file_end(core->check);
    return BASE_OK;
  }
  file->message = row->message;
  file->part = row->part;
  snprintf(file->name, sizeof file->name, "%.*s", (int)row->file.size, (const char *)row->file.data);
  file->size = row->size;
  file->records = row->records;
  file->held = row->records_held;
  file->sha256 = wire->sha256;
  file->key = wire->key;
  return BASE_OK;
}

static enum base_code check_row(struct core *core, const struct store_part *row, struct base_arena *arena,
                                struct base_error *err) {
  char name[80];
  snprintf(name, sizeof name, "%.*s", (int)(row->file.size < 64 ? row->file.size : 64), (const char *)row->file.data);
  struct core_place place = place_of(name);
  struct core_content content = {0};
  enum base_code code = core_content_read(core, &row->message, arena, &content, err);
  if (code == BASE_NOT_FOUND)
    core_check_found(core, CORE_SO_STRAY, place, "its message %s is not here", base_id_text(&row->message).text);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code; /* content that does not open is named among the messages */
  if (content.dropped) {
    if (row->records_held > 0 || row->file.size > 0)
      core_check_found(core, CORE_SO_PART, place, "its message was refused or erased, and yet it is said to be here");
  } else if (!name_valid(row->file))
    core_check_found(core, CORE_SO_PART, place, "that is no name of a file of a part");
  else if (row->part >= content.part0.part_count)
    core_check_found(core, CORE_SO_PART, place, "message %s has no part %u", base_id_text(&row->message).text,
                     (unsigned)row->part);
  else if (row_fits(core, row, &content.part0.parts[row->part], place) &&
           (code = check_found_by_hash(core, row, place, err)) == BASE_OK)
    code = open_file(core, row, &content.part0.parts[row->part], place, err);
  core_content_free(&content);
  return code;
}

/* --- its records */

static enum base_code read_record(struct core *core, struct base_error *err) {
  struct core_check_file *file = &core->check->file;
  BASE_AUTO_FREE uint8_t *sealed = malloc(CORE_SEALED_RECORD), *plain = malloc(CORE_SEALED_RECORD);
  if (sealed == NULL || plain == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a record");
  size_t size = core_record_size(file->size, file->next, file->records);
  struct base_error why = {0};
  enum base_code code = core_record_read(file->fd, file->next, sealed, size, &why);
  if (code == BASE_OK)
    code = seal_record_decrypt(&file->key, file->next, file->next + 1 == file->records, base_view_of(sealed, size),
                               plain, &why);
  if (code == BASE_OK) {
    seal_hasher_add(file->hasher, base_view_of(plain, size - WIRE_RECORD_OVERHEAD));
    base_wipe(plain, size);
    file->next++;
    return BASE_OK;
  }
  if (!core_damage(code))
    return base_fail(err, code, "%s", why.text);
  core_check_found(core, CORE_SO_PART, place_of(file->name), "its record %u is not the one that was sealed: %s",
                   file->next, why.text);
  core_check_file_end(core->check);
  return BASE_OK;
}

static enum base_code go_on(struct core *core, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_check_file *file = &core->check->file;
  struct store_part row;
  enum base_code code = store_part_get(core->store, &file->message, file->part, &arena, &row, err);
  if (code != BASE_OK || !base_view_is(row.file, file->name) || row.records_held < file->held) {
    core_check_file_end(core->check); /* refused meanwhile */
    return core_damage(code) ? BASE_OK : code;
  }
  if (file->next < file->held) {
    core->check->budget -= CORE_CHECK_COST_RECORD;
    core->check->total++;
    return read_record(core, err);
  }
  struct base_hash sha256 = seal_hasher_end(file->hasher);
  if (file->held == file->records && !base_hash_equal(&sha256, &file->sha256))
    core_check_found(core, CORE_SO_PART, place_of(file->name), "it does not have the hash that its message names");
  core_check_file_end(core->check);
  return BASE_OK;
}

enum base_code core_check_parts(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  if (check->file.hasher != NULL)
    return go_on(core, err);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_part row;
  struct store_pair before = check->pair;
  enum base_code code = store_part_next(core->store, &check->pair, &arena, &row, err);
  bool moved = check->pair.first != before.first || check->pair.second != before.second;
  check->budget -= CORE_CHECK_COST_FILE;
  check->rows++;
  check->total++;
  return core_check_row(core, "parts", moved, &code, done, err) ? check_row(core, &row, &arena, err) : code;
}

/* --- the folder */

static bool staged(const struct core *core, const char *name) {
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].used && strcmp(core->stages[i].file, name) == 0)
      return true;
  for (size_t i = 0; i < core->doomed.count; i++)
    if (strcmp(core->doomed.names[i], name) == 0)
      return true;
  return false;
}

enum base_code core_check_files(struct core *core, bool *done, struct base_error *err) {
  struct core_check *check = core->check;
  if (check->folder == NULL) {
    int fd = openat(core->parts_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check->folder = fd < 0 ? NULL : fdopendir(fd);
    if (check->folder == NULL) {
      enum base_code code = base_fail_errno(err, "parts/ could not be read");
      base_close_fd(&fd);
      return code;
    }
  }
  struct dirent *entry = readdir(check->folder);
  if (entry == NULL) {
    closedir(check->folder);
    check->folder = NULL;
    *done = true;
    return BASE_OK;
  }
  check->budget -= CORE_CHECK_COST_ROW;
  if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
    return BASE_OK;
  struct stat status;
  bool named = false;
  check->rows++;
  check->total++;
  enum base_code code = store_part_named(core->store, base_view_text(entry->d_name), &named, err);
  /* Read some time ago: it may be gone by now. */
  if (code == BASE_OK && !named && !staged(core, entry->d_name) &&
      fstatat(core->parts_dir, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    core_check_found(core, CORE_SO_STRAY, place_of(entry->d_name), "no row has such a file");
  return code;
}
