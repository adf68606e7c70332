/* SPDX-License-Identifier: Apache-2.0 */
#include "core/epoch.h"
#include "core/exercise.h"
#include "core/lane.h"
#include "core/register.h"
#include "core/show.h"

/* The register: its head, a leaf, a tile. Nothing here is content: openings name messages and persons, not what was
 * said. */

/* --- the head */

/* A cosignature begins with its time (C2SP tlog-cosignature). */
static base_time cosigned_at(const struct wire_signature *signature) {
  struct base_reader reader = base_reader_of(base_view_of(signature->bytes, signature->size));
  uint64_t time = base_read_u64(&reader);
  return time > INT64_MAX ? 0 : (base_time)time;
}

static enum base_code write_cosigned(struct core *core, const struct core_partner *partner, struct wire_writer *writer,
                                     struct base_error *err) {
  BASE_AUTO_BUF struct base_buf line = {0}, note = {0};
  base_buf_init(&line, WIRE_NOTE_MAX);
  base_buf_init(&note, WIRE_NOTE_MAX);
  uint64_t size = 0;
  struct wire_signature signature;
  enum base_code code =
      store_head_cosigned(core->store, partner->row.number, partner->row.cosigned_size, &size, &note, &line, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code == BASE_OK)
    code = wire_signature_parse(base_buf_view(&line), &signature, err);
  if (code != BASE_OK)
    return code;
  wire_write_object(writer);
  wire_write_member_text(writer, "by", partner->card.name);
  wire_write_member_integer(writer, "size", (int64_t)size);
  core_show_time(writer, "time", cosigned_at(&signature));
  wire_write_end(writer, '}');
  return BASE_OK;
}

enum base_code core_show_head(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  (void)request;
  struct wire_writer writer;
  char origin[WIRE_ORIGIN_MAX + 1];
  core_epoch_origin(core, origin);
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "origin", origin);
  wire_write_member_integer(&writer, "size", (int64_t)core->reg.attested);
  wire_write_member_hash(&writer, "root", &core->reg.attested_root);
  wire_write_member_buf(&writer, "note", &core->reg.note);
  wire_write_key(&writer, "cosigned");
  wire_write_array(&writer);
  enum base_code code = BASE_OK;
  for (size_t i = 0; i < core->partner_count && code == BASE_OK; i++)
    code = write_cosigned(core, core->partners[i], &writer, err);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  return code;
}

/* --- a leaf, a tile */

static enum base_code request_number(const struct wire_json *request, const char *key, uint64_t *out,
                                     struct base_error *err) {
  const struct wire_json *value = wire_json_get(request, key);
  if (wire_json_type(value) != WIRE_JSON_INTEGER || wire_json_integer(value) < 0)
    return base_fail(err, BASE_FIELD, "%s: a whole number from 0", key);
  *out = (uint64_t)wire_json_integer(value);
  return BASE_OK;
}

/* The octets kept with a fault, in base64. */
static enum base_code write_evidence(struct core *core, uint64_t index, struct wire_writer *writer,
                                     struct base_arena *arena, struct base_error *err) {
  struct store_evidence evidence = {0};
  enum base_code code = store_evidence_get(core->store, index, arena, &evidence, err);
  wire_write_key(writer, "evidence");
  if (code != BASE_OK) {
    wire_write_null(writer);
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  }
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 2 * CORE_EVIDENCE_MAX);
  base_buf_base64(&text, evidence.bytes);
  wire_write_text(writer, base_buf_view(&text));
  return base_buf_check(&text, "the evidence", err);
}

static enum base_code write_nothing(struct wire_writer *writer) {
  wire_write_key(writer, "evidence");
  wire_write_null(writer);
  return BASE_OK;
}

/* What it says is about a case of the other side of the wall. That the leaf is there, and its hash, is everybody's. */
static enum base_code is_hidden(struct core *core, struct base_view entry, struct base_view text, struct base_arena *arena,
                                bool *out, bool *exercise, struct base_error *err) {
  struct wire_leaf leaf = {0};
  struct wire_opening opening = {0};
  enum wire_lane lane = WIRE_LANE_NONE;
  enum base_code code = wire_leaf_parse(entry, &leaf, err);
  if (code == BASE_OK && text.size > 0)
    code = wire_opening_parse(leaf.act, text, arena, &opening, err);
  if (core_damage(code)) /* shown as it is: register.check names it */
    return BASE_OK;
  if (code == BASE_OK)
    code = core_lane_of_leaf(core, leaf.act, &opening, &lane, err);
  if (code == BASE_OK && text.size > 0)
    code = core_exercise_of_leaf(core, leaf.act, &opening, exercise, err);
  *out = !core_lane_sees(core, lane);
  return code;
}

enum base_code core_show_leaf(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  uint64_t index = 0;
  struct base_view entry, opening;
  enum base_code code = request_number(request, "n", &index, err);
  if (code == BASE_OK && index >= core->reg.attested)
    code = base_fail(err, BASE_NOT_FOUND, "there is no leaf %llu: the register has %llu, counted from 0",
                     (unsigned long long)index, (unsigned long long)core->reg.attested);
  if (code == BASE_OK)
    code = core_register_read(core, index, &arena, &entry, &opening, err);
  if (code != BASE_OK)
    return code;
  bool hidden = false, exercise = false;
  code = is_hidden(core, entry, opening, &arena, &hidden, &exercise, err);
  if (code != BASE_OK)
    return code;
  struct base_hash hash = seal_leaf_hash(entry);
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "index", (int64_t)index);
  wire_write_member_text(&writer, "leaf", entry);
  wire_write_key(&writer, "opening");
  if (opening.size > 0 && !hidden)
    wire_write_raw(&writer, opening);
  else
    wire_write_null(&writer);
  wire_write_member_hash(&writer, "hash", &hash);
  wire_write_member_bool(&writer, "hidden", hidden);
  wire_write_member_bool(&writer, "exercise", exercise && !hidden);
  code = hidden ? write_nothing(&writer) : write_evidence(core, index, &writer, &arena, err);
  wire_write_end(&writer, '}');
  return code;
}

enum base_code core_show_tile(struct core *core, const struct wire_json *request, struct base_buf *out,
                              struct base_error *err) {
  enum { LEVELS = 8 }; /* 256^8 leaves are more than there can be */
  uint64_t level = 0, index = 0;
  enum base_code code = request_number(request, "l", &level, err);
  if (code == BASE_OK)
    code = request_number(request, "n", &index, err);
  if (code != BASE_OK)
    return code;
  if (level < LEVELS && index >> 56 == 0)
    code = store_tile_get(core->store, (unsigned)level, index, out, err);
  if (level >= LEVELS || index >> 56 != 0 || code == BASE_NOT_FOUND)
    code = base_fail(err, BASE_NOT_FOUND, "there is no tile %llu on level %llu", (unsigned long long)index,
                     (unsigned long long)level);
  return code;
}
