/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/messages.h"
#include "core/parts.h"

/* Parts that come in from a partner, record by record, in the order of the records. */

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

/* Makes room in memory: one that is on disk is taken up again from there when its next record comes. When all were
 * written in this step, the oldest is made durable before its time: a consignment may hold records of more parts than
 * a process may have open files. */
static enum base_code arriving_shrink(struct core *core, struct base_error *err) {
  struct core_arriving **victim = NULL, **oldest = NULL;
  for (struct core_arriving **link = &core->arriving; *link != NULL; link = &(*link)->next) {
    oldest = link; /* new ones are put in front */
    if (!(*link)->dirty)
      victim = link;
  }
  if (victim == NULL && oldest != NULL && fdatasync((*oldest)->fd) != 0)
    return base_fail_errno(err, "a part could not be made durable");
  if (oldest != NULL)
    arriving_free(core, victim != NULL ? victim : oldest);
  return BASE_OK;
}

enum base_code core_part_expect(struct core *core, const struct base_id *message, uint16_t part,
                                const struct wire_part *wire, struct base_error *err) {
  char file[CORE_PART_FILE + 1];
  BASE_AUTO_FD int fd = -1;
  enum base_code code = core_part_file_make(core, file, &fd, err);
  struct store_part row = {.message = *message,
                           .part = part,
                           .token = core_part_token(core, &wire->sha256),
                           .file = base_view_text(file),
                           .size = wire->size,
                           .records = seal_record_count(wire->size)};
  if (code == BASE_OK)
    code = core_part_made(core, row.file, err);
  if (code == BASE_OK)
    code = store_part_put(core->store, &row, err);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* Takes up a part that was begun before: its running hash is made anew from what is on disk. */
static enum base_code arriving_rehash(struct core_arriving *arriving, struct base_error *err) {
  BASE_AUTO_FREE uint8_t *sealed = malloc(CORE_SEALED_RECORD), *plain = malloc(CORE_SEALED_RECORD);
  if (sealed == NULL || plain == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a record");
  enum base_code code = BASE_OK;
  for (uint32_t i = 0; i < arriving->held && code == BASE_OK; i++) {
    size_t size = core_record_size(arriving->expected, i, arriving->records);
    code = core_record_read(arriving->fd, i, sealed, size, err);
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
    out->message = *message;
    out->part = part;
    out->key = content.part0.parts[part].key;
    out->sha256 = content.part0.parts[part].sha256;
    out->expected = row.size;
    out->records = row.records;
    out->held = row.records_held;
    out->hasher = seal_hasher_new();
    out->fd = core_part_file_open(core, &row, O_RDWR);
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
  if (core->arriving_count >= CORE_ARRIVING_MAX) {
    enum base_code code = arriving_shrink(core, err);
    if (code != BASE_OK)
      return code;
  }
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
  if (record >= arriving->records || last != (record + 1 == arriving->records))
    return base_fail(wrong, BASE_PROTOCOL, "part %u: record %u says %s, but the part has %u", arriving->part, record,
                     last ? "it is the last" : "more follow", arriving->records);
  if (sealed.size != core_record_size(arriving->expected, record, arriving->records))
    return base_fail(wrong, BASE_PROTOCOL, "part %u: record %u has %zu bytes, %zu were expected", arriving->part,
                     record, sealed.size, core_record_size(arriving->expected, record, arriving->records));
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
  BASE_AUTO_FREE uint8_t *plain = malloc(CORE_SEALED_RECORD);
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
    code = core_record_write(arriving->fd, record, sealed.data, sealed.size, err);
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
