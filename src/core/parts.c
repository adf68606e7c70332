/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/backup.h"
#include "core/parts.h"

/* Parts lie in files of the folder parts/, as the very records that travel: each sealed under the part's key, which
 * stands in the message's part 0 and nowhere else. So erasing the message's key erases its parts. Files have random
 * names. */

enum base_code core_part_file_make(struct core *core, char name[CORE_PART_FILE + 1], int *out, struct base_error *err) {
  uint8_t random[CORE_PART_FILE / 2];
  core->env.world->random(core->env.world->context, random, sizeof random);
  base_hex(random, sizeof random, name);
  int fd = openat(core->parts_dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return base_fail_errno(err, "a file for a part could not be made");
  core->parts_dir_dirty = true;
  *out = fd;
  return BASE_OK;
}

int core_part_file_open(const struct core *core, const struct store_part *part, int flags) {
  char name[CORE_PART_FILE + 1];
  snprintf(name, sizeof name, "%.*s", (int)part->file.size, (const char *)part->file.data);
  return openat(core->parts_dir, name, flags | O_CLOEXEC);
}

enum base_code core_record_write(int fd, uint32_t record, const uint8_t *sealed, size_t size, struct base_error *err) {
  off_t at = (off_t)record * CORE_SEALED_RECORD;
  while (size > 0) {
    ssize_t wrote = pwrite(fd, sealed, size, at);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0)
      return base_fail_errno(err, "a part could not be written");
    sealed += wrote;
    size -= (size_t)wrote;
    at += wrote;
  }
  return BASE_OK;
}

size_t core_record_size(uint64_t part_size, uint32_t record, uint32_t records) {
  if (record + 1 < records)
    return CORE_SEALED_RECORD;
  return (size_t)(part_size - (uint64_t)record * WIRE_RECORD_MAX) + WIRE_RECORD_OVERHEAD;
}

uint64_t core_part_octets(const struct store_part *part) {
  if (part->records_held == 0)
    return 0;
  uint32_t last = part->records_held - 1;
  return (uint64_t)last * CORE_SEALED_RECORD + core_record_size(part->size, last, part->records);
}

enum base_code core_record_read(int fd, uint32_t record, uint8_t *out, size_t size, struct base_error *err) {
  off_t at = (off_t)record * CORE_SEALED_RECORD;
  while (size > 0) {
    ssize_t got = pread(fd, out, size, at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "a stored part could not be read");
    if (got == 0)
      return base_fail(err, BASE_CORRUPT, "record %u of its file is cut short", record);
    out += got;
    size -= (size_t)got;
    at += got;
  }
  return BASE_OK;
}

struct base_hash core_part_token(const struct core *core, const struct base_hash *sha256) {
  /* A keyed one-way function of a value of fixed size: a plain hash of key and value is enough. */
  uint8_t input[32 + 32];
  memcpy(input, core->token_key.bytes, 32);
  memcpy(input + 32, sha256->bytes, 32);
  struct base_hash token = seal_sha256(base_view_of(input, sizeof input));
  base_wipe(input, sizeof input);
  return token;
}

/* --- life */

/* Uploads and arrivals that no row names were under way when the node stopped. */
static enum base_code remove_strays(struct core *core, struct base_error *err) {
  int fd = openat(core->parts_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) {
    enum base_code code = base_fail_errno(err, "parts/ could not be read");
    base_close_fd(&fd);
    return code;
  }
  enum base_code code = BASE_OK;
  for (struct dirent *entry = readdir(folder); entry != NULL && code == BASE_OK; entry = readdir(folder)) {
    bool named = entry->d_name[0] == '.';
    if (!named)
      code = store_part_named(core->store, base_view_text(entry->d_name), &named, err);
    if (code == BASE_OK && !named && unlinkat(core->parts_dir, entry->d_name, 0) != 0)
      base_log(BASE_LOG_WARNING, "parts.stray", "a left-over file could not be removed");
  }
  closedir(folder);
  return code;
}

enum base_code core_parts_open(struct core *core, struct base_error *err) {
  if (mkdirat(core->env.dir, "parts", 0700) != 0 && errno != EEXIST)
    return base_fail_errno(err, "the folder for parts could not be made");
  core->parts_dir = openat(core->env.dir, "parts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (core->parts_dir < 0)
    return base_fail_errno(err, "the folder for parts could not be opened");
  /* Its name and the names in it, also those that a core killed before us had made but not synced. */
  if (fsync(core->env.dir) != 0 || fsync(core->parts_dir) != 0)
    return base_fail_errno(err, "the folder for parts could not be made durable");
  return remove_strays(core, err);
}

void core_parts_close(struct core *core) {
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].used)
      core_stage_release(core, &core->stages[i], false);
  core_parts_forget(core, NULL);
  core_reading_end(core);
  free(core->doomed.names);
  free(core->made.names);
  base_close_fd(&core->parts_dir);
}

/* --- what messages have of them */

static enum base_code note_file(struct core_files *files, struct base_view file, struct base_error *err) {
  if (files->count == files->room) {
    size_t room = files->room == 0 ? 16 : 2 * files->room;
    void *grown = realloc(files->names, room * sizeof files->names[0]);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory for the name of a file");
    files->names = grown;
    files->room = room;
  }
  snprintf(files->names[files->count++], sizeof files->names[0], "%.*s", (int)file.size, (const char *)file.data);
  return BASE_OK;
}

