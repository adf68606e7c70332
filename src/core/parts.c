/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/internal.h"

/* Parts lie in files of the folder parts/, as the very records that travel: each sealed under the part's key, which
 * stands in the message's part 0 and nowhere else. So erasing the message's key erases its parts. Files have random
 * names. */

enum { SEALED_RECORD = WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD, FILE_NAME = 32 };

static enum base_code file_make(struct core *core, char name[FILE_NAME + 1], int *out, struct base_error *err) {
  uint8_t random[FILE_NAME / 2];
  core->env.world->random(core->env.world->context, random, sizeof random);
  base_hex(random, sizeof random, name);
  int fd = openat(core->parts_dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return base_fail_errno(err, "a file for a part could not be made");
  core->parts_dir_dirty = true;
  *out = fd;
  return BASE_OK;
}

static enum base_code record_write(int fd, uint32_t record, const uint8_t *sealed, size_t size,
                                   struct base_error *err) {
  off_t at = (off_t)record * SEALED_RECORD;
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

/* The sealed size of a record of a part of this size. */
static size_t record_size(uint64_t part_size, uint32_t record, uint32_t records) {
  if (record + 1 < records)
    return SEALED_RECORD;
  return (size_t)(part_size - (uint64_t)record * WIRE_RECORD_MAX) + WIRE_RECORD_OVERHEAD;
}

static enum base_code record_read(int fd, uint32_t record, uint8_t *out, size_t size, struct base_error *err) {
  off_t at = (off_t)record * SEALED_RECORD;
  while (size > 0) {
    ssize_t got = pread(fd, out, size, at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "a stored part could not be read");
    if (got == 0)
      return base_fail(err, BASE_CORRUPT, "a stored part is shorter than its record says");
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

struct known_files {
  char (*names)[FILE_NAME + 1];
  size_t count, room;
};

static enum base_code known_add(void *context, const struct store_part *part) {
  struct known_files *known = context;
  if (known->count == known->room) {
    size_t room = known->room == 0 ? 256 : 2 * known->room;
    void *grown = realloc(known->names, room * sizeof known->names[0]);
    if (grown == NULL)
      return BASE_MEMORY;
    known->names = grown;
    known->room = room;
  }
  snprintf(known->names[known->count++], FILE_NAME + 1, "%.*s", (int)part->file.size, (const char *)part->file.data);
  return BASE_OK;
}

static int name_order(const void *a, const void *b) {
  return strcmp(a, b);
}

/* Uploads and arrivals that no row names were under way when the node stopped. */
static enum base_code remove_strays(struct core *core, const struct known_files *known, struct base_error *err) {
  int fd = openat(core->parts_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (folder == NULL) {
    enum base_code code = base_fail_errno(err, "parts/ could not be read");
    base_close_fd(&fd);
    return code;
  }
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] == '.')
      continue;
    bool named = known->count > 0 && strlen(entry->d_name) == FILE_NAME &&
                 bsearch(entry->d_name, known->names, known->count, sizeof known->names[0], name_order) != NULL;
    if (!named && unlinkat(core->parts_dir, entry->d_name, 0) != 0)
      base_log(BASE_LOG_WARNING, "parts.stray", "a left-over file could not be removed");
  }
  closedir(folder);
  return BASE_OK;
}

enum base_code core_parts_open(struct core *core, struct base_error *err) {
  if (mkdirat(core->env.dir, "parts", 0700) != 0 && errno != EEXIST)
    return base_fail_errno(err, "the folder for parts could not be made");
  core->parts_dir = openat(core->env.dir, "parts", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (core->parts_dir < 0)
    return base_fail_errno(err, "the folder for parts could not be opened");
  struct known_files known = {0};
  enum base_code code = store_part_each(core->store, known_add, &known, err);
  if (code == BASE_OK && known.count > 0)
    qsort(known.names, known.count, sizeof known.names[0], name_order);
  if (code == BASE_OK)
    code = remove_strays(core, &known, err);
  free(known.names);
  return code;
}

static void reading_end(struct core *core) {
  if (core->reading.used)
    base_close_fd(&core->reading.fd);
  base_wipe(&core->reading, sizeof core->reading);
}

void core_parts_close(struct core *core) {
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].used)
      core_stage_release(core, &core->stages[i], false);
  core_parts_forget(core, NULL);
  reading_end(core);
  free(core->doomed);
  base_close_fd(&core->parts_dir);
}

/* --- uploads */

struct core_stage *core_stage_of(struct core *core, uint64_t id) {
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].used && core->stages[i].id == id)
      return &core->stages[i];
  return NULL;
}

