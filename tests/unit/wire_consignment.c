/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "wire/consignment.h"

#define RABAT "wasl/rabat/0123456789abcdef"
#define PARIS "wasl/paris/fedcba9876543210"

/* --- envelope */

static void write_envelope(const char *from, const char *to, uint16_t kem, uint16_t kdf, uint16_t aead,
                           size_t ciphertext, struct base_buf *out) {
  struct wire_envelope envelope = {.kem = kem, .kdf = kdf, .aead = aead, .key_id = "12345678"};
  envelope.from = base_view_text(from);
  envelope.to = base_view_text(to);
  base_buf_init(out, 2 * (size_t)WIRE_CONSIGNMENT_MAX);
  wire_envelope_write_clear(&envelope, out);
  assert_int_equal(out->code, BASE_OK);
  size_t enc = kem == WIRE_KEM_P256 ? WIRE_ENC_P256 : WIRE_ENC_X25519;
  uint8_t *rest = base_buf_reserve(out, enc + ciphertext);
  assert_non_null(rest);
  memset(rest, 0x5a, enc + ciphertext);
  rest[0] = 4; /* a whole point, where it is one */
}

static enum base_code envelope_code(struct base_view bytes) {
  struct wire_envelope envelope;
  return wire_envelope_parse(bytes, &envelope, NULL);
}

/* A node of another version is told so; what is no consignment at all is not. */
static void envelope_of_another_version(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct wire_envelope envelope;
  struct base_error err;
  write_envelope(RABAT, PARIS, 0x20, 1, 2, 20, &bytes);
  bytes.data[7] = '2';
  assert_int_equal(wire_envelope_parse(base_buf_view(&bytes), &envelope, &err), BASE_PROTOCOL);
  assert_non_null(strstr(err.text, "version 2"));
  bytes.data[7] = '0';
  assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_PROTOCOL);
  bytes.data[7] = 'x';
  assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_SYNTAX);
  bytes.data[7] = '1';
  bytes.data[0] = 'V';
  assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_SYNTAX);
}

static void envelope_round_trip(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  write_envelope(RABAT, PARIS, 0x20, 1, 2, 20, &bytes);
  struct wire_envelope envelope;
  assert_int_equal(wire_envelope_parse(base_buf_view(&bytes), &envelope, NULL), BASE_OK);
  assert_true(base_view_is(envelope.from, RABAT));
  assert_true(base_view_is(envelope.to, PARIS));
  assert_memory_equal(envelope.key_id, "12345678", 8);
  assert_int_equal(envelope.ciphertext.size, 20);
  assert_int_equal(envelope.clear.size, bytes.size - 52);
  assert_memory_equal(envelope.clear.data, "WASLCON1\0\x20\0\1\0\2", 14);
  for (size_t size = 0; size < bytes.size - 20 + WIRE_SEAL_OVERHEAD; size++)
    assert_int_equal(envelope_code(base_view_of(bytes.data, size)), BASE_SYNTAX);
  assert_int_equal(envelope_code(base_view_of(bytes.data, bytes.size - 20 + WIRE_SEAL_OVERHEAD)), BASE_OK);
}

/* The suite says how long the ephemeral key is. */
static void envelope_of_p256(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  write_envelope(RABAT, PARIS, WIRE_KEM_P256, 1, 2, 20, &bytes);
  struct wire_envelope envelope;
  assert_int_equal(wire_envelope_parse(base_buf_view(&bytes), &envelope, NULL), BASE_OK);
  assert_true(envelope.enc.p256);
  assert_int_equal(envelope.ciphertext.size, 20);
  assert_int_equal(envelope.clear.size, bytes.size - WIRE_ENC_P256 - 20);
  assert_memory_equal(envelope.enc.bytes, bytes.data + envelope.clear.size, WIRE_ENC_P256);
  for (size_t size = 0; size < bytes.size - 20 + WIRE_SEAL_OVERHEAD; size++)
    assert_int_equal(envelope_code(base_view_of(bytes.data, size)), BASE_SYNTAX);
  static const uint8_t others[] = {0, 2, 3, 5, 6, 7};
  for (size_t i = 0; i < sizeof others; i++) {
    bytes.data[envelope.clear.size] = others[i];
    assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_FIELD);
  }
}

