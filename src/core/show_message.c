/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/agreements.h"
#include "core/back.h"
#include "core/behind.h"
#include "core/cases.h"
#include "core/emergency.h"
#include "core/ending.h"
#include "core/certified.h"
#include "core/dated.h"
#include "core/erase.h"
#include "core/messages.h"
#include "core/partners.h"
#include "core/readers.h"
#include "core/recall.h"
#include "core/register.h"
#include "core/release.h"
#include "core/retain.h"
#include "core/show.h"
#include "core/stix.h"
#include "core/transfer.h"
#include "wire/marking.h"

/* A message as it is shown: its fields and parts, where it went or whence it came, why it has no effect. */

enum {
  CONTENT_BYTES = 16 << 20, /* of one case's answer; later messages come without their content, message.show has it */
  MESSAGE_ARENA = 16 << 20,
};

/* --- deliveries and arrivals */

/* The time of a delivery's receipt; 0 while there is none, and for a refusal. */
static base_time received_at(const struct store_delivery *row) {
  struct wire_leaf leaf;
  bool receipt = row->leaf.size > 0 && wire_leaf_parse(row->leaf, &leaf, NULL) == BASE_OK;
  return receipt && leaf.act == WIRE_ACT_RECEIVED ? leaf.time : 0;
}

struct delivering {
  struct core *core;
  struct wire_writer *writer;
};

static bool disputed(const struct store_delivery *row, base_time received) {
  base_time off = received - row->learned;
  return received != 0 && (off > CORE_DISPUTE_SECONDS || off < -CORE_DISPUTE_SECONDS);
}

static enum base_code show_delivery(void *context, const struct store_delivery *row) {
  struct delivering *delivering = context;
  struct wire_writer *writer = delivering->writer;
  const struct core_partner *partner = core_partner_numbered(delivering->core, row->partner);
  base_time received = received_at(row);
  if (partner == NULL)
    return BASE_OK;
  char room[CORE_SHOW_REASON];
  struct base_view reason = core_show_reason(delivering->core, partner, row, room);
  wire_write_object(writer);
  wire_write_member_text(writer, "to", partner->card.name);
  wire_write_member_integer(writer, "n", (int64_t)row->number);
  wire_write_member_string(writer, "state", core_show_standing(partner, row));
  core_show_text(writer, "reason", reason);
  core_show_time(writer, "received", received);
  wire_write_member_bool(writer, "disputed", disputed(row, received));
  wire_write_end(writer, '}');
  return BASE_OK;
}

/* BASE_NOT_FOUND: it did not arrive from its author, or is our own. */
static enum base_code find_arrival(struct core *core, const struct base_id *id, struct base_view author,
                                   struct base_arena *arena, struct store_arrival *out,
                                   const struct core_partner **out_partner, struct base_error *err) {
  const struct core_partner *partner = core_partner_of(core, author);
  *out_partner = partner;
  return partner == NULL ? BASE_NOT_FOUND : store_arrival_of(core->store, id, partner->row.number, arena, out, err);
}

