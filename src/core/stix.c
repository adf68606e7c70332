/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stix.h"

#include <stdio.h>
#include <string.h>

#include "core/cases.h"
#include "core/erase.h"
#include "core/lane.h"
#include "core/messages.h"
#include "core/parts.h"
#include "core/readers.h"
#include "wire/stix.h"

/* A message with parts waits from the step that admits it until the step that writes what was found, so a crash at any
 * moment loses nothing. Each time a part is given out that is counted before it leaves: one at which the worker ends, or
 * never comes back, is given out CORE_STIX_TRIES times and then stands as unreadable, and the next one gets its turn. */

/* --- what waits */

/* Kinds that make law for all stand on neither side of the wall, and a case of theirs may be found to be of one later: what is
 * in their parts is in no index; nor is what an exercise made up, or what named readers alone may see. */
enum base_code core_stix_note(struct core *core, const struct core_case *kase, const struct base_id *id,
                              struct base_error *err) {
  if (kase->kind->kind.lane == WIRE_LANE_NONE || kase->row.exercise || kase->kind->kind.named_readers)
    return BASE_OK;
  core->stix.some = true;
  return store_stix_wait(core->store, id, (uint32_t)kase->row.lane, err);
}

enum base_code core_stix_belongs(struct core *core, const struct store_message *row, const struct wire_header *header,
                                 enum wire_lane *lane, bool *out, struct base_error *err) {
  const struct core_kind *held = core_kind_hashed(core, header->kind, &header->kind_hash);
  const struct core_kind *kind = held != NULL ? held : core_kind_named(core, header->kind);
  const struct base_id *case_id = header->opens ? &row->id : &header->case_id;
  bool placed = row->state == STORE_MESSAGE_HELD || (row->ours && row->state == STORE_MESSAGE_REFUSED), named = false;
  *out = false;
  *lane = WIRE_LANE_NONE;
  if (!placed || core_message_dropped(row) || header->exercise || (kind != NULL && kind->kind.lane == WIRE_LANE_NONE))
    return BASE_OK;
  enum base_code code = core_readers_named(core, header, case_id, &named, err);
  if (code == BASE_OK && !named)
    code = core_lane_of_case(core, &row->case_id, lane, err);
  *out = code == BASE_OK && *lane != WIRE_LANE_NONE;
  return code;
}

static bool is_out(const struct core *core, const struct base_id *id) {
  return core->stix.out && base_id_equal(&core->stix.task.message, id);
}

enum base_code core_stix_drop(struct core *core, const struct base_id *id, struct base_error *err) {
  if (is_out(core, id))
    core->stix.out = false;
  return store_stix_drop(core->store, id, err);
}

/* One that is not here, or cannot be read, has nothing to list. */
static enum base_code count_parts(struct core *core, const struct base_id *id, enum wire_lane *lane, unsigned *out,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message row;
  struct wire_header header;
  struct base_error why = {0};
  enum base_code code = store_message_header(core->store, id, &arena, &row, &why);
  if (code == BASE_OK)
    code = wire_header_parse(row.header, &arena, &header, &why);
  bool belongs = false;
  *out = 0;
  if (code == BASE_OK) {
    code = core_stix_belongs(core, &row, &header, lane, &belongs, err);
    *out = belongs ? row.part_count : 0;
    return code;
  }
  return core_damage(code) ? BASE_OK : base_fail(err, code, "%s", why.text);
}