static void hostile_envelopes(void **state) {
  (void)state;
  static const struct {
    uint16_t kem, kdf, aead;
  } suites[] = {{0x21, 1, 2}, {0x20, 2, 2}, {0x20, 1, 1}, {0x20, 1, 3}, {0x20, 1, 0xffff},
                {0, 0, 0},    {0x11, 1, 2}, {0x10, 2, 2}, {0x10, 1, 1}, {0x1000, 1, 2}};
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
    BASE_AUTO_BUF struct base_buf bytes = {0};
    write_envelope(RABAT, PARIS, suites[i].kem, suites[i].kdf, suites[i].aead, 20, &bytes);
    assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_PROTOCOL);
  }
  BASE_AUTO_BUF struct base_buf same = {0};
  write_envelope(RABAT, RABAT, 0x20, 1, 2, 20, &same);
  assert_int_equal(envelope_code(base_buf_view(&same)), BASE_FIELD);
  same.data[0] = 'w';
  assert_int_equal(envelope_code(base_buf_view(&same)), BASE_SYNTAX);
  same.data[0] = 'W';
  same.data[23] = ' '; /* the first letter of the sender's origin */
  assert_int_equal(envelope_code(base_buf_view(&same)), BASE_FIELD);
  struct wire_envelope bad = {.from = BASE_VIEW("rabat"), .to = BASE_VIEW(PARIS)};
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, 4096);
  wire_envelope_write_clear(&bad, &out);
  assert_int_equal(out.code, BASE_INTERNAL);
}

static void envelopes_are_bounded(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  write_envelope(RABAT, PARIS, 0x20, 1, 2, 20, &bytes);
  size_t left = WIRE_CONSIGNMENT_MAX - bytes.size;
  assert_non_null(base_buf_reserve(&bytes, left));
  assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_OK);
  base_buf_u8(&bytes, 0);
  assert_int_equal(envelope_code(base_buf_view(&bytes)), BASE_TOO_LARGE);
}

/* --- frames */

static struct wire_frame_proof a_proof(void) {
  struct wire_frame_proof proof = {
      .leaf = BASE_VIEW("leaf"), .opening = BASE_VIEW("opening"), .index = 41, .hash_count = 2};
  memset(&proof.hashes[0], 7, sizeof proof.hashes[0]);
  memset(&proof.hashes[1], 8, sizeof proof.hashes[1]);
  return proof;
}