static enum base_code received_by(struct core *core, const struct base_id *id, const struct core_partner *partner,
                                  struct core_received *out, struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_delivery row;
  enum base_code code = store_delivery_get(core->store, id, partner->row.number, &arena, &row, err);
  if (code == BASE_OK) {
    out->at = received_at(&row);
    out->ours = disputed(&row, out->at) ? row.learned : 0;
  }
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* It came again after this register lost it: the receipt given first is the one that its sender holds, and counts. Were
 * the second one earlier by more than a clock may be off, the stricter of both times does. */
static enum base_code first_receipt(struct core *core, const struct core_partner *sender,
                                    const struct store_arrival *arrival, struct base_arena *arena,
                                    struct core_received *out, struct base_error *err) {
  struct core_returned returned;
  struct wire_leaf leaf;
  struct wire_opening opening;
  if (core->epoch == 1)
    return BASE_OK;
  enum base_code code = core_back_read(core, sender, false, arrival->number, arena, &returned, err);
  if (code == BASE_OK)
    code = wire_leaf_parse(returned.leaf, &leaf, err);
  if (code == BASE_OK)
    code = wire_opening_parse(leaf.act, returned.opening, arena, &opening, err);
  if (code != BASE_OK)
    return core_damage(code) ? BASE_OK : code;
  if (leaf.act != WIRE_ACT_RECEIVED || !base_hash_equal(&opening.sent, &arrival->sent_hash))
    return BASE_OK;
  base_time again = out->at;
  out->at = leaf.time;
  out->ours = again < leaf.time - CORE_DISPUTE_SECONDS ? again : 0;
  return BASE_OK;
}

enum base_code core_show_received(struct core *core, const struct base_id *id, struct base_view author,
                                  const struct core_partner *partner, struct core_received *out,
                                  struct base_error *err) {
  *out = (struct core_received){0};
  if (base_view_equal(author, core->card.origin))
    return partner == NULL ? BASE_OK : received_by(core, id, partner, out, err);
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  const struct core_partner *sender = NULL;
  enum base_code code = find_arrival(core, id, author, &arena, &arrival, &sender, err);
  if (code == BASE_NOT_FOUND)
    return BASE_OK;
  if (code == BASE_OK && arrival.answered && !arrival.refused)
    code = core_show_leaf_time(core, arrival.answer_index, &out->at, err);
  return code == BASE_OK && out->at != 0 ? first_receipt(core, sender, &arrival, &arena, out, err) : code;
}

/* null, or what is wrong with it by the row that its sender named. */
static enum base_code write_outside(struct core *core, struct wire_writer *writer, const struct core_content *content,
                                    const struct store_arrival *arrival, struct base_error *err) {
  const struct core_kind *kind = core_kind_hashed(core, content->header.kind, &content->header.kind_hash);
  const struct core_arrived arrived = {.arrival = arrival,
                                       .header = &content->header,
                                       .part0 = content->dropped ? NULL : &content->part0};
  struct base_error why = {0};
  enum base_code code = kind != NULL ? core_law_under(core, &kind->kind, &arrived, &why, err) : BASE_OK;
  core_show_text(writer, "outside", base_view_text(why.text));
  return code;
}

/* null, or what is wrong with its time. */
static void write_misdated(struct core *core, struct wire_writer *writer, const struct core_content *content,
                           const struct store_arrival *arrival) {
  const char *name = core_dated_name(core_dated(core, core_case_known(core, &content->row.case_id), &content->header,
                                                content->row.stored, arrival));
  wire_write_key(writer, "misdated");
  if (name != NULL)
    wire_write_string(writer, name);
  else
    wire_write_null(writer);
}

/* null, or the message that its author had received and left out. */
static enum base_code write_behind(struct core *core, struct wire_writer *writer, const struct core_content *content,
                                   const struct store_arrival *arrival, struct base_error *err) {
  const struct core_case *kase = core_case_known(core, &content->row.case_id);
  struct base_id left_out = {0}, none = {0};
  enum base_code code = BASE_OK;
  if (kase != NULL && kase->row.flagged)
    code = core_behind(core, kase, &content->row.id, arrival, &left_out, err);
  if (base_id_equal(&left_out, &none)) {
    wire_write_key(writer, "behind");
    wire_write_null(writer);
  } else {
    wire_write_member_id(writer, "behind", &left_out);
  }
  return code;
}

/* held: it is held against its row. */
static enum base_code write_arrival(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                    struct base_view author, const struct core_content *content, bool held,
                                    struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  const struct core_partner *partner = NULL;
  struct core_received received = {0};
  wire_write_key(writer, "arrival");
  enum base_code code = find_arrival(core, id, author, &arena, &arrival, &partner, err);
  if (code == BASE_NOT_FOUND) {
    wire_write_null(writer);
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = core_show_received(core, id, author, NULL, &received, err);
  if (code != BASE_OK)
    return code;
  wire_write_object(writer);
  wire_write_member_text(writer, "from", partner->card.name);
  wire_write_member_integer(writer, "n", (int64_t)arrival.number);
  core_show_time(writer, "received", received.at);
  write_misdated(core, writer, content, &arrival);
  code = write_behind(core, writer, content, &arrival, err);
  if (code == BASE_OK && held && received.at != 0)
    code = write_outside(core, writer, content, &arrival, err);
  wire_write_end(writer, '}');
  return code;
}

static enum base_code write_ways(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                 struct base_view author, const struct core_content *content, bool held,
                                 struct base_error *err) {
  struct delivering delivering = {.core = core, .writer = writer};
  wire_write_key(writer, "deliveries");
  wire_write_array(writer);
  enum base_code code = store_delivery_each(core->store, id, false, 0, show_delivery, &delivering, err);
  wire_write_end(writer, ']');
  return code == BASE_OK ? write_arrival(core, writer, id, author, content, held, err) : code;
}

/* --- fields */

/* Brackets within brackets, of a document that is well formed. */
static size_t nesting(struct base_view json) {
  size_t depth = 0, deepest = 0;
  bool quoted = false;
  for (size_t i = 0; i < json.size; i++) {
    uint8_t c = json.data[i];
    if (quoted && c == '\\')
      i++;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '{' || c == '[') && ++depth > deepest)
      deepest = depth;
    else if (!quoted && (c == '}' || c == ']'))
      depth--;
  }
  return deepest;
}

