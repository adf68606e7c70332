/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/header_direct.h"

#include <string.h>

static bool is_lower(uint8_t byte) {
  return byte >= 'a' && byte <= 'z';
}

static bool is_digit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

bool wire_code_valid(struct base_view code) {
  if (code.size == 0 || code.size > WIRE_CODE_MAX || !is_lower(code.data[0]))
    return false;
  for (size_t i = 1; i < code.size; i++)
    if (!is_lower(code.data[i]) && !is_digit(code.data[i]) && code.data[i] != '_')
      return false;
  return true;
}

/* The first epoch is not written; later ones count from 2. */
static bool epoch_valid(struct base_view text) {
  uint64_t epoch;
  return text.size > 1 && text.data[0] == '/' &&
         base_decimal_parse(base_view_of(text.data + 1, text.size - 1), &epoch) && epoch >= 2 &&
         epoch <= WIRE_EPOCHS_MAX;
}

static const char ORIGIN_START[] = "wasl/";
enum { ORIGIN_START_SIZE = sizeof ORIGIN_START - 1, ORIGIN_DIGITS = 16 };

struct base_view wire_origin_name(struct base_view origin) {
  struct base_view none = {0};
  if (origin.size > WIRE_ORIGIN_MAX || origin.size <= ORIGIN_START_SIZE ||
      memcmp(origin.data, ORIGIN_START, ORIGIN_START_SIZE) != 0)
    return none;
  const uint8_t *start = origin.data + ORIGIN_START_SIZE;
  size_t rest = origin.size - ORIGIN_START_SIZE;
  const uint8_t *slash = memchr(start, '/', rest);
  if (!slash)
    return none;
  struct base_view name = base_view_of(start, (size_t)(slash - start));
  rest -= name.size + 1;
  uint8_t digits[ORIGIN_DIGITS / 2];
  if (!base_name_valid(name) || rest < ORIGIN_DIGITS ||
      !base_hex_parse(base_view_of(slash + 1, ORIGIN_DIGITS), digits, sizeof digits))
    return none;
  struct base_view epoch = base_view_of(slash + 1 + ORIGIN_DIGITS, rest - ORIGIN_DIGITS);
  return epoch.size == 0 || epoch_valid(epoch) ? name : none;
}

struct base_view wire_origin_node(struct base_view origin) {
  struct base_view name = wire_origin_name(origin);
  return base_view_of(origin.data, name.size > 0 ? ORIGIN_START_SIZE + name.size + 1 + ORIGIN_DIGITS : 0);
}

uint32_t wire_origin_epoch(struct base_view origin) {
  uint64_t epoch = 1;
  size_t node = wire_origin_node(origin).size;
  if (node < origin.size)
    (void)base_decimal_parse(base_view_of(origin.data + node + 1, origin.size - node - 1), &epoch);
  return (uint32_t)epoch;
}

bool wire_origin_valid(struct base_view origin) {
  return wire_origin_name(origin).size > 0;
}

/* What parser and writer hold alike, so that nothing is written that would be refused. */

static enum base_code check_parties(const struct wire_header *header, struct base_error *err) {
  bool author = false;
  for (size_t i = 0; i < header->party_count; i++) {
    struct base_view party = header->parties[i];
    if (!wire_origin_valid(party))
      return base_fail(err, BASE_FIELD, "header: $.parties[%zu]: not an origin (wasl/NAME/16 hex digits)", i);
    if (i > 0) {
      struct base_view last = header->parties[i - 1];
      int order = memcmp(last.data, party.data, last.size < party.size ? last.size : party.size);
      if (order > 0 || (order == 0 && last.size >= party.size))
        return base_fail(err, BASE_FIELD, "header: $.parties[%zu]: not in ascending order, or named twice", i);
    }
    author |= base_view_equal(party, header->author);
  }
  if (!author)
    return base_fail(err, BASE_FIELD, "header: $.parties: the author is not among them");
  return BASE_OK;
}

static enum base_code check_follows(const struct wire_header *header, struct base_error *err) {
  if (header->opens && header->follow_count > 0)
    return base_fail(err, BASE_FIELD, "header: $.follows: a message that opens a case follows none");
  if (!header->opens && header->follow_count == 0)
    return base_fail(err, BASE_FIELD, "header: $.follows: a message within a case follows at least one");
  for (size_t i = 1; i < header->follow_count; i++)
    if (base_id_compare(&header->follows[i - 1], &header->follows[i]) >= 0)
      return base_fail(err, BASE_FIELD, "header: $.follows[%zu]: not in ascending order, or named twice", i);
  return BASE_OK;
}

