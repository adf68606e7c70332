/* SPDX-License-Identifier: Apache-2.0 */
#include "core/erase.h"
#include "core/lane.h"
#include "core/register.h"
#include "core/release.h"
#include "core/show.h"
#include "core/transfer.h"

/* What waits for a second person, and what became of it: numbers, names and hashes. Its content is shown as that of any
 * message (message.show), which is a `read` leaf. */

static const char *const states[] = {"waiting", "released", "refused", "withdrawn", "over", "erased"};

/* When and by whom it was decided, and why, as the leaf says it. */
static enum base_code write_end(struct core *core, struct wire_writer *writer, const struct store_release *row,
                                struct base_arena *arena, struct base_error *err) {
  struct base_view entry, text;
  struct wire_leaf leaf = {0};
  struct wire_opening opening = {0};
  enum base_code code = BASE_OK;
  if (row->state != STORE_RELEASE_WAITING) {
    code = core_register_read(core, row->ended, arena, &entry, &text, err);
    if (code == BASE_OK)
      code = wire_leaf_parse(entry, &leaf, err);
    if (code == BASE_OK)
      code = wire_opening_parse(leaf.act, text, arena, &opening, err);
  }
  core_show_text(writer, "by", opening.actor);
  core_show_time(writer, "at", leaf.time);
  core_show_text(writer, "reason", opening.reason);
  return core_damage(code) ? BASE_OK : code; /* register.check names it */
}

static void write_id(struct wire_writer *writer, const char *key, const struct base_id *id) {
  if (id != NULL) {
    wire_write_member_id(writer, key, id);
    return;
  }
  wire_write_key(writer, key);
  wire_write_null(writer);
}

static enum base_code write_row(struct core *core, struct wire_writer *writer, const struct store_release *row,
                                struct base_arena *arena, struct base_error *err) {
  static const struct base_id none;
  base_time held = 0;
  struct core_derogation derogation = {0};
  enum base_code code = core_show_leaf_time(core, row->held, &held, err);
  wire_write_member_integer(writer, "number", row->number);
  wire_write_member_string(writer, "state", states[row->state]);
  wire_write_member_string(writer, "asks", row->asks < LAW_APPROVALS ? law_approval_names[row->asks] : "");
  core_show_text(writer, "person", row->person);
  core_show_time(writer, "held", held);
  core_show_time(writer, "until", row->until);
  wire_write_member_id(writer, "message", &row->message);
  write_id(writer, "sent", base_id_equal(&row->sent, &none) ? NULL : &row->sent);
  if (code == BASE_OK)
    code = core_derogation_after(core, row->held, &row->message, arena, &derogation, err);
  core_derogation_show(core, writer, &derogation);
  return code == BASE_OK || core_damage(code) ? write_end(core, writer, row, arena, err) : code;
}

enum base_code core_release_show(struct core *core, struct wire_writer *writer, const struct store_message *row,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_release release;
  bool held = row->state == STORE_MESSAGE_DRAFT;
  enum base_code code =
      row->ours ? store_release_of(core->store, &row->id, !held, &arena, &release, err) : BASE_NOT_FOUND;
  wire_write_key(writer, "release");
  if (code != BASE_OK) {
    wire_write_null(writer);
    return code == BASE_NOT_FOUND ? BASE_OK : code;
  }
  wire_write_object(writer);
  code = write_row(core, writer, &release, &arena, err);
  wire_write_end(writer, '}');
  return code;
}

/* Where it is to go: what the header says of it, which lies in the clear. */
static enum base_code write_where(struct core *core, struct wire_writer *writer, const struct store_release *row,
                                  struct base_arena *arena, struct base_error *err) {
  struct store_message message = {0};
  struct wire_header header = {0};
  enum base_code code = store_message_header(core->store, &row->message, arena, &message, err);
  if (code == BASE_OK)
    code = wire_header_parse(message.header, arena, &header, err);
  if (code != BASE_OK && !core_damage(code) && code != BASE_NOT_FOUND)
    return code;
  core_show_kind_of(core, writer, header.kind, &header.kind_hash);
  wire_write_member_text(writer, "type", header.type);
  wire_write_member_bool(writer, "exercise", header.exercise);
  core_show_names(writer, core, "parties", header.parties, header.party_count);
  write_id(writer, "case", header.opens || code != BASE_OK ? NULL : &message.case_id);
  return BASE_OK;
}

static enum base_code write_release(struct core *core, struct wire_writer *writer, const struct store_release *row,
                                    struct base_arena *arena, struct base_error *err) {
  wire_write_object(writer);
  enum base_code code = write_row(core, writer, row, arena, err);
  if (code == BASE_OK)
    code = write_where(core, writer, row, arena, err);
  wire_write_end(writer, '}');
  return code;
}

static enum base_code write_list(struct core *core, const struct wire_json *request, struct wire_writer *writer,
                                 struct base_error *err) {
  bool all = wire_json_true(wire_json_get(request, "all"));
  const struct wire_json *only = wire_json_get(request, "number");
  int64_t key = only != NULL ? wire_json_integer(only) - 1 : wire_json_integer(wire_json_get(request, "above"));
  enum base_code code = BASE_OK;
  for (unsigned told = 0; code == BASE_OK && told < (only != NULL ? 1 : CORE_RELEASE_PAGE); told++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_release row;
    code = store_release_next(core->store, !all && only == NULL, &key, &arena, &row, err);
    if (code == BASE_OK && only != NULL && row.number != wire_json_integer(only))
      code = BASE_NOT_FOUND;
    enum wire_lane lane = WIRE_LANE_NONE;
    if (code == BASE_OK)
      code = core_lane_of_message(core, &row.message, &lane, err);
    if (code == BASE_OK && !core_lane_sees(core, lane)) {
      code = only != NULL ? BASE_NOT_FOUND : BASE_OK;
      if (only == NULL)
        continue;
    }
    if (code == BASE_OK)
      code = write_release(core, writer, &row, &arena, err);
    else if (code == BASE_NOT_FOUND && only != NULL)
      return base_fail(err, BASE_NOT_FOUND,
                       "nothing was held under the number %lld; wasl release list shows what waits",
                       (long long)wire_json_integer(only));
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

void core_release_list(struct core *core, uint64_t token, const struct wire_json *request) {
  struct base_error err = {0};
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer writer;
  wire_writer_init(&writer, &out);
  wire_write_object(&writer);
  wire_write_member_integer(&writer, "waiting", (int64_t)core->releases.waiting);
  wire_write_key(&writer, "releases");
  wire_write_array(&writer);
  enum base_code code = write_list(core, request, &writer, &err);
  wire_write_end(&writer, ']');
  wire_write_end(&writer, '}');
  if (code == BASE_OK)
    core_show_answer(core, token, &out);
  else
    core_reply_error(core, token, code, &err);
}