/* A partner's field may be nested as deep as a document allows, and would be too deep within ours: then it is told as
 * the text of its JSON. No kind's own fields are. */
static void write_value(struct wire_writer *writer, const struct wire_json *value) {
  BASE_AUTO_BUF struct base_buf json = {0};
  base_buf_init(&json, BASE_BUF_DEFAULT_LIMIT);
  struct wire_writer plain;
  wire_writer_init(&plain, &json);
  wire_write_value(&plain, value);
  if (nesting(base_buf_view(&json)) + writer->depth <= WIRE_JSON_DEPTH_MAX)
    wire_write_raw(writer, base_buf_view(&json));
  else
    wire_write_text(writer, base_buf_view(&json));
  if (json.data != NULL)
    base_wipe(json.data, json.size);
}

static bool header_has(const struct wire_header *header, struct base_view name) {
  for (size_t i = 0; i < header->state_count; i++)
    if (base_view_equal(header->state[i].name, name))
      return true;
  return false;
}

/* As --fields takes them: those of the kind in its order, whether they stand in the header or in part 0, then what a
 * partner added. content NULL: erased or dropped, only what the header says is left. type NULL: of a kind that is not
 * shipped. */
static void write_fields(struct wire_writer *writer, const struct wire_kind_type *type,
                         const struct wire_header *header, const struct wire_json *content) {
  const struct wire_json *value = NULL;
  struct base_view key;
  wire_write_key(writer, "fields");
  wire_write_object(writer);
  for (size_t i = 0; type != NULL && i < type->field_count; i++) {
    const struct wire_kind_field *field = &type->fields[i];
    const char *name = (const char *)field->name.data;
    if (header_has(header, field->name)) {
      wire_write_member_text(writer, name, wire_header_state(header, name));
    } else if (!field->state && (value = wire_json_get(content, name)) != NULL) {
      wire_write_key(writer, name);
      write_value(writer, value);
    }
  }
  for (size_t i = 0; i < header->state_count; i++)
    if (type == NULL || wire_kind_field_named(type, header->state[i].name) == NULL) {
      wire_write_key_view(writer, header->state[i].name);
      wire_write_text(writer, header->state[i].value);
    }
  for (void *cursor = NULL; wire_json_next(content, &cursor, &key, &value);)
    if (!header_has(header, key) && (type == NULL || wire_kind_field_named(type, key) == NULL)) {
      wire_write_key_view(writer, key);
      write_value(writer, value);
    }
  wire_write_end(writer, '}');
}

