/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/erase.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/parts.h"
#include "core/people.h"
#include "core/readers.h"
#include "core/register.h"
#include "core/show.h"

/* Parts read: their records as they are stored, for a consignment, and in the clear, for the local gate. */

void core_reading_end(struct core *core) {
  if (core->reading.used)
    base_close_fd(&core->reading.fd);
  base_wipe(&core->reading, sizeof core->reading);
}

/* What is wrong with a part on our disk, and what a person does about it. Trouble that is not the part's own is told as
 * it is. */
static enum base_code damaged(struct core *core, const struct base_id *message, unsigned part, struct base_error *err) {
  if (err->code != BASE_NOT_FOUND && err->code != BASE_CORRUPT && err->code != BASE_UNSEAL)
    return err->code;
  struct base_error why = *err;
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_message row;
  struct base_view author = {0};
  if (store_message_get(core->store, message, &arena, &row, NULL) == BASE_OK && !row.ours) {
    const struct core_partner *partner = core_partner_of(core, row.author);
    author = partner != NULL ? partner->card.name : row.author;
  }
  bool ours = author.size == 0;
  return base_fail(err, BASE_CORRUPT,
                   "part %u of message %s is damaged on this node's disk: %.120s; wasl register check says what else "
                   "is, then %s%.*s%s",
                   part + 1, base_id_text(message).text, why.text, ours ? "send the file again" : "ask ",
                   (int)author.size, (const char *)author.data, ours ? "" : " to send it again");
}

enum base_code core_part_record(struct core *core, const struct store_part *part, uint32_t record, struct base_buf *out,
                                struct base_error *err) {
  BASE_AUTO_FD int fd = core_part_file_open(core, part, O_RDONLY);
  if (fd < 0) {
    (void)base_fail_errno(err, "its file could not be opened");
    return damaged(core, &part->message, part->part, err);
  }
  size_t size = core_record_size(part->size, record, part->records), before = out->size;
  uint8_t *room = base_buf_reserve(out, size);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a record");
  enum base_code code = core_record_read(fd, record, room, size, err);
  if (code != BASE_OK) {
    out->size = before;
    code = damaged(core, &part->message, part->part, err);
  }
  return code;
}

