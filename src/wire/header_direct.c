/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/header_direct.h"

#include <stddef.h>
#include <string.h>

/* Headers are read more often than anything else: at both ends of each exchange, and all those of a case when it is opened.
 * Nearly all are spelled as wire_header_write spells them, and such a one is read here in one pass over its octets. What
 * is spelled otherwise, or wrong in any way, is nobody's fault here: the reader of any spelling takes it, and says what is
 * wrong. So this one must only never take what that one refuses, nor read it otherwise. */

struct reader {
  struct base_view text;
  size_t at;
  bool off; /* not this spelling */
};

/* These very octets, which stand there. */
static bool next_is(struct reader *reader, const char *octets) {
  size_t size = strlen(octets);
  if (reader->off || size > reader->text.size - reader->at || memcmp(reader->text.data + reader->at, octets, size) != 0)
    return false;
  reader->at += size;
  return true;
}

static void expect(struct reader *reader, const char *octets) {
  reader->off |= !next_is(reader, octets);
}

/* What stands in quotes, without an escape; the opening quote was read, the closing one is. */
static struct base_view read_text(struct reader *reader, size_t most) {
  struct base_view text = base_view_of(reader->text.data + reader->at, wire_json_plain(reader->text, reader->at));
  reader->at += text.size;
  expect(reader, "\"");
  reader->off |= text.size > most || !base_utf8_valid(text);
  return text;
}

/* 64 digits and the closing quote. */
static void read_hex(struct reader *reader, uint8_t bytes[32]) {
  reader->off |= reader->text.size - reader->at <= BASE_HEX_ID ||
                 !base_hex_parse(base_view_of(reader->text.data + reader->at, BASE_HEX_ID), bytes, 32);
  reader->at += reader->off ? 0 : BASE_HEX_ID;
  expect(reader, "\"");
}

static void read_list(struct reader *reader, size_t most, size_t *count, struct wire_header *header,
                      void (*read)(struct reader *reader, struct wire_header *header, size_t at)) {
  if (next_is(reader, "]"))
    return;
  do {
    reader->off |= *count == most;
    expect(reader, "\"");
    if (!reader->off)
      read(reader, header, (*count)++);
  } while (next_is(reader, ","));
  expect(reader, "]");
}

static void read_party(struct reader *reader, struct wire_header *header, size_t at) {
  header->parties[at] = read_text(reader, WIRE_ORIGIN_MAX);
}

static void read_follow(struct reader *reader, struct wire_header *header, size_t at) {
  read_hex(reader, header->follows[at].bytes);
}

static void read_state(struct reader *reader, struct wire_header *header) {
  if (next_is(reader, "}"))
    return;
  do {
    reader->off |= header->state_count == WIRE_STATE_FIELDS_MAX;
    expect(reader, "\"");
    if (reader->off)
      return;
    struct wire_state_field *field = &header->state[header->state_count++];
    field->name = read_text(reader, WIRE_CODE_MAX);
    expect(reader, ":\"");
    field->value = read_text(reader, WIRE_STATE_VALUE_MAX);
  } while (next_is(reader, ","));
  expect(reader, "}");
}

/* In the order of write_header: a member that is new there wants its line here. */
static void read_header(struct reader *reader, struct wire_header *header) {
  expect(reader, "{\"wasl\":\"message/1\"");
  header->exercise = next_is(reader, ",\"exercise\":true");
  header->opens = !next_is(reader, ",\"case\":\"");
  if (!header->opens)
    read_hex(reader, header->case_id.bytes);
  expect(reader, ",\"kind\":\"");
  header->kind = read_text(reader, WIRE_CODE_MAX);
  expect(reader, ",\"kindhash\":\"");
  read_hex(reader, header->kind_hash.bytes);
  expect(reader, ",\"type\":\"");
  header->type = read_text(reader, WIRE_CODE_MAX);
  expect(reader, ",\"author\":\"");
  header->author = read_text(reader, WIRE_ORIGIN_MAX);
  expect(reader, ",\"parties\":[");
  read_list(reader, WIRE_PARTIES_MAX, &header->party_count, header, read_party);
  expect(reader, ",\"follows\":[");
  read_list(reader, WIRE_FOLLOWS_MAX, &header->follow_count, header, read_follow);
  expect(reader, ",\"time\":\"");
  reader->off |= !base_time_parse(read_text(reader, WIRE_CODE_MAX), &header->time);
  expect(reader, ",\"state\":{");
  read_state(reader, header);
  expect(reader, ",\"part0\":\"");
  read_hex(reader, header->part0.bytes);
  expect(reader, "}");
  reader->off |= reader->at != reader->text.size;
}

/* One block for all that it points to, where the other reader takes one for each. */
static bool keep(struct wire_header *header, struct base_arena *arena) {
  struct base_view *texts[3 + WIRE_PARTIES_MAX + 2 * WIRE_STATE_FIELDS_MAX] = {&header->kind, &header->type, &header->author};
  size_t count = 3, size = header->follow_count * sizeof *header->follows;
  for (size_t i = 0; i < header->party_count; i++)
    texts[count++] = &header->parties[i];
  for (size_t i = 0; i < header->state_count; i++) {
    texts[count++] = &header->state[i].name;
    texts[count++] = &header->state[i].value;
  }
  for (size_t i = 0; i < count; i++)
    size += texts[i]->size;
  uint8_t *block = base_arena_alloc(arena, size);
  if (block == NULL)
    return false;
  header->follows = memcpy(block, header->follows, header->follow_count * sizeof *header->follows);
  block += header->follow_count * sizeof *header->follows;
  for (size_t i = 0; i < count; i++) {
    memcpy(block, texts[i]->data, texts[i]->size);
    texts[i]->data = block;
    block += texts[i]->size;
  }
  return true;
}

bool wire_header_direct(struct base_view bytes, struct base_arena *arena, struct wire_header *out) {
  struct reader reader = {.text = bytes};
  struct base_id follows[WIRE_FOLLOWS_MAX];
  struct wire_header header;
  memset(&header, 0, offsetof(struct wire_header, parties)); /* the lists are long, and mostly empty */
  header.follows = follows;
  read_header(&reader, &header);
  if (reader.off || bytes.size > WIRE_HEADER_MAX || wire_header_check(&header, NULL) != BASE_OK || !keep(&header, arena))
    return false;
  memcpy(out, &header, offsetof(struct wire_header, parties));
  memcpy(out->parties, header.parties, header.party_count * sizeof *header.parties);
  memcpy(out->state, header.state, header.state_count * sizeof *header.state);
  return true;
}