static enum base_code write_parts(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                  const struct wire_part0 *part0, struct base_error *err) {
  enum base_code code = BASE_OK;
  wire_write_key(writer, "parts");
  wire_write_array(writer);
  for (size_t i = 0; i < part0->part_count && code == BASE_OK; i++) {
    const struct wire_part *part = &part0->parts[i];
    wire_write_object(writer);
    wire_write_member_text(writer, "name", part->name);
    wire_write_member_text(writer, "type", part->media_type);
    wire_write_member_integer(writer, "size", (int64_t)part->size);
    wire_write_member_hash(writer, "sha256", &part->sha256);
    code = core_stix_show(core, writer, id, (uint16_t)i, part, err);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  return code;
}

/* As the author wrote them, and whether they are codes of ours: what a partner wrote in another way is shown as it is. A mark below
 * that of the kind is shown as it counts; `outside` has the author's. */
static void write_markings(struct wire_writer *writer, const struct wire_kind *kind, const struct wire_part0 *part0) {
  BASE_AUTO_BUF struct base_buf spelled = {0};
  struct wire_marking marking;
  struct wire_grading grading;
  bool parsed = wire_marking_parse(part0->handling, &marking);
  bool raised = kind != NULL && wire_kind_raises(kind, parsed ? &marking : NULL);
  base_buf_init(&spelled, WIRE_MARKING_MAX);
  if (raised) {
    marking = parsed ? marking : (struct wire_marking){0};
    marking.level = kind->mark;
    wire_marking_write(&marking, &spelled);
  }
  wire_write_member_text(writer, "handling", raised ? base_buf_view(&spelled) : part0->handling);
  wire_write_member_bool(writer, "handling_known", raised || parsed || part0->handling.size == 0);
  wire_write_member_text(writer, "grading", part0->grading);
  wire_write_member_bool(writer, "grading_known",
                         part0->grading.size == 0 || wire_grading_parse(part0->grading, &grading));
}

static enum base_code write_content(struct core *core, struct wire_writer *writer, const struct core_content *content,
                                    struct base_error *err) {
  const struct wire_header *header = &content->header;
  const struct core_kind *kind = core_kind_hashed(core, header->kind, &header->kind_hash);
  write_markings(writer, kind != NULL ? &kind->kind : NULL, &content->part0);
  write_fields(writer, kind != NULL ? wire_kind_type_named(&kind->kind, header->type) : NULL, header,
               content->part0.fields);
  return write_parts(core, writer, &content->row.id, &content->part0, err);
}

/* --- why a message has no effect (yet) */

static enum base_code pending_why(struct core *core, const struct core_content *content, struct base_buf *out,
                                  struct base_error *err) {
  size_t predecessors = 0, parts = 0;
  for (size_t i = 0; i < content->header.follow_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, MESSAGE_ARENA);
    struct store_message row;
    enum base_code code = store_message_get(core->store, &content->header.follows[i], &arena, &row, err);
    if (code != BASE_OK && code != BASE_NOT_FOUND)
      return code;
    if (code == BASE_OK && row.state == STORE_MESSAGE_HELD)
      continue;
    if (predecessors++ == 0)
      base_buf_printf(out, "waits for message %s", base_id_text(&content->header.follows[i]).text);
  }
  if (predecessors > 1)
    base_buf_printf(out, " and %zu more before it", predecessors - 1);
  for (uint16_t i = 0; i < content->row.part_count; i++) {
    BASE_AUTO_ARENA struct base_arena arena = {0};
    base_arena_init(&arena, 1 << 20);
    struct store_part part;
    enum base_code code = store_part_get(core->store, &content->row.id, i, &arena, &part, err);
    if (code != BASE_OK)
      return code;
    parts += part.records_held < part.records && !core_message_dropped(&content->row);
  }
  if (parts > 0)
    base_buf_printf(out, "%s%zu of %u parts are not complete", predecessors > 0 ? "; " : "", parts,
                    (unsigned)content->row.part_count);
  return BASE_OK;
}

static enum base_code refused_why(struct core *core, const struct core_content *content, struct base_buf *out,
                                  struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct store_arrival arrival;
  const struct core_partner *partner = NULL;
  struct base_view entry, text;
  struct wire_opening opening = {0};
  enum base_code code = find_arrival(core, &content->row.id, content->header.author, &arena, &arrival, &partner, err);
  if (code == BASE_NOT_FOUND) { /* our own */
    base_buf_text(out, "nobody took it: each receiver refused it, or it was ended before he had it");
    return BASE_OK;
  }
  if (code == BASE_OK)
    code = core_register_read(core, arrival.answer_index, &arena, &entry, &text, err);
  if (code == BASE_OK && text.size > 0)
    code = wire_opening_parse(WIRE_ACT_REFUSED, text, &arena, &opening, err);
  base_buf_add_view(out, opening.reason);
  return code;
}

static enum base_code write_why(struct core *core, struct wire_writer *writer, const struct core_content *content,
                                const struct engine_message *placed, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf why = {0};
  base_buf_init(&why, 64 << 10);
  enum base_code code = BASE_OK;
  if (content->row.state == STORE_MESSAGE_PENDING)
    code = pending_why(core, content, &why, err);
  else if (content->row.state == STORE_MESSAGE_REFUSED)
    code = refused_why(core, content, &why, err);
  else if (placed != NULL && !placed->effective)
    base_buf_text(&why, placed->why);
  core_show_text(writer, "why", base_buf_view(&why));
  return code;
}

