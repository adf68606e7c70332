/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/parts.h"
#include "core/people.h"

/* Uploads: files that come from the local gate in pieces, sealed as they come, until a message names them. */

struct core_stage *core_stage_of(struct core *core, uint64_t id) {
  for (size_t i = 0; i < CORE_STAGES_MAX; i++)
    if (core->stages[i].used && !core->stages[i].taken && core->stages[i].id == id &&
        core_asker_began(core, core->stages[i].by))
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
    if (core->stages[i].used && !core->stages[i].taken && now - core->stages[i].begun > CORE_STAGE_SECONDS)
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

/* The longest finished one that no message came to name: it makes room for a new one. */
static struct core_stage *stage_forgotten(struct core *core) {
  struct core_stage *oldest = NULL;
  for (size_t i = 0; i < CORE_STAGES_MAX; i++) {
    struct core_stage *stage = &core->stages[i];
    if (stage->finished && !stage->taken && (oldest == NULL || stage->id < oldest->id))
      oldest = stage;
  }
  return oldest;
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
  if (stage == NULL && (stage = stage_forgotten(core)) != NULL)
    core_stage_release(core, stage, false);
  if (stage == NULL)
    code = base_fail(&err, BASE_BUSY, "%d uploads are under way at this moment; try again when one is whole",
                     CORE_STAGES_MAX);
  else if (core_disk_low(core, &room))
    code = base_fail(&err, BASE_DISK_FULL,
                     "%llu MiB are free on the node's disk, %d are needed: make room, then send again",
                     (unsigned long long)(room >> 20), CORE_DISK_LOW >> 20);
  struct core_stage fresh = {.used = true, .id = ++core->next_stage, .begun = core_now(core), .fd = -1};
  if (code == BASE_OK && (fresh.hasher = seal_hasher_new()) == NULL)
    code = base_fail(&err, BASE_MEMORY, "no memory for an upload");
  if (code == BASE_OK)
    code = core_part_file_make(core, fresh.file, &fresh.fd, &err);
  if (code != BASE_OK) {
    seal_hasher_free(fresh.hasher);
    core_reply_error(core, token, code, &err);
    return;
  }
  core->env.world->random(core->env.world->context, &fresh.key, sizeof fresh.key);
  memcpy(fresh.by, core_asker(core)->handle, sizeof fresh.by);
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
  uint8_t *sealed = malloc(CORE_SEALED_RECORD);
  if (!last && plain.size != WIRE_RECORD_MAX)
    code = base_fail(err, BASE_PROTOCOL, "upload: piece %lld has %zu octets, only the last may have less than %d",
                     (long long)index, plain.size, WIRE_RECORD_MAX);
  else if (sealed == NULL)
    code = base_fail(err, BASE_MEMORY, "no memory for an upload");
  else {
    seal_record_encrypt(&stage->key, stage->records, last, plain, sealed);
    code = core_record_write(stage->fd, stage->records, sealed, plain.size + WIRE_RECORD_OVERHEAD, err);
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