void core_stage_release(struct core *core, struct core_stage *stage, bool keep_file) {
  base_close_fd(&stage->fd);
  if (!keep_file)
    (void)unlinkat(core->parts_dir, stage->file, 0);
  seal_hasher_free(stage->hasher);
  base_wipe(stage, sizeof *stage);
}

void core_stages_expire(struct core *core) {
  base_time now = core_now(core);
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].used && now - core->stages[i].begun > CORE_STAGE_SECONDS)
      core_stage_release(core, &core->stages[i], false);
}

static void stage_answer(struct core *core, uint64_t token, const struct core_stage *stage) {
  char id[24];
  snprintf(id, sizeof id, "%llu", (unsigned long long)stage->id);
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "stage", id);
  if (stage->finished) {
    wire_write_member_hash(&writer, "sha256", &stage->sha256);
    wire_write_member_integer(&writer, "size", (int64_t)stage->size);
  }
  wire_write_end(&writer, '}');
}

void core_part_begin(struct core *core, uint64_t token, const struct wire_json *request) {
  (void)request;
  struct base_error err = {0};
  enum base_code code = BASE_OK;
  struct core_stage *stage = NULL;
  for (size_t i = 0; i < CORE_STAGES_MAX && stage == NULL; i++)
    if (!core->stages[i].used)
      stage = &core->stages[i];
  uint64_t room = 0;
  if (stage == NULL)
    code = base_fail(&err, BASE_BUSY, "%d uploads wait to be named by a message: send or wait", CORE_STAGES_MAX);
  else if (core_disk_low(core, &room))
    code = base_fail(&err, BASE_DISK_FULL,
                     "%llu MiB are free on the node's disk, %d are needed: make room, then send again",
                     (unsigned long long)(room >> 20), CORE_DISK_LOW >> 20);
  struct core_stage fresh = {.used = true, .id = ++core->next_stage, .begun = core_now(core), .fd = -1};
  if (code == BASE_OK && (fresh.hasher = seal_hasher_new()) == NULL)
    code = base_fail(&err, BASE_MEMORY, "no memory for an upload");
  if (code == BASE_OK)
    code = file_make(core, fresh.file, &fresh.fd, &err);
  if (code != BASE_OK) {
    seal_hasher_free(fresh.hasher);
    core_reply_error(core, token, code, &err);
    return;
  }
  core->env.world->random(core->env.world->context, &fresh.key, sizeof fresh.key);
  *stage = fresh;
  stage_answer(core, token, stage);
}

static enum base_code stage_named(struct core *core, const struct wire_json *request, struct core_stage **out,
                                  struct base_error *err) {
  uint64_t id = 0;
  struct core_stage *stage =
      base_decimal_parse(core_request_text(request, "stage"), &id) ? core_stage_of(core, id) : NULL;
  if (stage == NULL)
    return base_fail(err, BASE_NOT_FOUND, "the upload is not there (any more): begin again");
  *out = stage;
  return BASE_OK;
}