/* null, or when and by whom its content was erased, and why. */
static enum base_code write_erased(struct core *core, struct wire_writer *writer, const struct store_message *row,
                                   struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, 1 << 20);
  struct core_erasure erasure = {0};
  enum base_code code = core_message_dropped(row) ? core_erase_read(core, &row->id, &arena, &erasure, err) : BASE_OK;
  wire_write_key(writer, "erased");
  if (code != BASE_OK || !erasure.there) {
    wire_write_null(writer);
    return code;
  }
  wire_write_object(writer);
  core_show_time(writer, "at", erasure.at);
  core_show_text(writer, "by", erasure.actor);
  core_show_text(writer, "reason", erasure.reason);
  wire_write_member_bool(writer, "elsewhere", erasure.elsewhere);
  struct base_id given;
  bool there = false;
  code = core_certified_given(core, &row->id, &given, &there, err);
  wire_write_key(writer, "certificate");
  if (there)
    wire_write_string(writer, base_id_text(&given).text);
  else
    wire_write_null(writer);
  wire_write_end(writer, '}');
  return code;
}

/* What partners certify of its erasure, and whether they prove it. */
static enum base_code write_certified(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                      struct base_error *err) {
  struct core_certified one;
  enum base_code code = BASE_OK;
  wire_write_key(writer, "certificates");
  wire_write_array(writer);
  for (int64_t key = INT64_MIN; code == BASE_OK;) {
    code = core_certified_next(core, id, &key, &one, err);
    if (code != BASE_OK)
      continue;
    wire_write_object(writer);
    wire_write_member_text(writer, "by", one.by->card.name);
    wire_write_member_id(writer, "message", &one.id);
    wire_write_member_id(writer, "case", &one.case_id);
    wire_write_member_bool(writer, "sound", one.why[0] == '\0');
    core_show_text(writer, "why", base_view_text(one.why));
    core_show_time(writer, "erased", one.erased);
    core_show_time(writer, "final_by", one.final_by);
    wire_write_end(writer, '}');
  }
  wire_write_end(writer, ']');
  return code == BASE_NOT_FOUND ? BASE_OK : code;
}

/* null, or until when this node may keep its content. */
static enum base_code write_kept(struct core *core, struct wire_writer *writer, const struct base_id *id,
                                 struct base_error *err) {
  base_time until = 0;
  enum base_code code = core_retain_end(core, id, &until, err);
  core_show_time(writer, "kept_until", until);
  return code;
}

void core_show_recalled(struct wire_writer *writer, const struct core_recalled *recalled) {
  wire_write_key(writer, "recalled");
  if (!recalled->there) {
    wire_write_null(writer);
    return;
  }
  wire_write_object(writer);
  wire_write_member_id(writer, "case", &recalled->case_id);
  core_show_time(writer, "at", recalled->at);
  wire_write_member_text(writer, "measure", recalled->measure);
  wire_write_end(writer, '}');
}

static enum base_code write_recalled(struct core *core, struct wire_writer *writer, const struct store_message *row,
                                     struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, MESSAGE_ARENA);
  struct core_recalled recalled = {0};
  enum base_code code = core_recalled(core, &row->id, row->author, &arena, &recalled, err);
  core_show_recalled(writer, &recalled);
  return code;
}

static const char *message_state(enum store_message_state state) {
  static const char *const names[] = {"pending", "held", "refused", "draft"};
  return names[state];
}

/* --- a message */

static enum base_code read_row(struct core *core, const struct base_id *id, struct base_arena *arena,
                               struct core_content *out, struct base_error *err) {
  enum base_code code = store_message_get(core->store, id, arena, &out->row, err);
  return code == BASE_OK ? wire_header_parse(out->row.header, arena, &out->header, err) : code;
}