static struct wire_frame a_frame(enum wire_frame_type type) {
  struct wire_frame frame = {.type = type};
  memset(frame.message.bytes, 0xab, sizeof frame.message.bytes);
  switch (type) {
  case WIRE_FRAME_HEAD:
  case WIRE_FRAME_SEEN:
    frame.head = BASE_VIEW("note");
    break;
  case WIRE_FRAME_CONSISTENCY:
    frame.old_size = 3;
    frame.new_size = 9;
    frame.hash_count = 3;
    memset(frame.hashes, 9, 3 * sizeof frame.hashes[0]);
    break;
  case WIRE_FRAME_MESSAGE:
    frame.proof = a_proof();
    frame.header = BASE_VIEW("{header}");
    frame.part0 = BASE_VIEW("{part0}");
    break;
  case WIRE_FRAME_VOIDED:
  case WIRE_FRAME_RECEIPT:
  case WIRE_FRAME_STATEMENT:
  case WIRE_FRAME_EPOCH:
    frame.proof = a_proof();
    break;
  case WIRE_FRAME_WANT_OUTCOMES:
    frame.taken = true;
    frame.number = INT64_MAX;
    break;
  case WIRE_FRAME_OUTCOMES:
    frame.number = 1;
    frame.outcomes = BASE_VIEW("r01234567890123456789012345678901"
                               "o0123456789012345678901234567890f");
    break;
  case WIRE_FRAME_RECORD:
    frame.part = WIRE_PARTS_MAX - 1;
    frame.record = WIRE_RECORDS_MAX - 1;
    frame.last = true;
    frame.ciphertext = BASE_VIEW("0123456789abcdefX");
    break;
  case WIRE_FRAME_PENDING:
    frame.wants_count = 2;
    frame.wants[1] = WIRE_RECORDS_MAX;
    break;
  case WIRE_FRAME_COSIGN:
    frame.new_size = 9;
    frame.head = BASE_VIEW("line\n");
    break;
  case WIRE_FRAME_WANT_NUMBER:
  case WIRE_FRAME_WANT_PROOF:
    frame.new_size = WIRE_TREE_SIZE_MAX;
    break;
  case WIRE_FRAME_FAULT:
    frame.name = BASE_VIEW("no-legal-basis");
    frame.head = BASE_VIEW("why");
    break;
  case WIRE_FRAME_CARD:
    frame.proof = a_proof();
    frame.card = BASE_VIEW("{card}");
    frame.head = BASE_VIEW("note");
    break;
  case WIRE_FRAME_YOUR_CARD:
    frame.card = BASE_VIEW("{card}");
    frame.head = BASE_VIEW("note");
    break;
  case WIRE_FRAME_HOLDS:
    frame.generation = WIRE_CARD_GENERATION_MAX;
    memset(frame.card_hash.bytes, 7, sizeof frame.card_hash.bytes);
    break;
  case WIRE_FRAME_WANT_BACK:
    frame.taken = true;
    frame.number = INT64_MAX;
    frame.part = WIRE_PARTS_MAX - 1;
    frame.record = WIRE_RECORDS_MAX;
    break;
  case WIRE_FRAME_BACK:
    frame.number = 1;
    frame.letter = WIRE_BACK_END;
    memset(frame.outcome.bytes, 7, sizeof frame.outcome.bytes);
    frame.proof = a_proof();
    frame.head = BASE_VIEW("note");
    frame.header = BASE_VIEW("{header}");
    frame.part0 = BASE_VIEW("{part0}");
    break;
  }
  return frame;
}

static void write_frame(const struct wire_frame *frame, struct base_buf *out) {
  base_buf_free(out);
  base_buf_init(out, 2 * (size_t)WIRE_CONSIGNMENT_MAX);
  wire_frame_write(frame, out);
}

static enum base_code frame_code(struct base_view bytes, struct base_error *err) {
  struct base_reader reader = base_reader_of(bytes);
  static struct wire_frame frame;
  bool end;
  return wire_frame_read(&reader, &frame, &end, err);
}

static void every_frame_round_trips(void **state) {
  (void)state;
  for (int type = WIRE_FRAME_HEAD; type <= WIRE_FRAME_YOUR_CARD; type++) {
    struct wire_frame frame = a_frame((enum wire_frame_type)type), back;
    BASE_AUTO_BUF struct base_buf bytes = {0}, again = {0};
    write_frame(&frame, &bytes);
    assert_int_equal(bytes.code, BASE_OK);
    struct base_reader reader = base_reader_of(base_buf_view(&bytes));
    bool end = true;
    struct base_error err;
    if (wire_frame_read(&reader, &back, &end, &err) != BASE_OK)
      fail_msg("%s", err.text);
    assert_false(end);
    assert_int_equal(back.type, type);
    write_frame(&back, &again);
    assert_true(base_view_equal(base_buf_view(&again), base_buf_view(&bytes)));
    assert_int_equal(wire_frame_read(&reader, &back, &end, &err), BASE_OK);
    assert_true(end);
  }
}

/* The layout of spec/consignment.md, byte for byte, of one frame. */
static void layout(void **state) {
  (void)state;
  struct wire_frame frame = a_frame(WIRE_FRAME_PENDING);
  BASE_AUTO_BUF struct base_buf bytes = {0};
  write_frame(&frame, &bytes);
  assert_int_equal(bytes.size, 5 + 32 + 2 + 8);
  assert_memory_equal(bytes.data, "\x07\0\0\0\x2a\xab\xab", 7);
  assert_memory_equal(bytes.data + 37, "\0\x02\0\0\0\0\0\x10\0\0", 10);
}

