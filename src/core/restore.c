/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/backup.h"
#include "core/parts.h"

/* A backup becomes a core's folder again, record by record, in the memory of a few. It is checked as it comes, and as a
 * whole at the end, without a keeper: what only the keeper can open stays closed. */

enum { PLAIN_MAX = 2 * WIRE_RECORD_MAX + WIRE_BACKUP_ROW_MAX };

struct restore {
  const struct core_restoring *what;
  struct core_restored found;
  /* records */
  uint8_t *sealed, *ahead; /* a record, and what follows it: only so is it known which one is the last */
  size_t sealed_size, ahead_size;
  uint32_t record;
  bool read; /* to the end */
  /* frames */
  struct base_buf plain;
  struct base_arena arena; /* of the head */
  struct wire_backup_frame head;
  struct store_load *load; /* NULL: no database, or all of it is there */
  uint64_t *count;         /* of the table whose rows come, where somebody wants to know */
  bool begun, rows_done, ended;
  int parts, part; /* the folder; the file whose octets come, -1: none */
  uint64_t left;
};

/* --- records */

static enum base_code read_ahead(struct restore *restore, struct base_error *err) {
  restore->ahead_size = 0;
  while (restore->ahead_size < CORE_SEALED_RECORD) {
    ssize_t got =
        read(restore->what->from, restore->ahead + restore->ahead_size, CORE_SEALED_RECORD - restore->ahead_size);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return base_fail_errno(err, "the backup cannot be read");
    if (got == 0)
      break;
    restore->ahead_size += (size_t)got;
  }
  return BASE_OK;
}