static enum base_code check_state(const struct wire_header *header, struct base_error *err) {
  for (size_t i = 0; i < header->state_count; i++) {
    const struct wire_state_field *field = &header->state[i];
    if (!wire_code_valid(field->name))
      return base_fail(err, BASE_FIELD, "header: $.state: the name of member %zu is no code ([a-z][a-z0-9_]*)", i);
    if (field->value.size > WIRE_STATE_VALUE_MAX)
      return base_fail(err, BASE_FIELD, "header: $.state.%.*s: %zu bytes, at most %d are allowed",
                       (int)field->name.size, (const char *)field->name.data, field->value.size, WIRE_STATE_VALUE_MAX);
    for (size_t j = 0; j < i; j++)
      if (base_view_equal(header->state[j].name, field->name))
        return base_fail(err, BASE_DUPLICATE_KEY, "header: $.state.%.*s: stands twice", (int)field->name.size,
                         (const char *)field->name.data);
  }
  return BASE_OK;
}

enum base_code wire_header_check(const struct wire_header *header, struct base_error *err) {
  if (!wire_code_valid(header->kind))
    return base_fail(err, BASE_FIELD, "header: $.kind: not a code ([a-z][a-z0-9_]*)");
  if (!wire_code_valid(header->type))
    return base_fail(err, BASE_FIELD, "header: $.type: not a code ([a-z][a-z0-9_]*)");
  if (!wire_origin_valid(header->author))
    return base_fail(err, BASE_FIELD, "header: $.author: not an origin (wasl/NAME/16 hex digits)");
  enum base_code code = check_parties(header, err);
  if (!code)
    code = check_follows(header, err);
  return code ? code : check_state(header, err);
}

static void read_state(struct wire_object *object, struct base_arena *arena, struct wire_header *header) {
  const struct wire_json *state = wire_object_take(object, "state", WIRE_JSON_OBJECT, true);
  if (wire_json_size(state) > WIRE_STATE_FIELDS_MAX) {
    wire_object_fail(object, BASE_FIELD, "state", "%zu members, at most %d are allowed", wire_json_size(state),
                     WIRE_STATE_FIELDS_MAX);
    return;
  }
  struct base_view name;
  const struct wire_json *value;
  void *cursor = NULL;
  while (state && wire_json_next(state, &cursor, &name, &value)) {
    struct wire_state_field *field = &header->state[header->state_count];
    struct base_view text = wire_json_text(value);
    if (wire_json_type(value) != WIRE_JSON_TEXT)
      wire_object_fail(object, BASE_FIELD, "state", "member %zu must be a text", header->state_count);
    field->name = base_arena_copy(arena, name);
    field->value = text.size ? base_arena_copy(arena, text) : text;
    if ((name.size && !field->name.data) || (text.size && !field->value.data))
      wire_object_fail(object, BASE_MEMORY, "state", "no memory left for it");
    if (object->code)
      return;
    header->state_count++;
  }
}

/* One spelling: it is there and true, or it is not there. */
static bool read_exercise(struct wire_object *object) {
  const struct wire_json *said = wire_object_take(object, "exercise", WIRE_JSON_BOOL, false);
  if (said != NULL && !wire_json_true(said))
    wire_object_fail(object, BASE_FIELD, "exercise", "is true, or left out");
  return wire_json_true(said);
}

static void read_header(struct wire_object *object, struct base_arena *arena, struct wire_header *header) {
  wire_object_exact(object, "wasl", "message/1");
  header->exercise = read_exercise(object);
  header->opens = !wire_object_id(object, "case", &header->case_id, false);
  header->kind = wire_object_copy(object, "kind", WIRE_CODE_MAX, arena, true);
  wire_object_hash(object, "kindhash", &header->kind_hash, true);
  header->type = wire_object_copy(object, "type", WIRE_CODE_MAX, arena, true);
  header->author = wire_object_copy(object, "author", WIRE_ORIGIN_MAX, arena, true);
  const struct wire_json *parties = wire_object_array(object, "parties", 1, WIRE_PARTIES_MAX);
  header->party_count = wire_json_size(parties);
  for (size_t i = 0; i < header->party_count; i++)
    header->parties[i] = wire_object_copy_at(object, "parties", parties, i, WIRE_ORIGIN_MAX, arena);
  const struct wire_json *follows = wire_object_array(object, "follows", 0, WIRE_FOLLOWS_MAX);
  header->follow_count = wire_json_size(follows);
  header->follows = base_arena_array(arena, header->follow_count, sizeof *header->follows);
  if (header->follows == NULL) {
    wire_object_fail(object, BASE_MEMORY, "follows", "no memory left for it");
    return;
  }
  for (size_t i = 0; i < header->follow_count; i++)
    wire_object_hex_at(object, "follows", follows, i, header->follows[i].bytes, sizeof header->follows[i].bytes);
  header->time = wire_object_time(object, "time", true);
  read_state(object, arena, header);
  wire_object_hash(object, "part0", &header->part0, true);
}