static enum base_code reading_begin(struct core *core, const struct base_id *message, uint16_t part,
                                    struct wire_part *out_wire, struct base_arena *arena, struct base_error *err) {
  struct core_content content = {0};
  struct store_part row;
  enum base_code code = core_content_read(core, message, arena, &content, err);
  if (code != BASE_OK)
    return code;
  if (content.dropped)
    code = core_erase_say(core, message, err);
  else if (part >= content.part0.part_count)
    code = base_fail(err, BASE_NOT_FOUND, "message %s holds no such part (any more)", base_id_text(message).text);
  if (code == BASE_OK)
    code = store_part_get(core->store, message, part, arena, &row, err);
  if (code == BASE_OK && row.records_held != row.records)
    code = base_fail(err, BASE_NOT_FOUND, "the part is still on its way");
  if (code == BASE_OK) {
    core_reading_end(core);
    int fd = core_part_file_open(core, &row, O_RDONLY);
    if (fd < 0) {
      (void)base_fail_errno(err, "its file could not be opened");
      code = damaged(core, message, part, err);
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

static enum base_code reading_record(struct core *core, uint32_t record, struct base_buf *out, struct base_error *err) {
  const struct core_reading *reading = &core->reading;
  if (record >= reading->records)
    return base_fail(err, BASE_NOT_FOUND, "the part has %u records, %u was asked for", reading->records, record);
  size_t size = core_record_size(reading->size, record, reading->records);
  uint8_t *sealed = malloc(size);
  uint8_t *plain = base_buf_reserve(out, size - WIRE_RECORD_OVERHEAD);
  enum base_code code = BASE_OK;
  if (sealed == NULL || (plain == NULL && size > WIRE_RECORD_OVERHEAD))
    code = base_fail(err, BASE_MEMORY, "no memory for a record");
  uint8_t nothing[1];
  if (code == BASE_OK)
    code = core_record_read(reading->fd, record, sealed, size, err);
  if (code == BASE_OK)
    code = seal_record_decrypt(&reading->key, record, record + 1 == reading->records, base_view_of(sealed, size),
                               plain != NULL ? plain : nothing, err);
  free(sealed);
  if (code != BASE_OK)
    code = damaged(core, &reading->message, reading->part, err);
  core->damage = (struct core_damage){code == BASE_CORRUPT, reading->message, reading->part, record};
  return code;
}

/* A part that broke off while it was read: said when it is asked for again, for the answer under way had begun. */
static enum base_code reading_damage(struct core *core, struct base_error *err) {
  struct core_reading *reading = &core->reading;
  bool same = core->damage.used && base_id_equal(&core->damage.message, &reading->message) &&
              core->damage.part == reading->part;
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_RECORD_MAX);
  return same ? reading_record(core, core->damage.record, &plain, err) : BASE_OK;
}

/* Who opens a part of which message, and for which purpose. */
static enum base_code read_leaf(struct core *core, const struct base_hex_text *message, const struct wire_json *request,
                                struct base_error *err) {
  struct base_view purpose = core_request_text(request, "reason");
  char reason[CORE_REASON_MAX + 16];
  (void)snprintf(reason, sizeof reason, "part%s%.*s", purpose.size > 0 ? ": " : "", (int)purpose.size,
                 (const char *)purpose.data);
  struct wire_opening opening = {
      .actor = core_actor(core), .subject = base_view_text(message->text), .reason = base_view_text(reason)};
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? core_register_add(core, core_show_act(request), &opening, NULL, err) : code;
}

/* The same file may have come with several messages: who says of which one he reads it gets that one's, and no other's.
 */
static enum base_code part_of_message(struct core *core, const struct wire_json *request,
                                      const struct base_hash *sha256, struct base_arena *arena, struct store_part *out,
                                      struct base_error *err) {
  struct base_id id;
  struct core_content content = {0};
  enum base_code code = core_request_id(core, request, "message", "message", &id, err);
  if (code == BASE_OK)
    code = core_readers_open(core, &id, core_show_act(request) == WIRE_ACT_EXPORTED, err);
  if (code == BASE_OK)
    code = core_content_read(core, &id, arena, &content, err);
  if (code != BASE_OK)
    return code;
  size_t part = 0;
  while (part < content.part0.part_count && !base_hash_equal(&content.part0.parts[part].sha256, sha256))
    part++;
  if (content.dropped)
    code = core_erase_say(core, &id, err);
  else if (part == content.part0.part_count)
    code = base_fail(err, BASE_NOT_FOUND, "message %s has no part with this hash", base_id_text(&id).text);
  else
    code = store_part_get(core->store, &id, (uint16_t)part, arena, out, err);
  core_content_free(&content);
  return code;
}

/* Who holds a file learns neither from the other side of the wall nor from a named reader's case that it is there: the first
 * message with it counts that who asks may see, as if the others were not. */
static enum base_code part_of_any(struct core *core, const struct wire_json *request, const struct base_hash *sha256,
                                  struct base_arena *arena, struct store_part *out, struct base_error *err) {
  struct base_hash token = core_part_token(core, sha256);
  struct store_pair key = {INT64_MIN, INT64_MIN};
  bool hidden = true;
  enum base_code code = BASE_OK;
  while (code == BASE_OK && hidden) {
    enum wire_lane lane = WIRE_LANE_NONE;
    code = store_part_by_token(core->store, &token, &key, arena, out, err);
    if (code == BASE_OK)
      code = core_lane_of_message(core, &out->message, &lane, err);
    hidden = code == BASE_OK && !core_lane_sees(core, lane);
    if (code == BASE_OK && !hidden) {
      code = core_readers_open(core, &out->message, core_show_act(request) == WIRE_ACT_EXPORTED, err);
      hidden = code == BASE_POLICY;
      code = hidden ? BASE_OK : code;
    }
  }
  return code == BASE_NOT_FOUND ? base_fail(err, code, "no part with this hash is here") : code;
}

void core_part_open(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct base_hash sha256;
  struct store_part row;
  struct wire_part wire = {0};
  enum base_code code = core_request_purpose(core_request_text(request, "reason"), &err);
  if (code == BASE_OK && !base_hash_parse(core_request_text(request, "sha256"), &sha256))
    code = base_fail(&err, BASE_FIELD, "sha256: 64 lowercase hex digits");
  if (code == BASE_OK)
    code = wire_json_get(request, "message") != NULL ? part_of_message(core, request, &sha256, &arena, &row, &err)
                                                     : part_of_any(core, request, &sha256, &arena, &row, &err);
  if (code == BASE_OK)
    code = reading_begin(core, &row.message, row.part, &wire, &arena, &err);
  if (code == BASE_OK)
    code = reading_damage(core, &err);
  struct base_hex_text id = {{0}};
  if (code == BASE_OK) {
    id = base_id_text(&row.message);
    code = read_leaf(core, &id, request, &err);
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

enum base_code core_part_plain(struct core *core, const struct base_id *message, uint16_t part, uint32_t record,
                               struct base_buf *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct wire_part wire;
  bool same = core->reading.used && base_id_equal(&core->reading.message, message) && core->reading.part == part;
  enum base_code code = same ? BASE_OK : reading_begin(core, message, part, &wire, &arena, err);
  return code == BASE_OK ? reading_record(core, record, out, err) : code;
}

void core_part_read(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  struct base_id message = {{0}};
  int64_t part = wire_json_integer(wire_json_get(request, "part"));
  int64_t record = wire_json_integer(wire_json_get(request, "record"));
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_RECORD_MAX);
  enum base_code code = BASE_OK;
  if (!base_id_parse(core_request_text(request, "message"), &message) || part < 0 || part >= WIRE_PARTS_MAX ||
      record < 0 || record > UINT32_MAX)
    code = base_fail(&err, BASE_FIELD, "message, part and record are needed, as part.open told them");
  if (code == BASE_OK)
    code = core_lane_open(core, "message", &message, &err);
  if (code == BASE_OK)
    code = core_readers_open(core, &message, false, &err);
  if (code == BASE_OK)
    code = core_part_plain(core, &message, (uint16_t)part, (uint32_t)record, &plain, &err);
  if (code != BASE_OK) {
    core_reply_error(core, token, code, &err);
    return;
  }
  base_buf_add_buf(&core_reply(core, token, BASE_OK)->payload, &plain);
}