enum base_code core_show_case_message(struct core *core, struct wire_writer *writer, bool bare,
                                      const struct base_id *id, const struct engine_message *placed,
                                      struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, MESSAGE_ARENA);
  struct core_content content = {0};
  bool room = !bare && writer->out->size <= CONTENT_BYTES;
  enum base_code code =
      room ? core_content_read(core, id, &arena, &content, err) : read_row(core, id, &arena, &content, err);
  if (code != BASE_OK)
    return code;
  wire_write_object(writer);
  wire_write_member_id(writer, "id", id);
  wire_write_member_text(writer, "type", content.header.type);
  wire_write_member_text(writer, "author", core_show_name(core, content.header.author));
  core_show_time(writer, "time", content.header.time);
  core_show_time(writer, "stored", content.row.stored);
  if (placed != NULL)
    wire_write_member_integer(writer, "depth", placed->depth);
  wire_write_member_bool(writer, "effective", placed != NULL && placed->effective);
  wire_write_member_bool(writer, "agrees", placed != NULL && placed->agrees);
  wire_write_member_bool(writer, "settled", placed != NULL && placed->settled);
  code = write_why(core, writer, &content, placed, err);
  wire_write_member_string(writer, "state", message_state(content.row.state));
  if (code == BASE_OK)
    code = write_erased(core, writer, &content.row, err);
  if (code == BASE_OK)
    code = write_recalled(core, writer, &content.row, err);
  if (code == BASE_OK)
    code = core_emergency_show(core, writer, &content.row.id, content.header.author, err);
  if (code == BASE_OK)
    code = core_transfer_show(core, writer, id, content.header.author, err);
  if (code == BASE_OK)
    code = core_release_show(core, writer, &content.row, err);
  core_ending_show(core, writer, &content.row, &content.header);
  if (code == BASE_OK)
    code = write_kept(core, writer, id, err);
  if (code == BASE_OK)
    code = write_certified(core, writer, id, err);
  if (code == BASE_OK && room)
    code = write_content(core, writer, &content, err);
  if (code == BASE_OK)
    code = write_ways(core, writer, id, content.header.author, &content, false, err);
  wire_write_end(writer, '}');
  core_content_free(&content);
  return code == BASE_OK ? base_buf_check(writer->out, "the case", err) : code;
}

/* Where it stands in its case; NULL: nowhere, or in one that cannot be computed any more. */
static const struct engine_message *placed_in_case(struct core *core, const struct core_content *content) {
  struct core_case *kase = NULL;
  return core_case_load(core, &content->row.case_id, &kase, NULL) == BASE_OK
             ? core_case_message_of(kase, &content->row.id)
             : NULL;
}

enum base_code core_show_message(struct core *core, const struct wire_json *request, struct base_buf *out,
                                 struct base_error *err) {
  BASE_AUTO_ARENA struct base_arena arena = {0};
  base_arena_init(&arena, MESSAGE_ARENA);
  struct base_id id;
  struct core_content content = {0};
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  enum base_code code = core_request_id(core, request, "id", "message", &id, err);
  if (code == BASE_OK)
    code = core_readers_open(core, &id, core_show_act(request) == WIRE_ACT_EXPORTED, err);
  if (code == BASE_OK)
    code = core_content_read(core, &id, &arena, &content, err);
  if (code != BASE_OK)
    return code;
  wire_write_object(&writer);
  wire_write_member_id(&writer, "id", &id);
  wire_write_member_id(&writer, "case", &content.row.case_id);
  wire_write_member_bool(&writer, "exercise", content.header.exercise);
  core_show_kind_of(core, &writer, content.header.kind, &content.header.kind_hash);
  wire_write_member_text(&writer, "type", content.header.type);
  wire_write_member_text(&writer, "author", core_show_name(core, content.header.author));
  core_show_time(&writer, "time", content.header.time);
  core_show_time(&writer, "stored", content.row.stored);
  wire_write_member_text(&writer, "header", content.row.header);
  wire_write_member_string(&writer, "state", message_state(content.row.state));
  code = write_why(core, &writer, &content, placed_in_case(core, &content), err);
  if (code == BASE_OK)
    code = write_erased(core, &writer, &content.row, err);
  if (code == BASE_OK)
    code = write_recalled(core, &writer, &content.row, err);
  if (code == BASE_OK)
    code = core_emergency_show(core, &writer, &content.row.id, content.header.author, err);
  if (code == BASE_OK)
    code = core_transfer_show(core, &writer, &id, content.header.author, err);
  if (code == BASE_OK)
    code = core_release_show(core, &writer, &content.row, err);
  core_ending_show(core, &writer, &content.row, &content.header);
  if (code == BASE_OK)
    code = write_kept(core, &writer, &id, err);
  if (code == BASE_OK)
    code = write_certified(core, &writer, &id, err);
  wire_write_key(&writer, "certificates_due");
  wire_write_array(&writer);
  if (code == BASE_OK)
    code = core_certified_due(core, &writer, &content.row, &content.header, err);
  wire_write_end(&writer, ']');
  if (code == BASE_OK)
    code = write_content(core, &writer, &content, err);
  if (code == BASE_OK)
    code = write_ways(core, &writer, &id, content.header.author, &content, true, err);
  wire_write_end(&writer, '}');
  core_content_free(&content);
  return code;
}