static enum base_code stage_add(struct core *core, struct core_stage *stage, const struct wire_json *request, int fd,
                                struct base_error *err) {
  bool last = wire_json_true(wire_json_get(request, "last"));
  int64_t index = wire_json_integer(wire_json_get(request, "index"));
  if (stage->finished || index != (int64_t)stage->records)
    return base_fail(err, BASE_PROTOCOL, "upload: piece %lld came, %u was expected", (long long)index, stage->records);
  if (core_disk_low(core, NULL))
    return base_fail(err, BASE_DISK_FULL, "the node's disk is nearly full: the upload was taken back; make room first");
  struct base_view plain = {0};
  enum base_code code = base_map_sealed(fd, WIRE_RECORD_MAX, &plain, err);
  if (code != BASE_OK)
    return code;
  uint8_t *sealed = malloc(SEALED_RECORD);
  if (!last && plain.size != WIRE_RECORD_MAX)
    code = base_fail(err, BASE_PROTOCOL, "upload: piece %lld has %zu octets, only the last may have less than %d",
                     (long long)index, plain.size, WIRE_RECORD_MAX);
  else if (sealed == NULL)
    code = base_fail(err, BASE_MEMORY, "no memory for an upload");
  else {
    seal_record_encrypt(&stage->key, stage->records, last, plain, sealed);
    code = record_write(stage->fd, stage->records, sealed, plain.size + WIRE_RECORD_OVERHEAD, err);
  }
  if (code == BASE_OK && (last || stage->records % CORE_STAGE_SYNC == CORE_STAGE_SYNC - 1) && fdatasync(stage->fd) != 0)
    code = base_fail_errno(err, "an upload could not be made durable");
  if (code == BASE_OK) {
    seal_hasher_add(stage->hasher, plain);
    stage->size += plain.size;
    stage->records++;
    if (last) {
      stage->finished = true;
      stage->sha256 = seal_hasher_end(stage->hasher);
      base_close_fd(&stage->fd);
    }
  }
  free(sealed);
  base_unmap(&plain);
  return code;
}

void core_part_chunk(struct core *core, uint64_t token, const struct wire_json *request, int fd) {
  struct base_error err = {0};
  struct core_stage *stage = NULL;
  enum base_code code = stage_named(core, request, &stage, &err);
  if (code == BASE_OK)
    code = stage_add(core, stage, request, fd, &err);
  if (code == BASE_OK)
    stage_answer(core, token, stage);
  else {
    if (stage != NULL)
      core_stage_release(core, stage, false);
    core_reply_error(core, token, code, &err);
  }
}

void core_part_finish(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_stage *stage = NULL;
  enum base_code code = stage_named(core, request, &stage, &err);
  if (code == BASE_OK && !stage->finished)
    code = base_fail(&err, BASE_PROTOCOL, "upload: its last piece has not come");
  if (code == BASE_OK)
    stage_answer(core, token, stage);
  else
    core_reply_error(core, token, code, &err);
}