/* One that is given out just now is not waited for any more: what comes of it would skip the parts before it. */
enum base_code core_stix_anew(struct core *core, const struct base_id *id, unsigned *parts, struct base_error *err) {
  enum wire_lane lane = WIRE_LANE_NONE;
  enum base_code code = core_write(core, err);
  if (code != BASE_OK)
    return code;
  code = count_parts(core, id, &lane, parts, err);
  if (code == BASE_OK)
    code = core_stix_drop(core, id, err);
  if (code == BASE_OK && *parts > 0)
    code = store_stix_wait(core->store, id, (uint32_t)lane, err);
  core->stix.some = core->stix.some || *parts > 0;
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

/* --- what was found */

struct base_hash core_stix_token(const struct core *core, struct base_view id) {
  struct base_hash hash = seal_sha256(id);
  return core_part_token(core, &hash);
}

enum { AAD = 11 + 32 + 2 };

static void list_aad(const struct base_id *message, uint16_t part, uint8_t out[AAD]) {
  memcpy(out, "wasl stix/1", 11);
  memcpy(out + 11, message->bytes, 32);
  out[AAD - 2] = (uint8_t)(part >> 8);
  out[AAD - 1] = (uint8_t)part;
}

/* Under the message's own key, which encrypts part 0 with nonce zero: a random one never meets it. */
static enum base_code list_seal(struct core *core, const struct base_secret *key, const struct store_stix_part *row,
                                struct base_view list, struct base_buf *out, struct base_error *err) {
  uint8_t aad[AAD];
  list_aad(&row->message, row->part, aad);
  uint8_t *room = base_buf_reserve(out, SEAL_NONCE + list.size + SEAL_TAG);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a list of STIX objects");
  core->env.world->random(core->env.world->context, room, SEAL_NONCE);
  seal_aead_encrypt(key, room, base_view_of(aad, sizeof aad), list, room + SEAL_NONCE);
  return BASE_OK;
}

enum base_code core_stix_unseal(const struct base_secret *key, const struct store_stix_part *row, struct base_buf *out,
                                struct base_error *err) {
  uint8_t aad[AAD];
  size_t before = out->size, count = 0;
  list_aad(&row->message, row->part, aad);
  if (row->sealed.size < SEAL_NONCE + SEAL_TAG)
    return base_fail(err, BASE_CORRUPT, "a list of STIX objects is cut short");
  struct base_view sealed = base_view_of(row->sealed.data + SEAL_NONCE, row->sealed.size - SEAL_NONCE);
  uint8_t *room = base_buf_reserve(out, sealed.size - SEAL_TAG);
  if (room == NULL)
    return base_fail(err, BASE_MEMORY, "no memory for a list of STIX objects");
  enum base_code code = seal_aead_decrypt(key, row->sealed.data, base_view_of(aad, sizeof aad), sealed, room, err);
  return code == BASE_OK ? wire_stix_list_check(base_view_of(room, out->size - before), &count, err) : code;
}

/* How many of each type: their ids begin with it, so one type stands together. */
static enum base_code write_types(struct core *core, const struct store_stix_part *row, struct base_view list,
                                  struct base_error *err) {
  struct wire_stix_entry entry;
  struct base_view type = {0};
  uint64_t count = 0;
  enum base_code code = store_stix_type_add(core->store, row, BASE_VIEW(STORE_STIX_ANY), row->objects, err);
  while (code == BASE_OK && wire_stix_next(&list, &entry)) {
    struct base_hash token = core_stix_token(core, entry.id);
    if (count > 0 && !base_view_equal(type, entry.type)) {
      code = store_stix_type_add(core->store, row, type, count, err);
      count = 0;
    }
    type = entry.type;
    count++;
    if (code == BASE_OK)
      code = store_stix_id_add(core->store, row, &token, err);
  }
  return code == BASE_OK && count > 0 ? store_stix_type_add(core->store, row, type, count, err) : code;
}

static enum base_code write_list(struct core *core, struct store_stix_part *row, struct base_view list,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  BASE_AUTO_BUF struct base_buf sealed = {0};
  base_arena_init(&arena, 16 << 20);
  base_buf_init(&sealed, WIRE_STIX_LIST_MAX + SEAL_NONCE + SEAL_TAG);
  struct core_content content = {0};
  enum base_code code = core_content_bytes(core, &row->message, &arena, &content, err);
  if (code == BASE_OK && content.dropped)
    code = base_fail(err, BASE_NOT_FOUND, "its content is not here any more");
  if (code == BASE_OK)
    code = list_seal(core, &content.key, row, list, &sealed, err);
  core_content_free(&content);
  row->sealed = base_buf_view(&sealed);
  if (code == BASE_OK)
    code = store_stix_part_put(core->store, row, err);
  if (code == BASE_OK)
    code = write_types(core, row, list, err);
  row->sealed = (struct base_view){0}; /* ends here */
  return code;
}

/* What was found in the first part that waits of this message, or why nothing was; the next one of it waits now. */
static enum base_code settle_part(struct core *core, struct store_stix_wait *wait, struct base_view list, size_t objects,
                                  struct base_view why, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_message message;
  enum wire_lane lane = WIRE_LANE_NONE;
  struct store_stix_part row = {.message = wait->message, .part = wait->part, .objects = objects, .why = why};
  enum base_code code = store_message_header(core->store, &wait->message, &arena, &message, err);
  if (code == BASE_OK)
    code = core_lane_of_case(core, &message.case_id, &lane, err);
  if (code == BASE_OK)
    code = core_write(core, err);
  if (code != BASE_OK)
    return code;
  row.case_id = message.case_id;
  row.lane = (uint32_t)lane;
  if (why.size == 0)
    code = write_list(core, &row, list, err);
  else {
    code = store_stix_part_put(core->store, &row, err);
    if (code == BASE_OK)
      code = store_stix_type_add(core->store, &row, BASE_VIEW(STORE_STIX_UNREAD), 0, err);
  }
  wait->part++;
  wait->tries = 0;
  return code == BASE_OK ? store_stix_wait_put(core->store, wait, err) : code;
}

static enum base_code settle_unread(struct core *core, struct store_stix_wait *wait, const char *why,
                                    struct base_error *err) {
  base_log(BASE_LOG_WARNING, "stix.unread", "part %u of message %s is not in the index: %s", wait->part + 1U,
           base_id_text(&wait->message).text, why);
  return settle_part(core, wait, (struct base_view){0}, 0, base_view_text(why), err);
}

/* --- given out */

static void hand_out(struct core *core, const struct store_stix_wait *wait, const struct wire_part *wire) {
  struct wire_writer writer;
  core->stix.parked = false;
  core->stix.out = true;
  core->stix.task = *wait;
  wire_writer_init(&writer, &core_reply(core, core->stix.token, BASE_OK)->payload);
  wire_write_object(&writer);
  wire_write_member_id(&writer, "message", &wait->message);
  wire_write_member_integer(&writer, "part", wait->part);
  wire_write_member_integer(&writer, "size", (int64_t)wire->size);
  wire_write_member_integer(&writer, "records", seal_record_count(wire->size));
  wire_write_end(&writer, '}');
}

/* One that is said to be STIX. */
static enum base_code look_at(struct core *core, struct store_stix_wait *wait, const struct wire_part *wire,
                              struct base_error *err) {
  char why[CORE_STIX_WHY_MAX];
  uint64_t listed = 0;
  enum base_code code = store_stix_objects(core->store, &wait->message, &listed, err);
  if (code != BASE_OK)
    return code;
  if (listed >= CORE_STIX_MESSAGE_MAX) {
    (void)snprintf(why, sizeof why, "STIX: parts before it in its message hold %llu objects, and a message is listed up to %d",
                   (unsigned long long)listed, CORE_STIX_MESSAGE_MAX);
    return settle_unread(core, wait, why, err);
  }
  if (wire->size > WIRE_STIX_MAX) {
    (void)snprintf(why, sizeof why, "STIX: it has more than %d octets", WIRE_STIX_MAX);
    return settle_unread(core, wait, why, err);
  }
  if (wait->tries >= CORE_STIX_TRIES) {
    (void)snprintf(why, sizeof why, "STIX: whoever looked into it did not come back, %d times", CORE_STIX_TRIES);
    return settle_unread(core, wait, why, err);
  }
  /* The worker's end is the node's: parts that are made for it, one behind the other, are not to use up its restarts. */
  int64_t rested_ms = core->stix.begun_ms + CORE_STIX_REST_MS;
  if (wait->tries >= CORE_STIX_AT_ONCE && core_now_ms(core) < rested_ms) {
    core->stix.not_before_ms = rested_ms;
    return BASE_OK;
  }
  wait->tries++;
  code = core_write(core, err);
  if (code == BASE_OK)
    code = store_stix_wait_put(core->store, wait, err);
  if (code == BASE_OK)
    hand_out(core, wait, wire);
  return code;
}

static enum base_code look_done(struct core *core, const struct store_stix_wait *wait, struct base_error *err) {
  enum base_code code = core_write(core, err);
  return code == BASE_OK ? store_stix_wait_done(core->store, &wait->message, err) : code;
}

/* The message that waits longest: its next part that is STIX, or its end. What is damaged has nothing to list;
 * register.check names it. */
static enum base_code look_on(struct core *core, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 16 << 20);
  struct store_stix_wait wait;
  struct core_content content = {0};
  struct base_error why = {0};
  enum base_code code = store_stix_waiting(core->store, &wait, &why);
  if (code == BASE_NOT_FOUND) {
    core->stix.some = false;
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = core_content_read(core, &wait.message, &arena, &content, &why);
  bool listed = false;
  enum wire_lane lane = WIRE_LANE_NONE;
  if (code == BASE_OK)
    code = core_stix_belongs(core, &content.row, &content.header, &lane, &listed, &why);
  if (code != BASE_OK && !core_damage(code)) {
    core_content_free(&content);
    return base_fail(err, code, "%s", why.text);
  }
  size_t count = listed ? content.part0.part_count : 0;
  size_t next = wait.part;
  while (next < count && wire_stix_said(content.part0.parts[next].media_type) != WIRE_STIX_SAID_STIX)
    next++;
  if (next > wait.part)
    wait.tries = 0;
  wait.part = (uint16_t)next;
  code = next < count ? look_at(core, &wait, &content.part0.parts[next], err) : look_done(core, &wait, err);
  core_content_free(&content);
  return code;
}

enum base_code core_stix_settle(struct core *core, struct base_error *err) {
  enum base_code code = BASE_OK;
  if (!core->stix.parked || !core->stix.some || core->stix.not_before_ms > core_now_ms(core))
    return BASE_OK;
  if (core_disk_low(core, NULL)) {
    core->stix.not_before_ms = core_now_ms(core) + CORE_STIX_AGAIN_MS;
    return BASE_OK;
  }
  for (int i = 0; i < CORE_STIX_STEP && code == BASE_OK && core->stix.parked && core->stix.some &&
                  core->stix.not_before_ms <= core_now_ms(core); i++)
    code = look_on(core, err);
  return code;
}

int64_t core_stix_due_ms(const struct core *core) {
  int64_t left = core->stix.not_before_ms - core_now_ms(core);
  return !core->stix.parked || !core->stix.some ? -1 : left < 0 ? 0 : left;
}

/* --- what the local gate asks for itself */

void core_stix_take(struct core *core, uint64_t token) {
  struct base_error err;
  if (core->stix.parked)
    core_reply_error(core, core->stix.token,
                     base_fail(&err, BASE_BUSY, "stix.take: it was asked again"), &err);
  core->stix.parked = true;
  core->stix.out = false;
  core->stix.token = token;
}

void core_stix_forget(struct core *core, bool (*gone)(void *context, uint64_t token), void *context) {
  if (core->stix.parked && gone(context, core->stix.token))
    core->stix.parked = false;
}

/* Only what is given out just now. */
static enum base_code read_task(const struct core *core, const struct wire_json *request, struct base_error *err) {
  struct base_id id;
  int64_t part = wire_json_integer(wire_json_get(request, "part"));
  bool same = base_id_parse(core_request_text(request, "message"), &id) && is_out(core, &id) &&
              part == core->stix.task.part;
  return same ? BASE_OK : base_fail(err, BASE_NOT_FOUND, "this part is not given out to be looked into");
}

void core_stix_record(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  int64_t record = wire_json_integer(wire_json_get(request, "record"));
  BASE_AUTO_BUF struct base_buf plain = {0};
  base_buf_init(&plain, WIRE_RECORD_MAX);
  enum base_code code = read_task(core, request, &err);
  if (code == BASE_OK && (record < 0 || record > UINT32_MAX))
    code = base_fail(&err, BASE_FIELD, "record: a whole number from 0");
  if (code == BASE_OK)
    code = core_part_plain(core, &core->stix.task.message, core->stix.task.part, (uint32_t)record, &plain, &err);
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
  else
    base_buf_add_buf(&core_reply(core, token, BASE_OK)->payload, &plain);
}

static void add_why(struct base_buf *out, struct base_view said) {
  size_t size = said.size < CORE_STIX_WHY_MAX ? said.size : CORE_STIX_WHY_MAX;
  while (size > 0 && !base_utf8_valid(base_view_of(said.data, size)))
    size--;
  base_buf_printable(out, base_view_of(said.data, size));
}

/* What the worker found, or why it found nothing, one line: neither is trusted to be more than its form. */
static enum base_code take_answer(struct core *core, const struct wire_json *request, int fd, struct base_error *err) {
  struct base_view said = core_request_text(request, "why"), list = {0};
  struct base_error why = {0};
  size_t objects = 0;
  BASE_AUTO_BUF struct base_buf text = {0};
  if (said.size > 0)
    add_why(&text, said);
  else if (fd < 0)
    base_buf_text(&text, "STIX: nothing was said of it");
  else if (base_map_sealed(fd, WIRE_STIX_LIST_MAX, &list, &why) != BASE_OK ||
           wire_stix_list_check(list, &objects, &why) != BASE_OK)
    base_buf_text(&text, why.text);
  base_buf_u8(&text, 0);
  enum base_code code = base_buf_check(&text, "why a part is not listed", err);
  if (code == BASE_OK && text.size > 1)
    code = settle_unread(core, &core->stix.task, (const char *)text.data, err);
  else if (code == BASE_OK)
    code = settle_part(core, &core->stix.task, list, objects, (struct base_view){0}, err);
  base_unmap(&list);
  return code == BASE_OK ? BASE_OK : core_lose(core, code, err);
}

void core_stix_give(struct core *core, uint64_t token, const struct wire_json *request, int fd) {
  struct base_error err = {0};
  enum base_code code = read_task(core, request, &err);
  if (code == BASE_OK)
    code = take_answer(core, request, fd, &err);
  core->stix.out = false;
  if (code != BASE_OK)
    core_reply_error(core, token, code, &err);
  else
    base_buf_text(&core_reply(core, token, BASE_OK)->payload, "{}");
}
