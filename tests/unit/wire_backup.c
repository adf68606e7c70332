/* SPDX-License-Identifier: Apache-2.0
 * The header and the frames of a backup: what is written is read again, and nothing else is. */
#include <stdlib.h>

#include "wire_try.h"

#include "wire/backup.h"

#define ORIGIN "wasl/rabat/0123456789abcdef"
#define FILE_NAME "00112233445566778899aabbccddeeff"

static struct base_buf header_bytes(void) {
  struct wire_backup_header header = {
      .key_id = {1, 2, 3, 4, 5, 6, 7, 8}, .enc = {.bytes = {9}}, .made = 1763712000, .origin = BASE_VIEW(ORIGIN)};
  struct base_buf out;
  base_buf_init(&out, 4096);
  wire_backup_header_write(&header, &out);
  assert_int_equal(out.code, BASE_OK);
  assert_int_equal(out.size, WIRE_BACKUP_HEADER);
  return out;
}

static void test_header(void **state) {
  (void)state;
  struct wire_backup_header header;
  struct base_error err;
  BASE_AUTO_BUF struct base_buf bytes = header_bytes(), again = {0};
  assert_int_equal(wire_backup_header_parse(base_buf_view(&bytes), &header, &err), BASE_OK);
  assert_true(base_view_is(header.origin, ORIGIN) && header.made == 1763712000 && header.enc.bytes[0] == 9);
  base_buf_init(&again, 4096);
  wire_backup_header_write(&header, &again);
  assert_true(base_view_equal(base_buf_view(&bytes), base_buf_view(&again)));
  for (size_t size = 0; size < WIRE_BACKUP_HEADER; size++)
    assert_int_equal(wire_backup_header_parse(base_view_of(bytes.data, size), &header, &err), BASE_SYNTAX);
  base_buf_u8(&bytes, 0);
  assert_int_equal(wire_backup_header_parse(base_buf_view(&bytes), &header, &err), BASE_SYNTAX);
  bytes.size--;
  static const struct {
    size_t at;
    uint8_t value;
  } wrong[] = {{0, 'X'}, {7, '2'}, {48, 0x80}, {56, 0}, {56, WIRE_ORIGIN_MAX + 1}, {57, 'X'}, {127, 1}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint8_t before = bytes.data[wrong[i].at];
    bytes.data[wrong[i].at] = wrong[i].value;
    assert_int_equal(wire_backup_header_parse(base_buf_view(&bytes), &header, &err), BASE_SYNTAX);
    bytes.data[wrong[i].at] = before;
  }
}

static const struct wire_backup_frame head = {.type = WIRE_BACKUP_HEAD,
                                              .schema = 1,
                                              .size = 7,
                                              .note = {(const uint8_t *)"note", 4},
                                              .card = {(const uint8_t *)"card", 4},
                                              .version = {(const uint8_t *)"0.1.0", 5}};

/* As it was, byte for byte; asked for with less than all of it: nothing yet. */
static struct wire_backup_frame round_trip(const struct wire_backup_frame *frame, struct base_buf *bytes) {
  struct wire_backup_frame read;
  struct base_error err = {0};
  size_t used = 1;
  BASE_AUTO_BUF struct base_buf again = {0};
  base_buf_init(bytes, BASE_BUF_DEFAULT_LIMIT);
  base_buf_init(&again, BASE_BUF_DEFAULT_LIMIT);
  wire_backup_frame_write(frame, bytes);
  assert_int_equal(bytes->code, BASE_OK);
  for (size_t size = 0; size < bytes->size && size < 300; size++) {
    assert_int_equal(wire_backup_frame_read(base_view_of(bytes->data, size), &read, &used, &err), BASE_OK);
    assert_int_equal(used, 0);
  }
  if (wire_backup_frame_read(base_buf_view(bytes), &read, &used, &err) != BASE_OK)
    fail_msg("%s", err.text);
  assert_int_equal(used, bytes->size);
  wire_backup_frame_write(&read, &again);
  assert_true(base_view_equal(base_buf_view(bytes), base_buf_view(&again)));
  return read;
}

static void test_frames(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf a = {0}, b = {0}, c = {0}, d = {0}, e = {0}, f = {0};
  struct wire_backup_frame read = round_trip(&head, &a);
  assert_true(read.schema == 1 && read.size == 7 && base_view_is(read.version, "0.1.0"));
  read = round_trip(&(struct wire_backup_frame){.type = WIRE_BACKUP_TABLE, .name = BASE_VIEW("part_names_2")}, &b);
  assert_true(base_view_is(read.name, "part_names_2"));
  struct wire_backup_frame row = {.type = WIRE_BACKUP_ROW, .count = 4};
  row.values[0] = (struct wire_backup_value){.type = WIRE_BACKUP_NULL};
  row.values[1] = (struct wire_backup_value){.type = WIRE_BACKUP_NUMBER, .number = INT64_MIN};
  row.values[2] = (struct wire_backup_value){.type = WIRE_BACKUP_TEXT, .bytes = BASE_VIEW("مصلحة")};
  row.values[3] = (struct wire_backup_value){.type = WIRE_BACKUP_BLOB, .bytes = BASE_VIEW("\0\xff")};
  read = round_trip(&row, &c);
  assert_true(read.count == 4 && read.values[1].number == INT64_MIN && read.values[3].bytes.size == 2);
  read = round_trip(
      &(struct wire_backup_frame){.type = WIRE_BACKUP_PART, .name = BASE_VIEW(FILE_NAME), .size = 1 << 20}, &d);
  assert_true(base_view_is(read.name, FILE_NAME) && read.size == 1 << 20);
  read = round_trip(&(struct wire_backup_frame){.type = WIRE_BACKUP_BYTES, .bytes = BASE_VIEW("octets")}, &e);
  assert_true(base_view_is(read.bytes, "octets"));
  read = round_trip(&(struct wire_backup_frame){.type = WIRE_BACKUP_END, .rows = 1, .parts = 2, .octets = 3}, &f);
  assert_true(read.rows == 1 && read.parts == 2 && read.octets == 3);
}