static void cut_or_lengthened_frames_are_refused(void **state) {
  (void)state;
  for (int type = WIRE_FRAME_HEAD; type <= WIRE_FRAME_YOUR_CARD; type++) {
    struct wire_frame frame = a_frame((enum wire_frame_type)type);
    BASE_AUTO_BUF struct base_buf bytes = {0};
    write_frame(&frame, &bytes);
    for (size_t size = 1; size < bytes.size; size++)
      assert_int_equal(frame_code(base_view_of(bytes.data, size), NULL), BASE_SYNTAX);
    bool open_end = type == WIRE_FRAME_HEAD || type == WIRE_FRAME_RECORD || type == WIRE_FRAME_COSIGN ||
                    type == WIRE_FRAME_FAULT || type == WIRE_FRAME_CARD || type == WIRE_FRAME_SEEN ||
                    type == WIRE_FRAME_YOUR_CARD;
    base_buf_u8(&bytes, 'x');
    bytes.data[4]++; /* the length; below 255 in all of them */
    assert_true((frame_code(base_buf_view(&bytes), NULL) == BASE_OK) == open_end);
  }
  assert_int_equal(frame_code(BASE_VIEW("\0\0\0\0\0"), NULL), BASE_PROTOCOL);
  assert_int_equal(frame_code(BASE_VIEW("\x16\0\0\0\0"), NULL), BASE_PROTOCOL);
  assert_int_equal(frame_code(BASE_VIEW("\xff\0\0\0\0"), NULL), BASE_PROTOCOL);
  assert_int_equal(frame_code(BASE_VIEW("\1\xff\xff\xff\xff"), NULL), BASE_SYNTAX);
}

static void errors_name_the_place(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  struct wire_frame frame = a_frame(WIRE_FRAME_HEAD), back;
  write_frame(&frame, &bytes);
  frame = a_frame(WIRE_FRAME_WANT_NUMBER);
  wire_frame_write(&frame, &bytes);
  size_t offset = bytes.size;
  base_buf_add(&bytes, "\x0a\0\0\0\1x", 6);
  struct base_reader reader = base_reader_of(base_buf_view(&bytes));
  struct base_error err;
  bool end;
  assert_int_equal(wire_frame_read(&reader, &back, &end, &err), BASE_OK);
  assert_int_equal(wire_frame_read(&reader, &back, &end, &err), BASE_OK);
  assert_int_equal(wire_frame_read(&reader, &back, &end, &err), BASE_SYNTAX);
  char expected[64];
  snprintf(expected, sizeof expected, "frame 3 at byte %zu (want-proof)", offset);
  assert_non_null(strstr(err.text, expected));
  assert_int_equal(wire_frame_read(&reader, &back, &end, &err), BASE_INTERNAL); /* failure is sticky */
  assert_string_equal(wire_frame_name(WIRE_FRAME_COSIGN), "cosign");
  assert_string_equal(wire_frame_name((enum wire_frame_type)99), "unknown");
}

/* Writes the frame and expects it to be refused as a broken caller. */
static void assert_unwritten(const struct wire_frame *frame) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  write_frame(frame, &bytes);
  assert_int_equal(bytes.code, BASE_INTERNAL);
}

static void assert_written(const struct wire_frame *frame) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  write_frame(frame, &bytes);
  assert_int_equal(bytes.code, BASE_OK);
  assert_int_equal(frame_code(base_buf_view(&bytes), NULL), BASE_OK);
}

static const uint8_t room[WIRE_RECORD_MAX + WIRE_RECORD_OVERHEAD + 1];

static void check_bound(enum wire_frame_type type, size_t view_at, size_t most) {
  struct wire_frame frame = a_frame(type);
  struct base_view *view = (struct base_view *)(void *)((uint8_t *)&frame + view_at);
  *view = base_view_of(room, most);
  assert_written(&frame);
  *view = base_view_of(room, most + 1);
  assert_unwritten(&frame);
}