enum base_code core_part_made(struct core *core, struct base_view file, struct base_error *err) {
  return note_file(&core->made, file, err);
}

/* A part with this hash may be here in another message: this row does not stand for it any more, and nothing of it
 * tells which document it was. Nor does it name the file, so that one which outlives this run is a stray. */
static void empty_row(struct store_part *row) {
  row->records_held = 0;
  row->file = (struct base_view){0};
  row->token = (struct base_hash){{0}};
}

enum base_code core_parts_move(struct core *core, const struct base_id *from, const struct base_id *to, size_t count,
                               struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < count && code == BASE_OK; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row, left;
    code = store_part_get(core->store, from, (uint16_t)i, &arena, &row, err);
    if (code != BASE_OK)
      return code;
    left = row;
    row.message = *to;
    empty_row(&left);
    code = store_part_put(core->store, &row, err);
    if (code == BASE_OK)
      code = store_part_put(core->store, &left, err);
  }
  return code;
}

enum base_code core_parts_share(struct core *core, const struct base_id *from, const struct base_id *to, size_t count,
                                struct base_error *err) {
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < count && code == BASE_OK; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row;
    code = store_part_get(core->store, from, (uint16_t)i, &arena, &row, err);
    if (code == BASE_OK && (row.records_held != row.records || row.file.size == 0))
      return base_fail(err, BASE_CORRUPT, "part %zu of message %s is not whole here", i + 1, base_id_text(from).text);
    row.message = *to;
    if (code == BASE_OK)
      code = store_part_put(core->store, &row, err);
  }
  return code;
}

enum base_code core_parts_drop(struct core *core, const struct base_id *message, uint16_t count,
                               struct base_error *err) {
  core_parts_forget(core, message);
  for (uint16_t i = 0; i < count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row;
    enum base_code code = store_part_get(core->store, message, i, &arena, &row, err);
    if (code == BASE_NOT_FOUND)
      continue;
    if (code != BASE_OK)
      return code;
    if (row.file.size > 0)
      code = note_file(&core->doomed, row.file, err);
    empty_row(&row);
    if (code == BASE_OK)
      code = store_part_put(core->store, &row, err);
    if (code != BASE_OK)
      return code;
  }
  return BASE_OK;
}

static void remove_file(struct core *core, const char *name) {
  if (unlinkat(core->parts_dir, name, 0) != 0 && errno != ENOENT)
    base_log(BASE_LOG_WARNING, "parts.stray", "the file of a part that is not kept could not be removed");
}

/* A message that was passed on shares its files with what passed it on. One of which it is not known stays: the next start
 * removes it. */
static bool is_named(struct core *core, const char *name) {
  bool named = false;
  struct base_error ignored = {0};
  return store_part_named(core->store, base_view_text(name), &named, &ignored) != BASE_OK || named;
}

void core_parts_reap(struct core *core) {
  core->made.count = 0;
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].taken)
      core_stage_release(core, &core->stages[i], true);
  core->doomed_kept = core_backups_run(core) ? core->doomed.count : 0;
  if (core->doomed_kept > 0)
    return;
  for (size_t i = 0; i < core->doomed.count; i++)
    if (!is_named(core, core->doomed.names[i]))
      remove_file(core, core->doomed.names[i]);
  core->doomed.count = 0;
}

void core_parts_lost(struct core *core, bool readable) {
  struct base_error ignored = {0};
  bool named = false;
  for (size_t i = 0; i < core->made.count; i++)
    if (readable && store_part_named(core->store, base_view_text(core->made.names[i]), &named, &ignored) == BASE_OK &&
        !named)
      remove_file(core, core->made.names[i]);
  core->made.count = 0;
  core->doomed.count = core->doomed_kept;
  for (size_t i = 0; i < CORE_STAGES_MAX; i++) {
    struct core_stage *stage = &core->stages[i];
    if (!stage->taken)
      continue;
    if (readable && store_part_named(core->store, base_view_text(stage->file), &named, &ignored) == BASE_OK && !named)
      stage->taken = false;
    else
      core_stage_release(core, stage, true);
  }
}

enum base_code core_parts_missing(struct core *core, const struct base_id *message, uint16_t count,
                                  uint32_t wants[WIRE_PARTS_MAX], bool *out_complete, struct base_error *err) {
  *out_complete = true;
  for (uint16_t i = 0; i < count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part row;
    enum base_code code = store_part_get(core->store, message, i, &arena, &row, err);
    if (code != BASE_OK)
      return code;
    bool gone = row.file.size == 0; /* erased: none of it is awaited */
    wants[i] = gone ? row.records : row.records_held;
    if (wants[i] < row.records)
      *out_complete = false;
  }
  return BASE_OK;
}

enum base_code core_parts_sync(struct core *core, struct base_error *err) {
  for (struct core_arriving *arriving = core->arriving; arriving != NULL; arriving = arriving->next) {
    if (arriving->dirty && fdatasync(arriving->fd) != 0)
      return base_fail_errno(err, "a part could not be made durable");
    arriving->dirty = false;
  }
  if (core->parts_dir_dirty && fsync(core->parts_dir) != 0)
    return base_fail_errno(err, "the folder of parts could not be made durable");
  core->parts_dir_dirty = false;
  return BASE_OK;
}