static void refused(struct wire_backup_frame frame) {
  struct base_error err;
  size_t used;
  BASE_AUTO_BUF struct base_buf bytes = {0};
  base_buf_init(&bytes, BASE_BUF_DEFAULT_LIMIT);
  wire_backup_frame_write(&frame, &bytes);
  if (bytes.code == BASE_OK)
    assert_int_equal(wire_backup_frame_read(base_buf_view(&bytes), &frame, &used, &err), BASE_SYNTAX);
}

static void test_refused(void **state) {
  (void)state;
  static const uint8_t unknown[] = {7, 0, 0, 0, 0}, none[] = {0, 0, 0, 0, 0}, huge[] = {WIRE_BACKUP_END, 0, 0, 0, 25};
  struct wire_backup_frame frame = {0};
  struct base_error err;
  size_t used;
  assert_int_equal(wire_backup_frame_read(base_view_of(unknown, 5), &frame, &used, &err), BASE_SYNTAX);
  assert_int_equal(wire_backup_frame_read(base_view_of(none, 5), &frame, &used, &err), BASE_SYNTAX);
  assert_int_equal(wire_backup_frame_read(base_view_of(huge, 5), &frame, &used, &err), BASE_SYNTAX);
  frame = head;
  frame.size = 0;
  refused(frame);
  frame = head;
  frame.size = UINT64_MAX;
  refused(frame);
  frame = head;
  frame.card = (struct base_view){0};
  refused(frame);
  static const char *const names[] = {"", "a b", "a;drop", "Leaves", "1a", "\"a\""};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    refused((struct wire_backup_frame){.type = WIRE_BACKUP_TABLE, .name = base_view_text(names[i])});
  refused((struct wire_backup_frame){.type = WIRE_BACKUP_PART, .name = BASE_VIEW("../../etc/passwd")});
  refused((struct wire_backup_frame){.type = WIRE_BACKUP_PART, .name = BASE_VIEW("0011223344556677889/aabbccddeeff")});
  refused((struct wire_backup_frame){.type = WIRE_BACKUP_ROW});
  refused((struct wire_backup_frame){.type = WIRE_BACKUP_BYTES});
  struct wire_backup_frame row = {.type = WIRE_BACKUP_ROW, .count = 1};
  row.values[0] = (struct wire_backup_value){.type = WIRE_BACKUP_TEXT, .bytes = BASE_VIEW("\xff")};
  refused(row);
  row.values[0].type = (enum wire_backup_value_type)4;
  refused(row);
}

/* The largest of each kind passes, one byte or value more does not. */
static void test_limits(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf bytes = {0}, more = {0};
  uint8_t *octets = calloc(1, WIRE_BACKUP_ROW_MAX);
  assert_non_null(octets);
  struct wire_backup_frame frame = {.type = WIRE_BACKUP_ROW, .count = 1};
  frame.values[0] =
      (struct wire_backup_value){.type = WIRE_BACKUP_BLOB, .bytes = base_view_of(octets, WIRE_BACKUP_ROW_MAX - 5)};
  (void)round_trip(&frame, &bytes);
  frame.values[0].bytes.size++;
  base_buf_init(&more, BASE_BUF_DEFAULT_LIMIT);
  wire_backup_frame_write(&frame, &more);
  assert_int_equal(more.code, BASE_TOO_LARGE);
  base_buf_free(&bytes);
  frame = (struct wire_backup_frame){.type = WIRE_BACKUP_BYTES, .bytes = base_view_of(octets, WIRE_BACKUP_BYTES_MAX)};
  (void)round_trip(&frame, &bytes);
  frame.bytes.size++;
  base_buf_free(&more);
  base_buf_init(&more, BASE_BUF_DEFAULT_LIMIT);
  wire_backup_frame_write(&frame, &more);
  assert_int_equal(more.code, BASE_TOO_LARGE);
  base_buf_free(&bytes);
  frame = (struct wire_backup_frame){.type = WIRE_BACKUP_ROW, .count = WIRE_BACKUP_VALUES_MAX};
  (void)round_trip(&frame, &bytes);
  bytes.data[4]++; /* one value more */
  base_buf_u8(&bytes, WIRE_BACKUP_NULL);
  struct base_error err;
  size_t used;
  assert_int_equal(wire_backup_frame_read(base_buf_view(&bytes), &frame, &used, &err), BASE_SYNTAX);
  free(octets);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_header), cmocka_unit_test(test_frames),
                                     cmocka_unit_test(test_refused), cmocka_unit_test(test_limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