enum base_code wire_header_parse(struct base_view bytes, struct base_arena *arena, struct wire_header *out,
                                 struct base_error *err) {
  if (wire_header_direct(bytes, arena, out))
    return BASE_OK;
  WIRE_AUTO_JSON struct wire_json *document = NULL;
  enum base_code code = wire_json_parse(bytes, WIRE_HEADER_MAX, "header", &document, err);
  if (code)
    return code;
  struct wire_header header = {0};
  struct wire_object object;
  wire_object_begin(&object, document, "header", "$");
  read_header(&object, arena, &header);
  code = wire_object_end(&object, err);
  if (!code)
    code = wire_header_check(&header, err);
  if (!code)
    *out = header;
  return code;
}

static void write_header(struct wire_writer *writer, const struct wire_header *header) {
  wire_write_object(writer);
  wire_write_member_string(writer, "wasl", "message/1");
  if (header->exercise)
    wire_write_member_bool(writer, "exercise", true);
  if (!header->opens)
    wire_write_member_id(writer, "case", &header->case_id);
  wire_write_member_text(writer, "kind", header->kind);
  wire_write_member_hash(writer, "kindhash", &header->kind_hash);
  wire_write_member_text(writer, "type", header->type);
  wire_write_member_text(writer, "author", header->author);
  wire_write_key(writer, "parties");
  wire_write_array(writer);
  for (size_t i = 0; i < header->party_count; i++)
    wire_write_text(writer, header->parties[i]);
  wire_write_end(writer, ']');
  wire_write_key(writer, "follows");
  wire_write_array(writer);
  for (size_t i = 0; i < header->follow_count; i++)
    wire_write_string(writer, base_id_text(&header->follows[i]).text);
  wire_write_end(writer, ']');
  wire_write_member_time(writer, "time", header->time);
  wire_write_key(writer, "state");
  wire_write_object(writer);
  for (size_t i = 0; i < header->state_count; i++) {
    wire_write_key_view(writer, header->state[i].name);
    wire_write_text(writer, header->state[i].value);
  }
  wire_write_end(writer, '}');
  wire_write_member_hash(writer, "part0", &header->part0);
  wire_write_end(writer, '}');
}

enum base_code wire_header_write(const struct wire_header *header, struct base_buf *out, struct base_error *err) {
  if (header->party_count > WIRE_PARTIES_MAX)
    return base_fail(err, BASE_FIELD, "header: $.parties: %zu items, at most %d are allowed", header->party_count,
                     WIRE_PARTIES_MAX);
  if (header->follow_count > WIRE_FOLLOWS_MAX)
    return base_fail(err, BASE_FIELD, "header: $.follows: %zu items, at most %d are allowed", header->follow_count,
                     WIRE_FOLLOWS_MAX);
  if (header->state_count > WIRE_STATE_FIELDS_MAX)
    return base_fail(err, BASE_FIELD, "header: $.state: %zu members, at most %d are allowed", header->state_count,
                     WIRE_STATE_FIELDS_MAX);
  enum base_code code = wire_header_check(header, err);
  if (code)
    return code;
  size_t start = out->size;
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  write_header(&writer, header);
  return wire_document_end(out, start, WIRE_HEADER_MAX, "header", err);
}

static bool copy_view(struct base_arena *arena, struct base_view *view) {
  bool empty = view->size == 0;
  *view = base_arena_copy(arena, *view);
  return empty || view->data != NULL;
}

enum base_code wire_header_copy(const struct wire_header *header, struct base_arena *arena, struct wire_header *out,
                                struct base_error *err) {
  struct wire_header copy = *header;
  bool whole = copy_view(arena, &copy.kind) && copy_view(arena, &copy.type) && copy_view(arena, &copy.author);
  for (size_t i = 0; whole && i < copy.party_count; i++)
    whole = copy_view(arena, &copy.parties[i]);
  for (size_t i = 0; whole && i < copy.state_count; i++)
    whole = copy_view(arena, &copy.state[i].name) && copy_view(arena, &copy.state[i].value);
  struct base_view follows = base_view_of(copy.follows, copy.follow_count * sizeof *copy.follows);
  if (!whole || !copy_view(arena, &follows))
    return base_fail(err, BASE_MEMORY, "header: no memory for a copy");
  copy.follows = (struct base_id *)(uintptr_t)follows.data;
  *out = copy;
  return BASE_OK;
}

struct base_view wire_header_state(const struct wire_header *header, const char *name) {
  for (size_t i = 0; i < header->state_count; i++)
    if (base_view_is(header->state[i].name, name))
      return header->state[i].value;
  return (struct base_view){0};
}

bool wire_header_has_party(const struct wire_header *header, struct base_view origin) {
  for (size_t i = 0; i < header->party_count; i++)
    if (base_view_equal(header->parties[i], origin))
      return true;
  return false;
}