static void texts_of_frames_are_bounded(void **state) {
  (void)state;
  check_bound(WIRE_FRAME_HEAD, offsetof(struct wire_frame, head), WIRE_NOTE_MAX);
  check_bound(WIRE_FRAME_COSIGN, offsetof(struct wire_frame, head), WIRE_SIGNATURE_LINE_MAX);
  check_bound(WIRE_FRAME_FAULT, offsetof(struct wire_frame, head), WIRE_FAULT_TEXT_MAX);
  check_bound(WIRE_FRAME_MESSAGE, offsetof(struct wire_frame, header), WIRE_HEADER_MAX);
  check_bound(WIRE_FRAME_MESSAGE, offsetof(struct wire_frame, part0), WIRE_PART0_MAX);
  check_bound(WIRE_FRAME_BACK, offsetof(struct wire_frame, head), WIRE_NOTE_MAX);
  check_bound(WIRE_FRAME_BACK, offsetof(struct wire_frame, header), WIRE_HEADER_MAX);
  check_bound(WIRE_FRAME_BACK, offsetof(struct wire_frame, part0), WIRE_PART0_MAX);
  check_bound(WIRE_FRAME_MESSAGE, offsetof(struct wire_frame, proof.leaf), WIRE_LEAF_MAX);
  check_bound(WIRE_FRAME_RECEIPT, offsetof(struct wire_frame, proof.opening), WIRE_OPENING_MAX);
  check_bound(WIRE_FRAME_RECORD, offsetof(struct wire_frame, ciphertext), sizeof room - 1);
  struct wire_frame frame = a_frame(WIRE_FRAME_RECORD);
  frame.ciphertext = base_view_of(room, WIRE_RECORD_OVERHEAD - 1);
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_FAULT);
  char name[WIRE_FAULT_NAME_MAX + 1];
  memset(name, 'n', sizeof name);
  frame.name = base_view_of(name, WIRE_FAULT_NAME_MAX);
  assert_written(&frame);
  frame.name = base_view_of(name, WIRE_FAULT_NAME_MAX + 1);
  assert_unwritten(&frame);
  frame.name = BASE_VIEW("No!");
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_FAULT);
  frame.head = BASE_VIEW("\xff");
  assert_unwritten(&frame);
}

static void counts_and_sizes_are_bounded(void **state) {
  (void)state;
  struct wire_frame frame = a_frame(WIRE_FRAME_CONSISTENCY);
  frame.hash_count = WIRE_PROOF_HASHES_MAX;
  assert_written(&frame);
  frame.hash_count = WIRE_PROOF_HASHES_MAX + 1;
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_CONSISTENCY);
  frame.old_size = 10;
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_VOIDED);
  frame.proof.hash_count = WIRE_PROOF_HASHES_MAX + 1;
  assert_unwritten(&frame);
  frame.proof.hash_count = 0;
  frame.proof.index = WIRE_TREE_SIZE_MAX + 1;
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_WANT_PROOF);
  frame.new_size++;
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_RECORD);
  frame.part = WIRE_PARTS_MAX;
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_RECORD);
  frame.record = WIRE_RECORDS_MAX;
  assert_unwritten(&frame);
  frame = a_frame(WIRE_FRAME_PENDING);
  frame.wants_count = WIRE_PARTS_MAX;
  assert_written(&frame);
  frame.wants_count = WIRE_PARTS_MAX + 1;
  assert_unwritten(&frame);
  frame.wants_count = 2;
  frame.wants[0] = WIRE_RECORDS_MAX + 1;
  assert_unwritten(&frame);
  frame.type = (enum wire_frame_type)0;
  assert_unwritten(&frame);
}