void core_part_cancel(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_stage *stage = NULL;
  enum base_code code = stage_named(core, request, &stage, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  core_stage_release(core, stage, false);
  base_buf_text(&core_reply(core, token, BASE_OK)->payload, "{}");
}

/* --- reading */

enum base_code core_part_record(struct core *core, const struct store_part *part, uint32_t record, struct base_buf *out,
                                struct base_error *err) {
  char name[FILE_NAME + 1];
  snprintf(name, sizeof name, "%.*s", (int)part->file.size, (const char *)part->file.data);
  BASE_AUTO_FD int fd = openat(core->parts_dir, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return base_fail_errno(err, "a stored part could not be opened");
  size_t size = record_size(part->size, record, part->records), before = out->size;
  uint8_t *room = base_buf_reserve(out, size);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a record");
  enum base_code code = record_read(fd, record, room, size, err);
  if (code != BASE_OK)
    out->size = before;
  return code;
}

static enum base_code reading_begin(struct core *core, const struct base_id *message, uint16_t part,
                                    struct wire_part *out_wire, struct base_arena *arena, struct base_error *err) {
  struct core_content content = {0};
  struct store_part row;
  enum base_code code = core_content_read(core, message, arena, &content, err);
  if (code != BASE_OK)
    return code;
  if (content.dropped || part >= content.part0.part_count)
    code = base_fail(err, BASE_NOT_FOUND, "message %s holds no such part (any more)", base_id_text(message).text);
  if (code == BASE_OK)
    code = store_part_get(core->store, message, part, arena, &row, err);
  if (code == BASE_OK && row.records_held != row.records)
    code = base_fail(err, BASE_NOT_FOUND, "the part is still on its way");
  if (code == BASE_OK) {
    reading_end(core);
    char name[FILE_NAME + 1];
    snprintf(name, sizeof name, "%.*s", (int)row.file.size, (const char *)row.file.data);
    int fd = openat(core->parts_dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      code = base_fail_errno(err, "a stored part could not be opened");
    } else {
      core->reading = (struct core_reading){.used = true,
                                            .message = *message,
                                            .part = part,
                                            .key = content.part0.parts[part].key,
                                            .fd = fd,
                                            .records = row.records,
                                            .size = row.size};
      *out_wire = content.part0.parts[part];
      out_wire->name = base_arena_copy(arena, out_wire->name);
      out_wire->media_type = base_arena_copy(arena, out_wire->media_type);
      base_wipe(&out_wire->key, sizeof out_wire->key);
    }
  }
  core_content_free(&content);
  return code;
}

void core_part_open(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct base_hash sha256;
  struct store_part row;
  struct wire_part wire = {0};
  enum base_code code = BASE_OK;
  if (!base_hash_parse(core_request_text(request, "sha256"), &sha256))
    code = base_fail(&err, BASE_FIELD, "sha256: 64 lowercase hex digits");
  if (code == BASE_OK) {
    struct base_hash token_hash = core_part_token(core, &sha256);
    code = store_part_by_token(core->store, &token_hash, &arena, &row, &err);
    if (code == BASE_NOT_FOUND)
      code = base_fail(&err, BASE_NOT_FOUND, "no part with this hash is here");
  }
  if (code == BASE_OK)
    code = reading_begin(core, &row.message, row.part, &wire, &arena, &err);
  struct base_hex_text id = {{0}};
  if (code == BASE_OK)
    code = core_write(core, &err);
  if (code == BASE_OK) {
    id = base_id_text(&row.message);
    struct wire_opening opening = {
        .actor = core_request_text(request, "actor"), .subject = base_view_text(id.text), .reason = BASE_VIEW("part")};
    code = core_register_add(core, WIRE_ACT_READ, &opening, NULL, &err);
  }
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "message", id.text);
  wire_write_member_integer(&writer, "part", row.part);
  wire_write_member_text(&writer, "name", wire.name);
  wire_write_member_text(&writer, "type", wire.media_type);
  wire_write_member_integer(&writer, "size", (int64_t)row.size);
  wire_write_member_integer(&writer, "records", row.records);
  wire_write_end(&writer, '}');
}

static enum base_code reading_record(struct core *core, uint32_t record, struct base_buf *out, struct base_error *err) {
  const struct core_reading *reading = &core->reading;
  if (record >= reading->records)
    return base_fail(err, BASE_NOT_FOUND, "the part has %u records, %u was asked for", reading->records, record);
  size_t size = record_size(reading->size, record, reading->records);
  uint8_t *sealed = malloc(size);
  uint8_t *plain = base_buf_reserve(out, size - WIRE_RECORD_OVERHEAD);
  enum base_code code = BASE_OK;
  if (sealed == NULL || (plain == NULL && size > WIRE_RECORD_OVERHEAD))
    code = base_fail(err, BASE_MEMORY, "no memory for a record");
  uint8_t nothing[1];
  if (code == BASE_OK)
    code = record_read(reading->fd, record, sealed, size, err);
  if (code == BASE_OK)
    code = seal_record_decrypt(&reading->key, record, record + 1 == reading->records, base_view_of(sealed, size),
                               plain != NULL ? plain : nothing, err);
  free(sealed);
  return code;
}

void core_part_read(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct base_id message = {{0}};
  int64_t part = wire_json_integer(wire_json_get(request, "part"));
  int64_t record = wire_json_integer(wire_json_get(request, "record"));
  enum base_code code = BASE_OK;
  if (!base_id_parse(core_request_text(request, "message"), &message) || part < 0 || part >= WIRE_PARTS_MAX ||
      record < 0 || record > UINT32_MAX)
    code = base_fail(&err, BASE_FIELD, "message, part and record are needed, as part.open told them");
  struct wire_part wire;
  bool same = core->reading.used && base_id_equal(&core->reading.message, &message) && core->reading.part == part;
  if (code == BASE_OK && !same)
    code = reading_begin(core, &message, (uint16_t)part, &wire, &arena, &err);
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_RECORD_MAX);
  if (code == BASE_OK)
    code = reading_record(core, (uint32_t)record, &plain, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  base_buf_add_view(&core_reply(core, token, BASE_OK)->payload, base_buf_view(&plain));
}

/* --- arriving */

static void arriving_free(struct core *core, struct core_arriving **link) {
  struct core_arriving *arriving = *link;
  *link = arriving->next;
  core->arriving_count--;
  base_close_fd(&arriving->fd);
  seal_hasher_free(arriving->hasher);
  base_wipe(arriving, sizeof *arriving);
  free(arriving);
}

void core_parts_forget(struct core *core, const struct base_id *message) {
  struct core_arriving **link = &core->arriving;
  while (*link != NULL) {
    if (message == NULL || base_id_equal(&(*link)->message, message))
      arriving_free(core, link);
    else
      link = &(*link)->next;
  }
}

/* Makes room in memory: one that is on disk is taken up again from there when its next record comes. */
static void arriving_shrink(struct core *core) {
  struct core_arriving **victim = NULL;
  for (struct core_arriving **link = &core->arriving; *link != NULL; link = &(*link)->next)
    if (!(*link)->dirty)
      victim = link; /* the oldest: new ones are put in front */
  if (victim != NULL)
    arriving_free(core, victim);
}

enum base_code core_part_expect(struct core *core, const struct base_id *message, uint16_t part,
                                const struct wire_part *wire, struct base_error *err) {
  char file[FILE_NAME + 1];
  BASE_AUTO_FD int fd = -1;
  enum base_code code = file_make(core, file, &fd, err);
  struct store_part row = {.message = *message,
                           .part = part,
                           .token = core_part_token(core, &wire->sha256),
                           .file = base_view_text(file),
                           .size = wire->size,
                           .records = seal_record_count(wire->size)};
  if (code == BASE_OK)
    code = store_part_put(core->store, &row, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* Takes up a part that was begun before: its running hash is made anew from what is on disk. */
static enum base_code arriving_rehash(struct core_arriving *arriving, struct base_error *err) {
  BASE_AUTO_FREE uint8_t *sealed = malloc(SEALED_RECORD), *plain = malloc(SEALED_RECORD);
  if (sealed == NULL || plain == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a record");
  enum base_code code = BASE_OK;
  for (uint32_t i = 0; i < arriving->held && code == BASE_OK; i++) {
    size_t size = record_size(arriving->expected, i, arriving->records);
    code = record_read(arriving->fd, i, sealed, size, err);
    if (code == BASE_OK)
      code = seal_record_decrypt(&arriving->key, i, i + 1 == arriving->records, base_view_of(sealed, size), plain, err);
    if (code == BASE_OK)
      seal_hasher_add(arriving->hasher, base_view_of(plain, size - WIRE_RECORD_OVERHEAD));
  }
  return code;
}

static enum base_code arriving_load(struct core *core, const struct base_id *message, uint16_t part,
                                    struct core_arriving *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_part row;
  struct core_content content = {0};
  enum base_code code = store_part_get(core->store, message, part, &arena, &row, err);
  if (code == BASE_OK)
    code = core_content_read(core, message, &arena, &content, err);
  if (code != BASE_OK)
    return code;
  if (content.dropped || part >= content.part0.part_count)
    code = base_fail(err, BASE_NOT_FOUND, "message %s holds no such part", base_id_text(message).text);
  if (code == BASE_OK) {
    char name[FILE_NAME + 1];
    snprintf(name, sizeof name, "%.*s", (int)row.file.size, (const char *)row.file.data);
    out->message = *message;
    out->part = part;
    out->key = content.part0.parts[part].key;
    out->sha256 = content.part0.parts[part].sha256;
    out->expected = row.size;
    out->records = row.records;
    out->held = row.records_held;
    out->hasher = seal_hasher_new();
    out->fd = openat(core->parts_dir, name, O_RDWR | O_CLOEXEC);
    if (out->hasher == NULL)
      code = base_fail(err, BASE_MEMORY, "no memory for a part");
    else if (out->fd < 0)
      code = base_fail_errno(err, "a part that was arriving could not be opened");
    else
      code = arriving_rehash(out, err);
  }
  core_content_free(&content);
  return code;
}

static enum base_code arriving_get(struct core *core, const struct base_id *message, uint16_t part,
                                   struct core_arriving **out, struct base_error *err) {
  for (struct core_arriving *arriving = core->arriving; arriving != NULL; arriving = arriving->next)
    if (arriving->part == part && base_id_equal(&arriving->message, message)) {
      *out = arriving;
      return BASE_OK;
    }
  if (core->arriving_count >= CORE_ARRIVING_MAX)
    arriving_shrink(core);
  struct core_arriving *fresh = calloc(1, sizeof *fresh);
  if (fresh == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a part");
  fresh->fd = -1;
  fresh->next = core->arriving;
  core->arriving = fresh;
  core->arriving_count++;
  enum base_code code = arriving_load(core, message, part, fresh, err);
  if (code != BASE_OK)
    arriving_free(core, &core->arriving);
  else
    *out = fresh;
  return code;
}

/* What the sender can have done wrong with this record. */
static enum base_code record_wrong(const struct core_arriving *arriving, uint32_t record, bool last,
                                   struct base_view sealed, uint8_t *plain, struct base_error *wrong) {
  if (last != (record + 1 == arriving->records))
    return base_fail(wrong, BASE_PROTOCOL, "part %u: record %u says %s, but the part has %u", arriving->part, record,
                     last ? "it is the last" : "more follow", arriving->records);
  if (sealed.size != record_size(arriving->expected, record, arriving->records))
    return base_fail(wrong, BASE_PROTOCOL, "part %u: record %u has %zu bytes, %zu were expected", arriving->part,
                     record, sealed.size, record_size(arriving->expected, record, arriving->records));
  return seal_record_decrypt(&arriving->key, record, last, sealed, plain, wrong);
}

enum base_code core_part_take(struct core *core, const struct base_id *message, uint16_t part, uint32_t record,
                              bool last, struct base_view sealed, bool *out_complete, enum base_code *out_wrong,
                              struct base_error *wrong, struct base_error *err) {
  struct core_arriving *arriving = NULL;
  *out_complete = false;
  *out_wrong = BASE_OK;
  enum base_code code = arriving_get(core, message, part, &arriving, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? code : core_lose(core, code, err);
  if (record != arriving->held)
    return BASE_OK; /* early or again: the answer tells which one is wanted */
  BASE_AUTO_FREE uint8_t *plain = malloc(SEALED_RECORD);
  if (plain == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a record");
  *out_wrong = record_wrong(arriving, record, last, sealed, plain, wrong);
  if (*out_wrong != BASE_OK)
    return BASE_OK;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_part row;
  code = core_write(core, err);
  if (code == BASE_OK)
    code = record_write(arriving->fd, record, sealed.data, sealed.size, err);
  if (code == BASE_OK)
    code = store_part_get(core->store, message, part, &arena, &row, err);
  if (code == BASE_OK) {
    row.records_held = record + 1;
    code = store_part_put(core->store, &row, err);
  }
  if (code != BASE_OK)
    return core_lose(core, code, err);
  seal_hasher_add(arriving->hasher, base_view_of(plain, sealed.size - WIRE_RECORD_OVERHEAD));
  arriving->held = record + 1;
  arriving->dirty = true;
  if (last) {
    struct base_hash sha256 = seal_hasher_end(arriving->hasher);
    *out_complete = base_hash_equal(&sha256, &arriving->sha256);
    if (!*out_complete)
      *out_wrong = base_fail(wrong, BASE_HASH, "part %u does not have the hash that the message names", part);
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

static enum base_code doom(struct core *core, struct base_view file, struct base_error *err) {
  if (core->doomed_count == core->doomed_room) {
    size_t room = core->doomed_room == 0 ? 16 : 2 * core->doomed_room;
    void *grown = realloc(core->doomed, room * sizeof core->doomed[0]);
    if (grown == NULL)
      return base_fail(err, BASE_MEMORY, "no memory to drop a part");
    core->doomed = grown;
    core->doomed_room = room;
  }
  snprintf(core->doomed[core->doomed_count++], sizeof core->doomed[0], "%.*s", (int)file.size, (const char *)file.data);
  return BASE_OK;
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
    code = doom(core, row.file, err);
    /* A part with this hash may be here in another message: this row does not stand for it any more. */
    row.records_held = 0;
    if (code == BASE_OK)
      code = store_part_put(core->store, &row, err);
    if (code != BASE_OK)
      return code;
  }
  return BASE_OK;
}

void core_parts_reap(struct core *core) {
  for (size_t i = 0; i < core->doomed_count; i++)
    if (unlinkat(core->parts_dir, core->doomed[i], 0) != 0 && errno != ENOENT)
      base_log(BASE_LOG_WARNING, "parts.stray", "the file of a refused part could not be removed");
  core->doomed_count = 0;
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
    wants[i] = row.records_held;
    if (row.records_held < row.records)
      *out_complete = false;
  }
  return BASE_OK;
}