/* Appends the plaintext of the next record. */
static enum base_code next_record(struct restore *restore, struct base_error *err) {
  uint8_t *before = restore->sealed;
  restore->sealed = restore->ahead;
  restore->sealed_size = restore->ahead_size;
  restore->ahead = before;
  enum base_code code = read_ahead(restore, err);
  if (code != BASE_OK)
    return code;
  bool last = restore->ahead_size == 0;
  size_t size = restore->sealed_size < WIRE_RECORD_OVERHEAD ? 0 : restore->sealed_size - WIRE_RECORD_OVERHEAD;
  uint8_t *plain = base_buf_reserve(&restore->plain, size + 1);
  if (plain == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the backup's records");
  code = seal_record_decrypt(&restore->what->key, restore->record, last,
                             base_view_of(restore->sealed, restore->sealed_size), plain, err);
  restore->plain.size -= code == BASE_OK ? 1 : size + 1;
  if (code != BASE_OK)
    return base_fail(err, BASE_UNSEAL,
                     "record %u of the backup does not open%s: it was cut, changed, or put together of pieces; bring "
                     "another copy",
                     restore->record, last ? " as its last one" : "");
  restore->record++;
  restore->read = last;
  return BASE_OK;
}

/* --- frames */

static enum base_code out_of_order(struct base_error *err) {
  return base_fail(err, BASE_SYNTAX, "the backup's frames stand in an order that they cannot have");
}

static enum base_code take_head(struct restore *restore, const struct wire_backup_frame *frame,
                                struct base_error *err) {
  struct wire_backup_frame *head = &restore->head;
  if (restore->begun)
    return out_of_order(err);
  *head = *frame;
  head->note = base_arena_copy(&restore->arena, frame->note);
  head->card = base_arena_copy(&restore->arena, frame->card);
  if (head->note.data == NULL || head->card.data == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for the backup's head");
  struct core_restored *found = &restore->found;
  snprintf(found->version, sizeof found->version, "%.*s", (int)frame->version.size, (const char *)frame->version.data);
  head->version = (struct base_view){0};
  found->size = head->size;
  found->root = head->root;
  found->database = head->schema != 0;
  restore->begun = true;
  restore->rows_done = head->schema == 0;
  enum base_code code = base_file_replace(restore->what->dir, "node.card", head->card, 0644, err);
  if (code == BASE_OK && head->schema != 0)
    code = store_load_open(restore->what->dir, head->schema, &restore->load, err);
  if (code == BASE_OK && mkdirat(restore->what->dir, "parts", 0700) != 0)
    code = base_fail_errno(err, "the folder for parts could not be made");
  if (code != BASE_OK)
    return code;
  restore->parts = openat(restore->what->dir, "parts", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return restore->parts >= 0 ? BASE_OK : base_fail_errno(err, "the folder for parts could not be opened");
}

static enum base_code take_table(struct restore *restore, const struct wire_backup_frame *frame,
                                 struct base_error *err) {
  if (restore->load == NULL)
    return out_of_order(err);
  restore->count = base_view_is(frame->name, "messages")   ? &restore->found.messages
                   : base_view_is(frame->name, "cases")    ? &restore->found.cases
                   : base_view_is(frame->name, "partners") ? &restore->found.partners
                                                           : NULL;
  return store_load_table(restore->load, frame->name, err);
}

static enum base_code take_row(struct restore *restore, const struct wire_backup_frame *frame, struct base_error *err) {
  if (restore->load == NULL)
    return out_of_order(err);
  restore->found.rows++;
  if (restore->count != NULL)
    ++*restore->count;
  return store_load_row(restore->load, frame->values, frame->count, err);
}

static enum base_code end_rows(struct restore *restore, struct base_error *err) {
  if (restore->rows_done)
    return BASE_OK;
  enum base_code code = store_load_end(restore->load, err);
  store_load_close(restore->load);
  restore->load = NULL;
  restore->rows_done = true;
  return code;
}

static enum base_code part_whole(struct restore *restore, struct base_error *err) {
  if (!restore->what->parts && ftruncate(restore->part, lseek(restore->part, 0, SEEK_CUR)) != 0)
    return base_fail_errno(err, "the file of a part could not be made");
  if (restore->what->parts && fdatasync(restore->part) != 0)
    return base_fail_errno(err, "the file of a part could not be made durable");
  base_close_fd(&restore->part);
  return BASE_OK;
}

static enum base_code take_part(struct restore *restore, const struct wire_backup_frame *frame,
                                struct base_error *err) {
  char name[WIRE_BACKUP_FILE + 1];
  enum base_code code = end_rows(restore, err);
  if (code != BASE_OK)
    return code;
  snprintf(name, sizeof name, "%.*s", (int)frame->name.size, (const char *)frame->name.data);
  restore->part = openat(restore->parts, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (restore->part < 0)
    return base_fail_errno(err, "the file of a part could not be made");
  restore->found.parts++;
  restore->left = frame->size;
  return restore->left == 0 ? part_whole(restore, err) : BASE_OK;
}

static enum base_code take_bytes(struct restore *restore, const struct wire_backup_frame *frame,
                                 struct base_error *err) {
  if (restore->part < 0 || frame->bytes.size > restore->left)
    return out_of_order(err);
  enum base_code code = BASE_OK;
  if (restore->what->parts)
    code = base_write_all(restore->part, frame->bytes, err);
  else if (lseek(restore->part, (off_t)frame->bytes.size, SEEK_CUR) < 0)
    code = base_fail_errno(err, "the file of a part could not be made");
  restore->left -= frame->bytes.size;
  restore->found.octets += frame->bytes.size;
  return code == BASE_OK && restore->left == 0 ? part_whole(restore, err) : code;
}

static enum base_code take_end(struct restore *restore, const struct wire_backup_frame *frame, struct base_error *err) {
  const struct core_restored *found = &restore->found;
  if (frame->rows != found->rows || frame->parts != found->parts || frame->octets != found->octets)
    return base_fail(err, BASE_SYNTAX,
                     "the backup says %llu rows and %llu parts at its end, and %llu and %llu came before",
                     (unsigned long long)frame->rows, (unsigned long long)frame->parts, (unsigned long long)found->rows,
                     (unsigned long long)found->parts);
  restore->ended = true;
  return end_rows(restore, err);
}

static enum base_code take_frame(struct restore *restore, const struct wire_backup_frame *frame,
                                 struct base_error *err) {
  bool bytes = frame->type == WIRE_BACKUP_BYTES;
  if (restore->ended || (frame->type != WIRE_BACKUP_HEAD && !restore->begun) || (restore->part >= 0 && !bytes))
    return out_of_order(err);
  switch (frame->type) {
  case WIRE_BACKUP_HEAD:
    return take_head(restore, frame, err);
  case WIRE_BACKUP_TABLE:
    return take_table(restore, frame, err);
  case WIRE_BACKUP_ROW:
    return take_row(restore, frame, err);
  case WIRE_BACKUP_PART:
    return take_part(restore, frame, err);
  case WIRE_BACKUP_BYTES:
    return take_bytes(restore, frame, err);
  case WIRE_BACKUP_END:
  default:
    return take_end(restore, frame, err);
  }
}

/* All frames that are whole by now; what is left of the last one waits for the next record. */
static enum base_code take_frames(struct restore *restore, struct base_error *err) {
  size_t at = 0, used = 1;
  enum base_code code = BASE_OK;
  struct base_buf *plain = &restore->plain;
  while (code == BASE_OK && used > 0) {
    struct wire_backup_frame frame;
    code = wire_backup_frame_read(base_view_of(plain->data + at, plain->size - at), &frame, &used, err);
    if (code == BASE_OK && used > 0)
      code = take_frame(restore, &frame, err);
    at += used;
  }
  memmove(plain->data, plain->data + at, plain->size - at);
  plain->size -= at;
  return code;
}

static enum base_code take_all(struct restore *restore, struct base_error *err) {
  enum base_code code = read_ahead(restore, err);
  while (code == BASE_OK && !restore->read) {
    code = next_record(restore, err);
    if (code == BASE_OK)
      code = take_frames(restore, err);
  }
  if (code == BASE_OK && (!restore->ended || restore->plain.size > 0))
    code = base_fail(err, BASE_SYNTAX, "the backup ends in the middle of what it says");
  if (code == BASE_OK && (fsync(restore->parts) != 0 || fsync(restore->what->dir) != 0))
    code = base_fail_errno(err, "the restored folder could not be made durable");
  return code;
}

enum base_code core_restore(const struct core_restoring *restoring, struct core_restored *out, struct base_error *err) {
  struct restore restore = {.what = restoring, .parts = -1, .part = -1};
  restore.found.made = restoring->header.made;
  snprintf(restore.found.origin, sizeof restore.found.origin, "%.*s", (int)restoring->header.origin.size,
           (const char *)restoring->header.origin.data);
  restore.sealed = malloc(CORE_SEALED_RECORD);
  restore.ahead = malloc(CORE_SEALED_RECORD);
  base_buf_init(&restore.plain, PLAIN_MAX);
  base_arena_init(&restore.arena, 1 << 20);
  enum base_code code = restore.sealed != NULL && restore.ahead != NULL
                            ? take_all(&restore, err)
                            : base_fail(err, BASE_MEMORY, "no memory for the backup's records");
  if (code == BASE_OK)
    code = core_inspect(&restore.what->header, restoring->dir, &restore.head, &restore.found, err);
  if (code == BASE_OK)
    *out = restore.found;
  store_load_close(restore.load);
  base_close_fd(&restore.part);
  base_close_fd(&restore.parts);
  if (restore.plain.data != NULL)
    base_wipe(restore.plain.data, restore.plain.capacity);
  base_buf_free(&restore.plain);
  base_arena_free(&restore.arena);
  free(restore.sealed);
  free(restore.ahead);
  return code;
}
