/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/version.h"
#include "core/backup.h"
#include "core/cards.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/register.h"

/* A backup is made while the node goes on: the database as it stood at one moment, then the files of the parts that it
 * names. It is sealed here, to a key that is kept offline, one record per request, so that it takes the memory of a few
 * records whatever its size, and nobody behind core sees it in the clear. Files of parts that are dropped meanwhile
 * stay until no backup is under way. Never in it: private keys and the keeper's memory, which core does not have; what
 * can be made again. */

enum { PLAIN_MAX = WIRE_RECORD_MAX + WIRE_BACKUP_ROW_MAX + (64 << 10) };

struct core_backup {
  uint64_t id; /* 0: unused */
  char by[BASE_NAME_MAX + 1]; /* who began it: nobody else goes on with it (people.h) */
  base_time touched;
  struct wire_key to;
  struct base_secret key;  /* of its records */
  struct store_dump *dump; /* NULL: not begun, or the database is on a server */
  struct base_buf plain;   /* frames that fill the next record */
  struct store_pair part;  /* the row of parts told last */
  int fd;                  /* the part that is being copied, -1: none; … */
  uint64_t left;           /* … its octets still to be told */
  uint64_t parts, octets, missing;
  uint32_t record;
  uint32_t epoch_key; /* the oldest that anything in it is under; 0: the database is on a server, and not in it */
  bool begun, rows_told, told, done;
};

/* --- whether the newest one still opens: what it holds is under epoch keys that are destroyed in their time */

static const char newest_fact[] = "backup-epoch-key";
/* Of the backup that was begun last: in that backup it stands for itself, which knows nothing of its own end. */
static const char begun_fact[] = "backup-begun-epoch-key";