/* The same bounds, met by a reader: bytes patched in a good frame. */
static void readers_hold_the_bounds(void **state) {
  (void)state;
  static const struct {
    enum wire_frame_type type;
    size_t at;
    uint8_t value;
  } patches[] = {
      {WIRE_FRAME_CONSISTENCY, 5, 0x80}, {WIRE_FRAME_CONSISTENCY, 12, 10}, {WIRE_FRAME_CONSISTENCY, 21, 4},
      {WIRE_FRAME_CONSISTENCY, 21, 65},  {WIRE_FRAME_VOIDED, 7, 3},        {WIRE_FRAME_VOIDED, 24, 0x80},
      {WIRE_FRAME_VOIDED, 32, 1},        {WIRE_FRAME_RECORD, 38, 64},      {WIRE_FRAME_RECORD, 40, 0x10},
      {WIRE_FRAME_RECORD, 43, 2},        {WIRE_FRAME_PENDING, 38, 65},     {WIRE_FRAME_PENDING, 39, 1},
      {WIRE_FRAME_PENDING, 46, 1},       {WIRE_FRAME_COSIGN, 5, 0x80},     {WIRE_FRAME_WANT_NUMBER, 5, 0x80},
      {WIRE_FRAME_FAULT, 8, 99},         {WIRE_FRAME_FAULT, 9, 'A'},       {WIRE_FRAME_FAULT, 23, 0xff},
      {WIRE_FRAME_WANT_BACK, 5, 2},      {WIRE_FRAME_WANT_BACK, 15, 64},   {WIRE_FRAME_WANT_BACK, 17, 0x20},
      {WIRE_FRAME_BACK, 5, 2},           {WIRE_FRAME_BACK, 14, 'x'},       {WIRE_FRAME_BACK, 14, 0},
  };
  for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
    struct wire_frame frame = a_frame(patches[i].type);
    BASE_AUTO_BUF struct base_buf bytes = {0};
    write_frame(&frame, &bytes);
    assert_true(patches[i].at < bytes.size);
    bytes.data[patches[i].at] = patches[i].value;
    if (frame_code(base_buf_view(&bytes), NULL) != BASE_SYNTAX)
      fail_msg("patch %zu was accepted", i);
  }
}

/* --- whole documents */

static enum base_code document(const char *types) {
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, (size_t)64 << 20);
  for (; *types != 0; types++) {
    struct wire_frame frame = a_frame(*types <= '9' ? (enum wire_frame_type)(*types - '0') : WIRE_FRAME_WANT_PROOF);
    wire_frame_write(&frame, &bytes);
  }
  return wire_frames_check(base_buf_view(&bytes), "consignment", NULL);
}

static void documents(void **state) {
  (void)state;
  assert_int_equal(document(""), BASE_OK);
  assert_int_equal(document("123345678aa"), BASE_OK);
  assert_int_equal(document("5788aa1"), BASE_OK);
  assert_int_equal(document("11"), BASE_PROTOCOL);
  assert_int_equal(document("122222222"), BASE_OK); /* WIRE_CONSISTENCIES_MAX of them */
  assert_int_equal(document("1222222222"), BASE_TOO_LARGE);
  assert_int_equal(document("21"), BASE_PROTOCOL);
  assert_int_equal(document("31"), BASE_PROTOCOL);
  assert_int_equal(document("4"), BASE_PROTOCOL);
  assert_int_equal(document("6"), BASE_PROTOCOL);
  assert_int_equal(wire_frames_check(BASE_VIEW("\x01"), "answer", NULL), BASE_SYNTAX);
}

static void documents_are_bounded(void **state) {
  (void)state;
  static char types[WIRE_FRAMES_MAX + 2];
  types[0] = '1';
  memset(types + 1, '3', WIRE_CONSIGNMENT_MESSAGES_MAX);
  assert_int_equal(document(types), BASE_OK);
  types[1 + WIRE_CONSIGNMENT_MESSAGES_MAX] = '3';
  assert_int_equal(document(types), BASE_TOO_LARGE);
  memset(types, 'a', WIRE_FRAMES_MAX);
  assert_int_equal(document(types), BASE_OK);
  types[WIRE_FRAMES_MAX] = 'a';
  assert_int_equal(document(types), BASE_TOO_LARGE);
}

int main(void) {
  _Static_assert((uint64_t)WIRE_RECORDS_MAX * WIRE_RECORD_MAX == WIRE_PART_SIZE_MAX, "the largest part has room");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(envelope_round_trip),
      cmocka_unit_test(envelope_of_another_version),
      cmocka_unit_test(envelope_of_p256),
      cmocka_unit_test(hostile_envelopes),
      cmocka_unit_test(envelopes_are_bounded),
      cmocka_unit_test(every_frame_round_trips),
      cmocka_unit_test(layout),
      cmocka_unit_test(cut_or_lengthened_frames_are_refused),
      cmocka_unit_test(errors_name_the_place),
      cmocka_unit_test(texts_of_frames_are_bounded),
      cmocka_unit_test(counts_and_sizes_are_bounded),
      cmocka_unit_test(readers_hold_the_bounds),
      cmocka_unit_test(documents),
      cmocka_unit_test(documents_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