enum base_code core_backup_key_load(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  core->backup_key = 0;
  enum base_code code = store_fact_get(core->store, newest_fact, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  struct base_reader reader = base_reader_of(base_buf_view(&fact));
  core->backup_key = base_read_u32(&reader);
  return base_reader_end(&reader, newest_fact, err);
}

/* Whoever asked has all of it. */
static enum base_code key_saved(struct core *core, uint32_t number, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  if (number <= core->backup_key)
    return BASE_OK;
  core->backup_key = number;
  base_buf_u32(&fact, number);
  enum base_code code = core_write(core, err);
  if (code == BASE_OK)
    code = store_fact_set(core->store, newest_fact, base_buf_view(&fact), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* In the step of its leaf, so that it is in the backup. */
static enum base_code key_begun(struct core *core, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  base_buf_u32(&fact, core_rewrap_oldest(core));
  enum base_code code = store_fact_set(core->store, begun_fact, base_buf_view(&fact), err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

enum base_code core_backup_key_restored(struct store *store, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf fact = {0};
  base_buf_init(&fact, 64);
  enum base_code code = store_fact_get(store, begun_fact, &fact, err);
  if (code != BASE_OK)
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  code = store_begin(store, err);
  if (code == BASE_OK)
    code = store_fact_set(store, newest_fact, base_buf_view(&fact), err);
  if (code == BASE_OK)
    code = store_commit(store, err);
  if (code != BASE_OK)
    store_rollback(store);
  return code;
}

static void backup_end(struct core_backup *backup) {
  store_dump_close(backup->dump);
  base_close_fd(&backup->fd);
  if (backup->plain.data != NULL)
    base_wipe(backup->plain.data, backup->plain.capacity);
  base_buf_free(&backup->plain);
  base_wipe(backup, sizeof *backup);
  backup->fd = -1;
}

bool core_backups_run(const struct core *core) {
  for (size_t i = 0; core->backups != NULL && i < CORE_BACKUPS_MAX; i++)
    if (core->backups[i].id != 0)
      return true;
  return false;
}

void core_backups_end(struct core *core) {
  for (size_t i = 0; core->backups != NULL && i < CORE_BACKUPS_MAX; i++)
    backup_end(&core->backups[i]);
  free(core->backups);
  core->backups = NULL;
}

/* A backup that stands still keeps the database's log from beginning anew, and dropped parts on the disk. */
void core_backups_expire(struct core *core) {
  for (size_t i = 0; core->backups != NULL && i < CORE_BACKUPS_MAX; i++) {
    struct core_backup *backup = &core->backups[i];
    bool old = core_now(core) - backup->touched > CORE_BACKUP_SECONDS, tight = core->room.level >= CORE_ROOM_LOW;
    if (backup->id == 0 || (!old && !tight))
      continue;
    base_log(BASE_LOG_WARNING, "backup.ended", "a backup was given up: %s",
             tight ? "the node's disk has too little room for going on meanwhile" : "nobody went on with it");
    backup_end(backup);
  }
}

static struct core_backup *backup_of(struct core *core, uint64_t id) {
  for (size_t i = 0; core->backups != NULL && i < CORE_BACKUPS_MAX; i++)
    if (core->backups[i].id == id && (id == 0 || core_asker_began(core, core->backups[i].by)))
      return &core->backups[i];
  return NULL;
}

/* --- begin */

static enum base_code key_for(const struct core *core, struct base_view said, struct wire_key *out,
                              struct base_error *err) {
  struct base_view text = said.size > 0 ? said : core->env.backup_key;
  if (text.size == 0)
    return base_fail(err, BASE_FIELD,
                     "to: which key is the backup for? Make one with `wasl backup key -o FILE`, keep FILE offline, and "
                     "write the key that it prints into wasl.conf (section backup, key to), or give it with --to");
  return seal_backup_key_parse(text, out, err);
}

static enum base_code free_place(struct core *core, struct core_backup **out, struct base_error *err) {
  if (core->backups == NULL) {
    core->backups = calloc(CORE_BACKUPS_MAX, sizeof *core->backups);
    for (size_t i = 0; core->backups != NULL && i < CORE_BACKUPS_MAX; i++)
      core->backups[i].fd = -1;
  }
  if (core->backups == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a backup");
  *out = backup_of(core, 0);
  if (*out == NULL)
    return base_fail(err, BASE_BUSY, "%d backups are being made at this moment; try again when one is whole",
                     CORE_BACKUPS_MAX);
  return core->room.level < CORE_ROOM_LOW
             ? BASE_OK
             : base_fail(err, BASE_DISK_FULL,
                         "the node's disk has too little room: a backup keeps it from making any while it lasts; make "
                         "room first");
}

void core_backup_begin(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct core_backup *backup = NULL;
  struct wire_key to;
  char key[SEAL_BACKUP_KEY_TEXT], subject[64];
  struct base_view reason = core_request_text(request, "reason");
  enum base_code code = core_request_purpose(reason, &err);
  if (code == BASE_OK)
    code = key_for(core, core_request_text(request, "to"), &to, &err);
  if (code == BASE_OK)
    code = free_place(core, &backup, &err);
  if (code == BASE_OK)
    code = core_write(core, &err);
  if (code == BASE_OK) {
    uint8_t id[8];
    char digits[17];
    seal_backup_key_write(&to, key);
    seal_backup_key_id(&to, id);
    base_hex(id, sizeof id, digits);
    snprintf(subject, sizeof subject, "a backup for the key %s", digits);
    struct wire_opening opening = {.actor = core_actor(core), .subject = base_view_text(subject), .reason = reason};
    code = core_register_add(core, WIRE_ACT_EXPORTED, &opening, NULL, &err);
    if (code == BASE_OK)
      code = key_begun(core, &err);
  }
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  *backup = (struct core_backup){.id = ++core->next_backup, .touched = core_now(core), .to = to, .fd = -1};
  memcpy(backup->by, core_asker(core)->handle, sizeof backup->by);
  base_buf_init(&backup->plain, PLAIN_MAX);
  struct wire_writer writer;
  wire_writer_init(&writer, &core_reply(core, token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "backup", (int64_t)backup->id);
  wire_write_member_string(&writer, "key", key);
  wire_write_member_text(&writer, "origin", core->card.origin);
  wire_write_member_string(&writer, "store", store_name(core->store));
  wire_write_end(&writer, '}');
}

/* --- what is in it */

/* The moment of the backup: the leaf about it is committed and under the head by now. */
static enum base_code tell_head(struct core *core, struct core_backup *backup, struct base_buf *out,
                                struct base_error *err) {
  uint8_t entropy[32];
  uint64_t leaves = core->reg.attested;
  enum base_code code = store_dump_open(core->store, &backup->dump, err);
  if (code == BASE_OK && backup->dump != NULL)
    code = store_leaf_count(store_dump_view(backup->dump), &leaves, err);
  if (code == BASE_OK && leaves != core->reg.attested)
    code = base_fail(err, BASE_INTERNAL, "the database shows %llu leaves and the head %llu; try again",
                     (unsigned long long)leaves, (unsigned long long)core->reg.attested);
  if (code != BASE_OK)
    return code;
  core->env.world->random(core->env.world->context, entropy, sizeof entropy);
  code = seal_backup_begin(&backup->to, core->card.origin, core_now(core), entropy, out, &backup->key, err);
  base_wipe(entropy, sizeof entropy);
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_HEAD,
                                    .schema = backup->dump != NULL ? store_schema_version() : 0,
                                    .size = core->reg.attested,
                                    .root = core->reg.attested_root,
                                    .note = base_buf_view(&core->reg.note),
                                    .card = core->env.card,
                                    .version = BASE_VIEW(BASE_VERSION)};
  wire_backup_frame_write(&frame, &backup->plain);
  backup->part = (struct store_pair){INT64_MIN, INT64_MIN};
  backup->rows_told = backup->dump == NULL;
  backup->epoch_key = backup->dump != NULL ? core_rewrap_oldest(core) : 0;
  backup->begun = true;
  return code;
}

static enum base_code open_part(struct core *core, struct core_backup *backup, const struct store_part *row,
                                struct base_error *err) {
  struct stat status;
  uint64_t octets = core_part_octets(row);
  if (octets == 0)
    return BASE_OK;
  BASE_AUTO_FD int fd = core_part_file_open(core, row, O_RDONLY | O_NOFOLLOW);
  if (fd < 0 && errno != ENOENT)
    return base_fail_errno(err, "the file of a part could not be opened");
  if (fd < 0 || fstat(fd, &status) != 0 || (uint64_t)status.st_size < octets) {
    /* What is damaged must not keep the rest from being saved; who makes it is told at the end, and who verifies it. */
    backup->missing++;
    base_log(BASE_LOG_ERROR, "backup.part", "a part of message %s is not in the backup: its file is missing or cut",
             base_id_text(&row->message).text);
    return BASE_OK;
  }
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_PART, .name = row->file, .size = octets};
  wire_backup_frame_write(&frame, &backup->plain);
  backup->parts++;
  backup->left = octets;
  backup->fd = fd;
  fd = -1;
  return BASE_OK;
}

static enum base_code tell_bytes(struct core_backup *backup, struct base_error *err) {
  size_t size = backup->left < WIRE_BACKUP_BYTES_MAX ? (size_t)backup->left : WIRE_BACKUP_BYTES_MAX;
  BASE_AUTO_FREE uint8_t *bytes = malloc(size);
  if (bytes == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a backup");
  for (size_t done = 0; done < size;) {
    ssize_t got = read(backup->fd, bytes + done, size - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "the file of a part could not be read");
    if (got == 0)
      return base_fail(err, BASE_CORRUPT, "the file of a part became shorter while it was copied");
    done += (size_t)got;
  }
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_BYTES, .bytes = base_view_of(bytes, size)};
  wire_backup_frame_write(&frame, &backup->plain);
  backup->octets += size;
  backup->left -= size;
  if (backup->left == 0)
    base_close_fd(&backup->fd);
  return BASE_OK;
}

static enum base_code tell_part(struct core *core, struct core_backup *backup, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_part row;
  struct store *view = backup->dump != NULL ? store_dump_view(backup->dump) : core->store;
  bool told = false; /* with another message that shares the file */
  enum base_code code = store_part_next(view, &backup->part, &arena, &row, err);
  if (code == BASE_OK)
    code = store_part_shared(view, row.file, &backup->part, &told, err);
  if (code == BASE_OK)
    return told ? BASE_OK : open_part(core, backup, &row, err);
  if (code != BASE_NOT_FOUND)
    return code;
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_END, .parts = backup->parts, .octets = backup->octets};
  frame.rows = backup->dump != NULL ? store_dump_rows(backup->dump) : 0;
  wire_backup_frame_write(&frame, &backup->plain);
  backup->told = true;
  return BASE_OK;
}

/* More than a record in hand, or all that there is: only so is it known which record is the last. */
static enum base_code fill(struct core *core, struct core_backup *backup, struct base_error *err) {
  enum base_code code = BASE_OK;
  while (code == BASE_OK && !backup->told && backup->plain.size <= WIRE_RECORD_MAX) {
    bool end = false;
    if (!backup->rows_told) {
      code = store_dump_next(backup->dump, &backup->plain, &end, err);
      backup->rows_told = end;
    } else if (backup->fd >= 0) {
      code = tell_bytes(backup, err);
    } else {
      code = tell_part(core, backup, err);
    }
  }
  return code == BASE_OK ? base_buf_check(&backup->plain, "backup", err) : code;
}

static enum base_code backup_step(struct core *core, struct core_backup *backup, struct base_buf *out,
                                  struct base_error *err) {
  enum base_code code = BASE_OK;
  backup->touched = core_now(core);
  if (!backup->begun)
    code = tell_head(core, backup, out, err);
  if (code == BASE_OK)
    code = fill(core, backup, err);
  if (code != BASE_OK)
    return code;
  struct base_buf *plain = &backup->plain;
  bool last = plain->size <= WIRE_RECORD_MAX;
  size_t size = last ? plain->size : WIRE_RECORD_MAX;
  uint8_t *sealed = base_buf_reserve(out, size + WIRE_RECORD_OVERHEAD);
  if (sealed == NULL || backup->record == UINT32_MAX)
    return base_fail(err, BASE_TOO_LARGE, "the backup has more records than can be counted");
  seal_record_encrypt(&backup->key, backup->record++, last, base_view_of(plain->data, size), sealed);
  memmove(plain->data, plain->data + size, plain->size - size);
  plain->size -= size;
  backup->done = last;
  return BASE_OK;
}

void core_backup_next(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  int64_t id = wire_json_integer(wire_json_get(request, "backup"));
  struct core_backup *backup = id > 0 ? backup_of(core, (uint64_t)id) : NULL;
  bool stop = wire_json_true(wire_json_get(request, "stop"));
  enum base_code code = BASE_OK;
  if (backup == NULL)
    code = base_fail(&err, BASE_NOT_FOUND,
                     "this backup is not being made (any more): nobody went on with it for %d minutes, the node was "
                     "started anew, or its disk became full; begin anew",
                     CORE_BACKUP_SECONDS / 60);
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, WIRE_BACKUP_HEADER + WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD);
  bool more = code == BASE_OK && !stop && !backup->done;
  if (more)
    code = backup_step(core, backup, &out, &err);
  if (code == BASE_OK && backup->done && !more) {
    core->saved.id = backup->id;
    core->saved.missing = backup->missing;
    core->saved.at = core_now(core);
    code = key_saved(core, backup->epoch_key, &err);
  }
  if (backup != NULL && (code != BASE_OK || !more))
    backup_end(backup);
  if (code == BASE_OK)
    base_buf_add_buf(&core_reply(core, token, BASE_OK)->payload, &out);
  else
    core_reply_error(core, token, code, &err);
}
